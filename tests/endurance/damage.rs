//! Damaged files read as an error or as the truth, never as anything else. Variants of six files are
//! looked at, checked and written to, and every tenth is salvaged.

use crate::common::caches::{self, Contents};
use crate::common::folder;
use crate::common::layout::Layout;
use crate::common::random::Random;
use crate::common::stress::{rounds, seeds};
use crate::oracle::{silence, vantage_live_has};
use std::array;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use vlive::ops::Replace;
use vlive::{Cache, Error};

const BLOCK: usize = 4096;

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
fn older_commit(layout: Layout, file: &[u8], folder: &Path) -> Option<Contents> {
    let recovery_required = file[9] & 2 != 0;
    if !recovery_required {
        return None;
    }
    let mut file = file.to_vec();
    let primary = if file[9] & 1 == 0 { 64 } else { 192 };
    file[primary + 100] ^= 0xff;
    let path = folder.join("older.redb");
    fs::write(&path, file).unwrap();
    layout.read(&path).ok()
}

mod a_damaged_file_reads_correctly_or_not_at_all_and_no_write_makes_it_worse {
    use super::{Layout, damage_over_and_over};
    use crate::common::caches::bytes;

    #[test]
    fn of_an_app() {
        damage_over_and_over(Layout::Live, "bakery", &bytes("bakery"));
    }

    #[test]
    fn with_large_values() {
        damage_over_and_over(Layout::Live, "values", &bytes("values"));
    }

    #[test]
    fn left_by_a_crash() {
        damage_over_and_over(Layout::Live, "crashed", &Layout::Live.crashed());
    }

    #[test]
    fn of_format_v3() {
        damage_over_and_over(Layout::Live, "format-v3", &bytes("format-v3"));
    }

    #[test]
    fn of_an_app_with_diorama() {
        damage_over_and_over(Layout::Diorama, "cache.redb", &bytes("diorama/cache.redb"));
    }

    #[test]
    fn of_diorama_left_by_a_crash() {
        damage_over_and_over(Layout::Diorama, "cache.redb of a crash", &Layout::Diorama.crashed());
    }
}

/// In several threads: much of the time goes into waiting whether a file that was not closed moves.
fn damage_over_and_over(layout: Layout, name: &str, whole: &[u8]) {
    silence();
    let mix = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|n| scope.spawn(move || damage_in_one_thread(layout, name, whole, n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).reduce(|a, b| array::from_fn(|n| a[n] + b[n]))
    });
    let [unreadable, refused, written, saved] = mix.unwrap();
    let mix =
        format!("{unreadable} could not be read, {refused} writes refused, {written} writes done, {saved} salvaged");
    let least = |tries: u64| tries * rounds();
    let is_fair = unreadable >= least(5) && refused > least(20) && written > least(10) && saved > least(3);
    assert!(is_fair, "{mix}: not a fair mix");
}

const THREADS: usize = 4;

const NEW: &str = "clients/new";

/// What that leaves of the entries that were there.
fn left(contents: &Contents, layout: Layout, replace: Option<Replace>) -> Contents {
    let mut left = contents.clone();
    left.retain(|key, _| match replace {
        None | Some(Replace::Entries) => true,
        Some(Replace::CacheKeys) => layout == Layout::Diorama || !key.starts_with("clients/"),
        Some(Replace::All) => false,
    });
    left
}

/// The seeds that fall to thread `n`; returns how many variants could not be read, how many writes
/// were refused and how many done, and how many variants were salvaged.
fn damage_in_one_thread(layout: Layout, name: &str, whole: &[u8], n: usize) -> [u64; 4] {
    let folder = folder::temporary();
    let path: PathBuf = folder.path().join("vlive.redb");
    let (mut unreadable, mut refused, mut written, mut saved) = (0, 0, 0, 0);
    let used: Vec<usize> =
        (0..whole.len() / BLOCK).filter(|n| whole[n * BLOCK..][..BLOCK].iter().any(|byte| *byte != 0)).collect();
    fs::write(&path, whole).unwrap();
    let truth = layout.read(&path).unwrap();
    let older = older_commit(layout, whole, folder.path());
    let is_true = |contents: &Contents| *contents == truth || Some(contents) == older.as_ref();
    let is_known = |(key, value): (&String, &Vec<u8>)| {
        [Some(&truth), older.as_ref()].iter().flatten().any(|contents| contents.get(key) == Some(value))
    };
    for seed in seeds(70).skip(n).step_by(THREADS) {
        let random = &mut Random::new(seed);
        let mut file = whole.to_vec();
        let mut what = damage(&mut file, &used, random);
        if random.below(4) == 0 && file.len() == whole.len() {
            what = format!("{what}, {}", damage(&mut file, &used, random));
        }
        fs::write(&path, &file).unwrap();
        let readable = match layout.read(&path) {
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
            let new = folder::temporary();
            // What is saved was there, in the newest commit or in the one before.
            if let Ok(salvaged) = vlive::ops::salvage(&path, new.path(), Duration::ZERO) {
                saved += 1;
                let contents = layout.read(new.path()).unwrap();
                assert_eq!(salvaged.entries, contents.len() as u64, "{name} {seed}: {what}");
                assert!(contents.iter().all(is_known), "{name} {seed}: {what}: saved wrong data");
                let whole = salvaged.damage.count == 0 && salvaged.lost == Some(0);
                assert!(!whole || is_true(&contents), "{name} {seed}: {what}: a loss that is not told");
                // Where there are two commits, the whole older one can be read of a damaged newest.
                assert!(!readable || whole || older.is_some(), "{name} {seed}: {what}: a loss of what can be read");
            }
        }
        assert!(fs::read(&path).unwrap() == file, "{name} {seed}: {what}: changed by looking");
        let before = layout.by_us(&path);
        // A write refuses and leaves the file alone, or gives what it should.
        let replace = random.one_of(&[None, Some(Replace::Entries), Some(Replace::CacheKeys), Some(Replace::All)]);
        match Cache::open(&path).and_then(|cache| layout.write(&cache, NEW, replace).and_then(|()| cache.close())) {
            Ok(()) => {
                written += 1;
                let what = format!("{name} {seed}: {what}: {replace:?}");
                if readable || replace == Some(Replace::All) {
                    let ours =
                        layout.read(&path).unwrap_or_else(|error| panic!("{what}: cannot be read any more: {error}"));
                    let mut rest = ours.clone();
                    assert!(layout.take(&mut rest, NEW), "{what}: not written");
                    let mut commits = [Some(&truth), older.as_ref()].into_iter().flatten();
                    assert!(
                        commits.any(|commit| rest == left(commit, layout, replace)),
                        "{what}: wrong data after a write"
                    );
                    assert!(layout.by_redb(&path) == Some(ours), "{what}: redb finds something else, or panics");
                    assert!(
                        layout == Layout::Diorama || vantage_live_has(folder.path(), NEW),
                        "{what}: vantage-live does not find what was written"
                    );
                } else {
                    let (before, _) = before.unwrap_or_else(|| panic!("{what}: written, and could not be read"));
                    let (mut rest, _) =
                        layout.by_us(&path).unwrap_or_else(|| panic!("{what}: cannot be read any more"));
                    assert!(layout.redb_holds(&path, &rest), "{what}: redb does not find what we do");
                    assert!(layout.take(&mut rest, NEW), "{what}: not written");
                    assert!(rest == left(&before, layout, replace), "{what}: wrong data after a write");
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

/// Of a file that was closed, the commit slot that byte 9 names is the newer one. To redb the other
/// one is as good, but what it knows of free pages is of the newer.
#[test]
fn a_flipped_bit_that_selects_the_older_commit_is_found_and_stops_a_write() {
    let folder = folder::temporary();
    let path = folder.path().join("vlive.redb");
    let live = ["bakery", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"];
    let diorama = ["diorama/augmented.redb", "diorama/backend.redb", "diorama/cache.redb", "diorama/odd-rows.redb"];
    let live = live.map(|name| (Layout::Live, name));
    for (layout, name) in live.into_iter().chain(diorama.map(|name| (Layout::Diorama, name))) {
        let mut file = caches::bytes(name);
        file[9] ^= 1;
        fs::write(&path, &file).unwrap();
        let put = Cache::open(&path).and_then(|cache| layout.write(&cache, NEW, None));
        assert!(matches!(put, Err(Error::Damaged { .. })), "{name}: {put:?}, then {:?}", layout.read(&path).err());
        assert!(fs::read(&path).unwrap() == file, "{name}: changed by a write that was refused");
        assert_ne!(vlive::ops::check(&path, u64::MAX, Duration::ZERO).unwrap().damage.count, 0, "{name}");
    }
}
