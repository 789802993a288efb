//! Schemas and violations in words that a person can act on.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::schemas::{Location, Schemas};

/// A violation in one sentence: what was found, what was expected.
#[must_use]
pub fn violation(error: &jsonschema::ValidationError<'_>) -> String {
    let instance = error.instance();
    match error.kind() {
        Kind::MaxLength { limit } => format!("has {}; at most {limit} allowed", characters(instance)),
        Kind::MinLength { limit } => format!("has {}; at least {limit} needed", characters(instance)),
        Kind::Type { kind: TypeKind::Single(kind) } => format!("is {}; expected {kind}", brief(instance)),
        Kind::Required { property } => format!("lacks the required property {property}"),
        Kind::Constant { expected_value } => format!("is {}; expected {expected_value}", brief(instance)),
        Kind::Pattern { pattern } => format!("is {}; expected a match of {pattern}", brief(instance)),
        Kind::Maximum { limit } => format!("is {}; at most {limit} allowed", brief(instance)),
        Kind::Minimum { limit } => format!("is {}; at least {limit} needed", brief(instance)),
        Kind::Enum { options } => format!("is {}; expected one of {options}", brief(instance)),
        _ => error.masked_with(brief(instance)).to_string(),
    }
}

fn characters(value: &Value) -> String {
    let count = value.as_str().map_or(0, |text| text.chars().count());
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

/// A value, cut to what fits into a line.
#[must_use]
pub fn brief(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    format!("{}…", text.chars().take(MOST).collect::<String>())
}

/// What a schema accepts, in a few words: "a whole number from 1 to 100".
#[must_use]
pub fn expectation(schemas: &Schemas, at: &Location) -> String {
    let kind = schemas.keyword(at, "type").and_then(|(_, node)| node.as_str().map(str::to_owned));
    let range = |low: &str, high: &str| match (schemas.bound(at, low), schemas.bound(at, high)) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(" from {low}"),
        (None, Some(high)) => format!(" up to {high}"),
        (None, None) => String::new(),
    };
    match kind.as_deref() {
        Some("integer") => format!("a whole number{}", range("minimum", "maximum")),
        Some("number") => format!("a number{}", range("minimum", "maximum")),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => match range("minLength", "maxLength") {
            range if range.is_empty() => "text".to_owned(),
            range => format!("text, its length{range} characters"),
        },
        Some(other) => format!("a value of type {other}"),
        None => format!("a value that fits {at}"),
    }
}
