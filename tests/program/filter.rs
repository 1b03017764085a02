//! `--where` and `--select`: jq filters over rows.

use crate::support::Folder;
use serde_json::{Map, Value, json};
use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

const ROWS: &str = r#"{
    "a": {"name": "Anna", "visits": 3, "rate": 0.5, "tags": ["new", "vip"], "address": {"city": "Łódź"}, "gone": null},
    "b": {"name": "ben", "visits": 0, "rate": -1.5, "tags": [], "active": true},
    "c": {"name": "Große", "visits": 9007199254740991, "rate": 1e3, "tags": ["old"], "active": false},
    "d": {"visits": 12, "name": ""}
}"#;

/// Filters that jq and the program must agree on, for each of the rows.
const FILTERS: [&str; 20] = [
    ".visits > 2",
    ".visits >= 3 and (.active | not)",
    ".active",
    ".active // true",
    ".name | test(\"^[a-z]\")",
    ".name | length > 3",
    ".name | ascii_downcase | startswith(\"a\")",
    "(.tags // []) | index(\"vip\")",
    "(.tags // []) | any(. == \"old\")",
    "has(\"active\") and .active == false",
    ".address.city == \"Łódź\"",
    ".address.city?",
    ".gone == null and has(\"gone\")",
    "(.rate // 0) * 2 < .visits",
    "[.visits, 5] | max == 5",
    "to_entries | length == 5",
    ".name | contains(\"o\")",
    "if .visits > 10 then true else .tags != [] end",
    "(.visits % 2 == 1), false",
    "empty",
];

fn with_rows() -> Folder {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1", "--age", "1h"]).stdin(ROWS).ends(0, "", "");
    folder
}

/// The ids of the rows for which jq finds the filter true.
fn by_jq(filter: &str) -> Vec<String> {
    let program = format!("[to_entries[] | select(.value | any({filter}; .)) | .key]");
    let mut jq =
        Command::new("jq").args(["-c", &program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    jq.stdin.take().unwrap().write_all(ROWS.as_bytes()).unwrap();
    let output = jq.wait_with_output().unwrap();
    assert!(output.status.success(), "{filter}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs where there is a jq; where `VLIVE_ORACLES` names it, there must be one.
#[test]
fn where_keeps_the_rows_that_jq_keeps() {
    if Command::new("jq").arg("--version").output().is_err() {
        assert!(!env::var("VLIVE_ORACLES").is_ok_and(|oracles| oracles.contains("jq")), "jq is not installed");
        return;
    }
    let folder = with_rows();
    for filter in FILTERS {
        let run = folder.vlive(["dump", "k/1", "--rows", "--where", filter]).output();
        let kept: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&run.stdout).unwrap_or_default();
        let kept: Vec<String> = kept.into_iter().map(|(id, _)| id).collect();
        assert_eq!(kept, by_jq(filter), "{filter}: {run:?}");
        assert_eq!(run.status, i32::from(kept.is_empty()), "{filter}: {run:?}");
    }
}

#[test]
fn kept_rows_keep_their_bytes() {
    let folder = Folder::copy_of("values");
    let all = folder.vlive(["dump", "--format", "jsonl"]).output().stdout;
    folder.vlive(["dump", "--format", "jsonl", "--where", "true"]).ends(0, &all, "");
    let one = folder.vlive(["dump", "--format", "jsonl", "--where", "$id == \"no such row\""]).output();
    assert_eq!((one.status, one.stdout.as_str()), (1, ""), "{one:?}");
}

#[test]
fn decimals_big_integers_and_bytes_are_compared_by_their_meaning() {
    let folder = Folder::empty();
    let rows = r#"{
        "a": {"v": {"$tag": [10, "9.5"]}, "n": 18446744073709551615, "b": {"$bytes": "AAE="}},
        "b": {"v": {"$tag": [10, "10.25"]}, "n": {"$int": "-18446744073709551616"}, "b": {"$bytes": "AA=="}}
    }"#;
    folder.vlive(["put", "-q", "k/1"]).stdin(rows).ends(0, "", "");
    for (filter, id) in [
        (".v > 10", "b"),
        (".v < 10", "a"),
        (".n == 18446744073709551615", "a"),
        (".n == -18446744073709551616", "b"),
        (".n > 18446744073709551614", "a"),
        ("(.b | length) == 2", "a"),
        ("$id == \"b\" and $key == \"k/1\"", "b"),
    ] {
        let args = ["show", "k/1", "--where", filter, "--select", "$id", "--format", "csv"];
        folder.vlive(args).ends(0, &format!("row id,value\n{id},{id}\n"), "");
    }
}

#[test]
fn the_output_of_a_filter_replaces_the_row() {
    let folder = with_rows();
    folder.vlive(["show", "k/1", "--select", "{name, double: (.visits * 2)}", "--where", ".visits < 10"]).ends(
        0,
        "row id  name  double\na       Anna       6\nb       ben        0\n",
        "",
    );
    folder.vlive(["dump", "k/1", "--format", "rows", "--select", ".tags[]?"]).ends(
        0,
        concat!(
            r#"{"key":"k/1","fetched_at":1770006400,"id":"a","row":{"value":"new"}}"#,
            "\n",
            r#"{"key":"k/1","fetched_at":1770006400,"id":"a","row":{"value":"vip"}}"#,
            "\n",
            r#"{"key":"k/1","fetched_at":1770006400,"id":"c","row":{"value":"old"}}"#,
            "\n"
        ),
        "",
    );
}

#[test]
fn a_filter_that_cannot_be_used_shows_the_place() {
    let folder = with_rows();
    folder.vlive(["show", "k/1", "--where", ".a | foo"]).ends(
        2,
        "",
        "\
error: --where is not a jq filter that can be used: `foo` is not defined
  .a | foo
       ^
hint: the language is that of jq; `vlive show --help` has examples
",
    );
    for filter in ["halt", "input", "env", "$ENV", "now", "input_filename", "import \"m\" as m; m::f", "\"", "(", ""] {
        let run = folder.vlive(["show", "k/1", "--where", filter]).output();
        assert_eq!(run.status, 2, "{filter}: {run:?}");
    }
}

#[test]
fn a_filter_that_fails_on_a_row_names_it() {
    with_rows().vlive(["show", "k/1", "--where", ".name.first"]).ends(
        2,
        "",
        "\
error: the filter fails on row `a` of `k/1`: cannot index \"Anna\" with \"first\"
hint: `?` passes over what a filter cannot do with a row, as in '.address.city?'
",
    );
}

#[test]
fn an_entry_without_matching_rows_is_left_out() {
    let folder = with_rows();
    folder.vlive(["put", "-q", "k/2", "--age", "1h"]).stdin(r#"{"z": {"visits": 1}}"#).ends(0, "", "");
    folder.vlive(["dump", "k", "--where", ".visits == 1"]).ends(
        0,
        "{\"k/2\":{\"fetched_at\":1770006400,\"rows\":{\"z\":{\"visits\":1}}}}\n",
        "",
    );
    folder.vlive(["dump", "k", "--where", ".visits == 7"]).ends(
        1,
        "{}\n",
        "error: the filter is true of no row of 2 entries\n",
    );
}

/// As many rows of both layouts as are worked on by several threads.
fn with_many_rows(layout: &str) -> Folder {
    let folder = Folder::empty();
    let entry = |page: usize| {
        let rows = (0..200).map(|n| (format!("r{:05}", 200 * page + n), json!({"n": 200 * page + n})));
        (format!("k/page_{page:03}"), json!({"fetched_at": 1_770_000_000, "rows": rows.collect::<Map<_, _>>()}))
    };
    let all: Map<_, _> = if layout == "live" {
        (0..100).map(entry).collect()
    } else {
        let rows = (0..100).flat_map(|page| entry(page).1["rows"].as_object().unwrap().clone());
        [("k".to_owned(), Value::Object(rows.collect()))].into_iter().collect()
    };
    folder.vlive(["load", "-q", "--as", layout]).stdin(Value::Object(all).to_string()).ends(0, "", "");
    folder
}

#[test]
fn filters_on_all_cores_give_the_rows_in_order() {
    for layout in ["live", "diorama"] {
        let folder = with_many_rows(layout);
        let args = ["dump", "--format", "rows", "--where", ".n % 3 == 1", "--select", "{m: (.n, -.n)}"];
        let run = folder.vlive(args).output();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{layout}");
        let row = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let rows: Vec<(Value, Value)> =
            run.stdout.lines().map(row).map(|line| (line["id"].clone(), line["row"]["m"].clone())).collect();
        let expected = (0..20_000).filter(|n| n % 3 == 1).flat_map(|n| [n, -n].map(|m| (n, m)));
        assert!(rows.into_iter().eq(expected.map(|(n, m)| (json!(format!("r{n:05}")), json!(m)))), "{layout}");
    }
}

#[test]
fn a_filter_that_fails_on_another_thread_ends_the_dump_with_what_came_before() {
    for layout in ["live", "diorama"] {
        let folder = with_many_rows(layout);
        for (filter, why) in [
            ("if .n == 7000 then error(\"no\") else . end", "no"),
            ("def f: 1 + f; if .n == 7000 then f else . end", "it recurses too deeply"),
        ] {
            let run = folder.vlive(["dump", "--format", "rows", "--select", filter]).output();
            assert_eq!((run.status, run.stdout.lines().count()), (2, 7000), "{layout}: {}", run.stderr);
            assert!(run.stderr.starts_with("error: the filter fails on row `r07000` of `k"), "{}", run.stderr);
            assert!(run.stderr.contains(why), "{}", run.stderr);
            let kept = folder.vlive(["dump", "--format", "rows", "--where", filter]).output();
            assert_eq!((kept.status, kept.stderr), (2, run.stderr), "{layout}");
        }
    }
}
