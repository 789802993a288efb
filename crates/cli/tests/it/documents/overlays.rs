//! A document whose paths and names say nothing, and the overlay beside it that says what they mean.

use std::fs;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Server;
use crate::context::{MockServer, root, run, stderr, stdout};

fn tickets() -> String {
    root().join("fixtures/documents/tickets").to_str().unwrap().to_owned()
}

/// The document with another overlay.
fn overlaid(change: impl Fn(String) -> String) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, is_changed) in [("openapi.yaml", false), ("overlay.yaml", true)] {
        let text = fs::read_to_string(format!("{}/{name}", tickets())).unwrap();
        fs::write(folder.path().join(name), if is_changed { change(text) } else { text }).unwrap();
    }
    folder
}

#[test]
fn an_overlay_says_what_no_rule_concludes() {
    let server = Server::at(&tickets(), &[]).sending("authorization", "Bearer me");
    let handles: Vec<Value> = (0..7)
        .map(|n| {
            server.json("POST /tickets/open", &json!({ "subject": format!("no. {n}") })).must(201)["handle"].clone()
        })
        .collect();
    let page = |query: &str| {
        let rows = server.send(&format!("GET /tickets/all?{query}"), &[], "").must(200)["found"]["rows"].clone();
        rows.as_array().unwrap().iter().map(|row| row["handle"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(page("num=4"), handles[..4]);
    assert_eq!(page(&format!("num=4&behind={}", handles[3].as_str().unwrap())), handles[4..]);
    let third = handles[2].as_str().unwrap();
    assert_eq!(server.send(&format!("GET /ticket-details/{third}"), &[], "").must(200)["subject"], "no. 2");
    server.send(&format!("POST /ticket-details/{third}/close"), &[], "").must(204);
    let gone = server.send(&format!("GET /ticket-details/{third}"), &[], "");
    assert!(gone.must(404)["reason"].is_string());
    assert_eq!(page("num=50").len(), 6);
}

#[test]
fn what_an_overlay_says_is_verified_and_shown() {
    let server = MockServer::start(&["--openapi", &tickets(), "--quiet"]);
    let verified = run(&["run", "--openapi", &tickets(), "--base-url", &server.url, "--token", "t"]);
    let told = stdout(&verified);
    assert_eq!(verified.status.code(), Some(0), "{told}");
    assert!(told.contains("8 scenarios: ") && !told.contains("not applicable"), "{told}");
    assert!(told.contains("left 0"), "{told}");
    let concluded = stdout(&run(&["check", "--openapi", &tickets()]));
    assert!(concluded.contains("x-conformance says so"), "{concluded}");
    assert!(!concluded.contains("not used"), "{concluded}");
    assert!(concluded.ends_with("beside it\n  2 scenarios, 2 requirements; all sound\n"), "{concluded}");
    let matrix = run(&["mutate", "--openapi", &tickets()]);
    assert_eq!(matrix.status.code(), Some(0), "{}", stdout(&matrix));
}

#[rstest]
#[case::a_place_that_is_gone(
    "['/tickets/all'].get",
    "['/tickets/every'].get",
    "overlay.yaml:13:13",
    "matches nothing in"
)]
#[case::a_misspelt_key("pages: {", "page: {", "overlay.yaml:13:13", "did you mean `pages`?")]
#[case::a_role_that_there_is_not("role: create", "role: creates", "overlay.yaml:10:13", "did you mean `create`?")]
#[case::no_such_parameter("limit: num", "limit: nun", "overlay.yaml:13:13", "did you mean `num`?")]
#[case::no_such_member("id: handle", "id: handel", "overlay.yaml:6:13", "no member `handel`")]
#[case::no_such_list("items: /found/rows", "items: /found/row", "overlay.yaml:13:13", "shows no list")]
#[case::not_the_path_of_one(
    "/ticket-details/{code}\" }\n  - target: $.paths['/tickets/all']",
    "/tickets\" }\n  - target: $.paths['/tickets/all']",
    "overlay.yaml:10:13",
    "is not the path of one object"
)]
fn what_cannot_be_obeyed_is_an_error_with_its_place(
    #[case] right: &str,
    #[case] wrong: &str,
    #[case] place: &str,
    #[case] said: &str,
) {
    let folder = overlaid(|text| {
        assert!(text.contains(right), "no `{right}` in {text}");
        text.replacen(right, wrong, 1)
    });
    let checked = run(&["check", "--openapi", folder.path().to_str().unwrap()]);
    let told = stderr(&checked);
    assert_eq!(checked.status.code(), Some(2), "{told}");
    assert!(told.contains(place) && told.contains(said), "{told}");
}

#[test]
fn an_overlay_changes_the_document_itself() {
    let folder = overlaid(|text| {
        text + "  - target: $.components.schemas.NewTicket.properties.subject\n    update: { maxLength: 3 }\n"
    });
    let server = Server::at(folder.path().to_str().unwrap(), &[]).sending("authorization", "Bearer me");
    server.json("POST /tickets/open", &json!({ "subject": "abc" })).must(201);
    server.json("POST /tickets/open", &json!({ "subject": "abcd" })).must(400);
}

#[test]
fn the_overlay_and_the_files_of_the_guide_are_taken() {
    let examples = crate::readme::blocks("docs/overlays.md", "yaml");
    let [overlay, requirements, scenario] = examples.as_slice() else {
        panic!("three examples, not {}", examples.len())
    };
    let folder = overlaid(|_| overlay.clone());
    fs::write(folder.path().join("requirements.yaml"), requirements).unwrap();
    fs::create_dir_all(folder.path().join("scenarios/desk")).unwrap();
    fs::write(folder.path().join("scenarios/desk/order.yaml"), scenario).unwrap();
    let verified = run(&["run", "--openapi", folder.path().to_str().unwrap(), "--only", "desk"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
}

#[test]
fn the_member_that_is_named_wins_over_the_parameters_name() {
    let folder = TempDir::new().unwrap();
    let animal = "{ type: object, required: [id, handle], properties: { id: { type: integer }, handle: { type: string, readOnly: true, example: ada-0a1b2c3d4e }, name: { type: string } } }";
    let response = format!("content: {{ application/json: {{ schema: {animal} }} }}");
    let id = "parameters: [{ name: id, in: path, required: true, schema: { type: string } }]";
    let document = format!(
        "openapi: 3.1.0\ninfo: {{ title: Users, version: '1' }}\npaths:\n  /users:\n    post:\n      operationId: add\n      requestBody: {{ content: {{ application/json: {{ schema: {{ type: object, properties: {{ name: {{ type: string }} }} }} }} }} }}\n      responses: {{ '201': {{ description: One., {response} }} }}\n  /users/{{id}}:\n    {id}\n    get:\n      operationId: show\n      responses: {{ '200': {{ description: One., {response} }}, '404': {{ description: None. }} }}\n    delete:\n      operationId: remove\n      responses: {{ '204': {{ description: Gone. }}, '404': {{ description: None. }} }}\n"
    );
    fs::write(folder.path().join("openapi.yaml"), document).unwrap();
    let overlay = "overlay: 1.0.0\ninfo: { title: Users, version: '1' }\nactions:\n  - target: $.paths['/users/{id}']\n    update: { x-conformance: { id: handle } }\n";
    fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
    let path = folder.path().to_str().unwrap();
    let server = MockServer::start(&["--quiet", "--openapi", path]);
    let made = server.send("t", "POST", "/users", Some(json!({ "name": "Ada" }))).1;
    assert_eq!(server.send("t", "GET", &format!("/users/{}", made["handle"].as_str().unwrap()), None), (200, made));
    let verified = run(&["run", "--openapi", path, "--base-url", &server.url]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("left 0"), "{}", stdout(&verified));
}

#[rstest]
#[case::a_typo("actions:", "action:", "overlay.yaml:")]
#[case::no_such_document("extends: tickets.yaml", "extends: ticket.yaml", "extends `ticket.yaml`")]
#[case::no_name("extends: tickets.yaml", "extends: 5", "expected text")]
#[case::a_path_of_no_object(
    "$.paths['/ticket-details/{code}']\n",
    "$.paths['/tickets/open']\n",
    "nothing is known of one object at /tickets/open"
)]
fn a_mistake_in_the_overlay_is_told_whatever_the_document_is_called(
    #[case] right: &str,
    #[case] wrong: &str,
    #[case] said: &str,
) {
    let folder = overlaid(|text| {
        let text = text.replacen("extends: openapi.yaml", "extends: tickets.yaml", 1);
        assert!(text.contains(right), "no `{right}` in {text}");
        text.replacen(right, wrong, 1)
    });
    fs::rename(folder.path().join("openapi.yaml"), folder.path().join("tickets.yaml")).unwrap();
    let checked = run(&["check", "--openapi", folder.path().to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains(said), "{}", stderr(&checked));
}
