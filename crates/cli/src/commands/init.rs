//! `conformance init`: the built-in suite, or what follows from a document, as files to start one's own from.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use conformance_api::{Proof, overlay_file};
use conformance_runner::derived::{requirements_file, scenario_files};
use conformance_source::Diagnostic;

use crate::args::Init;
use crate::document::{self, OVERLAY, REQUIREMENTS, SCENARIOS};
use crate::embedded::FILES;
use crate::exit::{Exit, Failure};
use crate::terminal;

/// Writes to a folder that is new or empty. `suite` is one that was asked for, which this does not copy.
pub fn run(suite: Option<&Path>, init: &Init) -> Result<Exit, Failure> {
    let named = init.folder.as_ref().or(init.dir.as_ref()).map(PathBuf::as_path);
    let called_alike = || init.openapi.as_ref().and_then(|document| document.file_stem()).map(Path::new);
    let folder = named.or_else(called_alike).unwrap_or(Path::new("."));
    let shown = folder.display();
    if suite.is_some() {
        let wrong = Diagnostic::general("`init` writes the built-in suite, and takes no --suite");
        return Err(wrong.with_help("a suite is a folder of plain files: copy it").into());
    }
    if !is_free(folder).map_err(|error| Diagnostic::general(format!("{shown} cannot be read: {error}")))? {
        let wrong = Diagnostic::general(format!("{shown} exists and is not an empty folder"));
        return Err(wrong.with_help("name a new folder; nothing was written").into());
    }
    match &init.openapi {
        Some(document) => write_document(document, folder),
        None => write_suite(folder),
    }
}

/// Writes files, by their paths below the folder.
fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Diagnostic> {
    for (path, text) in files {
        let file = folder.join(path);
        write(&file, text)
            .map_err(|error| Diagnostic::general(format!("{} cannot be written: {error}", file.display())))?;
    }
    Ok(())
}

fn write_suite(folder: &Path) -> Result<Exit, Failure> {
    let shown = folder.display();
    let files: Vec<_> = FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    write_all(folder, &files)?;
    terminal::note(&format!(
        "wrote {} files to {shown}\n\n  \
         conformance check --suite {shown}   is it sound?\n  \
         conformance mock --suite {shown}    serve it\n  \
         conformance run --suite {shown}     run its scenarios against a mock of it\n\n\
         `schemas` says what the API promises, `fixtures/scenarios` what is verified; `conformance schema KIND` has the forms of files for editors.",
        files.len()
    ));
    Ok(Exit::Ok)
}

/// Writes a document, the files that it refers to, and what follows from it.
fn write_document(document: &Path, folder: &Path) -> Result<Exit, Failure> {
    let shown = folder.display();
    let (file, api) = (document::find(document)?, document::open(document)?);
    let proof = Proof::new(&api.schemas).map_err(document::unusable(document))?;
    let name = file.file_name().map_or_else(|| "openapi.yaml".to_owned(), |name| name.to_string_lossy().into_owned());
    let home = file.parent().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for path in std::iter::once(name.clone()).chain(api.document.files()) {
        let from = home.join(&path);
        let bytes =
            fs::read(&from).map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", from.display())))?;
        files.push((path, bytes));
    }
    files.push((OVERLAY.to_owned(), overlay_file(&api, &name).into_bytes()));
    files.push((REQUIREMENTS.to_owned(), requirements_file(&api, &name).into_bytes()));
    let scenarios = scenario_files(&api, &proof);
    files.extend(scenarios.into_iter().map(|one| (format!("{SCENARIOS}/{}", one.path), one.text.into_bytes())));
    write_all(folder, &files)?;
    terminal::note(&format!(
        "wrote {} files to {shown}\n\n  \
         conformance check --openapi {shown}   what it means now\n  \
         conformance mock --openapi {shown}    serve it\n  \
         conformance run --openapi {shown}     verify a server, here a mock of it\n\n\
         `{OVERLAY}` corrects what was concluded, `{REQUIREMENTS}` says how binding it is, `{SCENARIOS}` are yours to change. A new\n\
         revision of the document replaces {name}.",
        files.len()
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

fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // Nobody's file is overwritten, also when somebody else writes here at the same time.
    fs::File::create_new(file)?.write_all(text)
}
