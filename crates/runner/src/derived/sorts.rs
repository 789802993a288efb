//! Lists come in the order that they are asked for.

use conformance_api::names::plain;
use conformance_api::pages::SORTS;
use conformance_openapi::{Location, Parameter};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::session::{Object, Session};

impl Session<'_> {
    /// Asks a list for each order that its parameters name by a member of the items.
    pub(crate) async fn sorts(&mut self, list: usize, above: &[String], own: &[Object]) {
        let api = self.run.api;
        let declared = self.declared(list);
        let direction = api.operations[list].pages.as_ref().and_then(|pages| pages.direction.clone());
        let query = declared.parameters.iter().filter(|one| one.location == Location::Query);
        for parameter in query.filter(|one| SORTS.contains(&plain(&one.name).as_str())) {
            for word in self.words(parameter) {
                let (member, is_descending) = match word.strip_prefix('-') {
                    Some(member) => (member.to_owned(), true),
                    None => (word.clone(), false),
                };
                if !own.iter().all(|one| one.members.get(&member).is_some_and(|value| !value.is_null())) {
                    continue;
                }
                let asked = vec![(parameter.name.clone(), word.clone())];
                match direction.as_ref().filter(|one| one.parameter != parameter.name) {
                    None => self.is_sorted(list, (above, own), &asked, (&member, is_descending)).await,
                    Some(direction) => {
                        for (way, is_descending) in self.ways(list, &direction.parameter) {
                            let asked = [asked.clone(), vec![(direction.parameter.clone(), way)]].concat();
                            self.is_sorted(list, (above, own), &asked, (&member, is_descending)).await;
                        }
                    }
                }
            }
        }
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
        asked: &[(String, String)],
        (member, is_descending): (&str, bool),
    ) {
        let walk = self.walk_with(list, above, None, asked).await;
        let (Some(answer), true) = (walk.last.clone(), walk.is_whole) else { return };
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
        let rule = Rule::new(format!("{}.sorts", declared.id), Level::Must, statement, pointer);
        let order = if is_descending { "the largest first" } else { "the smallest first" };
        self.judge(rule, &answer, format!("by `{member}`, {order} ({})", query.join("&")), wrong);
    }
}

/// Whether one value comes after another in every order that a server may have: letters are compared without their case.
fn comes_after(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() > other.as_f64(),
        (Value::String(one), Value::String(other)) => one.to_lowercase() > other.to_lowercase(),
        _ => false,
    }
}
