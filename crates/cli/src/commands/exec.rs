//! `conformance exec`: run a command against a mock of its own, and judge what it sent.

use std::io;
#[cfg(unix)]
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_contract::Suite;
use conformance_mock::{Mock, Settings, Witness};
use conformance_record::{Code, Exchange, NoResponse, Request, Response};
use conformance_report::{Telling, Terminal};
use conformance_runner::bind;
use conformance_runner::coverage::Coverage;
use conformance_runner::target::BY_HAND;
use conformance_runner::traffic::{Judged, Traffic};
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::faults::Catalogue;
use crate::reports::Reports;
use crate::signals::Heard;
use crate::weather::Weather;
use crate::{args, control, embedded, signals, terminal};

/// The token in the command's environment. Any other one works, too: each has a workspace of its own.
pub const TOKEN: &str = "conformance-exec";

/// Keeps what the command sent.
struct Listener(Arc<Mutex<Traffic>>);

impl Witness for Listener {
    fn saw(&self, request: &Request, answer: &Result<Response, NoResponse>, took: Duration) {
        let exchange = Exchange { number: 0, request: request.clone(), response: answer.clone(), took };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(&exchange);
    }
}

/// Runs and judges.
pub fn run(suite: Option<&Path>, args: &args::Exec) -> Result<Exit, Failure> {
    let opened = Arc::new(embedded::open(suite)?);
    let scenarios = bind(&opened)?.scenarios;
    let mut reports = reports(Reports::new(&args.telling, &opened, String::new())?, Code::rule)?;
    let traffic = Arc::new(Mutex::new(Traffic::given(TOKEN)));
    let mock = mock(suite, &opened, args)?.witnessed(Box::new(Listener(traffic.clone())));
    let start = Instant::now();
    let ended = match run_beside(mock, args)? {
        Ok(ended) => ended,
        Err(exit) => return Ok(exit),
    };
    let traffic = std::mem::take(&mut *traffic.lock().unwrap_or_else(PoisonError::into_inner));
    let name = name(args);
    let judged =
        traffic.judged((&opened.contract, &scenarios), (&name, BY_HAND), &args.client.allowed, start.elapsed());
    tell(&args.telling, &mut reports, &judged);
    reports.write()?;
    Ok(verdict(args, ended, traffic.is_empty(), &judged))
}

/// Reports about what the command sends; stdout is the command's.
pub fn reports(mut reports: Reports, rule: fn(Code) -> &'static str) -> Result<Reports, Failure> {
    if reports.want_stdout_alone() {
        let wrong = Diagnostic::general("stdout belongs to the command; a report needs a file");
        return Err(wrong.with_help("`--report json=report.json`").into());
    }
    reports.about_requests(rule);
    Ok(reports)
}

/// The command's name. Arguments may hold secrets.
pub fn name(args: &args::Exec) -> String {
    conformance_report::visible::visible(&args.command[0])
}

/// Runs the command beside a mock, to the end of both: how the command ended, or the exit code when there is none.
pub fn run_beside(mock: Mock, args: &args::Exec) -> Result<Result<ExitStatus, Exit>, Failure> {
    let ended = super::runtime()?.block_on(async {
        let beside = super::mock::beside(mock).await;
        let beside = beside.map_err(|error| Diagnostic::general(format!("the mock did not start: {error}")))?;
        let ended = command(args, &format!("http://{}", beside.address)).await;
        // What it sent last may still be on its way.
        beside.end().await;
        Ok::<_, Failure>(ended)
    })?;
    match ended {
        Ok(ended) => Ok(Ok(ended)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            terminal::note(&format!("error: there is no command `{}`", args.command[0]));
            Ok(Err(Exit::Command(127)))
        }
        Err(error) => {
            let wrong = format!("`{}` cannot be run: {error}", args.command[0]);
            Err(Diagnostic::general(wrong).into())
        }
    }
}

fn mock(suite: Option<&Path>, opened: &Arc<Suite>, args: &args::Exec) -> Result<Mock, Failure> {
    let fixtures = args.fixtures.as_deref().map(|name| embedded::fixtures(suite, name)).transpose()?;
    let settings = Settings { seed: args.seed, ..Settings::default() };
    let mock = control::mock(opened, settings, fixtures.as_ref(), (None, true))?;
    Ok(match weather(&Catalogue::Suite(opened.clone()), &args.faults)? {
        Some(weather) => mock.behind(Arc::new(weather)),
        None => mock,
    })
}

/// The faults with these names, if any.
pub fn weather(catalogue: &Catalogue, faults: &[String]) -> Result<Option<Weather>, Failure> {
    if faults.is_empty() {
        return Ok(None);
    }
    let faults = crate::faults::named(&catalogue.all()?, faults)?;
    Ok(Some(Weather::new(&catalogue.subject(), faults, Vec::new(), true)))
}

/// Runs the command to its end. A signal is passed on to it; it has five seconds then.
async fn command(args: &args::Exec, url: &str) -> io::Result<ExitStatus> {
    let mut command = tokio::process::Command::new(&args.command[0]);
    command.args(&args.command[1..]).kill_on_drop(true);
    command.env("CONFORMANCE_BASE_URL", url).env("CONFORMANCE_TOKEN", TOKEN);
    // A proxy of the environment knows nothing of the mock.
    for name in ["NO_PROXY", "no_proxy"] {
        let others = std::env::var(name).ok().filter(|others| !others.is_empty());
        let others = others.map_or_else(String::new, |others| format!("{others},"));
        command.env(name, format!("{others}127.0.0.1,localhost"));
    }
    lead_a_group(&mut command);
    for (name, value) in &args.variables {
        command.env(name, value.replace("{url}", url).replace("{token}", TOKEN));
    }
    let stop = signals::first("interrupted: the command has five seconds to end; again ends at once");
    let mut child = command.spawn()?;
    tokio::select! {
        ended = child.wait() => ended,
        heard = stop => {
            let group = Group::of(&child);
            group.pass_on(heard);
            let ended = match tokio::time::timeout(Duration::from_secs(5), child.wait()).await {
                Ok(ended) => ended,
                Err(_) => {
                    child.start_kill()?;
                    child.wait().await
                }
            };
            // What it started and left does not live on.
            group.kill();
            ended
        }
    }
}

/// Makes the command the leader of a group, so that signals reach what it starts, too. At a terminal it stays in the group
/// that Ctrl-C reaches, and may read what is typed.
fn lead_a_group(command: &mut tokio::process::Command) {
    #[cfg(unix)]
    if !io::stdin().is_terminal() {
        command.process_group(0);
    }
    #[cfg(not(unix))]
    let _ = command;
}

/// The command and what it started.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    /// Passes a signal on. At a terminal Ctrl-C has reached the command already.
    fn pass_on(&self, heard: Heard) {
        use rustix::process::Signal;
        match heard {
            Heard::Interrupt if io::stdin().is_terminal() => {}
            Heard::Interrupt => self.signal(Signal::INT),
            Heard::Terminate => self.signal(Signal::TERM),
        }
    }

    fn kill(&self) {
        if !io::stdin().is_terminal() {
            self.signal(rustix::process::Signal::KILL);
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{kill_process, kill_process_group};
        let Some(leader) = self.leader else { return };
        // Those that are gone need no signal.
        let _ =
            if io::stdin().is_terminal() { kill_process(leader, signal) } else { kill_process_group(leader, signal) };
    }
}

#[cfg(not(unix))]
impl Group {
    fn of(_: &tokio::process::Child) -> Self {
        Self {}
    }

    fn pass_on(&self, _: Heard) {}

    fn kill(&self) {}
}

/// Tells what was found, on stderr: stdout is the command's.
pub fn tell(telling: &args::Telling, reports: &mut Reports, judged: &Judged) {
    let how = Telling { verbosity: telling.verbosity(), width: terminal::width(), again: String::new() };
    let mut shown = Terminal::new(anstream::stderr(), how);
    for event in &judged.events {
        let _ = shown.hear(event);
        reports.run.hear(event);
    }
    terminal::note(&exercised(&judged.coverage, telling.verbose));
}

/// What was exercised, and what was not.
fn exercised(coverage: &Coverage, all: bool) -> String {
    let (done, of) = coverage.count();
    let mut text = format!("exercised {done} of {of} parts of the contract ({} %)", percent(coverage));
    let kinds = [
        ("operations", &coverage.operations),
        ("parameters", &coverage.parameters),
        ("statuses", &coverage.statuses),
        ("requirements", &coverage.requirements),
    ];
    for (kind, parts) in kinds.into_iter().filter(|(_, parts)| !parts.is_empty()) {
        let count = parts.values().filter(|exercised| **exercised).count();
        text.push_str(&format!("\n  {kind:<12} {count} of {}", parts.len()));
        let missing: Vec<&str> = parts.iter().filter(|(_, done)| !**done).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() && (all || kind == "operations") {
            text.push_str(&format!("; not: {}", missing.join(", ")));
        }
    }
    text
}

/// How much of the contract was exercised.
pub fn percent(coverage: &Coverage) -> usize {
    let (done, of) = coverage.count();
    (done * 100).checked_div(of).unwrap_or(100)
}

/// The command's own code when it is not 0, then what was found.
pub fn verdict(args: &args::Exec, ended: ExitStatus, nothing: bool, judged: &Judged) -> Exit {
    if !ended.success() {
        terminal::note(&format!("the command ended with {ended}"));
        return Exit::Command(code(ended));
    }
    if nothing {
        terminal::note(
            "incomplete: no request that could be judged reached the mock; the command must use CONFORMANCE_BASE_URL, or a variable set by --env",
        );
        return Exit::Incomplete;
    }
    let tally = judged.tally;
    if tally.failed > 0 || (args.deny_warnings && tally.warned > 0) {
        return Exit::Failed;
    }
    if let Some(least) = args.client.min_coverage.filter(|least| percent(&judged.coverage) < usize::from(*least)) {
        terminal::note(&format!("less than the {least} % of --min-coverage was exercised"));
        return Exit::Failed;
    }
    Exit::Ok
}

/// As a shell tells it: 128 and the signal's number for a command that was killed.
fn code(ended: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = ended.signal() {
            return u8::try_from(128 + signal).unwrap_or(255);
        }
    }
    u8::try_from(ended.code().unwrap_or(1)).unwrap_or(1)
}
