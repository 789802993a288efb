//! Lists that come in the order of creation, where the document says so.

use std::time::Duration;

use conformance_api::Certainty;
use conformance_api::names::is_created;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::compare::moment;
use super::session::{Object, Session};
use super::walk::Walk;

/// Where a server tells seconds, one has to pass.
pub(crate) const SECOND: Duration = Duration::from_millis(1_100);

impl Session<'_> {
    /// Whether what was made last comes first, or last. Objects of one instant may come in any order: where all are of one, another is
    /// made later.
    pub(crate) async fn keeps_order(
        &mut self,
        (at, list): (usize, usize),
        above: &[String],
        walk: &Walk,
        own: &[Object],
    ) {
        let Some(pages) = self.run.api.operations[list].pages.as_ref() else { return };
        let Some(order) = pages.order.as_ref() else { return };
        let (mut times, mut answer) = (times(walk, own), walk.last.clone());
        let is_one_instant = times.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if let (true, Some(waits)) = (is_one_instant && times.len() == own.len(), self.waits.checked_sub(1)) {
            self.waits = waits;
            self.rest(SECOND).await;
            let Ok(later) = self.create_at(at, above).await else { return };
            let all: Vec<Object> = own.iter().cloned().chain([later]).collect();
            let again = self.walk_until(list, above, (None, &[]), &all).await;
            if !again.is_whole {
                return;
            }
            (times, answer) = (self::times(&again, &all), again.last);
        }
        let (Some(answer), true) = (answer, times.len() >= own.len()) else { return };
        let is_wrong = |pair: &&[(Value, i128)]| {
            if pages.newest_first { pair[0].1 < pair[1].1 } else { pair[0].1 > pair[1].1 }
        };
        let found = |pair: &[(Value, i128)]| {
            Mismatch::of(format!("what was made at {} stands before what was made at {}", pair[0].0, pair[1].0))
        };
        let wrong = times.windows(2).filter(is_wrong).map(found).collect();
        let declared = self.declared(list);
        let first = if pages.newest_first { "newest" } else { "oldest" };
        let statement = format!("GET {} comes {first} first", declared.path);
        let level = if order.certainty <= Certainty::Certain { Level::Must } else { Level::Should };
        let rule = Rule::new(format!("{}.order", declared.id), level, statement, order.pointer.clone());
        self.judge(rule, &answer, format!("the {first} of the created objects first"), wrong);
    }
}

/// When a list says that each of these objects was made, in the order of the list: as told, and as an instant.
fn times(walk: &Walk, own: &[Object]) -> Vec<(Value, i128)> {
    let mine = walk.items.iter().filter(|item| own.iter().any(|one| Session::is_same(item, one)));
    let told = mine.filter_map(|item| item.as_object()?.iter().find(|(name, _)| is_created(name)));
    told.filter_map(|(_, told)| Some((told.clone(), moment(told)?))).collect()
}
