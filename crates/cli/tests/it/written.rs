//! Scenarios that are written beside a document: what they may send, and what becomes of what they create.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::context::{MockServer, run, stderr, stdout};

/// Cats and dogs, whose ids are whole numbers that begin alike; notes, whose response shows no id.
const DOCUMENT: &str = r##"
openapi: 3.1.0
info: { title: Shelter, version: "1" }
security: [{ token: [] }]
paths:
  /cats:
    get:
      operationId: listCats
      responses:
        "200": { description: All., content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Animal" } } } } }
    post:
      operationId: addCat
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/New" } } } }
      responses:
        "201": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Animal" } } } }
  /cats/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: getCat
      responses:
        "200": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Animal" } } } }
        "404": { description: None. }
    delete:
      operationId: removeCat
      responses: { "204": { description: Gone. }, "404": { description: None. } }
  /dogs:
    get:
      operationId: listDogs
      responses:
        "200": { description: All., content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Animal" } } } } }
    post:
      operationId: addDog
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/New" } } } }
      responses:
        "201": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Animal" } } } }
  /dogs/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    delete:
      operationId: removeDog
      responses: { "204": { description: Gone. }, "404": { description: None. } }
  /dogs/{id}/walk:
    post:
      operationId: walkDog
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses: { "204": { description: Walked. } }
components:
  securitySchemes: { token: { type: http, scheme: bearer } }
  schemas:
    New: { type: object, required: [name], properties: { name: { type: string } } }
    Animal: { type: object, required: [id, name], properties: { id: { type: integer }, name: { type: string } } }
"##;

/// The document with a scenario beside it.
fn shelter(steps: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("openapi.yaml"), DOCUMENT).unwrap();
    fs::create_dir_all(folder.path().join("scenarios/shelter")).unwrap();
    let text = format!("summary: A scenario of the shelter's\nsteps:\n{steps}");
    fs::write(folder.path().join("scenarios/shelter/own.yaml"), text).unwrap();
    folder
}

/// The exit code of a run of that scenario, and what it tells.
fn play(folder: &TempDir, server: &MockServer, more: &[&str]) -> (Option<i32>, String) {
    let path = folder.path().to_str().unwrap();
    let arguments = ["run", "--openapi", path, "--base-url", &server.url, "--token", "t", "--only", "shelter", "-v"];
    let played = run(&[&arguments, more].concat());
    (played.status.code(), stdout(&played) + &stderr(&played))
}

fn mock(folder: &TempDir) -> MockServer {
    MockServer::start(&["--quiet", "--openapi", folder.path().to_str().unwrap()])
}

const CAT: &str =
    "  - operationId: addCat\n    requestBody: { name: \"{$marker}\" }\n    outputs: { id: $response.body#/id }\n";

#[test]
fn an_object_of_another_kind_with_the_same_id_is_not_touched() {
    let folder = shelter(&format!(
        "{CAT}  - operationId: removeDog\n    parameters: {{ id: $outputs.id }}\n    expect:\n      - {{ cites: removeDog.documented-status, status: 204 }}\n"
    ));
    let server = mock(&folder);
    let dog = server.send("t", "POST", "/dogs", Some(json!({ "name": "Theirs" }))).1;
    assert_eq!(dog["id"], 1001, "both kinds begin alike");
    let (code, told) = play(&folder, &server, &[]);
    assert_eq!(code, Some(4), "nothing was verified: {told}");
    assert!(told.contains("is sent to objects of the run's own only"), "{told}");
    assert_eq!(server.send("t", "GET", "/dogs", None).1, json!([dog]), "it is still there");
    assert_eq!(server.send("t", "GET", "/cats", None).1, json!([]), "what the run created is gone");
}

#[test]
fn an_action_needs_an_object_of_the_runs_own_or_leave() {
    let folder = shelter(
        "  - operationId: walkDog\n    parameters: { id: 7 }\n    expect:\n      - { cites: walkDog.documented-status, status: 204 }\n",
    );
    let server = mock(&folder);
    let (code, told) = play(&folder, &server, &[]);
    assert_eq!(code, Some(4), "nothing was verified: {told}");
    assert!(told.contains("`--allow walkDog` sends it"), "{told}");
    let (code, told) = play(&folder, &server, &["--allow", "walkDog"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("pass MUST walkDog.documented-status"), "{told}");
}

#[test]
fn a_second_token_looks_and_does_not_create() {
    let folder = shelter(&format!(
        "{CAT}  - operationId: getCat\n    token: second\n    parameters: {{ id: $outputs.id }}\n    expect:\n      - {{ cites: getCat.unknown-id, status: 404 }}\n  - operationId: addCat\n    token: second\n    requestBody: {{ name: x }}\n    expect:\n      - {{ cites: addCat.creates, status: 201 }}\n"
    ));
    let file = folder.path().join("scenarios/shelter/own.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("steps:", "needs: [second-token]\nsteps:")).unwrap();
    let server = mock(&folder);
    let (code, told) = play(&folder, &server, &["--second-token", "other"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("getCat.unknown-id") && told.contains("could not be deleted"), "{told}");
    assert_eq!(server.send("other", "GET", "/cats", None).1, json!([]));
    let (_, told) = play(&folder, &server, &[]);
    assert!(told.contains("it needs a token of another workspace"), "{told}");
}

#[test]
fn what_is_read_after_a_create_without_an_id_is_not_taken_for_one() {
    let folder = shelter(
        "  - operationId: addCat\n    requestBody: { name: \"{$marker}\" }\n  - operationId: listCats\n    expect:\n      - { cites: listCats.documented-status, status: 200 }\n",
    );
    let file = folder.path().join("openapi.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let other = folder.path().join("server.yaml");
    // The server's create shows no id, though its document says that it does.
    fs::write(
        &other,
        text.replacen(
            "required: [id, name], properties: { id: { type: integer }, name",
            "required: [name], properties: { name",
            1,
        ),
    )
    .unwrap();
    let server = MockServer::start(&["--quiet", "--openapi", other.to_str().unwrap()]);
    let (_, told) = play(&folder, &server, &[]);
    assert!(told.contains("created 1, deleted 0, left 1"), "{told}");
}

#[test]
fn another_method_on_a_create_is_not_a_create() {
    let folder = shelter(
        "  - operationId: addCat\n    raw: { method: DELETE }\n    expect:\n      - { cites: addCat.no-server-error, status: 4XX }\n",
    );
    let server = mock(&folder);
    let (code, told) = play(&folder, &server, &[]);
    assert_eq!(code, Some(4), "nothing was verified: {told}");
    assert!(told.contains("is sent to objects of the run's own only"), "{told}");
}

#[test]
fn what_the_scenario_deleted_is_not_deleted_again() {
    let folder = shelter(&format!(
        "{CAT}  - operationId: removeCat\n    parameters: {{ id: $outputs.id }}\n    expect:\n      - {{ cites: removeCat.documented-status, status: 204 }}\n"
    ));
    let server = MockServer::start(&["--openapi", folder.path().to_str().unwrap()]);
    let (code, told) = play(&folder, &server, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("created 1, deleted 1, left 0"), "{told}");
    assert_eq!(server.log().matches("DELETE /cats/").count(), 1);
}

#[test]
fn tokens_are_not_told() {
    let secret = "a-token-of-some-length";
    let folder = shelter(&format!(
        "  - operationId: addCat\n    requestBody: {{ name: {secret} }}\n    expect:\n      - {{ cites: addCat.creates, that: $response.body#/name, equals: another }}\n"
    ));
    let server = mock(&folder);
    let path = folder.path().to_str().unwrap();
    let report = folder.path().join("report.json");
    let json = format!("json={}", report.display());
    let arguments = [
        "run",
        "--openapi",
        path,
        "--base-url",
        &server.url,
        "--token",
        secret,
        "--only",
        "shelter",
        "--report",
        &json,
    ];
    let played = run(&arguments);
    assert_eq!(played.status.code(), Some(1));
    let told = stdout(&played) + &stderr(&played) + &fs::read_to_string(&report).unwrap();
    // The scenario's own file has it, and is quoted where the check stands; nothing that was sent or answered has it.
    let quoted = told.lines().filter(|line| line.contains(secret) && !line.contains("requestBody")).collect::<Vec<_>>();
    assert!(quoted.is_empty(), "{quoted:#?}");
}
