//! Reads the functions that may stand in a value: objects with a `$` key.

use conformance_source::{Diagnostic, Node, Object, Reader, Span, Tree, suggest};

use super::{Boundary, Template, members, read as value};

/// The edges that a boundary may name.
const EDGES: [&str; 6] = ["min-1", "min", "min+1", "max-1", "max", "max+1"];

type Function = fn(&Reader, Object<'_>, &Span) -> Option<Template>;

/// Each function: its name, its other keys, and what reads it.
const FUNCTIONS: [(&str, &[&str], Function); 5] = [
    ("$boundary", &["of"], boundary),
    ("$reversed", &[], reversed),
    ("$at", &["index"], at),
    ("$find", &["where"], find),
    ("$sum", &[], sum),
];

/// Reads the function called `name`; `span` is the place of the name.
pub(super) fn read(reader: &Reader, node: &Node, name: &str, span: &Span) -> Option<Template> {
    let Some((name, others, function)) = FUNCTIONS.iter().find(|(one, ..)| *one == name) else {
        let names = FUNCTIONS.iter().map(|(name, ..)| *name);
        unknown(reader, span, &format!("`{name}` is not a function"), "unknown function", suggest::help(name, names));
        return None;
    };
    let known: Vec<&str> = others.iter().chain([name]).copied().collect();
    function(reader, reader.object(node, name, &known)?, span)
}

fn unknown(reader: &Reader, span: &Span, title: &str, label: &str, help: Option<String>) {
    let mut wrong = Diagnostic::at(reader.file(), span.clone(), title, label);
    wrong.help.extend(help);
    reader.report(wrong);
}

fn boundary(reader: &Reader, object: Object<'_>, span: &Span) -> Option<Template> {
    let edge = object.required("$boundary")?;
    if let Some(word) = edge.as_str().filter(|word| !word.starts_with('$') && !EDGES.contains(word)) {
        unknown(reader, &edge.span, &format!("`{word}` is not an edge"), "unknown edge", suggest::help(word, EDGES));
    }
    let of = match object.optional("of") {
        Some(of) => Some(Box::new(value(reader, of)?)),
        None => None,
    };
    Some(Template::Boundary(Boundary { span: span.clone(), edge: Box::new(value(reader, edge)?), of }))
}

fn reversed(reader: &Reader, object: Object<'_>, _: &Span) -> Option<Template> {
    Some(Template::Reversed(Box::new(value(reader, object.required("$reversed")?)?)))
}

fn at(reader: &Reader, object: Object<'_>, _: &Span) -> Option<Template> {
    let index = object.required("index")?;
    let list = value(reader, object.required("$at")?);
    match value(reader, index)? {
        Template::Literal(number) if !number.is_i64() => reader.expected(index, "a whole number"),
        number => Some(Template::At(Box::new(list?), Box::new(number))),
    }
}

fn find(reader: &Reader, object: Object<'_>, _: &Span) -> Option<Template> {
    let list = value(reader, object.required("$find")?);
    let wanted = object.required("where")?;
    let Tree::Object(entries) = &wanted.tree else {
        return reader.expected(wanted, "an object: names and values of members");
    };
    Some(Template::Find(Box::new(list?), members(reader, entries)?))
}

fn sum(reader: &Reader, object: Object<'_>, _: &Span) -> Option<Template> {
    let parts = object.required("$sum")?;
    let Tree::Array(parts) = &parts.tree else { return reader.expected(parts, "a list of numbers") };
    let parts = parts.iter().map(|part| value(reader, part)).collect::<Vec<_>>();
    Some(Template::Sum(parts.into_iter().collect::<Option<_>>()?))
}
