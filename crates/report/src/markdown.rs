//! Markdown, for the summary of a job: the numbers, and the cards of what went wrong.

use std::fmt::Write as _;

use conformance_record::{SnapshotOutcome, Verdict};

use crate::card;
use crate::collect::{Background, Collected};
use crate::terminal::{count, numbers, time};
use crate::visible::visible;

/// Cards beyond so many are counted: a job's summary has room for a mebibyte.
const MOST: usize = 40;

/// The report.
#[must_use]
pub fn markdown(run: &Collected, background: &Background) -> String {
    let mut text = format!("## {} · {}\n\n", plain(&run.suite), plain(&run.target));
    let tally = run.tally.unwrap_or_default();
    let parts: Vec<String> = numbers(&tally).into_iter().map(|(number, word)| format!("**{number}** {word}")).collect();
    let rest = if parts.is_empty() { String::new() } else { format!(", {}", parts.join(", ")) };
    let scenarios = count(tally.scenarios, "scenario");
    let _ = writeln!(text, "{scenarios}: **{}** passed{rest}, in {}\n", tally.passed, time(run.took));
    let told: Vec<_> = run.told().filter(|(_, check)| !matches!(check.verdict, Verdict::Known(_))).collect();
    for (scenario, check) in told.iter().take(MOST) {
        let card = card::plain(check, run.context(scenario, background));
        let open = if matches!(check.verdict, Verdict::Fail) { " open" } else { "" };
        let summary = format!("<b>{}</b> in {}", escaped(&card::head(check)), escaped(&scenario.name));
        // A longer fence than any in the card keeps the card in its block.
        let _ =
            writeln!(text, "<details{open}><summary>{summary}</summary>\n\n~~~~~~text\n{card}~~~~~~\n\n</details>\n");
    }
    if told.len() > MOST {
        let _ = writeln!(text, "… and {} more\n", told.len() - MOST);
    }
    for scenario in &run.scenarios {
        if let SnapshotOutcome::Drifted(lines) = &scenario.snapshot {
            let diff: Vec<String> = lines.iter().map(|(sign, line)| format!("{sign} {}", visible(line))).collect();
            let name = escaped(&scenario.name);
            let summary = format!("<b>snapshot mismatch</b> {name}");
            let _ = writeln!(
                text,
                "<details><summary>{summary}</summary>\n\n~~~~~~diff\n{}\n~~~~~~\n\n</details>\n",
                diff.join("\n")
            );
        }
    }
    for (id, reason) in &run.leftovers {
        let _ = writeln!(text, "- left over: `{}`: {}", visible(id), plain(reason));
    }
    for (position, trouble) in &run.outdated {
        let _ = writeln!(text, "- known failure {position}: {}", plain(trouble));
    }
    text
}

/// Text in which nothing is mark-up.
fn plain(text: &str) -> String {
    let special = |c: char| matches!(c, '*' | '_' | '`' | '[' | ']' | '|' | '\\' | '#');
    let escape = |c: char| if special(c) { format!("\\{c}") } else { c.to_string() };
    escaped(text).chars().map(escape).collect()
}

fn escaped(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
