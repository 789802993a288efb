//! Objects that each workspace begins with: made by requests such as a client sends, so that they are what such a client finds.

use std::collections::HashMap;

use conformance_api::credentials;
use conformance_api::envelope::{ATTRIBUTES, members, relate, related, resource_of_type};
use conformance_api::media::{is_form, is_json};
use conformance_api::names::{is_created, is_updated};
use conformance_api::plausible::Plausible;
use conformance_api::query::form;
use conformance_api::routes::Routes;
use conformance_api::shape::inside;
use conformance_api::{Api, Proof, Resource, Role, Side, path, references};
use conformance_openapi::{Location, Operation as Declared, Scheme};
use conformance_record::Request;
use conformance_source::suggest;
use serde_json::{Map, Value};

use crate::mock::Engine;

/// Header fields, or the pairs of a query.
type Pairs = Vec<(String, String)>;

/// Who makes them: a workspace that nobody else has.
const MAKER: &str = "conformance-populate";
/// So many parents get objects below them,
const PARENTS: usize = 10;
/// and each so many.
const CHILDREN: usize = 3;

/// What a workspace holds after so many objects of each kind were made in it, and how many there are.
///
/// # Errors
/// When none could be made, and why the first one could not.
pub(crate) fn populated(
    engine: &dyn Engine,
    api: &Api,
    (count, token): (usize, Option<&str>),
) -> Result<(Value, usize), String> {
    let proof = Proof::new(&api.schemas)?;
    let mut maker = Maker::new(engine, api, &proof, token);
    let mut waiting: Vec<usize> = (0..api.resources.len()).filter(|at| api.resources[*at].parent.is_none()).collect();
    // What others name comes first.
    while !waiting.is_empty() {
        let is_ready = |at: &usize| !maker.named_by(*at).iter().any(|other| other != at && waiting.contains(other));
        let at = waiting.remove(waiting.iter().position(is_ready).unwrap_or(0));
        maker.fill(at, &[], count);
    }
    // Where operations want credentials of several kinds there are several: the fullest one.
    let all = engine.saved().workspaces.into_iter().map(|(_, _, state)| state);
    let state = all.max_by_key(|state| conformance_json::write(state).len());
    match (state, maker.made, maker.refused) {
        (Some(mut state), 1.., _) => {
            age(&mut state);
            Ok((state, maker.made))
        }
        (_, _, Some(why)) => Err(why),
        _ => Err("nothing here is created at a path without parameters".to_owned()),
    }
}

/// An object that somebody wrote down: below which path, and what it has.
#[derive(Clone, Debug)]
pub struct Given {
    /// The path at which it is created: `/pets`, `/owners/7/pets`.
    pub path: String,
    /// Its members, as far as they matter; the rest is made.
    pub members: Map<String, Value>,
}

/// What a workspace holds after these objects were made in it.
///
/// # Errors
/// The number of the object that could not be made, and why.
pub(crate) fn written_down(
    engine: &dyn Engine,
    api: &Api,
    (all, token): (&[Given], Option<&str>),
) -> Result<Value, (usize, String)> {
    let proof = Proof::new(&api.schemas).map_err(|why| (0, why))?;
    let routes = Routes::of(&api.document);
    let mut maker = Maker::new(engine, api, &proof, token);
    let mut state = Value::Null;
    let depth = |given: &Given| given.path.matches('/').count();
    // What stands above others comes first: it may have an id of its own, below which they are found.
    let mut order: Vec<(usize, &Given)> = all.iter().enumerate().collect();
    order.sort_by_key(|(_, given)| depth(given));
    for level in order.chunk_by(|(_, one), (_, other)| depth(one) == depth(other)) {
        let mut besides = Vec::new();
        for (number, given) in level {
            let wrong = |why: String| (*number, why);
            let create = routes.operation("POST", &given.path).filter(|at| api.operations[*at].role == Role::Create);
            let create = create.ok_or_else(|| wrong(format!("nothing is created at {}", given.path)))?;
            let above = routes.find(&given.path).map(|(_, values)| values).unwrap_or_default();
            maker.check(create, given).map_err(wrong)?;
            maker.write_down(create, &above, given, *number).map_err(wrong)?;
            besides.push(*given);
        }
        let mut saved = engine.saved();
        if saved.workspaces.len() > 1 {
            let why = "these objects are created with credentials of several kinds, and would be of several workspaces";
            return Err((level[0].0, why.to_owned()));
        }
        if let Some((_, _, holds)) = saved.workspaces.last_mut() {
            amend(holds, &besides, api);
            state = holds.clone();
        }
        engine.restore(saved).map_err(|why| (level[0].0, why))?;
    }
    Ok(state)
}

/// Puts what no client can say, such as ids and times, into the objects that were made last.
fn amend(holds: &mut Value, given: &[&Given], api: &Api) {
    let mut objects: Vec<&mut Value> = Vec::new();
    for collection in holds["collections"].as_array_mut().into_iter().flatten() {
        objects.extend(collection["objects"].as_array_mut().into_iter().flatten());
    }
    objects.sort_by_key(|one| one["sequence"].as_u64());
    let is_id = |name: &str| api.resources.iter().flat_map(|one| &one.identity).any(|member| member.name == name);
    for (object, given) in objects.into_iter().rev().zip(given.iter().rev()) {
        for (name, value) in &given.members {
            let members = holder(&mut object["members"], name);
            if members.get(name) != Some(value) {
                members[name.as_str()] = value.clone();
                // Found by what it is called now.
                if is_id(name) {
                    object.as_object_mut().into_iter().for_each(|one| drop(one.shift_remove("ids")));
                }
            }
        }
    }
}

/// Where a member of an object stands: in the object, or in its `attributes`.
fn holder<'o>(members: &'o mut Value, name: &str) -> &'o mut Value {
    let is_further_in =
        members.get(name).is_none() && members.get(ATTRIBUTES).is_some_and(|one| one.get(name).is_some());
    if is_further_in { &mut members[ATTRIBUTES] } else { members }
}

/// Makes objects as old as they might be: the last one is of now, each one that was made before it older.
fn age(state: &mut Value) {
    const STEP: jiff::SignedDuration = jiff::SignedDuration::from_mins(97);
    let collections = state.get_mut("collections").and_then(Value::as_array_mut).into_iter().flatten();
    let objects = collections.filter_map(|one| one.get_mut("objects").and_then(Value::as_array_mut)).flatten();
    let mut objects: Vec<&mut Value> = objects.collect();
    objects.sort_by_key(|one| std::cmp::Reverse(one["sequence"].as_u64()));
    for (object, age) in objects.into_iter().zip(0..) {
        let Some(members) = object.get_mut("members") else { continue };
        turn_back(members, STEP * age);
        members.get_mut(ATTRIBUTES).into_iter().for_each(|attributes| turn_back(attributes, STEP * age));
    }
}

/// Turns the times of an object's creation and last change back.
fn turn_back(members: &mut Value, by: jiff::SignedDuration) {
    let Some(members) = members.as_object_mut() else { return };
    let times = members.iter_mut().filter(|(name, _)| is_created(name) || is_updated(name));
    for (_, value) in times {
        let earlier = match &*value {
            Value::String(text) => {
                let zoned = || jiff::fmt::rfc2822::parse(text).ok()?.checked_sub(by).ok();
                let mail = || jiff::fmt::rfc2822::to_string(&zoned()?).ok();
                let plain = text.parse::<jiff::Timestamp>().ok().and_then(|one| one.checked_sub(by).ok());
                plain.map(|one| one.to_string()).or_else(mail).map(Value::from)
            }
            Value::Number(number) => number.as_i64().filter(|one| *one > 1_000_000_000).map(|told| {
                let unit = if told > 100_000_000_000 { 1000 } else { 1 };
                (told - by.as_secs() * unit).into()
            }),
            _ => None,
        };
        if let Some(earlier) = earlier {
            *value = earlier;
        }
    }
}

struct Maker<'m> {
    engine: &'m dyn Engine,
    api: &'m Api,
    proof: &'m Proof,
    /// Whose objects they are.
    token: &'m str,
    made: usize,
    /// The ids of what was made, by its resource.
    ids: HashMap<usize, Vec<String>>,
    /// Why the first one was rejected that was.
    refused: Option<String>,
}

impl<'m> Maker<'m> {
    fn new(engine: &'m dyn Engine, api: &'m Api, proof: &'m Proof, token: Option<&'m str>) -> Self {
        let token = token.unwrap_or(MAKER);
        Self { engine, api, proof, token, made: 0, ids: HashMap::new(), refused: None }
    }

    /// The resources that the bodies of a resource's create name.
    fn named_by(&self, at: usize) -> Vec<usize> {
        let is_create = |one: &conformance_api::Operation| one.role == Role::Create && one.resource == Some(at);
        let create = self.api.operations.iter().position(is_create);
        let body = create.and_then(|create| self.api.document.operations[create].body.as_ref());
        let Some(pointer) = body.and_then(|body| body.media.first()?.schema.as_deref()) else { return Vec::new() };
        let outline = self.api.schemas.outline(&self.api.schemas.at(pointer).into_iter().collect::<Vec<_>>());
        let properties = outline.properties.iter();
        let named = properties.filter_map(|(name, property)| {
            references::referred(self.api, name, &self.api.schemas.merge_value(property))
        });
        named.chain(related(self.api, pointer)).collect()
    }

    /// Lets members that name other objects name some that are there.
    fn refer(&self, pointer: &str, body: &mut Value, index: usize) {
        let outline = self.api.schemas.outline(&self.api.schemas.at(pointer).into_iter().collect::<Vec<_>>());
        for (name, property) in &outline.properties {
            let merged = self.api.schemas.merge_value(property);
            let known = references::referred(self.api, name, &merged).and_then(|at| self.ids.get(&at));
            let Some(id) = known.and_then(|ids| ids.get(index % ids.len().max(1))) else { continue };
            let Some(before) = body.get(*name).filter(|now| !now.is_null()).cloned() else { continue };
            let typed = |is_number: bool| {
                id.parse::<i64>().ok().filter(|_| is_number).map_or_else(|| id.as_str().into(), Value::from)
            };
            body[*name] = match &before {
                Value::Array(items) => vec![typed(items.first().is_some_and(Value::is_number))].into(),
                now => typed(now.is_number()),
            };
            if !self.proof.is_valid(Side::Request, pointer, body) {
                body[*name] = before;
            }
        }
    }

    /// Makes objects of a resource below these, and some below each of the first of them.
    fn fill(&mut self, at: usize, above: &[String], count: usize) {
        let resource = &self.api.resources[at];
        let is_create = |one: &conformance_api::Operation| one.role == Role::Create && one.resource == Some(at);
        let Some(create) = self.api.operations.iter().position(is_create) else { return };
        if path::parameters(&self.api.document.operations[create].path).len() != above.len() {
            return;
        }
        let ids: Vec<String> = (0..count).filter_map(|index| self.create(create, resource, above, index)).collect();
        if above.is_empty() {
            self.ids.insert(at, ids.clone());
        }
        let children: Vec<usize> =
            (0..self.api.resources.len()).filter(|one| self.api.resources[*one].parent == Some(at)).collect();
        for id in ids.into_iter().take(PARENTS) {
            let own = [above, &[id]].concat();
            children.iter().for_each(|child| self.fill(*child, &own, CHILDREN.min(count)));
        }
    }

    /// Makes the `index`th object: its id, when the response shows it.
    fn create(&mut self, at: usize, resource: &Resource, above: &[String], index: usize) -> Option<String> {
        let declared = &self.api.document.operations[at];
        let request = self.request(declared, &resource.name, above, (index, None))?;
        let reply = self.engine.answer(&request);
        if !(200..300).contains(&reply.status) {
            let why = String::from_utf8_lossy(&reply.body);
            self.refused.get_or_insert_with(|| {
                format!("{} {} is answered {}: {why}", declared.method, declared.path, reply.status)
            });
            return None;
        }
        self.made += 1;
        let body = conformance_json::parse(&reply.body).ok()?;
        let shape = self.api.operations[at].success.shape.as_ref()?;
        let object = shape.at.iter().try_fold(&body, |here, member| here.get(member))?;
        let known = self.api.schemas.outline(&inside(&self.api.schemas, shape));
        let member = resource.identity.iter().find(|one| one.is_in_path && known.property(&one.name).is_some())?;
        match object.get(&member.name)? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Whether what was written down is what the API shows of such an object.
    fn check(&self, at: usize, given: &Given) -> Result<(), String> {
        let operation = &self.api.operations[at];
        let shape =
            self.api.resource_of(operation).and_then(|one| one.shape.as_ref()).or(operation.success.shape.as_ref());
        let Some(shape) = shape else { return Ok(()) };
        let object = self.api.schemas.outline(&members(&self.api.schemas, shape));
        let body =
            self.api.document.operations[at].body.as_ref().and_then(|body| body.media.first()?.schema.as_deref());
        let body = body.map(|pointer| self.api.schemas.merged(self.api.content_of(pointer))).unwrap_or_default();
        for (name, value) in &given.members {
            let Some(property) = object.property(name) else {
                if body.property(name).is_some() || object.properties.is_empty() {
                    continue;
                }
                let near = suggest::help(name, object.properties.iter().map(|(one, _)| *one));
                return Err(format!(
                    "it has no member `{name}`{}",
                    near.map_or_else(String::new, |near| format!("; {near}"))
                ));
            };
            let kind = self.api.schemas.merge_value(property).kind();
            let fits = match (kind, value) {
                (Some("integer"), Value::Number(number)) => number.is_i64() || number.is_u64(),
                (Some("number"), Value::Number(_))
                | (Some("string"), Value::String(_))
                | (Some("boolean"), Value::Bool(_))
                | (Some("array"), Value::Array(_))
                | (Some("object"), Value::Object(_))
                | (None, _)
                | (_, Value::Null) => true,
                // A reference may be given by its name.
                (Some("object"), Value::String(_)) => body.property(name).is_some(),
                _ => false,
            };
            if !fits {
                return Err(format!("`{name}` is {value}; expected {}", kind.unwrap_or("another value")));
            }
        }
        Ok(())
    }

    /// Makes an object that was written down.
    fn write_down(&mut self, at: usize, above: &[String], given: &Given, number: usize) -> Result<(), String> {
        let declared = &self.api.document.operations[at];
        let name = self.api.resource_of(&self.api.operations[at]).map_or("", |one| one.name.as_str());
        let request = self.request(declared, name, above, (number, Some(&given.members)));
        let request = request.ok_or("no body was found that its schema allows")?;
        let reply = self.engine.answer(&request);
        if (200..300).contains(&reply.status) {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&reply.body).into_owned();
        Err(format!("POST {} is answered {}: {why}", given.path, reply.status))
    }

    /// A create; with what somebody wrote down, as far as a client may say it, and only what is required besides.
    fn request(
        &self,
        declared: &Declared,
        name: &str,
        above: &[String],
        (index, given): (usize, Option<&Map<String, Value>>),
    ) -> Option<Request> {
        let media = &declared.body.as_ref()?.media;
        let chosen = media
            .iter()
            .find(|one| is_json(&one.media_type))
            .or_else(|| media.iter().find(|one| is_form(&one.media_type)))?;
        let plausible = Plausible { schemas: &self.api.schemas, proof: self.proof, name };
        let whole = chosen.schema.as_deref()?;
        let envelope = self.api.envelopes.get(whole);
        let pointer = self.api.content_of(whole);
        let opened = |one: &Value| envelope.map_or(Some(one), |envelope| envelope.open(one)).cloned();
        let examples: Vec<Value> = chosen.examples.iter().filter_map(opened).collect();
        let mut body = plausible.body(pointer, &examples, index)?;
        self.refer(pointer, &mut body, index);
        if let (Some(given), Value::Object(members)) = (given, &mut body) {
            let known = self.api.schemas.outline(&[self.api.schemas.at(pointer)?]);
            members.retain(|name, _| known.required.contains(&name.as_str()));
            let said = given.iter().filter(|(name, _)| known.properties.is_empty() || known.property(name).is_some());
            members.extend(said.map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(envelope) = envelope {
            let mut template = self.proof.body(Side::Request, whole, &chosen.examples)?.value.clone();
            relate(&mut template, &|kind| {
                let ids = self.ids.get(&resource_of_type(self.api, kind)?)?;
                ids.get(index % ids.len().max(1)).cloned()
            });
            body = envelope.close(template, body);
        }
        let is_form = is_form(&chosen.media_type);
        let bytes = if is_form { form(&body) } else { conformance_json::write(&body) }.into_bytes();
        let (mut headers, mut query) = (Vec::new(), Vec::new());
        let media_type = if chosen.media_type.contains('*') { "application/json" } else { &chosen.media_type };
        headers.push(("content-type".to_owned(), media_type.to_owned()));
        identify(self.api, declared, self.token, (&mut headers, &mut query));
        for one in declared.parameters.iter().filter(|one| one.required) {
            let sample = || one.schema.as_deref().and_then(|schema| self.proof.body(Side::Request, schema, &[]));
            let Some(value) = one.examples.first().cloned().or_else(|| sample().map(|made| made.value.clone())) else {
                continue;
            };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match one.location {
                Location::Query => query.push((one.name.clone(), text)),
                Location::Header => headers.push((one.name.to_ascii_lowercase(), text)),
                Location::Path | Location::Cookie => {}
            }
        }
        let mut target = path::fill(&declared.path, above)?;
        if !query.is_empty() {
            let all = query.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
            target = format!("{target}?{}", form(&Value::Object(all)));
        }
        Some(Request { method: declared.method.clone(), target, headers, body: bytes })
    }
}

/// Puts credentials where an operation wants them.
fn identify(api: &Api, declared: &Declared, token: &str, (headers, query): (&mut Pairs, &mut Pairs)) {
    let schemes = &api.document.schemes;
    // Who is nobody has a workspace, too: it is the one that everybody without credentials shares.
    credentials::identify(schemes, declared, token, (headers, query));
    // An operation that wants none is asked by the same client.
    let is_named = headers.iter().any(|(name, _)| name == "authorization");
    if declared.security.is_empty() && !is_named && schemes.values().any(|one| *one == Scheme::Bearer) {
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
}
