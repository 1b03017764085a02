//! Encodes rows in JSON text as an envelope. Numbers keep every digit, and errors name their place.

use super::cursor::Cursor;
use super::encoder::{Encoder, Limits};
use super::input_error::{InputError, Place, Step, wrong_encoding};
use super::position::Position;
use crate::cbor::encode::push_text;
use crate::live::envelope::{Envelope, envelope_of};
use crate::live::fetched_at::FetchedAt;
use crate::live::layout::{FETCHED_AT, FETCHED_AT_RANGE, ROWS, is_time};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashSet;
use std::mem;

/// Rows given as JSON, verified and encoded, for an envelope that still needs its time.
///
/// There are three forms: an envelope (an object with `rows`, perhaps `fetched_at`, and nothing
/// else), an object of row id to row, and an array of rows that each name their id in a field.
///
/// ```
/// let input = vlive::json::RowsInput::parse(r#"[{"id": "a", "price": 2.5}]"#, "id")?;
/// assert_eq!(input.fetched_at(), None);
/// let envelope = input.into_envelope(1_700_000_000.into());
/// assert_eq!(envelope.rows(), 1);
/// # Ok::<(), vlive::json::InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowsInput {
    fetched_at: Option<u64>,
    rows: usize,
    encoded: Vec<u8>,
}

impl RowsInput {
    /// Verifies and encodes `json`. In an array of rows, the field `id_field` holds the row id; it stays in the row.
    ///
    /// # Errors
    /// If `json` is not JSON or has none of the three forms, if a name is repeated, or if vantage-live could not read a
    /// value back.
    pub fn parse(json: &str, id_field: &str) -> Result<RowsInput, InputError> {
        let mut input = Input::new(json)?;
        match input.top.peek() {
            b'{' => input.object(),
            b'[' => input.array(id_field),
            _ => Err(input.refuse(ROWS_WANTED)),
        }
    }

    /// Verifies and encodes `json` as [`Self::parse`] does, but an object is rows and never an envelope.
    pub(crate) fn parse_rows(json: &str, id_field: &str) -> Result<RowsInput, InputError> {
        let mut input = Input::new(json)?;
        match input.top.peek() {
            b'{' => input.rows(&mut input.top.clone()),
            b'[' => input.array(id_field),
            _ => Err(input.refuse(ROWS_WANTED)),
        }
    }

    /// The time in the input, if it is an envelope that has one.
    #[must_use]
    pub fn fetched_at(&self) -> Option<FetchedAt> {
        self.fetched_at.and_then(FetchedAt::new)
    }

    /// The envelope with this time.
    #[must_use]
    pub fn into_envelope(self, fetched_at: FetchedAt) -> Envelope {
        envelope_of(fetched_at.seconds(), self.rows, self.encoded)
    }
}

const ROWS_WANTED: &str = "rows are an object or an array";
const ROW_WANTED: &str = "a row is an object of field name to value";

/// The time in an envelope, from unverified text; `None` if it is not a time that vantage-live reads.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    serde_json::from_str::<u64>(text).ok().filter(|seconds| is_time(*seconds))
}

/// A text that was verified to be JSON.
struct Input<'j> {
    encoder: Encoder<'j>,
    /// The start of the text.
    top: Cursor<'j>,
}

/// The form of an object.
enum Form {
    Envelope,
    Rows,
}

impl<'j> Input<'j> {
    fn new(json: &'j str) -> Result<Input<'j>, InputError> {
        if let Some(what) = wrong_encoding(json.as_bytes()) {
            return Err(InputError::new(Position::START, what));
        }
        // The cursor relies on valid JSON.
        serde_json::from_str::<IgnoredAny>(json).map_err(|error| InputError::of_json(&error))?;
        Ok(Input { encoder: Encoder::new(json, Limits::LIVE), top: Cursor::new(json) })
    }

    fn refuse(&self, what: &str) -> InputError {
        self.encoder.error(self.top.rest(), None, what)
    }

    fn object(&mut self) -> Result<RowsInput, InputError> {
        match self.form()? {
            Form::Envelope => self.envelope(),
            Form::Rows if self.is_document() => {
                Err(self.refuse("each row is an envelope: this holds several entries; use `vlive load`"))
            }
            Form::Rows => self.rows(&mut self.top.clone()),
        }
    }

    /// An object with `rows`, perhaps `fetched_at`, and nothing else is an envelope. So is one whose `fetched_at` is
    /// not an object: it cannot be a row.
    fn form(&self) -> Result<Form, InputError> {
        let (mut has_rows, mut has_others, mut no_row) = (false, false, None);
        let mut at = self.top;
        at.pass();
        while at.more() {
            let key = self.encoder.key(&mut at, None)?;
            let is_object = at.peek() == b'{';
            if key == FETCHED_AT && !is_object {
                return Ok(Form::Envelope);
            }
            has_rows |= key == ROWS;
            has_others |= key != ROWS && key != FETCHED_AT;
            if !is_object && no_row.is_none() {
                no_row = Some((key, at.rest()));
            }
            at.take();
        }
        match no_row {
            _ if has_rows && !has_others => Ok(Form::Envelope),
            Some((key, value)) if has_rows => Err(self.unknown_part(&key, value)),
            _ => Ok(Form::Rows),
        }
    }

    fn unknown_part(&self, key: &str, value: &str) -> InputError {
        let what = format!("`{key}` is not a row, and an envelope holds only `rows` and `fetched_at`");
        self.encoder.error(value, None, what)
    }

    /// Whether every row is an envelope, so that the text is a document of several entries.
    fn is_document(&self) -> bool {
        let is_envelope = |mut row: Cursor<'j>| {
            let (mut has_rows, mut is_all) = (false, row.peek() == b'{');
            row.pass();
            while is_all && row.more() {
                let Ok(key) = self.encoder.key(&mut row, None) else { return false };
                has_rows |= key == ROWS && row.peek() == b'{';
                is_all = key == FETCHED_AT && row.peek() != b'{' || key == ROWS && row.peek() == b'{';
                row.take();
            }
            is_all && has_rows
        };
        let (mut at, mut rows) = (self.top, 0);
        at.pass();
        while at.more() {
            if self.encoder.key(&mut at, None).is_err() || !is_envelope(at) {
                return false;
            }
            at.take();
            rows += 1;
        }
        rows > 0
    }

    fn envelope(&mut self) -> Result<RowsInput, InputError> {
        let (mut fetched_at, mut rows) = (None, None);
        let mut at = self.top;
        at.pass();
        while at.more() {
            let key = self.encoder.key(&mut at, None)?;
            let is_again = match key.as_ref() {
                FETCHED_AT => fetched_at.is_some(),
                ROWS => rows.is_some(),
                _ => return Err(self.unknown_part(&key, at.rest())),
            };
            if is_again {
                return Err(self.encoder.error(at.rest(), None, format!("`{key}` is repeated")));
            }
            if key == FETCHED_AT {
                let value = at.take();
                let time = seconds(value).ok_or_else(|| self.encoder.error(value, None, FETCHED_AT_RANGE))?;
                fetched_at = Some(time);
            } else if at.peek() == b'{' {
                rows = Some(self.rows(&mut at)?);
            } else {
                let what = "`rows` of an envelope is an object of row id to row";
                return Err(self.encoder.error(at.rest(), None, what));
            }
        }
        let rows = rows.ok_or_else(|| self.refuse("this envelope has no `rows`"))?;
        Ok(RowsInput { fetched_at, ..rows })
    }

    fn rows(&mut self, at: &mut Cursor<'j>) -> Result<RowsInput, InputError> {
        let object = *at;
        at.pass();
        while at.more() {
            let pair = at.rest();
            let id = self.encoder.key(at, None)?;
            self.row(at, &id, pair)?;
        }
        if self.encoder.keys_differ() { Ok(self.done()) } else { Err(self.encoder.repeated(object, None, "row")) }
    }

    fn array(&mut self, id_field: &str) -> Result<RowsInput, InputError> {
        let mut at = self.top;
        at.pass();
        while at.more() {
            let row = at.rest();
            let id = self.id(at, self.encoder.keys.len(), id_field)?;
            self.row(&mut at, &id, row)?;
        }
        if self.encoder.keys_differ() {
            return Ok(self.done());
        }
        let (mut at, mut seen) = (self.top, HashSet::new());
        at.pass();
        while at.more() {
            let id = self.id(at, seen.len(), id_field)?;
            let row = at.take();
            if let Some(id) = seen.replace(id) {
                return Err(self.encoder.error(row, None, format!("the row `{id}` is repeated")));
            }
        }
        Err(self.refuse("a row is repeated"))
    }

    /// The row id in a field of the `n`-th row of an array.
    fn id(&self, row: Cursor<'j>, n: usize, id_field: &str) -> Result<Cow<'j, str>, InputError> {
        let place = Place::top(Step::NthRow(n));
        let refuse = |at: &str, what: &str| Err(self.encoder.error(at, Some(&place), what));
        if row.peek() != b'{' {
            return refuse(row.rest(), ROW_WANTED);
        }
        let mut at = row;
        at.pass();
        while at.more() {
            if self.encoder.key(&mut at, Some(&place))? != id_field {
                at.take();
                continue;
            }
            let id = at.take();
            return match id.as_bytes()[0] {
                b'"' => self.encoder.text(id, Some(&place)),
                _ if id.parse::<i64>().is_ok() || id.parse::<u64>().is_ok() => Ok(Cow::Borrowed(id)),
                b'0'..=b'9' | b'-' if !id.contains(['.', 'e', 'E']) => {
                    refuse(id, &format!("the id in `{id_field}` does not fit 64 bits; put it in quotes"))
                }
                _ => refuse(id, &format!("the id in `{id_field}` is neither text nor a whole number")),
            };
        }
        refuse(row.rest(), &format!("there is no id: the field `{id_field}` is missing"))
    }

    /// Adds the next row; `begin` is the text at which it begins.
    fn row(&mut self, at: &mut Cursor<'j>, id: &str, begin: &str) -> Result<(), InputError> {
        let place = Place::top(Step::Row(id));
        if at.peek() != b'{' {
            return Err(self.encoder.error(at.rest(), Some(&place), ROW_WANTED));
        }
        self.encoder.note_key(begin, &place)?;
        push_text(&mut self.encoder.out, id);
        self.encoder.record(at, &place)
    }

    fn done(&mut self) -> RowsInput {
        let Encoder { out, keys, .. } = &mut self.encoder;
        RowsInput { fetched_at: None, rows: mem::take(keys).len(), encoded: mem::take(out) }
    }
}
