//! What an operation means to the expressions and checks of a scenario, whether a suite or a document says it.

use std::fmt;

use conformance_contract::model::{IdMaker, ResponseRule, StatusRule};
use conformance_contract::{Contract, Location, Operation};
use conformance_record::{Mismatch, Response};
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::value::{Edge, edge};
use crate::world::id_text;

/// The operation that a step calls.
pub(crate) trait Subject {
    /// The ids in a list response, in order; an empty one for an item that shows none.
    fn ids(&self, body: &Value) -> Vec<String>;
    /// An id as bodies show it.
    fn id_value(&self, id: &str) -> Value;
    /// An id of the right form, which no object has.
    fn make_id(&self, random: &mut fastrand::Rng) -> String;
    /// An object without the members that nothing documents: a server may show those where it likes. Other values are left
    /// as they are.
    fn documented_members(&self, value: &Value) -> Value;
    /// Where the schema of an object's member stands.
    fn member_schema(&self, object: &Place, name: &str) -> Option<Place>;
    /// What an edge, such as `max+1`, comes to under a schema.
    fn edge(&self, place: &Place, which: &str) -> Result<Edge, Obstacle>;
    /// How a response differs from what is documented for its status.
    fn judge_documented(&self, response: &Response) -> Result<Vec<Mismatch>, Obstacle>;
    /// Whether a status is documented by its number.
    fn names_status(&self, status: u16) -> bool;
}

/// Where a schema stands: at a location, or in a member of what stands there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) members: Vec<String>,
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { location, members: Vec::new() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.location)?;
        self.members.iter().try_for_each(|member| write!(f, ", `{member}`"))
    }
}

/// An operation of a suite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfSuite<'c> {
    contract: &'c Contract,
    pub(crate) operation: &'c Operation,
}

impl<'c> OfSuite<'c> {
    pub(crate) fn new(contract: &'c Contract, operation: &'c Operation) -> Self {
        Self { contract, operation }
    }
}

impl Subject for OfSuite<'_> {
    fn ids(&self, body: &Value) -> Vec<String> {
        let property = &self.contract.resources[self.operation.resource].id_property;
        let items = self.operation.page.as_ref().and_then(|page| body.pointer(&page.items)?.as_array());
        let id = |item: &Value| item.get(property).and_then(id_text).unwrap_or_default();
        items.into_iter().flatten().map(id).collect()
    }

    fn id_value(&self, id: &str) -> Value {
        self.contract.resources[self.operation.resource].id_value(id)
    }

    fn make_id(&self, random: &mut fastrand::Rng) -> String {
        let rules = &self.contract.resources[self.operation.resource];
        let made = match rules.id_maker {
            IdMaker::Ulid => {
                const CROCKFORD: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
                let first = char::from(b'0' + random.u8(0..8));
                std::iter::once(first).chain((0..25).map(|_| char::from(CROCKFORD[random.usize(0..32)]))).collect()
            }
            IdMaker::Uuid => {
                let hex = format!("{:032x}", random.u128(..));
                format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
            }
            IdMaker::Sequence => random.u64(1_000_000_000..9_999_999_999).to_string(),
        };
        format!("{}{made}", rules.id_prefix)
    }

    fn documented_members(&self, value: &Value) -> Value {
        let Value::Object(members) = value else { return value.clone() };
        if !members.contains_key(&self.contract.resources[self.operation.resource].id_property) {
            return value.clone();
        }
        let documented = self.contract.documented(self.operation.resource);
        let known = members.iter().filter(|(name, _)| documented.contains(name));
        Value::Object(known.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn member_schema(&self, object: &Place, name: &str) -> Option<Place> {
        let properties = self.contract.schemas.properties(&object.location);
        properties.into_iter().find(|(one, _)| one == name)?.1.into_iter().next().map(Place::from)
    }

    fn edge(&self, place: &Place, which: &str) -> Result<Edge, Obstacle> {
        let (schemas, at) = (&self.contract.schemas, &place.location);
        let is_text = schemas.keyword(at, "type").is_some_and(|(_, node)| node.as_str() == Some("string"));
        edge(is_text, &|keyword| schemas.bound(at, keyword), place, which)
    }

    fn judge_documented(&self, response: &Response) -> Result<Vec<Mismatch>, Obstacle> {
        let rule = self.operation.response(response.status);
        if rule.is_some_and(|rule| rule.status == StatusRule::Default && response.status >= 400) {
            let reason = format!("status {} came, whose body the documents leave open", response.status);
            return Err(reason.into());
        }
        Ok(self.operation.judge(response).iter().map(|finding| Mismatch::of(finding.to_string())).collect())
    }

    fn names_status(&self, status: u16) -> bool {
        let exactly = |rule: &ResponseRule| matches!(rule.status, StatusRule::Exactly(_));
        self.operation.response(status).is_some_and(exactly)
    }
}
