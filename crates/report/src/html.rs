//! One page of HTML that needs nothing but itself: no network, and no script to be read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance_record::{CheckOutcome, SnapshotOutcome, Verdict};
use serde_json::Value;

use crate::card::{self, Kind};
use crate::collect::{Background, Collected, Scenario};
use crate::terminal::{count, numbers, time};
use crate::visible::visible;

/// The report.
#[must_use]
pub fn html(run: &Collected, background: &Background) -> String {
    let mut page = head(run);
    page.push_str(&filters(run));
    page.push_str("<h2>Scenarios</h2>\n");
    for scenario in &run.scenarios {
        page.push_str(&section(run, scenario, background));
    }
    page.push_str(&drifts(run));
    page.push_str(&notes(run));
    page.push_str(&requirements(run, background));
    page.push_str(&background.matrix.as_ref().map_or_else(String::new, matrix));
    let _ = write!(
        page,
        "</main>\n<footer class=\"quiet\"><p>conformance {}</p></footer>\n<script>{}</script>\n</body>\n</html>\n",
        text(&background.version),
        include_str!("html/page.js")
    );
    page
}

/// Text as HTML shows it.
fn text(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        c => c.to_string(),
    };
    visible(text).chars().map(escape).collect()
}

fn head(run: &Collected) -> String {
    let tally = run.tally.unwrap_or_default();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{suite} · {target}</title>\n<style>\n{css}</style>\n</head>\n<body>\n\
         <header><h1>{suite}</h1><p class=\"quiet\">{target} · {scenarios} in {time}</p></header>\n<main>\n\
         <ul class=\"numbers\"><li class=\"pass\"><b>{passed}</b>passed</li>",
        suite = text(&run.suite),
        target = text(&run.target),
        css = include_str!("html/page.css"),
        scenarios = count(tally.scenarios, "scenario"),
        time = time(run.took),
        passed = tally.passed,
    );
    for (number, word) in numbers(&tally) {
        let class = match word {
            "failed" | "outdated" | "snapshot mismatches" => "fail",
            "warned" | "could not run" => "warn",
            _ => "mute",
        };
        let _ = write!(page, "<li class=\"{class}\"><b>{number}</b>{word}</li>");
    }
    let _ = writeln!(
        page,
        "<li class=\"mute\"><b>{}</b>created, {} deleted, {} left</li></ul>",
        tally.created,
        tally.deleted,
        tally.left()
    );
    page
}

fn filters(run: &Collected) -> String {
    let checks = run.scenarios.iter().flat_map(|one| &one.checks);
    let verdicts: BTreeSet<&str> = checks.map(|check| card::word(&check.verdict)).collect();
    let areas: BTreeSet<&str> = run.scenarios.iter().map(Scenario::area).collect();
    let options = |all: BTreeSet<&str>| {
        let options = all.iter().map(|one| format!("<option>{}</option>", text(one)));
        options.collect::<String>()
    };
    format!(
        "<div class=\"filters\" role=\"search\" hidden>\n\
         <label>Verdict<select id=\"verdict\"><option value=\"\">all</option>{}</select></label>\n\
         <label>Area<select id=\"area\"><option value=\"\">all</option>{}</select></label>\n\
         <label>Requirement or scenario<input id=\"text\" type=\"search\" autocomplete=\"off\"></label>\n\
         <span id=\"shown\" class=\"quiet\" role=\"status\"></span>\n</div>\n",
        options(verdicts),
        options(areas)
    )
}

/// The mark and the class of a verdict.
const fn style(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("✓", "pass"),
        Verdict::Fail => ("✗", "fail"),
        Verdict::Warn => ("!", "warn"),
        Verdict::CouldNotRun(_) | Verdict::ToolFault(_) => ("?", "warn"),
        Verdict::Known(_) | Verdict::NotApplicable(_) => ("–", "mute"),
    }
}

/// The worse a verdict, the higher.
const fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 5,
        Verdict::ToolFault(_) | Verdict::CouldNotRun(_) => 4,
        Verdict::Warn => 3,
        Verdict::Pass => 2,
        Verdict::Known(_) | Verdict::NotApplicable(_) => 1,
    }
}

fn section(run: &Collected, scenario: &Scenario, background: &Background) -> String {
    let worst = scenario.checks.iter().map(|check| &check.verdict).max_by_key(|verdict| weight(verdict));
    let (mark, class) = worst.map_or(("✓", "pass"), style);
    let open = if worst.is_some_and(|verdict| weight(verdict) > 2) { " open" } else { "" };
    let mut section = format!(
        "<details class=\"scenario\" data-name=\"{name}\" data-area=\"{area}\"{open}>\n<summary>\
         <span class=\"mark {class}\" aria-hidden=\"true\">{mark}</span><span class=\"name\">{name}</span>\
         <span class=\"quiet\">{summary}</span><span class=\"quiet\">{checks}, {requests}, {time}</span></summary>\n\
         <ul class=\"checks\">\n",
        name = text(&scenario.name),
        area = text(scenario.area()),
        summary = text(&scenario.summary),
        checks = count(scenario.checks.len(), "check"),
        requests = count(scenario.requests, "request"),
        time = time(scenario.took),
    );
    let mut checks: Vec<_> = scenario.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(weight(&check.verdict)));
    for check in checks {
        section.push_str(&item(run, scenario, check, background));
    }
    section.push_str("</ul>\n</details>\n");
    section
}

fn item(run: &Collected, scenario: &Scenario, check: &CheckOutcome, background: &Background) -> String {
    let (mark, class) = style(&check.verdict);
    let ids: Vec<&str> = check.requirements.iter().map(|one| one.id.as_str()).collect();
    let mut item = format!(
        "<li data-verdict=\"{word}\" data-requirement=\"{ids}\"><span class=\"{class}\">{mark} {word}</span> \
         <span class=\"quiet\">{level}</span> <b>{ids}</b> <span class=\"quiet mono\">{position}</span>",
        word = card::word(&check.verdict),
        ids = text(&ids.join(", ")),
        level = check.level,
        position = text(&check.position.to_string()),
    );
    if !matches!(check.verdict, Verdict::Pass) {
        let soft = if check.verdict == Verdict::Fail { "" } else { " soft" };
        let label = text(&card::head(check));
        let _ = write!(item, "\n<pre class=\"card{soft}\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">");
        for line in card::lines(check, run.context(scenario, background)) {
            let shown = text(&line.text);
            let shown = match line.kind {
                Kind::Words => format!("<span class=\"words\">{shown}</span>"),
                Kind::Code => shown,
                Kind::Expected => format!("<del>- {shown}</del>"),
                Kind::Found => format!("<ins>+ {shown}</ins>"),
            };
            let _ = writeln!(item, "<span class=\"row\">{}</span>{shown}", line.name);
        }
        item.push_str("</pre>");
    }
    item.push_str("</li>\n");
    item
}

/// The snapshots that drifted, what was beside what is.
fn drifts(run: &Collected) -> String {
    let mut part = String::new();
    for scenario in &run.scenarios {
        let SnapshotOutcome::Drifted(lines) = &scenario.snapshot else { continue };
        if part.is_empty() {
            part.push_str("<h2>Snapshot mismatches</h2>\n");
        }
        let _ = write!(
            part,
            "<details class=\"scenario\" open><summary><span class=\"name\">{}</span></summary>\n\
             <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"drift\"><table class=\"drift mono\">\n\
             <tr><th>baseline</th><th>now</th></tr>\n",
            text(&scenario.name)
        );
        for (old, new) in beside(lines) {
            let cell = |line: Option<&String>, class: &str| match line {
                Some(line) => format!("<td class=\"{class}\">{}</td>", text(line)),
                None => "<td></td>".to_owned(),
            };
            let same = old == new;
            let (was, is) = if same { ("", "") } else { ("old", "new") };
            let _ = writeln!(part, "<tr>{}{}</tr>", cell(old, was), cell(new, is));
        }
        part.push_str("</table></div></details>\n");
    }
    part
}

/// The lines of a diff in two columns.
fn beside(lines: &[(char, String)]) -> Vec<(Option<&String>, Option<&String>)> {
    let (mut rows, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
    let settle = |old: &mut Vec<_>, new: &mut Vec<_>, rows: &mut Vec<_>| {
        for index in 0..old.len().max(new.len()) {
            rows.push((old.get(index).copied(), new.get(index).copied()));
        }
        old.clear();
        new.clear();
    };
    for (sign, line) in lines {
        match sign {
            '-' => old.push(line),
            '+' => new.push(line),
            _ => {
                settle(&mut old, &mut new, &mut rows);
                rows.push((Some(line), Some(line)));
            }
        }
    }
    settle(&mut old, &mut new, &mut rows);
    rows
}

/// What else there is to say.
fn notes(run: &Collected) -> String {
    let left = run.leftovers.iter().map(|(id, reason)| format!("left over {id}: {reason}"));
    let unused = run.unused.iter().map(|path| format!("unused snapshot {path}"));
    let outdated = run.outdated.iter().map(|(position, trouble)| format!("known failure {position}: {trouble}"));
    let all: Vec<String> = left.chain(unused).chain(outdated).collect();
    if all.is_empty() {
        return String::new();
    }
    let items: String = all.iter().map(|one| format!("<li>{}</li>\n", text(one))).collect();
    format!("<h2>Besides</h2>\n<ul>\n{items}</ul>\n")
}

fn requirements(run: &Collected, background: &Background) -> String {
    let coverage = run.coverage();
    let mut part = "<h2>Requirements</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"requirements\"><table>\n\
                    <tr><th>id</th><th>level</th><th>statement</th><th>in this run</th></tr>\n"
        .to_owned();
    for one in &background.requirements {
        let counted = coverage.get(one.id.as_str()).map(|counted| {
            let parts = counted.iter().map(|(word, number)| format!("{number} {word}"));
            parts.collect::<Vec<_>>().join(", ")
        });
        let status = match (&one.excluded, counted) {
            (Some(reason), _) => format!("not tested: {reason}"),
            (None, Some(counted)) => counted,
            (None, None) => "nothing was checked".to_owned(),
        };
        let _ = writeln!(
            part,
            "<tr data-row=\"{id}\"><td class=\"mono\">{id}</td><td>{level}</td><td>{statement}<br>\
             <span class=\"quiet\">{source}</span></td><td>{status}</td></tr>",
            id = text(&one.id),
            level = one.level,
            statement = text(&one.statement),
            source = text(&one.sources.join("; ")),
            status = text(&status),
        );
    }
    part + "</table></div>\n"
}

fn matrix(matrix: &Value) -> String {
    let mut part = "<h2>The kill matrix</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"kill matrix\"><table>\n\
                    <tr><th>fault</th><th>breaks</th><th>killed</th><th>by</th></tr>\n"
        .to_owned();
    for row in matrix.get("faults").and_then(Value::as_array).into_iter().flatten() {
        let cell = |name: &str| text(row.get(name).and_then(Value::as_str).unwrap_or(""));
        let (fault, breaks, killed, by) = (cell("fault"), cell("breaks"), cell("killed"), cell("by"));
        let _ = writeln!(
            part,
            "<tr data-row=\"{breaks}\"><td>{fault}</td><td class=\"mono\">{breaks}</td><td>{killed}</td><td>{by}</td></tr>"
        );
    }
    part + "</table></div>\n"
}
