//! The objects of one kind below one parent.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

/// When an object was made, as a number that grows.
pub type Sequence = u64;

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its members.
    pub members: Map<String, Value>,
    /// Every id by which it is found.
    pub ids: Vec<String>,
    /// How many of the ids, from the first on, are remembered as gone when it is removed.
    pub remembered: usize,
}

impl Object {
    /// What stands where these names lead.
    #[must_use]
    pub fn member(&self, path: &[impl AsRef<str>]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.members.get(first.as_ref())?, |here, name| here.get(name.as_ref()))
    }
}

/// Objects in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    pub(crate) objects: BTreeMap<Sequence, Object>,
    by_id: HashMap<String, Sequence>,
    gone: HashMap<String, Sequence>,
}

impl Collection {
    /// Adds an object; an id that another one has leads to the newer one.
    pub fn insert(&mut self, sequence: Sequence, object: Object) {
        for id in &object.ids {
            self.by_id.insert(id.clone(), sequence);
            self.gone.remove(id);
        }
        self.objects.insert(sequence, object);
    }

    /// The object with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Sequence> {
        self.by_id.get(id).copied()
    }

    /// An object.
    #[must_use]
    pub fn get(&self, sequence: Sequence) -> Option<&Object> {
        self.objects.get(&sequence)
    }

    /// Puts other members, and perhaps other ids, in place of an object's; ids that it has no more are gone.
    pub fn replace(&mut self, sequence: Sequence, object: Object) {
        self.remove(sequence);
        self.insert(sequence, object);
    }

    /// Takes an object away; its ids are remembered as gone.
    pub fn remove(&mut self, sequence: Sequence) -> Option<Object> {
        let object = self.objects.remove(&sequence)?;
        for (index, id) in object.ids.iter().enumerate() {
            if self.by_id.get(id) == Some(&sequence) {
                self.by_id.remove(id);
                if index < object.remembered {
                    self.gone.insert(id.clone(), sequence);
                }
            }
        }
        Some(object)
    }

    /// Whether an object with this id was here, and is not any more.
    #[must_use]
    pub fn is_gone(&self, id: &str) -> bool {
        self.gone.contains_key(id)
    }

    /// Where the object with this id stands, or stood.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<Sequence> {
        self.by_id.get(id).or_else(|| self.gone.get(id)).copied()
    }

    /// All objects, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (Sequence, &Object)> {
        self.objects.iter().map(|(at, object)| (*at, object))
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}
