//! Whether the contract allows what a call is given.

use conformance_contract::request::Reading;
use conformance_contract::{Action, Contract, Operation};
use conformance_record::Code as RequestCode;
use serde_json::{Value, json};

/// Whether the contract has nothing against the arguments of a call; its credentials are another matter.
pub(super) fn are_valid(reading: &Reading<'_>) -> bool {
    reading.findings.iter().all(|finding| finding.code == RequestCode::MissingCredentials)
}

/// Whether a call that goes as it should changes something.
pub(super) fn are_written(reading: &Reading<'_>) -> bool {
    !matches!(reading.operation.action, Action::List | Action::Retrieve) && are_valid(reading)
}

/// Whether an SDK can be given these arguments at all.
pub(super) fn are_takeable(reading: &Reading<'_>) -> Result<(), &'static str> {
    let odd = |code: RequestCode| reading.findings.iter().any(|one| one.code == code);
    let untyped = [RequestCode::InvalidParameter, RequestCode::MalformedBody, RequestCode::WrongContentType];
    if untyped.into_iter().any(odd) || reading.body.as_ref().is_some_and(|body| !body.is_object()) {
        return Err("its arguments are of other types than an SDK takes");
    }
    Ok(())
}

/// Whether all arguments that stand for an object have the form of an id, as responses show it. The contract allows any text
/// there; an SDK that knows better is right to reject it.
pub(super) fn could_be_ids(contract: &Contract, reading: &Reading<'_>) -> bool {
    let operation = reading.operation;
    let paths = operation.path.parameters();
    let cursors = operation.page.iter().flat_map(|page| page.after.iter().chain(&page.before));
    let mut given = paths.chain(cursors.map(String::as_str)).filter_map(|name| reading.parameters.get(name));
    given.all(|value| could_be_an_id(contract, operation, value))
}

fn could_be_an_id(contract: &Contract, operation: &Operation, value: &Value) -> bool {
    let resource = &contract.resources[operation.resource];
    let shown = [Action::Retrieve, Action::Create]
        .into_iter()
        .find_map(|action| contract.action(operation.resource, action)?.success()?.schema.as_ref());
    let Some(schema) = shown else { return true };
    let id = value.as_str().map_or_else(|| value.clone(), |text| resource.id_value(text));
    let at = format!("/{}", resource.id_property);
    !schema.violations(&json!({ resource.id_property.as_str(): id })).iter().any(|one| one.instance == at)
}
