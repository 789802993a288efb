//! What a mock of a changed contract takes over from the one before: everything, or each object that still fits.

use serde_json::{Map, Value, json};

use crate::mock::Engine;
use crate::saved::Saved;

/// Puts into a mock what another one held, as far as it fits; what does not, in words.
pub(crate) fn take_over(engine: &dyn Engine, saved: Saved) -> Vec<String> {
    if engine.restore(saved.clone()).is_ok() {
        return Vec::new();
    }
    let mut lost = Vec::new();
    let salt = saved.salt;
    let workspaces = saved.workspaces.into_iter().map(|(key, number, holds)| {
        let fits = |holds: Value| engine.restore(Saved { salt, workspaces: vec![(key, number, holds)] });
        (key, number, Sieve { fits: &fits, lost: &mut lost }.sieved(&holds))
    });
    let kept = Saved { salt, workspaces: workspaces.collect() };
    if let Err(why) = engine.restore(kept) {
        lost.push(why);
    }
    lost
}

struct Sieve<'s> {
    /// Whether a mock takes what a workspace holds.
    fits: &'s dyn Fn(Value) -> Result<(), String>,
    lost: &'s mut Vec<String>,
}

impl Sieve<'_> {
    /// What of a workspace fits: of a document, collections and singletons; of a suite, lists by the name of their resource.
    fn sieved(&mut self, holds: &Value) -> Value {
        if let Some(collections) = holds.get("collections").and_then(Value::as_array) {
            let with = |collection: Value| json!({ "collections": [collection] });
            let mut kept = Vec::new();
            for collection in collections {
                let Some(objects) = collection.get("objects").and_then(Value::as_array) else { continue };
                let of = |objects: Vec<Value>| {
                    let mut one = collection.clone();
                    one["objects"] = objects.into();
                    one
                };
                kept.push(of(self.objects(objects, |objects| with(of(objects)))));
            }
            let singletons = holds.get("singletons").cloned().unwrap_or_default();
            kept.retain(|one| one["objects"].as_array().is_some_and(|objects| !objects.is_empty()));
            return json!({ "collections": kept, "singletons": singletons });
        }
        let mut kept = Map::new();
        for (name, objects) in holds.as_object().into_iter().flatten() {
            let of = |objects: Vec<Value>| json!({ name.as_str(): objects });
            let objects = self.objects(objects.as_array().map_or(&[][..], Vec::as_slice), of);
            if !objects.is_empty() {
                kept.insert(name.clone(), objects.into());
            }
        }
        Value::Object(kept)
    }

    /// Those of a list's objects that fit by themselves.
    fn objects(&mut self, objects: &[Value], of: impl Fn(Vec<Value>) -> Value) -> Vec<Value> {
        let mut kept = Vec::new();
        for object in objects {
            match (self.fits)(of(vec![object.clone()])) {
                Ok(()) => kept.push(object.clone()),
                Err(why) => self.lost.push(why),
            }
        }
        kept
    }
}
