//! Deletes what a scenario created, last first, whatever became of the scenario.

use conformance_contract::{Action, Suite};
use conformance_record::{Request, RunEvent};
use percent_encoding::utf8_percent_encode;

use crate::lane::Lane;
use crate::ledger::{Fate, Ledger};
use crate::replay::ESCAPED;
use crate::target::Target;

/// What it takes to delete something.
pub(crate) struct Cleaner<'c> {
    pub(crate) suite: &'c Suite,
    pub(crate) target: &'c Target,
    pub(crate) lane: &'c Lane,
    pub(crate) token: String,
}

impl Cleaner<'_> {
    /// Deletes what is left of a scenario; tells of what stays.
    pub(crate) async fn clean_up(&self, ledger: &Ledger, scenario: usize) -> Vec<RunEvent> {
        let mut left = Vec::new();
        let mut tell = |id: &str, reason: String| left.push(RunEvent::Leftover { id: id.to_owned(), reason });
        for (number, create) in ledger.of(scenario).into_iter().rev() {
            match create.fate {
                Fate::Made(id) => match self.delete(create.resource, &id).await {
                    Ok(()) => ledger.settle(number, Fate::Gone(id)),
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

    /// Deletes an object; gone is gone, whoever did it.
    pub(crate) async fn delete(&self, resource: usize, id: &str) -> Result<(), String> {
        let Some(operation) = self.suite.contract.action(resource, Action::Delete) else {
            return Err("the contract has no operation that deletes it".to_owned());
        };
        let path = operation.path.fill(|_| Some(utf8_percent_encode(id, ESCAPED).to_string())).unwrap_or_default();
        let request = Request {
            method: operation.method.clone(),
            target: format!("{}{path}", self.target.path),
            headers: vec![("authorization".to_owned(), format!("Bearer {}", self.token))],
            body: Vec::new(),
        };
        match self.lane.send_aside(request).await.response {
            Ok(response) if (200..300).contains(&response.status) || response.status == 404 => Ok(()),
            Ok(response) => Err(format!("its deletion was answered {}", response.status)),
            Err(reason) => Err(format!("its deletion got no answer: {reason}")),
        }
    }
}
