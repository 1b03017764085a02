//! What `find` finds, against a plain walk over everything decoded.

use crate::common::irregular::irregularly_encoded;
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::stress::seeds;
use ciborium::Value;
use redb::{Database, TableDefinition};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::UNIX_EPOCH;
use vlive::live::Envelope;
use vlive::ops::{Hit, Place, Query, Scope, Step, find, find_row};
use vlive::snapshot::EntryKey;
use vlive::{CachedRows, Key, Snapshot};

/// A meaning for some values that are not text: numbers, booleans and decimals.
fn meaning(value: &Value) -> Option<String> {
    match value {
        Value::Integer(integer) => Some(i128::from(*integer).to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Tag(10, content) => content.as_text().map(|text| format!("decimal {text}")),
        _ => None,
    }
}

/// Every place of an entry that matches, found without any shortcut.
fn plainly(key: &Key, cached: &CachedRows, pattern: &str) -> Vec<Place> {
    let mut places = Vec::new();
    if key.to_string().contains(pattern) {
        places.push(Place::Key);
    }
    for (id, record) in &cached.rows {
        if id.contains(pattern) {
            places.push(Place::RowId(id.clone()));
        }
        for (name, value) in record {
            let path = vec![Step::Name(name.clone())];
            if name.contains(pattern) {
                places.push(Place::Name { id: id.clone(), path: path.clone() });
            }
            inside(id, value, path, pattern, &mut places);
        }
    }
    places
}

fn inside(id: &str, value: &Value, path: Vec<Step>, pattern: &str, places: &mut Vec<Place>) {
    let with = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
    let text = match value {
        Value::Text(text) => Some(text.clone()),
        value => meaning(value),
    };
    match (text, value) {
        (Some(text), _) if text.contains(pattern) => {
            places.push(Place::Value { id: id.to_owned(), path, text });
        }
        (None, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                inside(id, item, with(Step::Index(index)), pattern, places);
            }
        }
        (None, Value::Map(pairs)) => {
            for (key, value) in pairs {
                let name = match key {
                    Value::Text(text) => text.clone(),
                    key => meaning(key).unwrap_or_else(|| vlive::json::plain(key)),
                };
                let path = with(Step::Name(name.clone()));
                if name.contains(pattern) {
                    places.push(Place::Name { id: id.to_owned(), path: path.clone() });
                }
                inside(id, value, path, pattern, places);
            }
        }
        (None, Value::Tag(_, content)) => inside(id, content, path, pattern, places),
        _ => {}
    }
}

fn dated_rows(random: &mut Random) -> CachedRows {
    CachedRows { fetched_at: UNIX_EPOCH, ..rows(random) }
}

/// Writes a cache with redb, so that values can be encoded in other ways than vantage-live's.
fn write(folder: &Path, entries: &[(Key, Vec<u8>)]) {
    let database = Database::create(folder.join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    for (key, value) in entries {
        let name = format!("__vlive__{}", key.cache_key());
        let table = TableDefinition::<&str, &[u8]>::new(&name);
        transaction.open_table(table).unwrap().insert(key.sub_key(), value.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

fn found(snapshot: &Snapshot, query: Query<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let searched = find(snapshot, &Scope::all(), query, |hit| {
        hits.push(hit);
        ControlFlow::Continue(())
    });
    assert!(searched.unwrap().unread.unreadable.is_empty());
    hits
}

#[test]
fn every_place_is_found_and_no_other_however_values_are_encoded() {
    let mut some_are_found = false;
    for seed in seeds(20) {
        let mut random = Random::new(seed);
        let mut entries = Vec::new();
        for key in KEYS {
            if random.below(3) == 0 {
                let rows = dated_rows(&mut random);
                let canonical = Envelope::encode(&rows).into_bytes();
                let value = if random.below(2) == 0 { canonical } else { irregularly_encoded(&rows, &mut random) };
                entries.push((Key::new(key), value));
            }
        }
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &entries);
        let snapshot = Snapshot::open(folder.path()).unwrap();
        for pattern in ["a", "é", "日", "🙂", "page_1", "decimal ", "tru", "1", "client", "nowhere", "\n"] {
            let everywhere = Query {
                matches: &|text| text.contains(pattern),
                may_match: &|_| Some(0),
                meaning: &meaning,
                id: None,
                field: None,
            };
            let hits = found(&snapshot, everywhere);
            let mut expected: Vec<(EntryKey, Place)> = Vec::new();
            for entry in snapshot.entries(&vlive::Selection::All).unwrap() {
                let entry = entry.unwrap();
                let cached = entry.decode().unwrap();
                let places = plainly(&entry.key(), &cached, pattern);
                expected.extend(places.into_iter().map(|place| (entry.key().into(), place)));
            }
            some_are_found |= !expected.is_empty();
            let places: Vec<_> = hits.iter().map(|hit| (hit.key.clone(), hit.place.clone())).collect();
            assert_eq!(places, expected, "seed {seed}, `{pattern}`");
            // What cannot be generated is in the bytes, so that nothing is lost by looking there first.
            if !pattern.is_ascii() {
                let finder = memchr::memmem::Finder::new(pattern);
                let may_match = |bytes: &[u8]| finder.find(bytes);
                assert_eq!(found(&snapshot, Query { may_match: &may_match, ..everywhere }), hits, "seed {seed}");
            }
        }
    }
    assert!(some_are_found);
}

#[test]
fn a_row_is_found_in_every_entry_that_holds_it() {
    for seed in seeds(20) {
        let mut random = Random::new(seed);
        let entries: Vec<(Key, CachedRows)> =
            KEYS[..10].iter().map(|key| (Key::new(key), dated_rows(&mut random))).collect();
        let folder = tempfile::tempdir().unwrap();
        let encoded: Vec<_> =
            entries.iter().map(|(key, rows)| (key.clone(), irregularly_encoded(rows, &mut random))).collect();
        write(folder.path(), &encoded);
        let snapshot = Snapshot::open(folder.path()).unwrap();
        let ids: Vec<String> = entries.iter().flat_map(|(_, cached)| cached.rows.keys().cloned()).take(5).collect();
        for id in ids.iter().map(String::as_str).chain(["nowhere"]) {
            let mut keys = Vec::new();
            find_row(&snapshot, &Scope::all(), id, |row| {
                let entry = snapshot.entry(row.key.to_string()).unwrap().unwrap();
                let cached = entry.decode().unwrap();
                assert_eq!(format!("{:?}", cached.rows[id]), format!("{:?}", row.record), "seed {seed}");
                keys.push(row.key.to_string());
                ControlFlow::Continue(())
            })
            .unwrap();
            let holds = |entry: &vlive::snapshot::LiveEntry| entry.decode().unwrap().rows.contains_key(id);
            let all = snapshot.entries(&vlive::Selection::All).unwrap().map(Result::unwrap);
            let expected: Vec<String> = all.filter(holds).map(|entry| entry.key().to_string()).collect();
            assert_eq!(keys, expected, "seed {seed}, `{id}`");
        }
    }
}

#[test]
fn a_search_ends_when_it_is_told_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/bakery");
    let snapshot = Snapshot::open(folder).unwrap();
    let query = Query { matches: &|_| true, may_match: &|_| Some(0), meaning: &meaning, id: None, field: None };
    let mut visited = 0;
    find(&snapshot, &Scope::all(), query, |_| {
        visited += 1;
        if visited == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(visited, 3);
}
