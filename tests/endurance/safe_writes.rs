//! Writes to a damaged file: refused, or nothing that could be read before is lost, for us and for redb 2.6.

use crate::common::random::Random;
use crate::common::stress::rounds;
use indexmap::IndexMap;
use redb::{Database, ReadableTable, TableDefinition, TableHandle};
use std::collections::BTreeMap;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, UNIX_EPOCH};
use vlive::{Cache, CachedRows, Error, Selection, Snapshot};

const BLOCK: usize = 4096;

/// Bytes of the header that redb gives a meaning.
const HEADER: usize = 320;

/// Where the commit slots begin.
const SLOTS: usize = 64;

/// Values by full key.
type Contents = BTreeMap<String, Vec<u8>>;

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(name).join("vlive.redb");
    fs::read(path).unwrap()
}

fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if vlive::system::panic_in_hook() == vlive::system::Panic::Uncaught {
                default(panic);
            }
        }));
    });
}

/// Every entry that can be read, and whether that is all of them.
fn by_us(path: &Path) -> Option<(Contents, bool)> {
    let snapshot = Snapshot::open(path).ok()?;
    let (mut contents, mut is_whole) = (Contents::new(), true);
    for entry in snapshot.entries(&Selection::All).ok()? {
        match entry {
            Ok(entry) => drop(contents.insert(entry.key().to_string(), entry.value().to_vec())),
            Err(_) => is_whole = false,
        }
    }
    Some((contents, is_whole))
}

/// What an app finds, once in a file that it has opened and once more in what it has left.
fn by_redb(path: &Path) -> Contents {
    let once = || {
        let database = Database::open(path).expect("redb opens it");
        let transaction = database.begin_read().unwrap();
        let mut contents = Contents::new();
        for handle in transaction.list_tables().unwrap() {
            let Some(cache_key) = handle.name().strip_prefix("__vlive__") else { continue };
            let Ok(table) = transaction.open_table(TableDefinition::<&str, &[u8]>::new(handle.name())) else {
                continue;
            };
            for entry in table.iter().unwrap() {
                let (key, value) = entry.unwrap();
                contents.insert(format!("{cache_key}/{}", key.value()), value.value().to_vec());
            }
        }
        contents
    };
    let first = once();
    assert!(first == once(), "redb finds something else in what it has left");
    first
}

/// The writes; each with what it makes of the contents.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    PutNew,
    PutAgain,
    Invalidate,
    Touch,
}

const WRITES: [Write; 4] = [Write::PutNew, Write::PutAgain, Write::Invalidate, Write::Touch];

const NEW: &str = "new/x";

fn empty_rows() -> CachedRows {
    CachedRows { rows: IndexMap::default(), fetched_at: UNIX_EPOCH + Duration::from_secs(7) }
}

/// Writes and closes. `known` is a key that is there.
fn write(path: &Path, write: Write, known: &str) -> vlive::Result<()> {
    let cache = Cache::open(path)?;
    match write {
        Write::PutNew => cache.put(NEW, &empty_rows())?,
        Write::PutAgain => cache.put(known, &empty_rows())?,
        Write::Invalidate => drop(cache.invalidate_prefix(known)?),
        Write::Touch => drop(cache.touch(&Selection::prefix(known).into(), 7.into())?),
    }
    cache.close()
}

/// Whether `after` is `before` but for what the write changes.
fn is_kept(before: &Contents, after: &Contents, write: Write, known: &str) -> bool {
    let is_selected = |key: &str| match write {
        Write::PutNew => key == NEW,
        Write::PutAgain => key == known,
        Write::Invalidate | Write::Touch => key.starts_with(known),
    };
    let rest = |contents: &Contents| -> Contents {
        contents.iter().filter(|(key, _)| !is_selected(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let has = |key: &str| after.contains_key(key);
    rest(before) == rest(after)
        && match write {
            Write::PutNew => has(NEW),
            Write::PutAgain | Write::Touch => has(known),
            Write::Invalidate => !has(known),
        }
}

/// How often a write was refused, and how often it was done.
#[derive(Debug, Default)]
struct Tally {
    refused: u32,
    done: u32,
}

/// Writes to a damaged file, and looks at what that did.
fn write_and_look(path: &Path, file: &[u8], way: Write, what: &str, tally: &mut Tally) {
    fs::write(path, file).unwrap();
    let before = by_us(path);
    let keys = || before.as_ref().into_iter().flat_map(|(contents, _)| contents.keys());
    let known = keys().find(|key| key.contains("/page_")).or_else(|| keys().next());
    let known = &known.map_or_else(|| "clients/page_1".to_owned(), String::clone);
    if let Err(error) = write(path, way, known) {
        tally.refused += 1;
        assert!(!matches!(error, Error::RedbPanicked { .. }), "{what}: {way:?}: {error}");
        assert!(fs::read(path).unwrap() == file, "{what}: {way:?}: changed by a write that was refused: {error}");
        return;
    }
    tally.done += 1;
    let (before, is_whole) = before.unwrap_or_else(|| panic!("{what}: {way:?}: written, and could not be read"));
    let (after, _) = by_us(path).unwrap_or_else(|| panic!("{what}: {way:?}: cannot be read any more"));
    assert!(is_kept(&before, &after, way, known), "{what}: {way:?}: entries are lost");
    // A touch of nothing that can be decoded writes nothing.
    if fs::read(path).unwrap() == file {
        return;
    }
    let check = vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap();
    assert_eq!(check.free_space.count, 0, "{what}: {way:?}: {:?}", check.free_space);
    // redb does not look where a page is damaged, and panics on some.
    if is_whole {
        let by_redb = panic::catch_unwind(|| by_redb(path)).unwrap_or_else(|_| panic!("{what}: {way:?}: redb"));
        assert!(is_kept(&before, &by_redb, way, known), "{what}: {way:?}: redb has lost entries");
    } else {
        let opened = panic::catch_unwind(|| drop(Database::open(path).expect("redb opens it")));
        assert!(opened.is_ok(), "{what}: {way:?}: redb does not open it any more");
    }
}

fn in_folder(test: impl FnOnce(&Path)) {
    silence();
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("vlive.redb");
    test(&path);
}

/// With `VLIVE_STRESS` every bit with every write; else one write in turn for each bit before the commit slots, and
/// for every seventh of those.
fn flip_every_bit_of_the_header(name: &str) {
    in_folder(|path| {
        let whole = sample(name);
        let mut tally = Tally::default();
        for bit in (0..8 * HEADER).filter(|bit| rounds() > 1 || bit / 8 < SLOTS || bit % 7 == 0) {
            let mut file = whole.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            for (n, way) in WRITES.into_iter().enumerate() {
                if rounds() > 1 || bit % 4 == n {
                    write_and_look(path, &file, way, &format!("{name}, bit {bit}"), &mut tally);
                }
            }
        }
        assert!(tally.refused > 50 && tally.done > 50, "{name}: {tally:?} is no fair mix");
    });
}

mod a_flipped_bit_of_the_header_is_refused_or_does_no_harm {
    use super::flip_every_bit_of_the_header as flip;

    #[test]
    fn of_bakery() {
        flip("bakery");
    }

    #[test]
    fn of_crashed() {
        flip("crashed");
    }

    #[test]
    fn of_envelopes() {
        flip("envelopes");
    }

    #[test]
    fn of_format_v3() {
        flip("format-v3");
    }

    #[test]
    fn of_live_demo() {
        flip("live-demo");
    }

    #[test]
    fn of_odd_keys() {
        flip("odd-keys");
    }

    #[test]
    fn of_values() {
        flip("values");
    }
}

/// Pages that no tree leads to and that are not all zeros: redb's record of free pages, and old ones.
fn other_blocks(file: &[u8], path: &Path) -> Vec<usize> {
    fs::write(path, file).unwrap();
    let is_used = |n: &usize| file[n * BLOCK..][..BLOCK].iter().any(|byte| *byte != 0);
    (1..file.len() / BLOCK)
        .filter(is_used)
        .filter(|n| {
            let mut damaged = file.to_vec();
            damaged[n * BLOCK..][..BLOCK].iter_mut().for_each(|byte| *byte ^= 0xff);
            fs::write(path, damaged).unwrap();
            vlive::ops::check(path, u64::MAX, Duration::ZERO).is_ok_and(|check| check.damage.count == 0)
        })
        .collect()
}

/// Blocks of the cache tables' leaves, each of which can be damaged without any other harm.
fn leaf_blocks(file: &[u8], path: &Path) -> Vec<usize> {
    let is_leaf = |n: &usize| file[n * BLOCK] == 1;
    (1..file.len() / BLOCK)
        .filter(is_leaf)
        .filter(|n| {
            let mut damaged = file.to_vec();
            damaged[n * BLOCK + 40] ^= 1;
            fs::write(path, damaged).unwrap();
            vlive::ops::check(path, u64::MAX, Duration::ZERO).is_ok_and(|check| {
                let in_table =
                    |place: &Option<String>| place.as_ref().is_some_and(|place| place.starts_with("__vlive__"));
                check.damage.count == 1 && check.damage.places.iter().all(|found| in_table(&found.place))
            })
        })
        .collect()
}

fn damage_free_space(name: &str) {
    in_folder(|path| {
        let whole = sample(name);
        let blocks = other_blocks(&whole, path);
        let leaves = leaf_blocks(&whole, path);
        assert!(!blocks.is_empty() && !leaves.is_empty(), "{name}: {blocks:?} {leaves:?}");
        let mut tally = Tally::default();
        for seed in 0..if rounds() > 1 { 500 } else { 60 } {
            let random = &mut Random::new(seed);
            let mut file = whole.clone();
            let (block, other) = (random.one_of(&blocks), random.one_of(&blocks));
            let mut what = match random.below(4) {
                0 => {
                    file[block * BLOCK..][..BLOCK].fill(random.one_of(&[0, 0xff]));
                    format!("{name} {seed}: block {block} filled")
                }
                1 => {
                    let copy = whole[other * BLOCK..][..BLOCK].to_vec();
                    file[block * BLOCK..][..BLOCK].copy_from_slice(&copy);
                    format!("{name} {seed}: block {other} copied onto {block}")
                }
                _ => {
                    let within = random.one_of(&[64, BLOCK]);
                    let byte = block * BLOCK + random.below(within);
                    file[byte] ^= 1 << random.below(8);
                    format!("{name} {seed}: bit of byte {byte} flipped")
                }
            };
            if seed % 2 == 1 {
                let leaf = random.one_of(&leaves);
                file[leaf * BLOCK + 40] ^= 1;
                what = format!("{what}, and leaf {leaf}");
            }
            write_and_look(path, &file, random.one_of(&WRITES), &what, &mut tally);
        }
        assert!(tally.done > 20, "{name}: {tally:?} is no fair mix");
    });
}

mod a_damaged_record_of_free_pages_alone_or_with_a_leaf_is_refused_or_does_no_harm {
    use super::damage_free_space;

    #[test]
    fn of_an_app() {
        damage_free_space("bakery");
    }

    #[test]
    fn with_large_values() {
        damage_free_space("values");
    }

    #[test]
    fn of_format_v3() {
        damage_free_space("format-v3");
    }
}

/// What a crash leaves if the one bit that says so is lost: redb would believe a record that is stale.
#[test]
fn a_crashed_file_that_says_it_was_closed_is_recovered_by_a_write_and_found_by_a_check() {
    in_folder(|path| {
        let mut file = sample("crashed");
        file[9] &= !2;
        let mut tally = Tally::default();
        for way in WRITES {
            fs::write(path, &file).unwrap();
            assert_eq!(vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap().free_space.count, 1);
            write_and_look(path, &file, way, "crashed", &mut tally);
        }
        assert_eq!(tally.done, 4);
    });
}

#[test]
fn two_commits_with_one_number_are_refused_in_a_file_that_was_closed() {
    in_folder(|path| {
        for name in ["bakery", "envelopes", "format-v3", "live-demo", "odd-keys", "values"] {
            for (from, to) in [(64, 192), (192, 64)] {
                let mut file = sample(name);
                file.copy_within(from..from + 128, to);
                for way in WRITES {
                    fs::write(path, &file).unwrap();
                    let refused = write(path, way, "clients/page_1");
                    assert!(matches!(refused, Err(Error::Damaged { .. })), "{name}: {way:?}: {refused:?}");
                    assert!(fs::read(path).unwrap() == file, "{name}: {way:?}: changed");
                }
                assert_eq!(vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap().damage.count, 1, "{name}");
            }
        }
    });
}
