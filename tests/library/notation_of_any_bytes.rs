//! The diagnostic notation denotes any bytes exactly, and shows those that are well-formed.

use crate::common::denoted::{bytes, denoted};
use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use crate::notation::{compact, try_notation};
use std::fs;
use std::io::{self, Write};
use vlive::cbor::notation;

/// RFC 8949, appendix C, but for what is read over; where the item at the beginning ends.
fn well_formed(value: &[u8], segment_of: Option<u8>) -> Option<usize> {
    let initial = *value.first()?;
    let (major, minor) = (initial >> 5, initial & 31);
    let len = match minor {
        0..24 | 31 => 0,
        24..28 => 1 << (minor - 24),
        _ => return None,
    };
    let argument = value.get(1..=len)?.iter().fold(0, |argument, byte| argument << 8 | u64::from(*byte));
    let argument = if minor < 24 { u64::from(minor) } else { argument };
    let mut end = 1 + len;
    if segment_of.is_some_and(|of| of != major) {
        return None;
    }
    let inside = (major == 2 || major == 3).then_some(major);
    match (major, minor) {
        (0 | 1 | 6 | 7, 31) => return None,
        (2..=5, 31) => loop {
            if value.get(end) == Some(&0xff) {
                return Some(end + 1);
            }
            for _ in 0..if major == 5 { 2 } else { 1 } {
                end += well_formed(&value[end..], inside)?;
            }
        },
        (2 | 3, _) => {
            let string = value[end..].get(..usize::try_from(argument).unwrap())?;
            if major == 3 && std::str::from_utf8(string).is_err() {
                return None;
            }
            end += string.len();
        }
        (4..=6, _) => {
            let items = match major {
                4 => argument,
                5 => argument.checked_mul(2)?,
                _ => 1,
            };
            for _ in 0..items {
                end += well_formed(&value[end..], None)?;
            }
        }
        _ => {}
    }
    Some(end)
}

fn is_sequence(value: &[u8]) -> bool {
    let mut at = 0;
    while at < value.len() {
        let Some(len) = well_formed(&value[at..], None) else { return false };
        at += len;
    }
    at > 0
}

/// Whether the value was shown as more than bytes.
fn assert_denotes(value: &[u8], name: &str) -> bool {
    for pretty in [None, Some(0), Some(7)] {
        let (text, fault) = try_notation(value, pretty);
        assert_eq!(fault.is_none(), is_sequence(value), "{name}: {value:02x?}: {text}");
        assert!(pretty.is_some() || !text.contains('\n'), "{name}: {text}");
        if fault.is_none() {
            assert_eq!(denoted(&text), value, "{name}: {text}");
        } else {
            let digits = text.strip_prefix("h'").and_then(|text| text.strip_suffix("'")).expect(name);
            assert_eq!(bytes(digits), value, "{name}: {text}");
        }
    }
    is_sequence(value)
}

#[test]
fn the_hand_made_envelopes_are_denoted_and_shown_whether_vantage_live_reads_them_or_not() {
    let lines = fs::read_to_string("tests/caches/envelopes.jsonl").unwrap();
    let text = |line: &str, name: &str| Some(line.split_once(name)?.1.split('"').next()?.to_owned());
    let (mut shown, mut not_shown) = (0, Vec::new());
    for line in lines.lines() {
        let case = text(line, "\"case\": \"").unwrap();
        // The deepest have none.
        let Some(hex) = text(line, "\"hex\": \"") else { continue };
        if assert_denotes(&bytes(&hex), &case) {
            shown += 1;
        } else {
            not_shown.push(case);
        }
    }
    let ill_formed = "empty-bytes break bad-utf8 truncated huge-array huge-text huge-map reserved-28 stray-break";
    assert_eq!((shown, not_shown.join(" ").as_str()), (43, ill_formed));
}

#[test]
fn any_value_is_denoted_exactly_and_shown_if_and_only_if_it_is_well_formed() {
    let (mut shown, mut refused) = (0, 0);
    for seed in seeds(2_000) {
        let mut value = scribble(seed);
        let random = &mut Random::new(seed);
        if seed % 4 == 0 {
            // Items one after the other, mostly of one byte or two.
            value = (0..random.below(12)).map(|_| random.next().to_le_bytes()[0]).collect();
        }
        if assert_denotes(&value, &seed.to_string()) {
            shown += 1;
        } else {
            refused += 1;
        }
    }
    assert!(shown > 800 * rounds() && refused > 300 * rounds(), "{shown} shown, {refused} refused");
}

#[test]
fn every_float_of_two_bytes_and_many_of_more_are_denoted_exactly() {
    for bits in 0..=u16::MAX {
        assert!(assert_denotes(&[&[0xf9][..], &bits.to_be_bytes()].concat(), "f16"));
    }
    let random = &mut Random::new(0);
    for _ in seeds(2_000) {
        // With zeros at the end, and now and then the exponent of infinity.
        let mut bits = random.next() << random.below(64);
        if random.below(3) == 0 {
            bits |= 0x7ff << 52;
        }
        assert!(assert_denotes(&[&[0xfb][..], &bits.to_be_bytes()].concat(), "f64"));
        let mut bits = u32::try_from(random.next() >> 32).unwrap() << random.below(32);
        if random.below(3) == 0 {
            bits |= 0xff << 23;
        }
        assert!(assert_denotes(&[&[0xfa][..], &bits.to_be_bytes()].concat(), "f32"));
    }
}

/// Counts what is written.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn deep_nesting_neither_overflows_the_stack_nor_inflates_the_text() {
    for (level, end) in
        [(&b"\x81"[..], &b""[..]), (b"\x9f", b"\xff"), (b"\xa1\x00", b""), (b"\xa1", b"\x00"), (b"\xc1", b"")]
    {
        let value = [&level.repeat(100_000)[..], b"\x00", &end.repeat(100_000)].concat();
        for pretty in [None, Some(4)] {
            let mut text = Counter(0);
            assert_eq!(notation(&value, pretty, &mut text).unwrap(), None);
            assert!((200_000..1_000_000).contains(&text.0), "{level:02x?}: {}", text.0);
        }
    }
    let value = [&b"\x5f".repeat(100_000)[..], &b"\xff".repeat(100_000)].concat();
    let mut text = Counter(0);
    assert_eq!(notation(&value, None, &mut text).unwrap(), None);
    assert_eq!(text.0, 99_999 * "(_ )".len() + "''_".len());
}

#[test]
fn long_strings_are_written_whole() {
    // Pieces of text end inside of characters of two bytes.
    for text in ["\u{85}".repeat(100_000), format!("x{}", "\u{85}".repeat(100_000)), "\"".repeat(200_000)] {
        let value = [&[0x7a][..], &u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        assert!(assert_denotes(&value, "text"));
        assert!(!compact(&value).contains(char::is_control));
    }
    let string: Vec<u8> = (0..100_000).map(|n: u32| n.to_le_bytes()[0]).collect();
    assert!(assert_denotes(&[&b"\x5a\x00\x01\x86\xa0"[..], &string].concat(), "bytes"));
}
