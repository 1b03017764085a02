use crate::support::{Folder, Recorded, recorded};
use serde_json::{Value, json};

type Wanted = fn(&str) -> bool;

/// A cache, what is deleted from it, and which full keys that are.
const SELECTIONS: [(&str, &[&str], Wanted); 20] = [
    ("bakery", &["clients"], |key| key.starts_with("clients/")),
    ("bakery", &["clients/"], |key| key.starts_with("clients/")),
    ("bakery", &["clients/page_1"], |key| key == "clients/page_1"),
    ("bakery", &["clients/page_"], |key| key.starts_with("clients/page_")),
    ("bakery", &["clients/__root__"], |key| key == "clients/__root__"),
    ("bakery", &["--exact", "clients"], |key| key.starts_with("clients/")),
    ("bakery", &["--exact", "clients/__root__"], |key| key == "clients/__root__"),
    ("bakery", &["--exact", "clients/page_1"], |key| key == "clients/page_1"),
    ("bakery", &["--exact", "clients/page_"], |_| false),
    ("bakery", &["orders/id/", "clients"], |key| key.starts_with("orders/id/") || key.starts_with("clients/")),
    ("bakery", &["clients/page_", "clients/page_1", "clients/"], |key| key.starts_with("clients/")),
    ("bakery", &["cl"], |_| false),
    ("bakery", &["clients/x", "none", "none/"], |_| false),
    ("bakery", &["--all"], |_| true),
    ("odd-keys", &["client"], |key| key.starts_with("client/")),
    ("odd-keys", &["/"], |key| key.starts_with('/')),
    ("odd-keys", &["https://api.example.com/users"], |key| key.starts_with("https:/")),
    ("odd-keys", &["Clients"], |key| key.starts_with("Clients/")),
    ("crashed", &["churn0"], |key| key.starts_with("churn0/")),
    ("foreign", &["--all"], |_| true),
];

/// What `invalidate --json` has to say, from the lengths that were recorded.
fn summary(cache: &str, wanted: Wanted, dry_run: bool) -> Value {
    let mut entries = recorded(cache);
    entries.retain(|entry| wanted(&entry.key()));
    entries.sort_by_key(|entry| (entry.cache_key().to_owned(), entry.key()));
    json!({
        "entries": entries.len(),
        "bytes": entries.iter().map(|entry| entry.len).sum::<u64>(),
        "keys": entries.iter().map(Recorded::key).collect::<Vec<_>>(),
        "dry_run": dry_run,
    })
}

#[test]
fn exactly_the_selected_entries_are_deleted_and_listed() {
    for (cache, args, wanted) in SELECTIONS {
        let folder = Folder::copy_of(cache);
        let mut kept = folder.entries();
        kept.retain(|entry| !wanted(&entry.key));
        let told = folder.vlive([&["invalidate", "--json"], args].concat()).json();
        assert_eq!(told, summary(cache, wanted, false), "{args:?} of {cache}");
        assert!(folder.entries() == kept, "{args:?} of {cache} left something else");
    }
}

#[test]
fn a_dry_run_lists_the_same_entries_and_deletes_nothing() {
    for (cache, args, wanted) in SELECTIONS {
        let folder = Folder::shared(cache);
        folder.untouched(|| {
            let told = folder.vlive([&["invalidate", "--json", "--dry-run"], args].concat()).json();
            assert_eq!(told, summary(cache, wanted, true), "{args:?} of {cache}");
        });
    }
}

#[test]
fn a_bare_prefix_deletes_exactly_that_cache_key() {
    let folder = Folder::copy_of("odd-keys");
    let mut tables = folder.tables();
    folder.vlive(["invalidate", "clients"]).ends(
        0,
        "clients/__root__\nclients/id/client:00000\nclients/page_1\nclients/page_2\n",
        "deleted 4 entries, 869 B\n",
    );
    tables.retain(|table| table != "__vlive__clients");
    assert_eq!(folder.tables(), tables);
}

#[test]
fn a_prefix_with_a_slash_selects_longer_sub_keys_and_exact_does_not() {
    let folder = Folder::empty();
    let put = || {
        for key in ["clients", "clients/page_1", "clients/page_10", "clients/page_2", "clients2/page_1"] {
            folder.vlive(["put", "-q", key]).stdin("{}").ends(0, "", "");
        }
    };
    for (args, dropped) in [
        (&["clients/page_1"][..], "clients/page_1\nclients/page_10\n"),
        (&["--exact", "clients/page_1"], "clients/page_1\n"),
        (&["clients/"], "clients/__root__\nclients/page_1\nclients/page_10\nclients/page_2\n"),
    ] {
        put();
        assert_eq!(folder.vlive([&["invalidate"], args].concat()).output().stdout, dropped);
    }
}

#[test]
fn an_emptied_table_is_deleted_too() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["invalidate", "products/id/", "products/page_"]).ends(
        0,
        "products/id/a\nproducts/page_1\n",
        "deleted 2 entries, 148 B\n",
    );
    assert!(folder.tables().is_empty());
}

#[test]
fn nothing_to_delete_is_not_a_failure() {
    let folder = Folder::copy_of("live-demo");
    let before = folder.entries();
    let near = "hint: nothing in the cache matches `product`; the nearest key is `products`\n";
    let begins = "hint: `products/page_` is not in the cache; 1 key begins with it; --prefix selects it\n";
    for (args, hint) in [
        (&["invalidate", "product"][..], near),
        (&["invalidate", "products/x"], ""),
        (&["invalidate", "--exact", "products/page_"], begins),
    ] {
        folder.vlive(args).ends(0, "", &format!("nothing matches\n{hint}"));
        folder.vlive([args, &["--json"]].concat()).ends(
            0,
            "{\"entries\":0,\"bytes\":0,\"keys\":[],\"dry_run\":false}\n",
            "",
        );
    }
    assert_eq!(folder.entries(), before);
}

#[test]
fn a_dry_run_says_so() {
    let folder = Folder::shared("live-demo");
    let keys = "products/id/a\nproducts/page_1\n";
    folder.vlive(["invalidate", "--dry-run", "products"]).ends(0, keys, "would delete 2 entries, 148 B\n");
    folder.vlive(["invalidate", "-n", "products/id/a"]).ends(0, "products/id/a\n", "would delete 1 entry, 48 B\n");
    folder.vlive(["invalidate", "-n", "none"]).ends(0, "", "nothing matches\n");
}

#[test]
fn a_dry_run_needs_only_permission_to_read() {
    let folder = Folder::shared("crashed");
    folder.untouched(|| assert_eq!(folder.vlive(["invalidate", "-n", "--all"]).output().status, 0));
}

#[test]
fn quiet_prints_the_keys_without_the_summary() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["invalidate", "-q", "products/id/"]).ends(0, "products/id/a\n", "");
    folder.vlive(["invalidate", "-q", "none"]).ends(0, "", "");
}

#[test]
fn all_never_deletes_a_foreign_table() {
    let folder = Folder::copy_of("foreign");
    assert_eq!(folder.vlive(["invalidate", "--all", "-q"]).output().status, 0);
    assert_eq!(folder.tables(), ["__vlive__nums", "counters", "settings"]);
    let listed = folder.vlive(["ls", "--all", "--json", "-q"]).json();
    let left: Vec<&Value> = listed.as_array().unwrap().iter().map(|row| &row["table"]).collect();
    assert_eq!(left, ["__vlive__multi", "__vlive__nums", "counters", "settings"]);
    let said = "nothing matches\nthe file holds 4 tables of another program; `vlive ls --all` lists them\n";
    folder.vlive(["invalidate", "--all"]).ends(0, "", said);
}

#[test]
fn a_bare_prefix_deletes_its_table_whatever_its_types_as_vantage_live_does() {
    let folder = Folder::copy_of("foreign");
    let told = |dry_run: bool| format!("{{\"entries\":1,\"bytes\":8,\"keys\":[\"nums\"],\"dry_run\":{dry_run}}}\n");
    folder.vlive(["invalidate", "--dry-run", "--json", "nums"]).ends(0, &told(true), "");
    folder.vlive(["invalidate", "--json", "nums"]).ends(0, &told(false), "");
    assert_eq!(folder.tables(), ["__vlive__clients", "__vlive__orders", "counters", "settings"]);
}

#[test]
fn a_table_that_has_no_cache_key_is_out_of_reach() {
    let folder = Folder::copy_of("foreign");
    let before = folder.tables();
    folder.vlive(["invalidate", "settings", "counters", "__vlive__nums", "settings/theme"]).ends(
        0,
        "",
        "nothing matches\n\
         nothing in the cache matches `settings`\n\
         nothing in the cache matches `counters`\n\
         nothing in the cache matches `__vlive__nums`\n\
         nothing in the cache matches `settings/theme`\n",
    );
    assert_eq!(folder.tables(), before);
}

#[test]
fn a_deleted_cache_key_can_be_filled_again() {
    let folder = Folder::copy_of("bakery");
    folder.vlive(["invalidate", "-q", "--json", "--all"]).json();
    folder.vlive(["put", "-q", "clients/page_1"]).stdin("{}").ends(0, "", "");
    assert_eq!(folder.keys(), ["clients/page_1"]);
}

#[test]
fn every_selection_without_a_match_is_named() {
    let folder = Folder::shared("bakery");
    let ended = folder.vlive(["invalidate", "-n", "clients/page_1", "clients/nope", "orders/zzzzzzzz"]).output();
    assert_eq!(ended.status, 0);
    for missing in ["`clients/nope`", "`orders/zzzzzzzz`"] {
        let told = format!("nothing in the cache matches {missing}");
        assert_eq!(ended.stderr.matches(&told).count(), 1, "{ended}");
    }
    let quiet = folder.vlive(["invalidate", "-n", "-q", "clients/page_1", "clients/nope"]).output();
    assert_eq!(quiet.stderr, "");
}
