//! The values of CBOR as JSON, and back.

use crate::support::Folder;
use std::iter;

/// A value as `dump` prints it, and the CBOR that vantage-live has for it.
pub const VALUES: [(&str, &str); 55] = [
    ("null", "f6"),
    ("true", "f5"),
    ("false", "f4"),
    ("0", "00"),
    ("23", "17"),
    ("24", "1818"),
    ("-1", "20"),
    ("-25", "3818"),
    ("9007199254740993", "1b0020000000000001"),
    ("9223372036854775807", "1b7fffffffffffffff"),
    ("18446744073709551615", "1bffffffffffffffff"),
    ("-9223372036854775808", "3b7fffffffffffffff"),
    ("0.0", "f90000"),
    ("-0.0", "f98000"),
    ("1.0", "f93c00"),
    ("1.5", "f93e00"),
    ("65504.0", "f97bff"),
    ("100000.0", "fa47c35000"),
    ("0.1", "fb3fb999999999999a"),
    ("1e+300", "fb7e37e43c8800759c"),
    ("5e-324", "fb0000000000000001"),
    (r#""""#, "60"),
    (r#""Größe 🎂""#, "6c4772c3b6c39f6520f09f8e82"),
    (r#""\u0000\t\n\"\\""#, "6500090a225c"),
    (r#""\u007f\u009b""#, "637fc29b"),
    ("[]", "80"),
    ("[1,[2,[]]]", "820182 0280"),
    ("{}", "a0"),
    (r#"{"b":1,"a":2}"#, "a2 616201 616102"),
    (r#"{"a":{"b":[{}]}}"#, "a1 6161 a1 6162 81 a0"),
    (r#"{"$bytes":""}"#, "40"),
    (r#"{"$bytes":"AP8="}"#, "4200ff"),
    (r#"{"$tag":[6,null]}"#, "c6f6"),
    (r#"{"$tag":[42,{"$bytes":"AA=="}]}"#, "d82a4100"),
    (r#"{"$tag":[18446744073709551615,[]]}"#, "dbffffffffffffffff80"),
    (
        r#"{"$tag":[8,["clients",{"$tag":[37,{"$bytes":"AAAAAAAAAAAAAAAAAAAAAA=="}]}]]}"#,
        "c8 82 67636c69656e7473 d825 5000000000000000000000000000000000",
    ),
    // Sixty-five bits, and seventeen bytes: beyond what reads as an integer.
    (r#"{"$tag":[2,{"$bytes":"AQAAAAAAAAAA"}]}"#, "c249010000000000000000"),
    (r#"{"$tag":[2,{"$bytes":"//////////////////////8="}]}"#, "c251ffffffffffffffffffffffffffffffffff"),
    (r#"{"$float":"NaN"}"#, "f97e00"),
    (r#"{"$float":"Infinity"}"#, "f97c00"),
    (r#"{"$float":"-Infinity"}"#, "f9fc00"),
    (r#"{"$float":"0x7ff80000deadbeef"}"#, "fb7ff80000deadbeef"),
    (r#"{"$int":"-9223372036854775809"}"#, "3b8000000000000000"),
    (r#"{"$int":"-18446744073709551616"}"#, "3bffffffffffffffff"),
    (r#"{"$map":[[1,"a"]]}"#, "a1 01 6161"),
    (r#"{"$map":[["x",1],["x",2]]}"#, "a2 617801 617802"),
    (r#"{"$map":[["a",0],[{"$bytes":"AA=="},{"$map":[[null,1]]}]]}"#, "a2 616100 4100 a1f601"),
    // A map that has one of the five names for its only key.
    (r#"{"$map":[["$bytes","eA=="]]}"#, "a1 66246279746573 6465413d3d"),
    (r#"{"$map":[["$tag",1]]}"#, "a1 6424746167 01"),
    (r#"{"$map":[["$float",1]]}"#, "a1 6624666c6f6174 01"),
    (r#"{"$map":[["$int",1]]}"#, "a1 6424696e74 01"),
    (r#"{"$map":[["$map",1]]}"#, "a1 64246d6170 01"),
    // Names that only look like those, and a second key beside one of them.
    (r#"{"$oid":"0011"}"#, "a1 64246f6964 6430303131"),
    (r#"{"$bytes":"AA==","x":1}"#, "a2 66246279746573 6441413d3d 617801"),
    (r#"{"$serde_json::private::Number":"1"}"#, "a1 781c2473657264655f6a736f6e3a3a707269766174653a3a4e756d626572 6131"),
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| *digit != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// One row with one field per value.
fn envelope<'v>(values: impl Iterator<Item = &'v str>) -> String {
    let rows: Vec<String> = values.enumerate().map(|(n, value)| format!("\"{n:02}\":{{\"f\":{value}}}")).collect();
    format!("{{\"fetched_at\":0,\"rows\":{{{}}}}}", rows.join(","))
}

#[test]
fn every_value_has_one_form_in_json_and_one_in_the_cache() {
    let json = envelope(VALUES.iter().map(|(json, _)| *json));
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1"]).stdin(&json).ends(0, "", "");
    let cbor = folder.value("k/1");
    let mut left = cbor.strip_prefix(bytes("a2 6a666574636865645f6174 00 64726f7773 b837").as_slice()).unwrap();
    for (n, (json, value)) in VALUES.iter().enumerate() {
        let row = [b"b", format!("{n:02}").as_bytes(), b"\xa1af", &bytes(value)].concat();
        assert_eq!(left.get(..row.len()), Some(row.as_slice()), "{json}");
        left = &left[row.len()..];
    }
    assert!(left.is_empty());
    folder.vlive(["dump", "k/1"]).ends(0, &format!("{json}\n"), "");
}

#[test]
fn values_with_several_encodings_are_dumped_in_one_form() {
    let values = [
        ("-0", "0"),
        ("1e2", "100.0"),
        ("1E+2", "100.0"),
        ("1.50", "1.5"),
        (r#""\u00e9\/""#, r#""é/""#),
        (r#""\ud83c\udf82""#, r#""🎂""#),
        (r#"{"$int":"5"}"#, "5"),
        (r#"{"$int":"18446744073709551615"}"#, "18446744073709551615"),
        (r#"{"$float":"0x7FF8000000000000"}"#, r#"{"$float":"NaN"}"#),
        (r#"{"$float":"0x7FF80000DEADBEEF"}"#, r#"{"$float":"0x7ff80000deadbeef"}"#),
        (r#"{"$map":[]}"#, "{}"),
        (r#"{"$map":[["a",1],["b",2]]}"#, r#"{"a":1,"b":2}"#),
        // A bignum that fits 64 bits is an integer to vantage-live.
        (r#"{"$tag":[2,{"$bytes":"AQA="}]}"#, "256"),
        (r#"{"$tag":[3,{"$bytes":"AQA="}]}"#, "-257"),
        ("[ 1 ,\t2 ]", "[1,2]"),
    ];
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1"]).stdin(envelope(values.iter().map(|(typed, _)| *typed))).ends(0, "", "");
    let expected = envelope(values.iter().map(|(_, dumped)| *dumped));
    folder.vlive(["dump", "k/1"]).ends(0, &format!("{expected}\n"), "");
}

#[test]
fn undefined_reads_as_null_and_indefinite_lengths_read_as_definite_ones() {
    let value = bytes("a2 6a666574636865645f6174 00 64726f7773 bf 6161 bf 6175 f7 6162 5f 4100 41ff ff ff ff");
    let folder = Folder::with_values("k", &[("1", &value)]);
    let expected = "{\"fetched_at\":0,\"rows\":{\"a\":{\"u\":null,\"b\":{\"$bytes\":\"AP8=\"}}}}\n";
    folder.vlive(["dump", "k/1"]).ends(0, expected, "");
}

#[test]
fn reserved_names_are_plain_names_as_row_ids_and_fields() {
    let envelope = r#"{"fetched_at":0,"rows":{"$map":{"$bytes":"AA=="},"$int":{"$tag":1}}}"#;
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1"]).stdin(envelope).ends(0, "", "");
    folder.vlive(["dump", "k/1"]).ends(0, &format!("{envelope}\n"), "");
}

#[test]
fn a_field_may_nest_as_deep_as_vantage_live_reads() {
    let folder = Folder::empty();
    for (open, inner, close) in [("[", "", "]"), (r#"{"a":"#, "1", "}"), (r#"{"$tag":[9,"#, "null", "]}")] {
        let field = format!("{}{inner}{}", open.repeat(253), close.repeat(253));
        let envelope = envelope(iter::once(field.as_str()));
        folder.vlive(["put", "-q", "k/1"]).stdin(&envelope).ends(0, "", "");
        folder.vlive(["dump", "k/1"]).ends(0, &format!("{envelope}\n"), "");
    }
}
