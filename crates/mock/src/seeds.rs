//! What every workspace starts with: a file of objects, held to the schemas before the first request.

use std::cell::RefCell;
use std::sync::Arc;

use conformance_contract::{Contract, Resource};
use conformance_source::{Diagnostic, Diagnostics, Node, Reader, SourceFile, Tree, parse};
use serde_json::{Map, Value};

use crate::clock;
use crate::ids::Ids;
use crate::plan::{Plan, ResourcePlan, SuiteFault};
use crate::store::Collection;

/// The objects of a fixtures file, in collections that each workspace copies when it first writes.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// One per resource.
    pub collections: Arc<Vec<Collection>>,
    /// The time of the newest object, in milliseconds.
    pub newest: u64,
}

impl Seeds {
    /// Nothing to start with.
    #[must_use]
    pub fn none(contract: &Contract) -> Self {
        let empty = contract.resources.iter().map(|resource| Collection::new(resource.newest_first));
        Self { collections: Arc::new(empty.collect()), newest: 0 }
    }

    /// Reads a fixtures file: lists of objects by the name of their resource.
    ///
    /// # Errors
    /// Every object that an answer could not show as it is.
    pub fn parse(contract: &Contract, plan: &Plan, file: &SourceFile) -> Result<Self, Diagnostics> {
        let root = parse(file)?;
        let reader = Reader::new(file);
        let names: Vec<&str> = contract.resources.iter().map(|resource| resource.name.as_str()).collect();
        let seeds = reader.object(&root, "the fixtures", &names).map(|_| {
            let mut seeds = Self::none(contract);
            let mut collections = seeds.collections.as_ref().clone();
            for (index, resource) in contract.resources.iter().enumerate() {
                let Some(node) = root.get(&resource.name) else { continue };
                let ids = RefCell::new(Ids::new(fastrand::Rng::with_seed(index as u64)));
                let loader = Loader { reader: &reader, resource, plan: &plan.resources[index], ids };
                seeds.newest = seeds.newest.max(loader.load(node, &mut collections[index]));
            }
            seeds.collections = Arc::new(collections);
            seeds
        });
        reader.finish(seeds)
    }
}

struct Loader<'a> {
    reader: &'a Reader,
    resource: &'a Resource,
    plan: &'a ResourcePlan,
    /// Makes the ids that are left out: the same ones each time.
    ids: RefCell<Ids>,
}

impl Loader<'_> {
    /// Loads the objects, oldest first, and answers the time of the newest.
    fn load(&self, node: &Node, into: &mut Collection) -> u64 {
        let objects = self.reader.list(node, |node| self.object(node)).unwrap_or_default();
        // Lists are ordered by creation: where all objects say when that was, they need not stand in order.
        for (index, (id, _)) in objects.iter().enumerate() {
            if objects[..index].iter().any(|(other, _)| other == id) {
                self.reader.wrong(&node.span, format!("two objects have the id `{id}`"), "in this list");
            }
        }
        let time = |state: &Map<String, Value>| self.created_at().and_then(|name| state.get(name)?.as_f64());
        let mut dated: Vec<_> = objects.into_iter().map(|(id, state)| (time(&state), id, state)).collect();
        if dated.iter().all(|(time, ..)| time.is_some()) {
            dated.sort_by(|a, b| a.0.unwrap_or(0.0).total_cmp(&b.0.unwrap_or(0.0)));
        }
        let newest = dated.last().and_then(|(time, ..)| *time).unwrap_or(0.0);
        for (_, id, state) in dated {
            match self.plan.object(&state) {
                Ok(object) => into.insert(&id, object),
                Err(SuiteFault(fault)) => self.reader.wrong(&node.span, "an object cannot be shown", fault),
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in milliseconds")]
        {
            newest as u64
        }
    }

    /// The property that says when an object was created: set on create, left alone on update.
    fn created_at(&self) -> Option<&String> {
        self.resource.on_create.keys().find(|name| !self.resource.on_update.contains_key(*name))
    }

    fn object(&self, node: &Node) -> Option<(String, Map<String, Value>)> {
        let id_property = self.resource.id_property.as_str();
        let known: Vec<&str> = self.plan.known.iter().map(String::as_str).collect();
        let object = self.reader.object(node, "an object of this resource", &known)?;
        let id = match object.optional(id_property) {
            Some(Node { tree: Tree::Number(number), .. }) if self.resource.integer_ids => number.to_string(),
            Some(id) => self.reader.text(id)?,
            None => self.ids.borrow_mut().next(self.resource, clock::SEEDED_START),
        };
        let Value::Object(mut state) = node.to_json() else { return None };
        state.entry(id_property).or_insert_with(|| self.resource.id_value(&id));
        for (name, kind) in &self.resource.on_create {
            state.entry(name.clone()).or_insert_with(|| clock::render(*kind, clock::wall()));
        }
        let views = self.plan.item.iter().chain(&self.plan.whole);
        let mut said = Vec::new();
        for violation in views.flat_map(|view| view.violations(&state)) {
            let message = format!("`{}` {}", violation.instance, violation.message);
            if !said.contains(&message) {
                let diagnostic = Diagnostic::at(
                    self.reader.file(),
                    node.place(&violation.instance),
                    "this object breaks its schema",
                    &message,
                );
                self.reader.report(diagnostic.with_help(format!("the rule stands at {}", violation.rule)));
                said.push(message);
            }
        }
        // What breaks its schema was told, and need not be shown to be broken.
        said.is_empty().then_some((id, state))
    }
}
