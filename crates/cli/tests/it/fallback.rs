//! `mock --fallback`: what the contract does not know is asked of a real server.

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, root, run, stderr};
use crate::control::send;

const ME: (&str, &str) = ("authorization", "Bearer me");

fn pets() -> String {
    root().join("fixtures/documents/pets.yaml").display().to_string()
}

/// A real server, here a mock of another API, and a mock of pets before it.
fn before_a_real_one(flags: &[&str]) -> (MockServer, MockServer) {
    let real = MockServer::start(&["--quiet"]);
    let (document, url) = (pets(), real.url.clone());
    let arguments = ["--openapi", &document, "--fallback", &url];
    let mock = MockServer::start(&[&arguments, flags].concat());
    (real, mock)
}

#[test]
fn what_is_not_mocked_is_asked_of_the_real_server() {
    let (real, mock) = before_a_real_one(&[]);
    let body = json!({ "displayName": "Real" }).to_string();
    let (status, head, made) = send(
        &mock,
        "POST /v2/conversations",
        &[ME, ("content-type", "application/json"), ("origin", "http://localhost:5173")],
        &body,
    );
    assert_eq!(status, 201, "{made}");
    assert!(head.contains(&format!("conformance-fallback: {}", real.url)), "{head}");
    assert!(head.contains("access-control-allow-origin: http://localhost:5173\r\n"), "a page may read it: {head}");
    // It is the real server's object, with the client's own credentials.
    let listed = real.send("me", "GET", "/v2/conversations?limit=5", None).1["data"].clone();
    assert_eq!(listed, json!([made]));
    // What is mocked is not asked of it.
    let (status, head, _) = send(&mock, "GET /pets", &[ME], "");
    assert!(status == 200 && !head.contains("conformance-fallback"), "{head}");
    let (_, _, journal) = send(&mock, "GET /__conformance/journal", &[], "");
    let faulty = journal["exchanges"].as_array().unwrap().iter().filter(|one| one["fault"] == json!(true)).count();
    assert_eq!(faulty, 0, "{journal}");
    assert!(mock.log().contains("passed on"));
}

#[test]
fn an_operation_can_be_passed_on_by_name() {
    let (_real, mock) = before_a_real_one(&["--pass", "listPets"]);
    let (status, _, body) = send(&mock, "GET /pets", &[ME], "");
    // The real server knows no pets.
    assert_eq!(status, 404, "{body}");
    assert_eq!(
        send(&mock, "POST /pets", &[ME, ("content-type", "application/json")], r#"{"name": "Rex", "kind": "dog"}"#).0,
        201
    );
}

#[test]
fn faults_happen_to_what_is_passed_on() {
    let (_real, mock) = before_a_real_one(&["--fault", "every-second-503"]);
    let statuses: Vec<u16> = (0..4).map(|_| send(&mock, "GET /v2/conversations", &[ME], "").0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 2, "{statuses:?}");
}

#[test]
fn a_real_server_that_is_gone_is_a_502() {
    let (mut real, mock) = before_a_real_one(&[]);
    real.child.kill().unwrap();
    real.child.wait().unwrap();
    let (status, _, body) = send(&mock, "GET /v2/conversations", &[ME], "");
    assert_eq!(status, 502, "{body}");
    assert!(body["message"].as_str().is_some_and(|message| message.contains(&real.url)), "{body}");
    assert_eq!(send(&mock, "GET /pets", &[ME], "").2["items"], Value::Array(Vec::new()), "the mock goes on");
}

#[test]
fn what_was_passed_on_is_not_passed_on_again() {
    let (_real, mock) = before_a_real_one(&[]);
    let (status, head, _) = send(&mock, "GET /v2/conversations", &[ME, ("conformance-fallback", "passed on")], "");
    assert!(status == 404 && !head.contains("conformance-fallback: http"), "{head}");
}

#[rstest]
#[case::no_url(&["--fallback", "nowhere"], "--fallback: ")]
#[case::no_operation(&["--fallback", "http://127.0.0.1:9", "--pass", "listPet"], "did you mean `listPets`?")]
#[case::no_fallback(&["--pass", "listPets"], "--fallback")]
fn what_cannot_be_is_told(#[case] flags: &[&str], #[case] said: &str) {
    let document = pets();
    let output = run(&[&["mock", "--port", "0", "--openapi", &document], flags].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}
