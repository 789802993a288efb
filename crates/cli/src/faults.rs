//! The faults that are known by name: those of a suite, and those that can happen to any API.

use std::sync::Arc;

use conformance_api::Api;
use conformance_api::routes::Routes;
use conformance_contract::Suite;
use conformance_fault::{Fault, Operations, Subject};
use conformance_scenario::Scenario;
use conformance_source::{Diagnostic, Diagnostics, suggest};

use crate::embedded;

/// The faults of a mock.
#[derive(Clone, Debug)]
pub enum Catalogue {
    /// Of a suite: its own.
    Suite(Arc<Suite>),
    /// Of a document: those that can happen to any API.
    Document(Arc<DocumentOperations>),
}

impl Catalogue {
    /// Those for a document.
    pub fn of(api: &Api) -> Self {
        let ids = api.document.operations.iter().map(|one| one.id.clone()).collect();
        Self::Document(Arc::new(DocumentOperations { routes: Routes::of(&api.document), ids }))
    }

    /// Whose requests they happen to.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Suite(suite) => Subject::Suite(suite.contract.clone()),
            Self::Document(operations) => Subject::Document(operations.clone()),
        }
    }

    /// All that have a name.
    pub fn all(&self) -> Result<Vec<Fault>, Diagnostics> {
        match self {
            Self::Suite(suite) => all(suite),
            Self::Document(_) => any_api(),
        }
    }

    /// In what a fault that was written out does not fit.
    pub fn misfits(&self, fault: &Fault) -> Vec<Diagnostic> {
        match self {
            Self::Suite(suite) => misfits(suite, fault),
            Self::Document(_) => unfit_operations(&self.subject(), fault),
        }
    }
}

/// The operations of a document, by their ids.
#[derive(Debug)]
pub struct DocumentOperations {
    routes: Routes,
    ids: Vec<String>,
}

impl Operations for DocumentOperations {
    fn id_of(&self, method: &str, path: &str) -> Option<&str> {
        self.routes.operation(method, path).map(|at| self.ids[at].as_str())
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.iter().map(String::as_str).collect()
    }
}

/// The faults of the embedded suite that say nothing of its own API.
fn any_api() -> Result<Vec<Fault>, Diagnostics> {
    let mut faults = all(&embedded::open(None)?)?;
    let is_general = |fault: &Fault| {
        let is_plain = fault.list.is_none() && fault.also.is_none() && !fault.request.borrowed;
        is_plain && fault.breaks.is_none() && fault.on.operations.is_empty()
    };
    faults.retain(is_general);
    Ok(faults)
}

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
    found.extend(unfit_operations(&Subject::Suite(suite.contract.clone()), fault));
    found
}

/// The operations that a fault names and an API does not have, and what it asks for that cannot happen to the API.
fn unfit_operations(subject: &Subject, fault: &Fault) -> Vec<Diagnostic> {
    let known = subject.ids();
    let named = fault.on.operations.iter().chain(fault.also.iter().map(|also| &also.operation));
    let unknown = named.filter(|id| !known.contains(&id.as_str())).map(|id| {
        let wrong = Diagnostic::general(format!("the fault `{}` is on `{id}`, which is no operation", fault.name));
        suggest::help(id, known.iter().copied()).into_iter().fold(wrong, Diagnostic::with_help)
    });
    let cannot = subject.cannot(fault).map(|key| {
        let wrong = Diagnostic::general(format!("`{key}` cannot be done to the API of a document"));
        wrong.with_help("it takes a suite, which says how lists are paged and whose objects are whose")
    });
    unknown.chain(cannot).collect()
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
        let list =
            "`conformance list faults` lists them, with `--openapi FILE` those that go with a document".to_owned();
        help.into_iter().chain([list]).fold(wrong, Diagnostic::with_help).into()
    })
}
