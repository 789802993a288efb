//! What a scenario saw, in a form that is the same in every run: the raw material of snapshots.
//!
//! What varies gets a stable name, the same value the same name throughout: ids (`<thing:1>`, in the order in which they
//! were created), ids that name nothing (`<unknown:1>`), times (`<ms>`), the run's marker. What depends on the objects of
//! others is left to the checks: what a single page holds and whether there is more (a walk is told by the scenario's own
//! objects), and the answers to arguments that were counted or chosen from whole lists (`<captured>`).

use std::sync::Arc;

use conformance_contract::model::Generated;
use conformance_contract::schemas::Location;
use conformance_contract::{Operation, Resource};
use conformance_record::truncate::MAX_BODY;
use conformance_record::{Exchange, Response};
use conformance_scenario::{Call, Scenario, Step, StepKind, Template};
use conformance_source::pointer;
use serde_json::Value;

use crate::stable::{Ignored, stable};
use crate::url::escaped;
use crate::world::World;

/// How many rounds of a repeated step are told in full.
const TOLD: usize = 3;

/// How many objects of a walk are told.
const TOLD_OF_A_WALK: usize = 10;

/// The transcript of one scenario.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    text: String,
    rounds: usize,
    /// Outputs that depend on the objects of others.
    varying: Vec<String>,
    /// Members whose values are left out.
    ignored: Arc<Ignored>,
    /// Whether what the step sends, or whether it is sent at all, depends on the objects of others.
    silent: bool,
}

impl Transcript {
    pub(crate) fn of(scenario: &Scenario, ignored: Ignored) -> Self {
        let outputs = scenario.steps.iter().flat_map(|step| &step.outputs);
        let varying = outputs.filter(|(_, one)| one.source.depends_on_others()).map(|(name, _)| name.clone());
        Self { varying: varying.collect(), ignored: Arc::new(ignored), ..Self::default() }
    }

    /// A step begins.
    pub(crate) fn step(&mut self, number: usize, step: &Step, operation: &Operation) {
        self.end_step();
        let conditions = step.conditions.iter().flat_map(|one| [&one.that, &one.other]);
        let from = match &step.kind {
            StepKind::Walk(walk) => walk.from.iter().chain(&walk.until).collect(),
            StepKind::Call(_) => Vec::new(),
        };
        self.silent = conditions.chain(from).any(|value| self.varies(value));
        if number > 0 {
            self.text.push('\n');
        }
        self.text.push_str(&format!("# {}: {}\n", number + 1, operation.id));
    }

    /// An exchange of the step.
    pub(crate) fn exchange(
        &mut self,
        world: &World<'_>,
        (operation, call): (&Operation, &Call),
        base: &str,
        exchange: &Exchange,
    ) {
        self.rounds += 1;
        if self.rounds > TOLD || self.silent {
            return;
        }
        let ignored = self.ignored.clone();
        let names = Names { world, operation, ignored: &ignored };
        let request = &exchange.request;
        let target = request.target.strip_prefix(base).unwrap_or(&request.target);
        let settled = self.settled(call, target);
        self.line(&format!("{} {}", request.method, names.text(&settled)));
        if settled != target {
            return;
        }
        if !request.body.is_empty() {
            self.line(&names.request(&request.body));
        }
        match &exchange.response {
            Ok(response) => {
                let media = response.header("content-type").map_or_else(String::new, |media| format!(" {media}"));
                self.line(&format!("→ {}{media}", response.status));
                if response.body.len() > MAX_BODY {
                    // A snapshot is read by people, and compared line by line.
                    self.line(&format!("<more than {} KiB>", MAX_BODY >> 10));
                } else if !response.body.is_empty() {
                    self.line(&names.body(response));
                }
            }
            Err(reason) => self.line(&format!("→ {reason}")),
        }
    }

    /// The outcome of a walk.
    pub(crate) fn walk(&mut self, world: &World<'_>, operation: &Operation, own: &[Value]) {
        if self.silent {
            return;
        }
        let ignored = self.ignored.clone();
        let names = Names { world, operation, ignored: &ignored };
        let item = operation.page.as_ref().map(|page| page.item.location.clone());
        let told = own.iter().take(TOLD_OF_A_WALK);
        let lines: Vec<String> = told.map(|one| names.value(item.as_slice(), one.clone())).collect();
        lines.iter().for_each(|line| self.line(line));
        if own.len() > TOLD_OF_A_WALK {
            self.line(&format!("… and {} more", own.len() - TOLD_OF_A_WALK));
        }
    }

    /// A request target without the values of arguments that vary.
    fn settled(&self, call: &Call, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
        let varies = |pair: &&str| {
            let mut parameters = call.parameters.iter();
            let found = parameters.find(|(name, ..)| pair.split('=').next() == Some(&escaped(name)));
            found.is_some_and(|(.., value)| self.varies(value))
        };
        let settle = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if varies(&pair) => format!("{name}=<captured>"),
            _ => pair.to_owned(),
        };
        format!("{path}?{}", query.split('&').map(settle).collect::<Vec<_>>().join("&"))
    }

    fn varies(&self, value: &Template) -> bool {
        let mut varies = false;
        value.expressions(&mut |expression, _| varies |= self.varying.iter().any(|name| expression.is_output(name)));
        varies
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn end_step(&mut self) {
        if self.rounds > TOLD && !self.silent {
            let more = self.rounds - TOLD;
            self.line(&format!("… and {more} more rounds"));
        }
        self.rounds = 0;
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        self.end_step();
        self.text
    }
}

/// Gives what varies its names.
struct Names<'n> {
    world: &'n World<'n>,
    operation: &'n Operation,
    ignored: &'n Ignored,
}

impl Names<'_> {
    fn resource(&self) -> &Resource {
        &self.world.contract.resources[self.operation.resource]
    }

    /// Text with every id and the marker named.
    fn text(&self, text: &str) -> String {
        let name = &self.resource().name;
        let own =
            self.world.variables.own.iter().enumerate().map(|(index, id)| (id, format!("<{name}:{}>", index + 1)));
        let unknown =
            self.world.variables.unknown.iter().enumerate().map(|(index, id)| (id, format!("<unknown:{}>", index + 1)));
        let named = own.chain(unknown).fold(text.to_owned(), |text, (id, name)| text.replace(id.as_str(), &name));
        let percent = self.world.variables.marker.replace('~', "%7E");
        let named = named.replace(&self.world.variables.marker, "<marker>").replace(&percent, "<marker>");
        // Text of a set length may end in the middle of it.
        let cut =
            (3..self.world.variables.marker.len()).rev().filter_map(|length| self.world.variables.marker.get(..length));
        cut.fold(named, |text, part| text.replace(&format!("{part}\""), "<marker\""))
    }

    /// A request's body, as it was sent.
    fn request(&self, bytes: &[u8]) -> String {
        self.text(&String::from_utf8_lossy(bytes)).replace('\r', "").trim_end().to_owned()
    }

    fn body(&self, response: &Response) -> String {
        let Ok(mut value) = conformance_json::parse(&response.body) else { return self.request(&response.body) };
        if let Some(page) = &self.operation.page {
            for (at, name) in [(Some(&page.items), "<items>"), (page.more.as_ref(), "<more>")] {
                if let Some(at) = at.filter(|at| value.pointer(at).is_some()) {
                    pointer::set(&mut value, at, Value::from(name));
                }
            }
        }
        let rule = self.operation.response(response.status).and_then(|rule| rule.schema.as_ref());
        self.value(rule.map(|schema| schema.location.clone()).as_slice(), value)
    }

    /// A value at a place of these schemas.
    fn value(&self, places: &[Location], mut value: Value) -> String {
        self.times(&mut value);
        let value = stable(&self.world.contract.schemas, places, self.ignored, value);
        // A line per member, so that what changed is a line.
        self.text(&conformance_json::write::write_pretty(&value))
    }

    /// Times by name.
    fn times(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.times(item)),
            Value::Object(members) => {
                let rules = self.resource();
                for (name, member) in members {
                    match rules.on_create.get(name).or_else(|| rules.on_update.get(name)) {
                        Some(kind) if member.is_number() || member.is_string() => {
                            *member = Value::from(stand_in(*kind))
                        }
                        _ => self.times(member),
                    }
                }
            }
            _ => {}
        }
    }
}

const fn stand_in(kind: Generated) -> &'static str {
    match kind {
        Generated::UnixMs => "<ms>",
        Generated::UnixSeconds => "<s>",
        Generated::Rfc3339 => "<time>",
    }
}
