//! Values without their contents, for bug reports.

use super::layout::FETCHED_AT;
use crate::cbor::encode::shortest;
use crate::cbor::items::{Event, Item, Items, Role};
use crate::cbor::reader::{Head, Reader};

/// The numbers that replace floats, by their width: neither has a shorter form.
const SINGLE: f32 = 100_000.0;
const DOUBLE: f64 = 1.1;

/// The bytes of a value without its contents: as many bytes, with the same items and tags in the same places. Keys are
/// kept, including row ids and field names, and so is the time at which the rows were fetched.
///
/// Text becomes `x`s and byte strings become bytes of 1, of the same length; a bignum keeps its leading zeros. An
/// integer or a float becomes a fixed number of the same width, and `true` becomes `false`. What was in its shortest
/// form still is; what was not still is not, except for floats. Two faults disappear with the contents: text that is
/// not UTF-8, and a negative bignum that is too large for vantage-live.
///
/// From the first item that is not well-formed to the end, all bytes are zero. Before it, any item in the place of a
/// key is kept as a key, so that more of a damaged value may be kept than of an intact one.
///
/// ```
/// let value = b"\xa2\x6afetched_at\x07\x64rows\xa1\x62c1\xa2\x64name\x64Anna\x63age\x18\x2a";
/// let redacted = b"\xa2\x6afetched_at\x07\x64rows\xa1\x62c1\xa2\x64name\x64xxxx\x63age\x18\x18";
/// assert_eq!(vlive::live::redact(value), redacted);
/// ```
#[must_use]
pub fn redact(value: &[u8]) -> Vec<u8> {
    let mut redacted = value.to_vec();
    let Ok(mut items) = Items::new(value) else {
        redacted.fill(0);
        return redacted;
    };
    let (mut key, mut kept, mut bignum) = (0, None, false);
    loop {
        let item = match items.advance() {
            Ok(Some(Event::Item(item))) => item,
            Ok(Some(Event::End { .. })) => continue,
            Ok(None) => break,
            Err(_) => {
                redacted[items.start()..].fill(0);
                break;
            }
        };
        match item.role {
            Role::Key if item.depth == 1 => key = item.start,
            Role::Value if item.depth == 1 => kept = end_of_time(value, key, item.start),
            _ => {}
        }
        if !item.in_key && kept.is_none_or(|end| item.start >= end) {
            let (head, string) = redacted[item.start..].split_at_mut(item.encoded.len());
            hide(&item, bignum, head, &mut string[..item.string.len()]);
        }
        bignum = matches!(item.head, Head::Tag(2 | 3));
    }
    redacted
}

/// The end of the value at `start` if it is an integer and its key, at `key`, is the name of the time.
fn end_of_time(value: &[u8], key: usize, start: usize) -> Option<usize> {
    let (mut key, mut time) = (Reader::at(value, key), Reader::at(value, start));
    let is_time = matches!(key.head(), Ok(Head::Text(len)) if key.text(len).is_ok_and(|key| key == FETCHED_AT));
    (matches!(time.integer(), Ok(Some(_))) && is_time).then(|| time.pos())
}

/// Overwrites the contents of an item. A byte string is a bignum if `bignum` is true.
fn hide(item: &Item<'_>, bignum: bool, head: &mut [u8], string: &mut [u8]) {
    match item.head {
        Head::Unsigned(argument) | Head::Negative(argument) => {
            let smallest: u64 = match head.len() {
                len if len != shortest(argument) => 0,
                1 => 0,
                2 => 24,
                3 => 0x100,
                5 => 0x1_0000,
                _ => 0x1_0000_0000,
            };
            match head {
                [initial] => *initial &= 0xe0,
                [_, rest @ ..] => rest.copy_from_slice(&smallest.to_be_bytes()[8 - rest.len()..]),
                [] => unreachable!("a head has at least one byte"),
            }
        }
        Head::Float(_) => match &mut head[1..] {
            half @ [_, _] => half.fill(0),
            single @ [_, _, _, _] => single.copy_from_slice(&SINGLE.to_be_bytes()),
            double => double.copy_from_slice(&DOUBLE.to_be_bytes()),
        },
        // Whether in one byte or two, `false` is one less than `true`.
        Head::Simple(21) => head[item.encoded.len() - 1] -= 1,
        Head::Text(_) => string.fill(b'x'),
        // A bignum without its leading zeros could be read as a value of another type.
        Head::Bytes(_) => string.iter_mut().skip_while(|byte| bignum && **byte == 0).for_each(|byte| *byte = 1),
        Head::Simple(_) | Head::Array(_) | Head::Map(_) | Head::Tag(_) | Head::Break => {}
    }
}
