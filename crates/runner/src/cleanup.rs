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

/// What became of the deletion of an object.
enum Deletion {
    /// It was answered with success.
    Done,
    /// There is no such object, says the server.
    NotFound(u16),
    /// It was not done, for this reason; a passing one may be gone in a moment.
    Failed { reason: String, passing: bool },
}

/// What a look at an object says after its deletion.
enum Look {
    Gone,
    There,
    Unclear(String),
}

/// Why an object could not be removed.
#[derive(Debug)]
pub(crate) struct Stuck {
    pub(crate) reason: String,
    /// Whether nobody but the way to the server was in the way: later it may work.
    pub(crate) passing: bool,
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
    /// What was found to be gone, and is still in the list.
    pub(crate) shown: Vec<String>,
}

impl Cleaner<'_> {
    /// Deletes what is left of a scenario, last first; tells of what stays. Deleted is what a look afterwards says is gone,
    /// also of what the scenario itself deleted. What only the way to the server kept from being deleted is left for later.
    pub(crate) async fn clean_up(&self, ledger: &Ledger) -> Vec<Leftover> {
        let mut left = Vec::new();
        for (number, create) in ledger.of(self.scenario).into_iter().rev() {
            match create.fate {
                Fate::Made(id) | Fate::Gone(id) => {
                    left.extend(self.remove_created(ledger, number, (create.resource, create.second), id, true).await);
                }
                Fate::Nameless => {
                    let reason = "its create was answered with success, but without a usable id".to_owned();
                    left.push(Leftover { id: "unknown".to_owned(), reason });
                }
                // The run looks for it when it ends.
                Fate::Unknown | Fate::Refused => {}
            }
        }
        left
    }

    /// Removes an object of the run and notes what became of it; tells of it when it stays. `again` says that there will be
    /// another chance.
    pub(crate) async fn remove_created(
        &self,
        ledger: &Ledger,
        number: usize,
        (resource, second): (usize, bool),
        id: String,
        again: bool,
    ) -> Option<Leftover> {
        match self.remove(Some(ledger), resource, &id, second).await {
            Ok(()) => {
                ledger.settle(number, Fate::Gone(id));
                None
            }
            Err(stuck) => {
                ledger.settle(number, Fate::Made(id.clone()));
                if stuck.passing && again {
                    return None;
                }
                ledger.note_undeletable(number);
                Some(Leftover { id, reason: stuck.reason })
            }
        }
    }

    /// Removes an object for good: deletes it unless it is gone, and looks. A server may lose a deletion, or say what it did
    /// not do, and a proxy may be away for a moment, so this is tried more than once.
    pub(crate) async fn remove(
        &self,
        ledger: Option<&Ledger>,
        resource: usize,
        id: &str,
        second: bool,
    ) -> Result<(), Stuck> {
        const ATTEMPTS: usize = 4;
        let mut stuck = Stuck { reason: String::new(), passing: false };
        // What a scenario deleted is not found any more, as it should be.
        let expected = ledger.is_none_or(|ledger| ledger.holds(id));
        for _ in 0..ATTEMPTS {
            if stuck.passing
                && let Some(wait) = ledger.and_then(Ledger::take_wait)
            {
                tokio::time::sleep(wait).await;
            }
            let reason = match self.delete(resource, id, second).await {
                Deletion::Failed { reason, passing } => {
                    stuck = Stuck { reason, passing };
                    continue;
                }
                // Where no object is ever found, this says nothing; the list does.
                Deletion::NotFound(status) if expected && self.is_listed(resource, id, second).await => {
                    format!("its deletion was answered {status}, and the list still shows it")
                }
                Deletion::NotFound(_) => return Ok(()),
                Deletion::Done => match self.look(resource, id, second).await {
                    Look::Gone => return Ok(()),
                    Look::There => "its deletion was answered with success, and it is still there".to_owned(),
                    Look::Unclear(why) => format!("nobody can tell whether it is gone: {why}"),
                },
            };
            stuck = Stuck { reason, passing: false };
        }
        Err(stuck)
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

    /// A page of the list, as large as may be: what its items are, and whether there is more.
    async fn page(&self, resource: usize, cursor: Option<&str>, second: bool) -> Result<(Vec<Value>, bool), String> {
        let nothing = (Vec::new(), false);
        let Some(list) = self.suite.contract.action(resource, Action::List) else { return Ok(nothing) };
        let Some(page) = &list.page else { return Ok(nothing) };
        let mut request = self.request(list, "", second);
        if let Some(most) = self.suite.contract.largest_page(list) {
            add_query(&mut request.target, &page.limit, &most.to_string());
        }
        if let (Some(name), Some(cursor)) = (&page.after, cursor) {
            add_query(&mut request.target, name, cursor);
        }
        let response = self.lane.send_aside(request).await.response.map_err(|reason| reason.to_string())?;
        let body = conformance_json::parse(&response.body).map_err(|error| format!("the list is not JSON: {error}"))?;
        let items = body.pointer(&page.items).and_then(Value::as_array).cloned();
        let items = items.ok_or_else(|| format!("the list was answered {}: {}", response.status, response.words()))?;
        let more = page.more.as_ref().and_then(|more| body.pointer(more)).and_then(Value::as_bool).unwrap_or(false);
        Ok((items, more && page.after.is_some()))
    }

    /// Whether the first page of the list shows an object.
    async fn is_listed(&self, resource: usize, id: &str, second: bool) -> bool {
        let property = &self.suite.contract.resources[resource].id_property;
        let items = self.page(resource, None, second).await.map(|(items, _)| items).unwrap_or_default();
        items.iter().any(|item| item.get(property).and_then(id_text).is_some_and(|listed| listed == id))
    }

    /// Looks through the list for what the run made: removes what bears its marker and is not known (a server kept it
    /// although it rejected it, or gave no clear response), and finds what was deleted and is still shown. The newest stand
    /// first, so the search ends with the first page that has nothing of the run's.
    ///
    /// # Errors
    /// Why the list could not be searched.
    pub(crate) async fn residue(&self, resource: usize, marker: &str, ledger: &Ledger) -> Result<Residue, String> {
        const MOST_PAGES: usize = 100;
        let property = &self.suite.contract.resources[resource].id_property;
        let (mut residue, mut cursor) = (Residue::default(), None::<String>);
        for _ in 0..MOST_PAGES {
            let (items, more) = self.page(resource, cursor.as_deref(), false).await?;
            let mut ours = false;
            for item in &items {
                let Some(id) = item.get(property).and_then(id_text).filter(|id| is_safe(id)) else { continue };
                let known = ledger.knows(&id);
                if known && !ledger.holds(&id) && !residue.shown.contains(&id) {
                    residue.shown.push(id);
                    ours = true;
                } else if !known && item.to_string().contains(marker) {
                    ours = true;
                    match self.remove(Some(ledger), resource, &id, false).await {
                        Ok(()) => residue.gone.push(id),
                        Err(stuck) => residue.left.push(Leftover { id, reason: stuck.reason }),
                    }
                }
            }
            let last = items.last().and_then(|item| id_text(item.get(property)?));
            if !ours || !more || last.is_none() || last == cursor {
                break;
            }
            cursor = last;
        }
        Ok(residue)
    }

    /// Deletes an object. Gone is gone, whoever did it.
    async fn delete(&self, resource: usize, id: &str, second: bool) -> Deletion {
        let Some(operation) = self.suite.contract.action(resource, Action::Delete) else {
            let reason = "the contract has no operation that deletes it".to_owned();
            return Deletion::Failed { reason, passing: false };
        };
        match self.lane.send_aside(self.request(operation, id, second)).await.response {
            Ok(response) if (200..300).contains(&response.status) => Deletion::Done,
            Ok(response) if matches!(response.status, 404 | 410) => Deletion::NotFound(response.status),
            Ok(response) => {
                let reason = format!("its deletion was answered {}: {}", response.status, response.words());
                Deletion::Failed { reason, passing: matches!(response.status, 502..=504) }
            }
            Err(reason) => {
                Deletion::Failed { reason: format!("its deletion got no response: {reason}"), passing: true }
            }
        }
    }
}
