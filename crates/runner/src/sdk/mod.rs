//! The SDK lane: calls go through an SDK, driven by a small program, to a mock that tells what arrived.
//!
//! The scenarios stay what they are. An operation of the contract is handed to the driver instead of being sent; what went
//! over the wire is judged as the answer to the scenario, and all sides of a call are compared: what was asked for, what was
//! sent, what came back, what the caller got.
//!
//! In reading order: [`protocol`] (what is said), [`driver`] (to whom), `stand_in` (what shall go wrong, and what arrived),
//! [`code`] and `finding` (what is wrong), `arguments`, `sent`, `attempts` (what was asked for and went over the wire),
//! `compare` (what the caller got), [`lane`], `outcomes`.

mod arguments;
mod attempts;
pub mod code;
mod compare;
pub mod driver;
mod finding;
pub mod lane;
mod outcomes;
pub mod protocol;
mod sent;
mod stand_in;

pub use code::Code;
pub use driver::{Broken, Drivers, Ready};
pub use lane::{Patience, SdkLane};
