//! Encodes values in JSON text as CBOR, in one walk.

use super::cursor::Cursor;
use super::input_error::{InputError, Place, Step};
use super::names::{BYTES, FLOAT, INT, MAP, TAG};
use super::position::Position;
use super::specials::Specials;
use super::string::{LONE_SURROGATE, unescaped};
use crate::cbor::bignum::Tagged;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::error::offset32;
use crate::cbor::key_comparison::are_distinct_at;
use crate::cbor::reader::Reader;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium_ll::{Header, simple};
use std::borrow::Cow;
use std::collections::HashSet;

/// The limits of the app that is to read the values.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// The name of the app, for messages.
    pub app: &'static str,
    /// How many levels may be nested in a field.
    pub depth: usize,
}

impl Limits {
    pub const LIVE: Limits = Limits { app: "vantage-live", depth: crate::live::layout::FIELD_DEPTH };
    pub const DIORAMA: Limits = Limits { app: "diorama", depth: crate::diorama::row::FIELD_DEPTH };
}

/// Encodes values of a text that is known to be JSON.
pub(super) struct Encoder<'j> {
    /// The whole text.
    json: &'j str,
    /// The output.
    pub out: Vec<u8>,
    /// Where in the output the keys of the open maps are, in only four bytes each, since a text may consist mainly of
    /// keys.
    pub keys: Vec<u32>,
    /// A head that replaces the byte reserved for it; kept to reuse its memory.
    head: Vec<u8>,
    specials: Specials,
    limits: Limits,
}

impl<'j> Encoder<'j> {
    pub fn new(json: &'j str, limits: Limits) -> Encoder<'j> {
        Encoder { json, out: Vec::new(), keys: Vec::new(), head: Vec::new(), specials: Specials::default(), limits }
    }

    /// An error at `at`, which is a part of the text.
    pub fn error(&self, at: &str, place: Option<&Place<'_>>, what: impl Into<String>) -> InputError {
        let offset = (at.as_ptr() as usize).saturating_sub(self.json.as_ptr() as usize).min(self.json.len());
        InputError::at_place(Position::START.after(&self.json.as_bytes()[..offset]), place, what)
    }

    /// The text that a string stands for.
    pub fn text(&self, string: &'j str, place: Option<&Place<'_>>) -> Result<Cow<'j, str>, InputError> {
        unescaped(string).ok_or_else(|| self.error(string, place, LONE_SURROGATE))
    }

    /// Reads the next key of the open object, and skips its colon.
    pub fn key(&self, at: &mut Cursor<'j>, place: Option<&Place<'_>>) -> Result<Cow<'j, str>, InputError> {
        let key = self.text(at.take(), place);
        at.pass();
        key
    }

    /// Adds the fields of a row.
    pub fn record(&mut self, at: &mut Cursor<'j>, place: &Place<'_>) -> Result<(), InputError> {
        self.pairs(at, place, |name| Step::Field(name), "field", self.limits.depth)
    }

    fn value(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        match at.peek() {
            b'[' => self.list(at, place, depth),
            b'{' => self.map(at, place, depth),
            _ => self.plain(at.take(), place),
        }
    }

    fn plain(&mut self, text: &'j str, place: &Place<'_>) -> Result<(), InputError> {
        let head = match text.as_bytes()[0] {
            b'"' => {
                let text = self.text(text, Some(place))?;
                push_text(&mut self.out, &text);
                return Ok(());
            }
            b'n' => Header::Simple(simple::NULL),
            b'f' => Header::Simple(simple::FALSE),
            b't' => Header::Simple(simple::TRUE),
            _ => self.number(text, place)?,
        };
        push_head(&mut self.out, head);
        Ok(())
    }

    // Each kind of container has a function of its own with a small frame: 253 levels must fit the stack of any thread.

    fn list(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        let depth = self.deeper(at.rest(), place, depth)?;
        let begin = self.begin();
        let mut count = 0;
        at.pass();
        while at.more() {
            self.value(at, &place.inside(Step::Index(count)), depth)?;
            count += 1;
        }
        self.end(begin, Header::Array(Some(count)));
        Ok(())
    }

    fn map(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        let Some(name) = self.special_name(at) else {
            let depth = self.deeper(at.rest(), place, depth)?;
            return self.pairs(at, place, |key| Step::Key(key), "key", depth);
        };
        at.pass();
        at.take();
        at.pass();
        let place = place.inside(Step::Key(name));
        match name {
            TAG => self.tag(at, &place, depth)?,
            MAP => self.irregular_map(at, &place, depth)?,
            _ => self.special(name, at.take(), &place)?,
        }
        // Skips the end of the object, which has no other key.
        at.more();
        Ok(())
    }

    /// The reserved name in the next value, if that is an object with such a name for its only key.
    fn special_name(&mut self, at: &Cursor<'j>) -> Option<&'static str> {
        self.specials.name(self.json, self.json.len() - at.rest().len())
    }

    /// Adds a map of the pairs of an object; `step` is the step from the object to the value of a key.
    fn pairs(
        &mut self,
        at: &mut Cursor<'j>,
        place: &Place<'_>,
        step: fn(&str) -> Step<'_>,
        what: &str,
        depth: usize,
    ) -> Result<(), InputError> {
        let object = *at;
        let (begin, first) = (self.begin(), self.keys.len());
        at.pass();
        while at.more() {
            let pair = at.rest();
            let key = self.key(at, Some(place))?;
            self.note_key(pair, place)?;
            push_text(&mut self.out, &key);
            self.value(at, &place.inside(step(&key)), depth)?;
        }
        let count = self.keys.len() - first;
        if !are_distinct_at(&self.out, &mut self.keys[first..]) {
            return Err(self.repeated(object, Some(place), what));
        }
        self.keys.truncate(first);
        self.end(begin, Header::Map(Some(count)));
        Ok(())
    }

    /// Records that a key comes next in the output; `pair` is its place in the text.
    pub fn note_key(&mut self, pair: &str, place: &Place<'_>) -> Result<(), InputError> {
        let too_large =
            |_| self.error(pair, Some(place), "the rows before this take 4 GiB, and a value must be smaller");
        let at = offset32(self.out.len()).map_err(too_large)?;
        self.keys.push(at);
        Ok(())
    }

    /// Whether all recorded keys differ.
    pub fn keys_differ(&mut self) -> bool {
        are_distinct_at(&self.out, &mut self.keys)
    }

    /// The error that names the repeated key of an object, which is known to have one.
    pub fn repeated(&self, object: Cursor<'j>, place: Option<&Place<'_>>, what: &str) -> InputError {
        let mut at = object;
        let mut seen = HashSet::new();
        at.pass();
        while at.more() {
            let Ok(key) = self.key(&mut at, place) else { break };
            let value = at.take();
            if let Some(key) = seen.replace(key) {
                return self.error(value, place, format!("the {what} `{key}` is repeated"));
            }
        }
        self.error(object.rest(), place, format!("a {what} is repeated"))
    }

    /// Reserves a byte for the head of an array or a map, whose count is not known yet.
    fn begin(&mut self) -> usize {
        self.out.push(0);
        self.out.len() - 1
    }

    fn end(&mut self, begin: usize, head: Header) {
        self.head.clear();
        push_head(&mut self.head, head);
        match self.head.as_slice() {
            [byte] => self.out[begin] = *byte,
            longer => drop(self.out.splice(begin..=begin, longer.iter().copied())),
        }
    }

    fn tag(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        let array = at.rest();
        let malformed =
            |this: &Self| Err(this.error(array, Some(place), "`$tag` takes an array of a tag number and a value"));
        if !at.enter_array() {
            return malformed(self);
        }
        let Ok(tag) = at.take().parse() else { return malformed(self) };
        if !at.more() {
            return malformed(self);
        }
        // A bignum that is read as an integer is not a level, so that it may lie one level deeper than other values.
        if depth == 0 && self.special_name(at) != Some(BYTES) {
            return self.deeper(array, place, depth).map(drop);
        }
        push_head(&mut self.out, Header::Tag(tag));
        let start = self.out.len();
        self.value(at, &place.inside(Step::Index(1)), depth.saturating_sub(1))?;
        if at.more() {
            return malformed(self);
        }
        match Reader::at(&self.out, start).tagged(tag) {
            Ok(Tagged::Integer(_)) => Ok(()),
            Ok(Tagged::Tag(_)) => self.deeper(array, place, depth).map(drop),
            Err(_) => {
                let app = self.limits.app;
                let what = format!("{app} could not read this back: a negative bignum of more than 127 bits");
                Err(self.error(array, Some(place), what))
            }
        }
    }

    fn irregular_map(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        let malformed = |this: &Self, at: &str, place: &Place<'_>| {
            Err(this.error(at, Some(place), "`$map` takes an array of pairs of a key and a value"))
        };
        if at.peek() != b'[' {
            return malformed(self, at.rest(), place);
        }
        let depth = self.deeper(at.rest(), place, depth)?;
        let begin = self.begin();
        let mut count = 0;
        at.pass();
        while at.more() {
            let pair = at.rest();
            let place = place.inside(Step::Index(count));
            if !at.enter_array() {
                return malformed(self, pair, &place);
            }
            self.value(at, &place.inside(Step::Index(0)), depth)?;
            if !at.more() {
                return malformed(self, pair, &place);
            }
            self.value(at, &place.inside(Step::Index(1)), depth)?;
            if at.more() {
                return malformed(self, pair, &place);
            }
            count += 1;
        }
        self.end(begin, Header::Map(Some(count)));
        Ok(())
    }

    fn deeper(&self, at: &str, place: &Place<'_>, depth: usize) -> Result<usize, InputError> {
        depth.checked_sub(1).ok_or_else(|| {
            let Limits { app, depth } = self.limits;
            let what = format!("nested deeper than the {depth} levels that {app} reads");
            self.error(at, Some(place.field()), what)
        })
    }

    fn number(&self, text: &str, place: &Place<'_>) -> Result<Header, InputError> {
        if text.contains(['.', 'e', 'E']) {
            return match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Header::Float(value)),
                _ => Err(self.error(
                    text,
                    Some(place),
                    format!("the number {} does not fit a float of 64 bits", shortened(text)),
                )),
            };
        }
        if let Ok(value) = text.parse::<u64>() {
            return Ok(Header::Positive(value));
        }
        match text.parse::<i64>() {
            Ok(value) => Ok(integer(i128::from(value)).expect("an i64 fits")),
            Err(_) => Err(self.error(
                text,
                Some(place),
                format!(
                    "the integer {} does not fit 64 bits; `{{\"$int\": \"…\"}}` holds those down to -2^64",
                    shortened(text)
                ),
            )),
        }
    }

    /// The value of `$bytes`, `$float` or `$int`.
    fn special(&mut self, name: &str, value: &'j str, place: &Place<'_>) -> Result<(), InputError> {
        let wrong = |this: &Self, what: &str| this.error(value, Some(place), format!("`{name}` {what}"));
        if !value.starts_with('"') {
            return Err(wrong(self, "takes a text"));
        }
        let text = self.text(value, Some(place))?;
        debug_assert!([BYTES, FLOAT, INT].contains(&name));
        let head = match name {
            BYTES => {
                let is_base64 = self.bytes(&text).is_some();
                return if is_base64 { Ok(()) } else { Err(wrong(self, "takes base64 with its padding")) };
            }
            FLOAT => {
                let wanted = "takes NaN, Infinity, -Infinity, or 0x and the 16 hexadecimal digits of a NaN";
                Header::Float(special_float(&text).ok_or_else(|| wrong(self, wanted))?)
            }
            _ => {
                let wanted = "takes an integer from -2^64 to 2^64 - 1";
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let value =
                    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok().and_then(integer));
                value.flatten().ok_or_else(|| wrong(self, wanted))?
            }
        };
        push_head(&mut self.out, head);
        Ok(())
    }

    /// Adds a byte string from base64, decoded directly into the output.
    fn bytes(&mut self, text: &str) -> Option<()> {
        let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        let len = (text.len() / 4 * 3).saturating_sub(padding);
        push_head(&mut self.out, Header::Bytes(Some(len)));
        let start = self.out.len();
        BASE64.decode_vec(text, &mut self.out).ok()?;
        (self.out.len() - start == len).then_some(())
    }
}

/// A head for an integer that CBOR's own integers hold.
fn integer(value: i128) -> Option<Header> {
    if value >= 0 {
        u64::try_from(value).ok().map(Header::Positive)
    } else {
        u64::try_from(-1 - value).ok().map(Header::Negative)
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::from_bits(0x7ff8_0000_0000_0000)),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => {
            let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 16)?;
            let bits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16))?;
            bits.ok().map(f64::from_bits).filter(|value| value.is_nan())
        }
    }
}

fn shortened(number: &str) -> Cow<'_, str> {
    if number.len() <= 40 { Cow::Borrowed(number) } else { Cow::Owned(format!("{}…", &number[..40])) }
}
