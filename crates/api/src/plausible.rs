//! Bodies that look like somebody's data: each unlike the others, as names and formats of members tell.
//!
//! A page that is built against one object looks right until there are fifty, with long names, short ones, and names in other
//! scripts. Every value is proved against its schema; where none of these fits, the sample stays.

use serde_json::{Map, Value};

use crate::names::{plain, singular};
use crate::pattern;
use crate::proof::Proof;
use crate::sample::Side;
use crate::schema::{Merged, Schemas};

const PEOPLE: &[&str] = &[
    "Ada Lovelace",
    "Grace Hopper",
    "José Álvarez",
    "Mei-Ling Chen",
    "Oluwaseun Adeyemi",
    "Zoë Müller",
    "Aarav Sharma",
    "山田 花子",
    "Фёдор Иванов",
    "ليلى حداد",
    "Ingrid Bjørnstad",
    "Thomas O'Neill",
];
const TITLES: &[&str] = &[
    "Refund for a late delivery",
    "Question about the invoice of May",
    "Cannot sign in on a new phone",
    "Change of address",
    "Größe und Farbe tauschen",
    "Order arrived twice",
    "キャンセルについて",
    "Upgrade to the yearly plan",
    "Где мой заказ?",
    "Feedback on the new search",
    "Export of all data",
    "Broken link in the newsletter",
];
const SENTENCES: &[&str] = &[
    "It worked last week and does not any more.",
    "Please call back after five.",
    "See the picture that is attached.",
    "Vielen Dank für die schnelle Hilfe!",
    "ありがとうございます。",
    "Nothing urgent, whenever you have a minute.",
    "The second item is missing; the first one is fine.",
    "Same as before, only larger.",
];
const ADJECTIVES: &[&str] =
    &["Blue", "Quiet", "Small", "Golden", "Northern", "Bright", "Old", "Swift", "Green", "Warm"];
const CITIES: &[&str] =
    &["Lisbon", "Zürich", "Nairobi", "Kyoto", "São Paulo", "Toronto", "Kraków", "Pune", "Oslo", "Quito"];
const STREETS: &[&str] = &["Hill Street", "Rua Augusta", "Bahnhofstrasse", "Kenyatta Avenue", "Elm Road"];
const COUNTRIES: &[&str] = &["PT", "CH", "KE", "JP", "BR", "CA", "PL", "IN", "NO", "EC"];
const COMPANIES: &[&str] =
    &["Northwind Traders", "Kestrel & Sons", "Aurora Labs", "Müller GmbH", "Sakura Foods", "Acme Corp."];
/// Things that are called as people are.
const OF_PEOPLE: &[&str] = &[
    "user", "customer", "person", "contact", "member", "author", "owner", "employee", "patient", "guest", "student",
    "account",
];
/// The longest text that is made.
const LONGEST: usize = 200;

/// Makes bodies of one schema.
#[derive(Clone, Copy, Debug)]
pub struct Plausible<'a> {
    /// The document's schemas.
    pub schemas: &'a Schemas,
    /// Their judge.
    pub proof: &'a Proof,
    /// What such an object is called: `pets`.
    pub name: &'a str,
}

impl Plausible<'_> {
    /// The `index`th body for the schema at a pointer; none where no body is found for it at all.
    #[must_use]
    pub fn body(&self, pointer: &str, examples: &[Value], index: usize) -> Option<Value> {
        let Value::Object(mut body) = self.proof.body(Side::Request, pointer, examples)?.value.clone() else {
            return None;
        };
        let outline = self.schemas.outline(&[self.schemas.at(pointer)?]);
        let is_valid =
            |body: &Map<String, Value>| self.proof.is_valid(Side::Request, pointer, &Value::Object(body.clone()));
        for (name, property) in &outline.properties {
            let merged = self.schemas.merge_value(property);
            if !body.contains_key(*name) || merged.read_only || merged.constant.is_some() {
                continue;
            }
            for value in self.values(name, &merged, index) {
                let before = body.insert((*name).to_owned(), value);
                if is_valid(&body) {
                    break;
                }
                if let Some(before) = before {
                    body.insert((*name).to_owned(), before);
                }
            }
        }
        Some(Value::Object(body))
    }

    /// Values for a member, the best first.
    fn values(&self, name: &str, merged: &Merged<'_>, index: usize) -> Vec<Value> {
        if let Some(values) = &merged.enumeration {
            return values.get(index % values.len().max(1)).map(|one| (*one).clone()).into_iter().collect();
        }
        match merged.kind() {
            Some("boolean") => vec![index.is_multiple_of(2).into()],
            Some("integer") => vec![number(merged, index).into()],
            Some("number") => {
                let whole = number(merged, index);
                let cents = i64::try_from(index * 37 % 100).unwrap_or(0);
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let exact = whole as f64 + cents as f64 / 100.0;
                vec![exact.into(), whole.into()]
            }
            Some("string") => self.texts(name, merged, index).into_iter().map(Value::from).collect(),
            _ => Vec::new(),
        }
    }

    fn texts(&self, name: &str, merged: &Merged<'_>, index: usize) -> Vec<String> {
        match merged.format {
            Some("date-time") => {
                return vec![format!("{}T{:02}:{:02}:00Z", date(index), 8 + index % 10, index * 7 % 60)];
            }
            Some("date") => return vec![date(index)],
            Some("email") => return vec![email(index)],
            Some("uri" | "url" | "iri" | "uri-reference") => {
                return vec![format!("https://example.com/{}/{}", plain(self.name), index + 1)];
            }
            // A text with a format is nothing that one makes up; what has a pattern or an example may have to be like it.
            Some(_) => return Vec::new(),
            None => {}
        }
        let word = plain(name);
        let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
        let texts: Vec<String> = if ends(&["email", "emailaddress", "mail"]) {
            vec![email(index)]
        } else if ends(&["url", "uri", "link", "website", "homepage"]) {
            vec![format!("https://example.com/{}/{}", plain(self.name), index + 1)]
        } else if ends(&["phone", "phonenumber", "mobile", "telephone"]) {
            vec![format!("+1555{:07}", 1_000_000 + index * 7919 % 8_000_000)]
        } else if ends(&["firstname", "givenname"]) {
            vec![part_of_name(index, true)]
        } else if ends(&["lastname", "surname", "familyname"]) {
            vec![part_of_name(index, false)]
        } else if ends(&["city", "town"]) {
            vec![CITIES[index % CITIES.len()].to_owned()]
        } else if ends(&["country", "countrycode"]) {
            vec![COUNTRIES[index % COUNTRIES.len()].to_owned()]
        } else if ends(&["street", "line1", "addressline", "address"]) {
            vec![format!("{} {}", STREETS[index % STREETS.len()], index + 1)]
        } else if ends(&["company", "organization", "organisation", "brand", "vendor"]) {
            vec![COMPANIES[index % COMPANIES.len()].to_owned()]
        } else if ends(&["title", "subject", "headline", "summary", "topic"]) {
            vec![TITLES[index % TITLES.len()].to_owned()]
        } else if ends(&[
            "description",
            "text",
            "body",
            "comment",
            "note",
            "notes",
            "message",
            "content",
            "bio",
            "about",
        ]) {
            vec![SENTENCES[index % SENTENCES.len()].to_owned()]
        } else if ends(&["slug", "key", "handle", "login", "username"]) {
            vec![format!("{}-{}", singular(&plain(self.name)), index + 1)]
        } else if ends(&["name", "label"]) {
            self.names(&word, index)
        } else {
            return of_its_own(name, merged, index);
        };
        let one = singular(&plain(self.name));
        let texts = bounded(texts, merged, index);
        // Two of the same are told apart by their number; what has a pattern is often a name without spaces.
        let plain_names =
            [format!("{one}-{}", index + 1), format!("{one}_{}", index + 1), format!("{one}{}", index + 1)];
        let plain_names = plain_names.into_iter().filter(|_| !merged.patterns.is_empty());
        texts.into_iter().flat_map(|text| [numbered(&text, index), text]).chain(plain_names).collect()
    }

    fn names(&self, word: &str, index: usize) -> Vec<String> {
        let (one, all) = (singular(&plain(self.name)), plain(self.name));
        let is_person = OF_PEOPLE.iter().any(|kind| one.ends_with(kind) || word.starts_with(kind)) || all == "people";
        if is_person {
            return vec![PEOPLE[index % PEOPLE.len()].to_owned()];
        }
        if !matches!(word, "name" | "label") {
            return vec![TITLES[index % TITLES.len()].to_owned()];
        }
        let one = if one.is_empty() { "thing".to_owned() } else { one };
        vec![format!("{} {one}", ADJECTIVES[index % ADJECTIVES.len()])]
    }
}

/// Texts of a member of which nobody knows what it means: like its pattern, or with a number where no two may be alike.
fn of_its_own(name: &str, merged: &Merged<'_>, index: usize) -> Vec<String> {
    let bound = |length: Option<u64>, else_: usize| length.and_then(|one| usize::try_from(one).ok()).unwrap_or(else_);
    let lengths = (bound(merged.bounds.min_length, 0), bound(merged.bounds.max_length, LONGEST));
    if let Some(pattern) = merged.patterns.first() {
        let mut random = fastrand::Rng::with_seed(index as u64);
        return pattern::any_matching(pattern, lengths, &mut |below| random.usize(..below)).into_iter().collect();
    }
    if merged.is_unique { vec![format!("{name}-{}", index + 1), (index + 1).to_string()] } else { Vec::new() }
}

/// The shortest text that the bounds allow, and the longest, now and then: pages break at both.
fn bounded(texts: Vec<String>, merged: &Merged<'_>, index: usize) -> Vec<String> {
    let length = |bound: Option<u64>| bound.and_then(|length| usize::try_from(length).ok());
    let cycled = |length: usize| {
        texts.iter().map(|text| format!("{text} ").chars().cycle().take(length).collect::<String>()).collect()
    };
    match index % 10 {
        8 => texts
            .iter()
            .map(|text| text.chars().take(length(merged.bounds.min_length).unwrap_or(1).max(1)).collect())
            .collect(),
        9 => cycled(length(merged.bounds.max_length).unwrap_or(120).min(LONGEST)),
        _ => texts,
    }
}

/// A text that comes round again, with its number.
fn numbered(text: &str, index: usize) -> String {
    let round = index / 10;
    if round == 0 || matches!(index % 10, 8 | 9) { text.to_owned() } else { format!("{text} {}", index + 1) }
}

fn part_of_name(index: usize, is_first: bool) -> String {
    let (first, last) = PEOPLE[index % PEOPLE.len()].split_once(' ').unwrap_or(("Ada", "Lovelace"));
    (if is_first { first } else { last }).to_owned()
}

fn email(index: usize) -> String {
    const USERS: &[&str] = &["ada", "grace", "jose", "mei", "olu", "zoe", "aarav", "hanako", "fyodor", "layla"];
    format!("{}.{}@example.com", USERS[index % USERS.len()], index + 1)
}

/// A number within bounds, each unlike the one before.
fn number(merged: &Merged<'_>, index: usize) -> i64 {
    let bounds = merged.bounds;
    let least = bounds.minimum.or(bounds.above.map(|above| above + 1.0)).unwrap_or(1.0);
    let most = bounds.maximum.or(bounds.below.map(|below| below - 1.0)).unwrap_or(least + 99.0);
    let span = (most - least).clamp(0.0, 1e9);
    let step = bounds.multiple_of.filter(|step| *step >= 1.0).unwrap_or(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "bounded above"
    )]
    {
        let within = (index * 13 % (span as usize + 1)) as f64;
        (((least + within) / step).floor() * step) as i64
    }
}

/// So many days after the first.
fn date(days: usize) -> String {
    let first = jiff::civil::date(2024, 1, 1);
    let days = jiff::Span::new().try_days(i64::try_from(days).unwrap_or(0));
    days.and_then(|days| first.checked_add(days)).unwrap_or(first).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn bodies(properties: &Value, count: usize) -> Vec<Value> {
        let schema = json!({ "type": "object", "properties": properties });
        let root = json!({ "components": { "schemas": { "New": schema } } });
        let schemas = Schemas::new(std::sync::Arc::new(root));
        let proof = Proof::new(&schemas).expect("schemas");
        let plausible = Plausible { schemas: &schemas, proof: &proof, name: "customers" };
        (0..count).map(|index| plausible.body("/components/schemas/New", &[], index).expect("a body")).collect()
    }

    #[test]
    fn no_two_of_fifty_are_alike_and_all_are_valid() {
        let made = bodies(
            &json!({
                "name": { "type": "string", "minLength": 1, "maxLength": 60 }, "email": { "type": "string", "format": "email" },
                "birthday": { "type": "string", "format": "date" }, "plan": { "enum": ["free", "paid"] },
                "age": { "type": "integer", "minimum": 18, "maximum": 99 }, "active": { "type": "boolean" },
            }),
            50,
        );
        let different: HashSet<String> = made.iter().map(Value::to_string).collect();
        assert_eq!(different.len(), 50);
        let names: Vec<&str> = made.iter().filter_map(|one| one["name"].as_str()).collect();
        assert!(names.contains(&"Ada Lovelace") && names.iter().any(|name| !name.is_ascii()), "{names:?}");
        let lengths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
        assert!(lengths.contains(&1) && lengths.contains(&60), "the shortest and the longest: {lengths:?}");
        let days: Vec<&str> = made.iter().filter_map(|one| one["birthday"].as_str()).collect();
        assert!(days.is_sorted() && days[0] == "2024-01-01" && days[49] == "2024-02-19", "{days:?}");
    }

    #[rstest]
    #[case::a_pattern(json!({ "name": { "type": "string", "pattern": "^[a-z]{3}$", "example": "abc" } }))]
    #[case::a_constant(json!({ "name": { "const": "x" } }))]
    #[case::a_uuid(json!({ "name": { "type": "string", "format": "uuid" } }))]
    fn what_cannot_be_made_up_stays_a_sample(#[case] properties: Value) {
        let made = bodies(&properties, 3);
        assert_eq!(made[0], made[2]);
    }
}
