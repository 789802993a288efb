//! `conformance check`: is the suite sound?

use std::collections::BTreeSet;
use std::path::Path;

use conformance_contract::Suite;
use conformance_contract::requirements::Rule;
use conformance_mock::{Mock, Settings};
use conformance_runner::{Bound, bind};
use conformance_scenario::{Scenario, Step};
use conformance_source::{Diagnostic, Diagnostics};

use crate::exit::{Exit, Failure};
use crate::{embedded, terminal};

/// Requirements that no check cites although they are not excluded, and the other way round.
fn untested(suite: &Suite, bound: &Bound) -> Vec<Diagnostic> {
    let checks = bound.scenarios.iter().flat_map(Scenario::all_steps).flat_map(Step::all_checks);
    let cited: BTreeSet<&str> = checks.flat_map(|check| check.cites.iter().map(|(id, _)| id.as_str())).collect();
    let mut wrong = Vec::new();
    for one in &suite.requirements.all {
        let (title, label) = match (cited.contains(one.id.as_str()), one.excluded) {
            (false, None) if one.oracle.is_some_and(Rule::needs_no_check) => continue,
            (false, None) => (format!("nothing tests `{}`", one.id), "no check cites it"),
            (true, Some(_)) => {
                (format!("`{}` is excluded, and a check cites it", one.id), "tested or excluded, not both")
            }
            _ => continue,
        };
        wrong.push(Diagnostic::at(&suite.requirements.file, one.span.clone(), title, label));
    }
    wrong
}

/// Opens everything that the other verbs would open, and tells all that is wrong.
pub fn run(suite: Option<&Path>) -> Result<Exit, Failure> {
    let opened = embedded::open(suite)?;
    let mut found = Vec::new();
    let (mut scenarios, mut for_sdks) = (0, Vec::new());
    match bind(&opened) {
        Ok(bound) => {
            scenarios = bound.scenarios.len();
            found.extend(untested(&opened, &bound));
            for_sdks = bound.for_sdks;
        }
        Err(wrong) => found.extend(wrong.0),
    }
    let mut faults = Vec::new();
    match crate::faults::all(&opened) {
        Ok(all) => {
            found.extend(crate::faults::unknown(&all, &for_sdks));
            faults = all;
        }
        Err(wrong) => found.extend(wrong.0),
    }
    let seeds = embedded::shipped_fixtures(suite)?;
    for file in seeds.iter().map(Some).chain([None]) {
        if let Err(Diagnostics(wrong)) = Mock::new(opened.contract.clone(), Settings::default(), file) {
            found.extend(wrong.into_iter().filter(|one| !found.contains(one)).collect::<Vec<_>>());
        }
    }
    if !found.is_empty() {
        return Err(Diagnostics(found).into());
    }
    let contract = &opened.contract;
    terminal::line(&format!(
        "{}: {} operations, {} requirements, {scenarios} scenarios, {} for SDKs only, {} faults, {} fixtures; all sound",
        contract.title,
        contract.operations.len(),
        opened.requirements.all.len(),
        for_sdks.len(),
        faults.len(),
        seeds.len(),
    ));
    Ok(Exit::Ok)
}
