//! What workspaces hold, told and changed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Refused;
use crate::mock::Engine;
use crate::reply::{Reply, plain};

/// Answers a request about all workspaces, or about the one with a number.
pub(super) fn answer(engine: &dyn Engine, method: &str, number: Option<&str>, body: &[u8]) -> Result<Reply, Refused> {
    let Some(number) = number else { return Ok(all(engine, method)) };
    let unknown = || (404, format!("there is no workspace {number}; GET workspaces tells which there are"));
    let wanted: usize = number.parse().map_err(|_| unknown())?;
    let done = match method {
        "PUT" => {
            let state: Value = conformance_json::parse(body).map_err(|error| (400, format!("body: {error}")))?;
            engine.put(wanted, &state).map_err(|wrong| (400, format!("body: {wrong}")))?
        }
        "DELETE" => engine.clear(wanted),
        _ => {
            let all = engine.saved().workspaces;
            let found = all.into_iter().find(|(_, one, _)| *one == wanted).ok_or_else(unknown)?;
            return Ok(plain(200, Bytes::from(conformance_json::write(&found.2))));
        }
    };
    if done { Ok(plain(204, Bytes::new())) } else { Err(unknown()) }
}

fn all(engine: &dyn Engine, method: &str) -> Reply {
    let saved = engine.saved().workspaces;
    if method == "DELETE" {
        for (_, number, _) in saved {
            engine.clear(number);
        }
        return plain(204, Bytes::new());
    }
    let told: Vec<Value> =
        saved.iter().map(|(_, number, holds)| json!({ "number": number, "objects": objects(holds) })).collect();
    plain(200, Bytes::from(json!({ "workspaces": told }).to_string()))
}

/// How many objects a workspace holds: those of a document stand in collections, those of a suite below their resource.
fn objects(holds: &Value) -> usize {
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    match holds.get("collections").and_then(Value::as_array) {
        Some(collections) => collections.iter().map(|one| one.get("objects").map_or(0, count)).sum(),
        None => holds.as_object().map_or(0, |all| all.values().map(count).sum()),
    }
}
