//! The command as people meet it: real processes, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod context;
mod edited_suites;
mod exit_codes;
mod formats;
mod guide;
mod invalid;
mod mock;
mod second_suite;
mod wire;
