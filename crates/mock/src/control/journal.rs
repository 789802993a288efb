//! What arrived below prefixes, and what was answered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_contract::request::bearer;
use conformance_record::written::{WrittenRequest, WrittenResponse};
use conformance_record::{Exchange, NoResponse, Request, Response};
use serde_json::{Value, json};

use super::is_below;

/// So many exchanges are kept; the oldest go first.
const MOST: usize = 10_000;
/// So many bytes of them are kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// So many bytes of them are told at once.
const MOST_AT_ONCE: usize = 4 * 1024 * 1024;

/// The last exchanges below prefixes.
#[derive(Debug)]
pub struct Journal {
    begun: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Arc<Entry>>,
    next: u64,
    bytes: usize,
    dropped: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    call: String,
    at: Duration,
    exchange: Exchange,
}

impl Entry {
    fn bytes(&self) -> usize {
        let fields = |headers: &[(String, String)]| -> usize {
            headers.iter().map(|(name, value)| name.len() + value.len()).sum()
        };
        let request = &self.exchange.request;
        let sent = self.call.len() + request.target.len() + fields(&request.headers) + request.body.len();
        let answer = |response: &Response| fields(&response.headers) + response.body.len();
        sent + self.exchange.response.as_ref().map_or(0, answer)
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { begun: Instant::now(), inner: Mutex::default() }
    }
}

impl Journal {
    /// Notes a request as it arrives; who does not wait for the answer is in the journal all the same.
    pub(crate) fn begin(&self, call: &str, request: &Request) -> u64 {
        let at = self.begun.elapsed();
        let response = Err(NoResponse::Pending);
        let exchange = Exchange { number: 0, request: request.clone(), response, took: Duration::ZERO };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let id = inner.next;
        inner.next += 1;
        let entry = Entry { id, call: call.to_owned(), at, exchange };
        inner.bytes += entry.bytes();
        inner.entries.push_back(Arc::new(entry));
        inner.shrink();
        id
    }

    /// Notes what was answered.
    pub(crate) fn end(&self, id: u64, response: Result<Response, NoResponse>) {
        let now = self.begun.elapsed();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(index) = inner.entries.binary_search_by_key(&id, |entry| entry.id) else { return };
        let Some(entry) = inner.entries.get_mut(index) else { return };
        let before = entry.bytes();
        let ended = Arc::make_mut(entry);
        ended.exchange.took = now.saturating_sub(ended.at);
        ended.exchange.response = response;
        let after = ended.bytes();
        inner.bytes = inner.bytes - before + after;
        inner.shrink();
    }

    /// What arrived below a prefix from an exchange on, oldest first, without credentials, as JSON. Who sends a token learns
    /// which requests bore it. What is too much for one response is left for the next.
    pub(crate) fn told(&self, prefix: &str, token: Option<&str>, from: u64) -> Vec<u8> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let below = inner.entries.iter().filter(|entry| entry.id >= from && is_below(&entry.call, prefix));
        let (mut bytes, mut next) = (0, None);
        let mut page: Vec<Arc<Entry>> = Vec::new();
        for entry in below {
            bytes += entry.bytes();
            if bytes > MOST_AT_ONCE && !page.is_empty() {
                next = Some(entry.id);
                break;
            }
            page.push(entry.clone());
        }
        let dropped = inner.dropped;
        // Who asks for much keeps nobody else waiting.
        drop(inner);
        // Each is written as it is made: all at once they would take many times the memory.
        let mut text = b"{\"exchanges\":[".to_vec();
        for (index, entry) in page.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend(told(entry, token).to_string().bytes());
        }
        text.extend(format!("],\"dropped\":{dropped}").bytes());
        if let Some(next) = next {
            text.extend(format!(",\"next\":{next}").bytes());
        }
        text.push(b'}');
        text
    }

    /// Forgets what arrived below a prefix.
    pub(crate) fn forget(&self, prefix: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.retain(|entry| !is_below(&entry.call, prefix));
        inner.bytes = inner.entries.iter().map(|entry| entry.bytes()).sum();
    }
}

impl Inner {
    fn shrink(&mut self) {
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }
}

fn told(entry: &Entry, token: Option<&str>) -> Value {
    let exchange = entry.exchange.anonymous();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut told = json!({
        "call": entry.call,
        "atMs": ms(entry.at),
        "tookMs": ms(exchange.took),
        "request": WrittenRequest::from(exchange.request),
    });
    if token.is_some() {
        let sent = bearer(entry.exchange.request.header("authorization"));
        told["own"] = Value::from(sent.as_deref() == token);
    }
    match exchange.response {
        Ok(response) => told["response"] = json!(WrittenResponse::from(response)),
        Err(reason) => told["error"] = Value::from(reason.to_string()),
    }
    told
}
