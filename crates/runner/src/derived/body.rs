//! Valid bodies, each unlike the others.

use conformance_api::{Merged, Schemas, Side};
use serde_json::Value;

use super::session::Session;
use super::values::whole;

/// A member of a body that takes any short text.
#[derive(Clone, Debug)]
pub(crate) struct Free {
    pub name: String,
}

impl Session<'_> {
    /// A valid body for the schema: the document's example of it, if there is one.
    pub(crate) fn plain_body(&self, pointer: &str) -> Option<Value> {
        let enclosing = self.run.api.envelopes.iter().filter(|(_, one)| one.content == pointer);
        let enclosed =
            enclosing.flat_map(|(whole, one)| self.examples_of(whole).into_iter().filter_map(|all| one.open(all)));
        let example = (self.examples_of(pointer).into_iter().chain(enclosed))
            .find(|one| one.is_object() && self.run.proof.is_valid(Side::Request, pointer, one));
        let made = || Some(self.run.proof.body(Side::Request, pointer, &[])?.value.clone());
        example.cloned().or_else(made).map(|body| self.as_learnt(pointer, body))
    }

    /// A valid body for the schema, with a text that nobody else sends where one fits.
    pub(crate) fn valid_body(&mut self, pointer: &str) -> Option<Value> {
        let mut body = self.plain_body(pointer)?;
        for free in self.free_members(pointer) {
            let text = self.word();
            let before = body.clone();
            body[free.name.as_str()] = text.into();
            if !self.run.proof.is_valid(Side::Request, pointer, &body) {
                body = before;
            }
        }
        // An id that nobody else gives, where clients say which object it is.
        let id = self.run.api.schemas.merged(pointer).property("id").map(|one| self.run.api.schemas.merge(one));
        let given = id.filter(|_| body.get("id").is_some()).and_then(|id| match (id.kind()?, id.format) {
            ("integer", _) => {
                let number = 1_000_000 + self.random.below(1_999_000_000);
                self.random.note(number.to_string());
                Some(Value::from(number))
            }
            ("string", None) => Some(self.word().into()),
            _ => None,
        });
        if let Some(given) = given {
            let before = std::mem::replace(&mut body["id"], given);
            if !self.run.proof.is_valid(Side::Request, pointer, &body) {
                body["id"] = before;
            }
        }
        Some(body)
    }

    /// A body with what another one has besides, where its schema has it, too.
    pub(crate) fn filled(&self, pointer: &str, mut body: Value, other: &Value) -> Value {
        let shape = self.run.api.schemas.merged(pointer);
        for (name, value) in other.as_object().into_iter().flatten() {
            if shape.property(name).is_none() || body.get(name).is_some() {
                continue;
            }
            let before = body.clone();
            body[name.as_str()] = value.clone();
            if !self.run.proof.is_valid(Side::Request, pointer, &body) {
                body = before;
            }
        }
        body
    }

    /// A body with other choices, flags and numbers, where its schema lists or bounds them.
    pub(crate) fn varied(&self, pointer: &str, mut body: Value, index: usize, except: &[String]) -> Value {
        let schemas = &self.run.api.schemas;
        for (name, property) in &schemas.merged(pointer).properties {
            let merged = schemas.merge(property);
            let is_free =
                merged.choices.is_empty() && !except.iter().any(|one| conformance_api::names::same(one, name));
            // Another number would name another object, or none.
            let is_free = is_free && !self.refers(name, &merged);
            let Some(before) = body.get(*name).cloned().filter(|_| is_free) else { continue };
            let Some(other) = other_choice(name, &merged, index) else { continue };
            body[*name] = other;
            if !self.run.proof.is_valid(Side::Request, pointer, &body) {
                body[*name] = before;
            }
        }
        body
    }

    /// The members that take any short text: the first one, and those by which clients name objects.
    pub(crate) fn free_members(&self, pointer: &str) -> Vec<Free> {
        let shape = self.run.api.schemas.merged(pointer);
        let refers = |name: &str| {
            shape.property(name).is_some_and(|one| self.refers(name, &self.run.api.schemas.merge_value(one)))
        };
        let all = free_members(&self.run.api.schemas, pointer).into_iter();
        all.filter(|free| !refers(&free.name)).collect()
    }
}

/// The `index`th choice, flag or number of those that a schema lists or bounds.
fn other_choice(name: &str, merged: &Merged<'_>, index: usize) -> Option<Value> {
    let (least, most) = (merged.bounds.minimum.unwrap_or(1.0), merged.bounds.maximum.unwrap_or(1e6));
    match (&merged.enumeration, merged.kind()) {
        (Some(values), _) => values.get(index % values.len().max(1)).map(|one| (*one).clone()),
        (None, Some("boolean")) => Some(index.is_multiple_of(2).into()),
        (None, Some("integer")) if name != "id" => {
            let span = (most - least).clamp(0.0, 1e6);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
            Some((least as i64 + (index * 7 % (span as usize + 1)) as i64).into())
        }
        (None, Some("number")) => {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let number = (least.ceil() + index as f64 * 7.0).min(most.floor());
            Some(whole(number))
        }
        _ => None,
    }
}

/// A text that only a pattern lets pass that lets any line of text pass: what has a form of its own may be a name, and unique.
const LINE: &str = "conformance-a1b2c3d4e5, Two  Words <b>\u{e5}</b>";

/// Whether a value may be any short text.
pub(crate) fn takes_any_text(merged: &Merged<'_>) -> bool {
    merged.kind() == Some("string")
        && merged.enumeration.is_none()
        && merged.constant.is_none()
        && merged.format.is_none()
        && merged.patterns.iter().all(|pattern| regex::Regex::new(pattern).is_ok_and(|one| one.is_match(LINE)))
        && merged.bounds.max_length.is_none_or(|most| most >= 30)
        && !merged.read_only
}

/// The members of a schema's objects that take any short text.
pub(crate) fn free_members(schemas: &Schemas, pointer: &str) -> Vec<Free> {
    let shape = schemas.merged(pointer);
    // Texts about an object; others may have to refer to something, or to be in a language of their own.
    const NAMES: &[&str] = &[
        "name",
        "title",
        "slug",
        "key",
        "login",
        "label",
        "description",
        "summary",
        "subject",
        "comment",
        "note",
        "memo",
        "text",
    ];
    let is_name = |name: &str| NAMES.iter().any(|end| conformance_api::names::plain(name).ends_with(end));
    let all: Vec<&str> = shape
        .properties
        .iter()
        .filter(|(_, property)| takes_any_text(&schemas.merge(property)))
        .map(|(name, _)| *name)
        .collect();
    let named = all.iter().filter(|name| is_name(name)).map(|name| Free { name: (*name).to_owned() });
    let named: Vec<Free> = named.take(2).collect();
    // What has an example may have to be like it: a currency, a country.
    let is_shown = |name: &str| {
        let merged = shape.property(name).map(|one| schemas.merge(one)).unwrap_or_default();
        !merged.examples.is_empty() || merged.default.is_some()
    };
    let is_required = |name: &&&str| shape.required.contains(*name) && !is_shown(name);
    let required = || all.iter().find(is_required).map(|name| Free { name: (*name).to_owned() });
    if named.is_empty() { required().into_iter().collect() } else { named }
}
