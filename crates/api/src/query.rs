//! One reading and writing of queries and forms.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde_json::{Number, Value};

use crate::schema::Merged;

/// The pairs of a query or a form, decoded, in their order.
#[must_use]
pub fn parse(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// `a+b%20c` → `a b c`
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned()
}

/// A text as the value that its schema asks for; the text itself when it is none.
#[must_use]
pub fn typed(text: &str, shape: &Merged<'_>) -> Value {
    let types = shape.types.as_deref().unwrap_or_default();
    let allows = |kind: &str| types.contains(&kind);
    let as_number = || {
        text.parse::<i64>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?)).map(Value::Number)
    };
    match text {
        // Clients write them as their language does.
        _ if allows("boolean") && text.eq_ignore_ascii_case("true") => true.into(),
        _ if allows("boolean") && text.eq_ignore_ascii_case("false") => false.into(),
        "null" | "" if allows("null") && !allows("string") => Value::Null,
        _ if allows("integer") || allows("number") => as_number().unwrap_or_else(|| text.into()),
        _ => text.into(),
    }
}

const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as it stands in a path, a query or a form.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

/// A scalar as it stands in a path, a query or a form; none for a list, an object or null.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(one) => Some(one.to_string()),
        _ => None,
    }
}

/// An object as a form.
#[must_use]
pub fn form(value: &Value) -> String {
    let pairs = pairs_of(value, "");
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// `{"a": {"b": 1}}` as `a[b]=1`
#[must_use]
pub fn pairs_of(value: &Value, name: &str) -> Vec<(String, String)> {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}[{key}]") };
    match value {
        Value::Object(members) => members.iter().flat_map(|(key, value)| pairs_of(value, &inner(key))).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, value)| pairs_of(value, &inner(&at.to_string()))).collect()
        }
        other => text(other).map(|text| (name.to_owned(), text)).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn pairs_are_decoded_once() {
        let pairs = parse("a=b+c%2Bd&e&%66=%25&&x=1=2");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "b c+d"), ("e", ""), ("f", "%"), ("x", "1=2")]);
    }
}
