//! What each workspace of a mock begins with: `--populate`, and `--fixtures` of documents.

use std::collections::HashSet;
use std::fs;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{MockServer, root, run, stderr};

fn document(name: &str) -> String {
    root().join(format!("fixtures/documents/{name}.yaml")).display().to_string()
}

/// What a mock says that does not start, and its exit code.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(&[&["mock", "--port", "0", "--quiet"], arguments].concat());
    (output.status.code(), stderr(&output))
}

fn texts(items: &Value, member: &str) -> Vec<String> {
    items.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_workspace_of_a_suite_begins_with_plausible_objects() {
    let server = MockServer::start(&["--quiet", "--populate", "30"]);
    let list = |token: &str| server.send(token, "GET", "/v2/conversations?limit=100", None).1["data"].clone();
    let names = texts(&list("one"), "displayName");
    assert_eq!((names.len(), names.iter().collect::<HashSet<_>>().len()), (30, 30), "{names:?}");
    let lengths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    assert!(lengths.contains(&1) && lengths.contains(&100), "the shortest and the longest: {lengths:?}");
    assert!(names.iter().any(|name| !name.is_ascii()), "{names:?}");
    assert_eq!(list("one"), list("another"), "all begin with the same");
    let first = list("one")[0]["_id"].as_str().unwrap().to_owned();
    assert_eq!(server.send("one", "DELETE", &format!("/v2/conversations/{first}"), None).0, 204);
    assert_eq!(list("one").as_array().unwrap().len(), 29);
    assert_eq!(list("another").as_array().unwrap().len(), 30, "and go on by themselves");
}

#[test]
fn what_stands_below_others_is_made_below_each_of_the_first() {
    let server = MockServer::start(&["--quiet", "--openapi", &document("nested"), "--populate", "12", "--seed", "1"]);
    let branches = server.send("t", "GET", "/branches", None).1;
    let branches = branches.as_array().unwrap();
    assert_eq!(branches.len(), 12);
    let shelves = |branch: &Value| {
        let shelves = server.send("t", "GET", &format!("/branches/{}/shelves", branch["id"]), None).1;
        shelves.as_array().unwrap().len()
    };
    assert_eq!((shelves(&branches[0]), shelves(&branches[9]), shelves(&branches[10])), (3, 3, 0));
    let again = MockServer::start(&["--quiet", "--openapi", &document("nested"), "--populate", "12", "--seed", "1"]);
    assert_eq!(again.send("t", "GET", "/branches", None).1.as_array().unwrap(), branches, "a seed repeats them");
}

#[test]
fn names_of_a_pattern_are_made_to_fit() {
    let server = MockServer::start(&["--quiet", "--openapi", &document("named"), "--populate", "4"]);
    let flags = server.send("t", "GET", "/flags", None).1["items"].clone();
    assert_eq!(texts(&flags, "name").iter().collect::<HashSet<_>>().len(), 4, "{flags}");
}

#[test]
fn what_was_made_last_is_of_now_and_everything_else_is_older() {
    let server = MockServer::start(&["--quiet", "--openapi", &document("json-api"), "--populate", "6"]);
    let list = server.send("t", "GET", "/articles", None).1;
    let articles: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|one| &one["attributes"]).collect();
    let times: Vec<&str> = articles.iter().map(|one| one["createdAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|later, earlier| later > earlier), "{times:?}");
    assert!(articles.iter().all(|one| one["updatedAt"].as_str() >= one["createdAt"].as_str()), "{list}");
    // Made of what stands in the envelope, and about somebody who is there.
    let titles: HashSet<&str> = articles.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert!(titles.len() > 3, "{titles:?}");
    let people = server.send("t", "GET", "/people", None).1;
    let ids: Vec<&Value> = people["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let author = &list["data"][0]["relationships"]["author"]["data"]["id"];
    assert!(ids.contains(&author), "{author} {ids:?}");
}

#[test]
fn a_reset_leads_back_to_what_a_workspace_began_with() {
    let server = MockServer::start(&["--quiet", "--openapi", &document("pets"), "--populate", "5"]);
    let count = || server.send("t", "GET", "/pets?per_page=50", None).1["items"].as_array().unwrap().len();
    let id = server.send("t", "GET", "/pets", None).1["items"][0]["id"].clone();
    assert_eq!(server.send("t", "DELETE", &format!("/pets/{}", id.as_str().unwrap_or(&id.to_string())), None).0, 204);
    assert_eq!(count(), 4);
    assert!(server.send("t", "POST", "/__conformance/reset", None).0 < 300);
    assert_eq!(count(), 5);
}

#[test]
fn fixtures_of_a_document_say_as_much_as_they_want() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fixtures.yaml");
    fs::write(
        &file,
        "/branches:\n  - { name: Harbour, id: 7 }\n  - { name: Hill }\n/branches/7/shelves:\n  - { label: A1 }\n",
    )
    .unwrap();
    let server =
        MockServer::start(&["--quiet", "--openapi", &document("nested"), "--fixtures", file.to_str().unwrap()]);
    let branches = server.send("t", "GET", "/branches", None).1;
    assert_eq!(texts(&branches, "name"), ["Harbour", "Hill"]);
    assert!(branches[0]["id"] == 7 && branches[1]["id"].is_u64(), "{branches}");
    assert_eq!(server.send("t", "GET", "/branches/7", None).1["name"], "Harbour");
    let shelves = server.send("t", "GET", "/branches/7/shelves", None).1;
    assert_eq!(texts(&shelves, "label"), ["A1"]);
    let more = server.send("t", "POST", "/branches/7/shelves", Some(json!({ "label": "A2" })));
    assert_eq!(more.0, 201, "{}", more.1);
}

#[rstest]
#[case::an_unknown_path("/cats: [{ name: Tom }]", "nothing is created at /cats", "fixtures.yaml:1:9")]
#[case::a_wrong_object("/branches:\n  - { name: '' }", "POST /branches is answered 4", "fixtures.yaml:2:5")]
#[case::no_such_member(
    "/branches: [{ name: Hill, nmae: x }]",
    "it has no member `nmae`; did you mean `name`?",
    "fixtures.yaml:1:13"
)]
#[case::an_id_of_another_kind(
    "/branches: [{ name: Hill, id: abc }]",
    "`id` is \"abc\"; expected integer",
    "fixtures.yaml:1:13"
)]
#[case::no_list("/branches: { name: Tom }", "expected a list", "fixtures.yaml:1:12")]
#[case::no_object("/branches: [Tom]", "expected an object", "fixtures.yaml:1:13")]
fn mistakes_in_fixtures_have_their_place(#[case] text: &str, #[case] said: &str, #[case] place: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fixtures.yaml");
    fs::write(&file, text).unwrap();
    let (code, told) = refused(&["--openapi", &document("nested"), "--fixtures", file.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains(said) && told.contains(place), "{told}");
}

#[test]
fn ids_and_times_of_a_suite_may_be_left_out() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("fixtures.yaml");
    fs::write(&file, "conversation:\n  - { kind: conversation, displayName: First }\n  - { displayName: Second }\n")
        .unwrap();
    let server = MockServer::start(&["--quiet", "--fixtures", file.to_str().unwrap()]);
    let listed = server.send("t", "GET", "/v2/conversations", None).1["data"].clone();
    assert_eq!(texts(&listed, "displayName"), ["Second", "First"]);
    let id = listed[0]["_id"].as_str().unwrap();
    assert!(id.starts_with("conv_") && listed[0]["createdAt"].is_u64(), "{listed}");
    assert_eq!(server.send("other", "GET", &format!("/v2/conversations/{id}"), None).1["displayName"], "Second");
}

#[test]
fn the_only_token_that_is_let_in_has_them() {
    let server = MockServer::start(&["--quiet", "--populate", "3", "--require-token", "only-this"]);
    let listed = server.send("only-this", "GET", "/v2/conversations", None).1["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 3);
}

#[test]
fn a_mock_in_which_nothing_can_be_made_says_why() {
    let (code, told) = refused(&["--openapi", &document("tickets/openapi"), "--populate", "3"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--populate: nothing could be made"), "{told}");
}

#[test]
fn a_mock_can_begin_with_the_examples_of_its_document() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.yaml");
    fs::write(
        &file,
        r##"
openapi: 3.1.0
info: { title: Plants, version: "1" }
paths:
  /plants:
    get:
      responses:
        "200":
          description: All.
          content:
            application/json:
              schema: { type: array, items: { $ref: "#/components/schemas/Plant" } }
              example: [{ id: fern, name: Fern }, { id: moss, name: Moss }, { id: odd, name: 7 }]
    post:
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Plant" } } } }
      responses:
        "201": { description: Made., content: { application/json: { schema: { $ref: "#/components/schemas/Plant" } } } }
  /plants/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get:
      responses:
        "200": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Plant" } } } }
components:
  schemas:
    Plant:
      type: object
      required: [id, name]
      properties: { id: { type: string }, name: { type: string } }
      examples: [{ id: oak, name: Oak }, { id: fern, name: Another fern }]
"##,
    )
    .unwrap();
    let server = MockServer::start(&["--openapi", file.to_str().unwrap(), "--fixtures", "examples"]);
    let said = server.wait_for("cannot be an object");
    assert!(said.contains("each workspace begins with 3 objects of the examples"), "{said}");
    assert!(
        said.contains("1 example cannot be an object; the first at /plants: `name` is 7; expected string"),
        "{said}"
    );
    let plants = server.send("me", "GET", "/plants", None).1;
    assert_eq!(texts(&plants, "id"), ["fern", "moss", "oak"], "{plants}");
    assert_eq!(server.send("me", "GET", "/plants/moss", None).1["name"], "Moss");
}

/// Boats, each of a harbour: the harbour is documented behind them, and has a code of its own.
const FLEET: &str = r##"
openapi: 3.1.0
info: { title: Fleet, version: "1" }
paths:
  /boats:
    get: { responses: { "200": { description: Boats, content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Boat" } } } } } } }
    post:
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Boat" } } } }
      responses: { "201": { description: Made, content: { application/json: { schema: { $ref: "#/components/schemas/Boat" } } } } }
  /boats/{id}:
    get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer } }], responses: { "200": { description: One, content: { application/json: { schema: { $ref: "#/components/schemas/Boat" } } } } } }
  /harbours:
    get: { responses: { "200": { description: Harbours, content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Harbour" } } } } } } }
    post:
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Harbour" } } } }
      responses: { "201": { description: Made, content: { application/json: { schema: { $ref: "#/components/schemas/Harbour" } } } } }
  /harbours/{id}:
    get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer } }], responses: { "200": { description: One, content: { application/json: { schema: { $ref: "#/components/schemas/Harbour" } } } }, "404": { description: None } } }
components:
  schemas:
    Boat: { type: object, required: [id, harbour_id, plate], properties: { id: { type: integer, readOnly: true }, harbour_id: { type: integer }, plate: { type: string, description: Unique. } } }
    Harbour: { type: object, required: [id, code], properties: { id: { type: integer, readOnly: true }, code: { type: string, pattern: "^[A-Z]{3}$" } } }
"##;

#[test]
fn objects_name_others_that_are_there_and_have_codes_of_their_own() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("fleet.yaml");
    std::fs::write(&path, FLEET).unwrap();
    let server = MockServer::start(&["--quiet", "--populate", "20", "--openapi", path.to_str().unwrap()]);
    let all = |path: &str| server.send("me", "GET", path, None).1.as_array().unwrap().clone();
    let different = |all: &[serde_json::Value], member: &str| {
        all.iter().map(|one| one[member].to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let (boats, harbours) = (all("/boats"), all("/harbours"));
    assert_eq!((boats.len(), harbours.len()), (20, 20));
    assert!(different(&boats, "harbour_id").is_subset(&different(&harbours, "id")), "{boats:?} {harbours:?}");
    assert_eq!((different(&boats, "plate").len(), different(&harbours, "code").len()), (20, 20));
    // Who begins with objects gets no examples.
    assert_eq!(server.send("me", "GET", "/harbours/999999", None).0, 404);
    assert_eq!(server.send("me", "GET", "/harbours/1", None).0, 404);
}
