//! A whole run: first contact, every scenario, clean-up, the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conformance_contract::Suite;
use conformance_record::{CheckOutcome, Exchange, RunEvent, Secrets, SnapshotOutcome, Tally, Verdict};
use conformance_scenario::Scenario;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::cleanup::{Cleaner, Leftover};
use crate::client::Client;
use crate::contact::{Unreachable, first_contact};
use crate::evidence::{self, scrub};
use crate::journal::{self, Entry, Journal};
use crate::judge::Judgements;
use crate::known::KnownFailures;
use crate::lane::Lane;
use crate::ledger::{Fate, Ledger, now};
use crate::obstacle::Obstacle;
use crate::oracle::Oracle;
use crate::recording::{self, Head, Recorder, Recording};
use crate::replay::Replay;
use crate::sdk::SdkLane;
use crate::select::{Keep, Selected, objects_at_a_time};
use crate::settings::Settings;
use crate::snapshot::{Snapshots, Snapshotted};
use crate::stable::Ignored;
use crate::target::{Target, Tokens};
use crate::transcript::Transcript;
use crate::word::marker;
use crate::world::World;

/// Everything that a run needs to know.
#[derive(Debug)]
pub struct Run {
    /// The suite.
    pub suite: Arc<Suite>,
    /// What is replayed.
    pub selected: Vec<Selected>,
    /// What is judged.
    pub target: Target,
    /// How.
    pub settings: Settings,
    /// How it behaved before, if anyone wants to know.
    pub snapshots: Option<Snapshots>,
    /// Failures that are excused.
    pub known: KnownFailures,
    /// Every scenario of the suite, selected or not: a baseline of one that is not selected is not unused.
    pub scenarios: Vec<Scenario>,
    /// Turns true when the run shall end early; what was created is deleted all the same.
    pub stop: watch::Receiver<bool>,
}

/// Where the answers come from.
#[derive(Debug)]
pub enum Source {
    /// The target itself, recorded or not.
    Target(Option<Recorder>),
    /// The target, through an SDK.
    Sdk(Box<SdkLane>),
    /// An earlier run's recording.
    Recording(Recording),
}

struct Shared {
    run: Run,
    lane: Lane,
    ledger: Ledger,
    secrets: Secrets,
    marker: String,
}

/// What became of a scenario.
struct Done {
    checks: Vec<CheckOutcome>,
    left: Vec<RunEvent>,
    requests: usize,
    exchanges: Vec<Exchange>,
    took: Duration,
    snapshot: SnapshotOutcome,
}

/// Replays what was selected and tells `listener` what happens, scenario by scenario in the order of the selection.
///
/// # Errors
/// When the target cannot be reached or refuses the token, before anything was judged.
pub async fn run(run: Run, source: Source, listener: &mut (dyn FnMut(&RunEvent) + Send)) -> Result<Tally, Unreachable> {
    let start = Instant::now();
    let secrets = run.target.secrets(&run.settings);
    let lane = match source {
        Source::Target(recorder) => {
            let client = Client::new(&run.target, &run.settings).map_err(Unreachable::Setup)?.until(run.stop.clone());
            first_contact(&run.suite, &run.target, &client).await.map_err(|why| why.scrubbed(&secrets))?;
            Lane::Http(Box::new(client), recorder)
        }
        Source::Sdk(sdk) => Lane::Sdk(sdk),
        Source::Recording(recording) => Lane::Recorded(recording),
    };
    let marker = if let Lane::Recorded(recording) = &lane { recording.marker().to_owned() } else { marker() };
    if let Lane::Http(_, Some(recorder)) = &lane {
        recorder.begin(&head(&run, &marker));
    }
    let origin = if let Lane::Http(..) = lane { run.target.lasting_origin().to_owned() } else { String::new() };
    let ledger = Ledger::new(&marker, begin_journal(&run, &lane, &marker)?, secrets.clone());
    listener(&RunEvent::Started {
        suite: run.suite.contract.title.clone(),
        target: run.target.name.clone(),
        origin,
        start_with: (!matches!(run.target.tokens, Tokens::One(_))).then(|| "conformance mock".to_owned()),
        scenarios: run.selected.len(),
    });
    let shared = Arc::new(Shared { run, lane, ledger, secrets, marker });
    let mut tally = Tally { scenarios: shared.run.selected.len(), ..Tally::default() };
    let mut known = shared.run.known.clone();
    replay_all(&shared, &mut tally, &mut known, listener).await;
    for (position, trouble) in known.troubles() {
        tally.outdated += 1;
        listener(&RunEvent::Outdated { position, trouble });
    }
    if let Lane::Http(..) = shared.lane {
        let searched = finish_cleanup(&shared, listener).await;
        (tally.created, tally.deleted, tally.unclear) = shared.ledger.count();
        if let Some((made, gone)) = searched {
            tally.created += made;
            tally.deleted += gone;
            // What bears the marker was searched for: what is not there was never made.
            tally.unclear = shared.ledger.unsearchable();
        }
    }
    let names: Vec<String> = shared.run.scenarios.iter().map(|one| one.name.clone()).collect();
    for path in shared.run.snapshots.iter().flat_map(|snapshots| snapshots.unused(&names)) {
        listener(&RunEvent::Unused { path: path.display().to_string() });
    }
    if let Lane::Sdk(sdk) = &shared.lane {
        sdk.end().await;
    }
    if let Some(trouble) = shared.ledger.close() {
        listener(&RunEvent::Leftover { id: "journal".to_owned(), reason: format!("it could not be kept: {trouble}") });
    }
    listener(&RunEvent::Finished { tally, took: start.elapsed() });
    Ok(tally)
}

/// Cleans up once more when all scenarios are over: what could not be deleted for a reason that has passed, and what the list
/// shows of the run. Returns what was made besides what is known: how much, and how much of it is gone.
async fn finish_cleanup(shared: &Shared, listener: &mut (dyn FnMut(&RunEvent) + Send)) -> Option<(usize, usize)> {
    let Shared { run, lane, ledger, secrets, .. } = shared;
    if run.settings.read_only || run.settings.keep_on_failure {
        return None;
    }
    let mut left = Vec::new();
    for (number, create) in ledger.all().into_iter().rev() {
        let Fate::Made(id) = create.fate else { continue };
        if ledger.was_told(number) {
            continue;
        }
        let cleaner = Cleaner { suite: &run.suite, target: &run.target, lane, scenario: create.scenario };
        left.extend(cleaner.remove_created(ledger, number, (create.resource, create.second), id, false).await);
    }
    let searched = match run.target.tokens {
        Tokens::One(_) => search_list(shared, &mut left).await,
        Tokens::PerScenario(_) => None,
    };
    if searched.is_none() && ledger.count().2 > 0 {
        let reason = "creates got no clear response; `conformance sweep` looks for what was made".to_owned();
        left.push(Leftover { id: "unknown".to_owned(), reason });
    } else if ledger.unsearchable() > 0 {
        let count = ledger.unsearchable();
        let creates = if count == 1 { "create" } else { "creates" };
        let reason = format!("{count} {creates} got no clear response; `conformance sweep` looks for what was made");
        left.push(Leftover { id: "unknown".to_owned(), reason });
    }
    let told = left.len().min(MAX_LEFT_TOLD);
    for leftover in left.drain(..told) {
        listener(&leftover.event(secrets));
    }
    if !left.is_empty() {
        let reason = format!("and {} more like it", left.len());
        listener(&Leftover { id: "others".to_owned(), reason }.event(secrets));
    }
    searched
}

/// So many leftovers are told at the end of a run.
const MAX_LEFT_TOLD: usize = 20;

/// Looks for what the run made in the lists; none when they could not be searched.
async fn search_list(shared: &Shared, left: &mut Vec<Leftover>) -> Option<(usize, usize)> {
    let Shared { run, lane, ledger, marker, .. } = shared;
    let cleaner = Cleaner { suite: &run.suite, target: &run.target, lane, scenario: 0 };
    let (mut made, mut gone) = (0, 0);
    for resource in 0..run.suite.contract.resources.len() {
        match cleaner.residue(resource, marker, ledger).await {
            Ok(residue) => {
                made += residue.gone.len() + residue.left.len();
                gone += residue.gone.len();
                left.extend(residue.left);
                for id in residue.shown {
                    ledger.note_shown(&id);
                    left.push(Leftover {
                        id,
                        reason: "it seems to be deleted, and the list still shows it".to_owned(),
                    });
                }
            }
            // Without a create there is nothing to look for.
            Err(_) if ledger.all().is_empty() => {}
            Err(reason) => {
                let reason = format!("the list could not be searched for what bears {marker}: {reason}");
                left.push(Leftover { id: "unknown".to_owned(), reason });
                return None;
            }
        }
    }
    Some((made, gone))
}

/// First those that want to be alone, then the others, some at a time; told in order.
async fn replay_all(
    shared: &Arc<Shared>,
    tally: &mut Tally,
    known: &mut KnownFailures,
    listener: &mut (dyn FnMut(&RunEvent) + Send),
) {
    let mut waiting: BTreeMap<usize, Done> = BTreeMap::new();
    let mut next = 0;
    let mut tell = |number: usize, done: Done| {
        waiting.insert(number, done);
        while let Some(mut done) = waiting.remove(&next) {
            known.excuse(&shared.run.selected[next].scenario.name, &mut done.checks);
            done.checks.iter().for_each(|check| tally.count(check));
            tally.count_snapshot(&done.snapshot);
            let scenario = &shared.run.selected[next].scenario;
            listener(&RunEvent::Scenario {
                name: scenario.name.clone(),
                summary: scenario.summary.clone(),
                checks: done.checks,
                took: done.took,
                requests: done.requests,
                exchanges: done.exchanges,
                snapshot: done.snapshot,
            });
            done.left.iter().for_each(&mut *listener);
            next += 1;
        }
    };
    let (alone, together): (Vec<usize>, Vec<usize>) =
        (0..shared.run.selected.len()).partition(|number| shared.run.selected[*number].scenario.alone);
    for number in alone {
        tell(number, one(shared.clone(), number).await);
    }
    let places = Arc::new(Semaphore::new(shared.run.settings.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for number in together {
        let (shared, places) = (shared.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            (number, one(shared, number).await)
        });
    }
    while let Some(finished) = tasks.join_next().await {
        if let Ok((number, done)) = finished {
            tell(number, done);
        }
    }
}

/// Replays a scenario and cleans up after it, also when it panics.
async fn one(shared: Arc<Shared>, number: usize) -> Done {
    let start = Instant::now();
    let inner = shared.clone();
    let replayed = tokio::spawn(async move { replay(&inner, number).await }).await;
    let Replayed { mut checks, requests, exchanges, transcript } = replayed.unwrap_or_else(|panic| {
        let fault = Obstacle::ToolFault(format!("the replay itself went wrong: {panic}"));
        Replayed { checks: unjudged(&shared, number, &fault), requests: 0, exchanges: Vec::new(), transcript: None }
    });
    let failed = checks.iter().any(|check| matches!(check.verdict, Verdict::Fail));
    let mut left = Vec::new();
    if matches!(shared.lane, Lane::Recorded(_) | Lane::Sdk(_)) {
        // Nothing was created, or on a mock that ends with the run.
    } else if failed && shared.run.settings.keep_on_failure {
        left.push(RunEvent::Leftover {
            id: "all".to_owned(),
            reason: "kept, as asked for by --keep-on-failure".to_owned(),
        });
    } else {
        let Shared { run, lane, .. } = &*shared;
        let cleaner = Cleaner { suite: &run.suite, target: &run.target, lane, scenario: number };
        let leftovers = cleaner.clean_up(&shared.ledger).await.into_iter();
        left.extend(leftovers.map(|leftover| leftover.event(&shared.secrets)));
    }
    checks.iter_mut().for_each(|check| scrub(check, &shared.secrets));
    let nothing_to_tell = |check: &CheckOutcome| matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_));
    let exchanges = match checks.iter().all(nothing_to_tell) {
        true => Vec::new(),
        false => exchanges.iter().map(|one| evidence::told(one, &shared.run.target, number, &shared.secrets)).collect(),
    };
    let snapshot = match (&shared.run.snapshots, transcript) {
        (Some(snapshots), Some(text)) => {
            let scenario = &shared.run.selected[number].scenario;
            let source = format!("fixtures/scenarios/{}.yaml", scenario.name);
            let of = Snapshotted { name: &scenario.name, summary: &scenario.summary, source: &source };
            snapshots.compare(&of, &shared.secrets.scrub(&text))
        }
        _ => SnapshotOutcome::Partial,
    };
    Done { checks, left, requests, exchanges, took: start.elapsed(), snapshot }
}

/// What replaying a scenario gave.
struct Replayed {
    checks: Vec<CheckOutcome>,
    requests: usize,
    exchanges: Vec<Exchange>,
    /// None when the scenario was not replayed as a whole.
    transcript: Option<String>,
}

async fn replay(shared: &Shared, number: usize) -> Replayed {
    let Shared { run, lane, ledger, marker, .. } = shared;
    let selected = &run.selected[number];
    let ignored = run.snapshots.as_ref().map_or_else(Ignored::default, |snapshots| snapshots.ignored.clone());
    let mut replay = Replay {
        suite: &run.suite,
        target: &run.target,
        lane,
        ledger,
        stop: &run.stop,
        read_only: run.settings.read_only,
        selected,
        number,
        world: World::new(&run.suite.contract, marker, &selected.scenario.name),
        transcript: Transcript::of(&selected.scenario, ignored),
        oracle: Oracle::default(),
        exchanges: Vec::new(),
        objects_at_a_time: objects_at_a_time(&run.suite, &run.selected, run.settings.jobs),
        second: false,
        closing: false,
    };
    let mut checks = replay.scenario(&selected.scenario).await;
    if let Lane::Sdk(sdk) = lane {
        if sdk.weather {
            checks.clear();
        }
        checks.extend(sdk.outcomes(&selected.scenario.name, &selected.scenario.file).await);
    }
    // What stands before the server, or ended a connection, is no behaviour of the server's.
    let of_the_server =
        |exchange: &Exchange| exchange.response.as_ref().is_ok_and(|response| !matches!(response.status, 502..=504));
    let whole = selected.keep == Keep::All
        && !checks.iter().any(|check| matches!(check.verdict, Verdict::CouldNotRun(_)))
        && replay.exchanges.iter().all(of_the_server);
    let transcript =
        (whole && replay.world.withheld.is_none() && !*run.stop.borrow()).then(|| replay.transcript.finish());
    Replayed { checks, requests: replay.world.requests, exchanges: replay.exchanges, transcript }
}

/// All checks of a scenario, none of them judged.
fn unjudged(shared: &Shared, number: usize, why: &Obstacle) -> Vec<CheckOutcome> {
    let judged = shared.run.selected[number].scenario.all_steps().flat_map(|step| {
        let mut judged = Judgements::of(step);
        judged.could_not(why);
        judged.outcomes(&step.file, &shared.run.suite.requirements)
    });
    judged.collect()
}

/// The head of a recording of the run.
fn head(run: &Run, marker: &str) -> Head {
    Head {
        recording: recording::VERSION,
        suite: run.suite.contract.title.clone(),
        target: run.target.name.clone(),
        marker: marker.to_owned(),
        scenarios: run.selected.iter().map(|one| one.scenario.name.clone()).collect(),
        second_token: run.target.second(0).is_some(),
        read_only: run.settings.read_only,
        document: None,
    }
}

fn begin_journal(run: &Run, lane: &Lane, marker: &str) -> Result<Option<Journal>, Unreachable> {
    let (Some(folder), Lane::Http(..)) = (&run.settings.journals, lane) else { return Ok(None) };
    let head = Entry::Run {
        marker: marker.to_owned(),
        target: run.target.url(),
        suite: run.suite.contract.title.clone(),
        started: now(),
        fingerprint: journal::fingerprint(marker, &run.target.token(0)),
    };
    let begun = Journal::begin(folder, marker.trim_start_matches('~'), &head);
    begun
        .map(Some)
        .map_err(|error| Unreachable::Setup(format!("the journal cannot be kept in {}: {error}", folder.display())))
}
