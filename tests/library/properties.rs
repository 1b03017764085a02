//! Properties that the fuzz targets of `fuzz/` look for exceptions to, here from fixed seeds.

use crate::common::caches::sample;
use crate::common::patches::patches;
use crate::common::properties::{entries, file, input, value};
use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use ciborium::Value;
use std::ops::Range;
use std::thread;
use vlive::{Selection, Snapshot};

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
fn values_of_apps_and_handmade_ones_mean_the_same_to_json_and_ciborium() {
    let (mut values, mut refused) = (0, 0);
    for name in ["bakery", "envelopes", "values"] {
        let snapshot = Snapshot::open(sample(name)).unwrap();
        for entry in snapshot.entries(&Selection::All).unwrap() {
            values += 1;
            refused += usize::from(value::value(entry.unwrap().value()).is_none());
        }
    }
    assert!(values > 80 && refused == 17, "{refused} of {values} refused");
    let refused = seeds(800).filter(|seed| value::value(&ordinary(*seed)).is_none()).count() as u64;
    assert!((20 * rounds()..200 * rounds()).contains(&refused), "{refused} refused is not a fair mix");
}

#[test]
fn writing_while_verifying_equals_writing_afterwards_and_is_undone_for_refused_values() {
    let (written, refused) = entries::entries(&seeds(2_000).map(scribble).chain(seeds(2_000).map(ordinary)));
    assert!(
        written as u64 > 2_000 * rounds() && refused as u64 > 200 * rounds(),
        "{written} written, {refused} refused"
    );
}

/// One of the texts with a few bytes removed, inserted, replaced or cut off.
fn tampered(texts: &[&str], random: &mut Random) -> Vec<u8> {
    let alphabet = br#"{}[]",:\/0123456789.eE+-truefalsnu$bytesmapig "#;
    let mut bytes = random.one_of(texts).as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len().max(1));
        match random.below(4) {
            0 if !bytes.is_empty() => drop(bytes.remove(at)),
            1 => bytes.insert(at, random.one_of(alphabet)),
            2 if !bytes.is_empty() => bytes[at] = random.one_of(alphabet),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn tampered_text_is_refused_or_is_an_envelope_that_reads_back() {
    let texts = [
        r#"{"fetched_at":1,"rows":{"a":{"x":[1,-2,3.5e3,"t\u00e9\n",null,true],"y":{"$tag":[2,{"$bytes":"AQ=="}]}}}}"#,
        r#"[{"id":"a","v":{"$map":[[{"$float":"NaN"},{"$int":"-18446744073709551616"}]]}},{"id":2}]"#,
    ];
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(3_000) {
        let Ok(text) = String::from_utf8(tampered(&texts, &mut Random::new(seed))) else { continue };
        if input::rows(&text) { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 200 * rounds() && refused > 200 * rounds(), "{taken} taken, {refused} refused");
}

#[test]
fn a_tampered_fixture_is_accepted_if_and_only_if_it_is_valid_json_of_valid_entries() {
    let texts = [
        r#"{"a/b": {"fetched_at": 1, "rows": {"x": {"n": 1}}}, "a": [{"id": 1}, {"id": "x"}], "a\/": {"r": {}}} "#,
        "{\"key\":\"a/b\",\"fetched_at\":17,\"rows\":{\"x\":{\"n\":[\"}\",{}]}}}\n{\"key\":\"a\",\"raw\":\"oA==\"}\n{}",
        r#"{"rows":[{"id":7,"é":null}],"key":"k"}{"raw":"/w==","key":"a"}{"raw/":{},"key":{"rows":{}},"rows":[]}"#,
    ];
    assert_eq!(texts.map(|text| input::fixture(text.as_bytes())), [Some(3), Some(2), Some(5)]);
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(300) {
        match input::fixture(&tampered(&texts, &mut Random::new(seed))) {
            Some(_) => taken += 1,
            None => refused += 1,
        }
    }
    assert!(taken > 10 * rounds() && refused > 100 * rounds(), "{taken} taken, {refused} refused");
}

#[test]
fn text_that_is_almost_json_is_not_a_fixture() {
    for text in [
        r#"{"key":"a","fetched_at":+17,"rows":{}}"#,
        r#"{"key":"a","fetched_at":017,"rows":{}}"#,
        r#"{"key":"a","fetched_at":1e1,"rows":{}}"#,
        r#"{"a":{},}"#,
        r#"{,"a":{}}"#,
        r#"{"a":{}"b":{}}"#,
        r#"{"a":{]}"#,
        r#"{"a":{}},{}"#,
        "\u{feff}{}",
        "{\"a\":{\"\\ud800\":{}}}",
        "{\"\\ud800\":{}}",
        "{\u{a0}}",
    ] {
        assert_eq!(input::fixture(text.as_bytes()), None, "{text}");
    }
    assert_eq!(input::fixture(b"{\"a\":{\"\xff\":{}}}"), None);
    assert_eq!(input::fixture(b" \r\n{}{}\t{\"a\" : { } } "), Some(1));
}

#[test]
fn reading_a_cache_with_a_few_bytes_patched_neither_panics_nor_hangs() {
    let samples = file::Samples::read(&sample(""));
    let look = |seeds: Range<u64>| {
        let entries = seeds.map(|seed| file::file(&samples.patched(&patches(seed)), seed.to_le_bytes()[0]));
        entries.filter(Option::is_none).count() as u64
    };
    let looks = 25 * rounds();
    let failed: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || look(n * looks..(n + 1) * looks))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!((looks / 4..2 * looks).contains(&failed), "{failed} of {} could not be read", 4 * looks);
}
