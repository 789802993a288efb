//! Values and violations in words that a person can act on.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

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
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => nearest(context),
        _ => error.masked_with(brief(instance)).to_string(),
    }
}

/// The branch that comes nearest, and what still stands in its way.
fn nearest(branches: &[Vec<jsonschema::ValidationError<'_>>]) -> String {
    // Fewer mistakes are nearer; and of as many, those that lie deeper.
    let depth = |errors: &[jsonschema::ValidationError<'_>]| {
        errors.iter().map(|error| error.instance_path().to_string().matches('/').count()).max().unwrap_or(0)
    };
    let far = |(_, errors): &(usize, &Vec<_>)| (errors.len(), std::cmp::Reverse(depth(errors)));
    let Some((number, errors)) = branches.iter().enumerate().min_by_key(far) else {
        return "fits none of the branches".to_owned();
    };
    let told = errors.iter().map(|error| format!("{} {}", error.instance_path(), violation(error)).trim().to_owned());
    let told = told.collect::<Vec<_>>().join("; ");
    format!("fits none of {} branches; the nearest is number {}: {told}", branches.len(), number + 1)
}

fn characters(value: &Value) -> String {
    let count = value.as_str().map_or(0, |text| text.chars().count());
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

/// A value, cut to what fits into a line.
#[must_use]
pub fn brief(value: &Value) -> String {
    const MOST: usize = 120;
    let text = conformance_json::write(value);
    if text.chars().count() <= MOST {
        return text;
    }
    format!("{}…", text.chars().take(MOST).collect::<String>())
}
