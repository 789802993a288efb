//! Plays the scenarios of a run: those that could see each other one after the other, others at the same time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_api::Api;
use conformance_record::{CheckOutcome, Exchange, RunEvent, SnapshotOutcome, Tally, Verdict};
use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::clean_up::Undeleted;
use super::cleanup_log::CleanupLog;
use super::learnt::{self, Learnt};
use super::session::{Object, Session, WAITS};
use super::{DocumentRun, Kind, Planned, area_of};
use crate::known::KnownFailures;
use crate::lane::Lane;
use crate::snapshot::Snapshotted;

/// What all scenarios of a run share.
pub(crate) struct Scheduler<'r> {
    pub run: &'r DocumentRun<'r>,
    pub lane: &'r Lane,
    pub log: &'r CleanupLog,
    pub tells_apart: bool,
}

/// A scenario that was played.
struct ScenarioResult {
    /// Its number in the plan.
    number: usize,
    name: String,
    summary: String,
    checks: Vec<CheckOutcome>,
    requests: usize,
    /// What is told of what went over the wire.
    exchanges: Vec<Exchange>,
    took: Duration,
    /// What it saw; none when it was not played as a whole.
    transcript: Option<String>,
    /// What was there before and is not as it was.
    changed: Vec<String>,
    created: usize,
    deleted: usize,
}

/// What could not be deleted.
struct Left {
    /// Whose it is: of the `group`th of the scenarios that are played at the same time.
    group: usize,
    object: Object,
    why: Undeleted,
}

impl Scheduler<'_> {
    /// Plays scenarios, several chains of them at a time; tells them in the order of the plan.
    pub async fn play(
        &self,
        planned: Vec<Planned>,
        (tally, known): (&mut Tally, &mut KnownFailures),
        listener: &mut (dyn FnMut(&RunEvent) + Send),
    ) {
        let chains = chains(self.run.api, planned);
        let jobs = self.run.settings.jobs.clamp(1, chains.len().max(1));
        let queue = Mutex::new(chains.into_iter().enumerate().collect::<VecDeque<_>>());
        let left = Mutex::new(Vec::new());
        let (sender, mut played) = unbounded_channel();
        let workers = join_all((0..jobs).map(|_| self.work(&queue, &left, sender.clone())));
        drop(sender);
        let tell = async {
            let (mut next, mut waiting) = (0, BTreeMap::new());
            while let Some(one) = played.recv().await {
                waiting.insert(one.number, one);
                while let Some(one) = waiting.remove(&next) {
                    self.tell(one, (tally, known), listener);
                    next += 1;
                }
            }
            // Where the run was stopped, there are gaps.
            waiting.into_values().for_each(|one| self.tell(one, (tally, known), listener));
        };
        tokio::join!(workers, tell);
        let left = left.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.clean_up_again(left, tally, listener).await;
    }

    /// Deletes what could not be deleted after its scenario: what was in its way may have been another scenario's, and gone by now.
    async fn clean_up_again(&self, left: Vec<Left>, tally: &mut Tally, listener: &mut (dyn FnMut(&RunEvent) + Send)) {
        for one in left {
            let mut session = Session::new(self.run, (self.lane, self.log), one.group, "document/clean-up");
            let still =
                if one.why.may_pass { session.delete_all(vec![one.object]).await } else { vec![(one.object, one.why)] };
            for (object, why) in still {
                let id = if object.id.is_empty() { "(no id)".to_owned() } else { object.id };
                listener(&RunEvent::Leftover { id, reason: why.reason });
            }
            tally.deleted += session.deleted;
        }
    }

    /// Plays one chain after the other, as long as there are any.
    async fn work(
        &self,
        queue: &Mutex<VecDeque<(usize, Chain)>>,
        all_left: &Mutex<Vec<Left>>,
        sender: UnboundedSender<ScenarioResult>,
    ) {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((group, chain)) = next else { return };
            let (mut leaking, mut learnt, mut waits) = (Vec::new(), Learnt::default(), WAITS);
            for (number, one) in chain {
                if *self.run.stop.borrow() {
                    return;
                }
                let begun = Instant::now();
                let mut session = Session::new(self.run, (self.lane, self.log), group, &one.name);
                session.leaking.clone_from(&leaking);
                session.learnt.clone_from(&learnt);
                session.waits = waits;
                session.tells_apart = self.tells_apart;
                session.play(one.kind).await;
                let left = session.clean_up().await.into_iter().map(|(object, why)| Left { group, object, why });
                all_left.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
                leaking.clone_from(&session.leaking);
                (learnt, waits) = (session.learnt.lasting(), session.waits);
                // Who ends the run does not wait for what is told.
                let _ = sender.send(session.played(number, one, begun));
            }
        }
    }

    fn tell(
        &self,
        mut one: ScenarioResult,
        (tally, known): (&mut Tally, &mut KnownFailures),
        listener: &mut (dyn FnMut(&RunEvent) + Send),
    ) {
        known.excuse(&one.name, &mut one.checks);
        tally.scenarios += 1;
        tally.created += one.created;
        tally.deleted += one.deleted;
        tally.unclear += one.changed.len();
        one.checks.iter().for_each(|check| tally.count(check));
        let snapshot = match (self.run.snapshots, &one.transcript) {
            (Some(snapshots), Some(text)) => {
                let secrets = self.run.target.secrets(self.run.settings);
                let of = Snapshotted { name: &one.name, summary: &one.summary, source: &self.run.api.document.name };
                snapshots.compare(&of, &secrets.scrub(text))
            }
            _ => SnapshotOutcome::Partial,
        };
        tally.count_snapshot(&snapshot);
        listener(&RunEvent::Scenario {
            name: one.name,
            summary: one.summary,
            requests: one.requests,
            exchanges: one.exchanges,
            checks: one.checks,
            took: one.took,
            snapshot,
        });
        for id in one.changed {
            let reason = "it could not be put back as it was before".to_owned();
            listener(&RunEvent::Leftover { id, reason });
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

impl Session<'_> {
    /// What is told of a scenario that was played and cleaned up after.
    fn played(mut self, number: usize, one: Planned, begun: Instant) -> ScenarioResult {
        let is_whole = !*self.run.stop.borrow()
            && !self
                .checks
                .iter()
                .any(|check| matches!(check.verdict, Verdict::CouldNotRun(_) | Verdict::ToolFault(_)));
        let snapshots = self.run.snapshots.filter(|_| is_whole);
        let transcript = snapshots.and_then(|snapshots| self.transcript(&snapshots.ignored));
        ScenarioResult {
            number,
            name: one.name,
            summary: one.summary,
            requests: self.exchanges.len(),
            exchanges: self.told(),
            took: begun.elapsed(),
            changed: std::mem::take(&mut self.changed),
            created: self.created,
            deleted: self.deleted,
            transcript,
            checks: self.checks,
        }
    }
}
