//! From a document to what it means: which paths are resources, and what each operation does.
//!
//! The rules, in the order in which they are applied:
//!
//! 1. A path that ends in a parameter is the path of one object; the path before it is that of all of them.
//! 2. The verb and the kind of path give the role; a `GET` is a list where its response has an array of objects.
//! 3. The object's schema is that of the retrieve's response, or of its one member that has an id; else the list's items.
//! 4. Operations elsewhere that answer with the same `$ref` in a list are lists of the same resource.
//!
//! What the document says itself (`stated`) comes before all of them.

use std::collections::BTreeMap;

use conformance_openapi::{Document, Operation as Declared};
use serde_json::Value;

use crate::envelope;
use crate::identity;
use crate::media::is_json;
use crate::model::{Api, Certainty, Fact, IdMember, Operation, Resource, Role, Shape, Success};
use crate::names::same;
use crate::pages::Pages;
use crate::path;
use crate::roles::Concluded;
use crate::schema::{Merged, Schemas};
use crate::shape;
use crate::stated::{Problem, RULE, Stated, StatedPages, Statements, list_at};

/// What a document means.
#[must_use]
pub fn infer(document: Document) -> Api {
    let schemas = Schemas::new(document.root.clone());
    let (resources, operations, problems) = Inference::new(&document, &schemas).run();
    let mut api = Api { document, schemas, resources, operations, envelopes: BTreeMap::new(), problems };
    api.envelopes = envelope::envelopes(&api);
    for (operation, declared) in api.operations.iter_mut().zip(&api.document.operations) {
        let media = declared.body.iter().flat_map(|body| &body.media);
        let pointer = media.filter_map(|one| one.schema.as_ref()).find(|one| api.envelopes.contains_key(*one));
        operation.facts.extend(pointer.map(|pointer| Fact {
            what: format!("members: in `{}`", api.envelopes[pointer].at.join(".")),
            rule: "the body has them there, and the object has some of them",
            pointer: format!("{}/requestBody", declared.pointer),
            certainty: Certainty::Certain,
        }));
    }
    api
}

pub(crate) struct Inference<'d> {
    schemas: &'d Schemas,
    pub(crate) declared: &'d [Declared],
    /// Each operation's path with equal parameters.
    pub(crate) paths: Vec<String>,
    /// The operations of a path, by method.
    pub(crate) by_path: BTreeMap<String, BTreeMap<String, usize>>,
    successes: Vec<Success>,
    /// Where each `GET`'s array stands, if it has one.
    pub(crate) lists: Vec<Option<Shape>>,
    statements: Statements<'d>,
    /// What the document says itself of each operation.
    pub(crate) stated: Vec<Option<Stated>>,
}

impl<'d> Inference<'d> {
    fn new(document: &'d Document, schemas: &'d Schemas) -> Self {
        let declared = document.operations.as_slice();
        let paths: Vec<String> = declared.iter().map(|one| path::plain(&one.path)).collect();
        let mut by_path: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for (index, one) in declared.iter().enumerate() {
            by_path.entry(paths[index].clone()).or_default().insert(one.method.clone(), index);
        }
        let successes: Vec<Success> = declared.iter().map(shape::success).collect();
        let mut statements = Statements::new(document, schemas);
        let stated = statements.operations();
        let mut made = Self { schemas, declared, paths, by_path, successes, lists: Vec::new(), statements, stated };
        made.lists = (0..declared.len()).map(|index| made.list(index)).collect();
        made
    }

    fn run(mut self) -> (Vec<Resource>, Vec<Operation>, Vec<Problem>) {
        let roles: Vec<Concluded> = (0..self.declared.len()).map(|index| self.role(index)).collect();
        let mut resources = self.resources(&roles);
        for resource in &mut resources {
            if let Some(template) = self.template(&resource.item) {
                self.statements.name_id(resource, template);
            }
        }
        resources.sort_by_key(|one| one.item.matches('/').count());
        for index in 0..resources.len() {
            resources[index].parent = parent(&resources, index);
        }
        for index in 0..resources.len() {
            if let Some((home, fact)) = self.home(&resources, index) {
                resources[index].kept_in = Some(home);
                resources[index].facts.push(fact);
            }
        }
        let mut operations = Vec::new();
        for (index, (role, rule, certainty)) in roles.into_iter().enumerate() {
            let mut resource = self.resource_of(&resources, index, role);
            let is_item = self.is_item(index) || self.is_stated_item(index, role, resource.map(|at| &resources[at]));
            let mut shape_of_success = None;
            if role == Role::List {
                shape_of_success.clone_from(&self.lists[index]);
                resource = resource.or_else(|| self.by_reference(&resources, index));
            } else if let (Some(pointer), Some(kind)) = (self.schema(index), resource.and_then(|at| resources.get(at)))
            {
                shape_of_success = Some(shape::of_object(self.schemas, &pointer, &kind.name, Some(kind)));
            } else if let Some(pointer) = self.schema(index) {
                shape_of_success = Some(shape::whole(self.schemas, &pointer));
            }
            let pages = (role == Role::List).then(|| self.pages(index)).flatten();
            if let Some(stated) = &self.stated[index] {
                let kind = resource.and_then(|at| resources.get(at));
                let has_list = self.lists[index].is_some();
                self.statements.check(stated, (role, &self.paths[index], has_list), kind);
                self.statements.check_home(stated, role, kind);
            }
            let mut success = std::mem::take(&mut self.successes[index]);
            success.shape = shape_of_success;
            let pointer = self.declared[index].pointer.clone();
            let facts = vec![Fact { what: format!("role: {}", role.name()), rule, pointer, certainty }];
            operations.push(Operation { role, resource, is_item, success, pages, facts });
        }
        self.statements.check_paths();
        (resources, operations, self.statements.problems)
    }

    /// A path as the document writes it.
    fn template(&self, plain: &str) -> Option<&'d str> {
        self.by_path.get(plain)?.values().next().map(|index| self.declared[*index].path.as_str())
    }

    fn pages(&self, index: usize) -> Option<Pages> {
        match self.stated[index].as_ref().and_then(|stated| stated.pages.as_ref()) {
            Some(StatedPages::None) => None,
            Some(StatedPages::Some { pages: Some(pages), .. }) => Some(Pages::clone(pages)),
            _ => Pages::infer(self.schemas, &self.declared[index]),
        }
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

    pub(crate) fn is_item(&self, index: usize) -> bool {
        self.paths[index].rsplit('/').next().is_some_and(|last| last.contains("{}"))
    }

    /// Whether the document says that an operation works on one object, and its path names it somewhere else than at its end.
    fn is_stated_item(&self, index: usize, role: Role, kind: Option<&Resource>) -> bool {
        let on_item = matches!(role, Role::Retrieve | Role::Update | Role::Replace | Role::Delete);
        let count = |path: &str| path.matches("{}").count();
        let names_it = kind.is_some_and(|kind| count(&kind.item) == count(&self.paths[index]));
        on_item && self.stated_resource(index).is_some() && names_it
    }

    pub(crate) fn has(&self, path: &str, method: &str) -> bool {
        self.by_path.get(path).is_some_and(|all| all.contains_key(method))
    }

    /// Where the array of a `GET`'s response stands.
    fn list(&self, index: usize) -> Option<Shape> {
        let last = self.paths[index].rsplit('/').next().unwrap_or("");
        let stated = self.stated[index].as_ref();
        if let Some(StatedPages::Some { items: Some(items), .. }) = stated.and_then(|stated| stated.pages.as_ref()) {
            return list_at(self.schemas, &self.schema(index)?, items);
        }
        let is_stated = stated.is_some_and(|stated| stated.role == Some(Role::List));
        (self.declared[index].method == "GET" || is_stated)
            .then(|| shape::of_list(self.schemas, &self.schema(index)?, last))
            .flatten()
    }

    fn resources(&self, roles: &[Concluded]) -> Vec<Resource> {
        let mut found = Vec::new();
        for (item, methods) in &self.by_path {
            let Some((collection, last)) = item.rsplit_once('/') else { continue };
            let objects = [Role::Retrieve, Role::Update, Role::Replace, Role::Delete];
            let is_elsewhere = |index: usize| self.stated_resource(index).is_some_and(|other| other != item);
            let is_kept = methods.values().any(|index| objects.contains(&roles[*index].0) && !is_elsewhere(*index));
            if last.contains("{}") && is_kept {
                found.push(self.resource(item, collection, methods, roles));
            }
        }
        // A list to which something is added is kept, too, though nothing reads one of it.
        for (path, methods) in &self.by_path {
            let creates = methods
                .get("POST")
                .is_some_and(|index| roles[*index].0 == Role::Create && self.stated_resource(*index).is_none());
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
        roles: &[Concluded],
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
        let object = |pointer: String| shape::of_object(self.schemas, &pointer, &name, None);
        let candidates = [
            (read.map(object), "the response of its retrieve"),
            (from_list(), "the items of its list"),
            (made().map(object), "the response of its create"),
            (written().map(object), "the response of what writes it"),
        ];
        // Where nothing creates one, clients name what they put.
        let body = create.or_else(|| methods.get("PUT")).and_then(|index| self.body_schema(*index));
        let identity_of = |shape: &Shape| self.identity(shape, (item, &parameter), body.as_deref());
        let known: Vec<(Shape, &'static str)> =
            candidates.into_iter().filter_map(|(shape, rule)| Some((shape?, rule))).collect();
        // A response that shows nothing by which an object is found does not describe it.
        let best = known.iter().position(|(shape, _)| !identity_of(shape).is_empty()).unwrap_or(0);
        let (shape, rule) = known.into_iter().nth(best).map_or((None, ""), |(shape, rule)| (Some(shape), rule));
        let identity = shape.as_ref().map_or_else(Vec::new, identity_of);
        let pointer = methods.values().next().map_or_else(String::new, |index| self.declared[*index].pointer.clone());
        let facts = facts(shape.as_ref().map(|shape| (shape, rule)), &identity, &parameter, pointer);
        Resource {
            name,
            collection: collection.to_owned(),
            item: item.to_owned(),
            parameter,
            parent: None,
            kept_in: None,
            shape,
            identity,
            facts,
        }
    }

    fn body_schema(&self, index: usize) -> Option<String> {
        let media = &self.declared[index].body.as_ref()?.media;
        media.iter().find(|one| is_json(&one.media_type)).or(media.first())?.schema.clone()
    }

    fn identity(&self, shape: &Shape, (item, parameter): (&str, &str), body: Option<&str>) -> Vec<IdMember> {
        let object = self.schemas.outline(&shape::inside(self.schemas, shape));
        let body = body.map(|pointer| self.schemas.outline(&[self.at(pointer)]));
        let nested = |body: Merged<'d>| match body.properties.as_slice() {
            [(_, schemas)] => {
                Some(self.schemas.outline(schemas)).filter(|one| one.kind() == Some("object")).unwrap_or(body)
            }
            _ => body,
        };
        identity::members(self.schemas, &object, (item, parameter), body.map(nested).as_ref())
    }

    /// The item path of the resource that the document says an operation works on.
    fn stated_resource(&self, index: usize) -> Option<&str> {
        self.stated[index].as_ref()?.resource.as_deref()
    }

    fn resource_of(&self, resources: &[Resource], index: usize, role: Role) -> Option<usize> {
        if let Some(item) = self.stated_resource(index) {
            return resources.iter().position(|one| one.item == item);
        }
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

    /// Where objects are read and deleted that are made at a path which has none for one object: `POST /user/repos` makes
    /// what `GET /repos/{owner}/{repo}` reads, as both answer with the same `$ref`.
    fn home(&self, resources: &[Resource], index: usize) -> Option<(usize, Fact)> {
        let made = &resources[index];
        if self.by_path.contains_key(&made.item) {
            return None;
        }
        let create = *self.by_path.get(&made.collection)?.get("POST")?;
        if let Some(item) = self.stated[create].as_ref().and_then(|stated| stated.kept_in.as_ref()) {
            let home = resources.iter().position(|one| one.item == *item)?;
            let what = format!("kept in: {item}");
            let pointer = self.declared[create].pointer.clone();
            return Some((home, Fact { what, rule: RULE, pointer, certainty: Certainty::Declared }));
        }
        let reference = shape::of_object(self.schemas, &self.schema(create)?, &made.name, None).reference?;
        let is_home = |one: &Resource| {
            let is_same = one.shape.as_ref().and_then(|shape| shape.reference.as_ref()) == Some(&reference);
            is_same && self.has(&one.item, "GET") && !self.has(&one.collection, "POST")
        };
        // Where several paths read it: one of the same name, one that deletes it, a short one.
        let rank = |one: &Resource| {
            (!same(&one.name, &made.name), !self.has(&one.item, "DELETE"), one.item.matches('/').count())
        };
        let homes = resources.iter().enumerate().filter(|(_, one)| is_home(one));
        let (home, resource) = homes.min_by_key(|(_, one)| rank(one))?;
        let fact = Fact {
            what: format!("kept in: {}", resource.item),
            rule: "its create answers with the same $ref as that path's retrieve",
            pointer: self.declared[create].pointer.clone(),
            certainty: Certainty::Likely,
        };
        Some((home, fact))
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

fn parent(resources: &[Resource], index: usize) -> Option<usize> {
    let path = &resources[index].collection;
    let above = |at: &usize| {
        *at != index && (path.starts_with(&format!("{}/", resources[*at].item)) || *path == resources[*at].item)
    };
    (0..resources.len()).filter(above).max_by_key(|at| resources[*at].item.len())
}

/// Where a resource's object is described, and by which member one is found.
fn facts(shape: Option<(&Shape, &'static str)>, identity: &[IdMember], parameter: &str, pointer: String) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some((shape, rule)) = shape {
        let what = format!("object: {}", shape.reference.clone().unwrap_or_else(|| format!("#{}", shape.body)));
        facts.push(Fact { what, rule, pointer: shape.body.clone(), certainty: Certainty::Certain });
    }
    let (what, rule, certainty) = match identity.first() {
        Some(member) => {
            let is_certain = same(&member.name, parameter) || member.name == "id";
            let certainty = if is_certain { Certainty::Certain } else { Certainty::Likely };
            (format!("id: member `{}`", member.name), "the member that the path's parameter names", certainty)
        }
        None => ("id: in the path only".to_owned(), "no member of the object has a usual name", Certainty::Guess),
    };
    facts.push(Fact { what, rule, pointer, certainty });
    facts
}
