//! Seeded faults are noticed, and what is not noticed is told.

use rstest::rstest;

use crate::bed::{Quirks, bed_with};
use crate::context::{SuiteCopy, conformance, run, stderr, stdout};
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

#[test]
fn an_unknown_fault_gets_a_suggestion() {
    let output = run(&["mutate", "--fault", "never-mor"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `never-more`?"), "{}", stderr(&output));
}
