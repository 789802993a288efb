//! Values at the bounds of a schema, just beyond them, and easily lost.

use conformance_api::Merged;
use serde_json::{Value, json};

use super::texts::has_lines;

/// Whether the items of a list are words of the client's own.
pub(crate) fn is_label(name: &str) -> bool {
    const NAMES: &[&str] = &["tags", "labels", "keywords", "aliases", "notes"];
    NAMES.iter().any(|end| conformance_api::names::plain(name).ends_with(end))
}

/// So many items, no two alike, in no order: plain texts, or numbers; none of anything else.
pub(crate) fn different_items(merged: &Merged<'_>, count: u64) -> Option<Vec<Value>> {
    let bounds = &merged.bounds;
    let is_plain = merged.enumeration.is_none() && merged.format.is_none() && merged.patterns.is_empty();
    match merged.kind() {
        Some("string") if is_plain && bounds.max_length.is_none_or(|most| most >= 6) => {
            Some((0..count).rev().map(|at| format!("Item{at}").into()).collect())
        }
        Some("integer") if merged.enumeration.is_none() && bounds.multiple_of.is_none() => {
            #[expect(clippy::cast_possible_truncation, reason = "bounds of lists of numbers are small")]
            let least = bounds.minimum.unwrap_or(1.0) as i64;
            let most = bounds.maximum.unwrap_or(1e9);
            let items: Vec<i64> = (0..i64::try_from(count).ok()?).rev().map(|at| least + at).collect();
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            items.iter().all(|one| *one as f64 <= most).then(|| items.into_iter().map(Value::from).collect())
        }
        _ => None,
    }
}

/// Texts as short and as long as they may be, and of characters beyond ASCII.
pub(crate) fn texts_at_bounds(merged: &Merged<'_>) -> Vec<(String, String)> {
    let Some(most) = merged.bounds.max_length.filter(|most| (30..=1000).contains(most)) else { return Vec::new() };
    let length = usize::try_from(most).unwrap_or(0);
    let text = |unit: &str| unit.repeat(length);
    let mut all: Vec<(String, String)> = vec![
        (format!("{most} characters long"), text("a")),
        (format!("{most} characters long, each beyond 16 bits"), text("\u{1F600}")),
    ];
    if merged.bounds.min_length == Some(1) {
        all.push(("one character long".to_owned(), "\u{1F600}".to_owned()));
    }
    all
}

/// The least and the largest whole number that are documented, and every word.
pub(crate) fn other_values(merged: &Merged<'_>) -> Vec<(String, Value)> {
    let is_small = |one: &f64| one.abs() < 1e9 && one.fract() == 0.0;
    match (merged.kind(), &merged.enumeration) {
        (Some("string"), Some(values)) => {
            let words = values.iter().filter(|one| one.as_str().is_some_and(|word| !word.is_empty()));
            words.take(6).map(|word| (conformance_json::write(word), (*word).clone())).collect()
        }
        (Some("integer" | "number"), None) => {
            let (least, most) = (merged.bounds.minimum.filter(is_small), merged.bounds.maximum.filter(is_small));
            let is_bounded = |bound: Option<f64>, beyond: Option<f64>| bound.is_some() || beyond.is_some();
            // One alone is often a word for any.
            if !is_bounded(least, merged.bounds.above) || !is_bounded(most, merged.bounds.below) {
                return Vec::new();
            }
            let least = least.map(|least| (format!("{least}, the least"), whole(least)));
            least.into_iter().chain(most.map(|most| (format!("{most}, the most"), whole(most)))).collect()
        }
        _ => Vec::new(),
    }
}

/// Values that some languages take for nothing, and a fraction that is not exact in binary. A server may have reasons to reject
/// them; what it accepts, it keeps. Nothing in place of a name, or of something else's id, may well mean one that it chooses.
pub(crate) fn easily_lost(name: &str, merged: &Merged<'_>) -> Vec<(&'static str, Value)> {
    let is_reference = conformance_api::names::plain(name).ends_with("id");
    // Where the document lets a whole number be more than doubles tell apart.
    let is_wide = merged.bounds.maximum.is_some_and(|most| most >= 9_007_199_254_740_994.0);
    let wide = || is_wide.then(|| ("more than doubles tell apart", 9_007_199_254_740_993_i64.into()));
    if merged.enumeration.is_some() || merged.constant.is_some() {
        return Vec::new();
    }
    match merged.kind() {
        Some("integer") if is_reference => wide().into_iter().collect(),
        _ if is_reference => Vec::new(),
        Some("boolean") => vec![("true", true.into()), ("false", false.into())],
        Some("integer") => std::iter::once(("zero", 0.into())).chain(wide()).collect(),
        Some("number") => vec![("zero", 0.into()), ("19.99", json!(19.99))],
        Some("string") if merged.format.is_none() && merged.patterns.is_empty() && has_lines(name) => {
            vec![("empty", "".into())]
        }
        _ => Vec::new(),
    }
}

/// Values that break a bound, each just beyond it, in words.
pub(crate) fn wrong_values(merged: &Merged<'_>, is_typed: bool) -> Vec<(String, Value)> {
    match merged.kind() {
        Some("string") => wrong_texts(merged, is_typed),
        Some(kind @ ("integer" | "number")) => wrong_numbers(merged, kind == "integer", is_typed),
        Some("boolean") => vec![("text, of a boolean".to_owned(), "perhaps".into())],
        Some("array") if is_typed => vec![("an object, of an array".to_owned(), json!({ "0": "x" }))],
        Some("object") if is_typed => vec![("text, of an object".to_owned(), "text".into())],
        _ => Vec::new(),
    }
}

/// A text that has not the format of a schema.
pub(crate) fn wrong_format(merged: &Merged<'_>) -> Option<&'static str> {
    if merged.enumeration.is_some() || !merged.patterns.is_empty() || merged.kind() != Some("string") {
        return None;
    }
    match merged.format? {
        "email" => Some("conformance at example"),
        "date" => Some("2024-13-45"),
        "date-time" => Some("yesterday at noon"),
        "uuid" => Some("not-a-uuid"),
        _ => None,
    }
}

pub(crate) fn wrong_texts(merged: &Merged<'_>, is_typed: bool) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    if is_typed {
        // Many servers take a number for a time: seconds since 1970.
        if !matches!(merged.format, Some("date" | "date-time" | "time" | "duration")) {
            all.push(("a number, of text".to_owned(), json!(17)));
        }
        all.push(("an array, of text".to_owned(), json!(["text"])));
    }
    if merged.enumeration.is_some() {
        all.push(("no value of its enumeration".to_owned(), "conformance-no-such-value".into()));
        return all;
    }
    all.extend(wrong_lengths(merged));
    if let Some(pattern) = merged.patterns.first() {
        all.push((format!("text that does not match {pattern}"), "\u{1F600} !".into()));
        all.extend(nearly_matching(merged, pattern));
    }
    all
}

/// Texts that are too long or too short, and otherwise as they should be.
fn wrong_lengths(merged: &Merged<'_>) -> Vec<(String, Value)> {
    let bounds = &merged.bounds;
    let text = |length: u64| {
        let length = usize::try_from(length).ok()?;
        match (merged.patterns.as_slice(), merged.format) {
            ([], None) => Some("a".repeat(length)),
            ([pattern], None) => conformance_api::pattern::matching(pattern, length, length),
            ([], Some("uri" | "url")) => {
                let address = "https://example.com/";
                Some(format!("{address}{}", "a".repeat(length.checked_sub(address.len())?)))
            }
            _ => None,
        }
    };
    let long = bounds
        .max_length
        .filter(|most| *most <= 20_000)
        .and_then(|most| Some((format!("{} characters long, of {most}", most + 1), text(most + 1)?.into())));
    let short = bounds.min_length.filter(|least| *least > 0).and_then(|least| {
        Some((format!("{} characters long, of at least {least}", least - 1), text(least - 1)?.into()))
    });
    long.into_iter().chain(short).collect()
}

/// Texts of which a part matches a pattern that wants the whole, or that match but for their case.
pub(crate) fn nearly_matching(merged: &Merged<'_>, pattern: &str) -> Vec<(String, Value)> {
    let most = usize::try_from(merged.bounds.max_length.unwrap_or(1000)).unwrap_or(1000);
    let least = usize::try_from(merged.bounds.min_length.unwrap_or(0)).unwrap_or(0);
    let mut random = fastrand::Rng::with_seed(0);
    let random = &mut |below: usize| random.usize(..below);
    let Some(text) = conformance_api::pattern::any_matching(pattern, (least, most), random) else {
        return Vec::new();
    };
    let near = [
        ("but for what is behind", format!("{text} !")),
        ("but for what is before", format!("! {text}")),
        ("but for capitals", text.to_lowercase()),
        ("but for small letters", text.to_uppercase()),
    ];
    let Ok(regex) = regex::Regex::new(pattern) else { return Vec::new() };
    let is_broken = |one: &(&str, String)| !regex.is_match(&one.1);
    near.into_iter()
        .filter(is_broken)
        .map(|(what, text)| (format!("`{text}`, which matches {pattern} {what}"), text.into()))
        .collect()
}

pub(crate) fn wrong_numbers(merged: &Merged<'_>, is_whole: bool, is_typed: bool) -> Vec<(String, Value)> {
    let (mut all, bounds) = (Vec::new(), &merged.bounds);
    let most = merged.enumeration.iter().flatten().filter_map(|one| one.as_i64()).max();
    if let Some(other) = most.and_then(|most| most.checked_add(1)) {
        all.push(("no value of its enumeration".to_owned(), other.into()));
    }
    if is_typed {
        all.push(("text, of a number".to_owned(), "seventeen".into()));
    }
    if is_whole {
        all.push(("1.5, of a whole number".to_owned(), json!(1.5)));
    }
    let is_exact = |bound: &f64| bound.abs() < 1e15;
    let mut push = |what: &str, bound: Option<f64>, by: f64| {
        if let Some(bound) = bound.filter(is_exact) {
            all.push((format!("{what} {bound}"), whole(bound + by)));
        }
    };
    push("above", bounds.maximum, 1.0);
    push("below", bounds.minimum, -1.0);
    push("not above", bounds.above, 0.0);
    push("not below", bounds.below, 0.0);
    if let Some(step) = bounds.multiple_of.filter(|step| is_exact(step) && *step > 1.0) {
        all.push((format!("{}, no multiple of {step}", step + 1.0), whole(step + 1.0)));
    }
    // Decimals: half a cent more than there may be.
    if let Some(step) = bounds.multiple_of.filter(|step| *step < 1.0 && *step >= 1e-6) {
        let number = bounds.minimum.unwrap_or(0.0).max(0.0).ceil() + step / 2.0;
        if bounds.maximum.is_none_or(|most| number < most) {
            all.push((format!("{number}, no multiple of {step}"), json!(number)));
        }
    }
    all
}

/// A number without a fraction where it has none: `101` and not `101.0`.
#[expect(clippy::cast_possible_truncation, reason = "bounds beyond what f64 holds exactly are left out")]
pub(crate) fn whole(number: f64) -> Value {
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}
