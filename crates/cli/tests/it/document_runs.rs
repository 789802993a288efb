//! What stands around a run against a document: recordings, failures that are excused, what failed last.

use std::fs;
use std::process::Output;

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, run, stderr, stdout};

fn document(name: &str) -> String {
    root().join(format!("fixtures/documents/{name}.yaml")).to_str().unwrap().to_owned()
}

/// A server that takes names of any length, which the document forbids.
fn lax(folder: &TempDir) -> MockServer {
    let text = fs::read_to_string(document("pets")).unwrap().replace(", maxLength: 60", "");
    let path = folder.path().join("lax.yaml");
    fs::write(&path, text).unwrap();
    MockServer::start(&["--quiet", "--openapi", path.to_str().unwrap()])
}

fn verify(server: &MockServer, more: &[&str]) -> Output {
    let pets = document("pets");
    run(&[&["run", "--openapi", &pets, "--base-url", &server.url, "--token", "secret-token"], more].concat())
}

/// The verdict of each check, as the JSON report has them.
fn verdicts(args: &[&str]) -> (Option<i32>, Vec<String>) {
    let output = run(&[args, &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let scenarios = report["scenarios"].as_array().unwrap().iter();
    let checks = scenarios.flat_map(|one| one["checks"].as_array().unwrap().iter().map(move |check| (one, check)));
    let told = checks.map(|(one, check)| {
        format!("{} {} {} {}", one["name"], check["verdict"], check["requirements"], check["found"])
    });
    (output.status.code(), told.collect())
}

#[rstest]
#[case::bearer("pets")]
#[case::keys_in_queries_and_cookies("api-keys")]
#[case::basic("basic")]
#[case::forms("forms")]
#[case::nested("nested")]
#[case::pages("tokens")]
#[case::references_and_times("libraries")]
#[case::names_of_clients("named")]
fn a_recording_is_verified_again_to_the_letter(#[case] name: &str) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl").to_str().unwrap().to_owned();
    let document = document(name);
    let recorded = verdicts(&["run", "--openapi", &document, "--record", &file]);
    let judged = verdicts(&["judge", "--openapi", &document, &file]);
    assert_eq!(judged, recorded);
    assert!(recorded.1.len() > 50, "{} checks", recorded.1.len());
}

#[test]
fn a_recording_of_a_server_that_is_wrong_and_stands_below_a_path_fails_as_the_run_did() {
    let folder = TempDir::new().unwrap();
    let server = lax(&folder);
    let file = folder.path().join("run.jsonl").to_str().unwrap().to_owned();
    let (pets, below) = (document("pets"), format!("{}/~/a/1", server.url));
    let allowed = ["--token", "secret-token", "--only", "pets/rejects", "--record", &file];
    let recorded = verdicts(&[&["run", "--openapi", &pets, "--base-url", &below], &allowed[..]].concat());
    assert_eq!(recorded.0, Some(1));
    assert_eq!(verdicts(&["judge", "--openapi", &pets, &file]), recorded);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().count() > 20 && !text.contains("secret-token"));
    let schema = fs::read_to_string(root().join("schemas/formats/recording.schema.json")).unwrap();
    let schema = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    for line in text.lines() {
        assert!(schema.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
    // By a document that wants less it passes.
    let lax = folder.path().join("lax.yaml").to_str().unwrap().to_owned();
    let again = verdicts(&["judge", "--openapi", &lax, &file]);
    assert!(again.1.iter().all(|check| !check.contains("\"fail\"")), "{again:?}");
}

#[test]
fn a_recording_goes_with_what_it_was_recorded_by() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl").to_str().unwrap().to_owned();
    run(&["run", "--openapi", &document("pets"), "--only", "document/reads", "--record", &file]);
    let output = run(&["judge", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("conformance judge --openapi FILE"), "{}", stderr(&output));
    run(&["run", "--only", "pages", "--record", &file]);
    let output = run(&["judge", "--openapi", &document("pets"), &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is no recording of a run against a document"), "{}", stderr(&output));
}

#[test]
fn a_known_failure_is_excused_until_it_is_not_true_any_more() {
    let folder = TempDir::new().unwrap();
    let server = lax(&folder);
    let known = folder.path().join("known.yaml");
    let entry = |requirement: &str| {
        format!(
            "known:\n  - scenario: pets/rejects\n    requirement: {requirement}\n    found: the status is 201\n    \
             reason: names are cut later\n"
        )
    };
    let flag = known.to_str().unwrap();
    fs::write(&known, entry("createPet.rejects-wrong-bodies")).unwrap();
    let excused = verify(&server, &["--only", "pets/rejects", "--known-failures", flag]);
    let told = stdout(&excused);
    assert!(told.contains("known to fail") && !told.contains("createPet.rejects-wrong-bodies (MUST)"), "{told}");
    // The right server does not fail so.
    let pets = document("pets");
    let outdated = run(&["run", "--openapi", &pets, "--only", "pets/rejects", "--known-failures", flag]);
    assert_eq!(outdated.status.code(), Some(1), "{}", stdout(&outdated));
    assert!(stdout(&outdated).contains("does not fail any more: delete the entry"), "{}", stdout(&outdated));
    fs::write(&known, entry("createPet.reject-wrong-bodies")).unwrap();
    let wrong = verify(&server, &["--known-failures", flag]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("known.yaml:3:"), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("did you mean `createPet.rejects-wrong-bodies`?"), "{}", stderr(&wrong));
}

#[test]
fn what_failed_last_is_verified_alone() {
    let folder = TempDir::new().unwrap();
    let server = lax(&folder);
    let first = verify(&server, &["--last-failed"]);
    assert_eq!(first.status.code(), Some(2));
    assert!(stderr(&first).contains("no earlier run against"), "{}", stderr(&first));
    assert_eq!(verify(&server, &[]).status.code(), Some(1));
    let again = verify(&server, &["--last-failed"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stdout(&again).contains("1 scenario: "), "{}", stdout(&again));
}

/// A server whose paths all begin as the document's servers say.
fn below(path: &str, folder: &TempDir) -> MockServer {
    let text = fs::read_to_string(document("pets")).unwrap().replace("\n  /pets", &format!("\n  {path}/pets"));
    let file = folder.path().join("below.yaml");
    fs::write(&file, text.replace("servers: [{ url: \"https://pets.example/v1\" }]\n", "")).unwrap();
    MockServer::start(&["--quiet", "--openapi", file.to_str().unwrap()])
}

#[test]
fn a_server_is_found_below_the_path_of_the_documents_servers() {
    let folder = TempDir::new().unwrap();
    let server = below("/v1", &folder);
    let file = folder.path().join("run.jsonl").to_str().unwrap().to_owned();
    let output = verify(&server, &["--record", &file]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains(&format!("verifying {}/v1", server.url)), "{}", stderr(&output));
    let judged = run(&["judge", "--openapi", &document("pets"), &file]);
    assert_eq!(judged.status.code(), Some(0), "{}{}", stdout(&judged), stderr(&judged));
}

#[test]
fn a_server_of_something_else_is_none_of_the_document() {
    let folder = TempDir::new().unwrap();
    let output = verify(&below("/v2", &folder), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("does not seem to serve this API"), "{}", stderr(&output));
}

#[test]
fn a_server_that_looks_at_no_version_is_told_so() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("lax.yaml");
    let text = fs::read_to_string(document("versions")).unwrap();
    let lax = text.replace("      parameters: [{ $ref: \"#/components/parameters/Version\" }]\n", "");
    assert_ne!(text, lax);
    fs::write(&path, lax).unwrap();
    let server = MockServer::start(&["--quiet", "--openapi", path.to_str().unwrap()]);
    let output = run(&["run", "--openapi", &document("versions"), "--base-url", &server.url, "--token", "me"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    for id in ["replacePage.rejects-stale", "deletePage.rejects-stale"] {
        assert!(stdout(&output).contains(&format!("fail MUST {id}")), "{}", stdout(&output));
    }
    assert!(stdout(&output).trim_end().ends_with("left 0"), "{}", stdout(&output));
}

fn verify_with_snapshots(name: &str, folder: &TempDir, more: &[&str]) -> Output {
    let snapshots = folder.path().join("snapshots");
    let document = document(name);
    let args = ["run", "--openapi", &document, "--snapshots", snapshots.to_str().unwrap()];
    let mut command = conformance();
    command.env_remove("INSTA_UPDATE").args(args).args(more).output().unwrap()
}

#[rstest]
#[case::bearer("pets")]
#[case::names_of_clients("named")]
#[case::numbers("nested")]
#[case::forms("forms")]
#[case::two_kinds("libraries")]
#[case::versions("versions")]
fn what_a_server_did_before_is_what_it_does_again(#[case] name: &str) {
    let folder = TempDir::new().unwrap();
    let first = verify_with_snapshots(name, &folder, &[]);
    assert!(stdout(&first).contains("new snapshots"), "{}{}", stdout(&first), stderr(&first));
    for _ in 0..2 {
        let again = verify_with_snapshots(name, &folder, &["--require-snapshots"]);
        assert_eq!(again.status.code(), Some(0), "{}", stdout(&again));
    }
}

#[test]
fn a_server_that_behaves_differently_is_shown_and_accepted() {
    let folder = TempDir::new().unwrap();
    let wide = folder.path().join("wide.yaml");
    let text = fs::read_to_string(document("pets")).unwrap();
    let more = text.replace(
        "        name: { type: string, examples: [Tom] }\n",
        "        name: { type: string, examples: [Tom] }\n        nick: { type: string, default: Tommy }\n",
    );
    assert_ne!(text, more);
    fs::write(&wide, more).unwrap();
    let target = ["--target", "staging"];
    let verify = |server: &MockServer| {
        verify_with_snapshots(
            "pets",
            &folder,
            &[&["--base-url", &server.url, "--token", "a-token"], &target[..]].concat(),
        )
    };
    let server = MockServer::start(&["--quiet", "--openapi", &document("pets")]);
    assert_eq!(verify(&server).status.code(), Some(0));
    let server = MockServer::start(&["--quiet", "--openapi", wide.to_str().unwrap()]);
    let other = verify(&server);
    assert_eq!(other.status.code(), Some(1), "{}", stdout(&other));
    assert!(stdout(&other).contains("+   \"nick\": \"<text>\""), "{}", stdout(&other));
    let snapshots = folder.path().join("snapshots");
    assert!(snapshots.join("staging/pets/lifecycle.snap.new").exists());
    let accepted = run(&["accept", "--snapshots", snapshots.to_str().unwrap()]);
    assert_eq!(accepted.status.code(), Some(0), "{}", stderr(&accepted));
    assert_eq!(verify(&server).status.code(), Some(0));
}

#[test]
fn without_a_folder_nothing_is_written_and_flags_about_it_are_mistakes() {
    let output = run(&["run", "--openapi", &document("pets"), "--require-snapshots"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`--snapshots DIR` says where they are kept"), "{}", stderr(&output));
}

/// The exit codes of a folder's scripts against a server, and their texts.
fn played(folder: &std::path::Path, url: &str) -> Vec<(i32, String)> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    paths.sort();
    let play = |path: &std::path::PathBuf| {
        let mut command = std::process::Command::new("bash");
        let output = command.arg(path).env("BASE_URL", url).env("TOKEN", "another-token").output().unwrap();
        (output.status.code().unwrap(), fs::read_to_string(path).unwrap())
    };
    paths.iter().map(play).collect()
}

#[test]
fn a_failure_is_written_as_a_script_that_fails_there_and_passes_on_a_right_server() {
    let folder = TempDir::new().unwrap();
    let wrong = lax(&folder);
    let scripts = folder.path().join("scripts");
    let run = verify(&wrong, &["--scripts", scripts.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "{}", stdout(&run));
    let right = MockServer::start(&["--quiet", "--openapi", &document("pets")]);
    let (there, here) = (played(&scripts.join("pets"), &wrong.url), played(&scripts.join("pets"), &right.url));
    assert_eq!(there.len(), 2);
    for ((failed, text), (passed, _)) in there.iter().zip(&here) {
        assert_eq!((*failed, *passed), (1, 0), "{text}");
        assert!(text.lines().count() < 60 && !text.contains("secret-token"), "{text}");
    }
    // Nothing is left.
    for server in [&wrong, &right] {
        assert_eq!(server.send("another-token", "GET", "/pets", None).1["total"], 0);
    }
}
