//! What a scenario saw, in a form that is the same in every run: what snapshots of runs against documents compare.
//!
//! Requests are told as they were sent, with names in place of ids (`<pet:1>`, in the order in which they were made) and of random
//! texts (`<random:1>`). Of a response its status and media type are told, and the body of a success: what was sent, flags and null by
//! value, everything else by name and type. Of lists only the members of the run's own objects are told: others may change the rest, and
//! values and order are for the checks.

use std::collections::{BTreeSet, HashSet};

use conformance_api::Role;
use conformance_api::names::{plain, same, singular};
use conformance_api::pages::Pages;
use conformance_openapi::{Location, Scheme};
use conformance_record::Exchange;
use serde_json::Value;

use super::session::Session;
use crate::stable::Ignored;

/// A text of so many characters stands for one thing, wherever it is.
const LONG: usize = 8;
/// So many lines of one body are told.
const LINES: usize = 80;

impl Session<'_> {
    /// The transcript; none when a response did not come.
    pub(crate) fn transcript(&self, ignored: &Ignored) -> Option<String> {
        let mut sent = HashSet::new();
        let names = self.names();
        let mut steps: Vec<Told> = Vec::new();
        for (exchange, at) in self.exchanges.iter().zip(&self.calls) {
            if let Ok(body) = conformance_json::parse(&exchange.request.body) {
                collect(&body, "", &mut sent);
            }
            let resource = self.run.api.operations[*at].resource;
            let kind = resource.map(|at| singular(&self.run.api.resources[at].name)).unwrap_or_default();
            let telling = Telling { kind: &kind, names: &names, sent: &sent, ignored };
            let told = self.tell(*at, exchange, &telling)?;
            match steps.last_mut() {
                // The pages of one list, and what is asked for until it is there.
                Some(last) if last.is_list && last.head == told.head => last.merge(told),
                Some(last) if *last == told => {}
                _ => steps.push(told),
            }
        }
        let told = renumbered(&steps.iter().map(Told::text).collect::<Vec<_>>().join("\n"));
        Some(told.lines().map(shortened).collect::<Vec<_>>().join("\n") + "\n")
    }

    /// What varies from run to run, and what stands for it; the longest first.
    fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = Vec::new();
        for (index, (kind, id)) in self.named.iter().enumerate() {
            let before = self.named[..index].iter().filter(|(one, _)| one == kind).count();
            names.push((id.clone(), format!("<{kind}:{}>", before + 1)));
        }
        let random = self.random.made();
        names.extend(random.into_iter().enumerate().map(|(index, text)| (text, format!("<random:{}>", index + 1))));
        names.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        names
    }

    fn tell(&self, at: usize, exchange: &Exchange, telling: &Telling<'_>) -> Option<Told> {
        let response = exchange.response.as_ref().ok()?;
        let is_success = (200..300).contains(&response.status);
        let is_list = self.run.api.operations[at].role == Role::List && is_success;
        let mut head = format!("{} {}", exchange.request.method, self.told_target(at, exchange, is_list, telling));
        if let Some(body) = told_request(&exchange.request.body, telling) {
            head.push('\n');
            head.push_str(&body);
        }
        let media = response.header("content-type").and_then(|media| media.split(';').next()).unwrap_or("");
        let head = format!("{head}\n→ {} {media}", response.status).trim_end().to_owned();
        let parsed = conformance_json::parse(&response.body).ok().filter(|_| is_success);
        let members = parsed.as_ref().filter(|_| is_list).and_then(|body| self.own_members(at, body));
        let body = parsed.filter(|_| !is_list).map(|body| pretty(&telling.value(&body, "", ""))).unwrap_or_default();
        Some(Told { head, body, members, is_list })
    }

    /// A target with names in place of values; a list without where its page begins.
    fn told_target(&self, at: usize, exchange: &Exchange, is_list: bool, telling: &Telling<'_>) -> String {
        let declared = self.declared(at);
        let sent = exchange.request.path().strip_prefix(&self.run.target.path).unwrap_or(exchange.request.path());
        let steps: Vec<&str> = sent.split('/').collect();
        let mut told = declared.path.clone();
        if declared.path.split('/').count() == steps.len() {
            let named = declared.path.split('/').zip(&steps).map(|(wanted, found)| match wanted.contains('{') {
                true => {
                    let found = decoded(found);
                    let named = telling.named_as(telling.kind, &found).or_else(|| telling.named(&found));
                    named.unwrap_or_else(|| "<other>".to_owned())
                }
                false => wanted.to_owned(),
            });
            told = named.collect::<Vec<_>>().join("/");
        }
        let limit = self.run.api.operations[at].pages.as_ref().and_then(|pages| pages.limit.as_ref());
        let begins = |name: &str| Pages::is_name(name) && limit.is_none_or(|limit| limit.parameter != name);
        let pairs = conformance_api::query::parse(exchange.request.query().unwrap_or(""));
        let schemes = &self.run.api.document.schemes;
        let is_key = |name: &str| {
            let mut keys = schemes.values();
            keys.any(|one| matches!(one, Scheme::ApiKey { name: key, location: Location::Query } if key == name))
        };
        let pairs = pairs.into_iter().filter(|(name, _)| !(is_key(name) || (is_list && begins(name))));
        let query: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", telling.parameter(&name, &value))).collect();
        if query.is_empty() { told } else { format!("{told}?{}", query.join("&")) }
    }

    /// The members that each of the run's own objects on a page has; none where there is none of them.
    fn own_members(&self, list: usize, body: &Value) -> Option<BTreeSet<String>> {
        let resource = &self.run.api.resources[self.run.api.operations[list].resource?];
        let is_own = |item: &&Value| {
            let id = self.id_of(resource, item);
            id.is_some_and(|id| self.named.iter().any(|(_, own)| *own == id))
        };
        let items = self.items(list, body)?;
        let own = items.iter().filter(is_own);
        let members = own.map(|item| item.as_object().into_iter().flat_map(|all| all.keys().cloned()).collect());
        members.reduce(|one: BTreeSet<String>, other| &one & &other)
    }
}

/// One request, and what came back.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    head: String,
    /// The body, where it is told.
    body: String,
    /// The members of a list's objects.
    members: Option<BTreeSet<String>>,
    is_list: bool,
}

impl Told {
    /// Takes in another page.
    fn merge(&mut self, other: Self) {
        self.members = match (self.members.take(), other.members) {
            (Some(one), Some(other)) => Some(&one & &other),
            (one, other) => one.or(other),
        };
    }

    fn text(&self) -> String {
        let members = self.members.as_ref().map(|all| all.iter().cloned().collect::<Vec<_>>().join(", "));
        let told = members.map_or_else(|| self.body.clone(), |members| format!("[{{ {members} }}]"));
        let mut lines: Vec<&str> = told.lines().collect();
        let more = format!("… and {} more lines", lines.len().saturating_sub(LINES));
        if lines.len() > LINES {
            lines.truncate(LINES);
            lines.push(&more);
        }
        let all: Vec<&str> = std::iter::once(self.head.as_str()).chain(lines).collect();
        all.join("\n") + "\n"
    }
}

/// What is told by value, and what by another name.
struct Telling<'t> {
    /// The kind of objects that the operation is about.
    kind: &'t str,
    names: &'t [(String, String)],
    /// What was sent so far: names of members, and values.
    sent: &'t HashSet<(String, String)>,
    ignored: &'t Ignored,
}

impl Telling<'_> {
    /// A text with names in it, when it is one of those that vary, or holds a long one.
    fn named(&self, text: &str) -> Option<String> {
        if let Some((_, name)) = self.names.iter().find(|(one, _)| one == text) {
            return Some(name.clone());
        }
        let long = self.names.iter().filter(|(one, _)| one.len() >= LONG);
        let told = long.fold(text.to_owned(), |text, (one, name)| text.replace(one.as_str(), name));
        (told != text).then_some(told)
    }

    /// The same of a member. A number is an id only where a member is called as that kind of objects: `id`, `author_id`, `author`.
    fn named_in(&self, member: &str, text: &str, at: &str) -> Option<String> {
        if text.len() >= LONG || !text.bytes().all(|one| one.is_ascii_digit()) {
            return self.named(text);
        }
        let member = plain(member);
        let stem = member.strip_suffix("id").unwrap_or(&member);
        // An object within has an id of its own kind.
        let is_outermost = at.matches('/').count() <= 1;
        match stem {
            "" if is_outermost => self.named_as(self.kind, text),
            "" => None,
            stem => self.named_as(stem, text),
        }
    }

    /// The name of an object of this kind.
    fn named_as(&self, kind: &str, text: &str) -> Option<String> {
        let is_it = |told: &str| {
            told.strip_prefix('<').and_then(|rest| rest.split(':').next()).is_some_and(|one| same(one, kind))
        };
        self.names.iter().find(|(one, told)| one == text && is_it(told)).map(|(_, told)| told.clone())
    }

    fn parameter(&self, name: &str, value: &str) -> String {
        let is_plain =
            value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let was_sent = || self.sent.iter().any(|(_, sent)| sent.trim_matches('"') == value);
        let is_number = value.parse::<f64>().is_ok_and(|number| number.abs() < 10_000.0);
        match self.named(value) {
            Some(named) => named,
            None if was_sent() || is_number || (is_plain && value.parse::<f64>().is_err()) => value.to_owned(),
            None => format!("<{name}>"),
        }
    }

    /// A value of a request: what does not vary, as it was sent.
    fn request(&self, value: &Value, name: &str) -> Value {
        match value {
            Value::Array(items) => Value::Array(items.iter().map(|item| self.request(item, name)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.request(value, name))).collect())
            }
            Value::String(text) => self.named_in(name, text, "").map_or_else(|| value.clone(), Value::from),
            Value::Number(number) => {
                self.named_in(name, &number.to_string(), "").map_or_else(|| value.clone(), Value::from)
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// A value of a response.
    fn value(&self, value: &Value, name: &str, at: &str) -> Value {
        if self.ignored.covers(at) {
            return "<ignored>".into();
        }
        let was_sent = || self.sent.contains(&(name.to_owned(), value.to_string()));
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number) => match self.named_in(name, &number.to_string(), at) {
                Some(named) => named.into(),
                None if was_sent() => value.clone(),
                None => "<number>".into(),
            },
            Value::String(text) => match self.named_in(name, text, at) {
                Some(named) if was_sent() || self.names.iter().any(|(one, _)| one == text) => named.into(),
                Some(named) => address(&named).map_or_else(|| "<text>".into(), Value::from),
                None if was_sent() || text.is_empty() => value.clone(),
                None => "<text>".into(),
            },
            Value::Array(items) => {
                let told =
                    items.iter().enumerate().map(|(index, item)| self.value(item, name, &format!("{at}/{index}")));
                Value::Array(told.collect())
            }
            Value::Object(members) => {
                let told = members.iter().map(|(name, value)| {
                    let at = conformance_source::pointer::push(at, name);
                    (name.clone(), self.value(value, name, &at))
                });
                let mut told = Value::Object(told.collect());
                told.sort_all_objects();
                told
            }
        }
    }
}

/// A text in which random texts are numbered as they are met: which were made and never sent is no matter.
fn renumbered(text: &str) -> String {
    const BEGIN: &str = "<random:";
    let mut known: Vec<&str> = Vec::new();
    let mut told = String::with_capacity(text.len());
    let mut parts = text.split(BEGIN);
    told.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let Some((number, rest)) = part.split_once('>').filter(|(one, _)| one.bytes().all(|b| b.is_ascii_digit()))
        else {
            told.push_str(BEGIN);
            told.push_str(part);
            continue;
        };
        let place = known.iter().position(|one| *one == number).unwrap_or(known.len());
        if place == known.len() {
            known.push(number);
        }
        told.push_str(&format!("{BEGIN}{}>{rest}", place + 1));
    }
    told
}

/// The scalars of a body, each with the name of the member that holds it.
fn collect(value: &Value, name: &str, found: &mut HashSet<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| collect(value, name, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        scalar => drop(found.insert((name.to_owned(), scalar.to_string()))),
    }
}

fn told_request(body: &[u8], telling: &Telling<'_>) -> Option<String> {
    let told = match conformance_json::parse(body) {
        Ok(value) => conformance_json::write(&telling.request(&value, "")),
        Err(_) => match std::str::from_utf8(body) {
            Ok(text) => telling.named(text).unwrap_or_else(|| text.to_owned()),
            Err(_) => "<bytes that are no UTF-8>".to_owned(),
        },
    };
    (!told.is_empty()).then_some(told)
}

/// A line that somebody reads.
fn shortened(line: &str) -> String {
    const MOST: usize = 400;
    let short: String = line.chars().take(MOST).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

/// An address of the API with names in it: without its query, and only where nothing else in it varies.
fn address(named: &str) -> Option<String> {
    let told = without_origin(named);
    let told = told.split(['?', '#']).next().unwrap_or("");
    let is_plain = |step: &str| {
        let is_name = step.starts_with('<') && step.ends_with('>');
        is_name || step.bytes().all(|one| one.is_ascii_lowercase() || matches!(one, b'_' | b'-' | b'.'))
    };
    let (begin, rest) = told.split_once('/')?;
    (matches!(begin, "" | "<origin>") && rest.split('/').all(is_plain)).then(|| told.to_owned())
}

/// An address without the server, which may be elsewhere the next time.
fn without_origin(text: &str) -> String {
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
        return text.to_owned();
    };
    format!("<origin>{}", rest.find('/').map_or("", |at| &rest[at..]))
}

fn decoded(step: &str) -> String {
    percent_encoding::percent_decode_str(step).decode_utf8_lossy().into_owned()
}

fn pretty(value: &Value) -> String {
    conformance_json::write::write_pretty(value)
}
