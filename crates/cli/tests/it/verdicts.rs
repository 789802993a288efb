//! Each verdict word and each exit code of `run`, provoked for real by servers that are wrong in one thing.

use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use conformance_contract::{Folder, Suite};
use conformance_record::Response;
use rstest::rstest;
use serde_json::{Value, json};

use crate::bed::{Quirks, bed, bed_with};
use crate::context::{SuiteCopy, conformance, root, signal, stderr, stdout};
use crate::server::{Req, Res, Server};

fn judged(server: &Server, more: &[&str]) -> (Option<i32>, String) {
    let mut command = conformance();
    let output =
        command.args(["run", "--base-url", &server.url, "--token", "first-token"]).args(more).output().unwrap();
    (output.status.code(), stdout(&output) + &stderr(&output))
}

/// A server that says there is never more.
fn never_more() -> Server {
    bed_with(Quirks::default(), |_, mut response| {
        if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body)
            && body.get("has_more").is_some()
        {
            body["has_more"] = json!(false);
            response.body = body.to_string().into_bytes();
        }
        response
    })
}

/// A server that creates nothing.
fn creates_nothing() -> Server {
    bed_with(Quirks::default(), |request: &Req, response: Res| match request.method.as_str() {
        "POST" => Res::json(403, &json!({ "message": "no" })),
        _ => response,
    })
}

#[test]
fn a_broken_must_fails() {
    let (code, said) = judged(&never_more(), &["--only", "pages/forward"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fail MUST page.has-more") && said.contains("1 failed"), "{said}");
}

#[test]
fn of_branches_of_which_none_fits_the_nearest_is_told() {
    let suite = crate::context::SuiteCopy::new();
    let branches = r#""oneOf": [{ "required": ["archived", "labels"] }, { "properties": { "kind": { "const": "thread" } } }],
  "properties": {"#;
    suite.edit("schemas/conversation.json", "\"properties\": {", branches);
    let (code, said) = judged(&bed(Quirks::default()), &["--suite", suite.path(), "--only", "create.body"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the nearest is number 2: /kind is \"conversation\"; expected \"thread\""), "{said}");
}

#[test]
fn a_broken_should_warns_and_fails_only_when_warnings_are_denied() {
    let server = bed(Quirks { clamp: true, ..Quirks::default() });
    let (code, said) = judged(&server, &["--only", "lists/limits-refused"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warn SHOULD list.limit-refused"), "{said}");
    assert_eq!(judged(&server, &["--only", "lists/limits-refused", "--deny-warnings"]).0, Some(1));
}

#[test]
fn what_the_run_cannot_do_is_not_applicable_and_says_why() {
    let (code, said) = judged(&bed(Quirks::default()), &["--only", "access/another-workspace", "--verbose"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("nothing was checked"), "{said}");
    assert!(said.contains("not applicable MUST access.own-workspace-only"), "{said}");
    assert!(said.contains("it needs a token of another workspace, given by --second-token"), "{said}");
    assert!(said.contains("– another-workspace"), "never green: {said}");
    assert!(said.contains("0 passed, 13 not applicable"), "never green: {said}");
}

#[test]
fn a_refusal_whose_twin_is_refused_could_not_run_and_the_run_is_incomplete() {
    let (code, said) = judged(&creates_nothing(), &["--only", "bodies/without-a-name"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("could not run"), "{said}");
    assert!(said.contains("its twin, which should succeed, was answered 403"), "{said}");
}

#[test]
fn a_probe_that_cannot_look_says_nothing_of_the_server() {
    // Every look after a refused update breaks.
    let refused = std::sync::atomic::AtomicBool::new(false);
    let server = bed_with(Quirks::default(), move |request: &Req, response: Res| {
        use std::sync::atomic::Ordering;
        match request.method.as_str() {
            "PATCH" => refused.store(response.status == 400, Ordering::Relaxed),
            "GET" if refused.swap(false, Ordering::Relaxed) => return Res::text(500, "text/plain", "oops"),
            _ => {}
        }
        response
    });
    let (code, said) = judged(&server, &["--only", "names/length-on-update"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("the probe was answered 500") && !said.contains("fail MUST"), "{said}");
}

#[test]
fn a_failure_goes_before_an_incomplete_run() {
    let (code, said) = judged(&creates_nothing(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("failed") && said.contains("could not run"), "{said}");
}

#[test]
fn a_run_whose_journal_cannot_be_written_creates_nothing_and_calls_it_its_own_fault() {
    let server = bed(Quirks::default());
    let state = tempfile::TempDir::new().unwrap();
    // No file may grow beyond 4 KiB: the journal is full after some twenty creates.
    let script = format!(
        "trap '' XFSZ; ulimit -f 4; exec {} run --base-url {} --only lists/limits-accepted",
        env!("CARGO_BIN_EXE_conformance"),
        server.url
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]).env("CONFORMANCE_STATE_DIR", state.path()).env("INSTA_UPDATE", "no");
    let output = command.output().unwrap();
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "later checks miss what was not created: {said}");
    assert!(said.contains("tool fault"), "{said}");
    assert!(said.contains("nothing is created: the journal cannot be written"), "{said}");
    assert!(said.contains("left 0"), "{said}");
}

#[test]
fn a_broken_suite_goes_before_an_unreachable_server() {
    let suite = SuiteCopy::new();
    suite.write("fixtures/scenarios/broken/broken.yaml", "summary: Broken\nsteps: []\n");
    let output =
        conformance().args(["run", "--base-url", "http://127.0.0.1:1", "--suite", suite.path()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_refused_token_goes_before_every_failure() {
    let server = bed_with(Quirks::default(), |_, _| Res::json(401, &json!({ "message": "who?" })));
    let (code, said) = judged(&server, &[]);
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(server.seen().len(), 1, "nothing was judged");
}

#[test]
fn an_interrupted_run_is_130_also_when_it_would_have_failed() {
    let server = never_more();
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--max-rps", "100", "--only", "pages"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.seen().len() < 40 {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    let output: Output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stdout(&output));
    assert!(stdout(&output).contains("left 0"), "{}", stdout(&output));
}

#[test]
fn a_teardown_is_done_also_when_the_run_is_interrupted() {
    let suite = SuiteCopy::new();
    for folder in ["scenarios", "fragments"] {
        std::fs::remove_dir_all(suite.folder.path().join("fixtures").join(folder)).unwrap();
    }
    let scenario = "summary: Renames\nsteps:\n  - operationId: createConversation\n    requestBody: { displayName: Before }\n    outputs: { id: $response.body#/_id }\n  - operationId: retrieveConversation\n    repeat: 500\n    parameters: { conversation_id: $outputs.id }\n    expect:\n      - { cites: retrieve.answers-200, status: 200 }\nteardown:\n  - operationId: updateConversation\n    parameters: { conversation_id: $outputs.id }\n    requestBody: { displayName: After }\n";
    suite.write("fixtures/scenarios/a/b.yaml", scenario);
    let server = bed(Quirks::default());
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--max-rps", "100", "--suite", suite.path()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.seen().len() < 10 {
        std::thread::yield_now();
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stdout(&output));
    let last: Vec<String> = server.seen().iter().rev().take(4).map(|seen| seen.request.method.clone()).collect();
    // Torn down, then cleaned up: deleted, looked for, and the list searched for strays.
    assert_eq!(last, ["GET", "GET", "DELETE", "PATCH"]);
}

/// A list with one entry for what [`never_more`] does wrong.
fn known(folder: &tempfile::TempDir, found: &str, until: &str) -> String {
    let file = folder.path().join("known.yaml");
    let entry = format!(
        "known:\n  - scenario: pages/forward\n    requirement: page.has-more\n    found: {found}\n    reason: The pager is new\n    until: \"{until}\"\n"
    );
    std::fs::write(&file, entry).unwrap();
    file.display().to_string()
}

#[rstest]
#[case::as_known("it is 2", "2999-12-31", 0, "1 known to fail")]
#[case::otherwise(
    "it is 7",
    "2999-12-31",
    1,
    "page.has-more in pages/forward fails otherwise than known: it is 2; expected it is 7"
)]
#[case::no_longer_excused("it is 2", "2020-01-01", 1, "still fails, and was excused until 2020-01-01")]
fn a_known_failure_is_excused_while_it_is_as_known(
    #[case] found: &str,
    #[case] until: &str,
    #[case] code: i32,
    #[case] said: &str,
) {
    let folder = tempfile::TempDir::new().unwrap();
    let list = known(&folder, found, until);
    let (ended, shown) = judged(&never_more(), &["--only", "pages/forward", "--known-failures", &list]);
    assert_eq!(ended, Some(code), "{shown}");
    assert!(shown.contains(said), "{shown}");
}

#[test]
fn a_known_failure_that_passes_fails_the_run() {
    let folder = tempfile::TempDir::new().unwrap();
    let list = known(&folder, "it is 2", "2999-12-31");
    let good = bed(Quirks::default());
    let (code, said) = judged(&good, &["--only", "pages/forward", "--known-failures", &list]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("known.yaml:2:5: page.has-more in pages/forward does not fail any more: delete the entry"),
        "{said}"
    );
    assert_eq!(judged(&good, &["--only", "names", "--known-failures", &list]).0, Some(0), "it was not judged");
}

#[rstest]
#[case::scenario("pages/forwards", "page.has-more", "did you mean `pages/forward`?")]
#[case::requirement("pages/forward", "page.hasmore", "did you mean `page.has-more`?")]
#[case::neither("pages/forward", "name.length", "no check of pages/forward cites `name.length`")]
fn a_known_failure_that_matches_nothing_is_2(#[case] scenario: &str, #[case] requirement: &str, #[case] said: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("known.yaml");
    let entry = format!("known:\n  - {{ scenario: {scenario}, requirement: {requirement}, found: x, reason: y }}\n");
    std::fs::write(&file, entry).unwrap();
    let output = conformance().args(["run", "--known-failures", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[test]
fn what_failed_the_last_time_can_be_replayed_alone() {
    let wrong = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let now = wrong.clone();
    let server = bed_with(Quirks::default(), move |request: &Req, response: Res| {
        let deletes = request.method == "DELETE" && response.status == 204;
        let wrong = deletes && now.load(std::sync::atomic::Ordering::Relaxed);
        if wrong { Res { status: 202, ..response } } else { response }
    });
    let state = tempfile::TempDir::new().unwrap();
    let run = |more: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(["run", "--base-url", &server.url]).args(more);
        let output = command.output().unwrap();
        (output.status.code(), stdout(&output) + &stderr(&output))
    };
    let (code, said) = run(&["--last-failed"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no earlier run against"), "{said}");
    assert_eq!(run(&["--only", "lifecycle", "--only", "names"]).0, Some(1));
    wrong.store(false, std::sync::atomic::Ordering::Relaxed);
    let (code, said) = run(&["--last-failed"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("· 3 scenarios") && said.contains("delete-only-that-one"), "{said}");
    let (code, said) = run(&["--last-failed"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nothing failed in the last run"), "{said}");
}

/// What a response says of itself is held to the contract, also where a reader of HTTP/1.1 does not see the body.
#[rstest]
#[case::a_body_that_is_announced_after_204(&[("content-length", "2")], b"", "unexpected-body")]
#[case::a_body_after_204(&[], b"{}", "unexpected-body")]
fn a_204_has_no_body(#[case] headers: &[(&str, &str)], #[case] body: &[u8], #[case] code: &str) {
    let suite = Suite::open(Arc::new(Folder(root()))).unwrap();
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let response = Response { status: 204, headers, body: body.to_vec() };
    let findings = suite.contract.operation("deleteConversation").unwrap().judge(&response);
    assert_eq!(findings.iter().map(|one| one.code.to_string()).collect::<Vec<_>>(), [code]);
}

/// What stands before a server is not the server: its refusal says nothing of a requirement.
#[rstest]
#[case::a_gateway(502, "text/html", Some(4))]
#[case::a_gateway_that_speaks_json(504, "application/json", Some(4))]
#[case::a_firewall(403, "text/html; charset=utf-8", Some(4))]
#[case::the_server_itself(403, "application/json", Some(1))]
#[case::the_server_that_fails(500, "text/html", Some(1))]
fn a_gateway_is_not_the_server(#[case] status: u16, #[case] media: &'static str, #[case] code: Option<i32>) {
    let server = bed_with(Quirks::default(), move |request: &Req, response: Res| match request.method.as_str() {
        "PATCH" => Res::text(status, media, "{\"message\":\"blocked\"}"),
        _ => response,
    });
    let (found, said) = judged(&server, &["--only", "lifecycle/update-changes-nothing-else"]);
    assert_eq!(found, code, "{said}");
    assert_eq!(said.contains("a gateway answered"), code == Some(4), "{said}");
    assert!(said.contains("blocked") && said.contains("left 0"), "the words of whoever answered: {said}");
}
