//! The JSON Schemas of our own formats: every file of the suite is valid against them.

use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;

use crate::context::{root, run, stdout};

/// What an editor is given is what the tests below hold the files to.
#[rstest]
#[case("scenario")]
#[case("fragment")]
#[case("requirements")]
#[case("overlay")]
#[case("faults")]
#[case("known-failures")]
#[case("recording")]
#[case("report")]
#[case("driver")]
fn the_schema_of_each_kind_of_file_is_printed(#[case] kind: &str) {
    let path = root().join(format!("schemas/formats/{kind}.schema.json"));
    assert_eq!(stdout(&run(&["schema", kind])), fs::read_to_string(path).unwrap());
}

pub fn tree(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let file = conformance_source::SourceFile::new(path.display().to_string(), text);
    conformance_source::parse(&file).unwrap().to_json()
}

fn yaml_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(yaml_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn valid(format: &str, files: &[std::path::PathBuf], part: impl Fn(Value) -> Value) {
    let schema = tree(&root().join(format!("schemas/formats/{format}.schema.json")));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(!files.is_empty());
    for file in files {
        let document = part(tree(file));
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

const SECOND: &str = "crates/cli/tests/suites/projects";

#[test]
fn scenarios() {
    let mut files = yaml_below(&root().join("fixtures/scenarios"));
    files.extend(yaml_below(&root().join(SECOND).join("fixtures/scenarios")));
    valid("scenario", &files, |document| document);
}

#[test]
fn fragments() {
    valid("fragment", &yaml_below(&root().join("fixtures/fragments")), |document| document);
}

#[test]
fn faults() {
    valid("faults", &yaml_below(&root().join("fixtures/faults")), |document| document);
}

#[test]
fn files_beside_a_document() {
    let own = tempfile::TempDir::new().unwrap();
    let folder = own.path().join("pets");
    let document = root().join("fixtures/documents/pets.yaml");
    let written = run(&["init", "--openapi", document.to_str().unwrap(), folder.to_str().unwrap()]);
    assert_eq!(written.status.code(), Some(0));
    for folder in [folder, root().join("fixtures/documents/tickets")] {
        valid("overlay", &[folder.join("overlay.yaml")], |document| document);
        valid("requirements", &[folder.join("requirements.yaml")], |document| document);
        valid("scenario", &yaml_below(&folder.join("scenarios")), |document| document);
    }
}

#[test]
fn requirements() {
    let files = ["schemas/requirements.yaml", "crates/cli/tests/suites/projects/schemas/requirements.yaml"];
    valid("requirements", &files.map(|file| root().join(file)), |document| document);
}

#[test]
fn the_keys_of_state() {
    let files = ["schemas/openapi.yaml", "crates/cli/tests/suites/projects/schemas/openapi.yaml"];
    valid("state", &files.map(|file| root().join(file)), |document| document);
}

#[test]
fn the_scenario_schema_refuses_what_the_parser_refuses() {
    let schema = tree(&root().join("schemas/formats/scenario.schema.json"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for name in ["unknown-key", "no-steps", "two-kinds-of-check", "check-without-cites"] {
        let document = tree(&root().join(format!("fixtures/invalid/scenarios/{name}.yaml")));
        assert!(!validator.is_valid(&document), "{name}");
    }
}

#[test]
fn the_messages_of_drivers_in_the_documents() {
    let schema = tree(&root().join("schemas/formats/driver.schema.json"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let text = fs::read_to_string(root().join("docs/drivers.md")).unwrap();
    let examples: Vec<&str> = text.split("```json\n").skip(1).map(|part| part.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 5);
    for example in examples {
        let message: Value = serde_json::from_str(example).unwrap();
        assert!(validator.is_valid(&message), "{example}");
    }
}
