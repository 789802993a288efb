//! Objects below others are seen below their own parent, and nowhere else.

use conformance_api::Role;
use conformance_openapi::Operation as Declared;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::{creation, operation};

impl Session<'_> {
    /// Asks for what stands below a parent that there is not.
    pub(crate) async fn below_nobody(&mut self, at: usize) {
        let api = self.run.api;
        let Some(parent) = api.resources[at].parent else { return };
        let (Ok(mut path), Some(unknown)) = (self.above(parent).await, self.unknown_id(parent)) else { return };
        path.push(unknown);
        if path.len() != api.resources[at].collection.matches("{}").count() {
            return;
        }
        for role in [Role::List, Role::Create] {
            let Some(one) = operation(api, at, role) else { continue };
            self.rejects_unknown(one, &path, "below a parent that nobody has").await;
        }
    }

    /// Does something with an object that there is not.
    pub(crate) async fn acts_on_nobody(&mut self, at: usize, path: &[String]) {
        let api = self.run.api;
        let below = format!("{}/", api.resources[at].item);
        let is_below = |one: &usize| {
            let (operation, declared) = (&api.operations[*one], &api.document.operations[*one]);
            let is_read = declared.method == "GET" && conformance_api::path::plain(&declared.path).starts_with(&below);
            is_read || (operation.role == Role::Action && operation.resource == Some(at))
        };
        let actions: Vec<usize> = (0..api.operations.len()).filter(is_below).collect();
        for one in actions {
            let count = conformance_api::path::parameters(&self.declared(one).path).len();
            if count == path.len() {
                self.rejects_unknown(one, path, "on an object that nobody has").await;
            }
        }
    }

    /// Does what the run was allowed to do with an object of its own.
    pub(crate) async fn acts(&mut self, at: usize, object: &Object) {
        let api = self.run.api;
        for (one, declared) in api.document.operations.iter().enumerate() {
            let operation = &api.operations[one];
            let is_own = operation.role == Role::Action && operation.resource == Some(at);
            let count = conformance_api::path::parameters(&declared.path).len();
            if !is_own || count != object.path.len() || !self.run.options.allow.contains(&declared.id) {
                continue;
            }
            let mut arguments = Arguments::at(&object.path);
            if let Some((media_type, pointer)) = self.content_media(declared) {
                let Some(body) = self.plain_body(pointer) else { continue };
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, arguments).await;
            self.judge_documented(one, &answer);
            let shape = operation.success.shape.as_ref().and_then(|shape| shape.reference.clone());
            let own = api.resources[at].shape.as_ref().and_then(|shape| shape.reference.clone());
            let shown = self.object_in(one, &answer).and_then(|found| self.id_of(&api.resources[at], &found));
            let (true, Some(shown)) = (answer.is_success() && shape.is_some() && shape == own, shown) else { continue };
            let statement = format!("{} {} answers with the object that it is about", declared.method, declared.path);
            let rule = Rule::new(format!("{}.same-id", declared.id), Level::Must, statement, declared.pointer.clone());
            let wrong = if shown == object.id { Vec::new() } else { vec![Mismatch::of(format!("its id is {shown}"))] };
            self.judge(rule, &answer, format!("the object {}", object.id), wrong);
            self.stays_done(at, one, object, &answer).await;
        }
    }

    /// Whether what an action answered is what is read afterwards: in words and flags, for times and counts go on.
    async fn stays_done(&mut self, at: usize, action: usize, object: &Object, done: &Answer) {
        let Some(Value::Object(told)) = self.object_in(action, done).filter(|_| done.status != Some(202)) else {
            return;
        };
        let Some((found, answer)) = self.current(at, object).await else { return };
        let is_told = |value: &Value| {
            value.is_boolean() || value.as_str().is_some_and(|_| super::compare::moment(value).is_none())
        };
        let wrong: Vec<Mismatch> = told
            .iter()
            .filter(|(name, value)| is_told(value) && found.get(*name).is_some_and(|one| one != *value))
            .map(|(name, value)| Mismatch {
                place: format!("/{name}"),
                expected: Some(conformance_json::write(value)),
                found: found.get(name).map(conformance_json::write).unwrap_or_default(),
                ..Mismatch::default()
            })
            .collect();
        let declared = self.declared(action);
        let statement = format!("what {} {} answers is what is read afterwards", declared.method, declared.path);
        let rule = Rule::new(format!("{}.stays-done", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, &answer, "the object as the action answered it", wrong);
    }

    /// Whether members that are called as what stands in the path above an object say what stands there.
    pub(crate) fn names_its_parents(&mut self, at: usize, object: &Object, shown: &Value, answer: &Answer) {
        let declared = self.declared(at);
        let names = conformance_api::path::parameters(&declared.path);
        let own = usize::from(names.len() == object.path.len());
        let above = names.iter().take(names.len() - own).zip(&object.path);
        let (mut wrong, mut is_shown) = (Vec::new(), false);
        for (name, value) in above {
            // A name such as `id` is that of the object itself.
            if self.run.api.resources[object.resource].identity.iter().any(|one| one.name == **name) {
                continue;
            }
            // What the run was given may be a word for it: `me`.
            if self.run.options.with.iter().any(|(given, _)| given == name) {
                continue;
            }
            let schema = self.shown(at, name);
            let is_plain = schema.choices.is_empty() && matches!(schema.kind(), Some("string" | "integer"));
            let found = shown.get(*name).filter(|found| is_plain && (found.is_string() || found.is_number()));
            let Some(found) = found else { continue };
            is_shown = true;
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            if !text.eq_ignore_ascii_case(value) {
                let place = format!("/{name}");
                wrong.push(Mismatch { place, expected: Some(value.clone()), found: text, ..Mismatch::default() });
            }
        }
        if is_shown {
            let statement = format!("{} {} shows what the object stands below", declared.method, declared.path);
            let rule = Rule::new(
                format!("{}.names-its-parents", declared.id),
                Level::Must,
                statement,
                declared.pointer.clone(),
            );
            self.judge(rule, answer, "what stands in its path", wrong);
        }
    }

    async fn rejects_unknown(&mut self, at: usize, path: &[String], what: &str) {
        let declared = self.declared(at);
        let mut arguments = Arguments::at(path);
        if let Some((media_type, pointer)) = self.content_media(declared) {
            let Some(body) = self.plain_body(pointer) else { return };
            arguments = arguments.body(media_type, body);
        }
        let answer = self.send(at, arguments).await;
        let level = level_of_unknown(declared);
        let statement = format!("{} {} is rejected {what}", declared.method, declared.path);
        let rule = Rule::new(format!("{}.unknown-id", declared.id), level, statement, declared.pointer.clone());
        self.judge_rejected(rule, at, &answer);
    }

    /// Reads whatever stands below an object without an id of its own.
    pub(crate) async fn reads_below(&mut self, at: usize, object: &Object) {
        let api = self.run.api;
        let below = format!("{}/", api.resources[at].item);
        for (one, declared) in api.document.operations.iter().enumerate() {
            let path = conformance_api::path::plain(&declared.path);
            let is_below = path.strip_prefix(&below).is_some_and(|rest| !rest.contains(['{', '#']));
            if declared.method != "GET" || !is_below || *self.run.stop.borrow() {
                continue;
            }
            let answer = self.send(one, Arguments::at(&object.path)).await;
            // Nothing may be there yet.
            if !answer.is_rejection() {
                self.judge_documented(one, &answer);
            }
        }
    }

    /// Makes an object below one parent, and looks for it below another.
    pub(crate) async fn below_its_own(&mut self, at: usize) {
        let api = self.run.api;
        let Some(parent) = api.resources[at].parent.filter(|parent| self.can_create(*parent)) else { return };
        if !self.can_create(at) {
            return;
        }
        let Ok(object) = self.create(at).await else { return };
        let Ok(other) = self.create(parent).await else { return };
        let until = other.path.len();
        let elsewhere: Vec<String> =
            other.path.iter().chain(&object.path[until.min(object.path.len())..]).cloned().collect();
        if elsewhere.len() != object.path.len() || elsewhere == object.path {
            return;
        }
        let mut level = Level::Must;
        if let Some(retrieve) = operation(api, at, Role::Retrieve) {
            let answer = self.send(retrieve, Arguments::at(&elsewhere)).await;
            self.judge_rejected(self.own_parent_rule(retrieve, Level::Should, "shows nothing"), retrieve, &answer);
            // A server that reads objects by their own ids alone does the rest by them, too.
            level = if answer.is_rejection() { Level::Must } else { Level::Should };
        }
        self.lists_its_own(at, &object, &elsewhere).await;
        self.does_nothing_elsewhere(at, &object, &elsewhere, level).await;
        self.goes_with_its_parent(at, &object, until).await;
    }

    fn own_parent_rule(&self, at: usize, level: Level, what: &str) -> Rule {
        let declared = self.declared(at);
        let statement = format!("{} {} {what} below another parent", declared.method, declared.path);
        Rule::new(format!("{}.own-parent", declared.id), level, statement, declared.pointer.clone())
    }

    async fn lists_its_own(&mut self, at: usize, object: &Object, elsewhere: &[String]) {
        let list = operation(self.run.api, at, Role::List).filter(|list| !self.is_filtered(*list));
        let Some(list) = list else { return };
        let walk = self.walk(list, &elsewhere[..elsewhere.len() - 1], None).await;
        let Some(answer) = walk.last.clone().filter(Answer::is_success) else { return };
        let rule = self.own_parent_rule(list, Level::Must, "lists nothing that stands");
        let wrong = if walk.items.iter().any(|item| Self::is_same(item, object)) {
            vec![Mismatch::of(format!("{} is there, which stands below another one", object.id))]
        } else {
            Vec::new()
        };
        self.judge(rule, &answer, "none of another parent's objects", wrong);
    }

    /// Whether an object is neither changed nor deleted by its id below another parent.
    async fn does_nothing_elsewhere(&mut self, at: usize, object: &Object, elsewhere: &[String], level: Level) {
        let api = self.run.api;
        let Some(retrieve) = operation(api, at, Role::Retrieve) else { return };
        for role in [Role::Update, Role::Replace, Role::Delete] {
            // What is put under a name that the client gives is another object.
            let is_given = role == Role::Replace && api.resources[at].identity.first().is_none_or(|one| one.is_given);
            let makes = |one: usize| self.declared(one).responses.iter().any(|response| response.status == "201");
            let is_meant = |one: &usize| creation(api, at) != Some(*one) && !makes(*one) && !is_given;
            let Some(one) = operation(api, at, role).filter(is_meant) else { continue };
            let mut arguments = Arguments::at(elsewhere);
            if let Some((media_type, pointer)) = self.content_media(self.declared(one)) {
                let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
                let Some(body) = self.body_for(&pointer, object) else { continue };
                arguments = arguments.body(&media_type, body);
            }
            let Some((before, _)) = self.current(at, object).await else { return };
            let answer = self.send(one, arguments).await;
            // Some call it a success to delete what there is not.
            let of_answer = level_of_unknown(self.declared(one)).min(level);
            self.judge_rejected(self.own_parent_rule(one, of_answer, "does nothing to what stands"), one, &answer);
            let after = self.send(retrieve, Arguments::at(&object.path)).await;
            if matches!(after.status, Some(404 | 410)) {
                self.forget(object);
            }
            let found = self.object_in(retrieve, &after).filter(|_| after.is_success());
            let gone = || vec![Mismatch::of("it is gone")];
            let wrong = found.map_or_else(gone, |found| self.changed(retrieve, one, &before, &found));
            let rule = self.own_parent_rule(one, level, "leaves alone what does not stand");
            self.judge(rule, &after, "the object as it was", wrong);
        }
    }

    /// Whether an object is gone when what it stands below is.
    async fn goes_with_its_parent(&mut self, at: usize, object: &Object, until: usize) {
        let api = self.run.api;
        let Some(parent) = api.resources[at].parent else { return };
        let is_parent = |one: &&Object| one.resource == parent && one.path == object.path[..until];
        let Some(above) = self.there.iter().find(is_parent).cloned() else { return };
        let (Some(delete), Some(seen)) = (operation(api, parent, Role::Delete), operation(api, parent, Role::Retrieve))
        else {
            return;
        };
        // What holds something may not be deleted, or later.
        let answer = self.send(delete, Arguments::at(&above.path)).await;
        if !answer.is_success() || answer.status == Some(202) {
            return;
        }
        let gone = self.send(seen, Arguments::at(&above.path)).await;
        if !gone.is_rejection() {
            return;
        }
        self.forget(&above);
        for role in [Role::Retrieve, Role::List] {
            let Some(one) = operation(api, at, role) else { continue };
            let path = if role == Role::List { &object.path[..object.path.len() - 1] } else { &object.path };
            let answer = self.send(one, Arguments::at(path)).await;
            let declared = self.declared(one);
            let statement = format!("{} {} finds nothing below what was deleted", declared.method, declared.path);
            let level = level_of_unknown(declared);
            let id = format!("{}.gone-with-parent", declared.id);
            self.judge_rejected(Rule::new(id, level, statement, declared.pointer.clone()), one, &answer);
            if role == Role::Retrieve && answer.is_rejection() {
                self.forget(object);
            }
        }
    }
}

/// Whether a document has a response for what there is not.
pub(crate) fn level_of_unknown(declared: &Declared) -> Level {
    let documented = declared.responses.iter().any(|one| matches!(one.status.as_str(), "404" | "410" | "4XX"));
    if documented { Level::Must } else { Level::Should }
}
