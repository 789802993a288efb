//! The faults of a suite.

use conformance_contract::Suite;
use conformance_fault::Fault;
use conformance_scenario::Scenario;
use conformance_source::{Diagnostic, Diagnostics, suggest};

/// The faults of a suite, found to fit its contract and requirements.
pub fn all(suite: &Suite) -> Result<Vec<Fault>, Diagnostics> {
    let (mut all, mut found): (Vec<Fault>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for file in suite.sources("fixtures/faults", ".yaml")? {
        match conformance_fault::parse(&file) {
            Ok(faults) => all.extend(faults),
            Err(wrong) => found.extend(wrong.0),
        }
    }
    for (index, fault) in all.iter().enumerate() {
        found.extend(misfits(suite, fault));
        if all[..index].iter().any(|earlier| earlier.name == fault.name) {
            found.push(Diagnostic::general(format!("two faults are called `{}`", fault.name)));
        }
    }
    if found.is_empty() { Ok(all) } else { Err(Diagnostics(found)) }
}

/// In what a fault does not fit the contract and the requirements of a suite.
pub fn misfits(suite: &Suite, fault: &Fault) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some((id, span)) = fault.breaks.as_ref().filter(|(id, _)| suite.requirements.get(id).is_none()) {
        let title = format!("`{id}` is not a requirement");
        let mut wrong = Diagnostic::at(&fault.file, span.clone(), title, "unknown requirement");
        wrong.help.extend(suggest::help(id, suite.requirements.ids()));
        found.push(wrong);
    }
    let operations = fault.on.operations.iter().chain(fault.also.iter().map(|also| &also.operation));
    for id in operations.filter(|id| suite.contract.operation(id).is_none()) {
        let wrong = Diagnostic::general(format!("the fault `{}` is on `{id}`, which is no operation", fault.name));
        let help = suggest::help(id, suite.contract.operations.iter().map(|one| one.id.as_str()));
        found.push(help.into_iter().fold(wrong, Diagnostic::with_help));
    }
    found
}

/// Faults that scenarios name and no file has.
pub fn unknown(faults: &[Fault], scenarios: &[Scenario]) -> Vec<Diagnostic> {
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for scenario in scenarios {
        for step in scenario.all_steps() {
            let place = Some((scenario.file.clone(), step.place.clone()));
            for name in &step.kind.call().faults {
                let unknown = named(faults, std::slice::from_ref(name)).err();
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

/// Those with these names, in this order.
pub fn named(all: &[Fault], names: &[String]) -> Result<Vec<Fault>, Diagnostics> {
    let found = names.iter().map(|name| all.iter().find(|fault| fault.name == *name).cloned().ok_or(name));
    found.collect::<Result<_, _>>().map_err(|name| {
        let wrong = Diagnostic::general(format!("there is no fault `{name}`"));
        let help = suggest::help(name, all.iter().map(|fault| fault.name.as_str()));
        help.into_iter().fold(wrong, Diagnostic::with_help).into()
    })
}
