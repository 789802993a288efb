//! Reads a scenario file; all its mistakes at once.

mod calls;
mod checks;

use std::time::Duration;

use conformance_source::{Diagnostics, Node, Object, Reader, SourceFile, Tree, parse as parse_tree};

use crate::fragments::{self, Fragments};
use crate::model::{Capability, Poll, Rounds, Scenario, Step, StepKind};
use crate::names;
use crate::template::{self, expression};

/// More rounds than this are a slip.
const MOST_ROUNDS: u64 = 10_000;
/// A poll takes no longer than this.
const LONGEST_POLL: u64 = 600_000;
const SCENARIO: &[&str] = &["summary", "description", "alone", "needs", "steps", "teardown"];
const STEP: &[&str] = &[
    "description",
    "if",
    "operationId",
    "parameters",
    "requestBody",
    "raw",
    "faults",
    "token",
    "repeat",
    "forEach",
    "poll",
    "twin",
    "probe",
    "outputs",
    "expect",
];
const WALK: &[&str] = &[
    "description",
    "if",
    "walk",
    "direction",
    "from",
    "until",
    "parameters",
    "faults",
    "token",
    "eachPage",
    "outputs",
    "expect",
];

/// Reads a scenario called `name`.
///
/// # Errors
/// Every mistake in the file, and in what its fragments make of its arguments.
pub fn parse(name: &str, file: &SourceFile, fragments: &Fragments) -> Result<Scenario, Diagnostics> {
    let root = parse_tree(file)?;
    let reader = Reader::new(file);
    let scenario = scenario(&reader, name, &root, fragments);
    if let Some(scenario) = &scenario {
        names::check(&reader, scenario);
    }
    reader.finish(scenario)
}

fn scenario(reader: &Reader, name: &str, root: &Node, fragments: &Fragments) -> Option<Scenario> {
    let object = reader.object(root, "a scenario", SCENARIO)?;
    let summary = object.text("summary");
    let alone = optional(object, "alone", |node| reader.boolean(node));
    let needs = optional(object, "needs", |node| {
        reader.list(node, |one| reader.choice(one, &[(Capability::SecondToken.key(), Capability::SecondToken)]))
    });
    let node = object.required("steps")?;
    let steps = steps(reader, node, fragments);
    let teardown = optional(object, "teardown", |node| self::steps(reader, node, fragments));
    if steps.is_some() && node.items().is_empty() {
        return reader.expected(node, "at least one step");
    }
    let idle = |step: &Step| step.all_checks().next().is_none() && step.kind.call().faults.is_empty();
    if steps.as_ref().is_some_and(|steps| steps.iter().all(idle)) {
        return reader.expected(node, "at least one check, or one call with `faults`, in all the steps");
    }
    Some(Scenario {
        name: name.to_owned(),
        summary: summary?,
        file: reader.file().clone(),
        alone: alone?.unwrap_or(false),
        needs: needs?.unwrap_or_default(),
        steps: steps?,
        teardown: teardown?.unwrap_or_default(),
    })
}

/// Reads steps, those of fragments in the places where they are named.
fn steps(reader: &Reader, node: &Node, fragments: &Fragments) -> Option<Vec<Step>> {
    let steps = reader.list(node, |node| match node.get("workflowId") {
        Some(_) => expand(reader, node, fragments),
        None => step(reader, node).map(|step| vec![step]),
    });
    Some(steps?.into_iter().flatten().collect())
}

/// Reads the steps of a fragment in the place of the step that names it.
fn expand(reader: &Reader, node: &Node, fragments: &Fragments) -> Option<Vec<Step>> {
    let (inner, filled) = fragments::fill_in(reader, node, fragments)?;
    let steps = inner.list(&filled, |one| step(&inner, one));
    match inner.finish(steps) {
        Ok(steps) => Some(steps.into_iter().map(|step| Step { place: node.span.clone(), ..step }).collect()),
        Err(wrong) => {
            let (line, _) = reader.file().position(node.span.start);
            let place = format!("used in {}:{line}", reader.file().name());
            wrong.0.into_iter().for_each(|one| reader.report(one.with_help(place.clone())));
            None
        }
    }
}

fn step(reader: &Reader, node: &Node) -> Option<Step> {
    let walks = node.get("walk").is_some();
    let object = reader.object(node, if walks { "a walk" } else { "a step" }, if walks { WALK } else { STEP })?;
    let kind = if walks {
        calls::walk(reader, object).map(StepKind::Walk)
    } else {
        calls::call(reader, object, "operationId").map(StepKind::Call)
    };
    let conditions = optional(object, "if", |node| checks::relations(reader, node));
    let second = optional(object, "token", |node| reader.choice(node, &[("first", false), ("second", true)]));
    let rounds = rounds(reader, object);
    let poll = optional(object, "poll", |node| poll(reader, node));
    let probe = optional(object, "probe", |node| checks::probe(reader, node));
    let checks = object.optional("expect").map_or(Some(Vec::new()), |node| checks::checks(reader, node));
    let outputs = outputs(reader, object);
    let kind = kind?;
    let twin = optional(object, "twin", |node| calls::twin(reader, node, kind.call()))?;
    if let (Some(Some(_)), false) = (&poll, matches!(rounds, Some(Rounds::Once))) {
        reader.wrong(&node.span, "`poll` excludes `repeat` and `forEach`", "this step has both");
    }
    if let Some(faults) = object.optional("faults") {
        let judged = ["raw", "twin", "probe", "poll", "expect", "eachPage"];
        if let Some(key) = judged.into_iter().find(|key| node.get(key).is_some()) {
            let wrong = format!("a step with `faults` has no `{key}`: the SDK is judged, and not the answers");
            reader.wrong(&faults.span, wrong, "here things go wrong on purpose");
        }
    }
    Some(Step {
        file: reader.file().clone(),
        span: node.span.clone(),
        place: node.span.clone(),
        conditions: conditions?.unwrap_or_default(),
        second_token: second?.unwrap_or(false),
        kind,
        rounds: rounds?,
        poll: poll?,
        twin,
        probe: probe?,
        checks: checks?,
        outputs: outputs?,
    })
}

fn poll(reader: &Reader, node: &Node) -> Option<Poll> {
    let object = reader.object(node, "a poll", &["until", "everyMs", "attempts"])?;
    let until = checks::relations(reader, object.required("until")?);
    let every = optional(object, "everyMs", |node| reader.whole(node))?.unwrap_or(100);
    let node = object.required("attempts")?;
    let attempts = reader.whole(node)?;
    if attempts < 2 || every.saturating_mul(attempts) > LONGEST_POLL {
        return reader.expected(node, "at least 2 attempts that take no more than ten minutes together");
    }
    Some(Poll { until: until?, every: Duration::from_millis(every), attempts })
}

/// `Some(None)` when the key is absent, `None` when reading it went wrong.
fn optional<T>(object: Object<'_>, key: &str, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    object.optional(key).map_or(Some(None), |node| read(node).map(Some))
}

fn rounds(reader: &Reader, object: Object<'_>) -> Option<Rounds> {
    match (object.optional("repeat"), object.optional("forEach")) {
        (None, None) => Some(Rounds::Once),
        (Some(times), None) => match reader.whole(times)? {
            times @ 1..=MOST_ROUNDS => Some(Rounds::Times(times)),
            _ => reader.expected(times, &format!("a number of rounds from 1 to {MOST_ROUNDS}")),
        },
        (None, Some(list)) if matches!(list.tree, Tree::Array(_)) && list.items().is_empty() => {
            reader.expected(list, "at least one item")
        }
        (None, Some(list)) => template::read(reader, list).map(Rounds::ForEach),
        (Some(_), Some(list)) => {
            reader.wrong(&list.span, "`repeat` and `forEach` exclude each other", "keep one of them");
            None
        }
    }
}

fn outputs(reader: &Reader, object: Object<'_>) -> Option<Vec<(String, crate::Expression)>> {
    let entries = object.optional("outputs").map_or(&[][..], Node::entries).iter();
    let outputs = entries.map(|entry| Some((entry.key.clone(), expression_of(reader, &entry.node)?)));
    outputs.collect::<Vec<_>>().into_iter().collect()
}

fn expression_of(reader: &Reader, node: &Node) -> Option<crate::Expression> {
    expression(reader, node, &reader.text(node)?)
}
