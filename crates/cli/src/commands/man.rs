//! `conformance completions` and `conformance man`: what a shell and a reader of manuals want to know, made from the
//! arguments themselves.

use clap::CommandFactory as _;
use conformance_source::Diagnostic;

use crate::args::{Args, Completions};
use crate::exit::{Exit, Failure};
use crate::terminal;

/// Prints the completions of a shell.
pub fn completions(args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "conformance", &mut script);
    terminal::raw(&String::from_utf8_lossy(&script));
    Exit::Ok
}

/// Prints the manual: the page of the program, then one for each command.
pub fn man() -> Result<Exit, Failure> {
    let mut pages = Vec::new();
    let mut program = Args::command();
    program.build();
    let commands = program.get_subcommands().filter(|one| one.get_name() != "help").cloned();
    for command in std::iter::once(program.clone()).chain(commands) {
        let page = clap_mangen::Man::new(command).render(&mut pages);
        page.map_err(|error| Diagnostic::general(format!("the manual cannot be written: {error}")))?;
    }
    terminal::raw(&String::from_utf8_lossy(&pages));
    Ok(Exit::Ok)
}

/// What to say to somebody who asked for nothing: the three things that people come for.
pub fn welcome() -> Exit {
    let bold = anstyle::Style::new().bold();
    terminal::note(&format!(
        "{bold}conformance{bold:#} {}: a contract-testing mock server and conformance suite\n\n\
         Mock the API on this machine:\n  conformance mock\n\n\
         Judge a server:\n  conformance run --base-url https://api.example.com --token TOKEN\n\n\
         Test an SDK or a frontend in CI, on a free port (its first line is the URL):\n  conformance mock --port 0\n\n\
         `conformance run` alone shows a run against a mock of its own; `conformance --help` has all commands.",
        env!("CARGO_PKG_VERSION")
    ));
    Exit::Usage
}
