//! Judges a request by the contract: which operation it means, and everything that it has against it.
//!
//! The mock refuses what is found here; the judge of SDKs reports it. Both use the same words.

use std::collections::HashSet;

use conformance_json::{Document, Note};
use conformance_record::truncate::truncate;
use conformance_record::{Code, Finding, Request};
use conformance_source::{pointer, suggest};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::model::{BodyProperty, Contract, ListStyle, Operation, Parameter, Place};
use crate::say;
use crate::schemas::{Location, Schemas, Violation};

/// A request, understood.
#[derive(Debug)]
pub struct Reading<'c> {
    /// The operation that it means.
    pub operation: &'c Operation,
    /// Its parameters, typed, by name; only those that fit their schema.
    pub parameters: Map<String, Value>,
    /// Its body, when it is JSON.
    pub body: Option<Value>,
    /// The bearer token.
    pub token: Option<String>,
    /// Everything that it has against it, credentials first.
    pub findings: Vec<Finding>,
}

/// A request that means no operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub finding: Finding,
    /// The methods that the path has; none when the path itself is unknown.
    pub allowed: Vec<String>,
}

/// An operation, and the raw (still percent-encoded) values of its path parameters.
pub type Route<'c, 'p> = (&'c Operation, Vec<(&'c str, &'p str)>);

impl Contract {
    /// Reads a request.
    ///
    /// # Errors
    /// When it means no operation of the contract.
    pub fn read(&self, request: &Request) -> Result<Reading<'_>, Lost> {
        let (operation, path_values) = self.route(&request.method, request.path())?;
        let mut reading = Reading {
            operation,
            parameters: Map::new(),
            body: None,
            token: bearer(request.header("authorization")),
            findings: Vec::new(),
        };
        if operation.secured && reading.token.is_none() {
            reading.findings.push(credentials(request.header("authorization")));
        }
        for (name, raw) in path_values {
            let value = percent_decode_str(raw).decode_utf8_lossy().into_owned();
            reading.parameter(&self.schemas, name, &value);
        }
        reading.query(&self.schemas, request.query().unwrap_or(""));
        reading.body(request);
        if !reading.findings.is_empty() {
            reading.findings = few(std::mem::take(&mut reading.findings));
        }
        Ok(reading)
    }

    /// The operation that a method and a path mean, with the raw values of the path's parameters.
    ///
    /// # Errors
    /// When there is none.
    pub fn route<'c, 'p>(&'c self, method: &str, path: &'p str) -> Result<Route<'c, 'p>, Lost> {
        // What has a GET has a HEAD, as HTTP has it.
        let meant = if method == "HEAD" { "GET" } else { method };
        let of_method = self.operations.iter().filter(|one| one.method == meant);
        // A path that is written out goes before one with a parameter, wherever it stands in the file.
        let fitting = of_method.filter_map(|one| Some((one, one.path.fit(path)?)));
        fitting.min_by_key(|(_, values)| values.len()).ok_or_else(|| self.lost(method, path))
    }

    /// Why a request means no operation.
    fn lost(&self, method: &str, path: &str) -> Lost {
        let mut fitting: Vec<_> = self.operations.iter().filter_map(|one| Some((one, one.path.fit(path)?))).collect();
        if fitting.is_empty() {
            return self.unknown_path(method, path);
        }
        fitting.sort_by_key(|(_, values)| values.len());
        let allowed: Vec<String> = fitting.iter().map(|(one, _)| one.method.clone()).collect();
        let message = format!("{method} is not a method of {path}; it has {}", allowed.join(", "));
        Lost { finding: Finding::new(Code::UnknownMethod, "method", message), allowed }
    }

    /// The path that was most likely meant by one that the contract does not have.
    #[must_use]
    pub fn nearest_path(&self, path: &str) -> Option<String> {
        let trimmed = path.trim_end_matches('/');
        let exact = self.operations.iter().find(|one| trimmed != path && one.path.fit(trimmed).is_some());
        let templates: Vec<String> = self.operations.iter().map(|one| one.path.to_string()).collect();
        exact
            .map(|_| trimmed.to_owned())
            .or_else(|| suggest::nearest(path, templates.iter().map(String::as_str)).map(str::to_owned))
    }

    fn unknown_path(&self, method: &str, path: &str) -> Lost {
        let templates: Vec<String> = self.operations.iter().map(|one| one.path.to_string()).collect();
        let advice = self.nearest_path(path).map_or_else(
            || format!("; the paths are {}", distinct(&templates).join(", ")),
            |near| format!("; did you mean {near}?"),
        );
        let message = format!("no operation has the path of {method} {}{advice}", truncate(path, MAX_SHOWN));
        let mut finding = Finding::new(Code::UnknownPath, "path", message);
        shorten(&mut finding);
        Lost { finding, allowed: Vec::new() }
    }
}

/// Of each kind of finding, so many are told of a request; of the others, how many there are.
const MAX_FINDINGS: usize = 20;
/// So many bytes of what a client sent are shown in a finding.
const MAX_SHOWN: usize = 512;

/// Says how many findings of a kind are not told.
fn more(count: usize, code: Code, place: &str) -> Option<Finding> {
    (count > 0).then(|| Finding::new(code, place, format!("and {count} more of this kind")))
}

/// The first findings of each kind, shortened, and how many there are of those that repeat.
fn few(findings: Vec<Finding>) -> Vec<Finding> {
    let (mut kept, mut counts) = (Vec::new(), [(Code::RepeatedParameter, 0), (Code::InvalidParameter, 0)]);
    for mut finding in findings {
        let count = counts.iter_mut().find(|(code, _)| *code == finding.code);
        if count.is_none_or(|(_, count)| {
            *count += 1;
            *count <= MAX_FINDINGS
        }) {
            shorten(&mut finding);
            kept.push(finding);
        }
    }
    kept.extend(counts.iter().filter_map(|(code, count)| more(count.saturating_sub(MAX_FINDINGS), *code, "query")));
    kept
}

/// What a client sent may be as long as it likes; what is said of it may not.
fn shorten(finding: &mut Finding) {
    for text in [&mut finding.place, &mut finding.message] {
        if text.len() > 2 * MAX_SHOWN {
            *text = truncate(text, MAX_SHOWN);
        }
    }
}

fn distinct(all: &[String]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for one in all {
        if !found.contains(&one.as_str()) {
            found.push(one);
        }
    }
    found
}

/// The token of `Authorization: Bearer …`; the scheme in any case, as HTTP has it.
#[must_use]
pub fn bearer(header: Option<&str>) -> Option<String> {
    let (scheme, token) = header?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

fn credentials(header: Option<&str>) -> Finding {
    let found = match header {
        None => "is missing",
        Some(value) if value.trim().eq_ignore_ascii_case("bearer") => "holds no token",
        Some(_) => "does not hold a bearer token",
    };
    let message = format!("{found}; expected `Authorization: Bearer <token>`");
    Finding::new(Code::MissingCredentials, "header.authorization", message)
}

impl Reading<'_> {
    /// Whether anything found forbids the operation; notes do only when `strict`.
    pub fn refusals(&self, strict: bool) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| strict || !finding.code.is_note())
    }

    fn query(&mut self, schemas: &Schemas, query: &str) {
        let mut seen: HashSet<String> = HashSet::new();
        let mut unknown = 0;
        let mut lists: Vec<(&Parameter, Vec<String>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode_query(name), decode_query(value));
            let declared = |name: &str| self.operation.parameter(name).filter(|one| one.place == Place::Query);
            let Some(parameter) = declared(&name) else {
                unknown += 1;
                if unknown <= MAX_FINDINGS {
                    self.findings.push(self.unknown_parameter(&name));
                }
                seen.insert(name);
                continue;
            };
            if let Some(style) = parameter.list {
                let items = match style {
                    ListStyle::Exploded => vec![value],
                    ListStyle::Commas => value.split(',').map(str::to_owned).collect(),
                };
                match lists.iter_mut().find(|(one, _)| one.name == name) {
                    Some((_, all)) => all.extend(items),
                    None => lists.push((parameter, items)),
                }
            } else if seen.contains(&name) {
                let message = "is given more than once; once was expected".to_owned();
                self.findings.push(Finding::new(Code::RepeatedParameter, format!("query.{name}"), message));
            } else {
                self.parameter(schemas, &name, &value);
            }
            seen.insert(name);
        }
        self.findings.extend(more(unknown.saturating_sub(MAX_FINDINGS), Code::UnknownParameter, "query"));
        for (parameter, items) in lists {
            self.take(parameter, typed_list(schemas, parameter, &items));
        }
        self.missing(&seen);
    }

    fn missing(&mut self, seen: &HashSet<String>) {
        for parameter in &self.operation.parameters {
            if parameter.required && parameter.place == Place::Query && !seen.contains(&parameter.name) {
                let place = format!("query.{}", parameter.name);
                self.findings.push(Finding::new(Code::MissingParameter, place, "is missing; it is required"));
            }
        }
    }

    fn unknown_parameter(&self, name: &str) -> Finding {
        let known: Vec<&str> = self
            .operation
            .parameters
            .iter()
            .filter(|one| one.place == Place::Query)
            .map(|one| one.name.as_str())
            .collect();
        let advice = suggest::nearest(name, known.iter().copied())
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("is not a parameter of {}{advice}", self.operation.id);
        Finding::new(Code::UnknownParameter, format!("query.{name}"), message)
    }

    fn parameter(&mut self, schemas: &Schemas, name: &str, text: &str) {
        let Some(parameter) = self.operation.parameter(name) else { return };
        self.take(parameter, typed(schemas, parameter, text));
    }

    fn take(&mut self, parameter: &Parameter, value: Result<Value, Finding>) {
        match value {
            Ok(value) => drop(self.parameters.insert(parameter.name.clone(), value)),
            Err(finding) => self.findings.push(finding),
        }
    }

    fn body(&mut self, request: &Request) {
        let Some(expected) = &self.operation.body else {
            if !request.body.is_empty() {
                let message = format!("{} takes no body; it was ignored", self.operation.id);
                self.findings.push(Finding::new(Code::UnexpectedBody, "body", message));
            }
            return;
        };
        if request.body.is_empty() {
            if expected.required {
                self.findings.push(Finding::new(Code::MissingBody, "body", "is missing; a JSON object was expected"));
            }
            return;
        }
        self.findings.extend(media_type(request));
        match conformance_json::read(&request.body) {
            Err(error) => {
                let message = format!("is not valid JSON: {error}");
                self.findings.push(Finding::new(Code::MalformedBody, "body", message));
            }
            Ok(Document { value: body, notes }) => {
                let forbidden = notes.iter().filter(|note| !matches!(note, Note::DuplicateMember(_)));
                self.findings.extend(
                    forbidden
                        .take(MAX_FINDINGS)
                        .map(|note| Finding::new(Code::WrongEncoding, "body", note.to_string())),
                );
                if !expected.schema.accepts(&body) {
                    let (violations, others) = expected.schema.first_violations(&body, MAX_FINDINGS);
                    self.findings.extend(violations.iter().map(|one| invalid("body", one)));
                    self.findings.extend(more(others, Code::InvalidBody, "body"));
                }
                self.findings.extend(unknown_properties(&expected.properties, &body));
                self.body = Some(body);
            }
        }
    }
}

fn decode_query(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A parameter's text as the type its schema asks for.
fn typed(schemas: &Schemas, parameter: &Parameter, text: &str) -> Result<Value, Finding> {
    valid(schemas, parameter, parameter.scalar.read(text), || Value::from(text))
}

/// A list's items, each as the type that the schema of items asks for.
fn typed_list(schemas: &Schemas, parameter: &Parameter, items: &[String]) -> Result<Value, Finding> {
    let value: Option<Vec<Value>> = items.iter().map(|item| parameter.scalar.read(item)).collect();
    valid(schemas, parameter, value.map(Value::Array), || Value::from(items))
}

/// The value, when it is of its type and fits its schema. `sent` is what was sent.
fn valid(
    schemas: &Schemas,
    parameter: &Parameter,
    value: Option<Value>,
    sent: impl FnOnce() -> Value,
) -> Result<Value, Finding> {
    let at = &parameter.schema.location;
    let rule = match value {
        Some(value) if parameter.schema.accepts(&value) => return Ok(value),
        Some(value) => parameter.schema.violations(&value).first().map_or_else(|| at.clone(), |one| one.rule.clone()),
        None => at.child("type"),
    };
    let place = match parameter.place {
        Place::Path => format!("path.{}", parameter.name),
        Place::Query => format!("query.{}", parameter.name),
    };
    let message = format!("is {}; expected {}", say::brief(&sent()), expectation(schemas, at));
    Err(Finding { code: Code::InvalidParameter, place, message, rule: Some(rule.to_string()) })
}

/// What a schema accepts, in a few words: "a whole number from 1 to 100".
fn expectation(schemas: &Schemas, at: &Location) -> String {
    let kind = schemas.keyword(at, "type").and_then(|(_, node)| node.as_str().map(str::to_owned));
    let range = |low: &str, high: &str| match (schemas.bound(at, low), schemas.bound(at, high)) {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(" from {low}"),
        (None, Some(high)) => format!(" up to {high}"),
        (None, None) => String::new(),
    };
    match kind.as_deref() {
        Some("integer") => format!("a whole number{}", range("minimum", "maximum")),
        Some("number") => format!("a number{}", range("minimum", "maximum")),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => match range("minLength", "maxLength") {
            range if range.is_empty() => match schemas.keyword(at, "format").and_then(|(_, node)| node.as_str()) {
                Some(format) => format!("text of the format {format}"),
                None => "text".to_owned(),
            },
            range => format!("text, its length{range} characters"),
        },
        Some(other) => format!("a value of type {other}"),
        None => format!("a value that fits {at}"),
    }
}

fn media_type(request: &Request) -> Option<Finding> {
    let wrong = |place: &str, message: String| Some(Finding::new(Code::WrongContentType, place, message));
    if let Some(encoding) = request.header("content-encoding").filter(|one| !one.eq_ignore_ascii_case("identity")) {
        return wrong("header.content-encoding", format!("is `{encoding}`; an unencoded body was expected"));
    }
    match request.header("content-type") {
        None => wrong("header.content-type", "is missing; expected `application/json`".to_owned()),
        Some(value) if is_json(value) => None,
        Some(value) => wrong("header.content-type", format!("is `{value}`; expected `application/json`")),
    }
}

/// Whether a `Content-Type` says JSON, whatever its parameters.
#[must_use]
pub fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json")
}

/// A violation of a body's schema as a finding.
pub(crate) fn invalid(part: &str, violation: &Violation) -> Finding {
    Finding {
        code: Code::InvalidBody,
        place: format!("{part}{}", violation.instance),
        message: violation.message.clone(),
        rule: Some(violation.rule.to_string()),
    }
}

/// Body properties that the schema does not name. They are allowed, and most often a slip.
fn unknown_properties(known: &[BodyProperty], body: &Value) -> Vec<Finding> {
    let given = || body.as_object().into_iter().flat_map(Map::keys);
    let property = |name: &str| known.iter().find(|one| one.name == name);
    let unknown = || given().filter(|name| property(name).is_none());
    let read_only = given().filter(|name| property(name).is_some_and(|one| one.read_only));
    unknown()
        .take(MAX_FINDINGS)
        .map(|name| {
            let advice = suggest::nearest(name, known.iter().map(|one| one.name.as_str()))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("is not a property of this body{advice}");
            Finding::new(Code::UnknownProperty, format!("body{}", pointer::push("", name)), message)
        })
        .chain(read_only.map(|name| {
            let message = "is read-only: the server sets it, and ignores what is sent";
            Finding::new(Code::UnknownProperty, format!("body{}", pointer::push("", name)), message)
        }))
        .chain(more(unknown().skip(MAX_FINDINGS).count(), Code::UnknownProperty, "body"))
        .collect()
}
