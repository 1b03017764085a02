//! Caches of diorama: the same commands, the same words.

use crate::support::Folder;
use redb::{Database, ReadableTable, TableDefinition, TableHandle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

pub const RED: &str = "clients?c1:117:4:team1:=6:t3:redq-s-n1:0";

fn sample(name: &str) -> PathBuf {
    Folder::shared("diorama").path().join(name)
}

/// A folder with a copy of a sample, under the name that it has.
pub fn copy_of(name: &str) -> Folder {
    let folder = Folder::empty();
    fs::copy(sample(name), folder.path().join(name)).unwrap();
    folder
}

pub type Tables = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Every table of text and bytes in the only file of a folder, as redb reads it.
pub fn tables(folder: &Folder) -> Tables {
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let database = Database::open(file).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut tables = Tables::new();
    for handle in transaction.list_tables().unwrap() {
        let definition: TableDefinition<'_, &str, &[u8]> = TableDefinition::new(handle.name());
        let Ok(table) = transaction.open_table(definition) else { continue };
        let pairs = table.iter().unwrap().map(|pair| {
            let (key, value) = pair.unwrap();
            (key.value().to_owned(), value.value().to_owned())
        });
        tables.insert(handle.name().to_owned(), pairs.collect());
    }
    tables
}

#[test]
fn ls_has_a_row_for_each_set_with_its_readable_name() {
    let run = copy_of("cache.redb").vlive(["ls", "--format", "csv"]).output();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let folder = copy_of("cache.redb");
    let shown = folder.vlive(["ls"]).output();
    let names: Vec<&str> = shown.stdout.lines().skip(1).map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "50%?off#x/y",
            "clients",
            "clients hub \"session 7\"",
            "clients search \"an\\u0001na#%\" order by name desc",
            "clients where team = red"
        ]
    );
    let listed = folder.vlive(["ls", "--json"]).json();
    assert_eq!(listed[4]["key"], RED);
    assert_eq!(listed[4]["layout"], "diorama");
}

#[test]
fn ls_shows_the_total_of_the_source_and_an_unknown_time_as_null() {
    let listed = copy_of("backend.redb").vlive(["ages", "--json"]).json();
    let row = |key: &str| listed.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    assert_eq!(row("orders")["fetched_at"], 1_770_000_000);
    assert_eq!((&row("orders")["rows"], &row("orders")["total"]), (&json!(2), &json!(7)));
    assert_eq!((&row("emptied")["rows"], &row("emptied")["fetched_at"]), (&json!(0), &Value::Null));
    let shown = copy_of("backend.redb").vlive(["ages"]).output().stdout;
    assert!(shown.contains("2 of 7"), "{shown}");
}

#[test]
fn a_folder_with_one_cache_means_it_and_with_several_names_them() {
    let folder = copy_of("backend.redb");
    assert_eq!(folder.vlive(["ls", "--json"]).json().as_array().unwrap().len(), 3);
    let several = Folder::shared("diorama").vlive(["ls"]).output();
    assert_eq!(several.status, 2);
    for name in ["augmented.redb", "backend.redb", "cache.redb", "odd-rows.redb"] {
        assert!(several.stderr.contains(name), "{}", several.stderr);
    }
    assert!(several.stderr.contains("-C"), "{}", several.stderr);
}

#[test]
fn a_set_and_a_row_of_it_are_dumped_by_either_name() {
    let folder = copy_of("cache.redb");
    let whole = folder.vlive(["dump", "clients where team = red"]).json();
    assert_eq!(whole, folder.vlive(["dump", RED]).json());
    assert_eq!(whole["layout"], "diorama");
    assert_eq!(whole["rows"]["c1"]["name"], "Anna");
    assert_eq!(whole["refreshed_at"], json!(u64::from_le_bytes([0x8e, 0x22, 0x5d, 0x04, 0xe7, 0x0b, 0xea, 0x18])));
    let row = folder.vlive(["dump", "clients/c2"]).json();
    assert_eq!(row["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), ["c2"]);
    let all = folder.vlive(["dump"]).json();
    assert_eq!(all.as_object().unwrap().len(), 5);
    assert_eq!(all[RED], whole);
    let missing = folder.vlive(["dump", "clients/c9"]).output();
    assert_eq!((missing.status, missing.stdout.as_str()), (1, ""));
}

#[test]
fn incomplete_rows_are_marked_in_every_format() {
    let folder = copy_of("augmented.redb");
    assert_eq!(folder.vlive(["dump", "buckets"]).json()["incomplete"], json!(["eu"]));
    let rows = folder.vlive(["dump", "--format", "rows"]).output().stdout;
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&rows[0]["incomplete"], &rows[1]["incomplete"]), (&json!(true), &Value::Null));
    let shown = folder.vlive(["show", "buckets"]).output().stdout;
    let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["eu", "incomplete", "eu", "7kb"]);
    assert_eq!(lines[2], ["us", "us", "4kb", "42"]);
    let notation = folder.vlive(["dump", "buckets/eu", "--format", "diag"]).output().stdout;
    assert_eq!(notation, "{_ \"raw\": {_ \"eu\": <<1, {\"id\": \"eu\", \"size\": \"7kb\"}>>}}\n");
}

#[test]
fn a_redacted_dump_holds_no_contents() {
    let folder = copy_of("cache.redb");
    for format in ["json", "jsonl", "diag"] {
        let dumped = folder.vlive(["dump", "--redact", "--format", format]).output().stdout;
        for content in ["Anna", "Ben", "2026-11-01", "blue"] {
            assert!(!dumped.contains(content), "{format}: {content}");
        }
        assert!(dumped.contains("visits"), "{format}");
    }
}

#[test]
fn rows_that_diorama_refuses_are_left_out_and_named() {
    let run = copy_of("odd-rows.redb").vlive(["dump", "t"]).output();
    assert_eq!(run.status, 3);
    // Nested too deep for a reader of JSON to take it in as a whole.
    assert!(run.stdout.contains(r#""09 repeated field":{"a":3,"b":2}"#), "{}", run.stdout);
    assert!(!run.stdout.contains("04 tag byte 2"), "{}", run.stdout);
    assert!(run.stderr.contains("04 tag byte 2") && run.stderr.contains("1 more row"), "{}", run.stderr);
}

#[test]
fn check_says_first_that_a_refused_row_keeps_diorama_from_listing_its_set() {
    let run = copy_of("odd-rows.redb").vlive(["check"]).output();
    assert_eq!(run.status, 1);
    let findings: Vec<&str> = run.stdout.lines().skip(3).collect();
    assert_eq!(findings[..2], ["unlistable by diorama    1", "  t: it refuses 11 rows"]);
    let report = copy_of("odd-rows.redb").vlive(["check", "--json"]).output().json(1, "");
    assert_eq!(report["diorama"]["refused"]["count"], 11);
    assert_eq!(report["diorama"]["malformed"]["count"], 1);
    for name in ["cache.redb", "augmented.redb", "backend.redb"] {
        let check = copy_of(name).vlive(["check"]).env("VLIVE_NOW", "1800000000").output();
        assert_eq!(check.status, 0, "{name} {}", check.stdout);
    }
}

#[test]
fn invalidating_a_set_deletes_its_rows_and_metadata() {
    let folder = copy_of("cache.redb");
    let mut expected = tables(&folder);
    let run = folder.vlive(["invalidate", "clients"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "clients\n"));
    assert!(run.stderr.contains("3 sets hold narrowed copies") && run.stderr.contains("--narrowed"), "{}", run.stderr);
    expected.remove("clients").unwrap();
    expected.remove("clients\u{1}meta").unwrap();
    assert_eq!(tables(&folder), expected);
    // The copies are found even now.
    assert_eq!(folder.vlive(["invalidate", "clients", "--narrowed"]).output().status, 0);
    assert_eq!(tables(&folder).keys().collect::<Vec<_>>(), ["50%25%3Foff%23x/y", "50%25%3Foff%23x/y\u{1}meta"]);
}

#[test]
fn invalidating_a_row_removes_the_stamps_as_well_and_leaves_the_total() {
    let folder = copy_of("backend.redb");
    let mut expected = tables(&folder);
    let run = folder.vlive(["invalidate", "orders/1"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "orders/1\n"));
    expected.get_mut("orders").unwrap().remove("1").unwrap();
    let meta = expected.get_mut("orders\u{1}meta").unwrap();
    meta.retain(|key, _| key == "total");
    assert_eq!(tables(&folder), expected);
}

#[test]
fn touching_writes_both_stamps_in_nanoseconds_and_adds_no_copy() {
    let folder = copy_of("backend.redb");
    let mut expected = tables(&folder);
    let run = folder.vlive(["touch", "orders", "emptied", "--fetched-at", "@1800000000"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "orders\nemptied\n"), "{}", run.stderr);
    let stamp = 1_800_000_000_000_000_000_u64.to_le_bytes().to_vec();
    for (table, key) in [("orders", "refreshed_at"), ("orders", "copied_at"), ("emptied", "refreshed_at")] {
        expected.get_mut(&format!("{table}\u{1}meta")).unwrap().insert(key.to_owned(), stamp.clone());
    }
    assert_eq!(tables(&folder), expected);
    let row = folder.vlive(["touch", "orders/1"]).output();
    assert_eq!(row.status, 2);
    assert!(row.stderr.contains("only its set `orders` has times"), "{}", row.stderr);
    let late = folder.vlive(["touch", "orders", "--fetched-at", "@99999999999"]).output();
    assert_eq!(late.status, 2, "{}", late.stderr);
    assert_eq!(tables(&folder), expected);
}

#[test]
fn a_dry_run_names_the_same_and_changes_nothing() {
    let folder = copy_of("cache.redb");
    let before = tables(&folder);
    let args = ["--narrowed", "clients", "-n"];
    let planned = folder.vlive([&["invalidate"], &args[..]].concat()).output();
    assert_eq!(planned.stdout.lines().count(), 4, "{}", planned.stdout);
    assert_eq!(folder.vlive([&["touch"], &args[..]].concat()).output().stdout, planned.stdout);
    assert_eq!(tables(&folder), before);
    assert_eq!(folder.vlive(["invalidate", "--narrowed", "clients"]).output().stdout, planned.stdout);
}

#[test]
fn age_bounds_apply_to_sets() {
    let folder = copy_of("backend.redb");
    let keys = |args: &[&str]| {
        let listed: Value =
            serde_json::from_str(&folder.vlive([&["ages", "--json"], args].concat()).output().stdout).unwrap();
        listed.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // What has no time is neither older nor newer.
    assert_eq!(keys(&["--older-than", "@1770000001"]), ["orders"]);
    assert_eq!(keys(&["--older-than", "@1770000000"]), [""; 0]);
    let removed = folder.vlive(["invalidate", "--all", "--older-than", "@1770000001"]).output();
    assert_eq!(removed.stdout, "orders\n");
}

#[test]
fn salvage_keeps_both_layouts_byte_for_byte() {
    for name in ["cache.redb", "odd-rows.redb", "backend.redb"] {
        let (folder, into) = (copy_of(name), Folder::empty());
        let run = folder.vlive(["salvage", "--into", into.path().to_str().unwrap()]).output();
        assert_eq!(run.status, 0, "{}", run.stderr);
        let mut expected = tables(&folder);
        // A table without a row has nothing to be saved.
        expected.retain(|_, pairs| !pairs.is_empty());
        assert_eq!(tables(&into), expected, "{name}");
    }
}

/// A file with a table of some program and two of vantage-redb: data, and an index by a column.
pub fn of_other_programs() -> Folder {
    let folder = Folder::empty();
    let database = Database::create(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    let own: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");
    transaction.open_table(own).unwrap().insert("a", 1).unwrap();
    let source: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("people");
    transaction.open_table(source).unwrap().insert("p1", &b"\x83\x61a\xf6\x01"[..]).unwrap();
    let index: TableDefinition<'_, (&[u8], &str), ()> = TableDefinition::new("people__idx__name");
    transaction.open_table(index).unwrap().insert((&b"a"[..], "p1"), ()).unwrap();
    transaction.commit().unwrap();
    folder
}

#[test]
fn a_file_with_only_other_tables_is_said_to_have_them() {
    let folder = of_other_programs();
    let run = folder.vlive(["ls"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(
        run.stderr.contains("2 tables of vantage-redb") && run.stderr.contains("1 table of another"),
        "{}",
        run.stderr
    );
    let looks: &[&[&str]] = &[
        &["ages"],
        &["diff", ".", "."],
        &["dump"],
        &["dump", "people"],
        &["edit", "people/p1"],
        &["find", "p1"],
        &["invalidate", "people", "-n"],
        &["show"],
        &["show", "people"],
        &["stat"],
        &["stat", "--quick"],
        &["touch", "--all"],
        &["watch", "--for", "0s"],
        &["watch", "people", "--initial", "--json", "--for", "0s"],
    ];
    for args in looks {
        let said = folder.vlive(*args).output().stderr;
        assert!(said.contains("2 tables of vantage-redb") && said.contains("1 table of another"), "{args:?}: {said}");
    }
    let checked = folder.vlive(["check"]).output().stdout;
    assert!(checked.contains("people: ") && checked.contains("of vantage-redb"), "{checked}");
    let before = tables(&folder);
    assert_eq!(folder.vlive(["invalidate", "--all"]).output().stdout, "");
    assert_eq!(tables(&folder), before);
}

#[test]
fn a_command_says_what_it_cannot_do_with_sets() {
    let folder = copy_of("cache.redb");
    let dumped = folder.vlive(["dump", "--format", "cbor", "-o", "out/"]).output();
    assert_eq!(dumped.status, 2);
    assert!(dumped.stderr.contains("a folder of CBOR files cannot hold sets of diorama"), "{}", dumped.stderr);
    assert!(!folder.path().join("out").exists());
}
