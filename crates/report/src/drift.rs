//! The diff of a snapshot, and text in lines of a terminal's width.

use std::fmt::Write as _;

use conformance_record::SnapshotOutcome;

use crate::card::{DIM, GREEN, RED};
use crate::visible::visible;

/// How many lines of a diff are shown.
const MOST_LINES: usize = 40;

/// How a snapshot differs from its baseline.
pub(crate) fn drift(snapshot: &SnapshotOutcome, width: usize) -> String {
    let mut text = String::new();
    match snapshot {
        SnapshotOutcome::Drifted(lines) => {
            let _ = writeln!(
                text,
                "    {RED}snapshot mismatch{RED:#}: this target behaved differently before {DIM}(`conformance review` shows, `accept` accepts){DIM:#}"
            );
            text.push_str(&diff(&lines[..lines.len().min(MOST_LINES)], width));
            if lines.len() > MOST_LINES {
                let _ = writeln!(text, "      {DIM}… and {} more lines{DIM:#}", lines.len() - MOST_LINES);
            }
        }
        SnapshotOutcome::Broken(reason) | SnapshotOutcome::Unwritten(reason) => {
            let _ = writeln!(text, "    {RED}no snapshot{RED:#}: {}", visible(reason));
        }
        _ => {}
    }
    text
}

/// The lines of a diff, coloured.
#[must_use]
pub fn diff(lines: &[(char, String)], width: usize) -> String {
    let mut text = String::new();
    for (sign, line) in lines {
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
    text
}

/// Text in lines that end at `width` when they begin after `indent` columns.
#[must_use]
pub fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let text = visible(text);
    let width = width.saturating_sub(indent).max(20);
    textwrap::wrap(&text, width).into_iter().map(std::borrow::Cow::into_owned).collect()
}
