//! Walks through the pages of a list.
//!
//! Others may use the list, too. Where one of their objects, taken as a cursor, is deleted before the next page is asked
//! for, the documents say nothing of that page: the walk begins anew and judges nothing.

use conformance_contract::model::Page;
use conformance_contract::{Action, Operation};
use conformance_record::Exchange;
use conformance_scenario::{Direction, Walk};
use serde_json::Value;

use crate::judge::Judgement;
use crate::obstacle::Obstacle;
use crate::replay::Replay;
use crate::step::optional;
use crate::subject::{OfSuite, Subject};
use crate::value::{self, Scope};
use crate::world::Walked;

/// More pages than this are not walked.
const MOST_PAGES: usize = 1000;
/// So often a walk begins anew.
const MOST_BEGINNINGS: usize = 5;

/// A walk, worked out.
struct Plan<'w> {
    walk: &'w Walk,
    operation: &'w Operation,
    page: &'w Page,
    cursor: &'w str,
    from: Option<String>,
    until: Vec<String>,
}

impl Replay<'_> {
    /// Walks, judging each page on the way.
    pub(crate) async fn walk_list(
        &mut self,
        walk: &Walk,
        operation: &Operation,
        each: &mut [Judgement<'_>],
    ) -> Result<Walked, Obstacle> {
        let Some(page) = &operation.page else { return Err(format!("`{}` does not page", operation.id).into()) };
        let cursor = match walk.direction {
            Direction::Forward => page.after.as_ref(),
            Direction::Backward => page.before.as_ref(),
        };
        let Some(cursor) = cursor else { return Err(format!("`{}` has no cursor this way", operation.id).into()) };
        let of = OfSuite::new(self.world.contract, operation);
        let from = optional(&mut self.world.variables, walk.from.as_ref(), &of)?.map(|value| value::plain(&value));
        let until: Vec<String> = match optional(&mut self.world.variables, walk.until.as_ref(), &of)? {
            Some(Value::Array(ids)) => ids.iter().map(value::plain).collect(),
            Some(one) => vec![value::plain(&one)],
            None => Vec::new(),
        };
        let plan = Plan { walk, operation, page, cursor, from, until };
        for _ in 0..MOST_BEGINNINGS {
            if let Some(walked) = self.walk_once(&plan, each).await? {
                return Ok(walked);
            }
        }
        Err(Obstacle::NotApplicable("others kept deleting the objects that the walk went by".to_owned()))
    }

    /// Walks; none when the ground gave way.
    async fn walk_once(&mut self, plan: &Plan<'_>, each: &mut [Judgement<'_>]) -> Result<Option<Walked>, Obstacle> {
        let Plan { walk, operation, until, .. } = plan;
        let (mut walked, mut cursor) = (Walked::default(), plan.from.clone());
        // What the page before said of more.
        let mut promised = None;
        while walked.pages < MOST_PAGES {
            let extra = cursor.as_ref().map(|cursor| (plan.cursor, cursor.as_str()));
            let exchange = self.send_call(&walk.call, operation, Scope::default(), extra).await?;
            let seen = self.page_seen(operation, plan.page, &exchange);
            // Backward, a page from another place looks like any other.
            let odd = walk.direction == Direction::Backward || walked.is_surprised_by(seen.as_ref(), until);
            if odd && self.is_lost(operation, cursor.as_deref()).await? {
                return Ok(None);
            }
            walked.pages += 1;
            let scope = Scope { exchange: Some(&exchange), ..Scope::default() };
            for judgement in each.iter_mut() {
                judgement.judge(
                    &mut self.world.variables,
                    &OfSuite::new(self.world.contract, operation),
                    scope,
                    &format!("page {}", walked.pages),
                );
            }
            walked.last = Some(exchange);
            let Some(seen) = seen else { return Ok(Some(walked.ended("no-page"))) };
            if promised == Some(false) && !seen.ids.is_empty() {
                walked.false_ends += 1;
            }
            walked.time = seen.times.last().copied().or(walked.time);
            let next = match walk.direction {
                Direction::Forward => seen.ids.last().cloned(),
                Direction::Backward => seen.ids.first().cloned(),
            };
            walked.take(seen.ids, seen.own, walk.direction);
            let end = match &next {
                None if promised == Some(true) || seen.more == Some(true) => Some("empty-page"),
                None => Some("no-more"),
                Some(_) if walked.has_all(until) => Some("seen"),
                // Who looks for something goes on past a false end, and finds it out.
                Some(_) if until.is_empty() && seen.more == Some(false) => Some("no-more"),
                Some(_) if next == cursor => Some("going-round"),
                Some(_) => None,
            };
            if let Some(end) = end {
                return Ok(Some(walked.ended(end)));
            }
            (cursor, promised) = (next, seen.more);
        }
        if until.is_empty() {
            return Err(Obstacle::NotApplicable(format!("the list does not end within {MOST_PAGES} pages")));
        }
        Ok(Some(walked.ended("too-long")))
    }

    /// Whether a cursor names an object of somebody else that is gone.
    async fn is_lost(&mut self, operation: &Operation, cursor: Option<&str>) -> Result<bool, Obstacle> {
        let Some(cursor) = cursor.filter(|id| !self.world.variables.own.iter().any(|own| own == id)) else {
            return Ok(false);
        };
        let suite = self.suite;
        let Some(retrieve) = suite.contract.action(operation.resource, Action::Retrieve) else { return Ok(false) };
        let exchange = self.exchange(self.request_for(retrieve, cursor), &[]).await?;
        Ok(exchange.response.is_ok_and(|response| response.status == 404))
    }

    /// What a page holds; none when the answer is no page.
    fn page_seen(&self, operation: &Operation, page: &Page, exchange: &Exchange) -> Option<PageSeen> {
        let response = exchange.response.as_ref().ok().filter(|response| (200..300).contains(&response.status))?;
        let body: Value = conformance_json::parse(&response.body).ok()?;
        let more = page.more.as_ref().and_then(|more| body.pointer(more)).and_then(Value::as_bool);
        let ids = OfSuite::new(self.world.contract, operation).ids(&body);
        let items = body.pointer(&page.items)?.as_array()?;
        let own = items.iter().zip(&ids).filter(|(_, id)| self.world.variables.own.contains(id));
        let own = own.map(|(item, _)| item.clone()).collect();
        let rules = &self.suite.contract.resources[operation.resource];
        let created: Vec<&String> =
            rules.on_create.keys().filter(|name| !rules.on_update.contains_key(*name)).collect();
        let times = items.iter().filter_map(|item| created.iter().find_map(|name| item.get(*name)?.as_f64())).collect();
        Some(PageSeen { own, ids, times, more })
    }
}

impl Walked {
    /// Whether a page is one that a lost cursor would explain.
    fn is_surprised_by(&self, seen: Option<&PageSeen>, until: &[String]) -> bool {
        let Some(seen) = seen else { return true };
        let again = seen.ids.iter().any(|id| self.ids.contains(id));
        let ends = seen.more == Some(false) && !until.iter().all(|id| self.ids.contains(id) || seen.ids.contains(id));
        let newer = self.time.zip(seen.times.first()).is_some_and(|(last, first)| *first > last);
        seen.ids.is_empty() || again || ends || newer
    }

    fn has_all(&self, ids: &[String]) -> bool {
        !ids.is_empty() && ids.iter().all(|id| self.ids.contains(id))
    }
}

struct PageSeen {
    ids: Vec<String>,
    own: Vec<Value>,
    /// When the objects were created, as far as they tell in numbers.
    times: Vec<f64>,
    more: Option<bool>,
}
