//! What a run tells while it goes. Reports listen; the runner does not know them.

use std::time::Duration;

use crate::{CheckOutcome, Verdict};

/// One thing that happened in a run.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The run begins.
    Started {
        /// The API's title.
        suite: String,
        /// What is judged: a URL, or the embedded mock.
        target: String,
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
        /// How many requests it sent, clean-up included.
        requests: usize,
    },
    /// An object that the run created and could not delete.
    Leftover {
        /// Its id.
        id: String,
        /// Why it is still there.
        reason: String,
    },
    /// The run ends.
    Finished {
        /// The numbers.
        tally: Tally,
        /// How long the run took.
        took: Duration,
    },
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
    /// Checks that do not apply to this server.
    pub not_applicable: usize,
    /// Checks that could not be judged.
    pub could_not_run: usize,
    /// Objects created.
    pub created: usize,
    /// Objects deleted again: by the scenarios themselves, and by the clean-up.
    pub deleted: usize,
}

impl Tally {
    /// Counts one verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::Warn => self.warned += 1,
            Verdict::NotApplicable(_) => self.not_applicable += 1,
            // Our own fault leaves the check just as unjudged.
            Verdict::CouldNotRun(_) | Verdict::ToolFault(_) => self.could_not_run += 1,
        }
    }

    /// Objects created and not deleted.
    #[must_use]
    pub fn left(&self) -> usize {
        self.created.saturating_sub(self.deleted)
    }
}
