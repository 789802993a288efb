//! `conformance accept`: pending snapshots become baselines.

use conformance_runner::snapshot;
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::{args, terminal};

/// Accepts.
pub fn run(args: &args::Accept) -> Result<Exit, Failure> {
    let accepted = snapshot::accept(&args.snapshots, &args.names);
    let accepted = accepted.map_err(|error| Diagnostic::general(format!("a snapshot cannot be accepted: {error}")))?;
    if accepted.is_empty() {
        let nothing = Diagnostic::general(format!("nothing is pending in {}", args.snapshots.display()));
        return Err(nothing.with_help("`conformance run` writes what differs from its baseline as `.snap.new`").into());
    }
    for path in accepted {
        terminal::line(&format!("accepted {}", path.display()));
    }
    Ok(Exit::Ok)
}
