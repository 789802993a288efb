//! `conformance list --openapi`: the operations of a document, and what `run --openapi` would check of a server.

use std::fmt::Write as _;
use std::path::Path;

use anstyle::Style;
use conformance_api::{Api, Operation};
use conformance_openapi::{Location, Operation as Declared, Parameter};
use conformance_runner::derived::{Options, Planned, plan};
use conformance_runner::expected::{Expected, expected};
use conformance_source::{Diagnostic, suggest};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::{args, document, terminal};

/// What is listed.
struct List<'a> {
    api: &'a Api,
    operations: Vec<(&'a Operation, &'a Declared)>,
    requirements: Vec<Expected>,
    scenarios: Vec<Planned>,
}

/// Prints operations, requirements and scenarios.
pub fn run(path: &Path, args: &args::List) -> Result<Exit, Failure> {
    let api = document::open(path)?;
    let wanted = |declared: &Declared| args.area.as_deref().is_none_or(|area| is_in(declared, area));
    let all = || api.operations.iter().zip(&api.document.operations);
    let operations: Vec<_> = all().filter(|(_, declared)| wanted(declared)).collect();
    if operations.is_empty() {
        let area = args.area.as_deref().unwrap_or("");
        let wrong = Diagnostic::general(format!("no operation of {} is in `{area}`", path.display()));
        let known = api.document.operations.iter().flat_map(|one| [one.id.as_str(), one.path.as_str()]);
        return Err(suggest::help(area, known).into_iter().fold(wrong, Diagnostic::with_help).into());
    }
    let ids: Vec<String> = operations.iter().map(|(_, declared)| format!("{}.", declared.id)).collect();
    let is_of_these = |one: &Expected| one.id.rsplit_once('.').is_some_and(|(id, _)| ids.contains(&format!("{id}.")));
    let files = document::files_beside(path, &api, &super::run_document::proof(path, &api)?)?;
    let mut requirements: Vec<Expected> = expected(&api, false).into_iter().filter(is_of_these).collect();
    for one in &mut requirements {
        one.level = files.own.get(&one.id).map_or(one.level, |own| own.level);
    }
    let mut scenarios = plan(&api, &Options::default(), &files.scenarios);
    if args.area.is_some() {
        let paths: Vec<String> = operations.iter().map(|(_, one)| conformance_api::path::plain(&one.path)).collect();
        scenarios.retain(|one| paths.iter().any(|path| one.summary.split([' ', ',']).any(|word| word == path)));
    }
    let list = List { api: &api, operations, requirements, scenarios };
    match args.format {
        args::ListFormat::Text => terminal::line(text(&list).trim_end()),
        args::ListFormat::Json => terminal::line(&format!("{:#}", as_json(&list))),
        args::ListFormat::Markdown => terminal::line(markdown(&list).trim_end()),
    }
    Ok(Exit::Ok)
}

fn is_in(declared: &Declared, area: &str) -> bool {
    declared.id.starts_with(area) || declared.path.starts_with(area) || declared.tags.iter().any(|tag| tag == area)
}

/// The item path of an operation's resource, or a dash.
fn resource<'a>(api: &'a Api, operation: &Operation) -> &'a str {
    api.resource_of(operation).map_or("—", |one| one.item.as_str())
}

/// `limit`, `page`; required ones with a star, those of the path left out.
fn parameters(declared: &Declared) -> Vec<String> {
    let shown = |one: &&Parameter| one.location != Location::Path;
    let name = |one: &Parameter| format!("{}{}", one.name, if one.required { "*" } else { "" });
    declared.parameters.iter().filter(shown).map(name).collect()
}

const fn place(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

fn text(list: &List<'_>) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let document = &list.api.document;
    let mut text = format!("{bold}{}{bold:#} {}, OpenAPI {}\n", document.title, document.api_version, document.version);
    let _ = writeln!(text, "\n{bold}operations{bold:#}");
    for (operation, declared) in &list.operations {
        let resource = resource(list.api, operation);
        let call = format!("{} {}", declared.method, declared.path);
        let _ = write!(text, "  {:<13} {call:<40} {} {dim}of {resource}", operation.role.name(), declared.id);
        let parameters = parameters(declared).join(", ");
        let _ = writeln!(text, "{}{parameters}{dim:#}", if parameters.is_empty() { "" } else { " · " });
    }
    let _ = writeln!(text, "\n{bold}scenarios{bold:#}");
    for one in &list.scenarios {
        let _ = writeln!(text, "  {:<40} {}", one.name, one.summary);
    }
    let _ = writeln!(text, "\n{bold}requirements{bold:#}");
    for one in &list.requirements {
        let by = one.tested_by.join(", ");
        let _ = writeln!(text, "  {:<6} {:<44} {} {dim}by {by}{dim:#}", one.level.to_string(), one.id, one.statement);
    }
    text
}

fn markdown(list: &List<'_>) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let title = &list.api.document.title;
    let mut text = format!("# What a server of {title} is held to\n\n");
    text.push_str("Drawn by `conformance list --openapi FILE --format markdown`; `conformance explain --openapi FILE OPERATION` tells more of each.\n");
    text.push_str("\n## Operations\n\n| operation | call | role | resource | parameters |\n|---|---|---|---|---|\n");
    for (operation, declared) in &list.operations {
        let row = [
            format!("`{}`", cell(&declared.id)),
            format!("`{} {}`", declared.method, declared.path),
            operation.role.name().to_owned(),
            resource(list.api, operation).to_owned(),
            parameters(declared).iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "),
        ];
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push_str("\n## Scenarios\n\n| scenario | what it shows |\n|---|---|\n");
    for one in &list.scenarios {
        let _ = writeln!(text, "| `{}` | {} |", one.name, cell(&one.summary));
    }
    text.push_str("\n## Requirements\n\n| id | level | statement | tested by |\n|---|---|---|---|\n");
    for one in &list.requirements {
        let (statement, by) = (cell(&one.statement), one.tested_by.join(", "));
        let _ = writeln!(text, "| `{}` | {} | {statement} | {by} |", cell(&one.id), one.level);
    }
    text
}

fn as_json(list: &List<'_>) -> Value {
    let parameter = |one: &Parameter| json!({ "name": one.name, "in": place(one.location), "required": one.required });
    let operation = |(operation, declared): &(&Operation, &Declared)| {
        json!({
            "id": declared.id, "method": declared.method, "path": declared.path, "summary": declared.summary,
            "role": operation.role.name(), "resource": list.api.resource_of(operation).map(|one| &one.item),
            "parameters": declared.parameters.iter().map(parameter).collect::<Vec<_>>(), "deprecated": declared.deprecated,
        })
    };
    let scenario = |one: &Planned| json!({ "name": one.name, "summary": one.summary });
    let requirement = |one: &Expected| {
        json!({
            "id": one.id, "level": one.level.to_string(), "statement": one.statement, "pointer": one.pointer,
            "testedBy": one.tested_by,
        })
    };
    json!({
        "title": list.api.document.title, "version": list.api.document.api_version, "openapi": list.api.document.version,
        "operations": list.operations.iter().map(operation).collect::<Vec<_>>(),
        "scenarios": list.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "requirements": list.requirements.iter().map(requirement).collect::<Vec<_>>(),
    })
}
