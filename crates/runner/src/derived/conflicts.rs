//! What no two objects may share is rejected the second time, where the document says so in words: a 409 that is described by
//! the member that it is about.

use conformance_api::Role;
use conformance_api::names::plain;
use conformance_record::Level;
use serde_json::Value;

use super::check::Rule;
use super::request::Arguments;
use super::session::{Object, Session};
use super::{creation, operation};

/// Words by which descriptions say that something is to be had once.
const ONCE: &[&str] = &["unique", "already", "in use", "taken", "duplicate", "exists", "another"];

impl Session<'_> {
    /// Creates an object like another one, and changes one to be like another.
    pub(crate) async fn rejects_duplicates(&mut self, at: usize, above: &[String], control: &Object) {
        let Some(create) = creation(self.run.api, at).filter(|one| !self.run.api.operations[*one].is_item) else {
            return;
        };
        let Some(member) = self.had_once(create, &control.sent) else { return };
        let Some((media_type, _)) = Self::body_media(self.declared(create)) else { return };
        let media_type = media_type.to_owned();
        let answer = self.send(create, Arguments::at(above).body(&media_type, control.sent.clone())).await;
        self.judge_rejected(self.once_rule(create, &member), create, &answer);
        if answer.is_success() {
            let _ = self.made(at, create, above, control.sent.clone(), &answer);
        }
        for role in [Role::Update, Role::Replace] {
            self.rejects_taken(at, role, above, (control, &member)).await;
        }
    }

    /// Changes another object to what one has already.
    async fn rejects_taken(&mut self, at: usize, role: Role, above: &[String], (control, member): (&Object, &str)) {
        let Some(update) = operation(self.run.api, at, role) else { return };
        if self.had_once(update, &control.sent).as_deref() != Some(member) {
            return;
        }
        let Some((media_type, pointer)) = Self::body_media(self.declared(update)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Ok(other) = self.create_at(at, above).await else { return };
        if other.sent.get(member) == control.sent.get(member) {
            return;
        }
        let Some(mut body) = self.body_for(&pointer, &other) else { return };
        body[member] = control.sent[member].clone();
        let answer = self.send(update, Arguments::at(&other.path).body(&media_type, body)).await;
        self.judge_rejected(self.once_rule(update, member), update, &answer);
        if let (true, Some((found, answer))) = (answer.is_rejection(), self.current(at, &other).await) {
            let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
            let declared = self.declared(update);
            let statement = format!("{} {} changes nothing when it rejects", declared.method, declared.path);
            let pointer = format!("{}/requestBody", declared.pointer);
            let id = format!("{}.rejection-does-nothing", declared.id);
            let wrong = self.different(retrieve, &other.sent, &found);
            self.judge(Rule::new(id, Level::Must, statement, pointer), &answer, "the object as it was", wrong);
        }
    }

    fn once_rule(&self, at: usize, member: &str) -> Rule {
        let declared = self.declared(at);
        let statement = format!(
            "{} {} rejects a `{member}` that another object has, as its description says",
            declared.method, declared.path
        );
        let pointer = format!("{}/responses/409", declared.pointer);
        Rule::new(format!("{}.rejects-duplicates", declared.id), Level::Must, statement, pointer)
    }

    /// The member of a body that no two objects may share: the description of the operation, or of its 409, names it.
    fn had_once(&self, at: usize, sent: &Value) -> Option<String> {
        let declared = self.declared(at);
        if !declared.responses.iter().any(|one| one.status == "409") {
            return None;
        }
        let root = &self.run.api.document.root;
        let text_at = |pointer: String| root.pointer(&pointer).and_then(Value::as_str).map(str::to_lowercase);
        let texts =
            [format!("{}/description", declared.pointer), format!("{}/responses/409/description", declared.pointer)];
        let texts: Vec<String> = texts.into_iter().filter_map(text_at).collect();
        // A sentence says it of a member that it names.
        let sentences = texts.iter().flat_map(|text| text.split(['.', '\n']));
        let told: Vec<&str> = sentences.filter(|one| ONCE.iter().any(|word| one.contains(word))).collect();
        let is_named = |name: &str| {
            let words =
                |one: &str| one.split(|c: char| !c.is_alphanumeric() && c != '_').map(plain).collect::<Vec<_>>();
            told.iter().any(|one| words(one).contains(&plain(name)))
        };
        let members = sent.as_object().into_iter().flatten().filter(|(_, value)| value.is_string());
        members.map(|(name, _)| name).find(|name| is_named(name)).cloned()
    }
}
