//! What is wrong with an SDK, or with its driver: found by comparing what was asked for, what went over the wire, what the
//! server answered, and what the caller got.

use std::collections::BTreeSet;
use std::time::Duration;

use conformance_contract::request::Reading;
use conformance_contract::{Action, Contract, Operation};
use conformance_record::{Blame, Code as RequestCode, Level, Mismatch, NoResponse, Request, Response};
use serde_json::Value;

use crate::sdk::arguments;
use crate::sdk::code::Code;
use crate::sdk::compare::Comparison;
use crate::sdk::protocol::Outcome;
use crate::sdk::sent;
use crate::sdk::stand_in::Arrival;

/// Clocks and schedulers are not exact.
pub(super) const TOLERANCE: Duration = Duration::from_millis(50);
/// So much later than its deadline a call may end: a machine may be busy.
pub(super) const LATE: Duration = Duration::from_secs(1);

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
    /// Why it is unclear what the server holds, once something else was written than the scenario asked for.
    pub(crate) unclear: Option<String>,
}

impl Shown {
    /// Why the server's response says nothing about what the scenario asked for.
    pub(crate) fn is_another_request(&self, action: Action) -> Option<&'static str> {
        let has = |codes: &[Code]| self.found.iter().any(|one| codes.contains(&one.code));
        let reads = matches!(action, Action::List | Action::Retrieve);
        if has(&[Code::ChangedArgument, Code::Request]) {
            Some("the SDK sent another request than was asked for")
        } else if !reads && has(&[Code::SentTwice, Code::RepeatedCreate]) {
            Some("the SDK sent the request more than once")
        } else {
            None
        }
    }
}

/// A call, from all sides.
pub(crate) struct Call<'c> {
    pub(crate) contract: &'c Contract,
    /// What was asked for, as the contract reads it.
    pub(crate) reading: &'c Reading<'c>,
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
    pub(super) fn operation(&self) -> &'_ Operation {
        self.reading.operation
    }

    pub(super) fn say(&mut self, code: Code, level: Level, mismatch: Mismatch) {
        self.shown.found.push(Finding { code, level, mismatch, exchange: Some(self.number) });
    }

    /// Judges a rule: `wrong` says what breaks it.
    pub(super) fn rule(&mut self, code: Code, wrong: Option<String>) {
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
        self.result();
        self.deadline();
        let Some(last) = self.wire.last() else { return self.shown };
        self.count();
        self.patience();
        self.repeated();
        self.requests();
        match &last.exchange.response {
            Ok(response) => self.answer(response),
            Err(reason) => self.silence(reason),
        }
        self.shown
    }

    /// What the driver said came of the call, and whether it can be.
    fn result(&mut self) {
        let (nothing, outcome) = (self.wire.is_empty(), self.outcome);
        let itself = outcome == Outcome::DriverError;
        // A driver that answers and never asks has shown nothing.
        if itself || !nothing {
            self.rule(Code::Driver, itself.then(|| format!("it answered with an error of its own: {}", self.message)));
        }
        let valid = arguments::are_valid(self.reading);
        match outcome {
            Outcome::DriverError | Outcome::Unsupported => {}
            Outcome::Rejected => {
                let shaped = arguments::could_be_ids(self.contract, self.reading);
                let rejected = format!("the SDK rejected arguments that the contract allows: {}", self.message);
                if nothing && valid && shaped {
                    self.rule(Code::RejectedValidArgument, Some(rejected));
                }
            }
            // What should not be sent may fail in any way.
            Outcome::DecodeError | Outcome::TransportError | Outcome::Timeout if !valid => {}
            _ => {
                let unsent = format!("it answered `{}`, and nothing was sent: {}", outcome.word(), self.message);
                let unsent = unsent.trim_end_matches([':', ' ']).to_owned();
                self.rule(Code::SentNothing, nothing.then_some(unsent));
            }
        }
        if valid && !nothing {
            self.rule(Code::RejectedValidArgument, None);
        }
    }

    /// Whether the call ended when its time was over.
    fn deadline(&mut self) {
        let Some(deadline) = self.deadline else { return };
        if self.took > deadline || self.outcome == Outcome::Timeout {
            let (took, given) = (self.took.as_millis(), deadline.as_millis());
            let late = format!("the call ended after {took} ms; it had {given} ms");
            self.rule(Code::MissedDeadline, (self.took > deadline + LATE).then_some(late));
        }
    }

    /// Whether what was asked for went over the wire, in every attempt.
    fn requests(&mut self) {
        self.rule(Code::Request, None);
        self.rule(Code::ChangedArgument, None);
        let wire = self.wire;
        let mut told: Vec<Mismatch> = Vec::new();
        for (index, arrival) in wire.iter().enumerate() {
            let round = if index == 0 { String::new() } else { format!("attempt {}", index + 1) };
            let retry = (index > 0).then(|| &wire[0].exchange.request);
            for (code, level, mismatch) in self.wrong(arrival, retry) {
                // What is wrong throughout is told once.
                if !told.contains(&mismatch) {
                    told.push(mismatch.clone());
                    self.say(code, level, Mismatch { round: round.clone(), ..mismatch });
                }
            }
        }
    }

    /// What is wrong with one request; in a retry also in comparison with the first.
    fn wrong(&self, arrival: &Arrival, first: Option<&Request>) -> Vec<(Code, Level, Mismatch)> {
        let sent = &arrival.exchange.request;
        let findings = match self.contract.read(sent) {
            Ok(reading) => reading.findings,
            Err(lost) => vec![lost.finding],
        };
        // What was asked for is the scenario's own.
        let ours = findings.into_iter().filter(|finding| {
            let ours = finding.code.blame() == Blame::Sdk || finding.code == RequestCode::MissingCredentials;
            ours && !self.reading.findings.contains(finding)
        });
        let refused =
            ours.map(|finding| (Code::Request, Level::Must, Mismatch::of(format!("{}: {finding}", finding.code))));
        let changed = sent::changes(self.contract, self.operation(), self.asked, sent);
        let (fixed, gone) = first.map_or_else(Default::default, |first| sent::header_changes(first, sent));
        let stranger = !arrival.own && sent.header("authorization").is_some();
        let token = (self.asked.header("authorization").is_some() && stranger)
            .then(|| Mismatch::of("the token, or its scheme, is not the one that the call was given"));
        let must = changed.into_iter().chain(fixed).chain(token);
        let must = must.map(|one| (Code::ChangedArgument, Level::Must, one));
        let should = gone.into_iter().map(|one| (Code::ChangedArgument, Level::Should, one));
        refused.chain(must).chain(should).collect()
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
        let documented = self.operation().judge(response).is_empty();
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
            let comparison = Comparison::of(self.contract, self.operation(), status, (&body, self.value));
            self.shown.judged.extend(comparison.judged);
            for (code, mismatch) in comparison.found {
                // Made up is made up, whatever was sent; the rest of what should not be sent may be read in many ways.
                let binding = documented || code == Code::InventedMember;
                self.say(code, if binding { Level::Must } else { Level::Should }, mismatch);
            }
        }
    }
}
