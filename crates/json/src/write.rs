//! From a value to text.

use serde_json::Value;

use crate::surrogates::{ITSELF, half};

/// The value on one line, half surrogate pairs as escapes again.
#[must_use]
pub fn write(value: &Value) -> String {
    // Quicker than by way of `Display`, and the same text.
    restore(serde_json::to_string(value).unwrap_or_else(|_| value.to_string()))
}

/// The value with a line per member.
#[must_use]
pub fn write_pretty(value: &Value) -> String {
    restore(format!("{value:#}"))
}

/// Text of this crate's reading with half surrogate pairs as escapes again.
#[must_use]
pub fn restore(text: String) -> String {
    // All characters that stand for halves begin with this byte in UTF-8.
    if !text.as_bytes().contains(&0xF4) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == ITSELF {
            out.extend(characters.next());
            continue;
        }
        match half(character) {
            Some(unit) => out.push_str(&format!("\\u{unit:04x}")),
            None => out.push(character),
        }
    }
    out
}
