//! OpenAPI Overlay 1.0: what is changed in a document whose file stays as it is.
//!
//! An overlay is a file of its user's, and is read strictly: an unknown key, a target that is no JSONPath, and one that
//! matches nothing are errors with their place.

use conformance_source::{Diagnostic, Diagnostics, Node, Reader, SourceFile, Span, Tree, parse};
use serde_json::Value;
use serde_json_path::{JsonPath, NormalizedPath};

/// Changes to a document, in the order in which they are made.
#[derive(Clone, Debug)]
pub struct Overlay {
    file: SourceFile,
    extends: Option<String>,
    actions: Vec<Action>,
}

#[derive(Clone, Debug)]
struct Action {
    target: JsonPath,
    /// Where the target stands in the overlay.
    span: Span,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    /// Members are merged, lists are added to.
    Update(Value),
    Remove,
}

/// Where an overlay changed a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlaid {
    /// The pointer of what was changed, in the document as it was written.
    pub pointer: String,
    /// Where the overlay says so: `overlay.yaml:12:5`.
    pub place: String,
}

impl Overlay {
    /// Reads an overlay.
    ///
    /// # Errors
    /// Every mistake in it, with its place.
    pub fn parse(file: &SourceFile) -> Result<Self, Diagnostics> {
        let root = parse(file)?;
        let reader = Reader::new(file);
        let actions = actions(&reader, &root);
        let extends = root.get("extends").and_then(|node| reader.text(node));
        let actions = reader.finish(actions)?;
        Ok(Self { file: file.clone(), extends, actions })
    }

    /// The address of the document that it is for.
    #[must_use]
    pub fn extends(&self) -> Option<&str> {
        self.extends.as_deref()
    }

    /// Makes all changes to the value of a document.
    ///
    /// # Errors
    /// A target that matches nothing, or something that cannot be changed so.
    pub fn apply(&self, root: &mut Value, document: &str) -> Result<Vec<Overlaid>, Diagnostics> {
        let (mut overlaid, mut wrong) = (Vec::new(), Vec::new());
        for action in &self.actions {
            let found = action.target.query_located(root);
            let mut pointers: Vec<String> = found.locations().map(NormalizedPath::to_json_pointer).collect();
            // What is removed from a list moves what comes after it: the last one first, and each once.
            pointers.sort_by_key(|pointer| {
                let (above, last) = pointer.rsplit_once('/').unwrap_or(("", pointer));
                (above.to_owned(), last.parse::<usize>().ok(), last.to_owned())
            });
            pointers.dedup();
            if pointers.is_empty() {
                wrong.push(self.nothing(action, document));
            }
            let (line, column) = self.file.position(action.span.start);
            let place = format!("{}:{line}:{column}", self.file.name());
            for pointer in pointers.into_iter().rev() {
                if let Err(problem) = change(root, &pointer, &action.change) {
                    wrong.push(Diagnostic::at(&self.file, action.span.clone(), problem, "this target"));
                }
                overlaid.push(Overlaid { pointer, place: place.clone() });
            }
        }
        if wrong.is_empty() { Ok(overlaid) } else { Err(Diagnostics(wrong)) }
    }

    fn nothing(&self, action: &Action, document: &str) -> Diagnostic {
        let title = format!("the target matches nothing in {document}");
        let wrong = Diagnostic::at(&self.file, action.span.clone(), title, "nothing is there");
        wrong.with_help("correct the path, as in `$.paths['/pets/{petId}'].get`, or delete the action")
    }
}

fn actions(reader: &Reader, root: &Node) -> Option<Vec<Action>> {
    let object = reader.object(root, "an overlay", &known(root, &["overlay", "info", "extends", "actions"]))?;
    let version = object.required("overlay")?;
    if !reader.text(version)?.starts_with("1.") {
        return reader.expected(version, "the version of an overlay that can be read, as in `overlay: 1.0.0`");
    }
    let info = object.required("info")?;
    let info = reader.object(info, "`info`", &known(info, &["title", "version", "description"]))?;
    let _ = (info.text("title")?, info.text("version")?);
    let list = object.required("actions")?;
    // All of them may be commented out.
    if list.tree == Tree::Null { Some(Vec::new()) } else { reader.list(list, |node| action(reader, node)) }
}

fn action(reader: &Reader, node: &Node) -> Option<Action> {
    let keys = ["target", "description", "update", "remove"];
    let object = reader.object(node, "an action", &known(node, &keys))?;
    let target = object.required("target")?;
    let path = reader.text(target)?;
    let parsed = JsonPath::parse(&path).map_err(|error| {
        let title = format!("the target is no JSONPath: {error}");
        let wrong = Diagnostic::at(reader.file(), target.span.clone(), title, "this target");
        reader.report(wrong.with_help("as in `$.paths['/pets/{petId}'].get` (RFC 9535)"));
    });
    let removes = object.optional("remove").map_or(Some(false), |one| reader.boolean(one))?;
    let change = match object.optional("update") {
        _ if removes => Change::Remove,
        Some(update) => Change::Update(update.to_json()),
        None => {
            reader.wrong(&target.span, "an action has `update` or `remove: true`", "this one does nothing");
            return None;
        }
    };
    Some(Action { target: parsed.ok()?, span: target.span.clone(), change })
}

/// The keys of the format, and those of extensions.
fn known<'k>(node: &'k Node, keys: &[&'k str]) -> Vec<&'k str> {
    let extensions = node.entries().iter().map(|entry| entry.key.as_str()).filter(|key| key.starts_with("x-"));
    keys.iter().copied().chain(extensions).collect()
}

fn change(root: &mut Value, pointer: &str, change: &Change) -> Result<(), String> {
    match change {
        Change::Update(update) => match root.pointer_mut(pointer) {
            Some(Value::Array(items)) => items.push(update.clone()),
            Some(target @ Value::Object(_)) => merge(target, update),
            _ => return Err("an update changes objects and lists, and the target is neither".to_owned()),
        },
        Change::Remove => {
            let (above, last) = pointer.rsplit_once('/').ok_or("the document itself cannot be removed")?;
            match root.pointer_mut(above) {
                Some(Value::Object(members)) => {
                    members.shift_remove(&last.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(items)) => {
                    if let Some(index) = last.parse::<usize>().ok().filter(|index| *index < items.len()) {
                        items.remove(index);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Overlay 1.0, 4.4.3: members of objects are merged, lists are joined, all else is put in the place of what was there.
fn merge(target: &mut Value, update: &Value) {
    match (target, update) {
        (Value::Object(members), Value::Object(updates)) => {
            for (name, value) in updates {
                match members.get_mut(name) {
                    Some(member) => merge(member, value),
                    None => {
                        members.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (target, update) => *target = update.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn overlay(actions: &str) -> Result<Overlay, Diagnostics> {
        let text = format!("overlay: 1.0.0\ninfo: {{ title: Ours, version: '1' }}\nactions:\n{actions}\n");
        Overlay::parse(&SourceFile::new("overlay.yaml", text))
    }

    #[rstest]
    #[case::members_are_merged("- { target: $.a, update: { b: { c: 2 } } }", json!({ "a": { "b": { "c": 2, "d": [1] } } }))]
    #[case::lists_are_joined("- { target: $.a, update: { b: { d: [2, 3] } } }", json!({ "a": { "b": { "c": 1, "d": [1, 2, 3] } } }))]
    #[case::a_list_gets_an_entry("- { target: $.a.b.d, update: 2 }", json!({ "a": { "b": { "c": 1, "d": [1, 2] } } }))]
    #[case::a_member_is_removed("- { target: \"$['a'].b\", remove: true }", json!({ "a": {} }))]
    #[case::a_filter_finds_items("- { target: \"$.a.b.d[?@ == 1]\", remove: true }", json!({ "a": { "b": { "c": 1, "d": [] } } }))]
    #[case::items_are_removed_whatever_their_order("- { target: \"$.l[2,0,2]\", remove: true }", json!({ "a": { "b": { "c": 1, "d": [1] } }, "l": [2] }))]
    #[case::one_action_sees_what_another_did(
        "- { target: $.a, update: { e: {} } }\n- { target: $.a.e, update: { f: 1 } }",
        json!({ "a": { "b": { "c": 1, "d": [1] }, "e": { "f": 1 } } })
    )]
    fn changes_are_made(#[case] actions: &str, #[case] expected: Value) {
        let mut root = json!({ "a": { "b": { "c": 1, "d": [1] } } });
        if expected.get("l").is_some() {
            root["l"] = json!([1, 2, 3]);
        }
        overlay(actions).expect("an overlay").apply(&mut root, "api.yaml").expect("applied");
        assert_eq!(root, expected);
    }

    #[rstest]
    #[case::no_path("- { target: a.b, update: {} }", "no JSONPath")]
    #[case::a_misspelt_key("- { target: $.a, updaet: {} }", "did you mean `update`?")]
    #[case::nothing_to_do("- { target: $.a }", "`update` or `remove: true`")]
    fn mistakes_have_their_place(#[case] actions: &str, #[case] expected: &str) {
        let wrong = overlay(actions).expect_err("a mistake");
        assert!(wrong.0[0].location().is_some_and(|place| place.starts_with("overlay.yaml:4:")), "{wrong}");
        assert!(wrong.to_string().contains(expected), "{wrong}");
    }

    #[rstest]
    #[case::nothing_is_there("- { target: $.b, update: {} }", "matches nothing in api.yaml")]
    #[case::text_has_no_members("- { target: $.a, update: {} }", "the target is neither")]
    #[case::the_whole("- { target: $, remove: true }", "cannot be removed")]
    fn what_cannot_be_changed_is_an_error(#[case] actions: &str, #[case] expected: &str) {
        let wrong = overlay(actions).expect("an overlay").apply(&mut json!({ "a": "text" }), "api.yaml");
        assert!(wrong.expect_err("nothing to change").to_string().contains(expected));
    }
}
