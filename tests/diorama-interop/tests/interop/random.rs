//! Pseudo-random values, the same in each run.

use ciborium::Value;

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
