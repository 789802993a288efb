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
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One judged check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The strongest level among the cited requirements.
    pub level: Level,
    /// The cited requirements: id and statement.
    pub requirements: Vec<(String, String)>,
    /// Where the check is written.
    pub position: Position,
    /// The request that was judged, in one line (`GET /v2/things?limit=3 → 200`); empty when none was sent.
    pub exchange: String,
    /// What the check expects.
    pub expected: String,
    /// What was found: all of it, one mismatch a line. Empty on a pass.
    pub found: Vec<String>,
}
