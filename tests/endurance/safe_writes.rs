//! Writes to a damaged file: refused, or nothing that could be read before is lost, for us and for redb 2.6.

use crate::common::caches::{Contents, bytes};
use crate::common::folder;
use crate::common::layout::Layout;
use crate::common::random::Random;
use crate::common::stress::rounds;
use crate::oracle::{set_of, silence};
use std::fs;
use std::ops::Add;
use std::path::Path;
use std::thread;
use std::time::Duration;
use vlive::ops::FindingPlace;
use vlive::{Cache, Error, Selection};

const BLOCK: usize = 4096;

/// Bytes of the header that redb gives a meaning.
const HEADER: usize = 320;

/// As many as have no factor in common with the bits of a byte and the kinds of write, so that each cache meets all of
/// both.
const CACHES: [(Layout, &str); 11] = [
    (Layout::Live, "bakery"),
    (Layout::Live, "crashed"),
    (Layout::Live, "envelopes"),
    (Layout::Live, "format-v3"),
    (Layout::Live, "live-demo"),
    (Layout::Live, "odd-keys"),
    (Layout::Live, "values"),
    (Layout::Diorama, "diorama/augmented.redb"),
    (Layout::Diorama, "diorama/backend.redb"),
    (Layout::Diorama, "diorama/cache.redb"),
    (Layout::Diorama, "diorama/odd-rows.redb"),
];

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

/// Writes and closes. `known` is a key that is there, or the name of a set.
fn write(layout: Layout, path: &Path, write: Write, known: &str) -> vlive::Result<()> {
    let cache = Cache::open(path)?;
    match write {
        Write::PutNew => layout.write(&cache, NEW, None)?,
        Write::PutAgain => layout.write(&cache, known, None)?,
        Write::Invalidate => drop(cache.invalidate_prefix(known)?),
        Write::Touch => drop(cache.touch(&Selection::prefix(known).into(), 7.into())?),
    }
    cache.close()
}

/// Whether a key is one that the write names.
fn is_named(layout: Layout, key: &str, write: Write, known: &str) -> bool {
    match (layout, write) {
        (Layout::Live, Write::PutNew) => key == NEW,
        (Layout::Live, Write::PutAgain) => key == known,
        (Layout::Live, Write::Invalidate | Write::Touch) => key.starts_with(known),
        (Layout::Diorama, Write::PutNew) => set_of(key).0 == NEW,
        (Layout::Diorama, _) => set_of(key).0 == known,
    }
}

/// Whether `after` is `before` but for what the write changes.
fn is_kept(layout: Layout, before: &Contents, after: &Contents, write: Write, known: &str) -> bool {
    let is_named = |key: &str| is_named(layout, key, write, known);
    // A touch leaves the rows of a set.
    let is_row = |key: &str| layout == Layout::Diorama && write == Write::Touch && !set_of(key).1;
    let rest = |contents: &Contents| -> Contents {
        let rest = contents.iter().filter(|(key, _)| !is_named(key) || is_row(key));
        rest.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    rest(before) == rest(after) && after.keys().any(|key| is_named(key)) == (write != Write::Invalidate)
}

/// How often a write was refused, and how often it was done.
#[derive(Debug, Default)]
struct Tally {
    refused: u32,
    done: u32,
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally { refused: self.refused + other.refused, done: self.done + other.done }
    }
}

/// A damaged file, and what can be read of it: whether that is all of it as well.
struct Variant<'t> {
    layout: Layout,
    path: &'t Path,
    file: Vec<u8>,
    before: Option<(Contents, bool)>,
    known: String,
}

impl Variant<'_> {
    fn new(layout: Layout, path: &Path, file: Vec<u8>) -> Variant<'_> {
        fs::write(path, &file).unwrap();
        let before = layout.by_us(path);
        let keys = || before.as_ref().into_iter().flat_map(|(contents, _)| contents.keys());
        let known = match layout {
            Layout::Live => keys().find(|key| key.contains("/page_")).or_else(|| keys().next()).map(String::as_str),
            Layout::Diorama => keys().next().map(|key| set_of(key).0),
        };
        let known = known.unwrap_or(layout.known()).to_owned();
        Variant { layout, path, file, before, known }
    }

    /// Writes to the file, and looks at what that did.
    fn write(self, way: Write, what: &str, tally: &mut Tally) {
        let (layout, path, known) = (self.layout, self.path, self.known.as_str());
        if let Err(error) = write(layout, path, way, known) {
            tally.refused += 1;
            assert!(!matches!(error, Error::RedbPanicked { .. }), "{what}: {way:?}: {error}");
            let is_as_before = fs::read(path).unwrap() == self.file;
            assert!(is_as_before, "{what}: {way:?}: changed by a write that was refused: {error}");
            return;
        }
        tally.done += 1;
        let before = self.before.as_ref();
        let (before, is_whole) = before.unwrap_or_else(|| panic!("{what}: {way:?}: written, and could not be read"));
        let (after, _) = layout.by_us(path).unwrap_or_else(|| panic!("{what}: {way:?}: cannot be read any more"));
        assert!(is_kept(layout, before, &after, way, known), "{what}: {way:?}: entries are lost");
        // A touch of nothing that can be decoded writes nothing.
        if way == Write::Touch && fs::read(path).unwrap() == self.file {
            return;
        }
        let check = vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap();
        assert_eq!(check.free_space.count, 0, "{what}: {way:?}: {:?}", check.free_space);
        if *is_whole {
            let by_redb = layout.by_redb(path).unwrap_or_else(|| panic!("{what}: {way:?}: redb panics"));
            assert!(is_kept(layout, before, &by_redb, way, known), "{what}: {way:?}: redb has lost entries");
        } else {
            assert!(layout.redb_holds(path, &after), "{what}: {way:?}: redb does not find what we do");
        }
    }
}

fn in_folder<T>(test: impl FnOnce(&Path) -> T) -> T {
    silence();
    let folder = folder::temporary();
    test(&folder.path().join("vlive.redb"))
}

/// In several threads: a look at a file that was not closed waits whether it moves.
const THREADS: usize = 4;

fn in_threads(test: impl Fn(usize, &Path) -> Tally + Sync) -> Tally {
    let test = &test;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || in_folder(|path| test(n, path)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(Tally::default(), Tally::add)
    })
}

/// Every bit of one of the caches; with `VLIVE_STRESS` every bit of each of them, so that a bit meets all four writes.
fn flip_bits_of_the_header(name: &str) {
    let whole = &bytes(name);
    let own = CACHES.iter().position(|(_, cache)| *cache == name).expect("one of them");
    let (layout, _) = CACHES[own];
    let bits = (0..8 * HEADER).filter(|bit| rounds() > 1 || bit % CACHES.len() == own);
    let tally = in_threads(|thread, path| {
        let mut tally = Tally::default();
        for bit in bits.clone().skip(thread).step_by(THREADS) {
            let mut file = whole.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            let way = WRITES[(bit + own) % WRITES.len()];
            Variant::new(layout, path, file).write(way, &format!("{name}, bit {bit}"), &mut tally);
        }
        tally
    });
    assert!(tally.refused > 20 && tally.done > 20, "{name}: {tally:?} is no fair mix");
}

mod a_flipped_bit_of_the_header_is_refused_or_does_no_harm {
    use super::flip_bits_of_the_header as flip;

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

    #[test]
    fn of_diorama_with_incomplete_rows() {
        flip("diorama/augmented.redb");
    }

    #[test]
    fn of_diorama_with_empty_tables() {
        flip("diorama/backend.redb");
    }

    #[test]
    fn of_diorama_with_names_of_every_kind() {
        flip("diorama/cache.redb");
    }

    #[test]
    fn of_both_layouts_in_one() {
        flip("diorama/odd-rows.redb");
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
fn leaf_blocks(layout: Layout, file: &[u8], path: &Path) -> Vec<usize> {
    let is_leaf = |n: &usize| file[n * BLOCK] == 1;
    (1..file.len() / BLOCK)
        .filter(is_leaf)
        .filter(|n| {
            let mut damaged = file.to_vec();
            damaged[n * BLOCK + 40] ^= 1;
            fs::write(path, damaged).unwrap();
            vlive::ops::check(path, u64::MAX, Duration::ZERO).is_ok_and(|check| {
                let in_table =
                    |place: &Option<FindingPlace>| place.as_ref().is_some_and(|place| layout.owns(&place.to_string()));
                check.damage.count == 1 && check.damage.places.iter().all(|found| in_table(&found.place))
            })
        })
        .collect()
}

fn damage_free_space(layout: Layout, name: &str) {
    let whole = &bytes(name);
    let (blocks, leaves) = &in_folder(|path| (other_blocks(whole, path), leaf_blocks(layout, whole, path)));
    assert!(!blocks.is_empty() && !leaves.is_empty(), "{name}: {blocks:?} {leaves:?}");
    let seeds = 0..if rounds() > 1 { 500 } else { 16 };
    let tally = in_threads(|thread, path| {
        let mut tally = Tally::default();
        for seed in seeds.clone().skip(thread).step_by(THREADS) {
            let random = &mut Random::new(seed);
            let mut file = whole.clone();
            let mut what = format!("{name} {seed}: {}", damage_block(&mut file, blocks, random));
            let way = random.one_of(&WRITES);
            Variant::new(layout, path, file.clone()).write(way, &what, &mut tally);
            let leaf = random.one_of(leaves);
            file[leaf * BLOCK + 40] ^= 1;
            what = format!("{what}, and leaf {leaf}");
            Variant::new(layout, path, file).write(way, &what, &mut tally);
        }
        tally
    });
    assert!(tally.done > 20, "{name}: {tally:?} is no fair mix");
}

fn damage_block(file: &mut [u8], blocks: &[usize], random: &mut Random) -> String {
    let (block, other) = (random.one_of(blocks), random.one_of(blocks));
    match random.below(4) {
        0 => {
            file[block * BLOCK..][..BLOCK].fill(random.one_of(&[0, 0xff]));
            format!("block {block} filled")
        }
        1 => {
            file.copy_within(other * BLOCK..(other + 1) * BLOCK, block * BLOCK);
            format!("block {other} copied onto {block}")
        }
        _ => {
            let within = random.one_of(&[64, BLOCK]);
            let byte = block * BLOCK + random.below(within);
            file[byte] ^= 1 << random.below(8);
            format!("bit of byte {byte} flipped")
        }
    }
}

mod a_damaged_record_of_free_pages_alone_or_with_a_leaf_is_refused_or_does_no_harm {
    use super::{Layout, damage_free_space};

    #[test]
    fn of_an_app() {
        damage_free_space(Layout::Live, "bakery");
    }

    #[test]
    fn with_large_values() {
        damage_free_space(Layout::Live, "values");
    }

    #[test]
    fn of_format_v3() {
        damage_free_space(Layout::Live, "format-v3");
    }

    #[test]
    fn of_an_app_with_diorama() {
        damage_free_space(Layout::Diorama, "diorama/cache.redb");
    }
}

/// What a crash leaves if the one bit that says so is lost: redb would believe a record that is stale.
#[test]
fn a_crashed_file_marked_as_closed_is_recovered_by_a_write_and_found_by_a_check() {
    for layout in Layout::ALL {
        in_folder(|path| {
            let mut file = layout.crashed();
            file[9] &= !2;
            let mut tally = Tally::default();
            for way in WRITES {
                fs::write(path, &file).unwrap();
                let check = vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap();
                assert_eq!(check.free_space.count, 1, "{layout:?}");
                Variant::new(layout, path, file.clone()).write(way, &format!("{layout:?}"), &mut tally);
            }
            assert_eq!(tally.done, 4, "{layout:?}");
        });
    }
}

#[test]
fn two_commits_with_one_number_are_refused_in_a_file_that_was_closed() {
    in_folder(|path| {
        for (layout, name) in CACHES.into_iter().filter(|(_, name)| *name != "crashed") {
            for (from, to) in [(64, 192), (192, 64)] {
                let mut file = bytes(name);
                file.copy_within(from..from + 128, to);
                for way in WRITES {
                    fs::write(path, &file).unwrap();
                    let refused = write(layout, path, way, layout.known());
                    assert!(matches!(refused, Err(Error::Damaged { .. })), "{name}: {way:?}: {refused:?}");
                    assert!(fs::read(path).unwrap() == file, "{name}: {way:?}: changed");
                }
                assert_eq!(vlive::ops::check(path, u64::MAX, Duration::ZERO).unwrap().damage.count, 1, "{name}");
            }
        }
    });
}
