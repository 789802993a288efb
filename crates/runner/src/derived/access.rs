//! Operations that document credentials want them.

use conformance_api::Role;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::{Arguments, Credentials};
use super::session::{Object, Session};

impl Session<'_> {
    pub(crate) async fn access(&mut self) {
        let operations = &self.run.api.document.operations;
        for (at, declared) in operations.iter().enumerate() {
            let is_open = declared.security.is_empty() || declared.security.iter().any(Vec::is_empty);
            // A server that forgets to ask would do what the others say.
            let is_safe = declared.method == "GET";
            if is_open || !is_safe || *self.run.stop.borrow() {
                continue;
            }
            let answer = self.send(at, Arguments { credentials: Credentials::Missing, ..Arguments::default() }).await;
            let statement = format!("{} {} wants credentials", declared.method, declared.path);
            let rule = Rule::new(
                format!("{}.wants-credentials", declared.id),
                Level::Must,
                statement,
                format!("{}/security", declared.pointer),
            );
            let status = answer.status.unwrap_or(0);
            // An id that was made up may be looked for first.
            let is_hidden = status == 404 && declared.path.contains('{');
            let wrong = if matches!(status, 400..=403 | 407) || is_hidden {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {status}"))]
            };
            self.judge(rule, &answer, "401 or 403", wrong);
            let is_exact = declared.responses.iter().any(|one| one.status == status.to_string());
            if answer.is_rejection() && is_exact {
                self.judge_documented(at, &answer);
            }
        }
    }

    /// Whether an object, and what stands below it, is shown to nobody without credentials.
    async fn hides(&mut self, at: usize, object: &Object) {
        let item = &self.run.api.resources[at].item;
        for (one, declared) in self.run.api.document.operations.iter().enumerate() {
            let path = conformance_api::path::plain(&declared.path);
            let rest = path.strip_prefix(item.as_str());
            let is_here =
                rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !rest.contains(['{', '#']));
            let is_open = declared.security.is_empty() || declared.security.iter().any(Vec::is_empty);
            if declared.method != "GET" || !is_here || is_open {
                continue;
            }
            let arguments = Arguments { credentials: Credentials::Missing, ..Arguments::at(&object.path) };
            let answer = self.send(one, arguments).await;
            let statement = format!("GET {} wants credentials", declared.path);
            let pointer = format!("{}/security", declared.pointer);
            let rule = Rule::new(format!("{}.wants-credentials", declared.id), Level::Must, statement, pointer);
            let wrong = if answer.is_rejection() {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
            };
            self.judge(rule, &answer, "401 or 403", wrong);
        }
    }

    /// Whether requests without credentials are rejected and change nothing, tried on an object of the run's own.
    pub(crate) async fn protects(&mut self, at: usize, object: &Object) {
        let api = self.run.api;
        self.hides(at, object).await;
        let Some(before) = self.current(at, object).await else { return };
        let roles = [Role::Update, Role::Replace, Role::Delete, Role::Create];
        let ways = [Credentials::Missing, Credentials::OfAnotherScheme];
        let operations = roles.into_iter().filter_map(|role| operation(api, at, role));
        for (one, credentials) in operations.flat_map(|one| ways.map(|way| (one, way))) {
            let declared = self.declared(one);
            if declared.security.is_empty() || declared.security.iter().any(Vec::is_empty) {
                continue;
            }
            if credentials == Credentials::OfAnotherScheme && self.other_scheme(declared).is_none() {
                continue;
            }
            let is_create = api.operations[one].role == Role::Create;
            let path = if is_create { &object.path[..object.path.len() - 1] } else { object.path.as_slice() };
            let mut arguments = Arguments { credentials, ..Arguments::at(path) };
            let mut sent = Value::Null;
            if let Some((media_type, pointer)) = Self::body_media(declared) {
                let body = if is_create { self.valid_body(pointer) } else { self.body_for(pointer, object) };
                let Some(body) = body else { continue };
                sent = body.clone();
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, arguments).await;
            if is_create && answer.is_success() {
                let _ = self.made(at, one, path, sent, &answer).map(drop);
            }
            let statement = format!("{} {} wants {}", declared.method, declared.path, wanted(credentials));
            let pointer = format!("{}/security", declared.pointer);
            let wrong = if matches!(answer.status, Some(400..=404 | 407)) {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
            };
            self.judge(
                Rule::new(format!("{}.wants-credentials", declared.id), Level::Must, statement, pointer.clone()),
                &answer,
                "401 or 403",
                wrong,
            );
            if is_create {
                continue;
            }
            let after = self.current(at, object).await;
            let is_same = after.as_ref().is_some_and(|(after, _)| conformance_json::equal(after, &before.0));
            let statement = format!("{} {} does nothing without its credentials", declared.method, declared.path);
            let wrong =
                if is_same { Vec::new() } else { vec![Mismatch::of("the object is different afterwards, or gone")] };
            let answer = after.map_or(answer, |(_, answer)| answer);
            self.judge(
                Rule::new(format!("{}.rejection-does-nothing", declared.id), Level::Must, statement, pointer),
                &answer,
                "the object as it was",
                wrong,
            );
        }
    }
}

/// In words.
fn wanted(credentials: Credentials) -> &'static str {
    match credentials {
        Credentials::OfAnotherScheme => "credentials of its own scheme",
        Credentials::Own | Credentials::Missing => "credentials",
    }
}
