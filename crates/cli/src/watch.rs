//! `mock --watch`: what is mocked follows its files, and keeps what it holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use conformance_mock::Mock;

use crate::exit::Failure;
use crate::terminal;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(200);
/// So many files of a folder are looked at.
const MOST: usize = 5_000;

/// What makes the mock anew.
pub type Rebuild = Arc<dyn Fn() -> Result<Mock, Failure> + Send + Sync>;

/// Files to look at, and what to make of them.
pub struct Watch {
    /// Files, and folders with all YAML and JSON below them.
    pub paths: Vec<PathBuf>,
    /// What the mock writes itself: following that would never end.
    pub own: Vec<PathBuf>,
    /// Makes the mock anew.
    pub rebuild: Rebuild,
}

/// When each file was changed, and how long it is.
type Fingerprint = Vec<(PathBuf, Option<SystemTime>, u64)>;

impl Watch {
    /// Follows the files until the program ends. What is broken is said, and the last mock that was not goes on.
    pub async fn follow(self, mock: Arc<Mock>) {
        let own: Vec<PathBuf> = self.own.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let fingerprint = || fingerprint(&self.paths, &own);
        let mut known = fingerprint();
        loop {
            tokio::time::sleep(EVERY).await;
            let mut now = fingerprint();
            if now == known {
                continue;
            }
            // An editor, or a checkout, may not be done yet.
            loop {
                tokio::time::sleep(EVERY / 2).await;
                let later = fingerprint();
                if later == now {
                    break;
                }
                now = later;
            }
            known = now;
            let (start, rebuild) = (Instant::now(), self.rebuild.clone());
            match tokio::task::spawn_blocking(move || rebuild()).await {
                Ok(Ok(new)) => tell(&mock.replace(new), start.elapsed()),
                Ok(Err(failure)) => {
                    terminal::error(&failure);
                    terminal::note("the change was not taken: what was mocked before still is");
                }
                Err(_) => return,
            }
        }
    }
}

fn tell(lost: &[String], took: Duration) {
    terminal::note(&format!("reloaded in {} ms; objects are kept", took.as_millis()));
    for one in lost {
        terminal::note(&format!("  an object does not fit any more and is gone: {one}"));
    }
}

fn fingerprint(paths: &[PathBuf], own: &[PathBuf]) -> Fingerprint {
    let mut files = Vec::new();
    paths.iter().for_each(|path| gather(path, &mut files));
    files.retain(|file| !file.canonicalize().is_ok_and(|file| own.contains(&file)));
    files.sort();
    let one = |path: PathBuf| {
        let metadata = path.metadata().ok();
        let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (path, changed, metadata.map_or(0, |metadata| metadata.len()))
    };
    files.into_iter().map(one).collect()
}

/// The files at a path; links to folders are not followed.
fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    if files.len() >= MOST {
        return;
    }
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            gather(&entry.path(), files);
        } else if files.len() < MOST && is_read(&entry.path()) {
            files.push(entry.path());
        }
    }
}

/// Whether a file may be part of what is mocked.
fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml" || ending == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mock_writes_itself_is_not_followed() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["openapi.yaml", "state.json", "state.json.tmp", "notes.txt"] {
            std::fs::write(at(name), "x").expect("a file");
        }
        let own = [at("state.json").canonicalize().expect("the file")];
        let seen = fingerprint(&[folder.path().to_owned()], &own);
        let names: Vec<&Path> = seen.iter().map(|(path, ..)| path.as_path()).collect();
        assert_eq!(names, [at("openapi.yaml")]);
    }
}
