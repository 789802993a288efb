//! Judges checks. A check is one verdict however often its step is repeated; every mismatch is kept.

use conformance_contract::model::StatusRule;
use conformance_contract::say::brief;
use conformance_contract::{Operation, Requirements};
use conformance_record::{CheckOutcome, Exchange, Level, Position, Verdict};
use conformance_scenario::expression::Source;
use conformance_scenario::{Check, Expectation, Operator, Template};
use conformance_source::SourceFile;
use regex::Regex;
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::value::{self, Scope};
use crate::world::World;

/// How many mismatches of one check are told in full.
const TOLD: usize = 5;

/// A check being judged.
pub(crate) struct Judgement<'s> {
    check: &'s Check,
    mismatches: Vec<String>,
    judged: usize,
    unjudged: Option<Obstacle>,
    passed_over: Option<u16>,
    expected: Option<String>,
    exchange: Option<String>,
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

    /// A check that was not judged, and why.
    pub(crate) fn unjudged(check: &'s Check, why: &Obstacle) -> Self {
        let mut judgement = Self::new(check);
        judgement.could_not(why.clone());
        judgement
    }

    /// Judges one answer. `round` names it among several.
    pub(crate) fn judge(&mut self, world: &mut World<'_>, operation: &Operation, scope: Scope<'_>, round: &str) {
        if let Some(Ok(response)) = scope.exchange.map(|exchange| &exchange.response)
            && !self.check.if_status.is_empty()
            && !is_one_of(response.status, &self.check.if_status)
        {
            self.passed_over = Some(response.status);
            return;
        }
        let (expected, result) = hold(world, operation, scope, &self.check.expectation);
        let line = scope.exchange.map(line);
        match result {
            Ok(mismatches) if mismatches.is_empty() => self.judged += 1,
            Ok(mismatches) => {
                self.judged += 1;
                if self.mismatches.is_empty() {
                    (self.expected, self.exchange) = (Some(expected.clone()), line.clone());
                }
                let told =
                    mismatches.into_iter().map(|one| if round.is_empty() { one } else { format!("{round}: {one}") });
                self.mismatches.extend(told);
            }
            Err(reason) => self.could_not(reason),
        }
        if self.expected.is_none() {
            (self.expected, self.exchange) = (Some(expected), line);
        }
    }

    /// Notes that the check could not be judged.
    pub(crate) fn could_not(&mut self, reason: Obstacle) {
        self.unjudged.get_or_insert(reason);
    }

    /// The verdict on all rounds.
    pub(crate) fn outcome(mut self, file: &SourceFile, requirements: &Requirements) -> CheckOutcome {
        let cited = self.check.cites.iter().filter_map(|(id, _)| requirements.get(id));
        let cited: Vec<_> = cited.map(|one| (one.level, one.id.clone(), one.statement.clone())).collect();
        let level = cited.iter().map(|(level, ..)| *level).max().unwrap_or(Level::Must);
        let verdict = match (self.mismatches.is_empty(), self.unjudged) {
            (false, _) => {
                if level == Level::Must {
                    Verdict::Fail
                } else {
                    Verdict::Warn
                }
            }
            (true, Some(obstacle)) => obstacle.verdict(),
            (true, None) if self.judged == 0 && self.passed_over.is_some() => Verdict::NotApplicable(format!(
                "it is about status {}, and {} came",
                self.check.if_status.join(" or "),
                self.passed_over.unwrap_or(0)
            )),
            (true, None) if self.judged == 0 => Verdict::CouldNotRun("nothing was judged".to_owned()),
            (true, None) => Verdict::Pass,
        };
        if self.mismatches.len() > TOLD {
            let more = self.mismatches.len() - TOLD;
            self.mismatches.truncate(TOLD);
            self.mismatches.push(format!("and {more} more"));
        }
        let (line, column) = file.position(self.check.span.start);
        CheckOutcome {
            verdict,
            level,
            requirements: cited.into_iter().map(|(_, id, statement)| (id, statement)).collect(),
            position: Position { file: file.name().to_owned(), line, column },
            exchange: self.exchange.unwrap_or_default(),
            expected: self.expected.unwrap_or_else(|| describe(&self.check.expectation)),
            found: self.mismatches,
        }
    }
}

/// A request and its outcome in one line.
fn line(exchange: &Exchange) -> String {
    let request = format!("{} {}", exchange.request.method, exchange.request.target);
    match &exchange.response {
        Ok(response) => format!("{request} → {}", response.status),
        Err(reason) => format!("{request} → {reason}"),
    }
}

/// What was expected, and everything that is otherwise; `Err` when that cannot be said.
fn hold(
    world: &mut World<'_>,
    operation: &Operation,
    scope: Scope<'_>,
    expectation: &Expectation,
) -> (String, Result<Vec<String>, Obstacle>) {
    let expected = describe(expectation);
    if let Some(Err(reason)) = scope.exchange.map(|exchange| &exchange.response) {
        return (expected, Ok(vec![format!("no answer: {reason}")]));
    }
    match (expectation, scope.exchange.map(|exchange| &exchange.response)) {
        (Expectation::Status(statuses), Some(Ok(response))) => {
            let body = brief(&Value::from(String::from_utf8_lossy(&response.body)));
            let mismatch = format!("status {}, body {body}", response.status);
            (expected, Ok(if is_one_of(response.status, statuses) { Vec::new() } else { vec![mismatch] }))
        }
        (Expectation::Documented, Some(Ok(response))) => {
            if operation
                .response(response.status)
                .is_some_and(|rule| rule.status == StatusRule::Default && response.status >= 400)
            {
                let reason = format!("status {} came, whose body the documents leave open", response.status);
                return (expected, Err(reason.into()));
            }
            (expected, Ok(operation.judge(response).iter().map(ToString::to_string).collect()))
        }
        (Expectation::Value { that, operator, other }, _) => relation(world, operation, scope, that, *operator, other),
        _ => (expected, Err("nothing was sent".into())),
    }
}

/// Whether a status is one of these statuses and classes.
fn is_one_of(status: u16, statuses: &[String]) -> bool {
    let found = status.to_string();
    statuses.iter().any(|one| one.chars().zip(found.chars()).all(|(want, have)| want == 'X' || want == have))
}

fn relation(
    world: &mut World<'_>,
    operation: &Operation,
    scope: Scope<'_>,
    that: &Template,
    operator: Operator,
    other: &Template,
) -> (String, Result<Vec<String>, Obstacle>) {
    let other = match value::template(world, operation, scope, other, None) {
        Ok(other) => other,
        Err(missing) => return (format!("{that} {} {other}", operator.phrase()), Err(missing)),
    };
    let expected = format!("{that} {} {}", operator.phrase(), brief(&other));
    let found = value::template(world, operation, scope, that, None);
    if operator == Operator::Exists {
        let wanted = other.as_bool().unwrap_or(true);
        let mismatch = match (&found, wanted) {
            (Ok(value), false) => Some(format!("it is {}", brief(value))),
            (Err(missing), true) => Some(missing.reason().to_owned()),
            _ => None,
        };
        return (expected, Ok(mismatch.into_iter().collect()));
    }
    match found {
        // A captured value that is missing says nothing about this answer; a missing part of the answer does.
        Err(missing) if is_captured(that) => (expected, Err(missing)),
        Err(missing) => (expected, Ok(vec![missing.reason().to_owned()])),
        Ok(found) => match holds(operator, &found, &other) {
            Ok(true) => (expected, Ok(Vec::new())),
            Ok(false) => (expected, Ok(vec![mismatch(operator, &found, &other)])),
            Err(reason) => (expected, Err(reason.into())),
        },
    }
}

/// Whether a value comes from an earlier step alone.
fn is_captured(that: &Template) -> bool {
    matches!(that, Template::Expression(expression, _) if matches!(expression.source, Source::Output(_)))
}

fn mismatch(operator: Operator, found: &Value, other: &Value) -> String {
    match (operator, found, other) {
        (Operator::Equals | Operator::SameItems, Value::Array(have), Value::Array(want)) => lists(have, want),
        (Operator::Equals, Value::Object(_), Value::Object(_)) => differences("", found, other).join("; "),
        (Operator::Conforms, _, _) => {
            let schema = jsonschema::draft202012::new(other).ok();
            let errors = schema
                .iter()
                .flat_map(|schema| schema.iter_errors(found).map(|e| format!("{} {e}", e.instance_path())));
            errors.collect::<Vec<_>>().join("; ")
        }
        (Operator::Length, _, _) => format!("its length is {}", length(found).unwrap_or(0)),
        _ => format!("it is {}", brief(found)),
    }
}

/// Every place at which one value differs from another.
fn differences(at: &str, found: &Value, other: &Value) -> Vec<String> {
    match (found, other) {
        (Value::Object(have), Value::Object(want)) => {
            let below = |name: &String| conformance_source::pointer::push(at, name);
            let mut all: Vec<String> = Vec::new();
            for (name, want) in want {
                match have.get(name) {
                    Some(have) => all.extend(differences(&below(name), have, want)),
                    None => all.push(format!("{} is missing, expected {}", below(name), brief(want))),
                }
            }
            let surplus = have.iter().filter(|(name, _)| !want.contains_key(*name));
            all.extend(surplus.map(|(name, have)| format!("{} is {}, expected nothing", below(name), brief(have))));
            all
        }
        _ if equal(found, other) => Vec::new(),
        _ => vec![format!("{at} is {}, expected {}", brief(found), brief(other))],
    }
}

/// How one list differs from another, told by the items.
fn lists(have: &[Value], want: &[Value]) -> String {
    let short = |items: Vec<&Value>| brief(&items.into_iter().cloned().collect());
    let missing: Vec<_> = want.iter().filter(|item| !have.contains(item)).collect();
    let surplus: Vec<_> = have.iter().filter(|item| !want.contains(item)).collect();
    let repeated: Vec<_> =
        have.iter().enumerate().filter(|(at, item)| have[..*at].contains(item)).map(|(_, item)| item).collect();
    let mut said = vec![format!("it has {} items", have.len())];
    for (what, items) in [("missing", missing), ("surplus", surplus), ("repeated", repeated)] {
        if !items.is_empty() {
            said.push(format!("{what} {}", short(items)));
        }
    }
    if said.len() == 1 {
        let first = have.iter().zip(want).position(|(a, b)| a != b).unwrap_or(0);
        said.push(format!(
            "in another order: at {first} stands {}, expected {}",
            brief(&have[first]),
            brief(&want[first])
        ));
    }
    said.join(", ")
}

/// Whether a relation holds; `Err` when the two values cannot stand in it.
fn holds(operator: Operator, found: &Value, other: &Value) -> Result<bool, String> {
    let number = |value: &Value| value.as_f64().ok_or_else(|| format!("{} is not a number", brief(value)));
    match operator {
        Operator::Equals => Ok(equal(found, other)),
        Operator::NotEquals => Ok(!equal(found, other)),
        Operator::Matches => {
            let pattern = Regex::new(&value::plain(other)).map_err(|error| format!("the pattern is wrong: {error}"))?;
            Ok(found.as_str().is_some_and(|text| pattern.is_match(text)))
        }
        Operator::AtLeast => Ok(found.as_f64().is_some_and(|have| number(other).is_ok_and(|want| have >= want))),
        Operator::AtMost => Ok(found.as_f64().is_some_and(|have| number(other).is_ok_and(|want| have <= want))),
        Operator::GreaterThan => Ok(found.as_f64().is_some_and(|have| number(other).is_ok_and(|want| have > want))),
        Operator::LessThan => Ok(found.as_f64().is_some_and(|have| number(other).is_ok_and(|want| have < want))),
        Operator::Conforms => {
            let schema =
                jsonschema::draft202012::new(other).map_err(|error| format!("the schema is wrong: {error}"))?;
            Ok(schema.is_valid(found))
        }
        Operator::Length => Ok(length(found).map(|length| length as f64) == Some(number(other)?)),
        Operator::Contains => Ok(contains(found, other)),
        Operator::Excludes => Ok(!contains(found, other)),
        Operator::Exists => Ok(true),
        Operator::ContainsAll
        | Operator::ExcludesAll
        | Operator::SameItems
        | Operator::InOrderOf
        | Operator::StartOf
        | Operator::EndOf => match (found, other) {
            (Value::Array(have), Value::Array(want)) => Ok(lists_hold(operator, have, want)),
            (_, Value::Array(_)) => Ok(false),
            _ => Err(format!("{} is not a list", brief(other))),
        },
    }
}

fn lists_hold(operator: Operator, have: &[Value], want: &[Value]) -> bool {
    let among = |items: &[Value], item: &Value| items.iter().any(|one| equal(one, item));
    match operator {
        Operator::ContainsAll => want.iter().all(|item| among(have, item)),
        Operator::ExcludesAll => !want.iter().any(|item| among(have, item)),
        Operator::SameItems => {
            have.len() == want.len()
                && want.iter().all(|item| among(have, item))
                && have.iter().all(|item| among(want, item))
        }
        Operator::InOrderOf => {
            let mut rest = want.iter();
            have.iter().all(|item| rest.any(|one| equal(one, item)))
        }
        Operator::StartOf => want.len() >= have.len() && have.iter().zip(want).all(|(a, b)| equal(a, b)),
        Operator::EndOf => {
            want.len() >= have.len() && have.iter().zip(&want[want.len() - have.len()..]).all(|(a, b)| equal(a, b))
        }
        _ => false,
    }
}

fn length(value: &Value) -> Option<usize> {
    value.as_array().map(Vec::len).or_else(|| value.as_str().map(|text| text.chars().count()))
}

fn contains(found: &Value, other: &Value) -> bool {
    match (found, other) {
        (Value::Array(items), _) => items.iter().any(|item| equal(item, other)),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => false,
    }
}

/// The same JSON value: numbers by value, objects in any order.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

/// What a check expects, before anything was worked out.
fn describe(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Status(statuses) => format!("status {}", statuses.join(" or ")),
        Expectation::Documented => "status, media type and body as documented".to_owned(),
        Expectation::Value { that, operator, other } => format!("{that} {} {other}", operator.phrase()),
    }
}
