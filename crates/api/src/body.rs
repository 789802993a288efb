//! Bodies of requests, read as their media type says and typed as their schema says.

use conformance_openapi::Body;
use serde_json::{Map, Value};

use crate::media;
use crate::query;
use crate::schema::{Merged, Schemas};

/// What a request's body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Its value; none when the body is empty.
    pub value: Option<Value>,
    /// The schema of the media type that it came in, if the document has one.
    pub schema: Option<String>,
}

/// Why a body can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// The text is not what the media type says.
    Malformed(String),
    /// The operation documents other media types.
    MediaType(String),
    /// The operation needs a body, and none came.
    Missing,
}

/// Reads a body.
///
/// # Errors
/// When it is missing, malformed or of another media type.
pub fn decode(
    schemas: &Schemas,
    body: Option<&Body>,
    content_type: Option<&str>,
    bytes: &[u8],
) -> Result<Decoded, BodyError> {
    let Some(body) = body else { return Ok(Decoded { value: None, schema: None }) };
    if bytes.is_empty() {
        return if body.required && !takes_nothing(schemas, body) {
            Err(BodyError::Missing)
        } else {
            Ok(Decoded { value: None, schema: None })
        };
    }
    let fallback = || body.media.iter().find(|one| media::is_json(&one.media_type)).or(body.media.first());
    let sent = content_type.map(str::to_owned).or_else(|| Some(fallback()?.media_type.clone()));
    let Some(sent) = sent else { return Ok(Decoded { value: None, schema: None }) };
    let exact = body.media.iter().find(|one| media::takes(&one.media_type, &sent));
    let like = || body.media.iter().find(|one| media::is_json(&one.media_type) && media::is_json(&sent));
    let Some(media) = exact.or_else(like) else {
        let known: Vec<&str> = body.media.iter().map(|one| one.media_type.as_str()).collect();
        return Err(BodyError::MediaType(format!("content-type is `{sent}`; expected {}", known.join(" or "))));
    };
    let schema = media.schema.clone();
    let shape = schema.as_deref().map(|pointer| schemas.merged(pointer)).unwrap_or_default();
    let value = if media::is_json(&sent) {
        conformance_json::parse(bytes).map_err(|error| BodyError::Malformed(error.to_string()))?
    } else if media::is_form(&sent) {
        nest(schemas, &shape, query::parse(&String::from_utf8_lossy(bytes)))
    } else if media::is_multipart(&sent) {
        nest(
            schemas,
            &shape,
            parts(&sent, bytes).ok_or_else(|| BodyError::Malformed("the body has no parts".to_owned()))?,
        )
    } else {
        Value::String(String::from_utf8_lossy(bytes).into_owned())
    };
    Ok(Decoded { value: Some(value), schema })
}

/// Whether an empty body is as good as an empty object: a form of which nothing is required that a form can show.
fn takes_nothing(schemas: &Schemas, body: &Body) -> bool {
    body.media.iter().any(|one| {
        let shape = one.schema.as_deref().map(|pointer| schemas.merged(pointer)).unwrap_or_default();
        let is_form = media::is_form(&one.media_type) || media::is_multipart(&one.media_type);
        is_form && shape.required.iter().all(|name| empty(schemas, &shape, name).is_some())
    })
}

/// What a required member is when a form does not show it: a form has no words for an empty array or object.
fn empty(schemas: &Schemas, shape: &Merged<'_>, name: &str) -> Option<Value> {
    match schemas.merge(shape.property(name)?).kind() {
        Some("array") => Some(Value::Array(Vec::new())),
        Some("object") => Some(Value::Object(Map::new())),
        _ => None,
    }
}

/// Pairs such as `metadata[colour]=red`, `items[0][id]=1` and `tags[]=a` as one object, typed by the schema.
#[must_use]
pub fn nest(schemas: &Schemas, shape: &Merged<'_>, pairs: Vec<(String, String)>) -> Value {
    let mut tree = Tree::default();
    for (name, value) in pairs {
        tree.put(&steps(&name), value);
    }
    // A form without a field is an object all the same.
    if tree.members.is_empty() { tree.object(schemas, shape) } else { tree.typed(schemas, shape) }
}

/// `items[0][id]` → `items`, `0`, `id`
fn steps(name: &str) -> Vec<&str> {
    let Some(open) = name.find('[').filter(|at| *at > 0) else { return vec![name] };
    let inner = name[open..].split('[').skip(1).map(|step| step.strip_suffix(']').unwrap_or(step));
    std::iter::once(&name[..open]).chain(inner).collect()
}

/// A form while it is being put together.
#[derive(Debug, Default)]
struct Tree {
    values: Vec<String>,
    members: Vec<(String, Tree)>,
}

impl Tree {
    fn put(&mut self, steps: &[&str], value: String) {
        let Some((step, rest)) = steps.split_first() else {
            self.values.push(value);
            return;
        };
        // `a[]=1&a[]=2`: each is a new item, unless it is the next member of the one before.
        let again = step.is_empty() && !rest.is_empty();
        let known = self
            .members
            .iter()
            .rposition(|(name, inner)| name == step && !(step.is_empty() && (!again || inner.has(rest))));
        let at = known.unwrap_or_else(|| {
            self.members.push(((*step).to_owned(), Self::default()));
            self.members.len() - 1
        });
        self.members[at].1.put(rest, value);
    }

    fn has(&self, steps: &[&str]) -> bool {
        match steps.split_first() {
            None => !self.values.is_empty(),
            Some((step, rest)) => self.members.iter().any(|(name, inner)| name == step && inner.has(rest)),
        }
    }

    fn typed(&self, schemas: &Schemas, shape: &Merged<'_>) -> Value {
        let outlined = if shape.choices.is_empty() { shape.clone() } else { widest(schemas, shape) };
        if self.members.is_empty() {
            return self.leaf(schemas, &outlined);
        }
        let indexed =
            self.members.iter().all(|(name, _)| name.is_empty() || name.bytes().all(|one| one.is_ascii_digit()));
        let is_array = match outlined.kind() {
            Some("array") => true,
            Some("object") => false,
            _ => indexed,
        };
        if is_array && indexed {
            let item = outlined.items.map(|items| schemas.merge(&[items])).unwrap_or_default();
            return Value::Array(self.members.iter().map(|(_, inner)| inner.typed(schemas, &item)).collect());
        }
        self.object(schemas, &outlined)
    }

    fn object(&self, schemas: &Schemas, outlined: &Merged<'_>) -> Value {
        let missing = outlined.required.iter().filter(|name| !self.members.iter().any(|(one, _)| one == *name));
        let mut object: Map<String, Value> =
            missing.filter_map(|name| Some(((*name).to_owned(), empty(schemas, outlined, name)?))).collect();
        for (name, inner) in &self.members {
            let known = outlined.property(name).map(|property| schemas.merge(property));
            let other = || outlined.additional.filter(|one| one.is_object()).map(|one| schemas.merge(&[one]));
            object.insert(name.clone(), inner.typed(schemas, &known.or_else(other).unwrap_or_default()));
        }
        Value::Object(object)
    }

    fn leaf(&self, schemas: &Schemas, shape: &Merged<'_>) -> Value {
        if shape.kind() == Some("array") {
            // `tags=` is no tag, and not one without a name.
            if self.values.iter().all(String::is_empty) {
                return Value::Array(Vec::new());
            }
            let item = shape.items.map(|items| schemas.merge(&[items])).unwrap_or_default();
            return Value::Array(self.values.iter().map(|value| query::typed(value, &item)).collect());
        }
        match self.values.as_slice() {
            [one] => query::typed(one, shape),
            several => Value::Array(several.iter().map(|value| query::typed(value, shape)).collect()),
        }
    }
}

/// A choice as the branch that says most: an object before an array before anything else.
fn widest<'s>(schemas: &'s Schemas, shape: &Merged<'s>) -> Merged<'s> {
    let mut widened = shape.clone();
    for branches in std::mem::take(&mut widened.choices) {
        let rank = |branch: &&Value| match schemas.merge(&[branch]).kind() {
            Some("object") => 3,
            Some("array") => 2,
            Some("integer" | "number" | "boolean") => 1,
            _ => 0,
        };
        if let Some(branch) = branches.iter().rev().max_by_key(rank) {
            schemas.absorb(&mut widened, branch, 0);
        }
    }
    widened
}

/// The parts of a form, by name; files as their text.
fn parts(content_type: &str, bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let boundary = content_type
        .split(';')
        .filter_map(|one| one.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?
        .1;
    let boundary = format!("--{}", boundary.trim_matches('"'));
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for part in text.split(boundary.as_str()).skip(1) {
        let Some((head, body)) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n")) else { continue };
        let Some(at) = head.find("name=") else { continue };
        let name: String = match head[at + 5..].strip_prefix('"') {
            Some(quoted) => quoted.chars().take_while(|one| *one != '"').collect(),
            None => head[at + 5..].chars().take_while(|one| !matches!(one, ';' | '\r' | '\n')).collect(),
        };
        found.push((name, body.strip_suffix("\r\n").or(body.strip_suffix('\n')).unwrap_or(body).to_owned()));
    }
    text.contains(boundary.as_str()).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::nest;
    use crate::query;
    use crate::schema::Schemas;

    #[rstest]
    #[case("a=1&b=true&c=x", json!({ "a": 1, "b": true, "c": "x" }))]
    #[case("m[k]=1&m[l]=2", json!({ "m": { "k": "1", "l": "2" } }))]
    #[case("t[]=1&t[]=2", json!({ "t": ["1", "2"] }))]
    #[case("t[0]=1&t[1]=2", json!({ "t": ["1", "2"] }))]
    #[case("t=1&t=2", json!({ "t": ["1", "2"] }))]
    #[case("t=1", json!({ "t": ["1"] }))]
    #[case("t=", json!({ "t": [] }))]
    #[case("", json!({}))]
    #[case("i[0][id]=1&i[0][n]=x&i[1][id]=2", json!({ "i": [{ "id": "1", "n": "x" }, { "id": "2" }] }))]
    #[case("i[][id]=1&i[][n]=x&i[][id]=2", json!({ "i": [{ "id": "1", "n": "x" }, { "id": "2" }] }))]
    fn forms_nest(#[case] form: &str, #[case] value: Value) {
        let schema = json!({ "type": "object", "properties": {
            "a": { "type": "integer" }, "b": { "type": "boolean" }, "t": { "type": "array", "items": { "type": "string" } },
            "m": { "type": "object" },
        } });
        let schemas = Schemas::new(Arc::new(json!({ "s": schema })));
        assert_eq!(nest(&schemas, &schemas.merged("/s"), query::parse(form)), value);
    }
}
