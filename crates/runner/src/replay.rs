//! Replays one scenario.

use conformance_contract::say::brief;
use conformance_contract::{Operation, Suite};
use conformance_record::{CheckOutcome, Exchange};
use conformance_scenario::{Call, Capability, Poll, Rounds, Scenario, Step, StepKind, Template};
use serde_json::Value;
use tokio::sync::watch;

use crate::judge::Judgements;
use crate::lane::Lane;
use crate::ledger::Ledger;
use crate::obstacle::Obstacle;
use crate::oracle::Oracle;
use crate::relate::unmet;
use crate::select::Selected;
use crate::subject::OfSuite;
use crate::target::Target;
use crate::transcript::Transcript;
use crate::value::{self, Scope};
use crate::world::World;

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
        let mut judged = Judgements::of(step);
        let Some(operation) = suite.contract.operation(step.kind.operation().0) else { return judged };
        self.second = step.second_token;
        let done = match (self.applies(step, operation), &step.kind) {
            (Err(obstacle), _) => Err(obstacle),
            (Ok(()), StepKind::Walk(walk)) => match self.walk(walk, operation, &mut judged.each_page).await {
                Ok(walked) => {
                    self.transcript.walk(&self.world, operation, &walked.own);
                    let scope = Scope { exchange: walked.last.as_ref(), walk: Some(&walked), ..Scope::default() };
                    judged.answer.iter_mut().for_each(|one| {
                        one.judge(&mut self.world.variables, &OfSuite::new(self.world.contract, operation), scope, "")
                    });
                    self.capture(step, operation, scope, None);
                    Ok(())
                }
                Err(obstacle) => Err(obstacle),
            },
            (Ok(()), StepKind::Call(call)) => self.rounds(step, call, operation, &mut judged).await,
        };
        if let Err(obstacle) = done {
            judged.could_not(&obstacle);
            for (name, _) in &step.outputs {
                self.world.variables.outputs.insert(name.clone(), Err(obstacle.clone()));
            }
        }
        judged
    }

    /// Whether the step's conditions hold.
    fn applies(&mut self, step: &Step, operation: &Operation) -> Result<(), Obstacle> {
        match unmet(
            &mut self.world.variables,
            &OfSuite::new(self.world.contract, operation),
            Scope::default(),
            &step.conditions,
        )? {
            Some(why) => Err(Obstacle::NotApplicable(why)),
            None => Ok(()),
        }
    }

    async fn rounds(
        &mut self,
        step: &Step,
        call: &Call,
        operation: &Operation,
        judged: &mut Judgements<'_>,
    ) -> Result<(), Obstacle> {
        let items: Option<Vec<Value>> = match &step.rounds {
            Rounds::Once => None,
            Rounds::Times(times) => Some((0..*times).map(Value::from).collect()),
            Rounds::ForEach(list) => match value::template(
                &mut self.world.variables,
                &OfSuite::new(self.world.contract, operation),
                Scope::default(),
                list,
                None,
            )? {
                Value::Array(items) => Some(items),
                other => return Err(format!("`forEach` needs a list, not {other}").into()),
            },
        };
        if items.as_ref().is_some_and(Vec::is_empty) && !call.faults.is_empty() {
            return Err("`forEach` has nothing to go through".into());
        }
        let looped = items.is_some();
        if looped {
            for (name, _) in &step.outputs {
                self.world.variables.outputs.insert(name.clone(), Ok(Value::Array(Vec::new())));
            }
        }
        for (index, item) in items.unwrap_or_else(|| vec![Value::Null]).iter().enumerate() {
            let here = if looped {
                Scope { item: Some(item), index: Some(index), ..Scope::default() }
            } else {
                Scope::default()
            };
            let name = match &step.rounds {
                Rounds::Once => String::new(),
                Rounds::Times(_) => format!("round {}", index + 1),
                Rounds::ForEach(_) => format!("for {}", brief(item)),
            };
            self.round(step, call, operation, judged, (here, &name)).await?;
        }
        Ok(())
    }

    async fn round(
        &mut self,
        step: &Step,
        call: &Call,
        operation: &Operation,
        judged: &mut Judgements<'_>,
        (here, round): (Scope<'_>, &str),
    ) -> Result<(), Obstacle> {
        if let Some(twin) = &step.twin
            && let Err(reason) = self.twin(twin, operation, here).await?
        {
            judged.could_not(&reason);
            return Ok(());
        }
        let before = self.look(step.probe.as_ref(), operation, here).await;
        let exchange = self.polled(step.poll.as_ref(), call, operation, here).await?;
        self.transcript.exchange(&self.world, (operation, call), &self.target.path, &exchange);
        let scope = Scope { exchange: Some(&exchange), ..here };
        judged.answer.iter_mut().for_each(|one| {
            one.judge(&mut self.world.variables, &OfSuite::new(self.world.contract, operation), scope, round)
        });
        self.capture(step, operation, scope, here.index.map(drop));
        if let Some(judgement) = &mut judged.probe {
            let after = self.look(step.probe.as_ref(), operation, here).await;
            judgement.probe(before, after, &exchange, round);
        }
        Ok(())
    }

    /// Sends the twin of a call, which must succeed; else the call itself would prove nothing.
    async fn twin(
        &mut self,
        twin: &Call,
        operation: &Operation,
        here: Scope<'_>,
    ) -> Result<Result<(), Obstacle>, Obstacle> {
        Ok(match self.call(twin, operation, here, None).await?.response {
            Ok(response) if (200..300).contains(&response.status) => Ok(()),
            Ok(response) => {
                let status = response.status;
                Err(format!("its twin, which should succeed, was answered {status}: a refusal would prove nothing")
                    .into())
            }
            Err(reason) => Err(format!("its twin got no answer: {reason}").into()),
        })
    }

    /// Makes a call, again until the poll's conditions hold or its attempts are used up.
    async fn polled(
        &mut self,
        poll: Option<&Poll>,
        call: &Call,
        operation: &Operation,
        here: Scope<'_>,
    ) -> Result<Exchange, Obstacle> {
        let mut exchange = self.call(call, operation, here, None).await?;
        let Some(poll) = poll else { return Ok(exchange) };
        for _ in 1..poll.attempts {
            let scope = Scope { exchange: Some(&exchange), ..here };
            // What is not there yet may be there next time.
            if let Ok(None) =
                unmet(&mut self.world.variables, &OfSuite::new(self.world.contract, operation), scope, &poll.until)
            {
                break;
            }
            if !matches!(self.lane, Lane::Recorded(_)) {
                tokio::time::sleep(poll.every).await;
            }
            exchange = self.call(call, operation, here, None).await?;
        }
        Ok(exchange)
    }

    /// Captures a step's outputs: appended in a loop, set otherwise.
    fn capture(&mut self, step: &Step, operation: &Operation, scope: Scope<'_>, looped: Option<()>) {
        for (name, expression) in &step.outputs {
            if let Some(exchange) = scope.exchange {
                self.world.variables.captured_in.insert(name.clone(), exchange.number);
            }
            let value = value::expression(
                &mut self.world.variables,
                &OfSuite::new(self.world.contract, operation),
                scope,
                expression,
            )
            .map_err(|missing| missing.within(&format!("the output `{name}` could not be captured")));
            let entry = self.world.variables.outputs.entry(name.clone());
            match (looped, value) {
                (None, value) => drop(entry.insert_entry(value)),
                (Some(()), Err(missing)) => drop(entry.insert_entry(Err(missing))),
                (Some(()), Ok(value)) => {
                    if let Ok(Value::Array(all)) = entry.or_insert_with(|| Ok(Value::Array(Vec::new()))) {
                        all.push(value);
                    }
                }
            }
        }
    }

    /// The value of a template that may be absent.
    pub(crate) fn optional(
        &mut self,
        template: Option<&Template>,
        operation: &Operation,
    ) -> Result<Option<Value>, Obstacle> {
        template
            .map(|one| {
                value::template(
                    &mut self.world.variables,
                    &OfSuite::new(self.world.contract, operation),
                    Scope::default(),
                    one,
                    None,
                )
            })
            .transpose()
    }
}
