//! How often a test that draws at random tries.

use std::env;
use std::ops::Range;

/// The factor in `VLIVE_STRESS`, else 1.
pub fn rounds() -> u64 {
    let Ok(factor) = env::var("VLIVE_STRESS") else { return 1 };
    let parsed = factor.parse().ok().filter(|factor| *factor > 0);
    parsed.unwrap_or_else(|| panic!("VLIVE_STRESS is `{factor}`, and should be a whole number above 0"))
}

/// The seeds of that many tries, times the factor.
pub fn seeds(tries: u64) -> Range<u64> {
    0..tries * rounds()
}
