//! Irregular envelopes, as no app writes them.

use super::random::Random;

/// CBOR in any of the encodings that the standard allows, and some that it does not.
pub struct Scribbler<'r> {
    pub random: &'r mut Random,
    pub bytes: Vec<u8>,
}

impl Scribbler<'_> {
    pub fn head(&mut self, major: u8, argument: u64) {
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

    pub fn string(&mut self, major: u8, content: &[u8]) {
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

    pub fn container(&mut self, major: u8, elements: usize, mut each: impl FnMut(&mut Self)) {
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

/// An envelope of that kind, or what a little damage leaves of one.
pub fn scribble(seed: u64) -> Vec<u8> {
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
