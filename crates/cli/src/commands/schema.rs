//! `conformance schema`: the JSON Schemas of the files that a suite is made of, for editors.

use crate::args::Schema;
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
    match kind {
        Kind::Scenario => include_str!("../../../../schemas/formats/scenario.schema.json"),
        Kind::Fragment => include_str!("../../../../schemas/formats/fragment.schema.json"),
        Kind::Requirements => include_str!("../../../../schemas/formats/requirements.schema.json"),
        Kind::Faults => include_str!("../../../../schemas/formats/faults.schema.json"),
        Kind::KnownFailures => include_str!("../../../../schemas/formats/known-failures.schema.json"),
        Kind::Recording => include_str!("../../../../schemas/formats/recording.schema.json"),
        Kind::Report => include_str!("../../../../schemas/formats/report.schema.json"),
        Kind::Driver => include_str!("../../../../schemas/formats/driver.schema.json"),
    }
}
