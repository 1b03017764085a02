//! What a change of sets replaces or removes is handed on before, and brings back what was there.

use crate::common::random::Random;
use crate::common::stress::seeds;
use redb::{Database, ReadableTable, TableDefinition, TableHandle};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use vlive::fixture::{FixtureOptions, Source};
use vlive::ops::{Renaming, Replace, Scope, Transfer};
use vlive::snapshot::Layout;
use vlive::{Cache, Error, Fixture, Selection, Snapshot};

const SETS: [&str; 4] = ["a", "a/b", "b", "b?c1:117:4:team1:=6:t3:redq-s-n1:0"];
const IDS: [&str; 4] = ["1", "2", "x/y", ""];

type Tables = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Random tables of rows and of what is remembered of them; some are without the other.
fn random_tables(random: &mut Random) -> Tables {
    let mut tables = Tables::new();
    for set in SETS {
        let kind = random.below(5);
        if kind > 0 {
            let ids = IDS.into_iter().filter(|_| random.below(3) > 0).collect::<Vec<_>>();
            let row = |random: &mut Random| {
                let number = random.next().to_le_bytes()[0] % 24;
                vec![number % 2, 0xa1, 0x61, b'n', number]
            };
            tables.insert(set.to_owned(), ids.into_iter().map(|id| (id.to_owned(), row(random))).collect());
        }
        if kind != 1 {
            let keys = ["copied_at", "refreshed_at", "total", "unknown"];
            let pairs = keys.into_iter().filter(|_| random.below(3) > 0).collect::<Vec<_>>().into_iter();
            let pairs: BTreeMap<_, _> =
                pairs.map(|key| (key.to_owned(), (random.next() >> 2).to_le_bytes().to_vec())).collect();
            tables.insert(format!("{set}\u{1}meta"), pairs);
        }
    }
    tables
}

fn definition(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

fn write(path: &Path, tables: &Tables) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    for (name, pairs) in tables {
        let mut table = transaction.open_table(definition(name)).unwrap();
        for (key, value) in pairs {
            table.insert(key.as_str(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

fn read(path: &Path) -> Tables {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_read().unwrap();
    let pairs = |name: &str| {
        let table = transaction.open_table(definition(name)).unwrap();
        table
            .iter()
            .unwrap()
            .map(|pair| pair.map(|(key, value)| (key.value().to_owned(), value.value().to_vec())).unwrap())
            .collect()
    };
    transaction.list_tables().unwrap().map(|table| (table.name().to_owned(), pairs(table.name()))).collect()
}

/// The name of a set, or that of a row of it.
fn name(random: &mut Random) -> String {
    let set = random.one_of(&SETS);
    if random.below(2) == 0 { set.to_owned() } else { format!("{set}/{}", random.one_of(&IDS)) }
}

/// A random change; one that is refused changes nothing.
fn change(cache: &Cache, random: &mut Random) -> Result<(), Error> {
    let selections: Vec<Selection> = (0..=random.below(3)).map(|_| Selection::exact(name(random))).collect();
    let whole = SETS.into_iter().filter(|_| random.below(2) == 0).map(Selection::exact).collect::<Vec<_>>();
    match random.below(6) {
        0 => cache.invalidate(&Scope::new(selections)).map(drop),
        1 => cache.invalidate(&Scope::new(selections).with_narrowed()).map(drop),
        2 => cache.touch(&Scope::new(whole), 5.into()).map(drop),
        3 | 4 => {
            let renaming = Renaming::Set { from: name(random), to: name(random) };
            let transfer = Transfer { renaming, moves: random.below(2) == 0, replace: true };
            cache.transfer(&transfer, None).map(drop)
        }
        _ => {
            let set = random.one_of(&SETS);
            let json = format!(r#"{{"{set}": {{"layout": "diorama", "total": 3, "rows": {{"2": {{}}}}}}}}"#);
            let replace = random.one_of(&[Replace::Entries, Replace::CacheKeys, Replace::All]);
            cache.seed(&Fixture::from_json(&json)?, replace).map(drop)
        }
    }
}

#[test]
fn random_changes_of_sets_are_undone_by_their_backups() {
    let (mut undone, mut refused) = (0, 0);
    for seed in seeds(60) {
        let random = &mut Random::new(seed);
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let path = folder.path().join("vlive.redb");
        let before = random_tables(random);
        write(&path, &before);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let cache = Cache::open(&path).unwrap();
        let kept = Arc::clone(&lines);
        cache.before_commit(move |lost| {
            for lost in lost {
                lost?.write(&mut *kept.lock().unwrap()).expect("memory takes it, and nothing is damaged");
            }
            Ok(())
        });
        let changed = change(&cache, random);
        cache.close().unwrap();
        let after = read(&path);
        if let Err(error) = changed {
            assert!(after == before, "{seed}: {error} changed something");
            refused += 1;
            continue;
        }
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        let source = Source::Json { name: "what was kept".to_owned(), input: Box::new(lines.as_slice()) };
        let options = FixtureOptions { layout: Some(Layout::Diorama), ..FixtureOptions::default() };
        let fixture = Fixture::read(vec![source], &options).unwrap();
        fixture.seed(&path, Replace::Entries).unwrap();
        let mut restored = read(&path);
        // What was added stays.
        restored.retain(|name, _| before.contains_key(name));
        for (name, rows) in &mut restored {
            rows.retain(|id, _| name.contains('\u{1}') || before[name].contains_key(id));
        }
        assert!(restored == before, "seed {seed}: {before:?}\nis {restored:?}\nby {}", String::from_utf8_lossy(&lines));
        assert!(Snapshot::open(&path).unwrap().sets().is_ok());
        undone += u64::from(after != before);
    }
    assert!(undone > 20 && refused > 3, "{undone} undone, {refused} refused");
}
