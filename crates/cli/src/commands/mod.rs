//! The verbs, one file each.

mod accept;
mod bundle;
mod check;
mod check_document;
mod exec;
mod exec_document;
mod explain;
mod explain_document;
mod init;
mod judge;
mod judge_document;
mod list;
mod list_document;
mod list_faults;
mod man;
pub mod mock;
mod mutate;
mod mutate_document;
mod plan;
mod record;
mod review;
mod run;
mod run_document;
mod schema;
mod sdk;
mod sweep;

use std::sync::Arc;

use crate::args::{Args, Command};
use crate::exit::{Exit, Failure};
use crate::faults::Catalogue;
use crate::{document, embedded};

/// Does what was asked.
pub fn dispatch(args: Args) -> Result<Exit, Failure> {
    let suite = args.suite.as_deref();
    let Some(command) = args.command else { return Ok(man::welcome()) };
    suite.map_or(Ok(()), document::reject_as_suite)?;
    match command {
        Command::Run(run) => run::run(suite, &run),
        Command::Mock(mock) => mock::run(suite, &mock),
        Command::Exec(exec) => match &exec.openapi {
            Some(path) => exec_document::run(path, &exec),
            None => exec::run(suite, &exec),
        },
        Command::Sdk(sdk) => sdk::run(suite, &sdk),
        Command::Accept(accept) => accept::run(&accept),
        Command::Judge(judge) => judge::run(suite, &judge),
        Command::Record(record) => record::run(suite, &record),
        Command::Sweep(sweep) => sweep::run(suite, &sweep),
        Command::Mutate(mutate) => match &mutate.openapi {
            Some(path) => mutate_document::run(path, &mutate),
            None => mutate::run(suite, &mutate),
        },
        Command::Init(init) => init::run(suite, &init),
        Command::Bundle => bundle::run(suite),
        Command::Check(check) => match &check.openapi {
            Some(path) => check_document::run(path, check.format),
            None => check::run(suite),
        },
        Command::List(list) if list.area.as_deref() == Some(list_faults::WORD) => {
            let catalogue = match &list.openapi {
                Some(path) => Catalogue::of(&document::open(path)?),
                None => Catalogue::Suite(Arc::new(embedded::open(suite)?)),
            };
            list_faults::run(&catalogue, list.format)
        }
        Command::List(list) => match &list.openapi {
            Some(path) => list_document::run(path, &list),
            None => list::run(suite, &list),
        },
        Command::Explain(explain) => match &explain.openapi {
            Some(path) => explain_document::run(path, &explain),
            None => explain::run(suite, &explain),
        },
        Command::Review(review) => review::run(suite, &review),
        Command::Schema(schema) => Ok(schema::run(&schema)),
        Command::Completions(completions) => Ok(man::completions(&completions)),
        Command::Man => man::man(),
    }
}

/// The runtime that servers and runs live on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // Bodies may nest deep, and what walks through them recurses.
    const STACK: usize = 16 * 1024 * 1024;
    tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build().map_err(|error| {
        conformance_source::Diagnostic::general(format!("the asynchronous runtime did not start: {error}")).into()
    })
}
