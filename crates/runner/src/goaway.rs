//! Which requests a server did not process, as its GOAWAY tells: read beside the protocol, for h2 does not hand it on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long the head of a frame is (RFC 9113, 4.1).
const HEAD: usize = 9;
/// The type of a GOAWAY frame (RFC 9113, 6.8).
const GOAWAY: u8 = 7;
/// No stream has this number: they have 31 bits.
const NONE: u32 = u32::MAX;

/// The last stream that a server may have processed, once it has said so.
#[derive(Debug)]
pub(crate) struct LastProcessed(AtomicU32);

impl Default for LastProcessed {
    fn default() -> Self {
        Self(AtomicU32::new(NONE))
    }
}

impl LastProcessed {
    /// The number of the stream; none while the server takes requests.
    pub(crate) fn get(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Acquire)).filter(|last| *last != NONE)
    }
}

/// Finds GOAWAY frames in what a server sends, however it is cut.
#[derive(Debug, Default)]
struct Frames {
    /// What has come of a frame's head.
    head: Vec<u8>,
    /// How much of the frame is still to come.
    left: usize,
    /// What has come of a GOAWAY's first four bytes.
    last: Option<Vec<u8>>,
}

impl Frames {
    /// The last stream that the bytes name, if they do.
    fn read(&mut self, mut bytes: &[u8]) -> Option<u32> {
        let mut found = None;
        while !bytes.is_empty() {
            if self.left == 0 {
                let taken = bytes.len().min(HEAD - self.head.len());
                self.head.extend_from_slice(&bytes[..taken]);
                bytes = &bytes[taken..];
                let [a, b, c, kind, ..] = self.head[..] else { continue };
                if self.head.len() == HEAD {
                    self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                    self.last = (kind == GOAWAY).then(Vec::new);
                    self.head.clear();
                }
                continue;
            }
            let (here, rest) = bytes.split_at(bytes.len().min(self.left));
            if let Some(last) = &mut self.last {
                last.extend_from_slice(&here[..here.len().min(4 - last.len())]);
                if let Ok(whole) = <[u8; 4]>::try_from(&last[..]) {
                    // The first bit is reserved.
                    found = Some(u32::from_be_bytes(whole) & (u32::MAX >> 1));
                    self.last = None;
                }
            }
            self.left -= here.len();
            bytes = rest;
        }
        found
    }
}

/// A connection whose server's GOAWAY frames are noted.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    frames: Frames,
    last: Arc<LastProcessed>,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, last: Arc<LastProcessed>) -> Self {
        Self { inner, frames: Frames::default(), last }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if let Some(last) = self.frames.read(&buffer.filled()[before..]) {
            self.last.0.store(last, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const DATA: &[u8] = &[0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 8, 7, 0, 0, 0, 0, 0];
    const AWAY: &[u8] = &[0, 0, 10, 7, 0, 0, 0, 0, 0, 0x80, 0, 1, 5, 0, 0, 0, 0, b'h', b'i'];

    #[rstest]
    #[case(&[SETTINGS, DATA], None)]
    #[case(&[SETTINGS, DATA, AWAY], Some(261))]
    #[case(&[AWAY, DATA, SETTINGS], Some(261))]
    fn a_goaway_is_found_however_the_bytes_are_cut(#[case] sent: &[&[u8]], #[case] expected: Option<u32>) {
        let bytes = sent.concat();
        for size in 1..=bytes.len() {
            let mut frames = Frames::default();
            let found = bytes.chunks(size).filter_map(|part| frames.read(part)).last();
            assert_eq!(found, expected, "in parts of {size}");
        }
    }
}
