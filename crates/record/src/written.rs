//! Exchanges as they are written down: in recordings, and in the journal that a mock keeps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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

/// A body: text where it is UTF-8, else its bytes, which are written as `{"base64": …}`.
#[derive(Clone, Debug)]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => {
                let mut members = serializer.serialize_map(Some(1))?;
                members.serialize_entry("base64", &STANDARD.encode(bytes))?;
                members.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through a value: a derived untagged enum cannot read numbers that are kept as they were written.
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Object(members) => {
                let encoded = members.get("base64").and_then(Value::as_str);
                let encoded = encoded.ok_or_else(|| D::Error::missing_field("base64"))?;
                STANDARD.decode(encoded).map(Self::Bytes).map_err(D::Error::custom)
            }
            // As they were once written.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_it_was_written() {
        for (body, written) in [(&b"text"[..], r#""text""#), (&[0xff, 0, 1], r#"{"base64":"/wAB"}"#)] {
            let text = serde_json::to_string(&Body::from(body.to_vec())).unwrap();
            assert_eq!(text, written);
            assert_eq!(Vec::from(serde_json::from_str::<Body>(&text).unwrap()), body);
        }
        assert_eq!(Vec::from(serde_json::from_str::<Body>("[255,0,1]").unwrap()), [0xff, 0, 1]);
    }
}
