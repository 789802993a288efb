//! Seeded faults are noticed, and what is not noticed is told.

use rstest::rstest;
use serde_json::json;

use crate::bed::{Quirks, bed_with};
use crate::context::{MockServer, SuiteCopy, conformance, run, stderr, stdout};
use crate::server::Res;

/// Faults of every kind: of a request, an answer, a list, of something else that is done, remembered.
#[rstest]
#[case("limit-ignored")]
#[case("no-token-is-500")]
#[case("create-answers-200")]
#[case("by-update")]
#[case("update-renames-another")]
#[case("refused-updates-rename")]
#[case("retrieve-stale")]
fn a_fault_is_killed_by_a_check_of_the_requirement_that_it_breaks(#[case] name: &str) {
    let output = run(&["mutate", "--fault", name]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 fault: 1 killed by a check"), "{}", stdout(&output));
}

#[test]
fn a_fault_that_nobody_notices_survives_and_fails() {
    let suite = SuiteCopy::new();
    let fault = "faults:\n  - { name: harmless, summary: A header more, breaks: page.has-more, response: { headers: { x-more: yes } } }\n";
    suite.write("fixtures/faults/harmless.yaml", fault);
    let output = conformance().args(["mutate", "--suite", suite.path()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("SURVIVED  harmless"), "{}", stdout(&output));
}

#[test]
fn a_server_that_fails_unharmed_is_2() {
    let server = bed_with(Quirks::default(), |request, response| {
        if request.method == "DELETE" { Res { status: 202, ..response } } else { response }
    });
    let output = conformance().args(["mutate", "--fault", "never-more", "--base-url", &server.url]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("the unharmed server fails"), "{}", stderr(&output));
}

#[test]
fn another_server_can_be_harmed_and_is_left_as_it_was() {
    let server = bed_with(Quirks::default(), |_, response| response);
    let output = conformance().args(["mutate", "--fault", "never-more", "--base-url", &server.url]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let count = |method: &str, status: u16| {
        server.seen().iter().filter(|seen| seen.request.method == method && seen.status == status).count()
    };
    assert_eq!(count("POST", 201), count("DELETE", 204));
}

/// They delete and rename others, hide and repeat ids, keep deletions back, keep what they refuse.
const DANGEROUS: &[&str] = &[
    "delete-takes-another",
    "delete-renames-another",
    "update-deletes-another",
    "update-renames-another",
    "id-missing",
    "id-always-the-same",
    "create-answers-200",
    "create-deduplicates",
    "delete-does-nothing",
    "every-second-delete-lost",
    "refused-creates-kept",
    "refused-create-with-basic-done",
    "names-of-101-accepted",
    "create-is-upsert",
    "delete-in-any-workspace",
];

#[test]
fn no_fault_touches_what_the_run_did_not_create_or_leaves_anything_behind() {
    let server = MockServer::start(&["--quiet"]);
    for n in 0..20 {
        let body = json!({ "displayName": format!("foreign {n}") });
        assert_eq!(server.send("shared", "POST", "/v2/conversations", Some(body)).0, 201);
    }
    let list = || server.send("shared", "GET", "/v2/conversations?limit=100", None).1;
    let before = list();
    let mut command = conformance();
    command.args(["mutate", "--base-url", &server.url, "--token", "shared", "--jobs", "1"]);
    let output = command.args(DANGEROUS.iter().flat_map(|name| ["--fault", name])).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(list(), before);
}

/// The proof can fail: with the scenarios of a requirement left out, a fault that breaks it is noticed by nobody.
#[rstest]
fn without_the_scenarios_of_a_requirement_a_fault_survives(
    #[values(
        "access.refusal-does-nothing",
        "body.charset",
        "body.json",
        "body.object",
        "body.refusal-does-nothing",
        "create.needs-a-name",
        "delete.answers-204",
        "list.default-limit",
        "list.limit-not-honoured",
        "list.limit-refused",
        "list.newest-first",
        "name.text",
        "object.id-unique",
        "object.kind",
        "page.backward",
        "page.has-more",
        "page.has-more-backward",
        "retrieve.answers-200",
        "retrieve.body",
        "unknown.body",
        "update.may-be-empty"
    )]
    requirement: &str,
) {
    let output = run(&["mutate", "--without", requirement]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("SURVIVED"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("killed  "), "{}", stdout(&output));
}

#[test]
fn weather_is_nothing_to_be_noticed() {
    let output = run(&["mutate", "--fault", "rate-limited"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("breaks no requirement"), "{}", stderr(&output));
}

#[test]
fn an_unknown_fault_gets_a_suggestion() {
    let output = run(&["mutate", "--fault", "never-mor"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `never-more`?"), "{}", stderr(&output));
}
