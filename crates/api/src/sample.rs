//! A value that a schema allows, made from what the schema says: `const`, examples, `default`, `enum`, then type,
//! format, pattern and bounds.
//!
//! What schemas demand together cannot always be seen from their keywords. So a [`Sampler`] proposes, in several
//! variants, and whoever asks proves the proposal against the schema ([`crate::proof`]).

use serde_json::{Map, Number, Value};

use crate::pattern;
use crate::schema::{Merged, Schemas};

/// Objects within objects are followed so deep.
const DEPTH: usize = 16;
/// Optional members are filled in so deep.
const OPTIONAL_DEPTH: usize = 3;

/// Who sends the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// A client: `readOnly` members are left out.
    Request,
    /// A server: `writeOnly` members are left out.
    Response,
}

/// How much of what is optional is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Objects and arrays, too.
    Full,
    /// Only what is not an object or an array.
    Scalars,
    /// Only what is required.
    Required,
}

/// Proposes values.
#[derive(Clone, Copy, Debug)]
pub struct Sampler<'s> {
    /// Where references lead.
    pub schemas: &'s Schemas,
    /// Who sends the value.
    pub side: Side,
    /// How much of what is optional is filled in.
    pub extent: Extent,
    /// Which branch of a choice is taken, counted from the most telling one.
    pub variant: usize,
    /// Whether examples of whole objects and arrays are taken.
    pub examples: bool,
}

/// Where in the value a sample stands.
#[derive(Clone, Default)]
struct Place<'s> {
    depth: usize,
    name: &'s str,
    /// References that are being followed: a second time is a circle.
    open: Vec<&'s str>,
}

impl<'s> Sampler<'s> {
    /// A value for these schemas together.
    #[must_use]
    pub fn sample(&self, schemas: &[&'s Value]) -> Option<Value> {
        self.value(schemas, &Place::default())
    }

    /// A value for a member called `name`.
    #[must_use]
    pub fn sample_named(&self, schemas: &[&'s Value], name: &'s str) -> Option<Value> {
        self.value(schemas, &Place { name, ..Place::default() })
    }

    fn value(&self, schemas: &[&'s Value], place: &Place<'s>) -> Option<Value> {
        if schemas.iter().any(|schema| **schema == Value::Bool(false)) || place.depth > DEPTH {
            return None;
        }
        let mut merged = self.schemas.merge(schemas);
        let mut place = place.clone();
        place.open.extend(merged.references.iter().copied());
        if let Some(constant) = merged.constant {
            return Some(constant.clone());
        }
        if let Some(given) = self.given(&merged) {
            return Some(given);
        }
        let mut chosen = None;
        for _ in 0..4 {
            if merged.choices.is_empty() {
                break;
            }
            for branches in std::mem::take(&mut merged.choices) {
                if let Some(branch) = self.choose(branches, &merged, &place) {
                    chosen = Some(branch);
                    let before = merged.references.len();
                    self.schemas.absorb(&mut merged, branch, 0);
                    place.open.extend(merged.references[before..].iter().copied());
                }
            }
            if let Some(constant) = merged.constant {
                return Some(constant.clone());
            }
            if let Some(given) = self.given(&merged) {
                return Some(given);
            }
        }
        let mut value = self.build(&merged, &place)?;
        tell_apart(&mut value, &merged, chosen);
        Some(value)
    }

    /// An example, the default or a value of the enumeration, where it has the type and stays within simple bounds.
    fn given(&self, merged: &Merged<'s>) -> Option<Value> {
        let kind = merged.kind();
        let whole = matches!(kind, Some("object" | "array") | None);
        let examples = merged.examples.iter().copied().filter(|one| !one.is_null() && (!whole || self.examples));
        let default = merged.default.filter(|value| !value.is_null() && !whole);
        let allowed = |value: &&Value| fits(value, merged, kind);
        if let Some(found) = examples.chain(default).find(allowed) {
            return Some(found.clone());
        }
        let values = merged.enumeration.as_ref()?;
        values
            .iter()
            .copied()
            .find(|value| !value.is_null() && fits(value, merged, kind))
            .or(values.first().copied())
            .cloned()
    }

    /// The branch to take: not null, not a circle, and as far down the list as the variant says.
    fn choose(&self, branches: &'s [Value], merged: &Merged<'s>, place: &Place<'s>) -> Option<&'s Value> {
        let circular = |branch: &Value| branch["$ref"].as_str().is_some_and(|to| place.open.contains(&to));
        let null = |branch: &Value| branch["type"] == "null" || branch["enum"] == Value::Array(vec![Value::Null]);
        let suits = |branch: &Value| match (merged.kind(), self.schemas.merge(&[branch]).kind()) {
            (Some(one), Some(other)) => one == other || (one == "number" && other == "integer"),
            _ => true,
        };
        let mut order: Vec<&Value> = branches.iter().filter(|branch| suits(branch)).collect();
        order.sort_by_key(|branch| (null(branch), circular(branch)));
        let usable = order.iter().filter(|branch| !null(branch)).count().max(1);
        order.get(self.variant % usable).copied()
    }

    fn build(&self, merged: &Merged<'s>, place: &Place<'s>) -> Option<Value> {
        match merged.kind() {
            Some("object") => self.object(merged, place),
            Some("array") => self.array(merged, place),
            Some("string") => Some(text(merged, place.name).into()),
            Some(kind @ ("integer" | "number")) => number(merged, kind == "integer"),
            Some("boolean") => Some(true.into()),
            Some("null") => Some(Value::Null),
            // Nothing is said: any value is allowed.
            _ if place.name.is_empty() => Some(Value::Object(Map::new())),
            _ => Some(place.name.into()),
        }
    }

    fn object(&self, merged: &Merged<'s>, place: &Place<'s>) -> Option<Value> {
        let mut members = Map::new();
        for (name, schemas) in &merged.properties {
            let needed = merged.required.contains(name);
            let (shape, inner) = (self.schemas.merge(schemas), self.inner(place, name));
            if self.is_hidden(&shape) || (!needed && !self.fills_in(&shape, &inner)) {
                continue;
            }
            match self.value(schemas, &inner) {
                Some(value) => drop(members.insert((*name).to_owned(), value)),
                None if needed && shape.is_nullable() => drop(members.insert((*name).to_owned(), Value::Null)),
                None if needed => return None,
                None => {}
            }
        }
        for name in merged.required.iter().filter(|name| merged.property(name).is_none()) {
            let value = match merged.additional {
                Some(schema) if schema.is_object() => self.value(&[schema], &self.inner(place, name))?,
                _ => Value::from(*name),
            };
            members.insert((*name).to_owned(), value);
        }
        self.reach_least(&mut members, merged, place);
        Some(Value::Object(members))
    }

    /// Adds members until there are as many as the schema wants.
    fn reach_least(&self, members: &mut Map<String, Value>, merged: &Merged<'s>, place: &Place<'s>) {
        let least = usize::try_from(merged.bounds.min_properties.unwrap_or(0)).unwrap_or(0).min(64);
        for (name, schemas) in &merged.properties {
            if members.len() >= least {
                return;
            }
            if !members.contains_key(*name)
                && !self.is_hidden(&self.schemas.merge(schemas))
                && let Some(value) = self.value(schemas, &self.inner(place, name))
            {
                members.insert((*name).to_owned(), value);
            }
        }
        for number in members.len()..least {
            let schema = merged.additional.filter(|schema| schema.is_object());
            let value = schema.and_then(|schema| self.value(&[schema], &self.inner(place, "key")));
            members.insert(format!("key{number}"), value.unwrap_or_else(|| "value".into()));
        }
    }

    fn array(&self, merged: &Merged<'s>, place: &Place<'s>) -> Option<Value> {
        let bounds = merged.bounds;
        let least = usize::try_from(bounds.min_items.unwrap_or(0)).unwrap_or(0).min(32);
        let circle = merged.items.and_then(|items| items["$ref"].as_str()).is_some_and(|to| place.open.contains(&to));
        let wanted = if self.extent == Extent::Full && place.depth < 2 && !circle { 1 } else { 0 };
        let most = usize::try_from(bounds.max_items.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let count = wanted.max(least).max(merged.prefix_items.len().min(most)).min(most);
        let mut items = Vec::new();
        for index in 0..count {
            let schema = merged.prefix_items.get(index).copied().or(merged.items);
            let inner = self.inner(place, if place.name.is_empty() { "item" } else { place.name });
            let made = match schema {
                None => Some(Value::from("item")),
                Some(schema) => self.value(&[schema], &inner),
            };
            match made {
                Some(value) if merged.unique && items.contains(&value) => items.push(another(&value, index)),
                Some(value) => items.push(value),
                None if index < least => return None,
                None => break,
            }
        }
        Some(Value::Array(items))
    }

    fn inner(&self, place: &Place<'s>, name: &'s str) -> Place<'s> {
        Place { depth: place.depth + 1, name, open: place.open.clone() }
    }

    fn is_hidden(&self, shape: &Merged<'_>) -> bool {
        match self.side {
            Side::Request => shape.read_only,
            Side::Response => shape.write_only,
        }
    }

    fn fills_in(&self, shape: &Merged<'s>, place: &Place<'s>) -> bool {
        let circle = shape.references.iter().any(|one| place.open.contains(one));
        let whole = matches!(shape.kind(), Some("object" | "array")) || !shape.choices.is_empty();
        match self.extent {
            Extent::Required => false,
            Extent::Scalars => !whole && !circle && place.depth <= OPTIONAL_DEPTH,
            Extent::Full => !circle && place.depth <= OPTIONAL_DEPTH,
        }
    }
}

/// Sets the property that tells the branches apart to the value that names the chosen one.
fn tell_apart(value: &mut Value, merged: &Merged<'_>, chosen: Option<&Value>) {
    let Some(discriminator) = merged.discriminator else { return };
    let Some(name) = discriminator["propertyName"].as_str() else { return };
    let target = chosen.and_then(|branch| branch["$ref"].as_str());
    let target = target.or_else(|| merged.references.first().copied());
    let (Some(target), Some(members)) = (target, value.as_object_mut()) else { return };
    let mapping = discriminator["mapping"].as_object();
    let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let named =
        mapping.and_then(|all| all.iter().find(|(_, to)| to.as_str().is_some_and(|to| last(to) == last(target))));
    match named {
        Some((word, _)) => drop(members.insert(name.to_owned(), word.as_str().into())),
        None if mapping.is_none() && !members.contains_key(name) => {
            members.insert(name.to_owned(), last(target).into());
        }
        None => {}
    }
}

/// Whether a given value has the type and stays within what is simple to check.
fn fits(value: &Value, merged: &Merged<'_>, kind: Option<&str>) -> bool {
    let bounds = &merged.bounds;
    let within = |number: f64| {
        bounds.minimum.is_none_or(|least| number >= least) && bounds.maximum.is_none_or(|most| number <= most)
    };
    let typed = match (kind, value) {
        (Some("string"), Value::String(text)) => {
            let length = text.chars().count() as u64;
            bounds.min_length.is_none_or(|least| length >= least)
                && bounds.max_length.is_none_or(|most| length <= most)
                && merged.format.is_none_or(|format| has_format(text, format))
                && merged.patterns.iter().all(|one| regex::Regex::new(one).map_or(true, |regex| regex.is_match(text)))
        }
        (Some("integer"), Value::Number(number)) => {
            number.as_f64().is_some_and(|number| number.fract() == 0.0 && within(number))
        }
        (Some("number"), Value::Number(number)) => number.as_f64().is_some_and(within),
        (Some("array"), Value::Array(items)) => {
            let count = items.len() as u64;
            bounds.min_items.is_none_or(|least| count >= least) && bounds.max_items.is_none_or(|most| count <= most)
        }
        (Some("boolean"), Value::Bool(_)) | (Some("object"), Value::Object(_)) => true,
        (Some("null"), Value::Null) | (None, _) => true,
        _ => false,
    };
    typed && merged.enumeration.as_ref().is_none_or(|values| values.contains(&value))
}

/// Whether a text has a format, as the validator sees it; formats that it does not know are had by every text.
#[must_use]
pub fn has_format(text: &str, format: &str) -> bool {
    let schema = serde_json::json!({ "format": format });
    let validator = jsonschema::options().should_validate_formats(true).offline().build(&schema);
    validator.map_or(true, |validator| validator.is_valid(&Value::from(text)))
}

/// Whether a format is that of dates in mail, which has no usual name.
#[must_use]
pub fn is_mail_date(format: &str) -> bool {
    crate::names::plain(format).ends_with("rfc2822")
}

/// A text of a well-known format.
fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        mail if is_mail_date(mail) => "Tue, 02 Jan 2024 03:04:05 +0000",
        "date-time" => "2024-01-02T03:04:05Z",
        "date" => "2024-01-02",
        "time" => "03:04:05Z",
        "duration" => "P1D",
        "email" | "idn-email" => "user@example.com",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/path",
        "uri-template" => "/path/{id}",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" | "ip" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "cidr" => "192.0.2.0/24",
        "uuid" => "018cc251-f400-7000-8000-000000000001",
        "json-pointer" => "/path",
        "relative-json-pointer" => "0/path",
        "regex" => "^a$",
        "byte" | "base64" => "dGV4dA==",
        "decimal" => "1.50",
        _ => return None,
    })
}

/// A text for a member called `name`.
fn text(merged: &Merged<'_>, name: &str) -> String {
    let bounds = &merged.bounds;
    let (least, most) = (bounds.min_length.unwrap_or(0), bounds.max_length.unwrap_or(u64::MAX));
    let bound = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
    let is_fine = |text: &&str| fits(&Value::from(*text), merged, Some("string"));
    if let Some(found) = merged.format.and_then(of_format).filter(|text| !merged.patterns.is_empty() && is_fine(text)) {
        return found.to_owned();
    }
    if let Some(pattern) = merged.patterns.first()
        && let Some(found) = pattern::matching(pattern, bound(least), bound(most))
    {
        return found;
    }
    let made = merged.format.and_then(of_format).unwrap_or(if name.is_empty() { "text" } else { name });
    let mut text: String = made.chars().take(bound(most)).collect();
    let missing = bound(least).saturating_sub(text.chars().count()).min(1_000_000);
    text.extend(std::iter::repeat_n('x', missing));
    text
}

/// A number within the bounds: 1 where they allow it.
fn number(merged: &Merged<'_>, whole: bool) -> Option<Value> {
    let bounds = &merged.bounds;
    let mut number: f64 = 1.0;
    if let Some(least) = bounds.minimum {
        number = number.max(if whole { least.ceil() } else { least });
    }
    if let Some(least) = bounds.above {
        number = number.max(if whole { least.floor() + 1.0 } else { least + 0.5 });
    }
    if let Some(most) = bounds.maximum.filter(|most| number > *most) {
        number = if whole { most.floor() } else { most };
    }
    if let Some(most) = bounds.below.filter(|most| number >= *most) {
        number = if whole { most.ceil() - 1.0 } else { most - 0.5 };
    }
    if let Some(step) = bounds.multiple_of.filter(|step| *step > 0.0) {
        number = (number / step).ceil() * step;
    }
    if number.fract() == 0.0 && number.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within what f64 holds exactly")]
        return Some((number as i64).into());
    }
    Number::from_f64(number).map(Value::Number)
}

/// A value unlike the others of its array.
fn another(value: &Value, index: usize) -> Value {
    match value {
        Value::String(text) => format!("{text}{index}").into(),
        Value::Number(number) => number.as_i64().map_or_else(|| value.clone(), |one| (one + index as i64).into()),
        other => other.clone(),
    }
}
