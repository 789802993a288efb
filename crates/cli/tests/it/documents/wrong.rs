//! Requests that break the document: they are refused as it says, and leave nothing behind.

use rstest::rstest;
use serde_json::{Value, json};

use super::client::Server;

/// Where a list is, and what leads to it in its response.
fn collection(document: &str) -> (&'static str, &'static str) {
    match document {
        "nested" => ("/branches", ""),
        "page-numbers" => ("/recipes", "/recipes"),
        "offset" => ("/stations", ""),
        "tokens" => ("/v1/objects", "/objects"),
        "basic" => ("/jobs", ""),
        "wrapped" => ("/admin/customers", "/customers"),
        "named" => ("/flags", "/items"),
        "problems" => ("/bookings", "/data"),
        "two-resources" => ("/members", "/members"),
        other => panic!("{other}"),
    }
}

fn server(document: &str) -> Server {
    Server::of(document).sending("authorization", if document == "basic" { "Basic bWU6cHc=" } else { "Bearer me" })
}

fn is_empty(server: &Server, document: &str) -> bool {
    let (path, list) = collection(document);
    server.ask(&format!("GET {path}")).must(200).pointer(list) == Some(&json!([]))
}

#[rstest]
#[case::too_short("nested", json!({ "name": "" }), 400)]
#[case::too_long("nested", json!({ "name": "x".repeat(41) }), 400)]
#[case::too_small("nested", json!({ "name": "Hill", "seats": -1 }), 400)]
#[case::missing("page-numbers", json!({ "title": "Soup" }), 422)]
#[case::at_an_exclusive_bound("page-numbers", json!({ "title": "Soup", "serves": 0 }), 422)]
#[case::too_few_items("page-numbers", json!({ "title": "Soup", "serves": 1, "steps": [] }), 422)]
#[case::another_type("page-numbers", json!({ "title": "Soup", "serves": "four" }), 422)]
#[case::not_nullable("page-numbers", json!({ "title": null, "serves": 4 }), 422)]
#[case::too_large("offset", json!({ "title": "Ridge", "latitude": 90.5 }), 400)]
#[case::deeper("offset", json!({ "title": "Ridge", "position": { "longitude": 181 } }), 400)]
#[case::in_a_map("tokens", json!({ "labels": { "team": 4 } }), 400)]
#[case::a_class_of_statuses("tokens", json!({ "title": "x".repeat(31) }), 400)]
#[case::a_pattern("basic", json!({ "file": "map.doc" }), 400)]
#[case::a_bound_of_2_0("basic", json!({ "file": "map.pdf", "copies": 100 }), 400)]
#[case::within_a_wrapper("wrapped", json!({ "customer": { "email": "a" } }), 422)]
#[case::without_its_wrapper("wrapped", json!({ "email": "a@example.com" }), 422)]
#[case::a_name("named", json!({ "name": "Dark mode", "enabled": true }), 400)]
#[case::not_an_object("named", json!(["dark-mode"]), 400)]
#[case::in_a_member_that_may_be_null("problems", json!({ "sailing": "2031-05-01", "passengers": 1, "vehicle": {} }), 400)]
#[case::an_enumeration("two-resources", json!({ "nickname": "Kit", "password": "correct horse", "instrument": "oud" }), 400)]
#[case::write_only_and_required("two-resources", json!({ "nickname": "Kit" }), 400)]
fn what_breaks_a_bound_is_not_stored(#[case] document: &str, #[case] sent: Value, #[case] status: u16) {
    let server = server(document);
    server.json(&format!("POST {}", collection(document).0), &sent).must(status);
    assert!(is_empty(&server, document));
}

#[rstest]
#[case::cut_off("{\"name\": \"dark")]
#[case::a_comma_too_many("{\"name\": \"dark\", \"enabled\": true,}")]
#[case::two_values("{\"name\": \"dark\", \"enabled\": true} {}")]
#[case::no_json("name=dark&enabled=true")]
#[case::nothing("")]
fn what_is_no_json_is_a_400(#[case] body: &str) {
    let server = server("named");
    let answer = server.send("POST /flags", &[("content-type", "application/json")], body);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains("body"), "{answer:?}");
    assert!(is_empty(&server, "named"));
}

#[test]
fn another_media_type_is_refused() {
    let server = server("named");
    let answer = server.form("POST /flags", "name=dark&enabled=true");
    assert!(matches!(answer.status, 400 | 415), "{answer:?}");
    assert!(is_empty(&server, "named"));
}

#[rstest]
#[case::a_size("offset", "GET /stations?limit=0")]
#[case::a_size_that_is_too_large("offset", "GET /stations?limit=21")]
#[case::a_size_in_words("offset", "GET /stations?limit=ten")]
#[case::an_offset("offset", "GET /stations?offset=-1")]
#[case::a_page("page-numbers", "GET /recipes?page=0")]
#[case::an_enumeration("two-resources", "GET /members?sort=height")]
#[case::a_filter("two-resources", "GET /members?instrument=oud")]
fn parameters_have_bounds(#[case] document: &str, #[case] request: &str) {
    server(document).ask(request).must(400);
}

#[test]
fn a_change_that_breaks_a_bound_changes_nothing() {
    let server = server("problems");
    let made = server.json("POST /bookings", &json!({ "sailing": "2031-05-01", "passengers": 2 })).must(201);
    let item = format!("/bookings/{}", made["reference"].as_str().unwrap());
    let patch = [("content-type", "application/merge-patch+json")];
    server.send(&format!("PATCH {item}"), &patch, "{\"passengers\": 10, \"vehicle\": null}").must(400);
    assert_eq!(server.ask(&format!("GET {item}")).must(200), made);
}

#[test]
fn a_method_that_a_path_does_not_have_is_a_405_and_an_unknown_path_a_404() {
    let server = server("named");
    let answer = server.ask("DELETE /flags");
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST, OPTIONS"));
    server.ask("GET /flag").must(404);
}

#[rstest]
#[case::unknown("GET /bookings/{unknown}", "", 404, "Not Found")]
#[case::by_a_class("DELETE /bookings/{unknown}", "", 404, "Not Found")]
#[case::by_default("POST /bookings", "{\"passengers\": 0, \"sailing\": \"2031-05-01\"}", 400, "Bad Request")]
fn problems_say_what_is_wrong(#[case] request: &str, #[case] body: &str, #[case] status: u16, #[case] title: &str) {
    let server = Server::with("problems", &["--unknown-ids", "reject"]);
    let request = request.replace("{unknown}", "ABCDE12345");
    let answer = server.send(&request, &[("content-type", "application/json")], body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.must(status);
    assert_eq!((&problem["type"], &problem["title"]), (&json!("about:blank"), &json!(title)));
    assert_eq!(problem["status"], status);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(if status == 404 { "ABCDE12345" } else { "passengers" }), "{detail}");
}

#[test]
fn a_text_that_is_called_errors_says_what_is_wrong() {
    let body = Server::with("wrapped", &["--unknown-ids", "reject"]).ask("GET /admin/customers/5").must(404);
    assert_eq!(body, json!({ "errors": "Not Found: customers has no `5`" }));
}
