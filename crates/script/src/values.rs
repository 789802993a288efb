//! Compiles values: expressions and templates become jq over the state of the script.

use conformance_contract::{Location, Operation, Schemas};
use conformance_scenario::expression::Source;
use conformance_scenario::template::Part;
use conformance_scenario::{Boundary, Expression, Template};
use serde_json::{Value, json};

use crate::compiler::Compiler;
use crate::text::{literal, quoted};

/// The edges that a boundary may name: the keyword that bounds it, below or above, and how far from it.
const EDGES: [(&str, bool, i64); 6] = [
    ("min-1", false, -1),
    ("min", false, 0),
    ("min+1", false, 1),
    ("max-1", true, -1),
    ("max", true, 0),
    ("max+1", true, 1),
];
/// Longer text is not sent.
const LONGEST: i64 = 1_000_000;

impl Compiler<'_> {
    /// A value, as a jq term. `place` is the schema of the place where it stands, for `$boundary`.
    pub(crate) fn value(&mut self, operation: &Operation, template: &Template, place: Option<&Location>) -> String {
        match template {
            Template::Literal(value) if value.to_string().starts_with('-') => format!("({})", literal(value)),
            Template::Literal(value) => literal(value),
            Template::Expression(inner, _) => self.expression(operation, inner),
            Template::Text(parts) => self.joined(operation, parts),
            Template::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(operation, item, None)).collect();
                format!("[{}]", items.join(", "))
            }
            Template::Object(members) => self.object(operation, members, place),
            Template::Boundary(boundary) => self.boundary(operation, boundary, place),
            Template::Reversed(list) => format!("reversed({})", self.value(operation, list, None)),
            Template::At(list, index) => {
                let list = self.value(operation, list, None);
                format!("item_at({list}; {})", self.value(operation, index, None))
            }
            Template::Find(list, wanted) => {
                let list = self.value(operation, list, None);
                format!("find({list}; {})", self.object(operation, wanted, None))
            }
            Template::Sum(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.value(operation, part, None)).collect();
                format!("([{}] | add)", parts.join(", "))
            }
        }
    }

    fn object(&mut self, operation: &Operation, members: &[(String, Template)], place: Option<&Location>) -> String {
        let properties = place.map_or_else(Vec::new, |at| self.contract.schemas.properties(at));
        let mut all = Vec::new();
        for (name, member) in members {
            let schema = properties.iter().find(|(one, _)| one == name).and_then(|(_, schemas)| schemas.first());
            all.push(format!("{}: {}", quoted(name), self.value(operation, member, schema)));
        }
        format!("{{{}}}", all.join(", "))
    }

    /// Text with expressions in it, as jq interpolates them.
    fn joined(&mut self, operation: &Operation, parts: &[Part]) -> String {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(one) => {
                    let one = quoted(one);
                    text.push_str(&one[1..one.len() - 1]);
                }
                Part::Expression(inner, _) => {
                    text.push_str("\\(");
                    text.push_str(&self.expression(operation, inner));
                    text.push(')');
                }
            }
        }
        format!("\"{text}\"")
    }

    pub(crate) fn expression(&mut self, operation: &Operation, expression: &Expression) -> String {
        let whole = match &expression.source {
            Source::StatusCode => "status".to_owned(),
            Source::ResponseBody => "body".to_owned(),
            Source::ResponseText => "text".to_owned(),
            Source::ResponseHeader(name) => format!("header({})", quoted(name)),
            Source::ResponseIds => "response_ids".to_owned(),
            Source::ResponseCount => "response_count".to_owned(),
            Source::ResponseOwn => "response_own".to_owned(),
            Source::RequestBody => "request_body".to_owned(),
            Source::Output(name) => format!("output({})", quoted(name)),
            Source::Item => "item".to_owned(),
            Source::Index => "index_".to_owned(),
            Source::Marker => "marker".to_owned(),
            Source::UnknownId => quoted(&self.unknown_id(operation.resource)),
            Source::WalkIds => "walk_ids".to_owned(),
            Source::WalkOwn => "walk_own".to_owned(),
            Source::WalkPages => "walk_pages".to_owned(),
            Source::WalkCount => "walk_count".to_owned(),
            Source::WalkLargest => "walk_largest".to_owned(),
            Source::WalkFalseEnds => "walk_false_ends".to_owned(),
            Source::WalkEnd => "walk_end".to_owned(),
        };
        if expression.pointer.is_empty() {
            whole
        } else {
            format!("({whole} | pointed({}))", quoted(&expression.pointer))
        }
    }

    fn boundary(&mut self, operation: &Operation, boundary: &Boundary, place: Option<&Location>) -> String {
        let edges = place.map_or_else(|| json!({}), |at| edges(&self.contract.schemas, at));
        let edge = self.value(operation, &boundary.edge, None);
        let of = boundary.of.as_ref().map_or_else(|| quoted("a"), |of| self.value(operation, of, None));
        format!("boundary_of({}; {edge}; {of})", literal(&edges))
    }
}

/// What each edge comes to under a schema, as far as it bounds anything.
fn edges(schemas: &Schemas, at: &Location) -> Value {
    let text = schemas.keyword(at, "type").is_some_and(|(_, node)| node.as_str() == Some("string"));
    let keywords = if text { ("minLength", "maxLength") } else { ("minimum", "maximum") };
    let mut all = serde_json::Map::new();
    for (edge, upper, offset) in EDGES {
        let Some(bound) = schemas.bound(at, if upper { keywords.1 } else { keywords.0 }) else { continue };
        let at = bound + offset;
        if !text {
            all.insert(edge.to_owned(), json!({ "number": at }));
        } else if (0..=LONGEST).contains(&at) {
            all.insert(edge.to_owned(), json!({ "length": at }));
        }
    }
    Value::Object(all)
}
