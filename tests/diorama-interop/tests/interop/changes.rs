//! Sets that vlive writes: the bytes are those of the real diorama, and an app shows what was written.

use crate::app::{META, Shown, TABLE, pairs, run};
use crate::random::{Random, TABLES, random_cache};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use vantage_diorama::{CacheBackend, RedbCache};
use vlive::fixture::{FixtureOptions, Source};
use vlive::ops::{DumpFormat, DumpStyle, Renaming, Replace, Scope, Transfer, dump};
use vlive::snapshot::Layout;
use vlive::{Cache, Fixture, Snapshot};

fn dumped(file: &Path, format: DumpFormat) -> Vec<u8> {
    let mut text = Vec::new();
    let style = DumpStyle { format, ..DumpStyle::default() };
    dump(&Snapshot::open(file).unwrap(), &Scope::all(), style, &mut text).unwrap();
    text
}

fn load(text: &[u8], into: &Path, options: &FixtureOptions) {
    let source = Source::Json { name: "the dump".to_owned(), input: Box::new(text) };
    Fixture::read(vec![source], options).unwrap().seed(into, Replace::Entries).unwrap();
}

#[tokio::test]
async fn random_tables_have_the_same_bytes_after_a_dump_and_a_load_in_every_format() {
    let mut random = Random::new(3);
    for round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.redb");
        random_cache(&file, &mut random).await;
        for (n, format) in [DumpFormat::Json, DumpFormat::Lines, DumpFormat::RawLines].into_iter().enumerate() {
            let into = folder.path().join(format!("{n}")).join("vlive.redb");
            load(&dumped(&file, format), &into, &FixtureOptions::default());
            for name in TABLES {
                for table in [name.to_owned(), format!("{name}\u{1}meta")] {
                    assert!(pairs(&file, &table) == pairs(&into, &table), "round {round}: {format:?}, {table}");
                }
            }
            // And the real one reads them all.
            let cache = RedbCache::open(&into).unwrap();
            for name in TABLES {
                assert!(cache.open_table(name).await.unwrap().list_values().await.is_ok(), "{name}");
            }
        }
    }
}

/// The cache of an app that has run, after a change by vlive, and what the app then shows.
fn after(change: impl FnOnce(&Path)) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    assert_eq!(run(&file, true).rows.len(), 2);
    change(&file);
    run(&file, true)
}

fn shown(rows: &[&str], fetched: bool) -> Shown {
    Shown { rows: rows.iter().map(|id| (*id).to_owned()).collect(), fetched, cached: Ok(rows.len()) }
}

fn put(file: &Path, key: &str, json: &str, options: &FixtureOptions) {
    let fixture = Fixture::of_entry(key, "the text", json, options).unwrap();
    Cache::open(file).unwrap().seed(&fixture, Replace::Entries).unwrap();
}

fn transfer(file: &Path, from: &str, to: &str, moves: bool) {
    let renaming = Renaming::Set { from: from.to_owned(), to: to.to_owned() };
    let transfer = Transfer { renaming, moves, replace: true };
    assert_eq!(Cache::open(file).unwrap().transfer(&transfer, None).unwrap().keys.len(), 1);
}

#[test]
fn the_app_shows_rows_that_are_put_as_a_set_until_they_are_too_old() {
    let rows = r#"{"eu": {"id": "eu", "size": "1kb"}, "zz": {"id": "zz", "size": "2kb"}}"#;
    let now = FixtureOptions::default();
    assert_eq!(after(|file| put(file, TABLE, rows, &now)), shown(&["eu", "zz"], false));
    let old = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 86_400;
    let old = FixtureOptions { fetched_at: vlive::live::FetchedAt::new(old), ..now };
    assert_eq!(after(|file| put(file, TABLE, rows, &old)), shown(&["eu", "us"], true));
}

#[test]
fn a_row_that_is_put_is_shown_beside_the_others() {
    let now = FixtureOptions::default();
    let row = r#"{"zz": {"id": "zz", "size": "2kb"}}"#;
    assert_eq!(after(|file| put(file, "buckets/zz", row, &now)), shown(&["eu", "us", "zz"], false));
}

#[test]
fn a_set_that_was_moved_away_and_back_is_shown_as_before() {
    let there_and_back = |file: &Path| {
        transfer(file, TABLE, "elsewhere", true);
        assert!(pairs(file, TABLE).is_empty() && pairs(file, META).is_empty());
        transfer(file, "elsewhere", TABLE, true);
    };
    assert_eq!(after(there_and_back), shown(&["eu", "us"], false));
    assert_eq!(after(|file| transfer(file, TABLE, "elsewhere", true)), shown(&["eu", "us"], true));
    assert_eq!(after(|file| transfer(file, TABLE, "elsewhere", false)), shown(&["eu", "us"], false));
}

#[test]
fn a_row_that_was_moved_is_fetched_again() {
    assert_eq!(after(|file| transfer(file, "buckets/eu", "buckets/zz", true)), shown(&["eu", "us"], true));
    let copied = after(|file| transfer(file, "buckets/eu", "buckets/us", false));
    assert_eq!((copied.rows.len(), copied.fetched), (2, false));
}

#[test]
fn a_dump_that_is_loaded_into_a_new_file_is_shown_without_asking_the_source() {
    for format in [DumpFormat::Json, DumpFormat::RawLines] {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old.redb", "vlive.redb"].map(|name| folder.path().join(name));
        assert_eq!(run(&old, true).rows.len(), 2);
        load(&dumped(&old, format), &new, &FixtureOptions::default());
        assert_eq!(run(&new, true), shown(&["eu", "us"], false), "{format:?}");
    }
}

#[test]
fn an_entry_of_vantage_live_that_is_loaded_as_a_set_is_shown() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let file = folder.path().join("vlive.redb");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let text = format!(r#"{{"buckets": {{"fetched_at": {now}, "rows": {{"zz": {{"id": "zz", "size": "1kb"}}}}}}}}"#);
    load(text.as_bytes(), &file, &FixtureOptions { layout: Some(Layout::Diorama), ..FixtureOptions::default() });
    assert_eq!(run(&file, true), shown(&["zz"], false));
}
