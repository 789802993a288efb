//! The operations of a document that was rewritten.

use std::collections::HashSet;

use conformance_source::pointer;
use serde_json::{Map, Value};

use crate::Operation;
use crate::grammar::METHODS;
use crate::notes::Notes;
use crate::parts::Parts;
use crate::security;

/// An operation where it stands: its key, its place in the root, and itself.
struct Place<'a> {
    method: String,
    /// Below the path: `get`, `additionalOperations/COPY`.
    below: String,
    place: String,
    value: &'a Map<String, Value>,
}

/// All operations, in the order of the document.
pub(crate) fn list(root: &Value, notes: &mut Notes) -> Vec<Operation> {
    let Some(paths) = root.get("paths").and_then(Value::as_object) else { return Vec::new() };
    let mut parts = Parts { root, notes };
    let everywhere = security::alternatives(root.get("security")).unwrap_or_default();
    let mut ids = HashSet::new();
    let mut operations = Vec::new();
    for (path, item) in paths {
        let place = pointer::push("/paths", path);
        if !path.starts_with('/') {
            parts.notes.add("a path does not begin with a slash", &place);
            continue;
        }
        for (item, at) in items(&parts, item, &place) {
            let above = item.get("parameters").map(|list| (list, format!("{at}/parameters")));
            for found in methods(item, &at) {
                let pointer = format!("{place}/{}", found.below);
                if operations
                    .iter()
                    .rev()
                    .take_while(|one: &&Operation| one.path == *path)
                    .any(|one| one.pointer == pointer)
                {
                    continue;
                }
                let is_referenced = at != place;
                let operation = operation(&mut parts, path, pointer, &found, above.clone());
                let security = security::alternatives(found.value.get("security"));
                let id = unique(&mut ids, &operation.id);
                let security = security.unwrap_or_else(|| everywhere.clone());
                operations.push(Operation { id, security, is_referenced, ..operation });
            }
        }
    }
    operations
}

/// A path item and the one that it refers to, each with its place.
fn items<'a>(parts: &Parts<'a, '_>, item: &'a Value, place: &str) -> Vec<(&'a Map<String, Value>, String)> {
    let mut items = Vec::new();
    let (target, at) = parts.follow(item, place);
    if at != place {
        items.extend(item.as_object().map(|item| (item, place.to_owned())));
    }
    items.extend(target.as_object().map(|item| (item, at)));
    items
}

fn methods<'a>(item: &'a Map<String, Value>, at: &str) -> Vec<Place<'a>> {
    let mut found = Vec::new();
    for (key, value) in item {
        match value {
            Value::Object(operation) if METHODS.contains(&key.as_str()) => found.push(Place {
                method: key.to_uppercase(),
                below: key.clone(),
                place: format!("{at}/{key}"),
                value: operation,
            }),
            Value::Object(more) if key == "additionalOperations" => {
                for (method, operation) in more {
                    let below = pointer::push("additionalOperations", method);
                    let place = format!("{at}/{below}");
                    let operation = operation.as_object();
                    found.extend(operation.map(|value| Place { method: method.clone(), below, place, value }));
                }
            }
            _ => {}
        }
    }
    found
}

fn operation<'a>(
    parts: &mut Parts<'a, '_>,
    path: &str,
    pointer: String,
    found: &Place<'a>,
    above: Option<(&'a Value, String)>,
) -> Operation {
    let value = found.value;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let own = value.get("parameters").map(|list| (list, format!("{}/parameters", found.place)));
    let tags = value.get("tags").and_then(Value::as_array).into_iter().flatten();
    let extensions = value.iter().filter(|(key, _)| key.starts_with("x-"));
    Operation {
        id: text("operationId").filter(|id| !id.is_empty()).unwrap_or_else(|| format!("{} {path}", found.method)),
        method: found.method.clone(),
        path: path.to_owned(),
        summary: text("summary").unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
        parameters: parts.parameters(path, &pointer, [above, own].into_iter().flatten()),
        body: value.get("requestBody").and_then(|body| parts.body(body, &format!("{}/requestBody", found.place))),
        responses: parts.responses(value.get("responses"), &format!("{}/responses", found.place)),
        security: Vec::new(),
        extensions: extensions.map(|(key, value)| (key.clone(), value.clone())).collect(),
        is_referenced: false,
        pointer,
    }
}

/// An id that no other operation has.
fn unique(ids: &mut HashSet<String>, id: &str) -> String {
    let mut one = id.to_owned();
    let mut number = 1_usize;
    while !ids.insert(one.clone()) {
        number += 1;
        one = format!("{id} ({number})");
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_unique() {
        let mut ids = HashSet::new();
        let made: Vec<String> = ["a", "a", "a (2)", "a"].map(|id| unique(&mut ids, id)).into();
        assert_eq!(made, ["a", "a (2)", "a (2) (2)", "a (3)"]);
    }
}
