//! A run is harmless: it deletes what it created whatever happens, touches nothing else, and tells no secret.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bed::{Quirks, bed_with};
use crate::context::{MockServer, conformance, signal, stderr, stdout};
use crate::roads::proxy;
use crate::server::{Req, Res};

const TOKEN: &str = "canary/token+with=signs";

fn create(server: &MockServer, token: &str, name: &str) -> String {
    let (status, body) = server.send(token, "POST", "/v2/conversations", Some(json!({ "displayName": name })));
    assert_eq!(status, 201, "{body}");
    body["_id"].as_str().unwrap().to_owned()
}

/// Every object of a workspace, by id.
fn all(server: &MockServer, token: &str) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let (status, body) = server.send(token, "GET", &format!("/v2/conversations?limit=100{cursor}"), None);
        assert_eq!(status, 200, "{body}");
        found.extend(body["data"].as_array().unwrap().iter().map(Value::to_string));
        if body["has_more"] != json!(true) {
            return found;
        }
        let last = body["data"].as_array().unwrap().last().unwrap()["_id"].as_str().unwrap();
        cursor = format!("&starting_after={last}");
    }
}

/// Each check's verdict, scenario by scenario.
fn verdicts(shown: &str) -> Vec<String> {
    let words = ["pass", "fail", "warn", "not applicable", "could not run", "✓", "✗", "!", "?"];
    let told = shown.lines().map(str::trim).filter(|line| words.iter().any(|word| line.starts_with(word)));
    told.map(|line| line.split("   ").next().unwrap().to_owned()).collect()
}

/// Ends a thread's loop also when an assertion beside it fails.
struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn foreign_objects_and_busy_neighbours_change_no_verdict_and_nothing_foreign_is_touched() {
    let (server, proxy) = (MockServer::start(&["--quiet"]), proxy());
    for n in 0..5000 {
        create(&server, "shared", &format!("foreign {n}"));
    }
    let before = all(&server, "shared");
    let run = || {
        let mut command = conformance();
        command.env("http_proxy", &proxy.url).args(["run", "--base-url", &server.url, "--token", "shared"]);
        let output = command.args(["--deny-warnings", "--verbose"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        verdicts(&stdout(&output))
    };
    let quiet = run();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        let _stopped = StopOnDrop(stop);
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let ids: Vec<String> = (0..3).map(|n| create(server, "shared", &format!("neighbour {n}"))).collect();
                for id in ids {
                    assert_eq!(server.send("shared", "DELETE", &format!("/v2/conversations/{id}"), None).0, 204);
                }
            }
        });
        for _ in 0..2 {
            assert_eq!(run(), quiet);
        }
    });
    assert_eq!(all(&server, "shared"), before, "to the last byte");
    let seen = proxy.seen();
    let id = |body: &[u8]| conformance_json::parse(body).unwrap()["_id"].as_str().unwrap().to_owned();
    let made: BTreeSet<String> = seen.iter().filter(|one| one.status == 201).map(|one| id(&one.body)).collect();
    assert!(made.len() > 500, "{}", made.len());
    for one in seen.iter().filter(|one| !matches!(one.request.method.as_str(), "GET" | "POST")) {
        let touched = one.request.path().rsplit('/').next().unwrap();
        assert!(made.contains(touched) || one.status == 404, "{} {}", one.request.method, one.request.target);
    }
}

#[test]
fn an_interrupted_run_deletes_what_it_created_and_says_130() {
    for name in ["INT", "TERM"] {
        let server = MockServer::start(&["--quiet"]);
        let mut command = conformance();
        command
            .args(["run", "--base-url", &server.url, "--max-rps", "60"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        while all(&server, "conformance").is_empty() {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it created anything");
        }
        signal(&child, name);
        let mut shown = String::new();
        child.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{shown}");
        assert!(shown.contains("left 0"), "{shown}");
        assert_eq!(all(&server, "conformance"), BTreeSet::new());
    }
}

#[test]
fn a_killed_run_is_swept_up_after_and_nothing_foreign_is() {
    let server = MockServer::start(&["--quiet"]);
    create(&server, "shared", "foreign");
    let before = all(&server, "shared");
    let state = TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args).args([
            "--base-url",
            &server.url,
            "--token",
            "shared",
        ]);
        command
    };
    for round in 0..30 {
        let mut child = command(&["run", "--jobs", "3"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Killed when so many objects are there: each round at another moment.
        while all(&server, "shared").len() < 2 + (round * 17) % 90 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let swept = command(&["sweep"]).output().unwrap();
        let told = stdout(&swept);
        let mut left = all(&server, "shared");
        for object in &before {
            assert!(left.remove(object), "the foreign object is gone or changed");
        }
        // What cannot be known is listed, and goes when told so.
        for object in &left {
            let id = serde_json::from_str::<Value>(object).unwrap()["_id"].as_str().unwrap().to_owned();
            assert!(told.contains(&id), "{id} is neither deleted nor listed:\n{told}");
        }
        assert_eq!(swept.status.code(), Some(if left.is_empty() { 0 } else { 4 }), "{told}{}", stderr(&swept));
        if !left.is_empty() {
            assert_eq!(command(&["sweep", "--yes"]).output().unwrap().status.code(), Some(0));
        }
        assert_eq!(all(&server, "shared"), before);
    }
    assert!(stdout(&command(&["sweep"]).output().unwrap()).contains("nothing to sweep"));
}

#[test]
fn a_create_whose_answer_never_comes_is_found_by_its_body_and_deleted_only_when_told_so() {
    let slow = AtomicBool::new(true);
    let server = bed_with(Quirks::default(), move |request: &Req, mut response| {
        if request.method == "POST" && slow.swap(false, Ordering::Relaxed) {
            // Made, and told too late.
            response.delay = Duration::from_secs(5);
        }
        response
    });
    let state = TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args).args(["--base-url", &server.url]);
        command.output().unwrap()
    };
    let output = command(&["run", "--timeout", "0.5", "--only", "lifecycle/create-retrieve-update-delete"]);
    assert_eq!(output.status.code(), Some(5), "{}", stdout(&output));
    assert!(stdout(&output).contains("there was no response: no response within 0.5 s"), "{}", stdout(&output));
    assert!(stdout(&output).contains("got no clear response; `conformance sweep` looks for what"));
    let swept = command(&["sweep"]);
    assert_eq!(swept.status.code(), Some(4), "{}", stdout(&swept));
    assert!(stdout(&swept).contains("looks like this run's, but does not say so; --yes deletes it"));
    assert_eq!(command(&["sweep", "--yes"]).status.code(), Some(0));
    let gone = server.seen().iter().filter(|seen| seen.request.method == "DELETE" && seen.status == 204).count();
    assert_eq!(gone, 1);
}

#[test]
fn a_run_that_is_still_going_on_is_not_swept() {
    let server = MockServer::start(&["--quiet"]);
    let state = TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args).args(["--base-url", &server.url]);
        command
    };
    let mut going = command(&["run", "--max-rps", "50"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while all(&server, "conformance").is_empty() {
        assert_eq!(going.try_wait().unwrap(), None);
    }
    let swept = command(&["sweep"]).output().unwrap();
    assert_eq!(swept.status.code(), Some(0));
    assert!(stdout(&swept).contains("still going on"), "{}", stdout(&swept));
    signal(&going, "INT");
    assert_eq!(going.wait().unwrap().code(), Some(130));
    assert!(stdout(&command(&["sweep"]).output().unwrap()).contains("nothing to sweep"));
}

/// The token as it is, and as others may write it.
fn forms() -> Vec<String> {
    let base64 = |text: &str| {
        let line = format!("printf %s '{text}' | base64");
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().trim_end_matches('=').to_owned()
    };
    let percent = "canary%2Ftoken%2Bwith%3Dsigns";
    let urlsafe = base64(TOKEN).replace('+', "-").replace('/', "_");
    vec![
        TOKEN.to_owned(),
        percent.to_owned(),
        percent.to_lowercase(),
        TOKEN.replace('/', "\\/"),
        base64(TOKEN),
        urlsafe,
    ]
}

/// Every report there is, and scripts.
fn reports(folder: &TempDir) -> Vec<String> {
    let kinds = ["junit", "json", "html", "markdown", "github"];
    let below = folder.path().display();
    let reports = kinds.iter().flat_map(|kind| ["--report".to_owned(), format!("{kind}={below}/report.{kind}")]);
    reports.chain(["--scripts".to_owned(), format!("{below}/scripts")]).collect()
}

#[test]
fn a_server_that_tells_the_token_in_every_way_is_not_passed_on() {
    let server = bed_with(Quirks::default(), |request, mut response| {
        if let Ok(mut body) = conformance_json::parse(&response.body) {
            body["echo"] = json!({ "forms": forms(), "basic": format!("Basic {}", forms()[4]) });
            response.body = body.to_string().into_bytes();
        }
        if request.method == "DELETE" {
            response = Res::text(500, "text/plain", &format!("cannot delete for {TOKEN}"));
        }
        response.headers.push(("x-echo".to_owned(), forms().join(" ")));
        response
    });
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut command = conformance();
    command.env("CONFORMANCE_STATE_DIR", folder.path().join("state")).env_remove("INSTA_UPDATE");
    command.args([
        "run",
        "--verbose",
        "--base-url",
        &server.url,
        "--token",
        TOKEN,
        "--only",
        "lifecycle",
        "--only",
        "ids",
    ]);
    command.args(["--record", &at("recording.jsonl"), "--snapshots", &at("snapshots")]);
    command.args(reports(&folder));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let mut told = vec![("stdout".to_owned(), stdout(&output)), ("stderr".to_owned(), stderr(&output))];
    read_all(folder.path(), &mut told);
    assert!(told.len() > 10, "recording, journal, snapshots: {}", told.len());
    for (name, text) in &told {
        for form in &forms() {
            assert!(!text.contains(form.as_str()), "{name} holds {form}");
        }
    }
}

#[test]
fn a_token_appears_nowhere() {
    let server = MockServer::start(&["--require-token", TOKEN]);
    // The server holds the token in a name, so that it comes back in bodies and in failing assertions.
    create(&server, TOKEN, TOKEN);
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let output = conformance()
        .env("CONFORMANCE_STATE_DIR", folder.path().join("state"))
        .env_remove("INSTA_UPDATE")
        .args([
            "run",
            "--verbose",
            "--base-url",
            &server.url,
            "--token",
            TOKEN,
            "--header",
            &format!("x-api-key: {TOKEN}"),
        ])
        .args(["--record", &at("recording.jsonl"), "--snapshots", &at("snapshots"), "--keep-on-failure"])
        .args(["--suite", suite_that_fails(&folder).to_str().unwrap()])
        .args(reports(&folder))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let mut told = vec![
        ("stdout".to_owned(), stdout(&output)),
        ("stderr".to_owned(), stderr(&output)),
        ("mock".to_owned(), server.log()),
    ];
    read_all(folder.path(), &mut told);
    assert!(told.len() > 6, "{}", told.len());
    for (name, text) in &told {
        for form in &forms() {
            assert!(!text.contains(form.as_str()), "{name} holds {form}");
        }
    }
    assert!(told.iter().any(|(_, text)| text.contains("<token>")), "it was there to be hidden");
}

/// A suite whose one scenario fails with the token in what it found.
fn suite_that_fails(folder: &TempDir) -> std::path::PathBuf {
    let suite = crate::context::SuiteCopy::new();
    for folder in ["scenarios", "fragments"] {
        std::fs::remove_dir_all(suite.folder.path().join("fixtures").join(folder)).unwrap();
    }
    let scenario = "summary: Fails\nsteps:\n  - operationId: createConversation\n    requestBody: { displayName: canary/token+with=signs }\n    expect:\n      - { cites: name.kept, that: $response.body#/displayName, equals: Another }\n  - operationId: listConversations\n    expect:\n      - { cites: name.kept, that: $response.text, equals: Another }\n";
    suite.write("fixtures/scenarios/all/fails.yaml", scenario);
    let target = folder.path().join("suite");
    // The suite itself holds the token; it is read, not written, and so not looked at.
    std::fs::rename(suite.folder.path(), &target).unwrap();
    std::mem::forget(suite);
    target
}

fn read_all(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().ends_with("suite") {
            continue;
        }
        if entry.path().is_dir() {
            read_all(&entry.path(), into);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
            into.push((entry.path().display().to_string(), text));
        }
    }
}

#[test]
fn read_only_sends_nothing_that_could_change_anything() {
    let server = MockServer::start(&[]);
    let output = conformance().args(["run", "--base-url", &server.url, "--read-only"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("not applicable"));
    assert!(stdout(&output).contains("✓ as-it-stands"), "what only looks is checked: {}", stdout(&output));
    let log = server.log();
    let log = log.split("Ctrl-C stops.").nth(1).unwrap();
    assert!(
        log.contains(" GET ") && !log.contains(" POST ") && !log.contains("PATCH ") && !log.contains("DELETE "),
        "{log}"
    );
}

#[test]
fn the_plan_sends_nothing_at_all() {
    let output = conformance().args(["run", "--plan", "--base-url", "http://127.0.0.1:1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("pages/forward: ") && stdout(&output).contains("POST   /v2/conversations  7 times")
    );
}

#[test]
fn requests_are_spaced_out_as_told() {
    let server = MockServer::start(&["--quiet"]);
    let start = std::time::Instant::now();
    let output = conformance()
        .args(["run", "--base-url", &server.url, "--only", "ids/unknown", "--max-rps", "20"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    // Three requests, the first contact and the look for strays: four intervals of 50 ms at least.
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_sweep_with_another_token_leaves_the_journal_for_the_right_one() {
    let server = MockServer::start(&["--quiet"]);
    let state = TempDir::new().unwrap();
    let command = |args: &[&str], token: &str| {
        let mut command = conformance();
        command.env("CONFORMANCE_STATE_DIR", state.path()).args(args).args([
            "--base-url",
            &server.url,
            "--token",
            token,
        ]);
        command
    };
    let mut child = command(&["run"], "right-token").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while all(&server, "right-token").len() < 5 {
        assert_eq!(child.try_wait().unwrap(), None);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let wrong = command(&["sweep"], "wrong-token").output().unwrap();
    assert_eq!(wrong.status.code(), Some(4), "{}", stdout(&wrong));
    assert!(stdout(&wrong).contains("left alone, it was made with another token"), "{}", stdout(&wrong));
    command(&["sweep", "--yes"], "right-token").output().unwrap();
    assert_eq!(all(&server, "right-token"), BTreeSet::new());
}

#[test]
fn who_waits_for_a_slow_pace_or_a_busy_server_can_be_interrupted() {
    let busy = bed_with(Quirks::default(), |_, _| Res {
        status: 429,
        headers: vec![("retry-after".to_owned(), "100".to_owned())],
        ..Res::default()
    });
    let free = bed_with(Quirks::default(), |_, response| response);
    for (server, more) in [(&busy, &[][..]), (&free, &["--max-rps", "0.01"][..])] {
        let mut command = conformance();
        command.args(["run", "--base-url", &server.url]).args(more).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while server.seen().is_empty() {
            assert_eq!(child.try_wait().unwrap(), None);
        }
        signal(&child, "TERM");
        let start = std::time::Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{more:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "it waited to the end");
    }
}
