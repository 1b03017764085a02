//! Commands that look at caches of diorama: rows are found, filtered, compared, counted and watched as those of the
//! other layout are.

use crate::support::Folder;
use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use std::fs;

const RED: &str = "clients?c1:117:4:team1:=6:t3:redq-s-n1:0";

/// A folder with a copy of a sample, under the name that it has.
fn copy_of(name: &str) -> Folder {
    let folder = Folder::empty();
    fs::copy(Folder::shared("diorama").path().join(name), folder.path().join(name)).unwrap();
    folder
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Changes tables of the file of a folder with redb.
fn write(folder: &Folder, name: &str, table: &str, pairs: &[(&str, Option<&[u8]>)]) {
    let database = Database::open(folder.path().join(name)).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let definition: TableDefinition<'_, &str, &[u8]> = TableDefinition::new(table);
        let mut table = transaction.open_table(definition).unwrap();
        for (key, value) in pairs {
            match value {
                Some(value) => drop(table.insert(key, value).unwrap()),
                None => drop(table.remove(key).unwrap()),
            }
        }
    }
    transaction.commit().unwrap();
}

#[test]
fn find_prints_readable_names_for_people_and_stored_ones_for_programs() {
    let folder = copy_of("cache.redb");
    let found = folder.vlive(["find", "Cleo"]).output();
    assert_eq!(found.status, 0, "{}", found.stderr);
    assert!(found.stdout.starts_with("clients hub \"session 7\"  c3  name  Cleo  ("), "{}", found.stdout);
    let red = folder.vlive(["find", "red", "--field", "team", "--format", "jsonl"]).output();
    let keys: Vec<Value> = lines(&red.stdout).into_iter().map(|line| line["key"].clone()).collect();
    assert_eq!(keys, ["clients", "clients#session 7", "clients#session 7", RED]);
    let keys = folder.vlive(["find", "team = red", "--keys"]).output();
    assert_eq!(keys.stdout, format!("{RED}\n"), "the name that people read is searched too");
}

#[test]
fn a_row_is_found_by_its_id_in_every_set_that_holds_it() {
    let folder = copy_of("cache.redb");
    let rows = lines(&folder.vlive(["find", "--id", "c1", "--format", "jsonl"]).output().stdout);
    let visits: Vec<(&str, i64)> =
        rows.iter().map(|row| (row["key"].as_str().unwrap(), row["row"]["visits"].as_i64().unwrap())).collect();
    assert_eq!(visits, [("clients", 4), ("clients#session 7", 3), (RED, 4)]);
    assert_eq!(rows[0]["differs"], json!(["visits"]));
    assert_eq!(folder.vlive(["find", "--id", "c1", "clients/c2"]).output().status, 1, "that is another row");
}

#[test]
fn an_incomplete_row_is_marked_wherever_it_is_found() {
    let folder = copy_of("augmented.redb");
    assert!(folder.vlive(["find", "7kb"]).output().stdout.contains(", incomplete)"));
    assert_eq!(folder.vlive(["find", "7kb", "--json"]).json()[0]["incomplete"], true);
    assert_eq!(folder.vlive(["find", "4kb", "--json"]).json()[0].get("incomplete"), None);
    assert_eq!(
        lines(&folder.vlive(["find", "--id", "eu", "--format", "jsonl"]).output().stdout)[0]["incomplete"],
        true
    );
}

#[test]
fn where_keeps_rows_of_sets_and_leaves_out_sets_without_any() {
    let folder = copy_of("cache.redb");
    let dumped = folder.vlive(["dump", "--format", "rows", "--where", ".visits and .visits < 4"]).output();
    let rows: Vec<(String, String)> = lines(&dumped.stdout)
        .iter()
        .map(|row| (row["key"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("clients", "c2"), ("clients#session 7", "c1"), ("clients#session 7", "c2")];
    assert_eq!(rows, expected.map(|(key, id)| (key.to_owned(), id.to_owned())));
    let dumped = folder.vlive(["dump", "--where", ".team == \"blue\""]).json();
    let keys: Vec<&String> = dumped.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["clients", "clients#session 7"]);
    assert_eq!(dumped["clients"]["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), ["c2"]);
    let none = folder.vlive(["show", "--where", ".visits > 100", "clients"]).output();
    assert_eq!((none.status, none.stdout.as_str()), (1, ""));
    let fault = folder.vlive(["show", "--where", ".team + 1 > 0", "clients"]).output();
    assert_eq!(fault.status, 2, "{}", fault.stderr);
    assert!(fault.stderr.contains("row `c1` of `clients`"), "{}", fault.stderr);
}

#[test]
fn select_sees_the_key_and_an_unknown_time_as_null() {
    let folder = copy_of("backend.redb");
    let select = "{key: $key, id: $id, at: $fetched_at, age: $age}";
    let run = |folder: &Folder, set: &str| {
        lines(&folder.vlive(["dump", "--format", "rows", "--select", select, set]).output().stdout)
    };
    assert_eq!(run(&folder, "orders")[0]["row"]["at"], 1_770_000_000);
    write(&folder, "backend.redb", "orders\u{1}meta", &[("refreshed_at", None)]);
    assert_eq!(run(&folder, "orders")[0]["row"], json!({"key": "orders", "id": "1", "at": null, "age": null}));
}

#[test]
fn diff_compares_rows_and_names_the_time_that_differs() {
    let (old, new) = (copy_of("backend.redb"), copy_of("backend.redb"));
    write(
        &new,
        "backend.redb",
        "orders",
        &[("1", Some(b"\x00\xa1\x65total\x01")), ("2", Some(b"\x00\xa1\x62id\x612"))],
    );
    write(&new, "backend.redb", "orders", &[("3", Some(b"\x00\xa0"))]);
    let at = 1_770_000_001_000_000_000_u64.to_le_bytes();
    write(
        &new,
        "backend.redb",
        "orders\u{1}meta",
        &[("total", Some(&8_u64.to_le_bytes())), ("refreshed_at", Some(&at))],
    );
    let (old, new) = (old.path().join("backend.redb"), new.path().join("backend.redb"));
    let sides = [old.to_str().unwrap(), new.to_str().unwrap()];
    let folder = Folder::empty();
    let run = folder.vlive([&["diff"], &sides[..]].concat()).output();
    let expected =
        "~ orders\n  ~ total 7 -> 8\n  ~ 1\n    ~ total: 9.5 -> 1\n  ~ 2 (incomplete -> complete)\n  + 3: {}\n";
    assert_eq!((run.status, run.stdout.as_str()), (1, expected));
    let stamps = folder.vlive([&["diff", "--fetched-at"], &sides[..]].concat()).output().stdout;
    let stamp = "  ~ refreshed_at 2026-02-02T02:40:00.123456789Z -> 2026-02-02T02:40:01.000000000Z\n";
    assert!(stamps.contains(stamp), "{stamps}");
    let json: Value =
        serde_json::from_str(&folder.vlive([&["diff", "--json"], &sides[..]].concat()).output().stdout).unwrap();
    assert_eq!(json[0]["meta"]["total"], json!({"old": 7, "new": 8}));
    assert_eq!(json[0]["rows"][1]["incomplete"], json!({"old": true, "new": false}));
    let one = folder.vlive([&["diff"], &sides[..], &["orders/3"]].concat()).output();
    assert_eq!(one.stdout, "+ orders/3 (1 row)\n");
    assert_eq!(folder.vlive([&["diff"], &sides[..], &["emptied"]].concat()).output().status, 0);
}

#[test]
fn rows_of_a_fixture_are_compared_with_their_set() {
    let folder = copy_of("backend.redb");
    let rows = folder.vlive(["dump", "orders/1", "orders/2", "--format", "jsonl"]).output().stdout;
    folder.write("both.jsonl", &rows);
    folder.write("one.jsonl", rows.lines().next().unwrap());
    folder.write("other.jsonl", rows.replace("9.5", "1").replace("orders/2", "orders/3").replace("\"2\"", "\"3\""));
    let diff = |args: &[&str]| {
        let run = folder.vlive([&["diff", "backend.redb"], args].concat()).output();
        run.stdout
    };
    let others = "- deleted-rows (0 rows)\n- emptied (0 rows)\n";
    assert_eq!(diff(&["both.jsonl"]), others, "what is remembered of a set is not told by its rows");
    assert_eq!(diff(&["one.jsonl"]), format!("{others}~ orders\n  - 2: {{\"id\":\"2\"}} (incomplete)\n"));
    assert_eq!(diff(&["one.jsonl", "orders/1"]), "");
    let changed = diff(&["other.jsonl", "orders"]);
    assert!(changed.starts_with("~ orders\n  ~ 1\n    ~ total: 9.5 -> 1\n  - 2: "), "{changed}");
    assert!(changed.contains("\n  + 3: "), "{changed}");
}

#[test]
fn a_dump_of_sets_does_not_differ_from_its_cache() {
    for name in ["cache.redb", "augmented.redb", "backend.redb"] {
        let folder = copy_of(name);
        let dumped = folder.vlive(["dump", "--format", "jsonl"]).output().stdout;
        folder.write("dumped.jsonl", &dumped);
        let run = folder.vlive(["diff", name, "dumped.jsonl", "--fetched-at"]).output();
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{name}: {}", run.stderr);
    }
}

#[test]
fn a_row_that_diorama_refuses_is_named_and_the_others_are_compared() {
    let (old, new) = (copy_of("backend.redb"), copy_of("backend.redb"));
    write(&new, "backend.redb", "orders", &[("1", Some(b"\x02"))]);
    let sides = [old.path().join("backend.redb"), new.path().join("backend.redb")];
    let sides = [sides[0].to_str().unwrap(), sides[1].to_str().unwrap()];
    let run = old.vlive([&["diff"], &sides[..]].concat()).output();
    assert_eq!((run.status, run.stdout.as_str()), (3, "~ orders\n  ~ 1 (cannot be decoded)\n"));
    assert!(run.stderr.contains("row `1` of `orders`"), "{}", run.stderr);
    assert_eq!(new.vlive(["find", "x"]).output().status, 1, "what cannot hold a match is not read");
}

#[test]
fn stat_has_a_row_for_each_set_and_all_bytes_add_up() {
    for name in ["cache.redb", "augmented.redb", "backend.redb", "odd-rows.redb"] {
        let folder = copy_of(name);
        let stat = folder.vlive(["stat", "--json"]).json();
        let space = stat["space"].as_object().unwrap();
        let sum: u64 = space.iter().filter(|(part, _)| *part != "compacted").map(|(_, n)| n.as_u64().unwrap()).sum();
        assert_eq!(Some(sum), stat["bytes"].as_u64(), "{name}");
        folder.vlive(["compact"]).output();
        let len = fs::metadata(folder.path().join(name)).unwrap().len();
        assert_eq!(stat["space"]["compacted"], len, "{name}");
    }
    let stat = copy_of("backend.redb").vlive(["stat", "--json"]).json();
    let rows: Vec<(&str, u64, u64)> = stat["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["key"].as_str().unwrap(), row["rows"].as_u64().unwrap(), row["bytes"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("deleted-rows", 0, 0), ("emptied", 0, 0), ("orders", 2, 18)]);
    assert_eq!(stat["space"]["other_tables"], 0);
    let entries: u64 = stat["ages"].as_array().unwrap().iter().map(|age| age["entries"].as_u64().unwrap()).sum();
    assert_eq!(entries, 1, "the others do not say when they were fetched");
}

#[test]
fn a_mistyped_name_has_a_hint_with_the_readable_name() {
    let folder = copy_of("cache.redb");
    for (typed, hint) in [
        ("client", "the nearest key is `clients`"),
        ("clients where team = rad", "the nearest key is `clients where team = red`"),
        ("clients/c9", "the nearest keys are `clients/c1`, `clients/c2`"),
    ] {
        let run = folder.vlive(["show", typed]).output();
        assert_eq!(run.status, 1, "{typed}");
        assert!(run.stderr.contains(hint), "{typed}: {}", run.stderr);
    }
}

#[test]
fn check_counts_an_empty_set_that_was_copied_from_a_source() {
    let check = copy_of("cache.redb").vlive(["check", "--json"]).env("VLIVE_NOW", "1800000000").json();
    assert_eq!((&check["entries"], &check["diorama"]["sets"]), (&json!(5), &json!(5)));
}

#[test]
fn a_damaged_meta_table_is_reported_with_its_readable_part() {
    let folder = copy_of("backend.redb");
    let path = folder.path().join("backend.redb");
    let mut bytes = fs::read(&path).unwrap();
    // The page of the meta table holds this time, and no other page does.
    let at = [0x15, 0xcd, 0xcc, 0x4b, 0x9f, 0x4d, 0x90, 0x18];
    let places: Vec<usize> = (0..bytes.len() - 8).filter(|at_byte| bytes[*at_byte..*at_byte + 8] == at).collect();
    for place in places {
        bytes[place] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    for (args, part) in [
        (&["ls"][..], "orders"),
        (&["ages"], "orders"),
        (&["dump"], "9.5"),
        (&["show", "orders"], "9.5"),
        (&["find", "total"], "orders"),
        (&["dump", "--format", "rows"], "9.5"),
        (&["stat"], "orders"),
    ] {
        let run = folder.vlive(args).output();
        assert_eq!(run.status, 3, "{args:?}: {}", run.stderr);
        assert!(run.stdout.contains(part), "{args:?}: {}", run.stdout);
        assert!(run.stderr.contains("is damaged"), "{args:?}: {}", run.stderr);
    }
    assert_eq!(folder.vlive(["invalidate", "orders"]).output().status, 3, "a change does not trust it");
}

#[test]
fn watch_begins_with_the_existing_sets() {
    let folder = copy_of("augmented.redb");
    let seen = folder.vlive(["watch", "--initial", "--for", "0", "--json"]).output();
    let seen = lines(&seen.stdout);
    assert_eq!(seen.len(), 1);
    let event = [&seen[0]["event"], &seen[0]["key"], &seen[0]["rows"], &seen[0]["layout"]];
    assert_eq!(event, [&json!("added"), &json!("buckets"), &json!(2), &json!("diorama")]);
    let raw = folder.vlive(["watch", "--initial", "--for", "0", "--json", "--raw"]).json();
    let stored = folder.vlive(["dump", "--format", "jsonl", "--raw"]).json();
    assert_eq!((&raw["raw"], &raw["meta"]), (&stored["raw"], &stored["meta"]));
    let row = folder.vlive(["watch", "--initial", "--for", "0", "--json", "--raw", "buckets/eu"]).json();
    assert_eq!((&row["raw"], &row["meta"]), (&json!({"eu": stored["raw"]["eu"]}), &Value::Null));
    let of_row = [&row["fetched_at"], &row["refreshed_at"], &row["total"]];
    assert_eq!(of_row, [&raw["fetched_at"], &raw["refreshed_at"], &Value::Null]);
    let none = folder.vlive(["watch", "--initial", "--for", "0", "other"]).output();
    assert_eq!((none.status, none.stdout.as_str()), (0, ""));
    let filtered = folder.vlive(["watch", "--initial", "--for", "0", "--where", ".size == \"1kb\""]).output();
    assert_eq!((filtered.status, filtered.stdout.as_str()), (0, ""));
}
