//! Values as a scenario writes them: JSON with expressions and a few functions in it.
//!
//! Text that begins with `$` is an expression and keeps its type (`$outputs.id`); expressions inside text stand in
//! braces (`"Chat {$index}"`). `$$` is a dollar sign. An object whose only `$` key is a function is called:
//! `{ $boundary: max+1, of: "é" }`, `{ $reversed: … }`, `{ $at: …, index: -1 }`.

mod functions;

use std::fmt;

use conformance_source::{Entry, Node, Reader, Span, Tree, suggest};
use serde_json::Value;

use crate::expression::{Expression, FORMS};

/// A value to be worked out.
#[derive(Clone, Debug)]
pub enum Template {
    /// A value as it stands.
    Literal(Value),
    /// The value of an expression, with its type.
    Expression(Expression, Span),
    /// Text with expressions in it.
    Text(Vec<Part>),
    /// A list.
    Array(Vec<Template>),
    /// An object.
    Object(Vec<(String, Template)>),
    /// A value at the edge of what the schema of this place allows.
    Boundary(Boundary),
    /// A list, last item first.
    Reversed(Box<Template>),
    /// An item of a list; from its end when negative.
    At(Box<Template>, Box<Template>),
    /// The first object of a list whose members have these values.
    Find(Box<Template>, Vec<(String, Template)>),
    /// The sum of numbers.
    Sum(Vec<Template>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it stands.
    Literal(String),
    /// The value of an expression, as text.
    Expression(Expression, Span),
}

/// `$boundary`: text of a length, or a number, relative to the schema's bounds.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// Where it stands.
    pub span: Span,
    /// Which edge: `min-1`, `min`, `min+1`, `max-1`, `max`, `max+1`; may be an expression.
    pub edge: Box<Template>,
    /// What text is made of; one character.
    pub of: Option<Box<Template>>,
}

/// Reads a value; reports what is wrong with it.
pub(crate) fn read(reader: &Reader, node: &Node) -> Option<Template> {
    match &node.tree {
        Tree::String(text) => read_text(reader, node, text),
        Tree::Array(items) => {
            let items = items.iter().map(|item| read(reader, item)).collect::<Vec<_>>();
            let items: Vec<Template> = items.into_iter().collect::<Option<_>>()?;
            let literals: Option<Vec<Value>> = items.iter().map(Template::literal).collect();
            Some(literals.map_or(Template::Array(items), |all| Template::Literal(Value::Array(all))))
        }
        Tree::Object(entries) => match entries.iter().find(|entry| entry.key.starts_with('$')) {
            Some(entry) => functions::read(reader, node, &entry.key, &entry.key_span),
            None => {
                let members = members(reader, entries)?;
                let literals = members.iter().map(|(name, value)| Some((name.clone(), value.literal()?)));
                let literals: Option<serde_json::Map<String, Value>> = literals.collect();
                Some(literals.map_or(Template::Object(members), |all| Template::Literal(Value::Object(all))))
            }
        },
        _ => Some(Template::Literal(node.to_json())),
    }
}

fn members(reader: &Reader, entries: &[Entry]) -> Option<Vec<(String, Template)>> {
    let members = entries.iter().map(|entry| Some((entry.key.clone(), read(reader, &entry.node)?)));
    members.collect::<Vec<_>>().into_iter().collect()
}

fn read_text(reader: &Reader, node: &Node, text: &str) -> Option<Template> {
    if let Some(rest) = text.strip_prefix("$$") {
        return Some(Template::Literal(Value::from(format!("${rest}"))));
    }
    if text.starts_with('$') {
        return Some(Template::Expression(expression(reader, node, text)?, node.span.clone()));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{$") {
        let Some((inside, beyond)) = after.split_once('}') else {
            return reader.expected(node, "a closing brace after `{$`");
        };
        parts.push(Part::Literal(before.to_owned()));
        parts.push(Part::Expression(expression(reader, node, &format!("${inside}"))?, node.span.clone()));
        rest = beyond;
    }
    if parts.is_empty() {
        return Some(Template::Literal(Value::from(text)));
    }
    parts.push(Part::Literal(rest.to_owned()));
    Some(Template::Text(parts))
}

/// Reads an expression; reports when it is none.
pub(crate) fn expression(reader: &Reader, node: &Node, text: &str) -> Option<Expression> {
    let found = Expression::parse(text);
    if found.is_none() {
        let mut wrong = conformance_source::Diagnostic::at(
            reader.file(),
            node.span.clone(),
            format!("`{text}` is not an expression"),
            "unknown expression",
        );
        let word = text.split('#').next().unwrap_or(text);
        wrong.help.extend(suggest::nearest(word, FORMS.iter().copied()).map(|near| format!("did you mean `{near}`?")));
        wrong.help.push("a JSON Pointer may follow after `#`; write `$$` for a dollar sign".to_owned());
        reader.report(wrong);
    }
    found
}

impl Template {
    /// The value, when nothing is to be worked out.
    #[must_use]
    pub fn literal(&self) -> Option<Value> {
        if let Self::Literal(value) = self { Some(value.clone()) } else { None }
    }

    /// Calls `visit` with every expression inside.
    pub fn expressions<'t>(&'t self, visit: &mut dyn FnMut(&'t Expression, &'t Span)) {
        match self {
            Self::Literal(_) => {}
            Self::Expression(expression, span) => visit(expression, span),
            Self::Text(parts) => {
                for part in parts {
                    if let Part::Expression(expression, span) = part {
                        visit(expression, span);
                    }
                }
            }
            Self::Array(items) => items.iter().for_each(|item| item.expressions(visit)),
            Self::Object(members) => members.iter().for_each(|(_, member)| member.expressions(visit)),
            Self::Boundary(boundary) => {
                boundary.edge.expressions(visit);
                boundary.of.iter().for_each(|of| of.expressions(visit));
            }
            Self::Reversed(list) => list.expressions(visit),
            Self::At(list, index) => {
                list.expressions(visit);
                index.expressions(visit);
            }
            Self::Find(list, members) => {
                list.expressions(visit);
                members.iter().for_each(|(_, member)| member.expressions(visit));
            }
            Self::Sum(parts) => parts.iter().for_each(|part| part.expressions(visit)),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Expression(expression, _) => write!(f, "`{expression}`"),
            Self::Text(parts) => {
                f.write_str("\"")?;
                for part in parts {
                    match part {
                        Part::Literal(text) => f.write_str(text)?,
                        Part::Expression(expression, _) => write!(f, "{{{expression}}}")?,
                    }
                }
                f.write_str("\"")
            }
            Self::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (name, member)) in members.iter().enumerate() {
                    write!(f, "{}{name}: {member}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Self::Boundary(boundary) => write!(f, "the boundary {}", boundary.edge),
            Self::Reversed(list) => write!(f, "{list} reversed"),
            Self::At(list, index) => write!(f, "item {index} of {list}"),
            Self::Find(list, members) => {
                let wanted: Vec<String> = members.iter().map(|(name, value)| format!("{name} {value}")).collect();
                write!(f, "the object with {} in {list}", wanted.join(" and "))
            }
            Self::Sum(parts) => {
                let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                write!(f, "{}", parts.join(" + "))
            }
        }
    }
}
