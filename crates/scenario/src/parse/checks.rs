//! Reads checks, conditions and probes.

use conformance_source::{Node, Object, Reader, Tree, pointer};

use super::optional;
use crate::model::{Check, Expectation};
use crate::relation::{Operator, Relation};
use crate::template::{self, Template};

pub(super) fn checks(reader: &Reader, node: &Node) -> Option<Vec<Check>> {
    reader.list(node, |node| check(reader, node))
}

fn check(reader: &Reader, node: &Node) -> Option<Check> {
    let mut known = vec!["cites", "if", "ifStatus", "status", "schema", "that", "except"];
    known.extend(Operator::all().map(Operator::key));
    let object = reader.object(node, "a check", &known)?;
    let cites = cites(reader, object.required("cites")?);
    let if_status = optional(object, "ifStatus", |node| statuses(reader, node));
    let conditions = optional(object, "if", |node| relations(reader, node));
    let expectation = expectation(reader, object);
    let (if_status, conditions) = (if_status?.unwrap_or_default(), conditions?.unwrap_or_default());
    let expectation = expectation?;
    if let Expectation::Status(statuses) = &expectation
        && !if_status.is_empty()
        && !if_status.iter().any(|one| statuses.iter().any(|other| may_be_same(one, other)))
    {
        reader.wrong(
            &node.span,
            "this check can never hold: `ifStatus` and `status` exclude each other",
            "unreachable",
        );
    }
    Some(Check { span: node.span.clone(), cites: cites?, if_status, conditions, expectation })
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
        ["that"] => relation(reader, object).map(Expectation::Value),
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

/// Whether two statuses or classes have one in common.
fn may_be_same(one: &str, other: &str) -> bool {
    one.chars().zip(other.chars()).all(|(a, b)| a == b || a == 'X' || b == 'X')
}

/// Reads conditions: relations without citations.
pub(super) fn relations(reader: &Reader, node: &Node) -> Option<Vec<Relation>> {
    let mut known = vec!["that", "except"];
    known.extend(Operator::all().map(Operator::key));
    let found = reader.list(node, |node| relation(reader, reader.object(node, "a condition", &known)?))?;
    if found.is_empty() { reader.expected(node, "at least one condition") } else { Some(found) }
}

fn relation(reader: &Reader, object: Object<'_>) -> Option<Relation> {
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
    let except = optional(object, "except", |node| reader.list(node, |one| pointer_of(reader, one)))?;
    if let (Some(_), true) = (&except, operator != Operator::UnchangedSince) {
        reader.wrong(&object.node().span, "`except` goes with `unchangedSince` only", "in this relation");
    }
    let other: Template = template::read(reader, node)?;
    let span = object.node().span.clone();
    Some(Relation { span, that: that?, operator, other, except: except.unwrap_or_default() })
}

fn pointer_of(reader: &Reader, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    if pointer::is_pointer(&text) && !text.is_empty() {
        Some(text)
    } else {
        reader.expected(node, "a JSON Pointer like `/name`")
    }
}

/// Reads a probe: what a call must leave as it was.
pub(super) fn probe(reader: &Reader, node: &Node) -> Option<Check> {
    let object = reader.object(node, "a probe", &["cites", "unchanged", "absent"])?;
    let cites = cites(reader, object.required("cites")?);
    let expectation = match (object.optional("unchanged"), object.optional("absent")) {
        (Some(id), None) => template::read(reader, id).map(Expectation::Unchanged),
        (None, Some(text)) => template::read(reader, text).map(Expectation::Absent),
        _ => reader.expected(node, "exactly one of `unchanged` and `absent` in a probe"),
    };
    let span = node.span.clone();
    Some(Check { span, cites: cites?, if_status: Vec::new(), conditions: Vec::new(), expectation: expectation? })
}
