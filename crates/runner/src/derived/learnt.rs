//! What a server wants of bodies that no schema says, found out by asking: that some members differ from object to object, that
//! others name objects which exist, that what ends does so after it began.

use std::collections::{BTreeMap, BTreeSet};

use conformance_api::envelope::related;
use conformance_api::names::plain;
use conformance_api::{Api, Merged, Role, Side, pattern, references};
use serde_json::Value;

use super::session::{Answer, Session};
use super::{creation, operation};

/// So deep are the members of a body looked at.
const DEPTH: usize = 4;
/// Names of what one object alone is called, or known by.
const IDENTIFYING: &[&str] = &[
    "code",
    "sku",
    "number",
    "serial",
    "slug",
    "key",
    "username",
    "login",
    "handle",
    "reference",
    "identifier",
    "barcode",
    "isbn",
    "vin",
    "plate",
    "phone",
    "iban",
    "vat",
    "domain",
    "hostname",
    "externalid",
    "subdomain",
];
/// Names of words that are the same for many objects, whatever their pattern.
const SHARED: &[&str] = &[
    "country",
    "countrycode",
    "currency",
    "currencycode",
    "language",
    "languagecode",
    "locale",
    "timezone",
    "postalcode",
    "postcode",
    "zip",
    "zipcode",
    "color",
    "colour",
    "state",
    "region",
    "areacode",
    "statuscode",
    "price",
    "amount",
];
/// How names of times begin that are after others of the same object.
const LATER: &[&str] = &["end", "until", "finish", "expire", "due", "return", "checkout", "valid_until", "to"];
/// What names of times have that lie behind, whatever the object.
const PAST: &[&str] = &["birth", "born", "dob"];

/// What was learnt so far, by the names of members.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learnt {
    /// Members whose value no other object may have.
    distinct: BTreeSet<String>,
    /// Members that name other objects, and objects that are there.
    references: BTreeMap<String, Value>,
    /// Times that lie ahead, and in order; and whether each object has one of its own.
    times: BTreeMap<String, bool>,
}

impl Learnt {
    /// What is true of later scenarios, too, when the objects of this one are gone.
    pub(crate) fn lasting(&self) -> Self {
        Self { references: BTreeMap::new(), ..self.clone() }
    }

    fn is_nothing(&self) -> bool {
        self.distinct.is_empty() && self.references.is_empty() && self.times.is_empty()
    }
}

impl Session<'_> {
    /// A body as the server was found to want it.
    pub(crate) fn as_learnt(&self, pointer: &str, body: Value) -> Value {
        if self.learnt.is_nothing() {
            return body;
        }
        self.adapted(pointer, body, &self.learnt)
    }

    /// A body that is to be judged for one thing alone, with values of its own where the server wants them to differ; `base` is what it
    /// was made from. It need not be valid.
    pub(crate) fn freshened(&self, pointer: &str, mut body: Value, base: &Value) -> Value {
        if !self.learnt.distinct.is_empty() || self.learnt.times.values().any(|is_own| *is_own) {
            let shape = self.run.api.schemas.merged(pointer);
            self.freshen(&shape, (&mut body, base), 0);
        }
        body
    }

    fn freshen(&self, shape: &Merged<'_>, (value, base): (&mut Value, &Value), depth: usize) {
        let schemas = &self.run.api.schemas;
        match (value, base) {
            (Value::Object(members), Value::Object(before)) if depth < DEPTH => {
                for (name, value) in members.iter_mut() {
                    let (Some(property), Some(before)) = (shape.property(name), before.get(name)) else { continue };
                    let property = schemas.merge_value(property);
                    let is_own_time = self.learnt.times.get(name) == Some(&true);
                    if !is_own_time && !self.learnt.distinct.contains(name) {
                        self.freshen(&property, (value, before), depth + 1);
                        continue;
                    }
                    let other =
                        if is_own_time { self.ahead(name, &property, true) } else { self.another(&property, value) };
                    if value == before
                        && let Some(other) = other
                    {
                        *value = other;
                    }
                }
            }
            (Value::Array(items), Value::Array(before)) if depth < DEPTH => {
                let item = shape.items.map(|items| schemas.merge_value(&[items])).unwrap_or_default();
                items.iter_mut().zip(before).for_each(|(one, before)| self.freshen(&item, (one, before), depth + 1));
            }
            _ => {}
        }
    }

    /// Whether a body has members that a server may want to differ, and it is not known yet.
    pub(crate) fn may_conflict(&self, pointer: &str, body: &Value) -> bool {
        let shape = self.run.api.schemas.merged(pointer);
        let mut candidates = Candidates::default();
        self.candidates(&shape, body, &mut candidates, 0);
        !candidates.identifying.is_empty()
            && !candidates.identifying.iter().all(|one| self.learnt.distinct.contains(one))
    }

    fn adapted(&self, pointer: &str, body: Value, learnt: &Learnt) -> Value {
        let mut adapted = body.clone();
        let shape = self.run.api.schemas.merged(pointer);
        self.adapt(&shape, &mut adapted, learnt, 0);
        if self.proof().is_valid(Side::Request, pointer, &adapted) { adapted } else { body }
    }

    fn adapt(&self, shape: &Merged<'_>, value: &mut Value, learnt: &Learnt, depth: usize) {
        let schemas = &self.run.api.schemas;
        match value {
            Value::Object(members) if depth < DEPTH => {
                for (name, value) in members.iter_mut() {
                    let Some(property) = shape.property(name) else { continue };
                    let property = schemas.merge_value(property);
                    if let Some(known) = learnt.references.get(name) {
                        *value = fitted(&property, known);
                    } else if learnt.distinct.contains(name) {
                        if let Some(other) = self.another(&property, value) {
                            *value = other;
                        }
                    } else if let Some(is_own) = learnt.times.get(name)
                        && let Some(time) = self.ahead(name, &property, *is_own)
                    {
                        *value = time;
                    } else {
                        self.adapt(&property, value, learnt, depth + 1);
                    }
                }
            }
            Value::Array(items) if depth < DEPTH => {
                let item = shape.items.map(|items| schemas.merge_value(&[items])).unwrap_or_default();
                items.iter_mut().for_each(|one| self.adapt(&item, one, learnt, depth + 1));
            }
            _ => {}
        }
    }

    /// What a rejected body may lack: one thing after the other is tried, and all of them together, until the server takes it.
    pub(crate) async fn learn(
        &mut self,
        (at, create): (usize, usize),
        pointer: &str,
        body: &Value,
        answer: &Answer,
    ) -> Vec<Learnt> {
        let shape = self.run.api.schemas.merged(pointer);
        let mut candidates = Candidates::default();
        self.candidates(&shape, body, &mut candidates, 0);
        let mut steps = Vec::new();
        let before = self.learnt.clone();
        if answer.status == Some(409) {
            steps.extend(self.lessons_of_texts(pointer, body, answer));
        }
        let with_distinct = |learnt: &Learnt| {
            let mut learnt = learnt.clone();
            learnt.distinct.extend(candidates.identifying.iter().cloned());
            learnt
        };
        if !candidates.identifying.iter().all(|name| before.distinct.contains(name)) {
            steps.push(with_distinct(&before));
        }
        let mut referring = before.clone();
        for name in &candidates.referring {
            if !referring.references.contains_key(name)
                && let Some(id) = self.referred_to(at, create, name).await
            {
                referring.references.insert(name.clone(), id);
            }
        }
        let refers = referring.references.len() > before.references.len();
        if refers {
            steps.push(referring.clone());
        }
        if refers {
            steps.push(with_distinct(&referring));
        }
        if answer.status == Some(409) {
            steps.push(self.lesson_of_others((at, create), &candidates, with_distinct(&before)).await);
        }
        for is_own in [false, true] {
            let is_new = |name: &&String| before.times.get(*name).is_none_or(|known| !known && is_own);
            let mut times = before.times.clone();
            times.extend(candidates.times.iter().filter(is_new).map(|name| (name.clone(), is_own)));
            if times != before.times {
                steps.push(Learnt { times, ..with_distinct(&referring) });
            }
        }
        steps
    }

    /// What is to be learnt of a conflict: any text may be what no two objects share, most likely the one of which the response speaks.
    fn lessons_of_texts(&self, pointer: &str, body: &Value, answer: &Answer) -> Vec<Learnt> {
        let words = plain(&self.words_of(answer));
        let free = self.free_members(pointer).into_iter().map(|free| free.name);
        let free: BTreeSet<String> = free.chain(self.short_texts(pointer, body)).collect();
        let told: BTreeSet<String> = free.iter().filter(|name| words.contains(&plain(name))).cloned().collect();
        let lesson = |names: BTreeSet<String>| {
            let mut learnt = self.learnt.clone();
            learnt.distinct.extend(names);
            learnt
        };
        [told, free].map(lesson).into_iter().filter(|one| one.distinct != self.learnt.distinct).collect()
    }

    /// The same with other objects in the place of those that are named: two that belong together may do so once.
    async fn lesson_of_others(
        &mut self,
        (at, create): (usize, usize),
        candidates: &Candidates,
        mut lesson: Learnt,
    ) -> Learnt {
        for name in &candidates.referring {
            if let Some(resource) = self.resource_named(at, create, name)
                && let Ok(made) = Box::pin(self.create(resource)).await
            {
                lesson.references.insert(name.clone(), made.id.into());
            }
        }
        lesson
    }

    /// The words of a response.
    pub(crate) fn words_of(&self, answer: &Answer) -> String {
        let response = self.exchanges[answer.number].response.as_ref();
        response.map(conformance_record::Response::words).unwrap_or_default()
    }

    /// Members of a body that are texts of no kind, however short.
    fn short_texts(&self, pointer: &str, body: &Value) -> Vec<String> {
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        let is_free = |name: &str, value: &Value| {
            let property = shape.property(name).map(|one| schemas.merge_value(one));
            value.is_string()
                && property.is_some_and(|one| {
                    let has_no_kind = one.enumeration.is_none() && one.constant.is_none() && one.format.is_none();
                    has_no_kind && !self.refers(name, &one) && !SHARED.contains(&plain(name).as_str())
                })
        };
        let members = body.as_object().into_iter().flatten();
        members.filter(|(name, value)| is_free(name, value)).map(|(name, _)| name.clone()).collect()
    }

    /// The same body as these lessons want it; none where they change nothing.
    pub(crate) fn tried(&self, pointer: &str, body: &Value, lesson: &Learnt) -> Option<Value> {
        let adapted = self.adapted(pointer, body.clone(), lesson);
        (adapted != *body).then_some(adapted)
    }

    fn candidates(&self, shape: &Merged<'_>, value: &Value, found: &mut Candidates, depth: usize) {
        let schemas = &self.run.api.schemas;
        match value {
            Value::Object(members) if depth < DEPTH => {
                for (name, value) in members {
                    let Some(property) = shape.property(name) else { continue };
                    let property = schemas.merge_value(property);
                    if referred(self.run.api, name, &property).is_some() {
                        found.referring.insert(name.clone());
                    } else if is_identifying(name, &property) {
                        found.identifying.insert(name.clone());
                    }
                    if self.ahead(name, &property, false).is_some() {
                        found.times.insert(name.clone());
                    }
                    self.candidates(&property, value, found, depth + 1);
                }
            }
            Value::Array(items) => {
                let item = shape.items.map(|items| schemas.merge_value(&[items])).unwrap_or_default();
                items.iter().for_each(|one| self.candidates(&item, one, found, depth + 1));
            }
            _ => {}
        }
    }

    /// Whether a member names an object of another kind.
    pub(crate) fn refers(&self, name: &str, property: &Merged<'_>) -> bool {
        referred(self.run.api, name, property).is_some()
    }

    /// What such a member may say: an object that is there.
    pub(crate) async fn reference(
        &mut self,
        at: usize,
        create: usize,
        name: &str,
        property: &Merged<'_>,
    ) -> Option<Value> {
        let id = self.referred_to(at, create, name).await?;
        Some(fitted(property, &id))
    }

    /// The id of an object that a member may name: one that is there, or one that is made for it and can be deleted.
    async fn referred_to(&mut self, at: usize, create: usize, name: &str) -> Option<Value> {
        let resource = self.resource_named(at, create, name)?;
        let known =
            self.there.iter().find(|one| one.resource == resource && !one.id.is_empty()).map(|one| one.id.clone());
        let id = match known {
            Some(id) => id,
            None => Box::pin(self.create(resource)).await.ok()?.id,
        };
        Some(id.into())
    }

    /// The resource whose objects a member of a body names, where they can be deleted again.
    fn resource_named(&self, at: usize, create: usize, name: &str) -> Option<usize> {
        let (_, pointer) = self.content_media(self.declared(create))?;
        let property = self.property_named(pointer, name)?;
        let resource = referred(self.run.api, name, &property).filter(|one| *one != at)?;
        operation(self.run.api, resource, Role::Delete).map(|_| resource)
    }

    /// The schema of a member with this name, wherever in a body it stands.
    fn property_named(&self, pointer: &str, name: &str) -> Option<Merged<'_>> {
        let schemas = &self.run.api.schemas;
        let mut level = vec![schemas.merged(pointer)];
        for _ in 0..DEPTH {
            if let Some(found) = level.iter().find_map(|shape| shape.property(name)) {
                return Some(schemas.merge_value(found));
            }
            let inner = level.iter().flat_map(|shape| {
                let members = shape.properties.iter().map(|(_, property)| schemas.merge_value(property));
                members.chain(shape.items.map(|items| schemas.merge_value(&[items]))).collect::<Vec<_>>()
            });
            level = inner.collect();
        }
        None
    }
}

/// The resource that a member names an object of, where such objects can be made.
fn referred(api: &Api, name: &str, property: &Merged<'_>) -> Option<usize> {
    references::referred(api, name, property).filter(|at| creation(api, *at).is_some())
}

/// Groups of resources, as a number for each: what refers to, or stands below, something is of its group. What is done to objects of
/// one group shows in no list of another.
pub(crate) fn groups(api: &Api) -> Vec<usize> {
    let mut group: Vec<usize> = (0..api.resources.len()).collect();
    let mut join = |one: usize, other: usize| {
        let (from, to) = (group[one].max(group[other]), group[one].min(group[other]));
        group.iter_mut().filter(|one| **one == from).for_each(|one| *one = to);
    };
    for at in 0..api.resources.len() {
        let above = api.resources[at].parent.into_iter();
        let create = creation(api, at);
        let body = create.and_then(|create| Session::body_media(&api.document.operations[create]));
        let named = body.map(|(_, pointer)| named_within(api, &api.schemas.merged(pointer), 0)).unwrap_or_default();
        let related = body.map(|(_, pointer)| related(api, pointer)).unwrap_or_default();
        above.chain(api.resources[at].kept_in).chain(named).chain(related).for_each(|other| join(at, other));
    }
    group
}

/// The resources that the members of an object name, at any depth that bodies are adapted in.
fn named_within(api: &Api, shape: &Merged<'_>, depth: usize) -> Vec<usize> {
    if depth >= DEPTH {
        return Vec::new();
    }
    let items = shape.items.map(|items| named_within(api, &api.schemas.merge_value(&[items]), depth + 1));
    let members = shape.properties.iter().flat_map(|(name, property)| {
        let property = api.schemas.merge_value(property);
        let own = referred(api, name, &property);
        own.into_iter().chain(named_within(api, &property, depth + 1)).collect::<Vec<_>>()
    });
    members.chain(items.unwrap_or_default()).collect()
}

/// Members that something may be wanted of.
#[derive(Default)]
struct Candidates {
    identifying: BTreeSet<String>,
    referring: BTreeSet<String>,
    times: BTreeSet<String>,
}

/// Whether a member is a code: who reads it does not mind capitals, and a server may write all of them alike.
pub(crate) fn is_code(name: &str) -> bool {
    let name = plain(name);
    IDENTIFYING.iter().any(|end| name.ends_with(end)) || SHARED.contains(&name.as_str())
}

/// Whether a member is one that no two objects may share.
fn is_identifying(name: &str, property: &Merged<'_>) -> bool {
    let plain_name = plain(name);
    // A number that is written as text is no name.
    let is_number = property.format.is_some_and(|format| matches!(format, "decimal" | "double" | "money"));
    let is_text = property.kind() == Some("string") && !is_number;
    let is_free = is_text && property.enumeration.is_none() && property.constant.is_none();
    let is_named = IDENTIFYING.iter().any(|end| plain_name.ends_with(end));
    is_free
        && !SHARED.contains(&plain_name.as_str())
        && (matches!(property.format, Some("email" | "uuid" | "hostname")) || !property.patterns.is_empty() || is_named)
}

impl Session<'_> {
    /// Another value of the same kind, which nobody else has; none where there is no other.
    pub(crate) fn another(&self, property: &Merged<'_>, now: &Value) -> Option<Value> {
        let (now, random) = (now.as_str()?, &self.random);
        let most = usize::try_from(property.bounds.max_length.unwrap_or(200)).unwrap_or(200);
        let least = usize::try_from(property.bounds.min_length.unwrap_or(0)).unwrap_or(0);
        let text = match (property.format, property.patterns.first()) {
            (Some("email"), _) => {
                let domain = now.rsplit_once('@').map_or("example.com", |(_, domain)| domain);
                format!("conformance-{}@{domain}", random.word(10))
            }
            (Some("uuid"), _) => {
                let hex = |length| random.hex(length);
                format!("{}-{}-4{}-8{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
            }
            (Some("hostname"), _) => format!("{}.example.com", random.word(10)),
            (Some("uri" | "url"), _) => format!("https://{}.example.com/", random.word(10)),
            (_, Some(pattern)) => pattern::any_matching(pattern, (least, most), &mut |below| random.below(below))?,
            _ => random.word(10.min(most).max(least)),
        };
        (text != now).then(|| self.random.note(text).into())
    }

    /// A time to come for a member that is one: a later one for what ends. Objects of one calendar may not meet: where each has a
    /// time of its own, it ends before the next one begins.
    fn ahead(&self, name: &str, property: &Merged<'_>, is_own: bool) -> Option<Value> {
        if PAST.iter().any(|word| plain(name).contains(word)) {
            return None;
        }
        let is_later = LATER.iter().any(|begin| plain(name).starts_with(&plain(begin)));
        let is_date = property.format == Some("date");
        // All members of a body are made between two requests.
        let turn = i64::try_from(self.exchanges.len()).unwrap_or(0);
        let hours = match (is_own, is_date) {
            (false, _) => i64::from(is_later) * 24 * 7,
            (true, false) => turn * 5 + i64::from(is_later),
            (true, true) => 24 * (turn * 2 + i64::from(is_later)),
        };
        let at = self.run.seed.started + jiff::SignedDuration::from_hours(24 * 30 + hours);
        let text = at.strftime(if is_own { "%Y-%m-%dT%H:00:00Z" } else { "%Y-%m-%dT12:00:00Z" }).to_string();
        match property.format {
            Some("date-time") => Some(text.into()),
            Some("date") => Some(text[..10].into()),
            _ => None,
        }
    }
}

/// An id as a member wants it: a number, or a list with it.
fn fitted(property: &Merged<'_>, id: &Value) -> Value {
    let one = |kind: Option<&str>| match (kind, id.as_str()) {
        (Some("integer"), Some(text)) => text.parse::<i64>().map_or_else(|_| id.clone(), Value::from),
        _ => id.clone(),
    };
    match property.kind() {
        Some("array") => {
            // The schema of the items decides; where it is none of ours, numbers are numbers.
            let is_number = property.items.and_then(|items| items.get("type")).is_some_and(|kind| kind == "integer");
            Value::Array(vec![one(if is_number { Some("integer") } else { None })])
        }
        kind => one(kind),
    }
}
