//! A workspace per credential, so that any number of jobs share a server without seeing each other.

use std::sync::Arc;

use conformance_store::State;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::kept;
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
    kept: kept::Kept<Workspace>,
}

impl Workspaces {
    pub fn new(seed: Option<u64>, most: usize) -> Self {
        Self { seed, kept: kept::Kept::new(most) }
    }

    /// The workspace of a credential, made when the credential is new; the least recently used one makes room for it.
    pub fn of(&self, key: &str) -> Arc<Workspace> {
        self.kept.of(key, |number| self.fresh(key, number))
    }

    /// Puts a workspace back to where it began; its number, if it was ever used.
    pub fn reset(&self, key: &str) -> Option<usize> {
        self.kept.replace(key, |number| self.fresh(key, number))
    }

    fn fresh(&self, key: &str, number: usize) -> Workspace {
        let random = self.seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(mix(seed, key)));
        let kept = Kept { state: State::default(), clock: Clock::new(self.seed.is_some(), 0), random };
        Workspace { number, state: Mutex::new(kept) }
    }
}
