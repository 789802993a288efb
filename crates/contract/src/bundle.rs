//! The contract as one OpenAPI document, for tools that read nothing else: schemas of other files become components with
//! names that are fit for types, and keys of ours are left out.

use std::collections::BTreeMap;

use conformance_source::{Node, pointer};
use serde_json::{Map, Value, json};

use crate::model::Contract;
use crate::openapi::PATH;
use crate::schemas::{Location, Schemas};

/// One document that says the same.
#[must_use]
pub fn bundle(contract: &Contract) -> Value {
    let mut bundler = Bundler { schemas: &contract.schemas, names: BTreeMap::new(), waiting: Vec::new() };
    let mut document = bundler.moved(&bundler.value(&Location::new(PATH, "")), PATH);
    let mut components = Map::new();
    while let Some(at) = bundler.waiting.pop() {
        let mut schema = bundler.moved(&bundler.value(&at), &at.file);
        if let Value::Object(members) = &mut schema {
            // What these say, the document says; parts that others refer to are components of their own. A title would be
            // taken for the type's name.
            for keyword in ["$schema", "$defs", "title"] {
                members.shift_remove(keyword);
            }
        }
        components.insert(bundler.name(&at), schema);
    }
    components.sort_keys();
    for (name, schema) in components {
        pointer::set(&mut document, &format!("/components/schemas/{name}"), schema);
    }
    document
}

struct Bundler<'s> {
    schemas: &'s Schemas,
    /// The component that each schema became that others refer to.
    names: BTreeMap<Location, String>,
    /// Schemas that were referred to and are still to be taken in.
    waiting: Vec<Location>,
}

impl Bundler<'_> {
    fn value(&self, at: &Location) -> Value {
        self.schemas.node(at).map_or(Value::Null, Node::to_json)
    }

    /// A value of a file, with references as they are in the one document.
    fn moved(&mut self, value: &Value, file: &str) -> Value {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter(|(key, _)| !key.starts_with("x-"));
                let moved = kept.map(|(key, member)| match member {
                    Value::String(reference) if key == "$ref" => {
                        (key.clone(), Value::from(self.reference(reference, file)))
                    }
                    member => (key.clone(), self.moved(member, file)),
                });
                beside_all_of(moved.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.moved(item, file)).collect(),
            other => other.clone(),
        }
    }

    fn reference(&mut self, reference: &str, file: &str) -> String {
        match self.schemas.resolve(&Location::new(file, ""), reference) {
            Some(to) if to.file != PATH => format!("#/components/schemas/{}", self.name(&to)),
            Some(to) => format!("#{}", to.pointer),
            None => reference.to_owned(),
        }
    }

    /// The component of a schema: `create-thing.request.json` is `CreateThingRequest`, `thing.json#/$defs/size` is `ThingSize`.
    fn name(&mut self, at: &Location) -> String {
        if let Some(name) = self.names.get(at) {
            return name.clone();
        }
        let file = at.file.rsplit('/').next().unwrap_or(&at.file).trim_end_matches(".json").trim_end_matches(".yaml");
        let inside = at.pointer.rsplit('/').next().unwrap_or("");
        let words = file.split(|c: char| !c.is_ascii_alphanumeric()).chain([inside]).filter(|word| !word.is_empty());
        let mut name: String = words.map(capitalized).collect();
        while self.names.values().any(|taken| *taken == name) {
            name.push_str("Other");
        }
        self.waiting.push(at.clone());
        self.names.insert(at.clone(), name.clone());
        name
    }
}

/// Generators take no notice of keywords beside `$ref` (as OpenAPI 3.0 has it) or a single `allOf`: these stand in an `allOf` with it.
fn beside_all_of(mut schema: Map<String, Value>) -> Value {
    const NOTES: [&str; 10] = [
        "$comment",
        "$schema",
        "default",
        "deprecated",
        "description",
        "examples",
        "readOnly",
        "summary",
        "title",
        "writeOnly",
    ];
    let is_beside = |key: &String| key != "$ref" && key != "allOf" && !NOTES.contains(&key.as_str());
    let refers = schema.contains_key("$ref") || schema.contains_key("allOf");
    if !refers || !schema.keys().any(is_beside) {
        return Value::Object(schema);
    }
    let mut parts: Vec<Value> = Vec::new();
    parts.extend(schema.shift_remove("$ref").map(|reference| json!({ "$ref": reference })));
    if let Some(Value::Array(all)) = schema.shift_remove("allOf") {
        parts.extend(all);
    }
    let notes = NOTES.iter().filter_map(|name| Some(((*name).to_owned(), schema.shift_remove(*name)?)));
    let mut whole: Map<String, Value> = notes.collect();
    parts.push(Value::Object(schema));
    whole.insert("allOf".to_owned(), Value::Array(parts));
    Value::Object(whole)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
