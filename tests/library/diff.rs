//! Differences of random caches, found by this crate, by a plain model, and by vantage-live.

use crate::common::irregular::irregularly_encoded;
use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium::Value;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;
use vantage_live::cache::{Cache as _, RedbCache};
use vlive::fixture::{FixtureOptions, Source};
use vlive::json::RowsInput;
use vlive::live::Envelope;
use vlive::ops::{Change, DiffOptions, Difference, EntryDiff, Replace, RowDiff, Side};
use vlive::{Cache, CachedRows, Fixture, Key, Record, Snapshot, diff};

const EVERYTHING: DiffOptions = DiffOptions { fetched_at: true, order: true };

/// What an entry holds.
#[derive(Clone)]
enum Content {
    Rows(CachedRows),
    /// What vantage-live refuses to read.
    Undecodable(&'static [u8]),
}

/// The entries by cache key and sub-key.
type Model = BTreeMap<(String, String), Content>;

/// All that is told of a difference, with values as vantage-live writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Added {
        rows: usize,
    },
    Removed {
        rows: usize,
    },
    Changed,
    Undecodable(bool, bool),
    Time(u64, u64),
    RowsReordered,
    RowAdded(String, Vec<u8>),
    RowRemoved(String, Vec<u8>),
    RowChanged(String),
    FieldsReordered(String),
    /// Row, field, and the values.
    Field(String, String, Option<Vec<u8>>, Option<Vec<u8>>),
}

type Differences = Vec<(String, Told)>;

/// A record as vantage-live writes it. Encodings are compared, since no NaN equals itself.
fn record_bytes(record: &Record) -> Vec<u8> {
    let rows = IndexMap::from([(String::new(), record.clone())]);
    Envelope::encode(&CachedRows { rows, fetched_at: UNIX_EPOCH }).bytes().to_vec()
}

fn value_bytes(value: &Value) -> Vec<u8> {
    record_bytes(&IndexMap::from([(String::new(), value.clone())]))
}

/// The same of a record in JSON.
fn record_of_json(json: &str) -> Vec<u8> {
    let rows = format!(r#"{{"rows":{{"":{json}}}}}"#);
    RowsInput::parse(&rows, "id").unwrap().into_envelope(0.into()).bytes().to_vec()
}

fn value_of_json(json: &str) -> Vec<u8> {
    record_of_json(&format!(r#"{{"":{json}}}"#))
}

fn seconds(rows: &CachedRows) -> u64 {
    rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What differs, by the model alone.
fn expected(a: &Model, b: &Model, options: DiffOptions) -> Differences {
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let mut differences = Differences::new();
    for key in keys {
        let rows = |content: &Content| match content {
            Content::Rows(rows) => rows.rows.len(),
            Content::Undecodable(_) => 0,
        };
        let told = match (a.get(key), b.get(key)) {
            (Some(old), None) => vec![Told::Removed { rows: rows(old) }],
            (None, Some(new)) => vec![Told::Added { rows: rows(new) }],
            (Some(Content::Rows(old)), Some(Content::Rows(new))) => {
                let told = expected_of_rows(old, new, options);
                if told.is_empty() { told } else { [vec![Told::Changed], told].concat() }
            }
            (Some(Content::Undecodable(old)), Some(Content::Undecodable(new))) if old == new => vec![],
            (old, new) => {
                let is_undecodable = |content| matches!(content, Some(&Content::Undecodable(_)));
                vec![Told::Changed, Told::Undecodable(is_undecodable(old), is_undecodable(new))]
            }
        };
        let (cache_key, sub_key) = key;
        differences.extend(told.into_iter().map(|told| (format!("{cache_key}/{sub_key}"), told)));
    }
    differences
}

fn expected_of_rows(old: &CachedRows, new: &CachedRows, options: DiffOptions) -> Vec<Told> {
    let mut told = Vec::new();
    if options.fetched_at && old.fetched_at != new.fetched_at {
        told.push(Told::Time(seconds(old), seconds(new)));
    }
    if options.order && !same_order(&old.rows, &new.rows) {
        told.push(Told::RowsReordered);
    }
    for (id, old) in &old.rows {
        let Some(new) = new.rows.get(id) else {
            told.push(Told::RowRemoved(id.clone(), record_bytes(old)));
            continue;
        };
        let mut fields = Vec::new();
        if options.order && !same_order(old, new) {
            fields.push(Told::FieldsReordered(id.clone()));
        }
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let [old, new] = [old, new].map(|record| record.get(name).map(value_bytes));
            if old != new {
                fields.push(Told::Field(id.clone(), name.clone(), old, new));
            }
        }
        if !fields.is_empty() {
            told.push(Told::RowChanged(id.clone()));
            told.extend(fields);
        }
    }
    for (id, record) in new.rows.iter().filter(|(id, _)| !old.rows.contains_key(*id)) {
        told.push(Told::RowAdded(id.clone(), record_bytes(record)));
    }
    told
}

fn same_order<T>(a: &IndexMap<String, T>, b: &IndexMap<String, T>) -> bool {
    let in_a = a.keys().filter(|name| b.contains_key(*name));
    in_a.eq(b.keys().filter(|name| a.contains_key(*name)))
}

/// What differs, by the library.
fn found(a: Side<'_>, b: Side<'_>, options: DiffOptions) -> Differences {
    let mut differences = Differences::new();
    let (mut key, mut row) = (String::new(), String::new());
    let damage = diff::<vlive::Error>(a, b, options, |difference| {
        match &difference {
            Difference::Entry(entry) => key = entry.key.to_string(),
            Difference::Row(changed) => row.clone_from(&changed.id),
            _ => {}
        }
        differences.extend(told(difference, &row).into_iter().map(|told| (key.clone(), told)));
        Ok(())
    });
    assert!(damage.unwrap().is_empty());
    differences
}

/// The key of an entry that differs; a row has none.
fn key_of(difference: Difference) -> Option<Key> {
    match difference {
        Difference::Entry(entry) => Some(entry.key),
        _ => None,
    }
}

fn told(difference: Difference, row: &str) -> Vec<Told> {
    match difference {
        Difference::Entry(entry) => told_of_entry(&entry),
        Difference::Row(row) => told_of_row(&row),
        Difference::Field(field) => {
            let [old, new] = [field.old, field.new].map(|value| value.as_deref().map(value_of_json));
            vec![Told::Field(row.to_owned(), field.name, old, new)]
        }
        other => panic!("not known: {other}"),
    }
}

fn told_of_entry(entry: &EntryDiff) -> Vec<Told> {
    let rows = usize::try_from(entry.row_count.unwrap_or_default()).unwrap();
    let mut told = vec![match entry.change {
        Change::Added => Told::Added { rows },
        Change::Removed => Told::Removed { rows },
        Change::Changed => Told::Changed,
    }];
    let [old, new] = entry.undecodable.map(|error| error.is_some());
    told.extend((old || new).then_some(Told::Undecodable(old, new)));
    told.extend(entry.fetched_at.map(|(old, new)| Told::Time(old, new)));
    told.extend(entry.is_reordered.then_some(Told::RowsReordered));
    told
}

fn told_of_row(row: &RowDiff) -> Vec<Told> {
    assert_eq!(row.record.is_none(), row.change == Change::Changed);
    assert!(row.change == Change::Changed || !row.is_reordered);
    let record = row.record.as_deref().map(record_of_json).unwrap_or_default();
    let mut told = vec![match row.change {
        Change::Added => Told::RowAdded(row.id.clone(), record),
        Change::Removed => Told::RowRemoved(row.id.clone(), record),
        Change::Changed => Told::RowChanged(row.id.clone()),
    }];
    told.extend(row.is_reordered.then(|| Told::FieldsReordered(row.id.clone())));
    told
}

/// The differences of the sides in the other order, sorted.
fn mirrored(differences: &Differences) -> Differences {
    let mut mirrored: Differences = differences
        .iter()
        .map(|(key, told)| {
            let told = match told.clone() {
                Told::Added { rows } => Told::Removed { rows },
                Told::Removed { rows } => Told::Added { rows },
                Told::Undecodable(old, new) => Told::Undecodable(new, old),
                Told::Time(old, new) => Told::Time(new, old),
                Told::RowAdded(id, record) => Told::RowRemoved(id, record),
                Told::RowRemoved(id, record) => Told::RowAdded(id, record),
                Told::Field(id, name, old, new) => Told::Field(id, name, new, old),
                same => same,
            };
            (key.clone(), told)
        })
        .collect();
    mirrored.sort();
    mirrored
}

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

fn content(random: &mut Random) -> Content {
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

fn key(random: &mut Random) -> (String, String) {
    // As text `k!/` comes before `k/`, and in a cache behind it.
    let cache_key = random.one_of(&["k", "k!", "k2", "", "é"]);
    (cache_key.to_owned(), format!("{}{}", random.one_of(&["page_", "id/", "/"]), random.below(12)))
}

/// One thing more or less, or another way.
fn edit(model: &mut Model, random: &mut Random) {
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
fn fixture(model: &Model, random: &mut Random) -> Fixture {
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

fn fixture_of(entries: impl Iterator<Item = (String, Vec<u8>)>) -> Fixture {
    let mut lines = String::new();
    for (key, value) in entries {
        let line = serde_json::json!({ "key": key, "raw": BASE64.encode(value) });
        writeln!(lines, "{line}").unwrap();
    }
    let source = Source::Json { name: "lines".to_owned(), input: Box::new(lines.as_bytes()) };
    Fixture::read(vec![source], &FixtureOptions::default()).unwrap()
}

fn cache(fixture: &Fixture) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    Cache::create(folder.path()).unwrap().seed(fixture, Replace::Entries).unwrap();
    folder
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
