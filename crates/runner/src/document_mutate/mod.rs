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
use crate::derived::{Beside, DocumentRun, Options, Seed, Source, plan, verify};
use crate::document_request::DocumentReader;
use crate::known::KnownFailures;
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

/// A check that failed.
struct Failure {
    scenario: String,
    position: Position,
    /// The requirement that it cites.
    requirement: String,
    /// Whether that is a MUST.
    is_binding: bool,
}

/// What a mock shows without any fault.
struct Unharmed {
    /// The requirements that were checked, in their order.
    passed: Vec<(String, Position)>,
    /// What it does not keep though it should: nobody notices a fault by that.
    doubtful: BTreeSet<String>,
}

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
    let Unharmed { passed, doubtful } = unharmed(&trial).await?;
    let doubtful = Arc::new(doubtful);
    let places = Arc::new(Semaphore::new(trial.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for (number, fault) in faults.into_iter().enumerate() {
        let (trial, places, doubtful) = (trial.clone(), places.clone(), doubtful.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            let (fate, by) = fate(&trial, number, &fault, &doubtful).await;
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

/// Sees that the server breaks no MUST by itself.
async fn unharmed(trial: &DocumentTrial) -> Result<Unharmed, String> {
    let mut passed = Vec::new();
    let mut hear = |id: &str, position: &Position| passed.push((id.to_owned(), position.clone()));
    let failures = failures(trial, &trial.target, &trial.settings, Vec::new(), &mut hear).await;
    let failures = failures.map_err(|why| format!("the unharmed server cannot be verified: {why:?}"))?;
    let broken = failures.iter().filter(|one| one.is_binding);
    let broken: BTreeSet<String> = broken.map(|one| format!("{} in {}", one.requirement, one.scenario)).collect();
    if !broken.is_empty() {
        return Err(format!("the unharmed server fails: {}", broken.into_iter().collect::<Vec<_>>().join(", ")));
    }
    passed.sort_by(|one, other| one.0.cmp(&other.0));
    let doubtful = failures.into_iter().map(|one| one.requirement).collect();
    Ok(Unharmed { passed, doubtful })
}

/// First the scenarios of the resource; only when none of them notices, the others.
async fn fate(
    trial: &DocumentTrial,
    number: usize,
    fault: &DocumentFault,
    doubtful: &BTreeSet<String>,
) -> (Fate, Vec<String>) {
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
        let Ok(mut failures) = failures(trial, &target, &settings, only, &mut |_, _| ()).await else {
            return (Fate::Contact, Vec::new());
        };
        failures.retain(|one| !doubtful.contains(&one.requirement));
        let by = failures.iter().map(|one| one.requirement.clone()).collect();
        if let Some(own) = failures.iter().find(|one| one.requirement == fault.breaks) {
            return (Fate::Own(own.scenario.clone(), own.position.clone()), by);
        }
        if let Some(other) = failures.first() {
            return (Fate::Other(other.scenario.clone(), other.requirement.clone()), by);
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
    let run = DocumentRun { api, proof, target, settings, seed: Seed::fresh(), options, beside, snapshots: None, stop };
    let mut found = Vec::new();
    let mut listener = |event: &RunEvent| {
        let RunEvent::Scenario { name, checks, .. } = event else { return };
        for check in checks {
            let Some(id) = check.requirements.first().map(|one| one.id.clone()) else { continue };
            match check.verdict {
                Verdict::Fail | Verdict::Warn => found.push(Failure {
                    scenario: name.clone(),
                    position: Position { line: 0, ..check.position.clone() },
                    requirement: id,
                    is_binding: check.verdict == Verdict::Fail,
                }),
                Verdict::Pass => passed(&id, &check.position),
                _ => {}
            }
        }
    };
    verify(run, Source::Server(None), KnownFailures::default(), &mut listener).await?;
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
