//! The HTTP lane: turns calls into requests and sends them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_record::{Exchange, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an answer's body is read.
const MOST: usize = 32 * 1024 * 1024;

/// Sends requests to one origin.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    origin: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub(crate) fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), pool: Pool::builder(TokioExecutor::new()).build(HttpConnector::new()) }
    }

    /// Sends a request. That nothing came back is a result, too.
    pub(crate) async fn send(&self, request: Request) -> Exchange {
        let start = Instant::now();
        let response = match tokio::time::timeout(TIMEOUT, self.exchange(&request)).await {
            Ok(response) => response,
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        };
        Exchange { request, response, took: start.elapsed() }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, String> {
        let mut builder =
            hyper::Request::builder().method(request.method.as_str()).uri(format!("{}{}", self.origin, request.target));
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let body = Full::new(Bytes::from(request.body.clone()));
        let request = builder.body(body).map_err(|error| format!("the request cannot be sent: {error}"))?;
        let response = self.pool.request(request).await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let headers = headers.collect();
        let body = Limited::new(response.into_body(), MOST).collect().await;
        let body = body.map_err(|error| format!("the answer broke off: {error}"))?.to_bytes().to_vec();
        Ok(Response { status, headers, body })
    }
}

/// The innermost cause: "Connection refused" rather than "client error".
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
