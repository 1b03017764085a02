//! The sample caches, read by this crate, by redb, and by vantage-live.

use crate::common::caches::sample;
use crate::support::{Oracle, copy_of, encoded};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::fs;
use vlive::{CachedRows, Selection, Snapshot};

const CACHES: [&str; 8] = ["live-demo", "bakery", "odd-keys", "values", "envelopes", "foreign", "crashed", "format-v3"];

/// Table, sub-key, length and hash of every value, as redb read them when the cache was made.
fn listed(name: &str) -> Vec<(String, String, u64, String)> {
    let list = fs::read_to_string(sample(name).with_extension("entries.jsonl")).unwrap();
    let lines = list.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| {
            let entry: Json = serde_json::from_str(line).unwrap();
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (text("table"), text("sub"), entry["len"].as_u64().unwrap(), text("sha256"))
        })
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

#[test]
fn every_sample_cache_lists_exactly_as_redb_read_it() {
    for name in CACHES {
        let snapshot = Snapshot::open(sample(name)).unwrap();
        let seen: Vec<_> = snapshot
            .entries(&Selection::All)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let hash = hexadecimal(&Sha256::digest(entry.value()));
                let table = format!("__vlive__{}", entry.cache_key());
                (table, entry.sub_key().to_owned(), entry.value().len() as u64, hash)
            })
            .collect();
        let mut expected = listed(name);
        expected.retain(|(table, ..)| table.starts_with("__vlive__"));
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(seen, expected, "{name}");
    }
}

#[test]
fn every_entry_of_every_sample_cache_reads_as_vantage_live_reads_it() {
    for name in CACHES {
        let snapshot = Snapshot::open(sample(name)).unwrap();
        let copy = copy_of(&sample(name));
        let oracle = Oracle::open(copy.path());
        for entry in snapshot.entries(&Selection::All).unwrap() {
            let entry = entry.unwrap();
            let key = entry.key().to_string();
            match (oracle.get(&key), CachedRows::decode(entry.value())) {
                (Ok(Some(theirs)), Ok(ours)) => {
                    assert_eq!(ours.fetched_at, theirs.fetched_at, "{name} {key}");
                    assert_eq!(encoded(&ours), encoded(&theirs), "{name} {key}");
                }
                (Err(_), Err(_)) => {}
                (theirs, ours) => panic!("{name} {key}: vantage-live {theirs:?}, we {ours:?}"),
            }
        }
    }
}

#[test]
fn values_of_vantage_live_are_encoded_to_the_same_bytes_again() {
    for name in CACHES.into_iter().filter(|name| *name != "envelopes") {
        for entry in Snapshot::open(sample(name)).unwrap().entries(&Selection::All).unwrap() {
            let entry = entry.unwrap();
            let rows = CachedRows::decode(entry.value()).unwrap();
            assert!(encoded(&rows) == entry.value(), "{name} {}", entry.key());
        }
    }
}

/// `envelopes.jsonl` holds what vantage-live answered to each of 56 hand-made values.
#[test]
fn handmade_envelopes_are_read_or_refused_as_by_vantage_live() {
    let answers = fs::read_to_string(sample("envelopes").with_extension("jsonl")).unwrap();
    let snapshot = Snapshot::open(sample("envelopes")).unwrap();
    let mut cases = 0;
    for line in answers.lines() {
        // The deepest of the answers nests beyond what this JSON parser takes; only whether it was
        // an answer counts there.
        let Ok(answer) = serde_json::from_str::<Json>(line) else {
            assert!(line.contains(r#""case": "depth-253""#), "{line}");
            assert!(snapshot.get("envelopes/depth-253").unwrap().is_some());
            cases += 1;
            continue;
        };
        let case = answer["case"].as_str().unwrap();
        match snapshot.get(format!("envelopes/{case}")) {
            Ok(Some(rows)) => {
                let expected = &answer["vantage_live_get"];
                let seconds = rows.fetched_at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
                assert_eq!(Some(seconds), expected["fetched_at"].as_u64(), "{case}");
                let shape: Vec<(&str, Vec<&str>)> = rows
                    .rows
                    .iter()
                    .map(|(id, record)| (id.as_str(), record.keys().map(String::as_str).collect()))
                    .collect();
                let expected: Vec<(&str, Vec<&str>)> = expected["rows"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| {
                        let fields = row[1].as_array().unwrap().iter().map(|field| field[0].as_str().unwrap());
                        (row[0].as_str().unwrap(), fields.collect())
                    })
                    .collect();
                assert_eq!(shape, expected, "{case}");
            }
            Ok(None) => panic!("{case} is missing"),
            Err(error) => assert!(answer["vantage_live_error"].is_string(), "{case}: {error}"),
        }
        cases += 1;
    }
    assert_eq!(cases, 56);
}
