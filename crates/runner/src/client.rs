//! The HTTP transport: requests to one origin.
//!
//! What the server certainly did not process is sent again, whatever it does; a request that changes nothing when it is made
//! twice is sent once more when its connection ended. Everything else that got no response is told as such.

use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_record::{Answer, Boundary, Exchange, NoResponse, Request, Response, Upstream};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use hyper::header::HeaderValue;
use tokio::sync::watch;

use crate::connections::Connections;
use crate::connector::Connector;
use crate::rate_limiter::{Later, MAX_WAIT, RateLimiter};
use crate::settings::Settings;
use crate::target::Target;

/// How much of a response's body is read, in bytes, before and after it is decompressed.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// How often a request that was not processed is sent again.
const MAX_RESENDS: u32 = 5;
/// How long to wait before that, times the number of the attempt.
const RESEND_AFTER: Duration = Duration::from_millis(20);

/// Sends requests to one origin.
#[derive(Debug)]
pub(crate) struct Client {
    origin: String,
    connections: Connections,
    /// Whether this server was seen to end connections without a word. Writes, which must not be sent twice, then go over
    /// fresh ones.
    ends_connections: AtomicBool,
    /// What a proxy wants of each request; no part of the exchange.
    proxy_authorization: Option<HeaderValue>,
    boundary: Option<Arc<dyn Boundary>>,
    /// What the server answered to creates, before the boundary altered it.
    true_creates: Mutex<Vec<(Request, Response)>>,
    timeout: Duration,
    headers: Vec<(String, String)>,
    rate_limiter: RateLimiter,
}

impl Client {
    /// A client for a target.
    ///
    /// # Errors
    /// When TLS is asked for and cannot be set up, or the proxy of the environment cannot be used.
    pub(crate) fn new(target: &Target, settings: &Settings) -> Result<Self, String> {
        let connector = Connector::new(&target.origin, settings.proxies)?;
        let proxy_authorization = connector.key();
        Ok(Self {
            origin: target.origin.clone(),
            connections: Connections::new(&target.origin, connector, settings)?,
            ends_connections: AtomicBool::new(false),
            proxy_authorization,
            boundary: settings.boundary.clone(),
            true_creates: Mutex::default(),
            timeout: settings.timeout,
            headers: settings.headers.clone(),
            rate_limiter: RateLimiter::new(settings.max_rps),
        })
    }

    /// Cuts waits short once `stop` turns true.
    pub(crate) fn until(mut self, stop: watch::Receiver<bool>) -> Self {
        self.rate_limiter.until(stop);
        self
    }

    /// Sends a request, again when the server asks to come back later. That nothing came back is a result, too.
    pub(crate) async fn send(&self, request: Request) -> Exchange {
        self.send_by(request, self.boundary.as_deref(), true).await
    }

    /// Sends a request past the boundary, to the server itself.
    pub(crate) async fn send_past(&self, request: Request) -> Exchange {
        self.send_by(request, None, false).await
    }

    /// Sends a request once, whatever becomes of it; again only where the server certainly did not process it.
    pub(crate) async fn exchange_as_is(&self, request: &Request) -> Result<Response, NoResponse> {
        let response = tokio::time::timeout(self.timeout, self.exchange(request, false)).await;
        response.unwrap_or(Err(NoResponse::TimedOut(self.timeout)))
    }

    /// What the server truly answered to writes without an id since this was last asked.
    pub(crate) fn true_creates(&self) -> Vec<(Request, Response)> {
        std::mem::take(&mut *self.true_creates.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn send_by(&self, mut request: Request, boundary: Option<&dyn Boundary>, judged: bool) -> Exchange {
        for (name, value) in &self.headers {
            request.headers.retain(|(one, _)| one != name);
            request.headers.push((name.clone(), value.clone()));
        }
        let start = Instant::now();
        let (mut waited, mut refusals) = (Duration::ZERO, 0);
        let response = loop {
            self.rate_limiter.acquire().await;
            let response = match tokio::time::timeout(self.timeout, self.pass(&request, boundary, judged)).await {
                Ok(response) => response,
                Err(_) => Err(NoResponse::TimedOut(self.timeout)),
            };
            let Ok(answered) = &response else { break response };
            match self.rate_limiter.wait_retry_after(answered, refusals, &mut waited).await {
                Later::Waited => refusals += 1,
                Later::TooLong if answered.status == 429 => break Err(rate_limited(answered)),
                Later::No | Later::TooLong => break response,
            }
        };
        Exchange { number: 0, request, response, took: start.elapsed() }
    }

    async fn pass(
        &self,
        request: &Request,
        boundary: Option<&dyn Boundary>,
        judged: bool,
    ) -> Result<Response, NoResponse> {
        match boundary {
            Some(boundary) => boundary.pass(request.clone(), self).await,
            None => self.exchange(request, judged).await,
        }
    }

    /// Sends a request, and again what the server did not process. `judged` says that the response is held to requirements.
    async fn exchange(&self, request: &Request, judged: bool) -> Result<Response, NoResponse> {
        let idempotent = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" | "TRACE");
        let (mut attempt, mut lost) = (0, None);
        loop {
            let wary = self.ends_connections.load(Ordering::Relaxed) && !idempotent;
            let result = self.exchange_once(request, wary || attempt > 0).await;
            if matches!(result, Err(NoResponse::ConnectionClosed(_) | NoResponse::Incomplete(_))) {
                self.ends_connections.store(true, Ordering::Relaxed);
            }
            let again = match &result {
                Err(reason) if reason.is_unprocessed() => attempt < MAX_RESENDS,
                Err(NoResponse::ConnectionClosed(_)) => idempotent && attempt == 0,
                _ => false,
            };
            if !again {
                return match (result, lost) {
                    // The first attempt may have removed it: what this one found says nothing of a requirement.
                    (Ok(response), Some(lost))
                        if judged && request.method == "DELETE" && matches!(response.status, 404 | 410) =>
                    {
                        Err(lost)
                    }
                    (result, _) => result,
                };
            }
            lost = result.err().filter(|reason| !reason.is_unprocessed()).or(lost);
            attempt += 1;
            self.rate_limiter.wait(RESEND_AFTER * attempt).await;
        }
    }

    async fn exchange_once(&self, request: &Request, fresh: bool) -> Result<Response, NoResponse> {
        let mut builder =
            hyper::Request::builder().method(request.method.as_str()).uri(format!("{}{}", self.origin, request.target));
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        if let Some(key) = &self.proxy_authorization {
            builder = builder.header(hyper::header::PROXY_AUTHORIZATION, key);
        }
        let request = builder.body(Bytes::from(request.body.clone()));
        let request = request.map_err(|error| NoResponse::NotSent(error.to_string()))?;
        let (parts, body) = self.connections.send(request, MAX_BODY, fresh).await?;
        let status = parts.status.as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = decoded(response.header("content-encoding"), &body)?;
        if self.connections.is_proxied() && status == 407 {
            return Err(NoResponse::ProxyRefused(format!("it answered 407: {}", response.words())));
        }
        Ok(response)
    }
}

impl Upstream for Client {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let response = self.exchange(&request, true).await?;
            if request.method == "POST" && (200..300).contains(&response.status) {
                let mut kept = self.true_creates.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push((request, response.clone()));
            }
            Ok(response)
        })
    }
}

fn rate_limited(response: &Response) -> NoResponse {
    let asked = response.header("retry-after").map_or_else(String::new, |value| format!(" (Retry-After: {value})"));
    let most = MAX_WAIT.as_secs();
    NoResponse::RateLimited(format!(
        "the server limits requests: 429{asked} after {most} s of waiting at most: {}; --max-rps slows the run down",
        response.words()
    ))
}

fn too_large() -> NoResponse {
    NoResponse::TooLarge(u64::try_from(MAX_BODY).unwrap_or(u64::MAX))
}

/// A body as it was before it was compressed: servers and what stands before them may do so unasked.
fn decoded(encoding: Option<&str>, body: &[u8]) -> Result<Vec<u8>, NoResponse> {
    let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    let read = match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => return Ok(body.to_vec()),
        // What has no body has nothing to decompress, whatever its header says.
        Some(_) if body.is_empty() => return Ok(Vec::new()),
        Some("gzip" | "x-gzip") => MultiGzDecoder::new(body).take(most).read_to_end(&mut plain),
        Some("deflate") => ZlibDecoder::new(body).take(most).read_to_end(&mut plain),
        Some(other) => {
            return Err(NoResponse::Undecodable(format!("it is encoded by `{other}`, which was not asked for")));
        }
    };
    match read {
        Err(error) => Err(NoResponse::Undecodable(error.to_string())),
        Ok(_) if plain.len() > MAX_BODY => Err(too_large()),
        Ok(_) => Ok(plain),
    }
}
