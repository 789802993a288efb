//! Puts a mock on a socket: HTTP/1.1, and HTTP/2 by prior knowledge, with bounds on everything.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::mock::Mock;
use crate::service::answer;

/// How long those that have connected and said nothing keep a server that shall end.
const SILENCE: Duration = Duration::from_millis(500);

/// Serves until `shutdown` completes; then lets what is in flight finish, for a while.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, mock: Arc<Mock>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let limits = mock.settings().limits;
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    // Each connection that has not begun its first request holds one of these.
    let (silent, silence) = watch::channel(());
    // Each request that is watched, and goes on whoever waits for its answer, holds one of these.
    let (idle, busy) = watch::channel(());
    let begin = |(stream, peer): (TcpStream, SocketAddr), place: Option<OwnedSemaphorePermit>| {
        let (mock, watcher, held) = (mock.clone(), graceful.watcher(), (silence.clone(), busy.clone()));
        tokio::spawn(async move {
            connection((stream, peer.ip()), mock, watcher, held).await;
            drop(place);
        });
    };
    loop {
        // A place first, then a connection: those that find none wait in the listener's queue.
        let place = tokio::select! {
            place = connections.clone().acquire_owned() => place.map_err(io::Error::other)?,
            () = &mut shutdown => break,
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => begin(accepted, Some(place)),
                // A connection that died in the queue, or too many open files: neither ends the server.
                Err(_) => sleep(Duration::from_millis(5)).await,
            },
            () = &mut shutdown => break,
        }
    }
    // Who had connected already is heard: a client may have sent its last and be gone.
    while let Ok(Ok(accepted)) = timeout(Duration::ZERO, listener.accept()).await {
        begin(accepted, None);
    }
    drop((listener, silence, busy));
    let _ = timeout(SILENCE, silent.closed()).await;
    let ended = async {
        graceful.shutdown().await;
        idle.closed().await;
    };
    let _ = timeout(limits.grace, ended).await;
    Ok(())
}

/// One connection. It has `patience` to begin its first request; the idle time between requests is hyper's to watch.
async fn connection(
    (stream, peer): (TcpStream, IpAddr),
    mock: Arc<Mock>,
    watcher: hyper_util::server::graceful::Watcher,
    (silence, busy): (watch::Receiver<()>, watch::Receiver<()>),
) {
    let _ = stream.set_nodelay(true);
    let limits = mock.settings().limits;
    let silence = Arc::new(Mutex::new(Some(silence)));
    let service = {
        let silence = silence.clone();
        service_fn(move |request: hyper::Request<Incoming>| {
            silence.lock().take();
            answer(mock.clone(), peer, request, busy.clone())
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
        () = sleep(limits.patience) => if silence.lock().is_some() { return },
    }
    let _ = served.await;
}
