//! What a run against a document tells: the line of the document, and of many failures of one kind a card that holds them all.

use crate::context::{MockServer, root, run, stdout};
use crate::control::ask;

#[test]
fn many_failures_of_one_kind_are_one_card() {
    let path = root().join("fixtures/documents/pets.yaml").display().to_string();
    let server = MockServer::start(&["--quiet", "--openapi", &path]);
    // Whatever is wrong with a body, the server mends it.
    let fault = r#"{ "faults": [{ "on": { "operation": "createPet" }, "request": { "body": { "name": "Rex", "kind": "cat" } } }] }"#;
    let (status, refused) = ask(&server, "PUT /__conformance/faults", fault);
    assert_eq!(status, 204, "{refused}");
    let output = run(&["run", "--openapi", &path, "--base-url", &server.url, "--only", "pets/rejects"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let cards = said.matches("fail MUST createPet.rejects-wrong-bodies").count();
    assert_eq!(cards, 3, "{said}");
    assert!(said.contains("      of these  POST /pets rejects a body in which "), "{said}");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("operationId: createPet")).unwrap();
    let body =
        text.lines().skip(line).position(|line| line.trim_start().starts_with("requestBody:")).unwrap() + line + 1;
    assert!(said.contains(&format!("at        {path}:{body}\n")), "{body}: {said}");
}

#[test]
fn the_report_for_programs_keeps_its_schema() {
    let path = root().join("fixtures/documents/pets.yaml").display().to_string();
    let server = MockServer::start(&["--quiet", "--openapi", &path]);
    let output = run(&["run", "--openapi", &path, "--base-url", &server.url, "--format", "json"]);
    let report = serde_json::from_slice(&output.stdout).unwrap();
    crate::reports::is_valid(&report);
}
