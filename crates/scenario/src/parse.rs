//! Reads a scenario file; all its mistakes at once.

use conformance_source::{Diagnostics, Node, Object, Reader, SourceFile, Tree, parse as parse_tree};

use crate::model::{Call, Check, Direction, Expectation, Operator, Raw, Rounds, Scenario, Step, StepKind, Walk};
use crate::names;
use crate::template::{self, Template, expression};

/// More rounds than this are a slip.
const MOST_ROUNDS: u64 = 10_000;
const STEP: &[&str] =
    &["description", "operationId", "parameters", "requestBody", "raw", "repeat", "forEach", "outputs", "expect"];
const WALK: &[&str] =
    &["description", "walk", "direction", "from", "until", "parameters", "eachPage", "outputs", "expect"];

/// Reads a scenario called `name`.
///
/// # Errors
/// Every mistake in the file.
pub fn parse(name: &str, file: &SourceFile) -> Result<Scenario, Diagnostics> {
    let root = parse_tree(file)?;
    let reader = Reader::new(file);
    let scenario = scenario(&reader, name, &root);
    if let Some(scenario) = &scenario {
        names::check(&reader, scenario);
    }
    reader.finish(scenario)
}

fn scenario(reader: &Reader, name: &str, root: &Node) -> Option<Scenario> {
    let object = reader.object(root, "a scenario", &["summary", "description", "alone", "steps"])?;
    let summary = object.text("summary");
    let alone = optional(object, "alone", |node| reader.boolean(node))?.unwrap_or(false);
    let node = object.required("steps")?;
    let steps = reader.list(node, |node| step(reader, node));
    if steps.is_some() && node.items().is_empty() {
        return reader.expected(node, "at least one step");
    }
    if steps.as_ref().is_some_and(|steps| steps.iter().all(|step| step.all_checks().next().is_none())) {
        return reader.expected(node, "at least one check in all the steps");
    }
    Some(Scenario { name: name.to_owned(), summary: summary?, file: reader.file().clone(), alone, steps: steps? })
}

fn step(reader: &Reader, node: &Node) -> Option<Step> {
    let walks = node.get("walk").is_some();
    let object = reader.object(node, if walks { "a walk" } else { "a step" }, if walks { WALK } else { STEP })?;
    let kind = if walks {
        walk(reader, object).map(StepKind::Walk)
    } else {
        call(reader, object, "operationId").map(StepKind::Call)
    };
    let rounds = rounds(reader, object);
    let checks = object.optional("expect").map_or(Some(Vec::new()), |node| checks(reader, node));
    let outputs = outputs(reader, object);
    Some(Step { span: node.span.clone(), kind: kind?, rounds: rounds?, checks: checks?, outputs: outputs? })
}

fn call(reader: &Reader, object: Object<'_>, key: &str) -> Option<Call> {
    let operation = object.required(key)?;
    let parameters = object.optional("parameters").map_or(&[][..], Node::entries).iter();
    let parameters =
        parameters.map(|entry| Some((entry.key.clone(), entry.key_span.clone(), template::read(reader, &entry.node)?)));
    let body = optional(object, "requestBody", |node| template::read(reader, node));
    let raw = optional(object, "raw", |node| raw(reader, node));
    Some(Call {
        operation: reader.text(operation)?,
        operation_span: operation.span.clone(),
        parameters: parameters.collect::<Vec<_>>().into_iter().collect::<Option<_>>()?,
        body: body?,
        raw: raw?,
    })
}

/// `Some(None)` when the key is absent, `None` when reading it went wrong.
fn optional<T>(object: Object<'_>, key: &str, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    object.optional(key).map_or(Some(None), |node| read(node).map(Some))
}

fn raw(reader: &Reader, node: &Node) -> Option<Raw> {
    let object = reader.object(node, "raw", &["authorization", "method", "query", "headers", "body"])?;
    let authorization = optional(object, "authorization", |node| match node.tree {
        Tree::Null => Some(String::new()),
        _ => reader.text(node),
    });
    let headers = object.optional("headers").map_or(&[][..], Node::entries).iter().map(|entry| {
        let value = if entry.node.tree == Tree::Null { None } else { Some(reader.text(&entry.node)?) };
        Some((entry.key.to_lowercase(), value))
    });
    Some(Raw {
        authorization: authorization?,
        method: optional(object, "method", |node| reader.text(node))?,
        query: optional(object, "query", |node| reader.text(node))?,
        headers: headers.collect::<Option<_>>()?,
        body: optional(object, "body", |node| template::read(reader, node))?,
    })
}

fn walk(reader: &Reader, object: Object<'_>) -> Option<Walk> {
    let call = call(reader, object, "walk");
    let direction = optional(object, "direction", |node| {
        reader.choice(node, &[("forward", Direction::Forward), ("backward", Direction::Backward)])
    });
    let each_page = object.optional("eachPage").map_or(Some(Vec::new()), |node| checks(reader, node));
    let direction = direction?.unwrap_or(Direction::Forward);
    let from = optional(object, "from", |node| template::read(reader, node))?;
    if direction == Direction::Backward && from.is_none() {
        let wrong = "a walk backward needs `from`, the object to begin at";
        reader.wrong(&object.node().span, wrong, "this walk");
    }
    let until = optional(object, "until", |node| template::read(reader, node))?;
    Some(Walk { call: call?, direction, from, until, each_page: each_page? })
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

fn checks(reader: &Reader, node: &Node) -> Option<Vec<Check>> {
    reader.list(node, |node| check(reader, node))
}

fn check(reader: &Reader, node: &Node) -> Option<Check> {
    let mut known = vec!["cites", "ifStatus", "status", "schema", "that"];
    known.extend(Operator::all().map(Operator::key));
    let object = reader.object(node, "a check", &known)?;
    let cites = cites(reader, object.required("cites")?);
    let if_status = optional(object, "ifStatus", |node| statuses(reader, node));
    let expectation = expectation(reader, object);
    let if_status = if_status?.unwrap_or_default();
    Some(Check { span: node.span.clone(), cites: cites?, if_status, expectation: expectation? })
}

fn cites(reader: &Reader, node: &Node) -> Option<Vec<(String, conformance_source::Span)>> {
    let one = |node: &Node| Some((reader.text(node)?, node.span.clone()));
    match &node.tree {
        Tree::Array(items) if items.is_empty() => reader.expected(node, "at least one requirement"),
        Tree::Array(_) => reader.list(node, one),
        _ => Some(vec![one(node)?]),
    }
}

fn expectation(reader: &Reader, object: Object<'_>) -> Option<Expectation> {
    let kinds = ["status", "schema", "that"].into_iter().filter(|key| object.optional(key).is_some());
    match kinds.collect::<Vec<_>>()[..] {
        ["status"] => statuses(reader, object.required("status")?).map(Expectation::Status),
        ["schema"] => {
            reader.choice(object.required("schema")?, &[("documented", ())]).map(|()| Expectation::Documented)
        }
        ["that"] => value(reader, object),
        _ => reader.expected(object.node(), "exactly one of `status`, `schema` and `that` in a check"),
    }
}

fn statuses(reader: &Reader, node: &Node) -> Option<Vec<String>> {
    let one = |node: &Node| {
        let text = match &node.tree {
            Tree::Number(number) => number.to_string(),
            _ => reader.text(node)?,
        };
        let fits = matches!(text.as_bytes(), [b'1'..=b'5', b'0'..=b'9' | b'X', b'0'..=b'9' | b'X']);
        if fits { Some(text) } else { reader.expected(node, "a status (`404`) or a class (`4XX`)") }
    };
    if let Tree::Array(_) = node.tree { reader.list(node, one) } else { Some(vec![one(node)?]) }
}

fn value(reader: &Reader, object: Object<'_>) -> Option<Expectation> {
    let that = template::read(reader, object.required("that")?);
    let given: Vec<Operator> = Operator::all().filter(|one| object.optional(one.key()).is_some()).collect();
    let [operator] = given[..] else {
        let all: Vec<&str> = Operator::all().map(Operator::key).collect();
        return reader.expected(object.node(), &format!("exactly one relation beside `that`: {}", all.join(", ")));
    };
    let node = object.required(operator.key())?;
    if operator == Operator::Exists {
        reader.boolean(node)?;
    }
    let other: Template = template::read(reader, node)?;
    Some(Expectation::Value { that: that?, operator, other })
}
