//! redb 2.6 and vantage-live, which tell what a write has made of a file.

use crate::app::{database, runtime, vantage_live};
use crate::common::caches::{self, Contents};
use crate::common::folder;
use crate::common::layout::Layout;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;
use redb::{ReadableTable, TableDefinition, TableHandle};
use std::fs;
use std::panic;
use std::path::Path;
use std::sync::Once;
use std::time::UNIX_EPOCH;
use vantage_live::cache::Cache as _;
use vlive::ops::{DumpError, DumpFormat, DumpStyle, Replace, Scope, dump};
use vlive::{Cache, CachedRows, Fixture, Selection, Snapshot};

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

/// What separates the name of a table of diorama from a key in it.
pub const SEPARATOR: char = '\u{0}';

/// What the name of a meta table ends with.
pub const META: &str = "\u{1}meta";

/// The set that a pair of a table of diorama belongs to, and whether the pair is one of its meta table.
pub fn set_of(key: &str) -> (&str, bool) {
    let (table, _) = key.split_once(SEPARATOR).expect("a table and a key");
    table.strip_suffix(META).map_or((table, false), |set| (set, true))
}

impl Layout {
    /// The file of a sample that an app left when it was killed.
    pub fn crashed(self) -> Vec<u8> {
        match self {
            Layout::Live => caches::bytes("crashed"),
            Layout::Diorama => {
                let folder = folder::temporary();
                let path = folder.path().join("app.redb");
                fs::write(&path, caches::bytes("diorama/cache.redb")).unwrap();
                let database = database(&path);
                for n in 0..3 {
                    let transaction = database.begin_write().unwrap();
                    let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
                    table
                        .insert(
                            format!("new {n}").as_str(),
                            &[&[0, 0xa1, 0x61, b'x', 0x79, 0x10, 0], &[b'y'; 4096][..]].concat()[..],
                        )
                        .unwrap();
                    drop(table);
                    transaction.commit().unwrap();
                }
                // As it is before it is closed.
                fs::read(&path).unwrap()
            }
        }
    }

    /// Puts an entry without rows, or a set with one, or loads it in place of something.
    pub fn write(self, cache: &Cache, key: &str, replace: Option<Replace>) -> vlive::Result<()> {
        let entry = match (self, replace) {
            (Layout::Live, None) => {
                return cache.put(key, &CachedRows { rows: IndexMap::default(), fetched_at: UNIX_EPOCH });
            }
            (Layout::Live, Some(_)) => "{}",
            (Layout::Diorama, _) => r#"{"layout": "diorama", "refreshed_at": 1, "rows": {"1": {}}}"#,
        };
        let fixture = Fixture::from_json(&format!(r#"{{"{key}": {entry}}}"#))?;
        cache.seed(&fixture, replace.unwrap_or(Replace::Entries)).map(drop)
    }

    /// Takes what [`Layout::write`] has written; whether it was all there.
    pub fn take(self, contents: &mut Contents, key: &str) -> bool {
        let keys = match self {
            Layout::Live => vec![key.to_owned()],
            Layout::Diorama => vec![format!("{key}{SEPARATOR}1"), format!("{key}{META}{SEPARATOR}refreshed_at")],
        };
        keys.iter().all(|key| contents.remove(key).is_some())
    }

    /// A key that most samples have.
    pub fn known(self) -> &'static str {
        match self {
            Layout::Live => "clients/page_1",
            Layout::Diorama => "clients",
        }
    }

    /// Whether a table is one of this layout, by its name.
    pub fn owns(self, table: &str) -> bool {
        table.starts_with("__vlive__") == (self == Layout::Live)
    }

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
            let database = database(path);
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
        for (part, table) in [("raw", name.to_owned()), ("meta", format!("{name}{META}"))] {
            for (key, value) in set[part].as_object().into_iter().flatten() {
                let value = BASE64.decode(value.as_str().unwrap()).unwrap();
                contents.insert(format!("{table}{SEPARATOR}{key}"), value);
            }
        }
    }
    Ok((contents, dumped.unread.damage))
}

/// Every entry of vantage-live that can be read, and whether that is all of them.
fn by_us(path: &Path) -> Option<(Contents, bool)> {
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

fn entries(path: &Path, layout: Layout) -> Contents {
    let database = database(path);
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
    runtime().block_on(vantage_live(folder).get(key)).unwrap().is_some()
}
