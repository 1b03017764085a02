//! The two sides: vantage-live's own cache, and redb for a look at the bytes.

use crate::common::folder;
use redb::{Database, ReadableTable, TableDefinition, TableHandle};
use std::collections::BTreeMap;
use std::path::Path;
use vantage_live::cache::{Cache, CachedRows, RedbCache};

/// A cache opened by vantage-live.
pub struct Oracle {
    cache: RedbCache,
    runtime: tokio::runtime::Runtime,
}

impl Oracle {
    pub fn open(folder: &Path) -> Oracle {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Oracle { cache: RedbCache::open(folder).unwrap(), runtime }
    }

    pub fn get(&self, key: &str) -> Result<Option<vlive::CachedRows>, String> {
        let rows = self.runtime.block_on(self.cache.get(key)).map_err(|error| error.to_string())?;
        Ok(rows.map(ours))
    }

    pub fn put(&self, key: &str, rows: &vlive::CachedRows) {
        self.runtime.block_on(self.cache.put(key, theirs(rows))).unwrap();
    }

    pub fn invalidate_prefix(&self, prefix: &str) {
        self.runtime.block_on(self.cache.invalidate_prefix(prefix)).unwrap();
    }
}

fn ours(rows: CachedRows) -> vlive::CachedRows {
    vlive::CachedRows {
        rows: rows.rows.into_iter().map(|(id, record)| (id, record.into_iter().collect())).collect(),
        fetched_at: rows.fetched_at,
    }
}

fn theirs(rows: &vlive::CachedRows) -> CachedRows {
    CachedRows {
        rows: rows.rows.clone().into_iter().map(|(id, record)| (id, record.into_iter().collect())).collect(),
        fetched_at: rows.fetched_at,
    }
}

/// Every value of every table of `&str` to `&[u8]`, as redb reads it, from a copy of the file.
pub fn contents(folder: &Path) -> BTreeMap<(String, String), Vec<u8>> {
    let copy = copy_of(folder);
    let database = Database::open(copy.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut contents = BTreeMap::new();
    for handle in transaction.list_tables().unwrap() {
        let definition = TableDefinition::<&str, &[u8]>::new(handle.name());
        let Ok(table) = transaction.open_table(definition) else { continue };
        for entry in table.iter().unwrap() {
            let (sub_key, value) = entry.unwrap();
            contents.insert((handle.name().to_owned(), sub_key.value().to_owned()), value.value().to_vec());
        }
    }
    contents
}

/// The names of all tables, empty ones too.
pub fn table_names(folder: &Path) -> Vec<String> {
    let copy = copy_of(folder);
    let database = Database::open(copy.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_read().unwrap();
    transaction.list_tables().unwrap().map(|handle| handle.name().to_owned()).collect()
}

/// A cache with these values, whatever they are, under `t/0`, `t/1`, … and without vantage-live.
pub fn folder_of(values: &[Vec<u8>]) -> tempfile::TempDir {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("__vlive__t")).unwrap();
        for (n, value) in values.iter().enumerate() {
            table.insert(n.to_string().as_str(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
    folder
}

pub fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = folder::temporary();
    std::fs::copy(folder.join("vlive.redb"), copy.path().join("vlive.redb")).unwrap();
    copy
}

/// Rows that are equal have equal encodings; comparing values would not find a NaN equal to itself.
pub fn encoded(rows: &vlive::CachedRows) -> Vec<u8> {
    vlive::live::Envelope::encode(rows).bytes().to_vec()
}
