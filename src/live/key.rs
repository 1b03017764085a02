//! Keys and prefixes, as vantage-live splits and compares them. Only this file knows the names of tables
//! and the sub-key of the root entry.

use std::fmt;
use std::sync::Arc;

/// What precedes the cache key in the name of its table.
const TABLE_PREFIX: &str = "__vlive__";

/// The sub-key of an entry whose full key has no `/`.
const ROOT: &str = "__root__";

/// The name of the table that holds the entries of a cache key.
pub(crate) fn table_name(cache_key: &str) -> String {
    format!("{TABLE_PREFIX}{cache_key}")
}

/// The cache key of a table; `None` if no key can name it in vantage-live. That includes names with a `/`, since a full
/// key is split at its first `/`.
pub(crate) fn cache_key(table_name: &str) -> Option<&str> {
    table_name.strip_prefix(TABLE_PREFIX).filter(|key| !key.contains('/'))
}

/// The text of a full key, always with its `/`. Faster than formatting a [`Key`].
pub(crate) fn joined(cache_key: &str, sub_key: &str) -> String {
    [cache_key, "/", sub_key].concat()
}

/// A full key: the cache key that names a table, and the sub-key that names an entry in it.
///
/// vantage-live splits at the first `/`. Without one the entry is the root entry, whose sub-key is
/// `__root__`: `clients` and `clients/__root__` are one key. Nothing is folded or normalised.
///
/// ```
/// let key = vlive::Key::new("https://h/users/page_1");
/// assert_eq!((key.cache_key(), key.sub_key()), ("https:", "/h/users/page_1"));
/// assert_eq!(vlive::Key::new("clients").to_string(), "clients/__root__");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Shared by the keys of a table, since there may be many.
    cache_key: Arc<str>,
    sub_key: Box<str>,
}

impl Key {
    /// Splits a full key as vantage-live does. Any text is a key.
    #[must_use]
    pub fn new(full_key: &str) -> Key {
        let (cache_key, sub_key) = full_key.split_once('/').unwrap_or((full_key, ROOT));
        Key { cache_key: cache_key.into(), sub_key: sub_key.into() }
    }

    /// The part before the first `/`: it names the table.
    #[must_use]
    pub fn cache_key(&self) -> &str {
        &self.cache_key
    }

    /// The part after the first `/`: `page_1`, `id/foo`, `__root__`.
    #[must_use]
    pub fn sub_key(&self) -> &str {
        &self.sub_key
    }

    /// The name of the set of diorama that this key means where there are sets: the root entry stands for its cache
    /// key.
    pub(crate) fn set_name(&self) -> String {
        if self.sub_key() == ROOT { self.cache_key().to_owned() } else { self.to_string() }
    }

    /// Shares the memory of the cache key with another key of the same table.
    pub(crate) fn share_cache_key(&mut self, with: &Key) {
        if self.cache_key == with.cache_key {
            self.cache_key = Arc::clone(&with.cache_key);
        }
    }

    pub(crate) fn from_parts(cache_key: impl Into<Arc<str>>, sub_key: &str) -> Key {
        Key { cache_key: cache_key.into(), sub_key: sub_key.into() }
    }
}

/// The full key, always with its `/`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cache_key, self.sub_key)
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Key {
    fn from(full_key: &T) -> Key {
        Key::new(full_key.as_ref())
    }
}

impl From<String> for Key {
    fn from(full_key: String) -> Key {
        Key::new(&full_key)
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Key {
        key.clone()
    }
}

/// Which entries an operation applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every entry of every cache key; never a table that is not a cache table.
    All,
    /// All entries of one cache key, and the table itself.
    CacheKey(String),
    /// The entries of one cache key whose sub-key starts with a text; in a set of diorama, only the row with that id.
    StartsWith(Key),
    /// The entries of one cache key whose sub-key starts with a text; in a set of diorama, all rows whose id starts
    /// with it.
    Begins(Key),
    /// One entry.
    Entry(Key),
    /// The set of diorama with this name, and nothing of vantage-live.
    Set(String),
}

impl Selection {
    /// A prefix as vantage-live's `invalidate_prefix` takes it: without `/`, exactly one cache key (`cl` does
    /// not select `clients`); with `/`, the entries of one cache key whose sub-key starts with the rest
    /// (`clients/page_1` selects `clients/page_10` too).
    #[must_use]
    pub fn prefix(prefix: &str) -> Selection {
        if prefix.contains('/') {
            Selection::StartsWith(Key::new(prefix))
        } else {
            Selection::CacheKey(prefix.to_owned())
        }
    }

    /// The one entry with this key.
    #[must_use]
    pub fn exact(key: impl Into<Key>) -> Selection {
        Selection::Entry(key.into())
    }

    /// The one thing that a full key in a list selects. Only a set of diorama has one without a `/`.
    #[must_use]
    pub fn listed(key: &str) -> Selection {
        if key.contains('/') { Selection::exact(key) } else { Selection::Set(key.to_owned()) }
    }

    /// The one cache key to which the selection is limited; `None` if it is not limited to one.
    #[must_use]
    pub fn cache_key(&self) -> Option<&str> {
        match self {
            Selection::All => None,
            Selection::CacheKey(cache_key) | Selection::Set(cache_key) => Some(cache_key),
            Selection::StartsWith(key) | Selection::Begins(key) | Selection::Entry(key) => Some(key.cache_key()),
        }
    }

    /// The name that the selection consists of: a cache key, a full key, or the beginning of one. The root entry is
    /// named by its cache key. `None` for [`Selection::All`].
    pub(crate) fn named(&self) -> Option<String> {
        match self {
            Selection::All => None,
            Selection::CacheKey(cache_key) | Selection::Set(cache_key) => Some(cache_key.clone()),
            Selection::Entry(key) => Some(key.set_name()),
            Selection::StartsWith(key) | Selection::Begins(key) => Some(key.to_string()),
        }
    }

    /// Whether a row of a set is selected, given the part of the selection's name that is about rows.
    pub(crate) fn takes_row(&self, named: &str, row: &str) -> bool {
        if matches!(self, Selection::Begins(_)) { row.starts_with(named) } else { row == named }
    }

    /// Whether the selection may take entries of the cache key.
    pub(crate) fn concerns(&self, cache_key: &str) -> bool {
        self.cache_key().is_none_or(|own| own == cache_key)
    }

    /// Whether an entry is selected.
    #[must_use]
    pub fn takes(&self, cache_key: &str, sub_key: &str) -> bool {
        self.concerns(cache_key) && self.takes_sub_key(sub_key)
    }

    /// The lowest sub-key that the selection can match.
    pub(crate) fn first_sub_key(&self) -> &str {
        match self {
            Selection::All | Selection::CacheKey(_) | Selection::Set(_) => "",
            Selection::StartsWith(key) | Selection::Begins(key) | Selection::Entry(key) => key.sub_key(),
        }
    }

    /// Whether an entry is selected, given that the selection concerns its cache key.
    pub(crate) fn takes_sub_key(&self, sub_key: &str) -> bool {
        match self {
            Selection::All | Selection::CacheKey(_) => true,
            Selection::StartsWith(key) | Selection::Begins(key) => sub_key.starts_with(key.sub_key()),
            Selection::Entry(key) => sub_key == key.sub_key(),
            Selection::Set(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(full_key: &str) -> (String, String) {
        let key = Key::new(full_key);
        (key.cache_key().to_owned(), key.sub_key().to_owned())
    }

    #[test]
    fn a_key_splits_at_its_first_slash_and_names_the_root_entry_without_one() {
        for (full_key, cache_key, sub_key) in [
            ("clients/page_1", "clients", "page_1"),
            ("clients", "clients", "__root__"),
            ("clients/__root__", "clients", "__root__"),
            ("clients/", "clients", ""),
            ("", "", "__root__"),
            ("/", "", ""),
            ("https://h/users/page_1", "https:", "/h/users/page_1"),
        ] {
            assert_eq!(split(full_key), (cache_key.to_owned(), sub_key.to_owned()), "{full_key:?}");
        }
    }

    #[test]
    fn a_table_has_a_cache_key_only_if_vantage_live_can_name_it() {
        assert_eq!(cache_key(&table_name("clients")), Some("clients"));
        assert_eq!(cache_key(&table_name("")), Some(""));
        assert_eq!(cache_key("settings"), None);
        assert_eq!(cache_key("__vlive__a/b"), None);
    }

    #[test]
    fn a_bare_prefix_is_one_cache_key_and_a_slash_begins_a_text_prefix() {
        assert_eq!(Selection::prefix("cl").cache_key(), Some("cl"));
        let pages = Selection::prefix("clients/page_1");
        assert!(
            pages.takes("clients", "page_1") && pages.takes("clients", "page_10") && !pages.takes("clients", "page_2")
        );
        let whole = Selection::prefix("clients/");
        assert!(whole.takes("clients", "__root__") && whole.takes("clients", "") && !whole.takes("client", "id/x"));
        assert!(!Selection::exact("clients/page_1").takes("clients", "page_10"));
    }
}
