//! What goes wrong on the way between a client and a server: faults as data, applied at the HTTP boundary.
//!
//! A fault names the requirement that it breaks. It alters requests or answers, answers without asking, lists by another
//! rule, does something else too, remembers, delays, cuts. Store and pager of the mock know nothing of it.
//!
//! In reading order: [`model`], [`mod@parse`], [`subject`] (whose requests they are), `change` (what is done to a request or an answer), `relist` (another list), `also` (something
//! else), `memory` (what was created), [`boundary`].

mod also;
pub mod boundary;
mod change;
mod memory;
pub mod model;
pub mod parse;
mod relist;
pub mod subject;

pub use boundary::Harm;
pub use model::Fault;
pub use parse::parse;
pub use subject::{Operations, Subject};
