//! Changes to nothing: to zero, no, an empty text, an empty list, and to null.

use conformance_api::media::is_json;
use conformance_api::{Role, Side};
use serde_json::{Map, Value};

use super::operation;
use super::request::Arguments;
use super::session::{Object, Session};
use super::updates::names;

impl Session<'_> {
    /// Changes members to what some languages take for nothing: zero, no, an empty text, an empty list.
    pub(crate) async fn updates_to_nothing(
        &mut self,
        at: usize,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
    ) {
        let Some(mut body) = self.body_for(pointer, object) else { return };
        let shape = self.run.api.schemas.merged(pointer);
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let (mut is_changed, is_typed) = (false, is_json(media_type));
        for (name, property) in &shape.properties {
            let merged = self.run.api.schemas.merge_value(property);
            let is_id = object.ids.iter().any(|(id, _)| names(name, id));
            let nothing = match merged.kind() {
                _ if self.refers(name, &merged) => continue,
                _ if is_id || merged.read_only || !merged.choices.is_empty() || merged.enumeration.is_some() => {
                    continue;
                }
                Some("boolean") => Value::Bool(false),
                Some("integer" | "number") => 0.into(),
                // A form has no word for an empty list, and an empty text may take something away.
                Some("string") if is_typed && merged.format.is_none() => "".into(),
                Some("array") if is_typed => Value::Array(Vec::new()),
                _ => continue,
            };
            // What the response has no room for can't be shown.
            let bounds = self.shown(retrieve, name).bounds;
            let least = bounds.min_items.or(bounds.min_length).unwrap_or(0);
            if least > 0
                || bounds.minimum.is_some_and(|least| least > 0.0)
                || bounds.above.is_some_and(|above| above >= 0.0)
            {
                continue;
            }
            let before = body.get(*name).cloned();
            body[*name] = nothing;
            if self.proof().is_valid(Side::Request, pointer, &body) {
                is_changed = true;
            } else if let Some(before) = before {
                body[*name] = before;
            } else if let Some(members) = body.as_object_mut() {
                members.remove(*name);
            }
        }
        if !is_changed {
            return;
        }
        let answer = self.send(update, Arguments::at(&object.path).body(media_type, body.clone())).await;
        self.judge_no_error(update, &answer);
        if answer.is_success()
            && let Some((after, answer)) = self.current(at, object).await
        {
            self.shows(retrieve, &body, &after, &answer, "shows what an update changed");
        }
    }

    /// Takes away what may be null.
    pub(crate) async fn updates_to_null(
        &mut self,
        at: usize,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
    ) {
        const MOST: usize = 4;
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let Some((now, _)) = self.current(at, object).await else { return };
        if !is_json(media_type) {
            return;
        }
        let shape = self.run.api.schemas.merged(pointer);
        let comparable = self.comparable(retrieve);
        let is_there = |name: &str| now.get(name).is_some_and(|one| !one.is_null());
        // Where a response cannot tell null, null may stand for what is there.
        let can_be_null = |name: &str, property: &[&Value]| {
            let merged = self.run.api.schemas.merge_value(property);
            let is_both = merged.is_nullable() && self.shown(retrieve, name).is_nullable();
            is_both && !merged.read_only && merged.kind().is_some()
        };
        let names: Vec<String> = shape
            .properties
            .iter()
            .filter(|(name, property)| {
                is_there(name) && comparable.iter().any(|one| one == name) && can_be_null(name, property)
            })
            .map(|(name, _)| (*name).to_owned())
            .take(MOST)
            .collect();
        for name in names {
            let mut body = Value::Object(Map::from_iter([(name.clone(), Value::Null)]));
            if !self.proof().is_valid(Side::Request, pointer, &body) {
                let Some(whole) = self.body_for(pointer, object) else { return };
                body = whole;
                body[name.as_str()] = Value::Null;
            }
            if !self.proof().is_valid(Side::Request, pointer, &body) {
                continue;
            }
            let answer = self.send(update, Arguments::at(&object.path).body(media_type, body)).await;
            self.judge_no_error(update, &answer);
            if let (true, Some((after, answer))) = (answer.is_success(), self.current(at, object).await) {
                let sent = Value::Object(Map::from_iter([(name, Value::Null)]));
                self.shows(retrieve, &sent, &after, &answer, "shows what an update changed");
            }
        }
    }
}
