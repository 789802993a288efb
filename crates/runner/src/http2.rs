//! A connection of HTTP/2. What a server that ends it still answers is waited for, and what it did not process is told from
//! what it may have (RFC 9113, 6.8).

use std::future::poll_fn;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use conformance_record::NoResponse;
use h2::client::{Builder, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use hyper::Request;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::http::response::Parts;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;

use crate::failure;
use crate::goaway::{LastProcessed, Watched};

/// How much a server may send ahead, in bytes: of one response, and of all.
const WINDOWS: (u32, u32) = (2 * 1024 * 1024, 5 * 1024 * 1024);
/// How long a response's header section may be, in bytes.
const MAX_HEADERS: u32 = 1024 * 1024;

/// A connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    sender: SendRequest<Bytes>,
    last: Arc<LastProcessed>,
}

impl Http2 {
    /// Begins one.
    pub(crate) async fn open(stream: impl Read + Write + Send + Unpin + 'static) -> Result<Self, NoResponse> {
        let last = Arc::new(LastProcessed::default());
        let stream = Watched::new(TokioIo::new(stream), last.clone());
        let mut builder = Builder::new();
        builder.initial_window_size(WINDOWS.0).initial_connection_window_size(WINDOWS.1);
        let opened = builder.max_header_list_size(MAX_HEADERS).enable_push(false).handshake(stream).await;
        let (sender, connection) = opened.map_err(|error| NoResponse::NotConnected(failure::innermost(&error)))?;
        // It ends when the server ends it, or when nobody holds the sender any more.
        tokio::spawn(connection);
        Ok(Self { sender, last })
    }

    /// Whether the server takes no more requests on it.
    pub(crate) fn is_going_away(&self) -> bool {
        self.last.get().is_some()
    }

    /// Sends a request to an absolute URI and reads the response, whose body may have `most` bytes.
    pub(crate) async fn send(&self, request: Request<Bytes>, most: usize) -> Result<(Parts, Bytes), NoResponse> {
        let unsent = |error: h2::Error| NoResponse::NotProcessed(failure::innermost(&error));
        let mut sender = self.sender.clone().ready().await.map_err(unsent)?;
        let (head, body) = head(request);
        let (response, stream) = sender.send_request(head, body.is_empty()).map_err(unsent)?;
        let id = response.stream_id().as_u32();
        let failed = |error: h2::Error| self.failure(&error, id);
        let mut response = std::pin::pin!(response);
        // A server may answer before it has read all.
        let response = tokio::select! {
            biased;
            response = &mut response => response,
            () = send_body(stream, body) => response.await,
        };
        let (parts, body) = response.map_err(failed)?.into_parts();
        Ok((parts, read_body(body, most).await?))
    }

    /// Why the request of a stream got no response.
    fn failure(&self, error: &h2::Error, stream: u32) -> NoResponse {
        let reason = failure::innermost(error);
        let refused = error.is_remote() && error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        // Streams beyond the last one that a GOAWAY names were not processed, nor were refused ones (RFC 9113, 6.8 and 8.7).
        let beyond = error.is_remote() && error.is_go_away() && self.last.get().is_some_and(|last| stream > last);
        if refused || beyond { NoResponse::NotProcessed(reason) } else { failure::of_http2(error) }
    }
}

/// A request's head, which tells the length of the body, and the body.
fn head(request: Request<Bytes>) -> (Request<()>, Bytes) {
    let (mut parts, body) = request.into_parts();
    // The URI has it.
    parts.headers.remove(HOST);
    let has_meaning = matches!(parts.method.as_str(), "POST" | "PUT" | "PATCH");
    if !body.is_empty() || has_meaning {
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(body.len()));
    }
    (Request::from_parts(parts, ()), body)
}

/// Sends a body as the server makes room for it. That it fails is told by the response.
async fn send_body(mut stream: SendStream<Bytes>, mut body: Bytes) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let Some(Ok(room)) = poll_fn(|context| stream.poll_capacity(context)).await else { return };
        let part = body.split_to(room.min(body.len()));
        if stream.send_data(part, body.is_empty()).is_err() {
            return;
        }
    }
}

async fn read_body(mut stream: RecvStream, most: usize) -> Result<Bytes, NoResponse> {
    let mut body = BytesMut::new();
    while let Some(part) = stream.data().await {
        let broken = |error: h2::Error| NoResponse::Incomplete(failure::innermost(&error));
        let part = part.map_err(broken)?;
        if body.len() + part.len() > most {
            return Err(NoResponse::TooLarge(u64::try_from(most).unwrap_or(u64::MAX)));
        }
        stream.flow_control().release_capacity(part.len()).map_err(broken)?;
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}
