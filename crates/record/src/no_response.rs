//! Why a request got no usable response. A closed set: none of them says that a requirement is broken.

use std::fmt;
use std::time::Duration;

/// Why there is no usable response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoResponse {
    /// The request was not sent at all, for this reason.
    NotSent(String),
    /// No connection could be made.
    NotConnected(String),
    /// TLS could not be agreed on.
    Tls(String),
    /// The proxy on the way does not pass requests on.
    ProxyRefused(String),
    /// The server said that it did not process the request (HTTP/2 `GOAWAY` or `REFUSED_STREAM`), or the connection was gone
    /// before anything was sent.
    NotProcessed(String),
    /// The connection ended after the request was sent and before a response began.
    ConnectionClosed(String),
    /// The response ended in its middle.
    Incomplete(String),
    /// Nothing came within this time.
    TimedOut(Duration),
    /// What came is not HTTP.
    NotHttp(String),
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The body cannot be decompressed.
    Undecodable(String),
    /// The server kept asking to come back later.
    RateLimited(String),
    /// Seen from the server: no response was sent yet.
    Pending,
    /// Seen from the server: the client did not wait for the response.
    ClientGone,
    /// Seen from the server: the client went before all of its request had come.
    RequestUnfinished,
    /// Seen from the server: it acted, and its response was lost on purpose.
    ResponseLost,
    /// A fault that was injected on purpose ended the connection.
    Injected(String),
    /// A recording has this reason in words.
    Recorded(String),
}

impl NoResponse {
    /// Whether the server certainly did not act on the request, so that it may be sent again whatever it does.
    #[must_use]
    pub const fn is_unprocessed(&self) -> bool {
        matches!(self, Self::NotProcessed(_) | Self::NotConnected(_))
    }

    /// A reason as it was written down, by `Display`.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        [Self::Pending, Self::ClientGone, Self::RequestUnfinished, Self::ResponseLost]
            .into_iter()
            .find(|one| one.to_string() == text)
            .unwrap_or(Self::Recorded(text))
    }

    /// The same reason with its words changed.
    #[must_use]
    pub fn map_text(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::NotSent(text) => Self::NotSent(change(&text)),
            Self::NotConnected(text) => Self::NotConnected(change(&text)),
            Self::Tls(text) => Self::Tls(change(&text)),
            Self::ProxyRefused(text) => Self::ProxyRefused(change(&text)),
            Self::NotProcessed(text) => Self::NotProcessed(change(&text)),
            Self::ConnectionClosed(text) => Self::ConnectionClosed(change(&text)),
            Self::Incomplete(text) => Self::Incomplete(change(&text)),
            Self::NotHttp(text) => Self::NotHttp(change(&text)),
            Self::Undecodable(text) => Self::Undecodable(change(&text)),
            Self::RateLimited(text) => Self::RateLimited(change(&text)),
            Self::Injected(text) => Self::Injected(change(&text)),
            Self::Recorded(text) => Self::Recorded(change(&text)),
            Self::TimedOut(_)
            | Self::TooLarge(_)
            | Self::Pending
            | Self::ClientGone
            | Self::RequestUnfinished
            | Self::ResponseLost => self,
        }
    }
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) => write!(f, "the request was not sent: {reason}"),
            Self::NotConnected(reason) => write!(f, "no connection: {reason}"),
            Self::Tls(reason) | Self::Injected(reason) | Self::Recorded(reason) | Self::RateLimited(reason) => {
                f.write_str(reason)
            }
            Self::ProxyRefused(reason) => write!(f, "the proxy refused: {reason}"),
            Self::NotProcessed(reason) => write!(f, "the server did not process the request: {reason}"),
            Self::ConnectionClosed(reason) => write!(f, "the connection ended before a response: {reason}"),
            Self::Incomplete(reason) => write!(f, "the response broke off: {reason}"),
            Self::TimedOut(after) => write!(f, "no response within {} s", after.as_secs_f64()),
            Self::NotHttp(reason) => write!(f, "what came back is not HTTP: {reason}"),
            Self::TooLarge(most) => write!(f, "the response is larger than {most} bytes, the most that is read"),
            Self::Undecodable(reason) => write!(f, "the response cannot be decompressed: {reason}"),
            Self::Pending => f.write_str("no answer was sent yet"),
            Self::ClientGone => f.write_str("the client did not wait for the answer"),
            Self::ResponseLost => f.write_str("the connection was cut after the server had acted"),
            Self::RequestUnfinished => f.write_str("the client did not finish the request"),
        }
    }
}

impl std::error::Error for NoResponse {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_saw_survives_being_written_down() {
        for reason in [NoResponse::Pending, NoResponse::ClientGone, NoResponse::RequestUnfinished] {
            assert_eq!(NoResponse::from_text(reason.to_string()), reason);
        }
    }
}
