//! Values that schemas give by themselves: what they fix, fall back to, or accept.

use conformance_contract::{Location, Schemas};
use serde_json::{Map, Value};

/// Some value that a schema accepts, made from its type and bounds; none where that takes more than these.
pub(crate) fn sample_of(schemas: &Schemas, at: &Location) -> Option<Value> {
    let keyword = |name: &str| schemas.keyword(at, name).map(|(_, node)| node);
    if let Some(choices) = keyword("enum") {
        return choices.items().first().map(conformance_source::Node::to_json);
    }
    let text = |length: i64| Some(Value::from("a".repeat(usize::try_from(length).ok()?)));
    match keyword("type")?.as_str()? {
        "string" if keyword("pattern").is_none() && keyword("format").is_none() => text(
            schemas.bound(at, "minLength").unwrap_or(1).max(1).min(schemas.bound(at, "maxLength").unwrap_or(i64::MAX)),
        ),
        "integer" | "number" if keyword("multipleOf").is_none() => {
            Some(Value::from(schemas.bound(at, "minimum").or(schemas.bound(at, "maximum")).unwrap_or(1)))
        }
        "boolean" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        "array" if schemas.bound(at, "minItems").unwrap_or(0) == 0 => Some(Value::Array(Vec::new())),
        _ => None,
    }
}

/// How deep a required object may lie in others.
pub(crate) const DEPTH: usize = 16;

/// The value of a property that neither state nor generation gives.
pub(crate) fn fallback(schemas: &Schemas, places: &[Location], required: bool, depth: usize) -> Option<Value> {
    let first = |find: &dyn Fn(&Location) -> Option<Value>| places.iter().find_map(find);
    first(&|at| schemas.fixed(at))
        .or_else(|| first(&|at| schemas.default_value(at)))
        .or_else(|| if required { first(&|at| schemas.example(at)) } else { None })
        .or_else(|| {
            let nested = places.iter().find(|at| required && !schemas.properties(at).is_empty())?;
            // A schema that requires itself has no end.
            skeleton_to(schemas, nested, depth.checked_sub(1)?)
        })
}

/// The part of an object that its schema alone decides.
pub(crate) fn skeleton(schemas: &Schemas, at: &Location) -> Value {
    skeleton_to(schemas, at, DEPTH).unwrap_or_else(|| Value::Object(Map::new()))
}

/// The same, so many levels deep; none when a required object lies deeper.
pub(crate) fn skeleton_to(schemas: &Schemas, at: &Location, depth: usize) -> Option<Value> {
    let required = schemas.required(at);
    let mut members = Map::new();
    for (name, places) in schemas.properties(at) {
        let demanded = required.iter().any(|(one, _)| *one == name);
        let nested = demanded && places.iter().any(|at| !schemas.properties(at).is_empty());
        match fallback(schemas, &places, demanded, depth) {
            Some(value) => drop(members.insert(name, value)),
            None if nested => return None,
            None => {}
        }
    }
    Some(Value::Object(members))
}
