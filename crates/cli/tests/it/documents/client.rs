//! A mock of one of the documents, and what it answers.

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

use crate::context::{MockServer, root};

/// A mock of a document.
pub struct Server {
    mock: MockServer,
    agent: ureq::Agent,
    /// Sent with every request.
    headers: Vec<(String, String)>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The bytes as JSON; null when they are none.
    pub body: Value,
}

impl Answer {
    /// A header field, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, once the status is what it must be.
    pub fn must(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.body
    }
}

impl Server {
    /// A mock of `fixtures/documents/NAME.yaml`.
    pub fn of(name: &str) -> Self {
        Self::with(name, &[])
    }

    /// The same, with more arguments.
    pub fn with(name: &str, more: &[&str]) -> Self {
        let path = root().join(format!("fixtures/documents/{name}.yaml"));
        Self::at(path.to_str().unwrap(), more)
    }

    /// A mock of the document at a path.
    pub fn at(path: &str, more: &[&str]) -> Self {
        let mock = MockServer::start(&[&["--openapi", path, "--quiet"], more].concat());
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { mock, agent, headers: Vec::new() }
    }

    /// The same, sending this with every request.
    pub fn sending(mut self, name: &str, value: &str) -> Self {
        self.headers = vec![(name.to_owned(), value.to_owned())];
        self
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.mock.url
    }

    /// Sends `METHOD /target` with these header fields and, unless it is empty, this body.
    pub fn send(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, target) = request.split_once(' ').unwrap();
        let mut built = Request::builder().method(method).uri(format!("{}{target}", self.mock.url));
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            built = built.header(name, value);
        }
        let mut response = match body {
            "" => self.agent.run(built.body(()).unwrap()).unwrap(),
            _ => self.agent.run(built.body(body.to_owned()).unwrap()).unwrap(),
        };
        let bytes = response.body_mut().read_to_vec().unwrap();
        let body = conformance_json::parse(&bytes).unwrap_or(Value::Null);
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), bytes, body }
    }

    /// Sends a request without a body.
    pub fn ask(&self, request: &str) -> Answer {
        self.send(request, &[], "")
    }

    /// Sends JSON.
    pub fn json(&self, request: &str, body: &Value) -> Answer {
        self.send(request, &[("content-type", "application/json")], &body.to_string())
    }

    /// Sends a form.
    pub fn form(&self, request: &str, body: &str) -> Answer {
        self.send(request, &[("content-type", "application/x-www-form-urlencoded")], body)
    }
}

/// Asserts that a value has everything that another has.
#[track_caller]
pub fn has(value: &Value, wanted: &Value) {
    if let Value::Object(members) = wanted {
        for (name, wanted) in members {
            has(value.get(name).unwrap_or_else(|| panic!("no `{name}` in {value}")), wanted);
        }
    } else {
        assert_eq!(value, wanted);
    }
}

/// A scalar as it stands in a path.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
