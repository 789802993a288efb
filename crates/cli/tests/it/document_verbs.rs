//! The verbs that take any OpenAPI document in place of a suite: what they list, explain, watch and break.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{root, run, stderr, stdout};

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

fn told(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn texts<'v>(all: &'v Value, member: &str) -> BTreeSet<&'v str> {
    all.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap()).collect()
}

#[test]
fn operations_are_listed_with_role_resource_and_parameters() {
    let list = told(&["list", "--openapi", &document("pets"), "--format", "json"]);
    let first = &list["operations"][0];
    assert_eq!(
        (&first["id"], &first["role"], &first["resource"]),
        (&json!("listPets"), &json!("list"), &json!("/pets/{}"))
    );
    assert!(texts(&first["parameters"], "name").contains("per_page"));
    assert!(texts(&list["scenarios"], "name").contains("pets/lifecycle"));
    let text = stdout(&run(&["list", "--openapi", &document("pets")]));
    let markdown = stdout(&run(&["list", "--openapi", &document("pets"), "--format", "markdown"]));
    for word in ["createPet", "GET /pets/{petId}", "per_page", "pets/rejects", "getPet.finds-created", "MUST"] {
        assert!(text.contains(word) && markdown.contains(word), "{word}: {text}{markdown}");
    }
}

#[test]
fn a_list_is_narrowed_by_path_or_id_and_says_what_there_is() {
    let list = told(&["list", "/projects/{project_id}/tasks", "--openapi", &document("projects"), "--format", "json"]);
    let all = told(&["list", "--openapi", &document("projects"), "--format", "json"]);
    let count = |list: &Value, what: &str| list[what].as_array().unwrap().len();
    for what in ["operations", "scenarios", "requirements"] {
        assert!(count(&list, what) < count(&all, what), "{what}");
    }
    let output = run(&["list", "createPe", "--openapi", &document("projects")]);
    assert_eq!(output.status.code(), Some(2));
}

/// What is listed without a server is what a run cites, level by level.
#[rstest]
fn what_a_run_cites_is_listed_before(
    #[files("../../fixtures/documents/*.yaml")]
    #[base_dir = "."]
    path: PathBuf,
) {
    let path = path.to_str().unwrap();
    let listed = told(&["list", "--openapi", path, "--format", "json"]);
    let listed: BTreeMap<&str, &str> = listed["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["level"].as_str().unwrap()))
        .collect();
    let report = told(&["run", "--openapi", path, "--format", "json"]);
    let checks = report["scenarios"].as_array().unwrap().iter().flat_map(|one| one["checks"].as_array().unwrap());
    for check in checks {
        let (id, level) = (check["requirements"][0].as_str().unwrap(), check["level"].as_str().unwrap());
        let found = listed.get(id).unwrap_or_else(|| panic!("{id} is not listed"));
        // Each filter has a level of its own, and the best counts.
        let is_lower = level == "INFO" || id.ends_with(".filters");
        assert!(*found == level || (is_lower && *found == "MUST"), "{id}: {found}, {level}");
    }
}

#[test]
fn an_operation_is_explained_with_its_evidence() {
    let one = told(&["explain", "createPet", "--openapi", &document("pets"), "--format", "json"]);
    assert_eq!(one["role"][0]["certainty"], "certain");
    assert_eq!(one["role"][0]["pointer"], one["pointer"]);
    let has = |section: &str, what: &str| {
        one[section].as_array().unwrap().iter().any(|fact| fact["what"].as_str().unwrap().contains(what))
    };
    assert!(has("resource", "id: member `id`") && has("resource", "UUID"), "{one:#}");
    assert!(has("credentials", "Authorization: Bearer"), "{one:#}");
    assert!(has("errors", "no credentials: 401") && has("success", "201"), "{one:#}");
    let text = stdout(&run(&["explain", "get /pets", "--openapi", &document("pets")]));
    for word in
        ["listPets", "page number in `page`", "#/paths/~1pets/get/parameters", "declared", "listPets.each-object-once"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    let wrong = run(&["explain", "createPe", "--openapi", &document("pets")]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean `createPet`?"), "{}", stderr(&wrong));
}

#[test]
fn the_requirements_of_a_suite_are_listed_for_programs() {
    let list = told(&["list", "--format", "json"]);
    let first = &list["requirements"][0];
    assert!(first["id"].is_string() && first["statement"].is_string() && first["testedBy"].is_array(), "{first}");
}
