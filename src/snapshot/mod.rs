//! The looking side: one commit of a cache, read without a lock and without a trace.

pub(crate) mod location;
pub(crate) mod race;

pub use crate::file::{Damage, PageNumber};
pub use location::is_cache;

use crate::error::{Error, Result};
use crate::file::{self, Cursor, Definition, File, PageStore, Reached, Slot, TableTree, TreeEntry};
use crate::live::envelope::CachedRows;
use crate::live::error::DecodeError;
use crate::live::head::EnvelopeHead;
use crate::live::key;
use crate::live::key::{Key, Selection};
use crate::live::view::EnvelopeView;
use crate::system::holder;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::str;
use std::sync::Arc;
use std::time::Duration;

/// How long [`Snapshot::open`] waits for a cache that changes under it.
const OPEN_WAIT: Duration = Duration::from_secs(5);

/// Bytes of a file whose pages are held in any case.
const SMALL: u64 = 32 * 1024 * 1024;

/// One commit of a cache.
///
/// Looking takes no lock, writes nothing and maps no memory; a cache can be looked at while its app
/// runs, after it was killed, and without permission to write. Every byte was verified against the
/// checksum that the commit has for it. The commit is the one that redb itself would start from.
///
/// While the app writes, the pages of a commit can vanish as soon as two more are made. A method
/// then returns [`Error::Damaged`]; [`Snapshot::look`] starts again where that was the reason.
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
    held: bool,
}

/// A commit, and what is wrong with it if the file was left by a crash without a whole one.
pub(crate) struct Newest {
    snapshot: Snapshot,
    incomplete: Option<Error>,
}

impl Newest {
    pub(crate) fn whole(self) -> Result<Snapshot> {
        match self.incomplete {
            None => Ok(self.snapshot),
            Some(error) => Err(error),
        }
    }
}

impl Snapshot {
    /// Opens the newest commit of the cache at `path`, a folder or the file in it.
    pub fn open(path: impl AsRef<Path>) -> Result<Snapshot> {
        let path = location::cache_file(path.as_ref());
        race::retry(&path, OPEN_WAIT, || Snapshot::newest(&path)?.whole())
    }

    /// Calls `look` with the newest commit of the cache at `path`, and again with a newer one if the
    /// app moved on meanwhile. What the last call returns is of one commit.
    ///
    /// # Errors
    /// [`Error::Unsteady`] if no call got through within `wait`; else what `look` returns.
    pub fn look<T>(path: impl AsRef<Path>, wait: Duration, mut look: impl FnMut(&Snapshot) -> Result<T>) -> Result<T> {
        let path = location::cache_file(path.as_ref());
        race::retry(&path, wait, || look(&Snapshot::newest(&path)?.whole()?))
    }

    /// The same for a `look` that goes on where the file is damaged, and returns what is damaged
    /// beside what it saw. While that may be the fault of an app that writes, it is called again.
    pub fn look_past_damage<T>(
        path: impl AsRef<Path>,
        wait: Duration,
        mut look: impl FnMut(&Snapshot) -> Result<(T, Vec<Error>)>,
    ) -> Result<(T, Vec<Error>)> {
        let path = location::cache_file(path.as_ref());
        let store = Arc::new(PageStore::default());
        let mut seen = None;
        let mut is_again = false;
        let looked = race::retry(&path, wait, || {
            seen = None;
            let mut snapshot = Snapshot::newest(&path)?.snapshot;
            // Mostly the first look gets through, and needs no memory for pages.
            if mem::replace(&mut is_again, true) && snapshot.may_move() {
                snapshot.file.keep_pages(Arc::clone(&store));
            }
            let (value, mut damage) = look(&snapshot)?;
            match damage.pop() {
                None => Ok((value, damage)),
                Some(last) => {
                    seen = Some((value, damage));
                    Err(last)
                }
            }
        });
        match (looked, seen) {
            (Err(error @ Error::Damaged { .. }), Some((value, mut damage))) => {
                damage.push(error);
                Ok((value, damage))
            }
            (looked, _) => looked,
        }
    }

    /// Opens a commit whose selected entries stay readable, whatever an app commits meanwhile: it
    /// keeps their pages, up to 32 MiB in memory and the rest in a temporary file without a name.
    ///
    /// Of a large cache that no app has open nothing is kept. Should an app open it and commit while
    /// it is read, a page can turn out to be gone; see [`Snapshot::has_moved`].
    ///
    /// # Errors
    /// [`Error::Unsteady`] if the pages of no commit could be had within `wait`.
    pub fn hold(path: impl AsRef<Path>, wait: Duration, selections: &[Selection]) -> Result<Snapshot> {
        let path = location::cache_file(path.as_ref());
        let store = Arc::new(PageStore::default());
        let mut damaged = None;
        let held = race::retry(&path, wait, || {
            damaged = None;
            // What is incomplete shows where it is read.
            let mut snapshot = Snapshot::newest(&path)?.snapshot;
            if snapshot.may_move() || snapshot.file.len() <= SMALL {
                snapshot.file.keep_pages(Arc::clone(&store));
                for selection in selections {
                    if let Err(error) = snapshot.entries(selection)?.try_for_each(|entry| entry.map(drop)) {
                        damaged = Some(snapshot);
                        return Err(error);
                    }
                }
            }
            Ok(snapshot)
        });
        match (held, damaged) {
            // Damage for good: whoever reads will find it again.
            (Err(Error::Damaged { .. }), Some(snapshot)) => Ok(snapshot),
            (held, _) => held,
        }
    }

    /// Opens the commit that redb would start from.
    fn newest(path: &Path) -> Result<Newest> {
        let file = location::open(path, false)?;
        let metadata = file.metadata().map_err(|error| Error::io("read", path, error))?;
        let held = holder::of(&metadata).is_some_and(|holders| !holders.is_empty());
        Snapshot::of(path, Arc::new(file), held)
    }

    /// The commit of an open file that redb would start from. Two candidates mean that the file was
    /// not closed. While its app runs, or if we are that app, the newest commit counts; after a crash
    /// redb takes the first whose pages are all there.
    pub(crate) fn of(path: &Path, file: Arc<fs::File>, held: bool) -> Result<Newest> {
        let in_context = |error| Error::file(error, path, None);
        let file = File::open(file).map_err(in_context)?;
        let candidates = file.header().candidates().map_err(in_context)?;
        let mut slot = candidates[0];
        let mut incomplete = None;
        if candidates.len() > 1 && !held {
            match candidates.iter().find(|slot| file::verify_commit(&file, slot).is_ok()) {
                Some(whole) => slot = *whole,
                None => incomplete = file::verify_commit(&file, &slot).err().map(in_context),
            }
        }
        let snapshot = Snapshot { path: path.to_owned(), file, slot, held };
        Ok(Newest { snapshot, incomplete })
    }

    /// Whether an app may be writing to the file.
    fn may_move(&self) -> bool {
        self.held || self.file.header().recovery_required
    }

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

    /// Whether an app has committed since the snapshot was opened, so that a page that is not there
    /// any more says nothing of damage.
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
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// A commit as it is, for those who know how to deal with what is not there.
    pub(crate) fn of_commit(path: &Path, file: File, slot: Slot) -> Snapshot {
        Snapshot { path: path.to_owned(), file, slot, held: false }
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    fn table_tree(&self) -> TableTree<'_> {
        TableTree::user(&self.file, &self.slot)
    }

    /// All tables of the file, in the order of their names.
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
    pub fn table(&self, cache_key: &str) -> Result<Option<Table>> {
        let name = key::table_name(cache_key);
        let definition = self.table_tree().get(&name).map_err(|error| self.error(error, None))?;
        Ok(definition.map(|definition| Table::new(name, definition)))
    }

    /// The selected entries, in the order of their tables and sub-keys, bytewise.
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
        tables.reverse();
        let reached = Reached::default();
        Ok(Entries { snapshot: self, selection: selection.clone(), tables, current: None, reached })
    }

    /// One entry.
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>> {
        let Some(table) = self.table(key.cache_key())? else { return Ok(None) };
        table.expect_cache_table(&self.path)?;
        let entry = table.definition.tree(&self.file).get(key.sub_key().as_bytes());
        let entry = entry.map_err(|error| self.error(error, Some(&table.name)))?;
        Ok(entry.map(|entry| Entry { cache_key: key.cache_key().into(), entry }))
    }

    /// Whether a cache table has an entry. Every page on the way to it is verified.
    pub(crate) fn has(&self, table: &Table, sub_key: &str) -> Result<bool> {
        let entry = table.definition.tree(&self.file).get(sub_key.as_bytes());
        Ok(entry.map_err(|error| self.error(error, Some(&table.name)))?.is_some())
    }

    /// The rows under a full key, as vantage-live's `get` reads them.
    ///
    /// # Errors
    /// [`Error::Undecodable`] where vantage-live's `get` fails too.
    pub fn get(&self, full_key: &str) -> Result<Option<CachedRows>> {
        let key = Key::new(full_key);
        let Some(entry) = self.entry(&key)? else { return Ok(None) };
        CachedRows::decode(entry.value()).map(Some).map_err(|source| Error::Undecodable { key, source })
    }
}

/// A table of a cache file.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    definition: Definition,
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
        let definition = &self.definition;
        let is = |name: &file::TypeName, wanted| name.builtin && name.name == wanted;
        let fits = !definition.multimap
            && is(&definition.key_type, "&str")
            && is(&definition.value_type, "&[u8]")
            && definition.widths == file::Widths::default()
            && definition.alignments == [1, 1];
        key::cache_key(&self.name).filter(|_| fits)
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

    /// What it is, in words: `table of &str to u64`.
    #[must_use]
    pub fn kind(&self) -> String {
        let (key, value) = self.types();
        let kind = if self.is_multimap() { "multimap" } else { "table" };
        format!("{kind} of {key} to {value}")
    }

    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(crate) fn expect_cache_table(&self, path: &Path) -> Result<()> {
        if self.cache_key().is_some() {
            return Ok(());
        }
        Err(Error::NotACacheTable { path: path.to_owned(), table: self.name.clone(), is: self.kind() })
    }
}

/// An entry: its key and the bytes of its value.
#[derive(Clone, Debug)]
pub struct Entry {
    cache_key: Arc<str>,
    entry: TreeEntry,
}

impl Entry {
    /// The full key.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::from_parts(Arc::clone(&self.cache_key), self.sub_key())
    }

    /// The cache key.
    #[must_use]
    pub fn cache_key(&self) -> &str {
        &self.cache_key
    }

    /// The sub-key.
    #[must_use]
    pub fn sub_key(&self) -> &str {
        str::from_utf8(self.entry.key()).expect("verified when the entry was read")
    }

    /// The value as stored.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.entry.value()
    }

    /// The head of the envelope.
    pub fn head(&self) -> Result<EnvelopeHead, DecodeError> {
        EnvelopeHead::decode(self.value())
    }

    /// The envelope, verified to its end.
    pub fn envelope(&self) -> Result<EnvelopeView<'_>, DecodeError> {
        EnvelopeView::new(self.value())
    }
}

/// Entries of a [`Snapshot`], in order. An error stands for a page that cannot be read; behind it
/// the iterator goes on with the next page that can.
#[derive(Debug)]
pub struct Entries<'s> {
    snapshot: &'s Snapshot,
    selection: Selection,
    /// Those still to come, the next one last.
    tables: Vec<Table>,
    current: Option<Current<'s>>,
    /// The pages of the tables that are done.
    reached: Reached,
}

#[derive(Debug)]
struct Current<'s> {
    cache_key: Arc<str>,
    table: Table,
    cursor: Cursor<'s>,
    /// Entries so far; `None` once some could not be read.
    seen: Option<u64>,
}

impl Entries<'_> {
    fn leave_table(&mut self) {
        if let Some(current) = self.current.take() {
            self.reached = current.cursor.into_reached();
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        loop {
            if self.current.is_none() {
                let table = self.tables.pop()?;
                let start = self.selection.first_sub_key().as_bytes();
                self.current = Some(Current {
                    cache_key: table.cache_key().unwrap_or_default().into(),
                    cursor: table
                        .definition
                        .tree(&self.snapshot.file)
                        .entries_from(start)
                        .beside(mem::take(&mut self.reached)),
                    table,
                    seen: Some(0),
                });
            }
            let current = self.current.as_mut()?;
            let definition = &current.table.definition;
            let damaged = |error| Some(Err(self.snapshot.error(error, Some(&current.table.name))));
            let entry = match current.cursor.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => {
                    current.seen = None;
                    return damaged(error);
                }
                None => {
                    let whole = matches!(self.selection, Selection::All | Selection::CacheKey(_));
                    if whole && current.seen.is_some_and(|seen| seen != definition.length) {
                        current.seen = None;
                        return damaged(definition.miscounted());
                    }
                    self.leave_table();
                    continue;
                }
            };
            current.seen = current.seen.map(|seen| seen + 1);
            let Ok(sub_key) = str::from_utf8(entry.key()) else { return damaged(definition.key_is_no_text()) };
            if self.selection.takes_sub_key(sub_key) {
                return Some(Ok(Entry { cache_key: Arc::clone(&current.cache_key), entry }));
            }
            // Sub-keys come in order: none that follows is selected.
            self.leave_table();
        }
    }
}
