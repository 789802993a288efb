//! What the person who starts the mock can choose.

use std::time::Duration;

use conformance_record::Request;

use crate::cors::Cors;

/// How the mock behaves where the contract leaves it open.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Makes ids and times repeatable: they follow from this number and the token.
    pub seed: Option<u64>,
    /// Refuse what is otherwise only noted: unknown query parameters and body properties.
    pub strict: bool,
    /// The only token that is let in; none lets every token in, each to its own workspace.
    pub require_token: Option<String>,
    /// Whether it is spoken to over TLS: its own addresses then begin with `https:`.
    pub tls: bool,
    /// Which pages may call it from a browser.
    pub cors: Cors,
    /// Bounds on what one server keeps and takes.
    pub limits: Limits,
}

impl Settings {
    /// What the addresses of the mock begin with, as a request has it.
    pub(crate) fn origin(&self, request: &Request) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", request.header("host").unwrap_or("localhost"))
    }
}

/// Bounds, so that no client can exhaust the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes of a request's header section.
    pub headers: usize,
    /// Connections at a time. When there are more, those that are idle make room, the oldest first; while none is, they wait.
    pub connections: usize,
    /// Workspaces, one per token.
    pub workspaces: usize,
    /// Objects in a workspace.
    pub objects: usize,
    /// How long a connection may take to send its first request, or a request its body.
    pub patience: Duration,
    /// How long a client may take to read anything of what it is sent.
    pub stall: Duration,
    /// How long requests in flight may take to finish once the server is told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            headers: 32 * 1024,
            connections: 1024,
            workspaces: 10_000,
            objects: 10_000_000,
            patience: Duration::from_secs(30),
            stall: Duration::from_secs(10),
            grace: Duration::from_secs(5),
        }
    }
}
