//! The assertion that a cache holds what it should, as the test of an app sees it fail.

use std::panic;
use std::path::Path;
use vlive::ops::Replace;
use vlive::{Cache, CachedRows, Fixture, assert_same};

fn seeded(json: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    Fixture::from_json(json).expect("a fixture").seed(folder.path(), Replace::All).expect("the cache is written");
    folder
}

/// The message with which the assertion panics; `None` if it holds.
fn message(folder: &Path, expected: &str) -> Option<String> {
    let expected = Fixture::from_json(expected).expect("a fixture");
    let panicked = panic::catch_unwind(|| assert_same(folder, &expected)).err()?;
    Some(*panicked.downcast::<String>().expect("a panic with a message"))
}

const CLIENTS: &str = r#"{"clients/page_1": {"c1": {"name": "Anna", "visits": 3}, "c2": {}}, "clients/page_2": []}"#;

#[test]
fn it_passes_for_any_times_and_any_order_of_rows_and_fields() {
    let folder = seeded(CLIENTS);
    assert_eq!(message(folder.path(), CLIENTS), None);
    let reordered = r#"{"clients/page_2": {"fetched_at": 1, "rows": {}},
        "clients/page_1": {"fetched_at": 2, "rows": {"c2": {}, "c1": {"visits": 3, "name": "Anna"}}}}"#;
    assert_eq!(message(folder.path(), reordered), None);
}

#[test]
fn it_fails_with_the_differences() {
    let folder = seeded(CLIENTS);
    let expected =
        r#"{"clients/page_1": {"c0": {"x": [1]}, "c1": {"name": "Bea", "age": 7}}, "orders/page_1": [{"id": 1}]}"#;
    let shown = "\
~ clients/page_1
  - c0: {\"x\":[1]}
  ~ c1
    ~ name: \"Bea\" -> \"Anna\"
    - age: 7
    + visits: 3
  + c2: {}
+ clients/page_2 (0 rows)
- orders/page_1 (1 row)
";
    let expected = message(folder.path(), expected).expect("they differ");
    let (first, differences) = expected.split_once('\n').expect("several lines");
    assert_eq!(first, format!("the cache at `{}` is not as expected:", folder.path().display()));
    assert_eq!(differences, shown);
}

#[test]
fn an_unreadable_cache_fails_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = message(folder.path(), "{}").expect("there is no cache");
    assert!(missing.starts_with("the cache cannot be compared: there is no cache at `"), "{missing}");
    let undecodable = r#"{"key": "clients/page_1", "raw": "/w=="}"#;
    let folder = seeded(undecodable);
    let shown = message(folder.path(), r#"{"clients/page_1": []}"#).expect("one cannot be decoded");
    assert!(shown.contains("\n~ clients/page_1\n  cannot be decoded: "), "{shown}");
}

#[test]
fn the_message_has_no_control_characters() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache::create(folder.path()).expect("a cache");
    cache.put("a\u{1b}[31m\n/\u{9b}b", &CachedRows::new([("\r\u{7}".to_owned(), [].into())].into())).expect("a put");
    drop(cache);
    let shown = message(folder.path(), r#"{"a\u001b[31m\n/\u009bb": {"rows": {}}}"#).expect("they differ");
    assert!(shown.ends_with(":\n~ a\\u{1b}[31m\\n/\\u{9b}b\n  + \\r\\u{7}: {}\n"), "{shown:?}");
}
