//! `conformance explain --openapi`: what was concluded of one operation, by which rule, from where, and how sure it is.

use std::path::Path;

use anstyle::Style;
use conformance_api::credentials::{self, Carriers};
use conformance_api::errors::documented;
use conformance_api::{Api, Certainty, Fact, IdForm, Operation, Role};
use conformance_openapi::Operation as Declared;
use conformance_runner::expected::{Expected, expected};
use conformance_source::{Diagnostic, suggest};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::{args, document, terminal};

/// A heading, and what was concluded below it.
type Section = (&'static str, Vec<Fact>);

/// Explains an operation.
pub fn run(path: &Path, args: &args::Explain) -> Result<Exit, Failure> {
    let api = document::open(path)?;
    let at = find(&api, path, &args.id)?;
    let (operation, declared) = (&api.operations[at], &api.document.operations[at]);
    let sections = [
        ("role", operation.facts.clone()),
        ("resource", resource(&api, operation)),
        ("pages", operation.pages.iter().flat_map(|pages| pages.facts.iter().chain(&pages.order).cloned()).collect()),
        ("credentials", vec![credentials_of(&api, declared)]),
        ("success", vec![success(operation, declared)]),
        ("errors", errors(operation, declared)),
    ];
    let prefix = format!("{}.", declared.id);
    let mut requirements = expected(&api, false);
    requirements.retain(|one| one.id.starts_with(&prefix) && !one.id[prefix.len()..].contains('.'));
    match args.format {
        args::Format::Json => terminal::line(&format!("{:#}", as_json(declared, &sections, &requirements))),
        args::Format::Text => tell(declared, &sections, &requirements),
    }
    Ok(Exit::Ok)
}

/// The operation with this id, or with this method and path.
fn find(api: &Api, path: &Path, name: &str) -> Result<usize, Diagnostic> {
    let all = &api.document.operations;
    let call = |one: &Declared| format!("{} {}", one.method, one.path);
    let is_it = |one: &Declared| one.id == name || call(one).eq_ignore_ascii_case(name.trim());
    if let Some(at) = all.iter().position(is_it) {
        return Ok(at);
    }
    let wrong = Diagnostic::general(format!("{} has no operation `{name}`", path.display()));
    let calls: Vec<String> = all.iter().map(call).collect();
    let near = suggest::nearest(name, all.iter().map(|one| one.id.as_str()).chain(calls.iter().map(String::as_str)));
    Err(wrong.with_help(near.map_or_else(
        || format!("`conformance list --openapi {}` shows them all", path.display()),
        |near| format!("did you mean `{near}`?"),
    )))
}

fn resource(api: &Api, operation: &Operation) -> Vec<Fact> {
    let Some(one) = api.resource_of(operation) else { return Vec::new() };
    let mut facts = vec![Fact {
        what: format!("objects at {}", one.item),
        rule: "a path that ends in a parameter is that of one object",
        pointer: one.facts.first().map_or_else(String::new, |fact| fact.pointer.clone()),
        certainty: Certainty::Certain,
    }];
    if let Some(parent) = one.parent.map(|at| &api.resources[at]) {
        facts.push(Fact {
            what: format!("below {}", parent.item),
            rule: "the path of one of these stands before its path",
            pointer: parent.facts.first().map_or_else(String::new, |fact| fact.pointer.clone()),
            certainty: Certainty::Certain,
        });
    }
    facts.extend(one.facts.iter().cloned());
    if let Some(member) = one.identity.first() {
        facts.push(Fact {
            what: format!("ids: {}{}", form(&member.form), if member.is_given { ", named by the client" } else { "" }),
            rule: "the schema and the examples of the member",
            pointer: one.shape.as_ref().map_or_else(String::new, |shape| shape.body.clone()),
            certainty: Certainty::Likely,
        });
    }
    facts
}

fn form(form: &IdForm) -> String {
    match form {
        IdForm::Integer => "whole numbers in a row".to_owned(),
        IdForm::Digits => "whole numbers, as text".to_owned(),
        IdForm::Uuid => "UUIDs".to_owned(),
        IdForm::Text { prefix, length, .. } if prefix.is_empty() => format!("{length} characters"),
        IdForm::Text { prefix, length, .. } => format!("`{prefix}` and {length} characters"),
        IdForm::Pattern { pattern, .. } => format!("texts that match {pattern}"),
    }
}

fn credentials_of(api: &Api, declared: &Declared) -> Fact {
    let nothing = Carriers { headers: &[], query: &[] };
    let what = match credentials::admit(&api.document.schemes, declared, nothing) {
        Ok(()) => "none are needed".to_owned(),
        Err(wanted) => wanted,
    };
    let fact = |pointer: &str, rule| Fact { what, rule, pointer: pointer.to_owned(), certainty: Certainty::Declared };
    if declared.security.is_empty() {
        return fact(&declared.pointer, "no `security` of the document or the operation");
    }
    fact(&format!("{}/security", declared.pointer), "the `security` of the operation, else of the document")
}

fn success(operation: &Operation, declared: &Declared) -> Fact {
    let response = operation.success.response.and_then(|at| declared.responses.get(at));
    let media = response.and_then(|one| one.media.get(operation.success.media?));
    let body = media.map_or_else(|| "no body".to_owned(), |one| one.media_type.clone());
    let (rule, pointer, certainty) = match response {
        Some(one) => (
            "the first documented success",
            format!("{}/responses/{}", declared.pointer, one.status),
            Certainty::Declared,
        ),
        None => ("no success is documented", format!("{}/responses", declared.pointer), Certainty::Guess),
    };
    Fact { what: format!("{}, {body}", operation.success.status), rule, pointer, certainty }
}

/// Something that goes wrong with a request.
struct Trouble {
    what: &'static str,
    /// The statuses that say so, the best first; as the mock has them.
    statuses: &'static [u16],
    /// Whether it can happen to an operation.
    happens: fn(&Operation, &Declared) -> bool,
}

const TROUBLES: &[Trouble] = &[
    Trouble { what: "no credentials", statuses: &[401, 403], happens: |_, declared| !declared.security.is_empty() },
    Trouble {
        what: "unknown id",
        statuses: &[404, 410],
        happens: |operation, declared| declared.path.contains('{') && operation.role != Role::Custom,
    },
    Trouble { what: "body that is not JSON", statuses: &[400, 422], happens: |_, declared| declared.body.is_some() },
    Trouble {
        what: "body or parameter that breaks its schema",
        statuses: &[400, 422, 412],
        happens: |_, declared| declared.body.is_some() || !declared.parameters.is_empty(),
    },
    Trouble {
        what: "body of another media type",
        statuses: &[415, 400],
        happens: |_, declared| declared.body.is_some(),
    },
    Trouble {
        what: "name that is taken",
        statuses: &[409, 422, 400],
        happens: |operation, _| operation.role == Role::Create,
    },
];

fn errors(operation: &Operation, declared: &Declared) -> Vec<Fact> {
    let happening = TROUBLES.iter().filter(|one| (one.happens)(operation, declared));
    happening.map(|one| error(one, declared)).collect()
}

fn error(trouble: &Trouble, declared: &Declared) -> Fact {
    let found = documented(declared, trouble.statuses);
    let key = found.response.map(|one| one.status.as_str());
    let body = found.media().map_or("no documented body", |media| media.media_type.as_str());
    let (rule, certainty) = match key {
        Some(key) if key == found.status.to_string() => ("the operation documents this status", Certainty::Declared),
        Some(_) => ("the operation documents the class, or a default", Certainty::Certain),
        None => ("what HTTP has for it; the operation documents none", Certainty::Likely),
    };
    let below = key.map_or_else(String::new, |key| format!("/{key}"));
    let pointer = format!("{}/responses{below}", declared.pointer);
    Fact { what: format!("{}: {}, {body}", trouble.what, found.status), rule, pointer, certainty }
}

fn tell(declared: &Declared, sections: &[Section], requirements: &[Expected]) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    terminal::line(&format!("{bold}{}{bold:#} · {} {}", declared.id, declared.method, declared.path));
    if !declared.summary.is_empty() {
        terminal::line(&declared.summary);
    }
    for (name, facts) in sections.iter().filter(|(_, facts)| !facts.is_empty()) {
        terminal::line(&format!("\n{bold}{name}{bold:#}"));
        for fact in facts {
            terminal::line(&format!("  {:<52} {}", fact.what, fact.certainty.name()));
            terminal::line(&format!("    {dim}{}, #{}{dim:#}", fact.rule, fact.pointer));
        }
    }
    if !requirements.is_empty() {
        terminal::line(&format!("\n{bold}checked by `run`{bold:#}"));
    }
    for one in requirements {
        let by = one.tested_by.join(", ");
        terminal::line(&format!("  {:<6} {} {dim}{}, by {by}{dim:#}", one.level.to_string(), one.id, one.statement));
    }
}

fn as_json(declared: &Declared, sections: &[Section], requirements: &[Expected]) -> Value {
    let fact = |one: &Fact| json!({ "what": one.what, "rule": one.rule, "pointer": one.pointer, "certainty": one.certainty.name() });
    let facts = |all: &[Fact]| all.iter().map(fact).collect::<Vec<_>>();
    let requirement =
        |one: &Expected| json!({ "id": one.id, "level": one.level.to_string(), "statement": one.statement });
    let mut told = json!({
        "id": declared.id, "method": declared.method, "path": declared.path, "summary": declared.summary,
        "pointer": declared.pointer, "requirements": requirements.iter().map(requirement).collect::<Vec<_>>(),
    });
    for (name, all) in sections {
        told[*name] = facts(all).into();
    }
    told
}
