use crate::support::{Folder, NOW};
use serde_json::{Value, json};

/// What `ages --json` has to say of the entries that are wanted, in the order of the cache.
fn ages(folder: &Folder, wanted: impl Fn(&str) -> bool) -> Value {
    let entries = folder.entries().into_iter().filter(|entry| wanted(&entry.key));
    entries
        .map(|entry| {
            let (fetched_at, rows) = entry.head();
            let age = NOW.cast_signed() - fetched_at.cast_signed();
            json!({ "key": entry.key, "fetched_at": fetched_at, "age": age, "rows": rows, "bytes": entry.bytes() })
        })
        .collect()
}

#[test]
fn each_entry_has_a_row_with_time_age_rows_and_size() {
    Folder::shared("bakery").vlive(["ages", "clients/id/", "orders/__root__"]).ends(
        0,
        "\
KEY                         FETCHED                  AGE  ROWS   SIZE
clients/id/client:00000     2026-02-02T02:40:21Z  2h 46m     1  429 B
clients/id/client:79b10001  2026-02-02T02:40:28Z  2h 46m     1  439 B
clients/id/client:f3620002  2026-02-02T02:40:35Z  2h 46m     1  489 B
orders/__root__             2026-02-02T02:57:22Z  2h 29m     3  821 B
",
        "",
    );
}

#[test]
fn json_lists_every_entry_in_the_order_of_the_cache() {
    for cache in ["bakery", "live-demo", "odd-keys", "values", "foreign", "crashed", "format-v3"] {
        let folder = Folder::shared(cache);
        folder.untouched(|| assert_eq!(folder.vlive(["ages", "--json"]).json(), ages(&folder, |_| true), "{cache}"));
    }
}

#[test]
fn an_age_is_negative_for_a_time_in_the_future() {
    let folder = Folder::empty();
    folder.vlive(["put", "clients/page_1", "--fetched-at", "@1770010300"]).stdin("{}").output();
    let expected =
        json!([{ "key": "clients/page_1", "fetched_at": 1_770_010_300, "age": -300, "rows": 0, "bytes": 23 }]);
    assert_eq!(folder.vlive(["ages", "--json"]).json(), expected);
    folder.vlive(["ages"]).ends(
        0,
        "\
KEY             FETCHED                 AGE  ROWS  SIZE
clients/page_1  2026-02-02T05:31:40Z  in 5m     0  23 B
",
        "",
    );
}

#[test]
fn a_time_after_the_year_9999_is_shown_in_seconds() {
    let folder = Folder::empty();
    folder.vlive(["put", "k/1", "--fetched-at", "@9223372036854775807"]).stdin("{}").output();
    let expected = json!([{
        "key": "k/1", "fetched_at": i64::MAX, "age": NOW.cast_signed() - i64::MAX, "rows": 0, "bytes": 27,
    }]);
    assert_eq!(folder.vlive(["ages", "--json"]).json(), expected);
    assert!(folder.vlive(["ages"]).output().stdout.contains("  @9223372036854775807  in "));
}

type Wanted = fn(&str) -> bool;

#[test]
fn a_prefix_means_what_it_means_to_vantage_live() {
    let selections: [(&str, &[&str], Wanted); 10] = [
        ("bakery", &["clients"], |key| key.starts_with("clients/")),
        ("bakery", &["clients/"], |key| key.starts_with("clients/")),
        ("bakery", &["clients/page_"], |key| key.starts_with("clients/page_")),
        ("bakery", &["clients", "orders/page_1"], |key| key.starts_with("clients/") || key == "orders/page_1"),
        // The second is in the first.
        ("bakery", &["clients", "clients/page_1"], |key| key.starts_with("clients/")),
        ("bakery", &["--exact", "clients/page_1"], |key| key == "clients/page_1"),
        ("bakery", &["--exact", "clients"], |key| key.starts_with("clients/")),
        ("bakery", &["--exact", "clients/__root__"], |key| key == "clients/__root__"),
        ("odd-keys", &["client"], |key| key.starts_with("client/")),
        ("odd-keys", &["/"], |key| key.starts_with('/')),
    ];
    for (cache, prefixes, wanted) in selections {
        let folder = Folder::shared(cache);
        let told = folder.vlive([&["ages", "--json"], prefixes].concat()).json();
        assert_eq!(told, ages(&folder, wanted), "{prefixes:?}");
    }
}

#[test]
fn a_prefix_with_a_slash_selects_longer_sub_keys_and_exact_does_not() {
    let folder = Folder::empty();
    for key in ["clients/page_1", "clients/page_10", "clients/page_2"] {
        folder.vlive(["put", key]).stdin("{}").output();
    }
    let prefixed = folder.vlive(["ages", "--json", "clients/page_1"]).json();
    assert_eq!(prefixed, ages(&folder, |key| key != "clients/page_2"));
    let exact = folder.vlive(["ages", "--json", "--exact", "clients/page_1"]).json();
    assert_eq!(exact, ages(&folder, |key| key == "clients/page_1"));
}

#[test]
fn a_missing_selection_is_named_and_the_status_is_1() {
    let folder = Folder::shared("bakery");
    for (args, unmatched) in [
        (&["ages", "--json", "cl"][..], &["cl"][..]),
        (&["ages", "--json", "clients/id/x"], &["clients/id/x"]),
        (&["ages", "--json", "none/", "other"], &["none/", "other"]),
    ] {
        let named = |one: &&str| format!("error: nothing in the cache matches `{one}`\n");
        let named = unmatched.iter().map(named).collect::<Vec<_>>().concat();
        folder.vlive(args).ends(1, "[]\n", &named);
    }
    let hint = "hint: 3 keys begin with it; --prefix selects them\n";
    for (key, hint) in [("clients/page_", hint), ("none", "")] {
        let message = format!("error: `{key}` is not in the cache\n{hint}");
        folder.vlive(["ages", "--json", "--exact", key]).ends(1, "[]\n", &message);
    }
    let partly = folder.vlive(["ages", "--json", "none", "orders"]).output();
    let named = "error: nothing in the cache matches `none`\n";
    assert_eq!(partly.json(1, named), ages(&folder, |key| key.starts_with("orders/")));
}

#[test]
fn an_entry_whose_head_cannot_be_read_is_named() {
    let folder = Folder::shared("envelopes");
    folder.vlive(["ages", "--json", "envelopes/ok", "--exact", "envelopes/tagged-envelope"]).ends(
        3,
        "[{\"key\":\"envelopes/ok\",\"fetched_at\":1699741696,\"age\":70268304,\"rows\":1,\"bytes\":29}]\n",
        "error: entry `envelopes/tagged-envelope` cannot be decoded: the envelope is not a map (at byte 0)\n",
    );
}

#[test]
fn an_empty_cache_is_not_a_failure() {
    let folder = Folder::emptied();
    folder.vlive(["ages"]).ends(0, "", "the cache holds no entries\n");
    folder.vlive(["ages", "--json"]).ends(0, "[]\n", "");
}
