//! Databases of every shape, read by this crate and by redb.

use crate::common::folder;
use crate::common::layout::{Layout, of_each_layout};
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
use vlive::snapshot::{Set, SetKey};
use vlive::{Key, Selection, Snapshot};

/// Values by sub-key and cache key or, of diorama, by row id and name of the set.
pub type Model = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// The table of a cache key, or of a set.
pub fn table_name(layout: Layout, key: &str) -> String {
    match layout {
        Layout::Live => format!("__vlive__{key}"),
        Layout::Diorama => key.to_owned(),
    }
}

/// The table without which nothing would say that these random values are a set.
fn meta_name(layout: Layout, key: &str) -> Option<String> {
    (layout == Layout::Diorama).then(|| format!("{key}\u{1}meta"))
}

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
pub fn fill(layout: Layout, database: &Database, model: &mut Model, random: &mut Random) {
    let longest_key = random.one_of(&[3, 12, 300]);
    let busy = random.one_of(&[1, 5, 60, 400]);
    for _ in 0..=random.below(8) {
        let transaction = database.begin_write().unwrap();
        // Each table once: redb asserts that what `delete_table` frees was committed before.
        let first = random.below(busy.min(40));
        for n in 0..=random.below(3) {
            let cache_key = format!("t{}", first + n);
            let name = table_name(layout, &cache_key);
            let meta = meta_name(layout, &cache_key);
            if random.below(8) == 0 {
                transaction.delete_table(table(&name)).unwrap();
                if let Some(meta) = meta {
                    transaction.delete_table(table(&meta)).unwrap();
                }
                model.remove(&cache_key);
                continue;
            }
            if let Some(meta) = meta {
                let mut meta = transaction.open_table(table(&meta)).unwrap();
                meta.insert("total", random.next().to_le_bytes().as_slice()).unwrap();
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
            *model = committed(layout, database);
        } else {
            transaction.commit().unwrap();
        }
    }
}

fn committed(layout: Layout, database: &Database) -> Model {
    use redb::TableHandle;
    let transaction = database.begin_read().unwrap();
    let mut model = Model::new();
    for handle in transaction.list_tables().unwrap() {
        let Some(cache_key) = handle.name().strip_prefix(&table_name(layout, "")) else { continue };
        if cache_key.contains('\u{1}') {
            continue;
        }
        let opened = transaction.open_table(table(handle.name())).unwrap();
        let entries = opened.iter().unwrap().map(|entry| {
            let (key, value) = entry.unwrap();
            (key.value().to_owned(), value.value().to_vec())
        });
        model.insert(cache_key.to_owned(), entries.collect());
    }
    model
}

pub fn read(layout: Layout, folder: &Path) -> Model {
    let snapshot = Snapshot::open(folder).unwrap();
    if layout == Layout::Diorama {
        let sets = snapshot.sets().unwrap();
        return sets.iter().map(|set| (set.name().to_owned(), rows(&snapshot, set))).collect();
    }
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

fn rows(snapshot: &Snapshot, set: &Set) -> BTreeMap<String, Vec<u8>> {
    let rows = snapshot.rows(set).map(Result::unwrap);
    rows.map(|row| (row.id().to_owned(), row.value().to_vec())).collect()
}

of_each_layout!(any_database_open_or_closed_in_either_format_reads_as_redb_reads_it, read_any_database);

fn read_any_database(layout: Layout) {
    for seed in seeds(12) {
        let random = &mut Random::new(seed);
        let folder = folder::temporary();
        let path = folder.path().join("vlive.redb");
        let mut model = Model::new();
        let mut database = Builder::new().set_cache_size(1 << 20).create(&path).unwrap();
        if seed % 3 == 0 {
            database.upgrade().unwrap();
        }
        fill(layout, &database, &mut model, random);
        assert!(committed(layout, &database) == model, "seed {seed}: the model is wrong");
        assert!(read(layout, folder.path()) == model, "seed {seed}, open");
        if seed % 4 == 0 {
            database.compact().unwrap();
        }
        drop(database);
        assert!(read(layout, folder.path()) == model, "seed {seed}, closed");
    }
}

/// The value under a full key; of a set that of a row.
fn value_of(layout: Layout, snapshot: &Snapshot, (key, sub_key): (&str, &str)) -> Option<Vec<u8>> {
    match layout {
        Layout::Live => snapshot.entry(format!("{key}/{sub_key}")).unwrap().map(|entry| entry.value().to_vec()),
        Layout::Diorama => snapshot.row(&SetKey::of_table(key), sub_key).unwrap().map(|row| row.value().to_vec()),
    }
}

/// The sub-keys of the entries that are selected, or the ids of the rows.
fn selected(layout: Layout, snapshot: &Snapshot, selection: &Selection) -> Vec<String> {
    match layout {
        Layout::Live => {
            let entries = snapshot.entries(selection).unwrap();
            entries.map(|entry| entry.unwrap().sub_key().to_owned()).collect()
        }
        Layout::Diorama => {
            let rows = snapshot.selected_sets(selection).unwrap();
            rows.iter().map(|set| set.row().unwrap().to_owned()).collect()
        }
    }
}

of_each_layout!(lookups_and_prefixes_find_what_a_map_finds, look_up);

fn look_up(layout: Layout) {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let random = &mut Random::new(7);
    let mut model = Model::new();
    for _ in 0..6 {
        fill(layout, &database, &mut model, random);
    }
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let (mut found, mut missed) = (0, 0);
    for (cache_key, entries) in &model {
        let starts: BTreeSet<String> =
            entries.keys().flat_map(|key| [key.chars().take(1).collect(), key.clone(), format!("{key}\0")]).collect();
        for start in starts.iter().step_by(7) {
            let key = Key::new(&format!("{cache_key}/{start}"));
            let value = value_of(layout, &snapshot, (cache_key, start));
            if value.is_some() {
                found += 1;
            } else {
                missed += 1;
            }
            assert!(value.as_ref() == entries.get(start), "{key}");
            let exact: Vec<String> = value.iter().map(|_| start.clone()).collect();
            assert_eq!(selected(layout, &snapshot, &Selection::exact(&key)), exact, "{key}");
            let keys = selected(layout, &snapshot, &Selection::Begins(key.clone()));
            let expected: Vec<&String> = entries.keys().filter(|key| key.starts_with(start.as_str())).collect();
            assert!(keys.iter().eq(expected), "{key}");
        }
    }
    assert!(found > 20 && missed > 20, "{found} found, {missed} missed");
}

of_each_layout!(trees_of_four_levels_are_walked_and_searched, walk_four_levels);

/// A leaf holds few of such keys and a branch a few dozen.
fn walk_four_levels(layout: Layout) {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let key = |n: u32| format!("{n:06}{}", "x".repeat(300));
    // A row of a set that has one field.
    let value = |n: u32| [b"\x00\xa1\x61n\x1a", n.to_be_bytes().as_slice()].concat();
    {
        let mut table = transaction.open_table(table(&table_name(layout, "deep"))).unwrap();
        for n in 0..20_000 {
            table.insert(key(n).as_str(), value(n).as_slice()).unwrap();
        }
        assert!(table.stats().unwrap().tree_height() >= 4);
    }
    transaction.commit().unwrap();
    drop(database);
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let all = read(layout, folder.path()).remove("deep").unwrap();
    assert!(all.into_iter().eq((0..20_000).map(|n| (key(n), value(n)))));
    let before = snapshot.pages_read();
    assert_eq!(value_of(layout, &snapshot, ("deep", &key(12_345))), Some(value(12_345)));
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
