//! Why something could not be judged.

use conformance_record::Verdict;

/// Why something could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It should have been possible: an earlier answer lacked something.
    CouldNotRun(String),
    /// It is out of the question here, by choice or by what the server is.
    NotApplicable(String),
    /// This program went wrong.
    ToolFault(String),
}

impl Obstacle {
    /// The same obstacle, told as part of something.
    pub(crate) fn within(self, what: &str) -> Self {
        match self {
            Self::CouldNotRun(reason) => Self::CouldNotRun(format!("{what}: {reason}")),
            other => other,
        }
    }

    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::CouldNotRun(reason) => Verdict::CouldNotRun(reason),
            Self::NotApplicable(reason) => Verdict::NotApplicable(reason),
            Self::ToolFault(reason) => Verdict::ToolFault(reason),
        }
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::CouldNotRun(reason) | Self::NotApplicable(reason) | Self::ToolFault(reason) => reason,
        }
    }
}

impl From<String> for Obstacle {
    fn from(reason: String) -> Self {
        Self::CouldNotRun(reason)
    }
}

impl From<&str> for Obstacle {
    fn from(reason: &str) -> Self {
        Self::CouldNotRun(reason.to_owned())
    }
}
