//! What can be read without knowing an id, and ids that nobody has.

use conformance_api::Role;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::family::level_of_unknown;
use super::operation;
use super::request::Arguments;
use super::session::Session;

impl Session<'_> {
    pub(crate) async fn reads(&mut self) {
        let declared = &self.run.api.document.operations;
        for (at, one) in declared.iter().enumerate() {
            // What stands behind `#` is never sent.
            if one.method != "GET" || one.path.contains(['{', '#']) || *self.run.stop.borrow() {
                continue;
            }
            let answer = self.send(at, Arguments::default()).await;
            if crate::expected::is_open(self.run.api, one) {
                let statement = format!("GET {} wants no credentials", one.path);
                let pointer = format!("{}/security", one.pointer);
                let rule = Rule::new(format!("{}.wants-no-credentials", one.id), Level::Must, statement, pointer);
                let wrong =
                    if answer.status == Some(401) { vec![Mismatch::of("the status is 401")] } else { Vec::new() };
                self.judge(rule, &answer, "another status than 401", wrong);
            }
            if answer.is_rejection() {
                let statement = format!("GET {} is answered with a documented status", one.path);
                let rule =
                    Rule::new(format!("{}.documented-status", one.id), Level::Must, statement, one.pointer.clone());
                self.skip(rule, format!("a request that was made up is answered {}", answer.status.unwrap_or(0)));
                continue;
            }
            self.judge_documented(at, &answer);
        }
    }

    pub(crate) async fn unknown_ids(&mut self, at: usize) {
        let api = self.run.api;
        let roles = [Role::Retrieve, Role::Update, Role::Replace, Role::Delete];
        let operations: Vec<(Role, usize)> =
            roles.into_iter().filter_map(|role| Some((role, operation(api, at, role)?))).collect();
        let Some((_, first)) = operations.first().copied() else { return };
        let declared = self.declared(first);
        if api.resources[at].item.rsplit('/').next().is_some_and(|last| last.matches("{}").count() != 1) {
            return;
        }
        let rule = |session: &Self, one: usize| {
            let declared = session.declared(one);
            let statement = format!("{} {} rejects an id that nobody has", declared.method, declared.path);
            Rule::new(
                format!("{}.unknown-id", declared.id),
                level_of_unknown(declared),
                statement,
                declared.pointer.clone(),
            )
        };
        let path = match self.above(at).await {
            Ok(path) => path,
            Err(why) => {
                let rule = rule(self, first);
                return self.skip(rule, why);
            }
        };
        let Some(unknown) = self.unknown_id(at) else {
            let rule = rule(self, first);
            let why = format!("nothing says what ids at {} look like", declared.path);
            return self.skip(rule, why);
        };
        let mut own = path;
        own.push(unknown.clone());
        self.odd_ids(at, &own[..own.len() - 1], &unknown).await;
        self.acts_on_nobody(at, &own).await;
        self.below_nobody(at).await;
        for (role, one) in operations {
            let mut arguments = Arguments::at(&own);
            // A client may name what it puts: no id is unknown then.
            let creates = self.declared(one).responses.iter().any(|response| response.status == "201");
            if role == Role::Replace && (creates || api.resources[at].identity.first().is_none_or(|one| one.is_given)) {
                continue;
            }
            if let Some((media_type, pointer)) = self.content_media(self.declared(one)) {
                let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
                let Some(body) = self.valid_body(&pointer) else { continue };
                arguments = arguments.body(&media_type, body);
            }
            let answer = self.send(one, arguments).await;
            let rule = rule(self, one);
            self.judge_rejected(rule, one, &answer);
        }
    }

    /// An id of the form that the resource's ids have, which nobody has.
    pub(crate) fn unknown_id(&self, at: usize) -> Option<String> {
        let member = self.run.api.resources[at].identity.iter().find(|one| one.is_in_path)?;
        let far = 700_000_000 + self.random.below(100_000_000) as u64;
        let now = u64::try_from(self.run.seed.started.as_millisecond()).unwrap_or(0);
        let id = member.form.make(far, now, &mut |below| self.random.below(below));
        match id {
            Value::String(text) => Some(self.random.note(text)),
            other => Some(self.random.note(other.to_string())),
        }
    }

    /// Whether an answer keeps a list's bound on the size of its pages.
    pub(crate) fn page_size(&mut self, at: usize, rule: Rule, answer: &super::session::Answer, most: usize) {
        let count = answer.json.as_ref().and_then(|body| self.items(at, body)).map_or(0, |items| items.len());
        let wrong = if count > most { vec![Mismatch::of(format!("{count} items"))] } else { Vec::new() };
        self.judge(rule, answer, format!("at most {most} items"), wrong);
    }
}
