//! Damaged and hostile files: an error or the truth, never anything else.

use std::collections::BTreeMap;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vlive::{Cache, CachedRows, Error, Key, Selection, Snapshot};

#[path = "support/random.rs"]
mod random;
use random::Random;

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
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("/redb-")) {
            default(panic);
        }
    }));
}

fn rounds() -> u64 {
    std::env::var("VLIVE_STRESS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

#[test]
fn a_damaged_file_reads_as_before_or_not_at_all_and_is_not_made_worse_by_a_write() {
    silence_redb();
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("vlive.redb");
    let (mut unreadable, mut refused, mut written) = (0, 0, 0);
    for name in ["bakery", "values", "crashed", "format-v3"] {
        let whole = sample(name);
        let used: Vec<usize> =
            (0..whole.len() / BLOCK).filter(|n| whole[n * BLOCK..][..BLOCK].iter().any(|byte| *byte != 0)).collect();
        fs::write(&path, &whole).unwrap();
        let truth = read(&path).unwrap();
        let older = older_commit(&whole, folder.path());
        let is_true = |contents: &Contents| *contents == truth || Some(contents) == older.as_ref();
        for seed in 0..800 * rounds() {
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
            let sound = vlive::check(&path, u64::MAX, Duration::ZERO).is_ok_and(|check| check.damage.count == 0);
            assert!(readable || !sound, "{name} {seed}: {what}: not found by a check");
            assert!(fs::read(&path).unwrap() == file, "{name} {seed}: {what}: changed by looking");
            // A write refuses and leaves the file alone, or gives what it should.
            let rows = CachedRows { rows: Default::default(), fetched_at: std::time::UNIX_EPOCH };
            let key = Key::new("clients/new");
            match Cache::open(&path).and_then(|cache| cache.put(&key.to_string(), &rows)) {
                Ok(()) => {
                    written += 1;
                    if readable {
                        let mut contents = read(&path).unwrap();
                        assert!(contents.remove(&key.to_string()).is_some(), "{name} {seed}: {what}: not written");
                        assert!(is_true(&contents), "{name} {seed}: {what}: wrong data after a write");
                    }
                }
                Err(
                    Error::Damaged { .. }
                    | Error::NotACache { .. }
                    | Error::UnknownFormat { .. }
                    | Error::WrongLength { .. },
                ) => {
                    refused += 1;
                    assert!(
                        fs::read(&path).unwrap() == file,
                        "{name} {seed}: {what}: changed by a write that was refused"
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    let mix = format!("{unreadable} could not be read, {refused} writes refused, {written} writes done");
    assert!(unreadable > 700 && refused > 1000 && written > 700, "{mix} is no fair mix");
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
        pairs.iter().for_each(|(key, _)| page.extend_from_slice(key.as_bytes()));
        pairs.iter().for_each(|(_, value)| page.extend_from_slice(value));
        self.page(&page)
    }

    fn branch(&mut self, children: &[(u64, u128)]) -> (u64, u128) {
        let keys = children.len() - 1;
        let mut page = vec![2, 0];
        page.extend_from_slice(&u16::try_from(keys).unwrap().to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        children.iter().for_each(|(_, checksum)| page.extend_from_slice(&checksum.to_le_bytes()));
        children.iter().for_each(|(number, _)| page.extend_from_slice(&number.to_le_bytes()));
        let start = page.len() + 4 * keys;
        (1..=keys).for_each(|n| page.extend_from_slice(&u32::try_from(start + n).unwrap().to_le_bytes()));
        page.resize(start + keys, b'k');
        self.page(&page)
    }

    /// The file whose one cache table, `t`, has this root and says that it holds so many entries.
    fn file(mut self, root: (u64, u128), length: u64) -> Vec<u8> {
        let tree = |(number, checksum): (u64, u128), length: u64| {
            [&number.to_le_bytes()[..], &checksum.to_le_bytes(), &length.to_le_bytes()].concat()
        };
        let mut definition = vec![3];
        definition.extend_from_slice(&length.to_le_bytes());
        definition.push(1);
        definition.extend(tree(root, length));
        definition.extend_from_slice(&[0; 10]);
        definition.extend_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        definition.extend_from_slice(b"\x01&str\x01&[u8]");
        let tables = self.leaf(&[("__vlive__t", &definition)]);
        let mut slot = vec![0; 112];
        slot[..4].copy_from_slice(&[2, 1, 0, 0]);
        slot[8..40].copy_from_slice(&tree(tables, 1));
        slot.extend_from_slice(&xxhash_rust::xxh3::xxh3_128(&slot).to_le_bytes());
        let pages = u32::try_from(self.0.len() / BLOCK - 1).unwrap();
        let header = [BLOCK as u32, 0, 1 << 20, 0, pages].map(u32::to_le_bytes).concat();
        let file = &mut self.0;
        file[..9].copy_from_slice(b"redb\x1a\x0a\xa9\x0d\x0a");
        file[12..12 + header.len()].copy_from_slice(&header);
        file[64..192].copy_from_slice(&slot);
        file[192..320].copy_from_slice(&slot);
        self.0
    }
}

fn read_forgery(file: &[u8]) -> vlive::Result<Contents> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    fs::write(&path, file).unwrap();
    read(&path)
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
    assert!(error.to_string().ends_with("the tree reaches it twice"), "{error}");
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
