//! A workspace per credential, so that any number of jobs share a server without seeing each other.

use std::collections::HashMap;
use std::sync::Arc;

use conformance_store::{Place, Sequence, State};
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
    /// The user of Basic credentials: an object with this id is there, as is everybody's own account.
    pub owner: Option<String>,
    /// Objects that are found at more than one path.
    pub elsewhere: HashMap<Sequence, Vec<Place>>,
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
        let owner = user_of(key);
        let kept = Kept {
            state: State::default(),
            clock: Clock::new(self.seed.is_some(), 0),
            random,
            owner,
            elsewhere: HashMap::new(),
        };
        Workspace { number, state: Mutex::new(kept) }
    }
}

/// The name before the colon, where a credential is that of Basic authentication.
fn user_of(credential: &str) -> Option<String> {
    let decoded = data_encoding::BASE64.decode(credential.as_bytes()).ok()?;
    let (user, _) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    (!user.is_empty()).then(|| user.to_owned())
}
