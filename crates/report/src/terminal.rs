//! For people at a terminal: a line per scenario, a card per failed check, the numbers.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use conformance_record::{CheckOutcome, RunEvent, Tally, Verdict};

use crate::card::{self, BOLD, DIM, GREEN, RED, YELLOW, wrapped};

/// Writes a run as it happens. Colours are always written; the stream takes them out where they are not wanted.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    area: String,
    verbose: bool,
    width: usize,
}

impl<W: Write> Terminal<W> {
    /// Writes to `out`, in lines of at most `width` columns; with `verbose`, every check and not only those that failed.
    pub fn new(out: W, verbose: bool, width: usize) -> Self {
        Self { out, area: String::new(), verbose, width }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn hear(&mut self, event: &RunEvent) -> io::Result<()> {
        let text = match event {
            RunEvent::Started { suite, target, scenarios } => {
                format!("{BOLD}{suite}{BOLD:#} · {target} · {}\n", count(*scenarios, "scenario"))
            }
            RunEvent::Scenario { name, summary, checks, took, snapshot, .. } => {
                self.scenario(name, summary, checks, *took) + &card::drift(snapshot, self.width)
            }
            RunEvent::Unused { path } => format!("{YELLOW}unused snapshot{YELLOW:#} {path}\n"),
            RunEvent::Outdated { position, trouble } => {
                format!("{RED}known failure{RED:#} {position}: {trouble}\n")
            }
            RunEvent::Leftover { id, reason } => format!("  {YELLOW}left behind{YELLOW:#} {id}: {reason}\n"),
            RunEvent::Finished { tally, took } => finished(tally, *took),
        };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn scenario(&mut self, name: &str, summary: &str, checks: &[CheckOutcome], took: Duration) -> String {
        let (area, behaviour) = name.split_once('/').unwrap_or(("", name));
        let mut text = String::new();
        if area != self.area {
            area.clone_into(&mut self.area);
            let _ = writeln!(text, "\n{BOLD}{area}{BOLD:#}");
        }
        let any = |wanted: fn(&Verdict) -> bool| checks.iter().any(|check| wanted(&check.verdict));
        let (mark, style) = if any(|verdict| *verdict == Verdict::Fail) {
            ("✗", RED)
        } else if any(|verdict| matches!(verdict, Verdict::CouldNotRun(_) | Verdict::ToolFault(_))) {
            ("?", YELLOW)
        } else if any(|verdict| *verdict == Verdict::Warn) {
            ("!", YELLOW)
        } else if any(|verdict| *verdict == Verdict::Pass) || checks.is_empty() {
            ("✓", GREEN)
        } else {
            // Nothing failed because nothing was judged.
            ("–", DIM)
        };
        let checked = count(checks.len(), "check");
        let _ = writeln!(text, "  {style}{mark}{style:#} {behaviour:<34} {DIM}{checked:>10} {:>9}{DIM:#}", time(took));
        let shown = |check: &&CheckOutcome| {
            self.verbose || !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_) | Verdict::Known(_))
        };
        let shown: Vec<_> = checks.iter().filter(shown).collect();
        if !shown.is_empty() {
            for line in wrapped(summary, self.width, 4) {
                let _ = writeln!(text, "    {DIM}{line}{DIM:#}");
            }
        }
        let mut reasons: Vec<(&str, &str, usize)> = Vec::new();
        for check in shown {
            // One lost capture leaves many checks without an object: told once.
            if let Verdict::CouldNotRun(reason) | Verdict::ToolFault(reason) = &check.verdict {
                let word = if matches!(check.verdict, Verdict::ToolFault(_)) { "tool fault" } else { "could not run" };
                match reasons.iter_mut().find(|(_, known, _)| known == reason) {
                    Some((_, _, times)) => *times += 1,
                    None => reasons.push((word, reason, 1)),
                }
            } else {
                text.push_str(&card::card(check, self.width));
            }
        }
        for (word, reason, times) in reasons {
            let _ = writeln!(text, "    {YELLOW}{}: {word}{YELLOW:#}", count(times, "check"));
            card::row(&mut text, "because", reason, self.width);
            text.push('\n');
        }
        text
    }
}

fn finished(tally: &Tally, took: Duration) -> String {
    let mut parts = vec![format!("{GREEN}{} passed{GREEN:#}", tally.passed)];
    for (number, word, style) in [
        (tally.failed, "failed", RED),
        (tally.warned, "warned", YELLOW),
        (tally.known, "known to fail", DIM),
        (tally.outdated, "outdated", RED),
        (tally.could_not_run, "could not run", YELLOW),
        (tally.not_applicable, "not applicable", DIM),
        (tally.drifted, "drifted", RED),
        (tally.new_snapshots, "new snapshots", DIM),
        (tally.not_compared, "not compared", DIM),
    ] {
        if number > 0 {
            parts.push(format!("{style}{number} {word}{style:#}"));
        }
    }
    let unclear = if tally.unclear > 0 { format!(", unclear {}", tally.unclear) } else { String::new() };
    format!(
        "\n{}: {} {DIM}in {}{DIM:#}\n{DIM}created {}, deleted {}, left {}{unclear}{DIM:#}\n",
        count(tally.scenarios, "scenario"),
        parts.join(", "),
        time(took),
        tally.created,
        tally.deleted,
        tally.left(),
    )
}

/// A number and its word: `1 check`, `2 checks`.
#[must_use]
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn time(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}
