//! What a client sent, judged by the contract: the other side of the judge.
//!
//! Each operation is a scenario of the report, and each kind of mistake a check of it: what an SDK sends is told in the
//! same words, cards and formats as what a server answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use conformance_contract::Contract;
use conformance_contract::request::bearer;
use conformance_record::{
    Blame, CheckOutcome, Cited, Code, Exchange, Finding, Level, Mismatch, NoResponse, Position, Request, RunEvent,
    SnapshotOutcome, Tally, Verdict,
};
use conformance_scenario::Scenario;

use crate::coverage::Coverage;

/// What a client sent so far.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Without credentials.
    exchanges: Vec<Exchange>,
    /// The token that the client was given, if it was given one.
    token: Option<String>,
    /// Where that token stood in a request that had none where it belongs, by the request's number.
    misplaced: BTreeMap<usize, String>,
}

/// What a client sent, judged.
#[derive(Debug)]
pub struct Judged {
    /// The events of a report.
    pub events: Vec<RunEvent>,
    /// The numbers.
    pub tally: Tally,
    /// What was exercised.
    pub coverage: Coverage,
}

/// How requests are read.
pub(crate) struct Reading<'r> {
    /// What the API is called.
    pub title: &'r str,
    /// The command that mocks it.
    pub mock: String,
    /// The operation that a request means, and what it has against it.
    pub read: &'r dyn Fn(&Exchange) -> (String, Vec<Finding>),
    /// What an operation does, in a line.
    pub summary: &'r dyn Fn(&str) -> Option<String>,
    /// The rule behind a code.
    pub rule: fn(Code) -> &'static str,
}

/// The mistakes in one operation's requests.
#[derive(Default)]
struct Mistakes {
    /// By code: what was found, in which exchange first, and how often.
    found: BTreeMap<Code, Vec<(Finding, usize, usize)>>,
    exchanges: BTreeSet<usize>,
}

impl Traffic {
    /// What a client sends that was given this token.
    #[must_use]
    pub fn given(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::default() }
    }

    /// Takes in a request and its answer; of credentials only that they were there is kept.
    pub fn take(&mut self, exchange: &Exchange) {
        let number = self.exchanges.len();
        if let Some(place) = self.token.as_deref().and_then(|token| misplaced(token, &exchange.request)) {
            self.misplaced.insert(number, place);
        }
        self.exchanges.push(Exchange { number, ..exchange.anonymous() });
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Judges it. What has one of the codes in `allowed` is no mistake.
    #[must_use]
    pub fn judged(
        &self,
        (contract, scenarios): (&Contract, &[Scenario]),
        (command, origin): (&str, &str),
        allowed: &[Code],
        took: Duration,
    ) -> Judged {
        let coverage = Coverage::of(contract, scenarios, &self.exchanges);
        let read_one = |exchange: &Exchange| {
            let (operation, mut findings) = read(contract, &exchange.request);
            if let Some(place) = self.misplaced.get(&exchange.number) {
                let message = format!("the token stands in {place}; expected `Authorization: Bearer <token>`");
                let wrong = Finding::new(Code::MisplacedCredentials, "header.authorization", message);
                findings
                    .iter_mut()
                    .filter(|one| one.code == Code::MissingCredentials)
                    .for_each(|one| *one = wrong.clone());
            }
            (operation, findings)
        };
        let summary = |id: &str| contract.operation(id).map(|one| one.summary.clone());
        let reading = Reading {
            title: &contract.title,
            mock: "conformance mock".to_owned(),
            read: &read_one,
            summary: &summary,
            rule: Code::rule,
        };
        self.told(&reading, coverage, (command, origin), allowed, took)
    }

    /// How many requests there were.
    pub(crate) fn len(&self) -> usize {
        self.exchanges.len()
    }

    pub(crate) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// What a reading of each request found, as the events of a report.
    pub(crate) fn told(
        &self,
        reading: &Reading<'_>,
        coverage: Coverage,
        (command, origin): (&str, &str),
        allowed: &[Code],
        took: Duration,
    ) -> Judged {
        let all = self.mistakes(reading);
        let mut tally = Tally { scenarios: all.len(), ..Tally::default() };
        let started = RunEvent::Started {
            suite: reading.title.to_owned(),
            target: command.to_owned(),
            origin: origin.to_owned(),
            start_with: Some(reading.mock.clone()),
            scenarios: all.len(),
        };
        let mut events = vec![started];
        for (operation, mistakes) in all {
            let check = |code: Code| mistakes.check((code, reading.rule), allowed.contains(&code));
            let checks: Vec<CheckOutcome> = Code::ALL.into_iter().filter_map(check).collect();
            checks.iter().for_each(|check| tally.count(check));
            let told: BTreeSet<usize> = checks.iter().filter_map(|check| check.exchange).collect();
            let summary = (reading.summary)(&operation).unwrap_or_else(|| "Requests that mean no operation".to_owned());
            events.push(RunEvent::Scenario {
                name: format!("requests/{operation}"),
                summary,
                checks,
                took: mistakes.exchanges.iter().map(|number| self.exchanges[*number].took).sum(),
                requests: mistakes.exchanges.len(),
                snapshot: SnapshotOutcome::Partial,
                exchanges: told.iter().map(|number| self.exchanges[*number].clone()).collect(),
            });
        }
        events.push(RunEvent::Finished { tally, took });
        Judged { events, tally, coverage }
    }

    /// The mistakes in the requests of each operation.
    fn mistakes(&self, reading: &Reading<'_>) -> BTreeMap<String, Mistakes> {
        let mut all: BTreeMap<String, Mistakes> = BTreeMap::new();
        for exchange in &self.exchanges {
            let (operation, mut findings) = (reading.read)(exchange);
            // A body that was too large to be read, or did not come to its end, is not absent.
            let unread = match &exchange.response {
                Ok(response) => response.status == 413,
                Err(reason) => *reason == NoResponse::RequestUnfinished,
            };
            findings.retain(|finding| !(unread && finding.code == Code::MissingBody));
            let mistakes = all.entry(operation).or_default();
            mistakes.exchanges.insert(exchange.number);
            for finding in findings {
                mistakes.add(finding, exchange.number);
            }
        }
        all
    }
}

/// Where else than in `Authorization: Bearer` a token stands.
fn misplaced(token: &str, request: &Request) -> Option<String> {
    if bearer(request.header("authorization")).is_some() {
        return None;
    }
    let field = request.headers.iter().find(|(_, value)| value.contains(token));
    let field = field.map(|(name, _)| format!("the header field `{name}`"));
    field.or_else(|| request.query()?.contains(token).then(|| "the query".to_owned()))
}

/// The operation that a request means, or most likely means, and everything that it has against it.
fn read(contract: &Contract, request: &Request) -> (String, Vec<Finding>) {
    match contract.read(request) {
        Ok(reading) => (reading.operation.id.clone(), reading.findings),
        Err(lost) => {
            let mut findings = vec![lost.finding];
            // A near miss is still held to the operation that was meant.
            let near = contract.nearest_path(request.path()).map(|path| {
                let query = request.query().map_or_else(String::new, |query| format!("?{query}"));
                Request { target: format!("{path}{query}"), ..request.clone() }
            });
            let reading = near.as_ref().and_then(|near| contract.read(near).ok());
            let operation = reading.as_ref().map_or("unknown", |reading| &reading.operation.id).to_owned();
            findings.extend(reading.into_iter().flat_map(|reading| reading.findings));
            (operation, findings)
        }
    }
}

impl Mistakes {
    fn add(&mut self, finding: Finding, number: usize) {
        let known = self.found.entry(finding.code).or_default();
        match known.iter_mut().find(|(one, ..)| *one == finding) {
            Some((.., times)) => *times += 1,
            None => known.push((finding, number, 1)),
        }
    }

    /// The check of one kind of mistake; none of kinds that are about answers.
    fn check(&self, (code, statement): (Code, fn(Code) -> &'static str), allowed: bool) -> Option<CheckOutcome> {
        if matches!(code, Code::UndocumentedStatus | Code::WrongHeader) {
            return None;
        }
        let found = self.found.get(&code).map_or(&[][..], Vec::as_slice);
        let blame = code.blame();
        // What a test sends on purpose, and is refused, is worth knowing and no mistake of the SDK.
        let level = if blame == Blame::Sdk { Level::Must } else { Level::Should };
        let verdict = match (found.is_empty(), allowed, level) {
            (true, ..) => Verdict::Pass,
            (_, true, _) => Verdict::Known(format!("allowed by --allow {code}")),
            (.., Level::Must) => Verdict::Fail,
            _ => Verdict::Warn,
        };
        let first = found.first().map(|(_, number, _)| *number);
        let rule = found.first().and_then(|(finding, ..)| finding.rule.clone());
        Some(CheckOutcome {
            verdict,
            level,
            requirements: vec![Cited {
                id: code.to_string(),
                level,
                statement: statement(code).to_owned(),
                sources: rule.into_iter().collect(),
            }],
            position: Position { file: "request".to_owned(), line: first.map_or(1, |number| number + 1), column: 1 },
            source: String::new(),
            exchange: first,
            expected: format!("requests as the contract has them; if not, {blame} is to blame"),
            meanings: Vec::new(),
            found: Mismatch::first_few(found.iter().map(mismatch).collect()),
        })
    }
}

fn mismatch((finding, number, times): &(Finding, usize, usize)) -> Mismatch {
    let often = if *times > 1 { format!(" ({times} times, first in request {})", number + 1) } else { String::new() };
    Mismatch::of(format!("{finding}{often}"))
}
