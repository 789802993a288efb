//! A workspace per credential, so that any number of jobs share a server without seeing each other.

use std::collections::HashMap;
use std::sync::Arc;

use conformance_store::{Place, Sequence, State};
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

impl Workspace {
    pub fn new(number: usize, kept: Kept) -> Self {
        Self { number, state: Mutex::new(kept) }
    }
}

/// What a workspace keeps.
#[derive(Debug)]
pub(crate) struct Kept {
    pub state: State,
    pub clock: Clock,
    pub random: fastrand::Rng,
    /// The user of Basic credentials: an object with this id is there, as is everybody's own account.
    pub owner: Option<String>,
    /// Objects that are found at more than one path.
    pub elsewhere: HashMap<Sequence, Vec<Place>>,
}

/// All workspaces of a server.
#[derive(Debug)]
pub(crate) struct Workspaces {
    seed: Option<u64>,
    /// What each begins with.
    begin: (State, HashMap<Sequence, Vec<Place>>),
    pub kept: kept::Kept<Workspace>,
}

impl Workspaces {
    pub fn new(seed: Option<u64>, most: usize) -> Self {
        Self { seed, begin: Default::default(), kept: kept::Kept::new(most) }
    }

    /// Lets each begin with this from now on.
    pub fn begin_with(&mut self, kept: Kept) {
        self.begin = (kept.state, kept.elsewhere);
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
        Workspace::new(number, self.begun(key, user_of(key)))
    }

    /// Nothing, for a workspace whose credential is not known.
    pub fn empty(&self, number: usize) -> Kept {
        self.nothing(&number.to_string(), None)
    }

    /// A workspace with a number, as each begins.
    pub fn fresh_under(&self, number: usize) -> Workspace {
        Workspace::new(number, self.begun(&number.to_string(), None))
    }

    fn begun(&self, key: &str, owner: Option<String>) -> Kept {
        let mut kept = self.nothing(key, owner);
        (kept.state, kept.elsewhere) = self.begin.clone();
        kept
    }

    fn nothing(&self, key: &str, owner: Option<String>) -> Kept {
        let random = self.seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(mix(seed, key)));
        let clock = Clock::new(self.seed.is_some(), 0);
        Kept { state: State::default(), clock, random, owner, elsewhere: HashMap::new() }
    }
}

/// The name before the colon, where a credential is that of Basic authentication.
fn user_of(credential: &str) -> Option<String> {
    let decoded = data_encoding::BASE64.decode(credential.as_bytes()).ok()?;
    let (user, _) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    (!user.is_empty()).then(|| user.to_owned())
}
