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

use crate::context::{MockServer, SuiteCopy, conformance, root, stderr, stdout};

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
                requirements: cited.map(|one| suite.requirements.cited(one)).collect(),
                position: Position { file: step.file.name().to_owned(), line, column },
                source: String::new(),
                exchange: None,
                expected: String::new(),
                meanings: Vec::new(),
                found: Vec::new(),
            });
        }
    }
    let rules = suite.requirements.ids().filter_map(|id| suite.requirements.get(id)).filter(|one| one.oracle.is_some());
    failed.extend(rules.map(|one| CheckOutcome {
        verdict: Verdict::Fail,
        level: one.level,
        requirements: vec![suite.requirements.cited(one)],
        position: Position { file: scenario.file.name().to_owned(), line: 1, column: 1 },
        source: String::new(),
        exchange: None,
        expected: "all answers fit together".to_owned(),
        meanings: Vec::new(),
        found: Vec::new(),
    }));
    failed
}

/// Plays each scenario of a suite, with all its checks, against a server that keeps every promise.
fn all_pass(suite: &Suite, area: &str, server: &MockServer) {
    let folder = TempDir::new().unwrap();
    let (mut wrong, mut played) = (String::new(), 0);
    for scenario in conformance_runner::bind(suite).unwrap().scenarios {
        if !scenario.name.starts_with(area) {
            continue;
        }
        let text = conformance_script::script(suite, &scenario, &all_failed(suite, &scenario), "http://127.0.0.1:1");
        let path = folder.path().join(scenario.name.replace('/', "-"));
        fs::write(&path, text).unwrap();
        let output = play(&path, server);
        played += 1;
        if output.status.code() != Some(0) || stdout(&output).contains("COULD NOT RUN") || !output.stderr.is_empty() {
            wrong += &format!("{}: {:?}\n{}{}", scenario.name, output.status, stdout(&output), stderr(&output));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(played > 0);
}

#[rstest]
fn with_all_its_checks_every_scenario_passes_on_a_good_server(
    #[values("access", "bodies", "ids", "lifecycle", "lists", "names", "pages", "times")] area: &str,
) {
    let suite = Suite::open(Arc::new(Folder(root()))).unwrap();
    let server = mock(None);
    all_pass(&suite, &format!("{area}/"), &server);
    assert!(is_empty(&server));
}

#[test]
fn so_does_every_example_of_the_documents() {
    let copy = SuiteCopy::new();
    for folder in ["fixtures/scenarios", "fixtures/fragments"] {
        fs::remove_dir_all(copy.folder.path().join(folder)).unwrap();
    }
    let text = fs::read_to_string(root().join("docs/scenarios.md")).unwrap();
    for (number, block) in text.split("```yaml").skip(1).enumerate() {
        let (head, block) = block.split("```").next().unwrap().split_once('\n').unwrap();
        let named = head.trim().strip_prefix("file=").map(str::to_owned);
        copy.write(&named.unwrap_or(format!("fixtures/scenarios/docs/example-{number}.yaml")), block);
    }
    let server = mock(None);
    all_pass(&Suite::open(Arc::new(Folder(copy.folder.path().to_owned()))).unwrap(), "docs/", &server);
    assert!(is_empty(&server));
}

#[test]
fn so_does_every_scenario_of_another_api() {
    let folder = root().join("crates/cli/tests/suites/projects");
    let server = MockServer::start(&["--quiet", "--suite", folder.to_str().unwrap()]);
    all_pass(&Suite::open(Arc::new(Folder(folder))).unwrap(), "", &server);
}

/// A run against a faulty mock, and the scripts that it wrote.
fn failed(fault: &str, requirement: &str, folder: &Path) -> Vec<PathBuf> {
    let server = mock(Some(fault));
    let tokens = ["--token", "mine-and-secret", "--second-token", "theirs-and-secret"];
    let folder_name = folder.to_str().unwrap();
    let mut command = conformance();
    command
        .args(["run", "--base-url", &server.url, "--jobs", "1", "--scripts", folder_name, "--only", requirement])
        .args(tokens);
    let output = command.output().unwrap();
    let scripts = below(folder);
    for script in &scripts {
        let text = fs::read_to_string(script).unwrap();
        assert!(!text.contains("-and-secret"), "{}", script.display());
        assert!(stderr(&output).contains(&format!("script {}", script.display())), "{}", stderr(&output));
    }
    // Those that judge the requirement; the quickest of them will do.
    let about = |script: &PathBuf| fs::read_to_string(script).unwrap().contains(&format!("#   {requirement} ("));
    let mut scripts: Vec<PathBuf> = scripts.into_iter().filter(about).collect();
    scripts.sort_by_key(|script| fs::metadata(script).unwrap().len());
    assert!(!scripts.is_empty(), "{fault}: {}", stdout(&output));
    scripts
}

#[rstest]
#[case::access(&[
    ("update-without-a-token", "access.token-required"), ("retrieve-from-any-workspace", "access.own-workspace-only"),
    ("refused-delete-without-a-token-done", "access.refusal-does-nothing"), ("refused-with-200", "access.token-required"),
])]
#[case::answers(&[
    ("create-answers-202", "create.answers-201"), ("create-as-html", "create.body"), ("times-as-text", "create.body"),
    ("id-missing", "create.body"), ("creator-null", "object.optional-members"), ("id-too-short", "object.id"),
    ("ids-run-backward", "object.id-order"), ("empty-body-on-204", "delete.answers-204"),
])]
#[case::seen_in_all_answers(&[
    ("retrieve-rounds-times", "retrieve.same"), ("created-moves-a-little", "object.created-once"),
    ("list-shows-short-names", "retrieve.same"), ("delete-does-nothing", "delete.permanent"),
])]
#[case::pages(&[
    ("oldest-first", "list.newest-first"), ("one-too-many", "list.limit"), ("second-of-page-missing", "page.complete"),
    ("cursor-inclusive", "page.exclusive"), ("cursors-swapped", "page.backward"), ("always-more", "page.has-more"),
    ("deletes-shift-pages", "page.stable"), ("unknown-cursor-500", "error.no-5xx"),
])]
#[case::writes(&[
    ("names-trimmed", "name.kept"), ("emoji-counted-twice", "name.code-points"), ("names-of-101-accepted", "name.length"),
    ("broken-json-accepted", "body.json"), ("charset-refused", "body.charset"), ("names-of-lists", "name.text"),
    ("refused-updates-rename", "body.refusal-does-nothing"), ("update-drops-the-kind", "update.keeps-the-rest"),
    ("delete-takes-another", "delete.only-that-one"), ("unknown-as-text", "unknown.body"),
])]
fn a_script_fails_on_the_server_that_failed_and_passes_on_a_good_one(#[case] faults: &[(&str, &str)]) {
    let good = mock(None);
    for (fault, requirement) in faults {
        let folder = TempDir::new().unwrap();
        let script = &failed(fault, requirement, folder.path())[0];
        let output = play(script, &mock(Some(fault)));
        let said = format!("{fault}: {}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(stdout(&output).lines().any(|line| line.starts_with("FAIL") && line.contains(requirement)), "{said}");
        let output = play(script, &good);
        assert_eq!(output.status.code(), Some(0), "{fault}: {}{}", stdout(&output), stderr(&output));
    }
    assert!(is_empty(&good));
}

#[test]
fn a_script_that_needs_another_workspace_says_so() {
    let folder = TempDir::new().unwrap();
    let scripts = failed("retrieve-from-any-workspace", "access.own-workspace-only", folder.path());
    let script = scripts.iter().find(|script| script.ends_with("another-workspace.sh")).unwrap();
    let output = Command::new("bash").arg(script).env_remove("SECOND_TOKEN").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("SECOND_TOKEN"));
}

#[test]
fn a_script_without_a_server_could_not_run_or_fails_and_ends() {
    let folder = TempDir::new().unwrap();
    let script = &failed("create-answers-202", "create.answers-201", folder.path())[0];
    let output = Command::new("bash").arg(script).env("BASE_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("no answer"), "{}", stdout(&output));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let server = mock(Some("create-answers-202"));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let args = ["run", "--base-url", &server.url, "--token", "me", "--only", "times/creation", "--scripts"];
    let output = conformance().args(args).arg(&file).args(["--only", "create.answers-201"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
}
