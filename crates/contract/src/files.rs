//! Where a suite's files come from: a folder, or the binary itself.

use std::fs;
use std::io;
use std::path::PathBuf;

/// The files of a suite, by path relative to its root, with forward slashes.
pub trait Files: Send + Sync {
    /// The text of a file.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not UTF-8.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The paths of all files below a folder, sorted. None when there is no such folder.
    ///
    /// # Errors
    /// When a folder cannot be read.
    fn below(&self, folder: &str) -> io::Result<Vec<String>>;

    /// How a path of the suite is shown to people.
    fn display(&self, path: &str) -> String;
}

/// A suite in a folder.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        let file = self.0.join(path);
        // A link may lead out of the suite, to what is nobody's business here.
        if !file.canonicalize()?.starts_with(self.0.canonicalize()?) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is a link that leads out of the suite"));
        }
        conformance_source::read_text(&file)
    }

    fn below(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.0.join(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                // A link to a folder is not followed: it may lead round in circles.
                if entry.file_type()?.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        Ok(found)
    }

    fn display(&self, path: &str) -> String {
        let shown = self.0.join(path);
        shown.strip_prefix("./").unwrap_or(&shown).display().to_string()
    }
}

/// A suite compiled into the binary: pairs of path and text.
#[derive(Debug)]
pub struct Embedded(pub &'static [(&'static str, &'static str)]);

impl Files for Embedded {
    fn read(&self, path: &str) -> io::Result<String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn below(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        let mut found: Vec<_> =
            self.0.iter().map(|(name, _)| (*name).to_owned()).filter(|name| name.starts_with(&prefix)).collect();
        found.sort();
        Ok(found)
    }

    fn display(&self, path: &str) -> String {
        path.to_owned()
    }
}
