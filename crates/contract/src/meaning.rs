//! Refuses what a contract says and nobody would obey: each of these would otherwise be accepted and mean nothing, or fail a
//! client for no fault of its own.

use conformance_source::Diagnostic;

use crate::model::{Action, Contract, IdMaker, Operation, Resource};
use crate::schemas::{Location, Schemas};

/// Everything that the contract says and that cannot be obeyed.
pub(crate) fn check(contract: &Contract) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for operation in &contract.operations {
        let resource = &contract.resources[operation.resource];
        found
            .extend(shown(operation).into_iter().filter_map(|at| wrapped(&contract.schemas, resource, operation, &at)));
        if let Some(body) = &operation.body {
            found.extend(required_and_read_only(&contract.schemas, &body.schema.location));
        }
        for rule in &operation.responses {
            found.extend(rule.schema.iter().flat_map(|one| required_and_write_only(&contract.schemas, &one.location)));
        }
    }
    found
        .extend(contract.resources.iter().enumerate().filter_map(|(index, one)| unmade_integers(contract, index, one)));
    found
}

/// The schemas of the objects that an operation shows.
fn shown(operation: &Operation) -> Vec<Location> {
    let success = operation.success().and_then(|rule| rule.schema.as_ref()).map(|schema| schema.location.clone());
    match operation.action {
        Action::List => operation.page.iter().map(|page| page.item.location.clone()).collect(),
        Action::Create | Action::Retrieve | Action::Update => success.into_iter().collect(),
        Action::Delete => Vec::new(),
    }
}

/// An object that stands inside another one: `{"event": {…}}`.
fn wrapped(schemas: &Schemas, resource: &Resource, operation: &Operation, at: &Location) -> Option<Diagnostic> {
    let has_id = |at: &Location| schemas.properties(at).iter().any(|(name, _)| *name == resource.id_property);
    if has_id(at) {
        return None;
    }
    let members = schemas.properties(at);
    let (name, _) = members.iter().find(|(_, places)| places.iter().any(has_id))?;
    let title = format!("{} shows its object inside `{name}`", operation.id);
    let label = format!("the id `{}` stands one level too deep", resource.id_property);
    Some(
        schemas
            .diagnostic(at, title, label)
            .with_help("wrapped objects are not supported: the answer must be the object"),
    )
}

/// A property that a client must send and must not send.
fn required_and_read_only(schemas: &Schemas, body: &Location) -> Vec<Diagnostic> {
    contradictions(
        schemas,
        body,
        "readOnly",
        "clients must send it, and must not: take it out of `required` of this body",
    )
}

/// A property that a server must show and must not show.
fn required_and_write_only(schemas: &Schemas, body: &Location) -> Vec<Diagnostic> {
    contradictions(
        schemas,
        body,
        "writeOnly",
        "servers must show it, and must not: take it out of `required` of this answer",
    )
}

fn contradictions(schemas: &Schemas, at: &Location, keyword: &str, label: &str) -> Vec<Diagnostic> {
    let properties = schemas.properties(at);
    let marked = |name: &String| {
        properties.iter().any(|(one, places)| one == name && places.iter().any(|at| schemas.flag(at, keyword)))
    };
    let both = schemas.required(at).into_iter().filter(|(name, _)| marked(name));
    both.map(|(name, at)| schemas.diagnostic(&at, format!("`{name}` is `{keyword}` and required"), label)).collect()
}

/// Whole numbers as ids are made by counting, and by nothing else.
fn unmade_integers(contract: &Contract, index: usize, resource: &Resource) -> Option<Diagnostic> {
    if !resource.integer_ids || (resource.id_maker == IdMaker::Sequence && resource.id_prefix.is_empty()) {
        return None;
    }
    let create = contract.action(index, Action::Create)?.success()?.schema.as_ref()?;
    let title = format!("the ids of `{}` are whole numbers, and `x-state` makes text", resource.name);
    let help = "write `make: sequence` without a `prefix` under `x-state`";
    Some(contract.schemas.diagnostic(&create.location, title, "the type of the id is integer here").with_help(help))
}
