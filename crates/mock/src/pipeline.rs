//! From a request to a response, stage by stage.
//!
//! Decisions are made under the workspace's lock; bodies of reads were rendered when the state last changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_contract::model::{BothCursors, Page, UnknownCursor};
use conformance_contract::request::Reading;
use conformance_contract::{Action, Contract, Operation, Resource};
use conformance_record::{Code, Finding, Request};
use conformance_source::{Diagnostics, SourceFile};
use serde_json::{Map, Value};

use crate::cors;
use crate::plan::{Plan, SuiteFault, plan, stamp};
use crate::problem::Problem;
use crate::seeds::{Seeds, render};
use crate::settings::Settings;
use crate::store::Wanted;
use crate::workspaces::{State, Workspaces};

/// A response, and what a log wants to know about it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// The number of the workspace, when the request got that far.
    pub workspace: Option<usize>,
    /// What the request had against it and was allowed all the same.
    pub notes: Vec<Finding>,
    /// Why it was refused.
    pub problem: Option<Problem>,
}

/// Someone who watches the server.
pub trait Observer: Send + Sync {
    /// A request was answered.
    fn answered(&self, request: &Request, reply: &Reply, took: Duration);
}

/// The stand-in for one API.
pub struct Mock {
    contract: Arc<Contract>,
    plan: Plan,
    settings: Settings,
    workspaces: Workspaces,
    observer: Option<Box<dyn Observer>>,
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mock").field("contract", &self.contract.title).finish_non_exhaustive()
    }
}

enum Refusal {
    Problem(Problem),
    Fault(SuiteFault),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<SuiteFault> for Refusal {
    fn from(fault: SuiteFault) -> Self {
        Self::Fault(fault)
    }
}

type Done = Result<(u16, Bytes), Refusal>;

impl Mock {
    /// A mock of `contract`; each workspace starts from the objects in `fixtures`.
    ///
    /// # Errors
    /// When the schemas ask for something that nothing can produce, or the fixtures break the schemas.
    pub fn new(
        contract: Arc<Contract>,
        settings: Settings,
        fixtures: Option<&SourceFile>,
    ) -> Result<Self, Diagnostics> {
        let plan = plan(&contract)?;
        let seeds = match fixtures {
            Some(file) => Seeds::parse(&contract, &plan, file)?,
            None => Seeds::none(&contract),
        };
        let workspaces = Workspaces::new(&contract, seeds, settings.seed, settings.limits.workspaces);
        Ok(Self { contract, plan, settings, workspaces, observer: None })
    }

    /// The same mock, watched.
    #[must_use]
    pub fn observed(mut self, observer: Box<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The contract it stands in for.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How it was set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers a request.
    #[must_use]
    pub fn respond(&self, request: &Request) -> Reply {
        let start = Instant::now();
        let mut reply = self.answer(request);
        self.finish(request, &mut reply, start);
        reply
    }

    /// Refuses a request before its body was read to the end.
    #[must_use]
    pub fn refuse(&self, request: &Request, problem: Problem) -> Reply {
        let start = Instant::now();
        let mut reply = self.reply_to(Refusal::Problem(problem), None);
        self.finish(request, &mut reply, start);
        reply
    }

    fn finish(&self, request: &Request, reply: &mut Reply, start: Instant) {
        reply.headers.extend(cors::fields(request));
        if let Some(observer) = &self.observer {
            observer.answered(request, reply, start.elapsed());
        }
        if request.method == "HEAD" {
            reply.headers.push(("content-length", reply.body.len().to_string()));
            reply.body = Bytes::new();
        }
    }

    fn answer(&self, request: &Request) -> Reply {
        if request.method == "OPTIONS" {
            return self.options(request);
        }
        let effective =
            if request.method == "HEAD" { &Request { method: "GET".to_owned(), ..request.clone() } } else { request };
        match self.contract.read(effective) {
            Ok(reading) => self.carry_out(&reading),
            Err(lost) => {
                let kind = if lost.allowed.is_empty() { "unknown-path" } else { "method-not-allowed" };
                let mut reply = self.reply_to(Problem::new(kind, lost.finding.message).into(), None);
                if !lost.allowed.is_empty() {
                    reply.headers.push(("allow", allow(&lost.allowed)));
                }
                reply
            }
        }
    }

    /// `OPTIONS`: what the path has, and the answer to a browser's preflight.
    fn options(&self, request: &Request) -> Reply {
        let all = self.contract.operations.iter();
        let here = all.filter(|one| request.path() == "*" || one.path.fit(request.path()).is_some());
        let mut methods: Vec<String> = here.map(|one| one.method.clone()).collect();
        methods.dedup();
        if methods.is_empty() {
            // The error that any other method would get here.
            return self.answer(&Request { method: "GET".to_owned(), ..request.clone() });
        }
        let mut reply = plain(204, Bytes::new());
        reply.headers = vec![("allow", allow(&methods))];
        reply.headers.extend(cors::preflight(request, &allow(&methods)));
        reply
    }

    fn carry_out(&self, reading: &Reading<'_>) -> Reply {
        let operation = reading.operation;
        let notes: Vec<Finding> = reading.findings.iter().filter(|one| one.code.is_note()).cloned().collect();
        let mut number = None;
        let done = self.admit(reading).and_then(|token| {
            let full =
                || Problem::new("workspace-full", "this server has all the workspaces that it may have; restart it");
            let workspace = self.workspaces.of(token).ok_or_else(full)?;
            number = Some(workspace.number);
            let refused = Problem::from_findings(reading.refusals(self.settings.strict));
            refused.map_or_else(|| self.act(reading, &mut workspace.state.lock()), |problem| Err(problem.into()))
        });
        let mut reply = match done {
            Ok((status, body)) => plain(status, body),
            Err(refusal) => self.reply_to(refusal, Some(operation)),
        };
        reply.workspace = number;
        reply.notes = notes;
        reply
    }

    /// The token, if it is let in.
    fn admit<'r>(&self, reading: &'r Reading<'_>) -> Result<&'r str, Refusal> {
        let missing = reading.findings.iter().filter(|one| one.code == Code::MissingCredentials);
        if let Some(problem) = Problem::from_findings(missing) {
            return Err(problem.into());
        }
        let token = reading.token.as_deref().unwrap_or("");
        match &self.settings.require_token {
            Some(required) if required != token => {
                let message =
                    "header.authorization: this token is not known here; the server was started with another one";
                Err(Problem::new("unauthorized", message).into())
            }
            _ => Ok(token),
        }
    }

    fn act(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        match reading.operation.action {
            Action::List => self.list(reading, state),
            Action::Create => self.create(reading, state),
            Action::Retrieve => self.retrieve(reading, state),
            Action::Update => self.update(reading, state),
            Action::Delete => self.delete(reading, state),
        }
    }

    fn list(&self, reading: &Reading<'_>, state: &State) -> Done {
        let operation = reading.operation;
        let (Some(page), Some(envelope)) = (&operation.page, &self.plan.pages[self.index(operation)]) else {
            return Err(SuiteFault(format!("{} has no x-page", operation.id)).into());
        };
        let collection = &state.collections[operation.resource];
        let Some(wanted) = self.wanted(reading, page, state)? else {
            return Ok((success(operation), envelope.render(std::iter::empty(), false)?));
        };
        let (objects, more) = collection.page(wanted);
        Ok((success(operation), envelope.render(objects.iter().map(|object| &object.item), more)?))
    }

    /// What a page is asked for; none when a cursor names nothing and the contract answers that with an empty page.
    fn wanted(&self, reading: &Reading<'_>, page: &Page, state: &State) -> Result<Option<Wanted>, Refusal> {
        let collection = &state.collections[reading.operation.resource];
        let cursor = |name: &Option<String>| {
            let name = name.as_ref()?;
            Some((name.clone(), reading.parameters.get(name)?.as_str()?.to_owned()))
        };
        let (after, before) = (cursor(&page.after), cursor(&page.before));
        if let (Some((one, _)), Some((other, _)), BothCursors::Refuse) = (&after, &before, page.both_cursors) {
            let message = format!("query.{one}: cannot be combined with `{other}`; give one of them");
            return Err(Problem::new("invalid-parameter", message).into());
        }
        let mut wanted = Wanted { limit: self.limit(reading, page), after: None, before: None };
        for (given, rank) in [(after, &mut wanted.after), (before, &mut wanted.before)] {
            let Some((name, id)) = given else { continue };
            *rank = collection.rank(&id);
            if rank.is_none() && page.unknown_cursor == UnknownCursor::EmptyPage {
                return Ok(None);
            }
            if rank.is_none() {
                let message = format!("query.{name}: no object here has or had the id {}", Value::from(id));
                return Err(Problem::new("invalid-parameter", message).into());
            }
        }
        Ok(Some(wanted))
    }

    fn limit(&self, reading: &Reading<'_>, page: &Page) -> usize {
        let given = reading.parameters.get(&page.limit).cloned();
        let default = || {
            let parameter = reading.operation.parameter(&page.limit)?;
            self.contract.schemas.default_value(&parameter.schema.location)
        };
        let limit = given.or_else(default).and_then(|value| value.as_u64());
        limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX - 1)
    }

    fn create(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        let (operation, rules) = (reading.operation, self.rules(reading.operation));
        let index = operation.resource;
        let most = self.settings.limits.objects;
        if state.collections[index].len() >= most {
            let message =
                format!("this workspace holds {most} objects, the most it may; delete some, or use another token");
            return Err(Problem::new("workspace-full", message).into());
        }
        let ms = state.clock.tick();
        let id = state.ids[index].next(rules, ms);
        let mut object = Map::new();
        object.insert(rules.id_property.clone(), Value::from(id.as_str()));
        object.extend(self.written(reading));
        stamp(&mut object, &rules.on_create, ms);
        let body = self.view(operation, &object)?;
        let object = render(&self.plan.resources[index], object)?;
        Arc::make_mut(&mut state.collections)[index].insert(&id, object);
        Ok((success(operation), body))
    }

    fn retrieve(&self, reading: &Reading<'_>, state: &State) -> Done {
        let operation = reading.operation;
        let id = id(reading);
        let found = state.collections[operation.resource].get(id).ok_or_else(|| self.not_found(operation, id))?;
        Ok((success(operation), found.whole.clone()))
    }

    /// `PATCH` changes what is given; `PUT` replaces everything that can be written.
    fn update(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        let (operation, rules) = (reading.operation, self.rules(reading.operation));
        let (index, id) = (operation.resource, id(reading));
        let found = state.collections[index].get(id).ok_or_else(|| self.not_found(operation, id))?;
        let mut object = found.state.clone();
        if operation.method == "PUT" {
            object.retain(|name, _| !self.plan.resources[index].writable.contains(name));
        }
        object.extend(self.written(reading));
        stamp(&mut object, &rules.on_update, state.clock.tick());
        let body = self.view(operation, &object)?;
        let object = render(&self.plan.resources[index], object)?;
        Arc::make_mut(&mut state.collections)[index].replace(id, object);
        Ok((success(operation), body))
    }

    fn delete(&self, reading: &Reading<'_>, state: &mut State) -> Done {
        let (operation, id) = (reading.operation, id(reading));
        if state.collections[operation.resource].get(id).is_none() {
            return Err(self.not_found(operation, id).into());
        }
        let found = state.collections[operation.resource].get(id).cloned();
        Arc::make_mut(&mut state.collections)[operation.resource].remove(id);
        // An API that answers a delete with a body answers the object as it was.
        let documented = operation.success().is_some_and(|rule| rule.schema.is_some());
        let body = found.filter(|_| documented).map_or_else(Bytes::new, |object| object.whole.clone());
        Ok((success(operation), body))
    }

    /// The members of the body that the contract knows; the rest was noted.
    fn written(&self, reading: &Reading<'_>) -> Map<String, Value> {
        let writable = &self.plan.resources[reading.operation.resource].writable;
        let members = reading.body.as_ref().and_then(Value::as_object).into_iter().flatten();
        let known = members.filter(|(name, _)| writable.contains(name));
        known.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn view(&self, operation: &Operation, object: &Map<String, Value>) -> Result<Bytes, SuiteFault> {
        match &self.plan.views[self.index(operation)] {
            Some(view) => view.render(object),
            None => Ok(Bytes::new()),
        }
    }

    fn rules(&self, operation: &Operation) -> &Resource {
        &self.contract.resources[operation.resource]
    }

    fn index(&self, operation: &Operation) -> usize {
        self.contract.operations.iter().position(|one| one.id == operation.id).unwrap_or(0)
    }

    fn not_found(&self, operation: &Operation, id: &str) -> Problem {
        let name = &self.rules(operation).name;
        Problem::new(
            "not-found",
            format!("no {name} has the id {}", conformance_contract::say::brief(&Value::from(id))),
        )
    }

    fn reply_to(&self, refusal: Refusal, operation: Option<&Operation>) -> Reply {
        let (status, problem) = match refusal {
            Refusal::Problem(problem) => (problem.status(&self.contract.errors), problem),
            Refusal::Fault(SuiteFault(fault)) => {
                (500, Problem::new("suite-fault", format!("the suite is at fault: {fault}")))
            }
        };
        let mut reply = plain(status, problem.body(&self.contract, operation, status));
        if status == 401 {
            reply.headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        reply.problem = Some(problem);
        reply
    }
}

fn plain(status: u16, body: Bytes) -> Reply {
    let headers = if body.is_empty() { Vec::new() } else { vec![("content-type", "application/json".to_owned())] };
    Reply { status, headers, body, workspace: None, notes: Vec::new(), problem: None }
}

fn success(operation: &Operation) -> u16 {
    match operation.success().map(|rule| rule.status) {
        Some(conformance_contract::model::StatusRule::Exactly(status)) => status,
        _ => 200,
    }
}

fn id<'r>(reading: &'r Reading<'_>) -> &'r str {
    let name = reading.operation.id_parameter().map(|parameter| parameter.name.as_str());
    name.and_then(|name| reading.parameters.get(name)?.as_str()).unwrap_or("")
}

/// `Allow`: `GET` brings `HEAD` with it, and `OPTIONS` always works.
fn allow(methods: &[String]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for method in methods {
        all.push(method);
        if method == "GET" {
            all.push("HEAD");
        }
    }
    all.push("OPTIONS");
    all.join(", ")
}
