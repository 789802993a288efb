//! A whole run: first contact, every scenario, clean-up, the numbers.

use std::time::Instant;

use conformance_contract::{Action, Suite};
use conformance_record::{Request, RunEvent, Tally};

use crate::bind::Bound;
use crate::client::Client;
use crate::replay::Replay;
use crate::target::Target;
use crate::world::World;

/// Why a run did not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nothing answers at the URL.
    NoAnswer(String),
    /// The token is refused.
    Refused(u16),
}

/// Replays all scenarios and tells `listener` what happens.
///
/// # Errors
/// When the target cannot be reached or refuses the token, before anything was judged.
pub async fn run(
    suite: &Suite,
    bound: &Bound,
    target: &Target,
    listener: &mut dyn FnMut(&RunEvent),
) -> Result<Tally, Unreachable> {
    let start = Instant::now();
    let client = Client::new(&target.origin);
    first_contact(suite, target, &client).await?;
    let mut tally = Tally { scenarios: bound.scenarios.len(), ..Tally::default() };
    listener(&RunEvent::Started {
        suite: suite.contract.title.clone(),
        target: target.name.clone(),
        scenarios: bound.scenarios.len(),
    });
    for (number, scenario) in bound.scenarios.iter().enumerate() {
        let start = Instant::now();
        let world = World::new(&suite.contract);
        let mut replay = Replay { suite, target, client: &client, token: target.token(number), world };
        let checks = replay.scenario(scenario).await;
        let leftovers = replay.clean_up().await;
        let created = replay.world.own.len() + replay.world.nameless;
        tally.created += created;
        tally.deleted += replay.world.own.iter().filter(|own| own.deleted).count();
        checks.iter().for_each(|check| tally.count(&check.verdict));
        listener(&RunEvent::Scenario {
            name: scenario.name.clone(),
            summary: scenario.summary.clone(),
            checks,
            took: start.elapsed(),
            requests: replay.world.requests,
        });
        leftovers.iter().for_each(&mut *listener);
    }
    listener(&RunEvent::Finished { tally, took: start.elapsed() });
    Ok(tally)
}

/// One harmless request, to tell an unreachable server from a wrong one.
async fn first_contact(suite: &Suite, target: &Target, client: &Client) -> Result<(), Unreachable> {
    let list = suite.contract.operations.iter().find(|one| one.action == Action::List);
    let path = list.and_then(|one| one.path.fill(|_| None)).unwrap_or_default();
    let request = Request {
        method: "GET".to_owned(),
        target: format!("{}{path}", target.path),
        headers: vec![("authorization".to_owned(), format!("Bearer {}", target.token(0)))],
        body: Vec::new(),
    };
    match client.send(request).await.response {
        Err(reason) => Err(Unreachable::NoAnswer(reason)),
        Ok(response) if matches!(response.status, 401 | 403) => Err(Unreachable::Refused(response.status)),
        Ok(_) => Ok(()),
    }
}
