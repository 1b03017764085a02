//! The mapping between values and JSON, as the README has it.

use ciborium::Value;
use std::time::UNIX_EPOCH;
use vlive::json::{JsonStyle, JsonWriter, RowsInput, write_envelope};
use vlive::live::{Envelope, EnvelopeView};
use vlive::{CachedRows, Record};

/// The JSON of one field's value.
fn json_of(value: Value) -> String {
    let record = Record::from_iter([("v".to_owned(), value)]);
    let rows = CachedRows { rows: [("r".to_owned(), record)].into_iter().collect(), fetched_at: UNIX_EPOCH };
    let json = dump(Envelope::encode(&rows).bytes(), false);
    json.strip_prefix(r#"{"fetched_at":0,"rows":{"r":{"v":"#).unwrap().strip_suffix("}}}").unwrap().to_owned()
}

fn dump(value: &[u8], pretty: bool) -> String {
    let mut json = Vec::new();
    let style = JsonStyle { pretty, ..JsonStyle::default() };
    write_envelope(&EnvelopeView::new(value).unwrap(), style, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

/// The value of one field given as JSON.
fn value_of(json: &str) -> Result<Value, String> {
    let input = RowsInput::parse(&format!(r#"{{"r":{{"v":{json}}}}}"#), "id").map_err(|error| error.to_string())?;
    let rows = CachedRows::decode(input.into_envelope(0.into()).bytes()).unwrap();
    Ok(rows.rows["r"]["v"].clone())
}

fn map(pairs: &[(Value, Value)]) -> Value {
    Value::Map(pairs.to_vec())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn every_kind_of_value_has_its_form() {
    let tag = |tag, value| Value::Tag(tag, Box::new(value));
    for (value, json) in [
        (Value::Null, "null"),
        (Value::Bool(true), "true"),
        (Value::Integer(u64::MAX.into()), "18446744073709551615"),
        (Value::Integer(i64::MIN.into()), "-9223372036854775808"),
        (Value::from(i128::from(i64::MIN) - 1), r#"{"$int":"-9223372036854775809"}"#),
        (Value::from(-1 - i128::from(u64::MAX)), r#"{"$int":"-18446744073709551616"}"#),
        (Value::Float(1.0), "1.0"),
        (Value::Float(-0.0), "-0.0"),
        (Value::Float(0.1), "0.1"),
        (Value::Float(5e-324), "5e-324"),
        (Value::Float(f64::MAX), "1.7976931348623157e+308"),
        (Value::Float(f64::INFINITY), r#"{"$float":"Infinity"}"#),
        (Value::Float(f64::NEG_INFINITY), r#"{"$float":"-Infinity"}"#),
        (Value::Bytes(vec![]), r#"{"$bytes":""}"#),
        (Value::Bytes(vec![0xff; 4]), r#"{"$bytes":"/////w=="}"#),
        (
            text("a\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{80}\u{9f}\u{a0}é日🙂"),
            "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u0080\\u009f\u{a0}é日🙂\"",
        ),
        (Value::Array(vec![Value::Null, Value::Array(vec![])]), "[null,[]]"),
        (map(&[]), "{}"),
        (map(&[(text("b"), 1.into()), (text("a"), 2.into())]), r#"{"b":1,"a":2}"#),
        (map(&[(1.into(), 2.into())]), r#"{"$map":[[1,2]]}"#),
        (map(&[(text("a"), 1.into()), (text("a"), 2.into())]), r#"{"$map":[["a",1],["a",2]]}"#),
        (map(&[(text("$bytes"), text("eA=="))]), r#"{"$map":[["$bytes","eA=="]]}"#),
        (map(&[(text("$map"), map(&[(text("$tag"), 1.into())]))]), r#"{"$map":[["$map",{"$map":[["$tag",1]]}]]}"#),
        (map(&[(text("$bytes"), 1.into()), (text("x"), 2.into())]), r#"{"$bytes":1,"x":2}"#),
        (map(&[(text("$oid"), text("0011"))]), r#"{"$oid":"0011"}"#),
        (map(&[(text("$serde_json::private::Number"), text("1"))]), r#"{"$serde_json::private::Number":"1"}"#),
        (tag(8, Value::Array(vec![text("client"), text("a")])), r#"{"$tag":[8,["client","a"]]}"#),
        (tag(u64::MAX, Value::Null), r#"{"$tag":[18446744073709551615,null]}"#),
        (Value::from(u128::from(u64::MAX) + 1), r#"{"$tag":[2,{"$bytes":"AQAAAAAAAAAA"}]}"#),
    ] {
        assert_eq!(json_of(value.clone()), json);
        assert_eq!(value_of(json), Ok(value), "{json}");
    }
    for (bits, json) in [
        (0x7ff8_0000_0000_0000, r#"{"$float":"NaN"}"#),
        (0xfff8_0000_0000_0000, r#"{"$float":"0xfff8000000000000"}"#),
        (0x7ff8_0000_dead_beef, r#"{"$float":"0x7ff80000deadbeef"}"#),
    ] {
        assert_eq!(json_of(Value::Float(f64::from_bits(bits))), json);
        let Ok(Value::Float(value)) = value_of(json) else { panic!("{json}") };
        assert_eq!(value.to_bits(), bits, "{json}");
    }
}

#[test]
fn the_envelope_its_rows_and_its_records_are_plain_objects_whatever_their_names() {
    let json = r#"{"fetched_at":7,"rows":{"$map":{"$tag":1},"rows":{"$bytes":"x","fetched_at":2}}}"#;
    let input = RowsInput::parse(json, "id").unwrap();
    assert_eq!(input.fetched_at(), Some(7.into()));
    assert_eq!(dump(input.into_envelope(7.into()).bytes(), false), json);
}

#[test]
fn indentation_is_two_spaces_and_empty_containers_stay_closed() {
    let input = RowsInput::parse(r#"{"r": {"a": [1, {"b": {}}], "c": []}}"#, "id").unwrap();
    let expected = r#"{
  "fetched_at": 0,
  "rows": {
    "r": {
      "a": [
        1,
        {
          "b": {}
        }
      ],
      "c": []
    }
  }
}"#;
    assert_eq!(dump(input.into_envelope(0.into()).bytes(), true), expected);
}

#[test]
fn rows_come_as_an_envelope_a_map_or_an_array() {
    let expected = r#"{"fetched_at":5,"rows":{"1":{"id":1,"n":"a"},"x":{"id":"x"}}}"#;
    for (json, id_field) in [
        (r#"{"fetched_at": 5, "rows": {"1": {"id": 1, "n": "a"}, "x": {"id": "x"}}}"#, "id"),
        (r#"{"rows": {"1": {"id": 1, "n": "a"}, "x": {"id": "x"}}}"#, "id"),
        (r#" {"1": {"id": 1, "n": "a"}, "x": {"id": "x"}} "#, "id"),
        (r#"[{"id": 1, "n": "a"}, {"id": "x"}]"#, "id"),
    ] {
        let input = RowsInput::parse(json, id_field).unwrap();
        assert_eq!(dump(input.into_envelope(5.into()).bytes(), false), expected, "{json}");
    }
    let keyed = RowsInput::parse(r#"[{"sku": "A", "id": null}]"#, "sku").unwrap();
    assert_eq!(
        dump(keyed.into_envelope(0.into()).bytes(), false),
        r#"{"fetched_at":0,"rows":{"A":{"sku":"A","id":null}}}"#
    );
}

#[test]
fn refused_input_is_named_with_its_place() {
    for (json, message) in [
        ("", "line 1, column 1: this is not JSON: EOF while parsing a value"),
        ("{", "line 1, column 1: this is not JSON: EOF while parsing an object"),
        ("[1,]", "line 1, column 4: this is not JSON: expected value"),
        ("\u{feff}{}", "line 1, column 1: this begins with a byte order mark (BOM), which JSON must not have"),
        ("{} {}", "line 1, column 4: this is not JSON: trailing characters"),
        ("5", "line 1, column 1: rows are an object or an array"),
        ("{\n \"a\": 5}", "line 2, column 7 (row `a`): a row is an object of field name to value"),
        ("[5]", "line 1, column 2 (row number 1): a row is an object of field name to value"),
        (r#"[{"id":"a"},{"x":1}]"#, "line 1, column 13 (row number 2): there is no id: the field `id` is missing"),
        (r#"[{"id":null}]"#, "line 1, column 8 (row number 1): the id in `id` is neither text nor a whole number"),
        (
            r#"[{"id":99999999999999999999999}]"#,
            "line 1, column 8 (row number 1): the id in `id` does not fit 64 bits; put it in quotes",
        ),
        (r#"[{"id":1.5}]"#, "line 1, column 8 (row number 1): the id in `id` is neither text nor a whole number"),
        (r#"[{"id":"1"},{"id":1}]"#, "line 1, column 13: the row `1` is repeated"),
        (r#"{"a":{},"a":{}}"#, "line 1, column 13: the row `a` is repeated"),
        (r#"{"a":{"f":1,"f":2}}"#, "line 1, column 17 (row `a`): the field `f` is repeated"),
        (r#"{"a":{"f":{"k":1,"k":2}}}"#, "line 1, column 22 (row `a`, field `f`): the key `k` is repeated"),
        (r#"{"rows":[]}"#, "line 1, column 9: `rows` of an envelope is an object of row id to row"),
        (r#"{"rows":{},"rows":{}}"#, "line 1, column 19: `rows` is repeated"),
        (
            r#"{"rows":{},"fetched_at":-1}"#,
            "line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
        ),
        (
            r#"{"rows":{},"fetched_at":9223372036854775808}"#,
            "line 1, column 25: `fetched_at` is whole seconds since 1970, at most 2^63 - 1",
        ),
        (
            r#"{"rows":{},"extra":1}"#,
            "line 1, column 20: `extra` is not a row, and an envelope holds only `rows` and `fetched_at`",
        ),
    ] {
        assert_eq!(RowsInput::parse(json, "id").unwrap_err().to_string(), message, "{json}");
    }
    let field = "line 1, column 11 (row `r`, field `v`";
    for (json, message) in [
        (
            "18446744073709551616",
            "): the integer 18446744073709551616 does not fit 64 bits; `{\"$int\": \"…\"}` holds those down to -2^64",
        ),
        (
            "-9223372036854775809",
            "): the integer -9223372036854775809 does not fit 64 bits; `{\"$int\": \"…\"}` holds those down to -2^64",
        ),
        ("1e999", "): the number 1e999 does not fit a float of 64 bits"),
        (
            "\"\\ud800\"",
            "): an escape from `\\ud800` to `\\udfff` is half of a character, and its other half is missing",
        ),
    ] {
        assert_eq!(value_of(json).unwrap_err(), format!("{field}{message}"), "{json}");
    }
    for (json, place, wanted) in [
        (r#"{"$bytes":5}"#, "21", "$bytes): `$bytes` takes a text"),
        (r#"{"$bytes":"a"}"#, "21", "$bytes): `$bytes` takes base64 with its padding"),
        (r#"{"$bytes":"_w=="}"#, "21", "$bytes): `$bytes` takes base64 with its padding"),
        (
            r#"{"$float":"nan"}"#,
            "21",
            "$float): `$float` takes NaN, Infinity, -Infinity, or 0x and the 16 hexadecimal digits of a NaN",
        ),
        (
            r#"{"$float":"0x3ff0000000000000"}"#,
            "21",
            "$float): `$float` takes NaN, Infinity, -Infinity, or 0x and the 16 hexadecimal digits of a NaN",
        ),
        (r#"{"$int":"-18446744073709551617"}"#, "19", "$int): `$int` takes an integer from -2^64 to 2^64 - 1"),
        (r#"{"$int":"1.0"}"#, "19", "$int): `$int` takes an integer from -2^64 to 2^64 - 1"),
        (r#"{"$tag":[1]}"#, "19", "$tag): `$tag` takes an array of a tag number and a value"),
        (r#"{"$tag":[-1,0]}"#, "19", "$tag): `$tag` takes an array of a tag number and a value"),
        (
            r#"{"$tag":[3,{"$bytes":"/////////////////////w=="}]}"#,
            "19",
            "$tag): vantage-live could not read this back: a negative bignum of more than 127 bits",
        ),
        (r#"{"$map":{}}"#, "19", "$map): `$map` takes an array of pairs of a key and a value"),
        (r#"{"$map":[[1]]}"#, "20", "$map[0]): `$map` takes an array of pairs of a key and a value"),
    ] {
        let message = value_of(json).unwrap_err();
        assert_eq!(message, format!("line 1, column {place} (row `r`, field `v`.{wanted}"), "{json}");
    }
}

#[test]
fn nesting_is_taken_as_deep_as_vantage_live_reads_and_no_deeper() {
    let nested = |open: &str, close: &str, depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), (r#"{"k":"#, "}"), (r#"{"$tag":[9,"#, "]}"), (r#"{"$map":[[0,"#, "]]}")] {
        assert!(value_of(&nested(open, close, 253)).is_ok(), "{open}");
        let error = value_of(&nested(open, close, 254)).unwrap_err();
        assert!(
            error.ends_with("(row `r`, field `v`): nested deeper than the 253 levels that vantage-live reads"),
            "{error}"
        );
    }
    // Far beyond what recursion could follow.
    assert!(value_of(&nested("[", "]", 50_000)).is_err());
}

#[test]
fn a_reserved_name_counts_only_as_the_only_key_of_an_object() {
    let field = |json: &str| json_of(value_of(json).unwrap());
    for (json, expected) in [
        // With another key, before or after, it is an ordinary one.
        (r#"{"$tag":[1,2],"a":3}"#, r#"{"$tag":[1,2],"a":3}"#),
        (r#"{"a":3,"$tag":[1,2]}"#, r#"{"a":3,"$tag":[1,2]}"#),
        (r#"{"$tag":{"$tag":[1,2]},"a":{"$bytes":"AA=="}}"#, r#"{"$tag":{"$tag":[1,2]},"a":{"$bytes":"AA=="}}"#),
        // In each other, both kinds.
        (
            r#"{"$tag":[1,{"$map":[[{"$int":"5"},{"$int":"5","$map":[]}],["\\\",{\"",0]]}]}"#,
            r#"{"$tag":[1,{"$map":[[5,{"$int":"5","$map":[]}],["\\\",{\"",0]]}]}"#,
        ),
        // With escapes, and with white space.
        (r#"{ "\u0024b\u0079tes" : "AA==" }"#, r#"{"$bytes":"AA=="}"#),
        (r#"{"$map" : [ [ 1 , 2 ] , [ 1 , 3 ] ] }"#, r#"{"$map":[[1,2],[1,3]]}"#),
        // What only looks like one.
        (r#"{"$bytes2":"AA=="}"#, r#"{"$bytes2":"AA=="}"#),
        (
            r#"[{"$float":"NaN"},{"$float":"NaN","x":1},{"$float":"NaN"}]"#,
            r#"[{"$float":"NaN"},{"$float":"NaN","x":1},{"$float":"NaN"}]"#,
        ),
    ] {
        assert_eq!(field(json), expected, "{json}");
    }
    for json in [
        r#"{"$tag":[1,2,3]}"#,
        r#"{"$tag":[]}"#,
        r#"{"$tag":5}"#,
        r#"{"$map":[[1,2,3]]}"#,
        r#"{"$map":[[]]}"#,
        r#"{"$map":[5]}"#,
    ] {
        assert!(value_of(json).unwrap_err().contains("takes an array of"), "{json}");
    }
}

/// If each object looked ahead to its end, this would take some minutes.
#[test]
fn special_objects_are_read_in_linear_time_and_refused_where_they_are_nested_too_deeply() {
    let many = vec![r#"{"$int":"7","k":[{"$tag":[9,1]}]}"#; 20_000].join(",");
    for (open, close) in [(r#"{"$tag":[9,"#, "]}"), (r#"{"$map":[[0,"#, "]]}"), (r#"{"$tag":0,"k":"#, "}")] {
        let json = format!("{}[{many}]{}", open.repeat(240), close.repeat(240));
        assert!(value_of(&json).is_ok(), "{open}");
        let json = format!("{}0{}", open.repeat(600_000), close.repeat(600_000));
        let error = value_of(&json).unwrap_err();
        assert!(error.ends_with("nested deeper than the 253 levels that vantage-live reads"), "{error}");
    }
}

#[test]
fn plain_json_drops_types_that_json_does_not_have() {
    let plain = |value| {
        let record = Record::from_iter([("v".to_owned(), value)]);
        let rows = CachedRows { rows: [("r".to_owned(), record)].into_iter().collect(), fetched_at: UNIX_EPOCH };
        let mut json = JsonWriter::document(Vec::new(), JsonStyle { plain: true, ..JsonStyle::default() });
        json.entry("k", Envelope::encode(&rows).bytes()).unwrap();
        let json = String::from_utf8(json.finish().unwrap()).unwrap();
        let value = json.strip_prefix(r#"{"k":{"fetched_at":0,"rows":{"r":{"v":"#).unwrap();
        value.strip_suffix("}}}}").unwrap().to_owned()
    };
    let tag = |tag, value| Value::Tag(tag, Box::new(value));
    for (value, json) in [
        (tag(8, Value::Array(vec![text("client"), tag(9, text("a"))])), r#"["client","a"]"#),
        (Value::Bytes(vec![0xff; 4]), r#""_____w""#),
        (Value::from(u128::from(u64::MAX) + 1), r#""AQAAAAAAAAAA""#),
        (Value::Float(f64::NAN), "null"),
        (Value::Float(f64::NEG_INFINITY), "null"),
        (Value::from(-1 - i128::from(u64::MAX)), "-18446744073709551616"),
        (map(&[(1.into(), 2.into()), (map(&[(text("a"), Value::Null)]), 3.into())]), r#"{"1":2,"oWFh9g":3}"#),
        (map(&[(text("$bytes"), text("x"))]), r#"{"$bytes":"x"}"#),
        (
            map(&[(Value::Null, 1.into()), (true.into(), 2.into()), (0.5.into(), 3.into()), (text("a"), 4.into())]),
            r#"{"null":1,"true":2,"0.5":3,"a":4}"#,
        ),
        (map(&[(tag(6, Value::Null), 1.into()), (Value::Bytes(vec![0]), 2.into())]), r#"{"xvY":1,"QQA":2}"#),
        (map(&[]), "{}"),
        (Value::Float(1.5), "1.5"),
    ] {
        assert_eq!(plain(value.clone()), json);
        // A value that was built reads the same inside of another.
        let list = Value::Array(vec![value, Value::Null]);
        assert_eq!(vlive::json::plain(&list), format!("[{json},null]"));
    }
}
