use crate::support::{Ended, Folder, Recorded, recorded};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

const APPLE: &str = r#"{"fetched_at":1795148219,"rows":{"a":{"name":"Apple Pie","price":12}}}"#;
const PRODUCTS: &str = r#"{"fetched_at":1795148219,"rows":{"a":{"name":"Apple Pie","price":12},"b":{"name":"Brioche","price":8},"c":{"name":"Cinnamon Roll","price":15}}}"#;

/// The keys of what a dump without arguments but these prints, in its order.
fn dumped(folder: &Folder, args: &[&str]) -> Vec<String> {
    let dump = folder.vlive([&["dump"], args].concat()).json();
    dump.as_object().unwrap().keys().cloned().collect()
}

fn keys_of(cache: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    recorded(cache).iter().map(Recorded::key).filter(|key| wanted(key)).collect()
}

#[test]
fn one_full_key_prints_its_envelope() {
    let folder = Folder::shared("live-demo");
    folder.untouched(|| folder.vlive(["dump", "products/id/a"]).ends(0, &format!("{APPLE}\n"), ""));
}

#[test]
fn any_other_selection_prints_full_keys_with_their_envelopes() {
    let folder = Folder::shared("live-demo");
    let all = format!("{{\"products/id/a\":{APPLE},\"products/page_1\":{PRODUCTS}}}\n");
    let turned = format!("{{\"products/page_1\":{PRODUCTS},\"products/id/a\":{APPLE}}}\n");
    for (args, expected) in [
        (&["dump"][..], &all),
        (&["dump", "products"], &all),
        (&["dump", "products/id/a", "products/page_1"], &all),
        (&["dump", "products/page_1", "products/id/a"], &turned),
        (&["dump", "products/page_1", "products"], &turned),
    ] {
        folder.vlive(args).ends(0, expected, "");
    }
}

#[test]
fn an_entry_that_is_selected_twice_is_printed_once() {
    let expected = format!("{{\"products/id/a\":{APPLE}}}\n");
    Folder::shared("live-demo").vlive(["dump", "products/id/a", "products/id/a"]).ends(0, &expected, "");
}

#[test]
fn every_entry_of_a_cache_is_dumped_under_its_full_key() {
    for cache in ["bakery", "odd-keys", "values", "crashed", "format-v3", "foreign"] {
        let mut keys = keys_of(cache, |_| true);
        let mut dumped = dumped(&Folder::shared(cache), &[]);
        keys.sort();
        dumped.sort();
        assert_eq!(dumped, keys, "{cache}");
    }
}

#[test]
fn a_bare_cache_key_selects_exactly_its_own_entries() {
    let mut clients = dumped(&Folder::shared("odd-keys"), &["clients"]);
    clients.sort();
    assert_eq!(clients, keys_of("odd-keys", |key| key.starts_with("clients/")));
    Folder::shared("odd-keys").vlive(["dump", "clien"]).ends(
        1,
        "{}\n",
        "error: `clien` is not in the cache\nhint: the nearest key is `client`\n",
    );
}

#[test]
fn a_key_is_no_prefix() {
    let missing = "\
error: `clients/page_` is not in the cache
hint: 3 keys begin with it; --prefix selects them
";
    Folder::shared("bakery").vlive(["dump", "clients/page_"]).ends(1, "", missing);
}

#[test]
fn the_root_entry_is_printed_and_selected_by_its_name() {
    let folder = Folder::empty();
    folder.vlive(["put", "clients", "--fetched-at", "@7"]).stdin("{}").output();
    folder.vlive(["dump", "clients/__root__"]).ends(0, "{\"fetched_at\":7,\"rows\":{}}\n", "");
    folder.vlive(["dump", "clients"]).ends(0, "{\"clients/__root__\":{\"fetched_at\":7,\"rows\":{}}}\n", "");
}

#[test]
fn a_full_key_splits_at_its_first_slash() {
    let url = "https://api.example.com/users?page=2&q=a/b/page_1";
    let empty_cache_key = "/page_1";
    let folder = Folder::shared("odd-keys");
    for key in [url, empty_cache_key, "a'b\"c\\d/id/a/b", "new\nline/id/1", "%2F/id/1", "clients /page_1"] {
        let entry = folder.vlive(["dump", key]).json();
        let whole = folder.vlive(["dump"]).json();
        assert!(entry["fetched_at"].is_u64() && entry == whole[key], "{key}");
    }
}

#[test]
fn sub_keys_are_sorted_by_their_bytes() {
    let folder = Folder::empty();
    for sub_key in ["page_2", "page_10", "id/ü", "id/z", "page_1", "__root__"] {
        folder.vlive(["put", &format!("k/{sub_key}"), "--fetched-at", "@0"]).stdin("{}").output();
    }
    let keys = ["k/__root__", "k/id/z", "k/id/ü", "k/page_1", "k/page_10", "k/page_2"];
    let expected: Vec<String> =
        keys.iter().map(|key| format!("\"{key}\":{{\"fetched_at\":0,\"rows\":{{}}}}")).collect();
    folder.vlive(["dump"]).ends(0, &format!("{{{}}}\n", expected.join(",")), "");
}

#[test]
fn rows_and_fields_keep_their_order() {
    let envelope = r#"{"fetched_at":1,"rows":{"z":{"y":1,"b":2,"a":3},"a":{}}}"#;
    let folder = Folder::empty();
    folder.vlive(["put", "k/1"]).stdin(envelope).output();
    folder.vlive(["dump", "k/1"]).ends(0, &format!("{envelope}\n"), "");
}

#[test]
fn pretty_indents_in_a_pipe_too() {
    let expected = "\
{
  \"fetched_at\": 1795148219,
  \"rows\": {
    \"a\": {
      \"name\": \"Apple Pie\",
      \"price\": 12
    }
  }
}
";
    Folder::shared("live-demo").vlive(["dump", "--pretty", "products/id/a"]).ends(0, expected, "");
}

#[test]
fn output_to_a_pipe_is_compact() {
    let folder = Folder::shared("live-demo");
    let compact = folder.vlive(["dump", "--compact"]).output();
    folder.vlive(["dump"]).ends(0, &compact.stdout, "");
}

#[test]
fn an_empty_cache_is_an_empty_object() {
    Folder::emptied().vlive(["dump"]).ends(0, "{}\n", "");
    Folder::emptied().vlive(["dump", "--pretty"]).ends(0, "{}\n", "");
}

#[test]
fn existing_entries_are_printed_although_others_are_missing() {
    let folder = Folder::shared("live-demo");
    let expected = format!("{{\"products/id/a\":{APPLE}}}\n");
    folder.vlive(["dump", "nothing", "products/id/a", "products/id/b"]).ends(
        1,
        &expected,
        "error: `nothing` is not in the cache\nerror: `products/id/b` is not in the cache\nhint: the nearest key is `products/id/a`\n",
    );
}

/// One of the hand-made values, and what vantage-live makes of it.
struct Case {
    key: String,
    /// The envelope as vantage-live reads it; `None` if it refuses to.
    read: Option<Value>,
}

/// Deeper than `serde_json` reads into values; `values` has a test of its own for such.
const TOO_DEEP_TO_COMPARE: &str = "envelopes/depth-253";

fn cases() -> Vec<Case> {
    let lines = fs::read_to_string(Folder::shared("envelopes").path().with_extension("jsonl")).unwrap();
    lines
        .lines()
        .map(|line| {
            let case: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).unwrap();
            let key = format!("envelopes/{}", case["case"].get().trim_matches('"'));
            let read = case.get("vantage_live_get").map(|read| {
                if key == TOO_DEEP_TO_COMPARE {
                    return Value::Null;
                }
                let read: Value = serde_json::from_str(read.get()).unwrap();
                let fields = |record: &Value| object(record, |value| in_our_words(value.clone()));
                json!({ "fetched_at": read["fetched_at"], "rows": object(&read["rows"], fields) })
            });
            Case { key, read }
        })
        .collect()
}

/// The object of an array of pairs.
fn object(pairs: &Value, value: impl Fn(&Value) -> Value) -> Value {
    let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), value(&pair[1]));
    Value::Object(pairs.as_array().unwrap().iter().map(pair).collect::<Map<_, _>>())
}

/// The answers were written down in a notation that differs from ours where JSON is at its end: it
/// gives floats by their bits, bytes in hexadecimal, and every map as pairs.
fn in_our_words(value: Value) -> Value {
    if let Some(bits) = value.get("bits").and_then(Value::as_str) {
        let float = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        return match float {
            _ if float.is_nan() => json!({ "$float": "NaN" }),
            f64::INFINITY => json!({ "$float": "Infinity" }),
            _ => json!(float),
        };
    }
    if let Some(tag) = value.get("$tag") {
        // Seventeen bytes of ones.
        assert_eq!(value["value"]["$bytes"], "ff".repeat(17));
        return json!({ "$tag": [tag, { "$bytes": "//////////////////////8=" }] });
    }
    if value.get("$map").is_some_and(|pairs| pairs[0][0] == "$oid") {
        return object(&value["$map"], Value::clone);
    }
    value
}

#[test]
fn an_entry_is_dumped_as_vantage_live_reads_it_or_left_out_if_it_cannot() {
    let dump = Folder::shared("envelopes").vlive(["dump"]).output();
    assert_eq!(dump.status, 3);
    let envelopes: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&dump.stdout).unwrap();
    for case in cases() {
        let named = dump.stderr.lines().filter(|line| line.contains(&format!("`{}`", case.key))).count();
        assert_eq!(named, usize::from(case.read.is_none()), "{} on standard error", case.key);
        let envelope = envelopes.get(&case.key).map(|envelope| match case.key.as_str() {
            TOO_DEEP_TO_COMPARE => Value::Null,
            _ => serde_json::from_str(envelope.get()).unwrap(),
        });
        assert_eq!(envelope, case.read, "{}", case.key);
    }
    assert_eq!(dump.stderr.lines().count(), cases().iter().filter(|case| case.read.is_none()).count());
}

#[test]
fn a_single_entry_that_cannot_be_decoded_prints_nothing() {
    let named = "error: entry `envelopes/array` cannot be decoded: the envelope is not a map (at byte 0)\n";
    let folder = Folder::shared("envelopes");
    folder.vlive(["dump", "envelopes/array"]).ends(3, "", named);
    folder.vlive(["dump", "-q", "envelopes/array"]).ends(3, "", named);
}

#[test]
fn an_unreadable_entry_outranks_a_missing_one_in_the_status() {
    Folder::shared("envelopes").vlive(["dump", "envelopes/array", "envelopes/none"]).ends(
        3,
        "{}\n",
        "\
error: entry `envelopes/array` cannot be decoded: the envelope is not a map (at byte 0)
error: `envelopes/none` is not in the cache
",
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

#[test]
fn a_dump_that_is_put_back_restores_the_same_bytes() {
    for cache in ["live-demo", "bakery", "values", "odd-keys", "format-v3"] {
        let dump = Folder::shared(cache).vlive(["dump"]).output();
        assert_eq!((dump.status, dump.stderr.as_str()), (0, ""));
        let envelopes: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&dump.stdout).unwrap();
        let folder = Folder::empty();
        for (key, envelope) in &envelopes {
            let put = folder.vlive(["put", "-q", key]).stdin(envelope.get());
            put.ends(0, "", "");
        }
        let entries: BTreeMap<String, Vec<u8>> =
            folder.entries().into_iter().map(|entry| (entry.key, entry.value)).collect();
        let recorded = recorded(cache);
        assert_eq!(entries.len(), recorded.len(), "{cache}");
        for entry in recorded {
            assert_eq!(hex(&Sha256::digest(&entries[&entry.key()])), entry.sha256, "{cache}: {}", entry.key());
        }
    }
}

#[test]
fn a_closed_pipe_ends_a_dump_quietly() {
    // Its dump is many times what a pipe holds.
    let folder = Folder::shared("values");
    let mut vlive = folder.command(["dump"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(vlive.stdout.take());
    let ended = Ended::of(vlive.wait_with_output().unwrap());
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Folder::shared("bakery").command(["dump"]).stdout(full).output().unwrap();
    let ended = Ended::of(output);
    assert_eq!(ended.status, 3);
    assert!(ended.stderr.starts_with("error: cannot write the output: "), "{ended}");
}
