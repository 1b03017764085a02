//! What people read of sets in errors, and what an edit keeps of them.

use crate::diorama::{copy_of, tables};
use crate::support::Folder;
use redb::{Database, TableDefinition};
use std::fs;

const RED: &str = "clients?c1:117:4:team1:=6:t3:redq-s-n1:0";

#[test]
fn errors_have_readable_names_of_sets() {
    let folder = copy_of("cache.redb");
    let keys = folder.vlive(["dump", RED]).output();
    assert!(keys.stdout.contains("rows"), "{}", keys.stderr);
    let row = r#"{"1": {}}"#;
    let of_other = format!(r#"{{"layout": "diorama", "set": "{RED}", "rows": {{"u1": {{}}}}}}"#);
    folder.untouched(|| {
        for (args, input, told) in [
            (&["touch", RED, "--fetched-at", "@99999999999"][..], "", "`clients where team = red` cannot be dated"),
            (
                &["put", &format!("{RED}/u1"), "--age", "1d"],
                r#"{"u1": {}}"#,
                "is a row, and only its set `clients where team = red` has times",
            ),
            (&["put", "clients/u1"], &of_other, "`clients/u1` is not a row of `clients where team = red`"),
            (&["mv", RED, "clients/u1"], "", "`clients where team = red` is a whole set"),
            (&["put", &format!("{RED}/2"), "--as", "live"], row, "`clients where team = red` is a set of diorama"),
            (&["put", &format!("{RED}/2")], row, "is one row, and the input is not the row `2` alone"),
        ] {
            let run = folder.vlive(args).stdin(input).output();
            assert_eq!(run.status, 2, "{args:?} {}", run.stderr);
            assert!(run.stderr.contains(told), "{args:?} {}", run.stderr);
        }
    });
}

#[test]
fn damage_to_rows_is_reported_with_the_readable_name_of_the_set() {
    let folder = copy_of("cache.redb");
    let row = tables(&folder)[RED].values().next().unwrap().clone();
    fs::rename(folder.path().join("cache.redb"), folder.file()).unwrap();
    folder.flip(&row);
    let check = folder.vlive(["check"]).output();
    let dump = folder.vlive(["dump", RED]).output();
    let salvage = folder.vlive(["salvage", "--into", "new"]).output();
    for told in [check.stdout, dump.stderr, salvage.stderr] {
        assert!(told.contains("clients where team = red"), "{told}");
        assert!(!told.contains(RED), "{told}");
    }
}

#[test]
fn an_error_is_one_line_whatever_the_names_in_it_hold() {
    let folder = Folder::empty();
    let database = Database::create(folder.path().join("cache.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let table: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("t\n\u{1b}[31m");
        transaction.open_table(table).unwrap().insert("a\nb", &b"\x00\xa1"[..]).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    for args in [&["dump"][..], &["touch", "t\n\u{1b}[31m/a\nb"], &["dump", "a\nb/c"]] {
        let run = folder.vlive(args).output();
        assert_ne!(run.status, 0, "{args:?}");
        for line in run.stderr.lines() {
            assert!(line.starts_with("error: ") || line.starts_with("hint: "), "{args:?} {line:?}");
            assert!(!line.chars().any(char::is_control), "{args:?} {line:?}");
        }
    }
}

#[test]
fn an_editor_takes_a_set_within_bounds_of_age() {
    let folder = copy_of("backend.redb");
    let edit =
        |args: &[&str]| folder.vlive([&["edit", "orders"], args].concat()).env("EDITOR", "sed -i s/9.5/9.6/").output();
    let outside = edit(&["--newer-than", "1h"]);
    assert_eq!(outside.status, 1);
    assert!(
        outside.stderr.contains("none is of that age: the 1 entry that is selected is older"),
        "{}",
        outside.stderr
    );
    let edited = edit(&["--older-than", "1h"]);
    assert_eq!((edited.status, edited.stdout.as_str()), (0, "orders\n"), "{}", edited.stderr);
    let timeless = folder.vlive(["edit", "emptied", "--older-than", "1h"]).env("EDITOR", "false").output();
    assert_eq!(timeless.status, 1);
    assert!(timeless.stderr.contains("has no time and is left out"), "{}", timeless.stderr);
    let missing = folder.vlive(["edit", "nope/1", "--older-than", "1h"]).env("EDITOR", "false").output();
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("not"), "{}", missing.stderr);
}

#[test]
fn rows_alone_in_an_edit_keep_the_metadata_of_the_set() {
    let folder = copy_of("backend.redb");
    let before = folder.vlive(["dump", "orders"]).json();
    folder.vlive(["edit", "orders", "--apply", ".rows", "-q"]).ends(0, "", "");
    let changed = folder.vlive(["edit", "orders", "--apply", ".rows | .[\"1\"].total = 3", "-q"]);
    changed.ends(0, "orders\n", "");
    let row = folder.vlive(["edit", "orders/2", "--apply", ".rows | .[\"2\"].total = 4", "-q"]);
    row.ends(0, "orders/2\n", "");
    let mut expected = before.clone();
    expected["rows"]["1"]["total"] = 3.into();
    expected["rows"]["2"]["total"] = 4.into();
    assert_eq!(folder.vlive(["dump", "orders"]).json(), expected);
    // The app would believe that the source has no other rows.
    let gone = folder.vlive(["edit", "orders", "--apply", ".rows | del(.[\"1\"])"]).output();
    assert!(gone.stderr.contains("`orders` loses its times"), "{}", gone.stderr);
    let left = folder.vlive(["dump", "orders"]).json();
    assert_eq!((left.get("refreshed_at"), left.get("copied_at"), &left["total"]), (None, None, &before["total"]));
}

#[test]
fn a_beginning_of_row_ids_leads_to_the_option_that_matches_it() {
    let folder = copy_of("cache.redb");
    let hint = "2 keys begin with it; --prefix selects them\n";
    for selection in ["clients/", "clients/c"] {
        for command in ["ls", "ages", "touch", "dump", "show"] {
            let run = folder.vlive([command, selection]).output();
            assert_eq!(run.status, 1, "{command} {selection}");
            assert!(run.stderr.ends_with(&format!("\nhint: {hint}")), "{command} {selection}: {}", run.stderr);
        }
        let run = folder.vlive(["invalidate", selection]).output();
        assert_eq!(run.status, 0, "{selection}");
        assert!(run.stderr.ends_with(hint), "{selection}: {}", run.stderr);
    }
}

#[test]
fn narrowed_takes_the_copies_of_rows_that_a_prefix_selects() {
    let folder = copy_of("cache.redb");
    let run = folder.vlive(["invalidate", "clients/c", "--prefix", "--narrowed"]).output();
    let copies = ["clients#session 7/c1", "clients#session 7/c2", "clients#session 7/c3"];
    let red = format!("{RED}/c1");
    let expected = [&["clients/c1", "clients/c2"][..], &copies, &[&red]].concat();
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), expected, "{}", run.stderr);
    assert_eq!(run.stderr, "deleted 6 entries, 284 B\n");
}
