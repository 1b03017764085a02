//! Changes of diorama's sets: put, load, edit, cp, mv, and the backups of all that change.

use crate::diorama::{RED, copy_of, tables};
use crate::support::Folder;
use redb::{Database, ReadableTable, TableDefinition};
use serde_json::{Value, json};
use std::fs;

const SAMPLES: [&str; 4] = ["cache.redb", "augmented.redb", "backend.redb", "odd-rows.redb"];

/// A path in a folder apart, for files beside a cache.
fn beside(folder: &Folder, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_dumped_set_loads_with_the_same_bytes() {
    let files = Folder::empty();
    for name in ["cache.redb", "augmented.redb", "backend.redb"] {
        let from = copy_of(name);
        for format in [&["--format", "json"][..], &["--format", "jsonl"], &["--format", "jsonl", "--raw"]] {
            let into = Folder::empty();
            let dump = beside(&files, "dump");
            assert_eq!(from.vlive([&["dump"], format, &["--output", &dump]].concat()).output().status, 0);
            let loaded = into.vlive(["load", &dump]).output();
            assert_eq!(loaded.status, 0, "{}", loaded.stderr);
            assert_eq!(tables(&into), tables(&from), "{name} {format:?}");
        }
        let (into, tree) = (Folder::empty(), beside(&files, &format!("{name}.tree/")));
        let dumped = from.vlive(["dump", "-o", &tree]).output();
        assert_eq!(dumped.status, 0, "{}", dumped.stderr);
        assert_eq!(into.vlive(["load", &tree]).output().status, 0);
        assert_eq!(tables(&into), tables(&from), "{name} in a folder");
    }
}

#[test]
fn stored_bytes_that_diorama_refuses_or_ignores_load_unchanged() {
    let (from, into, files) = (copy_of("odd-rows.redb"), Folder::empty(), Folder::empty());
    let dump = beside(&files, "dump");
    assert_eq!(from.vlive(["dump", "--format", "jsonl", "--raw", "-o", &dump]).output().status, 0);
    assert_eq!(into.vlive(["load", &dump]).output().status, 0);
    let (mut found, mut expected) = (tables(&into), tables(&from));
    assert!(found.remove("t") == expected.remove("t"), "rows");
    assert_eq!(found, expected);
}

#[test]
fn put_writes_a_set_whole_and_a_row_beside_the_others() {
    let folder = copy_of("backend.redb");
    let before = tables(&folder);
    // Rows alone are all of the set, fetched and copied at one time.
    let run = folder.vlive(["put", "orders", "--fetched-at", "@1800000000"]).stdin(r#"[{"id": 7, "n": 1.5}]"#).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let stamp = 1_800_000_000_000_000_000_u64;
    let expected = json!({"layout": "diorama", "refreshed_at": stamp, "copied_at": stamp,
        "rows": {"7": {"id": 7, "n": 1.5}}});
    assert_eq!(folder.vlive(["dump", "orders"]).json(), expected);
    // Its bytes are those of diorama: a status, a map, the shortest float.
    assert_eq!(tables(&folder)["orders"]["7"], b"\x00\xa2\x62id\x07\x61n\xf9\x3e\x00");
    // A row leaves what is remembered.
    let run = folder.vlive(["put", "orders/8"]).stdin(r#"{"8": {"id": 8}}"#).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut with_row = expected.clone();
    with_row["rows"]["8"] = json!({"id": 8});
    assert_eq!(folder.vlive(["dump", "orders"]).json(), with_row);
    for other in ["deleted-rows", "emptied\u{1}meta"] {
        assert_eq!(tables(&folder)[other], before[other]);
    }
}

#[test]
fn rows_that_are_not_the_row_of_the_key_are_refused() {
    let folder = copy_of("backend.redb");
    let before = tables(&folder);
    for rows in
        ["{}", r#"{"9": {}}"#, r#"{"8": {}, "9": {}}"#, r#"{"layout": "diorama", "total": 3, "rows": {"9": {}}}"#]
    {
        let run = folder.vlive(["put", "orders/8"]).stdin(rows).output();
        assert_eq!(run.status, 2, "{rows}");
        assert!(run.stderr.contains("is not the row `8` alone"), "{}", run.stderr);
    }
    let part = r#"{"layout": "diorama", "set": "orders", "rows": {"8": {}}}"#;
    let run = folder.vlive(["put", "orders"]).stdin(part).output();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("the input is a row of one"), "{}", run.stderr);
    assert_eq!(tables(&folder), before);
}

#[test]
fn malformed_input_is_refused_with_its_place_and_nothing_is_written() {
    let folder = copy_of("backend.redb");
    let before = tables(&folder);
    for (text, says) in [
        (r#"{"a": {"layout": "live", "rows": {}}}"#, "`layout` must be \"diorama\""),
        (r#"{"a": {"layout": "diorama", "refreshed_at": -1, "rows": {}}}"#, "`refreshed_at` is nanoseconds"),
        (r#"{"a": {"layout": "diorama", "total": 1.5, "rows": {}}}"#, "`total` is a number of rows"),
        (r#"{"a": {"layout": "diorama", "rows": {"x": {}}, "incomplete": ["y"]}}"#, "`incomplete` names `y`"),
        (r#"{"a": {"layout": "diorama", "rows": {"x": {}, "x": {}}}}"#, "the row `x` is repeated"),
        (r#"{"a": {"layout": "diorama", "rows": {"x": 1}}}"#, "a row is an object of field name to value"),
        (r#"{"a": {"layout": "diorama", "rows": [1]}}"#, "`rows` of a set is an object"),
        (r#"{"a": {"layout": "diorama", "fetched_at": 1, "rows": {}}}"#, "`fetched_at` is not a field of a set"),
        (r#"{"a": {"layout": "diorama", "total": 1, "total": 1, "rows": {}}}"#, "`total` is repeated"),
        (r#"{"a": {"layout": "diorama"}}"#, "neither `rows` nor `raw`"),
        (r#"{"a": {"layout": "diorama", "total": 1, "raw": {}}}"#, "are all that a set stores"),
        (r#"{"a": {"layout": "diorama", "raw": {"x": "!"}}}"#, "base64"),
        (r#"{"a": {"layout": "diorama", "set": "b", "total": 1, "rows": {}}}"#, "only a whole set has"),
        (r#"{"a": {"rows": {"x": {}}, "refreshed_at": "now"}}"#, "`refreshed_at` is nanoseconds"),
        (r#"{"a\u0001meta": {"layout": "diorama", "rows": {}}}"#, "is not the name of a set"),
        (r#"{"__vlive__a": {"layout": "diorama", "rows": {}}}"#, "is the name of a table of vantage-live"),
        (r#"{"a": {"layout": "diorama", "rows": {}}, "a": {"total": 1, "rows": {}}}"#, "it is repeated"),
        (r#"{"key": "a", "layout": "diorama", "rows": {}, "key": "b"}"#, "`key` is repeated"),
        (r#"{"layout": "diorama", "rows": {}}"#, "a single entry without its key"),
    ] {
        let run = folder.vlive(["load"]).stdin(text).output();
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{text}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{text}: {}", run.stderr);
        assert!(run.stderr.contains("line 1") || run.stderr.contains("__vlive__"), "{text}: {}", run.stderr);
    }
    assert_eq!(tables(&folder), before);
}

#[test]
fn an_entry_of_the_other_layout_is_refused_or_converted_as_asked() {
    let diorama = copy_of("backend.redb");
    let before = tables(&diorama);
    let live = r#"{"new": {"fetched_at": 1800000000, "rows": {"a": {"n": 1}}}}"#;
    let refused = diorama.vlive(["load"]).stdin(live).output();
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("`new` is an entry of vantage-live") && refused.stderr.contains("--as"),
        "{}",
        refused.stderr
    );
    assert_eq!(tables(&diorama), before);
    assert_eq!(diorama.vlive(["load", "--as", "diorama"]).stdin(live).output().status, 0);
    let stamp = 1_800_000_000_000_000_000_u64;
    let set = json!({"layout": "diorama", "refreshed_at": stamp, "copied_at": stamp, "rows": {"a": {"n": 1}}});
    assert_eq!(diorama.vlive(["dump", "new"]).json(), set);
    // And back, to a cache of vantage-live.
    let cache = Folder::copy_of("bakery");
    let text = json!({"new": set}).to_string();
    assert_eq!(cache.vlive(["load"]).stdin(&text).output().status, 2);
    assert_eq!(cache.vlive(["load", "--as", "live"]).stdin(&text).output().status, 0);
    let expected = json!({"fetched_at": 1_800_000_000, "rows": {"a": {"n": 1}}});
    assert_eq!(cache.vlive(["dump", "new/__root__"]).json(), expected);
    for (lossy, why) in [
        (r#"{"layout": "diorama", "total": 3, "rows": {}}"#, "`total`"),
        (r#"{"layout": "diorama", "rows": {"a": {}}, "incomplete": ["a"]}"#, "incomplete"),
        (r#"{"layout": "diorama", "raw": {}}"#, "stored bytes"),
    ] {
        let run = cache.vlive(["put", "new", "--as", "live"]).stdin(lossy).output();
        assert_eq!(run.status, 2, "{lossy}");
        assert!(run.stderr.contains("would lose data") && run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn rows_alone_become_the_layout_of_the_cache() {
    let (diorama, live) = (copy_of("backend.redb"), Folder::copy_of("bakery"));
    for folder in [&diorama, &live] {
        assert_eq!(folder.vlive(["load"]).stdin(r#"{"new": [{"id": "a"}]}"#).output().status, 0);
    }
    assert_eq!(diorama.vlive(["dump", "new"]).json()["layout"], "diorama");
    assert_eq!(live.vlive(["dump", "new/__root__"]).json()["layout"], Value::Null);
    let fresh = Folder::empty();
    assert_eq!(fresh.vlive(["put", "new"]).stdin("{}").output().status, 0);
    assert_eq!(fresh.vlive(["dump", "new/__root__"]).output().status, 0);
}

#[test]
fn cp_and_mv_take_sets_with_all_their_stored_data() {
    for name in SAMPLES {
        let folder = copy_of(name);
        let before = tables(&folder);
        // Of one a number cannot be read.
        let listed: Value = serde_json::from_str(&folder.vlive(["ls", "--json"]).output().stdout).unwrap();
        for set in listed.as_array().unwrap().iter().filter(|set| set["layout"] == "diorama") {
            let set = set["key"].as_str().unwrap();
            let copied = folder.vlive(["cp", set, "copy"]).output();
            assert_eq!((copied.status, copied.stdout.as_str()), (0, "copy\n"), "{}", copied.stderr);
            let mut expected = before.clone();
            for suffix in ["", "\u{1}meta"] {
                if let Some(table) = before.get(&format!("{set}{suffix}")) {
                    expected.insert(format!("copy{suffix}"), table.clone());
                }
            }
            assert!(tables(&folder) == expected, "{name} {set}");
            let in_the_way = folder.vlive(["mv", set, "copy"]).output();
            assert_eq!(in_the_way.status, 2, "{}", in_the_way.stderr);
            assert_eq!(folder.vlive(["mv", "copy", set, "--replace"]).output().status, 0);
            assert!(tables(&folder) == before, "{name} {set}");
        }
    }
}

#[test]
fn cp_takes_a_readable_name_and_another_cache() {
    let (from, into) = (copy_of("cache.redb"), copy_of("backend.redb"));
    let source = beside(&from, "cache.redb");
    let shown = "clients where team = red";
    let run = into.vlive(["cp", "--from", &source, shown, "clients where team = blue"]).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let blue = RED.replace("6:t3:red", "7:t4:blue").replace("c1:117:", "c1:118:");
    let (from, into) = (tables(&from), tables(&into));
    assert_eq!(into.get(&blue), Some(&from[RED]), "{:?}", into.keys());
    assert_eq!(into.get(&format!("{blue}\u{1}meta")), Some(&from[&format!("{RED}\u{1}meta")]));
}

#[test]
fn moving_a_row_removes_the_times_of_its_old_set() {
    let folder = copy_of("backend.redb");
    let mut expected = tables(&folder);
    let run = folder.vlive(["cp", "orders/1", "orders/3"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "orders/3\n"), "{}", run.stderr);
    let row = expected["orders"]["1"].clone();
    expected.get_mut("orders").unwrap().insert("3".to_owned(), row);
    assert_eq!(tables(&folder), expected);
    let told = "warning: `orders` loses its times, so that the app fetches it again\n";
    let dry = folder.vlive(["mv", "orders/1", "orders/4", "-n"]).output();
    let run = folder.vlive(["mv", "orders/1", "orders/4"]).output();
    for run in [dry, run] {
        assert_eq!(run.status, 0);
        assert!(run.stderr.ends_with(told), "{}", run.stderr);
    }
    let rows = expected.get_mut("orders").unwrap();
    let row = rows.remove("1").unwrap();
    rows.insert("4".to_owned(), row);
    expected.get_mut("orders\u{1}meta").unwrap().retain(|key, _| key == "total");
    assert_eq!(tables(&folder), expected);
    for to in ["orders", "nowhere/1"] {
        let run = folder.vlive(["cp", "orders/3", to]).output();
        assert_eq!(run.status, 2, "{to}: {}", run.stderr);
    }
    assert_eq!(folder.vlive(["cp", "orders", "orders/9"]).output().status, 2);
    assert_eq!(tables(&folder), expected);
}

#[test]
fn data_of_a_set_that_diorama_ignores_is_kept() {
    let folder = copy_of("augmented.redb");
    {
        let database = Database::open(folder.path().join("augmented.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let meta: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("buckets\u{1}meta");
        transaction.open_table(meta).unwrap().insert("etag", &b"W/1"[..]).unwrap();
        transaction.commit().unwrap();
    }
    let etag = |folder: &Folder| tables(folder)["buckets\u{1}meta"].get("etag").cloned();
    let changes: [(&[&str], &str); 4] = [
        (&["edit", "buckets", "--apply", "del(.copied_at)"], ""),
        (&["put", "buckets"], "{}"),
        (&["load"], r#"{"buckets": {"rows": {"a": {}}, "incomplete": ["a"]}}"#),
        (&["load", "--replace"], r#"{"buckets": {}}"#),
    ];
    for (command, input) in changes {
        let run = folder.vlive(command).stdin(input).output();
        assert_eq!(run.status, 0, "{command:?}: {}", run.stderr);
        let expected = (!command.contains(&"--replace")).then(|| b"W/1".to_vec());
        assert_eq!(etag(&folder), expected, "{command:?}");
    }
}

#[test]
fn the_summary_counts_the_stored_bytes_of_rows_that_become_a_set() {
    let folder = copy_of("augmented.redb");
    let bytes = |args: &[&str], input: &str| {
        let run = folder.vlive([args, &["--json"]].concat()).stdin(input).json();
        run["bytes"].as_u64().unwrap()
    };
    assert_eq!(bytes(&["put", "buckets/eu"], r#"{"eu": {"n": 1}}"#), b"\x00\xa1\x61n\x01".len() as u64);
    assert_eq!(bytes(&["put", "buckets"], r#"{"eu": {"n": 1}, "us": {}}"#), 5 + 2);
    assert_eq!(bytes(&["load"], r#"{"buckets": {"eu": {}}, "others": {"us": {}}}"#), 2 + 2);
}

/// What a dry run of an edit shows.
const DRY: &str = "~ buckets\n  ~ us\n    ~ size: \"5kb\" -> \"6kb\"\n";

#[test]
fn edit_changes_a_set_and_a_row_and_leaves_the_rest() {
    let folder = copy_of("augmented.redb");
    let before = tables(&folder);
    // Where the text that is refused is kept.
    let drafts = Folder::empty();
    let edit = |args: &[&str], editor: &str| {
        let run = folder.vlive([&["edit"], args].concat()).env("TMPDIR", drafts.path().to_str().unwrap());
        run.env("EDITOR", editor).env("VISUAL", editor).output()
    };
    let same = edit(&["buckets"], "true");
    assert_eq!(same.status, 0, "{}", same.stderr);
    assert!(same.stderr.contains("nothing was changed"), "{}", same.stderr);
    let row = edit(&["buckets/eu"], "sed -i s/7kb/8kb/");
    assert_eq!((row.status, row.stdout.as_str()), (0, "buckets/eu\n"), "{}", row.stderr);
    let mut expected = before.clone();
    let value = expected.get_mut("buckets").unwrap().get_mut("eu").unwrap();
    let at = value.windows(3).position(|bytes| bytes == b"7kb").unwrap();
    value[at] = b'8';
    assert_eq!(tables(&folder), expected, "the row alone, still incomplete");
    let whole = edit(&["buckets"], "sed -i s/4kb/5kb/");
    assert_eq!(whole.status, 0, "{}", whole.stderr);
    assert_eq!(folder.vlive(["dump", "buckets"]).json()["rows"]["us"]["size"], "5kb");
    assert_eq!(tables(&folder)["buckets\u{1}meta"], before["buckets\u{1}meta"]);
    let dry = edit(&["buckets", "-n"], "sed -i s/5kb/6kb/");
    assert_eq!((dry.status, dry.stdout.as_str()), (0, DRY), "{}", dry.stderr);
    let row = edit(&["buckets/us", "-n"], "sed -i s/5kb/6kb/");
    assert_eq!((row.status, row.stdout), (0, DRY.replace("buckets", "buckets/us")), "{}", row.stderr);
    let filter = ".refreshed_at = 1770000000000000000 | .rows.us.size = \"6kb\"";
    let apply = folder.vlive(["edit", "buckets", "-n", "--apply", filter]).output();
    assert_eq!(apply.status, 0, "{}", apply.stderr);
    let lines: Vec<_> = apply.stdout.lines().collect();
    assert!(lines[1].starts_with("  ~ refreshed_at ") && lines[1].contains(" -> 2026-02-02T02:40:00"), "{lines:?}");
    assert_eq!([&lines[..1], &lines[2..]].concat(), DRY.lines().collect::<Vec<_>>());
    let wrong = edit(&["buckets"], "sed -i s/rows/rose/");
    assert_eq!(wrong.status, 2, "{}", wrong.stderr);
    assert_eq!(folder.vlive(["dump", "buckets"]).json()["rows"]["us"]["size"], "5kb");
}

#[test]
fn a_filter_edits_sets_and_rows_in_one_transaction() {
    let folder = copy_of("cache.redb");
    let before = tables(&folder);
    let run = folder.vlive(["edit", "clients", "--apply", ".rows[].seen = true"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "clients\n"), "{}", run.stderr);
    let rows = &folder.vlive(["dump", "clients"]).json()["rows"];
    assert_eq!((&rows["c1"]["seen"], &rows["c2"]["seen"]), (&json!(true), &json!(true)));
    let after = tables(&folder);
    for (name, table) in before.iter().filter(|(name, _)| *name != "clients") {
        assert_eq!(&after[name], table, "{name}");
    }
    let odd = copy_of("odd-rows.redb");
    let before = tables(&odd);
    let run = odd.vlive(["edit", "t", "--apply", ".total = 5"]).output();
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(tables(&odd) == before, "what cannot be read would be lost");
}

#[test]
fn a_backup_restores_what_each_command_replaced_or_removed() {
    let files = Folder::empty();
    let commands: &[(&str, &[&str], Option<&str>)] = &[
        ("cache.redb", &["invalidate", "clients", "--narrowed"], None),
        ("cache.redb", &["invalidate", "clients/c1", "clients/c2", RED], None),
        ("backend.redb", &["invalidate", "orders/2"], None),
        ("backend.redb", &["invalidate", "--all"], None),
        ("backend.redb", &["touch", "orders", "emptied", "--fetched-at", "@1800000000"], None),
        ("backend.redb", &["put", "orders"], Some("{}")),
        ("backend.redb", &["put", "orders/1"], Some(r#"{"1": {}}"#)),
        ("backend.redb", &["load", "--clear"], Some(r#"{"orders": {}, "emptied": {}, "deleted-rows": {}}"#)),
        ("augmented.redb", &["edit", "buckets", "--apply", ".rows |= map_values(.size = 1)"], None),
        ("augmented.redb", &["edit", "buckets/eu", "--apply", ".rows.eu.size = 1"], None),
        ("augmented.redb", &["put", "buckets"], Some(r#"{"us": {}, "eu": {}}"#)),
        ("backend.redb", &["cp", "--replace", "orders", "emptied"], None),
        ("backend.redb", &["cp", "--replace", "orders/1", "orders/2"], None),
        ("odd-rows.redb", &["put", "t"], Some("{}")),
        ("odd-rows.redb", &["invalidate", "t"], None),
    ];
    for (n, (sample, command, input)) in commands.iter().enumerate() {
        let folder = copy_of(sample);
        let before = tables(&folder);
        let backup = beside(&files, &format!("{n}.jsonl"));
        let run = folder.vlive([command, &["--backup", &backup][..]].concat());
        let run = match input {
            Some(input) => run.stdin(input).output(),
            None => run.output(),
        };
        assert_eq!(run.status, 0, "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("load {backup}` restores ")), "{command:?}: {}", run.stderr);
        assert!(tables(&folder) != before, "{command:?}");
        // What was added stays; what was there is there again.
        let loaded = folder.vlive(["load", &backup]).output();
        assert_eq!(loaded.status, 0, "{command:?}: {}", loaded.stderr);
        let mut after = tables(&folder);
        after.retain(|name, _| before.contains_key(name));
        for (name, rows) in &mut after {
            rows.retain(|id, _| before[name].contains_key(id) || name.contains('\u{1}'));
        }
        assert!(after == before, "{command:?}");
    }
}

#[test]
fn a_backup_of_a_moved_set_or_row_has_the_replaced_data() {
    let files = Folder::empty();
    for (n, (from, to)) in [("orders", "others"), ("orders", "emptied"), ("orders/1", "orders/2")].iter().enumerate() {
        let folder = copy_of("backend.redb");
        let before = tables(&folder);
        let backup = beside(&files, &format!("{n}.jsonl"));
        let run = folder.vlive(["mv", "--replace", from, to, "--backup", &backup]).output();
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(folder.vlive(["load", &backup]).output().status, 0);
        let mut after = tables(&folder);
        after.retain(|name, _| before.contains_key(name));
        assert_eq!(after, before, "{from} {to}");
    }
}

#[test]
fn a_dry_run_names_what_a_change_would_do_and_writes_nothing() {
    let folder = copy_of("backend.redb");
    let before = fs::read(folder.path().join("backend.redb")).unwrap();
    let load = folder.vlive(["load", "-n"]).stdin(r#"{"orders": {"a": {}}, "new": {"a": {}}}"#).output();
    assert_eq!((load.status, load.stdout.as_str()), (0, "+ new\n~ orders\n"), "{}", load.stderr);
    let put = folder.vlive(["put", "orders/1", "-n"]).stdin(r#"{"1": {}}"#).output();
    assert!(put.stderr.contains("would replace orders/1: 1 row"), "{}", put.stderr);
    let cp = folder.vlive(["cp", "orders", "new", "-n"]).output();
    assert_eq!((cp.status, cp.stdout.as_str()), (0, "+ new\n"), "{}", cp.stderr);
    assert_eq!(fs::read(folder.path().join("backend.redb")).unwrap(), before);
}

#[test]
fn names_of_sets_are_read_from_a_file_of_keys() {
    let folder = copy_of("cache.redb");
    let keys = folder.vlive(["ages", "--keys"]).output().stdout;
    assert_eq!(keys.lines().count(), 5);
    let dumped = folder.vlive(["dump", "--keys-from", "-"]).stdin(&keys).json();
    assert_eq!(dumped, folder.vlive(["dump"]).json());
    let run = folder.vlive(["invalidate", "--keys-from", "-"]).stdin("clients\nclients#session 7/c1\n").output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "clients\nclients#session 7/c1\n"), "{}", run.stderr);
}

#[test]
fn tables_of_other_programs_are_unchanged() {
    let folder = Folder::empty();
    let path = folder.path().join("mixed.redb");
    {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let numbers: TableDefinition<'_, u64, u64> = TableDefinition::new("numbers");
        transaction.open_table(numbers).unwrap().insert(1, 2).unwrap();
        transaction.commit().unwrap();
    }
    for text in [
        r#"{"numbers": {"layout": "diorama", "rows": {}}}"#,
        r#"{"numbers": {"layout": "diorama", "total": 1, "rows": {}}}"#,
    ] {
        let run = folder.vlive(["load"]).stdin(text).output();
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("not a table of diorama's cache"), "{}", run.stderr);
    }
    assert_eq!(
        folder.vlive(["load", "--clear"]).stdin(r#"{"a": {"layout": "diorama", "rows": {"x": {}}}}"#).output().status,
        0
    );
    let database = Database::open(&path).unwrap();
    let numbers: TableDefinition<'_, u64, u64> = TableDefinition::new("numbers");
    let table = database.begin_read().unwrap().open_table(numbers).unwrap();
    assert_eq!(table.first().unwrap().map(|(key, value)| (key.value(), value.value())), Some((1, 2)));
}
