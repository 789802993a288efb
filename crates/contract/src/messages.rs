//! What an operation takes and answers, as the contract file has it: parameters, bodies, responses, header fields.

use conformance_source::{Entry, Node};

use crate::model::{ListStyle, Place, StatusRule};
use crate::openapi::{Draft, PATH};
use crate::parts::{HeaderParts, ParameterParts, ResponseParts, Slot};
use crate::schemas::Location;

impl<'a> Draft<'a> {
    pub(crate) fn parameter(&mut self, node: &Node, at: &Location) -> Option<ParameterParts> {
        let (node, at) = self.follow(node, at)?;
        let known = [
            "name",
            "in",
            "required",
            "description",
            "schema",
            "deprecated",
            "example",
            "examples",
            "style",
            "explode",
        ];
        let object = self.reader.object(node, "a parameter", &known)?;
        let place = self.reader.choice(object.required("in")?, &[("path", Place::Path), ("query", Place::Query)])?;
        let style = if place == Place::Path { "simple" } else { "form" };
        if let Some(node) = object.optional("style") {
            self.reader.choice(node, &[(style, ())])?;
        }
        let exploded = match object.optional("explode") {
            Some(node) => self.reader.boolean(node)?,
            None => place == Place::Query,
        };
        let required = match object.optional("required") {
            Some(node) => self.reader.boolean(node)?,
            None => false,
        };
        object.required("schema")?;
        let slot = at.child("schema");
        self.locations.push(slot.clone());
        let kind = self.schemas.keyword(&slot, "type").and_then(|(_, node)| node.as_str());
        let list = match (kind, place) {
            (Some("object"), _) | (Some("array"), Place::Path) => {
                let title = format!("a parameter that is {} is not supported here", kind.unwrap_or_default());
                self.reader.wrong(
                    &object.required("schema")?.span,
                    title,
                    "supported: single values, and lists in the query",
                );
                return None;
            }
            (Some("array"), Place::Query) => Some(if exploded { ListStyle::Exploded } else { ListStyle::Commas }),
            _ => None,
        };
        let name = object.text("name")?;
        Some(ParameterParts { name, place, required: required || place == Place::Path, slot, list })
    }

    pub(crate) fn body(&mut self, node: &Node, at: &Location) -> Option<(bool, Slot)> {
        let object = self.reader.object(node, "a request body", &["required", "description", "content"])?;
        let required = match object.optional("required") {
            Some(node) => self.reader.boolean(node)?,
            None => false,
        };
        Some((required, self.content(object.required("content")?, at)?))
    }

    pub(crate) fn responses(&mut self, node: &Node, at: &Location) -> Vec<ResponseParts> {
        let mut all = Vec::new();
        for entry in node.entries() {
            let Some(status) = StatusRule::parse(&entry.key) else {
                self.reader.wrong(
                    &entry.key_span,
                    format!("`{}` is not a status", entry.key),
                    "expected `200`, `4XX` or `default`",
                );
                continue;
            };
            let Some((node, at)) = self.follow(&entry.node, &at.child(&entry.key)) else { continue };
            let Some(object) = self.reader.object(node, "a response", &["description", "content", "headers"]) else {
                continue;
            };
            let slot = object.optional("content").and_then(|content| self.content(content, &at));
            let headers = object.optional("headers").map(Node::entries).unwrap_or_default();
            let headers = headers.iter().filter_map(|entry| self.header(entry, &at.child("headers"))).collect();
            all.push(ResponseParts { status, slot, headers });
        }
        all
    }

    /// A header field of a response.
    pub(crate) fn header(&mut self, entry: &Entry, at: &Location) -> Option<HeaderParts> {
        let object =
            self.reader.object(&entry.node, "a header field", &["description", "required", "schema", "deprecated"])?;
        let required = match object.optional("required") {
            Some(node) => self.reader.boolean(node)?,
            None => false,
        };
        object.required("schema")?;
        let slot = at.child(&entry.key).child("schema");
        self.locations.push(slot.clone());
        Some(HeaderParts { name: entry.key.to_lowercase(), required, slot })
    }

    /// The schema of `application/json`, the one media type that is supported.
    pub(crate) fn content(&mut self, node: &Node, at: &Location) -> Option<Slot> {
        let object = self.reader.object(node, "content", &["application/json"])?;
        let media = object.required("application/json")?;
        self.reader.object(media, "a media type", &["schema", "example", "examples"])?.required("schema")?;
        let slot = at.child("content").child("application/json").child("schema");
        self.locations.push(slot.clone());
        Some(slot)
    }

    /// Follows a `$ref` to a component.
    pub(crate) fn follow<'n>(&self, node: &'n Node, at: &Location) -> Option<(&'n Node, Location)>
    where
        'a: 'n,
    {
        let Some(reference) = node.get("$ref") else { return Some((node, at.clone())) };
        let text = self.reader.text(reference)?;
        let found =
            text.strip_prefix('#').and_then(|pointer| Some((self.root.at(pointer)?, Location::new(PATH, pointer))));
        if found.is_none() {
            self.reader.wrong(&reference.span, format!("`$ref` leads nowhere: `{text}`"), "expected `#/components/…`");
        }
        found
    }
}
