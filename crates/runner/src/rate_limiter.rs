//! How fast requests go: a bound of one's own, and what the server asks for with 429, 503 and `Retry-After`.

use std::time::{Duration, SystemTime};

use conformance_record::Response;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep};

/// One request is not waited for longer than this in all, however politely the server asks for it.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(120);

/// So long a wait may still be when the run shall end: there may be something to clean up.
const WAIT_WHEN_STOPPED: Duration = Duration::from_millis(200);

/// Spaces requests out.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    interval: Option<Duration>,
    next: Mutex<Option<Instant>>,
    /// Turns true when the run shall end, and nobody wants to wait long any more.
    stop: Option<watch::Receiver<bool>>,
}

/// What became of a response that may ask to come back later.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Later {
    /// It does not ask: it is the response.
    No,
    /// It was waited for: the request is to be sent again.
    Waited,
    /// It asks for more than is waited.
    TooLong,
}

impl RateLimiter {
    pub(crate) fn new(max_rps: Option<f64>) -> Self {
        let interval = max_rps.filter(|rps| *rps > 0.0).map(|rps| Duration::from_secs_f64(1.0 / rps));
        Self { interval, next: Mutex::new(None), stop: None }
    }

    /// Cuts waits short once `stop` turns true.
    pub(crate) fn until(&mut self, stop: watch::Receiver<bool>) {
        self.stop = Some(stop);
    }

    /// Waits; returns whether it was to the end.
    pub(crate) async fn wait(&self, wait: Duration) -> bool {
        let Some(mut stop) = self.stop.clone() else {
            sleep(wait).await;
            return true;
        };
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = sleep(wait) => true,
            () = stopped => {
                sleep(wait.min(WAIT_WHEN_STOPPED)).await;
                false
            }
        }
    }

    /// Waits for the next free moment.
    pub(crate) async fn acquire(&self) {
        let Some(interval) = self.interval else { return };
        let mut next = self.next.lock().await;
        let now = Instant::now();
        let turn = next.map_or(now, |turn| turn.max(now));
        *next = Some(turn + interval);
        drop(next);
        self.wait(turn - now).await;
    }

    /// Waits as long as a response asks for. `attempt` counts the responses like it, from 0; `waited` adds up.
    pub(crate) async fn wait_retry_after(&self, response: &Response, attempt: u32, waited: &mut Duration) -> Later {
        let Some(wait) = retry_after(response, attempt) else { return Later::No };
        if *waited + wait > MAX_WAIT {
            return Later::TooLong;
        }
        *waited += wait;
        if self.wait(wait).await { Later::Waited } else { Later::TooLong }
    }
}

/// The wait that a response asks for. A 429 that does not say how long is waited for longer each time; a 503 that does not
/// is a response like any other.
fn retry_after(response: &Response, attempt: u32) -> Option<Duration> {
    if matches!(response.status, 408 | 425) {
        // The server did not wait for the request, or did not want it early: it is sent again (RFC 9110, 15.5.9; RFC 8470, 5.2).
        return (attempt < 3).then(|| Duration::from_millis(50 << attempt));
    }
    if !matches!(response.status, 429 | 503) {
        return None;
    }
    let backoff = || Duration::from_millis(500 << attempt.min(5));
    match response.header("retry-after") {
        Some(value) => delay(value.trim(), response.header("date")).or_else(|| (response.status == 429).then(backoff)),
        None => (response.status == 429).then(backoff),
    }
}

/// `Retry-After` as a time to wait: seconds, or a date, which is read by the server's own clock (RFC 9110, 10.2.3).
fn delay(value: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return (0.0..=1e9).contains(&seconds).then(|| Duration::from_secs_f64(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::seconds(429, &[("retry-after", "3")], 0, Some(3_000))]
    #[case::fractions_as_some_servers_send_them(429, &[("retry-after", "0.25")], 0, Some(250))]
    #[case::a_date_by_the_clock_of_the_server(
        429,
        &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:28:02 GMT")],
        0,
        Some(2_000)
    )]
    #[case::a_date_that_is_past(
        503,
        &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT")],
        0,
        Some(0)
    )]
    #[case::no_word(429, &[], 0, Some(500))]
    #[case::no_word_again(429, &[], 2, Some(2_000))]
    #[case::nonsense(429, &[("retry-after", "soon")], 0, Some(500))]
    #[case::unavailable_without_a_word(503, &[], 0, None)]
    #[case::a_request_that_did_not_come_in_time(408, &[], 1, Some(100))]
    #[case::a_request_that_never_comes_in_time(408, &[], 3, None)]
    #[case::another_status(400, &[("retry-after", "3")], 0, None)]
    fn a_wait_is_read_from_the_response(
        #[case] status: u16,
        #[case] headers: &[(&str, &str)],
        #[case] attempt: u32,
        #[case] millis: Option<u64>,
    ) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = Response { status, headers, body: Vec::new() };
        assert_eq!(retry_after(&response, attempt), millis.map(Duration::from_millis));
    }
}
