//! The layout of an envelope: `{"fetched_at": seconds, "rows": {id: {field: value}}}`.

pub(crate) const FETCHED_AT: &str = "fetched_at";
pub(crate) const ROWS: &str = "rows";

/// The range of a time, as a sentence for people.
pub(crate) const FETCHED_AT_RANGE: &str = "`fetched_at` is whole seconds since 1970, at most 2^63 - 1";

/// How many nested containers and tags ciborium reads, including the envelope.
pub(crate) const MAX_DEPTH: usize = 256;

/// How many of these levels are left for the value of a field: the envelope, `rows` and the record are levels too.
pub(crate) const FIELD_DEPTH: usize = MAX_DEPTH - 3;

/// The time that vantage-live reads from an integer: 0 if it is negative or does not fit an `i64`.
pub(crate) fn seconds(integer: i128) -> u64 {
    i64::try_from(integer).ok().and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0)
}

/// Whether vantage-live reads these seconds as they are.
pub(crate) fn is_time(seconds: u64) -> bool {
    i64::try_from(seconds).is_ok()
}
