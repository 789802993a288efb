//! What a change of a snapshot means for those who call the API: told by the contract, not by the text.

use conformance_contract::model::StatusRule;
use conformance_contract::{Contract, Operation};
use serde_json::Value;

/// What a change means; the worst of a snapshot is its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// Nothing that a client should depend on: texts of errors, members that nobody documents.
    Cosmetic,
    /// Something is there that was not.
    Additive,
    /// Something that is documented is gone or otherwise.
    Breaking,
    /// The scenario asks something else now; the two cannot be compared.
    Scenario,
}

impl Label {
    /// The label as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cosmetic => "cosmetic",
            Self::Additive => "additive",
            Self::Breaking => "breaking",
            Self::Scenario => "the scenario changed",
        }
    }
}

/// One change, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it means.
    pub label: Label,
    /// What it is: the request, and what is otherwise in its answer.
    pub what: String,
}

/// What is otherwise in a transcript, and what each of it means.
#[must_use]
pub fn changes(contract: &Contract, old: &str, new: &str) -> Vec<Change> {
    let (before, after) = (parsed(old), parsed(new));
    let asks = |all: &[Told]| all.iter().map(|one| (one.operation.clone(), one.request.clone())).collect::<Vec<_>>();
    if asks(&before) != asks(&after) {
        let what = "other requests are sent than for the baseline".to_owned();
        return vec![Change { label: Label::Scenario, what }];
    }
    let mut found = Vec::new();
    for (old, new) in before.iter().zip(&after) {
        if let Some(operation) = contract.operation(&old.operation) {
            Comparison { contract, operation, request: &old.request, found: &mut found }.answers(old, new);
        }
    }
    found
}

/// One exchange of a transcript.
#[derive(Default)]
struct Told {
    operation: String,
    request: String,
    /// Status and media type; empty for what a walk found.
    answer: String,
    bodies: Vec<Value>,
    text: String,
}

/// The exchanges of a transcript.
fn parsed(text: &str) -> Vec<Told> {
    let (mut all, mut operation): (Vec<Told>, String) = (Vec::new(), String::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            heading.split_once(": ").map_or(heading, |(_, name)| name).clone_into(&mut operation);
            all.push(Told { operation: operation.clone(), ..Told::default() });
        } else if is_request(line) {
            all.push(Told { operation: operation.clone(), request: line.to_owned(), ..Told::default() });
        } else if let Some(one) = all.last_mut() {
            match line.strip_prefix("→ ") {
                Some(answer) => {
                    // What stood there was the request's body.
                    one.request.push_str(&std::mem::take(&mut one.text));
                    answer.clone_into(&mut one.answer);
                }
                None => one.text.push_str(&format!("{line}\n")),
            }
        }
    }
    for one in &mut all {
        let values = serde_json::Deserializer::from_str(&one.text).into_iter::<Value>();
        one.bodies = values.map_while(Result::ok).collect();
    }
    all
}

fn is_request(line: &str) -> bool {
    let method = line.split(' ').next().unwrap_or("");
    method.len() > 2 && method.chars().all(|c| c.is_ascii_uppercase()) && line[method.len()..].starts_with(" /")
}

struct Comparison<'c> {
    contract: &'c Contract,
    operation: &'c Operation,
    request: &'c str,
    found: &'c mut Vec<Change>,
}

impl Comparison<'_> {
    fn say(&mut self, label: Label, what: &str) {
        let request = self.request.lines().next().filter(|line| !line.is_empty()).unwrap_or("the list");
        self.found.push(Change { label, what: format!("{request}: {what}") });
    }

    fn answers(&mut self, old: &Told, new: &Told) {
        let (was, is) = (Answer::of(&old.answer), Answer::of(&new.answer));
        if was.status != is.status {
            let label = if self.is_settled(was.status) || self.is_settled(is.status) {
                Label::Breaking
            } else {
                Label::Cosmetic
            };
            self.say(label, &format!("status {} instead of {}", is.status, was.status));
        }
        if was.media != is.media {
            self.say(Label::Breaking, &format!("media type {} instead of {}", is.media, was.media));
        } else if was.rest != is.rest {
            self.say(Label::Cosmetic, "other parameters of the media type");
        }
        // The texts of errors are left open.
        let settled = is.status < 400;
        if old.bodies.len() != new.bodies.len() {
            let label = if new.bodies.len() < old.bodies.len() { Label::Breaking } else { Label::Additive };
            let what = format!("{} instead of {}", objects(new.bodies.len()), objects(old.bodies.len()));
            self.say(label, &what);
        }
        for (old, new) in old.bodies.iter().zip(&new.bodies) {
            self.values("", old, new, settled);
        }
        if old.bodies.is_empty() && new.bodies.is_empty() && old.text != new.text {
            self.say(if settled { Label::Breaking } else { Label::Cosmetic }, "another body");
        }
    }

    /// Whether the documents say of a status when it comes: of all that is no error, and of those that are listed.
    fn is_settled(&self, status: u16) -> bool {
        let listed = self.operation.response(status).is_some_and(|rule| rule.status != StatusRule::Default);
        status < 400 || listed
    }

    fn values(&mut self, at: &str, old: &Value, new: &Value, settled: bool) {
        match (old, new) {
            (Value::Object(was), Value::Object(is)) => {
                for (name, old) in was {
                    let place = conformance_source::pointer::push(at, name);
                    let documented = settled && (!at.is_empty() || self.is_documented(name));
                    match is.get(name) {
                        Some(new) => self.values(&place, old, new, documented),
                        None if documented => self.say(Label::Breaking, &format!("{place} is gone")),
                        None => self.say(Label::Cosmetic, &format!("{place}, which is not documented, is gone")),
                    }
                }
                for name in is.keys().filter(|name| !was.contains_key(*name)) {
                    let place = conformance_source::pointer::push(at, name);
                    self.say(Label::Additive, &format!("{place} is new"));
                }
            }
            _ if old == new => {}
            _ => {
                let label = if settled { Label::Breaking } else { Label::Cosmetic };
                let brief = conformance_contract::say::brief;
                self.say(label, &format!("{at} is {} instead of {}", brief(new), brief(old)));
            }
        }
    }

    fn is_documented(&self, name: &String) -> bool {
        let page = self.operation.page.as_ref();
        let of_the_page = |at: &String| at.trim_start_matches('/') == name;
        self.contract.documented(self.operation.resource).contains(name)
            || page.is_some_and(|page| of_the_page(&page.items) || page.more.as_ref().is_some_and(of_the_page))
    }
}

fn objects(number: usize) -> String {
    format!("{number} object{}", if number == 1 { "" } else { "s" })
}

/// `201 application/json; charset=utf-8`
struct Answer<'a> {
    status: u16,
    media: &'a str,
    rest: &'a str,
}

impl<'a> Answer<'a> {
    fn of(text: &'a str) -> Self {
        let (status, media) = text.split_once(' ').unwrap_or((text, ""));
        let (media, rest) = media.split_once(';').unwrap_or((media, ""));
        Self { status: status.parse().unwrap_or(0), media: media.trim(), rest: rest.trim() }
    }
}
