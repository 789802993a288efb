//! What arrived, and what was answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_contract::request::bearer;
use conformance_record::written::{WrittenRequest, WrittenResponse};
use conformance_record::{Exchange, NoResponse, Request, Response};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::is_below;
use super::packed::Packed;
use crate::clock;
use crate::reply::Reply;

/// So many exchanges are kept; the oldest go first.
const MOST: usize = 10_000;
/// So many bytes of them are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// So many bytes of them are told at once.
const MOST_AT_ONCE: usize = 4 * 1024 * 1024;

/// The last exchanges.
#[derive(Debug)]
pub struct Journal {
    begun: Instant,
    /// The time of day then, in milliseconds since 1970.
    begun_at: u64,
    inner: Mutex<Inner>,
    /// Told of every change; closed for who waits when the server ends.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    next: u64,
    /// Counts changes.
    revision: u64,
    bytes: usize,
    dropped: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    /// When it changed last.
    revision: u64,
    /// The prefix that stood before its path.
    call: Option<String>,
    at: Duration,
    took: Duration,
    request: Packed,
    /// The status and the rest of the response, or why there is none.
    response: Result<(u16, Packed), Box<NoResponse>>,
    remarks: Remarks,
}

/// What the mock says of a request, which its response does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    workspace: Option<usize>,
    refused: Option<String>,
    notes: Vec<String>,
    /// Whether a fault answered, or altered the response.
    fault: bool,
}

impl Remarks {
    /// The same of a request to which a fault happened.
    pub(crate) fn with_fault(self, fault: bool) -> Self {
        Self { fault, ..self }
    }
}

impl From<&Reply> for Remarks {
    fn from(reply: &Reply) -> Self {
        let notes = reply.notes.iter().map(ToString::to_string).chain(reply.hint.clone()).collect();
        let refused = reply.problem.as_ref().map(|problem| problem.message.clone());
        Self { workspace: reply.workspace, refused, notes, fault: false }
    }
}

/// Which exchanges are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Those below this prefix; all when there is none.
    pub(crate) prefix: Option<String>,
    /// Who sends a token learns which requests bore it.
    pub(crate) token: Option<String>,
    /// From this exchange on.
    pub(crate) from: u64,
    /// What changed after this revision.
    pub(crate) after: Option<u64>,
    pub(crate) method: Option<String>,
    /// With what the path begins.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
}

impl Wanted {
    fn fits(&self, entry: &Entry) -> bool {
        let (method, path) = entry.request.method_and_path();
        let below = |prefix: &String| entry.call.as_ref().is_some_and(|call| is_below(call, prefix));
        let answered = |status: u16| entry.response.as_ref().is_ok_and(|(answered, _)| *answered == status);
        entry.id >= self.from
            && self.prefix.as_ref().is_none_or(below)
            && self.after.is_none_or(|after| entry.revision > after)
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.path.as_ref().is_none_or(|wanted| path.starts_with(wanted.as_str()))
            && self.status.is_none_or(answered)
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        let answer = self.response.as_ref().map_or(0, |(_, response)| response.bytes());
        self.call.as_ref().map_or(0, String::len) + self.request.bytes() + answer
    }

    fn exchange(&self) -> Exchange {
        let response = match &self.response {
            Ok((status, response)) => Ok(response.to_response(*status)),
            Err(reason) => Err(NoResponse::clone(reason)),
        };
        Exchange { number: 0, request: self.request.to_request(), response, took: self.took }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { begun: Instant::now(), begun_at: clock::wall(), inner: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Journal {
    /// Notes a request as it arrives; who does not wait for the answer is in the journal all the same.
    pub(crate) fn begin(&self, call: Option<&str>, request: &Request) -> u64 {
        let (request, call) = (Packed::request(request), call.map(str::to_owned));
        let entry = Entry {
            id: 0,
            revision: 0,
            call,
            at: self.begun.elapsed(),
            took: Duration::ZERO,
            request,
            response: Err(Box::new(NoResponse::Pending)),
            remarks: Remarks::default(),
        };
        self.push(entry)
    }

    /// Notes what was answered.
    pub(crate) fn end(&self, id: u64, response: &Result<Response, NoResponse>, remarks: Remarks) {
        let now = self.begun.elapsed();
        let response = match response {
            Ok(Response { status, headers, body }) => Ok((*status, Packed::response(headers, body))),
            Err(reason) => Err(Box::new(reason.clone())),
        };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(index) = inner.entries.binary_search_by_key(&id, |entry| entry.id) else { return };
        let revision = inner.changed();
        let Some(entry) = inner.entries.get_mut(index) else { return };
        let before = entry.bytes();
        entry.revision = revision;
        entry.remarks = remarks;
        entry.took = now.saturating_sub(entry.at);
        entry.response = response;
        let after = entry.bytes();
        inner.bytes = inner.bytes - before + after;
        inner.shrink();
        drop(inner);
        self.announce(revision);
    }

    /// Notes a request that arrived at `start` and was answered at once.
    pub(crate) fn add(&self, request: &Request, reply: &Reply, start: Instant) {
        let entry = Entry {
            id: 0,
            revision: 0,
            call: None,
            at: start.saturating_duration_since(self.begun),
            took: start.elapsed(),
            request: Packed::request(request),
            response: Ok((reply.status, Packed::response(&reply.headers, &reply.body))),
            remarks: reply.into(),
        };
        self.push(entry);
    }

    /// Adds the newest entry, and answers the id that it is given.
    fn push(&self, mut entry: Entry) -> u64 {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, revision) = (inner.next, inner.changed());
        inner.next += 1;
        (entry.id, entry.revision) = (id, revision);
        inner.bytes += entry.bytes();
        inner.entries.push_back(entry);
        inner.shrink();
        drop(inner);
        self.announce(revision);
        id
    }

    /// Completes when something has changed since a revision, or when nothing will any more: the revision now.
    pub(crate) async fn changed_after(&self, revision: u64) -> u64 {
        let mut changed = self.changed.subscribe();
        // Nobody is told of changes while nobody waits.
        let now = self.inner.lock().unwrap_or_else(PoisonError::into_inner).revision;
        if now > revision {
            return now;
        }
        changed.wait_for(|now| *now > revision).await.map_or(u64::MAX, |now| *now)
    }

    /// Lets everybody who waits for a change look again: what is kept has changed by another way.
    pub(crate) fn touch(&self) {
        let revision = self.inner.lock().unwrap_or_else(PoisonError::into_inner).changed();
        self.announce(revision);
    }

    fn announce(&self, revision: u64) {
        if self.changed.receiver_count() == 0 {
            return;
        }
        self.changed.send_if_modified(|now| {
            let is_open = *now != u64::MAX;
            if is_open {
                *now = revision.max(*now);
            }
            is_open
        });
    }

    /// Lets go of everybody who waits for a change.
    pub(crate) fn close(&self) {
        self.changed.send_replace(u64::MAX);
    }

    /// The exchanges that are wanted, oldest first, without credentials, as JSON. What is too much for one response is left
    /// for the next.
    pub(crate) fn told(&self, wanted: &Wanted) -> Vec<u8> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let below = inner.entries.iter().filter(|entry| wanted.fits(entry));
        let (mut bytes, mut next) = (0, None);
        let mut page: Vec<Entry> = Vec::new();
        for entry in below {
            bytes += entry.bytes();
            if bytes > MOST_AT_ONCE && !page.is_empty() {
                next = Some(entry.id);
                break;
            }
            page.push(entry.clone());
        }
        let (dropped, revision) = (inner.dropped, inner.revision);
        // Who asks for much keeps nobody else waiting.
        drop(inner);
        // Each is written as it is made: all at once they would take many times the memory.
        let mut text = b"{\"exchanges\":[".to_vec();
        for (index, entry) in page.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend(told(entry, self.begun_at, wanted.token.as_deref()).to_string().bytes());
        }
        text.extend(format!("],\"dropped\":{dropped},\"revision\":{revision}").bytes());
        if let Some(next) = next {
            text.extend(format!(",\"next\":{next}").bytes());
        }
        text.push(b'}');
        text
    }

    /// Forgets what is meant.
    pub(crate) fn forget(&self, meant: &Wanted) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.retain(|entry| !meant.fits(entry));
        inner.bytes = inner.entries.iter().map(Entry::bytes).sum();
    }
}

impl Inner {
    fn changed(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    fn shrink(&mut self) {
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }
}

fn told(entry: &Entry, begun_at: u64, token: Option<&str>) -> Value {
    let own = entry.exchange();
    let (exchange, secrets) = (own.anonymous(), own.own_secrets());
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut told = json!({
        "id": entry.id,
        "time": clock::rfc3339(begun_at + u64::try_from(entry.at.as_millis()).unwrap_or(0)),
        "atMs": ms(entry.at),
        "tookMs": ms(exchange.took),
        "request": WrittenRequest::from(exchange.request),
    });
    if let Some(call) = &entry.call {
        told["call"] = Value::from(call.as_str());
    }
    let Remarks { workspace, refused, notes, fault } = &entry.remarks;
    if let Some(number) = workspace {
        told["workspace"] = Value::from(*number);
    }
    if let Some(refused) = refused {
        told["refused"] = Value::from(secrets.scrub(refused));
    }
    if !notes.is_empty() {
        told["notes"] = notes.iter().map(|note| secrets.scrub(note)).collect();
    }
    if *fault {
        told["fault"] = Value::from(true);
    }
    if token.is_some() {
        let sent = bearer(own.request.header("authorization"));
        told["own"] = Value::from(sent.as_deref() == token);
    }
    match exchange.response {
        Ok(response) => told["response"] = json!(WrittenResponse::from(response)),
        Err(reason) => told["error"] = Value::from(reason.to_string()),
    }
    told
}
