//! The metadata that diorama keeps of a set: a small table of 64-bit numbers beside the table of rows.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A key of a meta table that diorama reads; it ignores all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetaKey {
    /// The number of rows that the source has reported.
    Total,
    /// When the rows were last fetched.
    RefreshedAt,
    /// When the table last became a whole copy of the source's set.
    CopiedAt,
}

impl MetaKey {
    /// All keys, in the order of the table.
    pub const ALL: [MetaKey; 3] = [MetaKey::CopiedAt, MetaKey::RefreshedAt, MetaKey::Total];

    /// The keys that mark the rows as fresh. They must be removed with any row; otherwise the app believes that the
    /// source does not have the row.
    pub const STAMPS: [MetaKey; 2] = [MetaKey::RefreshedAt, MetaKey::CopiedAt];

    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MetaKey::Total => "total",
            MetaKey::RefreshedAt => "refreshed_at",
            MetaKey::CopiedAt => "copied_at",
        }
    }

    /// The key with this name; `None` for one that diorama ignores.
    #[must_use]
    pub fn of_name(name: &str) -> Option<MetaKey> {
        MetaKey::ALL.into_iter().find(|key| key.name() == name)
    }
}

/// A time as diorama stores it: nanoseconds since 1970, until the year 2554.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanoseconds(pub u64);

impl Nanoseconds {
    pub(crate) const PER_SECOND: u64 = 1_000_000_000;

    /// A whole number of seconds since 1970; `None` if it does not fit.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Option<Nanoseconds> {
        Self::of_parts(seconds, 0)
    }

    /// Seconds and nanoseconds since 1970; `None` if they do not fit.
    #[must_use]
    pub fn of_parts(seconds: u64, nanoseconds: u32) -> Option<Nanoseconds> {
        seconds.checked_mul(Self::PER_SECOND)?.checked_add(nanoseconds.into()).map(Nanoseconds)
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / Self::PER_SECOND
    }
}

impl From<Nanoseconds> for SystemTime {
    fn from(at: Nanoseconds) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(at.0)
    }
}

/// The pairs of a meta table as they are stored, readable or not.
pub(crate) type StoredPairs = Vec<(String, Vec<u8>)>;

/// The content of a meta table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// The number of rows at the source, of which the table may hold a part.
    pub total: Option<u64>,
    /// When the rows were last fetched.
    pub refreshed_at: Option<Nanoseconds>,
    /// When the table last became a whole copy of the source's set.
    pub copied_at: Option<Nanoseconds>,
}

impl Meta {
    /// Reads a pair of the table; a key that diorama ignores changes nothing.
    ///
    /// # Errors
    /// If the value does not have 8 bytes: diorama then cannot read this key, but can read the others.
    pub fn read(&mut self, key: &str, value: &[u8]) -> Result<(), MalformedMeta> {
        let Some(key) = MetaKey::of_name(key) else { return Ok(()) };
        let bytes = value.try_into().map_err(|_| MalformedMeta { key, len: value.len() })?;
        self.set(key, Some(u64::from_le_bytes(bytes)));
        Ok(())
    }

    /// Forgets the number under a key.
    pub(crate) fn remove(&mut self, key: MetaKey) {
        self.set(key, None);
    }

    /// The number under a key.
    #[must_use]
    pub fn get(&self, key: MetaKey) -> Option<u64> {
        match key {
            MetaKey::Total => self.total,
            MetaKey::RefreshedAt => self.refreshed_at.map(|at| at.0),
            MetaKey::CopiedAt => self.copied_at.map(|at| at.0),
        }
    }

    fn set(&mut self, key: MetaKey, value: Option<u64>) {
        match key {
            MetaKey::Total => self.total = value,
            MetaKey::RefreshedAt => self.refreshed_at = value.map(Nanoseconds),
            MetaKey::CopiedAt => self.copied_at = value.map(Nanoseconds),
        }
    }

    /// The pairs of the table, in its order, with values as diorama writes them.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, [u8; 8])> + use<> {
        let meta = *self;
        MetaKey::ALL.into_iter().filter_map(move |key| Some((key.name(), meta.get(key)?.to_le_bytes())))
    }
}

/// A value in a meta table that diorama cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedMeta {
    key: MetaKey,
    len: usize,
}

impl MalformedMeta {
    /// The key of the value.
    #[must_use]
    pub fn key(&self) -> MetaKey {
        self.key
    }
}

impl fmt::Display for MalformedMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MalformedMeta { key, len } = self;
        let unit = if *len == 1 { "byte" } else { "bytes" };
        write!(f, "`{}` has {len} {unit} where diorama reads 8", key.name())
    }
}

impl std::error::Error for MalformedMeta {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The meta of `orders` in `backend.redb`.
    const ORDERS: [(&str, [u8; 8]); 3] = [
        ("copied_at", [0x00, 0xca, 0x0b, 0x80, 0x9f, 0x4d, 0x90, 0x18]),
        ("refreshed_at", [0x15, 0xcd, 0xcc, 0x4b, 0x9f, 0x4d, 0x90, 0x18]),
        ("total", [7, 0, 0, 0, 0, 0, 0, 0]),
    ];

    #[test]
    fn meta_reads_and_writes_the_bytes_of_diorama() {
        let mut meta = Meta::default();
        for (key, value) in ORDERS {
            meta.read(key, &value).unwrap();
        }
        assert_eq!(meta.total, Some(7));
        assert_eq!(meta.refreshed_at, Some(Nanoseconds(1_770_000_000_123_456_789)));
        assert_eq!(meta.copied_at.map(Nanoseconds::seconds), Some(1_770_000_001));
        assert!(meta.pairs().eq(ORDERS));
        assert_eq!(Meta::default().pairs().count(), 0);
    }

    #[test]
    fn a_value_of_another_length_is_malformed_and_an_unknown_key_is_ignored() {
        let mut meta = Meta::default();
        assert_eq!(meta.read("etag", b"x"), Ok(()));
        for value in [&b""[..], b"1234567", b"123456789"] {
            let error = meta.read("total", value).unwrap_err();
            assert_eq!((error.key(), error.len), (MetaKey::Total, value.len()));
        }
        assert_eq!(meta, Meta::default());
    }

    #[test]
    fn a_time_is_rounded_down_to_seconds_and_fits_until_2554() {
        assert_eq!(Nanoseconds(1_999_999_999).seconds(), 1);
        assert_eq!(Nanoseconds::of_seconds(18_446_744_073).map(|at| at.0), Some(18_446_744_073_000_000_000));
        assert_eq!(Nanoseconds::of_seconds(18_446_744_074), None);
        assert_eq!(Nanoseconds(u64::MAX).seconds(), 18_446_744_073);
    }
}
