//! `conformance bundle`: the contract as one OpenAPI document.

use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::{embedded, terminal};

/// Prints it.
pub fn run(suite: Option<&Path>) -> Result<Exit, Failure> {
    let opened = embedded::open(suite)?;
    terminal::raw(&format!("{:#}\n", conformance_contract::bundle::bundle(&opened.contract)));
    Ok(Exit::Ok)
}
