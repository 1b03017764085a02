//! Changes on a disk that runs full at any call, and with panics in redb.

use super::*;
use crate::database::full_disk::{DISK, Disk, FullDisk};
use crate::database::{NewValue, Removals};
use crate::error::{Action, Error};
use crate::ops::transfer::Renaming;
use crate::snapshot::Snapshot;
use crate::system::caught::catch;
use redb::{Builder, ReadableTable, TableDefinition, TableHandle};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

/// The cache at `folder`, on a disk that can be filled.
fn on_disk(folder: &Path) -> Cache {
    let mut session = Session::open(location::cache_file(folder)).expect("the cache opens");
    session.set_storage(FullDisk::boxed);
    Cache::of(session)
}

type Contents = BTreeMap<(String, String), Vec<u8>>;

fn by_us(folder: &Path) -> Contents {
    let snapshot = Snapshot::open(folder).expect("a commit is there");
    let mut contents = Contents::new();
    for table in snapshot.tables().expect("the tables can be read") {
        for entry in table.definition().tree(snapshot.file()).entries() {
            let entry = entry.expect("the entry can be read");
            let key = String::from_utf8(entry.key().to_owned()).expect("keys are text");
            contents.insert((table.name().to_owned(), key), entry.value().to_vec());
        }
    }
    contents
}

/// As an app opens it, which recovers it where that is needed; but nothing is synced.
fn by_redb(folder: &Path) -> Contents {
    let file = location::open(&location::cache_file(folder), true).expect("the file");
    let database = Builder::new().create_with_backend(FullDisk::new(&Arc::new(file))).expect("redb opens the file");
    let transaction = database.begin_read().expect("a transaction");
    let mut contents = Contents::new();
    for table in transaction.list_tables().expect("the tables") {
        let entries = transaction.open_table(TableDefinition::<&str, &[u8]>::new(table.name())).expect("a table");
        for entry in entries.iter().expect("its entries") {
            let (sub_key, value) = entry.expect("an entry");
            contents.insert((table.name().to_owned(), sub_key.value().to_owned()), value.value().to_vec());
        }
    }
    contents
}

fn rows(padding: usize) -> CachedRows {
    let record = crate::live::envelope::Record::from_iter([("padding".to_owned(), "x".repeat(padding).into())]);
    let fetched_at = UNIX_EPOCH + Duration::from_secs(1);
    CachedRows { rows: [("1".to_owned(), record)].into_iter().collect(), fetched_at }
}

type Change = fn(&Cache) -> Result<()>;

const CHANGES: [Change; 12] = [
    |cache| cache.put("clients/page_1", &rows(100)),
    // A new table, and more bytes than the file has room for.
    |cache| cache.put("images/page_1", &rows(5 << 20)),
    |cache| cache.invalidate_prefix("clients/page_").map(drop),
    |cache| cache.invalidate_prefix("orders").map(drop),
    // A set with what is remembered of it, and a row with the times of its set.
    |cache| cache.invalidate_prefix("buckets").map(drop),
    |cache| cache.invalidate_prefix("buckets/eu").map(drop),
    |cache| {
        let renaming = Renaming::Set { from: "buckets".to_owned(), to: "pails".to_owned() };
        cache.transfer(&Transfer { renaming, moves: true, replace: false }, None).map(drop)
    },
    // Every entry, and with a longer time.
    |cache| cache.touch(&Scope::all(), (1 << 30).into()).map(drop),
    |cache| {
        cache.session().transact(&Removals::new(), |insert| {
            (0..5).try_for_each(|n| insert("__vlive__new", &n.to_string(), NewValue::Bytes(&[n; 3000])))
        })
    },
    |cache| cache.seed(fixture(), Replace::Entries).map(drop),
    |cache| cache.seed(fixture(), Replace::CacheKeys).map(drop),
    |cache| cache.seed(fixture(), Replace::All).map(drop),
];

/// An entry and a set in place of others, and an entry of a new table, which is read to where redb wants it.
fn fixture() -> &'static Fixture {
    static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
        let large = "x".repeat(1 << 20);
        let set = r#"{"layout": "diorama", "total": 9, "rows": {"asia": {}}}"#;
        let image = format!(r#"{{"1": {{"image": "{large}"}}}}"#);
        let json = format!(r#"{{"clients/page_1": {{"2": {{}}}}, "images/page_1": {image}, "buckets": {set}}}"#);
        Fixture::from_json(&json).expect("a fixture")
    });
    &FIXTURE
}

/// A set of two rows.
fn set() -> Fixture {
    let text = "x".repeat(3000);
    let rows = format!(r#"{{"eu": {{"text": "{text}"}}, "us": {{"text": "{text}"}}}}"#);
    let json = format!(r#"{{"buckets": {{"refreshed_at": 5, "copied_at": 5, "total": 2, "rows": {rows}}}}}"#);
    Fixture::from_json(&json).expect("a fixture")
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
    set().seed(folder, Replace::Entries).expect("a set");
    let cache = on_disk(folder);
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
        drop(cache);
        DISK.take();
        let file = location::open(&location::cache_file(folder.path()), true).expect("the file");
        let len = file.metadata().expect("its length").len();
        file.set_len(len + (4 << 20)).expect("more room");
    }
    folder
}

fn prepared(base: &Path, folder: &Path, before: Before) -> Cache {
    fs::copy(location::cache_file(base), location::cache_file(folder)).expect("a copy");
    let cache = on_disk(folder);
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

/// Half of the changes at a time on each of two threads, so that no core waits for the last test. A change is tried on
/// a disk that recovers or on one that does not; with `VLIVE_STRESS`, on both.
fn fill_the_disk_over_and_over(before: Before) {
    let base = base(before);
    let base = base.path();
    let both = std::env::var_os("VLIVE_STRESS").is_some();
    thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                let folder = tempfile::tempdir().expect("a folder");
                for (n, change) in CHANGES.iter().enumerate().skip(half).step_by(2) {
                    let one = (n + before as usize).is_multiple_of(2);
                    for recovers in [false, true].into_iter().filter(|recovers| both || *recovers == one) {
                        let what = format!("{before:?}, change {n}, recovers: {recovers}");
                        fill_the_disk(&what, before, base, folder.path(), *change, recovers);
                    }
                }
            });
        }
    });
}

/// Makes a change again and again, each time on a disk that refuses one call later, or that one alone.
fn fill_the_disk(what: &str, before: Before, base: &Path, folder: &Path, change: Change, recovers: bool) {
    let cache = prepared(base, folder, before);
    let old = by_us(folder);
    change(&cache).expect("a change");
    drop(cache);
    let new = by_us(folder);
    let mut failed = 0;
    for room in 0.. {
        let what = format!("{what}, refused after {room} calls");
        let cache = prepared(base, folder, before);
        DISK.set(Disk { room: Some(room), recovers, ..Disk::default() });
        let result = change(&cache);
        if let Err(error) = &result {
            let is_full = matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull);
            assert!(is_full || matches!(error, Error::Redb { .. }), "{what}: {error:?}");
            // What failed to open may be opened again once there is room.
            if !recovers || !matches!(error, Error::Io { action: Action::Open, .. }) {
                assert!(cache.put("clients/page_9", &rows(1)).is_err(), "{what}: a put goes on");
                assert!(cache.invalidate_prefix("clients").is_err(), "{what}: it goes on");
            }
            failed += 1;
        }
        // Closing writes as well, and may find the disk full only then.
        let closed = cache.close();
        let Disk { failed: refused, .. } = DISK.take();
        let contents = by_us(folder);
        assert!(contents == new || contents == old && result.is_err(), "{what}: neither old nor new");
        let by_redb = catch(|| by_redb(folder)).unwrap_or_else(|| panic!("{what}: redb panics"));
        assert!(by_redb == contents, "{what}: redb reads something else");
        if refused == 0 {
            closed.unwrap_or_else(|error| panic!("{what}: not closed: {error}"));
            break;
        }
        assert!(result.is_err() || closed.is_err() || recovers, "{what}: nobody learns of it");
    }
    assert!(failed > 3, "{what} failed only {failed} times");
}

#[test]
fn a_touch_never_undoes_what_another_thread_writes_meanwhile() {
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

/// As if redb panicked: what it has open then, a table with changes and a transaction, is not to panic again.
#[test]
fn a_panic_in_a_transaction_is_an_error_that_changes_nothing_and_ends_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for before in [Before::Closed, Before::Changed] {
        let base = base(before);
        let cache = prepared(base.path(), folder, before);
        let old = by_us(folder);
        let panicked = cache.session().transact(&Removals::new(), |insert| {
            insert("__vlive__clients", "page_1", NewValue::Bytes(&vec![7; 30_000]))?;
            panic!("what redb would say");
        });
        assert!(matches!(panicked, Err(Error::RedbPanicked { .. })), "{before:?}: {panicked:?}");
        let again = cache.put("clients/page_1", &rows(1));
        assert!(matches!(again, Err(Error::RedbPanicked { .. })), "{before:?}: {again:?}");
        assert!(matches!(cache.close(), Err(Error::RedbPanicked { .. })), "{before:?}");
        assert!(by_us(folder) == old, "{before:?}");
        assert!(by_redb(folder) == old, "{before:?}");
    }
}
