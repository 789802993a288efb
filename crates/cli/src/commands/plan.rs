//! `conformance run --plan`: what would be sent.

use conformance_contract::Suite;
use conformance_runner::Selected;
use conformance_runner::select::objects_at_a_time;
use conformance_scenario::{Direction, Rounds, StepKind};

use crate::terminal;

/// Prints the selected scenarios, a line per step, and how many objects the server must allow.
pub fn print(suite: &Suite, selected: &[Selected], jobs: usize) {
    for one in selected {
        terminal::line(&format!("{}: {}", one.scenario.name, one.scenario.summary));
        for step in one.scenario.all_steps() {
            let id = step.kind.operation().0;
            let Some(operation) = suite.contract.operation(id) else { continue };
            let raw = step.kind.call().raw.as_ref();
            let method = raw.and_then(|raw| raw.method.as_deref()).unwrap_or(&operation.method);
            let how = match (&step.kind, &step.rounds) {
                (StepKind::Walk(walk), _) if walk.direction == Direction::Backward => {
                    "page by page, backward".to_owned()
                }
                (StepKind::Walk(_), _) => "page by page".to_owned(),
                (_, Rounds::Times(times)) => format!("{times} times"),
                (_, Rounds::ForEach(list)) => format!("for each of {list}"),
                (_, Rounds::Once) => String::new(),
            };
            let twin = if step.twin.is_some() { ", each after its twin" } else { "" };
            let probe = if step.probe.is_some() { ", looked at before and after" } else { "" };
            let polled = step.poll.as_ref().map_or(String::new(), |poll| format!(", up to {} times", poll.attempts));
            let raw = if raw.is_some() { " raw" } else { "" };
            terminal::line(format!("  {method:<6} {}{raw}  {how}{polled}{twin}{probe}", operation.path).trim_end());
        }
    }
    let most = objects_at_a_time(suite, selected, jobs);
    terminal::line(&format!("\nat most {most} objects on the server at a time, with --jobs {jobs}"));
}
