//! What vlive says of sets that the real diorama has written, and what an app shows of a set that was edited.

use crate::app::{META, Shown, TABLE, pairs, run, run_showing};
use crate::random::{Random, TABLES, random_cache};
use ciborium::Value;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use vantage_diorama::{CacheBackend, CacheStatus, RedbCache};
use vantage_types::Record;
use vlive::diorama::meta::MetaKey;
use vlive::fixture::FixtureOptions;
use vlive::ops::{
    Change, DiffOptions, Difference, DumpStyle, Hit, Place, Query, RowFilter, Scope, Side, Step, diff, dump_set,
    each_entry, each_row, find, find_row,
};
use vlive::snapshot::Layout;
use vlive::{Cache, Error, Fixture, Selection, Snapshot};

/// The rows of the tables as the real one lists them.
async fn listed(file: &Path) -> BTreeMap<&'static str, IndexMap<String, Record<Value>>> {
    let cache = RedbCache::open(file).unwrap();
    let mut tables = BTreeMap::new();
    for name in TABLES {
        tables.insert(name, cache.open_table(name).await.unwrap().list_values().await.unwrap());
    }
    tables
}

/// The key and row id of every row for which `is_wanted`, as the real one lists them.
fn rows_where(
    tables: &BTreeMap<&'static str, IndexMap<String, Record<Value>>>,
    is_wanted: impl Fn(&Record<Value>) -> bool,
) -> Vec<(String, String)> {
    let rows = tables.iter().flat_map(|(key, rows)| rows.iter().map(move |(id, row)| (key, id, row)));
    let wanted = rows.filter(|(_, _, row)| is_wanted(row));
    let mut keys: Vec<_> = wanted.map(|(key, id, _)| ((*key).to_owned(), id.clone())).collect();
    keys.sort();
    keys
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tag(_, content) => untagged(content),
        value => value,
    }
}

#[tokio::test]
async fn a_search_finds_the_rows_in_which_the_real_one_reads_the_text() {
    let mut random = Random::new(11);
    let mut found_any = false;
    for round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real.redb");
        random_cache(&file, &mut random).await;
        let tables = listed(&file).await;
        let snapshot = Snapshot::open(&file).unwrap();
        let query = Query {
            matches: &|text| text == "red",
            may_match: &|_| Some(0),
            by_meaning: true,
            meaning: &|value| if matches!(value, Value::Tag(..)) { None } else { Some(String::new()) },
            key_name: &|_| String::new(),
            field: None,
        };
        let mut found = Vec::new();
        let add = |rows: &mut Vec<(String, String)>, hit: &Hit<'_>| {
            // What stands deeper in a field is found as well.
            if let Place::Value { id, path: [Step::Name(_)], .. } = hit.place {
                rows.push((hit.key.to_string(), id.to_owned()));
            }
            ControlFlow::Continue(())
        };
        let walked = find(&snapshot, &Scope::all(), query, add, |rows| {
            found.extend(rows);
            ControlFlow::Continue(())
        });
        assert!(walked.unwrap().unread.is_empty());
        found.sort();
        found.dedup();
        let is_red = |value: &Value| matches!(untagged(value), Value::Text(text) if text == "red");
        assert_eq!(found, rows_where(&tables, |row| row.values().any(is_red)), "round {round}");
        found_any |= !found.is_empty();
    }
    assert!(found_any);
}

#[tokio::test]
async fn a_row_that_is_looked_for_by_its_id_is_the_row_that_the_real_one_gets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("real.redb");
    random_cache(&file, &mut Random::new(12)).await;
    let tables = listed(&file).await;
    let snapshot = Snapshot::open(&file).unwrap();
    for (key, rows) in &tables {
        for (id, row) in rows {
            let mut found = Vec::new();
            let visit = |row: vlive::ops::FoundRow| {
                if row.key.to_string() == *key {
                    found.push((format!("{:?}", row.record), row.is_incomplete));
                }
                ControlFlow::Continue(())
            };
            find_row(&snapshot, &Scope::all(), id, visit).unwrap();
            let fields: IndexMap<_, _> = row.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            assert_eq!(found, [(format!("{fields:?}"), id.starts_with("incomplete"))], "{key}/{id}");
        }
    }
}

#[tokio::test]
async fn a_filter_keeps_the_rows_of_which_it_is_true_as_the_real_one_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("real.redb");
    random_cache(&file, &mut Random::new(13)).await;
    let tables = listed(&file).await;
    let snapshot = Snapshot::open(&file).unwrap();
    let filter =
        RowFilter::new(|_, _, _, record, _| Ok(record.values().any(|value| matches!(value, Value::Integer(_)))));
    let mut kept = Vec::new();
    let walked = each_entry::<Error>(&snapshot, &Scope::all().keeping(filter), |entry, unread| {
        let key = entry.key().to_string();
        each_row(&snapshot, &entry, unread, |row| {
            kept.push((key.clone(), row.id().to_owned()));
            Ok(())
        })
    });
    assert!(walked.unwrap().unread.is_empty());
    kept.sort();
    let expected = rows_where(&tables, |row| row.values().any(|value| matches!(value, Value::Integer(_))));
    assert!(!expected.is_empty() && expected.len() < tables.values().map(IndexMap::len).sum());
    assert_eq!(kept, expected);
}

/// The differences between two caches, one line each.
fn differences(a: &Path, b: &Path, options: DiffOptions) -> Vec<String> {
    let [a, b] = [a, b].map(|file| Snapshot::open(file).unwrap());
    let mut lines = Vec::new();
    let damage = diff::<Error>(Side::Cache(&a), Side::Cache(&b), options, |difference| {
        lines.push(match difference {
            Difference::Entry(entry) => {
                let meta: Vec<_> = entry.meta.iter().map(|meta| (meta.key, meta.old, meta.new)).collect();
                format!("{:?} {} {meta:?}", entry.change, entry.key)
            }
            Difference::Row(row) => format!("{:?} {} {:?}", row.change, row.id, row.is_incomplete),
            Difference::Field(field) => format!("{:?} {} {:?} {:?}", field.change(), field.name, field.old, field.new),
            other => format!("{other:?}"),
        });
        Ok(())
    });
    assert!(damage.unwrap().is_empty());
    lines
}

#[tokio::test]
async fn a_comparison_names_what_the_real_one_has_changed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let [before, after] = ["before.redb", "after.redb"].map(|name| folder.path().join(name));
    let options = DiffOptions { fetched_at: true, order: true };
    let text = |text: &str| Value::Text(text.to_owned());
    let row = |pairs: &[(&str, Value)]| -> Record<Value> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    {
        let cache = RedbCache::open(&before).unwrap();
        let table = cache.open_table(TABLE).await.unwrap();
        for id in ["changed", "filled", "gone", "same"] {
            let status = if id == "filled" { CacheStatus::Incomplete } else { CacheStatus::Complete };
            table.insert_value_with_status(id, &row(&[("size", text("1kb"))]), status).await.unwrap();
        }
        table.set_meta_total(4).await.unwrap();
        table.set_meta_refreshed_at(UNIX_EPOCH + Duration::from_secs(1_770_000_000)).await.unwrap();
        let dropped = cache.open_table("dropped").await.unwrap();
        dropped.insert_value("1", &row(&[("a", text("b"))])).await.unwrap();
    }
    std::fs::copy(&before, &after).unwrap();
    assert_eq!(differences(&before, &after, options), [""; 0]);
    {
        let cache = RedbCache::open(&after).unwrap();
        let table = cache.open_table(TABLE).await.unwrap();
        table.insert_value("changed", &row(&[("size", text("2kb"))])).await.unwrap();
        table.insert_value("filled", &row(&[("size", text("1kb")), ("n", Value::Integer(7.into()))])).await.unwrap();
        table.delete_value("gone").await.unwrap();
        table.insert_value("new", &row(&[])).await.unwrap();
        // What is written as it was is no difference.
        table.insert_value("same", &row(&[("size", text("1kb"))])).await.unwrap();
        table.set_meta_total(5).await.unwrap();
        cache.drop_table("dropped").await.unwrap();
    }
    let total = MetaKey::Total;
    let expected = [
        format!("{:?} {TABLE} {:?}", Change::Changed, [(total, Some(4), Some(5))]),
        "Changed changed [false, false]".to_owned(),
        r#"Changed size Some("\"1kb\"") Some("\"2kb\"")"#.to_owned(),
        "Changed filled [true, false]".to_owned(),
        r#"Added n None Some("7")"#.to_owned(),
        "Removed gone [false, false]".to_owned(),
        "Added new [false, false]".to_owned(),
        "Removed dropped []".to_owned(),
    ];
    assert_eq!(differences(&before, &after, options), expected);
}

/// Edits what is selected in a cache: `from` becomes `to` in its text.
fn edit(file: &Path, selected: &str, from: &str, to: &str) {
    let cache = Cache::open(file).unwrap();
    let rewritten = cache.rewrite::<Error>(
        &Selection::prefix(selected).into(),
        |_, _| unreachable!("there are sets alone"),
        |snapshot, set| {
            let mut text = Vec::new();
            assert!(dump_set(snapshot, set, DumpStyle::default(), &mut text).unwrap().unread.is_empty());
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains(from), "{text}");
            let options = FixtureOptions { layout: Some(Layout::Diorama), ..FixtureOptions::default() };
            Fixture::of_entry(&set.key().to_string(), "the text", &text.replace(from, to), &options).map(Some)
        },
    );
    assert_eq!(rewritten.unwrap().keys, [selected]);
    cache.close().unwrap();
}

#[test]
fn the_app_shows_edited_rows_without_asking_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    assert_eq!(run(&file, true).rows.len(), 2);
    let (rows, meta) = (pairs(&file, TABLE), pairs(&file, META));
    let shows = |sizes: &[&str]| {
        let sizes = sizes.iter().map(|size| (*size).to_owned()).collect();
        assert_eq!(run_showing("size", &file, true), Shown { rows: sizes, fetched: false, cached: Ok(2) });
    };
    edit(&file, "buckets", "4kb", "9kb");
    shows(&["7kb", "9kb"]);
    edit(&file, "buckets/eu", "7kb", "1kb");
    shows(&["1kb", "9kb"]);
    assert_eq!(pairs(&file, META), meta, "what is remembered of them stays");
    // Back again, every byte is as the app wrote it.
    edit(&file, "buckets", "9kb", "4kb");
    edit(&file, "buckets", "1kb", "7kb");
    assert_eq!(pairs(&file, TABLE), rows);
}

#[test]
fn a_set_has_its_edited_age_in_the_app() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    assert_eq!(run(&file, true).rows.len(), 2);
    let meta: BTreeMap<_, _> = pairs(&file, META).into_iter().collect();
    let refreshed_at = u64::from_le_bytes(meta["refreshed_at"][..].try_into().unwrap());
    let stamp = |nanoseconds| format!("\"refreshed_at\":{nanoseconds}");
    edit(&file, "buckets", &stamp(refreshed_at), &stamp(refreshed_at - 86_400_000_000_000));
    assert!(run(&file, true).fetched);
}
