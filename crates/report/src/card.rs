//! The card of a check: everything there is to say about it, in one text that every report shows.
//!
//! Rows of a name and lines beside it; what is bold, dimmed or coloured in a terminal is plain elsewhere.

use anstyle::{AnsiColor, Style};
use conformance_record::{CheckOutcome, Exchange, Verdict};

use crate::curl::reproduce;
use crate::fold::{body, oddities, requests};
use crate::visible::visible;

pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// How many mismatches a card shows.
const MOST: usize = 12;

/// What a card needs besides the check.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The scenario's name.
    pub scenario: &'c str,
    /// What went over the wire.
    pub exchanges: &'c [Exchange],
    /// Where requests can be sent by hand; empty when nowhere.
    pub origin: &'c str,
    /// The command that starts a server there first, where that is needed.
    pub start_with: Option<&'c str>,
    /// What is to be typed before `--only` to run this again.
    pub again: &'c str,
}

/// One line of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What stands to the left of the first line of a row; empty below it.
    pub name: &'static str,
    /// How it looks.
    pub kind: Kind,
    /// The text.
    pub text: String,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, which may be broken into lines.
    Words,
    /// Code, which stands as it is.
    Code,
    /// What was expected.
    Expected,
    /// What was found.
    Found,
}

/// The verdict as a word.
#[must_use]
pub fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Warn => "warn",
        Verdict::Known(_) => "known",
        Verdict::NotApplicable(_) => "not applicable",
        Verdict::CouldNotRun(_) => "could not run",
        Verdict::ToolFault(_) => "tool fault",
    }
}

/// The ids of the cited requirements.
#[must_use]
pub fn ids(check: &CheckOutcome) -> String {
    check.requirements.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// The head of a card: `fail MUST page.has-more`.
#[must_use]
pub fn head(check: &CheckOutcome) -> String {
    format!("{} {} {}", word(&check.verdict), check.level, ids(check))
}

/// A check that follows from a document, in a line: what it is about, and what was found.
#[must_use]
pub fn brief(check: &CheckOutcome) -> String {
    let about = check.requirements.first().map(|one| one.statement.as_str()).unwrap_or_default();
    match check.found.first() {
        Some(found) => visible(&format!("{about}: {found}")),
        None => visible(about),
    }
}

/// Whether a check follows from a document, and stands in no scenario file.
#[must_use]
pub fn is_derived(check: &CheckOutcome) -> bool {
    check.position.column == 0
}

/// The lines below the head.
#[must_use]
pub fn lines(check: &CheckOutcome, context: Context<'_>) -> Vec<Line> {
    let mut card = Card::default();
    for one in &check.requirements {
        card.words("rule", &one.statement);
        for source in &one.sources {
            card.words("source", source);
        }
    }
    let failed = matches!(check.verdict, Verdict::Fail | Verdict::Warn | Verdict::Known(_));
    let exchange = check.exchange.and_then(|number| context.exchanges.iter().find(|one| one.number == number));
    // What is wrong first, then what led there.
    card.words("expected", &check.expected);
    for meaning in &check.meanings {
        card.words("where", meaning);
    }
    card.found(check);
    card.words("at", &check.position.to_string());
    card.source(check);
    if let Some(exchange) = exchange.filter(|_| failed) {
        card.exchange(exchange, context.exchanges);
    }
    if let Verdict::NotApplicable(reason)
    | Verdict::Known(reason)
    | Verdict::CouldNotRun(reason)
    | Verdict::ToolFault(reason) = &check.verdict
    {
        card.words("because", reason);
    }
    if failed {
        if let Some(exchange) = exchange.filter(|_| !context.origin.is_empty()) {
            if let Some(command) = context.start_with {
                card.code("reproduce", &format!("# with `{command}` running"));
            }
            for line in reproduce(context.origin, exchange, context.exchanges) {
                card.code("reproduce", &line);
            }
        }
        let line = if check.source.is_empty() { String::new() } else { format!(":{}", check.position.line) };
        // A line of a fragment is none of the scenario.
        let own = check.position.file.ends_with(&format!("{}.yaml", context.scenario));
        let line = if own { line } else { String::new() };
        if !context.again.is_empty() {
            card.code("rerun", &format!("{} --only {}{line}", context.again, context.scenario));
        }
    }
    card.lines
}

/// A card as plain text.
#[must_use]
pub fn plain(check: &CheckOutcome, context: Context<'_>) -> String {
    let mut text = format!("{}\n", head(check));
    for line in lines(check, context) {
        text.push_str(&format!("  {:<10}{}\n", line.name, line.shown()));
    }
    text
}

impl Line {
    /// The text with the sign of what it is.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.kind {
            Kind::Words | Kind::Code => self.text.clone(),
            Kind::Expected => format!("- {}", self.text),
            Kind::Found => format!("+ {}", self.text),
        }
    }
}

#[derive(Default)]
struct Card {
    lines: Vec<Line>,
    row: &'static str,
}

impl Card {
    fn line(&mut self, name: &'static str, kind: Kind, text: String) {
        let shown = if self.row == name { "" } else { name };
        self.row = name;
        self.lines.push(Line { name: shown, kind, text });
    }

    fn words(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.line(name, Kind::Words, visible(text));
        }
    }

    fn code(&mut self, name: &'static str, text: &str) {
        for line in text.lines() {
            self.line(name, Kind::Code, visible(line));
        }
    }

    /// The check as it is written, with a caret below its first line.
    fn source(&mut self, check: &CheckOutcome) {
        let first = check.position.line;
        let width = (first + check.source.lines().count()).to_string().len();
        for (index, line) in check.source.lines().enumerate() {
            self.code("at", &format!("{:>width$} | {line}", first + index));
            if index == 0 {
                self.code("at", &format!("{:>width$} | {}^", "", " ".repeat(check.position.column.saturating_sub(1))));
            }
        }
    }

    /// What was sent before, what was sent, and what came back.
    fn exchange(&mut self, exchange: &Exchange, all: &[Exchange]) {
        let oddities = oddities(&exchange.request).map_or_else(String::new, |said| format!("  ({said})"));
        self.code("sent", &format!("{} {}{oddities}", exchange.request.method, exchange.request.target));
        for line in body(&exchange.request.body) {
            self.code("sent", &line);
        }
        match &exchange.response {
            Ok(response) => {
                let media = response.header("content-type").unwrap_or("");
                self.code("answered", format!("{} {media}", response.status).trim_end());
                for line in body(&response.body) {
                    self.code("answered", &line);
                }
            }
            Err(reason) => self.words("answered", &reason.to_string()),
        }
        let before: Vec<&Exchange> = all.iter().filter(|one| one.number < exchange.number).collect();
        for line in requests(&before) {
            self.words("before", &line);
        }
    }

    fn found(&mut self, check: &CheckOutcome) {
        let mut round = "";
        for one in check.found.iter().take(MOST) {
            match &one.expected {
                Some(expected) => {
                    if !one.round.is_empty() && one.round != round {
                        self.words("found", &one.round);
                        round = &one.round;
                    }
                    let place = if one.place.is_empty() { String::new() } else { format!("{}: ", one.place) };
                    self.line("found", Kind::Expected, visible(&format!("{place}{expected}")));
                    self.line("found", Kind::Found, visible(&format!("{place}{}", one.found)));
                }
                None => self.words("found", &one.to_string()),
            }
        }
        if check.found.len() > MOST {
            self.words("found", &format!("and {} more", check.found.len() - MOST));
        }
    }
}
