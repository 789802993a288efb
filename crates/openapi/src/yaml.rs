//! YAML 1.2 as people write OpenAPI in it: anchors, aliases, merge keys and tags are taken, and keys may be numbers.
//!
//! What a person writes for this project is read strictly, by `conformance_source`. A document of somebody else's is read as
//! far as it makes sense. Places of values are not kept: a large document has half a million of them.

use std::collections::HashMap;

use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use crate::notes::Notes;

/// Deeper nesting than this is refused rather than followed.
const DEPTH: usize = 500;
/// Aliases may add this many values to a document: a text of a kilobyte can ask for billions.
const BUDGET: usize = 1_000_000;

/// Reads the first document of a text.
///
/// # Errors
/// When it is not YAML, nests too deeply, or its aliases multiply it beyond measure.
pub(crate) fn parse(name: &str, text: &str, notes: &mut Notes) -> Result<Value, Diagnostics> {
    let parser = Parser::new_from_str(text);
    let mut yaml =
        Yaml { name, text, parser, depth: 0, budget: BUDGET, anchors: HashMap::new(), path: String::new(), notes };
    loop {
        match yaml.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Value::Null),
            (event, at) => return Ok(yaml.node(event, at)?.value),
        }
    }
}

/// A value, with what it costs to repeat it.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
    depth: usize,
}

struct Yaml<'a, 'n> {
    name: &'a str,
    text: &'a str,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    depth: usize,
    budget: usize,
    anchors: HashMap<usize, Node>,
    /// The pointer of the value that is read.
    path: String,
    notes: &'n mut Notes,
}

impl<'a> Yaml<'a, '_> {
    fn wrong(&self, at: usize, what: &str) -> Diagnostics {
        let file = SourceFile::new(self.name, self.text);
        let problem = Diagnostic::at(&file, at..at, "this is not YAML that can be read", what);
        problem.with_help("a text that does not begin with `{` is read as YAML: correct it there").into()
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Diagnostics> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(self.wrong(error.marker().byte_offset().unwrap_or(0), &error.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// A value from its first event on.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Diagnostics> {
        let at = start(span);
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(at, "nested too deeply"));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix() == "str");
                let value = if is_text { Value::String(text.into_owned()) } else { plain(&text) };
                (Node { value, size: 1, depth: 1 }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence()?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping()?, anchor),
            Event::Alias(anchor) => (self.alias(anchor, at)?, 0),
            _ => return Err(self.wrong(at, "a value was expected here")),
        };
        self.depth -= 1;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: usize) -> Result<Node, Diagnostics> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.wrong(at, "this alias stands inside of what it names"));
        };
        if self.depth + node.depth > DEPTH {
            return Err(self.wrong(at, "nested too deeply"));
        }
        match self.budget.checked_sub(node.size) {
            Some(left) => self.budget = left,
            None => return Err(self.wrong(at, "the aliases up to here repeat more than a million values")),
        }
        Ok(node.clone())
    }

    fn sequence(&mut self) -> Result<Node, Diagnostics> {
        let mut items = Vec::new();
        let (mut size, mut depth) = (1, 0);
        let above = self.path.len();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node { value: Value::Array(items), size, depth: depth + 1 }),
                (event, span) => {
                    self.path.push_str(&format!("/{}", items.len()));
                    let node = self.node(event, span)?;
                    self.path.truncate(above);
                    (size, depth) = (size + node.size, depth.max(node.depth));
                    items.push(node.value);
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Node, Diagnostics> {
        let mut members = Map::new();
        let mut merged = Vec::new();
        let (mut size, mut depth) = (1, 0);
        let above = self.path.len();
        loop {
            let (event, span) = self.next()?;
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = match event {
                Event::MappingEnd => break,
                event => self.key(event, start(span))?,
            };
            self.path = conformance_source::pointer::push(&self.path, &key);
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            (size, depth) = (size + node.size, depth.max(node.depth));
            if is_merge {
                merged.push(node.value);
            } else if members.insert(key, node.value).is_some() {
                self.notes.add("a key stands twice in one object; the last one counts", &self.path.clone());
            }
            self.path.truncate(above);
        }
        for value in merged {
            merge(&mut members, value);
        }
        Ok(Node { value: Value::Object(members), size, depth: depth + 1 })
    }

    /// A key as text: status codes are written as numbers.
    fn key(&mut self, event: Event<'a>, at: usize) -> Result<String, Diagnostics> {
        let (text, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (text.into_owned(), anchor),
            Event::Alias(anchor) => match self.anchors.get(&anchor).map(|node| &node.value) {
                Some(Value::String(text)) => (text.clone(), 0),
                Some(Value::Number(number)) => (number.to_string(), 0),
                _ => return Err(self.wrong(at, "a key must be text")),
            },
            _ => return Err(self.wrong(at, "a key must be text, not a list or an object")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, Node { value: Value::String(text.clone()), size: 1, depth: 1 });
        }
        Ok(text)
    }
}

fn start(span: Span) -> usize {
    span.byte_range().map_or(0, |range| range.start)
}

/// Adds what a merge key names: an object, or a list of them; what stands there already wins.
fn merge(members: &mut Map<String, Value>, value: Value) {
    match value {
        Value::Object(more) => {
            for (key, value) in more {
                members.entry(key).or_insert(value);
            }
        }
        Value::Array(all) => all.into_iter().for_each(|one| merge(members, one)),
        _ => {}
    }
}

/// A plain scalar by the core schema; `no`, `on`, `12:30` and dates are text.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// A number exactly as written, in the grammar of JSON. Infinity and what is no number are left as text.
fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).map_or((rest, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) || (whole.is_empty() && fraction.is_none_or(str::is_empty)) {
        return None;
    }
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    let fraction = fraction.map(|part| if part.is_empty() { ".0".to_owned() } else { format!(".{part}") });
    let exponent = exponent.map(|part| format!("e{part}"));
    // The grammar of JSON judges what is left: the exponent.
    format!("{sign}{whole}{}{}", fraction.unwrap_or_default(), exponent.unwrap_or_default()).parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, Diagnostics> {
        parse("api.yaml", text, &mut Notes::default())
    }

    #[rstest]
    #[case::status_codes("200: a\n'4XX': b\ntrue: c", json!({ "200": "a", "4XX": "b", "true": "c" }))]
    #[case::norway("[no, on, 12:30, 2024-01-01, 2024-01-01T00:00:00Z]", json!(["no", "on", "12:30", "2024-01-01", "2024-01-01T00:00:00Z"]))]
    #[case::nulls("a:\nb: ~\nc: 'null'", json!({ "a": null, "b": null, "c": "null" }))]
    #[case::alias("a: &x { b: 1 }\nc: *x", json!({ "a": { "b": 1 }, "c": { "b": 1 } }))]
    #[case::merge("a: &x { b: 1, c: 2 }\nd:\n  <<: *x\n  c: 3", json!({ "a": { "b": 1, "c": 2 }, "d": { "c": 3, "b": 1 } }))]
    #[case::merge_many("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz:\n  <<: [*x, *y]", json!({ "x": {"a": 1}, "y": {"a": 2, "b": 2}, "z": {"a": 1, "b": 2} }))]
    #[case::quoted_merge_key("'<<': 1", json!({ "<<": 1 }))]
    #[case::tags("!thing { a: !!str 12, b: !x 1 }", json!({ "a": "12", "b": 1 }))]
    #[case::twice("a: 1\na: 2", json!({ "a": 2 }))]
    #[case::second_document("a: 1\n---\nb: 2", json!({ "a": 1 }))]
    #[case::comments("# before\na: # within\n  # before a value\n  1", json!({ "a": 1 }))]
    fn a_text_is_read_as_it_is_meant(#[case] text: &str, #[case] value: Value) {
        assert_eq!(read(text).expect("YAML"), value);
    }

    #[rstest]
    #[case("9007199254740993", "9007199254740993")]
    #[case("18446744073709551617.25", "18446744073709551617.25")]
    #[case("3.0", "3.0")]
    #[case("1e400", "1e+400")]
    #[case("+7", "7")]
    #[case("007", "7")]
    #[case("-.5", "-0.5")]
    #[case("1.", "1.0")]
    #[case("0x1F", "31")]
    #[case("0o17", "15")]
    fn numbers_are_exact(#[case] text: &str, #[case] written: &str) {
        assert_eq!(read(text).expect("YAML").to_string(), written);
    }

    #[rstest]
    #[case(".inf")]
    #[case("1.2.3")]
    #[case("1_000")]
    #[case("+")]
    #[case(".")]
    #[case("1e")]
    fn what_only_looks_like_a_number_is_text(#[case] text: &str) {
        assert_eq!(read(text).expect("YAML"), json!(text));
    }

    #[test]
    fn a_key_that_stands_twice_is_noted() {
        let mut notes = Notes::default();
        parse("api.yaml", "a:\n  b: 1\n  b: 2", &mut notes).expect("YAML");
        assert_eq!(notes.into_list()[0].first, "/a/b");
    }

    #[rstest]
    #[case::a_bomb(&(1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let before = format!("*a{}, ", n - 1).repeat(10);
        format!("{text}a{n}: &a{n} [{before}]\n")
    }))]
    #[case::too_deep(&"[".repeat(DEPTH + 1))]
    #[case::inside_of_itself("a: &x { b: *x }")]
    #[case::no_anchor("a: *x")]
    #[case::a_list_as_key("? [a]\n: 1")]
    #[case::a_broken_text("a: [1")]
    fn what_cannot_be_read_is_refused_with_its_place(#[case] text: &str) {
        assert!(read(text).expect_err("refused").0[0].location().is_some());
    }
}
