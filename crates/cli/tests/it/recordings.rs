//! A recording is judged as the run was that made it.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::context::{MockServer, SuiteCopy, conformance, root, run, stderr, stdout};

/// What was said of each scenario, without times.
fn verdicts(shown: &str) -> Vec<String> {
    let told = shown.lines().filter(|line| !line.contains(" · ") && !line.starts_with("created "));
    let words = told.map(|line| {
        line.split_whitespace().filter(|word| !word.ends_with("ms") && word.parse::<f64>().is_err() && *word != "s")
    });
    words.map(|words| words.collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn judging_a_recording_gives_the_verdicts_of_the_run_that_made_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl");
    let lax = SuiteCopy::new();
    // A server that lets in what the documents forbid.
    lax.edit(
        "schemas/create-conversation.request.json",
        "conversation.json#/$defs/displayName",
        "conversation.json#/$defs/any",
    )
    .edit("schemas/conversation.json", "\"$defs\": {", "\"$defs\": { \"any\": {},")
    .edit(
        "schemas/conversation.json",
        "{ \"$ref\": \"#/$defs/displayName\" }",
        "{ \"$ref\": \"#/$defs/any\", \"default\": \"x\" }",
    );
    let server = MockServer::start(&["--suite", lax.path()]);
    for (url, code) in [(None, 0), (Some(&server.url), 1)] {
        let mut command = conformance();
        command.args(["run", "--jobs", "1", "--record", file.to_str().unwrap()]);
        if let Some(url) = url {
            command.args(["--base-url", url]);
        }
        let recorded = command.output().unwrap();
        assert_eq!(recorded.status.code(), Some(code), "{}", stdout(&recorded));
        let judged = run(&["judge", file.to_str().unwrap()]);
        assert_eq!(judged.status.code(), Some(code), "{}", stdout(&judged));
        let (recorded, judged) = (stdout(&recorded), stdout(&judged));
        let failed = |shown: &str| {
            verdicts(shown)
                .into_iter()
                .filter(|line| line.starts_with("fail") || line.contains("check"))
                .collect::<Vec<_>>()
        };
        assert_eq!(failed(&judged), failed(&recorded));
    }
}

#[test]
fn every_line_fits_the_published_schema() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl");
    run(&["run", "--record", file.to_str().unwrap()]);
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("schemas/formats/recording.schema.json")).unwrap())
            .unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().count() > 200);
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}\n{errors:?}");
    }
}

#[test]
fn a_file_that_is_no_recording_is_refused_line_by_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl");
    fs::write(&file, "{\"scenario\":1}\nnot json\n").unwrap();
    let output = run(&["judge", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("this is not the head of a recording")
            && said.contains("run.jsonl:1:")
            && said.contains("run.jsonl:2:"),
        "{said}"
    );
}

#[test]
fn what_a_client_sent_can_be_allowed_and_must_cover_enough() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("requests.jsonl").display().to_string();
    let mut server = MockServer::start(&["--quiet", "--record", &path]);
    assert_eq!(server.send("a-token", "GET", "/v2/conversations?startingAfter=x", None).0, 200);
    crate::context::signal(&server.child, "INT");
    assert!(server.child.wait().unwrap().success());
    let judge = |more: &[&str]| run(&[&["judge", &path], more].concat());
    let allowed = judge(&["--allow", "unknown-parameter"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", stderr(&allowed));
    assert!(stderr(&allowed).contains("1 known to fail"), "{}", stderr(&allowed));
    let little = judge(&["--allow", "unknown-parameter", "--min-coverage", "90"]);
    assert_eq!(little.status.code(), Some(1), "{}", stderr(&little));
    assert!(stderr(&little).contains("less than the 90 % of --min-coverage was exercised"), "{}", stderr(&little));
    assert_eq!(judge(&["--allow", "unknown-parameter", "--min-coverage", "1"]).status.code(), Some(0));
    let unknown = judge(&["--allow", "unknown-paramete"]);
    assert!(stderr(&unknown).contains("did you mean `unknown-parameter`?"), "{}", stderr(&unknown));
}

#[test]
fn what_a_server_answered_has_nothing_of_a_client_to_allow() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl").display().to_string();
    run(&["run", "--only", "lifecycle/update-nothing", "--record", &file]);
    for more in [["--allow", "unknown-parameter"], ["--min-coverage", "1"]] {
        let output = run(&[&["judge", file.as_str()], &more[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("are about what a client sent"), "{}", stderr(&output));
    }
}

#[test]
fn a_recording_of_a_server_below_a_path_is_judged_as_the_run_was() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.jsonl").display().to_string();
    let server = MockServer::start(&["--quiet"]);
    let below = format!("{}/~/a/1", server.url);
    let recorded = run(&["run", "--base-url", &below, "--token", "a-token", "--only", "pages", "--record", &file]);
    assert_eq!(recorded.status.code(), Some(0), "{}", stdout(&recorded));
    let judged = run(&["judge", &file]);
    assert_eq!(judged.status.code(), Some(0), "{}", stdout(&judged));
}
