//! Why bytes were refused as CBOR.

use std::fmt;

/// Why bytes are not CBOR that can be read, and the byte at which that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    fault: Fault,
    offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Truncated,
    Reserved,
    NotUtf8,
    UnknownSimple,
    StrayBreak,
    MixedSegments,
    IntegerTooLarge,
    /// Deeper than the reader allows; how deep that is, the layouts decide.
    TooDeep,
    /// Offsets are kept in 32 bits.
    TooLong,
}

impl Error {
    pub(crate) fn new(fault: Fault, offset: usize) -> Error {
        Error { fault, offset }
    }

    pub(crate) fn fault(&self) -> Fault {
        self.fault
    }

    /// The offset of the fault, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::Truncated => "it ends in the middle of an item",
            Fault::Reserved => "an initial byte that CBOR reserves",
            Fault::NotUtf8 => "text that is not UTF-8",
            Fault::UnknownSimple => "an unknown simple value",
            Fault::StrayBreak => "a break outside of an item of indefinite length",
            Fault::MixedSegments => "a segment of another type in a string of indefinite length",
            Fault::IntegerTooLarge => "a negative bignum of more than 127 bits",
            Fault::TooDeep => "nested too deeply",
            Fault::TooLong => "longer than 4 GiB",
        };
        write!(f, "{what} (at byte {})", self.offset)
    }
}

impl std::error::Error for Error {}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// An offset in 32 bits: half the memory of a `usize`, for lists that may have an offset for every few bytes.
pub(crate) fn offset32(offset: usize) -> Result<u32> {
    u32::try_from(offset).map_err(|_| Error::new(Fault::TooLong, offset))
}
