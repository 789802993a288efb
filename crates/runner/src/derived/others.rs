//! What one workspace has is not for another one: tried with `--second-token`, which is a token of another workspace. No document says
//! what is shared, so that it is a SHOULD.

use conformance_api::Role;
use conformance_record::{Level, Mismatch};

use super::check::Rule;
use super::operation;
use super::request::{Arguments, Credentials};
use super::session::{Answer, Object, Session};
use crate::expected::is_named_secured;

impl Session<'_> {
    /// Whether somebody of another workspace neither sees, changes nor deletes an object, which is made for this alone.
    pub(crate) async fn hides_from_others(&mut self, at: usize, above: &[String]) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        if self.run.target.second(0).is_none()
            || !is_named_secured(self.declared(retrieve))
            || self.always_bears_credentials()
        {
            return;
        }
        let Ok(object) = self.create_at(at, above).await else { return };
        let second = |arguments: Arguments| Arguments { credentials: Credentials::Second, ..arguments };
        // The control: the other one is somebody.
        if let Some(list) = operation(self.run.api, at, Role::List).filter(|list| !self.is_filtered(*list)) {
            let answer = self.send(list, second(Arguments::at(above))).await;
            if !answer.is_success() {
                let why = format!("the list is answered {} to the second token", answer.status.unwrap_or(0));
                return self.skip(self.hidden_rule(retrieve), why);
            }
            self.is_not_listed_to_others(list, &object, &answer);
        }
        let answer = self.send(retrieve, second(Arguments::at(&object.path))).await;
        self.judge_hidden(retrieve, &answer);
        for role in [Role::Update, Role::Replace, Role::Delete] {
            let Some(one) = operation(self.run.api, at, role).filter(|one| is_named_secured(self.declared(*one)))
            else {
                continue;
            };
            let mut arguments = Arguments::at(&object.path);
            if let Some((media_type, pointer)) = Self::body_media(self.declared(one)) {
                let Some(body) = self.body_for(pointer, &object) else { continue };
                arguments = arguments.body(media_type, body);
            }
            let answer = self.send(one, second(arguments)).await;
            // Who asks for what is not there may be told that it is done.
            let is_there = role == Role::Delete && self.send(retrieve, Arguments::at(&object.path)).await.is_success();
            if role == Role::Delete && answer.is_success() && !is_there {
                self.forget(&object);
            }
            if !is_there || !answer.is_success() {
                self.judge_hidden(one, &answer);
            }
        }
    }

    fn is_not_listed_to_others(&mut self, list: usize, object: &Object, answer: &Answer) {
        let items = answer.json.as_ref().and_then(|body| self.items(list, body));
        let is_shown = items.is_some_and(|items| items.iter().any(|item| Self::is_same(item, object)));
        let wrong = if is_shown { vec![Mismatch::of(format!("{} is there", object.id))] } else { Vec::new() };
        self.judge(self.hidden_rule(list), answer, "no object of another workspace", wrong);
    }

    fn judge_hidden(&mut self, at: usize, answer: &Answer) {
        let wrong = if answer.is_success() {
            vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
        } else {
            Vec::new()
        };
        self.judge(self.hidden_rule(at), answer, "a 4XX response", wrong);
    }

    fn hidden_rule(&self, at: usize) -> Rule {
        let declared = self.declared(at);
        let statement = format!("{} {} shows and changes nothing of another workspace", declared.method, declared.path);
        let id = format!("{}.hides-from-others", declared.id);
        Rule::new(id, Level::Should, statement, format!("{}/security", declared.pointer))
    }
}
