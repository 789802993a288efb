//! Any OpenAPI document (2.0, 3.0, 3.1, 3.2), in JSON or YAML, as one model: what 3.1 says.
//!
//! A document is read, the files that it refers to are put under one root, 2.0 is rewritten as 3.x, schemas become those of
//! JSON Schema 2020-12, and what is left is listed as operations. Whatever a document gets wrong costs the part that is wrong,
//! and is noted; only what is no document at all is refused.
//!
//! ```
//! use conformance_openapi::Document;
//!
//! let text = b"openapi: 3.1.0\npaths: { /pets: { get: { responses: { 200: { description: All } } } } }";
//! let document = Document::read("pets.yaml", text.to_vec())?;
//! assert_eq!(document.operations[0].id, "GET /pets");
//! # Ok::<(), conformance_source::Diagnostics>(())
//! ```
//!
//! In reading order: [`mod@model`], `document` (the steps, in order), `read`, `yaml`, `overlay`, `grammar` (what may stand where), `files`,
//! `upgrade` (2.0), `references` and `cycles` (where each `$ref` leads), `dialect` and `keywords` (schemas), `prose`, `operations`,
//! `parts` (parameters, bodies, responses), `security`, `notes`, `lines`.

mod cycles;
mod dialect;
mod document;
mod files;
mod grammar;
mod keys;
mod keywords;
mod lines;
pub mod model;
mod notes;
mod operations;
mod overlay;
mod parts;
mod prose;
mod read;
mod references;
mod security;
mod upgrade;
mod yaml;

pub use model::{Body, Document, Header, Location, Media, Note, Operation, Parameter, Response, Scheme};
pub use overlay::{Overlaid, Overlay};

/// The key under which a document, or an overlay of it, says what it means itself.
pub const EXTENSION: &str = "x-conformance";
