//! Deletes what a scenario created, last first, whatever became of the scenario.

use conformance_contract::{Action, Operation, Suite};
use conformance_record::{Request, RunEvent, Secrets};
use serde_json::Value;

use crate::lane::Lane;
use crate::ledger::{Fate, Ledger};
use crate::target::Target;
use crate::url::{add_query, escaped};
use crate::world::{id_text, is_safe};

/// What it takes to delete something.
pub(crate) struct Cleaner<'c> {
    pub(crate) suite: &'c Suite,
    pub(crate) target: &'c Target,
    pub(crate) lane: &'c Lane,
    /// The scenario whose tokens are sent.
    pub(crate) scenario: usize,
}

/// What a look at an object says after its deletion.
enum Look {
    Gone,
    There,
    Unclear(String),
}

/// An object that stays on the server.
#[derive(Clone, Debug)]
pub(crate) struct Leftover {
    /// Its id; `unknown` where nobody knows it.
    pub(crate) id: String,
    /// Why it is still there.
    pub(crate) reason: String,
}

impl Leftover {
    /// As it may be told: a server's own words may hold secrets.
    pub(crate) fn event(self, secrets: &Secrets) -> RunEvent {
        RunEvent::Leftover { id: secrets.scrub(&self.id), reason: secrets.scrub(&self.reason) }
    }
}

/// What bears the run's marker without being known.
#[derive(Debug, Default)]
pub(crate) struct Residue {
    /// What is gone now.
    pub(crate) gone: Vec<String>,
    /// What stays, and why.
    pub(crate) left: Vec<Leftover>,
}

impl Cleaner<'_> {
    /// Deletes what is left of a scenario, last first; tells of what stays. Deleted is what a look afterwards says is gone,
    /// also of what the scenario itself deleted.
    pub(crate) async fn clean_up(&self, ledger: &Ledger) -> Vec<Leftover> {
        let mut left = Vec::new();
        let mut tell = |id: &str, reason: String| left.push(Leftover { id: id.to_owned(), reason });
        for (number, create) in ledger.of(self.scenario).into_iter().rev() {
            match create.fate {
                Fate::Made(id) | Fate::Gone(id) => match self.remove(create.resource, &id, create.second).await {
                    Ok(()) => ledger.settle(number, Fate::Gone(id)),
                    Err(reason) => {
                        tell(&id, reason);
                        ledger.note_undeletable();
                        ledger.settle(number, Fate::Made(id));
                    }
                },
                Fate::Nameless => {
                    tell("unknown", "its create was answered with success, but without a usable id".to_owned());
                }
                Fate::Unknown => {
                    tell("unknown", "its create got no clear answer; `conformance sweep` looks for it".to_owned());
                }
                Fate::Refused => {}
            }
        }
        left
    }

    /// Removes an object for good: deletes it unless it is gone, and looks. A server may lose a deletion, or say what it did
    /// not do, so this is tried more than once.
    pub(crate) async fn remove(&self, resource: usize, id: &str, second: bool) -> Result<(), String> {
        const ATTEMPTS: usize = 3;
        let mut reason = String::new();
        for _ in 0..ATTEMPTS {
            reason = match self.delete(resource, id, second).await {
                Err(reason) => reason,
                Ok(()) => match self.look(resource, id, second).await {
                    Look::Gone => return Ok(()),
                    Look::There => "its deletion was answered with success, and it is still there".to_owned(),
                    Look::Unclear(why) => format!("nobody can tell whether it is gone: {why}"),
                },
            };
        }
        Err(reason)
    }

    /// Whether an object can still be retrieved.
    async fn look(&self, resource: usize, id: &str, second: bool) -> Look {
        // Where nothing can be looked at, the response to the deletion counts.
        let Some(operation) = self.suite.contract.action(resource, Action::Retrieve) else { return Look::Gone };
        match self.lane.send_aside(self.request(operation, id, second)).await.response {
            Ok(response) if (200..300).contains(&response.status) => Look::There,
            Ok(response) if (400..500).contains(&response.status) => Look::Gone,
            Ok(response) => Look::Unclear(format!("it is answered {}: {}", response.status, response.words())),
            Err(reason) => Look::Unclear(reason.to_string()),
        }
    }

    fn request(&self, operation: &Operation, id: &str, second: bool) -> Request {
        let token = if second { self.target.second(self.scenario) } else { None };
        let token = token.unwrap_or_else(|| self.target.token(self.scenario));
        let path = operation.path.fill(|_| Some(escaped(id))).unwrap_or_default();
        Request {
            method: operation.method.clone(),
            target: format!("{}{path}", self.target.path),
            headers: Target::headers(Some(&token)),
            body: Vec::new(),
        }
    }

    /// Removes what bears the run's marker and is not known: what a server kept although it rejected it, or made without a
    /// clear response. Returns the ids of what is gone, and those that stay with the reason.
    ///
    /// # Errors
    /// Why the list could not be searched.
    pub(crate) async fn residue(&self, resource: usize, marker: &str, known: &[String]) -> Result<Residue, String> {
        let mut residue = Residue::default();
        let Some(list) = self.suite.contract.action(resource, Action::List) else { return Ok(residue) };
        let Some(page) = &list.page else { return Ok(residue) };
        let mut request = self.request(list, "", false);
        if let Some(most) = self.suite.contract.largest_page(list) {
            add_query(&mut request.target, &page.limit, &most.to_string());
        }
        let response = self.lane.send_aside(request).await.response.map_err(|reason| reason.to_string())?;
        let body = conformance_json::parse(&response.body).map_err(|error| format!("the list is not JSON: {error}"))?;
        let property = &self.suite.contract.resources[resource].id_property;
        let items = body.pointer(&page.items).and_then(Value::as_array);
        let items = items.ok_or_else(|| format!("the list was answered {}: {}", response.status, response.words()))?;
        for item in items {
            let Some(id) = item.get(property).and_then(id_text).filter(|id| is_safe(id)) else { continue };
            if !item.to_string().contains(marker) || known.contains(&id) {
                continue;
            }
            match self.remove(resource, &id, false).await {
                Ok(()) => residue.gone.push(id),
                Err(reason) => residue.left.push(Leftover { id, reason }),
            }
        }
        Ok(residue)
    }

    /// Deletes an object. Gone is gone, whoever did it.
    async fn delete(&self, resource: usize, id: &str, second: bool) -> Result<(), String> {
        let Some(operation) = self.suite.contract.action(resource, Action::Delete) else {
            return Err("the contract has no operation that deletes it".to_owned());
        };
        let request = self.request(operation, id, second);
        match self.lane.send_aside(request).await.response {
            Ok(response) if (200..300).contains(&response.status) || matches!(response.status, 404 | 410) => Ok(()),
            Ok(response) => Err(format!("its deletion was answered {}: {}", response.status, response.words())),
            Err(reason) => Err(format!("its deletion got no answer: {reason}")),
        }
    }
}
