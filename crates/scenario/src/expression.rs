//! Runtime expressions: where a value comes from when a scenario is replayed.

use std::fmt;

use conformance_source::pointer;

/// A runtime expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// What it names.
    pub source: Source,
    /// The JSON Pointer after `#`; empty for the whole.
    pub pointer: String,
}

/// What an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `$statusCode`
    StatusCode,
    /// `$response.body`
    ResponseBody,
    /// `$response.text`: the body as it came.
    ResponseText,
    /// `$response.header.NAME` (lower case)
    ResponseHeader(String),
    /// `$response.ids`: the ids of a list answer, in order.
    ResponseIds,
    /// `$response.count`: how many objects a list answer holds.
    ResponseCount,
    /// `$response.own`: those of them that this scenario created.
    ResponseOwn,
    /// `$request.body`
    RequestBody,
    /// `$outputs.NAME`
    Output(String),
    /// `$item`: what `forEach` is at.
    Item,
    /// `$index`: how many rounds went before.
    Index,
    /// `$marker`: a word of this run alone, by which what it left behind can be known.
    Marker,
    /// `$unknownId`: a fresh id that no object has.
    UnknownId,
    /// `$walk.ids`: the ids of all pages, in list order.
    WalkIds,
    /// `$walk.own`: those of them that this scenario created.
    WalkOwn,
    /// `$walk.pages`: how many pages there were.
    WalkPages,
    /// `$walk.count`: how many objects all pages held.
    WalkCount,
    /// `$walk.largest`: the most objects on one page.
    WalkLargest,
    /// `$walk.falseEnds`: how many pages said that there is no more although more followed.
    WalkFalseEnds,
    /// `$walk.end`: why the walk ended: `seen`, `no-more`, `empty-page`, `no-page`, `going-round` or `too-long`.
    WalkEnd,
}

impl Source {
    /// Whether the value changes with objects that the scenario did not create.
    #[must_use]
    pub const fn depends_on_others(&self) -> bool {
        matches!(
            self,
            Self::ResponseIds
                | Self::ResponseCount
                | Self::WalkIds
                | Self::WalkPages
                | Self::WalkCount
                | Self::WalkLargest
                | Self::WalkFalseEnds
                | Self::WalkEnd
        )
    }
}

/// Every expression that is a plain word.
const WORDS: &[(&str, Source)] = &[
    ("$statusCode", Source::StatusCode),
    ("$response.body", Source::ResponseBody),
    ("$response.text", Source::ResponseText),
    ("$response.ids", Source::ResponseIds),
    ("$response.count", Source::ResponseCount),
    ("$response.own", Source::ResponseOwn),
    ("$request.body", Source::RequestBody),
    ("$item", Source::Item),
    ("$index", Source::Index),
    ("$marker", Source::Marker),
    ("$unknownId", Source::UnknownId),
    ("$walk.ids", Source::WalkIds),
    ("$walk.own", Source::WalkOwn),
    ("$walk.pages", Source::WalkPages),
    ("$walk.count", Source::WalkCount),
    ("$walk.largest", Source::WalkLargest),
    ("$walk.falseEnds", Source::WalkFalseEnds),
    ("$walk.end", Source::WalkEnd),
];

/// What is meant by the expressions that do not say so themselves, for readers of a report.
const MEANINGS: &[(&str, &str)] = &[
    ("$response.count", "how many objects the page holds"),
    ("$response.ids", "the ids on the page"),
    ("$response.own", "the ids on the page that this scenario created"),
    ("$walk.ids", "the ids of all pages"),
    ("$walk.own", "the ids of all pages that this scenario created, in list order"),
    ("$walk.pages", "how many pages there were"),
    ("$walk.count", "how many objects all pages held"),
    ("$walk.largest", "the most objects on one page"),
    ("$walk.falseEnds", "how many pages said that there is no more although more followed"),
    ("$walk.end", "why the walk ended; `empty-page` is one that the page before it had promised"),
];

/// What is meant by the expressions in a text.
pub fn meanings(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    MEANINGS.iter().copied().filter(move |(name, _)| text.contains(name))
}

/// The forms of expressions, for messages.
pub(crate) const FORMS: &[&str] = &[
    "$statusCode",
    "$response.body",
    "$response.text",
    "$response.header.NAME",
    "$response.ids",
    "$response.count",
    "$response.own",
    "$request.body",
    "$outputs.NAME",
    "$item",
    "$index",
    "$marker",
    "$unknownId",
    "$walk.ids",
    "$walk.own",
    "$walk.pages",
    "$walk.count",
    "$walk.largest",
    "$walk.falseEnds",
    "$walk.end",
];

impl Expression {
    /// Whether it is the output with this name.
    #[must_use]
    pub fn is_output(&self, name: &str) -> bool {
        matches!(&self.source, Source::Output(one) if one == name)
    }

    /// Parses `$outputs.id` or `$response.body#/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (source, pointer) = text.split_once('#').unwrap_or((text, ""));
        let word = WORDS.iter().find(|(word, _)| *word == source).map(|(_, found)| found.clone());
        let name = |prefix: &str| source.strip_prefix(prefix).filter(|name| is_name(name));
        let source = word
            .or_else(|| name("$outputs.").map(|name| Source::Output(name.to_owned())))
            .or_else(|| name("$response.header.").map(|name| Source::ResponseHeader(name.to_lowercase())))?;
        pointer::is_pointer(pointer).then(|| Self { source, pointer: pointer.to_owned() })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Output(name) => write!(f, "$outputs.{name}")?,
            Source::ResponseHeader(name) => write!(f, "$response.header.{name}")?,
            word => f.write_str(WORDS.iter().find(|(_, one)| one == word).map_or("", |(text, _)| text))?,
        }
        if self.pointer.is_empty() { Ok(()) } else { write!(f, "#{}", self.pointer) }
    }
}
