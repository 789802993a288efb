//! Scenarios that follow from a document, as files to read and to edit.
//!
//! They are in the language of written scenarios and do a part of what a run does anyway: whoever wants another order, another
//! value or a rule of their own begins with one of these.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance_api::names::singular;
use conformance_api::shape::inside;
use conformance_api::{Api, Proof, Role, Shape, Side, path};
use conformance_openapi::{Location, Operation as Declared};
use conformance_source::write::{flow, quoted};
use serde_json::{Map, Value};

use super::body::free_members;
use super::session::Session;
use super::{areas, expected_ids, operation};

/// A file of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioFile {
    /// Below the folder of scenarios: `pets/create-to-delete.yaml`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// The scenarios that follow from a document.
#[must_use]
pub fn scenario_files(api: &Api, proof: &Proof) -> Vec<ScenarioFile> {
    let known = expected_ids(api);
    let generator = Generator { api, proof, known };
    let mut files = Vec::new();
    for (at, area) in areas(api).into_iter().enumerate() {
        let mut add = |name: &str, text: Option<String>| {
            files.extend(text.map(|text| ScenarioFile { path: format!("{area}/{name}.yaml"), text }));
        };
        add("create-to-delete", generator.life(at));
        add("wrong-bodies", generator.wrong_bodies(at));
        add("without-credentials", generator.without_credentials(at));
        add("unknown-id", generator.unknown_id(at));
    }
    files
}

struct Generator<'d> {
    api: &'d Api,
    proof: &'d Proof,
    /// The ids of all requirements.
    known: BTreeSet<String>,
}

/// How an object is made and found.
struct Making<'d> {
    create: usize,
    /// The body that is sent, and the member of it that takes any text.
    body: Map<String, Value>,
    free: Option<String>,
    /// Where the id stands in the response to the create.
    id: String,
    declared: &'d Declared,
}

impl<'d> Generator<'d> {
    fn declared(&self, at: usize) -> &'d Declared {
        &self.api.document.operations[at]
    }

    /// How objects of a resource are made; none where a file could not say it, or nothing deletes them.
    fn making(&self, at: usize) -> Option<Making<'d>> {
        let resource = &self.api.resources[at];
        let create = operation(self.api, at, Role::Create).filter(|_| resource.kept_in.is_none())?;
        operation(self.api, at, Role::Delete)?;
        let declared = self.declared(create);
        let shape = self.api.operations[create].success.shape.as_ref()?;
        let member = resource.identity.iter().find(|one| one.is_in_path)?;
        let object = self.api.schemas.outline(&inside(&self.api.schemas, shape));
        object.property(&member.name)?;
        let id = pointer(shape, &member.name);
        let (mut body, free) = self.body(create)?;
        // What clients name is named anew in each run.
        if body.contains_key(&member.name) && free.as_deref() != Some(&member.name) {
            self.with_text(create, &mut body, &member.name, "made-{$marker}")?;
        }
        Some(Making { create, body, free, id, declared })
    }

    /// A valid body of an operation, with a word of the run in a member that takes any text.
    fn body(&self, at: usize) -> Option<(Map<String, Value>, Option<String>)> {
        let (_, schema) = Session::body_media(self.declared(at))?;
        let examples = self.declared(at).body.as_ref()?.media.iter().flat_map(|one| &one.examples);
        let examples: Vec<Value> = examples.cloned().collect();
        let Value::Object(body) = self.proof.body(Side::Request, schema, &examples)?.value.clone() else { return None };
        let mut body = escaped(body);
        let free =
            free_members(&self.api.schemas, self.api.content_of(schema)).into_iter().next().map(|free| free.name);
        let free = free.filter(|name| self.with_text(at, &mut body, name, "Made by {$marker}").is_some());
        // What stands further in is not looked for by name.
        Some((body, free.filter(|_| !self.api.envelopes.contains_key(schema))))
    }

    /// Puts a text into a member of a body, where it may stand there.
    fn with_text(&self, at: usize, body: &mut Map<String, Value>, name: &str, text: &str) -> Option<()> {
        let (_, schema) = Session::body_media(self.declared(at))?;
        let at = self.api.envelopes.get(schema).map(|envelope| envelope.at.as_slice()).unwrap_or_default();
        let put = |mut body: Map<String, Value>, text: String| {
            let inner = at.iter().try_fold(&mut body, |here, member| here.get_mut(member)?.as_object_mut())?;
            inner.insert(name.to_owned(), text.into());
            Some(body)
        };
        let tried = put(body.clone(), text.replace("{$marker}", "~abcdefgabc"))?;
        self.proof.is_valid(Side::Request, schema, &Value::Object(tried)).then_some(())?;
        *body = put(body.clone(), text.to_owned())?;
        Some(())
    }

    /// The steps that make what stands above a resource, and the arguments that name it; none where that cannot be made.
    fn above(&self, at: usize) -> Option<(String, Vec<(String, String)>)> {
        let resource = &self.api.resources[at];
        let count = resource.collection.matches("{}").count();
        let Some(parent) = resource.parent else { return (count == 0).then(Default::default) };
        let (mut steps, above) = self.above(parent)?;
        let making = self.making(parent)?;
        let output = singular(&self.api.resources[parent].name).replace(|one: char| !one.is_ascii_alphanumeric(), "_");
        let output = format!("{output}_id");
        steps += &step(making.declared, &self.arguments(making.declared, &above), Some(&Value::Object(making.body)));
        let _ = writeln!(steps, "    outputs: {{ {output}: $response.body#{} }}", making.id);
        let mut values: Vec<(String, String)> = above;
        values.push((self.api.resources[parent].parameter.clone(), format!("$outputs.{output}")));
        (values.len() == count).then_some((steps, values))
    }

    /// The arguments of a path, by the names that this operation gives to them, and those that are required besides.
    fn arguments(&self, declared: &Declared, values: &[(String, String)]) -> String {
        let names = path::parameters(&declared.path);
        let mut all: Vec<String> =
            names.iter().zip(values).map(|(name, (_, value))| format!("{}: {value}", quoted(name))).collect();
        let required = declared
            .parameters
            .iter()
            .filter(|one| one.required && matches!(one.location, Location::Query | Location::Header));
        for one in required {
            let sample = one.examples.first().cloned().or_else(|| {
                let schema = one.schema.as_deref()?;
                self.proof.body(Side::Request, schema, &[]).map(|made| made.value.clone())
            });
            all.extend(sample.map(|value| format!("{}: {}", quoted(&one.name), flow(&value))));
        }
        all.join(", ")
    }

    /// Requirements that checks may cite: those of the operation that the document has.
    fn cites(&self, declared: &Declared, names: &[&str]) -> Option<String> {
        names
            .iter()
            .map(|name| format!("{}.{name}", declared.id))
            .find(|id| self.known.contains(id))
            .map(|id| quoted(&id))
    }

    fn life(&self, at: usize) -> Option<String> {
        let (resource, making) = (&self.api.resources[at], self.making(at)?);
        let (above_steps, above) = self.above(at)?;
        let of = |values: &[(String, String)], declared: &Declared| self.arguments(declared, values);
        let mut own = above.clone();
        own.push((resource.parameter.clone(), "$outputs.id".to_owned()));
        let mut text = format!(
            "summary: An object of {} is created, found, listed, changed and deleted\nsteps:\n",
            resource.collection
        );
        text += &above_steps;
        text += &step(making.declared, &of(&above, making.declared), Some(&Value::Object(making.body.clone())));
        let _ = writeln!(text, "    outputs: {{ id: $response.body#{}, created: $response.body }}", making.id);
        text += &self.checks(making.create, making.free.as_deref(), "keeps-what-was-sent");
        if let Some(retrieve) = operation(self.api, at, Role::Retrieve) {
            text += &step(self.declared(retrieve), &of(&own, self.declared(retrieve)), None);
            text += &self.checks(retrieve, None, "");
        }
        text += &self.listed(at, &above).unwrap_or_default();
        text += &self.changed(at, &own).unwrap_or_default();
        let delete = operation(self.api, at, Role::Delete)?;
        text += &step(self.declared(delete), &of(&own, self.declared(delete)), None);
        text += &self.checks(delete, None, "");
        text += &self.gone(at, delete, &own).unwrap_or_default();
        Some(text)
    }

    /// The checks of a call that goes well; `free` is a member that is shown as it was sent.
    fn checks(&self, at: usize, free: Option<&str>, name: &str) -> String {
        let declared = self.declared(at);
        let mut text = "    expect:\n".to_owned();
        // A body that was made up may be rejected for what no document says.
        let only = if declared.body.is_some() { "ifStatus: 2XX, " } else { "" };
        let documented = self.cites(declared, &["documented-body", "documented-status"]);
        if let Some(id) = documented {
            let _ = writeln!(text, "      - {{ cites: {id}, {only}schema: documented }}");
        }
        let status = successes(declared);
        if let Some(id) = self.cites(declared, &["documented-status"]) {
            let _ = writeln!(text, "      - {{ cites: {id}, {only}status: {status} }}");
        }
        let shown = free.zip(self.api.operations[at].success.shape.as_ref()).filter(|(free, shape)| {
            self.api.schemas.outline(&inside(&self.api.schemas, shape)).property(free).is_some()
        });
        let is_json = Session::body_media(declared).is_some_and(|(media, _)| conformance_api::media::is_json(media));
        if let (Some((free, shape)), Some(id), true) = (shown, self.cites(declared, &[name]), is_json) {
            let that = pointer(shape, free);
            let sent = conformance_source::pointer::push("", free);
            let _ = writeln!(
                text,
                "      - {{ cites: {id}, {only}that: {}, equals: {} }}",
                quoted(&format!("$response.body#{that}")),
                quoted(&format!("$request.body#{sent}"))
            );
        }
        text
    }

    fn listed(&self, at: usize, above: &[(String, String)]) -> Option<String> {
        let list = operation(self.api, at, Role::List)?;
        let declared = self.declared(list);
        let id = self.cites(declared, &["lists-created"])?;
        declared.parameters.iter().all(|one| !one.required || one.location == Location::Path).then_some(())?;
        let mut text = format!("\n  - walk: {}\n", quoted(&declared.id));
        let arguments = self.arguments(declared, above);
        if !arguments.is_empty() {
            let _ = writeln!(text, "    parameters: {{ {arguments} }}");
        }
        let _ = write!(
            text,
            "    until: [$outputs.id]\n    expect:\n      - {{ cites: {id}, that: $walk.own, length: 1 }}\n"
        );
        Some(text)
    }

    fn changed(&self, at: usize, own: &[(String, String)]) -> Option<String> {
        let update = operation(self.api, at, Role::Update)?;
        let declared = self.declared(update);
        let (full, free) = self.body(update)?;
        let free = free?;
        let (_, schema) = Session::body_media(declared)?;
        let required = self.api.schemas.merged(schema).required;
        let mut body: Map<String, Value> =
            full.into_iter().filter(|(name, _)| required.contains(&name.as_str())).collect();
        self.with_text(update, &mut body, &free, "Changed by {$marker}")?;
        let mut text = step(declared, &self.arguments(declared, own), Some(&Value::Object(body)));
        text += &self.checks(update, Some(&free), "updates");
        Some(text)
    }

    fn gone(&self, at: usize, delete: usize, own: &[(String, String)]) -> Option<String> {
        let retrieve = operation(self.api, at, Role::Retrieve)?;
        let declared = self.declared(retrieve);
        let id = self.cites(declared, &["forgets-deleted"])?;
        // What says of itself that it was deleted may still be shown.
        let success = &self.api.operations[delete].success;
        let shape = success.shape.as_ref();
        let says_deleted = shape
            .is_some_and(|one| self.api.schemas.outline(&inside(&self.api.schemas, one)).property("deleted").is_some());
        (!says_deleted && success.status != 202).then_some(())?;
        let mut text = step(declared, &self.arguments(declared, own), None);
        let _ = write!(text, "    expect:\n      - {{ cites: {id}, status: [404, 410] }}\n");
        Some(text)
    }

    fn wrong_bodies(&self, at: usize) -> Option<String> {
        let (making, (above_steps, above)) = (self.making(at)?, self.above(at)?);
        let id = self.cites(making.declared, &["rejects-wrong-bodies"])?;
        let (media_type, schema) = Session::body_media(making.declared)?;
        let required = self.api.schemas.merged(schema).required;
        // An empty list in a form is one that is not there.
        let is_told = |name: &str| {
            conformance_api::media::is_json(media_type) || making.body.get(name).is_some_and(|one| !one.is_array())
        };
        let missing = required.iter().filter(|name| is_told(name)).find(|name| {
            let mut without = making.body.clone();
            without.shift_remove(**name).is_some()
                && !self.proof.is_valid(Side::Request, schema, &Value::Object(without))
        })?;
        let mut body = making.body.clone();
        body.shift_remove(*missing);
        let arguments = self.arguments(making.declared, &above);
        let mut text = format!("summary: A body without `{missing}` is rejected\nsteps:\n{above_steps}");
        text += &step(making.declared, &arguments, Some(&Value::Object(body)));
        let _ = writeln!(text, "    twin: {{ requestBody: {} }}", flow(&Value::Object(making.body)));
        let _ = write!(text, "    expect:\n      - {{ cites: {id}, status: 4XX }}\n");
        Some(text)
    }

    fn without_credentials(&self, at: usize) -> Option<String> {
        let mut steps = String::new();
        for role in [Role::List, Role::Create] {
            let Some(operation) = operation(self.api, at, role) else { continue };
            let declared = self.declared(operation);
            let Some(id) = self.cites(declared, &["wants-credentials"]).filter(|_| !declared.path.contains('{')) else {
                continue;
            };
            let body =
                if role == Role::Create { self.making(at).map(|making| Value::Object(making.body)) } else { None };
            if role == Role::Create && body.is_none() {
                continue;
            }
            steps += &step(declared, &self.arguments(declared, &[]), body.as_ref());
            let _ = write!(
                steps,
                "    raw: {{ authorization: null }}\n    expect:\n      - {{ cites: {id}, status: 4XX }}\n"
            );
        }
        let collection = &self.api.resources[at].collection;
        (!steps.is_empty())
            .then(|| format!("summary: Nobody without credentials gets at {collection}\nsteps:\n{steps}"))
    }

    fn unknown_id(&self, at: usize) -> Option<String> {
        // What clients name is there for whoever asks, in a mock as in some servers.
        self.api.resources[at].identity.iter().find(|one| one.is_in_path && !one.is_given)?;
        let (above_steps, mut values) = self.above(at)?;
        values.push((self.api.resources[at].parameter.clone(), "$unknownId".to_owned()));
        let mut steps = String::new();
        for role in [Role::Retrieve, Role::Delete] {
            let Some(operation) = operation(self.api, at, role) else { continue };
            let declared = self.declared(operation);
            let Some(id) = self.cites(declared, &["unknown-id"]) else { continue };
            steps += &step(declared, &self.arguments(declared, &values), None);
            let _ = write!(steps, "    expect:\n      - {{ cites: {id}, status: 4XX }}\n");
        }
        let item = &self.api.resources[at].item;
        (!steps.is_empty())
            .then(|| format!("summary: An id that nobody has is not found at {item}\nsteps:\n{above_steps}{steps}"))
    }
}

/// The documented statuses of success, as a check names them.
fn successes(declared: &Declared) -> String {
    let all = declared.responses.iter().map(|one| one.status.as_str());
    let exact: Vec<&str> = all.clone().filter(|status| status.starts_with('2') && *status != "2XX").collect();
    match exact.as_slice() {
        [one] if !all.clone().any(|status| status == "2XX") => (*one).to_owned(),
        [_, _, ..] if !all.clone().any(|status| status == "2XX") => format!("[{}]", exact.join(", ")),
        _ => "2XX".to_owned(),
    }
}

fn step(declared: &Declared, arguments: &str, body: Option<&Value>) -> String {
    let mut text = format!("\n  - operationId: {}\n", quoted(&declared.id));
    if !arguments.is_empty() {
        let _ = writeln!(text, "    parameters: {{ {arguments} }}");
    }
    if let Some(body) = body {
        let _ = writeln!(text, "    requestBody: {}", flow(body));
    }
    text
}

/// Where a member of the object in a response stands.
fn pointer(shape: &Shape, member: &str) -> String {
    let all = shape.at.iter().map(String::as_str).chain([member]);
    all.fold(String::new(), |pointer, token| conformance_source::pointer::push(&pointer, token))
}

/// A body whose texts are none of the language's expressions.
fn escaped(members: Map<String, Value>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name, escaped_value(value))).collect()
}

/// A value whose texts are none of the language's expressions.
pub(crate) fn escaped_value(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('$') => format!("${text}").into(),
        Value::Array(items) => items.into_iter().map(escaped_value).collect(),
        Value::Object(members) => Value::Object(escaped(members)),
        other => other,
    }
}
