//! What an object has one of, such as its settings: what was put is read, and belongs to that object alone. Only below the
//! run's own objects: nobody else's settings are changed, unless it was allowed to; then they are put back.

use conformance_api::media::is_json;
use conformance_api::{Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::broken::Form;
use super::check::Rule;
use super::request::Arguments;
use super::session::{Answer, Object, Session};

impl Session<'_> {
    /// Sets what an object has one of, and reads it, there and below another one.
    pub(crate) async fn sets_its_own(&mut self, at: usize, object: &Object, other: Option<&Object>) {
        let api = self.run.api;
        let below = format!("{}/", api.resources[at].item);
        let operations = || api.operations.iter().zip(&api.document.operations).enumerate();
        let plain = |path: &str| conformance_api::path::plain(path);
        let is_here = |path: &str| plain(path).strip_prefix(&below).is_some_and(|rest| !rest.contains(['{', '#']));
        for (set, (operation, declared)) in operations() {
            if operation.role != Role::SetSingleton || declared.method == "POST" || !is_here(&declared.path) {
                continue;
            }
            let get =
                operations().find(|(_, (one, of_it))| one.role == Role::GetSingleton && of_it.path == declared.path);
            let Some((get, _)) = get else { continue };
            if self.content_media(declared).is_none() {
                continue;
            }
            let there = match other {
                Some(other) => Some((other, self.send(get, Arguments::at(&other.path)).await)),
                None => None,
            };
            let none_before = self.send(get, Arguments::at(&object.path)).await.status == Some(404);
            let from = self.exchanges.len();
            if !self.sets(set, get, &object.path).await {
                continue;
            }
            let first = (from..self.exchanges.len()).find(|one| self.calls.get(*one) == Some(&set));
            if let Some(first) = first.map(|one| self.answer_of(one)).filter(Answer::is_success) {
                self.says_what_it_did(set, &first, none_before);
            }
            self.takes_away(set, get, &object.path).await;
            let Some((other, was)) = there.filter(|(_, was)| was.is_success()) else { continue };
            let is = self.send(get, Arguments::at(&other.path)).await;
            let wrong = if is.json == was.json { Vec::new() } else { vec![Mismatch::of("it is different afterwards")] };
            let statement = format!("{} {} leaves other objects alone", declared.method, declared.path);
            let id = format!("{}.only-that-one", declared.id);
            self.judge(Rule::new(id, Level::Must, statement, declared.pointer.clone()), &is, "as it was", wrong);
        }
    }

    /// Sets what there is one of for everybody, as it was allowed to, and puts it back as it was.
    pub(crate) async fn sets_for_all(&mut self, set: usize) {
        let api = self.run.api;
        let path = &api.document.operations[set].path;
        let is_get = |one: &usize| {
            api.operations[*one].role == Role::GetSingleton && api.document.operations[*one].path == *path
        };
        let declared = self.declared(set);
        let statement = format!("{} {} keeps what is put", declared.method, declared.path);
        let rule =
            Rule::new(format!("{}.documented-status", declared.id), Level::Must, statement, declared.pointer.clone());
        let Some(get) = (0..api.operations.len()).find(is_get) else { return self.skip(rule, "nothing reads it") };
        let Some((media_type, pointer)) = self.content_media(declared) else {
            return self.skip(rule, "it takes no body");
        };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let before = self.send(get, Arguments::default()).await;
        let shown = self.object_in(get, &before).filter(|_| before.is_success());
        // Only what can be put back is changed.
        let shape = api.schemas.merged(&pointer);
        let own = shown.as_ref().and_then(Value::as_object).map(|members| {
            let can_be_sent =
                |name: &str| shape.property(name).is_some_and(|one| !api.schemas.merge_value(one).read_only);
            let members = members.iter().filter(|(name, _)| can_be_sent(name));
            Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
        });
        let Some(own) = own.filter(|own| self.proof().is_valid(Side::Request, &pointer, own)) else {
            return self.skip(rule, "what is there could not be put back");
        };
        self.sets(set, get, &[]).await;
        let back = self.send(set, Arguments::default().body(&media_type, own.clone())).await;
        let after = self.send(get, Arguments::default()).await;
        let is_back = back.is_success()
            && self.object_in(get, &after).is_some_and(|found| self.changed(get, set, &own, &found).is_empty());
        if !is_back {
            let declared = self.declared(set);
            self.changed.push(format!("what {} {} changed", declared.method, declared.path));
        }
    }

    /// Deletes what an object has one of, and looks whether it is gone; then it is put there again.
    async fn takes_away(&mut self, set: usize, get: usize, path: &[String]) {
        let all = &self.run.api.document.operations;
        let is_here = |one: &conformance_openapi::Operation| one.method == "DELETE" && one.path == all[set].path;
        let documents = all[get].responses.iter().any(|one| one.status == "404");
        let Some(delete) = all.iter().position(is_here).filter(|_| documents) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(set)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let answer = self.send(delete, Arguments::at(path)).await;
        self.judge_documented(delete, &answer);
        if !answer.is_success() || answer.status == Some(202) {
            return;
        }
        let after = self.send(get, Arguments::at(path)).await;
        let wrong = if after.is_rejection() { Vec::new() } else { vec![Mismatch::of("it is still there")] };
        let declared = self.declared(get);
        let statement = format!("GET {} does not find what was deleted", declared.path);
        let rule =
            Rule::new(format!("{}.forgets-deleted", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, &after, "a 4XX response", wrong);
        if let Some(body) = self.valid_body(&pointer) {
            let _ = self.send(set, Arguments::at(path).body(&media_type, body)).await;
        }
    }

    /// Puts something, reads it, and puts what is wrong; whether it could be put at all.
    async fn sets(&mut self, set: usize, get: usize, path: &[String]) -> bool {
        let declared = self.declared(set);
        let Some((media_type, pointer)) = self.content_media(declared) else { return false };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some(body) = self.valid_body(&pointer) else { return false };
        let before = self.send(get, Arguments::at(path)).await;
        let body = self.with_telling_lists(&pointer, body);
        let body = before.json.as_ref().map_or(body.clone(), |before| self.unlike(&pointer, body, before));
        let answer = self.send(set, Arguments::at(path).body(&media_type, body.clone())).await;
        if !answer.is_success() {
            self.judge_no_error(set, &answer);
            return false;
        }
        self.judge_documented(set, &answer);
        if let Some(found) = self.object_in(set, &answer).filter(|_| answer.json.is_some()) {
            self.shows(set, &body, &found, &answer, "shows what was put");
        }
        let after = self.send(get, Arguments::at(path)).await;
        self.judge_documented(get, &after);
        let found = self.object_in(get, &after).filter(|_| after.is_success() && answer.status != Some(202));
        let Some(found) = found else { return true };
        self.shows_put(set, get, &body, &found, &after);
        self.rejects_wrong_settings(set, get, path, (&body, &found)).await;
        true
    }

    /// What breaks a documented rule is rejected, and changes nothing.
    async fn rejects_wrong_settings(
        &mut self,
        set: usize,
        get: usize,
        path: &[String],
        (body, before): (&Value, &Value),
    ) {
        const MOST: usize = 60;
        let declared = self.declared(set);
        let Some((media_type, pointer)) = self.content_media(declared) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let is_required = declared.body.as_ref().is_some_and(|body| body.required);
        let form = Form { is_typed: is_json(&media_type), is_required };
        let mut all_rejected = true;
        for one in self.broken_bodies(&pointer, body, form).into_iter().take(MOST) {
            let answer = self.send(set, Arguments::at(path).body(&media_type, one.body.clone())).await;
            let rule = self.rejects_rule(set, &one, body, &answer);
            self.judge_rejected(rule, set, &answer);
            all_rejected &= answer.is_rejection();
            if answer.is_success() {
                let _ = self.send(set, Arguments::at(path).body(&media_type, body.clone())).await;
            }
        }
        let after = self.send(get, Arguments::at(path)).await;
        if let (true, Some(found)) = (all_rejected && after.is_success(), self.object_in(get, &after)) {
            let wrong = self.different(set, before, &found);
            let statement = format!("{} {} changes nothing when it rejects", declared.method, declared.path);
            let place = format!("{}/requestBody", declared.pointer);
            let id = format!("{}.rejection-does-nothing", declared.id);
            self.judge(Rule::new(id, Level::Must, statement, place), &after, "as it was", wrong);
        }
    }

    /// Whether what was put is read: in members that both have, of the same kind.
    fn shows_put(&mut self, set: usize, get: usize, body: &Value, found: &Value, answer: &Answer) {
        let wrong = self.different(set, body, found);
        let declared = self.declared(get);
        let statement = format!("{} {} shows what was put", declared.method, declared.path);
        let id = format!("{}.keeps-what-was-sent", declared.id);
        self.judge(Rule::new(id, Level::Must, statement, declared.pointer.clone()), answer, "what was put", wrong);
    }

    /// A body that differs from what is there, in flags, numbers and words, where its schema lets it.
    fn unlike(&self, pointer: &str, mut body: Value, now: &Value) -> Value {
        for index in 1..4 {
            let other = self.varied(pointer, body.clone(), index, &[]);
            let is_other = other.as_object().into_iter().flatten().any(|(name, value)| now.get(name) != Some(value));
            body = other;
            if is_other && self.proof().is_valid(Side::Request, pointer, &body) {
                break;
            }
        }
        body
    }
}
