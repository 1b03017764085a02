//! Sources of `load` that are refused: told with their place, before anything is written.

use crate::support::{Folder, Run};
use std::fs;

/// Where there is no cache, not even its folder, and where there is one.
const MODES: [&[&str]; 4] = [
    &["load", "-C", "new/deeper"],
    &["load", "--replace"],
    &["load", "--clear", "-q", "--json"],
    &["load", "--dry-run"],
];

/// Calls `check` with arguments of each kind. Nothing may come of any.
#[track_caller]
fn nowhere(folder: &Folder, check: impl Fn(&[&str])) {
    fs::copy(Folder::shared("live-demo").file(), folder.file()).unwrap();
    folder.untouched(|| MODES.into_iter().for_each(check));
}

/// Sources, and what is said of them.
const TEXTS: [(&[u8], &str); 91] = [
    // No objects.
    (b"[]", ", line 1, column 1: an object is expected here"),
    (b"null", ", line 1, column 1: an object is expected here"),
    (b" \n 1", ", line 2, column 2: an object is expected here"),
    (b"\"text\"", ", line 1, column 1: an object is expected here"),
    (br#"[{"key":"k/1","rows":{}}]"#, ", line 1, column 1: an object is expected here"),
    (b"\xef\xbb\xbf{}", ", line 1, column 1: this begins with a byte order mark (BOM), which JSON must not have"),
    (b"\xff\xfe{\0}\0", ", line 1, column 1: this looks like UTF-16, and JSON must be UTF-8"),
    (b"\xfe\xff\0{\0}", ", line 1, column 1: this looks like UTF-16, and JSON must be UTF-8"),
    (b"{\0}\0", ", line 1, column 1: this looks like UTF-16, and JSON must be UTF-8"),
    (b"\0", ", line 1, column 1: an object is expected here"),
    (b"{} x", ", line 1, column 4: an object is expected here"),
    (br#"{"k/1":{}} ]"#, ", line 1, column 12: an object is expected here"),
    (b"{\"key\":\"k/1\",\"rows\":{}},\n{\"key\":\"k/2\",\"rows\":{}}", ", line 1, column 24: an object is expected here"),
    // No pairs.
    (b"{,}", ", line 1, column 2: a key is expected here, in quotes"),
    (b"{k:{}}", ", line 1, column 2: a key is expected here, in quotes"),
    (b"{'k':{}}", ", line 1, column 2: a key is expected here, in quotes"),
    (br#"{"k/1":{},}"#, ", line 1, column 11: a key is expected here, in quotes"),
    (br#"{"k/1":{},5:{}}"#, ", line 1, column 11: a key is expected here, in quotes"),
    (br#"{"k/1" {}}"#, ", line 1, column 8: `:` is expected here"),
    (br#"{"k/1"}"#, ", line 1, column 7: `:` is expected here"),
    (br#"{"k/1":}"#, ", line 1, column 8 (entry `k/1`): a value is expected here"),
    (br#"{"k/1"::{}}"#, ", line 1, column 8 (entry `k/1`): a value is expected here"),
    (br#"{"k/1":{}]"#, ", line 1, column 10: `,` or `}` is expected here"),
    (br#"{"k/1":{}"k/2":{}}"#, ", line 1, column 10: `,` or `}` is expected here"),
    (br#"{"k/1":{"a":{}}5}"#, ", line 1, column 16: `,` or `}` is expected here"),
    (b"{\"k/1\":\n\n  {\"a\":{}} \"", ", line 3, column 12: `,` or `}` is expected here"),
    (
        b"{\"key\":\"k/1\",\"rows\":{}}\n{\"key\":\"k/2\",\"rows\":{}\n{\"key\":\"k/3\",\"rows\":{}}\n",
        ", line 3, column 1 (entry `k/2`): `,` or `}` is expected here",
    ),
    // Truncated.
    (b"{", ", line 1, column 2: the input ends inside an object"),
    (b"{}{", ", line 1, column 4: the input ends inside an object"),
    (br#"{"k/1"#, ", line 1, column 5: this is not JSON: EOF while parsing a string"),
    (br#"{"k/1""#, ", line 1, column 7: `:` is expected here"),
    (br#"{"k/1":"#, ", line 1, column 8 (entry `k/1`): a value is expected here"),
    (br#"{"k/1":{"#, ", line 1, column 8 (entry `k/1`): this is not JSON: EOF while parsing an object"),
    (br#"{"k/1":{"a"#, ", line 1, column 10 (entry `k/1`): this is not JSON: EOF while parsing a string"),
    (br#"{"k/1":{}"#, ", line 1, column 10: the input ends inside an object"),
    (b"{\"k/1\":{},\n \"k/2\": {\"a\": {}}\n", ", line 3, column 1: the input ends inside an object"),
    (br#"{"key":"k/1","rows":{}"#, ", line 1, column 23 (entry `k/1`): the input ends inside an object"),
    // Not JSON inside of a value.
    (br#"{"k/1":{"a":{"x":01}}}"#, ", line 1, column 19 (entry `k/1`): this is not JSON: invalid number"),
    (br#"{"k/1":{"a":{"x":NaN}}}"#, ", line 1, column 18 (entry `k/1`): this is not JSON: expected value"),
    (b"{\"k/1\":{},\n\"k/2\":{\"a\":}}", ", line 2, column 12 (entry `k/2`): this is not JSON: expected value"),
    (br#"{"k/1":nul}"#, ", line 1, column 10 (entry `k/1`): this is not JSON: EOF while parsing a value"),
    (br#"{"k\ud800":{}}"#, ", line 1, column 2: an escape from `\\ud800` to `\\udfff` is half of a character, and its other half is missing"),
    (
        b"{\"k\n\":{}}",
        ", line 1, column 3: this is not JSON: control character (\\u0000-\\u001F) found while parsing a string",
    ),
    // Not UTF-8.
    (b"\xff", ", line 1, column 1: an object is expected here"),
    (b"{\"k\xff/1\":{}}", ", line 1, column 4: this is not UTF-8"),
    (b"{\"k/1\":\n {\"a\":{\"x\":\"\xc3\"}}}", ", line 2, column 13 (entry `k/1`): this is not UTF-8"),
    (b"{\"key\":\"k\xff\",\"rows\":{}}", ", line 1, column 10: this is not UTF-8"),
    (b"{\"key\":\"k/1\",\"rows\":{\"\xff\":{}}}", ", line 1, column 23 (entry `k/1`): this is not UTF-8"),
    // No rows.
    (br#"{"k/1":5}"#, ", line 1, column 8 (entry `k/1`): rows are an object or an array"),
    (br#"{"k":null}"#, ", line 1, column 6 (entry `k/__root__`): rows are an object or an array"),
    (br#"{"etag":1,"key":"k/1"}"#, ", line 1, column 9 (entry `etag/__root__`): rows are an object or an array"),
    (br#"{"key":"k/1","rows":5}"#, ", line 1, column 21 (entry `k/1`): rows are an object or an array"),
    (
        br#"{"k/1":{"rows":[]}}"#,
        ", line 1, column 16 (entry `k/1`): `rows` of an envelope is an object of row id to row",
    ),
    (
        br#"{"k/1":{"rows":{},"x":1}}"#,
        ", line 1, column 23 (entry `k/1`): `x` is not a row, and an envelope holds only `rows` and `fetched_at`",
    ),
    (
        br#"{"k/1":{"a":1}}"#,
        ", line 1, column 13 (entry `k/1`, row `a`): a row is an object of field name to value",
    ),
    (
        b"{\"key\":\"k/1\",\"rows\":{}}\n\n{\"key\":\"k/2\",\"rows\":{\"a\":1}}\n",
        ", line 3, column 26 (entry `k/2`, row `a`): a row is an object of field name to value",
    ),
    (
        // An envelope has no place in an entry that has its own time.
        br#"{"key":"k/1","rows":{"fetched_at":1,"rows":{}}}"#,
        ", line 1, column 35 (entry `k/1`, row `fetched_at`): a row is an object of field name to value",
    ),
    (
        b"{\"k/1\":[{\"id\":1},\n{\"Id\":2}]}",
        ", line 2, column 1 (entry `k/1`, row number 2): there is no id: the field `id` is missing",
    ),
    (
        br#"{"key":"k/1","rows":[{"id":[]}]}"#,
        ", line 1, column 28 (entry `k/1`, row number 1): the id in `id` is neither text nor a whole number",
    ),
    // Rows and fields.
    (br#"{"k/1":{"a":{},"a":{}}}"#, ", line 1, column 20 (entry `k/1`): the row `a` is repeated"),
    (br#"{"k/1":{"a":{"b":1,"b":2}}}"#, ", line 1, column 24 (entry `k/1`, row `a`): the field `b` is repeated"),
    (
        b"{\"k/1\":{},\n \"k/2\":{\"rows\":{\"a\":\n{\"x\":18446744073709551616}}}}",
        ", line 3, column 6 (entry `k/2`, row `a`, field `x`): the integer 18446744073709551616 does not fit 64 bits; `{\"$int\": \"…\"}` holds those down to -2^64",
    ),
    (
        br#"{"key":"k/1","rows":{"a":{"x":[0,1e999]}}}"#,
        ", line 1, column 34 (entry `k/1`, row `a`, field `x`[1]): the number 1e999 does not fit a float of 64 bits",
    ),
    (
        br#"{"rows":{"a":{"x":1e999}},"key":"k/1"}"#,
        ", line 1, column 19 (entry `k/1`, row `a`, field `x`): the number 1e999 does not fit a float of 64 bits",
    ),
    (
        br#"{"k/1":{"a":{"x":{"$bytes":"?"}}}}"#,
        ", line 1, column 28 (entry `k/1`, row `a`, field `x`.$bytes): `$bytes` takes base64 with its padding",
    ),
    (
        br#"{"k/1":{"a":{"x":"\ud800"}}}"#,
        ", line 1, column 18 (entry `k/1`, row `a`, field `x`): an escape from `\\ud800` to `\\udfff` is half of a character, and its other half is missing",
    ),
    // Single entries.
    (br#"{"rows":{}}"#, ", line 1, column 2: this is a single entry without its key: `vlive put KEY` takes it, and `vlive dump --format jsonl` keeps the key"),
    (b"{}\n  {\"raw\":\"oA==\"}", ", line 2, column 4: this is a single entry without its key: `vlive put KEY` takes it, and `vlive dump --format jsonl` keeps the key"),
    (br#"{"key":"k/1"}"#, ", line 1, column 2 (entry `k/1`): this entry has neither `rows` nor `raw`"),
    (br#"{"key":"k/1","fetched_at":1}"#, ", line 1, column 2 (entry `k/1`): this entry has neither `rows` nor `raw`"),
    (
        br#"{"key":"k/1","rows":{},"raw":"oA=="}"#,
        ", line 1, column 2 (entry `k/1`): `raw` is the whole value, and excludes `rows` and `fetched_at`",
    ),
    (
        br#"{"fetched_at":1,"key":"k/1","raw":"oA=="}"#,
        ", line 1, column 2 (entry `k/1`): `raw` is the whole value, and excludes `rows` and `fetched_at`",
    ),
    (
        br#"{"key":"k/1","rows":{},"etag":1}"#,
        ", line 1, column 24 (entry `k/1`): `etag` is not a field of an entry, which has `key`, `fetched_at` and `rows`, or `key` and `raw`",
    ),
    (
        br#"{"rows":{},"Key":"k/1"}"#,
        ", line 1, column 12: `Key` is not a field of an entry, which has `key`, `fetched_at` and `rows`, or `key` and `raw`",
    ),
    (br#"{"key":1,"rows":{}}"#, ", line 1, column 8: `key` is a full key, in quotes"),
    (br#"{"key":"\ud800","rows":{}}"#, ", line 1, column 8: `key` is a full key, in quotes"),
    (br#"{"key":"k/1","key":"k/2","rows":{}}"#, ", line 1, column 14 (entry `k/2`): `key` is repeated"),
    (br#"{"key":"k/1","rows":{},"rows":{}}"#, ", line 1, column 24 (entry `k/1`): `rows` is repeated"),
    (br#"{"key":"k/1","raw":"oA==","raw":"oA=="}"#, ", line 1, column 27 (entry `k/1`): `raw` is repeated"),
    (br#"{"fetched_at":1,"fetched_at":1}"#, ", line 1, column 17: `fetched_at` is repeated"),
    (
        br#"{"key":"k/1","raw":"oA"}"#,
        ", line 1, column 20 (entry `k/1`): `raw` is the base64 of the stored bytes, with its padding",
    ),
    (
        br#"{"key":"k/1","raw":"_w=="}"#,
        ", line 1, column 20 (entry `k/1`): `raw` is the base64 of the stored bytes, with its padding",
    ),
    (
        br#"{"key":"k/1","raw":[]}"#,
        ", line 1, column 20 (entry `k/1`): `raw` is the base64 of the stored bytes, with its padding",
    ),
    // Times.
    (
        br#"{"k/1":{"fetched_at":-1,"rows":{}}}"#,
        ", line 1, column 22 (entry `k/1`): `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    (
        br#"{"key":"k/1","fetched_at":"1","rows":{}}"#,
        ", line 1, column 27 (entry `k/1`): `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    (
        br#"{"key":"k/1","fetched_at":9223372036854775808,"rows":{}}"#,
        ", line 1, column 27 (entry `k/1`): `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    // The same entry.
    (
        b"{\"k/1\":{},\n  \"k/2\":{}, \"k/1\":{}}",
        ", line 2, column 13 (entry `k/1`): it is repeated, first in SOURCE, line 1",
    ),
    (br#"{"k/__root__":{},"k":{}}"#, ", line 1, column 18 (entry `k/__root__`): it is repeated, first in SOURCE, line 1"),
    (
        b"{\"k/2\":{}}\n{\"key\":\"k/2\",\"raw\":\"oA==\"}",
        ", line 2, column 2 (entry `k/2`): it is repeated, first in SOURCE, line 1",
    ),
    (
        b"\n{\"key\":\"k/1\",\"rows\":{}}\n{\"key\":\"k/1\",\"rows\":{}}\n{\"key\":\"k/1\",\"rows\":{}}",
        ", line 3, column 2 (entry `k/1`): it is repeated, first in SOURCE, line 2",
    ),
    // One fault behind many entries that have none.
    (
        b"{\"a/1\":{},\"a/2\":{\"r\":{\"f\":1}},\n\"a/3\":[],\"a/4\":[{\"id\":1}]}\n{\"key\":\"b/1\",\"rows\":{}}\n{\"b/2\":0}",
        ", line 4, column 8 (entry `b/2`): rows are an object or an array",
    ),
];

#[test]
fn every_fault_in_a_file_is_reported_with_its_place_and_nothing_is_written() {
    let folder = Folder::empty();
    folder.write("good.json", r#"{"good/1":{},"good/2":{"a":{"x":1}}}"#);
    for (n, (source, _)) in TEXTS.iter().enumerate() {
        folder.write(&format!("{n}.json"), source);
    }
    let message = |name: &str, told: &str| format!("error: {name}{}\n", told.replace("SOURCE", name));
    fs::copy(Folder::shared("live-demo").file(), folder.file()).unwrap();
    folder.untouched(|| {
        for (n, (source, told)) in TEXTS.iter().enumerate() {
            let (file, args) = (format!("{n}.json"), MODES[n % MODES.len()]);
            folder.vlive(args).stdin(source).ends(2, "", &message("standard input", told));
            folder.vlive([args, &["good.json", &file]].concat()).ends(2, "", &message(&format!("`{file}`"), told));
        }
    });
}

/// A document, a line and a raw line.
const WHOLE: &str = r#"{"k/1":{"fetched_at":1,"rows":{"a":{"x":["é",{"$bytes":"AQ=="}]}}}}
{"key":"k/2","rows":[{"id":1}]}
{"key":"k/3","raw":"oA=="}"#;

#[test]
fn a_truncated_document_is_refused_with_a_line_unless_it_is_still_complete() {
    let folder = Folder::empty();
    let mut whole = Vec::new();
    for len in 0..WHOLE.len() {
        let source = &WHOLE.as_bytes()[..len];
        // What can be loaded could be written.
        let load = folder.vlive(["load", "-n"]).stdin(source).output();
        if load.status == 0 {
            whole.push(len);
            continue;
        }
        let lines = source.iter().filter(|byte| **byte == b'\n').count() + 1;
        let told = format!("error: standard input, line {lines}, column ");
        folder.untouched(|| {
            let load = folder.vlive(["load", "-C", "new"]).stdin(source).output();
            assert_eq!((load.status, load.stdout.as_str()), (2, ""), "{len}: {load}");
            assert!(load.stderr.starts_with(&told) && load.stderr.lines().count() == 1, "{len}: {load}");
        });
    }
    let ends: Vec<usize> = WHOLE.match_indices("}\n").flat_map(|(at, _)| [at + 1, at + 2]).collect();
    assert_eq!(whole, [&[0], &ends[..]].concat());
}

type Files = &'static [(&'static str, &'static [u8])];

/// Files of a tree, the fault being in the last, and what is said of it.
const TREES: [(Files, &str); 17] = [
    (&[("k/1.json", b"")], "k/1.json`, line 1, column 1 (entry `k/1`): this is not JSON: EOF while parsing a value"),
    (&[("k/1.json", b"{}\n{}")], "k/1.json`, line 2, column 1 (entry `k/1`): this is not JSON: trailing characters"),
    (
        &[("k/0.json", b"{}"), ("k/1.json", b"{\"a\":\n \"\xff\"}")],
        "k/1.json`, line 2, column 3 (entry `k/1`): this is not UTF-8",
    ),
    (
        &[("j/1.json", b"{}"), ("k.json", br#"{"a":1}"#)],
        "k.json`, line 1, column 6 (entry `k/__root__`, row `a`): a row is an object of field name to value",
    ),
    (
        &[("k/1.json", b"{\"a\":{},\n\"b\":{\"x\":1e999}}")],
        "k/1.json`, line 2, column 10 (entry `k/1`, row `b`, field `x`): the number 1e999 does not fit a float of 64 bits",
    ),
    (
        &[("k/%2F.json", br#"[{"id":1},{}]"#)],
        "k/%2F.json`, line 1, column 11 (entry `k//`, row number 2): there is no id: the field `id` is missing",
    ),
    (
        &[("k/1.json", br#"{"key":"k/1","rows":{}}"#)],
        "k/1.json`, line 1, column 8 (entry `k/1`): `key` is not a row, and an envelope holds only `rows` and `fetched_at`",
    ),
    // Names.
    (&[("a%g0.json", b"{}")], "a%g0.json` NO KEY"),
    (&[("k/a%2.cbor", b"\xa0")], "k/a%2.cbor` NO KEY"),
    (&[("k/%.json", b"{}")], "k/%.json` NO KEY"),
    (&[("k/%FF.json", b"{}")], "k/%FF.json` NO KEY"),
    (&[("%C3/%A9.json", b"{}")], "%C3/%A9.json` NO KEY"),
    (&[("k/%-1.json", b"{}")], "k/%-1.json` NO KEY"),
    (&[("k/a%+b.json", b"{}")], "k/a%+b.json` NO KEY"),
    // The same entry.
    (
        &[("k.json", b"{}"), ("k/__root__.json", b"{}")],
        "k/__root__.json`, line 1, column 1 (entry `k/__root__`): it is repeated, first in `tree/k.json`, line 1",
    ),
    (
        &[("k/1.cbor", b"\xa0"), ("k/1.json", b"{}")],
        "k/1.json`, line 1, column 1 (entry `k/1`): it is repeated, first in `tree/k/1.cbor`, line 1",
    ),
    (
        &[("k/%31.json", b"{}"), ("k/1.json", b"{}")],
        "k/1.json`, line 1, column 1 (entry `k/1`): it is repeated, first in `tree/k/%31.json`, line 1",
    ),
];

const NO_KEY: &str = "has a name that is not a key: two hexadecimal digits of UTF-8 must follow each `%`";

#[test]
fn every_fault_in_a_folder_is_reported_with_its_file_and_nothing_is_written() {
    for (files, told) in TREES {
        let folder = Folder::empty();
        for (name, bytes) in files {
            folder.write(&format!("tree/{name}"), bytes);
        }
        let message = format!("error: `tree/{}\n", told.replace("NO KEY", NO_KEY));
        nowhere(&folder, |args| folder.vlive([args, &["tree"]].concat()).ends(2, "", &message));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for (bytes, name) in
        [(&b"tree/k/\xff.json"[..], "tree/k/\u{fffd}.json"), (b"tree/k\xff/1.cbor", "tree/k\u{fffd}/1.cbor")]
    {
        let folder = Folder::empty();
        let path = folder.path().join(OsStr::from_bytes(bytes));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
        let message = format!("error: `{name}` has a name that is not UTF-8\n");
        nowhere(&folder, |args| folder.vlive([args, &["tree"]].concat()).ends(2, "", &message));
    }
}

#[test]
fn an_entry_in_two_sources_is_named_with_both() {
    let folder = Folder::empty();
    folder.write("a.json", "{\"k/1\":{},\n\"k/2\":{}}");
    folder.write("b.json", "\n\n{\"key\":\"k/2\",\"rows\":{}}");
    folder.write("tree/k/2.json", "{}");
    for (sources, told) in [
        (["a.json", "b.json"], "`b.json`, line 3, column 2 (entry `k/2`): it is repeated, first in `a.json`, line 2"),
        (["b.json", "a.json"], "`a.json`, line 2, column 1 (entry `k/2`): it is repeated, first in `b.json`, line 3"),
        (
            ["a.json", "tree"],
            "`tree/k/2.json`, line 1, column 1 (entry `k/2`): it is repeated, first in `a.json`, line 2",
        ),
        (["-", "a.json"], "`a.json`, line 2, column 1 (entry `k/2`): it is repeated, first in standard input, line 1"),
        (
            ["tree", "-"],
            "standard input, line 1, column 2 (entry `k/2`): it is repeated, first in `tree/k/2.json`, line 1",
        ),
        (
            ["tree", "tree/"],
            "`tree/k/2.json`, line 1, column 1 (entry `k/2`): it is repeated, first in `tree/k/2.json`, line 1",
        ),
    ] {
        nowhere(&folder, |args| {
            let load = folder.vlive([args, &sources].concat()).stdin(r#"{"k/2":{}}"#);
            load.ends(2, "", &format!("error: {told}\n"));
        });
    }
}

#[test]
fn undecodable_values_cannot_be_redated() {
    let folder = Folder::empty();
    folder.write("lines", "{\"key\":\"k/1\",\"raw\":\"oA==\"}\n{\"key\":\"k/2\",\"raw\":\"gA==\"}\n");
    folder.write("tree/k/2.cbor", b"\xa1\x64rows");
    let told = "it cannot be given another time, because it cannot be decoded";
    for (source, message) in [
        ("lines", format!("`lines`, line 2, column 2 (entry `k/2`): {told}: the envelope is not a map (at byte 0)")),
        (
            "tree",
            format!(
                "`tree/k/2.cbor`, line 1, column 1 (entry `k/2`): {told}: it ends in the middle of an item (at byte 6)"
            ),
        ),
    ] {
        for time in [&["--fetched-at", "@1"], &["--age", "1h"]] {
            let message = format!("error: {message}\n");
            nowhere(&folder, |args| folder.vlive([args, &[source], time].concat()).ends(2, "", &message));
        }
    }
}

#[test]
fn nesting_of_any_depth_is_refused_in_one_sentence() {
    let (open, close) = ("[".repeat(20_000), "]".repeat(20_000));
    let deep = "(entry `k/1`, row `a`, field `x`): nested deeper than the 253 levels that vantage-live reads\n";
    let ends = "(entry `k/1`): this is not JSON: EOF while parsing a list\n";
    let folder = Folder::empty();
    for (source, told) in [
        (format!(r#"{{"k/1":{{"a":{{"x":{open}{close}}}}}}}"#), deep),
        (format!(r#"{{"key":"k/1","rows":{{"a":{{"x":{open}{close}}}}}}}"#), deep),
        (format!(r#"{{"k/1":{open}"#), ends),
        (open.clone(), ", line 1, column 1: an object is expected here\n"),
        (format!(r#"{{"key":{open}{close}}}"#), ", line 1, column 8: `key` is a full key, in quotes\n"),
    ] {
        nowhere(&folder, |args| {
            let ended = folder.vlive(args).stdin(&source).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
            assert!(ended.stderr.starts_with("error: standard input, line 1, column "), "{ended}");
            assert!(ended.stderr.ends_with(told), "{ended}");
        });
    }
    folder.write("tree/k/1.json", format!(r#"{{"a":{{"x":{open}{close}}}}}"#));
    nowhere(&folder, |args| {
        let ended = folder.vlive([args, &["tree"]].concat()).output();
        assert!(ended.status == 2 && ended.stderr.ends_with(deep), "{ended}");
    });
}

#[test]
fn a_cache_is_not_a_source() {
    let folder = Folder::empty();
    fs::create_dir(folder.path().join("cache")).unwrap();
    fs::copy(Folder::shared("bakery").file(), folder.path().join("cache/vlive.redb")).unwrap();
    fs::copy(Folder::shared("bakery").file(), folder.path().join("renamed.json")).unwrap();
    for source in ["cache", "cache/", "cache/vlive.redb", "renamed.json", "."] {
        let message = format!(
            "error: `{source}` is a cache, not a fixture\nhint: `vlive dump --format jsonl --raw` makes a fixture of it\n"
        );
        nowhere(&folder, |args| folder.vlive([args, &[source]].concat()).ends(2, "", &message));
    }
}

#[test]
fn a_source_that_cannot_be_read_is_named() {
    let folder = Folder::empty();
    folder.write("good.json", r#"{"k/1":{}}"#);
    folder.write("tree/k/1.json", "{}");
    // The words behind the name are the system's.
    let cannot = |name: &str, run: Run| {
        let ended = run.output();
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{name}: {ended}");
        assert!(ended.stderr.starts_with(&format!("error: cannot read `{name}`: ")), "{name}: {ended}");
        let hint = "\nhint: name a file or a folder that can be read, or `-` for standard input\n";
        assert!(ended.stderr.ends_with(hint) && ended.stderr.lines().count() == 2, "{ended}");
    };
    nowhere(&folder, |args| {
        for name in ["missing", "missing/deeper.json", "good.json/"] {
            cannot(name, folder.vlive([args, &["good.json", name]].concat()));
        }
    });
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("gone", folder.path().join("tree/k/2.json")).unwrap();
        nowhere(&folder, |args| cannot("tree/k/2.json", folder.vlive([args, &["tree"]].concat())));
        // Round and round.
        fs::create_dir(folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("loop/again")).unwrap();
        nowhere(&folder, |args| {
            let ended = folder.vlive([args, &["loop"]].concat()).output();
            assert!(ended.status == 2 && ended.stderr.starts_with("error: cannot read `loop/again/"), "{ended}");
        });
    }
}

#[test]
fn standard_input_is_one_source() {
    let folder = Folder::empty();
    let message = "error: standard input is named twice\nhint: it can be read only once; name a file instead\n";
    nowhere(&folder, |args| folder.vlive([args, &["-", "-"]].concat()).stdin("{}").ends(2, "", message));
    nowhere(&folder, |_| folder.vlive(["diff", "-", "-"]).stdin("{}").ends(2, "", message));
}

#[test]
fn times_from_the_environment_are_checked_before_anything_is_written() {
    let folder = Folder::empty();
    for epoch in ["yesterday", "-1", "1.5", "9223372036854775808"] {
        let message = format!("error: SOURCE_DATE_EPOCH is `{epoch}`, and not whole seconds since 1970\n");
        nowhere(&folder, |args| {
            folder.vlive(args).env("SOURCE_DATE_EPOCH", epoch).stdin(r#"{"k/1":{}}"#).ends(2, "", &message);
        });
    }
}

/// Reading it might never end.
#[test]
#[cfg(unix)]
fn a_pipe_in_a_folder_is_refused_and_not_read() {
    let folder = Folder::empty();
    folder.write("tree/k/1.json", "{}");
    let pipe = folder.path().join("tree/k/2.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    folder.untouched(|| {
        let run = folder.vlive(["load", "tree"]);
        run.ends(2, "", "error: `tree/k/2.json` is not a regular file\n");
    });
}

#[test]
fn the_first_of_several_faults_in_a_source_is_reported_however_far_apart_they_are() {
    let folder = Folder::empty();
    for first in [3, 1500, 2999] {
        let line = |n: usize| {
            let value = if n == first || n > first && n.is_multiple_of(7) { "1e999" } else { "1" };
            format!("{{\"key\":\"k/{n}\",\"rows\":{{\"a\":{{\"v\":{value},\"t\":\"{}\"}}}}}}\n", "x".repeat(2000))
        };
        let lines: String = (1..=3000).map(line).collect();
        let ended = folder.vlive(["load"]).stdin(lines).output();
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains(&format!("line {first}, column ")), "{first}: {}", ended.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was created");
}

#[test]
fn a_document_in_place_of_an_entry_is_recognized() {
    let folder = Folder::empty();
    let document = Folder::shared("bakery").vlive(["dump"]).output().stdout;
    let what = "each row is an envelope: this holds several entries; use `vlive load`";
    folder.write("tree/all.json", &document);
    folder.vlive(["load", "tree"]).ends(
        2,
        "",
        &format!("error: `tree/all.json`, line 1, column 1 (entry `all/__root__`): {what}\n"),
    );
    let put = folder.vlive(["put", "clients/page_1"]).stdin(&document);
    put.ends(2, "", &format!("error: standard input, line 1, column 1: {what}\n"));
    // In an envelope it is clear what the rows are.
    let rows = r#"{"rows":{"k/1":{"fetched_at":1,"rows":{"a":{}}}}}"#;
    folder.vlive(["put", "clients/page_1", "-q", "--fetched-at", "@1"]).stdin(rows).ends(0, "", "");
}
