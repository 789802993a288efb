//! How a command can end.

use std::process::ExitCode;

use conformance_source::Diagnostics;

/// The exit codes, each with its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok,
    /// A requirement that is a MUST does not hold.
    Failed,
    /// Bad usage, or a suite that is not sound.
    Usage,
    /// The target cannot be reached, or refuses the token before the first scenario.
    Unreachable,
    /// Something required could not be judged.
    Incomplete,
    /// Something that was created is left over on the server.
    LeftOver,
    /// Ended by Ctrl-C.
    Interrupted,
    /// The code of the command that was run.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Incomplete => 4,
            Exit::LeftOver => 5,
            Exit::Interrupted => 130,
            Exit::Command(code) => code,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What it means for the exit code.
    pub exit: Exit,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { exit: Exit::Usage, diagnostics }
    }
}

impl From<conformance_source::Diagnostic> for Failure {
    fn from(diagnostic: conformance_source::Diagnostic) -> Self {
        Diagnostics::from(diagnostic).into()
    }
}
