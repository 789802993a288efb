//! Scenarios meet the contract: unknown operations, parameters, requirements and bounds are found before anything is sent.

use conformance_contract::Suite;
use conformance_record::Position;
use conformance_scenario::expression::Source;
use conformance_scenario::{
    Call, Capability, Check, Expectation, Fragment, Fragments, Operator, Relation, Scenario, Step, StepKind, Template,
};
use conformance_source::{Diagnostic, Diagnostics, SourceFile, Span, suggest};

use regex::Regex;

use crate::subject::{Place, Subject};
use crate::vocabulary::{OfSuiteFiles, Signature, Vocabulary};

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
    let bound = bind_files(&OfSuiteFiles { suite }, &suite.scenarios, &suite.fragments)?;
    if bound.scenarios.is_empty() {
        return Err(Diagnostic::general("the suite has no scenarios under fixtures/scenarios").into());
    }
    Ok(bound)
}

/// Parses and binds scenario files.
///
/// # Errors
/// Every mistake in every file.
pub(crate) fn bind_files<V: Vocabulary>(
    vocabulary: &V,
    files: &[SourceFile],
    fragments: &[SourceFile],
) -> Result<Bound, Diagnostics> {
    let (fragments, mut found) = parse_fragments(fragments);
    let mut scenarios = Vec::new();
    for file in files {
        match conformance_scenario::parse(name(file.name()), file, &fragments) {
            Ok(scenario) => {
                let binder = Binder { vocabulary, scenario: &scenario, file: file.clone(), found: Vec::new() };
                found.extend(binder.bind());
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
    if found.is_empty() { Ok(Bound { scenarios, for_sdks }) } else { Err(Diagnostics(found)) }
}

/// `area/behaviour` of a scenario file.
fn name(path: &str) -> &str {
    below(path, "scenarios/")
}

/// The path of a file below a folder of that name, without its ending.
fn below<'p>(path: &'p str, folder: &str) -> &'p str {
    let after = |(at, _): (usize, &str)| &path[at + folder.len()..];
    let starts = |(at, _): &(usize, &str)| *at == 0 || path.as_bytes()[*at - 1] == b'/';
    // The last one: a suite may stand in a folder of that name itself. An area of that name is none.
    let below = path.rmatch_indices(folder).find(starts).map_or(path, after);
    below.strip_suffix(".yaml").unwrap_or(below)
}

/// Fragments by their names, and what is wrong with them.
fn parse_fragments(files: &[SourceFile]) -> (Fragments, Vec<Diagnostic>) {
    let (mut fragments, mut found) = (Fragments::new(), Vec::new());
    for file in files {
        match Fragment::parse(file) {
            Ok(fragment) => {
                fragments.insert(below(file.name(), "fragments/").to_owned(), fragment);
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

struct Binder<'s, V> {
    vocabulary: &'s V,
    scenario: &'s Scenario,
    /// The file of the step that is looked at.
    file: SourceFile,
    found: Vec<Diagnostic>,
}

impl<V: Vocabulary> Binder<'_, V> {
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
        let (id, span) = step.kind.operation();
        let vocabulary = self.vocabulary;
        let Some((signature, subject)) = vocabulary.operation(id) else {
            let help = suggest::help(id, vocabulary.operation_ids());
            return self.wrong(span, format!("`{id}` is not an operation of the contract"), "unknown operation", help);
        };
        self.call(step.kind.call(), &signature, &subject);
        step.twin.iter().for_each(|twin| self.call(twin, &signature, &subject));
        step.all_checks().for_each(|check| self.check(check));
        let conditions = step.conditions.iter().chain(step.poll.iter().flat_map(|poll| &poll.until));
        conditions.for_each(|one| self.relation(one));
        if let (StepKind::Walk(_), false) = (&step.kind, signature.is_list) {
            self.wrong(span, format!("`{id}` is not a list and cannot be walked"), "expected a list", None);
        }
        if step.poll.is_some() && !signature.only_reads {
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
            self.probe(probe, &signature);
        }
    }

    fn call(&mut self, call: &Call, signature: &Signature, subject: &dyn Subject) {
        self.parameters(call, signature, subject);
        if let Some(body) = &call.body {
            if !signature.takes_body {
                let title = format!("`{}` takes no body", signature.id);
                self.wrong(&call.operation_span, title, "this step gives one", None);
            }
            self.boundaries(subject, body, signature.body.as_ref());
        }
    }

    /// A probe needs an operation that looks.
    fn probe(&mut self, probe: &Check, signature: &Signature) {
        let (can_look, what) = match probe.expectation {
            Expectation::Absent(_) => (signature.has_list, "lists"),
            _ => (signature.has_retrieve, "retrieves"),
        };
        if !can_look {
            self.wrong(&probe.span, format!("the contract has no operation that {what} it"), "this probe", None);
        }
    }

    fn parameters(&mut self, call: &Call, signature: &Signature, subject: &dyn Subject) {
        for (name, span, value) in &call.parameters {
            match signature.parameters.iter().find(|one| one.name == *name) {
                Some(parameter) => self.boundaries(subject, value, parameter.schema.as_ref()),
                None => {
                    let help = suggest::help(name, signature.parameters.iter().map(|one| one.name.as_str()));
                    let title = format!("`{name}` is not a parameter of {}", signature.id);
                    self.wrong(span, title, "unknown parameter", help);
                }
            }
        }
        let given = |name: &str| call.parameters.iter().any(|(one, ..)| one == name);
        for parameter in signature.parameters.iter().filter(|one| one.is_in_path && !given(&one.name)) {
            let title = format!("`{}` needs the parameter `{}`", signature.id, parameter.name);
            self.wrong(&call.operation_span, title, "called here", None);
        }
    }

    fn check(&mut self, check: &Check) {
        check.conditions.iter().for_each(|one| self.relation(one));
        if let Expectation::Value(relation) = &check.expectation {
            self.relation(relation);
        }
        let known = self.vocabulary.requirement_ids();
        for (id, span) in &check.cites {
            if !known.contains(&id.as_str()) {
                let help = suggest::help(id, known.iter().copied());
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
    fn boundaries(&mut self, subject: &dyn Subject, template: &Template, at: Option<&Place>) {
        match template {
            Template::Object(members) => {
                for (name, member) in members {
                    let at = at.and_then(|at| subject.member_schema(at, name));
                    if at.is_some() {
                        self.boundaries(subject, member, at.as_ref());
                    }
                }
            }
            Template::Boundary(boundary) => {
                let Template::Literal(edge) = boundary.edge.as_ref() else { return };
                let Some(at) = at else { return };
                if let Err(reason) = subject.edge(at, edge.as_str().unwrap_or("")) {
                    self.wrong(&boundary.span, reason.reason().to_owned(), "no such bound here", None);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::name;

    #[rstest]
    #[case("fixtures/scenarios/pages/forward.yaml", "pages/forward")]
    #[case("scenarios/desk/order.yaml", "desk/order")]
    #[case("/home/me/scenarios/own/fixtures/scenarios/my-scenarios/one.yaml", "my-scenarios/one")]
    fn scenarios_are_called_by_area_and_behaviour(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(name(path), expected);
    }
}
