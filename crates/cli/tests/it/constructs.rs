//! What the constructs of the scenario language find when a server is wrong. That they are silent when it is right, the
//! examples in docs/scenarios.md show.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstest::rstest;
use serde_json::{Value, json};

use crate::bed::{Quirks, bed_with};
use crate::context::{SuiteCopy, conformance, stdout};
use crate::server::{Req, Res, Server};

/// Runs one scenario against a server.
fn judged(server: &Server, scenario: &str) -> (Option<i32>, String) {
    let suite = SuiteCopy::new();
    for folder in ["scenarios", "fragments"] {
        std::fs::remove_dir_all(suite.folder.path().join("fixtures").join(folder)).unwrap();
    }
    suite.write("fixtures/scenarios/a/b.yaml", scenario);
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--suite", suite.path(), "--verbose"]);
    let output = command.output().unwrap();
    (output.status.code(), stdout(&output))
}

fn altered(mut response: Res, alter: impl FnOnce(&mut Value)) -> Res {
    if let Ok(mut body) = serde_json::from_slice(&response.body) {
        alter(&mut body);
        response.body = body.to_string().into_bytes();
    }
    response
}

const CREATE: &str = "summary: Tried
steps:
  - operationId: createConversation
    requestBody: { displayName: \"Tried {$marker}\" }
    outputs: { id: $response.body#/_id, created: $response.body }
";

#[test]
fn a_probe_sees_that_a_refused_update_left_a_trace() {
    let touched = Mutex::new(HashSet::new());
    let server = bed_with(Quirks::default(), move |request: &Req, response| {
        let mut touched = touched.lock().unwrap();
        if request.method == "PATCH" && response.status == 400 {
            touched.insert(request.target.clone());
        }
        let trace = request.method == "GET" && touched.contains(&request.target);
        if trace { altered(response, |body| body["updatedAt"] = json!(1)) } else { response }
    });
    let (code, said) = judged(
        &server,
        &(CREATE.to_owned()
            + "  - operationId: updateConversation
    parameters: { conversation_id: $outputs.id }
    requestBody: { displayName: \"\" }
    twin: { requestBody: { displayName: Good } }
    probe: { cites: body.refusal-does-nothing, unchanged: $outputs.id }
    expect:
      - { cites: name.length, status: 4XX }
"),
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fail MUST body.refusal-does-nothing") && said.contains("pass MUST name.length"), "{said}");
    assert!(said.contains("expected  the object `$outputs.id` is as it was before the request"), "{said}");
    assert!(said.contains("found     - /updatedAt: 1"), "{said}");
    assert!(said.contains("+ /updatedAt: 1\n"), "{said}");
}

#[test]
fn a_probe_sees_that_a_refused_create_was_kept() {
    let kept = Mutex::new(Vec::new());
    let server = bed_with(Quirks::default(), move |request: &Req, response| {
        let mut kept = kept.lock().unwrap();
        if request.method == "POST" && response.status == 401 {
            kept.push(serde_json::from_slice::<Value>(&request.body).unwrap());
        }
        let lists = request.method == "GET" && request.path().ends_with("/conversations");
        if !lists {
            return response;
        }
        altered(response, |body| body["data"].as_array_mut().unwrap().extend(kept.iter().cloned()))
    });
    let (code, said) = judged(
        &server,
        "summary: Tried
steps:
  - operationId: createConversation
    requestBody: { displayName: \"Stray {$marker}\" }
    raw: { authorization: null }
    twin: { requestBody: { displayName: Good }, raw: null }
    probe: { cites: access.refusal-does-nothing, absent: \"Stray {$marker}\" }
    expect:
      - { cites: access.token-required, status: 4XX }
",
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fail MUST access.refusal-does-nothing"), "{said}");
    assert!(said.contains("expected  no object of the list has \"Stray {$marker}\" in it"), "{said}");
}

/// A server whose list shows what is new only at the `after`-th look.
fn late(after: usize) -> Server {
    let looks = AtomicUsize::new(0);
    bed_with(Quirks::default(), move |request: &Req, response| {
        let lists = request.method == "GET" && request.path().ends_with("/conversations");
        // The first look is the first contact.
        let early = lists && looks.fetch_add(1, Ordering::Relaxed) < after;
        if early { altered(response, |body| body["data"] = json!([])) } else { response }
    })
}

#[rstest]
#[case::in_time(3, Some(0), "pass MUST create.listed")]
#[case::too_late(90, Some(1), "fail MUST create.listed")]
fn a_poll_waits_within_its_limit(#[case] after: usize, #[case] expected: Option<i32>, #[case] word: &str) {
    let server = late(after);
    let (code, said) = judged(
        &server,
        &(CREATE.to_owned()
            + "  - operationId: listConversations
    poll: { until: [{ that: $response.own, contains: $outputs.id }], attempts: 6, everyMs: 1 }
    expect:
      - { cites: create.listed, that: $response.own, contains: $outputs.id }
"),
    );
    assert_eq!(code, expected, "{said}");
    assert!(said.contains(word), "{said}");
    let looks = server.seen().iter().filter(|seen| seen.request.target == "/v2/conversations").count();
    // The first contact, the create, and the looks.
    assert_eq!(looks, 2 + if after == 3 { 3 } else { 6 });
}

#[test]
fn what_is_not_unchanged_is_named_place_by_place() {
    let server = bed_with(Quirks::default(), |request: &Req, response| {
        if request.method != "GET" {
            return response;
        }
        altered(response, |body| {
            body["kind"] = json!("thread");
            body["createdAt"] = json!(7);
        })
    });
    let (_, said) = judged(
        &server,
        &(CREATE.to_owned()
            + "  - operationId: retrieveConversation
    parameters: { conversation_id: $outputs.id }
    expect:
      - { cites: retrieve.same, that: $response.body, unchangedSince: $outputs.created, except: [/createdAt] }
      - { cites: retrieve.body, that: $response.body#/createdAt, unchangedSince: $outputs.created#/createdAt }
"),
    );
    // One place, and the excepted one is not told.
    let diff = "found     - /kind: \"conversation\"\n                + /kind: \"thread\"\n      at ";
    assert!(said.contains(diff), "{said}");
    assert!(said.contains("+ 7\n"), "{said}");
}

#[test]
fn a_condition_that_does_not_hold_is_told() {
    let (code, said) = judged(
        &bed_with(Quirks::default(), |_, response| response),
        &(CREATE.to_owned()
            + "  - operationId: retrieveConversation
    if: [{ that: $outputs.created#/kind, equals: thread }]
    parameters: { conversation_id: $outputs.id }
    expect:
      - { cites: retrieve.answers-200, status: 500 }
  - operationId: retrieveConversation
    parameters: { conversation_id: $outputs.id }
    expect:
      - { cites: retrieve.answers-200, if: [{ that: $statusCode, equals: 500 }], status: 200 }
"),
    );
    assert_eq!(code, Some(4), "nothing was checked: {said}");
    assert_eq!(said.matches("not applicable MUST retrieve.answers-200").count(), 2, "{said}");
    assert!(said.contains("it is only about when `$outputs.created#/kind` equals \"thread\", and it is"), "{said}");
}

#[test]
fn the_oracle_judges_what_no_step_asks_for() {
    // The list shows every name in capitals, and nothing in the scenario looks at names.
    let server = bed_with(Quirks::default(), |request: &Req, response| {
        let lists = request.method == "GET" && request.path().ends_with("/conversations");
        if !lists {
            return response;
        }
        altered(response, |body| {
            for item in body["data"].as_array_mut().unwrap() {
                item["displayName"] = json!(item["displayName"].as_str().unwrap().to_uppercase());
            }
        })
    });
    let (code, said) = judged(
        &server,
        &(CREATE.to_owned()
            + "  - operationId: listConversations
    expect:
      - { cites: create.listed, that: $response.own, contains: $outputs.id }
"),
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("pass MUST create.listed") && said.contains("fail MUST retrieve.same"), "{said}");
    assert!(
        said.contains("expected  in all answers of the scenario, an object is shown as it was last written"),
        "{said}"
    );
    assert!(said.contains("+ /displayName: \"TRIED"), "{said}");
}

/// Integers are compared exactly, also beyond what a double holds.
#[test]
fn integers_beyond_doubles_are_not_the_same_as_their_neighbours() {
    let server = bed_with(Quirks::default(), |_: &Req, mut response| {
        let text = String::from_utf8_lossy(&response.body).replacen('{', "{\"big\":9007199254740993,", 1);
        if response.status < 300 && !response.body.is_empty() {
            response.body = text.into_bytes();
        }
        response
    });
    let (code, said) = judged(
        &server,
        &(CREATE.to_owned()
            + "  - operationId: retrieveConversation
    parameters: { conversation_id: $outputs.id }
    expect:
      - { cites: retrieve.body, that: $response.body#/big, equals: $outputs.created#/big }
      - { cites: retrieve.body, that: $response.body#/big, atLeast: 9007199254740993 }
      - { cites: retrieve.same, that: $response.body#/big, equals: 9007199254740992 }
      - { cites: retrieve.same, that: $response.body#/big, atMost: 9007199254740992 }
"),
    );
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("pass MUST retrieve.body").count(), 2, "{said}");
    assert_eq!(said.matches("fail MUST retrieve.same").count(), 2, "{said}");
    assert!(said.contains("it is 9007199254740993"), "{said}");
}
