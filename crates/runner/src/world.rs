//! What a scenario knows while it is replayed.

use std::collections::HashMap;

use conformance_contract::{Contract, Operation};
use conformance_record::Exchange;
use conformance_scenario::Direction;
use conformance_source::pointer;
use serde_json::Value;

use crate::obstacle::Obstacle;

/// The state of one replay.
#[derive(Debug)]
pub(crate) struct World<'c> {
    pub(crate) contract: &'c Contract,
    /// Captured values, or why there is none.
    pub(crate) outputs: HashMap<String, Result<Value, Obstacle>>,
    /// The id of every object that the scenario created, in order.
    pub(crate) own: Vec<String>,
    /// Ids that were made up and name nothing.
    pub(crate) unknown: Vec<String>,
    /// How many requests were sent.
    pub(crate) requests: usize,
    /// When the last answer came.
    pub(crate) last_write: Option<tokio::time::Instant>,
    /// Why a step was not sent, and the scenario goes no further.
    pub(crate) withheld: Option<Obstacle>,
    /// What stands in every name that the scenario can put it in: it begins with the run's own word.
    pub(crate) marker: String,
    random: fastrand::Rng,
}

impl<'c> World<'c> {
    /// What is random follows from the run's marker, so that a recording can be replayed to the letter.
    pub(crate) fn new(contract: &'c Contract, marker: &str, scenario: &str) -> Self {
        let bytes = marker.bytes().chain(scenario.bytes());
        let seed = bytes.fold(0_u64, |seed, byte| seed.rotate_left(9).wrapping_mul(31) ^ u64::from(byte));
        let mut random = fastrand::Rng::with_seed(seed);
        // What one scenario left behind must not be taken for another's.
        let own: String = std::iter::repeat_with(|| random.alphanumeric().to_ascii_lowercase()).take(3).collect();
        Self {
            contract,
            outputs: HashMap::new(),
            own: Vec::new(),
            unknown: Vec::new(),
            requests: 0,
            last_write: None,
            withheld: None,
            marker: format!("{marker}{own}"),
            random,
        }
    }

    /// The id of the object that a create answered, when it can stand in a path.
    pub(crate) fn created_id(&self, resource: usize, body: &[u8]) -> Option<String> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let id = body.get(&self.contract.resources[resource].id_property)?.as_str()?;
        is_safe(id).then(|| id.to_owned())
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
        ids.iter().filter(|id| self.own.contains(id)).cloned().collect()
    }

    /// Whether an update or delete of this id touches nothing that is not ours.
    pub(crate) fn may_touch(&self, id: &str) -> bool {
        is_safe(id) && (self.own.iter().any(|own| own == id) || self.unknown.iter().any(|unknown| unknown == id))
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
    /// Those objects that the scenario created, in list order.
    pub(crate) own: Vec<Value>,
    /// When the last object that was seen was created.
    pub(crate) time: Option<f64>,
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

    pub(crate) fn take(&mut self, ids: Vec<String>, own: Vec<Value>, direction: Direction) {
        self.largest = self.largest.max(ids.len());
        match direction {
            Direction::Forward => {
                self.ids.extend(ids);
                self.own.extend(own);
            }
            Direction::Backward => {
                self.ids.splice(0..0, ids);
                self.own.splice(0..0, own);
            }
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
