//! Bodies to send: valid ones, each unlike the others, and ones that break a single documented rule.

use conformance_api::{Merged, Side};
use serde_json::{Value, json};

use super::session::Session;

/// A body that breaks one rule.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    /// What is wrong with it: `name is 101 characters long, of 100`.
    pub what: String,
    pub body: Value,
}

/// A member of a body that takes any short text.
#[derive(Clone, Debug)]
pub(crate) struct Free {
    pub name: String,
}

impl Session<'_> {
    /// A valid body for the schema: the document's example of it, if there is one.
    pub(crate) fn plain_body(&self, pointer: &str) -> Option<Value> {
        let bodies = self.run.api.document.operations.iter().filter_map(|one| one.body.as_ref());
        let media = bodies.flat_map(|body| &body.media).filter(|one| one.schema.as_deref() == Some(pointer));
        let example = media
            .flat_map(|one| &one.examples)
            .find(|one| one.is_object() && self.run.proof.is_valid(Side::Request, pointer, one));
        let made = || Some(self.run.proof.body(Side::Request, pointer, &[])?.value.clone());
        example.cloned().or_else(made)
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
        // A number that nobody else gives, where clients number their objects.
        let id = self.run.api.schemas.merged(pointer).property("id").map(|one| self.run.api.schemas.merge(one));
        if id.is_some_and(|id| id.kind() == Some("integer")) && body.get("id").is_some() {
            let before = body["id"].clone();
            body["id"] = fastrand::u32(1_000_000..2_000_000_000).into();
            if !self.run.proof.is_valid(Side::Request, pointer, &body) {
                body["id"] = before;
            }
        }
        Some(body)
    }

    /// The members that take any short text: the first one, and those by which clients name objects.
    pub(crate) fn free_members(&self, pointer: &str) -> Vec<Free> {
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        let is_free = |merged: &Merged<'_>| {
            merged.kind() == Some("string")
                && merged.enumeration.is_none()
                && merged.constant.is_none()
                && merged.format.is_none()
                && merged.patterns.is_empty()
                && merged.bounds.max_length.is_none_or(|most| most >= 30)
                && !merged.read_only
        };
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
            "text",
        ];
        let is_name = |name: &str| NAMES.iter().any(|end| conformance_api::names::plain(name).ends_with(end));
        let all: Vec<&str> = shape
            .properties
            .iter()
            .filter(|(_, property)| is_free(&schemas.merge(property)))
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

    /// Bodies that break one rule each, made from a valid one.
    pub(crate) fn broken_bodies(
        &self,
        pointer: &str,
        valid: &Value,
        (is_typed, is_required): (bool, bool),
    ) -> Vec<Broken> {
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        let Some(members) = valid.as_object() else { return Vec::new() };
        let mut all = Vec::new();
        for name in shape.required.iter().filter(|name| members.contains_key(**name)) {
            let merged = shape.property(name).map(|property| schemas.merge(property)).unwrap_or_default();
            let can_show = is_typed || !matches!(merged.kind(), Some("array" | "object"));
            if can_show && merged.default.is_none() {
                let mut body = members.clone();
                body.remove(*name);
                all.push(Broken {
                    what: format!("`{name}`, which is required, is missing"),
                    body: Value::Object(body),
                });
            }
        }
        for (name, property) in &shape.properties {
            let merged = schemas.merge(property);
            if merged.read_only || !merged.choices.is_empty() {
                continue;
            }
            for (what, value) in wrong_values(&merged, is_typed) {
                let mut body = members.clone();
                body.insert((*name).to_owned(), value);
                all.push(Broken { what: format!("`{name}` is {what}"), body: Value::Object(body) });
            }
        }
        if shape.additional == Some(&Value::Bool(false)) && shape.choices.is_empty() {
            let mut body = members.clone();
            body.insert("conformance_unknown".to_owned(), "x".into());
            all.push(Broken {
                what: "a member is there that the schema excludes".to_owned(),
                body: Value::Object(body),
            });
        }
        if is_typed && shape.kind() == Some("object") && shape.choices.is_empty() {
            let others = [("null", Value::Null), ("an array", json!([])), ("a text", "text".into())];
            // Where no body is needed, null is none.
            let others = others.into_iter().filter(|(_, body)| is_required || !body.is_null());
            all.extend(others.map(|(what, body)| Broken { what: format!("it is {what}, of an object"), body }));
        }
        // A form that says nothing is no body at all, which may be allowed.
        all.retain(|one| is_typed || one.body.as_object().is_some_and(|members| !members.is_empty()));
        // Only what the schema as a whole excludes is wrong.
        all.retain(|one| !self.run.proof.is_valid(Side::Request, pointer, &one.body));
        all
    }
}

impl Session<'_> {
    /// Bodies with a text at a documented bound of its length, or of characters beyond ASCII, each with the member that it is
    /// about.
    pub(crate) fn bound_bodies(&self, pointer: &str, valid: &Value) -> Vec<(String, Broken)> {
        let (schemas, mut all) = (&self.run.api.schemas, Vec::new());
        for free in self.free_members(pointer) {
            let merged = schemas.merged(pointer).property(&free.name).map(|one| schemas.merge(one)).unwrap_or_default();
            let Some(most) = merged.bounds.max_length.filter(|most| (30..=1000).contains(most)) else { continue };
            let length = usize::try_from(most).unwrap_or(0);
            // Names may have to be unlike each other.
            let texts = |unit: &str| format!("{}{}", self.word(), unit.repeat(length)).chars().take(length).collect();
            let mut texts: Vec<(String, String)> = vec![
                (format!("{most} characters long"), texts("a")),
                (format!("{most} characters long, most of them beyond 16 bits"), texts("\u{1F600}")),
            ];
            if merged.bounds.min_length == Some(1) {
                texts.push(("one character long".to_owned(), "\u{1F600}".to_owned()));
            }
            for (what, text) in texts {
                let mut body = valid.clone();
                body[free.name.as_str()] = text.into();
                if self.run.proof.is_valid(Side::Request, pointer, &body) {
                    all.push((free.name.clone(), Broken { what: format!("`{}` is {what}", free.name), body }));
                }
            }
        }
        all
    }
}

/// Values that break a bound, each just beyond it, in words.
fn wrong_values(merged: &Merged<'_>, is_typed: bool) -> Vec<(String, Value)> {
    let (mut all, bounds) = (Vec::new(), &merged.bounds);
    let text = |length: u64| "a".repeat(usize::try_from(length).unwrap_or(0));
    match merged.kind() {
        Some("string") => {
            if is_typed {
                all.push(("a number, of text".to_owned(), json!(17)));
                all.push(("an array, of text".to_owned(), json!(["text"])));
            }
            if merged.enumeration.is_some() {
                all.push(("no value of its enumeration".to_owned(), "conformance-no-such-value".into()));
            } else if merged.patterns.is_empty() && merged.format.is_none() {
                if let Some(most) = bounds.max_length.filter(|most| *most <= 20_000) {
                    all.push((format!("{} characters long, of {most}", most + 1), text(most + 1).into()));
                }
                if let Some(least) = bounds.min_length.filter(|least| *least > 0) {
                    all.push((format!("{} characters long, of at least {least}", least - 1), text(least - 1).into()));
                }
            } else if let Some(pattern) = merged.patterns.first() {
                all.push((format!("text that does not match {pattern}"), "\u{1F600} !".into()));
            }
        }
        Some(kind @ ("integer" | "number")) => {
            if is_typed {
                all.push(("text, of a number".to_owned(), "seventeen".into()));
            }
            if kind == "integer" {
                all.push(("1.5, of a whole number".to_owned(), json!(1.5)));
            }
            if let Some(most) = bounds.maximum.filter(|most| most.abs() < 1e15) {
                all.push((format!("above {most}"), whole(most + 1.0)));
            }
            if let Some(least) = bounds.minimum.filter(|least| least.abs() < 1e15) {
                all.push((format!("below {least}"), whole(least - 1.0)));
            }
        }
        Some("boolean") => all.push(("text, of a boolean".to_owned(), "perhaps".into())),
        Some("array") if is_typed => all.push(("an object, of an array".to_owned(), json!({ "0": "x" }))),
        Some("object") if is_typed => all.push(("text, of an object".to_owned(), "text".into())),
        _ => {}
    }
    all
}

/// A number without a fraction where it has none: `101` and not `101.0`.
#[expect(clippy::cast_possible_truncation, reason = "bounds beyond what f64 holds exactly are left out")]
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}
