//! What bounds of age compare.

/// What is known of when an entry was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchTime {
    /// In seconds since 1970.
    At(u64),
    /// No time is remembered, so that the entry has no age.
    Unknown,
    /// There is a time, and it cannot be read.
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
