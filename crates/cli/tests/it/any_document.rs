//! Any OpenAPI document: mocked with state, verified with nothing else, explained.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{MockServer, conformance, run, stderr, stdout};

fn document(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/documents");
    root.join(format!("{name}.yaml")).to_str().unwrap().to_owned()
}

fn mock(name: &str, more: &[&str]) -> MockServer {
    let path = document(name);
    MockServer::start(&[&["--quiet", "--openapi", &path], more].concat())
}

/// A response: its status, its header fields, its body as JSON.
struct Got {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Value,
}

/// Sends a request with these header fields; a body with its media type.
fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<(&str, &str)>) -> Got {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = match body {
        Some((kind, text)) => agent.run(request.header("content-type", kind).body(text.to_owned()).unwrap()),
        None => agent.run(request.body(()).unwrap()),
    }
    .unwrap();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Got { status: response.status().as_u16(), headers: response.headers().clone(), body }
}

const ME: &[(&str, &str)] = &[("authorization", "Bearer me")];
const LOGIN: &[(&str, &str)] = &[("authorization", "Basic bWU6c2VjcmV0")];
const KEY: &[(&str, &str)] = &[("x-api-key", "me")];

fn create(url: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    let got = send("POST", url, headers, Some(("application/json", &body.to_string())));
    assert_eq!(got.status, 201, "{}", got.body);
    got.body
}

#[rstest]
#[case("pets", 100)]
#[case("customers", 35)]
#[case("projects", 100)]
#[case("keys", 60)]
fn a_document_verifies_its_own_mock(#[case] name: &str, #[case] at_least: usize) {
    let output = run(&["run", "--openapi", &document(name)]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    let passed = said.split(" scenarios: ").nth(1).and_then(|rest| rest.split(" passed").next()).unwrap();
    assert!(passed.parse::<usize>().unwrap() >= at_least && said.trim_end().ends_with("left 0"), "{said}");
}

#[test]
fn what_is_sent_comes_back_until_it_is_deleted() {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    let tom = create(&pets, ME, &json!({ "name": "Thomas", "kind": "cat", "secret": "s3" }));
    let one = format!("{pets}/{}", tom["id"].as_str().unwrap());
    assert!(tom.get("secret").is_none(), "what is only written is never told: {tom}");
    assert_eq!(send("GET", &one, ME, None).body, tom);
    let changed = send("PATCH", &one, ME, Some(("application/json", r#"{"age": 7}"#))).body;
    assert_eq!((&changed["age"], &changed["name"], &changed["id"]), (&json!(7), &json!("Thomas"), &tom["id"]));
    assert_eq!(send("GET", &pets, ME, None).body["items"], json!([changed]));
    assert_eq!(send("DELETE", &one, ME, None).status, 204);
    let gone = send("GET", &one, ME, None);
    assert_eq!((gone.status, gone.body["message"].is_string()), (404, true));
    assert_eq!(send("GET", &pets, ME, None).body["total"], json!(0));
}

#[test]
fn each_credential_has_a_workspace_and_none_is_rejected_as_documented() {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    create(&pets, ME, &json!({ "name": "Tom", "kind": "cat" }));
    let other = send("GET", &pets, &[("authorization", "Bearer other")], None);
    assert_eq!(other.body["items"], json!([]));
    let nobody = send("GET", &pets, &[], None);
    assert_eq!((nobody.status, nobody.body["message"].is_string()), (401, true));
}

#[rstest]
#[case("application/json", r#"{"name": "", "kind": "cat"}"#)]
#[case("application/json", r#"{"name": "Tom"}"#)]
#[case("application/json", r#"{"name": "Tom", "kind": "cow"}"#)]
#[case("application/json", r#"{"name": "Tom", "kind": "cat", "age": 201}"#)]
#[case("application/json", r#"{"name": "Tom", "kind": "cat", "wings": 2}"#)]
#[case("application/json", r#"{"name": "#)]
fn a_body_that_breaks_a_rule_is_rejected_and_stores_nothing(#[case] kind: &str, #[case] body: &str) {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    let got = send("POST", &pets, ME, Some((kind, body)));
    assert_eq!(got.status, 400, "{}", got.body);
    assert_eq!(send("GET", &pets, ME, None).body["total"], json!(0));
}

#[rstest]
#[case(1)]
#[case(5)]
#[case(12)]
fn numbered_pages_hold_every_object_once(#[case] size: usize) {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    let mut made: Vec<Value> =
        (0..12).map(|n| create(&pets, ME, &json!({ "name": format!("P{n}"), "kind": "dog" }))["id"].clone()).collect();
    let mut seen = Vec::new();
    for page in 1.. {
        let body = send("GET", &format!("{pets}?per_page={size}&page={page}"), ME, None).body;
        assert_eq!(
            (&body["total"], &body["page"], &body["total_pages"]),
            (&json!(12), &json!(page), &json!(12usize.div_ceil(size)))
        );
        let items = body["items"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        assert!(items.len() <= size);
        seen.extend(items.iter().map(|one| one["id"].clone()));
    }
    let key = |one: &Value| one.as_str().unwrap().to_owned();
    made.sort_by_key(key);
    seen.sort_by_key(key);
    assert_eq!(seen, made);
}

#[test]
fn lists_are_filtered_and_ordered_by_members() {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    for (name, kind) in [("B", "cat"), ("A", "dog"), ("C", "cat")] {
        create(&pets, ME, &json!({ "name": name, "kind": kind }));
    }
    let names = |query: &str| {
        let body = send("GET", &format!("{pets}?{query}"), ME, None).body;
        body["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<String>()
    };
    assert_eq!(
        (names("sort=name"), names("sort=-name"), names("kind=cat&sort=name")),
        ("ABC".into(), "CBA".into(), "BC".into())
    );
}

#[test]
fn forms_nest_cursors_go_both_ways_and_the_deleted_say_so() {
    let mock = mock("customers", &[]);
    let all = format!("{}/v1/customers", mock.url);
    let form = |body: &str| send("POST", &all, ME, Some(("application/x-www-form-urlencoded", body))).body;
    let first = form("email=a%40b.c&metadata[colour]=red&tags[]=x&tags[]=y&balance=-5");
    assert_eq!(
        (&first["metadata"], &first["tags"], &first["balance"]),
        (&json!({ "colour": "red" }), &json!(["x", "y"]), &json!(-5))
    );
    let ids: Vec<Value> = (0..5).map(|n| form(&format!("email={n}%40b.c"))["id"].clone()).collect();
    let newest: Vec<Value> = ids.iter().rev().chain([&first["id"]]).cloned().collect();
    let page = |query: String| send("GET", &format!("{all}?limit=2&{query}"), ME, None).body;
    let listed =
        |body: &Value| body["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let cursor = |id: &Value| id.as_str().unwrap().to_owned();
    let second = page(format!("starting_after={}", cursor(&newest[1])));
    assert_eq!((listed(&second), &second["has_more"]), (newest[2..4].to_vec(), &json!(true)));
    assert_eq!(listed(&page(format!("ending_before={}", cursor(&newest[2])))), newest[..2]);
    assert_eq!(page(format!("starting_after={}", cursor(&newest[3])))["has_more"], json!(false));
    assert_eq!(listed(&page("email=a%40b.c".to_owned())), [first["id"].clone()]);
    let one = format!("{all}/{}", cursor(&first["id"]));
    let updated = send("POST", &one, ME, Some(("application/x-www-form-urlencoded", "metadata[size]=l"))).body;
    assert_eq!(updated["metadata"], json!({ "colour": "red", "size": "l" }));
    let deleted = json!({ "id": first["id"], "deleted": true });
    assert_eq!(send("DELETE", &one, ME, None).body, deleted);
    assert_eq!(send("GET", &one, ME, None).body, deleted);
}

#[test]
fn children_belong_to_their_parent_and_die_with_it() {
    let mock = mock("projects", &[]);
    let projects = format!("{}/api/projects", mock.url);
    let [one, other] = ["one", "other"].map(|name| {
        let id = create(&projects, LOGIN, &json!({ "name": name }))["id"].as_u64().unwrap();
        format!("{projects}/{id}")
    });
    let task = create(&format!("{one}/tasks"), LOGIN, &json!({ "title": "t" }));
    let id = task["id"].as_u64().unwrap();
    assert_eq!(task["project_id"].to_string(), one.rsplit('/').next().unwrap());
    assert_eq!(send("GET", &format!("{one}/tasks/{id}"), LOGIN, None).body, task);
    assert_eq!(send("GET", &format!("{other}/tasks/{id}"), LOGIN, None).status, 404);
    assert_eq!(send("GET", &format!("{other}/tasks"), LOGIN, None).body, json!([]));
    let replaced = send("PUT", &format!("{one}/tasks/{id}"), LOGIN, Some(("application/json", r#"{"title": "u"}"#)));
    assert_eq!((replaced.status, &replaced.body["title"], &replaced.body["id"]), (200, &json!("u"), &json!(id)));
    assert_eq!(send("DELETE", &one, LOGIN, None).status, 204);
    assert_eq!(send("GET", &format!("{one}/tasks/{id}"), LOGIN, None).status, 404);
    assert_eq!(send("GET", &format!("{one}/tasks"), LOGIN, None).status, 404);
}

#[test]
fn a_link_header_leads_through_a_bare_array() {
    let mock = mock("projects", &[]);
    let projects = format!("{}/projects", mock.url);
    for n in 0..7 {
        create(&projects, LOGIN, &json!({ "name": format!("p{n}") }));
    }
    let (mut url, mut count, mut pages) = (format!("{projects}?per_page=3"), 0, 0);
    loop {
        let got = send("GET", &url, LOGIN, None);
        assert_eq!(got.headers["x-total-count"], "7");
        count += got.body.as_array().unwrap().len();
        pages += 1;
        let links = got.headers.get("link").map(|one| one.to_str().unwrap().to_owned()).unwrap_or_default();
        let next = links.split(", ").find(|one| one.ends_with("rel=\"next\"")).map(str::to_owned);
        let Some(next) = next else { break };
        next[1..].split('>').next().unwrap().clone_into(&mut url);
    }
    assert_eq!((count, pages), (7, 3));
}

#[test]
fn a_key_may_stand_in_a_header_a_query_or_a_cookie() {
    let mock = mock("keys", &[]);
    let orders = format!("{}/orders", mock.url);
    let made = create(&orders, KEY, &json!({ "order": { "item": "tea", "count": 3 } }));
    assert_eq!((&made["order"]["item"], &made["order"]["count"]), (&json!("tea"), &json!(3)));
    for (url, headers) in [
        (orders.clone(), vec![("x-api-key", "me")]),
        (format!("{orders}?key=me"), vec![]),
        (orders.clone(), vec![("cookie", "a=b; session=me")]),
    ] {
        assert_eq!(send("GET", &url, &headers, None).body["orders"], json!([made["order"]]), "{url} {headers:?}");
    }
    let refused = send("GET", &orders, &[], None);
    assert_eq!((refused.status, &refused.body["status"]), (401, &json!(401)));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(send("GET", &format!("{}/health", mock.url), &[], None).body, json!({ "up": true }));
}

#[test]
fn tokens_lead_on_and_actions_settings_names_and_files_work() {
    let mock = mock("keys", &[]);
    let at = |path: &str| format!("{}{path}", mock.url);
    let mut ids: Vec<Value> = (0..5)
        .map(|_| create(&at("/orders"), KEY, &json!({ "order": { "item": "tea" } }))["order"]["id"].clone())
        .collect();
    let (mut seen, mut url) = (Vec::new(), at("/orders?page_size=2"));
    loop {
        let body = send("GET", &url, KEY, None).body;
        seen.extend(body["orders"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        let Some(token) = body["next_page_token"].as_str() else { break };
        url = at(&format!("/orders?page_size=2&page_token={token}"));
    }
    let key = |one: &Value| one.as_str().unwrap().to_owned();
    ids.sort_by_key(key);
    seen.sort_by_key(key);
    assert_eq!(seen, ids);
    let order = format!("/orders/{}", key(&ids[0]));
    assert_eq!(send("POST", &at(&format!("{order}/cancel")), KEY, None).body["order"]["id"], ids[0]);
    assert_eq!(send("GET", &at(&format!("{order}/invoice")), KEY, None).headers["content-type"], "application/pdf");
    assert_eq!(send("DELETE", &at(&order), KEY, None).status, 204);
    assert_eq!(send("POST", &at(&format!("{order}/cancel")), KEY, None).status, 404);
    send("PATCH", &at("/settings"), KEY, Some(("application/json", r#"{"theme": "dark"}"#)));
    assert_eq!(send("GET", &at("/settings"), KEY, None).body["theme"], json!("dark"));
    let put = send("PUT", &at("/labels/bug"), KEY, Some(("application/json", r#"{"colour": "red"}"#)));
    assert_eq!((put.status, &put.body["colour"]), (200, &json!("red")));
    assert_eq!(send("GET", &at("/labels/bug"), KEY, None).body["colour"], json!("red"));
    assert_eq!(send("DELETE", &at("/labels/bug"), KEY, None).status, 204);
    assert_eq!(send("GET", &at("/labels/bug"), KEY, None).status, 404);
}

#[rstest]
#[case(&[], 404, 200)]
#[case(&["--unknown-ids", "make"], 200, 200)]
#[case(&["--unknown-ids", "reject"], 404, 404)]
fn an_id_that_nobody_made_is_unknown_where_it_looks_like_one_of_the_mocks(
    #[case] args: &[&str],
    #[case] own: u16,
    #[case] other: u16,
) {
    let mock = mock("pets", args);
    let status = |id: &str| send("GET", &format!("{}/pets/{id}", mock.url), ME, None).status;
    assert_eq!(
        (status("018cc251-f400-7abc-8000-0123456789ab"), status("123e4567-e89b-42d3-a456-426614174000")),
        (own, other)
    );
}

#[test]
fn a_response_says_what_is_behind_it() {
    let mock = mock("pets", &[]);
    let pets = format!("{}/pets", mock.url);
    let id = create(&pets, ME, &json!({ "name": "Tom", "kind": "cat" }))["id"].clone();
    let basis = |path: &str| {
        send("GET", &format!("{pets}{path}"), ME, None).headers["conformance-basis"].to_str().unwrap().to_owned()
    };
    assert_eq!((basis(&format!("/{}", id.as_str().unwrap())), basis("")), ("state".to_owned(), "state".to_owned()));
    assert_eq!(basis("/123e4567-e89b-42d3-a456-426614174000"), "example");
}

/// The document alone is enough to see that a server does not keep to it.
#[rstest]
#[case("delete-does-nothing", "forgets-deleted")]
#[case("always-more", "end")]
#[case("names-of-100-refused", "accepts-bounds")]
fn a_fault_is_seen_with_nothing_but_the_document(#[case] fault: &str, #[case] rule: &str) {
    let mock = MockServer::start(&["--quiet", "--fault", fault]);
    let document = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let output = run(&["run", "--openapi", document.to_str().unwrap(), "--base-url", &mock.url, "--token", "me"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains(&format!(".{rule}")), "{}", stdout(&output));
}

#[test]
fn what_a_document_means_is_explained_with_its_evidence() {
    let text = stdout(&run(&["check", "--openapi", &document("pets")]));
    for word in ["/pets/{}", "id: member `id`", "role: create", "page number in `page`", "certain"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let told: Value =
        serde_json::from_str(&stdout(&run(&["check", "--openapi", &document("pets"), "--format", "json"]))).unwrap();
    assert_eq!(told["operations"][0]["role"], json!("list"));
    assert!(told["operations"][0]["facts"][0]["pointer"].as_str().unwrap().starts_with("/paths/"));
}

#[test]
fn what_is_no_document_is_said() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.yaml");
    fs::write(&file, "title: Notes\n").unwrap();
    let output = run(&["mock", "--port", "0", "--openapi", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("openapi"), "{}", stderr(&output));
    let empty = run(&["run", "--openapi", folder.path().to_str().unwrap()]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(stderr(&empty).contains("holds no OpenAPI document"), "{}", stderr(&empty));
    fs::copy(document("pets"), folder.path().join("openapi.yaml")).unwrap();
    assert_eq!(run(&["run", "--openapi", folder.path().to_str().unwrap()]).status.code(), Some(0));
}

/// A run that dies leaves a list of what it made; what others made is not on it.
#[test]
fn a_killed_run_of_a_document_is_swept_up_after() {
    let (server, path) = (mock("pets", &[]), document("pets"));
    let pets = format!("{}/pets", server.url);
    let foreign = create(&pets, ME, &json!({ "name": "Tom", "kind": "cat" }))["id"].clone();
    let state = TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args);
        command.args(["--openapi", &path, "--base-url", &server.url, "--token", "me"]);
        command
    };
    let ids = || {
        let items = send("GET", &format!("{pets}?per_page=50"), ME, None).body["items"].clone();
        items.as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    let mut swept_some = false;
    for round in 0..5 {
        let mut child = command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while ids().len() < 2 + round && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
        let left = ids().len() - 1;
        let swept = command(&["sweep"]).output().unwrap();
        // What cannot be known is listed, and goes when told so.
        let mut doubtful = ids();
        doubtful.retain(|id| *id != foreign);
        assert!(doubtful.iter().all(|id| stdout(&swept).contains(id.as_str().unwrap())), "{}", stdout(&swept));
        let code = if doubtful.is_empty() { 0 } else { 4 };
        assert_eq!(swept.status.code(), Some(code), "{}{}", stdout(&swept), stderr(&swept));
        if code != 0 {
            assert_eq!(command(&["sweep", "--yes"]).output().unwrap().status.code(), Some(0));
        }
        assert_eq!(ids(), std::slice::from_ref(&foreign), "{}", stdout(&swept));
        swept_some |= left > 0;
    }
    assert!(swept_some);
    assert!(stdout(&command(&["sweep"]).output().unwrap()).contains("nothing to sweep"));
}

/// Who sweeps up after a suite leaves what a run of a document left, and the other way round.
#[test]
fn what_a_run_of_a_document_left_is_no_suites() {
    let (server, path) = (mock("pets", &[]), document("pets"));
    let state = TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args);
        command.args(["--base-url", &server.url, "--token", "me"]);
        command
    };
    let pets = format!("{}/pets?per_page=50", server.url);
    let count = || send("GET", &pets, ME, None).body["items"].as_array().unwrap().len();
    while count() == 0 {
        let mut child =
            command(&["run", "--openapi", &path]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while count() == 0 && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let output = command(&["sweep"]).output().unwrap();
    assert!(stdout(&output).contains("left alone, it was a run of another suite or document"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(4));
    let output = command(&["sweep", "--openapi", &path]).output().unwrap();
    assert_eq!((output.status.code(), count()), (Some(0), 0), "{}", stdout(&output));
}

/// Nobody knows what an action does: it is called when the run is told so, on an object of the run's own.
#[rstest]
#[case(&[], false)]
#[case(&["--allow", "cancelOrder"], true)]
fn an_action_is_called_when_it_is_allowed(#[case] args: &[&str], #[case] called: bool) {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.json");
    let told = format!("json={}", report.display());
    let path = document("keys");
    let output = run(&[&["run", "--openapi", &path, "--report", &told], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = fs::read_to_string(report).unwrap();
    assert_eq!(text.contains("cancelOrder.same-id"), called);
    let output = run(&["run", "--openapi", &path, "--allow", "cancelOrders"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("has no operation `cancelOrders` to allow"), "{}", stderr(&output));
}

/// Read-only means that nothing but `GET` is sent, with a document, too.
#[test]
fn a_run_that_only_reads_creates_nothing() {
    let output = run(&["run", "--openapi", &document("pets"), "--read-only", "--plan"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        !stdout(&output).contains("lifecycle") && stdout(&output).contains("document/reads"),
        "{}",
        stdout(&output)
    );
    let output = run(&["run", "--openapi", &document("pets"), "--read-only"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(!stdout(&output).contains("created "), "{}", stdout(&output));
}

/// People by their names, and settings with a list in them.
const PEOPLE: &str = r##"
openapi: 3.0.3
info: { title: People, version: "1" }
paths:
  /people:
    post:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Person' } } } }
      responses:
        '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Person' } } } }
  /people/{username}:
    parameters: [{ name: username, in: path, required: true, schema: { type: string } }]
    get:
      responses:
        '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Person' } } } }
    put:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Person' } } } }
      responses:
        '200': { description: Put, content: { application/json: { schema: { $ref: '#/components/schemas/Person' } } } }
  /settings:
    get:
      responses:
        '200': { description: All, content: { application/json: { schema: { $ref: '#/components/schemas/Settings' } } } }
    put:
      operationId: replaceSettings
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Settings' } } } }
      responses:
        '200': { description: All, content: { application/json: { schema: { $ref: '#/components/schemas/Settings' } } } }
components:
  schemas:
    Person:
      type: object
      required: [username]
      properties: { id: { type: integer }, username: { type: string, example: ada }, city: { type: string } }
    Settings:
      type: object
      required: [hours]
      properties:
        theme: { type: string, enum: [light, dark] }
        hours: { type: array, items: { type: object, properties: { day: { type: string } } } }
"##;

#[test]
fn what_the_path_names_is_found_by_that_name_and_settings_with_lists_are_kept() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.yaml");
    fs::write(&file, PEOPLE).unwrap();
    let server = MockServer::start(&["--quiet", "--openapi", file.to_str().unwrap()]);
    let put = |path: &str, body: Value| {
        let url = format!("{}{path}", server.url);
        send("PUT", &url, &[], Some(("application/json", &body.to_string())))
    };
    let get = |path: &str| send("GET", &format!("{}{path}", server.url), &[], None);
    assert_eq!(put("/people/grace", json!({ "username": "grace", "city": "Arlington" })).status, 200);
    assert_eq!(get("/people/grace").body["city"], "Arlington");
    let made = create(&format!("{}/people", server.url), &[], &json!({ "username": "linus" }));
    assert_eq!(get("/people/linus").body["id"], made["id"]);
    let settings = json!({ "theme": "dark", "hours": [{ "day": "mon" }] });
    assert_eq!(put("/settings", settings.clone()).body, settings);
    assert_eq!(get("/settings").body, settings);
    // What is everybody's is changed where that is allowed, and put back.
    let flags = ["run", "--openapi", file.to_str().unwrap(), "--base-url", &server.url, "--only", "settings"];
    let output = run(&[&flags[..], &["--allow", "replaceSettings"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 scenario: "), "{}", stdout(&output));
    assert_eq!(get("/settings").body, settings);
}
