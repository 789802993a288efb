//! `conformance sweep`: remove what killed runs left behind.

use std::path::Path;

use conformance_api::Api;
use conformance_contract::Suite;
use conformance_runner::derived::{self, Beside, DocumentRun, Options, Seed};
use conformance_runner::journal::{self, Past};
use conformance_runner::sweep::{Swept, sweep};
use conformance_runner::{Settings, Target};
use conformance_source::Diagnostic;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::exit::{Exit, Failure};
use crate::{args, document, embedded, server, state, terminal};

/// Sweeps up after every run against the target whose journal is still there.
pub fn run(suite: Option<&Path>, args: &args::Sweep) -> Result<Exit, Failure> {
    let of = match &args.openapi {
        Some(path) => Of::Document(path, Box::new(document::open(path)?)),
        None => Of::Suite(Box::new(embedded::open(suite)?)),
    };
    let target = match &of {
        Of::Document(..) => server::target_of_document(&args.server),
        Of::Suite(_) => server::target(&args.server),
    };
    let Some(target) = target? else {
        return Err(Diagnostic::general("sweep needs --base-url: which server is to be swept?").into());
    };
    let settings = server::settings(&args.server)?;
    let all = journals()?;
    let url = target.url();
    let targets = of.targets(target);
    let is_ours = |past: &Past| past.head().is_some_and(|(_, at, _)| targets.iter().any(|one| one.url() == at));
    let ours: Vec<Past> = all.into_iter().filter(is_ours).collect();
    if ours.is_empty() {
        terminal::line(&format!("nothing to sweep: no run against {url} was cut short"));
        return Ok(Exit::Ok);
    }
    let mut clean = true;
    let runtime = super::runtime()?;
    for past in &ours {
        let Some(target) = targets.iter().find(|one| past.head().is_some_and(|(_, at, _)| at == one.url())) else {
            continue;
        };
        if past.alive {
            let marker = past.head().map_or("", |(marker, ..)| marker);
            terminal::line(&format!("run {marker}: still going on, left alone"));
            continue;
        }
        let why = why_not(past, of.title(), target);
        if let Some(why) = why {
            let marker = past.head().map_or("", |(marker, ..)| marker);
            terminal::line(&format!("run {marker}: left alone, {why}"));
            clean = false;
            continue;
        }
        let swept = of.sweep(&runtime, target, &settings, (past, args.yes))?;
        let swept = swept.map_err(|reason| Failure {
            exit: Exit::Unreachable,
            diagnostics: Diagnostic::general(format!("{url} cannot be swept: {reason}")).into(),
        })?;
        tell(past, &swept);
        if swept.is_clean() {
            // What is done need not be done again.
            let _ = std::fs::remove_file(&past.path);
        } else {
            clean = false;
        }
    }
    Ok(if clean { Exit::Ok } else { Exit::Incomplete })
}

/// The journals of earlier runs.
fn journals() -> Result<Vec<Past>, Diagnostic> {
    let Some(folder) = state::journals() else {
        return Err(
            Diagnostic::general("there is no folder for state on this machine").with_help("set CONFORMANCE_STATE_DIR")
        );
    };
    journal::past(&folder).map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", folder.display())))
}

/// Why a run is left alone, if it is. What another token made is a 404 to this one, and would seem to be gone.
fn why_not(past: &Past, title: &str, target: &Target) -> Option<&'static str> {
    if past.head().is_some_and(|(.., of)| of != title) {
        Some("it was a run of another suite or document (--suite, --openapi)")
    } else if !past.is_of(&target.token(0)) {
        Some("it was made with another token")
    } else if past.needs_second() && target.second(0).is_none() {
        Some("it needs the second token, too (--second-token)")
    } else {
        None
    }
}

/// What was run.
enum Of<'a> {
    Suite(Box<Suite>),
    Document(&'a Path, Box<Api>),
}

impl Of<'_> {
    fn title(&self) -> &str {
        match self {
            Self::Suite(suite) => &suite.contract.title,
            Self::Document(_, api) => &api.document.title,
        }
    }

    /// The server, and where a run finds it below the path of its document's servers.
    fn targets(&self, target: Target) -> Vec<Target> {
        let bases = match self {
            Self::Suite(_) => &[][..],
            Self::Document(_, api) => &api.document.base_paths,
        };
        let below: Vec<Target> = bases.iter().map(|base| target.below(base)).collect();
        std::iter::once(target).chain(below).collect()
    }

    fn sweep(
        &self,
        runtime: &Runtime,
        target: &Target,
        settings: &Settings,
        (past, yes): (&Past, bool),
    ) -> Result<Result<Swept, String>, Diagnostic> {
        Ok(match self {
            Self::Suite(suite) => runtime.block_on(sweep(suite, target, settings, past, yes)),
            Self::Document(path, api) => {
                let proof = super::run_document::proof(path, api)?;
                let (stop, options) = (watch::channel(false).1, Options::default());
                let beside = Beside::default();
                let (proof, beside, seed) = (&proof, &beside, Seed::fresh());
                let run = DocumentRun { api, proof, target, settings, seed, options, beside, snapshots: None, stop };
                runtime.block_on(derived::sweep(&run, past, yes))
            }
        })
    }
}

fn tell(past: &Past, swept: &Swept) {
    let marker = past.head().map_or("", |(marker, ..)| marker);
    terminal::line(&format!("run {marker}: deleted {}", swept.deleted.len()));
    for id in &swept.doubtful {
        terminal::line(&format!("  {id} looks like this run's, but does not say so; --yes deletes it"));
    }
    for (id, reason) in &swept.failed {
        terminal::line(&format!("  {id} is still there: {reason}"));
    }
}
