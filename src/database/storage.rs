//! The file of a cache as redb's storage.

use super::verify::OpenAs;
use crate::file;
use crate::system::positioned::{read_at, write_at};
use redb::{Builder, Database, StorageBackend};
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of redb's page cache. Its default of a gigabyte makes a short-lived tool slower.
pub(super) const PAGE_CACHE: usize = 4 * 1024 * 1024;

/// Bytes from which a read leaves zeros alone, and how many it looks at together. A page has the size of its content
/// rounded up to a power of two, and the system gives memory for the rest only if something is written there.
const LARGE: usize = 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// The storage between redb and a file.
pub(crate) type Storage = fn(&Arc<fs::File>) -> Box<dyn StorageBackend>;

/// A file that is locked already. Unlike redb's own backend it refuses a read beyond the end of the file before it
/// allocates memory, so that a damaged length cannot abort the process.
#[derive(Debug)]
pub(crate) struct FileStorage(Arc<fs::File>);

impl FileStorage {
    pub fn boxed(file: &Arc<fs::File>) -> Box<dyn StorageBackend> {
        Box::new(FileStorage(Arc::clone(file)))
    }
}

impl StorageBackend for FileStorage {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let file_len = self.len()?;
        if offset.checked_add(len as u64).is_none_or(|end| end > file_len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; len];
        if len < LARGE {
            read_at(&self.0, &mut bytes, offset)?;
            return Ok(bytes);
        }
        let (mut piece, mut offset) = (vec![0; PIECE], offset);
        for part in bytes.chunks_mut(PIECE) {
            let piece = &mut piece[..part.len()];
            read_at(&self.0, piece, offset)?;
            if piece.iter().any(|byte| *byte != 0) {
                part.copy_from_slice(piece);
            }
            offset += part.len() as u64;
        }
        Ok(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        write_at(&self.0, data, offset)
    }
}

/// The mark that a file was not closed, as redb reads and writes it while it opens the file.
///
/// While redb recovers a file after a crash, it briefly marks the file as closed and extends it beyond the length in
/// its header. If the process ended at that moment, every redb 2.6 would panic on the file, including the app's. Here
/// the mark is written only once the file is open. Where redb must not trust a file that was closed, redb sees it as
/// not closed from the beginning.
#[derive(Debug)]
struct HeldOpen {
    storage: Box<dyn StorageBackend>,
    progress: Arc<Progress>,
    open_as: OpenAs,
}

/// The stage that redb has reached with a file.
#[derive(Debug)]
pub(super) struct Progress {
    is_opening: AtomicBool,
    has_failed: AtomicBool,
}

impl Progress {
    /// Whether a call that changes the file has failed. redb reports most failures, but not those while it closes the
    /// file.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn note(&self, changed: io::Result<()>) -> io::Result<()> {
        changed.inspect_err(|_| self.has_failed.store(true, Ordering::Relaxed))
    }
}

impl HeldOpen {
    fn is_marked(&self, offset: u64) -> bool {
        offset == 0 && self.progress.is_opening.load(Ordering::Relaxed)
    }
}

impl StorageBackend for HeldOpen {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let bytes = self.storage.read(offset, len)?;
        let is_marked = self.open_as == OpenAs::NotClosed && self.is_marked(offset);
        Ok(if is_marked { marked_as_open(&bytes) } else { bytes })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.progress.note(self.storage.set_len(len))
    }

    fn sync_data(&self, eventual: bool) -> io::Result<()> {
        self.progress.note(self.storage.sync_data(eventual))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if !self.is_marked(offset) {
            return self.progress.note(self.storage.write(offset, data));
        }
        self.progress.note(self.storage.write(offset, &marked_as_open(data)))
    }
}

/// Opens a database, or lays one out in an empty file.
pub(super) fn open(
    storage: Box<dyn StorageBackend>,
    open_as: OpenAs,
) -> Result<(Database, Arc<Progress>), redb::DatabaseError> {
    let progress = Arc::new(Progress { is_opening: AtomicBool::new(true), has_failed: AtomicBool::new(false) });
    let storage = HeldOpen { storage, progress: Arc::clone(&progress), open_as };
    let database = Builder::new().set_cache_size(PAGE_CACHE).create_with_backend(storage)?;
    progress.is_opening.store(false, Ordering::Relaxed);
    Ok((database, progress))
}

/// The first bytes of a file, with the mark that it was not closed.
pub(super) fn marked_as_open(start: &[u8]) -> Vec<u8> {
    let mut marked = start.to_vec();
    if marked.starts_with(&file::MAGIC)
        && let Some(god) = marked.get_mut(file::GOD_BYTE)
    {
        *god |= file::RECOVERY_REQUIRED;
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_returns_the_bytes_of_the_file_whichever_of_them_are_zero() {
        let file = Arc::new(tempfile::tempfile().expect("there is a folder for temporary files"));
        let mut seed: u64 = 1;
        let mut below = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).expect("31 bits") % bound
        };
        let mut bytes = vec![0; 3 * LARGE];
        for _ in 0..20 {
            let at = below(bytes.len());
            bytes[at] = 1 + u8::try_from(below(255)).expect("it is below");
        }
        write_at(&file, &bytes, 0).expect("there is room");
        let storage = FileStorage::boxed(&file);
        for len in [0, 1, PIECE, LARGE - 1, LARGE, LARGE + 1, LARGE + PIECE, 2 * LARGE + 4711, 3 * LARGE] {
            for offset in [0, below(bytes.len() - len + 1), bytes.len() - len] {
                let read = storage.read(offset as u64, len).expect("it is in the file");
                assert!(read == bytes[offset..offset + len], "{len} bytes at {offset}");
            }
        }
        assert!(storage.read(1, bytes.len()).is_err(), "beyond the end");
    }
}
