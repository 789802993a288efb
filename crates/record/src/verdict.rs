//! What a check came to.

use std::fmt;

/// How binding a requirement is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing; never a failure.
    Info,
    /// A breach is a warning.
    Should,
    /// A breach is a failure.
    Must,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "INFO",
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        })
    }
}

/// The verdict on one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The requirement holds.
    Pass,
    /// A MUST does not hold.
    Fail,
    /// A SHOULD does not hold.
    Warn,
    /// It does not hold, which is known, for this reason.
    Known(String),
    /// The check does not apply to what this server answered, for this reason.
    NotApplicable(String),
    /// The check could not be judged here, for this reason; it is never green.
    CouldNotRun(String),
    /// This program went wrong, not the server.
    ToolFault(String),
}

/// Where a check stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file, as shown to people.
    pub file: String,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column, from 1, in characters; 0 where a check follows from a document and is written nowhere.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// A requirement that a check cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What it demands.
    pub statement: String,
    /// The documents that it comes from, each with the place there.
    pub sources: Vec<String>,
}

/// One thing that is otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Mismatch {
    /// In which round of a repeated step, or on which page of a walk; empty when there is but one.
    pub round: String,
    /// Where in the value: a JSON Pointer; empty for the value itself.
    pub place: String,
    /// What was expected there, where that differs from place to place.
    pub expected: Option<String>,
    /// What was found there.
    pub found: String,
}

impl Mismatch {
    /// A mismatch of the whole value, in words.
    #[must_use]
    pub fn of(found: impl Into<String>) -> Self {
        Self { found: found.into(), ..Self::default() }
    }

    /// As many as somebody reads, and how many more there are.
    #[must_use]
    pub fn first_few(mut all: Vec<Self>) -> Vec<Self> {
        const TOLD: usize = 5;
        if all.len() > TOLD {
            let more = all.len() - TOLD;
            all.truncate(TOLD);
            all.push(Self::of(format!("and {more} more")));
        }
        all
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.round.is_empty() {
            write!(f, "{}: ", self.round)?;
        }
        match &self.expected {
            None => f.write_str(&self.found),
            Some(expected) => {
                let place = if self.place.is_empty() { "it" } else { &self.place };
                write!(f, "{place} is {}, expected {expected}", self.found)
            }
        }
    }
}

/// One judged check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The strongest level among the cited requirements.
    pub level: Level,
    /// The cited requirements.
    pub requirements: Vec<Cited>,
    /// Where the check is written.
    pub position: Position,
    /// How it is written: the lines of its file that it takes up.
    pub source: String,
    /// The exchange that was judged, by its number in the scenario; none when nothing was sent.
    pub exchange: Option<usize>,
    /// What the check expects.
    pub expected: String,
    /// What is meant by the expressions in that.
    pub meanings: Vec<String>,
    /// What was found: all of it. Empty on a pass.
    pub found: Vec<Mismatch>,
}
