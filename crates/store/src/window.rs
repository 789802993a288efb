//! A part of a collection: filtered, ordered, cut.

use std::cmp::Ordering;

use serde_json::Value;

use crate::collection::{Collection, Object, Sequence};

/// What is asked of a collection.
pub struct Query<'q> {
    /// Which objects count.
    pub filter: &'q dyn Fn(&Object) -> bool,
    /// How they are ordered.
    pub order: Order<'q>,
    /// Where the part begins or ends.
    pub window: Window,
    /// How many there may be.
    pub limit: usize,
}

/// How objects are ordered.
#[derive(Clone, Copy, Debug)]
pub struct Order<'q> {
    /// By a member, which stands where these names lead, then by when they were made; by when they were made alone otherwise.
    pub member: Option<&'q [&'q str]>,
    /// Largest, or newest, first.
    pub is_descending: bool,
}

/// Where a part begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// So many objects are passed over.
    Offset(usize),
    /// It begins behind this object, which may be gone.
    After(Sequence),
    /// It ends before this object, which may be gone.
    Before(Sequence),
}

/// A part of a collection.
#[derive(Clone, Debug)]
pub struct Page<'c> {
    /// Its objects.
    pub items: Vec<(Sequence, &'c Object)>,
    /// How many objects stand before it.
    pub before: usize,
    /// How many objects stand behind it.
    pub after: usize,
}

impl Page<'_> {
    /// How many objects the whole has.
    #[must_use]
    pub fn total(&self) -> usize {
        self.before + self.items.len() + self.after
    }
}

impl Collection {
    /// The part of the collection that is asked for.
    #[must_use]
    pub fn page(&self, query: &Query<'_>) -> Page<'_> {
        let mut all: Vec<(Sequence, &Object)> = self
            .objects
            .iter()
            .filter(|(_, object)| (query.filter)(object))
            .map(|(at, object)| (*at, object))
            .collect();
        let compare = |one: &(Sequence, &Object), other: &(Sequence, &Object)| {
            let by_member = query
                .order
                .member
                .map_or(Ordering::Equal, |member| compare(one.1.member(member), other.1.member(member)));
            let ascending = by_member.then(one.0.cmp(&other.0));
            if query.order.is_descending { ascending.reverse() } else { ascending }
        };
        if query.order.member.is_some() {
            all.sort_by(compare);
        } else if query.order.is_descending {
            all.reverse();
        }
        // A cursor may be gone: what stands behind it is found by when it was made.
        let behind = |cursor: Sequence| match all.iter().position(|(at, _)| *at == cursor) {
            Some(at) => at + 1,
            None if query.order.is_descending => all.iter().position(|(at, _)| *at < cursor).unwrap_or(all.len()),
            None => all.iter().position(|(at, _)| *at > cursor).unwrap_or(all.len()),
        };
        let (start, end) = match query.window {
            Window::Offset(offset) => (offset.min(all.len()), offset.saturating_add(query.limit).min(all.len())),
            Window::After(cursor) => {
                let start = behind(cursor);
                (start, start.saturating_add(query.limit).min(all.len()))
            }
            Window::Before(cursor) => {
                let is_here = all.iter().any(|(at, _)| *at == cursor);
                let end = behind(cursor) - usize::from(is_here);
                (end.saturating_sub(query.limit), end)
            }
        };
        let after = all.len() - end;
        all.truncate(end);
        Page { items: all.split_off(start), before: start, after }
    }
}

/// Numbers by size, texts by their characters; what is not there comes first.
fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(other),
        (Some(Value::Bool(one)), Some(Value::Bool(other))) => one.cmp(other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}
