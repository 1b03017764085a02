//! JSON text to the bytes of an envelope: every number as it is written, every place named.

use super::objects::Position;
use crate::Key;
use crate::cbor::{FIELD_DEPTH, RESERVED, Reader, Tagged, are_distinct};
use crate::envelope::{Envelope, FETCHED_AT, ROWS, envelope_of, push_head, push_text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium_ll::{Header, simple};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Rows given as JSON, checked and encoded, for an envelope that still wants its time.
///
/// Three forms are taken: an envelope (an object with `rows`, perhaps `fetched_at`, and nothing
/// else), an object of row id to row, and an array of rows that each name their id in a field.
///
/// ```
/// let input = vlive::RowsInput::parse(r#"[{"id": "a", "price": 2.5}]"#, "id")?;
/// assert_eq!(input.fetched_at(), None);
/// let envelope = input.into_envelope(1_700_000_000);
/// assert_eq!(envelope.rows(), 1);
/// # Ok::<(), vlive::InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowsInput {
    fetched_at: Option<u64>,
    rows: usize,
    encoded: Vec<u8>,
}

impl RowsInput {
    /// Checks and encodes `json`. `id_field` is the field that holds the row id where rows come in
    /// an array; it stays in the row.
    pub fn parse(json: &str, id_field: &str) -> Result<RowsInput, InputError> {
        let document = Document { json };
        let top = document.top()?;
        match top.get().as_bytes()[0] {
            b'{' => document.object(top),
            b'[' => document.array(top, id_field),
            _ => Err(document.error(top.get(), None, ROWS_WANTED)),
        }
    }

    /// The same for `json` that can only be the rows of an envelope.
    pub(crate) fn parse_rows(json: &str, id_field: &str) -> Result<RowsInput, InputError> {
        let document = Document { json };
        let top = document.top()?;
        match top.get().as_bytes()[0] {
            b'{' => document.rows(top),
            b'[' => document.array(top, id_field),
            _ => Err(document.error(top.get(), None, ROWS_WANTED)),
        }
    }

    /// The envelope's own time in seconds since 1970, if it has one.
    #[must_use]
    pub fn fetched_at(&self) -> Option<u64> {
        self.fetched_at
    }

    /// The envelope, with `fetched_at` in seconds since 1970 (2^63 - 1 at the most).
    #[must_use]
    pub fn into_envelope(self, fetched_at: u64) -> Envelope {
        envelope_of(fetched_at, self.rows, self.encoded)
    }
}

const ROWS_WANTED: &str = "rows are an object or an array";

/// Why JSON was refused, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    line: usize,
    column: usize,
    place: String,
    what: String,
}

impl InputError {
    pub(crate) fn new(at: Position, what: impl Into<String>) -> InputError {
        InputError { line: at.line, column: at.column, place: String::new(), what: what.into() }
    }

    /// What is wrong with an input whatever its text is.
    pub(crate) fn of_whole(what: impl Into<String>) -> InputError {
        InputError { line: 0, column: 0, place: String::new(), what: what.into() }
    }

    /// What serde_json found, without its own words for the place.
    pub(crate) fn of_json(error: &serde_json::Error) -> InputError {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or(&what);
        InputError { line, column, place: String::new(), what: format!("this is not JSON: {what}") }
    }

    /// The same error in a text in which its own begins at `at`.
    pub(crate) fn moved_to(self, at: Position) -> InputError {
        // serde_json counts from 0 before the first character.
        let column = if self.line == 1 { at.column + self.column.max(1) - 1 } else { self.column.max(1) };
        InputError { line: at.line + self.line - 1, column, ..self }
    }

    /// The same error in an entry.
    pub(crate) fn in_entry(self, key: &Key) -> InputError {
        let place = if self.place.is_empty() { String::new() } else { format!(", {}", self.place) };
        InputError { place: format!("entry `{key}`{place}"), ..self }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.what);
        }
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.place.is_empty() {
            write!(f, " ({})", self.place)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for InputError {}

/// A place inside of the rows, from the inside out.
#[derive(Clone, Copy)]
struct Place<'p> {
    step: Step<'p>,
    around: Option<&'p Place<'p>>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Row(&'p str),
    NthRow(usize),
    Field(&'p str),
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    fn top(step: Step<'p>) -> Place<'p> {
        Place { step, around: None }
    }

    fn inside(&'p self, step: Step<'p>) -> Place<'p> {
        Place { step, around: Some(self) }
    }

    /// The field that the place lies in.
    fn field(&'p self) -> &'p Place<'p> {
        std::iter::successors(Some(self), |place| place.around)
            .find(|place| matches!(place.step, Step::Field(_)))
            .unwrap_or(self)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(around) = self.around {
            around.fmt(f)?;
        }
        match self.step {
            Step::Row(id) => write!(f, "row `{id}`"),
            Step::NthRow(n) => write!(f, "row number {}", n + 1),
            Step::Field(name) => write!(f, ", field `{name}`"),
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(n) => write!(f, "[{n}]"),
        }
    }
}

type Pair<'j> = (Cow<'j, str>, &'j RawValue);
type Pairs<'j> = Vec<Pair<'j>>;

struct Document<'j> {
    json: &'j str,
}

impl<'j> Document<'j> {
    fn top(&self) -> Result<&'j RawValue, InputError> {
        serde_json::from_str(self.json).map_err(|error| InputError::of_json(&error))
    }

    /// `at` is a piece of the document.
    fn error(&self, at: &str, place: Option<&Place<'_>>, what: impl Into<String>) -> InputError {
        let offset = (at.as_ptr() as usize).saturating_sub(self.json.as_ptr() as usize).min(self.json.len());
        let before = &self.json.as_bytes()[..offset];
        InputError {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1,
            place: place.map(ToString::to_string).unwrap_or_default(),
            what: what.into(),
        }
    }

    fn object(&self, top: &'j RawValue) -> Result<RowsInput, InputError> {
        let Some(pairs) = self.envelope(top)? else { return self.rows(top) };
        let mut fetched_at = None;
        let mut input = None;
        for (key, value) in pairs {
            let seen = if key == ROWS { input.is_some() } else { fetched_at.is_some() };
            if seen {
                return Err(self.error(value.get(), None, format!("`{key}` is there twice")));
            }
            if key == FETCHED_AT {
                fetched_at =
                    Some(seconds(value.get()).ok_or_else(|| self.error(value.get(), None, FETCHED_AT_WANTED))?);
            } else if value.get().starts_with('{') {
                input = Some(self.rows(value)?);
            } else {
                return Err(self.error(value.get(), None, "`rows` of an envelope is an object of row id to row"));
            }
        }
        let input = input.expect("an envelope has rows");
        Ok(RowsInput { fetched_at, ..input })
    }

    /// The pairs of an envelope; `None` if the object is one of rows. There can be far too many of those
    /// to keep.
    fn envelope(&self, top: &'j RawValue) -> Result<Option<Pairs<'j>>, InputError> {
        let (mut pairs, mut has_rows, mut other, mut no_row) = (Pairs::new(), false, false, None);
        self.each_pair(top, None, &mut |key, value| {
            has_rows |= key == ROWS;
            other |= key != ROWS && key != FETCHED_AT;
            if no_row.is_none() && !value.get().starts_with('{') {
                no_row = Some((key.clone(), value));
            }
            if !other {
                pairs.push((key, value));
            }
            Ok(())
        })?;
        if has_rows && !other {
            return Ok(Some(pairs));
        }
        match no_row {
            Some((key, value)) if has_rows => {
                let what = format!("`{key}` is no row, and an envelope holds nothing but `rows` and `fetched_at`");
                Err(self.error(value.get(), None, what))
            }
            _ => Ok(None),
        }
    }

    fn array(&self, top: &'j RawValue, id_field: &str) -> Result<RowsInput, InputError> {
        let mut rows = Rows::default();
        self.each_element(top, &mut |row| {
            let place = Place::top(Step::NthRow(rows.ids.len()));
            let fields = self.record(row, &place)?;
            let id = self.id(row, &fields, &place, id_field)?;
            self.row(&mut rows, &id, row, &fields)
        })?;
        self.distinct(rows, || {
            let mut pairs = Pairs::new();
            self.each_element(top, &mut |row| {
                let place = Place::top(Step::NthRow(pairs.len()));
                pairs.push((self.id(row, &self.record(row, &place)?, &place, id_field)?, row));
                Ok(())
            })?;
            Ok(pairs)
        })
    }

    /// The row id in a field.
    fn id(
        &self,
        row: &'j RawValue,
        fields: &[Pair<'j>],
        place: &Place<'_>,
        id_field: &str,
    ) -> Result<Cow<'j, str>, InputError> {
        let Some((_, id)) = fields.iter().find(|(name, _)| name == id_field) else {
            let what = format!("there is no id: the field `{id_field}` is missing");
            return Err(self.error(row.get(), Some(place), what));
        };
        let text = id.get();
        match text.as_bytes()[0] {
            b'"' => self.string(id, Some(place)),
            _ if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() => Ok(Cow::Borrowed(text)),
            _ => {
                let what = format!("the id in `{id_field}` is neither text nor a whole number");
                Err(self.error(text, Some(place), what))
            }
        }
    }

    fn rows(&self, top: &'j RawValue) -> Result<RowsInput, InputError> {
        let mut rows = Rows::default();
        self.each_pair(top, None, &mut |id, row| {
            let fields = self.record(row, &Place::top(Step::Row(&id)))?;
            self.row(&mut rows, &id, row, &fields)
        })?;
        self.distinct(rows, || self.pairs(top, None))
    }

    fn row(&self, rows: &mut Rows, id: &str, row: &'j RawValue, fields: &[Pair<'j>]) -> Result<(), InputError> {
        let place = Place::top(Step::Row(id));
        self.check_distinct(fields, Some(&place), "field")?;
        let encoded = &mut rows.encoded;
        let too_large = |_| self.error(row.get(), Some(&place), "the rows up to here are more than redb can hold");
        rows.ids.push(u32::try_from(encoded.len()).map_err(too_large)?);
        push_text(encoded, id);
        push_head(encoded, Header::Map(Some(fields.len())));
        for (name, value) in fields {
            push_text(encoded, name);
            self.value(value, &place.inside(Step::Field(name)), FIELD_DEPTH, encoded)?;
        }
        Ok(())
    }

    /// The input, if each row is there once; `pairs` gives the rows again if not, to tell which.
    fn distinct(
        &self,
        mut rows: Rows,
        pairs: impl FnOnce() -> Result<Pairs<'j>, InputError>,
    ) -> Result<RowsInput, InputError> {
        if !are_distinct(&rows.encoded, &mut rows.ids) {
            self.check_distinct(&pairs()?, None, "row")?;
        }
        Ok(RowsInput { fetched_at: None, rows: rows.ids.len(), encoded: rows.encoded })
    }

    fn record(&self, row: &'j RawValue, place: &Place<'_>) -> Result<Pairs<'j>, InputError> {
        if !row.get().starts_with('{') {
            return Err(self.error(row.get(), Some(place), "a row is an object of field name to value"));
        }
        self.pairs(row, Some(place))
    }

    fn check_distinct(&self, pairs: &[Pair<'j>], place: Option<&Place<'_>>, what: &str) -> Result<(), InputError> {
        // Few are compared sooner than hashed.
        if pairs.len() <= 12
            && pairs.iter().enumerate().all(|(n, (key, _))| pairs[..n].iter().all(|(other, _)| other != key))
        {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(pairs.len());
        for (key, value) in pairs {
            if !seen.insert(key.as_ref()) {
                return Err(self.error(value.get(), place, format!("the {what} `{key}` is there twice")));
            }
        }
        Ok(())
    }

    fn value(&self, raw: &'j RawValue, place: &Place<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), InputError> {
        let text = raw.get();
        match text.as_bytes()[0] {
            b'n' => push_head(out, Header::Simple(simple::NULL)),
            b'f' => push_head(out, Header::Simple(simple::FALSE)),
            b't' => push_head(out, Header::Simple(simple::TRUE)),
            b'"' => push_text(out, &self.string(raw, Some(place))?),
            b'[' => self.list(raw, place, depth, out)?,
            b'{' => self.map(raw, place, depth, out)?,
            _ => push_head(out, self.number(text, place)?),
        }
        Ok(())
    }

    // What may hold further values has a function of its own, with a small frame each: 253 levels
    // must fit the stack of any thread.

    fn list(&self, raw: &'j RawValue, place: &Place<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), InputError> {
        let elements = self.elements(raw, Some(place))?;
        let depth = self.deeper(raw.get(), place, depth)?;
        push_head(out, Header::Array(Some(elements.len())));
        for (n, element) in elements.into_iter().enumerate() {
            self.value(element, &place.inside(Step::Index(n)), depth, out)?;
        }
        Ok(())
    }

    fn map(&self, raw: &'j RawValue, place: &Place<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), InputError> {
        let pairs = self.pairs(raw, Some(place))?;
        if let [(name, value)] = pairs.as_slice()
            && RESERVED.contains(&name.as_ref())
        {
            let place = place.inside(Step::Key(name));
            return match name.as_ref() {
                "$tag" => self.tag(value, &place, depth, out),
                "$map" => self.odd_map(value, &place, depth, out),
                _ => self.special(name, value, &place, out),
            };
        }
        self.check_distinct(&pairs, Some(place), "key")?;
        let depth = self.deeper(raw.get(), place, depth)?;
        push_head(out, Header::Map(Some(pairs.len())));
        for (key, value) in &pairs {
            push_text(out, key);
            self.value(value, &place.inside(Step::Key(key)), depth, out)?;
        }
        Ok(())
    }

    fn tag(&self, raw: &'j RawValue, place: &Place<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), InputError> {
        let wanted = "`$tag` wants an array of a tag number and a value";
        let malformed = || self.error(raw.get(), Some(place), wanted);
        let [tag, content] = self.two(raw, place).ok_or_else(malformed)?;
        let tag = tag.get().parse().map_err(|_| malformed())?;
        // A bignum that reads as an integer is no level; nothing else may stand in one too many.
        if depth == 0 && !self.is_bytes(content, place) {
            return self.deeper(raw.get(), place, depth).map(drop);
        }
        push_head(out, Header::Tag(tag));
        let start = out.len();
        self.value(content, &place.inside(Step::Index(1)), depth.saturating_sub(1), out)?;
        match Reader::at(out, start).tagged(tag) {
            Ok(Tagged::Integer(_)) => Ok(()),
            Ok(Tagged::Tag(_)) => self.deeper(raw.get(), place, depth).map(drop),
            Err(_) => {
                let what = "vantage-live could not read this back: a negative bignum of more than 127 bits";
                Err(self.error(raw.get(), Some(place), what))
            }
        }
    }

    fn odd_map(&self, raw: &'j RawValue, place: &Place<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), InputError> {
        let malformed = |at: &RawValue, place: &Place<'_>| {
            self.error(at.get(), Some(place), "`$map` wants an array of pairs of a key and a value")
        };
        if !raw.get().starts_with('[') {
            return Err(malformed(raw, place));
        }
        let pairs = self.elements(raw, Some(place))?;
        let depth = self.deeper(raw.get(), place, depth)?;
        push_head(out, Header::Map(Some(pairs.len())));
        for (n, pair) in pairs.into_iter().enumerate() {
            let place = place.inside(Step::Index(n));
            let [key, value] = self.two(pair, &place).ok_or_else(|| malformed(pair, &place))?;
            self.value(key, &place.inside(Step::Index(0)), depth, out)?;
            self.value(value, &place.inside(Step::Index(1)), depth, out)?;
        }
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
    fn special(&self, name: &str, raw: &'j RawValue, place: &Place<'_>, out: &mut Vec<u8>) -> Result<(), InputError> {
        let malformed = |what: &str| self.error(raw.get(), Some(place), format!("`{name}` {what}"));
        if !raw.get().starts_with('"') {
            return Err(malformed("wants a text"));
        }
        let text = self.string(raw, Some(place))?;
        match name {
            "$bytes" => {
                let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
                let len = (text.len() / 4 * 3).saturating_sub(padding);
                push_head(out, Header::Bytes(Some(len)));
                let start = out.len();
                let decoded = BASE64.decode_vec(text.as_bytes(), out);
                if decoded.is_err() || out.len() - start != len {
                    return Err(malformed("wants base64 with its padding"));
                }
            }
            "$float" => {
                let wanted = "wants NaN, Infinity, -Infinity, or the 16 hexadecimal digits of a NaN behind 0x";
                push_head(out, Header::Float(special_float(&text).ok_or_else(|| malformed(wanted))?));
            }
            _ => {
                let wanted = "wants an integer from -2^64 to 2^64 - 1";
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let value =
                    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok().and_then(integer));
                push_head(out, value.flatten().ok_or_else(|| malformed(wanted))?);
            }
        }
        Ok(())
    }

    fn is_bytes(&self, raw: &'j RawValue, place: &Place<'_>) -> bool {
        let is_object = raw.get().starts_with('{');
        is_object && self.pairs(raw, Some(place)).is_ok_and(|pairs| matches!(&pairs[..], [(key, _)] if key == "$bytes"))
    }

    /// The elements of an array of exactly two.
    fn two(&self, raw: &'j RawValue, place: &Place<'_>) -> Option<[&'j RawValue; 2]> {
        raw.get().starts_with('[').then(|| self.elements(raw, Some(place)).ok()?.try_into().ok()).flatten()
    }

    fn elements(&self, raw: &'j RawValue, place: Option<&Place<'_>>) -> Result<Vec<&'j RawValue>, InputError> {
        serde_json::from_str(raw.get()).map_err(|error| self.inner_error(raw, place, &error))
    }

    fn pairs(&self, raw: &'j RawValue, place: Option<&Place<'_>>) -> Result<Pairs<'j>, InputError> {
        let mut pairs = Pairs::new();
        self.each_pair(raw, place, &mut |key, value| {
            pairs.push((key, value));
            Ok(())
        })?;
        Ok(pairs)
    }

    /// Visits the pairs of an object, a key that is there twice included.
    fn each_pair(
        &self,
        raw: &'j RawValue,
        place: Option<&Place<'_>>,
        visit: &mut dyn FnMut(Cow<'j, str>, &'j RawValue) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        self.each(raw, place, &mut |step| match step {
            Part::Pair(key, value) => visit(key, value),
            Part::Element(_) => unreachable!("an object has pairs"),
        })
    }

    fn each_element(
        &self,
        raw: &'j RawValue,
        visit: &mut dyn FnMut(&'j RawValue) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        self.each(raw, None, &mut |step| match step {
            Part::Element(element) => visit(element),
            Part::Pair(..) => unreachable!("an array has elements"),
        })
    }

    /// Visits what an object or an array has in it, until it is refused.
    fn each(
        &self,
        raw: &'j RawValue,
        place: Option<&Place<'_>>,
        visit: &mut dyn FnMut(Part<'j>) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let mut refused = None;
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let visited = Parts { visit, refused: &mut refused }.deserialize(&mut deserializer);
        match (refused, visited) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(self.inner_error(raw, place, &error)),
            (None, Ok(())) => Ok(()),
        }
    }

    fn string(&self, raw: &'j RawValue, place: Option<&Place<'_>>) -> Result<Cow<'j, str>, InputError> {
        let Text(text) = serde_json::from_str(raw.get()).map_err(|error| self.inner_error(raw, place, &error))?;
        Ok(text)
    }

    /// What is left to go wrong in a piece whose syntax was checked is an escape that is no character.
    fn inner_error(&self, raw: &RawValue, place: Option<&Place<'_>>, error: &serde_json::Error) -> InputError {
        let what = error.to_string();
        self.error(raw.get(), place, what.split(" at line ").next().unwrap_or(&what))
    }
}

/// The time in an envelope.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|seconds| i64::try_from(*seconds).is_ok())
}

pub(crate) const FETCHED_AT_WANTED: &str = "`fetched_at` is whole seconds since 1970, at most 2^63 - 1";

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

/// Text that is borrowed from the document where it has no escapes.
pub(crate) struct Text<'j>(pub Cow<'j, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// What is in an object or an array.
enum Part<'j> {
    Pair(Cow<'j, str>, &'j RawValue),
    Element(&'j RawValue),
}

/// Hands on what is in an object or an array, one by one.
struct Parts<'v, 'j> {
    visit: &'v mut dyn FnMut(Part<'j>) -> Result<(), InputError>,
    /// Why it was stopped.
    refused: &'v mut Option<InputError>,
}

impl<'j> Parts<'_, 'j> {
    fn take<E: serde::de::Error>(&mut self, part: Part<'j>) -> Result<(), E> {
        (self.visit)(part).map_err(|error| {
            *self.refused = Some(error);
            E::custom("refused")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Parts<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Parts<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Text(key), value)) = map.next_entry()? {
            self.take(Part::Pair(key, value))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            self.take(Part::Element(element))?;
        }
        Ok(())
    }
}

/// The rows of an input, encoded one after the other.
#[derive(Default)]
struct Rows {
    encoded: Vec<u8>,
    /// Where their ids are, four bytes each: an input can be made of little but rows.
    ids: Vec<u32>,
}
