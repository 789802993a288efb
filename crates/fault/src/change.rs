//! What is done to a request or an answer.

use conformance_record::{Request, Response};
use conformance_source::pointer;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::model::{Made, RequestChange, ResponseChange, TextChange};

/// The parameters of a query, in order, decoded.
pub(crate) fn query(target: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = target.split_once('?').map_or("", |(_, query)| query).split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// The target with another query.
pub(crate) fn with_query(target: &str, query: &[(String, String)]) -> String {
    let path = target.split('?').next().unwrap_or(target);
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Changes a request.
pub(crate) fn request(change: &RequestChange, request: &mut Request) {
    if !(change.drop.is_empty() && change.query.is_empty() && change.rename.is_empty()) {
        let mut all = query(&request.target);
        all.retain(|(name, _)| !change.drop.contains(name));
        for (name, _) in &mut all {
            if let Some((_, new)) = change.rename.iter().find(|(old, _)| old == name) {
                name.clone_from(new);
            }
        }
        for (name, value) in &change.query {
            all.retain(|(one, _)| one != name);
            all.push((name.clone(), value.clone()));
        }
        request.target = with_query(&request.target, &all);
    }
    if let Some(body) = &change.body {
        request.body = conformance_json::write(body).into_bytes();
    } else if !(change.set.is_empty() && change.remove.is_empty() && change.text.is_empty())
        && let Ok(mut body) = conformance_json::parse(&request.body)
    {
        for (at, value) in &change.set {
            pointer::set(&mut body, at, value.clone());
        }
        change.remove.iter().for_each(|at| remove(&mut body, at));
        change.text.iter().for_each(|(at, how)| text(&mut body, at, *how));
        request.body = conformance_json::write(&body).into_bytes();
    }
    headers(&mut request.headers, &change.headers);
}

/// Changes an answer to a request with the body `sent`.
pub(crate) fn response(change: &ResponseChange, response: &mut Response, items: Option<&str>, sent: &[u8]) {
    if let Some(status) = change.status {
        response.status = status;
    }
    if let Some(raw) = &change.raw {
        response.body = raw.clone().into_bytes();
    } else if let Ok(mut body) = conformance_json::parse(&response.body) {
        let sent: Value = conformance_json::parse(sent).unwrap_or_default();
        for at in &change.echo {
            if let Some(value) = sent.pointer(at) {
                pointer::set(&mut body, at, value.clone());
            }
        }
        match items.filter(|_| change.items).and_then(|items| body.pointer_mut(items)).and_then(Value::as_array_mut) {
            Some(items) => items.iter_mut().for_each(|item| members(change, item)),
            None if change.items => {}
            None => members(change, &mut body),
        }
        response.body = with_twins(&conformance_json::write(&body)).into_bytes();
    }
    headers(&mut response.headers, &change.headers);
}

fn members(change: &ResponseChange, body: &mut Value) {
    for (at, value) in &change.set {
        pointer::set(body, at, value.clone());
    }
    for (at, from) in &change.copy {
        if let Some(value) = body.pointer(from).cloned() {
            pointer::set(body, at, value);
        }
    }
    for (at, name) in &change.rename {
        if let Some(value) = body.pointer(at).cloned() {
            remove(body, at);
            let parent = at.rsplit_once('/').map_or("", |(parent, _)| parent);
            pointer::set(body, &pointer::push(parent, name), value);
        }
    }
    for at in &change.duplicate {
        if let Some(value) = body.pointer(at).cloned() {
            pointer::set(body, &format!("{at}{TWIN}"), value);
        }
    }
    change.remove.iter().for_each(|at| remove(body, at));
    change.text.iter().for_each(|(at, how)| text(body, at, *how));
    for (at, times, plus) in &change.numbers {
        if let Some(number) = body.pointer(at).and_then(Value::as_f64) {
            let moved = number.mul_add(*times, *plus).floor();
            #[expect(clippy::cast_possible_truncation, reason = "times in milliseconds fit")]
            pointer::set(body, at, Value::from(moved as i64));
        }
    }
}

/// What ends the name of a member that shall stand twice: a map holds each name once.
const TWIN: char = '\u{10FFFE}';

/// A body in which marked members have the names of those that they double.
fn with_twins(body: &str) -> String {
    body.replace(TWIN, "")
}

fn remove(body: &mut Value, at: &str) {
    let Some((parent, name)) = at.rsplit_once('/') else { return };
    if let Some(Value::Object(members)) = body.pointer_mut(parent) {
        members.shift_remove(name);
    }
}

fn text(body: &mut Value, at: &str, how: TextChange) {
    if let Some(Value::String(text)) = body.pointer_mut(at) {
        *text = made_over(text, how);
    }
}

fn made_over(text: &str, how: TextChange) -> String {
    match how {
        TextChange::Trim => text.trim().to_owned(),
        TextChange::Lower => text.to_lowercase(),
        TextChange::Upper => text.to_uppercase(),
        TextChange::Escape => text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
        TextChange::Cut(most) => text.chars().take(most).collect(),
        TextChange::Plane => text.chars().filter(|c| u32::from(*c) <= 0xFFFF).collect(),
        TextChange::Squeeze => text.split_whitespace().collect::<Vec<_>>().join(" "),
        TextChange::Shorten => {
            let mut shorter = text.to_owned();
            shorter.pop();
            shorter
        }
        TextChange::Compose => text.replace("e\u{301}", "é"),
        TextChange::Ascii => text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect(),
    }
}

fn headers(fields: &mut Vec<(String, String)>, changes: &[(String, Option<String>)]) {
    for (name, value) in changes {
        fields.retain(|(one, _)| !one.eq_ignore_ascii_case(name));
        fields.extend(value.iter().map(|value| (name.clone(), value.clone())));
    }
}

/// An answer that is made up.
pub(crate) fn made(made: &Made) -> Response {
    let mut headers = made.headers.clone();
    if made.body.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let json = headers.iter().any(|(name, value)| name == "content-type" && value.contains("json"));
    let body = match &made.body {
        None => String::new(),
        // What is not called JSON is sent as it is written.
        Some(Value::String(text)) if !json => text.clone(),
        Some(body) => body.to_string(),
    };
    let body = body.into_bytes();
    Response { status: made.status, headers, body }
}
