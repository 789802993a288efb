//! Operations that want to be told which version of an object they change: `If-Match` (RFC 9110, 13.1.1).

use conformance_api::versions::{FIELD, wants_version};
use conformance_api::{Role, path};
use conformance_openapi::Operation as Declared;
use conformance_record::{Level, Mismatch};

use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::{Look, Object, Session};

/// The version of nothing.
const STALE: &str = "\"conformance-no-such-version\"";

impl Session<'_> {
    /// Arguments with the version of what they are about, as it is now, where the operation documents that.
    pub(crate) async fn with_version(&mut self, at: usize, mut arguments: Arguments) -> Arguments {
        let declared = self.declared(at);
        let is_said = arguments.headers.iter().any(|(name, _)| name == FIELD)
            || arguments.without.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(FIELD));
        if is_said || !wants_version(declared) {
            return arguments;
        }
        let is_here = |one: &Declared| one.method == "GET" && path::plain(&one.path) == path::plain(&declared.path);
        let Some(read) = self.run.api.document.operations.iter().position(is_here) else { return arguments };
        let mut request = self.request(self.declared(read), &Arguments::at(&arguments.path));
        // What stands before a server weakens the versions of what it compresses.
        request.headers.retain(|(name, _)| name != "accept-encoding");
        let exchange = self.exchange(request).await;
        let status = exchange.response.as_ref().map_or(0, |one| one.status);
        let tag = exchange.response.as_ref().ok().and_then(|one| one.header("etag")).unwrap_or("*").to_owned();
        self.exchanges.push(exchange);
        self.calls.push(read);
        // Of what is not there, there is no version.
        if !matches!(status, 404 | 410) {
            arguments.headers.push((FIELD.to_owned(), tag));
        }
        arguments
    }

    /// Whether an object that has changed since is neither changed nor deleted.
    pub(crate) async fn rejects_stale(&mut self, at: usize, object: &Object) {
        for role in [Role::Update, Role::Replace, Role::Delete] {
            let Some(one) = operation(self.run.api, at, role).filter(|one| wants_version(self.declared(*one))) else {
                continue;
            };
            let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
            let Look::There(before) = self.look(retrieve, object).await else { return };
            let mut arguments = Arguments::at(&object.path);
            arguments.headers.push((FIELD.to_owned(), STALE.to_owned()));
            if let Some((media_type, pointer)) = self.content_media(self.declared(one)) {
                let Some(body) = self.body_for(pointer, object) else { continue };
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, arguments).await;
            let after = self.look(retrieve, object).await;
            let changed = match &after {
                Look::There(after) => self.different(retrieve, &before, after),
                Look::Gone => vec![Mismatch::of("the object is gone")],
                Look::Unknown => continue,
            };
            let is_accepted = !answer.is_rejection();
            let status = Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)));
            let wrong = if is_accepted { vec![status] } else { changed };
            let declared = self.declared(one);
            let statement = format!("{} {} does nothing to another version", declared.method, declared.path);
            let pointer = format!("{}/parameters", declared.pointer);
            let rule = Rule::new(format!("{}.rejects-stale", declared.id), Level::Must, statement, pointer);
            self.judge(rule, &answer, "a 4XX response (412), and the object as it was", wrong);
            if matches!(after, Look::Gone) {
                return self.forget(object);
            }
        }
    }
}
