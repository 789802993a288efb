//! `conformance init`: the built-in suite as files, to start one's own from.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use conformance_source::Diagnostic;

use crate::args::Init;
use crate::embedded::FILES;
use crate::exit::{Exit, Failure};
use crate::terminal;

/// Writes the suite to a folder that is new or empty. `suite` is one that was asked for, which this does not copy.
pub fn run(suite: Option<&Path>, init: &Init) -> Result<Exit, Failure> {
    let folder = init.folder.as_path();
    let shown = folder.display();
    if suite.is_some() {
        let wrong = Diagnostic::general("`init` writes the built-in suite, and takes no --suite");
        return Err(wrong.with_help("a suite is a folder of plain files: copy it").into());
    }
    if !is_free(folder).map_err(|error| Diagnostic::general(format!("{shown} cannot be read: {error}")))? {
        let wrong = Diagnostic::general(format!("{shown} exists and is not an empty folder"));
        return Err(wrong.with_help("name a new folder; nothing was written").into());
    }
    for (path, text) in FILES {
        let file = folder.join(path);
        write(&file, text)
            .map_err(|error| Diagnostic::general(format!("{} cannot be written: {error}", file.display())))?;
    }
    terminal::note(&format!(
        "wrote {} files to {shown}\n\n  \
         conformance check --suite {shown}   is it sound?\n  \
         conformance mock --suite {shown}    serve it\n  \
         conformance run --suite {shown}     run its scenarios against a mock of it\n\n\
         `schemas` says what the API promises, `fixtures/scenarios` what is verified; `conformance schema KIND` has the forms of files for editors.",
        FILES.len()
    ));
    Ok(Exit::Ok)
}

/// Whether there is nothing that writing here could harm.
fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // Nobody's file is overwritten, also when somebody else writes here at the same time.
    fs::File::create_new(file)?.write_all(text.as_bytes())
}
