//! The address of a page in the file.

use std::fmt;

/// The address of a page, shown as redb shows it: `r{region}.{index}/{order}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageNumber {
    /// The region that it lies in.
    pub region: u32,
    /// Its place in the region, counted in pages of its own order.
    pub index: u32,
    /// The page is `2^order` base pages long.
    pub order: u8,
}

impl PageNumber {
    pub(super) const MAX_ORDER: u8 = 20;

    /// 5 bits of order at the top, 20 of region above 20 of index at the bottom. The index of a
    /// page of a higher order has fewer bits; the rest is reserved and ignored.
    pub(super) fn parse(raw: u64) -> PageNumber {
        let order = (raw >> 59) as u8;
        let low = |bits: u64| u32::try_from(bits & 0xF_FFFF).expect("20 bits");
        PageNumber { region: low(raw >> 20), index: low(raw & (0xF_FFFF >> order)), order }
    }

    /// The number as the file has it, without reserved bits.
    pub(super) fn raw(self) -> u64 {
        u64::from(self.order) << 59 | u64::from(self.region) << 20 | u64::from(self.index)
    }
}

impl fmt::Display for PageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}.{}/{}", self.region, self.index, self.order)
    }
}
