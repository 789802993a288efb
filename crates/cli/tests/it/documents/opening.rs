//! What is given as a document: a file, a folder, files that refer to each other; and what is refused, with advice.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;

use super::client::Server;
use crate::context::conformance;

/// What the mock says when it does not start, after its exit code.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let mut command = conformance();
    command.args(["mock", "--port", "0"]).args(args).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A mock that does start would never end.
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    if !url.is_empty() {
        child.kill().unwrap();
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(url, "", "it started");
    (code, said)
}

/// A folder with one file.
fn folder(name: &str, text: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

#[rstest]
#[case::another_yaml(b"name: api\non: push\n", &["found `name`, `on`", "openapi: 3.1.0"])]
#[case::a_list(b"- openapi\n", &["no object at the top", "give an OpenAPI document"])]
#[case::nothing(b"", &["give an OpenAPI document"])]
#[case::a_future_version(b"openapi: 4.0.0\npaths: {}\n", &["version 4.0.0 is not known", "3.2 can be read"])]
#[case::no_paths(b"openapi: 3.0.0\ninfo: { title: x, version: '1' }\n", &["it has no `paths`", "below `paths`"])]
#[case::broken_json(b"{\n  \"openapi\": \"3.1.0\",\n}", &["not valid JSON", "api.yaml:3:1"])]
#[case::broken_yaml(b"openapi: 3.1.0\npaths: { a: [\n", &["api.yaml:"])]
#[case::no_text(b"\x00\xff\xfe\x01", &["api.yaml"])]
fn what_is_no_document_is_told_with_what_was_found(#[case] text: &[u8], #[case] said: &[&str]) {
    let folder = folder("api.yaml", text);
    let (code, told) = refused(&["--openapi", folder.path().join("api.yaml").to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("help:"), "no advice in {told}");
    for one in said {
        assert!(told.contains(one), "no `{one}` in {told}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (code, told) = refused(&["--openapi", "/nowhere/api.yaml"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("/nowhere/api.yaml"), "{told}");
}

#[test]
fn a_folder_without_a_document_is_told_which_names_count() {
    let folder = folder("api.yaml", b"openapi: 3.1.0\npaths: {}\n");
    let (code, told) = refused(&["--openapi", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("holds no OpenAPI document") && told.contains("openapi.yaml, openapi.yml"), "{told}");
}

#[test]
fn what_only_a_suite_has_does_not_go_with_a_document() {
    let folder = folder("openapi.yaml", b"openapi: 3.1.0\npaths: {}\n");
    let (code, told) = refused(&["--openapi", folder.path().to_str().unwrap(), "--strict"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("cannot be used with") && told.contains("--strict") && told.contains("--openapi"), "{told}");
}

#[rstest]
#[case::yaml("openapi.yaml")]
#[case::json("openapi.json")]
#[case::of_2_0("swagger.json")]
fn a_folder_holds_its_document(#[case] name: &str) {
    let response = json!({ "200": { "description": "ok", "schema": { "type": "object" } } });
    let head = if name.starts_with("swagger") { json!({ "swagger": "2.0" }) } else { json!({ "openapi": "3.0.0" }) };
    let mut document =
        json!({ "info": { "title": "x", "version": "1" }, "paths": { "/ping": { "get": { "responses": response } } } });
    document.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
    let folder = folder(name, document.to_string().as_bytes());
    let server = Server::at(folder.path().to_str().unwrap(), &[]);
    server.ask("GET /ping").must(200);
    server.ask("GET /pong").must(404);
}

#[test]
fn a_reference_leads_into_the_file_beside() {
    let folder = folder(
        "openapi.yaml",
        b"openapi: 3.1.0
info: { title: Moons, version: '1' }
paths:
  /moons:
    post:
      requestBody: { content: { application/json: { schema: { $ref: schemas/moon.yaml } } } }
      responses: { '201': { description: Made., content: { application/json: { schema: { $ref: './schemas/moon.yaml' } } } } }
  /moons/{id}:
    $ref: 'moon-path.yaml#/item'
",
    );
    fs::create_dir(folder.path().join("schemas")).unwrap();
    fs::write(
        folder.path().join("schemas/moon.yaml"),
        "type: object
required: [name]
properties: { id: { $ref: 'id.json' }, name: { type: string, minLength: 2 } }
",
    )
    .unwrap();
    fs::write(folder.path().join("schemas/id.json"), r#"{ "type": "integer", "readOnly": true }"#).unwrap();
    fs::write(
        folder.path().join("moon-path.yaml"),
        "item:
  parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
  get:
    responses:
      '200': { description: One., content: { application/json: { schema: { $ref: 'schemas/moon.yaml' } } } }
      '404': { description: None. }
",
    )
    .unwrap();
    let server = Server::at(folder.path().to_str().unwrap(), &[]);
    let moon = server.json("POST /moons", &json!({ "name": "Io" })).must(201);
    assert_eq!(server.ask(&format!("GET /moons/{}", moon["id"])).must(200), moon);
    assert_eq!(moon["name"], "Io");
    server.json("POST /moons", &json!({ "name": "I" })).must(400);
    server.ask("GET /moons/5000").must(404);
}
