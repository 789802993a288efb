//! Whatever parses as HTTP is answered, and every refusal is JSON that names what was wrong and where.

use std::io::{Read, Write};
use std::net::TcpStream;

use rstest::{fixture, rstest};
use serde_json::Value;

use crate::context::MockServer;

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Sends bytes as they are; the request must ask to close.
fn raw(server: &MockServer, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn request(server: &MockServer, method: &str, target: &str, headers: &str, body: &str) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let text = format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}{length}\r\n{body}");
    raw(server, text.as_bytes())
}

const AUTH: &str = "authorization: Bearer t\r\n";
const JSON: &str = "authorization: Bearer t\r\ncontent-type: application/json\r\n";

#[fixture]
#[once]
fn server() -> MockServer {
    MockServer::start(&["--fixtures", "guide"])
}

#[rstest]
#[case::no_token("GET", "/v2/conversations", "", "", 401, "header.authorization: is missing")]
#[case::other_scheme(
    "GET",
    "/v2/conversations",
    "authorization: Basic eDp5\r\n",
    "",
    401,
    "does not hold a bearer token"
)]
#[case::empty_token("GET", "/v2/conversations", "authorization: Bearer \r\n", "", 401, "holds no token")]
#[case::unknown_path("GET", "/v2/conversation", AUTH, "", 404, "did you mean /v2/conversations?")]
#[case::trailing_slash("GET", "/v2/conversations/", AUTH, "", 404, "did you mean /v2/conversations?")]
#[case::unknown_method(
    "PUT",
    "/v2/conversations",
    AUTH,
    "",
    405,
    "PUT is not a method of /v2/conversations; it has GET, POST"
)]
#[case::invented_method("BREW", "/v2/conversations/x", AUTH, "", 405, "it has GET, PATCH, DELETE")]
#[case::unknown_id("GET", "/v2/conversations/nobody", AUTH, "", 404, "no conversation has the id \"nobody\"")]
#[case::odd_id("GET", "/v2/conversations/%00%2F..%FF", AUTH, "", 404, "no conversation has the id")]
#[case::limit_too_large(
    "GET",
    "/v2/conversations?limit=101",
    AUTH,
    "",
    400,
    "query.limit: is \"101\"; expected a whole number from 1 to 100"
)]
#[case::limit_no_number("GET", "/v2/conversations?limit=ten", AUTH, "", 400, "query.limit: is \"ten\"")]
#[case::limit_twice("GET", "/v2/conversations?limit=1&limit=2", AUTH, "", 400, "query.limit: is given more than once")]
#[case::no_body("POST", "/v2/conversations", JSON, "", 400, "body: is missing")]
#[case::form(
    "POST",
    "/v2/conversations",
    "authorization: Bearer t\r\ncontent-type: application/x-www-form-urlencoded\r\n",
    "a=b",
    415,
    "expected `application/json`"
)]
#[case::no_media_type("POST", "/v2/conversations", AUTH, "{}", 415, "header.content-type: is missing")]
#[case::compressed(
    "POST",
    "/v2/conversations",
    "authorization: Bearer t\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n",
    "x",
    415,
    "header.content-encoding"
)]
#[case::cut_off("POST", "/v2/conversations", JSON, "{\"displayName\":", 400, "body: is not valid JSON")]
#[case::too_deep("POST", "/v2/conversations", JSON, &"[".repeat(100_000), 400, "body: is not valid JSON")]
#[case::wrong_type(
    "POST",
    "/v2/conversations",
    JSON,
    "{\"displayName\":7}",
    400,
    "body/displayName: is 7; expected string"
)]
#[case::too_long("POST", "/v2/conversations", JSON, &format!("{{\"displayName\":\"{}\"}}", "é".repeat(101)), 400, "body/displayName: has 101 characters; at most 100 allowed")]
#[case::too_short(
    "POST",
    "/v2/conversations",
    JSON,
    "{\"displayName\":\"\"}",
    400,
    "body/displayName: has 0 characters; at least 1 needed"
)]
#[case::nothing_given("POST", "/v2/conversations", JSON, "{}", 400, "lacks the required property \"displayName\"")]
fn a_refusal_is_json_that_says_what_and_where(
    server: &MockServer,
    #[case] method: &str,
    #[case] target: &str,
    #[case] headers: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] said: &str,
) {
    let answer = request(server, method, target, headers, body);
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert!(body["message"].as_str().unwrap().contains(said), "{body}");
}

#[rstest]
fn a_405_tells_what_is_allowed(server: &MockServer) {
    let answer = request(server, "PUT", "/v2/conversations/x", AUTH, "");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, PATCH, DELETE, OPTIONS")));
}

#[rstest]
fn a_401_tells_the_scheme(server: &MockServer) {
    assert_eq!(request(server, "GET", "/v2/conversations", "", "").header("www-authenticate"), Some("Bearer"));
}

#[rstest]
fn the_scheme_may_be_in_any_case(server: &MockServer) {
    assert_eq!(request(server, "GET", "/v2/conversations", "authorization: bearer t\r\n", "").status, 200);
}

#[rstest]
fn media_type_parameters_do_not_matter(server: &MockServer) {
    let headers = "authorization: Bearer t\r\ncontent-type: Application/JSON; charset=utf-8\r\n";
    assert_eq!(request(server, "POST", "/v2/conversations", headers, "{\"displayName\":\"x\"}").status, 201);
}

#[rstest]
fn head_is_get_without_its_body(server: &MockServer) {
    let path = "/v2/conversations/conv_01jj1hdhn79xas7a01wb3hysdb";
    let (get, head) = (request(server, "GET", path, AUTH, ""), request(server, "HEAD", path, AUTH, ""));
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    assert_eq!(request(server, "HEAD", "/v2/conversations/nobody", AUTH, "").status, 404);
}

#[rstest]
fn too_large_a_body_is_413_however_it_is_sent(server: &MockServer) {
    let large = format!("{{\"displayName\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let answer = request(server, "POST", "/v2/conversations", JSON, &large);
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("is larger than 1048576 bytes"), "{}", answer.body);
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let head = format!(
        "POST /v2/conversations HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{JSON}transfer-encoding: chunked\r\n\r\n"
    );
    assert_eq!(raw(server, format!("{head}{chunked}").as_bytes()).status, 413);
}

#[rstest]
#[case::headers(&format!("GET /v2/conversations HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(100_000)), 431)]
#[case::target(&format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)), 414)]
#[case::nonsense("nonsense\r\n\r\n", 400)]
fn what_is_no_http_or_too_much_of_it_is_refused(server: &MockServer, #[case] request: &str, #[case] status: u16) {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    // The server may hang up while we still write.
    let _ = stream.write_all(request.as_bytes());
    let mut said = [0; 12];
    stream.read_exact(&mut said).unwrap();
    assert!((400..=431).contains(&status));
    let found: u16 = String::from_utf8_lossy(&said)[9..12].parse().unwrap();
    assert!(found == status || (found == 431 && status == 414), "{found}");
}

#[rstest]
#[case::vite("http://localhost:5173", true)]
#[case::address("http://127.0.0.1:3000", true)]
#[case::other_loopback("https://127.8.9.1", true)]
#[case::v6("http://[::1]:8080", true)]
#[case::subdomain("http://app.localhost:3000", true)]
#[case::foreign("https://evil.example", false)]
#[case::look_alike("http://localhost.evil.example", false)]
#[case::prefix("http://127.0.0.1.evil.example", false)]
#[case::null("null", false)]
fn only_pages_of_this_machine_may_call(server: &MockServer, #[case] origin: &str, #[case] allowed: bool) {
    let allowed = allowed.then_some(origin);
    let headers = format!("{AUTH}origin: {origin}\r\n");
    let answer = request(server, "GET", "/v2/conversations", &headers, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
    let refused = request(server, "GET", "/v2/conversations", &format!("origin: {origin}\r\n"), "");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, allowed));
    let preflight = format!(
        "origin: {origin}\r\naccess-control-request-method: PATCH\r\naccess-control-request-headers: authorization\r\n"
    );
    let answer = request(server, "OPTIONS", "/v2/conversations/x", &preflight, "");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, allowed));
    assert_eq!(answer.header("access-control-allow-methods"), allowed.map(|_| "GET, HEAD, PATCH, DELETE, OPTIONS"));
    assert_eq!(answer.header("access-control-allow-headers"), allowed.map(|_| "authorization"));
}

#[rstest]
fn the_python_reference_sends_both_cursors_and_is_answered(server: &MockServer) {
    let id = "conv_01jj1hdhn79xas7a01wb3hysdb";
    for id in [id, "conv_00000000000000000000000000"] {
        let target = format!("/v2/conversations?limit=10&starting_after={id}&ending_before={id}");
        let answer = request(server, "GET", &target, AUTH, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"object":"list","data":[],"has_more":false}"#));
    }
}

/// A request for a page, kept open.
const ASK: &[u8] = b"GET /v2/conversations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\n\r\n";

fn connect(server: &MockServer) -> TcpStream {
    TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap()
}

#[test]
fn who_has_closed_its_sending_side_is_answered() {
    let server = MockServer::start(&["--quiet"]);
    for round in 0..50 {
        for target in ["/v2/conversations", "/~/run/call/v2/conversations"] {
            let mut stream = connect(&server);
            let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            assert!(said.starts_with("HTTP/1.1 200"), "{target}, round {round}: {said}");
        }
    }
}

#[test]
fn idle_connections_make_room_for_others() {
    let server = MockServer::start(&["--quiet", "--max-connections", "10"]);
    let idle: Vec<TcpStream> = (0..40).map(|_| connect(&server)).collect();
    let start = std::time::Instant::now();
    assert_eq!(server.send("t", "GET", "/v2/conversations", None).0, 200);
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
    // The oldest is gone, so that reading from it ends at once.
    assert_eq!((&idle[0]).read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn who_sends_and_never_reads_does_not_lock_out_others() {
    let server = MockServer::start(&["--quiet", "--max-connections", "4", "--fixtures", "guide"]);
    let deaf: Vec<TcpStream> = (0..4).map(|_| connect(&server)).collect();
    for stream in &deaf {
        stream.set_nonblocking(true).unwrap();
        // Until the server takes no more, because it waits for what it sent to be read.
        let start = std::time::Instant::now();
        while start.elapsed() < std::time::Duration::from_secs(1) {
            if (&*stream).write(&ASK.repeat(100)).is_err() {
                std::thread::yield_now();
            }
        }
    }
    let start = std::time::Instant::now();
    assert_eq!(server.send("t", "GET", "/v2/conversations", None).0, 200);
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

#[rstest]
#[case::unknown_members("POST", "/v2/conversations", (0..20_000).map(|n| format!("\"m{n}\":1,")).collect::<String>(), 400)]
#[case::long_name("POST", "/v2/conversations", format!("\"{}\":1,", "n".repeat(500_000)), 400)]
#[case::long_path("GET", &format!("/{}", "p".repeat(30_000)), String::new(), 404)]
#[case::parameters("GET", &format!("/v2/conversations?{}", "x&limit=1&".repeat(2_500)), String::new(), 400)]
fn what_is_said_of_a_large_request_is_short(
    #[case] method: &str,
    #[case] target: &str,
    #[case] members: String,
    #[case] status: u16,
) {
    let server = MockServer::start(&["--quiet", "--strict"]);
    let body = if members.is_empty() { members } else { format!("{{{members}\"displayName\":1}}") };
    let answer = request(&server, method, target, JSON, &body);
    assert_eq!(answer.status, status, "{:.1000}", answer.body);
    assert!(answer.body.len() < 64_000, "{} bytes", answer.body.len());
}
