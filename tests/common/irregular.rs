//! Envelopes in irregular encodings, which vantage-live reads but does not write.

use super::random::Random;
use super::scribble::Scribbler;
use ciborium::Value;
use std::time::UNIX_EPOCH;
use vlive::{CachedRows, Record};

/// An envelope from which vantage-live reads exactly these rows.
pub fn irregularly_encoded(rows: &CachedRows, random: &mut Random) -> Vec<u8> {
    let mut irregular = Scribbler { random, bytes: Vec::new() };
    irregular.whole(rows);
    if irregular.random.below(4) == 0 {
        irregular.bytes.push(0);
    }
    irregular.bytes
}

/// A row from which diorama reads exactly these fields.
pub fn irregular_row(fields: &Record, random: &mut Random) -> Vec<u8> {
    let mut irregular = Scribbler { random, bytes: Vec::new() };
    // Without a status, or with one.
    let statuses: [&[u8]; 3] = [b"", b"\x00", b"\x01"];
    let status = irregular.random.one_of(&statuses);
    irregular.bytes.extend_from_slice(status);
    irregular.fields(fields);
    if irregular.random.below(4) == 0 {
        irregular.bytes.push(0);
    }
    irregular.bytes
}

impl Scribbler<'_> {
    fn whole(&mut self, rows: &CachedRows) {
        let fetched_at = rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
        // The first of these has something unknown, so that the number of rows is not taken from its head.
        let keys = self.random.one_of(&[&["etag", "rows", "fetched_at", "rows"][..], &["fetched_at", "rows"]]);
        let is_split = keys.len() > 2;
        let cut = if is_split { self.random.below(rows.rows.len() + 1) } else { 0 };
        let mut parts = [0..cut, cut..rows.rows.len()].into_iter().skip(usize::from(!is_split));
        let mut keys = keys.iter();
        self.container(5, keys.len(), |this| {
            let key = *keys.next().unwrap();
            this.text(key);
            match key {
                "rows" => {
                    let part = parts.next().unwrap();
                    this.rows(rows, part, is_split);
                }
                "fetched_at" => this.head(0, fetched_at),
                _ => this.of_value(&Value::Array(vec![Value::Null, "rows".into()])),
            }
        });
    }

    /// Some of the rows; now and then one of them twice, of which the last counts at the first place.
    fn rows(&mut self, rows: &CachedRows, part: std::ops::Range<usize>, may_repeat: bool) {
        let mut order: Vec<(usize, bool)> = part.map(|n| (n, true)).collect();
        if may_repeat && !order.is_empty() && self.random.below(2) == 0 {
            let again = self.random.below(order.len());
            order[again].1 = false;
            order.push((order[again].0, true));
        }
        let mut order = order.into_iter();
        self.container(5, order.len(), |this| {
            let (n, is_last) = order.next().unwrap();
            let (id, record) = rows.rows.get_index(n).unwrap();
            this.text(id);
            if is_last {
                this.record(record);
            } else {
                this.of_value(&Value::Map(vec![("stale".into(), Value::Null)]));
            }
        });
    }

    fn record(&mut self, record: &Record) {
        if record.is_empty() && self.random.below(2) == 0 {
            // To vantage-live no map is an empty one.
            return self.of_value(&Value::from(5));
        }
        self.fields(record);
    }

    /// Now and then one of them twice, of which the last counts at the first place.
    fn fields(&mut self, record: &Record) {
        let again = self.random.below(4 * record.len() + 1);
        let mut order: Vec<(usize, bool)> = (0..record.len()).map(|n| (n, n != again)).collect();
        order.extend((again < record.len()).then_some((again, true)));
        let mut order = order.into_iter();
        self.container(5, order.len(), |this| {
            let (n, is_last) = order.next().unwrap();
            let (name, value) = record.get_index(n).unwrap();
            this.text(name);
            this.of_value(if is_last { value } else { &Value::Null });
        });
    }

    fn of_value(&mut self, value: &Value) {
        match value {
            Value::Integer(integer) => self.integer(i128::from(*integer)),
            Value::Bytes(bytes) => self.string(2, bytes),
            Value::Text(text) => self.text(text),
            Value::Float(float) if self.random.below(2) == 0 => {
                self.bytes.push(0xfb);
                self.bytes.extend_from_slice(&float.to_be_bytes());
            }
            Value::Null if self.random.below(2) == 0 => self.bytes.push(0xf7),
            Value::Tag(tag, content) => {
                self.head(6, *tag);
                self.of_value(content);
            }
            Value::Array(elements) => {
                let mut elements = elements.iter();
                self.container(4, elements.len(), |this| this.of_value(elements.next().unwrap()));
            }
            Value::Map(pairs) => {
                let mut pairs = pairs.iter();
                self.container(5, pairs.len(), |this| {
                    let (key, value) = pairs.next().unwrap();
                    this.of_value(key);
                    this.of_value(value);
                });
            }
            other => ciborium::into_writer(other, &mut self.bytes).unwrap(),
        }
    }

    /// A segment has whole letters.
    fn text(&mut self, text: &str) {
        if text.is_ascii() {
            self.string(3, text.as_bytes());
        } else {
            self.head(3, text.len() as u64);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn integer(&mut self, integer: i128) {
        let (major, argument) = if integer < 0 { (1, -1 - integer) } else { (0, integer) };
        let argument = u64::try_from(argument).unwrap();
        if self.random.below(4) > 0 {
            return self.head(major, argument);
        }
        // As a bignum, with zeros in front that say nothing.
        self.head(6, u64::from(major) + 2);
        let bytes = argument.to_be_bytes();
        self.bytes.push(0x48);
        self.bytes.extend_from_slice(&bytes);
    }
}
