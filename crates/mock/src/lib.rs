//! The stand-in: a stateful in-memory server that a contract drives.
//!
//! [`Mock::respond`] is the whole of it, without a network: a request in, a response out. [`server::serve`] puts it on
//! a socket. Every body is built from a schema and valid against it before it leaves.
//!
//! In reading order: [`settings`], [`mod@plan`] (what the schemas ask for, worked out once), [`clock`] and [`ids`] (what the
//! mock makes), [`store`] (the objects of a workspace, and pages of them), [`seeds`] and `populate` (what a workspace starts with),
//! `pipeline` (from request to response, for a suite), [`mod@derived`] (the same for any document), [`mod@mock`] (either, as it is served; `take_over` when what is mocked changes), `actions` (what each does to the state), [`problem`] and [`reply`] (what is
//! answered), [`cors`], [`control`] (what a test can ask of the server itself), `service` (a
//! request on a socket), `socket` (what a connection is at), `tls`, [`server`].

mod actions;
pub mod clock;
pub mod control;
pub mod cors;
pub mod derived;
pub mod ids;
mod kept;
pub mod mock;
mod pipeline;
pub mod plan;
mod populate;
pub mod problem;
pub mod reply;
mod saved;
pub mod seeds;
pub mod server;
mod service;
pub mod settings;
mod socket;
pub mod store;
mod take_over;
mod tls;
mod values;
pub mod workspaces;

pub use control::{Control, KnownFault, Script, Workshop};
pub use mock::{Mock, Observer, Witness};
pub use populate::Given;
pub use reply::Reply;
pub use seeds::Seeds;
pub use server::Listeners;
pub use settings::{Limits, Settings};
pub use tls::Tls;
