//! What a scenario knows while it is replayed.

use std::collections::HashMap;

use conformance_contract::{Action, Contract, Operation};
use conformance_record::Exchange;
use conformance_scenario::Direction;
use conformance_source::pointer;
use serde_json::Value;

/// The state of one replay.
#[derive(Debug)]
pub(crate) struct World<'c> {
    pub(crate) contract: &'c Contract,
    /// Captured values, or why there is none.
    pub(crate) outputs: HashMap<String, Result<Value, String>>,
    /// Every object that the scenario created, in order, by resource.
    pub(crate) own: Vec<Own>,
    /// Ids that were made up and name nothing.
    pub(crate) unknown: Vec<String>,
    /// Creates that were answered 2xx without an id: nothing can be cleaned up there.
    pub(crate) nameless: usize,
    /// How many requests were sent.
    pub(crate) requests: usize,
    random: fastrand::Rng,
}

/// An object that the scenario created.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) resource: usize,
    pub(crate) id: String,
    pub(crate) deleted: bool,
}

impl<'c> World<'c> {
    pub(crate) fn new(contract: &'c Contract) -> Self {
        Self {
            contract,
            outputs: HashMap::new(),
            own: Vec::new(),
            unknown: Vec::new(),
            nameless: 0,
            requests: 0,
            random: fastrand::Rng::new(),
        }
    }

    /// Remembers what an exchange created or deleted, whatever the scenario expected of it.
    pub(crate) fn witness(&mut self, operation: &Operation, exchange: &Exchange) {
        self.requests += 1;
        let Ok(response) = &exchange.response else { return };
        if !(200..300).contains(&response.status) || exchange.request.method != operation.method {
            return;
        }
        match operation.action {
            Action::Create => {
                let body: Option<Value> = serde_json::from_slice(&response.body).ok();
                let property = &self.contract.resources[operation.resource].id_property;
                match body.as_ref().and_then(|body| body.get(property)?.as_str()).filter(|id| is_safe(id)) {
                    Some(id) => self.own.push(Own { resource: operation.resource, id: id.to_owned(), deleted: false }),
                    None => self.nameless += 1,
                }
            }
            Action::Delete => {
                let target = exchange.request.path();
                for own in self.own.iter_mut().filter(|own| target.ends_with(&format!("/{}", own.id))) {
                    own.deleted = true;
                }
            }
            _ => {}
        }
    }

    /// The ids in a list answer, in order.
    pub(crate) fn ids(&self, operation: &Operation, body: &Value) -> Vec<String> {
        let property = &self.contract.resources[operation.resource].id_property;
        let items = operation.page.as_ref().and_then(|page| body.pointer(&page.items)?.as_array());
        let ids = items.into_iter().flatten().map(|item| item.get(property).and_then(Value::as_str).unwrap_or(""));
        ids.map(str::to_owned).collect()
    }

    /// Those of `ids` that the scenario created.
    pub(crate) fn mine(&self, ids: &[String]) -> Vec<String> {
        ids.iter().filter(|id| self.own.iter().any(|own| own.id == **id)).cloned().collect()
    }

    /// Whether an update or delete of this id touches nothing that is not ours.
    pub(crate) fn may_touch(&self, id: &str) -> bool {
        is_safe(id) && (self.own.iter().any(|own| own.id == id) || self.unknown.iter().any(|unknown| unknown == id))
    }

    /// An id as the contract makes them, which no object has.
    pub(crate) fn unknown_id(&mut self, resource: usize) -> String {
        use conformance_contract::model::IdMaker;
        let rules = &self.contract.resources[resource];
        let made = match rules.id_maker {
            IdMaker::Ulid => {
                const CROCKFORD: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
                let first = char::from(b'0' + self.random.u8(0..8));
                std::iter::once(first).chain((0..25).map(|_| char::from(CROCKFORD[self.random.usize(0..32)]))).collect()
            }
            IdMaker::Uuid => {
                let hex = format!("{:032x}", self.random.u128(..));
                format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
            }
            IdMaker::Sequence => self.random.u64(1_000_000_000..9_999_999_999).to_string(),
        };
        let id = format!("{}{made}", rules.id_prefix);
        self.unknown.push(id.clone());
        id
    }
}

/// What a walk saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walked {
    /// The ids of all pages in list order.
    pub(crate) ids: Vec<String>,
    /// How many pages.
    pub(crate) pages: usize,
    /// How many pages said that there is no more although more followed.
    pub(crate) false_ends: usize,
    /// The most objects on one page.
    pub(crate) largest: usize,
    /// Why it ended.
    pub(crate) end: &'static str,
    /// The last page.
    pub(crate) last: Option<Exchange>,
}

impl Walked {
    pub(crate) fn ended(mut self, end: &'static str) -> Self {
        self.end = end;
        self
    }

    pub(crate) fn take(&mut self, ids: Vec<String>, direction: Direction) {
        self.largest = self.largest.max(ids.len());
        match direction {
            Direction::Forward => self.ids.extend(ids),
            Direction::Backward => drop(self.ids.splice(0..0, ids)),
        }
    }
}

/// Whether an id can stand in a path without becoming another path.
pub(crate) fn is_safe(id: &str) -> bool {
    !id.is_empty() && id != "." && id != ".." && !id.chars().any(|c| c.is_control() || c == '/')
}

/// The value at a pointer, when there is one.
pub(crate) fn at<'v>(value: &'v Value, to: &str) -> Option<&'v Value> {
    debug_assert!(pointer::is_pointer(to));
    value.pointer(to)
}
