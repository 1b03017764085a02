//! Changing a cache: the public methods of a cache that is locked as long as it is open.

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
/// The lock is redb's own: an app that starts meanwhile fails with `DatabaseAlreadyOpen`, and [`Cache::open`] fails
/// with [`InUse`](Error::InUse) while an app runs. redb does not get the file until something is to be changed. Before
/// that, everything that redb relies on without a check is verified: its record of free pages, and the pages that the
/// change will touch. A file that fails this is left as it is. Each call is one transaction, on disk when the call
/// returns; [`Cache::close`] reports whether the file is sound after the last one.
///
/// # Errors
/// A call that changes the cache can fail with [`Damaged`](Error::Damaged) or [`WrongLength`](Error::WrongLength) if
/// the file must not be changed, [`NotACacheTable`](Error::NotACacheTable) or [`Set`](Error::Set) if a table is not
/// what the call needs, [`NotKept`](Error::NotKept) if [`Cache::before_commit`] fails, and
/// [`Redb`](Error::Redb), [`RedbPanicked`](Error::RedbPanicked) or [`Io`](Error::Io) if the write fails. Nothing has
/// been changed then.
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
    /// Locked from the read of the old contents to the commit, so that no other thread writes between them.
    session: Mutex<Session>,
    /// What is called before entries are replaced or removed.
    keeper: Keeper,
}

impl Cache {
    /// Opens the cache at `path`, a folder or the file in it, which must exist.
    ///
    /// # Errors
    /// [`Missing`](Error::Missing), [`InUse`](Error::InUse), [`NotACache`](Error::NotACache), and others if the file
    /// cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open(location::find(path.as_ref())?).map(Cache::of)
    }

    /// Opens the cache at `path`, and creates the folder and the file if they are missing. The file is created whole or
    /// not at all.
    ///
    /// # Errors
    /// Those of [`Cache::open`] but `Missing`, and others if the file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open_or_create(location::find(path.as_ref())?).map(Cache::of)
    }

    /// Calls `write` with the cache at `path`, and closes it. A missing cache is created: it appears with everything
    /// that `write` has written or, if `write` fails, not at all. `write` is called again if another process creates
    /// the cache meanwhile.
    ///
    /// # Errors
    /// Those of [`Cache::create`], `write` and [`Cache::close`].
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

    /// The rows under a full key; see [`Snapshot::get`].
    ///
    /// # Errors
    /// Those of [`Snapshot::get`].
    pub fn get(&self, key: impl Into<Key>) -> Result<Option<CachedRows>> {
        self.session().snapshot()?.get(key)
    }

    /// Writes rows under a full key, and replaces its old value.
    ///
    /// # Errors
    /// Those of a change; see [`Cache`].
    pub fn put(&self, key: impl Into<Key>, rows: &CachedRows) -> Result<()> {
        self.put_envelope(key, &Envelope::encode(rows)).map(drop)
    }

    /// Writes an encoded envelope under a full key, and replaces its old value. Returns whether it had one.
    ///
    /// # Errors
    /// Those of a change; see [`Cache`].
    pub fn put_envelope(&self, key: impl Into<Key>, envelope: &Envelope) -> Result<bool> {
        let replaced = ops::put::put(&mut self.session(), &self.keeper, &key.into(), envelope, |_| true)?;
        Ok(replaced.expect("the condition is always true"))
    }

    /// Writes an encoded envelope if the key still has the `expected` value, or still has none for `None`. Returns
    /// whether it was written.
    ///
    /// # Errors
    /// Those of a change; see [`Cache`].
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

    /// Writes new values for entries in the scope, in one transaction: `rewrite` returns the new value of an entry, and
    /// `rewrite_set` the new contents of a set of diorama or of a row. `None` leaves an entry as it is.
    ///
    /// # Errors
    /// Those of [`RewritePlan::new`](crate::ops::RewritePlan::new), of `rewrite` and of `rewrite_set`. Nothing is
    /// written then.
    pub fn rewrite<E: From<Error>>(
        &self,
        scope: &Scope,
        rewrite: impl FnMut(&Key, &EnvelopeView<'_>) -> Result<Option<Envelope>, E>,
        rewrite_set: impl FnMut(&Snapshot, &Set) -> Result<Option<Fixture>, E>,
    ) -> Result<Rewritten, E> {
        ops::rewrite::carry_out(&mut self.session(), &self.keeper, scope, rewrite, rewrite_set)
    }

    /// Writes the entries of a fixture, in one transaction, and replaces what `replace` says.
    ///
    /// # Errors
    /// Those of [`LoadPlan::new`] and of a change; see [`Cache`].
    pub fn seed(&self, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        let plan = LoadPlan::carry_out(&mut self.session(), &self.keeper, fixture, replace, |_| Ok(true))?;
        Ok(plan.expect("the condition is always true"))
    }

    /// Writes the entries of a fixture if `is_due` returns `true` for the commit before it, which no other process can
    /// change meanwhile. Returns `None` if nothing was written.
    ///
    /// # Errors
    /// Those of [`Cache::seed`] and of `is_due`.
    pub fn seed_if(
        &self,
        fixture: &Fixture,
        replace: Replace,
        is_due: impl FnOnce(&Snapshot) -> Result<bool>,
    ) -> Result<Option<LoadPlan>> {
        LoadPlan::carry_out(&mut self.session(), &self.keeper, fixture, replace, is_due)
    }

    /// Removes what vantage-live's `invalidate_prefix` removes: without `/` the table of exactly that cache key, with
    /// `/` the entries of that one cache key whose sub-key starts with the rest. It is not an error if there are none.
    ///
    /// # Errors
    /// Those of a change; see [`Cache`].
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<Removed> {
        self.invalidate(&Selection::prefix(prefix).into())
    }

    /// Removes everything in the scope, in one transaction.
    ///
    /// # Errors
    /// Those of a change; see [`Cache`].
    pub fn invalidate(&self, scope: &Scope) -> Result<Removed> {
        ops::invalidate::Plan::carry_out(&mut self.session(), &self.keeper, scope)
    }

    /// Sets `fetched_at` of every entry in the scope, in one transaction. No other byte of an entry changes. Entries
    /// that vantage-live cannot decode are left as they are.
    ///
    /// redb writes each new entry beside the old one, so that the file can grow.
    ///
    /// # Errors
    /// Those of [`TouchPlan::new`](crate::ops::TouchPlan::new).
    pub fn touch(&self, scope: &Scope, fetched_at: FetchedAt) -> Result<Touched> {
        ops::touch::touch(&mut self.session(), &self.keeper, scope, fetched_at)
    }

    /// Copies or moves entries byte for byte, in one transaction, from `source` or within the cache. If a target exists
    /// and the transfer does not replace it, nothing is written.
    ///
    /// # Errors
    /// Those of [`TransferPlan::new`](crate::ops::TransferPlan::new) and of a change; see [`Cache`].
    pub fn transfer(&self, transfer: &Transfer, source: Option<&Snapshot>) -> Result<Transferred> {
        ops::transfer::carry_out(&mut self.session(), &self.keeper, transfer, source)
    }

    /// Sets what is called before each change that replaces or removes entries or sets: `keep` gets these before
    /// anything is written. If it fails, the change fails with [`NotKept`](Error::NotKept), and nothing is written.
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

    /// Closes the cache and reads the file again: its header, its newest commit, and the entry that was written last.
    /// Dropping the cache closes it too, but reports no error.
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
