//! Refusals: the mock's own errors, and how the contract words them.

use bytes::Bytes;
use conformance_contract::model::Errors;
use conformance_contract::state::PROBLEMS;
use conformance_contract::{Contract, Operation};
use conformance_record::{Code, Finding};

use crate::plan::error_body;

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind, as the contract's `x-errors.statuses` names it.
    pub kind: &'static str,
    /// What was wrong and where.
    pub message: String,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What the findings of a request amount to; the first decides the kind, all are told.
    pub fn from_findings<'f>(findings: impl Iterator<Item = &'f Finding>) -> Option<Self> {
        let all: Vec<&Finding> = findings.collect();
        let first = all.first()?;
        // Credentials come first, and who has none learns nothing else.
        let told = if first.code == Code::MissingCredentials { &all[..1] } else { &all[..] };
        let message = told.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Some(Self::new(kind(first.code), message))
    }

    /// The status under this contract.
    #[must_use]
    pub fn status(&self, errors: &Errors) -> u16 {
        let usual = PROBLEMS.iter().find(|(name, _)| *name == self.kind).map_or(500, |(_, status)| *status);
        errors.statuses.get(self.kind).copied().unwrap_or(usual)
    }

    /// The body under this contract, in the shape that the operation documents for the status.
    #[must_use]
    pub fn body(&self, contract: &Contract, operation: Option<&Operation>, status: u16) -> Bytes {
        let documented = operation.and_then(|operation| operation.response(status)?.schema.as_ref());
        let schema = documented.unwrap_or(&contract.errors.body);
        // That every documented error fits its schema was seen at start.
        let body = error_body(contract, schema, self.kind, &self.message);
        let body = body.unwrap_or_else(|| serde_json::json!({ "message": self.message }));
        Bytes::from(conformance_json::write(&body))
    }
}

/// The problem that a finding amounts to.
const fn kind(code: Code) -> &'static str {
    match code {
        Code::MissingCredentials => "unauthorized",
        Code::UnknownPath => "unknown-path",
        Code::UnknownMethod => "method-not-allowed",
        Code::WrongContentType => "unsupported-media-type",
        Code::MalformedBody => "malformed-body",
        Code::UnknownParameter | Code::UnknownProperty => "unknown-parameter",
        Code::RepeatedParameter | Code::InvalidParameter | Code::MissingParameter => "invalid-parameter",
        _ => "invalid-body",
    }
}
