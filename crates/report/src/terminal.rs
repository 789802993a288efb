//! For people at a terminal: a line per scenario, a card per failed check, the numbers.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use conformance_record::{CheckOutcome, Exchange, Mismatch, RunEvent, Tally, Verdict};

use crate::card::{self, BOLD, Context, DIM, GREEN, Kind, RED, YELLOW};
use crate::drift::{drift, wrapped};

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// What went wrong, and the numbers.
    Quiet,
    /// Every scenario.
    #[default]
    Normal,
    /// Every check.
    Verbose,
}

/// How a run is told.
#[derive(Clone, Debug)]
pub struct Telling {
    /// How much.
    pub verbosity: Verbosity,
    /// In lines of at most so many columns.
    pub width: usize,
    /// The command that a part of the run is run again with.
    pub again: String,
}

/// Writes a run as it happens. Colours are always written; the stream takes them out where they are not wanted.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    telling: Telling,
    area: String,
    origin: String,
    start_with: Option<String>,
    /// What was told of failures, and in which scenario: the same is not told twice.
    told: HashMap<Told, String>,
    /// How often each combination of requirements was told.
    requirements: HashMap<String, usize>,
    /// What failed, by requirement: how many checks, and in which scenarios.
    failed: BTreeMap<String, (usize, Vec<String>)>,
}

/// So many cards of a requirement are told in full.
const SHOWN_IN_FULL: usize = 2;
/// So many of the others are told, in a line each.
const LINES: usize = 8;

/// What makes two failures the same: what is cited, how it is written, what was found.
type Told = (String, String, Vec<Mismatch>);

impl<W: Write> Terminal<W> {
    /// Writes to `out`.
    pub fn new(out: W, telling: Telling) -> Self {
        Self {
            out,
            telling,
            area: String::new(),
            origin: String::new(),
            start_with: None,
            told: HashMap::new(),
            requirements: HashMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn hear(&mut self, event: &RunEvent) -> io::Result<()> {
        let quiet = self.telling.verbosity == Verbosity::Quiet;
        let text = match event {
            RunEvent::Started { suite, target, origin, start_with, scenarios } => {
                self.origin.clone_from(origin);
                self.start_with.clone_from(start_with);
                format!("{BOLD}{suite}{BOLD:#} · {target} · {}\n", count(*scenarios, "scenario"))
            }
            RunEvent::Scenario { name, summary, checks, took, snapshot, exchanges, .. } => {
                let drift = drift(snapshot, self.telling.width);
                let silent = quiet && drift.is_empty() && !checks.iter().any(is_loud);
                if silent { String::new() } else { self.scenario(name, summary, (checks, exchanges), *took) + &drift }
            }
            RunEvent::Unused { path } => format!("{YELLOW}unused snapshot{YELLOW:#} {path}\n"),
            RunEvent::Outdated { position, trouble } => {
                format!("{RED}known failure{RED:#} {position}: {trouble}\n")
            }
            RunEvent::Leftover { id, reason } => format!("  {YELLOW}left over{YELLOW:#} {id}: {reason}\n"),
            RunEvent::Finished { tally, took } => self.by_requirement() + &finished(tally, *took),
        };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn scenario(
        &mut self,
        name: &str,
        summary: &str,
        (checks, exchanges): (&[CheckOutcome], &[Exchange]),
        took: Duration,
    ) -> String {
        let (area, behaviour) = name.split_once('/').unwrap_or(("", name));
        let mut text = String::new();
        if area != self.area {
            area.clone_into(&mut self.area);
            let _ = writeln!(text, "\n{BOLD}{area}{BOLD:#}");
        }
        let (mark, style) = mark(checks);
        let checked = count(checks.len(), "check");
        let _ = writeln!(text, "  {style}{mark}{style:#} {behaviour:<34} {DIM}{checked:>10} {:>9}{DIM:#}", time(took));
        let verbose = self.telling.verbosity == Verbosity::Verbose;
        let shown: Vec<_> = checks.iter().filter(|check| verbose || is_loud(check)).collect();
        if !shown.is_empty() {
            for line in wrapped(summary, self.telling.width, 4) {
                let _ = writeln!(text, "    {DIM}{line}{DIM:#}");
            }
        }
        if mark == "–" && !verbose {
            // Why nothing was judged, in a word.
            let reason = checks.iter().find_map(|check| match &check.verdict {
                Verdict::NotApplicable(reason) => Some(reason.as_str()),
                _ => None,
            });
            for line in reason.map(|reason| wrapped(reason, self.telling.width, 4)).unwrap_or_default() {
                let _ = writeln!(text, "    {DIM}{line}{DIM:#}");
            }
        }
        let (origin, again) = (self.origin.clone(), self.telling.again.clone());
        let start_with = self.start_with.clone();
        let context =
            Context { scenario: name, exchanges, origin: &origin, start_with: start_with.as_deref(), again: &again };
        let mut reasons: Vec<(&str, &str, usize)> = Vec::new();
        let mut groups: Vec<Vec<&CheckOutcome>> = Vec::new();
        for check in shown {
            // One lost capture leaves many checks without an object: told once.
            if let Verdict::CouldNotRun(reason) | Verdict::ToolFault(reason) = &check.verdict {
                let word = card::word(&check.verdict);
                match reasons.iter_mut().find(|(_, known, _)| known == reason) {
                    Some((_, _, times)) => *times += 1,
                    None => reasons.push((word, reason, 1)),
                }
                continue;
            }
            let is_alike =
                |group: &&mut Vec<&CheckOutcome>| group.iter().all(|one| card::head(one) == card::head(check));
            match groups.iter_mut().find(is_alike).filter(|_| !verbose && card::is_derived(check)) {
                Some(group) => group.push(check),
                None => groups.push(vec![check]),
            }
        }
        for group in groups {
            self.group(&mut text, &group, context);
        }
        for (word, reason, times) in reasons {
            let _ = writeln!(text, "    {YELLOW}{}: {word}{YELLOW:#}", count(times, "check"));
            self.row(&mut text, "because", Kind::Words, reason);
            text.push('\n');
        }
        text
    }

    /// Checks of one verdict and requirement that follow from a document: some in full, and of many others a line each.
    fn group(&mut self, text: &mut String, checks: &[&CheckOutcome], context: Context<'_>) {
        let told = checks.first().and_then(|one| self.requirements.get(&card::ids(one))).copied().unwrap_or(0);
        let in_full = if checks.len() <= SHOWN_IN_FULL + 1 { checks.len() } else { SHOWN_IN_FULL.saturating_sub(told) };
        let (full, others) = checks.split_at(in_full);
        for check in full {
            self.card(text, check, context);
        }
        let Some(first) = others.first() else { return };
        others.iter().for_each(|check| self.count_failure(check, context.scenario));
        let (style, word) = (style(&first.verdict), card::word(&first.verdict));
        let more = if full.is_empty() { count(others.len(), "check") } else { format!("{} more", others.len()) };
        let ids = card::ids(first);
        let _ = writeln!(text, "    {style}{word}{style:#} {} {BOLD}{ids}{BOLD:#}, {more}", first.level);
        for (index, check) in others.iter().take(LINES).enumerate() {
            self.row(text, if index == 0 { "of these" } else { "" }, Kind::Words, &card::brief(check));
        }
        if others.len() > LINES {
            self.row(text, "", Kind::Words, &format!("and {} more: -v tells them all", others.len() - LINES));
        }
        if !context.again.is_empty() && full.is_empty() {
            self.row(text, "rerun", Kind::Code, &format!("{} --only {}", context.again, context.scenario));
        }
        text.push('\n');
    }

    fn count_failure(&mut self, check: &CheckOutcome, scenario: &str) {
        if check.verdict != Verdict::Fail {
            return;
        }
        let (checks, scenarios) = self.failed.entry(card::ids(check)).or_default();
        *checks += 1;
        if scenarios.last().is_none_or(|last| last != scenario) {
            scenarios.push(scenario.to_owned());
        }
    }

    /// What failed, by requirement, when there is more than one card to read.
    fn by_requirement(&self) -> String {
        let mut text = String::new();
        let all: usize = self.failed.values().map(|(checks, _)| checks).sum();
        if all < 3 {
            return text;
        }
        let _ = writeln!(text, "\n{BOLD}failed, by requirement{BOLD:#}");
        let longest = self.failed.keys().map(|name| name.chars().count()).max().unwrap_or(0);
        let column = longest.clamp(28, 40);
        for (requirement, (checks, scenarios)) in &self.failed {
            let (checks, places) = (count(*checks, "check"), scenarios.join(", "));
            for (index, line) in wrapped(&places, self.telling.width, column + 16).into_iter().enumerate() {
                let (name, checks) = if index == 0 { (requirement.as_str(), checks.as_str()) } else { ("", "") };
                let _ = writeln!(text, "  {RED}{name:<column$}{RED:#} {checks:>10}  {DIM}{line}{DIM:#}");
            }
        }
        text
    }

    fn card(&mut self, text: &mut String, check: &CheckOutcome, context: Context<'_>) {
        let style = style(&check.verdict);
        self.count_failure(check, context.scenario);
        let word = card::word(&check.verdict);
        let _ = writeln!(text, "    {style}{word}{style:#} {} {BOLD}{}{BOLD:#}", check.level, card::ids(check));
        if check.verdict == Verdict::Pass {
            return;
        }
        let same = (card::ids(check), check.source.clone(), check.found.clone());
        if let Some(earlier) =
            self.told.get(&same).filter(|earlier| !check.found.is_empty() && *earlier != context.scenario)
        {
            let as_before = format!("as in {earlier}");
            self.row(text, "found", Kind::Words, &as_before);
            return text.push('\n');
        }
        self.told.insert(same, context.scenario.to_owned());
        let times = self.requirements.entry(card::ids(check)).or_default();
        *times += 1;
        let short = *times > SHOWN_IN_FULL && self.telling.verbosity != Verbosity::Verbose;
        // One cause breaks a requirement in many places: the first cards tell all, the others what is different.
        const SHORT: [&str; 5] = ["expected", "found", "at", "because", "rerun"];
        let mut row = "";
        for line in card::lines(check, context) {
            row = if line.name.is_empty() { row } else { line.name };
            let is_source = row == "at" && line.name.is_empty();
            let is_meant = SHORT.contains(&row) || (row == "rule" && card::is_derived(check));
            if !short || (is_meant && !is_source) {
                self.row(text, line.name, line.kind, &line.text);
            }
        }
        text.push('\n');
    }

    /// A line of a card; words hang beside the name, code is left whole, to be copied.
    fn row(&self, text: &mut String, name: &str, kind: Kind, value: &str) {
        let lines = match kind {
            Kind::Words => wrapped(value, self.telling.width, 16),
            Kind::Code => vec![value.to_owned()],
            Kind::Expected => vec![format!("{RED}- {value}{RED:#}")],
            Kind::Found => vec![format!("{GREEN}+ {value}{GREEN:#}")],
        };
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let _ = writeln!(text, "      {DIM}{name:<9}{DIM:#} {line}");
        }
    }
}

const fn style(verdict: &Verdict) -> anstyle::Style {
    match verdict {
        Verdict::Pass => GREEN,
        Verdict::Fail | Verdict::ToolFault(_) => RED,
        Verdict::Warn | Verdict::CouldNotRun(_) => YELLOW,
        Verdict::Known(_) | Verdict::NotApplicable(_) => DIM,
    }
}

/// Whether a check is told without being asked for.
fn is_loud(check: &CheckOutcome) -> bool {
    !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_) | Verdict::Known(_))
}

/// The mark of a scenario: its worst verdict.
fn mark(checks: &[CheckOutcome]) -> (&'static str, anstyle::Style) {
    let any = |wanted: fn(&Verdict) -> bool| checks.iter().any(|check| wanted(&check.verdict));
    if any(|verdict| *verdict == Verdict::Fail) {
        ("✗", RED)
    } else if any(|verdict| matches!(verdict, Verdict::CouldNotRun(_) | Verdict::ToolFault(_))) {
        ("?", YELLOW)
    } else if any(|verdict| *verdict == Verdict::Warn) {
        ("!", YELLOW)
    } else if any(|verdict| *verdict == Verdict::Pass) || checks.is_empty() {
        ("✓", GREEN)
    } else {
        // Nothing failed because nothing was judged.
        ("–", DIM)
    }
}

fn finished(tally: &Tally, took: Duration) -> String {
    let mut parts = vec![format!("{GREEN}{} passed{GREEN:#}", tally.passed)];
    for (number, word) in numbers(tally) {
        let style = match word {
            "failed" | "outdated" | "snapshot mismatches" => RED,
            "warned" | "could not run" => YELLOW,
            _ => DIM,
        };
        parts.push(format!("{style}{number} {word}{style:#}"));
    }
    let unclear = if tally.unclear > 0 { format!(", unclear {}", tally.unclear) } else { String::new() };
    let scenarios = count(tally.scenarios, "scenario");
    let mut text = format!("\n{scenarios}: {} {DIM}in {}{DIM:#}\n", parts.join(", "), time(took));
    if tally.created + tally.unclear > 0 {
        let (created, deleted, left) = (tally.created, tally.deleted, tally.left());
        let _ = writeln!(text, "{DIM}created {created}, deleted {deleted}, left {left}{unclear}{DIM:#}");
    }
    text
}

/// What there is to count besides what passed, each with its word; nothing that is none.
#[must_use]
pub fn numbers(tally: &Tally) -> Vec<(usize, &'static str)> {
    let all = [
        (tally.failed, "failed"),
        (tally.warned, "warned"),
        (tally.known, "known to fail"),
        (tally.outdated, "outdated"),
        (tally.could_not_run, "could not run"),
        (tally.not_applicable, "not applicable"),
        (tally.drifted, "snapshot mismatches"),
        (tally.unwritten, "snapshots not written"),
        (tally.new_snapshots, "new snapshots"),
        (tally.not_compared, "not compared"),
    ];
    all.into_iter().filter(|(number, _)| *number > 0).collect()
}

/// A number and its word: `1 check`, `2 checks`.
#[must_use]
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// A duration as people say it.
#[must_use]
pub fn time(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}
