//! Whether a keyword of a schema has a value that JSON Schema allows. A validator refuses a whole document for one
//! `minLength: "3"`; here it costs the keyword.

use std::collections::HashMap;

use serde_json::Value;

/// What [`Keywords::allows`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Right,
    /// Of the wrong type, or out of range.
    Wrong,
    /// A regular expression that cannot be read.
    NoPattern,
}

/// The checks, with a memory: documents repeat their patterns.
#[derive(Default)]
pub(crate) struct Keywords {
    patterns: HashMap<String, bool>,
}

impl Keywords {
    /// Judges the value of a keyword of JSON Schema 2020-12; whatever is none is right.
    pub(crate) fn allows(&mut self, key: &str, value: &Value) -> Verdict {
        let right = match key {
            "pattern" => match value.as_str() {
                Some(pattern) if !self.is_pattern(pattern) => return Verdict::NoPattern,
                text => text.is_some(),
            },
            "maxContains" | "maxItems" | "maxLength" | "maxProperties" | "minContains" | "minItems" | "minLength"
            | "minProperties" => is_count(value),
            "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => value.is_number(),
            "multipleOf" => value.as_f64().is_some_and(|number| number > 0.0),
            "$comment" | "$ref" | "contentEncoding" | "contentMediaType" | "format" | "title" => value.is_string(),
            "deprecated" | "readOnly" | "uniqueItems" | "writeOnly" => value.is_boolean(),
            "enum" | "examples" => value.is_array(),
            "required" => is_names(value),
            "type" => is_type(value),
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => value.as_array().is_some_and(|items| !items.is_empty()),
            "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties" => value.is_object(),
            "dependentRequired" => value.as_object().is_some_and(|members| members.values().all(is_names)),
            _ => true,
        };
        if right { Verdict::Right } else { Verdict::Wrong }
    }

    /// Whether the validator can read a regular expression. It translates them from JavaScript's grammar first.
    pub(crate) fn is_pattern(&mut self, pattern: &str) -> bool {
        if let Some(known) = self.patterns.get(pattern) {
            return *known;
        }
        let right = jsonschema_regex::to_rust_regex(pattern)
            .is_ok_and(|translated| fancy_regex::Regex::new(&translated).is_ok());
        self.patterns.insert(pattern.to_owned(), right);
        right
    }
}

/// A number from 0 up without a fraction, however it is written.
fn is_count(value: &Value) -> bool {
    value.is_u64() || value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
}

fn is_names(value: &Value) -> bool {
    value.as_array().is_some_and(|names| names.iter().all(Value::is_string))
}

fn is_type(value: &Value) -> bool {
    let is_name = |name: &Value| {
        let names = ["array", "boolean", "integer", "null", "number", "object", "string"];
        name.as_str().is_some_and(|name| names.contains(&name))
    };
    is_name(value) || value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(is_name))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("minLength", json!(3), Verdict::Right)]
    #[case("minLength", json!(3.0), Verdict::Right)]
    #[case("minLength", json!("3"), Verdict::Wrong)]
    #[case("minLength", json!(-1), Verdict::Wrong)]
    #[case("multipleOf", json!(0), Verdict::Wrong)]
    #[case("multipleOf", json!(0.01), Verdict::Right)]
    #[case("required", json!(true), Verdict::Wrong)]
    #[case("required", json!(["a"]), Verdict::Right)]
    #[case("type", json!(["string", "null"]), Verdict::Right)]
    #[case("type", json!("any"), Verdict::Wrong)]
    #[case("allOf", json!([]), Verdict::Wrong)]
    #[case("pattern", json!("^(?!a)[\\w-]+$"), Verdict::Right)]
    #[case("pattern", json!("^\\/a\\_$"), Verdict::Right)]
    #[case("pattern", json!("(a"), Verdict::NoPattern)]
    #[case("pattern", json!(1), Verdict::Wrong)]
    #[case("x-pattern", json!(1), Verdict::Right)]
    fn a_value_is_judged_by_its_keyword(#[case] key: &str, #[case] value: Value, #[case] verdict: Verdict) {
        assert_eq!(Keywords::default().allows(key, &value), verdict);
    }
}
