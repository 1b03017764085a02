//! redb 2.6 and vantage-live, which tell what a write has made of a file.

use crate::common::caches::{self, Contents};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use redb::{Database, DatabaseError, ReadableTable, TableDefinition, TableHandle};
use std::panic;
use std::path::Path;
use std::sync::Once;
use std::thread;
use std::time::Duration;
use vantage_live::cache::{Cache, RedbCache};
use vlive::ops::{DumpError, DumpFormat, DumpStyle, Scope, dump};
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

/// Whose caches a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Live,
    Diorama,
}

/// What separates the name of a table of diorama from a key in it.
const SEPARATOR: char = '\u{0}';

impl Layout {
    /// All that is stored, by full key; of diorama's the pairs of every table.
    pub fn read(self, path: &Path) -> vlive::Result<Contents> {
        match self {
            Layout::Live => caches::read(path),
            Layout::Diorama => {
                let (contents, damage) = tables(path)?;
                damage.into_iter().next().map_or(Ok(contents), Err)
            }
        }
    }

    /// All that can be read, and whether that is all there is.
    pub fn by_us(self, path: &Path) -> Option<(Contents, bool)> {
        match self {
            Layout::Live => by_us(path),
            Layout::Diorama => tables(path).ok().map(|(contents, damage)| (contents, damage.is_empty())),
        }
    }

    /// What redb finds, which must be what we find in what it has left. `None` if redb panics.
    pub fn by_redb(self, path: &Path) -> Option<Contents> {
        let contents = panic::catch_unwind(|| entries(path, self)).ok()?;
        let is_same = self.by_us(path) == Some((contents.clone(), true));
        assert!(is_same, "redb has left something else than it has found");
        Some(contents)
    }

    /// Whether redb opens a file and finds these entries, one by one: where another page is damaged, a look at all
    /// of them may make it panic.
    pub fn redb_holds(self, path: &Path, contents: &Contents) -> bool {
        let holds = || {
            let database = open(path);
            let transaction = database.begin_read().unwrap();
            contents.iter().all(|(key, value)| {
                let (name, key) = match self {
                    Layout::Live => {
                        let (cache_key, sub_key) = key.split_once('/').expect("a full key");
                        (format!("__vlive__{cache_key}"), sub_key)
                    }
                    Layout::Diorama => {
                        let (table, key) = key.split_once(SEPARATOR).expect("a table and a key");
                        (table.to_owned(), key)
                    }
                };
                let table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name)).unwrap();
                table.get(key).unwrap().is_some_and(|found| found.value() == value)
            })
        };
        panic::catch_unwind(holds).unwrap_or(false)
    }
}

/// The pairs of the tables of every set, and the damage that they were read past.
fn tables(path: &Path) -> vlive::Result<(Contents, Vec<vlive::Error>)> {
    let style = DumpStyle { format: DumpFormat::RawLines, ..DumpStyle::default() };
    let mut lines = Vec::new();
    let dumped = match dump(&Snapshot::open(path)?, &Scope::all(), style, &mut lines) {
        Ok(dumped) => dumped,
        Err(DumpError::Cache(error)) => return Err(error),
        Err(DumpError::Output(error)) => panic!("memory takes it: {error}"),
    };
    let mut contents = Contents::new();
    for line in str::from_utf8(&lines).unwrap().lines() {
        let set: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = set["key"].as_str().unwrap();
        for (part, table) in [("raw", name.to_owned()), ("meta", format!("{name}\u{1}meta"))] {
            for (key, value) in set[part].as_object().into_iter().flatten() {
                let value = BASE64.decode(value.as_str().unwrap()).unwrap();
                contents.insert(format!("{table}{SEPARATOR}{key}"), value);
            }
        }
    }
    Ok((contents, dumped.unread.damage))
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

/// What redb finds of vantage-live's; see [`Layout::by_redb`].
pub fn by_redb(path: &Path) -> Option<Contents> {
    Layout::Live.by_redb(path)
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

fn entries(path: &Path, layout: Layout) -> Contents {
    let database = open(path);
    let transaction = database.begin_read().unwrap();
    let mut contents = Contents::new();
    for handle in transaction.list_tables().unwrap() {
        let prefix = match (layout, handle.name().strip_prefix("__vlive__")) {
            (Layout::Live, Some(cache_key)) => format!("{cache_key}/"),
            (Layout::Diorama, None) => format!("{}{SEPARATOR}", handle.name()),
            _ => continue,
        };
        let Ok(table) = transaction.open_table(TableDefinition::<&str, &[u8]>::new(handle.name())) else { continue };
        for entry in table.iter().unwrap() {
            let (key, value) = entry.unwrap();
            contents.insert(format!("{prefix}{}", key.value()), value.value().to_vec());
        }
    }
    contents
}

/// Whether vantage-live finds an entry in the cache of a folder.
pub fn vantage_live_has(folder: &Path, key: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cache = RedbCache::open(folder).unwrap();
    runtime.block_on(cache.get(key)).unwrap().is_some()
}
