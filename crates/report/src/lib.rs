//! Tells what a run found. Each format is a file; each listens to events and writes to whatever it is given.
//!
//! In reading order: [`mod@card`] (everything about one check, the same text everywhere; `fold`, [`mod@visible`], [`mod@curl`]),
//! [`terminal`] (as it happens; `drift`), [`collect`] (a whole run), and the formats that are written when it is over: [`mod@junit`],
//! [`mod@json`], [`mod@html`], [`mod@markdown`], [`mod@github`].

pub mod card;
pub mod collect;
pub mod curl;
mod drift;
mod fold;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod terminal;
pub mod visible;

pub use collect::{Background, Collected};
pub use drift::{diff, wrapped};
pub use terminal::{Telling, Terminal, Verbosity, count};
