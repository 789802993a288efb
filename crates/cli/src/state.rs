//! What is kept between runs, in the platform's folder for it: journals, which scenarios failed last, certificates.

use std::path::PathBuf;
use std::{fs, io};

use etcetera::BaseStrategy as _;

/// The folder for state: `CONFORMANCE_STATE_DIR`, else the platform's.
fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CONFORMANCE_STATE_DIR").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let platform = etcetera::choose_base_strategy().ok()?;
    Some(platform.state_dir().unwrap_or_else(|| platform.data_dir()).join("conformance"))
}

/// The folder of the journals.
pub fn journals() -> Option<PathBuf> {
    folder().map(|folder| folder.join("journals"))
}

/// The folder of the certificates of mocks.
pub fn certificates() -> Option<PathBuf> {
    folder().map(|folder| folder.join("certificates"))
}

fn last_failed(target: &str) -> Option<PathBuf> {
    let name: String = target.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    folder().map(|folder| folder.join("last-failed").join(name))
}

/// Remembers which scenarios failed against a target.
pub fn remember_failed(target: &str, names: &[String]) -> io::Result<()> {
    let Some(path) = last_failed(target) else { return Ok(()) };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, names.join("\n"))
}

/// The scenarios that failed in the last run against a target; none when there was no run.
pub fn recall_failed(target: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(last_failed(target)?).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}
