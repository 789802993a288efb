//! One workspace per bearer token, so that any number of jobs share a server without seeing each other.

use std::sync::Arc;

use conformance_contract::Contract;
use parking_lot::RwLock;

use crate::clock::Clock;
use crate::ids::Ids;
use crate::kept::Kept;
use crate::seeds::Seeds;
use crate::store::Collection;

/// The state behind one token.
#[derive(Debug)]
pub struct Workspace {
    /// Its number, in the order in which tokens were first seen; what logs show instead of the token.
    pub number: usize,
    /// Its objects.
    pub state: RwLock<State>,
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
    kept: Kept<Workspace>,
}

impl Workspaces {
    /// No workspaces yet; each will start from `seeds`.
    #[must_use]
    pub fn new(contract: &Contract, seeds: Seeds, seed: Option<u64>, most: usize) -> Self {
        Self { seeds, seed, resources: contract.resources.len(), kept: Kept::new(most) }
    }

    /// The workspace of a token, made when the token is new; the least recently used one makes room for it.
    #[must_use]
    pub fn of(&self, token: &str) -> Arc<Workspace> {
        self.kept.of(token, |number| self.fresh(token, number))
    }

    /// Puts the workspace of a token back to where it began, under its number; none when nobody used it yet.
    #[must_use]
    pub fn reset(&self, token: &str) -> Option<usize> {
        self.kept.replace(token, |number| self.fresh(token, number))
    }

    /// Lets each start from these from now on.
    pub(crate) fn begin_with(&mut self, seeds: Seeds) {
        self.seeds = seeds;
    }

    /// All of them.
    pub(crate) fn kept(&self) -> &Kept<Workspace> {
        &self.kept
    }

    /// A workspace with a number, as each begins.
    pub(crate) fn begun(&self, number: usize) -> Workspace {
        self.holding(number, &self.seeds)
    }

    /// A workspace with a number that holds these objects.
    pub(crate) fn holding(&self, number: usize, seeds: &Seeds) -> Workspace {
        self.made(&number.to_string(), number, seeds)
    }

    fn fresh(&self, token: &str, number: usize) -> Workspace {
        self.made(token, number, &self.seeds)
    }

    fn made(&self, token: &str, number: usize, seeds: &Seeds) -> Workspace {
        let random = |index: usize| match self.seed {
            Some(seed) => fastrand::Rng::with_seed(mix(seed, token).wrapping_add(index as u64)),
            None => fastrand::Rng::new(),
        };
        let state = State {
            collections: seeds.collections.clone(),
            clock: Clock::new(self.seed.is_some(), seeds.newest),
            ids: (0..self.resources).map(|index| Ids::new(random(index))).collect(),
        };
        Workspace { number, state: RwLock::new(state) }
    }
}

/// A number that follows from seed and token, the same on every machine and in every release (FNV-1a).
pub(crate) fn mix(seed: u64, token: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    token.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
