//! The changing side: the public methods of a cache that is locked for as long as it is open.

use crate::database::Session;
use crate::error::{Error, Result};
use crate::fixture::Fixture;
use crate::live::envelope::{CachedRows, Envelope};
use crate::live::fetched_at::FetchedAt;
use crate::live::key::{Key, Selection};
use crate::live::view::EnvelopeView;
use crate::ops;
use crate::ops::invalidate::Removed;
use crate::ops::keep::{Keeper, Kept};
use crate::ops::load::{LoadPlan, Replace};
use crate::ops::rewrite::Rewritten;
use crate::ops::scope::Scope;
use crate::ops::touch::Touched;
use crate::ops::transfer::{Transfer, Transferred};
use crate::snapshot::location;
use crate::snapshot::{LiveEntry, Set, Snapshot};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cache, opened exclusively for changes.
///
/// The lock is redb's own: an app that starts meanwhile fails with `DatabaseAlreadyOpen`, and so
/// does [`Cache::open`] while an app runs, with [`InUse`](crate::Error::InUse). redb is not given the file before
/// there is something to change; before that everything is checked that redb takes on trust, its record
/// of free pages included, and the pages that the change will touch are verified. A file that fails is
/// left alone. Each call is one transaction, on disk when the call returns; [`Cache::close`] tells whether
/// the file is sound after the last one.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let cache = vlive::Cache::create(folder.path())?;
/// cache.put("clients/page_1", &vlive::CachedRows::new(Default::default()))?;
/// let removed = cache.invalidate_prefix("clients")?;
/// assert_eq!(removed.keys, ["clients/page_1"]);
/// cache.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    /// Locked from the look at what is there to the commit, so that no other thread writes between them.
    session: Mutex<Session>,
    /// What is called before entries are replaced or removed.
    keeper: Keeper,
}

impl Cache {
    /// Opens the cache at `path`, a folder or the file in it, which must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open(location::find(path.as_ref())?).map(Cache::of)
    }

    /// Opens the cache at `path`, and creates folder and file where they are missing, the file
    /// whole or not at all.
    pub fn create(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open_or_create(location::find(path.as_ref())?).map(Cache::of)
    }

    /// Calls `write` with the cache at `path`, and closes it. If there is none it is created, and appears with all that
    /// `write` has done or, if it fails, not at all; `write` is called again if another process creates one meanwhile.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let rows = vlive::CachedRows::new(Default::default());
    /// vlive::Cache::create_with(folder.path(), |cache| cache.put("clients/page_1", &rows))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_with<T>(path: impl AsRef<Path>, write: impl Fn(&Cache) -> Result<T>) -> Result<T> {
        Session::create_with(location::find(path.as_ref())?, |session| {
            let cache = Cache::of(session);
            let written = write(&cache)?;
            cache.close()?;
            Ok(written)
        })
    }

    fn of(session: Session) -> Cache {
        Cache { path: session.path().to_owned(), session: Mutex::new(session), keeper: Keeper::default() }
    }

    /// The cache file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows under a full key; see [`Snapshot::get`](crate::Snapshot::get).
    pub fn get(&self, key: impl Into<Key>) -> Result<Option<CachedRows>> {
        self.session().snapshot()?.get(key)
    }

    /// Writes rows under a full key, in place of what was there.
    pub fn put(&self, key: impl Into<Key>, rows: &CachedRows) -> Result<()> {
        self.put_envelope(key, &Envelope::encode(rows)).map(drop)
    }

    /// Writes an encoded envelope, in place of what was there. Returns whether there was anything.
    pub fn put_envelope(&self, key: impl Into<Key>, envelope: &Envelope) -> Result<bool> {
        let replaced = ops::put::put(&mut self.session(), &self.keeper, &key.into(), envelope, |_| true)?;
        Ok(replaced.expect("it is due whatever is there"))
    }

    /// Writes an encoded envelope if there still is what was `expected`: the bytes of a value, or no entry at all.
    /// Returns whether it was written.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let cache = vlive::Cache::create(folder.path())?;
    /// # let rows = vlive::live::Envelope::encode(&vlive::CachedRows::new(Default::default()));
    /// assert!(cache.put_envelope_if("clients/page_1", None, &rows)?);
    /// assert!(!cache.put_envelope_if("clients/page_1", None, &rows)?);
    /// assert!(cache.put_envelope_if("clients/page_1", Some(rows.bytes()), &rows)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put_envelope_if(&self, key: impl Into<Key>, expected: Option<&[u8]>, envelope: &Envelope) -> Result<bool> {
        let is_due = |entry: Option<&LiveEntry>| entry.map(LiveEntry::value) == expected;
        let replaced = ops::put::put(&mut self.session(), &self.keeper, &key.into(), envelope, is_due)?;
        Ok(replaced.is_some())
    }

    /// Writes new values for entries in the scope, in one transaction: `rewrite` is asked for each of them, and
    /// `rewrite_set` for each set of diorama or row of one. `None` leaves it as it is. Nothing is written if one of
    /// them fails.
    ///
    /// # Errors
    /// Those of [`RewritePlan::new`](crate::ops::RewritePlan::new).
    pub fn rewrite<E: From<Error>>(
        &self,
        scope: &Scope,
        rewrite: impl FnMut(&Key, &EnvelopeView<'_>) -> Result<Option<Envelope>, E>,
        rewrite_set: impl FnMut(&Snapshot, &Set) -> Result<Option<Fixture>, E>,
    ) -> Result<Rewritten, E> {
        ops::rewrite::carry_out(&mut self.session(), &self.keeper, scope, rewrite, rewrite_set)
    }

    /// Writes the entries of a fixture, in one transaction, in place of what `replace` says.
    ///
    /// # Errors
    /// [`NotACacheTable`](crate::Error::NotACacheTable) if there is a table of another type for one of its cache keys.
    pub fn seed(&self, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        let plan = LoadPlan::carry_out(&mut self.session(), &self.keeper, fixture, replace, |_| Ok(true))?;
        Ok(plan.expect("it is due whatever is there"))
    }

    /// The same if `is_due` says so of what is there, which nobody else changes meanwhile; `None` if it does not, and
    /// nothing is written.
    pub fn seed_if(
        &self,
        fixture: &Fixture,
        replace: Replace,
        is_due: impl FnOnce(&Snapshot) -> Result<bool>,
    ) -> Result<Option<LoadPlan>> {
        LoadPlan::carry_out(&mut self.session(), &self.keeper, fixture, replace, is_due)
    }

    /// Drops what vantage-live's `invalidate_prefix` drops: without `/` the table of exactly that
    /// cache key, with `/` the entries of that one cache key whose sub-key starts with the rest.
    /// Nothing to drop is not an error.
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<Removed> {
        self.invalidate(&Selection::prefix(prefix).into())
    }

    /// Drops everything in the scope, in one transaction.
    pub fn invalidate(&self, scope: &Scope) -> Result<Removed> {
        ops::invalidate::Plan::carry_out(&mut self.session(), &self.keeper, scope)
    }

    /// Sets `fetched_at` of every entry in the scope, in one transaction. Every other byte of the entries stays, and so
    /// do entries that vantage-live cannot decode, as a whole.
    ///
    /// redb writes each entry anew beside the old one, and the file grows where it has no room for that.
    ///
    /// # Errors
    /// Those of [`TouchPlan::new`](crate::ops::TouchPlan::new).
    pub fn touch(&self, scope: &Scope, fetched_at: FetchedAt) -> Result<Touched> {
        ops::touch::touch(&mut self.session(), &self.keeper, scope, fetched_at)
    }

    /// Copies or moves entries byte for byte, in one transaction, from `source` or within the cache. If something is
    /// in the way and the transfer does not replace it, nothing is done.
    pub fn transfer(&self, transfer: &Transfer, source: Option<&Snapshot>) -> Result<Transferred> {
        ops::transfer::carry_out(&mut self.session(), &self.keeper, transfer, source)
    }

    /// Has `keep` called in each change that replaces or removes entries or sets, with these, before anything is
    /// written. An error of `keep` stops the change, and nothing is written.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let cache = vlive::Cache::create(folder.path())?;
    /// # cache.put("clients/page_1", &vlive::CachedRows::new(Default::default()))?;
    /// let (sender, kept) = std::sync::mpsc::channel();
    /// cache.before_commit(move |entries| {
    ///     for entry in entries {
    ///         sender.send(entry?.key()).expect("somebody listens");
    ///     }
    ///     Ok(())
    /// });
    /// cache.invalidate_prefix("clients")?;
    /// assert_eq!(kept.recv()?, "clients/page_1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn before_commit(
        &self,
        keep: impl FnMut(&mut dyn Iterator<Item = Result<Kept<'_>>>) -> Result<()> + Send + 'static,
    ) {
        self.keeper.set(Box::new(keep));
    }

    /// Closes the cache and reads the file again: its header, its newest commit, and the entry that was written last. A
    /// cache that is dropped instead is closed as well, but nobody learns whether that succeeded.
    ///
    /// # Errors
    /// [`NotClosed`](crate::Error::NotClosed) and [`RedbPanicked`](crate::Error::RedbPanicked) if redb could not close
    /// it, as on a disk that is full; [`Damaged`](crate::Error::Damaged) if what it left cannot be read.
    pub fn close(self) -> Result<()> {
        self.session.into_inner().unwrap_or_else(PoisonError::into_inner).close()
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
