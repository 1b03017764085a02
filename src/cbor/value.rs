//! An item as a [`Value`] of ciborium. It is the value that ciborium decodes, in a fraction of the time.

use super::bignum::{BigInt, Tagged, bignum_bytes};
use super::error::Result;
use super::reader::{Head, Reader};
use ciborium::Value;

/// Simple values of CBOR.
const FALSE: u8 = 20;
const TRUE: u8 = 21;

impl Reader<'_> {
    /// Decodes one item that was verified, so that neither its depth nor its lengths can be too large.
    pub(crate) fn value(&mut self) -> Result<Value> {
        Ok(match self.head()? {
            Head::Unsigned(number) => Value::Integer(number.into()),
            Head::Negative(number) => of_integer(BigInt::Small(-1 - i128::from(number))),
            Head::Float(float) => Value::Float(float.value()),
            Head::Text(len) => Value::Text(self.text(len)?.into_owned()),
            Head::Bytes(len) => {
                let mut bytes = Vec::with_capacity(len.unwrap_or_default());
                self.segments(false, len, |segment| bytes.extend_from_slice(segment))?;
                Value::Bytes(bytes)
            }
            Head::Array(mut left) => {
                let mut items = Vec::with_capacity(left.unwrap_or_default());
                while self.more(&mut left)? {
                    items.push(self.value()?);
                }
                Value::Array(items)
            }
            Head::Map(mut left) => {
                let mut pairs = Vec::with_capacity(left.unwrap_or_default());
                while self.more(&mut left)? {
                    pairs.push((self.value()?, self.value()?));
                }
                Value::Map(pairs)
            }
            Head::Tag(tag) => match self.tagged(tag)? {
                Tagged::Integer(integer) => of_integer(integer),
                Tagged::Tag(tag) => Value::Tag(tag, Box::new(self.value()?)),
            },
            Head::Simple(FALSE) => Value::Bool(false),
            Head::Simple(TRUE) => Value::Bool(true),
            Head::Simple(_) => Value::Null,
            Head::Break => unreachable!("a break is not an item"),
        })
    }
}

fn of_integer(integer: BigInt) -> Value {
    match integer {
        BigInt::Small(number) => Value::Integer(number.try_into().expect("an integer of CBOR")),
        BigInt::Large(tag, argument) => Value::Tag(tag, Box::new(Value::Bytes(bignum_bytes(argument)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    /// Whether ciborium decodes the same from `bytes`, if they can be verified. Floats are compared by their bits.
    fn is_as_ciborium(bytes: &[u8]) -> bool {
        let depth = 100;
        let mut reader = Reader::at(bytes, 0);
        if reader.verify(depth, &mut ()).is_err() {
            return false;
        }
        let verified = reader.since(0);
        let mut reader = Reader::at(verified, 0);
        let ours = reader.value().expect("it was verified");
        assert_eq!(reader.pos(), verified.len(), "{bytes:x?}");
        let theirs: Value = ciborium::from_reader(verified).expect("it was verified");
        let encoded = |value: &Value| {
            let mut encoded = Vec::new();
            ciborium::into_writer(value, &mut encoded).expect("memory");
            (encoded, format!("{value:?}"))
        };
        assert_eq!(encoded(&ours), encoded(&theirs), "{bytes:x?}");
        true
    }

    #[test]
    fn every_short_item_is_what_ciborium_decodes() {
        let mut verified = 0;
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for rest in [[0x00, 0x00], [0x61, 0x78], [0x41, 0xff], [0xff, 0xff], [0xf7, 0xf5]] {
                    verified += usize::from(is_as_ciborium(&[&[first, second], &rest[..], &[0; 16]].concat()));
                }
            }
        }
        assert!(verified > 10_000, "{verified}");
    }

    #[test]
    fn bignums_are_what_ciborium_decodes() {
        for tag in [0xc2, 0xc3, 0xc4] {
            for len in 0..=17 {
                for first in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![tag, 0x40 + len];
                    bytes.extend((0..len).map(|n| if n == 0 { first } else { n }));
                    // An integer below -2^127 is refused.
                    let is_refused = tag == 0xc3 && len == 16 && first >= 0x80;
                    assert_eq!(is_as_ciborium(&bytes), !is_refused, "{bytes:x?}");
                }
            }
        }
    }

    #[test]
    fn strings_in_segments_and_nested_items_are_what_ciborium_decodes() {
        for bytes in [
            &b"\x7f\x61a\x60\x62bc\xff"[..],
            b"\x5f\x41a\x40\x42bc\xff",
            b"\x9f\x01\x9f\xff\xa0\xff",
            b"\xbf\x61a\xf7\x61a\xf6\xff",
            b"\xc8\x82\x66client\x61x",
            b"\xfa\x7f\xc0\x00\x00",
            b"\xf9\x7e\x01",
            b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x01",
        ] {
            assert!(is_as_ciborium(bytes), "{bytes:x?}");
        }
    }
}
