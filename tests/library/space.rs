//! What `stat` tells of a cache's space, and what `compact` gives back of it.

use crate::common::caches::{self, Contents};
use crate::common::layout::Layout;
use crate::common::random::Random;
use crate::common::stress;
use redb::{
    Database, MultimapTableDefinition, ReadableMultimapTable, ReadableTable, ReadableTableMetadata, TableDefinition,
    TableHandle, TypeName, Value,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use vlive::{Snapshot, ops};

const SAMPLES: [&str; 12] = [
    "bakery",
    "crashed",
    "envelopes",
    "foreign",
    "format-v3",
    "live-demo",
    "odd-keys",
    "values",
    "diorama/augmented.redb",
    "diorama/backend.redb",
    "diorama/cache.redb",
    "diorama/odd-rows.redb",
];

fn sample(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(&folder), caches::bytes(name)).unwrap();
    folder
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("vlive.redb")
}

fn len(folder: &tempfile::TempDir) -> u64 {
    fs::metadata(file(folder)).unwrap().len()
}

fn entries(folder: &Path) -> Contents {
    caches::read_both(folder).unwrap()
}

fn tables(folder: &Path) -> Vec<String> {
    let tables = Snapshot::open(folder).unwrap().tables().unwrap();
    tables.iter().map(|table| format!("{}: {}, {}", table.name(), table.kind(), table.entries())).collect()
}

fn stat(folder: &Path) -> ops::Stat {
    let stat = ops::stat(&Snapshot::open(folder).unwrap(), 0).unwrap();
    assert!(stat.unread.damage.is_empty());
    stat
}

fn space(folder: &Path) -> ops::Space {
    stat(folder).contents.unwrap().space
}

/// Compacts, and checks all that holds of any cache.
fn compact(folder: &tempfile::TempDir) -> ops::Compacted {
    let before = (entries(folder.path()), tables(folder.path()), stat(folder.path()).format);
    let (len_before, expected) = (len(folder), space(folder.path()).compacted.min(len(folder)));
    let compacted = ops::compact(folder.path()).unwrap();
    assert_eq!((compacted.before, compacted.after), (len_before, len(folder)));
    assert!(compacted.after.abs_diff(expected) * 10 <= expected, "{expected} were estimated: {compacted:?}");
    let after = (entries(folder.path()), tables(folder.path()), stat(folder.path()).format);
    assert!(after == before, "{:?} became {:?}", before.1, after.1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    compacted
}

#[test]
fn compacting_keeps_every_sample_and_an_app_can_go_on_with_it() {
    for name in SAMPLES {
        let folder = sample(name);
        let compacted = compact(&folder);
        assert!(compacted.after < compacted.before, "{name}: {compacted:?}");
        let mut database = Database::open(file(&folder)).unwrap();
        assert!(database.check_integrity().unwrap(), "{name}");
        for n in 0..3 {
            let transaction = database.begin_write().unwrap();
            let table = TableDefinition::<&str, &[u8]>::new("__vlive__new");
            transaction.open_table(table).unwrap().insert("a", vec![n; 1000].as_slice()).unwrap();
            transaction.commit().unwrap();
        }
        drop(database);
        assert_eq!(len(&folder), compacted.after, "{name}: a small write does not make the file longer");
    }
}

#[test]
fn compacting_a_second_time_frees_and_writes_nothing() {
    let folder = sample("bakery");
    compact(&folder);
    let before = (fs::read(file(&folder)).unwrap(), fs::metadata(file(&folder)).unwrap().modified().unwrap());
    assert_eq!(compact(&folder).given_back(), 0);
    assert!(before == (fs::read(file(&folder)).unwrap(), fs::metadata(file(&folder)).unwrap().modified().unwrap()));
}

/// A type of an app.
#[derive(Debug)]
struct Reversed;

impl Value for Reversed {
    type SelfType<'a> = u32;
    type AsBytes<'a> = [u8; 4];

    fn fixed_width() -> Option<usize> {
        Some(4)
    }

    fn from_bytes<'a>(data: &'a [u8]) -> u32
    where
        Self: 'a,
    {
        u32::from_be_bytes(data.try_into().unwrap())
    }

    fn as_bytes<'a, 'b: 'a>(value: &'a u32) -> [u8; 4]
    where
        Self: 'b,
    {
        value.to_be_bytes()
    }

    fn type_name() -> TypeName {
        TypeName::new("app::Reversed")
    }
}

impl redb::Key for Reversed {
    fn compare(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
        right.cmp(left)
    }
}

/// Bytes of a page.
const PAGE: u64 = 4096;

const NUMBERS: TableDefinition<u64, &str> = TableDefinition::new("numbers");
const REVERSED: TableDefinition<Reversed, Reversed> = TableDefinition::new("reversed");
const PAIRS: TableDefinition<(i32, &str), Option<u16>> = TableDefinition::new("pairs");
type Nested = (u8, (&'static str, i64), String);

const NESTED: TableDefinition<Nested, Vec<Option<[u8; 7]>>> = TableDefinition::new("nested");
const IDS: TableDefinition<&[u8; 16], ()> = TableDefinition::new("ids");
const FLAGS: TableDefinition<Option<bool>, (f64,)> = TableDefinition::new("flags");
const MANY: MultimapTableDefinition<i64, &str> = MultimapTableDefinition::new("many");
const FIXED: MultimapTableDefinition<&str, Reversed> = MultimapTableDefinition::new("fixed");

/// Everything that these tables hold, as redb reads it.
fn foreign(database: &Database) -> Vec<String> {
    let transaction = database.begin_read().unwrap();
    let mut all = Vec::new();
    macro_rules! all_of {
        ($($table:expr),*) => {$(
            for pair in transaction.open_table($table).unwrap().iter().unwrap() {
                let (key, value) = pair.unwrap();
                all.push(format!("{} {:?} {:?}", $table.name(), key.value(), value.value()));
            }
        )*};
    }
    all_of!(NUMBERS, REVERSED, PAIRS, NESTED, IDS, FLAGS);
    for pair in transaction.open_multimap_table(MANY).unwrap().iter().unwrap() {
        let (key, values) = pair.unwrap();
        all.extend(values.map(|value| format!("many {} {}", key.value(), value.unwrap().value())));
    }
    for pair in transaction.open_multimap_table(FIXED).unwrap().iter().unwrap() {
        let (key, values) = pair.unwrap();
        all.extend(values.map(|value| format!("fixed {} {}", key.value(), value.unwrap().value())));
    }
    all
}

#[test]
fn tables_of_any_type_are_copied_with_their_order() {
    for seed in 0..2 * stress::rounds() {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let database = Database::create(file(&folder)).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut numbers = transaction.open_table(NUMBERS).unwrap();
            let mut reversed = transaction.open_table(REVERSED).unwrap();
            let mut pairs = transaction.open_table(PAIRS).unwrap();
            let mut nested = transaction.open_table(NESTED).unwrap();
            let mut ids = transaction.open_table(IDS).unwrap();
            let mut flags = transaction.open_table(FLAGS).unwrap();
            let mut many = transaction.open_multimap_table(MANY).unwrap();
            let mut fixed = transaction.open_multimap_table(FIXED).unwrap();
            flags.insert(None, (f64::NAN,)).unwrap();
            flags.insert(Some(true), (0.5,)).unwrap();
            for _ in 0..400 {
                let n = random.next() >> random.below(64);
                let text = "x".repeat(random.below(200));
                numbers.insert(n, text.as_str()).unwrap();
                reversed.insert(u32::try_from(n >> 32).unwrap(), 7).unwrap();
                let signed = n.cast_signed();
                pairs.insert((i32::try_from(signed % 1000).unwrap() - 500, text.as_str()), Some(3)).unwrap();
                nested.insert((9, (text.as_str(), signed), text.clone()), vec![None, Some([1; 7])]).unwrap();
                let id: [u8; 16] = (u128::from(n) << 32).to_be_bytes();
                ids.insert(&id, ()).unwrap();
                many.insert(signed % 3 - 1, format!("{n} {text}").as_str()).unwrap();
                many.insert(signed, "alone").unwrap();
                fixed.insert(["a", "b"][random.below(2)], u32::try_from(n >> 40).unwrap()).unwrap();
            }
        }
        transaction.commit().unwrap();
        let before = foreign(&database);
        drop(database);
        compact(&folder);
        let mut database = Database::open(file(&folder)).unwrap();
        assert!(foreign(&database) == before, "{seed}");
        assert!(database.check_integrity().unwrap());
        // Whatever order the tables have, they are in it.
        let transaction = database.begin_write().unwrap();
        for n in [0, 1 << 20, u64::MAX] {
            transaction.open_table(NUMBERS).unwrap().insert(n, "new").unwrap();
            transaction.open_multimap_table(MANY).unwrap().insert(n.cast_signed(), "new").unwrap();
        }
        transaction.commit().unwrap();
        assert!(foreign(&database).len() >= before.len() + 3);
        assert!(database.check_integrity().unwrap());
    }
}

#[test]
fn a_table_of_a_type_without_a_name_is_refused_and_the_cache_is_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(file(&folder)).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(TableDefinition::<[u16; 77], ()>::new("odd")).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = fs::read(file(&folder)).unwrap();
    let error = ops::compact(folder.path()).unwrap_err();
    assert!(matches!(&error, vlive::Error::UnknownType { table, .. } if table == "odd"), "{error}");
    assert!(fs::read(file(&folder)).unwrap() == before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A cache that an app has used for a while.
fn used(layout: Layout, random: &mut Random, is_v3: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Diorama ignores what follows an empty row.
    let (prefix, begin) = match layout {
        Layout::Live => ("__vlive__", &b""[..]),
        Layout::Diorama => ("", &b"\x00\xa0"[..]),
    };
    let mut builder = redb::Builder::new();
    let database = builder.create_with_file_format_v3(is_v3).create(file(&folder)).unwrap();
    let largest = random.one_of(&[50, 500, 3000, 5000, 60_000]);
    for _ in 0..=random.below(6) {
        let transaction = database.begin_write().unwrap();
        for _ in 0..=random.below(3) {
            let name = format!("{prefix}{}", random.below(4));
            let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name)).unwrap();
            for _ in 0..random.below(300) {
                let key = format!("{}{}", random.below(1000), "k".repeat(random.below(30) * random.below(30)));
                if random.below(3) == 0 {
                    table.remove(key.as_str()).unwrap();
                } else {
                    let value = [begin, &vec![1; random.below(largest)]].concat();
                    table.insert(key.as_str(), value.as_slice()).unwrap();
                }
            }
        }
        transaction.commit().unwrap();
    }
    if random.below(2) == 0 {
        let transaction = database.begin_write().unwrap();
        let name = format!("{prefix}0");
        transaction.delete_table(TableDefinition::<&str, &[u8]>::new(&name)).unwrap();
        transaction.commit().unwrap();
    }
    folder
}

#[test]
fn compacting_a_used_cache_keeps_every_byte_and_takes_at_most_a_page_more_than_redbs_own() {
    for seed in 0..6 * stress::rounds() {
        let mut random = Random::new(seed);
        let folder = used(Layout::of_turn(seed), &mut random, matches!(seed % 8, 3 | 4));
        let by_redb = tempfile::tempdir().unwrap();
        fs::copy(file(&folder), file(&by_redb)).unwrap();
        let mut database = Database::open(file(&by_redb)).unwrap();
        database.compact().unwrap();
        drop(database);
        let compacted = compact(&folder);
        // redb moves pages one by one, and now and then its file is a page shorter.
        let most = len(&by_redb) + PAGE;
        assert!(compacted.after <= most, "{seed}: {compacted:?}, redb's own {}", len(&by_redb));
        let mut database = Database::open(file(&folder)).unwrap();
        assert!(database.check_integrity().unwrap(), "{seed}");
    }
}

#[test]
fn the_numbers_of_stat_are_those_of_redb() {
    for seed in 0..6 * stress::rounds() {
        let folder = used(Layout::of_turn(seed), &mut Random::new(1000 + seed), matches!(seed % 8, 3 | 4));
        let stat = stat(folder.path());
        let space = space(folder.path());
        let sum = space.values + space.keys + space.overhead + space.other_tables + space.redb + space.free;
        assert_eq!((sum, stat.file_len), (len(&folder), len(&folder)));
        let listed = ops::list(&Snapshot::open(folder.path()).unwrap()).unwrap();
        let by_list: BTreeMap<_, _> =
            listed.cache_keys.iter().map(|key| (key.cache_key.clone(), (key.entries, key.bytes))).collect();
        let database = Database::open(file(&folder)).unwrap();
        let transaction = database.begin_write().unwrap();
        for table in &stat.tables {
            let (tree, contents) = (table.tree.unwrap(), table.contents.unwrap());
            let by_redb = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&table.name)).unwrap();
            let redb = by_redb.stats().unwrap();
            assert_eq!(tree.leaves, redb.leaf_pages(), "{seed}");
            assert_eq!(tree.branches, redb.branch_pages(), "{seed}");
            assert_eq!(tree.depth, u64::from(redb.tree_height()), "{seed}");
            assert_eq!(contents.keys + contents.values, redb.stored_bytes(), "{seed}");
            let bytes = redb.stored_bytes() + redb.metadata_bytes() + redb.fragmented_bytes();
            assert_eq!(tree.bytes, bytes, "{seed}");
            assert_eq!(
                by_list[table.cache_key.as_ref().unwrap_or(&table.name)],
                (table.entries, contents.values),
                "{seed}"
            );
            let mut sizes: Vec<u64> =
                by_redb.iter().unwrap().map(|pair| pair.unwrap().1.value().len() as u64).collect();
            sizes.sort_unstable();
            let spread = sizes.first().map(|least| [*least, sizes[(sizes.len() - 1) / 2], sizes[sizes.len() - 1]]);
            assert_eq!(contents.sizes, spread, "{seed}");
        }
        assert_eq!(stat.tables.len(), by_list.len());
        // redb counts pages that wait to be freed, too, and the one with which it finds free regions.
        let allocated = transaction.stats().unwrap().allocated_pages() * 4096;
        assert!(len(&folder) - space.free <= allocated + (space.redb.min(600_000)), "{seed}");
    }
}

#[test]
fn a_damaged_cache_is_refused_and_left_alone() {
    for name in ["bakery", "diorama/cache.redb"] {
        let folder = sample(name);
        let mut bytes = fs::read(file(&folder)).unwrap();
        let value = entries(folder.path()).into_values().nth(3).unwrap();
        let found: Vec<usize> = (0..=bytes.len() - value.len()).filter(|at| bytes[*at..].starts_with(&value)).collect();
        for at in found {
            bytes[at + value.len() / 2] ^= 0x10;
        }
        fs::write(file(&folder), &bytes).unwrap();
        let error = ops::compact(folder.path()).unwrap_err();
        assert!(matches!(error, vlive::Error::Damaged { .. }), "{name}: {error}");
        assert!(fs::read(file(&folder)).unwrap() == bytes);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
#[cfg(unix)]
fn links_and_modes_are_kept_and_another_name_is_refused() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = sample("bakery");
    let linked = tempfile::tempdir().unwrap();
    symlink(file(&folder), file(&linked)).unwrap();
    fs::set_permissions(file(&folder), fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(file(&folder)).unwrap();
    let compacted = ops::compact(linked.path()).unwrap();
    let after = fs::metadata(file(&folder)).unwrap();
    assert!(fs::symlink_metadata(file(&linked)).unwrap().is_symlink());
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert!(after.ino() != before.ino() && after.len() == compacted.after && compacted.given_back() > 0);
    let folder = sample("values");
    fs::hard_link(file(&folder), folder.path().join("other")).unwrap();
    let error = ops::compact(folder.path()).unwrap_err();
    assert!(matches!(error, vlive::Error::HardLinked { names: 2, .. }), "{error}");
}

/// What was open all the while does not become a cache that nobody finds.
#[test]
#[cfg(unix)]
fn the_replaced_file_is_no_longer_a_cache() {
    let folder = sample("bakery");
    let old = fs::OpenOptions::new().read(true).write(true).open(file(&folder)).unwrap();
    ops::compact(folder.path()).unwrap();
    assert!(redb::Builder::new().create_file(old).is_err());
    assert!(!entries(folder.path()).is_empty());
}

#[test]
fn a_cache_that_is_in_use_is_refused() {
    for name in ["bakery", "diorama/cache.redb"] {
        let folder = sample(name);
        let _app = Database::open(file(&folder)).unwrap();
        assert!(matches!(ops::compact(folder.path()).unwrap_err(), vlive::Error::InUse { .. }), "{name}");
        assert!(stat(folder.path()).holders.is_none_or(|holders| !holders.is_empty()), "{name}");
    }
}

#[test]
fn ages_fall_into_ranges_without_their_upper_bound() {
    let mut ages = ops::AgeHistogram::new(1_000_000_000);
    for age in [0, 59, 60, 3599, 3600, 86_399, 86_400, 364 * 86_400, 365 * 86_400, 1_000_000_000] {
        ages.add(1_000_000_000 - age, 10);
    }
    ages.add(1_000_000_001, 5);
    assert_eq!((ages.future().entries, ages.future().bytes), (1, 5));
    let entries: Vec<u64> = ages.past().iter().map(|count| count.entries).collect();
    assert_eq!(entries, [2, 1, 1, 1, 1, 1, 0, 1, 2]);
}
