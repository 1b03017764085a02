//! Bytes that nobody would write, decoded by vantage-live itself and by this crate.

use crate::common::properties::value;
use crate::common::scribble::scribble;
use crate::common::stress::seeds;
use crate::support::{Oracle, encoded, folder_of};
use vlive::CachedRows;
use vlive::live::EnvelopeHead;

/// What vantage-live says of each of these values.
fn answers(values: &[Vec<u8>]) -> Vec<Result<vlive::CachedRows, String>> {
    let folder = folder_of(values);
    let oracle = Oracle::open(folder.path());
    (0..values.len()).map(|n| oracle.get(&format!("t/{n}")).map(Option::unwrap)).collect()
}

#[test]
fn any_value_is_decoded_or_refused_as_by_vantage_live_and_survives_json() {
    let values: Vec<Vec<u8>> = seeds(2_000).map(scribble).collect();
    let answers = answers(&values);
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((values.len() / 2..values.len() * 9 / 10).contains(&accepted), "{accepted} is not a fair mix");
    for (seed, (value, answer)) in values.iter().zip(&answers).enumerate() {
        let ours = value::value(value);
        match (answer, CachedRows::decode(value)) {
            (Err(_), Err(_)) => assert_eq!(ours, None, "{seed}"),
            (Ok(theirs), Ok(decoded)) => {
                assert_eq!(decoded.fetched_at, theirs.fetched_at, "{seed}");
                assert_eq!(encoded(&decoded), encoded(theirs), "{seed}");
                assert_eq!(ours, Some(encoded(theirs)), "{seed}");
            }
            (theirs, ours) => panic!("{seed}: {value:02x?}\nvantage-live {theirs:?}\nwe {ours:?}"),
        }
    }
}

#[test]
fn the_head_of_an_envelope_agrees_with_its_rows_unless_only_the_rows_are_faulty() {
    let usual_head = b"\xa2\x6afetched_at";
    for seed in seeds(2_000) {
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
fn values_may_nest_exactly_as_deep_as_vantage_live_reads() {
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
        assert_eq!(value::value(value), answer.ok().as_ref().map(encoded), "{value:02x?}");
        // All that vantage-live writes of these it reads again.
        if let Ok(rows) = &ours {
            assert!(CachedRows::decode(&encoded(rows)).is_ok(), "{value:02x?}");
        }
    }
}
