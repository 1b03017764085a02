//! A locked cache file, which redb opens once there is something to change.

use super::create::create_file;
use super::redb_error;
use super::storage::{self, FileStorage, Progress, Storage};
use super::transaction::{self, Insert, Removals, Written};
use super::verify::{self, OpenAs};
use crate::error::{Action, Error, Result};
use crate::file::{File, TableTree};
use crate::snapshot::Snapshot;
use crate::snapshot::location;
use crate::system::caught::{NotInPanic, catch};
use crate::system::holder;
use crate::system::temporary;
use redb::{Database, WriteTransaction};
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A cache file, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct Session {
    path: PathBuf,
    file: Arc<fs::File>,
    storage: Storage,
    state: State,
    written: Option<Written>,
    /// `None` for a file whose creator has locked it.
    lock: Option<Lock>,
}

/// Opening a database writes to its file, so redb opens it only when there is a change.
#[derive(Debug)]
enum State {
    Unopened(OpenAs),
    Open(Database, Arc<Progress>),
    /// redb has panicked: calling it again could do anything.
    Failed,
}

impl Session {
    /// Locks the cache file at `path` and checks everything that redb will rely on.
    pub fn open(path: PathBuf) -> Result<Session> {
        let file = open_locked(&path)?;
        let mut session = Session::of(path, Arc::clone(&file))?;
        session.lock = Some(Lock(file));
        Ok(session)
    }

    /// Opens the file, and creates it whole or not at all if it is missing.
    pub fn open_or_create(path: PathBuf) -> Result<Session> {
        match Session::open(path.clone()) {
            Err(Error::Missing { .. }) => {
                create_file(&path, |_| Ok(()))?;
                Session::open(path)
            }
            other => other,
        }
    }

    /// Creates a file if there is none. It appears with everything that `fill` has written, closed, or not at all.
    pub fn create_new<T>(path: PathBuf, fill: impl FnOnce(Session) -> Result<T>) -> Result<T> {
        let exists = fs::symlink_metadata(&path).is_ok();
        let filled = if exists { None } else { Session::create_filled(&path, fill)? };
        filled.ok_or(Error::Exists { path })
    }

    /// Calls `write` with the file. A missing file is created, and appears with everything that `write` has written,
    /// closed, or not at all; `write` is called again if another process creates one meanwhile.
    pub fn create_with<T>(path: PathBuf, write: impl Fn(Session) -> Result<T>) -> Result<T> {
        match Session::open(path.clone()) {
            Err(Error::Missing { .. }) => match Session::create_filled(&path, &write)? {
                Some(written) => Ok(written),
                None => write(Session::open(path)?),
            },
            session => write(session?),
        }
    }

    fn create_filled<T>(path: &Path, fill: impl FnOnce(Session) -> Result<T>) -> Result<Option<T>> {
        create_file(path, |new| fill(Session::of(path.to_owned(), Arc::clone(new))?))
    }

    /// A session for a file that is locked already.
    fn of(path: PathBuf, file: Arc<fs::File>) -> Result<Session> {
        let open_as = verify::verify_for_redb(&path, &file)?;
        Ok(Session {
            path,
            file,
            storage: FileStorage::boxed,
            state: State::Unopened(open_as),
            written: None,
            lock: None,
        })
    }

    /// Replaces the storage between redb and the file, before redb opens it.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests put faults there"))]
    pub fn set_storage(&mut self, storage: Storage) {
        self.storage = storage;
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest commit. No other process writes, and every commit of ours is whole on disk.
    pub fn snapshot(&self) -> Result<Snapshot> {
        Snapshot::of(&self.path, Arc::clone(&self.file), matches!(self.state, State::Open(..)))?.whole()
    }

    /// Makes the removals and writes everything that `fill` inserts, in one transaction: all of it or nothing. The
    /// pages that this touches must have been verified.
    pub fn transact(&mut self, removals: &Removals, fill: impl FnOnce(&mut Insert<'_>) -> Result<()>) -> Result<()> {
        let path = self.path.clone();
        self.written = self.change(|database| transaction::run(database, &path, removals, fill))?;
        Ok(())
    }

    /// Lets `fill` write whole tables of any type, in one transaction.
    pub fn fill(&mut self, fill: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
        let path = self.path.clone();
        let failed = |error: redb::Error| redb_error(Action::Write, &path, error);
        self.change(|database| {
            let transaction = NotInPanic::new(database.begin_write().map_err(|error| failed(error.into()))?);
            fill(&transaction)?;
            transaction.into_inner().commit().map_err(|error| failed(error.into()))
        })
    }

    /// Runs a change in redb. If redb panics, nothing was committed, and the database is not touched again, not even
    /// dropped, since that would write.
    fn change<T>(&mut self, change: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let (database, progress) = match mem::replace(&mut self.state, State::Failed) {
            State::Failed => return Err(self.panicked(Action::Write)),
            State::Open(database, progress) => (database, progress),
            State::Unopened(open_as) => {
                let Some(opened) = catch(|| storage::open((self.storage)(&self.file), open_as)) else {
                    // What redb has leaked may still hold the file open.
                    self.file.unlock().ok();
                    return Err(self.panicked(Action::Write));
                };
                opened.map_err(|error| {
                    self.state = State::Unopened(open_as);
                    redb_error(Action::Open, &self.path, error)
                })?
            }
        };
        let Some(result) = catch(|| change(&database)) else {
            mem::forget(database);
            self.file.unlock().ok();
            return Err(self.panicked(Action::Write));
        };
        self.state = State::Open(database, progress);
        result
    }

    fn panicked(&self, action: Action) -> Error {
        Error::RedbPanicked { action, path: self.path.clone() }
    }

    /// Closes the database, if it was opened, and reads the file as the next process to open it will: its header, its
    /// newest commit and the last entry written.
    ///
    /// # Errors
    /// [`Error::RedbPanicked`] and [`Error::NotClosed`] if redb could not close it, [`Error::Damaged`] if it cannot be
    /// read afterwards. Earlier commits may still be there.
    pub fn close(mut self) -> Result<()> {
        let progress = match mem::replace(&mut self.state, State::Failed) {
            State::Failed => return Err(self.panicked(Action::Close)),
            State::Unopened(_) => return Ok(()),
            // Closing writes, and may find damage that nothing else has touched.
            State::Open(database, progress) => {
                if catch(|| drop(database)).is_none() {
                    return Err(self.panicked(Action::Close));
                }
                progress
            }
        };
        let in_context = |error| Error::file(error, &self.path, None);
        let file = File::open(Arc::clone(&self.file)).map_err(in_context)?;
        let slot = file.header().candidates().map_err(in_context)?[0];
        if progress.has_failed() || file.header().recovery_required || !file.header().length_is_sound(file.len()) {
            return Err(Error::NotClosed { path: self.path.clone() });
        }
        let Some(Written { table, sub_key, len }) = self.written.take() else { return Ok(()) };
        let in_table = |error| Error::file(error, &self.path, Some(&table));
        let definition = TableTree::user(&file, &slot).get(&table).map_err(in_table)?;
        let entry = match definition {
            Some(definition) => definition.tree(&file).get(sub_key.as_bytes()).map_err(in_table)?,
            None => None,
        };
        let exists = entry.is_some_and(|entry| entry.value().len() as u64 == len);
        if exists { Ok(()) } else { Err(Error::NotClosed { path: self.path.clone() }) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let State::Open(database, _) = mem::replace(&mut self.state, State::Failed) {
            catch(|| drop(database));
        }
    }
}

/// Unlocks a file that a session has opened.
#[derive(Debug)]
struct Lock(Arc<fs::File>);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started shares it until it runs its own program.
        self.0.unlock().ok();
    }
}

/// Opens the file at `path` to change it, and locks it exclusively.
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
