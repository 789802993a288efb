//! `conformance schema`: the JSON Schemas of the files that a suite is made of, for editors.

use crate::args::Schema;
use crate::embedded;
use crate::exit::Exit;
use crate::terminal;

/// Prints the schema of a kind of file.
pub fn run(schema: &Schema) -> Exit {
    terminal::raw(text(schema.kind));
    Exit::Ok
}

/// As it stands in the repository.
fn text(kind: crate::args::FileKind) -> &'static str {
    use crate::args::FileKind as Kind;
    let name = match kind {
        Kind::Scenario => "scenario",
        Kind::Fragment => "fragment",
        Kind::Requirements => "requirements",
        Kind::Overlay => "overlay",
        Kind::Faults => "faults",
        Kind::KnownFailures => "known-failures",
        Kind::Recording => "recording",
        Kind::Report => "report",
        Kind::Driver => "driver",
    };
    embedded::file(&format!("schemas/formats/{name}.schema.json"))
}
