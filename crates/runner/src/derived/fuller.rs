//! Bodies with all that a document names, of values that show what becomes of them: flags that are not what they are by
//! default, several items in no order, letters of both cases.

use conformance_api::sample::{Extent, Sampler};
use conformance_api::{Merged, Role, Side};
use conformance_record::Level;
use serde_json::Value;

use super::check::Rule;
use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::values::different_items;
use super::{creation, operation};

/// So often is a body tried again without what was wrong with it.
const RETRIES: usize = 4;

impl Session<'_> {
    /// Creates an object with all its members, and holds it to what was sent; where the server rejects that, one like others.
    pub(crate) async fn create_full(&mut self, at: usize, above: &[String]) -> Result<Object, String> {
        let Some(create) = creation(self.run.api, at) else { return self.create_at(at, above).await };
        let Some((media_type, pointer)) = self.content_media(self.declared(create)) else {
            return self.create_at(at, above).await;
        };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some(valid) = self.valid_body(&pointer) else { return self.create_at(at, above).await };
        let place = self.place_for_new(at, create, above).await;
        let valid = self.named_as(at, create, &pointer, &place, valid);
        let full = self.full_body(at, create, &pointer, valid.clone()).await;
        if full == valid {
            return self.create_at(at, above).await;
        }
        let mut full = full;
        let mut answer = self.send(create, Arguments::at(&place).body(&media_type, full.clone())).await;
        self.judge_no_error(create, &answer);
        // What a rejection speaks of is left out: the others may be taken.
        for _ in 0..RETRIES {
            let Some(less) = self.without_what_is_told(&pointer, &full, &answer) else { break };
            full = less;
            answer = self.send(create, Arguments::at(&place).body(&media_type, full.clone())).await;
        }
        if !answer.is_success() {
            return self.create_at(at, above).await;
        }
        let object = self.made(at, create, &place, full.clone(), &answer)?;
        self.judge_documented(create, &answer);
        if let (Some(retrieve), Some((found, answer))) =
            (operation(self.run.api, at, Role::Retrieve), self.current(at, &object).await)
        {
            // Some members mean something beside others only: what is not kept need not be a fault.
            let wrong = self.different(retrieve, &full, &found);
            let declared = self.declared(create);
            let statement = format!("{} {} keeps all that may be sent", declared.method, declared.path);
            let id = format!("{}.keeps-all-that-was-sent", declared.id);
            let rule = Rule::new(id, Level::Should, statement, format!("{}/requestBody", declared.pointer));
            self.judge(rule, &answer, "the members that were sent, as they were sent", wrong);
        }
        Ok(object)
    }

    /// A body without the optional members that the response names which rejected it; none where it names none.
    fn without_what_is_told(&self, pointer: &str, body: &Value, answer: &Answer) -> Option<Value> {
        if !answer.is_rejection() {
            return None;
        }
        let words = self.words_of(answer);
        let shape = self.run.api.schemas.merged(pointer);
        let is_told = |name: &str| {
            let mut named = words.split(|one: char| !(one.is_alphanumeric() || one == '_' || one == '-'));
            !shape.required.contains(&name) && named.any(|word| word == name)
        };
        let mut less = body.clone();
        less.as_object_mut()?.retain(|name, _| !is_told(name));
        (less != *body && self.proof().is_valid(Side::Request, pointer, &less)).then_some(less)
    }

    /// A body with what may stand in it besides, as far as it can be made up.
    async fn full_body(&mut self, at: usize, create: usize, pointer: &str, mut body: Value) -> Value {
        let api = self.run.api;
        let shape = api.schemas.merged(pointer);
        if !shape.choices.is_empty() {
            return body;
        }
        for (name, property) in &shape.properties {
            let merged = api.schemas.merge_value(property);
            let is_id = api.resources[at].identity.iter().any(|one| one.name == *name);
            if merged.read_only || !merged.choices.is_empty() || is_id {
                continue;
            }
            let value = if self.refers(name, &merged) {
                match self.reference(at, create, name, &merged).await {
                    Some(id) => Some(id),
                    None => continue,
                }
            } else {
                let now = body.get(*name).cloned().or_else(|| self.sample_of(name, property));
                now.map(|now| self.telling(&merged, now))
            };
            if let Some(value) = value {
                self.put(pointer, &mut body, name, value);
            }
        }
        body
    }

    /// A body whose lists hold several items, which no server makes up.
    pub(crate) fn with_telling_lists(&self, pointer: &str, mut body: Value) -> Value {
        let shape = self.run.api.schemas.merged(pointer);
        for (name, property) in &shape.properties {
            let merged = self.run.api.schemas.merge_value(property);
            if let Some(list) = body.get(*name).filter(|one| one.is_array()).cloned() {
                self.put(pointer, &mut body, name, self.telling(&merged, list));
            }
        }
        body
    }

    /// Puts a member into a body, where it may stand there.
    fn put(&self, pointer: &str, body: &mut Value, name: &str, value: Value) {
        let before = body.clone();
        body[name] = value;
        if !self.proof().is_valid(Side::Request, pointer, body) {
            *body = before;
        }
    }

    fn sample_of(&self, name: &str, property: &[&Value]) -> Option<Value> {
        let schemas = &self.run.api.schemas;
        let sampler = Sampler { schemas, side: Side::Request, extent: Extent::Full, variant: 0, examples: true };
        sampler.sample_named(property, name)
    }

    /// A value that shows whether it was kept: not the default, several items, letters of both cases.
    fn telling(&self, merged: &Merged<'_>, now: Value) -> Value {
        let schemas = &self.run.api.schemas;
        match (now, merged.kind()) {
            (Value::Bool(_), _) => (merged.default != Some(&Value::Bool(true))).into(),
            (now, Some("string")) if merged.default == Some(&now) => {
                let others = merged.enumeration.iter().flatten().find(|one| ***one != now && one.is_string());
                others.map_or(now, |other| (*other).clone())
            }
            (Value::Array(items), _) => {
                let of_items = merged.items.map(|items| schemas.merge_value(&[items])).unwrap_or_default();
                let most = merged.bounds.max_items.unwrap_or(3).min(3);
                match (items.first(), different_items(&of_items, most)) {
                    (_, Some(several)) if of_items.examples.is_empty() && merged.examples.is_empty() => several.into(),
                    (Some(first @ Value::Object(_)), _) if items.len() == 1 && most > 1 => {
                        vec![first.clone(), self.another_item(&of_items, first)].into()
                    }
                    _ => items.into(),
                }
            }
            (Value::Object(mut members), _) if merged.choices.is_empty() => {
                for (name, property) in &merged.properties {
                    let inner = schemas.merge_value(property);
                    if inner.read_only || !inner.choices.is_empty() || members.contains_key(*name) {
                        continue;
                    }
                    if let Some(value) = self.sample_of(name, property).filter(|one| !one.is_null()) {
                        members.insert((*name).to_owned(), value);
                    }
                }
                Value::Object(members)
            }
            (now, _) => now,
        }
    }

    /// An item like another one, with other texts where any will do.
    fn another_item(&self, of_items: &Merged<'_>, first: &Value) -> Value {
        let mut other = first.clone();
        for (name, value) in other.as_object_mut().into_iter().flatten() {
            let merged =
                of_items.property(name).map(|property| self.run.api.schemas.merge_value(property)).unwrap_or_default();
            let is_free = merged.enumeration.is_none() && merged.format.is_none() && merged.patterns.is_empty();
            if value.is_string() && is_free && merged.bounds.max_length.is_none_or(|most| most >= 5) {
                // A text, though it looks like a number.
                *value = "00700".into();
            }
        }
        other
    }
}
