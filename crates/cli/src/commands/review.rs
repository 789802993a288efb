//! `conformance review`: walk through pending snapshots, and say of each what it shall be.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use conformance_contract::Contract;
use conformance_runner::change::{Label, changes};
use conformance_runner::snapshot::{self, Pending};
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::{args, embedded, terminal};

/// What shall become of a pending snapshot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject,
    Skip,
    Quit,
}

/// Reviews.
pub fn run(suite: Option<&Path>, args: &args::Accept) -> Result<Exit, Failure> {
    let contract = embedded::open(suite)?.contract;
    let wrong = |error: io::Error| Diagnostic::general(format!("a snapshot cannot be reviewed: {error}"));
    let pending = snapshot::pending(&args.snapshots, &args.names).map_err(wrong)?;
    if pending.is_empty() {
        terminal::line(&format!("nothing is pending in {}", args.snapshots.display()));
        return Ok(Exit::Ok);
    }
    let (mut accepted, mut rejected) = (0, 0);
    for (index, one) in pending.iter().enumerate() {
        show(&contract, one, index + 1, pending.len());
        match ask() {
            Answer::Accept => {
                one.accept().map_err(wrong)?;
                accepted += 1;
            }
            Answer::Reject => {
                one.reject().map_err(wrong)?;
                rejected += 1;
            }
            Answer::Skip => {}
            Answer::Quit => break,
        }
    }
    let left = pending.len() - accepted - rejected;
    terminal::line(&format!("\naccepted {accepted}, rejected {rejected}, still pending {left}"));
    Ok(Exit::Ok)
}

fn show(contract: &Contract, one: &Pending, number: usize, of: usize) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let changes = changes(contract, &one.old, &one.new);
    let worst = changes.iter().map(|change| change.label).max();
    let label = worst.map_or("no change in what was answered", Label::word);
    let style = style(worst);
    terminal::line(&format!("\n{bold}{}{bold:#} {dim}{number} of {of}{dim:#} {style}{label}{style:#}", one.name));
    for change in &changes {
        let style = self::style(Some(change.label));
        let what = conformance_report::visible::visible(&change.what);
        terminal::line(&format!("  {style}{:<9}{style:#} {what}", change.label.word()));
    }
    terminal::line(conformance_report::diff(&one.diff(), terminal::width()).trim_end());
}

const fn style(label: Option<Label>) -> Style {
    match label {
        Some(Label::Breaking) => AnsiColor::Red.on_default(),
        Some(Label::Additive) => AnsiColor::Green.on_default(),
        Some(Label::Scenario) => AnsiColor::Yellow.on_default(),
        Some(Label::Cosmetic) | None => Style::new().dimmed(),
    }
}

/// Asks until there is an answer: a key at a terminal, else a line; the end of the input ends the review.
fn ask() -> Answer {
    terminal::line("(a)ccept, (r)eject, (s)kip, (q)uit?");
    loop {
        let key = if io::stdin().is_terminal() {
            console::Term::stderr().read_char().ok()
        } else {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line).unwrap_or(0);
            (read > 0).then(|| line.trim().chars().next().unwrap_or(' '))
        };
        match key.map(|key| key.to_ascii_lowercase()) {
            Some('a') => return Answer::Accept,
            Some('r') => return Answer::Reject,
            Some('s') => return Answer::Skip,
            Some('q') | None => return Answer::Quit,
            Some(_) => terminal::line("a, r, s or q?"),
        }
    }
}
