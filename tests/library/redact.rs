//! What is left of a value that is redacted is its shape, and nothing of its contents.

use crate::common::denoted::{bytes, denoted};
use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use ciborium::Value;
use std::time::UNIX_EPOCH;
use vlive::cbor::notation;
use vlive::live::{Deviation, Envelope, deviations, redact};
use vlive::{CachedRows, Record};

fn text(value: &[u8]) -> String {
    let mut text = Vec::new();
    assert_eq!(notation(value, None, &mut text).unwrap(), None);
    String::from_utf8(text).unwrap()
}

/// What the notation denotes, redacted, in notation.
fn redacted(value: &str) -> String {
    text(&redact(&denoted(value)))
}

#[test]
fn redacted_contents_are_the_same_for_each_type_and_width() {
    for (value, expected) in [
        ("17", "0"),
        ("0", "0"),
        ("200", "24"),
        ("24", "24"),
        ("300", "256"),
        ("70000", "65536"),
        ("18446744073709551615", "4294967296"),
        ("-24", "-1"),
        ("-256", "-25"),
        ("-257", "-257"),
        ("-4294967296", "-65537"),
        ("-18446744073709551616", "-4294967297"),
        // Longer than need be.
        ("23_0", "0_0"),
        ("200_1", "0_1"),
        ("-70000_3", "-1_3"),
        (r#""Anna""#, r#""xxxx""#),
        (r#""é日""#, r#""xxxxx""#),
        (r#""""#, r#""""#),
        ("h'00ff80'", "h'010101'"),
        ("h''", "h''"),
        (r#"(_ "Anna", "é"_1)"#, r#"(_ "xxxx", "xx"_1)"#),
        ("(_ (_ h'00'), h'', h'ffff')", "(_ (_ h'01'), h'', h'0101')"),
        ("true", "false"),
        ("false", "false"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("simple(99)", "simple(99)"),
        ("simple(21_0)", "simple(20_0)"),
        ("1.5", "0.0"),
        ("-Infinity", "0.0"),
        ("NaN", "0.0"),
        ("100.1", "1.1"),
        ("float'7fc00001'", "100000.0"),
        ("3.4028234663852886e+38", "100000.0"),
        ("1.5_2", "100000.0"),
        ("1.5_3", "1.1"),
        ("NaN_3", "1.1"),
        // Bignums stay integers of their length, or not, as they are to vantage-live.
        ("2(h'ff00000000000000ff')", "2(h'010101010101010101')"),
        ("3(h'0000ff00')", "3(h'00000101')"),
        ("2(h'000000000000000000ff')", "2(h'00000000000000000001')"),
        ("2((_ h'00ff'))", "2((_ h'0101'))"),
        ("4(h'00ff')", "4(h'0101')"),
        ("[2(0), h'00']", "[2(0), h'01']"),
        (r#"8(["client", "Anna"])"#, r#"8(["xxxxxx", "xxxx"])"#),
        ("24_1(h'01')", "24_1(h'01')"),
        (r#"[_ 5, [_0 "a"], {_ }]"#, r#"[_ 0, [_0 "x"], {_ }]"#),
        // Behind an item, too.
        (r#"{}, "Anna", {"k": 17}"#, r#"{}, "xxxx", {"k": 0}"#),
    ] {
        assert_eq!(redacted(value), expected, "{value}");
    }
}

#[test]
fn redaction_keeps_keys_of_any_type() {
    for (value, expected) in [
        (r#"{"Anna": "Anna", 17: 17}"#, r#"{"Anna": "xxxx", 17: 0}"#),
        (r#"{(_ "An", "na"): {h'ff': true}}"#, r#"{(_ "An", "na"): {h'ff': false}}"#),
        (r#"{[1, {"a": "b"}, 2(h'ff')]: [1, {"a": "b"}]}"#, r#"{[1, {"a": "b"}, 2(h'ff')]: [0, {"a": "x"}]}"#),
        (r#"{{_ "a": ["b"]}: 5, 1.5: 1.5}"#, r#"{{_ "a": ["b"]}: 0, 1.5: 0.0}"#),
        (r#"[{8("a"): 8("a")}, 5]"#, r#"[{8("a"): 8("x")}, 0]"#),
        (r#"{"a": 5, "a": 6, {}: 7, [_ ]: 8}"#, r#"{"a": 0, "a": 0, {}: 0, [_ ]: 0}"#),
    ] {
        assert_eq!(redacted(value), expected, "{value}");
    }
    // Of no kind of text either.
    assert_eq!(redact(b"\xa1\x61\xff\x61\xff"), b"\xa1\x61\xff\x61x");
}

#[test]
fn redaction_keeps_the_time_of_the_envelope_and_no_other_of_that_name() {
    for (value, expected) in [
        (r#"{"fetched_at": 1700000000, "rows": {}}"#, r#"{"fetched_at": 1700000000, "rows": {}}"#),
        (r#"{(_ "fetched", "_at"): -5, "fetched_at": 7_3}"#, r#"{(_ "fetched", "_at"): -5, "fetched_at": 7_3}"#),
        (r#"{_ "fetched_at": 2(h'65500000'), "x": 7}"#, r#"{_ "fetched_at": 2(h'65500000'), "x": 0}"#),
        (r#"{"fetched_at": "now"}"#, r#"{"fetched_at": "xxx"}"#),
        (r#"{"fetched_at": 1(1700000000)}"#, r#"{"fetched_at": 1(65536)}"#),
        (r#"{"fetched_at": [1700000000]}"#, r#"{"fetched_at": [65536]}"#),
        (r#"{"fetched_at": 100000.0}"#, r#"{"fetched_at": 100000.0}"#),
        (r#"{"fetched_at": 2(h'ffffffffffffffffff')}"#, r#"{"fetched_at": 2(h'010101010101010101')}"#),
        (r#"{"fetched_at": {"fetched_at": 7}}"#, r#"{"fetched_at": {"fetched_at": 0}}"#),
        (
            r#"{"rows": {"r": {"fetched_at": 7}, "fetched_at": 7}}"#,
            r#"{"rows": {"r": {"fetched_at": 0}, "fetched_at": 0}}"#,
        ),
        (r#"{"Fetched_at": 7, h'666574636865645f6174': 7}"#, r#"{"Fetched_at": 0, h'666574636865645f6174': 0}"#),
        (r#"["fetched_at", 7]"#, r#"["xxxxxxxxxx", 0]"#),
        (r#"{{"fetched_at": 7}: 7}"#, r#"{{"fetched_at": 7}: 0}"#),
        (r#"{"fetched_at": 7, "a": 7}"#, r#"{"fetched_at": 7, "a": 0}"#),
    ] {
        assert_eq!(redacted(value), expected, "{value}");
    }
}

#[test]
fn redaction_zeroes_everything_after_ill_formed_bytes() {
    for (value, expected) in [
        // A string that runs past the end, a head cut short, a reserved byte, breaks, a segment of another type.
        ("826161667365637265", "826178000000000000"),
        ("0117187319", "0000181800"),
        ("821773", "820000"),
        ("8373656372657421", "8300000000000000"),
        ("831c656372657421", "8300000000000000"),
        ("82ff6161", "82000000"),
        ("9f17ffff6161", "9f00ff000000"),
        ("bf6161ff6162", "bf6161000000"),
        ("9fc1ff61", "9fc10000"),
        ("7f61734173ff05", "7f617800000000"),
        ("5f5f41732073ffff", "5f5f410100000000"),
        // A key that is cut short is no key.
        ("a2616b0563616b", "a2616b00000000"),
        // Of a container that is cut short all that is there has made sense.
        ("9bffffffffffffffff6173", "9bffffffffffffffff6178"),
        ("bbffffffffffffffff61736173", "bbffffffffffffffff61736178"),
        ("5bffffffffffffffff6173", "0000000000000000000000"),
        ("a16a666574636865645f61741a6550", "a16a666574636865645f6174000000"),
        ("", ""),
    ] {
        assert_eq!(redact(&bytes(value)), bytes(expected), "{value}");
    }
}

/// Whether two values are the same but for what may be redacted.
fn assert_alike(a: &Value, b: &Value, name: &str) {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            assert_eq!(a.len(), b.len(), "{name}");
            for ((key, value), (same_key, redacted)) in a.iter().zip(b) {
                // A NaN is not equal to itself.
                assert_eq!(encoded(key), encoded(same_key), "{name}");
                assert_alike(value, redacted, name);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{name}");
            a.iter().zip(b).for_each(|(a, b)| assert_alike(a, b, name));
        }
        (Value::Tag(a, inside), Value::Tag(b, redacted)) => {
            assert_eq!(a, b, "{name}");
            assert_alike(inside, redacted, name);
        }
        (Value::Text(a), Value::Text(b)) => assert_eq!(*b, "x".repeat(a.len()), "{name}"),
        (Value::Bytes(a), Value::Bytes(b)) => assert_eq!(a.len(), b.len(), "{name}"),
        (Value::Integer(_), Value::Integer(_))
        | (Value::Float(_), Value::Float(_))
        | (Value::Bool(_), Value::Bool(false))
        | (Value::Null, Value::Null) => {}
        _ => panic!("{name}: {a:?} became {b:?}"),
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

#[test]
fn redaction_keeps_shape_ids_names_and_types_as_vantage_live_reads_them() {
    let mut read = 0;
    for seed in seeds(2_000) {
        let name = &seed.to_string();
        let value = scribble(seed);
        let redacted = redact(&value);
        assert_eq!(redacted.len(), value.len(), "{name}");
        assert_eq!(redact(&redacted), redacted, "{name}: {value:02x?}");
        if let Ok(value) = ciborium::from_reader::<Value, _>(&value[..]) {
            assert_alike(&value, &ciborium::from_reader(&redacted[..]).unwrap(), name);
        }
        let Ok(rows) = CachedRows::decode(&value) else { continue };
        read += 1;
        let redacted_rows = CachedRows::decode(&redacted).unwrap();
        assert_eq!(redacted_rows.fetched_at, rows.fetched_at, "{name}");
        assert!(redacted_rows.rows.keys().eq(rows.rows.keys()), "{name}");
        for (record, redacted) in rows.rows.values().zip(redacted_rows.rows.values()) {
            assert!(redacted.keys().eq(record.keys()), "{name}");
            record.values().zip(redacted.values()).for_each(|(a, b)| assert_alike(a, b, name));
        }
        // What was as vantage-live writes it still is, and what was not is not, floats apart.
        let before = deviations(&value, 1_000).unwrap();
        let mut after = deviations(&redacted, 1_000).unwrap();
        if before.contains(&Deviation::Encoding) && !after.contains(&Deviation::Encoding) {
            assert!(value.iter().any(|byte| matches!(byte, 0xf9..=0xfb)), "{name}: {value:02x?}");
            after.push(Deviation::Encoding);
        }
        assert_eq!(after, before, "{name}: {value:02x?}");
    }
    assert!(read > 1_000 * rounds(), "{read} read");
}

/// A value of which `shape` decides all that may be left of it, and `contents` the rest.
fn value(shape: &mut Random, contents: &mut Random, depth: usize) -> Value {
    let random = contents.next();
    match shape.below(if depth == 0 { 8 } else { 11 }) {
        0 => {
            let bytes = shape.one_of(&[1, 2, 4, 8]);
            let (low, high) = match bytes {
                1 => (0, 24),
                2 => (0x100, 0x1_0000),
                4 => (0x1_0000, 0x1_0000_0000),
                _ => (0x1_0000_0000, u64::MAX),
            };
            let argument = i128::from(low + random % (high - low));
            Value::from(if shape.below(2) == 0 { argument } else { -1 - argument })
        }
        1 => Value::Bool(random & 1 == 0),
        2 => Value::Float(f64::from(u8::try_from(random & 0xff).unwrap())),
        3 => Value::Float(f64::from(f32::from_bits(0x3f80_0001 | u32::try_from(random & 0x3f_ffff).unwrap()))),
        4 => Value::Float(f64::from_bits(0x3ff0_0000_0000_0001 | random >> 12)),
        5 => Value::Bytes((0..shape.below(30)).map(|_| contents.next().to_le_bytes()[0]).collect()),
        6 => {
            let bytes = (0..shape.below(18)).map(|_| contents.next().to_le_bytes()[0].max(1)).collect();
            Value::Tag(shape.one_of(&[2, 4]), Box::new(Value::Bytes(bytes)))
        }
        7 => {
            let (mut text, len) = (String::new(), shape.below(300));
            while text.len() < len {
                let wide = len - text.len() > 1 && contents.below(3) == 0;
                text.push(if wide { 'é' } else { char::from(b' ' + u8::try_from(contents.below(90)).unwrap()) });
            }
            Value::Text(text)
        }
        8 => Value::Array((0..shape.below(4)).map(|_| value(shape, contents, depth - 1)).collect()),
        9 => {
            let key = |shape: &mut Random| Value::from(shape.next() >> 60);
            Value::Map((0..shape.below(4)).map(|_| (key(shape), value(shape, contents, depth - 1))).collect())
        }
        _ => Value::Tag(shape.next() >> 20, Box::new(value(shape, contents, depth - 1))),
    }
}

fn envelope(shape: u64, contents: u64) -> Vec<u8> {
    let (shape, contents) = (&mut Random::new(shape), &mut Random::new(contents));
    let rows = (0..shape.below(4)).map(|row| {
        let fields = (0..shape.below(5)).map(|field| (format!("field {field}"), value(shape, contents, 3)));
        (format!("id {row}"), fields.collect::<Record>())
    });
    let rows = rows.collect();
    Envelope::encode(&CachedRows { rows, fetched_at: UNIX_EPOCH }).bytes().to_vec()
}

#[test]
fn values_that_differ_only_in_contents_are_redacted_to_the_same() {
    let mut differ = 0;
    for seed in seeds(200) {
        let (a, b) = (envelope(seed, 1), envelope(seed, 2));
        assert_eq!(a.len(), b.len(), "{seed}");
        differ += u64::from(a != b);
        assert_eq!(text(&redact(&a)), text(&redact(&b)), "{seed}");
        // Cut short, too.
        let end = Random::new(seed).below(a.len());
        assert_eq!(redact(&a[..end]), redact(&b[..end]), "{seed}: {a:02x?}");
    }
    assert!(differ > 100 * rounds(), "{differ} differ");
}

#[test]
fn no_secret_survives_in_whole_or_in_part() {
    let value = denoted(
        r#"{"fetched_at": 7, "etag": "secret", "rows": {"a": {"k": ["secret", (_ "sec", "secret"), {"x": "secret"}],
            "l": 8(["secret", h'736563726574']), "m": 126879458518375_3, "n": -126879458518375, "o": 2(h'736563726574736563726574')},
            "b": "secret", [1]: {1: "secret"}}}, "secret", {"fetched_at": "secret"}"#,
    );
    let holds = |value: &[u8]| value.windows(3).any(|bytes| b"secretsecret".windows(3).any(|part| part == bytes));
    assert!(holds(&value));
    for end in 0..=value.len() {
        assert!(!holds(&redact(&value[..end])), "{end}");
        // With what follows in another place, or missing a byte.
        let mut damaged = value.clone();
        if end < value.len() {
            damaged[end] = 0xff;
        }
        let redacted = redact(&damaged);
        assert_eq!(redacted.len(), damaged.len());
        assert_eq!(redact(&redacted), redacted, "{end}");
    }
}

#[test]
fn redaction_keeps_the_length_of_any_bytes_and_is_idempotent() {
    for seed in seeds(5_000) {
        let random = &mut Random::new(seed);
        let value: Vec<u8> = (0..random.below(40)).map(|_| random.next().to_le_bytes()[0]).collect();
        let redacted = redact(&value);
        assert_eq!(redacted.len(), value.len());
        assert_eq!(redact(&redacted), redacted, "{value:02x?}");
    }
}

#[test]
fn redaction_of_deep_nesting_does_not_overflow_the_stack() {
    for level in [&b"\x81"[..], b"\x9f", b"\xa1\x00", b"\xa1", b"\xc1", b"\x5f"] {
        let mut value = level.repeat(100_000);
        assert_eq!(redact(&value), value);
        value.push(0x17);
        let redacted = redact(&value);
        assert_eq!(redacted[..redacted.len() - 1], value[..value.len() - 1]);
        // The key of a map is the one that stays.
        assert_eq!(redacted.ends_with(b"\x17"), level == b"\xa1", "{level:02x?}");
    }
}
