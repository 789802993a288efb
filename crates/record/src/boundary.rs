//! What may stand between a client and a server: something that passes requests on, and alters them or their answers.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::{Request, Response};

/// An answer on its way, or why there is none.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, String>> + Send + 'a>>;

/// Whatever answers requests: a server behind a client, or a mock.
pub trait Upstream: Sync {
    /// Sends a request.
    fn send(&self, request: Request) -> Answer<'_>;
}

/// Something between a client and an upstream.
pub trait Boundary: Debug + Send + Sync {
    /// Passes a request on, or does not.
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a>;
}
