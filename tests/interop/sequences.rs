//! Random sequences of put, get and invalidate, by turns by vantage-live and by this crate.

use crate::common::folder;
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::stress::seeds;
use crate::support::{Oracle, contents, encoded, table_names};
use indexmap::IndexMap;
use std::path::Path;
use std::time::UNIX_EPOCH;
use vlive::{Cache, CachedRows, Snapshot};

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
fn the_same_steps_by_vlive_or_vantage_live_in_either_order_give_the_same_tables() {
    for seed in seeds(2) {
        let random = &mut Random::new(seed);
        let (first, second) = (steps(random), steps(random));
        let folders: Vec<_> = (0..4).map(|_| folder::temporary()).collect();
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
    let folder = folder::temporary();
    let key = format!("{}/{}", "k".repeat(1 << 20), "s".repeat(1 << 20));
    let rows = CachedRows { rows: IndexMap::default(), fetched_at: UNIX_EPOCH };
    Cache::create(folder.path()).unwrap().put(&key, &rows).unwrap();
    assert_eq!(Oracle::open(folder.path()).get(&key).unwrap(), Some(rows.clone()));
    assert_eq!(Snapshot::open(folder.path()).unwrap().get(&key).unwrap(), Some(rows));
}
