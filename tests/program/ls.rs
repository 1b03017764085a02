use crate::support::{Folder, recorded};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What `ls --json` has to say, from the lengths that were recorded and the heads that ciborium reads.
fn summaries(cache: &str) -> Value {
    let mut lengths: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for entry in recorded(cache) {
        lengths.entry(entry.cache_key().to_owned()).or_default().push(entry.len);
    }
    let mut heads: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for entry in Folder::shared(cache).entries() {
        heads.entry(entry.cache_key.clone()).or_default().push(entry.head());
    }
    let summary = |(key, lengths): (&String, &Vec<u64>)| {
        let fetched_at = heads[key].iter().map(|(fetched_at, _)| *fetched_at);
        json!({
            "key": key,
            "entries": lengths.len(),
            "rows": heads[key].iter().map(|(_, rows)| rows).sum::<u64>(),
            "bytes": lengths.iter().sum::<u64>(),
            "newest": fetched_at.clone().max(),
            "oldest": fetched_at.min(),
        })
    };
    lengths.iter().map(summary).collect()
}

#[test]
fn each_cache_key_has_a_row_with_entries_rows_size_and_ages() {
    Folder::shared("bakery").vlive(["ls"]).ends(
        0,
        "\
KEY                ENTRIES  ROWS     SIZE  NEWEST  OLDEST
clients                  7    21  8.7 KiB  2h 45m  2h 46m
comments?postId=1        7    21  6.1 KiB  2h 12m  2h 13m
orders                   7    21  5.6 KiB  2h 29m  2h 30m
",
        "",
    );
}

#[test]
fn json_counts_what_is_in_the_cache_in_the_order_of_the_cache_keys() {
    for cache in ["bakery", "live-demo", "odd-keys", "values", "crashed", "format-v3"] {
        let folder = Folder::shared(cache);
        folder.untouched(|| assert_eq!(folder.vlive(["ls", "--json"]).json(), summaries(cache), "{cache}"));
    }
}

#[test]
fn a_row_is_a_line_in_a_pipe_too() {
    let listed = Folder::shared("odd-keys").vlive(["ls"]).output();
    for key in ["\ntab\\there  ", "\nnew\\nline  ", "\na'b\"c\\d  ", "\nemoji🎂  ", "\nклиенты  ", "\n  "] {
        assert!(listed.stdout.contains(key), "{key:?} in {listed}");
    }
    assert_eq!(listed.stdout.lines().count(), 1 + summaries("odd-keys").as_array().unwrap().len(), "{listed}");
}

#[test]
fn a_time_in_the_future_is_not_shown_as_a_small_age() {
    let folder = Folder::empty();
    folder.vlive(["put", "clients", "--fetched-at", "@1770013600"]).stdin("{}").output();
    folder.vlive(["ls"]).ends(
        0,
        "\
KEY      ENTRIES  ROWS  SIZE  NEWEST  OLDEST
clients        1     0  23 B   in 1h   in 1h
",
        "",
    );
}

const WARNINGS: &str = "\
warning: table `__vlive__multi` is not a cache table but a multimap of &str to &[u8]; vantage-live fails on it
warning: table `__vlive__nums` is not a cache table but a table of u64 to u64; vantage-live fails on it
";

const FOREIGN: &str = "\
KEY      ENTRIES  ROWS     SIZE  NEWEST  OLDEST
clients        3     5  2.0 KiB  2h 46m  2h 46m
orders         3     5  1.3 KiB  2h 29m  2h 30m
";

#[test]
fn foreign_tables_are_left_out() {
    Folder::shared("foreign").vlive(["ls"]).ends(0, FOREIGN, WARNINGS);
    assert_eq!(Folder::shared("foreign").vlive(["ls", "--json"]).output().json(0, WARNINGS), summaries("foreign"));
}

#[test]
fn all_adds_foreign_tables_with_their_types() {
    let others = "
OTHER TABLE     TYPE                       ENTRIES
__vlive__multi  multimap of &str to &[u8]        1
__vlive__nums   table of u64 to u64              1
counters        table of &str to u64             1
settings        table of &str to &[u8]           1
";
    Folder::shared("foreign").vlive(["ls", "--all"]).ends(0, &format!("{FOREIGN}{others}"), WARNINGS);

    let mut expected = summaries("foreign").as_array().unwrap().clone();
    for (table, multimap, types) in [
        ("__vlive__multi", true, ["&str", "&[u8]"]),
        ("__vlive__nums", false, ["u64", "u64"]),
        ("counters", false, ["&str", "u64"]),
        ("settings", false, ["&str", "&[u8]"]),
    ] {
        expected.push(json!({
            "key": null, "entries": 1, "rows": null, "bytes": null, "newest": null, "oldest": null,
            "table": table, "multimap": multimap, "types": types,
        }));
    }
    let listed = Folder::shared("foreign").vlive(["ls", "--all", "--json"]).output();
    assert_eq!(listed.json(0, WARNINGS), Value::Array(expected));
}

#[test]
fn all_adds_nothing_if_there_are_no_foreign_tables() {
    assert_eq!(Folder::shared("bakery").vlive(["ls", "--all", "--json"]).json(), summaries("bakery"));
}

#[test]
fn an_entry_whose_head_cannot_be_read_is_counted_and_named() {
    let folder = Folder::shared("envelopes");
    let listed = folder.vlive(["ls", "--json"]).output();
    let named = "\
error: entry `envelopes/array` cannot be decoded: the envelope is not a map (at byte 0)
error: entry `envelopes/break` cannot be decoded: a break outside of an item of indefinite length (at byte 0)
error: entry `envelopes/empty-bytes` cannot be decoded: it ends in the middle of an item (at byte 0)
error: entry `envelopes/huge-map` cannot be decoded: it ends in the middle of an item (at byte 31)
error: entry `envelopes/tagged-envelope` cannot be decoded: the envelope is not a map (at byte 0)
";
    let summary = &listed.json(3, named)[0];
    let recorded = recorded("envelopes");
    assert_eq!(summary["entries"], recorded.len());
    assert_eq!(summary["bytes"], recorded.iter().map(|entry| entry.len).sum::<u64>());
    assert_eq!(summary["unreadable"], 5);
    // Among the values are one without a time, and one with the last that vantage-live reads.
    assert_eq!((&summary["oldest"], &summary["newest"]), (&json!(0), &json!(i64::MAX)));
}

#[test]
fn without_a_readable_entry_newest_and_oldest_are_empty() {
    let folder = Folder::with_values("broken", &[("page_1", b"\x80"), ("page_2", b"")]);
    let named = "\
error: entry `broken/page_1` cannot be decoded: the envelope is not a map (at byte 0)
error: entry `broken/page_2` cannot be decoded: it ends in the middle of an item (at byte 0)
";
    let expected = json!([{
        "key": "broken", "entries": 2, "rows": 0, "bytes": 1, "newest": null, "oldest": null, "unreadable": 2,
    }]);
    assert_eq!(folder.vlive(["ls", "--json"]).output().json(3, named), expected);
    folder.vlive(["ls"]).ends(
        3,
        "\
KEY     ENTRIES  ROWS  SIZE  NEWEST  OLDEST
broken        2     0   1 B       -       -
",
        named,
    );
}

#[test]
fn an_empty_cache_is_not_a_failure() {
    let folder = Folder::emptied();
    folder.vlive(["ls"]).ends(0, "", "the cache holds no cache keys\n");
    folder.vlive(["ls", "--json"]).ends(0, "[]\n", "");
}

#[test]
fn quick_shows_keys_and_counts_without_reading_the_entries() {
    let folder = Folder::copy_of("bakery");
    let full = folder.vlive(["ls", "--json"]).json();
    let quick = folder.vlive(["ls", "--quick", "--json"]).json();
    let full = full.as_array().unwrap();
    assert_eq!(quick.as_array().unwrap().len(), full.len());
    for (quick, full) in quick.as_array().unwrap().iter().zip(full) {
        assert_eq!((&quick["key"], &quick["entries"]), (&full["key"], &full["entries"]));
        assert!(["rows", "bytes", "newest", "oldest"].iter().all(|field| quick[field].is_null()), "{quick}");
    }
    let table = "KEY                ENTRIES\nclients                  7\ncomments?postId=1        7\norders                   7\n";
    folder.vlive(["ls", "--quick"]).ends(0, table, "");
    // Not even damage in a table is seen.
    let mut file = std::fs::read(folder.file()).unwrap();
    let at = file.windows(4).position(|bytes| bytes == b"name").unwrap();
    file[at] ^= 1;
    std::fs::write(folder.file(), file).unwrap();
    assert_eq!(folder.vlive(["ls"]).output().status, 3);
    folder.vlive(["ls", "--quick"]).ends(0, table, "");
}

#[test]
fn a_missing_path_is_named_as_typed() {
    let (empty, cache) = (Folder::empty(), Folder::copy_of("bakery"));
    let hint = "hint: name the folder or the file in which the app keeps its cache with -C, or set VLIVE_FOLDER\n";
    for (folder, path) in [(&empty, "/no/such/folder"), (&empty, "../nosuch"), (&cache, "../nosuch"), (&cache, "./no")]
    {
        let missing = format!("error: there is no cache at `{path}/vlive.redb`\n{hint}");
        folder.vlive(["ls", path]).ends(3, "", &missing);
    }
    // A cache key with an empty name is possible; where there is a cache, it is looked up.
    cache.vlive(["ls", "/page_1"]).ends(1, "", "error: nothing in the cache matches `/page_1`\n");
    let from = cache.vlive(["cp", "--from", "nope", "clients", "copies"]).output();
    assert_eq!(from.status, 3);
    assert_eq!(
        from.stderr,
        "error: there is no cache at `nope/vlive.redb`\n\
         hint: --from names the folder or the file of the cache to copy from\n"
    );
}

#[test]
fn a_list_that_is_limited_to_nothing_is_not_an_empty_cache() {
    let folder = Folder::shared("bakery");
    let ended = folder.vlive(["ls", "--limit", "0"]).output();
    assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{ended}");
    assert!(ended.stderr.starts_with("0 of ") && ended.stderr.lines().count() == 1, "{ended}");
}

#[test]
fn a_histogram_is_drawn_of_the_whole_cache_too() {
    let folder = Folder::shared("bakery");
    let drawn = folder.vlive(["ages", "--histogram"]).output();
    assert!(drawn.status == 0 && !drawn.stdout.is_empty(), "{drawn}");
    folder.vlive(["ls", "--histogram"]).ends(0, &drawn.stdout, "");
}
