//! Reads calls: of an operation, through the pages of a list, and the twin of a call.

use conformance_source::{Node, Object, Reader, Span, Tree};

use super::checks::checks;
use super::optional;
use crate::model::{Call, Direction, Raw, Walk};
use crate::template::{self, Template};

pub(super) fn call(reader: &Reader, object: Object<'_>, key: &str) -> Option<Call> {
    let operation = object.required(key)?;
    let parameters = parameters(reader, object);
    let body = optional(object, "requestBody", |node| template::read(reader, node));
    let raw = optional(object, "raw", |node| raw(reader, node));
    let faults = optional(object, "faults", |node| reader.list(node, |one| reader.text(one)));
    Some(Call {
        operation: reader.text(operation)?,
        operation_span: operation.span.clone(),
        parameters: parameters?,
        body: body?,
        raw: raw?,
        faults: faults?.unwrap_or_default(),
    })
}

fn parameters(reader: &Reader, object: Object<'_>) -> Option<Vec<(String, Span, Template)>> {
    let entries = object.optional("parameters").map_or(&[][..], Node::entries).iter();
    let read =
        entries.map(|entry| Some((entry.key.clone(), entry.key_span.clone(), template::read(reader, &entry.node)?)));
    read.collect::<Vec<_>>().into_iter().collect()
}

/// Reads a twin: the same call with other arguments, another body, or without being raw.
pub(super) fn twin(reader: &Reader, node: &Node, call: &Call) -> Option<Call> {
    let object = reader.object(node, "a twin", &["parameters", "requestBody", "raw"])?;
    if node.entries().is_empty() {
        return reader.expected(node, "the one thing in which the twin differs");
    }
    let mut twin = Call { faults: Vec::new(), ..call.clone() };
    for (name, span, value) in parameters(reader, object)? {
        twin.parameters.retain(|(one, ..)| *one != name);
        twin.parameters.push((name, span, value));
    }
    if let Some(body) = object.optional("requestBody") {
        twin.body = Some(template::read(reader, body)?);
    }
    match object.optional("raw") {
        Some(Node { tree: Tree::Null, .. }) => twin.raw = None,
        Some(node) => twin.raw = Some(raw(reader, node)?),
        None => {}
    }
    Some(twin)
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

pub(super) fn walk(reader: &Reader, object: Object<'_>) -> Option<Walk> {
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
