//! A value with another time.

use super::error::Result;
use super::fetched_at::FetchedAt;
use super::layout::{FETCHED_AT, MAX_DEPTH};
use super::verify::verify;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::reader::{Head, Reader};
use ciborium_ll::Header;

/// The value of an entry with another time and every other byte unchanged: vantage-live reads that time from it, and
/// the same rows as before. If there are several `fetched_at`, each gets the time, whichever counts; if there is none,
/// one is put first.
pub(crate) fn redated(value: &[u8], fetched_at: FetchedAt) -> Result<Vec<u8>> {
    // The walk below relies on verified bytes.
    verify(value)?;
    let mut reader = Reader::at(value, 0);
    let Head::Map(pairs) = reader.head()? else { unreachable!("an envelope is a map") };
    let first = reader.pos();
    let mut left = pairs;
    // Room for a longer time, or for another pair.
    let mut redated = Vec::with_capacity(value.len() + 32);
    let mut copied = 0;
    while reader.more(&mut left)? {
        let is_time = if let Head::Text(len) = reader.peek()? {
            reader.head()?;
            reader.text(len)? == FETCHED_AT
        } else {
            reader.skip(MAX_DEPTH)?;
            false
        };
        // The last value is mostly the rows, which are long.
        if !is_time && left == Some(0) {
            break;
        }
        let start = reader.pos();
        reader.skip(MAX_DEPTH)?;
        if is_time {
            redated.extend_from_slice(&value[copied..start]);
            push_head(&mut redated, Header::Positive(fetched_at.seconds()));
            copied = reader.pos();
        }
    }
    if copied == 0 {
        push_head(&mut redated, Header::Map(pairs.map(|pairs| pairs + 1)));
        push_text(&mut redated, FETCHED_AT);
        push_head(&mut redated, Header::Positive(fetched_at.seconds()));
        copied = first;
    }
    redated.extend_from_slice(&value[copied..]);
    Ok(redated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::envelope::{CachedRows, Envelope};
    use std::time::{Duration, UNIX_EPOCH};

    /// A value, and what it is with the time 7.
    const REDATED: [(&[u8], &[u8]); 23] = [
        (b"\xa2\x6afetched_at\x00\x64rows\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa0"),
        (b"\xa2\x6afetched_at\x1a\x65\x50\0\0\x64rows\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa0"),
        // Rows in other encodings, of another type, with a field of that name.
        (
            b"\xa2\x6afetched_at\x01\x64rows\xbf\x61a\xb8\x01\x6afetched_at\x18\x02\xff",
            b"\xa2\x6afetched_at\x07\x64rows\xbf\x61a\xb8\x01\x6afetched_at\x18\x02\xff",
        ),
        (b"\xa2\x6afetched_at\x01\x64rows\x6afetched_at", b"\xa2\x6afetched_at\x07\x64rows\x6afetched_at"),
        // Bytes after the envelope.
        (b"\xa1\x6afetched_at\x01\x6afetched_at\x01\xff", b"\xa1\x6afetched_at\x07\x6afetched_at\x01\xff"),
        (b"\xa0\x00", b"\xa1\x6afetched_at\x07\x00"),
        // Values that are not a time, or not one that vantage-live reads.
        (b"\xa1\x6afetched_at\x20", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xc1\x01", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xc2\x41\x05", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\x9f\x01\xa1\x01\x02\xff", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\x7f\x63now\x60\xff", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xf6", b"\xa1\x6afetched_at\x07"),
        // In any place, more than once, and with its name in another encoding.
        (b"\xa2\x64rows\xa0\x6afetched_at\x18\x2a", b"\xa2\x64rows\xa0\x6afetched_at\x07"),
        (
            b"\xa3\x6afetched_at\x01\x64rows\xa0\x6afetched_at\x61x",
            b"\xa3\x6afetched_at\x07\x64rows\xa0\x6afetched_at\x07",
        ),
        (b"\xbf\x7f\x65fetch\x65ed_at\xff\x01\xff", b"\xbf\x7f\x65fetch\x65ed_at\xff\x07\xff"),
        (b"\xb9\0\x01\x78\x0afetched_at\x1b\0\0\0\0\0\0\0\x01", b"\xb9\0\x01\x78\x0afetched_at\x07"),
        // No time: another pair in front, and a head that counts it.
        (b"\xa0", b"\xa1\x6afetched_at\x07"),
        (b"\xbf\xff", b"\xbf\x6afetched_at\x07\xff"),
        (b"\xa1\x64rows\xa1\x61a\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa1\x61a\xa0"),
        (b"\xbb\0\0\0\0\0\0\0\x01\x64etag\x01", b"\xa2\x6afetched_at\x07\x64etag\x01"),
        (b"\xa2\x4afetched_at\x01\x6bfetched_at \x01", b"\xa3\x6afetched_at\x07\x4afetched_at\x01\x6bfetched_at \x01"),
        (b"\xa1\x01\x6afetched_at", b"\xa2\x6afetched_at\x07\x01\x6afetched_at"),
        (b"\xa1\xa1\x6afetched_at\x01\x02", b"\xa2\x6afetched_at\x07\xa1\x6afetched_at\x01\x02"),
    ];

    #[test]
    fn a_value_with_another_time_is_the_same_in_every_other_byte() {
        for (value, expected) in REDATED {
            assert_eq!(redated(value, 7.into()).as_deref(), Ok(expected), "{}", value.escape_ascii());
        }
        // More pairs than a head of one byte counts.
        let pairs = b"\x61a\x01".repeat(23);
        let expected = [&b"\xb8\x18\x6afetched_at\x07"[..], &pairs].concat();
        assert_eq!(redated(&[&b"\xb7"[..], &pairs].concat(), 7.into()), Ok(expected));
    }

    #[test]
    fn a_time_is_written_in_its_shortest_form() {
        for (fetched_at, encoded) in [
            (0, &b"\x00"[..]),
            (23, b"\x17"),
            (24, b"\x18\x18"),
            (255, b"\x18\xff"),
            (256, b"\x19\x01\0"),
            (65_536, b"\x1a\0\x01\0\0"),
            (1 << 32, b"\x1b\0\0\0\x01\0\0\0\0"),
            (FetchedAt::LAST.seconds(), b"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            let expected = [&b"\xa2\x6afetched_at"[..], encoded, b"\x64rows\xa0"].concat();
            let fetched_at = FetchedAt::new(fetched_at).expect("a time that a cache can hold");
            assert_eq!(redated(b"\xa2\x6afetched_at\x18\x2a\x64rows\xa0", fetched_at), Ok(expected));
        }
    }

    #[derive(serde::Deserialize)]
    struct Sample {
        hex: Option<String>,
    }

    #[test]
    fn a_sample_value_keeps_its_rows_or_is_refused_with_the_error_of_decoding() {
        let samples = include_str!("../../tests/caches/envelopes.jsonl");
        let (mut done, mut refused) = (0, 0);
        for sample in samples.lines() {
            // The bytes of a few that are nested deeply are not in the list.
            let Sample { hex: Some(digits) } = serde_json::from_str(sample).expect("a line is JSON") else { continue };
            let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
            let value: Vec<u8> = digits.as_bytes().chunks(2).map(|pair| byte(pair).expect("two digits")).collect();
            for fetched_at in [0.into(), 1_770_000_000.into(), FetchedAt::LAST] {
                match (CachedRows::decode(&value), redated(&value, fetched_at)) {
                    (Ok(mut rows), Ok(value)) => {
                        done += 1;
                        rows.fetched_at = UNIX_EPOCH + Duration::from_secs(fetched_at.seconds());
                        let again = CachedRows::decode(&value).expect("it can still be read");
                        // As bytes, since no NaN equals another.
                        assert_eq!(Envelope::encode(&again), Envelope::encode(&rows), "{sample}");
                        assert_eq!(redated(&value, fetched_at), Ok(value), "{sample}");
                    }
                    (Err(expected), Err(error)) => {
                        refused += 1;
                        assert_eq!(error, expected, "{sample}");
                    }
                    (rows, value) => panic!("{sample}: {rows:?}, {value:02x?}"),
                }
            }
        }
        assert_eq!((done + refused, refused), (3 * 52, 3 * 14));
    }
}
