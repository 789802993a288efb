//! From a file to a [`Document`]: the steps, in order.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde_json::Value;

use crate::dialect::Dialect;
use crate::grammar::{self, Kind};
use crate::keywords::Keywords;
use crate::lines::Lines;
use crate::notes::Notes;
use crate::references::References;
use crate::{Document, Note, Overlay, files, keys, operations, prose, read, security, upgrade};

impl Document {
    /// Reads a file and, where it refers to them, other files of its folder: never the network, never out of the folder.
    ///
    /// # Errors
    /// When the file cannot be read, is neither JSON nor YAML, or is no OpenAPI document.
    pub fn open(path: &Path) -> Result<Self, Diagnostics> {
        Self::open_with(path, None)
    }

    /// The same of a document as an overlay changes it.
    ///
    /// # Errors
    /// As [`Document::open`]; and when a change of the overlay cannot be made.
    pub fn open_with(path: &Path, overlay: Option<&Overlay>) -> Result<Self, Diagnostics> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            Diagnostic::general(format!("cannot read {name}: {error}"))
                .with_help("give the path of an OpenAPI document, in JSON or YAML")
        })?;
        build(&name, bytes, Some(path), overlay)
    }

    /// Reads a document that stands alone.
    ///
    /// # Errors
    /// When it is neither JSON nor YAML, or is no OpenAPI document.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        build(name, bytes, None, None)
    }

    /// The other files that were read for it, by their paths from its folder.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let files = self.root.get(files::HOME).and_then(Value::as_object);
        files.into_iter().flat_map(|files| files.keys().cloned()).collect()
    }

    /// What a pointer into [`Document::root`] leads to; a `$ref` at its end is not followed.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// The line, beginning with 1, on which a part stands in the document's file, or else the part around it: read when it is
    /// first asked for, none when the file is gone.
    #[must_use]
    pub fn line(&self, pointer: &str) -> Option<usize> {
        let read = || Lines::of(&std::fs::read_to_string(&self.name).unwrap_or_default());
        let lines = self.lines.get_or_init(read);
        if self.version.starts_with('2') { lines.line(&upgrade::original(pointer)) } else { lines.line(pointer) }
    }
}

fn build(name: &str, bytes: Vec<u8>, path: Option<&Path>, overlay: Option<&Overlay>) -> Result<Document, Diagnostics> {
    let mut notes = Notes::default();
    let mut root = read::value(name, &bytes, &mut notes)?;
    let version = check(name, &bytes, &root)?;
    drop(bytes);
    let overlaid = overlay.map_or(Ok(Vec::new()), |overlay| overlay.apply(&mut root, name))?;
    let is_2 = version.starts_with('2');
    let old = is_2 || version == "3" || version.starts_with("3.0");

    let parts = files::gather(&mut root, path, &mut notes);
    if is_2 {
        upgrade::document(&mut root, &parts, &mut notes);
    }
    rewrite(&mut root, old, &mut notes);
    let operations = operations::list(&root, &mut notes);
    let base_paths = security::base_paths(&root);
    let schemes = security::schemes(&root, &mut notes);
    Ok(Document {
        name: name.to_owned(),
        title: text(&root, "/info/title").unwrap_or_else(|| "untitled".to_owned()),
        api_version: text(&root, "/info/version").unwrap_or_default(),
        root: Arc::new(without_examples(root)),
        base_paths,
        operations,
        schemes,
        notes: told(notes, is_2),
        overlaid,
        lines: OnceLock::new(),
        version,
    })
}

/// Gives schemas the dialect of 3.1 and leaves prose out, all in place: a large document does not fit into memory twice.
fn rewrite(root: &mut Value, old: bool, notes: &mut Notes) {
    let references = References::trace(root, old, notes);
    let kept = references.kept();
    let mut dialect = Dialect { old, references: &references, notes, keywords: Keywords::default() };
    let mut visit = |value: &mut Value, kind: Kind, at: &str| {
        if kind == Kind::Schema {
            dialect.schema(value, at);
        } else {
            dialect.reference(value, kind);
            keys::check(value, kind, at, dialect.notes);
            prose::leave_out(value, kind, at, &kept, dialect.notes);
        }
    };
    grammar::walk(root, Kind::Document, &mut String::new(), &mut visit);
    for (place, kind) in &references.roots {
        if let Some(value) = root.pointer_mut(place) {
            grammar::walk(value, *kind, &mut place.clone(), &mut visit);
        }
    }
    crate::references::clear(root, &references.roots, notes);
}

/// Examples of messages are in the operations: twice is too much for a large document.
fn without_examples(mut root: Value) -> Value {
    grammar::walk(&mut root, Kind::Document, &mut String::new(), &mut |value, kind, _| {
        let Value::Object(members) = value else { return };
        match kind {
            Kind::Media | Kind::Parameter | Kind::Header => {
                members.retain(|key, _| !matches!(key.as_str(), "example" | "examples"));
            }
            Kind::Components => {
                members.shift_remove("examples");
            }
            _ => {}
        }
    });
    root
}

/// The version of OpenAPI, when this is a document of one that is known and has paths.
fn check(name: &str, bytes: &[u8], root: &Value) -> Result<String, Diagnostics> {
    let wrong = |what: String, help: &str| -> Diagnostics {
        let source = String::from_utf8_lossy(bytes);
        let at =
            ["openapi", "swagger"].iter().find_map(|key| source.find(key)).filter(|_| root.is_object()).unwrap_or(0);
        let file = SourceFile::new(name, source.as_ref());
        Diagnostic::at(&file, at..at, "this is not an OpenAPI document that can be read", what).with_help(help).into()
    };
    let Value::Object(members) = root else {
        return Err(wrong("there is no object at the top".to_owned(), "give an OpenAPI document, in JSON or YAML"));
    };
    let Some(version) = text(root, "/openapi").or_else(|| text(root, "/swagger")) else {
        let keys: Vec<String> = members.keys().take(5).map(|key| format!("`{key}`")).collect();
        let found = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
        let help = "a document begins with `openapi: 3.1.0` or, in older ones, `swagger: \"2.0\"`";
        return Err(wrong(format!("it has neither `openapi` nor `swagger`; found {found}"), help));
    };
    if !matches!(version.split('.').next(), Some("2" | "3")) {
        let help = "versions 2.0, 3.0, 3.1 and 3.2 can be read";
        return Err(wrong(format!("version {version} is not known"), help));
    }
    let has = |key: &str| members.get(key).is_some_and(Value::is_object);
    if !has("paths") && !has("webhooks") {
        let found = if members.contains_key("paths") { "`paths` is no object" } else { "it has no `paths`" };
        return Err(wrong(found.to_owned(), "list the operations below `paths`, each below its path and its method"));
    }
    Ok(version)
}

/// Text, or a number as its text: `version: 1.0` is one in YAML.
fn text(root: &Value, pointer: &str) -> Option<String> {
    match root.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The notes, with places of the document as it was written.
fn told(notes: Notes, is_2: bool) -> Vec<Note> {
    let mut notes = notes.into_list();
    for note in notes.iter_mut().filter(|_| is_2) {
        note.first = upgrade::original(&note.first);
    }
    notes
}
