//! Tells what a run found. Each format is a file; each listens to events and writes to whatever it is given.

mod card;
pub mod terminal;

pub use card::wrapped;
pub use terminal::{Terminal, count};
