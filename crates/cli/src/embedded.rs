//! The suite that is compiled into the binary, and the choice of another.

use std::path::Path;
use std::sync::Arc;

use conformance_contract::{Embedded, Files, Folder, Suite};
use conformance_source::{Diagnostic, Diagnostics, SourceFile};

include!(concat!(env!("OUT_DIR"), "/suite.rs"));

/// Opens the suite in `folder`, or the embedded one.
pub fn open(folder: Option<&Path>) -> Result<Suite, Diagnostics> {
    Suite::open(files(folder))
}

fn files(folder: Option<&Path>) -> Arc<dyn Files> {
    match folder {
        Some(folder) => Arc::new(Folder(folder.to_owned())),
        None => Arc::new(Embedded(FILES)),
    }
}

/// The fixtures that `--fixtures` names: a file, or one that the suite ships under `fixtures/seeds`.
pub fn fixtures(folder: Option<&Path>, name: &str) -> Result<SourceFile, Diagnostics> {
    if let Ok(text) = std::fs::read_to_string(name) {
        return Ok(SourceFile::new(name, text));
    }
    let files = files(folder);
    let shipped = files.below("fixtures/seeds").unwrap_or_default();
    let path = format!("fixtures/seeds/{name}.yaml");
    match files.read(&path) {
        Ok(text) => Ok(SourceFile::new(files.display(&path), text)),
        Err(_) => {
            let names: Vec<&str> =
                shipped.iter().filter_map(|path| path.rsplit('/').next()?.strip_suffix(".yaml")).collect();
            let help = format!("give a readable file, or one of the suite's own: {}", names.join(", "));
            Err(Diagnostic::general(format!("there are no fixtures `{name}`")).with_help(help).into())
        }
    }
}
