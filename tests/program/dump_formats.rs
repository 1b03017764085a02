//! What `dump` prints in each format, and with the options that leave something out.

use crate::common::denoted::denoted;
use crate::support::{BY_HAND, CANONICAL, Folder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use std::collections::BTreeMap;

const APPLE: &str = r#"{"a":{"name":"Apple Pie","price":12}}"#;
const PAGE: &str =
    r#"{"a":{"name":"Apple Pie","price":12},"b":{"name":"Brioche","price":8},"c":{"name":"Cinnamon Roll","price":15}}"#;

const LINES: &[&str] = &["--format", "jsonl"];
const RAW: &[&str] = &["--format", "jsonl", "--raw"];
const NOTATION: &[&str] = &["--format", "diag"];
const CBOR: &[&str] = &["--format", "cbor"];

fn all_caches() -> impl Iterator<Item = &'static str> {
    CANONICAL.into_iter().chain([BY_HAND])
}

#[test]
fn lines_have_an_object_for_each_entry() {
    let folder = Folder::shared("live-demo");
    let apple = format!("{{\"key\":\"products/id/a\",\"fetched_at\":1795148219,\"rows\":{APPLE}}}\n");
    let page = format!("{{\"key\":\"products/page_1\",\"fetched_at\":1795148219,\"rows\":{PAGE}}}\n");
    for (args, expected) in [
        (&["products/id/a"][..], &apple),
        (&["products/page_1", "products"], &format!("{page}{apple}")),
        (&[], &format!("{apple}{page}")),
        (&["--compact"], &format!("{apple}{page}")),
    ] {
        folder.vlive([&["dump"], LINES, args].concat()).ends(0, expected, "");
    }
    Folder::emptied().vlive([&["dump"], LINES].concat()).ends(0, "", "");
}

#[test]
fn raw_lines_have_the_stored_bytes_of_every_entry_whatever_they_are() {
    for cache in all_caches() {
        let folder = Folder::shared(cache);
        let mut expected = String::new();
        for entry in folder.entries() {
            let key = serde_json::to_string(&entry.key).unwrap();
            let line = format!("{{\"key\":{key},\"raw\":\"{}\"}}\n", BASE64.encode(&entry.value));
            if entry.key.len() < 40 {
                folder.vlive([&["dump"], RAW, &[&entry.key]].concat()).ends(0, &line, "");
            }
            expected.push_str(&line);
        }
        // In the order of the bytes of table names, which is that of `entries`.
        folder.vlive([&["dump"], RAW].concat()).ends(0, &expected, "");
    }
}

#[test]
fn cbor_is_the_stored_bytes_of_one_entry_and_a_map_of_several() {
    for cache in all_caches() {
        let folder = Folder::shared(cache);
        let entries = folder.entries();
        for entry in entries.iter().step_by(7) {
            assert!(folder.dump(&[CBOR, &[&entry.key]].concat()) == entry.value, "{cache}: {}", entry.key);
        }
        let map: ciborium::Value = ciborium::from_reader(folder.dump(CBOR).as_slice()).unwrap();
        let pairs = map.into_map().unwrap().into_iter();
        let pairs: Vec<_> = pairs.map(|(key, value)| (key.into_text().unwrap(), value.into_bytes().unwrap())).collect();
        assert!(pairs == entries.into_iter().map(|entry| (entry.key, entry.value)).collect::<Vec<_>>(), "{cache}");
    }
    assert_eq!(Folder::emptied().dump(CBOR), b"\xbf\xff");
}

#[test]
fn notation_denotes_the_stored_bytes_of_every_entry() {
    for cache in CANONICAL {
        let folder = Folder::shared(cache);
        let mut embedded = Vec::new();
        for entry in folder.entries() {
            let text = String::from_utf8(folder.dump(&[NOTATION, &[&entry.key]].concat())).unwrap();
            assert!(denoted(text.trim_end()) == entry.value, "{cache}: {}", entry.key);
            embedded.push(format!("{}: <<{}>>", serde_json::to_string(&entry.key).unwrap(), text.trim_end()));
        }
        let whole = format!("{{{}}}\n", embedded.join(", "));
        folder.vlive([&["dump"], NOTATION].concat()).ends(0, &whole, "");
        let pretty = String::from_utf8(folder.dump(&[NOTATION, &["--pretty"]].concat())).unwrap();
        let without_space = |text: &str| text.replace([' ', '\n'], "");
        assert!(without_space(&pretty) == without_space(&whole), "{cache}");
    }
}

#[test]
fn notation_is_indented_on_request() {
    let folder = Folder::with_values("k", &[("1", b"\xa1\x64rows\xa1\x61a\xa0"), ("2", b"\xbf\xff"), ("3", b"\xa1")]);
    let malformed = "error: entry `k/3` cannot be decoded: it ends in the middle of an item (at byte 1)\n";
    let expected = "\
{
  \"k/1\": <<{
    \"rows\": {
      \"a\": {}
    }
  }>>,
  \"k/2\": <<{_ }>>,
  \"k/3\": h'a1'
}
";
    folder.vlive([&["dump", "--pretty"], NOTATION].concat()).ends(3, expected, malformed);
    let one = "{\n  \"rows\": {\n    \"a\": {}\n  }\n}\n";
    folder.vlive([&["dump", "--pretty", "k/1"], NOTATION].concat()).ends(0, one, "");
    Folder::emptied().vlive([&["dump", "--pretty"], NOTATION].concat()).ends(0, "{}\n", "");
    Folder::emptied().vlive([&["dump"], NOTATION].concat()).ends(0, "{}\n", "");
}

#[test]
fn rows_alone_are_printed_without_their_times() {
    let folder = Folder::shared("live-demo");
    let lines =
        format!("{{\"key\":\"products/id/a\",\"rows\":{APPLE}}}\n{{\"key\":\"products/page_1\",\"rows\":{PAGE}}}\n");
    for (args, expected) in [
        (&["products/id/a"][..], &format!("{APPLE}\n")),
        (&[], &format!("{{\"products/id/a\":{APPLE},\"products/page_1\":{PAGE}}}\n")),
        (LINES, &lines),
    ] {
        folder.vlive([&["dump", "--rows"], args].concat()).ends(0, expected, "");
    }
    let pretty = "{\n  \"a\": {\n    \"name\": \"Apple Pie\",\n    \"price\": 12\n  }\n}\n";
    folder.vlive(["dump", "--rows", "--pretty", "products/id/a"]).ends(0, pretty, "");
}

#[test]
fn plain_drops_the_same_in_lines_as_in_an_object() {
    let rows = r#"{"r":{"t":{"$tag":[8,["client","a"]]},"b":{"$bytes":"/////w=="},"f":{"$float":"NaN"}}}"#;
    let plain = r#"{"r":{"t":["client","a"],"b":"_____w","f":null}}"#;
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1", "--fetched-at", "@7"]).stdin(rows).ends(0, "", "");
    for (args, expected) in [
        (&["k/1"][..], format!("{{\"fetched_at\":7,\"rows\":{plain}}}\n")),
        (&[], format!("{{\"k/1\":{{\"fetched_at\":7,\"rows\":{plain}}}}}\n")),
        (LINES, format!("{{\"key\":\"k/1\",\"fetched_at\":7,\"rows\":{plain}}}\n")),
        (&[LINES, &["--rows", "k/1"]].concat(), format!("{{\"key\":\"k/1\",\"rows\":{plain}}}\n")),
    ] {
        folder.vlive([&["dump", "--plain"], args].concat()).ends(0, &expected, "");
    }
}

const CANARY: &str = "canary";

/// A cache whose contents all sing, and whose keys, ids and names do not.
fn secretive() -> Folder {
    let secret = format!(
        r#"{{"t":"{CANARY}","l":["{CANARY}",["{CANARY} {CANARY}"]],"m":{{"k":"{CANARY}"}},"b":{{"$bytes":"{}"}},
            "g":{{"$tag":[9,"{CANARY}"]}},"o":{{"$map":[[1,"{CANARY}"],[2,{{"$bytes":"{}"}}]]}},"n":1122334455}}"#,
        BASE64.encode(CANARY),
        BASE64.encode(CANARY),
    );
    let folder = Folder::empty();
    let source =
        format!(r#"{{"k/1":{{"fetched_at":77,"rows":{{"id1":{secret},"id2":{secret}}}}},"k/2":{{"id3":{secret}}}}}"#);
    folder.vlive(["load", "-q"]).stdin(source).ends(0, "", "");
    folder
}

/// All bytes of a text, and all that its base64 and its hexadecimal digits stand for.
fn told(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut told = bytes.to_vec();
    for word in text.split(['"', '\'']) {
        told.extend(BASE64.decode(word).unwrap_or_default());
        if !word.is_empty() && word.len() % 2 == 0 && word.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            told.extend(crate::common::denoted::bytes(word));
        }
    }
    told
}

fn sings(bytes: &[u8]) -> bool {
    let told = told(bytes);
    [CANARY.as_bytes(), b"1122334455", &1_122_334_455_u32.to_be_bytes()]
        .iter()
        .any(|song| told.windows(song.len()).any(|window| window == *song))
}

#[test]
fn a_redacted_dump_of_any_format_holds_no_contents() {
    let folder = secretive();
    for format in [&[][..], &["--rows"], &["--plain"], &["--pretty"], LINES, RAW, NOTATION, CBOR] {
        for keys in [&[][..], &["k/1"], &["k"]] {
            let dump = |args: &[&str]| folder.dump(&[args, format, keys].concat());
            assert!(sings(&dump(&[])), "{format:?} {keys:?} would hide the canary from this test");
            let redacted = dump(&["--redact"]);
            assert!(!sings(&redacted), "{format:?} {keys:?}: {}", String::from_utf8_lossy(&redacted));
            for kept in ["k/1", "id1", "id2"].iter().filter(|kept| !keys.contains(kept)) {
                let told = told(&redacted);
                assert!(told.windows(3).any(|window| window == kept.as_bytes()), "{format:?} {keys:?}: {kept}");
            }
        }
    }
    for format in [&[][..], NOTATION, CBOR] {
        let status = folder.vlive([&["dump", "-q", "--redact", "--output", "tree/"], format].concat());
        status.ends(0, "", "");
        for name in folder.files().iter().filter(|name| name.starts_with("tree/")) {
            assert!(!sings(&std::fs::read(folder.path().join(name)).unwrap()), "{name}");
        }
        std::fs::remove_dir_all(folder.path().join("tree")).unwrap();
    }
}

#[test]
fn a_redacted_dump_keeps_keys_ids_names_times_and_lengths() {
    for cache in CANONICAL {
        let (folder, redacted) = (Folder::shared(cache), Folder::empty());
        let lines = folder.vlive([&["dump", "--redact"], RAW].concat()).output();
        assert_eq!((lines.status, lines.stderr.as_str()), (0, ""));
        redacted.vlive(["load", "-q"]).stdin(lines.stdout).ends(0, "", "");
        let lens = |folder: &Folder| {
            folder.entries().iter().map(|entry| (entry.key.clone(), entry.bytes(), entry.head())).collect::<Vec<_>>()
        };
        assert_eq!(lens(&redacted), lens(&folder), "{cache}");
        let names = |folder: &Folder| -> Vec<_> {
            let dump: BTreeMap<String, Value> = serde_json::from_slice(&folder.dump(&["--rows", "--plain"])).unwrap();
            let fields = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            let rows = |rows: Value| -> Vec<_> {
                rows.as_object().unwrap().iter().map(|(id, row)| (id.clone(), fields(row))).collect()
            };
            dump.into_iter().map(|(key, value)| (key, rows(value))).collect()
        };
        assert_eq!(names(&redacted), names(&folder), "{cache}");
        // Each format is that of the redacted bytes.
        for format in [&[][..], LINES, NOTATION, CBOR] {
            assert!(folder.dump(&[&["--redact"], format].concat()) == redacted.dump(format), "{cache} {format:?}");
        }
    }
}

const JSON: &str = "`--format json` or `--format jsonl`";
const INDENTED: &str = "`--format json` or `--format diag`";
const FILES: &str = "`--format json` or `--format diag` or `--format cbor`";

#[test]
fn conflicting_options_are_refused() {
    let folder = Folder::copy_of("live-demo");
    std::fs::create_dir(folder.path().join("there")).unwrap();
    for (args, option, goes_with) in [
        (&["--raw"][..], "--raw", "`--format jsonl`"),
        (&["--raw", "--format", "json"], "--raw", "`--format jsonl`"),
        (&["--raw", "--format", "diag"], "--raw", "`--format jsonl`"),
        (&["--raw", "--format", "cbor"], "--raw", "`--format jsonl`"),
        (&["--rows", "--format", "diag"], "--rows", JSON),
        (&["--rows", "--format", "cbor"], "--rows", JSON),
        (&["--plain", "--format", "diag"], "--plain", JSON),
        (&["--plain", "--format", "cbor"], "--plain", JSON),
        (&["--pretty", "--format", "jsonl"], "--pretty", INDENTED),
        (&["--pretty", "--format", "cbor"], "--pretty", INDENTED),
        (&["--format", "jsonl", "--output", "new/"], "--output to a folder", FILES),
        (&["--format", "jsonl", "--raw", "--output", "there"], "--output to a folder", FILES),
    ] {
        let message = format!("error: {option} cannot be used with this format\nhint: it goes with {goes_with}\n");
        folder.untouched(|| {
            folder.vlive([&["dump"], args].concat()).ends(2, "", &message);
            folder.vlive([&["dump", "products/id/a", "-q"], args].concat()).ends(2, "", &message);
        });
    }
}

/// Where the envelope is no map, and where there is no CBOR at all.
const NO_MAP: &str = "error: entry `k/1` cannot be decoded: the envelope is not a map (at byte 0)\n";
const NO_CBOR: &str = "error: entry `k/3` cannot be decoded: it ends in the middle of an item (at byte 2)\n";

#[test]
fn entries_that_cannot_be_read_are_named_in_the_formats_that_cannot_show_them() {
    let folder = Folder::with_values("k", &[("1", b"\x80"), ("2", b"\xa1\x64rows\xa0"), ("3", b"\xa1\x64")]);
    let both = &format!("{NO_MAP}{NO_CBOR}");
    let two = r#"{"fetched_at":0,"rows":{}}"#;
    let line = r#"{"key":"k/2","fetched_at":0,"rows":{}}"#;
    let raw = "{\"key\":\"k/1\",\"raw\":\"gA==\"}\n{\"key\":\"k/2\",\"raw\":\"oWRyb3dzoA==\"}\n{\"key\":\"k/3\",\"raw\":\"oWQ=\"}\n";
    for (args, status, stdout, stderr) in [
        (&["dump"][..], 3, format!("{{\"k/2\":{two}}}\n"), both.as_str()),
        (&["dump", "-q", "--redact"], 3, format!("{{\"k/2\":{two}}}\n"), both),
        (&["dump", "k/1"], 3, String::new(), NO_MAP),
        (&[&["dump"], LINES].concat(), 3, format!("{line}\n"), both),
        (&[&["dump", "k/3"], LINES].concat(), 3, String::new(), NO_CBOR),
        (&[&["dump"], RAW].concat(), 0, raw.to_owned(), ""),
        (
            &[&["dump"], NOTATION].concat(),
            3,
            "{\"k/1\": <<[]>>, \"k/2\": <<{\"rows\": {}}>>, \"k/3\": h'a164'}\n".to_owned(),
            NO_CBOR,
        ),
        (&[&["dump", "k/1"], NOTATION].concat(), 0, "[]\n".to_owned(), ""),
        (&[&["dump", "k/3"], NOTATION].concat(), 3, "h'a164'\n".to_owned(), NO_CBOR),
    ] {
        folder.untouched(|| folder.vlive(args).ends(status, &stdout, stderr));
    }
    assert_eq!(folder.dump(CBOR), b"\xbf\x63k/1\x41\x80\x63k/2\x47\xa1\x64rows\xa0\x63k/3\x42\xa1\x64\xff");
    assert_eq!(folder.dump(&[CBOR, &["k/3"]].concat()), b"\xa1\x64");
}

#[test]
fn rows_of_several_caches_are_distinguished_by_a_label() {
    let folder = Folder::shared("live-demo");
    let rows = folder.dump(&["--format", "rows"]);
    let labelled = String::from_utf8(folder.dump(&["--format", "rows", "--label", "job \"1\""])).unwrap();
    assert!(labelled.lines().all(|line| line.starts_with(r#"{"cache":"job \"1\"","key":""#)), "{labelled}");
    assert_eq!(labelled.replace(r#""cache":"job \"1\"","#, "").as_bytes(), rows);
    folder.vlive(["dump", "--label", "a"]).ends(
        2,
        "",
        "error: --label cannot be used with this format\nhint: it goes with `--format rows`\n",
    );
}
