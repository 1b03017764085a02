//! The changing side: the public methods of a cache that is locked for as long as it is open.

use crate::database::Session;
use crate::error::Result;
use crate::fixture::Fixture;
use crate::live::envelope::{CachedRows, Envelope};
use crate::live::key::{Key, Selection};
use crate::ops;
use crate::ops::invalidate::Removed;
use crate::ops::load::{LoadPlan, Replace};
use crate::ops::touch::Touched;
use crate::snapshot::location;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cache, open for changes and for nobody else.
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
}

impl Cache {
    /// Opens the cache at `path`, a folder or the file in it, which must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open(location::cache_file(path.as_ref())).map(Cache::of)
    }

    /// Opens the cache at `path`, and creates folder and file where they are missing, the file
    /// whole or not at all.
    pub fn create(path: impl AsRef<Path>) -> Result<Cache> {
        Session::open_or_create(location::cache_file(path.as_ref())).map(Cache::of)
    }

    /// Calls `write` with the cache at `path`, and closes it. If there is none it is created, and appears with all
    /// that `write` has done or, if it fails, not at all; `write` is called again if somebody else creates one
    /// meanwhile.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let rows = vlive::CachedRows::new(Default::default());
    /// vlive::Cache::create_with(folder.path(), |cache| cache.put("clients/page_1", &rows))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_with<T>(path: impl AsRef<Path>, write: impl Fn(&Cache) -> Result<T>) -> Result<T> {
        Session::create_with(location::cache_file(path.as_ref()), |session| {
            let cache = Cache::of(session);
            let written = write(&cache)?;
            cache.close()?;
            Ok(written)
        })
    }

    fn of(session: Session) -> Cache {
        Cache { path: session.path().to_owned(), session: Mutex::new(session) }
    }

    /// The cache file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows under a full key; see [`Snapshot::get`](crate::Snapshot::get).
    pub fn get(&self, full_key: &str) -> Result<Option<CachedRows>> {
        self.session().snapshot()?.get(full_key)
    }

    /// Writes rows under a full key, in place of what was there.
    pub fn put(&self, full_key: &str, rows: &CachedRows) -> Result<()> {
        self.put_envelope(&Key::new(full_key), &Envelope::encode(rows)).map(drop)
    }

    /// Writes an encoded envelope, in place of what was there. Returns whether there was anything.
    pub fn put_envelope(&self, key: &Key, envelope: &Envelope) -> Result<bool> {
        ops::put::put(&mut self.session(), key, envelope)
    }

    /// Writes the entries of a fixture, in one transaction, in place of what `replace` says.
    ///
    /// # Errors
    /// [`NotACacheTable`](crate::Error::NotACacheTable) if there is a table of another type for one of its cache keys.
    pub fn load(&self, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        LoadPlan::carry_out(&mut self.session(), fixture, replace)
    }

    /// Drops what vantage-live's `invalidate_prefix` drops: without `/` the table of exactly that
    /// cache key, with `/` the entries of that one cache key whose sub-key starts with the rest.
    /// Nothing to drop is no error.
    pub fn invalidate_prefix(&self, prefix: &str) -> Result<Removed> {
        self.invalidate(&[Selection::prefix(prefix)])
    }

    /// Drops everything that is selected, in one transaction.
    pub fn invalidate(&self, selections: &[Selection]) -> Result<Removed> {
        ops::invalidate::Plan::carry_out(&mut self.session(), selections)
    }

    /// Sets `fetched_at` of every entry that is selected, in seconds since 1970 (2^63 - 1 at the most),
    /// in one transaction. Every other byte of the entries stays, and so do entries that vantage-live
    /// cannot decode, as a whole.
    ///
    /// redb writes each entry anew beside the old one, and the file grows where it has no room for that.
    ///
    /// # Errors
    /// Those of [`TouchPlan::new`](crate::ops::TouchPlan::new).
    pub fn touch(&self, selections: &[Selection], fetched_at: u64) -> Result<Touched> {
        ops::touch::touch(&mut self.session(), selections, fetched_at)
    }

    /// Closes the cache and reads the file again: its header, its newest commit, redb's record of free pages, and
    /// the entry that was written last. A cache that is dropped instead is closed as well, but nobody learns
    /// whether that succeeded.
    ///
    /// # Errors
    /// [`NotClosed`](crate::Error::NotClosed) and [`RedbPanicked`](crate::Error::RedbPanicked) if redb could not close it, as on a disk that is full;
    /// [`Damaged`](crate::Error::Damaged) if what it left is not sound.
    pub fn close(self) -> Result<()> {
        self.session().close()
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        |cache| cache.touch(&[Selection::All], 1 << 40).map(drop),
        |cache| {
            cache.fill(|insert| {
                (0..5).try_for_each(|n| insert("__vlive__new", &n.to_string(), NewValue::Bytes(&[n; 3000])))
            })
        },
        |cache| cache.load(fixture(), Replace::Entries).map(drop),
        |cache| cache.load(fixture(), Replace::CacheKeys).map(drop),
        |cache| cache.load(fixture(), Replace::All).map(drop),
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
                        if !recovers || !matches!(error, Error::Io { doing: "open", .. }) {
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
                cache.touch(&[Selection::All], 7).expect("a touch");
            }
            assert_eq!(other.join().expect("no panic"), None, "an earlier put is back");
        });
    }
}
