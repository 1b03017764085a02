//! When rows were fetched: the arguments that all commands that date entries share.

use super::time;
use clap::Args;
use std::time::Duration;
use vlive::live::FetchedAt;

#[derive(Debug, Args)]
pub struct Dating {
    /// When the rows were fetched: RFC 3339, a date such as `2026-11-01`, or seconds since 1970, with or
    /// without `@`; diorama keeps nanoseconds, vantage-live whole seconds
    #[arg(long, value_name = "TIME", value_parser = time::parse_exact, conflicts_with = "age", allow_hyphen_values = true)]
    fetched_at: Option<FetchedAt>,

    /// How long ago the rows were fetched, such as `3h 12m`, or in seconds
    #[arg(long, value_name = "DURATION", value_parser = time::parse_duration, allow_hyphen_values = true)]
    age: Option<Duration>,
}

impl Dating {
    /// The time, if an option gives one.
    pub fn given(&self, now: u64) -> Option<FetchedAt> {
        self.fetched_at.or(self.age.map(|age| time::checked(now.saturating_sub(age.as_secs()))))
    }
}
