//! What each role does to the state, and what answers it.

use conformance_api::{Resource, Role, Shape, path};
use conformance_store::{Object, Place, Sequence};
use serde_json::Value;

use super::call::Call;
use super::object::{Way, Write};
use super::projection::{Members, as_text, concrete};
use super::trouble::Trouble;
use super::workspace::Kept;
use super::{Basis, Content, Derived, Outcome, UnknownIds};

impl Derived {
    /// Does what the request asks.
    pub(crate) fn handle(&self, call: &Call<'_>, kept: &mut Kept) -> Result<Outcome, Trouble> {
        let Some(at) = call.operation.resource else {
            self.check_above(call, kept)?;
            return self.of_one_kind(call, kept);
        };
        let place = Place { resource: at, parents: self.parents(at, &call.values, kept)? };
        self.check_version(call, &place, kept)?;
        match call.operation.role {
            Role::List => self.list(call, &place, kept),
            Role::Create => self.create(call, &place, kept),
            Role::Retrieve => self.retrieve(call, &place, kept).map(|outcome| self.if_changed(call, outcome)),
            Role::Update => self.write(call, &place, kept, Way::Update),
            Role::Replace => self.write(call, &place, kept, Way::Replace),
            Role::Delete => self.delete(call, &place, kept),
            Role::Action => self.act(call, &place, kept),
            _ => self.of_one_kind(call, kept),
        }
    }

    pub(crate) fn not_found(&self, place: &Place, id: &str) -> Trouble {
        // Client libraries look for these two words.
        Trouble::NotFound(format!("Not Found: {} has no `{id}`", self.api.resources[place.resource].name))
    }

    /// Whether an id that nobody made is one that this mock could have made.
    pub(crate) fn is_unknown(&self, resource: &Resource, id: &str) -> bool {
        match self.unknown_ids {
            UnknownIds::Make => false,
            UnknownIds::Reject => true,
            UnknownIds::Auto => self.is_own_form(resource, id),
        }
    }

    /// Whether an object of this name was neither made nor stands for an example: where clients give names, the examples end
    /// with the first object that they name.
    fn is_nobody(&self, place: &Place, id: &str, kept: &Kept) -> bool {
        let resource = &self.api.resources[place.resource];
        let makes = || {
            let mut all = self.api.operations.iter().zip(&self.api.document.operations);
            all.any(|(operation, declared)| {
                let is_put = operation.resource == Some(place.resource) && operation.role == Role::Replace;
                is_put && declared.responses.iter().any(|one| one.status == "201")
            })
        };
        let is_used = self.unknown_ids == UnknownIds::Auto
            && !self.example_ids.contains(id)
            && kept.state.collection(place).is_some()
            && makes();
        is_used || self.is_unknown(resource, id)
    }

    /// Whether an object stands below another parent: then it is no example here.
    fn is_elsewhere(&self, place: &Place, id: &str, kept: &Kept) -> bool {
        self.unknown_ids != UnknownIds::Make && kept.state.has(place.resource, id)
    }

    /// Whether this mock could have made an id, and the document does not show it.
    pub(crate) fn is_own_form(&self, resource: &Resource, id: &str) -> bool {
        !self.example_ids.contains(id) && resource.identity.iter().any(|one| one.form.could_have_made(id))
    }

    /// The id of the object that the request names: the last value of the resource's own path.
    pub(crate) fn id<'c>(&self, call: &'c Call<'_>, resource: &Resource) -> Option<&'c str> {
        let count = resource.item.matches("{}").count();
        call.values.get(count.checked_sub(1)?).map(String::as_str)
    }

    fn writes<'w>(
        resource: &'w Resource,
        shape: &'w Shape,
        call: &'w Call<'_>,
        (path, address): (&'w [(String, String)], &'w str),
    ) -> Write<'w> {
        let (body, body_schema) = (call.body.as_ref(), call.body_schema.as_deref());
        Write { resource, shape, body, body_schema, path, address }
    }

    fn create(&self, call: &Call<'_>, place: &Place, kept: &mut Kept) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let Some(shape) = &resource.shape else { return self.of_one_kind(call, kept) };
        if kept.state.holds(self.settings.limits.objects) {
            return Err(Trouble::Full);
        }
        let (path, address) = (path_arguments(call), self.address(call));
        let members = self.new_members(&Self::writes(resource, shape, call, (&path, &address)), kept, None);
        let object = self.object(resource, members, None);
        let given = resource.identity.first().filter(|one| one.is_given).and(object.ids.first());
        if let Some(id) = given.filter(|id| kept.state.collection(place).and_then(|all| all.find(id)).is_some()) {
            if call.declared.responses.iter().any(|one| one.status == "409") {
                return Err(Trouble::Conflict(format!("{} has `{id}` already", resource.name)));
            }
            if let Some(before) = kept.state.collection(place).and_then(|all| all.find(id)) {
                kept.state.collection_mut(place).remove(before);
            }
        }
        let id = object.ids.first().cloned();
        let mut members = object.members.clone();
        let sequence = kept.state.next_sequence();
        if let Some(home) = resource.kept_in {
            self.move_home(call, home, &mut members, (place, sequence), kept)?;
        }
        kept.state.collection_mut(place).insert(sequence, self.object(resource, members.clone(), None));
        let mut outcome = self.object_outcome(call, resource, &members, Basis::State)?;
        outcome.headers.extend(self.success_headers(call, id.as_deref()));
        Ok(outcome)
    }

    fn retrieve(&self, call: &Call<'_>, place: &Place, kept: &Kept) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let id = self.id(call, resource).unwrap_or("");
        let collection = kept.state.collection(place);
        if let Some(object) = collection.and_then(|all| all.get(all.find(id)?)) {
            return self.object_outcome(call, resource, &object.members, Basis::State);
        }
        if collection.is_some_and(|all| all.is_gone(id)) {
            return self.deleted_outcome(call, resource, id).ok_or_else(|| self.not_found(place, id));
        }
        if self.is_elsewhere(place, id, kept) || (kept.owner.as_deref() != Some(id) && self.is_nobody(place, id, kept))
        {
            return Err(self.not_found(place, id));
        }
        let members = self.foreign_members(resource, call, id);
        self.object_outcome(call, resource, &members, Basis::Example)
    }

    /// The example of an object under an id that nobody made.
    fn foreign_members(&self, resource: &Resource, call: &Call<'_>, id: &str) -> Members {
        let media = self.success_media(call);
        let example = media.and_then(|media| {
            let made = self.proof.body(super::SIDE, media.schema.as_deref()?, &media.examples)?;
            let shape = call.operation.success.shape.as_ref()?;
            super::projection::slot(&mut made.value.clone(), &shape.at).and_then(|there| there.as_object().cloned())
        });
        let mut members = example.unwrap_or_default();
        if let Some(member) = resource.identity.first() {
            let value = super::object::id_value(member, id, &self.address(call));
            if let (Some(value), true) = (value, members.contains_key(&member.name)) {
                members.insert(member.name.clone(), value);
            }
        }
        members
    }

    fn write(&self, call: &Call<'_>, place: &Place, kept: &mut Kept, way: Way) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let Some(shape) = &resource.shape else { return self.of_one_kind(call, kept) };
        let in_body = || {
            let sent = call.body.as_ref()?.as_object()?;
            resource.identity.iter().find_map(|one| as_text(sent.get(&one.name)?))
        };
        let id = if call.operation.is_item { self.id(call, resource).map(str::to_owned) } else { in_body() };
        let id = id.unwrap_or_default();
        let (path, address) = (path_arguments(call), self.address(call));
        let write = Self::writes(resource, shape, call, (&path, &address));
        let found = kept.state.collection(place).and_then(|all| all.find(&id));
        let before = found.and_then(|at| kept.state.collection(place).and_then(|all| all.get(at)).cloned());
        let mut is_remembered = before.as_ref().is_none_or(|before| before.remembered > 0);
        let (sequence, members) = match (found, before) {
            (Some(sequence), Some(before)) => {
                (Some(sequence), self.changed_members(&write, &before.members, kept, way))
            }
            _ => {
                let makes = || call.declared.responses.iter().any(|one| one.status == "201");
                let is_named =
                    way == Way::Replace && (resource.identity.first().is_none_or(|one| one.is_given) || makes());
                let gone = kept.state.collection(place).is_some_and(|all| all.is_gone(&id));
                if !is_named && (gone || self.is_elsewhere(place, &id, kept) || self.is_unknown(resource, &id)) {
                    return Err(self.not_found(place, &id));
                }
                if is_named {
                    self.check_new_name(call, &resource.parameter, &id)?;
                }
                // An id of which only the client knows stands for an example; deleted, it is that again.
                is_remembered = is_named;
                (None, self.new_members(&write, kept, Some(&id)))
            }
        };
        // Only what was made under this id, or has no other, is found by it.
        let own = call.operation.is_item && (sequence.is_none() || resource.identity.is_empty());
        let mut object = self.object(resource, members.clone(), own.then_some(id.as_str()));
        if !is_remembered {
            object.remembered = 0;
        }
        if resource.identity.first().is_some_and(|one| one.is_given) {
            self.check_name(call, place, &object, (sequence, &id), kept)?;
        }
        let is_made = sequence.is_none() && is_remembered;
        match sequence {
            Some(sequence) => {
                kept.state.collection_mut(place).replace(sequence, object);
                self.keep_elsewhere(place, sequence, &members, kept);
            }
            None => {
                let sequence = kept.state.next_sequence();
                self.adopt(place, &id, sequence, kept);
                kept.state.collection_mut(place).insert(sequence, object);
            }
        }
        let mut outcome = self.object_outcome(call, resource, &members, Basis::State)?;
        outcome.headers.extend(self.success_headers(call, None));
        if call.declared.method == "PUT" && way == Way::Replace {
            say_what_was_done(call, &mut outcome, is_made);
        }
        Ok(outcome)
    }

    /// A name that clients give is the one in the path, unless they say another, and is no other object's.
    fn check_name(
        &self,
        call: &Call<'_>,
        place: &Place,
        object: &Object,
        (sequence, id): (Option<Sequence>, &str),
        kept: &Kept,
    ) -> Result<(), Trouble> {
        let resource = &self.api.resources[place.resource];
        let name = resource.identity.first().and_then(|first| as_text(object.members.get(&first.name)?));
        let Some(name) = name.map(|name| path::id_in(&resource.item, &name).to_owned()) else { return Ok(()) };
        if sequence.is_none() && call.operation.is_item && name != id {
            return Err(Trouble::Invalid(format!("path: `{id}` is no name that {} can have", resource.name)));
        }
        let other = kept.state.collection(place).and_then(|all| all.find(&name)).filter(|one| Some(*one) != sequence);
        match other {
            Some(_) => Err(Trouble::Conflict(format!("{} has `{name}` already", resource.name))),
            None => Ok(()),
        }
    }

    fn delete(&self, call: &Call<'_>, place: &Place, kept: &mut Kept) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let id = self.id(call, resource).unwrap_or("").to_owned();
        let found = kept.state.collection(place).and_then(|all| all.find(&id));
        let members = match found {
            Some(sequence) => {
                let removed = kept.state.collection_mut(place).remove(sequence);
                self.remove_below(place, format!("#{sequence}"), kept);
                for other in kept.elsewhere.remove(&sequence).unwrap_or_default() {
                    kept.state.collection_mut(&other).remove(sequence);
                }
                removed.map(|object| object.members).unwrap_or_default()
            }
            None if kept.state.collection(place).is_some_and(|all| all.is_gone(&id)) => {
                return Err(self.not_found(place, &id));
            }
            None if self.is_elsewhere(place, &id, kept) || self.is_nobody(place, &id, kept) => {
                return Err(self.not_found(place, &id));
            }
            None => {
                self.remove_below(place, id.clone(), kept);
                self.foreign_members(resource, call, &id)
            }
        };
        let same_kind = |shape: &Shape| {
            shape.reference.is_some()
                && shape.reference == resource.shape.as_ref().and_then(|one| one.reference.clone())
        };
        let whole = call.operation.success.shape.as_ref().is_some_and(same_kind);
        let names: Vec<&str> = resource.identity.iter().map(|one| one.name.as_str()).collect();
        let members = if whole {
            members
        } else {
            members.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
        };
        self.object_outcome(call, resource, &members, if found.is_some() { Basis::State } else { Basis::Example })
    }

    /// What is said of an object that was deleted, where the document has words for it: `{"id": …, "deleted": true}`.
    fn deleted_outcome(&self, call: &Call<'_>, resource: &Resource, id: &str) -> Option<Outcome> {
        let media = self.success_media(call)?;
        let pointer = media.schema.as_deref()?;
        let shape = self.api.schemas.merged(pointer);
        let says_deleted = |branch: &&Value| {
            let merged = self.api.schemas.merge(&[branch]);
            merged.required.contains(&"deleted") && merged.property("deleted").is_some()
        };
        let branch = shape.choices.iter().flat_map(|all| all.iter()).find(says_deleted)?;
        let sampler = conformance_api::sample::Sampler {
            schemas: &self.api.schemas,
            side: super::SIDE,
            extent: conformance_api::sample::Extent::Required,
            variant: 0,
            examples: true,
        };
        let mut body = sampler.sample(&[branch])?;
        let members = body.as_object_mut()?;
        members.insert("deleted".to_owned(), true.into());
        if let Some(member) = resource.identity.first().filter(|one| members.contains_key(&one.name)) {
            members.insert(member.name.clone(), id.into());
        }
        let valid = self.proof.is_valid(super::SIDE, pointer, &body);
        let content = Content::Json(concrete(&media.media_type), body);
        valid.then(|| Outcome {
            status: call.operation.success.status,
            body: content,
            basis: Basis::State,
            headers: Vec::new(),
        })
    }

    /// Something done with an object: 404 where it is not there; its own state where the response is the object.
    fn act(&self, call: &Call<'_>, place: &Place, kept: &mut Kept) -> Result<Outcome, Trouble> {
        let resource = &self.api.resources[place.resource];
        let id = self.id(call, resource).unwrap_or("");
        let _ = self.name_of(place, id, kept)?;
        let found = kept.state.collection(place).and_then(|all| all.get(all.find(id)?));
        let reference = |shape: Option<&Shape>| shape.and_then(|one| one.reference.clone());
        let is_object = reference(call.operation.success.shape.as_ref())
            .is_some_and(|one| Some(one) == reference(resource.shape.as_ref()));
        match found {
            Some(object) if is_object => self.object_outcome(call, resource, &object.members, Basis::State),
            _ => self.of_one_kind(call, kept),
        }
    }

    /// Something of which there is one, or something that keeps nothing.
    fn of_one_kind(&self, call: &Call<'_>, kept: &mut Kept) -> Result<Outcome, Trouble> {
        let media = self.success_media(call);
        let status = call.operation.success.status;
        let key = call.request.path().trim_end_matches('/').to_owned();
        let (mut content, mut basis) = self.plain_content(media)?;
        let role = call.operation.role;
        if role == Role::ClearSingleton {
            if kept.state.singletons.get(&key).is_some_and(Option::is_some) {
                kept.state.singletons.insert(key, None);
            }
            return Ok(Outcome { status, body: content, basis, headers: self.success_headers(call, None) });
        }
        let kept_before = kept.state.singletons.get(&key).cloned();
        if role == Role::GetSingleton
            && kept_before == Some(None)
            && call.declared.responses.iter().any(|one| one.status == "404")
        {
            return Err(Trouble::NotFound(format!("Not Found: nothing is at {key} any more")));
        }
        let before = kept_before.flatten();
        let members = match (role, before, &call.body) {
            (Role::GetSingleton, before, _) => before,
            (Role::SetSingleton, Some(Value::Object(before)), Some(Value::Object(sent)))
                if call.declared.method == "PATCH" =>
            {
                Some(Value::Object(before.into_iter().chain(sent.clone()).collect()))
            }
            (Role::SetSingleton, _, Some(sent)) => Some(sent.clone()),
            (_, _, Some(Value::Object(sent))) => Some(Value::Object(sent.clone())),
            _ => None,
        };
        if role == Role::SetSingleton {
            kept.state.singletons.insert(key, members.clone());
        }
        if let (Some(Value::Object(members)), Content::Json(_, body)) = (members, &mut content) {
            let shape = call.operation.success.shape.clone();
            let shape = shape.map(|shape| Shape { at: Vec::new(), is_item: false, ..shape });
            let keeps = matches!(role, Role::GetSingleton | Role::SetSingleton);
            if let Some(whole) = shape.and_then(|shape| self.with_object(&shape, body, &members, &[])) {
                *body = whole;
                basis = if keeps { Basis::State } else { basis };
            }
        }
        Ok(Outcome { status, body: content, basis, headers: self.success_headers(call, None) })
    }

    /// The success of an operation with an object of the state.
    fn object_outcome(
        &self,
        call: &Call<'_>,
        resource: &Resource,
        members: &Members,
        basis: Basis,
    ) -> Result<Outcome, Trouble> {
        let status = call.operation.success.status;
        let headers = self.version_header(call, members).into_iter().collect();
        let media = self.success_media(call);
        let json = media.filter(|media| conformance_api::media::is_json(&media.media_type));
        let (Some(media), Some(shape)) = (json, &call.operation.success.shape) else {
            let (body, other) = self.plain_content(media)?;
            let basis = if matches!(body, Content::Empty) { basis } else { other };
            return Ok(Outcome { status, body, basis, headers });
        };
        let made = self.template(&shape.body, &media.examples)?;
        let keep: Vec<String> = resource.identity.iter().map(|one| one.name.clone()).collect();
        let body =
            if shape.is_item { Some(made.value.clone()) } else { self.with_object(shape, &made.value, members, &keep) };
        let body = body.unwrap_or_else(|| made.value.clone());
        Ok(Outcome { status, body: Content::Json(concrete(&media.media_type), body), basis, headers })
    }

    /// The address of the collection that a call works on.
    fn address(&self, call: &Call<'_>) -> String {
        let path = call.request.path().trim_end_matches('/');
        let path = if call.operation.is_item { path.rsplit_once('/').map_or("", |(before, _)| before) } else { path };
        self.settings.origin(call.request) + path
    }
}

/// Tells by the status of a `PUT` whether it created (RFC 9110, 9.3.4), where the document has a response for it to which the same
/// body and header fields belong, or none.
fn say_what_was_done(call: &Call<'_>, outcome: &mut Outcome, created: bool) {
    let response = |status: u16| call.declared.responses.iter().find(|one| one.status == status.to_string());
    let Some(usual) = response(outcome.status) else { return };
    let schemas =
        |one: &conformance_openapi::Response| one.media.iter().map(|one| one.schema.clone()).collect::<Vec<_>>();
    let has = |name: &str| outcome.headers.iter().any(|(one, _)| one.eq_ignore_ascii_case(name));
    let fits = |status: u16| {
        let is_complete = |one: &conformance_openapi::Response| {
            one.headers.iter().filter(|one| one.required).all(|one| has(&one.name))
        };
        response(status).filter(|one| is_complete(one))
    };
    if created && outcome.status != 201 && fits(201).is_some_and(|one| schemas(one) == schemas(usual)) {
        outcome.status = 201;
    } else if !created && outcome.status == 201 {
        if fits(200).is_some_and(|one| schemas(one) == schemas(usual)) {
            outcome.status = 200;
        } else if fits(204).is_some_and(|one| one.media.is_empty()) {
            (outcome.status, outcome.body) = (204, Content::Empty);
        }
    }
}

fn path_arguments(call: &Call<'_>) -> Vec<(String, String)> {
    let names = conformance_api::path::parameters(&call.declared.path);
    names.into_iter().map(str::to_owned).zip(call.values.iter().cloned()).collect()
}
