//! Texts as people write them come back as they were written.

use conformance_api::media::is_json;
use conformance_api::{Role, Side};
use conformance_record::{Level, Mismatch};
use serde_json::{Map, Value};

use super::body::takes_any_text;
use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::{Answer, Object, Session};

/// Several scripts, characters beyond 16 bits and of several parts, none of which another form of Unicode writes otherwise, capitals, two spaces in a row, what markup and languages
/// quote; over 255 bytes, of not many characters.
const LINE: &str = "Two  Spaces, Ångström 日本語 עברית \u{1F600}\u{1F468}\u{200D}\u{1F469} <b>&amp;</b> \"quoted\" 'it''s' \
                    100% \\n 한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한한";

/// What many servers tidy up though nothing says so: spaces at the ends, a letter with an accent of its own.
const UNTIDY: &str = "  cafe\u{301} au lait ";

/// Lines, and a tab within one.
const LINES: &str = "First\n\nthird\ta tab";

impl Session<'_> {
    /// Sends odd texts in the member that takes any text.
    pub(crate) async fn keeps_texts(&mut self, at: usize, create: usize, above: &[String]) {
        let declared = self.declared(create);
        let Some((media_type, pointer)) = self.content_media(declared) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some((name, most)) = self.text_member(at, create, &pointer, |_| true) else { return };
        let texts = [(LINE, name.clone(), most), (UNTIDY, name.clone(), most)];
        // Forms have line ends of their own.
        let lines = self.text_member(at, create, &pointer, has_lines).filter(|_| is_json(&media_type));
        for (text, name, most) in texts.into_iter().chain(lines.map(|(name, most)| (LINES, name, most))) {
            let Some(mut body) = self.valid_body(&pointer) else { return };
            let text = if text == UNTIDY { text.to_owned() } else { first_of(text, most) };
            body[name.as_str()] = text.as_str().into();
            if !self.proof().is_valid(Side::Request, &pointer, &body) {
                continue;
            }
            self.keeps_text_everywhere((at, create), above, (&media_type, &pointer), (&text, &body)).await;
            let place = self.place_for_new(at, create, above).await;
            let answer = self.send(create, Arguments::at(&place).body(&media_type, body.clone())).await;
            self.judge_no_error(create, &answer);
            if let Ok(object) = self.made(at, create, &place, body.clone(), &answer) {
                self.keeps_text(create, (&name, &text), &object.members, &answer);
                if let Some((found, answer)) = self.current(at, &object).await {
                    self.keeps_text(create, (&name, &text), &found, &answer);
                }
                self.keeps_text_of_update(at, &object, (&name, &text)).await;
            }
        }
        if let Some(mut body) = self.valid_body(&pointer).filter(|_| is_json(&media_type)) {
            body[name.as_str()] = "nul\u{0}l".into();
            let place = self.place_for_new(at, create, above).await;
            let answer = self.send(create, Arguments::at(&place).body(&media_type, body.clone())).await;
            self.judge_no_error(create, &answer);
            let _ = if answer.is_success() { self.made(at, create, &place, body, &answer).map(drop) } else { Ok(()) };
        }
    }

    /// The same text in every member that takes it, at once.
    async fn keeps_text_everywhere(
        &mut self,
        (at, create): (usize, usize),
        above: &[String],
        (media_type, pointer): (&str, &str),
        (text, with_one): (&str, &Value),
    ) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let shown = self.comparable(retrieve);
        let mut body = with_one.clone();
        let names: Vec<String> = self.free_members(pointer).into_iter().map(|free| free.name).collect();
        let mut put: Vec<String> = Vec::new();
        for name in names.into_iter().filter(|name| shown.contains(name)) {
            let before = body.clone();
            body[name.as_str()] = text.into();
            let is_taken = body != before && self.proof().is_valid(Side::Request, pointer, &body);
            if is_taken { put.push(name) } else { body = before }
        }
        if put.is_empty() {
            return;
        }
        // The same is sent once more, in one member alone.
        let body = self.freshened(pointer, body, with_one);
        let place = self.place_for_new(at, create, above).await;
        let answer = self.send(create, Arguments::at(&place).body(media_type, body.clone())).await;
        let Ok(object) = self.made(at, create, &place, body, &answer) else { return };
        let Some((found, answer)) = self.current(at, &object).await else { return };
        for name in put {
            self.keeps_text(create, (&name, text), &found, &answer);
        }
    }

    /// An update writes the same text, letter for letter.
    async fn keeps_text_of_update(&mut self, at: usize, object: &Object, (name, text): (&str, &str)) {
        let Some(update) = operation(self.run.api, at, Role::Update) else { return };
        let Some((media_type, pointer)) = self.content_media(self.declared(update)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        if !self.free_members(&pointer).iter().any(|one| one.name == name) {
            return;
        }
        // Another text, so that a server that does nothing is seen.
        let text = text.replacen('e', "E", 1);
        let mut body = Value::Object(Map::from_iter([(name.to_owned(), Value::from(text.as_str()))]));
        if !self.proof().is_valid(Side::Request, &pointer, &body) {
            let Some(whole) = self.body_for(&pointer, object) else { return };
            body = whole;
            body[name] = text.as_str().into();
        }
        if !self.proof().is_valid(Side::Request, &pointer, &body) {
            return;
        }
        let answer = self.send(update, Arguments::at(&object.path).body(&media_type, body)).await;
        self.judge_no_error(update, &answer);
        if let (true, Some((found, answer))) = (answer.is_success(), self.current(at, object).await) {
            self.keeps_text(update, (name, &text), &found, &answer);
        }
    }

    fn keeps_text(&mut self, written_by: usize, (name, text): (&str, &str), shown: &Value, answer: &Answer) {
        let Some(kept) = shown.get(name) else { return };
        let declared = self.declared(written_by);
        let (rule, level, what) = if text.trim() == text {
            ("keeps-texts", Level::Must, "keeps a text as it is sent")
        } else {
            ("keeps-texts-untidied", Level::Should, "tidies no text up: spaces at its ends, forms of Unicode")
        };
        let statement = format!("{} {} {what}", declared.method, declared.path);
        let rule = Rule::new(format!("{}.{rule}", declared.id), level, statement, declared.pointer.clone());
        let wrong = if kept == text {
            Vec::new()
        } else {
            vec![Mismatch {
                place: format!("/{name}"),
                expected: Some(conformance_json::write(&text.into())),
                found: conformance_json::write(kept),
                ..Mismatch::default()
            }]
        };
        self.judge(rule, answer, "the text that was sent", wrong);
    }

    /// A member that takes any text, that the object shows, and by which nobody finds it; and how long it may be.
    fn text_member(
        &self,
        at: usize,
        create: usize,
        pointer: &str,
        is_meant: fn(&str) -> bool,
    ) -> Option<(String, usize)> {
        let schemas = &self.run.api.schemas;
        let retrieve = operation(self.run.api, at, Role::Retrieve)?;
        let (shown, kept) = (self.comparable(create), self.comparable(retrieve));
        let identity = &self.run.api.resources[at].identity;
        let is_word = |name: &str| {
            matches!(conformance_api::names::plain(name).as_str(), "slug" | "key" | "username" | "login")
                || identity.iter().any(|one| one.is_in_path && one.name == name)
        };
        let shape = schemas.merged(pointer);
        let free = self.free_members(pointer).into_iter().map(|free| free.name);
        // What people write in lines need not be what they call an object.
        let lined = shape.properties.iter().filter(|(name, property)| {
            has_lines(name) && takes_any_text(&schemas.merge(property)) && !self.refers(name, &schemas.merge(property))
        });
        let lined = lined.map(|(name, _)| (*name).to_owned());
        free.chain(lined).filter(|name| is_meant(name)).find_map(|name| {
            let is_kept = shown.contains(&name) && kept.contains(&name) && !is_word(&name);
            let merged = schemas.merge(shape.property(&name)?);
            let most = merged.bounds.max_length.unwrap_or(200).min(200);
            is_kept.then(|| Some((name.clone(), usize::try_from(most).ok()?))).flatten()
        })
    }
}

/// As much of a text as there is room for.
fn first_of(text: &str, most: usize) -> String {
    text.chars().take(most).collect::<String>().trim_end().to_owned()
}

/// Whether a member is called as what people write in several lines.
pub(crate) fn has_lines(name: &str) -> bool {
    const NAMES: &[&str] = &["description", "comment", "note", "text", "body", "content", "message"];
    NAMES.iter().any(|end| conformance_api::names::plain(name).ends_with(end))
}
