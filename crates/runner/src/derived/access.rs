//! Operations that document credentials want them.

use conformance_api::Role;
use conformance_openapi::Operation as Declared;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::{Arguments, Credentials};
use super::session::{Answer, Object, Session};
use crate::expected::is_named_secured;

/// Credentials that nobody was given, told apart only by a server that knows those that somebody was.
const UNKNOWN: [Credentials; 2] = [Credentials::Empty, Credentials::Unknown];
/// So many operations are asked whether they know whose credentials they see.
const ASKED: usize = 3;

impl Session<'_> {
    /// Whether the server tells credentials apart: many that stand on a developer's machine take any.
    pub(crate) async fn knows_credentials(&mut self) -> bool {
        let operations = self.run.api.document.operations.iter().enumerate();
        let readable = operations.filter(|(_, one)| one.method == "GET" && !one.path.contains(['{', '#']));
        let secured: Vec<usize> =
            readable.filter(|(_, one)| is_named_secured(one)).map(|(at, _)| at).take(ASKED).collect();
        for at in secured {
            let answer = self.send(at, Arguments { credentials: Credentials::Unknown, ..Arguments::default() }).await;
            if matches!(answer.status, Some(401 | 403)) {
                return true;
            }
        }
        false
    }

    /// Whether every request bears credentials that the run was given as a header field: then none can be left out.
    pub(super) fn always_bears_credentials(&self) -> bool {
        self.run.settings.headers.iter().any(|(name, _)| conformance_record::secrets::is_telling(name))
    }

    pub(crate) async fn access(&mut self) {
        let operations = &self.run.api.document.operations;
        for (at, declared) in operations.iter().enumerate() {
            // A server that forgets to ask would do what the others say.
            let is_safe = declared.method == "GET";
            if !is_named_secured(declared) || !is_safe || *self.run.stop.borrow() {
                continue;
            }
            if self.always_bears_credentials() {
                let rule = credentials_rule(declared, Level::Must, Credentials::Missing);
                self.skip(rule, "a header field that the run was given may hold credentials");
                continue;
            }
            let has_ids = declared.path.contains(['{', '#']);
            let others = UNKNOWN.into_iter().filter(|_| self.tells_apart && !has_ids);
            for credentials in std::iter::once(Credentials::Missing).chain(others.collect::<Vec<_>>()) {
                let answer = self.send(at, Arguments { credentials, ..Arguments::default() }).await;
                let status = answer.status.unwrap_or(0);
                // An id that was made up may be looked for first.
                let is_hidden = status == 404 && has_ids;
                let wrong = if matches!(status, 400..=403 | 407) || is_hidden {
                    Vec::new()
                } else {
                    vec![Mismatch::of(format!("the status is {status}"))]
                };
                self.judge(credentials_rule(declared, Level::Must, credentials), &answer, "401 or 403", wrong);
                let is_exact = declared.responses.iter().any(|one| one.status == status.to_string());
                if answer.is_rejection() && is_exact {
                    self.judge_documented(at, &answer);
                }
            }
        }
    }

    /// Whether an object, and what stands below it, is shown to nobody without credentials.
    async fn hides(&mut self, at: usize, object: &Object) {
        let item = &self.run.api.resources[at].item;
        let retrieve = operation(self.run.api, at, Role::Retrieve);
        for (one, declared) in self.run.api.document.operations.iter().enumerate() {
            let path = conformance_api::path::plain(&declared.path);
            let rest = path.strip_prefix(item.as_str());
            let is_here =
                rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !rest.contains(['{', '#']));
            if declared.method != "GET" || !is_here || !is_named_secured(declared) {
                continue;
            }
            let mut ways = vec![(Credentials::Missing, Level::Must)];
            if self.tells_apart {
                ways.extend(UNKNOWN.map(|one| (one, Level::Must)));
            } else if retrieve == Some(one) {
                // No document says which credentials there are; that anybody's show an object is worth a word.
                ways.push((Credentials::Unknown, Level::Should));
            }
            let own = self.send(one, Arguments::at(&object.path)).await.json;
            for (credentials, level) in ways {
                let answer = self.send(one, Arguments { credentials, ..Arguments::at(&object.path) }).await;
                // An example is nobody's.
                let is_other = level == Level::Should && answer.json != own;
                let wrong = if answer.is_rejection() || is_other {
                    Vec::new()
                } else {
                    vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
                };
                self.judge(credentials_rule(declared, level, credentials), &answer, "401 or 403", wrong);
            }
        }
    }

    /// Whether requests without credentials are rejected and change nothing, tried on an object of the run's own.
    pub(crate) async fn protects(&mut self, at: usize, object: &Object) {
        let api = self.run.api;
        if self.always_bears_credentials() {
            return;
        }
        self.hides(at, object).await;
        let before = self.current(at, object).await.map(|(before, _)| before);
        if before.is_none() && operation(api, at, Role::Retrieve).is_some() {
            return;
        }
        let roles = [Role::Update, Role::Replace, Role::Delete, Role::Create];
        let others = UNKNOWN.into_iter().filter(|_| self.tells_apart);
        let ways: Vec<Credentials> =
            [Credentials::Missing, Credentials::OfAnotherScheme].into_iter().chain(others).collect();
        let operations = roles.into_iter().filter_map(|role| operation(api, at, role));
        let tried: Vec<(usize, Credentials)> =
            operations.flat_map(|one| std::iter::repeat(one).zip(ways.iter().copied())).collect();
        for (one, credentials) in tried {
            let declared = self.declared(one);
            if !is_named_secured(declared) {
                continue;
            }
            if credentials == Credentials::OfAnotherScheme && self.other_scheme(declared).is_none() {
                continue;
            }
            let is_create = api.operations[one].role == Role::Create;
            let path = if is_create { &object.path[..object.path.len() - 1] } else { object.path.as_slice() };
            let mut arguments = Arguments { credentials, ..Arguments::at(path) };
            let mut sent = Value::Null;
            if let Some((media_type, pointer)) = self.content_media(declared) {
                let body = if is_create { self.valid_body(pointer) } else { self.body_for(pointer, object) };
                let Some(body) = body else { continue };
                sent = body.clone();
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, arguments).await;
            if is_create && answer.is_success() {
                let _ = self.made(at, one, path, sent, &answer).map(drop);
            }
            let wrong = if matches!(answer.status, Some(400..=404 | 407)) {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
            };
            self.judge(credentials_rule(declared, Level::Must, credentials), &answer, "401 or 403", wrong);
            if let Some(before) = before.as_ref().filter(|_| !is_create) {
                self.changed_nothing(at, one, object, before, answer).await;
            }
        }
    }

    /// Whether an object is as it was after a request was rejected for its credentials: in what clients can say of it. What the server
    /// counts of it may be otherwise by now.
    async fn changed_nothing(&mut self, at: usize, tried: usize, object: &Object, before: &Value, answer: Answer) {
        let (declared, retrieve) = (self.declared(tried), operation(self.run.api, at, Role::Retrieve));
        let after = self.current(at, object).await;
        let wrong = match (&after, retrieve) {
            (Some((after, _)), Some(retrieve)) => self.changed(retrieve, tried, before, after),
            _ => vec![Mismatch::of("the object is gone")],
        };
        let statement = format!("{} {} does nothing without its credentials", declared.method, declared.path);
        let pointer = format!("{}/security", declared.pointer);
        let rule = Rule::new(format!("{}.rejection-does-nothing", declared.id), Level::Must, statement, pointer);
        let answer = after.map_or(answer, |(_, answer)| answer);
        self.judge(rule, &answer, "the object as it was", wrong);
    }
}

fn credentials_rule(declared: &Declared, level: Level, credentials: Credentials) -> Rule {
    let wanted = match credentials {
        Credentials::OfAnotherScheme => "credentials of its own scheme",
        Credentials::Unknown => "credentials that somebody was given",
        Credentials::Empty => "credentials that are not empty",
        Credentials::Own | Credentials::Second | Credentials::Missing => "credentials",
    };
    let statement = format!("{} {} wants {wanted}", declared.method, declared.path);
    let name = if level == Level::Must { "wants-credentials" } else { "knows-credentials" };
    Rule::new(format!("{}.{name}", declared.id), level, statement, format!("{}/security", declared.pointer))
}
