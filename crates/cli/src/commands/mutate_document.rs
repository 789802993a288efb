//! `conformance mutate --openapi`: does a run against a document notice defects?

use std::path::Path;
use std::sync::Arc;

use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_runner::document_mutate::fault::{self, DocumentFault};
use conformance_runner::document_mutate::{DocumentTrial, mutate};
use conformance_runner::mutate::{Fate, Row};
use conformance_runner::{DocumentReader, Target};
use conformance_source::{Diagnostic, suggest};

use super::mutate::{json, line, markdown, summary};
use crate::exit::{Exit, Failure};
use crate::{args, document, server, terminal};

/// Mutates.
pub fn run(path: &Path, args: &args::Mutate) -> Result<Exit, Failure> {
    if args.server.base_url.is_some() {
        let wrong =
            Diagnostic::general("faults of a document are put in front of a mock of it, and of no other server");
        return Err(wrong.with_help("leave out --base-url, and unset CONFORMANCE_BASE_URL").into());
    }
    let reader = Arc::new(DocumentReader::new(document::open(path)?).map_err(document::unusable(path))?);
    let faults = chosen(&reader, path, &args.faults)?;
    let mut settings = server::settings(&args.server)?;
    // Several faults are tried at a time, each by one scenario after the other.
    settings.jobs = 1;
    let beside = document::files_beside(path, &reader.api, reader.proof())?;
    let matrix = super::runtime()?.block_on(async {
        let target = mocked(path).await?;
        let mut told = |row: &Row| {
            if args.format == args::MatrixFormat::Text {
                terminal::line(&line(row));
            }
        };
        let trial = DocumentTrial { reader, target, settings, beside, jobs: args.jobs };
        let matrix = mutate(trial, faults, &mut told).await;
        let tell_more = format!("`conformance run --openapi {}` tells more", path.display());
        matrix.map_err(|why| Failure::from(Diagnostic::general(why).with_help(tell_more)))
    })?;
    match args.format {
        args::MatrixFormat::Text => terminal::line(&summary(&matrix, args.faults.is_empty())),
        args::MatrixFormat::Json => terminal::line(&format!("{:#}", json(&matrix))),
        args::MatrixFormat::Markdown => terminal::line(markdown(&matrix).trim_end()),
    }
    let survived = matrix.rows.iter().any(|row| row.fate == Fate::Survived);
    Ok(if survived { Exit::Failed } else { Exit::Ok })
}

/// The faults with these names, or all.
fn chosen(reader: &DocumentReader, path: &Path, names: &[String]) -> Result<Vec<DocumentFault>, Diagnostic> {
    let all = fault::of(&reader.api, reader.proof());
    if all.is_empty() {
        let wrong = Diagnostic::general(format!("{} gives no object that can be created and deleted", path.display()));
        return Err(wrong.with_help("there is nothing to break that a run would look at"));
    }
    if names.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        all.iter().find(|one| one.name == *name).cloned().ok_or_else(|| {
            let wrong = Diagnostic::general(format!("there is no fault `{name}`"));
            let help = suggest::help(name, all.iter().map(|one| one.name.as_str()));
            help.into_iter().fold(wrong, Diagnostic::with_help)
        })
    };
    names.iter().map(find).collect()
}

/// A mock of the document, with a workspace for each run of each fault.
async fn mocked(path: &Path) -> Result<Target, Failure> {
    let mut settings = MockSettings::default();
    settings.limits.workspaces = 1_000_000;
    let derived = Derived::new(document::open(path)?, settings.clone(), UnknownIds::Auto);
    super::run::beside(Mock::derived(derived.map_err(document::unusable(path))?, settings)).await
}
