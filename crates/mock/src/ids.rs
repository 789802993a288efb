//! Makes ids.

use conformance_contract::Resource;
use conformance_contract::model::IdMaker;
use ulid::Ulid;

/// Makes the ids of one resource in one workspace.
#[derive(Clone, Debug)]
pub struct Ids {
    random: fastrand::Rng,
    last: Ulid,
    made: u64,
}

impl Ids {
    /// Ids that follow from `random`.
    #[must_use]
    pub fn new(random: fastrand::Rng) -> Self {
        Self { random, last: Ulid::nil(), made: 0 }
    }

    /// The next id.
    pub fn next(&mut self, resource: &Resource, ms: u64) -> String {
        self.made += 1;
        let part = match resource.id_maker {
            IdMaker::Ulid => self.ulid(ms).to_string().to_lowercase(),
            IdMaker::Uuid => self.uuid(),
            IdMaker::Sequence if resource.integer_ids => self.made.to_string(),
            IdMaker::Sequence => format!("{:06}", self.made),
        };
        format!("{}{part}", resource.id_prefix)
    }

    /// Greater than the one before, also within a millisecond.
    fn ulid(&mut self, ms: u64) -> Ulid {
        // The top bit of the random part stays free, so that counting up does not overflow.
        let fresh = Ulid::from_parts(ms, self.random.u128(..1 << 79));
        let next = if fresh.timestamp_ms() > self.last.timestamp_ms() { Ok(fresh) } else { self.last.increment() };
        self.last = next.unwrap_or(fresh);
        self.last
    }

    /// Version 4.
    fn uuid(&mut self) -> String {
        let bits = self.random.u128(..) & !(0xf << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}
