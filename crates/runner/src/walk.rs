//! Walks through the pages of a list.

use conformance_contract::Operation;
use conformance_contract::model::Page;
use conformance_record::Exchange;
use conformance_scenario::{Direction, Walk};
use serde_json::Value;

use crate::judge::Judgement;
use crate::obstacle::Obstacle;
use crate::replay::Replay;
use crate::value::{self, Scope};
use crate::world::Walked;

/// More pages than this are not walked.
const MOST_PAGES: usize = 1000;

impl Replay<'_> {
    /// Walks, judging each page on the way.
    pub(crate) async fn walk(
        &mut self,
        walk: &Walk,
        operation: &Operation,
        each: &mut [Judgement<'_>],
    ) -> Result<Walked, Obstacle> {
        let Some(page) = &operation.page else { return Err(format!("`{}` does not page", operation.id).into()) };
        let cursor_name = match walk.direction {
            Direction::Forward => page.after.as_ref(),
            Direction::Backward => page.before.as_ref(),
        };
        let Some(cursor_name) = cursor_name else {
            return Err(format!("`{}` has no cursor this way", operation.id).into());
        };
        let scope = Scope::default();
        let mut cursor = self.optional(walk.from.as_ref(), operation)?.map(|value| value::plain(&value));
        let until: Vec<String> = match self.optional(walk.until.as_ref(), operation)? {
            Some(Value::Array(ids)) => ids.iter().map(value::plain).collect(),
            Some(one) => vec![value::plain(&one)],
            None => Vec::new(),
        };
        let mut walked = Walked::default();
        // What the page before said of more.
        let mut promised = None;
        while walked.pages < MOST_PAGES {
            let extra = cursor.as_ref().map(|cursor| (cursor_name.as_str(), cursor.as_str()));
            let exchange = self.call(&walk.call, operation, scope, extra).await?;
            walked.pages += 1;
            let scope = Scope { exchange: Some(&exchange), ..Scope::default() };
            for judgement in each.iter_mut() {
                judgement.judge(&mut self.world, operation, scope, &format!("page {}", walked.pages));
            }
            let seen = self.page_seen(operation, page, &exchange);
            walked.last = Some(exchange);
            let Some(seen) = seen else { return Ok(walked.ended("no-page")) };
            if promised == Some(false) && !seen.ids.is_empty() {
                walked.false_ends += 1;
            }
            let next = match walk.direction {
                Direction::Forward => seen.ids.last().cloned(),
                Direction::Backward => seen.ids.first().cloned(),
            };
            walked.take(seen.ids, seen.own, walk.direction);
            match next {
                None if promised == Some(true) || seen.more == Some(true) => return Ok(walked.ended("empty-page")),
                None => return Ok(walked.ended("no-more")),
                Some(_) if !until.is_empty() && until.iter().all(|id| walked.ids.contains(id)) => {
                    return Ok(walked.ended("seen"));
                }
                // Who looks for something goes on past a false end, and finds it out.
                Some(_) if until.is_empty() && seen.more == Some(false) => return Ok(walked.ended("no-more")),
                Some(next) if Some(&next) == cursor.as_ref() => return Ok(walked.ended("going-round")),
                Some(next) => cursor = Some(next),
            }
            promised = seen.more;
        }
        if until.is_empty() {
            return Err(Obstacle::NotApplicable(format!("the list does not end within {MOST_PAGES} pages")));
        }
        Ok(walked.ended("too-long"))
    }

    /// What a page holds; none when the answer is no page.
    fn page_seen(&self, operation: &Operation, page: &Page, exchange: &Exchange) -> Option<PageSeen> {
        let response = exchange.response.as_ref().ok().filter(|response| (200..300).contains(&response.status))?;
        let body: Value = serde_json::from_slice(&response.body).ok()?;
        let more = page.more.as_ref().and_then(|more| body.pointer(more)).and_then(Value::as_bool);
        let ids = self.world.ids(operation, &body);
        let items = body.pointer(&page.items)?.as_array()?;
        let own = items.iter().zip(&ids).filter(|(_, id)| self.world.own.contains(id));
        Some(PageSeen { own: own.map(|(item, _)| item.clone()).collect(), ids, more })
    }
}

struct PageSeen {
    ids: Vec<String>,
    own: Vec<Value>,
    more: Option<bool>,
}
