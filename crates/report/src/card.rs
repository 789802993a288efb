//! The card of a check: everything there is to say about it, and the diff of a snapshot.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use conformance_record::{CheckOutcome, SnapshotOutcome, Verdict};

pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// How many lines of a diff are shown.
const MOST_LINES: usize = 40;

/// Everything there is to say about one check.
pub(crate) fn card(check: &CheckOutcome, width: usize) -> String {
    let (word, style) = match &check.verdict {
        Verdict::Pass => ("pass", GREEN),
        Verdict::Fail => ("fail", RED),
        Verdict::Warn => ("warn", YELLOW),
        Verdict::Known(_) => ("known", DIM),
        Verdict::NotApplicable(_) => ("not applicable", DIM),
        Verdict::CouldNotRun(_) => ("could not run", YELLOW),
        Verdict::ToolFault(_) => ("tool fault", RED),
    };
    let ids: Vec<&str> = check.requirements.iter().map(|(id, _)| id.as_str()).collect();
    let mut text = format!("    {style}{word}{style:#} {} {BOLD}{}{BOLD:#}\n", check.level, ids.join(", "));
    if check.verdict == Verdict::Pass {
        return text;
    }
    let mut row = |name: &str, value: &str| row(&mut text, name, value, width);
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
    if let Verdict::NotApplicable(reason) | Verdict::Known(reason) = &check.verdict {
        row("because", reason);
    }
    text.push('\n');
    text
}

/// How a snapshot differs from its baseline.
pub(crate) fn drift(snapshot: &SnapshotOutcome, width: usize) -> String {
    let mut text = String::new();
    match snapshot {
        SnapshotOutcome::Drifted(lines) => {
            let _ = writeln!(
                text,
                "    {RED}drifted{RED:#} from what this target did before {DIM}(`conformance accept` agrees){DIM:#}"
            );
            for (sign, line) in lines.iter().take(MOST_LINES) {
                let style = match sign {
                    '-' => RED,
                    '+' => GREEN,
                    _ => DIM,
                };
                let indent = line.len() - line.trim_start().len();
                for (index, part) in wrapped(line.trim_start(), width, 8 + indent).iter().enumerate() {
                    let sign = if index == 0 { *sign } else { ' ' };
                    let _ = writeln!(text, "      {style}{sign} {:indent$}{part}{style:#}", "");
                }
            }
            if lines.len() > MOST_LINES {
                let _ = writeln!(text, "      {DIM}… and {} more lines{DIM:#}", lines.len() - MOST_LINES);
            }
        }
        SnapshotOutcome::Broken(reason) => {
            let _ = writeln!(text, "    {RED}no snapshot{RED:#}: {}", clean(reason));
        }
        _ => {}
    }
    text
}

/// A row of a card: a name, and a value that hangs beside it.
pub(crate) fn row(text: &mut String, name: &str, value: &str, width: usize) {
    for (index, line) in wrapped(value, width, 15).iter().enumerate() {
        let _ = writeln!(text, "      {DIM}{:<8}{DIM:#} {line}", if index == 0 { name } else { "" });
    }
}

/// Text in lines that end at `width` when they begin after `indent` columns.
#[must_use]
pub fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let text = clean(text);
    let width = width.saturating_sub(indent).max(20);
    textwrap::wrap(&text, width).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Text from a server, without control characters: it must not drive the terminal.
fn clean(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
