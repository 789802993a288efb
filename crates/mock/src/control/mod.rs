//! The control API, under `/__conformance/`: what goes wrong below a prefix, what arrived below it, a workspace as it was
//! at the start.
//!
//! A prefix is what a client's base URL may have before the contract's paths: `/~/RUN/CALL`. Every client can set a base
//! URL, and so every request can be joined with the test, or the call, that it belongs to.

mod guard;
mod inspector;
mod journal;
mod packed;
mod questions;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use conformance_contract::Contract;
use conformance_contract::request::bearer;
use conformance_record::{Boundary, Request};
use conformance_source::Diagnostic;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::cors::Cors;
use crate::mock::Engine;
use crate::problem::Problem;
use crate::reply::{Reply, plain};

pub use journal::Journal;
pub(crate) use journal::Remarks;
use journal::Wanted;

/// What the paths of the control API begin with.
pub const BASE: &str = "/__conformance/";
/// What a prefix of a base URL begins with.
pub(crate) const PREFIX: &str = "/~/";
/// The prefix of requests that have none of their own.
const ALL: &str = "";
/// So many prefixes may have faults of their own.
const MOST: usize = 10_000;
/// So many bytes of faults are kept.
const MOST_BYTES: usize = 16 * 1024 * 1024;
const PATHS: &str = "GET health, openapi.yaml, contract.json and known-faults; PUT, GET and DELETE faults, faults/RUN and \
                     faults/RUN/CALL; GET and DELETE journal, journal/RUN and journal/RUN/CALL; GET and DELETE workspaces; \
                     GET, PUT and DELETE workspaces/NUMBER; POST reset";

/// What the control API cannot make by itself.
pub trait Workshop: Send + Sync {
    /// The description of the control API.
    fn document(&self) -> &str;

    /// The contract as one OpenAPI document, in JSON.
    fn contract(&self) -> String;

    /// The faults that have a name.
    ///
    /// # Errors
    /// When they cannot be read.
    fn known_faults(&self) -> Result<Vec<KnownFault>, String>;

    /// What a list of faults, as JSON, does to requests and answers.
    ///
    /// # Errors
    /// What is wrong with the list.
    fn faults(&self, list: &Value) -> Result<Arc<dyn Script>, String>;
}

/// A fault that can be asked for by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFault {
    /// The name.
    pub name: String,
    /// What goes wrong, in one line.
    pub summary: String,
    /// Whether it is what every client meets one day, and no mistake of a server.
    pub is_weather: bool,
}

/// What goes wrong below a prefix.
pub trait Script: Boundary {
    /// How often each fault of the list has happened.
    fn happened(&self) -> Vec<u64>;
}

/// What the control API governs.
#[derive(Default)]
pub struct Control {
    token: Option<String>,
    is_governed: bool,
    workshop: RwLock<Option<Arc<dyn Workshop>>>,
    /// What goes wrong, by prefix.
    scripts: RwLock<BTreeMap<String, Scripted>>,
    /// What arrived below prefixes.
    pub journal: Journal,
}

/// What was asked for, and what it amounts to.
struct Scripted {
    list: Value,
    bytes: usize,
    script: Arc<dyn Script>,
}

/// A request that was not done: the status, and why.
type Refused = (u16, String);

impl Control {
    /// A control API for this machine, or for whoever knows the token.
    #[must_use]
    pub fn new(workshop: Box<dyn Workshop>, token: Option<String>) -> Self {
        let workshop = RwLock::new(Some(Arc::from(workshop)));
        Self { token, is_governed: true, workshop, ..Self::default() }
    }

    fn workshop(&self) -> Option<Arc<dyn Workshop>> {
        self.workshop.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Knows from now on what another one knows: its contract, its faults. What goes wrong already goes on.
    pub(crate) fn adopt(&self, other: &Self) {
        *self.workshop.write().unwrap_or_else(PoisonError::into_inner) = other.workshop();
    }

    /// Whether everything that arrives is noted, and not only what does below a prefix.
    pub(crate) fn notes_all(&self) -> bool {
        self.is_governed
    }

    /// Completes when there is something to say to a request that wants to wait for it.
    pub(crate) async fn ready(&self, request: &Request) {
        let is_journal =
            request.path().strip_prefix(BASE).is_some_and(|path| path.split('/').next() == Some("journal"));
        if let (true, Ok(asked)) = (is_journal, questions::journal(request.query().unwrap_or("")))
            && let Some(after) = asked.wanted.after
        {
            let _ = timeout(asked.wait, self.journal.changed_after(after)).await;
        }
    }

    /// Lets go of everybody who waits, for the server ends.
    pub(crate) fn close(&self) {
        self.journal.close();
    }

    /// What goes wrong with a request, if anything: of a call with what was set for it, its run, or all.
    #[must_use]
    pub fn script(&self, call: Option<&str>) -> Option<Arc<dyn Script>> {
        let scripts = self.scripts.read().unwrap_or_else(PoisonError::into_inner);
        if scripts.is_empty() {
            return None;
        }
        let of_call = || call.and_then(|call| scripts.get(call));
        let of_run = || call.and_then(|call| scripts.get(call.split('/').next()?));
        of_call().or_else(of_run).or_else(|| scripts.get(ALL)).map(|scripted| scripted.script.clone())
    }

    /// Answers a request to the control API.
    pub(crate) fn answer(
        &self,
        engine: &dyn Engine,
        peer: IpAddr,
        host: Option<&str>,
        (request, problem): (&Request, Option<Problem>),
    ) -> Reply {
        let path = request.path().strip_prefix(BASE).unwrap_or("");
        if let Some(open) = inspector::page(path).filter(|_| matches!(request.method.as_str(), "GET" | "HEAD")) {
            return open;
        }
        let (what, prefix) = path.split_once('/').map_or((path, None), |(what, prefix)| (what, Some(prefix)));
        let methods = methods(what, prefix);
        let done = guard::admit(self.token.as_deref(), peer, host, request).and_then(|()| match methods {
            None => Err((404, format!("the control API has no such path; below {BASE} there is: {PATHS}"))),
            Some(_) if request.method == "OPTIONS" => Ok(plain(204, Bytes::new())),
            Some(methods) if !methods.split(", ").any(|one| one == request.method) => {
                Err((405, format!("{} is not for this path; there is: {PATHS}", request.method)))
            }
            Some(_) => match problem {
                // What came only in part may mean something else.
                Some(problem) => Err((413, problem.message)),
                None => self.route(engine, request, (what, prefix)),
            },
        });
        let mut reply = done.unwrap_or_else(|(status, message)| json(status, &json!({ "message": message })));
        let refused = reply.status == 403;
        if let Some(methods) = methods.filter(|_| !refused && (reply.status == 405 || request.method == "OPTIONS")) {
            reply.headers.push(("allow".into(), format!("{methods}, OPTIONS").into()));
            reply.headers.extend(Cors::default().preflight(request, methods));
        }
        let fields = Cors::default().fields(request, reply.headers.iter().map(|(name, _)| name.as_ref()));
        reply.headers.extend(fields);
        reply
    }

    fn route(
        &self,
        engine: &dyn Engine,
        request: &Request,
        (what, prefix): (&str, Option<&str>),
    ) -> Result<Reply, Refused> {
        let method = request.method.as_str();
        match (what, prefix) {
            ("openapi.yaml", _) => Ok(self.document()),
            ("contract.json", _) => Ok(self.contract()),
            ("known-faults", _) => self.known_faults(),
            ("reset", _) => {
                let done = reset(engine, request);
                self.journal.touch();
                done
            }
            ("workspaces", number) => {
                let done = workspaces::answer(engine, method, number, &request.body);
                self.journal.touch();
                done
            }
            ("faults", None) => self.faults(method, ALL, &request.body),
            ("faults", prefix) => self.faults(method, &checked(prefix)?, &request.body),
            ("journal", prefix) => {
                let prefix = prefix.map(|prefix| checked(Some(prefix))).transpose()?;
                let asked = questions::journal(request.query().unwrap_or(""))?;
                let token = bearer(request.header("authorization"));
                let wanted = Wanted { prefix, token, ..asked.wanted };
                if method == "GET" {
                    return Ok(plain(200, Bytes::from(self.journal.told(&wanted))));
                }
                self.journal.forget(&wanted);
                Ok(plain(204, Bytes::new()))
            }
            _ => Ok(plain(204, Bytes::new())),
        }
    }

    fn known_faults(&self) -> Result<Reply, Refused> {
        let known = self.workshop().map_or_else(|| Ok(Vec::new()), |workshop| workshop.known_faults());
        let known = known.map_err(|wrong| (500, wrong))?;
        let told = |one: &KnownFault| json!({ "name": one.name, "summary": one.summary, "weather": one.is_weather });
        Ok(json(200, &json!({ "faults": known.iter().map(told).collect::<Vec<_>>() })))
    }

    /// The contract that is mocked, as one document.
    fn contract(&self) -> Reply {
        plain(200, Bytes::from(self.workshop().map_or_else(String::new, |workshop| workshop.contract())))
    }

    fn document(&self) -> Reply {
        let text = self.workshop().map_or_else(String::new, |workshop| workshop.document().to_owned());
        let mut reply = plain(200, Bytes::from(text));
        reply.headers = vec![("content-type".into(), "application/yaml".into())];
        reply
    }

    /// Sets, tells or takes away what goes wrong below a prefix.
    fn faults(&self, method: &str, prefix: &str, body: &[u8]) -> Result<Reply, Refused> {
        if method == "PUT" {
            return self.set(prefix, body);
        }
        if method == "DELETE" {
            let mut scripts = self.scripts.write().unwrap_or_else(PoisonError::into_inner);
            if prefix == ALL {
                scripts.remove(ALL);
            } else {
                scripts.retain(|one, _| !is_below(one, prefix));
            }
            return Ok(plain(204, Bytes::new()));
        }
        let scripts = self.scripts.read().unwrap_or_else(PoisonError::into_inner);
        let told = |one: &Scripted| json!({ "faults": one.list["faults"], "happened": one.script.happened() });
        Ok(json(200, &scripts.get(prefix).map_or_else(|| json!({ "faults": [], "happened": [] }), told)))
    }

    fn set(&self, prefix: &str, body: &[u8]) -> Result<Reply, Refused> {
        let list: Value = conformance_json::parse(body).map_err(|error| (400, format!("body: {error}")))?;
        let workshop = self.workshop().ok_or((501, "this server knows no faults".to_owned()))?;
        let script = workshop.faults(&list).map_err(|wrong| (400, wrong))?;
        let mut scripts = self.scripts.write().unwrap_or_else(PoisonError::into_inner);
        let before = scripts.get(prefix).map_or(0, |one| one.bytes);
        let bytes = scripts.values().map(|one| one.bytes).sum::<usize>() - before + body.len();
        if bytes > MOST_BYTES || (scripts.len() == MOST && !scripts.contains_key(prefix)) {
            let full = format!("{} prefixes have faults already, which is too much; DELETE some", scripts.len());
            return Err((507, full));
        }
        scripts.insert(prefix.to_owned(), Scripted { list, bytes: body.len(), script });
        Ok(plain(204, Bytes::new()))
    }
}

/// Puts the workspace of the request's credentials back to where it began.
fn reset(engine: &dyn Engine, request: &Request) -> Result<Reply, Refused> {
    let number = engine.reset(request).map_err(|message| (400, message))?;
    Ok(json(200, &json!({ "workspace": number })))
}

/// The methods of a path; none where there is no such path.
fn methods(what: &str, prefix: Option<&str>) -> Option<&'static str> {
    match (what, prefix) {
        ("openapi.yaml" | "contract.json" | "known-faults", None) => Some("GET"),
        ("workspaces", None) => Some("GET, DELETE"),
        ("workspaces", Some(number)) if !number.contains('/') => Some("GET, PUT, DELETE"),
        ("reset", None) => Some("POST"),
        ("faults", _) => Some("GET, PUT, DELETE"),
        ("journal", _) => Some("GET, DELETE"),
        _ => None,
    }
}

/// Paths of a contract that the mock keeps for itself.
pub(crate) fn taken(contract: &Contract) -> Vec<Diagnostic> {
    let paths: BTreeSet<String> = contract.operations.iter().map(|one| one.path.to_string()).collect();
    let taken = paths.into_iter().filter(|path| path.starts_with(BASE) || path.starts_with(PREFIX));
    let wrong = |path: String| {
        let wrong = Diagnostic::general(format!("the path {path} is the mock's own"));
        wrong.with_help(format!("a mock keeps what begins with {BASE} and {PREFIX} for its control API"))
    };
    taken.map(wrong).collect()
}

/// `RUN` or `RUN/CALL` as it stands in a URL, decoded: clients escape in different ways. None when it is neither.
pub(crate) fn prefix(raw: &str) -> Option<String> {
    let part = |part: &str| {
        let part = percent_decode_str(part).decode_utf8().ok()?.into_owned();
        (!part.is_empty() && !part.contains('/')).then_some(part)
    };
    let parts: Vec<String> = raw.split('/').map(part).collect::<Option<_>>()?;
    (parts.len() <= 2).then(|| parts.join("/"))
}

fn checked(raw: Option<&str>) -> Result<String, Refused> {
    let raw = raw.unwrap_or("");
    let wrong = || (404, format!("`{raw}` is no prefix: RUN or RUN/CALL, as in a base URL /~/RUN/CALL"));
    prefix(raw).ok_or_else(wrong)
}

/// Whether a call, or a prefix, is the other one or below it.
fn is_below(one: &str, prefix: &str) -> bool {
    one.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn json(status: u16, body: &Value) -> Reply {
    plain(status, Bytes::from(body.to_string()))
}
