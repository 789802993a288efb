//! `conformance check --openapi`: what was concluded from a document, by which rule, and how sure it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anstyle::Style;
use conformance_api::envelope::members;
use conformance_api::names::{asked_for, same};
use conformance_api::{Api, Certainty, Fact, Operation, Proof, Resource};
use conformance_openapi::{Location, Operation as Declared};
use conformance_runner::derived::Beside;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::{args, document, terminal};

/// Prints what a document means.
pub fn run(path: &Path, format: args::Format) -> Result<Exit, Failure> {
    let api = document::open(path)?;
    let proof = Proof::new(&api.schemas).map_err(document::unusable(path))?;
    let files = document::files_beside(path, &api, &proof)?;
    match format {
        args::Format::Json => terminal::line(&format!("{:#}", as_json(&api))),
        args::Format::Text => terminal::line((as_text(&api) + &beside(&files)).trim_end()),
    }
    Ok(Exit::Ok)
}

/// What stands in files beside the document, and is sound.
fn beside(files: &Beside) -> String {
    let (scenarios, own) = (files.scenarios.len(), files.own.all.len());
    if scenarios + own == 0 {
        return String::new();
    }
    let (bold, count) = (Style::new().bold(), conformance_report::count);
    format!("\n{bold}beside it{bold:#}\n  {}, {}; all sound\n", count(scenarios, "scenario"), count(own, "requirement"))
}

fn as_text(api: &Api) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let document = &api.document;
    let mut text = format!("{bold}{}{bold:#} {}, OpenAPI {}\n", document.title, document.api_version, document.version);
    for (at, resource) in api.resources.iter().enumerate() {
        let _ = writeln!(text, "\n{bold}{}{bold:#}", resource.item);
        for fact in &resource.facts {
            text += &line(fact);
        }
        for (operation, declared) in of(api, Some(at)) {
            text += &operation_lines(operation, declared);
        }
    }
    let others: Vec<_> = of(api, None).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "\n{bold}of no resource{bold:#}");
        others.iter().for_each(|(operation, declared)| text += &operation_lines(operation, declared));
    }
    let unused = unused(api);
    if !unused.is_empty() || !document.notes.is_empty() {
        let _ = writeln!(text, "\n{bold}not used{bold:#}");
    }
    for (name, count) in unused {
        let _ = writeln!(
            text,
            "  query parameter `{name}` {dim}of {}{dim:#}",
            conformance_report::count(count, "operation")
        );
    }
    for note in &document.notes {
        let _ = writeln!(text, "  {} {dim}{} times, first at #{}{dim:#}", note.kind, note.count, note.first);
    }
    text
}

/// The operations of a resource, or of none.
fn of(api: &Api, resource: Option<usize>) -> impl Iterator<Item = (&Operation, &Declared)> {
    api.operations.iter().zip(&api.document.operations).filter(move |(one, _)| one.resource == resource)
}

fn operation_lines(operation: &Operation, declared: &Declared) -> String {
    let dim = Style::new().dimmed();
    let mut text = format!("  {:<6} {}  {dim}{}{dim:#}\n", declared.method, declared.path, declared.id);
    let pages = operation.pages.iter().flat_map(|pages| pages.facts.iter().chain(&pages.order));
    for fact in operation.facts.iter().chain(pages) {
        text += &format!("  {}", line(fact));
    }
    text
}

fn line(fact: &Fact) -> String {
    let dim = Style::new().dimmed();
    let sure = if fact.certainty == Certainty::Declared { "" } else { fact.certainty.name() };
    format!("  {:<40} {sure:<8} {dim}{}{dim:#}\n", fact.what, fact.rule)
}

/// Query parameters that change nothing in the mock, by name: neither pages, order nor a member to filter by.
fn unused(api: &Api) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for (operation, declared) in api.operations.iter().zip(&api.document.operations) {
        let shape = operation.success.shape.as_ref().filter(|shape| shape.is_item);
        let item = shape.map(|shape| api.schemas.outline(&members(&api.schemas, shape))).unwrap_or_default();
        let is_sort =
            |name: &str| ["sort", "sort_by", "order", "order_by", "direction"].iter().any(|one| same(one, name));
        for one in declared.parameters.iter().filter(|one| one.location == Location::Query) {
            let filters = item.properties.iter().any(|(member, _)| same(member, asked_for(&one.name)));
            let divides = operation.pages.as_ref().is_some_and(|pages| pages.uses(&one.name));
            let is_used = filters || is_sort(&one.name) || divides;
            if !is_used {
                *all.entry(one.name.clone()).or_insert(0) += 1;
            }
        }
    }
    all
}

fn as_json(api: &Api) -> Value {
    let fact = |fact: &Fact| json!({ "what": fact.what, "rule": fact.rule, "pointer": fact.pointer, "certainty": fact.certainty.name() });
    let facts = |all: &[Fact]| -> Vec<Value> { all.iter().map(fact).collect() };
    let resource = |one: &Resource| {
        json!({
            "name": one.name, "collection": one.collection, "item": one.item,
            "parent": one.parent.map(|at| api.resources[at].item.clone()),
            "id": one.identity.first().map(|member| member.name.clone()), "facts": facts(&one.facts),
        })
    };
    let operation = |(one, declared): (&Operation, &Declared)| {
        let pages = one.pages.iter().flat_map(|pages| pages.facts.iter().chain(&pages.order)).map(fact);
        let pages: Vec<Value> = pages.collect();
        json!({
            "id": declared.id, "method": declared.method, "path": declared.path, "role": one.role.name(),
            "resource": api.resource_of(one).map(|one| one.item.clone()), "status": one.success.status,
            "facts": facts(&one.facts), "pages": pages,
        })
    };
    let notes =
        api.document.notes.iter().map(|note| json!({ "kind": note.kind, "count": note.count, "first": note.first }));
    json!({
        "title": api.document.title, "version": api.document.api_version, "openapi": api.document.version,
        "resources": api.resources.iter().map(resource).collect::<Vec<_>>(),
        "operations": api.operations.iter().zip(&api.document.operations).map(operation).collect::<Vec<_>>(),
        "unusedQueryParameters": unused(api),
        "notes": notes.collect::<Vec<_>>(),
    })
}
