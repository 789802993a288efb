//! How a list is divided into pages: by which query parameters, as their names tell.

use conformance_openapi::{Location, Operation as Declared};
use serde_json::Value;

use crate::model::{Certainty, Fact};
use crate::names::plain;
use crate::order;
use crate::schema::Schemas;

/// How many items a page has when nothing says.
pub const DEFAULT_LIMIT: usize = 20;
/// A page never has more.
pub const MOST: usize = 1000;

/// The query parameters of a list that is divided into pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// How many items a page has.
    pub limit: Option<Limit>,
    /// Where a page begins: each way that the operation knows.
    pub styles: Vec<Style>,
    /// The parameter that says in which direction the list runs, if there is one.
    pub direction: Option<Direction>,
    /// Newest first, when nothing is asked for.
    pub newest_first: bool,
    /// What says so, where something does: without it, no order is promised.
    pub order: Option<Fact>,
    /// Whether the document says itself that a page begins behind the object with an id; else what a response gave leads on.
    pub begins_behind_id: bool,
    /// From what this was inferred.
    pub facts: Vec<Fact>,
}

/// The parameter for the size of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub parameter: String,
    /// The size when it is not given.
    pub default: usize,
    /// The size that the document says, when it says one.
    pub declared: Option<usize>,
    /// The largest size.
    pub most: usize,
}

/// A way to say where a page begins, with the name of the parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// A number of the page, counted from `first`.
    Page {
        /// The parameter.
        parameter: String,
        /// The number of the first page.
        first: usize,
    },
    /// How many items to pass over.
    Offset(String),
    /// What a response gave, or the id of an item: the page begins behind it.
    After(String),
    /// The same, going back: the page ends before it.
    Before(String),
}

impl Style {
    /// The parameter's name.
    #[must_use]
    pub fn parameter(&self) -> &str {
        match self {
            Self::Page { parameter, .. }
            | Self::Offset(parameter)
            | Self::After(parameter)
            | Self::Before(parameter) => parameter,
        }
    }
}

/// The parameter for the order of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Its name.
    pub parameter: String,
}

impl Direction {
    /// The query parameter of an operation whose name and values speak of a direction.
    pub(crate) fn infer(schemas: &Schemas, declared: &Declared) -> Option<Self> {
        let mut query = declared.parameters.iter().filter(|one| one.location == Location::Query);
        let found = query.find(|one| {
            DIRECTIONS.contains(&plain(&one.name).as_str()) && speaks_of_direction(schemas, one.schema.as_deref())
        })?;
        Some(Self { parameter: found.name.clone() })
    }
}

/// Parameters that order a list by a member.
pub const SORTS: &[&str] = &["sort", "sortby", "orderby", "order", "sortfield", "sortkey"];

const LIMITS: &[&str] = &[
    "limit",
    "perpage",
    "pagesize",
    "pagelimit",
    "maxresults",
    "maxitems",
    "first",
    "size",
    "count",
    "resultsperpage",
    "itemsperpage",
    "top",
    "take",
    "maxpagesize",
    "pagecount",
    "maxkeys",
    "perpagecount",
];
const PAGES: &[&str] = &["page", "pagenumber", "pageno", "pageindex", "pagenum", "currentpage"];
const OFFSETS: &[&str] = &["offset", "skip", "startindex", "startat", "pageoffset", "from"];
const AFTER: &[&str] = &[
    "startingafter",
    "after",
    "cursor",
    "pagetoken",
    "nexttoken",
    "nextpagetoken",
    "iterator",
    "marker",
    "pagecursor",
    "pageafter",
    "continuationtoken",
    "nextcursor",
    "afterid",
    "sinceid",
    "continuation",
    "startkey",
    "exclusivestartkey",
    "bookmark",
    "since",
    "pagemarker",
    "scrollid",
    "startcursor",
    "aftercursor",
    "position",
    "streamposition",
    "nextpage",
    "lastid",
    "startafter",
];
const BEFORE: &[&str] =
    &["endingbefore", "before", "pagebefore", "beforeid", "untilid", "endcursor", "beforecursor", "maxid"];
const DIRECTIONS: &[&str] =
    &["direction", "order", "sortorder", "sortdirection", "sortdir", "orderdirection", "orderdir", "sortby", "sort"];

impl Pages {
    /// Whether a query parameter belongs to the pages of lists, by its name.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let name = plain(name);
        [LIMITS, PAGES, OFFSETS, AFTER, BEFORE].iter().any(|names| names.contains(&name.as_str()))
    }

    /// Whether a query parameter is one of these.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        let limit = self.limit.as_ref().map(|limit| limit.parameter.as_str());
        let direction = self.direction.as_ref().map(|direction| direction.parameter.as_str());
        let styles = self.styles.iter().map(Style::parameter);
        styles.chain(limit).chain(direction).any(|one| one == name)
    }

    /// How an operation divides its list, as the names of its query parameters tell.
    #[must_use]
    pub fn infer(schemas: &Schemas, declared: &Declared) -> Option<Self> {
        let query = || declared.parameters.iter().filter(|one| one.location == Location::Query);
        let named = |names: &[&str]| query().find(|one| names.contains(&plain(&one.name).as_str()));
        let mut facts = Vec::new();
        let mut note = |what: String, rule: &'static str| {
            facts.push(Fact {
                what,
                rule,
                pointer: format!("{}/parameters", declared.pointer),
                certainty: Certainty::Likely,
            });
        };
        let mut styles = Vec::new();
        if let Some(found) = named(PAGES).filter(|one| !is_text_only(schemas, one.schema.as_deref())) {
            let first = bound(schemas, found.schema.as_deref(), "minimum")
                .or_else(|| bound(schemas, found.schema.as_deref(), "default"));
            styles.push(Style::Page { parameter: found.name.clone(), first: first.unwrap_or(1).min(1) });
            note(format!("page number in `{}`", found.name), "a parameter named for the number of a page");
        }
        if let Some(found) = named(OFFSETS).filter(|one| !is_text_only(schemas, one.schema.as_deref())) {
            styles.push(Style::Offset(found.name.clone()));
            note(format!("offset in `{}`", found.name), "a parameter named for the number of items to pass over");
        }
        for found in
            query().filter(|one| AFTER.contains(&plain(&one.name).as_str()) && !is_time(schemas, one.schema.as_deref()))
        {
            styles.push(Style::After(found.name.clone()));
            note(format!("position after `{}`", found.name), "a parameter named for a cursor");
        }
        for found in query()
            .filter(|one| BEFORE.contains(&plain(&one.name).as_str()) && !is_time(schemas, one.schema.as_deref()))
        {
            styles.push(Style::Before(found.name.clone()));
            note(format!("position before `{}`", found.name), "a parameter named for a cursor backwards");
        }
        let first_only = styles.is_empty();
        let limit = named(LIMITS).filter(|one| !first_only || plain(&one.name) != "count").map(|found| {
            note(format!("page size in `{}`", found.name), "a parameter named for the size of a page");
            let most = bound(schemas, found.schema.as_deref(), "maximum").unwrap_or(MOST).clamp(1, MOST);
            // Nothing as a default stands for a size that the server chooses (AIP-158).
            let declared = bound(schemas, found.schema.as_deref(), "default").filter(|default| *default > 0);
            let default = declared.unwrap_or(DEFAULT_LIMIT);
            Limit { parameter: found.name.clone(), default: default.clamp(1, most), declared, most }
        });
        if limit.is_none() && styles.is_empty() {
            return None;
        }
        // Two parameters that fit together leave no doubt; one alone may mean something else.
        if limit.is_some() && !styles.is_empty() {
            facts.iter_mut().for_each(|fact: &mut Fact| fact.certainty = Certainty::Certain);
        }
        let direction = Direction::infer(schemas, declared);
        let goes_back = styles.iter().any(|style| matches!(style, Style::Before(_)));
        let (newest_first, order) =
            order::told(schemas, declared).map_or((goes_back, None), |(told, fact)| (told, Some(fact)));
        Some(Self { limit, styles, direction, newest_first, order, begins_behind_id: false, facts })
    }
}

/// A bound, or the default, of a parameter that is a small number.
pub(crate) fn bound(schemas: &Schemas, pointer: Option<&str>, keyword: &str) -> Option<usize> {
    let merged = schemas.merged(pointer?);
    let number = match keyword {
        "minimum" => merged.bounds.minimum?,
        "maximum" => merged.bounds.maximum?,
        _ => merged.default?.as_f64()?,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small and not negative")]
    (0.0..=1e9).contains(&number).then_some(number as usize)
}

/// Whether a parameter takes text and nothing that could be a number: a page that is a token.
fn is_text_only(schemas: &Schemas, pointer: Option<&str>) -> bool {
    let Some(pointer) = pointer else { return false };
    let merged = schemas.merged(pointer);
    merged.kind() == Some("string")
        && (merged.enumeration.is_some() || matches!(merged.format, Some("date-time" | "date")))
}

/// `since` and `before` are often times.
fn is_time(schemas: &Schemas, pointer: Option<&str>) -> bool {
    let Some(pointer) = pointer else { return false };
    let merged = schemas.merged(pointer);
    matches!(merged.format, Some("date-time" | "date")) || matches!(merged.kind(), Some("object" | "array" | "boolean"))
}

/// Whether the values that a parameter allows are directions.
fn speaks_of_direction(schemas: &Schemas, pointer: Option<&str>) -> bool {
    let Some(pointer) = pointer else { return false };
    let values = schemas.merged(pointer).enumeration.unwrap_or_default();
    !values.is_empty() && values.iter().all(|value| direction_of(value).is_some())
}

/// Whether a word means newest, or largest, first.
#[must_use]
pub fn is_descending(word: &str) -> Option<bool> {
    let word = word.to_ascii_lowercase();
    if word.starts_with("desc") || word == "newest" {
        Some(true)
    } else if word.starts_with("asc") || word == "oldest" {
        Some(false)
    } else {
        None
    }
}

fn direction_of(value: &Value) -> Option<bool> {
    is_descending(value.as_str()?)
}
