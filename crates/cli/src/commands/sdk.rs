//! `conformance sdk`: the scenarios through an SDK.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conformance_contract::Suite;
use conformance_mock::Settings as MockSettings;
use conformance_runner::sdk::{Drivers, Patience, Ready, SdkLane};
use conformance_runner::word::word;
use conformance_runner::{Bound, Run, Selected, Settings, Source, Tokens, bind, select};
use conformance_source::{Diagnostic, Diagnostics};
use tokio::net::TcpListener;

use crate::exit::{Exit, Failure};
use crate::faults::Catalogue;
use crate::reports::Reports;
use crate::{args, control, embedded, faults, server, signals, terminal};

/// Judges an SDK.
pub fn run(suite: Option<&Path>, args: &args::Sdk) -> Result<Exit, Failure> {
    let suite = Arc::new(embedded::open(suite)?);
    let bound = bind(&suite)?;
    let known_faults = faults::all(&suite)?;
    let unknown = faults::unknown(&known_faults, &bound.for_sdks);
    if !unknown.is_empty() {
        return Err(Diagnostics(unknown).into());
    }
    let bound = bound.through_an_sdk();
    let selected = selection(&bound, &suite, args)?;
    let known = super::run::known_failures(&args.verdicts, &suite, &bound.scenarios)?;
    let patience = patience(args)?;
    let mut reports = Reports::new(&args.telling, &suite, String::new())?;
    super::runtime()?.block_on(async {
        let mut mock = control::mock(&suite, MockSettings::default(), None, (None, true))?;
        if let Some(weather) = super::exec::weather(&Catalogue::Suite(suite.clone()), &args.faults)? {
            mock = mock.behind(Arc::new(weather));
        }
        let mut target = super::run::beside(mock).await?;
        // What is told is told without tokens; no data can hold these.
        target.tokens = Tokens::PerScenario(word(12));
        let stopped = signals::stopped("interrupted: ending the driver; again ends at once");
        let drivers = drivers(args).await?;
        let lane = SdkLane::start(suite.contract.clone(), drivers, &target, patience, stopped.clone()).await;
        let (lane, ready) = match lane {
            Err(_) if *stopped.borrow() => return Ok(Exit::Interrupted),
            lane => lane.map_err(|broken| {
                let wrong = Diagnostic::general(broken.to_string());
                wrong.with_help("docs/drivers.md says what a driver is asked and answers")
            })?,
        };
        target.name.clone_from(&ready.sdk);
        greeted(&suite, &ready);
        let deadlines = known_faults.iter().filter_map(|fault| Some((fault.name.clone(), fault.deadline?)));
        let lane = lane.allowing(args.allowed.clone()).hurried_by(deadlines.collect());
        let lane = lane.in_bad_weather(!args.faults.is_empty());
        let settings = Settings { jobs: 1, ..Settings::default() };
        let (scenarios, stop) = (bound.scenarios, stopped.clone());
        let run = Run { suite, selected, target, settings, snapshots: None, known, scenarios, stop };
        let judged = super::run::judge(run, Source::Sdk(Box::new(lane)), (&args.telling, &mut reports, None)).await;
        let (tally, _) = judged.map_err(|why| server::unreachable("the SDK", false, &why))?;
        reports.write()?;
        let exit = super::run::exit(&tally, args.verdicts.deny_warnings);
        if exit == Exit::Incomplete && tally.checked() == 0 {
            terminal::note("incomplete: no call went through, so that nothing was judged");
        }
        Ok(if *stopped.borrow() { Exit::Interrupted } else { exit })
    })
}

/// How long a call may take.
fn patience(args: &args::Sdk) -> Result<Patience, Diagnostic> {
    if args.attach {
        return Ok(Patience::Unlimited);
    }
    let time = Duration::try_from_secs_f64(args.timeout).ok().filter(|time| !time.is_zero());
    let time = time.ok_or_else(|| Diagnostic::general(format!("--timeout {} is no time to wait", args.timeout)))?;
    Ok(Patience::Within(time))
}

/// The command of the driver, or a place where one that runs in a debugger connects.
async fn drivers(args: &args::Sdk) -> Result<Drivers, Diagnostic> {
    if !args.driver.is_empty() {
        if args.attach {
            terminal::note("nothing is in a hurry: the driver may wait for its debugger, and stop at breakpoints");
        }
        return Ok(Drivers::Command(args.driver.clone()));
    }
    let listening = async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        Ok::<_, std::io::Error>((listener, address))
    };
    let (listener, address) =
        listening.await.map_err(|error| Diagnostic::general(format!("cannot wait for a driver: {error}")))?;
    terminal::note(&format!("waiting for a driver: connect its stdin and stdout to {address}"));
    Ok(Drivers::Listener(listener))
}

/// What is replayed; for `--check` the one scenario that calls the most operations in the fewest steps.
fn selection(bound: &Bound, suite: &Suite, args: &args::Sdk) -> Result<Vec<Selected>, Diagnostics> {
    let mut selected = select(bound, &suite.requirements, &args.choice.only)?;
    if args.check {
        let calls = |one: &Selected| {
            let plain = one.scenario.all_steps().filter(|step| step.kind.call().raw.is_none());
            let mut called: Vec<&str> = plain.map(|step| step.kind.operation().0).collect();
            called.sort_unstable();
            called.dedup();
            (called.len(), std::cmp::Reverse(one.scenario.all_steps().count()))
        };
        selected.sort_by_key(|one| std::cmp::Reverse(calls(one)));
        selected.truncate(1);
    }
    Ok(selected)
}

/// Says what the driver said of itself.
fn greeted(suite: &Suite, ready: &Ready) {
    let operations = &suite.contract.operations;
    let missing: Vec<&str> = operations
        .iter()
        .map(|one| one.id.as_str())
        .filter(|id| !ready.operations.iter().any(|one| one == id))
        .collect();
    let lacks = if missing.is_empty() { String::new() } else { format!("; not: {}", missing.join(", ")) };
    let retries = if ready.retries { ", retries by itself" } else { "" };
    let count = operations.len() - missing.len();
    terminal::note(&format!("{}: {count} of {} operations{lacks}{retries}", ready.sdk, operations.len()));
}
