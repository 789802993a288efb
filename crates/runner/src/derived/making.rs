//! Makes objects: below those above them, under names of their own, noted for the clean-up.

use conformance_api::envelope::related;
use conformance_api::names::asked_for;
use conformance_api::{Role, Side, path};
use conformance_openapi::Location;
use serde_json::Value;

use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::{creation, operation};

impl Session<'_> {
    /// Whether what a create makes can be found again: its response shows an id, or where it is, or the client names it.
    fn shows_id(&self, at: usize, create: usize) -> bool {
        let (api, declared) = (self.run.api, self.declared(create));
        let success = &api.operations[create].success;
        let identity = &api.resources[at].identity;
        let has = |names: &[&str]| identity.iter().any(|one| one.is_in_path && names.contains(&one.name.as_str()));
        let sent =
            |pointer: Option<&str>| pointer.map(|pointer| api.schemas.merged(pointer).required).unwrap_or_default();
        let shown = success.shape.as_ref().map(|shape| {
            let outlined = api.schemas.outline(&conformance_api::envelope::members(&api.schemas, shape));
            outlined.properties.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        });
        let response = success.response.and_then(|at| declared.responses.get(at));
        let location =
            response.is_some_and(|one| one.headers.iter().any(|field| field.name.eq_ignore_ascii_case("location")));
        location
            || shown.is_some_and(|names| has(&names))
            || has(&sent(self.content_media(declared).map(|(_, pointer)| pointer)))
    }

    /// Whether one can be created here and deleted again, with everything above it.
    pub fn can_create(&self, at: usize) -> bool {
        let api = self.run.api;
        let Some(create) = creation(api, at) else { return false };
        if self.leaking.contains(&at) {
            return false;
        }
        self.content_media(self.declared(create))
            .is_some_and(|(_, pointer)| self.proof().body(Side::Request, pointer, &[]).is_some())
            && (api.operations[create].is_item || self.shows_id(at, create))
            && (self.run.options.allow_leftovers || operation(api, at, Role::Delete).is_some())
    }

    /// The values of a collection's path: of objects that are made for it, of what the run was given, of the document's
    /// examples.
    pub async fn above(&mut self, at: usize) -> Result<Vec<String>, String> {
        let resource = &self.run.api.resources[at];
        let mut values = Vec::new();
        if let Some(parent) = resource.parent {
            let given = self.given(parent);
            values = match given {
                Some(values) => values,
                None if self.can_create(parent) => Box::pin(self.create(parent)).await?.path,
                None => Vec::new(),
            };
        }
        let count = resource.collection.matches("{}").count();
        let any = self.run.api.operations.iter().position(|one| one.resource == Some(at));
        let Some(declared) = any.map(|at| self.declared(at)) else { return Ok(values) };
        for name in path::parameters(&declared.path).into_iter().take(count).skip(values.len()) {
            values.push(self.path_value(declared, name).ok_or_else(|| format!("nothing says what `{name}` may be"))?);
        }
        Ok(values)
    }

    /// The whole path of a parent, where the run was given all of it.
    fn given(&self, parent: usize) -> Option<Vec<String>> {
        let any = self.run.api.operations.iter().position(|one| one.resource == Some(parent) && one.is_item)?;
        let names = path::parameters(&self.declared(any).path);
        let value =
            |name: &&str| self.run.options.with.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone());
        names.iter().map(value).collect()
    }

    /// Creates an object, with those above it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn create(&mut self, at: usize) -> Result<Object, String> {
        if !self.can_create(at) {
            return Err("what is created could not be found again, or not be deleted".to_owned());
        }
        let path = self.above(at).await?;
        self.create_at(at, &path).await
    }

    /// Creates an object below these.
    pub async fn create_at(&mut self, at: usize, path: &[String]) -> Result<Object, String> {
        self.create_varied(at, path, 0).await
    }

    /// Creates an object whose choices, flags and numbers are the `index`th of those that are documented.
    pub async fn create_varied(&mut self, at: usize, path: &[String], index: usize) -> Result<Object, String> {
        let create = creation(self.run.api, at).ok_or("nothing creates one")?;
        let place = self.place_for_new(at, create, path).await;
        let path = place.as_slice();
        self.meet_related(at, create).await;
        let (media_type, pointer) = self.content_media(self.declared(create)).ok_or("its body can't be written")?;
        let valid = self.valid_body(pointer).ok_or("no body was found that its schema allows")?;
        let valid = self.without_flags(at, pointer, self.named_as(at, create, pointer, path, valid));
        let hidden = self.hidden_by_default(at);
        let mut body = if index == 0 { valid } else { self.varied(pointer, valid, index, &hidden) };
        let mut answer = self.send(create, Arguments::at(path).body(media_type, body.clone())).await;
        // A text of ours may be none that the server takes; what the document shows may be one.
        let plain = self.plain_body(pointer).map(|plain| self.named_as(at, create, pointer, path, plain));
        let mut bodies = vec![body.clone()];
        let media = (media_type, pointer);
        let is_conflict = answer.status == Some(409);
        let plain = plain.into_iter().filter(|_| !is_conflict);
        for other in plain {
            if answer.is_rejection() && !bodies.contains(&other) {
                bodies.push(other.clone());
                body = other;
                answer = self.send(create, Arguments::at(path).body(media_type, body.clone())).await;
            }
        }
        // Once as it is, and once with the least: what is wrong is learnt before it is left out.
        for other in [None, self.least_body(pointer, &body)] {
            if let Some(other) = other.filter(|other| answer.is_rejection() && !bodies.contains(other)) {
                bodies.push(other.clone());
                body = other;
                answer = self.send(create, Arguments::at(path).body(media_type, body.clone())).await;
            }
            if answer.is_rejection()
                && let Some(taken) = self.create_as_learnt((at, create), path, media, &bodies, &answer).await
            {
                (body, answer) = taken;
            }
        }
        self.made(at, create, path, body, &answer)
    }

    /// Tries rejected bodies again as the server may want them, and remembers how it does: the one that it took.
    async fn create_as_learnt(
        &mut self,
        (at, create): (usize, usize),
        path: &[String],
        (media_type, pointer): (&str, &str),
        bodies: &[Value],
        answer: &Answer,
    ) -> Option<(Value, Answer)> {
        let lessons = self.learn((at, create), pointer, bodies.first()?, answer).await;
        let mut tries = Vec::new();
        for one in bodies {
            tries.extend(lessons.iter().filter_map(|lesson| Some((self.tried(pointer, one, lesson)?, lesson))));
        }
        for (other, lesson) in tries {
            let again = self.send(create, Arguments::at(path).body(media_type, other.clone())).await;
            if !again.is_rejection() {
                self.learnt = lesson.clone();
                return Some((other, again));
            }
        }
        None
    }

    /// Creates what an object is to be related to, where nothing of the kind is there yet.
    async fn meet_related(&mut self, at: usize, create: usize) {
        let Some((_, whole)) = Self::body_media(self.declared(create)) else { return };
        // What is made for something else does not make that once more.
        self.making.push(at);
        for other in related(self.run.api, whole) {
            let is_there = self.there.iter().any(|one| one.resource == other && !one.id.is_empty());
            if !self.making.contains(&other) && !is_there && self.can_create(other) {
                // Where there is none, the document's example may name one.
                let _ = Box::pin(self.create(other)).await;
            }
        }
        self.making.pop();
    }

    /// The resource whose objects' ids name this one's, too: `/teams/{team_id}/members/{employee_id}` makes an employee a member.
    fn named_by_another(&self, at: usize, create: usize) -> Option<usize> {
        let api = self.run.api;
        let parameter = &api.resources[at].parameter;
        let is_put = api.operations[create].is_item && parameter.len() > 2;
        let schema = self
            .declared(create)
            .parameters
            .iter()
            .find(|one| one.location == Location::Path && one.name == *parameter);
        let shape = api.schemas.merged(schema?.schema.as_deref()?);
        let other = conformance_api::references::referred(api, parameter, &shape);
        other.filter(|other| is_put && *other != at && self.can_create(*other))
    }

    /// Where an object is to be made: where those above it say, or there under a name that nobody else gives, or under the id of
    /// what it names.
    pub async fn place_for_new(&mut self, at: usize, create: usize, above: &[String]) -> Vec<String> {
        let mut place = above.to_vec();
        if self.run.api.operations[create].is_item {
            let another = match self.named_by_another(at, create) {
                Some(other) => self.free_id(at, other, above).await,
                None => None,
            };
            place.push(another.unwrap_or_else(|| self.new_name(at, create)));
        }
        place
    }

    /// The id of an object of another kind under which nothing is here.
    async fn free_id(&mut self, at: usize, other: usize, above: &[String]) -> Option<String> {
        let is_used = |id: &String| {
            let mut here = self.there.iter().filter(|one| one.resource == at);
            here.any(|one| one.path.starts_with(above) && one.path.last() == Some(id))
        };
        let mut known = self.there.iter().filter(|one| one.resource == other && !one.id.is_empty()).map(|one| &one.id);
        match known.find(|id| !is_used(id)).cloned() {
            Some(id) => Some(id),
            None => Box::pin(self.create(other)).await.ok().map(|one| one.id),
        }
    }

    /// A body that says of an object what the path does, where the client names it there.
    pub(crate) fn named_as(&self, at: usize, create: usize, pointer: &str, place: &[String], body: Value) -> Value {
        if !self.run.api.operations[create].is_item {
            return body;
        }
        let (resource, mut named) = (&self.run.api.resources[at], body.clone());
        let names = path::parameters(&self.declared(create).path);
        let own = resource.identity.iter().map(|one| one.name.as_str()).zip(std::iter::repeat(place.last()));
        let above = names.iter().copied().zip(place.iter().map(Some));
        for (name, value) in own.chain(above) {
            if let (Some(member), Some(value)) = (named.get_mut(name), value) {
                *member = value.as_str().into();
            }
        }
        if self.proof().is_valid(Side::Request, pointer, &named) { named } else { body }
    }

    /// A name for an object, as the document wants it in the path.
    fn new_name(&self, at: usize, create: usize) -> String {
        let declared = self.declared(create);
        let own = &self.run.api.resources[at].parameter;
        let schema = declared.parameters.iter().find(|one| one.location == Location::Path && one.name == *own);
        let letters = self.random.word(10);
        let digits = (1_000_000 + self.random.below(1_999_000_000)).to_string();
        let any = [self.word(), letters.clone(), letters.to_uppercase(), letters[..4].to_owned(), digits];
        let allows = |name: &String| {
            let pointer = schema.and_then(|one| one.schema.as_deref());
            pointer.is_none_or(|pointer| self.proof().is_valid(Side::Request, pointer, &Value::from(name.as_str())))
        };
        let name = any.iter().find(|name| allows(name)).cloned();
        let shape = || Some(self.run.api.schemas.merged(schema?.schema.as_deref()?));
        let fitting = || shape().and_then(|shape| self.another(&shape, &Value::from(""))?.as_str().map(str::to_owned));
        self.random.note(name.or_else(|| fitting().filter(allows)).unwrap_or_else(|| any[0].clone()))
    }

    /// Members by which a list chooses when nothing is asked for: an issue that is closed is not shown.
    fn hidden_by_default(&self, at: usize) -> Vec<String> {
        let Some(list) = operation(self.run.api, at, Role::List) else { return Vec::new() };
        let has_default = |pointer: &str| self.run.api.schemas.merged(pointer).default.is_some();
        let all = self.declared(list).parameters.iter();
        all.filter(|one| one.schema.as_deref().is_some_and(has_default)).map(|one| one.name.clone()).collect()
    }

    /// A body without flags that were made up and that a list can be asked for: what is archived may be left out of it.
    fn without_flags(&self, at: usize, pointer: &str, mut body: Value) -> Value {
        let Some(list) = operation(self.run.api, at, Role::List) else { return body };
        let shows = |one: &&Value, name: &str| one.get(name).is_some();
        for parameter in self.declared(list).parameters.iter().filter(|one| one.location == Location::Query) {
            let name = asked_for(&parameter.name);
            let is_flag = body.get(name).is_some_and(Value::is_boolean);
            if !is_flag || self.examples_of(pointer).iter().any(|one| shows(one, name)) {
                continue;
            }
            let mut without = body.clone();
            without.as_object_mut().map(|members| members.remove(name));
            if self.proof().is_valid(Side::Request, pointer, &without) {
                body = without;
            }
        }
        body
    }

    /// Creates an object of which one member is this; none where its body, or the server, does not take it.
    pub async fn create_with(&mut self, at: usize, above: &[String], member: &str, value: &Value) -> Option<Object> {
        let create = creation(self.run.api, at)?;
        let (media_type, pointer) = self.content_media(self.declared(create))?;
        self.run.api.schemas.merged(pointer).property(member)?;
        let place = self.place_for_new(at, create, above).await;
        let mut body = self.valid_body(pointer)?;
        body.as_object_mut()?.insert(member.to_owned(), value.clone());
        if !self.proof().is_valid(Side::Request, pointer, &body) {
            return None;
        }
        let body = self.named_as(at, create, pointer, &place, body);
        let answer = self.send(create, Arguments::at(&place).body(media_type, body.clone())).await;
        self.made(at, create, &place, body, &answer).ok()
    }

    /// What a create made, noted for the clean-up.
    pub fn made(
        &mut self,
        at: usize,
        create: usize,
        path: &[String],
        sent: Value,
        answer: &Answer,
    ) -> Result<Object, String> {
        if let Some(obstacle) = &answer.obstacle {
            return Err(obstacle.clone());
        }
        let status = answer.status.unwrap_or(0);
        if !answer.is_success() {
            let words = self.exchanges[answer.number].response.as_ref().map(conformance_record::Response::words);
            return Err(format!("a body that was made up is answered {status}: {}", words.unwrap_or_default()));
        }
        self.created += 1;
        let resource = &self.run.api.resources[at];
        let body = answer.json.clone().unwrap_or_default();
        let shape = self.run.api.operations[create].success.shape.as_ref();
        let object = self.plain(shape, shape.and_then(|shape| self.within(shape, &body)).unwrap_or(&body));
        let location = || {
            let response = self.exchanges[answer.number].response.as_ref().ok()?;
            let last = response.header("location")?.trim_end_matches('/').rsplit('/').next()?.to_owned();
            (!last.is_empty()).then_some(last)
        };
        // Who names an object knows its name, whether or not the response tells it.
        let is_named = self.run.api.operations[create].is_item;
        let given = path.last().filter(|_| is_named).cloned();
        let shown = || self.id_of(resource, &object).or_else(location).or_else(|| self.id_of(resource, &sent));
        let id = given.or_else(shown);
        let mut ids = self.ids_of(resource, &object);
        ids.extend(self.ids_of(resource, &sent).into_iter().filter(|_| ids.is_empty()).collect::<Vec<_>>());
        if let (true, true, Some(id), Some(one)) = (is_named, ids.is_empty(), &id, resource.identity.first()) {
            ids.push((one.name.clone(), id.clone()));
        }
        let number = answer.number;
        let Some(id) = id else {
            self.there.push(Object {
                resource: at,
                path: Vec::new(),
                id: String::new(),
                ids,
                sent,
                members: object,
                number,
            });
            return Err("the response shows no id".to_owned());
        };
        let mut own = path.to_vec();
        if !is_named {
            own.push(id.clone());
        }
        self.named.push((conformance_api::names::singular(&resource.name), id.clone()));
        let made = Object { resource: at, path: own, id, ids, sent, members: object, number };
        if let Some(number) = self.unnamed.take() {
            self.log.create(number, &resource.item, &made.path);
        }
        self.there.push(made.clone());
        Ok(made)
    }
}
