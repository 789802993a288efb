//! What a client did, as a scenario: each request a step, ids of the server's taken from the response that first told them.
//!
//! What cannot be said again of a fresh server is left out, and named: requests that no operation has, and those about
//! objects that were there before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use conformance_api::body::decode;
use conformance_api::media::is_json;
use conformance_api::{Role, path, query};
use conformance_openapi::{Location, Operation as Declared};
use conformance_record::{Exchange, Response};
use conformance_source::pointer::push;
use conformance_source::write::{flow, quoted};
use serde_json::{Map, Value};

use crate::derived::{documented, escaped_value};
use crate::document_request::DocumentReader;

/// A text shorter than this says nothing of where it comes from.
const TELLING: usize = 6;

/// Which requirement a check cites.
pub type Cite<'c> = &'c dyn Fn(&Declared, CheckKind) -> Option<String>;

/// What a check says of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// Its status.
    Status(u16),
    /// That it is as documented.
    Body,
}

/// A client's traffic, written down.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// The scenario's file.
    pub scenario: String,
    /// How many steps it has.
    pub steps: usize,
    /// Objects that were there before, by the path at which their kind is created: a file for `mock --fixtures`.
    pub fixtures: BTreeMap<String, Vec<Value>>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// What of the responses is otherwise than documented.
    pub found: Vec<String>,
}

/// Writes traffic down.
#[must_use]
pub fn transcribe(reader: &DocumentReader, exchanges: &[Exchange], summary: &str, cite: Cite<'_>) -> Transcript {
    let mut transcriber = Transcriber { reader, steps: Vec::new(), captures: HashMap::new(), sent: HashSet::new() };
    let mut transcript = Transcript::default();
    let mut seen = ShownObjects::default();
    for exchange in exchanges {
        let named = format!("{} {}", exchange.request.method, exchange.request.path());
        let Some(at) = reader.index(&exchange.request) else {
            transcript.left_out.push(format!("{named}: no operation has this path"));
            continue;
        };
        let response = match &exchange.response {
            Ok(response) => response,
            Err(why) => {
                transcript.left_out.push(format!("{named}: there was no response ({why})"));
                continue;
            }
        };
        let declared = &reader.api.document.operations[at];
        transcript
            .found
            .extend(otherwise(reader, declared, response).into_iter().map(|what| format!("{named}: {what}")));
        seen.take(reader, at, exchange, response);
        match transcriber.step(at, exchange, response) {
            Ok(()) => {}
            Err(why) => transcript.left_out.push(format!("{named}: {why}")),
        }
    }
    transcript.steps = transcriber.steps.len();
    transcript.fixtures = seen.before();
    transcript.scenario = transcriber.text(summary, cite, &transcript.left_out);
    transcript
}

/// What a response has against it, by the document. A rejection that is not documented is no broken promise.
fn otherwise(reader: &DocumentReader, declared: &Declared, response: &Response) -> Vec<String> {
    let status = response.status;
    // `default` is for what goes wrong, where success has a status of its own.
    let is_success = (200..300).contains(&status);
    let has_own = declared.responses.iter().any(|one| one.status.starts_with('2'));
    let found = documented(declared, status).filter(|one| !(is_success && has_own && one.status == "default"));
    let Some(documented) = found else {
        let is_rejection = (400..500).contains(&status);
        return if is_rejection { Vec::new() } else { vec![format!("the status {status} is not documented")] };
    };
    let media = documented.media.iter().find(|one| is_json(&one.media_type));
    let Some(pointer) = media.and_then(|one| one.schema.as_deref()) else { return Vec::new() };
    let Ok(body) = conformance_json::parse(&response.body) else {
        return vec![format!("the body of the {status} is no JSON")];
    };
    let violations = reader.proof().violations(conformance_api::Side::Response, pointer, &body);
    let place = |at: &[String]| at.iter().fold(String::new(), |place, step| push(&place, step));
    violations.iter().take(3).map(|one| format!("{status}, at `{}`: {}", place(&one.at), one.message)).collect()
}

struct Step<'r> {
    declared: &'r Declared,
    arguments: Vec<(String, Argument)>,
    body: Option<Value>,
    /// The media type and the text of a body that is no JSON.
    raw_body: Option<(String, String)>,
    is_anonymous: bool,
    outputs: Vec<(String, String)>,
    status: u16,
    has_json: bool,
}

enum Argument {
    Value(Value),
    Expression(String),
}

/// Where a server first told a value: the step, and the pointer in its response.
type Capture = (usize, String);

struct Transcriber<'r> {
    reader: &'r DocumentReader,
    steps: Vec<Step<'r>>,
    captures: HashMap<String, Capture>,
    /// What the client said first.
    sent: HashSet<String>,
}

impl<'r> Transcriber<'r> {
    fn step(&mut self, at: usize, exchange: &Exchange, response: &Response) -> Result<(), String> {
        let api = &self.reader.api;
        let (declared, operation) = (&api.document.operations[at], &api.operations[at]);
        let request = &exchange.request;
        let mut arguments = Vec::new();
        let is_found = !matches!(response.status, 404 | 410);
        // What is put under a name of the client's is made by that.
        let makes = operation.role == Role::Replace && response.status == 201;
        let values = self.reader.path_values(request.path());
        for (name, value) in path::parameters(&declared.path).into_iter().zip(&values) {
            let argument = match self.expression(value) {
                Some(expression) => Argument::Expression(expression),
                None if self.sent.contains(value) || makes || operation.resource.is_none() => {
                    Argument::Value(value.as_str().into())
                }
                None if !is_found => Argument::Expression("$unknownId".to_owned()),
                None => return Err(format!("`{value}` was there before the recording")),
            };
            arguments.push((name.to_owned(), argument));
        }
        arguments.extend(self.query(declared, request.query().unwrap_or("")));
        let (body, raw_body) = self.body(declared, exchange)?;
        self.sent.extend(values);
        let is_anonymous = self.reader.credentials(request, "\u{0}").is_some();
        let json = conformance_json::parse(&response.body).ok();
        let number = self.steps.len();
        if let Some(json) = &json {
            self.learn(number, String::new(), json);
        }
        let has_json = json.is_some();
        let (outputs, status) = (Vec::new(), response.status);
        self.steps.push(Step { declared, arguments, body, raw_body, is_anonymous, outputs, status, has_json });
        Ok(())
    }

    fn query(&mut self, declared: &Declared, text: &str) -> Vec<(String, Argument)> {
        let mut all: Vec<(String, Argument)> = Vec::new();
        for (name, value) in query::parse(text) {
            let parameter = declared.parameters.iter().find(|one| one.location == Location::Query && one.name == name);
            // A key of the client's own, or a part of an object.
            let Some(parameter) = parameter else { continue };
            let shape = parameter.schema.as_deref().map(|at| self.reader.api.schemas.merged(at)).unwrap_or_default();
            let is_telling = value.len() >= TELLING || is_id(&name);
            let argument = match self.expression(&value).filter(|_| is_telling) {
                Some(expression) => Argument::Expression(expression),
                None => Argument::Value(query::typed(&value, &shape)),
            };
            match all.iter_mut().find(|(one, _)| *one == name) {
                Some((_, Argument::Value(Value::Array(items)))) => {
                    if let Argument::Value(value) = argument {
                        items.push(value);
                    }
                }
                Some((_, before)) => {
                    if let (Argument::Value(one), Argument::Value(other)) = (&*before, &argument) {
                        *before = Argument::Value(Value::Array(vec![one.clone(), other.clone()]));
                    }
                }
                None => all.push((name, argument)),
            }
        }
        all
    }

    /// A body as a value of the language, or as the text that was sent.
    #[allow(clippy::type_complexity, reason = "one of the two, for one caller")]
    fn body(
        &mut self,
        declared: &Declared,
        exchange: &Exchange,
    ) -> Result<(Option<Value>, Option<(String, String)>), String> {
        let request = &exchange.request;
        if request.body.is_empty() {
            return Ok((None, None));
        }
        let media_type = request.header("content-type").unwrap_or("application/json").to_owned();
        let decoded = decode(&self.reader.api.schemas, declared.body.as_ref(), Some(&media_type), &request.body);
        let value = decoded.ok().and_then(|decoded| decoded.value);
        let is_form = conformance_api::media::is_form(&media_type);
        match value.filter(|value| (is_json(&media_type) || is_form) && is_sayable(value)) {
            Some(value) => {
                let written = self.with_expressions("", &value);
                self.remember(&value);
                Ok((Some(written), None))
            }
            None => match String::from_utf8(request.body.clone()) {
                Ok(text) if !conformance_api::media::is_multipart(&media_type) => Ok((None, Some((media_type, text)))),
                _ => Err(format!("its body is {media_type}, which a scenario cannot say")),
            },
        }
    }

    /// A body whose values stand where the server told them first.
    fn with_expressions(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), self.with_expressions(name, value)));
                Value::Object(members.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.with_expressions(name, item)).collect(),
            Value::String(text) if text.len() >= TELLING => {
                self.expression(text).map_or_else(|| escaped_value(value.clone()), Value::from)
            }
            Value::Number(number) if is_id(name) => {
                self.expression(&number.to_string()).map_or_else(|| value.clone(), Value::from)
            }
            other => escaped_value(other.clone()),
        }
    }

    /// Where an earlier response told a value; that step puts it out.
    fn expression(&mut self, value: &str) -> Option<String> {
        let (number, pointer) = self.captures.get(value)?.clone();
        let named = self.steps[number].outputs.iter().find(|(_, at)| *at == pointer).map(|(name, _)| name.clone());
        let name = named.unwrap_or_else(|| {
            let name = self.name_for(number, &pointer);
            self.steps[number].outputs.push((name.clone(), pointer));
            name
        });
        Some(format!("$outputs.{name}"))
    }

    /// `createPet` that tells `/id` puts out `createPet_id`, or `createPet_id_2`.
    fn name_for(&self, number: usize, pointer: &str) -> String {
        let word = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let base =
            format!("{}_{}", word(&self.steps[number].declared.id), word(pointer.rsplit('/').next().unwrap_or("")));
        let base = if base.starts_with(|one: char| one.is_ascii_alphabetic()) { base } else { format!("step_{base}") };
        let is_taken = |name: &str| self.steps.iter().any(|one| one.outputs.iter().any(|(known, _)| known == name));
        let mut names = std::iter::once(base.clone()).chain((2..).map(|count| format!("{base}_{count}")));
        names.find(|name| !is_taken(name)).unwrap_or(base)
    }

    /// Notes what a response tells that the client has not said.
    fn learn(&mut self, number: usize, pointer: String, value: &Value) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| self.learn(number, push(&pointer, name), value));
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| self.learn(number, push(&pointer, &at.to_string()), value));
            }
            Value::String(_) | Value::Number(_) => {
                let text = query::text(value).unwrap_or_default();
                // What stands in a list may stand elsewhere in it the next time.
                let is_in_list = pointer.split('/').any(|token| token.parse::<usize>().is_ok());
                if !text.is_empty() && !is_in_list && !self.sent.contains(&text) {
                    self.captures.entry(text).or_insert((number, pointer));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Notes what the client says itself.
    fn remember(&mut self, value: &Value) {
        match value {
            Value::Object(members) => members.values().for_each(|value| self.remember(value)),
            Value::Array(items) => items.iter().for_each(|value| self.remember(value)),
            other => self.sent.extend(query::text(other)),
        }
    }

    fn text(&self, summary: &str, cite: Cite<'_>, left_out: &[String]) -> String {
        let mut text = format!("summary: {}\n", quoted(summary));
        for one in left_out {
            let _ = writeln!(text, "# left out: {}", one.replace(char::is_control, " "));
        }
        text += "steps:\n";
        for (number, step) in self.steps.iter().enumerate() {
            text += &step.text(number > 0, cite);
        }
        text
    }
}

impl Step<'_> {
    fn text(&self, is_later: bool, cite: Cite<'_>) -> String {
        let mut text = if is_later { "\n".to_owned() } else { String::new() };
        let _ = writeln!(text, "  - operationId: {}", quoted(&self.declared.id));
        if !self.arguments.is_empty() {
            let all = self.arguments.iter().map(|(name, argument)| match argument {
                Argument::Value(value) => format!("{}: {}", quoted(name), flow(&escaped_value(value.clone()))),
                Argument::Expression(expression) => format!("{}: {expression}", quoted(name)),
            });
            let _ = writeln!(text, "    parameters: {{ {} }}", all.collect::<Vec<_>>().join(", "));
        }
        if let Some(body) = &self.body {
            let _ = writeln!(text, "    requestBody: {}", flow(body));
        }
        let mut raw = Map::new();
        if self.is_anonymous {
            raw.insert("authorization".to_owned(), Value::Null);
        }
        if let Some((media_type, body)) = &self.raw_body {
            raw.insert("headers".to_owned(), serde_json::json!({ "content-type": media_type }));
            raw.insert("body".to_owned(), escaped_value(body.as_str().into()));
        }
        if !raw.is_empty() {
            let _ = writeln!(text, "    raw: {}", flow(&Value::Object(raw)));
        }
        if !self.outputs.is_empty() {
            let all = self.outputs.iter().map(|(name, pointer)| {
                let source = format!("$response.body#{pointer}");
                let is_plain = source.chars().all(|one| one.is_ascii_alphanumeric() || "$.#/_-".contains(one));
                format!("{name}: {}", if is_plain { source } else { Value::from(source).to_string() })
            });
            let _ = writeln!(text, "    outputs: {{ {} }}", all.collect::<Vec<_>>().join(", "));
        }
        let status = cite(self.declared, CheckKind::Status(self.status)).map(|id| {
            // Which rejection it is is seldom promised.
            let status = if (400..500).contains(&self.status) { "4XX".to_owned() } else { self.status.to_string() };
            format!("      - {{ cites: {}, status: {status} }}\n", quoted(&id))
        });
        let body = (self.has_json && self.status < 300).then(|| cite(self.declared, CheckKind::Body)).flatten();
        let body = body.map(|id| format!("      - {{ cites: {}, schema: documented }}\n", quoted(&id)));
        let checks: String = status.into_iter().chain(body).collect();
        if !checks.is_empty() {
            text += "    expect:\n";
            text += &checks;
        }
        text
    }
}

/// Whether the language has a word for a value: no text of it is taken for an expression, no object for a function.
fn is_sayable(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(name, value)| !name.starts_with('$') && is_sayable(value)),
        Value::Array(items) => items.iter().all(is_sayable),
        Value::String(text) => !text.contains("{$"),
        _ => true,
    }
}

/// Whether a name says that what it names is an id.
fn is_id(name: &str) -> bool {
    let plain = conformance_api::names::plain(name);
    plain.ends_with("id") || plain.ends_with("ids") || plain.ends_with("uuid")
}

/// The objects that responses showed, as each was shown first.
#[derive(Default)]
struct ShownObjects {
    /// By the path at which their kind is created, and their id.
    objects: BTreeMap<String, Vec<(String, Value)>>,
    /// Ids of objects that the recording made.
    made: HashSet<String>,
}

impl ShownObjects {
    fn take(&mut self, reader: &DocumentReader, at: usize, exchange: &Exchange, response: &Response) {
        let (api, operation) = (&reader.api, &reader.api.operations[at]);
        let declared = &api.document.operations[at];
        let (Some(resource), Some(shape)) = (api.resource_of(operation), operation.success.shape.as_ref()) else {
            return;
        };
        let Ok(body) = conformance_json::parse(&response.body) else { return };
        let inner = shape.at.iter().try_fold(&body, |here, member| here.get(member));
        let Some(inner) = inner.filter(|_| (200..300).contains(&response.status)) else { return };
        let id = |object: &Value| {
            let mut named = resource.identity.iter().filter(|one| one.is_in_path);
            named.find_map(|one| query::text(object.get(&one.name)?))
        };
        match (operation.role, inner) {
            (Role::Create, object) => self.made.extend(id(object)),
            (Role::List, Value::Array(items)) => {
                let path = exchange.request.path().to_owned();
                for item in items {
                    self.note(path.clone(), id(item), item, false);
                }
            }
            (Role::Retrieve, object) if declared.path.ends_with('}') => {
                let path = exchange.request.path().trim_end_matches('/');
                let above = path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
                self.note(above, id(object), object, true);
            }
            _ => {}
        }
    }

    fn note(&mut self, path: String, id: Option<String>, object: &Value, is_whole: bool) {
        let (Some(id), true) = (id, object.is_object()) else { return };
        if self.made.contains(&id) {
            return;
        }
        let all = self.objects.entry(path).or_default();
        match all.iter_mut().find(|(known, _)| *known == id) {
            // The object itself may show more than a list does.
            Some((_, shown)) if is_whole => *shown = object.clone(),
            Some(_) => {}
            None => all.push((id, object.clone())),
        }
    }

    fn before(self) -> BTreeMap<String, Vec<Value>> {
        let objects = self.objects.into_iter();
        objects.map(|(path, all)| (path, all.into_iter().map(|(_, object)| object).collect())).collect()
    }
}
