//! A list by another rule, made of the server's true list.

use conformance_contract::model::Page;
use conformance_contract::{Contract, Operation};
use conformance_record::{NoResponse, Request, Response, Upstream};
use serde_json::Value;

use crate::change::{query, with_query};
use crate::model::{Cursor, More, Relist, Sort};

/// More pages than this are not fetched.
const MOST_PAGES: usize = 100;

/// The objects of the whole list, in its order, and an answer to put a page into.
pub(crate) async fn whole(
    contract: &Contract,
    operation: &Operation,
    page: &Page,
    request: &Request,
    upstream: &dyn Upstream,
) -> Result<(Vec<Value>, Response), NoResponse> {
    let largest = contract.largest_page(operation).unwrap_or(100).to_string();
    let (mut items, mut cursor): (Vec<Value>, Option<String>) = (Vec::new(), None);
    let id = &contract.resources[operation.resource].id_property;
    let mut last = None;
    for _ in 0..MOST_PAGES {
        let mut pairs = vec![(page.limit.clone(), largest.clone())];
        if let (Some(after), Some(cursor)) = (&page.after, &cursor) {
            pairs.push((after.clone(), cursor.clone()));
        }
        let target = with_query(&request.target, &pairs);
        let response = upstream.send(Request { target, ..request.clone() }).await?;
        let body: Value = conformance_json::parse(&response.body).unwrap_or_default();
        let found = body.pointer(&page.items).and_then(Value::as_array).cloned().unwrap_or_default();
        let more = page.more.as_ref().and_then(|more| body.pointer(more)).and_then(Value::as_bool).unwrap_or(false);
        cursor = found.last().and_then(|item| item.get(id)?.as_str()).map(str::to_owned);
        items.extend(found);
        last = Some(response);
        if !more || cursor.is_none() {
            break;
        }
    }
    last.map(|response| (items, response))
        .ok_or_else(|| NoResponse::Injected("the list could not be fetched".to_owned()))
}

/// The page that the other rule gives: its objects, and whether there are more.
pub(crate) fn paged(
    rule: &Relist,
    page: &Page,
    id: &str,
    request: &Request,
    mut items: Vec<Value>,
) -> (Vec<Value>, bool) {
    if let Some(place) = rule.lost.filter(|place| *place < items.len()) {
        items.remove(place);
    }
    match &rule.order {
        Some(Sort::Reversed) => items.reverse(),
        Some(Sort::By(name)) => items.sort_by(|a, b| order(b.get(name), a.get(name))),
        None => {}
    }
    let Window { from, to, limit, backward } = window(rule, page, id, request, &items);
    let there = &items[from..to];
    let shown: Vec<Value> = if backward && rule.cursor != Cursor::FromTheBeginning {
        there[there.len().saturating_sub(limit)..].to_vec()
    } else {
        there[..limit.min(there.len())].to_vec()
    };
    let truth = there.len() > limit;
    let more = match rule.more {
        More::True => truth,
        More::WhenFull => shown.len() >= limit,
        More::OtherWay if backward => to < items.len(),
        More::OtherWay => from > 0,
        More::OfAll => items.len() > limit,
        More::Opposite => !truth,
    };
    (damaged(rule, shown), more)
}

/// Which part of a list is asked for.
struct Window {
    from: usize,
    to: usize,
    limit: usize,
    backward: bool,
}

fn window(rule: &Relist, page: &Page, id: &str, request: &Request, items: &[Value]) -> Window {
    let pairs = query(&request.target);
    let given = |name: &Option<String>| {
        let name = name.as_ref()?;
        pairs.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone())
    };
    let (mut after, mut before) = (given(&page.after), given(&page.before));
    match rule.cursor {
        Cursor::Ignored => (after, before) = (None, None),
        Cursor::Swapped => std::mem::swap(&mut after, &mut before),
        _ => {}
    }
    let position = |cursor: &Option<String>| {
        let cursor = cursor.as_ref()?;
        items.iter().position(|item| item.get(id).and_then(Value::as_str) == Some(cursor))
    };
    let step = match rule.cursor {
        Cursor::Inclusive => 0,
        Cursor::Skipping => 2,
        _ => 1,
    };
    let from = position(&after).map_or(0, |place| (place + step).min(items.len()));
    let to = position(&before).map_or(items.len(), |place| (place + 1).saturating_sub(step)).max(from);
    let asked = pairs.iter().find(|(name, _)| *name == page.limit).and_then(|(_, value)| value.parse::<i64>().ok());
    let asked = asked.unwrap_or_else(|| i64::try_from(rule.default.unwrap_or(10)).unwrap_or(10));
    let limit = usize::try_from(asked.saturating_add(rule.limit).max(0)).unwrap_or(0);
    let backward = before.is_some() && after.is_none();
    Window { from, to, limit: limit.min(rule.most.unwrap_or(usize::MAX)), backward }
}

/// A page with an item missing, one there twice, or turned round.
fn damaged(rule: &Relist, mut shown: Vec<Value>) -> Vec<Value> {
    let place = |number: i64, length: usize| {
        let from_end = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        if number < 0 { length.checked_sub(from_end) } else { Some(from_end).filter(|place| *place < length) }
    };
    if let Some(place) = rule.missing.and_then(|number| place(number, shown.len())) {
        shown.remove(place);
    }
    if let Some(place) = rule.twice.and_then(|number| place(number, shown.len())) {
        let again = shown[place].clone();
        shown.insert(place, again);
    }
    if rule.reversed {
        shown.reverse();
    }
    shown
}

fn order(one: Option<&Value>, other: Option<&Value>) -> std::cmp::Ordering {
    match (one, other) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(other),
        (Some(one), Some(other)) => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
        _ => std::cmp::Ordering::Equal,
    }
}
