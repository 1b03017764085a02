//! Whether ciborium would write bytes as they are.

use super::bignum::{BigInt, Tagged};
use super::encode::{LONGEST, float_head, shortest};
use super::error::Result;
use super::reader::{Head, Reader};

/// Reads bytes that were verified before, above all the depth of their nesting, and notes what ciborium would
/// write in another way: an indefinite length, a number that is longer than necessary, a small bignum for an
/// integer, `undefined` for null.
#[derive(Debug)]
pub(crate) struct AsWritten<'b> {
    pub reader: Reader<'b>,
    /// Whether something would be written in another way.
    pub differs: bool,
}

impl<'b> AsWritten<'b> {
    pub fn new(reader: Reader<'b>) -> AsWritten<'b> {
        AsWritten { reader, differs: false }
    }

    /// The next value, with all that is in it.
    pub fn value(&mut self) -> Result<()> {
        match self.head()? {
            Head::Bytes(Some(len)) | Head::Text(Some(len)) => drop(self.reader.take(len)?),
            Head::Bytes(None) => self.reader.segments(false, None, drop)?,
            Head::Text(None) => self.reader.segments(true, None, drop)?,
            Head::Array(mut left) => {
                while self.reader.more(&mut left)? {
                    self.value()?;
                }
            }
            Head::Map(mut left) => {
                while self.reader.more(&mut left)? {
                    self.value()?;
                    self.value()?;
                }
            }
            Head::Tag(tag) => {
                let content = self.reader;
                match self.reader.tagged(tag)? {
                    Tagged::Tag(_) => self.value()?,
                    Tagged::Integer(BigInt::Small(_)) => self.differs = true,
                    Tagged::Integer(BigInt::Large(..)) => {
                        self.reader = content;
                        let Head::Bytes(Some(len)) = self.head()? else { unreachable!("a bignum is a byte string") };
                        self.differs |= self.reader.take(len)?.first() == Some(&0);
                    }
                }
            }
            Head::Unsigned(_) | Head::Negative(_) | Head::Simple(_) | Head::Float(_) | Head::Break => {}
        }
        Ok(())
    }

    /// The next head.
    pub fn head(&mut self) -> Result<Head> {
        let start = self.reader.pos();
        let head = self.reader.head()?;
        let len = self.reader.pos() - start;
        let as_written = match head {
            Head::Unsigned(argument) | Head::Negative(argument) | Head::Tag(argument) => len == shortest(argument),
            Head::Bytes(Some(count)) | Head::Text(Some(count)) | Head::Array(Some(count)) | Head::Map(Some(count)) => {
                len == shortest(count as u64)
            }
            Head::Bytes(None) | Head::Text(None) | Head::Array(None) | Head::Map(None) => false,
            Head::Simple(simple) => len == 1 && simple != ciborium_ll::simple::UNDEFINED,
            Head::Float(float) => {
                let mut written = [0; LONGEST];
                len == float_head(float.value(), &mut written) && self.reader.since(start) == &written[..len]
            }
            Head::Break => true,
        };
        self.differs |= !as_written;
        Ok(head)
    }
}
