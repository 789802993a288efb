//! What happened: exchanges, findings, verdicts and the events that a run tells.
//!
//! Plain data that travels between the crates; nothing here knows a network, a file or a terminal.
//!
//! In reading order: [`exchange`], [`written`], [`no_response`], [`mod@boundary`], [`finding`], [`verdict`], [`event`], [`secrets`].

pub mod boundary;
pub mod event;
pub mod exchange;
pub mod finding;
pub mod no_response;
pub mod secrets;
pub mod truncate;
pub mod verdict;
pub mod written;

pub use boundary::{Answer, Behind, Boundary, Upstream};
pub use event::{RunEvent, SnapshotOutcome, Tally};
pub use exchange::{Exchange, Request, Response};
pub use finding::{Blame, Code, Finding};
pub use no_response::NoResponse;
pub use secrets::Secrets;
pub use verdict::{CheckOutcome, Cited, Level, Mismatch, Position, Verdict};
