//! The judge: replays scenarios against a base URL and says which requirements hold.
//!
//! It knows a server only by its URL: the mock and a server in production take the same road.
//!
//! In reading order: [`mod@bind`] (scenarios meet the contract; mistakes are found before the first request), [`target`],
//! `client` (the HTTP lane), `world` (what a scenario knows), `value` (expressions and templates worked out), `walk`,
//! `judge`, `replay` (one scenario), `cleanup`, [`mod@run`].

pub mod bind;
mod cleanup;
mod client;
mod judge;
mod replay;
pub mod run;
pub mod target;
mod value;
mod walk;
mod world;

pub use bind::{Bound, bind};
pub use run::{Unreachable, run};
pub use target::{Target, Tokens};
