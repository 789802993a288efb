//! `conformance list`: what the suite requires, and what tests it.

use std::fmt::Write as _;
use std::path::Path;

use conformance_contract::Requirement;
use conformance_contract::requirements::Excluded;
use conformance_runner::{Bound, bind};
use conformance_source::Diagnostic;

use crate::exit::{Exit, Failure};
use crate::{args, embedded, terminal};

/// Prints the requirements.
pub fn run(suite: Option<&Path>, args: &args::List) -> Result<Exit, Failure> {
    let suite = embedded::open(suite)?;
    let bound = bind(&suite)?;
    let wanted = |one: &&Requirement| args.area.as_ref().is_none_or(|area| area_of(&one.id) == area);
    let all: Vec<&Requirement> = suite.requirements.all.iter().filter(wanted).collect();
    if all.is_empty() {
        let areas = suite.requirements.ids().map(area_of);
        let help = conformance_source::suggest::help(args.area.as_deref().unwrap_or(""), areas);
        let wrong = Diagnostic::general(format!("no requirement is in `{}`", args.area.as_deref().unwrap_or("")));
        return Err(help.into_iter().fold(wrong, Diagnostic::with_help).into());
    }
    match args.format {
        args::ListFormat::Text => all.iter().for_each(|one| terminal::line(&line(one, &bound))),
        args::ListFormat::Json => terminal::line(&format!("{:#}", json(&suite.contract.title, &all, &bound))),
        args::ListFormat::Markdown => terminal::line(markdown(&suite.contract.title, &all, &bound).trim_end()),
    }
    Ok(Exit::Ok)
}

fn area_of(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

fn line(one: &Requirement, bound: &Bound) -> String {
    let tested = match (one.excluded, bound.citing(&one.id).len()) {
        (Some(_), _) => "excluded".to_owned(),
        (None, 0) => "oracle".to_owned(),
        (None, 1) => "1 check".to_owned(),
        (None, checks) => format!("{checks} checks"),
    };
    format!("{:<6} {:<28} {tested:>10}  {}", one.level.to_string(), one.id, one.statement)
}

fn json(title: &str, all: &[&Requirement], bound: &Bound) -> serde_json::Value {
    let one = |one: &&Requirement| {
        let mut scenarios: Vec<&str> = bound.citing(&one.id).iter().map(|citation| citation.scenario).collect();
        scenarios.dedup();
        serde_json::json!({
            "id": one.id, "level": one.level.to_string(), "basis": one.basis.word(), "statement": one.statement,
            "testedBy": scenarios, "excluded": one.excluded.map(Excluded::reason),
        })
    };
    serde_json::json!({ "title": title, "requirements": all.iter().map(one).collect::<Vec<_>>() })
}

/// The first few names, and how many more.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    match names.len() {
        0..=SHOWN => names.join(", "),
        all => format!("{} and {} more", names[..SHOWN].join(", "), all - SHOWN),
    }
}

/// A table per area, for the documents.
fn markdown(title: &str, all: &[&Requirement], bound: &Bound) -> String {
    let mut text = format!("# What the {title} requires\n\n");
    text.push_str("Drawn by `conformance list --format markdown`; `conformance explain ID` tells more of each.\n");
    let mut area = "";
    for one in all {
        if area_of(&one.id) != area {
            area = area_of(&one.id);
            let _ =
                write!(text, "\n## {area}\n\n| id | level | basis | statement | tested by |\n|---|---|---|---|---|\n");
        }
        let mut scenarios: Vec<&str> = bound.citing(&one.id).iter().map(|citation| citation.scenario).collect();
        scenarios.dedup();
        let tested = match one.excluded {
            Some(excluded) => format!("— {}", excluded.reason()),
            None if scenarios.is_empty() => "every answer".to_owned(),
            None if one.oracle.is_some() => format!("every answer; {}", some(&scenarios)),
            None => some(&scenarios),
        };
        let statement = one.statement.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {} | {} | {statement} | {tested} |", one.id, one.level, one.basis.word());
    }
    text
}
