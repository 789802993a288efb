//! The mock is driven by the schemas: edit one and the served bodies follow; break one and the mock refuses to start.

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, SuiteCopy};

/// Every answer that shows a conversation: create, retrieve, update, list.
fn every_body(server: &MockServer) -> Vec<Value> {
    let (status, created) = server.send("t", "POST", "/v2/conversations", Some(json!({ "displayName": "One" })));
    assert_eq!(status, 201, "{created}");
    let path = format!("/v2/conversations/{}", created["_id"].as_str().unwrap());
    let (_, retrieved) = server.send("t", "GET", &path, None);
    let (_, updated) = server.send("t", "PATCH", &path, Some(json!({ "displayName": "Two" })));
    let (_, list) = server.send("t", "GET", "/v2/conversations", None);
    vec![created, retrieved, updated, list["data"][0].clone()]
}

#[test]
fn a_property_with_a_default_is_served_everywhere() {
    let suite = SuiteCopy::new();
    let archived = r#""properties": { "archived": { "type": "boolean", "default": false },"#;
    suite.edit("schemas/conversation.json", "\"properties\": {", archived);
    let server = MockServer::start(&["--suite", suite.path()]);
    for body in every_body(&server) {
        assert_eq!(body["archived"], json!(false), "{body}");
    }
}

#[test]
fn a_property_with_a_const_is_served_everywhere() {
    let suite = SuiteCopy::new();
    suite.edit("schemas/conversation.json", "\"const\": \"conversation\"", "\"const\": \"talk\"");
    let server = MockServer::start(&["--suite", suite.path()]);
    for body in every_body(&server) {
        assert_eq!(body["kind"], json!("talk"), "{body}");
    }
}

#[test]
fn a_dropped_property_is_served_nowhere() {
    let suite = SuiteCopy::new();
    suite.edit("schemas/conversation.json", r#""createdAt", "updatedAt"]"#, r#""createdAt"]"#).edit(
        "schemas/conversation.json",
        r##""updatedAt": { "$ref": "#/$defs/time", "readOnly": true },"##,
        "",
    );
    let server = MockServer::start(&["--suite", suite.path()]);
    for body in every_body(&server) {
        assert_eq!(body.get("updatedAt"), None, "{body}");
    }
}

#[test]
fn a_narrowed_property_is_narrower_for_clients_too() {
    let suite = SuiteCopy::new();
    suite.edit("schemas/conversation.json", "\"maxLength\": 100", "\"maxLength\": 30");
    let server = MockServer::start(&["--suite", suite.path()]);
    let create = |length: usize| {
        server.send("t", "POST", "/v2/conversations", Some(json!({ "displayName": "x".repeat(length) }))).0
    };
    assert_eq!((create(30), create(31)), (201, 400));
}

#[test]
fn a_body_that_only_some_state_can_break_is_a_500_that_names_the_rule() {
    let suite = SuiteCopy::new();
    // The response is narrower than what create takes: only some names show it.
    suite.edit(
        "schemas/conversation.json",
        r##""displayName": { "$ref": "#/$defs/displayName" },"##,
        r##""displayName": { "$ref": "#/$defs/displayName", "pattern": "^[A-Z]" },"##,
    );
    let server = MockServer::start(&["--suite", suite.path()]);
    let create = |name: &str| server.send("t", "POST", "/v2/conversations", Some(json!({ "displayName": name })));
    assert_eq!(create("Fine").0, 201);
    let (status, body) = create("not fine");
    assert_eq!(status, 500);
    let message = body["message"].as_str().unwrap();
    assert!(message.contains("schemas/conversation.json#/properties/displayName/pattern"), "{message}");
    let (_, list) = server.send("t", "GET", "/v2/conversations", None);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "what cannot be shown is not kept");
}

#[rstest]
#[case::unknown_keyword(
    "unknown_keyword",
    &[("schemas/conversation.json", "\"maxLength\": 100", "\"maxLenght\": 3")]
)]
#[case::dangling_reference(
    "dangling_reference",
    &[("schemas/conversation.json", "#/$defs/displayName", "#/$defs/displayname")]
)]
#[case::dangling_file(
    "dangling_file",
    &[("schemas/create-conversation.response.json", "\"conversation.json\"", "\"conversatoin.json\"")]
)]
#[case::nothing_can_produce_it(
    "nothing_can_produce_it",
    &[
        ("schemas/conversation.json", "\"updatedAt\"]", "\"updatedAt\", \"owner\"]"),
        ("schemas/conversation.json", "\"properties\": {", "\"properties\": { \"owner\": { \"type\": \"string\" },"),
    ]
)]
#[case::keyword_of_the_wrong_type(
    "keyword_of_the_wrong_type",
    &[("schemas/conversation.json", "\"maxLength\": 100", "\"maxLength\": \"100\"")]
)]
#[case::invalid_json("invalid_json", &[("schemas/conversation.json", "\"type\": \"object\",", "\"type\": \"object\"")])]
#[case::unknown_page_parameter(
    "unknown_page_parameter",
    &[("schemas/openapi.yaml", "after: starting_after", "after: startingAfter")]
)]
#[case::page_items_that_are_not_there("page_items", &[("schemas/openapi.yaml", "items: /data", "items: /date")])]
#[case::example_that_breaks_its_rule(
    "example_that_breaks_its_rule",
    &[("schemas/conversation.json", "\"maxLength\": 100", "\"maxLength\": 5")]
)]
#[case::error_without_a_message(
    "error_without_a_message",
    &[("schemas/not-found.response.json", "[\"message\"]", "[\"message\", \"code\"]")]
)]
#[case::path_of_the_mock("path_of_the_mock", &[("schemas/openapi.yaml", "  /v2/conversations:", "  /~/conversations:")])]
fn a_broken_suite_is_refused_at_start(#[case] name: &str, #[case] edits: &[(&str, &str, &str)]) {
    let suite = SuiteCopy::new();
    for (file, from, to) in edits {
        suite.edit(file, from, to);
    }
    for verb in [&["mock", "--port", "0"][..], &["run"], &["check"]] {
        let (code, said) = suite.run(verb);
        assert_eq!(code, Some(2), "{verb:?}: {said}");
        insta::assert_snapshot!(name, said);
    }
}

#[test]
fn a_missing_suite_says_what_a_suite_is() {
    let suite = SuiteCopy::new();
    std::fs::remove_file(suite.folder.path().join("schemas/openapi.yaml")).unwrap();
    let (code, said) = suite.run(&["check"]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(said);
}
