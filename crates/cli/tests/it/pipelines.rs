//! The lines of docs/pipelines.md run, as far as this machine can: pytest's part is played by curl.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::context::{MockServer, root};

#[test]
fn every_line_of_the_pipelines_runs() {
    let text = fs::read_to_string(root().join("docs/pipelines.md")).unwrap();
    let lines = text.lines().map(|line| line.trim().trim_start_matches("- "));
    let lines: Vec<&str> = lines.filter(|line| line.starts_with("conformance ")).collect();
    assert!(lines.len() >= 6, "{lines:#?}");
    let folder = TempDir::new().unwrap();
    let server = MockServer::start(&["--quiet"]);
    let pytest = "sh -c 'curl -s $ORQ_BASE_URL/v2/conversations -H \"Authorization: Bearer $ORQ_API_KEY\"'";
    for line in lines {
        if line.starts_with("conformance mock") {
            record(line, &folder);
            continue;
        }
        let line = line.replace("-- pytest", &format!("-- {pytest}")).replace("http://127.0.0.1:4010", &server.url);
        let line = line.replace("conformance ", concat!(env!("CARGO_BIN_EXE_conformance"), " "));
        let mut command = Command::new("sh");
        command.args(["-ec", &line]).current_dir(folder.path()).env("CI", "true");
        command.env("CONFORMANCE_STATE_DIR", folder.path().join("state"));
        let output = command.env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md")).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    for name in ["report.xml", "report.html", "summary.md", "requests.jsonl", "requests.xml"] {
        assert!(fs::metadata(folder.path().join(name)).is_ok_and(|file| file.len() > 0), "{name}");
    }
}

/// The mock of a pipeline, on a free port, asked once.
fn record(line: &str, folder: &TempDir) {
    let arguments = line.trim_start_matches("conformance mock ").replace("--port 4010 ", "");
    let path = folder.path().join("requests.jsonl").display().to_string();
    let arguments = arguments.replace("requests.jsonl", &path);
    let mut server = MockServer::start(&arguments.split_whitespace().collect::<Vec<_>>());
    assert_eq!(server.send("t", "GET", "/v2/conversations", None).0, 200);
    crate::context::signal(&server.child, "INT");
    assert!(server.child.wait().unwrap().success());
}
