//! What a run creates is gone when it ends, or the run says that it is not, whatever the server answers.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bed::{Quirks, answerer, bed_with};
use crate::context::{MockServer, conformance, stderr, stdout};
use crate::server::{Req, Res, Server};

/// A correct server but for what `alter` answers in its place.
fn server_with(alter: impl Fn(&Req) -> Option<Res> + Send + Sync + 'static) -> Server {
    let inner = answerer(Quirks::default());
    Server::start(move |request| alter(request).unwrap_or_else(|| inner(request)))
}

/// How many objects a server lists, and what a run said of them.
fn left_after(server: &Server, more: &[&str]) -> (Option<i32>, usize, String) {
    let state = TempDir::new().unwrap();
    let mut command = conformance();
    command.env("CONFORMANCE_STATE_DIR", state.path()).args(["run", "--base-url", &server.url, "--token", "me"]);
    let output = command.args(more).output().unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let request = agent.get(format!("{}/v2/conversations?limit=100", server.url)).header("authorization", "Bearer me");
    let page: Value = serde_json::from_str(&request.call().unwrap().body_mut().read_to_string().unwrap()).unwrap();
    (output.status.code(), page["data"].as_array().unwrap().len(), stdout(&output) + &stderr(&output))
}

fn of_one(request: &Req) -> bool {
    request.target.starts_with("/v2/conversations/")
}

/// Where no object is ever found, a 404 does not say that one is gone: the list does.
#[test]
fn what_is_not_found_and_still_listed_is_left_over_and_nothing_more_is_created() {
    let server = server_with(|request| of_one(request).then(|| Res::json(404, &json!({ "message": "no such route" }))));
    let (code, left, said) = left_after(&server, &[]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains(&format!("left {left}")) && (1..60).contains(&left), "{left}: {said}");
    assert!(said.contains("its deletion was answered 404, and the list still shows it"), "{said}");
}

/// A server that only hides what it deleted has not deleted it.
#[test]
fn what_is_hidden_and_still_listed_is_left_over() {
    let hidden = Mutex::new(BTreeSet::new());
    let server = server_with(move |request| {
        let mut hidden = hidden.lock().unwrap();
        match request.method.as_str() {
            "DELETE" if of_one(request) && hidden.insert(request.target.clone()) => {
                Some(Res { status: 204, ..Res::default() })
            }
            _ if of_one(request) && hidden.contains(&request.target) => {
                Some(Res::json(404, &json!({ "message": "not found" })))
            }
            _ => None,
        }
    });
    let (code, left, said) = left_after(&server, &["--only", "lists/items"]);
    assert_eq!((code, left), (Some(5), 3), "{said}");
    assert!(said.contains("left 3") && said.contains("the list still shows it"), "{said}");
}

/// A proxy that is away for a moment keeps nothing from being deleted, and nobody is blamed.
#[test]
fn an_outage_of_a_proxy_leaves_nothing_behind() {
    let (requests, until) = (AtomicUsize::new(0), Mutex::new(None));
    let server = server_with(move |_| {
        let mut until = until.lock().unwrap();
        if requests.fetch_add(1, Ordering::Relaxed) == 120 {
            *until = Some(Instant::now() + Duration::from_millis(600));
        }
        let away = until.is_some_and(|until| Instant::now() < until);
        away.then(|| Res::text(502, "text/html", "<html>Bad Gateway</html>"))
    });
    let (code, left, said) = left_after(&server, &[]);
    // A name that is itself under test bears no marker: what became of its create is told as unclear.
    let unclear = said.contains("unclear ");
    assert_eq!((code, left), (Some(if unclear { 5 } else { 4 }), 0), "{said}");
    assert!(said.contains("left 0") && !said.contains("fail MUST"), "{said}");
    assert!(said.contains("502") && said.matches("✓").count() > 20, "most of it is verified: {said}");
}

/// A create whose response is lost is found by the run itself, for its name bears the marker.
#[test]
fn what_was_made_without_a_clear_response_is_found_in_the_list() {
    let (inner, creates) = (answerer(Quirks::default()), AtomicUsize::new(0));
    let server = Server::start(move |request| {
        let response = inner(request);
        let lost = request.method == "POST" && creates.fetch_add(1, Ordering::Relaxed) % 20 == 5;
        if lost { Res::text(504, "text/html", "<html>Gateway Timeout</html>") } else { response }
    });
    let (code, left, said) = left_after(&server, &["--only", "pages"]);
    assert_eq!((code, left), (Some(4), 0), "{said}");
    assert!(said.contains("left 0") && !said.contains("unclear"), "{said}");
}

/// An object that others have changes no snapshot.
#[test]
fn a_workspace_that_is_not_empty_any_more_changes_no_snapshot() {
    let (server, memory) = (MockServer::start(&["--quiet"]), TempDir::new().unwrap());
    let run = || {
        let mut command = conformance();
        command.env_remove("INSTA_UPDATE").args(["run", "--base-url", &server.url, "--token", "shared"]);
        command.args(["--snapshots", memory.path().to_str().unwrap()]).output().unwrap()
    };
    assert_eq!(run().status.code(), Some(0));
    for foreign in [1, 150] {
        for n in 0..foreign {
            let body = json!({ "displayName": format!("foreign {n}") });
            assert_eq!(server.send("shared", "POST", "/v2/conversations", Some(body)).0, 201);
        }
        let output = run();
        assert_eq!(output.status.code(), Some(0), "{foreign}: {}", stdout(&output));
    }
}

/// A deletion whose response is lost may have been done: that its repetition finds nothing breaks no requirement.
#[test]
fn a_deletion_that_is_sent_again_is_not_blamed_for_finding_nothing() {
    let (inner, seen) = (answerer(Quirks::default()), Mutex::new(BTreeSet::new()));
    let server = Server::start(move |request| {
        let response = inner(request);
        // The first deletion of each object, whatever runs beside it.
        let lost = request.method == "DELETE" && seen.lock().unwrap().insert(request.target.clone());
        Res { cut: lost, ..response }
    });
    let (code, left, said) = left_after(&server, &["--only", "lifecycle"]);
    assert_eq!((code, left), (Some(4), 0), "{said}");
    assert!(said.contains("the connection ended before a response") && !said.contains("fail MUST"), "{said}");
    assert!(said.contains("left 0"), "{said}");
}

#[test]
fn an_id_that_no_path_can_hold_is_none_and_creating_stops() {
    let server = bed_with(Quirks::default(), |_, mut response| {
        if let Ok(mut body) = conformance_json::parse(&response.body)
            && response.status == 201
        {
            body["_id"] = json!("conv_".to_owned() + &"a".repeat(100_000));
            response.body = body.to_string().into_bytes();
        }
        response
    });
    let output = conformance().args(["run", "--base-url", &server.url]).output().unwrap();
    assert!(stdout(&output).contains(", left 3\n"), "{}", stdout(&output));
    assert!(output.stdout.len() < 200_000, "{}", output.stdout.len());
}

#[test]
fn a_report_of_large_responses_is_not_large() {
    let server = bed_with(Quirks::default(), |_, mut response| {
        if let Ok(mut body) = conformance_json::parse(&response.body) {
            body["kind"] = json!("x".repeat(1_000_000));
            response.body = body.to_string().into_bytes();
        }
        response
    });
    let folder = tempfile::TempDir::new().unwrap();
    let report = folder.path().join("report.json");
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--only", "lifecycle", "--report"]);
    let output = command.arg(format!("json={}", report.display())).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let (shown, written) = (output.stdout.len(), std::fs::metadata(&report).unwrap().len());
    assert!(shown < 1_000_000 && written < 8_000_000, "{shown} bytes on stdout, {written} in the report");
}
