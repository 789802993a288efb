//! A JSON-shaped tree in which every value and every key knows its place in the file.

use serde_json::{Map, Number, Value};

use crate::{Span, pointer};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub tree: Tree,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// Members in the order of the file; keys are unique.
    Object(Vec<Entry>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The member called `key`, when this is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The members; none when this is no object.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        if let Tree::Object(entries) = &self.tree { entries } else { &[] }
    }

    /// The items; none when this is no list.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let Tree::Array(items) = &self.tree { items } else { &[] }
    }

    /// The text, when this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Tree::String(text) = &self.tree { Some(text) } else { None }
    }

    /// The value at a JSON Pointer.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        pointer::tokens(pointer).try_fold(self, |node, token| node.child(&token))
    }

    /// The place of a JSON Pointer: of the key that it ends in, else of the nearest value above it.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Span {
        let (mut node, mut span) = (self, self.span.clone());
        for token in pointer::tokens(pointer) {
            let Some(next) = node.child(&token) else { break };
            span = node
                .entries()
                .iter()
                .find(|entry| entry.key == token)
                .map_or(next.span.clone(), |e| e.key_span.clone());
            node = next;
        }
        span
    }

    fn child(&self, token: &str) -> Option<&Self> {
        match &self.tree {
            Tree::Object(_) => self.get(token),
            Tree::Array(items) => items.get(token.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The same value without places.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(value) => Value::Number(value.clone()),
            Tree::String(value) => Value::String(value.clone()),
            Tree::Array(items) => items.iter().map(Self::to_json).collect(),
            Tree::Object(entries) => {
                let members = entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// What kind of value this is, with its article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.tree {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::String(_) => "text",
            Tree::Array(_) => "a list",
            Tree::Object(_) => "an object",
        }
    }
}
