//! Judges checks. A check is one verdict however often its step is repeated; every mismatch is kept.

use conformance_contract::Requirements;
use conformance_contract::say::brief;
use conformance_record::{CheckOutcome, Cited, Level, Mismatch, Position, Response, Verdict};
use conformance_scenario::expression::{Source, meanings};
use conformance_scenario::{Check, Expectation, Step, StepKind};
use conformance_source::SourceFile;
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::relate::{relation, unmet};
use crate::subject::Subject;
use crate::value::Scope;
use crate::world::Variables;

/// A check being judged.
pub(crate) struct Judgement<'s> {
    check: &'s Check,
    mismatches: Vec<Mismatch>,
    judged: usize,
    unjudged: Option<Obstacle>,
    passed_over: Option<String>,
    expected: Option<String>,
    exchange: Option<usize>,
}

impl<'s> Judgement<'s> {
    pub(crate) fn new(check: &'s Check) -> Self {
        Self {
            check,
            mismatches: Vec::new(),
            judged: 0,
            unjudged: None,
            passed_over: None,
            expected: None,
            exchange: None,
        }
    }

    /// Judges one answer. `round` names it among several.
    pub(crate) fn judge(&mut self, variables: &mut Variables, subject: &dyn Subject, scope: Scope<'_>, round: &str) {
        if let Some(Ok(response)) = scope.exchange.map(|exchange| &exchange.response)
            && !self.check.if_status.is_empty()
            && !self.check.if_status.iter().any(|one| response.is(one))
        {
            let wanted = self.check.if_status.join(" or ");
            self.passed_over = Some(format!("it is about status {wanted}, and {} came", response.status));
            return;
        }
        if let Some(Err(reason)) = scope.exchange.map(|exchange| &exchange.response)
            && !(self.check.if_status.is_empty() && self.check.conditions.is_empty())
        {
            return self.could_not(format!("there was no response: {reason}").into());
        }
        match unmet(variables, subject, scope, &self.check.conditions) {
            Ok(None) => {}
            Ok(Some(unmet)) => {
                self.passed_over = Some(unmet);
                return;
            }
            Err(reason) => return self.could_not(reason),
        }
        let (expected, result) = hold(variables, subject, scope, &self.check.expectation);
        let about = captured_in(variables, &self.check.expectation);
        self.settle(expected, about.or(scope.exchange.map(|exchange| exchange.number)), result, round);
    }

    /// Takes in what was found out about one answer: every mismatch, or why there is nothing to say.
    pub(crate) fn settle(
        &mut self,
        expected: String,
        number: Option<usize>,
        result: Result<Vec<Mismatch>, Obstacle>,
        round: &str,
    ) {
        match result {
            Ok(mismatches) if mismatches.is_empty() => self.judged += 1,
            Ok(mismatches) => {
                self.judged += 1;
                if self.mismatches.is_empty() {
                    (self.expected, self.exchange) = (Some(expected.clone()), number);
                }
                self.mismatches.extend(mismatches.into_iter().map(|one| Mismatch { round: round.to_owned(), ..one }));
            }
            Err(reason) => self.could_not(reason),
        }
        if self.expected.is_none() {
            (self.expected, self.exchange) = (Some(expected), number);
        }
    }

    /// What the check expects.
    pub(crate) fn describe(&self) -> String {
        describe(&self.check.expectation)
    }

    /// Notes that the check could not be judged.
    pub(crate) fn could_not(&mut self, reason: Obstacle) {
        self.unjudged.get_or_insert(reason);
    }

    /// The verdict on all rounds.
    pub(crate) fn outcome(self, file: &SourceFile, requirements: &Requirements) -> CheckOutcome {
        let cited = self.check.cites.iter().filter_map(|(id, _)| requirements.get(id));
        let cited: Vec<Cited> = cited.map(|one| requirements.cited(one)).collect();
        let level = cited.iter().map(|one| one.level).max().unwrap_or(Level::Must);
        let verdict = match (self.mismatches.is_empty(), self.unjudged) {
            (false, _) => {
                if level == Level::Must {
                    Verdict::Fail
                } else {
                    Verdict::Warn
                }
            }
            (true, Some(obstacle)) => obstacle.verdict(),
            (true, None) => match self.passed_over {
                _ if self.judged > 0 => Verdict::Pass,
                Some(why) => Verdict::NotApplicable(why),
                None => Verdict::CouldNotRun("nothing was judged".to_owned()),
            },
        };
        let (line, column) = file.position(self.check.span.start);
        let expected = self.expected.unwrap_or_else(|| describe(&self.check.expectation));
        let source = file.lines(self.check.span.clone());
        let meanings = meanings(&source).map(|(name, meaning)| format!("{name}: {meaning}")).collect();
        CheckOutcome {
            verdict,
            level,
            requirements: cited,
            position: Position { file: file.name().to_owned(), line, column },
            source,
            exchange: self.exchange,
            expected,
            meanings,
            found: Mismatch::first_few(self.mismatches),
        }
    }
}

/// What was expected, and everything that is otherwise; `Err` when that cannot be said.
fn hold(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    expectation: &Expectation,
) -> (String, Result<Vec<Mismatch>, Obstacle>) {
    let expected = describe(expectation);
    if let Some(Err(reason)) = scope.exchange.map(|exchange| &exchange.response) {
        return (expected, Err(format!("there was no response: {reason}").into()));
    }
    let (expected, result) = hold_of_response(variables, subject, scope, expectation, expected);
    if let (Ok(mismatches), Some(Ok(response))) = (&result, scope.exchange.map(|exchange| &exchange.response))
        && !mismatches.is_empty()
        && is_of_a_gateway(subject, response)
        && captured_in(variables, expectation).is_none()
    {
        let (status, words) = (response.status, response.words());
        return (expected, Err(format!("a gateway answered {status} in the server's place: {words}").into()));
    }
    (expected, result)
}

fn hold_of_response(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    expectation: &Expectation,
    expected: String,
) -> (String, Result<Vec<Mismatch>, Obstacle>) {
    match (expectation, scope.exchange.map(|exchange| &exchange.response)) {
        (Expectation::Status(statuses), Some(Ok(response))) => {
            let body = brief(&Value::from(String::from_utf8_lossy(&response.body)));
            let mismatch = Mismatch::of(format!("status {}, body {body}", response.status));
            (expected, Ok(if statuses.iter().any(|one| response.is(one)) { Vec::new() } else { vec![mismatch] }))
        }
        (Expectation::Documented, Some(Ok(response))) => (expected, subject.judge_documented(response)),
        (Expectation::Value(value), _) => relation(variables, subject, scope, value),
        _ => (expected, Err("nothing was sent".into())),
    }
}

/// The exchange that a check is about when all that it looks at was captured earlier: the last one that it came from.
fn captured_in(variables: &Variables, expectation: &Expectation) -> Option<usize> {
    let Expectation::Value(relation) = expectation else { return None };
    let (mut about, mut here) = (None, false);
    relation.that.expressions(&mut |expression, _| match &expression.source {
        Source::Output(name) => about = about.max(variables.captured_in.get(name).copied()),
        _ => here = true,
    });
    relation.other.expressions(&mut |expression, _| here |= !matches!(expression.source, Source::Output(_)));
    about.filter(|_| !here)
}

/// Whether a response speaks of what stands before the server, and not of the server: a gateway's statuses (RFC 9110, 15.6.3
/// to 15.6.5), or a firewall's page in place of JSON. What the documents name by number is the server's own.
fn is_of_a_gateway(subject: &dyn Subject, response: &Response) -> bool {
    if subject.names_status(response.status) {
        return false;
    }
    let page = response.header("content-type").is_some_and(|media| media.trim_start().starts_with("text/html"));
    matches!(response.status, 502..=504) || (response.status == 403 && page)
}

/// What a check expects, before anything was worked out.
fn describe(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Status(statuses) => format!("status {}", statuses.join(" or ")),
        Expectation::Documented => "status, media type and body as documented".to_owned(),
        Expectation::Value(value) => format!("{} {} {}", value.that, value.operator.phrase(), value.other),
        Expectation::Unchanged(id) => format!("the object {id} is as it was before the request"),
        Expectation::Absent(text) => format!("no object of the list has {text} in it"),
    }
}

/// That something without a check of its own was not done: nothing is green because it was not tried.
pub(crate) fn undone(
    (id, statement, expected): (&str, &str, &str),
    why: Obstacle,
    (position, source): (Position, String),
) -> CheckOutcome {
    let (id, statement) = (id.to_owned(), statement.to_owned());
    CheckOutcome {
        verdict: why.verdict(),
        level: Level::Must,
        requirements: vec![Cited { id, level: Level::Must, statement, sources: Vec::new() }],
        position,
        source,
        exchange: None,
        expected: expected.to_owned(),
        meanings: Vec::new(),
        found: Vec::new(),
    }
}

/// That a call with faults was not made.
fn unmade(step: &Step, why: Obstacle) -> CheckOutcome {
    let (line, column) = step.file.position(step.span.start);
    let position = Position { file: step.file.name().to_owned(), line, column };
    let words = ("call", "The call is made while things go wrong.", "the call is made");
    undone(words, why, (position, step.file.lines(step.span.clone())))
}

/// The checks of a step, each being judged.
pub(crate) struct Judgements<'s> {
    pub(crate) each_page: Vec<Judgement<'s>>,
    pub(crate) answer: Vec<Judgement<'s>>,
    pub(crate) probe: Option<Judgement<'s>>,
    step: &'s Step,
    /// Why a call with faults, of which there is nothing else to tell, was not made.
    unmade: Option<Obstacle>,
}

impl<'s> Judgements<'s> {
    pub(crate) fn of(step: &'s Step) -> Self {
        let each_page = match &step.kind {
            StepKind::Walk(walk) => &walk.each_page[..],
            StepKind::Call(_) => &[],
        };
        Self {
            each_page: each_page.iter().map(Judgement::new).collect(),
            answer: step.checks.iter().map(Judgement::new).collect(),
            probe: step.probe.as_ref().map(Judgement::new),
            step,
            unmade: None,
        }
    }

    /// Notes that none of them could be judged.
    pub(crate) fn could_not(&mut self, reason: &Obstacle) {
        let all = self.each_page.iter_mut().chain(&mut self.answer).chain(&mut self.probe);
        all.for_each(|one| one.could_not(reason.clone()));
        if !self.step.kind.call().faults.is_empty() {
            self.unmade.get_or_insert_with(|| reason.clone());
        }
    }

    /// The verdicts, in the order of [`Step::all_checks`].
    pub(crate) fn outcomes(self, file: &SourceFile, requirements: &Requirements) -> Vec<CheckOutcome> {
        let unmade = self.unmade.map(|why| unmade(self.step, why));
        let all = self.each_page.into_iter().chain(self.answer).chain(self.probe);
        all.map(|one| one.outcome(file, requirements)).chain(unmade).collect()
    }
}
