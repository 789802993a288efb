//! Proves bodies against their schemas, and finds a body for a schema by proposing and proving.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, Registry, ValidationError, Validator};
use serde_json::{Value, json};

use crate::sample::{Extent, Sampler, Side};
use crate::schema::Schemas;

/// What the document is called among schemas.
const ROOT: &str = "urn:document";
/// So many violations of one body are told.
const MOST: usize = 20;

/// What was found for a schema, and for whom: nothing, where nothing can be.
type Found<T> = RwLock<HashMap<(Side, String), Option<Arc<T>>>>;

/// Compiled schemas, each when it is first asked for, and the bodies that were found.
pub struct Proof {
    schemas: Schemas,
    request: Registry<'static>,
    response: Registry<'static>,
    compiled: Found<Validator>,
    found: Found<Made>,
}

/// A body that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The body.
    pub value: Value,
    /// Whether it is an example of the document.
    pub is_example: bool,
}

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the body, member by member.
    pub at: Vec<String>,
    /// The keyword that is violated.
    pub keyword: String,
    /// In words.
    pub message: String,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

impl Proof {
    /// Compiles nothing yet.
    ///
    /// # Errors
    /// When the document can't be used as a source of schemas at all.
    pub fn new(schemas: &Schemas) -> Result<Self, String> {
        let registry = |side: Side| {
            let mut root = schemas.root().clone();
            leave_out(schemas, &mut root, side);
            loosen(&mut root);
            let made = Registry::new().extend([(ROOT.to_owned(), Draft::Draft202012.create_resource(root))]);
            made.and_then(jsonschema::RegistryBuilder::prepare).map_err(|error| error.to_string())
        };
        Ok(Self {
            schemas: schemas.clone(),
            request: registry(Side::Request)?,
            response: registry(Side::Response)?,
            compiled: RwLock::default(),
            found: RwLock::default(),
        })
    }

    /// What is wrong with a body by the schema at a pointer; nothing where that schema can't be compiled.
    #[must_use]
    pub fn violations(&self, side: Side, pointer: &str, body: &Value) -> Vec<Violation> {
        let Some(validator) = self.validator(side, pointer) else { return Vec::new() };
        validator.iter_errors(body).take(MOST).flat_map(|error| told(&error)).collect()
    }

    /// Whether a body is valid by the schema at a pointer.
    #[must_use]
    pub fn is_valid(&self, side: Side, pointer: &str, body: &Value) -> bool {
        self.validator(side, pointer).is_none_or(|validator| validator.is_valid(body))
    }

    fn validator(&self, side: Side, pointer: &str) -> Option<Arc<Validator>> {
        let key = (side, pointer.to_owned());
        if let Some(known) = self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let registry = if side == Side::Request { &self.request } else { &self.response };
        let built = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(registry)
            .with_base_uri("urn:reference")
            .should_validate_formats(true)
            // Documents say `uri` of references, too, and show them so in their examples.
            .with_format("uri", is_reference)
            .with_format("iri", is_reference)
            .offline()
            .build(&json!({ "$ref": format!("{ROOT}#{}", escaped(pointer)) }));
        let built = built.ok().map(Arc::new);
        self.compiled.write().unwrap_or_else(PoisonError::into_inner).insert(key, built.clone());
        built
    }

    /// A valid body for the schema at a pointer: one of `examples`, or one that is made; none when none was found.
    #[must_use]
    pub fn body(&self, side: Side, pointer: &str, examples: &[Value]) -> Option<Arc<Made>> {
        let key = (side, pointer.to_owned());
        if let Some(known) = self.found.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let valid = |value: &Value| self.is_valid(side, pointer, value);
        let example = examples.iter().find(|one| !one.is_null() && valid(one));
        let found = match example {
            Some(value) => Some(Made { value: value.clone(), is_example: true }),
            None => self.propose(side, pointer).find(valid).map(|value| Made { value, is_example: false }),
        };
        let found = found.map(Arc::new);
        self.found.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }

    /// Proposals, the fullest first.
    fn propose<'p>(&'p self, side: Side, pointer: &str) -> impl Iterator<Item = Value> + 'p {
        let schema = self.schemas.at(pointer);
        let extents = [Extent::Full, Extent::Scalars, Extent::Required];
        let variants = (0..6).flat_map(move |variant| extents.map(|extent| (variant, extent)));
        let all = [true, false].into_iter().flat_map(move |examples| variants.clone().map(move |one| (examples, one)));
        all.filter_map(move |(examples, (variant, extent))| {
            Sampler { schemas: &self.schemas, side, extent, variant, examples }.sample(&[schema?])
        })
    }
}

/// An error as violations: of a value that may be one thing or null, and is neither, what is wrong with that thing.
fn told(error: &ValidationError<'_>) -> Vec<Violation> {
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } = error.kind() {
        let wants_null = |one: &ValidationError<'_>| {
            matches!(one.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Null) })
        };
        let (nulls, others): (Vec<_>, Vec<_>) =
            context.iter().partition(|branch| matches!(branch.as_slice(), [one] if wants_null(one)));
        if let ([only], false) = (others.as_slice(), nulls.is_empty()) {
            return only.iter().flat_map(told).collect();
        }
    }
    vec![Violation {
        at: steps(error.instance_path().as_str()),
        keyword: error.kind().keyword().to_owned(),
        message: shortened(&error.to_string()),
    }]
}

fn is_reference(text: &str) -> bool {
    crate::sample::has_format(text, "iri-reference")
}

/// Required members that this side never sends are not required of it.
fn leave_out(schemas: &Schemas, value: &mut Value, side: Side) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| leave_out(schemas, one, side)),
        Value::Object(members) => {
            let hidden: Vec<String> = match members.get("properties").and_then(Value::as_object) {
                Some(properties) if members.get("required").is_some_and(Value::is_array) => properties
                    .iter()
                    .filter(|(_, schema)| {
                        let merged = schemas.merge(&[schema]);
                        if side == Side::Request { merged.read_only } else { merged.write_only }
                    })
                    .map(|(name, _)| name.clone())
                    .collect(),
                _ => Vec::new(),
            };
            if !hidden.is_empty()
                && let Some(required) = members.get_mut("required").and_then(Value::as_array_mut)
            {
                required.retain(|name| name.as_str().is_none_or(|name| !hidden.iter().any(|one| one == name)));
            }
            members.values_mut().for_each(|one| leave_out(schemas, one, side));
        }
        _ => {}
    }
}

/// One of several, of which one is an address, may be any of them: what is an address is not known exactly, as an empty text may
/// be one.
fn loosen(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(loosen),
        Value::Object(members) => {
            let is_address =
                |one: &Value| one.get("format").is_some_and(|format| matches!(format.as_str(), Some("uri" | "iri")));
            let has_address =
                members.get("oneOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_address));
            if has_address
                && !members.contains_key("anyOf")
                && let Some(all) = members.remove("oneOf")
            {
                members.insert("anyOf".to_owned(), all);
            }
            members.values_mut().for_each(loosen);
        }
        _ => {}
    }
}

/// A JSON pointer's steps, unescaped.
fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// A pointer as it may stand behind `#` in a URI.
fn escaped(pointer: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const SET: &AsciiSet = &CONTROLS
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
    utf8_percent_encode(pointer, SET).to_string()
}

fn shortened(message: &str) -> String {
    const LENGTH: usize = 200;
    match message.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}…", &message[..at]),
        None => message.to_owned(),
    }
}
