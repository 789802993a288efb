//! What one scenario knows, sends and creates.

use conformance_api::{IdMember, Proof, Resource, Role, Shape, Side, path};
use conformance_openapi::{Location, Operation as Declared, Response as Documented};
use conformance_record::{CheckOutcome, Exchange, Mismatch, NoResponse, Secrets, Verdict};
use serde_json::Value;

use super::cleanup_log::CleanupLog;
use super::request::Arguments;
use super::{DocumentRun, creation, operation};
use crate::client::Client;
use crate::target::PUBLIC_TOKEN;
use crate::word::word;

/// One scenario.
pub(crate) struct Session<'r> {
    pub run: &'r DocumentRun<'r>,
    client: &'r Client,
    pub token: String,
    pub exchanges: Vec<Exchange>,
    pub checks: Vec<CheckOutcome>,
    pub created: usize,
    pub deleted: usize,
    /// What is still there, in the order in which it was made.
    there: Vec<Object>,
    /// How many requests failed in a row: a server that fails at everything is not asked on.
    pub failures: usize,
    /// Resources whose objects could not be deleted: no more are made.
    pub leaking: Vec<usize>,
    log: &'r CleanupLog,
    /// The number of the last create that was answered with a success, in the clean-up log.
    unnamed: Option<usize>,
}

/// An object that the run created.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub resource: usize,
    /// The values of its own path.
    pub path: Vec<String>,
    pub id: String,
    /// The members by which it is known again, the best first.
    pub ids: Vec<(String, String)>,
    /// What was sent.
    pub sent: Value,
    /// What came back.
    pub members: Value,
    /// The exchange that made it.
    pub number: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Which exchange it was.
    pub number: usize,
    /// None when there was no usable response.
    pub status: Option<u16>,
    pub json: Option<Value>,
    /// Why nothing can be concluded from it, if so.
    pub obstacle: Option<String>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// What is wrong with its status where a success was expected.
    pub fn otherwise_than_success(&self) -> Vec<Mismatch> {
        if self.is_success() {
            Vec::new()
        } else {
            vec![Mismatch::of(format!("the status is {}", self.status.unwrap_or(0)))]
        }
    }

    pub fn is_rejection(&self) -> bool {
        self.status.is_some_and(|status| (400..500).contains(&status))
    }
}

impl<'r> Session<'r> {
    pub fn new(run: &'r DocumentRun<'r>, client: &'r Client, log: &'r CleanupLog) -> Self {
        let token = run.target.token(0);
        Self {
            run,
            client,
            token,
            exchanges: Vec::new(),
            checks: Vec::new(),
            created: 0,
            deleted: 0,
            there: Vec::new(),
            failures: 0,
            leaking: Vec::new(),
            log,
            unnamed: None,
        }
    }

    pub fn proof(&self) -> &'r Proof {
        self.run.proof
    }

    pub fn declared(&self, at: usize) -> &'r Declared {
        &self.run.api.document.operations[at]
    }

    /// A text that nobody else sends.
    pub fn word(&self) -> String {
        format!("conformance-{}", word(10).to_lowercase())
    }

    /// Calls an operation.
    pub async fn send(&mut self, at: usize, arguments: Arguments) -> Answer {
        let declared = self.declared(at);
        let request = self.request(declared, &arguments);
        let intent = self.intend(at, &arguments);
        let mut exchange = self.client.send(request).await;
        exchange.number = self.exchanges.len();
        let answer = self.read(&exchange, declared);
        self.failures = if answer.obstacle.is_some() { self.failures + 1 } else { 0 };
        self.exchanges.push(exchange);
        match (intent, answer.status) {
            (Some(number), Some(200..=299)) => self.unnamed = Some(number),
            // Whether a server that failed made something is not known.
            (Some(number), Some(..500)) => self.log.reject(number),
            _ => {}
        }
        answer
    }

    /// Notes a create before it is sent.
    fn intend(&self, at: usize, arguments: &Arguments) -> Option<usize> {
        let operation = &self.run.api.operations[at];
        let resource = operation.resource?;
        // What is put where something is already makes nothing.
        let is_new = || !self.there.iter().any(|one| one.resource == resource && one.path == arguments.path);
        let makes = operation.role == Role::Create || (creation(self.run.api, resource) == Some(at) && is_new());
        let body = arguments.body.as_ref().and_then(|(_, content)| content.value()).filter(|_| makes);
        if !makes {
            return None;
        }
        Some(self.log.intend(&self.run.api.resources[resource].item, &arguments.path, body))
    }

    fn read(&self, exchange: &Exchange, declared: &Declared) -> Answer {
        let number = exchange.number;
        let response = match &exchange.response {
            Ok(response) => response,
            Err(reason) => return Answer { number, status: None, json: None, obstacle: Some(no_response(reason)) },
        };
        let json = conformance_json::parse(&response.body).ok();
        let is_documented = documented(declared, response.status).is_some();
        let gateway = matches!(response.status, 502..=504) && !is_documented;
        let obstacle = match response.status {
            429 => Some("the server asks to come back later (429)".to_owned()),
            status if gateway => Some(format!("something before the server answers {status}")),
            _ => None,
        };
        Answer { number, status: Some(response.status), json, obstacle }
    }

    /// What is at a shape within a body.
    pub fn within<'v>(&self, shape: &Shape, body: &'v Value) -> Option<&'v Value> {
        shape.at.iter().try_fold(body, |here, member| here.get(member))
    }

    /// The members of an object by which it is known, that which stands in the resource's path first.
    pub fn ids_of(&self, resource: &Resource, object: &Value) -> Vec<(String, String)> {
        let named = |wanted: &str| resource.identity.iter().find(|one| conformance_api::names::same(&one.name, wanted));
        let word = conformance_api::names::last_word(&resource.parameter);
        let best = named(&resource.parameter).or_else(|| named(&word));
        let order = best.into_iter().chain(resource.identity.iter().filter(|one| one.is_in_path));
        let value = |one: &IdMember| match object.get(&one.name)? {
            Value::String(text) if !text.is_empty() && text != "." && text != ".." => {
                Some((one.name.clone(), text.clone()))
            }
            Value::Number(number) => Some((one.name.clone(), number.to_string())),
            _ => None,
        };
        let mut all: Vec<(String, String)> = order.filter_map(value).collect();
        all.dedup();
        all
    }

    /// The member of an object that stands in the resource's path.
    pub fn id_of(&self, resource: &Resource, object: &Value) -> Option<String> {
        self.ids_of(resource, object).into_iter().next().map(|(_, id)| id)
    }

    /// Whether an item of a list is this object: by the best member that both show.
    pub fn is_same(item: &Value, object: &Object) -> bool {
        let shown = object.ids.iter().find_map(|(name, id)| Some((item.get(name)?, id)));
        let text = |found: &Value| found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        shown.is_some_and(|(found, id)| text(found) == **id)
    }

    /// Whether what a create makes can be found again: its response shows an id, or where it is, or the client names it.
    fn shows_id(&self, at: usize, create: usize) -> bool {
        let (api, declared) = (self.run.api, self.declared(create));
        let success = &api.operations[create].success;
        let identity = &api.resources[at].identity;
        let has = |names: &[&str]| identity.iter().any(|one| one.is_in_path && names.contains(&one.name.as_str()));
        let sent =
            |pointer: Option<&str>| pointer.map(|pointer| api.schemas.merged(pointer).required).unwrap_or_default();
        let shown = success.shape.as_ref().map(|shape| {
            let outlined = api.schemas.outline(&conformance_api::shape::inside(&api.schemas, shape));
            outlined.properties.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        });
        let response = success.response.and_then(|at| declared.responses.get(at));
        let location =
            response.is_some_and(|one| one.headers.iter().any(|field| field.name.eq_ignore_ascii_case("location")));
        location
            || shown.is_some_and(|names| has(&names))
            || has(&sent(Self::body_media(declared).map(|(_, pointer)| pointer)))
    }

    /// Whether one can be created here and deleted again, with everything above it.
    pub fn can_create(&self, at: usize) -> bool {
        let api = self.run.api;
        let Some(create) = creation(api, at) else { return false };
        if self.leaking.contains(&at) {
            return false;
        }
        Self::body_media(self.declared(create))
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
        let place = self.place_for_new(at, create, path);
        let path = place.as_slice();
        let (media_type, pointer) = Self::body_media(self.declared(create)).ok_or("its body can't be written")?;
        let valid = self.valid_body(pointer).ok_or("no body was found that its schema allows")?;
        let valid = self.named_as(at, create, pointer, path, valid);
        let hidden = self.hidden_by_default(at);
        let mut body = if index == 0 { valid } else { self.varied(pointer, valid, index, &hidden) };
        let mut answer = self.send(create, Arguments::at(path).body(media_type, body.clone())).await;
        // A text of ours may be none that the server takes; what the document shows may be one.
        let plain = self.plain_body(pointer).map(|plain| self.named_as(at, create, pointer, path, plain));
        if let (true, Some(plain)) = (answer.is_rejection(), plain.filter(|plain| *plain != body)) {
            body = plain;
            answer = self.send(create, Arguments::at(path).body(media_type, body.clone())).await;
        }
        self.made(at, create, path, body, &answer)
    }

    /// Where an object is to be made: where those above it say, or there under a name that nobody else gives.
    pub fn place_for_new(&self, at: usize, create: usize, above: &[String]) -> Vec<String> {
        let mut place = above.to_vec();
        if self.run.api.operations[create].is_item {
            place.push(self.new_name(at, create));
        }
        place
    }

    /// A body that says of an object what the path does, where the client names it there.
    fn named_as(&self, at: usize, create: usize, pointer: &str, place: &[String], body: Value) -> Value {
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
        let letters = word(10).to_lowercase();
        let digits = fastrand::u32(1_000_000..2_000_000_000).to_string();
        let any = [self.word(), letters.clone(), letters.to_uppercase(), letters[..4].to_owned(), digits];
        let allows = |name: &String| {
            let pointer = schema.and_then(|one| one.schema.as_deref());
            pointer.is_none_or(|pointer| self.proof().is_valid(Side::Request, pointer, &Value::from(name.as_str())))
        };
        any.iter().find(|name| allows(name)).unwrap_or(&any[0]).clone()
    }

    /// Members by which a list chooses when nothing is asked for: an issue that is closed is not shown.
    fn hidden_by_default(&self, at: usize) -> Vec<String> {
        let Some(list) = operation(self.run.api, at, Role::List) else { return Vec::new() };
        let has_default = |pointer: &str| self.run.api.schemas.merged(pointer).default.is_some();
        let all = self.declared(list).parameters.iter();
        all.filter(|one| one.schema.as_deref().is_some_and(has_default)).map(|one| one.name.clone()).collect()
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
        let object = shape.and_then(|shape| self.within(shape, &body)).unwrap_or(&body).clone();
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
        let made = Object { resource: at, path: own, id, ids, sent, members: object, number };
        if let Some(number) = self.unnamed.take() {
            self.log.create(number, &resource.item, &made.path);
        }
        self.there.push(made.clone());
        Ok(made)
    }

    /// How many objects were made with a member of this value.
    pub fn made_with(&self, name: &str, value: &Value) -> usize {
        self.there.iter().filter(|one| one.sent.get(name) == Some(value)).count()
    }

    /// An object was deleted by the scenario itself.
    pub fn forget(&mut self, object: &Object) {
        let before = self.there.len();
        self.there.retain(|one| one.path != object.path || one.resource != object.resource);
        // Made twice under one name, it is one object all the same.
        self.deleted += before - self.there.len();
        self.log.delete(&self.run.api.resources[object.resource].item, &object.path);
    }

    /// Deletes what is still there, newest first; what is left, and why.
    pub async fn clean_up(&mut self) -> Vec<(String, String)> {
        let mut left = Vec::new();
        for object in std::mem::take(&mut self.there).into_iter().rev() {
            match self.delete_again(&object).await {
                None => {
                    self.deleted += 1;
                    self.log.delete(&self.run.api.resources[object.resource].item, &object.path);
                }
                Some(reason) => {
                    self.leaking.push(object.resource);
                    left.push((if object.id.is_empty() { "(no id)".to_owned() } else { object.id }, reason));
                }
            }
        }
        left
    }

    /// Deletes an object; why it is still there, if it is.
    pub(crate) async fn delete_again(&mut self, object: &Object) -> Option<String> {
        let Some(delete) = operation(self.run.api, object.resource, Role::Delete) else {
            return Some("nothing deletes it".to_owned());
        };
        if object.path.is_empty() {
            return Some("the response to its create shows no id".to_owned());
        }
        let answer = self.send(delete, Arguments::at(&object.path)).await;
        match answer.status {
            Some(status @ 200..=299) if self.is_still_there(object, status).await => {
                Some(format!("its deletion is answered {status}, and it is still there"))
            }
            Some(200..=299 | 404 | 410) => None,
            Some(status) => Some(format!("its deletion is answered {status}")),
            None => Some(answer.obstacle.unwrap_or_default()),
        }
    }

    /// Whether an object is found after its deletion was answered. What is deleted later (202) gets the benefit.
    async fn is_still_there(&mut self, object: &Object, status: u16) -> bool {
        let Some(retrieve) = operation(self.run.api, object.resource, Role::Retrieve).filter(|_| status != 202) else {
            return false;
        };
        let answer = self.send(retrieve, Arguments::at(&object.path)).await;
        let says_deleted = answer.json.as_ref().is_some_and(|body| body.get("deleted") == Some(&Value::Bool(true)));
        answer.is_success() && !says_deleted
    }

    /// The exchanges as they may be told, where there is something to tell.
    pub fn told(&self) -> Vec<Exchange> {
        let telling = |check: &CheckOutcome| !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_));
        if !self.checks.iter().any(telling) {
            return Vec::new();
        }
        let secrets = self.secrets();
        self.exchanges.iter().map(|one| one.cleaned(&secrets, |_| "<credentials>".to_owned())).collect()
    }

    pub fn secrets(&self) -> Secrets {
        let token = Some(self.token.as_str()).filter(|token| *token != PUBLIC_TOKEN);
        let parts = self.token.split(':').filter(|part| part.len() >= 8);
        let headers =
            self.run.settings.headers.iter().filter(|(name, _)| conformance_record::secrets::is_telling(name));
        Secrets::new(token.into_iter().chain(parts).chain(headers.map(|(_, value)| value.as_str())))
    }
}

fn no_response(reason: &NoResponse) -> String {
    format!("no usable response: {reason}")
}

/// The documented response for a status: its own, its class's, or `default`.
pub(crate) fn documented(declared: &Declared, status: u16) -> Option<&Documented> {
    let class = format!("{}XX", status / 100);
    let with = |wanted: &str| declared.responses.iter().find(|one| one.status == wanted);
    with(&status.to_string()).or_else(|| with(&class)).or_else(|| with("default"))
}
