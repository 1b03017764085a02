//! Why vantage-live cannot read a value.

use crate::cbor;
use crate::cbor::error::Fault;
use std::fmt;

/// Why an envelope cannot be decoded, and at which byte of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError(Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Cbor(cbor::Error),
    NotAMap,
}

impl DecodeError {
    /// The value is CBOR, but not a map.
    pub(crate) const NOT_A_MAP: DecodeError = DecodeError(Reason::NotAMap);

    /// The offset in the value, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self.0 {
            Reason::Cbor(error) => error.offset(),
            Reason::NotAMap => 0,
        }
    }
}

impl From<cbor::Error> for DecodeError {
    fn from(error: cbor::Error) -> DecodeError {
        DecodeError(Reason::Cbor(error))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0 {
            Reason::NotAMap => "the envelope is not a map",
            Reason::Cbor(error) if error.fault() == Fault::TooDeep => "nested deeper than vantage-live reads",
            Reason::Cbor(error) => return error.fmt(f),
        };
        write!(f, "{what} (at byte {})", self.offset())
    }
}

impl std::error::Error for DecodeError {}

pub(crate) type Result<T, E = DecodeError> = std::result::Result<T, E>;
