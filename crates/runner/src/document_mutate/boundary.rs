//! Applies a fault between a run and the server: requests and responses are altered on their way.
//!
//! The server itself stays right: what a fault needs of it (a rejection, an object before it is deleted) it asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use conformance_api::media::is_json;
use conformance_api::names::same;
use conformance_api::{Role, Shape, Side, query};
use conformance_record::{Answer, Boundary, NoResponse, Request, Response, Upstream};
use serde_json::{Map, Value};

use super::WRONG_ERROR;
use super::fault::{Change, DocumentFault};
use crate::document_request::DocumentReader;
use crate::target::Target;

/// What a fault remembers of the exchanges before.
#[derive(Debug, Default)]
struct Memory {
    /// What is not to be found, by path.
    gone: Vec<String>,
    /// Responses of what was deleted since, by path.
    undead: BTreeMap<String, Response>,
    /// Items of what was deleted since, by the path of their list.
    listed: BTreeMap<String, Value>,
    /// The last item of the page that was read last, by the path of its list.
    last: BTreeMap<String, Value>,
    /// The header fields of requests that were let in, each with its last value.
    fields: BTreeMap<String, String>,
    /// The pairs of their queries that are keys.
    keys: BTreeSet<String>,
}

/// A fault in front of a server.
#[derive(Debug)]
pub(super) struct FaultyServer {
    reader: Arc<DocumentReader>,
    fault: DocumentFault,
    /// What stands before the document's paths.
    prefix: String,
    /// Whose workspace it is, where the document wants no credentials that would say so.
    token: String,
    memory: Mutex<Memory>,
}

type Outcome = Result<Response, NoResponse>;

impl Boundary for FaultyServer {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

impl FaultyServer {
    pub(super) fn new(reader: Arc<DocumentReader>, fault: DocumentFault, target: &Target) -> Self {
        let (prefix, token) = (target.path.clone(), target.token(0));
        Self { reader, fault, prefix, token, memory: Mutex::default() }
    }

    fn memory<T>(&self, with: impl FnOnce(&mut Memory) -> T) -> T {
        with(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The request as the document has it, without what stands before its paths.
    fn bare(&self, request: &Request) -> Request {
        let target = request.target.strip_prefix(self.prefix.as_str()).unwrap_or(&request.target).to_owned();
        Request { target, ..request.clone() }
    }

    /// Whether a request is to the operation that is at fault.
    fn is_meant(&self, at: Option<usize>) -> bool {
        at == Some(self.fault.operation)
    }

    /// Whether a request is to the operation of the same resource with this role.
    fn is_role(&self, at: Option<usize>, role: Role) -> bool {
        at.is_some() && at == super::operation(&self.reader.api, self.fault.resource, role)
    }

    async fn through(&self, mut request: Request, upstream: &dyn Upstream) -> Outcome {
        let at = self.reader.index(&self.bare(&request));
        let is_open = at.is_some_and(|at| self.reader.api.document.operations[at].security.is_empty());
        if is_open && request.header("authorization").is_none() {
            // Faults that are tried at the same time do not see each other's objects.
            request.headers.push(("authorization".to_owned(), format!("Bearer {}", self.token)));
        }
        match &self.fault.change {
            Change::NotStored => self.not_stored(at, request, upstream).await,
            Change::DeleteIgnored => self.delete_ignored(at, request, upstream).await,
            Change::StillListed => self.still_listed(at, request, upstream).await,
            _ if !self.is_meant(at) => {
                if matches!(self.fault.change, Change::Open) {
                    self.remember(&request);
                }
                upstream.send(request).await
            }
            Change::UpdateIgnored => self.update_ignored(request, upstream).await,
            Change::Open => self.open(request, upstream).await,
            Change::MalformedFails if is_malformed(&request) => Ok(made(500, &Value::Object(Map::new()))),
            Change::ListRepeats => self.repeats(request, upstream).await,
            _ => {
                let request = self.altered(request);
                let mut response = upstream.send(request).await?;
                self.alter(&mut response);
                Ok(response)
            }
        }
    }

    /// What happens to a request to the operation at fault.
    fn altered(&self, mut request: Request) -> Request {
        match &self.fault.change {
            Change::SizeIgnored(name) => {
                let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
                let is_own = |pair: &str| query::parse(pair).iter().any(|(one, _)| one == name);
                let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_own(pair)).collect();
                request.target = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
                request
            }
            Change::UpdateResets(member) => with_body(request, |body| {
                body.entry(member.clone()).or_insert_with(|| "reset".into());
            }),
            Change::Unchecked { member, keyword } => self.mended(request, member, keyword),
            _ => request,
        }
    }

    /// A body that is wrong in nothing but this member, as a right one.
    fn mended(&self, request: Request, member: &str, keyword: &str) -> Request {
        let declared = &self.reader.api.document.operations[self.fault.operation];
        let Some((_, pointer)) = super::json_body(declared) else { return request };
        let Ok(body) = conformance_json::parse(&request.body) else { return request };
        let violations = self.reader.proof().violations(Side::Request, pointer, &body);
        let is_here = |at: &[String]| {
            if keyword == "required" {
                at.is_empty() && body.get(member).is_none()
            } else {
                at.len() == 1 && at[0] == member
            }
        };
        if violations.is_empty() || !violations.iter().all(|one| one.keyword == keyword && is_here(&one.at)) {
            return request;
        }
        let sample = self.reader.proof().body(Side::Request, pointer, &[]);
        let Some(value) = sample.and_then(|made| made.value.get(member).cloned()) else { return request };
        with_body(request, |body| drop(body.insert(member.to_owned(), value)))
    }

    /// What happens to a response of the operation at fault.
    fn alter(&self, response: &mut Response) {
        let is_success = (200..300).contains(&response.status);
        match &self.fault.change {
            Change::Status(status) if is_success => response.status = *status,
            Change::Drop(member) if is_success => {
                self.each_object(response, |object| drop(object.shift_remove(member)))
            }
            Change::Retype(member, value) if is_success => self.each_object(response, |object| {
                if let Some(shown) = object.get_mut(member) {
                    shown.clone_from(value);
                }
            }),
            Change::ListDrops if is_success => self.items(response, |items| {
                if !items.is_empty() {
                    items.remove(0);
                }
            }),
            Change::UnknownId(status) if matches!(response.status, 404 | 410) => *response = self.unknown(*status),
            Change::ErrorBody if (400..500).contains(&response.status) => {
                let header = response.headers.clone();
                *response = made(response.status, &WRONG_ERROR.into());
                response.headers.extend(header.into_iter().filter(|(name, _)| name == "www-authenticate"));
            }
            _ => {}
        }
    }

    fn shape(&self, at: usize) -> Option<&Shape> {
        self.reader.api.operations[at].success.shape.as_ref()
    }

    /// Alters what stands where the object, or the list, of the operation's success is.
    fn within(&self, response: &mut Response, change: impl FnOnce(&mut Value)) {
        let Some(shape) = self.shape(self.fault_or_list()) else { return };
        let Ok(mut body) = conformance_json::parse(&response.body) else { return };
        if let Some(inner) = shape.at.iter().try_fold(&mut body, |here, member| here.get_mut(member)) {
            change(inner);
        }
        response.body = conformance_json::write(&body).into_bytes();
    }

    /// The operation whose responses are altered.
    fn fault_or_list(&self) -> usize {
        let list = super::operation(&self.reader.api, self.fault.resource, Role::List);
        list.filter(|_| self.fault.change == Change::StillListed).unwrap_or(self.fault.operation)
    }

    fn each_object(&self, response: &mut Response, mut change: impl FnMut(&mut Map<String, Value>)) {
        self.within(response, |inner| match inner {
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(change),
            Value::Object(object) => change(object),
            _ => {}
        });
    }

    fn items(&self, response: &mut Response, change: impl FnOnce(&mut Vec<Value>)) {
        self.within(response, |inner| {
            if let Value::Array(items) = inner {
                change(items);
            }
        });
    }

    /// A response to an id that nobody has, as it should not be.
    fn unknown(&self, status: u16) -> Response {
        let operation = &self.reader.api.operations[self.fault.operation];
        let declared = &self.reader.api.document.operations[self.fault.operation];
        let status = if status < 300 { operation.success.status } else { status };
        let media =
            operation.success.response.and_then(|at| declared.responses.get(at)?.media.get(operation.success.media?));
        let body = media
            .filter(|_| status < 300)
            .and_then(|one| self.reader.proof().body(Side::Response, one.schema.as_deref()?, &one.examples));
        match body {
            Some(body) => made(status, &body.value),
            None if status < 300 => Response { status, headers: Vec::new(), body: Vec::new() },
            None => made(status, &Value::Object(Map::new())),
        }
    }

    async fn not_stored(&self, at: Option<usize>, mut request: Request, upstream: &dyn Upstream) -> Outcome {
        if self.is_meant(at) {
            let response = upstream.send(request.clone()).await?;
            let mut values = self.values(&request);
            values.extend(self.id_in(&response));
            let gone = self.path_of(Role::Retrieve, &values);
            self.memory(|memory| memory.gone.extend(gone));
            return Ok(response);
        }
        if self.is_role(at, Role::Retrieve) && self.memory(|memory| memory.gone.iter().any(|one| one == request.path()))
        {
            // The server's own words for an id that nobody has.
            let mut values = self.values(&request);
            values.pop();
            values.extend(self.free_id());
            request.target = self.path_of(Role::Retrieve, &values).unwrap_or(request.target);
        }
        upstream.send(request).await
    }

    /// The values in a request's path, decoded.
    fn values(&self, request: &Request) -> Vec<String> {
        self.reader.path_values(self.bare(request).path())
    }

    /// The path of the operation of the same resource with this role, with these values in it.
    fn path_of(&self, role: Role, values: &[String]) -> Option<String> {
        let at = super::operation(&self.reader.api, self.fault.resource, role)?;
        let template = &self.reader.api.document.operations[at].path;
        let path = conformance_api::path::fill(template, values)?;
        Some(format!("{}{path}", self.prefix))
    }

    /// The request that reads what another request is about.
    fn reading(&self, role: Role, values: &[String], like: &Request) -> Option<Request> {
        let target = self.path_of(role, values)?;
        Some(Request { method: "GET".to_owned(), target, headers: like.headers.clone(), body: Vec::new() })
    }

    /// An id that nobody has.
    fn free_id(&self) -> Option<String> {
        let identity = &self.reader.api.resources[self.fault.resource].identity;
        let member = identity.iter().find(|one| one.is_in_path)?;
        let mut random = fastrand::Rng::new();
        let far = 800_000_000 + random.u64(..1_000_000);
        Some(text(&member.form.make(far, far, &mut |below| random.usize(..below.max(1)))))
    }

    /// The id in the response to a create.
    fn id_in(&self, response: &Response) -> Option<String> {
        let body = conformance_json::parse(&response.body).ok().filter(|_| (200..300).contains(&response.status))?;
        let shape = self.shape(self.fault.operation)?;
        let object = shape.at.iter().try_fold(&body, |here, member| here.get(member))?;
        let resource = &self.reader.api.resources[self.fault.resource];
        let in_path = || resource.identity.iter().filter(|one| one.is_in_path);
        let named = in_path().find(|one| same(&one.name, &resource.parameter));
        let member = named.or_else(|| in_path().next())?;
        object.get(&member.name).map(text)
    }

    async fn update_ignored(&self, request: Request, upstream: &dyn Upstream) -> Outcome {
        let api = &self.reader.api;
        let declared = &api.document.operations[self.fault.operation];
        let bare = self.bare(&request);
        // What is wrong is rejected by the server as ever.
        let is_right = self.reader.findings(declared, &bare).is_empty();
        let read = self.reading(Role::Retrieve, &self.values(&request), &request).filter(|_| is_right);
        let Some(read) = read else { return upstream.send(request).await };
        let mut response = upstream.send(read).await?;
        if response.status != 200 {
            return upstream.send(request).await;
        }
        let success = &api.operations[self.fault.operation].success;
        response.status = success.status;
        if success.shape.is_none() {
            response.body.clear();
        }
        Ok(response)
    }

    async fn delete_ignored(&self, at: Option<usize>, request: Request, upstream: &dyn Upstream) -> Outcome {
        if self.is_role(at, Role::Retrieve)
            && let Some(response) = self.memory(|memory| memory.undead.get(request.path()).cloned())
        {
            return Ok(response);
        }
        if self.is_meant(at)
            && let Some(read) = self.reading(Role::Retrieve, &self.values(&request), &request)
        {
            let path = read.target.clone();
            let before = upstream.send(read).await?;
            if before.status == 200 {
                self.memory(|memory| drop(memory.undead.insert(path, before)));
            }
        }
        upstream.send(request).await
    }

    async fn still_listed(&self, at: Option<usize>, request: Request, upstream: &dyn Upstream) -> Outcome {
        if self.is_role(at, Role::List) {
            let mut response = upstream.send(request.clone()).await?;
            let kept = self.memory(|memory| memory.listed.get(request.path()).cloned());
            if let Some(item) = kept.filter(|_| response.status == 200) {
                self.items(&mut response, |items| items.insert(0, item));
            }
            return Ok(response);
        }
        let mut values = self.values(&request);
        if self.is_meant(at)
            && let Some(id) = values.pop()
            && let Some(list) = self.reading(Role::List, &values, &request)
        {
            let path = list.target.clone();
            let mut listed = upstream.send(list).await?;
            self.items(&mut listed, |items| {
                let is_it =
                    |item: &&Value| item.as_object().is_some_and(|all| all.values().any(|value| text(value) == id));
                let found = items.iter().find(is_it).cloned();
                self.memory(|memory| memory.listed.extend(found.map(|item| (path, item))));
            });
        }
        upstream.send(request).await
    }

    async fn repeats(&self, request: Request, upstream: &dyn Upstream) -> Outcome {
        let pages = self.reader.api.operations[self.fault.operation].pages.as_ref();
        let query = conformance_api::query::parse(request.query().unwrap_or(""));
        let mut styles = pages.iter().flat_map(|pages| &pages.styles);
        let is_later = styles.any(|style| query.iter().any(|(name, _)| name == style.parameter()));
        let mut response = upstream.send(request.clone()).await?;
        let path = request.path().to_owned();
        self.items(&mut response, |items| {
            let before = self.memory(|memory| memory.last.get(&path).cloned());
            let last = items.last().cloned();
            if let Some(before) = before.filter(|_| is_later && !items.is_empty()) {
                items.insert(0, before);
                items.pop();
            }
            self.memory(|memory| memory.last.extend(last.map(|item| (path, item))));
        });
        Ok(response)
    }

    /// Keeps the credentials of a request that is let in. Operations may want different ones: what one had is kept for all.
    fn remember(&self, request: &Request) {
        const OWN: [&str; 5] = ["accept", "accept-encoding", "content-type", "content-length", "user-agent"];
        let bare = self.bare(request);
        let is_secured = self.reader.operation(&bare).is_ok_and(|one| !one.security.is_empty());
        if is_secured && self.reader.credentials(&bare, super::NO_TOKEN).is_none() {
            let fields = request.headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str())).cloned();
            let keys = self.reader.keys_in(request.query().unwrap_or(""));
            self.memory(|memory| {
                memory.fields.extend(fields);
                memory.keys.extend(keys.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned));
            });
        }
    }

    /// Gives a request without credentials those of others that had some.
    async fn open(&self, mut request: Request, upstream: &dyn Upstream) -> Outcome {
        self.remember(&request);
        if self.reader.credentials(&self.bare(&request), super::NO_TOKEN).is_some() {
            let (fields, keys) = self.memory(|memory| (memory.fields.clone(), memory.keys.clone()));
            request.headers.retain(|(name, _)| !fields.contains_key(name));
            request.headers.extend(fields);
            for pair in keys {
                let mark = if request.target.contains('?') { '&' } else { '?' };
                request.target = format!("{}{mark}{pair}", request.target);
            }
        }
        upstream.send(request).await
    }
}

/// A scalar as it stands in a path.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_malformed(request: &Request) -> bool {
    let is_json = request.header("content-type").is_some_and(is_json);
    is_json && !request.body.is_empty() && conformance_json::parse(&request.body).is_err()
}

/// A request whose body, an object in JSON, is altered.
fn with_body(mut request: Request, change: impl FnOnce(&mut Map<String, Value>)) -> Request {
    if let Ok(Value::Object(mut body)) = conformance_json::parse(&request.body) {
        change(&mut body);
        request.body = conformance_json::write(&Value::Object(body)).into_bytes();
    }
    request
}

fn made(status: u16, body: &Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status, headers, body: conformance_json::write(body).into_bytes() }
}
