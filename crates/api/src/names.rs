//! Names as documents spell them: `petId`, `pet_id` and `PetID` are the same.

use serde_json::Value;

/// A name without case, dashes and underscores.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two names differ only in how they are spelled.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one == other || plain(one) == plain(other)
}

/// What a filter asks for: `status` of `status`, and of `filter[status]`.
#[must_use]
pub fn asked_for(parameter: &str) -> &str {
    parameter.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(parameter)
}

/// The last word of a name: `id` of `petId` and `pet_id`, `number` of `issue_number`.
#[must_use]
pub fn last_word(name: &str) -> String {
    let cut = name.rfind(['_', '-', '.']).map(|at| &name[at + 1..]).filter(|rest| !rest.is_empty());
    let camel = || {
        let at = name.char_indices().skip(1).filter(|(_, one)| one.is_uppercase()).map(|(at, _)| at);
        let starts: Vec<usize> = at.collect();
        // `petID`: the last run of capitals is one word.
        let run = starts.iter().rev().scan(usize::MAX, |next, at| {
            let together = *next == usize::MAX || *at + 1 == *next;
            *next = *at;
            together.then_some(*at)
        });
        run.last().map(|at| &name[at..])
    };
    cut.or_else(camel).unwrap_or(name).to_lowercase()
}

/// A noun in the singular, as far as rules go: `pets`, `addresses`, `companies`.
#[must_use]
pub fn singular(name: &str) -> String {
    let ends = [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ses", "se")];
    for (many, one) in ends {
        if let Some(stem) = name.strip_suffix(many) {
            return format!("{stem}{one}");
        }
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') && !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// Members that say when an object was made.
const CREATED: &[&str] = &[
    "createdat",
    "created",
    "createdon",
    "datecreated",
    "createdtime",
    "creationtime",
    "createtime",
    "creationdate",
    "createddate",
    "insertedat",
];
/// Members that say when it was last changed.
const UPDATED: &[&str] = &[
    "updatedat",
    "updated",
    "updatedon",
    "dateupdated",
    "modifiedat",
    "modified",
    "lastmodified",
    "updatetime",
    "lastupdated",
    "modifiedon",
];

/// Whether a member says when an object was made.
#[must_use]
pub fn is_created(name: &str) -> bool {
    CREATED.contains(&plain(name).as_str())
}

/// Whether a member says when an object was last changed.
#[must_use]
pub fn is_updated(name: &str) -> bool {
    UPDATED.contains(&plain(name).as_str())
}

/// Members that say when an object was deleted.
const DELETED_AT: &[&str] = &[
    "deletetime",
    "deletedat",
    "deletedon",
    "deleteddate",
    "deletedtime",
    "deletiontime",
    "deletiondate",
    "deletiontimestamp",
    "removedat",
];
/// Members that say whether it was.
const DELETED: &[&str] = &["deleted", "isdeleted"];

/// Whether an object that is still shown says that it is deleted: by a flag, a time or its state.
#[must_use]
pub fn says_deleted(object: &Value) -> bool {
    object.as_object().into_iter().flatten().any(|(name, value)| {
        let name = plain(name);
        match value {
            Value::Bool(flag) => *flag && DELETED.contains(&name.as_str()),
            Value::String(text) if matches!(name.as_str(), "state" | "status") => plain(text) == "deleted",
            Value::String(text) => !text.is_empty() && DELETED_AT.contains(&name.as_str()),
            Value::Number(number) => {
                number.as_f64().is_some_and(|one| one > 0.0) && DELETED_AT.contains(&name.as_str())
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{last_word, same, singular};

    #[rstest]
    #[case("petId", "id")]
    #[case("pet_id", "id")]
    #[case("petID", "id")]
    #[case("issue_number", "number")]
    #[case("Sid", "sid")]
    #[case("id", "id")]
    #[case("customer", "customer")]
    fn the_last_word(#[case] name: &str, #[case] word: &str) {
        assert_eq!(last_word(name), word);
    }

    #[rstest]
    #[case("pets", "pet")]
    #[case("companies", "company")]
    #[case("addresses", "address")]
    #[case("boxes", "box")]
    #[case("releases", "release")]
    #[case("status", "statu")]
    #[case("pet", "pet")]
    fn one_of_them(#[case] many: &str, #[case] one: &str) {
        assert_eq!(singular(many), one);
    }

    #[test]
    fn spelling_makes_no_difference() {
        assert!(same("petId", "pet_id") && same("PetID", "pet-id") && !same("pet", "pets"));
    }
}
