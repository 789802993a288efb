//! What arrived at the server, by the call that it belongs to.
//!
//! Each call has a base URL of its own, `/~/SCENARIO/CALL` before the contract's paths: every SDK can set a base URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use conformance_record::Exchange;

/// What arrived so far. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    inner: Arc<Mutex<HashMap<String, Vec<Exchange>>>>,
}

impl Wire {
    /// Takes in what arrived under a key.
    pub fn take_in(&self, key: &str, exchange: Exchange) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entry(key.to_owned()).or_default().push(exchange);
    }

    /// What arrived under a key.
    pub(crate) fn of(&self, key: &str) -> Vec<Exchange> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).remove(key).unwrap_or_default()
    }
}
