//! Schemas of any version as schemas of JSON Schema 2020-12, one at a time: [`Dialect::schema`] is shown each of them by the walk,
//! outer ones first.

use serde_json::{Map, Value, json};

use crate::grammar::{self, Kind};
use crate::keywords::{Keywords, Verdict};
use crate::notes::Notes;
use crate::references::{self, References};

/// Keywords that name a schema or tell how to read it, and prose. References were resolved before, so names mean nothing more.
const LEFT_OUT: &[&str] = &[
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$schema",
    "$vocabulary",
    "description",
    "externalDocs",
    "summary",
    "xml",
];
/// Words of descriptions that say what no keyword can: such descriptions stay.
const TELLING: &[&str] = &["unique", "exist"];
/// Keywords that judge the value themselves, so that a `null` beside them helps nothing.
const JUDGES: &[&str] = &["$ref", "allOf", "anyOf", "if", "not", "oneOf"];
/// What is said of a schema as a whole: it stays outside when a schema becomes one of two.
const SAID: &[&str] = &["default", "deprecated", "example", "examples", "readOnly", "title", "writeOnly"];

/// Rewrites schemas.
pub(crate) struct Dialect<'a> {
    /// Whether the document is older than 3.1.
    pub(crate) old: bool,
    pub(crate) references: &'a References,
    pub(crate) notes: &'a mut Notes,
    pub(crate) keywords: Keywords,
}

/// Whether the parts of a schema will stand elsewhere when it is rewritten, or nowhere: a reference must not lead to one.
pub(crate) fn moves_inside(schema: &Value) -> bool {
    let Value::Object(members) = schema else { return false };
    let is_reference = grammar::reference(schema).is_some();
    is_reference || (is_nullable(members) && JUDGES.iter().any(|key| members.contains_key(*key)))
}

fn says_what_no_keyword_can(description: &str) -> bool {
    let lower = description.to_lowercase();
    TELLING.iter().any(|word| lower.contains(word))
}

fn is_nullable(members: &Map<String, Value>) -> bool {
    ["nullable", "x-nullable"].iter().any(|key| members.get(*key) == Some(&Value::Bool(true)))
}

impl Dialect<'_> {
    /// Rewrites a reference to anything but a schema; one that leads nowhere becomes nothing.
    pub(crate) fn reference(&self, value: &mut Value, kind: Kind) {
        let Some(text) = grammar::reference(value).filter(|_| grammar::may_refer(kind)) else { return };
        let place = self.references.target(text, kind);
        match (place, &mut *value) {
            (Some(place), Value::Object(members)) => {
                members.insert("$ref".to_owned(), format!("#{}", references::encode(place)).into());
            }
            // A path item may have more to say.
            (None, Value::Object(members)) if kind == Kind::PathItem => {
                members.shift_remove("$ref");
            }
            _ => *value = references::nothing(kind),
        }
    }

    /// Rewrites one schema, but not those inside of it.
    pub(crate) fn schema(&mut self, schema: &mut Value, at: &str) {
        let members = match schema {
            Value::Object(members) => members,
            Value::Bool(_) => return,
            _ => {
                self.notes.add("a schema is no object", at);
                *schema = references::nothing(Kind::Schema);
                return;
            }
        };
        if is_nullable(members) {
            if !self.old {
                self.notes.add("`nullable` is no keyword since 3.1; it is read as before", at);
            }
            let is_reference = members.get("$ref").is_some_and(Value::is_string);
            if self.old && is_reference {
                members.retain(|key, _| key == "$ref");
            }
            allow_null(members);
        }
        match members.get("$ref") {
            Some(Value::String(text)) => match self.references.target(text, Kind::Schema) {
                Some(place) => {
                    let text = format!("#{}", references::encode(place));
                    if self.old {
                        members.retain(|key, _| key == "$ref");
                    }
                    members.insert("$ref".to_owned(), Value::String(text));
                }
                None => {
                    *schema = references::nothing(Kind::Schema);
                    return;
                }
            },
            Some(_) => {
                members.shift_remove("$ref");
            }
            None => {}
        }
        renew(members);
        self.check(members, at);
    }

    /// Leaves out prose, and what a validator would refuse.
    fn check(&mut self, members: &mut Map<String, Value>, at: &str) {
        let (notes, keywords) = (&mut *self.notes, &mut self.keywords);
        members.retain(|key, value| {
            let is_telling = key == "description" && value.as_str().is_some_and(says_what_no_keyword_can);
            if (LEFT_OUT.contains(&key.as_str()) && !is_telling) || key.starts_with("x-") {
                return false;
            }
            let verdict = keywords.allows(key, value);
            match verdict {
                Verdict::Right => {}
                Verdict::NoPattern => notes.add("a `pattern` cannot be read as a regular expression", at),
                Verdict::Wrong => notes.add(format!("`{key}` has a value that JSON Schema does not allow"), at),
            }
            verdict == Verdict::Right
        });
        if let Some(Value::Object(named)) = members.get_mut("patternProperties") {
            named.retain(|pattern, _| {
                let right = keywords.is_pattern(pattern);
                if !right {
                    notes.add("a `pattern` cannot be read as a regular expression", at);
                }
                right
            });
        }
    }
}

/// `nullable`: null is one of the values.
fn allow_null(members: &mut Map<String, Value>) {
    members.shift_remove("nullable");
    members.shift_remove("x-nullable");
    if let Some(Value::Array(values)) = members.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(value) = members.shift_remove("const") {
        members.insert("enum".to_owned(), json!([value, null]));
    }
    if JUDGES.iter().any(|key| members.contains_key(*key)) {
        let mut outside = Map::new();
        for key in SAID {
            outside.extend(members.shift_remove(*key).map(|value| ((*key).to_owned(), value)));
        }
        let inside = Value::Object(std::mem::replace(members, outside));
        members.insert("anyOf".to_owned(), Value::Array(vec![inside, json!({ "type": "null" })]));
        return;
    }
    match members.get_mut("type") {
        Some(Value::Array(types)) if !types.iter().any(|name| name == "null") => types.push("null".into()),
        Some(name @ Value::String(_)) if name != "null" => *name = json!([name.take(), "null"]),
        // Without a type, null is allowed already.
        _ => {}
    }
}

/// Keywords of older drafts, and of OpenAPI alone, as those of today.
fn renew(members: &mut Map<String, Value>) {
    for key in ["nullable", "x-nullable"] {
        members.shift_remove(key);
    }
    for key in ["$id", "id"] {
        if members.get(key).is_some_and(Value::is_string) {
            members.shift_remove(key);
        }
    }
    if members.get("required").is_some_and(Value::is_boolean) {
        members.shift_remove("required");
    }
    if let Some(Value::Array(names)) = members.get_mut("required") {
        unique(names);
    }
    if let Some(example) = members.shift_remove("example")
        && !members.contains_key("examples")
    {
        members.insert("examples".to_owned(), Value::Array(vec![example]));
    }
    renew_limit(members, "exclusiveMinimum", "minimum");
    renew_limit(members, "exclusiveMaximum", "maximum");
    renew_type(members);
    renew_items(members);
}

/// `exclusiveMinimum: true` says that `minimum` itself is not allowed.
fn renew_limit(members: &mut Map<String, Value>, exclusive: &str, inclusive: &str) {
    let Some(Value::Bool(excluded)) = members.get(exclusive) else { return };
    let excluded = *excluded;
    members.shift_remove(exclusive);
    if let (true, Some(limit)) = (excluded, members.get(inclusive).cloned()) {
        members.shift_remove(inclusive);
        members.insert(exclusive.to_owned(), limit);
    }
}

fn renew_type(members: &mut Map<String, Value>) {
    match members.get_mut("type") {
        Some(Value::Array(names)) => unique(names),
        Some(name) if name == "file" => {
            *name = "string".into();
            members.entry("format").or_insert_with(|| "binary".into());
        }
        _ => {}
    }
}

/// A list of schemas in `items` described the first items, and `additionalItems` the others.
fn renew_items(members: &mut Map<String, Value>) {
    let others = members.shift_remove("additionalItems");
    if !members.get("items").is_some_and(Value::is_array) {
        return;
    }
    if let Some(first) = members.shift_remove("items") {
        members.entry("prefixItems").or_insert(first);
    }
    members.extend(others.map(|others| ("items".to_owned(), others)));
}

/// Each value once: JSON Schema refuses a list of names that repeats one.
fn unique(values: &mut Vec<Value>) {
    let mut seen: Vec<Value> = Vec::with_capacity(values.len());
    for value in values.drain(..) {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    *values = seen;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A schema of a document, with a schema `A` to refer to.
    fn rewritten(schema: &Value, old: bool) -> (Value, Vec<String>) {
        let mut root = json!({ "components": { "schemas": { "A": {}, "S": schema } } });
        let mut notes = Notes::default();
        let references = References::trace(&mut root, old, &mut notes);
        let mut dialect = Dialect { old, references: &references, notes: &mut notes, keywords: Keywords::default() };
        grammar::walk(&mut root, Kind::Document, &mut String::new(), &mut |value, kind, at| {
            if kind == Kind::Schema {
                dialect.schema(value, at);
            }
        });
        let notes = notes.into_list().into_iter().map(|note| note.kind).collect();
        (root["components"]["schemas"]["S"].take(), notes)
    }

    #[rstest]
    #[case::a_type(json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] }))]
    #[case::not_nullable(json!({ "type": "string", "nullable": false }), json!({ "type": "string" }))]
    #[case::by_extension(json!({ "type": "string", "x-nullable": true }), json!({ "type": ["string", "null"] }))]
    #[case::a_choice(json!({ "type": "string", "enum": ["a"], "nullable": true }), json!({ "type": ["string", "null"], "enum": ["a", null] }))]
    #[case::beside_a_reference(
        json!({ "$ref": "#/components/schemas/A", "nullable": true, "description": "An A." }),
        json!({ "anyOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] })
    )]
    #[case::all_of(
        json!({ "allOf": [{ "$ref": "#/components/schemas/A" }], "nullable": true, "readOnly": true }),
        json!({ "readOnly": true, "anyOf": [{ "allOf": [{ "$ref": "#/components/schemas/A" }] }, { "type": "null" }] })
    )]
    #[case::siblings(json!({ "$ref": "#/components/schemas/A", "type": "string" }), json!({ "$ref": "#/components/schemas/A" }))]
    #[case::exclusive(json!({ "minimum": 1, "exclusiveMinimum": true, "maximum": 2, "exclusiveMaximum": false }), json!({ "exclusiveMinimum": 1, "maximum": 2 }))]
    #[case::example(json!({ "type": "string", "example": "a" }), json!({ "type": "string", "examples": ["a"] }))]
    #[case::file(json!({ "type": "file" }), json!({ "type": "string", "format": "binary" }))]
    #[case::required(json!({ "required": true }), json!({}))]
    #[case::required_twice(json!({ "required": ["a", "a"] }), json!({ "required": ["a"] }))]
    #[case::names_of_its_own(json!({ "id": "A", "$schema": "http://json-schema.org/draft-04/schema#" }), json!({}))]
    #[case::tuple(json!({ "items": [{ "type": "string", "nullable": true }], "additionalItems": false }), json!({ "prefixItems": [{ "type": ["string", "null"] }], "items": false }))]
    #[case::prose(json!({ "description": "A.", "xml": {}, "x-more": 1, "title": "A" }), json!({ "title": "A" }))]
    #[case::prose_that_tells(json!({ "description": "Unique." }), json!({ "description": "Unique." }))]
    #[case::properties_called_like_keywords(
        json!({ "properties": {
            "id": { "type": "string" }, "example": { "example": 1 }, "nullable": {}, "description": { "description": "" },
            "$ref": { "type": "string" }, "enum": {}, "required": { "type": "boolean" }, "x-more": {},
        } }),
        json!({ "properties": {
            "id": { "type": "string" }, "example": { "examples": [1] }, "nullable": {}, "description": {},
            "$ref": { "type": "string" }, "enum": {}, "required": { "type": "boolean" }, "x-more": {},
        } })
    )]
    #[case::data(
        json!({ "default": { "nullable": true }, "enum": [{ "example": 1 }], "example": { "$ref": 1, "description": "" } }),
        json!({ "default": { "nullable": true }, "enum": [{ "example": 1 }], "examples": [{ "$ref": 1, "description": "" }] })
    )]
    fn an_old_schema_becomes_a_new_one(#[case] before: Value, #[case] after: Value) {
        assert_eq!(rewritten(&before, true), (after, vec![]));
    }

    #[rstest]
    #[case::siblings(json!({ "$ref": "#/components/schemas/A", "type": "string" }), &[])]
    #[case::types(json!({ "type": ["string", "null"], "examples": ["a"], "const": "a" }), &[])]
    fn a_new_schema_stays_as_it_is(#[case] schema: Value, #[case] notes: &[&str]) {
        assert_eq!(rewritten(&schema, false), (schema, notes.iter().map(|note| (*note).to_owned()).collect()));
    }

    #[rstest]
    #[case::reference(json!({ "$ref": "#/components/schemas/Z" }), json!({}), "a reference leads nowhere")]
    #[case::null(json!({ "items": null }), json!({ "items": {} }), "a schema is no object")]
    #[case::pattern(json!({ "pattern": "(" }), json!({}), "a `pattern` cannot be read as a regular expression")]
    #[case::value(json!({ "minLength": "1" }), json!({}), "`minLength` has a value that JSON Schema does not allow")]
    #[case::pattern_of_names(json!({ "patternProperties": { "(": {}, "a": {} } }), json!({ "patternProperties": { "a": {} } }), "a `pattern` cannot be read as a regular expression")]
    #[case::reference_to_itself(json!({ "$ref": "#/components/schemas/S" }), json!({}), "a schema is made of itself")]
    fn what_is_wrong_costs_itself_and_is_noted(#[case] before: Value, #[case] after: Value, #[case] note: &str) {
        assert_eq!(rewritten(&before, true), (after, vec![note.to_owned()]));
    }
}
