//! What goes to the terminal besides reports and logs. A closed pipe is not an error worth dying of.

use std::io::Write as _;

use crate::exit::Failure;

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
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Text on stdout, as it is.
pub fn raw(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Lines on stderr.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
