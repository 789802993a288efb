//! What only one shape of API has: actions, things of which there is one, names, filters, orders, times.

use rstest::rstest;
use serde_json::json;

use super::client::{Server, has, text};

const UNKNOWN: &str = "/calls/018cc251-f400-7000-8000-0000000000ff";

#[test]
fn an_action_is_done_with_an_object_that_is_there() {
    let server = Server::of("actions");
    let call = server.json("POST /calls", &json!({ "to": "+64 4 555", "tags": ["vip"] })).must(201);
    let item = format!("/calls/{}", text(&call["id"]));
    assert_eq!(server.ask(&format!("POST {item}/hold")).must(200), call);
    let missing = server.ask(&format!("POST {UNKNOWN}/hold")).must(404);
    assert!(missing["message"].as_str().unwrap().contains("0000000000ff"), "{missing}");
    server.ask(&format!("DELETE {item}")).must(204);
    server.ask(&format!("POST {item}/hold")).must(404);
}

#[test]
fn a_download_is_bytes_of_its_media_type() {
    let server = Server::of("actions");
    let call = server.json("POST /calls", &json!({ "to": "+64 4 555" })).must(201);
    let answer = server.ask(&format!("GET /calls/{}/recording", text(&call["id"])));
    assert_eq!((answer.status, answer.header("content-type")), (200, "audio/wav"));
    assert!(!answer.bytes.is_empty());
    server.ask(&format!("GET {UNKNOWN}/recording")).must(404);
}

#[test]
fn what_there_is_one_of_keeps_its_state() {
    let server = Server::of("actions");
    has(&server.ask("GET /settings").must(200), &json!({ "greeting": "Kia ora", "maxQueue": 20 }));
    has(&server.json("PATCH /settings", &json!({ "maxQueue": 5 })).must(200), &json!({ "maxQueue": 5 }));
    server.json("PATCH /settings", &json!({ "nightMode": false })).must(200);
    server.json("PATCH /settings", &json!({ "maxQueue": 501 })).must(400);
    let wanted = json!({ "greeting": "Kia ora", "maxQueue": 5, "nightMode": false });
    assert_eq!(server.ask("GET /settings").must(200), wanted);
    let other = server.send("GET /settings", &[("authorization", "Bearer other")], "").must(200);
    assert_eq!(other["maxQueue"], 20);
}

#[test]
fn a_procedure_is_answered_with_what_it_was_given() {
    let answer = Server::of("actions").json("POST /numbers:normalise", &json!({ "number": "04 555" })).must(200);
    assert_eq!(answer, json!({ "number": "04 555", "country": "NZ" }));
}

#[test]
fn a_put_makes_what_the_client_names_and_a_name_is_given_once() {
    let server = Server::of("named");
    let flag = server.json("PUT /flags/beta", &json!({ "enabled": true, "note": "x" })).must(200);
    assert_eq!(flag, json!({ "name": "beta", "enabled": true, "note": "x" }));
    assert_eq!(server.ask("GET /flags/beta").must(200), flag);
    assert_eq!(server.ask("GET /flags").must(200), json!({ "items": [flag] }));

    let conflict = server.json("POST /flags", &json!({ "name": "beta", "enabled": false })).must(409);
    assert!(conflict["detail"].as_str().unwrap().contains("beta"), "{conflict}");
    assert_eq!(server.ask("GET /flags/beta").must(200), flag);

    server.ask("DELETE /flags/beta").must(204);
    server.ask("GET /flags/beta").must(404);
    let again = server.json("POST /flags", &json!({ "name": "beta", "enabled": false })).must(201);
    has(&again, &json!({ "name": "beta", "enabled": false }));
    assert_eq!(server.ask("GET /flags/beta").must(200), again);
}

#[rstest]
#[case::of_a_pattern("Dark")]
#[case::with_a_slash("a%2Fb")]
#[case::too_long("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
fn a_name_that_none_can_have_is_not_given(#[case] name: &str) {
    let server = Server::of("named");
    let refused = server.json(&format!("PUT /flags/{name}"), &json!({ "enabled": true })).must(400);
    assert!(refused["detail"].as_str().unwrap().contains(&name.replace("%2F", "/")), "{refused}");
    assert_eq!(server.ask("GET /flags").must(200), json!({ "items": [] }));
}

#[test]
fn another_name_takes_the_place_of_the_first() {
    let server = Server::of("named");
    for name in ["beta", "gamma"] {
        server.json(&format!("PUT /flags/{name}"), &json!({ "enabled": true, "note": name })).must(200);
    }
    let renamed = server.json("PATCH /flags/beta", &json!({ "name": "delta" })).must(200);
    assert_eq!(renamed, json!({ "name": "delta", "enabled": true, "note": "beta" }));
    assert_eq!(server.ask("GET /flags/delta").must(200), renamed);
    server.ask("GET /flags/beta").must(404);
    server.json("PATCH /flags/gamma", &json!({ "name": "delta" })).must(409);
    assert_eq!(server.ask("GET /flags/gamma").must(200)["note"], "gamma");
    assert_eq!(server.ask("GET /flags").must(200)["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_list_elsewhere_shows_the_same_objects() {
    let server = Server::of("two-resources");
    let plan = |hall: &str| server.json("POST /rehearsals", &json!({ "on": "2030-02-28", "hall": hall })).must(201);
    let (one, other) = (plan("A"), plan("B"));
    assert_eq!(server.ask("GET /rehearsals/upcoming").must(200), json!([one, other]));
    assert_eq!(server.ask("GET /rehearsals/upcoming?hall=B").must(200), json!([other]));
}

#[test]
fn what_was_made_says_where_it_is() {
    let server = Server::of("offset");
    let answer = server.json("POST /stations", &json!({ "title": "Ridge" }));
    let path = answer.header("location").to_owned();
    assert_eq!(path, format!("/stations/{}", text(&answer.body["id"])));
    assert_eq!(server.ask(&format!("GET {path}")).must(200), answer.body);
}

/// Three members of a band; what they are called, and a server that knows them.
fn band() -> Server {
    let server = Server::of("two-resources");
    for (nickname, instrument, fee) in [("Mo", "bass", 100), ("Ari", "drums", 5), ("Kit", "bass", 12)] {
        let sent = json!({ "nickname": nickname, "instrument": instrument, "fee": fee, "password": "correct horse" });
        server.json("POST /members", &sent).must(201);
    }
    server
}

#[rstest]
#[case::all("", &["Mo", "Ari", "Kit"])]
#[case::equal("?instrument=bass", &["Mo", "Kit"])]
#[case::none_equal("?instrument=viola", &[])]
#[case::by_text("?sort=nickname", &["Ari", "Kit", "Mo"])]
#[case::by_text_backwards("?sort=-nickname", &["Mo", "Kit", "Ari"])]
#[case::by_number("?sort=fee", &["Ari", "Kit", "Mo"])]
#[case::by_number_backwards("?sort=-fee", &["Mo", "Kit", "Ari"])]
#[case::both("?instrument=bass&sort=fee", &["Kit", "Mo"])]
fn lists_are_filtered_and_ordered(#[case] query: &str, #[case] wanted: &[&str]) {
    let list = band().ask(&format!("GET /members{query}")).must(200);
    let names: Vec<&str> =
        list["members"].as_array().unwrap().iter().map(|one| one["nickname"].as_str().unwrap()).collect();
    assert_eq!(names, wanted);
}

#[rstest]
#[case::open("open", &["b"])]
#[case::closed("closed", &["a"])]
#[case::all("all", &["a", "b"])]
fn a_filter_follows_changes(#[case] state: &str, #[case] wanted: &[&str]) {
    let server = Server::of("link-header").sending("authorization", "Bearer me");
    let numbers =
        ["a", "b"].map(|title| text(&server.json("POST /issues", &json!({ "title": title })).must(201)["number"]));
    server.json(&format!("PATCH /issues/{}", numbers[0]), &json!({ "state": "closed" })).must(200);
    let list = server.ask(&format!("GET /issues?state={state}")).must(200);
    let titles: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, wanted);
}

#[test]
fn what_is_only_written_is_never_told_and_what_is_only_read_never_set() {
    let server = Server::of("two-resources");
    let sent =
        json!({ "nickname": "Kit", "password": "correct horse", "id": "mine", "createdAt": "1999-01-01T00:00:00Z" });
    let made = server.json("POST /members", &sent).must(201);
    assert_ne!(made["id"], "mine");
    assert_ne!(made["createdAt"], sent["createdAt"]);
    let item = format!("/members/{}", text(&made["id"]));
    let change = json!({ "password": "battery staple" });
    let told = [
        made,
        server.json(&format!("PATCH {item}"), &change).must(200),
        server.ask(&format!("GET {item}")).must(200),
        server.ask("GET /members").must(200),
    ];
    for body in told {
        let text = body.to_string();
        assert!(!text.contains("password") && !text.contains("horse") && !text.contains("staple"), "{text}");
    }
}

#[test]
fn times_are_those_of_writes() {
    let server = Server::with("two-resources", &["--seed", "1"]);
    let made = server.json("POST /members", &json!({ "nickname": "Kit", "password": "correct horse" })).must(201);
    // With a seed, time begins here, and goes on by a thousandth of a second per write.
    let began = "2025-01-01T00:00:00Z";
    assert_eq!((&made["createdAt"], &made["updatedAt"]), (&json!(began), &json!(began)));
    let item = format!("/members/{}", text(&made["id"]));
    let change = |fee: usize| server.json(&format!("PATCH {item}"), &json!({ "fee": fee })).must(200);
    let changed = (0..1000).map(change).last().unwrap();
    assert_eq!(changed["createdAt"], began);
    assert_eq!(changed["updatedAt"], "2025-01-01T00:00:01Z");
}

/// A document of what is said inline.
const ISSUES: &str = r##"
openapi: 3.1.0
info: { title: Issues, version: "1" }
paths:
  /issues:
    post:
      operationId: open
      requestBody:
        content:
          application/json:
            schema: { type: object, properties: { title: { type: string }, assignee: { type: string } } }
      responses:
        "201": { description: Made., content: { application/json: { schema: { $ref: "#/components/schemas/Issue" } } } }
  /issues/{id}:
    get:
      operationId: show
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses:
        "200": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Issue" } } } }
  /issues/{id}/files:
    post:
      operationId: attach
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      requestBody:
        content:
          multipart/form-data:
            schema: { type: object, properties: { file: { type: string, format: binary } } }
      responses:
        "201": { description: Made., content: { application/json: { schema: { type: object, properties: { name: { type: string } } } } } }
components:
  schemas:
    Issue:
      type: object
      required: [id, title, assignee]
      properties:
        id: { type: integer }
        title: { type: string }
        assignee: { type: object, required: [id, login], properties: { id: { type: integer }, login: { type: string } } }
"##;

fn issues() -> (tempfile::TempDir, Server) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("issues.yaml");
    std::fs::write(&file, ISSUES).unwrap();
    let server = Server::at(file.to_str().unwrap(), &[]);
    (folder, server)
}

#[test]
fn a_text_that_means_an_object_is_shown_as_that_object() {
    let (_folder, server) = issues();
    let made = server.json("POST /issues", &json!({ "title": "Late", "assignee": "ada" })).must(201);
    assert_eq!(made["assignee"]["login"], "ada", "{made}");
    let found = server.ask(&format!("GET /issues/{}", made["id"])).must(200);
    assert_eq!(found, made);
}

#[test]
fn a_form_without_a_part_is_an_empty_object() {
    let (_folder, server) = issues();
    let made = server.json("POST /issues", &json!({ "title": "Late" })).must(201);
    let parts = ("content-type", "multipart/form-data; boundary=B");
    let attached = server.send(&format!("POST /issues/{}/files", made["id"]), &[parts], "--B--\r\n");
    assert_eq!(attached.status, 201, "{attached:?}");
}
