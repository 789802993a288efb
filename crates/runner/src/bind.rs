//! Scenarios meet the contract: unknown operations, parameters, requirements and bounds are found before anything is sent.

use conformance_contract::model::Place;
use conformance_contract::{Action, Contract, Location, Operation, Suite};
use conformance_scenario::{Boundary, Call, Check, Expectation, Operator, Scenario, Step, StepKind, Template};
use conformance_source::{Diagnostic, Diagnostics, Span, suggest};

use regex::Regex;

use crate::value;

/// The scenarios of a suite, found to fit its contract and requirements.
#[derive(Debug)]
pub struct Bound {
    /// In the order of their names.
    pub scenarios: Vec<Scenario>,
}

/// Parses and binds all scenarios of a suite.
///
/// # Errors
/// Every mistake in every file.
pub fn bind(suite: &Suite) -> Result<Bound, Diagnostics> {
    let mut found = Vec::new();
    let mut scenarios = Vec::new();
    for file in &suite.scenarios {
        match conformance_scenario::parse(name(file.name()), file) {
            Ok(scenario) => {
                found.extend(Binder { suite, scenario: &scenario, found: Vec::new() }.bind());
                scenarios.push(scenario);
            }
            Err(wrong) => found.extend(wrong.0),
        }
    }
    if scenarios.is_empty() && found.is_empty() {
        return Err(Diagnostic::general("the suite has no scenarios under fixtures/scenarios").into());
    }
    if found.is_empty() { Ok(Bound { scenarios }) } else { Err(Diagnostics(found)) }
}

/// `area/behaviour` of a scenario file.
fn name(path: &str) -> &str {
    let below = path.rsplit_once("fixtures/scenarios/").map_or(path, |(_, below)| below);
    below.strip_suffix(".yaml").unwrap_or(below)
}

struct Binder<'s> {
    suite: &'s Suite,
    scenario: &'s Scenario,
    found: Vec<Diagnostic>,
}

impl Binder<'_> {
    fn bind(mut self) -> Vec<Diagnostic> {
        for step in &self.scenario.steps {
            self.step(step);
        }
        self.found
    }

    fn wrong(&mut self, span: &Span, title: String, label: &str, help: Option<String>) {
        let mut diagnostic = Diagnostic::at(&self.scenario.file, span.clone(), title, label);
        diagnostic.help.extend(help);
        self.found.push(diagnostic);
    }

    fn step(&mut self, step: &Step) {
        let contract = &self.suite.contract;
        let (id, span) = step.kind.operation();
        let Some(operation) = contract.operation(id) else {
            let help = suggest::help(id, contract.operations.iter().map(|one| one.id.as_str()));
            return self.wrong(span, format!("`{id}` is not an operation of the contract"), "unknown operation", help);
        };
        let call = step.kind.call();
        self.parameters(call, operation);
        match (&call.body, &operation.body) {
            (Some(body), Some(rule)) => self.boundaries(contract, body, &rule.schema.location),
            (Some(_), None) => self.wrong(span, format!("`{id}` takes no body"), "this step gives one", None),
            (None, _) => {}
        }
        step.checks.iter().for_each(|check| self.check(check));
        if let StepKind::Walk(walk) = &step.kind {
            walk.each_page.iter().for_each(|check| self.check(check));
            if operation.action != Action::List {
                self.wrong(span, format!("`{id}` is not a list and cannot be walked"), "expected a list", None);
            }
        }
    }

    fn parameters(&mut self, call: &Call, operation: &Operation) {
        for (name, span, value) in &call.parameters {
            match operation.parameter(name) {
                Some(parameter) => self.boundaries(&self.suite.contract, value, &parameter.schema.location),
                None => {
                    let help = suggest::help(name, operation.parameters.iter().map(|one| one.name.as_str()));
                    let title = format!("`{name}` is not a parameter of {}", operation.id);
                    self.wrong(span, title, "unknown parameter", help);
                }
            }
        }
        let given = |name: &str| call.parameters.iter().any(|(one, ..)| one == name);
        for parameter in operation.parameters.iter().filter(|one| one.place == Place::Path && !given(&one.name)) {
            let title = format!("`{}` needs the parameter `{}`", operation.id, parameter.name);
            self.wrong(&call.operation_span, title, "called here", None);
        }
    }

    fn check(&mut self, check: &Check) {
        self.relation(check);
        for (id, span) in &check.cites {
            if self.suite.requirements.get(id).is_none() {
                let help = suggest::help(id, self.suite.requirements.ids());
                self.wrong(span, format!("`{id}` is not a requirement"), "unknown requirement", help);
            }
        }
    }

    /// Patterns and schemas that are written out are ones.
    fn relation(&mut self, check: &Check) {
        let Expectation::Value { operator, other: Template::Literal(other), .. } = &check.expectation else { return };
        let wrong = match operator {
            Operator::Matches => Regex::new(&value::plain(other)).err().map(|error| error.to_string()),
            Operator::Conforms => jsonschema::draft202012::new(other).err().map(|error| error.to_string()),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.wrong(&check.span, format!("`{}` cannot be used: {wrong}", operator.key()), "in this check", None);
        }
    }

    /// Every `$boundary` stands where the schema has the bound that it names.
    fn boundaries(&mut self, contract: &Contract, template: &Template, at: &Location) {
        match template {
            Template::Object(members) => {
                let properties = contract.schemas.properties(at);
                for (name, member) in members {
                    if let Some(at) = properties.iter().find(|(one, _)| one == name).and_then(|(_, all)| all.first()) {
                        self.boundaries(contract, member, at);
                    }
                }
            }
            Template::Boundary(boundary) => self.boundary(contract, boundary, at),
            _ => {}
        }
    }

    fn boundary(&mut self, contract: &Contract, boundary: &Boundary, at: &Location) {
        let Template::Literal(edge) = boundary.edge.as_ref() else { return };
        if let Err(reason) = value::edge(&contract.schemas, at, edge.as_str().unwrap_or("")) {
            self.wrong(&boundary.span, reason.reason().to_owned(), "no such bound here", None);
        }
    }
}
