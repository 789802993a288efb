//! `conformance init`: the built-in suite as files.

use std::fs;

use tempfile::TempDir;

use crate::context::{MockServer, run, stderr, stdout};

#[test]
fn the_suite_that_is_written_can_be_checked_changed_and_served() {
    let folder = TempDir::new().unwrap();
    let suite = folder.path().join("own");
    let shown = suite.to_str().unwrap();
    let written = run(&["init", shown]);
    assert_eq!((written.status.code(), stdout(&written).as_str()), (Some(0), ""), "{}", stderr(&written));
    assert!(stderr(&written).contains(&format!("conformance mock --suite {shown}")), "{}", stderr(&written));
    assert_eq!(run(&["check", "--suite", shown]).status.code(), Some(0));
    let verified = run(&["run", "--suite", shown, "--only", "lifecycle"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    let schema = suite.join("schemas/conversation.json");
    let text = fs::read_to_string(&schema).unwrap();
    let own = text.replacen("\"kind\": {", "\"team\": { \"const\": \"ours\" },\n    \"kind\": {", 1);
    fs::write(&schema, own).unwrap();
    let server = MockServer::start(&["--quiet", "--suite", shown]);
    let body = serde_json::json!({ "displayName": "x" });
    assert_eq!(server.send("t", "POST", "/v2/conversations", Some(body)).1["team"], "ours");
}

#[test]
fn what_stands_there_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    for place in [folder.path(), &notes] {
        let refused = run(&["init", place.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("not an empty folder"), "{}", stderr(&refused));
    }
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let other = run(&["--suite", ".", "init", "nowhere"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("takes no --suite"), "{}", stderr(&other));
}
