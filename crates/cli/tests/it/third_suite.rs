//! What a contract may say beyond the first two suites is obeyed by the mock and judged by the runner.

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, root, run, stderr, stdout};

const SUITE: &str = "crates/cli/tests/suites/tickets";

#[test]
fn it_is_sound_and_judged() {
    let output = run(&["check", "--suite", SUITE]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = run(&["run", "--suite", SUITE]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("left 0"));
}

#[test]
fn each_list_has_its_own_form_and_each_id_is_a_number() {
    let server = MockServer::start(&["--suite", SUITE]);
    for title in ["Leak", "Noise"] {
        let (status, made) = server.send("t", "POST", "/tickets", Some(json!({ "title": title, "password": "p" })));
        assert_eq!((status, made["title"].as_str(), made.get("password")), (201, Some(title), None));
    }
    let (_, page) = server.send("t", "GET", "/tickets?limit=1", None);
    assert_eq!((&page["tickets"][0]["id"], &page["more"]), (&json!(1), &json!(true)));
    assert!(page["tickets"][0]["openedAt"].is_number());
    let (_, page) = server.send("t", "GET", "/tickets?limit=1&after=1", None);
    assert_eq!((&page["tickets"][0]["id"], &page["more"]), (&json!(2), &json!(false)));
    let (_, summaries) = server.send("t", "GET", "/tickets/summaries", None);
    assert_eq!(summaries, json!({ "summaries": [{ "id": 1, "title": "Leak" }, { "id": 2, "title": "Noise" }] }));
    let (status, closed) = server.send("t", "DELETE", "/tickets/1", None);
    assert_eq!((status, closed), (200, json!({ "id": 1, "deleted": true })));
    assert_eq!(server.send("t", "GET", "/tickets/1", None).0, 404);
}

#[test]
fn lists_in_the_query_are_read_by_their_style_and_held_to_their_items() {
    let server = MockServer::start(&["--suite", SUITE]);
    let status = |query: &str| server.send("t", "GET", &format!("/tickets?{query}"), None);
    assert_eq!(status("labels=a&labels=b&priorities=1,5").0, 200);
    let (code, wrong) = status("priorities=1,x");
    assert_eq!(code, 400);
    assert!(wrong["message"].as_str().is_some_and(|text| text.contains("priorities")), "{wrong}");
    assert_eq!(status("priorities=1,6").0, 400);
}

#[test]
fn what_is_read_only_is_ignored_and_noted() {
    let server = MockServer::start(&["--suite", SUITE]);
    let (_, made) = server.send("t", "POST", "/tickets", Some(json!({ "title": "Leak", "id": 7 })));
    assert_eq!(made["id"], Value::from(1));
    let log = server.log();
    assert!(log.contains("body/id: is read-only"), "{log}");
}

/// What the mock could only answer with a 500, it does not start to serve.
#[rstest]
#[case::a_header_field_that_nothing_gives(
    "{ const: \"1\" }",
    "{ type: string }",
    "required header field `x-api-version`"
)]
#[case::branches_that_no_object_fits(
    "{ $ref: ticket-summary.json }] }",
    "{ $ref: ticket-summary.json }], required: [colour] }",
    "nothing can produce the required property `colour`"
)]
#[case::a_branch_that_needs_what_nothing_gives(
    "anyOf: [{ $ref: ticket.json }, { $ref: ticket-summary.json }]",
    "anyOf: [{ type: object, required: [colour] }, { type: array }]",
    "lacks the required property \"colour\""
)]
fn what_could_not_be_answered_is_found_by_check(#[case] from: &str, #[case] to: &str, #[case] said: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let copied = std::process::Command::new("cp").args(["-r", SUITE]).arg(folder.path()).current_dir(root()).status();
    assert!(copied.unwrap().success());
    let contract = folder.path().join("tickets/schemas/openapi.yaml");
    let text = std::fs::read_to_string(&contract).unwrap();
    assert!(text.contains(from));
    std::fs::write(&contract, text.replace(from, to)).unwrap();
    let suite = folder.path().join("tickets");
    let output = run(&["check", "--suite", suite.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}
