//! A suite is data: another API, as unlike the first as the format allows, is served and judged without a line of code.

use serde_json::json;

use crate::context::{MockServer, run, stdout};

const SUITE: &str = "crates/cli/tests/suites/projects";

#[test]
fn it_is_judged() {
    let output = run(&["run", "--suite", SUITE]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("left 0"));
}

#[test]
fn it_is_served() {
    let server = MockServer::start(&["--suite", SUITE, "--seed", "1"]);
    let (status, made) = server.send("t", "POST", "/api/projects", Some(json!({ "title": "Bridge" })));
    assert_eq!(status, 200);
    assert_eq!(
        made,
        json!({
            "projectId": "prj_000001", "title": "Bridge", "owner": { "name": "Ada" }, "version": 3,
            "created": "2025-01-01T00:00:00.001Z", "modified": "2025-01-01T00:00:00.001Z",
            "modifiedSeconds": 1_735_689_600
        })
    );
    let (_, page) = server.send("t", "GET", "/api/projects?size=1", None);
    assert_eq!(page, json!({ "result": { "items": [made], "meta": { "hasNext": false, "api": "projects" } } }));
    let (status, error) = server.send("t", "GET", "/api/projects?beforeId=prj_9&size=0", None);
    assert_eq!(
        (status, &error["error"]["type"], &error["traceId"]),
        (400, &json!("invalid-parameter"), &json!("none"))
    );
    assert_eq!(server.send("t", "GET", "/v2/conversations", None).0, 410);
}

#[test]
fn no_rust_source_outside_tests_and_benches_knows_the_first_api() {
    let words = ["conv_", "conversation", "displayname", "starting_after", "ending_before", "has_more", "orq"];
    let root = crate::context::root();
    let mut folders = vec![root.join("crates")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("tests") && !path.ends_with("benches") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                read += 1;
                let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
                for word in words {
                    // The help names the built-in suite, once.
                    let allowed = usize::from(path.ends_with("cli/src/args.rs"));
                    assert!(text.matches(word).count() <= allowed, "{} says `{word}`", path.display());
                }
            }
        }
    }
    assert!(read > 30, "only {read} files were read");
}
