//! redb's file format, v2 and v3, read without trust and without a trace.
//!
//! The layout is that of redb's own format document; both versions share all that a reader needs,
//! and both are frozen. Nothing here takes a lock, writes, or maps memory. Every page is reached
//! through the checksum that its parent holds, and no byte of it is believed before that checksum
//! matches. This module knows nothing of caches.

mod header;
mod mirror;
mod multimap;
mod packing;
mod page;
mod reached;
mod store;
mod survey;
mod table;
mod tree;

pub use header::{HEADER_LEN, Header, MAGIC, Root, Slot, marked_as_open};
pub use mirror::{Advance, Damaged, Mirror, Records};
pub use packing::{PAGE_SIZE, Packing, filler};
pub use page::{Page, PageNumber, Widths};
pub use reached::Reached;
pub use store::PageStore;
pub use survey::Survey;
pub use table::{Definition, TableTree, TypeName, misnamed_commit, verify_commit, verify_own};
pub use tree::{Cursor, Tree, TreeEntry};

use crate::system::positioned::read_at;
use crate::system::progress::{self, Progress};
use page::{Fault, Shape};
use std::fmt;
use std::fs;
use std::io;
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
    /// For a walk that its caller stops, and says why itself.
    pub fn stopped() -> Error {
        Error::Io(io::ErrorKind::Interrupted.into())
    }

    fn header(fault: Fault) -> Error {
        Error::Damaged(Damage::of_header(fault))
    }

    /// The error for a table of which nothing can be told.
    pub fn senseless_definition() -> Error {
        Error::header("the definition of a table makes no sense")
    }

    /// The error for a file whose pages are of a size that redb 2.6 does not open.
    pub fn strange_page_size() -> Error {
        Error::header("its pages are not of 4096 bytes")
    }

    fn page(page: PageNumber, fault: Fault) -> Error {
        Error::Damaged(Damage { page: Some(page), checksum: 0, fault })
    }
}

/// Something in the file that is not what its checksum or its place promises: a page, or the
/// header. On a file that somebody writes to it says no more than that the commit is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    page: Option<PageNumber>,
    /// What the checksum of the page should be; 0 where that is not the point.
    checksum: u128,
    fault: Fault,
}

impl Damage {
    pub(crate) fn of_header(fault: Fault) -> Damage {
        Damage { page: None, checksum: 0, fault }
    }

    /// Whether it is the same page with the same content due that is not there.
    pub(crate) fn is_of_the_same_page(&self, other: &Damage) -> bool {
        self.page.is_some() && self.checksum != 0 && (self.page, self.checksum) == (other.page, other.checksum)
    }

    /// The damaged page; `None` for the header.
    #[must_use]
    pub fn page(&self) -> Option<PageNumber> {
        self.page
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.page {
            Some(page) => write!(f, "page {page}: {}", self.fault),
            None => write!(f, "header: {}", self.fault),
        }
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
            pages_read: AtomicU64::new(0),
            progress: progress::current(),
        })
    }

    /// Keeps every page that is read, and takes those from `store` that are there already.
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

    /// A page whose checksum matches. `buffer` is used for it and grown where it must be.
    fn read_page(&self, at: &Root, widths: Widths, buffer: Vec<u8>) -> Result<Arc<Page>> {
        self.pages_read.fetch_add(1, Ordering::Relaxed);
        let Some(store) = &self.store else { return self.read_verified(at, widths, buffer).map(Arc::new) };
        if let Some(page) = store.fetch(at, widths)? {
            return Ok(page);
        }
        // What is kept takes no more memory than it must.
        let page = Arc::new(self.read_verified(at, widths, Vec::new())?.without_spare());
        store.keep(at, &page)?;
        Ok(page)
    }

    fn read_verified(&self, at: &Root, widths: Widths, mut buffer: Vec<u8>) -> Result<Page> {
        let damaged = |fault| Error::Damaged(Damage { page: Some(at.page), checksum: at.checksum, fault });
        let (start, size) = self.header.geometry.locate(at.page).ok_or_else(|| damaged("there is no such page"))?;
        if start + size > self.len {
            return Err(damaged("it lies beyond the end of the file"));
        }
        let mut have = 0;
        let mut read_to = |buffer: &mut Vec<u8>, end: u64| -> Result<()> {
            let end = usize::try_from(end).map_err(|_| damaged("it is too large for this machine"))?;
            if buffer.len() < end {
                buffer.resize(end, 0);
            }
            if have < end {
                read_exact_at(&self.handle, &mut buffer[have..end], start + have as u64)?;
                have = end;
            }
            Ok(())
        };
        read_to(&mut buffer, size.min(FIRST_READ))?;
        let shape = Shape::parse(&buffer[..Shape::LEN], widths).map_err(damaged)?;
        let tables_end = shape.tables_end() as u64;
        if tables_end > size {
            return Err(damaged("it holds more than fits"));
        }
        read_to(&mut buffer, tables_end)?;
        let used = shape.used(&buffer);
        if used < tables_end || used > size {
            return Err(damaged("its last offset lies outside of it"));
        }
        if used > LARGE && self.checksum_in_pieces(start, used)? != at.checksum {
            return Err(damaged("its checksum does not match"));
        }
        read_to(&mut buffer, used)?;
        let used = usize::try_from(used).map_err(|_| damaged("it is too large for this machine"))?;
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

/// A page that ends before its place in the file does is one that the file no longer holds.
fn read_exact_at(file: &fs::File, buffer: &mut [u8], offset: u64) -> Result<()> {
    match read_at(file, buffer, offset) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Error::header("the file became shorter while it was read"))
        }
        other => Ok(other?),
    }
}
