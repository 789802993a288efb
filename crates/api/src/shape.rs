//! Where objects and lists stand in the bodies of responses.

use conformance_openapi::Operation as Declared;
use serde_json::Value;

use crate::media::is_json;
use crate::model::{Resource, Shape, Success};
use crate::names::{same, singular};
use crate::schema::{Merged, Schemas};

/// Members that hold the items of a list.
pub(crate) const LISTS: &[&str] =
    &["data", "items", "results", "entries", "values", "objects", "list", "records", "value", "resources"];
/// Members that hold the list one level further down.
const AROUND: &[&str] = &["data", "result", "results", "response", "list", "page", "_embedded", "embedded"];

/// The schema at a pointer; one that says nothing where there is none.
fn schema_at<'s>(schemas: &'s Schemas, pointer: &str) -> &'s Value {
    const NOTHING: &Value = &Value::Null;
    schemas.at(pointer).unwrap_or(NOTHING)
}

/// Where the array in the body of a list stands; `last` is the last part of the list's path.
#[must_use]
pub(crate) fn of_list(schemas: &Schemas, body: &str, last: &str) -> Option<Shape> {
    let outlined = schemas.outline(&[schema_at(schemas, body)]);
    let found = |at: Vec<String>, items: Option<&Value>| Shape {
        body: body.to_owned(),
        at,
        is_item: true,
        reference: items.and_then(|items| reference(schemas, &[items])),
    };
    if outlined.kind() == Some("array") {
        return Some(found(Vec::new(), outlined.items));
    }
    let arrays = arrays(schemas, &outlined);
    let usual = arrays.iter().find(|(name, _)| LISTS.contains(name));
    let usual = usual.or_else(|| arrays.iter().find(|(name, _)| same(name, last)));
    let of_objects = || {
        let is_object =
            |items: &Option<&Value>| items.is_some_and(|items| schemas.outline(&[items]).kind() == Some("object"));
        arrays.iter().find(|(_, items)| is_object(items))
    };
    if let Some((name, items)) = usual.or_else(of_objects).or(arrays.first()) {
        return Some(found(vec![(*name).to_owned()], *items));
    }
    AROUND.iter().find_map(|around| {
        let inner = schemas.outline(outlined.property(around)?);
        let arrays = self::arrays(schemas, &inner);
        let (name, items) = arrays.first()?;
        Some(found(vec![(*around).to_owned(), (*name).to_owned()], *items))
    })
}

fn arrays<'s>(schemas: &'s Schemas, shape: &Merged<'s>) -> Vec<(&'s str, Option<&'s Value>)> {
    let array = |(name, property): &(&'s str, Vec<&'s Value>)| {
        let is_array = schemas.outline(property).kind() == Some("array");
        is_array.then(|| (*name, telling_items(schemas, property)))
    };
    shape.properties.iter().filter_map(array).collect()
}

/// The items of an array, of each schema that says something of it: `allOf` a page of anything and an array of pets.
fn all_items<'s>(schemas: &'s Schemas, array: &[&'s Value]) -> Vec<&'s Value> {
    array.iter().filter_map(|one| schemas.outline(&[one]).items).collect()
}

/// The items that say what they are.
fn telling_items<'s>(schemas: &'s Schemas, array: &[&'s Value]) -> Option<&'s Value> {
    let all = all_items(schemas, array);
    let tells = |items: &&&Value| !schemas.outline(&[items]).properties.is_empty();
    all.iter().find(tells).or(all.first()).copied().or_else(|| schemas.outline(array).items)
}

/// The `$ref` that describes an object, where one does: the last of those that say nothing else.
pub(crate) fn reference(schemas: &Schemas, of: &[&Value]) -> Option<String> {
    let only = |one: &&str| {
        let target = schemas.target(one).and_then(Value::as_object);
        target.is_some_and(|target| target.len() == 1 && target.contains_key("$ref"))
    };
    schemas.merge(of).references.into_iter().find(|one| !only(one)).map(str::to_owned)
}

/// The same for the schema of a body. Its pointer has followed such references already: one that does not stand where it
/// is used is one that can be referred to.
fn reference_to(schemas: &Schemas, body: &str) -> Option<String> {
    let is_named = body.strip_prefix("/components/schemas/").is_some_and(|name| !name.contains('/'));
    if is_named { Some(format!("#{body}")) } else { reference(schemas, &[schema_at(schemas, body)]) }
}

/// The body itself.
pub(crate) fn whole(schemas: &Schemas, body: &str) -> Shape {
    Shape { body: body.to_owned(), at: Vec::new(), is_item: false, reference: reference_to(schemas, body) }
}

/// Where the object of a response stands: in the body itself, or in its one member that is such an object. `name` is what
/// the path calls the objects.
pub(crate) fn of_object(schemas: &Schemas, body: &str, name: &str, kind: Option<&Resource>) -> Shape {
    let outlined = schemas.outline(&[schema_at(schemas, body)]);
    let is_id = |one: &str| match kind {
        Some(kind) if !kind.identity.is_empty() => kind.identity[0].name == one,
        _ => matches!(one, "id" | "_id" | "uuid" | "sid"),
    };
    if outlined.properties.iter().any(|(member, _)| is_id(member)) {
        return whole(schemas, body);
    }
    let wanted = kind.and_then(|kind| kind.shape.as_ref()).and_then(|shape| shape.reference.as_deref());
    let objects: Vec<(Shape, bool)> = outlined
        .properties
        .iter()
        .filter_map(|(member, property)| {
            let (inner, reference) = (schemas.outline(property), reference(schemas, property));
            let has_id = inner.properties.iter().any(|(one, _)| is_id(one));
            let fits = has_id || (wanted.is_some() && reference.as_deref() == wanted);
            let is_named = same(member, name) || same(member, &singular(name));
            let is_object = inner.kind() == Some("object") && (fits || (is_named && outlined.properties.len() <= 2));
            let shape = Shape { body: body.to_owned(), at: vec![(*member).to_owned()], is_item: false, reference };
            is_object.then_some((shape, is_named))
        })
        .collect();
    let named = objects.iter().find(|(_, is_named)| *is_named);
    let only = (objects.len() == 1 && outlined.properties.len() <= 3).then(|| &objects[0]);
    named.or(only).map_or_else(|| whole(schemas, body), |(shape, _)| shape.clone())
}

/// The schemas of the object, or of one item, within a body.
#[must_use]
pub fn inside<'s>(schemas: &'s Schemas, shape: &Shape) -> Vec<&'s Value> {
    let Some(root) = schemas.at(&shape.body) else { return Vec::new() };
    let mut here = vec![root];
    for member in &shape.at {
        let outlined = schemas.outline(&here);
        here = outlined.property(member).map(<[&Value]>::to_vec).unwrap_or_default();
    }
    if shape.is_item {
        here = all_items(schemas, &here);
    }
    here
}

/// The documented response of an operation that went well.
pub(crate) fn success(declared: &Declared) -> Success {
    let status = |text: &str| match text {
        "2XX" => Some(if declared.method == "POST" { 201 } else { 200 }),
        _ => text.parse::<u16>().ok().filter(|status| (200..300).contains(status)),
    };
    let mut known: Vec<(u16, usize)> =
        declared.responses.iter().enumerate().filter_map(|(at, one)| Some((status(&one.status)?, at))).collect();
    known.sort_by_key(|(status, at)| match declared.method.as_str() {
        "POST" if *status == 201 => (0, 0, *at),
        _ => (1, *status, *at),
    });
    let redirect = || {
        let found = declared
            .responses
            .iter()
            .position(|one| one.status.starts_with('3') && one.status != "304" && one.status != "3XX");
        found.and_then(|at| Some((declared.responses[at].status.parse::<u16>().ok()?, at)))
    };
    let unnamed = || declared.responses.iter().position(|one| one.status == "default").map(|at| (200, at));
    match known.first().copied().or_else(redirect).or_else(unnamed) {
        Some((status, at)) => {
            let media = &declared.responses[at].media;
            let chosen = media.iter().position(|one| is_json(&one.media_type)).or((!media.is_empty()).then_some(0));
            Success { status, response: Some(at), media: chosen, shape: None }
        }
        None => Success { status: if declared.method == "DELETE" { 204 } else { 200 }, ..Success::default() },
    }
}
