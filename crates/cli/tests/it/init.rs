//! `conformance init`: the built-in suite, or what follows from a document, as files.

use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, run, stderr, stdout};

/// A folder with what follows from a document.
fn init(document: &Path) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own").to_str().unwrap().to_owned();
    let written = run(&["init", "--openapi", document.to_str().unwrap(), &own]);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    (folder, own)
}

fn pets() -> PathBuf {
    root().join("fixtures/documents/pets.yaml")
}

/// What `check` concludes, without how it is known.
fn conclusions(path: &str) -> Value {
    let checked = run(&["check", "--openapi", path, "--format", "json"]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let mut all: Value = serde_json::from_slice(&checked.stdout).unwrap();
    for kind in ["resources", "operations"] {
        for one in all[kind].as_array_mut().unwrap() {
            one.as_object_mut().unwrap().retain(|key, _| !matches!(key.as_str(), "facts" | "pages"));
        }
    }
    all
}

#[test]
fn what_follows_from_a_document_is_written_to_be_read() {
    let (_folder, own) = init(&pets());
    let text = |name: &str| fs::read_to_string(Path::new(&own).join(name)).unwrap();
    assert_eq!(text("pets.yaml"), fs::read_to_string(pets()).unwrap(), "the document is as it was");
    insta::assert_snapshot!(text("overlay.yaml"));
    insta::assert_snapshot!(text("scenarios/pets/create-to-delete.yaml"));
    let requirements = text("requirements.yaml");
    assert!(requirements.contains("- id: \"createPet.creates\"\n    level: MUST"), "{requirements}");
}

#[rstest]
fn a_document_means_the_same_with_its_overlay(#[files("../../fixtures/documents/*.yaml")] document: PathBuf) {
    let (_folder, own) = init(&document);
    assert_eq!(conclusions(&own), conclusions(document.to_str().unwrap()));
}

#[rstest]
#[case("pets")]
#[case("nested")]
#[case("keys")]
#[case("forms")]
#[case("wrapped")]
fn what_was_written_is_verified(#[case] document: &str) {
    let (_folder, own) = init(&root().join(format!("fixtures/documents/{document}.yaml")));
    let verified = run(&["run", "--openapi", &own]);
    let told = stdout(&verified);
    assert_eq!(verified.status.code(), Some(0), "{told}");
    assert!(told.contains("✓ create-to-delete"), "{told}");
    assert!(told.contains("✓ unknown-id "), "{told}");
    assert!(!told.contains("failed") && told.contains("left 0"), "{told}");
}

#[test]
fn what_was_written_is_edited() {
    let (_folder, own) = init(&pets());
    let edit = |name: &str, from: &str, to: &str| {
        let file = Path::new(&own).join(name);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "no `{from}` in {text}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    // A check that does not hold fails, and says where it stands.
    edit("scenarios/pets/create-to-delete.yaml", "status: 201", "status: 202");
    let failed = run(&["run", "--openapi", &own, "--only", "pets/create-to-delete"]);
    let told = stdout(&failed);
    assert_eq!(failed.status.code(), Some(1), "{told}");
    assert!(told.contains("scenarios/pets/create-to-delete.yaml:9:"), "{told}");
    // Its level is the user's.
    edit(
        "requirements.yaml",
        "createPet.documented-status\"\n    level: MUST",
        "createPet.documented-status\"\n    level: SHOULD",
    );
    let warned = run(&["run", "--openapi", &own, "--only", "pets/create-to-delete"]);
    assert_eq!(warned.status.code(), Some(0), "{}", stdout(&warned));
    assert!(stdout(&warned).contains("1 warned"), "{}", stdout(&warned));
    let listed = stdout(&run(&["list", "--openapi", &own]));
    assert!(listed.lines().any(|line| line.contains("SHOULD createPet.documented-status")), "{listed}");
    // What nothing tests any more is an error.
    edit("requirements.yaml", "createPet.documented-status", "createPets.documented-status");
    let stale = run(&["check", "--openapi", &own]);
    assert_eq!(stale.status.code(), Some(2));
    assert!(stderr(&stale).contains("did you mean `createPet.documented-status`?"), "{}", stderr(&stale));
}

#[test]
fn a_requirement_of_the_document_can_be_left_out() {
    let (_folder, own) = init(&pets());
    let other = Path::new(&own).join("other.yaml");
    fs::write(&other, fs::read_to_string(pets()).unwrap().replace("\"201\":", "\"202\":")).unwrap();
    let server = MockServer::start(&["--quiet", "--openapi", other.to_str().unwrap()]);
    let verify = || run(&["run", "--openapi", &own, "--base-url", &server.url, "--only", "pets/lifecycle"]);
    assert_eq!(verify().status.code(), Some(1));
    let file = Path::new(&own).join("requirements.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let id = "createPet.documented-status\"\n";
    fs::write(&file, text.replacen(id, &format!("{id}    excluded: untestable\n"), 1)).unwrap();
    let verified = verify();
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    // Also where a scenario of a file cites it.
    let written = run(&["run", "--openapi", &own, "--base-url", &server.url, "--only", "pets/create-to-delete"]);
    let told = stdout(&written);
    assert!(!told.contains("fail MUST createPet.documented-status"), "{told}");
}

#[test]
fn a_new_revision_replaces_one_file() {
    let (_folder, own) = init(&pets());
    let document = Path::new(&own).join("pets.yaml");
    let text = fs::read_to_string(&document).unwrap();
    fs::write(&document, text.replace("operationId: updatePet", "operationId: changePet")).unwrap();
    let stale = run(&["check", "--openapi", &own]);
    let told = stderr(&stale);
    assert_eq!(stale.status.code(), Some(2), "{told}");
    assert!(told.contains("`updatePet` is not an operation") && told.contains("create-to-delete.yaml:23:"), "{told}");
    fs::write(&document, text.replace("/pets/{petId}", "/animals/{petId}")).unwrap();
    let stale = run(&["check", "--openapi", &own]);
    assert_eq!(stale.status.code(), Some(2));
    assert!(stderr(&stale).contains("overlay.yaml:12:13"), "{}", stderr(&stale));
}

#[test]
fn a_document_of_several_files_is_written_with_all_of_them() {
    let folder = TempDir::new().unwrap();
    let document = folder.path().join("api.yaml");
    let text = fs::read_to_string(pets()).unwrap();
    let text = text.replace("$ref: \"#/components/schemas/NewPet\"", "$ref: parts/new.yaml");
    assert!(text.contains("parts/new.yaml"));
    fs::write(&document, text).unwrap();
    fs::create_dir(folder.path().join("parts")).unwrap();
    let new = "type: object\nrequired: [name]\nproperties: { name: { type: string, maxLength: 40 } }\n";
    fs::write(folder.path().join("parts/new.yaml"), new).unwrap();
    let (_own, shown) = init(&document);
    assert_eq!(fs::read_to_string(Path::new(&shown).join("parts/new.yaml")).unwrap(), new);
    assert_eq!(run(&["run", "--openapi", &shown, "--only", "pets/create"]).status.code(), Some(0));
}

#[test]
fn the_suite_that_is_written_can_be_checked_changed_and_served() {
    let folder = TempDir::new().unwrap();
    let suite = folder.path().join("own");
    let shown = suite.to_str().unwrap();
    let written = run(&["init", shown]);
    assert_eq!((written.status.code(), stdout(&written).as_str()), (Some(0), ""), "{}", stderr(&written));
    assert!(stderr(&written).contains(&format!("conformance mock --suite {shown}")), "{}", stderr(&written));
    assert_eq!(run(&["check", "--suite", shown]).status.code(), Some(0));
    let verified = run(&["run", "--suite", shown, "--only", "lifecycle"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    let schema = suite.join("schemas/conversation.json");
    let text = fs::read_to_string(&schema).unwrap();
    let own = text.replacen("\"kind\": {", "\"team\": { \"const\": \"ours\" },\n    \"kind\": {", 1);
    fs::write(&schema, own).unwrap();
    let server = MockServer::start(&["--quiet", "--suite", shown]);
    let body = serde_json::json!({ "displayName": "x" });
    assert_eq!(server.send("t", "POST", "/v2/conversations", Some(body)).1["team"], "ours");
}

#[test]
fn what_stands_there_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    for place in [folder.path(), &notes] {
        let refused = run(&["init", place.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("not an empty folder"), "{}", stderr(&refused));
    }
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let other = run(&["--suite", ".", "init", "nowhere"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("takes no --suite"), "{}", stderr(&other));
}

#[test]
fn what_stands_in_another_file_is_left_to_it() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(pets()).unwrap();
    let item = text.split("  /pets/{petId}:\n").nth(1).unwrap().split("components:").next().unwrap();
    let lines: Vec<&str> = item.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let own = lines.join("\n").replace("\"#/components", "\"../api.yaml#/components");
    let text = text.replace(item, "    $ref: paths/pet.yaml\n");
    fs::write(folder.path().join("api.yaml"), text).unwrap();
    fs::create_dir(folder.path().join("paths")).unwrap();
    fs::write(folder.path().join("paths/pet.yaml"), own + "\n").unwrap();
    let (_own, shown) = init(&folder.path().join("api.yaml"));
    assert_eq!(conclusions(&shown)["operations"].as_array().unwrap().len(), 5);
    assert_eq!(run(&["run", "--openapi", &shown, "--only", "pets/create"]).status.code(), Some(0));
}

#[test]
fn a_folder_that_is_not_named_is_called_like_the_document() {
    let folder = TempDir::new().unwrap();
    let document = pets();
    let written = conformance().args(["init", "--openapi"]).arg(&document).current_dir(folder.path()).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert!(folder.path().join("pets/overlay.yaml").is_file());
    let again = conformance().args(["init", "--openapi"]).arg(&document).current_dir(folder.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("pets exists and is not an empty folder"), "{}", stderr(&again));
    let by_flag =
        conformance().args(["init", "--dir", "other", "--openapi"]).arg(&document).current_dir(folder.path()).output();
    assert_eq!(by_flag.unwrap().status.code(), Some(0));
    assert!(folder.path().join("other/requirements.yaml").is_file());
}
