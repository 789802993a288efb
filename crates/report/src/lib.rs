//! Tells what a run found. Each format is a file; each listens to events and writes to whatever it is given.

pub mod terminal;

pub use terminal::Terminal;
