//! Changes of an object: what was named is changed, everything else stays as it was.

use conformance_api::names::{is_created, is_updated, plain};
use conformance_api::versions::is_version;
use conformance_api::{Merged, Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::{Map, Value};

use super::body::takes_any_text;
use super::check::Rule;
use super::compare::{agrees, moment};
use super::operation;
use super::order::SECOND;
use super::request::Arguments;
use super::session::{Answer, Object, Session};

/// A text that no map has by itself.
const OTHER_TEXT: &str = "changed by conformance";
/// Clocks of one machine may be corrected so far: milliseconds.
const CORRECTION: i128 = 2_000;

impl Session<'_> {
    pub(crate) async fn updates(&mut self, at: usize, object: &Object, witnesses: &[(Object, Value)]) {
        let Some(update) = operation(self.run.api, at, Role::Update) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(update)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let before = self.current(at, object).await;
        let shown = before.as_ref().map_or(&object.members, |(shown, _)| shown).clone();
        // Where no member is known to be another one, any valid body shows what an update is answered with.
        let change = self.change(at, &pointer, object, &shown);
        let Some(body) = change.or_else(|| self.body_for(&pointer, object)) else { return };
        let answer = self.send(update, Arguments::at(&object.path).body(&media_type, body.clone())).await;
        if !answer.is_success() {
            let declared = self.declared(update);
            let statement = format!("{} {} changes an object", declared.method, declared.path);
            let rule = Rule::new(format!("{}.updates", declared.id), Level::Must, statement, declared.pointer.clone());
            if answer.is_rejection() {
                return self.skip(rule, format!("a body that was made up is answered {}", answer.status.unwrap_or(0)));
            }
            return self.judge_documented(update, &answer);
        }
        self.judge_documented(update, &answer);
        if let Some(found) = self.object_in(update, &answer).filter(|_| answer.json.is_some()) {
            self.shows(update, &body, &found, &answer, "shows what was changed");
        }
        let Some((before, _)) = before else { return };
        let shown = self.object_in(update, &answer).filter(|_| answer.json.is_some());
        if let Some(shown) = &shown {
            self.keeps_time(update, &before, shown, &answer);
        }
        let updated = (shown, answer);
        let Some((after, answer)) = self.current(at, object).await else { return };
        self.keeps_time(update, &before, &after, &answer);
        self.answers_as_retrieved(update, updated, (&before, &after));
        self.changed_only(update, &body, &before, &after, &answer);
        self.changes_nothing(at, update, (&media_type, &pointer), object, &after).await;
        self.updates_all(at, update, (&media_type, &pointer), object).await;
        // Later changes may be such that what was done to others is not to be seen any more.
        self.are_untouched(at, Role::Update, witnesses).await;
        self.updates_to_nothing(at, update, (&media_type, &pointer), object).await;
        self.updates_to_null(at, update, (&media_type, &pointer), object).await;
        // Back again: what others have was what the object was changed to, maybe.
        self.updates_all(at, update, (&media_type, &pointer), object).await;
        self.moves_time(at, update, (&media_type, &pointer), object, (&before, &after)).await;
    }

    /// Whether the time of the last change is that of the last change. Where a server tells seconds, one has to pass.
    pub(crate) async fn moves_time(
        &mut self,
        at: usize,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
        (before, after): (&Value, &Value),
    ) {
        let shape = self.run.api.schemas.merged(pointer);
        let times = before.as_object().into_iter().flatten();
        let own = times.filter(|(name, value)| {
            let is_time = value.is_number() || self.shown(update, name).format == Some("date-time");
            is_updated(name)
                && is_time
                && moment(value).is_some()
                && shape.property(name).is_none_or(|one| self.run.api.schemas.merge_value(one).read_only)
        });
        let own: Vec<(String, Value)> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let stays = |after: &Value| -> Vec<Mismatch> {
            let same = own.iter().filter(|(name, was)| after.get(name).is_some_and(|now| moment(now) == moment(was)));
            same.map(|(name, was)| Mismatch {
                place: format!("/{name}"),
                found: format!("it is {was} as before"),
                ..Mismatch::default()
            })
            .collect()
        };
        let mut wrong = stays(after);
        let mut judged = None;
        if !wrong.is_empty() {
            // A server that tells seconds is waited for a few times.
            let Some(waits) = self.waits.checked_sub(1) else { return };
            self.waits = waits;
            self.rest(SECOND).await;
            // It is changed from what it is now: what changes nothing need not move a time.
            let Some((now, _)) = self.current(at, object).await else { return };
            let Some(body) = self.change(at, pointer, object, &now) else { return };
            let answer = self.send(update, Arguments::at(&object.path).body(media_type, body)).await;
            let Some((again, answer)) = self.current(at, object).await.filter(|_| answer.is_success()) else { return };
            wrong = stays(&again);
            judged = Some(answer);
        }
        if own.is_empty() {
            return;
        }
        let answer = match judged {
            Some(answer) => answer,
            None => self.answer_of(self.exchanges.len() - 1),
        };
        let declared = self.declared(update);
        let statement = format!("{} {} moves the time of the last change", declared.method, declared.path);
        let rule = Rule::new(format!("{}.moves-time", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, &answer, "a later time than before the change", wrong);
    }

    /// Whether the response to an update shows the object that was asked for, and what it left alone as it is retrieved before and
    /// after. What servers set by themselves may be on its way from one word to another meanwhile.
    fn answers_as_retrieved(
        &mut self,
        update: usize,
        (shown, answer): (Option<Value>, Answer),
        (before, after): (&Value, &Value),
    ) {
        let declared = self.declared(update);
        let api = self.run.api;
        let Some(at) = api.operations[update].resource else { return };
        // Both have to be descriptions of one kind of object.
        let described = |one: usize| api.operations[one].success.shape.as_ref();
        let of_one = operation(api, at, Role::Retrieve).and_then(described);
        let is_alike = described(update).zip(of_one).is_some_and(|(one, other)| {
            let choices = api.schemas.merge(&conformance_api::envelope::members(&api.schemas, one)).choices;
            one.reference == other.reference && choices.is_empty()
        });
        if !is_alike {
            return;
        }
        let resource = &api.resources[at];
        let (Some(Value::Object(shown)), Some(before)) = (shown, before.as_object()) else { return };
        let body = self.content_media(declared).map(|(_, pointer)| self.run.api.schemas.merged(pointer));
        let is_theirs = |name: &str| body.as_ref().is_some_and(|body| body.property(name).is_some());
        let is_id = |name: &str| resource.identity.iter().any(|one| one.is_in_path && one.name == name);
        let is_kept = |name: &str, value: &Value| {
            let schema = self.shown(update, name);
            let is_plain = !matches!(value, Value::Object(_) | Value::Array(_) | Value::Null);
            let is_fixed = is_id(name) || is_theirs(name) || (value.is_string() && schema.enumeration.is_none());
            is_plain && is_fixed && !is_updated(name) && moment(value).is_none_or(|_| is_id(name))
        };
        let same = |one: &Value, other: &Value, name: &str| agrees(one, other, self.shown(update, name).format);
        let settled = before.iter().filter(|(name, value)| {
            is_kept(name, value) && after.get(name.as_str()).is_some_and(|one| same(value, one, name))
        });
        let wrong: Vec<Mismatch> = settled
            .filter_map(|(name, value)| Some((name, value, shown.get(name)?)))
            // What is told in another form, or not at all, is another thing.
            .filter(|(_, value, found)| std::mem::discriminant(*value) == std::mem::discriminant(*found))
            .filter(|(name, value, found)| !same(value, found, name))
            .map(|(name, value, found)| otherwise(name, value, Some(found)))
            .collect();
        let statement = format!("{} {} is answered with the object as it is retrieved", declared.method, declared.path);
        let rule =
            Rule::new(format!("{}.same-as-retrieved", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, &answer, "members that are retrieved alike before and after, as they are", wrong);
    }

    /// A valid body about an object that is there: it calls it by its name.
    pub(crate) fn body_for(&mut self, pointer: &str, object: &Object) -> Option<Value> {
        let mut body = self.valid_body(pointer)?;
        for (member, value) in body.as_object_mut()?.iter_mut() {
            let Some((_, id)) = object.ids.iter().find(|(name, _)| names(member, name)) else { continue };
            *value = if value.is_number() { id.parse::<i64>().ok()?.into() } else { id.as_str().into() };
        }
        self.proof().is_valid(Side::Request, pointer, &body).then_some(body)
    }

    /// Changes everything that an update can change, at once.
    pub(crate) async fn updates_all(
        &mut self,
        at: usize,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
    ) {
        let Some((before, _)) = self.current(at, object).await else { return };
        let body = self.body_for(pointer, object).map(|body| self.filled(pointer, body, &object.sent));
        let Some(Value::Object(mut body)) = body else { return };
        let names: Vec<String> = body.keys().cloned().collect();
        for free in self.nothing_yet(pointer, &body) {
            body.insert(free, self.word().into());
        }
        for name in names {
            let is_other = |one: &str| one != name;
            if let Some((_, value)) = self.other_value(pointer, &before, &is_other) {
                let old = body.insert(name.clone(), value);
                let is_valid = self.proof().is_valid(Side::Request, pointer, &Value::Object(body.clone()));
                if let (false, Some(old)) = (is_valid, old) {
                    body.insert(name, old);
                }
            }
        }
        // A list that is sent takes the place of the one that was there.
        for (name, items) in
            body.clone().into_iter().filter_map(|(name, value)| Some((name, value.as_array()?.clone())))
        {
            if items.len() > 1 && items[0].is_object() {
                let old = body.insert(name.clone(), vec![items[0].clone()].into());
                let is_valid = self.proof().is_valid(Side::Request, pointer, &Value::Object(body.clone()));
                if let (false, Some(old)) = (is_valid, old) {
                    body.insert(name, old);
                }
            }
        }
        let body = Value::Object(body);
        let answer = self.send(update, Arguments::at(&object.path).body(media_type, body.clone())).await;
        if !answer.is_success() {
            return;
        }
        self.judge_documented(update, &answer);
        let retrieve = operation(self.run.api, at, Role::Retrieve);
        if let (Some(retrieve), Some((after, answer))) = (retrieve, self.current(at, object).await) {
            self.shows(retrieve, &body, &after, &answer, "shows what an update changed");
        }
    }

    /// Members of a body that are null and take any text.
    fn nothing_yet(&self, pointer: &str, body: &Map<String, Value>) -> Vec<String> {
        let shape = self.run.api.schemas.merged(pointer);
        let is_free = |name: &String| {
            let Some(property) = shape.property(name) else { return false };
            let merged = self.run.api.schemas.merge_value(property);
            takes_any_text(&merged) && !self.refers(name, &merged)
        };
        body.iter().filter(|(name, value)| value.is_null() && is_free(name)).map(|(name, _)| name.clone()).collect()
    }

    /// A body that changes one member of an object: a text, a choice, a flag or a number.
    pub(crate) fn change(&mut self, at: usize, pointer: &str, object: &Object, shown: &Value) -> Option<Value> {
        let resource = &self.run.api.resources[at];
        let is_id = |name: &str| resource.identity.iter().any(|one| one.is_in_path && names(name, &one.name));
        let free = self.free_members(pointer).into_iter().find(|one| !is_id(&one.name));
        let (name, value) = match free {
            Some(free) => (free.name, Value::from(self.word())),
            None => self.other_value(pointer, shown, &is_id)?,
        };
        let mut body = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        if !self.proof().is_valid(Side::Request, pointer, &body) {
            body = self.body_for(pointer, object)?;
            body[name.as_str()] = value;
        }
        self.proof().is_valid(Side::Request, pointer, &body).then_some(body)
    }

    /// A member that takes one of several known values, and one that it does not have.
    fn other_value(&self, pointer: &str, shown: &Value, is_id: &dyn Fn(&str) -> bool) -> Option<(String, Value)> {
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        shape.properties.iter().filter(|(name, _)| !is_id(name) && !is_version(name)).find_map(|(name, property)| {
            let merged = schemas.merge_value(property);
            let now = shown.get(*name)?;
            let other = match (merged.enumeration.as_deref(), now) {
                (Some(values), _) => {
                    values.iter().find(|one| **one != now && one.is_string()).map(|one| (*one).clone())
                }
                (None, Value::Bool(flag)) => Some((!flag).into()),
                (None, Value::Number(number)) if merged.kind() == Some("integer") => {
                    Some((number.as_i64()? + 1).into())
                }
                (None, Value::Array(items)) if items.len() > 1 && !items[0].is_object() => {
                    Some(Value::Array(vec![items[0].clone()]))
                }
                (None, Value::Array(items)) if items.len() == 1 && items[0].is_string() => {
                    let item = schemas.merge_value(&[merged.items?]);
                    let other = match item.format {
                        Some("uri" | "url") => format!("https://{}.example.com/", self.random.word(10)),
                        _ if takes_any_text(&item) && !self.refers(name, &merged) => self.word(),
                        _ => return None,
                    };
                    Some(Value::Array(vec![other.into()]))
                }
                // Of the same keys, whether a server merges maps or replaces them.
                (None, Value::Object(entries)) if self.is_map_of_texts(&merged) && !entries.is_empty() => {
                    Some(entries.keys().map(|key| (key.clone(), Value::from(OTHER_TEXT))).collect::<Map<_, _>>().into())
                }
                _ => None,
            };
            // Another number may be the id of nothing.
            let is_plain = !merged.read_only && merged.choices.is_empty() && !self.refers(name, &merged);
            other.filter(|_| is_plain).map(|other| ((*name).to_owned(), other))
        })
    }

    fn is_map_of_texts(&self, merged: &Merged<'_>) -> bool {
        let values = merged.additional.filter(|values| values.is_object());
        let is_text = |values: &Value| {
            let values = self.run.api.schemas.merge_value(&[values]);
            values.kind() == Some("string") && values.enumeration.is_none() && values.format.is_none()
        };
        merged.properties.is_empty() && values.is_some_and(is_text)
    }

    /// Whether an update changed what was named, and of what clients can set nothing else.
    fn changed_only(&mut self, update: usize, sent: &Value, before: &Value, after: &Value, answer: &Answer) {
        let retrieve = self.run.api.operations[update].resource.map(|at| operation(self.run.api, at, Role::Retrieve));
        let Some(Some(retrieve)) = retrieve else { return };
        self.shows(retrieve, sent, after, answer, "shows what an update changed");
        self.nothing_else(update, sent, before, after, answer);
    }

    /// Whether the members that clients can set and did not name are as they were.
    pub(crate) fn nothing_else(&mut self, update: usize, sent: &Value, before: &Value, after: &Value, answer: &Answer) {
        let declared = self.declared(update);
        let Some((_, pointer)) = self.content_media(declared) else { return };
        let shape = self.run.api.schemas.merged(pointer);
        let (Some(before), Some(sent)) = (before.as_object(), sent.as_object()) else { return };
        // What clients say at the creation alone is theirs, too.
        let retrieve =
            self.run.api.operations[update].resource.and_then(|at| operation(self.run.api, at, Role::Retrieve));
        let theirs = retrieve.map(|retrieve| self.comparable(retrieve)).unwrap_or_default();
        let is_theirs = |name: &String| shape.property(name).is_some() || theirs.contains(name);
        // The version of an object is another one after each change.
        let goes_on = |name: &str| is_updated(name) || self.says_version(update, name);
        let settable = before.iter().filter(|(name, _)| is_theirs(name) && !sent.contains_key(*name) && !goes_on(name));
        let is_different = |(name, value): &(&String, &Value)| {
            !after.get(*name).is_some_and(|one| conformance_json::equal(one, value))
        };
        let changed: Vec<(&String, &Value)> = settable.filter(is_different).collect();
        // POST and PATCH both merge; only PATCH has a document that says so (RFC 5789). What an update can't name may follow from it.
        let follows = !changed.is_empty() && changed.iter().all(|(name, _)| shape.property(name).is_none());
        let level = if declared.method == "PATCH" && !follows { Level::Must } else { Level::Should };
        let name = if follows { "changes-no-other-member" } else { "changes-nothing-else" };
        let wrong = changed.into_iter().map(|(name, value)| otherwise(name, value, after.get(name))).collect();
        let statement = format!("{} {} leaves alone what it does not name", declared.method, declared.path);
        let rule = Rule::new(format!("{}.{name}", declared.id), level, statement, declared.pointer.clone());
        self.judge(rule, answer, "members that were not named, as they were", wrong);
    }

    /// Whether the time of creation stays, and that of the last change does not go back.
    pub(crate) fn keeps_time(&mut self, update: usize, before: &Value, after: &Value, answer: &Answer) {
        let declared = self.declared(update);
        let body = self.content_media(declared).map(|(_, pointer)| self.run.api.schemas.merged(pointer));
        // What clients can set is theirs.
        let is_ours = |name: &str| {
            let property = body.as_ref().and_then(|body| body.property(name));
            property.is_none_or(|one| self.run.api.schemas.merge_value(one).read_only)
        };
        let Some(members) = before.as_object().filter(|_| after.is_object()) else { return };
        let times: Vec<(&String, &Value)> =
            members.iter().filter(|(name, value)| is_ours(name) && moment(value).is_some()).collect();
        let mut wrong = Vec::new();
        for (name, was) in &times {
            let Some(now) = after.get(*name) else { continue };
            let is_earlier = || moment(was).zip(moment(now)).is_some_and(|(was, now)| now < was - CORRECTION);
            // The same instant may be written in another way, or with fewer digits.
            let is_same = || moment(was).zip(moment(now)).is_some_and(|(was, now)| (now - was).abs() <= 1);
            if (is_created(name) && !is_same()) || (is_updated(name) && is_earlier()) {
                wrong.push(otherwise(name, was, Some(now)));
            }
        }
        if times.iter().any(|(name, _)| is_created(name) || is_updated(name)) {
            let statement = format!("{} {} turns no time back", declared.method, declared.path);
            let rule =
                Rule::new(format!("{}.keeps-times", declared.id), Level::Must, statement, declared.pointer.clone());
            self.judge(rule, answer, "the time of creation as it was, that of the last change not earlier", wrong);
        }
    }

    /// An update that names nothing changes nothing.
    async fn changes_nothing(
        &mut self,
        at: usize,
        update: usize,
        (media_type, pointer): (&str, &str),
        object: &Object,
        before: &Value,
    ) {
        let nothing = Value::Object(Map::new());
        let says_nothing = conformance_api::media::is_json(media_type) && self.declared(update).method == "PATCH";
        if !says_nothing || !self.proof().is_valid(Side::Request, pointer, &nothing) {
            return;
        }
        let answer = self.send(update, Arguments::at(&object.path).body(media_type, nothing.clone())).await;
        self.judge_no_error(update, &answer);
        if let Some(shown) = self.object_in(update, &answer) {
            self.keeps_time(update, before, &shown, &answer);
        }
        if let (true, Some((after, answer))) = (answer.is_success(), self.current(at, object).await) {
            self.nothing_else(update, &nothing, before, &after, &answer);
        }
    }
}

/// Whether a member of a body says what an object is called: its `name`, or its `new_name`.
pub(crate) fn names(member: &str, name: &str) -> bool {
    let (member, name) = (plain(member), plain(name));
    member == name || member.strip_prefix("new") == Some(name.as_str())
}

/// A member that is not what it was.
fn otherwise(name: &str, expected: &Value, found: Option<&Value>) -> Mismatch {
    Mismatch {
        place: format!("/{name}"),
        expected: Some(conformance_json::write(expected)),
        found: found.map_or_else(|| "missing".to_owned(), conformance_json::write),
        ..Mismatch::default()
    }
}
