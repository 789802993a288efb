//! Lists come in the order that they are asked for.

use conformance_api::names::{is_created, is_updated, plain};
use conformance_api::pages::SORTS;
use conformance_openapi::{Location, Parameter};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::session::{Object, Session};

/// So many members are asked for that a description names.
const MEMBERS: usize = 4;
/// Items of a short page.
const SHORT: usize = 3;

impl Session<'_> {
    /// Asks a list for each order that its parameters name by a member of the items.
    pub(crate) async fn sorts(&mut self, list: usize, above: &[String], own: &[Object]) {
        let api = self.run.api;
        let declared = self.declared(list);
        let direction = api.operations[list].pages.as_ref().and_then(|pages| pages.direction.clone());
        let query = declared.parameters.iter().filter(|one| one.location == Location::Query);
        for parameter in query.filter(|one| SORTS.contains(&plain(&one.name).as_str())) {
            // With a direction beside it, the word alone says too little.
            let usual = parameter.schema.as_deref().map(|at| api.schemas.merged(at)).and_then(|one| one.default);
            let default = usual.and_then(Value::as_str).filter(|_| direction.is_none()).map(str::to_owned);
            let words = self.words(parameter);
            if words.is_empty() && direction.is_none() {
                self.sorts_as_described(list, parameter, above, own).await;
            }
            for word in &words {
                let (member, is_descending) = match word.strip_prefix('-') {
                    Some(member) => (member.to_owned(), true),
                    None => (word.clone(), false),
                };
                if !own.iter().all(|one| one.members.get(&member).is_some_and(|value| !value.is_null())) {
                    continue;
                }
                let asked = vec![(parameter.name.clone(), word.clone())];
                // A time without a direction may mean the newest first, where nothing else does.
                let is_time = is_created(&member) || is_updated(&member);
                if is_time && !words.contains(&format!("-{member}")) && direction.is_none() {
                    continue;
                }
                if default.as_ref() == Some(word) && (is_descending || !is_time) {
                    self.is_sorted(list, (above, own), (&[], "default-order"), (&member, is_descending)).await;
                }
                match direction.as_ref().filter(|one| one.parameter != parameter.name) {
                    None => self.is_sorted(list, (above, own), (&asked, "sorts"), (&member, is_descending)).await,
                    Some(direction) => {
                        for (way, is_descending) in self.ways(list, &direction.parameter) {
                            let asked = [asked.clone(), vec![(direction.parameter.clone(), way)]].concat();
                            self.is_sorted(list, (above, own), (&asked, "sorts"), (&member, is_descending)).await;
                        }
                    }
                }
            }
        }
    }

    /// Asks for the orders of which a description speaks: by members that it names, up and down in the way that it shows.
    async fn sorts_as_described(&mut self, list: usize, parameter: &Parameter, above: &[String], own: &[Object]) {
        let Some(item) = self.item_members(list) else { return };
        let declared = self.declared(list);
        let items = parameter.schema.as_deref().and_then(|at| self.run.api.schemas.at(at));
        let shown = items.map(Value::to_string).unwrap_or_default();
        let examples = parameter.examples.iter().map(Value::to_string).collect::<String>();
        let own_text = format!("{} {shown} {examples}", parameter.description.as_deref().unwrap_or_default());
        let text = format!("{own_text} {}", declared.description);
        // What all lists have in common may stand at the top of the document.
        let top = self.run.api.document.root.pointer("/info/description").and_then(Value::as_str).unwrap_or_default();
        let mut about = top.split("\n\n").filter(|one| one.contains(&parameter.name));
        let spelling = Spelling::in_text(&own_text).or_else(|| about.find_map(Spelling::in_text));
        let Some(spelling) = spelling else { return };
        let is_named =
            |name: &str| text.split(|one: char| !(one.is_alphanumeric() || one == '_')).any(|word| word == name);
        let is_shown = |name: &str| own.iter().all(|one| one.members.get(name).is_some_and(is_comparable));
        let named: Vec<&String> = item.iter().filter(|name| is_named(name) && is_shown(name)).take(MEMBERS).collect();
        for member in named {
            for is_descending in [false, true] {
                let asked = [(parameter.name.clone(), spelling.of(member, is_descending))];
                self.is_sorted(list, (above, own), (&asked, "sorts-as-described"), (member, is_descending)).await;
            }
        }
    }

    /// The names of what the items of a list show.
    fn item_members(&self, list: usize) -> Option<Vec<String>> {
        let schemas = &self.run.api.schemas;
        let shape = self.run.api.operations[list].success.shape.as_ref()?;
        let item = schemas.merge(&conformance_api::envelope::members(schemas, shape));
        Some(item.properties.iter().map(|(name, _)| (*name).to_owned()).collect())
    }

    /// The words of a parameter that is one of a list.
    fn words(&self, parameter: &Parameter) -> Vec<String> {
        let merged = parameter.schema.as_deref().map(|at| self.run.api.schemas.merged(at)).unwrap_or_default();
        let words = merged.enumeration.unwrap_or_default().into_iter().filter_map(Value::as_str);
        words.take(6).map(str::to_owned).collect()
    }

    /// The words for up and for down.
    fn ways(&self, list: usize, name: &str) -> Vec<(String, bool)> {
        let parameter = self.declared(list).parameters.iter().find(|one| one.name == name);
        let words = parameter.map(|one| self.words(one)).unwrap_or_default();
        words
            .into_iter()
            .filter_map(|word| Some((word.clone(), conformance_api::pages::is_descending(&word)?)))
            .collect()
    }

    async fn is_sorted(
        &mut self,
        list: usize,
        (above, own): (&[String], &[Object]),
        (asked, name): (&[(String, String)], &str),
        (member, is_descending): (&str, bool),
    ) {
        // On short pages it shows whether the order is that of the list.
        let limit = self.run.api.operations[list].pages.as_ref().and_then(|pages| pages.limit.as_ref());
        let limit = limit.map(|limit| SHORT.min(limit.most));
        let walk = self.walk_with(list, above, limit, asked).await;
        let (Some(answer), true) = (walk.last.clone(), walk.is_whole) else { return };
        if !answer.is_success() {
            return;
        }
        let mine = walk.items.iter().filter(|item| own.iter().any(|one| Self::is_same(item, one)));
        let values: Vec<&Value> = mine.filter_map(|item| item.get(member)).collect();
        let is_wrong = |pair: &&[&Value]| {
            let (first, second) = if is_descending { (pair[1], pair[0]) } else { (pair[0], pair[1]) };
            comes_after(first, second)
        };
        let wrong: Vec<Mismatch> = values
            .windows(2)
            .filter(is_wrong)
            .map(|pair| Mismatch::of(format!("{} stands before {}", pair[0], pair[1])))
            .collect();
        let declared = self.declared(list);
        let query: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let statement = format!("GET {} comes in the order that is asked for", declared.path);
        let pointer = format!("{}/parameters", declared.pointer);
        let level = if asked.is_empty() || name == "sorts-as-described" { Level::Should } else { Level::Must };
        let rule = Rule::new(format!("{}.{name}", declared.id), level, statement, pointer);
        let order = if is_descending { "the largest first" } else { "the smallest first" };
        let by = if query.is_empty() { String::new() } else { format!(" ({})", query.join("&")) };
        self.judge(rule, &answer, format!("by `{member}`, {order}{by}"), wrong);
    }
}

/// How a parameter spells the direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// `name,desc`, `name:desc` or `name desc`
    Behind(char),
    /// `-name`
    Hyphen,
}

impl Spelling {
    /// The one that a description shows.
    fn in_text(text: &str) -> Option<Self> {
        const SHOWN: [(&str, Spelling); 4] = [
            (r"(?i),\(?(asc|desc)\b", Spelling::Behind(',')),
            (r"(?i):\(?(asc|desc)\b", Spelling::Behind(':')),
            (r"(?i)`\w* (asc|desc)\b", Spelling::Behind(' ')),
            (r"(?i)hyphen|minus|`-|\bprefix", Spelling::Hyphen),
        ];
        let is_shown = |pattern: &str| regex::Regex::new(pattern).is_ok_and(|one| one.is_match(text));
        SHOWN.into_iter().find(|(pattern, _)| is_shown(pattern)).map(|(_, spelling)| spelling)
    }

    fn of(self, member: &str, is_descending: bool) -> String {
        match self {
            Self::Behind(between) => format!("{member}{between}{}", if is_descending { "desc" } else { "asc" }),
            Self::Hyphen if is_descending => format!("-{member}"),
            Self::Hyphen => member.to_owned(),
        }
    }
}

/// Whether a value is one by which lists are ordered.
fn is_comparable(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_))
}

/// Whether one value comes after another in every order that a server may have.
fn comes_after(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() > other.as_f64(),
        (Value::String(one), Value::String(other)) => text_comes_after(one, other),
        _ => false,
    }
}

/// The same of texts: by their code points, and by letters and digits alone, without their case. Where numbers of several lengths
/// meet, some servers count and others spell.
fn text_comes_after(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().filter(|one| one.is_alphanumeric()).collect::<Vec<char>>();
    let (first, second) = (letters(one), letters(other));
    let at = first.iter().zip(&second).take_while(|(one, other)| one == other).count();
    let digits = |text: &[char]| {
        let before = text[..at].iter().rev().take_while(|one| one.is_ascii_digit()).count();
        before + text[at..].iter().take_while(|one| one.is_ascii_digit()).count()
    };
    let are_numbers = [&first, &second].iter().all(|text| text.get(at).is_some_and(char::is_ascii_digit));
    let is_counted = are_numbers && digits(&first) != digits(&second);
    !is_counted && one > other && first > second
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::text_comes_after;

    #[rstest]
    #[case::letters("b", "a", true)]
    #[case::the_same("a", "a", false)]
    #[case::capitals_are_smaller_for_some("Mini", "conformance", false)]
    #[case::and_larger_for_others("conformance", "Mini", false)]
    #[case::both_agree("Mini", "Conformance", true)]
    #[case::dashes_count_for_some("a-b", "aa", false)]
    #[case::numbers_of_one_length("x20", "x10", true)]
    #[case::numbers_of_several_lengths("x9", "x10", false)]
    #[case::times("2024-02-01", "2024-01-31", true)]
    fn only_what_every_order_has_after(#[case] one: &str, #[case] other: &str, #[case] is_after: bool) {
        assert_eq!(text_comes_after(one, other), is_after);
    }
}
