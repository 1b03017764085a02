//! The age at which an entry is old: the argument that all commands that list ages share.

use super::time;
use crate::output::Freshness;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Stale {
    /// In colour, ages of at least this are bold red, and ages below a 24th of it dim green
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = time::parse_duration,
        allow_hyphen_values = true)]
    stale: Duration,
}

impl Stale {
    /// The freshness of an age in seconds.
    pub fn freshness(&self, age: i64) -> Option<Freshness> {
        Freshness::of(age, self.stale)
    }

    /// The freshness of all ages from `from` up to, but not including, `to`; `None` if they differ.
    pub fn freshness_between(&self, from: u64, to: Option<u64>) -> Option<Freshness> {
        let age = |seconds: u64| self.freshness(i64::try_from(seconds).unwrap_or(i64::MAX));
        age(from).filter(|first| age(to.map_or(u64::MAX, |to| to - 1)) == Some(*first))
    }
}
