//! What can be wrong with a request, and how its operation documents that.

use conformance_api::errors::{Documented, documented};
use conformance_api::media::is_json;
use conformance_api::names::plain;
use conformance_openapi::Operation as Declared;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{Content, Derived, SIDE};

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    UnknownPath(String),
    MethodNotAllowed(Vec<String>),
    Unauthorized(String),
    Malformed(String),
    Invalid(String),
    MediaType(String),
    NotFound(String),
    Conflict(String),
    /// It is about another version of what is there.
    Stale(String),
    /// It does not say which version it is about.
    NoVersion(String),
    Full,
    /// No body was found that the schema allows: the schema's pointer.
    Unproducible(String),
}

impl Trouble {
    /// As logs call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownPath(_) => "unknown-path",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::Unauthorized(_) => "unauthorized",
            Self::Malformed(_) => "malformed-body",
            Self::Invalid(_) => "invalid-request",
            Self::MediaType(_) => "unsupported-media-type",
            Self::NotFound(_) => "not-found",
            Self::Conflict(_) => "conflict",
            Self::Stale(_) => "stale-version",
            Self::NoVersion(_) => "missing-version",
            Self::Full => "workspace-full",
            Self::Unproducible(_) => "not-producible",
        }
    }

    /// Statuses that say it, the most usual first.
    fn statuses(&self) -> &'static [u16] {
        match self {
            Self::UnknownPath(_) => &[404],
            Self::MethodNotAllowed(_) => &[405],
            Self::Unauthorized(_) => &[401, 403],
            Self::Malformed(_) => &[400, 422],
            Self::Invalid(_) => &[400, 422, 412],
            Self::MediaType(_) => &[415, 400],
            Self::NotFound(_) => &[404, 410],
            Self::Conflict(_) => &[409, 422, 400],
            Self::Stale(_) => &[412, 409],
            Self::NoVersion(_) => &[428, 400, 422, 412],
            Self::Full => &[507],
            Self::Unproducible(_) => &[501],
        }
    }

    /// In words.
    pub fn message(&self) -> String {
        match self {
            Self::UnknownPath(path) => format!("Not Found: the document has no path {path}"),
            Self::MethodNotAllowed(methods) => format!("this path has {}", methods.join(", ")),
            Self::Unauthorized(what)
            | Self::Malformed(what)
            | Self::Invalid(what)
            | Self::MediaType(what)
            | Self::NotFound(what)
            | Self::Conflict(what)
            | Self::Stale(what)
            | Self::NoVersion(what) => what.clone(),
            Self::Full => "this workspace holds as many objects as it may (`--max-objects`); delete some, or use other credentials".to_owned(),
            Self::Unproducible(pointer) => format!("no body was found that the schema at {pointer} allows"),
        }
    }
}

impl Derived {
    /// The status and the body of an error.
    pub(crate) fn error(&self, trouble: &Trouble, operation: Option<usize>) -> (u16, Content) {
        let declared = operation.map(|at| &self.api.document.operations[at]);
        let found = declared.map(|declared| documented(declared, trouble.statuses()));
        let status = found.map_or(trouble.statuses()[0], |found| found.status);
        if let (Trouble::Unproducible(pointer), Some(declared)) = (trouble, declared) {
            let body = json!({ "message": trouble.message(), "operation": declared.id, "schema": pointer });
            return (status, Content::Json("application/json".to_owned(), body));
        }
        let body = found.and_then(|found| self.documented_body(found, trouble, declared));
        (
            status,
            body.unwrap_or_else(|| {
                Content::Json("application/json".to_owned(), json!({ "message": trouble.message() }))
            }),
        )
    }

    fn documented_body(&self, found: Documented<'_>, trouble: &Trouble, _: Option<&Declared>) -> Option<Content> {
        let Some(media) = found.media() else {
            return found.response.filter(|one| one.status != "default").map(|_| Content::Empty);
        };
        if !is_json(&media.media_type) {
            return Some(Content::Bytes(media.media_type.clone(), trouble.message().into_bytes()));
        }
        let media_type =
            if media.media_type.contains('*') { "application/json".to_owned() } else { media.media_type.clone() };
        let Some(pointer) = media.schema.as_deref() else {
            return Some(Content::Json(media_type, json!({ "message": trouble.message() })));
        };
        let made = self.proof.body(SIDE, pointer, &media.examples)?;
        let mut worded = made.value.clone();
        word(&mut worded, found.status, trouble, 0);
        let mut body = if self.proof.is_valid(SIDE, pointer, &worded) { worded } else { made.value.clone() };
        if !made.is_example {
            let allows = |body: &Value| self.proof.is_valid(SIDE, pointer, body);
            leave_out(&mut body, &allows);
            classify(&mut body, found.status, &allows);
        }
        Some(Content::Json(media_type, body))
    }
}

/// Members of an error that say what is wrong; other objects and arrays are left out where they may be.
const TELLING: &[&str] =
    &["error", "errors", "detail", "details", "meta", "fault", "data", "result", "response", "body"];

/// An error is about a request: the objects and arrays that a sample of it has beside the words are nobody's.
fn leave_out(body: &mut Value, allows: &dyn Fn(&Value) -> bool) {
    for at in places(body, 2) {
        let is_telling = at.last().is_some_and(|name| TELLING.contains(&plain(name).as_str()));
        let is_whole = body.pointer(&pointer(&at)).is_some_and(|one| one.is_object() || one.is_array());
        if is_telling || !is_whole {
            continue;
        }
        let mut without = body.clone();
        let (above, name) = (&at[..at.len() - 1], &at[at.len() - 1]);
        let members = without.pointer_mut(&pointer(above)).and_then(Value::as_object_mut);
        if members.and_then(|members| members.remove(name)).is_some() && allows(&without) {
            *body = without;
        }
    }
}

/// Words for a status, as the `type` or the `code` of an error.
fn kinds(status: u16) -> &'static [&'static str] {
    const REQUEST: &[&str] =
        &["invalid_request_error", "invalid_request", "bad_request", "invalid", "validation_error"];
    match status {
        401 => &["authentication_error", "unauthorized", "unauthenticated", "invalid_request_error"],
        403 => &["permission_error", "forbidden", "permission_denied", "invalid_request_error"],
        404 => &["not_found", "not_found_error", "resource_missing", "notFound", "NotFound", "invalid_request_error"],
        409 => &["conflict", "already_exists", "idempotency_error", "invalid_request_error"],
        429 => &["rate_limit_error", "rate_limit_exceeded", "rate_limit", "too_many_requests"],
        400..500 => REQUEST,
        _ => &["api_error", "internal_error", "server_error"],
    }
}

/// Gives `type` and `code` the word for the status: the first that their enumeration has, or the usual one where nothing
/// but their own name stands there.
fn classify(body: &mut Value, status: u16, allows: &dyn Fn(&Value) -> bool) {
    for at in places(body, 2) {
        let Some(name) = at.last().map(|one| plain(one)) else { continue };
        if !matches!(name.as_str(), "type" | "code" | "errortype" | "errorcode" | "kind") {
            continue;
        }
        let at = pointer(&at);
        let Some(Value::String(before)) = body.pointer(&at).cloned() else { continue };
        let mut tried = body.clone();
        let mut may_be = |word: &str| {
            if let Some(there) = tried.pointer_mut(&at) {
                *there = word.into();
            }
            allows(&tried)
        };
        let is_open = may_be("no-such-word");
        if is_open && plain(&before) != name {
            continue;
        }
        let word = kinds(status).iter().find(|word| may_be(word));
        if let (Some(word), Some(there)) = (word, body.pointer_mut(&at)) {
            *there = (*word).into();
        }
    }
}

/// The steps to each member, so many levels deep, the outer ones first.
fn places(body: &Value, depth: usize) -> Vec<Vec<String>> {
    let Some(members) = body.as_object() else { return Vec::new() };
    let mut all: Vec<Vec<String>> = members.keys().map(|name| vec![name.clone()]).collect();
    if depth > 1 {
        for (name, inner) in members {
            all.extend(places(inner, depth - 1).into_iter().map(|at| [vec![name.clone()], at].concat()));
        }
    }
    all
}

fn pointer(at: &[String]) -> String {
    at.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Puts status and words where members are named for them.
fn word(body: &mut Value, status: u16, trouble: &Trouble, depth: usize) {
    let Some(members) = body.as_object_mut() else {
        if let Value::Array(items) = body {
            items.iter_mut().for_each(|item| word(item, status, trouble, depth + 1));
        }
        return;
    };
    if members.is_empty() && depth == 0 {
        members.insert("message".to_owned(), trouble.message().into());
        return;
    }
    fill(members, status, trouble, depth);
}

fn fill(members: &mut Map<String, Value>, status: u16, trouble: &Trouble, depth: usize) {
    for (name, value) in members.iter_mut() {
        let name = plain(name);
        match value {
            Value::String(text) => {
                let is_words = matches!(
                    name.as_str(),
                    "message"
                        | "detail"
                        | "details"
                        | "errormessage"
                        | "errordescription"
                        | "description"
                        | "msg"
                        | "reason"
                );
                // A sample without an example says no more than its own name.
                let is_unsaid = plain(text) == name;
                if is_words || (name == "error" && text.contains(' ')) || (name == "errors" && is_unsaid) {
                    *text = trouble.message();
                } else if name == "title" && is_unsaid {
                    let known = StatusCode::from_u16(status).ok().and_then(|one| one.canonical_reason());
                    *text = known.unwrap_or("Error").to_owned();
                } else if (matches!(name.as_str(), "status" | "statuscode" | "code") && text.parse::<u16>().is_ok())
                    || (matches!(name.as_str(), "status" | "statuscode") && is_unsaid)
                {
                    *text = status.to_string();
                }
            }
            Value::Number(_)
                if matches!(name.as_str(), "status" | "statuscode" | "code" | "httpstatus" | "errorcode") =>
            {
                *value = status.into()
            }
            Value::Object(_) | Value::Array(_) if depth < 3 => word(value, status, trouble, depth + 1),
            _ => {}
        }
    }
}
