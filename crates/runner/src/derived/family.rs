//! Objects below others are seen below their own parent, and nowhere else.

use conformance_api::Role;
use conformance_record::{Level, Mismatch};

use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::Session;

impl Session<'_> {
    /// Makes an object below one parent, and looks for it below another.
    pub(crate) async fn below_its_own(&mut self, at: usize) {
        let api = self.run.api;
        let Some(parent) = api.resources[at].parent.filter(|parent| self.can_create(*parent)) else { return };
        if !self.can_create(at) {
            return;
        }
        let Ok(object) = self.create(at).await else { return };
        let Ok(other) = self.create(parent).await else { return };
        let until = other.path.len();
        let elsewhere: Vec<String> =
            other.path.iter().chain(&object.path[until.min(object.path.len())..]).cloned().collect();
        if elsewhere.len() != object.path.len() || elsewhere == object.path {
            return;
        }
        if let Some(retrieve) = operation(api, at, Role::Retrieve) {
            let answer = self.send(retrieve, Arguments::at(&elsewhere)).await;
            let declared = self.declared(retrieve);
            let statement = format!("GET {} shows nothing below another parent", declared.path);
            let rule =
                Rule::new(format!("{}.own-parent", declared.id), Level::Should, statement, declared.pointer.clone());
            self.judge_rejected(rule, retrieve, &answer);
        }
        let Some(list) = operation(api, at, Role::List).filter(|list| !self.is_filtered(*list)) else { return };
        let walk = self.walk(list, &elsewhere[..elsewhere.len() - 1], None).await;
        let Some(answer) = walk.last.clone().filter(super::session::Answer::is_success) else { return };
        let declared = self.declared(list);
        let statement = format!("GET {} lists nothing of another parent", declared.path);
        let rule = Rule::new(format!("{}.own-parent", declared.id), Level::Must, statement, declared.pointer.clone());
        let wrong = if walk.items.iter().any(|item| Self::is_same(item, &object)) {
            vec![Mismatch::of(format!("{} is there, which stands below {}", object.id, object.path[until - 1]))]
        } else {
            Vec::new()
        };
        self.judge(rule, &answer, "none of another parent's objects", wrong);
    }
}
