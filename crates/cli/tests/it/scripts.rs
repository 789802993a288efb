//! Scripts of failures: they fail where the run failed, and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use conformance_contract::{Folder, Suite};
use conformance_record::{CheckOutcome, Level, Position, Verdict};
use conformance_scenario::Scenario;
use rstest::rstest;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, stderr, stdout};

fn mock(fault: Option<&str>) -> MockServer {
    let fault: Vec<&str> = fault.iter().flat_map(|name| ["--fault", name]).collect();
    MockServer::start(&[&["--quiet"], &fault[..]].concat())
}

/// Runs a script against a mock.
fn play(script: &Path, server: &MockServer) -> Output {
    let mut command = Command::new("bash");
    command.arg(script).env("BASE_URL", &server.url).env("TOKEN", "me").env("SECOND_TOKEN", "other");
    command.output().unwrap()
}

/// Everything below a folder that is a script.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn is_empty(server: &MockServer) -> bool {
    ["me", "other"].iter().all(|token| {
        let (status, body) = server.send(token, "GET", "/v2/conversations", None);
        status == 200 && body["data"].as_array().unwrap().is_empty()
    })
}

/// A scenario all of whose checks failed.
fn all_failed(suite: &Suite, scenario: &Scenario) -> Vec<CheckOutcome> {
    let mut failed = Vec::new();
    for step in scenario.all_steps() {
        for check in step.all_checks() {
            let (line, column) = step.file.position(check.span.start);
            let cited = check.cites.iter().filter_map(|(id, _)| suite.requirements.get(id));
            failed.push(CheckOutcome {
                verdict: Verdict::Fail,
                level: Level::Must,
                requirements: cited.map(|one| (one.id.clone(), one.statement.clone())).collect(),
                position: Position { file: step.file.name().to_owned(), line, column },
                exchange: String::new(),
                expected: String::new(),
                found: Vec::new(),
            });
        }
    }
    let rules = suite.requirements.ids().filter_map(|id| suite.requirements.get(id)).filter(|one| one.oracle.is_some());
    failed.extend(rules.map(|one| CheckOutcome {
        verdict: Verdict::Fail,
        level: one.level,
        requirements: vec![(one.id.clone(), one.statement.clone())],
        position: Position { file: scenario.file.name().to_owned(), line: 1, column: 1 },
        exchange: String::new(),
        expected: "all answers fit together".to_owned(),
        found: Vec::new(),
    }));
    failed
}

#[rstest]
fn with_all_its_checks_every_scenario_passes_on_a_good_server(
    #[values("access", "bodies", "ids", "lifecycle", "lists", "names", "pages", "times")] area: &str,
) {
    let suite = Suite::open(Arc::new(Folder::new(root()))).unwrap();
    let server = mock(None);
    let folder = std::env::var("SCRIPTS_KEPT").map_or_else(|_| TempDir::new().unwrap().keep(), PathBuf::from);
    let mut wrong = String::new();
    for scenario in conformance_runner::bind(&suite).unwrap().scenarios {
        if !scenario.name.starts_with(&format!("{area}/")) {
            continue;
        }
        let text = conformance_script::script(&suite, &scenario, &all_failed(&suite, &scenario), "http://127.0.0.1:1");
        let path = folder.join(scenario.name.replace('/', "-"));
        fs::write(&path, text).unwrap();
        let output = play(&path, &server);
        if output.status.code() != Some(0) || stdout(&output).contains("COULD NOT RUN") {
            wrong += &format!("{}: {:?}\n{}{}", scenario.name, output.status, stdout(&output), stderr(&output));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(is_empty(&server));
}
