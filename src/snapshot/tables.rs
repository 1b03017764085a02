//! The tables of a file, and which of them are cache tables.

use crate::error::{Error, Result};
use crate::file::{self, Definition};
use crate::live::key;
use std::fmt;
use std::path::Path;

/// A table of a cache file.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    definition: Definition,
}

/// What redb knows a table as; `Display` gives `table of &str to u64`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableKind {
    /// The type of its keys.
    pub key: String,
    /// The type of its values.
    pub value: String,
    /// Whether a key may have several values.
    pub is_multimap: bool,
}

impl fmt::Display for TableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TableKind { key, value, is_multimap } = self;
        write!(f, "{} of {key} to {value}", if *is_multimap { "multimap" } else { "table" })
    }
}

impl Table {
    pub(crate) fn new(name: String, definition: Definition) -> Table {
        Table { name, definition }
    }

    /// Its name in the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cache key whose entries it holds; `None` if vantage-live cannot use it: its name or its
    /// type is not that of a cache table.
    #[must_use]
    pub fn cache_key(&self) -> Option<&str> {
        key::cache_key(&self.name).filter(|_| self.holds_bytes_by_text())
    }

    /// Whether it is of type `&str` to `&[u8]`, as are all tables of both layouts.
    #[must_use]
    pub fn holds_bytes_by_text(&self) -> bool {
        let definition = &self.definition;
        let is = |name: &file::TypeName, wanted| name.builtin && name.name == wanted;
        !definition.multimap
            && is(&definition.key_type, "&str")
            && is(&definition.value_type, "&[u8]")
            && definition.widths == file::Widths::default()
            && definition.alignments == [1, 1]
    }

    /// Whether its name is that of a cache table.
    #[must_use]
    pub fn is_named_as_cache(&self) -> bool {
        key::cache_key(&self.name).is_some()
    }

    /// The number of its entries as the table tree records it; of a multimap the pairs.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.definition.length
    }

    /// Whether a key may have several values.
    #[must_use]
    pub fn is_multimap(&self) -> bool {
        self.definition.multimap
    }

    /// The types of its keys and values, such as `&str` and `&[u8]`.
    #[must_use]
    pub fn types(&self) -> (&str, &str) {
        (&self.definition.key_type.name, &self.definition.value_type.name)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> TableKind {
        let (key, value) = self.types();
        TableKind { key: key.to_owned(), value: value.to_owned(), is_multimap: self.is_multimap() }
    }

    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(crate) fn expect_cache_table(&self, path: &Path) -> Result<()> {
        if self.cache_key().is_some() {
            return Ok(());
        }
        Err(Error::NotACacheTable { path: path.to_owned(), table: self.name.clone(), is: self.kind().to_string() })
    }
}
