//! Operations that want to be told which version of an object they change: in `If-Match` (RFC 9110, 13.1.1), or in a member of
//! their body.

use conformance_api::versions::{FIELD, is_always_version, is_version, wants_version};
use conformance_api::{Role, Side, path};
use conformance_openapi::Operation as Declared;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::request::{Arguments, Content};
use super::session::{Answer, Look, Object, Session};
use super::{creation, operation};

/// The version of nothing.
const STALE: &str = "\"conformance-no-such-version\"";

impl Session<'_> {
    /// Arguments with the version of what they are about, as it is now, where the operation documents that.
    pub(crate) async fn with_version(&mut self, at: usize, mut arguments: Arguments) -> Arguments {
        let declared = self.declared(at);
        let is_said = arguments.headers.iter().any(|(name, _)| name == FIELD)
            || arguments.without.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(FIELD));
        let in_header = !is_said && wants_version(declared);
        let in_body = self.version_member(at).filter(|name| self.sends_version(at, name, &arguments));
        if !in_header && in_body.is_none() {
            return arguments;
        }
        let is_here = |one: &Declared| one.method == "GET" && path::plain(&one.path) == path::plain(&declared.path);
        let Some(read) = self.run.api.document.operations.iter().position(is_here) else { return arguments };
        let mut request = self.request(self.declared(read), &Arguments::at(&arguments.path));
        // What stands before a server weakens the versions of what it compresses.
        request.headers.retain(|(name, _)| name != "accept-encoding");
        let exchange = self.exchange(request).await;
        let answer = self.read(&exchange, self.declared(read));
        let status = exchange.response.as_ref().map_or(0, |one| one.status);
        let tag = exchange.response.as_ref().ok().and_then(|one| one.header("etag")).unwrap_or("*").to_owned();
        self.exchanges.push(exchange);
        self.calls.push(read);
        // Of what is not there, there is no version.
        if in_header && !matches!(status, 404 | 410) {
            arguments.headers.push((FIELD.to_owned(), tag));
        }
        let shown = self.object_in(read, &answer).filter(|_| answer.is_success());
        if let Some((name, Some((_, Content::Value(Value::Object(members)))))) = in_body.zip(Some(&mut arguments.body))
            && let (Some(place), Some(now)) = (members.get_mut(&name), shown.as_ref().and_then(|one| one.get(&name)))
        {
            *place = now.clone();
        }
        arguments
    }

    /// The member of an operation's body that says which version of the object it changes: one that no client gives at its creation.
    pub(crate) fn version_member(&self, at: usize) -> Option<String> {
        let own = &self.run.api.operations[at];
        if !own.is_item || !matches!(own.role, Role::Update | Role::Replace | Role::Action) {
            return None;
        }
        let resource = own.resource?;
        let (_, pointer) = self.content_media(self.declared(at))?;
        let created = creation(self.run.api, resource).filter(|create| *create != at);
        let created = created.and_then(|create| self.content_media(self.declared(create)));
        let created = created.map(|(_, pointer)| self.run.api.schemas.merged(pointer));
        let shown = &self.run.api.operations[operation(self.run.api, resource, Role::Retrieve)?];
        let shown = shown.success.shape.as_ref()?;
        let shown = self.run.api.schemas.merge(&conformance_api::envelope::members(&self.run.api.schemas, shown));
        let body = self.run.api.schemas.merged(pointer);
        let is_its = |name: &str| {
            let is_given = || created.as_ref().is_none_or(|created| created.property(name).is_some());
            is_version(name) && shown.property(name).is_some() && (is_always_version(name) || !is_given())
        };
        body.properties.iter().map(|(name, _)| *name).find(|name| is_its(name)).map(str::to_owned)
    }

    /// Whether a member of an object says its version, which is another one after each change.
    pub(crate) fn says_version(&self, at: usize, name: &str) -> bool {
        let resource = self.run.api.operations[at].resource;
        let changes =
            || [Role::Update, Role::Replace].into_iter().filter_map(|role| operation(self.run.api, resource?, role));
        is_always_version(name)
            || (is_version(name) && changes().any(|one| self.version_member(one).as_deref() == Some(name)))
    }

    /// Whether a body has a version that is one, by its schema: any such one stands for that of the object as it is.
    fn sends_version(&self, at: usize, name: &str, arguments: &Arguments) -> bool {
        let sent = arguments.body.as_ref().and_then(|(_, content)| content.value()?.get(name));
        let (false, Some(sent), Some((_, pointer))) =
            (arguments.means_its_version, sent, self.content_media(self.declared(at)))
        else {
            return false;
        };
        let schemas = &self.run.api.schemas;
        let Some(merged) = schemas.merged(pointer).property(name).map(|one| schemas.merge_value(one)) else {
            return false;
        };
        let bounds = &merged.bounds;
        match sent {
            #[expect(clippy::cast_precision_loss, reason = "compared with a bound")]
            Value::Number(number) => number.as_i64().is_some_and(|number| {
                let number = number as f64;
                merged.kind() != Some("string")
                    && bounds.minimum.is_none_or(|least| number >= least)
                    && bounds.maximum.is_none_or(|most| number <= most)
            }),
            Value::String(text) => {
                let length = text.chars().count() as u64;
                merged.kind() == Some("string")
                    && bounds.min_length.is_none_or(|least| length >= least)
                    && bounds.max_length.is_none_or(|most| length <= most)
            }
            _ => false,
        }
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
        self.rejects_stale_bodies(at, object).await;
    }

    /// Whether an object that was changed has another version: in its `ETag`, where it is strong (RFC 9110, 8.8.1), and in the member
    /// that says it.
    pub(crate) async fn tells_versions(&mut self, at: usize, object: &Object) {
        for role in [Role::Update, Role::Replace] {
            let Some(one) = operation(self.run.api, at, role) else { continue };
            let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
            let Some((media_type, pointer)) = self.content_media(self.declared(one)) else { continue };
            let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
            let Some((before, first)) = self.current(at, object).await else { return };
            let members: Vec<String> = before.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            let member = members.into_iter().find(|name| self.says_version(one, name));
            let tag = |session: &Self, answer: &Answer| {
                let response = session.exchanges[answer.number].response.as_ref().ok()?;
                response.header("etag").filter(|tag| tag.starts_with('"')).map(str::to_owned)
            };
            let tag_before = tag(self, &first);
            if member.is_none() && tag_before.is_none() {
                continue;
            }
            let Some(body) = self.body_for(&pointer, object) else { continue };
            let changed = self.send(one, Arguments::at(&object.path).body(&media_type, body)).await;
            let Some((after, answer)) = self.current(at, object).await.filter(|_| changed.is_success()) else {
                continue;
            };
            if self.different(retrieve, &before, &after).is_empty() {
                continue;
            }
            let declared = self.declared(one);
            let statement = format!("{} {} gives what it changed another version", declared.method, declared.path);
            let rule = |name: &str, level| {
                Rule::new(format!("{}.{name}", declared.id), level, statement.clone(), declared.pointer.clone())
            };
            let same = |what: String| vec![Mismatch::of(format!("{what}, as before"))];
            if let Some(name) = member {
                let now = after.get(&name);
                let wrong = if now == before.get(&name) {
                    same(format!("`{name}` is {}", now.unwrap_or(&Value::Null)))
                } else {
                    Vec::new()
                };
                self.judge(rule("changes-version", Level::Should), &answer, format!("another `{name}`"), wrong);
            }
            if let (Some(before), Some(now)) = (tag_before, tag(self, &answer)) {
                let wrong = if now == before { same(format!("the `ETag` is {now}")) } else { Vec::new() };
                self.judge(rule("changes-etag", Level::Must), &answer, "another `ETag`", wrong);
            }
        }
    }

    /// Whether a body that means another version than the one that is there changes nothing, where the operation documents a
    /// conflict. That it is the version which conflicts is certain only where each body must have one.
    async fn rejects_stale_bodies(&mut self, at: usize, object: &Object) {
        for role in [Role::Update, Role::Replace] {
            let Some(one) = operation(self.run.api, at, role) else { continue };
            let (Some(name), Some(retrieve)) = (self.version_member(one), operation(self.run.api, at, Role::Retrieve))
            else {
                continue;
            };
            let mut statuses = self.declared(one).responses.iter().map(|one| one.status.as_str());
            if !statuses.any(|status| matches!(status, "409" | "412")) {
                continue;
            }
            let Some((media_type, pointer)) = self.content_media(self.declared(one)) else { continue };
            let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
            // A version that it had.
            let Look::There(first) = self.look(retrieve, object).await else { continue };
            let Some(stale) = first.get(&name).cloned() else { continue };
            let Some(other) = self.body_for(&pointer, object) else { continue };
            let changed = self.send(one, Arguments::at(&object.path).body(&media_type, other)).await;
            let (Look::There(before), true) = (self.look(retrieve, object).await, changed.is_success()) else {
                continue;
            };
            let Some(mut body) = self.body_for(&pointer, object).filter(|_| before.get(&name) != Some(&stale)) else {
                continue;
            };
            body[name.as_str()] = stale;
            if !self.proof().is_valid(Side::Request, &pointer, &body) {
                continue;
            }
            let arguments = Arguments { means_its_version: true, ..Arguments::at(&object.path) };
            let answer = self.send(one, arguments.body(&media_type, body)).await;
            let Look::There(after) = self.look(retrieve, object).await else { continue };
            let status = Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)));
            let changed = self.different(retrieve, &before, &after);
            let wrong = if answer.is_rejection() { changed } else { vec![status] };
            let declared = self.declared(one);
            let level = match self.run.api.schemas.merged(&pointer).required.contains(&name.as_str()) {
                true => Level::Must,
                false => Level::Should,
            };
            let statement = format!(
                "{} {} does nothing to another version than the `{name}` it names",
                declared.method, declared.path
            );
            let pointer = format!("{}/requestBody", declared.pointer);
            let rule = Rule::new(format!("{}.rejects-stale", declared.id), level, statement, pointer);
            self.judge(rule, &answer, "a 4XX response (409), and the object as it was", wrong);
        }
    }
}
