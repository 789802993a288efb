//! Leaves out what nobody judges by: texts for people, extensions, what is not served. Half of a large document is prose.

use std::collections::HashSet;

use serde_json::Value;

use crate::grammar::Kind;
use crate::notes::Notes;
use crate::{EXTENSION, files, references};

/// The status of what is at odds with something that is there.
const CONFLICT: &str = "409";

/// Leaves prose out of one value, but not out of those inside of it. `kept` are members at the top that something refers to.
pub(crate) fn leave_out(value: &mut Value, kind: Kind, at: &str, kept: &HashSet<String>, notes: &mut Notes) {
    let Value::Object(members) = value else { return };
    match kind {
        Kind::Opaque | Kind::Schema | Kind::List(_) | Kind::Map(_) | Kind::Example => {}
        Kind::Table(_) => members.retain(|key, _| !key.starts_with("x-")),
        Kind::Document => {
            if let Some(Value::Object(info)) = members.get_mut("info") {
                info.retain(|key, _| matches!(key.as_str(), "title" | "version"));
            }
            count(members.get("webhooks"), "webhooks are not served", &format!("{at}/webhooks"), notes);
            let mine = [files::HOME, references::HOME];
            members.retain(|key, _| {
                let is_prose = key.starts_with("x-") || matches!(key.as_str(), "externalDocs" | "tags" | "webhooks");
                !is_prose || mine.contains(&key.as_str()) || kept.contains(key)
            });
        }
        Kind::Operation => {
            count(members.get("callbacks"), "callbacks are not served", &format!("{at}/callbacks"), notes);
            // What is at odds with what is there is said in words alone.
            let conflicts = members.get("responses").is_some_and(|all| all.get(CONFLICT).is_some());
            let tells = |text: &Value| text.as_str().is_some_and(tells_order);
            let is_prose = |key: &str, value: &Value| match key {
                "callbacks" | "externalDocs" => true,
                "description" => !conflicts && !tells(value),
                _ => false,
            };
            members.retain(|key, value| !is_prose(key, value));
        }
        _ => {
            count(members.get("links"), "links are not followed", &format!("{at}/links"), notes);
            let is_conflict = at.strip_suffix(CONFLICT).is_some_and(|before| before.ends_with("/responses/"));
            // What stands before a key is said in words alone, too.
            let is_scheme =
                ["/components/securitySchemes/", "/securityDefinitions/"].iter().any(|all| at.starts_with(all));
            let is_prose = |key: &str| match key {
                "callbacks" | "externalDocs" | "links" | "summary" => true,
                "description" => !is_conflict && !is_scheme,
                _ => false,
            };
            members.retain(|key, _| key == EXTENSION || !(key.starts_with("x-") || is_prose(key)));
        }
    }
}

/// Whether a description may say in which order a list comes.
fn tells_order(description: &str) -> bool {
    let lower = description.to_lowercase();
    [" first", "chronological", "order of creation"].iter().any(|words| lower.contains(words))
}

/// Notes the members of an object that has no use here.
fn count(value: Option<&Value>, kind: &str, at: &str, notes: &mut Notes) {
    if let Some(Value::Object(members)) =
        value.filter(|value| value.as_object().is_some_and(|members| !members.is_empty()))
    {
        notes.many(kind, members.len(), at);
    }
}
