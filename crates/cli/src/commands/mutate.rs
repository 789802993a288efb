//! `conformance mutate`: does the suite notice defects?

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use conformance_contract::Suite;
use conformance_fault::{Fault, Harm};
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_record::Position;
use conformance_runner::mutate::{Defect, Fate, Matrix, Row, Trial, mutate};
use conformance_runner::{Target, Tokens, bind};
use conformance_source::{Diagnostic, suggest};

use crate::exit::{Exit, Failure};
use crate::{args, embedded, faults, server, terminal};

/// Mutates.
pub fn run(suite: Option<&Path>, args: &args::Mutate) -> Result<Exit, Failure> {
    let suite = Arc::new(embedded::open(suite)?);
    let bound = bind(&suite)?;
    let mut faults = chosen(&suite, &args.faults)?;
    without(&suite, &args.without, &mut faults)?;
    let target = server::target(&args.server)?;
    let mut settings = server::settings(&args.server)?;
    settings.jobs = 1;
    settings.journals = target.as_ref().and_then(|_| crate::state::journals());
    let matrix = super::runtime()?.block_on(async {
        let target = match target {
            Some(target) => target,
            None => embedded_mock(&suite).await?,
        };
        let defects = faults.into_iter().enumerate().map(|(number, fault)| defect(&suite, &target, number, fault));
        let mut told = |row: &Row| {
            if args.format == args::MatrixFormat::Text {
                terminal::line(&line(row));
            }
        };
        let trial = Trial {
            suite: &suite,
            bound: &bound,
            unharmed: &target,
            settings: &settings,
            without: &args.without,
            jobs: args.jobs,
        };
        let matrix = mutate(&trial, defects.collect(), &mut told).await;
        matrix.map_err(|why| Failure::from(Diagnostic::general(why).with_help("`conformance run` tells more")))
    })?;
    let survived = matrix.rows.iter().filter(|row| row.fate == Fate::Survived).count();
    match args.format {
        args::MatrixFormat::Text => {
            terminal::line(&summary(&matrix, args.faults.is_empty() && args.without.is_empty()))
        }
        args::MatrixFormat::Json => terminal::line(&format!("{:#}", json(&matrix))),
        args::MatrixFormat::Markdown => terminal::line(markdown(&matrix).trim_end()),
    }
    Ok(if survived > 0 { Exit::Failed } else { Exit::Ok })
}

/// Those that are named, or all that break something.
fn chosen(suite: &Suite, names: &[String]) -> Result<Vec<Fault>, Failure> {
    let mut faults = faults::all(suite)?;
    if names.is_empty() {
        faults.retain(|fault| fault.breaks.is_some());
        return Ok(faults);
    }
    let faults = faults::named(&faults, names)?;
    match faults.iter().find(|fault| fault.breaks.is_none()) {
        Some(fault) => {
            let wrong = format!("the fault `{}` breaks no requirement, so that nobody need notice it", fault.name);
            Err(Diagnostic::general(wrong).with_help("try it on your client: `conformance mock --fault NAME`").into())
        }
        None => Ok(faults),
    }
}

/// Leaves the faults of requirements that nobody shall look at, where some are named.
fn without(suite: &Suite, ids: &[String], faults: &mut Vec<Fault>) -> Result<(), Failure> {
    if let Some(id) = ids.iter().find(|id| suite.requirements.get(id).is_none()) {
        let wrong = Diagnostic::general(format!("`{id}` is not a requirement"));
        return Err(suggest::help(id, suite.requirements.ids()).into_iter().fold(wrong, Diagnostic::with_help).into());
    }
    if !ids.is_empty() {
        faults.retain(|fault| fault.breaks.as_ref().is_some_and(|(id, _)| ids.contains(id)));
    }
    Ok(())
}

fn defect(suite: &Suite, target: &Target, number: usize, fault: Fault) -> Defect {
    let breaks = fault.breaks.as_ref().map_or_else(String::new, |(id, _)| id.clone());
    let mut target = target.clone();
    if let Tokens::PerScenario(_) = target.tokens {
        // Workspaces of its own: what another fault left does not matter.
        target.tokens = Tokens::PerScenario(format!("fault-{number}"));
    }
    let boundary = Arc::new(Harm::new(suite.contract.clone(), &target.path, vec![fault.clone()]));
    Defect { name: fault.name, breaks, boundary, target }
}

async fn embedded_mock(suite: &Suite) -> Result<Target, Failure> {
    let mut settings = MockSettings::default();
    // Each scenario of each fault has one of its own.
    settings.limits.workspaces = 1_000_000;
    super::run::beside(Mock::new(suite.contract.clone(), settings, None)?).await
}

pub fn line(row: &Row) -> String {
    let bold = anstyle::AnsiColor::Red.on_default();
    match &row.fate {
        Fate::Own(scenario, position) => {
            format!("killed    {:<44} {} · {scenario}{}", row.name, row.breaks, line_of(position))
        }
        Fate::Other(scenario, cited) => format!("by others {:<44} {} · by {cited} in {scenario}", row.name, row.breaks),
        Fate::Contact => format!("by others {:<44} {} · by the first contact", row.name, row.breaks),
        Fate::Survived => format!("{bold}SURVIVED{bold:#}  {:<44} {}", row.name, row.breaks),
    }
}

/// The line of a check; those of a document stand in no file.
fn line_of(position: &Position) -> String {
    if is_pointer(position) { String::new() } else { format!(":{}", position.line) }
}

fn is_pointer(position: &Position) -> bool {
    position.line == 0
}

/// A check that noticed nothing: where it stands, or what it requires.
fn idle(scenario: &str, position: &Position) -> String {
    if is_pointer(position) { scenario.to_owned() } else { format!("{scenario} · {position}") }
}

/// How many were killed by whom.
fn count(matrix: &Matrix) -> [usize; 3] {
    let of = |wanted: fn(&Fate) -> bool| matrix.rows.iter().filter(|row| wanted(&row.fate)).count();
    [
        of(|fate| matches!(fate, Fate::Own(..))),
        of(|fate| matches!(fate, Fate::Other(..) | Fate::Contact)),
        of(|fate| *fate == Fate::Survived),
    ]
}

/// The numbers, and, when all faults were tried, the checks that noticed none.
pub fn summary(matrix: &Matrix, all: bool) -> String {
    let [own, others, survived] = count(matrix);
    let mut text = format!(
        "\n{}: {own} killed by a check of the requirement that they break, {others} by another, {survived} survived",
        conformance_report::count(matrix.rows.len(), "fault")
    );
    if !all {
        return text;
    }
    let _ = write!(text, "\n{} checks killed nothing", matrix.idle.len());
    for (scenario, position) in &matrix.idle {
        let _ = write!(text, "\n  {}", idle(scenario, position));
    }
    text
}

pub fn json(matrix: &Matrix) -> serde_json::Value {
    let row = |row: &Row| {
        let (fate, by) = match &row.fate {
            Fate::Own(scenario, position) if is_pointer(position) => ("own", scenario.clone()),
            Fate::Own(scenario, position) => ("own", format!("{scenario} {position}")),
            Fate::Other(scenario, cited) => ("other", format!("{scenario} {cited}")),
            Fate::Contact => ("other", "first contact".to_owned()),
            Fate::Survived => ("survived", String::new()),
        };
        serde_json::json!({ "fault": row.name, "breaks": row.breaks, "killed": fate, "by": by })
    };
    let idle = |(scenario, position): &(String, Position)| serde_json::json!({ "scenario": scenario, "position": position.to_string() });
    serde_json::json!({
        "faults": matrix.rows.iter().map(row).collect::<Vec<_>>(),
        "idle": matrix.idle.iter().map(idle).collect::<Vec<_>>(),
    })
}

pub fn markdown(matrix: &Matrix) -> String {
    let [own, others, survived] = count(matrix);
    let mut text = format!(
        "# The kill matrix\n\nDrawn by `conformance mutate --format markdown`. Of {} seeded faults {own} are noticed by a check of the \
         requirement that they break, {others} by another, {survived} by none.\n\n| fault | breaks | noticed by |\n|---|---|---|\n",
        matrix.rows.len()
    );
    for row in &matrix.rows {
        let by = match &row.fate {
            Fate::Own(scenario, _) => scenario.clone(),
            Fate::Other(scenario, cited) => format!("{scenario}, by {cited}"),
            Fate::Contact => "the first contact".to_owned(),
            Fate::Survived => "**nobody**".to_owned(),
        };
        let _ = writeln!(text, "| {} | `{}` | {by} |", row.name, row.breaks);
    }
    if !matrix.idle.is_empty() {
        let _ = write!(text, "\nThese checks noticed none of them:\n\n");
        for (scenario, position) in &matrix.idle {
            let _ = match is_pointer(position) {
                true => writeln!(text, "- {scenario}"),
                false => writeln!(text, "- {scenario}, {}:{}", position.file, position.line),
            };
        }
    }
    text
}
