//! The language in which every command is told which entries it is about.

use crate::common::random::Random;
use crate::support::{Folder, NOW};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Full key to the time at which the entry was fetched; `None` if its value is not an envelope.
type Model = BTreeMap<(String, String), Option<u64>>;

const CACHE_KEYS: [&str; 4] = ["a", "ab", "b", ""];
const SUB_KEYS: [&str; 8] = ["__root__", "", "1", "10", "12", "2", "x/1", "x/10"];
const DAY: u64 = 86_400;

fn full(key: &(String, String)) -> String {
    format!("{}/{}", key.0, key.1)
}

fn random_cache(random: &mut Random) -> (Folder, Model) {
    let (folder, mut model, mut lines) = (Folder::empty(), Model::new(), String::new());
    for cache_key in CACHE_KEYS {
        for sub_key in SUB_KEYS {
            if random.below(2) == 0 {
                continue;
            }
            let key = (cache_key.to_owned(), sub_key.to_owned());
            let days = random.below(6) as u64 * DAY;
            let line = if random.below(8) == 0 {
                model.insert(key.clone(), None);
                json!({ "key": full(&key), "raw": BASE64_STANDARD.encode(b"\x80") })
            } else {
                // One in six lies ahead of the clock.
                let fetched_at = NOW - 2 * DAY + days * u64::from(random.below(6) == 0) - days / 2;
                model.insert(key.clone(), Some(fetched_at));
                json!({ "key": full(&key), "fetched_at": fetched_at, "rows": {} })
            };
            lines.extend([line.to_string(), "\n".to_owned()]);
        }
    }
    folder.vlive(["load", "-q"]).stdin(if lines.is_empty() { "{}" } else { &lines }).ends(0, "", "");
    (folder, model)
}

/// Arguments that select, and what they select by name and by age.
struct Selecting {
    args: Vec<String>,
    names: Vec<String>,
    is_exact: bool,
    older: Option<u64>,
    newer: Option<u64>,
}

impl Selecting {
    fn random(random: &mut Random, exact_by_default: bool) -> Selecting {
        let name = |random: &mut Random| match random.below(4) {
            0 => random.one_of(&["a", "b", "ab", "none"]).to_owned(),
            _ => format!("{}/{}", random.one_of(&CACHE_KEYS), random.one_of(&SUB_KEYS)),
        };
        let names: Vec<String> = (0..random.below(4)).map(|_| name(random)).collect();
        let (flag, is_exact) =
            random.one_of(&[(None, exact_by_default), (Some("--exact"), true), (Some("--prefix"), false)]);
        let mut args = names.clone();
        args.extend(flag.map(str::to_owned));
        let mut bound = |option: &str| {
            let days = random.below(5) as u64;
            let given = random.below(3) == 0;
            let text = random.one_of(&["d", "@", "s"]);
            let time = NOW - days * DAY;
            let text = match text {
                "d" => format!("{days}d"),
                "@" => format!("@{time}"),
                _ => (days * DAY).to_string(),
            };
            given.then(|| {
                args.extend([option.to_owned(), text]);
                time
            })
        };
        let (older, newer) = (bound("--older-than"), bound("--newer-than"));
        Selecting { args, names, is_exact, older, newer }
    }

    fn names(&self, key: &(String, String)) -> bool {
        self.names.is_empty()
            || self.names.iter().any(|name| match name.split_once('/') {
                None => key.0 == *name,
                Some((cache_key, sub_key)) if self.is_exact => (cache_key, sub_key) == (&key.0, &key.1),
                Some((cache_key, sub_key)) => key.0 == cache_key && key.1.starts_with(sub_key),
            })
    }

    fn is_narrowed(&self) -> bool {
        self.older.is_some() || self.newer.is_some()
    }

    fn is_within(&self, fetched_at: u64) -> bool {
        let is_future = fetched_at > NOW;
        self.older.is_none_or(|older| fetched_at < older && !is_future)
            && self.newer.is_none_or(|newer| fetched_at > newer || is_future)
    }

    /// The keys of the entries that are selected and can be read.
    fn readable(&self, model: &Model) -> Vec<String> {
        let selected =
            model.iter().filter(|(key, time)| self.names(key) && time.is_some_and(|time| self.is_within(time)));
        selected.map(|(key, _)| full(key)).collect()
    }

    fn unreadable(&self, model: &Model) -> Vec<String> {
        model.iter().filter(|(key, time)| self.names(key) && time.is_none()).map(|(key, _)| full(key)).collect()
    }
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

fn strings(array: &Value, field: Option<&str>) -> Vec<String> {
    let text = |value: &Value| field.map_or(value, |field| &value[field]).as_str().unwrap().to_owned();
    sorted(array.as_array().unwrap().iter().map(text).collect())
}

fn args<'a>(first: &[&'a str], selecting: &'a Selecting) -> Vec<&'a str> {
    first.iter().copied().chain(selecting.args.iter().map(String::as_str)).collect()
}

#[test]
fn commands_that_look_agree_with_a_plain_model() {
    for seed in 0..12 {
        let random = &mut Random::new(seed);
        let (folder, model) = random_cache(random);
        for _ in 0..6 {
            let selecting = Selecting::random(random, false);
            let ended = folder.vlive(args(&["ages", "--json", "-q"], &selecting)).output();
            let what = format!("seed {seed}, ages {:?}: {ended}", selecting.args);
            let listed: Value = serde_json::from_str(&ended.stdout).unwrap();
            assert_eq!(strings(&listed, Some("key")), sorted(selecting.readable(&model)), "{what}");
            let named = selecting.unreadable(&model);
            assert!(
                named.iter().all(|key| ended.stderr.contains(&format!("entry `{key}` cannot be decoded"))),
                "{what}"
            );
            assert_eq!(ended.status == 3, !named.is_empty(), "{what}");

            let selecting = Selecting::random(random, true);
            let ended = folder.vlive(args(&["dump", "--format", "jsonl", "-q"], &selecting)).output();
            let what = format!("seed {seed}, dump {:?}: {ended}", selecting.args);
            let keys = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let keys = keys.map(|line| line["key"].as_str().unwrap().to_owned()).collect();
            assert_eq!(sorted(keys), sorted(selecting.readable(&model)), "{what}");
        }
    }
}

#[test]
fn commands_that_change_agree_with_a_plain_model() {
    for seed in 100..120 {
        let random = &mut Random::new(seed);
        let (folder, model) = random_cache(random);
        let mut selecting = Selecting::random(random, false);
        if selecting.names.is_empty() {
            selecting.args.push("--all".to_owned());
        }
        let include = selecting.is_narrowed() && random.below(2) == 0;
        let mut expected = selecting.readable(&model);
        if include || !selecting.is_narrowed() {
            expected.extend(selecting.unreadable(&model));
        }
        let expected = sorted(expected);
        let mut first = vec!["invalidate", "--json", "-q"];
        first.extend(include.then_some("--unreadable"));
        let what = format!("seed {seed}, {:?}", selecting.args);
        let planned = folder.vlive([&args(&first, &selecting)[..], &["-n"]].concat()).json();
        assert_eq!(strings(&planned["keys"], None), expected, "{what}");

        let touched = folder.vlive(args(&["touch", "-n", "--json", "-q"], &selecting)).output();
        let touched: Value = serde_json::from_str(&touched.stdout).unwrap();
        assert_eq!(strings(&touched["keys"], None), sorted(selecting.readable(&model)), "{what}");

        let removed = folder.vlive(args(&first, &selecting)).json();
        assert_eq!(strings(&removed["keys"], None), expected, "{what}");
        let left: Vec<String> = model.keys().map(full).filter(|key| !expected.contains(key)).collect();
        assert_eq!(sorted(folder.keys()), sorted(left), "{what}");
    }
}

/// Two entries of ten days, one of a day, one ahead of the clock, and one that cannot be read.
fn aged() -> Folder {
    let folder = Folder::empty();
    let line =
        |key: &str, fetched_at: u64| format!("{{\"key\":\"{key}\",\"fetched_at\":{fetched_at},\"rows\":{{}}}}\n");
    let lines = [
        line("k/old", NOW - 10 * DAY),
        line("l/old", NOW - 10 * DAY),
        line("k/new", NOW - DAY),
        line("k/future", NOW + DAY),
        "{\"key\":\"k/broken\",\"raw\":\"gA==\"}\n".to_owned(),
    ];
    folder.vlive(["load", "-q"]).stdin(lines.concat()).ends(0, "", "");
    folder
}

#[test]
fn entries_older_than_a_week_are_deleted_and_undatable_ones_kept() {
    let future = "warning: 1 selected entry is dated in the future: newer than any age\n";
    let kept = "warning: 1 selected entry has a time that cannot be read, and is kept unless --unreadable is given\n";
    let folder = aged();
    let all = ["invalidate", "--all", "--older-than", "7d"];
    folder.untouched(|| {
        let would = format!("would delete 2 entries, 46 B\n{future}{kept}");
        folder.vlive([&all[..], &["-n"]].concat()).ends(0, "k/old\nl/old\n", &would);
    });
    folder.vlive(all).ends(0, "k/old\nl/old\n", &format!("deleted 2 entries, 46 B\n{future}{kept}"));
    assert_eq!(folder.keys(), ["k/broken", "k/future", "k/new"]);
    // A table that is left without entries goes too.
    assert_eq!(folder.tables(), ["__vlive__k"]);
    folder.vlive([&all[..], &["--unreadable", "-q"]].concat()).ends(0, "k/broken\n", "");
    folder.vlive(["invalidate", "--all", "--newer-than", "0s", "-q"]).ends(0, "k/future\n", "");
    assert_eq!(folder.keys(), ["k/new"]);
}

#[test]
fn a_nonsensical_age_is_refused_in_one_sentence() {
    let folder = aged();
    for (age, why) in [
        ("-1d", "an age is not negative; entries dated in the future are newer than any age"),
        ("1000y", "that long ago is before 1970; `@` begins seconds since 1970"),
        (
            "99999999999999999999y",
            "an age is a duration such as 7d or 3h 12m, or a time: RFC 3339, a date such as 2026-01-31, or `@` and seconds since 1970",
        ),
        (
            "",
            "an age is a duration such as 7d or 3h 12m, or a time: RFC 3339, a date such as 2026-01-31, or `@` and seconds since 1970",
        ),
    ] {
        for option in ["--older-than", "--newer-than"] {
            folder.untouched(|| {
                folder.vlive(["invalidate", "--all", option, age]).ends(
                    2,
                    "",
                    &format!("error: {option} cannot be `{age}`: {why}\n"),
                );
            });
        }
    }
    folder.vlive(["invalidate", "k", "--unreadable"]).ends(
        2,
        "",
        "error: --unreadable needs --older-than or --newer-than\n\
         hint: without bounds of age every selected entry is deleted, readable or not\n",
    );
}

#[test]
fn a_selection_without_an_entry_of_that_age_is_an_answer() {
    let folder = aged();
    let none = "error: none is of that age: the 1 entry that is selected is older or newer\n";
    folder.vlive(["ages", "k/new", "--older-than", "7d"]).ends(1, "", none);
    folder.vlive(["dump", "k/new", "--older-than", "7d"]).ends(1, "{}\n", none);
    folder.vlive(["dump", "k/new", "--older-than", "7d", "-o", "new.json"]).ends(1, "", none);
    assert!(!folder.path().join("new.json").exists());
    folder.untouched(|| folder.vlive(["touch", "k/new", "--older-than", "7d"]).ends(1, "", none));
    folder.vlive(["invalidate", "k/new", "--older-than", "7d"]).ends(0, "", "nothing matches\n");
}

#[test]
fn a_list_of_keys_selects_exactly_these_in_one_call() {
    let folder = Folder::empty();
    for key in ["k/1", "k/10", "k/2", "l"] {
        folder.vlive(["put", "-q", key]).stdin("{}").ends(0, "", "");
    }
    let all = "k/1\nk/10\nk/2\nl/__root__\n";
    folder.vlive(["ls", "--keys"]).ends(0, all, "");
    folder.vlive(["ages", "--keys", "k"]).ends(0, "k/1\nk/10\nk/2\n", "");
    folder.vlive(["ages", "--keys", "-0", "k"]).ends(0, "k/1\0k/10\0k/2\0", "");
    for (input, null, selected) in [
        ("k/1\n", false, &["k/1"][..]),
        // No newline at the end, line ends of Windows, empty lines, and keys that are repeated.
        ("k/1", false, &["k/1"]),
        ("k/1\r\nk/2\r\n", false, &["k/1", "k/2"]),
        ("\n\nk/2\n\nk/1\nk/2\n", false, &["k/2", "k/1"]),
        ("k/1\0k/2\0", true, &["k/1", "k/2"]),
        ("k/1\0k/2", true, &["k/1", "k/2"]),
    ] {
        let from = [&["ages", "--keys-from", "-", "--json"][..], if null { &["-0"] } else { &[] }].concat();
        let listed = folder.vlive(&from).stdin(input).json();
        assert_eq!(
            strings(&listed, Some("key")),
            sorted(selected.iter().map(|key| (*key).to_owned()).collect()),
            "{input:?}"
        );
    }
    folder.write("keys", "k/1\nk/2\n");
    folder.vlive(["invalidate", "--keys-from", "keys", "-q"]).ends(0, "k/1\nk/2\n", "");
    assert_eq!(folder.keys(), ["k/10", "l/__root__"]);
}

#[test]
fn a_list_of_keys_never_selects_more_by_accident() {
    let folder = Folder::copy_of("live-demo");
    folder.write("empty", "");
    folder.write("blank", "\n\r\n\n");
    let before = folder.entries();
    for file in ["empty", "blank"] {
        let warning = format!("warning: `{file}` holds no keys\n");
        folder.vlive(["invalidate", "--keys-from", file]).ends(0, "", &format!("{warning}nothing matches\n"));
        folder.vlive(["touch", "--keys-from", file]).ends(0, "", &warning);
        folder.vlive(["ages", "--keys-from", file, "--json"]).ends(0, "[]\n", &warning);
        folder.vlive(["dump", "--keys-from", file]).ends(0, "{}\n", &warning);
    }
    for (input, message) in [
        (&b"products/id/a\nproducts/\xff\n"[..], "line 2: the key is not UTF-8\nhint: keys are UTF-8 text\n"),
        (
            b"products/id/a\0products/page_1\0",
            "line 1: there is a NUL in the key\nhint: -0 reads keys that are separated by NUL\n",
        ),
    ] {
        let ended = folder.vlive(["invalidate", "--keys-from", "-"]).stdin(input);
        ended.ends(2, "", &format!("error: standard input, {message}"));
    }
    // Only a set of diorama has a full key without a `/`.
    folder.vlive(["invalidate", "--keys-from", "-"]).stdin("products\n").ends(
        0,
        "",
        "nothing matches\nhint: `products` is neither a full key nor a set in the cache; a full key has a `/`; the root entry of \
         `products` is `products/__root__`\n",
    );
    // A prefix of a key is not that key, and a key that is missing stops nothing.
    folder.vlive(["ages", "--keys-from", "-", "--keys"]).stdin("products/id/\nproducts/page_1\n").ends(
        1,
        "products/page_1\n",
        "error: `products/id/` is not in the cache\nhint: the nearest key is `products/id/a`\n",
    );
    folder.vlive(["invalidate", "--keys-from", "missing"]).ends(
        2,
        "",
        "error: cannot read `missing`: No such file or directory (os error 2)\n",
    );
    assert_eq!(folder.entries(), before);
}

#[test]
fn a_key_that_would_read_as_two_is_not_listed() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/a\nk/b"]).stdin("{}").ends(0, "", "");
    folder.vlive(["ls", "--keys"]).ends(
        2,
        "",
        "error: there is a line break in the key `k/a\\nk/b`\n\
         hint: -0 separates keys by NUL, and makes --keys-from read them so\n",
    );
    folder.vlive(["ls", "--keys", "-0"]).ends(0, "k/a\nk/b\0", "");
    folder.vlive(["invalidate", "-q", "--keys-from", "-", "-0"]).stdin("k/a\nk/b\0").ends(0, "k/a\nk/b\n", "");
    assert!(folder.keys().is_empty());
}

#[test]
fn rows_are_sorted_and_hidden_ones_are_counted() {
    let folder = Folder::empty();
    for (key, age, rows) in
        [("k/1", "1d", "{}"), ("k/2", "3d", r#"{"a":{"long":"text"}}"#), ("l/1", "2d", r#"{"a":{},"b":{}}"#)]
    {
        folder.vlive(["put", "-q", key, "--age", age]).stdin(rows).ends(0, "", "");
    }
    for (args, keys) in [
        (&[][..], "k/1\nk/2\nl/1\n"),
        (&["--reverse"], "l/1\nk/2\nk/1\n"),
        (&["--sort", "age"], "k/2\nl/1\nk/1\n"),
        (&["--sort", "age", "--reverse"], "k/1\nl/1\nk/2\n"),
        (&["--sort", "size"], "k/2\nl/1\nk/1\n"),
        (&["--sort", "rows"], "l/1\nk/2\nk/1\n"),
    ] {
        folder.vlive([&["ages", "--keys"], args].concat()).ends(0, keys, "");
    }
    folder.vlive(["ages", "--keys", "--sort", "age", "--limit", "1"]).ends(
        0,
        "k/2\n",
        "1 of 3 entries: --limit hides the others\n",
    );
    let largest = folder.vlive(["ls", "--sort", "size", "--limit", "1", "--json"]).output();
    assert_eq!(largest.json(0, "1 of 2 cache keys: --limit hides the others\n")[0]["key"], "k");
}

#[test]
fn ls_takes_a_folder_before_the_selections_unless_it_is_named_otherwise() {
    let folder = Folder::empty();
    for cache in [".", "one"] {
        folder.vlive(["put", "-q", "-C", cache, &format!("in/{cache}")]).stdin("{}").ends(0, "", "");
    }
    folder.vlive(["put", "-q", "one/x"]).stdin("{}").ends(0, "", "");
    for (args, keys) in [
        (&["in"][..], "in/.\n"),
        (&["one"], "in/one\n"),
        (&["one", "in"], "in/one\n"),
        (&["-C", ".", "one"], "one/x\n"),
        (&["one/x"], "one/x\n"),
        (&["in", "one"], "in/.\none/x\n"),
        (&["one", "in", "--older-than", "@9999999999"], "in/one\n"),
    ] {
        folder.vlive([&["ls", "--keys"], args].concat()).ends(0, keys, "");
    }
    folder.vlive(["ls", "one", "--all", "in"]).ends(
        2,
        "",
        "error: --all is about cache keys as a whole\nhint: leave out what selects entries\n",
    );
}

#[test]
fn every_table_has_every_format() {
    let folder = Folder::copy_of("live-demo");
    let json = folder.vlive(["ages", "--format", "json"]).output().stdout;
    folder.vlive(["ages", "--json"]).ends(0, &json, "");
    let array: Vec<Value> = serde_json::from_str(&json).unwrap();
    let lines = folder.vlive(["ages", "--format", "jsonl"]).output().stdout;
    assert_eq!(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>(), array);
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let text = folder.vlive(["ages", "--format", format]).output().stdout;
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["key", "fetched_at", "age", "rows", "bytes"]);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), array.len());
        assert_eq!(&rows[0][0], array[0]["key"].as_str().unwrap());
        assert_eq!(rows[0][2], array[0]["age"].to_string());
    }
    let markdown = folder.vlive(["ls", "--format", "markdown"]).output().stdout;
    assert!(markdown.starts_with("| KEY | ENTRIES | ROWS | SIZE | NEWEST | OLDEST |\n| --- | ---: |"), "{markdown}");
    let lines = folder.vlive(["show", "products", "--format", "jsonl"]).output().stdout;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["key"], &first["id"]), (&json!("products/id/a"), &json!("a")));
    let shown = folder.vlive(["show", "products", "--json"]).json();
    assert_eq!(shown["products/id/a"]["a"], first["row"]);
}

#[test]
fn the_ending_of_a_file_name_selects_the_format() {
    let folder = Folder::copy_of("live-demo");
    for (file, format) in [
        ("ages.json", "json"),
        ("ages.jsonl", "jsonl"),
        ("ages.ndjson", "jsonl"),
        ("ages.csv", "csv"),
        ("ages.TSV", "tsv"),
        ("ages.md", "markdown"),
        ("ages.txt", "table"),
        ("ages", "table"),
    ] {
        let expected = folder.vlive(["ages", "--format", format]).output().stdout;
        folder.vlive(["ages", "-o", file]).ends(0, "", &format!("wrote `{file}`\n"));
        assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), expected, "{file}");
    }
    let expected = folder.vlive(["ages", "--format", "csv"]).output().stdout;
    folder.vlive(["ages", "-o", "-", "--format", "csv"]).ends(0, &expected, "");
    folder.vlive(["ages", "-o", "ages.cbor"]).ends(
        2,
        "",
        "error: this command does not write `.cbor`\n\
         hint: its formats are table, json, jsonl, csv, tsv, markdown; --format chooses one whatever the name of the file\n",
    );
    folder.vlive(["dump", "products/id/a", "-q", "-o", "a.cbor"]).ends(0, "", "");
    assert_eq!(std::fs::read(folder.path().join("a.cbor")).unwrap(), folder.value("products/id/a"));
}

#[test]
fn rows_for_engines_are_a_line_each_with_values_by_their_meaning() {
    let folder = Folder::empty();
    let rows = r#"{"rows":{"a":{"price":{"$tag":[10,"012.50"]},"raw":{"$bytes":"/w=="},"at":{"$tag":[12,[0,0]]}},"b":{}},"fetched_at":5}"#;
    folder.vlive(["put", "-q", "k/1"]).stdin(rows).ends(0, "", "");
    folder.vlive(["dump", "--format", "rows"]).ends(
        0,
        "{\"key\":\"k/1\",\"fetched_at\":5,\"id\":\"a\",\"row\":{\"price\":12.50,\"raw\":\"/w==\",\"at\":\"1970-01-01T00:00:00Z\"}}\n\
         {\"key\":\"k/1\",\"fetched_at\":5,\"id\":\"b\",\"row\":{}}\n",
        "",
    );
    folder.vlive(["dump", "k/1", "--format", "rows", "--lossless"]).ends(
        0,
        "{\"key\":\"k/1\",\"fetched_at\":5,\"id\":\"a\",\"row\":{\"price\":{\"$tag\":[10,\"012.50\"]},\"raw\":{\"$bytes\":\"/w==\"},\"at\":{\"$tag\":[12,[0,0]]}}}\n\
         {\"key\":\"k/1\",\"fetched_at\":5,\"id\":\"b\",\"row\":{}}\n",
        "",
    );
    folder.vlive(["dump", "--lossless"]).ends(
        2,
        "",
        "error: --lossless cannot be used with this format\nhint: it goes with `--format rows`\n",
    );
}

#[test]
fn aliases_work_like_their_commands() {
    let folder = Folder::copy_of("live-demo");
    for (alias, command) in
        [("list", "ls"), ("get", "dump"), ("export", "dump"), ("import", "load"), ("rm", "invalidate")]
    {
        let args = |name| match command {
            "invalidate" => vec![name, "-n", "products"],
            "load" => vec![name, "-n"],
            _ => vec![name],
        };
        let expected = folder.vlive(args(command)).stdin("{}").output();
        assert_eq!(expected.status, 0);
        assert_eq!(folder.vlive(args(alias)).stdin("{}").output().to_string(), expected.to_string());
        let help = folder.vlive(["--help"]).output().stdout;
        assert_eq!(
            help.matches(&format!("alias: {alias}]")).count()
                + help.matches(&format!("aliases: {alias},")).count()
                + help.matches(&format!(", {alias}]")).count(),
            1,
            "{alias} is listed once: {help}"
        );
    }
}

#[test]
fn loading_a_dump_of_one_entry_prints_a_hint() {
    let folder = Folder::copy_of("live-demo");
    let one = folder.vlive(["dump", "products/id/a"]).output().stdout;
    let ended = folder.vlive(["load"]).stdin(&one).output();
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.contains("`vlive put KEY`") && ended.stderr.contains("--format jsonl"), "{ended}");
}

#[test]
fn diff_compares_what_is_selected() {
    let folder = Folder::copy_of("live-demo");
    for key in ["new/1", "new/10", "products/id/a"] {
        folder.vlive(["put", "-q", "-C", "changed", key]).stdin("{}").ends(0, "", "");
    }
    let sides = ["diff", ".", "changed"];
    for (args, status, stdout) in [
        (&["new/1"][..], 1, "+ new/1 (0 rows)\n"),
        (&["new/1", "--prefix"], 1, "+ new/1 (0 rows)\n+ new/10 (0 rows)\n"),
        (&["new"], 1, "+ new/1 (0 rows)\n+ new/10 (0 rows)\n"),
        (&["products/page_1"], 1, "- products/page_1 (3 rows)\n"),
    ] {
        let ended = folder.vlive([&sides[..], args].concat()).output();
        assert_eq!((ended.status, ended.stdout.as_str()), (status, stdout), "{args:?}: {ended}");
    }
    folder.vlive([&sides[..], &["products/id/b"]].concat()).ends(
        1,
        "",
        "nothing differs\nerror: `products/id/b` is not in the cache\nhint: the nearest key is `products/id/a`\n",
    );
}

#[test]
fn a_document_that_is_taken_for_a_list_of_keys_does_not_flood_the_terminal() {
    let folder = Folder::copy_of("bakery");
    let document = folder.dump(&["orders", "--format", "jsonl", "--raw"]);
    let run = folder.vlive(["ages", "--keys-from", "-"]).stdin(document).output();
    assert_eq!(run.status, 1);
    assert!(run.stderr.lines().all(|line| line.chars().count() < 300), "{}", run.stderr);
}
