//! Works out expressions and templates.

use conformance_record::{Exchange, Response};
use conformance_scenario::expression::Source;
use conformance_scenario::template::Part;
use conformance_scenario::{Boundary, Expression, Template};
use serde_json::{Map, Value};

use crate::obstacle::Obstacle;
use crate::subject::{Place, Subject};
use crate::world::{Variables, Walked, at};

/// What an expression can see at a moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope<'s> {
    pub(crate) item: Option<&'s Value>,
    pub(crate) index: Option<usize>,
    pub(crate) exchange: Option<&'s Exchange>,
    pub(crate) walk: Option<&'s Walked>,
}

/// The value of an expression.
pub(crate) fn expression(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    expression: &Expression,
) -> Result<Value, Obstacle> {
    let whole = source(variables, subject, scope, &expression.source)?;
    match at(&whole, &expression.pointer) {
        Some(found) => Ok(found.clone()),
        None => Err(format!("`{expression}` is not there").into()),
    }
}

fn source(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    source: &Source,
) -> Result<Value, Obstacle> {
    let response = || -> Result<&Response, Obstacle> {
        match scope.exchange.map(|exchange| &exchange.response) {
            Some(Ok(response)) => Ok(response),
            Some(Err(reason)) => Err(format!("there was no answer: {reason}").into()),
            None => Err("nothing was sent".into()),
        }
    };
    let body = || {
        conformance_json::parse(&response()?.body)
            .map_err(|error| Obstacle::from(format!("the body is not JSON: {error}")))
    };
    let walked = || scope.walk.ok_or_else(|| Obstacle::from("nothing was walked"));
    match source {
        Source::StatusCode => Ok(response()?.status.into()),
        Source::ResponseBody => body(),
        Source::ResponseHeader(name) => {
            let value = response()?.header(name);
            value.map(Value::from).ok_or_else(|| Obstacle::from(format!("there is no header field `{name}`")))
        }
        Source::ResponseText => Ok(String::from_utf8_lossy(&response()?.body).into()),
        Source::ResponseIds => Ok(id_values(subject, &subject.ids(&body()?))),
        Source::ResponseOwn => Ok(id_values(subject, &variables.mine(&subject.ids(&body()?)))),
        Source::ResponseCount => Ok(subject.ids(&body()?).len().into()),
        Source::RequestBody => {
            let sent = scope.exchange.map_or(&[][..], |exchange| &exchange.request.body);
            conformance_json::parse(sent).map_err(|_| Obstacle::from("the request had no JSON body"))
        }
        Source::Output(name) => match variables.outputs.get(name) {
            Some(value) => value.clone(),
            None => Err(format!("`$outputs.{name}` was not captured").into()),
        },
        Source::Item => scope.item.cloned().ok_or_else(|| Obstacle::from("there is no item")),
        Source::Index => scope.index.map(Value::from).ok_or_else(|| Obstacle::from("there is no index")),
        Source::Marker => Ok(variables.marker.clone().into()),
        Source::UnknownId => {
            let id = variables.unknown_id(subject);
            Ok(subject.id_value(&id))
        }
        Source::WalkIds => Ok(id_values(subject, &walked()?.ids)),
        Source::WalkOwn => Ok(id_values(subject, &variables.mine(&walked()?.ids))),
        Source::WalkPages => Ok(walked()?.pages.into()),
        Source::WalkCount => Ok(walked()?.ids.len().into()),
        Source::WalkLargest => Ok(walked()?.largest.into()),
        Source::WalkFalseEnds => Ok(walked()?.false_ends.into()),
        Source::WalkEnd => Ok(walked()?.end.into()),
    }
}

/// Ids as bodies show them.
fn id_values(subject: &dyn Subject, ids: &[String]) -> Value {
    ids.iter().map(|id| subject.id_value(id)).collect()
}

/// The value of a template. `place` is the schema of the place where it stands, for `$boundary`.
pub(crate) fn template(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    value: &Template,
    place: Option<&Place>,
) -> Result<Value, Obstacle> {
    match value {
        Template::Literal(value) => Ok(value.clone()),
        Template::Expression(inner, _) => expression(variables, subject, scope, inner),
        Template::Text(parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    Part::Literal(literal) => text.push_str(literal),
                    Part::Expression(inner, _) => text.push_str(&plain(&expression(variables, subject, scope, inner)?)),
                }
            }
            Ok(Value::from(text))
        }
        Template::Array(items) => {
            let items = items.iter().map(|item| template(variables, subject, scope, item, None));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Template::Object(members) => object(variables, subject, scope, members, place),
        Template::Boundary(inner) => boundary(variables, subject, scope, inner, place),
        Template::Reversed(list) => match template(variables, subject, scope, list, None)? {
            Value::Array(items) => Ok(items.into_iter().rev().collect()),
            _ => Err("`$reversed` needs a list".into()),
        },
        Template::Find(list, members) => find(variables, subject, scope, list, members),
        Template::Sum(parts) => {
            let mut sum = 0;
            for part in parts {
                let value = template(variables, subject, scope, part, None)?;
                sum +=
                    value.as_i64().ok_or_else(|| Obstacle::from(format!("`$sum` needs whole numbers, not {value}")))?;
            }
            Ok(sum.into())
        }
        Template::At(list, index) => match template(variables, subject, scope, list, None)? {
            Value::Array(items) => {
                let index = template(variables, subject, scope, index, None)?;
                let Some(index) = index.as_i64() else { return Err(format!("`{index}` is no index").into()) };
                let from_end = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
                let place = if index < 0 { items.len().checked_sub(from_end) } else { Some(from_end) };
                let found = place.and_then(|place| items.get(place)).cloned();
                found.ok_or_else(|| Obstacle::from(format!("a list of {} has no item {index}", items.len())))
            }
            _ => Err("`$at` needs a list".into()),
        },
    }
}

fn find(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    list: &Template,
    members: &[(String, Template)],
) -> Result<Value, Obstacle> {
    let Value::Array(items) = template(variables, subject, scope, list, None)? else {
        return Err("`$find` needs a list".into());
    };
    let mut wanted = Vec::new();
    for (name, member) in members {
        wanted.push((name, template(variables, subject, scope, member, None)?));
    }
    let fits = |item: &&Value| {
        wanted
            .iter()
            .all(|(name, value)| item.get(name.as_str()).is_some_and(|found| conformance_json::equal(found, value)))
    };
    let found = items.iter().find(fits).cloned();
    found.ok_or_else(|| Obstacle::from(format!("none of {} objects is the one that is looked for", items.len())))
}

fn object(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    members: &[(String, Template)],
    place: Option<&Place>,
) -> Result<Value, Obstacle> {
    let mut all = Map::new();
    for (name, member) in members {
        let place = place.and_then(|place| subject.member_schema(place, name));
        let value = template(variables, subject, scope, member, place.as_ref())?;
        all.insert(name.clone(), value);
    }
    Ok(Value::Object(all))
}

fn boundary(
    variables: &mut Variables,
    subject: &dyn Subject,
    scope: Scope<'_>,
    value: &Boundary,
    place: Option<&Place>,
) -> Result<Value, Obstacle> {
    let Some(place) = place else { return Err("`$boundary` stands where no schema bounds anything".into()) };
    let which = plain(&template(variables, subject, scope, &value.edge, None)?);
    match subject.edge(place, &which)? {
        Edge::Number(number) => Ok(number.into()),
        Edge::Length(length) => {
            let character = match &value.of {
                Some(of) => plain(&template(variables, subject, scope, of, None)?),
                None => "a".to_owned(),
            };
            Ok(character.chars().cycle().take(length).collect::<String>().into())
        }
    }
}

/// Longer text is not sent.
const LONGEST: usize = 1_000_000;

/// What an edge comes to under a schema.
pub(crate) enum Edge {
    Number(i64),
    Length(usize),
}

/// Works out an edge between bounds, each found by its keyword.
pub(crate) fn edge(
    is_text: bool,
    bound: &dyn Fn(&str) -> Option<i64>,
    at: &Place,
    which: &str,
) -> Result<Edge, Obstacle> {
    let (low, high) = if is_text { ("minLength", "maxLength") } else { ("minimum", "maximum") };
    let (keyword, offset) = match which {
        "min-1" => (low, -1),
        "min" => (low, 0),
        "min+1" => (low, 1),
        "max-1" => (high, -1),
        "max" => (high, 0),
        "max+1" => (high, 1),
        _ => return Err(format!("`{which}` is not an edge; expected min-1, min, min+1, max-1, max or max+1").into()),
    };
    let bound = bound(keyword).ok_or_else(|| Obstacle::from(format!("the schema at {at} has no `{keyword}`")))?;
    let edge = bound.saturating_add(offset);
    if !is_text {
        return Ok(Edge::Number(edge));
    }
    match usize::try_from(edge) {
        Ok(length) if length <= LONGEST => Ok(Edge::Length(length)),
        Ok(_) => Err(format!("text of {edge} characters, by the `{keyword}` at {at}, is too long to send").into()),
        Err(_) => Err(format!("no text is shorter than the `{keyword}` at {at}").into()),
    }
}

/// A value as part of a text or of a URL.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
