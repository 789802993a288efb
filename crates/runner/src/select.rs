//! Which scenarios, and which of their checks, a run is about.

use conformance_contract::{Action, Contract, Requirements, Suite};
use conformance_record::CheckOutcome;
use conformance_scenario::{Rounds, Scenario, Step, Template};
use conformance_source::{Diagnostic, Diagnostics, suggest};

use crate::bind::Bound;

/// A scenario, and which of its checks count.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The scenario; all its steps are replayed, for later ones need earlier ones.
    pub scenario: Scenario,
    /// The checks that count.
    pub keep: Keep,
}

/// Which checks of a scenario count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// Those that cite one of these requirements.
    Citing(Vec<String>),
    /// Those of the step that this line stands in.
    Line(usize),
}

/// Selects by area, scenario, requirement or step (`area/behaviour:LINE`); all, when nothing is named.
///
/// # Errors
/// When a name names nothing.
pub fn select(bound: &Bound, requirements: &Requirements, only: &[String]) -> Result<Vec<Selected>, Diagnostics> {
    let all =
        |keep: Keep| bound.scenarios.iter().map(move |one| Selected { scenario: one.clone(), keep: keep.clone() });
    if only.is_empty() {
        return Ok(all(Keep::All).collect());
    }
    let (mut selected, mut found): (Vec<Selected>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for name in only {
        let named: Vec<Selected> = if requirements.get(name).is_some() {
            let keep = Keep::Citing(vec![name.clone()]);
            all(keep).filter(|one| one.scenario.all_steps().any(|step| cites(step, name))).collect()
        } else {
            let (scenario, line) = split_line(name);
            let keep = line.map_or(Keep::All, Keep::Line);
            let stands = |one: &Scenario, line: usize| one.all_steps().any(|step| lines(one, step).contains(&line));
            let fits = |one: &Scenario| match line {
                Some(line) => one.name == scenario && stands(one, line),
                None => one.name == scenario || area(one) == scenario,
            };
            all(keep).filter(|one| fits(&one.scenario)).collect()
        };
        if named.is_empty() {
            found.push(unknown(bound, requirements, name));
        }
        for one in named {
            add(&mut selected, one);
        }
    }
    if found.is_empty() { Ok(selected) } else { Err(Diagnostics(found)) }
}

/// The lines of a scenario's file that a step takes up.
fn lines(scenario: &Scenario, step: &Step) -> std::ops::RangeInclusive<usize> {
    scenario.file.position(step.place.start).0..=scenario.file.position(step.place.end).0
}

fn add(selected: &mut Vec<Selected>, new: Selected) {
    match selected.iter_mut().find(|one| one.scenario.name == new.scenario.name) {
        Some(one) => match (&mut one.keep, new.keep) {
            (Keep::Citing(all), Keep::Citing(more)) => all.extend(more),
            (keep, _) => *keep = Keep::All,
        },
        None => selected.push(new),
    }
}

fn area(scenario: &Scenario) -> &str {
    scenario.name.split('/').next().unwrap_or("")
}

/// `pages/forward:12` as name and line.
fn split_line(name: &str) -> (&str, Option<usize>) {
    match name.rsplit_once(':').map(|(before, line)| (before, line.parse().ok())) {
        Some((before, Some(line))) => (before, Some(line)),
        _ => (name, None),
    }
}

pub(crate) fn cites(step: &Step, requirement: &str) -> bool {
    step.all_checks().any(|check| check.cites.iter().any(|(id, _)| id == requirement))
}

fn unknown(bound: &Bound, requirements: &Requirements, name: &str) -> Diagnostic {
    let mut known: Vec<&str> = bound.scenarios.iter().flat_map(|one| [area(one), one.name.as_str()]).collect();
    known.extend(requirements.ids());
    if let (scenario, Some(line)) = split_line(name)
        && bound.scenarios.iter().any(|one| one.name == scenario)
    {
        return Diagnostic::general(format!("no step of {scenario} stands in line {line}"));
    }
    if bound.for_sdks.iter().any(|one| area(one) == name || one.name == split_line(name).0) {
        let diagnostic = Diagnostic::general(format!("`{name}` is about what an SDK makes of a server's faults"));
        return diagnostic.with_help("`conformance sdk -- DRIVER` replays it");
    }
    let diagnostic = Diagnostic::general(format!("`{name}` is no area, scenario or requirement that anything tests"));
    match suggest::nearest(split_line(name).0, known) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help("areas and scenarios are the folders and files under fixtures/scenarios"),
    }
}

/// How many objects these scenarios hold on the server at a time, at most, as far as their files tell.
#[must_use]
pub fn objects_at_a_time(suite: &Suite, selected: &[Selected], jobs: usize) -> u64 {
    let mut all: Vec<u64> = selected.iter().map(|one| one.creates(&suite.contract)).collect();
    all.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
    all.into_iter().take(jobs.max(1)).sum()
}

impl Selected {
    /// How many objects the scenario creates, at most, as far as its file tells.
    fn creates(&self, contract: &Contract) -> u64 {
        let count = |step: &Step| {
            let creates = |id: &str| contract.operation(id).is_some_and(|one| one.action == Action::Create);
            let one = u64::from(creates(step.kind.operation().0)) + u64::from(step.twin.is_some());
            let rounds = match &step.rounds {
                Rounds::Once | Rounds::ForEach(_) if one == 0 => 0,
                Rounds::Once => 1,
                Rounds::Times(times) => *times,
                Rounds::ForEach(Template::Array(items)) => u64::try_from(items.len()).unwrap_or(u64::MAX),
                Rounds::ForEach(Template::Literal(list)) => {
                    list.as_array().map_or(1, |items| u64::try_from(items.len()).unwrap_or(u64::MAX))
                }
                Rounds::ForEach(_) => 1,
            };
            one * rounds
        };
        self.scenario.all_steps().map(count).sum()
    }

    /// Whether a check of the whole scenario counts.
    pub(crate) fn counts_throughout(&self, check: &CheckOutcome) -> bool {
        match &self.keep {
            Keep::All => true,
            Keep::Citing(ids) => check.requirements.iter().any(|one| ids.contains(&one.id)),
            Keep::Line(_) => false,
        }
    }

    /// Whether a check of this step counts.
    pub(crate) fn counts(&self, step: &Step, check: &CheckOutcome) -> bool {
        match &self.keep {
            Keep::All | Keep::Citing(_) => self.counts_throughout(check),
            Keep::Line(wanted) => lines(&self.scenario, step).contains(wanted),
        }
    }
}
