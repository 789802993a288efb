//! Verifies a server with nothing but an OpenAPI document.
//!
//! What the document declares is a MUST; what was concluded from it with certainty is one, too; anything less is a SHOULD.
//! A server that rejects a body that was made up is not blamed for it: such bodies can be valid and still refer to
//! nothing. What is created is deleted again, and what can't be deleted is not created.
//!
//! In reading order: [`session`](self) (what one scenario knows and sends), `making`, `learnt`, `fuller` and `clean_up` (objects), `request` (calls as requests), `body` and `broken` (what is sent; `values` at and beyond bounds), `compare` and `check`
//! (what is expected of responses), `reach` (the first contact), `scheduler` (which scenarios are played at a time), and the scenarios: `lifecycle` (with `listed`, `updates`, `nothing`, `replaces`, `read_only`, `singletons` and `family`), `reads`, `rejects` (with
//! `lenient`, `texts` and `conflicts`), `pages` (with `walk`, `filters`, `sorts` and `order`), `robustness`, `access`. Those
//! that are written in files: `beside` (the files), `subject` (what they can name), `written` (how they are played), `permission` (what they may send).

mod access;
mod beside;
mod body;
mod broken;
mod check;
mod clean_up;
mod cleanup_log;
mod compare;
mod conflicts;
mod family;
mod filters;
mod fuller;
mod generate;
mod learnt;
mod lenient;
mod lifecycle;
mod listed;
mod making;
mod nothing;
mod order;
mod others;
mod pages;
mod permission;
mod preconditions;
mod ranges;
mod reach;
mod read_only;
mod reads;
mod rejects;
mod replaces;
mod request;
mod robustness;
mod scheduler;
mod session;
mod singletons;
mod sorts;
mod subject;
mod sweep;
mod texts;
mod transcript;
mod updates;
mod values;
mod walk;
mod written;

use std::collections::BTreeSet;
use std::time::Instant;

use conformance_api::{Api, Proof, Resource, Role};
use conformance_record::{RunEvent, Tally};
use conformance_scenario::Scenario;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::client::Client;
use crate::contact::Unreachable;
use crate::expected::expected;
use crate::known::KnownFailures;
use crate::lane::Lane;
use crate::recording::{self, DocumentHead, Head, Recorder, Recording};
use crate::settings::Settings;
use crate::snapshot::Snapshots;
use crate::target::Target;
use crate::word::marker;

pub use beside::{Beside, requirements_file};
pub(crate) use check::status_member;
use cleanup_log::CleanupLog;
pub(crate) use conflicts::unique_members;
pub(crate) use generate::escaped_value;
pub use generate::{ScenarioFile, scenario_files};
pub use reach::forgotten_path;
use scheduler::Scheduler;
use session::Session;
pub(crate) use session::documented;
pub use sweep::sweep;

/// A run against a document.
#[derive(Debug)]
pub struct DocumentRun<'r> {
    /// What the document means.
    pub api: &'r Api,
    /// Its schemas.
    pub proof: &'r Proof,
    /// The server.
    pub target: &'r Target,
    /// How to go about it.
    pub settings: &'r Settings,
    /// What its random values and times follow from.
    pub seed: Seed,
    /// What is allowed.
    pub options: Options,
    /// What stands beside the document.
    pub beside: &'r Beside,
    /// How the server behaved before, if that is asked for.
    pub snapshots: Option<&'r Snapshots>,
    /// Turns true when the run shall end.
    pub stop: watch::Receiver<bool>,
}

/// What random values and times of a run follow from: the same ones when its recording is verified again.
#[derive(Clone, Debug)]
pub struct Seed {
    marker: String,
    started: Timestamp,
}

impl Seed {
    /// That of a run that begins now.
    #[must_use]
    pub fn fresh() -> Self {
        Self { marker: marker(), started: Timestamp::now() }
    }

    /// That of the run that was recorded, what it might do, and how it went about it; none when it was no run against a document.
    #[must_use]
    pub fn recorded(recording: &Recording) -> Option<(Self, Options, Settings)> {
        let head = recording.document()?;
        let options = Options {
            allow_leftovers: head.allow_leftovers,
            read_only: recording.read_only(),
            allow: head.allow.clone(),
            only: Vec::new(),
            with: head.with.clone(),
        };
        let started = Timestamp::from_millisecond(head.started_ms).ok()?;
        // What is sent without credentials depends on whether others go with every request.
        let headers = head.headers.iter().map(|name| (name.clone(), String::new())).collect();
        let settings = Settings { headers, ..Settings::default() };
        Some((Self { marker: recording.marker().to_owned(), started }, options, settings))
    }
}

/// Where requests go to.
#[derive(Debug)]
pub enum Source {
    /// The server, recorded or not.
    Server(Option<Recorder>),
    /// What it answered in an earlier run.
    Recording(Recording),
}

/// What a run against a document may do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Create what can't be deleted, too.
    pub allow_leftovers: bool,
    /// Send nothing but `GET`.
    pub read_only: bool,
    /// Actions that may be called on the run's own objects, by operation id.
    pub allow: Vec<String>,
    /// Only scenarios whose name begins so.
    pub only: Vec<String>,
    /// Values of path parameters by name: `owner=me`.
    pub with: Vec<(String, String)>,
}

/// What is verified, in one of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An object from its creation to its deletion.
    Lifecycle(usize),
    /// Bodies that break what is documented.
    Rejects(usize),
    /// Lists, page by page.
    Pages(usize),
    /// Ids that nobody has.
    UnknownIds(usize),
    /// Reading what is there, wherever no id is needed.
    Reads,
    /// Requests without credentials.
    Access,
    /// What there is one of for everybody.
    Singleton(usize),
    /// A scenario of a file, by its number.
    Written(usize),
}

/// A scenario, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// `area/behaviour`
    pub name: String,
    /// What it shows.
    pub summary: String,
    kind: Kind,
}

impl Planned {
    /// Whether it creates objects.
    #[must_use]
    pub const fn creates(&self) -> bool {
        matches!(self.kind, Kind::Lifecycle(_) | Kind::Rejects(_) | Kind::Pages(_))
    }
}

/// What a document lets be verified, in order.
#[must_use]
pub fn plan(api: &Api, options: &Options, written: &[Scenario]) -> Vec<Planned> {
    let mut all = Vec::new();
    for ((at, resource), area) in api.resources.iter().enumerate().zip(areas(api)) {
        let mut add = |behaviour: &str, summary: String, kind: Kind| {
            all.push(Planned { name: format!("{area}/{behaviour}"), summary, kind });
        };
        let has = |role: Role| operation(api, at, role).is_some();
        let path = &resource.collection;
        if creation(api, at).is_some() && (has(Role::Delete) || options.allow_leftovers) {
            add("lifecycle", format!("an object of {path}, from its creation to its deletion"), Kind::Lifecycle(at));
            add("rejects", format!("bodies that {path} documents as wrong"), Kind::Rejects(at));
            if has(Role::List) {
                add("pages", format!("the list at {path}, page by page"), Kind::Pages(at));
            }
        }
        if has(Role::Retrieve) || has(Role::Delete) || has(Role::Update) {
            add("unknown-ids", format!("ids that nothing at {path} has"), Kind::UnknownIds(at));
        }
    }
    let summary = "what can be read without knowing an id".to_owned();
    all.push(Planned { name: "document/reads".to_owned(), summary, kind: Kind::Reads });
    let summary = "requests without credentials".to_owned();
    all.push(Planned { name: "document/access".to_owned(), summary, kind: Kind::Access });
    let is_allowed = |at: &usize| {
        let (operation, declared) = (&api.operations[*at], &api.document.operations[*at]);
        operation.role == Role::SetSingleton && !declared.path.contains('{') && options.allow.contains(&declared.id)
    };
    for at in (0..api.operations.len()).filter(is_allowed) {
        let declared = &api.document.operations[at];
        let name = declared.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("settings").to_owned();
        let summary = format!("what {} {} sets for everybody, which is put back", declared.method, declared.path);
        all.push(Planned {
            name: format!("{name}/{}", declared.method.to_lowercase()),
            summary,
            kind: Kind::Singleton(at),
        });
    }
    all.retain(|one| !options.read_only || matches!(one.kind, Kind::Reads | Kind::Access));
    all.extend(written.iter().enumerate().map(|(number, one)| Planned {
        name: one.name.clone(),
        summary: one.summary.clone(),
        kind: Kind::Written(number),
    }));
    name_apart(&mut all);
    // Scenarios of an area stand together, whoever wrote them.
    let mut order: Vec<String> = Vec::new();
    for one in &all {
        let area = area_of(&one.name);
        if !order.iter().any(|known| known == area) {
            order.push(area.to_owned());
        }
    }
    all.sort_by_key(|one| order.iter().position(|area| area == area_of(&one.name)));
    // A written scenario is chosen by a line of it, too.
    let is_line_of = |only: &str, name: &str| {
        only.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|line| line.parse::<usize>().is_ok())
    };
    let is_chosen = |one: &Planned, only: &str| one.name.starts_with(only) || is_line_of(only, &one.name);
    all.retain(|one| options.only.is_empty() || options.only.iter().any(|only| is_chosen(one, only)));
    all
}

/// Gives no two one name: snapshots and recordings know them by it.
fn name_apart(all: &mut [Planned]) {
    let mut known = BTreeSet::new();
    for one in all {
        let base = one.name.clone();
        let mut count = 1;
        while !known.insert(one.name.clone()) {
            count += 1;
            one.name = format!("{base}-{count}");
        }
    }
}

/// The area of a scenario: what stands before its behaviour.
fn area_of(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

/// The areas of all resources, no two alike.
fn areas(api: &Api) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut areas = Vec::new();
    for base in api.resources.iter().map(area) {
        let count = names.iter().filter(|one| **one == base).count();
        areas.push(if count == 0 { base.clone() } else { format!("{base}-{}", count + 1) });
        names.push(base);
    }
    areas
}

/// The area of a resource: the fixed parts of its path.
fn area(resource: &Resource) -> String {
    let parts: Vec<&str> =
        resource.collection.split('/').filter(|part| !part.is_empty() && !part.contains("{}")).collect();
    let last: Vec<&str> = parts.iter().rev().take(2).rev().copied().collect();
    if last.is_empty() { "objects".to_owned() } else { last.join("-") }
}

/// The operation of a resource with a role.
fn operation(api: &Api, resource: usize, role: Role) -> Option<usize> {
    let is_it = |one: &conformance_api::Operation| {
        let on_item = matches!(role, Role::Retrieve | Role::Update | Role::Replace | Role::Delete);
        one.resource == Some(resource) && one.role == role && one.is_item == on_item
    };
    api.operations.iter().position(is_it)
}

/// The operation that makes objects of a resource: its create, or what puts one under a name that the client gives.
fn creation(api: &Api, resource: usize) -> Option<usize> {
    // What is put under another name may be a word about something that is elsewhere; a document that makes it says 201.
    let is_read =
        operation(api, resource, Role::Retrieve).is_some_and(|one| api.operations[one].success.shape.is_some());
    let makes = |at: &usize| is_read && api.document.operations[*at].responses.iter().any(|one| one.status == "201");
    operation(api, resource, Role::Create).or_else(|| operation(api, resource, Role::Replace).filter(makes))
}

/// The ids of all requirements that a run against a document would check.
#[must_use]
pub fn expected_ids(api: &Api) -> BTreeSet<String> {
    expected(api, false).into_iter().map(|one| one.id).collect()
}

/// The names of all scenarios that a run against a document can have.
#[must_use]
pub fn scenario_names(api: &Api, beside: &Beside) -> Vec<String> {
    let allow = api.document.operations.iter().map(|one| one.id.clone()).collect();
    let options = Options { allow_leftovers: true, allow, ..Options::default() };
    plan(api, &options, &beside.scenarios).into_iter().map(|one| one.name).collect()
}

/// The ids of all requirements that a run against a document can cite.
#[must_use]
pub fn requirement_ids(api: &Api, beside: &Beside) -> Vec<String> {
    let own = beside.own.ids().map(str::to_owned);
    expected(api, true).into_iter().map(|one| one.id).chain(own).collect()
}

/// Verifies, telling what happens.
///
/// # Errors
/// When the server can't be reached at all.
pub async fn verify(
    run: DocumentRun<'_>,
    source: Source,
    mut known: KnownFailures,
    listener: &mut (dyn FnMut(&RunEvent) + Send),
) -> Result<Tally, Unreachable> {
    let start = Instant::now();
    let mut planned = plan(run.api, &run.options, &run.beside.scenarios);
    let lane = match source {
        Source::Server(recorder) => {
            let client = Client::new(run.target, run.settings).map_err(Unreachable::Setup)?.until(run.stop.clone());
            recorder.iter().for_each(|one| one.begin(&head(&run, &planned)));
            Lane::Http(Box::new(client), recorder)
        }
        Source::Recording(recording) => {
            planned.retain(|one| recording.scenarios().contains(&one.name));
            Lane::Recorded(recording)
        }
    };
    let tells_apart = reach::reach(&run, &lane).await?;
    let folder = run.settings.journals.as_deref();
    let secrets = run.target.secrets(run.settings);
    let log = CleanupLog::begin(folder, &run.api.document.title, run.target, secrets).map_err(Unreachable::Setup)?;
    listener(&RunEvent::Started {
        suite: run.api.document.title.clone(),
        target: run.target.name.clone(),
        origin: run.target.origin.clone(),
        start_with: None,
        scenarios: planned.len(),
    });
    let mut tally = Tally::default();
    let scheduler = Scheduler { run: &run, lane: &lane, log: &log, tells_apart };
    scheduler.play(planned, (&mut tally, &mut known), listener).await;
    for (position, trouble) in known.troubles() {
        tally.outdated += 1;
        listener(&RunEvent::Outdated { position, trouble });
    }
    if let Some(trouble) = log.close() {
        listener(&RunEvent::Leftover {
            id: "clean-up log".to_owned(),
            reason: format!("it could not be kept: {trouble}"),
        });
    }
    // Where some scenarios were chosen, others have baselines, too.
    let all = scenario_names(run.api, run.beside);
    for path in run.snapshots.iter().flat_map(|snapshots| snapshots.unused(&all)) {
        listener(&RunEvent::Unused { path: path.display().to_string() });
    }
    listener(&RunEvent::Finished { tally, took: start.elapsed() });
    Ok(tally)
}

impl Session<'_> {
    async fn play(&mut self, kind: Kind) {
        match kind {
            Kind::Lifecycle(at) => {
                self.lifecycle(at).await;
                self.below_its_own(at).await;
            }
            Kind::Rejects(at) => self.rejects(at).await,
            Kind::Pages(at) => self.pages(at).await,
            Kind::UnknownIds(at) => self.unknown_ids(at).await,
            Kind::Reads => {
                self.reads().await;
                self.odd_parameters().await;
            }
            Kind::Access => self.access().await,
            Kind::Singleton(set) => self.sets_for_all(set).await,
            Kind::Written(number) => self.written(&self.run.beside.scenarios[number]).await,
        }
    }
}

/// The head of a recording of the run.
fn head(run: &DocumentRun<'_>, planned: &[Planned]) -> Head {
    let options = &run.options;
    let document = DocumentHead {
        started_ms: run.seed.started.as_millisecond(),
        allow_leftovers: options.allow_leftovers,
        allow: options.allow.clone(),
        with: options.with.clone(),
        headers: run.settings.headers.iter().map(|(name, _)| name.clone()).collect(),
    };
    Head {
        recording: recording::VERSION,
        suite: run.api.document.title.clone(),
        target: run.target.name.clone(),
        marker: run.seed.marker.clone(),
        scenarios: planned.iter().map(|one| one.name.clone()).collect(),
        second_token: run.target.second(0).is_some(),
        read_only: options.read_only,
        document: Some(document),
    }
}
