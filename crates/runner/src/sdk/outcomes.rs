//! What the calls of a scenario have shown, as checks of a report.

use std::collections::{BTreeMap, BTreeSet};

use conformance_record::{CheckOutcome, Cited, Level, Mismatch, Position, Verdict};
use conformance_source::SourceFile;

use crate::judge::undone;
use crate::sdk::code::Code;
use crate::sdk::finding::{Finding, Shown};

/// A check for each rule that could be judged; kinds in `allowed` are excused.
pub(super) fn outcomes(shown: Shown, allowed: &[Code], file: &SourceFile) -> Vec<CheckOutcome> {
    let Shown { judged, found, scripted, met, .. } = shown;
    let mut kinds: BTreeMap<(Code, Level), Vec<Finding>> = BTreeMap::new();
    let broken: BTreeSet<Code> = found.iter().map(|finding| finding.code).collect();
    for code in judged.difference(&broken) {
        kinds.insert((*code, Level::Must), Vec::new());
    }
    for finding in found {
        kinds.entry((finding.code, finding.level)).or_default().push(finding);
    }
    let outcomes = kinds.into_iter().map(|((code, level), findings)| {
        let mut outcome = outcome(code, level, findings, file);
        if allowed.contains(&code) && outcome.verdict != Verdict::Pass {
            outcome.verdict = Verdict::Known(format!("allowed by --allow {}", code.as_str()));
        }
        outcome
    });
    let idle = (scripted > 0 && met == 0).then(|| idle(file));
    outcomes.chain(idle).collect()
}

/// A scenario with faults in which nothing went wrong has shown nothing.
fn idle(file: &SourceFile) -> CheckOutcome {
    let position = Position { file: file.name().to_owned(), line: 1, column: 1 };
    let words = ("faults", "What a scenario names as going wrong goes wrong.", "a fault in one of the calls");
    undone(words, "none of the faults that it names happened to any of its calls".into(), (position, String::new()))
}

fn outcome(code: Code, level: Level, findings: Vec<Finding>, file: &SourceFile) -> CheckOutcome {
    let exchange = findings.first().and_then(|finding| finding.exchange);
    let mut found: Vec<Mismatch> = Vec::new();
    for finding in findings {
        if !found.contains(&finding.mismatch) {
            found.push(finding.mismatch);
        }
    }
    let statement = code.rule().to_owned();
    CheckOutcome {
        verdict: match level {
            _ if found.is_empty() => Verdict::Pass,
            Level::Must => Verdict::Fail,
            _ => Verdict::Warn,
        },
        level,
        requirements: vec![Cited { id: code.as_str().to_owned(), level, statement, sources: Vec::new() }],
        position: Position { file: file.name().to_owned(), line: 1, column: 1 },
        source: String::new(),
        exchange,
        expected: format!("in all calls of the scenario; if not, {} is to blame", code.blame()),
        meanings: Vec::new(),
        found: Mismatch::first_few(found),
    }
}
