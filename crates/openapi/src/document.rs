//! From a file to a [`Document`]: the steps, in order.

use std::path::Path;
use std::sync::Arc;

use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde_json::Value;

use crate::notes::Notes;
use crate::{Document, read};

impl Document {
    /// Reads a file and, where it refers to them, other files of its folder: never the network, never out of the folder.
    ///
    /// # Errors
    /// When the file cannot be read, is neither JSON nor YAML, or is no OpenAPI document.
    pub fn open(path: &Path) -> Result<Self, Diagnostics> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            Diagnostic::general(format!("cannot read {name}: {error}"))
                .with_help("give the path of an OpenAPI document")
        })?;
        Self::read(&name, bytes)
    }

    /// Reads a document that stands alone.
    ///
    /// # Errors
    /// When it is neither JSON nor YAML, or is no OpenAPI document.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        let mut notes = Notes::default();
        let root = read::value(name, &bytes, &mut notes)?;
        let version = version(name, &bytes, &root)?;
        Ok(Self {
            name: name.to_owned(),
            version,
            title: text(&root, "/info/title").unwrap_or_else(|| "untitled".to_owned()),
            api_version: text(&root, "/info/version").unwrap_or_default(),
            root: Arc::new(root),
            base_paths: Vec::new(),
            operations: Vec::new(),
            schemes: std::collections::BTreeMap::new(),
            notes: notes.into_list(),
        })
    }

    /// What a pointer into [`Document::root`] leads to; a `$ref` at its end is not followed.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }
}

fn version(name: &str, bytes: &[u8], root: &Value) -> Result<String, Diagnostics> {
    text(root, "/openapi").or_else(|| text(root, "/swagger")).ok_or_else(|| {
        let file = SourceFile::new(name, String::from_utf8_lossy(bytes).as_ref());
        Diagnostic::at(&file, 0..0, "this is no OpenAPI document", "no `openapi`").into()
    })
}

/// Text, or a number as its text: `version: 1.0` is one in YAML.
fn text(root: &Value, pointer: &str) -> Option<String> {
    match root.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
