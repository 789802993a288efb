//! A workspace per credential, so that any number of jobs share a server without seeing each other.

use std::collections::HashMap;
use std::sync::Arc;

use conformance_store::State;
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::workspaces::mix;

/// The state behind one credential.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// What logs show instead of the credential.
    pub number: usize,
    pub state: Mutex<Kept>,
}

/// What a workspace keeps.
#[derive(Debug)]
pub(crate) struct Kept {
    pub state: State,
    pub clock: Clock,
    pub random: fastrand::Rng,
}

/// All workspaces of a server.
#[derive(Debug)]
pub(crate) struct Workspaces {
    seed: Option<u64>,
    most: usize,
    by_key: RwLock<HashMap<String, Arc<Workspace>>>,
}

impl Workspaces {
    pub fn new(seed: Option<u64>, most: usize) -> Self {
        Self { seed, most, by_key: RwLock::default() }
    }

    /// The workspace of a credential, made when the credential is new; none when there are too many already.
    pub fn of(&self, key: &str) -> Option<Arc<Workspace>> {
        if let Some(known) = self.by_key.read().get(key) {
            return Some(known.clone());
        }
        let mut all = self.by_key.write();
        let number = all.len() + 1;
        if number > self.most && !all.contains_key(key) {
            return None;
        }
        Some(all.entry(key.to_owned()).or_insert_with(|| Arc::new(self.fresh(key, number))).clone())
    }

    /// Puts a workspace back to where it began; its number, if it was ever used.
    pub fn reset(&self, key: &str) -> Option<usize> {
        let mut all = self.by_key.write();
        let number = all.get(key)?.number;
        all.insert(key.to_owned(), Arc::new(self.fresh(key, number)));
        Some(number)
    }

    fn fresh(&self, key: &str, number: usize) -> Workspace {
        let random = self.seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(mix(seed, key)));
        let kept = Kept { state: State::default(), clock: Clock::new(self.seed.is_some(), 0), random };
        Workspace { number, state: Mutex::new(kept) }
    }
}
