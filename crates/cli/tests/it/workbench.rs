//! The mock as a frontend developer's workbench: what pages may call it, what it tells of itself, what is kept and changed.

use std::net::{Ipv6Addr, TcpListener};
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::context::{MockServer, root, run, stderr, stdout};
use crate::control::{ask, send};

const ME: &[(&str, &str)] = &[("authorization", "Bearer my-very-own-token"), ("content-type", "application/json")];
const LIST: &str = "GET /v2/conversations";

fn document(name: &str) -> String {
    root().join("fixtures/documents").join(name).display().to_string()
}

fn create(server: &MockServer, name: &str) -> Value {
    let body = json!({ "displayName": name }).to_string();
    let (status, _, made) = send(server, "POST /v2/conversations", ME, &body);
    assert_eq!(status, 201, "{made}");
    made
}

fn names(server: &MockServer) -> Vec<String> {
    let (_, _, page) = send(server, LIST, ME, "");
    page["data"].as_array().unwrap().iter().map(|one| one["displayName"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[case::named(&["--cors-origin", "http://192.168.1.20:5173/"], "http://192.168.1.20:5173", true)]
#[case::another(&["--cors-origin", "http://192.168.1.20:5173"], "http://192.168.1.21:5173", false)]
#[case::null(&["--cors-origin", "null"], "null", true)]
#[case::any(&["--cors-origin", "any"], "capacitor://localhost.example", true)]
#[case::none(&[], "https://app.example", false)]
fn pages_that_were_named_may_call(#[case] flags: &[&str], #[case] origin: &str, #[case] may: bool) {
    let server = MockServer::start(flags);
    let (_, head, _) = send(&server, LIST, &[ME[0], ("origin", origin)], "");
    assert_eq!(head.contains(&format!("access-control-allow-origin: {origin}\r\n")), may, "{head}");
    assert_eq!(head.contains("access-control-allow-credentials: true"), may, "{head}");
    assert_eq!(head.contains("cache-control: no-store"), may, "{head}");
    let asks = [
        ("origin", origin),
        ("access-control-request-method", "PUT"),
        ("access-control-request-private-network", "true"),
    ];
    // What is wrong with the request itself is for the page to see, and not for the browser alone.
    for path in ["/v2/conversations", "/v2/nothing"] {
        let (status, head, _) = send(&server, &format!("OPTIONS {path}"), &asks, "");
        assert_eq!(status, 204, "{head}");
        assert_eq!(head.contains("access-control-allow-private-network: true"), may, "{head}");
        assert_eq!(head.contains("access-control-allow-methods: "), may, "{head}");
    }
    // What is not the API is for pages of this machine only, whoever else may call.
    let (status, head, _) = send(&server, "GET /__conformance/workspaces", &[("origin", origin)], "");
    assert!(status == 403 && !head.contains("access-control-allow-origin"), "{head}");
}

#[rstest]
#[case("https://app.example/path")]
#[case("app.example")]
#[case("*")]
fn what_is_no_origin_is_refused(#[case] origin: &str) {
    let output = run(&["mock", "--cors-origin", origin, "--port", "0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected an origin such as"), "{}", stderr(&output));
}

#[test]
fn a_browser_is_led_to_the_inspector_and_a_probe_to_the_health() {
    let server = MockServer::start(&[]);
    let (status, head, _) = send(&server, "GET /", &[("accept", "text/html,*/*;q=0.8")], "");
    assert!(status == 302 && head.contains("location: /__conformance/\r\n"), "{head}");
    assert_eq!(send(&server, "GET /", &[("accept", "*/*")], "").0, 404);
    let (status, head, page) = send(&server, "GET /__conformance/", &[], "");
    assert!(status == 200 && head.contains("content-security-policy: default-src 'none'"), "{head}");
    assert!(page.as_str().unwrap().starts_with("<!doctype html>"));
    // A probe comes from elsewhere, by any name.
    let probe = [("host", "mock.internal"), ("x-forwarded-for", "10.0.0.1")];
    assert_eq!(send(&server, "GET /__conformance/health", &probe, "").2, json!({ "status": "up" }));
    assert_eq!(send(&server, "GET /__conformance/workspaces", &probe, "").0, 403);
}

#[test]
fn both_names_of_this_machine_lead_to_the_mock() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // This machine has no IPv6.
    }
    let server = MockServer::start(&[]);
    let port = server.url.rsplit(':').next().unwrap();
    let url = format!("http://[::1]:{port}/__conformance/health");
    assert_eq!(ureq::get(&url).call().unwrap().status(), 200);
}

#[test]
fn faults_for_all_are_switched_on_and_off() {
    let server = MockServer::start(&[]);
    let list = |prefix: &str| send(&server, &format!("GET {prefix}/v2/conversations"), ME, "").0;
    assert_eq!(ask(&server, "PUT /__conformance/faults", r#"{"faults":["third-fails"]}"#).0, 204);
    assert_eq!(ask(&server, "PUT /__conformance/faults/own", r#"{"faults":["conflict"]}"#).0, 204);
    assert_eq!((list(""), list("/~/other/1"), list("")), (200, 200, 500));
    // Who has faults of its own is spared those for all.
    assert_eq!((list("/~/own/1"), list("")), (409, 200));
    assert_eq!(ask(&server, "GET /__conformance/faults", "").1["happened"], json!([1]));
    assert_eq!(ask(&server, "DELETE /__conformance/faults", "").0, 204);
    assert_eq!((list(""), list("/~/own/1")), (200, 409));
    let known = ask(&server, "GET /__conformance/known-faults", "").1;
    assert!(
        known["faults"].as_array().unwrap().iter().any(|one| one["name"] == "third-fails" && one["weather"] == true)
    );
}

#[test]
fn faults_happen_to_any_document() {
    let server = MockServer::start(&["--openapi", &document("pets.yaml"), "--fault", "every-second-503"]);
    let list = || send(&server, "GET /pets", ME, "").0;
    assert_eq!((list(), list(), list()), (200, 503, 200));
    let one = r#"{"faults":[{"on":{"operation":"listPets"},"answer":{"status":418}}]}"#;
    let (status, said) = ask(&server, "PUT /__conformance/faults", one);
    assert_eq!(status, 204, "{said}");
    let happened = |line: &str| send(&server, line, ME, "").0;
    // The first is stopped on its way to the fault that the server was started with.
    assert_eq!(
        (
            list(),
            happened("GET /pets/3f0c2a44-1b7e-4b54-9d6a-0d9c3f5a8e11"),
            happened("GET /pets/3f0c2a44-1b7e-4b54-9d6a-0d9c3f5a8e11")
        ),
        (418, 503, 200)
    );
    for (list, said) in [
        (r#"{"faults":[{"on":{"operation":"listPet"},"cut":true}]}"#, "did you mean `listPets`?"),
        (
            r#"{"faults":[{"on":{"operation":"listPets"},"list":{"missing":0}}]}"#,
            "`list` cannot be done to the API of a",
        ),
        (r#"{"faults":["never-more"]}"#, "there is no fault `never-more`"),
    ] {
        let (status, refused) = ask(&server, "PUT /__conformance/faults", list);
        assert!(status == 400 && refused["message"].as_str().unwrap().contains(said), "{refused}");
    }
}

#[test]
fn the_journal_tells_what_arrived_and_waits_for_more() {
    let server = MockServer::start(&[]);
    create(&server, "First");
    let _ = send(&server, "GET /v2/conversations?limit=500", ME, "");
    let (_, all) = ask(&server, "GET /__conformance/journal", "");
    assert_eq!(all["exchanges"].as_array().unwrap().len(), 2);
    let refused = &ask(&server, "GET /__conformance/journal?status=400&method=GET&path=/v2", "").1["exchanges"][0];
    assert!(refused["refused"].as_str().unwrap().starts_with("query.limit: "), "{refused}");
    assert_eq!((&refused["workspace"], &refused["call"]), (&json!(1), &Value::Null));
    assert!(!all.to_string().contains("my-very-own-token"), "{all}");
    let after = format!("GET /__conformance/journal?after={}&wait=30", all["revision"]);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&server, &after, "").1);
        let started = Instant::now();
        // It may come before the question or after it: either way it is told.
        create(&server, "Second");
        let told = waiting.join().unwrap();
        assert!(started.elapsed() < Duration::from_secs(25));
        assert!(told["exchanges"][0]["request"]["body"].as_str().unwrap().contains("Second"), "{told}");
    });
    assert_eq!(ask(&server, "DELETE /__conformance/journal", "").0, 204);
    assert_eq!(ask(&server, "GET /__conformance/journal", "").1["exchanges"], json!([]));
    assert_eq!(ask(&server, "GET /__conformance/journal?frm=1", "").0, 400);
}

#[test]
fn a_workspace_is_told_changed_and_put_back() {
    let server = MockServer::start(&[]);
    create(&server, "First");
    create(&server, "Second");
    let (_, snapshot) = ask(&server, "GET /__conformance/workspaces/1", "");
    let mut other = snapshot.clone();
    other["conversation"][0]["displayName"] = json!("Changed by hand");
    assert_eq!(ask(&server, "PUT /__conformance/workspaces/1", &other.to_string()).0, 204);
    assert_eq!(names(&server), ["Second", "Changed by hand"]);
    other["conversation"][0]["displayName"] = json!(7);
    let (status, refused) = ask(&server, "PUT /__conformance/workspaces/1", &other.to_string());
    assert!(status == 400 && refused["message"].as_str().unwrap().contains("breaks its schema"), "{refused}");
    assert_eq!(ask(&server, "DELETE /__conformance/workspaces/1", "").0, 204);
    assert_eq!(names(&server), [""; 0]);
    assert_eq!(ask(&server, "PUT /__conformance/workspaces/1", &snapshot.to_string()).0, 204);
    assert_eq!(names(&server), ["Second", "First"]);
    let listed = ask(&server, "GET /__conformance/workspaces", "").1;
    assert_eq!(listed, json!({ "workspaces": [{ "number": 1, "objects": 2 }] }));
    assert_eq!(ask(&server, "PUT /__conformance/workspaces/7", &snapshot.to_string()).0, 404);
    assert_eq!(ask(&server, "DELETE /__conformance/workspaces", "").0, 204);
    assert_eq!(names(&server), [""; 0]);
}

#[test]
fn a_workspace_of_a_document_keeps_what_stands_below_what() {
    let server = MockServer::start(&["--openapi", &document("nested.yaml")]);
    let listed = |line: &str| send(&server, line, ME, "").2.to_string();
    let (status, _, parent) = send(&server, "POST /branches", ME, r#"{"name":"Apollo"}"#);
    assert_eq!(status, 201, "{parent}");
    let below = format!("/branches/{}/shelves", parent["id"]);
    let (status, _, child) = send(&server, &format!("POST {below}"), ME, r#"{"label":"L1"}"#);
    assert_eq!(status, 201, "{child}");
    let (_, snapshot) = ask(&server, "GET /__conformance/workspaces/1", "");
    assert_eq!(ask(&server, "DELETE /__conformance/workspaces/1", "").0, 204);
    assert!(!listed("GET /branches").contains("Apollo"));
    assert_eq!(ask(&server, "PUT /__conformance/workspaces/1", &snapshot.to_string()).0, 204);
    assert!(listed("GET /branches").contains("Apollo") && listed(&format!("GET {below}")).contains("L1"));
    // An object without an id of its own is no object, and nothing is lost for it.
    let wrong = json!({ "collections": [{ "resource": "/branches", "objects": [{ "members": {} }] }] });
    let (status, refused) = ask(&server, "PUT /__conformance/workspaces/1", &wrong.to_string());
    assert_eq!((status, refused), (400, json!({ "message": "body: collections/0: objects/0: has no id" })));
    assert!(listed("GET /branches").contains("Apollo"));
}

#[rstest]
#[case::of_a_suite(&[], "/v2/conversations", "displayName")]
#[case::of_a_document(&["--openapi", "pets.yaml"], "/pets", "name")]
fn what_was_kept_survives_being_killed(#[case] flags: &[&str], #[case] path: &str, #[case] member: &str) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let keeping = ["--state".to_owned(), state.display().to_string()];
    let flags: Vec<String> = keeping
        .into_iter()
        .chain(flags.iter().map(|flag| if flag.ends_with(".yaml") { document(flag) } else { (*flag).to_owned() }))
        .collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let auth = "Bearer my-very-own-token";
    let mut kept: Option<(String, String)> = None;
    for round in 0..30 {
        let mut mock = MockServer::start(&flags);
        let url = mock.url.clone();
        let before = std::fs::read_to_string(&state).unwrap();
        // Each round finds what the one before had written.
        if let Some((id, name)) = &kept {
            let seen = ureq::get(format!("{url}{path}/{id}")).header("authorization", auth).call().unwrap();
            assert!(seen.into_body().read_to_string().unwrap().contains(name.as_str()), "round {round}");
        }
        let name = format!("Kept {round}");
        let made = ureq::post(format!("{url}{path}")).header("authorization", auth);
        let made: Value =
            made.send_json(json!({ member: name, "kind": "dog" })).unwrap().body_mut().read_json().unwrap();
        let id = made.get("id").or(made.get("_id")).and_then(Value::as_str).unwrap();
        kept = Some((id.to_owned(), name));
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::fs::read_to_string(&state).unwrap() == before {
            assert!(Instant::now() < deadline, "nothing was written");
            std::thread::yield_now();
        }
        mock.child.kill().unwrap();
        drop(mock);
        let text = std::fs::read_to_string(&state).unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "half a file: {text}");
        assert!(!text.contains("my-very-own-token"), "{text}");
    }
}

#[rstest]
#[case::text("{", "EOF")]
#[case::other(
    r#"{"conformance":1,"salt":"0","workspaces":[{"number":1,"credential":"0","holds":{"nope":[]}}]}"#,
    "nope"
)]
fn a_state_that_cannot_be_loaded_is_told_and_stays(#[case] text: &str, #[case] said: &str) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    std::fs::write(&state, text).unwrap();
    let output = run(&["mock", "--port", "0", "--state", state.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot be loaded: ") && stderr(&output).contains(said), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&state).unwrap(), text);
}

#[rstest]
#[case::of_a_suite(&[], "never-more", true)]
#[case::of_a_document(&["--openapi", "pets.yaml"], "never-more", false)]
fn faults_are_listed_by_name(#[case] flags: &[&str], #[case] of_the_suite: &str, #[case] has_it: bool) {
    let flags: Vec<String> =
        flags.iter().map(|flag| if flag.ends_with(".yaml") { document(flag) } else { (*flag).to_owned() }).collect();
    let flags: Vec<&str> = ["list", "faults"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let said = stdout(&run(&flags));
    let names: Vec<&str> = said.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"third-fails"), "{said}");
    assert_eq!(names.contains(&of_the_suite), has_it, "{said}");
}
