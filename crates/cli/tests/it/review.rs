//! `conformance review`: pending snapshots, one by one, with what each change means.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rstest::rstest;
use tempfile::TempDir;

use crate::context::{SuiteCopy, conformance, stdout};

/// The embedded mock of a suite, compared with what is kept in a folder.
fn remember(suite: &SuiteCopy, folder: &Path, only: &str) -> Option<i32> {
    let mut command = conformance();
    command.env_remove("INSTA_UPDATE").args(["run", "--suite", suite.path(), "--only", only, "--target", "here"]);
    command.args(["--snapshots", folder.to_str().unwrap()]).output().unwrap().status.code()
}

fn review(folder: &Path, answers: &str) -> String {
    let mut command = conformance();
    command.args(["review", "--snapshots", folder.to_str().unwrap()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    stdout(&output)
}

const SCHEMA: &str = "schemas/conversation.json";

#[rstest]
#[case::additive(
    "\"properties\": {",
    "\"properties\": { \"archived\": { \"default\": false },",
    "additive",
    "/archived is new"
)]
#[case::breaking(
    "\"const\": \"conversation\"",
    "\"const\": \"thread\"",
    "breaking",
    "/kind is \"thread\" instead of \"conversation\""
)]
fn a_change_is_labelled(#[case] from: &str, #[case] to: &str, #[case] label: &str, #[case] what: &str) {
    let (suite, folder) = (SuiteCopy::new(), TempDir::new().unwrap());
    remember(&suite, folder.path(), "lifecycle/update-again");
    suite.edit(SCHEMA, from, to);
    assert_eq!(remember(&suite, folder.path(), "lifecycle/update-again"), Some(1));
    let shown = review(folder.path(), "s\n");
    assert!(shown.contains(&format!("here/lifecycle/update-again 1 of 1 {label}")), "{shown}");
    assert!(shown.contains(what), "{shown}");
    assert!(shown.contains("accepted 0, rejected 0, still pending 1"), "{shown}");
}

#[test]
fn each_is_accepted_rejected_or_skipped_and_the_rest_is_left() {
    let (suite, folder) = (SuiteCopy::new(), TempDir::new().unwrap());
    remember(&suite, folder.path(), "lifecycle");
    suite.edit(SCHEMA, "\"properties\": {", "\"properties\": { \"archived\": { \"default\": false },");
    assert_eq!(remember(&suite, folder.path(), "lifecycle"), Some(1));
    let shown = review(folder.path(), "x\na\nr\ns\nq\n");
    assert!(shown.contains("a, r, s or q?"), "{shown}");
    assert!(shown.contains("accepted 1, rejected 1, still pending "), "{shown}");
    let kept = |ending: &str| {
        let found = std::fs::read_dir(folder.path().join("here/lifecycle")).unwrap();
        found.filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().ends_with(ending)).count()
    };
    assert_eq!((kept(".snap"), kept(".snap.new")), (7, 5));
    // The end of the input is the end of the review.
    assert!(review(folder.path(), "a\n").contains("accepted 1, rejected 0, still pending 4"));
}

#[test]
fn nothing_pending_is_said() {
    let folder = TempDir::new().unwrap();
    assert!(review(folder.path(), "").contains("nothing is pending in"));
}

#[test]
fn shells_and_manuals_are_served() {
    let script = crate::context::run(&["completions", "bash"]);
    assert!(stdout(&script).contains("complete -F _conformance"), "{}", stdout(&script));
    let manual = crate::context::run(&["man"]);
    assert!(stdout(&manual).contains(".TH conformance 1") && stdout(&manual).contains(".TH conformance-run 1"));
}

#[test]
fn a_name_that_nothing_pending_has_is_told_with_those_that_there_are() {
    let (suite, folder) = (SuiteCopy::new(), TempDir::new().unwrap());
    remember(&suite, folder.path(), "lifecycle/update-again");
    suite.edit(SCHEMA, "\"properties\": {", "\"properties\": { \"archived\": { \"default\": false },");
    remember(&suite, folder.path(), "lifecycle/update-again");
    let folder = folder.path().to_str().unwrap();
    let output = crate::context::run(&["accept", "--snapshots", folder, "nosuch"]);
    assert_eq!(output.status.code(), Some(2));
    let said = crate::context::stderr(&output);
    assert!(said.contains("nothing that is pending is called nosuch"), "{said}");
    assert!(said.contains("pending are here/lifecycle/update-again"), "{said}");
}
