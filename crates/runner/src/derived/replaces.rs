//! What is put in the place of what was there: the whole of it, and nothing of what was there before.

use conformance_api::{Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::{Object, Session};
use super::updates::names;

impl Session<'_> {
    /// A whole new representation takes the place of the old one.
    pub(crate) async fn replaces(&mut self, at: usize, object: &Object, witnesses: &[(Object, Value)]) {
        let Some(replace) = operation(self.run.api, at, Role::Replace) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(replace)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some(body) = self.body_for(&pointer, object) else { return };
        let body = self.with_telling_lists(&pointer, body);
        let before = self.current(at, object).await;
        let answer = self.send(replace, Arguments::at(&object.path).body(&media_type, body.clone())).await;
        if answer.is_rejection() {
            return;
        }
        self.judge_documented(replace, &answer);
        if !answer.is_success() {
            return;
        }
        if before.is_some() {
            self.says_what_it_did(replace, &answer, false);
        }
        if let Some(found) = self.object_in(replace, &answer).filter(|_| answer.json.is_some()) {
            self.shows(replace, &body, &found, &answer, "shows what was put");
        }
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let Some((after, answer)) = self.current(at, object).await else { return };
        self.shows(retrieve, &body, &after, &answer, "shows what was put");
        self.replaces_the_whole(at, replace, (&media_type, &pointer), object, (&body, &after)).await;
        if let Some((before, _)) = before {
            self.keeps_time(replace, &before, &after, &answer);
            self.updates_all(at, replace, (&media_type, &pointer), object).await;
            self.are_untouched(at, Role::Replace, witnesses).await;
            self.moves_time(at, replace, (&media_type, &pointer), object, (&before, &after)).await;
        }
        self.updates_to_null(at, replace, (&media_type, &pointer), object).await;
    }

    /// What a later representation leaves out is not there any more (RFC 9110, 9.3.4): texts of ours that were shown.
    pub(crate) async fn replaces_the_whole(
        &mut self,
        at: usize,
        replace: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
        (put, shown): (&Value, &Value),
    ) {
        let required = self.run.api.schemas.merged(pointer).required;
        // What stands there by default may well stand there again.
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        let default = |name: &str| shape.property(name).and_then(|one| schemas.merge_value(one).default);
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let response = self.run.api.operations[retrieve].success.shape.as_ref();
        let response = response.map(|shape| schemas.merge(&conformance_api::envelope::members(schemas, shape)));
        let can_be_absent = |name: &str| response.as_ref().is_some_and(|one| !one.required.contains(&name));
        let is_ours = |name: &str, value: &Value| match value {
            Value::String(text) => text.starts_with("conformance-"),
            Value::Array(items) => !items.is_empty() && default(name) != Some(value) && can_be_absent(name),
            _ => false,
        };
        let members = put.as_object().into_iter().flatten();
        let optional = members.filter(|(name, value)| {
            let is_id = object.ids.iter().any(|(id, _)| names(name, id));
            !is_id
                && !required.contains(&name.as_str())
                && is_ours(name, value)
                && shown.get(name.as_str()) == Some(*value)
        });
        let left_out: Vec<(String, Value)> = optional.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut lesser = put.clone();
        if let Some(members) = lesser.as_object_mut() {
            left_out.iter().for_each(|(name, _)| drop(members.shift_remove(name)));
        }
        if left_out.is_empty() || !self.proof().is_valid(Side::Request, pointer, &lesser) {
            return;
        }
        let answer = self.send(replace, Arguments::at(&object.path).body(media_type, lesser)).await;
        if !answer.is_success() {
            return;
        }
        let Some((after, answer)) = self.current(at, object).await else { return };
        let still = left_out.iter().filter(|(name, value)| after.get(name) == Some(value));
        let wrong = still.map(|(name, value)| Mismatch {
            place: format!("/{name}"),
            found: format!("it is still {value}, though what was put has no `{name}`"),
            ..Mismatch::default()
        });
        let declared = self.declared(replace);
        let statement = format!("{} {} puts the whole in the place of what was there", declared.method, declared.path);
        let rule = Rule::new(format!("{}.replaces", declared.id), Level::Should, statement, declared.pointer.clone());
        self.judge(rule, &answer, "what was put, and nothing of what was there before", wrong.collect());
    }
}
