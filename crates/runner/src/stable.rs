//! A body as it is compared from run to run: with the values that the documents name, in one order of members.
//!
//! Trace ids, times of errors and whatever else a server adds are told by name and type, not by value; members that a target's
//! ignore list names are told by name alone.

use conformance_contract::Schemas;
use conformance_contract::schemas::Location;
use conformance_source::{Diagnostic, Diagnostics, SourceFile, pointer};
use serde_json::Value;

/// Members whose values are left out of a target's snapshots: JSON Pointers in which `*` stands for any one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// Reads a list of pointers.
    ///
    /// # Errors
    /// When the file is no list, and each item that is no JSON Pointer.
    pub fn parse(file: &SourceFile) -> Result<Self, Diagnostics> {
        let root = conformance_source::parse(file)?;
        let wrong = |span, label: &str| {
            let title = "this is not a list of JSON Pointers";
            Diagnostic::at(file, span, title, label).with_help("for example `- /traceId` or `- /data/*/updatedAt`")
        };
        if root.items().is_empty() {
            return Err(wrong(root.span, "expected a list with at least one pointer").into());
        }
        let (mut all, mut found) = (Vec::new(), Vec::new());
        for item in root.items() {
            match item.as_str().filter(|text| text.starts_with('/') && pointer::is_pointer(text)) {
                Some(text) => all.push(text.to_owned()),
                None => found.push(wrong(item.span.clone(), "expected a JSON Pointer")),
            }
        }
        if found.is_empty() { Ok(Self(all)) } else { Err(Diagnostics(found)) }
    }

    pub(crate) fn covers(&self, place: &str) -> bool {
        let fits = |rule: &String| {
            let (mut rule, mut place) = (rule.split('/'), place.split('/'));
            loop {
                match (rule.next(), place.next()) {
                    (None, None) => return true,
                    (Some("*"), Some(_)) => {}
                    (Some(one), Some(other)) if one == other => {}
                    _ => return false,
                }
            }
        };
        self.0.iter().any(fits)
    }
}

/// The value in a form that is the same in every run, as far as the schemas at its place tell.
pub(crate) fn stable(schemas: &Schemas, places: &[Location], ignored: &Ignored, mut value: Value) -> Value {
    settle(schemas, places, ignored, "", &mut value);
    value.sort_all_objects();
    value
}

fn settle(schemas: &Schemas, places: &[Location], ignored: &Ignored, at: &str, value: &mut Value) {
    match value {
        _ if ignored.covers(at) => *value = Value::from("<ignored>"),
        Value::Object(members) => {
            for (name, member) in members {
                let at = pointer::push(at, name);
                let below = places.iter().flat_map(|place| schemas.properties(place)).find(|(one, _)| one == name);
                match below {
                    Some((_, places)) => settle(schemas, &places, ignored, &at, member),
                    None if ignored.covers(&at) => *member = Value::from("<ignored>"),
                    None => *member = Value::from(kind(member)),
                }
            }
        }
        Value::Array(items) => {
            let below: Vec<Location> =
                places.iter().filter_map(|place| Some(schemas.keyword(place, "items")?.0)).collect();
            for (index, item) in items.iter_mut().enumerate() {
                settle(schemas, &below, ignored, &format!("{at}/{index}"), item);
            }
        }
        _ => {}
    }
}

/// What kind of value an undocumented member has.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "<null>",
        Value::Bool(_) => "<boolean>",
        Value::Number(_) => "<number>",
        Value::String(_) => "<text>",
        Value::Array(_) => "<list>",
        Value::Object(_) => "<object>",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/traceId", true)]
    #[case("/data/0/at", true)]
    #[case("/data/0/by", false)]
    #[case("/traceId/more", false)]
    fn a_star_stands_for_one_step(#[case] place: &str, #[case] covered: bool) {
        let file = SourceFile::new("ignore.yaml", "- /traceId\n- /data/*/at\n");
        assert_eq!(Ignored::parse(&file).expect("a list").covers(place), covered);
    }

    #[rstest]
    #[case("a: b")]
    #[case("- trace")]
    #[case("[]")]
    fn what_is_no_list_of_pointers_is_an_error(#[case] text: &str) {
        assert!(Ignored::parse(&SourceFile::new("ignore.yaml", text)).is_err());
    }
}
