//! How often the request of a call was sent, when, and why.

use std::time::Duration;

use conformance_contract::Action;
use conformance_record::{Exchange, Level, Mismatch, NoResponse};

use crate::sdk::code::Code;
use crate::sdk::finding::{Call, TOLERANCE};

/// More attempts than these help nobody.
const MOST_ATTEMPTS: usize = 10;

impl Call<'_> {
    /// How often the request was sent, and whether that had a reason.
    pub(super) fn count(&mut self) {
        let reason = |exchange: &Exchange| {
            exchange.response.as_ref().map_or(true, |response| response.status == 429 || response.status >= 500)
        };
        let times = self.wire.len();
        let idle = self.wire[..times - 1].iter().any(|one| !reason(&one.exchange));
        self.rule(Code::SentTwice, idle.then(|| format!("the request was sent {times} times; once was expected")));
        if idle || !reason(&self.wire[0].exchange) {
            return;
        }
        let often = (times > MOST_ATTEMPTS).then(|| format!("the request was sent {times} times"));
        self.rule(Code::RetriedTooOften, often);
        if !self.retries {
            let secretly = format!("the request was sent {times} times; the driver declares no retries");
            self.rule(Code::RetriedWithoutSaying, (times > 1).then_some(secretly));
        } else if is_busy(&self.wire[0].exchange) {
            let never = "the server was busy, and the request was not sent again";
            self.rule(Code::NeverRetried, (times == 1).then(|| never.to_owned()));
        }
    }

    /// Whether who came again came as late as it was told.
    pub(super) fn patience(&mut self) {
        for pair in self.wire.windows(2) {
            let [before, after] = pair else { continue };
            let Some(told) = retry_after(&before.exchange) else { continue };
            let waited = after.at.saturating_sub(before.at + before.exchange.took);
            let wrong = format!(
                "the server said `Retry-After: {}`; the request was sent again after {} ms",
                told.as_secs(),
                waited.as_millis()
            );
            self.rule(Code::RetriedTooSoon, (waited + TOLERANCE < told).then_some(wrong));
        }
    }

    /// Whether a create whose response was lost was sent again without anything by which the server could know it.
    ///
    /// RFC 9110 (9.2.2) says that a client SHOULD NOT do so. Where the server did act, there are two objects now, and the
    /// caller asked for one.
    pub(super) fn repeated(&mut self) {
        if self.operation().action != Action::Create {
            return;
        }
        let lost = |exchange: &Exchange| match &exchange.response {
            Err(NoResponse::RequestUnfinished) | Ok(_) => None,
            Err(reason) => Some(reason.clone()),
        };
        let Some(reason) = self.wire.iter().find_map(|one| lost(&one.exchange)) else { return };
        let keyless = self
            .wire
            .iter()
            .any(|one| !one.exchange.request.headers.iter().any(|(name, _)| name.contains("idempotency")));
        let again = self.wire.windows(2).any(|pair| lost(&pair[0].exchange).is_some()) && keyless;
        self.rule(Code::RepeatedCreate, None);
        if again {
            let done = reason == NoResponse::ResponseLost;
            let what = if done { "there are two objects now" } else { "it may have been done twice" };
            let told = format!("{reason}, and the create was sent again without an idempotency key: {what}");
            self.say(Code::RepeatedCreate, if done { Level::Must } else { Level::Should }, Mismatch::of(told));
        }
    }
}

/// Whether a response asks to come again.
pub(super) fn is_busy(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_ok_and(|response| matches!(response.status, 429 | 503))
}

/// When a response asks to come again, if it says so in seconds.
fn retry_after(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response.as_ref().ok().filter(|_| is_busy(exchange))?;
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}
