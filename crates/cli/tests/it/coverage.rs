//! What the suite requires is tested or excluded, and the documents say so.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use conformance_contract::requirements::Rule;
use conformance_contract::{Folder, Suite};
use rstest::rstest;

use crate::context::{SuiteCopy, root, run, stderr, stdout};

#[test]
fn the_table_in_the_documents_is_as_drawn() {
    let drawn = stdout(&run(&["list", "--format", "markdown"]));
    let path = root().join("docs/requirements.md");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), drawn, "UPDATE_PICTURES=1 draws it anew");
}

#[test]
fn a_must_that_nothing_tests_any_more_is_named() {
    let suite = Suite::open(Arc::new(Folder(root()))).unwrap();
    let bound = conformance_runner::bind(&suite).unwrap();
    let mut tried = 0;
    for requirement in suite.requirements.all.iter().filter(|one| one.excluded.is_none()) {
        // Every answer shows these by itself.
        if requirement.oracle.is_some_and(Rule::needs_no_check) {
            continue;
        }
        let scenarios: BTreeSet<&str> =
            bound.citing(&requirement.id).iter().map(|citation| citation.scenario).collect();
        // Where all of them go, the suite has nothing left to check.
        if scenarios.len() == bound.scenarios.len() {
            continue;
        }
        let copy = SuiteCopy::new();
        for name in &scenarios {
            fs::remove_file(copy.folder.path().join(format!("fixtures/scenarios/{name}.yaml"))).unwrap();
        }
        let (code, said) = copy.run(&["check"]);
        assert_eq!(code, Some(2), "{}", requirement.id);
        // A fragment that only these scenarios used is told first: nothing else would read it.
        let named = said.contains(&format!("nothing tests `{}`", requirement.id))
            || said.contains("no scenario uses the fragment");
        assert!(named, "{}: {said}", requirement.id);
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn every_requirement_says_how_it_would_be_broken() {
    let suite = Suite::open(Arc::new(Folder(root()))).unwrap();
    let silent: Vec<&str> =
        suite.requirements.all.iter().filter(|one| one.violation.is_none()).map(|one| one.id.as_str()).collect();
    assert_eq!(silent, Vec::<&str>::new());
}

#[rstest]
#[case::tested("page.has-more", &["MUST", "derived", "has_more is true on the last page", "pages/forward · fixtures/scenarios/pages/forward.yaml:17:9"])]
#[case::excluded("retrieve.messages-in-order", &["untested", "no operation of this API brings it about"])]
#[case::oracle("list.limit", &["oracle", "a page holds no more than was asked for"])]
fn a_requirement_is_explained(#[case] id: &str, #[case] said: &[&str]) {
    let output = run(&["explain", id]);
    assert_eq!(output.status.code(), Some(0));
    for text in said {
        assert!(stdout(&output).contains(text), "{}", stdout(&output));
    }
}

#[rstest]
#[case::unknown(&["explain", "page.hasmore"], "did you mean `page.has-more`?")]
#[case::no_area(&["list", "pages"], "did you mean `page`?")]
fn what_is_not_there_gets_a_suggestion(#[case] args: &[&str], #[case] said: &str) {
    let output = run(args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}
