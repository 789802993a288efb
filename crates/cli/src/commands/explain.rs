//! `conformance explain`: one requirement, and everything behind it.

use std::path::Path;

use conformance_record::Code;
use conformance_runner::bind;
use conformance_runner::sdk::Code as SdkCode;
use conformance_source::{Diagnostic, suggest};

use crate::exit::{Exit, Failure};
use crate::{args, embedded, terminal};

/// Explains.
pub fn run(suite: Option<&Path>, args: &args::Explain) -> Result<Exit, Failure> {
    let suite = embedded::open(suite)?;
    let bound = bind(&suite)?;
    if let Some(code) = Code::ALL.into_iter().find(|code| code.as_str() == args.id) {
        terminal::line(&format!("{code} · a finding about a request\n"));
        terminal::line(&format!("rule       {}", code.rule()));
        terminal::line(&format!("blame      {}, most likely", code.blame()));
        terminal::line(&format!("allow      conformance exec --allow {code} -- CMD"));
        return Ok(Exit::Ok);
    }
    if let Some(code) = SdkCode::ALL.into_iter().find(|code| code.as_str() == args.id) {
        terminal::line(&format!("{} · a finding about an SDK\n", code.as_str()));
        terminal::line(&format!("rule       {}", code.rule()));
        terminal::line(&format!("blame      {}", code.blame()));
        terminal::line(&format!("allow      conformance sdk --allow {} -- DRIVER", code.as_str()));
        return Ok(Exit::Ok);
    }
    let Some(one) = suite.requirements.get(&args.id) else {
        let wrong = Diagnostic::general(format!("`{}` is not a requirement", args.id));
        let codes = Code::ALL.iter().map(|code| code.as_str()).chain(SdkCode::ALL.iter().map(|code| code.as_str()));
        let near = suggest::nearest(&args.id, suite.requirements.ids().chain(codes));
        let help = near
            .map_or_else(|| "`conformance list` shows them all".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(wrong.with_help(help).into());
    };
    let style = anstyle::Style::new().bold();
    terminal::line(&format!("{style}{}{style:#} · {} · {}\n", one.id, one.level, one.basis.word()));
    let width = terminal::width().min(100);
    let row = |name: &str, text: &str| {
        let lines = conformance_report::wrapped(text, width, 11);
        for (index, line) in lines.iter().enumerate() {
            terminal::line(&format!("{:<10} {line}", if index == 0 { name } else { "" }));
        }
    };
    row("statement", &one.statement);
    if let Some(violation) = &one.violation {
        row("broken by", violation);
    }
    if let Some(reasoning) = &one.reasoning {
        row("because", reasoning);
    }
    for (index, (document, place)) in one.sources.iter().enumerate() {
        row(if index == 0 { "source" } else { "" }, &format!("{}: {place}", suite.requirements.document(document)));
    }
    if let Some(excluded) = one.excluded {
        row("untested", excluded.reason());
    }
    if let Some(rule) = one.oracle {
        row("oracle", &format!("in every scenario, {}", rule.demand()));
    }
    for (index, citation) in bound.citing(&one.id).iter().enumerate() {
        row(if index == 0 { "tested by" } else { "" }, &format!("{} · {}", citation.scenario, citation.position));
    }
    Ok(Exit::Ok)
}
