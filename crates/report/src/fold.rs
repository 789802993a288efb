//! Long things made short: bodies, and the requests that led to one.

use conformance_record::secrets::{HIDDEN, REMOVED};
use conformance_record::{Exchange, Request};
use serde_json::Value;

/// Lists longer than this are folded.
const ITEMS: usize = 3;
/// Texts longer than this are folded.
const CHARACTERS: usize = 140;
/// Bodies that are told in one line are cut there.
const FLAT: usize = 300;
/// Bodies of more lines are cut.
const LINES: usize = 24;
/// Kinds of requests that are told.
const REQUESTS: usize = 8;

/// A body in lines; JSON with long lists and texts folded.
pub(crate) fn body(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let shown = match conformance_json::parse(bytes) {
        Ok(value) => {
            let folded = folded(value);
            let flat = folded.to_string();
            if flat.chars().count() <= 100 { flat } else { laid_out(&folded) }
        }
        Err(_) => cut(&text, CHARACTERS),
    };
    let mut lines: Vec<String> = shown.lines().map(str::to_owned).collect();
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("… and {more} more lines"));
    }
    lines
}

/// A member a line, and of a list of objects an object a line.
fn laid_out(value: &Value) -> String {
    let Value::Object(members) = value else { return format!("{value:#}") };
    let member = |(name, value): (&String, &Value)| match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let items: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
            format!("  {}: [\n{}\n  ]", Value::from(name.as_str()), items.join(",\n"))
        }
        value => format!("  {}: {value}", Value::from(name.as_str())),
    };
    format!("{{\n{}\n}}", members.iter().map(member).collect::<Vec<_>>().join(",\n"))
}

fn folded(value: Value) -> Value {
    match value {
        Value::Array(items) if items.len() > ITEMS => {
            let more = items.len() - (ITEMS - 1);
            let kept = items.into_iter().take(ITEMS - 1).map(folded);
            kept.chain([Value::from(format!("… and {more} more"))]).collect()
        }
        Value::Array(items) => items.into_iter().map(folded).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, folded(value))).collect(),
        Value::String(text) => Value::from(cut(&text, CHARACTERS)),
        other => other,
    }
}

fn cut(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    format!("{}… ({count} characters)", text.chars().take(most).collect::<String>())
}

/// The requests in the order in which they were sent, with what came back; those of one kind that follow each other in
/// one line.
pub(crate) fn requests(exchanges: &[&Exchange]) -> Vec<String> {
    let mut kinds: Vec<(String, String, usize)> = Vec::new();
    for one in exchanges {
        let kind = kind(one);
        match kinds.last_mut() {
            Some((last, _, times)) if *last == kind => *times += 1,
            _ => kinds.push((kind, told(one), 1)),
        }
    }
    let left_out = kinds.len().saturating_sub(REQUESTS);
    let told = kinds.into_iter().skip(left_out);
    let told =
        told.map(|(_, line, times)| if times == 1 { line } else { format!("{line}, and {} like it", times - 1) });
    let first = (left_out > 0).then(|| format!("… {left_out} kinds of requests before these"));
    first.into_iter().chain(told).collect()
}

/// What makes two exchanges alike: method, folder, status, and of a page what it says besides its objects.
fn kind(one: &Exchange) -> String {
    let status = match &one.response {
        Ok(response) => response.status.to_string(),
        Err(reason) => reason.to_string(),
    };
    let folder = one.request.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let page = one.response.as_ref().map_or(None, |response| page(&response.body)).unwrap_or_default();
    format!("{} {folder} {status} {page} {:?}", one.request.method, oddities(&one.request))
}

/// What is out of the ordinary about a request: other credentials than the run's own token, another media type.
pub(crate) fn oddities(request: &Request) -> Option<String> {
    let credentials = match request.header("authorization") {
        // The run's own, by whatever scheme a document has.
        Some(own) if own == "<token>" || own.ends_with(" <token>") => None,
        Some(other) if other.ends_with("<second token>") => Some("with the second token".to_owned()),
        Some(other) => Some(format!("with Authorization: {other}")),
        None if request.headers.iter().any(|(_, value)| value == HIDDEN || value == REMOVED) => None,
        None => Some("without a token".to_owned()),
    };
    let media = request.header("content-type").filter(|media| *media != "application/json");
    let media = media.map(|media| format!("with Content-Type: {media}"));
    let all: Vec<String> = credentials.into_iter().chain(media).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn told(one: &Exchange) -> String {
    let mut line = format!("{} {}", one.request.method, one.request.target);
    if let Some(said) = oddities(&one.request) {
        line.push_str(&format!(" ({said})"));
    }
    if !one.request.body.is_empty() {
        line.push_str(&format!(" {}", flat(&one.request.body)));
    }
    match &one.response {
        Ok(response) => {
            line.push_str(&format!(" → {}", response.status));
            if !response.body.is_empty() {
                line.push_str(&format!(" {}", page(&response.body).unwrap_or_else(|| flat(&response.body))));
            }
        }
        Err(reason) => line.push_str(&format!(" → {reason}")),
    }
    line
}

/// A page without its objects: how many there are, and what it says besides.
fn page(bytes: &[u8]) -> Option<String> {
    let Ok(Value::Object(members)) = conformance_json::parse(bytes) else { return None };
    if !members.values().any(|member| member.as_array().is_some_and(|items| items.iter().any(Value::is_object))) {
        return None;
    }
    let counted = |(name, value): (String, Value)| match value {
        Value::Array(items) => format!("\"{name}\":[{}]", crate::count(items.len(), "item")),
        other => format!("\"{name}\":{other}"),
    };
    Some(format!("{{{}}}", members.into_iter().map(counted).collect::<Vec<_>>().join(",")))
}

/// A body in one line.
fn flat(bytes: &[u8]) -> String {
    match conformance_json::parse(bytes) {
        Ok(value) => cut(&folded(value).to_string(), FLAT),
        Err(_) => cut(&String::from_utf8_lossy(bytes), FLAT),
    }
}
