//! Removes what a killed run against a document left, and nothing else.
//!
//! What stands in the clean-up log is ours. A create that got no response is looked for by the texts that only that run
//! sent; an object that is merely like its body is listed, and deleted only when told so.

use serde_json::Value;

use super::cleanup_log::CleanupLog;
use super::session::{Object, Session};
use super::{DocumentRun, operation};
use crate::client::Client;
use crate::journal::Past;
use crate::lane::Lane;
use crate::sweep::{Open, Swept};
use conformance_api::Role;

/// Sweeps up after one run.
///
/// # Errors
/// When the server can't be spoken to at all.
pub async fn sweep(run: &DocumentRun<'_>, past: &Past, yes: bool) -> Result<Swept, String> {
    let lane = Lane::Http(Box::new(Client::new(run.target, run.settings)?), None);
    let log = CleanupLog::default();
    let mut session = Session::new(run, (&lane, &log), 0, "sweep");
    let open = Open::of(past, &run.target.token(0));
    let (mut objects, mut swept) = (Vec::new(), Swept::default());
    for (resource, id, _) in &open.known {
        let (Some(at), Ok(path)) = (position(run, resource), serde_json::from_str::<Vec<String>>(id)) else { continue };
        objects.push((at, path));
    }
    for (resource, sent, _) in &open.lost {
        let (Some(at), Some(path)) = (position(run, resource), texts(&sent["path"])) else { continue };
        for (path, is_certain) in session.find_lost(at, &path, &sent["body"]).await {
            if objects.iter().any(|(_, known)| *known == path) {
                continue;
            }
            if is_certain || yes {
                objects.push((at, path));
            } else {
                swept.doubtful.extend(path.last().cloned());
            }
        }
    }
    // Children stand behind their parents.
    for (resource, path) in objects.into_iter().rev() {
        let id = path.last().cloned().unwrap_or_default();
        let object = Object {
            resource,
            path,
            id: id.clone(),
            ids: Vec::new(),
            sent: Value::Null,
            members: Value::Null,
            number: 0,
        };
        match session.delete_again(&object).await {
            None => swept.deleted.push(id),
            Some(why) => swept.failed.push((id, why.reason)),
        }
    }
    Ok(swept)
}

fn position(run: &DocumentRun<'_>, item: &str) -> Option<usize> {
    run.api.resources.iter().position(|one| one.item == item)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

impl Session<'_> {
    /// The paths of objects that a body may have made, each with whether nobody else can have made it.
    async fn find_lost(&mut self, at: usize, above: &[String], body: &Value) -> Vec<(Vec<String>, bool)> {
        let list = operation(self.run.api, at, Role::List);
        let (Some(list), Some(body)) = (list, body.as_object().filter(|body| !body.is_empty())) else {
            return Vec::new();
        };
        let walk = self.walk(list, above, None).await;
        let shown = self.comparable(list);
        let is_like = |item: &Value| {
            let mut members = body.iter().filter(|(name, _)| shown.contains(name)).peekable();
            members.peek().is_some() && members.all(|(name, value)| item.get(name) == Some(value))
        };
        // What bears a word of the run's is certainly its own; anybody may have sent anything else.
        let has_marker = |text: &str| {
            text.split('~').skip(1).any(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).count() >= 10)
        };
        let is_long = |text: &str| text.contains("conformance-") || has_marker(text);
        let is_ours = |item: &Value| {
            body.iter().any(|(name, value)| value.as_str().is_some_and(is_long) && item.get(name) == Some(value))
        };
        let resource = &self.run.api.resources[at];
        let found = walk.items.iter().filter(|item| is_like(item)).filter_map(|item| {
            let path = above.iter().cloned().chain([self.id_of(resource, item)?]).collect();
            Some((path, is_ours(item)))
        });
        found.collect()
    }
}
