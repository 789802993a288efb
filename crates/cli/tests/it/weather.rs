//! Bad weather on demand: `conformance mock` with faults, latency, and faults that a request asks for.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::context::{MockServer, run, stderr, stdout};

fn curl(server: &MockServer, args: &[&str]) -> Output {
    let url = format!("{}/v2/conversations", server.url);
    let command = ["-sS", "-i", "--max-time", "20", "-H", "Authorization: Bearer me", &url];
    Command::new("curl").args(command).args(args).output().unwrap()
}

#[test]
fn a_fault_happens_to_the_requests_that_it_is_about() {
    let server = MockServer::start(&["--fault", "every-second-503", "--fault", "members-to-come"]);
    let create = ["-H", "Content-Type: application/json", "-d", r#"{"displayName":"a"}"#];
    let (first, second) = (stdout(&curl(&server, &create)), stdout(&curl(&server, &create)));
    assert!(first.starts_with("HTTP/1.1 201") && first.contains(r#""archived":false"#), "{first}");
    assert!(second.starts_with("HTTP/1.1 503") && second.to_lowercase().contains("retry-after: 1"), "{second}");
    let log = server.log();
    assert!(log.contains("fault every-second-503: "), "{log}");
    assert!(log.contains("answered 503 in place of the mock"), "{log}");
}

#[test]
fn a_cut_connection_has_no_answer() {
    let server = MockServer::start(&["--quiet", "--fault", "every-second-cut"]);
    assert_eq!(curl(&server, &[]).status.code(), Some(0));
    let cut = curl(&server, &[]);
    assert_eq!(cut.status.code(), Some(52), "{}", stderr(&cut));
}

#[test]
fn a_page_may_read_what_a_fault_answers_and_asks_for_it_undisturbed() {
    let server = MockServer::start(&["--quiet", "--fault", "always-rate-limited"]);
    let origin = ["-H", "Origin: http://localhost:5173"];
    let limited = stdout(&curl(&server, &origin));
    assert!(limited.starts_with("HTTP/1.1 429"), "{limited}");
    assert!(limited.contains("access-control-allow-origin: http://localhost:5173"), "{limited}");
    let preflight =
        curl(&server, &[&origin[..], &["-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET"]].concat());
    assert!(stdout(&preflight).starts_with("HTTP/1.1 204"), "{}", stdout(&preflight));
}

#[test]
fn answers_are_kept_back() {
    let server = MockServer::start(&["--quiet", "--latency", "300ms..400ms"]);
    let start = Instant::now();
    assert!(stdout(&curl(&server, &[])).starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_request_asks_for_a_fault_when_the_mock_was_started_so() {
    let asked = ["-H", "Conformance-Fault: token-expired"];
    let server = MockServer::start(&["--quiet", "--fault-header"]);
    assert!(stdout(&curl(&server, &asked)).starts_with("HTTP/1.1 401"));
    assert!(stdout(&curl(&server, &[])).starts_with("HTTP/1.1 200"));
    let unknown = stdout(&curl(&server, &["-H", "Conformance-Fault: token-expird"]));
    assert!(unknown.starts_with("HTTP/1.1 400") && unknown.contains("did you mean `token-expired`?"), "{unknown}");
    let plain = MockServer::start(&["--quiet"]);
    assert!(stdout(&curl(&plain, &asked)).starts_with("HTTP/1.1 200"));
}

#[rstest]
#[case(&["--fault", "rate-limted"], "did you mean `rate-limited`?")]
#[case(&["--latency", "fast"], "expected a time such as `200ms`")]
#[case(&["--latency", "200ms..50ms"], "the shorter first")]
#[case(&["--latency=-1s"], "expected a time such as")]
fn a_wrong_wish_is_told_at_start(#[case] args: &[&str], #[case] told: &str) {
    let output = run(&[&["mock", "--port", "0"], args].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
}
