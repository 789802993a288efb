//! `conformance record`: what a client does at a real server, verified on the way, and written down as a scenario and fixtures.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use conformance_api::Api;
use conformance_contract::Suite;
use conformance_mock::cors::Cors;
use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Mock, Settings, Witness};
use conformance_openapi::{Document, Operation as Declared};
use conformance_record::{Exchange, NoResponse, Request, Response};
use conformance_runner::derived::expected_ids;
use conformance_runner::document_traffic::{DocumentTraffic, rule};
use conformance_runner::transcribe::{CheckKind, Transcript, transcribe};
use conformance_runner::{DocumentReader, bind, har};
use conformance_scenario::{Expectation, Scenario};
use conformance_source::write::{flow, quoted};
use conformance_source::{Diagnostic, read_text};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::fallback::Fallback;
use crate::faults::Catalogue;
use crate::reports::Reports;
use crate::{args, document, embedded, signals, terminal};

/// So many exchanges are written down.
const MOST: usize = 10_000;
const STOPPING: &str = "stopping: what was recorded is written; Ctrl-C again ends at once";

/// What a recording is held to: a document, or the contract of a suite as one.
struct RecordContract {
    reader: DocumentReader,
    /// Where there is a suite: its scenarios say what checks cite, and its resources have names.
    suite: Option<(Arc<Suite>, Vec<Scenario>)>,
}

/// Records.
pub fn run(suite: Option<&Path>, args: &args::Record) -> Result<Exit, Failure> {
    for path in args.scenario.iter().chain(&args.fixtures) {
        if path.exists() {
            let wrong = Diagnostic::general(format!("{} is there already", path.display()));
            return Err(wrong.with_help("nothing is overwritten: name another file").into());
        }
    }
    let contract = contract(suite, args)?;
    let exchanges = match &args.har {
        Some(path) => {
            let text = read_text(path)
                .map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", path.display())))?;
            har::exchanges(&text, args.base_url.as_deref())
                .map_err(|why| Diagnostic::general(format!("{}: {why}", path.display())))?
        }
        None => listen(&contract.reader, suite, args)?,
    };
    let exchanges = below(args.base_url.as_deref().filter(|_| args.har.is_some()), exchanges);
    judge(&contract, args, &exchanges)
}

fn contract(suite: Option<&Path>, args: &args::Record) -> Result<RecordContract, Failure> {
    let (api, suite) = match &args.openapi {
        Some(path) => (document::open(path)?, None),
        None => {
            let suite = Arc::new(embedded::open(suite)?);
            let scenarios = bind(&suite)?.scenarios;
            (of_suite(&suite)?, Some((suite, scenarios)))
        }
    };
    let name = api.document.name.clone();
    let reader = DocumentReader::new(api).map_err(document::unusable(Path::new(&name)))?;
    Ok(RecordContract { reader, suite })
}

/// The contract of a suite, as any other document.
fn of_suite(suite: &Suite) -> Result<Api, Failure> {
    let bundled = conformance_contract::bundle::bundle(&suite.contract).to_string();
    Ok(conformance_api::infer(Document::read("the suite", bundled.into_bytes())?))
}

/// Keeps what passes.
struct Capture(Arc<Mutex<Vec<Exchange>>>);

impl Witness for Capture {
    fn saw(&self, request: &Request, answer: &Result<Response, NoResponse>, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_preflight = request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
        if all.len() < MOST && !is_preflight {
            let exchange = Exchange { number: all.len(), request: request.clone(), response: answer.clone(), took };
            all.push(exchange.anonymous());
        }
    }
}

/// Stands before the real server until Ctrl-C.
fn listen(reader: &DocumentReader, suite: Option<&Path>, args: &args::Record) -> Result<Vec<Exchange>, Failure> {
    let url = args.base_url.as_deref().unwrap_or_default();
    let api = match &args.openapi {
        Some(path) => document::open(path)?,
        None => of_suite(&embedded::open(suite)?)?,
    };
    let catalogue = Catalogue::of(&reader.api);
    let through = Arc::new(Fallback::for_all(url, &catalogue)?);
    let cors = Cors { any: args.cors_origins.iter().any(|one| one == "any"), origins: args.cors_origins.clone() };
    let settings = Settings { cors, ..Settings::default() };
    let derived = Derived::new(api, settings.clone(), UnknownIds::Auto)
        .map_err(document::unusable(Path::new(&reader.api.document.name)))?;
    let passed = Arc::new(Mutex::new(Vec::new()));
    let mock = Mock::derived(derived, settings).witnessed(Box::new(Capture(passed.clone()))).behind(through);
    super::runtime()?.block_on(async {
        let (sockets, address) = super::mock::listen(&args.host, args.port).await?;
        let stop = signals::first(STOPPING);
        terminal::line(&format!("http://{address}"));
        terminal::note(&format!("What is sent here is asked of {url}, and written down. Ctrl-C ends."));
        let listeners = conformance_mock::Listeners { sockets, tls: None };
        let served = conformance_mock::server::serve(listeners, Arc::new(mock), async {
            let _ = stop.await;
        });
        served.await.map_err(|error| Failure::from(Diagnostic::general(format!("the server ended: {error}"))))
    })?;
    let passed = std::mem::take(&mut *passed.lock().unwrap_or_else(PoisonError::into_inner));
    if passed.len() == MOST {
        terminal::note(&format!("note: only the first {MOST} exchanges are written down"));
    }
    Ok(passed)
}

/// Exchanges without what the base URL has before the API's paths.
fn below(base_url: Option<&str>, mut exchanges: Vec<Exchange>) -> Vec<Exchange> {
    let path =
        base_url.and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let path = path.unwrap_or("").trim_end_matches('/').to_owned();
    for exchange in &mut exchanges {
        if let Some(rest) = exchange.request.target.strip_prefix(&path).filter(|rest| rest.starts_with('/')) {
            exchange.request.target = rest.to_owned();
        }
    }
    exchanges.into_iter().map(|one| one.anonymous()).collect()
}

/// Tells what was found, and writes what was asked for.
fn judge(contract: &RecordContract, args: &args::Record, exchanges: &[Exchange]) -> Result<Exit, Failure> {
    let cite = contract.cites();
    let transcript = transcribe(&contract.reader, exchanges, &args.summary, &cite);
    let mut reports = super::exec::reports(Reports::with(&args.telling, Vec::new(), String::new())?, rule)?;
    let mut traffic = DocumentTraffic::given("\u{0}");
    exchanges.iter().for_each(|exchange| traffic.take(&contract.reader, exchange));
    let judged = traffic.judged(&contract.reader, ("the client", ""), &[], Duration::ZERO);
    super::exec::tell(&args.telling, &mut reports, &judged);
    reports.write()?;
    for one in &transcript.found {
        terminal::note(&format!("response: {one}"));
    }
    for one in &transcript.left_out {
        terminal::note(&format!("left out: {one}"));
    }
    write(contract, args, &transcript)?;
    if exchanges.is_empty() {
        terminal::note("nothing was recorded");
    }
    Ok(if transcript.found.is_empty() { super::run::exit(&judged.tally, false) } else { Exit::Failed })
}

fn write(contract: &RecordContract, args: &args::Record, transcript: &Transcript) -> Result<(), Diagnostic> {
    if let Some(path) = args.scenario.as_deref().filter(|_| transcript.steps > 0) {
        create(path, &transcript.scenario)?;
        terminal::note(&format!("scenario {} ({})", path.display(), count(transcript.steps, "step")));
    }
    let fixtures = contract.fixtures(transcript);
    if let Some(path) = args.fixtures.as_deref().filter(|_| !fixtures.is_empty()) {
        let objects = fixtures.values().map(Vec::len).sum();
        let text: String = fixtures.iter().map(|(key, all)| list(key, all)).collect();
        create(path, &text)?;
        terminal::note(&format!("fixtures {} ({})", path.display(), count(objects, "object")));
    }
    Ok(())
}

fn count(number: usize, noun: &str) -> String {
    conformance_report::count(number, noun)
}

/// A list of objects, a line each.
fn list(key: &str, objects: &[Value]) -> String {
    let lines: String = objects.iter().map(|one| format!("  - {}\n", flow(one))).collect();
    format!("{}:\n{lines}", quoted(key))
}

/// Writes a file that is not there yet, and the folders above it.
fn create(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::File::create_new(path)?.write_all(text.as_bytes())
    };
    written().map_err(|error| Diagnostic::general(format!("cannot write {}: {error}", path.display())))
}

impl RecordContract {
    /// What a check cites: for a suite what its own scenarios cite for the same, for a document what a run would check.
    fn cites(&self) -> impl Fn(&Declared, CheckKind) -> Option<String> + '_ {
        let known = expected_ids(&self.reader.api);
        move |declared: &Declared, said: CheckKind| match &self.suite {
            Some((_, scenarios)) => cited(scenarios, &declared.id, said),
            None => {
                let names: &[&str] = match said {
                    CheckKind::Body => &["documented-body", "documented-status"],
                    CheckKind::Status(401 | 403) => &["wants-credentials"],
                    CheckKind::Status(404 | 410) => &["unknown-id", "forgets-deleted"],
                    CheckKind::Status(400..=499) => &["rejects-wrong-bodies"],
                    CheckKind::Status(_) => &["documented-status"],
                };
                names.iter().map(|name| format!("{}.{name}", declared.id)).find(|id| known.contains(id))
            }
        }
    }

    /// Objects in the form that this mock's fixtures have: by the path of their collection, or by the name of their resource.
    fn fixtures(&self, transcript: &Transcript) -> BTreeMap<String, Vec<Value>> {
        let Some((suite, _)) = &self.suite else { return transcript.fixtures.clone() };
        let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (path, objects) in &transcript.fixtures {
            let operation = suite.contract.operations.iter().find(|one| one.path.to_string() == *path);
            let resource = operation.and_then(|one| suite.contract.resources.get(one.resource));
            if let Some(resource) = resource {
                all.entry(resource.name.clone()).or_default().extend(objects.iter().cloned());
            }
        }
        all
    }
}

/// What the scenarios of a suite cite for a check of this kind of this operation.
fn cited(scenarios: &[Scenario], operation: &str, said: CheckKind) -> Option<String> {
    let steps = scenarios.iter().flat_map(Scenario::all_steps).filter(|step| step.kind.operation().0 == operation);
    let checks = steps.flat_map(|step| &step.checks);
    let is_alike = |expectation: &Expectation| match (expectation, said) {
        (Expectation::Documented, CheckKind::Body) => true,
        (Expectation::Status(all), CheckKind::Status(status)) => {
            let class = format!("{}XX", status / 100);
            all.iter().any(|one| *one == status.to_string() || (status >= 400 && *one == class))
        }
        _ => false,
    };
    checks.filter(|check| is_alike(&check.expectation)).find_map(|check| Some(check.cites.first()?.0.clone()))
}
