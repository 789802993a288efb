//! Bodies that hold an object's members further in: `{"article": {"title": "…"}}`, and JSON:API's `{"data": {"type": "articles",
//! "attributes": {"title": "…"}}}` (jsonapi.org), where responses show them in `attributes`, too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::media::is_json;
use crate::model::{Api, Operation, Shape};
use crate::names::{same, singular};
use crate::schema::{Merged, Schemas};
use crate::shape::inside;

/// Where JSON:API puts what an object says of itself.
pub const ATTRIBUTES: &str = "attributes";
/// Where it puts what an object has to do with others.
const RELATIONSHIPS: &str = "relationships";

/// What stands around an object's members in the body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The members that lead to the object's own: `data`, `attributes`.
    pub at: Vec<String>,
    /// The pointer of the schema of what stands there.
    pub content: String,
}

impl Envelope {
    /// What is in an envelope.
    #[must_use]
    pub fn open<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        self.at.iter().try_fold(body, |here, member| here.get(member))
    }

    /// The body with this content; `template` is a body with another one.
    #[must_use]
    pub fn close(&self, mut template: Value, content: Value) -> Value {
        let mut here = &mut template;
        for member in &self.at {
            if !here.is_object() {
                *here = Value::Object(Map::new());
            }
            here = &mut here[member.as_str()];
        }
        *here = content;
        template
    }
}

/// The schemas of the member in which an object has its own members, if it has one.
#[must_use]
pub fn attributes<'s>(schemas: &'s Schemas, object: &Merged<'s>) -> Option<Vec<&'s Value>> {
    // Other objects have a member of that name for something else.
    const MEMBERS: &[&str] = &["id", "type", ATTRIBUTES, RELATIONSHIPS, "links", "meta"];
    let found = object.property(ATTRIBUTES)?.to_vec();
    let has_members = !schemas.outline(&found).properties.is_empty();
    let is_json_api = object.property("type").is_some() && object.property("id").is_some();
    let is_nothing_else = object.properties.iter().all(|(name, _)| MEMBERS.contains(name));
    (has_members && is_json_api && is_nothing_else).then_some(found)
}

/// The schemas of an object's members: of the object, and of what it has in `attributes`.
#[must_use]
pub fn members<'s>(schemas: &'s Schemas, shape: &Shape) -> Vec<&'s Value> {
    let mut all = inside(schemas, shape);
    let further_in = attributes(schemas, &schemas.outline(&all)).unwrap_or_default();
    all.extend(further_in);
    all
}

/// The names that lead to a member of an object as it is shown.
#[must_use]
pub fn path_of(schemas: &Schemas, shape: &Shape, member: &str) -> Vec<String> {
    let is_own = schemas.outline(&inside(schemas, shape)).property(member).is_some();
    let around = (!is_own).then(|| ATTRIBUTES.to_owned());
    around.into_iter().chain([member.to_owned()]).collect()
}

/// Whether objects of a shape have members in `attributes`.
#[must_use]
pub fn is_spread(schemas: &Schemas, shape: &Shape) -> bool {
    attributes(schemas, &schemas.outline(&inside(schemas, shape))).is_some()
}

/// An object with the members of its `attributes` as its own, too.
#[must_use]
pub fn flat(object: &Value) -> Value {
    let (Some(members), Some(Value::Object(attributes))) = (object.as_object(), object.get(ATTRIBUTES)) else {
        return object.clone();
    };
    let mut flat = attributes.clone();
    flat.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(flat)
}

/// The envelopes of a document's bodies, by the pointers of their schemas.
#[must_use]
pub(crate) fn envelopes(api: &Api) -> BTreeMap<String, Envelope> {
    let mut found = BTreeMap::new();
    for (operation, declared) in api.operations.iter().zip(&api.document.operations) {
        let media = declared.body.iter().flat_map(|body| &body.media);
        for pointer in media.filter(|one| is_json(&one.media_type)).filter_map(|one| one.schema.as_ref()) {
            if let Some(envelope) = envelope(api, operation, pointer) {
                found.insert(pointer.clone(), envelope);
            }
        }
    }
    found
}

/// What stands around the members of an object in a body, where the object's are known and stand in it and not in the body itself.
fn envelope(api: &Api, operation: &Operation, pointer: &str) -> Option<Envelope> {
    let schemas = &api.schemas;
    let resource = &api.resources[operation.resource?];
    let object = schemas.outline(&members(schemas, resource.shape.as_ref()?));
    let known: BTreeSet<&str> = object.properties.iter().map(|(name, _)| *name).collect();
    let body = schemas.merged(pointer);
    let [(name, _)] = body.properties.as_slice() else { return None };
    // It is called as the objects are, or as what is around them in a response; anything else is a member like others.
    let around = operation.success.shape.iter().chain(&resource.shape).flat_map(|shape| &shape.at);
    let is_called_so = *name == "data"
        || same(name, &resource.name)
        || same(name, &singular(&resource.name))
        || around.into_iter().any(|one| one == name);
    if known.contains(name) || !is_called_so {
        return None;
    }
    let mut envelope = Envelope { at: vec![(*name).to_owned()], content: property(schemas, pointer, name)? };
    let inner = schemas.merged(&envelope.content);
    if inner.property("type").is_some() && inner.property(ATTRIBUTES).is_some() {
        envelope.content = property(schemas, &envelope.content, ATTRIBUTES)?;
        envelope.at.push(ATTRIBUTES.to_owned());
    }
    let content = schemas.merged(&envelope.content);
    let is_object = content.kind() == Some("object") && content.choices.is_empty();
    let is_known = content.properties.iter().any(|(name, _)| known.contains(name));
    (is_object && is_known).then_some(envelope)
}

/// The pointer of a property's schema; none where several schemas say what it is.
fn property(schemas: &Schemas, pointer: &str, name: &str) -> Option<String> {
    let mut all = Vec::new();
    find_property(schemas, pointer, name, &mut all, 0);
    match all.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn find_property(schemas: &Schemas, pointer: &str, name: &str, found: &mut Vec<String>, depth: usize) {
    const DEPTH: usize = 8;
    let Some(schema) = schemas.at(pointer).filter(|_| depth < DEPTH) else { return };
    if schema.get("properties").and_then(|all| all.get(name)).is_some() {
        let step = name.replace('~', "~0").replace('/', "~1");
        found.push(format!("{pointer}/properties/{step}"));
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|one| one.strip_prefix('#')) {
        find_property(schemas, target, name, found, depth + 1);
    }
    for at in 0..schema.get("allOf").and_then(Value::as_array).map_or(0, Vec::len) {
        find_property(schemas, &format!("{pointer}/allOf/{at}"), name, found, depth + 1);
    }
}

/// The resources whose objects a body names in `relationships`, by the types that its schema allows there.
#[must_use]
pub fn related(api: &Api, pointer: &str) -> Vec<usize> {
    let schemas = &api.schemas;
    fn inner<'s>(schemas: &'s Schemas, shape: &Merged<'s>, name: &str) -> Option<Merged<'s>> {
        shape.property(name).map(|one| schemas.merge_value(one))
    }
    let body = schemas.merged(pointer);
    let Some(relationships) = inner(schemas, &body, "data").and_then(|data| inner(schemas, &data, RELATIONSHIPS))
    else {
        return Vec::new();
    };
    let names = relationships.properties.iter().filter_map(|(_, one)| {
        let data = inner(schemas, &schemas.merge_value(one), "data")?;
        let item = data.items.map(|items| schemas.merge_value(&[items])).unwrap_or(data);
        let kind = inner(schemas, &item, "type")?;
        let only = kind.constant.or_else(|| kind.enumeration.as_ref()?.first().copied())?;
        resource_of_type(api, only.as_str()?)
    });
    names.collect()
}

/// The resource whose objects are of a type, by its name.
#[must_use]
pub fn resource_of_type(api: &Api, kind: &str) -> Option<usize> {
    let is_it = |name: &str| same(name, kind) || same(&singular(name), &singular(kind));
    api.resources.iter().position(|one| one.parent.is_none() && is_it(&one.name))
}

/// Names objects that are there in the `relationships` of a body: `id_of` tells one of a type.
pub fn relate(body: &mut Value, id_of: &dyn Fn(&str) -> Option<String>) {
    let Some(Value::Object(all)) = body.pointer_mut("/data/relationships") else { return };
    for data in all.values_mut().filter_map(|one| one.get_mut("data")) {
        let named = match data {
            Value::Array(items) => items.iter_mut().collect::<Vec<_>>(),
            one => vec![one],
        };
        for one in named {
            let id = one.get("type").and_then(Value::as_str).and_then(id_of);
            if let (Some(id), Some(member)) = (id, one.get_mut("id")) {
                *member = id.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_in_an_envelope_takes_the_place_of_what_was() {
        let envelope = Envelope { at: vec!["data".into(), "attributes".into()], content: String::new() };
        let template = json!({ "data": { "type": "articles", "attributes": { "title": "A" } } });
        assert_eq!(envelope.open(&template), Some(&json!({ "title": "A" })));
        let closed = envelope.close(template, json!({ "title": "B" }));
        assert_eq!(closed, json!({ "data": { "type": "articles", "attributes": { "title": "B" } } }));
        assert_eq!(envelope.close(json!(null), json!(1)), json!({ "data": { "attributes": 1 } }));
    }

    #[test]
    fn members_in_attributes_are_the_objects_own() {
        let object = json!({ "id": "1", "type": "articles", "attributes": { "title": "A" } });
        let flat_one = json!({ "title": "A", "id": "1", "type": "articles", "attributes": { "title": "A" } });
        assert_eq!(flat(&object), flat_one);
        assert_eq!(flat(&json!({ "id": 1 })), json!({ "id": 1 }));
    }

    #[test]
    fn relationships_name_what_is_there() {
        let mut body = json!({ "data": { "relationships": {
            "author": { "data": { "type": "people", "id": "1" } },
            "tags": { "data": [{ "type": "tags", "id": "1" }] },
        } } });
        relate(&mut body, &|kind| (kind == "people").then(|| "9".to_owned()));
        assert_eq!(body["data"]["relationships"]["author"]["data"]["id"], "9");
        assert_eq!(body["data"]["relationships"]["tags"]["data"][0]["id"], "1");
    }
}
