//! redb 2.6 and vantage-live, which tell what a write has made of a file.

use crate::common::caches::Contents;
use redb::{Database, DatabaseError, ReadableTable, TableDefinition, TableHandle};
use std::panic;
use std::path::Path;
use std::sync::Once;
use std::thread;
use std::time::Duration;
use vantage_live::cache::{Cache, RedbCache};
use vlive::{Selection, Snapshot};

/// Keeps what redb says when it panics, which the library catches, out of the output.
pub fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if vlive::system::panic_in_hook() == vlive::system::Panic::Uncaught {
                default(panic);
            }
        }));
    });
}

/// Every entry that can be read, and whether that is all of them.
pub fn by_us(path: &Path) -> Option<(Contents, bool)> {
    let snapshot = Snapshot::open(path).ok()?;
    let (mut contents, mut is_whole) = (Contents::new(), true);
    for entry in snapshot.entries(&Selection::All).ok()? {
        match entry {
            Ok(entry) => drop(contents.insert(entry.key().to_string(), entry.value().to_vec())),
            Err(_) => is_whole = false,
        }
    }
    Some((contents, is_whole))
}

/// What redb finds, which must be what we find in what it has left. `None` if redb panics.
pub fn by_redb(path: &Path) -> Option<Contents> {
    let contents = panic::catch_unwind(|| entries(path)).ok()?;
    assert!(by_us(path) == Some((contents.clone(), true)), "redb has left something else than it has found");
    Some(contents)
}

/// redb's database, once whoever else had the file open has let go of it: a process that a test starts at the same
/// moment in another thread inherits the lock until it runs.
fn open(path: &Path) -> Database {
    for _ in 0..500 {
        match Database::open(path) {
            Err(DatabaseError::DatabaseAlreadyOpen) => thread::sleep(Duration::from_millis(10)),
            opened => return opened.expect("redb opens it"),
        }
    }
    panic!("the file stays locked");
}

fn entries(path: &Path) -> Contents {
    let database = open(path);
    let transaction = database.begin_read().unwrap();
    let mut contents = Contents::new();
    for handle in transaction.list_tables().unwrap() {
        let Some(cache_key) = handle.name().strip_prefix("__vlive__") else { continue };
        let Ok(table) = transaction.open_table(TableDefinition::<&str, &[u8]>::new(handle.name())) else { continue };
        for entry in table.iter().unwrap() {
            let (key, value) = entry.unwrap();
            contents.insert(format!("{cache_key}/{}", key.value()), value.value().to_vec());
        }
    }
    contents
}

/// Whether redb opens a file and finds these entries, one by one: where another page is damaged, a look at all
/// of them may make it panic.
pub fn redb_holds(path: &Path, contents: &Contents) -> bool {
    let holds = || {
        let database = open(path);
        let transaction = database.begin_read().unwrap();
        contents.iter().all(|(key, value)| {
            let (cache_key, sub_key) = key.split_once('/').expect("a full key");
            let name = format!("__vlive__{cache_key}");
            let table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name)).unwrap();
            table.get(sub_key).unwrap().is_some_and(|found| found.value() == value)
        })
    };
    panic::catch_unwind(holds).unwrap_or(false)
}

/// Whether vantage-live finds an entry in the cache of a folder.
pub fn vantage_live_has(folder: &Path, key: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cache = RedbCache::open(folder).unwrap();
    runtime.block_on(cache.get(key)).unwrap().is_some()
}
