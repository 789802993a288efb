//! What was asked for and what went over the wire, compared.

use std::collections::BTreeSet;

use conformance_contract::model::Place;
use conformance_contract::say::brief;
use conformance_contract::{Contract, Operation};
use conformance_record::{Mismatch, Request};
use serde_json::{Map, Value};

/// Header fields that mean the same in every attempt, so that another value is another request.
const FIXED: [&str; 6] = ["accept", "accept-language", "content-encoding", "content-type", "if-match", "prefer"];
/// Words in the names of header fields that belong to a connection or to one attempt.
const PASSING: [&str; 15] = [
    "attempt",
    "b3",
    "baggage",
    "connection",
    "content-length",
    "date",
    "expect",
    "keep-alive",
    "request-id",
    "retry",
    "span",
    "timeout",
    "trace",
    "transfer-encoding",
    "upgrade",
];

/// A request, as it is compared: path and query decoded, so that two spellings of the same are the same.
#[derive(PartialEq)]
struct Line {
    method: String,
    path: Vec<String>,
    query: BTreeSet<(String, String)>,
}

impl Line {
    fn of(request: &Request) -> Self {
        // A slash that belongs to a value is no separator: segments are told apart before they are decoded.
        let path = request.path().split('/').map(decoded).collect();
        let pairs = request.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        };
        Self { method: request.method.clone(), path, query: pairs.map(pair).collect() }
    }

    /// Without parameters that say what holds without them, too.
    fn without_defaults(mut self, contract: &Contract, operation: &Operation, asked: &Self) -> Self {
        let is_asked = |name: &str| asked.query.iter().any(|(one, _)| one == name);
        self.query.retain(|(name, value)| {
            let declared = operation.parameter(name).filter(|one| one.place == Place::Query && !is_asked(name));
            let default = declared.and_then(|one| contract.schemas.default_value(&one.schema.location));
            !default.is_some_and(|default| is_written_as(&default, value))
        });
        self
    }

    /// In words; the path as it was sent, for what is wrong with it may be how it is escaped.
    fn shown(&self, request: &Request) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {} {}", self.method, request.path(), query.join("&")).trim_end().to_owned()
    }
}

/// In what a request is another one than was asked for. What is sent although it is the documented default changes nothing.
pub(crate) fn changes(contract: &Contract, operation: &Operation, asked: &Request, sent: &Request) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let wanted = Line::of(asked);
    let went = Line::of(sent).without_defaults(contract, operation, &wanted);
    if wanted != went {
        found.push(Mismatch { expected: Some(wanted.shown(asked)), ..Mismatch::of(went.shown(sent)) });
    }
    let json = |request: &Request| conformance_json::parse(&request.body).unwrap_or_default();
    let (wanted, mut went) = (json(asked), json(sent));
    if let (Value::Object(wanted), Value::Object(went)) = (&wanted, &mut went) {
        without_default_members(contract, operation, wanted, went);
    }
    if !conformance_json::equal(&wanted, &went) {
        found.push(Mismatch { expected: Some(brief(&wanted)), ..Mismatch::of(brief(&went)) });
    }
    found
}

fn without_default_members(
    contract: &Contract,
    operation: &Operation,
    asked: &Map<String, Value>,
    sent: &mut Map<String, Value>,
) {
    let Some(body) = &operation.body else { return };
    for (name, places) in contract.schemas.properties(&body.schema.location) {
        let default = places.iter().find_map(|at| contract.schemas.default_value(at));
        if let (Some(default), Some(value)) = (default, sent.get(&name))
            && !asked.contains_key(&name)
            && conformance_json::equal(&default, value)
        {
            sent.remove(&name);
        }
    }
}

/// Whether a value of a query is this one.
fn is_written_as(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        value => conformance_json::parse(text.as_bytes()).is_ok_and(|text| conformance_json::equal(value, &text)),
    }
}

/// In what the header fields of a later attempt are other ones than those of the first: what must not vary, and what is gone.
pub(crate) fn header_changes(first: &Request, later: &Request) -> (Vec<Mismatch>, Vec<Mismatch>) {
    let (mut fixed, mut gone) = (Vec::new(), Vec::new());
    for (name, before) in &first.headers {
        match later.header(name) {
            Some(after) if FIXED.contains(&name.as_str()) && after != before => {
                let place = format!("`{name}`");
                fixed.push(Mismatch { place, expected: Some(before.clone()), ..Mismatch::of(after) });
            }
            // Credentials are judged by themselves.
            None if name != "authorization" && name != "te" && !PASSING.iter().any(|word| name.contains(word)) => {
                gone.push(Mismatch::of(format!("the header field `{name}` of the first attempt is missing")));
            }
            _ => {}
        }
    }
    (fixed, gone)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
