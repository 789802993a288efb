//! Ids that nobody made: those of the mock's own form, and those of the document's examples.

use rstest::rstest;
use serde_json::json;

use super::client::Server;

/// Of the form that the mock gives, made by nobody.
const OWN: &str = "/members/018cc251-f400-7000-8000-0000000000ff";
/// An example of the document.
const EXAMPLE: &str = "/members/3f1c7a52-8d0e-4b1f-9a55-0c2d9be1a001";
/// Neither.
const OTHER: &str = "/members/9b2d0b5c-0a57-4c3f-8a90-55d1c3a7e002";

#[rstest]
#[case::auto("auto", [404, 200, 200])]
#[case::make("make", [200, 200, 200])]
#[case::reject("reject", [404, 404, 404])]
fn unknown_ids_are_answered_as_asked(#[case] how: &str, #[case] statuses: [u16; 3]) {
    let server = Server::with("two-resources", &["--unknown-ids", how]);
    for (path, status) in [OWN, EXAMPLE, OTHER].iter().zip(statuses) {
        let body = server.ask(&format!("GET {path}")).must(status);
        if status == 200 {
            assert_eq!(format!("/members/{}", body["id"].as_str().unwrap()), *path);
            assert!(body.get("password").is_none(), "{body}");
        }
        assert_eq!(server.json(&format!("PATCH {path}"), &json!({ "fee": 3 })).status, status);
        let gone = server.ask(&format!("DELETE {path}")).status;
        assert_eq!(gone, if status == 200 { 204 } else { 404 }, "{path}");
    }
}

#[rstest]
#[case::auto("auto", 404, 200)]
#[case::make("make", 200, 200)]
#[case::reject("reject", 404, 404)]
fn what_is_below_an_unknown_id_is_answered_like_it(#[case] how: &str, #[case] own: u16, #[case] example: u16) {
    let server = Server::with("nested", &["--unknown-ids", how]);
    for (branch, status) in [("1234", own), ("7", example)] {
        server.ask(&format!("GET /branches/{branch}")).must(status);
        server.ask(&format!("GET /branches/{branch}/shelves")).must(status);
        let made = server.json(&format!("POST /branches/{branch}/shelves"), &json!({ "label": "A1" }));
        assert_eq!(made.status, if status == 200 { 201 } else { 404 }, "{made:?}");
    }
}

#[test]
fn what_is_below_an_example_stays_there_and_goes_with_it() {
    let server = Server::of("nested");
    let shelves = || server.ask("GET /branches/7/shelves").must(200);
    let put_up = || server.json("POST /branches/7/shelves", &json!({ "label": "A1" })).must(201);
    let first = put_up();
    server.json("PATCH /branches/7", &json!({ "name": "Harbour" })).must(200);
    assert_eq!(shelves(), json!([first]));
    let second = put_up();
    assert_eq!(shelves(), json!([first, second]));
    server.ask("DELETE /branches/7").must(204);
    assert_eq!(shelves(), json!([]), "the example has none");
    put_up();
    server.ask("DELETE /branches/7").must(204);
    assert_eq!(shelves(), json!([]));
}

#[test]
fn an_example_that_was_changed_is_kept_so() {
    let server = Server::of("two-resources");
    let before = server.ask(&format!("GET {EXAMPLE}")).must(200);
    assert_ne!(before["nickname"], "Ida");
    let changed = server.json(&format!("PATCH {EXAMPLE}"), &json!({ "nickname": "Ida" })).must(200);
    assert_eq!(server.ask(&format!("GET {EXAMPLE}")).must(200), changed);
    assert_eq!(changed["nickname"], "Ida");
    assert_eq!(server.ask("GET /members").must(200), json!({ "members": [changed] }));
}
