//! Lists, page by page: each object once, never more than asked for.

use conformance_api::pages::{Limit, Pages, Style};
use conformance_api::{Certainty, Role};
use conformance_openapi::Location;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::Arguments;
use super::session::{Answer, Object, Session};

/// So many objects are made to be divided into pages.
const OBJECTS: usize = 5;
/// Pages are walked so far.
const PAGES: usize = 60;

/// Members that say whether there is more.
const MORE: &[&str] = &["has_more", "hasMore", "has_next", "hasNext", "hasNextPage", "has_next_page"];
/// Members that hold what leads to the next page.
const TOKENS: &[&str] = &[
    "next_cursor",
    "nextCursor",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "nextToken",
    "next_marker",
    "iterator",
    "end_cursor",
    "endCursor",
    "cursor",
    "next",
    "after",
];

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
    pub first: Option<Answer>,
    pub last: Option<Answer>,
    /// Whether its end was reached.
    pub is_whole: bool,
    /// Whether a page said that there is more, and there was nothing.
    pub is_overpromised: bool,
    /// Whether the last page said that there is more.
    said_more: bool,
}

impl Session<'_> {
    /// Whether a list wants to be told which objects it shows.
    pub(crate) fn is_filtered(&self, list: usize) -> bool {
        let of_pages = |name: &str| Pages::is_name(name);
        let query = self.declared(list).parameters.iter().filter(|one| one.location == Location::Query);
        query.into_iter().any(|one| one.required && !of_pages(&one.name))
    }

    /// The items of a list's body.
    pub(crate) fn items<'v>(&self, list: usize, body: &'v Value) -> Option<&'v Vec<Value>> {
        let shape = self.run.api.operations[list].success.shape.as_ref()?;
        self.within(shape, body)?.as_array()
    }

    /// Walks a list from its beginning, as its response or the count of its items leads on.
    pub(crate) async fn walk(&mut self, list: usize, above: &[String], limit: Option<usize>) -> Walk {
        let mut walk = Walk::default();
        let pages = self.run.api.operations[list].pages.clone();
        let resource = self.run.api.operations[list].resource.map(|at| &self.run.api.resources[at]);
        let mut next: Option<(String, String)> = None;
        for number in 0..PAGES {
            let mut arguments = Arguments::at(above);
            if let (Some(limit), Some(parameter)) = (limit, pages.as_ref().and_then(|pages| pages.limit.as_ref())) {
                arguments = arguments.with(&parameter.parameter, limit);
            }
            if let Some((name, value)) = &next {
                arguments = arguments.with(name, value);
            }
            let answer = self.send(list, arguments).await;
            walk.first.get_or_insert_with(|| answer.clone());
            walk.last = Some(answer.clone());
            let items =
                answer.json.as_ref().and_then(|body| self.items(list, body)).filter(|_| answer.is_success()).cloned();
            let Some(items) = items else { return walk };
            // A page of what was seen already leads nowhere.
            let is_new = items.iter().any(|item| !walk.items.contains(item));
            walk.is_overpromised |= walk.said_more && !is_new;
            walk.said_more = answer.json.as_ref().is_some_and(|body| says(body, MORE) == Some(true));
            walk.sizes.push(items.len());
            let last = items.last().and_then(|item| self.id_of(resource?, item));
            walk.items.extend(items.iter().cloned());
            let style =
                pages.as_ref().and_then(|pages| pages.styles.iter().find(|one| !matches!(one, Style::Before(_))));
            let step = match style {
                None if self.says_more(&answer) => Step::Unknown,
                None => Step::End,
                _ if items.is_empty() || !is_new => Step::End,
                Some(style) => self.next_page(style, &answer, number, walk.items.len(), last),
            };
            next = match step {
                Step::On(name, value) => Some((name, value)),
                Step::End | Step::Unknown => {
                    walk.is_whole = step == Step::End;
                    return walk;
                }
            };
        }
        walk
    }

    /// What leads to the next page.
    fn next_page(&self, style: &Style, answer: &Answer, number: usize, seen: usize, last: Option<String>) -> Step {
        let Some(body) = answer.json.as_ref() else { return Step::Unknown };
        let more = says(body, MORE).or_else(|| says(body, &["done"]).map(|done| !done));
        if more == Some(false) {
            return Step::End;
        }
        let on = |parameter: &str, value: String| Step::On(parameter.to_owned(), value);
        match style {
            Style::Page { parameter, first } => on(parameter, (first + number + 1).to_string()),
            Style::Offset(parameter) => on(parameter, seen.to_string()),
            Style::After(parameter) => match (found(body, TOKENS, 0), more, last) {
                (Some(Value::String(text)), ..) if !text.is_empty() => on(parameter, text),
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
        let pairs = conformance_api::query::parse(target.split_once('?').map_or("", |(_, query)| query));
        let value = pairs.into_iter().find(|(name, _)| name == parameter).map(|(_, value)| value);
        value.map_or(Step::Unknown, |value| Step::On(parameter.to_owned(), value))
    }

    fn says_more(&self, answer: &Answer) -> bool {
        answer.json.as_ref().is_some_and(|body| says(body, MORE) == Some(true))
    }

    pub(crate) async fn pages(&mut self, at: usize) {
        let api = self.run.api;
        let Some(list) = operation(api, at, Role::List) else { return };
        let declared = self.declared(list);
        let (id, pointer) = (declared.id.clone(), format!("{}/parameters", declared.pointer));
        let rule = |name: &str, level: Level, statement: String| {
            Rule::new(format!("{id}.{name}"), level, statement, pointer.clone())
        };
        // Parameters that are only likely to divide the list promise nothing.
        let is_certain = |pages: &Pages| pages.facts.iter().all(|fact| fact.certainty <= Certainty::Certain);
        let level =
            if api.operations[list].pages.as_ref().is_some_and(is_certain) { Level::Must } else { Level::Should };
        let partition =
            || rule("each-object-once", level, format!("the pages of GET {} hold every object once", declared.path));
        let Some(pages) = api.operations[list].pages.clone() else {
            return self.skip(partition(), "its parameters do not say that it has pages");
        };
        if self.is_filtered(list) {
            return self.skip(partition(), "it wants a filter, and nobody knows which objects pass it");
        }
        let Some(limit) = pages.limit.clone() else {
            return self.skip(partition(), "no parameter says how long a page is");
        };
        if !self.can_create(at) {
            return self.skip(partition(), "what is created could not be found again, or not be deleted");
        }
        let above = match self.above(at).await {
            Ok(above) => above,
            Err(why) => return self.skip(partition(), why),
        };
        let mut own = Vec::new();
        // One more than a page holds when nothing is asked for, where that is not too many.
        let count =
            limit.declared.map_or(OBJECTS, |default| if default < 21 { OBJECTS.max(default + 1) } else { OBJECTS });
        for _ in 0..count {
            match self.create_at(at, &above).await {
                Ok(object) => own.push(object),
                Err(why) => return self.skip(partition(), why),
            }
        }
        let asked = 2.min(limit.most);
        let walk = self.walk(list, &above, Some(asked)).await;
        let Some(last) = walk.last.clone() else { return };
        let too_long: Vec<Mismatch> = walk
            .sizes
            .iter()
            .filter(|size| **size > asked)
            .map(|size| Mismatch::of(format!("a page of {size} items")))
            .collect();
        let statement = format!("a page of GET {} is never longer than `{}` says", declared.path, limit.parameter);
        self.judge(rule("page-size", level, statement), &last, format!("at most {asked} items"), too_long);
        if pages.styles.iter().all(|style| matches!(style, Style::Before(_))) {
            return self.skip(partition(), "no parameter says where a page begins");
        }
        if !walk.is_whole {
            return self.skip(partition(), "the end of the list was not reached");
        }
        let count = |object: &Object| walk.items.iter().filter(|item| Self::is_same(item, object)).count();
        let wrong: Vec<Mismatch> = own
            .iter()
            .map(|object| (object, count(object)))
            .filter(|(_, count)| *count != 1)
            .map(|(object, count)| Mismatch::of(format!("{} stands there {count} times", object.id)))
            .collect();
        let partition = partition();
        self.judge(partition, &last, "each of the created objects once", wrong);
        if walk.is_overpromised || walk.sizes.len() > 1 {
            let statement = format!("GET {} says that there is more only where there is", declared.path);
            let wrong = if walk.is_overpromised {
                vec![Mismatch::of("a page says so, and the next one holds nothing new")]
            } else {
                Vec::new()
            };
            self.judge(rule("end", level, statement), &last, "an end where the list ends", wrong);
        }
        if let Some(default) = limit.declared {
            let answer = self.send(list, Arguments::at(&above)).await;
            let statement = format!("a page of GET {} holds {default} items when nothing is asked for", declared.path);
            self.page_size(list, rule("default-page-size", level, statement), &answer, default);
        }
        self.goes_back(list, &above, asked, &walk, &own).await;
        self.bounds(list, &above, &limit).await;
    }

    /// Whether the page before a page is the one that it was reached from.
    async fn goes_back(&mut self, list: usize, above: &[String], asked: usize, walk: &Walk, own: &[Object]) {
        let Some(pages) = self.run.api.operations[list].pages.clone() else { return };
        let has_after = pages.styles.iter().any(|style| matches!(style, Style::After(_)));
        let Some(Style::Before(parameter)) = pages.styles.iter().find(|style| matches!(style, Style::Before(_))) else {
            return;
        };
        let (Some(limit), true) = (&pages.limit, has_after) else { return };
        let at: Vec<usize> = (0..walk.items.len())
            .filter(|at| own.iter().any(|object| Self::is_same(&walk.items[*at], object)))
            .collect();
        // From the last of the run's own objects; those before it are its own, too, unless others write.
        let Some(from) = at.last().copied().filter(|from| *from >= asked) else { return };
        let resource = self.run.api.operations[list].resource.map(|at| &self.run.api.resources[at]);
        let Some(cursor) = resource.and_then(|resource| self.id_of(resource, &walk.items[from])) else { return };
        let expected = &walk.items[from - asked..from];
        if !(from - asked..from).all(|one| at.contains(&one)) {
            return;
        }
        let answer = self.send(list, Arguments::at(above).with(&limit.parameter, asked).with(parameter, cursor)).await;
        let found = answer.json.as_ref().and_then(|body| self.items(list, body)).cloned().unwrap_or_default();
        let declared = self.declared(list);
        let rule = Rule::new(
            format!("{}.goes-back", declared.id),
            Level::Must,
            format!("GET {} gives the page before an object in the order of the list", declared.path),
            format!("{}/parameters", declared.pointer),
        );
        let ids = |items: &[Value]| {
            items.iter().filter_map(|item| self.id_of(resource?, item)).collect::<Vec<_>>().join(", ")
        };
        let (wanted, got) = (ids(expected), ids(&found));
        let wrong = if wanted == got { Vec::new() } else { vec![Mismatch::of(format!("the page holds {got}"))] };
        self.judge(rule, &answer, format!("the page {wanted}"), wrong);
    }

    /// Sizes beyond the documented bound are rejected, or cut to it.
    async fn bounds(&mut self, list: usize, above: &[String], limit: &Limit) {
        let declared = self.declared(list);
        let parameter = limit.parameter.as_str();
        let Some(one) = declared.parameters.iter().find(|one| one.name == parameter) else { return };
        let bounds =
            one.schema.as_deref().map(|pointer| self.run.api.schemas.merged(pointer).bounds).unwrap_or_default();
        let rule = |name: &str, level: Level, statement: String| {
            Rule::new(format!("{}.{name}", declared.id), level, statement, format!("{}/parameters", declared.pointer))
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a small whole number"
        )]
        if let Some(most) = bounds.maximum.filter(|most| (1.0..=1e6).contains(most)).map(|most| most as usize) {
            let answer = self.send(list, Arguments::at(above).with(parameter, most)).await;
            let statement = format!("GET {} accepts {most} as the size of a page", declared.path);
            let wrong = if answer.is_success() {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))]
            };
            self.judge(rule("page-size-accepted", Level::Must, statement), &answer, "a 2XX response", wrong);
            let answer = self.send(list, Arguments::at(above).with(parameter, most + 1)).await;
            let statement = format!("GET {} never gives more than {most} items", declared.path);
            if answer.is_success() {
                self.page_size(list, rule("page-size-bound", Level::Must, statement), &answer, most);
            } else {
                self.judge_rejected(rule("page-size-bound", Level::Must, statement), list, &answer);
            }
        }
        let answer = self.send(list, Arguments::at(above).with(parameter, "many")).await;
        let statement = format!("GET {} rejects a page size that is no number", declared.path);
        self.judge_rejected(rule("page-size-number", Level::Should, statement), list, &answer);
    }
}

/// What a member with one of these names says, at the top or one level down.
fn says(body: &Value, names: &[&str]) -> Option<bool> {
    found(body, names, 0)?.as_bool()
}

fn found(body: &Value, names: &[&str], depth: usize) -> Option<Value> {
    let members = body.as_object()?;
    names.iter().find_map(|name| members.get(*name)).cloned().or_else(|| {
        let inner = |value: &Value| if depth < 2 && value.is_object() { found(value, names, depth + 1) } else { None };
        members.values().find_map(inner)
    })
}
