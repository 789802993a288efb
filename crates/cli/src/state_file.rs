//! What a mock keeps, in a file: the old or the new state, whenever the program is killed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conformance_mock::Mock;
use conformance_source::Diagnostic;

use crate::terminal;

/// How long changes are gathered before they are written.
const GATHERING: Duration = Duration::from_millis(200);

/// The file of a mock, and what it holds.
pub struct StateFile {
    path: PathBuf,
    written: String,
}

impl StateFile {
    /// Loads what an earlier run left, if it left anything.
    ///
    /// # Errors
    /// When the file cannot be read, or what it holds does not fit the mock.
    pub fn load(path: &Path, mock: &Mock) -> Result<Self, Diagnostic> {
        let name = path.display();
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Diagnostic::general(format!("cannot read {name}: {error}"))),
        };
        if !text.is_empty() {
            mock.restore(&text).map_err(|wrong| {
                let diagnostic = Diagnostic::general(format!("{name} cannot be loaded: {wrong}"));
                diagnostic.with_help("move it away to start from nothing; it was not changed")
            })?;
        }
        let mut file = Self { path: path.to_owned(), written: text };
        // That it cannot be written is said now, and not when there is something to lose.
        file.write(mock).map_err(|error| Diagnostic::general(format!("cannot write {name}: {error}")))?;
        Ok(file)
    }

    /// Writes changes as they come, until the mock ends.
    pub async fn keep(mut self, mock: Arc<Mock>) -> Self {
        let mut seen = 0;
        while seen != u64::MAX {
            seen = mock.changed_after(seen).await;
            if seen != u64::MAX {
                tokio::time::sleep(GATHERING).await;
            }
            self.write_or_say(&mock);
        }
        self
    }

    /// Writes what the mock keeps, and says it when that fails.
    pub fn write_or_say(&mut self, mock: &Mock) -> bool {
        let result = self.write(mock);
        if let Err(error) = &result {
            terminal::note(&format!("error: the state could not be written to {}: {error}", self.path.display()));
        }
        result.is_ok()
    }

    fn write(&mut self, mock: &Mock) -> io::Result<()> {
        let text = mock.saved();
        if text != self.written {
            replace(&self.path, text.as_bytes())?;
            self.written = text;
        }
        Ok(())
    }
}

/// What this program wrote, however large it is.
fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file"));
    }
    fs::read_to_string(path)
}

/// Puts other content in place of a file's: a reader finds the old or the new one. It is for its owner alone.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".tmp");
    let aside = PathBuf::from(aside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&aside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&aside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&aside);
    })
}
