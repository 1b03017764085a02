//! One commit: its tables and entries by name.

use crate::error::{Error, Result};
use crate::file::{self, File, PageStore, Slot, TableTree};
use crate::live::envelope::CachedRows;
use crate::live::key::{self, Key, Selection};
use crate::snapshot::live_entries::{Entries, LiveEntry};
use crate::snapshot::race;
use crate::snapshot::tables::Table;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One commit of a cache.
///
/// Reading takes no lock, writes nothing and maps no memory: a cache can be read while its app runs, after the app was
/// killed, and without permission to write. Every byte is verified against the checksum that the commit has for it. The
/// commit is the one that redb itself would open.
///
/// While the app writes, the pages of a commit can be overwritten as soon as two newer commits exist. A method then
/// returns [`Error::Damaged`]; [`Snapshot::look`] starts again if that was the reason.
///
/// # Errors
/// A method that reads the file can fail with [`Error::Damaged`] and [`Error::Io`].
///
/// ```no_run
/// let cache = vlive::Snapshot::open("cache")?;
/// if let Some(rows) = cache.get("clients/page_1")? {
///     println!("{} clients", rows.rows.len());
/// }
/// # Ok::<(), vlive::Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    file: File,
    slot: Slot,
    /// Whether a process is known to have the cache open.
    in_use: bool,
}

impl Snapshot {
    /// The cache file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes in the cache file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.file.len()
    }

    /// Pages read so far.
    #[must_use]
    pub fn pages_read(&self) -> u64 {
        self.file.pages_read()
    }

    /// Whether an app has committed since the snapshot was opened. A missing page is then not a sign of damage.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        race::header(&self.path).as_ref() != Some(self.file.header())
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn error(&self, error: file::Error, table: Option<&str>) -> Error {
        Error::file(error, &self.path, table)
    }

    /// Whether a process is known to have the cache open.
    pub(crate) fn is_in_use(&self) -> bool {
        self.in_use
    }

    /// Whether an app may be writing to the file.
    pub(super) fn may_move(&self) -> bool {
        self.in_use || self.file.header().recovery_required
    }

    /// Keeps every page that is read from now on in `store`, and uses those that it has.
    pub(super) fn keep_pages(&mut self, store: &Arc<PageStore>) {
        self.file.keep_pages(Arc::clone(store));
    }

    /// A commit that is not verified: a missing page is reported when it is read.
    pub(crate) fn of_commit(path: &Path, file: File, slot: Slot, in_use: bool) -> Snapshot {
        Snapshot { path: path.to_owned(), file, slot, in_use }
    }

    /// The number that redb gave the commit.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.slot.transaction_id
    }

    /// The commit before this one, if the header still names it. redb soon reuses its pages; reading a page that is
    /// gone returns [`Error::Damaged`].
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read.
    pub fn before(&self) -> Result<Option<Snapshot>> {
        let commits = self.file.header().commits();
        let Some(slot) = commits.into_iter().find(|slot| slot.transaction_id < self.slot.transaction_id) else {
            return Ok(None);
        };
        let file = self.file.again().map_err(|error| self.error(error, None))?;
        Ok(Some(Snapshot::of_commit(&self.path, file, slot, self.in_use)))
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    pub(super) fn table_tree(&self) -> TableTree<'_> {
        TableTree::user(&self.file, &self.slot)
    }

    /// All tables of the file, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] if a page of the table tree cannot be read.
    pub fn tables(&self) -> Result<Vec<Table>> {
        self.table_tree()
            .all()
            .map(|table| {
                let (name, definition) = table.map_err(|error| self.error(error, None))?;
                Ok(Table::new(name, definition))
            })
            .collect()
    }

    /// The table of a cache key, whatever its type.
    ///
    /// # Errors
    /// Those of [`Snapshot::tables`].
    pub fn table(&self, cache_key: &str) -> Result<Option<Table>> {
        let name = key::table_name(cache_key);
        let definition = self.table_tree().get(&name).map_err(|error| self.error(error, None))?;
        Ok(definition.map(|definition| Table::new(name, definition)))
    }

    /// Verifies every page of a table, if there is one of that name.
    pub(crate) fn verify_table(&self, name: &str) -> Result<()> {
        let definition = self.table_tree().get(name).map_err(|error| self.error(error, None))?;
        let verified = definition.map_or(Ok(()), |definition| definition.verify(self.file()));
        verified.map_err(|error| self.error(error, Some(name)))
    }

    /// The selected entries of vantage-live, in the order of their tables and sub-keys, bytewise.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`] if the selected cache key has a table of another type.
    pub fn entries(&self, selection: &Selection) -> Result<Entries<'_>> {
        let mut tables = match selection.cache_key() {
            None => self.tables()?,
            Some(cache_key) => self.table(cache_key)?.into_iter().collect(),
        };
        match selection {
            Selection::All => tables.retain(|table| table.cache_key().is_some()),
            _ => tables.iter().try_for_each(|table| table.expect_cache_table(&self.path))?,
        }
        Ok(Entries::new(&self.file, &self.path, selection.clone(), tables))
    }

    /// One entry of vantage-live.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`] if its cache key has a table of another type, and [`Error::Damaged`] or
    /// [`Error::Io`] if a page cannot be read.
    pub fn entry(&self, key: impl Into<Key>) -> Result<Option<LiveEntry>> {
        let key = key.into();
        let Some(table) = self.table(key.cache_key())? else { return Ok(None) };
        table.expect_cache_table(&self.path)?;
        self.entry_of(&table, key.sub_key())
    }

    /// Whether a cache table has an entry. Every page on the way to it is verified.
    pub(crate) fn has(&self, table: &Table, sub_key: &str) -> Result<bool> {
        Ok(self.entry_of(table, sub_key)?.is_some())
    }

    fn entry_of(&self, table: &Table, sub_key: &str) -> Result<Option<LiveEntry>> {
        let entry = table.definition().tree(&self.file).get(sub_key.as_bytes());
        let entry = entry.map_err(|error| self.error(error, Some(table.name())))?;
        Ok(entry.map(|entry| LiveEntry::new(table.cache_key().unwrap_or_default().into(), entry)))
    }

    /// The rows under a full key, as vantage-live's `get` reads them.
    ///
    /// # Errors
    /// [`Error::Undecodable`] if the value cannot be decoded, where vantage-live's `get` fails too, and those of
    /// [`Snapshot::entry`].
    pub fn get(&self, key: impl Into<Key>) -> Result<Option<CachedRows>> {
        let key = key.into();
        let Some(entry) = self.entry(&key)? else { return Ok(None) };
        entry.decode().map(Some).map_err(|source| Error::Undecodable { key, source })
    }
}
