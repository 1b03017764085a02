//! Pseudo-random values and caches, the same in each run.

use ciborium::Value;
use indexmap::IndexMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use vantage_diorama::{CacheBackend, CacheStatus, RedbCache};
use vantage_types::Record;

const TEXTS: [&str; 12] = [
    "team",
    "",
    "red",
    " where x = 1",
    "a\u{1}meta",
    "50%?off#x/y",
    "\"q\" 'r' \\",
    "日本 🦀",
    "true",
    "12",
    "in",
    "\u{7f}\u{85}\n",
];

const FLOATS: [f64; 9] = [0.0, -0.0, 1.5, -3.25e300, 0.1, 100.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// splitmix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    pub fn text(&mut self) -> String {
        TEXTS[self.below(TEXTS.len())].to_owned()
    }

    pub fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Integer([0, 7, -7, i64::MAX, i64::MIN][self.below(5)].into()),
            3 => Value::Float(FLOATS[self.below(FLOATS.len())]),
            4 => Value::Text(self.text()),
            5 => Value::Bytes(self.text().into_bytes()),
            // 2 and 3 are bignums, which read as another value.
            6 => Value::Tag(4 + self.below(96) as u64, Box::new(self.value(depth - 1))),
            7 => Value::Array((0..self.below(3)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::Map((0..self.below(3)).map(|_| (self.value(depth - 1), self.value(depth - 1))).collect()),
        }
    }
}

pub const TABLES: [&str; 3] = ["clients", "clients?c1:117:4:team1:=6:t3:redq-s-n1:0", "50%25%3Foff%23x/y"];

/// A cache with random tables, as the real diorama writes them.
pub async fn random_cache(file: &Path, random: &mut Random) {
    let cache = RedbCache::open(file).unwrap();
    for name in TABLES {
        let table = cache.open_table(name).await.unwrap();
        let record = |random: &mut Random| -> Record<Value> {
            (0..random.below(6)).map(|_| (random.text(), random.value(3))).collect()
        };
        let rows = 1 + random.below(30);
        let complete: IndexMap<_, _> = (0..rows).map(|n| (format!("{n}/{}", random.text()), record(random))).collect();
        table.insert_values(complete).await.unwrap();
        for n in 0..random.below(4) {
            let id = format!("incomplete {n}");
            table.insert_value_with_status(&id, &record(random), CacheStatus::Incomplete).await.unwrap();
        }
        let at = UNIX_EPOCH + Duration::from_nanos(1_770_000_000_123_456_789 + random.below(1000) as u64);
        if random.below(3) > 0 {
            table.set_meta_refreshed_at(at).await.unwrap();
        }
        if random.below(3) > 0 {
            table.set_meta_copied_at(at).await.unwrap();
        }
        if random.below(3) > 0 {
            table.set_meta_total(random.below(1000) as u64).await.unwrap();
        }
    }
}
