//! Filters show what they are asked for, and all of it.

use conformance_api::names::{asked_for, same};
use conformance_api::query::text;
use conformance_api::{Api, Merged};
use conformance_openapi::{Location, Parameter};
use conformance_record::{CheckOutcome, Level, Mismatch, Verdict};
use serde_json::Value;

use super::check::Rule;
use super::session::{Answer, Object, Session};

/// So many values of one filter are tried.
const MOST: usize = 6;

/// A parameter that is called as a member of a list's items.
struct Filter<'a> {
    parameter: &'a str,
    of_parameter: Merged<'a>,
    /// The member that the parameter means.
    member: &'a str,
    rule: Rule,
}

/// What a list is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    filter: &'a Filter<'a>,
    value: &'a str,
}

impl<'r> Session<'r> {
    /// Asks a list for what one of the run's own objects has, by each parameter that is called as a member of the items.
    pub(crate) async fn filters(&mut self, list: usize, above: &[String], own: &[Object]) {
        let filters = self.filters_of(list);
        let mut sound = Vec::new();
        for filter in filters {
            let before = self.checks.len();
            // Each of a few words, or whatever the first object has.
            let is_listed = filter.of_parameter.enumeration.is_some() || filter.of_parameter.kind() == Some("boolean");
            let mut own = own.to_vec();
            if is_listed {
                own.extend(self.object_of_another_word(list, above, &own, &filter).await);
            }
            // What was made twice under one name is what was made last.
            let is_last = |at: usize| !own[at + 1..].iter().any(|other| other.path == own[at].path);
            let mut tried: Vec<String> = Vec::new();
            for object in own.iter().enumerate().filter(|(at, _)| is_last(*at)).map(|(_, object)| object) {
                let Some(value) = filter.value_of(object).filter(|one| !tried.contains(one)) else { continue };
                self.filter(list, above, object, Asked { filter: &filter, value: &value }).await;
                tried.push(value);
                if tried.len() == if is_listed { MOST } else { 1 } {
                    break;
                }
            }
            let is_sound = |check: &CheckOutcome| check.verdict == Verdict::Pass;
            if self.checks.len() > before && self.checks[before..].iter().all(is_sound) {
                sound.push(filter);
            }
        }
        if let Some(object) = own.last() {
            for pair in sound.windows(2) {
                self.filter_by_two(list, above, object, (&pair[0], &pair[1])).await;
                self.filter_by_two(list, above, object, (&pair[1], &pair[0])).await;
            }
        }
    }

    /// An object with another word, where all that are there have the same: else nothing is seen of the filter.
    async fn object_of_another_word(
        &mut self,
        list: usize,
        above: &[String],
        own: &[Object],
        filter: &Filter<'_>,
    ) -> Option<Object> {
        let at = self.run.api.operations[list].resource?;
        let value = filter.value_of(own.first()?)?;
        if own.iter().any(|one| filter.value_of(one).as_ref() != Some(&value)) {
            return None;
        }
        let flags = [Value::Bool(true), Value::Bool(false)];
        let words = filter.of_parameter.enumeration.iter().flatten().copied().chain(&flags);
        let is_kind = |one: &&Value| one.is_boolean() == (filter.of_parameter.kind() == Some("boolean"));
        let others = words.filter(is_kind).filter(|one| text(one).is_some_and(|one| one != value));
        for other in others.take(2) {
            if let Some(object) = self.create_with(at, above, filter.member, other).await {
                return Some(object).filter(|one| filter.value_of(one) == text(other));
            }
        }
        None
    }

    fn filters_of(&self, list: usize) -> Vec<Filter<'r>> {
        let api = self.run.api;
        let declared = self.declared(list);
        let Some(shape) = api.operations[list].success.shape.as_ref() else { return Vec::new() };
        let item = api.schemas.merge(&conformance_api::envelope::members(&api.schemas, shape));
        let query = declared.parameters.iter().filter(|one| one.location == Location::Query);
        let filters = query.filter(|one| !conformance_api::pages::Pages::is_name(&one.name)).filter_map(|parameter| {
            let asked_for = asked_for(&parameter.name);
            let (member, schemas) = item.properties.iter().find(|(name, _)| same(name, asked_for))?;
            let (of_member, of_parameter) = (api.schemas.merge_value(schemas), merged(api, parameter));
            let is_simple = matches!(of_parameter.kind(), Some("string" | "integer" | "boolean"))
                && of_member.kind() == of_parameter.kind();
            // What has one name, one type and one list of values is one thing.
            let is_certain = of_parameter.enumeration == of_member.enumeration && *member == asked_for;
            let level = if is_certain { Level::Must } else { Level::Should };
            let statement = format!("GET {} shows what `{}` asks for", declared.path, parameter.name);
            let pointer = format!("{}/parameters", declared.pointer);
            let rule = Rule::new(format!("{}.filters", declared.id), level, statement, pointer);
            is_simple.then_some(Filter { parameter: &parameter.name, of_parameter, member, rule })
        });
        filters.collect()
    }

    /// Asks for what an object has, by one parameter, and for what it has not, by another. That all have to match is what filters do.
    async fn filter_by_two(
        &mut self,
        list: usize,
        above: &[String],
        object: &Object,
        (one, other): (&Filter<'_>, &Filter<'_>),
    ) {
        let (Some(value), Some(has)) = (one.value_of(object), other.value_of(object)) else { return };
        let Some(lacks) = another(other.parameter, &other.of_parameter, &has) else { return };
        let asked = [(one.parameter.to_owned(), value.clone()), (other.parameter.to_owned(), lacks.clone())];
        let walk = self.walk_with(list, above, None, &asked).await;
        let Some(answer) = walk.last.clone().filter(Answer::is_success) else { return };
        let wrong = if walk.items.iter().any(|item| Self::is_same(item, object)) {
            vec![Mismatch::of(format!("{}, whose `{}` is {has}, is there", object.id, other.member))]
        } else {
            Vec::new()
        };
        let expected = format!("objects whose `{}` is {value} and whose `{}` is {lacks}", one.member, other.member);
        self.judge(Rule { level: Level::Should, ..one.rule.clone() }, &answer, expected, wrong);
    }

    /// Asks for what an object has, and for what it has not.
    async fn filter(&mut self, list: usize, above: &[String], object: &Object, Asked { filter, value }: Asked<'_>) {
        let api = self.run.api;
        let Filter { rule, member, .. } = filter;
        let member = *member;
        let of_member = self.shown(list, member);
        let is_text = of_member.kind() == Some("string") && of_member.enumeration.is_none();
        // A text may be looked for within texts.
        let fits = |found: &str| found == value || (is_text && found.to_lowercase().contains(&value.to_lowercase()));
        let strange = |item: &&Value| item.get(member).and_then(text).is_some_and(|found| !fits(&found));
        let asked = [(filter.parameter.to_owned(), value.to_owned())];
        let walk = self.walk_until(list, above, (None, &asked), std::slice::from_ref(object)).await;
        let (Some(answer), true) = (walk.last.clone(), walk.is_whole) else { return };
        let mut wrong: Vec<Mismatch> = walk.items.iter().filter(strange).map(|item| otherwise(member, item)).collect();
        if !walk.items.iter().any(|item| Self::is_same(item, object)) {
            wrong.push(Mismatch::of(format!("{}, whose `{member}` is {value}, is not there", object.id)));
        }
        self.judge(rule.clone(), &answer, format!("objects whose `{member}` is {value}, and all of them"), wrong);
        self.counts(list, &walk, 1, (above, None, &asked)).await;
        let pages = api.operations[list].pages.as_ref().and_then(|pages| pages.limit.as_ref());
        if let Some(limit) = pages {
            // A page later it asks for the same.
            let walk = self.walk_with(list, above, Some(2.min(limit.most)), &asked).await;
            let wrong = walk.items.iter().filter(strange).map(|item| otherwise(member, item)).collect();
            if let Some(answer) = walk.last.clone().filter(Answer::is_success) {
                let expected = format!("objects whose `{member}` is {value}, on every page");
                self.judge(rule.clone(), &answer, expected, wrong);
            }
        }
        let Some(other) = another(filter.parameter, &filter.of_parameter, value) else { return };
        let walk = self.walk_with(list, above, None, &[(filter.parameter.to_owned(), other.clone())]).await;
        let Some(answer) = walk.last.clone().filter(Answer::is_success) else { return };
        let wrong = if walk.items.iter().any(|item| Self::is_same(item, object)) {
            vec![Mismatch::of(format!("{}, whose `{member}` is {value}, is there", object.id))]
        } else {
            Vec::new()
        };
        self.judge(rule.clone(), &answer, format!("objects whose `{member}` is {other}, and no others"), wrong);
    }
}

impl Filter<'_> {
    /// What an object has of the member, where that can be asked for.
    fn value_of(&self, object: &Object) -> Option<String> {
        object.members.get(self.member).and_then(text).filter(|one| !one.is_empty())
    }
}

/// An item that a filter should not have shown.
fn otherwise(member: &str, item: &Value) -> Mismatch {
    Mismatch::of(format!("an item whose `{member}` is {}", item[member]))
}

fn merged<'a>(api: &'a Api, parameter: &Parameter) -> Merged<'a> {
    parameter.schema.as_deref().map(|at| api.schemas.merged(at)).unwrap_or_default()
}

/// A value of a filter that is not this one.
fn another(name: &str, parameter: &Merged<'_>, value: &str) -> Option<String> {
    if let Some(values) = &parameter.enumeration {
        let mut others = values.iter().filter_map(|one| text(one)).filter(|one| one != value);
        // These are words for no filter at all.
        return others.find(|one| !matches!(one.as_str(), "all" | "any" | "*" | ""));
    }
    match (parameter.kind(), parameter.patterns.first()) {
        (Some("boolean"), _) => Some(if value == "true" { "false" } else { "true" }.to_owned()),
        (Some("string"), Some(pattern)) => {
            let mut random = fastrand::Rng::with_seed(0);
            let random = &mut |below: usize| random.usize(..below);
            conformance_api::pattern::any_matching(pattern, (0, 200), random).filter(|other| other != value)
        }
        // An id like this one, which nobody has. Other texts may be looked for in ways of the server's own.
        (Some("string"), None) if conformance_api::names::plain(name).ends_with("id") => {
            let other = super::conflicts::unknown(&value.into())?.as_str()?.to_owned();
            (!other.contains(value)).then_some(other)
        }
        _ => None,
    }
}
