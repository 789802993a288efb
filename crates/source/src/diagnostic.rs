//! What is wrong with a file: where, what was found, what was expected, what to do.
//!
//! One renderer for all of them, so that a mistake looks the same wherever it was made.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{SourceFile, Span};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file and the place in it; none when the file itself is the trouble.
    pub place: Option<(SourceFile, Span)>,
    /// What is wrong, in one line.
    pub title: String,
    /// What stands at the place.
    pub label: String,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn at(file: &SourceFile, span: Span, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { place: Some((file.clone(), span)), title: title.into(), label: label.into(), help: Vec::new() }
    }

    /// A mistake that no file holds.
    pub fn general(title: impl Into<String>) -> Self {
        Self { place: None, title: title.into(), label: String::new(), help: Vec::new() }
    }

    /// The same, with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// `file:line:column`, or nothing.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let (file, span) = self.place.as_ref()?;
        let (line, column) = file.position(span.start);
        Some(format!("{}:{line}:{column}", file.name()))
    }

    /// The whole message, with the lines of the file and a caret, coloured or not.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        if let Some((file, span)) = &self.place {
            let annotation = AnnotationKind::Primary.span(first_line(file.text(), span)).label(self.label.as_str());
            group = group.element(Snippet::source(file.text()).path(file.name()).annotation(annotation));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// The part of a span on its first line: a caret under forty lines says nothing.
fn first_line(text: &str, span: &Span) -> Span {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let length = text.get(start..end).map_or(0, |part| part.find('\n').unwrap_or(part.len()));
    start..start + length
}

/// All mistakes of one reading, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Every message, one after the other.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.0.iter().map(|one| one.render(colour)).collect::<Vec<_>>().join("\n\n")
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
