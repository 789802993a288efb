//! `mock --watch`: what is mocked follows its files, and keeps what it holds.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{MockServer, SuiteCopy, root, run, stderr};

/// A document of pets in a folder of its own, and a mock that follows it.
fn watched() -> (TempDir, std::path::PathBuf, MockServer) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("pets.yaml");
    fs::copy(root().join("fixtures/documents/pets.yaml"), &file).unwrap();
    let server = MockServer::start(&["--quiet", "--watch", "--openapi", file.to_str().unwrap()]);
    (folder, file, server)
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "no `{from}` in {text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

fn create(server: &MockServer, name: &str) -> Value {
    let (status, made) = server.send("t", "POST", "/pets", Some(json!({ "name": name, "kind": "dog" })));
    assert_eq!(status, 201, "{made}");
    made
}

#[test]
fn a_change_of_the_document_is_served_and_objects_stay() {
    let (_folder, file, server) = watched();
    let made = create(&server, "Rex");
    edit(
        &file,
        "paths:\n",
        "paths:\n  /zoos:\n    get:\n      operationId: zoos\n      responses:\n        \"200\":\n          description: All.\n          content: { application/json: { schema: { type: array, items: { type: object } } } }\n",
    );
    server.wait_for("reloaded in");
    assert_eq!(server.send("t", "GET", "/zoos", None).0, 200);
    let id = made["id"].as_str().map_or_else(|| made["id"].to_string(), str::to_owned);
    assert_eq!(server.send("t", "GET", &format!("/pets/{id}"), None), (200, made));
    let contract = server.send("t", "GET", "/__conformance/contract.json", None).1;
    assert!(contract["paths"]["/zoos"].is_object(), "the inspector shows it, too");
}

#[test]
fn a_broken_change_is_told_and_changes_nothing() {
    let (_folder, file, server) = watched();
    create(&server, "Rex");
    let right = fs::read_to_string(&file).unwrap();
    fs::write(&file, right.replace("paths:", "paths: [")).unwrap();
    let told = server.wait_for("the change was not taken");
    assert!(told.contains("pets.yaml:"), "{told}");
    assert_eq!(server.send("t", "GET", "/pets", None).1["total"], 1);
    fs::write(&file, right).unwrap();
    server.wait_for("reloaded in");
    assert_eq!(server.send("t", "GET", "/pets", None).1["total"], 1);
}

#[test]
fn an_object_that_does_not_fit_any_more_is_named() {
    let suite = SuiteCopy::new();
    let folder = suite.folder.path();
    let server = MockServer::start(&["--quiet", "--watch", "--suite", folder.to_str().unwrap()]);
    for name in ["Short", "Longer than twenty characters"] {
        assert_eq!(server.send("t", "POST", "/v2/conversations", Some(json!({ "displayName": name }))).0, 201);
    }
    edit(&folder.join("schemas/conversation.json"), "\"maxLength\": 100", "\"maxLength\": 20");
    let told = server.wait_for("does not fit any more");
    assert!(told.contains("reloaded in"), "{told}");
    let listed = server.send("t", "GET", "/v2/conversations", None).1["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed[0]["displayName"], "Short");
}

#[test]
fn the_built_in_suite_has_no_files_to_watch() {
    let output = run(&["mock", "--watch", "--port", "0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the built-in suite has none"), "{}", stderr(&output));
}
