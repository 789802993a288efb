//! Text of one language inside another: JSON in jq, jq in quotes of a shell, sentences in comments.

use serde_json::Value;

/// A value as a jq program in single quotes writes it.
pub(crate) fn literal(value: &Value) -> String {
    // JSON is jq; only the quote that would end the program is written otherwise.
    value.to_string().replace('\'', "\\u0027")
}

/// Text as a jq program in single quotes writes it.
pub(crate) fn quoted(text: &str) -> String {
    literal(&Value::from(text))
}

/// A sentence for a comment, in one line and without what would end the program around it.
pub(crate) fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "’")
}

/// Text as one word of a shell.
pub(crate) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
