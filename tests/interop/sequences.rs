//! Random sequences of put, get and invalidate, by turns by vantage-live and by this crate.

use crate::random::Random;
use crate::support::{Oracle, contents, encoded, table_names};
use ciborium::Value;
use indexmap::IndexMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vlive::{Cache, CachedRows, Record, Snapshot};

/// Keys that are prefixes of each other, empty, Unicode, or hold what a shell or a path would not.
const KEYS: [&str; 22] = [
    "clients",
    "clients/page_1",
    "clients/page_10",
    "clients/page_2",
    "clients/",
    "clients/__root__",
    "client",
    "client/page_1",
    "cl/id/a",
    "",
    "/",
    "/a",
    "https://h/users/page_1",
    "https://h/users/page_11",
    "naïve/日本語",
    "nai\u{308}ve/日本語",
    "a\0b/c\nd",
    "__vlive__clients/page_1",
    "Clients/page_1",
    "it's \"quoted\"/id/\\",
    "%2F/%2F",
    "../..",
];

const PREFIXES: [&str; 16] = [
    "clients",
    "clients/",
    "clients/page_1",
    "cl",
    "client",
    "client/page",
    "",
    "/",
    "/a",
    "https:",
    "https://h/",
    "naïve",
    "a\0b/c",
    "nothing",
    "nothing/here",
    "__vlive__clients",
];

fn value(random: &mut Random, depth: usize) -> Value {
    let nested = if depth == 0 { 0 } else { 3 };
    match random.below(9 + nested) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => Value::Integer((random.next().cast_signed() >> random.below(64)).into()),
        3 => Value::Integer((random.next() >> random.below(64)).into()),
        4 => Value::from(-1 - i128::from(random.next())),
        5 => Value::Float(f64::from_bits(random.next())),
        6 => Value::Float([0.0, -0.0, 1.5, 0.1, f64::NAN, f64::INFINITY, 65504.0, 1e300][random.below(8)]),
        7 => Value::Text(text(random)),
        8 => Value::Bytes((0..random.below(40)).map(|n| u8::try_from(n).unwrap()).collect()),
        9 => Value::Array((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        10 => Value::Map((0..random.below(4)).map(|_| (value(random, depth - 1), value(random, depth - 1))).collect()),
        _ => Value::Tag(random.one_of(&[0, 6, 8, 10, 12, 37, 88, 1 << 40]), Box::new(value(random, depth - 1))),
    }
}

fn text(random: &mut Random) -> String {
    const ALPHABET: [&str; 12] = ["a", "B", "1", " ", "\0", "\n", "\"", "\\", "é", "日", "🙂", "\u{202e}"];
    (0..random.below(9)).map(|_| random.one_of(&ALPHABET)).collect()
}

fn rows(random: &mut Random) -> CachedRows {
    let rows = if random.below(12) == 0 { 300 } else { random.below(4) };
    CachedRows {
        rows: (0..rows)
            .map(|_| {
                let record: Record = (0..random.below(4)).map(|_| (text(random), value(random, 3))).collect();
                (text(random), record)
            })
            .collect(),
        fetched_at: fetched_at(random),
    }
}

fn fetched_at(random: &mut Random) -> SystemTime {
    match random.below(4) {
        0 => UNIX_EPOCH - Duration::from_millis(1500),
        1 => UNIX_EPOCH + Duration::from_millis(999),
        _ => UNIX_EPOCH + Duration::from_secs(random.next() >> 33),
    }
}

#[derive(Debug)]
enum Step {
    Put(&'static str, Box<CachedRows>),
    Invalidate(&'static str),
}

fn steps(random: &mut Random) -> Vec<Step> {
    let mut step = || match random.below(4) {
        0 => Step::Invalidate(random.one_of(&PREFIXES)),
        _ => Step::Put(random.one_of(&KEYS), Box::new(rows(random))),
    };
    (0..6).map(|_| step()).collect()
}

fn by_vantage_live(folder: &Path, steps: &[Step]) {
    let oracle = Oracle::open(folder);
    for step in steps {
        match step {
            Step::Put(key, rows) => oracle.put(key, rows),
            Step::Invalidate(prefix) => oracle.invalidate_prefix(prefix),
        }
    }
}

fn by_us(folder: &Path, steps: &[Step]) {
    let cache = Cache::create(folder).unwrap();
    for step in steps {
        match step {
            Step::Put(key, rows) => cache.put(key, rows).unwrap(),
            Step::Invalidate(prefix) => {
                let before = Snapshot::open(folder).unwrap().entries(&vlive::Selection::All).unwrap().count();
                let removed = cache.invalidate_prefix(prefix).unwrap();
                let after = Snapshot::open(folder).unwrap().entries(&vlive::Selection::All).unwrap().count();
                assert_eq!(removed.entries, (before - after) as u64);
                assert_eq!(removed.keys.len(), before - after);
            }
        }
    }
}

/// The two caches hold the same tables, byte for byte, and both sides read them alike.
fn assert_equal(theirs: &Path, ours: &Path, seed: u64) {
    assert_eq!(table_names(theirs), table_names(ours), "seed {seed}");
    assert!(contents(theirs) == contents(ours), "seed {seed}");
    let oracle = Oracle::open(ours);
    // While vantage-live holds the lock.
    let snapshot = Snapshot::open(ours).unwrap();
    for key in KEYS {
        let (theirs, ours) = (oracle.get(key).unwrap(), snapshot.get(key).unwrap());
        assert_eq!(theirs.as_ref().map(encoded), ours.as_ref().map(encoded), "seed {seed}, {key:?}");
        assert_eq!(theirs.map(|rows| rows.fetched_at), ours.map(|rows| rows.fetched_at), "seed {seed}, {key:?}");
    }
}

#[test]
fn the_same_steps_give_the_same_tables_whoever_takes_them_and_in_either_order() {
    for seed in 0..12 {
        let random = &mut Random::new(seed);
        let (first, second) = (steps(random), steps(random));
        let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
        let [theirs, ours, they_first, we_first] = [0, 1, 2, 3].map(|n: usize| folders[n].path());
        by_vantage_live(theirs, &first);
        by_us(ours, &first);
        by_vantage_live(they_first, &first);
        by_us(we_first, &first);
        assert_equal(theirs, ours, seed);
        by_vantage_live(theirs, &second);
        by_us(ours, &second);
        by_us(they_first, &second);
        by_vantage_live(we_first, &second);
        assert_equal(theirs, ours, seed);
        assert_equal(theirs, they_first, seed);
        assert_equal(theirs, we_first, seed);
    }
}

#[test]
fn keys_of_a_megabyte_are_kept_verbatim() {
    let folder = tempfile::tempdir().unwrap();
    let key = format!("{}/{}", "k".repeat(1 << 20), "s".repeat(1 << 20));
    let rows = CachedRows { rows: IndexMap::default(), fetched_at: UNIX_EPOCH };
    Cache::create(folder.path()).unwrap().put(&key, &rows).unwrap();
    assert_eq!(Oracle::open(folder.path()).get(&key).unwrap(), Some(rows.clone()));
    assert_eq!(Snapshot::open(folder.path()).unwrap().get(&key).unwrap(), Some(rows));
}
