//! A cache key of vantage-live and a set of diorama with one name, in one file.

use crate::diorama::copy_of;
use crate::support::Folder;

/// The bakery, whose cache key `clients` has pages, beside the sample of diorama, which has a set `clients`.
fn both() -> Folder {
    let folder = Folder::copy_of("bakery");
    let sets = copy_of("cache.redb").dump(&["--format", "jsonl", "--raw"]);
    let loaded = folder.vlive(["load", "-q"]).stdin(sets).output();
    assert_eq!(loaded.status, 0, "{}", loaded.stderr);
    folder
}

fn stored(folder: &Folder) -> Vec<u8> {
    folder.dump(&["--format", "jsonl", "--raw"])
}

#[test]
fn a_backup_of_entries_is_restored_beside_a_set_of_their_name() {
    for args in [
        &["invalidate", "clients/page_1"][..],
        &["invalidate", "clients/"],
        &["invalidate", "clients"],
        &["touch", "--all"],
        &["edit", "clients/page_1", "--apply", "del(.rows[])"],
        &["cp", "clients/page_1", "clients/page_2", "--replace"],
        &["mv", "clients/page_1", "clients/page_2", "--replace"],
    ] {
        let folder = both();
        let before = stored(&folder);
        let changed = folder.vlive([args, &["-q", "--backup", "before"]].concat()).output();
        assert_eq!(changed.status, 0, "{args:?} {}", changed.stderr);
        assert_ne!(stored(&folder), before, "{args:?}");
        let restored = folder.vlive(["load", "before"]).output();
        assert_eq!(restored.status, 0, "{args:?} {}", restored.stderr);
        assert_eq!(stored(&folder), before, "{args:?}");
    }
}

#[test]
fn a_dump_of_both_layouts_loads_into_the_same_cache() {
    let folder = both();
    let before = stored(&folder);
    for args in [&["dump"][..], &["dump", "--format", "jsonl"]] {
        let dump = folder.vlive(args).output().stdout;
        folder.vlive(["touch", "--all", "-q"]).output();
        let loaded = folder.vlive(["load", "-q"]).stdin(dump).output();
        assert_eq!(loaded.status, 0, "{args:?} {}", loaded.stderr);
        assert_eq!(stored(&folder), before, "{args:?}");
    }
}

#[test]
fn rows_alone_replace_the_entry_of_their_key_and_quotes_name_the_set() {
    let folder = both();
    let rows = r#"{"x": {"n": 1}}"#;
    let set = folder.vlive(["dump", "\"clients\""]).output().stdout;
    let replaced = "replaced clients/page_1: 1 row, 29 B\n";
    folder.vlive(["put", "clients/page_1"]).stdin(rows).ends(0, "", replaced);
    assert_eq!(folder.vlive(["dump", "\"clients\""]).output().stdout, set, "the set stays");
    folder.vlive(["put", "\"clients\"/x"]).stdin(rows).ends(0, "", "put clients/x: 1 row, 5 B\n");
    let row = folder.vlive(["put", "clients where team = red/x", "--json"]).stdin(rows).json();
    assert_eq!(row["key"], "clients?c1:117:4:team1:=6:t3:redq-s-n1:0/x", "JSON has stored names");
    let entry = folder.vlive(["dump", "clients/page_1", "--rows"]).json();
    assert_eq!(entry, serde_json::json!({"x": {"n": 1}}));
}

#[test]
fn a_missing_key_is_compared_with_both_the_entries_and_the_rows() {
    let folder = both();
    for (key, hint) in [
        ("clients/page_11", "the nearest keys are `clients/page_1`, `clients/page_2`, `clients/page_3`"),
        ("clients/page_", "3 keys begin with it; --prefix selects them"),
        ("clients/c9", "the nearest keys are `clients/c1`, `clients/c2`"),
        ("clients/", "9 keys begin with it; --prefix selects them"),
        ("client", "the nearest key is `clients`"),
    ] {
        for command in ["dump", "edit"] {
            let run = folder.vlive([command, key]).env("EDITOR", "false").output();
            assert_eq!(run.status, 1, "{command} {key}: {}", run.stderr);
            assert_eq!(run.stderr, format!("error: `{key}` is not in the cache\nhint: {hint}\n"), "{command}");
        }
    }
}
