//! The objects of a workspace, in the order of their lists, and pages of them.
//!
//! An object's place in the list never changes, and a deleted object leaves its place behind as a cursor: so pages
//! neither repeat nor lose a survivor, whatever is created and deleted between them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashTable;

/// How many deleted objects a workspace remembers as cursors.
const REMEMBERED: usize = 10_000;

/// An object, ready to be read. There may be millions: what can be read off `whole` is not kept twice.
#[derive(Debug)]
pub struct Object {
    /// How retrieve answers it; nothing where there is no retrieve.
    pub whole: Bytes,
    /// How lists show it.
    pub item: Item,
    /// Its properties, as JSON text; none where `whole` shows all of them.
    pub state: Option<Box<str>>,
}

/// How lists show an object.
#[derive(Debug)]
pub enum Item {
    /// As retrieve answers it.
    Whole,
    /// So many bytes of what retrieve answers, and a closing brace.
    Beginning(usize),
    /// In its own way.
    Own(Box<str>),
}

impl Object {
    /// Writes it as lists show it.
    pub fn write_item(&self, to: &mut Vec<u8>) {
        match &self.item {
            Item::Whole => to.extend_from_slice(&self.whole),
            Item::Beginning(length) => {
                to.extend_from_slice(&self.whole[..*length]);
                to.push(b'}');
            }
            Item::Own(text) => to.extend_from_slice(text.as_bytes()),
        }
    }
}

/// A place in a list: smaller is nearer to its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u64);

/// An object where it stands.
#[derive(Debug)]
struct Placed {
    id: Box<str>,
    rank: Rank,
    object: Object,
}

/// The objects of one resource.
#[derive(Clone, Debug)]
pub struct Collection {
    newest_first: bool,
    created: u64,
    /// Places that were reserved, and not filled so far.
    open: usize,
    listed: BTreeMap<Rank, Arc<Placed>>,
    /// The same objects, by their ids.
    by_id: HashTable<Arc<Placed>>,
    hasher: RandomState,
    gone: HashMap<Box<str>, Rank>,
    gone_in_order: VecDeque<Box<str>>,
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
            open: 0,
            listed: BTreeMap::new(),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
            gone: HashMap::new(),
            gone_in_order: VecDeque::new(),
        }
    }

    /// How many objects there are, or will be when every reserved place is filled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed.len() + self.open
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn placed(&self, id: &str) -> Option<&Arc<Placed>> {
        self.by_id.find(self.hasher.hash_one(id), |one| *one.id == *id)
    }

    /// The object with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Object> {
        self.placed(id).map(|placed| &placed.object)
    }

    /// All objects, in the order in which they were added.
    pub fn oldest_first(&self) -> impl Iterator<Item = &Object> {
        let (ahead, back) = if self.newest_first {
            (None, Some(self.listed.values().rev()))
        } else {
            (Some(self.listed.values()), None)
        };
        ahead.into_iter().flatten().chain(back.into_iter().flatten()).map(|placed| &placed.object)
    }

    /// Adds the newest object.
    pub fn insert(&mut self, id: &str, object: Object) {
        let rank = self.reserve();
        self.fill(rank, id, object);
    }

    /// Keeps the newest place for an object that is still being made; it has to be filled or left.
    #[must_use]
    pub fn reserve(&mut self) -> Rank {
        self.created += 1;
        self.open += 1;
        Rank(if self.newest_first { u64::MAX - self.created } else { self.created })
    }

    /// Puts an object in its reserved place.
    pub fn fill(&mut self, rank: Rank, id: &str, object: Object) {
        self.open -= 1;
        self.put(Arc::new(Placed { id: id.into(), rank, object }));
    }

    /// Gives a reserved place up.
    pub fn leave(&mut self, _: Rank) {
        self.open -= 1;
    }

    fn put(&mut self, placed: Arc<Placed>) {
        self.listed.insert(placed.rank, placed.clone());
        let hash = self.hasher.hash_one(&*placed.id);
        match self.by_id.find_mut(hash, |one| one.id == placed.id) {
            Some(known) => *known = placed,
            None => drop(self.by_id.insert_unique(hash, placed, |one| self.hasher.hash_one(&*one.id))),
        }
    }

    /// Replaces an object; its place stays.
    pub fn replace(&mut self, id: &str, object: Object) {
        if let Some(rank) = self.placed(id).map(|placed| placed.rank) {
            self.put(Arc::new(Placed { id: id.into(), rank, object }));
        }
    }

    /// Removes an object; its id stays good as a cursor. Says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Ok(found) = self.by_id.find_entry(self.hasher.hash_one(id), |one| *one.id == *id) else { return false };
        let rank = found.remove().0.rank;
        self.listed.remove(&rank);
        self.gone.insert(id.into(), rank);
        self.gone_in_order.push_back(id.into());
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
        self.placed(id).map(|placed| placed.rank).or_else(|| self.gone.get(id).copied())
    }

    /// A page in list order, and whether there is more beyond it in the direction of the paging.
    #[must_use]
    pub fn page(&self, wanted: Wanted) -> (Vec<&Object>, bool) {
        let from = wanted.after.map_or(Bound::Unbounded, Bound::Excluded);
        let to = wanted.before.map_or(Bound::Unbounded, Bound::Excluded);
        if wanted.after.zip(wanted.before).is_some_and(|(after, before)| after >= before) {
            return (Vec::new(), false);
        }
        let mut between = self.listed.range((from, to)).map(|(_, placed)| &placed.object);
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
