//! Schemas of the contract, bare of all that judges nothing, their references made absolute.

use conformance_contract::{Location, Schemas};
use conformance_source::{Node, Tree};
use serde_json::{Map, Value};

/// Keywords whose value is a schema.
const SCHEMA: &[&str] = &["additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"];
/// Keywords whose value is a list of schemas.
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: &[&str] = &["dependentSchemas", "patternProperties", "properties"];
/// Other keywords that judge something.
const PLAIN: &[&str] = &[
    "const",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// A schema; what it refers to is added to `more`.
pub(crate) fn bare(schemas: &Schemas, at: &Location, more: &mut Vec<Location>) -> Value {
    let Some(node) = schemas.node(at) else { return Value::Bool(true) };
    let Tree::Object(entries) = &node.tree else { return node.to_json() };
    let mut found = Map::new();
    for entry in entries {
        let (key, place) = (entry.key.as_str(), at.child(&entry.key));
        let value = if key == "$ref" {
            let to = entry.node.as_str().and_then(|reference| schemas.resolve(at, reference));
            let Some(to) = to else { continue };
            more.push(to.clone());
            Value::from(to.to_string())
        } else if SCHEMA.contains(&key) {
            bare(schemas, &place, more)
        } else if LISTS.contains(&key) {
            (0..entry.node.items().len()).map(|index| bare(schemas, &place.child(&index.to_string()), more)).collect()
        } else if NAMED.contains(&key) {
            named(schemas, &entry.node, &place, more)
        } else if PLAIN.contains(&key) {
            entry.node.to_json()
        } else {
            continue;
        };
        found.insert(entry.key.clone(), value);
    }
    Value::Object(found)
}

fn named(schemas: &Schemas, node: &Node, at: &Location, more: &mut Vec<Location>) -> Value {
    let all = node.entries().iter().map(|one| (one.key.clone(), bare(schemas, &at.child(&one.key), more)));
    Value::Object(all.collect())
}
