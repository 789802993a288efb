//! `conformance judge --openapi`: verify the recording of a run against a document again.

use std::path::Path;

use conformance_runner::Recording;
use conformance_runner::derived::{DocumentRun, Seed, Source, verify};
use conformance_source::Diagnostic;
use tokio::sync::watch;

use super::run::{exit, listener};
use super::run_document::{known_failures, proof};
use crate::exit::{Exit, Failure};
use crate::reports::Reports;
use crate::{args, document, server};

/// Verifies what was recorded, by the document as it is now, and what stands beside it.
pub fn run(path: &Path, args: &args::Judge, name: &str, recording: Recording) -> Result<Exit, Failure> {
    let Some((seed, options, settings)) = Seed::recorded(&recording) else {
        let wrong = Diagnostic::general(format!("{name} is no recording of a run against a document"));
        return Err(wrong.with_help("`conformance run --openapi FILE --record FILE` writes one").into());
    };
    let api = document::open(path)?;
    let proof = proof(path, &api)?;
    let files = document::files_beside(path, &api, &proof)?;
    let known = known_failures(&args.verdicts, (&api, &files))?;
    let target = super::judge::target(&recording, name)?;
    let (_stop, stop) = watch::channel(false);
    let (settings, beside) = (&settings, &files);
    let mut reports =
        Reports::with(&args.telling, Vec::new(), format!("conformance judge {name} --openapi {}", path.display()))?;
    let run = DocumentRun {
        api: &api,
        proof: &proof,
        target: &target,
        settings,
        seed,
        options,
        beside,
        snapshots: None,
        stop,
    };
    let mut hear = listener(&args.telling, &mut reports, |_| ());
    let verified = super::runtime()?.block_on(verify(run, Source::Recording(recording), known, &mut hear));
    drop(hear);
    let tally = verified.map_err(|why| server::unreachable(name, false, &why))?;
    reports.write()?;
    Ok(exit(&tally, args.verdicts.deny_warnings))
}
