//! What could make an app show too little of a set: rows that are gone while the times of their set say that all are
//! there, and sets that vlive would write and not find again.

use crate::diorama::{copy_of, tables};
use crate::support::{Folder, NOW};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use redb::{Database, TableDefinition};
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
fn a_set_with_an_empty_name_is_refused_and_the_cache_is_unchanged() {
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
fn a_set_that_lost_rows_is_salvaged_without_its_times_so_that_the_app_fetches_it() {
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
fn removing_rows_in_an_editor_removes_the_times_of_the_set() {
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

/// Loads a dump into a new cache, and returns what that holds.
fn loaded(dump: &str, args: &[&str]) -> (String, Folder) {
    let into = Folder::empty();
    let run = into.vlive([&["load"], args].concat()).stdin(dump).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    (run.stderr, into)
}

#[test]
fn a_dump_that_leaves_rows_out_loads_as_a_set_that_the_app_fetches_again() {
    let damaged = with_damaged_rows("backend.redb", "orders");
    let (odd, whole) = (copy_of("odd-rows.redb"), copy_of("backend.redb"));
    for (folder, args, status, set) in [
        (&damaged, &["orders"][..], 3, "orders"),
        (&damaged, &["orders", "--format", "jsonl"], 3, "orders"),
        (&damaged, &["orders", "--format", "jsonl", "--raw"], 3, "orders"),
        (&damaged, &[], 3, "orders"),
        (&odd, &["t"], 3, "t"),
        (&whole, &["orders", "--where", ".total"], 0, "orders"),
    ] {
        let run = folder.vlive([&["dump"], args].concat()).output();
        assert_eq!(run.status, status, "{args:?} {}", run.stderr);
        // What was read is said, and that it is not all.
        assert!(run.stdout.contains(r#","partial":true"#), "{args:?} {}", run.stdout);
        let is_alone = !args.is_empty() && !args.contains(&"--format");
        let dump = if is_alone { format!("{{{}: {}}}", json!(set), run.stdout) } else { run.stdout };
        let (stderr, into) = loaded(&dump, &[]);
        assert!(stderr.contains(&format!("`{set}` was dumped without some of its rows")), "{args:?} {stderr}");
        let tables = tables(&into);
        let meta = keys(tables.get(&format!("{set}\u{1}meta")));
        assert!(!meta.contains(&"refreshed_at") && !meta.contains(&"copied_at"), "{args:?} {meta:?}");
        assert_eq!(meta.contains(&"total"), set == "orders", "{args:?}");
    }
    // Whoever gives it a time means that.
    let dump = whole.vlive(["dump", "--where", ".id == \"o1\" or true", "--format", "jsonl"]).output().stdout;
    assert!(!dump.contains("partial"), "{dump}");
    let dump = odd.vlive(["dump", "t", "--format", "jsonl"]).output().stdout;
    let (_, into) = loaded(&dump, &["--fetched-at", "@5"]);
    assert_eq!(into.vlive(["ages", "--json"]).json()[0]["fetched_at"], 5);
    // vantage-live cannot mark it.
    let run = Folder::empty().vlive(["load", "--as", "live"]).stdin(&*dump).output();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("left out when it was dumped"), "{}", run.stderr);
}

#[test]
fn stored_bytes_are_shown_with_those_of_the_metadata() {
    let folder = copy_of("backend.redb");
    let shown = |args: &[&str]| folder.vlive([&["dump", "--format", "diag"], args].concat()).output().stdout;
    assert_eq!(shown(&["emptied", "--compact"]).trim_end(), r#"{_ "meta": {_ "total": h'0300000000000000'}}"#);
    assert_eq!(
        shown(&["emptied", "--pretty"]).trim_end(),
        "{_\n  \"meta\": {_\n    \"total\": h'0300000000000000'\n  }\n}"
    );
    let all = shown(&["--compact"]);
    assert!(all.contains(r#""deleted-rows": {_ "raw": {_ }}"#), "{all}");
    assert!(all.contains(r#""orders": {_ "meta": {_ "copied_at": h'00ca0b809f4d9018', "refreshed_at": h'"#), "{all}");
    assert!(all.contains(r#", "raw": {_ ""#), "{all}");
    // As CBOR the same maps, which hold the bytes of both tables.
    let cbor = folder.dump(&["--format", "cbor"]);
    let ciborium::Value::Map(sets) = ciborium::from_reader(&*cbor).unwrap() else { panic!() };
    let tables = tables(&folder);
    assert_eq!(sets.len(), 3);
    for (name, parts) in sets {
        let (name, parts) = (name.into_text().unwrap(), parts.into_map().unwrap());
        for (part, pairs) in parts {
            let table = if part.as_text() == Some("raw") { name.clone() } else { format!("{name}\u{1}meta") };
            let pairs = pairs.into_map().unwrap().into_iter();
            let pairs: BTreeMap<_, _> =
                pairs.map(|(key, value)| (key.into_text().unwrap(), value.into_bytes().unwrap())).collect();
            assert_eq!(pairs, tables[&table], "{table:?}");
        }
    }
    // A row stands alone.
    let row = folder.dump(&["orders/1", "--format", "cbor"]);
    let ciborium::Value::Map(parts) = ciborium::from_reader(&*row).unwrap() else { panic!() };
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].0.as_text(), Some("raw"));
}

/// Rows as `dump --format jsonl --raw` has them.
fn raw_set(key: &str, rows: &[(String, &[u8])]) -> String {
    let rows: serde_json::Map<String, Value> =
        rows.iter().map(|(id, value)| (id.clone(), BASE64.encode(value).into())).collect();
    json!({"key": key, "layout": "diorama", "raw": rows}).to_string()
}

#[test]
fn a_set_without_metadata_is_recognized_even_if_its_first_rows_are_refused() {
    let whole = b"\x00\xa1\x61a\x01";
    // A field name that is a number, a truncated map, one that is not UTF-8.
    for refused in [&b"\x00\xa1\x01\x02"[..], b"\x01\xa2\x61a\x01", b"\x00\xa1\x61\xff\x01"] {
        for count in [1, 20] {
            let mut rows: Vec<_> = (0..count).map(|n| (format!("{n:03}"), refused)).collect();
            if count > 1 {
                rows.push(("100".to_owned(), whole));
            }
            let fixture = raw_set("pre", &rows) + "\n" + &raw_set("ok", &[("a".to_owned(), whole)]);
            let (_, folder) = loaded(&fixture, &[]);
            let listed = folder.vlive(["ls", "--json"]).json();
            assert_eq!((&listed[1]["key"], &listed[1]["rows"]), (&json!("pre"), &json!(rows.len())));
            // What costs the app most comes first.
            let check = folder.vlive(["check"]).output();
            assert_eq!(check.status, 1, "{}", check.stdout);
            let first = check.stdout.lines().position(|line| line.starts_with("unlistable by diorama")).unwrap();
            assert!(check.stdout.lines().nth(first + 1).unwrap().contains("pre"), "{}", check.stdout);
            assert!(check.stdout.ends_with("not sound\n"), "{}", check.stdout);
            let dump = folder.vlive(["dump", "pre"]).output();
            assert_eq!(dump.status, 3, "{}", dump.stderr);
            assert!(dump.stderr.contains("of `pre` cannot be read by diorama"), "{}", dump.stderr);
            let gone = folder.vlive(["invalidate", "pre", "--json"]).json();
            assert_eq!(gone["entries"], 1);
            assert_eq!(folder.vlive(["ls", "--json"]).json().as_array().unwrap().len(), 1);
        }
    }
}

#[test]
fn stored_bytes_that_could_not_be_recognized_as_a_set_are_refused() {
    for value in [&b""[..], b"\x00", b"\x80", b"text", b"\x83\x64name\xf6\x01", b"\xa1\x01\x02"] {
        let fixture = raw_set("t", &[("a".to_owned(), value)]);
        let folder = Folder::empty();
        for dry_run in [&[][..], &["--dry-run"]] {
            let run = folder.vlive([&["load"], dry_run].concat()).stdin(&*fixture).output();
            assert_eq!(run.status, 2, "{value:x?} {}", run.stderr);
            assert!(run.stderr.contains("are not rows of diorama"), "{}", run.stderr);
        }
        assert_eq!(folder.files(), [""; 0]);
        // Where something is remembered of it nobody doubts what it is.
        let mut with_meta: Value = serde_json::from_str(&fixture).unwrap();
        with_meta["meta"] = json!({"total": BASE64.encode(1_u64.to_le_bytes())});
        let (_, folder) = loaded(&with_meta.to_string(), &[]);
        assert_eq!(folder.vlive(["ls", "--json"]).json()[0]["rows"], 1);
        assert_eq!(folder.vlive(["check"]).output().status, 1);
    }
}

#[test]
fn tables_of_other_programs_are_not_sets() {
    let samples: [&[&[u8]]; 5] = [
        &[b"\x01\xa1\xff", b"hello"],
        &[b"\xa1\x01\x02"],
        &[b"\xb0\xc3\x11"],
        &[b""],
        &[b"\x83\x64name\xf6\x01", b"\x83\x65other\x61v\x02"],
    ];
    for values in samples {
        let folder = Folder::empty();
        {
            let database = Database::create(folder.file()).unwrap();
            let transaction = database.begin_write().unwrap();
            {
                let definition: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notes");
                let mut table = transaction.open_table(definition).unwrap();
                for (n, value) in values.iter().enumerate() {
                    table.insert(format!("{n}").as_str(), *value).unwrap();
                }
            }
            transaction.commit().unwrap();
        }
        let listed = folder.vlive(["ls", "--json"]).output();
        assert_eq!(listed.stdout.trim(), "[]", "{values:x?}");
        assert!(listed.stderr.contains("the file holds 1 table of"), "{}", listed.stderr);
        assert_eq!(folder.vlive(["invalidate", "--all"]).output().status, 0);
        assert_eq!(tables(&folder)["notes"].len(), values.len());
    }
}

/// A cache with one set of one row, of which these bytes are remembered.
fn with_meta(pairs: &[(&str, &[u8])]) -> Folder {
    let meta: serde_json::Map<String, Value> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), BASE64.encode(value).into())).collect();
    let raw = json!({"a": BASE64.encode(b"\x00\xa1\x61a\x01")});
    loaded(&json!({"key": "m", "layout": "diorama", "meta": meta, "raw": raw}).to_string(), &[]).1
}

fn nanoseconds(seconds: u64) -> [u8; 8] {
    (seconds * 1_000_000_000).to_le_bytes()
}

#[test]
fn unreadable_metadata_are_named_by_every_command_that_shows_them() {
    for (key, value) in [("total", &b"123"[..]), ("refreshed_at", b"123456789"), ("copied_at", b"")] {
        let folder = with_meta(&[(key, value)]);
        for args in [&["dump"][..], &["dump", "m"], &["dump", "--format", "rows"], &["ls"], &["ages"], &["show"]] {
            let run = folder.vlive(args).output();
            assert_eq!(run.status, 3, "{key} {args:?} {}", run.stderr);
            assert!(run.stderr.contains(&format!("`m` cannot be read: `{key}` has")), "{args:?} {}", run.stderr);
            assert!(!run.stdout.is_empty(), "{args:?}");
        }
        let listed: Value = serde_json::from_str(&folder.vlive(["ls", "--json"]).output().stdout).unwrap();
        assert_eq!(listed[0]["unreadable"], 1);
        // Stored bytes are whole, and so is a row.
        for args in [&["dump", "--format", "jsonl", "--raw"][..], &["dump", "--format", "diag"], &["dump", "m/a"]] {
            let run = folder.vlive(args).output();
            assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{key} {args:?}");
        }
        let edit = folder.vlive(["edit", "m", "--apply", ".rows.a.b = 1"]).output();
        assert_eq!(edit.status, 3, "{}", edit.stderr);
        assert!(edit.stderr.contains(&format!("`{key}` has")), "{}", edit.stderr);
    }
}

#[test]
fn the_advice_of_check_repairs_malformed_numbers() {
    let folder = with_meta(&[("copied_at", b"1"), ("refreshed_at", b"12")]);
    let check = folder.vlive(["check"]).output();
    assert!(check.stderr.contains("touch these sets"), "{}", check.stderr);
    assert_eq!(folder.vlive(["touch", "--all"]).output().status, 0);
    let check = folder.vlive(["check"]).output();
    assert_eq!((check.status, check.stderr.as_str()), (0, ""), "{}", check.stdout);
    // No time of a touch says how many rows the source has.
    let folder = with_meta(&[("copied_at", b"1"), ("total", b"12")]);
    let check = folder.vlive(["check"]).output();
    assert!(check.stderr.contains("invalidate those with a malformed `total`"), "{}", check.stderr);
    assert_eq!(folder.vlive(["touch", "--all"]).output().status, 0);
    let check = folder.vlive(["check"]).output();
    assert!(check.stderr.contains("invalidate these sets"), "{}", check.stderr);
    assert!(!check.stderr.contains("touch"), "{}", check.stderr);
}

#[test]
fn a_set_dated_in_the_future_is_not_sound() {
    for key in ["refreshed_at", "copied_at"] {
        let folder = with_meta(&[(key, &nanoseconds(NOW + 1))]);
        let check = folder.vlive(["check"]).output();
        assert_eq!(check.status, 1, "{}", check.stdout);
        assert!(check.stdout.contains(&format!("m: `{key}` is in the future")), "{}", check.stdout);
        assert_eq!(folder.vlive(["touch", "m"]).output().status, 0);
        assert_eq!(folder.vlive(["check"]).output().status, 0);
    }
    let folder = with_meta(&[("refreshed_at", &nanoseconds(NOW))]);
    assert_eq!(folder.vlive(["check"]).output().status, 0);
    let folder = with_meta(&[("refreshed_at", &nanoseconds(NOW + 1))]);
    assert_eq!(folder.vlive(["check", "--json"]).output().status, 1);
}

#[test]
fn a_dry_run_of_touch_refuses_a_time_that_diorama_cannot_keep() {
    let folder = copy_of("cache.redb");
    folder.untouched(|| {
        for dry_run in [&[][..], &["--dry-run"]] {
            let args = [&["touch", "clients", "--fetched-at", "18446744074"], dry_run].concat();
            let run = folder.vlive(args).output();
            assert_eq!(run.status, 2, "{}", run.stderr);
            assert!(run.stderr.contains("diorama's times end in 2554"), "{}", run.stderr);
        }
    });
}

#[test]
fn a_row_that_is_loaded_into_an_emptied_set_is_new_and_the_set_is_removed() {
    let row = |id: &str| {
        json!({"key": format!("clients/{id}"), "layout": "diorama", "set": "clients", "rows": {id: {"id": id}}})
            .to_string()
    };
    let rows = row("n") + "\n" + &row("c1");
    for dry_run in [true, false] {
        let folder = copy_of("cache.redb");
        let args =
            |option: &'static str| if dry_run { vec!["load", option, "--dry-run"] } else { vec!["load", option] };
        let run = folder.vlive(args("--replace")).stdin(&*rows).output();
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains("2 added, 0 replaced, 1 removed"), "{}", run.stderr);
        if dry_run {
            assert_eq!(run.stdout, "+ clients/c1\n+ clients/n\n- clients\n");
        } else {
            let after = tables(&folder);
            assert_eq!(keys(after.get("clients")), ["c1", "n"]);
            assert_eq!(after.get("clients\u{1}meta"), None);
        }
        let folder = copy_of("cache.redb");
        let run = folder.vlive(args("--clear")).stdin(&*rows).output();
        assert!(run.stderr.contains("2 added, 0 replaced, 5 removed"), "{}", run.stderr);
        if !dry_run {
            assert_eq!(tables(&folder).keys().collect::<Vec<_>>(), ["clients"]);
        }
        // Beside the other rows it is new or not.
        let folder = copy_of("cache.redb");
        let run = folder.vlive(if dry_run { vec!["load", "-n"] } else { vec!["load"] }).stdin(&*rows).output();
        assert!(run.stderr.contains("1 added, 1 replaced, 0 removed"), "{}", run.stderr);
    }
    // A backup of it brings back the set as it was.
    let (folder, files) = (copy_of("cache.redb"), Folder::empty());
    let backup = beside(&files, "backup.jsonl");
    let run = folder.vlive(["load", "--replace", "--backup", &backup]).stdin(&*rows).output();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(folder.vlive(["load", &backup]).output().status, 0);
    assert_eq!(tables(&folder), tables(&copy_of("cache.redb")));
}

#[test]
fn times_and_totals_of_a_row_are_refused() {
    let of_other = r#"{"layout": "diorama", "set": "other", "rows": {"us": {}}}"#;
    let folder = copy_of("augmented.redb");
    folder.untouched(|| {
        for (args, input, told) in [
            (&["put", "buckets/us", "--age", "1d"][..], r#"{"us": {}}"#, "only its set `buckets` has times"),
            (&["put", "buckets/us", "--as", "diorama", "--age", "1d"], r#"{"us": {}}"#, "only its set"),
            (&["put", "buckets/us"], r#"{"layout": "diorama", "refreshed_at": 5, "rows": {"us": {}}}"#, "only its set"),
            (&["put", "buckets/us"], r#"{"layout": "diorama", "total": 5, "rows": {"us": {}}}"#, "only its set"),
            (&["put", "buckets/us"], of_other, "is not a row of `other`"),
            (&["edit", "buckets/us", "--apply", ".set = \"other\""], "", "is not a row of `other`"),
            (
                &["load"],
                r#"{"key": "a/b", "layout": "diorama", "set": "z", "rows": {"b": {}}}"#,
                "`a/b` is not a row of `z`",
            ),
            (
                &["load"],
                r#"{"key": "a/b", "layout": "diorama", "set": "a", "rows": {"c": {}}}"#,
                "the input is not the row `b` alone",
            ),
        ] {
            let run = folder.vlive(args).stdin(input).output();
            assert_eq!(run.status, 2, "{args:?} {}", run.stderr);
            assert!(run.stderr.contains(told), "{args:?} {}", run.stderr);
        }
    });
    // Without a time a row is written, as it is dumped.
    let row = folder.vlive(["dump", "buckets/us"]).output().stdout;
    for input in [&*row, r#"{"us": {}}"#] {
        assert_eq!(folder.vlive(["put", "buckets/us"]).stdin(input).output().status, 0);
    }
    assert_eq!(folder.vlive(["put", "buckets/us", "--as", "diorama"]).stdin(r#"{"us": {}}"#).output().status, 0);
}

#[test]
fn a_set_without_a_time_is_neither_older_nor_newer() {
    let folder = copy_of("backend.redb");
    for (bound, found) in [("--older-than", 1), ("--newer-than", 0)] {
        let run = folder.vlive(["ages", bound, "1h", "--json"]).output();
        assert_eq!(run.status, i32::from(found == 0), "{}", run.stderr);
        let listed: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), found, "{bound} {listed}");
        assert!(run.stderr.contains("2 selected entries have no time and are left out"), "{}", run.stderr);
    }
    let run = folder.vlive(["ages", "--newer-than", "1h"]).output();
    assert!(run.stderr.contains("error: none is of that age: the 1 entry that is selected is older"), "{}", run.stderr);
    let run = folder.vlive(["ages", "emptied", "--newer-than", "1h"]).output();
    assert!(run.stderr.ends_with("error: none is of that age\n"), "{}", run.stderr);
    // Of both of these a row was added.
    let at = folder.path().join("backend.redb");
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::copy(&at, folder.path().join("old/backend.redb")).unwrap();
    for row in ["emptied/x", "orders/x"] {
        assert_eq!(folder.vlive(["put", row]).stdin(r#"{"x": {"a": 1}}"#).output().status, 0);
    }
    for (bound, differing, watched) in
        [("--older-than", "~ orders\n  + x: {\"a\":1}\n", &["orders"][..]), ("--newer-than", "", &[])]
    {
        let run = folder.vlive(["diff", "old", "backend.redb", bound, "1h"]).output();
        assert_eq!(run.stdout, differing);
        assert!(run.stderr.contains("2 selected entries have no time and are left out"), "{}", run.stderr);
        let run = folder.vlive(["watch", "--initial", "--for", "0s", "--format", "jsonl", bound, "1h"]).output();
        let told = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].clone());
        assert_eq!(told.collect::<Vec<_>>(), *watched, "{bound}");
    }
    for unreadable in [&[][..], &["--unreadable"]] {
        let folder = copy_of("backend.redb");
        let run = folder.vlive([&["invalidate", "--all", "--older-than", "1h"], unreadable].concat()).output();
        assert_eq!((run.status, run.stdout.as_str()), (0, "orders\n"), "{}", run.stderr);
        assert!(!run.stderr.contains("cannot be read"), "{}", run.stderr);
    }
    // A time that is there and cannot be read is another matter.
    let folder = with_meta(&[("refreshed_at", b"1")]);
    let kept = folder.vlive(["invalidate", "--all", "--older-than", "1h"]).output();
    assert!(kept.stderr.contains("1 selected entry has a time that cannot be read, and is kept"), "{}", kept.stderr);
    let gone = folder.vlive(["invalidate", "--all", "--older-than", "1h", "--unreadable"]).output();
    assert_eq!(gone.stdout, "m\n");
}
