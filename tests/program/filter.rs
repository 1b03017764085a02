//! `--where` and `--select`: jq filters over rows.

use crate::support::Folder;
use serde_json::{Map, Value, json};
use std::env;
use std::fs;
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
fn an_unusable_filter_is_shown_with_the_place_of_the_fault() {
    let folder = with_rows();
    folder.vlive(["show", "k/1", "--where", ".a | foo"]).ends(
        2,
        "",
        "\
error: --where is not a usable jq filter: `foo` is not defined
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
hint: `?` makes a filter skip rows that it fails on, as in '.address.city?'
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
        "error: the filter is true for no row of 2 entries\n",
    );
}

#[test]
fn several_results_of_a_row_are_all_in_the_json() {
    let folder = with_rows();
    let told = folder.vlive(["show", "k/1", "--select", ".tags[]?", "--json"]).json();
    let line = |id: &str, value: &str| json!({"key": "k/1", "id": id, "row": {"value": value}});
    assert_eq!(told, json!([line("a", "new"), line("a", "vip"), line("c", "old")]));
    let lines = folder.vlive(["show", "k", "--select", ".tags[]?", "--format", "jsonl"]).output().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines), told);
    let limited = folder.vlive(["show", "k/1", "--select", ".tags[]?", "--json", "--limit", "2", "-q"]).json();
    assert_eq!(limited, json!([line("a", "new"), line("a", "vip")]));
    folder.vlive(["show", "k/1", "--select", "empty", "--json"]).ends(0, "[]\n", "the filter gives no results\n");
    folder.vlive(["show", "k/1", "--select", "empty"]).ends(0, "", "the filter gives no results\n");
}

/// A row with a value of each kind that a backend may write.
const KINDS: &str = r#"{"r": {
    "duration": {"$tag": [14, [60]]}, "long": {"$tag": [14, [90061, 500000000]]}, "unknown": {"$tag": [1, 5]},
    "unknown date": {"$tag": [55799, {"$tag": [0, "2013-03-21T20:04:00Z"]}]}, "date": {"$tag": [12, [0, 0]]},
    "decimal": {"$tag": [10, "012.50"]}, "huge": {"$tag": [2, {"$bytes": "AQAAAAAAAAAA"}]}, "none": {"$tag": [6, null]},
    "id": {"$tag": [8, ["client", "x"]]}, "uuid": {"$tag": [37, {"$bytes": "AAAAAAAAAAAAAAAAAAAAAA=="}]},
    "point": {"$tag": [88, [1.5, 2]]}, "bytes": {"$bytes": "AQI="}, "float": 1.5, "list": [{"$tag": [14, [1]]}, null, true],
    "map": {"$map": [[{"$bytes": "AQI="}, 1], [{"$bytes": "AwQ="}, 2], [3, 4], [true, 5], [[1, 2], 6]]}
}}"#;

#[test]
fn a_value_means_the_same_to_engines_and_to_filters_and_every_key_has_one_name() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1", "--fetched-at", "@5"]).stdin(KINDS).ends(0, "", "");
    let row = concat!(
        r#"{"duration":60,"long":90061.5,"unknown":5,"unknown date":"2013-03-21T20:04:00Z","#,
        r#""date":"1970-01-01T00:00:00Z","decimal":12.50,"huge":18446744073709551616,"none":null,"id":"client:x","#,
        r#""uuid":"00000000-0000-0000-0000-000000000000","point":[1.5,2],"bytes":"AQI=","float":1.5,"list":[1,null,true],"#,
        r#""map":{"AQI=":1,"AwQ=":2,"3":4,"true":5,"ggEC":6}}"#,
    );
    let line = format!("{{\"key\":\"k/1\",\"fetched_at\":5,\"id\":\"r\",\"row\":{row}}}\n");
    folder.vlive(["dump", "--format", "rows"]).ends(0, &line, "");
    let selected = folder.vlive(["dump", "--format", "rows", "--select", "."]).output();
    // jaq reads the digits of a decimal as a number, which has no zeros before it.
    assert_eq!(selected.stdout, line, "{selected}");
    let names = r#".map | keys == ["3", "AQI=", "AwQ=", "ggEC", "true"]"#;
    for is_true in [names, ".map.\"AQI=\" == 1", ".duration == 60", ".unknown == 5", "(.bytes | length) == 2"] {
        let run = folder.vlive(["dump", "--format", "rows", "--where", is_true]).output();
        assert_eq!((run.status, run.stdout.as_str()), (0, line.as_str()), "{is_true}: {run}");
    }
    let shown = folder.vlive(["show", "k/1", "--fields", "map", "--format", "csv"]).output().stdout;
    assert_eq!(shown, "row id,map\nr,\"{\"\"AQI=\"\":1,\"\"AwQ=\"\":2,\"\"3\"\":4,\"\"true\"\":5,\"\"ggEC\"\":6}\"\n");
}

#[test]
fn a_filter_may_begin_with_a_hyphen() {
    let folder = with_rows();
    let ids = |args: &[&str]| folder.vlive([&["show", "k/1", "--format", "csv"], args].concat()).output();
    assert_eq!(ids(&["--where", "-1 < .rate", "--select", "$id"]).stdout, "row id,value\na,a\nc,c\n");
    assert_eq!(ids(&["--where", "$id == \"a\"", "--select", "-.visits"]).stdout, "row id,value\na,-3\n");
    let changed = folder.vlive(["edit", "k/1", "--apply", "-.x", "-n"]).output();
    assert!(changed.stderr.starts_with("error: --apply cannot change `k/1`: "), "{changed}");
}

#[test]
fn a_value_in_a_message_is_cut() {
    let folder = Folder::empty();
    let row = format!(r#"{{"r": {{"t": "{}"}}}}"#, "x".repeat(1_000_000));
    folder.vlive(["put", "-q", "big/1"]).stdin(row).ends(0, "", "");
    for args in [&["show", "big/1", "--where", ".t.x"][..], &["edit", "big/1", "--apply", ".rows.r.t.x", "-n"]] {
        let run = folder.vlive(args).output();
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("cannot index \"xxx") && run.stderr.len() < 600, "{run}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_the_lines_of_a_filter_that_is_refused() {
    let folder = with_rows();
    let shown = |filter: &str| {
        crate::terminal::on_a_terminal(&folder, &[("NO_COLOR", "1")], &format!("show k/1 --where '{filter}'"))
    };
    let Some(told) = shown(".a\n | foo") else { return };
    let expected = "\
error: --where is not a usable jq filter: `foo` is not defined
   | foo
     ^
hint: the language is that of jq; `vlive show --help` has examples
";
    assert_eq!(told, expected);
    let told = shown("\"\u{1b}[2J\" | foo").unwrap();
    assert!(told.contains("\n  \"\\u{1b}[2J\" | foo\n                ^\n"), "{told}");
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

/// The rows of a table are kept between the two passes over them, and many do not fit in memory.
#[test]
fn a_table_has_the_filtered_rows_of_a_dump_in_the_same_order() {
    for layout in ["live", "diorama"] {
        let folder = with_many_rows(layout);
        for filters in [
            &["--where", ".n % 3 == 1"][..],
            &["--where", ".n % 3 == 1", "--select", "{m: (.n, -.n)}"],
            &["--select", "{n, long: (\"ä\" * 300), nested: [[{n}], 1.5, null]}"],
            &["--where", "$key != \"k/7\"", "--select", "select(.n > 19990)"],
        ] {
            let told = |args: &[&str]| {
                let run = folder.vlive([args, filters].concat()).output();
                assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{layout}, {args:?}, {filters:?}");
                run.stdout
            };
            let rows = |text: String| -> Vec<Value> {
                let row = |line: &str| {
                    let mut row: Value = serde_json::from_str(line).unwrap();
                    row.as_object_mut().unwrap().remove("fetched_at");
                    row
                };
                text.lines().map(row).collect()
            };
            let dumped = rows(told(&["dump", "--format", "rows", "--lossless"]));
            assert!(!dumped.is_empty(), "{layout}, {filters:?}");
            assert!(rows(told(&["show", "--format", "jsonl"])) == dumped, "{layout}, {filters:?}");
            let ids = dumped.iter().map(|row| row["id"].as_str().unwrap());
            let table = told(&["show", "--format", "tsv"]);
            let with_key = usize::from(table.starts_with("key\t"));
            let cells = table.lines().skip(1).map(|line| line.split('\t').nth(with_key).unwrap());
            assert!(cells.eq(ids), "{layout}, {filters:?}");
        }
    }
}

#[test]
fn a_result_that_is_nested_too_deep_for_a_value_is_refused() {
    let folder = with_rows();
    let nested = |value: &str, levels: usize| {
        format!("if $id == \"a\" then {{v: reduce range({levels}) as $n ({value}; [.])}} else 1 end")
    };
    for args in [
        &["show", "k/1"][..],
        &["show", "k/1", "--json"],
        &["show", "k/1", "--format", "jsonl"],
        &["dump", "k/1", "--format", "rows"],
        &["dump", "k/1", "--format", "rows", "--lossless"],
    ] {
        // Of digits that no integer holds a tag is made, which is a level too.
        for (value, most) in [("0", 255), ("123456789012345678901234567890", 254)] {
            let select = |levels| folder.vlive([args, &["--select", &nested(value, levels)]].concat()).output();
            assert_eq!(select(most).status, 0, "{args:?}");
            let refused = select(most + 1);
            let fault = "the filter fails on row `a` of `k/1`: it gives a value with more than 255 levels";
            assert!(refused.status == 2 && refused.stderr.contains(fault), "{args:?}: {refused}");
        }
    }
}

#[test]
fn the_deepest_values_of_a_cache_are_shown_with_and_without_a_filter() {
    let live = Folder::shared("envelopes");
    let sets = Folder::empty();
    let sample = Folder::shared("diorama").path().join("odd-rows.redb");
    fs::copy(sample, sets.file()).unwrap();
    for (folder, selection, deep, levels) in
        [(&live, &["envelopes/depth-253"][..], "a", 253), (&sets, &["--exact", "t/23 deep 255"], "23 deep 255", 255)]
    {
        for args in [
            &["show", "--json"][..],
            &["show", "--format", "jsonl"],
            &["show", "--json", "--select", "."],
            &["show", "--format", "jsonl", "--where", "true"],
            &["dump", "--format", "rows", "--lossless"],
            &["dump", "--format", "rows", "--lossless", "--select", "."],
            &["find", "--json", "--id", deep],
        ] {
            let is_find = args[0] == "find";
            let shown = folder.vlive([args, if is_find { &[][..] } else { selection }].concat()).output();
            assert!(shown.status == 0 || is_find && shown.status == 3, "{args:?}: {}", shown.stderr);
            assert!(shown.stdout.contains(&"[".repeat(levels)), "{args:?}: {shown}");
        }
    }
}

#[test]
fn a_filter_that_fails_on_another_thread_ends_the_dump_at_its_row() {
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

#[test]
fn a_filter_that_repeats_a_text_without_bound_fails_in_one_sentence() {
    let folder = Folder::shared("live-demo");
    let error = "the filter fails on row `a` of `products/page_1`: `*` repeats a text to more than 256 MiB\n";
    for factor in ["100000000000", "9223372036854775807"] {
        let filter = format!("\"ab\" * {factor} == \"\"");
        let run = folder.vlive(["show", "products/page_1", "--where", &filter]).output();
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert_eq!(run.stderr.lines().next().map(|line| format!("{line}\n")), Some(format!("error: {error}")));
    }
    let folder = Folder::copy_of("live-demo");
    let run = folder.vlive(["edit", "products/page_1", "--apply", ".rows.a.name *= 100000000000"]).output();
    assert_eq!(run.status, 2, "{run}");
    assert!(run.stderr.starts_with("error: --apply cannot change `products/page_1`: `*` repeats a text"), "{run}");
}
