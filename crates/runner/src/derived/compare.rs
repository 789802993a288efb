//! Whether what a server shows is what it was sent.
//!
//! Servers keep values and not texts: a time may come back with another number of digits, an address with a slash at its
//! end, a set in another order. None of that is a fault.

use conformance_api::{Api, Merged, Shape};
use conformance_record::Mismatch;
use serde_json::Value;

use super::creation;
use super::learnt::is_code;
use super::session::Session;

impl Session<'_> {
    /// Members that an operation's body, or else that of the resource's create, and its response both have.
    pub(crate) fn comparable(&self, at: usize) -> Vec<String> {
        let shape = self.run.api.operations[at].success.shape.as_ref();
        let media = self.content_media(self.declared(at)).or_else(|| self.create_media(at));
        let (Some(shape), Some((_, request))) = (shape, media) else { return Vec::new() };
        comparable(self.run.api, request, shape).into_iter().filter(|name| !self.says_version(at, name)).collect()
    }

    fn create_media(&self, at: usize) -> Option<(&str, &str)> {
        let resource = self.run.api.operations[at].resource?;
        self.content_media(self.declared(creation(self.run.api, resource)?))
    }

    /// Members that were sent and are not shown as they were sent.
    pub(crate) fn different(&self, at: usize, sent: &Value, object: &Value) -> Vec<Mismatch> {
        let Some(sent) = sent.as_object() else { return Vec::new() };
        let comparable = self.comparable(at);
        let mut wrong = Vec::new();
        for (name, value) in sent.iter().filter(|(name, _)| comparable.contains(name)) {
            let shown = self.shown(at, name);
            // Documents spell words differently on both sides: what can't be shown is not looked for.
            let can_show = shown.enumeration.as_ref().is_none_or(|all| all.contains(&value));
            let found = object.get(name);
            if let Some(found) = found
                && let Some(inner) = self.different_inside(name, &self.sent(at, name), &shown, (value, found))
            {
                wrong.extend(inner);
                continue;
            }
            // Where nothing requires a member, null may be told by leaving it out.
            let is_left_out = value.is_null() && found.is_none();
            let is_shown = |found: &Value| agrees(value, found, shown.format) || is_same_code(name, value, found);
            if can_show && !is_left_out && !found.is_some_and(is_shown) {
                wrong.push(Mismatch {
                    place: format!("/{name}"),
                    expected: Some(conformance_json::write(value)),
                    found: found.map_or_else(|| "missing".to_owned(), conformance_json::write),
                    ..Mismatch::default()
                });
            }
        }
        wrong
    }

    /// What clients can say of an object, at its creation or by an operation, and is not as it was before that operation. What the server
    /// counts of it is not among that.
    pub(crate) fn changed(&self, retrieve: usize, by: usize, before: &Value, after: &Value) -> Vec<Mismatch> {
        let mut changed = self.different(retrieve, before, after);
        let more = self.different(by, before, after);
        changed.extend(
            more.into_iter()
                .filter(|one| !self.comparable(retrieve).iter().any(|name| one.place == format!("/{name}"))),
        );
        changed
    }

    /// What differs inside an object or an array of objects; none where a value is neither.
    fn different_inside(
        &self,
        place: &str,
        asked: &Merged<'_>,
        shown: &Merged<'_>,
        (sent, found): (&Value, &Value),
    ) -> Option<Vec<Mismatch>> {
        match (sent, found) {
            (Value::Object(_), _) if !shown.properties.is_empty() => {
                Some(self.different_within(place, asked, shown, (sent, found)))
            }
            (Value::Array(sent), Value::Array(found)) if sent.iter().any(Value::is_object) => {
                let schemas = &self.run.api.schemas;
                let (one, other) = (schemas.merge_value(&[asked.items?]), schemas.merge_value(&[shown.items?]));
                Some(self.different_items(place, &one, &other, (sent, found)))
            }
            _ => None,
        }
    }

    /// Items, each an object, that were sent and are not shown as they were sent, in whatever order.
    fn different_items(
        &self,
        place: &str,
        asked: &Merged<'_>,
        shown: &Merged<'_>,
        (sent, found): (&[Value], &[Value]),
    ) -> Vec<Mismatch> {
        let is_shown = |item: &Value, one: &Value| self.different_within(place, asked, shown, (item, one)).is_empty();
        let lost = sent.iter().enumerate().filter(|(_, item)| !found.iter().any(|one| is_shown(item, one)));
        let mut wrong: Vec<Mismatch> = lost
            .map(|(at, item)| Mismatch {
                place: format!("/{place}/{at}"),
                expected: Some(conformance_json::write(item)),
                found: found.get(at).map_or_else(|| "missing".to_owned(), conformance_json::write),
                ..Mismatch::default()
            })
            .collect();
        if wrong.is_empty() && sent.len() != found.len() {
            let found = format!("{} items, of {}", found.len(), sent.len());
            wrong.push(Mismatch { place: format!("/{place}"), found, ..Mismatch::default() });
        }
        wrong
    }

    /// Members of an object within an object that were sent and are not shown as they were sent.
    fn different_within(
        &self,
        place: &str,
        asked: &Merged<'_>,
        shown: &Merged<'_>,
        (sent, found): (&Value, &Value),
    ) -> Vec<Mismatch> {
        let (Some(sent), schemas) = (sent.as_object(), &self.run.api.schemas) else { return Vec::new() };
        let mut wrong = Vec::new();
        for (name, value) in sent {
            let (Some(one), Some(other)) = (asked.property(name), shown.property(name)) else { continue };
            let (one, other) = (schemas.merge_value(one), schemas.merge_value(other));
            if !is_same_kind(self.run.api, &one, &other) {
                continue;
            }
            let (place, inner) = (format!("{place}/{name}"), found.get(name));
            if let Some(inner) = inner
                && let Some(differences) = self.different_inside(&place, &one, &other, (value, inner))
            {
                wrong.extend(differences);
                continue;
            }
            let is_left_out = value.is_null() && inner.is_none();
            if !is_left_out && !inner.is_some_and(|inner| agrees(value, inner, other.format)) {
                wrong.push(Mismatch {
                    place: format!("/{place}"),
                    expected: Some(conformance_json::write(value)),
                    found: inner.map_or_else(|| "missing".to_owned(), conformance_json::write),
                    ..Mismatch::default()
                });
            }
        }
        wrong
    }

    /// The schema of a member of the body that an operation takes, or else of that which makes its object.
    fn sent(&self, at: usize, name: &str) -> Merged<'_> {
        let schemas = &self.run.api.schemas;
        let media = self.content_media(self.declared(at)).or_else(|| self.create_media(at));
        let body = media.map(|(_, pointer)| schemas.merged(pointer)).unwrap_or_default();
        body.property(name).map(|property| schemas.merge_value(property)).unwrap_or_default()
    }

    /// The schema of a member of the object that an operation shows.
    pub(crate) fn shown(&self, at: usize, name: &str) -> Merged<'_> {
        let schemas = &self.run.api.schemas;
        let Some(shape) = self.run.api.operations[at].success.shape.as_ref() else { return Merged::default() };
        let object = schemas.merge(&conformance_api::envelope::members(schemas, shape));
        object.property(name).map(|property| schemas.merge_value(property)).unwrap_or_default()
    }
}

/// Members that a request's schema and a response's object both have, of the same type: what is sent in one is what is
/// shown in the other.
fn comparable(api: &Api, request: &str, shape: &Shape) -> Vec<String> {
    let schemas = &api.schemas;
    let sent = schemas.merged(request);
    // Where the object is one of several kinds, nobody knows which one it is.
    let shown = schemas.merge(&conformance_api::envelope::members(schemas, shape));
    let is_comparable = |name: &str, property: &[&Value]| {
        let Some(other) = shown.property(name).map(|other| schemas.merge_value(other)) else { return false };
        is_same_kind(api, &schemas.merge_value(property), &other)
    };
    let members = sent.properties.iter().filter(|(name, property)| is_comparable(name, property));
    members.map(|(name, _)| (*name).to_owned()).collect()
}

/// Whether what one schema lets be sent is what the other shows.
fn is_same_kind(api: &Api, one: &Merged<'_>, other: &Merged<'_>) -> bool {
    let is_same = one.kind() == other.kind() && one.format == other.format && one.enumeration == other.enumeration;
    let is_theirs = !one.write_only && !one.read_only && !other.read_only && one.format != Some("password");
    is_same && is_theirs && is_plain(api, one, other)
}

/// Whether two schemas describe a scalar, a map of scalars, an object with members of its own, or an array of scalars or of
/// such objects.
fn is_plain(api: &Api, one: &Merged<'_>, other: &Merged<'_>) -> bool {
    let is_scalar = |kind: Option<&str>| matches!(kind, Some("string" | "integer" | "number" | "boolean"));
    let kind =
        |schema: Option<&Value>| schema.and_then(|schema| api.schemas.merge_value(&[schema]).kind().map(str::to_owned));
    let same_kind = |one: Option<&Value>, other: Option<&Value>| {
        let (one, other) = (kind(one), kind(other));
        is_scalar(one.as_deref()) && one == other
    };
    match one.kind() {
        Some("array") => {
            let are_objects = || {
                let (one, other) = (api.schemas.merge_value(&[one.items?]), api.schemas.merge_value(&[other.items?]));
                let is_object = |one: &Merged<'_>| one.choices.is_empty() && !one.properties.is_empty();
                Some(is_object(&one) && is_object(&other))
            };
            one.prefix_items.is_empty() && (same_kind(one.items, other.items) || are_objects() == Some(true))
        }
        Some("object") => {
            let (is_map, is_object) = (
                one.properties.is_empty() && other.properties.is_empty(),
                !one.properties.is_empty() && !other.properties.is_empty(),
            );
            let is_one = one.choices.is_empty() && other.choices.is_empty();
            is_one && (is_object || (is_map && same_kind(one.additional, other.additional)))
        }
        kind => is_scalar(kind),
    }
}

/// Whether a value is shown as what was sent.
pub(crate) fn agrees(sent: &Value, shown: &Value, format: Option<&str>) -> bool {
    match (sent, shown) {
        (Value::String(sent), Value::String(shown)) => {
            sent == shown || is_same_decimal(sent, shown) || means_the_same(sent, shown, format)
        }
        (Value::Object(sent), Value::Object(shown)) => {
            sent.iter().all(|(name, value)| shown.get(name).is_some_and(|found| agrees(value, found, None)))
        }
        (Value::Array(sent), Value::Array(shown)) => {
            let sorted = |all: &[Value]| {
                let mut all: Vec<String> = all.iter().map(conformance_json::write).collect();
                all.sort();
                all
            };
            sorted(sent) == sorted(shown)
        }
        _ => conformance_json::equal(sent, shown),
    }
}

/// Whether two texts are one decimal number, as `12500` and `12500.00` are. Where neither has a point, zeros may be digits of a code.
fn is_same_decimal(one: &str, other: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    let parts = |text: &str| {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let sign = whole.starts_with('-');
        let whole = whole.trim_start_matches('-');
        (digits(whole) && digits(rest))
            .then(|| (sign, whole.trim_start_matches('0').to_owned(), rest.trim_end_matches('0').to_owned()))
    };
    (one.contains('.') || other.contains('.')) && parts(one).is_some_and(|one| parts(other) == Some(one))
}

/// Whether two texts are one code, in capitals or not.
fn is_same_code(name: &str, sent: &Value, shown: &Value) -> bool {
    let texts = sent.as_str().zip(shown.as_str());
    is_code(name) && texts.is_some_and(|(sent, shown)| sent.eq_ignore_ascii_case(shown))
}

/// Whether two texts of a format stand for one value.
fn means_the_same(one: &str, other: &str, format: Option<&str>) -> bool {
    match format.unwrap_or("") {
        "date-time" => moment(&one.into()).is_some_and(|at| moment(&other.into()) == Some(at)),
        "uuid" | "email" | "idn-email" | "hostname" | "ipv6" => one.eq_ignore_ascii_case(other),
        "uri" | "url" | "iri" | "uri-reference" => one.trim_end_matches('/') == other.trim_end_matches('/'),
        "decimal" => one.parse::<f64>().is_ok_and(|one| other.parse() == Ok(one)),
        "time" | "duration" | "byte" | "binary" => true,
        _ => false,
    }
}

/// A time in milliseconds since 1970: a text by RFC 3339, or a number of seconds or milliseconds.
pub(crate) fn moment(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(|one| i128::from(one.as_millisecond())),
        Value::Number(number) => {
            let number = i128::from(number.as_i64()?);
            Some(if number.abs() > 100_000_000_000 { number } else { number * 1000 })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::agrees;

    #[rstest]
    #[case(json!("a"), json!("a"), None, true)]
    #[case(json!("a"), json!("A"), None, false)]
    #[case(json!("2024-01-02T03:04:05Z"), json!("2024-01-02T03:04:05.000+00:00"), Some("date-time"), true)]
    #[case(json!("2024-01-02T03:04:05Z"), json!("2024-01-02T03:04:06Z"), Some("date-time"), false)]
    #[case(json!("6474"), json!("6474.00"), None, true)]
    #[case(json!("0012.5"), json!("12.50"), None, true)]
    #[case(json!("-3"), json!("3.0"), None, false)]
    #[case(json!("01067"), json!("1067"), None, false)]
    #[case(json!("12.50"), json!("12.05"), None, false)]
    #[case(json!("a.0"), json!("a.00"), None, false)]
    #[case(json!("https://example.com"), json!("https://example.com/"), Some("uri"), true)]
    #[case(json!("Ada@Example.com"), json!("ada@example.com"), Some("email"), true)]
    #[case(json!(["a", "b"]), json!(["b", "a"]), None, true)]
    #[case(json!(["a"]), json!(["a", "b"]), None, false)]
    #[case(json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), None, true)]
    #[case(json!({ "a": 1 }), json!({ "a": 2 }), None, false)]
    #[case(json!(1), json!(1.0), None, true)]
    fn what_is_sent_is_shown(
        #[case] sent: Value,
        #[case] shown: Value,
        #[case] format: Option<&str>,
        #[case] same: bool,
    ) {
        assert_eq!(agrees(&sent, &shown, format), same);
    }
}
