//! `conformance check`: is the suite sound?

use std::collections::BTreeSet;
use std::path::Path;

use conformance_contract::Suite;
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

/// Faults that scenarios name and no file has.
fn unknown_faults(suite: &Suite, bound: &Bound) -> Vec<Diagnostic> {
    let Ok(faults) = crate::faults::all(suite) else { return Vec::new() };
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for scenario in &bound.for_sdks {
        for step in scenario.all_steps() {
            let place = Some((scenario.file.clone(), step.place.clone()));
            for name in &step.kind.call().faults {
                let unknown = crate::faults::named(&faults, std::slice::from_ref(name)).err();
                let here = unknown.into_iter().flat_map(|Diagnostics(unknown)| unknown).map(|one| Diagnostic {
                    place: place.clone(),
                    label: "this names it".to_owned(),
                    ..one
                });
                wrong.extend(here);
            }
        }
    }
    wrong.dedup();
    wrong
}

/// Opens everything that the other verbs would open, and tells all that is wrong.
pub fn run(suite: Option<&Path>) -> Result<Exit, Failure> {
    let opened = embedded::open(suite)?;
    let mut found = Vec::new();
    let (mut scenarios, mut for_sdks) = (0, 0);
    match bind(&opened) {
        Ok(bound) => {
            (scenarios, for_sdks) = (bound.scenarios.len(), bound.for_sdks.len());
            found.extend(unknown_faults(&opened, &bound));
            found.extend(untested(&opened, &bound));
        }
        Err(wrong) => found.extend(wrong.0),
    }
    let faults = crate::faults::all(&opened).unwrap_or_else(|wrong| {
        found.extend(wrong.0);
        Vec::new()
    });
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
        "{}: {} operations, {} requirements, {scenarios} scenarios, {for_sdks} for SDKs only, {} faults, {} fixtures; all sound",
        contract.title,
        contract.operations.len(),
        opened.requirements.all.len(),
        faults.len(),
        seeds.len(),
    ));
    Ok(Exit::Ok)
}
