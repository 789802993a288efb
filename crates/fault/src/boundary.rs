//! The boundary: where faults happen, in front of whatever answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use conformance_contract::{Action, Contract, Operation};
use conformance_record::{Answer, Boundary, NoResponse, Request, Response, Upstream};
use conformance_source::pointer;
use serde_json::Value;

use crate::also;
use crate::change;
use crate::memory::Memory;
use crate::model::{Fault, Relist, ResponseChange};
use crate::relist;
use crate::subject::Subject;

/// The faults that happen, to the operations of an API.
#[derive(Debug)]
pub struct Harm {
    subject: Subject,
    /// What stands before the API's paths.
    base: String,
    faults: Vec<Hurt>,
    /// The header field that switches a fault on for one request; without it, all of them are on.
    switch: Option<String>,
    memory: Memory,
}

/// A fault, and what it remembers.
#[derive(Debug)]
struct Hurt {
    fault: Fault,
    /// The requests that it is about.
    seen: AtomicU64,
    /// Those that it happened to.
    happened: AtomicU64,
    /// The last answers, by request target and token.
    before: Mutex<HashMap<String, Response>>,
}

impl Harm {
    /// A boundary at which these faults happen.
    #[must_use]
    pub fn new(subject: impl Into<Subject>, base: &str, faults: Vec<Fault>) -> Self {
        let hurt =
            |fault| Hurt { fault, seen: AtomicU64::new(0), happened: AtomicU64::new(0), before: Mutex::default() };
        let faults = faults.into_iter().map(hurt).collect();
        Self { subject: subject.into(), base: base.to_owned(), faults, switch: None, memory: Memory::default() }
    }

    /// The same, of which a fault happens only to a request that names it in this header field (lower case).
    #[must_use]
    pub fn switched_by(mut self, header: &str) -> Self {
        self.switch = Some(header.to_owned());
        self
    }

    /// How often each fault has happened so far: to requests, or to answers.
    #[must_use]
    pub fn happened(&self) -> Vec<u64> {
        self.faults.iter().map(|hurt| hurt.happened.load(Ordering::Relaxed)).collect()
    }

    /// Those that happen to a request.
    fn happening(&self, request: &Request) -> Vec<&Hurt> {
        let operation = self.subject.id(request, &self.base);
        let named = self.switch.as_ref().map(|header| request.header(header).unwrap_or(""));
        let on = |hurt: &&Hurt| {
            let name = hurt.fault.name.as_str();
            named.is_none_or(|names| names.split(',').any(|one| one.trim() == name)) && hurt.happens(operation, request)
        };
        self.faults.iter().filter(on).collect()
    }

    async fn through(&self, mut request: Request, upstream: &dyn Upstream) -> Result<Response, NoResponse> {
        let operation = self.subject.operation(&request, &self.base);
        let happening = self.happening(&request);
        let original = request.clone();
        for hurt in &happening {
            if hurt.fault.is_about_requests() {
                hurt.happened.fetch_add(1, Ordering::Relaxed);
            }
            hurt.wait().await;
            if hurt.fault.cut {
                return Err(NoResponse::Injected("the connection was cut".to_owned()));
            }
            if let Some(answer) = &hurt.fault.answer {
                return Ok(change::made(answer));
            }
            change::request(&hurt.fault.request, &mut request);
            if hurt.fault.request.borrowed {
                self.memory.lend(&mut request);
            }
        }
        let mut response = self.answered(operation, &happening, &request, upstream).await?;
        for hurt in &happening {
            let refused = response.status >= 400;
            if let Some(also) = hurt.fault.also.as_ref().filter(|also| refused == also.when_refused)
                && let Subject::Suite(contract) = &self.subject
            {
                let other = also::Other { contract, base: &self.base, memory: &self.memory, upstream };
                other.does(also, &original).await;
            }
            let lost = hurt.fault.lose_response && hurt.fits(&response);
            hurt.alter(operation, &original, &mut response);
            if lost {
                return Err(NoResponse::ResponseLost);
            }
        }
        Ok(response)
    }

    /// What the server answers, or what a list by another rule is.
    async fn answered(
        &self,
        operation: Option<&Operation>,
        happening: &[&Hurt],
        request: &Request,
        upstream: &dyn Upstream,
    ) -> Result<Response, NoResponse> {
        let (Subject::Suite(contract), Some(operation)) = (&self.subject, operation) else {
            return upstream.send(request.clone()).await;
        };
        let relist = happening.iter().find_map(|hurt| hurt.fault.list.as_ref());
        let response = match relist {
            Some(rule) if operation.page.is_some() => {
                Self::relisted(contract, rule, operation, request, upstream).await?
            }
            _ => upstream.send(request.clone()).await?,
        };
        if operation.action == Action::Create {
            self.memory.keep(&contract.resources[operation.resource].id_property, request, &response);
        }
        Ok(response)
    }

    async fn relisted(
        contract: &Contract,
        rule: &Relist,
        list: &Operation,
        request: &Request,
        upstream: &dyn Upstream,
    ) -> Result<Response, NoResponse> {
        // What the server itself refuses stays refused.
        let checked = upstream.send(request.clone()).await?;
        let Some(page) = list.page.as_ref().filter(|_| checked.status < 300) else { return Ok(checked) };
        let (items, mut response) = relist::whole(contract, list, page, request, upstream).await?;
        let id = &contract.resources[list.resource].id_property;
        let (shown, more) = relist::paged(rule, page, id, request, items);
        let mut body: Value = conformance_json::parse(&response.body).unwrap_or_default();
        pointer::set(&mut body, &page.items, Value::Array(shown));
        if let Some(at) = &page.more {
            pointer::set(&mut body, at, Value::from(more));
        }
        response.body = conformance_json::write(&body).into_bytes();
        Ok(response)
    }
}

impl Boundary for Harm {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

impl Hurt {
    fn happens(&self, operation: Option<&str>, request: &Request) -> bool {
        let on = &self.fault.on;
        let meant = on.operations.is_empty() || operation.is_some_and(|id| on.operations.iter().any(|one| one == id));
        let query = change::query(&request.target);
        let has = |name: &String| query.iter().any(|(one, _)| one == name);
        let token = request.header("authorization").is_some();
        let fits = meant
            && on.with.iter().all(has)
            && !on.without.iter().any(has)
            && on.query.iter().all(|pair| query.contains(pair))
            && on.token.is_none_or(|wanted| wanted == token)
            && on.headers.iter().all(|(name, text)| request.header(name).is_some_and(|value| value.contains(text)))
            && on.path.as_ref().is_none_or(|text| request.path().contains(text.as_str()))
            && on.body.as_ref().is_none_or(|text| holds(&request.body, text));
        if !fits {
            return false;
        }
        let before = self.seen.fetch_add(1, Ordering::Relaxed);
        before % on.every == on.every - 1 && on.first.is_none_or(|first| before / on.every < first)
    }

    /// Keeps the answer back.
    async fn wait(&self) {
        if let Some((from, to)) = self.fault.delay {
            let span = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(0);
            let spread = self.seen.load(Ordering::Relaxed).wrapping_mul(7919) % span.saturating_add(1);
            tokio::time::sleep(from + Duration::from_millis(spread)).await;
        }
    }

    /// Alters an answer, or gives an older one.
    fn alter(&self, operation: Option<&Operation>, request: &Request, response: &mut Response) {
        if !self.fits(response) {
            return;
        }
        if !self.fault.is_about_requests() {
            self.happened.fetch_add(1, Ordering::Relaxed);
        }
        if self.changes() {
            let items = operation.and_then(|one| one.page.as_ref()).map(|page| page.items.as_str());
            change::response(&self.fault.response, response, items, &request.body);
        }
        if self.fault.stale {
            self.remembered(request, response);
        }
    }

    /// Whether an answer is altered.
    fn fits(&self, response: &Response) -> bool {
        let on = &self.fault.on;
        (on.status.is_empty() || on.status.iter().any(|one| response.is(one)))
            && on.shows.as_ref().is_none_or(|text| holds(&response.body, text))
    }

    fn changes(&self) -> bool {
        let change = &self.fault.response;
        *change != ResponseChange { items: change.items, ..ResponseChange::default() }
    }

    /// The answer before this one to the same request; this one is kept for the next time.
    fn remembered(&self, request: &Request, response: &mut Response) {
        let key = format!("{} {} {}", request.method, request.target, request.header("authorization").unwrap_or(""));
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = before.insert(key, response.clone()) {
            *response = earlier;
        }
    }
}

fn holds(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).contains(text)
}
