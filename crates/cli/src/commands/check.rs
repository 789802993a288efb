//! `conformance check`: is the suite sound?

use std::path::Path;

use conformance_mock::{Mock, Settings};
use conformance_runner::bind;
use conformance_source::Diagnostics;

use crate::exit::{Exit, Failure};
use crate::{embedded, terminal};

/// Opens everything that the other verbs would open, and tells all that is wrong.
pub fn run(suite: Option<&Path>) -> Result<Exit, Failure> {
    let opened = embedded::open(suite)?;
    let mut found = Vec::new();
    let scenarios = bind(&opened).map_err(|wrong| found.extend(wrong.0)).map_or(0, |bound| bound.scenarios.len());
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
        "{}: {} operations, {} requirements, {scenarios} scenarios, {} fixtures; all sound",
        contract.title,
        contract.operations.len(),
        opened.requirements.all.len(),
        seeds.len(),
    ));
    Ok(Exit::Ok)
}
