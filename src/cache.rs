//! The changing side: redb 2.6 itself, with the cache locked for as long as it is open.

// redb's own error is large; it is boxed where it leaves this file.
#![allow(clippy::result_large_err)]

use crate::database::{CheckedFile, catch, create_file, open_locked, redb_error, verify_for_redb};
use crate::error::{Action, Error, Result};
use crate::fixture::{Fixture, FixtureEntry};
use crate::live::envelope::{CachedRows, Envelope};
use crate::live::fetched_at::FetchedAt;
use crate::live::key;
use crate::live::key::{Key, Selection};
use crate::ops::invalidate::{Plan, Removal, Removed};
use crate::ops::keep::Keeper;
use crate::ops::load::{LoadPlan, Replace};
use crate::ops::scope::Scope;
use crate::ops::touch::{TouchPlan, Touched};
use crate::ops::transfer::{Transfer, TransferPlan, Transferred};
use crate::snapshot::location;
use crate::snapshot::{Entry, Snapshot};
use crate::system::progress;
use redb::{Database, TableDefinition, WriteTransaction};
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cache, open for changes and for nobody else.
///
/// The lock is redb's own: an app that starts meanwhile fails with `DatabaseAlreadyOpen`, and so
/// does [`Cache::open`] while an app runs, with [`Error::InUse`]. redb is not given the file before
/// there is something to change; before that its length and header are checked, and the pages that
/// the change will touch are verified. A file that fails is left alone. Each call is one transaction,
/// on disk when the call returns.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let cache = vlive::Cache::create(folder.path())?;
/// cache.put("clients/page_1", &vlive::CachedRows::new(Default::default()))?;
/// let removed = cache.invalidate_prefix("clients")?;
/// assert_eq!(removed.keys, ["clients/page_1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    file: Arc<fs::File>,
    database: Mutex<State>,
    /// What is called before entries are replaced or removed.
    keeper: Keeper,
}

/// Writes a value to a table, given the table's name and the sub-key.
pub(crate) type Insert<'i> = dyn FnMut(&str, &str, NewValue<'_>) -> Result<()> + 'i;

/// A value that is to be written.
#[derive(Clone, Copy)]
pub(crate) enum NewValue<'v> {
    Bytes(&'v [u8]),
    /// One that is read to where redb wants it, so that there are no two of it in memory.
    Fixture(FixtureEntry<'v>),
}

impl NewValue<'_> {
    fn len(self) -> usize {
        match self {
            NewValue::Bytes(value) => value.len(),
            NewValue::Fixture(entry) => entry.len(),
        }
    }
}

/// Bytes from which on this counts: redb takes longer to make room than to take a value.
const LARGE: usize = 1024 * 1024;

/// Opening a database writes to its file, so that redb is not given it before there is a change.
#[derive(Debug)]
enum State {
    Unopened,
    Open(Database),
    /// redb has panicked: a call into it could do anything.
    Failed,
}

impl Cache {
    /// Opens the cache at `path`, a folder or the file in it, which must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Cache> {
        Cache::open_file(location::cache_file(path.as_ref()))
    }

    /// Opens the cache at `path`, and creates folder and file where they are missing, the file
    /// whole or not at all.
    pub fn create(path: impl AsRef<Path>) -> Result<Cache> {
        let path = location::cache_file(path.as_ref());
        match Cache::open_file(path.clone()) {
            Err(Error::Missing { .. }) => {
                Cache::create_filled(&path, |_| Ok(()))?;
                Cache::open_file(path)
            }
            other => other,
        }
    }

    /// Creates a cache where there is none, which appears with all that `fill` writes to it or not at all.
    pub(crate) fn create_new<T>(path: &Path, fill: impl FnOnce(&Cache) -> Result<T>) -> Result<T> {
        let path = location::cache_file(path);
        let filled = if fs::symlink_metadata(&path).is_ok() { None } else { Cache::create_filled(&path, fill)? };
        filled.ok_or(Error::Exists { path })
    }

    /// Calls `write` with the cache at `path`. If there is none it is created, and appears with all that `write`
    /// has done or, if it fails, not at all; `write` is called again if somebody else creates one meanwhile.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let rows = vlive::CachedRows::new(Default::default());
    /// vlive::Cache::create_with(folder.path(), |cache| cache.put("clients/page_1", &rows))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_with<T>(path: impl AsRef<Path>, write: impl Fn(&Cache) -> Result<T>) -> Result<T> {
        let path = location::cache_file(path.as_ref());
        match Cache::open_file(path.clone()) {
            Err(Error::Missing { .. }) => match Cache::create_filled(&path, &write)? {
                Some(written) => Ok(written),
                None => write(&Cache::open_file(path)?),
            },
            other => write(&other?),
        }
    }

    /// `None` if somebody else has created the cache meanwhile.
    fn create_filled<T>(path: &Path, fill: impl FnOnce(&Cache) -> Result<T>) -> Result<Option<T>> {
        create_file(path, |new| {
            fill(&Cache {
                path: path.to_owned(),
                file: Arc::clone(new),
                database: Mutex::new(State::Unopened),
                keeper: Keeper::default(),
            })
        })
    }

    fn open_file(path: PathBuf) -> Result<Cache> {
        let file = open_locked(&path)?;
        verify_for_redb(&path, &file)?;
        Ok(Cache { path, file, database: Mutex::new(State::Unopened), keeper: Keeper::default() })
    }

    /// The cache file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows under a full key; see [`Snapshot::get`].
    pub fn get(&self, key: impl Into<Key>) -> Result<Option<CachedRows>> {
        self.snapshot(&self.lock())?.get(key)
    }

    /// Writes rows under a full key, in place of what was there.
    pub fn put(&self, key: impl Into<Key>, rows: &CachedRows) -> Result<()> {
        self.put_envelope(key, &Envelope::encode(rows)).map(drop)
    }

    /// Writes an encoded envelope, in place of what was there. Returns whether there was anything.
    pub fn put_envelope(&self, key: impl Into<Key>, envelope: &Envelope) -> Result<bool> {
        let key = key.into();
        let mut state = self.lock();
        let snapshot = self.snapshot(&state)?;
        // Reads the path that redb is about to change, and so verifies it.
        snapshot.entry(&key)?;
        self.keeper.keep(&snapshot, [key.clone()])?;
        self.change(&mut state, |database| {
            let transaction = database.begin_write()?;
            let replaced = {
                let name = key::table_name(key.cache_key());
                let mut table = transaction.open_table(definition(&name))?;
                table.insert(key.sub_key(), envelope.bytes())?.is_some()
            };
            transaction.commit()?;
            Ok(replaced)
        })
    }

    /// Writes the entries of a fixture, in one transaction, in place of what `replace` says.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`] if there is a table of another type for one of its cache keys.
    pub fn seed(&self, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        let mut state = self.lock();
        let snapshot = self.snapshot(&state)?;
        let plan = LoadPlan::new(&snapshot, fixture, replace)?;
        if !fixture.is_empty() || !plan.removal().tables.is_empty() {
            let removed = plan.removal().removed().keys.iter().map(|key| Key::new(key));
            self.keeper.keep(&snapshot, removed.chain(plan.replaced(fixture).map(|entry| entry.key().clone())))?;
            progress::current().expect(Some(fixture.bytes()));
            self.transact(&mut state, plan.removal(), |insert| {
                fixture.entries().try_for_each(|entry| {
                    let key = entry.key();
                    insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Fixture(entry))
                })
            })?;
        }
        Ok(plan)
    }

    /// Writes all that `fill` inserts, in one transaction; nothing if it fails.
    pub(crate) fn fill(&self, fill: impl FnOnce(&mut Insert<'_>) -> Result<()>) -> Result<()> {
        self.transact(&mut self.lock(), &Plan::default(), fill)
    }

    /// Removes what is planned and writes all that `fill` inserts, in one transaction; neither if it
    /// fails.
    fn transact(
        &self,
        state: &mut State,
        removal: &Plan,
        fill: impl FnOnce(&mut Insert<'_>) -> Result<()>,
    ) -> Result<()> {
        self.change(state, |database| {
            let transaction = database.begin_write()?;
            remove(removal, &transaction)?;
            let written = progress::current();
            let mut open: Option<(String, redb::Table<'_, &str, &[u8]>)> = None;
            let filled = fill(&mut |name, sub_key, value| {
                let failed = |error: redb::StorageError| redb_error(Action::Write, &self.path, error);
                if open.as_ref().is_none_or(|(open, _)| open != name) {
                    open = None;
                    let table = transaction.open_table(definition(name));
                    let table = table.map_err(|error| redb_error(Action::Write, &self.path, error))?;
                    open = Some((name.to_owned(), table));
                }
                let (_, table) = open.as_mut().expect("just opened");
                written.add(value.len());
                match value {
                    NewValue::Bytes(value) => drop(table.insert(sub_key, value).map_err(failed)?),
                    NewValue::Fixture(entry) if entry.len() < LARGE => {
                        table.insert(sub_key, entry.value()?.as_slice()).map_err(failed)?;
                    }
                    NewValue::Fixture(entry) => {
                        let len = u32::try_from(entry.len()).unwrap_or(u32::MAX);
                        let mut room = table.insert_reserve(sub_key, len).map_err(failed)?;
                        entry.read(room.as_mut())?;
                    }
                }
                Ok(())
            });
            drop(open);
            if filled.is_ok() {
                transaction.commit()?;
            }
            Ok(filled)
        })?
    }

    /// Drops what vantage-live's `invalidate_prefix` drops: without `/` the table of exactly that
    /// cache key, with `/` the entries of that one cache key whose sub-key starts with the rest.
    /// Nothing to drop is no error.
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<Removed> {
        self.invalidate(&Selection::prefix(prefix).into())
    }

    /// Drops everything in the scope, in one transaction.
    pub fn invalidate(&self, scope: &Scope) -> Result<Removed> {
        let mut state = self.lock();
        let snapshot = self.snapshot(&state)?;
        let plan = Plan::new(&snapshot, scope)?;
        if !plan.tables.is_empty() {
            self.keeper.keep(&snapshot, plan.removed().keys.iter().map(|key| Key::new(key)))?;
            self.transact(&mut state, &plan, |_| Ok(()))?;
        }
        Ok(plan.into_removed())
    }

    /// Sets `fetched_at` of every entry in the scope, in one transaction. Every other byte of the entries stays, and so do entries that vantage-live
    /// cannot decode, as a whole.
    ///
    /// redb writes each entry anew beside the old one, and the file grows where it has no room for that.
    ///
    /// # Errors
    /// Those of [`TouchPlan::new`].
    pub fn touch(&self, scope: &Scope, fetched_at: FetchedAt) -> Result<Touched> {
        let mut state = self.lock();
        let snapshot = self.snapshot(&state)?;
        let plan = TouchPlan::new(&snapshot, scope)?;
        if !plan.touched().keys.is_empty() {
            self.keeper.keep(&snapshot, plan.touched().keys.iter().map(|key| Key::new(key)))?;
            // Entries are read while redb writes others, so that they need not be kept: what redb writes
            // goes to free pages, and those of the last commit are none before the next one is made.
            self.transact(&mut state, &Plan::default(), |insert| plan.apply(fetched_at, insert))?;
        }
        Ok(plan.into_touched())
    }

    /// Copies or moves entries byte for byte, in one transaction, from `source` or within the cache. If something is
    /// in the way and the transfer does not replace it, nothing is done.
    pub fn transfer(&self, transfer: &Transfer, source: Option<&Snapshot>) -> Result<Transferred> {
        let mut state = self.lock();
        let snapshot = self.snapshot(&state)?;
        let plan = TransferPlan::new(source.unwrap_or(&snapshot), Some(&snapshot), transfer)?;
        if !plan.transferred().keys.is_empty() && (transfer.replace || plan.transferred().in_the_way.is_empty()) {
            self.keeper.keep(&snapshot, plan.lost())?;
            let removal = Plan::of_tables(plan.removals());
            self.transact(&mut state, &removal, |insert| {
                plan.apply(|key, value| {
                    insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Bytes(value))
                })
            })?;
        }
        Ok(plan.into_transferred())
    }

    /// Has `keep` called in each change that replaces or removes entries, with these entries, before anything is
    /// written. An error of `keep` stops the change, and nothing is written.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let cache = vlive::Cache::create(folder.path())?;
    /// # cache.put("clients/page_1", &vlive::CachedRows::new(Default::default()))?;
    /// let (sender, kept) = std::sync::mpsc::channel();
    /// cache.before_commit(move |entries| {
    ///     for entry in entries {
    ///         sender.send(entry?.key().to_string()).expect("somebody listens");
    ///     }
    ///     Ok(())
    /// });
    /// cache.invalidate_prefix("clients")?;
    /// assert_eq!(kept.recv()?, "clients/page_1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn before_commit(
        &self,
        keep: impl FnMut(&mut dyn Iterator<Item = Result<Entry>>) -> Result<()> + Send + 'static,
    ) {
        self.keeper.set(Box::new(keep));
    }

    /// Held from the look at what is there to the commit, so that no other thread writes between them.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest commit. Nobody else writes, and every commit of ours is whole on disk.
    fn snapshot(&self, state: &State) -> Result<Snapshot> {
        Snapshot::of(&self.path, Arc::clone(&self.file), matches!(state, State::Open(_)))?.whole()
    }

    /// Runs a change in redb. Should redb panic, nothing was committed, and the database is not
    /// touched again: not even dropped, since that would write.
    fn change<T>(&self, state: &mut State, change: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T> {
        let panicked = || Error::RedbPanicked { action: Action::Write, path: self.path.clone() };
        let database = match mem::replace(state, State::Failed) {
            State::Failed => return Err(panicked()),
            State::Open(database) => database,
            State::Unopened => {
                let Some(opened) = catch(|| CheckedFile::new(&self.file).open()) else {
                    // What redb left behind may still hold the file open.
                    self.file.unlock().ok();
                    return Err(panicked());
                };
                opened.map_err(|error| {
                    *state = State::Unopened;
                    redb_error(Action::Open, &self.path, error)
                })?
            }
        };
        let Some(result) = catch(|| change(&database)) else {
            mem::forget(database);
            self.file.unlock().ok();
            return Err(panicked());
        };
        *state = State::Open(database);
        result.map_err(|error| redb_error(Action::Write, &self.path, error))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let state = self.database.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(database) = mem::replace(state, State::Failed) {
            // Closing writes, and may find damage that nothing else touched.
            catch(|| drop(database));
        }
    }
}

fn remove(plan: &Plan, transaction: &WriteTransaction) -> Result<(), redb::Error> {
    for (name, removal) in &plan.tables {
        match removal {
            Removal::Table => {
                transaction.delete_table(definition(name))?;
            }
            Removal::SubKeys(sub_keys) => {
                let mut table = transaction.open_table(definition(name))?;
                for sub_key in sub_keys {
                    table.remove(sub_key.as_str())?;
                }
            }
        }
    }
    Ok(())
}

fn definition(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::disk::{DISK, Disk};
    use crate::fixture::{FixtureOptions, Source};
    use redb::{ReadableTable, TableHandle};
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::LazyLock;
    use std::thread;
    use std::time::{Duration, UNIX_EPOCH};

    type Contents = BTreeMap<(String, String), Vec<u8>>;

    fn by_us(folder: &Path) -> Contents {
        let snapshot = Snapshot::open(folder).expect("a commit is there");
        let entries = snapshot.entries(&Selection::All).expect("the tables can be read");
        let contents = entries.map(|entry| {
            let entry = entry.expect("the entry can be read");
            ((key::table_name(entry.cache_key()), entry.sub_key().to_owned()), entry.value().to_vec())
        });
        contents.collect()
    }

    /// As an app opens it, which recovers it where that is needed.
    fn by_redb(folder: &Path) -> Contents {
        let database = Database::open(location::cache_file(folder)).expect("redb opens the file");
        let transaction = database.begin_read().expect("a transaction");
        let mut contents = Contents::new();
        for table in transaction.list_tables().expect("the tables") {
            let entries = transaction.open_table(definition(table.name())).expect("a cache table");
            for entry in entries.iter().expect("its entries") {
                let (sub_key, value) = entry.expect("an entry");
                contents.insert((table.name().to_owned(), sub_key.value().to_owned()), value.value().to_vec());
            }
        }
        contents
    }

    fn rows(padding: usize) -> CachedRows {
        let record = crate::Record::from_iter([("padding".to_owned(), "x".repeat(padding).into())]);
        let fetched_at = UNIX_EPOCH + Duration::from_secs(1);
        CachedRows { rows: [("1".to_owned(), record)].into_iter().collect(), fetched_at }
    }

    type Change = fn(&Cache) -> Result<()>;

    const CHANGES: [Change; 9] = [
        |cache| cache.put("clients/page_1", &rows(100)),
        // A new table, and more bytes than the file has room for.
        |cache| cache.put("images/page_1", &rows(5 << 20)),
        |cache| cache.invalidate_prefix("clients/page_").map(drop),
        |cache| cache.invalidate_prefix("orders").map(drop),
        // Every entry, and with a longer time.
        |cache| cache.touch(&Scope::all(), (1 << 30).into()).map(drop),
        |cache| {
            cache.fill(|insert| {
                (0..5).try_for_each(|n| insert("__vlive__new", &n.to_string(), NewValue::Bytes(&[n; 3000])))
            })
        },
        |cache| cache.seed(fixture(), Replace::Entries).map(drop),
        |cache| cache.seed(fixture(), Replace::CacheKeys).map(drop),
        |cache| cache.seed(fixture(), Replace::All).map(drop),
    ];

    /// An entry in place of another, and one of a new table, which is read to where redb wants it.
    fn fixture() -> &'static Fixture {
        static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
            let large = "x".repeat(LARGE);
            let json =
                format!(r#"{{"clients/page_1": {{"2": {{}}}}, "images/page_1": {{"1": {{"image": "{large}"}}}}}}"#);
            let source = Source::Json { name: "a test".to_owned(), input: Box::new(json.as_bytes()) };
            Fixture::read(vec![source], &FixtureOptions::default()).expect("a fixture")
        });
        &FIXTURE
    }

    /// What a cache was like before a change.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Before {
        Closed,
        /// redb has it open.
        Changed,
        /// Its app was killed when it had just made room for more: redb repairs the file and cuts it.
        Killed,
    }

    fn filled(folder: &Path) -> Cache {
        let cache = Cache::create(folder).expect("a cache");
        for (n, key) in ["clients/page_1", "clients/page_2", "clients/id/1", "orders/page_1"].iter().enumerate() {
            cache.put(key, &rows(5000 * n)).expect("a put");
        }
        cache
    }

    /// The folder of a cache that was filled and left like that.
    fn base(before: Before) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = filled(folder.path());
        if before == Before::Killed {
            DISK.set(Disk { room: Some(0), ..Disk::default() });
            let file = Arc::clone(&cache.file);
            drop(cache);
            DISK.take();
            let len = file.metadata().expect("its length").len();
            file.set_len(len + (4 << 20)).expect("more room");
        }
        folder
    }

    fn prepared(base: &Path, folder: &Path, before: Before) -> Cache {
        fs::copy(location::cache_file(base), location::cache_file(folder)).expect("a copy");
        let cache = Cache::open(folder).expect("the cache opens");
        if before == Before::Changed {
            cache.put("clients/page_3", &rows(10)).expect("a put");
        }
        cache
    }

    /// To be killed at a call is the same as a disk that takes nothing from that call on.
    mod a_disk_that_runs_full_at_any_call_gives_an_error_and_leaves_the_old_cache_or_the_new_one {
        use super::{Before, fill_the_disk_over_and_over};

        #[test]
        fn that_was_closed() {
            fill_the_disk_over_and_over(Before::Closed);
        }

        #[test]
        fn that_was_changed_before() {
            fill_the_disk_over_and_over(Before::Changed);
        }

        #[test]
        fn whose_app_was_killed() {
            fill_the_disk_over_and_over(Before::Killed);
        }
    }

    fn fill_the_disk_over_and_over(before: Before) {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let base = base(before);
        for (n, change) in CHANGES.iter().enumerate() {
            let cache = prepared(base.path(), folder, before);
            let old = by_us(folder);
            change(&cache).expect("a change");
            drop(cache);
            let new = by_us(folder);
            for recovers in [false, true] {
                let mut failed = 0;
                for room in 0.. {
                    let what = format!("{before:?}, change {n}, refused after {room} calls, recovers: {recovers}");
                    let cache = prepared(base.path(), folder, before);
                    DISK.set(Disk { room: Some(room), recovers, refused: 0 });
                    let result = change(&cache);
                    if let Err(error) = &result {
                        let is_full =
                            matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull);
                        assert!(is_full || matches!(error, Error::Redb { .. }), "{what}: {error:?}");
                        // What failed to open may be opened again once there is room.
                        if !recovers || !matches!(error, Error::Io { action: Action::Open, .. }) {
                            assert!(cache.put("clients/page_9", &rows(1)).is_err(), "{what}: a put goes on");
                            assert!(cache.invalidate_prefix("clients").is_err(), "{what}: it goes on");
                        }
                        failed += 1;
                    }
                    // Closing writes as well, and may find the disk full only then.
                    drop(cache);
                    let Disk { refused, .. } = DISK.take();
                    let contents = by_us(folder);
                    assert!(contents == new || contents == old && result.is_err(), "{what}: neither old nor new");
                    let by_redb = catch(|| by_redb(folder)).unwrap_or_else(|| panic!("{what}: redb panics"));
                    assert!(by_redb == contents, "{what}: redb reads something else");
                    if refused == 0 {
                        break;
                    }
                }
                assert!(failed > 3, "{before:?}, change {n} failed only {failed} times");
            }
        }
    }

    #[test]
    fn what_another_thread_writes_meanwhile_is_never_undone_by_a_touch() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::create(folder.path()).expect("a cache");
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                (0..40).find(|n| {
                    cache.put("clients/page_1", &rows(*n)).expect("a put");
                    thread::sleep(Duration::from_micros(500));
                    let read = cache.get("clients/page_1").expect("a look").expect("the entry");
                    read.rows != rows(*n).rows
                })
            });
            while !other.is_finished() {
                cache.touch(&Scope::all(), 7.into()).expect("a touch");
            }
            assert_eq!(other.join().expect("no panic"), None, "an earlier put is back");
        });
    }
}
