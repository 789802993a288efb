//! What an object has one of, such as its settings: what was put is read, and belongs to that object alone. Only below the
//! run's own objects: nobody else's settings are changed.

use conformance_api::{Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::request::Arguments;
use super::session::{Object, Session};

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
            let Some((media_type, pointer)) = Self::body_media(declared) else { continue };
            let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
            let Some(body) = self.valid_body(&pointer) else { continue };
            let there = match other {
                Some(other) => Some((other, self.send(get, Arguments::at(&other.path)).await)),
                None => None,
            };
            let before = self.send(get, Arguments::at(&object.path)).await;
            let body = before.json.as_ref().map_or(body.clone(), |before| self.unlike(&pointer, body, before));
            let answer = self.send(set, Arguments::at(&object.path).body(&media_type, body.clone())).await;
            if !answer.is_success() {
                self.judge_no_error(set, &answer);
                continue;
            }
            self.judge_documented(set, &answer);
            if let Some(found) = self.object_in(set, &answer).filter(|_| answer.json.is_some()) {
                self.shows(set, &body, &found, &answer, "shows what was put");
            }
            let after = self.send(get, Arguments::at(&object.path)).await;
            self.judge_documented(get, &after);
            if let Some(found) =
                self.object_in(get, &after).filter(|_| after.is_success() && answer.status != Some(202))
            {
                self.shows_put(set, get, &body, &found, &after);
            }
            let Some((other, was)) = there.filter(|(_, was)| was.is_success()) else { continue };
            let is = self.send(get, Arguments::at(&other.path)).await;
            let wrong = if is.json == was.json { Vec::new() } else { vec![Mismatch::of("it is different afterwards")] };
            let statement = format!("{} {} leaves other objects alone", declared.method, declared.path);
            let id = format!("{}.only-that-one", declared.id);
            self.judge(Rule::new(id, Level::Must, statement, declared.pointer.clone()), &is, "as it was", wrong);
        }
    }

    /// Whether what was put is read: in members that both have, of the same kind.
    fn shows_put(&mut self, set: usize, get: usize, body: &Value, found: &Value, answer: &super::session::Answer) {
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
