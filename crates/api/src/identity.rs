//! Which members identify an object, and what ids look like.

use serde_json::Value;

use crate::model::{IdForm, IdMember};
use crate::names::{last_word, same};
use crate::pattern;
use crate::schema::{Merged, Schemas};

/// Ids that are numbers begin here, so that the small numbers of examples are never taken for one that was made.
pub const FIRST_INTEGER: u64 = 1001;
/// Members that usually identify, the most usual first.
const USUAL: &[&str] = &["id", "_id", "uuid", "uid", "sid", "name", "number", "slug", "key", "login", "iid", "email"];
/// Members that are made anew for every object even where they are not the first.
const MADE: &[&str] = &["id", "_id", "uuid", "uid", "sid", "number", "iid"];
/// Addresses whose parts have two digits: any two digits are a part.
const ADDRESS: &str = r"^1[0-9]\.[1-9][0-9]\.[1-9][0-9]\.[1-9][0-9]$";
const LOWER: &str = "0123456789abcdefghjkmnpqrstvwxyz";
const HEX: &str = "0123456789abcdef";
const MIXED: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The members of an object's schema by which a path parameter can find it, the first of them the one that is made.
#[must_use]
pub fn members(
    schemas: &Schemas,
    shape: &Merged<'_>,
    (item, parameter): (&str, &str),
    body: Option<&Merged<'_>>,
) -> Vec<IdMember> {
    let word = last_word(parameter);
    let mut names: Vec<&str> = Vec::new();
    let mut add = |wanted: &dyn Fn(&str) -> bool| {
        let found = shape.properties.iter().filter(|(name, _)| wanted(name)).map(|(name, _)| *name);
        let new: Vec<&str> = found.filter(|name| !names.contains(name)).collect();
        names.extend(new);
    };
    // `/users/{username}` finds by `username`, whatever else a user has.
    if word != "id" {
        add(&|name| same(name, parameter));
    }
    add(&|name| name == "id");
    add(&|name| same(name, parameter));
    add(&|name| same(name, &word));
    for usual in USUAL {
        add(&|name| name == *usual);
    }
    let scalar = |name: &&str| {
        let Some(property) = shape.property(name) else { return false };
        let merged = schemas.merge(property);
        matches!(merged.kind(), Some("string" | "integer" | "number"))
            || (merged.kind().is_none() && !merged.choices.is_empty())
    };
    let found: Vec<&str> = names.into_iter().filter(scalar).collect();
    let member = |(index, name): (usize, &&str)| {
        let merged = shape.property(name).map(|property| schemas.outline(property)).unwrap_or_default();
        let in_body = body.is_some_and(|body| body.property(name).is_some_and(|one| !schemas.merge(one).read_only));
        let is_named = matches!(*name, "name" | "slug" | "key" | "login") || in_body;
        let is_made = index == 0 || MADE.contains(name) || same(name, parameter);
        let is_in_path = index == 0 || *name == "id" || same(name, parameter) || same(name, &word);
        let is_given = is_named && (index != 0 || in_body);
        let (form, segments) = named_by_place(item, &merged).unwrap_or_else(|| (form(&merged, name), 1));
        (is_made || is_named).then(|| IdMember { name: (*name).to_owned(), form, is_given, is_in_path, segments })
    };
    found.iter().enumerate().filter_map(member).collect()
}

/// What the ids within resource names look like (`publishers/123`, as Google's AIP-122 has them), and how many segments of the
/// object's path these show; none where values are ids alone.
fn named_by_place(item: &str, merged: &Merged<'_>) -> Option<(IdForm, usize)> {
    let shown = merged.examples.iter().copied().find_map(Value::as_str);
    let matching = || pattern::matching(merged.patterns.first()?, 0, 200);
    let (text, is_example) = match shown {
        Some(text) => (text.to_owned(), true),
        None => (matching()?, false),
    };
    let segments = crate::path::shown_segments(item, &text).filter(|count| text.split('/').count() == *count)?;
    let last = text.rsplit('/').next().filter(|_| is_example).unwrap_or("");
    Some((like(last, 1, 63), segments))
}

/// What the ids of a member look like: from its type, format, pattern and examples.
#[must_use]
pub fn form(merged: &Merged<'_>, name: &str) -> IdForm {
    if matches!(merged.kind(), Some("integer" | "number")) {
        return IdForm::Integer;
    }
    // A default of an id can only be meant as an example.
    let example = merged.examples.iter().copied().chain(merged.default).find_map(Value::as_str);
    let is_uuid = |text: &str| text.len() == 36 && crate::sample::has_format(text, "uuid");
    let fits = |text: &str| {
        merged.patterns.iter().all(|one| regex::Regex::new(one).map_or(true, |regex| regex.is_match(text)))
    };
    const UUID: &str = "018cc251-f400-7000-8000-000000000001";
    if (merged.format == Some("uuid") || example.is_some_and(is_uuid) || (name == "uuid" && merged.patterns.is_empty()))
        && fits(UUID)
    {
        return IdForm::Uuid;
    }
    if merged.format == Some("ipv4") {
        return IdForm::Pattern { pattern: ADDRESS.to_owned(), base: "10.23.45.67".to_owned() };
    }
    let most = usize::try_from(merged.bounds.max_length.unwrap_or(64)).unwrap_or(64);
    let least = usize::try_from(merged.bounds.min_length.unwrap_or(0)).unwrap_or(0);
    if let Some(regex) = merged.patterns.first() {
        let base = example
            .filter(|text| fits(text) && text.len() >= 8)
            .map(str::to_owned)
            .or_else(|| pattern::matching(regex, least.max(8), most));
        if let Some(base) = base.or_else(|| pattern::matching(regex, least, most)) {
            return IdForm::Pattern { pattern: (*regex).to_owned(), base };
        }
    }
    match example.filter(|text| !text.is_empty() && text.len() <= most && text.is_ascii()) {
        Some(text) => like(text, least, most),
        None => IdForm::Text { prefix: String::new(), length: 26.clamp(least.min(most), most.max(1)), alphabet: LOWER },
    }
}

/// Ids like an example: its prefix, and as many characters of its kind.
fn like(example: &str, least: usize, most: usize) -> IdForm {
    if !example.is_empty() && example.bytes().all(|one| one.is_ascii_digit()) {
        return IdForm::Digits;
    }
    let cut = example.rfind(['_', '-', '.', '/']).map_or(0, |at| at + 1);
    let (prefix, rest) = match example.get(cut..) {
        // `Person-Doe` is a name and not an id with a prefix.
        Some(rest) if rest.len() >= 6 => (example[..cut].to_owned(), rest),
        _ if cut > 0 && cut <= 8 => (example[..cut].to_owned(), "0123456789abcdefghjkmnpqrs"),
        _ => (String::new(), example),
    };
    let all = |kinds: &str| rest.chars().all(|one| kinds.contains(one));
    let alphabet = if rest.len() < 6 {
        LOWER
    } else if all("0123456789") || all(HEX) {
        HEX
    } else if rest.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit()) {
        LOWER
    } else if rest.chars().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit()) {
        UPPER
    } else {
        MIXED
    };
    let room = most.saturating_sub(prefix.len()).max(1);
    let length = rest.len().max(12).max(least.saturating_sub(prefix.len())).min(room);
    IdForm::Text { prefix, length, alphabet }
}

impl IdForm {
    /// Whether a mock that makes ids of this form could have made this one.
    #[must_use]
    pub fn could_have_made(&self, id: &str) -> bool {
        match self {
            Self::Integer | Self::Digits => id.parse::<u64>().is_ok_and(|number| number >= FIRST_INTEGER),
            Self::Uuid => {
                id.len() == 36 && id.as_bytes().get(14) == Some(&b'7') && crate::sample::has_format(id, "uuid")
            }
            Self::Text { prefix, length, alphabet } => id.strip_prefix(prefix.as_str()).is_some_and(|rest| {
                rest.len() == *length && rest.len() >= 8 && rest.chars().all(|one| alphabet.contains(one))
            }),
            Self::Pattern { pattern, base } => {
                base.len() >= 8
                    && id.len() == base.len()
                    && id != base
                    && regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(id))
            }
        }
    }

    /// The `count`th id; `random` gives numbers below its argument, `ms` is the time.
    pub fn make(&self, count: u64, ms: u64, random: &mut dyn FnMut(usize) -> usize) -> Value {
        match self {
            Self::Integer => (FIRST_INTEGER + count).into(),
            Self::Digits => (FIRST_INTEGER + count).to_string().into(),
            Self::Uuid => uuid(ms, count, random).into(),
            Self::Text { prefix, length, alphabet } => {
                let letters: Vec<char> = alphabet.chars().collect();
                let rest = timed(ms, count, *length, &letters, random);
                format!("{prefix}{rest}").into()
            }
            Self::Pattern { pattern, base } => alike(pattern, base, random).into(),
        }
    }
}

/// Version 7: the time, then a count within it, then chance.
fn uuid(ms: u64, count: u64, random: &mut dyn FnMut(usize) -> usize) -> String {
    let mut hex = format!("{:012x}7{:03x}", ms & 0xffff_ffff_ffff, count & 0xfff);
    hex.push(['8', '9', 'a', 'b'][random(4)]);
    while hex.len() < 32 {
        hex.push(char::from(HEX.as_bytes()[random(16)]));
    }
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// So many characters: the time and the count as far as there is room, so that ids sort as they were made; then chance.
fn timed(ms: u64, count: u64, length: usize, letters: &[char], random: &mut dyn FnMut(usize) -> usize) -> String {
    let base = letters.len() as u64;
    let digits = |mut number: u64, width: usize| {
        let mut text = vec![letters[0]; width];
        for place in text.iter_mut().rev() {
            *place = letters[usize::try_from(number % base).unwrap_or(0)];
            number /= base;
        }
        text
    };
    let mut text = Vec::new();
    if length >= 20 {
        text.extend(digits(ms, 11));
        text.extend(digits(count, 4));
    } else if length >= 12 {
        text.extend(digits(count, 5));
    }
    while text.len() < length {
        text.push(letters[random(letters.len())]);
    }
    text.into_iter().take(length).collect()
}

/// A text that differs from `base` wherever the pattern lets it.
fn alike(pattern: &str, base: &str, random: &mut dyn FnMut(usize) -> usize) -> String {
    let Ok(regex) = regex::Regex::new(pattern) else { return base.to_owned() };
    let mut letters: Vec<char> = base.chars().collect();
    for at in (0..letters.len()).rev() {
        let before = letters[at];
        for alphabet in [MIXED, LOWER, HEX, UPPER, "0123456789"] {
            let among: Vec<char> = alphabet.chars().collect();
            letters[at] = among[random(among.len())];
            if regex.is_match(&letters.iter().collect::<String>()) {
                break;
            }
            letters[at] = before;
        }
    }
    letters.into_iter().collect()
}
