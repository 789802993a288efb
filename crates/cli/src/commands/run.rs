//! `conformance run`: judge a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance_contract::Suite;
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_record::{CheckOutcome, RunEvent, Secrets, Tally, Verdict};
use conformance_report::{Telling, Terminal};
use conformance_runner::stable::Ignored;
use conformance_runner::{
    Bound, KnownFailures, Recorder, Run, Selected, Snapshots, Source, Target, Tokens, Unreachable, bind, select,
};
use conformance_scenario::Scenario;
use conformance_source::{Diagnostic, Diagnostics, SourceFile};

use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::reports::Reports;
use crate::scripts::Scripts;
use crate::{args, embedded, server, signals, state, terminal};

/// Judges.
pub fn run(folder: Option<&Path>, args: &args::Run) -> Result<Exit, Failure> {
    if let Some(path) = &args.openapi {
        return super::run_document::run(path, args);
    }
    let suite = Arc::new(embedded::open(folder)?);
    let bound = bind(&suite)?;
    let target = server::target(&args.server)?;
    let mut settings = server::settings(&args.server)?;
    settings.jobs = args.jobs;
    settings.read_only = args.read_only;
    settings.keep_on_failure = args.keep_on_failure;
    // The embedded mock ends with the run, and all that is in it.
    settings.journals = target.as_ref().and_then(|_| state::journals());
    let name = target.as_ref().map_or("mock", |target| &target.name).to_owned();
    let selected = selection(&bound, &suite, args, &name)?;
    let snapshots = snapshots(args, &suite, target.as_ref())?;
    let known = known_failures(&args.verdicts, &suite, &bound.scenarios)?;
    if args.plan {
        super::plan::print(&suite, &selected, args.jobs);
        return Ok(Exit::Ok);
    }
    let mut reports = Reports::new(&args.telling, &suite, again(folder, args))?;
    let built_in = folder.is_none().then(|| suite.contract.title.clone());
    let (exit, failed) = super::runtime()?.block_on(async {
        let target = match target {
            Some(target) => target,
            None => embedded_mock(&suite).await?,
        };
        let recorder = recorder(args, &target.secrets(&settings))?;
        // A mock of its own is gone when the script is run; by default it runs against one that is started by hand.
        let url = format!("{}{}", target.lasting_origin(), target.path);
        let secrets = target.secrets(&settings);
        let mut scripts =
            args.scripts.as_ref().map(|folder| Scripts::new(folder, &suite, &bound.scenarios, url, secrets));
        let stopped = signals::stopped("interrupted: deleting what was created; again ends at once");
        let (snapshots, scenarios) = (Some(snapshots), bound.scenarios);
        let run = Run { suite, selected, target, settings, snapshots, known, scenarios, stop: stopped.clone() };
        let judged =
            judge(run, Source::Target(recorder.clone()), (&args.telling, &mut reports, scripts.as_mut())).await;
        let (tally, failed) = match judged {
            Err(_) if *stopped.borrow() => return Ok((Exit::Interrupted, Vec::new())),
            judged => judged.map_err(|why| unreachable(&why, &name, built_in.as_deref(), args))?,
        };
        let exit = outcome(&tally, args);
        finish(recorder)?;
        for path in scripts.map_or_else(|| Ok(Vec::new()), |scripts| scripts.write())? {
            crate::terminal::note(&format!("script {}", path.display()));
        }
        Ok::<_, Failure>((if *stopped.borrow() { Exit::Interrupted } else { exit }, failed))
    })?;
    reports.write()?;
    remember_failed(&name, &failed);
    Ok(exit)
}

/// Why the server cannot be verified; who named no suite may have meant an API of their own.
fn unreachable(why: &Unreachable, name: &str, built_in: Option<&str>, args: &args::Run) -> Failure {
    let mut failure = server::unreachable(name, args.server.token.is_some(), why);
    if let (Unreachable::NotServing(..), Some(title)) = (why, built_in) {
        let help = format!("this is the built-in suite ({title}); `--openapi FILE` verifies an API of your own");
        failure.diagnostics.0.iter_mut().for_each(|one| one.help.push(help.clone()));
    }
    failure
}

/// The exit code of a run, with a word on what it alone does not say.
pub fn outcome(tally: &Tally, args: &args::Run) -> Exit {
    let without = tally.not_compared + tally.new_snapshots;
    if args.require_snapshots && without > 0 {
        let scenarios = conformance_report::count(without, "scenario");
        crate::terminal::note(&format!("--require-snapshots: no baseline to compare with in {scenarios}"));
        return Exit::Failed;
    }
    let exit = exit(tally, args.verdicts.deny_warnings);
    if tally.unwritten > 0 {
        let snapshots = conformance_report::count(tally.unwritten, "snapshot");
        terminal::note(&format!("error: {snapshots} could not be written; each scenario above names its file"));
    }
    if exit == Exit::Incomplete && tally.checked() == 0 {
        terminal::note("incomplete: nothing was checked; each check above says why it did not run");
    }
    exit
}

/// The failures that are excused.
pub fn known_failures(
    verdicts: &args::Verdicts,
    suite: &Suite,
    scenarios: &[Scenario],
) -> Result<KnownFailures, Diagnostics> {
    let file = known_failures_file(verdicts)?;
    file.map_or_else(|| Ok(KnownFailures::default()), |file| KnownFailures::parse(&file, suite, scenarios))
}

/// The list of failures that are excused, when one is given.
pub fn known_failures_file(verdicts: &args::Verdicts) -> Result<Option<SourceFile>, Diagnostic> {
    let Some(path) = &verdicts.known_failures else { return Ok(None) };
    let name = path.display().to_string();
    let text = conformance_source::read_text(path);
    let text = text.map_err(|error| Diagnostic::general(format!("cannot read {name}: {error}")))?;
    Ok(Some(SourceFile::new(name, text)))
}

/// Where the memory of this target is. That of the embedded mock came with the suite, and is not written to unless a
/// folder is named.
fn snapshots(args: &args::Run, suite: &Suite, target: Option<&Target>) -> Result<Snapshots, Diagnostics> {
    let folder = match (&args.snapshots, target) {
        (Some(folder), _) => Some(folder.clone()),
        (None, Some(_)) => Some("snapshots".into()),
        (None, None) => None,
    };
    let built_in = suite.below("snapshots").into_iter();
    let built_in = built_in.map(|(path, text)| (path.trim_start_matches("snapshots/").to_owned(), text)).collect();
    snapshots_in(folder, args, target, built_in)
}

/// Those in a folder, below the name of the target, and those that came with the suite.
pub fn snapshots_in(
    folder: Option<PathBuf>,
    args: &args::Run,
    target: Option<&Target>,
    built_in: Vec<(String, String)>,
) -> Result<Snapshots, Diagnostics> {
    if let Some(name) = args.target.as_ref().filter(|name| !is_name(name)) {
        let wrong = Diagnostic::general(format!("--target {name:?} cannot be the name of a folder"));
        return Err(wrong.with_help("letters, digits, `.`, `-` and `_`, beginning with a letter or digit").into());
    }
    let target = args.target.clone().or(target.map(Target::folder)).unwrap_or_else(|| "mock".to_owned());
    let ignored = folder.as_ref().map(|folder| folder.join(&target).join("ignore.yaml"));
    let ignored = ignored.as_deref().map_or_else(|| Ok(Ignored::default()), ignored_members)?;
    Ok(Snapshots { built_in, folder, target, write: writes_snapshots(), ignored })
}

/// The members that a target's snapshots leave out, where somebody wrote down some.
fn ignored_members(path: &Path) -> Result<Ignored, Diagnostics> {
    match conformance_source::read_text(path) {
        Ok(text) => Ignored::parse(&SourceFile::new(path.display().to_string(), text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Ignored::default()),
        Err(error) => Err(Diagnostic::general(format!("cannot read {}: {error}", path.display())).into()),
    }
}

/// Whether a name is one of a folder here, on every system, and of nothing else.
fn is_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// As insta has it: not in CI, and not when told so.
fn writes_snapshots() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match set("INSTA_UPDATE").as_deref() {
        Some("no") => false,
        Some("always" | "new" | "unseen" | "force") => true,
        _ => set("CI").is_none_or(|value| value == "false" || value == "0"),
    }
}

fn selection(bound: &Bound, suite: &Suite, args: &args::Run, target: &str) -> Result<Vec<Selected>, Failure> {
    let failed = if args.last_failed { Some(last_failed(target)?) } else { None };
    Ok(select(bound, &suite.requirements, failed.as_deref().unwrap_or(&args.choice.only))?)
}

/// The scenarios that failed in the last run against a target.
pub fn last_failed(target: &str) -> Result<Vec<String>, Diagnostic> {
    match state::recall_failed(target) {
        None => Err(Diagnostic::general(format!("no earlier run against {target} is known"))),
        Some(failed) if failed.is_empty() => {
            Err(Diagnostic::general(format!("nothing failed in the last run against {target}")))
        }
        Some(failed) => Ok(failed),
    }
}

/// Remembers what failed, for `--last-failed`.
pub fn remember_failed(target: &str, failed: &[String]) {
    if let Err(error) = state::remember_failed(target, failed) {
        terminal::note(&format!("note: --last-failed will not know this run: {error}"));
    }
}

pub fn recorder(args: &args::Run, secrets: &Secrets) -> Result<Option<Recorder>, Diagnostics> {
    let Some(path) = &args.record else { return Ok(None) };
    let made = Recorder::create(path, secrets.clone());
    Ok(Some(made.map_err(|error| Diagnostic::general(format!("cannot write {}: {error}", path.display())))?))
}

/// Writes out what was recorded.
pub fn finish(recorder: Option<Recorder>) -> Result<(), Diagnostic> {
    let finished = recorder.map_or(Ok(()), |recorder| recorder.finish());
    finished.map_err(|error| Diagnostic::general(format!("the recording could not be written: {error}")))
}

/// The command that a part of the run is run again with. Tokens are those of the environment, or the shell's variables.
fn again(suite: Option<&Path>, args: &args::Run) -> String {
    let server = &args.server;
    let mut command = "conformance run".to_owned();
    if let Some(suite) = suite {
        command.push_str(&format!(" --suite {}", suite.display()));
    }
    command + &server_flags(server)
}

/// The flags about a server, to be typed again.
pub fn server_flags(server: &args::Server) -> String {
    let mut command = String::new();
    let mut add = |flag: &str, value: &str| command.push_str(&format!(" {flag} {value}"));
    if let Some(url) = &server.base_url {
        add("--base-url", url);
    }
    let secrets = [
        ("--token", "CONFORMANCE_TOKEN", "\"$TOKEN\"", &server.token),
        ("--second-token", "CONFORMANCE_SECOND_TOKEN", "\"$SECOND_TOKEN\"", &server.second_token),
    ];
    for (flag, variable, value, given) in secrets {
        if given.is_some() && std::env::var(variable).ok().as_ref() != given.as_ref() {
            add(flag, value);
        }
    }
    if let Some(path) = &server.cacert {
        add("--cacert", &path.display().to_string());
    }
    for (flag, given) in [("--http2", server.http2), ("--insecure", server.insecure)] {
        if given {
            command.push_str(&format!(" {flag}"));
        }
    }
    command
}

/// The name of a scenario with something to look at: with a check that is neither passed, nor excused, nor not applicable.
pub fn failing(event: &RunEvent) -> Option<String> {
    let RunEvent::Scenario { name, checks, .. } = event else { return None };
    let is_fine =
        |check: &CheckOutcome| matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_) | Verdict::Known(_));
    (!checks.iter().all(is_fine)).then(|| name.clone())
}

/// Replays, tells, and answers the numbers and which scenarios failed.
pub async fn judge(
    run: Run,
    source: Source,
    (telling, reports, mut scripts): (&args::Telling, &mut Reports, Option<&mut Scripts>),
) -> Result<(Tally, Vec<String>), Unreachable> {
    let mut failed = Vec::new();
    let mut listener = listener(telling, reports, |event| {
        failed.extend(failing(event));
        scripts.iter_mut().for_each(|scripts| scripts.hear(event));
    });
    let tally = conformance_runner::run(run, source, &mut listener).await?;
    drop(listener);
    Ok((tally, failed))
}

/// What tells a run to people and to reports; `also` hears every event, too.
pub fn listener<'l>(
    telling: &args::Telling,
    reports: &'l mut Reports,
    mut also: impl FnMut(&RunEvent) + Send + 'l,
) -> impl FnMut(&RunEvent) + Send + 'l {
    let how =
        Telling { verbosity: telling.verbosity(), width: crate::terminal::width(), again: reports.again().to_owned() };
    // Where stdout belongs to a report, people read stderr.
    let to_stderr = reports.take_stdout();
    let out: Box<dyn std::io::Write + Send> =
        if to_stderr { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) };
    let mut terminal = Terminal::new(out, how);
    let mut progress = Progress::new();
    move |event: &RunEvent| {
        also(event);
        progress.hear(event, || {
            let told = terminal.hear(event);
            if !to_stderr {
                crate::terminal::check_stdout(told);
            }
        });
        reports.run.hear(event);
    }
}

/// A mock of the suite's own contract on a free port, a workspace for each scenario.
async fn embedded_mock(suite: &Suite) -> Result<Target, Failure> {
    beside(Mock::new(suite.contract.clone(), MockSettings::default(), None)?).await
}

/// A target for a mock beside this command.
pub async fn beside(mock: Mock) -> Result<Target, Failure> {
    let beside = super::mock::beside(mock).await;
    let beside = beside.map_err(|error| Diagnostic::general(format!("the embedded mock did not start: {error}")))?;
    let mut target = Target::parse(&format!("http://{}", beside.address), Tokens::PerScenario("scenario".to_owned()))?;
    "the embedded mock".clone_into(&mut target.name);
    Ok(target)
}

/// The first that applies: a snapshot that could not be written; a failed MUST, a drift or an outdated excuse; something that was created and is left over; a MUST
/// that could not be judged, or nothing that was; all well.
pub fn exit(tally: &Tally, deny_warnings: bool) -> Exit {
    if tally.unwritten > 0 {
        Exit::Usage
    } else if tally.failed + tally.drifted + tally.outdated > 0 || (deny_warnings && tally.warned > 0) {
        Exit::Failed
    } else if tally.left() + tally.unclear > 0 {
        Exit::LeftOver
    } else if tally.incomplete > 0 || tally.checked() == 0 {
        Exit::Incomplete
    } else {
        Exit::Ok
    }
}
