//! `conformance judge`: judge a recording again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conformance_contract::Suite;
use conformance_record::Exchange;
use conformance_runner::target::Second;
use conformance_runner::traffic::Traffic;
use conformance_runner::{Bound, Recording, Run, Settings, Source, Target, Tokens, bind, select};
use conformance_source::{Diagnostic, SourceFile};
use tokio::sync::watch;

use crate::exit::{Exit, Failure};
use crate::reports::Reports;
use crate::{args, embedded, server, terminal};

/// Judges what was recorded, by the suite as it is now.
pub fn run(suite: Option<&Path>, args: &args::Judge) -> Result<Exit, Failure> {
    let name = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file);
    let text = text.map_err(|error| Diagnostic::general(format!("cannot read {name}: {error}")))?;
    let recording = Recording::parse(&SourceFile::new(name.as_str(), text))?;
    if let Some(path) = &args.openapi {
        return super::judge_document::run(path, args, &name, recording);
    }
    if recording.is_of_a_document() {
        let wrong = Diagnostic::general(format!("{name} was recorded with a document, {}", recording.suite()));
        return Err(wrong.with_help("name it: `conformance judge --openapi FILE …`").into());
    }
    let suite = Arc::new(embedded::open(suite)?);
    let bound = bind(&suite)?;
    if let Some(requests) = recording.requests() {
        return judge_requests((&suite, &bound), args, &name, &requests);
    }
    if !args.client.allowed.is_empty() || args.client.min_coverage.is_some() {
        let wrong =
            Diagnostic::general(format!("{name} holds what a server answered in a run, not what a client sent"));
        return Err(wrong.with_help("--allow and --min-coverage are about what a client sent").into());
    }
    let mut selected = select(&bound, &suite.requirements, &args.choice.only)?;
    if args.choice.only.is_empty() {
        // What was not recorded was not asked for then.
        selected.retain(|one| recording.scenarios().contains(&one.scenario.name));
    }
    let target = target(&recording, &name)?;
    let (_stop, stopped) = watch::channel(false);
    let settings = Settings { read_only: recording.read_only(), ..Settings::default() };
    let known = super::run::known_failures(&args.verdicts, &suite, &bound.scenarios)?;
    let mut reports = Reports::new(&args.telling, &suite, format!("conformance judge {name}"))?;
    let run = Run { suite, selected, target, settings, snapshots: None, known, scenarios: Vec::new(), stop: stopped };
    let source = Source::Recording(recording);
    let judged = super::runtime()?.block_on(super::run::judge(run, source, (&args.telling, &mut reports, None)));
    let (tally, _) = judged.map_err(|why| server::unreachable(&name, false, &why))?;
    reports.write()?;
    Ok(super::run::exit(&tally, args.verdicts.deny_warnings))
}

/// The server that was recorded: nothing is sent to it, and no token matters.
pub(super) fn target(recording: &Recording, name: &str) -> Result<Target, Diagnostic> {
    let token = || Tokens::One(String::new());
    // The embedded mock has a name in place of a URL.
    let known = Target::parse(recording.target(), token());
    let mut target = known.or_else(|_| Target::parse("http://recording.invalid", token()))?;
    name.clone_into(&mut target.name);
    target.second = recording.second_token().then(|| Second(String::new()));
    Ok(target)
}

/// Judges what a client sent to a stand-in.
fn judge_requests(
    (suite, bound): (&Suite, &Bound),
    args: &args::Judge,
    name: &str,
    requests: &[Exchange],
) -> Result<Exit, Failure> {
    let mut reports = Reports::new(&args.telling, suite, String::new())?;
    reports.about_requests(conformance_record::Code::rule);
    let mut traffic = Traffic::default();
    requests.iter().for_each(|exchange| traffic.take(exchange));
    let judged = traffic.judged((&suite.contract, &bound.scenarios), (name, ""), &args.client.allowed, Duration::ZERO);
    super::exec::tell(&args.telling, &mut reports, &judged);
    reports.write()?;
    let exit = super::run::exit(&judged.tally, args.verdicts.deny_warnings);
    let least = args.client.min_coverage.filter(|least| super::exec::percent(&judged.coverage) < usize::from(*least));
    Ok(match (exit, least) {
        (Exit::Ok, Some(least)) => {
            terminal::note(&format!("less than the {least} % of --min-coverage was exercised"));
            Exit::Failed
        }
        (exit, _) => exit,
    })
}
