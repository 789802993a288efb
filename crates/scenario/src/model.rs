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
        that: Template,
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
    /// A value that fits a JSON Schema.
    Conforms,
    /// Whether the value is there at all.
    Exists,
    /// A number that is not smaller.
    AtLeast,
    /// A number that is not greater.
    AtMost,
    /// A number that is greater.
    GreaterThan,
    /// A number that is smaller.
    LessThan,
    /// A list or text of this length; text is counted in code points.
    Length,
    /// A list with this item, or text with this part.
    Contains,
    /// A list without this item, or text without this part.
    Excludes,
    /// A list with all of these items.
    ContainsAll,
    /// A list with none of these items.
    ExcludesAll,
    /// A list with these items, in any order.
    SameItems,
    /// A list whose items stand in this one too, in the same order.
    InOrderOf,
    /// A list that this one begins with; it may be empty.
    StartOf,
    /// A list that this one ends with; it may be empty.
    EndOf,
}

impl Operator {
    /// The operator, its key in a file, and what it says of a value.
    const TABLE: [(Self, &'static str, &'static str); 18] = [
        (Self::Equals, "equals", "equals"),
        (Self::NotEquals, "notEquals", "differs from"),
        (Self::Matches, "matches", "matches"),
        (Self::Conforms, "conforms", "conforms to"),
        (Self::Exists, "exists", "exists:"),
        (Self::AtLeast, "atLeast", "is at least"),
        (Self::AtMost, "atMost", "is at most"),
        (Self::GreaterThan, "greaterThan", "is greater than"),
        (Self::LessThan, "lessThan", "is less than"),
        (Self::Length, "length", "has the length"),
        (Self::Contains, "contains", "contains"),
        (Self::Excludes, "excludes", "does not contain"),
        (Self::ContainsAll, "containsAll", "contains all of"),
        (Self::ExcludesAll, "excludesAll", "contains none of"),
        (Self::SameItems, "sameItems", "has the same items as"),
        (Self::InOrderOf, "inOrderOf", "is in the order of"),
        (Self::StartOf, "startOf", "is a beginning of"),
        (Self::EndOf, "endOf", "is an end of"),
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|(operator, ..)| *operator)
    }

    /// The key in a file.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.row().0
    }

    /// What it says of a value: "is at least".
    #[must_use]
    pub fn phrase(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        Self::TABLE.iter().find(|(operator, ..)| *operator == self).map_or(("", ""), |(_, key, phrase)| (key, phrase))
    }
}
