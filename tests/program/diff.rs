use crate::support::{Ended, Folder, Run};
use crate::values::VALUES;
use redb::Database;
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;

const CACHES: [&str; 8] = ["bakery", "crashed", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"];

/// The forms of a fixture: how `dump` writes it, and where to. What ends with `/` is a folder.
const FORMS: [(&str, &[&str]); 5] = [
    ("document.json", &["--pretty"]),
    ("lines.jsonl", &["--format", "jsonl"]),
    ("raw.jsonl", &["--format", "jsonl", "--raw"]),
    ("tree/", &[]),
    ("bytes/", &["--format", "cbor"]),
];

/// Two sides that differ in everything that is told.
const OLD: &str = r#"{
"k/1": {"fetched_at": 5, "rows": {"a": {"n": 1, "t": "x", "gone": true}, "b": {"n": 2}, "c": {"n": 9007199254740993}}},
"k/2": {"fetched_at": 5, "rows": {}},
"k/3": {"fetched_at": 5, "rows": {"a": {"n": 1, "t": "x"}, "b": {}}},
"old/1": {"fetched_at": 5, "rows": {}}}"#;
const NEW: &str = r#"{
"k/1": {"fetched_at": 6, "rows": {"d": {"n": [1, {"$bytes": "AAE="}]}, "c": {"n": 9007199254740992}, "a": {"t": "y", "n": 1, "new": {"$float": "NaN"}}}},
"k/2": {"fetched_at": 6, "rows": {}},
"k/3": {"fetched_at": 5, "rows": {"b": {}, "a": {"t": "x", "n": 1}}},
"new": {"fetched_at": 6, "rows": {"x": {}}}}"#;

const DIFFERENCES: &str = r#"~ k/1
  ~ a
    ~ t: "x" -> "y"
    - gone: true
    + new: {"$float":"NaN"}
  - b: {"n":2}
  ~ c
    ~ n: 9007199254740993 -> 9007199254740992
  + d: {"n":[1,{"$bytes":"AAE="}]}
+ new/__root__ (1 row)
- old/1 (0 rows)
"#;

/// A folder with the caches `old` and `new`, loaded from documents.
fn sides(old: &str, new: &str) -> Folder {
    let folder = Folder::empty();
    for (name, document) in [("old", old), ("new", new)] {
        folder.vlive(["load", "-q", "-C", name]).stdin(document).ends(0, "", "");
    }
    folder
}

/// A folder with the cache `name` and, beside it, `name` in every form of a fixture. Returns their names.
fn in_every_form(folder: &Folder, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned(), format!("{name}/vlive.redb")];
    for (form, format) in FORMS {
        let fixture = format!("{name}-{form}");
        let dump = folder.vlive([&["dump", "-q", "-C", name, "--output", &fixture], format].concat());
        assert_eq!(dump.output().stdout, "");
        names.push(fixture);
    }
    names
}

/// `vlive diff` of two sides with options.
fn diff(folder: &Folder, a: &str, b: &str, options: &[&str]) -> Run {
    folder.vlive([&["diff", a, b], options].concat())
}

/// Caches with these rows in their entry `k/1`.
fn sides_of_rows(old: &str, new: &str) -> Folder {
    let entry = |rows: &str| format!(r#"{{"k/1": {{"fetched_at": 1, "rows": {rows}}}}}"#);
    sides(&entry(old), &entry(new))
}

/// What the summary says of so many entries that differ.
fn of(count: usize) -> String {
    match count {
        0 => "nothing differs\n".to_owned(),
        1 => "1 entry differs\n".to_owned(),
        _ => format!("{count} entries differ\n"),
    }
}

#[test]
fn differences_are_listed_by_entry_row_and_field() {
    let folder = sides(OLD, NEW);
    folder.untouched(|| {
        diff(&folder, "old", "new", &[]).ends(1, DIFFERENCES, "3 entries differ\n");
        diff(&folder, "old", "new", &["-q"]).ends(1, DIFFERENCES, "");
        diff(&folder, "old", "old", &[]).ends(0, "", "nothing differs\n");
        diff(&folder, "old", "old", &["-q"]).ends(0, "", "");
    });
}

#[test]
fn swapping_the_sides_turns_added_into_removed_and_takes_the_order_of_the_other_side() {
    let expected = r#"~ k/1
  - d: {"n":[1,{"$bytes":"AAE="}]}
  ~ c
    ~ n: 9007199254740992 -> 9007199254740993
  ~ a
    ~ t: "y" -> "x"
    - new: {"$float":"NaN"}
    + gone: true
  + b: {"n":2}
- new/__root__ (1 row)
+ old/1 (0 rows)
"#;
    diff(&sides(OLD, NEW), "new", "old", &[]).ends(1, expected, &of(3));
}

#[test]
fn times_and_order_are_compared_only_on_request() {
    let (time, rows, fields) = (
        "fetched 1970-01-01T00:00:05Z -> 1970-01-01T00:00:06Z",
        " (rows in another order)",
        " (fields in another order)",
    );
    let times = DIFFERENCES.replace("~ k/1\n", &format!("~ k/1\n  ~ {time}\n"));
    let times = times.replace("+ new/", &format!("~ k/2\n  ~ {time}\n+ new/"));
    let order = |text: &str| {
        let text = text.replace("~ k/1\n", &format!("~ k/1{rows}\n")).replace("  ~ a\n", &format!("  ~ a{fields}\n"));
        text.replace("+ new/", &format!("~ k/3{rows}\n  ~ a{fields}\n+ new/"))
    };
    let folder = sides(OLD, NEW);
    diff(&folder, "old", "new", &["--fetched-at"]).ends(1, &times, &of(4));
    diff(&folder, "old", "new", &["--order"]).ends(1, &order(DIFFERENCES), &of(4));
    diff(&folder, "old", "new", &["--order", "--fetched-at"]).ends(1, &order(&times), &of(5));
}

#[test]
fn order_or_time_alone_is_not_a_difference_unless_requested() {
    let (rows, reordered) = (r#"{"a":{"x":1,"y":2},"b":{}}"#, r#"{"b":{},"a":{"y":2,"x":1}}"#);
    let folder = sides_of_rows(rows, reordered);
    diff(&folder, "old", "new", &["--fetched-at"]).ends(0, "", &of(0));
    let expected = "~ k/1 (rows in another order)\n  ~ a (fields in another order)\n";
    diff(&folder, "old", "new", &["--order"]).ends(1, expected, &of(1));
    // What one side has alone is in no other order.
    let folder = sides_of_rows(rows, r#"{"c":{},"a":{"z":0,"x":1,"y":2},"b":{}}"#);
    diff(&folder, "old", "new", &["--order"]).ends(1, "~ k/1\n  ~ a\n    + z: 0\n  + c: {}\n", &of(1));
    let folder = sides(r#"{"k/1":{"fetched_at":1,"rows":{}}}"#, r#"{"k/1":{"fetched_at":2,"rows":{}}}"#);
    diff(&folder, "old", "new", &["--order"]).ends(0, "", &of(0));
    let expected = "~ k/1\n  ~ fetched 1970-01-01T00:00:01Z -> 1970-01-01T00:00:02Z\n";
    diff(&folder, "old", "new", &["--fetched-at"]).ends(1, expected, &of(1));
}

#[test]
fn json_is_an_array_of_the_entries_that_differ() {
    let n = |change: &str, old: Value, new: Value| json!({"name": "n", "change": change, "old": old, "new": new});
    let mut expected = json!([
        {"key": "k/1", "change": "changed", "rows": [
            {"id": "a", "change": "changed", "fields": [
                {"name": "t", "change": "changed", "old": "x", "new": "y"},
                {"name": "gone", "change": "removed", "old": true},
                {"name": "new", "change": "added", "new": {"$float": "NaN"}},
            ]},
            {"id": "b", "change": "removed", "record": {"n": 2}},
            {"id": "c", "change": "changed", "fields": [
                n("changed", 9_007_199_254_740_993u64.into(), 9_007_199_254_740_992u64.into()),
            ]},
            {"id": "d", "change": "added", "record": {"n": [1, {"$bytes": "AAE="}]}},
        ]},
        {"key": "new/__root__", "change": "added", "row_count": 1},
        {"key": "old/1", "change": "removed", "row_count": 0},
    ]);
    let folder = sides(OLD, NEW);
    let told = |options: &[&str]| diff(&folder, "old", "new", &[&["--json"], options].concat()).output().json(1, "");
    assert_eq!(told(&[]), expected);
    expected[0]["reordered"] = true.into();
    expected[0]["rows"][0]["reordered"] = true.into();
    let reordered = json!({"key": "k/3", "change": "changed", "reordered": true, "rows": [
        {"id": "a", "change": "changed", "reordered": true, "fields": []},
    ]});
    expected.as_array_mut().unwrap().insert(1, reordered);
    assert_eq!(told(&["--order"]), expected);
    let time = json!({"old": 5, "new": 6});
    expected[0]["fetched_at"] = time.clone();
    let dated = json!({"key": "k/2", "change": "changed", "fetched_at": time, "rows": []});
    expected.as_array_mut().unwrap().insert(1, dated);
    assert_eq!(told(&["--order", "--fetched-at"]), expected);
    diff(&folder, "old", "old", &["--json"]).ends(0, "[]\n", "");
}

#[test]
fn counts_by_cache_key_add_up_to_the_listed_differences() {
    let folder = sides(OLD, NEW);
    let expected = "\
KEY   ENTRIES      ROWS    FIELDS
k    +0 -0 ~1  +1 -1 ~2  +1 -1 ~2
new  +1 -0 ~0  +1 -0 ~0  +0 -0 ~0
old  +0 -1 ~0  +0 -0 ~0  +0 -0 ~0
";
    diff(&folder, "old", "new", &["--stat"]).ends(1, expected, "3 entries differ\n");
    diff(&folder, "old", "new", &["--stat", "-q"]).ends(1, expected, "");
    diff(&folder, "old", "old", &["--stat"]).ends(0, "", "nothing differs\n");
    diff(&folder, "old", "old", &["--stat", "--json"]).ends(0, "[]\n", "");
    let counts =
        |added: u64, removed: u64, changed: u64| json!({"added": added, "removed": removed, "changed": changed});
    let stat =
        |key: &str, entries, rows, fields| json!({"key": key, "entries": entries, "rows": rows, "fields": fields});
    let expected = json!([
        stat("k", counts(0, 0, 1), counts(1, 1, 2), counts(1, 1, 2)),
        stat("new", counts(1, 0, 0), counts(1, 0, 0), counts(0, 0, 0)),
        stat("old", counts(0, 1, 0), counts(0, 0, 0), counts(0, 0, 0)),
    ]);
    assert_eq!(diff(&folder, "old", "new", &["--stat", "--json"]).output().json(1, ""), expected);
}

#[test]
fn lines_are_coloured_by_kind_of_change_on_request() {
    let folder = sides(OLD, NEW);
    let colour = |line: &str| {
        let text = line.trim_start();
        let code = match text.as_bytes()[0] {
            b'+' => 32,
            b'-' => 31,
            _ => 33,
        };
        format!("{}\u{1b}[{code}m{text}\u{1b}[0m\n", &line[..line.len() - text.len()])
    };
    let coloured: String = DIFFERENCES.lines().map(colour).collect();
    diff(&folder, "old", "new", &["--color=always"]).ends(1, &coloured, "3 entries differ\n");
    let json = diff(&folder, "old", "new", &["--json"]).output().stdout;
    let forced = diff(&folder, "old", "new", &["--json"]).env("CLICOLOR_FORCE", "1");
    forced.ends(1, &json, "");
    diff(&folder, "old", "new", &["--color=never"]).env("CLICOLOR_FORCE", "1").ends(
        1,
        DIFFERENCES,
        "3 entries differ\n",
    );
}

/// A cache and every form of a fixture, on either side.
#[test]
fn the_form_of_a_side_does_not_change_the_differences() {
    let folder = sides(OLD, NEW);
    let [old, new] = ["old", "new"].map(|name| in_every_form(&folder, name));
    let options = ["--fetched-at", "--order"];
    let expected = diff(&folder, "old", "new", &options).output();
    assert_eq!((expected.status, expected.stderr.as_str()), (1, "5 entries differ\n"));
    folder.untouched(|| {
        for a in &old {
            for b in &new {
                diff(&folder, a, b, &options).ends(1, &expected.stdout, &expected.stderr);
            }
            for b in &old {
                diff(&folder, a, b, &options).ends(0, "", &of(0));
            }
        }
        for (file, _) in FORMS.iter().filter(|(file, _)| !file.ends_with('/')) {
            let [old, new] = ["old", "new"].map(|name| fs::read(folder.path().join(format!("{name}-{file}"))).unwrap());
            diff(&folder, "-", "new", &options).stdin(old).ends(1, &expected.stdout, &expected.stderr);
            diff(&folder, "old", "-", &options).stdin(new).ends(1, &expected.stdout, &expected.stderr);
        }
    });
}

#[test]
fn standard_input_can_be_one_side_only() {
    let folder = sides(OLD, NEW);
    let refused = "error: standard input is named twice\nhint: it can be read only once; name a file instead\n";
    diff(&folder, "-", "-", &[]).stdin(OLD).ends(2, "", refused);
}

#[test]
fn a_cache_equals_itself_by_any_path() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        let absolute = folder.path().to_str().unwrap();
        folder.untouched(|| {
            for (a, b) in [(".", "."), (".", "vlive.redb"), (absolute, "./vlive.redb")] {
                diff(&folder, a, b, &["--fetched-at", "--order"]).ends(0, "", &of(0));
            }
        });
    }
}

/// But for entries that cannot be decoded and so are not in a dump, unless that is of bytes.
#[test]
fn a_cache_equals_its_own_dump() {
    for cache in CACHES {
        let folder = Folder::empty();
        fs::create_dir(folder.path().join("cache")).unwrap();
        fs::copy(Folder::shared(cache).file(), folder.path().join("cache/vlive.redb")).unwrap();
        for fixture in in_every_form(&folder, "cache") {
            let is_json = ["document.json", "lines.jsonl", "tree/"].iter().any(|form| fixture.ends_with(form));
            let missing = if cache == "envelopes" && is_json { 17 } else { 0 };
            for (a, b, mark) in [("cache", fixture.as_str(), '-'), (fixture.as_str(), "cache", '+')] {
                let told = diff(&folder, a, b, &["--fetched-at", "--order"]).output();
                assert_eq!((told.status, &*told.stderr), (i32::from(missing > 0), &*of(missing)), "{a} {b} of {cache}");
                let marked = told.stdout.lines().filter(|line| line.starts_with(mark)).count();
                assert_eq!((marked, told.stdout.lines().count()), (missing, missing), "{a} {b} of {cache}");
            }
        }
    }
}

#[test]
fn entries_come_in_the_order_of_a_cache_under_their_full_keys_as_they_are() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        let added = diff(&folder, "-", ".", &["--json"]).stdin("").output().json(1, "");
        let told: Vec<(&str, &Value)> = added
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["key"].as_str().unwrap(), &entry["row_count"]))
            .collect();
        assert_eq!(told.iter().map(|(key, _)| *key).collect::<Vec<_>>(), folder.keys(), "{cache}");
        let rows = |count: &Value| match count.as_u64() {
            None => "cannot be decoded".to_owned(),
            Some(1) => "1 row".to_owned(),
            Some(count) => format!("{count} rows"),
        };
        let paper: Vec<String> = told.iter().map(|(key, count)| format!("+ {key} ({})\n", rows(count))).collect();
        diff(&folder, "-", ".", &[]).stdin("").ends(1, &paper.concat(), &of(told.len()));
    }
}

#[test]
fn an_entry_without_a_time_of_its_own_is_not_compared_by_time() {
    let folder = sides(r#"{"k/1":{"fetched_at":7,"rows":{}}}"#, r#"{"k/1":{"fetched_at":8,"rows":{}}}"#);
    let changed = "~ k/1\n  ~ fetched 1970-01-01T00:00:07Z -> 1970-01-01T00:00:08Z\n";
    for (fixture, status, stdout) in [
        ("{\"k/1\":{\"fetched_at\":8,\"rows\":{}}}", 1, changed),
        ("{\"key\":\"k/1\",\"fetched_at\":8,\"rows\":{}}", 1, changed),
        ("{\"k/1\":{\"fetched_at\":7,\"rows\":{}}}", 0, ""),
        ("{\"k/1\":{}}", 0, ""),
        ("{\"k/1\":[]}", 0, ""),
        ("{\"k/1\":{\"rows\":{}}}", 0, ""),
        ("{\"key\":\"k/1\",\"rows\":[]}", 0, ""),
    ] {
        let of_fixture = diff(&folder, "old", "-", &["--fetched-at"]).stdin(fixture);
        of_fixture.ends(status, stdout, &of(usize::try_from(status).unwrap()));
    }
}

#[test]
fn id_field_names_the_field_that_holds_the_row_ids_of_a_fixture() {
    let folder = sides(r#"{"k/1":{"fetched_at":7,"rows":{"a":{"name":"a"}}}}"#, "");
    let rows = r#"{"k/1":[{"name":"a"}]}"#;
    diff(&folder, "old", "-", &["--id-field", "name"]).stdin(rows).ends(0, "", &of(0));
    let ended = diff(&folder, "old", "-", &[]).stdin(rows).output();
    assert!(ended.status == 2 && ended.stdout.is_empty(), "{ended}");
    assert!(ended.stderr.contains("entry `k/1`") && ended.stderr.contains("the field `id` is missing"), "{ended}");
}

/// Each value of the table beside each: the same one is no difference, and any other one is.
#[test]
fn values_are_distinguished_and_shown_without_loss() {
    let cases: Vec<(usize, usize)> = (0..VALUES.len()).flat_map(|a| (0..VALUES.len()).map(move |b| (a, b))).collect();
    let document = |value: fn((usize, usize)) -> usize| {
        let row = |case: &(usize, usize)| format!(r#""{case:?}":{{"f":{}}}"#, VALUES[value(*case)].0);
        let rows: Vec<String> = cases.iter().map(row).collect();
        format!(r#"{{"k/1":{{"fetched_at":0,"rows":{{{}}}}}}}"#, rows.join(","))
    };
    let folder = sides(&document(|(a, _)| a), &document(|(_, b)| b));
    let told: Vec<String> = cases
        .iter()
        .filter(|(a, b)| a != b)
        .map(|(a, b)| format!("  ~ {:?}\n    ~ f: {} -> {}\n", (a, b), VALUES[*a].0, VALUES[*b].0))
        .collect();
    diff(&folder, "old", "new", &[]).ends(1, &format!("~ k/1\n{}", told.concat()), &of(1));
    let field = |(a, b): &(usize, usize)| {
        let (id, old, new) = (format!("({a}, {b})"), VALUES[*a].0, VALUES[*b].0);
        let values = format!(r#""old":{old},"new":{new}"#);
        format!(r#"{{"id":"{id}","change":"changed","fields":[{{"name":"f","change":"changed",{values}}}]}}"#)
    };
    let rows: Vec<String> = cases.iter().filter(|(a, b)| a != b).map(field).collect();
    let expected = format!("[{{\"key\":\"k/1\",\"change\":\"changed\",\"rows\":[{}]}}]\n", rows.join(","));
    diff(&folder, "old", "new", &["--json"]).ends(1, &expected, "");
}

/// An envelope with one row, `a`, whose field `f` is `value`.
fn envelope(value: &[u8]) -> Vec<u8> {
    [b"\xa2\x6afetched_at\x01\x64rows\xa1\x61a\xa1\x61f", value].concat()
}

/// A folder with two caches that have these values for the entry `k/1`.
fn of_values(old: &[u8], new: &[u8]) -> Folder {
    let folder = Folder::empty();
    for (name, value) in [("old", old), ("new", new)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::copy(Folder::with_values("k", &[("1", value)]).file(), folder.path().join(name).join("vlive.redb"))
            .unwrap();
    }
    folder
}

#[test]
fn another_encoding_of_the_same_value_is_not_a_difference() {
    let fields: [(&[u8], &[u8]); 12] = [
        (b"\x01", b"\x18\x01"),
        (b"\x01", b"\x1b\0\0\0\0\0\0\0\x01"),
        (b"\x01", b"\xc2\x41\x01"),
        (b"\xf6", b"\xf7"),
        (b"\xf9\x3c\0", b"\xfb\x3f\xf0\0\0\0\0\0\0"),
        (b"\xf9\x7e\0", b"\xfa\x7f\xc0\0\0"),
        (b"\x62ab", b"\x7f\x61a\x61b\xff"),
        (b"\x42ab", b"\x5f\x41a\x41b\xff"),
        (b"\x81\x01", b"\x9f\x01\xff"),
        (b"\xa1\x61x\x01", b"\xbf\x61x\x01\xff"),
        (b"\xc1\x01", b"\xd8\x01\x01"),
        (b"\x82\x01\xa1\x61x\x01", b"\x98\x02\x01\xb8\x01\x78\x01x\x18\x01"),
    ];
    let envelopes = fields.map(|(a, b)| (envelope(a), envelope(b))).into_iter().chain(
        [
            // What vantage-live passes over, and what it reads all the same.
            (&b"\xa2\x6afetched_at\x01\x64rows\xa0"[..], &b"\xa3\x64etag\x05\x64rows\xa0\x6afetched_at\x01\x00"[..]),
            (b"\xa2\x6afetched_at\0\x64rows\xa0", b"\xa1\x6afetched_at\x20"),
            (b"\xa2\x6afetched_at\0\x64rows\xa1\x61a\xa0", b"\xa1\x64rows\xa1\x61a\x05"),
            (
                b"\xa1\x64rows\xa2\x61a\xa1\x61f\x02\x61b\xa0",
                b"\xa1\x64rows\xa3\x61a\x05\x61b\xa0\x61a\xa2\x61f\x01\x61f\x02",
            ),
            (b"\xa1\x64rows\xa2\x61a\xa0\x61b\xa0", b"\xa2\x64rows\xa1\x61a\xa0\x64rows\xa1\x61b\xa0"),
        ]
        .map(|(a, b)| (a.to_vec(), b.to_vec())),
    );
    for (a, b) in envelopes {
        let folder = of_values(&a, &b);
        for (old, new) in [("old", "new"), ("new", "old")] {
            diff(&folder, old, new, &["--fetched-at", "--order"]).ends(0, "", &of(0));
        }
    }
}

#[test]
fn values_that_only_look_alike_are_a_difference() {
    for (a, b, told) in [
        (&b"\x01"[..], &b"\xf9\x3c\0"[..], "1 -> 1.0"),
        (b"\x01", b"\x611", r#"1 -> "1""#),
        (b"\x00", b"\xf9\0\0", "0 -> 0.0"),
        (b"\xf9\0\0", b"\xf9\x80\0", "0.0 -> -0.0"),
        (b"\x61a", b"\x41a", r#""a" -> {"$bytes":"YQ=="}"#),
        (b"\x41a", b"\xa1\x66$bytes\x64YQ==", r#"{"$bytes":"YQ=="} -> {"$map":[["$bytes","YQ=="]]}"#),
        (b"\xf9\x7e\0", b"\xfb\x7f\xf8\0\0\0\0\0\x01", r#"{"$float":"NaN"} -> {"$float":"0x7ff8000000000001"}"#),
        (b"\x01", b"\xd8\x2a\x01", r#"1 -> {"$tag":[42,1]}"#),
        (b"\xf6", b"\xc6\xf6", r#"null -> {"$tag":[6,null]}"#),
        (b"\x80", b"\xa0", "[] -> {}"),
        (b"\xa1\x61x\x01", b"\xa2\x61x\x01\x61x\x01", r#"{"x":1} -> {"$map":[["x",1],["x",1]]}"#),
        (b"\xa2\x61x\x01\x61y\x02", b"\xa2\x61y\x02\x61x\x01", r#"{"x":1,"y":2} -> {"y":2,"x":1}"#),
    ] {
        let expected = format!("~ k/1\n  ~ a\n    ~ f: {told}\n");
        diff(&of_values(&envelope(a), &envelope(b)), "old", "new", &[]).ends(1, &expected, &of(1));
    }
}

#[test]
fn undecodable_entries_with_the_same_bytes_do_not_differ() {
    let folder = of_values(b"\x80", b"\x80");
    diff(&folder, "old", "new", &[]).ends(0, "", &of(0));
}

#[test]
fn an_entry_that_cannot_be_decoded_and_differs_is_named_with_its_side() {
    let is_no_map = "cannot be decoded: the envelope is not a map (at byte 0)\n";
    let sound = envelope(b"\x01");
    for (old, new, named) in
        [(&b"\x80"[..], &sound[..], &["old"][..]), (&sound, b"\x80", &["new"]), (b"\x80", b"\x81\0", &["old", "new"])]
    {
        let folder = of_values(old, new);
        let errors = named.iter().map(|side| format!("error: entry `k/1` of `{side}` {is_no_map}"));
        let errors = errors.collect::<Vec<_>>().concat();
        let told = format!("{}{errors}", of(1));
        diff(&folder, "old", "new", &[]).ends(3, "~ k/1\n", &told);
        diff(&folder, "old", "new", &["-q"]).ends(3, "~ k/1\n", &errors);
        diff(&folder, "old", "new", &["--json"]).ends(
            3,
            "[{\"key\":\"k/1\",\"change\":\"changed\",\"rows\":[]}]\n",
            &errors,
        );
        let stat = "KEY   ENTRIES      ROWS    FIELDS\nk    +0 -0 ~1  +0 -0 ~0  +0 -0 ~0\n";
        diff(&folder, "old", "new", &["--stat"]).ends(3, stat, &told);
    }
}

#[test]
fn damaged_parts_are_named_and_everything_else_is_compared() {
    let whole = Folder::copy_of("bakery");
    for key in ["orders/page_1", "comments?postId=1/id/1"] {
        whole.vlive(["put", "-q", key]).stdin("{}").ends(0, "", "");
    }
    let folder = Folder::flipped_in("clients/page_1");
    let other = whole.path().to_str().unwrap();
    folder.untouched(|| {
        for (a, b, mark) in [(".", other, '+'), (other, ".", '-')] {
            for options in [&[][..], &["-q"], &["--stat"], &["--json"]] {
                let told = diff(&folder, a, b, options).output();
                assert_eq!(told.status, 3, "{told}");
                let error = told.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
                assert!(error.contains("vlive.redb` is damaged in table `__vlive__clients`, page "), "{told}");
                assert!(told.stderr.contains("\nhint: ") || told.stderr.starts_with("hint: "), "{told}");
                assert_eq!(
                    told.stderr.contains("entries differ"),
                    options.is_empty() || options == ["--stat"],
                    "{told}"
                );
            }
            let told = diff(&folder, a, b, &["-q"]).output().stdout;
            let keys: Vec<&str> = told.lines().filter(|line| !line.starts_with(' ')).collect();
            // What the damaged page held counts as missing.
            assert!(keys.contains(&format!("{mark} clients/page_1 (5 rows)").as_str()), "{told}");
            assert!(["~ comments?postId=1/id/1", "~ orders/page_1"].iter().all(|key| keys.contains(key)), "{told}");
            let others = keys.iter().filter(|key| !key[2..].starts_with("clients/")).count();
            assert_eq!(others, 2, "{told}");
        }
    });
}

#[test]
fn an_invalid_side_is_refused_and_nothing_is_created() {
    let folder = sides(OLD, NEW);
    for (name, files) in [("empty", &[][..]), ("neither", &["README.md", "rows.txt"]), ("hidden", &[".x.json"])] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for file in files {
            fs::write(folder.path().join(name).join(file), "{}").unwrap();
        }
    }
    fs::write(folder.path().join("text"), "no JSON").unwrap();
    let neither = |name: &str| {
        format!(
            "error: there is neither a cache nor an entry of a fixture in `{name}`\n\
             hint: name the folder with the `vlive.redb`, or one that `vlive load` reads\n"
        )
    };
    let missing = |name: &str| {
        let hint = "name a file or a folder that can be read, or `-` for standard input";
        format!("error: cannot read `{name}`: No such file or directory (os error 2)\nhint: {hint}\n")
    };
    folder.untouched(|| {
        for (name, expected) in [
            ("empty", neither("empty")),
            ("hidden", neither("hidden")),
            ("nowhere", missing("nowhere")),
            ("nowhere/vlive.redb", missing("nowhere/vlive.redb")),
            ("text", "error: `text`, line 1, column 1: an object is expected here\n".to_owned()),
        ] {
            for (a, b) in [("old", name), (name, "old"), (name, name)] {
                diff(&folder, a, b, &[]).ends(2, "", &expected);
                diff(&folder, a, b, &["--json", "-q"]).ends(2, "", &expected);
            }
        }
        let told = diff(&folder, "old", "neither", &[]).output();
        let warned: Vec<&str> = told.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
        assert_eq!((told.status, told.stdout.as_str(), warned.len()), (2, "", 2), "{told}");
        diff(&folder, "old", "neither", &["-q"]).ends(2, "", &neither("neither"));
    });
}

#[test]
fn an_unsound_file_fails_as_in_every_other_command() {
    let folder = sides(OLD, NEW);
    let whole = fs::read(folder.path().join("old/vlive.redb")).unwrap();
    for bytes in [&b""[..], b"a text of some length, which is no database", &whole[..300]] {
        fs::write(folder.path().join("new/vlive.redb"), bytes).unwrap();
        for (a, b) in [("old", "new"), ("new", "old")] {
            let told = diff(&folder, a, b, &[]).output();
            assert_eq!((told.status, told.stdout.as_str()), (3, ""), "{told}");
            assert!(told.stderr.starts_with("error: `new/vlive.redb` is "), "{told}");
        }
    }
}

#[test]
fn both_sides_must_be_named() {
    let folder = Folder::shared("bakery");
    for args in [&["diff"][..], &["diff", "."]] {
        let told = folder.vlive(args).output();
        assert_eq!((told.status, told.stdout.as_str()), (2, ""), "{told}");
    }
}

#[test]
fn keys_ids_and_names_go_to_a_pipe_unchanged() {
    let key = "evil\u{1b}[2J\n/page\u{7}_1";
    let entry =
        |value: &str| json!({key: {"fetched_at": 1, "rows": {"\u{1b}[2J": {"f\u{9b}": value}, value: {}}}}).to_string();
    let folder = sides(&entry("a\u{202e}"), &entry("b\u{7}"));
    let expected = format!(
        "~ {key}\n  ~ \u{1b}[2J\n    ~ f\u{9b}: {} -> {}\n  - a\u{202e}: {{}}\n  + b\u{7}: {{}}\n",
        json!("a\u{202e}"),
        r#""b\u0007""#
    );
    diff(&folder, "old", "new", &[]).ends(1, &expected, &of(1));
    let stat = diff(&folder, "old", "new", &["--stat", "--json"]).output().json(1, "");
    assert_eq!(stat[0]["key"], "evil\u{1b}[2J\n");
}

#[test]
fn caches_in_use_are_compared_without_leaving_a_trace() {
    let folder = sides(OLD, NEW);
    let apps = ["old", "new"].map(|name| Database::open(folder.path().join(name).join("vlive.redb")).unwrap());
    folder.untouched(|| {
        diff(&folder, "old", "new", &[]).ends(1, DIFFERENCES, "3 entries differ\n");
        diff(&folder, "old", "old/vlive.redb", &[]).ends(0, "", &of(0));
    });
    drop(apps);
}

#[test]
fn a_closed_pipe_ends_a_diff_quietly() {
    let folder = Folder::shared("values");
    let mut command = folder.command(["diff", "-", "."]);
    let mut vlive = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(vlive.stdout.take());
    let ended = Ended::of(vlive.wait_with_output().unwrap());
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
}

#[test]
fn entries_of_the_future_are_counted_where_ages_narrow() {
    let folder = Folder::empty();
    for (side, price) in [("a", 1), ("b", 2)] {
        let entry = format!(r#"{{"rows": {{"r": {{"price": {price}}}}}}}"#);
        folder.vlive(["-C", side, "put", "-q", "k/future", "--fetched-at", "2100-01-01"]).stdin(entry).ends(0, "", "");
    }
    let ended = folder.vlive(["diff", "a", "b", "--newer-than", "1d"]).output();
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("warning: 1 selected entry is dated in the future"), "{ended}");
    let unnarrowed = folder.vlive(["diff", "a", "b"]).output();
    assert!(!unnarrowed.stderr.contains("future"), "{unnarrowed}");
}

#[cfg(target_os = "linux")]
#[test]
fn lines_fit_the_terminal_and_show_the_end_of_a_key_and_the_difference() {
    use unicode_width::UnicodeWidthStr;
    let folder = Folder::empty();
    let key = |page: &str| format!("clients/{}/page_{page}", "long-".repeat(60));
    let text = |end: &str| format!("{}{end}", "word ".repeat(80));
    let old = serde_json::json!({
        key("1"): {"rows": {}},
        key("2"): {"rows": {"r": {"text": text("old"), "n": 1}}},
    });
    let new = serde_json::json!({
        key("2"): {"rows": {"r": {"text": text("new"), "n": 2}}},
        key("3"): {"rows": {"r": {"text": text("third")}}},
    });
    folder.write("old.json", old.to_string());
    folder.write("new.json", new.to_string());
    for width in [20, 40, 80, 120] {
        let columns = width.to_string();
        let environment = [("NO_COLOR", "1"), ("COLUMNS", columns.as_str())];
        let Some(shown) = crate::terminal::on_a_terminal(&folder, &environment, "diff -q old.json new.json") else {
            return;
        };
        assert!(shown.lines().all(|line| line.width() <= width), "{width}: {shown}");
        if width >= 40 {
            for told in
                ["page_1 (0 rows)\n", "page_2\n", "page_3 (1 row)\n", "old\" -> ", "new\"\n", "    ~ n: 1 -> 2\n"]
            {
                assert!(shown.contains(told), "{width}: {told}: {shown}");
            }
        }
    }
    let in_pipe = folder.vlive(["diff", "old.json", "new.json"]).output().stdout;
    assert!(in_pipe.contains(&key("1")) && in_pipe.contains(&text("old")), "nothing is cut in a pipe");
}
