//! Plays one step of a scenario, wherever its calls go: conditions, rounds, twins, probes, polls, outputs.

use std::future::Future;

use conformance_contract::say::brief;
use conformance_record::Exchange;
use conformance_scenario::{Call, Check, Poll, Rounds, Step, StepKind, Template, Walk};
use serde_json::Value;

use crate::judge::{Judgement, Judgements};
use crate::obstacle::Obstacle;
use crate::probe::Seen;
use crate::relate::unmet;
use crate::subject::Subject;
use crate::value::{self, Scope};
use crate::world::{Variables, Walked};

/// What a step is played on: a suite's operations, or a document's, and a way to call them.
pub(crate) trait Stage: Send {
    /// An operation of it.
    type Operation: Subject + Copy + Send + Sync;

    /// What expressions can name.
    fn variables(&mut self) -> &mut Variables;

    /// Makes a call.
    fn call(
        &mut self,
        call: &Call,
        operation: Self::Operation,
        scope: Scope<'_>,
    ) -> impl Future<Output = Result<Exchange, Obstacle>> + Send;

    /// Walks through a list, judging each page on the way.
    fn walk(
        &mut self,
        walk: &Walk,
        operation: Self::Operation,
        each_page: &mut [Judgement<'_>],
    ) -> impl Future<Output = Result<Walked, Obstacle>> + Send;

    /// Looks at what a probe is about.
    fn look(
        &mut self,
        probe: Option<&Check>,
        operation: Self::Operation,
        scope: Scope<'_>,
    ) -> impl Future<Output = Result<Seen, Obstacle>> + Send;

    /// A call was made whose response is judged.
    fn on_call(&mut self, call: &Call, operation: Self::Operation, exchange: &Exchange);

    /// A list was walked through.
    fn on_walk(&mut self, operation: Self::Operation, walked: &Walked);

    /// Whether time passes between two calls.
    fn is_live(&self) -> bool {
        true
    }
}

/// Plays a step of an operation, and judges what comes back.
pub(crate) async fn play<'s, S: Stage>(stage: &mut S, step: &'s Step, operation: S::Operation) -> Judgements<'s> {
    let mut judged = Judgements::of(step);
    let done = match (applies(stage, step, operation), &step.kind) {
        (Err(obstacle), _) => Err(obstacle),
        (Ok(()), StepKind::Walk(walk)) => match stage.walk(walk, operation, &mut judged.each_page).await {
            Ok(walked) => {
                stage.on_walk(operation, &walked);
                let scope = Scope { exchange: walked.last.as_ref(), walk: Some(&walked), ..Scope::default() };
                judged.answer.iter_mut().for_each(|one| one.judge(stage.variables(), &operation, scope, ""));
                capture(stage.variables(), step, &operation, scope);
                Ok(())
            }
            Err(obstacle) => Err(obstacle),
        },
        (Ok(()), StepKind::Call(call)) => rounds(stage, step, call, operation, &mut judged).await,
    };
    if let Err(obstacle) = done {
        judged.could_not(&obstacle);
        for (name, _) in &step.outputs {
            stage.variables().outputs.insert(name.clone(), Err(obstacle.clone()));
        }
    }
    judged
}

/// Whether the step's conditions hold.
fn applies<S: Stage>(stage: &mut S, step: &Step, operation: S::Operation) -> Result<(), Obstacle> {
    match unmet(stage.variables(), &operation, Scope::default(), &step.conditions)? {
        Some(why) => Err(Obstacle::NotApplicable(why)),
        None => Ok(()),
    }
}

async fn rounds<S: Stage>(
    stage: &mut S,
    step: &Step,
    call: &Call,
    operation: S::Operation,
    judged: &mut Judgements<'_>,
) -> Result<(), Obstacle> {
    let items: Option<Vec<Value>> = match &step.rounds {
        Rounds::Once => None,
        Rounds::Times(times) => Some((0..*times).map(Value::from).collect()),
        Rounds::ForEach(list) => match value::template(stage.variables(), &operation, Scope::default(), list, None)? {
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
            stage.variables().outputs.insert(name.clone(), Ok(Value::Array(Vec::new())));
        }
    }
    for (index, item) in items.unwrap_or_else(|| vec![Value::Null]).iter().enumerate() {
        let here =
            if looped { Scope { item: Some(item), index: Some(index), ..Scope::default() } } else { Scope::default() };
        let name = match &step.rounds {
            Rounds::Once => String::new(),
            Rounds::Times(_) => format!("round {}", index + 1),
            Rounds::ForEach(_) => format!("for {}", brief(item)),
        };
        round(stage, step, call, operation, judged, (here, &name)).await?;
    }
    Ok(())
}

async fn round<S: Stage>(
    stage: &mut S,
    step: &Step,
    call: &Call,
    operation: S::Operation,
    judged: &mut Judgements<'_>,
    (here, name): (Scope<'_>, &str),
) -> Result<(), Obstacle> {
    if let Some(twin) = &step.twin
        && let Err(reason) = control(stage, twin, operation, here).await?
    {
        judged.could_not(&reason);
        return Ok(());
    }
    let before = stage.look(step.probe.as_ref(), operation, here).await;
    let exchange = polled(stage, step.poll.as_ref(), call, operation, here).await?;
    stage.on_call(call, operation, &exchange);
    let scope = Scope { exchange: Some(&exchange), ..here };
    judged.answer.iter_mut().for_each(|one| one.judge(stage.variables(), &operation, scope, name));
    capture(stage.variables(), step, &operation, scope);
    if let Some(judgement) = &mut judged.probe {
        let after = stage.look(step.probe.as_ref(), operation, here).await;
        judgement.probe(before, after, &exchange, name);
    }
    Ok(())
}

/// Sends the twin of a call, which must succeed; else the call itself would prove nothing.
async fn control<S: Stage>(
    stage: &mut S,
    twin: &Call,
    operation: S::Operation,
    here: Scope<'_>,
) -> Result<Result<(), Obstacle>, Obstacle> {
    Ok(match stage.call(twin, operation, here).await?.response {
        Ok(response) if (200..300).contains(&response.status) => Ok(()),
        Ok(response) => {
            let status = response.status;
            Err(format!("its twin, which should succeed, was answered {status}: a refusal would prove nothing").into())
        }
        Err(reason) => Err(format!("its twin got no answer: {reason}").into()),
    })
}

/// Makes a call, again until the poll's conditions hold or its attempts are used up.
async fn polled<S: Stage>(
    stage: &mut S,
    poll: Option<&Poll>,
    call: &Call,
    operation: S::Operation,
    here: Scope<'_>,
) -> Result<Exchange, Obstacle> {
    let mut exchange = stage.call(call, operation, here).await?;
    let Some(poll) = poll else { return Ok(exchange) };
    for _ in 1..poll.attempts {
        let scope = Scope { exchange: Some(&exchange), ..here };
        // What is not there yet may be there next time.
        if let Ok(None) = unmet(stage.variables(), &operation, scope, &poll.until) {
            break;
        }
        if stage.is_live() {
            tokio::time::sleep(poll.every).await;
        }
        exchange = stage.call(call, operation, here).await?;
    }
    Ok(exchange)
}

/// Captures a step's outputs: appended in a loop, set otherwise.
fn capture(variables: &mut Variables, step: &Step, subject: &dyn Subject, scope: Scope<'_>) {
    for (name, expression) in &step.outputs {
        if let Some(exchange) = scope.exchange {
            variables.captured_in.insert(name.clone(), exchange.number);
        }
        let value = value::expression(variables, subject, scope, expression)
            .map_err(|missing| missing.within(&format!("the output `{name}` could not be captured")));
        let entry = variables.outputs.entry(name.clone());
        match (scope.index, value) {
            (None, value) => drop(entry.insert_entry(value)),
            (Some(_), Err(missing)) => drop(entry.insert_entry(Err(missing))),
            (Some(_), Ok(value)) => {
                if let Ok(Value::Array(all)) = entry.or_insert_with(|| Ok(Value::Array(Vec::new()))) {
                    all.push(value);
                }
            }
        }
    }
}

/// The value of a template that may be absent.
pub(crate) fn optional(
    variables: &mut Variables,
    template: Option<&Template>,
    subject: &dyn Subject,
) -> Result<Option<Value>, Obstacle> {
    template.map(|one| value::template(variables, subject, Scope::default(), one, None)).transpose()
}
