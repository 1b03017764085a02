//! Sets of diorama as JSON: `{"layout": "diorama", "refreshed_at": N, "copied_at": N, "total": N, "rows": {"<id>":
//! {…}}, "incomplete": ["<id>", …]}`. Times are nanoseconds since 1970, as they are stored, and numbers that the set
//! lacks are left out. A single row has the name of its set instead of these numbers. Rows are written one by one, so
//! that none is kept in memory; `"partial": true` after them says that some were left out.
//!
//! Stored bytes are `{"layout": "diorama", "meta": {"<key>": "<base64>"}, "raw": {"<id>": "<base64>"}}`, without a
//! table that the set lacks.

use super::envelopes::{Envelopes, Frame};
use super::style::JsonStyle;
use super::tokens::{Result as Writing, Stop, Tokens};
use super::values::{Maps, Values};
use crate::diorama::meta::{Meta, MetaKey};
use crate::diorama::row::{RowError, RowView, Status};
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};
use std::mem;

/// The name that distinguishes a set from an envelope, and its value.
const LAYOUT: (&str, &str) = ("layout", "diorama");

/// How many levels may be nested in a field. Rows have been verified for fewer.
const DEPTH: usize = 256;

/// What encloses a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetFrame {
    /// Nothing: the set is an object of its own.
    Alone,
    /// An object of full key to set, which the caller opens and closes, and in which it writes the commas.
    Document,
    /// A line of its own, with the key in the object.
    Line,
}

/// What precedes the rows of a set.
#[derive(Debug)]
pub(crate) struct SetHead<'s> {
    pub key: &'s str,
    /// The name of the set, if only rows of it are written.
    pub part_of: Option<&'s str>,
    pub beside: Beside<'s>,
}

/// The metadata of a set.
#[derive(Debug)]
pub(crate) enum Beside<'s> {
    Known(&'s Meta),
    /// The pairs of the meta table, if there is one, and whether there is a table of rows.
    Stored {
        meta: Option<&'s [(String, Vec<u8>)]>,
        has_rows: bool,
    },
}

/// Writes one set.
#[derive(Debug)]
pub(crate) struct SetWriter<W: Write> {
    values: Values<W>,
    /// The style of its rows.
    style: JsonStyle,
    frame: SetFrame,
    rows_only: bool,
    has_rows: bool,
    /// Whether the list of incomplete rows has begun.
    lists_incomplete: bool,
}

impl<W: Write> SetWriter<W> {
    /// Begins the set and its rows.
    pub(crate) fn begin(out: W, frame: SetFrame, style: JsonStyle, head: &SetHead<'_>) -> io::Result<SetWriter<W>> {
        let style = JsonStyle { pretty: style.pretty && frame != SetFrame::Line, ..style };
        let tokens = Tokens::new(out, style.pretty);
        let tokens = if frame == SetFrame::Document { tokens.inside_container() } else { tokens };
        let rows_only = style.rows_only && frame != SetFrame::Line;
        let has_rows = !matches!(head.beside, Beside::Stored { has_rows: false, .. });
        let values = Values::new(tokens, style.plain);
        let mut writer = SetWriter { values, style, frame, rows_only, has_rows, lists_incomplete: false };
        let tokens = &mut writer.values.tokens;
        if frame == SetFrame::Document {
            tokens.key(head.key)?;
        }
        tokens.begin(b'{');
        if frame == SetFrame::Line {
            tokens.key("key")?;
            tokens.string(head.key.as_bytes())?;
        }
        if !rows_only {
            tokens.key(LAYOUT.0)?;
            tokens.string(LAYOUT.1.as_bytes())?;
            writer.begin_rows(head, style.rows_only)?;
        }
        Ok(writer)
    }

    /// Writes the metadata and begins the rows.
    fn begin_rows(&mut self, head: &SetHead<'_>, rows_only: bool) -> io::Result<()> {
        let tokens = &mut self.values.tokens;
        if let Some(set) = head.part_of {
            tokens.key("set")?;
            tokens.string(set.as_bytes())?;
        }
        match head.beside {
            Beside::Known(meta) => {
                let is_stated = head.part_of.is_none() && !rows_only;
                for key in [MetaKey::RefreshedAt, MetaKey::CopiedAt, MetaKey::Total] {
                    if let Some(number) = meta.get(key).filter(|_| is_stated) {
                        tokens.key(key.name())?;
                        tokens.number(number)?;
                    }
                }
                tokens.key("rows")?;
                tokens.begin(b'{');
            }
            Beside::Stored { meta, has_rows } => {
                if let Some(pairs) = meta {
                    tokens.key("meta")?;
                    tokens.begin(b'{');
                    for (key, value) in pairs {
                        tokens.key(key)?;
                        tokens.base64(value, &BASE64)?;
                    }
                    tokens.end(b'}');
                }
                if has_rows {
                    tokens.key("raw")?;
                    tokens.begin(b'{');
                }
            }
        }
        Ok(())
    }

    /// The style of rows that are written apart and then added to this set.
    pub(crate) fn rows_style(&self) -> RowsStyle {
        RowsStyle { style: self.style, depth: self.values.tokens.depth() }
    }

    /// Adds rows that were written in the style of this set.
    pub(crate) fn add_rows(&mut self, text: &[u8]) -> io::Result<()> {
        if text.is_empty() { Ok(()) } else { Ok(self.values.tokens.items(text)?) }
    }

    /// Writes a row, as diorama reads it.
    pub(crate) fn row(&mut self, id: &str, row: &RowView<'_>) -> io::Result<()> {
        Ok(write_row(&mut self.values, id, row)?)
    }

    /// Writes the stored bytes of a row.
    pub(crate) fn raw_row(&mut self, id: &str, value: &[u8]) -> io::Result<()> {
        Ok(write_raw_row(&mut self.values.tokens, id, value)?)
    }

    /// Ends the rows.
    pub(crate) fn end_rows(&mut self) {
        if self.has_rows {
            self.values.tokens.end(b'}');
        }
    }

    /// Marks the set after its rows: some were left out, so that nobody takes it for complete.
    pub(crate) fn partial(&mut self) -> io::Result<()> {
        if self.rows_only {
            return Ok(());
        }
        let tokens = &mut self.values.tokens;
        tokens.key("partial")?;
        tokens.raw(b"true");
        Ok(())
    }

    /// Lists an incomplete row after the rows.
    pub(crate) fn incomplete(&mut self, id: &str) -> io::Result<()> {
        if self.rows_only {
            return Ok(());
        }
        let tokens = &mut self.values.tokens;
        if !mem::replace(&mut self.lists_incomplete, true) {
            tokens.key("incomplete")?;
            tokens.begin(b'[');
        }
        tokens.item()?;
        Ok(tokens.string(id.as_bytes())?)
    }

    /// Ends the set.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let tokens = &mut self.values.tokens;
        if self.lists_incomplete {
            tokens.end(b']');
        }
        if !self.rows_only {
            tokens.end(b'}');
        }
        if self.frame == SetFrame::Line {
            tokens.end_line();
        }
        self.values.tokens.finish()
    }
}

/// Writes the fields of a row of diorama as one compact object, as they stand in a dump of its set.
///
/// # Errors
/// The writer's.
pub fn write_fields(row: &RowView<'_>, out: impl Write) -> io::Result<()> {
    let mut values = Values::new(Tokens::new(out, false), false);
    write_object(&mut values, row)?;
    values.tokens.finish().map(drop)
}

/// Writes a verified row.
fn write_row<W: Write>(values: &mut Values<W>, id: &str, row: &RowView<'_>) -> Writing {
    values.tokens.key(id)?;
    write_object(values, row)
}

fn write_object<W: Write>(values: &mut Values<W>, row: &RowView<'_>) -> Writing {
    values.begin_object();
    row.fields::<Stop>(&mut |name, value| {
        values.tokens.key(&name)?;
        values.value(value, Maps::Verified(row.maps()), DEPTH)
    })?;
    values.end_object();
    Ok(())
}

/// Writes the stored bytes of a row.
fn write_raw_row<W: Write>(tokens: &mut Tokens<W>, id: &str, value: &[u8]) -> Writing {
    tokens.key(id)?;
    tokens.base64(value, &BASE64)
}

/// How rows are written apart from their set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsStyle {
    style: JsonStyle,
    /// The number of open brackets around them.
    depth: usize,
}

/// Writes rows as text that goes into a set, on any thread.
#[derive(Debug)]
pub(crate) struct RowsText(Envelopes<io::Sink>);

/// Why a row was not written, not even in part.
#[derive(Debug)]
pub(crate) enum RowNotWritten {
    Refused(RowError),
    /// The text exceeds its limit.
    TooLong,
}

impl RowsText {
    /// A text of at most `limit` bytes in `buffer`.
    pub(crate) fn new(RowsStyle { style, depth }: RowsStyle, buffer: Vec<u8>, limit: usize) -> RowsText {
        let tokens = Tokens::buffered(io::sink(), style.pretty, buffer, limit).inside(depth);
        RowsText(Envelopes::new(tokens, style, Frame::Own))
    }

    /// Adds a row as diorama reads it, given its stored value.
    pub(crate) fn row(&mut self, id: &str, value: &[u8]) -> Result<Status, RowNotWritten> {
        let (status, fields) = Status::of_value(value);
        match self.0.attempt(|envelopes| envelopes.unverified_row(id, value, fields)) {
            Ok(()) => return Ok(status),
            Err(Stop::TooLong) => return Err(RowNotWritten::TooLong),
            Err(Stop::Io(_) | Stop::Cbor(_) | Stop::Irregular) => {}
        }
        let row = RowView::new(value).map_err(RowNotWritten::Refused)?;
        let written = self.0.attempt(|envelopes| write_row(&mut envelopes.values, id, &row));
        written.map_err(|_| RowNotWritten::TooLong)?;
        Ok(status)
    }

    /// Adds the stored bytes of a row.
    pub(crate) fn raw_row(&mut self, id: &str, value: &[u8]) -> Result<(), RowNotWritten> {
        let written = self.0.attempt(|envelopes| write_raw_row(&mut envelopes.values.tokens, id, value));
        written.map_err(|_| RowNotWritten::TooLong)
    }

    pub(crate) fn into_text(self) -> Vec<u8> {
        self.0.values.tokens.into_text()
    }
}
