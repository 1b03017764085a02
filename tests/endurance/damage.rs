//! Damaged and hostile files: an error or the truth, never anything else. Four files in 800 variants
//! each are looked at, checked and written to, and every tenth of them is salvaged.

use crate::common::random::Random;
use crate::common::stress::rounds;
use indexmap::IndexMap;
use std::array;
use std::collections::BTreeMap;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::thread;
use std::time::Duration;
use vlive::fixture::{FixtureOptions, Source};
use vlive::ops::Replace;
use vlive::{Cache, CachedRows, Error, Fixture, Selection, Snapshot};

const BLOCK: usize = 4096;

type Contents = BTreeMap<String, Vec<u8>>;

fn read(path: &Path) -> vlive::Result<Contents> {
    let snapshot = Snapshot::open(path)?;
    let entries = snapshot.entries(&Selection::All)?;
    entries.map(|entry| entry.map(|entry| (entry.key().to_string(), entry.value().to_vec()))).collect()
}

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(name).join("vlive.redb");
    fs::read(path).unwrap()
}

/// One way to damage a file. `used` are the blocks that are not all zeros.
fn damage(file: &mut Vec<u8>, used: &[usize], random: &mut Random) -> String {
    let block = random.one_of(used);
    let other = random.one_of(used);
    let (at, from) = (block * BLOCK, other * BLOCK);
    match random.below(9) {
        0 | 1 => {
            let byte = at + random.below(BLOCK);
            file[byte] ^= 1 << random.below(8);
            format!("bit of byte {byte} flipped")
        }
        2 => {
            let byte = at + random.below(64);
            file[byte] = random.next().to_le_bytes()[0];
            format!("byte {byte} set, where a page begins")
        }
        3 => {
            file[at..at + BLOCK].fill(0);
            format!("block {block} zeroed")
        }
        4 => {
            let copy = file[from..from + BLOCK].to_vec();
            file[at..at + BLOCK].copy_from_slice(&copy);
            format!("block {other} copied onto {block}")
        }
        5 => {
            let (one, two) = (file[at..at + BLOCK].to_vec(), file[from..from + BLOCK].to_vec());
            file[at..at + BLOCK].copy_from_slice(&two);
            file[from..from + BLOCK].copy_from_slice(&one);
            format!("blocks {block} and {other} swapped")
        }
        6 => {
            let byte = random.below(320);
            file[byte] = random.next().to_le_bytes()[0];
            format!("byte {byte} of the header set")
        }
        7 => {
            let length = match random.below(3) {
                0 => random.below(BLOCK),
                1 => random.below(file.len() / BLOCK) * BLOCK,
                _ => random.below(file.len()),
            };
            file.truncate(length);
            format!("cut to {length} bytes")
        }
        _ => {
            let more = random.one_of(&[1, 100, BLOCK, 3 * BLOCK, 1 << 20]);
            file.resize(file.len() + more, random.next().to_le_bytes()[0]);
            format!("{more} bytes more")
        }
    }
}

/// What a commit that redb may fall back to holds, by the file whose other commit slot is spoilt.
fn older_commit(file: &[u8], folder: &Path) -> Option<Contents> {
    let recovery_required = file[9] & 2 != 0;
    if !recovery_required {
        return None;
    }
    let mut file = file.to_vec();
    let primary = if file[9] & 1 == 0 { 64 } else { 192 };
    file[primary + 100] ^= 0xff;
    let path = folder.join("older.redb");
    fs::write(&path, file).unwrap();
    read(&path).ok()
}

/// redb is allowed to panic where the library catches it; its messages are of no use here.
fn silence_redb() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|location| location.file().contains("/redb-")) {
                default(panic);
            }
        }));
    });
}

mod a_damaged_file_reads_as_before_or_not_at_all_and_is_not_made_worse_by_a_write {
    use super::damage_over_and_over;

    #[test]
    fn of_an_app() {
        damage_over_and_over("bakery");
    }

    #[test]
    fn with_large_values() {
        damage_over_and_over("values");
    }

    #[test]
    fn left_by_a_crash() {
        damage_over_and_over("crashed");
    }

    #[test]
    fn of_format_v3() {
        damage_over_and_over("format-v3");
    }
}

/// In several threads: much of the time goes into waiting whether a file that was not closed moves.
fn damage_over_and_over(name: &str) {
    silence_redb();
    let mix = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || damage_in_one_thread(name, n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).reduce(|a, b| array::from_fn(|n| a[n] + b[n]))
    });
    let [unreadable, refused, written, saved] = mix.unwrap();
    let mix =
        format!("{unreadable} could not be read, {refused} writes refused, {written} writes done, {saved} salvaged");
    assert!(unreadable > 100 && refused > 200 && written > 100 && saved > 40, "{mix} is no fair mix");
}

const THREADS: usize = 4;

const NEW: &str = "clients/new";

/// Puts an entry, or loads it in place of something.
fn write(cache: &Cache, replace: Option<Replace>) -> vlive::Result<()> {
    let Some(replace) = replace else {
        return cache.put(NEW, &CachedRows { rows: IndexMap::default(), fetched_at: std::time::UNIX_EPOCH });
    };
    let json = format!(r#"{{"{NEW}": {{}}}}"#);
    let source = Source::Json { name: "a test".to_owned(), input: Box::new(json.as_bytes()) };
    let fixture = Fixture::read(vec![source], &FixtureOptions::default()).unwrap();
    cache.load(&fixture, replace).map(drop)
}

/// What that leaves of the entries that were there.
fn left(contents: &Contents, replace: Option<Replace>) -> Contents {
    let mut left = contents.clone();
    left.retain(|key, _| match replace {
        None | Some(Replace::Entries) => true,
        Some(Replace::CacheKeys) => !key.starts_with("clients/"),
        Some(Replace::All) => false,
    });
    left
}

/// The seeds that fall to thread `n`; returns how many variants could not be read, how many writes
/// were refused and how many done, and how many variants were salvaged.
fn damage_in_one_thread(name: &str, n: usize) -> [u32; 4] {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("vlive.redb");
    let (mut unreadable, mut refused, mut written, mut saved) = (0, 0, 0, 0);
    let whole = sample(name);
    let used: Vec<usize> =
        (0..whole.len() / BLOCK).filter(|n| whole[n * BLOCK..][..BLOCK].iter().any(|byte| *byte != 0)).collect();
    fs::write(&path, &whole).unwrap();
    let truth = read(&path).unwrap();
    let older = older_commit(&whole, folder.path());
    let is_true = |contents: &Contents| *contents == truth || Some(contents) == older.as_ref();
    let is_known = |(key, value): (&String, &Vec<u8>)| {
        [Some(&truth), older.as_ref()].iter().flatten().any(|contents| contents.get(key) == Some(value))
    };
    for seed in (0..800 * rounds()).skip(n).step_by(THREADS) {
        let random = &mut Random::new(seed);
        let mut file = whole.clone();
        let mut what = damage(&mut file, &used, random);
        if random.below(4) == 0 && file.len() == whole.len() {
            what = format!("{what}, {}", damage(&mut file, &used, random));
        }
        fs::write(&path, &file).unwrap();
        let readable = match read(&path) {
            Ok(contents) => {
                assert!(is_true(&contents), "{name} {seed}: {what}: wrong data");
                true
            }
            Err(error) => {
                assert_ne!(error.to_string(), "");
                unreadable += 1;
                false
            }
        };
        // A check fails on what cannot be opened at all, and finds what cannot be read.
        let sound = vlive::ops::check(&path, u64::MAX, Duration::ZERO).is_ok_and(|check| check.damage.count == 0);
        assert!(readable || !sound, "{name} {seed}: {what}: not found by a check");
        if seed % 10 == 0 {
            let new = tempfile::tempdir().unwrap();
            // What is saved was there, in the newest commit or in the one before.
            if let Ok(salvaged) = vlive::ops::salvage(&path, new.path(), Duration::ZERO) {
                saved += 1;
                let contents = read(new.path()).unwrap();
                assert_eq!(salvaged.entries, contents.len() as u64, "{name} {seed}: {what}");
                assert!(contents.iter().all(is_known), "{name} {seed}: {what}: saved wrong data");
                let whole = salvaged.damage.count == 0 && salvaged.lost == Some(0);
                assert!(!whole || is_true(&contents), "{name} {seed}: {what}: a loss that is not told");
                // Where there are two commits, the whole older one can be read of a damaged newest.
                assert!(!readable || whole || older.is_some(), "{name} {seed}: {what}: a loss of what can be read");
            }
        }
        assert!(fs::read(&path).unwrap() == file, "{name} {seed}: {what}: changed by looking");
        // A write refuses and leaves the file alone, or gives what it should.
        let replace = random.one_of(&[None, Some(Replace::Entries), Some(Replace::CacheKeys), Some(Replace::All)]);
        match Cache::open(&path).and_then(|cache| write(&cache, replace)) {
            Ok(()) => {
                written += 1;
                if readable || replace == Some(Replace::All) {
                    let mut contents = read(&path)
                        .unwrap_or_else(|error| panic!("{name} {seed}: {what}: cannot be read after a write: {error}"));
                    assert!(contents.remove(NEW).is_some(), "{name} {seed}: {what}: not written");
                    let mut commits = [Some(&truth), older.as_ref()].into_iter().flatten();
                    let is_left = commits.any(|commit| contents == left(commit, replace));
                    assert!(is_left, "{name} {seed}: {what}: wrong data after a write, {replace:?}");
                }
            }
            Err(
                Error::Damaged { .. }
                | Error::NotACache { .. }
                | Error::UnknownFormat { .. }
                | Error::WrongLength { .. },
            ) => {
                refused += 1;
                assert!(fs::read(&path).unwrap() == file, "{name} {seed}: {what}: changed by a write that was refused");
            }
            Err(_) => refused += 1,
        }
    }
    [unreadable, refused, written, saved]
}

/// Files made up page by page, with checksums that hold.
struct Forgery(Vec<u8>);

impl Forgery {
    fn new() -> Forgery {
        Forgery(vec![0; BLOCK])
    }

    /// Adds a page and returns its number and checksum.
    fn page(&mut self, bytes: &[u8]) -> (u64, u128) {
        let order = bytes.len().div_ceil(BLOCK).next_power_of_two().trailing_zeros();
        let size = BLOCK << order;
        self.0.resize(BLOCK + (self.0.len() - BLOCK).next_multiple_of(size), 0);
        let index = (self.0.len() - BLOCK) / size;
        self.0.extend_from_slice(bytes);
        self.0.resize(BLOCK + (index + 1) * size, 0);
        (u64::from(order) << 59 | index as u64, xxhash_rust::xxh3::xxh3_128(bytes))
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
        let pages = u32::try_from(self.0.len() / BLOCK - 1).unwrap();
        let header = [u32::try_from(BLOCK).unwrap(), 0, 1 << 20, 0, pages].map(u32::to_le_bytes).concat();
        let file = &mut self.0;
        file[..9].copy_from_slice(b"redb\x1a\x0a\xa9\x0d\x0a");
        file[12..12 + header.len()].copy_from_slice(&header);
        file[64..192].copy_from_slice(&slot);
        file[192..320].copy_from_slice(&slot);
        self.0
    }
}

/// Reads a forged file. What cannot be read is damage to a check as well, and is not salvaged.
fn read_forgery(file: &[u8]) -> vlive::Result<Contents> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    fs::write(&path, file).unwrap();
    let contents = read(&path);
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    assert_eq!(check.damage.count == 0, contents.is_ok(), "{:?}", check.damage);
    let new = tempfile::tempdir().unwrap();
    let salvaged = vlive::ops::salvage(&path, new.path(), Duration::ZERO).unwrap();
    assert_eq!(salvaged.damage.count == 0 && salvaged.lost == Some(0), contents.is_ok(), "{salvaged:?}");
    if let Ok(contents) = &contents {
        assert_eq!(read(new.path()).unwrap(), *contents);
    }
    contents
}

#[test]
fn a_forged_file_that_is_sound_is_read() {
    let mut forgery = Forgery::new();
    let leaves = [forgery.leaf(&[("a", b"1"), ("k", b"2")]), forgery.leaf(&[("z", &[3; 9000])])];
    let root = forgery.branch(&leaves);
    let contents = read_forgery(&forgery.file(root, 3)).unwrap();
    assert_eq!(contents.keys().collect::<Vec<_>>(), ["t/a", "t/k", "t/z"]);
    assert_eq!(contents["t/z"], [3; 9000]);
}

#[test]
fn pages_that_are_reached_again_and_again_end_the_walk() {
    let mut forgery = Forgery::new();
    let mut root = forgery.leaf(&[("k", b"")]);
    for _ in 0..12 {
        // 100 to the power of 12 leaves, in a few blocks.
        root = forgery.branch(&[root; 100]);
    }
    let error = read_forgery(&forgery.file(root, u64::MAX)).unwrap_err();
    assert!(error.to_string().ends_with("it is reached twice"), "{error}");
}

#[test]
fn a_tree_that_is_deeper_than_any_file_needs_is_refused() {
    let mut forgery = Forgery::new();
    let leaf = forgery.leaf(&[("k", b"")]);
    let mut root = leaf;
    for _ in 0..100_000 {
        root = forgery.branch(&[root, leaf]);
    }
    let error = read_forgery(&forgery.file(root, 100_001)).unwrap_err();
    assert!(error.to_string().ends_with("the tree above it is too deep"), "{error}");
}

#[test]
fn lengths_and_counts_that_do_not_fit_are_refused_before_memory_is_asked_for() {
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
        let error = read_forgery(&Forgery(forgery.0.clone()).file(root, 1)).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}, not {why}");
    }
    for (number, why) in [
        (20 << 59, "it lies beyond the end of the file"),
        (21 << 59, "there is no such page"),
        (1 << 19, "it lies beyond the end of the file"),
        (0xf_ffff << 20, "it lies beyond the end of the file"),
    ] {
        let error = read_forgery(&Forgery(forgery.0.clone()).file((number, 0), 1)).unwrap_err();
        assert!(error.to_string().ends_with(why), "{error}, not {why}");
    }
}

#[test]
fn a_table_that_holds_fewer_entries_than_it_says_is_damaged() {
    let mut forgery = Forgery::new();
    let root = forgery.leaf(&[("k", b"")]);
    let error = read_forgery(&forgery.file(root, 2)).unwrap_err();
    assert!(matches!(&error, Error::Damaged { table: Some(table), .. } if table == "__vlive__t"), "{error}");
}

#[test]
fn pages_and_counts_of_several_tables_are_told_apart() {
    let mut forgery = Forgery::new();
    let [one, two] = [forgery.leaf(&[("a", b"1")]), forgery.leaf(&[("b", b"2")])];
    let tables = [("__vlive__s", one, 1), ("__vlive__t", two, 1)];
    let contents = read_forgery(&Forgery(forgery.0.clone()).file_of(&tables)).unwrap();
    assert_eq!(contents.keys().collect::<Vec<_>>(), ["s/a", "t/b"]);
    // Counts that no addition has room for.
    let tables = [("__vlive__s", one, u64::MAX), ("__vlive__t", two, u64::MAX)];
    let error = read_forgery(&Forgery(forgery.0.clone()).file_of(&tables)).unwrap_err();
    assert!(matches!(&error, Error::Damaged { table: Some(table), .. } if table == "__vlive__s"), "{error}");
}

#[test]
fn a_page_that_two_tables_share_is_found_by_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    let mut forgery = Forgery::new();
    let leaf = forgery.leaf(&[("a", b"1")]);
    fs::write(&path, forgery.file_of(&[("__vlive__s", leaf, 1), ("__vlive__t", leaf, 1)])).unwrap();
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    let places: Vec<_> = check.damage.places.iter().map(|found| (found.place.as_deref(), &*found.what)).collect();
    let [(Some("__vlive__t"), twice), (Some("__vlive__t"), count)] = places.as_slice() else { panic!("{places:?}") };
    assert!(twice.ends_with(": it is reached twice"), "{twice}");
    assert_eq!(*count, "0 entries can be read, and it says that it holds 1");
}

/// The longest file that the file system takes here; it is all hole.
#[test]
fn a_file_that_claims_any_length_asks_for_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    let whole = sample("bakery");
    fs::write(&path, &whole).unwrap();
    let truth = read(&path).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let Some(len) = (33..63).rev().map(|bits| 1 << bits).find(|len| file.set_len(*len).is_ok()) else { return };
    assert_eq!(read(&path).unwrap(), truth);
    let check = vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap();
    assert_eq!((check.damage.count, check.entries), (1, 21), "{len}");
    let new = tempfile::tempdir().unwrap();
    assert_eq!(vlive::ops::salvage(&path, new.path(), Duration::ZERO).unwrap().entries, 21, "{len}");
    assert!(matches!(Cache::open(&path), Err(Error::WrongLength { .. })), "{len}");
}

/// Of a file that was closed, the commit slot that byte 9 names is the newer one. To redb the other
/// one is as good, but what it knows of free pages is of the newer.
#[test]
fn a_flipped_bit_that_names_the_older_commit_is_found_and_stops_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    for name in ["bakery", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"] {
        let mut file = sample(name);
        file[9] ^= 1;
        fs::write(&path, &file).unwrap();
        let rows = CachedRows { rows: IndexMap::default(), fetched_at: std::time::UNIX_EPOCH };
        let put = Cache::open(&path).and_then(|cache| cache.put("clients/new", &rows));
        assert!(matches!(put, Err(Error::Damaged { .. })), "{name}: {put:?}, then {:?}", read(&path).err());
        assert!(fs::read(&path).unwrap() == file, "{name}: changed by a write that was refused");
        assert_ne!(vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap().damage.count, 0, "{name}");
    }
}
