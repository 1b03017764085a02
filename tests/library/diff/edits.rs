//! Random caches, and random edits of them.

use crate::common::irregular::irregularly_encoded;
use crate::common::random::Random;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;
use vlive::fixture::{FixtureOptions, Source};
use vlive::live::Envelope;
use vlive::ops::Replace;
use vlive::{Cache, CachedRows, Fixture, Record};

/// What an entry holds.
#[derive(Clone)]
pub enum Content {
    Rows(CachedRows),
    /// What vantage-live refuses to read.
    Undecodable(&'static [u8]),
}

/// The entries by cache key and sub-key.
pub type Model = BTreeMap<(String, String), Content>;

const NAMES: [&str; 9] = ["a", "b", "id", "", "é", "a b", "\u{1b}\n\"", "rows", "$bytes"];

fn name(random: &mut Random) -> String {
    random.one_of(&NAMES).to_owned()
}

fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 9 } else { 14 }) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => random.one_of(&[0, 1, -1, 23, 24, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1]).into(),
        3 => random.one_of(&[u64::MAX, 1 << 63]).into(),
        4 => Value::Integer(ciborium::value::Integer::try_from(-(1i128 << 64)).unwrap()),
        5 => {
            let nan = f64::from_bits(0x7ff8_0000_dead_beef);
            random.one_of(&[0.0, -0.0, 1.0, 0.1, f64::INFINITY, f64::NAN, nan]).into()
        }
        6 | 7 => random.one_of(&["", "1", "a", "\u{0}\u{9b}\u{202e}", "日本"]).into(),
        8 => Value::Bytes(random.one_of::<&[u8]>(&[b"", b"a", b"\0\xff"]).to_vec()),
        // Beyond what reads as an integer.
        9 => Value::Tag(2, Box::new(Value::Bytes(vec![1; random.one_of(&[9, 17])]))),
        10 | 11 => Value::Tag(random.one_of(&[0, 6, 37, 42]), Box::new(value(random, depth - 1))),
        12 => Value::Array((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        _ => Value::Map((0..random.below(4)).map(|_| (value(random, depth - 1), value(random, depth - 1))).collect()),
    }
}

fn record(random: &mut Random) -> Record {
    (0..random.below(5)).map(|_| (name(random), value(random, 2))).collect()
}

pub fn content(random: &mut Random) -> Content {
    if random.below(8) == 0 {
        let undecodable: [&[u8]; 4] = [b"", b"\x80", b"\xa1\x64rows\xa1\x61a\xf8\x20", b"\xd9\xd9\xf7\xa0"];
        return Content::Undecodable(random.one_of(&undecodable));
    }
    let rows = (0..random.below(6)).map(|_| (name(random), record(random))).collect();
    Content::Rows(CachedRows { rows, fetched_at: UNIX_EPOCH + time(random) })
}

fn time(random: &mut Random) -> Duration {
    Duration::from_secs(random.one_of(&[0, 1, 1_770_000_000, i64::MAX.unsigned_abs()]))
}

pub fn key(random: &mut Random) -> (String, String) {
    // As text `k!/` comes before `k/`, and in a cache behind it.
    let cache_key = random.one_of(&["k", "k!", "k2", "", "é"]);
    (cache_key.to_owned(), format!("{}{}", random.one_of(&["page_", "id/", "/"]), random.below(12)))
}

/// One thing more or less, or another way.
pub fn edit(model: &mut Model, random: &mut Random) {
    let keys: Vec<_> = model.keys().cloned().collect();
    let Some(key_of_one) = (!keys.is_empty()).then(|| keys[random.below(keys.len())].clone()) else { return };
    let entry = model.get_mut(&key_of_one).unwrap();
    match (random.below(4), &mut *entry) {
        (0, _) => drop(model.remove(&key_of_one)),
        (1, _) => drop(model.insert(key(random), content(random))),
        (2, entry) => *entry = content(random),
        (_, Content::Undecodable(_)) => {}
        (_, Content::Rows(rows)) => edit_rows(rows, random),
    }
}

fn edit_rows(rows: &mut CachedRows, random: &mut Random) {
    let count = rows.rows.len();
    match random.below(9) {
        0 => rows.fetched_at = UNIX_EPOCH + time(random),
        1 => drop(rows.rows.insert(name(random), record(random))),
        2 => drop(rows.rows.shift_insert(0, name(random), record(random))),
        _ if count == 0 => {}
        3 => drop(rows.rows.shift_remove_index(random.below(count))),
        4 => rows.rows.swap_indices(random.below(count), random.below(count)),
        _ => {
            let (_, record) = rows.rows.get_index_mut(random.below(count)).unwrap();
            let fields = record.len();
            match random.below(4) {
                0 => drop(record.insert(name(random), value(random, 2))),
                _ if fields == 0 => {}
                1 => drop(record.shift_remove_index(random.below(fields))),
                2 => record.swap_indices(random.below(fields), random.below(fields)),
                _ => record[random.below(fields)] = value(random, 2),
            }
        }
    }
}

/// The entries as a fixture of stored bytes, encoded in one way or another.
pub fn fixture(model: &Model, random: &mut Random) -> Fixture {
    let entries = model.iter().map(|((cache_key, sub_key), content)| {
        let value = match content {
            Content::Undecodable(bytes) => bytes.to_vec(),
            Content::Rows(rows) if random.below(3) == 0 => Envelope::encode(rows).bytes().to_vec(),
            Content::Rows(rows) => irregularly_encoded(rows, random),
        };
        (format!("{cache_key}/{sub_key}"), value)
    });
    fixture_of(entries)
}

pub fn fixture_of(entries: impl Iterator<Item = (String, Vec<u8>)>) -> Fixture {
    let mut lines = String::new();
    for (key, value) in entries {
        let line = serde_json::json!({ "key": key, "raw": BASE64.encode(value) });
        writeln!(lines, "{line}").unwrap();
    }
    let source = Source::Json { name: "lines".to_owned(), input: Box::new(lines.as_bytes()) };
    Fixture::read(vec![source], &FixtureOptions::default()).unwrap()
}

pub fn cache(fixture: &Fixture) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    Cache::create(folder.path()).unwrap().seed(fixture, Replace::Entries).unwrap();
    folder
}
