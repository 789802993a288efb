//! A whole run, collected from its events, for the formats that are written when it is over.

use std::collections::BTreeMap;
use std::time::Duration;

use conformance_record::{CheckOutcome, Exchange, Level, Position, RunEvent, SnapshotOutcome, Tally, Verdict};

use crate::card::{self, Context};

/// What the formats tell besides the run itself.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// The command that a part of the run is run again with.
    pub again: String,
    /// The version of this program.
    pub version: String,
    /// Every requirement of the suite.
    pub requirements: Vec<Requirement>,
    /// A kill matrix, as `conformance mutate --format json` writes it.
    pub matrix: Option<serde_json::Value>,
}

/// A requirement of the suite.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Its id.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What it demands.
    pub statement: String,
    /// Where it comes from.
    pub sources: Vec<String>,
    /// Why nothing tests it, if so.
    pub excluded: Option<String>,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The API's title.
    pub suite: String,
    /// What was judged.
    pub target: String,
    /// Where requests can be sent by hand.
    pub origin: String,
    /// The command that starts a server there, when the one behind the run ended with it.
    pub start_with: Option<String>,
    /// What was replayed, in order.
    pub scenarios: Vec<Scenario>,
    /// What was left behind: id, and why.
    pub leftovers: Vec<(String, String)>,
    /// Baselines that no scenario has any more.
    pub unused: Vec<String>,
    /// Entries of the list of known failures that are not true any more.
    pub outdated: Vec<(Position, String)>,
    /// The numbers; none while the run goes on.
    pub tally: Option<Tally>,
    /// How long it took.
    pub took: Duration,
}

/// A scenario that was replayed.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `area/behaviour`
    pub name: String,
    /// What it shows.
    pub summary: String,
    /// Its checks in order.
    pub checks: Vec<CheckOutcome>,
    /// How long it took.
    pub took: Duration,
    /// How many requests it sent.
    pub requests: usize,
    /// How it compares with its baseline.
    pub snapshot: SnapshotOutcome,
    /// What went over the wire, when there is something to tell.
    pub exchanges: Vec<Exchange>,
}

impl Collected {
    /// Takes an event in.
    pub fn hear(&mut self, event: &RunEvent) {
        match event.clone() {
            RunEvent::Started { suite, target, origin, start_with, .. } => {
                self.start_with = start_with;
                (self.suite, self.target, self.origin) = (suite, target, origin);
            }
            RunEvent::Scenario { name, summary, checks, took, requests, exchanges, snapshot } => {
                self.scenarios.push(Scenario { name, summary, checks, took, requests, snapshot, exchanges });
            }
            RunEvent::Leftover { id, reason } => self.leftovers.push((id, reason)),
            RunEvent::Unused { path } => self.unused.push(path),
            RunEvent::Outdated { position, trouble } => self.outdated.push((position, trouble)),
            RunEvent::Finished { tally, took } => (self.tally, self.took) = (Some(tally), took),
        }
    }

    /// What a card of a scenario's check needs.
    #[must_use]
    pub fn context<'c>(&'c self, scenario: &'c Scenario, background: &'c Background) -> Context<'c> {
        Context {
            scenario: &scenario.name,
            exchanges: &scenario.exchanges,
            origin: &self.origin,
            start_with: self.start_with.as_deref(),
            again: &background.again,
        }
    }

    /// Every check that is worth a card, with its scenario.
    pub fn told(&self) -> impl Iterator<Item = (&Scenario, &CheckOutcome)> {
        let all = self.scenarios.iter().flat_map(|one| one.checks.iter().map(move |check| (one, check)));
        all.filter(|(_, check)| !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable(_)))
    }

    /// How many checks cite a requirement, by verdict.
    #[must_use]
    pub fn coverage(&self) -> BTreeMap<&str, BTreeMap<&'static str, usize>> {
        let mut coverage: BTreeMap<&str, BTreeMap<&'static str, usize>> = BTreeMap::new();
        for check in self.scenarios.iter().flat_map(|one| &one.checks) {
            for cited in &check.requirements {
                *coverage.entry(&cited.id).or_default().entry(card::word(&check.verdict)).or_default() += 1;
            }
        }
        coverage
    }
}

impl Scenario {
    /// What stands before the slash of its name.
    #[must_use]
    pub fn area(&self) -> &str {
        self.name.split('/').next().unwrap_or("")
    }
}
