//! What a request or a response has against it, with a code that stays the same from release to release.

use std::fmt;

/// The kind of a finding. Its text (`unknown-parameter`) is stable: people list it in `--allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// No operation has this path.
    UnknownPath,
    /// The path is known, but not with this method.
    UnknownMethod,
    /// A secured operation was called without credentials, or with another scheme than the contract's.
    MissingCredentials,
    /// A query parameter that the operation does not have.
    UnknownParameter,
    /// A query parameter that is given more than once.
    RepeatedParameter,
    /// A parameter whose value breaks its schema.
    InvalidParameter,
    /// A required parameter that is absent.
    MissingParameter,
    /// A body in another media type than the contract's.
    WrongContentType,
    /// A required body that is absent.
    MissingBody,
    /// A body that is not JSON.
    MalformedBody,
    /// A body that breaks its schema.
    InvalidBody,
    /// A body property that the schema does not name.
    UnknownProperty,
    /// A body where the contract has none.
    UnexpectedBody,
    /// A status that the contract does not document for the operation.
    UndocumentedStatus,
}

impl Code {
    /// The stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::UnknownMethod => "unknown-method",
            Self::MissingCredentials => "missing-credentials",
            Self::UnknownParameter => "unknown-parameter",
            Self::RepeatedParameter => "repeated-parameter",
            Self::InvalidParameter => "invalid-parameter",
            Self::MissingParameter => "missing-parameter",
            Self::WrongContentType => "wrong-content-type",
            Self::MissingBody => "missing-body",
            Self::MalformedBody => "malformed-body",
            Self::InvalidBody => "invalid-body",
            Self::UnknownProperty => "unknown-property",
            Self::UnexpectedBody => "unexpected-body",
            Self::UndocumentedStatus => "undocumented-status",
        }
    }

    /// Whether the contract leaves the thing open: worth a note, never a refusal unless asked for.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Self::UnknownParameter | Self::UnknownProperty | Self::UnexpectedBody)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that a request or a response has against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// Where: `query.limit`, `body/title`, `header.content-type`.
    pub place: String,
    /// What was found and what was expected, in one sentence.
    pub message: String,
    /// The schema keyword that says so (`schemas/x.json#/properties/y/maxLength`), where one does.
    pub rule: Option<String>,
}

impl Finding {
    /// A finding that no schema keyword stands behind.
    pub fn new(code: Code, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, place: place.into(), message: message.into(), rule: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
