//! The style of ages in a table: fresh ones recede and old ones stand out, in weight as well as in colour.

use anstyle::{AnsiColor, Style};
use std::time::Duration;

const FRESH: Style = AnsiColor::Green.on_default().dimmed();
const OLD: Style = AnsiColor::Red.on_default().bold();

/// An entry is fresh below this fraction of the age at which it is old: one hour if that is a day.
const FRESH_PART: u32 = 24;

/// Whether an age is notable. An age in between looks like any other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    Old,
}

impl Freshness {
    /// The freshness of an age in seconds if entries are old from `stale` on; `None` for a time in the future.
    pub fn of(age: i64, stale: Duration) -> Option<Freshness> {
        let age = Duration::from_secs(u64::try_from(age).ok()?);
        if age >= stale {
            Some(Freshness::Old)
        } else if age < stale / FRESH_PART {
            Some(Freshness::Fresh)
        } else {
            None
        }
    }

    /// Text in the style of this age.
    pub fn painted(self, text: &str) -> String {
        let style = match self {
            Freshness::Fresh => FRESH,
            Freshness::Old => OLD,
        };
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_fresh_for_a_24th_of_the_time_after_which_it_is_old() {
        let of = |age| Freshness::of(age, Duration::from_secs(86_400));
        for (age, freshness) in [
            (i64::MIN, None),
            (-1, None),
            (0, Some(Freshness::Fresh)),
            (3599, Some(Freshness::Fresh)),
            (3600, None),
            (86_399, None),
            (86_400, Some(Freshness::Old)),
            (i64::MAX, Some(Freshness::Old)),
        ] {
            assert_eq!(of(age), freshness, "{age}");
        }
        assert_eq!(Freshness::of(0, Duration::ZERO), Some(Freshness::Old));
    }
}
