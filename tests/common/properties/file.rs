//! What holds of any file in the place of a cache: to look at it neither panics nor goes on for ever.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use vlive::json::JsonStyle;
use vlive::ops::{DumpError, DumpFormat, DumpStyle};
use vlive::{Selection, Snapshot};

const PAGE: usize = 4096;

/// The sample caches that are patched: without one that was not closed, of which every fault is waited for,
/// and the one whose values are so large that it is they that take the time.
const SAMPLES: [&str; 9] = [
    "bakery",
    "envelopes",
    "foreign",
    "format-v3",
    "live-demo",
    "odd-keys",
    "diorama/augmented.redb",
    "diorama/cache.redb",
    "diorama/odd-rows.redb",
];

/// Sample caches, each with the places of its pages.
pub struct Samples(Vec<(Vec<u8>, Vec<usize>)>);

impl Samples {
    /// Reads those in `tests/caches`.
    pub fn read(caches: &Path) -> Samples {
        Samples(SAMPLES.map(|name| sample(&caches.join(name))).to_vec())
    }

    /// A file that `input` describes: a byte for the sample and another for whether checksums are made to
    /// hold; then patches of a byte for the page, two for the place in it, one for the length, and the bytes.
    pub fn patched(&self, input: &[u8]) -> Vec<u8> {
        let [first, is_sealed, patches @ ..] = input else { return self.0[0].0.clone() };
        let (sample, pages) = &self.0[usize::from(*first) % self.0.len()];
        let mut file = sample.clone();
        let mut rest = patches;
        while let [page, high, low, len, bytes @ ..] = rest {
            let at = usize::from(u16::from_be_bytes([*high, *low])) % PAGE;
            let (patch, behind) = bytes.split_at(bytes.len().min(usize::from(len % 32)));
            rest = behind;
            if *page == u8::MAX {
                // Any page of the file may be the last, and any byte of that.
                file.truncate(pages[patch.first().map_or(0, |n| usize::from(*n) % pages.len())] + at);
                break;
            }
            let start = pages[usize::from(*page) % pages.len()] + at;
            let end = file.len().min(start + patch.len());
            file[start..end].copy_from_slice(&patch[..end - start]);
        }
        if is_sealed % 2 == 1 {
            seal(&mut file);
        }
        file
    }
}

fn sample(path: &Path) -> (Vec<u8>, Vec<usize>) {
    let file = fs::read(if path.is_dir() { path.join("vlive.redb") } else { path.to_owned() }).unwrap();
    let mut sealed = file.clone();
    let mut pages = seal(&mut sealed);
    assert!(sealed == file, "its checksums held before");
    // The header.
    pages.push(0);
    pages.sort_unstable();
    pages.dedup();
    (file, pages)
}

const FORMATS: [DumpFormat; 5] =
    [DumpFormat::Json, DumpFormat::Lines, DumpFormat::RawLines, DumpFormat::Notation, DumpFormat::Cbor];

/// Checks, lists and dumps a file; `choice` is for how it is dumped. Returns how many entries were seen, or
/// `None` if it could not be read.
pub fn file(file: &[u8], choice: u8) -> Option<u64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vlive.redb");
    fs::write(&path, file).unwrap();
    let check = vlive::ops::check(&path, 0, Duration::ZERO);
    // An entry takes eight bytes of a page, a page that is looked for but not there as many of a branch.
    let most = file.len() as u64 / 8;
    let looked = Snapshot::look_past_damage(&path, Duration::ZERO, |snapshot| {
        let list = vlive::ops::list(snapshot)?;
        assert!(snapshot.pages_read() <= 2 * most, "{} pages", snapshot.pages_read());
        // A table whose name is out of order is not found by its name, and then counts for empty.
        let ascend = snapshot.tables()?.is_sorted_by(|a, b| a.name() < b.name());
        Ok((list, ascend))
    });
    let listed = looked.ok().map(|(list, ascend)| {
        let damage = list.unread.damage;
        let entries = list.cache_keys.iter().map(|summary| summary.entries).sum::<u64>();
        assert!(entries <= most, "{entries} entries");
        assert!(damage.is_empty() || check.is_ok_and(|check| check.damage.count > 0), "{damage:?}");
        (entries, damage.is_empty() && ascend)
    });
    if let Ok(snapshot) = Snapshot::pin(&path, Duration::ZERO, &[Selection::All]) {
        let format = FORMATS[usize::from(choice) % FORMATS.len()];
        let json = JsonStyle { pretty: choice.is_multiple_of(2), ..JsonStyle::default() };
        let style = DumpStyle { format, json, redact: choice.is_multiple_of(3) };
        let dumped = vlive::ops::dump(&snapshot, &Selection::All.into(), style, io::sink());
        assert!(!matches!(dumped, Err(DumpError::Output(_))), "{style:?}");
        if let (Ok(dumped), Some((entries, true))) = (dumped, listed)
            && dumped.unread.damage.is_empty()
        {
            // The notation shows them all.
            let left_out = if format == DumpFormat::Notation { 0 } else { dumped.unread.unreadable.len() as u64 };
            assert_eq!(dumped.entries + left_out, entries, "{style:?}");
        }
    }
    assert!(fs::read(&path).unwrap() == file, "changed by looking");
    listed.map(|(entries, _)| entries)
}

/// Makes the checksums of the commits and of the cache tables in them hold, whatever the pages are. Returns
/// where these pages begin.
fn seal(file: &mut [u8]) -> Vec<usize> {
    let mut pages = Vec::new();
    if file.len() < PAGE {
        return pages;
    }
    for slot in [64, 192] {
        if file[slot + 1] != 0 {
            seal_page(file, slot + 8, slot + 16, true, &mut pages);
        }
        let checksum = xxhash_rust::xxh3::xxh3_128(&file[slot..slot + 112]).to_le_bytes();
        file[slot + 112..slot + 128].copy_from_slice(&checksum);
    }
    pages
}

/// Makes the checksum at `checksum` that of the page whose number is at `number`, and first those in it.
fn seal_page(
    file: &mut [u8],
    number: usize,
    checksum: usize,
    holds_tables: bool,
    pages: &mut Vec<usize>,
) -> Option<()> {
    let number = u64::from_le_bytes(*file.get(number..)?.first_chunk()?);
    let size = PAGE.checked_shl(u32::try_from(number >> 59).ok()?)?;
    let header = PAGE * u32_at(file, 16)?;
    let start = PAGE.checked_add(header)?.checked_add(size.checked_mul(usize::try_from(number & 0xf_ffff).ok()?)?)?;
    let count = usize::from(u16::from_le_bytes(*file.get(start.checked_add(2)?..)?.first_chunk()?));
    // Pages can be patched so that they lead to each other.
    if pages.len() > file.len() / PAGE {
        return None;
    }
    pages.push(start);
    let used = if file[start] == 2 {
        for n in 0..=count {
            let (checksum, number) = (start + 8 + 16 * n, start + 8 + 16 * (count + 1) + 8 * n);
            seal_page(file, number, checksum, holds_tables, pages);
        }
        u32_at(file, start + 8 + 24 * (count + 1) + 4 * count - 4)?
    } else {
        for n in (0..count).filter(|_| holds_tables) {
            let definition = start + u32_at(file, start + 4 * (count + n))?;
            // A table, with a root, and with neither keys nor values of a fixed width.
            if let Some([3, .., 1]) = file.get(definition..definition + 10)
                && let (Some(0), Some(0)) = (file.get(definition + 42), file.get(definition + 47))
            {
                seal_page(file, definition + 10, definition + 18, false, pages);
            }
        }
        u32_at(file, start + 8 * count)?
    };
    let sum = xxhash_rust::xxh3::xxh3_128(file.get(start..start.checked_add(used)?)?).to_le_bytes();
    file.get_mut(checksum..checksum + 16)?.copy_from_slice(&sum);
    Some(())
}

fn u32_at(file: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*file.get(at..)?.first_chunk()?)).ok()
}
