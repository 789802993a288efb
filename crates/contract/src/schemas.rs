//! All JSON Schemas of a suite: found, resolved, compiled.
//!
//! A schema is known by the file it stands in and the JSON Pointer inside it. References are relative to their file and
//! never leave the suite. Bodies are validated by `jsonschema`; this module adds what it does not offer: questions about
//! a schema ("which properties, what default?") that see through `$ref` and `allOf`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use conformance_source::{Diagnostic, Node, SourceFile, pointer};
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

/// Stands before every file in the URIs that the validator sees.
const ROOT: &str = "suite:///";

/// Where a schema, or one of its keywords, stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file, relative to the suite: `schemas/thing.json`.
    pub file: String,
    /// The JSON Pointer inside it.
    pub pointer: String,
}

impl Location {
    /// The place `pointer` in `file`.
    pub fn new(file: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { file: file.into(), pointer: pointer.into() }
    }

    /// The place of a member.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        Self::new(self.file.clone(), pointer::push(&self.pointer, token))
    }

    fn uri(&self) -> String {
        // A pointer in a fragment is percent-encoded; the templates of paths hold braces.
        let pointer = self.pointer.replace('%', "%25").replace('{', "%7B").replace('}', "%7D").replace(' ', "%20");
        format!("{ROOT}{}#{pointer}", self.file)
    }

    /// The place that a URI of the validator names.
    fn from_uri(uri: &str) -> Option<Self> {
        let decoded = percent_encoding::percent_decode_str(uri.strip_prefix(ROOT)?).decode_utf8_lossy();
        let (file, pointer) = decoded.split_once('#').unwrap_or((&decoded, ""));
        Some(Self::new(file, pointer))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.file, self.pointer)
    }
}

/// A compiled schema.
#[derive(Debug)]
pub struct Compiled {
    /// Where it stands.
    pub location: Location,
    validator: Validator,
}

/// One way in which a value breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value (JSON Pointer).
    pub instance: String,
    /// The keyword that is broken.
    pub rule: Location,
    /// What was found and what was expected.
    pub message: String,
}

impl Compiled {
    /// Whether a value fits.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Every way in which a value does not fit.
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        self.validator.iter_errors(value).map(|error| self.violation(&error)).collect()
    }

    /// The first of them, and how many others there are.
    #[must_use]
    pub fn first_violations(&self, value: &Value, most: usize) -> (Vec<Violation>, usize) {
        let mut errors = self.validator.iter_errors(value);
        let first = errors.by_ref().take(most).map(|error| self.violation(&error)).collect();
        (first, errors.count())
    }

    fn violation(&self, error: &jsonschema::ValidationError<'_>) -> Violation {
        let absolute = error.absolute_keyword_location().and_then(|uri| Location::from_uri(uri.as_str()));
        Violation {
            instance: error.instance_path().as_str().to_owned(),
            rule: absolute.unwrap_or_else(|| self.location.clone()),
            message: crate::say::violation(error),
        }
    }
}

/// A file that holds schemas.
#[derive(Clone, Debug)]
struct Document {
    file: SourceFile,
    root: Node,
    json: Value,
}

/// Every file of the suite that holds schemas.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    documents: BTreeMap<String, Document>,
}

impl Schemas {
    /// Adds a parsed file under its path in the suite.
    pub(crate) fn add(&mut self, path: &str, file: &SourceFile, root: &Node) {
        let document = Document { file: file.clone(), json: root.to_json(), root: root.clone() };
        self.documents.insert(path.to_owned(), document);
    }

    /// The paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(String::as_str)
    }

    /// What stands at a location.
    #[must_use]
    pub fn node(&self, at: &Location) -> Option<&Node> {
        self.documents.get(&at.file)?.root.at(&at.pointer)
    }

    /// The location that a `$ref` at `from` leads to, if anything stands there.
    #[must_use]
    pub fn resolve(&self, from: &Location, reference: &str) -> Option<Location> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if path.is_empty() {
            from.file.clone()
        } else {
            let folder = from.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{}", path.strip_prefix("./").unwrap_or(path))
        };
        let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
        let to = Location::new(file, pointer);
        (pointer::is_pointer(&to.pointer) && self.node(&to).is_some()).then_some(to)
    }

    /// A diagnostic that points at a location.
    #[must_use]
    pub fn diagnostic(&self, at: &Location, title: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        match self.documents.get(&at.file) {
            Some(document) => Diagnostic::at(&document.file, document.root.place(&at.pointer), title, label),
            None => Diagnostic::general(title),
        }
    }

    /// The location itself and all that `$ref` and `allOf` pull in, the nearest first: what every value here must satisfy.
    #[must_use]
    pub fn all_of(&self, at: &Location) -> Vec<Location> {
        let mut found = Vec::new();
        self.pulled_in(at, &mut Vec::new(), &mut |part| found.push(part.clone()), &mut |_| {});
        found
    }

    /// The schema that a location amounts to: where a schema does nothing but refer to another, that one.
    #[must_use]
    pub fn referred(&self, at: &Location) -> Location {
        const SILENT: [&str; 6] = ["$schema", "$comment", "$ref", "title", "description", "examples"];
        let mut found = at.clone();
        // A chain that leads back to where it began says nothing, however long it is followed.
        for _ in 0..16 {
            let Some(node) = self.node(&found) else { break };
            if !node.entries().iter().all(|entry| SILENT.contains(&entry.key.as_str())) {
                break;
            }
            let next = node.get("$ref").and_then(Node::as_str).and_then(|reference| self.resolve(&found, reference));
            let Some(next) = next else { break };
            found = next;
        }
        found
    }

    /// Whether following `$ref` and `allOf` from a schema leads back to it.
    pub(crate) fn pulls_in_itself(&self, at: &Location) -> bool {
        let to =
            self.node(at).and_then(|node| node.get("$ref")?.as_str()).and_then(|reference| self.resolve(at, reference));
        to.is_some_and(|to| self.all_of(&to).contains(at))
    }

    /// Walks what a schema pulls in, each part once; tells of a part `before` and `after` what it pulls in itself.
    fn pulled_in(
        &self,
        at: &Location,
        seen: &mut Vec<Location>,
        before: &mut dyn FnMut(&Location),
        after: &mut dyn FnMut(&Location),
    ) {
        let Some(node) = self.node(at).filter(|_| !seen.contains(at)) else { return };
        seen.push(at.clone());
        before(at);
        for index in 0..node.get("allOf").map_or(0, |parts| parts.items().len()) {
            self.pulled_in(&at.child("allOf").child(&index.to_string()), seen, before, after);
        }
        if let Some(to) = node.get("$ref").and_then(Node::as_str).and_then(|reference| self.resolve(at, reference)) {
            self.pulled_in(&to, seen, before, after);
        }
        after(at);
    }

    /// The value of a keyword at this place, seen through `$ref` and `allOf`; what stands nearest wins.
    #[must_use]
    pub fn keyword(&self, at: &Location, keyword: &str) -> Option<(Location, &Node)> {
        self.all_of(at).into_iter().find_map(|part| {
            let found = self.node(&part)?.get(keyword)?;
            Some((part.child(keyword), found))
        })
    }

    /// The properties at this place, each name once, with every schema that its value must satisfy, the nearest first.
    /// What a schema pulls in comes before its own.
    #[must_use]
    pub fn properties(&self, at: &Location) -> Vec<(String, Vec<Location>)> {
        let mut parts = Vec::new();
        self.pulled_in(at, &mut Vec::new(), &mut |_| {}, &mut |part| parts.push(part.clone()));
        let mut found: Vec<(String, Vec<Location>)> = Vec::new();
        for part in parts {
            for entry in self.node(&part).and_then(|node| node.get("properties")).map_or(&[][..], Node::entries) {
                let schema = part.child("properties").child(&entry.key);
                match found.iter_mut().find(|(name, _)| *name == entry.key) {
                    Some((_, schemas)) => schemas.insert(0, schema),
                    None => found.push((entry.key.clone(), vec![schema])),
                }
            }
        }
        found
    }

    /// The properties that only some of the branches of `anyOf` and `oneOf` have at this place, with their schemas there.
    #[must_use]
    pub fn branch_properties(&self, at: &Location) -> Vec<(String, Vec<Location>)> {
        let mut found = Vec::new();
        for part in self.all_of(at) {
            for keyword in ["anyOf", "oneOf"] {
                let branches = self.node(&part).and_then(|node| node.get(keyword)).map_or(0, |node| node.items().len());
                for index in 0..branches {
                    let branch = part.child(keyword).child(&index.to_string());
                    found.extend(self.properties(&branch));
                }
            }
        }
        found
    }

    /// The schemas of the value that stands at a JSON Pointer in a body.
    #[must_use]
    pub fn descend(&self, at: &Location, pointer: &str) -> Option<Vec<Location>> {
        pointer::tokens(pointer).try_fold(vec![at.clone()], |places, token| {
            let found = places.iter().flat_map(|at| self.properties(at)).find(|(name, _)| *name == token);
            found.map(|(_, schemas)| schemas)
        })
    }

    /// Whether a keyword is `true` at this place (`readOnly`, `writeOnly`).
    #[must_use]
    pub fn flag(&self, at: &Location, keyword: &str) -> bool {
        self.keyword(at, keyword).is_some_and(|(_, node)| node.to_json() == Value::Bool(true))
    }

    /// The names that `required` demands at this place, each with the location of the demand.
    #[must_use]
    pub fn required(&self, at: &Location) -> Vec<(String, Location)> {
        let mut found = Vec::new();
        for part in self.all_of(at) {
            let Some(names) = self.node(&part).and_then(|node| node.get("required")) else { continue };
            let below = part.child("required");
            for (index, name) in names.items().iter().enumerate() {
                found.extend(name.as_str().map(|name| (name.to_owned(), below.child(&index.to_string()))));
            }
        }
        found
    }

    /// The value that a schema fixes: `const`, or an `enum` of one.
    #[must_use]
    pub fn fixed(&self, at: &Location) -> Option<Value> {
        if let Some((_, node)) = self.keyword(at, "const") {
            return Some(node.to_json());
        }
        let (_, choices) = self.keyword(at, "enum")?;
        let [only] = choices.items() else { return None };
        Some(only.to_json())
    }

    /// The value of `default`.
    #[must_use]
    pub fn default_value(&self, at: &Location) -> Option<Value> {
        self.keyword(at, "default").map(|(_, node)| node.to_json())
    }

    /// The first of `examples`.
    #[must_use]
    pub fn example(&self, at: &Location) -> Option<Value> {
        self.keyword(at, "examples")?.1.items().first().map(Node::to_json)
    }

    /// A whole number under a keyword (`minLength`, `maximum`, …).
    #[must_use]
    pub fn bound(&self, at: &Location, keyword: &str) -> Option<i64> {
        let value = self.keyword(at, keyword)?.1.to_json();
        // JSON Schema takes `100.0` for the whole number that it is.
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within what f64 holds exactly")]
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        value.as_i64().or_else(|| whole(value.as_f64()?))
    }

    /// Compiles the schemas at these locations. References were checked before.
    pub(crate) fn compile(&self, locations: &[Location]) -> Result<BTreeMap<Location, Arc<Compiled>>, Diagnostic> {
        let resources = self.documents.iter().map(|(path, document)| {
            (format!("{ROOT}{path}"), Draft::Draft202012.create_resource(document.json.clone()))
        });
        let registry = Registry::new()
            .extend(resources)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| Diagnostic::general(format!("the schemas do not fit together: {error}")))?;
        locations.iter().map(|at| Ok((at.clone(), Arc::new(self.compile_one(&registry, at)?)))).collect()
    }

    fn compile_one(&self, registry: &Registry<'_>, at: &Location) -> Result<Compiled, Diagnostic> {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(registry)
            // The wrapper needs a name of its own, or it would stand in for the file it refers to.
            .with_base_uri(format!("{ROOT}.wrapper"))
            .should_validate_formats(true)
            .offline()
            .build(&json!({ "$ref": at.uri() }))
            .map_err(|error| self.diagnostic(at, "this schema does not compile", crate::say::violation(&error)))?;
        Ok(Compiled { location: at.clone(), validator })
    }
}
