//! Databases of every shape, read by this crate and by redb.

use crate::common::folder;
use crate::common::random::Random;
use crate::common::stress::seeds;
use redb::{Builder, Database, ReadableTable, ReadableTableMetadata, StorageBackend, TableDefinition};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use vlive::ops::Plan;
use vlive::{Key, Selection, Snapshot};

pub type Model = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

fn table(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

fn text(random: &mut Random, longest: usize) -> String {
    let length = random.below(longest + 1);
    (0..length).map(|_| random.one_of(&['a', 'b', '_', '1', '\0', 'é', '日'])).collect()
}

/// Mostly small, now and then as large as several pages, or empty.
fn value(random: &mut Random) -> Vec<u8> {
    let length = match random.below(20) {
        0 => 0,
        1 => random.below(70_000),
        2..6 => random.below(5000),
        _ => random.below(200),
    };
    let byte = random.next().to_le_bytes()[0];
    (0..length).map(|n| byte.wrapping_add(n.to_le_bytes()[0])).collect()
}

/// Random transactions on random tables, followed in `model`.
pub fn fill(database: &Database, model: &mut Model, random: &mut Random) {
    let longest_key = random.one_of(&[3, 12, 300]);
    let busy = random.one_of(&[1, 5, 60, 400]);
    for _ in 0..=random.below(8) {
        let transaction = database.begin_write().unwrap();
        // Each table once: redb asserts that what `delete_table` frees was committed before.
        let first = random.below(busy.min(40));
        for n in 0..=random.below(3) {
            let cache_key = format!("t{}", first + n);
            let name = format!("__vlive__{cache_key}");
            if random.below(8) == 0 {
                transaction.delete_table(table(&name)).unwrap();
                model.remove(&cache_key);
                continue;
            }
            let entries = model.entry(cache_key).or_default();
            let mut table = transaction.open_table(table(&name)).unwrap();
            for _ in 0..=random.below(busy) {
                if random.below(4) == 0
                    && let Some(key) = entries.keys().nth(random.below(entries.len().max(1))).cloned()
                {
                    table.remove(key.as_str()).unwrap();
                    entries.remove(&key);
                } else {
                    let (key, value) = (text(random, longest_key), value(random));
                    table.insert(key.as_str(), value.as_slice()).unwrap();
                    entries.insert(key, value);
                }
            }
        }
        if random.below(6) == 0 {
            transaction.abort().unwrap();
            // The model is that of what was committed.
            *model = committed(database);
        } else {
            transaction.commit().unwrap();
        }
    }
}

fn committed(database: &Database) -> Model {
    use redb::TableHandle;
    let transaction = database.begin_read().unwrap();
    let mut model = Model::new();
    for handle in transaction.list_tables().unwrap() {
        let Some(cache_key) = handle.name().strip_prefix("__vlive__") else { continue };
        let opened = transaction.open_table(table(handle.name())).unwrap();
        let entries = opened.iter().unwrap().map(|entry| {
            let (key, value) = entry.unwrap();
            (key.value().to_owned(), value.value().to_vec())
        });
        model.insert(cache_key.to_owned(), entries.collect());
    }
    model
}

pub fn read(folder: &Path) -> Model {
    let snapshot = Snapshot::open(folder).unwrap();
    let mut model: Model = snapshot
        .tables()
        .unwrap()
        .iter()
        .filter_map(|table| Some((table.cache_key()?.to_owned(), BTreeMap::new())))
        .collect();
    for entry in snapshot.entries(&Selection::All).unwrap() {
        let entry = entry.unwrap();
        let entries = model.get_mut(entry.cache_key()).unwrap();
        assert!(entries.insert(entry.sub_key().to_owned(), entry.value().to_vec()).is_none());
    }
    model
}

#[test]
fn any_database_open_or_closed_in_either_format_reads_as_redb_reads_it() {
    for seed in seeds(12) {
        let random = &mut Random::new(seed);
        let folder = folder::temporary();
        let path = folder.path().join("vlive.redb");
        let mut model = Model::new();
        let mut database = Builder::new().set_cache_size(1 << 20).create(&path).unwrap();
        if seed % 3 == 0 {
            database.upgrade().unwrap();
        }
        fill(&database, &mut model, random);
        assert!(committed(&database) == model, "seed {seed}: the model is wrong");
        assert!(read(folder.path()) == model, "seed {seed}, open");
        if seed % 4 == 0 {
            database.compact().unwrap();
        }
        drop(database);
        assert!(read(folder.path()) == model, "seed {seed}, closed");
    }
}

#[test]
fn lookups_and_prefixes_find_what_a_map_finds() {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let random = &mut Random::new(7);
    let mut model = Model::new();
    for _ in 0..6 {
        fill(&database, &mut model, random);
    }
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let (mut found, mut missed) = (0, 0);
    for (cache_key, entries) in &model {
        let starts: BTreeSet<String> =
            entries.keys().flat_map(|key| [key.chars().take(1).collect(), key.clone(), format!("{key}\0")]).collect();
        for start in starts.iter().step_by(7) {
            let key = Key::new(&format!("{cache_key}/{start}"));
            let value = snapshot.entry(&key).unwrap().map(|entry| entry.value().to_vec());
            if value.is_some() {
                found += 1;
            } else {
                missed += 1;
            }
            assert!(value.as_ref() == entries.get(start), "{key}");
            let prefix = Selection::prefix(&key.to_string());
            let keys: Vec<String> =
                snapshot.entries(&prefix).unwrap().map(|entry| entry.unwrap().sub_key().to_owned()).collect();
            let expected: Vec<&String> = entries.keys().filter(|key| key.starts_with(start.as_str())).collect();
            assert!(keys.iter().eq(expected), "{key}");
        }
    }
    assert!(found > 20 && missed > 20, "{found} found, {missed} missed");
}

/// Three levels: a leaf holds few of such keys and a branch a few dozen.
#[test]
fn trees_of_four_levels_are_walked_and_searched() {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let key = |n: u32| format!("{n:06}{}", "x".repeat(300));
    {
        let mut table = transaction.open_table(table("__vlive__deep")).unwrap();
        for n in 0..20_000 {
            table.insert(key(n).as_str(), n.to_le_bytes().as_slice()).unwrap();
        }
        assert!(table.stats().unwrap().tree_height() >= 4);
    }
    transaction.commit().unwrap();
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let mut expected = 0u32;
    for entry in snapshot.entries(&Selection::All).unwrap() {
        let entry = entry.unwrap();
        assert_eq!((entry.sub_key(), entry.value()), (key(expected).as_str(), expected.to_le_bytes().as_slice()));
        expected += 1;
    }
    assert_eq!(expected, 20_000);
    let before = snapshot.pages_read();
    assert!(snapshot.entry(Key::new(&format!("deep/{}", key(12_345)))).unwrap().is_some());
    let path = snapshot.pages_read() - before;
    assert!((4..=6).contains(&path), "{path} pages for one entry");
}

#[test]
fn tables_of_other_types_are_listed_with_their_types_and_deleted_whole() {
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let numbers = TableDefinition::<u64, (u32, bool)>::new("__vlive__numbers");
    {
        let mut numbers = transaction.open_table(numbers).unwrap();
        for n in 0..5000 {
            numbers.insert(n, (7, true)).unwrap();
        }
        let mut units = transaction.open_table(TableDefinition::<[u8; 3], ()>::new("__vlive__units")).unwrap();
        for n in 0..5000u32 {
            let [a, b, c, _] = n.to_le_bytes();
            units.insert([a, b, c], ()).unwrap();
        }
        assert_eq!(units.len().unwrap(), 5000);
    }
    transaction.commit().unwrap();
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let tables = snapshot.tables().unwrap();
    let told: Vec<_> = tables.iter().map(|table| (table.name(), table.types(), table.entries())).collect();
    assert_eq!(told, [("__vlive__numbers", ("u64", "(u32,bool)"), 5000), ("__vlive__units", ("[u8;3]", "()"), 5000)]);
    let plan = Plan::new(&snapshot, &vec![Selection::prefix("numbers"), Selection::prefix("units")].into()).unwrap();
    assert_eq!((plan.removed().entries, plan.removed().bytes), (10_000, 5 * 5000));
    assert_eq!(plan.removed().keys, ["numbers", "units"]);
    // `--all` is for cache tables alone.
    let all = Plan::new(&snapshot, &Selection::All.into()).unwrap();
    assert_eq!(all.removed().entries, 0);
}

/// A file of zeros that takes no room: a block is written only if it is not zero or once was not.
#[derive(Debug)]
struct SparseFile {
    file: File,
    written: Mutex<BTreeSet<u64>>,
}

impl StorageBackend for SparseFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut written = self.written.lock().unwrap();
        for (n, block) in data.chunks(4096).enumerate() {
            let at = offset + 4096 * n as u64;
            if *block != ZEROS[..block.len()] || written.contains(&at) {
                written.insert(at);
                self.file.write_all_at(block, at)?;
            }
        }
        Ok(())
    }
}

#[test]
#[ignore = "writes 4 GiB"]
fn a_file_of_several_regions_with_values_of_120_megabytes_is_read() {
    const REGION: u64 = 4 << 30;
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    let backend = SparseFile { file, written: Mutex::default() };
    let database = Builder::new().set_cache_size(1 << 20).create_with_backend(backend).unwrap();
    let mut large = vec![0; 120 << 20];
    for n in 0..36u8 {
        large[0] = n;
        let transaction = database.begin_write().unwrap();
        transaction.open_table(table("__vlive__large")).unwrap().insert(n.to_string().as_str(), &*large).unwrap();
        transaction.commit().unwrap();
    }
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    assert!(snapshot.file_len() > REGION, "{} bytes", snapshot.file_len());
    let mut entries = 0;
    for entry in snapshot.entries(&Selection::All).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.value()[0].to_string(), entry.sub_key());
        assert_eq!(entry.value().len(), large.len());
        entries += 1;
    }
    assert_eq!(entries, 36);
    assert_eq!(snapshot.entry(Key::new("large/35")).unwrap().unwrap().value()[0], 35);
}
