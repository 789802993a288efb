//! Everything that one workspace keeps.

use std::collections::HashMap;

use serde_json::Value;

use crate::collection::{Collection, Sequence};

/// Which collection: the kind of object, and the objects above it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The number of the resource.
    pub resource: usize,
    /// A name for each object above, outermost first.
    pub parents: Vec<String>,
}

/// Collections, things of which there is one, and a count of what was made.
#[derive(Clone, Debug, Default)]
pub struct State {
    collections: HashMap<Place, Collection>,
    /// Things of which there is one, by their path; none when it was cleared.
    pub singletons: HashMap<String, Option<Value>>,
    made: Sequence,
}

impl State {
    /// A collection, if anything was ever in it.
    #[must_use]
    pub fn collection(&self, place: &Place) -> Option<&Collection> {
        self.collections.get(place)
    }

    /// Whether an object of a kind has this id, whatever it stands below.
    #[must_use]
    pub fn has(&self, resource: usize, id: &str) -> bool {
        self.collections.iter().any(|(place, all)| place.resource == resource && all.find(id).is_some())
    }

    /// A collection to change.
    pub fn collection_mut(&mut self, place: &Place) -> &mut Collection {
        self.collections.entry(place.clone()).or_default()
    }

    /// All collections in which anything ever was, in no order.
    pub fn collections(&self) -> impl Iterator<Item = (&Place, &Collection)> {
        self.collections.iter()
    }

    /// Sees that every number given from now on is greater than this one.
    pub fn pass(&mut self, sequence: Sequence) {
        self.made = self.made.max(sequence);
    }

    /// A number greater than all before.
    pub fn next_sequence(&mut self) -> Sequence {
        self.made += 1;
        self.made
    }

    /// How many numbers were given.
    #[must_use]
    pub fn made(&self) -> Sequence {
        self.made
    }

    /// Whether it holds so many objects, or more.
    #[must_use]
    pub fn holds(&self, most: usize) -> bool {
        // While fewer were made, none need be counted.
        let enough_were_made = usize::try_from(self.made).is_ok_and(|made| made >= most);
        enough_were_made && self.collections.values().map(|all| all.objects.len()).sum::<usize>() >= most
    }

    /// Puts everything below one object below another.
    pub fn move_below(&mut self, from: &[String], to: &[String], resources: &[usize]) {
        let is_below = |place: &&Place| resources.contains(&place.resource) && place.parents.starts_with(from);
        let places: Vec<Place> = self.collections.keys().filter(is_below).cloned().collect();
        for place in places {
            let Some(collection) = self.collections.remove(&place) else { continue };
            let parents = to.iter().chain(&place.parents[from.len()..]).cloned().collect();
            self.collections.insert(Place { parents, ..place }, collection);
        }
    }

    /// Removes everything below an object: what has it among its parents.
    pub fn remove_below(&mut self, parents: &[String], resources: &[usize]) {
        self.collections
            .retain(|place, _| !(resources.contains(&place.resource) && place.parents.starts_with(parents)));
    }
}
