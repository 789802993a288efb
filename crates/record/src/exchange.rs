//! One request and what came back.

use std::time::Duration;

use crate::secrets::{REMOVED, credentials, is_telling, without_query_secrets};
use crate::{NoResponse, Secrets};

/// A request as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// Path and query, percent-encoded, beginning with a slash.
    pub target: String,
    /// Header fields in the order of the wire, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
}

/// A response as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in the order of the wire, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
}

/// A request and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its number in its scenario, from 0.
    pub number: usize,
    /// What was sent.
    pub request: Request,
    /// What came back, or why nothing did.
    pub response: Result<Response, NoResponse>,
    /// From the first byte sent to the last byte received.
    pub took: Duration,
}

impl Exchange {
    /// Request and outcome in one line: `GET /v2/things?limit=3 → 200`.
    #[must_use]
    pub fn line(&self) -> String {
        let request = format!("{} {}", self.request.method, self.request.target);
        match &self.response {
            Ok(response) => format!("{request} → {}", response.status),
            Err(reason) => format!("{request} → {reason}"),
        }
    }
}

impl Exchange {
    /// As it may be told: without secrets, and without header fields that look like one. `authorization` says what is told
    /// of that field's value.
    #[must_use]
    pub fn cleaned(&self, secrets: &Secrets, authorization: impl Fn(&str) -> String) -> Self {
        let headers = |headers: &[(String, String)]| {
            let clean = |(name, value): &(String, String)| match name.as_str() {
                "authorization" => (name.clone(), authorization(value)),
                name if is_telling(name) => (name.to_owned(), REMOVED.to_owned()),
                name => (name.to_owned(), secrets.scrub(value)),
            };
            headers.iter().map(clean).collect()
        };
        let response = self.response.as_ref().map(|response| Response {
            status: response.status,
            headers: headers(&response.headers),
            body: secrets.scrub_bytes(&response.body),
        });
        Self {
            number: self.number,
            request: Request {
                method: self.request.method.clone(),
                target: without_query_secrets(&secrets.scrub(&self.request.target)),
                headers: headers(&self.request.headers),
                body: secrets.scrub_bytes(&self.request.body),
            },
            response: response.map_err(|reason| reason.clone().map_text(|text| secrets.scrub(text))),
            took: self.took,
        }
    }

    /// As it may be told of somebody else's request: its credentials are known from nowhere but itself.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        self.cleaned(&self.own_secrets(), credentials)
    }

    /// What its own request's header fields hold of credentials.
    #[must_use]
    pub fn own_secrets(&self) -> Secrets {
        let given = self.request.headers.iter().filter(|(name, _)| is_telling(name));
        let values = given
            .flat_map(|(_, value)| [Some(value.as_str()), value.trim().split_once(' ').map(|(_, rest)| rest.trim())]);
        Secrets::new(values.flatten())
    }
}

impl Request {
    /// The first header field called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// The query without its question mark, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

impl Response {
    /// What the server says of it in its own words: the beginning of the body, on one line.
    #[must_use]
    pub fn words(&self) -> String {
        const LENGTH: usize = 160;
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(4 * LENGTH)]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return "(no body)".to_owned();
        }
        let mut words: String = text.chars().take(LENGTH).collect();
        if words.len() < text.len() {
            words.push('…');
        }
        words
    }

    /// Whether it has this status, or one of this class: `404`, `4XX`.
    #[must_use]
    pub fn is(&self, status: &str) -> bool {
        is_of(self.status, status)
    }

    /// The first header field called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// Whether a status is this one, or of this class: `404`, `4XX`.
#[must_use]
pub fn is_of(status: u16, wanted: &str) -> bool {
    wanted.chars().zip(status.to_string().chars()).all(|(want, have)| want == 'X' || want == have)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
