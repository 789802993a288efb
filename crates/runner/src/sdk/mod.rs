//! The SDK lane: calls go through an SDK, driven by a small program, to a server that tells what arrived.
//!
//! The scenarios stay what they are. An operation of the contract is handed to the driver instead of being sent; what went
//! over the wire is judged as the answer to the scenario, and all sides of a call are compared: what was asked for, what was
//! sent, what came back, what the caller got.
//!
//! In reading order: [`protocol`] (what is said), [`driver`] (to whom), [`wire`] (what arrived), [`finding`] (what is wrong),
//! [`lane`].

pub mod driver;
pub mod finding;
pub mod lane;
pub mod protocol;
pub mod wire;

pub use driver::{Broken, Ready};
pub use lane::SdkLane;
pub use wire::Wire;
