//! What a client exercised of a contract, and of the requirements that a suite tests.

use std::collections::BTreeMap;

use conformance_contract::Contract;
use conformance_contract::model::Place;
use conformance_record::Exchange;
use conformance_scenario::{Call, Direction, Expectation, Scenario, Step, StepKind, Template};
use serde_json::Value;

/// What a client exercised: each part with whether it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Operations, by id.
    pub operations: BTreeMap<String, bool>,
    /// Query parameters and body properties, as `operation name`.
    pub parameters: BTreeMap<String, bool>,
    /// Documented statuses, as `operation status`.
    pub statuses: BTreeMap<String, bool>,
    /// Requirements that are tested by calls which a client can make: whether it made one like them, and was answered alike.
    pub requirements: BTreeMap<String, bool>,
}

/// A call as far as it is like another: the operation, what it was given, and the class of the answer's status.
struct Likeness {
    operation: String,
    given: BTreeMap<String, Value>,
    status: u16,
}

impl Coverage {
    /// What of a contract these exchanges exercised.
    #[must_use]
    pub fn of(contract: &Contract, scenarios: &[Scenario], exchanges: &[Exchange]) -> Self {
        let mut coverage = Self::nothing(contract);
        let made: Vec<Likeness> = exchanges.iter().filter_map(|one| likeness(contract, one)).collect();
        for one in &made {
            let done = |all: &mut BTreeMap<String, bool>, name: &str| {
                all.entry(name.to_owned()).and_modify(|exercised| *exercised = true);
            };
            done(&mut coverage.operations, &one.operation);
            for name in one.given.keys() {
                done(&mut coverage.parameters, &format!("{} {name}", one.operation));
            }
            done(&mut coverage.statuses, &format!("{} {}", one.operation, one.status));
        }
        for step in scenarios.iter().flat_map(Scenario::all_steps).filter(|step| step.kind.call().raw.is_none()) {
            let alike = made.iter().any(|one| is_like(contract, step, one));
            for (id, _) in step.all_checks().flat_map(|check| &check.cites) {
                *coverage.requirements.entry(id.clone()).or_default() |= alike;
            }
        }
        coverage
    }

    /// Everything that there is to exercise of a contract.
    fn nothing(contract: &Contract) -> Self {
        let mut coverage = Self::default();
        for one in &contract.operations {
            coverage.operations.insert(one.id.clone(), false);
            let query = one.parameters.iter().filter(|parameter| parameter.place == Place::Query);
            let body = one.body.iter().flat_map(|body| contract.schemas.properties(&body.schema.location));
            let names = query.map(|parameter| parameter.name.clone()).chain(body.map(|(name, _)| name));
            coverage.parameters.extend(names.map(|name| (format!("{} {name}", one.id), false)));
            let statuses = one.documented_statuses().into_iter();
            coverage.statuses.extend(statuses.map(|status| (format!("{} {status}", one.id), false)));
        }
        coverage
    }

    /// How many parts of the contract were exercised, of how many.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let all = || self.operations.values().chain(self.parameters.values()).chain(self.statuses.values());
        (all().filter(|exercised| **exercised).count(), all().count())
    }
}

/// What a request was; none when it missed its operation and exercised nothing.
fn likeness(contract: &Contract, exchange: &Exchange) -> Option<Likeness> {
    let reading = contract.read(&exchange.request).ok()?;
    let body = reading.body.as_ref().and_then(Value::as_object);
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    let given = reading.parameters.iter().chain(body.into_iter().flatten());
    let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    Some(Likeness { operation: reading.operation.id.clone(), given, status })
}

/// Whether a client's call is like that of a step.
fn is_like(contract: &Contract, step: &Step, made: &Likeness) -> bool {
    let (id, _) = step.kind.operation();
    if id != made.operation {
        return false;
    }
    let page = || contract.operation(id)?.page.as_ref();
    let cursor = match &step.kind {
        StepKind::Walk(walk) if walk.direction == Direction::Forward => page().and_then(|page| page.after.as_ref()),
        StepKind::Walk(_) => page().and_then(|page| page.before.as_ref()),
        StepKind::Call(_) => None,
    };
    let edge = |template: &Template| matches!(template, Template::Boundary(_));
    let alike = |(name, template): (&str, Option<&Template>)| {
        let value = made.given.get(name);
        value.is_some_and(|value| !template.is_some_and(edge) || is_at_an_edge(contract, id, name, value))
    };
    given(step.kind.call()).chain(cursor.map(|name| (name.as_str(), None))).all(alike)
        && statuses(step).iter().any(|status| fits(status, made.status))
}

/// The parameters and members that a step gives.
fn given(call: &Call) -> impl Iterator<Item = (&str, Option<&Template>)> {
    let members: Vec<(&str, Option<&Template>)> = match &call.body {
        Some(Template::Object(members)) => members.iter().map(|(name, value)| (name.as_str(), Some(value))).collect(),
        Some(Template::Literal(Value::Object(members))) => members.keys().map(|name| (name.as_str(), None)).collect(),
        _ => Vec::new(),
    };
    call.parameters.iter().map(|(name, _, value)| (name.as_str(), Some(value))).chain(members)
}

/// Whether a value is about as long, or as large, as the contract lets it be.
fn is_at_an_edge(contract: &Contract, operation: &str, name: &str, value: &Value) -> bool {
    let Some(operation) = contract.operation(operation) else { return false };
    let (size, bounds) = match value {
        Value::String(text) => (i64::try_from(text.chars().count()).ok(), ["minLength", "maxLength"]),
        other => (other.as_i64(), ["minimum", "maximum"]),
    };
    let parameter = operation.parameter(name).map(|parameter| parameter.schema.location.clone());
    let members = operation.body.iter().flat_map(|body| contract.schemas.properties(&body.schema.location));
    let places = members.filter(|(member, _)| member == name).flat_map(|(_, places)| places).chain(parameter);
    let edges: Vec<i64> =
        places.flat_map(|at| bounds.map(|keyword| contract.schemas.bound(&at, keyword))).flatten().collect();
    size.is_some_and(|size| edges.iter().any(|edge| (edge - 1..=edge + 1).contains(&size)))
}

/// The statuses that a step expects; a success when it does not say.
fn statuses(step: &Step) -> Vec<String> {
    let said = step.checks.iter().filter_map(|check| match &check.expectation {
        Expectation::Status(statuses) => Some(statuses.clone()),
        _ => None,
    });
    let said: Vec<String> = said.flatten().collect();
    if said.is_empty() { vec!["2XX".to_owned()] } else { said }
}

fn fits(wanted: &str, found: u16) -> bool {
    wanted.chars().zip(found.to_string().chars()).all(|(want, have)| want == 'X' || want == have)
}
