//! The verbs that take any OpenAPI document in place of a suite: what they list, explain, watch and break.

use std::fs;

use rstest::rstest;
use tempfile::TempDir;

use crate::context::{root, run, stderr};

fn document(name: &str) -> String {
    root().join(format!("fixtures/documents/{name}.yaml")).to_str().unwrap().to_owned()
}

#[rstest]
#[case(&["run"])]
#[case(&["mock", "--port", "0"])]
#[case(&["check"])]
#[case(&["list"])]
#[case(&["explain", "x"])]
#[case(&["mutate"])]
#[case(&["bundle"])]
#[case(&["sweep"])]
#[case(&["judge", "recording"])]
#[case(&["review"])]
#[case(&["exec", "true"])]
#[case(&["sdk", "true"])]
fn a_document_is_no_suite_and_the_flag_for_it_is_named(#[case] command: &[&str]) {
    let folder = TempDir::new().unwrap();
    fs::copy(document("pets"), folder.path().join("pets.yaml")).unwrap();
    for suite in [document("pets"), folder.path().to_str().unwrap().to_owned()] {
        let output = run(&[&["--suite", &suite], command].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?} {}", stderr(&output));
        assert!(stderr(&output).contains("this is a plain OpenAPI document; use `--openapi "), "{}", stderr(&output));
        assert!(stderr(&output).contains("pets.yaml`"), "{}", stderr(&output));
    }
}

#[test]
fn what_is_neither_suite_nor_document_is_told_as_before() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("notes.yaml"), "title: Notes\n").unwrap();
    let output = run(&["check", "--suite", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!stderr(&output).contains("--openapi"), "{}", stderr(&output));
}
