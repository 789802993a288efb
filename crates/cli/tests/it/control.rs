//! The control API of a mock: faults and journals of prefixes, the reset of a workspace, and whom it refuses.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, conformance, root, stderr};
use crate::formats::tree;
use crate::readme::blocks;

/// Sends a request with exactly these header fields besides `Host`, `Content-Length` and `Connection`.
pub fn send(server: &MockServer, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Value) {
    let address = server.url.strip_prefix("http://").unwrap();
    let host = headers.iter().find(|(name, _)| *name == "host").map_or(address, |(_, value)| value);
    let mut text =
        format!("{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        text += &format!("{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
    let mut said = String::new();
    // A connection that is cut is an answer, too.
    let _ = stream.read_to_string(&mut said);
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
}

pub fn ask(server: &MockServer, line: &str, body: &str) -> (u16, Value) {
    let (status, _, body) = send(server, line, &[], body);
    (status, body)
}

const ME: &[(&str, &str)] = &[("authorization", "Bearer my-very-own-token")];
const LIST: &str = "/v2/conversations?limit=3";

#[test]
fn faults_happen_below_their_prefix_only_and_count_its_requests() {
    let server = MockServer::start(&[]);
    let list = |prefix: &str| send(&server, &format!("GET {prefix}{LIST}"), ME, "").0;
    assert_eq!(ask(&server, "PUT /__conformance/faults/login/3", r#"{"faults":["busy-once"]}"#).0, 204);
    assert_eq!(list("/~/login/4"), 200);
    assert_eq!((list("/~/login/3"), list("/~/login/3"), list("/~/login/3")), (429, 200, 200));
    assert_eq!(list(""), 200);
    // The faults of a run are those of its calls that have none of their own.
    let written = r#"{"faults":[{"on":{"every":2},"answer":{"status":503,"headers":{"Retry-After":"7"}}}]}"#;
    assert_eq!(ask(&server, "PUT /__conformance/faults/login", written).0, 204);
    assert_eq!((list("/~/login/4"), list("/~/login/5"), list("/~/login/3")), (200, 503, 200));
    let told = ask(&server, "GET /__conformance/faults/login", "").1;
    assert_eq!(told["faults"], serde_json::from_str::<Value>(written).unwrap()["faults"]);
    assert_eq!(told["happened"], json!([1]));
    assert_eq!(ask(&server, "GET /__conformance/faults/other", "").1, json!({ "faults": [], "happened": [] }));
    assert_eq!(ask(&server, "DELETE /__conformance/faults/login", "").0, 204);
    assert_eq!(ask(&server, "GET /__conformance/faults/login/3", "").1, json!({ "faults": [], "happened": [] }));
    assert_eq!((list("/~/login/4"), list("/~/login/4")), (200, 200));
}

#[rstest]
#[case::json("nope", "body: ")]
#[case::shape(r#"["busy-once"]"#, "a list of names")]
#[case::more(r#"{"faults":[],"always":true}"#, "a list of names")]
#[case::name(r#"{"faults":["busy-onse"]}"#, "faults/0: there is no fault `busy-onse`; did you mean `busy-once`?")]
#[case::key(r#"{"faults":[{"anser":{"status":500}}]}"#, "did you mean `answer`?")]
#[case::operation(r#"{"faults":[{"on":"listConversation","cut":true}]}"#, "did you mean `listConversations`?")]
#[case::delay(r#"{"faults":[{"delayMs":[0,18446744073709551615]}]}"#, "at most 600000 milliseconds")]
#[case::first(r#"{"faults":[{"on":{"first":0},"cut":true}]}"#, "a whole number from 1")]
#[case::every(r#"{"faults":[{"on":{"every":0},"cut":true}]}"#, "a whole number from 1")]
#[case::status(r#"{"faults":[{"on":{"status":"9XX"},"response":{"status":500}}]}"#, "a status (`404`), a class")]
#[case::too_early(r#"{"faults":[{"on":{"status":404},"answer":{"status":500}}]}"#, "happens before there is one")]
#[case::field(r#"{"faults":[{"answer":{"status":500,"headers":{"X Y":"z"}}}]}"#, "is not the name of a header field")]
#[case::value(r#"{"faults":[{"answer":{"status":500,"headers":{"X":"a\r\nb"}}}]}"#, "holds no control character")]
#[case::idle(r#"{"faults":[{"cut":false}]}"#, "something that happens")]
#[case::number(r#"{"faults":[7]}"#, "faults/0: a fault is a name or an object; this is 7")]
fn faults_that_are_none_are_refused_in_words(#[case] body: &str, #[case] said: &str) {
    let server = MockServer::start(&[]);
    let (status, answer) = ask(&server, "PUT /__conformance/faults/a/b", body);
    assert_eq!(status, 400, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains(said), "{answer}");
    assert_eq!(ask(&server, "GET /__conformance/faults/a/b", "").1, json!({ "faults": [], "happened": [] }));
}

#[test]
fn a_journal_tells_what_arrived_below_a_prefix_and_no_credentials() {
    let server = MockServer::start(&["--fault", "created-and-504"]);
    let headers = [ME[0], ("content-type", "application/json"), ("x-api-key", "another-secret-thing")];
    send(&server, "POST /~/run/1/v2/conversations", &headers, r#"{"displayName":"my-very-own-token"}"#);
    send(&server, "GET /~/run/2/v2/conversations?limit=0", &headers, "");
    assert_eq!(ask(&server, "PUT /__conformance/faults/run/3", r#"{"faults":["cut-once"]}"#).0, 204);
    assert_eq!(send(&server, "GET /~/run/3/v2/conversations", &headers, "").0, 0);
    send(&server, "GET /v2/conversations", &headers, "");
    send(&server, "GET /~/runner/1/v2/conversations", &headers, "");
    let (_, journal) = ask(&server, "GET /__conformance/journal/run", "");
    let told: Vec<String> = journal["exchanges"].as_array().unwrap().iter().map(line).collect();
    let wanted = [
        "run/1 POST /v2/conversations → 504",
        "run/2 GET /v2/conversations?limit=0 → 400",
        "run/3 GET /v2/conversations → the connection was cut",
    ];
    assert_eq!(told, wanted);
    for secret in ["my-very-own-token", "another-secret-thing"] {
        assert!(!journal.to_string().contains(secret), "{journal}");
    }
    assert!(journal.to_string().contains("Bearer <token>"));
    // Who knows a token may ask which requests bore it.
    let (_, _, mine) = send(&server, "GET /__conformance/journal/run/1", ME, "");
    assert_eq!(mine["exchanges"][0]["own"], json!(true));
    let (_, _, other) = send(&server, "GET /__conformance/journal/run/1", &[("authorization", "Bearer other")], "");
    assert_eq!(other["exchanges"][0]["own"], json!(false));
    let at = |index: usize| journal["exchanges"][index]["atMs"].as_f64().unwrap();
    assert!(at(0) < at(1) && at(1) < at(2));
    assert_eq!(ask(&server, "DELETE /__conformance/journal/run/2", "").0, 204);
    let (_, one) = ask(&server, "GET /__conformance/journal/run/2", "");
    assert_eq!((&one["exchanges"], &one["dropped"]), (&json!([]), &json!(0)));
    assert_eq!(ask(&server, "GET /__conformance/journal/run", "").1["exchanges"].as_array().unwrap().len(), 2);
}

fn line(exchange: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let outcome = exchange.get("error").map_or_else(|| exchange["response"]["status"].to_string(), text);
    let request = &exchange["request"];
    format!("{} {} {} → {outcome}", text(&exchange["call"]), text(&request["method"]), text(&request["target"]))
}

#[test]
fn who_does_not_wait_for_the_answer_is_in_the_journal_all_the_same() {
    let server = MockServer::start(&[]);
    assert_eq!(ask(&server, "PUT /__conformance/faults/a/1", r#"{"faults":["very-slow"]}"#).0, 204);
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET /~/a/1/v2/conversations HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let start = Instant::now();
    loop {
        let (_, journal) = ask(&server, "GET /__conformance/journal/a/1", "");
        if journal["exchanges"][0]["error"] == json!("no answer was sent yet") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{journal}");
    }
    drop(stream);
    loop {
        let (_, journal) = ask(&server, "GET /__conformance/journal/a/1", "");
        if journal["exchanges"][0]["error"] == json!("the client did not wait for the answer") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{journal}");
    }
}

/// Clients escape in different ways; what is meant is the same.
#[rstest]
#[case::plain("a{b}", "a%7Bb%7D")]
#[case::capitals("%c3%a9", "%C3%A9")]
#[case::space("one%20two", "one%20two")]
fn a_prefix_is_known_however_it_is_escaped(#[case] set: &str, #[case] used: &str) {
    let server = MockServer::start(&[]);
    assert_eq!(ask(&server, &format!("PUT /__conformance/faults/{set}/1"), r#"{"faults":["down"]}"#).0, 204);
    assert_eq!(send(&server, &format!("GET /~/{used}/1/v2/conversations"), ME, "").0, 502);
    let (_, journal) = ask(&server, &format!("GET /__conformance/journal/{used}"), "");
    assert_eq!(journal["exchanges"].as_array().unwrap().len(), 1);
}

/// The URL that a server tells of itself is good for its control API, too.
#[test]
fn a_server_that_listens_everywhere_answers_to_its_own_url() {
    let server = MockServer::start(&["--host", "0.0.0.0"]);
    assert!(server.url.starts_with("http://0.0.0.0:"));
    assert_eq!(ask(&server, "GET /__conformance/faults/a", "").0, 200);
    assert_eq!(send(&server, "GET /__conformance/faults/a", &[("host", "LOCALHOST:80")], "").0, 200);
}

/// Prefixes keep to themselves whatever goes on beside them.
#[test]
fn eight_tests_at_a_time_do_not_meet() {
    let server = MockServer::start(&["--quiet"]);
    std::thread::scope(|scope| {
        for run in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for call in 0..5 {
                    let prefix = format!("run{run}/{call}");
                    let put =
                        ask(server, &format!("PUT /__conformance/faults/{prefix}"), r#"{"faults":["closed-once"]}"#);
                    assert_eq!(put.0, 204);
                    let statuses = [(); 3].map(|()| send(server, &format!("GET /~/{prefix}{LIST}"), ME, "").0);
                    assert_eq!(statuses, [503, 200, 200], "{prefix}");
                    let (_, journal) = ask(server, &format!("GET /__conformance/journal/{prefix}"), "");
                    let told: Vec<String> = journal["exchanges"].as_array().unwrap().iter().map(line).collect();
                    let wanted = [503, 200, 200].map(|status| format!("{prefix} GET {LIST} → {status}"));
                    assert_eq!(told, wanted);
                }
                let (_, journal) = ask(server, &format!("GET /__conformance/journal/run{run}"), "");
                assert_eq!(journal["exchanges"].as_array().unwrap().len(), 15);
            });
        }
    });
}

#[test]
fn a_reset_puts_one_workspace_back_to_where_it_began() {
    let server = MockServer::start(&["--fixtures", "guide", "--seed", "7"]);
    let list = |token: &str| send(&server, "GET /v2/conversations", &[("authorization", token)], "").2;
    let create = |token: &str| {
        let headers = [("authorization", token), ("content-type", "application/json")];
        send(&server, "POST /v2/conversations", &headers, r#"{"displayName":"one more"}"#).2
    };
    let (mine, yours) = ("Bearer mine", "Bearer yours");
    let begun = list(mine);
    let (first, _) = (create(mine), create(yours));
    assert_ne!(list(mine), begun);
    let after = list(yours);
    let (status, _, body) = send(&server, "POST /__conformance/reset", &[("authorization", mine)], "");
    assert_eq!((status, body), (200, json!({ "workspace": 1 })));
    assert_eq!(list(mine), begun);
    assert_eq!(list(yours), after);
    // What follows from seed and token follows again.
    assert_eq!(create(mine)["_id"], first["_id"]);
    let (status, _, body) = send(&server, "POST /__conformance/reset", &[("authorization", "Bearer nobody")], "");
    assert_eq!((status, body), (200, json!({ "workspace": null })));
    let (status, _, body) = send(&server, "POST /__conformance/reset", &[], "");
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().contains("Authorization: Bearer TOKEN"), "{body}");
}

#[rstest]
#[case::page(&[("origin", "https://evil.example")], 403, "not for pages from elsewhere")]
#[case::sandboxed(&[("origin", "null")], 403, "not for pages from elsewhere")]
#[case::alike(&[("origin", "http://localhost.evil.example")], 403, "not for pages from elsewhere")]
#[case::rebound(&[("host", "evil.example:4010")], 403, "`Host` must be localhost")]
#[case::prefixed(&[("host", "[::1].evil.example")], 403, "`Host` must be localhost")]
#[case::proxied(&[("x-forwarded-for", "203.0.113.9")], 403, "a proxy asks")]
#[case::nameless(&[("host", "")], 403, "`Host` must be localhost")]
fn a_hostile_page_cannot_govern_the_mock(#[case] headers: &[(&str, &str)], #[case] status: u16, #[case] said: &str) {
    let server = MockServer::start(&[]);
    for line in ["PUT /__conformance/faults/a/b", "POST /__conformance/reset", "GET /__conformance/journal/a"] {
        let (found, head, body) = send(&server, line, headers, r#"{"faults":["down"]}"#);
        assert_eq!(found, status, "{line}: {body}");
        assert!(body["message"].as_str().unwrap().contains(said), "{body}");
        assert!(!head.contains("access-control-allow"), "{head}");
    }
    let origin = headers.iter().find(|(name, _)| *name == "origin");
    if let Some(origin) = origin {
        let asks = [*origin, ("access-control-request-method", "PUT")];
        let (_, head, _) = send(&server, "OPTIONS /__conformance/faults/a/b", &asks, "");
        assert!(!head.contains("access-control-allow"), "{head}");
    }
}

#[test]
fn a_page_of_this_machine_may_govern_the_mock() {
    let server = MockServer::start(&[]);
    let page = ("origin", "http://localhost:5173");
    let asks = [page, ("access-control-request-method", "PUT")];
    let (status, head, _) = send(&server, "OPTIONS /__conformance/faults/a/b", &asks, "");
    assert_eq!(status, 204);
    assert!(head.contains("access-control-allow-methods: GET, PUT, DELETE"), "{head}");
    let (status, head, _) = send(&server, "PUT /__conformance/faults/a/b", &[page], r#"{"faults":["down"]}"#);
    assert_eq!(status, 204);
    assert!(head.contains("access-control-allow-origin: http://localhost:5173"), "{head}");
}

#[test]
fn a_control_token_is_wanted_of_everybody_once_it_is_set() {
    let server = MockServer::start(&["--control-token", "c0ntrol-tok3n"]);
    let with = |headers: &[(&str, &str)]| send(&server, "GET /__conformance/faults/a", headers, "").0;
    assert_eq!(with(&[]), 401);
    assert_eq!(with(&[("conformance-control", "c0ntrol-tok3")]), 401);
    assert_eq!(with(&[("conformance-control", "c0ntrol-tok3n")]), 200);
    // Then the name does not matter: behind a proxy or in a container the server has others.
    assert_eq!(with(&[("conformance-control", "c0ntrol-tok3n"), ("host", "mock.internal")]), 200);
    assert_eq!(with(&[("conformance-control", "c0ntrol-tok3n"), ("origin", "https://evil.example")]), 403);
    // Who sends it everywhere finds it nowhere.
    let headers = [("conformance-control", "c0ntrol-tok3n"), ("authorization", "Bearer  another-tok3n")];
    send(&server, "GET /~/a/b/v2/conversations?limit=c0ntrol-tok3n&x=another-tok3n", &headers, "");
    let (_, _, journal) =
        send(&server, "GET /__conformance/journal/a", &[("conformance-control", "c0ntrol-tok3n")], "");
    assert!(journal.to_string().contains("/v2/conversations") && !journal.to_string().contains("tok3n"), "{journal}");
}

/// Half a request may mean something else than the whole.
#[test]
fn a_body_that_is_too_large_changes_nothing() {
    let server = MockServer::start(&[]);
    assert_eq!(ask(&server, "PUT /__conformance/faults/a", r#"{"faults":["late"]}"#).0, 204);
    let large = format!(r#"{{"faults":["{}"]}}"#, "x".repeat(2_000_000));
    for line in ["PUT /__conformance/faults/a", "DELETE /__conformance/faults/a"] {
        let (status, body) = ask(&server, line, &large);
        assert_eq!(status, 413, "{body}");
    }
    assert_eq!(ask(&server, "GET /__conformance/faults/a", "").1["faults"], json!(["late"]));
}

/// Faults are part of what the log tells.
#[test]
fn the_log_tells_what_went_wrong_on_purpose() {
    let server = MockServer::start(&[]);
    assert_eq!(ask(&server, "PUT /__conformance/faults/a", r#"{"faults":["busy-once"]}"#).0, 204);
    send(&server, "GET /~/a/1/v2/conversations", ME, "");
    let log = server.wait_for("in place of the mock");
    assert!(log.contains("answered 429 in place of the mock"), "{log}");
}

#[rstest]
#[case::unknown("GET /__conformance/nothing", 404, "no such path")]
#[case::root("POST /__conformance/", 404, "PUT, GET and DELETE faults, faults/RUN")]
#[case::prefix("GET /__conformance/journal/a/b/c", 404, "`a/b/c` is no prefix")]
#[case::empty("GET /__conformance/journal//b", 404, "is no prefix")]
#[case::method("POST /__conformance/journal/a", 405, "POST is not for this path")]
#[case::reset("GET /__conformance/reset", 405, "GET is not for this path")]
fn a_wrong_request_says_what_there_is(#[case] line: &str, #[case] status: u16, #[case] said: &str) {
    let server = MockServer::start(&[]);
    let (found, head, body) = send(&server, line, &[], "");
    assert_eq!(found, status, "{body}");
    assert_eq!(head.contains("allow: "), status == 405, "{head}");
    assert!(body["message"].as_str().unwrap().contains(said), "{body}");
}

/// Each operation of the document is tried, and what is answered is as the document has it.
#[test]
fn the_server_keeps_its_own_document() {
    let server = MockServer::start(&[]);
    let (status, text) = ask(&server, "GET /__conformance/openapi.yaml", "");
    assert_eq!(status, 200);
    assert_eq!(text, Value::String(std::fs::read_to_string(root().join("schemas/formats/control.yaml")).unwrap()));
    let document = tree(&root().join("schemas/formats/control.yaml"));
    send(&server, "GET /~/a/b/v2/conversations", ME, "");
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            let target = path.replace("{run}", "a").replace("{call}", "b").replace("{number}", "1");
            let line = format!("{} /__conformance{target}", method.to_uppercase());
            let body = if method == "put" { r#"{"faults":["late"]}"# } else { "" };
            for headers in [&[][..], ME, &[("origin", "https://evil.example")]] {
                let (status, _, body) = send(&server, &line, headers, body);
                documented(&document, operation, status, &body);
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 25);
    for wrong in ["{", r#"{"faults":[1]}"#] {
        let (status, body) = ask(&server, "PUT /__conformance/faults/a", wrong);
        documented(&document, &document["paths"]["/faults/{run}"]["put"], status, &body);
    }
}

fn documented(document: &Value, operation: &Value, status: u16, body: &Value) {
    let name = &operation["operationId"];
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{name} has no {status}");
    let response = response["$ref"].as_str().map_or(response, |at| document.pointer(&at[1..]).unwrap());
    let Some(schema) = response.pointer("/content/application~1json/schema") else { return };
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let errors: Vec<String> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name} {status}: {errors:?} in {body}");
}

/// The lines of docs/control.md, in order; and its test of an SDK, below `exec`, through a client that tries again.
#[test]
fn the_document_is_true() {
    let server = MockServer::start(&["--quiet"]);
    let mut said = Vec::new();
    for block in blocks("docs/control.md", "sh") {
        for line in block.lines() {
            let line = line.replace("http://127.0.0.1:4010", &server.url).replace("curl ", "curl -sS ");
            let output = Command::new("sh").args(["-ec", &line]).output().unwrap();
            assert!(output.status.success(), "{line}");
            said.push(String::from_utf8(output.stdout).unwrap());
        }
    }
    assert!(said[1].contains("too many requests") && said[2].contains(r#""data":[]"#), "{said:#?}");
    let journal: Value = serde_json::from_str(&said[3]).unwrap();
    assert_eq!(journal["exchanges"].as_array().unwrap().len(), 2);
    assert_eq!((said[4].as_str(), said[5].as_str()), ("", r#"{"workspace":1}"#));
    let client = "
import time, urllib.error, urllib.request
class MySdk:
    def __init__(self, base_url, token):
        self.request = urllib.request.Request(base_url + '/v2/conversations', headers={'Authorization': 'Bearer ' + token})
    def list(self):
        try:
            urllib.request.urlopen(self.request)
        except urllib.error.HTTPError as error:
            time.sleep(float(error.headers['Retry-After']))
            urllib.request.urlopen(self.request)
";
    let test = &blocks("docs/control.md", "python")[0];
    let program = format!("{client}\n{test}\ntest_a_busy_server_is_asked_again()");
    let output = conformance().args(["exec", "--", "python3", "-c", &program]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_journal_is_told_in_pages_and_bytes_as_base64() {
    let server = MockServer::start(&["--quiet"]);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    for _ in 0..6 {
        let url = format!("{}/~/run/call/v2/conversations", server.url);
        let request = ureq::http::Request::builder().method("POST").uri(url).body(vec![0xff_u8; 1_000_000]).unwrap();
        assert_eq!(agent.run(request).unwrap().status(), 401);
    }
    let (mut told, mut from, mut pages) = (0, 0, 0);
    loop {
        let url = format!("{}/__conformance/journal/run?from={from}", server.url);
        let text = agent.get(&url).call().unwrap().body_mut().with_config().limit(64_000_000).read_to_string().unwrap();
        assert!(text.len() < 8_000_000, "{}", text.len());
        let page: Value = serde_json::from_str(&text).unwrap();
        let exchanges = page["exchanges"].as_array().unwrap();
        assert!(exchanges.iter().all(|one| one["request"]["body"]["base64"].as_str().unwrap().starts_with("////")));
        (told, pages) = (told + exchanges.len(), pages + 1);
        match page["next"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!((told, pages), (6, 2));
}

#[test]
fn a_full_workspace_says_which_limit_it_met() {
    let server = MockServer::start(&["--quiet", "--max-objects", "2"]);
    let create = || server.send("t", "POST", "/v2/conversations", Some(json!({ "displayName": "x" })));
    assert_eq!([create().0, create().0], [201, 201]);
    let (status, error) = create();
    assert_eq!(status, 507);
    assert!(error["message"].as_str().unwrap().contains("--max-objects"), "{error}");
}

#[test]
fn a_workspace_of_a_document_that_was_full_has_room_again_after_a_delete() {
    let document = root().join("fixtures/documents/pets.yaml");
    let server = MockServer::start(&["--quiet", "--openapi", document.to_str().unwrap(), "--max-objects", "2"]);
    let create = || server.send("t", "POST", "/pets", Some(json!({ "name": "Rex", "kind": "dog" })));
    let (status, pet) = create();
    assert_eq!((status, create().0), (201, 201));
    let (status, full) = create();
    assert_eq!(status, 507, "{full}");
    assert!(full.to_string().contains("--max-objects"), "{full}");
    assert!(
        (200..300).contains(&server.send("t", "DELETE", &format!("/pets/{}", pet["id"].as_str().unwrap()), None).0)
    );
    assert_eq!((create().0, create().0), (201, 507));
}

#[test]
fn the_least_recently_used_workspace_makes_room() {
    let server = MockServer::start(&["--quiet", "--max-workspaces", "2"]);
    let count = |token: &str| server.send(token, "GET", "/v2/conversations", None).1["data"].as_array().map(Vec::len);
    for token in ["one", "two"] {
        let body = json!({ "displayName": "x" });
        assert_eq!(server.send(token, "POST", "/v2/conversations", Some(body)).0, 201);
    }
    assert_eq!(count("one"), Some(1));
    assert_eq!(count("three"), Some(0), "there is room for another");
    assert_eq!((count("one"), count("two")), (Some(1), Some(0)), "what was used last was kept");
}
