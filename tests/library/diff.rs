//! Differences of random caches, found by this crate, by a plain model, and by vantage-live.

mod edits;
mod told;

use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use edits::{Model, cache, content, edit, fixture, fixture_of, key};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;
use told::{expected, found, mirrored};
use vantage_live::cache::{Cache as _, RedbCache};
use vlive::live::Envelope;
use vlive::ops::{DiffOptions, Difference, Side};
use vlive::{CachedRows, Key, Snapshot, diff};

const EVERYTHING: DiffOptions = DiffOptions { fetched_at: true, order: true };

/// The key of an entry that differs; a row has none.
fn key_of(difference: Difference) -> Option<Key> {
    match difference {
        Difference::Entry(entry) => Some(Key::new(&entry.key.to_string())),
        _ => None,
    }
}

/// What vantage-live reads under these keys: rows in its own encoding, or that it refuses to.
fn by_vantage_live(folder: &Path, keys: &[String]) -> Vec<Option<Result<Vec<u8>, ()>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let cache = RedbCache::open(folder).unwrap();
    let rows = |rows: vantage_live::cache::CachedRows| {
        let records = rows.rows.into_iter().map(|(id, record)| (id, record.into_iter().collect()));
        let rows = CachedRows { rows: records.collect(), fetched_at: rows.fetched_at };
        Envelope::encode(&rows).bytes().to_vec()
    };
    let get = |key: &String| runtime.block_on(cache.get(key)).map(|read| read.map(rows)).map_err(drop).transpose();
    keys.iter().map(get).collect()
}

/// The keys of the entries that vantage-live reads otherwise, or refuses for other bytes.
fn differing_to_vantage_live(a: &Path, b: &Path) -> BTreeSet<String> {
    let values = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let snapshot = Snapshot::open(folder).unwrap();
        let entries = snapshot.entries(&vlive::Selection::All).unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.key().to_string(), entry.value().to_vec())).collect()
    };
    let (old, new) = (values(a), values(b));
    let keys: Vec<String> = old.keys().chain(new.keys()).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let answers = by_vantage_live(a, &keys).into_iter().zip(by_vantage_live(b, &keys));
    let differing = keys.iter().zip(answers).filter(|(key, answers)| match answers {
        (Some(Err(())), Some(Err(()))) => old[*key] != new[*key],
        (old, new) => old != new,
    });
    differing.map(|(key, _)| key.clone()).collect()
}

/// The entries of two caches that differ in anything.
fn differing(a: &TempDir, b: &TempDir) -> BTreeSet<String> {
    let [a, b] = [a, b].map(|folder| Snapshot::open(folder.path()).unwrap());
    found(Side::Cache(&a), Side::Cache(&b), EVERYTHING).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn the_differences_of_random_edits_are_found_exactly_and_mirror_when_swapped() {
    let (mut same, mut different) = (0, 0);
    for seed in seeds(9) {
        let random = &mut Random::new(seed);
        let a: Model = (0..random.below(60)).map(|_| (key(random), content(random))).collect();
        let mut b = a.clone();
        for _ in 0..random.one_of(&[0, 1, 2, 10, 40]) {
            edit(&mut b, random);
        }
        let fixtures = [fixture(&a, random), fixture(&b, random)];
        let folders = fixtures.each_ref().map(cache);
        let snapshots = folders.each_ref().map(|folder| Snapshot::open(folder.path()).unwrap());
        let sides = |n: usize| [Side::Cache(&snapshots[n]), Side::Fixture(&fixtures[n])];
        for (fetched_at, order) in [(false, false), (false, true), (true, false), (true, true)] {
            let options = DiffOptions { fetched_at, order };
            let (there, back) = (expected(&a, &b, options), expected(&b, &a, options));
            for (old, new) in sides(0).into_iter().flat_map(|old| sides(1).map(|new| (old, new))) {
                assert_eq!(found(old, new, options), there, "seed {seed}, {options:?}");
                assert_eq!(found(new, old, options), back, "seed {seed}, {options:?}, the other way round");
            }
            let mut sorted = back.clone();
            sorted.sort();
            assert_eq!(mirrored(&there), sorted, "seed {seed}, {options:?}");
            *if there.is_empty() { &mut same } else { &mut different } += 1;
        }
        let [a, b] = folders;
        if seed % 3 == 0 {
            assert_eq!(differing(&a, &b), differing_to_vantage_live(a.path(), b.path()), "seed {seed}");
        }
    }
    assert!(same > 3 * rounds() && different > 12 * rounds(), "{same} same, {different} different are not a fair mix");
}

/// Irregular values as they are, with a byte changed, and in vantage-live's encoding.
#[test]
fn an_entry_differs_if_and_only_if_vantage_live_reads_it_differently() {
    let values: Vec<Vec<u8>> = seeds(800).map(scribble).collect();
    let key = |n: usize| format!("k/{n:05}");
    let folder = |values: &[Vec<u8>]| cache(&fixture_of(values.iter().enumerate().map(|(n, v)| (key(n), v.clone()))));
    let random = &mut Random::new(1);
    let others: Vec<Vec<u8>> = values
        .iter()
        .map(|value| match (random.below(4), CachedRows::decode(value)) {
            (0, Ok(rows)) => Envelope::encode(&rows).bytes().to_vec(),
            (1 | 2, _) if !value.is_empty() => {
                let (at, mut value) = (random.below(value.len()), value.clone());
                value[at] = random.next().to_le_bytes()[0];
                value
            }
            _ => value.clone(),
        })
        .collect();
    let (a, b) = (folder(&values), folder(&others));
    let found = differing(&a, &b);
    assert_eq!(found, differing_to_vantage_live(a.path(), b.path()));
    let same = values.iter().zip(&others).filter(|(value, other)| value != other).count() - found.len();
    assert!(
        found.len() as u64 > 200 * rounds() && same as u64 > 60 * rounds(),
        "{} differ, {same} of other bytes do not",
        found.len()
    );
}

#[test]
fn an_error_of_the_callback_ends_the_comparison() {
    let entries = |n: usize| fixture_of((0..n).map(|n| (format!("k/{n}"), b"\xa0".to_vec())));
    let (none, some) = (entries(0), entries(3));
    let mut told = Vec::new();
    let ended = diff(Side::Fixture(&none), Side::Fixture(&some), DiffOptions::default(), |entry| {
        told.extend(key_of(entry));
        if told.len() == 2 { Err(vlive::Error::Missing { path: "enough".into() }) } else { Ok(()) }
    });
    assert!(matches!(ended, Err(vlive::Error::Missing { .. })));
    assert_eq!(told, [Key::new("k/0"), Key::new("k/1")]);
}
