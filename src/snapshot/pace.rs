//! When to look at a watched cache again.

use std::time::Duration;

/// How long to wait before the next look: briefly after a commit, and longer the longer nothing happens.
#[derive(Clone, Copy, Debug)]
pub struct Pace(Duration);

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(200);

impl Default for Pace {
    fn default() -> Pace {
        Pace(SHORTEST)
    }
}

impl Pace {
    /// The time until the next look; `seen` says whether the last one saw a commit.
    #[must_use = "it is what to wait"]
    pub fn next(&mut self, seen: bool) -> Duration {
        self.0 = if seen { SHORTEST } else { (self.0 * 5 / 4).min(LONGEST) };
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_fast_after_a_commit_and_slowly_when_nothing_happens() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(true), SHORTEST);
        let waits: Vec<Duration> = (0..40).map(|_| pace.next(false)).collect();
        assert!(waits.is_sorted() && waits[1] < waits[5]);
        assert_eq!(waits[39], LONGEST);
        assert_eq!(pace.next(true), SHORTEST);
    }
}
