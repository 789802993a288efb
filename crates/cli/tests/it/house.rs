//! The house is built as `crates/README.md` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::context::root;

/// The words in backticks in a cell of a table.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The dependencies of a crate, tests left out.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml"))).unwrap();
    let section = manifest.split("[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_crate_uses_what_the_map_says_and_nothing_that_it_forbids() {
    let map = fs::read_to_string(root().join("crates/README.md")).unwrap();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    let table: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            (words(cells[1]).pop_first().unwrap(), (words(cells[3]), words(cells[4])))
        })
        .collect();
    let crates: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), crates);
    for (name, (uses, never)) in &table {
        let all = dependencies(name);
        let ours: BTreeSet<String> =
            all.iter().filter_map(|one| one.strip_prefix("api-conformance-")).map(str::to_owned).collect();
        assert_eq!(&ours, uses, "{name}");
        assert!(all.is_disjoint(never), "{name} uses {:?}", all.intersection(never));
        for used in uses {
            assert!(!table[used].0.contains(name), "{name} and {used} use each other");
        }
    }
}

#[test]
fn only_the_command_ends_the_process() {
    for name in ["source", "record", "openapi", "contract", "scenario", "fault", "mock", "runner", "script", "report"] {
        let mut folders = vec![root().join(format!("crates/{name}/src"))];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    assert!(!fs::read_to_string(&path).unwrap().contains("process::exit"), "{}", path.display());
                }
            }
        }
    }
}
