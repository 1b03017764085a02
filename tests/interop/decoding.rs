//! Bytes that nobody would write, decoded by vantage-live itself and by this crate.

use crate::random::Random;
use crate::support::{Oracle, encoded};
use ciborium::Value;
use redb::{Database, TableDefinition};
use serde_json::Value as Json;
use vlive::{CachedRows, EnvelopeHead, EnvelopeView, JsonWriter, RowsInput};

/// CBOR in any of the encodings that the standard allows, and some that it does not.
struct Scribbler<'r> {
    random: &'r mut Random,
    bytes: Vec<u8>,
}

impl Scribbler<'_> {
    fn head(&mut self, major: u8, argument: u64) {
        let shortest = match argument {
            0..24 => 0,
            24..256 => 1,
            256..65_536 => 2,
            65_536..4_294_967_296 => 3,
            _ => 4,
        };
        // Now and then longer than it need be.
        let longer = if self.random.below(6) == 0 { 4 } else { shortest };
        let length = shortest + self.random.below(longer - shortest + 1);
        let bytes = argument.to_be_bytes();
        let initial = major << 5;
        match length {
            0 => self.bytes.push(initial | u8::try_from(argument).unwrap()),
            n => {
                self.bytes.push(initial | (23 + u8::try_from(n).unwrap()));
                self.bytes.extend_from_slice(&bytes[8 - (1 << (n - 1))..]);
            }
        }
    }

    fn string(&mut self, major: u8, content: &[u8]) {
        if self.random.below(8) > 0 {
            self.head(major, content.len() as u64);
            self.bytes.extend_from_slice(content);
            return;
        }
        self.bytes.push(major << 5 | 31);
        let nested = self.random.below(4) == 0;
        if nested {
            self.bytes.push(major << 5 | 31);
        }
        let cut = self.random.below(content.len() + 1);
        for piece in [&content[..cut], &content[cut..]] {
            self.head(major, piece.len() as u64);
            self.bytes.extend_from_slice(piece);
        }
        self.bytes.extend_from_slice(if nested { b"\xff\xff" } else { b"\xff" });
    }

    fn container(&mut self, major: u8, elements: usize, mut each: impl FnMut(&mut Self)) {
        let indefinite = self.random.below(6) == 0;
        if indefinite {
            self.bytes.push(major << 5 | 31);
        } else {
            self.head(major, elements as u64);
        }
        for _ in 0..elements {
            each(self);
        }
        if indefinite {
            self.bytes.push(0xff);
        }
    }

    fn key(&mut self) {
        if self.random.below(12) == 0 {
            self.value(1);
        } else {
            let key = self.random.one_of(&[
                "a",
                "b",
                "k",
                "",
                "é",
                "rows",
                "fetched_at",
                "$bytes",
                "$tag",
                "$map",
                "long name",
            ]);
            self.string(3, key.as_bytes());
        }
    }

    fn value(&mut self, depth: usize) {
        let nested = if depth == 0 { 0 } else { 4 };
        match self.random.below(10 + nested) {
            0 => {
                let argument = self.random.next() >> self.random.below(64);
                self.head(0, argument);
            }
            1 => {
                let argument = self.random.next() >> self.random.below(64);
                self.head(1, argument);
            }
            2 => {
                let bytes: Vec<u8> = (0..self.random.below(20)).map(|_| self.random.next().to_le_bytes()[0]).collect();
                self.string(2, &bytes);
            }
            3 => {
                let text = self.random.one_of(&["", "x", "日本", "\u{7f}\u{85}\u{0}\"\\\n", "plain text"]);
                self.string(3, text.as_bytes());
            }
            4 => {
                let simple = self.random.one_of(&[0xf4, 0xf5, 0xf6, 0xf7]);
                self.bytes.push(simple);
            }
            5 => {
                let simple = self.random.one_of(&[20, 21, 22, 23, 24, 255, 0]);
                self.bytes.extend_from_slice(&[0xf8, simple]);
            }
            6 => {
                let bits = self.random.next().to_be_bytes();
                let (initial, length) = self.random.one_of(&[(0xf9, 2), (0xfa, 4), (0xfb, 8)]);
                self.bytes.push(initial);
                self.bytes.extend_from_slice(&bits[..length]);
            }
            7 => {
                let special: &[u8] = self.random.one_of::<&[u8]>(&[
                    b"\xf9\x7e\x00",
                    b"\xf9\x7c\x01",
                    b"\xf9\xfe\x01",
                    b"\xfa\x7f\x80\x00\x01",
                    b"\xfa\x7f\xc0\x00\x01",
                    b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x01",
                    b"\xfb\x7f\xf8\x00\x00\xde\xad\xbe\xef",
                    b"\xf9\x80\x00",
                    b"\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a",
                ]);
                self.bytes.extend_from_slice(special);
            }
            8 => {
                let tag = self.random.one_of(&[2, 3]);
                self.head(6, tag);
                let length = self.random.below(19);
                let first = self.random.one_of(&[0, 1, 0x7f, 0x80, 0xff]);
                let mut bytes = vec![self.random.next().to_le_bytes()[0]; length];
                if let Some(byte) = bytes.first_mut() {
                    *byte = first;
                }
                self.string(2, &bytes);
            }
            9 => self.head(0, 5),
            10 => {
                let elements = self.random.below(4);
                self.container(4, elements, |this| this.value(depth - 1));
            }
            11 | 12 => {
                let pairs = self.random.below(4);
                self.container(5, pairs, |this| {
                    this.key();
                    this.value(depth - 1);
                });
            }
            _ => {
                let tag = self.random.next() >> self.random.below(64);
                self.head(6, tag);
                self.value(depth - 1);
            }
        }
    }

    fn envelope(&mut self) {
        let usual = self.random.below(3) > 0;
        let keys = if usual {
            vec!["fetched_at", "rows"]
        } else {
            (0..self.random.below(5)).map(|_| self.random.one_of(&["fetched_at", "rows", "rows", "etag"])).collect()
        };
        let mut keys = keys.into_iter();
        self.container(5, keys.len(), |this| {
            let key = keys.next().unwrap();
            this.string(3, key.as_bytes());
            match key {
                "fetched_at" if usual => {
                    let time = this.random.next() >> this.random.below(64);
                    this.head(0, time);
                }
                "rows" if this.random.below(8) > 0 => {
                    let rows = this.random.below(5);
                    this.container(5, rows, |this| {
                        this.key();
                        if this.random.below(8) == 0 {
                            this.value(2);
                        } else {
                            let fields = this.random.below(4);
                            this.container(5, fields, |this| {
                                this.key();
                                this.value(3);
                            });
                        }
                    });
                }
                _ => this.value(2),
            }
        });
    }
}

fn scribble(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut scribbler = Scribbler { random: &mut random, bytes: Vec::new() };
    scribbler.envelope();
    let mut bytes = scribbler.bytes;
    match random.below(10) {
        // Most are left as they are; the rest is damaged in one way or another.
        0 => bytes.truncate(random.below(bytes.len() + 1)),
        1 => bytes.push(random.next().to_le_bytes()[0]),
        2 | 3 => {
            let at = random.below(bytes.len());
            bytes[at] = random.next().to_le_bytes()[0];
        }
        4 => {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        _ => {}
    }
    bytes
}

/// Stores the values under `t/0`, `t/1`, … behind vantage-live's back and asks it for each.
fn answers(values: &[Vec<u8>]) -> Vec<Result<vlive::CachedRows, String>> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("__vlive__t")).unwrap();
        for (n, value) in values.iter().enumerate() {
            table.insert(n.to_string().as_str(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
    drop(database);
    let oracle = Oracle::open(folder.path());
    (0..values.len()).map(|n| oracle.get(&format!("t/{n}")).map(Option::unwrap)).collect()
}

fn json_of(view: &EnvelopeView<'_>, pretty: bool) -> String {
    let mut json = JsonWriter::new(Vec::new(), pretty);
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
        let mut json = JsonWriter::new(Vec::new(), pretty);
        json.begin_object();
        let mut expected = JsonWriter::new(Vec::new(), pretty);
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
