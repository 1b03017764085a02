//! How many entries there are of each age.

/// Entries by their age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeHistogram {
    now: u64,
    /// One count for the future, one for each bound, and one for the ages beyond the last bound.
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

/// Exclusive upper bounds of ages, in seconds: 1 and 10 minutes, 1 and 6 hours, 1, 7, 30 and 365 days.
pub const AGE_BOUNDS: [u64; 8] = [60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

impl AgeHistogram {
    /// An empty histogram. `now` is in seconds since 1970.
    #[must_use]
    pub fn new(now: u64) -> AgeHistogram {
        AgeHistogram { now, counts: [AgeCount::default(); AGE_BOUNDS.len() + 2] }
    }

    /// Adds an entry that was fetched at `fetched_at`, in seconds since 1970, and whose value has `bytes` bytes.
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

    /// For each of [`AGE_BOUNDS`] the entries that are younger than this bound but not than the one before; the last
    /// count is of the entries that are older than every bound.
    #[must_use]
    pub fn past(&self) -> &[AgeCount] {
        &self.counts[1..]
    }
}
