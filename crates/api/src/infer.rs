//! From a document to what it means: which paths are resources, and what each operation does.
//!
//! The rules, in the order in which they are applied:
//!
//! 1. A path that ends in a parameter is the path of one object; the path before it is that of all of them.
//! 2. The verb and the kind of path give the role; a `GET` is a list where its response has an array of objects.
//! 3. The object's schema is that of the retrieve's response, or of its one member that has an id; else the list's items.
//! 4. Operations elsewhere that answer with the same `$ref` in a list are lists of the same resource.

use std::collections::BTreeMap;

use conformance_openapi::{Document, Location, Operation as Declared};
use serde_json::Value;

use crate::identity;
use crate::media::is_json;
use crate::model::{Api, Certainty, Fact, IdMember, Operation, Resource, Role, Shape, Success};
use crate::names::{same, singular};
use crate::pages::Pages;
use crate::path;
use crate::schema::{Merged, Schemas};

/// Members that hold the items of a list.
const LISTS: &[&str] =
    &["data", "items", "results", "entries", "values", "objects", "list", "records", "value", "resources"];
/// Members that hold the list one level further down.
const AROUND: &[&str] = &["data", "result", "results", "response", "list", "page", "_embedded", "embedded"];

/// What a document means.
#[must_use]
pub fn infer(document: Document) -> Api {
    let schemas = Schemas::new(document.root.clone());
    let found = Inference::new(&document, &schemas).run();
    let (resources, operations) = found;
    Api { document, schemas, resources, operations }
}

struct Inference<'d> {
    schemas: &'d Schemas,
    declared: &'d [Declared],
    /// Each operation's path with equal parameters.
    paths: Vec<String>,
    /// The operations of a path, by method.
    by_path: BTreeMap<String, BTreeMap<String, usize>>,
    successes: Vec<Success>,
    /// Where each `GET`'s array stands, if it has one.
    lists: Vec<Option<Shape>>,
}

impl<'d> Inference<'d> {
    fn new(document: &'d Document, schemas: &'d Schemas) -> Self {
        let declared = document.operations.as_slice();
        let paths: Vec<String> = declared.iter().map(|one| path::plain(&one.path)).collect();
        let mut by_path: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (index, one) in declared.iter().enumerate() {
            by_path.entry(paths[index].clone()).or_default().insert(one.method.clone(), index);
        }
        let successes: Vec<Success> = declared.iter().map(success).collect();
        let mut made = Self { schemas, declared, paths, by_path, successes, lists: Vec::new() };
        made.lists = (0..declared.len()).map(|index| made.list_shape(index)).collect();
        made
    }

    fn run(mut self) -> (Vec<Resource>, Vec<Operation>) {
        let roles: Vec<(Role, &'static str, Certainty)> =
            (0..self.declared.len()).map(|index| self.role(index)).collect();
        let mut resources = self.resources(&roles);
        resources.sort_by_key(|one| one.item.matches('/').count());
        for index in 0..resources.len() {
            resources[index].parent = parent(&resources, index);
        }
        let mut operations = Vec::new();
        for (index, (role, rule, certainty)) in roles.into_iter().enumerate() {
            let is_item = self.is_item(index);
            let mut resource = self.resource_of(&resources, index, role);
            let mut shape = None;
            if role == Role::List {
                shape.clone_from(&self.lists[index]);
                resource = resource.or_else(|| self.by_reference(&resources, index));
            } else if let (Some(pointer), Some(kind)) = (self.schema(index), resource.and_then(|at| resources.get(at)))
            {
                shape = Some(self.object_shape(&pointer, &kind.name, Some(kind)));
            } else if let Some(pointer) = self.schema(index) {
                shape = Some(Shape {
                    reference: self.reference(&[self.at(&pointer)]),
                    body: pointer,
                    at: Vec::new(),
                    is_item: false,
                });
            }
            let pages = (role == Role::List).then(|| Pages::infer(self.schemas, &self.declared[index])).flatten();
            let mut success = std::mem::take(&mut self.successes[index]);
            success.shape = shape;
            let pointer = self.declared[index].pointer.clone();
            let facts = vec![Fact { what: format!("role: {}", role.name()), rule, pointer, certainty }];
            operations.push(Operation { role, resource, is_item, success, pages, facts });
        }
        (resources, operations)
    }

    fn at(&self, pointer: &str) -> &'d Value {
        const NOTHING: &Value = &Value::Null;
        self.schemas.at(pointer).unwrap_or(NOTHING)
    }

    /// The schema of the JSON that answers an operation.
    fn schema(&self, index: usize) -> Option<String> {
        let success = &self.successes[index];
        let media = self.declared[index].responses.get(success.response?)?.media.get(success.media?)?;
        is_json(&media.media_type).then(|| media.schema.clone()).flatten()
    }

    fn is_item(&self, index: usize) -> bool {
        self.paths[index].rsplit('/').next().is_some_and(|last| last.contains("{}"))
    }

    fn has(&self, path: &str, method: &str) -> bool {
        self.by_path.get(path).is_some_and(|all| all.contains_key(method))
    }

    fn role(&self, index: usize) -> (Role, &'static str, Certainty) {
        let (path, method) = (self.paths[index].as_str(), self.declared[index].method.as_str());
        if self.is_item(index) { self.item_role(index, path, method) } else { self.other_role(index, path, method) }
    }

    fn item_role(&self, index: usize, path: &str, method: &str) -> (Role, &'static str, Certainty) {
        let collection = path.rsplit_once('/').map_or("", |(before, _)| before);
        let is_object = self.has(path, "GET") || self.has(path, "DELETE");
        match method {
            "GET" if self.lists[index].as_ref().is_some_and(|list| list.at.is_empty()) => {
                (Role::List, "GET on a path that ends in a parameter, answered by an array", Certainty::Likely)
            }
            "GET" => (Role::Retrieve, "GET on the path of one object", Certainty::Certain),
            "PATCH" => (Role::Update, "PATCH on the path of one object", Certainty::Certain),
            "PUT" if self.has(path, "GET") || self.by_path.contains_key(collection) => {
                (Role::Replace, "PUT on the path of one object", Certainty::Certain)
            }
            "PUT" => (Role::Action, "PUT on a path of which nothing is read", Certainty::Likely),
            "POST" if is_object => {
                (Role::Update, "POST on the path of one object that is read or deleted there", Certainty::Likely)
            }
            "POST" => (Role::Action, "POST on the path of one object", Certainty::Likely),
            "DELETE" => (Role::Delete, "DELETE on the path of one object", Certainty::Certain),
            _ => (Role::Custom, "another method", Certainty::Guess),
        }
    }

    fn other_role(&self, index: usize, path: &str, method: &str) -> (Role, &'static str, Certainty) {
        let has_items = self.by_path.contains_key(&format!("{path}/{{}}"));
        let lists = self.by_path.get(path).and_then(|all| all.get("GET")).is_some_and(|get| self.lists[*get].is_some());
        match method {
            "GET" if self.is_list(index, path, has_items) => (
                Role::List,
                "GET answered by an array of objects",
                if has_items { Certainty::Certain } else { Certainty::Likely },
            ),
            "GET" => (Role::GetSingleton, "GET on a path without an id at its end", Certainty::Likely),
            "POST" if has_items => (Role::Create, "POST on the path above that of one object", Certainty::Certain),
            "POST" if lists => (Role::Create, "POST on the path of a list", Certainty::Likely),
            "POST" if path.contains("{}") => (Role::Action, "POST below an object", Certainty::Likely),
            "PUT" | "PATCH" if self.has(path, "GET") && !lists => {
                (Role::SetSingleton, "written where it is read", Certainty::Likely)
            }
            "DELETE" if self.has(path, "GET") && !lists => {
                (Role::ClearSingleton, "deleted where it is read", Certainty::Likely)
            }
            "PUT" if has_items && !lists && !self.has(path, "PATCH") => {
                (Role::Replace, "PUT on the path above that of one object, whose id is in the body", Certainty::Guess)
            }
            _ => (Role::Custom, "none of the usual forms", Certainty::Guess),
        }
    }

    fn is_list(&self, index: usize, path: &str, has_items: bool) -> bool {
        let Some(list) = &self.lists[index] else { return false };
        let query = self.declared[index].parameters.iter().filter(|one| one.location == Location::Query);
        let last = path.rsplit('/').next().unwrap_or("");
        has_items
            || list.at.is_empty()
            || query.into_iter().any(|one| Pages::is_name(&one.name))
            || list.at.last().is_some_and(|name| LISTS.contains(&name.as_str()) || same(name, last))
    }

    /// Where the array of a `GET`'s response stands.
    fn list_shape(&self, index: usize) -> Option<Shape> {
        if self.declared[index].method != "GET" {
            return None;
        }
        let body = self.schema(index)?;
        let shape = self.schemas.outline(&[self.at(&body)]);
        let found = |at: Vec<String>, items: Option<&Value>| Shape {
            body: body.clone(),
            at,
            is_item: true,
            reference: items.and_then(|items| self.reference(&[items])),
        };
        if shape.kind() == Some("array") {
            return Some(found(Vec::new(), shape.items));
        }
        let arrays = self.arrays(&shape);
        let last = self.paths[index].rsplit('/').next().unwrap_or("").to_owned();
        let usual = arrays
            .iter()
            .find(|(name, _)| LISTS.contains(name))
            .or_else(|| arrays.iter().find(|(name, _)| same(name, &last)));
        let of_objects = || {
            let is_object = |items: &Option<&Value>| {
                items.is_some_and(|items| self.schemas.outline(&[items]).kind() == Some("object"))
            };
            arrays.iter().find(|(_, items)| is_object(items))
        };
        if let Some((name, items)) = usual.or_else(of_objects).or(arrays.first()) {
            return Some(found(vec![(*name).to_owned()], *items));
        }
        AROUND.iter().find_map(|around| {
            let inner = self.schemas.outline(shape.property(around)?);
            let arrays = self.arrays(&inner);
            let (name, items) = arrays.first()?;
            Some(found(vec![(*around).to_owned(), (*name).to_owned()], *items))
        })
    }

    fn arrays<'s>(&'s self, shape: &Merged<'s>) -> Vec<(&'s str, Option<&'s Value>)> {
        let array = |(name, schemas): &(&'s str, Vec<&'s Value>)| {
            let inner = self.schemas.outline(schemas);
            (inner.kind() == Some("array")).then_some((*name, inner.items))
        };
        shape.properties.iter().filter_map(array).collect()
    }

    /// The `$ref` that describes an object, where one does.
    fn reference(&self, schemas: &[&Value]) -> Option<String> {
        let merged = self.schemas.merge(schemas);
        merged.references.first().map(|one| (*one).to_owned())
    }

    fn resources(&self, roles: &[(Role, &'static str, Certainty)]) -> Vec<Resource> {
        let mut found = Vec::new();
        for (item, methods) in &self.by_path {
            let Some((collection, last)) = item.rsplit_once('/') else { continue };
            let objects = [Role::Retrieve, Role::Update, Role::Replace, Role::Delete];
            let is_kept = methods.values().any(|index| objects.contains(&roles[*index].0));
            if last.contains("{}") && is_kept {
                found.push(self.resource(item, collection, methods, roles));
            }
        }
        // A list to which something is added is kept, too, though nothing reads one of it.
        for (path, methods) in &self.by_path {
            let creates = methods.get("POST").is_some_and(|index| roles[*index].0 == Role::Create);
            let item = format!("{path}/{{}}");
            if creates && !found.iter().any(|one| one.item == item) {
                found.push(self.resource(&item, path, methods, roles));
            }
        }
        found
    }

    fn resource(
        &self,
        item: &str,
        collection: &str,
        methods: &BTreeMap<String, usize>,
        roles: &[(Role, &'static str, Certainty)],
    ) -> Resource {
        let name = collection
            .rsplit('/')
            .find(|part| !part.contains("{}") && !part.is_empty())
            .unwrap_or("objects")
            .to_owned();
        let above = self.by_path.get(collection);
        let list = above.and_then(|all| all.get("GET")).filter(|index| roles[**index].0 == Role::List);
        let create = above.and_then(|all| all.get("POST"));
        let template = methods.values().next().map_or(item, |index| self.declared[*index].path.as_str());
        let parameter = path::parameters(template).last().copied().unwrap_or("id").to_owned();
        let from_list = || list.and_then(|index| self.lists[*index].clone());
        let read = methods.get("GET").and_then(|index| self.schema(*index));
        let written = || {
            ["PATCH", "PUT", "POST"]
                .iter()
                .find_map(|method| methods.get(*method))
                .and_then(|index| self.schema(*index))
        };
        let made = || create.and_then(|index| self.schema(*index));
        let object = |pointer: String| self.object_shape(&pointer, &name, None);
        let candidates = [
            (read.map(object), "the response of its retrieve"),
            (from_list(), "the items of its list"),
            (made().map(object), "the response of its create"),
            (written().map(object), "the response of what writes it"),
        ];
        let body = create.and_then(|index| self.body_schema(*index));
        let identity_of = |shape: &Shape| self.identity(shape, &parameter, body.as_deref());
        let known: Vec<(Shape, &'static str)> =
            candidates.into_iter().filter_map(|(shape, rule)| Some((shape?, rule))).collect();
        // A response that shows nothing by which an object is found does not describe it.
        let best = known.iter().position(|(shape, _)| !identity_of(shape).is_empty()).unwrap_or(0);
        let (shape, rule) = known.into_iter().nth(best).map_or((None, ""), |(shape, rule)| (Some(shape), rule));
        let identity = shape.as_ref().map_or_else(Vec::new, identity_of);
        let mut facts = Vec::new();
        let pointer = methods.values().next().map_or_else(String::new, |index| self.declared[*index].pointer.clone());
        if let Some(shape) = &shape {
            let what = format!("object: {}", shape.reference.clone().unwrap_or_else(|| format!("#{}", shape.body)));
            facts.push(Fact { what, rule, pointer: shape.body.clone(), certainty: Certainty::Certain });
        }
        match identity.first() {
            Some(member) => {
                let certain = same(&member.name, &parameter) || member.name == "id";
                let certainty = if certain { Certainty::Certain } else { Certainty::Likely };
                let what = format!("id: member `{}`", member.name);
                facts.push(Fact { what, rule: "the member that the path's parameter names", pointer, certainty });
            }
            None => {
                let what = "id: in the path only".to_owned();
                facts.push(Fact {
                    what,
                    rule: "no member of the object has a usual name",
                    pointer,
                    certainty: Certainty::Guess,
                });
            }
        }
        Resource {
            name,
            collection: collection.to_owned(),
            item: item.to_owned(),
            parent: None,
            shape,
            identity,
            facts,
        }
    }

    fn body_schema(&self, index: usize) -> Option<String> {
        let media = &self.declared[index].body.as_ref()?.media;
        media.iter().find(|one| is_json(&one.media_type)).or(media.first())?.schema.clone()
    }

    fn identity(&self, shape: &Shape, parameter: &str, body: Option<&str>) -> Vec<IdMember> {
        let object = self.schemas.outline(&self.inside(shape));
        let body = body.map(|pointer| self.schemas.outline(&[self.at(pointer)]));
        let nested = |body: Merged<'d>| match body.properties.as_slice() {
            [(_, schemas)] => {
                Some(self.schemas.outline(schemas)).filter(|one| one.kind() == Some("object")).unwrap_or(body)
            }
            _ => body,
        };
        identity::members(self.schemas, &object, parameter, body.map(nested).as_ref())
    }

    /// The schemas of the object within a body.
    fn inside(&self, shape: &Shape) -> Vec<&'d Value> {
        inside(self.schemas, shape)
    }

    /// Where the object of a response stands: in the body itself, or in its one member that is such an object.
    fn object_shape(&self, pointer: &str, name: &str, kind: Option<&Resource>) -> Shape {
        let body = self.schemas.outline(&[self.at(pointer)]);
        let whole = Shape {
            body: pointer.to_owned(),
            at: Vec::new(),
            is_item: false,
            reference: self.reference(&[self.at(pointer)]),
        };
        let is_id = |one: &str| match kind {
            Some(kind) if !kind.identity.is_empty() => kind.identity[0].name == one,
            _ => matches!(one, "id" | "_id" | "uuid" | "sid"),
        };
        if body.properties.iter().any(|(member, _)| is_id(member)) {
            return whole;
        }
        let wanted = kind.and_then(|kind| kind.shape.as_ref()).and_then(|shape| shape.reference.as_deref());
        let objects: Vec<(&str, Shape, bool)> = body
            .properties
            .iter()
            .filter_map(|(member, schemas)| {
                let inner = self.schemas.outline(schemas);
                let reference = self.reference(schemas);
                let fits = inner.properties.iter().any(|(one, _)| is_id(one))
                    || (wanted.is_some() && reference.as_deref() == wanted);
                let is_named = same(member, name) || same(member, &singular(name));
                let shape =
                    Shape { body: pointer.to_owned(), at: vec![(*member).to_owned()], is_item: false, reference };
                let is_object = inner.kind() == Some("object") && (fits || (is_named && body.properties.len() <= 2));
                is_object.then_some((*member, shape, is_named))
            })
            .collect();
        let named = objects.iter().find(|(_, _, is_named)| *is_named);
        let only = (objects.len() == 1 && body.properties.len() <= 3).then(|| &objects[0]);
        named.or(only).map_or(whole, |(_, shape, _)| shape.clone())
    }

    fn resource_of(&self, resources: &[Resource], index: usize, role: Role) -> Option<usize> {
        let path = self.paths[index].as_str();
        let by_item = || resources.iter().position(|one| one.item == path);
        let by_collection = || resources.iter().position(|one| one.collection == path);
        match role {
            Role::List | Role::Create => by_collection(),
            Role::Replace if !self.is_item(index) => by_collection(),
            Role::Action => {
                let mut longest: Vec<usize> = (0..resources.len())
                    .filter(|at| path == resources[*at].item || path.starts_with(&format!("{}/", resources[*at].item)))
                    .collect();
                longest.sort_by_key(|at| resources[*at].item.len());
                longest.pop()
            }
            Role::GetSingleton | Role::SetSingleton | Role::ClearSingleton | Role::Custom => None,
            _ => by_item(),
        }
    }

    /// The resource whose objects a list elsewhere shows: the one with the same `$ref`, nearest by path.
    fn by_reference(&self, resources: &[Resource], index: usize) -> Option<usize> {
        let wanted = self.lists[index].as_ref()?.reference.as_deref()?;
        let path = self.paths[index].as_str();
        let same = |one: &Resource| one.shape.as_ref().and_then(|shape| shape.reference.as_deref()) == Some(wanted);
        let near = |one: &Resource| {
            path.starts_with(&format!("{}/", one.collection)) && !path.contains(&format!("{}/", one.item))
        };
        resources.iter().position(|one| same(one) && near(one) && !one.collection.is_empty())
    }
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
        let outlined = schemas.outline(&here);
        here = outlined.items.into_iter().collect();
    }
    here
}

fn parent(resources: &[Resource], index: usize) -> Option<usize> {
    let path = &resources[index].collection;
    let above = |at: &usize| {
        *at != index && (path.starts_with(&format!("{}/", resources[*at].item)) || *path == resources[*at].item)
    };
    (0..resources.len()).filter(above).max_by_key(|at| resources[*at].item.len())
}

/// The documented response of an operation that went well.
fn success(declared: &Declared) -> Success {
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
