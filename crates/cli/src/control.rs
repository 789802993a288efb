//! What the control API of a mock can be asked for: faults, by name or written out, and what is mocked.

use std::sync::{Arc, OnceLock};

use conformance_contract::Suite;
use conformance_fault::Fault;
use conformance_mock::{Control, KnownFault, Mock, Script, Settings, Workshop};
use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde_json::{Value, json};

use crate::faults::{self, Catalogue};
use crate::weather::Weather;

/// A mock of a suite with its control API, for this machine or for whoever knows the token.
///
/// # Errors
/// When the suite asks for something that nothing can produce, or the fixtures break its schemas.
pub fn mock(
    suite: &Arc<Suite>,
    settings: Settings,
    fixtures: Option<&SourceFile>,
    (token, quiet): (Option<String>, bool),
) -> Result<Mock, Diagnostics> {
    let mock = Mock::new(suite.contract.clone(), settings, fixtures)?;
    let contract = conformance_contract::bundle::bundle(&suite.contract).to_string();
    Ok(mock.controlled(control(Catalogue::Suite(suite.clone()), contract, (token, quiet))))
}

/// A control API: for the faults of a catalogue, of a contract in JSON.
pub fn control(catalogue: Catalogue, contract: String, (token, quiet): (Option<String>, bool)) -> Control {
    Control::new(Box::new(Bench { catalogue, contract, quiet, known: OnceLock::new() }), token)
}

struct Bench {
    catalogue: Catalogue,
    /// What is mocked, as one document.
    contract: String,
    /// Whether nothing is said when they happen.
    quiet: bool,
    /// Read when they are first asked for.
    known: OnceLock<Result<Vec<Fault>, Diagnostics>>,
}

impl Bench {
    fn one(&self, asked: &Value) -> Result<Vec<Fault>, Diagnostics> {
        match asked {
            Value::String(name) => {
                let known = self.known.get_or_init(|| self.catalogue.all()).as_ref().map_err(Clone::clone)?;
                faults::named(known, std::slice::from_ref(name))
            }
            Value::Object(members) => {
                // Names are for files, where others are to find it.
                let mut fault = json!({ "name": "unnamed", "summary": "" });
                fault.as_object_mut().into_iter().for_each(|all| all.extend(members.clone()));
                let text = json!({ "faults": [fault] }).to_string();
                let parsed = conformance_fault::parse(&SourceFile::new("body", text))?;
                let wrong: Vec<Diagnostic> = parsed.iter().flat_map(|fault| self.catalogue.misfits(fault)).collect();
                if wrong.is_empty() { Ok(parsed) } else { Err(Diagnostics(wrong)) }
            }
            _ => Err(Diagnostic::general(format!("a fault is a name or an object; this is {asked}")).into()),
        }
    }
}

impl Workshop for Bench {
    fn document(&self) -> &str {
        crate::embedded::file("schemas/formats/control.yaml")
    }

    fn contract(&self) -> String {
        self.contract.clone()
    }

    fn known_faults(&self) -> Result<Vec<KnownFault>, String> {
        let known = self.known.get_or_init(|| self.catalogue.all()).as_ref().map_err(in_words)?;
        let told = |fault: &Fault| KnownFault {
            name: fault.name.clone(),
            summary: fault.summary.clone(),
            is_weather: fault.breaks.is_none(),
        };
        Ok(known.iter().map(told).collect())
    }

    fn faults(&self, list: &Value) -> Result<Arc<dyn Script>, String> {
        let object = list.as_object().filter(|object| object.keys().all(|key| key == "faults"));
        let Some(asked) = object.and_then(|object| object.get("faults")).and_then(Value::as_array) else {
            return Err("the body is not `{\"faults\": [...]}`: a list of names, or of faults written out".to_owned());
        };
        let mut all = Vec::new();
        for (index, one) in asked.iter().enumerate() {
            all.extend(self.one(one).map_err(|wrong| format!("faults/{index}: {}", in_words(&wrong)))?);
        }
        Ok(Arc::new(Weather::new(&self.catalogue.subject(), all, Vec::new(), self.quiet)))
    }
}

impl Script for Weather {
    fn happened(&self) -> Vec<u64> {
        Self::happened(self)
    }
}

/// Diagnostics for who has no file to look into.
fn in_words(wrong: &Diagnostics) -> String {
    let words = wrong.0.iter().map(|one| {
        let label = if one.label.is_empty() { String::new() } else { format!(" ({})", one.label) };
        let help: String = one.help.iter().map(|help| format!("; {help}")).collect();
        format!("{}{label}{help}", one.title)
    });
    words.collect::<Vec<_>>().join(". ")
}
