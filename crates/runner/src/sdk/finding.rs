//! What is wrong with an SDK, or with its driver: found by comparing what was asked for, what went over the wire, what the
//! server answered, and what the caller got.

use std::collections::BTreeSet;
use std::time::Duration;

use conformance_contract::say::brief;
use conformance_contract::{Contract, Operation};
use conformance_record::{Blame, Code as RequestCode, Exchange, Level, Mismatch, NoResponse, Request, Response};
use serde_json::Value;

use crate::sdk::code::Code;
use crate::sdk::compare::Comparison;
use crate::sdk::protocol::Outcome;
use crate::sdk::stand_in::Arrival;

/// More attempts than these help nobody.
const MOST_ATTEMPTS: usize = 10;
/// Clocks and schedulers are not exact.
const TOLERANCE: Duration = Duration::from_millis(50);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Its kind.
    pub(crate) code: Code,
    /// How binding the rule is here.
    pub(crate) level: Level,
    /// What it is.
    pub(crate) mismatch: Mismatch,
    /// The exchange that shows it, by its number in the scenario.
    pub(crate) exchange: Option<usize>,
}

/// What calls have shown: the rules that could be judged at all, and what broke them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) judged: BTreeSet<Code>,
    pub(crate) found: Vec<Finding>,
    /// Calls for which faults were set.
    pub(crate) scripted: usize,
    /// Those of them that met one.
    pub(crate) met: usize,
}

/// A call, from all sides.
pub(crate) struct Call<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) operation: &'c Operation,
    pub(crate) number: usize,
    /// What was asked for.
    pub(crate) asked: &'c Request,
    /// What went over the wire, in order.
    pub(crate) wire: &'c [Arrival],
    pub(crate) outcome: Outcome,
    pub(crate) value: &'c Value,
    pub(crate) status: Option<u16>,
    pub(crate) message: &'c str,
    /// Whether the driver declares retries.
    pub(crate) retries: bool,
    /// How long the driver took.
    pub(crate) took: Duration,
    /// How long it might take, if anyone is in a hurry.
    pub(crate) deadline: Option<Duration>,
    pub(crate) shown: Shown,
}

impl Call<'_> {
    fn say(&mut self, code: Code, level: Level, mismatch: Mismatch) {
        self.shown.found.push(Finding { code, level, mismatch, exchange: Some(self.number) });
    }

    /// Judges a rule: `wrong` says what breaks it.
    fn rule(&mut self, code: Code, wrong: Option<String>) {
        self.shown.judged.insert(code);
        if let Some(wrong) = wrong {
            self.say(code, Level::Must, Mismatch::of(wrong));
        }
    }

    fn unread(&self, status: u16) -> Mismatch {
        let (outcome, message) = (self.outcome.word(), self.message);
        Mismatch::of(format!("the server answered {status}, the caller got `{outcome}`: {message}"))
    }

    /// Finds everything.
    pub(crate) fn judge(mut self) -> Shown {
        let wire = self.wire;
        let itself = self.outcome == Outcome::DriverError;
        // A driver that answers and never asks has shown nothing.
        if itself || !wire.is_empty() {
            self.rule(Code::Driver, itself.then(|| format!("it answered with an error of its own: {}", self.message)));
        }
        if matches!(self.outcome, Outcome::Ok | Outcome::ApiError) {
            let nothing = format!("it answered `{}`, and nothing was sent", self.outcome.word());
            self.rule(Code::SentNothing, wire.is_empty().then_some(nothing));
        }
        let (Some(first), Some(last)) = (wire.first(), wire.last()) else { return self.shown };
        self.count();
        self.patience();
        self.request(&first.exchange.request);
        let stranger = wire.iter().any(|one| !one.own && one.exchange.request.header("authorization").is_some());
        if self.asked.header("authorization").is_some() && stranger {
            let other = "the token, or its scheme, is not the one that the call was given";
            self.rule(Code::ChangedArgument, Some(other.to_owned()));
        }
        match &last.exchange.response {
            Ok(response) => self.answer(response),
            Err(reason) => self.silence(reason),
        }
        self.shown
    }

    /// How often the request was sent, and whether that had a reason.
    fn count(&mut self) {
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
    fn patience(&mut self) {
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

    /// Whether what was asked for went over the wire.
    fn request(&mut self, sent: &Request) {
        let read = |request: &Request| match self.contract.read(request) {
            Ok(reading) => reading.findings,
            Err(lost) => vec![lost.finding],
        };
        let (findings, own) = (read(sent), read(self.asked));
        self.rule(Code::Request, None);
        for finding in findings {
            // What was asked for is the scenario's own.
            let ours = finding.code.blame() == Blame::Sdk || finding.code == RequestCode::MissingCredentials;
            if ours && !own.contains(&finding) {
                self.rule(Code::Request, Some(format!("{}: {finding}", finding.code)));
            }
        }
        self.rule(Code::ChangedArgument, None);
        let line = |request: &Request| (request.method.clone(), decoded(request.path()), query(request));
        let (asked, went) = (line(self.asked), line(sent));
        if asked != went {
            let told = |(method, path, query): &(String, String, BTreeSet<String>)| {
                let query: Vec<&str> = query.iter().map(String::as_str).collect();
                format!("{method} {path} {}", query.join("&")).trim_end().to_owned()
            };
            let mismatch = Mismatch { expected: Some(told(&asked)), ..Mismatch::of(told(&went)) };
            self.say(Code::ChangedArgument, Level::Must, mismatch);
        }
        let json = |request: &Request| conformance_json::parse(&request.body).unwrap_or_default();
        let (asked, went) = (json(self.asked), json(sent));
        if asked != went {
            let mismatch = Mismatch { expected: Some(brief(&asked)), ..Mismatch::of(brief(&went)) };
            self.say(Code::ChangedArgument, Level::Must, mismatch);
        }
    }

    /// What the caller made of a request that got no answer.
    fn silence(&mut self, reason: &NoResponse) {
        let swallowed = format!("the request got no answer: {reason}; and the call returned");
        self.rule(Code::SwallowedError, (self.outcome == Outcome::Ok).then_some(swallowed));
        if let (NoResponse::Pending | NoResponse::ClientGone, Some(deadline)) = (reason, self.deadline) {
            let early = self.took + TOLERANCE < deadline;
            let (took, deadline) = (self.took.as_millis(), deadline.as_millis());
            self.rule(Code::GaveUp, early.then(|| format!("the SDK gave up after {took} ms; it had {deadline} ms")));
        }
    }

    /// Whether the caller got what the server sent.
    fn answer(&mut self, response: &Response) {
        let status = response.status;
        if status >= 400 {
            let swallowed = format!("the server answered {status}, and the call returned");
            self.rule(Code::SwallowedError, (self.outcome == Outcome::Ok).then_some(swallowed));
            if let (Outcome::ApiError, Some(told)) = (self.outcome, self.status) {
                let wrong = format!("the server answered {status}, the caller was told {told}");
                self.rule(Code::WrongStatus, (told != status).then_some(wrong));
            }
            self.shown.judged.insert(Code::Unread);
            if !matches!(self.outcome, Outcome::Ok | Outcome::ApiError) {
                // Of an error in another form, the status is all that there is to tell.
                let json = conformance_json::parse(&response.body).is_ok();
                self.say(Code::Unread, if json { Level::Must } else { Level::Should }, self.unread(status));
            }
            return;
        }
        // What an answer should not be at all, an SDK may refuse to read; what it returns is held to what was sent.
        let documented = self.operation.judge(response).is_empty();
        let returned = self.outcome == Outcome::Ok;
        if documented {
            self.shown.judged.insert(Code::Unread);
            if !returned {
                self.say(Code::Unread, Level::Must, self.unread(status));
            }
        }
        let body = if response.body.is_empty() { Ok(Value::Null) } else { conformance_json::parse(&response.body) };
        let Ok(body) = body else {
            let swallowed = format!("the server answered {status} with a body that is no JSON, and the call returned");
            return self.rule(Code::SwallowedError, returned.then_some(swallowed));
        };
        if returned {
            let mut comparison = Comparison::of(self.contract, self.operation, status);
            comparison.compare("", &body, self.value);
            self.shown.judged.extend(comparison.judged);
            for (code, mismatch) in comparison.found {
                // Made up is made up, whatever was sent; the rest of what should not be sent may be read in many ways.
                let binding = documented || code == Code::InventedMember;
                self.say(code, if binding { Level::Must } else { Level::Should }, mismatch);
            }
        }
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Whether an answer asks to come again.
fn is_busy(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_ok_and(|response| matches!(response.status, 429 | 503))
}

/// When an answer asks to come again, if it says so in seconds.
fn retry_after(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response.as_ref().ok().filter(|_| is_busy(exchange))?;
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// The parameters of a query, decoded; their order means nothing.
fn query(request: &Request) -> BTreeSet<String> {
    request
        .query()
        .unwrap_or("")
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| decoded(&pair.replace('+', " ")))
        .collect()
}
