//! A histogram of ages, drawn or as numbers.

use super::stale::Stale;
use crate::output::histogram::Bar;
use crate::output::{Output, histogram};
use anyhow::Result;
use serde::Serialize;
use vlive::ops::{self, AgeHistogram};

/// The labels of the buckets.
const AGES: [&str; ops::AGE_BOUNDS.len() + 2] =
    ["future", "<1m", "<10m", "<1h", "<6h", "<1d", "<7d", "<30d", "<1y", "older"];

/// Draws the histogram in three lines.
pub fn print(ages: &AgeHistogram, stale: &Stale, output: &mut Output) -> Result<()> {
    let bars = AGES.into_iter().zip(buckets(ages)).map(|(name, bucket)| {
        let freshness = bucket.from.and_then(|from| stale.freshness_between(from, bucket.to));
        Bar { name, count: bucket.entries, freshness: freshness.filter(|_| output.colours_data()) }
    });
    let bars: Vec<Bar<'_>> = bars.collect();
    let blocks = output.blocks();
    Ok(histogram::write(output.data(), blocks, "AGE", &bars)?)
}

/// Entries whose age is at least `from` and below `to` seconds.
#[derive(Serialize)]
pub struct Bucket {
    from: Option<u64>,
    to: Option<u64>,
    entries: u64,
    bytes: u64,
}

/// A bucket for each age, the future first.
pub fn buckets(ages: &AgeHistogram) -> Vec<Bucket> {
    let froms = [None, Some(0)].into_iter().chain(ops::AGE_BOUNDS.map(Some));
    let tos = [Some(0)].into_iter().chain(ops::AGE_BOUNDS.map(Some)).chain([None]);
    let counts = [ages.future()].into_iter().chain(ages.past().iter().copied());
    let bucket = |((from, to), count): ((Option<u64>, Option<u64>), ops::AgeCount)| Bucket {
        from,
        to,
        entries: count.entries,
        bytes: count.bytes,
    };
    froms.zip(tos).zip(counts).map(bucket).collect()
}
