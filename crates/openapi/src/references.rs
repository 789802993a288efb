//! Where each `$ref` leads, found before anything is changed: to a part of the document that is what the reference takes it for,
//! or nowhere.
//!
//! A document may keep a schema where the specification has no place for one (`#/x-models/Pet`), or where it will not stay
//! (inside of a callback). The first kind is walked where it stands; the second is copied to `/x-references/<number>`.

use std::collections::{HashMap, HashSet};

use conformance_source::pointer;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::cycles;
use crate::dialect;
use crate::grammar::{self, Kind};
use crate::notes::Notes;

/// Where copies stand in the root.
pub(crate) const HOME: &str = "x-references";
/// Copies may have this many values in all: references into references could multiply a document.
const BUDGET: usize = 1_000_000;
/// References in the middle of a pointer, and chains of references, are followed this far.
const HOPS: usize = 100;

/// What a fragment of a URI cannot hold (RFC 3986, section 3.5).
const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A pointer as a fragment of a URI.
pub(crate) fn encode(pointer: &str) -> String {
    utf8_percent_encode(pointer, FRAGMENT).to_string()
}

/// What a fragment or a path of a URI says.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What stands in the place of a reference that leads nowhere: a schema that allows all, or nothing.
pub(crate) fn nothing(kind: Kind) -> Value {
    if kind == Kind::Schema { Value::Object(Map::new()) } else { Value::Null }
}

/// Where all references lead.
#[derive(Default)]
pub(crate) struct References {
    /// By what a reference is taken for, and its text; none: nowhere.
    targets: HashMap<Kind, HashMap<String, Option<String>>>,
    /// What stands outside of the grammar and is referred to all the same.
    pub(crate) roots: Vec<(String, Kind)>,
    /// Schemas by `$id` and by `$anchor`.
    names: HashMap<String, String>,
    copies: usize,
    copied: usize,
}

/// A reference, where it stands.
struct Found {
    at: String,
    text: String,
    kind: Kind,
}

impl References {
    /// Follows every reference of a document; `old` when it is older than 3.1.
    pub(crate) fn trace(root: &mut Value, old: bool, notes: &mut Notes) -> Self {
        let mut all = Self::default();
        let mut queue = all.collect(root, "", Kind::Document);
        while let Some(found) = queue.pop() {
            let known = all.targets.get(&found.kind).and_then(|targets| targets.get(&found.text));
            let target = match known {
                Some(target) => target.clone(),
                None => {
                    let (target, more) = all.locate(root, &found);
                    queue.extend(more);
                    all.targets.entry(found.kind).or_default().insert(found.text.clone(), target.clone());
                    target
                }
            };
            if target.is_none() {
                notes.add("a reference leads nowhere", &found.at);
            }
        }
        all.roots = outermost(root, &all.roots);
        for (at, becomes) in cycles::cut(root, all.targets.get(&Kind::Schema), old) {
            notes.add("a schema is made of itself", &at);
            if let Some(schema) = root.pointer_mut(&at) {
                *schema = if becomes { nothing(Kind::Schema) } else { Value::Bool(false) };
            }
        }
        all
    }

    /// Where a reference of a document that was traced leads.
    pub(crate) fn target(&self, text: &str, kind: Kind) -> Option<&str> {
        self.targets.get(&kind)?.get(text)?.as_deref()
    }

    /// The members at the top of the document under which something is referred to, though the grammar has no place for it.
    pub(crate) fn kept(&self) -> HashSet<String> {
        self.roots.iter().filter_map(|(at, _)| pointer::tokens(at).next()).collect()
    }

    fn collect(&mut self, root: &mut Value, place: &str, kind: Kind) -> Vec<Found> {
        let mut found = Vec::new();
        let Some(value) = root.pointer_mut(place) else { return found };
        grammar::walk(value, kind, &mut place.to_owned(), &mut |value, kind, at| {
            if kind == Kind::Schema {
                self.learn(value, at);
            }
            if let (true, Some(text)) = (grammar::may_refer(kind), grammar::reference(value)) {
                found.push(Found { at: at.to_owned(), text: text.to_owned(), kind });
            }
        });
        // The last one is looked at first: notes tell the first place.
        found.reverse();
        found
    }

    /// Remembers the names of a schema. A dynamic reference is taken for a plain one: what it leads to depends on the way to it,
    /// and in a document everybody means the schema that bears the name.
    fn learn(&mut self, schema: &mut Value, at: &str) {
        let Value::Object(members) = schema else { return };
        for key in ["$id", "$anchor", "$dynamicAnchor"] {
            let Some(name) = members.get(key).and_then(Value::as_str) else { continue };
            let name = if key == "$id" { name.trim_end_matches('#').to_owned() } else { format!("#{name}") };
            self.names.entry(name).or_insert_with(|| at.to_owned());
        }
        if !members.contains_key("$ref")
            && let Some(text @ Value::String(_)) = members.shift_remove("$dynamicRef")
        {
            members.insert("$ref".to_owned(), text);
        }
    }

    /// Where a reference leads, and the references that its target brings along.
    fn locate(&mut self, root: &mut Value, found: &Found) -> (Option<String>, Vec<Found>) {
        let Some(place) = self.place(&found.text).and_then(|place| settle(root, &place, found.kind)) else {
            return (None, Vec::new());
        };
        let stays = |value: &Value, kind| kind != Kind::Schema || !dialect::moves_inside(value);
        if grammar::kind_at(root, Kind::Document, &place, stays) == found.kind {
            return (Some(place), Vec::new());
        }
        let top = pointer::tokens(&place).next().unwrap_or_default();
        if Kind::Document.child(&top) == Kind::Opaque {
            self.roots.push((place.clone(), found.kind));
            let more = self.collect(root, &place, found.kind);
            return (Some(place), more);
        }
        let Some(value) = root.pointer(&place) else { return (None, Vec::new()) };
        self.copied += size(value);
        if self.copied > BUDGET {
            return (None, Vec::new());
        }
        let (copy, number) = (value.clone(), self.copies.to_string());
        self.copies += 1;
        let place = format!("/{HOME}/{number}");
        if !pointer::set(root, &place, copy) {
            return (None, Vec::new());
        }
        self.roots.push((place.clone(), found.kind));
        let more = self.collect(root, &place, found.kind);
        (Some(place), more)
    }

    /// The pointer that the text of a reference means.
    fn place(&self, text: &str) -> Option<String> {
        let (base, fragment) = text.split_once('#').unwrap_or((text, ""));
        let base = if base.is_empty() { "" } else { self.names.get(base)? };
        let fragment = decode(fragment);
        if pointer::is_pointer(&fragment) {
            // The whole document is no schema, and nothing else that can be referred to.
            return Some(format!("{base}{fragment}")).filter(|place| !place.is_empty());
        }
        self.names.get(&format!("#{fragment}")).cloned()
    }
}

/// Takes the last references out that lead nowhere: to what stood in a part that is left out by now.
pub(crate) fn clear(root: &mut Value, roots: &[(String, Kind)], notes: &mut Notes) {
    let all: Vec<(String, Kind)> =
        std::iter::once((String::new(), Kind::Document)).chain(roots.iter().cloned()).collect();
    let (mut texts, mut lost) = (HashSet::new(), HashSet::new());
    for (place, kind) in &all {
        let Some(value) = root.pointer_mut(place) else { continue };
        grammar::walk(value, *kind, &mut String::new(), &mut |value, kind, _| {
            if let (Kind::Schema, Some(text)) = (kind, grammar::reference(value))
                && !texts.contains(text)
            {
                texts.insert(text.to_owned());
            }
        });
    }
    lost.extend(texts.into_iter().filter(|text| root.pointer(&decode(text.trim_start_matches('#'))).is_none()));
    for (place, kind) in all.iter().filter(|_| !lost.is_empty()) {
        let Some(value) = root.pointer_mut(place) else { continue };
        grammar::walk(value, *kind, &mut place.clone(), &mut |value, kind, at| {
            if kind == Kind::Schema && grammar::reference(value).is_some_and(|text| lost.contains(text)) {
                notes.add("a reference leads nowhere", at);
                *value = nothing(kind);
            }
        });
    }
}

/// Where a pointer ends when references on its way are followed, and, for all but schemas, the one at its end, too.
fn settle(root: &Value, place: &str, kind: Kind) -> Option<String> {
    let mut place = place.to_owned();
    for _ in 0..HOPS {
        let Some(value) = root.pointer(&place) else {
            place = detour(root, &place)?;
            continue;
        };
        let next = if kind == Kind::Schema { None } else { grammar::reference(value) };
        match next {
            // A path item may have both a reference and members of its own.
            Some(text) if !(kind == Kind::PathItem && value.as_object().is_some_and(|item| item.len() > 1)) => {
                place = decode(text.strip_prefix('#')?);
            }
            _ => return Some(place),
        }
    }
    None
}

/// The pointer that goes on from the target of the first reference in the way of another one.
fn detour(root: &Value, place: &str) -> Option<String> {
    let (mut value, mut rest) = (root, place);
    // A name that stands where a pointer is due leads nowhere.
    while rest.starts_with('/') {
        let token = pointer::tokens(rest).next()?;
        let length = rest[1..].find('/').map_or(rest.len(), |at| at + 1);
        let next = match value {
            Value::Object(members) => members.get(&token),
            Value::Array(items) => token.parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        let Some(next) = next else {
            let target = decode(grammar::reference(value)?.strip_prefix("#/")?);
            return Some(format!("/{target}{rest}"));
        };
        (value, rest) = (next, &rest[length..]);
    }
    None
}

/// The roots that no walk of another one comes by.
fn outermost(root: &Value, roots: &[(String, Kind)]) -> Vec<(String, Kind)> {
    let places: HashMap<&str, Kind> = roots.iter().map(|(at, kind)| (at.as_str(), *kind)).collect();
    let is_inside = |at: &str, kind: Kind| {
        at.match_indices('/').skip(1).any(|(end, _)| {
            let above = places.get(&at[..end]).zip(root.pointer(&at[..end]));
            above.is_some_and(|(above, value)| grammar::kind_at(value, *above, &at[end..], |_, _| true) == kind)
        })
    };
    roots.iter().filter(|(at, kind)| !is_inside(at, *kind)).cloned().collect()
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::plain("#/components/schemas/A", Some("/components/schemas/A"))]
    #[case::percent_encoded("#/components/schemas/%7Bb%7D", Some("/components/schemas/{b}"))]
    #[case::escaped(
        "#/paths/~1a/get/responses/200/content/x~1y/schema",
        Some("/paths/~1a/get/responses/200/content/x~1y/schema")
    )]
    #[case::through_a_reference(
        "#/paths/~1a/get/responses/404/content/t/schema",
        Some("/components/responses/N/content/t/schema")
    )]
    #[case::by_id("https://example.com/a", Some("/components/schemas/A"))]
    #[case::inside_of_an_id("https://example.com/a#/items", Some("/components/schemas/A/items"))]
    #[case::by_anchor("#here", Some("/components/schemas/A/items"))]
    #[case::outside_of_the_grammar("#/x-models/M", Some("/x-models/M"))]
    #[case::something_else("#/components/parameters/P", Some("/x-references/0"))]
    #[case::whole_document("#", None)]
    #[case::dangling("#/components/schemas/Z", None)]
    #[case::elsewhere("https://example.com/z", None)]
    fn a_reference_leads_somewhere_or_nowhere(#[case] text: &str, #[case] place: Option<&str>) {
        let mut root = json!({
            "paths": { "/a": { "get": { "responses": {
                "200": { "content": { "x/y": { "schema": {} } } },
                "404": { "$ref": "#/components/responses/N" },
            } } } },
            "components": {
                "schemas": {
                    "A": { "$id": "https://example.com/a", "items": { "$anchor": "here" } },
                    "{b}": {},
                    "Asked": { "$ref": text },
                },
                "parameters": { "P": { "name": "p" } },
                "responses": { "N": { "content": { "t": { "schema": {} } } } },
            },
            "x-models": { "M": {} },
        });
        let mut notes = Notes::default();
        let found = References::trace(&mut root, false, &mut notes);
        assert_eq!(found.target(text, Kind::Schema), place);
        assert_eq!(notes.into_list().len(), usize::from(place.is_none()));
    }
}
