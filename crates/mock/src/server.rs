//! Puts a mock on a socket: HTTP/1.1, and HTTP/2 by prior knowledge or as TLS agrees on, with bounds on everything.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{interval, sleep, timeout};

use crate::mock::Mock;
use crate::service::{Peer, answer};
use crate::settings::Limits;
use crate::socket::{Activity, Socket};
use crate::tls::Tls;

/// How long those that have connected and said nothing keep a server that shall end.
const SILENCE: Duration = Duration::from_millis(500);

/// Where a mock listens, and how it is spoken to.
#[derive(Debug)]
pub struct Listeners {
    /// All of them are served.
    pub sockets: Vec<TcpListener>,
    /// Over TLS; plain HTTP otherwise.
    pub tls: Option<Tls>,
}

impl<const N: usize> From<[TcpListener; N]> for Listeners {
    fn from(sockets: [TcpListener; N]) -> Self {
        Self { sockets: sockets.into(), tls: None }
    }
}

/// Serves what connects to any of the listeners until `shutdown` completes; then lets what is in flight finish, for a while.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listeners: impl Into<Listeners>,
    mock: Arc<Mock>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let Listeners { sockets: listeners, tls } = listeners.into();
    let limits = mock.settings().limits;
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    // Each connection that has not begun its first request holds one of these.
    let (silent, silence) = watch::channel(());
    // Each request that is watched, and goes on whoever waits for its answer, holds one of these.
    let (idle, busy) = watch::channel(());
    let begin = |(stream, address): Accepted, activity: Arc<Activity>, place: Option<OwnedSemaphorePermit>| {
        let (watcher, silence) = (graceful.watcher(), silence.clone());
        let (mock, busy) = (mock.clone(), busy.clone());
        let (peer, tls) = (Arc::new(Peer { mock, address: address.ip(), stream, busy }), tls.clone());
        tokio::spawn(async move {
            let socket = Socket::new(peer.stream.clone(), activity.clone(), limits.stall);
            let _ = peer.stream.set_nodelay(true);
            match tls {
                None => connection(socket, peer, watcher, (silence, activity)).await,
                Some(tls) => {
                    if let Some(stream) = tls.accept(socket).await {
                        connection(stream, peer, watcher, (silence, activity)).await;
                    }
                }
            }
            drop(place);
        });
    };
    let mut open = Open { all: Vec::new(), spare: limits.connections / 64, waiting: None };
    let mut rounds = interval((limits.patience / 8).clamp(Duration::from_millis(10), Duration::from_secs(1)));
    loop {
        tokio::select! {
            _ = rounds.tick() => open.close_idle(limits.patience),
            ready = next(&listeners, &connections, &mut open) => {
                let (accepted, place) = ready?;
                let activity = open.add(accepted.0.clone());
                begin(accepted, activity, Some(place));
            }
            () = &mut shutdown => break,
        }
    }
    mock.control().close();
    // Who had connected already is heard: a client may have sent its last and be gone.
    loop {
        let accepted = match open.waiting.take() {
            Some(waiting) => waiting,
            None => match timeout(Duration::ZERO, accept(&listeners)).await {
                Ok(Ok(accepted)) => accepted,
                _ => break,
            },
        };
        let activity = open.add(accepted.0.clone());
        begin(accepted, activity, None);
    }
    drop((listeners, silence, busy));
    let _ = timeout(SILENCE, silent.closed()).await;
    let ended = async {
        graceful.shutdown().await;
        idle.closed().await;
    };
    let _ = timeout(limits.grace, ended).await;
    Ok(())
}

/// A connection that was made, and who made it.
type Accepted = (Arc<TcpStream>, SocketAddr);

/// The connections that are open.
struct Open {
    all: Vec<Weak<Activity>>,
    /// How many places are kept free while there are idle connections.
    spare: usize,
    /// Accepted, and without a place so far. It stands here, so that who stops waiting for the next connection loses none.
    waiting: Option<Accepted>,
}

impl Open {
    fn add(&mut self, stream: Arc<TcpStream>) -> Arc<Activity> {
        let activity = Arc::new(Activity::new(stream));
        if self.all.len() == self.all.capacity() {
            self.all.retain(|one| one.strong_count() > 0);
        }
        self.all.push(Arc::downgrade(&activity));
        activity
    }

    /// Asks those that have sent nothing whole for too long to go.
    fn close_idle(&mut self, patience: Duration) {
        self.all.retain(|one| one.strong_count() > 0);
        for one in self.all.iter().filter_map(Weak::upgrade).filter(|one| one.is_silent_for(patience)) {
            one.evict();
        }
    }

    /// Asks the connection that has been idle for longest to make room, if one is.
    fn make_room(&mut self) {
        self.all.retain(|one| one.strong_count() > 0);
        let open = self.all.iter().filter_map(Weak::upgrade);
        let idle = open.filter_map(|one| Some((one.idle_since()?, one)));
        if let Some((_, oldest)) = idle.min_by_key(|(since, _)| *since) {
            oldest.evict();
        }
    }
}

/// The next connection to any of the listeners.
async fn accept(listeners: &[TcpListener]) -> io::Result<Accepted> {
    poll_fn(|context| {
        let ready = listeners.iter().find_map(|listener| match listener.poll_accept(context) {
            Poll::Ready(accepted) => Some(accepted.map(|(stream, address)| (Arc::new(stream), address))),
            Poll::Pending => None,
        });
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// The next connection, and a place for it. Where there is none, an idle connection makes room for it; and while none is
/// idle, it waits.
async fn next(
    listeners: &[TcpListener],
    places: &Arc<Semaphore>,
    open: &mut Open,
) -> io::Result<(Accepted, OwnedSemaphorePermit)> {
    const LOOK_AGAIN: Duration = Duration::from_millis(20);
    while open.waiting.is_none() {
        match accept(listeners).await {
            Ok(accepted) => open.waiting = Some(accepted),
            // A connection that died in the queue, or too many open files: neither ends the server.
            Err(_) => {
                open.make_room();
                sleep(Duration::from_millis(5)).await;
            }
        }
    }
    // Some room is made ahead, so that whoever comes next need not wait for it.
    if places.available_permits() <= open.spare {
        open.make_room();
    }
    loop {
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => match timeout(LOOK_AGAIN, places.clone().acquire_owned()).await {
                Ok(place) => place.map_err(io::Error::other)?,
                Err(_) => {
                    open.make_room();
                    continue;
                }
            },
        };
        if let Some(accepted) = open.waiting.take() {
            return Ok((accepted, place));
        }
    }
}

/// One connection. How long it may be idle, the server watches.
async fn connection(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Arc<Peer>,
    watcher: hyper_util::server::graceful::Watcher,
    (silence, activity): (watch::Receiver<()>, Arc<Activity>),
) {
    let limits = peer.mock.settings().limits;
    let silence = Mutex::new(Some(silence));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        silence.lock().take();
        let (in_request, answer) = (activity.request(request.version()), answer(peer.clone(), request));
        async move {
            let answer = answer.await;
            drop(in_request);
            answer
        }
    });
    let served = protocols(&limits).serve_connection(TokioIo::new(io), service).into_owned();
    let _ = watcher.watch(served).await;
}

/// What is spoken on a connection, within bounds.
fn protocols(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        // Who has sent all that it has to say still waits for the answer.
        .half_close(true)
        // A timer for each request costs more than a look at all connections now and then.
        .header_read_timeout(None)
        .max_buf_size(limits.headers)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.patience);
    builder
}
