use crate::support::{Entry, Folder, NOW};
use redb::Database;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

type Wanted = fn(&str) -> bool;

/// A cache, what is touched in it, and which full keys that are.
const SELECTIONS: [(&str, &[&str], Wanted); 14] = [
    ("bakery", &["clients"], |key| key.starts_with("clients/")),
    ("bakery", &["clients/"], |key| key.starts_with("clients/")),
    ("bakery", &["clients/page_"], |key| key.starts_with("clients/page_")),
    ("bakery", &["clients/__root__"], |key| key == "clients/__root__"),
    ("bakery", &["--exact", "clients"], |key| key.starts_with("clients/")),
    ("bakery", &["--exact", "clients/__root__"], |key| key == "clients/__root__"),
    ("bakery", &["--exact", "clients/page_1"], |key| key == "clients/page_1"),
    // What two of them select is touched once.
    ("bakery", &["clients/page_", "clients/page_1", "clients/"], |key| key.starts_with("clients/")),
    ("bakery", &["--all"], |_| true),
    ("odd-keys", &["client"], |key| key.starts_with("client/")),
    ("odd-keys", &["/"], |key| key.starts_with('/')),
    ("crashed", &["churn0"], |key| key.starts_with("churn0/")),
    ("foreign", &["--all"], |_| true),
    ("format-v3", &["--all"], |_| true),
];

/// The integer that follows `fetched_at` at the beginning of a value, and what follows that.
fn split(value: &[u8]) -> (&[u8], &[u8]) {
    let integer = value.strip_prefix(b"\xa2\x6afetched_at").expect("vantage-live wrote it");
    integer.split_at(match integer[0] {
        0..24 => 1,
        24 => 2,
        25 => 3,
        26 => 5,
        _ => 9,
    })
}

/// The entry with its time replaced by this one.
fn with_time(entry: &Entry, time: &[u8]) -> Vec<u8> {
    [b"\xa2\x6afetched_at", time, split(&entry.value).1].concat()
}

fn summary(keys: &[String], fetched_at: u64, dry_run: bool) -> Value {
    json!({ "entries": keys.len(), "keys": keys, "fetched_at": fetched_at, "dry_run": dry_run })
}

/// The full keys that are wanted, sorted: what several prefixes select comes in their order.
fn keys_of(folder: &Folder, wanted: Wanted) -> Vec<String> {
    let mut keys = folder.keys();
    keys.retain(|key| wanted(key));
    keys.sort();
    keys
}

fn sorted(mut told: Value) -> Value {
    told["keys"].as_array_mut().unwrap().sort_by_key(|key| key.as_str().unwrap().to_owned());
    told
}

#[test]
fn exactly_the_selected_entries_get_the_time_and_nothing_else_changes() {
    for (time, encoded) in [("@5", &b"\x05"[..]), ("@9223372036854775807", b"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff")] {
        for (cache, args, wanted) in SELECTIONS {
            let folder = Folder::copy_of(cache);
            let mut expected = folder.entries();
            for entry in expected.iter_mut().filter(|entry| wanted(&entry.key)) {
                entry.value = with_time(entry, encoded);
            }
            let told = folder.vlive([&["touch", "--json", "--fetched-at", time], args].concat()).json();
            let seconds = time[1..].parse().unwrap();
            assert_eq!(sorted(told), summary(&keys_of(&folder, wanted), seconds, false), "{args:?} of {cache}");
            assert!(folder.entries() == expected, "{args:?} of {cache} left something else");
        }
    }
}

#[test]
fn a_dry_run_prints_the_same_and_leaves_no_trace_while_the_cache_is_in_use() {
    for (cache, args, wanted) in SELECTIONS {
        let folder = Folder::copy_of(cache);
        let args = [&["touch", "-n", "--json", "--age", "1h"], args].concat();
        let expected = summary(&keys_of(&folder, wanted), NOW - 3600, true);
        folder.untouched(|| assert_eq!(sorted(folder.vlive(&args).json()), expected, "{args:?} of {cache}"));
        let _app = Database::open(folder.file()).unwrap();
        folder.untouched(|| assert_eq!(sorted(folder.vlive(&args).json()), expected, "{args:?} of {cache}, held"));
    }
}

#[test]
fn keys_go_to_standard_output_and_the_summary_to_standard_error() {
    let folder = Folder::copy_of("live-demo");
    let keys = "products/id/a\nproducts/page_1\n";
    let before = folder.entries();
    folder.vlive(["touch", "--dry-run", "products"]).ends(
        0,
        keys,
        "would touch 2 entries: fetched 2026-02-02T05:26:40Z\n",
    );
    assert_eq!(folder.entries(), before);
    folder.vlive(["touch", "products"]).ends(0, keys, "touched 2 entries: fetched 2026-02-02T05:26:40Z\n");
    let only = "products/id/a\n";
    folder.vlive(["touch", "products/id/"]).ends(0, only, "touched 1 entry: fetched 2026-02-02T05:26:40Z\n");
    folder.vlive(["touch", "-q", "products/id/"]).ends(0, only, "");
    folder.vlive(["touch", "-q", "--json", "products/id/"]).ends(
        0,
        &format!("{{\"entries\":1,\"keys\":[\"products/id/a\"],\"fetched_at\":{NOW},\"dry_run\":false}}\n"),
        "",
    );
    let last = "touched 1 entry: fetched @9223372036854775807\n";
    folder.vlive(["touch", "--fetched-at", "@9223372036854775807", "products/id/"]).ends(0, only, last);
}

/// Unlike what is put, what is touched is never of the time of a build.
#[test]
fn an_entry_is_dated_by_the_options_or_else_now() {
    let folder = Folder::copy_of("live-demo");
    for (args, fetched_at) in [
        (&["--fetched-at", "@7"][..], 7),
        (&["--fetched-at", "2026-02-02T03:40:00+01:00"], 1_770_000_000),
        (&["--age", "2h 46m 40s"], 1_770_000_000),
        (&["--age", "0s"], NOW),
        // Longer ago than 1970 is 1970.
        (&["--age", "1000y"], 0),
        (&[], NOW),
    ] {
        let touch = folder.vlive([&["touch", "--json", "products/page_1"], args].concat());
        assert_eq!(touch.env("SOURCE_DATE_EPOCH", "6").json()["fetched_at"], fetched_at, "{args:?}");
        let page = folder.entries().into_iter().find(|entry| entry.key == "products/page_1").unwrap();
        assert_eq!(page.head().0, fetched_at, "{args:?}");
    }
}

#[test]
fn without_any_time_an_entry_is_fetched_now() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let folder = Folder::copy_of("live-demo");
    let before = now();
    assert_eq!(folder.vlive(["touch", "-q", "products"]).env_remove("VLIVE_NOW").output().status, 0);
    let mut times = folder.entries().into_iter().map(|entry| entry.head().0);
    assert!(times.all(|fetched_at| (before..=now()).contains(&fetched_at)));
}

#[test]
fn a_prefix_with_a_slash_selects_longer_sub_keys_and_exact_does_not() {
    let folder = Folder::empty();
    for key in ["clients", "clients/page_1", "clients/page_10", "clients2/page_1"] {
        folder.vlive(["put", "-q", key]).stdin("{}").ends(0, "", "");
    }
    for (args, touched) in [
        (&["clients/page_1"][..], "clients/page_1\nclients/page_10\n"),
        (&["--exact", "clients/page_1"], "clients/page_1\n"),
        (&["clients"], "clients/__root__\nclients/page_1\nclients/page_10\n"),
    ] {
        folder.vlive([&["touch", "-q"], args].concat()).ends(0, touched, "");
    }
}

#[test]
fn a_selection_that_is_not_in_the_cache_is_named_and_the_others_are_touched() {
    let folder = Folder::copy_of("live-demo");
    let none = "error: nothing in the cache matches `none`\n";
    folder.untouched(|| {
        folder.vlive(["touch", "none"]).ends(1, "", none);
        folder.vlive(["touch", "-q", "none"]).ends(1, "", none);
        folder.vlive(["touch", "--exact", "none"]).ends(1, "", "error: `none` is not in the cache\n");
        folder.vlive(["touch", "--json", "product", "none/"]).ends(
            1,
            &format!("{{\"entries\":0,\"keys\":[],\"fetched_at\":{NOW},\"dry_run\":false}}\n"),
            "error: nothing in the cache matches `product`\nhint: the nearest key is `products`\nerror: nothing in the cache matches `none/`\n",
        );
    });
    let partly = ["touch", "none", "products/id/", "--fetched-at", "@1"];
    let told = |verb: &str| format!("{verb} 1 entry: fetched 1970-01-01T00:00:01Z\n{none}");
    folder.untouched(|| {
        folder.vlive([&partly[..], &["-n"]].concat()).ends(1, "products/id/a\n", &told("would touch"));
    });
    folder.vlive(partly).ends(1, "products/id/a\n", &told("touched"));
    assert_eq!(folder.entries()[0].head().0, 1);
}

#[test]
fn an_empty_cache_has_nothing_to_touch() {
    let folder = Folder::emptied();
    folder.untouched(|| {
        folder.vlive(["touch", "--all"]).ends(0, "", "the cache holds no entries\n");
        folder.vlive(["touch", "--all", "-n"]).ends(0, "", "the cache holds no entries\n");
        folder.vlive(["touch", "--all", "-q"]).ends(0, "", "");
        assert_eq!(folder.vlive(["touch", "--all", "--json"]).json(), summary(&[], NOW, false));
    });
}

const TAGGED: &str =
    "error: entry `envelopes/tagged-envelope` cannot be decoded: the envelope is not a map (at byte 0)\n";

#[test]
fn an_entry_that_cannot_be_decoded_is_named_and_stays_and_the_others_are_touched() {
    let folder = Folder::copy_of("envelopes");
    let before = folder.entries();
    let given = ["touch", "--exact", "envelopes/ok", "envelopes/tagged-envelope", "--fetched-at", "@1"];
    let told = |verb: &str| format!("{verb} 1 entry: fetched 1970-01-01T00:00:01Z\n{TAGGED}");
    folder.untouched(|| {
        folder.vlive([&given[..], &["-n"]].concat()).ends(3, "envelopes/ok\n", &told("would touch"));
    });
    folder.vlive(given).ends(3, "envelopes/ok\n", &told("touched"));
    let mut expected = before;
    for entry in expected.iter_mut().filter(|entry| entry.key == "envelopes/ok") {
        entry.value = with_time(entry, b"\x01");
    }
    assert!(folder.entries() == expected, "something else was touched");
    // Worse than what is not there.
    let both = folder.vlive(["touch", "-q", "--exact", "envelopes/none", "envelopes/tagged-envelope"]).output();
    let named = format!("{TAGGED}error: `envelopes/none` is not in the cache\n");
    assert_eq!((both.status, both.stdout.as_str(), both.stderr), (3, "", named));
}

#[test]
fn nothing_is_written_if_no_entry_can_be_decoded() {
    let folder = Folder::copy_of("envelopes");
    folder.untouched(|| folder.vlive(["touch", "envelopes/tagged-envelope"]).ends(3, "", TAGGED));
}

#[test]
fn every_handmade_entry_that_cannot_be_decoded_is_named() {
    let folder = Folder::copy_of("envelopes");
    let told = folder.vlive(["touch", "--all", "--json"]).output();
    let named: Vec<&str> = told.stderr.lines().collect();
    assert!(named.iter().all(|line| line.starts_with("error: entry `envelopes/")), "{told}");
    let summary: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((told.status, &summary["entries"], named.len()), (3, &json!(39), 17));
}

#[test]
fn tables_of_other_types_are_not_touched() {
    let folder = Folder::copy_of("foreign");
    let tables = folder.tables();
    let told = folder.vlive(["touch", "--all", "-q"]).output();
    assert!(told.status == 0 && !told.stdout.contains("nums") && !told.stdout.contains("multi"), "{told}");
    folder.untouched(|| {
        for name in ["settings", "counters", "__vlive__nums"] {
            folder.vlive(["touch", name]).ends(1, "", &format!("error: nothing in the cache matches `{name}`\n"));
        }
    });
    assert_eq!(folder.tables(), tables);
}
