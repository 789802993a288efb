//! Workspaces by credential: the least recently used one makes room for a new one, and no credential is kept.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use serde_json::Value;
use siphasher::sip128::SipHasher24;

use crate::saved::Saved;

/// What stands for a credential: a keyed hash, from which nothing leads back to it.
pub(crate) type Key = u128;

/// What hashes are keyed with: random, and kept with what is saved, so that a credential finds its workspace again.
pub(crate) type Salt = [u8; 16];

/// Hashes a key, which is a hash, by taking a half of it.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |half| u64::from_ne_bytes(*half));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What is kept for each credential.
#[derive(Debug)]
pub(crate) struct Kept<W> {
    most: usize,
    salt: RwLock<Salt>,
    all: RwLock<HashMap<Key, Used<W>, BuildHasherDefault<AlreadyHashed>>>,
    /// Counts uses, and so tells the order of them.
    uses: AtomicU64,
    /// How many there ever were.
    made: AtomicU64,
}

#[derive(Debug)]
struct Used<W> {
    workspace: Arc<W>,
    number: usize,
    last: AtomicU64,
}

impl<W> Kept<W> {
    pub(crate) fn new(most: usize) -> Self {
        let mut salt = Salt::default();
        fastrand::fill(&mut salt);
        let (uses, made) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { most: most.max(1), salt: RwLock::new(salt), all: RwLock::default(), uses, made }
    }

    fn key(&self, credential: &str) -> Key {
        SipHasher24::new_with_key(&self.salt.read()).hash(credential.as_bytes()).as_u128()
    }

    /// All workspaces, by their numbers, with what `state` says that each holds.
    pub(crate) fn saved(&self, state: impl Fn(&W) -> Value) -> Saved {
        let all: Vec<_> =
            self.all.read().iter().map(|(key, used)| (*key, used.number, used.workspace.clone())).collect();
        let mut workspaces: Vec<_> = all.into_iter().map(|(key, number, one)| (key, number, state(&one))).collect();
        workspaces.sort_by_key(|(_, number, _)| *number);
        Saved { salt: *self.salt.read(), workspaces }
    }

    /// Puts what was saved in place of everything.
    ///
    /// # Errors
    /// What `restored` cannot read; nothing is changed then.
    pub(crate) fn restore(
        &self,
        saved: Saved,
        restored: impl Fn(usize, &Value) -> Result<W, String>,
    ) -> Result<(), String> {
        let used = |(key, number, state): (Key, usize, Value)| {
            let workspace = restored(number, &state).map_err(|wrong| format!("workspaces/{number}: {wrong}"))?;
            Ok((key, Used { workspace: Arc::new(workspace), number, last: AtomicU64::new(self.now()) }))
        };
        let restored = saved.workspaces.into_iter().map(used).collect::<Result<HashMap<_, _, _>, String>>()?;
        let made = restored.values().map(|one| one.number).max().unwrap_or(0);
        let mut all = self.all.write();
        *self.salt.write() = saved.salt;
        *all = restored;
        self.made.store(u64::try_from(made).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }

    /// Replaces the workspace with a number; false when there is none.
    pub(crate) fn put(&self, number: usize, workspace: W) -> bool {
        let mut all = self.all.write();
        let Some(used) = all.values_mut().find(|one| one.number == number) else { return false };
        used.workspace = Arc::new(workspace);
        true
    }

    fn now(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }

    /// The workspace of a credential, made under a number of its own when the credential is new.
    pub(crate) fn of(&self, credential: &str, make: impl FnOnce(usize) -> W) -> Arc<W> {
        let key = self.key(credential);
        if let Some(known) = self.all.read().get(&key) {
            known.last.store(self.now(), Ordering::Relaxed);
            return known.workspace.clone();
        }
        let mut all = self.all.write();
        if !all.contains_key(&key) && all.len() >= self.most {
            make_room(&mut all);
        }
        let used = all.entry(key).or_insert_with(|| {
            let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
            let number = usize::try_from(made).unwrap_or(usize::MAX);
            Used { workspace: Arc::new(make(number)), number, last: AtomicU64::new(0) }
        });
        used.last.store(self.now(), Ordering::Relaxed);
        used.workspace.clone()
    }

    /// Replaces the workspace of a credential, under its number; none when nobody used it yet.
    pub(crate) fn replace(&self, credential: &str, make: impl FnOnce(usize) -> W) -> Option<usize> {
        let mut all = self.all.write();
        let used = all.get_mut(&self.key(credential))?;
        used.workspace = Arc::new(make(used.number));
        used.last.store(self.now(), Ordering::Relaxed);
        Some(used.number)
    }
}

/// Removes those that were used least recently: some at a time, for finding them takes a look at all.
fn make_room<W, S>(all: &mut HashMap<Key, Used<W>, S>) {
    const SHARE: usize = 64;
    let mut uses: Vec<u64> = all.values().map(|one| one.last.load(Ordering::Relaxed)).collect();
    let at = (uses.len() / SHARE).min(uses.len().saturating_sub(1));
    let (_, latest, _) = uses.select_nth_unstable(at);
    let latest = *latest;
    all.retain(|_, one| one.last.load(Ordering::Relaxed) > latest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_and_numbers_are_never_given_twice() {
        let kept: Kept<usize> = Kept::new(2);
        let of = |credential| *kept.of(credential, |number| number);
        assert_eq!((of("a"), of("b"), of("a"), of("c")), (1, 2, 1, 3));
        assert_eq!((of("a"), of("b")), (1, 4));
        assert_eq!((kept.replace("a", |number| 10 + number), of("a")), (Some(1), 11));
        assert_eq!(kept.replace("nobody", |number| number), None);
    }
}
