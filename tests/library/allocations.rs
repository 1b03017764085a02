//! What is done for each row, field or entry asks for no memory: counted, since it does not vary.

use allocation_counter::measure;
use ciborium::Value;
use std::hint::black_box;
use std::io;
use std::time::UNIX_EPOCH;
use vlive::json::{JsonStyle, JsonWriter, RowsInput};
use vlive::live::{Envelope, EnvelopeHead, EnvelopeView};
use vlive::{Cache, CachedRows, Record, Snapshot};

/// Rows as backends give them, with ten fields of all common kinds.
fn envelope(rows: u64) -> Envelope {
    let text = |text: &str| Value::Text(text.to_owned());
    let row = |n: u64| {
        let link = Value::Tag(8, Box::new(Value::Array(vec![text("client"), text("a")])));
        let fields = [
            ("id", Value::from(n)),
            ("name", text("Größe \"x\"\n")),
            ("price", Value::Float(1.5)),
            ("link", link),
            ("active", Value::Bool(true)),
            ("note", Value::Null),
            ("uid", Value::Bytes(vec![7; 16])),
            ("tags", Value::Array(vec![text("a"), text("b")])),
            ("size", Value::Map(vec![(text("width"), Value::from(2)), (text("unit"), text("cm"))])),
            ("views", Value::from(-5)),
        ];
        let record: Record = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (format!("row-{n:09}"), record)
    };
    Envelope::encode(&CachedRows { rows: (0..rows).map(row).collect(), fetched_at: UNIX_EPOCH })
}

/// How often memory is asked for when `work` is done with so many rows. A list may double as it grows.
fn allocations(rows: u64, work: impl Fn(&Envelope)) -> u64 {
    let envelope = envelope(rows);
    measure(|| work(&envelope)).count_total
}

#[test]
fn verifying_and_writing_rows_and_fields_allocates_nothing_for_each() {
    for style in [JsonStyle::default(), JsonStyle { pretty: true, ..JsonStyle::default() }] {
        let write = |envelope: &Envelope| {
            let mut json = JsonWriter::document(io::sink(), style);
            json.entry("clients/page_1", envelope.bytes()).unwrap();
            json.finish().unwrap();
        };
        let (some, many) = (allocations(100, write), allocations(3200, write));
        assert!(some < 60 && many - some <= 10, "{some} for 100 rows, {many} for 3,200");
    }
}

#[test]
fn verifying_rows_and_fields_allocates_nothing_for_each() {
    let verify = |envelope: &Envelope| {
        black_box(EnvelopeView::new(envelope.bytes()).unwrap());
    };
    let (some, many) = (allocations(100, verify), allocations(3200, verify));
    assert!(some < 20 && many - some <= 10, "{some} for 100 rows, {many} for 3,200");
}

#[test]
fn reading_the_head_of_an_envelope_allocates_nothing() {
    let head = |envelope: &Envelope| {
        black_box(EnvelopeHead::decode(envelope.bytes()).unwrap());
    };
    assert_eq!(allocations(100, head), 0);
}

#[test]
fn reading_rows_of_plain_fields_from_json_allocates_nothing_for_each() {
    let parse = |rows: u32| {
        let row = |n| format!(r#""row-{n:09}":{{"id":{n},"name":"Anna","price":1.5,"active":true,"note":null}}"#);
        let json = format!("{{{}}}", (0..rows).map(row).collect::<Vec<_>>().join(","));
        measure(|| drop(black_box(RowsInput::parse(&json, "id").unwrap()))).count_total
    };
    let (some, many) = (parse(100), parse(3200));
    assert!(some < 60 && many - some <= 20, "{some} for 100 rows, {many} for 3,200");
}

#[test]
fn listing_entries_allocates_nothing_for_each() {
    let list = |entries: usize| {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::create(folder.path()).unwrap();
        let small = envelope(1);
        for n in 0..entries {
            cache.put_envelope(vlive::Key::new(&format!("clients/page_{n:04}")), &small).unwrap();
        }
        let snapshot = Snapshot::open(folder.path()).unwrap();
        measure(|| drop(black_box(vlive::ops::list(&snapshot).unwrap()))).count_total
    };
    let (some, many) = (list(20), list(320));
    assert!(many - some < 300, "{some} for 20 entries, {many} for 320");
}
