//! What a watcher reports from one commit to another, against a plain walk of both.

use crate::common::layout::{Layout, of_each_layout};
use crate::common::random::Random;
use crate::common::stress::seeds;
use crate::model::{Model, fill, read};
use redb::{Builder, Database, ReadableTableMetadata, TableDefinition};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use vlive::diorama::row::{Status, encode};
use vlive::snapshot::{EntryChange, EntryKey, Event, SeenCommit, WatchOptions, Watcher, WholeSets};
use vlive::{Error, Key, Selection};

const VALUES: WatchOptions = WatchOptions { old_values: true, new_values: true, whole_sets: WholeSets::None };

/// Changes, each with the value that the entry has now.
type Changes = Vec<(EntryChange, Option<Vec<u8>>)>;

fn live(key: &EntryKey) -> Key {
    match key {
        EntryKey::Live(key) => key.clone(),
        EntryKey::Set(key) => panic!("a set: {key}"),
    }
}

fn look(watcher: &mut Watcher) -> (Option<SeenCommit>, Changes) {
    let mut changes = Vec::new();
    let seen = watcher.look(Duration::from_secs(5), |commit, change| {
        let now = change.new.as_ref().map(|_| commit.snapshot.entry(live(&change.key)));
        let value = now.transpose()?.flatten().map(|entry| entry.value().to_vec());
        changes.push((change, value));
        Ok::<(), Error>(())
    });
    (seen.unwrap(), changes)
}

fn flat(model: &Model) -> BTreeMap<(String, String), Vec<u8>> {
    let entries = model.iter().flat_map(|(cache_key, entries)| {
        entries.iter().map(|(sub_key, value)| ((cache_key.clone(), sub_key.clone()), value.clone()))
    });
    entries.collect()
}

/// A value that differs: its place, and what it was and is.
type Part = ((String, String), [Option<Vec<u8>>; 2]);

/// Looks once, and returns each change with the values that differ.
fn look_for_parts(watcher: &mut Watcher) -> (Option<SeenCommit>, Vec<(EntryChange, Vec<Part>)>) {
    let mut changes = Vec::new();
    let seen = watcher.look(Duration::from_secs(5), |commit, change| {
        let parts = parts(commit, &change)?;
        changes.push((change, parts));
        Ok::<(), Error>(())
    });
    (seen.unwrap(), changes)
}

fn parts(commit: &SeenCommit, change: &EntryChange) -> Result<Vec<Part>, Error> {
    match (&change.key, &change.rows) {
        (EntryKey::Live(key), _) => {
            let now = change.new.as_ref().map(|_| commit.snapshot.entry(key)).transpose()?.flatten();
            let was = change.old.as_ref().and_then(|old| old.value.clone());
            let place = (key.cache_key().to_owned(), key.sub_key().to_owned());
            Ok(vec![(place, [was, now.map(|entry| entry.value().to_vec())])])
        }
        (EntryKey::Set(key), rows) => {
            let place = |id: &str| (key.name().to_owned(), id.to_owned());
            let told = rows.as_ref().filter(|_| change.old.is_some());
            let told = told.into_iter().flat_map(|rows| &rows.values);
            let mut parts: Vec<Part> = told.map(|row| (place(&row.id), [row.old.clone(), row.new.clone()])).collect();
            if let (None, Some(set)) = (&change.old, commit.snapshot.set(key)?) {
                for row in commit.snapshot.rows(&set) {
                    let row = row?;
                    parts.push((place(row.id()), [None, Some(row.value().to_vec())]));
                }
            }
            Ok(parts)
        }
    }
}

/// Takes the changes to `state`; each must be what a walk of both sides finds, in order.
fn replay(state: &mut BTreeMap<(String, String), Vec<u8>>, changes: Vec<(EntryChange, Vec<Part>)>) {
    let mut last = None;
    for (change, parts) in changes {
        assert!(last.as_ref() < Some(&change.key), "in order, each once");
        let bytes: usize = parts.iter().filter_map(|(_, [_, now])| now.as_ref()).map(Vec::len).sum();
        for (place, [was, now]) in &parts {
            let before = match now {
                Some(now) => state.insert(place.clone(), now.clone()),
                None => state.remove(place),
            };
            assert!(before != *now, "{place:?} is reported, and is the same");
            assert_eq!(before, *was, "{place:?}");
        }
        let expected = match (&change.old, &change.new) {
            (None, Some(new)) => {
                assert_eq!(new.bytes, bytes as u64);
                Event::Added
            }
            (Some(_), None) => Event::Removed,
            _ if parts.is_empty() => Event::Touched,
            _ => Event::Replaced,
        };
        assert_eq!(change.event, expected, "{}", change.key);
        last = Some(change.key);
    }
}

of_each_layout!(the_changes_between_any_two_commits_are_those_that_a_walk_of_both_finds, watch_any_commits);

fn watch_any_commits(layout: Layout) {
    for seed in seeds(15) {
        let random = &mut Random::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let database = Builder::new().set_cache_size(1 << 20).create(folder.path().join("vlive.redb")).unwrap();
        let mut model = Model::new();
        let mut watcher = Watcher::new(folder.path(), vec![Selection::All], VALUES);
        let mut state = BTreeMap::new();
        for _ in 0..6 {
            fill(layout, &database, &mut model, random);
            let (seen, changes) = look_for_parts(&mut watcher);
            assert!(seen.is_none_or(|seen| seen.damage.is_empty()));
            replay(&mut state, changes);
            assert_eq!(state, flat(&model), "seed {seed}");
            assert!(look(&mut watcher).0.is_none(), "nothing is new");
        }
        assert_eq!(state, flat(&read(layout, folder.path())));
    }
}

of_each_layout!(only_the_selection_is_reported, watch_a_selection);

fn watch_a_selection(layout: Layout) {
    for seed in seeds(5) {
        let random = &mut Random::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let database = Builder::new().set_cache_size(1 << 20).create(folder.path().join("vlive.redb")).unwrap();
        let mut model = Model::new();
        let selections = vec![Selection::prefix("t1"), Selection::Begins(Key::new("t2/a")), Selection::exact("t3/b")];
        let mut watcher = Watcher::new(folder.path(), selections.clone(), VALUES);
        let mut state = BTreeMap::new();
        for _ in 0..5 {
            fill(layout, &database, &mut model, random);
            replay(&mut state, look_for_parts(&mut watcher).1);
            let mut expected = flat(&model);
            expected.retain(|(cache_key, sub_key), _| selections.iter().any(|one| one.takes(cache_key, sub_key)));
            assert_eq!(state, expected, "seed {seed}");
        }
    }
}

fn put(database: &Database, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    put_into(database, "__vlive__clients", entries);
}

fn put_into(database: &Database, table: &str, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let transaction = database.begin_write().unwrap();
    {
        let definition: TableDefinition<'_, &str, &[u8]> = TableDefinition::new(table);
        let mut table = transaction.open_table(definition).unwrap();
        for (key, value) in entries {
            table.insert(key.as_str(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// An envelope with one row, as vantage-live writes it.
fn envelope(fetched_at: u8, text: &str) -> Vec<u8> {
    let mut value = b"\xa2\x6afetched_at".to_vec();
    value.extend([24, 100 + fetched_at]);
    value.extend(b"\x64rows\xa1\x61a\xa1\x61x\x79");
    value.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    value.extend(text.as_bytes());
    value
}

fn many(folder: &Path, entries: usize) -> Database {
    let database = Database::create(folder.join("vlive.redb")).unwrap();
    put(&database, (0..entries).map(|n| (format!("page_{n}"), envelope(0, &"x".repeat(500)))));
    database
}

#[test]
fn a_small_commit_in_a_large_cache_reads_a_few_pages() {
    let folder = tempfile::tempdir().unwrap();
    let database = many(folder.path(), 20_000);
    let mut watcher = Watcher::new(folder.path(), vec![Selection::All], WatchOptions::default());
    let (first, entries) = look(&mut watcher);
    assert!(first.unwrap().pages_read > 2000 && entries.len() == 20_000);
    put(&database, [("page_777".to_owned(), envelope(0, "another"))]);
    let mut events = Vec::new();
    let seen = watcher.look(Duration::from_secs(5), |_, change| {
        events.push((change.event, change.key.to_string()));
        Ok::<(), Error>(())
    });
    assert_eq!(events, [(Event::Replaced, "clients/page_777".to_owned())]);
    // One for each level of the two trees.
    let seen = seen.unwrap().unwrap();
    assert!(seen.pages_read <= 5, "{} pages", seen.pages_read);
}

/// The pages that were read to see the newest commit, and the memory that it took at its most.
fn cost(watcher: &mut Watcher) -> (u64, u64) {
    let mut pages = 0;
    let memory = allocation_counter::measure(|| {
        let seen = watcher.look(Duration::from_secs(5), |_, _| Ok::<(), Error>(()));
        pages = seen.unwrap().unwrap().pages_read;
    });
    (pages, memory.bytes_max)
}

#[test]
fn a_tree_that_grows_or_shrinks_by_a_level_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let mut watcher = Watcher::new(folder.path(), vec![Selection::All], WatchOptions::default());
    let key = |n: usize| format!("page_{n:06}");
    let definition: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("__vlive__clients");
    // From one page to a tree of three levels, and back.
    for n in 0..150 {
        put(&database, (0..40).map(|m| (key(40 * n + m), envelope(0, &"x".repeat(1500)))));
        let (pages, _) = cost(&mut watcher);
        assert!(pages <= 40, "{pages} pages at {n}");
    }
    let depth = {
        let transaction = database.begin_read().unwrap();
        transaction.open_table(definition).unwrap().stats().unwrap().tree_height()
    };
    assert_eq!(depth, 3);
    for n in (0..150).rev() {
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.open_table(definition).unwrap();
            (0..40).for_each(|m| drop(table.remove(key(40 * n + m).as_str()).unwrap()));
        }
        transaction.commit().unwrap();
        let (pages, _) = cost(&mut watcher);
        assert!(pages <= 40, "{pages} pages at {n}");
    }
}

#[test]
fn the_memory_to_see_a_commit_depends_on_what_changed_and_not_on_the_cache() {
    let memory = |entries: usize| {
        let folder = tempfile::tempdir().unwrap();
        let database = many(folder.path(), entries);
        let mut watcher = Watcher::new(folder.path(), vec![Selection::All], WatchOptions::default());
        look(&mut watcher);
        put(&database, [("page_7".to_owned(), envelope(0, "another"))]);
        cost(&mut watcher).1
    };
    let (small, large) = (memory(1000), memory(20_000));
    // A level more takes some pages.
    assert!(large < small + 64 * 1024, "{small} and {large} bytes");
}

#[test]
fn the_same_rows_with_another_time_are_touched_and_other_rows_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let database = many(folder.path(), 3);
    let mut watcher = Watcher::new(folder.path(), vec![Selection::All], WatchOptions::default());
    look(&mut watcher);
    let x = "x".repeat(500);
    put(&database, [("page_0".to_owned(), envelope(9, &x)), ("page_1".to_owned(), envelope(9, "y"))]);
    let events: Vec<Event> = look(&mut watcher).1.iter().map(|(change, _)| change.event).collect();
    assert_eq!(events, [Event::Touched, Event::Replaced]);
}

#[test]
fn a_cache_may_appear_late_disappear_and_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    let mut watcher = Watcher::new(folder.path(), vec![Selection::All], VALUES);
    let missing = |watcher: &mut Watcher| {
        let looked = watcher.look(Duration::ZERO, |_, _| Ok::<(), Error>(()));
        assert!(matches!(looked, Err(Error::Missing { .. })), "{looked:?}");
    };
    missing(&mut watcher);
    drop(many(folder.path(), 3));
    assert_eq!(look(&mut watcher).1.len(), 3);
    fs::remove_file(&path).unwrap();
    missing(&mut watcher);
    let database = many(folder.path(), 5);
    let (seen, changes) = look(&mut watcher);
    assert_eq!(seen.unwrap().after, None);
    let events: Vec<(Event, Key)> = changes.into_iter().map(|(change, _)| (change.event, live(&change.key))).collect();
    let added = |key: &str| (Event::Added, Key::new(key));
    assert_eq!(events, [added("clients/page_3"), added("clients/page_4")]);
    drop(database);
}

of_each_layout!(a_damaged_page_hides_its_own_entries_and_no_others, damage_a_page);

/// Of diorama rows that are selected one by one, as entries are.
fn damage_a_page(layout: Layout) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    let (table, selections) = match layout {
        Layout::Live => ("__vlive__clients", vec![Selection::All]),
        Layout::Diorama => {
            ("clients", (0..100).map(|n| Selection::exact(format!("clients/page_{n}"))).collect::<Vec<_>>())
        }
    };
    let value = |text: &str| match layout {
        Layout::Live => envelope(0, text),
        Layout::Diorama => encode(&[("x".to_owned(), text.into())].into(), Status::Complete),
    };
    let mut watcher = Watcher::new(folder.path(), selections, VALUES);
    let mut look = || {
        let mut events = Vec::new();
        let seen = watcher.look(Duration::from_secs(5), |_, change| {
            events.push((change.event, change.key.to_string()));
            Ok::<(), Error>(())
        });
        (seen.unwrap().unwrap().damage.len(), events)
    };
    let database = Database::create(&path).unwrap();
    put_into(&database, table, (0..100).map(|n| (format!("page_{n}"), value(&"x".repeat(500)))));
    assert_eq!(look().1.len(), 100);
    // In one commit, so that the damaged page is one that was not read before.
    put_into(&database, table, [("page_50".to_owned(), value("MARKED")), ("page_99".to_owned(), value("new"))]);
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|bytes| bytes == b"MARKED").unwrap();
    bytes[at] = b'X';
    fs::write(&path, &bytes).unwrap();
    let (damage, events) = look();
    assert_eq!(damage, 1);
    let (lost, others): (Vec<_>, Vec<_>) = events.into_iter().partition(|(event, _)| *event == Event::Lost);
    assert!(lost.iter().any(|(_, key)| key == "clients/page_50") && lost.len() < 20, "{lost:?}");
    assert_eq!(others, [(Event::Replaced, "clients/page_99".to_owned())]);
    bytes[at] = b'M';
    fs::write(&path, &bytes).unwrap();
    put_into(&Database::open(&path).unwrap(), table, [("page_50".to_owned(), value("sound"))]);
    let (_, found) = look();
    assert!(found.contains(&(Event::Found, "clients/page_50".to_owned())), "{found:?}");
    assert_eq!(found.len(), lost.len());
}

#[test]
fn damaged_rows_of_a_set_are_distinguished_from_removed_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    let value = |text: &str| encode(&[("x".to_owned(), text.into())].into(), Status::Complete);
    let database = Database::create(&path).unwrap();
    put_into(&database, "clients", (0..100).map(|n| (format!("page_{n}"), value(&"x".repeat(500)))));
    let mut watcher = Watcher::new(folder.path(), vec![Selection::All], VALUES);
    watcher.look(Duration::from_secs(5), |_, _| Ok::<(), Error>(())).unwrap();
    put_into(&database, "clients", [("page_50".to_owned(), value("MARKED"))]);
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|bytes| bytes == b"MARKED").unwrap();
    bytes[at] = b'X';
    fs::write(&path, &bytes).unwrap();
    let mut told = Vec::new();
    watcher
        .look(Duration::from_secs(5), |_, change| {
            let rows = change.rows.unwrap();
            told.push((change.event, rows.removed, rows.ids.len()));
            assert_eq!(change.new.unwrap().rows(), Some(100 - rows.lost));
            assert!((1..20).contains(&rows.lost), "{}", rows.lost);
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(told, [(Event::Replaced, 0, 0)]);
}
