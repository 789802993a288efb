//! Annotations of GitHub Actions, on the lines of the scenarios.

use conformance_record::Verdict;

use crate::card;
use crate::collect::{Background, Collected};

/// GitHub shows so many errors, and so many warnings, of a step.
const MOST: usize = 10;

/// The workflow commands, a line each.
#[must_use]
pub fn github(run: &Collected, background: &Background) -> String {
    let mut text = String::new();
    for (command, wanted) in [("error", true), ("warning", false)] {
        let told = run.told().filter(|(_, check)| !matches!(check.verdict, Verdict::Known(_)));
        let told: Vec<_> = told.filter(|(_, check)| (check.verdict != Verdict::Warn) == wanted).collect();
        let shown = if told.len() > MOST { MOST - 1 } else { told.len() };
        for (scenario, check) in told.iter().take(shown) {
            let (position, title) = (&check.position, format!("{} in {}", card::head(check), scenario.name));
            let message = card::plain(check, run.context(scenario, background));
            let line = if position.line > 0 { format!(",line={}", position.line) } else { String::new() };
            let column = if position.column > 0 { format!(",col={}", position.column) } else { String::new() };
            text.push_str(&format!(
                "::{command} file={}{line}{column},title={}::{}\n",
                property(&position.file),
                property(&title),
                data(&message)
            ));
        }
        if told.len() > shown {
            text.push_str(&format!("::{command} title=conformance::and {} more\n", told.len() - shown));
        }
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
