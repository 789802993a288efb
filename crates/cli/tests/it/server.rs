//! A small HTTP server for tests: a function from a request to an answer, and a record of what went through.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A request, read to its end.
#[derive(Clone, Debug)]
pub struct Req {
    pub method: String,
    /// As it came: path and query, or a whole URL when it came to a proxy.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Req {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The values of a query parameter, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = self.target.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.filter(|(one, _)| *one == name).map(|(_, value)| value).next()?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Res {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Sent in pieces, without a length.
    pub chunked: bool,
    /// How long the answer takes.
    pub delay: Duration,
    /// The connection ends in its place.
    pub cut: bool,
}

impl Res {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub fn text(status: u16, media: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), media.to_owned())];
        Self { status, headers, body: body.as_bytes().to_vec(), ..Self::default() }
    }
}

/// What went through a server.
#[derive(Clone, Debug)]
pub struct Seen {
    pub request: Req,
    pub status: u16,
    /// The answer's body.
    pub body: Vec<u8>,
}

/// A server on a free port of the loopback, stopped when dropped.
pub struct Server {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    _runtime: Runtime,
}

impl Server {
    pub fn start(handler: impl Fn(&Req) -> Res + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (handler, record) = (Arc::new(handler), seen.clone());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, record) = (handler.clone(), record.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(handler.clone(), record.clone(), request));
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, seen, _runtime: runtime }
    }

    /// The requests so far with the statuses of their answers.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub async fn answer<H: Fn(&Req) -> Res + Send + Sync + 'static>(
    handler: Arc<H>,
    record: Arc<Mutex<Vec<Seen>>>,
    request: hyper::Request<Incoming>,
) -> std::io::Result<hyper::Response<BoxBody<Bytes, Infallible>>> {
    let (head, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Req {
        method: head.method.to_string(),
        // HTTP/2 has no other form than a whole URL; what came to a proxy came by HTTP/1.
        target: match (head.version, head.uri.path_and_query()) {
            (hyper::Version::HTTP_2, Some(target)) => target.to_string(),
            _ => head.uri.to_string(),
        },
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
    };
    // A handler may wait for another server.
    let (response, request) = tokio::task::spawn_blocking(move || (handler(&request), request)).await.unwrap();
    let seen = Seen { request, status: response.status, body: response.body.clone() };
    record.lock().unwrap().push(seen);
    tokio::time::sleep(response.delay).await;
    if response.cut {
        return Err(std::io::Error::other("cut"));
    }
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    let body = if response.chunked {
        let pieces: Vec<Result<Frame<Bytes>, Infallible>> =
            response.body.chunks(7).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        BodyExt::boxed(StreamBody::new(futures_util::stream::iter(pieces)))
    } else {
        Full::new(Bytes::from(response.body)).boxed()
    };
    Ok(builder.body(body).unwrap())
}
