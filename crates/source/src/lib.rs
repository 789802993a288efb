//! A file's text as a tree with positions, and diagnostics that point into it.
//!
//! Everything that a person writes for this project (contracts, schemas, requirements, scenarios, fixtures)
//! is read here, into a [`Node`] tree that remembers where each value stands. A [`Reader`] turns a tree into a
//! type and collects *every* mistake of the file, unknown keys included.
//!
//! In reading order: [`mod@read`], [`mod@file`], [`node`], [`mod@pointer`], [`yaml`], [`json`], [`reader`], [`suggest`], [`diagnostic`], [`mod@write`].

pub mod diagnostic;
pub mod file;
pub mod json;
pub mod node;
pub mod pointer;
pub mod read;
pub mod reader;
pub mod suggest;
pub mod write;
pub mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use file::{SourceFile, Span};
pub use node::{Entry, Node, Tree};
pub use read::read_text;
pub use reader::{Object, Reader};

/// Parses a file by its ending: `.json` strictly as JSON, everything else as YAML.
///
/// # Errors
/// The first syntax error, with its position.
pub fn parse(file: &SourceFile) -> Result<Node, Diagnostics> {
    if file.name().ends_with(".json") { json::parse(file) } else { yaml::parse(file) }
}
