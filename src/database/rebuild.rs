//! A database that is rebuilt as small as redb 2.6 keeps it.
//!
//! redb doubles a file that is too small and releases at most half of the unused space, so that a file can be twice as
//! long as its contents. A file that it recovers keeps its length, since it may have grown just before the app was
//! killed. A rebuilt file therefore begins as an empty one that was not closed, extended to the length that it needs.

use super::storage::{PAGE_CACHE, marked_as_open};
use super::types::{self, RawKey, RawValue};
use crate::file::{self, Definition, PAGE_SIZE, Packing, TreeEntry};
use crate::system::caught::NotInPanic;
use redb::WriteTransaction;
use redb::{Builder, Database, MultimapTable, MultimapTableDefinition, StorageBackend, Table, TableDefinition};
use std::io;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Base pages of a region, and of the header before it that records which are in use, as redb 2.6 lays them out.
const REGION_PAGES: u64 = 1 << 20;
const REGION_HEADER_PAGES: u64 = 130;

/// Base pages that redb needs for each region when it closes a file, for a second record of the pages in use.
const STATE_PAGES: u64 = 256;

/// Base pages for redb's other records, and for an app's first small write, which would double the file if it did not
/// fit.
const SPARE_PAGES: u64 = 24;

/// One page in so many is left free on top of that.
const SPARE_SHARE: u64 = 64;

/// Bytes of a file for `pages` base pages of tables.
pub(crate) fn file_len(pages: u64) -> u64 {
    let page = PAGE_SIZE as u64;
    let pages = 1 + pages + SPARE_PAGES + pages / SPARE_SHARE;
    let mut regions = 1;
    while regions * (REGION_PAGES - STATE_PAGES) < pages {
        regions += 1;
    }
    page * (1 + regions * (REGION_HEADER_PAGES + STATE_PAGES) + pages)
}

/// The bytes of an empty database, as short as redb makes it, marked as not closed.
fn blank(is_v3: bool) -> Result<Vec<u8>, redb::Error> {
    let memory = Memory::default();
    let mut builder = Builder::new();
    builder.set_cache_size(PAGE_CACHE).create_with_file_format_v3(is_v3);
    let database = builder.create_with_backend(memory.clone())?;
    let mut bytes = marked_as_open(&memory.bytes());
    drop(database);
    // redb doubles a new file when it closes it, unless the file is already a little longer. Of a file of format v3
    // with nothing at its end it first releases half.
    let pages = (STATE_PAGES + SPARE_PAGES) * if is_v3 { 2 } else { 1 };
    bytes.resize(range(PAGE_SIZE as u64 * (1 + REGION_HEADER_PAGES + pages), 0).start, 0);
    *memory.bytes() = bytes;
    drop(builder.create_with_backend(memory.clone())?);
    let bytes = memory.bytes();
    Ok(marked_as_open(&bytes))
}

/// Lays out an empty database of about `len` bytes in a file, and opens it. Nothing is flushed to disk. `closing` says
/// whether everything succeeded: redb does not report an error while it is dropped.
pub(crate) fn lay_out(
    storage: Box<dyn StorageBackend>,
    is_v3: bool,
    len: u64,
    closing: &Closing,
) -> Result<Database, redb::Error> {
    let blank = blank(is_v3)?;
    let backend = Unflushed { storage, closing: closing.clone() };
    backend.set_len(0)?;
    backend.write(0, &blank)?;
    backend.set_len(whole_pages(len).max(blank.len() as u64))?;
    Ok(Builder::new().set_cache_size(PAGE_CACHE).create_with_backend(backend)?)
}

/// The next length that a file can have: its last region holds at least a page.
fn whole_pages(len: u64) -> u64 {
    let page = PAGE_SIZE as u64;
    let pages = len.div_ceil(page).max(1) - 1;
    let rest = pages % (REGION_HEADER_PAGES + REGION_PAGES);
    let missing = if rest == 0 { 0 } else { (REGION_HEADER_PAGES + 1).saturating_sub(rest) };
    page * (1 + pages + missing)
}

/// A table that is written in the order of its keys. There is one at a time.
pub(crate) enum NewTable<'t> {
    /// Leaves are filled to the last pair that fits.
    Packed(PackedTable<'t>),
    /// A table whose keys have an order of their own, or whose pairs have fixed widths.
    Plain(NotInPanic<Table<'t, RawKey, RawValue>>),
    Multimap(NotInPanic<MultimapTable<'t, RawKey, RawValue>>),
}

/// Whether the leaves of a table can be filled as [`Packing`] plans.
pub(crate) fn is_packed(definition: &Definition) -> bool {
    types::is_bytewise(definition) && definition.widths == file::Widths::default()
}

impl<'t> NewTable<'t> {
    /// Creates a table; `None` if redb has no name for its type.
    pub fn create(
        transaction: &'t WriteTransaction,
        name: &str,
        definition: &Definition,
    ) -> Result<Option<NewTable<'t>>, redb::Error> {
        if definition.alignments != [1, 1] || types::declare(definition).is_none() {
            return Ok(None);
        }
        Ok(Some(if definition.multimap {
            NewTable::Multimap(NotInPanic::new(transaction.open_multimap_table(MultimapTableDefinition::new(name))?))
        } else {
            let table = NotInPanic::new(transaction.open_table(TableDefinition::new(name))?);
            if is_packed(definition) { NewTable::Packed(PackedTable::new(table)) } else { NewTable::Plain(table) }
        }))
    }
}

/// Writes the pairs of a table so that no leaf is split, which would leave half of it empty: the last key of
/// each leaf comes first, with a value that fills a page, and so keeps the leaf apart from the next one.
pub(crate) struct PackedTable<'t> {
    table: NotInPanic<Table<'t, RawKey, RawValue>>,
    packing: Packing,
    /// The pairs of the leaf that is being collected.
    leaf: Vec<TreeEntry>,
    /// The leaf before, which has its page but not its pairs.
    placed: Vec<TreeEntry>,
}

impl<'t> PackedTable<'t> {
    fn new(table: NotInPanic<Table<'t, RawKey, RawValue>>) -> PackedTable<'t> {
        PackedTable { table, packing: Packing::default(), leaf: Vec::new(), placed: Vec::new() }
    }

    /// Adds a pair that follows all others.
    pub fn push(&mut self, entry: TreeEntry) -> Result<(), redb::StorageError> {
        if self.packing.push(entry.key().len(), entry.value().len()) && !self.leaf.is_empty() {
            self.place_leaf()?;
        }
        self.leaf.push(entry);
        Ok(())
    }

    /// Writes the remaining pairs.
    pub fn finish(mut self) -> Result<(), redb::StorageError> {
        if !self.leaf.is_empty() {
            self.place_leaf()?;
        }
        self.fill_placed()
    }

    fn place_leaf(&mut self) -> Result<(), redb::StorageError> {
        const FILLER: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
        let last = self.leaf.last().expect("a leaf holds a pair");
        match file::filler(last.key().len()).filter(|filler| *filler > last.value().len()) {
            Some(filler) => drop(self.table.insert(last.key(), &FILLER[..filler])?),
            // It fills a page by itself.
            None => drop(self.table.insert(last.key(), last.value())?),
        }
        self.fill_placed()?;
        self.placed = mem::take(&mut self.leaf);
        Ok(())
    }

    fn fill_placed(&mut self) -> Result<(), redb::StorageError> {
        let placed = mem::take(&mut self.placed);
        let Some((last, others)) = placed.split_last() else { return Ok(()) };
        if file::filler(last.key().len()).is_some_and(|filler| filler > last.value().len()) {
            self.table.insert(last.key(), last.value())?;
        }
        others.iter().try_for_each(|entry| self.table.insert(entry.key(), entry.value()).map(drop))
    }
}

/// Whether every write of a database succeeded, up to its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Mutex<Option<io::Error>>>);

impl Closing {
    /// Valid once the database is dropped.
    pub fn result(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// Keeps the first failure; redb gets one of the same kind.
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            kind.into()
        })
    }
}

/// A file that is not used before it is whole: it is flushed once, at the end.
#[derive(Debug)]
struct Unflushed {
    storage: Box<dyn StorageBackend>,
    closing: Closing,
}

impl StorageBackend for Unflushed {
    fn len(&self) -> io::Result<u64> {
        self.closing.note(self.storage.len())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.closing.note(self.storage.read(offset, len))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.closing.note(self.storage.set_len(len))
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.closing.note(self.storage.write(offset, data))
    }
}

/// A file in memory whose bytes can be read.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of `len` bytes from `offset` on.
fn range(offset: u64, len: usize) -> Range<usize> {
    let start = usize::try_from(offset).expect("an empty database is small");
    start..start + len
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        Ok(self.bytes()[range(offset, len)].to_vec())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.bytes().resize(range(len, 0).start, 0);
        Ok(())
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.bytes()[range(offset, data.len())].copy_from_slice(data);
        Ok(())
    }
}
