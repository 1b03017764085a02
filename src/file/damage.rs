//! What is wrong with a file, and where.

use super::page_number::PageNumber;
use std::fmt;

/// Something in the file that does not match its checksum or its place. In a file that an app is writing to, it may
/// only mean that the commit is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    page: Option<PageNumber>,
    /// The checksum that the page should have, if it has another.
    /// As bytes, so that errors stay small.
    expected: Option<[u8; 16]>,
    fault: Fault,
}

impl Damage {
    pub(super) fn of_header(fault: Fault) -> Damage {
        Damage { page: None, expected: None, fault }
    }

    pub(super) fn of_page(page: Option<PageNumber>, fault: Fault) -> Damage {
        Damage { page, expected: None, fault }
    }

    /// A page without the checksum or the contents that its parent expects.
    pub(super) fn of_contents(page: PageNumber, expected: u128, fault: Fault) -> Damage {
        Damage { page: Some(page), expected: Some(expected.to_le_bytes()), fault }
    }

    /// The damage of a file whose length redb would not accept.
    pub(crate) fn wrong_length() -> Damage {
        Damage::of_header(Fault::WrongLength)
    }

    /// The damage of a file whose pages are of a size that redb 2.6 does not open.
    pub(crate) fn page_size() -> Damage {
        Damage::of_header(Fault::PageSize)
    }

    /// The damage of a file whose two commits cannot have followed each other.
    pub(crate) fn impossible_ids() -> Damage {
        Damage::of_header(Fault::SlotIds)
    }

    /// Whether both are the same page, which should have the same contents.
    pub(crate) fn is_of_the_same_page(&self, other: &Damage) -> bool {
        self.page.is_some() && self.expected.is_some() && (self.page, self.expected) == (other.page, other.expected)
    }

    /// Whether the damage is in redb's record of free pages, which affects only writes.
    #[must_use]
    pub fn is_of_free_space(&self) -> bool {
        matches!(self.fault, Fault::FreeSpace(_))
    }

    /// The damaged page; `None` for the header.
    #[must_use]
    pub fn page(&self) -> Option<PageNumber> {
        self.page
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.fault, self.page) {
            (Fault::FreeSpace(mismatch), Some(page)) => write!(f, "free space: page {page} {mismatch}"),
            (Fault::FreeSpace(mismatch), None) => write!(f, "free space: {mismatch}"),
            (fault, Some(page)) => write!(f, "page {page}: {fault}"),
            (fault, None) => write!(f, "header: {fault}"),
        }
    }
}

/// The kinds of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    // In the header.
    CutOff,
    ImpossibleLayout,
    PageSize,
    SlotChecksum,
    SlotIds,
    OlderCommit,
    WrongLength,
    BecameShorter,
    // In a page.
    NoSuchPage,
    BeyondTheEnd,
    TooLarge,
    NeitherLeafNorBranch,
    Empty,
    HoldsTooMuch,
    LastOffset,
    Offsets,
    Checksum,
    ReachedTwice,
    TooDeep,
    // In the contents of a page.
    Definition,
    TableName,
    Count,
    KeyNotText,
    MultimapValues,
    PageList,
    FreeSpace(Mismatch),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::CutOff => "the file is cut off in the middle of it",
            Fault::ImpossibleLayout => "the sizes of its pages and regions are impossible",
            Fault::PageSize => "its pages are not of 4096 bytes",
            Fault::SlotChecksum => "the checksum of its commit slot does not match",
            Fault::SlotIds => "the numbers of its two commits contradict each other",
            Fault::OlderCommit => "it names the older of two commits, and says that the file was closed",
            Fault::WrongLength => "its length is wrong",
            Fault::BecameShorter => "the file became shorter while it was read",
            Fault::NoSuchPage => "there is no such page",
            Fault::BeyondTheEnd => "it lies beyond the end of the file",
            Fault::TooLarge => "it is too large for this machine",
            Fault::NeitherLeafNorBranch => "it is neither a leaf nor a branch",
            Fault::Empty => "it is empty",
            Fault::HoldsTooMuch => "it holds more than fits",
            Fault::LastOffset => "its last offset lies outside of it",
            Fault::Offsets => "its offsets are out of order",
            Fault::Checksum => "its checksum does not match",
            Fault::ReachedTwice => "it is reached twice",
            Fault::TooDeep => "the tree above it is too deep",
            Fault::Definition => "the definition of a table makes no sense",
            Fault::TableName => "the name of a table is not text",
            Fault::Count => "the table holds another number of entries than it says",
            Fault::KeyNotText => "a key of the table is not UTF-8",
            Fault::MultimapValues => "the values of a key make no sense",
            Fault::PageList => "a list of freed pages makes no sense",
            Fault::FreeSpace(mismatch) => return mismatch.fmt(f),
        })
    }
}

/// How redb's record of free pages differs from the pages in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A page in use is not recorded as such, or with another size.
    RecordedFree,
    /// A page is recorded as in use, and no tree leads to it.
    Unreached,
    /// The index by which redb finds free pages does not match the pages in use.
    FreeIndex,
    /// The record cannot be one that redb wrote for this file.
    Layout,
    /// The list of the regions that have free pages.
    Tracker,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mismatch::RecordedFree => "is in use, and recorded as free or with another size",
            Mismatch::Unreached => "is recorded as in use, and no tree leads to it",
            Mismatch::FreeIndex => "the index of free pages is not that of the pages in use",
            Mismatch::Layout => "the record is not laid out as redb writes it",
            Mismatch::Tracker => "the list of regions with free pages is damaged",
        })
    }
}
