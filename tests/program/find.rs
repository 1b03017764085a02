use crate::support::Folder;

/// Two entries that hold the same product, one of them with an old price.
fn products() -> Folder {
    let folder = Folder::empty();
    let new = r#"{"x": {"name": "Tart", "price": 12}, "y": {"name": "Brioche", "price": 8}}"#;
    folder.vlive(["put", "-q", "products/page_1", "--age", "2m"]).stdin(new).ends(0, "", "");
    let old = r#"{"x": {"name": "Tart", "price": 11}}"#;
    folder.vlive(["put", "-q", "products/id/x", "--age", "3h"]).stdin(old).ends(0, "", "");
    folder
}

#[test]
fn each_place_is_a_line_with_its_key_row_field_value_and_age() {
    let expected = "\
products/id/x  x  name  Tart  (3h)
products/page_1  x  name  Tart  (2m)
";
    let folder = products();
    folder.untouched(|| folder.vlive(["find", "Tart"]).ends(0, expected, ""));
}

#[test]
fn keys_row_ids_and_names_of_fields_are_places_too() {
    let folder = products();
    folder.vlive(["find", "page_1"]).ends(0, "products/page_1  (2m)\n", "");
    folder.vlive(["find", "y", "products/page_1"]).ends(0, "products/page_1  y  (2m)\n", "");
    folder.vlive(["find", "pric", "products/id/x"]).ends(0, "products/id/x  x  price  (3h)\n", "");
}

#[test]
fn numbers_match_as_they_are_written_and_other_values_by_their_meaning() {
    let folder = Folder::empty();
    let row = r#"{"r": {"n": -1250, "f": 2.5, "d": {"$tag": [10, "12.50"]}, "id": {"$tag": [8, ["person", "anna"]]},
        "at": {"$tag": [12, [1770000000, 0]]}, "uuid": {"$tag": [37, {"$bytes": "AAECAwQFBgcICQoLDA0ODw=="}]},
        "list": [{"deep": [true]}]}}"#;
    folder.vlive(["put", "-q", "k/1", "--age", "1m"]).stdin(row).ends(0, "", "");
    for (pattern, place) in [
        ("125", "n  -1250"),
        ("2.50", "d  12.50"),
        ("person:an", "id  person:anna"),
        ("2026-02-02T02:40", "at  2026-02-02T02:40:00Z"),
        ("0405-0607", "uuid  00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("true", "list[0].deep[0]  true"),
    ] {
        folder.vlive(["find", pattern]).ends(0, &format!("k/1  r  {place}  (1m)\n"), "");
    }
}

#[test]
fn a_pattern_is_literal_unless_regexp_is_given() {
    let folder = products();
    folder.vlive(["find", "T.rt"]).ends(1, "", "");
    folder.vlive(["find", "-e", "^T.rt$", "--count"]).ends(0, "2\n", "");
    folder.vlive(["find", "tart", "--count"]).ends(1, "0\n", "");
    folder.vlive(["find", "-i", "tart", "--count"]).ends(0, "2\n", "");
    folder.vlive(["find", "-e", "(", "--count"]).ends(
        2,
        "",
        "\
error: the regular expression is refused: unclosed group
    (
    ^
hint: without --regexp the pattern is taken literally
",
    );
    folder.vlive(["find", ""]).ends(2, "", "error: the pattern is empty\nhint: `vlive ages` lists every entry\n");
}

#[test]
fn a_search_can_be_narrowed_to_entries_rows_and_fields() {
    let folder = products();
    folder.vlive(["find", "Tart", "products/id/x", "--count"]).ends(0, "1\n", "");
    folder.vlive(["find", "Tart", "--older-than", "1h", "--keys"]).ends(0, "products/id/x\n", "");
    folder.vlive(["find", "1", "--field", "price", "--count"]).ends(0, "2\n", "");
    folder.vlive(["find", "r", "--where", "$id == \"y\""]).ends(
        0,
        "products/page_1  (2m)\nproducts/page_1  y  name  Brioche  (2m)\nproducts/page_1  y  price  (2m)\n",
        "",
    );
    folder.vlive(["find", "Tart", "--where", ".price > 11", "--keys"]).ends(0, "products/page_1\n", "");
    folder.vlive(["find", "r", "--limit", "2", "--count"]).ends(0, "2\n", "--limit 2 is reached; there may be more\n");
    for what in [["find", "r"], ["find", "--id=x"]] {
        let limited = folder.vlive(what.into_iter().chain(["--limit", "0", "-q"]));
        limited.ends(1, "", "");
    }
}

#[test]
fn a_row_is_found_wherever_it_is_cached_and_its_differences_are_shown() {
    let expected = "\
key              fetched               age  price
products/id/x    2026-02-02T02:26:40Z   3h  11
products/page_1  2026-02-02T05:24:40Z   2m  12
";
    let folder = products();
    folder.vlive(["find", "--id", "x"]).ends(0, expected, "2 entries hold `x`; they differ in `price`\n");
    folder.vlive(["find", "--id", "y"]).ends(
        0,
        "key              fetched               age\nproducts/page_1  2026-02-02T05:24:40Z   2m\n",
        "1 entry holds `y`\n",
    );
    folder.vlive(["find", "--id", "z"]).ends(1, "", "");
    folder.vlive(["find", "--id", "x", "products/page_1", "--keys"]).ends(0, "products/page_1\n", "");
    folder.vlive(["find", "--id", "x", "--format", "csv", "-q"]).ends(
        0,
        "key,fetched_at,age,price\nproducts/id/x,1769999200,10800,11\nproducts/page_1,1770009880,120,12\n",
        "",
    );
    folder.vlive(["find", "x", "--count", "--format", "csv"]).ends(0, "places\n3\n", "");
    folder.vlive(["find", "--id", "x", "--json", "-q"]).ends(
        0,
        concat!(
            r#"[{"key":"products/id/x","fetched_at":1769999200,"age":10800,"id":"x","row":{"name":"Tart","price":11},"differs":["price"]},"#,
            r#"{"key":"products/page_1","fetched_at":1770009880,"age":120,"id":"x","row":{"name":"Tart","price":12},"differs":["price"]}]"#,
            "\n"
        ),
        "",
    );
}

#[test]
fn json_has_an_object_for_each_place() {
    let expected = concat!(
        r#"[{"key":"products/page_1","fetched_at":1770009880,"age":120,"place":"value","id":"y","path":"name","value":"Brioche"}]"#,
        "\n"
    );
    products().vlive(["find", "Brio", "--json"]).ends(0, expected, "");
    products().vlive(["find", "nowhere", "--json"]).ends(1, "[]\n", "");
    products().vlive(["find", "Brio", "--format", "csv"]).ends(
        0,
        "key,fetched_at,age,place,id,path,value\nproducts/page_1,1770009880,120,value,y,name,Brioche\n",
        "",
    );
}

#[test]
fn unreadable_entries_are_named_and_the_status_is_3() {
    let folder = Folder::with_values("k", &[("1", b"\xa1\x64rows\xa1\x61r\xa1\x61f\x6aneedle"), ("2", b"\xa0")]);
    let run = folder.vlive(["find", "needle"]).output();
    assert_eq!(run.status, 3, "{run:?}");
    assert!(run.stderr.starts_with("error: entry `k/1` cannot be decoded"), "{run:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_a_line_fits_and_shows_the_match_of_a_long_value() {
    let folder = Folder::empty();
    let text = format!("{} here {}", "before ".repeat(30), "after ".repeat(30));
    folder.write("row.json", format!("{{\"r\": {{\"text\": \"{text}\"}}}}"));
    folder.vlive(["put", "-q", "k/1", "row.json", "--age", "1m"]).ends(0, "", "");
    for columns in ["60", "80", "100"] {
        for pattern in ["here", "before", "-e 'after $'"] {
            let environment = [("COLUMNS", columns), ("NO_COLOR", "1")];
            let shown = crate::terminal::shown!(&folder, environment, &format!("find {pattern}"));
            let line = shown.strip_suffix('\n').unwrap();
            assert!(line.starts_with("k/1  r  text  ") && line.ends_with("  (1m)"), "{shown}");
            assert!(line.chars().count() <= columns.parse().unwrap(), "{shown}");
            assert!(line.contains(pattern.trim_matches(['-', 'e', ' ', '\'', '$'])), "{shown}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_narrow_terminal_the_fields_of_a_row_that_differ_come_before_the_time_of_its_entries() {
    let folder = products();
    let columns = |columns| [("COLUMNS", columns), ("NO_COLOR", "1")];
    let narrow = "\
key              age  price
products/id/x     3h  11
products/page_1   2m  12
2 entries hold `x`; they differ in `price`
";
    assert_eq!(crate::terminal::shown!(&folder, columns("40"), "find --id x"), narrow);
    let narrower = "\
key              age
products/id/x     3h
products/page_1   2m
no room for price
hint: --field NAME shows one, and --format json shows all
2 entries hold `x`; they differ in `price`
";
    assert_eq!(crate::terminal::shown!(&folder, columns("22"), "find --id x"), narrower);
}

#[test]
fn byte_strings_are_not_searched_whether_they_are_values_or_keys() {
    let folder = Folder::empty();
    let row =
        r#"{"r": {"bytes": {"$bytes": "AQIDBAUG"}, "m": {"$map": [[{"$bytes": "AQIDBAUG"}, "here"], [17, "there"]]}}}"#;
    folder.vlive(["put", "-q", "k/1", "--age", "1m"]).stdin(row).ends(0, "", "");
    for pattern in [&["AQID"][..], &["-i", "aqid"], &["-e", "AQID"]] {
        folder.vlive([&["find"], pattern].concat()).ends(1, "", "");
    }
    folder.vlive(["find", "here"]).ends(0, "k/1  r  m.AQIDBAUG  here  (1m)\nk/1  r  m.17  there  (1m)\n", "");
    folder.vlive(["find", "17"]).ends(0, "k/1  r  m.17  (1m)\n", "");
}

#[test]
fn fields_that_are_stored_alike_do_not_differ() {
    let folder = Folder::empty();
    let row = |nan: &str, n: u8| format!(r#"{{"a": {{"ratio": {{"$float": "{nan}"}}, "n": {n}}}}}"#);
    folder.vlive(["put", "-q", "k/1"]).stdin(row("NaN", 1)).ends(0, "", "");
    let alone = folder.vlive(["find", "--id", "a", "--json"]).output();
    assert_eq!(alone.stderr, "1 entry holds `a`\n");
    assert!(alone.stdout.contains(r#""differs":[]"#), "{}", alone.stdout);
    folder.vlive(["put", "-q", "k/2"]).stdin(row("NaN", 2)).ends(0, "", "");
    let found = folder.vlive(["find", "--id", "a"]).output();
    assert!(found.stderr.ends_with("they differ in `n`\n"), "{}", found.stderr);
    let equal = folder.vlive(["find", "--id", "a", "--field", "ratio", "--json"]).output();
    assert_eq!(equal.stderr, "2 entries hold `a`, with equal values of `ratio`\n");
    assert!(equal.stdout.contains(r#""differs":[]"#), "{}", equal.stdout);
    folder.vlive(["put", "-q", "k/2"]).stdin(row("0x7ff80000deadbeef", 1)).ends(0, "", "");
    let found = folder.vlive(["find", "--id", "a", "--field", "ratio"]).output();
    assert!(found.stderr.ends_with("they differ in `ratio`\n"), "{}", found.stderr);
}
