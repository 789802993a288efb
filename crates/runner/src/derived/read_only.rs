//! What a server makes itself is not made by clients: JSON Schema expects attempts to modify what is `readOnly` "to be ignored
//! or rejected" (Validation, 9.4).

use conformance_api::names::is_created;
use conformance_api::{Merged, Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::broken::Broken;
use super::check::Rule;
use super::compare::agrees;
use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::{creation, operation};

/// A time that no server makes today.
const LONG_AGO: &str = "2001-02-03T04:05:06Z";
/// A number that no counter has by chance.
const NUMBER: i64 = 1_234_567;

impl Session<'_> {
    /// Creates an object with members that only the server makes.
    pub(crate) async fn creates_its_own(&mut self, at: usize, above: &[String]) {
        let Some(create) = creation(self.run.api, at) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(create)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        for declared in [true, false] {
            let members = self.not_for_clients(at, &pointer, declared);
            let Some(mut body) = self.valid_body(&pointer).filter(|_| !members.is_empty()) else { continue };
            members.iter().for_each(|(name, value)| body[name.as_str()] = value.clone());
            let place = self.place_for_new(at, create, above).await;
            let answer = self.send(create, Arguments::at(&place).body(&media_type, body.clone())).await;
            self.judge_no_error(create, &answer);
            let Ok(object) = self.made(at, create, &place, body, &answer) else { continue };
            // What the response says need not be what is kept.
            self.judge_its_own(create, &members, &Value::Null, (&object.members, declared), &answer);
            if let Some((shown, answer)) = self.current(at, &object).await {
                self.judge_its_own(create, &members, &Value::Null, (&shown, declared), &answer);
            }
        }
    }

    /// Changes members that only the server makes.
    pub(crate) async fn keeps_its_own(&mut self, at: usize, object: &Object) {
        for (role, declared) in [Role::Update, Role::Replace].into_iter().flat_map(|role| [(role, true), (role, false)])
        {
            let Some(update) = operation(self.run.api, at, role) else { continue };
            let Some((media_type, pointer)) = self.content_media(self.declared(update)) else { continue };
            let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
            let members = self.not_for_clients(at, &pointer, declared);
            let Some(mut body) = self.body_for(&pointer, object).filter(|_| !members.is_empty()) else { continue };
            let Some((before, _)) = self.current(at, object).await else { return };
            members.iter().for_each(|(name, value)| body[name.as_str()] = value.clone());
            let answer = self.send(update, Arguments::at(&object.path).body(&media_type, body)).await;
            self.judge_no_error(update, &answer);
            let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
            let after = self.send(retrieve, Arguments::at(&object.path)).await;
            match self.object_in(retrieve, &after).filter(|_| after.is_success()) {
                Some(shown) => self.judge_its_own(update, &members, &before, (&shown, declared), &after),
                None => {
                    self.follow(at, object, &members).await;
                    self.judge_its_own(update, &members, &before, (&members_of(&members), declared), &answer);
                    return;
                }
            }
        }
    }

    /// An object that has another id now is deleted by that one.
    async fn follow(&mut self, at: usize, object: &Object, members: &[(String, Value)]) {
        let resource = &self.run.api.resources[at];
        let Some((name, id)) = self.ids_of(resource, &members_of(members)).into_iter().next() else { return };
        let mut moved = object.clone();
        if let Some(last) = moved.path.last_mut() {
            last.clone_from(&id);
        }
        if self.current(at, &moved).await.is_none() {
            return;
        }
        moved.ids.retain(|(one, _)| *one != name);
        moved.ids.push((name, id.clone()));
        moved.id = id;
        if let Some(one) = self.there.iter_mut().find(|one| one.resource == at && one.path == object.path) {
            *one = moved;
        }
    }

    /// Members of an operation's body that are `readOnly`, or else members that say which object it is and when it was made
    /// and that the body does not have; each with a value that a server would not make.
    fn not_for_clients(&self, at: usize, pointer: &str, declared: bool) -> Vec<(String, Value)> {
        let schemas = &self.run.api.schemas;
        let body = schemas.merged(pointer);
        if !body.choices.is_empty() || body.kind() != Some("object") {
            return Vec::new();
        }
        let resource = &self.run.api.resources[at];
        let is_id =
            |name: &str| resource.identity.iter().any(|one| one.is_in_path && !one.is_given && one.name == name);
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return Vec::new() };
        let Some(shape) = self.run.api.operations[retrieve].success.shape.as_ref() else { return Vec::new() };
        let shown = schemas.merge(&conformance_api::envelope::members(schemas, shape));
        let is_open = body.additional != Some(&Value::Bool(false));
        let is_meant = |name: &str| match body.property(name) {
            Some(property) => declared && schemas.merge_value(property).read_only,
            None => !declared && is_open && (is_id(name) || is_created(name)),
        };
        let members = shown.properties.iter().filter(|(name, _)| is_meant(name));
        members
            .filter_map(|(name, property)| Some(((*name).to_owned(), foreign(&schemas.merge_value(property))?)))
            .collect()
    }

    /// Bodies with a member of the object that a closed schema of bodies excludes: what the server alone says.
    pub(crate) fn excluded_bodies(&self, at: usize, pointer: &str, valid: &Value) -> Vec<Broken> {
        const MOST: usize = 3;
        let schemas = &self.run.api.schemas;
        let body = schemas.merged(pointer);
        let retrieve = operation(self.run.api, at, Role::Retrieve);
        let shape = retrieve.and_then(|one| self.run.api.operations[one].success.shape.as_ref());
        let (Some(shape), true) = (shape, body.additional == Some(&Value::Bool(false)) && body.choices.is_empty())
        else {
            return Vec::new();
        };
        let shown = schemas.merge(&conformance_api::envelope::members(schemas, shape));
        let others = shown.properties.iter().filter(|(name, _)| body.property(name).is_none());
        let broken = others.filter_map(|(name, property)| {
            let merged = schemas.merge_value(property);
            let word = merged.enumeration.as_ref().and_then(|all| all.iter().rfind(|one| one.is_string()));
            let value = word.map(|word| (*word).clone()).or_else(|| foreign(&merged))?;
            let mut body = valid.clone();
            body.as_object_mut()?.insert((*name).to_owned(), value);
            let is_wrong = !self.proof().is_valid(Side::Request, pointer, &body);
            let what = format!("`{name}` is there, which the schema excludes");
            is_wrong.then_some(Broken { what, body, level: Level::Must })
        });
        broken.take(MOST).collect()
    }

    fn judge_its_own(
        &mut self,
        at: usize,
        sent: &[(String, Value)],
        before: &Value,
        (shown, is_declared): (&Value, bool),
        answer: &Answer,
    ) {
        let says = |object: &Value, name: &str, value: &Value| {
            object.get(name).is_some_and(|one| agrees(value, one, Some("date-time")))
        };
        let is_taken = |name: &str, value: &Value| says(shown, name, value) && !says(before, name, value);
        let taken = sent.iter().filter(|(name, value)| is_taken(name, value));
        let wrong = taken
            .map(|(name, value)| Mismatch {
                place: format!("/{name}"),
                found: format!("{}, as the client sent it", conformance_json::write(value)),
                ..Mismatch::default()
            })
            .collect();
        let declared = self.declared(at);
        let (name, level, what) = if is_declared {
            ("keeps-read-only", Level::Must, "what is read-only")
        } else {
            ("keeps-identity", Level::Should, "which object it is, and when it was made")
        };
        let statement = format!("{} {} lets no client say {what}", declared.method, declared.path);
        let pointer = format!("{}/requestBody", declared.pointer);
        self.judge(
            Rule::new(format!("{}.{name}", declared.id), level, statement, pointer),
            answer,
            "what the server made",
            wrong,
        );
    }
}

fn members_of(members: &[(String, Value)]) -> Value {
    Value::Object(members.iter().cloned().collect())
}

/// A value that a server would not make itself. Flags and words of a list may be as they are by chance.
fn foreign(merged: &Merged<'_>) -> Option<Value> {
    if !merged.choices.is_empty()
        || merged.enumeration.is_some()
        || !merged.patterns.is_empty()
        || merged.constant.is_some()
    {
        return None;
    }
    match (merged.kind()?, merged.format) {
        ("string", None) => Some("conformance-was-here".into()),
        ("string", Some("date-time")) => Some(LONG_AGO.into()),
        ("string", Some("uuid")) => Some("0c0ffee0-0000-4000-8000-00000000c0de".into()),
        ("integer" | "number", None | Some("int32" | "int64")) => Some(NUMBER.into()),
        _ => None,
    }
}
