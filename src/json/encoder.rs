//! Values in JSON text to CBOR, in one walk.

use super::cursor::Cursor;
use super::input_error::{InputError, Place, Step, words};
use super::names::RESERVED;
use super::position::Position;
use crate::cbor::bignum::Tagged;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::error::offset32;
use crate::cbor::keys::{are_distinct, key_at};
use crate::cbor::reader::Reader;
use crate::live::layout::FIELD_DEPTH;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium_ll::{Header, simple};
use std::borrow::Cow;
use std::collections::HashSet;

/// Encodes values of a text that is known to be JSON.
pub(super) struct Encoder<'j> {
    /// The whole text, by which places are told.
    json: &'j str,
    /// What was encoded.
    pub out: Vec<u8>,
    /// Where in it the keys of the maps around this place are: four bytes each, since a text can be
    /// made of little else.
    pub keys: Vec<u32>,
    /// A head that goes to where room was made for it.
    head: Vec<u8>,
}

impl<'j> Encoder<'j> {
    pub fn new(json: &'j str) -> Encoder<'j> {
        Encoder { json, out: Vec::new(), keys: Vec::new(), head: Vec::new() }
    }

    /// `at` is a piece of the text.
    pub fn error(&self, at: &str, place: Option<&Place<'_>>, what: impl Into<String>) -> InputError {
        let offset = (at.as_ptr() as usize).saturating_sub(self.json.as_ptr() as usize).min(self.json.len());
        InputError::at_place(Position::START.after(&self.json.as_bytes()[..offset]), place, what)
    }

    /// The text that a string stands for: a copy only if it has escapes.
    pub fn text(&self, string: &'j str, place: Option<&Place<'_>>) -> Result<Cow<'j, str>, InputError> {
        let inside = &string[1..string.len() - 1];
        if !inside.as_bytes().contains(&b'\\') {
            return Ok(Cow::Borrowed(inside));
        }
        // What is left to go wrong is an escape that is no character.
        let text = serde_json::from_str(string).map(Cow::Owned);
        text.map_err(|error| self.error(string, place, words(&error)))
    }

    /// The key that is next in the open object, and the colon behind it.
    pub fn key(&self, at: &mut Cursor<'j>, place: Option<&Place<'_>>) -> Result<Cow<'j, str>, InputError> {
        let key = self.text(at.take(), place);
        at.pass();
        key
    }

    /// Adds the fields of a row.
    pub fn record(&mut self, at: &mut Cursor<'j>, place: &Place<'_>) -> Result<(), InputError> {
        self.pairs(at, place, |name| Step::Field(name), "field", FIELD_DEPTH)
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

    // What may hold further values has a function of its own, with a small frame each: 253 levels
    // must fit the stack of any thread.

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
        if let Some((name, mut value, behind)) = self.reserved(at) {
            *at = behind;
            let place = place.inside(Step::Key(name));
            return match name {
                "$tag" => self.tag(&mut value, &place, depth),
                "$map" => self.odd_map(&mut value, &place, depth),
                _ => self.special(name, value.take(), &place),
            };
        }
        let depth = self.deeper(at.rest(), place, depth)?;
        self.pairs(at, place, |key| Step::Key(key), "key", depth)
    }

    /// If the object has one of the reserved names for its only key: the name, its value, and what is
    /// behind the object.
    fn reserved(&self, object: &Cursor<'j>) -> Option<(&'static str, Cursor<'j>, Cursor<'j>)> {
        let mut at = *object;
        at.pass();
        if at.peek() != b'"' {
            return None;
        }
        let key = self.key(&mut at, None).ok()?;
        let name = RESERVED.into_iter().find(|name| *name == key)?;
        let value = at;
        at.take();
        (!at.more()).then_some((name, value, at))
    }

    /// Adds a map of the pairs of an object; `step` is the way to the value of a key.
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
        if !are_distinct(&mut self.keys[first..], |key| key_at(&self.out, *key)) {
            return Err(self.repeated(object, Some(place), what));
        }
        self.keys.truncate(first);
        self.end(begin, Header::Map(Some(count)));
        Ok(())
    }

    /// Notes that a key comes next in the output; `pair` is where it comes from.
    pub fn note_key(&mut self, pair: &str, place: &Place<'_>) -> Result<(), InputError> {
        let too_large = |_| self.error(pair, Some(place), "what is before this is more than redb can hold");
        let at = offset32(self.out.len()).map_err(too_large)?;
        self.keys.push(at);
        Ok(())
    }

    /// Whether all keys that were noted differ.
    pub fn keys_differ(&mut self) -> bool {
        are_distinct(&mut self.keys, |key| key_at(&self.out, *key))
    }

    /// Which key of an object is there twice, when it is known that one is.
    pub fn repeated(&self, object: Cursor<'j>, place: Option<&Place<'_>>, what: &str) -> InputError {
        let mut at = object;
        let mut seen = HashSet::new();
        at.pass();
        while at.more() {
            let Ok(key) = self.key(&mut at, place) else { break };
            let value = at.take();
            if let Some(key) = seen.replace(key) {
                return self.error(value, place, format!("the {what} `{key}` is there twice"));
            }
        }
        self.error(object.rest(), place, format!("a {what} is there twice"))
    }

    /// Makes room for the head of an array or a map, whose count is not known yet.
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
            |this: &Self| this.error(array, Some(place), "`$tag` wants an array of a tag number and a value");
        let [mut tag, mut content] = two(at).ok_or_else(|| malformed(self))?;
        let tag = tag.take().parse().map_err(|_| malformed(self))?;
        // A bignum that reads as an integer is no level; nothing else may stand in one too many.
        if depth == 0 && self.reserved(&content).is_none_or(|(name, ..)| name != "$bytes") {
            return self.deeper(array, place, depth).map(drop);
        }
        push_head(&mut self.out, Header::Tag(tag));
        let start = self.out.len();
        self.value(&mut content, &place.inside(Step::Index(1)), depth.saturating_sub(1))?;
        match Reader::at(&self.out, start).tagged(tag) {
            Ok(Tagged::Integer(_)) => Ok(()),
            Ok(Tagged::Tag(_)) => self.deeper(array, place, depth).map(drop),
            Err(_) => {
                let what = "vantage-live could not read this back: a negative bignum of more than 127 bits";
                Err(self.error(array, Some(place), what))
            }
        }
    }

    fn odd_map(&mut self, at: &mut Cursor<'j>, place: &Place<'_>, depth: usize) -> Result<(), InputError> {
        let malformed = |this: &Self, at: &str, place: &Place<'_>| {
            this.error(at, Some(place), "`$map` wants an array of pairs of a key and a value")
        };
        if at.peek() != b'[' {
            return Err(malformed(self, at.rest(), place));
        }
        let depth = self.deeper(at.rest(), place, depth)?;
        let begin = self.begin();
        let mut count = 0;
        at.pass();
        while at.more() {
            let pair = at.rest();
            let place = place.inside(Step::Index(count));
            let [mut key, mut value] = two(at).ok_or_else(|| malformed(self, pair, &place))?;
            self.value(&mut key, &place.inside(Step::Index(0)), depth)?;
            self.value(&mut value, &place.inside(Step::Index(1)), depth)?;
            count += 1;
        }
        self.end(begin, Header::Map(Some(count)));
        Ok(())
    }

    fn deeper(&self, at: &str, place: &Place<'_>, depth: usize) -> Result<usize, InputError> {
        depth.checked_sub(1).ok_or_else(|| {
            let what = format!("nested deeper than the {FIELD_DEPTH} levels that vantage-live reads");
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
            return Err(wrong(self, "wants a text"));
        }
        let text = self.text(value, Some(place))?;
        let head = match name {
            "$bytes" => {
                let is_base64 = self.bytes(&text).is_some();
                return if is_base64 { Ok(()) } else { Err(wrong(self, "wants base64 with its padding")) };
            }
            "$float" => {
                let wanted = "wants NaN, Infinity, -Infinity, or the 16 hexadecimal digits of a NaN behind 0x";
                Header::Float(special_float(&text).ok_or_else(|| wrong(self, wanted))?)
            }
            _ => {
                let wanted = "wants an integer from -2^64 to 2^64 - 1";
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let value =
                    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok().and_then(integer));
                value.flatten().ok_or_else(|| wrong(self, wanted))?
            }
        };
        push_head(&mut self.out, head);
        Ok(())
    }

    /// Adds a byte string from base64, which is decoded to where it belongs.
    fn bytes(&mut self, text: &str) -> Option<()> {
        let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        let len = (text.len() / 4 * 3).saturating_sub(padding);
        push_head(&mut self.out, Header::Bytes(Some(len)));
        let start = self.out.len();
        BASE64.decode_vec(text, &mut self.out).ok()?;
        (self.out.len() - start == len).then_some(())
    }
}

/// The elements of an array of exactly two, which is passed.
fn two<'j>(at: &mut Cursor<'j>) -> Option<[Cursor<'j>; 2]> {
    if at.peek() != b'[' {
        return None;
    }
    let mut elements = Vec::new();
    at.pass();
    while at.more() {
        elements.push(*at);
        at.take();
        if elements.len() > 2 {
            return None;
        }
    }
    elements.try_into().ok()
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
