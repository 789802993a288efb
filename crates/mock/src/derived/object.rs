//! How objects are made and changed: a sample of their schema, what was sent over it, ids and times by name.

use conformance_api::envelope::{ATTRIBUTES, attributes};
use conformance_api::names::{is_created, is_updated, last_word, plain, same, singular};
use conformance_api::sample::{Extent, Sampler, is_mail_date};
use conformance_api::shape::inside;
use conformance_api::{IdForm, IdMember, Merged, Resource, Shape, path};
use conformance_store::Object;
use serde_json::{Map, Value};

use super::Derived;
use super::projection::{Members, as_text};
use super::workspace::Kept;
use crate::clock::{rfc2822, rfc3339};

/// What is written to an object.
pub(crate) struct Write<'w> {
    pub resource: &'w Resource,
    pub shape: &'w Shape,
    /// What was sent.
    pub body: Option<&'w Value>,
    /// The schema of what was sent.
    pub body_schema: Option<&'w str>,
    /// Names and values of the path's parameters.
    pub path: &'w [(String, String)],
    /// The address of the collection: `http://127.0.0.1:4010/pets`.
    pub address: &'w str,
}

impl Derived {
    /// The members of a new object: a sample with what was sent over it, new ids, new times.
    pub(crate) fn new_members(&self, write: &Write<'_>, kept: &mut Kept, id: Option<&str>) -> Members {
        let (sample, shape) = (self.sample_members(write.shape), self.object_schema(write.shape));
        let mut members = Members::clone(&sample);
        self.put_ids(write, &mut members, &shape, kept, id);
        let sent = self.unwrapped(write);
        not_deleted(&mut members, &shape);
        self.overlay(&mut members, &self.defaults(write, sent.as_ref()), &shape, Way::Create);
        if let Some(sent) = &sent {
            self.overlay(&mut members, sent, &shape, Way::Create);
        }
        if let (Some(id), Some(first)) = (id, write.resource.identity.first()) {
            put_id(&mut members, first, id, write.address);
        }
        let is_id = |name: &str| write.resource.identity.iter().any(|one| same(&one.name, name));
        for (name, value) in write.path.iter().filter(|(name, _)| !is_id(name)) {
            self.put_parent(&mut members, &shape, name, value);
        }
        self.put_address(write, &mut members, &shape, sent.as_ref());
        let now = kept.clock.tick();
        self.put_times(&mut members, &shape, (now, true), sent.as_ref());
        self.allowed(write, members, &sample)
    }

    /// The documented defaults of what was not sent.
    fn defaults(&self, write: &Write<'_>, sent: Option<&Members>) -> Members {
        let Some(body) = write.body_schema.map(|pointer| self.api.schemas.merged(pointer)) else {
            return Members::new();
        };
        let is_left_out = |name: &str| !sent.is_some_and(|sent| sent.contains_key(name));
        let all = body.properties.iter().filter(|(name, _)| is_left_out(name));
        let default = |(name, property): &(&str, Vec<&Value>)| {
            Some(((*name).to_owned(), self.api.schemas.merge(property).default.filter(|one| !one.is_null())?.clone()))
        };
        all.filter_map(default).collect()
    }

    /// The members of an object after a change.
    pub(crate) fn changed_members(&self, write: &Write<'_>, before: &Members, kept: &mut Kept, way: Way) -> Members {
        let shape = self.object_schema(write.shape);
        let mut members = before.clone();
        if way == Way::Replace {
            members = Members::clone(&self.sample_members(write.shape));
            let stays = |name: &str| write.resource.identity.iter().any(|one| one.name == name) || is_created(name);
            for (name, value) in before.iter().filter(|(name, _)| stays(name) || !self.carries(write, name)) {
                members.insert(name.clone(), value.clone());
            }
        }
        let sent = self.unwrapped(write);
        if let Some(sent) = &sent {
            self.overlay(&mut members, sent, &shape, way);
        }
        // An id is not changed by what is sent, unless clients name objects.
        for member in write.resource.identity.iter().filter(|one| !one.is_given) {
            if let Some(value) = before.get(&member.name) {
                members.insert(member.name.clone(), value.clone());
            }
        }
        let now = kept.clock.tick();
        self.put_times(&mut members, &shape, (now, false), sent.as_ref());
        self.allowed(write, members, before)
    }

    /// What the schema of one object allows of its members; the others are as they were.
    fn allowed(&self, write: &Write<'_>, members: Members, before: &Members) -> Members {
        let Some(template) = self.proof.body(super::SIDE, &write.shape.body, &[]) else { return members };
        let mut shape = write.shape.clone();
        let mut template = template.value.clone();
        if shape.is_item {
            let Some(there) = super::projection::slot(&mut template, &shape.at) else { return members };
            *there = Value::Array(vec![Value::Object(before.clone())]);
            shape.at.push("0".to_owned());
        }
        let there = super::projection::slot(&mut template, &shape.at);
        let Some(there) = there else { return members };
        *there = Value::Object(members.clone());
        let keep = write.resource.identity.iter().map(|one| one.name.clone()).collect();
        let placed = super::projection::Placed { at: shape.at.clone(), fallback: before.clone(), keep };
        let settled = self.settle(&shape.body, template, &[placed]);
        let object = settled.and_then(|mut body| super::projection::slot(&mut body, &shape.at).cloned());
        match object {
            Some(Value::Object(settled)) => settled,
            _ => members,
        }
    }

    /// An object and every id by which it is found.
    pub(crate) fn object(&self, resource: &Resource, members: Members, id: Option<&str>) -> Object {
        let mut ids: Vec<String> = Vec::new();
        let values = |in_path: bool| {
            let wanted = resource.identity.iter().filter(move |one| one.is_in_path == in_path);
            let texts = wanted.filter_map(|one| as_text(members.get(&one.name)?));
            texts.map(|text| path::id_in(&resource.item, &text).to_owned()).collect::<Vec<String>>()
        };
        let (mine, others) = (values(true), values(false));
        for one in mine.into_iter().chain(id.map(str::to_owned)) {
            if !ids.contains(&one) {
                ids.push(one);
            }
        }
        let remembered = ids.len();
        for one in others {
            if !ids.contains(&one) {
                ids.push(one);
            }
        }
        Object { members, ids, remembered }
    }

    pub(crate) fn object_schema(&self, shape: &Shape) -> Merged<'_> {
        self.api.schemas.outline(&inside(&self.api.schemas, shape))
    }

    /// What was sent about the object: `{"pet": {…}}` is the object within.
    fn unwrapped(&self, write: &Write<'_>) -> Option<Members> {
        let (mut sent, within) = self.inner_object(write)?;
        // What no client can set is not set because one sends it.
        let mut shape = write.body_schema.map(|pointer| self.api.schemas.merged(pointer)).unwrap_or_default();
        if let Some(name) = within {
            shape = shape.property(&name).map(|inner| self.api.schemas.merge_value(inner)).unwrap_or_default();
        }
        if shape.choices.is_empty() && !shape.properties.is_empty() {
            sent.retain(|name, _| shape.property(name).is_some() || !self.is_of_the_server(write, name));
        }
        Some(sent)
    }

    /// Whether the body of a request can say what a member is.
    fn carries(&self, write: &Write<'_>, name: &str) -> bool {
        let Some(schema) = write.body_schema.and_then(|pointer| self.api.schemas.at(pointer)) else { return false };
        let body = self.api.schemas.outline(&[schema]);
        let inner = match body.properties.as_slice() {
            [(_, schemas)] => Some(self.api.schemas.outline(schemas)).filter(|one| !one.properties.is_empty()),
            _ => None,
        };
        let body = inner.unwrap_or(body);
        body.properties.is_empty() || body.properties.iter().any(|(one, _)| same(one, name))
    }

    /// Whether a member is an id or a time.
    fn is_of_the_server(&self, write: &Write<'_>, name: &str) -> bool {
        let is_id = write.resource.identity.iter().any(|one| one.name == name);
        is_id || is_created(name) || is_updated(name)
    }

    /// The object that was sent, and the member within which it was.
    fn inner_object(&self, write: &Write<'_>) -> Option<(Members, Option<String>)> {
        let sent = write.body?.as_object()?;
        if let (1, Some((name, Value::Object(inner)))) = (sent.len(), sent.iter().next()) {
            let around = write.shape.at.last().is_some_and(|one| one == name);
            let is_named = same(name, &singular(&write.resource.name));
            let is_member = self.object_schema(write.shape).property(name).is_some();
            if around || (is_named && !is_member) {
                return Some((inner.clone(), Some(name.clone())));
            }
        }
        Some((sent.clone(), None))
    }

    fn put_ids(&self, write: &Write<'_>, members: &mut Members, shape: &Merged<'_>, kept: &mut Kept, id: Option<&str>) {
        let (count, now) = (kept.state.made(), kept.clock.tick());
        for (index, member) in write.resource.identity.iter().enumerate() {
            let is_made = member.is_in_path || !member.is_given;
            if !is_made && members.contains_key(&member.name) {
                continue;
            }
            let random = &mut kept.random;
            let value = match id.filter(|_| index == 0) {
                Some(id) => id_value(member, id, write.address),
                None => {
                    let made = member.form.make(count, now, &mut |below| random.usize(..below.max(1)));
                    as_text(&made)
                        .filter(|_| member.segments > 1)
                        .map_or(Some(made), |id| id_value(member, &id, write.address))
                }
            };
            let allowed =
                shape.property(&member.name).is_none_or(|schemas| !self.api.schemas.merge(schemas).write_only);
            if let Some(value) = value.filter(|_| allowed) {
                members.insert(member.name.clone(), value);
            }
        }
    }

    /// Where a member is called as a parameter of the path, it is the object above.
    fn put_parent(&self, members: &mut Members, shape: &Merged<'_>, name: &str, value: &str) {
        let found = shape.properties.iter().find(|(member, _)| same(member, name));
        let Some((member, schemas)) = found else { return };
        if !members.contains_key(*member) {
            return;
        }
        match self.api.schemas.merge(schemas).kind() {
            Some("integer") => {
                drop(value.parse::<i64>().map(|number| members.insert((*member).to_owned(), number.into())))
            }
            Some("string") => drop(members.insert((*member).to_owned(), value.into())),
            _ => {}
        }
    }

    /// Where the object itself is, in a member that is named for it: clients follow it.
    fn put_address(&self, write: &Write<'_>, members: &mut Members, shape: &Merged<'_>, sent: Option<&Members>) {
        let is_address =
            |name: &str| matches!(name, "url" | "self" | "href") && !sent.is_some_and(|sent| sent.contains_key(name));
        let word = last_word(&write.resource.parameter);
        let identity = &write.resource.identity;
        let named = identity.iter().find(|one| one.is_in_path && same(&one.name, &write.resource.parameter));
        let member = named.or_else(|| identity.iter().find(|one| same(&one.name, &word))).or(identity.first());
        let Some(shown) = member.and_then(|one| as_text(members.get(&one.name)?)) else { return };
        let id = path::id_in(&write.resource.item, &shown);
        for (name, schemas) in shape.properties.iter().filter(|(name, _)| is_address(name)) {
            let merged = self.api.schemas.merge(schemas);
            let is_text = merged.kind() == Some("string") && merged.enumeration.is_none() && merged.patterns.is_empty();
            // An `url` that clients may set is about something else: a picture, a hook.
            let in_request =
                write.body_schema.is_some_and(|pointer| self.api.schemas.merged(pointer).property(name).is_some());
            if is_text && !in_request && members.contains_key(*name) {
                let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
                members.insert((*name).to_owned(), format!("{}/{id}", write.address).into());
            }
        }
    }

    /// The times of a write, where no client says another one.
    fn put_times(&self, members: &mut Members, shape: &Merged<'_>, (now, is_new): (u64, bool), sent: Option<&Members>) {
        for (name, schemas) in &shape.properties {
            if sent.is_some_and(|sent| sent.contains_key(*name)) && !self.api.schemas.merge(schemas).read_only {
                continue;
            }
            if !(is_updated(name) || (is_created(name) && is_new)) {
                continue;
            }
            let Some(before) = members.get(*name) else { continue };
            let merged = self.api.schemas.outline(schemas);
            if let Some(value) = time(before, &merged, now) {
                members.insert((*name).to_owned(), value);
            }
        }
        // Where an object has its members further in, its times stand there.
        let attributes = attributes(&self.api.schemas, shape).map(|one| self.api.schemas.outline(&one));
        if let (Some(inner), Some(Value::Object(members))) = (attributes, members.get_mut(ATTRIBUTES)) {
            let sent = sent.and_then(|sent| sent.get(ATTRIBUTES)?.as_object());
            self.put_times(members, &inner, (now, is_new), sent);
        }
    }

    /// Puts what was sent over an object, member by member, wherever the schema has such a member.
    fn overlay(&self, members: &mut Members, sent: &Members, shape: &Merged<'_>, way: Way) {
        for (name, value) in sent {
            let known = shape.property(name).map(|schemas| (name.as_str(), schemas));
            let known = known.or_else(|| {
                shape
                    .properties
                    .iter()
                    .find(|(one, _)| same(one, name))
                    .map(|(one, schemas)| (*one, schemas.as_slice()))
            });
            // `new_name` is the new `name`.
            let renamed = || {
                let old = plain(name);
                let old = old.strip_prefix("new").filter(|old| !old.is_empty())?;
                let known = shape.properties.iter().find(|(one, _)| plain(one) == old);
                known.map(|(one, schemas)| (*one, schemas.as_slice()))
            };
            match known.or_else(renamed) {
                Some((known, schemas)) => self.put(members, known, value, schemas, way),
                None if shape.properties.is_empty() => drop(members.insert(name.clone(), value.clone())),
                None => self.put_deeper(members, name, value, shape, way),
            }
        }
    }

    fn put(&self, members: &mut Members, name: &str, value: &Value, schemas: &[&Value], way: Way) {
        let merged = self.api.schemas.outline(schemas);
        if merged.read_only {
            return;
        }
        let inner = match (value, members.get(name)) {
            (Value::Object(sent), Some(Value::Object(before))) if !merged.properties.is_empty() => {
                let mut inner = before.clone();
                self.overlay(&mut inner, sent, &merged, way);
                Some(inner)
            }
            // A map: what is sent is added, by key; the sample's keys are nobody's.
            (Value::Object(sent), Some(Value::Object(before))) if way == Way::Update => {
                let mut inner = before.clone();
                for (key, value) in sent {
                    match value {
                        Value::Null => drop(inner.remove(key)),
                        Value::String(text) if text.is_empty() => drop(inner.remove(key)),
                        _ => drop(inner.insert(key.clone(), value.clone())),
                    }
                }
                Some(inner)
            }
            _ => None,
        };
        let described = self.described(value, &merged);
        let as_number = |text: &str| text.parse::<i64>().ok().map(Value::from);
        let value = match (inner, value, merged.kind()) {
            (Some(inner), ..) => Value::Object(inner),
            (None, Value::Array(_), Some("array")) if described.is_some() => described.unwrap_or_default(),
            (None, Value::Array(all), Some("array")) => Value::Array(self.completed(all, &merged)),
            (None, Value::String(text), Some("integer" | "number")) => as_number(text).unwrap_or_else(|| value.clone()),
            (None, Value::Number(number), Some("string")) => number.to_string().into(),
            // A form's word for no object.
            (None, Value::String(text), Some("object")) if text.is_empty() && !self.takes_text(schemas) => {
                if merged.is_nullable() { Value::Null } else { Value::Object(Map::new()) }
            }
            // Another object by what it is called, where the response shows that object.
            (None, Value::String(id), Some("object")) if !self.takes_text(schemas) => match self.meant_by_text(&merged)
            {
                Some(named) => {
                    let mut inner = members.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
                    inner.insert(named.to_owned(), id.as_str().into());
                    Value::Object(inner)
                }
                None => value.clone(),
            },
            _ => value.clone(),
        };
        members.insert(name.to_owned(), value);
    }

    /// The member by which a text means an object: its id where that is a text, else what it is called.
    fn meant_by_text<'s>(&self, object: &Merged<'s>) -> Option<&'s str> {
        let is_text = |name: &str| {
            object.property(name).is_some_and(|one| {
                let merged = self.api.schemas.merge_value(one);
                merged.kind() == Some("string")
                    && merged.enumeration.is_none()
                    && (merged.format.is_none() || name == "id")
            })
        };
        ["id", "login", "username", "slug", "key", "name"].into_iter().find(|name| is_text(name))
    }

    /// Names that were sent, as the objects that the response describes in place: labels are given by name, and shown with
    /// their colours. Where the response refers to another kind of object, a text is the id of one and stays.
    fn described(&self, sent: &Value, shape: &Merged<'_>) -> Option<Value> {
        let items = self.api.schemas.merge(&[shape.items?]);
        let branch = items.choices.iter().flat_map(|branches| branches.iter()).find(|branch| {
            branch.get("$ref").is_none() && self.api.schemas.merge(&[branch]).property("name").is_some()
        })?;
        let sampler = Sampler {
            schemas: &self.api.schemas,
            side: super::SIDE,
            extent: Extent::Scalars,
            variant: 0,
            examples: true,
        };
        let sample = sampler.sample(&[branch])?;
        let described = |name: &Value| {
            let mut one = sample.clone();
            one.as_object_mut()?.insert("name".to_owned(), name.clone());
            Some(one)
        };
        let all = sent.as_array()?.iter();
        all.map(|one| if one.is_string() { described(one) } else { Some(one.clone()) })
            .collect::<Option<_>>()
            .map(Value::Array)
    }

    /// Objects that were sent in a list, each with what the response requires of it besides.
    fn completed(&self, sent: &[Value], shape: &Merged<'_>) -> Vec<Value> {
        let Some(items) = shape.items else { return sent.to_vec() };
        let required = self.api.schemas.outline(&[items]).required;
        let is_missing = |one: &Value, name: &&&str| one.is_object() && one.get(**name).is_none();
        if !sent.iter().any(|one| required.iter().any(|name| is_missing(one, &name))) {
            return sent.to_vec();
        }
        let (schemas, side) = (&self.api.schemas, super::SIDE);
        let sampler = Sampler { schemas, side, extent: Extent::Required, variant: 0, examples: true };
        let Some(Value::Object(sample)) = sampler.sample(&[items]) else { return sent.to_vec() };
        let complete = |one: &Value| {
            let mut one = one.clone();
            let missing: Vec<&&str> = required.iter().filter(|name| is_missing(&one, name)).collect();
            for name in missing {
                if let Some(value) = sample.get(*name) {
                    one[*name] = value.clone();
                }
            }
            one
        };
        sent.iter().map(complete).collect()
    }

    /// Whether a text is one of the things that these schemas allow.
    pub(crate) fn takes_text(&self, schemas: &[&Value]) -> bool {
        let merged = self.api.schemas.merge(schemas);
        let branches = || merged.choices.iter().flat_map(|branches| branches.iter());
        merged.kind() == Some("string") || branches().any(|branch| self.takes_text(&[branch]))
    }

    /// A member that the object has one level further down, and only there.
    fn put_deeper(&self, members: &mut Members, name: &str, value: &Value, shape: &Merged<'_>, way: Way) {
        for (outer, schemas) in &shape.properties {
            let inner = self.api.schemas.outline(schemas);
            let Some((known, deeper)) = inner.properties.iter().find(|(one, _)| same(one, name)) else { continue };
            if let Some(Value::Object(there)) = members.get_mut(*outer) {
                let is_scalar = !value.is_object() && !value.is_array();
                if is_scalar {
                    self.put(there, known, value, deeper, way);
                    return;
                }
            }
        }
    }
}

/// How what is sent meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Create,
    Update,
    Replace,
}

/// An id of a path as the member's value.
/// Takes what says that an object is deleted from a sample of it.
fn not_deleted(members: &mut Members, shape: &Merged<'_>) {
    let says_deleted = |name: &String, value: &Value| {
        let alone = Members::from_iter([(name.clone(), value.clone())]);
        conformance_api::names::says_deleted(&Value::Object(alone))
    };
    let marks: Vec<String> =
        members.iter().filter(|(name, value)| says_deleted(name, value)).map(|(name, _)| name.clone()).collect();
    for name in marks {
        let value = members.get_mut(&name);
        match value {
            Some(Value::Bool(flag)) => *flag = false,
            // What must be there may be nothing; where it may not be nothing, the proof puts the sample back.
            Some(value) if shape.required.contains(&name.as_str()) => *value = Value::Null,
            _ => drop(members.shift_remove(&name)),
        }
    }
}

/// An id as a member shows it: of a resource name, what stands before it in the address of the collection, too.
pub(crate) fn id_value(member: &IdMember, id: &str, address: &str) -> Option<Value> {
    match member.form {
        IdForm::Integer => id.parse::<i64>().ok().map(Value::from),
        _ if member.segments > 1 => {
            let above: Vec<&str> = address.rsplit('/').take(member.segments - 1).collect();
            Some(above.into_iter().rev().chain([id]).collect::<Vec<_>>().join("/").into())
        }
        _ => Some(id.into()),
    }
}

fn put_id(members: &mut Map<String, Value>, member: &IdMember, id: &str, address: &str) {
    if let Some(value) = id_value(member, id, address) {
        members.insert(member.name.clone(), value);
    }
}

/// A time as the member's schema and its sample write it.
fn time(sample: &Value, shape: &Merged<'_>, now: u64) -> Option<Value> {
    match shape.kind() {
        Some("integer" | "number") => {
            let in_milliseconds = sample.as_f64().is_some_and(|one| one > 1e11);
            Some(if in_milliseconds { now.into() } else { (now / 1000).into() })
        }
        Some("string") => match shape.format {
            Some("date") => Some(rfc3339(now)[..10].into()),
            Some("date-time") => Some(format!("{}Z", &rfc3339(now)[..19]).into()),
            Some(format) if is_mail_date(format) => Some(rfc2822(now).into()),
            None if sample.as_str().is_some_and(|text| text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T')) => {
                Some(format!("{}Z", &rfc3339(now)[..19]).into())
            }
            _ => None,
        },
        _ => None,
    }
}
