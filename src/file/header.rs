//! The super-header: geometry, god byte and the two commit slots.

use super::page::PageNumber;
use super::{Error, Result, checksum};

/// Bytes of the super-header that carry data: 64 of header and 128 for each commit slot.
pub const HEADER_LEN: usize = 320;

/// Version of redb's file format that carries lengths with every tree, and its successor.
const VERSIONS: std::ops::RangeInclusive<u8> = 2..=3;

pub const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
const GOD_BYTE: usize = 9;
const RECOVERY_REQUIRED: u8 = 2;
const SLOTS: [usize; 2] = [64, 192];
const SLOT_LEN: usize = 128;
const SLOT_CHECKSUM: usize = 112;

/// A tree: its root page, the checksum of that page, and the number of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    pub page: PageNumber,
    pub checksum: u128,
    pub length: u64,
}

impl Root {
    pub const LEN: usize = 32;

    /// `bytes` must hold [`Root::LEN`] bytes.
    pub fn parse(bytes: &[u8]) -> Root {
        Root {
            page: PageNumber::parse(u64_at(bytes, 0)),
            checksum: u128::from_le_bytes(bytes[8..24].try_into().expect("16 bytes")),
            length: u64_at(bytes, 24),
        }
    }
}

/// One commit: the roots of its three trees and its transaction id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub version: u8,
    /// Tables of the user, by name.
    pub user: Option<Root>,
    /// Tables that redb keeps for itself.
    pub system: Option<Root>,
    /// Pages waiting to be freed; a tree of its own in format v2 only.
    pub freed: Option<Root>,
    pub transaction_id: u64,
    /// Whether the slot's own checksum holds.
    pub valid: bool,
}

impl Slot {
    fn parse(bytes: &[u8]) -> Slot {
        let root = |flag: usize, at: usize| (bytes[flag] != 0).then(|| Root::parse(&bytes[at..]));
        Slot {
            version: bytes[0],
            user: root(1, 8),
            system: root(2, 40),
            freed: root(3, 72),
            transaction_id: u64_at(bytes, 104),
            valid: checksum(&bytes[..SLOT_CHECKSUM]).to_le_bytes() == bytes[SLOT_CHECKSUM..SLOT_LEN],
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
        let start =
            size + u64::from(page.region) * self.region_len() + (u64::from(self.region_header_pages) + first) * size;
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
    /// Set while an app has the file open, and left behind by one that was killed.
    pub recovery_required: bool,
    /// The primary slot was written in two phases: the other one does not count.
    pub two_phase: bool,
    /// The length that the header records; true only of a file that was closed cleanly.
    pub recorded_len: u64,
    pub primary: Slot,
    pub secondary: Slot,
}

impl Header {
    /// `there` is how many of the bytes the file has.
    pub fn parse(bytes: &[u8; HEADER_LEN], there: usize) -> Result<Header> {
        if bytes[..MAGIC.len()] != MAGIC {
            return Err(Error::NotRedb);
        }
        if there < HEADER_LEN {
            return Err(Error::header("the file is cut off in the middle of it"));
        }
        let geometry = Geometry {
            page_size: u32_at(bytes, 12),
            region_header_pages: u32_at(bytes, 16),
            region_max_pages: u32_at(bytes, 20),
        };
        // What redb can have written: 2^20 pages a region at most, and pages that hold the
        // super-header. Beyond these bounds the arithmetic below could overflow.
        let sane = geometry.page_size.is_power_of_two()
            && (512..=65_536).contains(&geometry.page_size)
            && (1..=1 << 20).contains(&geometry.region_max_pages)
            && geometry.region_header_pages <= 1 << 20;
        if !sane {
            return Err(Error::header("the sizes of its pages and regions are impossible"));
        }
        let god = bytes[GOD_BYTE];
        let [slot0, slot1] = SLOTS.map(|at| Slot::parse(&bytes[at..at + SLOT_LEN]));
        let (primary, secondary) = if god & 1 == 0 { (slot0, slot1) } else { (slot1, slot0) };
        Ok(Header {
            geometry,
            recovery_required: god & RECOVERY_REQUIRED != 0,
            two_phase: god & 4 != 0,
            recorded_len: geometry.file_len(u32_at(bytes, 24), u32_at(bytes, 28)),
            primary,
            secondary,
        })
    }

    /// The commits that redb would start from, in its order. A file that was closed cleanly, or
    /// whose last commit was made in two phases, has one; else the newer valid slot comes first
    /// and the other is what redb falls back to when a page of the first is missing.
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
            return Err(Error::header("the checksum of its commit slot does not match"));
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

    /// The other commit, if it is newer in a file that was closed. redb leaves that behind if it is
    /// stopped right after it has given up a commit that is not whole; else the mark is wrong.
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

    /// Whether redb 2.6 can lay out a file of `file_len` bytes without failing: it trusts the
    /// recorded length of a cleanly closed file and works it out anew for any other.
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

/// The bytes of a file's beginning, with the mark that it has not been closed.
pub fn marked_as_open(start: &[u8]) -> Vec<u8> {
    let mut marked = start.to_vec();
    if marked.starts_with(&MAGIC)
        && let Some(god) = marked.get_mut(GOD_BYTE)
    {
        *god |= RECOVERY_REQUIRED;
    }
    marked
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}
