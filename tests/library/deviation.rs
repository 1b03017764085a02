//! What a check calls altered is exactly what vantage-live would not have written.

use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use std::time::UNIX_EPOCH;
use vlive::CachedRows;
use vlive::live::{Deviation, Envelope, deviations};

/// The value as vantage-live would write what it reads from it, and the time that it has then.
fn rewritten(value: &[u8]) -> Option<(Vec<u8>, u64)> {
    let rows = CachedRows::decode(value).ok()?;
    let fetched_at = rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    Some((Envelope::encode(&rows).bytes().to_vec(), fetched_at))
}

/// A value that vantage-live would write, or that differs a little from one.
fn near(value: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let Some((mut value, _)) = rewritten(&value) else { return value };
    for _ in 0..random.below(3) {
        let at = random.below(value.len());
        let byte = random.next().to_le_bytes()[0];
        match random.below(6) {
            0 => value[at] = byte,
            1 => value[at] ^= 1 << random.below(8),
            // Now and then an item becomes another one of the same length.
            2 => value[at] = value[at] & 0xe0 | byte & 0x1f,
            3 => value.insert(at, byte),
            4 if value.len() > 1 => drop(value.remove(at)),
            _ => value.push(byte),
        }
    }
    value
}

#[test]
fn a_value_deviates_if_and_only_if_vantage_live_would_write_it_differently_or_its_time_is_in_the_future() {
    let (mut same, mut other, mut future, mut refused) = (0, 0, 0, 0);
    for seed in seeds(6_000) {
        let random = &mut Random::new(seed);
        let mut value = scribble(seed);
        if random.below(4) > 0 {
            value = near(value, random);
        }
        let Some((rewritten, fetched_at)) = rewritten(&value) else {
            assert!(deviations(&value, u64::MAX).is_err(), "{seed}: {value:02x?}");
            refused += 1;
            continue;
        };
        for now in [fetched_at.saturating_sub(1), fetched_at, fetched_at + 1, u64::MAX] {
            let found = deviations(&value, now).unwrap_or_else(|error| panic!("{seed}: {error}: {value:02x?}"));
            let is_future = fetched_at > now;
            assert_eq!(found.is_empty(), rewritten == value && !is_future, "{seed}: {found:?}: {value:02x?}");
            assert_eq!(found.contains(&Deviation::Future), is_future, "{seed}: {found:?}: {value:02x?}");
            assert!(found.is_sorted_by(|a, b| a < b), "{seed}: {found:?}: {value:02x?}");
            match found.as_slice() {
                [] => same += 1,
                [Deviation::Future] => future += 1,
                _ => other += 1,
            }
        }
    }
    let mix = format!("{same} the same, {other} others, {future} to come, {refused} refused");
    let least = |tries: u64| tries * rounds();
    let is_fair = same > least(2_000) && other > least(4_000) && future > least(500) && refused > least(500);
    assert!(is_fair, "{mix}: not a fair mix");
}

const NOW: u64 = 1_000;

/// An envelope with these pairs behind its time and before its rows, and this map of rows.
fn envelope(pairs: u8, between: &[u8], rows: &[u8]) -> Vec<u8> {
    [&[0xa2 + pairs][..], b"\x6afetched_at\x01", between, b"\x64rows", rows].concat()
}

/// An envelope with one field.
fn field(value: &[u8]) -> Vec<u8> {
    envelope(0, b"", &[b"\xa1\x61a\xa1\x61k", value].concat())
}

#[test]
fn each_deviation_is_found_alone() {
    use Deviation::{
        Encoding, Future, KeyNotText, NoRows, NoTime, Order, Repeated, RowNotAMap, TrailingBytes, UnknownKey,
    };
    let usual = envelope(0, b"", b"\xa0");
    let cases: Vec<(Vec<u8>, Deviation)> = vec![
        ([&usual[..], b"\x00"].concat(), TrailingBytes),
        // Not even CBOR need stand there.
        ([&usual[..], b"\xff\x1c"].concat(), TrailingBytes),
        (envelope(1, b"\x64etag\x61x", b"\xa0"), UnknownKey),
        (envelope(1, b"\x64Rows\xa0", b"\xa0"), UnknownKey),
        (envelope(1, b"\x60\xf6", b"\xa0"), UnknownKey),
        (envelope(1, b"\x01\xa0", b"\xa0"), KeyNotText),
        (envelope(1, b"\x44rows\xa0", b"\xa0"), KeyNotText),
        (envelope(0, b"", b"\xa1\x01\xa0"), KeyNotText),
        (envelope(0, b"", b"\xa1\x61a\xa1\xf6\x01"), KeyNotText),
        (b"\xa1\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\x20\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\xf6\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\x611\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\xc1\x01\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\xf9\x3c\x00\x64rows\xa0".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\x1b\x80\x00\x00\x00\x00\x00\x00\x00\x64rows\xa0".to_vec(), NoTime),
        // Too late to be usable counts for more than too late to be in order.
        (b"\xa2\x64rows\xa0\x6afetched_at\x20".to_vec(), NoTime),
        (b"\xa2\x6afetched_at\x19\x03\xe9\x64rows\xa0".to_vec(), Future),
        (b"\xa2\x6afetched_at\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x64rows\xa0".to_vec(), Future),
        (b"\xa1\x6afetched_at\x01".to_vec(), NoRows),
        (envelope(0, b"", b"\x80"), NoRows),
        (envelope(0, b"", b"\xf6"), NoRows),
        (envelope(0, b"", b"\xc1\xa0"), NoRows),
        (envelope(0, b"", b"\xa1\x61a\x05"), RowNotAMap),
        (envelope(0, b"", b"\xa2\x61a\xa0\x61b\x80"), RowNotAMap),
        (envelope(1, b"\x6afetched_at\x02", b"\xa0"), Repeated),
        (envelope(1, b"\x64rows\xa0", b"\xa0"), Repeated),
        // A second one of no use leaves the first.
        (envelope(1, b"\x6afetched_at\x41x", b"\xa0"), Repeated),
        (envelope(1, b"\x64rows\xa0", b"\x80"), Repeated),
        (envelope(0, b"", b"\xa2\x61a\xa0\x61a\xa0"), Repeated),
        (envelope(0, b"", b"\xa3\x61a\xa0\x61b\xa0\x61a\xa0"), Repeated),
        (envelope(0, b"", b"\xa1\x61a\xa3\x61k\x01\x61l\x01\x61k\x01"), Repeated),
        (b"\xa2\x64rows\xa0\x6afetched_at\x01".to_vec(), Order),
        // Each place and kind of another encoding.
        (b"\xbf\x6afetched_at\x01\x64rows\xa0\xff".to_vec(), Encoding),
        (b"\xb8\x02\x6afetched_at\x01\x64rows\xa0".to_vec(), Encoding),
        (b"\xa2\x78\x0afetched_at\x01\x64rows\xa0".to_vec(), Encoding),
        (b"\xa2\x7f\x6afetched_at\xff\x01\x64rows\xa0".to_vec(), Encoding),
        (b"\xa2\x6afetched_at\x18\x01\x64rows\xa0".to_vec(), Encoding),
        (b"\xa2\x6afetched_at\xc2\x41\x01\x64rows\xa0".to_vec(), Encoding),
        (envelope(0, b"", b"\xbf\xff"), Encoding),
        (envelope(0, b"", b"\xb9\x00\x00"), Encoding),
        (envelope(0, b"", b"\xa1\x78\x01a\xa0"), Encoding),
        (envelope(0, b"", b"\xa1\x61a\xbf\xff"), Encoding),
        (envelope(0, b"", b"\xa1\x61a\xa1\x78\x01k\x01"), Encoding),
        (field(b"\x18\x17"), Encoding),
        (field(b"\x19\x00\xff"), Encoding),
        (field(b"\x1a\x00\x00\xff\xff"), Encoding),
        (field(b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), Encoding),
        (field(b"\x38\x00"), Encoding),
        (field(b"\x58\x01x"), Encoding),
        (field(b"\x5f\x41x\xff"), Encoding),
        (field(b"\x7f\xff"), Encoding),
        (field(b"\x9f\xff"), Encoding),
        (field(b"\x98\x00"), Encoding),
        (field(b"\xbf\xff"), Encoding),
        (field(b"\xd8\x05\x01"), Encoding),
        (field(b"\xf7"), Encoding),
        (field(b"\xf8\x14"), Encoding),
        // 1.5 has room in two bytes, 100000.0 in four; the largest half is 65504.
        (field(b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"), Encoding),
        (field(b"\xfa\x3f\xc0\x00\x00"), Encoding),
        (field(b"\xfb\x40\xf8\x6a\x00\x00\x00\x00\x00"), Encoding),
        (field(b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00"), Encoding),
        // Bignums that an integer holds, and one with a zero in front.
        (field(b"\xc2\x40"), Encoding),
        (field(b"\xc3\x48\xff\xff\xff\xff\xff\xff\xff\xff"), Encoding),
        (field(b"\xc2\x4a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"), Encoding),
        // Deeper in.
        (field(b"\x81\xa1\x61x\xc9\x18\x01"), Encoding),
    ];
    for (value, expected) in cases {
        assert_eq!(deviations(&value, NOW).unwrap(), [expected], "{value:02x?}");
    }
}

#[test]
fn values_of_vantage_live_have_no_deviations() {
    for value in [
        envelope(0, b"", b"\xa0"),
        envelope(0, b"", b"\xa2\x61b\xa0\x61a\xa0"),
        b"\xa2\x6afetched_at\x00\x64rows\xa0".to_vec(),
        b"\xa2\x6afetched_at\x19\x03\xe8\x64rows\xa0".to_vec(),
        field(b"\x17"),
        field(b"\x18\x18"),
        field(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff"),
        field(b"\x60"),
        // Maps below a record are taken as they are.
        field(b"\xa3\x61x\x01\x61x\x02\x01\x03"),
        field(b"\xa1\x6afetched_at\x20"),
        field(b"\xc1\xc1\x01"),
        field(b"\xf9\x3e\x00"),
        field(b"\xfa\x47\xc3\x50\x00"),
        field(b"\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a"),
        field(b"\xf9\x7e\x00"),
        field(b"\xf9\x80\x00"),
        // 2^64 and -2^64 - 1 are no integers of CBOR's own, nor is what is too long for any.
        field(b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
        field(b"\xc3\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
        field(&[b"\xc2\x51".as_slice(), &[0xff; 17]].concat()),
    ] {
        assert_eq!(deviations(&value, NOW).unwrap(), [], "{value:02x?}");
        assert_eq!(rewritten(&value).unwrap().0, value, "{value:02x?}");
    }
}

#[test]
fn several_deviations_are_found_in_order_and_once_each() {
    use Deviation::{Encoding, KeyNotText, NoRows, NoTime, Order, Repeated, TrailingBytes, UnknownKey};
    for (value, expected) in [
        (&b"\xa0"[..], &[NoTime, NoRows][..]),
        (b"\xbf\xff\x00", &[TrailingBytes, NoTime, NoRows, Encoding]),
        (
            b"\xa4\x64etag\x18\x01\x64etag\x18\x01\x00\x01\x01\x00",
            &[UnknownKey, KeyNotText, NoTime, NoRows, Repeated, Encoding],
        ),
        (b"\xa3\x64rows\xa0\x6afetched_at\x01\x64rows\xa1\x00\x00", &[KeyNotText, Repeated, Order]),
    ] {
        assert_eq!(deviations(value, NOW).unwrap(), expected, "{value:02x?}");
    }
}

#[test]
fn values_that_vantage_live_refuses_are_refused_at_any_depth() {
    let deep = |level: &[u8]| field(&[&level.repeat(1_000_000)[..], b"\x00"].concat());
    for value in [
        b"".to_vec(),
        b"\x80".to_vec(),
        b"\xff".to_vec(),
        b"\xd9\xd9\xf7\xa0".to_vec(),
        field(b"\xff"),
        field(b"\xe0"),
        field(b"\xf8\xff"),
        field(b"\x61\xff"),
        field(b"\x1c"),
        field(b"\x7f\x41x\xff"),
        field(&[b"\xc3\x50".as_slice(), &[0xff; 16]].concat()),
        deep(b"\x81"),
        deep(b"\xc1"),
        deep(b"\xa1\x00"),
        deep(b"\x9f"),
    ] {
        assert!(CachedRows::decode(&value).is_err());
        assert!(deviations(&value, NOW).is_err());
    }
}
