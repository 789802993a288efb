//! A connection's socket, watched from outside: whether it is idle, whether its peer reads, whether the peer has gone.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::Version;
use parking_lot::Mutex;
use rustix::net::{Shutdown, shutdown};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

/// A peer that reads nothing for so long does not keep others from connecting.
const SLOW: Duration = Duration::from_secs(1);
/// How long who has closed its sending side is taken to wait for an answer.
const HALF_CLOSED: Duration = Duration::from_millis(250);

/// What a connection is at.
#[derive(Debug)]
pub(crate) struct Activity {
    inner: Mutex<Doing>,
    /// Whether it was told to make room.
    evicted: AtomicBool,
    stream: Arc<TcpStream>,
}

#[derive(Debug)]
struct Doing {
    requests: usize,
    since: Instant,
    /// Whether it speaks HTTP/2, which has pings to tell whether a peer is there.
    http2: bool,
    blocked: Option<Instant>,
}

impl Activity {
    pub(crate) fn new(stream: Arc<TcpStream>) -> Self {
        let inner = Mutex::new(Doing { requests: 0, since: Instant::now(), http2: false, blocked: None });
        Self { inner, evicted: AtomicBool::new(false), stream }
    }

    /// A request has begun; it ends when this is dropped.
    pub(crate) fn request(self: &Arc<Self>, version: Version) -> InRequest {
        let mut doing = self.inner.lock();
        doing.requests += 1;
        doing.http2 = version == Version::HTTP_2;
        drop(doing);
        InRequest(self.clone())
    }

    /// Since when it could make room; none while it works for a peer that waits.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        if self.evicted.load(Ordering::Relaxed) {
            return None;
        }
        let doing = self.inner.lock();
        match doing.blocked {
            Some(blocked) => (blocked.elapsed() > SLOW).then_some(blocked),
            None => (doing.requests == 0).then_some(doing.since),
        }
    }

    /// Whether nothing whole has arrived for so long. Who speaks HTTP/2 may be silent between requests.
    pub(crate) fn is_silent_for(&self, patience: Duration) -> bool {
        let doing = self.inner.lock();
        doing.requests == 0 && !doing.http2 && doing.blocked.is_none() && doing.since.elapsed() > patience
    }

    /// Makes it end, by ending what it reads and writes.
    pub(crate) fn evict(&self) {
        self.evicted.store(true, Ordering::Relaxed);
        // A socket that cannot be shut down is closed already.
        let _ = shutdown(&*self.stream, Shutdown::Both);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct InRequest(Arc<Activity>);

impl Drop for InRequest {
    fn drop(&mut self) {
        let mut doing = self.0.inner.lock();
        doing.requests -= 1;
        doing.since = Instant::now();
    }
}

/// Completes when the peer has gone. Who has closed its sending side only still waits, and cannot be told from who is gone
/// until something is sent: so it is given some time.
pub(crate) async fn left(stream: Arc<TcpStream>) {
    match stream.peek(&mut [0]).await {
        Ok(0) => sleep(HALF_CLOSED).await,
        // It sends the next request already: it is there.
        Ok(_) => std::future::pending().await,
        Err(_) => {}
    }
}

/// A socket whose writes may only stall for a while.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Arc<TcpStream>,
    activity: Arc<Activity>,
    stall: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(crate) fn new(stream: Arc<TcpStream>, activity: Arc<Activity>, stall: Duration) -> Self {
        Self { stream, activity, stall, deadline: None }
    }

    /// What the peer begins with, which is still there to be read; none where it says nothing.
    pub(crate) async fn first_byte(&self) -> Option<u8> {
        let mut first = [0];
        (self.stream.peek(&mut first).await.ok()? == 1).then_some(first[0])
    }

    /// Reads what has arrived: who closes with unread bytes takes back what was written (RFC 1122, section 4.2.2.13).
    pub(crate) async fn drain(&mut self) {
        let mut rest = [0; 4096];
        let _ = timeout(HALF_CLOSED, async { while self.read(&mut rest).await.is_ok_and(|count| count > 0) {} }).await;
    }

    fn write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.stream.poll_write_ready(cx)?.is_pending() {
                let stall = self.stall;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(stall)));
                self.activity.inner.lock().blocked.get_or_insert_with(Instant::now);
                ready!(deadline.as_mut().poll(cx));
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads nothing")));
            }
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => {
                    if self.deadline.take().is_some() {
                        let mut doing = self.activity.inner.lock();
                        // Who reads slowly is not idle.
                        (doing.blocked, doing.since) = (None, Instant::now());
                    }
                    return Poll::Ready(written);
                }
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(buf) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream| stream.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket is closed as soon as nobody holds it any more, which is when the connection is done.
        Poll::Ready(Ok(()))
    }
}
