//! `conformance sdk`: the scenarios through an SDK.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conformance_contract::Suite;
use conformance_mock::{Mock, Settings as MockSettings, server::CALL};
use conformance_record::{Answer, Boundary, Exchange, Request, Response, Upstream};
use conformance_runner::sdk::{Ready, SdkLane, Wire};
use conformance_runner::{Bound, Run, Selected, Settings, Source, bind, select};
use conformance_source::{Diagnostic, Diagnostics};
use tokio::sync::watch;

use crate::exit::{Exit, Failure};
use crate::reports::Reports;
use crate::weather::Weather;
use crate::{args, embedded, server, signals, terminal};

/// Keeps what arrived and what was answered, by the call that it belongs to; with or without bad weather between.
#[derive(Debug)]
struct Tap {
    weather: Option<Weather>,
    wire: Wire,
}

impl Tap {
    async fn through(&self, request: Request, upstream: &dyn Upstream) -> Result<Response, String> {
        let start = Instant::now();
        let mut seen = request.clone();
        let call = seen.header(CALL).map(str::to_owned);
        seen.headers.retain(|(name, _)| name != CALL);
        let response = match &self.weather {
            Some(weather) => weather.pass(request, upstream).await,
            None => upstream.send(request).await,
        };
        if let Some(call) = call {
            let exchange = Exchange { number: 0, request: seen, response: response.clone(), took: start.elapsed() };
            self.wire.take_in(&call, exchange);
        }
        response
    }
}

impl Boundary for Tap {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

/// Judges an SDK.
pub fn run(suite: Option<&Path>, args: &args::Sdk) -> Result<Exit, Failure> {
    let suite = Arc::new(embedded::open(suite)?);
    let bound = bind(&suite)?;
    let selected = selection(&bound, &suite, args)?;
    let known = super::run::known_failures(&args.verdicts, &suite, &bound.scenarios)?;
    let deadline = Duration::try_from_secs_f64(args.timeout).ok().filter(|time| !time.is_zero());
    let deadline =
        deadline.ok_or_else(|| Diagnostic::general(format!("--timeout {} is no time to wait", args.timeout)))?;
    let again = format!("conformance sdk -- {}", args.driver.join(" "));
    let mut reports = Reports::new(&args.telling, &suite, String::new())?;
    super::runtime()?.block_on(async {
        let wire = Wire::default();
        let mock = Mock::new(suite.contract.clone(), MockSettings::default(), None)?;
        let weather = super::exec::weather(&suite, &args.faults)?;
        let mock = mock.behind(Arc::new(Tap { weather, wire: wire.clone() }));
        let mut target = super::run::beside(mock).await?;
        let lane = SdkLane::start(suite.contract.clone(), args.driver.clone(), target.origin.clone(), wire, deadline);
        let (lane, ready) = lane.await.map_err(|broken| {
            Diagnostic::general(broken.to_string()).with_help("docs/drivers.md says what a driver is asked and answers")
        })?;
        target.name = format!("{} ({again})", ready.sdk);
        greeted(&suite, &ready);
        let (stop, stopped) = watch::channel(false);
        let lane = lane.allowing(args.allowed.clone()).in_bad_weather(!args.faults.is_empty());
        let lane = lane.until(stopped.clone());
        let interrupted = signals::first("interrupted: ending the driver; again ends at once");
        tokio::spawn(async move {
            interrupted.await;
            let _ = stop.send(true);
        });
        let settings = Settings { jobs: 1, ..Settings::default() };
        let (scenarios, stop) = (bound.scenarios, stopped.clone());
        let run = Run { suite, selected, target, settings, snapshots: None, known, scenarios, stop };
        let judged = super::run::judge(run, Source::Sdk(Box::new(lane)), (&args.telling, &mut reports, None)).await;
        let (tally, _) = judged.map_err(|why| server::unreachable("the SDK", false, &why))?;
        reports.write()?;
        let exit = match super::run::exit(&tally, args.verdicts.deny_warnings) {
            // With bad weather only what is wrong is told.
            Exit::Ok if tally.passed + tally.known == 0 && args.faults.is_empty() => {
                terminal::note("incomplete: no call went through, so that nothing was judged");
                Exit::Incomplete
            }
            exit => exit,
        };
        Ok(if *stopped.borrow() { Exit::Interrupted } else { exit })
    })
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
