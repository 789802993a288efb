//! What a list shows of an object: that it is there, as it is, and no more once it is deleted.

use conformance_api::{Role, Shape};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::compare::agrees;
use super::session::{Answer, Object, Session};
use super::walk::BEHIND;
use super::{creation, operation};

impl Session<'_> {
    /// Whether the list has the object, or has it no more.
    pub(crate) async fn is_listed(&mut self, at: usize, object: &Object, expected: bool) {
        let Some(list) = operation(self.run.api, at, Role::List) else { return };
        let declared = self.declared(list);
        if self.is_filtered(list) {
            return;
        }
        let above = &object.path[..object.path.len() - 1];
        let is_behind = |items: &[Value]| items.iter().any(|item| Self::is_same(item, object)) != expected;
        let walk = self.walk_behind(list, above, (None, &[]), &is_behind).await;
        let Some(answer) = walk.last else { return };
        if expected && let Some(first) = &walk.first {
            self.judge_documented(list, &first.clone());
        }
        let is_there = walk.items.iter().any(|item| Self::is_same(item, object));
        let (rule, statement) = if expected {
            ("lists-created", format!("GET {} lists what was created", declared.path))
        } else {
            ("forgets-deleted", format!("GET {} does not list what was deleted", declared.path))
        };
        let rule = Rule::new(format!("{}.{rule}", declared.id), Level::Must, statement, declared.pointer.clone());
        if !walk.is_whole && !is_there {
            return self.skip(rule, "the end of the list was not reached");
        }
        let wrong = match (expected, is_there) {
            (true, false) => vec![Mismatch::of(format!("none of {} items is {}", walk.items.len(), object.id))],
            (false, true) => vec![Mismatch::of(format!("{} is still listed", object.id))],
            _ => Vec::new(),
        };
        self.judge(rule, &answer, "the list as it is", wrong);
        if let Some(item) = walk.items.iter().find(|item| expected && Self::is_same(item, object)) {
            self.same_in_list(at, list, object, item, &answer).await;
        }
    }

    /// Whether an item of a list shows what the object's own operation shows.
    async fn same_in_list(&mut self, at: usize, list: usize, object: &Object, item: &Value, answer: &Answer) {
        let Some((current, _)) = self.current(at, object).await else { return };
        if let Some(wrong) = self.differences(at, list, &current, item) {
            self.judge(self.same_rule(list), answer, "the members that the object itself shows", wrong);
        }
    }

    /// Whether the list shows what an update changed. An object that it shows no more may have been changed to one that is
    /// shown only to those who ask for it; and a list may be behind.
    pub(crate) async fn lists_updated(&mut self, at: usize, object: &Object) {
        let list = operation(self.run.api, at, Role::List).filter(|list| !self.is_filtered(*list));
        let Some(list) = list else { return };
        let Some((current, _)) = self.current(at, object).await else { return };
        for wait in BEHIND.iter().map(Some).chain([None]) {
            let walk = self.walk(list, &object.path[..object.path.len() - 1], None).await;
            let item = walk.items.iter().find(|item| Self::is_same(item, object));
            let (Some(item), Some(answer)) = (item, walk.last.clone()) else { return };
            let Some(wrong) = self.differences(at, list, &current, item) else { return };
            match wait.filter(|_| !wrong.is_empty()) {
                Some(wait) => self.rest(*wait).await,
                None => {
                    return self.judge(
                        self.same_rule(list),
                        &answer,
                        "the members that the object itself shows",
                        wrong,
                    );
                }
            }
        }
    }

    fn same_rule(&self, list: usize) -> Rule {
        let declared = self.declared(list);
        let statement = format!("GET {} shows objects as they are retrieved", declared.path);
        let id = format!("{}.same-as-retrieved", declared.id);
        Rule::new(id, Level::Must, statement, declared.pointer.clone())
    }

    /// What an item of a list shows otherwise than the object itself does, in members of the same name and type; none where
    /// they cannot be compared.
    fn differences(&self, at: usize, list: usize, current: &Value, item: &Value) -> Option<Vec<Mismatch>> {
        let api = self.run.api;
        let of_list = api.operations[list].success.shape.as_ref()?;
        let of_one = api.operations[operation(api, at, Role::Retrieve)?].success.shape.as_ref()?;
        let schemas = |shape: &Shape| api.schemas.merge(&conformance_api::envelope::members(&api.schemas, shape));
        let (one, other) = (schemas(of_one), schemas(of_list));
        let is_stable = |name: &str| {
            let (Some(one), Some(other)) = (one.property(name), other.property(name)) else { return false };
            let (one, other) = (api.schemas.merge(one), api.schemas.merge(other));
            matches!(one.kind(), Some("string" | "boolean")) && one.kind() == other.kind() && one.format == other.format
        };
        let format = |name: &str| one.property(name).and_then(|property| api.schemas.merge(property).format);
        let (item, current) = (item.as_object()?, current.as_object()?);
        // Numbers may be counts that go on by themselves, but for those that clients set.
        let body = creation(api, at).and_then(|create| self.content_media(self.declared(create)));
        let body = body.map(|(_, pointer)| api.schemas.merged(pointer)).unwrap_or_default();
        let is_set = |name: &str, value: &Value| value.is_number() && body.property(name).is_some();
        // Lists may show less of what stands within: but not where both have one schema.
        let is_same_schema = |name: &str| {
            let (first, second) = (one.property(name), other.property(name));
            body.property(name).is_some() && first.is_some() && first == second
        };
        let is_otherwise = |(name, value): &(&String, &Value)| {
            (is_stable(name) || is_set(name, value) || is_same_schema(name))
                && current.get(*name).is_some_and(|one| !agrees(one, value, format(name)))
        };
        let told = |(name, value): (&String, &Value)| Mismatch {
            place: format!("/{name}"),
            expected: current.get(name).map(conformance_json::write),
            found: conformance_json::write(value),
            ..Mismatch::default()
        };
        Some(item.iter().filter(is_otherwise).map(told).collect())
    }
}
