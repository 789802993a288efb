//! The first contact: is this a server that can be verified at all?

use conformance_contract::{Action, Suite};
use conformance_record::{NoResponse, Request, Secrets};

use crate::client::Client;
use crate::target::Target;
use crate::word::word;

/// Why a run did not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nothing usable comes back.
    NoResponse(NoResponse),
    /// The token is rejected: the status, and the server's own words.
    Refused(u16, String),
    /// What answers does not answer for this API: the status, the path that was asked for, and its own words.
    NotServing(u16, String, String),
    /// The server fails whatever it is asked: the status, and its own words.
    Failing(u16, String),
    /// Something on this side stands in the way.
    Setup(String),
}

impl Unreachable {
    /// The same without secrets: a server's own words may hold them.
    pub(crate) fn scrubbed(self, secrets: &Secrets) -> Self {
        let scrub = |text: String| secrets.scrub(&text);
        match self {
            Self::NoResponse(reason) => Self::NoResponse(reason.map_text(|text| secrets.scrub(text))),
            Self::Refused(status, words) => Self::Refused(status, scrub(words)),
            Self::NotServing(status, path, words) => Self::NotServing(status, path, scrub(words)),
            Self::Failing(status, words) => Self::Failing(status, scrub(words)),
            Self::Setup(reason) => Self::Setup(reason),
        }
    }
}

/// One harmless request, to tell an unreachable server from a wrong one.
pub(crate) async fn first_contact(suite: &Suite, target: &Target, client: &Client) -> Result<(), Unreachable> {
    let list = suite.contract.operations.iter().find(|one| one.action == Action::List);
    let path = list.and_then(|one| one.path.fill(|_| None)).unwrap_or_default();
    let request = Request {
        method: "GET".to_owned(),
        target: format!("{}{path}", target.path),
        headers: Target::headers(Some(&target.token(0))),
        body: Vec::new(),
    };
    let response = client.send(request.clone()).await.response;
    match response {
        Ok(response) if response.status >= 500 && is_failing(suite, target, client, request).await => {
            Err(Unreachable::Failing(response.status, response.words()))
        }
        Err(reason) => Err(Unreachable::NoResponse(reason)),
        Ok(response) if matches!(response.status, 401 | 403) => {
            Err(Unreachable::Refused(response.status, response.words()))
        }
        // No answer of a working list: a wrong path, a proxy, a limit that does not end.
        Ok(response) if matches!(response.status, 301..=308 | 404 | 503) => {
            let location = response.header("location").map(|location| format!("to {location}"));
            let words = location.unwrap_or_else(|| response.words());
            Err(Unreachable::NotServing(response.status, format!("{}{path}", target.path), words))
        }
        Ok(_) => Ok(()),
    }
}

/// Whether a server also fails when it is asked for an object that nobody has, and when it is asked without credentials.
async fn is_failing(suite: &Suite, target: &Target, client: &Client, list: Request) -> bool {
    let retrieve = suite.contract.operations.iter().find(|one| one.action == Action::Retrieve);
    let path = retrieve.and_then(|one| one.path.fill(|_| Some(word(12)))).unwrap_or_default();
    let retrieve = Request { target: format!("{}{path}", target.path), ..list.clone() };
    let anonymous = Request { headers: Target::headers(None), ..list };
    for request in [retrieve, anonymous] {
        if !client.send(request).await.response.is_ok_and(|response| response.status >= 500) {
            return false;
        }
    }
    true
}
