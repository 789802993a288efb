//! How fast requests go: a bound of one's own, and what the server asks for with `Retry-After`.

use std::time::Duration;

use conformance_record::Response;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep};

/// No answer is waited for longer than this in all, however politely it is asked for.
pub(crate) const MOST_PATIENCE: Duration = Duration::from_secs(120);

/// Spaces requests out.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Option<Duration>,
    next: Mutex<Option<Instant>>,
    /// Turns true when the run shall end, and nobody wants to wait long any more.
    stop: Option<watch::Receiver<bool>>,
}

/// So long a wait may still be when the run shall end: there may be something to clean up.
const HURRIED: Duration = Duration::from_millis(200);

impl Pace {
    pub(crate) fn new(max_rps: Option<f64>) -> Self {
        let interval = max_rps.filter(|rps| *rps > 0.0).map(|rps| Duration::from_secs_f64(1.0 / rps));
        Self { interval, next: Mutex::new(None), stop: None }
    }

    /// Cuts waits short once `stop` turns true.
    pub(crate) fn until(&mut self, stop: watch::Receiver<bool>) {
        self.stop = Some(stop);
    }

    /// Waits; says whether it was to the end.
    async fn wait(&self, wait: Duration) -> bool {
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
                sleep(wait.min(HURRIED)).await;
                false
            }
        }
    }

    /// Waits for the next free moment.
    pub(crate) async fn turn(&self) {
        let Some(interval) = self.interval else { return };
        let mut next = self.next.lock().await;
        let now = Instant::now();
        let turn = next.map_or(now, |turn| turn.max(now));
        *next = Some(turn + interval);
        drop(next);
        self.wait(turn - now).await;
    }

    /// Waits as long as an answer asks for. Says no when it does not ask, or for too long.
    pub(crate) async fn obey(&self, response: &Response, waited: &mut Duration) -> bool {
        let Some(wait) = retry_after(response) else { return false };
        if *waited + wait > MOST_PATIENCE {
            return false;
        }
        *waited += wait;
        self.wait(wait).await
    }
}

/// The wait that a 429 or 503 asks for, in seconds. A date is not waited for: clocks differ.
fn retry_after(response: &Response) -> Option<Duration> {
    if !matches!(response.status, 429 | 503) {
        return None;
    }
    let seconds: f64 = response.header("retry-after")?.trim().parse().ok()?;
    (0.0..=3600.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}
