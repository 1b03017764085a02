//! The full keys that a change names.

use crate::live::key::Key;
use crate::snapshot::{EntryKey, SetKey};
use serde::{Serialize, Serializer};
use std::fmt;

/// The full key of something that a change affects: an entry, a set of diorama, a row of a set, or a cache key whose
/// table vantage-live cannot read. It is displayed and serialized as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangedKey {
    stored: Box<str>,
    /// `None` if it is the same text.
    shown: Option<Box<str>>,
}

impl ChangedKey {
    pub(crate) fn new(stored: String, shown: String) -> ChangedKey {
        let shown = (shown != stored).then(|| shown.into());
        ChangedKey { stored: stored.into(), shown }
    }

    /// A key that reads as it is stored.
    pub(crate) fn plain(stored: impl Into<Box<str>>) -> ChangedKey {
        ChangedKey { stored: stored.into(), shown: None }
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.stored
    }

    /// The key as people read it and can type it.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.stored)
    }
}

impl fmt::Display for ChangedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stored)
    }
}

impl Serialize for ChangedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.stored)
    }
}

impl From<Key> for ChangedKey {
    fn from(key: Key) -> ChangedKey {
        ChangedKey::plain(key.to_string())
    }
}

impl From<SetKey> for ChangedKey {
    fn from(key: SetKey) -> ChangedKey {
        ChangedKey::new(key.to_string(), key.shown())
    }
}

impl From<EntryKey> for ChangedKey {
    fn from(key: EntryKey) -> ChangedKey {
        match key {
            EntryKey::Live(key) => key.into(),
            EntryKey::Set(key) => key.into(),
        }
    }
}

impl<T: AsRef<str>> PartialEq<T> for ChangedKey {
    fn eq(&self, other: &T) -> bool {
        *self.stored == *other.as_ref()
    }
}
