//! The pages that a commit uses, compared with redb's record of free pages.
//!
//! redb allocates from its record without looking at the trees, so that a page in use that is recorded as free is
//! overwritten. There are two records: the headers of the regions, with the list of regions on a page of its own, which
//! count in a file of format v2 that was closed; and a table of the system tree, which counts in every other file if
//! its commit was made in two phases and is the one that it was saved with. Without either redb reads all trees and
//! rebuilds the record.

mod reach;
mod state;

use super::damage::{Damage, Fault, Mismatch};
use super::page_number::PageNumber;
use super::{File, Result, Slot, read_exact_at};
use state::RegionState;

/// The record of free pages that redb has saved in the system tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// No valid record: redb reads all trees instead.
    Nothing,
    Sound,
    Unsound(Damage),
}

/// The record in the system tree, as it is there.
#[derive(Debug, Default)]
struct SavedTable {
    regions: Vec<(u32, Vec<u8>)>,
    tracker: Option<Vec<u8>>,
    transaction_id: Option<u64>,
}

/// The pages that a commit uses: those of its trees, and those that wait to be freed.
#[derive(Debug)]
pub struct Allocation<'f> {
    file: &'f File,
    slot: Slot,
    /// Sorted by region; none overlaps another.
    pages: Vec<PageNumber>,
    saved: Option<SavedTable>,
}

impl Allocation<'_> {
    /// What must hold wherever redb takes its record from: the headers of the regions have the length that redb gives
    /// them, since redb relies on that when a file grows; and the page that the header of the file names for the list
    /// of regions is possible, since redb does not check whether a page of another size lies there.
    pub fn check_layout(&self) -> Result<(), Damage> {
        let header = self.file.header();
        let geometry = header.geometry;
        let needed = (8 + state::state_len(geometry.region_max_pages)).div_ceil(u64::from(geometry.page_size));
        if header.regions() == 0 || u64::from(geometry.region_header_pages) != needed {
            return Err(mismatch(Mismatch::Layout, None));
        }
        if self.slot.version != 2 {
            return Ok(());
        }
        let page = header.region_tracker;
        let exists = page.region < header.regions()
            && geometry.locate(page).is_some()
            && (u64::from(page.index) + 1) << page.order <= u64::from(header.pages_of(page.region));
        // redb looks for another place where a page of the same size is in use.
        if exists && (!self.overlaps(page) || self.pages.contains(&page)) {
            return Ok(());
        }
        Err(mismatch(Mismatch::Tracker, Some(page)))
    }

    /// The headers of the regions and the list of regions, which redb uses in a file of format v2 that was closed.
    pub fn check_region_headers(&self) -> Result<Option<Damage>> {
        let header = self.file.header();
        let tracker = header.region_tracker;
        if self.overlaps(tracker) {
            return Ok(Some(mismatch(Mismatch::Tracker, Some(tracker))));
        }
        let mut pages = self.pages.clone();
        pages.push(tracker);
        pages.sort_by_key(|page| page.region);
        let geometry = header.geometry;
        let room = u64::from(geometry.region_header_pages) * u64::from(geometry.page_size);
        for region in 0..header.regions() {
            let expected =
                RegionState::new(of_region(&pages, region), header.pages_of(region), geometry.region_max_pages);
            if 8 + expected.len() as u64 > room {
                return Ok(Some(mismatch(Mismatch::Layout, None)));
            }
            let mut recorded = vec![0; 8 + expected.len()];
            read_exact_at(&self.file.handle, &mut recorded, geometry.region_start(region))?;
            let len = u32::from_le_bytes(recorded[4..8].try_into().expect("4 bytes"));
            if recorded[0] != 1 || usize::try_from(len) != Ok(expected.len()) {
                return Ok(Some(mismatch(Mismatch::Layout, None)));
            }
            if let Err((what, page)) = expected.compare(region, &recorded[8..]) {
                return Ok(Some(mismatch(what, page)));
            }
        }
        self.check_tracker()
    }

    fn check_tracker(&self) -> Result<Option<Damage>> {
        /// A list of so many bytes has room for more regions than a file can have.
        const LARGEST: u64 = 8 << 20;
        let header = self.file.header();
        let Some((start, size)) = header.geometry.locate(header.region_tracker) else {
            return Ok(Some(mismatch(Mismatch::Tracker, Some(header.region_tracker))));
        };
        let mut bytes = vec![0; usize::try_from(size.min(LARGEST)).expect("at most 8 MiB")];
        read_exact_at(&self.file.handle, &mut bytes, start)?;
        let is_sound = state::tracker_is_sound(&bytes, header.regions());
        Ok((!is_sound).then(|| mismatch(Mismatch::Tracker, Some(header.region_tracker))))
    }

    fn overlaps(&self, other: PageNumber) -> bool {
        let range = |page: PageNumber| {
            let first = u64::from(page.index) << page.order;
            first..first + (1 << page.order)
        };
        let taken = range(other);
        self.pages.iter().filter(|page| page.region == other.region).any(|page| {
            let page = range(*page);
            page.start < taken.end && taken.start < page.end
        })
    }

    /// The record in the system tree.
    pub fn check_saved(&self) -> Saved {
        let Some(saved) = self.saved.as_ref().filter(|_| self.file.header().two_phase) else { return Saved::Nothing };
        let unsound = |what, page| Saved::Unsound(mismatch(what, page));
        match saved.transaction_id {
            None => return unsound(Mismatch::Layout, None),
            Some(id) if id != self.slot.transaction_id => return Saved::Nothing,
            Some(_) => {}
        }
        let capacity = self.file.header().geometry.region_max_pages;
        let regions = u32::try_from(saved.regions.len()).unwrap_or(u32::MAX);
        let tracks = |tracker: &Vec<u8>| state::tracker_is_sound(tracker, regions);
        if !saved.tracker.as_ref().is_some_and(tracks) {
            return unsound(Mismatch::Tracker, None);
        }
        if regions == 0 || self.pages.last().is_some_and(|page| page.region >= regions) {
            return unsound(Mismatch::Layout, None);
        }
        for (n, (region, recorded)) in (0u32..).zip(&saved.regions) {
            let in_use = of_region(&self.pages, n);
            let needed = in_use.iter().map(|page| (page.index + 1) << page.order).max().unwrap_or(0);
            let pages = state::recorded_pages(recorded).filter(|pages| (needed.max(1)..=capacity).contains(pages));
            let Some(pages) = pages.filter(|_| n == *region) else { return unsound(Mismatch::Layout, None) };
            if let Err((what, page)) = RegionState::new(in_use, pages, capacity).compare(n, recorded) {
                return unsound(what, page);
            }
        }
        Saved::Sound
    }
}

fn mismatch(what: Mismatch, page: Option<PageNumber>) -> Damage {
    Damage::of_page(page, Fault::FreeSpace(what))
}

fn of_region(pages: &[PageNumber], region: u32) -> &[PageNumber] {
    let start = pages.partition_point(|page| page.region < region);
    let end = pages.partition_point(|page| page.region <= region);
    &pages[start..end]
}
