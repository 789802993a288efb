//! For people at a terminal: a line per scenario, a card per failed check, the numbers. Fits into 80 columns.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use conformance_record::{CheckOutcome, RunEvent, Tally, Verdict};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Writes a run as it happens. Colours are always written; the stream takes them out where they are not wanted.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    area: String,
    verbose: bool,
}

impl<W: Write> Terminal<W> {
    /// Writes to `out`; with `verbose`, every check and not only those that failed.
    pub fn new(out: W, verbose: bool) -> Self {
        Self { out, area: String::new(), verbose }
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
            RunEvent::Scenario { name, summary, checks, took, .. } => self.scenario(name, summary, checks, *took),
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
        } else {
            ("✓", GREEN)
        };
        let checked = count(checks.len(), "check");
        let _ = writeln!(text, "  {style}{mark}{style:#} {behaviour:<34} {DIM}{checked:>10} {:>9}{DIM:#}", time(took));
        let shown =
            |check: &&CheckOutcome| self.verbose || !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_));
        let shown: Vec<_> = checks.iter().filter(shown).collect();
        if !shown.is_empty() {
            let _ = writeln!(text, "    {DIM}{summary}{DIM:#}");
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
                text.push_str(&card(check));
            }
        }
        for (word, reason, times) in reasons {
            let _ = writeln!(text, "    {YELLOW}{}: {word}{YELLOW:#}", count(times, "check"));
            let _ = writeln!(text, "      {DIM}{:<8}{DIM:#} {}\n", "because", clean(reason));
        }
        text
    }
}

/// Everything there is to say about one check.
fn card(check: &CheckOutcome) -> String {
    let (word, style) = match &check.verdict {
        Verdict::Pass => ("pass", GREEN),
        Verdict::Fail => ("fail", RED),
        Verdict::Warn => ("warn", YELLOW),
        Verdict::NotApplicable(_) => ("not applicable", DIM),
        Verdict::CouldNotRun(_) => ("could not run", YELLOW),
        Verdict::ToolFault(_) => ("tool fault", RED),
    };
    let ids: Vec<&str> = check.requirements.iter().map(|(id, _)| id.as_str()).collect();
    let mut text = format!("    {style}{word}{style:#} {} {BOLD}{}{BOLD:#}\n", check.level, ids.join(", "));
    if check.verdict == Verdict::Pass {
        return text;
    }
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "      {DIM}{name:<8}{DIM:#} {}", clean(value));
    };
    for (_, statement) in &check.requirements {
        row("rule", statement);
    }
    row("at", &check.position.to_string());
    if !check.exchange.is_empty() {
        row("sent", &check.exchange);
    }
    row("expected", &check.expected);
    for (index, found) in check.found.iter().enumerate() {
        row(if index == 0 { "found" } else { "" }, found);
    }
    if let Verdict::NotApplicable(reason) = &check.verdict {
        row("because", reason);
    }
    text.push('\n');
    text
}

fn finished(tally: &Tally, took: Duration) -> String {
    let mut parts = vec![format!("{GREEN}{} passed{GREEN:#}", tally.passed)];
    for (number, word, style) in [
        (tally.failed, "failed", RED),
        (tally.warned, "warned", YELLOW),
        (tally.could_not_run, "could not run", YELLOW),
        (tally.not_applicable, "not applicable", DIM),
    ] {
        if number > 0 {
            parts.push(format!("{style}{number} {word}{style:#}"));
        }
    }
    format!(
        "\n{}: {} {DIM}in {}{DIM:#}\n{DIM}created {}, deleted {}, left {}{DIM:#}\n",
        count(tally.scenarios, "scenario"),
        parts.join(", "),
        time(took),
        tally.created,
        tally.deleted,
        tally.left(),
    )
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn time(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

/// Text from a server, without control characters: it must not drive the terminal.
fn clean(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
