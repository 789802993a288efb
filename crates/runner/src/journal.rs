//! What a run leaves on disk while it goes, so that a killed run can be swept up after.
//!
//! One file per run, JSON Lines: a head, then an intent before each create is sent, the id when it is known, and each
//! deletion. No token stands in it. A run that left nothing behind removes its file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Entry {
    /// The run begins.
    Run {
        /// What stands in every name that the run can put it in.
        marker: String,
        /// The base URL.
        target: String,
        /// The API's title.
        suite: String,
        /// When, in milliseconds since 1970.
        started: u64,
        /// What tells another token from the run's; it tells nothing of the token.
        #[serde(default)]
        fingerprint: u32,
    },
    /// A create is about to be sent.
    Intent {
        /// The number of the create within the run.
        number: usize,
        /// The resource's name.
        resource: String,
        /// Whether the second token sent it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        second: bool,
        /// The body, when it is JSON.
        body: Value,
        /// When, in milliseconds since 1970.
        at: u64,
    },
    /// A create made this object.
    Created {
        /// The create.
        number: usize,
        /// The object.
        id: String,
    },
    /// A create made nothing.
    Refused {
        /// The create.
        number: usize,
    },
    /// The object of a create is gone again.
    Deleted {
        /// The create.
        number: usize,
    },
}

/// The journal of the run that is going on.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Begins a journal in `folder`.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn begin(folder: &Path, marker: &str, head: &Entry) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{marker}.jsonl"));
        let file = private(OpenOptions::new().create_new(true).append(true)).open(&path)?;
        // Held as long as the process lives: nobody sweeps up after a run that is still going on.
        file.lock()?;
        let mut journal = Self { path, file };
        journal.write(head)?;
        Ok(journal)
    }

    /// Adds a line. What was written survives the death of the process.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Removes the file: nothing was left behind.
    pub fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// What was sent and received, and where, is its owner's alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A journal of an earlier run.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its file.
    pub path: PathBuf,
    /// Its lines. The last one may be cut off; it is left out then.
    pub entries: Vec<Entry>,
    /// Whether the run is still going on.
    pub alive: bool,
}

/// Tells tokens apart without telling them: 32 bits of what a run's marker and the token come to.
#[must_use]
pub fn fingerprint(marker: &str, token: &str) -> u32 {
    let bytes = marker.bytes().chain(token.bytes());
    let mixed =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (mixed >> 32) as u32
}

impl Past {
    /// Whether the run was made with this token.
    #[must_use]
    pub fn is_of(&self, token: &str) -> bool {
        match self.entries.first() {
            Some(Entry::Run { marker, fingerprint: of, .. }) => *of == fingerprint(marker, token),
            _ => false,
        }
    }

    /// Whether an object may be left that only the second token reaches.
    #[must_use]
    pub fn needs_second(&self) -> bool {
        let mut open = std::collections::BTreeSet::new();
        for entry in &self.entries {
            match entry {
                Entry::Intent { number, second: true, .. } => drop(open.insert(*number)),
                Entry::Refused { number } | Entry::Deleted { number } => drop(open.remove(number)),
                _ => {}
            }
        }
        !open.is_empty()
    }

    /// The marker, target and suite of the run.
    #[must_use]
    pub fn head(&self) -> Option<(&str, &str, &str)> {
        match self.entries.first()? {
            Entry::Run { marker, target, suite, .. } => Some((marker, target, suite)),
            _ => None,
        }
    }
}

/// A line of a journal. It goes through a value: a derived tagged enum cannot read numbers that are kept as they were written.
fn parse_entry(line: &str) -> Option<Entry> {
    serde_json::from_value(serde_json::from_str(line).ok()?).ok()
}

/// The journals in a folder, the oldest first.
///
/// # Errors
/// When the folder or a file in it cannot be read; that there is no folder is no error.
pub fn past(folder: &Path) -> io::Result<Vec<Past>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            let alive = matches!(File::open(&path)?.try_lock_shared(), Err(TryLockError::WouldBlock));
            let text = fs::read_to_string(&path)?;
            let entries = text.lines().map_while(parse_entry).collect();
            all.push(Past { path, entries, alive });
        }
    }
    all.sort_by_key(|one| match one.entries.first() {
        Some(Entry::Run { started, .. }) => *started,
        _ => 0,
    });
    Ok(all)
}
