//! `conformance mock` as a process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::context::{MockServer, run, signal, stderr};

#[test]
fn a_taken_port_is_2_and_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["mock", "--port", &port]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&format!("cannot listen on 127.0.0.1:{port}")));
    assert!(stderr(&output).contains("--port 0"));
}

#[test]
fn the_curl_line_of_the_banner_works_as_it_stands() {
    let server = MockServer::start(&[]);
    let banner = server.wait_for("Ctrl-C stops.");
    let command = &banner[banner.find("curl ").unwrap()..banner.find("Ctrl-C").unwrap()];
    let output = Command::new("sh").args(["-c", command.trim()]).output().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(body["displayName"], "Support Chat #1234");
}

#[test]
fn ctrl_c_stops_it_cleanly_and_at_once_when_nothing_is_in_flight() {
    for name in ["INT", "TERM"] {
        let mut server = MockServer::start(&[]);
        server.send("t", "GET", "/v2/conversations", None);
        let start = Instant::now();
        signal(&server.child, name);
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "SIG{name}");
        assert!(start.elapsed() < Duration::from_secs(4), "SIG{name} took {:?}", start.elapsed());
    }
}

/// Sends the head of a create and waits until the server waits for its body: the request is in flight.
fn in_flight(server: &MockServer, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST /v2/conversations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut continued = [0; 25];
    stream.read_exact(&mut continued).unwrap();
    assert!(continued.starts_with(b"HTTP/1.1 100"));
    stream
}

#[test]
fn a_second_ctrl_c_ends_it_while_a_request_is_in_flight() {
    let mut server = MockServer::start(&[]);
    let _stream = in_flight(&server, r#"{"displayName":"Never sent"}"#);
    signal(&server.child, "INT");
    server.wait_for("stopping");
    signal(&server.child, "INT");
    assert_eq!(server.child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_is_in_flight_is_finished_before_it_stops() {
    let mut server = MockServer::start(&[]);
    let body = r#"{"displayName":"In flight"}"#;
    let mut stream = in_flight(&server, body);
    signal(&server.child, "INT");
    server.wait_for("stopping");
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn strict_refuses_what_is_otherwise_noted() {
    let body = Some(json!({ "displayName": "One", "displayname": "Two" }));
    let lenient = MockServer::start(&[]);
    assert_eq!(lenient.send("t", "POST", "/v2/conversations", body.clone()).0, 201);
    assert_eq!(lenient.send("t", "GET", "/v2/conversations?startingAfter=x", None).0, 200);
    let log = lenient.log();
    assert!(
        log.contains(
            "noted: query.startingAfter: is not a parameter of listConversations; did you mean `starting_after`?"
        ),
        "{log}"
    );
    assert!(
        log.contains("noted: body/displayname: is not a property of this body; did you mean `displayName`?"),
        "{log}"
    );
    let strict = MockServer::start(&["--strict"]);
    assert_eq!(strict.send("t", "POST", "/v2/conversations", body).0, 400);
    assert_eq!(strict.send("t", "GET", "/v2/conversations?startingAfter=x", None).0, 400);
}

#[test]
fn with_a_seed_two_servers_answer_the_same_bytes_and_tokens_differ() {
    let talk = |token: &str, seed: &str| {
        let server = MockServer::start(&["--seed", seed]);
        let bodies = (0..5)
            .map(|n| server.send(token, "POST", "/v2/conversations", Some(json!({ "displayName": format!("{n}") }))));
        bodies.map(|(_, body)| body.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(talk("a", "7"), talk("a", "7"));
    assert_ne!(talk("a", "7"), talk("b", "7"));
    assert_ne!(talk("a", "7"), talk("a", "8"));
}

#[test]
fn another_token_is_another_workspace() {
    let server = MockServer::start(&[]);
    let (_, made) = server.send("mine", "POST", "/v2/conversations", Some(json!({ "displayName": "Mine" })));
    let path = format!("/v2/conversations/{}", made["_id"].as_str().unwrap());
    for (method, body) in [("GET", None), ("PATCH", Some(json!({ "displayName": "Yours" }))), ("DELETE", None)] {
        assert_eq!(server.send("yours", method, &path, body).0, 404);
    }
    assert_eq!(server.send("yours", "GET", "/v2/conversations", None).1["data"], json!([]));
    assert_eq!(server.send("mine", "GET", &path, None).1["displayName"], "Mine");
}
