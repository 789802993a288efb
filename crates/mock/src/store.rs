//! The objects of a workspace, in the order of their lists, and pages of them.
//!
//! An object's place in the list never changes, and a deleted object leaves its place behind as a cursor: so pages
//! neither repeat nor lose a survivor, whatever is created and deleted between them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

/// How many deleted objects a workspace remembers as cursors.
const REMEMBERED: usize = 10_000;

/// An object, ready to be read.
#[derive(Debug)]
pub struct Object {
    /// Its properties.
    pub state: Map<String, Value>,
    /// How lists show it.
    pub item: Bytes,
    /// How retrieve answers it.
    pub whole: Bytes,
}

/// A place in a list: smaller is nearer to its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u64);

/// The objects of one resource.
#[derive(Clone, Debug)]
pub struct Collection {
    newest_first: bool,
    created: u64,
    listed: BTreeMap<Rank, Arc<Object>>,
    by_id: HashMap<Arc<str>, (Rank, Arc<Object>)>,
    gone: HashMap<Arc<str>, Rank>,
    gone_in_order: VecDeque<Arc<str>>,
}

/// What a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// At most this many.
    pub limit: usize,
    /// Only what comes after this place.
    pub after: Option<Rank>,
    /// Only what comes before this place; without `after`, the last of it.
    pub before: Option<Rank>,
}

impl Collection {
    /// An empty collection.
    #[must_use]
    pub fn new(newest_first: bool) -> Self {
        Self {
            newest_first,
            created: 0,
            listed: BTreeMap::new(),
            by_id: HashMap::new(),
            gone: HashMap::new(),
            gone_in_order: VecDeque::new(),
        }
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The object with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Object>> {
        self.by_id.get(id).map(|(_, object)| object)
    }

    /// All objects, in the order in which they were added.
    pub fn oldest_first(&self) -> impl Iterator<Item = &Arc<Object>> {
        let (ahead, back) = if self.newest_first {
            (None, Some(self.listed.values().rev()))
        } else {
            (Some(self.listed.values()), None)
        };
        ahead.into_iter().flatten().chain(back.into_iter().flatten())
    }

    /// Adds the newest object.
    pub fn insert(&mut self, id: &str, object: Object) {
        self.created += 1;
        let rank = Rank(if self.newest_first { u64::MAX - self.created } else { self.created });
        let object = Arc::new(object);
        self.by_id.insert(id.into(), (rank, object.clone()));
        self.listed.insert(rank, object);
    }

    /// Replaces an object; its place stays.
    pub fn replace(&mut self, id: &str, object: Object) {
        if let Some((rank, known)) = self.by_id.get_mut(id) {
            *known = Arc::new(object);
            self.listed.insert(*rank, known.clone());
        }
    }

    /// Removes an object; its id stays good as a cursor. Says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some((id, (rank, _))) = self.by_id.remove_entry(id) else { return false };
        self.listed.remove(&rank);
        self.gone.insert(id.clone(), rank);
        self.gone_in_order.push_back(id);
        if self.gone_in_order.len() > REMEMBERED
            && let Some(oldest) = self.gone_in_order.pop_front()
        {
            self.gone.remove(&oldest);
        }
        true
    }

    /// The place that a cursor names, of an object that is there or was.
    #[must_use]
    pub fn rank(&self, id: &str) -> Option<Rank> {
        self.by_id.get(id).map(|(rank, _)| rank).or_else(|| self.gone.get(id)).copied()
    }

    /// A page in list order, and whether there is more beyond it in the direction of the paging.
    #[must_use]
    pub fn page(&self, wanted: Wanted) -> (Vec<&Object>, bool) {
        let from = wanted.after.map_or(Bound::Unbounded, Bound::Excluded);
        let to = wanted.before.map_or(Bound::Unbounded, Bound::Excluded);
        if wanted.after.zip(wanted.before).is_some_and(|(after, before)| after >= before) {
            return (Vec::new(), false);
        }
        let mut between = self.listed.range((from, to)).map(|(_, object)| object.as_ref());
        let backwards = wanted.before.is_some() && wanted.after.is_none();
        let mut page: Vec<_> = if backwards {
            between.by_ref().rev().take(wanted.limit + 1).collect()
        } else {
            between.take(wanted.limit + 1).collect()
        };
        let more = page.len() > wanted.limit;
        page.truncate(wanted.limit);
        if backwards {
            page.reverse();
        }
        (page, more)
    }
}
