//! What all commands have in common that change a cache: the backup, the dry run, and entries under other keys.

use crate::common::random::Random;
use crate::support::{Ended, Folder, NOW};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// Full key to the stored bytes.
type Contents = BTreeMap<String, Vec<u8>>;

fn contents(folder: &Folder) -> Contents {
    folder.entries().into_iter().map(|entry| (entry.key, entry.value)).collect()
}

const CACHE_KEYS: [&str; 3] = ["a", "ab", "b"];
const SUB_KEYS: [&str; 5] = ["__root__", "1", "10", "2", "x/1"];

fn random_key(random: &mut Random) -> String {
    format!("{}/{}", random.one_of(&CACHE_KEYS), random.one_of(&SUB_KEYS))
}

/// Some entries, one of them now and then of bytes that are not an envelope.
fn random_cache(random: &mut Random) -> Folder {
    let folder = Folder::empty();
    let mut lines = String::new();
    for cache_key in CACHE_KEYS {
        for sub_key in SUB_KEYS {
            let key = format!("{cache_key}/{sub_key}");
            let fetched_at = NOW - random.next() % 1_000_000;
            let line = match random.below(6) {
                0..3 => continue,
                3 => json!({ "key": key, "raw": "gA==" }),
                _ => json!({ "key": key, "fetched_at": fetched_at, "rows": { "r": { "n": random.below(100) } } }),
            };
            lines.extend([line.to_string(), "\n".to_owned()]);
        }
    }
    folder.vlive(["load", "-q"]).stdin(if lines.is_empty() { "{}" } else { &lines }).ends(0, "", "");
    folder
}

#[test]
fn a_backup_restores_what_a_change_replaced_or_removed() {
    for seed in 0..30 {
        let random = &mut Random::new(seed);
        let folder = random_cache(random);
        let before = contents(&folder);
        let (one, other) = (random_key(random), random_key(random));
        let fixture =
            json!({ random_key(random): { "rows": {} }, random_key(random): { "rows": { "new": {} } } }).to_string();
        let (args, input): (Vec<&str>, &str) = match random.below(8) {
            0 => (vec!["invalidate", &one, &other], ""),
            1 => (vec!["invalidate", "--all", "--older-than", "6d", "--unreadable"], ""),
            2 => (vec!["touch", "--all", "--fetched-at", "@7"], ""),
            3 => (vec!["put", &one], "{}"),
            4 => (vec!["load", random.one_of(&["-q", "--replace", "--clear"])], &fixture),
            5 => (vec!["cp", "--replace", &one, &other], ""),
            6 => (vec!["mv", "--replace", &one, &other], ""),
            _ => (vec!["mv", "--replace", "a", "b"], ""),
        };
        let what = format!("seed {seed}: {args:?}");
        let ended = folder.vlive([&args[..], &["--backup", "saved.jsonl"]].concat()).stdin(input).output();
        assert!([0, 1, 2, 3].contains(&ended.status), "{what}: {ended}");
        let after = contents(&folder);
        let lost: Contents = before
            .iter()
            .filter(|(key, value)| after.get(*key) != Some(*value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let saved = folder.path().join("saved.jsonl");
        if !saved.exists() {
            assert!(lost.is_empty(), "{what}: {lost:?}");
            continue;
        }
        folder.vlive(["load", "-q", "saved.jsonl"]).ends(0, "", "");
        let restored = contents(&folder);
        for (key, value) in &before {
            assert_eq!(restored.get(key), Some(value), "{what}: {key}");
        }
        // Nothing else came back or went.
        let added = restored.keys().filter(|key| !before.contains_key(*key));
        assert!(added.clone().all(|key| after.contains_key(key)), "{what}");
    }
}

#[test]
fn the_summary_names_the_command_that_restores_and_a_backup_is_never_overwritten() {
    let folder = Folder::copy_of("live-demo");
    let before = contents(&folder);
    let keys = "products/id/a\nproducts/page_1\n";
    let backup = ["invalidate", "products", "--backup", "saved.jsonl"];
    folder.untouched(|| {
        folder.vlive([&backup[..], &["-n"]].concat()).ends(0, keys, "would delete 2 entries, 148 B\n");
    });
    folder.vlive(backup).ends(
        0,
        keys,
        "deleted 2 entries, 148 B\n\
         `saved.jsonl` holds 2 entries as before: `vlive load saved.jsonl` restores them\n",
    );
    folder.untouched(|| {
        folder.vlive(backup).ends(
            2,
            "",
            "error: `saved.jsonl` already exists, and a backup needs a new file\n\
             hint: name another file, or remove this one\n",
        );
    });
    folder.vlive(["load", "saved.jsonl", "-q"]).ends(0, "", "");
    assert_eq!(contents(&folder), before);
    folder.vlive(["put", "new/1", "--backup", "none.jsonl"]).stdin("{}").ends(
        0,
        "",
        "put new/1: 0 rows, 23 B\nnothing was replaced or removed, so `none.jsonl` was not written\n",
    );
    assert!(!folder.path().join("none.jsonl").exists());
}

/// Runs the command that a summary names for a shell.
#[cfg(unix)]
fn run_as_told(folder: &Folder, told: &str) {
    let command = told.split('`').find_map(|part| part.strip_prefix("vlive ")).expect("a command is named");
    let vlive = folder.command([] as [&str; 0]);
    let shell = format!("'{}' {command}", vlive.get_program().to_str().unwrap());
    let mut shell_command = std::process::Command::new("sh");
    shell_command.args(["-c", &shell]).current_dir(folder.path()).env_remove("VLIVE_FOLDER");
    let ended = Ended::of(shell_command.output().unwrap());
    assert_eq!(ended.status, 0, "{shell}: {ended}");
}

#[cfg(unix)]
#[test]
fn the_command_that_restores_works_for_any_path_of_the_cache() {
    for (cache, backup) in [("cache", "b.jsonl"), ("it's mine", "my before.jsonl"), ("-x", "-b.jsonl")] {
        for by_variable in [false, true] {
            let folder = Folder::empty();
            let file = format!("{cache}/vlive.redb");
            folder.write(&file, fs::read(Folder::shared("bakery").file()).unwrap());
            let change = ["invalidate", "clients/page_1", "--exact", &format!("--backup={backup}")];
            let changed = if by_variable {
                folder.vlive(change).env("VLIVE_FOLDER", cache).output()
            } else {
                folder.vlive([&change[..], &[&format!("-C{cache}")]].concat()).output()
            };
            assert_eq!(changed.status, 0, "{changed}");
            run_as_told(&folder, changed.stderr.lines().last().unwrap());
            assert_eq!(folder.files().len(), 2, "no other cache was made: {:?}", folder.files());
            let keys = folder.vlive(["ls", "clients/page_1", "--exact", "--keys", &format!("-C{cache}")]).output();
            assert_eq!(keys.stdout, "clients/page_1\n", "{keys}");
        }
    }
}

#[test]
fn the_summary_says_that_a_backup_does_not_remove_added_entries() {
    let folder = Folder::copy_of("bakery");
    let told = |args: &[&str], input: &str| {
        let ended = folder.vlive(args).stdin(input).output();
        ended.stderr.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        told(&["mv", "clients/page_1", "archive/p1", "--backup", "a.jsonl"], ""),
        "`a.jsonl` holds 1 entry as before: `vlive load a.jsonl` restores it; what was added stays"
    );
    let mixed = r#"{"archive/p1": {"rows": {}}, "archive/p2": {"rows": {}}}"#;
    assert_eq!(
        told(&["load", "--backup", "b.jsonl"], mixed),
        "`b.jsonl` holds 1 entry as before: `vlive load b.jsonl` restores it; what was added stays"
    );
    assert_eq!(
        told(&["mv", "archive/p1", "archive/p2", "--replace", "--backup", "c.jsonl"], ""),
        "`c.jsonl` holds 2 entries as before: `vlive load c.jsonl` restores them"
    );
}

#[test]
fn a_dry_run_of_a_copy_names_what_it_replaces_and_what_it_removes() {
    let folder = Folder::empty();
    let fixture = r#"{"a/1": {"rows": {}}, "a/2": {"rows": {}}, "b/2": {"rows": {}}, "b/3": {"rows": {}}}"#;
    folder.vlive(["load", "-q"]).stdin(fixture).ends(0, "", "");
    folder.untouched(|| {
        folder.vlive(["cp", "a", "b", "--replace", "-n"]).ends(
            0,
            "+ b/1\n~ b/2\n- b/3\n",
            "would copy 2 entries, 46 B, in place of 2 entries\n",
        );
        let told = folder.vlive(["mv", "a", "b", "--replace", "-n", "--json"]).json();
        assert_eq!(told["removed"], json!(["a/1", "a/2", "b/3"]));
    });
    folder.vlive(["mv", "a", "b", "--replace", "-q"]).ends(0, "b/1\nb/2\n", "");
    assert_eq!(folder.keys(), ["b/1", "b/2"]);
}

#[test]
fn nothing_changes_if_the_backup_cannot_be_written() {
    let folder = Folder::copy_of("live-demo");
    let before = contents(&folder);
    for args in [
        &["invalidate", "--all"][..],
        &["touch", "--all"],
        &["put", "products/id/a"],
        &["load", "--clear"],
        &["mv", "products", "goods"],
    ] {
        let input = r#"{"k/1": {"rows": {}}}"#;
        let input = if args[0] == "put" { "{}" } else { input };
        let ended = folder.vlive([args, &["--backup", "missing/saved.jsonl"]].concat()).stdin(input).output();
        assert_eq!(ended.status, 3, "{ended}");
        assert!(ended.stderr.contains("the folder `missing` does not exist"), "{ended}");
        assert_eq!(contents(&folder), before, "{args:?}");
    }
}

#[test]
fn a_backup_to_standard_output_is_refused() {
    let folder = Folder::copy_of("live-demo");
    let refused = "error: a backup is a file, not standard output\nhint: name a new file\n";
    folder.untouched(|| folder.vlive(["invalidate", "products", "--backup", "-"]).ends(2, "", refused));
}

#[test]
fn a_dry_run_of_any_change_leaves_no_trace() {
    let folder = Folder::copy_of("live-demo");
    folder.untouched(|| {
        folder.vlive(["put", "-n", "products/id/a"]).stdin("{}").ends(
            0,
            "",
            "would replace products/id/a: 0 rows, 23 B\n",
        );
        folder.vlive(["put", "-n", "products/id/b"]).stdin("{}").ends(0, "", "would put products/id/b: 0 rows, 23 B\n");
        folder.vlive(["cp", "-n", "products", "goods"]).ends(
            0,
            "+ goods/id/a\n+ goods/page_1\n",
            "would copy 2 entries, 148 B\n",
        );
        folder.vlive(["mv", "-n", "products/id/a", "a/b"]).ends(
            0,
            "+ a/b\n- products/id/a\n",
            "would move 1 entry, 48 B\n",
        );
    });
    let folder = Folder::empty();
    folder.untouched(|| {
        folder.vlive(["put", "-n", "k/1"]).stdin("{}").ends(0, "", "would put k/1: 0 rows, 23 B\n");
        let from = Folder::shared("live-demo");
        let from = from.path().to_str().unwrap();
        folder.vlive(["cp", "-n", "products/id/a", "a/b", "--from", from]).ends(
            0,
            "+ a/b\n",
            "would copy 1 entry, 48 B\n",
        );
    });
}

/// What a copy or a move comes to, by a plain model: the new contents, or nothing if something is in the way.
fn transferred(before: &Contents, moves: bool, prefix: bool, replace: bool, from: &str, to: &str) -> Option<Contents> {
    let whole = !from.contains('/');
    let selected = |key: &str| match (whole, prefix) {
        (true, _) => key.starts_with(&format!("{from}/")),
        (_, true) => key.starts_with(from),
        _ => key == from,
    };
    let pairs: Vec<(String, String, Vec<u8>)> = before
        .iter()
        .filter(|(key, _)| selected(key))
        .map(|(key, value)| (key.clone(), format!("{to}{}", &key[from.len()..]), value.clone()))
        .collect();
    let mut after = before.clone();
    if moves {
        after.retain(|key, _| !selected(key));
    }
    if whole && !pairs.is_empty() {
        let others = after.keys().filter(|key| key.starts_with(&format!("{to}/"))).count();
        if others > 0 && !replace {
            return None;
        }
        after.retain(|key, _| !key.starts_with(&format!("{to}/")));
    }
    if pairs.iter().any(|(_, to, _)| after.contains_key(to)) && !replace {
        return None;
    }
    after.extend(pairs.into_iter().map(|(_, to, value)| (to, value)));
    Some(after)
}

#[test]
fn copies_and_moves_agree_with_a_plain_model() {
    for seed in 500..560 {
        let random = &mut Random::new(seed);
        let folder = random_cache(random);
        let before = contents(&folder);
        let moves = random.below(2) == 0;
        let replace = random.below(2) == 0;
        let whole = random.below(3) == 0;
        let prefix = !whole && random.below(2) == 0;
        let (from, to) = if whole {
            let names = ["a", "ab", "b", "new"];
            (random.one_of(&names).to_owned(), random.one_of(&names).to_owned())
        } else {
            (
                random_key(random),
                format!("{}/{}", random.one_of(&["a", "ab", "new"]), random.one_of(&["1", "", "x/", "10"])),
            )
        };
        if from == to {
            continue;
        }
        let mut args = vec![if moves { "mv" } else { "cp" }, &from, &to, "--json", "-q"];
        args.extend(replace.then_some("--replace"));
        args.extend(prefix.then_some("--prefix"));
        let ended = folder.vlive(&args).output();
        let what = format!("seed {seed}: {args:?}: {ended}");
        let after = contents(&folder);
        match transferred(&before, moves, prefix, replace, &from, &to) {
            None => {
                assert_eq!((ended.status, &after), (2, &before), "{what}");
                assert!(ended.stderr.contains("already exist"), "{what}");
            }
            Some(expected) => {
                assert_eq!(after, expected, "{what}");
                if ended.status == 1 {
                    assert_eq!(after, before, "{what}");
                } else {
                    assert_eq!(ended.status, 0, "{what}");
                    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
                    for pair in told["keys"].as_array().unwrap() {
                        let key = |name: &str| pair[name].as_str().unwrap();
                        assert_eq!(before[key("from")], after[key("to")], "{what}");
                    }
                }
            }
        }
        // No table is left without an entry.
        let tables = folder.tables().len();
        let cache_keys: std::collections::BTreeSet<&str> =
            after.keys().map(|key| key.split_once('/').unwrap().0).collect();
        assert!(tables <= cache_keys.len() || after == before, "{what}: {:?}", folder.tables());
    }
}

#[test]
fn entries_are_copied_from_another_cache() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["-C", "new", "cp", "products", "goods", "--from", "."]).ends(
        0,
        "goods/id/a\ngoods/page_1\n",
        "copied 2 entries, 148 B\n",
    );
    // The same keys in two caches are not the same.
    folder.vlive(["-C", "new", "cp", "products", "products", "--from", ".", "-q"]).output();
    let copied = folder.vlive(["-C", "new", "dump", "products", "--format", "diag"]).output();
    assert_eq!(copied.stdout, folder.vlive(["dump", "products", "--format", "diag"]).output().stdout);
    folder.untouched(|| {
        folder.vlive(["-C", "other", "cp", "product", "x", "--from", "."]).ends(
            1,
            "",
            "error: `product` is not in the cache\nhint: the nearest key is `products`\n",
        );
    });
}

#[test]
fn incompatible_keys_are_refused() {
    let folder = Folder::copy_of("live-demo");
    folder.untouched(|| {
        for (args, message) in [
            (&["cp", "products", "products"][..], "error: FROM and TO are both `products`\n"),
            (
                &["mv", "products/id/a", "goods"],
                "error: `products/id/a` is a full key, and `goods` a cache key\n\
                 hint: the root entry of `goods` is `goods/__root__`\n",
            ),
            (
                &["cp", "", "x"],
                "error: the key is empty\nhint: `/__root__` names the root entry of the empty cache key\n",
            ),
            (
                &["cp", "products/id/a", "products/page_1"],
                "error: `products/page_1` already exists\nhint: --replace replaces it\n",
            ),
        ] {
            folder.vlive(args).ends(2, "", message);
        }
        folder.vlive(["mv", "products/id", "x/y"]).ends(
            1,
            "",
            "error: `products/id` is not in the cache\nhint: 1 key begins with it; --prefix selects it\n",
        );
    });
}
