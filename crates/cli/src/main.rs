//! `conformance`: stand in for an API, and judge implementations of it.
//!
//! Arguments are parsed ([`args`]), a command does the work ([`commands`]), and its result becomes the exit code ([`exit`]).
//! This crate alone prints and ends the process.

mod args;
mod certificate;
mod commands;
mod control;
mod document;
mod embedded;
mod exit;
mod fallback;
mod faults;
mod log;
mod progress;
mod reports;
mod scripts;
mod server;
mod signals;
mod state;
mod state_file;
mod terminal;
mod watch;
mod weather;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(told) => return terminal::usage(&told).into(),
    };
    args.color.apply();
    let exit = commands::dispatch(args).unwrap_or_else(|failure| {
        terminal::error(&failure);
        failure.exit
    });
    terminal::finish(exit).into()
}
