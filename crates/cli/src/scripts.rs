//! `--scripts DIR`: a script of curl and jq for each scenario that failed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conformance_contract::Suite;
use conformance_record::{CheckOutcome, RunEvent, Secrets, Verdict};
use conformance_scenario::Scenario;
use conformance_script::{Recorded, recorded};
use conformance_source::Diagnostic;

/// Listens to a run, and writes the scripts when it is over.
pub struct Scripts {
    folder: PathBuf,
    suite: Arc<Suite>,
    scenarios: Vec<Scenario>,
    base_url: String,
    secrets: Secrets,
    failed: Vec<(String, Vec<CheckOutcome>)>,
}

impl Scripts {
    /// Scripts for a folder, by default against this server.
    pub fn new(folder: &Path, suite: &Arc<Suite>, scenarios: &[Scenario], base_url: String, secrets: Secrets) -> Self {
        let (folder, suite, scenarios) = (folder.to_owned(), suite.clone(), scenarios.to_vec());
        Self { folder, suite, scenarios, base_url, secrets, failed: Vec::new() }
    }

    /// Notes what failed.
    pub fn hear(&mut self, event: &RunEvent) {
        let RunEvent::Scenario { name, checks, .. } = event else { return };
        let failed = checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Warn));
        let failed: Vec<CheckOutcome> = failed.cloned().collect();
        if !failed.is_empty() {
            self.failed.push((name.clone(), failed));
        }
    }

    /// Writes the scripts; answers their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut written = Vec::new();
        for (name, failed) in &self.failed {
            let Some(scenario) = self.scenarios.iter().find(|one| one.name == *name) else { continue };
            let text = conformance_script::script(&self.suite, scenario, failed, &self.base_url);
            let path = self.folder.join(format!("{name}.sh"));
            save(&path, &self.secrets.scrub(&text))
                .map_err(|error| Diagnostic::general(format!("cannot write {}: {error}", path.display())))?;
            written.push(path);
        }
        Ok(written)
    }
}

/// The same of a run against a document: a script of curl and jq for each requirement that failed in a scenario, made of what went
/// over the wire.
pub struct RecordedScripts {
    folder: PathBuf,
    base_url: String,
    scripts: Vec<(String, String)>,
}

impl RecordedScripts {
    /// Scripts for a folder, by default against this server.
    pub fn new(folder: &Path, base_url: String) -> Self {
        Self { folder: folder.to_owned(), base_url, scripts: Vec::new() }
    }

    /// Makes scripts of what failed.
    pub fn hear(&mut self, event: &RunEvent) {
        let RunEvent::Scenario { name, checks, exchanges, .. } = event else { return };
        let mut told: Vec<&str> = Vec::new();
        for check in checks.iter().filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Warn)) {
            let Some(id) = check.requirements.first().map(|one| one.id.as_str()).filter(|id| !told.contains(id)) else {
                continue;
            };
            told.push(id);
            let of = Recorded { scenario: name, check, exchanges, base_url: &self.base_url };
            if let Some(script) = recorded(&of) {
                let rule = id.rsplit('.').next().unwrap_or(id);
                let base = format!("{name}.{rule}");
                let count = self.scripts.iter().filter(|(known, _)| known.starts_with(&base)).count();
                self.scripts.push((if count == 0 { base } else { format!("{base}-{}", count + 1) }, script));
            }
        }
    }

    /// Writes the scripts; returns their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let write = |(name, text): &(String, String)| {
            let path = self.folder.join(format!("{name}.sh"));
            let wrong = |error| Diagnostic::general(format!("cannot write {}: {error}", path.display()));
            save(&path, text).map_err(wrong)?;
            Ok(path)
        };
        self.scripts.iter().map(write).collect()
    }
}

/// Writes a file that can be run, and the folders above it.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}
