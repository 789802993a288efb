//! The boundary: where faults happen, in front of whatever answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use conformance_contract::model::Place;
use conformance_contract::{Action, Contract, Operation};
use conformance_record::{Answer, Boundary, Request, Response, Upstream};
use conformance_source::pointer;
use serde_json::Value;

use crate::change;
use crate::model::{Also, Fault, Relist};
use crate::relist;

/// The faults that happen, to the operations of a contract.
#[derive(Debug)]
pub struct Harm {
    contract: Arc<Contract>,
    /// What stands before the contract's paths.
    base: String,
    faults: Vec<Hurt>,
}

/// A fault, and what it remembers.
#[derive(Debug)]
struct Hurt {
    fault: Fault,
    seen: AtomicU64,
    /// The last answers, by request target and token.
    before: Mutex<HashMap<String, Response>>,
}

impl Harm {
    /// A boundary at which these faults happen.
    #[must_use]
    pub fn new(contract: Arc<Contract>, base: &str, faults: Vec<Fault>) -> Self {
        let hurt = |fault| Hurt { fault, seen: AtomicU64::new(0), before: Mutex::default() };
        Self { contract, base: base.to_owned(), faults: faults.into_iter().map(hurt).collect() }
    }

    fn operation(&self, request: &Request) -> Option<&Operation> {
        let path = request.path().strip_prefix(self.base.as_str())?;
        self.contract.route(&request.method, path).ok().map(|(operation, _)| operation)
    }

    async fn through(&self, mut request: Request, upstream: &dyn Upstream) -> Result<Response, String> {
        let operation = self.operation(&request);
        let happening: Vec<&Hurt> = self.faults.iter().filter(|hurt| hurt.happens(operation, &request)).collect();
        let original = request.clone();
        for hurt in &happening {
            if let Some((from, to)) = hurt.fault.delay {
                let span = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(0);
                let spread = hurt.seen.load(Ordering::Relaxed).wrapping_mul(7919) % (span + 1);
                tokio::time::sleep(from + Duration::from_millis(spread)).await;
            }
            if hurt.fault.cut {
                return Err("the connection was cut".to_owned());
            }
            if let Some(answer) = &hurt.fault.answer {
                return Ok(change::made(answer));
            }
            change::request(&hurt.fault.request, &mut request);
        }
        let relist = happening.iter().find_map(|hurt| hurt.fault.list.as_ref());
        let mut response = match (relist, operation) {
            (Some(rule), Some(list)) if list.page.is_some() => self.relisted(rule, list, &request, upstream).await?,
            _ => upstream.send(request.clone()).await?,
        };
        for hurt in &happening {
            let refused = response.status >= 400;
            if let Some(also) = hurt.fault.also.as_ref().filter(|also| refused == also.when_refused) {
                self.also(also, &original, upstream).await;
            }
            if hurt.fits(response.status) {
                let items = operation.and_then(|one| one.page.as_ref()).map(|page| page.items.as_str());
                if hurt.changes() {
                    change::response(&hurt.fault.response, &mut response, items);
                }
                if hurt.fault.stale {
                    response = hurt.remembered(&original, response);
                }
            }
        }
        Ok(response)
    }

    async fn relisted(
        &self,
        rule: &Relist,
        list: &Operation,
        request: &Request,
        upstream: &dyn Upstream,
    ) -> Result<Response, String> {
        // What the server itself refuses stays refused.
        let checked = upstream.send(request.clone()).await?;
        let Some(page) = list.page.as_ref().filter(|_| checked.status < 300) else { return Ok(checked) };
        let (items, mut response) = relist::whole(&self.contract, list, page, request, upstream).await?;
        let id = &self.contract.resources[list.resource].id_property;
        let (shown, more) = relist::paged(rule, page, id, request, items);
        let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        pointer::set(&mut body, &page.items, Value::Array(shown));
        if let Some(at) = &page.more {
            pointer::set(&mut body, at, Value::from(more));
        }
        response.body = body.to_string().into_bytes();
        Ok(response)
    }

    /// Does something else, to the object at a place of the list, in the name of whoever sent the request.
    async fn also(&self, also: &Also, request: &Request, upstream: &dyn Upstream) {
        let Some(operation) = self.contract.operation(&also.operation) else { return };
        let mut headers = request.headers.clone();
        headers.retain(|(name, _)| name != "content-length");
        let Some(target) = self.target(also, operation, request, upstream).await else { return };
        let body = also.body.as_ref().map_or_else(Vec::new, |body| body.to_string().into_bytes());
        if !body.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let _ = upstream.send(Request { method: operation.method.clone(), target, headers, body }).await;
    }

    async fn target(
        &self,
        also: &Also,
        operation: &Operation,
        request: &Request,
        upstream: &dyn Upstream,
    ) -> Option<String> {
        if !operation.parameters.iter().any(|one| one.place == Place::Path) {
            return Some(format!("{}{}", self.base, operation.path.fill(|_| None)?));
        }
        let Some(place) = also.place else { return Some(request.path().to_owned()) };
        let list = self.contract.action(operation.resource, Action::List)?;
        let page = list.page.as_ref()?;
        let target = format!("{}{}", self.base, list.path.fill(|_| None)?);
        let mut headers = request.headers.clone();
        headers.retain(|(name, _)| name != "content-length" && name != "content-type");
        let asked = Request { method: list.method.clone(), target, headers, body: Vec::new() };
        let body: Value = serde_json::from_slice(&upstream.send(asked).await.ok()?.body).ok()?;
        let own = request.path().rsplit('/').next().unwrap_or("");
        let id = &self.contract.resources[operation.resource].id_property;
        let ids = body.pointer(&page.items)?.as_array()?.iter().filter_map(|item| item.get(id)?.as_str());
        let id = ids.filter(|id| *id != own).nth(place)?.to_owned();
        Some(format!("{}{}", self.base, operation.path.fill(|_| Some(id.clone()))?))
    }
}

impl Boundary for Harm {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

impl Hurt {
    fn happens(&self, operation: Option<&Operation>, request: &Request) -> bool {
        let on = &self.fault.on;
        let meant =
            on.operations.is_empty() || operation.is_some_and(|operation| on.operations.contains(&operation.id));
        let query = change::query(&request.target);
        let has = |name: &String| query.iter().any(|(one, _)| one == name);
        let token = request.header("authorization").is_some();
        let fits = meant
            && on.with.iter().all(has)
            && !on.without.iter().any(has)
            && on.token.is_none_or(|wanted| wanted == token)
            && on.body.as_ref().is_none_or(|text| String::from_utf8_lossy(&request.body).contains(text.as_str()));
        fits && self.seen.fetch_add(1, Ordering::Relaxed) % on.every == on.every - 1
    }

    /// Whether an answer with this status is altered.
    fn fits(&self, status: u16) -> bool {
        let found = status.to_string();
        let covers = |one: &String| one.chars().zip(found.chars()).all(|(want, have)| want == 'X' || want == have);
        self.fault.on.status.is_empty() || self.fault.on.status.iter().any(covers)
    }

    fn changes(&self) -> bool {
        let change = &self.fault.response;
        change.status.is_some()
            || change.raw.is_some()
            || !(change.set.is_empty()
                && change.remove.is_empty()
                && change.rename.is_empty()
                && change.copy.is_empty()
                && change.text.is_empty()
                && change.numbers.is_empty()
                && change.headers.is_empty())
    }

    /// The answer before this one to the same request, and this one for the next time.
    fn remembered(&self, request: &Request, response: Response) -> Response {
        let key = format!("{} {} {}", request.method, request.target, request.header("authorization").unwrap_or(""));
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        before.insert(key, response.clone()).unwrap_or(response)
    }
}
