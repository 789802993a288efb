//! Puts a mock on a socket: HTTP/1.1, and HTTP/2 by prior knowledge, with bounds on everything.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_record::{Behind, Request, Response, Upstream as _};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::control::BASE;
use crate::cors;
use crate::pipeline::Mock;
use crate::problem::Problem;
use crate::reply::Reply;

/// How much of a too large body is still read, so that the client gets to see the refusal.
const DRAINED: usize = 16 * 1024 * 1024;

/// Serves until `shutdown` completes; then lets what is in flight finish, for a while.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, mock: Arc<Mock>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let limits = mock.settings().limits;
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // A place first, then a connection: those that find none wait in the listener's queue.
        let place = tokio::select! {
            place = connections.clone().acquire_owned() => place.map_err(io::Error::other)?,
            () = &mut shutdown => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // A connection that died in the queue, or too many open files: neither ends the server.
                Err(_) => { sleep(Duration::from_millis(5)).await; continue }
            },
            () = &mut shutdown => break,
        };
        let (mock, watcher) = (mock.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, peer.ip(), mock, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    let _ = timeout(limits.grace, graceful.shutdown()).await;
    Ok(())
}

/// One connection. It has `patience` to begin its first request; the idle time between requests is hyper's to watch.
async fn connection(stream: TcpStream, peer: IpAddr, mock: Arc<Mock>, watcher: hyper_util::server::graceful::Watcher) {
    let _ = stream.set_nodelay(true);
    let limits = mock.settings().limits;
    let begun = Arc::new(AtomicBool::new(false));
    let service = {
        let begun = begun.clone();
        service_fn(move |request: hyper::Request<Incoming>| {
            begun.store(true, Ordering::Relaxed);
            let mock = mock.clone();
            async move { answer(&mock, peer, request).await }
        })
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(limits.headers)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.patience);
    let served = builder.serve_connection(TokioIo::new(stream), service);
    let mut served = std::pin::pin!(watcher.watch(served));
    tokio::select! {
        _ = &mut served => return,
        () = sleep(limits.patience) => if !begun.load(Ordering::Relaxed) { return },
    }
    let _ = served.await;
}

/// The answer; an error cuts the connection, and only a boundary asks for that.
async fn answer(
    mock: &Mock,
    peer: IpAddr,
    request: hyper::Request<Incoming>,
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
        return Ok(response(mock.govern(peer, host, &seen)));
    }
    // A preflight is the browser's own affair.
    let plain = seen.method == "OPTIONS" || (call.is_none() && mock.boundary().is_none() && mock.witness().is_none());
    match whole {
        Err(problem) if plain => Ok(response(mock.refuse(&seen, problem))),
        Ok(()) if plain => Ok(response(mock.respond(&seen))),
        whole => passed(mock, call.as_deref(), seen, whole.err()).await,
    }
}

/// The answer to a request that belongs to a call, meets a boundary or has a witness.
async fn passed(
    mock: &Mock,
    call: Option<&str>,
    request: Request,
    problem: Option<Problem>,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    let mut sight = Sight::of(mock, call, request.clone());
    let script = call.and_then(|call| mock.control().script(call));
    let answer = match (problem, script, mock.boundary()) {
        (Some(problem), ..) => Ok(mock.refuse(&request, problem).into()),
        (None, Some(script), Some(boundary)) => script.pass(request, &Behind { boundary, upstream: mock }).await,
        (None, Some(script), None) => script.pass(request, mock).await,
        (None, None, Some(boundary)) => boundary.pass(request, mock).await,
        (None, None, None) => mock.send(request).await,
    };
    sight.answer.clone_from(&answer);
    Ok(altered(answer.map_err(io::Error::other)?, &sight.request))
}

/// A request and its answer as the client sees them, told to journal and witness when it is over, however it ends.
struct Sight<'m> {
    mock: &'m Mock,
    /// Its number in the journal.
    noted: Option<u64>,
    start: Instant,
    request: Request,
    answer: Result<Response, String>,
}

impl<'m> Sight<'m> {
    fn of(mock: &'m Mock, call: Option<&str>, request: Request) -> Self {
        let noted = call.map(|call| mock.control().journal.begin(call, &request));
        let answer = Err("the client did not wait for the answer".to_owned());
        Self { mock, noted, start: Instant::now(), request, answer }
    }
}

impl Drop for Sight<'_> {
    fn drop(&mut self) {
        if let Some(noted) = self.noted {
            self.mock.control().journal.end(noted, self.answer.clone());
        }
        if let Some(witness) = self.mock.witness() {
            witness.saw(&self.request, &self.answer, self.start.elapsed());
        }
    }
}

/// A target without the call that stands before it: `/~/RUN/CALL/v2/things` is `/v2/things`, of the call `RUN/CALL`. Every
/// client can set a base URL, and so every request can be joined with the call that it belongs to.
fn call(target: &str) -> (Option<String>, &str) {
    let joined = target.strip_prefix("/~/").and_then(|rest| {
        let run = rest.find('/')?;
        let end = run + 1 + rest[run + 1..].find(['/', '?']).unwrap_or(rest.len() - run - 1);
        Some((rest[..end].to_owned(), &rest[end..]))
    });
    match joined {
        Some((call, "")) => (Some(call), "/"),
        Some((call, target)) => (Some(call), target),
        None => (None, target),
    }
}

/// What a boundary made of an answer; a page may read that, too.
fn altered(passed: Response, request: &Request) -> hyper::Response<Full<Bytes>> {
    let mut headers = passed.headers;
    // A body may have become another one; a HEAD has none.
    headers.retain(|(name, _)| name != "content-length" || request.method == "HEAD");
    if !headers.iter().any(|(name, _)| name == "access-control-allow-origin") {
        headers.extend(cors::fields(request).into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    built(passed.status, headers, Bytes::from(passed.body))
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
        let frame =
            frame.map_err(|error| Problem::new("malformed-body", format!("body: could not be read: {error}")))?;
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
