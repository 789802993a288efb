//! `conformance list faults`: what can be made to go wrong, by name.

use conformance_fault::Fault;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::faults::Catalogue;
use crate::{args, terminal};

/// What stands in place of an area.
pub const WORD: &str = "faults";

/// Prints the faults.
pub fn run(catalogue: &Catalogue, format: args::ListFormat) -> Result<Exit, Failure> {
    let mut all = catalogue.all()?;
    // What every client meets one day comes first.
    all.sort_by_key(|fault| fault.breaks.is_some());
    let breaks = |fault: &Fault| fault.breaks.as_ref().map(|(id, _)| id.clone());
    match format {
        args::ListFormat::Text => {
            for fault in &all {
                let breaks = breaks(fault).map_or_else(String::new, |id| format!("  (breaks {id})"));
                terminal::line(&format!("{:<32} {}{breaks}", fault.name, fault.summary));
            }
        }
        args::ListFormat::Json => {
            let told = |one: &Fault| json!({ "name": one.name, "summary": one.summary, "breaks": breaks(one) });
            terminal::line(&format!("{:#}", json!({ "faults": all.iter().map(told).collect::<Vec<_>>() })));
        }
        args::ListFormat::Markdown => {
            terminal::line("| fault | what goes wrong | breaks |\n|---|---|---|");
            for fault in &all {
                let breaks = breaks(fault).map_or_else(String::new, |id| format!("`{id}`"));
                terminal::line(&format!("| `{}` | {} | {breaks} |", fault.name, fault.summary));
            }
        }
    }
    Ok(Exit::Ok)
}
