//! What is wrong with an SDK, or with its driver: found by comparing what was asked for, what went over the wire, and what
//! the caller got.

use std::collections::BTreeSet;

use conformance_contract::say::brief;
use conformance_contract::{Contract, Operation};
use conformance_record::{Blame, Code as RequestCode, Exchange, Level, Mismatch, Request};
use conformance_source::pointer;
use serde_json::Value;

use crate::sdk::protocol::Outcome;

/// What can be wrong with an SDK or its driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Something that is not of the protocol between this program and the driver.
    Driver,
    /// The request has something against it by the contract.
    Request,
    /// Another request than was asked for.
    ChangedArgument,
    /// No request at all, and an answer all the same.
    SentNothing,
    /// The same request more than once, for no reason.
    SentTwice,
    /// More than one request, from an SDK that does not say that it tries again.
    RetriedWithoutSaying,
    /// One request, from an SDK that says that it tries again.
    NeverRetried,
    /// More requests than help.
    RetriedTooOften,
    /// An error of the server that the caller did not get to see.
    SwallowedError,
    /// An error with another status than the server's.
    WrongStatus,
    /// An answer as documented that the SDK could not read.
    Unread,
    /// A documented member of the answer that the caller did not get.
    LostMember,
    /// A member that the server did not send.
    InventedMember,
    /// A value that is another one than the server's.
    ChangedValue,
    /// A value of another type than the server's.
    ChangedType,
    /// Objects in another order than the server's.
    ChangedOrder,
}

impl Code {
    /// The stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Request => "request",
            Self::ChangedArgument => "changed-argument",
            Self::SentNothing => "sent-nothing",
            Self::SentTwice => "sent-twice",
            Self::RetriedWithoutSaying => "retried-without-saying",
            Self::NeverRetried => "never-retried",
            Self::RetriedTooOften => "retried-too-often",
            Self::SwallowedError => "swallowed-error",
            Self::WrongStatus => "wrong-status",
            Self::Unread => "unread",
            Self::LostMember => "lost-member",
            Self::InventedMember => "invented-member",
            Self::ChangedValue => "changed-value",
            Self::ChangedType => "changed-type",
            Self::ChangedOrder => "changed-order",
        }
    }

    /// The rule that is broken.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Driver => "A driver answers each call once, in time, with a line of the protocol.",
            Self::Request => "A request has nothing against it by the contract.",
            Self::ChangedArgument => "What the caller gives goes over the wire as it is.",
            Self::SentNothing => "A call that returns has asked the server.",
            Self::SentTwice => "A call sends its request once.",
            Self::RetriedWithoutSaying => "Only an SDK that says so tries again by itself.",
            Self::NeverRetried => "An SDK that says so tries again after 429 and 503.",
            Self::RetriedTooOften => "An SDK gives up after some attempts.",
            Self::SwallowedError => "An error of the server reaches the caller as an error.",
            Self::WrongStatus => "The caller's error tells the status that the server sent.",
            Self::Unread => "An answer as documented is returned to the caller.",
            Self::LostMember => "Every documented member of an answer reaches the caller.",
            Self::InventedMember => "The caller gets nothing that the server did not send.",
            Self::ChangedValue => "Values reach the caller as the server sent them.",
            Self::ChangedType => "Values reach the caller in the type that the server sent.",
            Self::ChangedOrder => "Objects reach the caller in the order in which the server sent them.",
        }
    }

    /// Who is to blame.
    #[must_use]
    pub const fn blame(self) -> &'static str {
        match self {
            Self::Driver => "the driver",
            _ => "the SDK, or its driver",
        }
    }
}

/// More attempts than these help nobody.
const MOST_ATTEMPTS: usize = 10;

impl Code {
    /// Every code there is.
    pub const ALL: [Self; 16] = [
        Self::Driver,
        Self::Request,
        Self::ChangedArgument,
        Self::SentNothing,
        Self::SentTwice,
        Self::RetriedWithoutSaying,
        Self::NeverRetried,
        Self::RetriedTooOften,
        Self::SwallowedError,
        Self::WrongStatus,
        Self::Unread,
        Self::LostMember,
        Self::InventedMember,
        Self::ChangedValue,
        Self::ChangedType,
        Self::ChangedOrder,
    ];
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// How binding the rule is here.
    pub level: Level,
    /// What it is.
    pub mismatch: Mismatch,
    /// The exchange that shows it, by its number in the scenario.
    pub exchange: Option<usize>,
}

/// A call, from all sides.
pub(crate) struct Call<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) operation: &'c Operation,
    pub(crate) number: usize,
    /// What was asked for.
    pub(crate) asked: &'c Request,
    /// What went over the wire, in order.
    pub(crate) wire: &'c [Exchange],
    pub(crate) outcome: Outcome,
    pub(crate) value: &'c Value,
    pub(crate) status: Option<u16>,
    pub(crate) message: &'c str,
    /// Whether the driver declares retries.
    pub(crate) retries: bool,
    /// The members that the answer's schema names.
    pub(crate) documented: BTreeSet<String>,
    pub(crate) found: Vec<Finding>,
}

impl Call<'_> {
    fn say(&mut self, code: Code, level: Level, mismatch: Mismatch) {
        self.found.push(Finding { code, level, mismatch, exchange: Some(self.number) });
    }

    fn must(&mut self, code: Code, what: impl Into<String>) {
        self.say(code, Level::Must, Mismatch::of(what));
    }

    /// Finds everything.
    pub(crate) fn judge(mut self) -> Vec<Finding> {
        if self.outcome == Outcome::DriverError {
            self.must(Code::Driver, format!("it answered with an error of its own: {}", self.message));
        }
        let wire = self.wire;
        let Some(last) = wire.last() else {
            if matches!(self.outcome, Outcome::Ok | Outcome::ApiError) {
                self.must(Code::SentNothing, format!("it answered `{}`, and nothing was sent", self.outcome.word()));
            }
            return self.found;
        };
        self.count();
        self.request(&wire[0].request);
        if let Ok(response) = &last.response {
            let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            self.answer(response.status, &body);
        }
        self.found
    }

    /// How often the request was sent, and whether that had a reason.
    fn count(&mut self) {
        let reason = |exchange: &Exchange| {
            exchange.response.as_ref().map_or(true, |response| response.status == 429 || response.status >= 500)
        };
        let without = self.wire[..self.wire.len() - 1].iter().filter(|one| !reason(one)).count();
        if without > 0 {
            self.must(Code::SentTwice, format!("the request was sent {} times; once was expected", self.wire.len()));
        } else if self.wire.len() > MOST_ATTEMPTS {
            self.must(Code::RetriedTooOften, format!("the request was sent {} times", self.wire.len()));
        } else if self.retries && self.wire.len() == 1 && is_busy(&self.wire[0]) {
            self.must(Code::NeverRetried, "the server was busy, and the request was not sent again");
        } else if self.wire.len() > 1 && !self.retries {
            self.must(
                Code::RetriedWithoutSaying,
                format!("the request was sent {} times; the driver declares no retries", self.wire.len()),
            );
        }
    }

    /// Whether what was asked for went over the wire.
    fn request(&mut self, sent: &Request) {
        let read = |request: &Request| match self.contract.read(request) {
            Ok(reading) => reading.findings,
            Err(lost) => vec![lost.finding],
        };
        let (findings, own) = (read(sent), read(self.asked));
        for finding in findings {
            // What was asked for is the scenario's own.
            let ours = finding.code.blame() == Blame::Sdk || finding.code == RequestCode::MissingCredentials;
            if ours && !own.contains(&finding) {
                self.must(Code::Request, format!("{}: {finding}", finding.code));
            }
        }
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
        let json = |request: &Request| serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
        let (asked, went) = (json(self.asked), json(sent));
        if asked != went {
            let mismatch = Mismatch { expected: Some(brief(&asked)), ..Mismatch::of(brief(&went)) };
            self.say(Code::ChangedArgument, Level::Must, mismatch);
        }
    }

    /// Whether the caller got what the server sent.
    fn answer(&mut self, status: u16, body: &Value) {
        match (status < 400, self.outcome) {
            (true, Outcome::Ok) => {
                let value = self.value.clone();
                let rule = self.operation.response(status).and_then(|rule| rule.schema.as_ref());
                let names = rule.into_iter().flat_map(|schema| self.contract.schemas.properties(&schema.location));
                self.documented = names.map(|(name, _)| name).collect();
                self.documented.extend(self.contract.documented(self.operation.resource).iter().cloned());
                self.compare("", body, &value);
            }
            (true, outcome) => {
                let message = self.message.to_owned();
                self.must(
                    Code::Unread,
                    format!("the server answered {status}, the caller got `{}`: {message}", outcome.word()),
                );
            }
            (false, Outcome::Ok) => {
                self.must(Code::SwallowedError, format!("the server answered {status}, and the call returned"));
            }
            (false, Outcome::ApiError) if self.status.is_some_and(|told| told != status) => {
                let told = self.status.unwrap_or_default();
                self.must(Code::WrongStatus, format!("the server answered {status}, the caller was told {told}"));
            }
            (false, _) => {}
        }
    }

    fn compare(&mut self, at: &str, sent: &Value, got: &Value) {
        match (sent, got) {
            (Value::Object(sent), Value::Object(got)) => {
                for (name, sent) in sent {
                    let place = pointer::push(at, name);
                    match got.get(name) {
                        Some(got) => self.compare(&place, sent, got),
                        None => self.lost(&place, name, sent),
                    }
                }
                for (name, got) in got.iter().filter(|(name, got)| !sent.contains_key(*name) && !got.is_null()) {
                    let place = pointer::push(at, name);
                    let mismatch = Mismatch { place, expected: Some("nothing".to_owned()), ..Mismatch::of(brief(got)) };
                    self.say(Code::InventedMember, Level::Must, mismatch);
                }
            }
            (Value::Array(sent), Value::Array(got)) => {
                let reordered = sent != got && sent.len() == got.len() && sent.iter().all(|one| got.contains(one));
                if reordered {
                    let mismatch =
                        Mismatch { place: at.to_owned(), ..Mismatch::of(format!("{at} is in another order")) };
                    return self.say(Code::ChangedOrder, Level::Must, mismatch);
                }
                if sent.len() != got.len() {
                    let told = |items: &[Value]| format!("{} items", items.len());
                    let mismatch =
                        Mismatch { place: at.to_owned(), expected: Some(told(sent)), ..Mismatch::of(told(got)) };
                    self.say(Code::ChangedValue, Level::Must, mismatch);
                }
                for (index, (sent, got)) in sent.iter().zip(got).enumerate() {
                    self.compare(&format!("{at}/{index}"), sent, got);
                }
            }
            (Value::Number(sent), Value::Number(got)) if sent.as_f64() == got.as_f64() => {}
            _ if sent == got => {}
            _ => {
                let same_type = std::mem::discriminant(sent) == std::mem::discriminant(got);
                let code = if same_type { Code::ChangedValue } else { Code::ChangedType };
                let mismatch =
                    Mismatch { place: at.to_owned(), expected: Some(brief(sent)), ..Mismatch::of(brief(got)) };
                self.say(code, Level::Must, mismatch);
            }
        }
    }

    /// A member that the caller did not get. SDKs with types drop what they do not know; what is documented they know.
    fn lost(&mut self, place: &str, name: &String, sent: &Value) {
        if self.documented.contains(name) {
            let mismatch = Mismatch { place: place.to_owned(), expected: Some(brief(sent)), ..Mismatch::of("nothing") };
            self.say(Code::LostMember, Level::Must, mismatch);
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
