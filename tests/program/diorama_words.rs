//! How commands speak of what is in a cache of diorama: names for people and for programs, marks and counts.

use crate::diorama::{RED, copy_of, tables};
use crate::support::Folder;
use crate::terminal::on_a_terminal;
use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use std::fs;

type Pairs<'p> = &'p [(&'p str, &'p [u8])];

/// A cache with these tables of text and bytes.
fn cache_of(tables: &[(&str, Pairs<'_>)]) -> Folder {
    let folder = Folder::empty();
    let database = Database::create(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    for (name, pairs) in tables {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(name)).unwrap();
        for (key, value) in *pairs {
            table.insert(*key, *value).unwrap();
        }
    }
    transaction.commit().unwrap();
    folder
}

/// `{"a": 1}`, complete.
const ROW: &[u8] = b"\x00\xa1\x61a\x01";
/// The same, incomplete.
const INCOMPLETE: &[u8] = b"\x01\xa1\x61a\x01";
/// A status byte alone, which diorama refuses.
const REFUSED: &[u8] = b"\x00";

fn has_control_characters(text: &str) -> bool {
    text.chars().any(|character| character.is_control() && character != '\n')
}

#[test]
fn damage_to_a_meta_table_is_reported_with_its_set() {
    let folder = Folder::empty();
    fs::copy(Folder::shared("diorama").path().join("cache.redb"), folder.file()).unwrap();
    let stamp = tables(&copy_of("cache.redb"))[&format!("{RED}\u{1}meta")]["refreshed_at"].clone();
    folder.flip(&stamp);
    let run = folder.vlive(["check"]).output();
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("  meta table of clients where team = red: page "), "{}", run.stdout);
    assert!(!has_control_characters(&run.stdout), "{:?}", run.stdout);
    let report = folder.vlive(["check", "--json"]).output().json(1, "");
    assert_eq!(report["damage"]["places"][0]["place"], format!("{RED}\u{1}meta"));
    let dumped = folder.vlive(["dump", RED]).output();
    assert!(dumped.stderr.contains("in the meta table of `clients where team = red`"), "{}", dumped.stderr);
    assert!(!has_control_characters(&dumped.stderr), "{:?}", dumped.stderr);
}

#[test]
fn a_finding_of_check_is_one_line_whatever_the_names_in_it_hold() {
    let total: Pairs<'_> = &[("total", b"123")];
    let folder = cache_of(&[
        ("s\u{1b}[31m\n", &[("a\nb\u{1b}", REFUSED), ("c", ROW)]),
        ("s\u{1b}[31m\n\u{1}meta", total),
        (RED, &[("r", REFUSED), ("s", ROW)]),
    ]);
    let run = folder.vlive(["check"]).output();
    assert_eq!(run.status, 1);
    assert!(!has_control_characters(&run.stdout), "{:?}", run.stdout);
    for line in [
        "  s\\u{1b}[31m\\n: it refuses a row\n",
        "  s\\u{1b}[31m\\n/a\\nb\\u{1b}: ",
        "  s\\u{1b}[31m\\n: `total` ",
        "  clients where team = red/r: ",
    ] {
        assert!(run.stdout.contains(line), "{line:?} in {}", run.stdout);
    }
    let report = folder.vlive(["check", "--json"]).output().json(1, "");
    assert_eq!(report["diorama"]["refused"]["places"][0]["place"], format!("{RED}/r"), "as it is stored");
    assert_eq!(report["diorama"]["refused"]["places"][1]["place"], "s\u{1b}[31m\n/a\nb\u{1b}");
    let csv = folder.vlive(["check", "--format", "csv"]).output().stdout;
    assert!(csv.contains(&format!("diorama.refused,{RED}/r,")), "{csv}");
}

#[test]
fn narrowed_copies_of_a_row_are_those_that_have_it() {
    let folder = copy_of("cache.redb");
    // `clients#session 7` has c1 and c3, the search nothing.
    let row = folder.vlive(["invalidate", "clients/c1", "-n"]).output();
    assert!(row.stderr.contains("2 sets hold narrowed copies of these rows and are left unchanged"), "{}", row.stderr);
    assert!(row.stderr.ends_with("; --narrowed takes them too\n"), "{}", row.stderr);
    let one = folder.vlive(["invalidate", "clients/c1", RED, "-n"]).output();
    assert!(
        one.stderr.contains("1 set holds narrowed copies of these rows and is left unchanged; --narrowed takes it too"),
        "{}",
        one.stderr
    );
    let taken = folder.vlive(["invalidate", "clients/c1", "--narrowed", "-n"]).output();
    assert_eq!(taken.stdout, format!("clients/c1\nclients#session 7/c1\n{RED}/c1\n"));
    assert!(!taken.stderr.contains("narrowed"), "{}", taken.stderr);
    let elsewhere = folder.vlive(["invalidate", "clients/c3", "--narrowed", "-n"]).output();
    assert_eq!(elsewhere.stdout, "clients#session 7/c3\n", "{}", elsewhere.stderr);
}

#[test]
fn narrowed_copies_are_selected_without_the_set_itself() {
    let folder = copy_of("cache.redb");
    assert_eq!(folder.vlive(["invalidate", "clients"]).output().status, 0);
    let row = folder.vlive(["invalidate", "clients/c1", "--narrowed"]).output();
    assert_eq!(row.stdout, format!("clients#session 7/c1\n{RED}/c1\n"), "{}", row.stderr);
    let left = tables(&folder);
    assert!(!left[RED].contains_key("c1") && !left[&format!("{RED}\u{1}meta")].contains_key("refreshed_at"));
    assert_eq!(folder.vlive(["invalidate", "clients", "--narrowed"]).output().stdout.lines().count(), 3);
}

#[test]
fn narrowed_copies_that_stay_are_reported_to_programs() {
    let folder = copy_of("cache.redb");
    for command in ["invalidate", "touch"] {
        let told = folder.vlive([command, "clients", "-n", "--json"]).json();
        assert_eq!(told["narrowed"].as_array().unwrap().len(), 3, "{told}");
        assert!(told["narrowed"].as_array().unwrap().contains(&RED.into()), "{told}");
        let taken = folder.vlive([command, "clients", "-n", "--json", "--narrowed"]).json();
        assert_eq!(taken.get("narrowed"), None, "{taken}");
    }
}

#[test]
fn where_recognizes_a_cache_by_its_tables() {
    let folder = Folder::empty();
    for name in ["backend.redb", "odd-rows.redb"] {
        fs::copy(Folder::shared("diorama").path().join(name), folder.path().join(name)).unwrap();
    }
    fs::copy(cache_of(&[("a", &[("1", ROW)])]).file(), folder.path().join("no-meta.redb")).unwrap();
    fs::copy(cache_of(&[("a", &[("1", b"\x83\x61a\xf6\x01")])]).file(), folder.path().join("source.redb")).unwrap();
    let row = |name: &str| {
        let found = folder.vlive(["where", name, "--json"]).json();
        (found[0]["kind"].clone(), found[0]["newest"].clone())
    };
    assert_eq!(row("no-meta.redb"), (json!("diorama"), Value::Null));
    assert_eq!(row("source.redb"), (json!("other"), Value::Null));
    // What is newest is what `ages` says, not the time of a copy.
    assert_eq!(row("backend.redb"), (json!("diorama"), json!(1_770_000_000)));
    let both = Folder::shared("diorama").vlive(["-C", "odd-rows.redb", "ls", "--json"]).output();
    let listed: Value = serde_json::from_str(&both.stdout).unwrap();
    let newest = listed.as_array().unwrap().iter().filter_map(|row| row["newest"].as_u64()).max();
    assert_eq!(row("odd-rows.redb"), (json!("vantage-live and diorama"), json!(newest)));
    assert_eq!(folder.vlive(["where", ".", "--json"]).json().as_array().unwrap().len(), 4);
}

#[test]
fn names_are_readable_for_people_and_stored_for_programs() {
    let folder = copy_of("cache.redb");
    let put = folder.vlive(["put", "x where a = 1"]).stdin(r#"{"r":{}}"#).output();
    assert!(put.stderr.starts_with("put x where a = 1: 1 row"), "{}", put.stderr);
    let put = folder.vlive(["put", "x where a = 1", "-n", "--json"]).stdin(r#"{"r":{}}"#).json();
    assert_eq!(put["key"], "x?c1:112:1:a1:=4:i1:1q-s-n1:0");
    let edit = folder.vlive(["edit", "clients where team = red"]).env("EDITOR", "true").output();
    assert_eq!(edit.stderr, "clients where team = red stays as it is: nothing was changed\n");
    let edit = folder.vlive(["edit", RED, "--apply", ".a.b"]).output();
    assert!(edit.stderr.contains("--apply cannot change `clients where team = red`"), "{}", edit.stderr);
    let taken = folder.vlive(["cp", RED, "clients hub \"session 7\""]).output();
    assert!(taken.stderr.contains("`clients hub \"session 7\"` already exists"), "{}", taken.stderr);
}

#[test]
fn lists_of_changes_have_readable_names_on_a_terminal_and_stored_ones_in_a_pipe() {
    let folder = copy_of("cache.redb");
    for (args, stored, readable) in [
        (["invalidate", RED, "-n"].as_slice(), RED, "clients where team = red"),
        (&["touch", RED, "-n"], RED, "clients where team = red"),
        (&["cp", RED, "y?c1:112:1:a1:=4:i1:1q-s-n1:0", "-n"], "y?c1:112:1:a1:=4:i1:1q-s-n1:0", "y where a = 1"),
    ] {
        assert!(folder.vlive(args).output().stdout.ends_with(&format!("{stored}\n")));
        let quoted = args.iter().map(|arg| format!("'{arg}'")).collect::<Vec<_>>().join(" ");
        let Some(shown) = on_a_terminal(&folder, &[], &quoted) else { return };
        assert!(shown.contains(readable) && !shown.contains(stored), "{shown}");
    }
}

#[test]
fn a_name_with_an_invisible_character_is_typed_as_shown() {
    for name in ["a\u{202e}b", "a\u{3164}", "\u{e0041}x"] {
        let folder = cache_of(&[(name, &[("1", ROW)])]);
        let shown = folder.vlive(["ls"]).output().stdout;
        let shown = shown.lines().nth(1).unwrap().split("  ").next().unwrap();
        assert!(shown.starts_with('"') && shown.contains("\\u"), "{shown}");
        assert_eq!(folder.vlive(["dump", shown]).json()["rows"], json!({"1": {"a": 1}}));
        let narrowed = format!("t where team = {shown}");
        let put = folder.vlive(["put", &narrowed]).stdin("{}").output();
        assert!(put.stderr.starts_with(&format!("put {narrowed}: ")), "{}", put.stderr);
    }
}

#[test]
fn a_prefix_selects_the_rows_of_a_set_whose_ids_begin_with_it() {
    let folder = copy_of("cache.redb");
    let keys = |dumped: Value| dumped.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(folder.vlive(["dump", "clients/c", "--prefix"]).json()), ["clients/c1", "clients/c2"]);
    let removed = folder.vlive(["invalidate", "clients/c", "--prefix", "-n"]).output();
    assert_eq!(removed.stdout, "clients/c1\nclients/c2\n");
    let missing = folder.vlive(["dump", "clients/c"]).output();
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("2 keys begin with it; --prefix selects them"), "{}", missing.stderr);
    // A row that is named is that row alone, unless the option asks for more.
    assert_eq!(folder.vlive(["put", "clients/c10"]).stdin(r#"{"c10":{}}"#).output().status, 0);
    assert_eq!(folder.vlive(["invalidate", "clients/c1", "-n"]).output().stdout, "clients/c1\n");
    let both = folder.vlive(["ages", "clients/c1", "--prefix", "--keys"]).output();
    assert_eq!(both.stdout, "clients/c1\nclients/c10\n");
    let watched = folder.vlive(["watch", "clients/c1", "--prefix", "--initial", "--for", "0s", "--json"]).output();
    assert_eq!(watched.stdout.lines().count(), 2, "{}", watched.stdout);
    let refused = folder.vlive(["cp", "clients/c", "copies/c", "--prefix"]).output();
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("are copied and moved one by one"), "{}", refused.stderr);
}

#[test]
fn a_row_that_became_complete_is_a_line_of_every_list_of_differences() {
    let (before, after) = (cache_of(&[("s", &[("eu", INCOMPLETE)])]), cache_of(&[("s", &[("eu", ROW)])]));
    let sides = [before.path().to_str().unwrap(), after.path().to_str().unwrap()];
    for (format, end) in [
        ("csv", "\ns,eu,,changed,incomplete,complete\n"),
        ("tsv", "\ns\teu\t\tchanged\tincomplete\tcomplete\n"),
        ("table", "  ~ eu (incomplete -> complete)\n"),
    ] {
        let run = before.vlive(["diff", sides[0], sides[1], "--format", format]).output();
        assert_eq!(run.status, 1);
        assert!(run.stdout.ends_with(end), "{}", run.stdout);
    }
}

#[test]
fn incomplete_rows_are_marked_wherever_rows_are_shown() {
    let folder = cache_of(&[("s", &[("eu", INCOMPLETE), ("us", ROW)]), ("t", &[("eu", ROW)])]);
    let shown = folder.vlive(["show", "s", "--json"]).output();
    assert_eq!(shown.stdout, "{\"eu\":{\"a\":1},\"us\":{\"a\":1}}\n");
    assert_eq!(shown.stderr, "1 row is incomplete; --format jsonl marks which\n");
    let chosen = folder.vlive(["show", "s", "--where", "$incomplete", "--format", "jsonl"]).json();
    assert_eq!((&chosen["id"], &chosen["incomplete"]), (&json!("eu"), &json!(true)));
    let complete = folder.vlive(["dump", "s", "--where", "$incomplete | not"]).json();
    assert_eq!(complete["rows"], json!({"us": {"a": 1}}));
    let selected = folder.vlive(["show", "s", "--select", "{$incomplete}", "--format", "csv"]).output();
    assert_eq!(selected.stdout, "row id,status,incomplete\neu,incomplete,true\nus,,false\n");
    let found = folder.vlive(["find", "--id", "eu", "--format", "csv"]).output().stdout;
    assert_eq!(found.lines().next().unwrap(), "key,fetched_at,age,status");
    assert_eq!(found.lines().nth(1).unwrap(), "s,,,incomplete");
    assert_eq!(found.lines().nth(2).unwrap(), "t,,,");
}

#[test]
fn a_field_keeps_its_name_beside_another_column_of_the_same_name() {
    let folder = copy_of("augmented.redb");
    let rows = r#"{"layout":"diorama","rows":{"1":{"status":"new","row id":7,"key":"k"}},"incomplete":["1"]}"#;
    assert_eq!(folder.vlive(["put", "named"]).stdin(rows).output().status, 0);
    let shown = folder.vlive(["show", "named", "--format", "csv"]).output();
    assert_eq!(shown.stdout, "$row id,$status,status,row id,key\n1,incomplete,new,7,k\n");
}

#[test]
fn a_quick_list_says_that_a_file_has_only_other_tables() {
    let folder = cache_of(&[("people", &[("p1", b"\x83\x61a\xf6\x01")])]);
    let run = folder.vlive(["ls", "--quick"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains("1 table of vantage-redb, a data source and not a cache"), "{}", run.stderr);
}

/// A set with this total and these rows.
fn cache_with_total(total: u64, rows: &[&str]) -> Folder {
    let rows: Vec<(&str, &[u8])> = rows.iter().map(|id| (*id, ROW)).collect();
    cache_of(&[("s", &rows), ("s\u{1}meta", &[("total", &total.to_le_bytes())])])
}

#[test]
fn cached_rows_are_shown_with_the_total_of_the_source() {
    let many = cache_with_total(200_000, &["1", "2"]);
    let shown = many.vlive(["show", "s"]).output();
    assert_eq!(shown.stderr, "2 of 200,000 rows of `s` are cached\n");
    assert!(many.vlive(["ages"]).output().stdout.contains("  2 of 200,000  "));
    let watched = many.vlive(["watch", "--initial", "--for", "0s"]).output();
    assert!(watched.stdout.contains("s  2 of 200,000 rows "), "{}", watched.stdout);
    // One row says nothing of the others.
    assert_eq!(many.vlive(["show", "s/1"]).output().stderr, "");
    let fewer = cache_with_total(1, &["1", "2"]);
    assert_eq!(fewer.vlive(["show", "s"]).output().stderr, "2 rows of `s` are cached, and its source has 1\n");
    assert!(fewer.vlive(["ages"]).output().stdout.contains("  2 (1 at the source)  "));
}

#[test]
fn a_row_that_cannot_be_read_is_named_once_and_by_its_set() {
    let refused: Vec<String> = (0..11).map(|n| format!("{n:02}")).collect();
    let rows: Vec<(&str, &[u8])> = refused.iter().map(|id| (id.as_str(), REFUSED)).collect();
    let folder = cache_of(&[(RED, &rows), (&format!("{RED}\u{1}meta"), &[])]);
    for args in [&["dump", "--format", "rows", RED][..], &["dump", RED], &["show", RED]] {
        let said = folder.vlive(args).output().stderr;
        assert!(said.contains("row `00` of `clients where team = red` cannot be read"), "{args:?}: {said}");
        assert!(said.contains("1 more row cannot be read"), "{args:?}: {said}");
        let one = folder.vlive([&args[..args.len() - 1], &[&format!("{RED}/03")]].concat()).output().stderr;
        assert!(one.contains("row `03` of `clients where team = red` cannot be read"), "{args:?}: {one}");
        assert!(!said.contains("holds no rows"), "{said}");
    }
}

#[test]
fn salvage_counts_entries_as_check_does() {
    let folder = copy_of("cache.redb");
    // The times in it are later than the present of the tests.
    let checked = folder.vlive(["check", "--json"]).env("VLIVE_NOW", "1800000000").json();
    let saved = folder.vlive(["salvage", "--into", "new.redb", "--json"]).json();
    assert_eq!(saved["entries"], checked["entries"]);
    let listed = folder.vlive(["ages", "-C", "cache.redb", "--json"]).json();
    let bytes: u64 = listed.as_array().unwrap().iter().map(|set| set["bytes"].as_u64().unwrap()).sum();
    assert_eq!(saved["bytes"], bytes, "as lists have it");
    let told = folder.vlive(["salvage", "-C", "cache.redb", "--into", "newer.redb"]).output();
    assert!(told.stderr.starts_with("saved 5 entries with 7 rows of diorama, "), "{}", told.stderr);
}

#[test]
fn times_in_a_backup_replace_those_in_the_cache() {
    let folder = copy_of("backend.redb");
    let before = tables(&folder);
    let touched = folder.vlive(["touch", "orders", "--backup", "../orders.jsonl"]).output();
    assert_eq!(touched.status, 0, "{}", touched.stderr);
    let loaded = folder.vlive(["load", "../orders.jsonl"]).output();
    fs::remove_file(folder.path().join("../orders.jsonl")).unwrap();
    assert!(loaded.stderr.ends_with(": 0 added, 1 replaced, 0 removed\n"), "{}", loaded.stderr);
    assert_eq!(tables(&folder), before);
}

/// A cache with a cache key, `clients`, and a set of the same name, each with a `page_1`.
fn cache_of_both() -> Folder {
    let folder = cache_of(&[("clients", &[("page_1", ROW)]), ("orders", &[("o", ROW)])]);
    let put = folder.vlive(["put", "notes/page_1", "--as", "live"]).stdin(r#"{"n":{}}"#).output();
    assert_eq!(put.status, 0, "{}", put.stderr);
    let database = Database::open(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    let name = |table| TableDefinition::<&str, &[u8]>::new(table);
    transaction.rename_table(name("__vlive__notes"), name("__vlive__clients")).unwrap();
    transaction.commit().unwrap();
    folder
}

#[test]
fn a_list_with_both_layouts_names_the_layout_of_each_entry() {
    let folder = cache_of_both();
    for command in [&["ls"][..], &["ls", "--quick"], &["ages"], &["stat"]] {
        for format in ["csv", "markdown"] {
            let listed = folder.vlive([command, &["--format", format]].concat()).output().stdout;
            let heading = listed.lines().next().unwrap();
            assert!(heading.to_lowercase().contains("layout"), "{command:?}: {heading}");
            assert_eq!(listed.matches("diorama").count(), 2, "{command:?}: {listed}");
        }
    }
    let shown = folder.vlive(["stat"]).output().stdout;
    assert!(shown.contains("LAYOUT") && shown.contains("vantage-live"), "{shown}");
    assert!(!copy_of("cache.redb").vlive(["ls"]).output().stdout.contains("LAYOUT"));
}

#[test]
fn a_key_means_an_entry_before_a_row_unless_it_is_in_quotes() {
    let folder = cache_of_both();
    for (key, rows) in [("clients/page_1", json!({"n": {}})), ("\"clients\"/page_1", json!({"page_1": {"a": 1}}))] {
        assert_eq!(folder.vlive(["dump", key]).json()["rows"], rows);
        assert_eq!(folder.vlive(["show", key, "--json"]).output().stdout, format!("{rows}\n"));
        assert_eq!(folder.vlive(["ages", key, "--keys"]).output().stdout, format!("{key}\n"));
        assert_eq!(folder.vlive(["invalidate", key, "-n"]).output().stdout, "clients/page_1\n");
    }
    assert_eq!(folder.vlive(["touch", "clients/page_1"]).output().status, 0);
    assert_eq!(folder.vlive(["touch", "\"clients\""]).output().stdout, "clients\n");
    let moved = folder.vlive(["mv", "clients", "cc"]).output();
    assert_eq!(moved.stdout, "cc/page_1\n");
    assert!(moved.stderr.contains("a set of diorama has the same name, and stays; `\"clients\"` names the set"));
    assert_eq!(folder.vlive(["mv", "\"clients\"", "dd"]).output().stdout, "dd\n");
    let refused = folder.vlive(["cp", "cc/page_1", "dd/page_1"]).output();
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("hint: name another key; "), "{}", refused.stderr);
}

#[test]
fn a_watch_prints_metadata_of_sets_for_programs() {
    let folder = cache_with_total(7, &["1"]);
    let event = folder.vlive(["watch", "--initial", "--for", "0s", "--json"]).json();
    assert_eq!((&event["total"], event.get("copied_at")), (&json!(7), None));
    let again = copy_of("cache.redb");
    for (awaited, status) in [
        ("clients where team = red", 0),
        ("clients  where team=\"red\"", 0),
        ("clients?c1:117:4:team1:=6:t3:redq-s-n1:0", 0),
        ("clients where team = red/c1", 0),
        ("clients where team = blue", 1),
        ("clients/c9", 1),
    ] {
        let until = format!("added:{awaited}");
        let run = again.vlive(["watch", "--initial", "--for", "0s", "--until", &until]).output();
        assert_eq!(run.status, status, "{awaited}");
    }
    let waited = folder.vlive(["watch", "--initial", "--until", "added:s/1", "--for", "60s", "--json"]).output();
    assert_eq!(waited.status, 0, "a row that is not selected is watched: {}", waited.stderr);
    let keys: Vec<Value> = waited.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(keys.iter().map(|event| event["key"].as_str().unwrap()).collect::<Vec<_>>(), ["s/1", "s"]);
}

#[test]
fn a_time_of_diorama_keeps_its_fraction() {
    let folder = copy_of("backend.redb");
    let args = ["touch", "orders", "--fetched-at", "2026-11-01T00:00:00.123456789Z"];
    assert_eq!(folder.vlive(args).output().status, 0);
    let nanoseconds = 1_793_491_200_123_456_789_u64;
    assert_eq!(folder.vlive(["dump", "orders"]).json()["refreshed_at"], json!(nanoseconds));
    let rows = r#"{"layout":"diorama","rows":{},"refreshed_at":1}"#;
    let put = folder.vlive(["put", "orders", "--fetched-at", "2026-11-01T00:00:00.123456789Z"]).stdin(rows).output();
    assert_eq!(put.status, 0, "{}", put.stderr);
    assert_eq!(folder.vlive(["dump", "orders"]).json()["refreshed_at"], json!(nanoseconds));
    // Rows alone become a set with that time, where there is one or it is to be one.
    let (row, both) = (r#"{"r": {"n": 1}}"#, json!([nanoseconds, nanoseconds]));
    for (key, more) in [("orders", &[][..]), ("new", &[]), ("other", &["--as", "diorama"])] {
        let put = folder.vlive([&["put", key, "--fetched-at", args[3]], more].concat()).stdin(row).output();
        assert_eq!(put.status, 0, "{}", put.stderr);
        let set = folder.vlive(["dump", key]).json();
        assert_eq!(json!([set["refreshed_at"], set["copied_at"]]), both, "{key}");
        assert_eq!(folder.vlive(["touch", key, "--age", "1d"]).output().status, 0);
        let load = [&["load", "-", "--fetched-at", args[3]], more].concat();
        let loaded = folder.vlive(load).stdin(format!(r#"{{"{key}": {row}}}"#)).output();
        assert_eq!(loaded.status, 0, "{}", loaded.stderr);
        let set = folder.vlive(["dump", key]).json();
        assert_eq!(json!([set["refreshed_at"], set["copied_at"]]), both, "{key}");
    }
    // vantage-live has whole seconds.
    let live = Folder::copy_of("bakery");
    assert_eq!(live.vlive(["touch", "clients/page_1", "--exact", args[2], args[3]]).output().status, 0);
    assert_eq!(live.vlive(["dump", "clients/page_1"]).json()["fetched_at"], json!(nanoseconds / 1_000_000_000));
}
