//! State as a response's schema wants it: put in its place within a body that the schema allows, and proved.
//!
//! A response is never sent because it looks right: it is proved, and what the schema does not allow gives way to what
//! the schema's own sample has there.

use std::sync::Arc;

use conformance_api::sample::{Extent, Sampler};
use conformance_api::shape::inside;
use conformance_api::{Made, Shape};
use conformance_openapi::Media;
use serde_json::{Map, Value};

use super::trouble::Trouble;
use super::{Basis, Content, Derived, SIDE};

/// A body is repaired so often before members are tried one by one.
const REPAIRS: usize = 8;

/// Members of one object.
pub(crate) type Members = Map<String, Value>;

/// An object within a body, and what may stand there in place of what is not allowed.
pub(crate) struct Placed {
    /// The steps to it.
    pub at: Vec<String>,
    pub fallback: Members,
    /// Members that stay whatever happens.
    pub keep: Vec<String>,
}

/// A scalar as text: how it stands in paths and queries.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(one) => Some(one.to_string()),
        _ => None,
    }
}

/// What stands at these steps; objects are made on the way.
pub(crate) fn slot<'v>(body: &'v mut Value, at: &[String]) -> Option<&'v mut Value> {
    let mut here = body;
    for step in at {
        here = match here {
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            Value::Object(members) => members.entry(step.clone()).or_insert_with(|| Value::Object(Map::new())),
            other => {
                *other = Value::Object(Map::new());
                other.as_object_mut()?.entry(step.clone()).or_insert_with(|| Value::Object(Map::new()))
            }
        };
    }
    Some(here)
}

impl Derived {
    /// A body that a schema allows, without any state.
    pub(crate) fn template(&self, pointer: &str, examples: &[Value]) -> Result<Arc<Made>, Trouble> {
        self.proof.body(SIDE, pointer, examples).ok_or_else(|| Trouble::Unproducible(pointer.to_owned()))
    }

    /// The members of the sample of a shape, worked out once.
    pub(crate) fn sample_members(&self, shape: &Shape) -> Arc<Members> {
        let key = format!("{}#{}", shape.body, shape.at.join("/"));
        if let Some(known) = self.samples.read().get(&key) {
            return known.clone();
        }
        let made = Arc::new(self.make_sample(shape));
        self.samples.write().insert(key, made.clone());
        made
    }

    fn make_sample(&self, shape: &Shape) -> Members {
        let made = self.proof.body(SIDE, &shape.body, &[]);
        let mut body = made.map_or(Value::Null, |made| made.value.clone());
        let there = slot(&mut body, &shape.at).cloned();
        let object = match there {
            Some(Value::Array(items)) if shape.is_item => items.into_iter().next(),
            Some(other) if !shape.is_item => Some(other),
            _ => None,
        };
        match object {
            Some(Value::Object(members)) => members,
            _ => self.loose_sample(shape),
        }
    }

    /// A sample of the object alone, where the body's sample has none: one that the body allows, if one is found.
    fn loose_sample(&self, shape: &Shape) -> Members {
        let schemas = inside(&self.api.schemas, shape);
        let template = self.proof.body(SIDE, &shape.body, &[]);
        let fits = |members: &Members| {
            let Some(mut body) = template.as_ref().map(|made| made.value.clone()) else { return false };
            let Some(there) = slot(&mut body, &shape.at) else { return false };
            let object = Value::Object(members.clone());
            *there = if shape.is_item { Value::Array(vec![object]) } else { object };
            self.proof.is_valid(SIDE, &shape.body, &body)
        };
        let mut first = None;
        for variant in 0..6 {
            for extent in [Extent::Full, Extent::Scalars, Extent::Required] {
                let sampler =
                    Sampler { schemas: &self.api.schemas, side: SIDE, extent, variant, examples: variant < 3 };
                let Some(Value::Object(members)) = sampler.sample(&schemas) else { continue };
                if fits(&members) {
                    return members;
                }
                first.get_or_insert(members);
            }
        }
        first.unwrap_or_default()
    }

    /// The names of the members that a shape's schema knows, in its order.
    pub(crate) fn known_members(&self, shape: &Shape) -> Vec<&str> {
        let outlined = self.api.schemas.outline(&inside(&self.api.schemas, shape));
        outlined
            .properties
            .into_iter()
            .filter(|(_, schemas)| !self.api.schemas.merge(schemas).write_only)
            .map(|(name, _)| name)
            .collect()
    }

    /// The members of a sample with those of an object over them, as far as the schema knows them.
    pub(crate) fn overlaid(&self, sample: &Members, known: &[&str], members: &Members) -> Members {
        let mut all = sample.clone();
        for (name, value) in members {
            // What an example shows is known, too.
            if known.is_empty() || known.contains(&name.as_str()) || sample.contains_key(name) {
                all.insert(name.clone(), value.clone());
            }
        }
        // What the object does not have and the schema does not ask for was never sent: it is left as the sample has it.
        all
    }

    /// A body that is proved, with an object of the state in its place.
    pub(crate) fn with_object(
        &self,
        shape: &Shape,
        template: &Value,
        members: &Members,
        keep: &[String],
    ) -> Option<Value> {
        let mut body = template.clone();
        let known = self.known_members(shape);
        let there = slot(&mut body, &shape.at)?;
        let fallback = there.as_object().cloned().unwrap_or_default();
        *there = Value::Object(self.overlaid(&fallback, &known, members));
        let placed = Placed { at: shape.at.clone(), fallback, keep: keep.to_vec() };
        self.settle(&shape.body, body, &[placed])
    }

    /// Replaces what the schema does not allow, until it allows the whole.
    pub(crate) fn settle(&self, pointer: &str, mut body: Value, placed: &[Placed]) -> Option<Value> {
        for _ in 0..REPAIRS {
            let violations = self.proof.violations(SIDE, pointer, &body);
            if violations.is_empty() {
                return Some(body);
            }
            let mut changed = false;
            for violation in &violations {
                // The first that it stands in: what is around an object does not answer for it.
                let here = placed.iter().find(|one| violation.at.starts_with(&one.at));
                let Some(here) = here.filter(|one| violation.at.len() > one.at.len()) else { continue };
                let name = &violation.at[here.at.len()];
                let Some(Value::Object(members)) = slot(&mut body, &here.at) else { continue };
                let before = members.get(name).cloned();
                match here.fallback.get(name).filter(|value| Some(*value) != before.as_ref()) {
                    Some(value) => drop(members.insert(name.clone(), value.clone())),
                    None => drop(members.remove(name)),
                }
                changed |= members.get(name) != before.as_ref();
            }
            if !changed {
                break;
            }
        }
        self.one_by_one(pointer, body, placed)
    }

    /// Puts every object back to its sample, and then takes each member that the schema allows.
    fn one_by_one(&self, pointer: &str, mut body: Value, placed: &[Placed]) -> Option<Value> {
        let (mut wanted, placed) =
            (Vec::new(), placed.iter().filter(|one| !one.at.is_empty() || placed.len() == 1).collect::<Vec<_>>());
        for one in &placed {
            let there = slot(&mut body, &one.at)?;
            let members = there.as_object().cloned().unwrap_or_default();
            *there = Value::Object(one.fallback.clone());
            wanted.push(members);
        }
        if !self.proof.is_valid(SIDE, pointer, &body) {
            return None;
        }
        for (one, members) in placed.iter().zip(wanted) {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by_key(|name| !one.keep.contains(name));
            for name in names {
                let Some(Value::Object(there)) = slot(&mut body, &one.at) else { continue };
                let before = there.insert(name.clone(), members[name].clone());
                if before.as_ref() == Some(&members[name]) || self.proof.is_valid(SIDE, pointer, &body) {
                    continue;
                }
                if let Some(Value::Object(there)) = slot(&mut body, &one.at) {
                    match before {
                        Some(value) => drop(there.insert(name.clone(), value)),
                        None => drop(there.remove(name)),
                    }
                }
            }
        }
        Some(body)
    }

    /// A body without state, of the media type that is sent.
    pub(crate) fn plain_content(&self, media: Option<&Media>) -> Result<(Content, Basis), Trouble> {
        let Some(media) = media else { return Ok((Content::Empty, Basis::Schema)) };
        if !conformance_api::media::is_json(&media.media_type) {
            let bytes = bytes_of(
                media,
                media.schema.as_deref().and_then(|pointer| self.proof.body(SIDE, pointer, &media.examples)).as_deref(),
            );
            return Ok((Content::Bytes(concrete(&media.media_type), bytes), Basis::Example));
        }
        let Some(pointer) = media.schema.as_deref() else {
            let value = media.examples.first().cloned().unwrap_or_else(|| Value::Object(Map::new()));
            return Ok((Content::Json(concrete(&media.media_type), value), Basis::Example));
        };
        let made = self.template(pointer, &media.examples)?;
        let basis = if made.is_example { Basis::Example } else { Basis::Schema };
        Ok((Content::Json(concrete(&media.media_type), made.value.clone()), basis))
    }
}

/// A media type that can be sent: a star is none.
pub(crate) fn concrete(media_type: &str) -> String {
    match conformance_api::media::essence(media_type).as_str() {
        "*/*" | "application/*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        "image/*" => "image/png".to_owned(),
        one if one.ends_with("/*") => "application/octet-stream".to_owned(),
        _ => media_type.to_owned(),
    }
}

/// Bytes of a type that is not JSON: its example, its sample as text, or the smallest file of its kind.
fn bytes_of(media: &Media, made: Option<&Made>) -> Vec<u8> {
    /// One transparent pixel.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";
    let essence = conformance_api::media::essence(&concrete(&media.media_type));
    if let Some(text) = media.examples.iter().find_map(Value::as_str) {
        return text.as_bytes().to_vec();
    }
    match essence.as_str() {
        "image/png" => PNG.to_vec(),
        "application/zip" => b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        "application/xml" | "text/xml" => b"<?xml version=\"1.0\"?>\n<root/>\n".to_vec(),
        "text/event-stream" => b"data: {}\n\n".to_vec(),
        _ => match made.map(|made| &made.value) {
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(value) => conformance_json::write(value).into_bytes(),
            None => b"content\n".to_vec(),
        },
    }
}
