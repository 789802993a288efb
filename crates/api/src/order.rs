//! In which order lists come when nothing is asked for, as descriptions say it: "newest first".

use conformance_openapi::{Location, Operation as Declared};

use crate::model::{Certainty, Fact};
use crate::names::plain;
use crate::pages::SORTS;
use crate::schema::Schemas;

/// Phrases that say that what was made last comes first, and that what was made first does; in lower case.
const NEWEST_FIRST: &[&str] = &[
    "newest first",
    "newest to oldest",
    "latest first",
    "most recent first",
    "most recently created first",
    "most recently created appearing first",
    "last created first",
    "reverse chronological",
    "descending order of creation",
];
const OLDEST_FIRST: &[&str] =
    &["oldest first", "oldest to newest", "in order of creation", "ascending order of creation"];

/// Whether a list is told to come with what was made last before the others, and where; none where nothing says so, or both.
#[must_use]
pub(crate) fn told(schemas: &Schemas, declared: &Declared) -> Option<(bool, Fact)> {
    // What a parameter does when it is not given, it says itself.
    let mut query = declared.parameters.iter().filter(|one| one.location == Location::Query);
    let has_default = |pointer: &str| schemas.merged(pointer).default.is_some();
    if query.any(|one| SORTS.contains(&plain(&one.name).as_str()) && one.schema.as_deref().is_some_and(has_default)) {
        return None;
    }
    let texts = [(&declared.summary, "summary"), (&declared.description, "description")];
    let (newest_first, place) = texts.iter().find_map(|(text, place)| Some((says(text)?, *place)))?;
    let what = format!("order: {} first", if newest_first { "newest" } else { "oldest" });
    let pointer = format!("{}/{place}", declared.pointer);
    Some((newest_first, Fact { what, rule: "its description says so", pointer, certainty: Certainty::Likely }))
}

fn says(text: &str) -> Option<bool> {
    // Under a condition, among others, or by another time than that of creation.
    const OTHERWISE: &[&str] = &[
        "updated",
        "modified",
        "published",
        "due",
        "pass ",
        "use ",
        "set ",
        "to get",
        " if ",
        " when ",
        "not ",
        "then",
        "=",
    ];
    let lower = text.to_lowercase();
    let is_plain = |one: &&str| {
        let is_other_date = one.contains("date") && !one.contains("creation date");
        !is_other_date && !OTHERWISE.iter().any(|word| one.contains(word))
    };
    let sentences: Vec<&str> = lower.split(['.', '\n']).filter(is_plain).collect();
    let has = |phrases: &[&str]| sentences.iter().any(|one| phrases.iter().any(|phrase| one.contains(phrase)));
    match (has(NEWEST_FIRST), has(OLDEST_FIRST)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::says;

    #[rstest]
    #[case("Lists pets, newest first.", Some(true))]
    #[case("The comments of an article, oldest first", Some(false))]
    #[case("Sorted by creation date, with the most recently created appearing first.", Some(true))]
    #[case("Newest first (by `updated_at`).", None)]
    #[case("Newest first, or oldest first with `asc`.", None)]
    #[case("Lists pets.", None)]
    #[case("Pass `sort=desc` to get the newest first.", None)]
    #[case("In reverse chronological order of their booking date", None)]
    #[case("Pinned ones first, then newest first", None)]
    #[case("Unlike pets, not newest first.", None)]
    fn an_order_is_read_from_words(#[case] text: &str, #[case] expected: Option<bool>) {
        assert_eq!(says(text), expected);
    }
}
