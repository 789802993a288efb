//! todo
use std::path::Path;
use crate::exit::{Exit, Failure};
use crate::args;
pub fn run(_suite: Option<&Path>, _args: &args::Run) -> Result<Exit, Failure> { Ok(Exit::Ok) }
