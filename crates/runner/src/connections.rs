//! Connections to one origin: those of HTTP/1.1 are used again once they are idle, one of HTTP/2 is shared.
//!
//! They are kept here and not in a pool of a library, for only who holds the connection knows whether a request that failed
//! was processed.

use std::error::Error;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_record::NoResponse;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::http::response::Parts;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::Connection as _;
use tower_service::Service as _;

use crate::connector::{Connector, Stream};
use crate::failure;
use crate::http2::Http2;
use crate::settings::Settings;
use crate::tls;

/// For how long an idle connection may be used again.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// A connection of HTTP/1.1 that nobody uses.
type Idle = (Http1, Instant);

/// Connections to one origin.
#[derive(Debug)]
pub(crate) struct Connections {
    connector: HttpsConnector<Connector>,
    origin: Uri,
    http2_only: bool,
    proxied: bool,
    idle: Mutex<Vec<Idle>>,
    shared: Mutex<Option<Arc<Http2>>>,
}

#[derive(Debug)]
enum Connection {
    Http1(Http1),
    Http2(Arc<Http2>),
}

#[derive(Debug)]
struct Http1 {
    sender: SendRequest<Full<Bytes>>,
    /// Whether it ends at a proxy, to which requests name their origin.
    forwarded: bool,
}

impl Connections {
    /// No connections yet, to be made by `connector`.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the origin is none.
    pub(crate) fn new(origin: &str, connector: Connector, settings: &Settings) -> Result<Self, String> {
        let proxied = !matches!(connector, Connector::Direct(_));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls::config(origin, &settings.trust)?);
        let builder = builder.https_or_http();
        let connector = if settings.http2 {
            builder.enable_http2().wrap_connector(connector)
        } else {
            builder.enable_all_versions().wrap_connector(connector)
        };
        let origin = origin.parse().map_err(|error| format!("{origin} is no origin: {error}"))?;
        Ok(Self {
            connector,
            origin,
            http2_only: settings.http2,
            proxied,
            idle: Mutex::default(),
            shared: Mutex::default(),
        })
    }

    /// Whether a proxy is on the way.
    pub(crate) const fn is_proxied(&self) -> bool {
        self.proxied
    }

    /// Sends a request to an absolute URI and reads the response, whose body may have `most` bytes; over a connection of its
    /// own when `fresh`.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        most: usize,
        fresh: bool,
    ) -> Result<(Parts, Bytes), NoResponse> {
        let known = if fresh { None } else { self.known().await };
        let connection = match known {
            Some(connection) => connection,
            None => self.open(fresh).await?,
        };
        match connection {
            Connection::Http1(mut http1) => {
                let response = http1.send(request, most).await?;
                if !fresh {
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((http1, Instant::now()));
                }
                Ok(response)
            }
            Connection::Http2(http2) => {
                let response = http2.send(request, most).await;
                if response.is_err() || http2.is_going_away() {
                    self.forget(&http2);
                }
                response
            }
        }
    }

    /// A connection that can be used again.
    async fn known(&self) -> Option<Connection> {
        if let Some(http2) = self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Some(Connection::Http2(http2));
        }
        loop {
            let (mut http1, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < MAX_IDLE && http1.sender.ready().await.is_ok() {
                return Some(Connection::Http1(http1));
            }
        }
    }

    fn forget(&self, http2: &Arc<Http2>) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.as_ref().is_some_and(|shared| Arc::ptr_eq(shared, http2)) {
            *shared = None;
        }
    }

    async fn open(&self, fresh: bool) -> Result<Connection, NoResponse> {
        let failed =
            |error: Box<dyn Error + Send + Sync>| -> NoResponse { failure::of_connecting(&*error, self.proxied) };
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(failed)?;
        let stream = connector.call(self.origin.clone()).await.map_err(failed)?;
        let connected = stream.connected();
        if self.http2_only || connected.is_negotiated_h2() {
            let http2 = Arc::new(Http2::open(stream).await?);
            if !fresh {
                *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(http2.clone());
            }
            return Ok(Connection::Http2(http2));
        }
        Ok(Connection::Http1(Http1::open(stream, connected.is_proxied()).await?))
    }
}

impl Http1 {
    async fn open(stream: MaybeHttpsStream<Stream>, forwarded: bool) -> Result<Self, NoResponse> {
        let opened = http1::handshake(stream).await;
        let (sender, connection) = opened.map_err(|error| NoResponse::NotConnected(failure::innermost(&error)))?;
        // It ends when the server ends it, or when nobody holds the sender any more.
        tokio::spawn(connection);
        Ok(Self { sender, forwarded })
    }

    async fn send(&mut self, request: Request<Bytes>, most: usize) -> Result<(Parts, Bytes), NoResponse> {
        let mut request = request.map(Full::new);
        if !request.headers().contains_key(HOST)
            && let Some(host) = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok())
        {
            request.headers_mut().insert(HOST, host);
        }
        if !self.forwarded
            && let Some(path) = request.uri().path_and_query().cloned()
        {
            *request.uri_mut() = Uri::from(path);
        }
        let response = self.sender.try_send_request(request).await.map_err(|mut failed| {
            let was_sent = failed.take_message().is_none();
            failure::of_http1(failed.error(), was_sent)
        })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, most).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                NoResponse::TooLarge(u64::try_from(most).unwrap_or(u64::MAX))
            } else {
                NoResponse::Incomplete(failure::innermost(&*error))
            }
        })?;
        Ok((parts, body.to_bytes()))
    }
}
