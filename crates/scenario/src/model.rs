//! A scenario as it is replayed.

use conformance_source::{SourceFile, Span};

use crate::expression::Expression;
use crate::template::Template;

/// A script of steps against one workspace.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `area/behaviour`, from the file's path.
    pub name: String,
    /// What it shows, in one line.
    pub summary: String,
    /// The file it stands in.
    pub file: SourceFile,
    /// Whether no other scenario may run at the same time.
    pub alone: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
    /// How often.
    pub rounds: Rounds,
    /// What each answer must be.
    pub checks: Vec<Check>,
    /// What later steps may use, by name.
    pub outputs: Vec<(String, Expression)>,
}

impl Step {
    /// All checks of the step, those on each page of a walk first.
    pub fn all_checks(&self) -> impl Iterator<Item = &Check> {
        let each_page = match &self.kind {
            StepKind::Walk(walk) => &walk.each_page[..],
            StepKind::Call(_) => &[],
        };
        each_page.iter().chain(&self.checks)
    }
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Calls an operation.
    Call(Call),
    /// Pages through a list.
    Walk(Walk),
}

impl StepKind {
    /// The operation's id and its place.
    #[must_use]
    pub fn operation(&self) -> (&str, &Span) {
        match self {
            Self::Call(call) => (&call.operation, &call.operation_span),
            Self::Walk(walk) => (&walk.call.operation, &walk.call.operation_span),
        }
    }

    /// The call that is made, for a walk the one that every page repeats.
    #[must_use]
    pub fn call(&self) -> &Call {
        match self {
            Self::Call(call) => call,
            Self::Walk(walk) => &walk.call,
        }
    }
}

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Call {
    /// `operationId`
    pub operation: String,
    /// Where the id stands.
    pub operation_span: Span,
    /// Arguments, by parameter name, with the name's place.
    pub parameters: Vec<(String, Span, Template)>,
    /// The JSON body.
    pub body: Option<Template>,
    /// What is done to the request behind the contract's back.
    pub raw: Option<Raw>,
}

/// Departures from the contract, for steps about the protocol itself. Such a step cannot go through an SDK.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// In place of `Authorization: Bearer <token>`; an empty text sends no such field.
    pub authorization: Option<String>,
    /// In place of the operation's method.
    pub method: Option<String>,
    /// Appended to the path as it is.
    pub query: Option<String>,
    /// Set (or, when null, removed) after all others; names in lower case.
    pub headers: Vec<(String, Option<String>)>,
    /// Sent as it is.
    pub body: Option<Template>,
}

/// A walk through the pages of a list.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The first call; the walk sets the cursor.
    pub call: Call,
    /// Which way.
    pub direction: Direction,
    /// The object to begin at, which is itself not visited; none begins at the list's own beginning.
    pub from: Option<Template>,
    /// Stop when all of these ids were seen; without it the walk goes on while there is more.
    pub until: Option<Template>,
    /// What every single page must be.
    pub each_page: Vec<Check>,
}

/// Which way a walk goes through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// In list order.
    Forward,
    /// Against list order; each page is still in list order.
    Backward,
}

/// How often a step is done.
#[derive(Clone, Debug)]
pub enum Rounds {
    /// Once; outputs are single values.
    Once,
    /// This many times; outputs are lists, `$index` counts from 0.
    Times(u64),
    /// Once per item of a list, in `$item`; outputs are lists.
    ForEach(Template),
}

/// One thing that must hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where it stands.
    pub span: Span,
    /// The requirements that it tests, with their places.
    pub cites: Vec<(String, Span)>,
    /// Judge only answers with one of these statuses; empty for all.
    pub if_status: Vec<String>,
    /// What must hold.
    pub expectation: Expectation,
}

/// What must hold of an answer.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// One of these statuses or classes (`404`, `4XX`).
    Status(Vec<String>),
    /// The body and media type are as the contract documents them for this operation and status.
    Documented,
    /// A value stands in a relation to another.
    Value {
        /// The value.
        that: Expression,
        /// The relation.
        operator: Operator,
        /// The other value.
        other: Template,
    },
}

/// A relation between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The same JSON value; numbers by value, objects in any order.
    Equals,
    /// Another JSON value.
    NotEquals,
    /// Text that a regular expression finds a match in.
    Matches,
    /// Whether the value is there at all.
    Exists,
    /// A number that is not smaller.
    AtLeast,
    /// A number that is not greater.
    AtMost,
    /// A number that is greater.
    GreaterThan,
    /// A list or text of this length; text is counted in code points.
    Length,
    /// A list with this item, or text with this part.
    Contains,
    /// A list without this item, or text without this part.
    Excludes,
}

impl Operator {
    /// The key in a file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEquals => "notEquals",
            Self::Matches => "matches",
            Self::Exists => "exists",
            Self::AtLeast => "atLeast",
            Self::AtMost => "atMost",
            Self::GreaterThan => "greaterThan",
            Self::Length => "length",
            Self::Contains => "contains",
            Self::Excludes => "excludes",
        }
    }

    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Equals,
        Self::NotEquals,
        Self::Matches,
        Self::Exists,
        Self::AtLeast,
        Self::AtMost,
        Self::GreaterThan,
        Self::Length,
        Self::Contains,
        Self::Excludes,
    ];
}
