//! Plays the scenarios of a run: those that could see each other one after the other, others at the same time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use conformance_api::Api;
use conformance_record::{CheckOutcome, RunEvent, SnapshotOutcome, Tally};
use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::cleanup_log::CleanupLog;
use super::learnt::{self, Learnt};
use super::session::{Session, WAITS};
use super::{DocumentRun, Kind, Planned, area_of};
use crate::client::Client;

/// What all scenarios of a run share.
pub(crate) struct Scheduler<'r> {
    pub run: &'r DocumentRun<'r>,
    pub client: &'r Client,
    pub log: &'r CleanupLog,
    pub tells_apart: bool,
}

/// A scenario that was played: its number in the plan, what is told of it, and what it counts.
struct ScenarioResult {
    number: usize,
    events: Vec<RunEvent>,
    checks: Vec<CheckOutcome>,
    created: usize,
    deleted: usize,
    unclear: usize,
}

impl Scheduler<'_> {
    /// Plays scenarios, several chains of them at a time; tells them in the order of the plan.
    pub async fn play(&self, planned: Vec<Planned>, tally: &mut Tally, listener: &mut (dyn FnMut(&RunEvent) + Send)) {
        let chains = chains(self.run.api, planned);
        let jobs = self.run.settings.jobs.clamp(1, chains.len().max(1));
        let queue = Mutex::new(chains.into_iter().enumerate().collect::<VecDeque<_>>());
        let (sender, mut played) = unbounded_channel();
        let workers = join_all((0..jobs).map(|_| self.work(&queue, sender.clone())));
        drop(sender);
        let tell = async {
            let (mut next, mut waiting) = (0, BTreeMap::new());
            while let Some(one) = played.recv().await {
                waiting.insert(one.number, one);
                while let Some(one) = waiting.remove(&next) {
                    tell(&one, tally, listener);
                    next += 1;
                }
            }
            // Where the run was stopped, there are gaps.
            waiting.values().for_each(|one| tell(one, tally, listener));
        };
        tokio::join!(workers, tell);
    }

    /// Plays one chain after the other, as long as there are any.
    async fn work(&self, queue: &Mutex<VecDeque<(usize, Chain)>>, sender: UnboundedSender<ScenarioResult>) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((group, chain)) = next else { return };
            let (mut leaking, mut learnt, mut waits) = (Vec::new(), Learnt::default(), WAITS);
            for (number, one) in chain {
                if *self.run.stop.borrow() {
                    return;
                }
                let begun = Instant::now();
                let mut session = Session::new(self.run, self.client, self.log, group);
                session.leaking.clone_from(&leaking);
                session.learnt.clone_from(&learnt);
                session.waits = waits;
                session.tells_apart = self.tells_apart;
                session.play(one.kind).await;
                let left = session.clean_up().await;
                leaking.clone_from(&session.leaking);
                (learnt, waits) = (session.learnt.lasting(), session.waits);
                // Who ends the run does not wait for what is told.
                let _ = sender.send(session.played(number, one, left, begun));
            }
        }
    }
}

/// Scenarios that are played one after the other, each with its number in the plan.
type Chain = Vec<(usize, Planned)>;

/// Scenarios in chains that do not see each other: those of an area stand together, and so do areas whose objects refer to each other.
fn chains(api: &Api, planned: Vec<Planned>) -> Vec<Chain> {
    let groups = learnt::groups(api);
    let mut chains: Vec<(Option<usize>, Chain)> = Vec::new();
    for (number, one) in planned.into_iter().enumerate() {
        let group = match one.kind {
            Kind::Lifecycle(at) | Kind::Rejects(at) | Kind::Pages(at) | Kind::UnknownIds(at) => Some(groups[at]),
            Kind::Reads | Kind::Access | Kind::Written(_) | Kind::Singleton(_) => None,
        };
        let is_its_own = |(known, chain): &&mut (Option<usize>, Chain)| {
            let is_of_area = chain.iter().any(|(_, other)| area_of(&other.name) == area_of(&one.name));
            is_of_area || (group.is_some() && *known == group)
        };
        match chains.iter_mut().find(is_its_own) {
            Some((known, chain)) => {
                *known = known.or(group);
                chain.push((number, one));
            }
            None => chains.push((group, vec![(number, one)])),
        }
    }
    chains.into_iter().map(|(_, chain)| chain).collect()
}

fn tell(one: &ScenarioResult, tally: &mut Tally, listener: &mut (dyn FnMut(&RunEvent) + Send)) {
    tally.scenarios += 1;
    tally.created += one.created;
    tally.deleted += one.deleted;
    tally.unclear += one.unclear;
    one.checks.iter().for_each(|check| tally.count(check));
    one.events.iter().for_each(listener);
}

impl Session<'_> {
    /// What is told of a scenario that was played and cleaned up after.
    fn played(mut self, number: usize, one: Planned, left: Vec<(String, String)>, begun: Instant) -> ScenarioResult {
        let scenario = RunEvent::Scenario {
            name: one.name,
            summary: one.summary,
            requests: self.exchanges.len(),
            exchanges: self.told(),
            checks: self.checks.clone(),
            took: begun.elapsed(),
            snapshot: SnapshotOutcome::Partial,
        };
        let reason = "it could not be put back as it was before";
        let changed: Vec<(String, String)> =
            std::mem::take(&mut self.changed).into_iter().map(|id| (id, reason.to_owned())).collect();
        let unclear = changed.len();
        let leftovers = changed.into_iter().chain(left).map(|(id, reason)| RunEvent::Leftover { id, reason });
        let events = std::iter::once(scenario).chain(leftovers).collect();
        let (created, deleted) = (self.created, self.deleted);
        ScenarioResult { number, events, checks: self.checks, created, deleted, unclear }
    }
}
