//! The verbs that take any OpenAPI document in place of a suite: what they list, explain, watch and break.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{conformance, root, run, stderr, stdout};

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

/// Runs lines of bash beside a mock; `call ARGUMENTS…` is curl with a bearer token, `$U` the mock's URL.
fn exec(name: &str, more: &[&str], lines: &str) -> Output {
    let script = format!(
        "set -e; U=$CONFORMANCE_BASE_URL; json='Content-Type: application/json'; \
         call() {{ curl -sS -o /dev/null -H \"Authorization: Bearer $CONFORMANCE_TOKEN\" \"$@\"; }}\n{lines}"
    );
    let openapi = ["exec", "--openapi", &document(name)].map(str::to_owned);
    conformance().args(openapi).args(more).args(["--", "bash", "-c", &script]).output().unwrap()
}

const GOOD: &str = r#"call $U/pets?per_page=2; call $U/pets -H "$json" -d '{"name":"Tom","kind":"cat"}'"#;

#[test]
fn a_client_that_keeps_to_a_document_is_0_and_told_what_it_exercised() {
    let output = exec("pets", &[], &format!("{GOOD}; echo from the command"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "from the command\n");
    let said = stderr(&output);
    assert!(said.contains("operations   2 of 5; not: deletePet, getPet, updatePet"), "{said}");
    assert!(!said.contains("requirements"), "{said}");
    assert_eq!(exec("pets", &["--min-coverage", "90"], GOOD).status.code(), Some(1));
}

#[rstest]
#[case::path("call $U/petz", "unknown-path", "did you mean /pets?", Some(1))]
#[case::method("call -X PUT $U/pets", "unknown-method", "it has GET, POST", Some(1))]
#[case::parameter("call $U/pets?perPage=2", "unknown-parameter", "did you mean `per_page`?", Some(1))]
#[case::repeated("call \"$U/pets?page=1&page=2\"", "repeated-parameter", "query.page", Some(1))]
#[case::media("call $U/pets -H 'Content-Type: text/csv' -d a", "wrong-content-type", "application/json", Some(1))]
#[case::malformed("call $U/pets -H \"$json\" -d '{\"a'", "malformed-body", "body: cannot be read", Some(1))]
#[case::no_body("call -X POST $U/pets", "missing-body", "it is required", Some(1))]
#[case::unexpected("call -X GET $U/pets -d a=b", "unexpected-body", "takes no body", Some(1))]
#[case::member(
    "call $U/pets -H \"$json\" -d '{\"name\":\"T\",\"kind\":\"cat\",\"colour\":1}'",
    "unknown-property",
    "colour",
    Some(1)
)]
#[case::misplaced(
    "curl -sS -H \"X-Token: $CONFORMANCE_TOKEN\" $U/pets",
    "misplaced-credentials",
    "header field `x-token`",
    Some(1)
)]
// What tests send on purpose is a warning.
#[case::value("call $U/pets?per_page=many", "invalid-parameter", "query.per_page", Some(0))]
#[case::body("call $U/pets -H \"$json\" -d '{\"name\":\"\",\"kind\":\"cat\"}'", "invalid-body", "body/name", Some(0))]
#[case::nobody("curl -sS $U/pets", "missing-credentials", "Authorization: Bearer", Some(0))]
fn what_a_client_sends_is_held_to_the_document(
    #[case] lines: &str,
    #[case] code: &str,
    #[case] words: &str,
    #[case] exit: Option<i32>,
) {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.json");
    let output = exec("pets", &["--report", &format!("json={}", report.display())], lines);
    let said = stderr(&output);
    assert_eq!(output.status.code(), exit, "{said}");
    assert!(said.contains(code) && said.contains(words), "{said}");
    assert!(!said.contains("conformance-exec"), "{said}");
    let report: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let checks = report["scenarios"].as_array().unwrap().iter().flat_map(|one| one["checks"].as_array().unwrap());
    let wrong: Vec<&Value> = checks.filter(|one| one["verdict"] != "pass").collect();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert_eq!(wrong[0]["requirements"], json!([code]));
    assert_eq!(exec("pets", &["--deny-warnings"], lines).status.code(), Some(1));
    assert_eq!(exec("pets", &["--deny-warnings", "--allow", code], lines).status.code(), Some(0));
}

#[test]
fn the_command_comes_first_and_nothing_sent_is_incomplete() {
    assert_eq!(exec("pets", &[], "call $U/petz; exit 7").status.code(), Some(7));
    let output = exec("pets", &[], "true");
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("CONFORMANCE_BASE_URL"), "{}", stderr(&output));
    assert_eq!(run(&["exec", "--openapi", &document("pets"), "--", "no-such-command"]).status.code(), Some(127));
    let unknown = run(&["exec", "--openapi", &document("pets"), "--fault", "never-more", "--", "true"]);
    assert_eq!(unknown.status.code(), Some(2));
    let met = exec(
        "pets",
        &["--fault", "down"],
        "curl -s $U/pets -H \"Authorization: Bearer $CONFORMANCE_TOKEN\" | grep -q 'Bad Gateway' && exit 8",
    );
    assert_eq!(met.status.code(), Some(8), "{}", stderr(&met));
}

#[test]
fn keys_and_forms_are_read_as_the_document_has_them() {
    let key = "curl -sS -H \"X-Api-Key: $CONFORMANCE_TOKEN\" $U/orders; curl -sS \"$U/orders?key=$CONFORMANCE_TOKEN\"; \
               curl -sS -b session=$CONFORMANCE_TOKEN $U/orders";
    let output = exec("keys", &["--deny-warnings"], key);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let form = "call $U/v1/customers -d 'email=a@b.c&metadata[colour]=red&tags[]=x'; call \"$U/v1/customers?limit=2\"";
    let output = exec("customers", &["--deny-warnings"], form);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// One fault of each kind that a document lets one think of.
#[rstest]
#[case("projects", &["projects.list-status", "projects.retrieve-drops-member", "projects-tasks.retrieve-retypes-member"])]
#[case("projects", &["projects.create-not-stored", "projects.delete-ignored", "projects.deleted-still-listed"])]
#[case("projects", &["projects.list-drops-one", "projects.list-repeats-one", "projects.page-size-ignored"])]
#[case("projects", &["projects.list-open", "projects.retrieve-unknown-id-200", "projects.retrieve-unknown-id-500"])]
#[case("projects", &["projects.create-name-required-unchecked", "projects.create-name-maxLength-unchecked"])]
#[case("projects", &["projects.malformed-fails", "projects.create-error-body"])]
#[case("pets", &["pets.update-ignored", "pets.update-resets-others", "pets.create-kind-enum-unchecked"])]
#[case("keys", &["orders.list-open", "orders.create-open"])]
#[case("json-api", &["articles.page-size-ignored", "articles.update-ignored", "people.create-not-stored", "articles.list-drops-one"])]
#[case("wrapped", &["admin-customers.retrieve-retypes-member", "admin-customers.create-not-stored"])]
#[case("nested", &["branches-shelves.create-label-maxLength-unchecked"])]
// Nothing tells these runs apart but their faults: the document wants no credentials.
#[case("named", &["flags.create-not-stored", "flags.delete-ignored", "flags.list-drops-one", "flags.update-ignored"])]
fn a_fault_of_a_document_is_killed_by_the_requirement_that_it_breaks(#[case] name: &str, #[case] faults: &[&str]) {
    let mut args = vec!["mutate".to_owned(), "--openapi".to_owned(), document(name)];
    args.extend(faults.iter().flat_map(|fault| ["--fault".to_owned(), (*fault).to_owned()]));
    let output = conformance().args(args).output().unwrap();
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
    assert!(told.contains(&format!("{} killed by a check of the requirement", faults.len())), "{told}");
}

#[test]
fn a_kill_matrix_of_a_document_is_written_for_programs_and_documents() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.json");
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "Notes", "version": "1" },
        "paths": {
            "/notes": { "post": {
                "operationId": "write", "requestBody": { "content": { "text/plain": { "schema": { "type": "string" } } } },
                "responses": { "201": { "description": "x", "content": { "application/json": { "schema": {
                    "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } } } } } },
            } },
            "/notes/{id}": { "delete": { "operationId": "drop", "responses": { "204": { "description": "x" } } } },
        },
    });
    fs::write(&file, document.to_string()).unwrap();
    // Nothing that a run can send makes a note: nobody notices, and that is told.
    let args = ["mutate", "--openapi", file.to_str().unwrap(), "--fault", "notes.create-drops-member", "--format"];
    let output = run(&[&args[..], &["json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let matrix: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let row = json!({ "fault": "notes.create-drops-member", "breaks": "write.documented-body", "killed": "survived", "by": "" });
    assert_eq!(matrix["faults"], json!([row]));
    let markdown = stdout(&run(&[&args[..], &["markdown"]].concat()));
    assert!(markdown.contains("| notes.create-drops-member | `write.documented-body` | **nobody** |"), "{markdown}");
}

#[rstest]
#[case(&["--fault", "pets.list-drops"], "did you mean `pets.list-drops-one`?")]
#[case(&["--base-url", "http://127.0.0.1:9"], "leave out --base-url")]
#[case(&["--without", "x"], "cannot be used with")]
fn what_mutate_cannot_do_with_a_document_is_2(#[case] more: &[&str], #[case] words: &str) {
    let output = run(&[&["mutate", "--openapi", &document("pets")], more].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(words), "{}", stderr(&output));
}
