//! A contract between two moments: read from its file, its schemas not compiled yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use conformance_source::SourceFile;

use crate::model::{
    Action, BodyProperty, Contract, Errors, HeaderRule, ListStyle, Operation, Parameter, Place, RequestBody, Resource,
    ResponseRule, Scalar, StatusRule,
};
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
    pub(crate) list: Option<ListStyle>,
}

/// A response.
pub(crate) struct ResponseParts {
    pub(crate) status: StatusRule,
    pub(crate) slot: Option<Slot>,
    pub(crate) headers: Vec<HeaderParts>,
}

/// A header field of a response.
pub(crate) struct HeaderParts {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) slot: Slot,
}

/// An operation whose schemas are not compiled yet.
pub(crate) struct OperationParts {
    pub(crate) operation: Operation,
    pub(crate) parameters: Vec<ParameterParts>,
    pub(crate) body: Option<(bool, Slot)>,
    pub(crate) responses: Vec<ResponseParts>,
    pub(crate) page: Option<(PageKeys, Slot)>,
}

impl Parts {
    pub(crate) fn compile(
        self,
        file: &SourceFile,
        schemas: Schemas,
        at: &BTreeMap<Location, Arc<Compiled>>,
    ) -> Option<Contract> {
        let mut operations: Vec<Operation> =
            self.operations.into_iter().map(|parts| parts.compile(&schemas, at)).collect::<Option<_>>()?;
        for (index, operation) in operations.iter_mut().enumerate() {
            operation.index = index;
        }
        let mut resources = self.resources;
        for (index, resource) in resources.iter_mut().enumerate() {
            resource.integer_ids = has_integer_ids(&operations, &schemas, index, &resource.id_property);
        }
        let ErrorParts { body, message, code, statuses } = self.errors;
        Some(Contract {
            title: self.title,
            version: self.version,
            server: self.server,
            operations,
            resources,
            errors: Errors { body: at.get(&body)?.clone(), message, code, statuses },
            schemas,
            file: file.clone(),
        })
    }
}

/// Whether the schema of an answer that shows an object says that its id is a whole number.
fn has_integer_ids(operations: &[Operation], schemas: &Schemas, resource: usize, property: &str) -> bool {
    let shows = |one: &&Operation| one.resource == resource && matches!(one.action, Action::Create | Action::Retrieve);
    let answers = operations.iter().filter(shows).filter_map(|one| one.success()?.schema.clone());
    answers.into_iter().any(|schema| {
        let all = schemas.properties(&schema.location);
        let id = all.iter().find(|(name, _)| name == property);
        let kinds = id.into_iter().flat_map(|(_, places)| places).filter_map(|at| schemas.keyword(at, "type"));
        kinds.into_iter().any(|(_, kind)| kind.as_str() == Some("integer"))
    })
}

impl OperationParts {
    pub(crate) fn compile(self, schemas: &Schemas, at: &BTreeMap<Location, Arc<Compiled>>) -> Option<Operation> {
        let mut operation = self.operation;
        for ParameterParts { name, place, required, slot, list } in self.parameters {
            let scalar = match list {
                Some(_) => {
                    schemas.keyword(&slot, "items").map_or(Scalar::Text, |(items, _)| Scalar::of(schemas, &items))
                }
                None => Scalar::of(schemas, &slot),
            };
            let (default, schema) = (schemas.default_value(&slot), at.get(&slot)?.clone());
            operation.parameters.push(Parameter { name, place, required, schema, list, scalar, default });
        }
        if let Some((required, slot)) = self.body {
            let property = |(name, places): (String, Vec<Location>)| {
                let read_only = places.iter().any(|at| schemas.flag(at, "readOnly"));
                BodyProperty { name, read_only }
            };
            let properties = schemas.properties(&slot).into_iter().map(property).collect();
            operation.body = Some(RequestBody { required, schema: at.get(&slot)?.clone(), properties });
        }
        for ResponseParts { status, slot, headers } in self.responses {
            let schema = match slot {
                Some(slot) => Some(at.get(&slot)?.clone()),
                None => None,
            };
            let header = |HeaderParts { name, required, slot }: HeaderParts| {
                Some(HeaderRule { name, required, schema: at.get(&slot)?.clone() })
            };
            let headers = headers.into_iter().map(header).collect::<Option<_>>()?;
            operation.responses.push(ResponseRule { status, schema, headers });
        }
        if let Some((keys, slot)) = self.page {
            operation.page = Some(keys.with_item(at.get(&slot)?.clone()));
        }
        Some(operation)
    }
}
