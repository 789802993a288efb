//! Every file under `fixtures/invalid` is refused with a message worth reading. The folder says which file of a suite it
//! takes the place of.

use std::path::PathBuf;

use rstest::rstest;

use crate::context::SuiteCopy;

#[rstest]
fn an_invalid_file_is_refused(#[files("../../fixtures/invalid/**/*.*")] path: PathBuf) {
    let kind = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let place = match kind.as_str() {
        "scenarios" => format!("fixtures/scenarios/invalid/{name}.yaml"),
        "fragments" => format!("fixtures/fragments/{name}.yaml"),
        "faults" => format!("fixtures/faults/{name}.yaml"),
        "seeds" => format!("fixtures/seeds/{name}.yaml"),
        "requirements" => "schemas/requirements.yaml".to_owned(),
        "contract" => "schemas/openapi.yaml".to_owned(),
        other => panic!("fixtures/invalid/{other}: which file of a suite is this?"),
    };
    let suite = SuiteCopy::new();
    suite.write(&place, &std::fs::read_to_string(&path).unwrap());
    if kind == "requirements" {
        // Scenarios would complain of every requirement that is not there.
        std::fs::remove_dir_all(suite.folder.path().join("fixtures/scenarios")).unwrap();
    }
    let (code, said) = suite.run(&["check"]);
    assert_eq!(code, Some(2), "{said}");
    insta::assert_snapshot!(format!("{kind}__{name}"), said);
}
