//! The memory of how a target behaved: one file per scenario, in insta's format.
//!
//! A baseline lies at `DIR/TARGET/AREA/BEHAVIOUR.snap`; what differs from it is written beside it as `.snap.new`, where
//! `conformance accept` and `cargo insta review` find it. Files are written aside and renamed, so that a killed run leaves
//! no half of one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::stable::Ignored;
use conformance_record::SnapshotOutcome;
use similar::{ChangeTag, TextDiff};

/// Where baselines come from, and what may be written.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// Baselines that are compiled in: path below the folder, and text.
    pub built_in: Vec<(String, String)>,
    /// The folder; none when nothing may be read or written there.
    pub folder: Option<PathBuf>,
    /// The target's name.
    pub target: String,
    /// Whether missing baselines and pending files may be written.
    pub write: bool,
    /// Members whose values are left out.
    pub ignored: Ignored,
}

/// What a snapshot is of.
#[derive(Clone, Copy, Debug)]
pub struct Snapshotted<'s> {
    /// `area/behaviour`
    pub name: &'s str,
    /// What it shows.
    pub summary: &'s str,
    /// Where it is written, or what it follows from.
    pub source: &'s str,
}

impl Snapshots {
    /// Compares what a scenario saw with its baseline.
    #[must_use]
    pub fn compare(&self, of: &Snapshotted<'_>, transcript: &str) -> SnapshotOutcome {
        let below = format!("{}/{}.snap", self.target, of.name);
        match self.baseline(&below) {
            Err(reason) => SnapshotOutcome::Broken(reason),
            Ok(Some(baseline)) if baseline.trim_end() == transcript.trim_end() => {
                // A pending file of an earlier run is settled by this one.
                if let Some(pending) = self.pending(&below).filter(|_| self.write) {
                    let _ = fs::remove_file(pending);
                }
                SnapshotOutcome::Same
            }
            Ok(Some(baseline)) => {
                let pending = self.pending(&below).filter(|_| self.write);
                if let Some(path) = pending
                    && let Err(error) = write(&path, of, transcript)
                {
                    return unwritten(&path, &error);
                }
                SnapshotOutcome::Drifted(diff(&baseline, transcript))
            }
            Ok(None) => match self.folder.as_ref().filter(|_| self.write) {
                None => SnapshotOutcome::NotCompared,
                Some(folder) => {
                    let path = folder.join(&below);
                    let written = write(&path, of, transcript);
                    written.map_or_else(|error| unwritten(&path, &error), |()| SnapshotOutcome::New)
                }
            },
        }
    }

    fn pending(&self, below: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{below}.new")))
    }

    fn baseline(&self, below: &str) -> Result<Option<String>, String> {
        let Some(folder) = &self.folder else {
            let found = self.built_in.iter().find(|(name, _)| name == below);
            return found.map(|(_, text)| contents(text, below)).transpose();
        };
        match fs::read_to_string(folder.join(below)) {
            Ok(text) => contents(&text, &folder.join(below).display().to_string()).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{} cannot be read: {error}", folder.join(below).display())),
        }
    }

    /// Baselines of this target that no scenario has, of all that there are.
    #[must_use]
    pub fn unused(&self, scenarios: &[String]) -> Vec<PathBuf> {
        let Some(root) = self.folder.as_ref().map(|folder| folder.join(&self.target)) else { return Vec::new() };
        let known: Vec<PathBuf> = scenarios.iter().map(|name| root.join(format!("{name}.snap"))).collect();
        files(&root, ".snap").into_iter().filter(|path| !known.contains(path)).collect()
    }
}

/// What stands below a snapshot's head. A file that does not begin like one (empty, with conflict marks) is refused:
/// it would read as an empty snapshot.
fn contents(text: &str, name: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    body.map(|(_, body)| body.to_owned()).ok_or_else(|| format!("{name} is no snapshot: it does not begin with `---`"))
}

fn unwritten(path: &Path, error: &io::Error) -> SnapshotOutcome {
    SnapshotOutcome::Unwritten(format!("the snapshot {} cannot be written: {error}", path.display()))
}

/// Writes a snapshot aside and renames it; what stands aside does not stay.
fn write(path: &Path, of: &Snapshotted<'_>, transcript: &str) -> io::Result<()> {
    let aside = path.with_extension("tmp");
    let written = write_by_way_of(&aside, path, of, transcript);
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

fn write_by_way_of(aside: &Path, path: &Path, of: &Snapshotted<'_>, transcript: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let description = serde_json::Value::from(of.summary);
    fs::write(aside, format!("---\nsource: {}\ndescription: {description}\n---\n{transcript}\n", of.source))?;
    // Through insta once: the bytes are then those that its own tools leave.
    let snapshot = insta::Snapshot::from_file(aside).map_err(|error| io::Error::other(error.to_string()))?;
    snapshot.save(aside).map_err(|error| io::Error::other(error.to_string()))?;
    fs::rename(aside, path)
}

/// The lines that differ, with a little around them.
fn diff(old: &str, new: &str) -> Vec<(char, String)> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            lines.push((' ', "⋯".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push((sign, change.value().trim_end().to_owned()));
        }
    }
    lines
}

/// The files below a folder whose names end so, sorted.
fn files(root: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A snapshot that differs from its baseline.
#[derive(Clone, Debug)]
pub struct Pending {
    /// `TARGET/AREA/BEHAVIOUR`
    pub name: String,
    /// What the baseline holds; nothing when there is none any more.
    pub old: String,
    /// What the snapshot holds.
    pub new: String,
    path: PathBuf,
}

impl Pending {
    /// The lines that differ, each with `-`, `+` or a space before it.
    #[must_use]
    pub fn diff(&self) -> Vec<(char, String)> {
        diff(&self.old, &self.new)
    }

    /// Makes it the baseline; answers the baseline's file.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn accept(&self) -> io::Result<PathBuf> {
        let baseline = self.path.with_extension("");
        fs::rename(&self.path, &baseline)?;
        Ok(baseline)
    }

    /// Removes it; the baseline stays.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn reject(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// The pending snapshots below a folder that `names` name (`[TARGET/]AREA[/BEHAVIOUR]`, or a target); all, when none is
/// named.
///
/// # Errors
/// When a file cannot be read.
pub fn pending(folder: &Path, names: &[String]) -> io::Result<Vec<Pending>> {
    let mut found = Vec::new();
    for path in files(folder, ".snap.new") {
        let shown = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let shown = shown.trim_end_matches(".snap.new");
        let scenario = shown.split_once('/').map_or(shown, |(_, below)| below);
        let is = |name: &str, path: &str| {
            path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if names.is_empty() || names.iter().any(|name| is(name, shown) || is(name, scenario)) {
            let held = |path: &Path| contents(&fs::read_to_string(path)?, shown).map_err(io::Error::other);
            let old = held(&path.with_extension("")).unwrap_or_default();
            found.push(Pending { name: shown.to_owned(), old, new: held(&path)?, path });
        }
    }
    Ok(found)
}
