//! Puts every file that a document refers to under one root, at `/x-files/<name>`, so that all references begin with `#/`.
//!
//! Only files of the document's own folder are read: a document from somebody else must not make this program read, or fetch,
//! what its user did not mean to show.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use conformance_source::pointer;
use serde_json::{Map, Value};

use crate::grammar::{self, Kind};
use crate::notes::Notes;
use crate::{read, references};

/// Where the other files stand in the root.
pub(crate) const HOME: &str = "x-files";

const OUTSIDE: &str = "a reference leads to the network or out of the folder, where nothing is read";
const NOWHERE: &str = "a reference leads nowhere";

/// A reference, where it stands.
struct Found {
    at: String,
    text: String,
    kind: Kind,
}

/// Where a reference leads.
enum Target {
    /// It is right as it is.
    Same,
    /// To a place in a file; the document itself is the file without a name.
    Place(String, String),
    /// To nothing that can be read, for this reason.
    Nothing(String),
}

struct Files<'a, 'n> {
    root: &'a mut Value,
    /// The folder of the document; none when it stands alone.
    folder: Option<PathBuf>,
    /// What the document is called in its folder.
    main: String,
    /// Files by their path from the folder; none when it could not be read.
    loaded: BTreeMap<String, Option<Value>>,
    /// The `$id`s of the document: a reference to one of them leads to no file.
    ids: HashSet<String>,
    notes: &'n mut Notes,
}

/// Reads the files that a document refers to; `path` is its own, when it has one. The answer is what was referred to outside of the
/// grammar, in them and in the document itself.
pub(crate) fn gather(root: &mut Value, path: Option<&Path>, notes: &mut Notes) -> Vec<(String, Kind)> {
    if let Value::Object(members) = &mut *root {
        // The name is taken here; nobody else's extension of that name means anything to us.
        members.shift_remove(HOME);
    }
    let folder = path.and_then(|path| path.parent()).and_then(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        folder.canonicalize().ok()
    });
    let main = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut files = Files { root, folder, main, loaded: BTreeMap::new(), ids: HashSet::new(), notes };
    let parts = files.follow();
    let loaded: Map<String, Value> =
        files.loaded.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
    if let (Value::Object(members), false) = (root, loaded.is_empty()) {
        members.insert(HOME.to_owned(), Value::Object(loaded));
    }
    parts
}

impl Files<'_, '_> {
    /// Follows all references from the document on, rewriting them. What is reached twice is rewritten once.
    fn follow(&mut self) -> Vec<(String, Kind)> {
        let mut queue = vec![(String::new(), String::new(), Kind::Document)];
        let mut seen = HashSet::new();
        let mut rewritten: HashSet<(String, String)> = HashSet::new();
        let mut parts = Vec::new();
        while let Some((file, place, kind)) = queue.pop() {
            for found in self.collect(&file, &place, kind) {
                if !file.is_empty() && !rewritten.insert((file.clone(), found.at.clone())) {
                    continue;
                }
                let Some((to, below)) = self.rewrite(&file, &found) else { continue };
                let part = (to, below, found.kind);
                if seen.contains(&part) || self.is_reached_anyway(&part) {
                    continue;
                }
                parts.push((absolute(&part.0, &part.1), part.2));
                seen.insert(part.clone());
                queue.push(part);
            }
        }
        parts
    }

    /// Whether the walk of the document itself comes by a place.
    fn is_reached_anyway(&self, (file, place, kind): &(String, String, Kind)) -> bool {
        file.is_empty() && grammar::kind_at(self.root, Kind::Document, place, |_, _| true) == *kind
    }

    fn value(&mut self, file: &str, place: &str) -> Option<&mut Value> {
        let file = if file.is_empty() { Some(&mut *self.root) } else { self.loaded.get_mut(file)?.as_mut() };
        file?.pointer_mut(place)
    }

    fn collect(&mut self, file: &str, place: &str, kind: Kind) -> Vec<Found> {
        let (mut found, mut ids) = (Vec::new(), Vec::new());
        if let Some(value) = self.value(file, place) {
            grammar::walk(value, kind, &mut place.to_owned(), &mut |value, kind, at| {
                if kind == Kind::Schema && file.is_empty() {
                    ids.extend(value.get("$id").and_then(Value::as_str).map(str::to_owned));
                }
                if let (true, Some(text)) = (grammar::may_refer(kind), grammar::reference(value)) {
                    found.push(Found { at: at.to_owned(), text: text.to_owned(), kind });
                }
            });
        }
        self.ids.extend(ids);
        found
    }

    /// Makes a reference one into the root. The answer is where it leads.
    fn rewrite(&mut self, file: &str, found: &Found) -> Option<(String, String)> {
        match self.target(file, &found.text) {
            // The document's own references are right as they are, but may lead where no walk has been.
            Target::Same => {
                let place = references::decode(found.text.strip_prefix('#')?);
                (!place.is_empty() && pointer::is_pointer(&place)).then_some((String::new(), place))
            }
            Target::Place(to, place) => {
                let text = format!("#{}", references::encode(&absolute(&to, &place)));
                if let Some(Value::Object(members)) = self.value(file, &found.at) {
                    members.insert("$ref".to_owned(), Value::String(text));
                }
                Some((to, place))
            }
            Target::Nothing(reason) => {
                self.notes.add(reason, &absolute(file, &found.at));
                if let Some(value) = self.value(file, &found.at) {
                    *value = references::nothing(found.kind);
                }
                None
            }
        }
    }

    fn target(&mut self, file: &str, text: &str) -> Target {
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        let place = references::decode(fragment);
        if file.is_empty() && (path.is_empty() || self.ids.contains(path)) {
            return Target::Same;
        }
        if !pointer::is_pointer(&place) {
            return Target::Nothing(NOWHERE.to_owned());
        }
        if path.is_empty() {
            // Many write references of a part as if it already stood in the whole.
            let here = self.value(file, &place).is_some();
            let file = if here || self.root.pointer(&place).is_none() { file } else { "" };
            return Target::Place(file.to_owned(), place);
        }
        let Some(name) = relative(file, path) else { return Target::Nothing(OUTSIDE.to_owned()) };
        if name == self.main && self.folder.is_some() {
            return Target::Place(String::new(), place);
        }
        match self.load(&name) {
            Ok(()) => Target::Place(name, place),
            Err(reason) => Target::Nothing(reason),
        }
    }

    fn load(&mut self, name: &str) -> Result<(), String> {
        let unread = || format!("the file `{name}` cannot be read");
        let Some(folder) = &self.folder else {
            return Err("a reference leads to another file, and the document stands alone".to_owned());
        };
        if let Some(loaded) = self.loaded.get(name) {
            return loaded.as_ref().map(|_| ()).ok_or_else(unread);
        }
        let path = folder.join(name).canonicalize().map_err(|_| unread())?;
        // A link may lead out of the folder, too.
        if !path.starts_with(folder) {
            return Err(OUTSIDE.to_owned());
        }
        let bytes = if path.is_file() { std::fs::read(&path).ok() } else { None };
        let value = bytes.and_then(|bytes| read::value(name, &bytes, self.notes).ok());
        let result = value.as_ref().map(|_| ()).ok_or_else(unread);
        self.loaded.insert(name.to_owned(), value);
        result
    }
}

/// The pointer into the root of a place in a file.
fn absolute(file: &str, place: &str) -> String {
    if file.is_empty() {
        return place.to_owned();
    }
    format!("{}{place}", pointer::push(&format!("/{HOME}"), file))
}

/// The path from the document's folder that a path in a file means; none when it leads out of it.
fn relative(file: &str, path: &str) -> Option<String> {
    let path = references::decode(path);
    let scheme = path.split_once(':').is_some_and(|(before, _)| !before.contains(['/', '.']));
    if scheme || path.starts_with(['/', '\\']) || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "./schemas/pet.yaml", Some("schemas/pet.yaml"))]
    #[case("schemas/pet.yaml", "owner.yaml", Some("schemas/owner.yaml"))]
    #[case("schemas/pet.yaml", "../a%20b.yaml", Some("a b.yaml"))]
    #[case("schemas/pet.yaml", "../../secret.yaml", None)]
    #[case("", "https://example.com/pet.yaml", None)]
    #[case("", "file:///etc/passwd", None)]
    #[case("", "//example.com/pet.yaml", None)]
    #[case("", "/etc/passwd", None)]
    fn a_path_stays_in_the_folder(#[case] file: &str, #[case] path: &str, #[case] name: Option<&str>) {
        assert_eq!(relative(file, path).as_deref(), name);
    }
}
