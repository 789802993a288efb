//! What may stand where in a document, and a walk that knows it.
//!
//! `example` is a keyword in a schema, a name among its properties and nothing at all inside of a default value. Everything that
//! changes a document goes through this walk, so that it never takes one for another. The versions share one grammar: what
//! 2.0 calls `definitions` is nothing in 3.1, and a document that has it there all the same means the same by it.

use std::ops::ControlFlow;

use conformance_source::pointer;
use serde_json::Value;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Data, or something that nobody here looks into.
    Opaque,
    Document,
    Components,
    PathItem,
    Operation,
    Parameter,
    Body,
    Response,
    Media,
    Encoding,
    Header,
    Example,
    Scheme,
    Schema,
    /// A list of these.
    List(&'static Self),
    /// An object whose keys are names.
    Map(&'static Self),
    /// An object whose keys are names, apart from `x-…`.
    Table(&'static Self),
}

/// The methods that a path item has keys for.
pub(crate) const METHODS: &[&str] = &["get", "put", "post", "delete", "patch", "head", "options", "trace", "query"];
/// Keywords whose value is a schema.
pub(crate) const SCHEMA: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
pub(crate) const SCHEMAS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
pub(crate) const NAMED: &[&str] = &["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

impl Kind {
    /// What the member `key` of a value of this kind is.
    pub(crate) fn child(self, key: &str) -> Self {
        match self {
            Self::List(kind) | Self::Map(kind) => *kind,
            Self::Table(kind) if !key.starts_with("x-") => *kind,
            Self::Document => document(key),
            Self::Components => components(key),
            Self::PathItem | Self::Operation => operation(self, key),
            Self::Schema if SCHEMA.contains(&key) => Self::Schema,
            Self::Schema if SCHEMAS.contains(&key) => Self::List(&Self::Schema),
            Self::Schema if NAMED.contains(&key) => Self::Map(&Self::Schema),
            Self::Parameter | Self::Header | Self::Media | Self::Response | Self::Body | Self::Encoding => message(key),
            _ => Self::Opaque,
        }
    }
}

fn document(key: &str) -> Kind {
    match key {
        "paths" => Kind::Table(&Kind::PathItem),
        "components" => Kind::Components,
        // What 2.0 has at its top.
        "definitions" => Kind::Map(&Kind::Schema),
        "parameters" => Kind::Map(&Kind::Parameter),
        "responses" => Kind::Map(&Kind::Response),
        _ => Kind::Opaque,
    }
}

fn components(key: &str) -> Kind {
    match key {
        "schemas" => Kind::Map(&Kind::Schema),
        "parameters" => Kind::Map(&Kind::Parameter),
        "responses" => Kind::Map(&Kind::Response),
        "requestBodies" => Kind::Map(&Kind::Body),
        "headers" => Kind::Map(&Kind::Header),
        "examples" => Kind::Map(&Kind::Example),
        "pathItems" => Kind::Map(&Kind::PathItem),
        "mediaTypes" => Kind::Map(&Kind::Media),
        "securitySchemes" => Kind::Map(&Kind::Scheme),
        _ => Kind::Opaque,
    }
}

fn operation(kind: Kind, key: &str) -> Kind {
    match key {
        "parameters" => Kind::List(&Kind::Parameter),
        "requestBody" if kind == Kind::Operation => Kind::Body,
        "responses" if kind == Kind::Operation => Kind::Table(&Kind::Response),
        "additionalOperations" if kind == Kind::PathItem => Kind::Map(&Kind::Operation),
        _ if kind == Kind::PathItem && METHODS.contains(&key) => Kind::Operation,
        _ => Kind::Opaque,
    }
}

/// Parameters, headers, bodies and responses: what they share means the same in each.
fn message(key: &str) -> Kind {
    match key {
        // `items` belongs to the parameters of 2.0, which are schemas themselves.
        "schema" | "itemSchema" | "items" => Kind::Schema,
        "content" => Kind::Map(&Kind::Media),
        "headers" => Kind::Map(&Kind::Header),
        // In 2.0, the examples of a response are bodies by media type: they are gone before anybody looks for `$ref`s.
        "examples" => Kind::Map(&Kind::Example),
        "encoding" => Kind::Map(&Kind::Encoding),
        _ => Kind::Opaque,
    }
}

/// The kind of the value at a pointer below a value of a kind; every value above it is shown to `passes`.
pub(crate) fn kind_at(value: &Value, kind: Kind, below: &str, mut passes: impl FnMut(&Value, Kind) -> bool) -> Kind {
    let end = pointer::tokens(below).try_fold((value, kind), |(value, kind), token| {
        if !passes(value, kind) {
            return ControlFlow::Break(());
        }
        let (next, kind) = match value {
            Value::Object(members) => (members.get(&token), kind.child(&token)),
            Value::Array(items) => (token.parse().ok().and_then(|index: usize| items.get(index)), item(kind)),
            _ => (None, Kind::Opaque),
        };
        next.map_or(ControlFlow::Break(()), |next| ControlFlow::Continue((next, kind)))
    });
    match end {
        ControlFlow::Continue((_, kind)) => kind,
        ControlFlow::Break(()) => Kind::Opaque,
    }
}

/// The kind of an item of a list; `items` of older drafts may be a list where a schema is due.
fn item(kind: Kind) -> Kind {
    match kind {
        Kind::List(kind) => *kind,
        Kind::Schema => Kind::Schema,
        _ => Kind::Opaque,
    }
}

/// Shows every value of the grammar to `visit`, with its kind and its pointer, before the values inside of it. What `visit`
/// puts in its place is walked in its stead.
pub(crate) fn walk(value: &mut Value, kind: Kind, at: &mut String, visit: &mut impl FnMut(&mut Value, Kind, &str)) {
    visit(value, kind, at);
    let above = at.len();
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let kind = kind.child(key);
                if kind != Kind::Opaque {
                    push(at, key);
                    walk(value, kind, at, visit);
                    at.truncate(above);
                }
            }
        }
        Value::Array(items) => {
            let kind = item(kind);
            for (index, value) in items.iter_mut().enumerate().filter(|_| kind != Kind::Opaque) {
                push(at, &index.to_string());
                walk(value, kind, at, visit);
                at.truncate(above);
            }
        }
        _ => {}
    }
}

/// One more token at the end of a pointer. It is called for every value of a document, so it makes no text of its own.
fn push(at: &mut String, token: &str) {
    at.push('/');
    for character in token.chars() {
        match character {
            '~' => at.push_str("~0"),
            '/' => at.push_str("~1"),
            other => at.push(other),
        }
    }
}

/// The text of a `$ref`, when a value is a reference.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)
}

/// Whether a value of this kind may be a reference.
pub(crate) fn may_refer(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Opaque
            | Kind::Document
            | Kind::Components
            | Kind::Operation
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Table(_)
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("/components/schemas/A", Kind::Schema)]
    #[case("/components/schemas/A/properties/example", Kind::Schema)]
    #[case("/components/schemas/A/example", Kind::Opaque)]
    #[case("/components/schemas/A/x-more", Kind::Opaque)]
    #[case("/components/schemas/A/allOf/0", Kind::Schema)]
    #[case("/components/schemas/Z", Kind::Opaque)]
    fn a_value_is_what_its_place_makes_it(#[case] at: &str, #[case] kind: Kind) {
        let schema = json!({ "properties": { "example": {} }, "example": {}, "x-more": {}, "allOf": [{}] });
        let document = json!({ "components": { "schemas": { "A": schema } } });
        assert_eq!(kind_at(&document, Kind::Document, at, |_, _| true), kind);
    }

    #[test]
    fn the_walk_sees_schemas_and_no_data() {
        let mut schema = json!({
            "properties": { "default": { "default": { "items": {} } }, "a/b": { "items": [{ "enum": [{ "not": {} }] }] } },
            "x-private": { "properties": { "a": {} } },
        });
        let mut seen = Vec::new();
        walk(&mut schema, Kind::Schema, &mut String::new(), &mut |_, kind, at| {
            if kind == Kind::Schema {
                seen.push(at.to_owned());
            }
        });
        assert_eq!(
            seen,
            ["", "/properties/default", "/properties/a~1b", "/properties/a~1b/items", "/properties/a~1b/items/0"]
        );
    }
}
