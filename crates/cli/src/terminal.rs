//! What goes to the terminal besides reports and logs.
//!
//! A closed pipe or a full disk does not end a command in its middle: what was created must still be deleted. It is kept in
//! mind, and the command does not end as if all had been told.

use std::io::{self, Write as _};
use std::sync::OnceLock;

use crate::exit::{Exit, Failure};

/// The first thing that went wrong with stdout.
static STDOUT_ERROR: OnceLock<io::Error> = OnceLock::new();

/// Keeps in mind that something could not be written to stdout.
pub fn check_stdout(written: io::Result<()>) {
    if let Err(error) = written {
        let _ = STDOUT_ERROR.set(error);
    }
}

/// How a command ends, all told: not well when its output is not where it was sent.
pub fn finish(exit: Exit) -> Exit {
    match STDOUT_ERROR.get() {
        // Who reads no further (`| head`) knows it. What failed still failed; what was well is not told in full, and ends as
        // a process does whom the system ends for it: 128 and SIGPIPE.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => match exit {
            Exit::Ok => Exit::Command(141),
            other => other,
        },
        Some(error) if exit != Exit::Interrupted => {
            note(&format!("error: stdout could not be written: {error}; what it holds is not complete"));
            Exit::Usage
        }
        _ => exit,
    }
}

/// Tells what clap has to say: what is wrong with the arguments, or the help that they ask for.
pub fn usage(told: &clap::Error) -> Exit {
    let printed = told.print();
    if told.use_stderr() {
        return Exit::Usage;
    }
    check_stdout(printed);
    finish(Exit::Ok)
}

/// How wide lines on stdout may be: as the terminal, or as `CONFORMANCE_COLUMNS` says, and never so that one cannot be read. Elsewhere lines are not broken:
/// who searches them wants them whole.
pub fn width() -> usize {
    let asked_for = std::env::var("CONFORMANCE_COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    columns.or(asked_for).map_or(usize::MAX, |columns| columns.clamp(40, 120))
}

/// Tells why a command could not do its work.
pub fn error(failure: &Failure) {
    let mut stderr = anstream::stderr().lock();
    // The stream takes the colours out where they are not wanted.
    let _ = writeln!(stderr, "{}", failure.diagnostics.render(true));
}

/// A line on stdout.
pub fn line(text: &str) {
    let mut stdout = anstream::stdout().lock();
    check_stdout(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// Text on stdout, as it is.
pub fn raw(text: &str) {
    let mut stdout = std::io::stdout().lock();
    check_stdout(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// Lines on stderr.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
