//! A second Conversations server, written from the documents without a line of the mock's: correct, and as unusual as asked.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::server::{Req, Res, Server};

/// What is unusual about a server. The default is a plain one.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// The status of a refused body or parameter.
    pub refused: u16,
    /// The status of a request without a token.
    pub unauthorized: u16,
    /// How errors look where the documents leave it open.
    pub errors: Errors,
    /// Members that every object has more.
    pub more: Value,
    /// Whether the optional members are there.
    pub optional: bool,
    /// Header fields of every answer.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What is done to every body.
    pub body: Body,
    /// The media type of JSON.
    pub media: &'static str,
    /// Whether each answer closes its connection.
    pub close: bool,
    pub chunked: bool,
    /// From and to how long an answer takes, in milliseconds.
    pub delay: (u64, u64),
    /// How far the clock is off, in milliseconds.
    pub skew: i64,
    /// Times have fractions of a millisecond.
    pub fractions: bool,
    /// Each so many requests one is told to come again.
    pub limit_every: Option<u64>,
    /// The status of that, and its `Retry-After`.
    pub limited: (u16, &'static str),
    /// How many objects every workspace begins with.
    pub foreign: usize,
    /// Whether a limit out of range is read as the nearest one.
    pub clamp: bool,
    /// What a cursor that names nothing answers.
    pub unknown_cursor: Cursor,
    /// Whether a deleted object still is a cursor.
    pub remembers: bool,
    /// Whether ids are in upper case.
    pub upper: bool,
    /// Whether each change by another client comes in between.
    pub busy: bool,
    /// The status of a wrong content type; none takes any.
    pub media_checked: Option<u16>,
    /// Whether unknown properties are refused.
    pub strict: bool,
    /// Whether an update without a change leaves `updatedAt`.
    pub lazy_update: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    Message,
    Nested,
    Problem,
    Text,
    Html,
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Plain,
    Pretty,
    Escaped,
    Reordered,
    Gzip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    Empty,
    First,
    Refused(u16),
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            refused: 400,
            unauthorized: 401,
            errors: Errors::Message,
            more: json!({}),
            optional: false,
            headers: Vec::new(),
            body: Body::Plain,
            media: "application/json",
            close: false,
            chunked: false,
            delay: (0, 0),
            skew: 0,
            fractions: false,
            limit_every: None,
            limited: (429, "0"),
            foreign: 0,
            clamp: false,
            unknown_cursor: Cursor::Empty,
            remembers: true,
            upper: false,
            busy: false,
            media_checked: None,
            strict: false,
            lazy_update: false,
        }
    }
}

#[derive(Clone, Debug)]
struct Conversation {
    id: String,
    name: String,
    created: f64,
    updated: f64,
    deleted: bool,
}

/// The server.
pub struct Bed {
    quirks: Quirks,
    /// The conversations of each token, oldest first.
    workspaces: Mutex<HashMap<String, Vec<Conversation>>>,
    requests: AtomicU64,
    ids: AtomicU64,
}

/// Starts a server with these quirks.
pub fn bed(quirks: Quirks) -> Server {
    bed_with(quirks, |_, response| response)
}

/// Starts a server with these quirks whose answers are altered.
pub fn bed_with(quirks: Quirks, alter: impl Fn(&Req, Res) -> Res + Send + Sync + 'static) -> Server {
    let answer = answerer(quirks);
    Server::start(move |request| alter(request, answer(request)))
}

/// What such a server answers, for servers that are reached in another way.
pub fn answerer(quirks: Quirks) -> impl Fn(&Req) -> Res + Send + Sync + 'static {
    let bed = Bed { quirks, workspaces: Mutex::default(), requests: AtomicU64::new(0), ids: AtomicU64::new(0) };
    move |request| bed.answer(request)
}

impl Bed {
    fn answer(&self, request: &Req) -> Res {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut response = match self.quirks.limit_every {
            Some(every) if number % every == every - 1 => {
                let mut limited = self.error(self.quirks.limited.0, "come again");
                limited.headers.push(("retry-after".to_owned(), self.quirks.limited.1.to_owned()));
                limited
            }
            _ => self.routed(request, number),
        };
        let own = self.quirks.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        response.headers.extend(own);
        if self.quirks.close {
            response.headers.push(("connection".to_owned(), "close".to_owned()));
        }
        let (from, to) = self.quirks.delay;
        // Spread without a source of chance: the order of requests is chance enough.
        response.delay = Duration::from_millis(from + number.wrapping_mul(7919) % (to - from + 1));
        response.chunked = self.quirks.chunked;
        response
    }

    fn routed(&self, request: &Req, number: u64) -> Res {
        let Some(token) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
            return self.error(self.quirks.unauthorized, "who are you?");
        };
        let mut workspaces = self.workspaces.lock().unwrap();
        let all = workspaces
            .entry(token.to_owned())
            .or_insert_with(|| (0..self.quirks.foreign).map(|n| self.conversation(&format!("Foreign {n}"))).collect());
        if self.quirks.busy && number.is_multiple_of(3) {
            all.push(self.conversation("Neighbour"));
            let neighbour = all.iter_mut().find(|one| one.name == "Neighbour" && !one.deleted);
            if let (Some(one), true) = (neighbour, number.is_multiple_of(2)) {
                one.deleted = true;
            }
        }
        let segments: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        match (request.method.as_str(), &segments[..]) {
            ("POST", ["v2", "conversations"]) => self.create(request, all),
            ("GET", ["v2", "conversations"]) => self.list(request, all),
            (method, ["v2", "conversations", id]) => {
                let Some(found) = all.iter_mut().find(|one| one.id == *id && !one.deleted) else {
                    return Res::json(404, &json!({ "message": "no such conversation" }));
                };
                match method {
                    "GET" => self.object(200, found, true),
                    "PATCH" => self.update(request, found),
                    "DELETE" => {
                        found.deleted = true;
                        Res { status: 204, ..Res::default() }
                    }
                    _ => self.error(405, "not that way"),
                }
            }
            _ => self.error(404, "nothing here"),
        }
    }

    /// The name in a body: none when it gives none, an error when it is refused.
    fn name(&self, request: &Req) -> Result<Option<String>, Res> {
        if let Some(status) = self.quirks.media_checked
            && !request.header("content-type").is_some_and(|media| media.starts_with("application/json"))
        {
            return Err(self.error(status, "application/json, please"));
        }
        let refused = |why: &str| self.error(self.quirks.refused, why);
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| refused("no JSON"))?;
        let members = body.as_object().ok_or_else(|| refused("no object"))?;
        if self.quirks.strict && members.keys().any(|name| name != "displayName") {
            return Err(refused("unknown property"));
        }
        let Some(name) = members.get("displayName") else { return Ok(None) };
        let name = name.as_str().ok_or_else(|| refused("no text"))?;
        if (1..=100).contains(&name.chars().count()) { Ok(Some(name.to_owned())) } else { Err(refused("length")) }
    }

    fn create(&self, request: &Req, all: &mut Vec<Conversation>) -> Res {
        match self.name(request) {
            Ok(Some(name)) => {
                all.push(self.conversation(&name));
                self.object(201, all.last().unwrap(), false)
            }
            Ok(None) => self.error(self.quirks.refused, "a name, please"),
            Err(refusal) => refusal,
        }
    }

    fn update(&self, request: &Req, one: &mut Conversation) -> Res {
        match self.name(request) {
            Ok(name) => {
                if name.is_some() || !self.quirks.lazy_update {
                    one.updated = self.now();
                }
                one.name = name.unwrap_or_else(|| one.name.clone());
                self.object(200, one, false)
            }
            Err(refusal) => refusal,
        }
    }

    fn list(&self, request: &Req, all: &[Conversation]) -> Res {
        let limit = match request.query("limit").map(|limit| limit.parse::<i64>()) {
            None => 10,
            Some(Ok(limit)) if (1..=100).contains(&limit) => limit,
            Some(Ok(limit)) if self.quirks.clamp => limit.clamp(1, 100),
            Some(Err(_)) if self.quirks.clamp => 10,
            Some(_) => return self.error(self.quirks.refused, "limit"),
        };
        let limit = usize::try_from(limit).unwrap();
        let newest_first: Vec<&Conversation> = all.iter().rev().collect();
        let (mut from, mut to) = (0, newest_first.len());
        for (name, after) in [("starting_after", true), ("ending_before", false)] {
            let Some(cursor) = request.query(name) else { continue };
            let found = newest_first.iter().position(|one| one.id == cursor && (self.quirks.remembers || !one.deleted));
            match (found, self.quirks.unknown_cursor) {
                (Some(place), _) if after => from = place + 1,
                (Some(place), _) => to = place,
                (None, Cursor::Empty) => (from, to) = (0, 0),
                (None, Cursor::First) => {}
                (None, Cursor::Refused(status)) => return self.error(status, "unknown cursor"),
            }
        }
        let there: Vec<&&Conversation> =
            newest_first.get(from..to).unwrap_or(&[]).iter().filter(|one| !one.deleted).collect();
        let backward = request.query("ending_before").is_some() && request.query("starting_after").is_none();
        let page =
            if backward { &there[there.len().saturating_sub(limit)..] } else { &there[..limit.min(there.len())] };
        let data: Vec<Value> = page.iter().map(|one| self.shown(one, false)).collect();
        self.json(200, json!({ "object": "list", "data": data, "has_more": there.len() > limit }))
    }

    fn conversation(&self, name: &str) -> Conversation {
        let now = self.now();
        let mut id = ulid(now, self.ids.fetch_add(1, Ordering::Relaxed));
        if self.quirks.upper {
            id.make_ascii_uppercase();
        }
        Conversation { id: format!("conv_{id}"), name: name.to_owned(), created: now, updated: now, deleted: false }
    }

    fn now(&self) -> f64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let ms = since.as_micros() as f64 / 1000.0 + self.quirks.skew as f64;
        if self.quirks.fractions { ms } else { ms.floor() }
    }

    fn object(&self, status: u16, one: &Conversation, messages: bool) -> Res {
        self.json(status, self.shown(one, messages))
    }

    fn shown(&self, one: &Conversation, messages: bool) -> Value {
        let time = |time: f64| if self.quirks.fractions { json!(time) } else { json!(time as i64) };
        let mut value = json!({
            "_id": one.id, "kind": "conversation", "displayName": one.name,
            "createdAt": time(one.created), "updatedAt": time(one.updated),
        });
        let members = value.as_object_mut().unwrap();
        if messages {
            members.insert("messages".to_owned(), json!([]));
        }
        if self.quirks.optional {
            members.insert("createdById".to_owned(), json!("user_1"));
            members.insert("updatedById".to_owned(), json!("user_1"));
            if messages {
                members.insert("metadata".to_owned(), json!({ "model": "m" }));
            }
        }
        members.extend(self.quirks.more.as_object().unwrap().clone());
        value
    }

    fn json(&self, status: u16, mut value: Value) -> Res {
        if self.quirks.body == Body::Reordered {
            value = reversed(&value);
        }
        let mut text = if self.quirks.body == Body::Pretty { format!("\n{value:#}\n") } else { value.to_string() };
        if self.quirks.body == Body::Escaped {
            let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect();
            text = text.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect();
        }
        let mut response = Res::text(status, self.quirks.media, &text);
        if self.quirks.body == Body::Gzip {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            response.body = encoder.finish().unwrap();
            response.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        response
    }

    fn error(&self, status: u16, why: &str) -> Res {
        match self.quirks.errors {
            Errors::Message => self.json(status, json!({ "message": why })),
            Errors::Nested => self.json(status, json!({ "error": { "code": status, "reason": why } })),
            Errors::Problem => Res::text(status, "application/problem+json", &json!({ "title": why }).to_string()),
            Errors::Text => Res::text(status, "text/plain", why),
            Errors::Html => Res::text(status, "text/html; charset=utf-8", &format!("<h1>{why}</h1>")),
            Errors::Empty => Res { status, ..Res::default() },
        }
    }
}

/// The same value, its members the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().rev().map(|(name, member)| (name.clone(), reversed(member))).collect(),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

/// 48 bits of time, then a number that grows.
fn ulid(ms: f64, number: u64) -> String {
    const CROCKFORD: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bits = (ms as u128) << 80 | u128::from(number) << 16 | 0xabcd;
    (0..26).rev().map(|digit| char::from(CROCKFORD[(bits >> (5 * digit) & 31) as usize])).collect()
}
