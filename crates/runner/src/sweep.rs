//! Removes what killed runs left behind, and nothing else.
//!
//! An object whose id stands in a journal is ours. A create that got no answer may have made an object whose id nobody
//! knows: it is looked for by its body and the time of its creation, and taken for ours only if its body bears the marker
//! of that run. Anything less certain is listed, and deleted only when told so.

use std::collections::BTreeMap;

use conformance_contract::{Action, Suite};
use conformance_record::secrets::HIDDEN;
use conformance_record::{Request, Response, Secrets};
use serde_json::Value;

use crate::cleanup::{Cleaner, Stuck};
use crate::client::Client;
use crate::journal::{Entry, Past};
use crate::lane::Lane;
use crate::ledger::now;
use crate::settings::Settings;
use crate::target::Target;
use crate::url::add_query;
use crate::world::id_text;

/// How many pages are searched for an object whose id is not known.
const MOST_PAGES: usize = 200;

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// Ids that were deleted, or were gone already.
    pub deleted: Vec<String>,
    /// Ids that look like ours and do not say so.
    pub doubtful: Vec<String>,
    /// Ids that are still there, and why.
    pub failed: Vec<(String, String)>,
}

impl Swept {
    /// Whether nothing is left of what was swept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.doubtful.is_empty() && self.failed.is_empty()
    }
}

/// Sweeps up after one run.
///
/// # Errors
/// When the target cannot be spoken to at all.
pub async fn sweep(
    suite: &Suite,
    target: &Target,
    settings: &Settings,
    past: &Past,
    yes: bool,
) -> Result<Swept, String> {
    let client = Client::new(target, settings)?;
    let lane = Lane::Http(Box::new(client), None);
    let cleaner = Cleaner { suite, target, lane: &lane, scenario: 0 };
    let open = Open::of(past, &target.token(0));
    let mut swept = Swept::default();
    for (resource, id, second) in &open.known {
        let Some(resource) = suite.contract.resources.iter().position(|one| one.name == *resource) else { continue };
        swept.done(id, cleaner.remove(None, resource, id, *second).await);
    }
    let secrets = target.secrets(settings);
    for (resource, body, at) in &open.lost {
        let Some(resource) = suite.contract.resources.iter().position(|one| one.name == *resource) else { continue };
        for (id, certain) in search(&cleaner, resource, (body, *at), &open, &secrets).await? {
            if swept.deleted.contains(&id) || swept.doubtful.contains(&id) {
                continue;
            }
            if certain || yes {
                swept.done(&id, cleaner.remove(None, resource, &id, false).await);
            } else {
                swept.doubtful.push(id);
            }
        }
    }
    for (id, reason) in &mut swept.failed {
        (*id, *reason) = (secrets.scrub(id), secrets.scrub(reason));
    }
    Ok(swept)
}

impl Swept {
    fn done(&mut self, id: &str, result: Result<(), Stuck>) {
        match result {
            Ok(()) => self.deleted.push(id.to_owned()),
            Err(stuck) => self.failed.push((id.to_owned(), stuck.reason)),
        }
    }
}

/// What a journal leaves open.
pub(crate) struct Open {
    marker: String,
    /// Resource, id, and whether the second token made it.
    pub known: Vec<(String, String, bool)>,
    /// Resource, body, and when it was sent.
    pub lost: Vec<(String, Value, u64)>,
    ids: Vec<String>,
}

impl Open {
    /// `token` is put back where an id embeds it.
    pub fn of(past: &Past, token: &str) -> Self {
        let mut creates: BTreeMap<usize, (&String, &Value, u64, bool, Option<String>)> = BTreeMap::new();
        let mut ids = Vec::new();
        for entry in &past.entries {
            match entry {
                Entry::Intent { number, resource, body, at, second } => {
                    creates.insert(*number, (resource, body, *at, *second, None));
                }
                Entry::Created { number, id } => {
                    let id = id.replace(HIDDEN, token);
                    ids.push(id.clone());
                    if let Some(create) = creates.get_mut(number) {
                        create.4 = Some(id);
                    }
                }
                Entry::Refused { number } | Entry::Deleted { number } => {
                    creates.remove(number);
                }
                Entry::Run { .. } => {}
            }
        }
        let mut open = Self {
            marker: past.head().map_or("", |(marker, ..)| marker).to_owned(),
            known: Vec::new(),
            lost: Vec::new(),
            ids,
        };
        for (resource, body, at, second, id) in creates.into_values() {
            match id {
                Some(id) => open.known.push((resource.clone(), id, second)),
                None => open.lost.push((resource.clone(), body.clone(), at)),
            }
        }
        open
    }
}

/// The objects that a lost create may have made, each with whether it bears the run's marker.
async fn search(
    cleaner: &Cleaner<'_>,
    resource: usize,
    (body, at): (&Value, u64),
    open: &Open,
    secrets: &Secrets,
) -> Result<Vec<(String, bool)>, String> {
    let contract = &cleaner.suite.contract;
    let Some(list) = contract.action(resource, Action::List) else { return Ok(Vec::new()) };
    let Some(page) = &list.page else { return Ok(Vec::new()) };
    let sent = telling(cleaner, resource, body);
    if sent.is_empty() {
        // Nothing to know it by, and nothing that the contract lets through.
        return Ok(Vec::new());
    }
    let id_property = &contract.resources[resource].id_property;
    let largest = contract.largest_page(list);
    let path = list.path.fill(|_| None).unwrap_or_default();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let mut target = format!("{}{path}?{}={}", cleaner.target.path, page.limit, largest.unwrap_or(10));
        if let (Some(name), Some(cursor)) = (&page.after, &cursor) {
            add_query(&mut target, name, cursor);
        }
        let headers = Target::headers(Some(&cleaner.target.token(0)));
        let request = Request { method: list.method.clone(), target, headers, body: Vec::new() };
        let response = cleaner.lane.send_aside(request).await.response.map_err(|reason| reason.to_string())?;
        let ahead = milliseconds_ahead(&response);
        let answer: Value =
            conformance_json::parse(&response.body).map_err(|_| format!("a list was answered {}", response.status))?;
        let items = answer.pointer(&page.items).and_then(Value::as_array).cloned().unwrap_or_default();
        for item in &items {
            let Some(id) = item.get(id_property).and_then(id_text) else { continue };
            // The journal's bodies went through the same net.
            let shown: Value =
                conformance_json::parse(secrets.scrub(&conformance_json::write(item)).as_bytes()).unwrap_or_default();
            let same = sent
                .iter()
                .all(|(name, value)| shown.get(name).is_none_or(|other| conformance_json::equal(other, value)));
            // The marker tells by itself; without it the object must not be older than the create.
            let certain = !open.marker.is_empty() && body.to_string().contains(&open.marker);
            let at = at.saturating_add_signed(ahead);
            if same && !open.ids.contains(&id) && (certain || created_since(cleaner, resource, item, at)) {
                found.push((id, certain));
            }
        }
        let more = page.more.as_ref().and_then(|more| answer.pointer(more)).and_then(Value::as_bool).unwrap_or(false);
        let last = items.last().and_then(|item| id_text(item.get(id_property)?));
        if !more || last.is_none() || last == cursor {
            break;
        }
        cursor = last;
    }
    Ok(found)
}

/// The members of a create's body by which its object can be known: those that the contract asks for. A server may have
/// left out, or set itself, whatever else stood there.
fn telling<'b>(cleaner: &Cleaner<'_>, resource: usize, body: &'b Value) -> Vec<(&'b String, &'b Value)> {
    let contract = &cleaner.suite.contract;
    let create = contract.action(resource, Action::Create).and_then(|create| create.body.as_ref());
    let known = create.map_or_else(Vec::new, |rule| contract.schemas.properties(&rule.schema.location));
    let members = body.as_object().into_iter().flatten();
    members.filter(|(name, _)| known.iter().any(|(one, _)| one == *name)).collect()
}

/// How far the server's clock is ahead of ours, by its own `Date`.
fn milliseconds_ahead(response: &Response) -> i64 {
    let date = response.header("date").and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    let theirs = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    let theirs = theirs.and_then(|since| i64::try_from(since.as_millis()).ok());
    theirs.map_or(0, |theirs| theirs.saturating_sub_unsigned(now()))
}

/// Whether an object is not older than the create, as far as its own times tell; clocks may be minutes off.
fn created_since(cleaner: &Cleaner<'_>, resource: usize, item: &Value, at: u64) -> bool {
    const OFF: f64 = 15.0 * 60_000.0;
    let rules = &cleaner.suite.contract.resources[resource];
    let times = rules.on_create.keys().filter_map(|name| item.get(name)?.as_f64());
    #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds")]
    let at = at as f64;
    times.into_iter().all(|time| time + OFF >= at || time * 1000.0 + OFF >= at && time < 1e11)
}
