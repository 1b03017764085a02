use crate::support::{Ended, Folder};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::process::Stdio;

/// A cache whose one entry, `k/1`, has these rows.
fn with_rows(rows: &str) -> Folder {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1", "--fetched-at", "@0"]).stdin(rows).ends(0, "", "");
    folder
}

/// Rows with a field missing, a null, numbers of different lengths, and a field that comes late.
const MIXED: &str = r#"{
    "a": {"name": "Größe", "n": 5, "gone": null, "price": {"$tag": [10, "12.50"]}},
    "bb": {"name": "日本語", "late": true, "n": -1.5, "gone": {"$tag": [6, null]}},
    "c": {"n": null, "price": {"$tag": [10, "0.5"]}}
}"#;

/// The records of a delimited output as a reader of such files gets them.
fn records(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn rows_are_lines_and_fields_are_columns() {
    let folder = Folder::shared("live-demo");
    let expected = "\
row id  name           price
a       Apple Pie         12
b       Brioche            8
c       Cinnamon Roll     15
";
    folder.untouched(|| folder.vlive(["show", "products/page_1"]).ends(0, expected, ""));
}

#[test]
fn fields_come_in_the_order_in_which_the_rows_have_them() {
    let expected = "\
row id  name       n  gone  price  late
a       Größe      5  null  12.50
bb      日本語  -1.5  none         true
c               null          0.5
";
    with_rows(MIXED).vlive(["show", "k/1"]).ends(0, expected, "");
}

#[test]
fn a_cache_key_is_shown_with_the_keys_of_its_entries() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k"]).stdin(r#"{"r":{"f":1}}"#).ends(0, "", "");
    folder.vlive(["show", "k"]).ends(0, "key         row id  f\nk/__root__  r       1\n", "");
    folder.vlive(["show", "k/__root__"]).ends(0, "row id  f\nr       1\n", "");
}

#[test]
fn a_missing_entry_is_an_answer_and_an_empty_key_an_error() {
    let folder = Folder::shared("live-demo");
    folder.vlive(["show", "products/page_2"]).ends(
        1,
        "",
        "error: `products/page_2` is not in the cache\nhint: the nearest key is `products/page_1`\n",
    );
    folder.vlive(["show", "none"]).ends(1, "", "error: `none` is not in the cache\n");
    let hint = "hint: `/__root__` names the root entry of the empty cache key\n";
    folder.vlive(["show", ""]).ends(2, "", &format!("error: the selection is empty\n{hint}"));
}

#[test]
fn an_entry_that_cannot_be_decoded_is_named() {
    let folder = Folder::with_values("k", &[("1", b"\x80")]);
    let error = "error: entry `k/1` cannot be decoded: the envelope is not a map (at byte 0)\n";
    folder.vlive(["show", "k/1"]).ends(3, "", error);
}

#[test]
fn values_are_shown_by_what_they_mean() {
    let folder = Folder::shared("bakery");
    for (key, fields, row) in [
        (
            "clients/page_1",
            "balance,created_at,deleted_at,uid,lines,session_ttl,active,bakery,avatar",
            "client:00000\t93596.40\t2025-07-12T03:49:31.271643524Z\tnone\td68e64fb-4ced-9103-d2d5-4d90efe56e33\t\
             \"[{\"\"product\"\":\"\"product:934302aa\"\",\"\"quantity\"\":7,\"\"price\"\":27.68}]\"\t\
             15h 5m 40.000230412s\tfalse\tbakery:hill_valley\t24 bytes",
        ),
        (
            "orders/page_1",
            "total,created_at,due,opens,uid,note,weight",
            "1\t61791.64\t2021-08-06 02:30:46.062743+00\t2018-12-12\t23:08:46\te0de9e04-8844-0c3d-082a-5d8db76e0b1b\t\t2242.0",
        ),
    ] {
        let expected = format!("row id\t{}\n{row}\n", fields.replace(',', "\t"));
        let args = ["show", key, "--limit", "1", "--fields", fields, "--format", "tsv"];
        folder.vlive(args).ends(0, &expected, "1 of 5 rows\n");
    }
}

#[test]
fn every_cell_agrees_with_the_dump() {
    #[derive(serde::Deserialize)]
    struct Line {
        id: String,
        row: BTreeMap<String, Box<RawValue>>,
    }
    let folder = Folder::shared("values");
    let mut compared = 0;
    for key in ["comments?postId=1", "events", "products_csv", "sessions", "torture"] {
        let key = &format!("{key}/page_1");
        let ended = folder.vlive(["show", key, "--format", "csv"]).output();
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{key}");
        let dumped = folder.vlive(["dump", "--format", "rows", key]).output().stdout;
        let lines = dumped.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
        let dumped: BTreeMap<String, _> = lines.map(|line| (line.id, line.row)).collect();
        let records = records(&ended.stdout, b',');
        let headings = &records[0];
        assert_eq!(headings[0], "row id");
        assert_eq!(records.len(), 1 + dumped.len(), "{key}");
        for record in &records[1..] {
            let row = &dumped[&record[0]];
            for (field, cell) in headings.iter().zip(record).skip(1) {
                let said = match row.get(field).map(|value| value.get()) {
                    None | Some("null") => String::new(),
                    // For engines bytes are text.
                    Some(_) if cell.ends_with(" bytes") => continue,
                    Some(text) if text.starts_with('"') => serde_json::from_str(text).unwrap(),
                    Some(json) => json.to_owned(),
                };
                assert_eq!(*cell, said, "{key} {field}");
                compared += 1;
            }
        }
    }
    assert!(compared > 700, "{compared}");
}

#[test]
fn fields_are_chosen_and_put_in_order() {
    let folder = with_rows(MIXED);
    let expected = "\
row id     n  name
a          5  Größe
bb      -1.5  日本語
c       null
";
    for args in [&["--fields", "n,name"][..], &["--fields", "n", "--fields", "name"], &["--fields=n,name"]] {
        folder.vlive([&["show", "k/1"], args].concat()).ends(0, expected, "");
    }
    let with_empty_name = with_rows(r#"{"a":{"x":1,"":2}}"#);
    with_empty_name.vlive(["show", "k/1", "--fields", ""]).ends(0, "row id  \"\"\na        2\n", "");
}

#[test]
fn a_field_that_no_row_has_is_named_and_nothing_is_printed() {
    let folder = with_rows(MIXED);
    let stderr = "\
error: no row of `k/1` has a field `nme`
hint: its fields are name, n, gone, price, late
";
    for format in ["table", "csv", "tsv", "markdown"] {
        folder.vlive(["show", "k/1", "--fields", "n,nme", "--format", format]).ends(1, "", stderr);
    }
    // The last row has it, though it is not shown.
    let expected = "row id  late\na\n";
    folder.vlive(["show", "-q", "k/1", "--fields", "late", "--limit", "1"]).ends(0, expected, "");
    let stderr = "error: no row of `k/1` has a field `x`\nhint: its rows have no fields\n";
    with_rows(r#"{"a":{}}"#).vlive(["show", "k/1", "--fields", "x"]).ends(1, "", stderr);
    let many: Vec<String> = (0..1000).map(|n| format!("\"f\\n{n}\":0")).collect();
    let folder = with_rows(&format!("{{\"a\":{{{}}}}}", many.join(",")));
    let ended = folder.vlive(["show", "k/1", "--fields", "x"]).output();
    assert!(ended.status == 1 && ended.stderr.lines().count() == 2 && ended.stderr.len() < 1200, "{ended}");
}

#[test]
fn a_limit_takes_the_first_rows_and_their_fields_and_says_so() {
    let folder = with_rows(MIXED);
    let first = "row id  name   n  gone  price\na       Größe  5  null  12.50\n";
    folder.vlive(["show", "k/1", "--limit", "1"]).ends(0, first, "1 of 3 rows\n");
    folder.vlive(["show", "k/1", "--limit", "1", "-q"]).ends(0, first, "");
    folder.vlive(["show", "k/1", "--limit", "0"]).ends(0, "", "0 of 3 rows\n");
    let all = folder.vlive(["show", "k/1"]).output();
    for limit in ["3", "4", "18446744073709551615"] {
        folder.vlive(["show", "k/1", "--limit", limit]).ends(0, &all.stdout, "");
    }
    let csv = "row id,name\na,Größe\nbb,日本語\n";
    let args = ["show", "k/1", "--limit", "2", "--fields", "name", "--format", "csv"];
    folder.vlive(args).ends(0, csv, "2 of 3 rows\n");
}

#[test]
fn an_entry_without_rows_has_headings_where_a_format_needs_them() {
    let folder = with_rows("{}");
    for (format, stdout) in [
        ("table", ""),
        ("csv", "row id,name\n"),
        ("tsv", "row id\tname\n"),
        ("markdown", "| row id | name |\n| --- | --- |\n"),
    ] {
        let args = ["show", "k/1", "--fields", "name", "--format", format];
        folder.vlive(args).ends(0, stdout, "the entry holds no rows\n");
    }
}

#[test]
fn delimited_values_read_back_as_the_cells() {
    let hostile = ["", " x ", "a,b\t\"c\"\r\nd", "\u{1b}[2J\u{9b}\u{0}", "=cmd|' /C calc'!A0", "日本語 🎂", "null"];
    let rows: serde_json::Map<String, serde_json::Value> = hostile
        .iter()
        .map(|text| {
            let record = serde_json::json!({"te\nxt\t,\"": text, "": [text], "null": null});
            ((*text).to_owned(), record)
        })
        .collect();
    let folder = with_rows(&serde_json::to_string(&rows).unwrap());
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let ended = folder.vlive(["show", "k/1", "--format", format]).output();
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
        let records = records(&ended.stdout, delimiter);
        assert_eq!(records.len(), 1 + hostile.len());
        for record in &records {
            assert_eq!(record.len(), 4, "{record:?}");
        }
        for (record, (id, fields)) in records[1..].iter().zip(&rows) {
            let text = fields["te\nxt\t,\""].as_str().unwrap();
            let column = |name: &str| &record[records[0].iter().position(|heading| heading == name).unwrap()];
            assert_eq!((&record[0], column("te\nxt\t,\"").as_str(), column("null").as_str()), (id, text, ""));
            let list: Vec<String> = serde_json::from_str(column("")).unwrap();
            assert_eq!(list, [text]);
        }
    }
    // A lone empty value is no empty line, which readers pass over.
    let folder = with_rows(r#"{"":{}}"#);
    folder.vlive(["show", "k/1", "--format", "csv"]).ends(0, "row id\n\"\"\n", "");
}

#[test]
fn markdown_keeps_cells_in_their_places() {
    let folder = with_rows(r#"{"a|b":{"n":1,"t|\n":"x\\|y\r\nz","h":"<br>"},"c":{"n":2.5,"h":null}}"#);
    let expected = r"| row id | n | t\|<br> | h |
| --- | ---: | --- | --- |
| a\|b | 1 | x\\\|y<br>z | \<br> |
| c | 2.5 |  | null |
";
    folder.vlive(["show", "k/1", "--format", "markdown"]).ends(0, expected, "");
}

#[test]
fn any_row_of_a_table_is_one_line() {
    let folder = with_rows(r#"{"a\nb":{"f\r":"x\ty\u001b[2J\u2028","g":["\n"]},"":{"f\r":" "}}"#);
    let expected = "\
row id  \"f\\r\"                  g
a\\nb    x\\ty\\u{1b}[2J\\u{2028}  [\"\\n\"]
\"\"
";
    folder.vlive(["show", "k/1"]).ends(0, expected, "");
    let ended = Folder::shared("values").vlive(["show", "torture/page_1"]).output();
    assert_eq!((ended.status, ended.stdout.lines().count(), ended.stderr.as_str()), (0, 13, ""));
    assert!(!ended.stdout.replace('\n', "").contains(char::is_control));
}

#[test]
fn a_column_of_numbers_is_right_aligned() {
    let folder = with_rows(
        r#"{"a":{"n":1,"d":{"$tag":[10,"100.0"]},"f":{"$float":"NaN"},"m":1,"z":null,"b":{"$tag":[2,{"$bytes":"AQAAAAAAAAAA"}]}},
            "b":{"n":null,"d":2,"f":1.5,"m":"x","z":{"$tag":[6,null]},"b":{"$int":"-18446744073709551616"}}}"#,
    );
    let expected = "| row id | n | d | f | m | z | b |\n| --- | ---: | ---: | ---: | --- | --- | ---: |\n";
    let ended = folder.vlive(["show", "k/1", "--format", "markdown"]).output();
    assert!(ended.stdout.starts_with(expected), "{ended}");
    let expected = "\
row id     n      d    f  m  z                         b
a          1  100.0  NaN  1  null   18446744073709551616
b       null      2  1.5  x  none  -18446744073709551616
";
    folder.vlive(["show", "k/1"]).ends(0, expected, "");
}

#[test]
fn headings_are_bold_where_there_is_colour() {
    let folder = Folder::shared("live-demo");
    let expected = "\u{1b}[1mrow id  name       price\u{1b}[0m\na       Apple Pie     12\n";
    folder.vlive(["show", "--color", "always", "products/id/a"]).ends(0, expected, "");
    let csv = "row id,name,price\na,Apple Pie,12\n";
    folder.vlive(["show", "--color", "always", "products/id/a", "--format", "csv"]).ends(0, csv, "");
}

#[test]
fn nothing_is_cut_in_a_pipe() {
    let long = "x".repeat(300);
    let folder = with_rows(&format!(r#"{{"a":{{"t":"{long}","n":1}},"b":{{"t":"y","n":22}}}}"#));
    let padding = " ".repeat(199);
    let expected = format!("row id  t{padding}   n\na       {long}   1\nb       y{padding}  22\n");
    for args in [&["show", "k/1"][..], &["show", "k/1", "--wide"]] {
        folder.vlive(args).env("COLUMNS", "20").ends(0, &expected, "");
    }
}

#[test]
fn more_rows_than_are_laid_out_are_aligned_like_the_others() {
    let rows: Vec<String> = (0..1500).map(|n| format!(r#""{n}":{{"n":{n},"t":"{}"}}"#, "x".repeat(n / 100))).collect();
    let ended = with_rows(&format!("{{{}}}", rows.join(","))).vlive(["show", "k/1"]).output();
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    for (n, line) in ended.stdout.lines().skip(1).enumerate() {
        assert_eq!(line, format!("{n:<6}  {n:>4}  {}", "x".repeat(n / 100)).trim_end());
    }
    assert_eq!(ended.stdout.lines().count(), 1501);
}

#[test]
fn more_columns_than_are_laid_out_are_aligned_too() {
    let fields: Vec<String> = (0..100).map(|n| format!(r#""f{n}":{n}"#)).collect();
    let ended = with_rows(&format!(r#"{{"a":{{{}}}}}"#, fields.join(","))).vlive(["show", "k/1"]).output();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!((ended.status, lines.len()), (0, 2));
    assert_eq!(lines[0].len(), lines[1].len());
    assert!(lines[1].ends_with(" 97   98   99"), "{}", lines[1]);
}

#[test]
fn json_has_the_rows_and_fields_that_are_chosen_without_loss() {
    let folder = Folder::shared("bakery");
    let all = folder.vlive(["dump", "clients/page_1", "--rows"]).output().stdout;
    folder.vlive(["show", "clients/page_1", "--json"]).ends(0, &all, "");
    let two = folder.vlive(["show", "clients/page_1", "--json", "--fields", "balance,id", "--limit", "2"]);
    let rows = concat!(
        r#"{"client:00000":{"balance":{"$tag":[10,"93596.40"]},"id":{"$tag":[8,["client","00000"]]}},"#,
        r#""client:79b10001":{"balance":{"$tag":[10,"51623.66"]},"id":{"$tag":[8,["client","79b10001"]]}}}"#,
        "\n"
    );
    two.ends(0, rows, "2 of 5 rows\n");
}

#[test]
fn a_closed_pipe_ends_csv_quietly() {
    let row = |n: usize| format!("\"row-{n}\":{{\"text\":\"{}\"}}", "x".repeat(1000));
    let rows = format!("{{{}}}", (0..2000).map(row).collect::<Vec<_>>().join(","));
    let folder = Folder::empty();
    folder.vlive(["put", "k/1", "-q"]).stdin(rows).ends(0, "", "");
    for format in ["csv", "tsv", "markdown", "table"] {
        let mut vlive = folder.command(["show", "-q", "k/1", "--format", format]);
        let mut vlive = vlive.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(vlive.stdout.take());
        let ended = Ended::of(vlive.wait_with_output().unwrap());
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{format}");
    }
}
