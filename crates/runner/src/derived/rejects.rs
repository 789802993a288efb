//! Bodies that break one documented rule each are rejected, and change nothing.

use conformance_api::Role;
use conformance_api::media::is_json;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::broken::{Broken, Form};
use super::check::Rule;
use super::compare::agrees;
use super::request::{Arguments, Content};
use super::session::{Answer, Object, Session};
use super::{creation, operation};

/// So many rules of one body are tried.
const MOST: usize = 150;

impl Session<'_> {
    pub(crate) async fn rejects(&mut self, at: usize) {
        let api = self.run.api;
        let Some(create) = creation(api, at) else { return };
        let (id, pointer_of) = (self.declared(create).id.clone(), self.declared(create).pointer.clone());
        let Some((media_type, pointer)) = self.content_media(self.declared(create)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let what = format!("{} {}", self.declared(create).method, self.declared(create).path);
        let rule = |name: &str, statement: String| {
            Rule::new(format!("{id}.{name}"), Level::Must, statement, format!("{pointer_of}/requestBody"))
        };
        // The control: a body that differs in nothing but the broken rule is accepted.
        let control = match self.create(at).await {
            Ok(object) => object,
            Err(why) => {
                return self
                    .skip(rule("rejects-wrong-bodies", format!("{what} rejects bodies that break its schema")), why);
            }
        };
        let above = control.path[..control.path.len() - 1].to_vec();
        // A second one shows whether some members must differ: what is rejected for that says nothing of other rules.
        if self.may_conflict(&pointer, &control.sent) {
            let _ = self.create_at(at, &above).await;
        }
        let Some(rejected) = self.sends_broken(at, create, &control).await else { return };
        self.sends_wrong_envelopes(at, create, &control).await;
        if is_json(&media_type) {
            let place = self.place_for_new(at, create, &above).await;
            let malformed = Arguments {
                body: Some((media_type.clone(), Content::Text("{\"a\": ".to_owned()))),
                ..Arguments::at(&place)
            };
            let answer = self.send(create, malformed).await;
            self.judge_rejected(rule("rejects-malformed", format!("{what} rejects what is not JSON")), create, &answer);
            let _ = if answer.is_success() {
                self.made(at, create, &place, Value::Null, &answer).map(drop)
            } else {
                Ok(())
            };
            self.odd_bodies(at, create, &above).await;
        }
        self.odd_media(at, create, &above).await;
        self.wrong_names(at, create, &above).await;
        self.missing_fields(at, create, &above).await;
        self.creates_nothing(at, create, &control, &rejected).await;
        self.rejects_duplicates(at, &above, &control).await;
        self.rejects_dangling(at, &above).await;
        self.keeps_texts(at, create, &above).await;
        self.creates_its_own(at, &above).await;
        self.accepts_bounds(at, (create, &above, &media_type, &pointer), &control).await;
        for role in [Role::Update, Role::Replace] {
            self.rejects_changes(at, role, &control).await;
        }
    }

    /// Sends bodies that are wrong; those that were rejected. None when the run shall end, or the server fails at everything.
    async fn sends_broken(&mut self, at: usize, create: usize, control: &Object) -> Option<Vec<Value>> {
        let (media_type, pointer) = self.content_media(self.declared(create))?;
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let kinds = Form { is_typed: is_json(&media_type), is_required: self.needs_body(create) };
        let mut rejected = Vec::new();
        let excluded = self.excluded_bodies(at, &pointer, &control.sent);
        for one in self.broken_bodies(&pointer, &control.sent, kinds).into_iter().chain(excluded).take(MOST) {
            let one = Broken { body: self.freshened(&pointer, one.body, &control.sent), ..one };
            if self.failures > 5 || *self.run.stop.borrow() {
                return None;
            }
            let place = self.place_for_new(at, create, &control.path[..control.path.len() - 1]).await;
            let answer = self.send(create, Arguments::at(&place).body(&media_type, one.body.clone())).await;
            let rule = self.rejects_rule(create, &one, &control.sent, &answer);
            self.judge_rejected(rule, create, &answer);
            // What was accepted is there, whatever should have been.
            if answer.is_success() {
                let _ = self.made(at, create, &place, one.body, &answer);
            } else if answer.is_rejection() {
                self.is_not_there(at, create, &place, &one.body).await;
                rejected.push(one.body);
            }
        }
        Some(rejected)
    }

    /// Sends an object's members in envelopes that are wrong: what should be around them is missing, null or of another type.
    async fn sends_wrong_envelopes(&mut self, at: usize, create: usize, control: &Object) {
        let (api, declared) = (self.run.api, self.declared(create));
        let Some((media_type, whole)) = Self::body_media(declared) else { return };
        let Some(envelope) = api.envelopes.get(whole) else { return };
        let place = self.place_for_new(at, create, &control.path[..control.path.len() - 1]).await;
        for broken in self.broken_envelopes(whole, envelope, &self.enclosed(declared, &place, &control.sent)) {
            let body = Some((media_type.to_owned(), Content::Whole(broken.body)));
            let answer = self.send(create, Arguments { body, ..Arguments::at(&place) }).await;
            let statement = format!("{} {} rejects a body in which {}", declared.method, declared.path, broken.what);
            let pointer = format!("{}/requestBody", declared.pointer);
            let rule = Rule::new(format!("{}.rejects-wrong-bodies", declared.id), Level::Must, statement, pointer);
            self.judge_rejected(rule, create, &answer);
            if answer.is_success() {
                let _ = self.made(at, create, &place, control.sent.clone(), &answer);
            }
        }
    }

    fn needs_body(&self, at: usize) -> bool {
        self.declared(at).body.as_ref().is_some_and(|body| body.required)
    }

    /// What was rejected is not in the list: neither one more with the control's text, nor one that is as a rejected body.
    async fn creates_nothing(&mut self, at: usize, create: usize, control: &Object, rejected: &[Value]) {
        let api = self.run.api;
        let Some(list) = operation(api, at, Role::List).filter(|list| !self.is_filtered(*list)) else { return };
        let Some((_, pointer)) = self.content_media(self.declared(create)) else { return };
        let shown = self.comparable(list);
        let free = self.free_members(pointer).into_iter().map(|one| one.name).find(|name| shown.contains(name));
        let text = free.as_ref().and_then(|name| Some((name.clone(), control.sent.get(name)?.clone())));
        let walk = self.walk(list, &control.path[..control.path.len() - 1], None).await;
        let (Some(answer), true) = (walk.last.clone(), walk.is_whole) else { return };
        let mut wrong = Vec::new();
        if let Some((name, text)) = &text {
            let made = self.made_with(name, text);
            let count = walk.items.iter().filter(|item| item.get(name) == Some(text)).count();
            if count > made {
                let found = format!("{count} objects have the text of requests of which {made} were accepted");
                wrong.push(Mismatch::of(found));
            }
        }
        let accepted: Vec<Value> = self.there.iter().map(|one| one.sent.clone()).collect();
        let foreign: Vec<&Value> =
            walk.items.iter().filter(|item| !self.there.iter().any(|one| Self::is_same(item, one))).collect();
        for body in rejected.iter().filter(|body| is_told_apart(body, &accepted)) {
            if foreign.iter().any(|item| is_shown(body, item, &shown)) {
                wrong.push(Mismatch::of(format!("there is one as it was sent: {}", conformance_json::write(body))));
            }
        }
        self.judge(self.does_nothing_rule(create), &answer, "only what was accepted", wrong);
    }

    fn does_nothing_rule(&self, create: usize) -> Rule {
        let declared = self.declared(create);
        let statement = format!("{} {} creates nothing when it rejects", declared.method, declared.path);
        Rule::new(
            format!("{}.rejection-does-nothing", declared.id),
            Level::Must,
            statement,
            format!("{}/requestBody", declared.pointer),
        )
    }

    /// What was rejected under a name that the client gives is not found by it.
    async fn is_not_there(&mut self, at: usize, create: usize, place: &[String], sent: &Value) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        if !self.run.api.operations[create].is_item {
            return;
        }
        let answer = self.send(retrieve, Arguments::at(place)).await;
        let wrong = if answer.is_success() { vec![Mismatch::of("it is there")] } else { Vec::new() };
        self.judge(self.does_nothing_rule(create), &answer, "nothing under the name of what was rejected", wrong);
        if answer.is_success() {
            let _ = self.made(at, create, place, sent.clone(), &answer);
        }
    }

    /// What is just within a documented bound is accepted, and kept as it was sent.
    async fn accepts_bounds(
        &mut self,
        at: usize,
        (create, above, media_type, pointer): (usize, &[String], &str, &str),
        control: &Object,
    ) {
        let declared = self.declared(create);
        let what = format!("{} {}", declared.method, declared.path);
        let rule = |name: &str, statement: String| {
            Rule::new(
                format!("{}.{name}", declared.id),
                Level::Must,
                statement,
                format!("{}/requestBody", declared.pointer),
            )
        };
        let least = self.least_body(pointer, &control.sent).map(|body| {
            let what = "nothing stands but what is required".to_owned();
            (String::new(), Broken { what, body, level: Level::Must })
        });
        for (member, one) in self.bound_bodies(pointer, &control.sent).into_iter().chain(least) {
            let one = Broken { body: self.freshened(pointer, one.body, &control.sent), ..one };
            let place = self.place_for_new(at, create, above).await;
            let answer = self.send(create, Arguments::at(&place).body(media_type, one.body.clone())).await;
            // There is such a one already.
            if answer.status == Some(409) {
                continue;
            }
            // A quota, or another rule of the server's own: then it rejects the control, too.
            if answer.is_rejection() && self.create_at(at, above).await.is_err() {
                return;
            }
            let wrong = answer.otherwise_than_success();
            if one.level == Level::Must {
                let statement = format!("{what} accepts a body in which {}", one.what);
                self.judge(rule("accepts-bounds", statement), &answer, "a 2XX response", wrong);
            }
            let Ok(object) = self.made(at, create, &place, one.body, &answer) else { continue };
            self.judge_documented(create, &answer);
            if member.is_empty() {
                self.has_defaults(at, create, pointer, &object).await;
            }
            let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { continue };
            let read = self.send(retrieve, Arguments::at(&object.path)).await;
            if read.is_success() {
                self.judge_documented(retrieve, &read);
            }
            self.keeps_bound(create, retrieve, (&member, &one.what), &object, &read);
        }
    }

    /// Whether a member at its bound is read as it was sent.
    fn keeps_bound(
        &mut self,
        create: usize,
        retrieve: usize,
        (member, what): (&str, &str),
        object: &Object,
        read: &Answer,
    ) {
        let Some(found) = self.object_in(retrieve, read).filter(|_| read.is_success()) else { return };
        // Null may stand for whatever a server takes when nothing is said, and nothing for null where a text is empty.
        let place = format!("/{member}");
        let sent = object.sent.pointer(&place).filter(|sent| !sent.is_null());
        let Some(sent) = sent else { return };
        // What stands deeper is the same only where both sides describe it alike.
        let outer = member.split('/').next().unwrap_or(member);
        if (outer != member || sent.is_array()) && !self.comparable(retrieve).iter().any(|one| one == outer) {
            return;
        }
        // Where the object around it was sent and is null, it is lost with it.
        let above = place.rsplit_once('/').map_or("", |(above, _)| above);
        let lost = found.pointer(above).filter(|around| around.is_null() && !above.is_empty());
        let Some(kept) = found.pointer(&place).or(lost) else { return };
        let is_nothing = kept.is_null() && sent.is_string();
        if is_nothing || kept.is_object() || kept.is_array() != sent.is_array() {
            return;
        }
        let wrong = if agrees(sent, kept, None) {
            Vec::new()
        } else {
            let found = conformance_json::write(kept);
            vec![Mismatch { place, found, ..Mismatch::default() }]
        };
        let declared = self.declared(create);
        let statement = format!("what {} {} accepted is kept: {what}", declared.method, declared.path);
        let pointer = format!("{}/requestBody", declared.pointer);
        let rule = Rule::new(format!("{}.keeps-bounds", declared.id), Level::Must, statement, pointer);
        self.judge(rule, read, "the value that was sent", wrong);
    }

    /// What is left out has the documented default.
    async fn has_defaults(&mut self, at: usize, create: usize, pointer: &str, object: &Object) {
        let Some((found, answer)) = self.current(at, object).await else { return };
        let shape = self.run.api.schemas.merged(pointer);
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let shown = self.comparable(retrieve);
        let defaults: serde_json::Map<String, Value> = shape
            .properties
            .iter()
            .filter(|(name, _)| object.sent.get(*name).is_none() && shown.iter().any(|one| one == name))
            .filter_map(|(name, property)| {
                Some((
                    (*name).to_owned(),
                    self.run.api.schemas.merge(property).default.filter(|one| !one.is_null())?.clone(),
                ))
            })
            .collect();
        if defaults.is_empty() {
            return;
        }
        let declared = self.declared(create);
        let statement = format!("{} {} gives documented defaults to what is left out", declared.method, declared.path);
        let pointer = format!("{}/requestBody", declared.pointer);
        let rule = Rule::new(format!("{}.defaults", declared.id), Level::Must, statement, pointer);
        let wrong = self.different(retrieve, &Value::Object(defaults), &found);
        self.judge(rule, &answer, "the defaults", wrong);
    }

    /// The same of what changes an object, or puts another in its place.
    async fn rejects_changes(&mut self, at: usize, role: Role, object: &Object) {
        let Some(update) = operation(self.run.api, at, role) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(update)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some(valid) = self.body_for(&pointer, object).map(|body| self.filled(&pointer, body, &object.sent)) else {
            return;
        };
        let control = self.send(update, Arguments::at(&object.path).body(&media_type, valid.clone())).await;
        if !control.is_success() {
            return;
        }
        self.accepts_changes(update, (&media_type, &pointer), object, &valid).await;
        let before = self.current(at, object).await;
        let mut all_rejected = true;
        let kinds = Form { is_typed: is_json(&media_type), is_required: self.needs_body(update) };
        let excluded = self.excluded_bodies(at, &pointer, &valid);
        for one in self.broken_bodies(&pointer, &valid, kinds).into_iter().chain(excluded).take(MOST) {
            let answer = self.send(update, Arguments::at(&object.path).body(&media_type, one.body.clone())).await;
            let rule = self.rejects_rule(update, &one, &valid, &answer);
            self.judge_rejected(rule, update, &answer);
            all_rejected &= answer.is_rejection();
            // What was taken by mistake is undone, for the next one to be judged by itself.
            if answer.is_success() {
                let again = Arguments::at(&object.path).body(&media_type, valid.clone());
                let _ = self.send(update, again).await;
            }
        }
        let (true, Some((before, _)), Some((after, answer))) = (all_rejected, before, self.current(at, object).await)
        else {
            return;
        };
        let declared = self.declared(update);
        let statement = format!("{} {} changes nothing when it rejects", declared.method, declared.path);
        let rule = Rule::new(
            format!("{}.rejection-does-nothing", declared.id),
            Level::Must,
            statement,
            format!("{}/requestBody", declared.pointer),
        );
        let wrong = self.different(update, &before, &after);
        self.judge(rule, &answer, "the object as it was", wrong);
    }

    /// What is just within a documented bound is accepted of a change, too.
    async fn accepts_changes(
        &mut self,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
        valid: &Value,
    ) {
        let declared = self.declared(update);
        let bounds = self.bound_bodies(pointer, valid).into_iter().map(|(_, one)| one);
        for one in bounds.filter(|one| one.level == Level::Must) {
            let answer = self.send(update, Arguments::at(&object.path).body(media_type, one.body)).await;
            let again = Arguments::at(&object.path).body(media_type, valid.clone());
            if answer.is_rejection() && (answer.status == Some(409) || !self.send(update, again).await.is_success()) {
                continue;
            }
            let statement = format!("{} {} accepts a body in which {}", declared.method, declared.path, one.what);
            let rule = Rule::new(
                format!("{}.accepts-bounds", declared.id),
                Level::Must,
                statement,
                format!("{}/requestBody", declared.pointer),
            );
            let wrong = answer.otherwise_than_success();
            self.judge(rule, &answer, "a 2XX response", wrong);
        }
    }
}

/// Whether a body has a text that no accepted one has in the same place: by it, it is known.
fn is_told_apart(body: &Value, accepted: &[Value]) -> bool {
    let mut members = body.as_object().into_iter().flatten();
    members.any(|(name, value)| {
        let is_long = value.as_str().is_some_and(|text| text.chars().count() > 7);
        is_long && !accepted.iter().any(|one| one.get(name) == Some(value))
    })
}

/// Whether an item shows every text of a body that it can show.
fn is_shown(body: &Value, item: &Value, shown: &[String]) -> bool {
    let mut texts = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| shown.contains(name) && value.is_string())
        .peekable();
    texts.peek().is_some() && texts.all(|(name, value)| item.get(name) == Some(value))
}
