//! Objects above and below each other: whose children a request speaks of, and what becomes of them.

use conformance_api::names::{last_word, plain, same};
use conformance_api::{Resource, Role};
use conformance_store::{Place, Sequence};
use serde_json::Value;

use super::call::Call;
use super::projection::{Members, as_text};
use super::trouble::Trouble;
use super::workspace::Kept;
use super::{Derived, UnknownIds};

/// Members that have a name and those above it.
const FULL: &[&str] = &["fullname", "fullpath", "namewithowner", "pathwithnamespace"];

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

    /// Keeps a new object at the path where it is read, too: its parents there are what its own members say of them.
    pub(crate) fn move_home(
        &self,
        call: &Call<'_>,
        home: usize,
        members: &mut Members,
        (place, sequence): (&Place, Sequence),
        kept: &mut Kept,
    ) -> Result<(), Trouble> {
        let Some((mut path, names)) = self.path_of_one(home) else { return Ok(()) };
        let mut values = Vec::new();
        for (index, name) in names.iter().enumerate() {
            // `POST /orgs/{org}/repos` makes what is read below `{owner}`: the place above is the same.
            let above = call.values.get(index).filter(|_| index + 1 < names.len());
            let Some(value) = named(members, name, above) else { return Ok(()) };
            path = path.replacen(&format!("{{{name}}}"), &value, 1);
            values.push(value);
        }
        let there = Place { resource: home, parents: self.parents(home, &values, kept)? };
        let origin = self.settings.origin(call.request);
        let before = format!("{origin}{}/", call.request.path().trim_end_matches('/'));
        for (member, value) in members.iter_mut() {
            // `ada/engine` is the path of the engine that is Ada's.
            if FULL.contains(&plain(member).as_str()) && value.as_str().is_some_and(|text| text.contains('/')) {
                *value = values.join("/").into();
            } else if value.as_str().is_some_and(|text| text.starts_with(&before)) {
                *value = format!("{origin}{path}").into();
            }
        }
        let object = self.object(&self.api.resources[home], members.clone(), None);
        kept.state.collection_mut(&there).insert(sequence, object);
        kept.elsewhere.insert(sequence, vec![place.clone(), there]);
        Ok(())
    }

    /// The path of one object of a resource, and the names of its parameters.
    fn path_of_one(&self, resource: usize) -> Option<(String, Vec<String>)> {
        let mut all = self.api.operations.iter().zip(&self.api.document.operations);
        let (_, declared) = all.find(|(one, _)| one.resource == Some(resource) && one.role == Role::Retrieve)?;
        let names = conformance_api::path::parameters(&declared.path).into_iter().map(str::to_owned).collect();
        Some((declared.path.clone(), names))
    }

    /// An object has the same members wherever it is found.
    pub(crate) fn keep_elsewhere(&self, place: &Place, sequence: Sequence, members: &Members, kept: &mut Kept) {
        for other in kept.elsewhere.get(&sequence).cloned().unwrap_or_default() {
            if other != *place {
                let object = self.object(&self.api.resources[other.resource], members.clone(), None);
                kept.state.collection_mut(&other).replace(sequence, object);
            }
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

/// What an object says of one of its path's parameters: the member of that name, or what names the object that stands
/// there. Where the request says it, the object says so from now on.
fn named(members: &mut Members, parameter: &str, said: Option<&String>) -> Option<String> {
    let word = last_word(parameter);
    let names: Vec<String> = members.keys().cloned().collect();
    let find = |wanted: &str| names.iter().find(|one| same(one, wanted));
    let usual = || names.iter().find(|one| *one == "name").or_else(|| names.iter().find(|one| *one == "id"));
    let member = find(parameter).or_else(|| find(&word)).or_else(usual)?;
    let there = match members.get_mut(member)? {
        Value::Object(inner) => {
            let name = ["login", "name", "slug", "id"].into_iter().find(|name| inner.contains_key(*name))?;
            inner.get_mut(name)?
        }
        scalar => scalar,
    };
    if let (Some(said), true) = (said, there.is_string()) {
        *there = said.as_str().into();
    }
    as_text(there)
}
