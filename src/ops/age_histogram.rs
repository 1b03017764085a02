//! How many entries there are of each age.

/// Entries by their age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeHistogram {
    now: u64,
    /// Those from the future, then one for each bound, then those beyond the last.
    counts: [AgeCount; AGE_BOUNDS.len() + 2],
}

/// Entries of similar age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgeCount {
    /// How many there are.
    pub entries: u64,
    /// Bytes of their values.
    pub bytes: u64,
}

/// Upper bounds of ages in seconds, each not included: a minute, ten, an hour, six, a day, a week, a month of 30
/// days, a year of 365.
pub const AGE_BOUNDS: [u64; 8] = [60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

impl AgeHistogram {
    /// Without entries. `now` is in seconds since 1970.
    #[must_use]
    pub fn new(now: u64) -> AgeHistogram {
        AgeHistogram { now, counts: [AgeCount::default(); AGE_BOUNDS.len() + 2] }
    }

    /// Adds an entry that was fetched at this time, in seconds since 1970.
    pub fn add(&mut self, fetched_at: u64, bytes: u64) {
        let bucket = match self.now.checked_sub(fetched_at) {
            None => 0,
            Some(age) => 1 + AGE_BOUNDS.partition_point(|bound| *bound <= age),
        };
        self.counts[bucket].entries += 1;
        self.counts[bucket].bytes += bytes;
    }

    /// Entries from the future.
    #[must_use]
    pub fn future(&self) -> AgeCount {
        self.counts[0]
    }

    /// Those that are younger than each of [`AGE_BOUNDS`] and not than the one before, and at the end those
    /// that are older than all.
    #[must_use]
    pub fn past(&self) -> &[AgeCount] {
        &self.counts[1..]
    }
}
