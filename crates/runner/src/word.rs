//! Words that nobody else has.

/// A word of small letters and digits that no other run has.
#[must_use]
pub fn word(length: usize) -> String {
    let mut random = fastrand::Rng::new();
    std::iter::repeat_with(|| random.alphanumeric().to_ascii_lowercase()).take(length).collect()
}
