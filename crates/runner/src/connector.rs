//! The way to the target's origin: direct, or through the proxy that the environment names.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

type Failure = Box<dyn Error + Send + Sync>;

/// How connections to an origin are made.
#[derive(Clone, Debug)]
pub(crate) enum Connector {
    /// To the origin itself.
    Direct(HttpConnector),
    /// To a proxy that passes plain requests on, with what lets one in.
    Forward(HttpConnector, Uri, Option<HeaderValue>),
    /// Through a proxy that connects both ends and does not look into what passes.
    Tunnel(Tunnel<HttpConnector>),
}

impl Connector {
    /// The way to an origin by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as curl reads them.
    ///
    /// # Errors
    /// When the proxy is one that cannot be spoken to.
    pub(crate) fn new(origin: &str, by_environment: bool) -> Result<Self, String> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        let uri: Uri = origin.parse().map_err(|error| format!("{origin} is no origin: {error}"))?;
        let Some(proxy) = by_environment.then(Matcher::from_env).and_then(|matcher| matcher.intercept(&uri)) else {
            return Ok(Self::Direct(connector));
        };
        if proxy.uri().scheme_str() != Some("http") {
            let scheme = proxy.uri().scheme_str().unwrap_or("");
            return Err(format!(
                "the proxy for {origin} in the environment is reached by `{scheme}`; only http proxies are supported \
                 (NO_PROXY names hosts that need none)"
            ));
        }
        let (address, key) = (proxy.uri().clone(), proxy.basic_auth().cloned());
        if uri.scheme_str() == Some("http") {
            return Ok(Self::Forward(connector, address, key));
        }
        let tunnel = Tunnel::new(address, connector);
        Ok(Self::Tunnel(match key {
            Some(key) => tunnel.with_auth(key),
            None => tunnel,
        }))
    }

    /// What each request must carry to be passed on.
    pub(crate) fn key(&self) -> Option<HeaderValue> {
        if let Self::Forward(_, _, key) = self { key.clone() } else { None }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        match self {
            Self::Direct(connector) | Self::Forward(connector, ..) => connector.poll_ready(context).map_err(Into::into),
            Self::Tunnel(tunnel) => tunnel.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        match self {
            Self::Direct(connector) => {
                let connection = connector.call(origin);
                Box::pin(async { Ok(Stream { inner: connection.await?, forwarded: false }) })
            }
            Self::Forward(connector, proxy, _) => {
                let connection = connector.call(proxy.clone());
                Box::pin(async { Ok(Stream { inner: connection.await?, forwarded: true }) })
            }
            Self::Tunnel(tunnel) => {
                let connection = tunnel.call(origin);
                Box::pin(async { Ok(Stream { inner: connection.await?, forwarded: false }) })
            }
        }
    }
}

/// A connection that knows whether it ends at a proxy: requests on it then name their origin.
#[derive(Debug)]
pub(crate) struct Stream {
    inner: TokioIo<TcpStream>,
    forwarded: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.inner.connected().proxy(self.forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
