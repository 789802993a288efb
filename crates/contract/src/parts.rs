//! A contract between two moments: read from its file, its schemas not compiled yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use conformance_source::SourceFile;

use crate::model::{Contract, Errors, Operation, Parameter, Place, RequestBody, Resource, ResponseRule, StatusRule};
use crate::schemas::{Compiled, Location, Schemas};
use crate::state::PageKeys;

/// A place where a schema will be once all are compiled.
pub(crate) type Slot = Location;

/// A contract whose schemas are not compiled yet.
pub(crate) struct Parts {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) server: Option<String>,
    pub(crate) operations: Vec<OperationParts>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) errors: ErrorParts,
}

/// `x-errors`.
pub(crate) struct ErrorParts {
    pub(crate) body: Slot,
    pub(crate) message: String,
    pub(crate) code: Option<String>,
    pub(crate) statuses: BTreeMap<String, u16>,
}

/// A parameter.
#[derive(Clone)]
pub(crate) struct ParameterParts {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) slot: Slot,
}

/// An operation whose schemas are not compiled yet.
pub(crate) struct OperationParts {
    pub(crate) operation: Operation,
    pub(crate) parameters: Vec<ParameterParts>,
    pub(crate) body: Option<(bool, Slot)>,
    pub(crate) responses: Vec<(StatusRule, Option<Slot>)>,
    pub(crate) page: Option<(PageKeys, Slot)>,
}

impl Parts {
    pub(crate) fn compile(
        self,
        file: &SourceFile,
        schemas: Schemas,
        at: &BTreeMap<Location, Arc<Compiled>>,
    ) -> Option<Contract> {
        let operations = self.operations.into_iter().map(|parts| parts.compile(at)).collect::<Option<_>>()?;
        let ErrorParts { body, message, code, statuses } = self.errors;
        Some(Contract {
            title: self.title,
            version: self.version,
            server: self.server,
            operations,
            resources: self.resources,
            errors: Errors { body: at.get(&body)?.clone(), message, code, statuses },
            schemas,
            file: file.clone(),
        })
    }
}

impl OperationParts {
    pub(crate) fn compile(self, at: &BTreeMap<Location, Arc<Compiled>>) -> Option<Operation> {
        let mut operation = self.operation;
        for ParameterParts { name, place, required, slot } in self.parameters {
            operation.parameters.push(Parameter { name, place, required, schema: at.get(&slot)?.clone() });
        }
        if let Some((required, slot)) = self.body {
            operation.body = Some(RequestBody { required, schema: at.get(&slot)?.clone() });
        }
        for (status, slot) in self.responses {
            let schema = match slot {
                Some(slot) => Some(at.get(&slot)?.clone()),
                None => None,
            };
            operation.responses.push(ResponseRule { status, schema });
        }
        if let Some((keys, slot)) = self.page {
            operation.page = Some(keys.with_item(at.get(&slot)?.clone()));
        }
        Some(operation)
    }
}
