//! Steps that several scenarios share: a fragment's steps stand in for the step that names it, with its arguments in
//! place of `$inputs.NAME`.

use std::collections::BTreeMap;

use conformance_source::{
    Diagnostic, Diagnostics, Entry, Node, Reader, SourceFile, Tree, parse as parse_tree, suggest,
};

/// Shared steps.
#[derive(Clone, Debug)]
pub struct Fragment {
    file: SourceFile,
    inputs: Vec<String>,
    steps: Node,
}

/// The fragments of a suite, by name.
pub type Fragments = BTreeMap<String, Fragment>;

impl Fragment {
    /// Reads a fragment. Its steps are read where they are used: only then is it known what stands in them.
    ///
    /// # Errors
    /// Every mistake in its head.
    pub fn parse(file: &SourceFile) -> Result<Self, Diagnostics> {
        let root = parse_tree(file)?;
        let reader = Reader::new(file);
        let fragment = Self::read(&reader, &root);
        reader.finish(fragment)
    }

    fn read(reader: &Reader, root: &Node) -> Option<Self> {
        let object = reader.object(root, "a fragment", &["summary", "description", "inputs", "steps"])?;
        object.text("summary")?;
        let inputs =
            object.optional("inputs").map_or(Some(Vec::new()), |node| reader.list(node, |one| reader.text(one)));
        let steps = object.required("steps")?;
        if steps.items().is_empty() {
            return reader.expected(steps, "at least one step");
        }
        for step in steps.items() {
            if let Some(entry) = step.entries().iter().find(|entry| entry.key == "workflowId") {
                reader.wrong(&entry.key_span, "a fragment uses no other fragment", "write its steps here");
            }
        }
        Some(Self { file: reader.file().clone(), inputs: inputs?, steps: steps.clone() })
    }

    /// The file it stands in.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }
}

/// The steps of the fragment that a step names, with its arguments in them, and a reader of the fragment's file.
pub(crate) fn fill_in(reader: &Reader, node: &Node, fragments: &Fragments) -> Option<(Reader, Node)> {
    let object = reader.object(node, "a step with a fragment", &["description", "workflowId", "parameters"])?;
    let name_node = object.required("workflowId")?;
    let name = reader.text(name_node)?;
    let Some(fragment) = fragments.get(&name) else {
        let title = format!("there is no fragment `{name}`");
        let mut wrong = Diagnostic::at(reader.file(), name_node.span.clone(), title, "unknown fragment");
        wrong.help.extend(suggest::help(&name, fragments.keys().map(String::as_str)));
        wrong.help.push("fragments are the files under fixtures/fragments".to_owned());
        reader.report(wrong);
        return None;
    };
    let arguments = object.optional("parameters").map_or(&[][..], Node::entries);
    let known = |entry: &&Entry| !fragment.inputs.contains(&entry.key);
    for entry in arguments.iter().filter(known) {
        let title = format!("`{}` is not an input of the fragment `{name}`", entry.key);
        let mut wrong = Diagnostic::at(reader.file(), entry.key_span.clone(), title, "unknown input");
        wrong.help.extend(suggest::help(&entry.key, fragment.inputs.iter().map(String::as_str)));
        reader.report(wrong);
    }
    let missing = fragment.inputs.iter().filter(|input| !arguments.iter().any(|one| one.key == **input));
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        let title = format!("the fragment `{name}` needs `{}` under `parameters`", missing.join("`, `"));
        reader.wrong(&name_node.span, title, "named here");
        return None;
    }
    let inner = Reader::new(&fragment.file);
    let steps = fill(&inner, &fragment.steps, arguments);
    Some((inner, steps))
}

/// The tree with arguments in place of `$inputs.NAME`; each keeps the place where it is used.
fn fill(reader: &Reader, node: &Node, arguments: &[Entry]) -> Node {
    let tree = match &node.tree {
        Tree::String(text) => return fill_text(reader, node, text, arguments),
        Tree::Array(items) => Tree::Array(items.iter().map(|item| fill(reader, item, arguments)).collect()),
        Tree::Object(entries) => {
            let entries =
                entries.iter().map(|entry| Entry { node: fill(reader, &entry.node, arguments), ..entry.clone() });
            Tree::Object(entries.collect())
        }
        other => other.clone(),
    };
    Node { span: node.span.clone(), tree }
}

fn fill_text(reader: &Reader, node: &Node, text: &str, arguments: &[Entry]) -> Node {
    const PREFIX: &str = "$inputs.";
    let argument = |name: &str| arguments.iter().find(|entry| entry.key == name).map(|entry| &entry.node);
    if let Some(name) = text.strip_prefix(PREFIX) {
        return match argument(name) {
            Some(found) => moved(found, node),
            None => {
                reader.wrong(&node.span, format!("`{text}` is not an input of this fragment"), "unknown input");
                node.clone()
            }
        };
    }
    let mut text = text.to_owned();
    for entry in arguments {
        let place = format!("{{{PREFIX}{}}}", entry.key);
        if text.contains(&place) {
            let value = match &entry.node.tree {
                Tree::String(value) if value.starts_with('$') => format!("{{{value}}}"),
                Tree::String(value) => value.clone(),
                _ => entry.node.to_json().to_string(),
            };
            text = text.replace(&place, &value);
        }
    }
    if text.contains("{$inputs.") {
        reader.wrong(&node.span, "this text names an input that the fragment does not have", "unknown input");
    }
    Node { span: node.span.clone(), tree: Tree::String(text) }
}

/// A tree of another file, all of it at the place of `at`.
fn moved(node: &Node, at: &Node) -> Node {
    let tree = match &node.tree {
        Tree::Array(items) => Tree::Array(items.iter().map(|item| moved(item, at)).collect()),
        Tree::Object(entries) => {
            let entry =
                |entry: &Entry| Entry { key_span: at.span.clone(), node: moved(&entry.node, at), ..entry.clone() };
            Tree::Object(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    };
    Node { span: at.span.clone(), tree }
}
