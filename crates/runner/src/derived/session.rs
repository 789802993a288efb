//! What one scenario knows, sends and creates.

use std::time::Duration;

use conformance_api::envelope::{flat, is_spread};
use conformance_api::names::says_deleted;
use conformance_api::{IdMember, Proof, Resource, Role, Shape};
use conformance_openapi::{Operation as Declared, Response as Documented};
use conformance_record::secrets::{HIDDEN, credentials};
use conformance_record::{CheckOutcome, Exchange, Mismatch, NoResponse, Request, Secrets, Verdict};
use serde_json::Value;

use super::cleanup_log::CleanupLog;
use super::learnt::Learnt;
use super::request::Arguments;
use super::{DocumentRun, creation};
use crate::lane::Lane;
use crate::word::Random;

/// So often a run waits for a server that tells time in seconds.
pub(crate) const WAITS: usize = 6;

/// One scenario.
pub(crate) struct Session<'r> {
    pub run: &'r DocumentRun<'r>,
    lane: &'r Lane,
    group: usize,
    /// The scenario's name.
    name: String,
    pub random: Random,
    pub token: String,
    pub exchanges: Vec<Exchange>,
    /// The operation of each exchange.
    pub calls: Vec<usize>,
    /// What was made, in order: the kind of object, and its id.
    pub named: Vec<(String, String)>,
    pub checks: Vec<CheckOutcome>,
    pub created: usize,
    pub deleted: usize,
    /// What is still there, in the order in which it was made.
    pub there: Vec<Object>,
    /// How many requests failed in a row: a server that fails at everything is not asked on.
    pub failures: usize,
    /// Resources of which an object is about to be made, with what it is related to.
    pub making: Vec<usize>,
    /// Resources whose objects could not be deleted: no more are made.
    pub leaking: Vec<usize>,
    /// What was changed and could not be put back as it was.
    pub changed: Vec<String>,
    /// How often it may still be waited for a second to pass.
    pub waits: usize,
    /// What the server wants of bodies that no schema says.
    pub learnt: Learnt,
    /// Whether the server tells credentials that somebody was given from others.
    pub tells_apart: bool,
    pub log: &'r CleanupLog,
    /// The number of the last create that was answered with a success, in the clean-up log.
    pub unnamed: Option<usize>,
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

/// What a look at an object shows.
#[derive(Clone, Debug)]
pub(crate) enum Look {
    /// It is there.
    There(Value),
    /// It is said to be gone.
    Gone,
    /// The server said neither.
    Unknown,
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
    /// A scenario of the `group`th of those that are played at the same time, each with a token of its own where there are several.
    pub fn new(run: &'r DocumentRun<'r>, (lane, log): (&'r Lane, &'r CleanupLog), group: usize, name: &str) -> Self {
        let token = run.target.token(group);
        Self {
            run,
            lane,
            group,
            name: name.to_owned(),
            random: Random::of(&run.seed.marker, name),
            token,
            exchanges: Vec::new(),
            calls: Vec::new(),
            named: Vec::new(),
            checks: Vec::new(),
            created: 0,
            deleted: 0,
            there: Vec::new(),
            failures: 0,
            making: Vec::new(),
            leaking: Vec::new(),
            learnt: Learnt::default(),
            waits: WAITS,
            changed: Vec::new(),
            tells_apart: false,
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
        format!("conformance-{}", self.random.word(10))
    }

    /// Calls an operation.
    pub async fn send(&mut self, at: usize, arguments: Arguments) -> Answer {
        self.send_altered(at, arguments, |_| ()).await
    }

    /// The same with a request that is altered before it is sent.
    pub async fn send_altered(&mut self, at: usize, arguments: Arguments, alter: impl FnOnce(&mut Request)) -> Answer {
        let arguments = self.with_version(at, arguments).await;
        let declared = self.declared(at);
        let mut request = self.request(declared, &arguments);
        alter(&mut request);
        // With another method it is another request, and creates nothing that the document knows of.
        let intent = if request.method == declared.method { self.intend(at, &arguments) } else { None };
        let exchange = self.exchange(request).await;
        let answer = self.read(&exchange, declared);
        self.failures = if answer.obstacle.is_some() { self.failures + 1 } else { 0 };
        self.exchanges.push(exchange);
        self.calls.push(at);
        match (intent, answer.status) {
            (Some(number), Some(200..=299)) => self.unnamed = Some(number),
            // Whether a server that failed made something is not known.
            (Some(number), Some(..500)) => self.log.reject(number),
            _ => {}
        }
        answer
    }

    /// Sends a request as it is.
    pub async fn exchange(&self, request: Request) -> Exchange {
        let number = self.exchanges.len();
        let sent = self.lane.send(&self.name, number, request.clone(), &[]).await;
        sent.unwrap_or_else(|obstacle| {
            let response = Err(NoResponse::NotSent(obstacle.reason().to_owned()));
            Exchange { number, request, response, took: Duration::ZERO }
        })
    }

    /// Looks at an object, and judges nothing.
    pub async fn look(&mut self, retrieve: usize, object: &Object) -> Look {
        let answer = self.send(retrieve, Arguments::at(&object.path)).await;
        match answer.status {
            Some(404 | 410) => Look::Gone,
            Some(200..=299) => match self.object_in(retrieve, &answer) {
                Some(shown) if says_deleted(&shown) => Look::Gone,
                Some(shown) => Look::There(shown),
                None => Look::Unknown,
            },
            _ => Look::Unknown,
        }
    }

    /// Whether a response shows an object that says that it is deleted.
    pub(crate) fn shows_deleted(&self, at: usize, answer: &Answer) -> bool {
        answer.json.as_ref().is_some_and(says_deleted)
            || self.object_in(at, answer).is_some_and(|one| says_deleted(&one))
    }

    /// Whether there is a server behind it, and no recording.
    pub fn is_live(&self) -> bool {
        !matches!(self.lane, Lane::Recorded(_))
    }

    /// Waits for the server; what was recorded has waited already.
    pub async fn rest(&self, time: Duration) {
        if self.is_live() {
            tokio::time::sleep(time).await;
        }
    }

    /// Notes a create before it is sent.
    fn intend(&self, at: usize, arguments: &Arguments) -> Option<usize> {
        let operation = &self.run.api.operations[at];
        let resource = operation.resource.filter(|_| !arguments.changes_what_is_there)?;
        // What is put where something is already makes nothing.
        let is_new = || !self.there.iter().any(|one| one.resource == resource && one.path == arguments.path);
        let makes = operation.role == Role::Create || (creation(self.run.api, resource) == Some(at) && is_new());
        let declared = self.declared(at);
        let sent = arguments.body.as_ref().and_then(|(_, content)| self.members_sent(declared, content));
        let body = sent.filter(|_| makes);
        if !makes {
            return None;
        }
        Some(self.log.intend(&self.run.api.resources[resource].item, &arguments.path, body))
    }

    pub(crate) fn read(&self, exchange: &Exchange, declared: &Declared) -> Answer {
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

    /// An object with its members as its own, where its shape has them further in.
    pub fn plain(&self, shape: Option<&Shape>, object: &Value) -> Value {
        let is_spread = shape.is_some_and(|shape| is_spread(&self.run.api.schemas, shape));
        if is_spread { flat(object) } else { object.clone() }
    }

    /// The members of an object by which it is known, that which stands in the resource's path first.
    pub fn ids_of(&self, resource: &Resource, object: &Value) -> Vec<(String, String)> {
        ids_of(resource, object)
    }

    /// The member of an object that stands in the resource's path.
    pub fn id_of(&self, resource: &Resource, object: &Value) -> Option<String> {
        self.ids_of(resource, object).into_iter().next().map(|(_, id)| id)
    }

    /// Whether an item of a list is this object: by the best member that both show.
    pub fn is_same(item: &Value, object: &Object) -> bool {
        let shown = object.ids.iter().find_map(|(name, id)| Some((item.get(name)?, id)));
        let text = |found: &Value| found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        // A resource name ends in the id.
        shown.is_some_and(|(found, id)| {
            text(found).strip_suffix(id.as_str()).is_some_and(|r| r.is_empty() || r.ends_with('/'))
        })
    }

    /// The exchanges as they may be told, where there is something to tell.
    pub fn told(&self) -> Vec<Exchange> {
        let telling = |check: &CheckOutcome| !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_));
        if !self.checks.iter().any(telling) {
            return Vec::new();
        }
        let secrets = self.secrets();
        // Of credentials their scheme remains, and whose they are.
        let told = |value: &str| {
            let scheme = credentials(value);
            let whose = [(Some(self.token.clone()), HIDDEN), (self.second(), "<second token>")];
            let is_of = |token: &str| {
                let pair = conformance_api::credentials::basic(token);
                value == token || value.split_once(' ').is_some_and(|(_, rest)| rest == token || rest == pair)
            };
            let known = whose.into_iter().find(|(token, _)| token.as_deref().is_some_and(is_of));
            scheme.replace(HIDDEN, known.map_or("<unknown token>", |(_, name)| name))
        };
        self.exchanges.iter().map(|one| one.cleaned(&secrets, told)).collect()
    }

    /// The token of another workspace, if there is one.
    pub fn second(&self) -> Option<String> {
        self.run.target.second(self.group)
    }

    pub fn secrets(&self) -> Secrets {
        self.run.target.secrets(self.run.settings)
    }
}

/// The members of an object by which it is known, that which stands in the resource's path first.
pub(crate) fn ids_of(resource: &Resource, object: &Value) -> Vec<(String, String)> {
    let in_path = || resource.identity.iter().filter(|one| one.is_in_path);
    let named = |wanted: &str| in_path().find(|one| conformance_api::names::same(&one.name, wanted));
    let word = conformance_api::names::last_word(&resource.parameter);
    let best = named(&resource.parameter).or_else(|| named(&word));
    let order = best.into_iter().chain(in_path());
    let value = |one: &IdMember| match object.get(&one.name)? {
        Value::String(text) if !text.is_empty() && text != "." && text != ".." => {
            Some((one.name.clone(), conformance_api::path::id_in(&resource.item, text).to_owned()))
        }
        Value::Number(number) => Some((one.name.clone(), number.to_string())),
        _ => None,
    };
    let mut all: Vec<(String, String)> = order.filter_map(value).collect();
    all.dedup();
    all
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
