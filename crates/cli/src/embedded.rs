//! The suite that is compiled into the binary, and the choice of another.

use std::io;
use std::path::Path;
use std::sync::Arc;

use conformance_contract::{Embedded, Files, Folder, Suite};
use conformance_source::{Diagnostic, Diagnostics, SourceFile};

include!(concat!(env!("OUT_DIR"), "/suite.rs"));

/// Where a suite ships objects to start from.
const SEEDS: &str = "fixtures/seeds";

/// The text of an embedded file, by its path in the suite; nothing of one that there is not.
pub fn file(path: &str) -> &'static str {
    FILES.iter().find(|(name, _)| *name == path).map_or("", |(_, text)| text)
}

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

/// Every fixtures file that the suite ships.
pub fn shipped_fixtures(folder: Option<&Path>) -> Result<Vec<SourceFile>, Diagnostics> {
    let files = files(folder);
    let unreadable = |error| Diagnostic::general(format!("cannot read {}: {error}", files.display(SEEDS)));
    let paths = files.below(SEEDS).map_err(unreadable)?;
    let read = |path: &String| Ok(SourceFile::new(files.display(path), files.read(path).map_err(unreadable)?));
    paths.iter().filter(|path| path.ends_with(".yaml")).map(read).collect()
}

/// The fixtures that `--fixtures` names: a file, or one that the suite ships, by its name without folder and ending.
pub fn fixtures(folder: Option<&Path>, name: &str) -> Result<SourceFile, Diagnostics> {
    match conformance_source::read_text(Path::new(name)) {
        Ok(text) => return Ok(SourceFile::new(name, text)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Diagnostic::general(format!("cannot read {name}: {error}")).into());
        }
        Err(_) => {}
    }
    let shipped = shipped_fixtures(folder)?;
    let stem = |file: &SourceFile| Path::new(file.name()).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    if let Some(found) = shipped.iter().find(|file| stem(file).as_deref() == Some(name)) {
        return Ok(found.clone());
    }
    let names: Vec<String> = shipped.iter().filter_map(stem).collect();
    let help = match names.as_slice() {
        [] => "give a readable file; this suite ships none of its own".to_owned(),
        names => format!("give a readable file, or one that the suite ships: {}", names.join(", ")),
    };
    Err(Diagnostic::general(format!("there are no fixtures `{name}`")).with_help(help).into())
}
