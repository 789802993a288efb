//! The judge: replays scenarios against a base URL and says which requirements hold.
//!
//! It knows a server only by its URL: the mock and a server in production take the same road.
//!
//! In reading order: [`mod@bind`] (scenarios meet the contract; mistakes are found before the first request),
//! [`mod@select`], [`target`], [`settings`], `lane` (where answers come from: `client` with its `connector`, its [`tls`] and its `rate_limiter`, and `failure` for what got no response, or a [`recording`]; `real_server` for requests of others),
//! `world` (what a scenario knows), `value` (expressions and templates worked out), `walk`, `relate` and `judge`, `replay` (one
//! scenario: `request`, `send`, `probe`; `oracle`, which judges every answer), `ledger` and [`journal`] (what was created, in memory and on disk), `cleanup`, [`sweep`],
//! [`known`] (failures that are excused), `evidence` (what may be told of it), `transcript`, [`stable`] and [`snapshot`] (how a target behaved before), [`change`] (what a difference means), [`contact`] and [`mod@run`], [`mod@mutate`] (does the suite notice
//! defects?), [`traffic`] (what a client sent, judged), [`document_traffic`] with `document_request` (the same by any document), [`sdk`] (calls through an SDK), [`mod@derived`] (a server, with nothing but a document) [`mod@expected`] (what that would check) and [`document_mutate`] (what that would notice).

pub mod bind;
pub mod change;
mod cleanup;
mod client;
mod connections;
mod connector;
pub mod contact;
pub mod coverage;
pub mod derived;
pub mod document_mutate;
mod document_request;
pub mod document_traffic;
mod evidence;
pub mod expected;
mod failure;
mod goaway;
pub mod har;
mod http2;
pub mod journal;
mod judge;
pub mod known;
mod lane;
mod ledger;
pub mod mutate;
mod obstacle;
mod oracle;
mod probe;
mod rate_limiter;
mod real_server;
pub mod recording;
mod relate;
mod replay;
mod request;
pub mod run;
pub mod sdk;
pub mod select;
mod send;
pub mod settings;
pub mod snapshot;
pub mod stable;
mod step;
mod subject;
pub mod sweep;
pub mod target;
pub mod tls;
pub mod traffic;
pub mod transcribe;
mod transcript;
mod url;
mod value;
mod vocabulary;
mod walk;
pub mod word;
mod world;

pub use bind::{Bound, bind};
pub use contact::Unreachable;
pub use document_request::DocumentReader;
pub use known::KnownFailures;
pub use real_server::RealServer;
pub use recording::{Recorder, Recording};
pub use run::{Run, Source, run};
pub use select::{Keep, Selected, select};
pub use settings::Settings;
pub use snapshot::Snapshots;
pub use target::{Target, Tokens};
