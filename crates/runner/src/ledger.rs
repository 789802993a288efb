//! Everything that a run creates, shared by its scenarios and outliving each of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conformance_record::Secrets;
use serde_json::Value;

use crate::journal::{Entry, Journal};

/// The objects of a run.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    inner: Mutex<Inner>,
    marker: String,
}

#[derive(Debug, Default)]
struct Inner {
    creates: Vec<Create>,
    journal: Option<Journal>,
    secrets: Secrets,
    trouble: Option<String>,
    /// How many objects turned out not to be deletable.
    undeletable: usize,
    /// The creates of which that was told.
    told: Vec<usize>,
    /// How many waits for a server that is away are left.
    waits: usize,
    /// How many creates in a row failed on the server's side.
    failed_in_a_row: usize,
}

/// After so many objects that cannot be named or deleted nothing more is created.
const MAX_STUCK: usize = 3;
/// After so many creates in a row that fail on the server's side nothing more is created.
const MAX_FAILED: usize = 10;

/// A create that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) scenario: usize,
    pub(crate) resource: usize,
    /// Whether the second token sent it.
    pub(crate) second: bool,
    /// Whether its body bears the run's marker, so that a search would find what it made.
    pub(crate) marked: bool,
    pub(crate) fate: Fate,
}

/// What became of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Sent, and no answer came (yet).
    Unknown,
    /// It made nothing.
    Refused,
    /// It made an object that cannot be named.
    Nameless,
    /// It made this object.
    Made(String),
    /// It made this object, which is gone again.
    Gone(String),
}

impl Ledger {
    pub(crate) fn new(marker: &str, journal: Option<Journal>, secrets: Secrets) -> Self {
        const WAITS: usize = 20;
        let inner = Mutex::new(Inner { journal, secrets, waits: WAITS, ..Inner::default() });
        Self { inner, marker: marker.to_owned() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A scenario that panicked must not keep the others from cleaning up.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a create before it is sent; answers its number, or why it could not be noted on disk.
    pub(crate) fn intend(
        &self,
        (scenario, resource): (usize, usize),
        name: &str,
        second: bool,
        body: &[u8],
    ) -> Result<usize, String> {
        let mut inner = self.lock();
        let number = inner.creates.len();
        let marked = String::from_utf8_lossy(body).contains(&self.marker);
        let body = inner.secrets.scrub(&String::from_utf8_lossy(body));
        let body = conformance_json::parse(body.as_bytes()).unwrap_or(Value::Null);
        inner.write(&Entry::Intent { number, resource: name.to_owned(), second, body, at: now() });
        if let Some(trouble) = &inner.trouble {
            return Err(format!("the journal cannot be written: {trouble}"));
        }
        inner.creates.push(Create { scenario, resource, second, marked, fate: Fate::Unknown });
        Ok(number)
    }

    /// Notes what became of a create.
    pub(crate) fn settle(&self, number: usize, fate: Fate) {
        let mut inner = self.lock();
        match &fate {
            // An id may embed the token; who sweeps up has it and puts it back.
            Fate::Made(id) => {
                let id = inner.secrets.scrub(id);
                inner.write(&Entry::Created { number, id });
            }
            Fate::Gone(_) => inner.write(&Entry::Deleted { number }),
            Fate::Refused => inner.write(&Entry::Refused { number }),
            Fate::Unknown | Fate::Nameless => {}
        }
        match &fate {
            Fate::Unknown => inner.failed_in_a_row += 1,
            Fate::Made(_) | Fate::Refused | Fate::Nameless => inner.failed_in_a_row = 0,
            Fate::Gone(_) => {}
        }
        if let Some(create) = inner.creates.get_mut(number) {
            create.fate = fate;
        }
    }

    /// Every create with its number, the newest last.
    pub(crate) fn all(&self) -> Vec<(usize, Create)> {
        self.lock().creates.iter().cloned().enumerate().collect()
    }

    /// Whether the run made an object with this id.
    pub(crate) fn knows(&self, id: &str) -> bool {
        let is = |create: &Create| matches!(&create.fate, Fate::Made(own) | Fate::Gone(own) if own == id);
        self.lock().creates.iter().any(is)
    }

    /// Whether the run made an object with this id that is not gone.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.lock().creates.iter().any(|create| matches!(&create.fate, Fate::Made(own) if own == id))
    }

    /// Notes that an object that seemed gone is not.
    pub(crate) fn note_shown(&self, id: &str) {
        let number = self.lock().creates.iter().position(|one| one.fate == Fate::Gone(id.to_owned()));
        if let Some(number) = number {
            self.settle(number, Fate::Made(id.to_owned()));
        }
    }

    /// The next wait for a server that may be back in a moment; none when the run has waited long enough.
    pub(crate) fn take_wait(&self) -> Option<Duration> {
        const WAIT: Duration = Duration::from_millis(500);
        let mut inner = self.lock();
        inner.waits = inner.waits.checked_sub(1)?;
        Some(WAIT)
    }

    /// Notes that an object could not be deleted, and that this was told.
    pub(crate) fn note_undeletable(&self, number: usize) {
        let mut inner = self.lock();
        inner.undeletable += 1;
        inner.told.push(number);
    }

    /// Whether it was told that what a create made could not be deleted.
    pub(crate) fn was_told(&self, number: usize) -> bool {
        self.lock().told.contains(&number)
    }

    /// Why nothing more is to be created, if so: what cannot be deleted would stay on the server.
    pub(crate) fn reason_to_stop(&self) -> Option<String> {
        let inner = self.lock();
        let nameless = inner.creates.iter().filter(|create| create.fate == Fate::Nameless).count();
        if nameless >= MAX_STUCK {
            return Some(format!(
                "nothing more is created: {nameless} creates were answered with success and without a usable id, so that \
                 nobody can delete what they made"
            ));
        }
        if inner.undeletable >= MAX_STUCK {
            let count = inner.undeletable;
            return Some(format!("nothing more is created: {count} objects that were created cannot be deleted"));
        }
        let failed = inner.failed_in_a_row;
        (failed >= MAX_FAILED)
            .then(|| format!("nothing more is created: {failed} creates in a row got no clear response"))
    }

    /// The creates of a scenario, with their numbers.
    pub(crate) fn of(&self, scenario: usize) -> Vec<(usize, Create)> {
        let inner = self.lock();
        let all = inner.creates.iter().enumerate().filter(|(_, create)| create.scenario == scenario);
        all.map(|(number, create)| (number, create.clone())).collect()
    }

    /// The ids of everything that was made.
    pub(crate) fn ids(&self) -> Vec<String> {
        let inner = self.lock();
        let ids = inner.creates.iter().filter_map(|one| match &one.fate {
            Fate::Made(id) | Fate::Gone(id) => Some(id.clone()),
            _ => None,
        });
        ids.collect()
    }

    /// How many creates got no clear response and made something, if at all, that a search for the marker would not find.
    pub(crate) fn unsearchable(&self) -> usize {
        let inner = self.lock();
        inner.creates.iter().filter(|one| one.fate == Fate::Unknown && (!one.marked || one.second)).count()
    }

    /// How many objects were created, how many of them are gone again, and how many creates got no clear answer.
    pub(crate) fn count(&self) -> (usize, usize, usize) {
        let inner = self.lock();
        let gone = inner.creates.iter().filter(|one| matches!(one.fate, Fate::Gone(_))).count();
        let made = inner.creates.iter().filter(|one| matches!(one.fate, Fate::Made(_) | Fate::Nameless)).count();
        let unclear = inner.creates.iter().filter(|one| one.fate == Fate::Unknown).count();
        (made + gone, gone, unclear)
    }

    /// Closes the journal; it stays on disk when anything may be left. Answers why it could not be kept, if so.
    pub(crate) fn close(&self) -> Option<String> {
        let mut inner = self.lock();
        let clean = inner.creates.iter().all(|one| matches!(one.fate, Fate::Refused | Fate::Gone(_)));
        if let Some(journal) = inner.journal.take().filter(|_| clean) {
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

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
