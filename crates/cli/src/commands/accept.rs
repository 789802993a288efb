//! `conformance accept`: pending snapshots become baselines.

use conformance_runner::snapshot;
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::{args, terminal};

/// Accepts.
pub fn run(args: &args::Accept) -> Result<Exit, Failure> {
    let wrong = |error| Diagnostic::general(format!("a snapshot cannot be accepted: {error}"));
    let pending = snapshot::pending(&args.snapshots, &args.names).map_err(wrong)?;
    if pending.is_empty() && !args.names.is_empty() {
        let all = snapshot::pending(&args.snapshots, &[]).map_err(wrong)?;
        if !all.is_empty() {
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            let nothing = Diagnostic::general(format!("nothing that is pending is called {}", args.names.join(", ")));
            return Err(nothing.with_help(format!("pending are {}", names.join(", "))).into());
        }
    }
    if pending.is_empty() {
        let nothing = Diagnostic::general(format!("nothing is pending in {}", args.snapshots.display()));
        return Err(nothing.with_help("`conformance run` writes what differs from its baseline as `.snap.new`").into());
    }
    for one in pending {
        terminal::line(&format!("accepted {}", one.accept().map_err(wrong)?.display()));
    }
    Ok(Exit::Ok)
}
