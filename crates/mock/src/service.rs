//! One request that arrived on a socket: read, passed on, noted and answered.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use conformance_record::{Behind, NoResponse, Request, Response, Upstream as _};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::control::{BASE, PREFIX, prefix};
use crate::cors;
use crate::mock::Mock;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::socket::left;

/// What is said, to nobody, of a request whose client went.
const UNFINISHED: &str = "the client did not finish the request";
/// How much of a too large body is still read, so that the client gets to see the refusal.
const DRAINED: usize = 16 * 1024 * 1024;

/// An answer on its way; an error cuts the connection, and only a boundary asks for that.
pub(crate) type Answered = Pin<Box<dyn Future<Output = io::Result<hyper::Response<Full<Bytes>>>> + Send>>;

/// Completes when the client has gone.
type Gone = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Answers a request. What somebody watches is seen to its end also when the client has sent it and gone; `busy` is held
/// as long as that takes.
pub(crate) fn answer(
    mock: Arc<Mock>,
    (peer, stream): (IpAddr, Arc<TcpStream>),
    request: hyper::Request<Incoming>,
    busy: watch::Receiver<()>,
) -> Answered {
    let watched = mock.boundary().is_some() || mock.witness().is_some() || request.uri().path().starts_with(PREFIX);
    if !watched {
        return Box::pin(async move { read(&mock, peer, request, None).await });
    }
    let (stays, dropped) = oneshot::channel::<()>();
    let gone: Gone = Box::pin(async move {
        tokio::select! {
            _ = dropped => {}
            () = left(stream) => {}
        }
    });
    let task = tokio::spawn(async move {
        let answer = read(&mock, peer, request, Some(gone)).await;
        drop(busy);
        answer
    });
    Box::pin(async move {
        let answer = task.await.map_err(io::Error::other)?;
        drop(stays);
        answer
    })
}

async fn read(
    mock: &Mock,
    peer: IpAddr,
    request: hyper::Request<Incoming>,
    gone: Option<Gone>,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let (call, target) = call(target);
    let mut seen = Request {
        method: parts.method.as_str().to_owned(),
        target: target.to_owned(),
        headers: headers(&parts.headers),
        body: Vec::new(),
    };
    let limits = mock.settings().limits;
    let whole = match timeout(limits.patience, collect(body, limits.body)).await {
        Ok(whole) => whole,
        Err(_) => Err(Problem::new("malformed-body", "body: did not arrive in time")),
    };
    let whole = whole.map(|body| seen.body = body);
    if call.is_none() && seen.target.starts_with(BASE) {
        let host = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
        let host = host.or_else(|| parts.headers.get(hyper::header::HOST)?.to_str().ok());
        return Ok(response(mock.govern(peer, host, (&seen, whole.err()))));
    }
    // A preflight is the browser's own affair.
    let preflight = seen.method == "OPTIONS" && seen.header("access-control-request-method").is_some();
    let plain = preflight || (call.is_none() && mock.boundary().is_none() && mock.witness().is_none());
    match whole {
        Err(problem) if plain => Ok(response(mock.refuse(&seen, problem))),
        Ok(()) if plain => Ok(response(mock.respond(&seen))),
        whole => passed(mock, call.as_deref(), (seen, whole.err()), gone).await,
    }
}

/// The answer to a request that belongs to a call, meets a boundary or has a witness, as the client sees it.
async fn passed(
    mock: &Mock,
    call: Option<&str>,
    (request, problem): (Request, Option<Problem>),
    gone: Option<Gone>,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    let (start, seen, journal) = (Instant::now(), request.clone(), &mock.control().journal);
    let noted = call.map(|call| journal.begin(call, &request));
    let script = call.and_then(|call| mock.control().script(call));
    let work = async {
        match (problem, script, mock.boundary()) {
            (Some(problem), ..) if problem.message == UNFINISHED => Err(NoResponse::RequestUnfinished),
            (Some(problem), ..) => Ok(mock.refuse(&request, problem).into()),
            (None, Some(script), Some(boundary)) => script.pass(request, &Behind { boundary, upstream: mock }).await,
            (None, Some(script), None) => script.pass(request, mock).await,
            (None, None, Some(boundary)) => boundary.pass(request, mock).await,
            (None, None, None) => mock.send(request).await,
        }
    };
    let left = async {
        match gone {
            Some(gone) => gone.await,
            None => std::future::pending().await,
        }
    };
    let answer = tokio::select! {
        // What can be answered at once was, whoever waits for it.
        biased;
        answer = work => answer,
        () = left => Err(NoResponse::ClientGone),
    };
    if let Some(noted) = noted {
        journal.end(noted, answer.clone());
    }
    if let Some(witness) = mock.witness() {
        witness.saw(&seen, &answer, start.elapsed());
    }
    Ok(altered(answer.map_err(io::Error::other)?, &seen))
}

/// A target without the call that stands before it: `/~/RUN/CALL/v2/things` is `/v2/things`, of the call `RUN/CALL`. Every
/// client can set a base URL, and so every request can be joined with the call that it belongs to.
fn call(target: &str) -> (Option<String>, &str) {
    let joined = target.strip_prefix(PREFIX).and_then(|rest| {
        let run = rest.find('/')?;
        let end = run + 1 + rest[run + 1..].find(['/', '?']).unwrap_or(rest.len() - run - 1);
        Some((prefix(&rest[..end])?, &rest[end..]))
    });
    match joined {
        Some((call, "")) => (Some(call), "/"),
        Some((call, target)) => (Some(call), target),
        None => (None, target),
    }
}

/// What a boundary made of an answer; a page may read that, too.
fn altered(passed: Response, request: &Request) -> hyper::Response<Full<Bytes>> {
    let (mut headers, mut body) = (passed.headers, passed.body);
    let is_head = request.method == "HEAD";
    // A body may have become another one. To a HEAD it is told, and not sent.
    headers.retain(|(name, _)| name != "content-length" || (is_head && body.is_empty()));
    if is_head && !body.is_empty() {
        headers.push(("content-length".to_owned(), body.len().to_string()));
        body.clear();
    }
    if !headers.iter().any(|(name, _)| name == "access-control-allow-origin") {
        headers.extend(cors::fields(request).into_iter().map(|(name, value)| (name.into_owned(), value)));
    }
    built(passed.status, headers, Bytes::from(body))
}

fn headers(map: &hyper::HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// The whole body, or why there is none.
async fn collect(mut body: Incoming, most: usize) -> Result<Vec<u8>, Problem> {
    let too_large =
        || Problem::new("body-too-large", format!("body: is larger than {most} bytes, the most that is taken"));
    if body.size_hint().lower() > (DRAINED as u64) {
        return Err(too_large());
    }
    let mut whole = Vec::new();
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new("malformed-body", UNFINISHED))?;
        let Some(data) = frame.data_ref() else { continue };
        received += data.len();
        if received > DRAINED {
            break;
        }
        if received <= most {
            whole.extend_from_slice(data);
        }
    }
    if received > most { Err(too_large()) } else { Ok(whole) }
}

fn response(reply: Reply) -> hyper::Response<Full<Bytes>> {
    built(reply.status, reply.headers, reply.body)
}

fn built<N: AsRef<str>>(status: u16, headers: Vec<(N, String)>, body: Bytes) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_ref().as_bytes());
        if let (Ok(name), Ok(value)) = (name, hyper::header::HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
