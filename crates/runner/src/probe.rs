//! Probes: what a call must leave as it was, looked at before and after it.

use conformance_contract::{Action, Operation};
use conformance_record::{Exchange, Mismatch, Request};
use conformance_scenario::{Check, Expectation};
use serde_json::Value;

use crate::judge::Judgement;
use crate::obstacle::Obstacle;
use crate::relate::since;
use crate::replay::Replay;
use crate::subject::OfSuite;
use crate::target::Target;
use crate::url::{add_query, escaped};
use crate::value::{self, Scope};

/// What a probe saw: a whole object, or the objects of a page that have the text in them.
pub(crate) enum Seen {
    Object(Value),
    Nothing,
    With(String, Vec<Value>),
}

impl Replay<'_> {
    /// Looks at what the probe is about; nothing to see without a probe.
    pub(crate) async fn look_at(
        &mut self,
        probe: Option<&Check>,
        operation: &Operation,
        here: Scope<'_>,
    ) -> Result<Seen, Obstacle> {
        match probe.map(|check| &check.expectation) {
            Some(Expectation::Unchanged(id)) => {
                let id = value::plain(&value::template(
                    &mut self.world.variables,
                    &OfSuite::new(self.world.contract, operation),
                    here,
                    id,
                    None,
                )?);
                let found = self.retrieve(operation, &id).await?;
                Ok(found.map_or(Seen::Nothing, Seen::Object))
            }
            Some(Expectation::Absent(text)) => {
                let text = value::plain(&value::template(
                    &mut self.world.variables,
                    &OfSuite::new(self.world.contract, operation),
                    here,
                    text,
                    None,
                )?);
                let (items, wanted) = (self.first_page(operation).await?, text.as_str());
                let with = items.into_iter().filter(|item| holds(item, wanted)).collect();
                Ok(Seen::With(text, with))
            }
            _ => Err("there is no probe".into()),
        }
    }

    async fn retrieve(&mut self, operation: &Operation, id: &str) -> Result<Option<Value>, Obstacle> {
        let suite = self.suite;
        let Some(retrieve) = suite.contract.action(operation.resource, Action::Retrieve) else {
            return Err("the contract has no operation that retrieves it".into());
        };
        self.answer(self.request_for(retrieve, id)).await
    }

    async fn first_page(&mut self, operation: &Operation) -> Result<Vec<Value>, Obstacle> {
        let suite = self.suite;
        let list = suite.contract.action(operation.resource, Action::List);
        let Some((list, page)) = list.and_then(|list| Some((list, list.page.as_ref()?))) else {
            return Err("the contract has no list to look into".into());
        };
        let mut request = self.request_for(list, "");
        if let Some(most) = suite.contract.largest_page(list) {
            add_query(&mut request.target, &page.limit, &most.to_string());
        }
        let body = self.answer(request).await?.unwrap_or_default();
        let items = body.pointer(&page.items).and_then(Value::as_array);
        items.cloned().ok_or_else(|| "the list has no items".into())
    }

    /// A request that only looks: of an operation without a body, with this id in its path.
    pub(crate) fn request_for(&self, operation: &Operation, id: &str) -> Request {
        let path = operation.path.fill(|_| Some(escaped(id))).unwrap_or_default();
        let headers = Target::headers(Some(&self.target.token(self.number)));
        let target = format!("{}{path}", self.target.path);
        Request { method: operation.method.clone(), target, headers, body: Vec::new() }
    }

    /// The body of an answer; none when there is nothing to look at.
    async fn answer(&mut self, request: Request) -> Result<Option<Value>, Obstacle> {
        let response = self.exchange(request, &[]).await?.response;
        let response = response.map_err(|reason| Obstacle::from(format!("the probe got no answer: {reason}")))?;
        if response.status == 404 {
            return Ok(None);
        }
        if !(200..300).contains(&response.status) {
            return Err(format!("the probe was answered {}", response.status).into());
        }
        conformance_json::parse(&response.body)
            .map(Some)
            .map_err(|error| format!("the probe's answer is not JSON: {error}").into())
    }
}

/// Whether a text stands in any text of a value.
pub(crate) fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        _ => false,
    }
}

impl Judgement<'_> {
    /// Judges what a probe saw before and after an exchange.
    pub(crate) fn probe(
        &mut self,
        before: Result<Seen, Obstacle>,
        after: Result<Seen, Obstacle>,
        exchange: &Exchange,
        round: &str,
    ) {
        let mismatches = match (before, after) {
            (Ok(Seen::Object(before)), Ok(Seen::Object(after))) => Ok(since(&after, &before)),
            (Ok(Seen::Object(_)), Ok(Seen::Nothing)) => Ok(vec![Mismatch::of("it was there, and now it is a 404")]),
            (Ok(Seen::Nothing), Ok(_)) => Err("there was nothing to look at before the request".into()),
            (_, Ok(Seen::With(text, found))) => {
                Ok(found.iter().map(|item| Mismatch::of(format!("{item} has {text:?} in it"))).collect())
            }
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            (Ok(_), Ok(_)) => Err(Obstacle::ToolFault("two kinds of probe".to_owned())),
        };
        self.settle(self.describe(), Some(exchange.number), mismatches, round);
    }
}
