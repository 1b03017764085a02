//! How often a test that draws at random repeats itself.

use std::env;

/// The factor in `VLIVE_STRESS`, else 1.
pub fn rounds() -> u64 {
    env::var("VLIVE_STRESS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}
