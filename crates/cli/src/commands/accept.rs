//! `conformance accept`: pending snapshots become baselines.

use conformance_runner::snapshot;
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::{args, terminal};

/// Accepts.
pub fn run(args: &args::Accept) -> Result<Exit, Failure> {
    let wrong = |error| Diagnostic::general(format!("a snapshot cannot be accepted: {error}"));
    let pending = snapshot::pending(&args.snapshots, &args.names).map_err(wrong)?;
    if pending.is_empty() {
        let nothing = Diagnostic::general(format!("nothing is pending in {}", args.snapshots.display()));
        return Err(nothing.with_help("`conformance run` writes what differs from its baseline as `.snap.new`").into());
    }
    for one in pending {
        terminal::line(&format!("accepted {}", one.accept().map_err(wrong)?.display()));
    }
    Ok(Exit::Ok)
}
