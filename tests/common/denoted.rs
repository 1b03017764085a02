//! The diagnostic notation read back: as much of it as is written.

use std::mem;

/// The bytes that pairs of digits stand for.
pub fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The bytes that items in diagnostic notation denote.
pub fn denoted(text: &str) -> Vec<u8> {
    let mut reader = Reader { text, out: Vec::new() };
    reader.item();
    while reader.comes(",") {
        reader.item();
    }
    assert_eq!(reader.text, "", "after the last item");
    reader.out
}

struct Reader<'t> {
    text: &'t str,
    out: Vec<u8>,
}

/// What an encoding indicator says.
#[derive(Clone, Copy, PartialEq)]
enum Width {
    Indefinite,
    /// Bytes of the argument.
    Of(usize),
    Shortest,
}

impl<'t> Reader<'t> {
    /// Passes that token, and space before it, if it is next.
    fn comes(&mut self, token: &str) -> bool {
        let rest = self.text.trim_start().strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.comes(token), "{token} should stand before {}", self.text);
    }

    fn take(&mut self, is_wanted: impl Fn(char) -> bool) -> &'t str {
        let end = self.text.find(|next| !is_wanted(next)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at(end);
        self.text = rest;
        taken
    }

    fn width(&mut self) -> Width {
        if !self.text.starts_with('_') {
            return Width::Shortest;
        }
        match self.take(|next| next == '_' || next.is_ascii_digit()) {
            "_" => Width::Indefinite,
            "_0" => Width::Of(1),
            "_1" => Width::Of(2),
            "_2" => Width::Of(4),
            "_3" => Width::Of(8),
            other => panic!("{other} is no indicator"),
        }
    }

    fn head(&mut self, major: u8, argument: u64, width: Width) {
        let width = match (width, argument) {
            (Width::Of(width), _) => width,
            (Width::Shortest, 0..24) => return self.out.push(major << 5 | u8::try_from(argument).unwrap()),
            (Width::Shortest, 24..0x100) => 1,
            (Width::Shortest, 0x100..0x1_0000) => 2,
            (Width::Shortest, 0x1_0000..0x1_0000_0000) => 4,
            (Width::Shortest, _) => 8,
            (Width::Indefinite, _) => panic!("an argument"),
        };
        self.out.push(major << 5 | u8::try_from(24 + width.ilog2()).unwrap());
        let bytes = argument.to_be_bytes();
        assert_eq!(u64::from_be_bytes(bytes) >> (8 * width - 1) >> 1, 0, "{argument} has no room in {width}");
        self.out.extend_from_slice(&bytes[8 - width..]);
    }

    fn string(&mut self, major: u8, string: &[u8]) {
        match self.width() {
            Width::Indefinite => {
                assert!(string.is_empty());
                self.out.extend_from_slice(&[major << 5 | 31, 0xff]);
            }
            width => {
                self.head(major, string.len() as u64, width);
                self.out.extend_from_slice(string);
            }
        }
    }

    fn container(&mut self, major: u8, end: &str) {
        let width = self.width();
        assert!(width == Width::Shortest || self.text.starts_with([' ', '\n']), "no space before {}", self.text);
        let around = mem::take(&mut self.out);
        let mut count = 0;
        while !self.comes(end) {
            if count > 0 {
                self.expect(",");
            }
            self.item();
            if major == 5 {
                self.expect(":");
                self.item();
            }
            count += 1;
        }
        let inside = mem::replace(&mut self.out, around);
        if width == Width::Indefinite {
            self.out.push(major << 5 | 31);
            self.out.extend(inside);
            self.out.push(0xff);
        } else {
            self.head(major, count, width);
            self.out.extend(inside);
        }
    }

    fn segments(&mut self) {
        let start = self.out.len();
        self.out.push(0);
        self.item();
        while self.comes(",") {
            self.item();
        }
        self.expect(")");
        // Of the type of its first segment.
        self.out[start] = self.out[start + 1] | 31;
        self.out.push(0xff);
    }

    fn float(&mut self, value: f64) {
        match self.width() {
            Width::Shortest => ciborium::into_writer(&value, &mut self.out).unwrap(),
            Width::Of(8) => self.head(7, value.to_bits(), Width::Of(8)),
            #[expect(clippy::cast_possible_truncation, reason = "nothing may be lost, which is seen to")]
            Width::Of(4) => {
                assert!(value.is_nan() || f64::from(value as f32).to_bits() == value.to_bits());
                self.head(7, (value as f32).to_bits().into(), Width::Of(4));
            }
            _ => panic!("a float of another width"),
        }
    }

    fn digits(&mut self) -> Vec<u8> {
        let digits = self.take(|next| next.is_ascii_hexdigit());
        self.expect("'");
        bytes(digits)
    }

    fn item(&mut self) {
        let words = [("false", 0xf4), ("true", 0xf5), ("null", 0xf6), ("undefined", 0xf7)];
        let floats = [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];
        if let Some((_, byte)) = words.iter().find(|(word, _)| self.comes(word)) {
            self.out.push(*byte);
        } else if let Some((_, value)) = floats.iter().find(|(word, _)| self.comes(word)) {
            self.float(*value);
        } else if self.comes("simple(") {
            let simple = self.take(|next| next.is_ascii_digit()).parse().unwrap();
            let width = self.width();
            self.head(7, simple, width);
            self.expect(")");
        } else if self.comes("float'") {
            let bits = self.digits();
            assert!([Width::Shortest, Width::Of(bits.len())].contains(&self.width()));
            self.out.push(0xf8 + u8::try_from(bits.len().ilog2()).unwrap());
            self.out.extend(bits);
        } else if self.comes("h'") {
            let string = self.digits();
            self.string(2, &string);
        } else if self.comes("''") {
            self.string(2, b"");
        } else if self.text.trim_start().starts_with('"') {
            let mut json = serde_json::Deserializer::from_str(self.text).into_iter::<String>();
            let string = json.next().unwrap().unwrap();
            self.text = &self.text[json.byte_offset()..];
            self.string(3, string.as_bytes());
        } else if self.comes("[") {
            self.container(4, "]");
        } else if self.comes("{") {
            self.container(5, "}");
        } else if self.comes("(_ ") {
            self.segments();
        } else {
            self.number();
        }
    }

    fn number(&mut self) {
        self.text = self.text.trim_start();
        let number = self.take(|next| next.is_ascii_digit() || "-+.e".contains(next));
        if number.contains(['.', 'e']) {
            return self.float(number.parse().unwrap());
        }
        let integer: i128 = number.parse().unwrap();
        let width = self.width();
        if self.text.starts_with('(') {
            self.head(6, u64::try_from(integer).unwrap(), width);
            self.expect("(");
            self.item();
            self.expect(")");
        } else if integer < 0 {
            self.head(1, u64::try_from(-1 - integer).unwrap(), width);
        } else {
            self.head(0, u64::try_from(integer).unwrap(), width);
        }
    }
}
