//! What a client exercised of a contract, and of the requirements that a suite tests.

use std::collections::BTreeMap;

use conformance_contract::Contract;
use conformance_contract::model::Place as ParameterPlace;
use conformance_record::Exchange;
use conformance_record::exchange::is_of;
use conformance_scenario::{Boundary, Call, Check, Direction, Expectation, Scenario, Step, StepKind, Template};
use serde_json::Value;

use crate::subject::{OfSuite, Place, Subject};
use crate::value::Edge;

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
        // Whose token it is cannot be seen in what a client sends, nor what it looks for afterwards.
        let plain = |step: &&Step| step.kind.call().raw.is_none() && !step.second_token;
        for step in scenarios.iter().flat_map(Scenario::all_steps).filter(plain) {
            let alike = made.iter().any(|one| is_like(contract, step, one));
            let is_probe = |check: &Check| step.probe.as_ref().is_some_and(|probe| std::ptr::eq(probe, check));
            let judged = step.all_checks().filter(|check| !is_probe(check));
            for (id, _) in judged.flat_map(|check| &check.cites) {
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
            let query = one.parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Query);
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
    let alike = |(name, template): (&str, Option<&Template>)| match (made.given.get(name), template) {
        (Some(value), Some(Template::Boundary(boundary))) => is_at(boundary, contract, id, name, value),
        (value, _) => value.is_some(),
    };
    given(step.kind.call()).chain(cursor.map(|name| (name.as_str(), None))).all(alike)
        && statuses(step).iter().any(|status| is_of(made.status, status))
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

/// Whether a value is as long, or as large, as a boundary asks for.
fn is_at(boundary: &Boundary, contract: &Contract, operation: &str, name: &str, value: &Value) -> bool {
    const EDGES: [&str; 6] = ["min-1", "min", "min+1", "max-1", "max", "max+1"];
    let Some(operation) = contract.operation(operation) else { return false };
    let parameter = operation.parameter(name).map(|parameter| parameter.schema.location.clone());
    let members = operation.body.iter().flat_map(|body| contract.schemas.properties(&body.schema.location));
    let mut places = members.filter(|(member, _)| member == name).flat_map(|(_, places)| places).chain(parameter);
    let asked: Vec<&str> = match boundary.edge.as_ref() {
        Template::Literal(one) => EDGES.into_iter().filter(|which| one == which).collect(),
        // Which one it is, only a run can tell.
        _ => EDGES.to_vec(),
    };
    let subject = OfSuite::new(contract, operation);
    places.any(|at| {
        let at = Place::from(at);
        asked.iter().any(|which| match subject.edge(&at, which) {
            Ok(Edge::Number(number)) => value.as_i64() == Some(number),
            Ok(Edge::Length(length)) => value.as_str().is_some_and(|text| text.chars().count() == length),
            Err(_) => false,
        })
    })
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
