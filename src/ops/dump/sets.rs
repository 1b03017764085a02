//! Sets of diorama: rows are read and written one by one, so that a set of a million takes no more memory than
//! one of ten.

use super::{DumpFormat, DumpStyle, Dumped, Stop};
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::notation::{notation, verify};
use crate::diorama::row::{RowView, Status};
use crate::error::Error;
use crate::json::sets::{SetFrame, SetWriter};
use crate::live::redact::redact;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{Set, SetRow, Snapshot};
use ciborium_ll::Header;
use std::borrow::Cow;
use std::io::{self, Write};

/// Calls `visit` with every row of a set as it is stored; damaged pages are passed by and added to `damage`.
fn each_stored<E: From<Error>>(
    snapshot: &Snapshot,
    set: &Set,
    damage: &mut Vec<Error>,
    mut visit: impl FnMut(&SetRow) -> Result<(), E>,
) -> Result<(), E> {
    for row in snapshot.rows(set) {
        if let Some(row) = past_damage(unless_moved(row, snapshot), damage)? {
            visit(&row)?;
        }
    }
    Ok(())
}

/// Writes a set to `out`: as the only one, or as one of several. Rows that diorama refuses are left out, except
/// where stored bytes are written; so are damaged pages.
pub(super) fn write(
    snapshot: &Snapshot,
    set: &Set,
    style: DumpStyle,
    is_only: bool,
    dumped: &mut Dumped,
    out: &mut impl Write,
) -> Result<(), Stop> {
    match style.format {
        DumpFormat::Json => {
            json(snapshot, set, style, if is_only { SetFrame::Alone } else { SetFrame::Document }, dumped, out)
        }
        DumpFormat::Lines | DumpFormat::RawLines => json(snapshot, set, style, SetFrame::Line, dumped, out),
        DumpFormat::Notation | DumpFormat::Cbor => stored(snapshot, set, style, is_only, dumped, out),
    }
}

fn json(
    snapshot: &Snapshot,
    set: &Set,
    style: DumpStyle,
    frame: SetFrame,
    dumped: &mut Dumped,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let is_raw = style.format == DumpFormat::RawLines;
    let head = (&*set.key().to_string(), set.meta(), if is_raw { "raw" } else { "rows" });
    let mut json = SetWriter::begin(out, frame, style.json, head).map_err(Stop::Out)?;
    let mut any_incomplete = false;
    let refused = &mut dumped.refused;
    each_stored(snapshot, set, &mut dumped.damage, |row| {
        let value = bytes(row, style);
        if is_raw {
            return json.raw_row(row.id(), &value).map_err(Stop::Out);
        }
        match RowView::new(&value) {
            Ok(view) => {
                any_incomplete |= view.status() == Status::Incomplete;
                json.row(row.id(), &view).map_err(Stop::Out)?;
            }
            Err(error) => refused.add(|| set.shown(), row.id(), error),
        }
        Ok(())
    })?;
    // Looked for again rather than remembered.
    let is_incomplete = |row: &SetRow| RowView::new(row.value()).is_ok_and(|row| row.status() == Status::Incomplete);
    let rows = snapshot.rows(set).flatten();
    let mut incomplete = rows.filter(is_incomplete).map(|row| row.id().to_owned());
    let incomplete: Option<&mut dyn Iterator<Item = String>> = any_incomplete.then_some(&mut incomplete);
    json.finish(incomplete).map(drop).map_err(Stop::Out)
}

/// Writes the stored bytes as a map of row id to byte string, or shows them: of a row the status and the map,
/// which follow each other.
fn stored(
    snapshot: &Snapshot,
    set: &Set,
    style: DumpStyle,
    is_only: bool,
    dumped: &mut Dumped,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let is_cbor = style.format == DumpFormat::Cbor;
    let levels = usize::from(!is_only);
    let line = |out: &mut dyn Write, levels: usize| {
        if style.json.pretty { write!(out, "\n{:1$}", "", 2 * levels) } else { Ok(()) }
    };
    let mut begin = || {
        if is_cbor {
            let mut head = Vec::new();
            if !is_only {
                push_text(&mut head, &set.key().to_string());
            }
            push_head(&mut head, Header::Map(None));
            return out.write_all(&head);
        }
        if !is_only {
            line(out, levels)?;
            serde_json::to_writer(&mut *out, &set.key().to_string())?;
            out.write_all(b": ")?;
        }
        out.write_all(b"{_")
    };
    begin().map_err(Stop::Out)?;
    let mut is_first = true;
    let mut show = |row: &SetRow| -> io::Result<()> {
        let value = bytes(row, style);
        if is_cbor {
            let mut heads = Vec::new();
            push_text(&mut heads, row.id());
            push_head(&mut heads, Header::Bytes(Some(value.len())));
            out.write_all(&heads)?;
            return out.write_all(&value);
        }
        out.write_all(if std::mem::replace(&mut is_first, false) { b"" } else { b"," })?;
        if style.json.pretty {
            line(out, levels + 1)?;
        } else {
            out.write_all(b" ")?;
        }
        serde_json::to_writer(&mut *out, row.id())?;
        out.write_all(b": ")?;
        let levels = style.json.pretty.then_some(levels + 1);
        let is_embedded = verify(&value).is_ok();
        out.write_all(if is_embedded { b"<<" } else { b"" })?;
        let _ = notation(&value, levels, &mut *out)?;
        out.write_all(if is_embedded { b">>" } else { b"" })
    };
    each_stored(snapshot, set, &mut dumped.damage, |row| show(row).map_err(Stop::Out))?;
    let end = if is_cbor {
        out.write_all(b"\xff")
    } else {
        let line = if is_first { out.write_all(b" ") } else { line(out, levels) };
        line.and_then(|()| out.write_all(b"}"))
    };
    end.map_err(Stop::Out)
}

/// The bytes that are dumped of a row.
fn bytes(row: &SetRow, style: DumpStyle) -> Cow<'_, [u8]> {
    if !style.redact {
        return Cow::Borrowed(row.value());
    }
    let status = usize::from(row.value().first().is_some_and(|first| *first <= 1));
    // The map stands where rows of an envelope would, so that no field passes for a time.
    let inside = [b"\xa1\x00", &row.value()[status..]].concat();
    let mut bytes = row.value()[..status].to_vec();
    bytes.extend_from_slice(&redact(&inside)[2..]);
    Cow::Owned(bytes)
}

/// Writes a set that was asked for alone; what could not be read is in `dumped`.
///
/// # Errors
/// The outer error is that of `out`, the inner one that of the cache.
pub fn dump_set(
    snapshot: &Snapshot,
    set: &Set,
    style: DumpStyle,
    out: &mut impl Write,
) -> io::Result<crate::error::Result<Dumped>> {
    let mut dumped = Dumped { entries: 1, ..Dumped::default() };
    match write(snapshot, set, style, true, &mut dumped, out) {
        Ok(()) => Ok(Ok(dumped)),
        Err(Stop::Cache(error)) => Ok(Err(error)),
        Err(Stop::Out(error)) => Err(error),
    }
}
