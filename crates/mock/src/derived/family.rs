//! Objects above and below each other: whose children a request speaks of, and what becomes of them.

use conformance_api::Resource;
use conformance_store::{Place, Sequence};

use super::call::Call;
use super::trouble::Trouble;
use super::workspace::Kept;
use super::{Derived, UnknownIds};

impl Derived {
    /// Names for the objects above a collection; an object above that is not there is a 404.
    pub(crate) fn parents(&self, at: usize, values: &[String], kept: &Kept) -> Result<Vec<String>, Trouble> {
        let resource = &self.api.resources[at];
        let count = resource.collection.matches("{}").count().min(values.len());
        let Some(above) = resource.parent else { return Ok(values[..count].to_vec()) };
        let mut parents = self.parents(above, values, kept)?;
        let until = self.api.resources[above].item.matches("{}").count().min(count);
        if let Some(id) = values.get(until.saturating_sub(1)) {
            let place = Place { resource: above, parents: parents.clone() };
            parents.push(self.name_of(&place, id, kept)?);
        }
        parents.extend(values[until..count].iter().cloned());
        Ok(parents)
    }

    /// A name for an object that is the same whichever of its ids is used.
    pub(crate) fn name_of(&self, place: &Place, id: &str, kept: &Kept) -> Result<String, Trouble> {
        let collection = kept.state.collection(place);
        match collection.and_then(|all| all.find(id)) {
            Some(sequence) => Ok(format!("#{sequence}")),
            None if kept.owner.as_deref() == Some(id) => Ok(id.to_owned()),
            // Below one of the document's own examples there is always something to see.
            None if self.example_ids.contains(id) && self.unknown_ids != UnknownIds::Reject => Ok(id.to_owned()),
            None if collection.is_some_and(|all| all.is_gone(id)) => Err(self.not_found(place, id)),
            None if self.is_unknown(&self.api.resources[place.resource], id) => Err(self.not_found(place, id)),
            None => Ok(id.to_owned()),
        }
    }

    /// The objects above a path that is no collection's.
    pub(crate) fn check_above(&self, call: &Call<'_>, kept: &Kept) -> Result<(), Trouble> {
        let path = conformance_api::path::plain(&call.declared.path);
        let above = |one: &Resource| path.starts_with(&format!("{}/", one.item)) || path == one.item;
        let all = self.api.resources.iter().enumerate().filter(|(_, one)| above(one));
        let Some((at, resource)) = all.max_by_key(|(_, one)| one.item.len()) else { return Ok(()) };
        let place = Place { resource: at, parents: self.parents(at, &call.values, kept)? };
        let own = resource.item.matches("{}").count();
        match call.values.get(own.saturating_sub(1)) {
            Some(id) => self.name_of(&place, id, kept).map(drop),
            None => Ok(()),
        }
    }

    /// The resources below one.
    fn below(&self, at: usize) -> Vec<usize> {
        let is_below = |mut one: usize| {
            while let Some(parent) = self.api.resources[one].parent {
                if parent == at {
                    return true;
                }
                one = parent;
            }
            false
        };
        (0..self.api.resources.len()).filter(|one| is_below(*one)).collect()
    }

    /// Removes everything below an object, of the state or of the document's examples.
    pub(crate) fn remove_below(&self, place: &Place, name: String, kept: &mut Kept) {
        kept.state.remove_below(&children_of(place, name), &self.below(place.resource));
    }

    /// What stands below an example is below the object that takes the example's place.
    pub(crate) fn adopt(&self, place: &Place, id: &str, sequence: Sequence, kept: &mut Kept) {
        let (from, to) = (children_of(place, id.to_owned()), children_of(place, format!("#{sequence}")));
        kept.state.move_below(&from, &to, &self.below(place.resource));
    }
}

fn children_of(place: &Place, name: String) -> Vec<String> {
    place.parents.iter().cloned().chain([name]).collect()
}
