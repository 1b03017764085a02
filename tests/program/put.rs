use crate::support::{Folder, NOW};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const APPLE: &str = r#"{"a":{"id":"a","price":12}}"#;

/// What is in the cache after `put ARGS` of `input` into an empty folder.
#[track_caller]
fn put(args: &[&str], input: &str) -> String {
    let folder = Folder::empty();
    folder.vlive([&["put", "-q", "k/1"], args].concat()).stdin(input).ends(0, "", "");
    folder.vlive(["dump", "k/1"]).output().stdout
}

fn dumped(fetched_at: u64, rows: &str) -> String {
    format!("{{\"fetched_at\":{fetched_at},\"rows\":{rows}}}\n")
}

#[test]
fn an_envelope_a_map_and_an_array_say_the_same() {
    for (input, fetched_at) in [
        (&format!(r#"{{"rows":{APPLE}}}"#), NOW),
        (&format!(r#"{{"rows":{APPLE},"fetched_at":7}}"#), 7),
        (&format!(r#"{{"fetched_at":7,"rows":{APPLE}}}"#), 7),
        (&APPLE.to_owned(), NOW),
        (&r#"[{"id":"a","price":12}]"#.to_owned(), NOW),
        (&"\n [ {\"id\" : \"a\", \"price\":12\r\n}\t] ".to_owned(), NOW),
    ] {
        assert_eq!(put(&[], input), dumped(fetched_at, APPLE), "{input}");
    }
}

#[test]
fn no_rows_are_rows_too() {
    for input in ["{}", "[]", r#"{"rows":{}}"#] {
        assert_eq!(put(&[], input), dumped(NOW, "{}"), "{input}");
    }
}

#[test]
fn an_envelope_holds_only_rows_and_time() {
    for rows in [r#"{"rows":{},"a":{}}"#, r#"{"fetched_at":{"x":1}}"#, r#"{"rows":{},"fetched_at":{},"a":{}}"#] {
        assert_eq!(put(&[], rows), dumped(NOW, rows), "rows that have these ids");
    }
}

#[test]
fn the_id_of_a_row_in_an_array_is_text_or_a_whole_number_and_stays_in_the_row() {
    for (args, input, rows) in [
        (&[][..], r#"[{"id":7},{"n":1,"id":"b"}]"#, r#"{"7":{"id":7},"b":{"n":1,"id":"b"}}"#),
        (
            &[],
            r#"[{"id":-1},{"id":18446744073709551615}]"#,
            r#"{"-1":{"id":-1},"18446744073709551615":{"id":18446744073709551615}}"#,
        ),
        (&["--id-field", "sku"], r#"[{"sku":"x","id":1}]"#, r#"{"x":{"sku":"x","id":1}}"#),
        (&["--id-field=_id"], r#"[{"_id":""}]"#, r#"{"":{"_id":""}}"#),
    ] {
        assert_eq!(put(args, input), dumped(NOW, rows), "{input}");
    }
}

#[test]
fn an_entry_is_dated_by_the_options_then_the_envelope_then_the_environment_then_the_clock() {
    let (dated, undated) = (r#"{"fetched_at":5,"rows":{}}"#, r#"{"rows":{}}"#);
    let epoch = Some("6");
    for (args, input, epoch, fetched_at) in [
        (&["--fetched-at", "@7"][..], dated, epoch, 7),
        (&["--fetched-at", "2026-02-02T02:40:00Z"], dated, epoch, 1_770_000_000),
        (&["--fetched-at", "2026-02-02T03:40:00+01:00"], undated, None, 1_770_000_000),
        (&["--age", "2h 46m 40s"], dated, epoch, 1_770_000_000),
        (&["--age", "0s"], undated, epoch, NOW),
        // Longer ago than 1970 is 1970.
        (&["--age", "1000y"], undated, None, 0),
        (&[], dated, epoch, 5),
        (&[], undated, epoch, 6),
        (&[], undated, Some(""), NOW),
        (&[], undated, None, NOW),
    ] {
        let folder = Folder::empty();
        let epoch: Vec<_> = epoch.iter().map(|epoch| ("SOURCE_DATE_EPOCH", *epoch)).collect();
        folder.vlive([&["put", "-q", "k/1"], args].concat()).envs(&epoch).stdin(input).ends(0, "", "");
        folder.vlive(["dump", "k/1"]).ends(0, &dumped(fetched_at, "{}"), "");
    }
}

#[test]
fn without_any_time_an_entry_is_dated_now() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let folder = Folder::empty();
    let before = now();
    folder.vlive(["put", "-q", "k/1"]).env_remove("VLIVE_NOW").stdin("{}").ends(0, "", "");
    let (fetched_at, _) = folder.entries()[0].head();
    assert!((before..=now()).contains(&fetched_at));
}

#[test]
fn input_comes_from_a_file_or_from_standard_input() {
    let folder = Folder::empty();
    fs::write(folder.path().join("rows.json"), APPLE).unwrap();
    let summary = "put k/1: 1 row, 38 B\n";
    folder.vlive(["put", "k/1", "rows.json"]).stdin("not this").ends(0, "", summary);
    folder.vlive(["invalidate", "k"]).output();
    folder.vlive(["put", "k/1", "-"]).stdin(APPLE).ends(0, "", summary);
    folder.vlive(["invalidate", "k"]).output();
    folder.vlive(["put", "k/1"]).stdin(APPLE).ends(0, "", summary);
}

#[test]
fn json_in_the_place_of_the_file_is_answered_with_a_command_that_works() {
    let folder = Folder::empty();
    let error = "error: cannot read `{\"a\": {\"name\": \"Ben's\"}}`: No such file or directory (os error 2)\n";
    let command = r#"printf %s '{"a": {"name": "Ben'\''s"}}' | vlive -C app put 'pies/1 2'"#;
    let hint = format!("hint: JSON is read from a file or from standard input: `{command}`\n");
    let args = ["-C", "app", "put", "pies/1 2", r#"{"a": {"name": "Ben's"}}"#];
    folder.vlive(args).ends(2, "", &format!("{error}{hint}"));
    #[cfg(unix)]
    {
        let program = snapbox::cmd::cargo_bin!("vlive").display().to_string();
        let script = command.replace("vlive", &format!("'{program}'"));
        let put = std::process::Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output();
        assert!(put.unwrap().status.success());
        let dumped = folder.vlive(["-C", "app", "dump", "pies/1 2"]).json();
        assert_eq!(dumped["rows"]["a"]["name"], "Ben's");
    }
    let missing = folder.vlive(["put", "pies/1", "nope.json"]).output();
    assert!(missing.status == 2 && !missing.stderr.contains("hint"), "{missing}");
}

#[test]
fn the_summary_says_what_was_written_and_whether_it_replaced_an_entry() {
    let folder = Folder::empty();
    folder.vlive(["put", "k/1"]).stdin(APPLE).ends(0, "", "put k/1: 1 row, 38 B\n");
    folder.vlive(["put", "k/1"]).stdin("{}").ends(0, "", "replaced k/1: 0 rows, 23 B\n");
    let summary = |args: &[&str], input: &str| folder.vlive([&["put", "--json"], args].concat()).stdin(input).json();
    assert_eq!(summary(&["k/1"], APPLE), json!({ "key": "k/1", "rows": 1, "bytes": 38, "replaced": true }));
    assert_eq!(summary(&["k/2"], "{}"), json!({ "key": "k/2", "rows": 0, "bytes": 23, "replaced": false }));
    let json = "{\"key\":\"k/3\",\"rows\":0,\"bytes\":23,\"replaced\":false}\n";
    folder.vlive(["put", "-q", "--json", "k/3"]).stdin("{}").ends(0, json, "");
}

#[test]
fn a_key_is_split_as_vantage_live_splits_it() {
    for (key, full_key, cache_key) in [
        ("clients", "clients/__root__", "clients"),
        ("clients/__root__", "clients/__root__", "clients"),
        ("clients/", "clients/", "clients"),
        ("/", "/", ""),
        ("/__root__", "/__root__", ""),
        ("https://h/users/page_1", "https://h/users/page_1", "https:"),
        ("Größe 数/id/a b\n", "Größe 数/id/a b\n", "Größe 数"),
    ] {
        let folder = Folder::empty();
        let json = folder.vlive(["put", "--json", key]).stdin("{}").json();
        assert_eq!(json["key"], full_key);
        let entries = folder.entries();
        assert_eq!((entries[0].key.as_str(), entries[0].cache_key.as_str()), (full_key, cache_key));
    }
}

#[test]
fn other_entries_are_unchanged() {
    let folder = Folder::copy_of("foreign");
    let before = folder.entries();
    folder.vlive(["put", "-q", "clients/page_1"]).stdin("{}").ends(0, "", "");
    folder.vlive(["put", "-q", "new/page_1"]).stdin("{}").ends(0, "", "");
    let (mut kept, mut after) = (before, folder.entries());
    kept.retain(|entry| entry.key != "clients/page_1");
    after.retain(|entry| entry.key != "clients/page_1" && entry.key != "new/page_1");
    assert_eq!(after, kept);
    assert!(folder.tables().contains(&"counters".to_owned()));
}

#[test]
fn folder_and_file_are_created_where_they_are_missing() {
    for target in ["a/b/c", "a/b/c/vlive.redb"] {
        let folder = Folder::empty();
        folder.vlive(["put", "-C", target, "k/1"]).stdin("{}").ends(0, "", "put k/1: 0 rows, 23 B\n");
        let created: Vec<_> =
            fs::read_dir(folder.path().join("a/b/c")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(created, ["vlive.redb"]);
    }
}

#[test]
fn a_cache_that_a_killed_app_left_behind_takes_entries() {
    let folder = Folder::copy_of("crashed");
    folder.vlive(["put", "-q", "new/page_1"]).stdin("{}").ends(0, "", "");
    let mut after = folder.entries();
    after.retain(|entry| entry.cache_key != "new");
    assert_eq!(after, Folder::shared("crashed").entries());
}

#[test]
fn an_entry_with_the_name_of_a_diorama_set_is_refused() {
    let folder = Folder::empty();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/diorama/cache.redb");
    fs::copy(sample, folder.file()).unwrap();
    let before = folder.contents();
    let refused = "\
error: `clients` is a set of diorama in `./vlive.redb`
hint: name another key; with --as diorama, put and load replace the set
";
    let entry = r#"{"clients/page_1": {"fetched_at": 1, "rows": {}}}"#;
    folder.vlive(["load", "--as", "live"]).stdin(entry).ends(2, "", refused);
    assert_eq!(folder.contents(), before);
    folder.vlive(["load", "-q", "--as", "live"]).stdin(entry.replace("clients", "orders")).ends(0, "", "");
    folder.vlive(["cp", "orders", "clients"]).ends(2, "", refused);
}
