//! Relations between values: whether they hold, and what is otherwise when they do not.

use std::cmp::Ordering;

use conformance_contract::say::brief;
use conformance_json::{compare, equal};
use conformance_record::Mismatch;
use conformance_scenario::expression::Source;
use conformance_scenario::{Operator, Relation, Template};
use regex::Regex;
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::subject::Subject;
use crate::value::{self, Scope};
use crate::world::Variables;

/// Why not all of these relations hold, if so.
pub(crate) fn unmet(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    relations: &[Relation],
) -> Result<Option<String>, Obstacle> {
    for one in relations {
        let (expected, mismatches) = relation(variables, subject, scope, one);
        if let Some(mismatch) = mismatches?.first() {
            return Ok(Some(format!("it is only about when {expected}, and {mismatch}")));
        }
    }
    Ok(None)
}

/// How an object differs from what it was; nothing when it is the same.
pub(crate) fn since(now: &Value, before: &Value) -> Vec<Mismatch> {
    differences("", now, before).into_iter().map(Mismatch::from).collect()
}

/// What a relation demands, and everything that is otherwise; `Err` when that cannot be said.
pub(crate) fn relation(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    relation: &Relation,
) -> (String, Result<Vec<Mismatch>, Obstacle>) {
    let Relation { that, operator, other, except, .. } = relation;
    let operator = *operator;
    let other = match value::template(variables, subject, scope, other, None) {
        Ok(other) => other,
        Err(missing) => return (format!("{that} {} {other}", operator.phrase()), Err(missing)),
    };
    let expected = format!("{that} {} {}", operator.phrase(), brief(&other));
    let found = value::template(variables, subject, scope, that, None);
    if operator == Operator::Exists {
        let wanted = other.as_bool().unwrap_or(true);
        let mismatch = match (&found, wanted) {
            (Ok(value), false) => Some(format!("it is {}", brief(value))),
            (Err(missing), true) => Some(missing.reason().to_owned()),
            _ => None,
        };
        return (expected, Ok(mismatch.into_iter().map(Mismatch::of).collect()));
    }
    match found {
        // A captured value that is missing says nothing about this answer; a missing part of the answer does.
        Err(missing) if is_captured(that) => (expected, Err(missing)),
        Err(missing) => (expected, Ok(vec![Mismatch::of(missing.reason())])),
        Ok(found) if operator == Operator::UnchangedSince => {
            let before = subject.documented_members(&other);
            (expected, Ok(changes(&found, &before, except)))
        }
        Ok(found) => match holds(operator, &found, &other) {
            Ok(true) => (expected, Ok(Vec::new())),
            Ok(false) => (expected, Ok(mismatches(operator, &found, &other))),
            Err(reason) => (expected, Err(reason.into())),
        },
    }
}

/// Whether a value comes from an earlier step alone.
fn is_captured(that: &Template) -> bool {
    matches!(that, Template::Expression(expression, _) if matches!(expression.source, Source::Output(_)))
}

/// A part of a text with a little of what stands around it.
fn around(text: &str, part: &str) -> String {
    const BESIDE: usize = 30;
    let (before, after) = text.split_once(part).unwrap_or((text, ""));
    let start = before.chars().count().saturating_sub(BESIDE);
    let before: String = before.chars().skip(start).collect();
    let after: String = after.chars().take(BESIDE).collect();
    format!("…{before}{part}{after}…")
}

/// How a value fails to stand in a relation.
fn mismatches(operator: Operator, found: &Value, other: &Value) -> Vec<Mismatch> {
    let told = match (operator, found, other) {
        (Operator::Equals | Operator::SameItems, Value::Array(have), Value::Array(want)) => lists(have, want),
        (Operator::Equals, Value::Object(_), Value::Object(_)) => return since(found, other),
        (Operator::Conforms, _, _) => {
            let schema = jsonschema::draft202012::new(other).ok();
            let errors = schema.iter().flat_map(|schema| schema.iter_errors(found));
            let told = errors.map(|error| Mismatch {
                place: error.instance_path().to_string(),
                ..Mismatch::of(format!("{} {error}", error.instance_path()).trim_start())
            });
            return told.collect();
        }
        (Operator::Length, _, _) => format!("its length is {}", length(found).unwrap_or(0)),
        (Operator::ContainsAll | Operator::ExcludesAll, Value::Array(have), Value::Array(want)) => {
            let contained = operator == Operator::ExcludesAll;
            let told: Vec<Value> = want.iter().filter(|item| among(have, item) == contained).cloned().collect();
            let word = if contained { "it has" } else { "it lacks" };
            format!("{word} {}; it is {}", brief(&Value::Array(told)), brief(found))
        }
        (Operator::InOrderOf | Operator::StartOf | Operator::EndOf, Value::Array(have), Value::Array(want)) => {
            format!("it is {}; {}", brief(found), lists(have, want))
        }
        (Operator::Excludes, Value::Array(have), _) => {
            let at = have.iter().position(|item| equal(item, other)).unwrap_or(0) + 1;
            format!("it has it, at place {at} of {}", have.len())
        }
        (Operator::Contains, Value::Array(_), _) => format!("it does not have it: it is {}", brief(found)),
        (Operator::Excludes, Value::String(text), Value::String(part)) => format!("it has it: {}", around(text, part)),
        _ => format!("it is {}", brief(found)),
    };
    vec![Mismatch::of(told)]
}

/// Every place at which something that was there before is otherwise now; what is new is no change.
pub(crate) fn changes(now: &Value, before: &Value, except: &[String]) -> Vec<Mismatch> {
    let all = differences("", now, before).into_iter();
    let excused = |place: &str| except.iter().any(|one| place == one || place.starts_with(&format!("{one}/")));
    all.filter(|one| !one.surplus && !excused(&one.place)).map(Mismatch::from).collect()
}

/// Every place at which one value differs from another.
fn differences(at: &str, found: &Value, other: &Value) -> Vec<Difference> {
    match (found, other) {
        (Value::Object(have), Value::Object(want)) => {
            let below = |name: &String| conformance_source::pointer::push(at, name);
            let mut all = Vec::new();
            for (name, want) in want {
                match have.get(name) {
                    Some(have) => all.extend(differences(&below(name), have, want)),
                    None => all.push(Difference::new(below(name), "missing", &brief(want))),
                }
            }
            let surplus = have.iter().filter(|(name, _)| !want.contains_key(*name));
            let surplus = surplus.map(|(name, have)| Difference::new(below(name), &brief(have), "nothing"));
            all.extend(surplus.map(|one| Difference { surplus: true, ..one }));
            all
        }
        _ if equal(found, other) => Vec::new(),
        _ => vec![Difference::new(at.to_owned(), &brief(found), &brief(other))],
    }
}

/// A place at which two values differ.
struct Difference {
    place: String,
    found: String,
    expected: String,
    /// Nothing was expected there.
    surplus: bool,
}

impl Difference {
    fn new(place: String, found: &str, expected: &str) -> Self {
        Self { place, found: found.to_owned(), expected: expected.to_owned(), surplus: false }
    }
}

impl From<Difference> for Mismatch {
    fn from(one: Difference) -> Self {
        Self { round: String::new(), place: one.place, expected: Some(one.expected), found: one.found }
    }
}

/// How one list differs from another, told by the items.
fn lists(have: &[Value], want: &[Value]) -> String {
    let short = |items: Vec<&Value>| brief(&items.into_iter().cloned().collect());
    let missing: Vec<_> = want.iter().filter(|item| !among(have, item)).collect();
    let surplus: Vec<_> = have.iter().filter(|item| !among(want, item)).collect();
    let repeated: Vec<_> =
        have.iter().enumerate().filter(|(at, item)| among(&have[..*at], item)).map(|(_, item)| item).collect();
    let mut said = vec![format!("it has {} items", have.len())];
    for (what, items) in [("missing", missing), ("surplus", surplus), ("repeated", repeated)] {
        if !items.is_empty() {
            said.push(format!("{what} {}", short(items)));
        }
    }
    if let (1, Some(first)) = (said.len(), have.iter().zip(want).position(|(a, b)| !equal(a, b))) {
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
    let compared = |wanted: fn(Ordering) -> bool| match compare(found, other) {
        Some(order) => Ok(wanted(order)),
        None if other.is_number() || other.is_string() => Ok(false),
        None => Err(format!("{} is neither a number nor text", brief(other))),
    };
    match operator {
        Operator::Equals => Ok(equal(found, other)),
        Operator::NotEquals => Ok(!equal(found, other)),
        Operator::Matches => {
            let pattern = Regex::new(&value::plain(other)).map_err(|error| format!("the pattern is wrong: {error}"))?;
            Ok(found.as_str().is_some_and(|text| pattern.is_match(text)))
        }
        Operator::AtLeast => compared(Ordering::is_ge),
        Operator::AtMost => compared(Ordering::is_le),
        Operator::GreaterThan => compared(Ordering::is_gt),
        Operator::LessThan => compared(Ordering::is_lt),
        Operator::Conforms => {
            let schema =
                jsonschema::draft202012::new(other).map_err(|error| format!("the schema is wrong: {error}"))?;
            Ok(schema.is_valid(found))
        }
        Operator::Length if other.is_number() => {
            Ok(length(found).is_some_and(|length| equal(&Value::from(length), other)))
        }
        Operator::Length => Err(format!("{} is not a number", brief(other))),
        Operator::Contains => Ok(contains(found, other)),
        Operator::Excludes => Ok(!contains(found, other)),
        Operator::UnchangedSince => Ok(changes(found, other, &[]).is_empty()),
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

fn among(items: &[Value], item: &Value) -> bool {
    items.iter().any(|one| equal(one, item))
}

fn lists_hold(operator: Operator, have: &[Value], want: &[Value]) -> bool {
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
