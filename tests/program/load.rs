//! What `load` writes, from every form of source, and what it says of that.

use crate::support::{BY_HAND, CANONICAL, Ended, Entry, Folder, NOW};
use redb::Database;
use serde_json::json;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const RAW: &[&str] = &["--format", "jsonl", "--raw"];
const VALUES: &[&str] = &["--format", "cbor", "--output", "tree/"];

/// A folder with what a dump of `cache` with these arguments wrote to its files.
#[track_caller]
fn dumped(cache: &str, args: &[&str], status: i32) -> (Folder, String) {
    let (folder, shared) = (Folder::empty(), Folder::shared(cache));
    let dump = folder.vlive([&["-C", shared.path().to_str().unwrap(), "dump", "-q"], args].concat()).output();
    assert_eq!(dump.status, status, "{cache} {args:?}: {dump}");
    (folder, dump.stdout)
}

/// The folder must hold the entries of `cache` byte for byte, which `load` has just written to it.
#[track_caller]
fn holds(folder: &Folder, cache: &str, load: &Ended) {
    let expected = Folder::shared(cache).entries();
    assert!(folder.entries() == expected, "{cache}: {load}");
    let n = expected.len();
    assert!(load.stderr.starts_with(&format!("loaded {n} entries, ")), "{cache}: {load}");
    assert!(load.stderr.ends_with(&format!(": {n} added, 0 replaced, 0 removed\n")), "{cache}: {load}");
    assert_eq!((load.status, load.stdout.as_str()), (0, ""), "{cache}");
}

#[test]
fn a_dump_to_a_file_or_folder_in_any_form_loads_to_the_same_bytes() {
    for (args, source) in [
        (&["--output", "all.json"][..], "all.json"),
        (&["--output", "all.json", "--pretty"], "all.json"),
        (&["--output", "all", "--format", "jsonl"], "all"),
        (&[RAW, &["--output", "all"]].concat(), "all"),
        (&["--output", "tree/"], "tree"),
        (&["--output", "tree/", "--compact"], "tree/"),
        (VALUES, "./tree"),
    ] {
        for cache in CANONICAL {
            let (folder, _) = dumped(cache, args, 0);
            holds(&folder, cache, &folder.vlive(["load", source]).output());
        }
    }
}

#[test]
fn a_dump_to_a_pipe_loads_from_one_to_the_same_bytes() {
    for cache in CANONICAL {
        for args in [&[][..], &["--pretty"], &["--format", "jsonl"], RAW] {
            for load in [&["load"][..], &["load", "-"]] {
                let (folder, dump) = dumped(cache, args, 0);
                holds(&folder, cache, &folder.vlive(load).stdin(&dump).output());
            }
        }
    }
}

#[test]
fn unreadable_values_are_dumped_and_loaded_as_bytes() {
    let (folder, lines) = dumped(BY_HAND, RAW, 0);
    holds(&folder, BY_HAND, &folder.vlive(["load"]).stdin(lines).output());
    let (folder, _) = dumped(BY_HAND, VALUES, 0);
    holds(&folder, BY_HAND, &folder.vlive(["load", "tree"]).output());
}

#[test]
fn readable_handmade_entries_load_to_equal_entries() {
    for args in [&["--output", "all.json"][..], &["--output", "all.json", "--format", "jsonl"]] {
        let (folder, _) = dumped(BY_HAND, args, 3);
        folder.vlive(["load", "-q", "all.json"]).ends(0, "", "");
        let before = Folder::shared(BY_HAND).vlive(["dump"]).output();
        folder.vlive(["dump"]).ends(0, &before.stdout, "");
    }
}

#[test]
fn several_sources_of_several_forms_are_one() {
    let folder = Folder::empty();
    let bakery = Folder::shared("bakery");
    let dump = |args: &[&str]| {
        let dump = folder.vlive([&["-C", bakery.path().to_str().unwrap(), "dump", "-q"], args].concat()).output();
        assert_eq!(dump.status, 0, "{dump}");
        dump.stdout
    };
    let keys = bakery.keys();
    let mut cache_keys: Vec<_> = keys.iter().map(|key| key.split_once('/').unwrap().0).collect();
    cache_keys.dedup();
    let [first, second, third] = cache_keys[..] else { panic!("{cache_keys:?}") };
    dump(&[second, "--output", "tree/"]);
    dump(&[third, "--output", "third.jsonl", "--format", "jsonl", "--raw"]);
    let first = dump(&[first]);
    let load = folder.vlive(["load", "third.jsonl", "-", "tree"]).stdin(first).output();
    holds(&folder, "bakery", &load);
}

/// The rows and the time of every entry there.
fn told(folder: &Folder) -> String {
    folder.vlive(["dump", "--format", "jsonl"]).output().stdout
}

#[test]
fn the_rows_of_an_entry_may_have_every_form_that_put_takes() {
    let rows = r#"{"7":{"id":7,"n":1}}"#;
    let expected = |time: u64| format!("{{\"key\":\"k/1\",\"fetched_at\":{time},\"rows\":{rows}}}\n");
    let envelope = format!(r#"{{"fetched_at":5,"rows":{rows}}}"#);
    for (value, time) in [(envelope.as_str(), 5), (rows, NOW), ("\n[ {\"id\":7,\r\n\t\"n\":1} ]\n", NOW)] {
        let folder = Folder::empty();
        folder.vlive(["load", "-q"]).stdin(format!("{{\"k/1\":{value}}}")).ends(0, "", "");
        assert_eq!(told(&folder), expected(time), "{value}");
        let folder = Folder::empty();
        folder.write("tree/k/1.json", value);
        folder.vlive(["load", "-q", "tree"]).ends(0, "", "");
        assert_eq!(told(&folder), expected(time), "{value}");
    }
    for line in [
        format!(r#"{{"key":"k/1","fetched_at":5,"rows":{rows}}}"#),
        format!("{{\"rows\":\n{rows},\r\n \"key\":\"k/1\"\t, \"fetched_at\":5 }} "),
        r#"{"fetched_at":5,"key":"k\/\u0031","rows":[{"id":7,"n":1}]}"#.to_owned(),
    ] {
        let folder = Folder::empty();
        folder.vlive(["load", "-q"]).stdin(&line).ends(0, "", "");
        assert_eq!(told(&folder), expected(5), "{line}");
    }
}

#[test]
fn the_field_with_the_id_is_named_for_all_sources() {
    let folder = Folder::empty();
    folder.write("tree/k/3.json", r#"[{"sku":"c"}]"#);
    folder.write("lines", "{\"key\":\"k/2\",\"rows\":[{\"sku\":\"b\"}]}");
    let load = folder.vlive(["load", "-q", "--id-field", "sku", "--age=0s", "-", "tree", "lines"]);
    load.stdin(r#"{"k/1":[{"id":1,"sku":"a"}]}"#).ends(0, "", "");
    folder.vlive(["dump", "--rows"]).ends(
        0,
        "{\"k/1\":{\"a\":{\"id\":1,\"sku\":\"a\"}},\"k/2\":{\"b\":{\"sku\":\"b\"}},\"k/3\":{\"c\":{\"sku\":\"c\"}}}\n",
        "",
    );
}

#[test]
fn objects_follow_each_other_in_one_source_with_or_without_lines() {
    let folder = Folder::empty();
    let source = r#" {"k/1":{}}{"key":"k/2","rows":{}} {"k/3":{},"k/4":{}}

        {} {"raw":"oA==","key":"k/5"}"#;
    folder.vlive(["load", "-q"]).stdin(source).ends(0, "", "");
    assert_eq!(folder.keys(), ["k/1", "k/2", "k/3", "k/4", "k/5"]);
    assert_eq!(folder.value("k/5"), b"\xa0");
}

#[test]
fn a_key_is_split_as_vantage_live_splits_it() {
    let source =
        r#"{"clients":{},"clients/":{},"/":{},"":{},"https://h/users/page_1":{},"Größe 数/id/a b\n\u0000":{}}"#;
    let folder = Folder::empty();
    folder.vlive(["load", "-q"]).stdin(source).ends(0, "", "");
    let keys = ["/", "/__root__", "Größe 数/id/a b\n\0", "clients/", "clients/__root__", "https://h/users/page_1"];
    assert_eq!(folder.keys(), keys);
    let cache_keys: Vec<String> = folder.entries().into_iter().map(|entry| entry.cache_key).collect();
    assert_eq!(cache_keys, ["", "", "Größe 数", "clients", "clients", "https:"]);
}

/// Two keys that are new to the cache `foreign`, one of them in a new table, and one that is not.
const SOURCE: &str = r#"{"new/1":{},"clients/page_1":{"a":{}},"clients/page_9":{}}"#;

const BROUGHT: [&str; 3] = ["clients/page_1", "clients/page_9", "new/1"];

/// What of `foreign` goes with these arguments, but for what the source brings again.
const MODES: [(&[&str], &[&str]); 3] = [
    (&[], &[]),
    (&["--replace"], &["clients/__root__", "clients/id/client:00000"]),
    (&["--clear"], &["clients/__root__", "clients/id/client:00000", "orders/__root__", "orders/id/1", "orders/page_1"]),
];

#[test]
fn entries_with_the_same_key_are_replaced_and_others_removed_only_on_request() {
    for (args, removed) in MODES {
        let folder = Folder::copy_of("foreign");
        let foreign = |folder: &Folder| {
            folder.vlive(["ls", "-q", "--all", "--json"]).json().as_array().unwrap()[..]
                .iter()
                .filter(|table| table["key"].is_null())
                .cloned()
                .collect::<Vec<_>>()
        };
        let (mut kept, tables) = (folder.entries(), foreign(&folder));
        assert_eq!(tables.len(), 4);
        kept.retain(|entry| !BROUGHT.contains(&&*entry.key) && !removed.contains(&&*entry.key));
        assert_eq!(kept.len(), 5 - removed.len());
        folder.vlive([&["load", "-q"], args].concat()).stdin(SOURCE).ends(0, "", "");
        let (new, others): (Vec<Entry>, Vec<Entry>) =
            folder.entries().into_iter().partition(|entry| BROUGHT.contains(&&*entry.key));
        assert_eq!(others, kept, "{args:?}");
        let heads: Vec<_> = new.iter().map(|entry| (entry.key.as_str(), entry.head())).collect();
        assert_eq!(heads, [("clients/page_1", (NOW, 1)), ("clients/page_9", (NOW, 0)), ("new/1", (NOW, 0))]);
        assert_eq!(foreign(&folder), tables, "{args:?} touched a table that is no cache table");
    }
}

#[test]
fn a_dry_run_lists_each_key_and_leaves_no_trace_while_the_cache_is_in_use() {
    for (args, removed) in MODES {
        let folder = Folder::copy_of("foreign");
        let app = Database::open(folder.file()).unwrap();
        let mut keys = vec!["+ clients/page_9".to_owned(), "+ new/1".to_owned(), "~ clients/page_1".to_owned()];
        keys.extend(removed.iter().map(|key| format!("- {key}")));
        let keys = keys.join("\n") + "\n";
        let rest = format!("3 entries, 72 B: 2 added, 1 replaced, {} removed\n", removed.len());
        let told = |mark: &str| -> Vec<&str> { keys.lines().filter_map(|line| line.strip_prefix(mark)).collect() };
        let by_key = json!({ "added": told("+ "), "replaced": told("~ "), "removed": told("- ") });
        let json = |dry_run: bool| {
            let mut json = json!({
                "entries": 3, "bytes": 72, "added": 2, "replaced": 1, "removed": removed.len(), "dry_run": dry_run,
            });
            if dry_run {
                json["keys"] = by_key.clone();
            }
            json
        };
        let load = |more: &[&str]| folder.vlive([&["load"], args, more].concat()).stdin(SOURCE);
        folder.untouched(|| {
            load(&["--dry-run"]).ends(0, &keys, &format!("would load {rest}"));
            load(&["-n", "-q"]).ends(0, &keys, "");
            assert_eq!(load(&["-n", "--json"]).json(), json(true));
            assert_eq!(load(&[]).output().status, 4);
        });
        drop(app);
        // What comes is what was told.
        let before = folder.contents();
        load(&[]).ends(0, "", &format!("loaded {rest}"));
        for (path, (_, bytes)) in before.iter().filter(|(path, _)| path.is_file()) {
            std::fs::write(path, bytes).unwrap();
        }
        assert_eq!(load(&["--json", "-q"]).json(), json(false));
    }
}

#[test]
fn a_dry_run_without_a_cache_adds_everything_and_creates_nothing() {
    let folder = Folder::empty();
    let keys = "+ clients/page_1\n+ clients/page_9\n+ new/1\n";
    folder.untouched(|| {
        for target in [".", "new", "new/deeper", "new/vlive.redb"] {
            for (args, _) in MODES {
                let load = folder.vlive([&["load", "-n", "-C", target], args].concat()).stdin(SOURCE);
                load.ends(0, keys, "would load 3 entries, 72 B: 3 added, 0 replaced, 0 removed\n");
            }
        }
    });
}

#[test]
fn the_summary_counts_added_replaced_and_removed_entries() {
    let folder = Folder::empty();
    let load = |args: &[&str], source: &str| folder.vlive([&["load"], args].concat()).stdin(source);
    load(&[], r#"{"k/1":{}}"#).ends(0, "", "loaded 1 entry, 23 B: 1 added, 0 replaced, 0 removed\n");
    load(&[], r#"{"k/1":{},"k/2":{}}"#).ends(0, "", "loaded 2 entries, 46 B: 1 added, 1 replaced, 0 removed\n");
    load(&["--replace"], r#"{"k/3":{}}"#).ends(0, "", "loaded 1 entry, 23 B: 1 added, 0 replaced, 2 removed\n");
    load(&["-q"], r#"{"l/1":{}}"#).ends(0, "", "");
    let json = "{\"entries\":1,\"bytes\":23,\"added\":0,\"replaced\":1,\"removed\":1,\"dry_run\":false}\n";
    load(&["-q", "--json", "--clear"], r#"{"l/1":{}}"#).ends(0, json, "");
    assert_eq!(folder.keys(), ["l/1"]);
}

#[test]
fn a_source_without_entries_loads_nothing() {
    let folder = Folder::copy_of("bakery");
    let before = folder.entries();
    for source in ["", " \n", "{}", "{}\n{}"] {
        for args in [&["load"][..], &["load", "--replace"]] {
            let nothing = "loaded 0 entries, 0 B: 0 added, 0 replaced, 0 removed\n";
            folder.untouched(|| folder.vlive(args).stdin(source).ends(0, "", nothing));
        }
    }
    // What should have written it may have failed.
    for source in ["", " \n"] {
        let refused = "error: there is nothing to load, and --clear would empty the cache\nhint: `{}` is a cache without entries; `vlive invalidate --all` empties one\n";
        folder.untouched(|| folder.vlive(["load", "--clear"]).stdin(source).ends(2, "", refused));
    }
    let n = before.len();
    let emptied = format!("loaded 0 entries, 0 B: 0 added, 0 replaced, {n} removed\n");
    folder.vlive(["load", "--clear"]).stdin("{}").ends(0, "", &emptied);
    assert_eq!(folder.entries(), []);
    // A dump of an empty cache.
    let new = Folder::empty();
    new.vlive(["load", "-q"]).stdin(folder.vlive(["dump"]).output().stdout).ends(0, "", "");
    new.vlive(["dump"]).ends(0, "{}\n", "");
}

#[test]
fn entries_are_dated_by_the_options_then_the_source_then_the_environment_then_the_clock() {
    // The last of them is stored as it is, with the time 3.
    let source = r#"{"key":"k/1","fetched_at":5,"rows":{}} {"key":"k/2","rows":{}} {"k/3":{"fetched_at":4,"rows":{}}}
        {"k/4":{"rows":{}}, "k/5":[]} {"key":"k/6","raw":"omR6b25lAGpmZXRjaGVkX2F0Aw=="}"#;
    let epoch = Some("6");
    for (args, epoch, times) in [
        (&["--fetched-at", "@7"][..], epoch, [7; 6]),
        (&["--fetched-at", "2026-02-02T03:40:00+01:00"], None, [1_770_000_000; 6]),
        (&["--age", "2h 46m 40s"], epoch, [1_770_000_000; 6]),
        // Longer ago than 1970 is 1970.
        (&["--age", "1000y"], None, [0; 6]),
        (&[], epoch, [5, 6, 4, 6, 6, 3]),
        (&[], Some(""), [5, NOW, 4, NOW, NOW, 3]),
    ] {
        let folder = Folder::empty();
        let epoch: Vec<_> = epoch.iter().map(|epoch| ("SOURCE_DATE_EPOCH", *epoch)).collect();
        folder.vlive([&["load", "-q"], args].concat()).envs(&epoch).stdin(source).ends(0, "", "");
        let lines = told(&folder);
        let seen: Vec<u64> = lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["fetched_at"].as_u64().unwrap())
            .collect();
        assert_eq!(seen, times, "{args:?}");
    }
}

#[test]
fn stored_bytes_that_are_dated_anew_keep_every_other_byte() {
    let (folder, lines) = dumped("foreign", RAW, 0);
    folder.vlive(["load", "-q", "--fetched-at", "@1"]).stdin(&lines).ends(0, "", "");
    let touched = Folder::copy_of("foreign");
    touched.vlive(["touch", "--all", "--json", "--fetched-at", "@1"]).json();
    assert_eq!(folder.entries(), touched.entries());
    let (folder, _) = dumped("foreign", VALUES, 0);
    folder.vlive(["load", "-q", "--age", "10000y", "tree"]).ends(0, "", "");
    touched.vlive(["touch", "--all", "--json", "--fetched-at", "@0"]).json();
    assert_eq!(folder.entries(), touched.entries());
}

#[test]
fn without_any_time_an_entry_is_dated_now() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let folder = Folder::empty();
    let before = now();
    folder.vlive(["load", "-q"]).env_remove("VLIVE_NOW").stdin(r#"{"k/1":{}}"#).ends(0, "", "");
    assert!((before..=now()).contains(&folder.entries()[0].head().0));
}

const NO_ENTRIES: &str = "\
warning: `tree/README.md` is not an entry: its name ends in neither .json nor .cbor
warning: `tree/k/1.diag` is not an entry: its name ends in neither .json nor .cbor
warning: `tree/k/json` is not an entry: its name ends in neither .json nor .cbor
";

#[test]
fn files_of_a_folder_that_are_not_entries_are_named_and_hidden_ones_skipped() {
    let folder = Folder::empty();
    for name in ["README.md", "k/1.diag", "k/json", ".hidden.json", "k/.2.json", ".git/config.json", "k/.x/y.cbor"] {
        folder.write(&format!("tree/{name}"), "not JSON");
    }
    folder.write("tree/k/1.json", "{}");
    let summary = "loaded 1 entry, 23 B: 1 added, 0 replaced, 0 removed\n";
    folder.vlive(["load", "tree"]).ends(0, "", &format!("{NO_ENTRIES}{summary}"));
    assert_eq!(folder.keys(), ["k/1"]);
    folder.vlive(["load", "-q", "-n", "tree"]).ends(0, "~ k/1\n", "");
    let json = "{\"entries\":1,\"bytes\":23,\"added\":0,\"replaced\":1,\"removed\":0,\"dry_run\":true,\"keys\":{\"added\":[],\"replaced\":[\"k/1\"],\"removed\":[]}}\n";
    folder.vlive(["load", "-n", "--json", "tree"]).ends(0, json, NO_ENTRIES);
}

#[test]
fn names_of_files_are_read_with_any_characters_encoded() {
    let folder = Folder::empty();
    for name in ["clients.json", "a b.cbor/x%2fy/%6B.json", "%-/%-.json", "a%2Eb/%C3%A9é.json", "long%+/er%+/key.json"]
    {
        folder.write(&format!("tree/{name}"), "{}");
    }
    folder.write("tree/v/.x.cbor", "hidden");
    folder.write("tree/v/%2Ex.cbor", b"\xa0");
    folder.vlive(["load", "-q", "tree"]).ends(0, "", "");
    assert_eq!(folder.keys(), ["/", "a b.cbor/x/y/k", "a.b/éé", "clients/__root__", "longerkey/__root__", "v/.x"]);
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_followed() {
    let folder = Folder::empty();
    folder.write("elsewhere/1.json", "{}");
    folder.write("tree/own/1.json", "{}");
    std::os::unix::fs::symlink("../elsewhere", folder.path().join("tree/linked")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere/1.json", folder.path().join("tree/own/2.json")).unwrap();
    folder.vlive(["load", "-q", "tree"]).ends(0, "", "");
    assert_eq!(folder.keys(), ["linked/1", "own/1", "own/2"]);
}

#[test]
fn folder_and_file_are_created_where_they_are_missing() {
    for target in ["a/b/c", "a/b/c/vlive.redb"] {
        let folder = Folder::empty();
        let summary = "loaded 1 entry, 23 B: 1 added, 0 replaced, 0 removed\n";
        folder.vlive(["load", "-C", target]).stdin(r#"{"k/1":{}}"#).ends(0, "", summary);
        let created = std::fs::read_dir(folder.path().join("a/b/c")).unwrap();
        assert_eq!(created.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["vlive.redb"]);
    }
}

#[test]
fn a_cache_that_a_killed_app_left_behind_takes_entries() {
    let folder = Folder::copy_of("crashed");
    folder.vlive(["load", "-q"]).stdin(r#"{"new/1":{},"new/2":{}}"#).ends(0, "", "");
    let (new, others): (Vec<Entry>, Vec<Entry>) =
        folder.entries().into_iter().partition(|entry| entry.cache_key == "new");
    assert_eq!((new.len(), others), (2, Folder::shared("crashed").entries()));
}

/// A row of so many megabytes.
fn row_of(megabytes: usize) -> String {
    format!(r#"{{"a":{{"x":"{}"}}}}"#, megabytes.to_string().repeat(megabytes << 20))
}

/// More than is kept in memory, so that values take the way through a temporary file.
#[test]
fn large_entries_load_to_the_same_bytes() {
    let (loaded, put) = (Folder::empty(), Folder::empty());
    let mut source = String::new();
    for n in 1..6 {
        writeln!(source, "{{\"k/{n}\":{}}}", row_of(n)).unwrap();
        put.vlive(["put", "-q", &format!("k/{n}")]).stdin(row_of(n)).ends(0, "", "");
    }
    loaded.vlive(["load", "-q"]).stdin(source).ends(0, "", "");
    assert!(loaded.entries() == put.entries());
}

/// A limit on the size of files, in blocks of 512 bytes, refuses what a full disk does.
#[cfg(unix)]
#[test]
fn a_disk_that_refuses_leaves_the_cache_as_it_was() {
    let folder = Folder::copy_of("live-demo");
    let before = folder.entries();
    for (megabytes, told) in
        [(7, "error: cannot write to `./vlive.redb`: "), (9, "error: cannot use a temporary file in `")]
    {
        folder.write("source.json", format!(r#"{{"products/id/a":{{}},"new/1":{}}}"#, row_of(megabytes)));
        for args in [&["load", "source.json"][..], &["load", "source.json", "--clear"]] {
            let load = folder.limited("ulimit -f 8192", args);
            assert_eq!((load.status, load.stdout.as_str()), (3, ""), "{load}");
            assert!(load.stderr.starts_with(told) && load.stderr.contains("File too large"), "{load}");
            assert_eq!(folder.entries(), before);
            assert_eq!(folder.files(), ["source.json", "vlive.redb"]);
        }
    }
}
