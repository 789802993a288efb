//! Whether two values are the same JSON value.

use std::cmp::Ordering;

use serde_json::Value;

use crate::number;

/// Numbers by value, exactly; objects in any order of their members.
#[must_use]
pub fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || number::compare(a, b).is_eq(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

/// Numbers by value, text by code points; other values have no order.
#[must_use]
pub fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => Some(number::compare(one, other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse;

    #[test]
    fn values_are_the_same_however_they_are_written() {
        let one = parse(br#"{"a": [1.0, "\u0041"], "b": null}"#).expect("JSON");
        assert!(equal(&one, &json!({ "b": null, "a": [1, "A"] })));
        assert!(!equal(&one, &json!({ "b": null, "a": [2, "A"] })));
    }
}
