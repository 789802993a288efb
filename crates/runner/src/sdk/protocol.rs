//! What is said to a driver and what it answers: JSON Lines on its stdin and stdout.
//!
//! The messages have a JSON Schema, `schemas/formats/driver.schema.json`, and a page, `docs/drivers.md`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// What is said to a driver.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Said<'m> {
    /// The first line.
    Hello { protocol: u32, operations: Vec<&'m str> },
    /// Call an operation through the SDK.
    Call {
        id: usize,
        operation: &'m str,
        parameters: Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
        base_url: &'m str,
        token: &'m str,
        deadline_ms: u64,
    },
}

impl Said<'_> {
    /// Whether an operation is among those that it names.
    pub(crate) fn names(&self, operation: &str) -> bool {
        match self {
            Self::Hello { operations, .. } => operations.contains(&operation),
            Self::Call { operation: one, .. } => *one == operation,
        }
    }
}

/// What a driver answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Answered {
    /// To the first line: who it is, and what it can.
    Ready {
        protocol: u32,
        /// The SDK that it drives, and its version.
        sdk: String,
        operations: Vec<String>,
        /// Whether the SDK tries again by itself after 429 and 5xx.
        #[serde(default)]
        retries: bool,
    },
    /// To a call.
    Result {
        id: usize,
        outcome: Outcome,
        /// What the SDK gave back, as JSON with the names of the wire.
        #[serde(default)]
        value: Value,
        /// The status that the SDK's error tells.
        #[serde(default)]
        status: Option<u16>,
        /// The SDK's error in words.
        #[serde(default)]
        message: String,
    },
}

/// What came of a call.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The SDK returned.
    Ok,
    /// The SDK raised its error for what the server answered.
    ApiError,
    /// The SDK refused the arguments before it sent anything.
    Rejected,
    /// The SDK could not make sense of the answer.
    DecodeError,
    /// No answer came.
    TransportError,
    /// The SDK gave up waiting.
    Timeout,
    /// The SDK has no such operation, or not with these arguments.
    Unsupported,
    /// The driver itself went wrong.
    DriverError,
}

impl Outcome {
    /// As it is written.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ApiError => "api_error",
            Self::Rejected => "rejected",
            Self::DecodeError => "decode_error",
            Self::TransportError => "transport_error",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::DriverError => "driver_error",
        }
    }
}
