//! What the mock answers.

use std::borrow::Cow;

use bytes::Bytes;
use conformance_record::{Finding, Response};

use crate::problem::Problem;

/// Header fields, names in lower case. Most are the same in every response.
pub type Fields = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// A response, and what a log wants to know about it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Fields,
    /// The body.
    pub body: Bytes,
    /// The number of the workspace, when the request got that far.
    pub workspace: Option<usize>,
    /// What the request had against it and was allowed all the same.
    pub notes: Vec<Finding>,
    /// Why it was refused.
    pub problem: Option<Problem>,
    /// What the person who started the mock may want to change.
    pub hint: Option<String>,
}

impl From<Reply> for Response {
    fn from(reply: Reply) -> Self {
        let headers = reply.headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Self { status: reply.status, headers, body: reply.body.to_vec() }
    }
}

/// An answer of JSON, or of nothing.
pub(crate) fn plain(status: u16, body: Bytes) -> Reply {
    let headers = if body.is_empty() { Vec::new() } else { vec![("content-type".into(), "application/json".into())] };
    Reply { status, headers, body, workspace: None, notes: Vec::new(), problem: None, hint: None }
}
