//! The API to whose requests faults happen: a suite's, or any document's.

use std::fmt::Debug;
use std::sync::Arc;

use conformance_contract::{Contract, Operation};
use conformance_record::Request;

use crate::model::Fault;

/// The operations of a document.
pub trait Operations: Debug + Send + Sync {
    /// The id of the operation that a method and a path mean.
    fn id_of(&self, method: &str, path: &str) -> Option<&str>;

    /// The ids of all.
    fn ids(&self) -> Vec<&str>;
}

/// An API.
#[derive(Clone, Debug)]
pub enum Subject {
    /// That of a suite, which says how its lists and objects are told.
    Suite(Arc<Contract>),
    /// That of a document, of which only the operations are known.
    Document(Arc<dyn Operations>),
}

impl Subject {
    /// The operation that a request means, in a suite.
    pub(crate) fn operation(&self, request: &Request, base: &str) -> Option<&Operation> {
        let Self::Suite(contract) = self else { return None };
        contract.route(&request.method, request.path().strip_prefix(base)?).ok().map(|(operation, _)| operation)
    }

    /// The id of the operation that a request means; `base` stands before the API's paths.
    #[must_use]
    pub fn id(&self, request: &Request, base: &str) -> Option<&str> {
        match self {
            Self::Suite(_) => self.operation(request, base).map(|one| one.id.as_str()),
            Self::Document(operations) => operations.id_of(&request.method, request.path().strip_prefix(base)?),
        }
    }

    /// The ids of all operations.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::Suite(contract) => contract.operations.iter().map(|one| one.id.as_str()).collect(),
            Self::Document(operations) => operations.ids(),
        }
    }

    /// What a fault asks for that cannot happen here: only a suite says how lists are paged, and whose objects are whose.
    #[must_use]
    pub fn cannot(&self, fault: &Fault) -> Option<&'static str> {
        if matches!(self, Self::Suite(_)) {
            return None;
        }
        let asked = [
            (fault.list.is_some(), "list"),
            (fault.also.is_some(), "also"),
            (fault.request.borrowed, "borrowed"),
            (fault.response.items, "items"),
        ];
        asked.into_iter().find_map(|(is_asked, key)| is_asked.then_some(key))
    }
}

impl From<Arc<Contract>> for Subject {
    fn from(contract: Arc<Contract>) -> Self {
        Self::Suite(contract)
    }
}
