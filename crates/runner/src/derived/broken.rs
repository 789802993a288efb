//! Bodies that break a single documented rule, and bodies that are just within one.

use conformance_api::envelope::Envelope;
use conformance_api::{Merged, Side};
use conformance_record::Level;
use serde_json::{Map, Value, json};

use super::session::Session;
use super::values::{
    different_items, easily_lost, is_label, other_values, texts_at_bounds, wrong_format, wrong_values,
};

/// Objects within objects are broken so deep.
const DEPTH: usize = 3;

/// A member that no schema knows.
pub(crate) const UNKNOWN: &str = "conformance_unknown";

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

    /// Bodies of which something around an object's members is wrong, made from a valid one.
    pub(crate) fn broken_envelopes(&self, whole: &str, envelope: &Envelope, valid: &Value) -> Vec<Broken> {
        let schemas = &self.run.api.schemas;
        let (mut shape, mut all) = (schemas.merged(whole), Vec::new());
        for depth in 0..envelope.at.len() {
            let (around, name) = (&envelope.at[..depth], envelope.at[depth].as_str());
            let here = around.iter().try_fold(valid, |here, member| here.get(member)).and_then(Value::as_object);
            let is_meant = |other: &str| other == name || other == "type";
            let mut meant = shape.clone();
            meant.properties.retain(|(name, _)| is_meant(name));
            meant.required.retain(|name| is_meant(name));
            meant.additional = None;
            for one in here.map(|here| self.broken_members(&meant, here, true)).unwrap_or_default() {
                let outer = Envelope { at: around.to_vec(), content: String::new() };
                all.push(Broken { body: outer.close(valid.clone(), one.body), ..one });
            }
            let Some(inner) = shape.property(name) else { break };
            shape = schemas.merge_value(inner);
        }
        all.retain(|one| one.level == Level::Must && !self.run.proof.is_valid(Side::Request, whole, &one.body));
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
            put(UNKNOWN, "a member is there that the schema excludes".to_owned(), Some("x".into()));
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
            let (place, inner, shape) = match valid.get(*name).filter(|_| is_plain) {
                Some(inner @ Value::Object(_)) => ((*name).to_owned(), inner, merged),
                Some(Value::Array(items)) if items.first().is_some_and(Value::is_object) => {
                    let Some(of_items) = merged.items else { continue };
                    (format!("{name}/0"), &items[0], schemas.merge_value(&[of_items]))
                }
                _ => continue,
            };
            // Members of one object may have to fit each other: a beginning comes before an end.
            let below = self.values_at_bounds(&shape, inner, &[]).into_iter();
            values.extend(below.map(|(at, what, value, _)| (format!("{place}/{at}"), what, value, Level::Info)));
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
                // Others may have to name something: events, scopes, objects.
                let level = if is_label(name) { Level::Must } else { Level::Info };
                values.push(((*name).to_owned(), what, items.into(), level));
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
