//! Bodies that break a single documented rule, and bodies that are just within one.

use conformance_api::{Merged, Side};
use conformance_record::Level;
use serde_json::{Map, Value, json};

use super::session::Session;
use super::texts::has_lines;

/// Objects within objects are broken so deep.
const DEPTH: usize = 3;

/// A body that breaks one rule, or just keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    /// What is special about it: `name is 101 characters long, of 100`.
    pub what: String,
    pub body: Value,
    /// How sure it is that a server must reject it.
    pub level: Level,
}

impl Broken {
    /// One that every server must reject.
    fn surely(what: String, body: Value) -> Self {
        Self { what, body, level: Level::Must }
    }

    /// The name of the rule that it breaks.
    pub fn rule(&self) -> &'static str {
        if self.level == Level::Must { "rejects-wrong-bodies" } else { "rejects-doubtful-bodies" }
    }

    /// The same as a member, or an item, of something else.
    fn within(self, place: &str, put: impl FnOnce(Value) -> Value) -> Self {
        Self { what: format!("in `{place}`, {}", self.what), body: put(self.body), level: self.level }
    }
}

/// How a body is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Whether it tells texts from numbers, as JSON does.
    pub is_typed: bool,
    /// Whether the operation needs one.
    pub is_required: bool,
}

impl Session<'_> {
    /// Bodies that break one rule each, made from a valid one.
    pub(crate) fn broken_bodies(&self, pointer: &str, valid: &Value, form: Form) -> Vec<Broken> {
        let shape = self.run.api.schemas.merged(pointer);
        let Some(members) = valid.as_object() else { return Vec::new() };
        let mut all = self.broken_object(&shape, members, form.is_typed, DEPTH);
        if let Some(least) = shape.bounds.min_properties.filter(|_| form.is_typed && shape.required.is_empty()) {
            all.push(Broken::surely(format!("there is nothing, of at least {least} members"), json!({})));
        }
        if form.is_typed && shape.kind() == Some("object") && shape.choices.is_empty() {
            let others = [
                ("null", Value::Null),
                ("an array", json!([])),
                ("an array with such an object", json!([valid])),
                ("a text", "text".into()),
            ];
            // Where no body is needed, null is none.
            let others = others.into_iter().filter(|(_, body)| form.is_required || !body.is_null());
            all.extend(others.map(|(what, body)| Broken::surely(format!("it is {what}, of an object"), body)));
        }
        // A form that says nothing is no body at all, which may be allowed.
        all.retain(|one| form.is_typed || one.body.as_object().is_some_and(|members| !members.is_empty()));
        // Only what the schema as a whole excludes is wrong; formats are more than many validators look at.
        all.retain(|one| one.level != Level::Must || !self.run.proof.is_valid(Side::Request, pointer, &one.body));
        all
    }

    /// An object that is broken itself, or in something within it.
    fn broken_object(
        &self,
        shape: &Merged<'_>,
        members: &Map<String, Value>,
        is_typed: bool,
        depth: usize,
    ) -> Vec<Broken> {
        let mut all = self.broken_members(shape, members, is_typed);
        if depth > 0 {
            all.extend(self.broken_below(shape, members, is_typed, depth - 1));
        }
        all
    }

    /// An object with one of its members missing, wrong or unknown.
    fn broken_members(&self, shape: &Merged<'_>, members: &Map<String, Value>, is_typed: bool) -> Vec<Broken> {
        let schemas = &self.run.api.schemas;
        let mut all = Vec::new();
        let mut put_at = |level: Level, name: &str, what: String, value: Option<Value>| {
            let mut body = members.clone();
            match value {
                Some(value) => drop(body.insert(name.to_owned(), value)),
                None => drop(body.remove(name)),
            }
            all.push(Broken { what, body: Value::Object(body), level });
        };
        let mut put = |name: &str, what: String, value| put_at(Level::Must, name, what, value);
        for name in shape.required.iter().filter(|name| members.contains_key(**name)) {
            let merged = shape.property(name).map(|property| schemas.merge_value(property)).unwrap_or_default();
            let can_show = is_typed || !matches!(merged.kind(), Some("array" | "object"));
            if can_show && merged.default.is_none() {
                put(name, format!("`{name}`, which is required, is missing"), None);
            }
            if is_typed && !merged.is_nullable() && merged.kind().is_some() {
                put(name, format!("`{name}`, which is required, is null"), Some(Value::Null));
            }
        }
        for (name, property) in &shape.properties {
            let merged = schemas.merge_value(property);
            if merged.read_only || !merged.choices.is_empty() {
                continue;
            }
            let items = if is_typed { self.wrong_items(&merged, members.get(*name)) } else { Vec::new() };
            for (what, value) in wrong_values(&merged, is_typed).into_iter().chain(items) {
                put(name, format!("`{name}` is {what}"), Some(value));
            }
        }
        if shape.additional == Some(&Value::Bool(false)) && shape.choices.is_empty() {
            put("conformance_unknown", "a member is there that the schema excludes".to_owned(), Some("x".into()));
        }
        for (name, property) in shape.properties.iter().filter(|_| is_typed) {
            let merged = schemas.merge_value(property);
            if merged.read_only || !merged.choices.is_empty() || merged.kind().is_none() {
                continue;
            }
            if let Some(text) = wrong_format(&merged) {
                put_at(Level::Should, name, format!("`{name}` is `{text}`, by its format"), Some(text.into()));
            }
            // Some take null for a member that is left out.
            if !shape.required.contains(name) && !merged.is_nullable() {
                put_at(Level::Should, name, format!("`{name}` is null"), Some(Value::Null));
            }
        }
        all
    }

    /// An object in which an object within is broken: a member, an item of a member, or a map's value.
    fn broken_below(
        &self,
        shape: &Merged<'_>,
        members: &Map<String, Value>,
        is_typed: bool,
        depth: usize,
    ) -> Vec<Broken> {
        let schemas = &self.run.api.schemas;
        let mut all = Vec::new();
        for (name, property) in &shape.properties {
            let merged = schemas.merge_value(property);
            if merged.read_only || !merged.choices.is_empty() {
                continue;
            }
            let put = |value: Value| {
                let mut body = members.clone();
                body.insert((*name).to_owned(), value);
                Value::Object(body)
            };
            let broken = match members.get(*name) {
                Some(Value::Object(inner)) if merged.properties.is_empty() => self.broken_map(&merged, inner, is_typed),
                Some(Value::Object(inner)) => self.broken_object(&merged, inner, is_typed, depth),
                Some(Value::Array(items)) => self.broken_item(&merged, items, is_typed, depth),
                _ => continue,
            };
            all.extend(broken.into_iter().map(|one| one.within(name, put)));
        }
        all
    }

    /// An array whose first item, an object, is broken.
    fn broken_item(&self, merged: &Merged<'_>, items: &[Value], is_typed: bool, depth: usize) -> Vec<Broken> {
        let (Some(schema), Some(Value::Object(first))) = (merged.items, items.first()) else { return Vec::new() };
        let of_items = self.run.api.schemas.merge_value(&[schema]);
        if !of_items.choices.is_empty() {
            return Vec::new();
        }
        let broken = self.broken_object(&of_items, first, is_typed, depth);
        let has_room = merged.bounds.max_items.is_none_or(|most| most > items.len() as u64) && !merged.unique;
        // A server that looks at the first item only.
        let behind = broken.iter().filter(|one| one.level == Level::Must).take(usize::from(has_room));
        let behind: Vec<Broken> = behind
            .map(|one| Broken {
                what: format!("behind others, {}", one.what),
                body: items.iter().cloned().chain([one.body.clone()]).collect(),
                level: one.level,
            })
            .collect();
        let put = |one: Value| std::iter::once(one).chain(items[1..].iter().cloned()).collect();
        broken.into_iter().map(|one| Broken { body: put(one.body), ..one }).chain(behind).collect()
    }

    /// A map with a wrong value, or with too many.
    fn broken_map(&self, merged: &Merged<'_>, entries: &Map<String, Value>, is_typed: bool) -> Vec<Broken> {
        let mut all = Vec::new();
        let first = entries.iter().next();
        if let (Some(schema @ Value::Object(_)), Some((key, _))) = (merged.additional, first) {
            for (what, value) in
                wrong_values(&self.run.api.schemas.merge_value(&[schema]), is_typed).into_iter().take(3)
            {
                let mut body = entries.clone();
                body.insert(key.clone(), value);
                all.push(Broken::surely(format!("`{key}` is {what}"), Value::Object(body)));
            }
        }
        if let (Some(most), Some((_, value))) = (merged.bounds.max_properties.filter(|most| *most <= 200), first) {
            let body: Map<String, Value> = (0..=most).map(|index| (format!("key{index}"), value.clone())).collect();
            all.push(Broken::surely(format!("there are {} members, of {most}", most + 1), Value::Object(body)));
        }
        all
    }

    /// Arrays of too few, of too many, of equal or of wrong items.
    fn wrong_items(&self, merged: &Merged<'_>, now: Option<&Value>) -> Vec<(String, Value)> {
        let Some(Value::Array(items)) = now.filter(|_| merged.kind() == Some("array")) else { return Vec::new() };
        let (mut all, bounds) = (Vec::new(), &merged.bounds);
        let Some(item) = items.first() else { return all };
        let many = |count: u64| vec![item.clone(); usize::try_from(count).unwrap_or(0)];
        if let Some(least) = bounds.min_items.filter(|least| (1..=50).contains(least)) {
            all.push((format!("an array of {}, of at least {least}", least - 1), many(least - 1).into()));
        }
        let of_items = merged.items.map(|items| self.run.api.schemas.merge_value(&[items])).unwrap_or_default();
        if let Some(most) = bounds.max_items.filter(|most| *most <= 200) {
            let different = different_items(&of_items, most + 1).filter(|_| merged.unique);
            if let Some(items) = if merged.unique { different } else { Some(many(most + 1)) } {
                all.push((format!("an array of {}, of {most}", most + 1), items.into()));
            }
        }
        if merged.unique {
            all.push(("an array with one item twice".to_owned(), many(2).into()));
        }
        let wrong = wrong_values(&of_items, true).into_iter();
        all.extend(wrong.map(|(what, value)| (format!("an array whose item is {what}"), json!([value]))));
        all
    }

    /// Bodies at a documented bound, or of another documented value, each with the place that it is about: a JSON Pointer.
    pub(crate) fn bound_bodies(&self, pointer: &str, valid: &Value) -> Vec<(String, Broken)> {
        let schemas = &self.run.api.schemas;
        let shape = schemas.merged(pointer);
        let free: Vec<String> = self.free_members(pointer).into_iter().map(|one| one.name).collect();
        let mut values = self.values_at_bounds(&shape, valid, &free);
        for (name, property) in &shape.properties {
            let merged = schemas.merge_value(property);
            let is_plain = !merged.read_only && merged.choices.is_empty();
            if let Some(inner @ Value::Object(_)) = valid.get(*name).filter(|_| is_plain) {
                let below = self.values_at_bounds(&merged, inner, &[]).into_iter();
                values.extend(below.map(|(at, what, value, level)| (format!("{name}/{at}"), what, value, level)));
            }
        }
        let put = |(name, what, value, level): (String, String, Value, Level)| {
            let mut body = valid.clone();
            let place = format!("/{name}");
            match place.rsplit_once('/') {
                Some(("", member)) => body[member] = value,
                Some((above, member)) => body.pointer_mut(above)?[member] = value,
                None => return None,
            }
            let is_valid = self.run.proof.is_valid(Side::Request, pointer, &body);
            is_valid.then(|| (name.clone(), Broken { what: format!("`{name}` is {what}"), body, level }))
        };
        values.into_iter().filter_map(put).collect()
    }

    /// The members of an object with values at their bounds, and how sure it is that a server takes them.
    fn values_at_bounds(
        &self,
        shape: &Merged<'_>,
        valid: &Value,
        free: &[String],
    ) -> Vec<(String, String, Value, Level)> {
        let schemas = &self.run.api.schemas;
        let mut values: Vec<(String, String, Value, Level)> = Vec::new();
        for (name, property) in &shape.properties {
            let merged = schemas.merge_value(property);
            if merged.read_only || !merged.choices.is_empty() {
                continue;
            }
            // Other texts may have to refer to something, or to be in a language of their own: only what is taken is kept.
            let level = if free.iter().any(|one| one == name) { Level::Must } else { Level::Info };
            let is_text = merged.enumeration.is_none() && merged.format.is_none() && merged.patterns.is_empty();
            let texts = if is_text && merged.constant.is_none() { texts_at_bounds(&merged) } else { Vec::new() };
            values.extend(texts.into_iter().map(|(what, text)| ((*name).to_owned(), what, text.into(), level)));
            // What a schema counts in cents it takes in cents.
            let level_of = |value: &Value| {
                let step = merged.bounds.multiple_of.filter(|step| *step < 1.0);
                let is_counted = step.zip(value.as_f64()).is_some_and(|(step, value)| {
                    let count = value / step;
                    value > 0.0 && (count - count.round()).abs() < 1e-6
                });
                if is_counted { Level::Must } else { Level::Info }
            };
            let easily_lost = easily_lost(name, &merged).into_iter();
            values.extend(easily_lost.map(|(what, value)| {
                let level = level_of(&value);
                ((*name).to_owned(), what.to_owned(), value, level)
            }));
            let is_list = merged.kind() == Some("array") && valid.get(*name).is_some();
            let most = merged.bounds.max_items.filter(|most| is_list && (2..=50).contains(most));
            let of_items = merged.items.map(|items| schemas.merge_value(&[items])).unwrap_or_default();
            if let Some(items) = most.and_then(|most| different_items(&of_items, most)) {
                let what = format!("an array of {}, which is the most", items.len());
                values.push(((*name).to_owned(), what, items.into(), Level::Must));
            }
            let allows_null = merged.is_nullable() && valid.get(*name).is_some_and(|now| !now.is_null());
            let null = allows_null.then(|| ("null, which its schema allows".to_owned(), Value::Null));
            let others = other_values(&merged).into_iter().chain(null);
            values.extend(others.map(|(what, value)| ((*name).to_owned(), what, value, Level::Must)));
        }
        values
    }

    /// A body with what is required and nothing else.
    pub(crate) fn least_body(&self, pointer: &str, valid: &Value) -> Option<Value> {
        let shape = self.run.api.schemas.merged(pointer);
        let members = valid.as_object()?;
        let least: Map<String, Value> = members
            .iter()
            .filter(|(name, _)| shape.required.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let is_less = shape.choices.is_empty() && least.len() < members.len();
        let least = Value::Object(least);
        (is_less && self.run.proof.is_valid(Side::Request, pointer, &least)).then_some(least)
    }
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
fn texts_at_bounds(merged: &Merged<'_>) -> Vec<(String, String)> {
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
fn other_values(merged: &Merged<'_>) -> Vec<(String, Value)> {
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
fn easily_lost(name: &str, merged: &Merged<'_>) -> Vec<(&'static str, Value)> {
    let is_reference = conformance_api::names::plain(name).ends_with("id");
    if is_reference || merged.enumeration.is_some() || merged.constant.is_some() {
        return Vec::new();
    }
    match merged.kind() {
        Some("boolean") => vec![("true", true.into()), ("false", false.into())],
        Some("integer") => vec![("zero", 0.into())],
        Some("number") => vec![("zero", 0.into()), ("19.99", json!(19.99))],
        Some("string") if merged.format.is_none() && merged.patterns.is_empty() && has_lines(name) => {
            vec![("empty", "".into())]
        }
        _ => Vec::new(),
    }
}

/// Values that break a bound, each just beyond it, in words.
fn wrong_values(merged: &Merged<'_>, is_typed: bool) -> Vec<(String, Value)> {
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
fn wrong_format(merged: &Merged<'_>) -> Option<&'static str> {
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

fn wrong_texts(merged: &Merged<'_>, is_typed: bool) -> Vec<(String, Value)> {
    let (mut all, bounds) = (Vec::new(), &merged.bounds);
    let text = |length: u64| "a".repeat(usize::try_from(length).unwrap_or(0));
    if is_typed {
        all.push(("a number, of text".to_owned(), json!(17)));
        all.push(("an array, of text".to_owned(), json!(["text"])));
    }
    if merged.enumeration.is_some() {
        all.push(("no value of its enumeration".to_owned(), "conformance-no-such-value".into()));
    } else if merged.patterns.is_empty() && merged.format.is_none() {
        if let Some(most) = bounds.max_length.filter(|most| *most <= 20_000) {
            all.push((format!("{} characters long, of {most}", most + 1), text(most + 1).into()));
        }
        if let Some(least) = bounds.min_length.filter(|least| *least > 0) {
            all.push((format!("{} characters long, of at least {least}", least - 1), text(least - 1).into()));
        }
    } else if let Some(pattern) = merged.patterns.first() {
        all.push((format!("text that does not match {pattern}"), "\u{1F600} !".into()));
        all.extend(nearly_matching(merged, pattern));
    }
    all
}

/// Texts of which a part matches a pattern that wants the whole, or that match but for their case.
fn nearly_matching(merged: &Merged<'_>, pattern: &str) -> Vec<(String, Value)> {
    let most = usize::try_from(merged.bounds.max_length.unwrap_or(1000)).unwrap_or(1000);
    let least = usize::try_from(merged.bounds.min_length.unwrap_or(0)).unwrap_or(0);
    let Some(text) = conformance_api::pattern::any_matching(pattern, least, most) else { return Vec::new() };
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

fn wrong_numbers(merged: &Merged<'_>, is_whole: bool, is_typed: bool) -> Vec<(String, Value)> {
    let (mut all, bounds) = (Vec::new(), &merged.bounds);
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
