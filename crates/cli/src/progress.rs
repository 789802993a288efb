//! A bar that tells how far a run is, on a terminal; elsewhere lines are enough.

use std::io::IsTerminal as _;
use std::time::Duration;

use conformance_record::{RunEvent, Tally};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far a run is.
pub struct Progress {
    bar: ProgressBar,
    seen: bool,
    tally: Tally,
}

impl Progress {
    /// A bar on stderr when lines on stdout go to the same terminal, else nothing.
    pub fn new() -> Self {
        let seen = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let bar = ProgressBar::hidden().with_message("0 passed, 0 failed");
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} scenarios · {msg} · {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, seen, tally: Tally::default() }
    }

    /// Writes lines beside the bar, and moves it on.
    pub fn hear(&mut self, event: &RunEvent, tell: impl FnOnce()) {
        match event {
            RunEvent::Started { scenarios, .. } => {
                self.bar.set_length(u64::try_from(*scenarios).unwrap_or(u64::MAX));
                if self.seen {
                    self.bar.set_draw_target(ProgressDrawTarget::stderr());
                    self.bar.enable_steady_tick(Duration::from_millis(200));
                }
            }
            RunEvent::Scenario { checks, .. } => {
                checks.iter().for_each(|check| self.tally.count(check));
                let (passed, failed) = (self.tally.passed, self.tally.failed);
                self.bar.set_message(format!("{passed} passed, {failed} failed"));
                self.bar.inc(1);
            }
            RunEvent::Finished { .. } => self.bar.finish_and_clear(),
            RunEvent::Leftover { .. } | RunEvent::Unused { .. } | RunEvent::Outdated { .. } => {}
        }
        self.bar.suspend(tell);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
