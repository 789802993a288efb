//! Replays one scenario.

use conformance_contract::Suite;
use conformance_record::{CheckOutcome, Exchange};
use conformance_scenario::{Call, Capability, Check, Scenario, Step, Walk};
use tokio::sync::watch;

use crate::judge::{Judgement, Judgements};
use crate::lane::Lane;
use crate::ledger::Ledger;
use crate::obstacle::Obstacle;
use crate::oracle::Oracle;
use crate::probe::Seen;
use crate::select::Selected;
use crate::step::{Stage, play};
use crate::subject::OfSuite;
use crate::target::Target;
use crate::transcript::Transcript;
use crate::value::Scope;
use crate::world::{Variables, Walked, World};

/// One scenario on its way.
pub(crate) struct Replay<'r> {
    pub(crate) suite: &'r Suite,
    pub(crate) target: &'r Target,
    pub(crate) lane: &'r Lane,
    pub(crate) ledger: &'r Ledger,
    pub(crate) stop: &'r watch::Receiver<bool>,
    pub(crate) read_only: bool,
    pub(crate) selected: &'r Selected,
    pub(crate) number: usize,
    pub(crate) world: World<'r>,
    pub(crate) transcript: Transcript,
    pub(crate) oracle: Oracle,
    /// What went over the wire so far.
    pub(crate) exchanges: Vec<Exchange>,
    /// How many objects the run holds at a time, at most.
    pub(crate) objects_at_a_time: u64,
    /// Whether the step sends the second token.
    pub(crate) second: bool,
    /// Whether the tear-down has begun, which goes on when the run is interrupted.
    pub(crate) closing: bool,
}

impl Replay<'_> {
    /// Replays all steps, the tear-down whatever happened before it, and judges the checks that count.
    pub(crate) async fn scenario(&mut self, scenario: &Scenario) -> Vec<CheckOutcome> {
        self.world.withheld = self.lacking(scenario);
        let nothing_runs = self.world.withheld.is_some();
        let mut outcomes = Vec::new();
        for (number, step) in scenario.all_steps().enumerate() {
            if number == scenario.steps.len() && !nothing_runs {
                self.closing = true;
                self.world.withheld = None;
            }
            if let Some(operation) = self.suite.contract.operation(step.kind.operation().0) {
                self.transcript.step(number, step, operation);
            }
            let judged = match self.world.withheld.clone() {
                // What comes after a step that was withheld would judge a workspace that it did not prepare.
                Some(why) => {
                    let mut judged = Judgements::of(step);
                    judged.could_not(&why);
                    judged
                }
                None => self.step(step).await,
            };
            let judged = judged.outcomes(&step.file, &self.suite.requirements);
            outcomes.extend(judged.into_iter().filter(|one| self.selected.counts(step, one)));
        }
        let oracle = std::mem::take(&mut self.oracle).outcomes(&self.suite.requirements, &scenario.file);
        outcomes.extend(oracle.into_iter().filter(|one| self.selected.counts_throughout(one)));
        outcomes
    }

    /// Why the scenario cannot be replayed here at all.
    fn lacking(&self, scenario: &Scenario) -> Option<Obstacle> {
        let lacks = scenario.needs.contains(&Capability::SecondToken) && self.target.second(self.number).is_none();
        lacks.then(|| {
            Obstacle::NotApplicable("it needs a token of another workspace, given by --second-token".to_owned())
        })
    }

    async fn step<'s>(&mut self, step: &'s Step) -> Judgements<'s> {
        let suite = self.suite;
        let Some(operation) = suite.contract.operation(step.kind.operation().0) else { return Judgements::of(step) };
        self.second = step.second_token;
        play(self, step, OfSuite::new(&suite.contract, operation)).await
    }
}

impl<'r> Stage for Replay<'r> {
    type Operation = OfSuite<'r>;

    fn variables(&mut self) -> &mut Variables {
        &mut self.world.variables
    }

    async fn call(&mut self, call: &Call, of: OfSuite<'r>, scope: Scope<'_>) -> Result<Exchange, Obstacle> {
        self.send_call(call, of.operation, scope, None).await
    }

    async fn walk(
        &mut self,
        walk: &Walk,
        of: OfSuite<'r>,
        each_page: &mut [Judgement<'_>],
    ) -> Result<Walked, Obstacle> {
        self.walk_list(walk, of.operation, each_page).await
    }

    async fn look(&mut self, probe: Option<&Check>, of: OfSuite<'r>, scope: Scope<'_>) -> Result<Seen, Obstacle> {
        self.look_at(probe, of.operation, scope).await
    }

    fn on_call(&mut self, call: &Call, of: OfSuite<'r>, exchange: &Exchange) {
        self.transcript.exchange(&self.world, (of.operation, call), &self.target.path, exchange);
    }

    fn on_walk(&mut self, of: OfSuite<'r>, walked: &Walked) {
        self.transcript.walk(&self.world, of.operation, &walked.own);
    }

    fn is_live(&self) -> bool {
        !matches!(self.lane, Lane::Recorded(_))
    }
}
