//! What an app believes of a cache from which something was removed while it was down. A release of
//! vantage-diorama that believes otherwise fails here, and `vlive invalidate` must then be thought
//! over.

use crate::app::{META, Shown, TABLE, run, table};
use redb::{Database, WriteTransaction};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use vlive::live::FetchedAt;
use vlive::{Cache, Selection};

fn change(file: &Path, change: impl FnOnce(&WriteTransaction)) {
    let transaction = Database::open(file).unwrap().begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

fn shown(rows: &[&str], fetched: bool) -> Shown {
    Shown { rows: rows.iter().map(|id| (*id).to_owned()).collect(), fetched, cached: Ok(rows.len()) }
}

/// A cache that an app has filled, after a change, and what the app then shows.
fn after(max_age: bool, what: impl FnOnce(&WriteTransaction)) -> (TempDir, Shown) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    assert_eq!(run(&file, max_age).rows.len(), 2);
    change(&file, what);
    let shown = run(&file, max_age);
    (folder, shown)
}

#[test]
fn a_copy_within_its_max_age_is_shown_without_asking_the_source() {
    assert_eq!(after(true, |_| {}).1, shown(&["eu", "us"], false));
}

#[test]
fn rows_deleted_without_their_meta_are_believed_to_be_gone() {
    let (_folder, after) = after(true, |transaction| assert!(transaction.delete_table(table(TABLE)).unwrap()));
    assert_eq!(after, shown(&[], false));
}

#[test]
fn a_row_removed_without_the_stamps_is_believed_to_be_gone() {
    let remove = |transaction: &WriteTransaction| {
        transaction.open_table(table(TABLE)).unwrap().remove("eu").unwrap();
    };
    assert_eq!(after(true, remove).1, shown(&["us"], false));
}

#[test]
fn rows_deleted_with_their_meta_are_fetched_again() {
    let delete = |transaction: &WriteTransaction| {
        transaction.delete_table(table(TABLE)).unwrap();
        transaction.delete_table(table(META)).unwrap();
    };
    assert_eq!(after(true, delete).1, shown(&["eu", "us"], true));
}

#[test]
fn a_row_removed_with_the_stamps_is_fetched_again() {
    let remove = |transaction: &WriteTransaction| {
        transaction.open_table(table(TABLE)).unwrap().remove("eu").unwrap();
        let mut meta = transaction.open_table(table(META)).unwrap();
        meta.remove("refreshed_at").unwrap();
        meta.remove("copied_at").unwrap();
    };
    assert_eq!(after(true, remove).1, shown(&["eu", "us"], true));
}

#[test]
fn without_max_age_every_change_heals_by_itself() {
    let delete = |transaction: &WriteTransaction| assert!(transaction.delete_table(table(TABLE)).unwrap());
    assert_eq!(after(false, delete).1, shown(&["eu", "us"], true));
    let remove = |transaction: &WriteTransaction| {
        transaction.open_table(table(TABLE)).unwrap().remove("eu").unwrap();
    };
    assert_eq!(after(false, remove).1, shown(&["eu", "us"], true));
}

/// A cache that an app has filled, after a change by vlive, and what the app then shows.
fn after_vlive(max_age: bool, change: impl FnOnce(&Cache)) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    assert_eq!(run(&file, max_age).rows.len(), 2);
    change(&Cache::open(&file).unwrap());
    run(&file, max_age)
}

#[test]
fn the_app_fetches_what_vlive_has_invalidated() {
    for max_age in [true, false] {
        for selection in ["buckets", "buckets/eu"] {
            let invalidate = |cache: &Cache| {
                let removed = cache.invalidate(&Selection::prefix(selection).into()).unwrap();
                assert_eq!(removed.keys, [selection]);
            };
            assert_eq!(after_vlive(max_age, invalidate), shown(&["eu", "us"], true), "{selection}");
        }
    }
}

#[test]
fn a_set_has_the_age_of_its_touch_in_the_app() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let touch = |at: u64| {
        move |cache: &Cache| {
            let touched = cache.touch(&Selection::prefix("buckets").into(), FetchedAt::new(at).unwrap()).unwrap();
            assert_eq!(touched.keys, ["buckets"]);
        }
    };
    assert_eq!(after_vlive(true, touch(now)), shown(&["eu", "us"], false));
    assert_eq!(after_vlive(true, touch(now - 86_400)), shown(&["eu", "us"], true), "older than its max_age");
}
