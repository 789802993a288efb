//! Does the suite notice defects? Replays it against one fault after another.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use conformance_contract::Suite;
use conformance_record::{Boundary, Position, RunEvent, Verdict};
use conformance_scenario::{Scenario, Step};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::bind::Bound;
use crate::contact::Unreachable;
use crate::known::KnownFailures;
use crate::run::{Run, Source, run};
use crate::select::{Selected, cites, select};
use crate::settings::Settings;
use crate::target::Target;

/// A defect to be noticed.
#[derive(Clone, Debug)]
pub struct Defect {
    /// Its name.
    pub name: String,
    /// The requirement that it breaks.
    pub breaks: String,
    /// What it does to every exchange.
    pub boundary: Arc<dyn Boundary>,
    /// The server that it is put in front of.
    pub target: Target,
}

/// What the suite made of a defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The defect.
    pub name: String,
    /// The requirement that it breaks.
    pub breaks: String,
    /// Who noticed it.
    pub fate: Fate,
}

/// Who noticed a defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A check of the broken requirement, here.
    Own(String, Position),
    /// A check of another requirement.
    Other(String, String),
    /// The first contact, before anything was judged.
    Contact,
    /// Nobody.
    Survived,
}

/// What came of all defects.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// A row per defect, in their order.
    pub rows: Vec<Row>,
    /// The checks of tested requirements that noticed nothing.
    pub idle: Vec<(String, Position)>,
}

/// How defects are tried.
#[derive(Debug)]
pub struct Trial<'t> {
    /// The suite.
    pub suite: &'t Arc<Suite>,
    /// Its scenarios.
    pub bound: &'t Bound,
    /// The server, before anything harms it.
    pub unharmed: &'t Target,
    /// How it is judged.
    pub settings: &'t Settings,
    /// Requirements that nobody looks at: scenarios that cite them are left out, and checks of them count for nothing.
    pub without: &'t [String],
    /// How many defects are tried at a time.
    pub jobs: usize,
}

/// A check that failed: its scenario, its place, the requirements that it cites.
type Failure = (String, Position, Vec<String>);

/// Replays the suite against each defect.
///
/// # Errors
/// When the server that is to be harmed fails unharmed, or cannot be reached: what fails, and how.
pub async fn mutate(
    trial: &Trial<'_>,
    defects: Vec<Defect>,
    told: &mut (dyn FnMut(&Row) + Send),
) -> Result<Matrix, String> {
    let Trial { suite, bound, without, .. } = trial;
    let mut all = select(bound, &suite.requirements, &[]).map_err(|error| error.to_string())?;
    all.retain(|one| !one.scenario.all_steps().any(|step| without.iter().any(|id| cites(step, id))));
    unharmed(trial, all.clone()).await?;
    let killers: Arc<Mutex<Vec<(String, Position)>>> = Arc::default();
    let places = Arc::new(Semaphore::new(trial.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for (number, defect) in defects.into_iter().enumerate() {
        let own = match without.contains(&defect.breaks) {
            true => Vec::new(),
            false => select(bound, &suite.requirements, std::slice::from_ref(&defect.breaks)).unwrap_or_default(),
        };
        let (suite, all, settings, without) =
            (Arc::clone(suite), all.clone(), trial.settings.clone(), without.to_vec());
        let (places, killers) = (places.clone(), killers.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            let settings = Settings { boundary: Some(defect.boundary.clone()), ..settings };
            let (fate, by) = fate(&suite, (own, all), &defect, &settings, &without).await;
            killers.lock().unwrap_or_else(PoisonError::into_inner).extend(by);
            (number, Row { name: defect.name, breaks: defect.breaks, fate })
        });
    }
    let mut rows = Vec::new();
    while let Some(finished) = tasks.join_next().await {
        let row = finished.map_err(|error| format!("a fault could not be tried: {error}"))?;
        told(&row.1);
        rows.push(row);
    }
    rows.sort_by_key(|(number, _)| *number);
    let killers = killers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let idle = checks(&bound.scenarios).filter(|check| !killers.contains(check)).collect();
    Ok(Matrix { rows: rows.into_iter().map(|(_, row)| row).collect(), idle })
}

/// Sees that the server fails nothing when nothing harms it.
async fn unharmed(trial: &Trial<'_>, all: Vec<Selected>) -> Result<(), String> {
    match failures(trial.suite, all, trial.unharmed, trial.settings).await {
        Err(why) => Err(format!("the unharmed server cannot be judged: {why:?}")),
        Ok(failures) if !failures.is_empty() => {
            let names: BTreeSet<String> = failures.into_iter().map(|(scenario, ..)| scenario).collect();
            let names: Vec<String> = names.into_iter().collect();
            Err(format!("the unharmed server fails: {}", names.join(", ")))
        }
        Ok(_) => Ok(()),
    }
}

/// Every check of every scenario, by scenario and place.
fn checks(scenarios: &[Scenario]) -> impl Iterator<Item = (String, Position)> {
    scenarios.iter().flat_map(|scenario| {
        scenario.all_steps().flat_map(move |step: &Step| {
            step.all_checks().map(move |check| {
                let (line, column) = step.file.position(check.span.start);
                (scenario.name.clone(), Position { file: step.file.name().to_owned(), line, column })
            })
        })
    })
}

/// First the checks of the broken requirement; only when none of them notices, all of them.
async fn fate(
    suite: &Arc<Suite>,
    (own, all): (Vec<Selected>, Vec<Selected>),
    defect: &Defect,
    settings: &Settings,
    without: &[String],
) -> (Fate, Vec<(String, Position)>) {
    let places =
        |failures: &[Failure]| failures.iter().map(|(name, at, _)| (name.clone(), at.clone())).collect::<Vec<_>>();
    if !own.is_empty() {
        match failures(suite, own, &defect.target, settings).await {
            Err(_) => return (Fate::Contact, Vec::new()),
            Ok(failures) => {
                if let Some((scenario, position, _)) = failures.first() {
                    return (Fate::Own(scenario.clone(), position.clone()), places(&failures));
                }
            }
        }
    }
    match failures(suite, all, &defect.target, settings).await {
        Err(_) => (Fate::Contact, Vec::new()),
        Ok(failures) => match failures.iter().find(|(.., cited)| !cited.iter().all(|id| without.contains(id))) {
            Some((scenario, position, cited)) if cited.contains(&defect.breaks) => {
                (Fate::Own(scenario.clone(), position.clone()), places(&failures))
            }
            Some((scenario, _, cited)) => (Fate::Other(scenario.clone(), cited.join(", ")), places(&failures)),
            None => (Fate::Survived, Vec::new()),
        },
    }
}

/// The checks that fail, MUST or SHOULD.
async fn failures(
    suite: &Arc<Suite>,
    selected: Vec<Selected>,
    target: &Target,
    settings: &Settings,
) -> Result<Vec<Failure>, Unreachable> {
    let (_stop, stop) = watch::channel(false);
    let one = Run {
        suite: suite.clone(),
        selected,
        target: target.clone(),
        settings: settings.clone(),
        snapshots: None,
        known: KnownFailures::default(),
        scenarios: Vec::new(),
        stop,
    };
    let mut found = Vec::new();
    let mut listener = |event: &RunEvent| {
        if let RunEvent::Scenario { name, checks, .. } = event {
            let failed = checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Warn));
            found.extend(failed.map(|check| {
                let cited = check.requirements.iter().map(|one| one.id.clone()).collect();
                (name.clone(), check.position.clone(), cited)
            }));
        }
    };
    run(one, Source::Target(None), &mut listener).await?;
    Ok(found)
}
