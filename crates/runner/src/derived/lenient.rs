//! What frameworks read kindly by default: a number where a text is wanted, a text in a list of one, an object of numbers for a list, the whole part of a number, null for nothing, members
//! that the schema excludes and that are left out. What is kept then is right by its schema, so it is a SHOULD to reject it.

use conformance_record::Level;
use serde_json::Value;

use super::broken::{Broken, UNKNOWN};
use super::check::Rule;
use super::session::{Answer, Session};

impl Session<'_> {
    /// The rule that a body, which differs from a valid one in one wrong thing, must be rejected: less sure where it was read kindly.
    pub(crate) fn rejects_rule(&self, at: usize, one: &Broken, valid: &Value, answer: &Answer) -> Rule {
        let declared = self.declared(at);
        let level = if self.is_read_kindly(at, &one.body, valid, answer) { Level::Should } else { one.level };
        let rule = if level == Level::Must { "rejects-wrong-bodies" } else { "rejects-doubtful-bodies" };
        let statement = format!("{} {} rejects a body in which {}", declared.method, declared.path, one.what);
        Rule::new(format!("{}.{rule}", declared.id), level, statement, format!("{}/requestBody", declared.pointer))
    }

    fn is_read_kindly(&self, at: usize, sent: &Value, valid: &Value, answer: &Answer) -> bool {
        let found = self.object_in(at, answer).filter(|found| answer.is_success() && found.is_object());
        let pointer = self.content_media(self.declared(at)).map(|(_, pointer)| pointer);
        let known = pointer.map(|pointer| self.run.api.schemas.merged(pointer)).unwrap_or_default();
        let is_excluded = |name: &str| name == UNKNOWN || known.property(name).is_none();
        found.is_some_and(|found| is_read_kindly(sent, valid, &found, &is_excluded))
    }
}

/// Whether what differs from a valid body was read as something that its schema allows.
fn is_read_kindly(sent: &Value, valid: &Value, found: &Value, is_excluded: &dyn Fn(&str) -> bool) -> bool {
    match (sent, valid) {
        (Value::Object(sent), Value::Object(valid)) => sent.iter().any(|(name, value)| {
            let shown = found.get(name);
            match (valid.get(name), shown) {
                (Some(before), _) if before == value => false,
                (None, shown) if is_excluded(name) => shown != Some(value),
                (Some(before), Some(shown)) => is_read_kindly(value, before, shown, &|name| name == UNKNOWN),
                (None, Some(shown)) => is_coerced(value, shown),
                (_, None) => false,
            }
        }),
        _ => is_coerced(sent, found),
    }
}

/// Whether a value was made one of another type.
fn is_coerced(sent: &Value, found: &Value) -> bool {
    match (sent, found) {
        (Value::Number(number), Value::String(text)) => {
            number.to_string() == *text || (number.as_f64().is_some() && number.as_f64() == text.parse().ok())
        }
        (Value::Number(sent), Value::Number(found)) => {
            sent != found && sent.as_f64().is_some_and(|sent| found.as_f64() == Some(sent.trunc()))
        }
        (Value::Array(sent), Value::Array(found)) if sent.len() == found.len() => {
            sent != found && sent.iter().zip(found).all(|(one, other)| one == other || is_coerced(one, other))
        }
        // Where one kind of arrays has names and numbers for keys.
        (Value::Object(sent), Value::Array(found)) => sent.values().eq(found.iter()),
        (Value::Array(items), found) if items.len() == 1 => items[0] == *found,
        (Value::Null, found) => matches!(found, Value::Bool(false)) || *found == "" || *found == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::a_number(json!({ "a": 17, "b": 1 }), json!({ "id": 1, "a": "17", "b": 1 }), true)]
    #[case::a_price(json!({ "a": 17 }), json!({ "a": "17.00" }), true)]
    #[case::a_whole_number(json!({ "b": 1.5 }), json!({ "b": 1 }), true)]
    #[case::a_number_that_is_kept(json!({ "a": 17 }), json!({ "a": 17 }), false)]
    #[case::a_list(json!({ "a": ["x"] }), json!({ "a": "x" }), true)]
    #[case::a_map_of_numbers(json!({ "a": { "0": "x" } }), json!({ "a": ["x"] }), true)]
    #[case::an_item(json!({ "a": ["x", 17] }), json!({ "a": ["x", "17"] }), true)]
    #[case::null(json!({ "a": null }), json!({ "a": "" }), true)]
    #[case::null_that_is_kept(json!({ "a": null }), json!({ "a": null }), false)]
    #[case::left_out(json!({ "a": "v", "conformance_unknown": 1 }), json!({ "a": "v" }), true)]
    #[case::taken(json!({ "a": "v", "conformance_unknown": 1 }), json!({ "a": "v", "conformance_unknown": 1 }), false)]
    #[case::its_own(json!({ "a": "v", "id": "mine" }), json!({ "a": "v", "id": "made" }), true)]
    #[case::deeper(json!({ "a": "v", "c": { "d": 17 } }), json!({ "a": "v", "c": { "d": "17" } }), true)]
    #[case::another(json!({ "a": "toolong" }), json!({ "a": "toolong" }), false)]
    #[case::cut(json!({ "a": "toolong" }), json!({ "a": "too" }), false)]
    fn what_is_read_kindly_is_known(#[case] sent: Value, #[case] found: Value, #[case] expected: bool) {
        let valid = json!({ "a": "v", "b": 1, "c": { "d": "v" } });
        let is_excluded = |name: &str| valid.get(name).is_none();
        assert_eq!(is_read_kindly(&sent, &valid, &found, &is_excluded), expected);
    }
}
