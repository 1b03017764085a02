//! redb's file format, v2 and v3: read-only, and without trusting the file.
//!
//! The layout is that of redb's own format document; both versions share everything that a reader needs,
//! and both are frozen. Nothing here takes a lock, writes, or maps memory. The parent of a page has its
//! checksum, and no byte of the page is used before that checksum matches. This module knows nothing of caches.

mod allocation;
mod buffers;
mod damage;
mod differences;
mod header;
mod mirror;
mod multimap;
mod near;
mod packing;
mod page;
mod page_number;
mod reached;
mod records;
mod store;
mod sum;
mod survey;
mod table;
mod tree;
mod walk;

pub use allocation::{Allocation, Saved};
pub use damage::Damage;
pub use header::{GOD_BYTE, HEADER_LEN, Header, MAGIC, RECOVERY_REQUIRED, Slot};
pub use mirror::{Advance, Damaged, Mirror};
pub use packing::{PAGE_SIZE, Packing, filler};
pub use page::{Page, PageRef, Widths};
pub use page_number::PageNumber;
pub use reached::Reached;
pub use records::Records;
pub use store::PageStore;
pub use sum::Sum;
pub use survey::Survey;
pub use table::{Definition, TableTree, TypeName, misnamed_commit, verify_commit, verify_own};
pub use tree::{Cursor, Tree, TreeEntries, TreeEntry};

use crate::system::positioned::read_at;
use crate::system::progress::{self, Progress};
use buffers::{Buffer, Buffers};
use damage::Fault;
use page::Shape;
use std::fs;
use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file could not be read.
#[derive(Debug)]
pub enum Error {
    Io(io::Error),
    /// The file has no header yet: it is empty, or redb is just about to lay it out.
    Unwritten,
    /// The file does not begin as a redb database does.
    NotRedb,
    /// A version of the format that this reader does not know.
    Version(u8),
    Damaged(Damage),
}

impl Error {
    /// The caller has stopped the walk, and knows why.
    pub fn stopped() -> Error {
        Error::Io(io::ErrorKind::Interrupted.into())
    }

    fn header(fault: Fault) -> Error {
        Error::Damaged(Damage::of_header(fault))
    }

    /// The error for a table whose definition makes no sense.
    pub fn senseless_definition() -> Error {
        Error::header(Fault::Definition)
    }

    fn page(page: PageNumber, fault: Fault) -> Error {
        Error::Damaged(Damage::of_page(Some(page), fault))
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Error {
        Error::Damaged(damage)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

fn checksum(bytes: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(bytes)
}

/// Bytes that are read of a large page before it is known how many of its bytes are in use.
const FIRST_READ: u64 = 16 * 1024;

/// From this size on a page is verified in pieces before memory for it is asked for, so that a
/// file cannot ask for memory with a length alone.
const LARGE: u64 = 16 * 1024 * 1024;

/// An open database file and the header that it had when it was opened.
#[derive(Debug)]
pub struct File {
    handle: Arc<fs::File>,
    len: u64,
    header: Header,
    store: Option<Arc<PageStore>>,
    buffers: Arc<Buffers>,
    pages_read: AtomicU64,
    progress: Progress,
}

impl File {
    /// Reads the header of `file`, which must be open for reading.
    pub fn open(file: Arc<fs::File>) -> Result<File> {
        let len = file.metadata()?.len();
        let mut bytes = [0; HEADER_LEN];
        let there = HEADER_LEN.min(usize::try_from(len).unwrap_or(HEADER_LEN));
        read_exact_at(&file, &mut bytes[..there], 0)?;
        // redb writes the magic number last.
        if bytes[..header::MAGIC.len()] == [0; header::MAGIC.len()] {
            return Err(Error::Unwritten);
        }
        let header = Header::parse(&bytes, there)?;
        Ok(File {
            handle: file,
            len,
            header,
            store: None,
            buffers: Arc::default(),
            pages_read: AtomicU64::new(0),
            progress: progress::current(),
        })
    }

    /// The same file, opened again.
    pub fn again(&self) -> Result<File> {
        File::open(Arc::clone(&self.handle))
    }

    /// Keeps every page that is read in `store`, and uses those that are already there.
    pub fn keep_pages(&mut self, store: Arc<PageStore>) {
        self.store = Some(store);
    }

    pub fn keeps_pages(&self) -> bool {
        self.store.is_some()
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes in the file when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Pages read since the file was opened.
    pub fn pages_read(&self) -> u64 {
        self.pages_read.load(Ordering::Relaxed)
    }

    /// Counts a page that was read by another way than [`File::read_page`].
    fn count_page(&self, used: usize) {
        self.pages_read.fetch_add(1, Ordering::Relaxed);
        self.progress.add(used);
    }

    /// A page whose checksum matches.
    fn read_page(&self, at: &PageRef, widths: Widths) -> Result<Arc<Page>> {
        match self.kept(at, widths)? {
            Some(page) => Ok(page),
            None => self.read_new(at, widths),
        }
    }

    /// The same for one that is not kept.
    fn read_new(&self, at: &PageRef, widths: Widths) -> Result<Arc<Page>> {
        self.pages_read.fetch_add(1, Ordering::Relaxed);
        self.keep(at, self.read_verified(at, widths)?)
    }

    /// A page that is kept.
    fn kept(&self, at: &PageRef, widths: Widths) -> Result<Option<Arc<Page>>> {
        let Some(store) = &self.store else { return Ok(None) };
        let kept = store.fetch(at, widths)?;
        self.pages_read.fetch_add(u64::from(kept.is_some()), Ordering::Relaxed);
        Ok(kept)
    }

    /// Keeps a page, if pages are kept.
    fn keep(&self, at: &PageRef, page: Page) -> Result<Arc<Page>> {
        let Some(store) = &self.store else { return Ok(Arc::new(page)) };
        // It uses no more memory than necessary.
        let page = Arc::new(page.without_spare());
        store.keep(at, &page)?;
        Ok(page)
    }

    fn read_verified(&self, at: &PageRef, widths: Widths) -> Result<Page> {
        let damaged = |fault| Error::Damaged(Damage::of_contents(at.page, at.checksum, fault));
        let (start, size) = self.header.geometry.locate(at.page).ok_or_else(|| damaged(Fault::NoSuchPage))?;
        if start + size > self.len {
            return Err(damaged(Fault::BeyondTheEnd));
        }
        let mut buffer = self.buffers.take(size);
        let mut have = 0;
        let mut read_to = |Buffer { bytes: buffer, .. }: &mut Buffer, end: u64| -> Result<()> {
            let end = usize::try_from(end).map_err(|_| damaged(Fault::TooLarge))?;
            if buffer.len() < end {
                buffer.truncate(have);
                buffer.shrink_to_fit();
                // Zeroed memory comes from the allocator: filling it byte by byte is slow in a debug build.
                let begun = mem::replace(buffer, vec![0; end]);
                buffer[..have].copy_from_slice(&begun);
            }
            if have < end {
                read_exact_at(&self.handle, &mut buffer[have..end], start + have as u64)?;
                have = end;
            }
            Ok(())
        };
        read_to(&mut buffer, size.min(FIRST_READ))?;
        let shape = Shape::parse(&buffer.as_ref()[..Shape::LEN], widths).map_err(damaged)?;
        let tables_end = shape.tables_end() as u64;
        if tables_end > size {
            return Err(damaged(Fault::HoldsTooMuch));
        }
        read_to(&mut buffer, tables_end)?;
        let used = shape.used(buffer.as_ref());
        if used < tables_end || used > size {
            return Err(damaged(Fault::LastOffset));
        }
        if used > LARGE && self.checksum_in_pieces(start, used)? != at.checksum {
            return Err(damaged(Fault::Checksum));
        }
        read_to(&mut buffer, used)?;
        let used = usize::try_from(used).map_err(|_| damaged(Fault::TooLarge))?;
        self.progress.add(used);
        Page::verify(buffer, used, shape, at.checksum).map_err(damaged)
    }

    fn checksum_in_pieces(&self, start: u64, used: u64) -> Result<u128> {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        let mut piece = vec![0; 256 * 1024];
        let mut at = 0;
        while at < used {
            let want = usize::try_from(used - at).map_or(piece.len(), |left| left.min(piece.len()));
            read_exact_at(&self.handle, &mut piece[..want], start + at)?;
            hasher.update(&piece[..want]);
            at += want as u64;
        }
        Ok(hasher.digest128())
    }
}

/// A file that ends before the page does no longer holds the page.
fn read_exact_at(file: &fs::File, buffer: &mut [u8], offset: u64) -> Result<()> {
    match read_at(file, buffer, offset) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Error::header(Fault::BecameShorter)),
        other => Ok(other?),
    }
}
