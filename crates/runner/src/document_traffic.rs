//! What a client sent, judged by a document: as [`traffic`](crate::traffic) does by the contract of a suite.

use std::collections::BTreeMap;
use std::time::Duration;

use conformance_openapi::{Location, Operation as Declared};
use conformance_record::{Code, Exchange, Finding, Request};

use crate::coverage::Coverage;
use crate::document_request::DocumentReader;
use crate::traffic::{Judged, Reading, Traffic};

/// What a client sent so far.
#[derive(Debug)]
pub struct DocumentTraffic {
    /// What the client was given.
    token: String,
    traffic: Traffic,
    /// Exchanges with all that they hold are not kept: credentials are judged as they come.
    credentials: BTreeMap<usize, Finding>,
}

impl DocumentTraffic {
    /// What a client sends that was given this token.
    #[must_use]
    pub fn given(token: &str) -> Self {
        Self { token: token.to_owned(), traffic: Traffic::default(), credentials: BTreeMap::new() }
    }

    /// Takes in a request and its answer; of credentials only what is wrong with them is kept.
    pub fn take(&mut self, reader: &DocumentReader, exchange: &Exchange) {
        if is_preflight(&exchange.request) {
            return;
        }
        if let Some(finding) = reader.credentials(&exchange.request, &self.token) {
            self.credentials.insert(self.traffic.len(), finding);
        }
        self.traffic.take(exchange);
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.traffic.is_empty()
    }

    /// Judges it. What has one of the codes in `allowed` is no mistake.
    #[must_use]
    pub fn judged(
        &self,
        reader: &DocumentReader,
        (command, origin): (&str, &str),
        allowed: &[Code],
        took: Duration,
    ) -> Judged {
        let read = |exchange: &Exchange| match reader.operation(&exchange.request) {
            Ok(declared) => {
                let mut findings = reader.findings(declared, &exchange.request);
                findings.extend(self.credentials.get(&exchange.number).cloned());
                (declared.id.clone(), findings)
            }
            Err(finding) => ("unknown".to_owned(), vec![finding]),
        };
        let operations = &reader.api.document.operations;
        let summary = |id: &str| {
            let found = operations.iter().find(|one| one.id == id);
            found.map(
                |one| if one.summary.is_empty() { format!("{} {}", one.method, one.path) } else { one.summary.clone() },
            )
        };
        let document = &reader.api.document;
        let mock = format!("conformance mock --openapi {}", document.name);
        let reading = Reading { title: &document.title, mock, read: &read, summary: &summary, rule };
        let coverage = coverage(reader, self.traffic.exchanges());
        self.traffic.told(&reading, coverage, (command, origin), allowed, took)
    }
}

/// The rule behind a code, where any document is the contract.
#[must_use]
pub const fn rule(code: Code) -> &'static str {
    match code {
        Code::UnknownPath => "A request goes to a path of the document, spelled as it is there.",
        Code::MissingCredentials => "A request to a secured operation carries the credentials that it documents.",
        Code::MisplacedCredentials => "A token is sent where the operation's security scheme has it.",
        Code::WrongContentType => "A body is sent in a media type that the operation documents.",
        Code::MalformedBody => "A body is what its media type says.",
        other => other.rule(),
    }
}

/// What a browser asks before it sends a page's request; no client sends it by itself.
fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS" && request.header("access-control-request-method").is_some()
}

/// What of a document these exchanges exercised.
fn coverage(reader: &DocumentReader, exchanges: &[Exchange]) -> Coverage {
    let mut coverage = Coverage::default();
    for one in &reader.api.document.operations {
        coverage.operations.insert(one.id.clone(), false);
        coverage.parameters.extend(names(reader, one).into_iter().map(|name| (format!("{} {name}", one.id), false)));
        let statuses = one.responses.iter().filter(|response| response.status != "default");
        coverage.statuses.extend(statuses.map(|response| (format!("{} {}", one.id, response.status), false)));
    }
    let done = |all: &mut BTreeMap<String, bool>, name: &str| {
        all.entry(name.to_owned()).and_modify(|exercised| *exercised = true);
    };
    for exchange in exchanges {
        let Ok(declared) = reader.operation(&exchange.request) else { continue };
        done(&mut coverage.operations, &declared.id);
        for name in given(declared, &exchange.request) {
            done(&mut coverage.parameters, &format!("{} {name}", declared.id));
        }
        let Ok(response) = &exchange.response else { continue };
        for one in declared.responses.iter().filter(|one| response.is(&one.status)) {
            done(&mut coverage.statuses, &format!("{} {}", declared.id, one.status));
        }
    }
    coverage
}

/// The query parameters of an operation, and the members of its body.
fn names(reader: &DocumentReader, declared: &Declared) -> Vec<String> {
    let query = declared.parameters.iter().filter(|one| one.location == Location::Query).map(|one| one.name.clone());
    let schemas = declared.body.iter().flat_map(|body| &body.media).find_map(|one| one.schema.as_deref());
    let members = schemas.map(|at| reader.api.schemas.merged(at).properties).unwrap_or_default();
    query.chain(members.into_iter().map(|(name, _)| name.to_owned())).collect()
}

/// The names that a request gives.
fn given(declared: &Declared, request: &Request) -> Vec<String> {
    let pairs = conformance_api::query::parse(request.query().unwrap_or(""));
    let is_form = request.header("content-type").is_some_and(conformance_api::media::is_form);
    let form =
        if is_form { conformance_api::query::parse(&String::from_utf8_lossy(&request.body)) } else { Vec::new() };
    let first = |name: String| name.split('[').next().unwrap_or("").to_owned();
    let members = conformance_json::parse(&request.body).ok().filter(|_| declared.body.is_some());
    let members = members.and_then(|body| body.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()));
    pairs.into_iter().chain(form).map(|(name, _)| first(name)).chain(members.unwrap_or_default()).collect()
}
