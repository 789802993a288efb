//! YAML 1.2, core schema, without the parts that surprise: no anchors, aliases, tags, merge keys or second documents.
//!
//! `no`, `on` and `12:30` are text, as the core schema says.

use granit_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};
use serde_json::Number;

use crate::node::{Entry, Node, Tree};
use crate::{Diagnostic, Diagnostics, SourceFile, Span};

/// Deeper nesting than this is refused rather than followed.
const DEPTH: usize = 128;

/// Parses a YAML file.
///
/// # Errors
/// The first syntax error, unsupported construct or duplicate key, with its position.
pub fn parse(file: &SourceFile) -> Result<Node, Diagnostics> {
    let mut yaml = Yaml { file, parser: Parser::new_from_str(file.text()), depth: 0 };
    loop {
        match yaml.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, at) => return Err(yaml.wrong(at, "the file is empty")),
            (event, at) => {
                let node = yaml.node(event, at)?;
                return match yaml.after_document()? {
                    Some(at) => Err(yaml.wrong(at, "a second document begins here; a file holds one")),
                    None => Ok(node),
                };
            }
        }
    }
}

struct Yaml<'a> {
    file: &'a SourceFile,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    depth: usize,
}

impl<'a> Yaml<'a> {
    fn wrong(&self, at: Span, what: &str) -> Diagnostics {
        Diagnostic::at(self.file, at, "this is not YAML as it is read here", what).into()
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Diagnostics> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(span))),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                Err(self.wrong(at..at, &error.info()))
            }
            None => Ok((Event::StreamEnd, self.file.text().len()..self.file.text().len())),
        }
    }

    /// Block collections end where the next token begins: give back the white space between.
    fn span(&self, span: YamlSpan) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let text = self.file.text().get(range.clone()).unwrap_or("");
        range.start..range.start + text.trim_end().len()
    }

    fn after_document(&mut self) -> Result<Option<Span>, Diagnostics> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentEnd, _) => {}
                (_, at) => return Ok(Some(at)),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, at: Span) -> Result<Node, Diagnostics> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong(at, "nested too deeply"));
        }
        let node = match event {
            Event::Scalar(text, style, 0, None) => Node { tree: self.scalar(&text, style, &at)?, span: at },
            Event::SequenceStart(_, 0, None) => self.sequence(at)?,
            Event::MappingStart(_, 0, None) => self.mapping(at)?,
            _ => return Err(self.wrong(at, "anchors, aliases and tags are not read here: write the value out")),
        };
        self.depth -= 1;
        Ok(node)
    }

    fn sequence(&mut self, start: Span) -> Result<Node, Diagnostics> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    let end = items.last().map_or(end.end, |last| last.span.end.max(end.end));
                    return Ok(Node { span: start.start..end, tree: Tree::Array(items) });
                }
                (event, at) => items.push(self.node(event, at)?),
            }
        }
    }

    fn mapping(&mut self, start: Span) -> Result<Node, Diagnostics> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (key, key_span) = match self.next()? {
                (Event::MappingEnd, end) => {
                    let end = entries.last().map_or(end.end, |last| last.node.span.end.max(end.end));
                    return Ok(Node { span: start.start..end, tree: Tree::Object(entries) });
                }
                (Event::Scalar(text, _, 0, None), at) => (text.into_owned(), at),
                (_, at) => return Err(self.wrong(at, "a key must be plain text")),
            };
            if entries.iter().any(|entry| entry.key == key) {
                return Err(self.wrong(key_span, &format!("`{key}` stands here for the second time")));
            }
            let (event, at) = self.next()?;
            let node = self.node(event, at)?;
            entries.push(Entry { key, key_span, node });
        }
    }

    /// The core schema: null, booleans, integers, floats; everything else, and everything quoted, is text.
    fn scalar(&self, text: &str, style: ScalarStyle, at: &Span) -> Result<Tree, Diagnostics> {
        if style != ScalarStyle::Plain {
            return Ok(Tree::String(text.to_owned()));
        }
        Ok(match text {
            "" | "~" | "null" | "Null" | "NULL" => Tree::Null,
            "true" | "True" | "TRUE" => Tree::Bool(true),
            "false" | "False" | "FALSE" => Tree::Bool(false),
            _ if looks_like_a_number(text) => match number(text) {
                Some(number) => Tree::Number(number),
                None => return Err(self.wrong(at.clone(), "this number is out of range; quote it to make it text")),
            },
            _ => Tree::String(text.to_owned()),
        })
    }
}

fn looks_like_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mantissa = digits.split(['e', 'E']).next().unwrap_or("");
    let exponent = digits.split_once(['e', 'E']).map(|(_, e)| e.strip_prefix(['-', '+']).unwrap_or(e));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    all_digits(whole) && fraction.is_none_or(all_digits) && exponent.is_none_or(all_digits)
}

fn number(text: &str) -> Option<Number> {
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse::<u64>()
        .map(Number::from)
        .or_else(|_| text.parse::<i64>().map(Number::from))
        .ok()
        .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
}
