//! What the server sent and what the caller got, compared.

use std::collections::BTreeSet;

use conformance_contract::say::brief;
use conformance_contract::schemas::Location;
use conformance_contract::{Contract, Operation};
use conformance_json::equal;
use conformance_record::Mismatch;
use conformance_source::pointer;
use serde_json::{Map, Value};

use crate::sdk::code::Code;

/// A comparison of two values, and what it shows.
pub(crate) struct Comparison<'c> {
    contract: &'c Contract,
    /// The members that a response's schema names, and those of the objects that it shows.
    documented: BTreeSet<String>,
    pub(crate) judged: BTreeSet<Code>,
    pub(crate) found: Vec<(Code, Mismatch)>,
}

/// What the contract says of a value.
#[derive(Clone)]
enum Shape {
    /// It is held to these schemas.
    Of(Vec<Location>),
    /// It stands in an object that is documented to be open: whatever is there is data.
    Open,
}

impl<'c> Comparison<'c> {
    /// Compares what was sent, as a response of this operation and status, with what was got.
    pub(crate) fn of(
        contract: &'c Contract,
        operation: &Operation,
        status: u16,
        (sent, got): (&Value, &Value),
    ) -> Self {
        let schema = operation.response(status).and_then(|rule| rule.schema.as_ref());
        let root: Vec<Location> = schema.into_iter().map(|schema| schema.location.clone()).collect();
        let names = root.iter().flat_map(|at| contract.schemas.properties(at));
        let mut documented: BTreeSet<String> = names.map(|(name, _)| name).collect();
        documented.extend(contract.documented(operation.resource));
        let mut comparison = Self { contract, documented, judged: BTreeSet::new(), found: Vec::new() };
        comparison.compare("", &Shape::Of(root), sent, got);
        comparison
    }

    fn say(&mut self, code: Code, place: &str, expected: Option<String>, found: String) {
        self.found.push((code, Mismatch { place: place.to_owned(), expected, ..Mismatch::of(found) }));
    }

    fn compare(&mut self, at: &str, shape: &Shape, sent: &Value, got: &Value) {
        match (sent, got) {
            (Value::Object(sent), Value::Object(got)) => self.members(at, shape, sent, got),
            (Value::Array(sent), Value::Array(got)) => self.items(at, &self.item(shape), sent, got),
            _ => self.values(at, sent, got),
        }
    }

    fn members(&mut self, at: &str, shape: &Shape, sent: &Map<String, Value>, got: &Map<String, Value>) {
        self.judged.extend([Code::LostMember, Code::InventedMember]);
        for (name, sent) in sent {
            let place = pointer::push(at, name);
            let below = self.member(shape, name);
            match got.get(name) {
                Some(got) => self.compare(&place, &below.unwrap_or(Shape::Of(Vec::new())), sent, got),
                // SDKs with types drop what they do not know; what is documented they know.
                None if below.is_some() || self.documented.contains(name) => {
                    self.say(Code::LostMember, &place, Some(brief(sent)), "nothing".to_owned());
                }
                None => {}
            }
        }
        for (name, got) in got.iter().filter(|(name, got)| !sent.contains_key(*name) && !got.is_null()) {
            self.say(Code::InventedMember, &pointer::push(at, name), Some("nothing".to_owned()), brief(got));
        }
    }

    /// What the contract says of a member; none when it does not document it.
    fn member(&self, shape: &Shape, name: &str) -> Option<Shape> {
        let Shape::Of(places) = shape else { return Some(Shape::Open) };
        let schemas = &self.contract.schemas;
        let all = places.iter().flat_map(|at| schemas.properties(at).into_iter().chain(schemas.branch_properties(at)));
        let all: Vec<(String, Vec<Location>)> = all.collect();
        let own: Vec<Location> =
            all.iter().filter(|(one, _)| one == name).flat_map(|(_, places)| places.clone()).collect();
        if !own.is_empty() {
            return Some(Shape::Of(own));
        }
        // An object without documented members is a map: its members are its content.
        let is_map = all.is_empty() && places.iter().any(|at| self.is_object(at));
        is_map.then_some(Shape::Open)
    }

    fn item(&self, shape: &Shape) -> Shape {
        let Shape::Of(places) = shape else { return Shape::Open };
        let items = places.iter().filter_map(|at| Some(self.contract.schemas.keyword(at, "items")?.0));
        Shape::Of(items.collect())
    }

    /// Whether a schema allows objects.
    fn is_object(&self, at: &Location) -> bool {
        let Some((_, kind)) = self.contract.schemas.keyword(at, "type") else { return true };
        kind.as_str() == Some("object") || kind.items().iter().any(|one| one.as_str() == Some("object"))
    }

    fn items(&mut self, at: &str, shape: &Shape, sent: &[Value], got: &[Value]) {
        if sent.len() > 1 {
            self.judged.insert(Code::ChangedOrder);
        }
        if is_reordered(sent, got) {
            return self.say(Code::ChangedOrder, at, None, format!("{at} is in another order"));
        }
        if sent.len() != got.len() {
            let told = |items: &[Value]| format!("{} items", items.len());
            self.say(Code::ChangedValue, at, Some(told(sent)), told(got));
        }
        for (index, (sent, got)) in sent.iter().zip(got).enumerate() {
            self.compare(&format!("{at}/{index}"), shape, sent, got);
        }
    }

    fn values(&mut self, at: &str, sent: &Value, got: &Value) {
        self.judged.extend([Code::ChangedValue, Code::ChangedType]);
        if equal(sent, got) {
            return;
        }
        let same_type = std::mem::discriminant(sent) == std::mem::discriminant(got);
        let code = if same_type { Code::ChangedValue } else { Code::ChangedType };
        self.say(code, at, Some(brief(sent)), brief(got));
    }
}

/// Whether both have the same items, and not at the same places.
fn is_reordered(sent: &[Value], got: &[Value]) -> bool {
    let same = |(one, other): (&Value, &Value)| equal(one, other);
    sent.len() == got.len()
        && !sent.iter().zip(got).all(same)
        && sent.iter().all(|one| got.iter().any(|other| equal(one, other)))
}
