//! The super-header: geometry, god byte and the two commit slots.

use super::damage::Fault;
use super::page::{PageRef, u64_at};
use super::page_number::PageNumber;
use super::{Error, Result, checksum};

/// Where the fields of the super-header are, in bytes from the beginning of the file.
mod at {
    pub const MAGIC: usize = 0;
    /// Bit 0: the primary slot; bit 1: recovery is required; bit 2: the primary commit was made in two phases.
    pub const GOD_BYTE: usize = 9;
    pub const PAGE_SIZE: usize = 12;
    pub const REGION_HEADER_PAGES: usize = 16;
    pub const REGION_MAX_PAGES: usize = 20;
    pub const FULL_REGIONS: usize = 24;
    /// Pages of the last region, if it is not full.
    pub const TRAILING_PAGES: usize = 28;
    /// The page with the list of regions; of format v2 only.
    pub const REGION_TRACKER: usize = 32;
    pub const SLOTS: [usize; 2] = [64, 192];
}

/// Where the fields of a commit slot are, in bytes from its beginning.
mod slot_at {
    pub const VERSION: usize = 0;
    /// One byte each: whether there is a tree.
    pub const HAS_USER: usize = 1;
    pub const HAS_SYSTEM: usize = 2;
    pub const HAS_FREED: usize = 3;
    pub const USER: usize = 8;
    pub const SYSTEM: usize = 40;
    pub const FREED: usize = 72;
    pub const TRANSACTION_ID: usize = 104;
    /// Checksum of all bytes before it.
    pub const CHECKSUM: usize = 112;
    pub const LEN: usize = 128;
}

/// Bytes of the super-header that carry data: 64 of header and 128 for each commit slot.
pub const HEADER_LEN: usize = at::SLOTS[1] + slot_at::LEN;

/// Version of redb's file format that carries lengths with every tree, and its successor.
const VERSIONS: std::ops::RangeInclusive<u8> = 2..=3;

pub const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

/// The byte whose bit [`RECOVERY_REQUIRED`] says that the file was not closed.
pub const GOD_BYTE: usize = at::GOD_BYTE;
pub const RECOVERY_REQUIRED: u8 = 1 << 1;
const PRIMARY: u8 = 1 << 0;
const TWO_PHASE: u8 = 1 << 2;

/// No transaction ever has this number or a larger one.
const IMPOSSIBLE_ID: u64 = 1 << 63;

/// One commit: the roots of its three trees and its transaction id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub version: u8,
    /// Tables of the user, by name.
    pub user: Option<PageRef>,
    /// Tables that redb keeps for itself.
    pub system: Option<PageRef>,
    /// Pages waiting to be freed; a tree of its own in format v2 only.
    pub freed: Option<PageRef>,
    pub transaction_id: u64,
    /// Whether the slot's own checksum holds.
    pub valid: bool,
}

impl Slot {
    fn parse(bytes: &[u8]) -> Slot {
        let root = |flag: usize, at: usize| (bytes[flag] != 0).then(|| PageRef::of_root(&bytes[at..]));
        Slot {
            version: bytes[slot_at::VERSION],
            user: root(slot_at::HAS_USER, slot_at::USER),
            system: root(slot_at::HAS_SYSTEM, slot_at::SYSTEM),
            freed: root(slot_at::HAS_FREED, slot_at::FREED),
            transaction_id: u64_at(bytes, slot_at::TRANSACTION_ID),
            valid: checksum(&bytes[..slot_at::CHECKSUM]).to_le_bytes() == bytes[slot_at::CHECKSUM..slot_at::LEN],
        }
    }
}

/// How pages are laid out in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub page_size: u32,
    pub region_header_pages: u32,
    pub region_max_pages: u32,
}

impl Geometry {
    /// Where a region begins, with its header.
    pub fn region_start(self, region: u32) -> u64 {
        u64::from(self.page_size) + u64::from(region) * self.region_len()
    }

    fn region_len(self) -> u64 {
        (u64::from(self.region_header_pages) + u64::from(self.region_max_pages)) * u64::from(self.page_size)
    }

    /// Where a page begins and how long it is; `None` if the number is outside of every region.
    pub fn locate(self, page: PageNumber) -> Option<(u64, u64)> {
        if page.order > PageNumber::MAX_ORDER {
            return None;
        }
        let pages = 1u64 << page.order;
        let first = u64::from(page.index) * pages;
        if first + pages > u64::from(self.region_max_pages) {
            return None;
        }
        let size = u64::from(self.page_size);
        let start = self.region_start(page.region) + (u64::from(self.region_header_pages) + first) * size;
        Some((start, pages * size))
    }

    /// The length of a file of so many full regions and a last one of `trailing` pages.
    fn file_len(self, full_regions: u32, trailing: u32) -> u64 {
        let last = match trailing {
            0 => 0,
            pages => (u64::from(self.region_header_pages) + u64::from(pages)) * u64::from(self.page_size),
        };
        u64::from(full_regions).saturating_mul(self.region_len()).saturating_add(u64::from(self.page_size) + last)
    }
}

/// The super-header as read in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub geometry: Geometry,
    /// Set while an app has the file open; stays set if the app is killed.
    pub recovery_required: bool,
    /// The primary slot was written in two phases: the other one does not count.
    pub two_phase: bool,
    /// The length that the header records; valid only in a file that was closed cleanly.
    pub recorded_len: u64,
    full_regions: u32,
    trailing_pages: u32,
    /// The page with the list of the regions that have free pages, in format v2.
    pub region_tracker: PageNumber,
    pub primary: Slot,
    pub secondary: Slot,
}

impl Header {
    /// `there` is how many of the bytes the file has.
    pub fn parse(bytes: &[u8; HEADER_LEN], there: usize) -> Result<Header> {
        if bytes[at::MAGIC..MAGIC.len()] != MAGIC {
            return Err(Error::NotRedb);
        }
        if there < HEADER_LEN {
            return Err(Error::header(Fault::CutOff));
        }
        let geometry = Geometry {
            page_size: u32_at(bytes, at::PAGE_SIZE),
            region_header_pages: u32_at(bytes, at::REGION_HEADER_PAGES),
            region_max_pages: u32_at(bytes, at::REGION_MAX_PAGES),
        };
        // What redb can have written: 2^20 pages a region at most, and pages that hold the
        // super-header. Beyond these bounds the arithmetic below could overflow.
        let sane = geometry.page_size.is_power_of_two()
            && (512..=65_536).contains(&geometry.page_size)
            && (1..=1 << 20).contains(&geometry.region_max_pages)
            && geometry.region_header_pages <= 1 << 20;
        if !sane {
            return Err(Error::header(Fault::ImpossibleLayout));
        }
        let god = bytes[GOD_BYTE];
        let [slot0, slot1] = at::SLOTS.map(|at| Slot::parse(&bytes[at..at + slot_at::LEN]));
        let (primary, secondary) = if god & PRIMARY == 0 { (slot0, slot1) } else { (slot1, slot0) };
        let (full_regions, trailing_pages) = (u32_at(bytes, at::FULL_REGIONS), u32_at(bytes, at::TRAILING_PAGES));
        Ok(Header {
            geometry,
            recovery_required: god & RECOVERY_REQUIRED != 0,
            two_phase: god & TWO_PHASE != 0,
            recorded_len: geometry.file_len(full_regions, trailing_pages),
            full_regions,
            trailing_pages,
            region_tracker: PageNumber::parse(u64_at(bytes, at::REGION_TRACKER)),
            primary,
            secondary,
        })
    }

    /// Regions of the file, as far as they are recorded.
    pub fn regions(&self) -> u32 {
        self.full_regions.saturating_add(u32::from(self.trailing_pages > 0))
    }

    /// Pages of a region in the file of its current length.
    pub fn pages_of(&self, region: u32) -> u32 {
        if region < self.full_regions { self.geometry.region_max_pages } else { self.trailing_pages }
    }

    /// Whether redb can have numbered the two commits like this: each has a larger number than the one before, and only
    /// the two empty commits of a new file share one. redb writes a commit twice to upgrade a file, which it has not
    /// closed yet.
    pub fn ids_are_possible(&self) -> bool {
        let (primary, secondary) = (&self.primary, &self.secondary);
        let slots = [primary, secondary];
        if slots.iter().any(|slot| slot.valid && slot.transaction_id >= IMPOSSIBLE_ID) {
            return false;
        }
        if !primary.valid || !secondary.valid || primary.transaction_id != secondary.transaction_id {
            return true;
        }
        let is_empty = |slot: &Slot| slot.user.is_none() && slot.system.is_none() && slot.freed.is_none();
        if self.recovery_required { primary == secondary } else { is_empty(primary) && is_empty(secondary) }
    }

    /// The commits that redb would open, in its order. A file that was closed, or whose last commit was made in two
    /// phases, has one. Otherwise the newer valid slot comes first, and redb falls back to the other if a page of the
    /// first is missing.
    pub fn candidates(&self) -> Result<Vec<Slot>> {
        let slots = if !self.recovery_required || self.two_phase {
            vec![self.primary]
        } else if self.primary.valid && self.primary.transaction_id >= self.secondary.transaction_id {
            vec![self.primary, self.secondary]
        } else {
            vec![self.secondary, self.primary]
        };
        let mut valid: Vec<Slot> = slots.into_iter().filter(|slot| slot.valid).collect();
        if valid.is_empty() {
            return Err(Error::header(Fault::SlotChecksum));
        }
        let newest = valid[0].version;
        if !VERSIONS.contains(&newest) {
            return Err(Error::Version(newest));
        }
        valid.retain(|slot| VERSIONS.contains(&slot.version));
        Ok(valid)
    }

    /// Bytes of a file of `file_len` that are not for pages: the super-header, and the headers of its regions.
    pub fn layout_len(&self, file_len: u64) -> u64 {
        let page = u64::from(self.geometry.page_size);
        let regions = file_len.saturating_sub(page).div_ceil(self.geometry.region_len());
        (page + regions * u64::from(self.geometry.region_header_pages) * page).min(file_len)
    }

    /// The other commit, if it is the newer one in a file that was closed. redb leaves a file like this if it is
    /// stopped right after it has rolled back an incomplete commit; otherwise the mark is wrong.
    pub fn passed_over(&self) -> Option<&Slot> {
        let is_newer = self.secondary.valid && self.secondary.transaction_id > self.primary.transaction_id;
        (is_newer && !self.recovery_required).then_some(&self.secondary)
    }

    /// Every commit that the header still names, the newest first.
    pub fn commits(&self) -> Vec<Slot> {
        let mut commits = vec![self.primary, self.secondary];
        commits.retain(|slot| slot.valid && VERSIONS.contains(&slot.version));
        commits.sort_by_key(|slot| std::cmp::Reverse(slot.transaction_id));
        commits
    }

    /// Whether redb 2.6 can open a file of `file_len` bytes without failing: it trusts the recorded length of a file
    /// that was closed, and computes that of any other.
    pub fn length_is_sound(&self, file_len: u64) -> bool {
        if file_len < self.recorded_len {
            return false;
        }
        if !self.recovery_required {
            return file_len == self.recorded_len;
        }
        let page = u64::from(self.geometry.page_size);
        let Some(regions) = file_len.checked_sub(page) else { return false };
        let rest = regions % self.geometry.region_len();
        rest == 0 || (rest.is_multiple_of(page) && rest / page > u64::from(self.geometry.region_header_pages))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}
