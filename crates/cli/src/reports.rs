//! Reports: where they go, and what they are told besides the run.

use std::fs;
use std::path::Path;

use conformance_contract::Suite;
use conformance_record::{Blame, Code, Level};
use conformance_report::collect::Requirement;
use conformance_report::{
    Background, Collected, github::github, html::html, json::json, junit::junit, markdown::markdown,
};
use conformance_source::Diagnostic;

use crate::exit::Failure;
use crate::{args, terminal};

/// The reports that a run writes when it is over.
#[derive(Debug)]
pub struct Reports {
    wanted: Vec<args::Report>,
    background: Background,
    /// The run so far.
    pub run: Collected,
}

impl Reports {
    /// Sees that every report can be written, before anything is sent.
    pub fn new(telling: &args::Telling, suite: &Suite, again: String) -> Result<Self, Failure> {
        let requirements = suite.requirements.all.iter().map(|one| Requirement {
            id: one.id.clone(),
            level: one.level,
            statement: one.statement.clone(),
            sources: suite.requirements.cited(one).sources,
            excluded: one.excluded.map(|excluded| excluded.reason().to_owned()),
        });
        Self::with(telling, requirements.collect(), again)
    }

    /// The same, about these requirements.
    pub fn with(telling: &args::Telling, requirements: Vec<Requirement>, again: String) -> Result<Self, Failure> {
        let mut wanted = telling.reports.clone();
        if telling.format == args::Format::Json {
            wanted.push(args::Report { kind: args::ReportKind::Json, file: None });
        }
        if wanted.iter().filter(|one| one.file.is_none()).count() > 1 {
            let wrong = Diagnostic::general("two reports cannot both be written to stdout");
            return Err(wrong.with_help("give one of them a file: `--report html=report.html`").into());
        }
        for path in wanted.iter().filter_map(|one| one.file.as_ref()) {
            probe(path)?;
        }
        let matrix = telling.kill_matrix.as_deref().map(matrix).transpose()?;
        let background = Background { again, version: env!("CARGO_PKG_VERSION").to_owned(), requirements, matrix };
        Ok(Self { wanted, background, run: Collected::default() })
    }

    /// Whether stdout belongs to a report.
    pub fn take_stdout(&self) -> bool {
        self.wanted.iter().any(|one| one.file.is_none())
    }

    /// Whether a report would have to share stdout that cannot: annotations are lines among others.
    pub fn want_stdout_alone(&self) -> bool {
        self.wanted.iter().any(|one| one.file.is_none() && one.kind != args::ReportKind::Github)
    }

    /// Makes them about what a client sent: what is checked are kinds of findings.
    pub fn about_requests(&mut self, rule: fn(Code) -> &'static str) {
        let codes = Code::ALL.into_iter();
        let requirement = |code: Code| Requirement {
            id: code.to_string(),
            level: if code.blame() == Blame::Sdk { Level::Must } else { Level::Should },
            statement: rule(code).to_owned(),
            sources: Vec::new(),
            excluded: None,
        };
        self.background.requirements = codes.map(requirement).collect();
    }

    /// The command that a part of the run is run again with.
    pub fn again(&self) -> &str {
        &self.background.again
    }

    /// Writes them.
    pub fn write(&self) -> Result<(), Failure> {
        for one in &self.wanted {
            let text = match one.kind {
                args::ReportKind::Junit => junit(&self.run, &self.background)
                    .map_err(|error| Diagnostic::general(format!("the JUnit report cannot be written: {error}")))?,
                args::ReportKind::Json => format!("{:#}\n", json(&self.run, &self.background)),
                args::ReportKind::Html => html(&self.run, &self.background),
                args::ReportKind::Markdown => markdown(&self.run, &self.background),
                args::ReportKind::Github => github(&self.run, &self.background),
            };
            match &one.file {
                Some(path) => fs::write(path, text).map_err(|error| cannot(path, &error))?,
                None => terminal::raw(&text),
            }
        }
        Ok(())
    }
}

/// Opens a file for writing, without touching what is in it.
fn probe(path: &Path) -> Result<(), Diagnostic> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| cannot(path, &error))?;
    }
    fs::OpenOptions::new().create(true).append(true).open(path).map(drop).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::general(format!("the report {} cannot be written: {error}", path.display()))
}

fn matrix(path: &Path) -> Result<serde_json::Value, Diagnostic> {
    let text = conformance_source::read_text(path);
    let text = text.map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", path.display())))?;
    let found: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    found.filter(|found| found.get("faults").is_some_and(serde_json::Value::is_array)).ok_or_else(|| {
        let wrong = Diagnostic::general(format!("{} is no kill matrix", path.display()));
        wrong.with_help("`conformance mutate --format json` writes one")
    })
}
