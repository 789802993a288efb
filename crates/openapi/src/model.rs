//! What a document says, whatever version it was written in.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::lines::Lines;
use crate::overlay::Overlaid;

/// A document, in the form of OpenAPI 3.1.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What its file is called, for messages.
    pub name: String,
    /// The version of OpenAPI, as the document says it: `2.0`, `3.0.3`, `3.1.0`.
    pub version: String,
    /// `info.title`, or `untitled`.
    pub title: String,
    /// `info.version`, or nothing.
    pub api_version: String,
    /// The whole document, upgraded: every schema in it is one of JSON Schema 2020-12, and every `$ref` in a schema begins
    /// with `#/` and leads to a schema in here. Prose and examples outside of schemas are left out, to keep it small.
    pub root: Arc<Value>,
    /// Path prefixes of the documented servers, without a slash at the end: `/v2`, `/api/v3`. No prefix is left out.
    pub base_paths: Vec<String>,
    /// In the order of the document.
    pub operations: Vec<Operation>,
    /// How a request says who sends it, by the names that [`Operation::security`] uses.
    pub schemes: BTreeMap<String, Scheme>,
    /// What could not be used, one per kind.
    pub notes: Vec<Note>,
    /// Where an overlay changed it.
    pub overlaid: Vec<Overlaid>,
    /// On which lines its parts stand, once that was asked for.
    pub(crate) lines: OnceLock<Lines>,
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// `operationId`, else `GET /path`. No two operations have the same: the second one gets ` (2)` at its end.
    pub id: String,
    /// In upper case.
    pub method: String,
    /// As in the document: `/pets/{id}`.
    pub path: String,
    /// Where the operation stands in the document as it was written: `/paths/~1pets~1{id}/get`.
    pub pointer: String,
    /// What it does, in a line; may be empty.
    pub summary: String,
    /// What is said of it at length; may be empty.
    pub description: String,
    /// What it belongs to.
    pub tags: Vec<String>,
    /// Whether it is on its way out.
    pub deprecated: bool,
    /// Those of the path and its own; its own win. `Accept`, `Authorization` and `Content-Type` are left out, as the
    /// specification says.
    pub parameters: Vec<Parameter>,
    /// What a request may carry.
    pub body: Option<Body>,
    /// In the order of the document.
    pub responses: Vec<Response>,
    /// Alternatives; each is a list of schemes that go together. No alternative: open to everybody.
    pub security: Vec<Vec<String>>,
    /// The `x-…` of the operation.
    pub extensions: Map<String, Value>,
    /// Whether its path refers to it, and it does not stand at its pointer itself.
    pub is_referenced: bool,
}

/// Where a parameter or a key travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// In the path.
    Path,
    /// After the question mark.
    Query,
    /// In a header field.
    Header,
    /// In a cookie.
    Cookie,
}

/// A value that a request carries outside of its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it travels.
    pub location: Location,
    /// Whether a request must have it; always so in a path.
    pub required: bool,
    /// Where its schema stands in [`Document::root`].
    pub schema: Option<String>,
    /// Whether its value is JSON text.
    pub json: bool,
    /// How lists and objects are written; the effective style: `form`, `simple`, `deepObject`, …
    pub style: String,
    /// Whether each item stands for itself; the effective value.
    pub explode: bool,
    /// Values that the document shows for it.
    pub examples: Vec<Value>,
    /// What the document says of it.
    pub description: Option<String>,
}

/// What a request may carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Whether a request must have it.
    pub required: bool,
    /// In the order of the document.
    pub media: Vec<Media>,
}

/// A body in one media type.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// As written: `application/json; charset=utf-8`.
    pub media_type: String,
    /// Where its schema stands in [`Document::root`].
    pub schema: Option<String>,
    /// Bodies that the document shows.
    pub examples: Vec<Value>,
}

/// What a server may answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `200`, `4XX` or `default`.
    pub status: String,
    /// In the order of the document.
    pub media: Vec<Media>,
    /// Header fields that it may bear.
    pub headers: Vec<Header>,
}

/// A header field of a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its name, as written.
    pub name: String,
    /// Whether every such response bears it.
    pub required: bool,
    /// Where its schema stands in [`Document::root`].
    pub schema: Option<String>,
    /// Values that the document shows for it.
    pub examples: Vec<Value>,
}

/// How a request says who sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Name and password in `Authorization`.
    Basic,
    /// A token in `Authorization`: `http` with `bearer`, `oauth2`, `openIdConnect`.
    Bearer,
    /// Another scheme of `Authorization`: `digest`, `Token`.
    Http(String),
    /// A key of its own.
    ApiKey {
        /// The parameter, header field or cookie.
        name: String,
        /// Where it travels.
        location: Location,
    },
    /// A certificate of the client.
    MutualTls,
    /// A type that no version of OpenAPI knows.
    Unknown(String),
}

/// Something in a document that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is: `webhooks are not served`.
    pub kind: String,
    /// How often it stands there.
    pub count: usize,
    /// Where it stands first, as a pointer into the document as it was written.
    pub first: String,
}
