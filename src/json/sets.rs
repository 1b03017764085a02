//! Sets of diorama as JSON: `{"layout": "diorama", "refreshed_at": N, "copied_at": N, "total": N,
//! "rows": {"<id>": {…}}, "incomplete": ["<id>", …]}`. Times are nanoseconds since 1970, as they are stored,
//! and what is not remembered is left out. A row alone has the name of its set in place of what is remembered of that.
//! Rows come one by one, so that none need be kept.
//!
//! Stored bytes are `{"layout": "diorama", "meta": {"<key>": "<base64>"}, "raw": {"<id>": "<base64>"}}`, without the
//! table that is not there.

use super::style::JsonStyle;
use super::tokens::Tokens;
use super::values::{Maps, Values};
use crate::cbor::error::Error as CborError;
use crate::diorama::meta::Meta;
use crate::diorama::row::RowView;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};
use std::mem;

/// The name that tells a set from an envelope, and what it says.
const LAYOUT: (&str, &str) = ("layout", "diorama");

/// Levels that may be nested in a field; verified before.
const DEPTH: usize = 256;

/// What a set is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetFrame {
    /// Nothing: the object of the set alone.
    Alone,
    /// An object of full key to set, which is opened and closed elsewhere, without a comma around it.
    Document,
    /// A line of its own, with the key in the object.
    Line,
}

/// What stands before the rows of a set.
#[derive(Debug)]
pub(crate) struct SetHead<'s> {
    pub key: &'s str,
    /// The set that a row is one of.
    pub part_of: Option<&'s str>,
    pub beside: Beside<'s>,
}

/// What is remembered of a set.
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
    frame: SetFrame,
    rows_only: bool,
    has_rows: bool,
    /// Whether the names of incomplete rows have begun.
    names_incomplete: bool,
}

impl<W: Write> SetWriter<W> {
    /// Begins the set and its rows.
    pub(crate) fn begin(out: W, frame: SetFrame, style: JsonStyle, head: &SetHead<'_>) -> io::Result<SetWriter<W>> {
        let tokens = Tokens::new(out, style.pretty && frame != SetFrame::Line);
        let tokens = if frame == SetFrame::Document { tokens.inside_container() } else { tokens };
        let rows_only = style.rows_only && frame != SetFrame::Line;
        let has_rows = !matches!(head.beside, Beside::Stored { has_rows: false, .. });
        let values = Values::new(tokens, style.plain);
        let mut writer = SetWriter { values, frame, rows_only, has_rows, names_incomplete: false };
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

    /// Begins the rows after what stands beside them.
    fn begin_rows(&mut self, head: &SetHead<'_>, rows_only: bool) -> io::Result<()> {
        let tokens = &mut self.values.tokens;
        if let Some(set) = head.part_of {
            tokens.key("set")?;
            tokens.string(set.as_bytes())?;
        }
        match head.beside {
            Beside::Known(meta) => {
                let times = [("refreshed_at", meta.refreshed_at), ("copied_at", meta.copied_at)];
                let times = times.map(|(name, time)| (name, time.map(|time| time.0)));
                let is_stated = head.part_of.is_none() && !rows_only;
                for (name, number) in times.into_iter().chain([("total", meta.total)]) {
                    if let Some(number) = number.filter(|_| is_stated) {
                        tokens.key(name)?;
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

    /// Writes a row, as diorama reads it.
    pub(crate) fn row(&mut self, id: &str, row: &RowView<'_>) -> io::Result<()> {
        self.values.tokens.key(id)?;
        self.values.begin_object();
        row.fields::<Failed>(&mut |name, value| {
            self.values.tokens.key(&name).map_err(io::Error::from)?;
            Ok(self.values.value(value, Maps::Verified(row.maps()), DEPTH).map_err(io::Error::from)?)
        })?;
        self.values.end_object();
        Ok(())
    }

    /// Writes the stored bytes of a row.
    pub(crate) fn raw_row(&mut self, id: &str, value: &[u8]) -> io::Result<()> {
        self.values.tokens.key(id)?;
        Ok(self.values.tokens.base64(value, &BASE64)?)
    }

    /// Ends the rows.
    pub(crate) fn end_rows(&mut self) {
        if self.has_rows {
            self.values.tokens.end(b'}');
        }
    }

    /// Names an incomplete row, after the rows.
    pub(crate) fn incomplete(&mut self, id: &str) -> io::Result<()> {
        if self.rows_only {
            return Ok(());
        }
        let tokens = &mut self.values.tokens;
        if !mem::replace(&mut self.names_incomplete, true) {
            tokens.key("incomplete")?;
            tokens.begin(b'[');
        }
        tokens.item()?;
        Ok(tokens.string(id.as_bytes())?)
    }

    /// Ends the set.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let tokens = &mut self.values.tokens;
        if self.names_incomplete {
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

/// Why a row was not written: the output failed, since the row was verified.
struct Failed(io::Error);

impl From<CborError> for Failed {
    fn from(_: CborError) -> Failed {
        unreachable!("the row was verified")
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed(error)
    }
}

impl From<Failed> for io::Error {
    fn from(Failed(error): Failed) -> io::Error {
        error
    }
}
