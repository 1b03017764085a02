//! What could make an app show too little of a set: rows that are gone while the times of their set say that all are
//! there, and sets that vlive would write and not find again.

use crate::diorama::{copy_of, tables};
use crate::support::Folder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// A path in a folder apart, for files beside a cache.
fn beside(folder: &Folder, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// Flips a bit of a row in every place where the file holds it.
fn damage(folder: &Folder, name: &str, row: &[u8]) {
    let file = folder.path().join(name);
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - row.len()).filter(|at| bytes[*at..].starts_with(row)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + row.len() / 2] ^= 0x10;
    }
    fs::write(file, bytes).unwrap();
}

/// A sample with damage in the page that holds the rows of a set, where they follow each other.
fn with_damaged_rows(name: &str, set: &str) -> Folder {
    let rows: Vec<u8> = tables(&copy_of(name))[set].values().flatten().copied().collect();
    let folder = copy_of(name);
    damage(&folder, name, &rows);
    folder
}

fn keys(table: Option<&BTreeMap<String, Vec<u8>>>) -> Vec<&str> {
    table.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
fn a_set_whose_name_is_empty_is_refused_and_the_cache_stays_as_it_is() {
    let folder = copy_of("cache.redb");
    let files = Folder::empty();
    let (document, row) = (beside(&files, "document.json"), beside(&files, "row.jsonl"));
    fs::write(&document, r#"{"": {"layout": "diorama", "rows": {}}}"#).unwrap();
    fs::write(&row, r#"{"key": "/a", "set": "", "layout": "diorama", "rows": {"a": {}}}"#).unwrap();
    folder.untouched(|| {
        for args in [
            &["put", "\"\"", "--as", "diorama"][..],
            &["cp", "clients", "\"\""],
            &["mv", "clients", "\"\""],
            &["load", &document],
            &["load", &row],
        ] {
            for dry_run in [&[][..], &["--dry-run"]] {
                let run = folder.vlive([args, dry_run].concat()).stdin(r#"{"a": {}}"#).output();
                assert_eq!(run.status, 2, "{args:?} {}", run.stderr);
                assert!(run.stderr.contains("the name of a set cannot be empty"), "{args:?} {}", run.stderr);
            }
        }
    });
}

#[test]
fn a_set_that_lost_rows_is_salvaged_without_the_times_by_which_the_app_would_not_fetch_it() {
    let folder = with_damaged_rows("cache.redb", "clients");
    let into = Folder::empty();
    let run = folder.vlive(["salvage", "--into", into.path().to_str().unwrap()]).output();
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("rows of `clients` may be missing"), "{}", run.stderr);
    let (before, after) = (tables(&copy_of("cache.redb")), tables(&into));
    assert_eq!(keys(before.get("clients\u{1}meta")), ["copied_at", "refreshed_at"]);
    assert_eq!(keys(after.get("clients\u{1}meta")), [""; 0]);
    // The others have all of their rows, and keep what is remembered of them.
    for (name, table) in before.iter().filter(|(name, _)| !["clients", "clients\u{1}meta"].contains(&name.as_str())) {
        assert_eq!(after.get(name), Some(table), "{name:?}");
    }
}

#[test]
fn a_salvaged_set_that_lost_rows_keeps_the_total_of_its_source() {
    let folder = with_damaged_rows("backend.redb", "orders");
    let into = Folder::empty();
    let args = ["salvage", "--into", into.path().to_str().unwrap(), "--json"];
    assert_eq!(folder.vlive(args).output().status, 3);
    assert_eq!(keys(tables(&into).get("orders\u{1}meta")), ["total"]);
}

#[test]
fn an_edit_that_removes_rows_removes_the_times_of_the_set() {
    let removing = "del(.rows.us)";
    let run_and_see = |args: &[&str]| {
        let folder = copy_of("augmented.redb");
        let before = folder.vlive(["dump", "buckets"]).json();
        assert!(before["refreshed_at"].is_u64() && before["copied_at"].is_u64(), "{before}");
        let run = folder.vlive(args).output();
        assert_eq!(run.status, 0, "{}", run.stderr);
        (run, folder.vlive(["dump", "buckets"]).json())
    };
    let (run, after) = run_and_see(&["edit", "buckets", "--apply", removing]);
    assert!(run.stderr.contains("the app fetches it again"), "{}", run.stderr);
    assert_eq!((&after["refreshed_at"], &after["copied_at"]), (&Value::Null, &Value::Null));
    assert_eq!(after["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), ["eu"]);
    // A row of another name is another row.
    let (_, after) =
        run_and_see(&["edit", "buckets", "--apply", "del(.incomplete) | .rows |= with_entries(.key |= ascii_upcase)"]);
    assert_eq!(after["refreshed_at"], Value::Null);
    // A time that is edited as well is meant so.
    let (_, after) = run_and_see(&["edit", "buckets", "--apply", &format!("{removing} | .refreshed_at = 5")]);
    assert_eq!((&after["refreshed_at"], &after["copied_at"]), (&json!(5), &Value::Null));
    // What changes or adds rows says nothing against the times.
    let (run, after) = run_and_see(&["edit", "buckets", "--apply", ".rows.us.note = 1 | .rows.zz = {}"]);
    assert!(after["refreshed_at"].is_u64() && after["copied_at"].is_u64(), "{after}");
    assert!(!run.stderr.contains("fetches"), "{}", run.stderr);
    // The dry run says it too.
    let (run, after) = run_and_see(&["edit", "buckets", "--apply", removing, "--dry-run"]);
    assert!(run.stderr.contains("the app fetches it again"), "{}", run.stderr);
    assert!(after["refreshed_at"].is_u64());
}

#[cfg(unix)]
#[test]
fn rows_removed_in_an_editor_go_with_the_times_of_the_set() {
    let folder = copy_of("augmented.redb");
    let editor = r#"f() { printf '%s' '{"layout":"diorama","refreshed_at":1,"rows":{"eu":{}}}' >"$1"; }; f"#;
    let run = folder.vlive(["edit", "buckets"]).env("EDITOR", editor).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let after = folder.vlive(["dump", "buckets"]).json();
    assert_eq!((&after["refreshed_at"], &after["copied_at"]), (&json!(1), &Value::Null));

    let folder = copy_of("augmented.redb");
    let dumped = folder.vlive(["dump", "buckets"]).json();
    let mut edited = dumped.clone();
    edited["rows"].as_object_mut().unwrap().remove("us");
    edited["incomplete"] = json!([]);
    folder.write("edited.json", edited.to_string());
    let run = folder.vlive(["-C", "augmented.redb", "edit", "buckets"]).env("EDITOR", "cp edited.json").output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("the app fetches it again"), "{}", run.stderr);
    let after = folder.vlive(["-C", "augmented.redb", "dump", "buckets"]).json();
    assert_eq!((&after["refreshed_at"], &after["copied_at"]), (&Value::Null, &Value::Null));
    assert_eq!(after["total"], dumped["total"]);
}
