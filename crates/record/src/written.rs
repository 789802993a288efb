//! Exchanges as they are written down: in recordings, and in the journal that a mock keeps.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{NoResponse, Request, Response};

/// A request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRequest {
    /// The method, upper case.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A response.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenResponse {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A body: text where it is UTF-8, else its bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through a value: a derived untagged enum cannot read numbers that are kept as they were written.
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            bytes => serde_json::from_value(bytes).map(Self::Bytes).map_err(D::Error::custom),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|not_text| Self::Bytes(not_text.into_bytes()), Self::Text)
    }
}

impl From<Body> for Vec<u8> {
    fn from(body: Body) -> Self {
        match body {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
        }
    }
}

/// An answer as it was written down, or why there is none.
///
/// # Errors
/// The reason.
pub fn answer(response: Option<WrittenResponse>, error: Option<String>) -> Result<Response, NoResponse> {
    let reason = || NoResponse::from_text(error.unwrap_or_else(|| "no answer".to_owned()));
    response.map(Into::into).ok_or_else(reason)
}

impl From<Request> for WrittenRequest {
    fn from(request: Request) -> Self {
        let Request { method, target, headers, body } = request;
        Self { method, target, headers, body: body.into() }
    }
}

impl From<WrittenRequest> for Request {
    fn from(written: WrittenRequest) -> Self {
        let WrittenRequest { method, target, headers, body } = written;
        Self { method, target, headers, body: body.into() }
    }
}

impl From<Response> for WrittenResponse {
    fn from(response: Response) -> Self {
        let Response { status, headers, body } = response;
        Self { status, headers, body: body.into() }
    }
}

impl From<WrittenResponse> for Response {
    fn from(written: WrittenResponse) -> Self {
        let WrittenResponse { status, headers, body } = written;
        Self { status, headers, body: body.into() }
    }
}
