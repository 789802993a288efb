//! JSON, for programs. The format has a JSON Schema: `schemas/formats/report.schema.json`.

use conformance_record::{CheckOutcome, Exchange, SnapshotOutcome, Verdict};
use serde_json::{Map, Value, json};

use crate::card;
use crate::collect::{Background, Collected, Scenario};

/// The version of the format.
const VERSION: u32 = 1;

/// The report.
#[must_use]
pub fn json(run: &Collected, background: &Background) -> Value {
    let coverage = run.coverage();
    let requirement = |one: &crate::collect::Requirement| {
        json!({
            "id": one.id, "level": one.level.to_string(), "statement": one.statement, "sources": one.sources,
            "excluded": one.excluded, "checks": coverage.get(one.id.as_str()),
        })
    };
    json!({
        "report": VERSION,
        "conformance": background.version,
        "suite": run.suite,
        "target": run.target,
        "tookMs": millis(run.took),
        "numbers": run.tally.map(numbers),
        "scenarios": run.scenarios.iter().map(|one| scenario(run, one, background)).collect::<Vec<_>>(),
        "requirements": background.requirements.iter().map(requirement).collect::<Vec<_>>(),
        "leftBehind": run.leftovers.iter().map(|(id, reason)| json!({ "id": id, "reason": reason })).collect::<Vec<_>>(),
        "unusedSnapshots": run.unused,
        "outdated": run.outdated.iter()
            .map(|(position, trouble)| json!({ "position": position.to_string(), "trouble": trouble }))
            .collect::<Vec<_>>(),
    })
}

fn millis(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1000.0
}

fn numbers(tally: conformance_record::Tally) -> Value {
    json!({
        "scenarios": tally.scenarios, "passed": tally.passed, "failed": tally.failed, "warned": tally.warned,
        "known": tally.known, "outdated": tally.outdated, "notApplicable": tally.not_applicable,
        "couldNotRun": tally.could_not_run, "drifted": tally.drifted, "newSnapshots": tally.new_snapshots,
        "notCompared": tally.not_compared, "created": tally.created, "deleted": tally.deleted, "left": tally.left(),
        "unclear": tally.unclear,
    })
}

fn scenario(run: &Collected, one: &Scenario, background: &Background) -> Value {
    let checks = one.checks.iter().map(|each| check(run, one, each, background));
    json!({
        "name": one.name,
        "summary": one.summary,
        "tookMs": millis(one.took),
        "requests": one.requests,
        "snapshot": snapshot(&one.snapshot),
        "checks": checks.collect::<Vec<_>>(),
        "exchanges": one.exchanges.iter().map(exchange).collect::<Vec<_>>(),
    })
}

fn check(run: &Collected, scenario: &Scenario, one: &CheckOutcome, background: &Background) -> Value {
    let found = one.found.iter().map(
        |each| json!({ "round": each.round, "place": each.place, "expected": each.expected, "found": each.found }),
    );
    let reason = match &one.verdict {
        Verdict::Known(reason)
        | Verdict::NotApplicable(reason)
        | Verdict::CouldNotRun(reason)
        | Verdict::ToolFault(reason) => Some(reason),
        Verdict::Pass | Verdict::Fail | Verdict::Warn => None,
    };
    let silent = matches!(one.verdict, Verdict::Pass | Verdict::NotApplicable(_));
    json!({
        "verdict": card::word(&one.verdict),
        "reason": reason,
        "level": one.level.to_string(),
        "requirements": one.requirements.iter().map(|each| each.id.as_str()).collect::<Vec<_>>(),
        "position": { "file": one.position.file, "line": known(one.position.line), "column": known(one.position.column) },
        "expected": one.expected,
        "found": found.collect::<Vec<_>>(),
        "exchange": one.exchange.filter(|_| !scenario.exchanges.is_empty()),
        "card": (!silent).then(|| card::plain(one, run.context(scenario, background))),
    })
}

/// A line or a column, where it is known.
fn known(number: usize) -> Option<usize> {
    (number > 0).then_some(number)
}

fn snapshot(outcome: &SnapshotOutcome) -> Value {
    match outcome {
        SnapshotOutcome::Same => json!({ "outcome": "same" }),
        SnapshotOutcome::New => json!({ "outcome": "new" }),
        SnapshotOutcome::NotCompared => json!({ "outcome": "not compared" }),
        SnapshotOutcome::Partial => json!({ "outcome": "partial" }),
        SnapshotOutcome::Broken(reason) | SnapshotOutcome::Unwritten(reason) => {
            json!({ "outcome": "broken", "reason": reason })
        }
        SnapshotOutcome::Drifted(lines) => {
            let lines: Vec<String> = lines.iter().map(|(sign, line)| format!("{sign} {line}")).collect();
            json!({ "outcome": "drifted", "diff": lines })
        }
    }
}

fn exchange(one: &Exchange) -> Value {
    let headers = |headers: &[(String, String)]| -> Vec<Value> {
        headers.iter().map(|(name, value)| json!([name, value])).collect()
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut told = Map::new();
    told.insert("number".to_owned(), one.number.into());
    let request = json!({
        "method": one.request.method, "target": one.request.target,
        "headers": headers(&one.request.headers), "body": text(&one.request.body),
    });
    told.insert("request".to_owned(), request);
    match &one.response {
        Ok(response) => {
            let response = json!({
                "status": response.status, "headers": headers(&response.headers), "body": text(&response.body),
            });
            told.insert("response".to_owned(), response);
        }
        Err(reason) => drop(told.insert("error".to_owned(), reason.to_string().into())),
    }
    told.insert("tookMs".to_owned(), millis(one.took).into());
    Value::Object(told)
}
