//! The parts of an operation: parameters, bodies, responses, headers, examples. Each may stand elsewhere and be referred to.

use conformance_source::pointer;
use serde_json::{Map, Value};

use crate::notes::Notes;
use crate::{Body, Header, Location, Media, Parameter, Response, grammar, references};

/// References are followed this far; what would go round is gone by now.
const HOPS: usize = 100;
/// Header fields that the specification describes by other means.
const NOT_PARAMETERS: &[&str] = &["accept", "authorization", "content-type"];
const STYLES: &[&str] = &["form", "simple", "deepObject", "pipeDelimited", "spaceDelimited", "label", "matrix"];

/// Reads parts of a document that was rewritten.
pub(crate) struct Parts<'a, 'n> {
    pub(crate) root: &'a Value,
    pub(crate) notes: &'n mut Notes,
}

impl<'a> Parts<'a, '_> {
    /// What a value stands for, and where that stands.
    pub(crate) fn follow(&self, mut value: &'a Value, at: &str) -> (&'a Value, String) {
        let mut at = at.to_owned();
        for _ in 0..HOPS {
            let place = grammar::reference(value).and_then(|text| text.strip_prefix('#')).map(references::decode);
            let Some(place) = place else { break };
            let Some(target) = self.root.pointer(&place) else { break };
            (value, at) = (target, place);
        }
        (value, at)
    }

    /// Where the schema below a place stands, through references that say nothing else.
    fn schema(&self, members: &'a Map<String, Value>, at: &str) -> Option<String> {
        let mut value = members.get("schema")?;
        let mut place = format!("{at}/schema");
        for _ in 0..HOPS {
            let is_pure = value.as_object().is_some_and(|schema| schema.len() == 1);
            let next = grammar::reference(value).filter(|_| is_pure).and_then(|text| text.strip_prefix('#'));
            let Some(next) = next.map(references::decode) else { break };
            let Some(target) = self.root.pointer(&next) else { break };
            (value, place) = (target, next);
        }
        Some(place)
    }

    /// `example` and the values of `examples`.
    fn examples(&self, members: &'a Map<String, Value>) -> Vec<Value> {
        let mut found: Vec<Value> = members.get("example").cloned().into_iter().collect();
        if let Some(Value::Object(named)) = members.get("examples") {
            for example in named.values() {
                let (example, _) = self.follow(example, "");
                // 3.2 has another name for a value that is data and not its text.
                found.extend(example.get("value").or_else(|| example.get("dataValue")).cloned());
            }
        }
        found
    }

    /// A schema and examples that stand below `schema`, or below the only media type of `content`.
    fn described(&self, members: &'a Map<String, Value>, at: &str) -> (Option<String>, Vec<Value>, bool) {
        let mut examples = self.examples(members);
        if let Some((name, media)) =
            members.get("content").and_then(Value::as_object).and_then(|content| content.iter().next())
        {
            let (media, place) = self.follow(media, &pointer::push(&format!("{at}/content"), name));
            let Value::Object(media) = media else { return (None, examples, true) };
            examples.extend(self.examples(media));
            return (self.schema(media, &place), examples, true);
        }
        (self.schema(members, at), examples, false)
    }

    /// The parameters of lists, later ones in the place of earlier ones of the same name and location.
    pub(crate) fn parameters(
        &mut self,
        path: &str,
        operation: &str,
        lists: impl Iterator<Item = (&'a Value, String)>,
    ) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for (list, at) in lists {
            for (index, value) in list.as_array().into_iter().flatten().enumerate() {
                let Some(parameter) = self.parameter(value, &format!("{at}/{index}")) else { continue };
                for parameter in self.spread(parameter) {
                    let same = |one: &&mut Parameter| one.name == parameter.name && one.location == parameter.location;
                    match found.iter_mut().find(same) {
                        Some(place) => *place = parameter,
                        None => found.push(parameter),
                    }
                }
            }
        }
        for name in names(path) {
            if !found.iter().any(|one| one.location == Location::Path && one.name == name) {
                self.notes.add("a parameter of a path is not described", operation);
                found.push(undescribed(name));
            }
        }
        found
    }

    fn parameter(&mut self, value: &'a Value, at: &str) -> Option<Parameter> {
        let (value, place) = self.follow(value, at);
        let members = value.as_object()?;
        let name = members.get("name").and_then(Value::as_str).unwrap_or_default();
        let location = members.get("in").and_then(Value::as_str).and_then(location);
        let (Some(location), false) = (location, name.is_empty()) else {
            self.notes.add("a parameter has no name, or no place that is known", at);
            return None;
        };
        if location == Location::Header && NOT_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
            return None;
        }
        let usual = if matches!(location, Location::Path | Location::Header) { "simple" } else { "form" };
        let style =
            members.get("style").and_then(Value::as_str).filter(|style| STYLES.contains(style)).unwrap_or(usual);
        let (schema, examples, json) = self.described(members, &place);
        Some(Parameter {
            name: name.to_owned(),
            location,
            required: location == Location::Path || is_true(members, "required"),
            schema,
            json,
            style: style.to_owned(),
            explode: members.get("explode").and_then(Value::as_bool).unwrap_or(style == "form"),
            examples,
            description: members.get("description").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// What travels of an object in the query each of whose members stands for itself: the members (OpenAPI 3.1, 4.8.12.3).
    fn spread(&self, parameter: Parameter) -> Vec<Parameter> {
        let is_spread =
            parameter.location == Location::Query && parameter.style == "form" && parameter.explode && !parameter.json;
        let Some(at) = parameter.schema.as_deref().filter(|_| is_spread) else { return vec![parameter] };
        let Some(schema) = self.root.pointer(at) else { return vec![parameter] };
        let (schema, at) = self.follow(schema, at);
        let properties = schema.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty());
        let is_object = schema.get("type").is_none_or(|kind| kind == "object");
        let Some(properties) = properties.filter(|_| is_object) else { return vec![parameter] };
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
        let member = |name: &String| Parameter {
            name: name.clone(),
            required: parameter.required && is_required(name),
            schema: Some(pointer::push(&format!("{at}/properties"), name)),
            examples: Vec::new(),
            description: properties[name].get("description").and_then(Value::as_str).map(str::to_owned),
            ..parameter.clone()
        };
        properties.keys().map(member).collect()
    }

    /// What a request may carry.
    pub(crate) fn body(&self, value: &'a Value, at: &str) -> Option<Body> {
        let (value, place) = self.follow(value, at);
        let members = value.as_object()?;
        let media = self.media(members, &place);
        (!media.is_empty()).then(|| Body { required: is_true(members, "required"), media })
    }

    fn media(&self, members: &'a Map<String, Value>, at: &str) -> Vec<Media> {
        let content = members.get("content").and_then(Value::as_object).into_iter().flatten();
        let media = content.map(|(name, value)| {
            let (value, place) = self.follow(value, &pointer::push(&format!("{at}/content"), name));
            let members = value.as_object();
            Media {
                media_type: name.clone(),
                schema: members.and_then(|members| self.schema(members, &place)),
                examples: members.map(|members| self.examples(members)).unwrap_or_default(),
            }
        });
        media.collect()
    }

    /// What a server may answer.
    pub(crate) fn responses(&mut self, value: Option<&'a Value>, at: &str) -> Vec<Response> {
        let mut found = Vec::new();
        for (key, value) in value.and_then(Value::as_object).into_iter().flatten() {
            let place = pointer::push(at, key);
            let Some(status) = status(key) else {
                self.notes.add("a response has no status that is known", &place);
                continue;
            };
            let (value, place) = self.follow(value, &place);
            let members = value.as_object();
            found.push(Response {
                status,
                media: members.map(|members| self.media(members, &place)).unwrap_or_default(),
                headers: members.map(|members| self.headers(members, &place)).unwrap_or_default(),
            });
        }
        found
    }

    fn headers(&self, members: &'a Map<String, Value>, at: &str) -> Vec<Header> {
        let headers = members.get("headers").and_then(Value::as_object).into_iter().flatten();
        // The media types of a response say what its `Content-Type` is.
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        let headers = headers.filter_map(|(name, value)| {
            let (value, place) = self.follow(value, &pointer::push(&format!("{at}/headers"), name));
            let members = value.as_object()?;
            let (schema, examples, _) = self.described(members, &place);
            Some(Header { name: name.clone(), required: is_true(members, "required"), schema, examples })
        });
        headers.collect()
    }
}

/// Where a parameter travels, by the name that the specification has for it.
pub(crate) fn location(name: &str) -> Option<Location> {
    match name {
        "path" => Some(Location::Path),
        "query" => Some(Location::Query),
        "header" => Some(Location::Header),
        "cookie" => Some(Location::Cookie),
        _ => None,
    }
}

fn is_true(members: &Map<String, Value>, key: &str) -> bool {
    members.get(key) == Some(&Value::Bool(true))
}

/// `200`, `4XX` or `default`.
fn status(key: &str) -> Option<String> {
    let upper = key.to_ascii_uppercase();
    let is_code = upper.len() == 3
        && matches!(upper.as_bytes(), [b'1'..=b'5', rest @ ..] if rest == b"XX" || rest.iter().all(u8::is_ascii_digit));
    match upper.as_str() {
        "DEFAULT" => Some("default".to_owned()),
        _ if is_code => Some(upper),
        _ => None,
    }
}

/// The names in the braces of a path, each once.
fn names(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in path.split('{').skip(1) {
        let name = part.split_once('}').map_or("", |(name, _)| name);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A parameter of a path that may be anything: a request cannot be sent without it.
fn undescribed(name: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        location: Location::Path,
        required: true,
        schema: None,
        json: false,
        style: "simple".to_owned(),
        explode: false,
        examples: Vec::new(),
        description: None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("200", Some("200"))]
    #[case("4xx", Some("4XX"))]
    #[case("Default", Some("default"))]
    #[case("x-more", None)]
    #[case("20", None)]
    #[case("2X0", None)]
    fn a_status_is_told_in_one_way(#[case] key: &str, #[case] told: Option<&str>) {
        assert_eq!(status(key).as_deref(), told);
    }

    #[rstest]
    #[case("/a/{b}/{c}.{d}", &["b", "c", "d"])]
    #[case("/a/{b}/{b}", &["b"])]
    #[case("/a/{b", &[])]
    fn a_path_names_its_parameters(#[case] path: &str, #[case] expected: &[&str]) {
        assert_eq!(names(path), expected);
    }
}
