//! Defects of a server that only a look into objects, at other methods or at several pages shows: each is seen by the requirement
//! that it breaks, with nothing but a document.

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, root, run, stdout};
use crate::control::ask;

#[rstest]
#[case::below_another("nested", json!({ "on": { "operation": "getShelf", "status": "200" }, "response": { "set": { "/branchId": 999 } } }), "getShelf.names-its-parents")]
#[case::page("warehouses", json!({ "on": { "operation": "listWarehouses" }, "response": { "set": { "/page": 1 } } }), "listWarehouses.page-number")]
#[case::total_of_a_page("warehouses", json!({ "on": { "operation": "listWarehouses" }, "response": { "set": { "/total": 1 } } }), "listWarehouses.total")]
#[case::lost_within("warehouses", json!({ "on": { "operation": "getWarehouse", "status": "200" }, "response": { "remove": ["/address/place"] } }), "getWarehouse.keeps-what-was-sent")]
#[case::rounded_within("warehouses", json!({ "on": { "operation": "getWarehouse", "shows": "53.5" }, "response": { "set": { "/address/place/lat": 53 } } }), "getWarehouse.keeps-what-was-sent")]
#[case::bound_within("warehouses", json!({ "on": { "operation": "build" }, "request": { "set": { "/address/postcode": "20457" } } }), "build.rejects-wrong-bodies")]
#[case::bound_within_what_may_be_null("warehouses", json!({ "on": { "operation": "build" }, "request": { "set": { "/address/place/lat": 5 } } }), "build.rejects-wrong-bodies")]
#[case::bound_of_an_item("warehouses", json!({ "on": { "operation": "build" }, "request": { "set": { "/gates": [{ "number": 3 }] } } }), "build.rejects-wrong-bodies")]
#[case::bound_of_a_change("warehouses", json!({ "on": { "operation": "alter" }, "request": { "set": { "/address": { "city": "Bremen" } } } }), "alter.rejects-wrong-bodies")]
#[case::nothing_to_change("warehouses", json!({ "on": { "operation": "alter", "body": "{}" }, "request": { "set": { "/open": true } } }), "alter.rejects-wrong-bodies")]
#[case::bound_of_a_replacement("warehouses", json!({ "on": { "operation": "rebuild" }, "request": { "set": { "/shelves": 12 } } }), "rebuild.rejects-wrong-bodies")]
#[case::false_ignored("warehouses", json!({ "on": { "operation": "alter", "body": "\"open\":false" }, "request": { "remove": ["/open"] } }), "getWarehouse.keeps-what-was-sent")]
#[case::zero_ignored("warehouses", json!({ "on": { "operation": "alter", "body": "\"shelves\":0" }, "request": { "remove": ["/shelves"] } }), "getWarehouse.keeps-what-was-sent")]
#[case::bound_of_what_put_makes("warehouses", json!({ "on": { "operation": "putLabel" }, "request": { "set": { "/title": "Fragile" } } }), "putLabel.rejects-wrong-bodies")]
#[case::bound_of_a_map("warehouses", json!({ "on": { "operation": "putLabel" }, "request": { "set": { "/meta": { "team": "x" } } } }), "putLabel.rejects-wrong-bodies")]
#[case::locked("api-keys", json!({ "on": { "operation": "health" }, "answer": { "status": 401, "body": { "message": "who are you?" } } }), "health.wants-no-credentials")]
#[case::member_of_what_put_makes("warehouses", json!({ "on": { "operation": "getLabel", "status": "200" }, "response": { "remove": ["/key"] } }), "getLabel.documented-body")]
fn a_defect_is_seen(#[case] document: &str, #[case] fault: Value, #[case] requirement: &str) {
    let path = root().join(format!("fixtures/documents/{document}.yaml")).display().to_string();
    let server = MockServer::start(&["--quiet", "--openapi", &path]);
    let verify = || run(&["run", "--openapi", &path, "--base-url", &server.url]);
    let good = verify();
    assert_eq!(good.status.code(), Some(0), "{}", stdout(&good));
    let (status, refused) = ask(&server, "PUT /__conformance/faults", &json!({ "faults": [fault] }).to_string());
    assert_eq!(status, 204, "{refused}");
    let bad = verify();
    let said = stdout(&bad);
    assert_eq!(bad.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("fail MUST {requirement}\n")), "{said}");
}

/// What a right server may do, and was once blamed for.
#[rstest]
#[case::null_is_left_out(json!({ "on": { "operation": ["build", "getWarehouse"], "shows": "\"note\":null" }, "response": { "remove": ["/note"] } }))]
#[case::more_members(json!({ "on": { "operation": ["build", "getWarehouse"], "status": "2XX" }, "response": { "set": { "/more": [1] } } }))]
fn a_right_server_is_not_blamed(#[case] fault: Value) {
    let path = root().join("fixtures/documents/warehouses.yaml").display().to_string();
    let server = MockServer::start(&["--quiet", "--openapi", &path]);
    assert_eq!(ask(&server, "PUT /__conformance/faults", &json!({ "faults": [fault] }).to_string()).0, 204);
    let output = run(&["run", "--openapi", &path, "--base-url", &server.url]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(ask(&server, "GET /__conformance/faults", "").1["happened"][0].as_u64().unwrap() > 0);
}
