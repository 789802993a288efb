//! What the schemas ask for, worked out once: which properties each answer shows, where their values come from.
//!
//! A value comes from, in this order: the object's state, what is generated (id, times), `const`, `default`, and for a
//! required property the first of `examples`. A required property that none of these gives is a mistake of the suite,
//! found here and not by a client.

use std::sync::Arc;

use bytes::Bytes;
use conformance_contract::model::{Generated, StatusRule};
use conformance_contract::schemas::Compiled;
use conformance_contract::{Action, Contract, Location, Operation, Schemas};
use conformance_source::{Diagnostic, Diagnostics, pointer};
use serde_json::{Map, Value};

use crate::store::{Item, Object};
use crate::values::{DEPTH, fallback, sample_of, skeleton};

/// Everything that is worked out before the first request.
#[derive(Debug)]
pub struct Plan {
    /// One per operation of the contract, in its order: how it shows an object.
    pub forms: Vec<Form>,
    /// One per operation: the header fields of its success.
    pub headers: Vec<Vec<(String, String)>>,
    /// One per resource: what an item of its lists and a retrieved object look like.
    pub resources: Vec<ResourcePlan>,
    /// One per operation: how its pages are put together.
    pub pages: Vec<Option<Envelope>>,
}

/// How an operation shows an object.
#[derive(Clone, Debug)]
pub enum Form {
    /// Not at all.
    Nothing,
    /// As an item of the resource's list, which can be read off what is kept.
    Item,
    /// As the resource's retrieve answers it, which is kept ready.
    Whole,
    /// In its own way.
    Own(View),
}

impl Form {
    /// The object as it is shown, as JSON text.
    ///
    /// # Errors
    /// When it breaks its schema.
    pub fn show(&self, object: &Object, plan: &ResourcePlan) -> Result<Bytes, SuiteFault> {
        match self {
            Self::Nothing => Ok(Bytes::new()),
            Self::Item => {
                let mut item = Vec::with_capacity(object.whole.len());
                object.write_item(&mut item);
                Ok(item.into())
            }
            Self::Whole => Ok(object.whole.clone()),
            Self::Own(view) => view.render(&plan.state(object)).map(Bytes::from),
        }
    }

    /// Writes an object as an item of a page.
    ///
    /// # Errors
    /// When it breaks its schema.
    pub fn write_item(&self, object: &Object, plan: &ResourcePlan, to: &mut Vec<u8>) -> Result<(), SuiteFault> {
        match self {
            Self::Item => object.write_item(to),
            form => to.extend_from_slice(&form.show(object, plan)?),
        }
        Ok(())
    }
}

/// The two forms of an object that are ready to be read.
#[derive(Debug)]
pub struct ResourcePlan {
    /// As an item of a list.
    pub item: Option<View>,
    /// As retrieved.
    pub whole: Option<View>,
    /// The properties that create or update may write.
    pub writable: Vec<String>,
    /// Every property that any view shows.
    pub known: Vec<String>,
}

impl ResourcePlan {
    /// An object of this state, in the forms that are kept ready.
    ///
    /// # Errors
    /// When one of them breaks its schema.
    pub fn object(&self, state: &Map<String, Value>) -> Result<Object, SuiteFault> {
        let form = |view: &Option<View>| view.as_ref().map(|view| view.render(state)).transpose();
        let (item, whole) = (form(&self.item)?.unwrap_or_default(), form(&self.whole)?.unwrap_or_default());
        let item = match item.strip_suffix('}') {
            _ if item == whole => Item::Whole,
            Some(beginning) if whole.starts_with(beginning) => Item::Beginning(beginning.len()),
            _ => Item::Own(item.into()),
        };
        let is_shown = self.whole.as_ref().is_some_and(|view| view.shows_all(state));
        let state = (!is_shown).then(|| conformance_json::write(&Value::Object(state.clone())).into());
        Ok(Object { whole: whole.into(), item, state })
    }

    /// The state of an object: what it was made of, but for what its schema falls back to by itself.
    #[must_use]
    pub fn state(&self, object: &Object) -> Map<String, Value> {
        let text = object.state.as_deref().map_or(&*object.whole, str::as_bytes);
        // Both were written here, and so can be read.
        let Ok(Value::Object(mut state)) = conformance_json::parse(text) else { return Map::new() };
        if let (None, Some(view)) = (&object.state, &self.whole) {
            let falls_back = |name: &str, value: &Value| {
                view.properties.iter().any(|one| one.name == name && one.fallback.as_ref() == Some(value))
            };
            state.retain(|name, value| !falls_back(name, value));
        }
        state
    }
}

/// An answer that shows one object.
#[derive(Clone, Debug)]
pub struct View {
    schema: Arc<Compiled>,
    properties: Vec<Property>,
}

#[derive(Clone, Debug, PartialEq)]
struct Property {
    name: String,
    fallback: Option<Value>,
}

/// A body that breaks its schema: a fault of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteFault(pub String);

impl View {
    /// The object as this answer shows it, as JSON text.
    ///
    /// # Errors
    /// When it breaks the schema.
    pub fn render(&self, state: &Map<String, Value>) -> Result<String, SuiteFault> {
        let body = Value::Object(self.project(state));
        valid(&self.schema, &body)?;
        Ok(conformance_json::write(&body))
    }

    /// Whether it shows all of this state.
    fn shows_all(&self, state: &Map<String, Value>) -> bool {
        state.keys().all(|name| self.properties.iter().any(|property| property.name == *name))
    }

    fn project(&self, state: &Map<String, Value>) -> Map<String, Value> {
        let shown = self.properties.iter().filter_map(|property| {
            let value = state.get(&property.name).or(property.fallback.as_ref())?;
            Some((property.name.clone(), value.clone()))
        });
        shown.collect()
    }

    /// Whether an object with this state can be shown; the ways in which it cannot.
    pub(crate) fn violations(&self, state: &Map<String, Value>) -> Vec<conformance_contract::schemas::Violation> {
        self.schema.violations(&Value::Object(self.project(state)))
    }
}

fn valid(schema: &Compiled, body: &Value) -> Result<(), SuiteFault> {
    if schema.accepts(body) {
        return Ok(());
    }
    let violations = schema.violations(body);
    let said: Vec<_> =
        violations.iter().map(|one| format!("{} {} (by {})", one.instance, one.message, one.rule)).collect();
    Err(SuiteFault(format!("the mock cannot build a body that fits {}: {}", schema.location, said.join("; "))))
}

/// What stands around the items of a page.
#[derive(Debug)]
pub struct Envelope {
    schema: Arc<Compiled>,
    /// Before and after the items, by whether there is more: no, yes.
    around: [(String, String); 2],
    /// A page of valid items is always valid, so that it need not be proved again.
    proven: bool,
}

impl Envelope {
    /// A page of objects, which `write` writes as items.
    ///
    /// # Errors
    /// When it breaks the schema.
    pub fn render(
        &self,
        objects: &[&Object],
        more: bool,
        write: impl Fn(&Object, &mut Vec<u8>) -> Result<(), SuiteFault>,
    ) -> Result<Bytes, SuiteFault> {
        let (before, after) = &self.around[usize::from(more)];
        let length: usize = objects.iter().map(|object| object.whole.len() + 1).sum();
        let mut body = Vec::with_capacity(before.len() + length + after.len() + 2);
        body.extend_from_slice(before.as_bytes());
        body.push(b'[');
        for (index, object) in objects.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            write(object, &mut body)?;
        }
        body.push(b']');
        body.extend_from_slice(after.as_bytes());
        if !self.proven {
            let value = conformance_json::parse(&body).map_err(|error| SuiteFault(error.to_string()))?;
            valid(&self.schema, &value)?;
        }
        Ok(Bytes::from(body))
    }
}

/// Works out the plan.
///
/// # Errors
/// Every required property that nothing can produce.
pub fn plan(contract: &Contract) -> Result<Plan, Diagnostics> {
    let mut planner = Planner { contract, schemas: &contract.schemas, found: Vec::new() };
    let headers = contract.operations.iter().map(|operation| planner.headers(operation)).collect();
    let pages = contract.operations.iter().map(|operation| planner.envelope(operation)).collect();
    let resources: Vec<_> = (0..contract.resources.len()).map(|index| planner.resource(index)).collect();
    let form = |operation: &Operation| planner.form(operation, &resources[operation.resource]);
    let forms = contract.operations.iter().map(form).collect();
    planner.errors();
    planner.sample();
    planner.found = distinct(planner.found);
    if planner.found.is_empty() {
        Ok(Plan { forms, headers, resources, pages })
    } else {
        Err(Diagnostics(planner.found))
    }
}

/// Several answers share a rule; what breaks it is told once.
fn distinct(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for one in all {
        if !told.iter().any(|other| other.place == one.place && other.label == one.label) {
            told.push(one);
        }
    }
    told
}

struct Planner<'c> {
    contract: &'c Contract,
    schemas: &'c Schemas,
    found: Vec<Diagnostic>,
}

impl Planner<'_> {
    /// How an operation shows an object: the whole answer, or the items of a list.
    fn view(&mut self, operation: &Operation) -> Option<View> {
        let schema = match &operation.page {
            Some(page) => page.item.clone(),
            None => operation.success()?.schema.clone()?,
        };
        Some(self.view_of(schema, operation.resource))
    }

    /// How an operation shows an object: in a form that is kept ready, where one is the same.
    fn form(&mut self, operation: &Operation, kept: &ResourcePlan) -> Form {
        let Some(view) = self.view(operation) else { return Form::Nothing };
        let referred = |view: &View| self.schemas.referred(&view.schema.location);
        let is_same = |kept: &Option<View>| {
            kept.as_ref().is_some_and(|kept| kept.properties == view.properties && referred(kept) == referred(&view))
        };
        if is_same(&kept.item) {
            Form::Item
        } else if is_same(&kept.whole) {
            Form::Whole
        } else {
            Form::Own(view)
        }
    }

    /// The header fields of an operation's success, as far as their schemas give values. `Location` of a create is made from
    /// the id.
    fn headers(&mut self, operation: &Operation) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for field in operation.success().map(|rule| rule.headers.as_slice()).unwrap_or_default() {
            let at = &field.schema.location;
            if is_location(operation, &field.name) {
                continue;
            }
            match fallback(self.schemas, std::slice::from_ref(at), field.required, 0) {
                Some(value) => {
                    all.push((field.name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                }
                None if field.required => {
                    let title = format!("nothing can produce the required header field `{}`", field.name);
                    let help = "give its schema a `const`, `default` or `examples`";
                    self.found.push(self.schemas.diagnostic(at, title, "required here").with_help(help));
                }
                None => {}
            }
        }
        all
    }

    fn view_of(&mut self, schema: Arc<Compiled>, resource: usize) -> View {
        let given = self.given(resource);
        let required = self.schemas.required(&schema.location);
        let mut properties = Vec::new();
        for (name, schemas) in self.schemas.properties(&schema.location) {
            if schemas.iter().any(|at| self.schemas.flag(at, "writeOnly")) {
                continue;
            }
            let required = required.iter().any(|(demanded, _)| *demanded == name);
            let fallback = fallback(self.schemas, &schemas, required, DEPTH);
            properties.push(Property { name, fallback });
        }
        for (name, schemas) in self.schemas.branch_properties(&schema.location) {
            let hidden = schemas.iter().any(|at| self.schemas.flag(at, "writeOnly"));
            if !hidden && !properties.iter().any(|one| one.name == name) {
                // Which branch an object belongs to, its state decides.
                properties.push(Property { name, fallback: None });
            }
        }
        for (name, at) in required {
            let producible =
                given.contains(&name) || properties.iter().any(|one| one.name == name && one.fallback.is_some());
            if !producible {
                let title = format!("nothing can produce the required property `{name}`");
                let diagnostic = self.schemas.diagnostic(&at, title, "required here").with_help(format!(
                    "give `{name}` a `const`, `default` or `examples` in this schema, require it in the body of create, or set it under `x-state`"
                ));
                self.found.push(diagnostic);
            }
        }
        View { schema, properties }
    }

    /// The properties that every object of a resource has from its creation on.
    fn given(&self, resource: usize) -> Vec<String> {
        let rules = &self.contract.resources[resource];
        let mut given = vec![rules.id_property.clone()];
        given.extend(rules.on_create.keys().cloned());
        if let Some(body) = self.contract.action(resource, Action::Create).and_then(|create| create.body.as_ref()) {
            given.extend(self.schemas.required(&body.schema.location).into_iter().map(|(name, _)| name));
        }
        given
    }

    fn resource(&mut self, index: usize) -> ResourcePlan {
        let list = self.contract.action(index, Action::List);
        let item = list.and_then(|list| self.view(list));
        let retrieve = self.contract.action(index, Action::Retrieve);
        let whole = retrieve.and_then(|operation| self.view(operation));
        let mut writable: Vec<String> = Vec::new();
        for operation in self.contract.operations.iter().filter(|one| one.resource == index) {
            let Some(body) = &operation.body else { continue };
            let at = &body.schema.location;
            let properties = self.schemas.properties(at).into_iter().chain(self.schemas.branch_properties(at));
            let writes = properties.filter(|(_, places)| !places.iter().any(|at| self.schemas.flag(at, "readOnly")));
            writable.extend(writes.map(|(name, _)| name));
        }
        let shown = item.iter().chain(&whole).flat_map(|view| view.properties.iter().map(|one| one.name.clone()));
        let known = shown.chain(writable.iter().cloned()).collect();
        ResourcePlan { item, whole, writable, known }
    }

    fn envelope(&mut self, operation: &Operation) -> Option<Envelope> {
        let page = operation.page.as_ref()?;
        let schema = operation.success()?.schema.clone()?;
        let proven = self.page_is_proven(&schema.location, &page.items);
        let around = [false, true].map(|more| {
            let body = skeleton(self.schemas, &schema.location);
            let mut empty = body.clone();
            pointer::set(&mut empty, &page.items, Value::Array(Vec::new()));
            if let Some(at) = &page.more {
                pointer::set(&mut empty, at, Value::Bool(more));
            }
            if let Err(SuiteFault(fault)) = valid(&schema, &empty) {
                let title = "the mock cannot build an empty page";
                self.found.push(self.schemas.diagnostic(&schema.location, title, fault));
            }
            split(&empty, &page.items)
        });
        Some(Envelope { schema, around, proven })
    }

    /// Whether nothing but the items themselves decides if a page is valid.
    fn page_is_proven(&self, page: &Location, items: &str) -> bool {
        const HARMLESS: &[&str] = &[
            "$comment",
            "$defs",
            "$ref",
            "$schema",
            "allOf",
            "default",
            "description",
            "examples",
            "properties",
            "required",
            "title",
            "type",
        ];
        let harmless = |at: &Location, allowed: &[&str]| {
            let entries = self.schemas.node(at).map(conformance_source::Node::entries).unwrap_or_default();
            entries.iter().all(|entry| HARMLESS.contains(&entry.key.as_str()) || allowed.contains(&entry.key.as_str()))
        };
        let mut at = String::new();
        let mut levels = vec![at.clone()];
        for token in pointer::tokens(items) {
            at = pointer::push(&at, &token);
            levels.push(at.clone());
        }
        levels.iter().all(|level| {
            let places = self.schemas.descend(page, level).unwrap_or_default();
            let allowed: &[&str] = if level == items { &["items"] } else { &[] };
            places.iter().flat_map(|place| self.schemas.all_of(place)).all(|part| harmless(&part, allowed))
        })
    }

    /// Every error body that the contract documents can be built.
    fn errors(&mut self) {
        let documented = self.contract.operations.iter().flat_map(|operation| &operation.responses);
        let errors = documented.filter(|rule| !matches!(rule.status, StatusRule::Exactly(..400)));
        let mut schemas: Vec<&Arc<Compiled>> = errors.filter_map(|rule| rule.schema.as_ref()).collect();
        schemas.push(&self.contract.errors.body);
        for schema in schemas {
            let Some(body) = error_body(self.contract, schema, "invalid-body", "what was wrong") else {
                let title =
                    format!("`x-errors.message` ({}) has no place in this error body", self.contract.errors.message);
                self.found.push(self.schemas.diagnostic(&schema.location, title, "this schema"));
                continue;
            };
            for violation in schema.violations(&body) {
                let title = "the mock cannot build an error body that fits this rule";
                let label = format!("{} {}", violation.instance, violation.message);
                let diagnostic = self.schemas.diagnostic(&violation.rule, title, label);
                self.found.push(
                    diagnostic.with_help(
                        "give required properties a `const`, `default` or `examples`, or correct `x-errors`",
                    ),
                );
            }
        }
    }

    /// Tries the plan on an object made from examples: what the schemas forbid in combination shows here.
    fn sample(&mut self) {
        for (index, rules) in self.contract.resources.iter().enumerate() {
            let mut state = Map::new();
            let mut ids = crate::ids::Ids::new(fastrand::Rng::with_seed(0));
            state.insert(rules.id_property.clone(), rules.id_value(&ids.next(rules, 0)));
            for (name, kind) in &rules.on_create {
                state.insert(name.clone(), crate::clock::render(*kind, 0));
            }
            let Some(body) = self.contract.action(index, Action::Create).and_then(|create| create.body.as_ref()) else {
                continue;
            };
            let required = self.schemas.required(&body.schema.location);
            let mut complete = true;
            for (name, schemas) in self.schemas.properties(&body.schema.location) {
                let value = fallback(self.schemas, &schemas, true, DEPTH);
                match value.or_else(|| sample_of(self.schemas, schemas.first()?)) {
                    Some(value) => drop(state.insert(name, value)),
                    // What need not be sent may be missing from a sample, too.
                    None => complete &= !required.iter().any(|(one, _)| *one == name),
                }
            }
            if complete && self.found.is_empty() {
                self.try_sample(index, &state);
            }
        }
    }

    fn try_sample(&mut self, resource: usize, state: &Map<String, Value>) {
        let operations = self.contract.operations.iter().filter(|one| one.resource == resource);
        let views: Vec<View> = operations.filter_map(|operation| self.view(operation)).collect();
        for view in views {
            for violation in view.violations(state) {
                let title = "the mock cannot build a body that fits this rule";
                let label = format!("{} {}", violation.instance, violation.message);
                let diagnostic = self.schemas.diagnostic(&violation.rule, title, label);
                self.found
                    .push(diagnostic.with_help("an object made from the examples of the create body breaks this rule"));
            }
        }
    }
}

/// Whether a header field is the place of what an operation created.
pub(crate) fn is_location(operation: &Operation, name: &str) -> bool {
    operation.action == Action::Create && name == "location"
}

/// The body of a refusal; none when its message has no place in this schema.
pub(crate) fn error_body(contract: &Contract, schema: &Compiled, kind: &str, message: &str) -> Option<Value> {
    let mut body = skeleton(&contract.schemas, &schema.location);
    if let Some(code) = &contract.errors.code {
        pointer::set(&mut body, code, Value::from(kind));
    }
    pointer::set(&mut body, &contract.errors.message, Value::from(message)).then_some(body)
}

/// The text of an empty page before and after its items.
fn split(page: &Value, items: &str) -> (String, String) {
    const HERE: &str = "\u{1}items\u{1}";
    let mut marked = page.clone();
    pointer::set(&mut marked, items, Value::from(HERE));
    let (text, mark) = (marked.to_string(), Value::from(HERE).to_string());
    text.split_once(&mark).map(|(before, after)| (before.to_owned(), after.to_owned())).unwrap_or_default()
}

/// The times that an object is given, rendered.
pub(crate) fn stamp(state: &mut Map<String, Value>, rules: &std::collections::BTreeMap<String, Generated>, ms: u64) {
    for (name, kind) in rules {
        state.insert(name.clone(), crate::clock::render(*kind, ms));
    }
}
