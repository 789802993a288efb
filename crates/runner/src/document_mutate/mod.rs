//! Does a run against a document notice defects? Verifies a server with one fault after another in front of it.
//!
//! In reading order: [`fault`] (what may be wrong, derived from the document), `boundary` (how it comes about), and here,
//! who notices it.

mod boundary;
pub mod fault;

use std::collections::BTreeSet;
use std::sync::Arc;

use conformance_api::media::is_json;
use conformance_api::{Api, Role};
use conformance_openapi::Operation as Declared;
use conformance_record::{Position, RunEvent, Verdict};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::contact::Unreachable;
use crate::derived::{Beside, DocumentRun, Options, plan, verify};
use crate::document_request::DocumentReader;
use crate::mutate::{Fate, Matrix, Row};
use crate::settings::Settings;
use crate::target::{Target, Tokens};

use boundary::FaultyServer;
use fault::DocumentFault;

/// What stands in place of documented error bodies.
const WRONG_ERROR: &str = "something went wrong";
/// No client has this token.
const NO_TOKEN: &str = "\0";
/// Where a document has more scenarios, a fault that its resource's own do not notice is shown to those of the document alone.
const MANY: usize = 60;

/// How faults are tried.
#[derive(Debug)]
pub struct DocumentTrial {
    /// The document.
    pub reader: Arc<DocumentReader>,
    /// The server, before anything breaks it.
    pub target: Target,
    /// How it is verified.
    pub settings: Settings,
    /// What stands beside the document: its scenarios are played, too.
    pub beside: Beside,
    /// How many faults are tried at a time.
    pub jobs: usize,
}

/// A check that failed: its scenario, its place, the requirement that it cites.
type Failure = (String, Position, String);

/// Verifies the server with each fault in front of it.
///
/// # Errors
/// When the server fails without any: what fails, and how.
pub async fn mutate(
    trial: DocumentTrial,
    faults: Vec<DocumentFault>,
    told: &mut (dyn FnMut(&Row) + Send),
) -> Result<Matrix, String> {
    let trial = Arc::new(trial);
    let passed = unharmed(&trial).await?;
    let places = Arc::new(Semaphore::new(trial.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for (number, fault) in faults.into_iter().enumerate() {
        let (trial, places) = (trial.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            let (fate, by) = fate(&trial, number, &fault).await;
            (number, Row { name: fault.name, breaks: fault.breaks, fate }, by)
        });
    }
    let (mut rows, mut killers) = (Vec::new(), BTreeSet::new());
    while let Some(finished) = tasks.join_next().await {
        let (number, row, by) = finished.map_err(|error| format!("a fault could not be tried: {error}"))?;
        told(&row);
        rows.push((number, row));
        killers.extend(by);
    }
    rows.sort_by_key(|(number, _)| *number);
    let mut idle: Vec<(String, Position)> = passed.into_iter().filter(|(id, _)| !killers.contains(id)).collect();
    idle.dedup_by(|one, other| one.0 == other.0);
    Ok(Matrix { rows: rows.into_iter().map(|(_, row)| row).collect(), idle })
}

/// Sees that the server fails nothing by itself: the requirements that were checked, in their order.
async fn unharmed(trial: &DocumentTrial) -> Result<Vec<(String, Position)>, String> {
    let mut passed = Vec::new();
    let mut hear = |id: &str, position: &Position| passed.push((id.to_owned(), position.clone()));
    match failures(trial, &trial.target, &trial.settings, Vec::new(), &mut hear).await {
        Err(why) => Err(format!("the unharmed server cannot be verified: {why:?}")),
        Ok(failures) if failures.is_empty() => {
            passed.sort_by(|one, other| one.0.cmp(&other.0));
            Ok(passed)
        }
        Ok(failures) => {
            let failed: BTreeSet<String> =
                failures.into_iter().map(|(scenario, _, id)| format!("{id} in {scenario}")).collect();
            Err(format!("the unharmed server fails: {}", failed.into_iter().collect::<Vec<_>>().join(", ")))
        }
    }
}

/// First the scenarios of the resource; only when none of them notices, the others.
async fn fate(trial: &DocumentTrial, number: usize, fault: &DocumentFault) -> (Fate, Vec<String>) {
    let all = plan(&trial.reader.api, &Options::default(), &trial.beside.scenarios);
    let collection = &trial.reader.api.resources[fault.resource].collection;
    let is_own = |summary: &str| summary.split([' ', ',']).any(|word| word == collection);
    let own = || all.iter().filter(|one| is_own(&one.summary)).map(|one| one.name.clone());
    let is_written = |name: &str| trial.beside.scenarios.iter().any(|one| one.name == name);
    let is_tried = |name: &str| all.len() <= MANY || name.starts_with("document/") || is_written(name);
    let others = all.iter().filter(|one| !is_own(&one.summary) && is_tried(&one.name));
    let phases = [own().collect::<Vec<_>>(), others.map(|one| one.name.clone()).collect()];
    for (phase, only) in phases.into_iter().enumerate().filter(|(_, only)| !only.is_empty()) {
        let mut target = trial.target.clone();
        // A workspace of its own: what another fault left does not matter.
        target.tokens = Tokens::PerScenario(format!("fault-{number}-{phase}"));
        let boundary = FaultyServer::new(trial.reader.clone(), fault.clone(), &target);
        let settings = Settings { boundary: Some(Arc::new(boundary)), ..trial.settings.clone() };
        let Ok(failures) = failures(trial, &target, &settings, only, &mut |_, _| ()).await else {
            return (Fate::Contact, Vec::new());
        };
        let by = failures.iter().map(|(.., id)| id.clone()).collect();
        if let Some((scenario, position, _)) = failures.iter().find(|(.., id)| *id == fault.breaks) {
            return (Fate::Own(scenario.clone(), position.clone()), by);
        }
        if let Some((scenario, _, id)) = failures.first() {
            return (Fate::Other(scenario.clone(), id.clone()), by);
        }
    }
    (Fate::Survived, Vec::new())
}

/// The checks that fail, MUST or SHOULD; `passed` hears of the others.
async fn failures(
    trial: &DocumentTrial,
    target: &Target,
    settings: &Settings,
    only: Vec<String>,
    passed: &mut (dyn FnMut(&str, &Position) + Send),
) -> Result<Vec<Failure>, Unreachable> {
    let (_stop, stop) = watch::channel(false);
    let options = Options { only, ..Options::default() };
    let (api, proof, beside) = (&trial.reader.api, trial.reader.proof(), &trial.beside);
    let run = DocumentRun { api, proof, target, settings, options, beside, stop };
    let mut found = Vec::new();
    let mut listener = |event: &RunEvent| {
        let RunEvent::Scenario { name, checks, .. } = event else { return };
        for check in checks {
            let Some(id) = check.requirements.first().map(|one| one.id.clone()) else { continue };
            match check.verdict {
                Verdict::Fail | Verdict::Warn => {
                    found.push((name.clone(), Position { line: 0, ..check.position.clone() }, id))
                }
                Verdict::Pass => passed(&id, &check.position),
                _ => {}
            }
        }
    };
    verify(run, &mut listener).await?;
    Ok(found)
}

/// The operation of a resource with a role.
fn operation(api: &Api, resource: usize, role: Role) -> Option<usize> {
    let on_item = matches!(role, Role::Retrieve | Role::Update | Role::Replace | Role::Delete);
    api.operations.iter().position(|one| one.resource == Some(resource) && one.role == role && one.is_item == on_item)
}

/// The JSON that an operation takes: its media type, and its schema.
fn json_body(declared: &Declared) -> Option<(&str, &str)> {
    let media = declared.body.as_ref()?.media.iter().find(|one| is_json(&one.media_type))?;
    Some((&media.media_type, media.schema.as_deref()?))
}
