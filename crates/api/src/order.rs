//! In which order lists come when nothing is asked for, as descriptions say it: "newest first".

use conformance_openapi::Operation as Declared;

use crate::model::{Certainty, Fact};

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
pub(crate) fn told(declared: &Declared) -> Option<(bool, Fact)> {
    let texts = [(&declared.summary, "summary"), (&declared.description, "description")];
    let (newest_first, place) = texts.iter().find_map(|(text, place)| Some((says(text)?, *place)))?;
    let what = format!("order: {} first", if newest_first { "newest" } else { "oldest" });
    let pointer = format!("{}/{place}", declared.pointer);
    Some((newest_first, Fact { what, rule: "its description says so", pointer, certainty: Certainty::Likely }))
}

fn says(text: &str) -> Option<bool> {
    let lower = text.to_lowercase();
    // By another time than that of creation.
    let sentences = lower.split(['.', '\n']).filter(|one| !one.contains("updated") && !one.contains("modified"));
    let sentences: Vec<&str> = sentences.collect();
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
    fn an_order_is_read_from_words(#[case] text: &str, #[case] expected: Option<bool>) {
        assert_eq!(says(text), expected);
    }
}
