//! One workspace per bearer token, so that any number of jobs share a server without seeing each other.

use std::collections::HashMap;
use std::sync::Arc;

use conformance_contract::Contract;
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::ids::Ids;
use crate::seeds::Seeds;
use crate::store::Collection;

/// The state behind one token.
#[derive(Debug)]
pub struct Workspace {
    /// Its number, in the order in which tokens were first seen; what logs show instead of the token.
    pub number: usize,
    /// Its objects.
    pub state: Mutex<State>,
}

/// What a workspace holds.
#[derive(Debug)]
pub struct State {
    /// One collection per resource; shared with all others until the first write.
    pub collections: Arc<Vec<Collection>>,
    /// Its time.
    pub clock: Clock,
    /// One maker of ids per resource.
    pub ids: Vec<Ids>,
}

/// All workspaces of a server.
#[derive(Debug)]
pub struct Workspaces {
    seeds: Seeds,
    seed: Option<u64>,
    resources: usize,
    most: usize,
    by_token: RwLock<HashMap<String, Arc<Workspace>>>,
}

impl Workspaces {
    /// No workspaces yet; each will start from `seeds`.
    #[must_use]
    pub fn new(contract: &Contract, seeds: Seeds, seed: Option<u64>, most: usize) -> Self {
        Self { seeds, seed, resources: contract.resources.len(), most, by_token: RwLock::default() }
    }

    /// The workspace of a token, made when the token is new. None when there are too many already.
    #[must_use]
    pub fn of(&self, token: &str) -> Option<Arc<Workspace>> {
        if let Some(known) = self.by_token.read().get(token) {
            return Some(known.clone());
        }
        let mut all = self.by_token.write();
        let number = all.len() + 1;
        if number > self.most && !all.contains_key(token) {
            return None;
        }
        Some(all.entry(token.to_owned()).or_insert_with(|| Arc::new(self.fresh(token, number))).clone())
    }

    /// Puts the workspace of a token back to where it began, under its number; none when nobody used it yet.
    #[must_use]
    pub fn reset(&self, token: &str) -> Option<usize> {
        let mut all = self.by_token.write();
        let number = all.get(token)?.number;
        all.insert(token.to_owned(), Arc::new(self.fresh(token, number)));
        Some(number)
    }

    fn fresh(&self, token: &str, number: usize) -> Workspace {
        let random = |index: usize| match self.seed {
            Some(seed) => fastrand::Rng::with_seed(mix(seed, token).wrapping_add(index as u64)),
            None => fastrand::Rng::new(),
        };
        let state = State {
            collections: self.seeds.collections.clone(),
            clock: Clock::new(self.seed.is_some(), self.seeds.newest),
            ids: (0..self.resources).map(|index| Ids::new(random(index))).collect(),
        };
        Workspace { number, state: Mutex::new(state) }
    }
}

/// A number that follows from seed and token, the same on every machine and in every release (FNV-1a).
pub(crate) fn mix(seed: u64, token: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    token.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
