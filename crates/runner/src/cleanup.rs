//! Deletes what a scenario created, last first, whatever became of the scenario.

use conformance_contract::Action;
use conformance_record::{Request, RunEvent};
use percent_encoding::utf8_percent_encode;

use crate::replay::{ESCAPED, Replay};

impl Replay<'_> {
    /// Cleans up; tells of what is left.
    pub(crate) async fn clean_up(&mut self) -> Vec<RunEvent> {
        let mut left = Vec::new();
        for index in (0..self.world.own.len()).rev() {
            let own = self.world.own[index].clone();
            if own.deleted {
                continue;
            }
            match self.delete(own.resource, &own.id).await {
                Ok(()) => self.world.own[index].deleted = true,
                Err(reason) => left.push(RunEvent::Leftover { id: own.id, reason }),
            }
        }
        if self.world.nameless > 0 {
            let reason = format!("{} creates were answered with success but without a usable id", self.world.nameless);
            left.push(RunEvent::Leftover { id: "unknown".to_owned(), reason });
        }
        left
    }

    async fn delete(&mut self, resource: usize, id: &str) -> Result<(), String> {
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
        let exchange = self.client.send(request).await;
        self.world.requests += 1;
        match exchange.response {
            // Gone is gone, whoever did it.
            Ok(response) if (200..300).contains(&response.status) || response.status == 404 => Ok(()),
            Ok(response) => Err(format!("its deletion was answered {}", response.status)),
            Err(reason) => Err(format!("its deletion got no answer: {reason}")),
        }
    }
}
