//! Commands with a report of their own print it as every table is printed.

use crate::support::Folder;
use std::fs;

#[test]
fn the_findings_of_a_check_are_lines_of_a_table() {
    let folder = Folder::with_values("k", &[("1", b"\x80"), ("2", b"\xa0"), ("a,b", b"\xff")]);
    let csv = "kind,place,what\n\
        refused,k/1,the envelope is not a map (at byte 0)\n\
        refused,\"k/a,b\",a break outside of an item of indefinite length (at byte 0)\n\
        altered,k/2,there is no `fetched_at`,\n";
    let ended = folder.vlive(["check", "--format", "csv"]).output();
    assert_eq!(ended.status, 1, "{ended}");
    assert_eq!(ended.stderr, "");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines[..3], csv.lines().collect::<Vec<_>>()[..3]);
    assert!(lines[3..].iter().all(|line| line.starts_with("altered,k/2,")), "{ended}");
    let lines = folder.vlive(["check", "--format", "jsonl"]).output().stdout;
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["kind"], &first["place"]), (&"refused".into(), &"k/1".into()));
    let markdown = folder.vlive(["check", "--format", "markdown"]).output().stdout;
    assert!(markdown.starts_with("| KIND | PLACE | WHAT |\n| --- | --- | --- |\n| refused | k/1 | "), "{markdown}");
    Folder::shared("bakery").vlive(["check", "--format", "tsv"]).ends(0, "kind\tplace\twhat\n", "");
}

#[test]
fn an_incomplete_list_of_findings_says_so() {
    let ended = Folder::shared("envelopes").vlive(["check", "--format", "csv"]).output();
    let report = Folder::shared("envelopes").vlive(["check", "--json"]).output().json(1, "");
    let count = |kind: &str| report[kind]["count"].as_u64().unwrap();
    let all: u64 = ["refused", "altered"].into_iter().map(count).sum();
    let more = all - 20;
    assert_eq!(ended.stderr, format!("warning: {more} more are not listed: only the first places of each kind are\n"));
    assert_eq!(ended.stdout.lines().count(), 21);
}

#[test]
fn the_table_of_stat_has_every_format_and_goes_to_a_file() {
    let folder = Folder::copy_of("live-demo");
    let report = folder.vlive(["stat", "--json"]).json();
    let lines = folder.vlive(["stat", "--format", "jsonl"]).output().stdout;
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(report["keys"], serde_json::Value::from(lines));
    folder.vlive(["stat", "-o", "s.csv"]).ends(0, "", "wrote `s.csv`\n");
    let csv = fs::read_to_string(folder.path().join("s.csv")).unwrap();
    assert_eq!(csv, folder.vlive(["stat", "--format", "csv"]).output().stdout);
    assert!(csv.starts_with("key,entries,rows,bytes,"), "{csv}");
    folder.vlive(["stat", "-o", "s.txt"]).ends(0, "", "wrote `s.txt`\n");
    let text = fs::read_to_string(folder.path().join("s.txt")).unwrap();
    assert_eq!(text, folder.vlive(["stat"]).output().stdout);
}

#[test]
fn an_unsupported_ending_of_a_file_name_is_refused_before_the_cache_is_read() {
    let folder = Folder::empty();
    for command in ["check", "stat", "ls"] {
        let ended = folder.vlive([command, "-o", "x.cbor"]).output();
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
        assert!(
            ended.stderr.starts_with("error: this command does not write `.cbor`\nhint: its formats are "),
            "{ended}"
        );
        assert!(folder.files().is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_that_cannot_be_written_names_its_file() {
    let ended = Folder::shared("bakery").vlive(["show", "-o", "/dev/full"]).output();
    assert_eq!(ended.status, 3, "{ended}");
    assert!(ended.stderr.starts_with("error: cannot write `/dev/full`: "), "{ended}");
}

/// Two caches: `old`, and `new` with an entry less, another more, and a field that differs.
fn two_caches() -> Folder {
    let folder = Folder::empty();
    let put = |cache: &str, key: &str, age: &str, rows: &str| {
        folder.vlive(["put", "-q", "-C", cache, key, "--age", age]).stdin(rows).ends(0, "", "");
    };
    put("old", "k/1", "1h", r#"{"a":{"price":12,"name":"x,y"}}"#);
    put("old", "k/2", "9d", r#"{"b":{}}"#);
    put("new", "k/1", "2h", r#"{"a":{"price":13},"c":{"n":1}}"#);
    put("new", "l/3", "1m", "{}");
    folder
}

#[test]
fn each_change_is_a_line() {
    let folder = two_caches();
    let csv = "key,id,field,change,old,new\n\
        k/1,,fetched_at,changed,1770006400,1770002800\n\
        k/1,a,price,changed,12,13\n\
        k/1,a,name,removed,\"\"\"x,y\"\"\",\n\
        k/1,c,,added,,\"{\"\"n\"\":1}\"\n\
        k/2,,,removed,,\n\
        l/3,,,added,,\n";
    folder.vlive(["diff", "old", "new", "--fetched-at", "--format", "csv"]).ends(1, csv, "");
    folder.vlive(["diff", "old", "new", "--fetched-at", "-o", "d.csv"]).ends(1, "", "wrote `d.csv`\n");
    assert_eq!(fs::read_to_string(folder.path().join("d.csv")).unwrap(), csv);
    let lines = folder.vlive(["diff", "old", "new", "--format", "jsonl"]).output().stdout;
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(folder.vlive(["diff", "old", "new", "--json"]).output().json(1, ""), serde_json::Value::from(lines));
    let stat = "key\tentries_added\tentries_removed\tentries_changed\trows_added\trows_removed\trows_changed\t\
        fields_added\tfields_removed\tfields_changed\n\
        k\t0\t1\t1\t1\t1\t1\t0\t1\t1\n\
        l\t1\t0\t0\t0\t0\t0\t0\t0\t0\n";
    folder.vlive(["diff", "old", "new", "--stat", "--format", "tsv"]).ends(1, stat, "");
    for (format, nothing) in [("jsonl", ""), ("json", "[]\n"), ("csv", "key,id,field,change,old,new\n")] {
        folder.vlive(["diff", "old", "old", "--format", format]).ends(0, nothing, "");
    }
}

#[test]
fn an_entry_is_compared_if_it_is_of_that_age_on_either_side() {
    let folder = two_caches();
    let differs = |age: &[&str]| {
        let ended = folder.vlive([&["diff", "old", "new"], age].concat()).output();
        let keys = ended.stdout.lines().filter(|line| !line.starts_with(' '));
        (ended.status, keys.map(|line| line[2..5].to_owned()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(differs(&["--newer-than", "1d"]), (1, "k/1 l/3".to_owned()));
    assert_eq!(differs(&["--older-than", "1d"]), (1, "k/2".to_owned()));
    assert_eq!(differs(&["--newer-than", "90m"]), (1, "k/1 l/3".to_owned()), "on the first side");
    assert_eq!(differs(&["--older-than", "90m", "k/1"]), (1, "k/1".to_owned()), "on the second");
    assert_eq!(differs(&["--older-than", "30d"]), (0, String::new()));
}

#[test]
fn a_table_for_people_has_no_control_character_in_a_pipe_either() {
    let folder = Folder::empty();
    let rows = r#"{"r\u001b[1m": {"f\u0007": "a\u001b[31m\u0000b"}}"#;
    folder.vlive(["put", "-q", "k\u{1b}[2m\n/1"]).stdin(rows).ends(0, "", "");
    for format in ["table", "markdown"] {
        for command in [&["ls"][..], &["ages"], &["show"], &["find", "a"], &["find", "--id", "r\u{1b}[1m"], &["stat"]] {
            let run = folder.vlive([command, &["--format", format]].concat()).output();
            assert_eq!(run.status, 0, "{command:?} {}", run.stderr);
            let control = run.stdout.chars().find(|character| character.is_control() && *character != '\n');
            assert_eq!(control, None, "{command:?} {format}: {}", run.stdout);
            assert!(!run.stdout.contains("[2m\n"), "{command:?} {format}: {}", run.stdout);
        }
    }
}
