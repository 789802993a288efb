//! One request that arrived on a socket: read, passed on, noted and answered.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use conformance_record::{Answer, Behind, NoResponse, Request, Response, Upstream};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::HeaderValue;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::control::{BASE, PREFIX, Remarks, prefix};
use crate::cors::{self, Cors};
use crate::mock::Mock;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::socket::left;

/// What is said, to nobody, of a request whose client went.
const UNFINISHED: &str = "the client did not finish the request";
/// How much of a too large body is still read, so that the client gets to see the refusal.
const DRAINED: usize = 16 * 1024 * 1024;

/// An answer; an error cuts the connection, and only a boundary asks for that.
pub(crate) type Answered = io::Result<hyper::Response<Full<Bytes>>>;

/// Completes when the client has gone.
type Gone = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the requests of a connection have in common.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) mock: Arc<Mock>,
    pub(crate) address: IpAddr,
    pub(crate) stream: Arc<TcpStream>,
    /// Held by what goes on whoever waits for it.
    pub(crate) busy: watch::Receiver<()>,
}

/// Answers a request.
pub(crate) async fn answer(peer: Arc<Peer>, request: hyper::Request<Incoming>) -> Answered {
    let mock = &peer.mock;
    // What is rare is kept out of the way of what is not: the state of this function is moved with every request.
    if mock.is_watched() || request.uri().path().starts_with(PREFIX) {
        return Box::pin(see_to_its_end(&peer, request)).await;
    }
    if !request.body().is_end_stream() || request.uri().path().starts_with(BASE) {
        return Box::pin(read(mock, peer.address, request, None)).await;
    }
    let seen = seen(&request.into_parts().0);
    Ok(plainly(mock, &seen, None))
}

/// Answers a request that somebody watches, also when the client has sent it and gone.
async fn see_to_its_end(peer: &Peer, request: hyper::Request<Incoming>) -> Answered {
    let (mock, address, stream, busy) = (peer.mock.clone(), peer.address, peer.stream.clone(), peer.busy.clone());
    let (stays, dropped) = oneshot::channel::<()>();
    let gone: Gone = Box::pin(async move {
        tokio::select! {
            _ = dropped => {}
            () = left(stream) => {}
        }
    });
    let task = tokio::spawn(async move {
        let answer = read(&mock, address, request, Some(gone)).await;
        drop(busy);
        answer
    });
    let answer = task.await.map_err(io::Error::other)?;
    drop(stays);
    answer
}

async fn read(mock: &Mock, peer: IpAddr, request: hyper::Request<Incoming>, gone: Option<Gone>) -> Answered {
    let watched = gone.is_some();
    let (parts, body) = request.into_parts();
    let mut seen = seen(&parts);
    let call = called(&mut seen);
    let limits = mock.settings().limits;
    let whole = if body.is_end_stream() {
        Ok(Vec::new())
    } else {
        let late = |_| Err(Problem::new("malformed-body", "body: did not arrive in time"));
        timeout(limits.patience, collect(body, limits.body)).await.unwrap_or_else(late)
    };
    let problem = whole.map(|body| seen.body = body).err();
    if call.is_none() && seen.target.starts_with(BASE) {
        let host = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
        let host = host.or_else(|| parts.headers.get(hyper::header::HOST)?.to_str().ok());
        mock.control().ready(&seen).await;
        return Ok(response(mock.govern(peer, host, (&seen, problem))));
    }
    // A preflight is the browser's own affair.
    if !watched || cors::is_preflight(&seen) {
        return Ok(plainly(mock, &seen, problem));
    }
    passed(mock, call.as_deref(), (seen, problem), gone).await
}

/// A request but for its body.
fn seen(parts: &hyper::http::request::Parts) -> Request {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut headers = headers(&parts.headers);
    // HTTP/2 tells the host beside the header section (RFC 9113, section 8.3.1).
    if let Some(authority) = parts.uri.authority().filter(|_| !parts.headers.contains_key(hyper::header::HOST)) {
        headers.push(("host".to_owned(), authority.as_str().to_owned()));
    }
    Request { method: parts.method.as_str().to_owned(), target: target.to_owned(), headers, body: Vec::new() }
}

/// The answer to a request that nobody watches; `problem` is why its body was not read to the end.
fn plainly(mock: &Mock, seen: &Request, problem: Option<Problem>) -> hyper::Response<Full<Bytes>> {
    let start = Instant::now();
    let reply = problem.map_or_else(|| mock.respond(seen), |problem| mock.refuse(seen, problem));
    // Whoever is led to the inspector did not mean the API.
    if mock.control().notes_all() && !(reply.status == 302 && seen.path() == "/") {
        mock.control().journal.add(seen, &reply, start);
    }
    response(reply)
}

/// The answer to a request that belongs to a call, meets a boundary or has a witness, as the client sees it.
async fn passed(
    mock: &Mock,
    call: Option<&str>,
    (request, problem): (Request, Option<Problem>),
    gone: Option<Gone>,
) -> Answered {
    let (start, seen, journal) = (Instant::now(), request.clone(), &mock.control().journal);
    let noted = (call.is_some() || mock.control().notes_all()).then(|| journal.begin(call, &request));
    let noting = Noting { mock, remarks: Mutex::default() };
    let script = mock.control().script(call);
    let work = async {
        match (problem, script, mock.boundary()) {
            (Some(problem), ..) if problem.message == UNFINISHED => Err(NoResponse::RequestUnfinished),
            (Some(problem), ..) => Ok(noting.noted(mock.refuse(&request, problem))),
            (None, Some(script), Some(boundary)) => script.pass(request, &Behind { boundary, upstream: &noting }).await,
            (None, Some(script), None) => script.pass(request, &noting).await,
            (None, None, Some(boundary)) => boundary.pass(request, &noting).await,
            (None, None, None) => noting.send(request).await,
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
        journal.end(noted, &answer, noting.remarks(&answer));
    }
    if let Some(witness) = mock.witness() {
        witness.saw(&seen, &answer, start.elapsed());
    }
    Ok(altered(answer.map_err(io::Error::other)?, &seen, &mock.settings().cors))
}

/// The mock, and what it said last.
struct Noting<'m> {
    mock: &'m Mock,
    remarks: Mutex<Option<(Remarks, Response)>>,
}

impl Noting<'_> {
    fn noted(&self, reply: Reply) -> Response {
        let remarks = Remarks::from(&reply);
        let response = Response::from(reply);
        *self.remarks.lock() = Some((remarks, response.clone()));
        response
    }

    /// What the mock said of a request whose client saw this.
    fn remarks(&self, seen: &Result<Response, NoResponse>) -> Remarks {
        let (remarks, own) = self.remarks.lock().take().unzip();
        let fault = match seen {
            // Another server's, and right as it is.
            Ok(response) if own.is_none() && response.header("conformance-fallback").is_some() => false,
            Ok(response) => own.as_ref() != Some(response),
            Err(reason) => matches!(reason, NoResponse::Injected(_) | NoResponse::ResponseLost),
        };
        remarks.unwrap_or_default().with_fault(fault)
    }
}

impl Upstream for Noting<'_> {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(std::future::ready(Ok(self.noted(self.mock.respond(&request)))))
    }
}

/// Takes the call away that stands before a request's target: `/~/RUN/CALL/v2/things` is `/v2/things`, of the call `RUN/CALL`.
/// Every client can set a base URL, and so every request can be joined with the call that it belongs to.
fn called(request: &mut Request) -> Option<String> {
    let rest = request.target.strip_prefix(PREFIX)?;
    let run = rest.find('/')?;
    let end = run + 1 + rest[run + 1..].find(['/', '?']).unwrap_or(rest.len() - run - 1);
    let call = prefix(&rest[..end])?;
    let target = if end == rest.len() { "/" } else { &rest[end..] };
    request.target = target.to_owned();
    Some(call)
}

/// What a boundary made of an answer; a page may read that, too.
fn altered(passed: Response, request: &Request, cors: &Cors) -> hyper::Response<Full<Bytes>> {
    let (mut headers, mut body) = (passed.headers, passed.body);
    let is_head = request.method == "HEAD";
    // A body may have become another one. To a HEAD it is told, and not sent.
    headers.retain(|(name, _)| name != "content-length" || (is_head && body.is_empty()));
    if is_head && !body.is_empty() {
        headers.push(("content-length".to_owned(), body.len().to_string()));
        body.clear();
    }
    if !headers.iter().any(|(name, _)| name == "access-control-allow-origin") {
        let fields = cors.fields(request, headers.iter().map(|(name, _)| name.as_str()));
        headers.extend(fields.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
    built(passed.status, headers.into_iter().map(|(name, value)| (name, value.into())), Bytes::from(body))
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

fn built(
    status: u16,
    headers: impl IntoIterator<Item = (impl AsRef<str>, Cow<'static, str>)>,
    body: Bytes,
) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_ref().as_bytes());
        let value = match value {
            Cow::Borrowed(value) => HeaderValue::from_maybe_shared(Bytes::from_static(value.as_bytes())),
            Cow::Owned(value) => HeaderValue::from_maybe_shared(Bytes::from(value)),
        };
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
