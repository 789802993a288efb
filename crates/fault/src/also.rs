//! Something else that a fault does besides.

use conformance_contract::model::Place;
use conformance_contract::{Action, Contract, Operation};
use conformance_record::{Request, Upstream};
use conformance_source::pointer;
use serde_json::Value;

use crate::memory::Memory;
use crate::model::{Also, Whom};

/// What it takes to do something else.
pub(crate) struct Other<'o> {
    pub(crate) contract: &'o Contract,
    pub(crate) base: &'o str,
    pub(crate) memory: &'o Memory,
    pub(crate) upstream: &'o dyn Upstream,
}

impl Other<'_> {
    /// Does it, in the name of whoever sent the request; nothing, when there is no such object.
    pub(crate) async fn does(&self, also: &Also, request: &Request) {
        let Some(operation) = self.contract.operation(&also.operation) else { return };
        let mut sent = Request { headers: plain_headers(request), ..request.clone() };
        if also.borrowed {
            self.memory.lend(&mut sent);
        }
        let Some(target) = self.target(also, operation, &sent).await else { return };
        if let Some(body) = &also.body {
            sent.body = conformance_json::write(body).into_bytes();
        }
        if let Some(at) = &also.keep {
            let mut body = Value::Object(serde_json::Map::new());
            let text = String::from_utf8_lossy(&request.body).chars().take(100).collect::<String>();
            pointer::set(&mut body, at, Value::from(text));
            sent.body = conformance_json::write(&body).into_bytes();
        }
        operation.method.clone_into(&mut sent.method);
        if operation.body.is_none() {
            sent.body.clear();
        } else {
            sent.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        sent.target = target;
        if let Ok(response) = self.upstream.send(sent.clone()).await
            && operation.action == Action::Create
        {
            self.memory.keep(&self.contract.resources[operation.resource].id_property, &sent, &response);
        }
    }

    async fn target(&self, also: &Also, operation: &Operation, request: &Request) -> Option<String> {
        let path = |id: Option<&str>| Some(format!("{}{}", self.base, operation.path.fill(|_| id.map(str::to_owned))?));
        if !operation.parameters.iter().any(|one| one.place == Place::Path) {
            return path(None);
        }
        match &also.whom {
            Whom::Itself => Some(request.path().to_owned()),
            Whom::Named(at) => {
                let body: Value = conformance_json::parse(&request.body).ok()?;
                path(Some(body.pointer(at)?.as_str().filter(|id| self.memory.knows(id))?))
            }
            Whom::Other(place) => path(Some(&self.other(*place, operation, request).await?)),
        }
    }

    /// The id of another object, counted from the newest.
    async fn other(&self, place: usize, operation: &Operation, request: &Request) -> Option<String> {
        let list = self.contract.action(operation.resource, Action::List)?;
        let page = list.page.as_ref()?;
        let target = format!("{}{}", self.base, list.path.fill(|_| None)?);
        let asked = Request { method: list.method.clone(), target, headers: request.headers.clone(), body: Vec::new() };
        let body: Value = conformance_json::parse(&self.upstream.send(asked).await.ok()?.body).ok()?;
        let own = request.path().rsplit('/').next().unwrap_or("");
        let id = &self.contract.resources[operation.resource].id_property;
        let ids = body.pointer(&page.items)?.as_array()?.iter().filter_map(|item| item.get(id)?.as_str());
        ids.filter(|id| *id != own && self.memory.knows(id)).nth(place).map(str::to_owned)
    }
}

/// The header fields without those that speak of a body.
fn plain_headers(request: &Request) -> Vec<(String, String)> {
    let about_a_body = |name: &str| name == "content-length" || name == "content-type";
    request.headers.iter().filter(|(name, _)| !about_a_body(name)).cloned().collect()
}
