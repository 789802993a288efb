//! Scenarios that are written in files beside a document, played against a server.
//!
//! They send what changes something to objects of the run's own, to ids that nobody has, and where `--allow` lets them;
//! whatever a create is answered with, what it made is deleted again.

use conformance_api::{Role, path};
use conformance_openapi::{Location, Parameter};
use conformance_record::{CheckOutcome, Exchange, Level, Request, Verdict};
use conformance_scenario::{Call, Capability, Check, Direction, Expectation, Raw, Scenario, Step, Walk};
use serde_json::Value;

use super::permission::Permission;
use super::request::{Arguments, Content, Credentials};
use super::session::{Object, Session};
use super::subject::OfDocument;
use super::walk::BEHIND;
use super::{Beside, operation};
use crate::evidence;
use crate::judge::{Judgement, Judgements};
use crate::obstacle::Obstacle;
use crate::probe::{Seen, holds};
use crate::step::{Stage, optional, play};
use crate::value::{self, Scope, plain};
use crate::world::{Variables, Walked};

/// A scenario on its way.
pub(super) struct Written<'s, 'r> {
    pub(super) session: &'s mut Session<'r>,
    pub(super) variables: Variables,
    /// Whether the step sends the second token.
    pub(super) second: bool,
    /// The values in the path of the call that was made last.
    path: Vec<String>,
    /// What the scenario created and deleted: it may ask what became of it.
    pub(super) gone: Vec<Object>,
}

impl Session<'_> {
    /// Plays a scenario; the tear-down whatever happened before it.
    pub(crate) async fn written(&mut self, scenario: &Scenario) {
        let run = self.run;
        let lacks = scenario.needs.contains(&Capability::SecondToken) && run.target.second(0).is_none();
        let why = "it needs a token of another workspace, given by --second-token";
        let lacks = lacks.then(|| Obstacle::NotApplicable(why.to_owned()));
        let variables = Variables::new(&run.seed.marker, &scenario.name);
        let mut written = Written { session: self, variables, second: false, path: Vec::new(), gone: Vec::new() };
        let mut outcomes: Vec<CheckOutcome> = Vec::new();
        for (number, step) in scenario.all_steps().enumerate() {
            let is_stopped = *run.stop.borrow() && number < scenario.steps.len();
            let judged = match &lacks {
                _ if is_stopped => not_played(step, &Obstacle::from("the run was interrupted")),
                Some(why) => not_played(step, why),
                None => written.step(step).await,
            };
            outcomes.extend(judged.outcomes(&step.file, &run.beside.all));
        }
        let secrets = self.secrets();
        for one in &mut outcomes {
            as_required(one, run.beside);
            evidence::scrub(one, &secrets);
        }
        self.checks.extend(outcomes);
    }
}

/// Makes of an outcome what the user's requirements want: those that are left out do not apply, and INFO is no warning.
fn as_required(outcome: &mut CheckOutcome, beside: &Beside) {
    let own = || outcome.requirements.iter().filter_map(|cited| beside.own.get(&cited.id));
    let excluded = own().find_map(|one| one.excluded).map(|why| why.reason().to_owned());
    let is_info = (outcome.level == Level::Info && outcome.verdict == Verdict::Warn)
        .then(|| "worth knowing, and no failure".to_owned());
    if let Some(why) = excluded.or(is_info) {
        outcome.verdict = Verdict::NotApplicable(why);
    }
}

fn not_played<'s>(step: &'s Step, why: &Obstacle) -> Judgements<'s> {
    let mut judged = Judgements::of(step);
    judged.could_not(why);
    judged
}

impl<'r> Written<'_, 'r> {
    async fn step<'s>(&mut self, step: &'s Step) -> Judgements<'s> {
        let run = self.session.run;
        let (id, _) = step.kind.operation();
        let Some(at) = run.api.document.operations.iter().position(|one| one.id == id) else {
            return not_played(step, &Obstacle::ToolFault(format!("`{id}` is no operation")));
        };
        self.second = step.second_token;
        play(self, step, OfDocument { api: run.api, proof: run.proof, at }).await
    }

    /// A call with more query parameters.
    async fn send(
        &mut self,
        call: &Call,
        of: OfDocument<'r>,
        scope: Scope<'_>,
        more: Vec<(String, String)>,
    ) -> Result<Exchange, Obstacle> {
        if !call.faults.is_empty() {
            return Err(Obstacle::NotApplicable("it is about what an SDK makes of a server's faults".to_owned()));
        }
        let mut arguments = self.arguments(call, of, scope)?;
        arguments.query.extend(more);
        let raw_body = match call.raw.as_ref().and_then(|raw| raw.body.as_ref()) {
            Some(body) => Some(plain(&value::template(&mut self.variables, &of, scope, body, None)?)),
            None => None,
        };
        let method = call.raw.as_ref().and_then(|raw| raw.method.as_deref()).unwrap_or(&of.declared().method);
        let permission = self.permit(of, method, &arguments)?;
        arguments.changes_what_is_there = permission == Permission::Allowed;
        self.path.clone_from(&arguments.path);
        let body = arguments.body.as_ref();
        let sent = body.and_then(|(_, content)| self.session.members_sent(of.declared(), content).cloned());
        let (path, credentials) = (arguments.path.clone(), arguments.credentials);
        let alter = |request: &mut Request| {
            if let Some(raw) = &call.raw {
                apply(raw, raw_body, request);
            }
        };
        // A create before this one may still be without a name.
        let before = self.session.unnamed.take();
        let answer = self.session.send_altered(of.at, arguments, alter).await;
        let puts = permission == Permission::MayCreate && answer.is_success();
        let puts =
            puts || (permission == Permission::Allowed && answer.status == Some(201) && of.role() == Role::Replace);
        let is_noted = self.session.unnamed.is_some() || puts;
        match of.api.operations[of.at].resource.filter(|_| is_noted) {
            Some(resource) => {
                if let Ok(object) = self.session.made(resource, of.at, &path, sent.unwrap_or_default(), &answer) {
                    self.variables.own.push(object.id);
                }
            }
            None => self.session.unnamed = before,
        }
        let deletes = of.role() == Role::Delete && *method == of.declared().method && credentials == Credentials::Own;
        if deletes && answer.is_success() {
            self.forget(of, &path, answer.status.unwrap_or(0)).await;
        }
        Ok(self.session.exchanges[answer.number].clone())
    }

    /// What the scenario deleted is not deleted again: its id may be somebody else's by then.
    async fn forget(&mut self, of: OfDocument<'r>, path: &[String], status: u16) {
        let resource = of.api.operations[of.at].resource;
        let is_it = |one: &&Object| Some(one.resource) == resource && one.path == path;
        let Some(object) = self.session.there.iter().find(is_it).cloned() else { return };
        if !self.session.is_still_there(&object, status).await {
            self.session.forget(&object);
            self.gone.push(object);
        }
    }

    fn arguments(&mut self, call: &Call, of: OfDocument<'r>, scope: Scope<'_>) -> Result<Arguments, Obstacle> {
        let declared = of.declared();
        let is_nobody = call.raw.as_ref().and_then(|raw| raw.authorization.as_deref()) == Some("");
        let credentials = match (is_nobody, self.second) {
            (true, _) => Credentials::Missing,
            (false, true) => Credentials::Second,
            (false, false) => Credentials::Own,
        };
        let mut arguments = Arguments { credentials, ..Arguments::default() };
        let place = |pointer: &str| conformance_contract::Location::new(of.api.document.name.as_str(), pointer).into();
        let mut values = Vec::new();
        for (name, _, template) in &call.parameters {
            let Some(parameter) = declared.parameters.iter().find(|one| one.name == *name) else { continue };
            let schema = parameter.schema.as_deref().map(place);
            let value = value::template(&mut self.variables, &of, scope, template, schema.as_ref())?;
            match parameter.location {
                Location::Path => values.push((name.as_str(), plain(&value))),
                Location::Query => arguments.query.extend(pairs(parameter, &value)),
                Location::Header => arguments.headers.push((name.to_ascii_lowercase(), plain(&value))),
                Location::Cookie => arguments.headers.push(("cookie".to_owned(), format!("{name}={}", plain(&value)))),
            }
        }
        for name in path::parameters(&declared.path) {
            let value = values.iter().find(|(one, _)| *one == name);
            arguments.path.push(value.ok_or(Obstacle::from(format!("`{name}` is missing")))?.1.clone());
        }
        if let Some(template) = &call.body {
            let media = Session::body_media(declared);
            let schema = media.map(|(_, pointer)| place(pointer));
            let value = value::template(&mut self.variables, &of, scope, template, schema.as_ref())?;
            let media_type = media.map_or("application/json", |(media_type, _)| media_type);
            arguments.body = Some((media_type.to_owned(), Content::Whole(value)));
        }
        Ok(arguments)
    }

    /// The path of an object by its id: its own, where the run made it; else beside what was called last.
    fn path_of(&self, of: OfDocument<'r>, id: &str) -> Vec<String> {
        let resource = of.api.operations[of.at].resource;
        let own = self.session.there.iter().find(|one| Some(one.resource) == resource && one.id == id);
        own.map_or_else(
            || {
                let above = of.resource().map_or(0, |one| one.collection.matches("{}").count());
                let mut path: Vec<String> = self.path.iter().take(above).cloned().collect();
                path.push(id.to_owned());
                path
            },
            |object| object.path.clone(),
        )
    }

    async fn walk_once(
        &mut self,
        walk: &Walk,
        of: OfDocument<'r>,
        each_page: &mut [Judgement<'_>],
        until: &[String],
    ) -> Result<Walked, Obstacle> {
        let (mut walked, mut next) = (Walked::default(), None);
        loop {
            let exchange = self.send(&walk.call, of, Scope::default(), next.take().into_iter().collect()).await?;
            walked.pages += 1;
            let scope = Scope { exchange: Some(&exchange), ..Scope::default() };
            for judgement in each_page.iter_mut() {
                judgement.judge(&mut self.variables, &of, scope, &format!("page {}", walked.pages));
            }
            let answer = self.session.answer_of(exchange.number);
            walked.last = Some(exchange);
            let Some(body) = answer.json.clone().filter(|_| answer.is_success()) else {
                return Ok(walked.ended("no-page"));
            };
            let ids = crate::subject::Subject::ids(&of, &body);
            let is_new = ids.iter().any(|id| !walked.ids.contains(id));
            let own = of.items(&body).iter().zip(&ids).filter(|(_, id)| self.variables.own.contains(id));
            let own = own.map(|(item, _)| item.clone()).collect();
            let count = ids.len();
            walked.take(ids, own, Direction::Forward);
            if !until.is_empty() && until.iter().all(|id| walked.ids.contains(id)) {
                return Ok(walked.ended("seen"));
            }
            if count == 0 || !is_new {
                return Ok(walked.ended(if count == 0 { "no-more" } else { "going-round" }));
            }
            match self.session.page_after(of.at, &answer, walked.pages - 1, walked.ids.len()) {
                Ok(Some(pair)) => next = Some(pair),
                Ok(None) => return Ok(walked.ended("no-more")),
                Err(why) => return Err(Obstacle::NotApplicable(why)),
            }
            if walked.pages >= MOST_PAGES {
                return Err(Obstacle::NotApplicable(format!("the list does not end within {MOST_PAGES} pages")));
            }
        }
    }

    /// Retrieves an object of the same resource, to look: by which operation, and the body if it is there.
    async fn retrieve(
        &mut self,
        of: OfDocument<'r>,
        path: &[String],
    ) -> Result<(OfDocument<'r>, Option<Value>), Obstacle> {
        let resource = of.api.operations[of.at].resource;
        let at = resource.and_then(|at| operation(of.api, at, Role::Retrieve)).ok_or("nothing retrieves it")?;
        let answer = self.session.send(at, Arguments::at(path)).await;
        let of = OfDocument { at, ..of };
        match (answer.obstacle, answer.status) {
            (Some(obstacle), _) => Err(format!("the probe got no answer: {obstacle}").into()),
            (None, Some(404 | 410)) => Ok((of, None)),
            (None, Some(200..=299)) => Ok((of, answer.json)),
            (None, status) => Err(format!("the probe was answered {}", status.unwrap_or(0)).into()),
        }
    }
}

impl<'r> Stage for Written<'_, 'r> {
    fn is_live(&self) -> bool {
        self.session.is_live()
    }

    type Operation = OfDocument<'r>;

    fn variables(&mut self) -> &mut Variables {
        &mut self.variables
    }

    async fn call(&mut self, call: &Call, of: OfDocument<'r>, scope: Scope<'_>) -> Result<Exchange, Obstacle> {
        self.send(call, of, scope, Vec::new()).await
    }

    async fn walk(
        &mut self,
        walk: &Walk,
        of: OfDocument<'r>,
        each_page: &mut [Judgement<'_>],
    ) -> Result<Walked, Obstacle> {
        if walk.direction == Direction::Backward || walk.from.is_some() {
            return Err(Obstacle::NotApplicable(
                "a walk through a list of a document goes forward from its beginning".to_owned(),
            ));
        }
        let until: Vec<String> = match optional(&mut self.variables, walk.until.as_ref(), &of)? {
            Some(Value::Array(ids)) => ids.iter().map(plain).collect(),
            Some(one) => vec![plain(&one)],
            None => Vec::new(),
        };
        let mut waits = BEHIND.iter();
        loop {
            let walked = self.walk_once(walk, of, each_page, &until).await?;
            let has_all = until.iter().all(|id| walked.ids.contains(id));
            // A list may be behind what was created.
            match waits.next().filter(|_| !has_all && walked.end != "no-page") {
                Some(wait) => self.session.rest(*wait).await,
                None => return Ok(walked),
            }
        }
    }

    async fn look(&mut self, probe: Option<&Check>, of: OfDocument<'r>, scope: Scope<'_>) -> Result<Seen, Obstacle> {
        match probe.map(|check| &check.expectation) {
            Some(Expectation::Unchanged(id)) => {
                let id = plain(&value::template(&mut self.variables, &of, scope, id, None)?);
                let path = self.path_of(of, &id);
                let (of, body) = self.retrieve(of, &path).await?;
                let inside = |body: Value| {
                    let shape = of.shape().map_or(&[][..], |shape| &shape.at);
                    shape.iter().try_fold(&body, |here, member| here.get(member)).cloned().unwrap_or(body)
                };
                Ok(body.map_or(Seen::Nothing, |body| Seen::Object(inside(body))))
            }
            Some(Expectation::Absent(text)) => {
                let text = plain(&value::template(&mut self.variables, &of, scope, text, None)?);
                let above = of.resource().map_or(0, |one| one.collection.matches("{}").count());
                let path: Vec<String> = self.path.iter().take(above).cloned().collect();
                let resource = of.api.operations[of.at].resource;
                let list = resource.and_then(|at| operation(of.api, at, Role::List)).ok_or("nothing lists it")?;
                let limit = of.api.operations[list].pages.as_ref().and_then(|pages| pages.limit.as_ref());
                let walk = self.session.walk(list, &path, limit.map(|limit| limit.most.min(100))).await;
                let with: Vec<Value> = walk.items.iter().filter(|item| holds(item, &text)).cloned().collect();
                if with.is_empty() && !walk.is_whole {
                    return Err("the end of the list was not reached".into());
                }
                Ok(Seen::With(text, with))
            }
            _ => Err("there is no probe".into()),
        }
    }

    fn on_call(&mut self, _: &Call, _: OfDocument<'r>, _: &Exchange) {}

    fn on_walk(&mut self, _: OfDocument<'r>, _: &Walked) {}
}

/// More pages than this are not walked.
const MOST_PAGES: usize = 1000;

/// A query parameter as it travels.
fn pairs(parameter: &Parameter, value: &Value) -> Vec<(String, String)> {
    let pair = |value: &Value| (parameter.name.clone(), plain(value));
    match value {
        Value::Array(items) if parameter.explode => items.iter().map(pair).collect(),
        Value::Array(items) => {
            let separator = match parameter.style.as_str() {
                "spaceDelimited" => " ",
                "pipeDelimited" => "|",
                _ => ",",
            };
            vec![(parameter.name.clone(), items.iter().map(plain).collect::<Vec<_>>().join(separator))]
        }
        other => vec![pair(other)],
    }
}

/// Does to a request what a raw step asks for.
fn apply(raw: &Raw, body: Option<String>, request: &mut Request) {
    let mut set = |name: &str, value: Option<&str>| {
        request.headers.retain(|(one, _)| one != name);
        request.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    if let Some(body) = body {
        request.body = body.into_bytes();
        set("content-type", Some("application/json"));
    }
    if let Some(authorization) = &raw.authorization {
        set("authorization", Some(authorization.as_str()).filter(|text| !text.is_empty()));
    }
    raw.headers.iter().for_each(|(name, value)| set(name, value.as_deref()));
    if let Some(method) = &raw.method {
        request.method.clone_from(method);
    }
    if let Some(query) = &raw.query {
        request.target.push(if request.target.contains('?') { '&' } else { '?' });
        request.target.push_str(query);
    }
}
