//! Versions of objects, as `If-Match` names them (RFC 9110, 13.1.1).

use conformance_openapi::{Location, Operation as Declared};

/// The field by which a client says which version it means.
pub const FIELD: &str = "if-match";

/// Names of members that say which version of an object is meant, and nothing else.
const CERTAIN: &[&str] =
    &["etag", "rowversion", "lockversion", "resourceversion", "concurrencystamp", "concurrencytoken", "metageneration"];
/// The same of members that clients may give a meaning of their own.
const POSSIBLE: &[&str] = &["version", "versionnumber", "revision", "rev", "generation"];

/// Whether a member, by its name, may say which version of an object a change is about.
#[must_use]
pub fn is_version(name: &str) -> bool {
    is_always_version(name) || POSSIBLE.contains(&crate::names::plain(name).as_str())
}

/// Whether a member can mean nothing but the version of an object, by its name: a `version` may be one that clients give.
#[must_use]
pub fn is_always_version(name: &str) -> bool {
    CERTAIN.contains(&crate::names::plain(name).as_str())
}

/// Whether an operation documents `If-Match`.
#[must_use]
pub fn wants_version(declared: &Declared) -> bool {
    let mut fields = declared.parameters.iter().filter(|one| one.location == Location::Header);
    fields.any(|one| one.name.eq_ignore_ascii_case(FIELD))
}

/// Whether a list of versions, as `If-Match` and `If-None-Match` have it, names this one.
#[must_use]
pub fn is_among(list: &str, version: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|one| plain(one) == plain(version))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\"a\"", true)]
    #[case("*", true)]
    #[case("\"b\", W/\"a\"", true)]
    #[case("\"b\"", false)]
    #[case("", false)]
    fn a_version_is_among_those_that_are_named(#[case] list: &str, #[case] expected: bool) {
        assert_eq!(is_among(list, "\"a\""), expected);
    }
}
