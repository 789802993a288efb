//! Replays one scenario.

use std::time::Duration;

use conformance_contract::model::Place;
use conformance_contract::{Action, Operation, Suite};
use conformance_record::{CheckOutcome, Exchange, Request};
use conformance_scenario::{Call, Rounds, Scenario, Step, StepKind, Template};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::judge::Judgement;
use crate::lane::Lane;
use crate::ledger::{Fate, Ledger};
use crate::obstacle::Obstacle;
use crate::target::Target;
use crate::transcript::Transcript;
use crate::value::{self, Scope};
use crate::world::World;

/// What stays as it is in a path segment or a query value.
pub(crate) const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One scenario on its way.
pub(crate) struct Replay<'r> {
    pub(crate) suite: &'r Suite,
    pub(crate) target: &'r Target,
    pub(crate) lane: &'r Lane,
    pub(crate) ledger: &'r Ledger,
    pub(crate) stop: &'r watch::Receiver<bool>,
    pub(crate) read_only: bool,
    pub(crate) name: &'r str,
    pub(crate) number: usize,
    pub(crate) token: String,
    pub(crate) world: World<'r>,
    pub(crate) transcript: Transcript,
}

impl Replay<'_> {
    /// Replays all steps and judges all checks.
    pub(crate) async fn scenario(&mut self, scenario: &Scenario) -> Vec<CheckOutcome> {
        let mut outcomes = Vec::new();
        for (number, step) in scenario.steps.iter().enumerate() {
            if let Some(operation) = self.suite.contract.operation(step.kind.operation().0) {
                self.transcript.step(number, operation);
            }
            let judged = match self.world.withheld.clone() {
                // What comes after a step that was withheld would judge a workspace that it did not prepare.
                Some(why) => step.all_checks().map(|check| Judgement::unjudged(check, &why)).collect(),
                None => self.step(step).await,
            };
            outcomes.extend(judged.into_iter().map(|one| one.outcome(&scenario.file, &self.suite.requirements)));
        }
        outcomes
    }

    async fn step<'s>(&mut self, step: &'s Step) -> Vec<Judgement<'s>> {
        let suite = self.suite;
        let mut checks: Vec<Judgement<'s>> = step.checks.iter().map(Judgement::new).collect();
        let Some(operation) = suite.contract.operation(step.kind.operation().0) else { return checks };
        let mut each_page: Vec<Judgement<'s>> = match &step.kind {
            StepKind::Walk(walk) => walk.each_page.iter().map(Judgement::new).collect(),
            StepKind::Call(_) => Vec::new(),
        };
        let done = match &step.kind {
            StepKind::Walk(walk) => match self.walk(walk, operation, &mut each_page).await {
                Ok(walked) => {
                    self.transcript.walk(&self.world, operation, &walked.own);
                    let scope = Scope { exchange: walked.last.as_ref(), walk: Some(&walked), ..Scope::default() };
                    checks.iter_mut().for_each(|one| one.judge(&mut self.world, operation, scope, ""));
                    self.capture(step, operation, scope, None);
                    Ok(())
                }
                Err(missing) => Err(missing),
            },
            StepKind::Call(call) => self.rounds(step, call, operation, &mut checks).await,
        };
        if let Err(missing) = done {
            checks.iter_mut().chain(&mut each_page).for_each(|one| one.could_not(missing.clone()));
            for (name, _) in &step.outputs {
                self.world.outputs.insert(name.clone(), Err(missing.clone()));
            }
        }
        each_page.extend(checks);
        each_page
    }

    async fn rounds(
        &mut self,
        step: &Step,
        call: &Call,
        operation: &Operation,
        checks: &mut [Judgement<'_>],
    ) -> Result<(), Obstacle> {
        let items: Option<Vec<Value>> = match &step.rounds {
            Rounds::Once => None,
            Rounds::Times(times) => Some((0..*times).map(Value::from).collect()),
            Rounds::ForEach(list) => match value::template(&mut self.world, operation, Scope::default(), list, None)? {
                Value::Array(items) => Some(items),
                other => return Err(format!("`forEach` needs a list, not {other}").into()),
            },
        };
        let looped = items.is_some();
        if looped {
            for (name, _) in &step.outputs {
                self.world.outputs.insert(name.clone(), Ok(Value::Array(Vec::new())));
            }
        }
        for (index, item) in items.unwrap_or_else(|| vec![Value::Null]).iter().enumerate() {
            let here = if looped {
                Scope { item: Some(item), index: Some(index), ..Scope::default() }
            } else {
                Scope::default()
            };
            let exchange = self.call(call, operation, here, None).await?;
            self.transcript.exchange(&self.world, (operation, call), &self.target.path, &exchange);
            let scope = Scope { exchange: Some(&exchange), ..here };
            let round = match &step.rounds {
                Rounds::Once => String::new(),
                Rounds::Times(_) => format!("round {}", index + 1),
                Rounds::ForEach(_) => format!("for {}", conformance_contract::say::brief(item)),
            };
            checks.iter_mut().for_each(|one| one.judge(&mut self.world, operation, scope, &round));
            self.capture(step, operation, scope, looped.then_some(()));
        }
        Ok(())
    }

    /// Captures a step's outputs: appended in a loop, set otherwise.
    fn capture(&mut self, step: &Step, operation: &Operation, scope: Scope<'_>, looped: Option<()>) {
        for (name, expression) in &step.outputs {
            let value = value::expression(&mut self.world, operation, scope, expression)
                .map_err(|missing| missing.within(&format!("the output `{name}` could not be captured")));
            let entry = self.world.outputs.entry(name.clone());
            match (looped, value) {
                (None, value) => drop(entry.insert_entry(value)),
                (Some(()), Err(missing)) => drop(entry.insert_entry(Err(missing))),
                (Some(()), Ok(value)) => {
                    if let Ok(Value::Array(all)) = entry.or_insert_with(|| Ok(Value::Array(Vec::new()))) {
                        all.push(value);
                    }
                }
            }
        }
    }

    /// The value of a template that may be absent.
    pub(crate) fn optional(
        &mut self,
        template: Option<&Template>,
        operation: &Operation,
    ) -> Result<Option<Value>, Obstacle> {
        template.map(|one| value::template(&mut self.world, operation, Scope::default(), one, None)).transpose()
    }

    /// Makes a call. `extra` is a query parameter that the walk sets.
    pub(crate) async fn call(
        &mut self,
        call: &Call,
        operation: &Operation,
        scope: Scope<'_>,
        extra: Option<(&str, &str)>,
    ) -> Result<Exchange, Obstacle> {
        let mut request = self.request(call, operation, scope)?;
        if let Some((name, value)) = extra {
            add_query(&mut request.target, name, value);
        }
        self.harmless(operation, &request)?;
        self.exchange(request).await
    }

    /// Sends a request, and keeps book of what it creates and deletes, whatever the scenario expects of it.
    async fn exchange(&mut self, request: Request) -> Result<Exchange, Obstacle> {
        if *self.stop.borrow() {
            return Err("the run was interrupted".into());
        }
        if self.read_only && !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            let why = Obstacle::NotApplicable(format!("{} is not sent with --read-only", request.method));
            self.world.withheld = Some(why.clone());
            return Err(why);
        }
        let contract = &self.suite.contract;
        let path = request.path().strip_prefix(&self.target.path).unwrap_or("").to_owned();
        let route = contract.route(&request.method, &path).ok();
        let meant = route.as_ref().map(|(operation, _)| (operation.action, operation.resource));
        let create = match meant {
            Some((Action::Create, resource)) => {
                let name = &contract.resources[resource].name;
                Some((resource, self.ledger.intend(self.number, resource, name, &request.body)))
            }
            _ => None,
        };
        if matches!(meant, Some((Action::Create | Action::Update, _))) {
            self.space_out().await;
        }
        let exchange = self.lane.send(self.name, self.world.requests, request).await?;
        self.world.requests += 1;
        self.world.last_write = Some(Instant::now());
        if let Some((resource, number)) = create {
            self.created(resource, number, &exchange);
        }
        if let (Some((Action::Delete, _)), Some((_, values)), Ok(response)) = (meant, route, &exchange.response)
            && matches!(response.status, 200..=299)
            && let Some((_, raw)) = values.first()
        {
            self.deleted(raw);
        }
        Ok(exchange)
    }

    /// Lets the clock of a server that counts milliseconds move on between two writes, so that their order is its order.
    async fn space_out(&self) {
        const APART: Duration = Duration::from_millis(2);
        if let (Lane::Http(..), Some(last)) = (self.lane, self.world.last_write) {
            tokio::time::sleep_until(last + APART).await;
        }
    }

    fn created(&mut self, resource: usize, number: usize, exchange: &Exchange) {
        let fate = match &exchange.response {
            Ok(response) if (200..300).contains(&response.status) => {
                match self.world.created_id(resource, &response.body) {
                    Some(id) => Fate::Made(id),
                    None => Fate::Nameless,
                }
            }
            Ok(response) if response.status < 500 => Fate::Refused,
            // A server that failed may have done it all the same.
            _ => Fate::Unknown,
        };
        if let Fate::Made(id) = &fate {
            self.world.own.push(id.clone());
        }
        self.ledger.settle(number, fate);
    }

    fn deleted(&self, raw: &str) {
        let id = percent_encoding::percent_decode_str(raw).decode_utf8_lossy().into_owned();
        for (number, create) in self.ledger.of(self.number) {
            if create.fate == Fate::Made(id.clone()) {
                self.ledger.settle(number, Fate::Gone(id.clone()));
            }
        }
    }

    fn request(&mut self, call: &Call, operation: &Operation, scope: Scope<'_>) -> Result<Request, Obstacle> {
        let mut arguments = Vec::new();
        for (name, _, template) in &call.parameters {
            let Some(parameter) = operation.parameter(name) else { continue };
            let schema = &parameter.schema.location;
            let value = value::template(&mut self.world, operation, scope, template, Some(schema))?;
            arguments.push((parameter, value::plain(&value)));
        }
        let path = operation.path.fill(|name| {
            let found = arguments.iter().find(|(parameter, _)| parameter.name == name)?;
            Some(utf8_percent_encode(&found.1, ESCAPED).to_string())
        });
        let mut target = format!("{}{}", self.target.path, path.ok_or(Obstacle::from("a path parameter is missing"))?);
        for (parameter, value) in arguments.iter().filter(|(parameter, _)| parameter.place == Place::Query) {
            add_query(&mut target, &parameter.name, value);
        }
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        if operation.secured {
            headers.push(("authorization".to_owned(), format!("Bearer {}", self.token)));
        }
        let mut body = Vec::new();
        if let Some(template) = &call.body {
            let schema = operation.body.as_ref().map(|body| &body.schema.location);
            body = value::template(&mut self.world, operation, scope, template, schema)?.to_string().into_bytes();
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let mut request = Request { method: operation.method.clone(), target, headers, body };
        self.alter(call, operation, scope, &mut request)?;
        Ok(request)
    }

    /// Does to a request what a raw step asks for.
    fn alter(
        &mut self,
        call: &Call,
        operation: &Operation,
        scope: Scope<'_>,
        request: &mut Request,
    ) -> Result<(), Obstacle> {
        let Some(raw) = &call.raw else { return Ok(()) };
        if let Some(method) = &raw.method {
            request.method.clone_from(method);
        }
        if let Some(query) = &raw.query {
            request.target.push(if request.target.contains('?') { '&' } else { '?' });
            request.target.push_str(query);
        }
        if let Some(body) = &raw.body {
            let body = value::template(&mut self.world, operation, scope, body, None)?;
            request.body = value::plain(&body).into_bytes();
            set_header(&mut request.headers, "content-type", Some("application/json"));
        }
        if let Some(authorization) = &raw.authorization {
            set_header(
                &mut request.headers,
                "authorization",
                Some(authorization).filter(|text| !text.is_empty()).map(String::as_str),
            );
        }
        for (name, value) in &raw.headers {
            set_header(&mut request.headers, name, value.as_deref());
        }
        Ok(())
    }

    /// Refuses to send what could touch an object that is not ours.
    fn harmless(&self, operation: &Operation, request: &Request) -> Result<(), Obstacle> {
        if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "POST") {
            return Ok(());
        }
        let path = request.path().strip_prefix(&self.target.path).unwrap_or("");
        let id = operation.path.fit(path).and_then(|values| values.first().map(|(_, raw)| (*raw).to_owned()));
        let id = id.map(|raw| percent_encoding::percent_decode_str(&raw).decode_utf8_lossy().into_owned());
        match id {
            Some(id) if self.world.may_touch(&id) => Ok(()),
            _ => {
                let what = format!("{} {}", request.method, request.path());
                Err(format!("not sent: {what} could touch what this run did not create").into())
            }
        }
    }
}

pub(crate) fn add_query(target: &mut String, name: &str, value: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(&utf8_percent_encode(name, ESCAPED).to_string());
    target.push('=');
    target.push_str(&utf8_percent_encode(value, ESCAPED).to_string());
}

fn set_header(headers: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    headers.retain(|(one, _)| one != name);
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
