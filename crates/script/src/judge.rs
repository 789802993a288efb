//! Compiles relations and checks: each becomes jq that answers a list of what is otherwise.

use conformance_contract::Operation;
use conformance_scenario::expression::Source;
use conformance_scenario::{Check, Expectation, Operator, Relation, Template};
use serde_json::{Value, json};

use crate::compiler::Compiler;
use crate::text::{literal, quoted, sentence};

impl Compiler<'_> {
    /// A relation.
    pub(crate) fn relation(&mut self, operation: &Operation, relation: &Relation) -> String {
        let other = self.value(operation, &relation.other, None);
        let that = self.value(operation, &relation.that, None);
        let captured =
            matches!(&relation.that, Template::Expression(one, _) if matches!(one.source, Source::Output(_)));
        if relation.operator == Operator::UnchangedSince {
            let name = if captured { "unchanged_captured" } else { "unchanged_since" };
            return format!("{name}({that}; {other}; {})", literal(&json!(relation.except)));
        }
        if relation.operator == Operator::Conforms {
            self.validates = true;
        }
        let name = if captured { "holds_captured" } else { "holds" };
        format!("{name}({that}; {}; {other})", quoted(relation.operator.key()))
    }

    /// Relations that must hold for something to count, as a stream.
    pub(crate) fn conditions(&mut self, operation: &Operation, relations: &[Relation]) -> String {
        let all: Vec<String> = relations.iter().map(|one| self.relation(operation, one)).collect();
        if all.is_empty() { "empty".to_owned() } else { format!("({})", all.join(", ")) }
    }

    /// A check on an answer, with what it is about in a comment.
    pub(crate) fn check(&mut self, operation: &Operation, check: &Check, place: &str) -> String {
        let mut judged = match &check.expectation {
            Expectation::Status(statuses) => format!("status_is({})", literal(&json!(statuses))),
            Expectation::Documented => {
                self.documents(operation);
                "documented".to_owned()
            }
            Expectation::Value(relation) => self.relation(operation, relation),
            Expectation::Unchanged(_) => "unchanged".to_owned(),
            Expectation::Absent(text) => {
                let list = self.list_of(operation).and_then(|list| list.page.as_ref());
                let items = list.map_or_else(String::new, |page| page.items.clone());
                format!("absent({}; {})", quoted(&items), self.value(operation, text, None))
            }
        };
        if !check.conditions.is_empty() {
            judged = format!("only_if({}; {judged})", self.conditions(operation, &check.conditions));
        }
        if !check.if_status.is_empty() {
            judged = format!("only_status({}; {judged})", literal(&json!(check.if_status)));
        }
        let is_probe = matches!(check.expectation, Expectation::Unchanged(_) | Expectation::Absent(_));
        // No answer is a failure where an answer is all that is asked for.
        let plain = !is_probe && check.conditions.is_empty() && check.if_status.is_empty();
        let name = if plain { "check" } else { "judge" };
        let about: Vec<String> = check.cites.iter().map(|(id, _)| self.cited(id)).collect();
        format!("{}  {name}({}; {judged})", about.concat(), quoted(place))
    }

    fn cited(&self, id: &str) -> String {
        let statement = self.suite.requirements.get(id).map_or("", |one| one.statement.as_str());
        format!("  # {id}: {}\n", sentence(statement))
    }
}

/// What a check expects, in words.
pub(crate) fn expected(check: &Check) -> Value {
    let words = match &check.expectation {
        Expectation::Status(statuses) => format!("status {}", statuses.join(" or ")),
        Expectation::Documented => "status, media type and body as documented".to_owned(),
        Expectation::Value(value) => format!("{} {} {}", value.that, value.operator.phrase(), value.other),
        Expectation::Unchanged(id) => format!("the object {id} is as it was before the request"),
        Expectation::Absent(text) => format!("no object of the list has {text} in it"),
    };
    Value::from(words)
}
