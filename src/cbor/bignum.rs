//! Bignums: byte strings under a tag that ciborium reads as integers if they are short.

use super::error::{Error, Fault, Result};
use super::reader::{Head, Reader};

/// The tags of bignums, and the longest byte string that ciborium reads as an integer under them.
const BIGNUM_TAGS: [u64; 2] = [2, 3];
const BIGNUM_LEN: usize = 16;

/// A tag as ciborium reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagged {
    /// A bignum, which was read whole: any integer of 128 bits that ciborium allows.
    Integer(BigInt),
    /// Any other tag; its content follows.
    Tag(u64),
}

/// The integer of a bignum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BigInt {
    /// -2^64 to 2^64 - 1: the range of CBOR's own integers.
    Small(i128),
    /// Outside of that: the tag, and the argument n of the integer n or -1 - n.
    Large(u64, u128),
}

/// The bytes of a bignum: those of its argument without leading zeros.
pub(crate) fn bignum_bytes(argument: u128) -> Vec<u8> {
    argument.to_be_bytes()[(argument.leading_zeros() / 8) as usize..].to_vec()
}

impl Reader<'_> {
    /// What a tag means whose head was just read.
    pub(crate) fn tagged(&mut self, tag: u64) -> Result<Tagged> {
        let content = self.peek()?;
        let Head::Bytes(Some(len)) = content else { return Ok(Tagged::Tag(tag)) };
        if !BIGNUM_TAGS.contains(&tag) || len > BIGNUM_LEN {
            return Ok(Tagged::Tag(tag));
        }
        self.head()?;
        let value = self.take(len)?.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
        let negative = tag == BIGNUM_TAGS[1];
        Ok(Tagged::Integer(match u64::try_from(value) {
            Ok(value) if negative => BigInt::Small(-1 - i128::from(value)),
            Ok(value) => BigInt::Small(i128::from(value)),
            Err(_) if negative && value >> 127 == 1 => return Err(Error::new(Fault::IntegerTooLarge, self.pos())),
            Err(_) => BigInt::Large(tag, value),
        }))
    }

    /// The next item if it is an integer in the range of CBOR's own, written as one or as a bignum. Of any
    /// other item only the head is read.
    pub(crate) fn integer(&mut self) -> Result<Option<i128>> {
        Ok(match self.head()? {
            Head::Unsigned(value) => Some(i128::from(value)),
            Head::Negative(value) => Some(-1 - i128::from(value)),
            Head::Tag(tag) => match self.tagged(tag)? {
                Tagged::Integer(BigInt::Small(value)) => Some(value),
                _ => None,
            },
            _ => None,
        })
    }
}
