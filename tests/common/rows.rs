//! Random rows, and keys that are awkward.

use super::random::Random;
use ciborium::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vlive::{CachedRows, Record};

/// Keys that are prefixes of each other, empty, Unicode, or hold what a shell or a path would not.
pub const KEYS: [&str; 22] = [
    "clients",
    "clients/page_1",
    "clients/page_10",
    "clients/page_2",
    "clients/",
    "clients/__root__",
    "client",
    "client/page_1",
    "cl/id/a",
    "",
    "/",
    "/a",
    "https://h/users/page_1",
    "https://h/users/page_11",
    "naïve/日本語",
    "nai\u{308}ve/日本語",
    "a\0b/c\nd",
    "__vlive__clients/page_1",
    "Clients/page_1",
    "it's \"quoted\"/id/\\",
    "%2F/%2F",
    "../..",
];

fn value(random: &mut Random, depth: usize) -> Value {
    let nested = if depth == 0 { 0 } else { 3 };
    match random.below(9 + nested) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => Value::Integer((random.next().cast_signed() >> random.below(64)).into()),
        3 => Value::Integer((random.next() >> random.below(64)).into()),
        4 => Value::from(-1 - i128::from(random.next())),
        5 => Value::Float(f64::from_bits(random.next())),
        6 => Value::Float([0.0, -0.0, 1.5, 0.1, f64::NAN, f64::INFINITY, 65504.0, 1e300][random.below(8)]),
        7 => Value::Text(text(random)),
        8 => Value::Bytes((0..random.below(40)).map(|n| u8::try_from(n).unwrap()).collect()),
        9 => Value::Array((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        10 => Value::Map((0..random.below(4)).map(|_| (value(random, depth - 1), value(random, depth - 1))).collect()),
        _ => Value::Tag(random.one_of(&[0, 6, 8, 10, 12, 37, 88, 1 << 40]), Box::new(value(random, depth - 1))),
    }
}

fn text(random: &mut Random) -> String {
    const ALPHABET: [&str; 12] = ["a", "B", "1", " ", "\0", "\n", "\"", "\\", "é", "日", "🙂", "\u{202e}"];
    (0..random.below(9)).map(|_| random.one_of(&ALPHABET)).collect()
}

pub fn rows(random: &mut Random) -> CachedRows {
    let rows = if random.below(12) == 0 { 300 } else { random.below(4) };
    CachedRows {
        rows: (0..rows)
            .map(|_| {
                let record: Record = (0..random.below(4)).map(|_| (text(random), value(random, 3))).collect();
                (text(random), record)
            })
            .collect(),
        fetched_at: fetched_at(random),
    }
}

fn fetched_at(random: &mut Random) -> SystemTime {
    match random.below(4) {
        0 => UNIX_EPOCH - Duration::from_millis(1500),
        1 => UNIX_EPOCH + Duration::from_millis(999),
        _ => UNIX_EPOCH + Duration::from_secs(random.next() >> 33),
    }
}
