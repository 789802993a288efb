//! Calls of a document's operations, as requests.

use conformance_api::credentials;
use conformance_api::envelope::{relate, resource_of_type};
use conformance_api::media::{is_form, is_json};
use conformance_api::query::{encode, form, pairs_of, text};
use conformance_api::sample::{Extent, Sampler};
use conformance_api::{Side, path};
use conformance_openapi::{Location, Operation as Declared, Parameter, Scheme};
use conformance_record::Request;
use serde_json::Value;

use super::session::Session;
use crate::target::Target;

/// What a call is made with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    /// The values in the path, from its beginning; what is missing is made up.
    pub path: Vec<String>,
    /// Query parameters besides the required ones.
    pub query: Vec<(String, String)>,
    /// Header fields in place of those of the document's examples; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, by its media type; without one where that is empty.
    pub body: Option<(String, Content)>,
    /// Whose request it is.
    pub credentials: Credentials,
    /// A required parameter of the query or the header that is left out.
    pub without: Option<String>,
    /// Whether what it is about was there before the run: then nothing of it is deleted again.
    pub changes_what_is_there: bool,
    /// Whether the version in its body is meant, and not that of the object as it is.
    pub means_its_version: bool,
}

/// With which credentials a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// The run's own.
    #[default]
    Own,
    /// Those of another workspace that the run was given.
    Second,
    /// None.
    Missing,
    /// None, in the place where they should be.
    Empty,
    /// Some that nobody was given, of the operation's own scheme.
    Unknown,
    /// Some of a scheme that the operation does not document.
    OfAnotherScheme,
}

/// A body to send.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The members of an object, wherever the operation's body has them.
    Value(Value),
    /// All of a body.
    Whole(Value),
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    /// The value, where it is one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) | Self::Whole(value) => Some(value),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}

impl Arguments {
    /// With these values in the path.
    pub fn at(path: &[String]) -> Self {
        Self { path: path.to_vec(), ..Self::default() }
    }

    pub fn with(mut self, name: &str, value: &dyn ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn body(mut self, media_type: &str, value: Value) -> Self {
        self.body = Some((media_type.to_owned(), Content::Value(value)));
        self
    }
}

impl<'r> Session<'r> {
    /// The request of a call.
    pub(crate) fn request(&self, declared: &Declared, arguments: &Arguments) -> Request {
        let mut headers = Target::headers(None);
        headers.retain(|(name, _)| name != "accept");
        headers.push(("accept".to_owned(), "application/json, */*;q=0.5".to_owned()));
        let mut query = Vec::new();
        let is_meant = |one: &&Parameter| one.required && arguments.without.as_ref() != Some(&one.name);
        for one in declared.parameters.iter().filter(is_meant) {
            let given = arguments.query.iter().any(|(name, _)| *name == one.name);
            match one.location {
                Location::Query if !given => query.extend(self.pairs(one)),
                Location::Header => {
                    headers.extend(self.sample(one).map(|value| (one.name.to_ascii_lowercase(), value)))
                }
                _ => {}
            }
        }
        query.extend(arguments.query.iter().cloned());
        headers.retain(|(name, _)| !arguments.headers.iter().any(|(one, _)| one == name));
        headers.extend(arguments.headers.iter().cloned());
        let schemes = &self.run.api.document.schemes;
        let mut identify = |token: &str| credentials::identify(schemes, declared, token, (&mut headers, &mut query));
        match arguments.credentials {
            Credentials::Own => identify(&self.token),
            Credentials::Second => {
                let token = self.second().unwrap_or_default();
                identify(&token);
            }
            Credentials::Empty => identify(""),
            Credentials::Unknown => identify(&self.word()),
            Credentials::Missing => {}
            Credentials::OfAnotherScheme => {
                headers.extend(self.other_scheme(declared).map(|value| ("authorization".to_owned(), value)));
            }
        }
        let mut body = Vec::new();
        if let Some((media_type, content)) = &arguments.body {
            if !media_type.is_empty() {
                headers.push(("content-type".to_owned(), media_type.clone()));
            }
            body = match content {
                Content::Text(text) => text.clone().into_bytes(),
                Content::Bytes(bytes) => bytes.clone(),
                Content::Value(value) if is_form(media_type) => form(value).into_bytes(),
                Content::Value(value) => {
                    conformance_json::write(&self.enclosed(declared, &arguments.path, value)).into_bytes()
                }
                Content::Whole(value) if is_form(media_type) => form(value).into_bytes(),
                Content::Whole(value) => conformance_json::write(value).into_bytes(),
            };
        }
        let mut target = format!("{}{}", self.run.target.path, self.path(declared, &arguments.path));
        if !query.is_empty() {
            let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
            target = format!("{target}?{}", query.iter().map(pair).collect::<Vec<_>>().join("&"));
        }
        Request { method: declared.method.clone(), target, headers, body }
    }

    /// The path with values in place of its parameters.
    fn path(&self, declared: &Declared, values: &[String]) -> String {
        let made_up = |name: &str| self.path_value(declared, name).unwrap_or_else(|| "x".to_owned());
        let names = path::parameters(&declared.path).into_iter().enumerate();
        let all: Vec<String> =
            names.map(|(index, name)| values.get(index).cloned().unwrap_or_else(|| made_up(name))).collect();
        path::fill(&declared.path, &all).unwrap_or_else(|| declared.path.clone())
    }

    /// A value of a path parameter that was given for the run, or that the document gives.
    pub(crate) fn path_value(&self, declared: &Declared, name: &str) -> Option<String> {
        let given = self.run.options.with.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone());
        let parameter = declared.parameters.iter().find(|one| one.location == Location::Path && one.name == name);
        given.or_else(|| self.sample(parameter?))
    }

    fn sample(&self, parameter: &Parameter) -> Option<String> {
        if let Some(example) = parameter.examples.iter().find_map(text) {
            return Some(example);
        }
        let schemas = &self.run.api.schemas;
        let schema = schemas.at(parameter.schema.as_deref()?)?;
        let sampler = Sampler { schemas, side: Side::Request, extent: Extent::Required, variant: 0, examples: true };
        text(&sampler.sample_named(&[schema], "value")?)
    }

    fn pairs(&self, parameter: &Parameter) -> Vec<(String, String)> {
        let name = parameter.name.clone();
        if let Some(value) = self.sample(parameter) {
            return vec![(name, value)];
        }
        let schemas = &self.run.api.schemas;
        let schema = parameter.schema.as_deref().and_then(|pointer| schemas.at(pointer));
        let sampler = Sampler { schemas, side: Side::Request, extent: Extent::Required, variant: 0, examples: true };
        match schema.and_then(|schema| sampler.sample_named(&[schema], "value")) {
            Some(Value::Array(items)) => items.iter().filter_map(text).map(|value| (name.clone(), value)).collect(),
            Some(value @ Value::Object(_)) => pairs_of(&value, &name),
            _ => Vec::new(),
        }
    }

    /// A value of `Authorization` by a scheme that an operation does not take.
    pub(crate) fn other_scheme(&self, declared: &Declared) -> Option<String> {
        let schemes = &self.run.api.document.schemes;
        let all: Vec<&Scheme> = declared.security.iter().flatten().filter_map(|name| schemes.get(name)).collect();
        if all.is_empty() {
            None
        } else if all.iter().all(|one| **one == Scheme::Bearer) {
            Some(format!("Basic {}", credentials::basic("conformance:no-such-password")))
        } else if all.iter().all(|one| **one == Scheme::Basic) {
            Some("Bearer conformance-no-such-token".to_owned())
        } else {
            None
        }
    }

    /// The media type of an operation's bodies that this can write, and their schema.
    pub(crate) fn body_media(declared: &Declared) -> Option<(&str, &str)> {
        let media = &declared.body.as_ref()?.media;
        let found = media
            .iter()
            .find(|one| is_json(&one.media_type))
            .or_else(|| media.iter().find(|one| is_form(&one.media_type)))?;
        let media_type = if found.media_type.contains('*') { "application/json" } else { &found.media_type };
        Some((media_type, found.schema.as_deref()?))
    }

    /// The same with the schema of an object's members, which may stand further in: what is made of it is put there when it is sent.
    pub(crate) fn content_media(&self, declared: &'r Declared) -> Option<(&'r str, &'r str)> {
        let (media_type, pointer) = Self::body_media(declared)?;
        Some((media_type, self.run.api.content_of(pointer)))
    }

    /// The members of an object that a body is about, wherever they stand in it.
    pub(crate) fn members_sent<'c>(&self, declared: &Declared, content: &'c Content) -> Option<&'c Value> {
        let value = content.value()?;
        let whole = matches!(content, Content::Whole(_)).then(|| Self::body_media(declared)).flatten();
        let envelope = whole.and_then(|(_, pointer)| self.run.api.envelopes.get(pointer));
        Some(envelope.and_then(|envelope| envelope.open(value)).unwrap_or(value))
    }

    /// A body as it is sent: the members of an object where the operation has them.
    pub(crate) fn enclosed(&self, declared: &Declared, place: &[String], content: &Value) -> Value {
        let Some((_, pointer)) = Self::body_media(declared) else { return content.clone() };
        let Some(envelope) = self.run.api.envelopes.get(pointer) else { return content.clone() };
        let at = self.run.api.document.operations.iter().position(|one| std::ptr::eq(one, declared));
        let is_on_object = at.is_some_and(|at| self.run.api.operations[at].is_item);
        let examples: Vec<Value> = self.examples_of(pointer).into_iter().cloned().collect();
        let made = self.run.proof.body(Side::Request, pointer, &examples).map(|made| made.value.clone());
        let mut template = made.unwrap_or_default();
        let is_valid = |template: &Value| self.run.proof.is_valid(Side::Request, pointer, template);
        // What it has to do with others is not what is changed; and no two new ones have one id.
        let spare = if is_on_object { "relationships" } else { "id" };
        if let Some(without) = without(&template, spare).filter(|one| is_valid(one)) {
            template = without;
        }
        let before = template.clone();
        if let Some(id) = template.pointer_mut("/data/id") {
            let own = if is_on_object { place.last().cloned() } else { None };
            *id = own.unwrap_or_else(|| self.random.note(self.word())).into();
        }
        if !is_on_object && !is_valid(&template) {
            template = before;
        }
        relate(&mut template, &|kind| {
            let at = resource_of_type(self.run.api, kind)?;
            self.there.iter().rfind(|one| one.resource == at && !one.id.is_empty()).map(|one| one.id.clone())
        });
        envelope.close(template, content.clone())
    }

    /// The document's examples of bodies with this schema.
    pub(crate) fn examples_of(&self, pointer: &str) -> Vec<&'r Value> {
        let bodies = self.run.api.document.operations.iter().filter_map(|one| one.body.as_ref());
        let media = bodies.flat_map(|body| &body.media).filter(|one| one.schema.as_deref() == Some(pointer));
        media.flat_map(|one| &one.examples).collect()
    }
}

/// A body without a member of its `data`; none where it has no such member.
fn without(body: &Value, member: &str) -> Option<Value> {
    let mut body = body.clone();
    body.get_mut("data")?.as_object_mut()?.remove(member)?;
    Some(body)
}
