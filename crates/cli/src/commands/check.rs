//! `conformance check`: is the suite sound?
use crate::embedded;
use crate::exit::{Exit, Failure};
use std::path::Path;
pub fn run(suite: Option<&Path>) -> Result<Exit, Failure> {
    embedded::open(suite)?;
    Ok(Exit::Ok)
}
