//! What a workspace holds, as a document that can be kept, looked at, changed and loaded again.

use conformance_store::{Place, Sequence};
use serde_json::{Map, Value, json};

use super::Derived;
use super::workspace::{Kept, Workspace};

impl Derived {
    /// What a workspace holds.
    pub(crate) fn saved(&self, kept: &Kept) -> Value {
        let mut places: Vec<_> = kept.state.collections().filter(|(_, all)| !all.is_empty()).collect();
        places.sort_by(|(one, _), (other, _)| (one.resource, &one.parents).cmp(&(other.resource, &other.parents)));
        let collections: Vec<Value> = places
            .into_iter()
            .map(|(place, all)| {
                let object = |(sequence, one): (Sequence, &conformance_store::Object)| {
                    let mut told =
                        json!({ "sequence": sequence, "ids": one.ids, "members": Value::Object(one.members.clone()) });
                    if one.remembered != one.ids.len() {
                        told["remembered"] = Value::from(one.remembered);
                    }
                    let others = kept.elsewhere.get(&sequence).into_iter().flatten();
                    let others: Vec<Value> = others.filter(|other| *other != place).map(|one| self.told(one)).collect();
                    if !others.is_empty() {
                        told["elsewhere"] = Value::from(others);
                    }
                    told
                };
                let mut told = self.told(place);
                told["objects"] = all.iter().map(object).collect();
                told
            })
            .collect();
        let singletons: Map<String, Value> = kept
            .state
            .singletons
            .iter()
            .map(|(path, value)| (path.clone(), value.clone().unwrap_or(Value::Null)))
            .collect();
        json!({ "collections": collections, "singletons": singletons })
    }

    fn told(&self, place: &Place) -> Value {
        json!({ "resource": self.api.resources[place.resource].collection, "parents": place.parents })
    }

    /// A workspace with a number that holds what was saved, of a credential if it is known.
    ///
    /// # Errors
    /// What cannot be read, and where.
    pub(crate) fn restored(&self, number: usize, saved: &Value) -> Result<Workspace, String> {
        let mut kept = self.workspaces.empty(number);
        let collections = saved.get("collections").and_then(Value::as_array);
        let collections = collections.ok_or("`collections` is no list")?;
        for (index, collection) in collections.iter().enumerate() {
            self.restore(collection, &mut kept).map_err(|wrong| format!("collections/{index}: {wrong}"))?;
        }
        for (path, value) in saved.get("singletons").and_then(Value::as_object).into_iter().flatten() {
            kept.state.singletons.insert(path.clone(), Some(value.clone()).filter(|value| !value.is_null()));
        }
        Ok(Workspace::new(number, kept))
    }

    fn restore(&self, collection: &Value, kept: &mut Kept) -> Result<(), String> {
        let place = self.place(collection)?;
        let objects = collection.get("objects").and_then(Value::as_array).ok_or("`objects` is no list")?;
        for (index, one) in objects.iter().enumerate() {
            let wrong = |what: &str| format!("objects/{index}: {what}");
            let members = one.get("members").and_then(Value::as_object);
            let members = members.ok_or_else(|| wrong("`members` is no object"))?.clone();
            let mut object = self.object(&self.api.resources[place.resource], members, None);
            if let Some(ids) = one.get("ids") {
                let ids = ids.as_array().map(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect());
                object.ids = ids.flatten().ok_or_else(|| wrong("`ids` is no list of texts"))?;
                let remembered = one.get("remembered").and_then(Value::as_u64).and_then(|count| count.try_into().ok());
                object.remembered = remembered.unwrap_or(object.ids.len());
            }
            // What no response shows by an id is listed all the same: then it says so.
            if object.ids.is_empty() && one.get("ids").is_none() {
                return Err(wrong("has no id"));
            }
            let sequence = match one.get("sequence") {
                Some(given) => given.as_u64().ok_or_else(|| wrong("`sequence` is no whole number"))?,
                None => kept.state.next_sequence(),
            };
            kept.state.pass(sequence);
            if let Some(others) = one.get("elsewhere").and_then(Value::as_array) {
                let mut all = vec![place.clone()];
                for other in others {
                    all.push(self.place(other).map_err(|what| wrong(&what))?);
                }
                kept.elsewhere.insert(sequence, all);
            }
            kept.state.collection_mut(&place).insert(sequence, object);
        }
        Ok(())
    }

    fn place(&self, told: &Value) -> Result<Place, String> {
        let name = told.get("resource").and_then(Value::as_str).ok_or("`resource` is no text")?;
        let resource = self.api.resources.iter().position(|one| one.collection == name);
        let resource = resource.ok_or_else(|| format!("the document has no resource `{name}` any more"))?;
        let parents = told.get("parents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let parents = parents.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>();
        Ok(Place { resource, parents: parents.ok_or("`parents` is no list of texts")? })
    }
}
