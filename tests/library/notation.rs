//! The diagnostic notation denotes a value as it is stored, byte for byte.

use crate::common::denoted::{bytes, denoted};
use std::io::{self, Write};
use vlive::cbor::{Error, notation};

pub fn try_notation(value: &[u8], pretty: Option<usize>) -> (String, Option<Error>) {
    let mut text = Vec::new();
    let fault = notation(value, pretty, &mut text).unwrap();
    (String::from_utf8(text).unwrap(), fault)
}

pub fn compact(value: &[u8]) -> String {
    let (text, fault) = try_notation(value, None);
    assert_eq!(fault, None, "{value:02x?}: {text}");
    text
}

/// RFC 8949, appendix A. It has no indicators, which are added here where an encoding is none of the
/// shortest, and writes bignums as numbers, while it calls a tagged byte string their other notation.
const APPENDIX_A: [(&str, &str); 82] = [
    ("00", "0"),
    ("01", "1"),
    ("0a", "10"),
    ("17", "23"),
    ("1818", "24"),
    ("1819", "25"),
    ("1864", "100"),
    ("1903e8", "1000"),
    ("1a000f4240", "1000000"),
    ("1b000000e8d4a51000", "1000000000000"),
    ("1bffffffffffffffff", "18446744073709551615"),
    ("c249010000000000000000", "2(h'010000000000000000')"),
    ("3bffffffffffffffff", "-18446744073709551616"),
    ("c349010000000000000000", "3(h'010000000000000000')"),
    ("20", "-1"),
    ("29", "-10"),
    ("3863", "-100"),
    ("3903e7", "-1000"),
    ("f90000", "0.0"),
    ("f98000", "-0.0"),
    ("f93c00", "1.0"),
    ("fb3ff199999999999a", "1.1"),
    ("f93e00", "1.5"),
    ("f97bff", "65504.0"),
    ("fa47c35000", "100000.0"),
    ("fa7f7fffff", "3.4028234663852886e+38"),
    ("fb7e37e43c8800759c", "1.0e+300"),
    ("f90001", "5.960464477539063e-8"),
    ("f90400", "0.00006103515625"),
    ("f9c400", "-4.0"),
    ("fbc010666666666666", "-4.1"),
    ("f97c00", "Infinity"),
    ("f97e00", "NaN"),
    ("f9fc00", "-Infinity"),
    ("fa7f800000", "Infinity_2"),
    ("fa7fc00000", "NaN_2"),
    ("faff800000", "-Infinity_2"),
    ("fb7ff0000000000000", "Infinity_3"),
    ("fb7ff8000000000000", "NaN_3"),
    ("fbfff0000000000000", "-Infinity_3"),
    ("f4", "false"),
    ("f5", "true"),
    ("f6", "null"),
    ("f7", "undefined"),
    ("f0", "simple(16)"),
    ("f8ff", "simple(255)"),
    ("c074323031332d30332d32315432303a30343a30305a", r#"0("2013-03-21T20:04:00Z")"#),
    ("c11a514b67b0", "1(1363896240)"),
    ("c1fb41d452d9ec200000", "1(1363896240.5)"),
    ("d74401020304", "23(h'01020304')"),
    ("d818456449455446", "24(h'6449455446')"),
    ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", r#"32("http://www.example.com")"#),
    ("40", "h''"),
    ("4401020304", "h'01020304'"),
    ("60", r#""""#),
    ("6161", r#""a""#),
    ("6449455446", r#""IETF""#),
    ("62225c", r#""\"\\""#),
    ("62c3bc", "\"\u{fc}\""),
    ("63e6b0b4", "\"\u{6c34}\""),
    ("64f0908591", "\"\u{10151}\""),
    ("80", "[]"),
    ("83010203", "[1, 2, 3]"),
    ("8301820203820405", "[1, [2, 3], [4, 5]]"),
    (
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("a0", "{}"),
    ("a201020304", "{1: 2, 3: 4}"),
    ("a26161016162820203", r#"{"a": 1, "b": [2, 3]}"#),
    ("826161a161626163", r#"["a", {"b": "c"}]"#),
    ("a56161614161626142616361436164614461656145", r#"{"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}"#),
    ("5f42010243030405ff", "(_ h'0102', h'030405')"),
    ("7f657374726561646d696e67ff", r#"(_ "strea", "ming")"#),
    ("9fff", "[_ ]"),
    ("9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]"),
    ("9f01820203820405ff", "[_ 1, [2, 3], [4, 5]]"),
    ("83018202039f0405ff", "[1, [2, 3], [_ 4, 5]]"),
    ("83019f0203ff820405", "[1, [_ 2, 3], [4, 5]]"),
    (
        "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
        "[_ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("bf61610161629f0203ffff", r#"{_ "a": 1, "b": [_ 2, 3]}"#),
    ("826161bf61626163ff", r#"["a", {_ "b": "c"}]"#),
    ("bf6346756ef563416d7421ff", r#"{_ "Fun": true, "Amt": -2}"#),
    ("d9d9f7a0", "55799({})"),
];

#[test]
fn the_examples_of_rfc_8949_are_written_as_in_the_rfc() {
    for (hex, expected) in APPENDIX_A {
        assert_eq!(compact(&bytes(hex)), expected, "{hex}");
        assert_eq!(denoted(expected), bytes(hex), "{hex}");
    }
}

#[test]
fn encodings_longer_than_the_shortest_are_marked() {
    for (hex, expected) in [
        ("1801", "1_0"),
        ("190001", "1_1"),
        ("1a00000001", "1_2"),
        ("1b0000000000000001", "1_3"),
        ("1817", "23_0"),
        ("1900ff", "255_1"),
        ("3a0000ffff", "-65536_2"),
        ("3b00000000ffffffff", "-4294967296_3"),
        ("580101", "h'01'_0"),
        ("59000101", "h'01'_1"),
        ("780161", r#""a"_0"#),
        ("7b0000000000000000", r#"""_3"#),
        ("980101", "[_0 1]"),
        ("9900028001", "[_1 [], 1]"),
        ("9800", "[_0 ]"),
        ("ba0000000101f4", "{_2 1: false}"),
        ("b900016161bfff", r#"{_1 "a": {_ }}"#),
        ("b800", "{_0 }"),
        ("d90020617a", r#"32_1("z")"#),
        ("d80101", "1_0(1)"),
        ("d81801", "24(1)"),
        ("5fff", "''_"),
        ("7fff", r#"""_"#),
        ("5f40ff", "(_ h'')"),
        ("7f7801617800ff", r#"(_ "a"_0, ""_0)"#),
        ("c35f4101ff", "3((_ h'01'))"),
        // Floats whose value, infinity or payload a shorter one holds.
        ("fa3fc00000", "1.5_2"),
        ("fb3ff8000000000000", "1.5_3"),
        ("fb40f86a0000000000", "100000.0_3"),
        ("fa80000000", "-0.0_2"),
        ("fa33800000", "5.960464477539063e-8_2"),
        ("fa7fbfe000", "float'7fbfe000'_2"),
        ("fa7fbff000", "float'7fbff000'"),
        ("faffc00000", "float'ffc00000'_2"),
        ("fa7f800001", "float'7f800001'"),
        ("fb7ff4000000000000", "float'7ff4000000000000'_3"),
        ("fb7ff0000020000000", "float'7ff0000020000000'_3"),
        ("fb7ff0000010000000", "float'7ff0000010000000'"),
        ("fb7ff0000000000001", "float'7ff0000000000001'"),
        ("f97e01", "float'7e01'"),
        ("f9fe00", "float'fe00'"),
        ("f97c01", "float'7c01'"),
        // And those whose value none does.
        ("fa00000001", "1.401298464324817e-45"),
        ("fb0000000000000001", "5.0e-324"),
        ("fb7fefffffffffffff", "1.7976931348623157e+308"),
        ("fb47efffffe0000001", "3.402823466385289e+38"),
    ] {
        assert_eq!(compact(&bytes(hex)), expected, "{hex}");
        assert_eq!(denoted(expected), bytes(hex), "{hex}");
    }
}

#[test]
fn parts_that_vantage_live_ignores_or_refuses_are_shown() {
    for (hex, expected) in [
        // Keys of any type, and twice.
        ("a30102010320f6", "{1: 2, 1: 3, -1: null}"),
        ("a1a180f4f97e00", "{{[]: false}: NaN}"),
        ("a15f4161ff01", "{(_ h'61'): 1}"),
        // What follows an item.
        ("a00001", "{}, 0, 1"),
        ("80809fff", "[], [], [_ ]"),
        ("d9d9f7a164726f7773a0f0", r#"55799({"rows": {}}), simple(16)"#),
        ("e0f3f820f863", "simple(0), simple(19), simple(32), simple(99)"),
        // Faults that are read over.
        ("5f5f4101ff4102ff", "(_ (_ h'01'), h'02')"),
        ("7f7fff7f7f6161ffffff", r#"(_ ""_, (_ (_ "a")))"#),
        ("83f814f817f800", "[simple(20_0), simple(23_0), simple(0_0)]"),
        ("f818f81f", "simple(24_0), simple(31_0)"),
        // Control characters, those above ASCII too.
        ("6c0a0d09080c001f7fc285c2a0", "\"\\n\\r\\t\\b\\f\\u0000\\u001f\\u007f\\u0085\u{a0}\""),
    ] {
        assert_eq!(compact(&bytes(hex)), expected, "{hex}");
        assert_eq!(denoted(expected), bytes(hex), "{hex}");
    }
}

#[test]
fn line_breaks_are_those_of_the_json_from_the_requested_level_on() {
    let value = bytes("bf6161820180a2a0f6820102c88161629fff410100ff");
    let expected = r#"{_
  "a": [
    1,
    []
  ],
  {
    {}: null,
    [
      1,
      2
    ]: 8([
      "b"
    ])
  }: [_ ],
  h'01': 0
}"#;
    assert_eq!(try_notation(&value, Some(0)), (expected.to_owned(), None));
    assert_eq!(try_notation(&value, Some(3)).0, expected.replace('\n', "\n      "));
    let sequence = bytes("00980101bfff7f61786179ff");
    assert_eq!(try_notation(&sequence, Some(0)).0, "0,\n[_0\n  1\n],\n{_ },\n(_ \"x\", \"y\")");
    assert_eq!(try_notation(&sequence, Some(1)).0, "0,\n  [_0\n    1\n  ],\n  {_ },\n  (_ \"x\", \"y\")");
}

#[test]
fn ill_formed_values_are_shown_as_bytes_with_the_fault() {
    let truncated = "it ends in the middle of an item";
    let reserved = "an initial byte that CBOR reserves";
    let stray = "a break outside of an item of indefinite length";
    let mixed = "a segment of another type in a string of indefinite length";
    let not_utf8 = "text that is not UTF-8";
    for (hex, what, offset) in [
        ("", truncated, 0),
        ("18", truncated, 1),
        ("1900", truncated, 2),
        ("62c3", truncated, 2),
        ("8201", truncated, 2),
        ("a101", truncated, 2),
        ("9f01", truncated, 2),
        ("bf0102", truncated, 3),
        ("c1", truncated, 1),
        ("0081", truncated, 2),
        ("9bffffffffffffffff00", truncated, 10),
        ("bbffffffffffffffff0000", truncated, 11),
        ("5bffffffffffffffff00", truncated, 10),
        ("9b0000000100000000", truncated, 9),
        ("1c", reserved, 0),
        ("1f", reserved, 0),
        ("3f", reserved, 0),
        ("81df", reserved, 1),
        ("00fe", reserved, 1),
        ("ff", stray, 0),
        ("00ff", stray, 1),
        ("81ff", stray, 1),
        ("9fc1ff", stray, 2),
        ("bf01ff", stray, 2),
        ("a1ff", stray, 1),
        ("5f6161ff", mixed, 1),
        ("7f7f4161ffff", mixed, 2),
        ("7f01ff", mixed, 1),
        ("5fc14101ff", mixed, 1),
        ("5f80ff", mixed, 1),
        ("61ff", not_utf8, 1),
        ("8201a1c361ff01", not_utf8, 5),
        // A character may not be cut in two.
        ("7f61c361bcff", not_utf8, 2),
    ] {
        for pretty in [None, Some(2)] {
            let (text, fault) = try_notation(&bytes(hex), pretty);
            assert_eq!(text, format!("h'{hex}'"));
            let error = fault.expect(hex);
            assert_eq!(error.to_string(), format!("{what} (at byte {offset})"), "{hex}");
            assert_eq!(error.offset(), offset, "{hex}");
        }
    }
}

#[test]
fn line_breaks_end_at_the_depth_that_vantage_live_reads() {
    let nested = |levels: usize| [&b"\x81".repeat(levels)[..], b"\x00"].concat();
    let (text, _) = try_notation(&nested(256), Some(0));
    assert_eq!(text.lines().count(), 513);
    let (text, _) = try_notation(&nested(258), Some(0));
    assert_eq!(text.lines().count(), 513);
    assert_eq!(text.lines().nth(256).unwrap().trim_start(), "[[0]]");
}

#[test]
fn an_error_of_the_output_is_returned() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for value in [&b"\xa0"[..], b"\xff"] {
        assert_eq!(notation(value, None, &mut Full).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
