//! What a run tells while it goes. Reports listen; the runner does not know them.

use std::time::Duration;

use crate::{CheckOutcome, Exchange, Level, Position, Verdict};

/// One thing that happened in a run.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The run begins.
    Started {
        /// The API's title.
        suite: String,
        /// What is judged: a URL, or the embedded mock.
        target: String,
        /// Where requests can be sent by hand: scheme and authority; empty when there is no server behind the run.
        origin: String,
        /// The command that starts a server at `origin`, when the one behind the run ends with it.
        start_with: Option<String>,
        /// How many scenarios will be replayed.
        scenarios: usize,
    },
    /// A scenario was replayed, cleaned up after, and judged.
    Scenario {
        /// `area/behaviour`
        name: String,
        /// What it shows, in one line.
        summary: String,
        /// Its checks in order.
        checks: Vec<CheckOutcome>,
        /// How long it took.
        took: Duration,
        /// How many requests it sent.
        requests: usize,
        /// What went over the wire, without secrets, when there is something to tell about a check.
        exchanges: Vec<Exchange>,
        /// How it compares with what the target did before.
        snapshot: SnapshotOutcome,
    },
    /// An object that the run created and could not delete.
    Leftover {
        /// Its id.
        id: String,
        /// Why it is still there.
        reason: String,
    },
    /// A baseline that no scenario has any more.
    Unused {
        /// The file.
        path: String,
    },
    /// An entry of the list of known failures is not true any more.
    Outdated {
        /// Where the entry stands.
        position: Position,
        /// What is wrong with it.
        trouble: String,
    },
    /// The run ends.
    Finished {
        /// The numbers.
        tally: Tally,
        /// How long the run took.
        took: Duration,
    },
}

/// How what a scenario saw compares with its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotOutcome {
    /// The same.
    Same,
    /// There was no baseline; now there is.
    New,
    /// Different: the lines that differ, each with `-`, `+` or a space before it.
    Drifted(Vec<(char, String)>),
    /// There is no baseline, and none was to be written.
    NotCompared,
    /// The scenario was not replayed as a whole, so that there is nothing to compare.
    Partial,
    /// The baseline cannot be used, for this reason.
    Broken(String),
    /// The snapshot could not be written, for this reason.
    Unwritten(String),
}

/// The numbers of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Scenarios replayed.
    pub scenarios: usize,
    /// Checks that passed.
    pub passed: usize,
    /// Checks of a MUST that failed.
    pub failed: usize,
    /// Checks of a SHOULD that failed.
    pub warned: usize,
    /// Checks that failed as known.
    pub known: usize,
    /// Entries of the list of known failures that are not true any more.
    pub outdated: usize,
    /// Checks that do not apply to this server.
    pub not_applicable: usize,
    /// Checks that could not be judged.
    pub could_not_run: usize,
    /// Those of them that are about a MUST.
    pub incomplete: usize,
    /// Snapshots that differ from their baseline, or cannot be used.
    pub drifted: usize,
    /// Snapshots that could not be written.
    pub unwritten: usize,
    /// Snapshots that were written for the first time.
    pub new_snapshots: usize,
    /// Scenarios without a baseline.
    pub not_compared: usize,
    /// Objects created.
    pub created: usize,
    /// Creates that got no clear answer: nobody knows whether they made anything.
    pub unclear: usize,
    /// Objects deleted again: by the scenarios themselves, and by the clean-up.
    pub deleted: usize,
}

impl Tally {
    /// Counts one check.
    pub fn count(&mut self, check: &CheckOutcome) {
        match &check.verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::Warn => self.warned += 1,
            Verdict::Known(_) => self.known += 1,
            Verdict::NotApplicable(_) => self.not_applicable += 1,
            // Our own fault leaves the check just as unjudged.
            Verdict::CouldNotRun(_) | Verdict::ToolFault(_) => {
                self.could_not_run += 1;
                self.incomplete += usize::from(check.level == Level::Must);
            }
        }
    }

    /// Counts how a snapshot compares.
    pub fn count_snapshot(&mut self, snapshot: &SnapshotOutcome) {
        match snapshot {
            SnapshotOutcome::Drifted(_) | SnapshotOutcome::Broken(_) => self.drifted += 1,
            SnapshotOutcome::Unwritten(_) => self.unwritten += 1,
            SnapshotOutcome::New => self.new_snapshots += 1,
            SnapshotOutcome::NotCompared => self.not_compared += 1,
            SnapshotOutcome::Same | SnapshotOutcome::Partial => {}
        }
    }

    /// Checks that were evaluated.
    #[must_use]
    pub fn checked(&self) -> usize {
        self.passed + self.failed + self.warned + self.known
    }

    /// Objects created and not deleted.
    #[must_use]
    pub fn left(&self) -> usize {
        self.created.saturating_sub(self.deleted)
    }
}
