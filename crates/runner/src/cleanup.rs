//! Deletes what a scenario created, last first, whatever became of the scenario.

use conformance_contract::{Action, Operation, Suite};
use conformance_record::{Request, RunEvent};
use serde_json::Value;

use crate::lane::Lane;
use crate::ledger::{Fate, Ledger};
use crate::target::Target;
use crate::url::{add_query, escaped};
use crate::world::is_safe;

/// What it takes to delete something.
pub(crate) struct Cleaner<'c> {
    pub(crate) suite: &'c Suite,
    pub(crate) target: &'c Target,
    pub(crate) lane: &'c Lane,
    /// The scenario whose tokens are sent.
    pub(crate) scenario: usize,
}

impl Cleaner<'_> {
    /// Deletes what is left of a scenario; tells of what stays.
    /// After a failure it also deletes again what the server said to have deleted.
    pub(crate) async fn clean_up(&self, ledger: &Ledger, failed: bool) -> Vec<RunEvent> {
        let (mut left, mut looked) = (Vec::new(), false);
        let mut tell = |id: &str, reason: String| left.push(RunEvent::Leftover { id: id.to_owned(), reason });
        for (number, create) in ledger.of(self.scenario).into_iter().rev() {
            match create.fate {
                Fate::Gone(id) if failed => drop(self.delete(create.resource, &id, create.second).await),
                Fate::Made(id) => match self.delete(create.resource, &id, create.second).await {
                    // A server that only says so would do so for all: one look per scenario is enough.
                    Ok(()) if !looked && self.is_there(create.resource, &id, create.second).await => {
                        tell(&id, "its deletion was answered with success, and it is still there".to_owned());
                    }
                    Ok(()) => {
                        looked = true;
                        ledger.settle(number, Fate::Gone(id));
                    }
                    Err(reason) => tell(&id, reason),
                },
                Fate::Nameless => {
                    tell("unknown", "its create was answered with success, but without a usable id".to_owned())
                }
                Fate::Unknown => {
                    tell("unknown", "its create got no clear answer; `conformance sweep` looks for it".to_owned())
                }
                Fate::Refused | Fate::Gone(_) => {}
            }
        }
        left
    }

    /// Whether an object can still be retrieved.
    async fn is_there(&self, resource: usize, id: &str, second: bool) -> bool {
        let Some(operation) = self.suite.contract.action(resource, Action::Retrieve) else { return false };
        let exchange = self.lane.send_aside(self.request(operation, id, second)).await;
        exchange.response.is_ok_and(|response| (200..300).contains(&response.status))
    }

    fn request(&self, operation: &Operation, id: &str, second: bool) -> Request {
        let token = if second { self.target.second(self.scenario) } else { None };
        let token = token.unwrap_or_else(|| self.target.token(self.scenario));
        let path = operation.path.fill(|_| Some(escaped(id))).unwrap_or_default();
        Request {
            method: operation.method.clone(),
            target: format!("{}{path}", self.target.path),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: Vec::new(),
        }
    }

    /// Deletes what bears the run's marker and is not known: what a server kept although it refused it. Answers the ids.
    pub(crate) async fn residue(&self, resource: usize, marker: &str, known: &[String]) -> Vec<String> {
        let mut deleted = Vec::new();
        let Some(list) = self.suite.contract.action(resource, Action::List) else { return deleted };
        let Some(page) = &list.page else { return deleted };
        let mut request = self.request(list, "", false);
        if let Some(most) = self.suite.contract.largest_page(list) {
            add_query(&mut request.target, &page.limit, &most.to_string());
        }
        let Ok(response) = self.lane.send_aside(request).await.response else { return deleted };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let property = &self.suite.contract.resources[resource].id_property;
        for item in body.pointer(&page.items).and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = item.get(property).and_then(Value::as_str).filter(|id| is_safe(id)) else { continue };
            let stray = item.to_string().contains(marker) && !known.iter().any(|one| one == id);
            if stray && self.delete(resource, id, false).await.is_ok() {
                deleted.push(id.to_owned());
            }
        }
        deleted
    }

    /// Deletes an object, again when that goes wrong: nothing is judged here, and nothing shall stay behind.
    pub(crate) async fn delete(&self, resource: usize, id: &str, second: bool) -> Result<(), String> {
        const ATTEMPTS: usize = 3;
        let mut result = self.delete_once(resource, id, second).await;
        for _ in 1..ATTEMPTS {
            if result.is_ok() {
                break;
            }
            result = self.delete_once(resource, id, second).await;
        }
        result
    }

    /// Gone is gone, whoever did it.
    async fn delete_once(&self, resource: usize, id: &str, second: bool) -> Result<(), String> {
        let Some(operation) = self.suite.contract.action(resource, Action::Delete) else {
            return Err("the contract has no operation that deletes it".to_owned());
        };
        let request = self.request(operation, id, second);
        match self.lane.send_aside(request).await.response {
            Ok(response) if (200..300).contains(&response.status) || response.status == 404 => Ok(()),
            Ok(response) => Err(format!("its deletion was answered {}", response.status)),
            Err(reason) => Err(format!("its deletion got no answer: {reason}")),
        }
    }
}
