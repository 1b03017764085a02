//! Bytes that nobody would write, decoded by vantage-live itself and by this crate.

use crate::random::Random;
use crate::scribble::scribble;
use crate::support::{Oracle, encoded, folder_of};
use ciborium::Value;
use serde_json::Value as Json;
use vlive::{CachedRows, EnvelopeHead, EnvelopeView, JsonStyle, JsonWriter, RowsInput};

/// What vantage-live says of each of these values.
fn answers(values: &[Vec<u8>]) -> Vec<Result<vlive::CachedRows, String>> {
    let folder = folder_of(values);
    let oracle = Oracle::open(folder.path());
    (0..values.len()).map(|n| oracle.get(&format!("t/{n}")).map(Option::unwrap)).collect()
}

fn json_of(view: &EnvelopeView<'_>, pretty: bool) -> String {
    let mut json = JsonWriter::new(Vec::new(), JsonStyle { pretty, ..JsonStyle::default() });
    json.envelope(view).unwrap();
    String::from_utf8(json.finish().unwrap()).unwrap()
}

#[test]
fn any_value_is_accepted_refused_and_understood_as_by_vantage_live_and_goes_through_json_unharmed() {
    let values: Vec<Vec<u8>> = (0..20_000).map(scribble).collect();
    let answers = answers(&values);
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((values.len() / 2..values.len() * 9 / 10).contains(&accepted), "{accepted} is no fair mix");
    for (seed, (value, answer)) in values.iter().zip(&answers).enumerate() {
        let view = EnvelopeView::new(value);
        match (answer, CachedRows::decode(value)) {
            (Err(_), Err(_)) => assert!(view.is_err(), "{seed}"),
            (Ok(theirs), Ok(ours)) => {
                assert_eq!(ours.fetched_at, theirs.fetched_at, "{seed}");
                assert_eq!(encoded(&ours), encoded(theirs), "{seed}");
                // What ciborium read from a bignum in segments it may write so that it cannot read it.
                let theirs = encoded(theirs);
                let readable = CachedRows::decode(&theirs).is_ok();
                let view = view.unwrap();
                for pretty in [false, true] {
                    let json = json_of(&view, pretty);
                    serde_json::from_str::<Json>(&json).unwrap();
                    match RowsInput::parse(&json, "id") {
                        Ok(input) => {
                            assert_eq!(input.fetched_at(), Some(view.fetched_at()), "{seed}");
                            assert_eq!(input.into_envelope(view.fetched_at()).bytes(), theirs, "{seed}\n{json}");
                        }
                        Err(error) => assert!(!readable, "{seed}: {error}\n{json}"),
                    }
                }
            }
            (theirs, ours) => panic!("{seed}: {value:02x?}\nvantage-live {theirs:?}\nwe {ours:?}"),
        }
    }
}

/// One writer for all of them, so that what it keeps of one entry is there to mislead it in the next.
#[test]
fn entries_written_as_they_are_verified_are_those_written_afterwards_and_leave_no_trace_if_refused() {
    for pretty in [false, true] {
        let mut json = JsonWriter::new(Vec::new(), JsonStyle { pretty, ..JsonStyle::default() });
        json.begin_object();
        let mut expected = JsonWriter::new(Vec::new(), JsonStyle { pretty, ..JsonStyle::default() });
        expected.begin_object();
        let values = (0..20_000).map(scribble).chain((0..20_000).map(ordinary));
        let (mut written, mut refused) = (0, 0);
        for (n, value) in values.enumerate() {
            let key = format!("k/{n}");
            match (json.entry(&key, &value).unwrap(), EnvelopeView::new(&value)) {
                (Ok(()), Ok(view)) => {
                    written += 1;
                    expected.key(&key).unwrap();
                    expected.envelope(&view).unwrap();
                }
                (Err(ours), Err(theirs)) => {
                    refused += 1;
                    assert_eq!(ours, theirs, "{n}");
                }
                (ours, theirs) => panic!("{n}: {value:02x?}: {ours:?}, {theirs:?}"),
            }
        }
        json.end_object();
        expected.end_object();
        assert!(json.finish().unwrap() == expected.finish().unwrap());
        assert!(written > 20_000 && refused > 2000, "{written} written, {refused} refused");
    }
}

/// What vantage-live might have written, of few and like fields, with now and then a byte changed.
fn ordinary(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let names = ["id", "name", "näme", "a\"b", "price", "tags", "meta"];
    let rows = (0..random.below(6)).map(|n| {
        let fields = (0..random.below(7)).map(|field| {
            let value = match random.below(6) {
                0 => Value::from(random.next() >> 40),
                1 => Value::from("Größe\u{85}\n plain"),
                2 => Value::from(0.25),
                3 => Value::Map(vec![
                    (names[random.below(3)].into(), 1.into()),
                    (names[random.below(3)].into(), Value::Null),
                ]),
                4 => Value::Tag(random.below(4) as u64, Box::new(Value::Bytes(vec![1; random.below(18)]))),
                _ => Value::Array(vec!["plain".into(), Value::Bool(true)]),
            };
            let name = names[if random.below(10) == 0 { random.below(7) } else { field }];
            (Value::from(name), value)
        });
        let fields = fields.collect();
        let id = if random.below(20) == 0 { 0 } else { n };
        (Value::from(format!("row{id}")), Value::Map(fields))
    });
    let rows = rows.collect();
    let envelope = Value::Map(vec![("fetched_at".into(), random.next().into()), ("rows".into(), Value::Map(rows))]);
    let mut bytes = Vec::new();
    ciborium::into_writer(&envelope, &mut bytes).unwrap();
    if random.below(4) == 0 {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
    bytes
}

#[test]
fn the_head_of_an_envelope_is_that_of_its_rows_unless_they_are_faulty_behind_a_usual_head() {
    let usual_head = b"\xa2\x6afetched_at";
    for seed in 0..20_000 {
        let value = scribble(seed);
        match (EnvelopeHead::decode(&value), CachedRows::decode(&value)) {
            (Err(_), Err(_)) => {}
            (Ok(head), Ok(rows)) => {
                let seconds = rows.fetched_at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
                if !value.starts_with(usual_head) {
                    assert_eq!(head.rows, rows.rows.len() as u64, "{seed}");
                    assert_eq!(head.fetched_at, seconds, "{seed}");
                }
                assert!(head.rows >= rows.rows.len() as u64, "{seed}");
            }
            (Ok(_), Err(_)) => assert!(value.starts_with(usual_head), "{seed}"),
            (Err(error), Ok(_)) => panic!("{seed}: {error}"),
        }
    }
}

/// The depth at which ciborium gives up, for every kind of level and in every place.
#[test]
fn the_limit_of_nesting_is_vantage_lives_own() {
    let level: [&[u8]; 4] = [b"\x81", b"\xa1\x61x", b"\xc6", b"\x9f"];
    let mut values = Vec::new();
    for kind in 0..=level.len() {
        for depth in 250..260 {
            for (place, outer) in [("field", 3), ("unknown key", 1), ("row", 2)] {
                for innermost in [&b"\x00"[..], b"\xc2\x41\x05", b"\x80", b"\xa0"] {
                    let mut value = match place {
                        "field" => b"\xa1\x64rows\xa1\x61a\xa1\x61k".to_vec(),
                        "row" => b"\xa1\x64rows\xa1\x61a".to_vec(),
                        _ => b"\xa1\x64etag".to_vec(),
                    };
                    let levels: Vec<&[u8]> =
                        (outer..depth).map(|n| level[if kind == level.len() { n % 4 } else { kind }]).collect();
                    value.extend(levels.concat());
                    value.extend_from_slice(innermost);
                    value.extend(levels.iter().filter(|level| level[0] == 0x9f).map(|_| 0xff));
                    values.push(value);
                }
            }
        }
    }
    let answers = answers(&values);
    assert!(answers.iter().any(Result::is_ok) && answers.iter().any(Result::is_err));
    for (value, answer) in values.iter().zip(answers) {
        let ours = CachedRows::decode(value);
        assert_eq!(ours.as_ref().ok().map(encoded), answer.as_ref().ok().map(encoded), "{value:02x?}: {ours:?}");
        if let Ok(view) = EnvelopeView::new(value) {
            let json = json_of(&view, false);
            let again = RowsInput::parse(&json, "id").unwrap().into_envelope(view.fetched_at());
            assert_eq!(again.bytes(), encoded(&answer.unwrap()));
        }
    }
}
