//! Refuses schemas that say something nobody would hear: unknown keywords, references that lead nowhere, keywords with
//! a value of the wrong type.
//!
//! JSON Schema ignores what it does not know; `maxLenght` would silently allow everything.

use conformance_source::{Diagnostic, Node, suggest};
use serde_json::Value;

use crate::schemas::{Location, Schemas};

/// Keywords whose value is a schema.
const SCHEMA: &[&str] = &[
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const SCHEMAS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: &[&str] = &["$defs", "dependentSchemas", "patternProperties", "properties"];
/// All other keywords of the dialect 2020-12, and the one that OpenAPI 3.1 adds and people use.
const OTHER: &[&str] = &[
    "$comment",
    "$ref",
    "$schema",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];
/// Keywords that would change what a reference means; a suite refers by file and pointer.
const UNSUPPORTED: &[&str] =
    &["$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$vocabulary", "discriminator", "nullable"];
/// The formats that are validated.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Everything that is wrong with the schema at a location and the schemas inside it.
pub(crate) fn check(schemas: &Schemas, at: &Location) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Some(node) = schemas.node(at) else { return found };
    check_node(schemas, at, node, &mut found);
    if found.is_empty() {
        found.extend(meta(schemas, at, &node.to_json()));
    }
    found
}

/// Whether the validator cannot read a pattern.
fn is_no_pattern(pattern: &str) -> bool {
    jsonschema::draft202012::new(&serde_json::json!({ "pattern": pattern })).is_err()
}

/// Keywords with values that the dialect does not allow.
fn meta(schemas: &Schemas, at: &Location, schema: &Value) -> Option<Diagnostic> {
    let error = jsonschema::draft202012::meta::validate(schema).err()?;
    let place = Location::new(at.file.clone(), format!("{}{}", at.pointer, error.instance_path().as_str()));
    Some(schemas.diagnostic(&place, "this is not a valid JSON Schema", crate::say::violation(&error)))
}

fn check_node(schemas: &Schemas, at: &Location, node: &Node, found: &mut Vec<Diagnostic>) {
    for entry in node.entries() {
        let (key, place) = (entry.key.as_str(), at.child(&entry.key));
        if SCHEMA.contains(&key) {
            check_node(schemas, &place, &entry.node, found);
        } else if SCHEMAS.contains(&key) {
            for (index, item) in entry.node.items().iter().enumerate() {
                check_node(schemas, &place.child(&index.to_string()), item, found);
            }
        } else if NAMED.contains(&key) {
            for named in entry.node.entries() {
                check_node(schemas, &place.child(&named.key), &named.node, found);
            }
        } else {
            found.extend(check_keyword(schemas, at, &place, key, &entry.node));
        }
    }
}

fn check_keyword(schemas: &Schemas, at: &Location, place: &Location, key: &str, node: &Node) -> Option<Diagnostic> {
    let known = || SCHEMA.iter().chain(SCHEMAS).chain(NAMED).chain(OTHER).copied();
    match (key, node.as_str()) {
        ("$ref", Some(reference)) if schemas.resolve(at, reference).is_none() => {
            Some(dangling(schemas, place, reference))
        }
        ("$ref", Some(_)) if schemas.pulls_in_itself(at) => {
            Some(schemas.diagnostic(place, "this schema refers to itself and to nothing else", "leads back here"))
        }
        ("pattern", Some(pattern)) if is_no_pattern(pattern) => {
            Some(schemas.diagnostic(place, "this is not a regular expression", "never matches"))
        }
        ("$schema", Some(dialect)) if dialect.trim_end_matches('#') != DIALECT => Some(
            schemas
                .diagnostic(place, "another dialect of JSON Schema", "not supported")
                .with_help(format!("schemas of a suite are written in {DIALECT}")),
        ),
        ("format", Some(format)) if !FORMATS.contains(&format) => {
            let mut diagnostic =
                schemas.diagnostic(place, format!("`{format}` is not a known format"), "never checked");
            diagnostic.help.extend(suggest::help(format, FORMATS.iter().copied()));
            Some(diagnostic)
        }
        _ if UNSUPPORTED.contains(&key) => Some(
            schemas
                .diagnostic(place, format!("`{key}` is not supported"), "would change or mean nothing here")
                .with_help("refer to schemas by file and JSON Pointer: `\"$ref\": \"thing.json#/$defs/name\"`"),
        ),
        _ if OTHER.contains(&key) => None,
        _ => {
            let title = format!("`{key}` is not a keyword of JSON Schema");
            let mut diagnostic = schemas.diagnostic(place, title, "unknown keyword");
            diagnostic.help.extend(suggest::nearest(key, known()).map(|near| format!("did you mean `{near}`?")));
            Some(diagnostic)
        }
    }
}

fn dangling(schemas: &Schemas, place: &Location, reference: &str) -> Diagnostic {
    let diagnostic =
        schemas.diagnostic(place, format!("`$ref` leads nowhere: `{reference}`"), "nothing stands at this reference");
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let folder = place.file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let file = if path.is_empty() { place.file.clone() } else { format!("{folder}/{path}") };
    let paths: Vec<&str> = schemas.paths().collect();
    if paths.contains(&file.as_str()) {
        // The file is right, so a sibling of what was meant is likely to stand where the pointer ends.
        let (above, last) = fragment.rsplit_once('/').unwrap_or(("", fragment));
        let siblings = schemas.node(&Location::new(file, above)).map(Node::entries).unwrap_or_default();
        return match suggest::nearest(last, siblings.iter().map(|entry| entry.key.as_str())) {
            Some(near) => diagnostic.with_help(format!("did you mean `{path}#{above}/{near}`?")),
            None => diagnostic.with_help("the file exists, the JSON Pointer after `#` leads nowhere in it"),
        };
    }
    let names = paths.iter().map(|path| path.rsplit('/').next().unwrap_or(path));
    match suggest::nearest(path, names) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help("references are relative to the file they stand in and stay inside the suite"),
    }
}
