//! A database that is written anew, as small as redb 2.6 keeps it.
//!
//! redb doubles a file that is too small and gives back no more than half of what it does not need, so that a
//! file is up to twice as long as what it holds. But where it recovers a file it takes its length as it is: one
//! may have become longer just before the app was killed. A rebuilt file therefore begins as an empty one that was
//! not closed, made as long as it has to be.

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

/// Base pages of a region, and those before it that say which are in use, as redb 2.6 lays them out.
const REGION_PAGES: u64 = 1 << 20;
const REGION_HEADER_PAGES: u64 = 130;

/// Base pages that redb takes for each region when it closes a file: it records a second time there which
/// pages are in use.
const STATE_PAGES: u64 = 256;

/// Base pages for what else redb keeps for itself, and for an app's first small write, which would double the
/// file if it did not fit.
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

/// The bytes of an empty database, as short as redb closes it, but for the mark that it was closed.
fn blank(is_v3: bool) -> Result<Vec<u8>, redb::Error> {
    let memory = Memory::default();
    let mut builder = Builder::new();
    builder.set_cache_size(PAGE_CACHE).create_with_file_format_v3(is_v3);
    let database = builder.create_with_backend(memory.clone())?;
    let mut bytes = marked_as_open(&memory.bytes());
    drop(database);
    // redb makes a new file twice as long when it closes it, but not one that is a little longer already. Of one
    // with format v3, in which nothing is at the end, it first gives back a half.
    let pages = (STATE_PAGES + SPARE_PAGES) * if is_v3 { 2 } else { 1 };
    bytes.resize(range(PAGE_SIZE as u64 * (1 + REGION_HEADER_PAGES + pages), 0).start, 0);
    *memory.bytes() = bytes;
    drop(builder.create_with_backend(memory.clone())?);
    let bytes = memory.bytes();
    Ok(marked_as_open(&bytes))
}

/// Lays out an empty database of about `len` bytes in a file, and opens it. Nothing is flushed to disk. Whether all
/// of it went well shows in `closing`: redb tells nobody what failed when it was dropped.
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
    /// One whose keys have an order of their own, or whose pairs have fixed widths.
    Plain(NotInPanic<Table<'t, RawKey, RawValue>>),
    Multimap(NotInPanic<MultimapTable<'t, RawKey, RawValue>>),
}

/// Whether the leaves of a table are filled as [`Packing`] says.
pub(crate) fn is_packed(definition: &Definition) -> bool {
    types::is_bytewise(definition) && definition.widths == file::Widths::default()
}

impl<'t> NewTable<'t> {
    /// Creates a table; `None` if it is of a type that redb gives no name to.
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
    /// The leaf before, which has its place but not its pairs.
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

    /// Writes what is left.
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
            // It keeps to itself.
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

/// Whether all that a database wrote, up to its end, went well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Mutex<Option<io::Error>>>);

impl Closing {
    /// To be asked when the database is gone.
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

/// A file that nobody needs before it is whole: flushing waits for the end.
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

/// A file in memory whose bytes can be seen.
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
