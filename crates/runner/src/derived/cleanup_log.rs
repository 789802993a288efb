//! What a run creates, on disk while it goes, so that `sweep --openapi` can delete what a killed run left.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance_record::Secrets;
use serde_json::{Value, json};

use crate::journal::{Entry, Journal, fingerprint};
use crate::ledger::now;
use crate::target::Target;
use crate::word::word;

/// The clean-up log of a run. Without a folder for it nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct CleanupLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    journal: Option<Journal>,
    secrets: Secrets,
    creates: usize,
    /// Creates of which something may be there: where, as far as that is known.
    open: BTreeMap<usize, Option<String>>,
    trouble: Option<String>,
}

impl CleanupLog {
    /// Begins a log in a folder.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin(folder: Option<&Path>, title: &str, target: &Target, secrets: Secrets) -> Result<Self, String> {
        let marker = word(7);
        let head = Entry::Run {
            target: target.url(),
            suite: title.to_owned(),
            started: now(),
            fingerprint: fingerprint(&marker, &target.token(0)),
            marker: marker.clone(),
        };
        let begin = |folder: &Path| {
            Journal::begin(folder, &marker, &head)
                .map_err(|error| format!("the clean-up log cannot be kept in {}: {error}", folder.display()))
        };
        let journal = folder.map(begin).transpose()?;
        Ok(Self { inner: Mutex::new(Inner { journal, secrets, ..Inner::default() }) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A create is about to be sent, below these; its number.
    pub fn intend(&self, resource: &str, path: &[String], body: Option<&Value>) -> usize {
        let mut inner = self.lock();
        let number = inner.creates;
        inner.creates += 1;
        inner.open.insert(number, None);
        let body = json!({ "path": path, "body": body });
        inner.write(&Entry::Intent { number, resource: resource.to_owned(), second: false, body, at: now() });
        number
    }

    /// A create made nothing.
    pub fn reject(&self, number: usize) {
        let mut inner = self.lock();
        if inner.open.remove(&number).is_some() {
            inner.write(&Entry::Refused { number });
        }
    }

    /// A create made the object at this path.
    pub fn create(&self, number: usize, resource: &str, path: &[String]) {
        let mut inner = self.lock();
        let id = inner.secrets.scrub(&json!(path).to_string());
        inner.open.insert(number, Some(place(resource, path)));
        inner.write(&Entry::Created { number, id });
    }

    /// What was at this path is gone.
    pub fn delete(&self, resource: &str, path: &[String]) {
        let mut inner = self.lock();
        let gone = Some(place(resource, path));
        let numbers: Vec<usize> = inner.open.iter().filter(|(_, at)| **at == gone).map(|(number, _)| *number).collect();
        for number in numbers {
            inner.open.remove(&number);
            inner.write(&Entry::Deleted { number });
        }
    }

    /// Removes the log where nothing is left; why it could not be kept, if so.
    pub fn close(&self) -> Option<String> {
        let mut inner = self.lock();
        let is_clean = inner.open.is_empty();
        if let Some(journal) = inner.journal.take().filter(|_| is_clean) {
            journal.remove();
        }
        inner.trouble.take()
    }
}

impl Inner {
    fn write(&mut self, entry: &Entry) {
        if let Some(Err(error)) = self.journal.as_mut().map(|journal| journal.write(entry)) {
            self.trouble.get_or_insert_with(|| error.to_string());
        }
    }
}

fn place(resource: &str, path: &[String]) -> String {
    format!("{resource} {path:?}")
}
