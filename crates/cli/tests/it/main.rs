//! The command as people meet it: real processes, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bed;
mod benign;
mod bundle;
mod constructs;
mod context;
mod control;
mod coverage;
mod documents;
mod edited_suites;
mod exec;
mod exit_codes;
mod formats;
mod guide;
mod house;
mod invalid;
mod leftovers;
mod mock;
mod mutate;
mod pipelines;
mod readme;
mod recordings;
mod reports;
mod review;
mod roads;
mod safety;
mod scripts;
mod sdk;
mod sdk_findings;
mod second_suite;
mod server;
mod snapshots;
mod third_suite;
mod verdicts;
mod weather;
mod wire;
