//! Scenarios meet the contract: unknown operations, parameters, requirements and bounds are found before anything is sent.

use conformance_contract::model::Place;
use conformance_contract::{Action, Contract, Location, Operation, Suite};
use conformance_record::Position;
use conformance_scenario::expression::Source;
use conformance_scenario::{
    Boundary, Call, Capability, Check, Expectation, Fragment, Fragments, Operator, Relation, Scenario, Step, StepKind,
    Template,
};
use conformance_source::{Diagnostic, Diagnostics, SourceFile, Span, suggest};

use regex::Regex;

use crate::value;

/// The scenarios of a suite, found to fit its contract and requirements.
#[derive(Debug)]
pub struct Bound {
    /// In the order of their names.
    pub scenarios: Vec<Scenario>,
    /// Those that are about SDKs, and go through one only; in the order of their names.
    pub for_sdks: Vec<Scenario>,
}

/// A check that cites a requirement.
#[derive(Clone, Debug)]
pub struct Citation<'b> {
    /// Its scenario.
    pub scenario: &'b str,
    /// Where it stands.
    pub position: Position,
}

impl Bound {
    /// The same, for a run through an SDK.
    #[must_use]
    pub fn through_an_sdk(mut self) -> Self {
        self.scenarios.append(&mut self.for_sdks);
        self.scenarios.sort_by(|one, other| one.name.cmp(&other.name));
        self
    }

    /// The checks that cite a requirement.
    #[must_use]
    pub fn citing(&self, id: &str) -> Vec<Citation<'_>> {
        let mut found = Vec::new();
        for scenario in &self.scenarios {
            for step in scenario.all_steps() {
                let citing = step.all_checks().filter(|check| check.cites.iter().any(|(one, _)| one == id));
                found.extend(citing.map(|check| {
                    let (line, column) = step.file.position(check.span.start);
                    let position = Position { file: step.file.name().to_owned(), line, column };
                    Citation { scenario: &scenario.name, position }
                }));
            }
        }
        found
    }
}

/// Parses and binds all scenarios of a suite.
///
/// # Errors
/// Every mistake in every file.
pub fn bind(suite: &Suite) -> Result<Bound, Diagnostics> {
    let (fragments, mut found) = fragments(suite);
    let mut scenarios = Vec::new();
    for file in &suite.scenarios {
        match conformance_scenario::parse(name(file.name()), file, &fragments) {
            Ok(scenario) => {
                found.extend(Binder { suite, scenario: &scenario, file: file.clone(), found: Vec::new() }.bind());
                scenarios.push(scenario);
            }
            Err(wrong) => found.extend(wrong.0),
        }
    }
    if found.is_empty() {
        found.extend(unused(&fragments, &scenarios));
    }
    // A mistake in a fragment is found wherever it is used, and told once.
    let mut told: Vec<Diagnostic> = Vec::new();
    found.retain(|one| {
        let known = told.iter().any(|other| other.place == one.place && other.title == one.title);
        told.push(one.clone());
        !known
    });
    let (for_sdks, scenarios): (Vec<_>, Vec<_>) = scenarios.into_iter().partition(Scenario::is_for_sdks);
    if scenarios.is_empty() && found.is_empty() {
        return Err(Diagnostic::general("the suite has no scenarios under fixtures/scenarios").into());
    }
    if found.is_empty() { Ok(Bound { scenarios, for_sdks }) } else { Err(Diagnostics(found)) }
}

/// `area/behaviour` of a scenario file.
fn name(path: &str) -> &str {
    let below = path.rsplit_once("fixtures/scenarios/").map_or(path, |(_, below)| below);
    below.strip_suffix(".yaml").unwrap_or(below)
}

/// The fragments of a suite, and what is wrong with them.
fn fragments(suite: &Suite) -> (Fragments, Vec<Diagnostic>) {
    let (mut fragments, mut found) = (Fragments::new(), Vec::new());
    for file in &suite.fragments {
        match Fragment::parse(file) {
            Ok(fragment) => {
                let below = file.name().rsplit_once("fixtures/fragments/").map_or(file.name(), |(_, below)| below);
                fragments.insert(below.trim_end_matches(".yaml").to_owned(), fragment);
            }
            Err(wrong) => found.extend(wrong.0),
        }
    }
    (fragments, found)
}

/// Fragments that no scenario uses: nobody ever read their steps.
fn unused(fragments: &Fragments, scenarios: &[Scenario]) -> Vec<Diagnostic> {
    let used = |file: &SourceFile| scenarios.iter().flat_map(Scenario::all_steps).any(|step| step.file == *file);
    let unused = fragments.values().filter(|fragment| !used(fragment.file()));
    let wrong = unused.map(|fragment| {
        let wrong = Diagnostic::general(format!("no scenario uses the fragment {}", fragment.file().name()));
        wrong.with_help("name it in a step (`workflowId`), or delete the file")
    });
    wrong.collect()
}

struct Binder<'s> {
    suite: &'s Suite,
    scenario: &'s Scenario,
    /// The file of the step that is looked at.
    file: SourceFile,
    found: Vec<Diagnostic>,
}

impl Binder<'_> {
    fn bind(mut self) -> Vec<Diagnostic> {
        for step in self.scenario.all_steps() {
            self.file = step.file.clone();
            self.step(step);
        }
        self.found
    }

    fn wrong(&mut self, span: &Span, title: String, label: &str, help: Option<String>) {
        let mut diagnostic = Diagnostic::at(&self.file, span.clone(), title, label);
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
        self.call(step.kind.call(), operation);
        step.twin.iter().for_each(|twin| self.call(twin, operation));
        step.all_checks().for_each(|check| self.check(check));
        let conditions = step.conditions.iter().chain(step.poll.iter().flat_map(|poll| &poll.until));
        conditions.for_each(|one| self.relation(one));
        if let (StepKind::Walk(_), true) = (&step.kind, operation.action != Action::List) {
            self.wrong(span, format!("`{id}` is not a list and cannot be walked"), "expected a list", None);
        }
        if step.poll.is_some() && !matches!(operation.action, Action::List | Action::Retrieve) {
            let title = format!("`{id}` changes something and cannot be polled");
            self.wrong(span, title, "expected an operation that only reads", None);
        }
        if step.second_token && !self.scenario.needs.contains(&Capability::SecondToken) {
            let help = Some("write `needs: [second-token]` above the steps".to_owned());
            self.wrong(
                &step.span,
                "the scenario does not say that it needs a second token".to_owned(),
                "this step sends it",
                help,
            );
        }
        if let Some(probe) = &step.probe {
            self.probe(probe, operation);
        }
    }

    fn call(&mut self, call: &Call, operation: &Operation) {
        self.parameters(call, operation);
        match (&call.body, &operation.body) {
            (Some(body), Some(rule)) => self.boundaries(&self.suite.contract, body, &rule.schema.location),
            (Some(_), None) => {
                let title = format!("`{}` takes no body", operation.id);
                self.wrong(&call.operation_span, title, "this step gives one", None);
            }
            (None, _) => {}
        }
    }

    /// A probe needs an operation that looks.
    fn probe(&mut self, probe: &Check, operation: &Operation) {
        let (action, what) = match probe.expectation {
            Expectation::Absent(_) => (Action::List, "lists"),
            _ => (Action::Retrieve, "retrieves"),
        };
        if self.suite.contract.action(operation.resource, action).is_none() {
            self.wrong(&probe.span, format!("the contract has no operation that {what} it"), "this probe", None);
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
        check.conditions.iter().for_each(|one| self.relation(one));
        if let Expectation::Value(relation) = &check.expectation {
            self.relation(relation);
        }
        for (id, span) in &check.cites {
            if self.suite.requirements.get(id).is_none() {
                let help = suggest::help(id, self.suite.requirements.ids());
                self.wrong(span, format!("`{id}` is not a requirement"), "unknown requirement", help);
            }
        }
    }

    /// What is written out fits the relation that it stands in.
    fn relation(&mut self, relation: &Relation) {
        let Template::Literal(other) = &relation.other else { return };
        let expected = |what: &str, fits: bool| (!fits).then(|| format!("expected {what}, not {other}"));
        let wrong = match relation.operator {
            Operator::Matches => match other.as_str() {
                Some(pattern) => Regex::new(pattern).err().map(|error| error.to_string()),
                None => expected("a regular expression", false),
            },
            Operator::Conforms => jsonschema::draft202012::new(other).err().map(|error| error.to_string()),
            Operator::AtLeast | Operator::AtMost | Operator::GreaterThan | Operator::LessThan => {
                expected("a number or text", other.is_number() || other.is_string())
            }
            Operator::Length => expected("a whole number", other.is_u64()),
            Operator::ContainsAll
            | Operator::ExcludesAll
            | Operator::SameItems
            | Operator::InOrderOf
            | Operator::StartOf
            | Operator::EndOf => expected("a list", other.is_array()),
            Operator::Equals
            | Operator::NotEquals
            | Operator::UnchangedSince
            | Operator::Contains
            | Operator::Excludes
            | Operator::Exists => None,
        };
        if let Some(wrong) = wrong {
            let title = format!("`{}` cannot be used: {wrong}", relation.operator.key());
            self.wrong(&relation.span, title, "in this relation", None);
        }
        self.relates(relation);
    }

    /// The value can stand in the relation at all.
    fn relates(&mut self, relation: &Relation) {
        let Template::Expression(expression, span) = &relation.that else { return };
        let number = matches!(
            expression.source,
            Source::StatusCode
                | Source::ResponseCount
                | Source::WalkPages
                | Source::WalkCount
                | Source::WalkLargest
                | Source::WalkFalseEnds
                | Source::Index
        );
        let fits = matches!(
            relation.operator,
            Operator::Equals
                | Operator::NotEquals
                | Operator::AtLeast
                | Operator::AtMost
                | Operator::GreaterThan
                | Operator::LessThan
                | Operator::Exists
        );
        if number && !fits {
            let title =
                format!("`{expression}` is a number, and `{}` is about something else", relation.operator.key());
            self.wrong(span, title, "a number", None);
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
