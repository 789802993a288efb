//! The memory of how a target behaved.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;

use crate::context::{MockServer, SuiteCopy, conformance, stderr, stdout};

/// A run against a server, its snapshots in a folder of its own.
struct Memory {
    folder: TempDir,
}

impl Memory {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn run(&self, server: &MockServer, more: &[&str]) -> Output {
        let mut command = conformance();
        command.env_remove("INSTA_UPDATE").args(["run", "--base-url", &server.url, "--target", "staging"]);
        command.args(["--snapshots", self.folder.path().to_str().unwrap()]).args(more).output().unwrap()
    }

    fn accept(&self, names: &[&str]) -> Output {
        let folder = self.folder.path().to_str().unwrap();
        conformance().args(["accept", "--snapshots", folder]).args(names).output().unwrap()
    }

    fn files(&self) -> BTreeMap<PathBuf, String> {
        fn read(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    read(&entry.path(), into);
                } else {
                    into.insert(entry.path(), fs::read_to_string(entry.path()).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        read(self.folder.path(), &mut files);
        files
    }
}

#[test]
fn a_second_run_compares_with_the_first_byte_for_byte() {
    let (memory, server) = (Memory::new(), MockServer::start(&[]));
    let first = memory.run(&server, &[]);
    assert_eq!(first.status.code(), Some(0), "{}", stdout(&first));
    assert!(stdout(&first).contains(" new snapshots"), "{}", stdout(&first));
    let written = memory.files();
    assert!(written.len() > 10 && written.keys().all(|path| path.extension().unwrap() == "snap"));
    let second = memory.run(&server, &["--jobs", "1"]);
    assert_eq!(second.status.code(), Some(0), "{}", stdout(&second));
    assert!(!stdout(&second).contains("mismatch") && !stdout(&second).contains("new snapshots"));
    assert_eq!(memory.files(), written);
}

#[test]
fn drift_is_a_diff_and_exit_1_until_it_is_accepted() {
    let memory = Memory::new();
    memory.run(&MockServer::start(&[]), &[]);
    let suite = SuiteCopy::new();
    suite.edit(
        "schemas/conversation.json",
        "\"properties\": {",
        "\"properties\": { \"archived\": { \"default\": false },",
    );
    let changed = MockServer::start(&["--suite", suite.path()]);
    let drifted = memory.run(&changed, &[]);
    assert_eq!(drifted.status.code(), Some(1));
    assert!(
        stdout(&drifted).contains("snapshot mismatch: this target behaved differently before"),
        "{}",
        stdout(&drifted)
    );
    let shown = stdout(&drifted);
    let added = shown.lines().find(|line| line.trim_start().starts_with("+ ")).unwrap();
    assert!(
        added.contains("\"archived\": \"<boolean>\""),
        "what the contract does not name is told by its type: {added}"
    );
    let accepted = memory.accept(&["lifecycle"]);
    assert!(stdout(&accepted).lines().all(|line| line.contains("/staging/lifecycle/")), "{}", stdout(&accepted));
    assert_eq!(memory.run(&changed, &["--only", "lifecycle"]).status.code(), Some(0));
    assert_eq!(memory.accept(&[]).status.code(), Some(0));
    assert_eq!(memory.run(&changed, &[]).status.code(), Some(0));
    assert_eq!(memory.accept(&[]).status.code(), Some(2), "nothing is pending any more");
}

#[test]
fn nothing_is_written_in_ci_and_what_is_missing_can_be_demanded() {
    let (memory, server) = (Memory::new(), MockServer::start(&[]));
    let in_ci = |more: &[&str]| {
        let mut command = conformance();
        command.env("CI", "true").env_remove("INSTA_UPDATE").args(["run", "--base-url", &server.url]);
        command
            .args(["--snapshots", memory.folder.path().to_str().unwrap(), "--only", "ids"])
            .args(more)
            .output()
            .unwrap()
    };
    let plain = in_ci(&[]);
    assert_eq!(plain.status.code(), Some(0));
    assert!(stdout(&plain).contains("not compared"), "{}", stdout(&plain));
    assert_eq!(memory.files().len(), 0);
    let output = in_ci(&["--require-snapshots"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no baseline to compare with in 5 scenarios"), "{}", stderr(&output));
}

#[test]
fn a_baseline_without_a_scenario_is_named_and_one_that_is_not_selected_is_not() {
    let (memory, server) = (Memory::new(), MockServer::start(&[]));
    memory.run(&server, &[]);
    let stale = memory.folder.path().join("staging/pages/long-gone.snap");
    fs::write(&stale, "---\nsource: x\n---\nx\n").unwrap();
    let output = memory.run(&server, &["--only", "ids"]);
    let unused: Vec<String> =
        stdout(&output).lines().filter(|line| line.contains("unused snapshot")).map(str::to_owned).collect();
    assert_eq!(unused.len(), 1, "{unused:?}");
    assert!(unused[0].contains("pages/long-gone.snap"));
}

#[test]
fn a_baseline_that_is_none_is_refused() {
    let (memory, server) = (Memory::new(), MockServer::start(&[]));
    memory.run(&server, &["--only", "ids/unknown"]);
    let baseline = memory.folder.path().join("staging/ids/unknown.snap");
    for broken in ["", "<<<<<<< HEAD\n---\nsource: x\n---\nx\n"] {
        fs::write(&baseline, broken).unwrap();
        let output = memory.run(&server, &["--only", "ids/unknown"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("it does not begin with `---`"), "{}", stdout(&output));
        assert_eq!(fs::read_to_string(&baseline).unwrap(), broken, "nothing is lost");
    }
}

#[test]
fn a_plain_run_writes_nothing_where_it_is_started() {
    let somewhere = TempDir::new().unwrap();
    let output = conformance().env_remove("INSTA_UPDATE").arg("run").current_dir(somewhere.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(!stdout(&output).contains("not compared"), "the baseline is compiled in");
    assert_eq!(fs::read_dir(somewhere.path()).unwrap().count(), 0);
}

#[test]
fn snapshots_are_as_instas_own_tools_leave_them() {
    for file in ["lifecycle/the-same-everywhere", "names/length"] {
        let path = crate::context::root().join(format!("snapshots/mock/{file}.snap"));
        let aside = TempDir::new().unwrap().path().with_extension("snap");
        insta::Snapshot::from_file(&path).unwrap().save(&aside).unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), fs::read_to_string(&path).unwrap());
    }
}

/// What varies on one target alone is left out by its list; a list that is none is an error before anything is sent.
#[test]
fn members_that_a_target_ignores_are_not_compared() {
    let memory = Memory::new();
    let only = ["--only", "lifecycle/create-retrieve-update-delete"];
    let ignore = memory.folder.path().join("staging/ignore.yaml");
    fs::create_dir_all(ignore.parent().unwrap()).unwrap();
    fs::write(&ignore, "- /displayName\n").unwrap();
    assert_eq!(memory.run(&MockServer::start(&[]), &only).status.code(), Some(0));
    let written: String = memory.files().into_values().collect();
    assert!(written.contains("\"displayName\": \"<ignored>\""), "{written}");
    fs::write(&ignore, "displayName: never\n").unwrap();
    let output = memory.run(&MockServer::start(&[]), &only);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("ignore.yaml:1:1"), "{}", stderr(&output));
}

/// Two servers on one host are two targets.
#[test]
fn a_target_is_named_by_host_and_port() {
    let (memory, server) = (Memory::new(), MockServer::start(&[]));
    let mut command = conformance();
    command.env_remove("INSTA_UPDATE").args(["run", "--base-url", &server.url, "--only", "ids/unknown"]);
    let output = command.args(["--snapshots", memory.folder.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let port = server.url.rsplit(':').next().unwrap();
    assert!(memory.folder.path().join(format!("127.0.0.1-{port}/ids/unknown.snap")).exists());
}
