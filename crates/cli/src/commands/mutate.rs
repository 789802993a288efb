//! `conformance mutate`: does the suite notice defects?

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use conformance_contract::Suite;
use conformance_fault::{Fault, Harm};
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_runner::mutate::{Defect, Fate, Matrix, Row, mutate};
use conformance_runner::{Target, Tokens, bind};
use conformance_source::{Diagnostic, Diagnostics, suggest};

use crate::exit::{Exit, Failure};
use crate::{args, embedded, server, terminal};

/// Mutates.
pub fn run(suite: Option<&Path>, args: &args::Mutate) -> Result<Exit, Failure> {
    let suite = Arc::new(embedded::open(suite)?);
    let bound = bind(&suite)?;
    let faults = chosen(faults(&suite)?, &args.faults)?;
    let target = server::target(&args.server)?;
    if target.as_ref().is_some_and(|target| !target.is_loopback()) {
        // Some faults change other objects, hide ids, or keep deletions back: no run could clean up after them.
        let wrong = Diagnostic::general("mutate harms the server behind the URL, and does so on this machine only");
        return Err(wrong.with_help("put a server that may be harmed on 127.0.0.1, or leave --base-url out").into());
    }
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
        let matrix = mutate(&suite, &bound, &target, &settings, defects.collect(), args.jobs, &mut told).await;
        matrix.map_err(|why| Failure::from(Diagnostic::general(why).with_help("`conformance run` tells more")))
    })?;
    let survived = matrix.rows.iter().filter(|row| row.fate == Fate::Survived).count();
    match args.format {
        args::MatrixFormat::Text => terminal::line(&summary(&matrix, args.faults.is_empty())),
        args::MatrixFormat::Json => terminal::line(&format!("{:#}", json(&matrix))),
        args::MatrixFormat::Markdown => terminal::line(markdown(&matrix).trim_end()),
    }
    Ok(if survived > 0 { Exit::Failed } else { Exit::Ok })
}

/// The faults of a suite, found to fit its contract and requirements.
pub fn faults(suite: &Suite) -> Result<Vec<Fault>, Diagnostics> {
    let (mut all, mut found): (Vec<Fault>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for file in suite.sources("fixtures/faults", ".yaml")? {
        match conformance_fault::parse(&file) {
            Ok(faults) => all.extend(faults),
            Err(wrong) => found.extend(wrong.0),
        }
    }
    for (index, fault) in all.iter().enumerate() {
        if let Some((id, span)) = fault.breaks.as_ref().filter(|(id, _)| suite.requirements.get(id).is_none()) {
            let title = format!("`{id}` is not a requirement");
            let mut wrong = Diagnostic::at(&fault.file, span.clone(), title, "unknown requirement");
            wrong.help.extend(suggest::help(id, suite.requirements.ids()));
            found.push(wrong);
        }
        let operations = fault.on.operations.iter().chain(fault.also.iter().map(|also| &also.operation));
        for id in operations.filter(|id| suite.contract.operation(id).is_none()) {
            let wrong = Diagnostic::general(format!("the fault `{}` is on `{id}`, which is no operation", fault.name));
            let help = suggest::help(id, suite.contract.operations.iter().map(|one| one.id.as_str()));
            found.push(help.into_iter().fold(wrong, Diagnostic::with_help));
        }
        if all[..index].iter().any(|earlier| earlier.name == fault.name) {
            found.push(Diagnostic::general(format!("two faults are called `{}`", fault.name)));
        }
    }
    if found.is_empty() { Ok(all) } else { Err(Diagnostics(found)) }
}

/// Those that are named, or all that break something.
fn chosen(all: Vec<Fault>, names: &[String]) -> Result<Vec<Fault>, Failure> {
    if let Some(name) = names.iter().find(|name| !all.iter().any(|fault| fault.name == **name)) {
        let wrong = Diagnostic::general(format!("there is no fault `{name}`"));
        let help = suggest::help(name, all.iter().map(|fault| fault.name.as_str()));
        return Err(help.into_iter().fold(wrong, Diagnostic::with_help).into());
    }
    let wanted = |fault: &Fault| names.is_empty() || names.contains(&fault.name);
    Ok(all.into_iter().filter(|fault| fault.breaks.is_some() && wanted(fault)).collect())
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

fn line(row: &Row) -> String {
    let bold = anstyle::AnsiColor::Red.on_default();
    match &row.fate {
        Fate::Own(scenario, position) => {
            format!("killed    {:<44} {} · {scenario}:{}", row.name, row.breaks, position.line)
        }
        Fate::Other(scenario, cited) => format!("by others {:<44} {} · by {cited} in {scenario}", row.name, row.breaks),
        Fate::Contact => format!("by others {:<44} {} · by the first contact", row.name, row.breaks),
        Fate::Survived => format!("{bold}SURVIVED{bold:#}  {:<44} {}", row.name, row.breaks),
    }
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
fn summary(matrix: &Matrix, all: bool) -> String {
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
        let _ = write!(text, "\n  {scenario} · {position}");
    }
    text
}

fn json(matrix: &Matrix) -> serde_json::Value {
    let row = |row: &Row| {
        let (fate, by) = match &row.fate {
            Fate::Own(scenario, position) => ("own", format!("{scenario} {position}")),
            Fate::Other(scenario, cited) => ("other", format!("{scenario} {cited}")),
            Fate::Contact => ("other", "first contact".to_owned()),
            Fate::Survived => ("survived", String::new()),
        };
        serde_json::json!({ "fault": row.name, "breaks": row.breaks, "killed": fate, "by": by })
    };
    let idle = |(scenario, position): &(String, conformance_record::Position)| serde_json::json!({ "scenario": scenario, "position": position.to_string() });
    serde_json::json!({
        "faults": matrix.rows.iter().map(row).collect::<Vec<_>>(),
        "idle": matrix.idle.iter().map(idle).collect::<Vec<_>>(),
    })
}

fn markdown(matrix: &Matrix) -> String {
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
            let _ = writeln!(text, "- {scenario}, {}:{}", position.file, position.line);
        }
    }
    text
}
