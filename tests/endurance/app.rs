//! An app with its cache open, in the process of the tests.
//!
//! A process that is killed, and one that another thread is just starting, which inherits the locks of this one until it
//! runs, may hold a lock for a moment longer: whatever is opened here is tried again.

use crate::common::layout::Layout;
use redb::{Database, TableDefinition, TableHandle};
use std::fmt::Display;
use std::path::Path;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};
use vantage_live::cache::{Cache, CachedRows, RedbCache};
use vlive::diorama::row::{Status, encode};

/// An app that has its cache open.
pub enum App {
    Live(RedbCache, tokio::runtime::Runtime),
    /// As diorama writes it: a table of rows for each key, and one for its times.
    Diorama(Database),
}

impl App {
    pub fn open(layout: Layout, folder: &Path) -> App {
        match layout {
            Layout::Live => App::Live(vantage_live(folder), runtime()),
            Layout::Diorama => App::Diorama(once_free(|| Database::create(folder.join("vlive.redb")))),
        }
    }

    pub fn put(&self, key: &str, page: CachedRows) {
        let database = match self {
            App::Live(cache, runtime) => return runtime.block_on(cache.put(key, page)).unwrap(),
            App::Diorama(database) => database,
        };
        let meta = format!("{key}\u{1}meta");
        let transaction = database.begin_write().unwrap();
        transaction.delete_table(definition(key)).unwrap();
        {
            let mut rows = transaction.open_table(definition(key)).unwrap();
            for (id, record) in &page.rows {
                let record = record.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                rows.insert(id.as_str(), encode(&record, Status::Complete).as_slice()).unwrap();
            }
            let stamp = u64::try_from(page.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
            let mut meta = transaction.open_table(definition(&meta)).unwrap();
            meta.insert("refreshed_at", stamp.to_le_bytes().as_slice()).unwrap();
        }
        transaction.commit().unwrap();
    }

    /// Drops everything under a key.
    pub fn invalidate(&self, prefix: &str) {
        let database = match self {
            App::Live(cache, runtime) => return runtime.block_on(cache.invalidate_prefix(prefix)).unwrap(),
            App::Diorama(database) => database,
        };
        let transaction = database.begin_write().unwrap();
        let names: Vec<_> = transaction.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        for name in names.iter().filter(|name| name.starts_with(prefix)) {
            transaction.delete_table(definition(name)).unwrap();
        }
        transaction.commit().unwrap();
    }
}

fn definition(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

/// vantage-live's own cache of a folder.
pub fn vantage_live(folder: &Path) -> RedbCache {
    once_free(|| RedbCache::open(folder))
}

/// redb's database in a file.
pub fn database(path: &Path) -> Database {
    once_free(|| Database::open(path))
}

/// What runs the calls of vantage-live.
pub fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn once_free<T, E: Display>(open: impl Fn() -> Result<T, E>) -> T {
    for _ in 0..6000 {
        match open() {
            Ok(opened) => return opened,
            // vantage-live hands on only the text of redb's error.
            Err(error) => assert!(error.to_string().contains("already open"), "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the file stays locked");
}
