//! What one workspace has is not for another one: tried with `--second-token`, which is a token of another workspace. No document says
//! what is shared, so that it is a SHOULD.

use conformance_api::Role;
use conformance_api::names::is_updated;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::{Arguments, Credentials};
use super::session::{Answer, Look, Object, Session};
use crate::expected::is_named_secured;

impl Session<'_> {
    /// Whether somebody of another workspace neither sees, changes nor deletes an object, which is made for this alone.
    pub(crate) async fn hides_from_others(&mut self, at: usize, above: &[String]) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        // Under a name that clients give, another one may have something of its own.
        let is_given = self.run.api.resources[at].identity.first().is_none_or(|one| one.is_given);
        if is_given
            || self.run.target.second(0).is_none()
            || !is_named_secured(self.declared(retrieve))
            || self.always_bears_credentials()
        {
            return;
        }
        let Ok(object) = self.create_at(at, above).await else { return };
        let second = |arguments: Arguments| Arguments { credentials: Credentials::Second, ..arguments };
        let Some((before, _)) = self.current(at, &object).await else { return };
        let answer = self.send(retrieve, second(Arguments::at(&object.path))).await;
        let is_shown = self.object_in(retrieve, &answer).is_some_and(|shown| conformance_json::equal(&shown, &before));
        // What has the same id there is another one's, and is not touched.
        if !answer.is_rejection() && !is_shown {
            return;
        }
        // The control: the other one is somebody.
        if let Some(list) = operation(self.run.api, at, Role::List).filter(|list| !self.is_filtered(*list)) {
            let answer = self.send(list, second(Arguments::at(above))).await;
            if !answer.is_success() {
                let why = format!("the list is answered {} to the second token", answer.status.unwrap_or(0));
                return self.skip(self.hidden_rule(retrieve), why);
            }
            self.is_not_listed_to_others(list, &object, &answer);
        }
        self.judge_hidden(retrieve, &answer, is_shown);
        for role in [Role::Update, Role::Replace, Role::Delete] {
            let one = operation(self.run.api, at, role).filter(|one| is_named_secured(self.declared(*one)));
            // What is put may be made: nobody would delete it there.
            let Some(one) = one.filter(|one| role != Role::Replace || !self.may_create(*one)) else { continue };
            let mut arguments = Arguments::at(&object.path);
            if let Some((media_type, pointer)) = self.content_media(self.declared(one)) {
                // Another value than what is there: what changes nothing is not seen.
                let change = self.change(at, pointer, &object, &before);
                let Some(body) = change.or_else(|| self.body_for(pointer, &object)) else { continue };
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, second(arguments)).await;
            let after = self.look(retrieve, &object).await;
            let is_wrong = match &after {
                Look::There(shown) => {
                    is_later(&before, shown) || !self.changed(retrieve, one, &before, shown).is_empty()
                }
                Look::Gone => true,
                Look::Unknown => continue,
            };
            self.judge_hidden(one, &answer, answer.is_success() && is_wrong);
            if matches!(after, Look::Gone) {
                return self.forget(&object);
            }
        }
    }

    /// Whether an operation makes what is not there.
    fn may_create(&self, one: usize) -> bool {
        self.declared(one).responses.iter().any(|response| response.status == "201")
    }

    fn is_not_listed_to_others(&mut self, list: usize, object: &Object, answer: &Answer) {
        let items = answer.json.as_ref().and_then(|body| self.items(list, body));
        let is_shown = items.is_some_and(|items| items.iter().any(|item| Self::is_same(item, object)));
        let wrong = if is_shown { vec![Mismatch::of(format!("{} is there", object.id))] } else { Vec::new() };
        self.judge(self.hidden_rule(list), answer, "no object of another workspace", wrong);
    }

    fn judge_hidden(&mut self, at: usize, answer: &Answer, is_wrong: bool) {
        let status = answer.status.unwrap_or(0);
        let wrong = if is_wrong { vec![Mismatch::of(format!("it is done, with status {status}"))] } else { Vec::new() };
        self.judge(self.hidden_rule(at), answer, "a 4XX response, or nothing of it", wrong);
    }

    fn hidden_rule(&self, at: usize) -> Rule {
        let declared = self.declared(at);
        let statement = format!("{} {} shows and changes nothing of another workspace", declared.method, declared.path);
        let id = format!("{}.hides-from-others", declared.id);
        Rule::new(id, Level::Should, statement, format!("{}/security", declared.pointer))
    }
}

/// Whether an object says that it was changed since.
fn is_later(before: &Value, after: &Value) -> bool {
    let mut times = before.as_object().into_iter().flatten().filter(|(name, _)| is_updated(name));
    times.any(|(name, was)| after.get(name).is_some_and(|now| now != was))
}
