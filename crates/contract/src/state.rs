//! Reads the keys that say how state behaves: `x-state`, `x-page`, `x-errors` (docs/contract.md explains them).

use std::collections::BTreeMap;
use std::sync::Arc;

use conformance_source::{Node, Object, Reader, pointer};

use crate::model::{BothCursors, Generated, IdMaker, Page, Resource, UnknownCursor};
use crate::schemas::Compiled;

/// The problems whose status a contract may choose; the usual status stands beside each.
pub const PROBLEMS: &[(&str, u16)] = &[
    ("unauthorized", 401),
    ("not-found", 404),
    ("unknown-path", 404),
    ("method-not-allowed", 405),
    ("body-too-large", 413),
    ("unsupported-media-type", 415),
    ("malformed-body", 400),
    ("invalid-body", 422),
    ("invalid-parameter", 400),
    ("unknown-parameter", 400),
    ("workspace-full", 507),
];

const GENERATED: &[(&str, Generated)] =
    &[("unix-ms", Generated::UnixMs), ("unix-seconds", Generated::UnixSeconds), ("rfc3339", Generated::Rfc3339)];
const MAKERS: &[(&str, IdMaker)] = &[("ulid", IdMaker::Ulid), ("uuid", IdMaker::Uuid), ("sequence", IdMaker::Sequence)];

pub(crate) fn resources(reader: &Reader, node: &Node) -> Option<Vec<Resource>> {
    if node.entries().is_empty() {
        return reader.expected(node, "at least one resource");
    }
    let all = node.entries().iter().map(|entry| resource(reader, &entry.key, &entry.node)).collect::<Vec<_>>();
    all.into_iter().collect()
}

fn resource(reader: &Reader, name: &str, node: &Node) -> Option<Resource> {
    let object = reader.object(node, "a resource", &["id", "onCreate", "onUpdate", "order"])?;
    let id = reader.object(object.required("id")?, "an id", &["property", "make", "prefix"])?;
    let order = match object.optional("order") {
        Some(order) => reader.choice(order, &[("newest-first", true), ("oldest-first", false)])?,
        None => true,
    };
    Some(Resource {
        name: name.to_owned(),
        id_property: id.text("property")?,
        id_maker: reader.choice(id.required("make")?, MAKERS)?,
        id_prefix: id.optional("prefix").map_or(Some(String::new()), |prefix| reader.text(prefix))?,
        on_create: generated(reader, object, "onCreate")?,
        on_update: generated(reader, object, "onUpdate")?,
        newest_first: order,
        // Known once the schemas are compiled.
        integer_ids: false,
    })
}

fn generated(reader: &Reader, object: Object<'_>, key: &str) -> Option<BTreeMap<String, Generated>> {
    let Some(node) = object.optional(key) else { return Some(BTreeMap::new()) };
    node.entries().iter().map(|entry| Some((entry.key.clone(), reader.choice(&entry.node, GENERATED)?))).collect()
}

/// `x-page` as it is written; [`Page`] adds the schema of its items.
pub(crate) struct PageKeys {
    pub(crate) limit: String,
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) items: String,
    pub(crate) more: Option<String>,
    unknown_cursor: UnknownCursor,
    both_cursors: BothCursors,
}

impl PageKeys {
    pub(crate) fn with_item(self, item: Arc<Compiled>) -> Page {
        Page {
            limit: self.limit,
            after: self.after,
            before: self.before,
            items: self.items,
            item,
            more: self.more,
            unknown_cursor: self.unknown_cursor,
            both_cursors: self.both_cursors,
        }
    }
}

pub(crate) fn page(reader: &Reader, node: &Node) -> Option<PageKeys> {
    const KEYS: &[&str] = &["limit", "after", "before", "items", "more", "unknownCursor", "bothCursors"];
    let object = reader.object(node, "x-page", KEYS)?;
    let unknown = [("empty-page", UnknownCursor::EmptyPage), ("refuse", UnknownCursor::Refuse)];
    let both = [("between", BothCursors::Between), ("refuse", BothCursors::Refuse)];
    Some(PageKeys {
        limit: object.text("limit")?,
        after: object.optional_text("after"),
        before: object.optional_text("before"),
        items: json_pointer(reader, object.required("items")?)?,
        more: match object.optional("more") {
            Some(more) => Some(json_pointer(reader, more)?),
            None => None,
        },
        unknown_cursor: match object.optional("unknownCursor") {
            Some(policy) => reader.choice(policy, &unknown)?,
            None => UnknownCursor::Refuse,
        },
        both_cursors: match object.optional("bothCursors") {
            Some(policy) => reader.choice(policy, &both)?,
            None => BothCursors::Between,
        },
    })
}

pub(crate) fn json_pointer(reader: &Reader, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    if !pointer::is_pointer(&text) {
        reader.wrong(&node.span, "expected a JSON Pointer", "a pointer begins with a slash: `/data`");
        return None;
    }
    Some(text)
}

pub(crate) fn statuses(reader: &Reader, node: &Node) -> Option<BTreeMap<String, u16>> {
    let names: Vec<&str> = PROBLEMS.iter().map(|(name, _)| *name).collect();
    reader.object(node, "x-errors.statuses", &names)?;
    let mut all = BTreeMap::new();
    for entry in node.entries() {
        match reader.whole(&entry.node)? {
            status @ 400..=599 => all.insert(entry.key.clone(), u16::try_from(status).unwrap_or(500)),
            _ => return reader.expected(&entry.node, "a status from 400 to 599"),
        };
    }
    Some(all)
}
