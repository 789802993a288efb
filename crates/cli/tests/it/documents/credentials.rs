//! Who may ask, and whose objects are answered.

use rstest::rstest;
use serde_json::json;

use super::client::{Server, text};

const KEY: (&str, &str) = ("x-parcel-key", "one");
const SESSION: (&str, &str) = ("cookie", "theme=dark; sid=abc");

#[rstest]
#[case::nothing_is_needed("GET /health", &[], 200)]
#[case::none("GET /parcels", &[], 401)]
#[case::in_a_header("GET /parcels", &[KEY], 200)]
#[case::in_the_query("GET /parcels?api_key=one", &[], 200)]
#[case::empty("GET /parcels?api_key=", &[], 401)]
#[case::under_another_name("GET /parcels?key=one", &[("x-key", "one")], 401)]
#[case::a_cookie_in_place_of_a_key("GET /parcels", &[SESSION], 401)]
#[case::in_a_cookie("GET /me", &[SESSION], 200)]
#[case::another_cookie("GET /me", &[("cookie", "theme=dark; side=abc")], 403)]
#[case::one_of_two("DELETE /parcels/018cc251-f400-7000-8000-000000000009", &[KEY], 401)]
#[case::the_other_of_two("DELETE /parcels/018cc251-f400-7000-8000-000000000009", &[SESSION], 401)]
#[case::both("DELETE /parcels/018cc251-f400-7000-8000-000000000009", &[KEY, SESSION], 404)]
fn credentials_are_where_the_document_wants_them(
    #[case] request: &str,
    #[case] headers: &[(&str, &str)],
    #[case] status: u16,
) {
    let answer = Server::of("api-keys").send(request, headers, "");
    assert_eq!(answer.status, status, "{answer:?}");
    match status {
        401 => {
            assert_eq!(answer.body["error"], "invalid_key");
            assert!(answer.body["error_description"].as_str().unwrap().contains("X-Parcel-Key"), "{}", answer.body);
        }
        403 => {
            assert_eq!(answer.header("content-type"), "text/plain");
            assert!(String::from_utf8(answer.bytes).unwrap().contains("sid"));
        }
        _ => {}
    }
}

#[rstest]
#[case::basic("basic", "GET /rest/jobs", "Basic ")]
#[case::bearer("link-header", "GET /issues", "Bearer")]
#[case::key("api-keys", "GET /parcels", "ApiKey")]
fn a_401_names_the_scheme_that_is_wanted(#[case] document: &str, #[case] request: &str, #[case] scheme: &str) {
    let answer = Server::of(document).ask(request);
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").starts_with(scheme), "{answer:?}");
}

#[rstest]
#[case::no_credentials("")]
#[case::another_scheme("Bearer bWU6cHc=")]
#[case::a_scheme_alone("Basic")]
fn basic_is_wanted_where_it_is_documented(#[case] authorization: &str) {
    let server = Server::of("basic");
    let body = server.send("GET /rest/jobs", &[("authorization", authorization)], "").must(401);
    assert_eq!(body["code"], 401);
    assert!(body["reason"].as_str().unwrap().contains("Basic"), "{body}");
    assert_eq!(server.send("GET /rest/jobs", &[("authorization", "Basic bWU6cHc=")], "").must(200), json!([]));
}

#[rstest]
#[case::keys("api-keys", "/parcels", json!({ "to": "Ōtaki" }), ("x-parcel-key", "one"), ("x-parcel-key", "two"))]
#[case::basic("basic", "/jobs", json!({ "file": "a.ps" }), ("authorization", "Basic YTph"), ("authorization", "Basic Yjpi"))]
#[case::bearer("link-header", "/issues", json!({ "title": "x" }), ("authorization", "Bearer a"), ("authorization", "Bearer b"))]
fn each_credential_has_a_workspace(
    #[case] document: &str,
    #[case] collection: &str,
    #[case] sent: serde_json::Value,
    #[case] mine: (&str, &str),
    #[case] theirs: (&str, &str),
) {
    let server = Server::of(document);
    let json = ("content-type", "application/json");
    let made = server.send(&format!("POST {collection}"), &[mine, json], &sent.to_string()).must(201);
    let id = ["jobId", "number", "id"].iter().find_map(|name| made.get(name)).unwrap();
    let item = format!("GET {collection}/{}", text(id));
    assert_eq!(server.send(&item, &[mine], "").must(200), made);
    server.send(&item, &[theirs], "").must(404);
    assert!(!server.send(&format!("GET {collection}"), &[theirs], "").must(200).to_string().contains(&text(id)));
}

#[rstest]
#[case::the_key(&[KEY], 200)]
#[case::another_key(&[("x-parcel-key", "two")], 401)]
#[case::none(&[], 401)]
fn a_server_may_let_in_one_credential_alone(#[case] headers: &[(&str, &str)], #[case] status: u16) {
    let server = Server::with("api-keys", &["--require-token", "one"]);
    server.send("GET /parcels", headers, "").must(status);
    server.ask("GET /health").must(200);
}

#[test]
fn a_key_is_the_same_wherever_it_is_sent() {
    let server = Server::of("api-keys");
    let made = server.json("POST /parcels?api_key=one", &json!({ "to": "Ōtaki" })).must(201);
    let item = format!("/parcels/{}", text(&made["id"]));
    assert_eq!(server.send(&format!("GET {item}"), &[KEY], "").must(200), made);
    server.send(&format!("DELETE {item}"), &[KEY, SESSION], "").must(204);
    server.ask(&format!("GET {item}?api_key=one")).must(404);
}
