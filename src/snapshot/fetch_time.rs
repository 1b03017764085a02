//! When an entry was fetched, for age bounds.

/// When an entry was fetched, or why that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchTime {
    /// In seconds since 1970.
    At(u64),
    /// The entry has no time, and therefore no age.
    Unknown,
    /// The entry has a time that cannot be read.
    Unreadable,
}

impl FetchTime {
    /// In seconds since 1970; `None` if it is not known.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        match self {
            FetchTime::At(seconds) => Some(seconds),
            FetchTime::Unknown | FetchTime::Unreadable => None,
        }
    }
}
