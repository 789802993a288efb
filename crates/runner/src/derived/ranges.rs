//! Filters by bounds and by several values at once: what lies between shows, and nothing else.
//!
//! No schema says which member a bound is about. One is taken for it only where no other could be meant, and nobody fails by it.

use conformance_api::names::{asked_for, plain, same};
use conformance_api::query::text;
use conformance_openapi::{Location, Parameter};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::session::{Answer, Object, Session};

/// How names of lower bounds begin or end.
const LOWER: &[&str] = &["min", "from", "since", "after", "start", "gte", "gt"];
/// How names of upper bounds begin or end.
const UPPER: &[&str] = &["max", "to", "until", "before", "end", "lte", "lt"];
/// What descriptions say of bounds that belong to the range.
const INCLUSIVE: &[&str] = &["inclusive", "or later", "or earlier", "at least", "at most", "or more", "or less"];

/// A query parameter that bounds a member of the items.
#[derive(Clone, Debug)]
struct Bound {
    parameter: String,
    is_lower: bool,
    member: String,
    /// Whether an object at the bound itself shows, where a description says so.
    includes: Option<bool>,
}

impl Session<'_> {
    /// Asks a list for what lies on either side of what one of the run's own objects has.
    pub(crate) async fn filters_ranges(&mut self, list: usize, above: &[String], own: &[Object]) {
        let Some(object) = own.last() else { return };
        let bounds = self.bounds_of(list);
        for bound in &bounds {
            let Some(value) = object.members.get(&bound.member) else { continue };
            let (Some(less), Some(more)) = (moved(value, -1), moved(value, 1)) else { continue };
            let (inside, outside) = if bound.is_lower { (&less, &more) } else { (&more, &less) };
            let asked = |value: &str| vec![(bound.parameter.clone(), value.to_owned())];
            self.is_within(list, above, object, (bound, &asked(inside), true)).await;
            self.is_within(list, above, object, (bound, &asked(outside), false)).await;
            if let (Some(includes), Some(same)) = (bound.includes, text(value)) {
                self.is_within(list, above, object, (bound, &asked(&same), includes)).await;
            }
            let other = bounds.iter().find(|one| bound.is_lower && !one.is_lower && one.member == bound.member);
            // Both have to hold: nothing lies above what is more and below what is still more.
            if let (Some(other), Some(most)) = (other, moved(value, 2)) {
                let mut both = asked(&more);
                both.push((other.parameter.clone(), most));
                self.is_within(list, above, object, (bound, &both, false)).await;
            }
        }
    }

    async fn is_within(
        &mut self,
        list: usize,
        above: &[String],
        object: &Object,
        (bound, asked, expected): (&Bound, &[(String, String)], bool),
    ) {
        let walk = if expected {
            self.walk_until(list, above, (None, asked), std::slice::from_ref(object)).await
        } else {
            self.walk_with(list, above, None, asked).await
        };
        let (Some(answer), true) = (walk.last.clone().filter(Answer::is_success), walk.is_whole) else { return };
        let is_there = walk.items.iter().any(|item| Self::is_same(item, object));
        let shown = object.members.get(&bound.member).map(conformance_json::write).unwrap_or_default();
        let found = if is_there { "is there" } else { "is not there" };
        let wrong = Mismatch::of(format!("{}, whose `{}` is {shown}, {found}", object.id, bound.member));
        let query: Vec<String> = asked.iter().map(|(name, value)| format!("`{name}` {value}")).collect();
        let expected_text =
            format!("{} it with {}", if expected { "showing" } else { "not showing" }, query.join(" and "));
        let rule = self.range_rule(list);
        self.judge(rule, &answer, expected_text, if is_there == expected { Vec::new() } else { vec![wrong] });
    }

    fn range_rule(&self, list: usize) -> Rule {
        let declared = self.declared(list);
        let statement = format!("GET {} shows what lies within the bounds that are asked for", declared.path);
        let pointer = format!("{}/parameters", declared.pointer);
        Rule::new(format!("{}.filters-ranges", declared.id), Level::Should, statement, pointer)
    }

    /// The parameters of a list that bound a member, each with the only member that it can be about.
    fn bounds_of(&self, list: usize) -> Vec<Bound> {
        let api = self.run.api;
        let Some(shape) = api.operations[list].success.shape.as_ref() else { return Vec::new() };
        let item = api.schemas.merge(&conformance_api::envelope::members(&api.schemas, shape));
        let kinds: Vec<(&str, &str)> = item
            .properties
            .iter()
            .filter_map(|(name, schemas)| Some((*name, ordered(&api.schemas.merge_value(schemas))?)))
            .collect();
        let query = self.declared(list).parameters.iter().filter(|one| one.location == Location::Query);
        let found = query.filter_map(|parameter| {
            let (stem, is_lower) = stem(&parameter.name)?;
            if conformance_api::pages::Pages::is_name(&parameter.name) || item.property(&parameter.name).is_some() {
                return None;
            }
            let kind = ordered(&api.schemas.merged(parameter.schema.as_deref()?))?;
            let is_kind = |one: &&(&str, &str)| one.1 == kind || (kind == "date" && one.1 == "date-time");
            let named = |one: &&(&str, &str)| !stem.is_empty() && plain(one.0).contains(&stem);
            let mut meant = kinds.iter().filter(is_kind).filter(|one| stem.is_empty() || named(one));
            let (member, _) = meant.next()?;
            // Of a day it is not clear where it ends.
            let is_exact = kinds.iter().any(|one| one.0 == *member && one.1 == kind);
            let includes = includes(parameter).filter(|_| is_exact);
            meant.next().is_none().then(|| Bound {
                parameter: parameter.name.clone(),
                is_lower,
                member: (*member).to_owned(),
                includes,
            })
        });
        found.collect()
    }

    /// Asks a list for two words at once, where it takes several: objects with either of them show.
    pub(crate) async fn filters_by_several(&mut self, list: usize, above: &[String], own: &[Object]) {
        let api = self.run.api;
        let query = self.declared(list).parameters.iter().filter(|one| one.location == Location::Query);
        for parameter in query {
            let merged = parameter.schema.as_deref().map(|at| api.schemas.merged(at)).unwrap_or_default();
            if merged.kind() != Some("array") || conformance_api::pages::Pages::is_name(&parameter.name) {
                continue;
            }
            let name = asked_for(&parameter.name).trim_end_matches("[]");
            let value = |one: &Object| {
                let (_, value) = one.members.as_object()?.iter().find(|(member, _)| same(member, name))?;
                value.as_str().map(str::to_owned)
            };
            let Some(first) = own.first().and_then(value) else { continue };
            let Some(other) = own.iter().find(|one| value(one).is_some_and(|value| value != first)) else { continue };
            let Some(second) = value(other) else { continue };
            let asked: Vec<(String, String)> = match parameter.explode {
                true => [&first, &second].map(|value| (parameter.name.clone(), value.clone())).to_vec(),
                false => vec![(parameter.name.clone(), format!("{first},{second}"))],
            };
            let wanted = [own[0].clone(), other.clone()];
            let walk = self.walk_until(list, above, (None, &asked), &wanted).await;
            let (Some(answer), true) = (walk.last.clone().filter(Answer::is_success), walk.is_whole) else { continue };
            let missing = wanted.iter().filter(|one| !walk.items.iter().any(|item| Self::is_same(item, one)));
            let wrong = missing.map(|one| Mismatch::of(format!("{} is not there", one.id))).collect();
            let declared = self.declared(list);
            let statement = format!("GET {} shows what has any of several values", declared.path);
            let pointer = format!("{}/parameters", declared.pointer);
            let rule = Rule::new(format!("{}.filters-by-several", declared.id), Level::Should, statement, pointer);
            self.judge(rule, &answer, format!("objects whose `{name}` is {first}, and those whose is {second}"), wrong);
        }
    }
}

/// What a bound is about, by its name, and whether it is a lower one: `price` of `min_price`, `created` of `created[gte]`.
fn stem(name: &str) -> Option<(String, bool)> {
    let name = asked_for(name);
    let words: Vec<String> = words(name);
    let (first, last) = (words.first()?, words.last()?);
    let side = |word: &String| match word.as_str() {
        word if LOWER.contains(&word) => Some(true),
        word if UPPER.contains(&word) => Some(false),
        _ => None,
    };
    let rest = |words: &[String]| {
        let stem = words.concat();
        // `hired_from` is about `hire_date`.
        stem.strip_suffix("ed").filter(|stem| stem.len() > 2).map_or(stem.clone(), str::to_owned)
    };
    side(last)
        .map(|is_lower| (rest(&words[..words.len() - 1]), is_lower))
        .or_else(|| side(first).map(|is_lower| (rest(&words[1..]), is_lower)))
}

/// The words of a name: of `minPrice`, `min-price` and `price[min]`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The kind of values that have an order in which servers agree.
fn ordered(merged: &conformance_api::Merged<'_>) -> Option<&'static str> {
    match (merged.kind()?, merged.format) {
        ("integer" | "number", _) => Some("number"),
        ("string", Some("date")) => Some("date"),
        ("string", Some("date-time")) => Some("date-time"),
        _ => None,
    }
}

fn includes(parameter: &Parameter) -> Option<bool> {
    let said = parameter.description.as_deref()?.to_ascii_lowercase();
    let is_inclusive = INCLUSIVE.iter().any(|words| said.contains(words));
    let is_exclusive = said.contains("exclusive");
    (is_inclusive != is_exclusive).then_some(is_inclusive)
}

/// A value so many steps on: a day, or one.
fn moved(value: &Value, steps: i64) -> Option<String> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.checked_add(steps).filter(|one| *one >= 0).map(|one| one.to_string()),
            #[expect(clippy::cast_precision_loss, reason = "a step or two")]
            None => {
                number.as_f64().map(|number| number + steps as f64).filter(|one| *one >= 0.0).map(|one| one.to_string())
            }
        },
        Value::String(text) if text.len() == 10 => {
            let day: jiff::civil::Date = text.parse().ok()?;
            Some(day.checked_add(jiff::Span::new().try_days(steps).ok()?).ok()?.to_string())
        }
        Value::String(text) => {
            let at: jiff::Timestamp = text.parse().ok()?;
            let moved = at.checked_add(jiff::SignedDuration::from_hours(24 * steps)).ok()?;
            Some(moved.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::{moved, stem};

    #[rstest]
    #[case::before("min_price", "price", true)]
    #[case::within_a_word("maxPrice", "price", false)]
    #[case::behind("hired_from", "hir", true)]
    #[case::in_brackets("created[lte]", "creat", false)]
    #[case::alone("to", "", false)]
    fn a_bound_names_its_member_and_its_side(#[case] name: &str, #[case] about: &str, #[case] is_lower: bool) {
        assert_eq!(stem(name), Some((about.to_owned(), is_lower)));
    }

    #[rstest]
    #[case::a_word_that_holds_one("total")]
    #[case::nothing("status")]
    fn other_names_are_no_bounds(#[case] name: &str) {
        assert_eq!(stem(name), None);
    }

    #[rstest]
    #[case::number(json!(3), "4")]
    #[case::day(json!("2024-02-28"), "2024-02-29")]
    #[case::time(json!("2024-02-28T23:00:00.5+01:00"), "2024-02-29T22:00:00Z")]
    fn values_move_by_a_step(#[case] value: serde_json::Value, #[case] expected: &str) {
        assert_eq!(moved(&value, 1).as_deref(), Some(expected));
    }
}
