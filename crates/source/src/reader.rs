//! From a tree to a type, collecting every mistake on the way.
//!
//! A read that goes wrong reports and answers `None`; the reading goes on, so that one pass finds all there is to find.

use std::cell::RefCell;

use crate::node::{Node, Tree};
use crate::{Diagnostic, Diagnostics, SourceFile, Span, suggest};

/// Reads one file.
#[derive(Debug)]
pub struct Reader {
    file: SourceFile,
    found: RefCell<Vec<Diagnostic>>,
}

impl Reader {
    /// A reader of `file`.
    #[must_use]
    pub fn new(file: &SourceFile) -> Self {
        Self { file: file.clone(), found: RefCell::default() }
    }

    /// The file that is read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Notes a mistake.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Notes a mistake at a place.
    pub fn wrong(&self, span: &Span, title: impl Into<String>, label: impl Into<String>) {
        self.report(Diagnostic::at(&self.file, span.clone(), title, label));
    }

    /// The result, if nothing went wrong.
    ///
    /// # Errors
    /// Every mistake that was noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Diagnostics> {
        let found = self.found.into_inner();
        match value {
            Some(value) if found.is_empty() => Ok(value),
            _ if found.is_empty() => Err(Diagnostic::general(format!("{} could not be read", self.file.name())).into()),
            _ => Err(Diagnostics(found)),
        }
    }

    /// An object in which only `known` keys may stand. `what` names it in messages ("a step").
    pub fn object<'n>(&'n self, node: &'n Node, what: &'n str, known: &[&str]) -> Option<Object<'n>> {
        let Tree::Object(entries) = &node.tree else {
            return self.expected(node, &format!("{what}, an object"));
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let mut diagnostic = Diagnostic::at(
                &self.file,
                entry.key_span.clone(),
                format!("`{}` is not a key of {what}", entry.key),
                "unknown key",
            );
            diagnostic.help.extend(suggest::help(&entry.key, known.iter().copied()));
            self.report(diagnostic);
        }
        Some(Object { reader: self, node, what })
    }

    /// Text.
    pub fn text(&self, node: &Node) -> Option<String> {
        node.as_str().map(str::to_owned).or_else(|| self.expected(node, "text"))
    }

    /// `true` or `false`.
    pub fn boolean(&self, node: &Node) -> Option<bool> {
        if let Tree::Bool(value) = node.tree { Some(value) } else { self.expected(node, "true or false") }
    }

    /// A whole number from 0.
    pub fn whole(&self, node: &Node) -> Option<u64> {
        match &node.tree {
            Tree::Number(number) if number.is_u64() => number.as_u64(),
            _ => self.expected(node, "a whole number"),
        }
    }

    /// A list, each item read by `read`.
    pub fn list<T>(&self, node: &Node, read: impl FnMut(&Node) -> Option<T>) -> Option<Vec<T>> {
        match &node.tree {
            Tree::Array(items) => items.iter().map(read).collect::<Vec<_>>().into_iter().collect(),
            _ => self.expected(node, "a list"),
        }
    }

    /// One word of a closed set.
    pub fn choice<T: Copy>(&self, node: &Node, choices: &[(&str, T)]) -> Option<T> {
        let word = self.text(node)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let mut diagnostic =
                Diagnostic::at(&self.file, node.span.clone(), format!("`{word}` is not a choice here"), "unknown word");
            diagnostic.help.extend(suggest::help(&word, choices.iter().map(|(name, _)| *name)));
            self.report(diagnostic);
        }
        found.map(|(_, value)| *value)
    }

    /// Reports that something else was expected here; always `None`, to end an expression with.
    pub fn expected<T>(&self, node: &Node, what: &str) -> Option<T> {
        self.wrong(&node.span, format!("expected {what}"), format!("this is {}", node.kind()));
        None
    }
}

/// An object being read. Its unknown keys have already been reported.
#[derive(Debug, Clone, Copy)]
pub struct Object<'n> {
    reader: &'n Reader,
    node: &'n Node,
    what: &'n str,
}

impl<'n> Object<'n> {
    /// The node itself.
    #[must_use]
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// The member, if it is there.
    #[must_use]
    pub fn optional(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    /// The member; its absence is a mistake.
    #[must_use]
    pub fn required(&self, key: &str) -> Option<&'n Node> {
        let found = self.node.get(key);
        if found.is_none() {
            let place = self.node.entries().first().map_or(&self.node.span, |first| &first.key_span);
            self.reader.wrong(place, format!("{} needs `{key}`", self.what), format!("no `{key}` in this object"));
        }
        found
    }

    /// The required member as text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.reader.text(self.required(key)?)
    }

    /// The member as text, if it is there.
    #[must_use]
    pub fn optional_text(&self, key: &str) -> Option<String> {
        self.reader.text(self.optional(key)?)
    }
}
