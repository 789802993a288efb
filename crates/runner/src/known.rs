//! Failures that are known: a list that checks itself. An entry that no longer fails, fails for another reason, or has
//! expired, fails the run.

use conformance_contract::Suite;
use conformance_record::{CheckOutcome, Position, Verdict};
use conformance_scenario::{Scenario, Step};
use conformance_source::{Diagnostic, Diagnostics, Node, Reader, SourceFile, Span, parse, suggest};
use jiff::civil::Date;

/// The known failures of a target.
#[derive(Clone, Debug, Default)]
pub struct KnownFailures {
    entries: Vec<Entry>,
    /// Whether a check that is not reached is not there at all, which says nothing of it.
    is_of_a_document: bool,
}

/// A failure that is known.
#[derive(Clone, Debug)]
struct Entry {
    scenario: String,
    requirement: String,
    /// What the check must say that it found.
    found: String,
    /// Why nobody mends it.
    reason: String,
    /// The last day on which it is excused.
    until: Option<Date>,
    position: Position,
    fate: Fate,
}

/// What became of an entry in this run.
#[derive(Clone, Debug)]
enum Fate {
    /// Its scenario was not judged.
    Unseen,
    /// It failed as expected.
    Failed,
    /// It did not fail.
    Passed,
    /// It failed otherwise.
    Changed(String),
}

/// What an entry can name.
struct Known<'k> {
    scenarios: Vec<String>,
    requirements: Vec<String>,
    /// Whether a check of the scenario cites the requirement.
    cites: &'k dyn Fn(&str, &str) -> bool,
}

impl KnownFailures {
    /// Reads a list of failures of a suite's scenarios.
    ///
    /// # Errors
    /// Every mistake in it, among them entries that could never match anything.
    pub fn parse(file: &SourceFile, suite: &Suite, scenarios: &[Scenario]) -> Result<Self, Diagnostics> {
        let cites = |scenario: &str, requirement: &str| {
            let is_oracle = suite.requirements.get(requirement).is_some_and(|rule| rule.oracle.is_some());
            let mut steps = scenarios.iter().filter(|one| one.name == scenario).flat_map(Scenario::all_steps);
            let cited = |step: &Step| {
                step.all_checks().any(|check| check.cites.iter().any(|(id, _)| id.as_str() == requirement))
            };
            is_oracle || steps.any(cited)
        };
        let names = scenarios.iter().map(|one| one.name.clone()).collect();
        let requirements = suite.requirements.ids().map(str::to_owned).collect();
        let entries = parse_with(file, &Known { scenarios: names, requirements, cites: &cites })?;
        Ok(Self { entries, is_of_a_document: false })
    }

    /// The same, of scenarios that follow from a document: any of them may cite any requirement.
    ///
    /// # Errors
    /// Every mistake in it, among them entries that could never match anything.
    pub fn parse_for_document(
        file: &SourceFile,
        scenarios: Vec<String>,
        requirements: Vec<String>,
    ) -> Result<Self, Diagnostics> {
        let entries = parse_with(file, &Known { scenarios, requirements, cites: &|_, _| true })?;
        Ok(Self { entries, is_of_a_document: true })
    }

    /// Excuses the checks of a scenario that fail as expected.
    pub(crate) fn excuse(&mut self, scenario: &str, checks: &mut [CheckOutcome]) {
        let today = jiff::Zoned::now().date();
        for entry in self.entries.iter_mut().filter(|one| one.scenario == scenario) {
            let expired = entry.until.is_some_and(|until| today > until);
            let requirement = entry.requirement.clone();
            let cites = |check: &CheckOutcome| check.requirements.iter().any(|one| one.id == requirement);
            if !checks.iter().any(cites) && !self.is_of_a_document {
                // The oracle speaks only of what is broken.
                entry.fate = Fate::Passed;
            }
            for check in checks.iter_mut().filter(|one| cites(one)) {
                match check.verdict {
                    Verdict::Fail | Verdict::Warn
                        if check.found.iter().any(|one| one.to_string().contains(&entry.found)) =>
                    {
                        entry.fate = Fate::Failed;
                        if !expired {
                            check.verdict = Verdict::Known(entry.reason.clone());
                        }
                    }
                    Verdict::Fail | Verdict::Warn if !matches!(entry.fate, Fate::Failed) => {
                        entry.fate = Fate::Changed(check.found.first().map(ToString::to_string).unwrap_or_default());
                    }
                    Verdict::Pass if matches!(entry.fate, Fate::Unseen) => entry.fate = Fate::Passed,
                    _ => {}
                }
            }
        }
    }

    /// What is wrong with the list, by what the run found: the entry's place, and what to do.
    pub(crate) fn troubles(&self) -> Vec<(Position, String)> {
        let today = jiff::Zoned::now().date();
        let trouble = |entry: &Entry| {
            let name = format!("{} in {}", entry.requirement, entry.scenario);
            let said = match &entry.fate {
                Fate::Unseen => return None,
                Fate::Passed => format!("{name} does not fail any more: delete the entry"),
                Fate::Changed(found) => format!("{name} fails otherwise than known: {found}; expected {}", entry.found),
                Fate::Failed => match entry.until {
                    Some(until) if today > until => format!("{name} still fails, and was excused until {until}"),
                    _ => return None,
                },
            };
            Some((entry.position.clone(), said))
        };
        self.entries.iter().filter_map(trouble).collect()
    }
}

fn parse_with(file: &SourceFile, names: &Known<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let root = parse(file)?;
    let reader = Reader::new(file);
    let known = reader
        .object(&root, "the known failures", &["known"])
        .and_then(|object| reader.list(object.required("known")?, |node| entry(&reader, node, names)));
    reader.finish(known)
}

fn entry(reader: &Reader, node: &Node, names: &Known<'_>) -> Option<Entry> {
    let keys = &["scenario", "requirement", "found", "reason", "until"];
    let object = reader.object(node, "a known failure", keys)?;
    let scenario_node = object.required("scenario");
    let requirement_node = object.required("requirement");
    let (found, reason) = (object.text("found"), object.text("reason"));
    let until = match object.optional("until") {
        None => None,
        Some(node) => match reader.text(node)?.parse::<Date>() {
            Ok(date) => Some(date),
            Err(_) => return reader.expected(node, "a date like \"2027-01-31\""),
        },
    };
    let (scenario_node, requirement_node) = (scenario_node?, requirement_node?);
    let (scenario, requirement) = (reader.text(scenario_node)?, reader.text(requirement_node)?);
    if !names.scenarios.contains(&scenario) {
        let help = suggest::help(&scenario, names.scenarios.iter().map(String::as_str));
        return unknown(reader, &scenario_node.span, &format!("there is no scenario `{scenario}`"), help);
    }
    if !names.requirements.contains(&requirement) {
        let help = suggest::help(&requirement, names.requirements.iter().map(String::as_str));
        return unknown(reader, &requirement_node.span, &format!("`{requirement}` is not a requirement"), help);
    }
    if !(names.cites)(&scenario, &requirement) {
        let title = format!("no check of {scenario} cites `{requirement}`");
        return unknown(reader, &requirement_node.span, &title, None);
    }
    let (line, column) = reader.file().position(node.span.start);
    let position = Position { file: reader.file().name().to_owned(), line, column };
    Some(Entry { scenario, requirement, found: found?, reason: reason?, until, position, fate: Fate::Unseen })
}

fn unknown<T>(reader: &Reader, span: &Span, title: &str, help: Option<String>) -> Option<T> {
    let mut wrong = Diagnostic::at(reader.file(), span.clone(), title, "it would match nothing");
    wrong.help.extend(help);
    reader.report(wrong);
    None
}
