//! JSON, strictly: no comments, no trailing commas, no duplicate keys.

use jsonc_parser::ast::Value as Ast;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::node::{Entry, Node, Tree};
use crate::{Diagnostic, Diagnostics, SourceFile, Span};

/// Parses a JSON file.
///
/// # Errors
/// The first syntax error or duplicate key, with its position.
pub fn parse(file: &SourceFile) -> Result<Node, Diagnostics> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(file.text(), &CollectOptions::default(), &strict)
        .map_err(|error| wrong(file, span(error.range()), &error.kind().to_string()))?;
    let value = parsed.value.ok_or_else(|| wrong(file, 0..0, "the file is empty"))?;
    node(file, &value)
}

fn wrong(file: &SourceFile, span: Span, what: &str) -> Diagnostics {
    Diagnostic::at(file, span, "this is not valid JSON", what).into()
}

fn span(range: Range) -> Span {
    range.start..range.end
}

fn node(file: &SourceFile, value: &Ast<'_>) -> Result<Node, Diagnostics> {
    let place = span(value.range());
    let tree = match value {
        Ast::NullKeyword(_) => Tree::Null,
        Ast::BooleanLit(literal) => Tree::Bool(literal.value),
        Ast::StringLit(literal) => Tree::String(literal.value.to_string()),
        Ast::NumberLit(literal) => Tree::Number(
            serde_json::from_str(literal.value)
                .map_err(|_| wrong(file, place.clone(), "this number is out of range"))?,
        ),
        Ast::Array(list) => Tree::Array(list.elements.iter().map(|item| node(file, item)).collect::<Result<_, _>>()?),
        Ast::Object(object) => {
            let mut entries: Vec<Entry> = Vec::new();
            for property in &object.properties {
                let key = property.name.as_str().to_owned();
                let key_span = span(property.name.range());
                if entries.iter().any(|entry| entry.key == key) {
                    return Err(wrong(file, key_span, &format!("`{key}` stands here for the second time")));
                }
                entries.push(Entry { key, key_span, node: node(file, &property.value)? });
            }
            Tree::Object(entries)
        }
    };
    Ok(Node { span: place, tree })
}
