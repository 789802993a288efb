//! The HTTP lane: one pooled client.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_record::{Answer, Boundary, Exchange, Request, Response, Upstream};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::HeaderValue;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::watch;

use crate::pace::Pace;
use crate::road::Road;
use crate::settings::Settings;
use crate::target::Target;

/// How much of an answer's body is read.
const MOST: usize = 32 * 1024 * 1024;

/// Sends requests to one origin.
#[derive(Debug)]
pub(crate) struct Client {
    origin: String,
    pool: Pool<HttpsConnector<Road>, Full<Bytes>>,
    /// What a proxy wants of each request; no part of the exchange.
    key: Option<HeaderValue>,
    boundary: Option<Arc<dyn Boundary>>,
    /// What the server answered to creates, before the boundary altered it.
    true_creates: Mutex<Vec<(Request, Response)>>,
    timeout: Duration,
    headers: Vec<(String, String)>,
    pace: Pace,
}

impl Client {
    /// A client for a target.
    ///
    /// # Errors
    /// When `https` is asked for and the system has no usable root certificates.
    pub(crate) fn new(target: &Target, settings: &Settings) -> Result<Self, String> {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let builder = HttpsConnectorBuilder::new();
        let builder = if target.origin.starts_with("https:") {
            let rooted = builder.with_provider_and_native_roots(ring);
            rooted.map_err(|error| format!("the system's root certificates cannot be used: {error}"))?
        } else {
            // Nothing is trusted where nothing is encrypted.
            let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
            let config = config.map_err(|error| format!("TLS cannot be set up: {error}"))?;
            builder.with_tls_config(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
        };
        let builder = builder.https_or_http();
        let road = Road::to(&target.origin, settings.proxies)?;
        let key = road.key();
        let connector = if settings.http2 {
            builder.enable_http2().wrap_connector(road)
        } else {
            builder.enable_all_versions().wrap_connector(road)
        };
        let pool = Pool::builder(TokioExecutor::new()).http2_only(settings.http2).build(connector);
        Ok(Self {
            origin: target.origin.clone(),
            pool,
            key,
            boundary: settings.boundary.clone(),
            true_creates: Mutex::default(),
            timeout: settings.timeout,
            headers: settings.headers.clone(),
            pace: Pace::new(settings.max_rps),
        })
    }

    /// Cuts waits short once `stop` turns true.
    pub(crate) fn until(mut self, stop: watch::Receiver<bool>) -> Self {
        self.pace.until(stop);
        self
    }

    /// Sends a request, again when the server asks to come back later. That nothing came back is a result, too.
    pub(crate) async fn send(&self, request: Request) -> Exchange {
        self.send_by(request, self.boundary.as_deref()).await
    }

    /// Sends a request past the boundary, to the server itself.
    pub(crate) async fn send_past(&self, request: Request) -> Exchange {
        self.send_by(request, None).await
    }

    /// What the server truly answered to writes without an id since this was last asked.
    pub(crate) fn true_creates(&self) -> Vec<(Request, Response)> {
        std::mem::take(&mut *self.true_creates.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn send_by(&self, mut request: Request, boundary: Option<&dyn Boundary>) -> Exchange {
        for (name, value) in &self.headers {
            request.headers.retain(|(one, _)| one != name);
            request.headers.push((name.clone(), value.clone()));
        }
        let start = Instant::now();
        let mut waited = Duration::ZERO;
        let response = loop {
            self.pace.turn().await;
            let response = match tokio::time::timeout(self.timeout, self.pass(&request, boundary)).await {
                Ok(response) => response,
                Err(_) => Err(format!("no answer within {} s", self.timeout.as_secs_f64())),
            };
            match &response {
                Ok(answer) if self.pace.obey(answer, &mut waited).await => {}
                _ => break response,
            }
        };
        Exchange { number: 0, request, response, took: start.elapsed() }
    }

    async fn pass(&self, request: &Request, boundary: Option<&dyn Boundary>) -> Result<Response, String> {
        match boundary {
            Some(boundary) => boundary.pass(request.clone(), self).await,
            None => self.exchange(request).await,
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, String> {
        let mut builder =
            hyper::Request::builder().method(request.method.as_str()).uri(format!("{}{}", self.origin, request.target));
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        if let Some(key) = &self.key {
            builder = builder.header(hyper::header::PROXY_AUTHORIZATION, key);
        }
        let body = Full::new(Bytes::from(request.body.clone()));
        let request = builder.body(body).map_err(|error| format!("the request cannot be sent: {error}"))?;
        let response = self.pool.request(request).await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = Limited::new(response.into_body(), MOST).collect().await;
        let body = body.map_err(|error| format!("the answer broke off: {error}"))?.to_bytes();
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = decoded(response.header("content-encoding"), &body)?;
        Ok(response)
    }
}

impl Upstream for Client {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let response = self.exchange(&request).await?;
            if request.method == "POST" && (200..300).contains(&response.status) {
                let mut kept = self.true_creates.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push((request, response.clone()));
            }
            Ok(response)
        })
    }
}

/// A body as it was before it was compressed: servers and what stands before them may do so unasked.
fn decoded(encoding: Option<&str>, body: &[u8]) -> Result<Vec<u8>, String> {
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let read = match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => return Ok(body.to_vec()),
        Some("gzip" | "x-gzip") => MultiGzDecoder::new(body).take(most).read_to_end(&mut plain),
        Some("deflate") => ZlibDecoder::new(body).take(most).read_to_end(&mut plain),
        Some(other) => return Err(format!("the answer is encoded by `{other}`, which was not asked for")),
    };
    read.map_err(|error| format!("the answer cannot be decompressed: {error}"))?;
    Ok(plain)
}

/// The innermost cause: "Connection refused" rather than "client error".
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
