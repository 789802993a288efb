//! What the control API of a mock can be asked for: the faults of the suite, by name or written out.

use std::sync::{Arc, OnceLock};

use conformance_contract::Suite;
use conformance_fault::Fault;
use conformance_mock::{Control, Mock, Script, Settings, Workshop};
use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde_json::{Value, json};

use crate::faults;
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
    let workshop = Faults { suite: suite.clone(), quiet, known: OnceLock::new() };
    let mock = Mock::new(suite.contract.clone(), settings, fixtures)?;
    Ok(mock.controlled(Control::new(Box::new(workshop), token)))
}

struct Faults {
    suite: Arc<Suite>,
    /// Whether nothing is said when they happen.
    quiet: bool,
    /// Read when they are first asked for.
    known: OnceLock<Result<Vec<Fault>, Diagnostics>>,
}

impl Faults {
    fn one(&self, asked: &Value) -> Result<Vec<Fault>, Diagnostics> {
        match asked {
            Value::String(name) => {
                let known = self.known.get_or_init(|| faults::all(&self.suite)).as_ref().map_err(Clone::clone)?;
                faults::named(known, std::slice::from_ref(name))
            }
            Value::Object(members) => {
                // Names are for files, where others are to find it.
                let mut fault = json!({ "name": "unnamed", "summary": "" });
                fault.as_object_mut().into_iter().for_each(|all| all.extend(members.clone()));
                let text = json!({ "faults": [fault] }).to_string();
                let parsed = conformance_fault::parse(&SourceFile::new("body", text))?;
                let wrong: Vec<Diagnostic> =
                    parsed.iter().flat_map(|fault| faults::misfits(&self.suite, fault)).collect();
                if wrong.is_empty() { Ok(parsed) } else { Err(Diagnostics(wrong)) }
            }
            _ => Err(Diagnostic::general(format!("a fault is a name or an object; this is {asked}")).into()),
        }
    }
}

impl Workshop for Faults {
    fn document(&self) -> &str {
        include_str!("../../../schemas/formats/control.yaml")
    }

    fn contract(&self) -> String {
        conformance_contract::bundle::bundle(&self.suite.contract).to_string()
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
        Ok(Arc::new(Weather::new(&self.suite.contract, all, Vec::new(), self.quiet)))
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
