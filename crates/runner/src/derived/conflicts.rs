//! What is at odds with other objects: what no two may share is rejected the second time, where the document says so in words (of
//! the member, or of a 409 by the member that it is about); and a name of an object is that of one that is there.

use conformance_api::names::plain;
use conformance_api::{Api, Role, Side};
use conformance_openapi::Operation as Declared;
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
        let Some((media_type, _)) = self.content_media(self.declared(create)) else { return };
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
        let Some((media_type, pointer)) = self.content_media(self.declared(update)) else { return };
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

    /// Names objects that nobody has, where a member names one of another kind.
    pub(crate) async fn rejects_dangling(&mut self, at: usize, above: &[String]) {
        let Some(create) = creation(self.run.api, at).filter(|one| !self.run.api.operations[*one].is_item) else {
            return;
        };
        let Some((media_type, pointer)) = self.content_media(self.declared(create)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let api = self.run.api;
        let shape = api.schemas.merged(&pointer);
        for (name, property) in &shape.properties {
            let merged = api.schemas.merge_value(property);
            // Not every server looks: only where the document says that there has to be one.
            let is_said = property.iter().any(|one| {
                one.get("description").and_then(Value::as_str).is_some_and(|text| text.to_lowercase().contains("exist"))
            });
            if merged.kind() == Some("array") || merged.read_only || !is_said || !self.refers(name, &merged) {
                continue;
            }
            let Some(known) = self.reference(at, create, name, &merged).await else { continue };
            let (Some(mut body), Some(unknown)) = (self.valid_body(&pointer), unknown(&known)) else { continue };
            body[*name] = unknown;
            if !self.proof().is_valid(Side::Request, &pointer, &body) {
                continue;
            }
            let answer = self.send(create, Arguments::at(above).body(&media_type, body.clone())).await;
            let declared = self.declared(create);
            let statement = format!("{} {} rejects a `{name}` that nobody has", declared.method, declared.path);
            let id = format!("{}.rejects-dangling", declared.id);
            let place = format!("{}/requestBody", declared.pointer);
            self.judge_rejected(Rule::new(id, Level::Should, statement, place), create, &answer);
            if answer.is_success() {
                let _ = self.made(at, create, above, body, &answer);
            }
        }
    }

    /// Words are read, not understood: never more than a SHOULD.
    fn once_rule(&self, at: usize, member: &str) -> Rule {
        let declared = self.declared(at);
        let statement = format!(
            "{} {} rejects a `{member}` that another object has, as its description says",
            declared.method, declared.path
        );
        let has_conflict = declared.responses.iter().any(|one| one.status == "409");
        let pointer = format!("{}{}", declared.pointer, if has_conflict { "/responses/409" } else { "/requestBody" });
        Rule::new(format!("{}.rejects-duplicates", declared.id), Level::Should, statement, pointer)
    }

    /// The member of a body that no two objects may share: its own description says so, or that of the operation, or of its 409,
    /// names it.
    fn had_once(&self, at: usize, sent: &Value) -> Option<String> {
        let declared = self.declared(at);
        let members = || sent.as_object().into_iter().flatten().filter(|(_, value)| value.is_string());
        let unique = unique_members(self.run.api, declared);
        let is_unique = |name: &str| unique.iter().any(|one| one == name);
        if let Some((name, _)) = members().find(|(name, _)| is_unique(name)) {
            return Some(name.clone());
        }
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
        members().map(|(name, _)| name).find(|name| is_named(name)).cloned()
    }
}

/// The members of an operation's body of which their descriptions say that no two objects share them.
pub(crate) fn unique_members(api: &Api, declared: &Declared) -> Vec<String> {
    let Some((_, pointer)) = Session::body_media(declared) else { return Vec::new() };
    let shape = api.schemas.merged(api.content_of(pointer));
    let unique = shape.properties.iter().filter(|(_, schemas)| api.schemas.merge_value(schemas).is_unique);
    unique.map(|(name, _)| (*name).to_owned()).collect()
}

/// An id like one that is there, which nobody has.
pub(crate) fn unknown(known: &Value) -> Option<Value> {
    if let Some(number) = known.as_i64() {
        return Some((number + 987_654_321).into());
    }
    // Other letters and digits at its end, each of the same kind.
    let text = known.as_str()?;
    let kept = text.chars().count().checked_sub(4)?;
    let other = |one: char| match one {
        '0'..='9' => char::from(b'0' + (u8::try_from(u32::from(one)).unwrap_or(0) - b'0' + 5) % 10),
        'a'..='f' => char::from(b'a' + (u8::try_from(u32::from(one)).unwrap_or(0) - b'a' + 3) % 6),
        'g'..='z' => char::from(b'g' + (u8::try_from(u32::from(one)).unwrap_or(0) - b'g' + 10) % 20),
        one => one,
    };
    let changed: String = text.chars().enumerate().map(|(at, one)| if at >= kept { other(one) } else { one }).collect();
    (changed != text).then(|| changed.into())
}
