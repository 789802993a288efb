//! Keys that OpenAPI knows, of any version: a misspelt one is told, for what stands there is not used.

use conformance_source::suggest;
use serde_json::Value;

use crate::grammar::{Kind, METHODS};
use crate::notes::Notes;

const OPERATION: &[&str] = &[
    "callbacks",
    "consumes",
    "deprecated",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "produces",
    "requestBody",
    "responses",
    "schemes",
    "security",
    "servers",
    "summary",
    "tags",
];
const PATH_ITEM: &[&str] = &["$ref", "additionalOperations", "description", "parameters", "servers", "summary"];
const BODY: &[&str] = &["$ref", "content", "description", "required", "summary"];
const RESPONSE: &[&str] = &["$ref", "content", "description", "examples", "headers", "links", "schema", "summary"];
const DOCUMENT: &[&str] = &[
    "$self",
    "basePath",
    "components",
    "consumes",
    "definitions",
    "externalDocs",
    "host",
    "info",
    "jsonSchemaDialect",
    "openapi",
    "parameters",
    "paths",
    "produces",
    "responses",
    "schemes",
    "security",
    "securityDefinitions",
    "servers",
    "swagger",
    "tags",
    "webhooks",
];

/// Notes keys of a value that no version of OpenAPI knows at its place.
pub(crate) fn check(value: &Value, kind: Kind, at: &str, notes: &mut Notes) {
    let (what, known) = match kind {
        Kind::Document => ("the document", DOCUMENT),
        Kind::PathItem => ("a path", PATH_ITEM),
        Kind::Operation => ("an operation", OPERATION),
        Kind::Body => ("a request body", BODY),
        Kind::Response => ("a response", RESPONSE),
        _ => return,
    };
    let is_known =
        |key: &str| key.starts_with("x-") || known.contains(&key) || (kind == Kind::PathItem && METHODS.contains(&key));
    for key in value.as_object().into_iter().flat_map(|members| members.keys()).filter(|key| !is_known(key)) {
        let near = suggest::nearest(key, known.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        notes.add(format!("`{key}` is no key of {what}, and is not used{near}"), at);
    }
}
