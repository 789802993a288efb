//! What was created at the boundary, and by whom: whatever else a fault does, it does to nothing else.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use conformance_record::{Request, Response};
use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ids: HashSet<String>,
    /// The credentials of the last create that was not refused.
    creator: Option<String>,
}

impl Memory {
    /// Keeps the id of what a create made.
    pub(crate) fn keep(&self, id_property: &str, request: &Request, response: &Response) {
        if !(200..300).contains(&response.status) {
            return;
        }
        let body: Value = conformance_json::parse(&response.body).unwrap_or_default();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.ids.extend(body.get(id_property).and_then(Value::as_str).map(str::to_owned));
        inner.creator = request.header("authorization").map(str::to_owned);
    }

    /// Whether the object was created at this boundary.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).ids.contains(id)
    }

    /// Gives a request the credentials of whoever created something last.
    pub(crate) fn lend(&self, request: &mut Request) {
        let creator = self.inner.lock().unwrap_or_else(PoisonError::into_inner).creator.clone();
        if let Some(creator) = creator {
            request.headers.retain(|(name, _)| name != "authorization");
            request.headers.push(("authorization".to_owned(), creator));
        }
    }
}
