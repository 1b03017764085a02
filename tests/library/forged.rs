//! Hostile files whose checksums hold: an error or the truth, and no memory on their word.

use crate::common::caches::{self, Contents, read, read_both};
use crate::common::folder;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use vlive::ops::{FindingKind, FindingPlace};
use vlive::snapshot::{Event, WatchOptions, Watcher};
use vlive::{Cache, Error, Selection};

const BLOCK: usize = 4096;

/// A file made up page by page, with valid checksums.
#[derive(Clone)]
struct Forgery {
    file: Vec<u8>,
    /// How many blocks a region holds.
    region: usize,
}

impl Forgery {
    fn new() -> Forgery {
        Forgery { file: vec![0; BLOCK], region: 1 << 20 }
    }

    /// Adds a page and returns its number and checksum.
    fn page(&mut self, bytes: &[u8]) -> (u64, u128) {
        let order = bytes.len().div_ceil(BLOCK).next_power_of_two().trailing_zeros();
        let size = BLOCK << order;
        let start = (self.file.len() - BLOCK).next_multiple_of(size);
        self.file.resize(BLOCK + start, 0);
        self.file.extend_from_slice(bytes);
        self.file.resize(BLOCK + start + size, 0);
        let block = start / BLOCK;
        let (region, index) = ((block / self.region) as u64, ((block % self.region) >> order) as u64);
        (u64::from(order) << 59 | region << 20 | index, xxhash_rust::xxh3::xxh3_128(bytes))
    }

    fn leaf(&mut self, pairs: &[(&str, &[u8])]) -> (u64, u128) {
        let mut page = vec![1, 0];
        page.extend_from_slice(&u16::try_from(pairs.len()).unwrap().to_le_bytes());
        let mut end = 4 + 8 * pairs.len();
        for length in pairs.iter().map(|(key, _)| key.len()).chain(pairs.iter().map(|(_, value)| value.len())) {
            end += length;
            page.extend_from_slice(&u32::try_from(end).unwrap().to_le_bytes());
        }
        page.extend(pairs.iter().flat_map(|(key, _)| key.as_bytes()));
        page.extend(pairs.iter().flat_map(|(_, value)| value.iter()));
        self.page(&page)
    }

    fn branch(&mut self, children: &[(u64, u128)]) -> (u64, u128) {
        let keys = children.len() - 1;
        let mut page = vec![2, 0];
        page.extend_from_slice(&u16::try_from(keys).unwrap().to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        page.extend(children.iter().flat_map(|(_, checksum)| checksum.to_le_bytes()));
        page.extend(children.iter().flat_map(|(number, _)| number.to_le_bytes()));
        let start = page.len() + 4 * keys;
        (1..=keys).for_each(|n| page.extend_from_slice(&u32::try_from(start + n).unwrap().to_le_bytes()));
        page.resize(start + keys, b'k');
        self.page(&page)
    }

    /// The file whose one cache table, `t`, has this root and says that it holds so many entries.
    fn file(self, root: (u64, u128), length: u64) -> Vec<u8> {
        self.file_of(&[("__vlive__t", root, length)])
    }

    /// The file with these tables: name, root, and how many entries it says that it holds.
    fn file_of(mut self, tables: &[(&str, (u64, u128), u64)]) -> Vec<u8> {
        let tree = |(number, checksum): (u64, u128), length: u64| {
            [&number.to_le_bytes()[..], &checksum.to_le_bytes(), &length.to_le_bytes()].concat()
        };
        let definition = |root: (u64, u128), length: u64| {
            let mut definition = vec![3];
            definition.extend_from_slice(&length.to_le_bytes());
            definition.push(1);
            definition.extend(tree(root, length));
            definition.extend_from_slice(&[0; 10]);
            definition.extend_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
            definition.extend_from_slice(b"\x01&str\x01&[u8]");
            definition
        };
        let definitions: Vec<_> =
            tables.iter().map(|(name, root, length)| (*name, definition(*root, *length))).collect();
        let pairs: Vec<(&str, &[u8])> =
            definitions.iter().map(|(name, definition)| (*name, definition.as_slice())).collect();
        let count = tables.len() as u64;
        let tables = self.leaf(&pairs);
        let mut slot = vec![0; 112];
        slot[..4].copy_from_slice(&[2, 1, 0, 0]);
        slot[8..40].copy_from_slice(&tree(tables, count));
        slot.extend_from_slice(&xxhash_rust::xxh3::xxh3_128(&slot).to_le_bytes());
        let blocks = self.file.len() / BLOCK - 1;
        // Regions have no header of their own here.
        let header = [BLOCK, 0, self.region, blocks / self.region, blocks % self.region];
        let header = header.map(|number| u32::try_from(number).unwrap().to_le_bytes()).concat();
        let file = &mut self.file;
        file[..9].copy_from_slice(b"redb\x1a\x0a\xa9\x0d\x0a");
        file[12..12 + header.len()].copy_from_slice(&header);
        file[64..192].copy_from_slice(&slot);
        self.file
    }
}

/// Reads a forged table of either layout, which must give the same entries or rows, or the same fault.
fn read_table(forgery: &Forgery, root: (u64, u128), length: u64) -> vlive::Result<Contents> {
    let live = read_forgery(&forgery.clone().file(root, length));
    let mut forgery = forgery.clone();
    // What is remembered beside it makes it a table of rows, whatever they are.
    let meta = forgery.leaf(&[("total", &[1, 0, 0, 0, 0, 0, 0, 0])]);
    let mut diorama = read_forgery(&forgery.file_of(&[("t", root, length), ("t\u{1}meta", meta, 1)]));
    if let Ok(rows) = &mut diorama {
        assert!(rows.remove("t\u{1}meta\0total").is_some());
    }
    let fault = |error: &Error| error.to_string().rsplit(": ").next().map(str::to_owned);
    let entries_of = |contents: &Contents| -> Contents {
        contents.iter().map(|(key, value)| (key.replace('\0', "/"), value.clone())).collect()
    };
    match (&live, &diorama) {
        (Ok(entries), Ok(contents)) => assert!(*entries == entries_of(contents), "{contents:?}"),
        (Err(one), Err(other)) => assert_eq!(fault(one), fault(other)),
        other => panic!("{other:?}"),
    }
    live
}

/// Reads a forged file. What cannot be read is damage to a check as well, and is not salvaged.
fn read_forgery(file: &[u8]) -> vlive::Result<Contents> {
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    fs::write(&path, file).unwrap();
    let contents = read_both(&path);
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    assert_eq!(check.damage.count == 0, contents.is_ok(), "{:?}", check.damage);
    let new = folder::temporary();
    let salvaged = vlive::ops::salvage(&path, new.path(), Duration::ZERO).unwrap();
    assert_eq!(salvaged.damage.count == 0 && salvaged.lost == Some(0), contents.is_ok(), "{salvaged:?}");
    if let Ok(contents) = &contents {
        assert_eq!(read_both(new.path()).unwrap(), *contents);
    }
    if !contents.as_ref().is_ok_and(|contents| contents.keys().any(|key| key.contains('\0'))) {
        watch_forgery(file, contents.as_ref().ok());
    }
    contents
}

/// Watches a sound file become the forged one and sound again.
fn watch_forgery(file: &[u8], contents: Option<&Contents>) {
    let mut forgery = Forgery::new();
    let leaves = [forgery.leaf(&[("a", b"1")]), forgery.leaf(&[("k", b"2")]), forgery.leaf(&[("z", b"3")])];
    let branches = [forgery.branch(&leaves[..2]), leaves[2]];
    let root = forgery.branch(&branches);
    let sound = forgery.file(root, 3);
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let mut watcher = Watcher::new(&path, vec![Selection::All], WatchOptions::default());
    let mut keys = BTreeSet::new();
    for (n, bytes) in [&sound[..], file, &sound].into_iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        let looked = watcher.look(Duration::ZERO, |_, change| {
            match change.event {
                Event::Added | Event::Found => assert!(keys.insert(change.key.to_string())),
                Event::Removed | Event::Lost => assert!(keys.remove(&change.key.to_string())),
                Event::Replaced | Event::Touched => assert!(keys.contains(&change.key.to_string())),
            }
            Ok::<(), Error>(())
        });
        if n == 1 {
            let Some(contents) = contents else { continue };
            assert!(looked.unwrap().is_some_and(|seen| seen.damage.is_empty()));
            assert!(keys.iter().eq(contents.keys()), "{keys:?}");
        } else {
            looked.unwrap();
            assert!(keys.iter().eq(["t/a", "t/k", "t/z"]), "{keys:?}");
        }
    }
}

#[test]
fn a_valid_forged_file_is_read() {
    let mut forgery = Forgery::new();
    let leaves = [forgery.leaf(&[("a", b"1"), ("k", b"2")]), forgery.leaf(&[("z", &[3; 9000])])];
    let root = forgery.branch(&leaves);
    let contents = read_table(&forgery, root, 3).unwrap();
    assert_eq!(contents.keys().collect::<Vec<_>>(), ["t/a", "t/k", "t/z"]);
    assert_eq!(contents["t/z"], [3; 9000]);
}

/// A region of redb's has 4 GiB, so that its own files have one.
#[test]
fn pages_of_many_regions_are_found() {
    let mut forgery = Forgery { region: 4, ..Forgery::new() };
    let values: Vec<(String, Vec<u8>)> =
        (0..40).map(|n| (format!("{n:02}"), vec![n; 9000 - 200 * usize::from(n)])).collect();
    let leaves: Vec<_> = values.iter().map(|(key, value)| forgery.leaf(&[(key, value)])).collect();
    let root = forgery.branch(&leaves);
    let contents = read_table(&forgery, root, 40).unwrap();
    assert!(contents == values.into_iter().map(|(key, value)| (format!("t/{key}"), value)).collect());
    for (number, why) in [(4, "there is no such page"), (1 << 19 << 20, "it lies beyond the end of the file")] {
        let error = read_table(&forgery, (number, 0), 1).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}, not {why}");
    }
}

#[test]
fn a_page_reached_twice_ends_the_walk() {
    let mut forgery = Forgery::new();
    let mut root = forgery.leaf(&[("k", b"")]);
    for _ in 0..12 {
        // 100 to the power of 12 leaves, in a few blocks.
        root = forgery.branch(&[root; 100]);
    }
    let error = read_table(&forgery, root, u64::MAX).unwrap_err();
    assert!(error.to_string().ends_with("it is reached twice"), "{error}");
}

#[test]
fn a_tree_deeper_than_any_file_needs_is_refused() {
    let mut forgery = Forgery::new();
    let leaf = forgery.leaf(&[("k", b"")]);
    let mut root = leaf;
    for _ in 0..10_000 {
        root = forgery.branch(&[root, leaf]);
    }
    let error = read_table(&forgery, root, 10_001).unwrap_err();
    assert!(error.to_string().ends_with("the tree above it is too deep"), "{error}");
}

#[test]
fn impossible_lengths_and_counts_are_refused_before_memory_is_allocated() {
    let mut forgery = Forgery::new();
    let huge =
        |count: [u8; 2], end: u32| [&[1, 0][..], &count, &14u32.to_le_bytes(), &end.to_le_bytes(), b"kk"].concat();
    for (page, why) in [
        (huge([1, 0], u32::MAX), "its last offset lies outside of it"),
        (huge([0xff, 0xff], 14), "it holds more than fits"),
        (huge([0, 0], 14), "it is empty"),
        (huge([1, 0], 13)[..13].to_vec(), "its offsets are out of order"),
        (vec![3, 0, 1, 0], "it is neither a leaf nor a branch"),
    ] {
        let root = forgery.page(&page);
        let error = read_table(&forgery, root, 1).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}, not {why}");
    }
    for (number, why) in [
        (20 << 59, "it lies beyond the end of the file"),
        (21 << 59, "there is no such page"),
        (1 << 19, "it lies beyond the end of the file"),
        (0xf_ffff << 20, "it lies beyond the end of the file"),
    ] {
        let error = read_table(&forgery, (number, 0), 1).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}, not {why}");
    }
}

#[test]
fn a_table_with_fewer_entries_than_it_claims_is_damaged() {
    let mut forgery = Forgery::new();
    let root = forgery.leaf(&[("k", b"")]);
    let error = read_table(&forgery, root, 2).unwrap_err();
    assert!(matches!(&error, Error::Damaged { table: Some(table), .. } if table == "__vlive__t"), "{error}");
}

#[test]
fn pages_and_counts_of_several_tables_are_kept_apart() {
    let mut forgery = Forgery::new();
    let [one, two] = [forgery.leaf(&[("a", b"1")]), forgery.leaf(&[("b", b"2")])];
    let tables = [("__vlive__s", one, 1), ("__vlive__t", two, 1)];
    let contents = read_forgery(&forgery.clone().file_of(&tables)).unwrap();
    assert_eq!(contents.keys().collect::<Vec<_>>(), ["s/a", "t/b"]);
    // Counts that no addition has room for.
    let tables = [("__vlive__s", one, u64::MAX), ("__vlive__t", two, u64::MAX)];
    let error = read_forgery(&forgery.clone().file_of(&tables)).unwrap_err();
    assert!(matches!(&error, Error::Damaged { table: Some(table), .. } if table == "__vlive__s"), "{error}");
}

#[test]
fn a_check_finds_a_page_that_two_tables_share() {
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let mut forgery = Forgery::new();
    let leaf = forgery.leaf(&[("a", b"1")]);
    fs::write(&path, forgery.file_of(&[("__vlive__s", leaf, 1), ("__vlive__t", leaf, 1)])).unwrap();
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    let [found] = check.damage.places.as_slice() else { panic!("{:?}", check.damage) };
    assert_eq!(found.place, Some(FindingPlace::Table("__vlive__t".to_owned())));
    let FindingKind::Damage(twice) = &found.kind else { panic!("{found:?}") };
    assert!(twice.to_string().ends_with(": it is reached twice"), "{twice}");
}

/// The longest file that the file system takes here; it is all hole.
#[test]
fn a_file_of_any_length_allocates_no_memory_for_it() {
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let whole = caches::bytes("bakery");
    fs::write(&path, &whole).unwrap();
    let truth = read(&path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let Some(len) = (33..63).rev().map(|bits| 1 << bits).find(|len| file.set_len(*len).is_ok()) else { return };
    assert_eq!(read(&path).unwrap(), truth);
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    assert_eq!((check.damage.count, check.entries), (1, 21), "{len}");
    let new = folder::temporary();
    assert_eq!(vlive::ops::salvage(&path, new.path(), Duration::ZERO).unwrap().entries, 21, "{len}");
    assert!(matches!(Cache::open(&path), Err(Error::WrongLength { .. })), "{len}");
}
