//! What `find` finds, against a plain walk over everything decoded.

use crate::common::irregular::{irregular_row, irregularly_encoded};
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::stress::seeds;
use ciborium::Value;
use redb::{Database, TableDefinition};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::UNIX_EPOCH;
use vlive::diorama::identity::meta_table;
use vlive::live::Envelope;
use vlive::ops::{Hit, Place, Query, Scope, Step, find, find_row};
use vlive::snapshot::EntryKey;
use vlive::{CachedRows, Key, Record, Snapshot};

/// A name for every key that is not text.
fn key_name(key: &Value) -> String {
    meaning(key).unwrap_or_else(|| vlive::json::plain(key))
}

/// A meaning for some values that are not text: numbers, booleans and decimals.
fn meaning(value: &Value) -> Option<String> {
    match value {
        Value::Integer(integer) => Some(i128::from(*integer).to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Tag(10, content) => content.as_text().map(|text| format!("decimal {text}")),
        _ => None,
    }
}

/// A search for texts that match, in all fields and without any shortcut.
fn everywhere(matches: &(dyn Fn(&str) -> bool + Sync)) -> Query<'_> {
    Query { matches, may_match: &|_| Some(0), by_meaning: true, meaning: &meaning, key_name: &key_name, field: None }
}

/// A place that outlives the row that it is in.
fn kept(place: Place<'_>) -> String {
    format!("{place:?}")
}

/// Every place of an entry that matches, found without any shortcut.
fn plainly(key: &Key, cached: &CachedRows, pattern: &str) -> Vec<String> {
    let mut places = Vec::new();
    if key.to_string().contains(pattern) {
        places.push(kept(Place::Key));
    }
    cached.rows.iter().for_each(|(id, record)| in_row(id, record, pattern, &mut places));
    places
}

fn in_row(id: &str, record: &Record, pattern: &str, places: &mut Vec<String>) {
    if id.contains(pattern) {
        places.push(kept(Place::RowId(id)));
    }
    for (name, value) in record {
        let path = vec![Step::Name(name.into())];
        if name.contains(pattern) {
            places.push(kept(Place::Name { id, path: &path }));
        }
        inside(id, value, path, pattern, places);
    }
}

fn inside(id: &str, value: &Value, path: Vec<Step<'_>>, pattern: &str, places: &mut Vec<String>) {
    let with = |step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
    let text = match value {
        Value::Text(text) => Some(text.clone()),
        value => meaning(value),
    };
    match (text, value) {
        (Some(text), _) if text.contains(pattern) => {
            places.push(kept(Place::Value { id, path: &path, text: &text }));
        }
        (None, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                inside(id, item, with(Step::Index(index)), pattern, places);
            }
        }
        (None, Value::Map(pairs)) => {
            for (key, value) in pairs {
                // A key without a text of its own is not searched.
                let (name, is_searched) = match key {
                    Value::Text(text) => (text.clone(), true),
                    key => (key_name(key), meaning(key).is_some()),
                };
                let path = with(Step::Name(name.clone().into()));
                if is_searched && name.contains(pattern) {
                    places.push(kept(Place::Name { id, path: &path }));
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

/// A hit that is kept: its entry, when that was fetched, and the place.
type Found = (EntryKey, Option<u64>, String);

/// All hits of a search of what can be read; see [`found_and_refused`].
fn found(snapshot: &Snapshot, query: Query<'_>, at_once: usize) -> Vec<Found> {
    let (hits, refused) = found_and_refused(snapshot, query, at_once);
    assert_eq!(refused, 0);
    hits
}

/// All hits, handed over as soon as an output has so many of them, and the number of rows that diorama refuses.
fn found_and_refused(snapshot: &Snapshot, query: Query<'_>, at_once: usize) -> (Vec<Found>, u64) {
    let mut hits = Vec::new();
    let add = |found: &mut Vec<Found>, hit: &Hit<'_>| {
        found.push((hit.key.clone(), hit.fetched_at, kept(hit.place)));
        if found.len() >= at_once { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let searched = find(snapshot, &Scope::all(), query, add, |found| {
        assert!(found.len() <= at_once);
        hits.extend(found);
        ControlFlow::Continue(())
    });
    let unread = searched.unwrap().unread;
    assert!(unread.unreadable.is_empty() && unread.damage.is_empty());
    (hits, unread.refused.count)
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
            let matches = |text: &str| text.contains(pattern);
            let everywhere = everywhere(&matches);
            let hits = found(&snapshot, everywhere, usize::MAX);
            let mut expected: Vec<(EntryKey, String)> = Vec::new();
            for entry in snapshot.entries(&vlive::Selection::All).unwrap() {
                let entry = entry.unwrap();
                let cached = entry.decode().unwrap();
                let places = plainly(&entry.key(), &cached, pattern);
                expected.extend(places.into_iter().map(|place| (entry.key().into(), place)));
            }
            some_are_found |= !expected.is_empty();
            let places: Vec<_> = hits.iter().map(|(key, _, place)| (key.clone(), place.clone())).collect();
            assert_eq!(places, expected, "seed {seed}, `{pattern}`");
            let at_once = 1 + random.below(3);
            assert_eq!(found(&snapshot, everywhere, at_once), hits, "seed {seed}, `{pattern}`, {at_once} at once");
            // Text that matches is in the bytes, and so is every match that cannot be generated: nothing is lost by
            // looking there first.
            let finder = memchr::memmem::Finder::new(pattern);
            let may_match = |bytes: &[u8]| finder.find(bytes);
            let query = Query { may_match: &may_match, by_meaning: pattern.is_ascii(), ..everywhere };
            assert_eq!(found(&snapshot, query, usize::MAX), hits, "seed {seed}, `{pattern}`");
        }
    }
    assert!(some_are_found);
}

#[test]
fn every_place_in_the_rows_of_a_set_is_found_and_only_refused_rows_that_may_hold_one_are_counted() {
    for seed in seeds(20) {
        let random = &mut Random::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(folder.path().join("cache.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
        // The names of refused rows can be searched for.
        let (mut stored, mut refused) = (BTreeMap::new(), BTreeSet::new());
        for n in 0..random.below(40) {
            for (id, fields) in rows(random).rows {
                let id = format!("{id}{}", "x".repeat(random.below(3)));
                refused.remove(&id);
                table.insert(id.as_str(), irregular_row(&fields, random).as_slice()).unwrap();
                stored.insert(id, fields);
            }
            if random.below(4) == 0 {
                let id = format!("refused {n} 日");
                let values = [&b""[..], b"\x00", b"\x01\xa1\x61", "\0日".as_bytes()];
                table.insert(id.as_str(), random.one_of(&values)).unwrap();
                refused.insert(id);
            }
        }
        drop(table);
        let meta = meta_table("clients");
        transaction.open_table(TableDefinition::<&str, &[u8]>::new(&meta)).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let snapshot = Snapshot::open(folder.path()).unwrap();
        for pattern in ["a", "é", "日", "x", "tru", "1", "refused", "nowhere", "\n"] {
            let matches = |text: &str| text.contains(pattern);
            let everywhere = everywhere(&matches);
            let mut expected = Vec::new();
            for (id, fields) in &stored {
                in_row(id, fields, pattern, &mut expected);
            }
            let at_once = 1 + random.below(3);
            for at_once in [usize::MAX, at_once] {
                let (hits, found_refused) = found_and_refused(&snapshot, everywhere, at_once);
                let places: Vec<_> =
                    hits.into_iter().map(|(_, _, place)| place).filter(|place| place != "Key").collect();
                assert_eq!(places, expected, "seed {seed}, `{pattern}`, {at_once} at once");
                assert_eq!(found_refused, refused.len() as u64, "seed {seed}, `{pattern}`, {at_once} at once");
            }
            // Text that matches is in the bytes of ids and of values, and so is every match that cannot be generated.
            let (finder, by_meaning) = (memchr::memmem::Finder::new(pattern), pattern.is_ascii());
            let may_match = |bytes: &[u8]| finder.find(bytes);
            let query = Query { may_match: &may_match, by_meaning, ..everywhere };
            let (hits, found_refused) = found_and_refused(&snapshot, query, at_once);
            let places = hits.into_iter().map(|(_, _, place)| place).filter(|place| place != "Key");
            assert_eq!(places.collect::<Vec<_>>(), expected, "seed {seed}, `{pattern}`");
            let may_hold = refused.iter().filter(|id| by_meaning || id.contains(pattern));
            assert_eq!(found_refused, may_hold.count() as u64, "seed {seed}, `{pattern}`");
        }
    }
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
fn a_search_ends_when_its_callback_breaks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/bakery");
    let snapshot = Snapshot::open(folder).unwrap();
    let query = everywhere(&|_| true);
    let (mut taken, mut places) = (0, 0);
    let add = |places: &mut usize, _: &Hit<'_>| {
        *places += 1;
        ControlFlow::Break(())
    };
    let take = |found| {
        (taken, places) = (taken + 1, places + found);
        if places == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    find(&snapshot, &Scope::all(), query, add, take).unwrap();
    assert_eq!(places, 3, "an output is handed over when it says so");
    assert!(taken >= 3);
}
