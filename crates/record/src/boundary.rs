//! What may stand between a client and a server: something that passes requests on, and alters them or their answers.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::{NoResponse, Request, Response};

/// An answer on its way, or why there is none.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, NoResponse>> + Send + 'a>>;

/// Whatever answers requests: a server behind a client, or a mock.
pub trait Upstream: Sync {
    /// Sends a request.
    fn send(&self, request: Request) -> Answer<'_>;
}

/// An upstream behind a boundary, as one upstream.
#[derive(Clone, Copy)]
pub struct Behind<'b> {
    /// What stands in front.
    pub boundary: &'b dyn Boundary,
    /// What answers.
    pub upstream: &'b dyn Upstream,
}

impl std::fmt::Debug for Behind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Behind").field("boundary", &self.boundary).finish_non_exhaustive()
    }
}

impl Upstream for Behind<'_> {
    fn send(&self, request: Request) -> Answer<'_> {
        self.boundary.pass(request, self.upstream)
    }
}

/// Something between a client and an upstream.
pub trait Boundary: Debug + Send + Sync {
    /// Passes a request on, or does not.
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a>;
}
