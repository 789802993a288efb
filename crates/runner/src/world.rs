//! What a scenario knows while it is replayed.

use std::collections::HashMap;

use conformance_contract::{Action, Contract};
use conformance_record::{Exchange, Response};
use conformance_scenario::Direction;
use conformance_source::pointer;
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::subject::Subject;
use crate::word::seed;

/// The state of one replay.
#[derive(Debug)]
pub(crate) struct World<'c> {
    pub(crate) contract: &'c Contract,
    pub(crate) variables: Variables,
    /// How many requests were sent.
    pub(crate) requests: usize,
    /// When the last answer came.
    pub(crate) last_write: Option<tokio::time::Instant>,
    /// Why a step was not sent, and the scenario goes no further.
    pub(crate) withheld: Option<Obstacle>,
}

/// What expressions of a scenario can name.
#[derive(Debug)]
pub(crate) struct Variables {
    /// Captured values, or why there is none.
    pub(crate) outputs: HashMap<String, Result<Value, Obstacle>>,
    /// The exchange that each of them came from.
    pub(crate) captured_in: HashMap<String, usize>,
    /// The id of every object that the scenario created, in order.
    pub(crate) own: Vec<String>,
    /// Ids that were made up and name nothing.
    pub(crate) unknown: Vec<String>,
    /// What stands in every name that the scenario can put it in: it begins with the run's own word.
    pub(crate) marker: String,
    random: fastrand::Rng,
}

impl Variables {
    pub(crate) fn new(marker: &str, scenario: &str) -> Self {
        let mut random = fastrand::Rng::with_seed(seed(marker, scenario));
        // What one scenario left behind must not be taken for another's.
        let own: String = std::iter::repeat_with(|| random.alphanumeric().to_ascii_lowercase()).take(3).collect();
        Self {
            outputs: HashMap::new(),
            captured_in: HashMap::new(),
            own: Vec::new(),
            unknown: Vec::new(),
            marker: format!("{marker}{own}"),
            random,
        }
    }

    /// Those of `ids` that the scenario created.
    pub(crate) fn mine(&self, ids: &[String]) -> Vec<String> {
        ids.iter().filter(|id| self.own.contains(id)).cloned().collect()
    }

    /// Whether an update or delete of this id touches nothing that is not ours.
    pub(crate) fn may_touch(&self, id: &str) -> bool {
        is_safe(id) && (self.own.iter().any(|own| own == id) || self.unknown.iter().any(|unknown| unknown == id))
    }

    /// An id that no object has.
    pub(crate) fn unknown_id(&mut self, subject: &dyn Subject) -> String {
        let id = subject.make_id(&mut self.random);
        self.unknown.push(id.clone());
        id
    }
}

impl<'c> World<'c> {
    pub(crate) fn new(contract: &'c Contract, marker: &str, scenario: &str) -> Self {
        let variables = Variables::new(marker, scenario);
        Self { contract, variables, requests: 0, last_write: None, withheld: None }
    }

    /// The id of the object that a create made, when it can stand in a path: of the body, else of `Location`.
    pub(crate) fn created_id(&self, resource: usize, base: &str, response: &Response) -> Option<String> {
        let body = conformance_json::parse(&response.body).ok();
        let property = &self.contract.resources[resource].id_property;
        let id = body.and_then(|body| id_text(body.get(property)?));
        id.or_else(|| self.located_id(resource, base, response)).filter(|id| is_safe(id))
    }

    /// The id in the path that `Location` names.
    fn located_id(&self, resource: usize, base: &str, response: &Response) -> Option<String> {
        let location = response.header("location")?;
        let path = match location.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => location,
        };
        let path = path.split(['?', '#']).next()?.strip_prefix(base)?;
        let one =
            self.contract.action(resource, Action::Delete).or(self.contract.action(resource, Action::Retrieve))?;
        let raw = one.path.fit(path)?.first()?.1;
        Some(percent_encoding::percent_decode_str(raw).decode_utf8().ok()?.into_owned())
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

/// An id as it stands in a path: text, or a whole number.
pub(crate) fn id_text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether an id can stand in a path without becoming another path.
pub(crate) fn is_safe(id: &str) -> bool {
    // No server takes a longer path, so that nothing with such an id could ever be deleted.
    const LONGEST: usize = 2048;
    !id.is_empty() && id.len() <= LONGEST && id != "." && id != ".." && !id.chars().any(|c| c.is_control() || c == '/')
}

/// The value at a pointer, when there is one.
pub(crate) fn at<'v>(value: &'v Value, to: &str) -> Option<&'v Value> {
    debug_assert!(pointer::is_pointer(to));
    value.pointer(to)
}
