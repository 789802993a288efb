//! A model of what a scenario has created, by which every answer of every scenario is judged, whatever its steps ask.
//!
//! Which requirement a rule stands for, the suite says (`oracle` in requirements.yaml). Only documented members count, and
//! only the scenario's own objects; what a write that got no clear answer did is not guessed.

use std::collections::{BTreeMap, HashSet};

use conformance_contract::requirements::Rule;
use conformance_contract::{Action, Contract, Operation, Requirement, Requirements};
use conformance_json::Note;
use conformance_record::{CheckOutcome, Exchange, Level, Mismatch, Position, Verdict};
use conformance_source::SourceFile;
use serde_json::Value;

use crate::relate::changes;
use crate::subject::{OfSuite, Subject};
use crate::world::{World, id_text};

/// What is known of an object.
#[derive(Debug)]
enum Known {
    /// It is as this answer showed it.
    As(Value),
    /// Something was done to it, and nobody knows what.
    Unclear,
    /// It was deleted.
    Gone,
}

/// The model, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    known: BTreeMap<String, Known>,
    rules: BTreeMap<Rule, Broken>,
}

#[derive(Debug, Default)]
struct Broken {
    mismatches: Vec<Mismatch>,
    exchange: Option<usize>,
}

impl Oracle {
    /// Judges an answer by what is known, and learns from it.
    pub(crate) fn see(
        &mut self,
        (world, base): (&World<'_>, &str),
        operation: &Operation,
        id: Option<&str>,
        exchange: &Exchange,
    ) {
        let own = id.filter(|id| world.variables.own.iter().any(|own| own == id));
        let Ok(response) = &exchange.response else {
            return self.lose(operation, own);
        };
        let read = conformance_json::read(&response.body).ok();
        let (body, notes) = read.map_or_else(Default::default, |document| (document.value, document.notes));
        let twice = notes.iter().filter(|note| matches!(note, Note::DuplicateMember(_)));
        self.rule(Rule::Members, exchange, twice.map(|note| Mismatch::of(format!("the body {note}"))).collect());
        let done = (200..300).contains(&response.status);
        if response.status >= 500 {
            return self.lose(operation, own);
        }
        if let Some(id) = own.filter(|id| matches!(self.known.get(*id), Some(Known::Gone))) {
            let mismatch = format!("{id} was deleted, and this was answered with success");
            self.rule(Rule::Gone, exchange, if done { vec![Mismatch::of(mismatch)] } else { Vec::new() });
        }
        match (operation.action, own) {
            (Action::List, _) if done => self.list(world, operation, &body, exchange),
            (Action::Create, _) if done => {
                if let Some(id) = world.created_id(operation.resource, base, response) {
                    self.known.insert(id, Known::As(body));
                }
            }
            (Action::Retrieve | Action::Update | Action::Delete, Some(id)) if done => {
                self.one(world.contract, operation, (id, body), exchange);
            }
            _ => {}
        }
    }

    /// Judges nothing of an answer that is not the server's own.
    pub(crate) fn look_away(&mut self, world: &World<'_>, operation: &Operation, id: Option<&str>) {
        self.lose(operation, id.filter(|id| world.variables.own.iter().any(|own| own == id)));
    }

    /// A write that got no clear answer.
    fn lose(&mut self, operation: &Operation, own: Option<&str>) {
        if let (Some(id), Action::Update | Action::Delete) = (own, operation.action) {
            self.known.insert(id.to_owned(), Known::Unclear);
        }
    }

    fn one(&mut self, contract: &Contract, operation: &Operation, (id, body): (&str, Value), exchange: &Exchange) {
        let before = self.known.remove(id);
        if operation.action == Action::Delete {
            self.known.insert(id.to_owned(), Known::Gone);
            return;
        }
        // An answer that shows no id is judged by its schema.
        let found = body.get(&contract.resources[operation.resource].id_property).and_then(id_text);
        let mismatch = found.filter(|found| found != id);
        let mismatch = mismatch.map(|found| format!("the answer has the id {found}, asked for was {id}"));
        self.rule(Rule::Id, exchange, mismatch.into_iter().map(Mismatch::of).collect());
        if operation.action == Action::Update {
            self.known.insert(id.to_owned(), if body.is_object() { Known::As(body) } else { Known::Unclear });
            return;
        }
        if let Some(Known::As(before)) = &before {
            self.rule(Rule::Same, exchange, documented(contract, operation, &body, before));
        }
        self.known.insert(id.to_owned(), before.unwrap_or(Known::Unclear));
    }

    fn list(&mut self, world: &World<'_>, operation: &Operation, body: &Value, exchange: &Exchange) {
        let Some(page) = &operation.page else { return };
        let Some(items) = body.pointer(&page.items).and_then(Value::as_array) else { return };
        let ids = OfSuite::new(world.contract, operation).ids(body);
        if ids.len() > 1 {
            let mut met = HashSet::new();
            let twice = ids.iter().filter(|id| !id.is_empty() && !met.insert(id.as_str()));
            self.rule(
                Rule::Once,
                exchange,
                twice.map(|id| Mismatch::of(format!("{id} is on the page twice"))).collect(),
            );
        }
        if let Some(most) = most(world.contract, operation, exchange) {
            let over = (items.len() > most).then(|| format!("a page of at most {most} holds {}", items.len()));
            self.rule(Rule::Limit, exchange, over.into_iter().map(Mismatch::of).collect());
        }
        let mine = world.variables.mine(&ids);
        if mine.len() > 1 {
            let places: Vec<_> = mine.iter().map(|id| world.variables.own.iter().position(|own| own == id)).collect();
            let newest_first = world.contract.resources[operation.resource].newest_first;
            let sorted = if newest_first { places.is_sorted_by(|a, b| a >= b) } else { places.is_sorted() };
            let wrong = (!sorted).then(|| format!("the scenario's own are in the order {}", mine.join(", ")));
            self.rule(Rule::Order, exchange, wrong.into_iter().map(Mismatch::of).collect());
        }
        if self.known.values().any(|known| matches!(known, Known::Gone)) {
            let gone = mine.iter().filter(|id| matches!(self.known.get(*id), Some(Known::Gone)));
            let gone = gone.map(|id| Mismatch::of(format!("{id} was deleted, and the list shows it"))).collect();
            self.rule(Rule::Gone, exchange, gone);
        }
        for (item, id) in items.iter().zip(&ids) {
            if let Some(Known::As(before)) = self.known.get(id) {
                let changed = documented(world.contract, operation, item, before).into_iter();
                self.rule(Rule::Same, exchange, changed.map(|one| Mismatch { round: id.clone(), ..one }).collect());
            }
        }
    }

    fn rule(&mut self, rule: Rule, exchange: &Exchange, mismatches: Vec<Mismatch>) {
        if mismatches.is_empty() {
            return;
        }
        let broken = self.rules.entry(rule).or_default();
        broken.exchange.get_or_insert(exchange.number);
        for one in mismatches {
            if !broken.mismatches.contains(&one) {
                broken.mismatches.push(one);
            }
        }
    }

    /// A failed check for each broken rule that stands for a requirement. What holds is not told: how much there was to
    /// judge depends on what others have in the list.
    pub(crate) fn outcomes(self, requirements: &Requirements, file: &SourceFile) -> Vec<CheckOutcome> {
        let broken =
            self.rules.into_iter().filter_map(|(rule, broken)| Some((requirements.oracle(rule)?, rule, broken)));
        let outcome = |(requirement, rule, broken): (&Requirement, _, Broken)| {
            broken.outcome((requirements, requirement), rule, file)
        };
        broken.map(outcome).collect()
    }
}

impl Broken {
    fn outcome(
        self,
        (requirements, requirement): (&Requirements, &Requirement),
        rule: Rule,
        file: &SourceFile,
    ) -> CheckOutcome {
        let verdict = if requirement.level == Level::Must { Verdict::Fail } else { Verdict::Warn };
        CheckOutcome {
            verdict,
            level: requirement.level,
            requirements: vec![requirements.cited(requirement)],
            position: Position { file: file.name().to_owned(), line: 1, column: 1 },
            source: String::new(),
            exchange: self.exchange,
            expected: format!("in all answers of the scenario, {}", rule.demand()),
            meanings: Vec::new(),
            found: Mismatch::first_few(self.mismatches),
        }
    }
}

/// Documented members that are otherwise than before.
fn documented(contract: &Contract, operation: &Operation, now: &Value, before: &Value) -> Vec<Mismatch> {
    changes(now, &OfSuite::new(contract, operation).documented_members(before), &[])
}

/// How many objects a page may hold: no more than were asked for, nor than may be asked for.
fn most(contract: &Contract, operation: &Operation, exchange: &Exchange) -> Option<usize> {
    let page = operation.page.as_ref()?;
    let query = exchange.request.target.split_once('?').map_or("", |(_, query)| query);
    let asked = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == page.limit);
    let asked = asked.and_then(|(_, value)| value.parse::<usize>().ok()).filter(|asked| *asked > 0);
    let most = contract.largest_page(operation).and_then(|most| usize::try_from(most).ok());
    asked.into_iter().chain(most).min()
}
