//! Values as YAML that is read as it was meant.

use serde_json::Value;

/// A text, with quotes where YAML would take it for something else.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "_-.".contains(one))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// A value in YAML's flow style.
#[must_use]
pub fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let all = members.iter().map(|(name, value)| format!("{}: {}", quoted(name), flow(value)));
            format!("{{ {} }}", all.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
