//! The objects that a document shows in its examples.

use serde_json::{Map, Value};

use crate::path::parameters;
use crate::shape::inside;
use crate::{Api, Role};

/// Where each is created, and what it has: those of lists first, each object once. What is created below another object is
/// left out, since an example does not tell which.
#[must_use]
pub fn objects(api: &Api) -> Vec<(String, Map<String, Value>)> {
    let mut all: Vec<(String, Map<String, Value>)> = Vec::new();
    let is_create = |at: usize| {
        api.operations.iter().position(|one| one.role == Role::Create && one.resource == Some(at) && !one.is_item)
    };
    for at in 0..api.resources.len() {
        let Some(create) = is_create(at) else { continue };
        let path = &api.document.operations[create].path;
        if !parameters(path).is_empty() {
            continue;
        }
        let mut shown: Vec<Map<String, Value>> = Vec::new();
        for role in [Role::List, Role::Retrieve, Role::Create] {
            let operations = (0..api.operations.len())
                .filter(|one| api.operations[*one].role == role && api.operations[*one].resource == Some(at));
            for object in operations.flat_map(|operation| shown_by(api, operation)) {
                if !shown.iter().any(|one| is_same(api, at, one, object)) {
                    shown.push(object.clone());
                }
            }
        }
        all.extend(shown.into_iter().map(|object| (path.clone(), object)));
    }
    all
}

/// The objects in the examples of an operation's successful response.
fn shown_by(api: &Api, at: usize) -> Vec<&Map<String, Value>> {
    let success = &api.operations[at].success;
    let response = success.response.and_then(|one| api.document.operations[at].responses.get(one));
    let media = response.and_then(|one| one.media.get(success.media?));
    let (Some(media), Some(shape)) = (media, success.shape.as_ref()) else { return Vec::new() };
    let within = |body| shape.at.iter().try_fold(body, |here: &Value, member| here.get(member));
    let bodies = media.examples.iter().filter_map(within).flat_map(|value| match value {
        Value::Array(items) if shape.is_item => items.iter().collect(),
        value => vec![value],
    });
    let schemas = inside(&api.schemas, shape);
    let own = schemas.iter().flat_map(|schema| {
        let several = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        schema.get("example").into_iter().chain(several)
    });
    bodies.chain(own).filter_map(Value::as_object).collect()
}

/// Whether two objects have the same id, or are alike where they have none.
fn is_same(api: &Api, resource: usize, one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let in_path = api.resources[resource].identity.iter().filter(|member| member.is_in_path);
    let ids = in_path.filter_map(|member| Some((one.get(&member.name)?, other.get(&member.name)?)));
    let mut ids = ids.peekable();
    if ids.peek().is_none() { one == other } else { ids.all(|(one, other)| one == other) }
}
