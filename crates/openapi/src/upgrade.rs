//! Documents of 2.0 (Swagger) in the shape of 3.x. Schemas keep their dialect: `dialect` rewrites them later.

use std::collections::HashMap;

use conformance_source::pointer;
use serde_json::{Map, Value, json};

use crate::grammar::{self, Kind, METHODS};
use crate::notes::Notes;

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// What moves from the top of a document, and where to.
const MOVES: &[(&str, &str)] = &[
    ("definitions", "schemas"),
    ("parameters", "parameters"),
    ("responses", "responses"),
    ("securityDefinitions", "securitySchemes"),
];
/// The members of a parameter or a header that belong to its schema in 3.x.
const OF_THE_SCHEMA: &[&str] = &[
    "default",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
    "uniqueItems",
    "x-nullable",
];

/// Rewrites a document of 2.0; `parts` are what it refers to in other files.
pub(crate) fn document(root: &mut Value, parts: &[(String, Kind)], notes: &mut Notes) {
    let roots: Vec<(String, Kind)> =
        std::iter::once((String::new(), Kind::Document)).chain(parts.iter().cloned()).collect();
    let list = |root: &Value, key| root.get(key).and_then(Value::as_array).cloned();
    let mut upgrade = Upgrade {
        consumes: list(root, "consumes"),
        produces: list(root, "produces"),
        parameters: shared_parameters(root, &roots),
        notes,
    };
    for (place, kind) in &roots {
        if let Some(value) = root.pointer_mut(place) {
            grammar::walk(value, *kind, &mut place.clone(), &mut |value, kind, at| upgrade.value(value, kind, at));
        }
    }
    move_members(root);
}

/// Where a pointer into the upgraded document led in the one of 2.0, which has no `content`.
pub(crate) fn original(place: &str) -> String {
    let mut tokens: Vec<String> = pointer::tokens(place).collect();
    let moved = MOVES.iter().find(|(_, new)| {
        tokens.first().is_some_and(|top| top == "components") && tokens.get(1).is_some_and(|name| name == new)
    });
    if let Some((old, _)) = moved {
        tokens.splice(..2, [(*old).to_owned()]);
    }
    let content = match tokens.first().map(String::as_str) {
        Some("responses") => 2,
        Some("paths") => 5,
        _ => return from_tokens(&tokens),
    };
    if tokens.get(content).is_some_and(|name| name == "content") {
        tokens.drain(content..tokens.len().min(content + 2));
    } else if tokens.get(3).is_some_and(|name| name == "requestBody") {
        tokens.truncate(3);
        tokens.push("parameters".to_owned());
    }
    from_tokens(&tokens)
}

fn from_tokens(tokens: &[String]) -> String {
    tokens.iter().fold(String::new(), |place, token| pointer::push(&place, token))
}

fn move_members(root: &mut Value) {
    let Value::Object(members) = root else { return };
    for (old, new) in MOVES {
        let Some(value) = members.shift_remove(*old) else { continue };
        let components = members.entry("components").or_insert_with(|| json!({}));
        if let Value::Object(components) = components {
            components.insert((*new).to_owned(), value);
        }
    }
    if let Some(base) = members.get("basePath").and_then(Value::as_str) {
        let servers = json!([{ "url": base }]);
        members.insert("servers".to_owned(), servers);
    }
}

/// The parameters that are referred to, by the text of the reference: whether one is a body cannot be seen at the reference.
fn shared_parameters(root: &mut Value, roots: &[(String, Kind)]) -> HashMap<String, Value> {
    let mut texts = Vec::new();
    for (place, kind) in roots {
        let Some(value) = root.pointer_mut(place) else { continue };
        grammar::walk(value, *kind, &mut String::new(), &mut |value, kind, _| {
            if kind == Kind::Parameter {
                texts.extend(grammar::reference(value).map(str::to_owned));
            }
        });
    }
    let mut found = HashMap::new();
    for text in texts {
        let target = text.strip_prefix('#').and_then(|place| root.pointer(&crate::references::decode(place)));
        if let Some(target) = target.filter(|target| is_body(target)) {
            found.insert(text, target.clone());
        }
    }
    found
}

fn location(parameter: &Value) -> Option<&str> {
    parameter.get("in").and_then(Value::as_str)
}

fn is_body(parameter: &Value) -> bool {
    matches!(location(parameter), Some("body" | "formData"))
}

struct Upgrade<'n> {
    consumes: Option<Vec<Value>>,
    produces: Option<Vec<Value>>,
    parameters: HashMap<String, Value>,
    notes: &'n mut Notes,
}

impl Upgrade<'_> {
    fn value(&mut self, value: &mut Value, kind: Kind, at: &str) {
        let Value::Object(members) = value else { return };
        if grammar::may_refer(kind)
            && let Some(Value::String(text)) = members.get_mut("$ref")
        {
            *text = moved(text);
            // Only a path item has more to say beside a reference.
            if kind != Kind::PathItem {
                return;
            }
        }
        match kind {
            Kind::PathItem => self.path_item(members),
            Kind::Operation => self.operation(members),
            Kind::Response => response(members, self.produces.as_deref()),
            Kind::Parameter if !matches!(members.get("in").and_then(Value::as_str), Some("body" | "formData")) => {
                self.parameter(members, at);
            }
            Kind::Header => self.parameter(members, at),
            Kind::Schema => {
                if let Some(name @ Value::String(_)) = members.get_mut("discriminator") {
                    *name = json!({ "propertyName": name.take() });
                }
            }
            _ => {}
        }
    }

    /// Bodies of a path belong to each of its operations that has none.
    fn path_item(&self, item: &mut Map<String, Value>) {
        let shared = self.take_bodies(item);
        if shared.is_empty() {
            return;
        }
        for (_, operation) in item.iter_mut().filter(|(key, _)| METHODS.contains(&key.as_str())) {
            let Value::Object(operation) = operation else { continue };
            let own = operation.entry("parameters").or_insert_with(|| json!([]));
            let Value::Array(own) = own else { continue };
            let has = |one: &Value| {
                own.iter().any(|other| other.get("in") == one.get("in") && other.get("name") == one.get("name"))
            };
            let missing: Vec<Value> =
                shared.iter().map(|(parameter, _)| parameter).filter(|one| !has(one)).cloned().collect();
            own.extend(missing);
        }
    }

    fn operation(&self, operation: &mut Map<String, Value>) {
        let bodies = self.take_bodies(operation);
        let list = |operation: &mut Map<String, Value>, key: &str, all: &Option<Vec<Value>>| match operation
            .shift_remove(key)
        {
            Some(Value::Array(own)) => Some(own),
            _ => all.clone(),
        };
        let consumes = list(operation, "consumes", &self.consumes).unwrap_or_default();
        let produces = list(operation, "produces", &self.produces);
        let (forms, bodies): (Vec<_>, Vec<_>) =
            bodies.into_iter().partition(|(parameter, _)| location(parameter) == Some("formData"));
        let body = match bodies.into_iter().next() {
            Some((parameter, reference)) => Some(body(parameter, reference, &consumes)),
            None if forms.is_empty() => None,
            None => Some(form(forms.into_iter().map(|(parameter, _)| parameter), &consumes)),
        };
        operation.extend(body.map(|body| ("requestBody".to_owned(), body)));
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            for one in responses.values_mut().filter_map(Value::as_object_mut) {
                response(one, produces.as_deref());
            }
        }
    }

    /// Takes the parameters out that are a body or a part of one, each with the reference that led to it.
    fn take_bodies(&self, members: &mut Map<String, Value>) -> Vec<(Value, Option<String>)> {
        let Some(Value::Array(parameters)) = members.get_mut("parameters") else { return Vec::new() };
        let mut bodies = Vec::new();
        parameters.retain_mut(|parameter| {
            let reference = grammar::reference(parameter).map(str::to_owned);
            let shared = reference.as_ref().and_then(|text| self.parameters.get(text));
            match (shared, is_body(parameter)) {
                (Some(shared), _) => bodies.push((shared.clone(), reference)),
                (None, true) => bodies.push((parameter.take(), None)),
                (None, false) => return true,
            }
            false
        });
        bodies
    }

    /// What describes the value moves into a schema, and how a list is written into `style` and `explode`.
    fn parameter(&mut self, members: &mut Map<String, Value>, at: &str) {
        let format = members.shift_remove("collectionFormat");
        let is_list = members.get("type").is_some_and(|name| name == "array");
        let in_query = members.get("in").is_some_and(|place| place == "query");
        if is_list {
            let (style, explode) = written(format.as_ref().and_then(Value::as_str), in_query);
            if format.is_some_and(|format| format == "tsv") {
                self.notes.add("lists with tabs between are read as lists with commas", at);
            }
            members.insert("style".to_owned(), style.into());
            members.insert("explode".to_owned(), explode.into());
        }
        if let Some(example) = members.shift_remove("x-example") {
            members.entry("example").or_insert(example);
        }
        let schema = schema(members);
        if !schema.is_empty() {
            members.entry("schema").or_insert(Value::Object(schema));
        }
    }
}

/// A reference to something that moves from the top of the document.
fn moved(text: &str) -> String {
    for (old, new) in MOVES {
        if let Some(rest) = text.strip_prefix(&format!("#/{old}/")) {
            return format!("#/components/{new}/{rest}");
        }
    }
    text.to_owned()
}

/// How a list is written: style, and whether each item stands for itself.
fn written(format: Option<&str>, in_query: bool) -> (&'static str, bool) {
    match format {
        Some("multi") if in_query => ("form", true),
        Some("ssv") if in_query => ("spaceDelimited", false),
        Some("pipes") if in_query => ("pipeDelimited", false),
        _ if in_query => ("form", false),
        _ => ("simple", false),
    }
}

/// The members of a parameter that make its schema, taken out.
fn schema(members: &mut Map<String, Value>) -> Map<String, Value> {
    let take = |key: &&str| members.shift_remove(*key).map(|value| ((*key).to_owned(), value));
    OF_THE_SCHEMA.iter().filter_map(take).collect()
}

fn body(mut parameter: Value, reference: Option<String>, consumes: &[Value]) -> Value {
    let required = parameter.get("required") == Some(&Value::Bool(true));
    let schema = match reference {
        // The schema stays where it is, so that all who share it share one.
        Some(reference) => json!({ "$ref": format!("{}/schema", moved(&reference)) }),
        None => parameter.get_mut("schema").map_or_else(|| json!({}), Value::take),
    };
    let types: Vec<&str> = consumes.iter().filter_map(Value::as_str).collect();
    let types = if types.is_empty() { vec![JSON] } else { types };
    json!({ "required": required, "content": content(&types, &schema) })
}

/// Each media type with a schema of its own.
fn content(types: &[&str], schema: &Value) -> Map<String, Value> {
    types.iter().map(|name| ((*name).to_owned(), json!({ "schema": schema }))).collect()
}

/// The parts of a form as one object.
fn form(parts: impl Iterator<Item = Value>, consumes: &[Value]) -> Value {
    let (mut properties, mut required, mut encoding, mut has_file) = (Map::new(), Vec::new(), Map::new(), false);
    for mut part in parts {
        let Value::Object(members) = &mut part else { continue };
        let Some(Value::String(name)) = members.shift_remove("name") else { continue };
        if members.get("required") == Some(&Value::Bool(true)) {
            required.push(Value::from(name.as_str()));
        }
        let format = members.shift_remove("collectionFormat");
        let schema = schema(members);
        has_file |= schema.get("type").is_some_and(|name| name == "file");
        if schema.get("type").is_some_and(|name| name == "array") {
            let (style, explode) = written(format.as_ref().and_then(Value::as_str), true);
            encoding.insert(name.clone(), json!({ "style": style, "explode": explode }));
        }
        properties.insert(name, Value::Object(schema));
    }
    let known =
        consumes.iter().filter_map(Value::as_str).filter(|name| name.starts_with(FORM) || name.starts_with(PARTS));
    let mut types: Vec<&str> = known.filter(|name| !has_file || name.starts_with(PARTS)).collect();
    if types.is_empty() {
        types.push(if has_file { PARTS } else { FORM });
    }
    let is_required = !required.is_empty();
    let mut schema = json!({ "type": "object", "properties": properties });
    if is_required {
        schema["required"] = Value::Array(required);
    }
    let mut content = content(&types, &schema);
    for media in content.values_mut().filter(|_| !encoding.is_empty()) {
        media["encoding"] = Value::Object(encoding.clone());
    }
    json!({ "required": is_required, "content": content })
}

/// The schema of a response, and its examples, for each media type.
fn response(members: &mut Map<String, Value>, produces: Option<&[Value]>) {
    if members.contains_key("$ref") {
        return;
    }
    let (schema, examples) = (members.shift_remove("schema"), members.shift_remove("examples"));
    if schema.is_none() && examples.is_none() {
        return;
    }
    let types: Vec<&str> = produces.unwrap_or_default().iter().filter_map(Value::as_str).collect();
    let types = if types.is_empty() { vec![JSON] } else { types };
    let mut content = schema.map(|schema| content(&types, &schema)).unwrap_or_default();
    if let Some(Value::Object(examples)) = examples {
        for (name, example) in examples {
            content.entry(name).or_insert_with(|| json!({}))["example"] = example;
        }
    }
    members.insert("content".to_owned(), Value::Object(content));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/components/schemas/A/items", "/definitions/A/items")]
    #[case("/components/responses/A/content/a~1b/schema", "/responses/A/schema")]
    #[case("/paths/~1a/get/responses/200/content/a~1b/schema/items", "/paths/~1a/get/responses/200/schema/items")]
    #[case("/paths/~1a/post/requestBody/content/a~1b/schema", "/paths/~1a/post/parameters")]
    #[case("/paths/~1a/get", "/paths/~1a/get")]
    fn a_place_is_told_as_it_was(#[case] place: &str, #[case] before: &str) {
        assert_eq!(original(place), before);
    }

    #[rstest]
    #[case(Some("multi"), true, ("form", true))]
    #[case(None, true, ("form", false))]
    #[case(Some("pipes"), true, ("pipeDelimited", false))]
    #[case(Some("csv"), false, ("simple", false))]
    fn lists_are_written_as_before(#[case] format: Option<&str>, #[case] in_query: bool, #[case] style: (&str, bool)) {
        assert_eq!(written(format, in_query), style);
    }
}
