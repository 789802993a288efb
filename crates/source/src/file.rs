//! A named text, and where in it an offset stands.

use std::ops::Range;
use std::sync::Arc;

/// A range of byte offsets into a [`SourceFile`].
pub type Span = Range<usize>;

/// A file's text under the name that people know it by. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
}

impl SourceFile {
    /// A file called `name` that holds `text`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        // A byte order mark says nothing about UTF-8 and stands in the way of every parser.
        let text = text.strip_prefix('\u{feff}').map(Arc::from).unwrap_or(text);
        Self { name: name.into(), text }
    }

    /// The path as shown in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines that a range takes up, whole.
    #[must_use]
    pub fn lines(&self, span: Span) -> String {
        let (start, end) = (span.start.min(self.text.len()), span.end.min(self.text.len()));
        let from = self.text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let to = self.text.get(end..).and_then(|after| after.find('\n')).map_or(self.text.len(), |at| end + at);
        self.text.get(from..to).unwrap_or("").trim_end().to_owned()
    }

    /// Line and column of a byte offset, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }
}
