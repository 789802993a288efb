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
    /// A token that was sent elsewhere than where the contract has it.
    MisplacedCredentials,
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
    /// A body in another encoding than JSON has, or with a byte order mark.
    WrongEncoding,
    /// A body that breaks its schema.
    InvalidBody,
    /// A body property that the schema does not name.
    UnknownProperty,
    /// A body where the contract has none.
    UnexpectedBody,
    /// A status that the contract does not document for the operation.
    UndocumentedStatus,
    /// A documented header field of a response that is absent, or whose value breaks its schema.
    WrongHeader,
}

impl Code {
    /// The stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::UnknownMethod => "unknown-method",
            Self::MissingCredentials => "missing-credentials",
            Self::MisplacedCredentials => "misplaced-credentials",
            Self::UnknownParameter => "unknown-parameter",
            Self::RepeatedParameter => "repeated-parameter",
            Self::InvalidParameter => "invalid-parameter",
            Self::MissingParameter => "missing-parameter",
            Self::WrongContentType => "wrong-content-type",
            Self::MissingBody => "missing-body",
            Self::MalformedBody => "malformed-body",
            Self::WrongEncoding => "wrong-encoding",
            Self::InvalidBody => "invalid-body",
            Self::UnknownProperty => "unknown-property",
            Self::UnexpectedBody => "unexpected-body",
            Self::UndocumentedStatus => "undocumented-status",
            Self::WrongHeader => "wrong-header",
        }
    }

    /// Every code there is.
    pub const ALL: [Self; 17] = [
        Self::UnknownPath,
        Self::UnknownMethod,
        Self::MissingCredentials,
        Self::MisplacedCredentials,
        Self::UnknownParameter,
        Self::RepeatedParameter,
        Self::InvalidParameter,
        Self::MissingParameter,
        Self::WrongContentType,
        Self::MissingBody,
        Self::MalformedBody,
        Self::WrongEncoding,
        Self::InvalidBody,
        Self::UnknownProperty,
        Self::UnexpectedBody,
        Self::UndocumentedStatus,
        Self::WrongHeader,
    ];

    /// The rule that is broken.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::UnknownPath => "A request goes to a path of the contract, spelled as it is there.",
            Self::UnknownMethod => "A request uses a method that its path has.",
            Self::MissingCredentials => "A request to a secured operation carries `Authorization: Bearer <token>`.",
            Self::MisplacedCredentials => "A token is sent as `Authorization: Bearer <token>`, and nowhere else.",
            Self::UnknownParameter => "A query parameter is one that the operation has, spelled as it is there.",
            Self::RepeatedParameter => "A query parameter is given once.",
            Self::InvalidParameter => "The value of a parameter fits its schema.",
            Self::MissingParameter => "A required parameter is given.",
            Self::WrongContentType => "A body is sent as `application/json`, and unencoded.",
            Self::MissingBody => "A required body is sent.",
            Self::MalformedBody => "A body is JSON.",
            Self::WrongEncoding => "A JSON body is UTF-8 without a byte order mark (RFC 8259, section 8.1).",
            Self::InvalidBody => "A body fits its schema.",
            Self::UnknownProperty => "A property of a body is one that its schema names, spelled as it is there.",
            Self::UnexpectedBody => "An operation without a body gets none.",
            Self::UndocumentedStatus => "An answer has a status that the contract documents.",
            Self::WrongHeader => "A response has the header fields that the contract documents for its status.",
        }
    }

    /// Who is most likely to blame when a client sends it.
    #[must_use]
    pub const fn blame(self) -> Blame {
        match self {
            // Values, and whether there is a token, come from whoever calls the SDK: most often a test of refusals.
            Self::InvalidParameter | Self::MissingParameter | Self::InvalidBody | Self::MissingCredentials => {
                Blame::Test
            }
            Self::UndocumentedStatus | Self::WrongHeader => Blame::Contract,
            _ => Blame::Sdk,
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

/// Who is to blame for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// The client's code: names, paths, encodings.
    Sdk,
    /// Whoever called the client: values, credentials.
    Test,
    /// The contract, which promises what it does not keep.
    Contract,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sdk => "the SDK",
            Self::Test => "the test",
            Self::Contract => "the contract",
        })
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
