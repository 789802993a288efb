//! The README and the other documents are true: their commands run, their picture is of a real run, their scenarios bind.

use std::fs;
use std::process::Command;

use crate::context::{MockServer, SuiteCopy, conformance, root, stdout};

/// The fenced blocks of a kind in a document.
pub fn blocks(document: &str, kind: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let fence = format!("```{kind}\n");
    text.split(&fence).skip(1).map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_shell_command_of_the_readme_runs() {
    let mut server: Option<MockServer> = None;
    let mut ran = 0;
    for block in blocks("README.md", "sh") {
        for line in block.replace("\\\n", " ").lines().filter(|line| !line.is_empty()) {
            let line = line.split(" # ").next().unwrap().trim().replace("cargo run --", "conformance");
            if line == "cargo test --workspace" {
                // This is it.
                continue;
            }
            ran += 1;
            if let Some(arguments) = line.strip_prefix("conformance mock") {
                server = Some(MockServer::start(&arguments.split_whitespace().collect::<Vec<_>>()));
                continue;
            }
            let url = server.as_ref().map_or("", |server| &server.url);
            // What the SDK's tests do with real pytest, curl does here.
            let pytest = "sh -c 'curl -s $ORQ_BASE_URL/v2/conversations -H \"Authorization: Bearer $ORQ_API_KEY\"'";
            let line = line
                .replace("-- pytest", &format!("-- {pytest}"))
                .replace("http://127.0.0.1:4010", url)
                .replace("conformance ", concat!(env!("CARGO_BIN_EXE_conformance"), " "));
            let output = Command::new("sh")
                .args(["-ec", &line.replace("curl ", "curl --fail ")])
                .current_dir(root())
                .env("INSTA_UPDATE", "no")
                .output()
                .unwrap();
            assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(ran >= 6, "only {ran} commands were found");
}

#[test]
fn the_tutorial_runs() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::copy(root().join("fixtures/documents/pets.yaml"), folder.path().join("openapi.yaml")).unwrap();
    let document = folder.path().join("openapi.yaml").display().to_string();
    let mut server: Option<MockServer> = None;
    let mut ran = 0;
    for line in blocks("docs/tutorial.md", "sh").iter().flat_map(|block| block.lines()) {
        ran += 1;
        if let Some(arguments) = line.strip_prefix("conformance mock") {
            let arguments = arguments.replace("openapi.yaml", &document);
            server = Some(MockServer::start(&arguments.split_whitespace().collect::<Vec<_>>()));
            continue;
        }
        let url = server.as_ref().map_or("", |server| &server.url);
        let line = line.replace("http://127.0.0.1:4010", url);
        let line = line.replacen("conformance ", concat!(env!("CARGO_BIN_EXE_conformance"), " "), 1);
        let mut command = Command::new("sh");
        command.args(["-ec", &line]).current_dir(folder.path()).env("INSTA_UPDATE", "no");
        for name in ["CONFORMANCE_BASE_URL", "CONFORMANCE_TOKEN", "CI"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}\n{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    }
    assert!(ran >= 8, "only {ran} commands were found");
}

#[test]
fn the_index_names_every_document() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Pictures stand in the documents.
        if name != "README.md" && !name.ends_with(".svg") {
            assert!(index.contains(&format!("({name})")), "docs/README.md does not name {name}");
        }
    }
}

#[test]
fn the_scenarios_in_the_documents_run() {
    let suite = SuiteCopy::new();
    fs::remove_dir_all(suite.folder.path().join("fixtures/scenarios")).unwrap();
    let examples = blocks("docs/scenarios.md", "yaml");
    assert!(examples.len() >= 10);
    for (number, example) in examples.iter().enumerate() {
        suite.write(&format!("fixtures/scenarios/docs/example-{number}.yaml"), example);
    }
    let fragments = suite.folder.path().join("fixtures/fragments");
    let _ = fs::remove_dir_all(fragments);
    for fragment in blocks("docs/scenarios.md", "yaml file=fixtures/fragments/docs-conversations.yaml") {
        suite.write("fixtures/fragments/docs-conversations.yaml", &fragment);
    }
    let output = conformance().args(["run", "--deny-warnings", "--suite", suite.path()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text: String = examples.concat();
    for operator in conformance_scenario::Operator::all() {
        assert!(text.contains(&format!(" {}: ", operator.key())), "no example has `{}`", operator.key());
    }
}

/// `UPDATE_PICTURES=1 cargo test -p api-conformance picture` draws it anew.
#[test]
fn the_picture_is_of_a_real_run() {
    let server = MockServer::start(&["--quiet", "--seed", "1", "--fault", "never-more"]);
    let told = |more: &[&str]| {
        let mut command = conformance();
        command.env("CONFORMANCE_COLUMNS", "112").env("CI", "true").args(["run", "--color", "always"]).args(more);
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap().replace(&server.url, "http://127.0.0.1:4010")
    };
    let shown = format!(
        "$ conformance run --quiet\n{}\n$ conformance run --base-url http://127.0.0.1:4010 --only pages/forward\n{}",
        told(&["--quiet"]),
        told(&["--base-url", &server.url, "--token", "me", "--only", "pages/forward"])
    );
    let picture = anstyle_svg::Term::new().min_width_px(660).render_svg(&shown);
    let path = root().join("docs/run.svg");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, &picture).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        without_times(&committed) == without_times(&picture),
        "the run looks otherwise now: see above how to draw it"
    );
}

/// The picture without what differs from run to run: how long things took, and the padding before it.
fn without_times(picture: &str) -> String {
    let mut kept = String::new();
    for word in picture.split_whitespace() {
        let digits = word.chars().all(|c| c.is_ascii_digit() || c == '.');
        // A second or a thousandth of one.
        let word = word.strip_prefix("ms<").or_else(|| word.strip_prefix("s<")).unwrap_or(word);
        // A word with the marker of the run.
        let word = if word.contains('~') { "~" } else { word };
        kept.push_str(if digits { "#" } else { word });
        kept.push(' ');
    }
    kept
}
