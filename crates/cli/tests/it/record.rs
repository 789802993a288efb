//! `record`: what a client does at a real server becomes a scenario that passes on a fresh one, and fixtures that load.

use std::fs;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{MockServer, SuiteCopy, root, run, stderr, stdout};
use crate::control::send;

const SECRET: &str = "a-token-that-nobody-shall-read";

fn document(name: &str) -> String {
    root().join(format!("fixtures/documents/{name}.yaml")).display().to_string()
}

/// A recorder before a server.
fn record(real: &MockServer, args: &[&str]) -> MockServer {
    MockServer::start_as("record", &[&["--base-url", &real.url], args].concat())
}

/// Creates, reads, deletes, looks again; meets what was there before, and an id that nobody has.
fn use_pets(server: &MockServer) {
    let before = server.send(SECRET, "GET", "/pets", None).1;
    let foreign = before["items"][0]["id"].clone();
    let (status, made) = server.send(SECRET, "POST", "/pets", Some(json!({ "name": "Rex", "kind": "dog" })));
    assert_eq!(status, 201, "{made}");
    let own = format!("/pets/{}", made["id"].as_str().map_or_else(|| made["id"].to_string(), str::to_owned));
    assert_eq!(server.send(SECRET, "GET", &own, None).0, 200);
    let foreign = format!("/pets/{}", foreign.as_str().map_or_else(|| foreign.to_string(), str::to_owned));
    assert_eq!(server.send(SECRET, "GET", &foreign, None).0, 200);
    assert_eq!(server.send(SECRET, "DELETE", &own, None).0, 204);
    assert_eq!(server.send(SECRET, "GET", &own, None).0, 404);
    assert_eq!(server.send(SECRET, "POST", "/pets", Some(json!({ "name": 7, "kind": "dog" }))).0, 400);
}

#[test]
fn a_recorded_scenario_passes_on_a_fresh_server_and_recorded_fixtures_load() {
    let real = MockServer::start(&["--quiet", "--openapi", &document("pets"), "--populate", "3"]);
    let folder = TempDir::new().unwrap();
    let (scenario, fixtures) = (folder.path().join("scenarios/recorded/pets.yaml"), folder.path().join("seeds.yaml"));
    let recorder = record(
        &real,
        &[
            "--openapi",
            &document("pets"),
            "--scenario",
            scenario.to_str().unwrap(),
            "--fixtures",
            fixtures.to_str().unwrap(),
        ],
    );
    use_pets(&recorder);
    let (code, said) = recorder.interrupt();
    // A body of the wrong type is worth a warning, no more: the client may have meant it.
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("left out: GET /pets/") && said.contains("was there before the recording"), "{said}");
    let text = fs::read_to_string(&scenario).unwrap();
    assert!(!text.contains(SECRET) && !said.contains(SECRET), "{text}{said}");
    assert_eq!(text.matches("operationId").count(), 6, "{text}");
    assert!(text.contains("$outputs.") && text.contains("status: 201"), "{text}");
    // On a fresh server, beside the document that it speaks of.
    fs::copy(document("pets"), folder.path().join("openapi.yaml")).unwrap();
    let output = run(&["run", "--openapi", folder.path().to_str().unwrap(), "--only", "recorded"]);
    assert_eq!(output.status.code(), Some(0), "{text}{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 scenario: "), "{}", stdout(&output));
    let again =
        MockServer::start(&["--quiet", "--openapi", &document("pets"), "--fixtures", fixtures.to_str().unwrap()]);
    let items = again.send("me", "GET", "/pets", None).1["items"].clone();
    let names = |items: &Value| items.as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&items), names(&real.send("me", "GET", "/pets", None).1["items"]));
}

/// The HTTP Archive of what a client did at a server.
fn archive(server: &MockServer, requests: &[(&str, &str, &str)]) -> Value {
    let mut entries = Vec::new();
    let mut id = String::new();
    for (method, path, body) in requests {
        let path = path.replace("{id}", &id);
        let fields = [("authorization", "Bearer abcdefgh"), ("content-type", "application/json")];
        let (status, _, answer) = send(server, &format!("{method} {path}"), &fields, body);
        if let Some(made) = answer["_id"].as_str() {
            made.clone_into(&mut id);
        }
        let headers: Vec<Value> = fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let text = if answer.is_null() { String::new() } else { answer.to_string() };
        entries.push(json!({
            "time": 1.5,
            "request": { "method": method, "url": format!("{}{path}", server.url), "headers": headers,
                "postData": { "mimeType": "application/json", "text": body } },
            "response": { "status": status, "headers": [{ "name": "Content-Type", "value": "application/json" }],
                "content": { "mimeType": "application/json", "text": text } },
        }));
    }
    entries.push(json!({
        "request": { "method": "GET", "url": "https://fonts.example/a.woff2", "headers": [] }, "response": { "status": 200 },
    }));
    json!({ "log": { "version": "1.2", "creator": { "name": "a browser", "version": "1" }, "entries": entries } })
}

#[test]
fn what_a_browser_exported_becomes_a_scenario_of_a_suite() {
    let server = MockServer::start(&["--quiet"]);
    let har = archive(
        &server,
        &[
            ("POST", "/v2/conversations", r#"{"displayName":"From a page"}"#),
            ("GET", "/v2/conversations/{id}", ""),
            ("PATCH", "/v2/conversations/{id}", r#"{"displayName":"Renamed"}"#),
            ("GET", "/v2/conversations?limit=5", ""),
            ("DELETE", "/v2/conversations/{id}", ""),
            ("GET", "/v2/conversations/{id}", ""),
        ],
    );
    let copy = SuiteCopy::new();
    let file = copy.folder.path().join("page.har");
    fs::write(&file, har.to_string()).unwrap();
    let scenario = copy.folder.path().join("fixtures/scenarios/recorded/page.yaml");
    let given = ["--har", file.to_str().unwrap(), "--base-url", &server.url, "--scenario", scenario.to_str().unwrap()];
    let output = run(&[&["record", "--suite", copy.path()], &given[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(&scenario).unwrap();
    assert_eq!(text.matches("operationId").count(), 6, "{text}");
    assert_eq!(text.matches("$outputs.").count(), 4, "{text}");
    assert!(!text.contains("conv_"), "ids are those of the next run: {text}");
    let output = run(&["run", "--suite", copy.path(), "--only", "recorded/page"]);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(stdout(&output).contains(" passed"), "{}", stdout(&output));
    // Nothing is written over.
    let output = run(&[&["record", "--suite", copy.path()], &given[..]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("is there already"), "{}", stderr(&output));
}

#[test]
fn what_passes_is_verified() {
    let real = MockServer::start(&["--quiet", "--fault", "create-answers-202"]);
    let recorder = record(&real, &[]);
    let (status, _) = recorder.send(SECRET, "POST", "/v2/conversations", Some(json!({ "displayName": "A" })));
    assert_eq!(status, 202);
    let (code, said) = recorder.interrupt();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("response: POST /v2/conversations: the status 202 is not documented"), "{said}");
}

#[test]
fn nothing_recorded_is_not_green() {
    let real = MockServer::start(&["--quiet"]);
    let (code, said) = record(&real, &[]).interrupt();
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("nothing was recorded"), "{said}");
}

#[rstest]
#[case::no_json("nothing", "this is no JSON")]
#[case::another_file("{}", "expected `log.entries`")]
fn what_is_no_archive_is_said(#[case] text: &str, #[case] expected: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("page.har");
    fs::write(&file, text).unwrap();
    let output = run(&["record", "--har", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected) && stderr(&output).contains("page.har"), "{}", stderr(&output));
}
