//! What scenario files can name: operations and how they are called, and requirements.

use conformance_contract::model::{Parameter, Place as ParameterPlace};
use conformance_contract::{Action, Suite};

use crate::subject::{OfSuite, Place, Subject};

/// What scenario files can name.
pub(crate) trait Vocabulary {
    /// An operation that steps call.
    type Operation<'v>: Subject
    where
        Self: 'v;

    /// The ids of all operations.
    fn operation_ids(&self) -> Vec<&str>;
    /// An operation, and how it is called.
    fn operation(&self, id: &str) -> Option<(Signature, Self::Operation<'_>)>;
    /// The ids of all requirements.
    fn requirement_ids(&self) -> Vec<&str>;
}

/// How an operation is called.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) id: String,
    pub(crate) parameters: Vec<SignatureParameter>,
    pub(crate) takes_body: bool,
    pub(crate) body: Option<Place>,
    pub(crate) is_list: bool,
    pub(crate) only_reads: bool,
    /// Whether its objects can be listed.
    pub(crate) has_list: bool,
    /// Whether they can be retrieved.
    pub(crate) has_retrieve: bool,
}

/// A parameter of an operation.
#[derive(Debug)]
pub(crate) struct SignatureParameter {
    pub(crate) name: String,
    pub(crate) is_in_path: bool,
    pub(crate) schema: Option<Place>,
}

/// What the files of a suite can name.
pub(crate) struct OfSuiteFiles<'s> {
    pub(crate) suite: &'s Suite,
}

impl Vocabulary for OfSuiteFiles<'_> {
    type Operation<'v>
        = OfSuite<'v>
    where
        Self: 'v;

    fn operation_ids(&self) -> Vec<&str> {
        self.suite.contract.operations.iter().map(|one| one.id.as_str()).collect()
    }

    fn operation(&self, id: &str) -> Option<(Signature, OfSuite<'_>)> {
        let contract = &self.suite.contract;
        let operation = contract.operation(id)?;
        let parameter = |one: &Parameter| SignatureParameter {
            name: one.name.clone(),
            is_in_path: one.place == ParameterPlace::Path,
            schema: Some(one.schema.location.clone().into()),
        };
        let has = |action: Action| contract.action(operation.resource, action).is_some();
        let signature = Signature {
            id: operation.id.clone(),
            parameters: operation.parameters.iter().map(parameter).collect(),
            takes_body: operation.body.is_some(),
            body: operation.body.as_ref().map(|body| body.schema.location.clone().into()),
            is_list: operation.action == Action::List,
            only_reads: matches!(operation.action, Action::List | Action::Retrieve),
            has_list: has(Action::List),
            has_retrieve: has(Action::Retrieve),
        };
        Some((signature, OfSuite::new(contract, operation)))
    }

    fn requirement_ids(&self) -> Vec<&str> {
        self.suite.requirements.ids().collect()
    }
}
