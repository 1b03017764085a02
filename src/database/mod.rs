//! redb 2.6 on the file of a cache: what it is given, what is checked before, and what it may do to us.

// redb's own error is large; it is boxed where it leaves the crate.
#![allow(clippy::result_large_err)]

pub(crate) mod rebuild;
mod types;

use crate::error::{Action, Error, RedbError, Result};
use crate::file::{self, File};
use crate::snapshot::location;
use crate::system::positioned::{read_at, write_at};
use crate::system::temporary::{self, TemporaryFile};
use crate::system::{disk as system_disk, holder};
use redb::{Builder, Database, DatabaseError, StorageBackend, StorageError};
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of redb's page cache. Its default of a gigabyte makes a short-lived tool slower.
const PAGE_CACHE: usize = 4 * 1024 * 1024;

/// The only page size that redb 2.6 opens.
const PAGE_SIZE: u32 = 4096;

/// The file as redb's storage. Unlike redb's own it refuses to read beyond the end of the file
/// before it asks for memory, which keeps a damaged length from ending the process.
///
/// While redb opens a file that was left by a crash, it marks it as closed for a moment, and makes it
/// longer than its header says. Should the process end just then, every redb 2.6 panics on the file,
/// the app's included. Here the mark is held back until the file is open.
#[derive(Debug)]
pub(crate) struct CheckedFile {
    file: Arc<fs::File>,
    is_opening: Arc<AtomicBool>,
}

impl CheckedFile {
    pub(crate) fn new(file: &Arc<fs::File>) -> CheckedFile {
        CheckedFile { file: Arc::clone(file), is_opening: Arc::new(AtomicBool::new(true)) }
    }

    pub(crate) fn open(self) -> Result<Database, redb::DatabaseError> {
        let is_opening = Arc::clone(&self.is_opening);
        let database = Builder::new().set_cache_size(PAGE_CACHE).create_with_backend(self);
        is_opening.store(false, Ordering::Relaxed);
        database
    }
}

impl StorageBackend for CheckedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        if offset.checked_add(len as u64).is_none_or(|end| self.file.metadata().is_ok_and(|file| end > file.len())) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; len];
        read_at(&self.file, &mut bytes, offset)?;
        Ok(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        #[cfg(test)]
        disk::room_for_a_call()?;
        self.file.set_len(len)
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        // What is not on the disk yet is lost with its power alone, which no test can take away.
        #[cfg(test)]
        return disk::room_for_a_call();
        #[cfg(not(test))]
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let marked = (offset == 0 && self.is_opening.load(Ordering::Relaxed)).then(|| file::marked_as_open(data));
        let data = marked.as_deref().unwrap_or(data);
        #[cfg(test)]
        disk::room_for_a_call().inspect_err(|_| disk::write_a_part(&self.file, offset, data))?;
        write_at(&self.file, data, offset)
    }
}

/// Runs `call`, which goes into redb; `None` if redb panics.
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(call)).ok()
}

pub(crate) fn redb_error(action: Action, path: &Path, error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Io(source) => Error::io(action, path, source),
        source => Error::Redb { action, path: path.to_owned(), source: RedbError::new(source) },
    }
}

/// Opens the file at `path` to change it, and locks it against everybody else.
pub(crate) fn open_locked(path: &Path) -> Result<Arc<fs::File>> {
    loop {
        let file = location::open(path, true)?;
        let metadata = |error| Error::io(Action::Read, path, error);
        match file.try_lock() {
            // Another process may have put a new file in its place meanwhile.
            Ok(()) if location::is_at(&file, path).map_err(metadata)? => {
                // A compaction that was killed leaves a file beside it, perhaps as long as the cache.
                let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                temporary::remove_abandoned(folder_of(&target));
                return Ok(Arc::new(file));
            }
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let holders = file.metadata().map(|metadata| holder::of_locked(&metadata)).unwrap_or_default();
                return Err(Error::InUse { path: path.to_owned(), holders });
            }
            Err(fs::TryLockError::Error(error)) => return Err(Error::io(Action::Lock, path, error)),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Checks what redb takes on trust when it opens a file.
pub(crate) fn verify_for_redb(path: &Path, file: &Arc<fs::File>) -> Result<()> {
    let in_context = |error| Error::file(error, path, None);
    let file = File::open(Arc::clone(file)).map_err(in_context)?;
    let header = file.header();
    let candidates = header.candidates().map_err(in_context)?;
    if let Some(damage) = file::misnamed_commit(&file) {
        return Err(in_context(file::Error::Damaged(damage)));
    }
    if header.geometry.page_size != PAGE_SIZE {
        return Err(in_context(file::Error::strange_page_size()));
    }
    if !header.length_is_sound(file.len()) {
        return Err(Error::WrongLength { path: path.to_owned(), len: file.len(), recorded: header.recorded_len });
    }
    if header.recovery_required {
        // redb reads everything to recover, and falls back to the other commit if it must.
        let mut verified = candidates.iter().map(|slot| file::verify_commit(&file, slot));
        let newest = verified.next().unwrap_or(Ok(()));
        return newest.or_else(|error| verified.next().unwrap_or(Err(error))).map_err(in_context);
    }
    let slot = &candidates[0];
    file::verify_own(&file, slot).map_err(in_context)?;
    file::TableTree::user(&file, slot).all().try_for_each(|table| table.map(drop)).map_err(in_context)
}

/// Creates the cache file at `path`, which appears with all that `fill` writes to it or not at all: redb
/// leaves a file that no app can open if it is stopped while it lays one out.
///
/// `fill` gets the file, empty and locked. `None` if somebody else has created one meanwhile.
pub(crate) fn create_file<T>(path: &Path, fill: impl FnOnce(&Arc<fs::File>) -> Result<T>) -> Result<Option<T>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Error::io(Action::Create, folder, error))?;
    let cannot_create = |error| Error::io(Action::Create, path, error);
    let new = TemporaryFile::new(folder).map_err(cannot_create)?;
    let laid_out = catch(|| CheckedFile::new(new.file()).open().map(drop));
    let laid_out = laid_out.ok_or_else(|| Error::RedbPanicked { action: Action::Create, path: path.to_owned() })?;
    laid_out.map_err(|error| redb_error(Action::Create, path, error))?;
    let filled = fill(new.file())?;
    match new.persist_new(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(cannot_create(error)),
    }
    // The name is on disk only when the folder is.
    system_disk::sync_folder(folder).map_err(cannot_create)?;
    Ok(Some(filled))
}

/// redb's own check of a file, which must be a copy that nobody needs: it repairs what it can. Returns what
/// is wrong, in redb's words.
///
/// # Errors
/// The system's, which say nothing of the file. That a read goes beyond its end is not among them.
pub(crate) fn check_integrity(file: &Arc<fs::File>) -> io::Result<Option<String>> {
    let checked = catch(|| {
        let mut database = CheckedFile::new(file).open()?;
        database.check_integrity()
    });
    Ok(match checked {
        None => Some("redb fails on itself with this file".to_owned()),
        Some(Err(DatabaseError::Storage(StorageError::Io(error)))) if error.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(error);
        }
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some("redb finds the file inconsistent, and would repair it".to_owned()),
    })
}

/// A disk that runs full, for tests.
#[cfg(test)]
pub(crate) mod disk {
    use std::cell::Cell;
    use std::fs;
    use std::io;

    /// The disk as the storage above sees it.
    #[derive(Clone, Copy, Default)]
    pub struct Disk {
        /// Calls that it still takes; `None` if there is no end to them.
        pub room: Option<u32>,
        /// Whether it refuses one call only.
        pub recovers: bool,
        pub refused: u32,
    }

    thread_local! {
        pub static DISK: Cell<Disk> = Cell::default();
    }

    /// Asked before each call that changes a file.
    pub fn room_for_a_call() -> io::Result<()> {
        let mut disk = DISK.get();
        let refuses = disk.room == Some(0);
        disk.room = disk.room.map(|room| room.saturating_sub(1)).filter(|_| !(refuses && disk.recovers));
        disk.refused += u32::from(refuses);
        DISK.set(disk);
        if refuses { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// A disk that runs full has taken the beginning of what it was given, and nothing after that.
    pub fn write_a_part(file: &fs::File, offset: u64, data: &[u8]) {
        if DISK.get().refused > 1 {
            return;
        }
        super::write_at(file, &data[..data.len() / 2], offset).expect("the part is written");
    }
}
