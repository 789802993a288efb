//! A walk through the pages of a list, as its responses lead on.

use std::time::Duration;

use conformance_api::Merged;
use conformance_api::envelope::{flat, is_spread};
use conformance_api::names::plain;
use conformance_api::pages::{Pages, Style};
use conformance_openapi::Location;
use serde_json::Value;

use super::request::Arguments;
use super::session::{Answer, Object, Session};

/// How long a list may be behind what was created: after each of these times it is read again.
pub(crate) const BEHIND: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_millis(1000)];
/// Pages are walked so far.
const PAGES: usize = 60;

/// Members that say whether there is more, however they are spelled.
const MORE: &[&str] = &["hasmore", "hasnext", "hasnextpage"];
/// Members that say whether there is no more.
const LAST: &[&str] = &["done", "last", "islast", "lastpage", "islastpage"];
/// Members that hold what leads to the next page.
const TOKENS: &[&str] =
    &["nextcursor", "nextpagetoken", "nexttoken", "nextmarker", "iterator", "endcursor", "cursor", "next", "after"];

/// Members that hold the number, or the address, of the next page.
const NEXT: &[&str] = &["next", "nextpage", "nextlink", "nexturl", "nextpageurl"];

/// What follows a page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Another one, with this parameter and value.
    On(String, String),
    End,
    /// Nothing says how to go on, or that there is nothing more.
    Unknown,
}

/// What a walk through a list saw.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Its items, in their order.
    pub items: Vec<Value>,
    /// How many items each page had.
    pub sizes: Vec<usize>,
    /// The response with each page.
    pub answers: Vec<Answer>,
    pub first: Option<Answer>,
    pub last: Option<Answer>,
    /// Whether its end was reached.
    pub is_whole: bool,
    /// Whether a page said that there is more, and there was nothing.
    pub is_overpromised: bool,
    /// Whether the last page said that there is more.
    said_more: bool,
    /// The number that each page gives itself, where pages have numbers.
    pub numbers: Vec<Option<i64>>,
}

impl Walk {
    /// The first page that repeats an object of these; none where no page does.
    pub fn repeating(&self, own: &[Object]) -> Option<&Answer> {
        let mut from = 0;
        for (size, answer) in self.sizes.iter().zip(&self.answers) {
            let (before, page) = (&self.items[..from], &self.items[from..from + size]);
            let is_again = |object: &&Object| {
                let shows = |items: &[Value]| items.iter().any(|item| Session::is_same(item, object));
                shows(page) && shows(before)
            };
            if own.iter().any(|object| is_again(&object)) {
                return Some(answer);
            }
            from += size;
        }
        None
    }
}

impl Session<'_> {
    /// Whether a list wants to be told which objects it shows.
    pub(crate) fn is_filtered(&self, list: usize) -> bool {
        let of_pages = |name: &str| Pages::is_name(name);
        let query = self.declared(list).parameters.iter().filter(|one| one.location == Location::Query);
        query.into_iter().any(|one| one.required && !of_pages(&one.name))
    }

    /// The items of a list's body.
    pub(crate) fn items(&self, list: usize, body: &Value) -> Option<Vec<Value>> {
        let shape = self.run.api.operations[list].success.shape.as_ref()?;
        let items = self.within(shape, body)?.as_array()?;
        let is_spread = is_spread(&self.run.api.schemas, shape);
        Some(if is_spread { items.iter().map(flat).collect() } else { items.clone() })
    }

    /// Walks a list from its beginning, as its response or the count of its items leads on.
    pub(crate) async fn walk(&mut self, list: usize, above: &[String], limit: Option<usize>) -> Walk {
        self.walk_with(list, above, limit, &[]).await
    }

    /// The same with a size of pages and other query parameters, again until it has these objects: a list may be behind.
    pub(crate) async fn walk_until(
        &mut self,
        list: usize,
        above: &[String],
        (limit, others): (Option<usize>, &[(String, String)]),
        own: &[Object],
    ) -> Walk {
        let lacks_one = |items: &[Value]| own.iter().any(|one| !items.iter().any(|item| Self::is_same(item, one)));
        self.walk_behind(list, above, (limit, others), &lacks_one).await
    }

    /// The same, again for some time while what it shows is behind what was done.
    pub(crate) async fn walk_behind(
        &mut self,
        list: usize,
        above: &[String],
        (limit, others): (Option<usize>, &[(String, String)]),
        is_behind: &(dyn Fn(&[Value]) -> bool + Sync),
    ) -> Walk {
        let mut walk = self.walk_with(list, above, limit, others).await;
        for wait in BEHIND {
            if !is_behind(&walk.items) || !walk.last.as_ref().is_some_and(Answer::is_success) {
                break;
            }
            self.rest(wait).await;
            walk = self.walk_with(list, above, limit, others).await;
        }
        walk
    }

    /// The same, with other query parameters.
    pub(crate) async fn walk_with(
        &mut self,
        list: usize,
        above: &[String],
        limit: Option<usize>,
        others: &[(String, String)],
    ) -> Walk {
        let mut walk = Walk::default();
        let pages = self.run.api.operations[list].pages.clone();
        let mut next: Option<(String, String)> = None;
        for number in 0..PAGES {
            let mut arguments = Arguments { query: others.to_vec(), ..Arguments::at(above) };
            if let (Some(limit), Some(parameter)) = (limit, pages.as_ref().and_then(|pages| pages.limit.as_ref())) {
                arguments = arguments.with(&parameter.parameter, &limit);
            }
            if let Some((name, value)) = &next {
                arguments = arguments.with(name, &value);
            }
            let answer = self.send(list, arguments).await;
            walk.first.get_or_insert_with(|| answer.clone());
            walk.last = Some(answer.clone());
            let items = answer.json.as_ref().and_then(|body| self.items(list, body)).filter(|_| answer.is_success());
            let Some(items) = items else {
                self.judge_no_error(list, &answer);
                return walk;
            };
            // A page of what was seen already leads nowhere.
            let is_new = items.iter().any(|item| !walk.items.contains(item));
            walk.is_overpromised |= walk.said_more && !is_new;
            walk.said_more = answer.json.as_ref().and_then(says_more) == Some(true);
            walk.sizes.push(items.len());
            walk.answers.push(answer.clone());
            walk.numbers.push(pages.as_ref().and_then(|pages| page_number(&pages.styles, answer.json.as_ref()?)));
            walk.items.extend(items.iter().cloned());
            let is_divided = pages.iter().flat_map(|pages| &pages.styles).any(|one| !matches!(one, Style::Before(_)));
            let step = match self.step_after(list, &answer, number, walk.items.len()) {
                _ if is_divided && !is_new => Step::End,
                // What led on from the pages before leads on no more.
                Step::Unknown if next.is_some() && answer.json.is_some() => Step::End,
                step => step,
            };
            next = match step {
                Step::On(name, value) => Some((name, value)),
                Step::End | Step::Unknown => {
                    walk.is_whole = step == Step::End;
                    // It says that there is more, and nothing that leads there.
                    walk.is_overpromised |=
                        walk.is_whole && walk.said_more && (items.is_empty() || walk.sizes.len() > 1);
                    return walk;
                }
            };
        }
        walk
    }

    /// The query parameter that leads to what follows a page, none where nothing does; `number` counts the pages before it,
    /// `seen` the items up to its end.
    ///
    /// # Errors
    /// When nothing says how the list goes on.
    pub(crate) fn page_after(
        &self,
        list: usize,
        answer: &Answer,
        number: usize,
        seen: usize,
    ) -> Result<Option<(String, String)>, String> {
        match self.step_after(list, answer, number, seen) {
            Step::On(name, value) => Ok(Some((name, value))),
            Step::End => Ok(None),
            Step::Unknown => Err("nothing says how the list goes on".to_owned()),
        }
    }

    fn step_after(&self, list: usize, answer: &Answer, number: usize, seen: usize) -> Step {
        let operation = &self.run.api.operations[list];
        let style = operation.pages.iter().flat_map(|pages| &pages.styles).find(|one| !matches!(one, Style::Before(_)));
        let Some(style) = style else {
            return if answer.json.as_ref().and_then(says_more) == Some(true) { Step::Unknown } else { Step::End };
        };
        let items = answer.json.as_ref().and_then(|body| self.items(list, body));
        let Some(last) = items.as_ref().and_then(|items| items.last()) else { return Step::End };
        let last = operation.resource.and_then(|at| self.id_of(&self.run.api.resources[at], last));
        match style {
            Style::After(name) if operation.pages.as_ref().is_some_and(|pages| pages.begins_behind_id) => match last {
                Some(last) if !says_end(answer) => Step::On(name.clone(), last),
                _ => Step::End,
            },
            style => match self.next_page(style, answer, number, seen, last) {
                // What is documented to lead on, and need not be there, leads nowhere where it is missing.
                Step::Unknown if answer.json.is_some() && self.documents_next(list) => Step::End,
                step => step,
            },
        }
    }

    /// Whether the body of a list's pages has a member, which may be missing, for what leads on.
    fn documents_next(&self, list: usize) -> bool {
        let Some(shape) = &self.run.api.operations[list].success.shape else { return false };
        let schemas = &self.run.api.schemas;
        let is_next = |name: &str| TOKENS.contains(&plain(name).as_str()) || NEXT.contains(&plain(name).as_str());
        let body = schemas.merged(&shape.body);
        body.properties.iter().any(|(name, property)| {
            let inner = schemas.merge(property);
            let is_optional = |within: &Merged<'_>, name: &str| is_next(name) && !within.required.contains(&name);
            is_optional(&body, name) || inner.properties.iter().any(|(name, _)| is_optional(&inner, name))
        })
    }

    /// What leads to the next page.
    fn next_page(&self, style: &Style, answer: &Answer, number: usize, seen: usize, last: Option<String>) -> Step {
        let Some(body) = answer.json.as_ref() else { return Step::Unknown };
        let more = says_more(body);
        if more == Some(false) {
            return Step::End;
        }
        let on = |parameter: &str, value: String| Step::On(parameter.to_owned(), value);
        match style {
            // Who names the next page names none behind the last one.
            Style::Page { .. } | Style::Offset(_) if found(body, NEXT, 0) == Some(Value::Null) => Step::End,
            Style::Page { parameter, first } => on(parameter, (first + number + 1).to_string()),
            Style::Offset(parameter) => on(parameter, seen.to_string()),
            Style::After(parameter) => match (found(body, TOKENS, 0).map(target), more, last) {
                (Some(Value::String(text)), ..) if !text.is_empty() => match in_query(&text, parameter) {
                    Some(value) => on(parameter, value),
                    None => on(parameter, text),
                },
                (Some(Value::Null | Value::String(_)), ..) => Step::End,
                // No token is shown: the id of the last item is one.
                (_, Some(true), Some(last)) => on(parameter, last),
                _ => self.next_link(answer, parameter),
            },
            Style::Before(_) => Step::Unknown,
        }
    }

    /// What the `Link` field of a response says.
    fn next_link(&self, answer: &Answer, parameter: &str) -> Step {
        let Ok(response) = &self.exchanges[answer.number].response else { return Step::Unknown };
        let Some(links) = response.header("link") else { return Step::Unknown };
        let next = links
            .split(',')
            .find(|one| one.contains("rel=\"next\""))
            .and_then(|one| one.split_once('<')?.1.split_once('>'));
        let Some((target, _)) = next else { return Step::End };
        in_query(target, parameter).map_or(Step::Unknown, |value| Step::On(parameter.to_owned(), value))
    }
}

/// Whether a body says that there is more, or that there is not.
fn says_more(body: &Value) -> Option<bool> {
    says(body, MORE).or_else(|| says(body, LAST).map(|last| !last))
}

/// What a link leads to, be it an object with an `href` (HAL).
fn target(link: Value) -> Value {
    match &link {
        Value::Object(members) => members.get("href").cloned().unwrap_or(link),
        _ => link,
    }
}

/// Whether a response says that there is no more.
fn says_end(answer: &Answer) -> bool {
    answer.json.as_ref().and_then(says_more) == Some(false)
}

/// The number that a page gives itself: in the member that is called as the parameter that asks for it.
fn page_number(styles: &[Style], body: &Value) -> Option<i64> {
    let parameter = styles.iter().find_map(|style| match style {
        Style::Page { parameter, .. } => Some(plain(parameter)),
        _ => None,
    })?;
    found(body, &[parameter.as_str()], 0)?.as_i64()
}

const TOTALS: &[&str] =
    &["total", "totalcount", "totalitems", "totalresults", "totalelements", "totalsize", "totalhits"];

/// Whether something is called as the count of what a list has.
pub(crate) fn is_total(name: &str) -> bool {
    TOTALS.contains(&plain(name).as_str())
}

/// How many pages a list says that it has; where they count from zero, the number of the last one says something else.
pub(crate) fn page_count(body: &Value, count_from_zero: bool) -> Option<usize> {
    const COUNTS: &[&str] = &["totalpages", "numpages", "pagestotal", "lastpage"];
    let counts = if count_from_zero { &COUNTS[..3] } else { COUNTS };
    usize::try_from(found(body, counts, 0)?.as_u64()?).ok()
}

/// How many objects a list says that it has.
pub(crate) fn total(body: &Value) -> Option<usize> {
    usize::try_from(found(body, TOTALS, 0)?.as_u64()?).ok()
}

/// The value of a query parameter in an address.
fn in_query(address: &str, parameter: &str) -> Option<String> {
    let pairs = conformance_api::query::parse(address.split_once('?')?.1);
    pairs.into_iter().find(|(name, _)| name == parameter).map(|(_, value)| value)
}

/// What a member with one of these names says, at the top or one level down.
fn says(body: &Value, names: &[&str]) -> Option<bool> {
    found(body, names, 0)?.as_bool()
}

fn found(body: &Value, names: &[&str], depth: usize) -> Option<Value> {
    let members = body.as_object()?;
    let named = |wanted: &&str| members.iter().find(|(name, _)| plain(name) == *wanted).map(|(_, value)| value.clone());
    names.iter().find_map(named).or_else(|| {
        let inner = |value: &Value| if depth < 2 && value.is_object() { found(value, names, depth + 1) } else { None };
        members.values().find_map(inner)
    })
}
