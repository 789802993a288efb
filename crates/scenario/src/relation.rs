//! Relations between two values: what a check asks, what a condition depends on.

use conformance_source::Span;

use crate::template::Template;

/// Two values, and how they shall stand to each other.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Where it stands.
    pub span: Span,
    /// The value.
    pub that: Template,
    /// The relation.
    pub operator: Operator,
    /// The other value.
    pub other: Template,
    /// JSON Pointers to what may differ, for [`Operator::UnchangedSince`].
    pub except: Vec<String>,
}

/// How a value stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The same JSON value; numbers by value, objects in any order.
    Equals,
    /// Another JSON value.
    NotEquals,
    /// A value that still has all that an earlier one had; it may have more.
    UnchangedSince,
    /// Text that a regular expression finds a match in.
    Matches,
    /// A value that fits a JSON Schema.
    Conforms,
    /// Whether the value is there at all.
    Exists,
    /// A number that is not smaller, or text that does not sort before.
    AtLeast,
    /// A number that is not greater, or text that does not sort behind.
    AtMost,
    /// A number that is greater, or text that sorts behind.
    GreaterThan,
    /// A number that is smaller, or text that sorts before.
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
    const TABLE: [(Self, &'static str, &'static str); 19] = [
        (Self::Equals, "equals", "equals"),
        (Self::NotEquals, "notEquals", "differs from"),
        (Self::UnchangedSince, "unchangedSince", "is unchanged since"),
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
