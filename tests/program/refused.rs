//! Input of `put` that is refused: told with its place, before anything is written.

use crate::support::Folder;
use std::fs;

/// Input of `put`, and what is said of it.
const REFUSED: [(&[u8], &str); 57] = [
    (b"", " is empty\nhint: an entry without rows is `{}`"),
    (b"\xff{}", " is not UTF-8 at byte 0\nhint: JSON is UTF-8 text"),
    // Not JSON.
    (b" ", ", line 1, column 1: this is not JSON: EOF while parsing a value"),
    (b"{", ", line 1, column 1: this is not JSON: EOF while parsing an object"),
    (b"{}\n{}", ", line 2, column 1: this is not JSON: trailing characters"),
    (br#"{"a":{"x":01}}"#, ", line 1, column 12: this is not JSON: invalid number"),
    (br#"{"a":{"x":NaN}}"#, ", line 1, column 11: this is not JSON: expected value"),
    (br#"{"a":{"x":1,}}"#, ", line 1, column 13: this is not JSON: key must be a string"),
    (b"{'a':{}}", ", line 1, column 2: this is not JSON: key must be a string"),
    // JSON, and not rows.
    (b"1", ", line 1, column 1: rows are an object or an array"),
    (b"null", ", line 1, column 1: rows are an object or an array"),
    (br#""rows""#, ", line 1, column 1: rows are an object or an array"),
    (br#"{"a":1}"#, ", line 1, column 6 (row `a`): a row is an object of field name to value"),
    (br#"{"a":{},"b":[]}"#, ", line 1, column 13 (row `b`): a row is an object of field name to value"),
    (br#"[{"id":1},null]"#, ", line 1, column 11 (row number 2): a row is an object of field name to value"),
    (br#"{"rows":[]}"#, ", line 1, column 9: `rows` of an envelope is an object of row id to row"),
    (br#"{"rows":null,"fetched_at":1}"#, ", line 1, column 9: `rows` of an envelope is an object of row id to row"),
    (br#"{"rows":{"a":1}}"#, ", line 1, column 14 (row `a`): a row is an object of field name to value"),
    // Ids.
    (b"[{}]", ", line 1, column 2 (row number 1): there is no id: the field `id` is missing"),
    (br#"[{"id":1},{"Id":2}]"#, ", line 1, column 11 (row number 2): there is no id: the field `id` is missing"),
    (br#"[{"id":null}]"#, ", line 1, column 8 (row number 1): the id in `id` is neither text nor a whole number"),
    (br#"[{"id":1.0}]"#, ", line 1, column 8 (row number 1): the id in `id` is neither text nor a whole number"),
    (
        br#"[{"id":18446744073709551616}]"#,
        ", line 1, column 8 (row number 1): the id in `id` does not fit 64 bits; put it in quotes",
    ),
    (br#"[{"id":1},{"id":"1"}]"#, ", line 1, column 11: the row `1` is repeated"),
    (br#"{"a":{},"b":{},"a":{}}"#, ", line 1, column 20: the row `a` is repeated"),
    // What is repeated.
    (br#"{"a":{"x":1,"x":1}}"#, ", line 1, column 17 (row `a`): the field `x` is repeated"),
    (br#"{"a":{"x":{"k":1,"\u006b":2}}}"#, ", line 1, column 27 (row `a`, field `x`): the key `k` is repeated"),
    (br#"{"rows":{},"rows":{}}"#, ", line 1, column 19: `rows` is repeated"),
    (br#"{"rows":{},"fetched_at":1,"fetched_at":1}"#, ", line 1, column 40: `fetched_at` is repeated"),
    // Times.
    (
        br#"{"rows":{},"fetched_at":-1}"#,
        ", line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    (
        br#"{"rows":{},"fetched_at":1.5}"#,
        ", line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    (
        br#"{"rows":{},"fetched_at":"1"}"#,
        ", line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    (
        br#"{"rows":{},"fetched_at":9223372036854775808}"#,
        ", line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
    ),
    // Numbers.
    (
        b"{\n  \"a\": {\n    \"x\": 18446744073709551616\n  }\n}",
        ", line 3, column 10 (row `a`, field `x`): the integer 18446744073709551616 does not fit 64 bits; `{\"$int\": \"…\"}` holds those down to -2^64",
    ),
    (
        br#"{"a":{"x":[0,-9223372036854775809]}}"#,
        ", line 1, column 14 (row `a`, field `x`[1]): the integer -9223372036854775809 does not fit 64 bits; `{\"$int\": \"…\"}` holds those down to -2^64",
    ),
    (
        br#"{"a":{"x":{"y":1e400}}}"#,
        ", line 1, column 16 (row `a`, field `x`.y): the number 1e400 does not fit a float of 64 bits",
    ),
    (
        br#"{"a":{"x":-1e400}}"#,
        ", line 1, column 11 (row `a`, field `x`): the number -1e400 does not fit a float of 64 bits",
    ),
    // Objects that stand for other values.
    (br#"{"a":{"x":{"$bytes":1}}}"#, ", line 1, column 21 (row `a`, field `x`.$bytes): `$bytes` takes a text"),
    (
        br#"{"a":{"x":{"$bytes":"AA"}}}"#,
        ", line 1, column 21 (row `a`, field `x`.$bytes): `$bytes` takes base64 with its padding",
    ),
    (
        br#"{"a":{"x":{"$bytes":"_w=="}}}"#,
        ", line 1, column 21 (row `a`, field `x`.$bytes): `$bytes` takes base64 with its padding",
    ),
    (
        br#"{"a":{"x":{"$bytes":"AB=="}}}"#,
        ", line 1, column 21 (row `a`, field `x`.$bytes): `$bytes` takes base64 with its padding",
    ),
    (br#"{"a":{"x":{"$int":5}}}"#, ", line 1, column 19 (row `a`, field `x`.$int): `$int` takes a text"),
    (
        br#"{"a":{"x":{"$int":""}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$int): `$int` takes an integer from -2^64 to 2^64 - 1",
    ),
    (
        br#"{"a":{"x":{"$int":"+1"}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$int): `$int` takes an integer from -2^64 to 2^64 - 1",
    ),
    (
        br#"{"a":{"x":{"$int":"-18446744073709551617"}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$int): `$int` takes an integer from -2^64 to 2^64 - 1",
    ),
    (
        br#"{"a":{"x":{"$int":"18446744073709551616"}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$int): `$int` takes an integer from -2^64 to 2^64 - 1",
    ),
    (
        br#"{"a":{"x":{"$float":"nan"}}}"#,
        ", line 1, column 21 (row `a`, field `x`.$float): `$float` takes NaN, Infinity, -Infinity, or 0x and the 16 hexadecimal digits of a NaN",
    ),
    (
        br#"{"a":{"x":{"$float":"0x3ff0000000000000"}}}"#,
        ", line 1, column 21 (row `a`, field `x`.$float): `$float` takes NaN, Infinity, -Infinity, or 0x and the 16 hexadecimal digits of a NaN",
    ),
    (br#"{"a":{"x":{"$float":1.5}}}"#, ", line 1, column 21 (row `a`, field `x`.$float): `$float` takes a text"),
    (
        br#"{"a":{"x":{"$tag":1}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$tag): `$tag` takes an array of a tag number and a value",
    ),
    (
        br#"{"a":{"x":{"$tag":[1]}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$tag): `$tag` takes an array of a tag number and a value",
    ),
    (
        br#"{"a":{"x":{"$tag":[1,2,3]}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$tag): `$tag` takes an array of a tag number and a value",
    ),
    (
        br#"{"a":{"x":{"$tag":[-1,0]}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$tag): `$tag` takes an array of a tag number and a value",
    ),
    (
        br#"{"a":{"x":{"$map":{}}}}"#,
        ", line 1, column 19 (row `a`, field `x`.$map): `$map` takes an array of pairs of a key and a value",
    ),
    (
        br#"{"a":{"x":{"$map":[[1]]}}}"#,
        ", line 1, column 20 (row `a`, field `x`.$map[0]): `$map` takes an array of pairs of a key and a value",
    ),
    (
        br#"{"a":{"x":[1,{"y":{"$int":"x"}}]}}"#,
        ", line 1, column 27 (row `a`, field `x`[1].y.$int): `$int` takes an integer from -2^64 to 2^64 - 1",
    ),
    // Half a character.
    (
        br#"{"a":{"x":"\ud800"}}"#,
        ", line 1, column 11 (row `a`, field `x`): an escape from `\\ud800` to `\\udfff` is half of a character, and its other half is missing",
    ),
];

#[test]
fn put_names_the_place_of_refused_input_and_creates_nothing() {
    let folder = Folder::empty();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (input, message) in REFUSED {
        for target in ["empty", "missing"] {
            let expected = format!("error: standard input{message}\n");
            folder.untouched(|| folder.vlive(["put", "-C", target, "k/1"]).stdin(input).ends(2, "", &expected));
        }
    }
}

#[test]
fn put_does_not_change_the_cache_if_it_refuses_input() {
    let folder = Folder::copy_of("bakery");
    // The first row is fine.
    let input = r#"[{"id":"a"},{"id":"b","x":1e999}]"#;
    let message = "error: standard input, line 1, column 27 (row `b`, field `x`): the number 1e999 does not fit a float of 64 bits\n";
    folder.untouched(|| folder.vlive(["put", "clients/page_1"]).stdin(input).ends(2, "", message));
}

#[test]
fn the_file_of_the_input_is_named() {
    let folder = Folder::empty();
    fs::write(folder.path().join("rows.json"), "[1]").unwrap();
    folder.untouched(|| {
        let not_rows =
            "error: `rows.json`, line 1, column 2 (row number 1): a row is an object of field name to value\n";
        folder.vlive(["put", "k/1", "rows.json"]).ends(2, "", not_rows);
        let missing = folder.vlive(["put", "k/1", "none.json"]).output();
        assert_eq!((missing.status, missing.stdout.as_str()), (2, ""));
        assert!(missing.stderr.starts_with("error: cannot read `none.json`: "), "{missing}");
        let folder_as_file = folder.vlive(["put", "k/1", "."]).output();
        assert_eq!((folder_as_file.status, folder_as_file.stdout.as_str()), (2, ""));
        assert!(folder_as_file.stderr.starts_with("error: cannot read `.`: "), "{folder_as_file}");
    });
}

#[test]
fn a_field_that_nests_deeper_than_vantage_live_reads_is_refused() {
    for (open, inner, close) in
        [("[", "", "]"), (r#"{"k":"#, "1", "}"), (r#"{"$tag":[9,"#, "null", "]}"), (r#"{"$map":[[1,"#, "2", "]]}")]
    {
        for levels in [254, 1000] {
            is_too_deep(&format!("{}{inner}{}", open.repeat(levels), close.repeat(levels)));
        }
    }
}

#[test]
fn no_depth_of_nesting_crashes_the_program() {
    for (open, close) in [("[", "]"), (r#"{"k":["#, "]}"), (r#"{"$map":[[1,"#, "]]}"), (r#"{"$tag":[9,"#, "]}")] {
        is_too_deep(&format!("{}1{}", open.repeat(10_000), close.repeat(10_000)));
    }
}

#[track_caller]
fn is_too_deep(field: &str) {
    let folder = Folder::empty();
    folder.untouched(|| {
        let ended = folder.vlive(["put", "k/1"]).stdin(format!(r#"{{"a":{{"x":{field}}}}}"#)).output();
        let message = "(row `a`, field `x`): nested deeper than the 253 levels that vantage-live reads\n";
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
        assert!(ended.stderr.starts_with("error: standard input, line 1, column "), "{ended}");
        assert!(ended.stderr.ends_with(message), "{ended}");
    });
}

#[test]
fn times_from_the_environment_are_checked_before_anything_is_written() {
    let folder = Folder::empty();
    for epoch in ["yesterday", "-1", "1.5", "9223372036854775808"] {
        let message = format!("error: SOURCE_DATE_EPOCH is `{epoch}`, and not whole seconds since 1970\n");
        folder.untouched(|| {
            folder.vlive(["put", "k/1"]).env("SOURCE_DATE_EPOCH", epoch).stdin("{}").ends(2, "", &message);
        });
    }
}
