//! What was concluded from a document, as an overlay to read and to edit.
//!
//! With this overlay the document means what it means without: each fact keeps how sure it is until somebody says otherwise.
//! What was only guessed stands there as a comment.

use std::fmt::Write as _;

use conformance_openapi::{EXTENSION, Operation as Declared};
use conformance_source::pointer;
use conformance_source::write::quoted;

use crate::model::{Api, Certainty, Fact, Operation, Resource, Role};
use crate::pages::{Pages, Style};
use crate::path;

/// The overlay of a document, which is the file `document` beside it.
#[must_use]
pub fn overlay_file(api: &Api, document: &str) -> String {
    let mut text = format!(
        "# What was concluded from {document}: correct what is wrong, and take the mark away from what was guessed right.\n\
         #\n\
         # This is an OpenAPI Overlay (https://spec.openapis.org/overlay/latest.html): it may change anything in the document, whose\n\
         # file stays as it is. `certainty` says how sure a conclusion is; without it, it is taken as declared, and a server that\n\
         # does otherwise fails.\n\
         overlay: 1.0.0\n\
         info: {{ title: {}, version: {} }}\n\
         extends: {}\n\
         actions:\n",
        quoted(&format!("What {} means", api.document.title)),
        quoted(&api.document.api_version),
        quoted(document),
    );
    for resource in &api.resources {
        text += &id(api, resource).unwrap_or_default();
    }
    for (operation, declared) in api.operations.iter().zip(&api.document.operations) {
        text += &role(api, operation, declared);
    }
    text
}

/// An action, with why; as a comment where it was only guessed.
fn action(target: &str, because: &[&Fact], keys: &str, is_active: bool) -> String {
    let mut text = "\n".to_owned();
    for fact in because {
        let _ = writeln!(text, "  # {} ({}): {}", fact.what, fact.certainty.name(), fact.rule);
    }
    let mark = if is_active { "" } else { "# " };
    let _ = write!(text, "  {mark}- target: {}\n  {mark}  update: {{ {EXTENSION}: {{ {keys} }} }}\n", quoted(target));
    text
}

fn certainty(certainty: Certainty) -> String {
    // Whoever takes the mark away from a guess means it.
    if matches!(certainty, Certainty::Declared | Certainty::Guess) {
        String::new()
    } else {
        format!(", certainty: {}", certainty.name())
    }
}

/// By which member an object is found, where there is one.
fn id(api: &Api, resource: &Resource) -> Option<String> {
    let fact = resource.facts.iter().find(|fact| fact.what.starts_with("id: "))?;
    let first = resource.identity.first()?;
    let of_path = api.document.operations.iter().filter(|one| path::plain(&one.path) == resource.item);
    let template = &of_path.min_by_key(|one| &one.method)?.path;
    // Where several members may be meant, one of them would be another conclusion.
    let is_only = resource.identity.iter().filter(|one| one.is_in_path).count() == 1;
    let keys = format!("id: {}{}", quoted(&first.name), certainty(fact.certainty));
    let target = target(&pointer::push("/paths", template));
    let is_here = api.document.operations.iter().any(|one| one.path == *template && !one.is_referenced);
    Some(action(&target, &[fact], &keys, is_only && is_here && fact.certainty != Certainty::Guess))
}

/// What an operation does, to what, and how its list is divided.
fn role(api: &Api, operation: &Operation, declared: &Declared) -> String {
    let mut because: Vec<&Fact> = operation.facts.iter().collect();
    let sure = because.first().map_or(Certainty::Guess, |fact| fact.certainty);
    let mut keys = format!("role: {}", operation.role.key());
    let is_path = |item: &str| api.document.operations.iter().find(|one| path::plain(&one.path) == item);
    if let Some(resource) = api.resource_of(operation) {
        let plain = path::plain(&declared.path);
        let is_elsewhere = plain != resource.item && plain != resource.collection && !plain.starts_with(&resource.item);
        if let Some(item) = is_path(&resource.item).filter(|_| is_elsewhere) {
            let _ = write!(keys, ", resource: {}", quoted(&item.path));
        }
        let home = resource.kept_in.map(|at| &api.resources[at]).filter(|_| operation.role == Role::Create);
        if let Some(item) = home.and_then(|home| is_path(&home.item)) {
            because.extend(resource.facts.iter().filter(|fact| fact.what.starts_with("kept in: ")));
            let _ = write!(keys, ", keptIn: {}", quoted(&item.path));
        }
    }
    keys += &certainty(sure);
    if let Some(pages) = &operation.pages {
        because.extend(&pages.facts);
        let _ = write!(keys, ", pages: {{ {} }}", pages_keys(pages));
    }
    // What stands in another file cannot be reached from here.
    action(&target(&declared.pointer), &because, &keys, sure != Certainty::Guess && !declared.is_referenced)
}

fn pages_keys(pages: &Pages) -> String {
    let mut keys: Vec<String> =
        pages.limit.iter().map(|limit| format!("limit: {}", quoted(&limit.parameter))).collect();
    for style in &pages.styles {
        match style {
            Style::Page { parameter, first } => {
                keys.push(format!("page: {}", quoted(parameter)));
                keys.extend((*first == 0).then(|| "firstPage: 0".to_owned()));
            }
            Style::Offset(parameter) => keys.push(format!("offset: {}", quoted(parameter))),
            Style::After(_) | Style::Before(_) => {}
        }
    }
    let after = |style: &&Style| matches!(style, Style::After(_));
    let before = |style: &&Style| matches!(style, Style::Before(_));
    keys.extend(one_or_list("after", pages.styles.iter().filter(after)));
    keys.extend(one_or_list("before", pages.styles.iter().filter(before)));
    let sure = pages.facts.iter().map(|fact| fact.certainty).max().unwrap_or(Certainty::Declared);
    keys.join(", ") + &certainty(sure)
}

fn one_or_list<'p>(key: &str, styles: impl Iterator<Item = &'p Style>) -> Option<String> {
    let names: Vec<String> = styles.map(|style| quoted(style.parameter())).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{key}: {one}")),
        all => Some(format!("{key}: [{}]", all.join(", "))),
    }
}

/// A pointer as a JSONPath.
fn target(pointer: &str) -> String {
    let mut path = "$".to_owned();
    for token in pointer::tokens(pointer) {
        if token.chars().all(|one| one.is_ascii_alphanumeric())
            && token.starts_with(|one: char| one.is_ascii_alphabetic())
        {
            let _ = write!(path, ".{token}");
        } else {
            let _ = write!(path, "['{}']", token.replace('\\', "\\\\").replace('\'', "\\'"));
        }
    }
    path
}
