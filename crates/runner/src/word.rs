//! Random words and numbers: what nobody else has, and what is the same when a recording is judged again.

use std::sync::{Mutex, PoisonError};

/// A word of small letters and digits that no other run has.
#[must_use]
pub fn word(length: usize) -> String {
    word_of(&mut fastrand::Rng::new(), length)
}

/// The word of a run: it stands in the names of what the run creates.
pub(crate) fn marker() -> String {
    format!("~{}", word(7))
}

fn word_of(random: &mut fastrand::Rng, length: usize) -> String {
    std::iter::repeat_with(|| random.alphanumeric().to_ascii_lowercase()).take(length).collect()
}

/// Where the random values of a scenario begin: they follow from the run's marker, so that a recording can be replayed to the
/// letter.
pub(crate) fn seed(marker: &str, scenario: &str) -> u64 {
    let bytes = marker.bytes().chain(scenario.bytes());
    bytes.fold(0, |seed, byte| seed.rotate_left(9).wrapping_mul(31) ^ u64::from(byte))
}

/// The random values of one scenario.
#[derive(Debug)]
pub(crate) struct Random {
    random: Mutex<fastrand::Rng>,
    /// The texts that were made, in order.
    made: Mutex<Vec<String>>,
}

impl Random {
    pub(crate) fn of(marker: &str, scenario: &str) -> Self {
        let random = Mutex::new(fastrand::Rng::with_seed(seed(marker, scenario)));
        Self { random, made: Mutex::default() }
    }

    fn with<T>(&self, make: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        make(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A word of small letters and digits.
    pub(crate) fn word(&self, length: usize) -> String {
        self.note(self.with(|random| word_of(random, length)))
    }

    /// Notes a text that is another one in each run.
    pub(crate) fn note(&self, text: String) -> String {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
        text
    }

    /// All such texts, in order.
    pub(crate) fn made(&self) -> Vec<String> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(&self, length: usize) -> String {
        self.with(|random| std::iter::repeat_with(|| random.digit(16)).take(length).collect())
    }

    /// A number below another one; 0 when there is none.
    pub(crate) fn below(&self, most: usize) -> usize {
        self.with(|random| random.usize(..most.max(1)))
    }
}
