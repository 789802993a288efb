//! What the server sent and what the caller got, compared.

use std::collections::BTreeSet;

use conformance_contract::say::brief;
use conformance_contract::{Contract, Operation};
use conformance_record::Mismatch;
use conformance_source::pointer;
use serde_json::Value;

use crate::sdk::code::Code;

/// A comparison of two values, and what it shows.
pub(crate) struct Comparison {
    /// The members that the answer's schema names.
    documented: BTreeSet<String>,
    pub(crate) judged: BTreeSet<Code>,
    pub(crate) found: Vec<(Code, Mismatch)>,
}

impl Comparison {
    /// A comparison of answers of this operation and status.
    pub(crate) fn of(contract: &Contract, operation: &Operation, status: u16) -> Self {
        let rule = operation.response(status).and_then(|rule| rule.schema.as_ref());
        let names = rule.into_iter().flat_map(|schema| contract.schemas.properties(&schema.location));
        let mut documented: BTreeSet<String> = names.map(|(name, _)| name).collect();
        documented.extend(contract.documented(operation.resource).iter().cloned());
        Self { documented, judged: BTreeSet::new(), found: Vec::new() }
    }

    fn say(&mut self, code: Code, place: &str, expected: Option<String>, found: String) {
        self.found.push((code, Mismatch { place: place.to_owned(), expected, ..Mismatch::of(found) }));
    }

    /// Compares what was sent with what was got.
    pub(crate) fn compare(&mut self, at: &str, sent: &Value, got: &Value) {
        match (sent, got) {
            (Value::Object(sent), Value::Object(got)) => {
                self.judged.extend([Code::LostMember, Code::InventedMember]);
                for (name, sent) in sent {
                    let place = pointer::push(at, name);
                    match got.get(name) {
                        Some(got) => self.compare(&place, sent, got),
                        // SDKs with types drop what they do not know; what is documented they know.
                        None if self.documented.contains(name) => {
                            self.say(Code::LostMember, &place, Some(brief(sent)), "nothing".to_owned());
                        }
                        None => {}
                    }
                }
                for (name, got) in got.iter().filter(|(name, got)| !sent.contains_key(*name) && !got.is_null()) {
                    self.say(Code::InventedMember, &pointer::push(at, name), Some("nothing".to_owned()), brief(got));
                }
            }
            (Value::Array(sent), Value::Array(got)) => self.items(at, sent, got),
            _ => self.values(at, sent, got),
        }
    }

    fn items(&mut self, at: &str, sent: &[Value], got: &[Value]) {
        if sent.len() > 1 {
            self.judged.insert(Code::ChangedOrder);
        }
        let reordered = sent != got && sent.len() == got.len() && sent.iter().all(|one| got.contains(one));
        if reordered {
            return self.say(Code::ChangedOrder, at, None, format!("{at} is in another order"));
        }
        if sent.len() != got.len() {
            let told = |items: &[Value]| format!("{} items", items.len());
            self.say(Code::ChangedValue, at, Some(told(sent)), told(got));
        }
        for (index, (sent, got)) in sent.iter().zip(got).enumerate() {
            self.compare(&format!("{at}/{index}"), sent, got);
        }
    }

    fn values(&mut self, at: &str, sent: &Value, got: &Value) {
        self.judged.extend([Code::ChangedValue, Code::ChangedType]);
        let same_number = || sent.is_number() && conformance_json::equal(sent, got);
        if sent == got || same_number() {
            return;
        }
        let same_type = std::mem::discriminant(sent) == std::mem::discriminant(got);
        let code = if same_type { Code::ChangedValue } else { Code::ChangedType };
        self.say(code, at, Some(brief(sent)), brief(got));
    }
}
