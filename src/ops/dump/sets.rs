//! Sets of diorama: rows are read by one thread, decoded by as many as there are cores, and written in order, so that
//! a set of a million takes little more memory than one of ten.

use super::buffers::Buffers;
use super::{DumpError, DumpFormat, DumpStyle, Dumped};
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::notation::{notation, verify};
use crate::diorama::row::{RowError, RowView, Status};
use crate::error::Error;
use crate::json::sets::{Beside, RowNotWritten, RowsStyle, RowsText, SetFrame, SetHead, SetWriter};
use crate::live::redact::redact;
use crate::ops::unread::RefusedRows;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{RowRun, Set, SetRow, SetRows, Snapshot};
use crate::system::spill::Spill;
use crate::system::workers::{LARGE, Workers, with_workers, without_workers};
use ciborium_ll::Header;
use std::borrow::Cow;
use std::io::{self, Write};
use std::mem;

/// Bytes of ids of incomplete rows that are kept in memory.
const IDS: usize = 1024 * 1024;

/// Rows that are written sooner than threads begin.
const FEW: u64 = 500;

/// Text of a batch of rows that is kept; a row that does not fit is treated as a large one.
const LONG: usize = 2 * 1024 * 1024;

/// Writes a set that was asked for alone.
///
/// # Errors
/// As those of [`dump`](crate::ops::dump).
pub fn dump_set(snapshot: &Snapshot, set: &Set, style: DumpStyle, out: &mut impl Write) -> Result<Dumped, DumpError> {
    let mut dumped = Dumped { entries: 1, ..Dumped::default() };
    dumped.unread.damage.extend(snapshot.meta_damage(set));
    SetDump { snapshot, set, style, frame: SetFrame::Alone }.write(&mut dumped, out)?;
    Ok(dumped)
}

/// A set that is to be written.
#[derive(Clone, Copy)]
pub(super) struct SetDump<'s> {
    pub snapshot: &'s Snapshot,
    pub set: &'s Set,
    pub style: DumpStyle,
    /// What it is in, unless the format writes lines.
    pub frame: SetFrame,
}

impl SetDump<'_> {
    /// Writes it to `out`. Rows that diorama refuses are left out, except where stored bytes are written; so are
    /// damaged pages. Both are added to `dumped`.
    pub fn write(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        match self.style.format {
            DumpFormat::Json => self.json(dumped, out),
            DumpFormat::Lines => SetDump { frame: SetFrame::Line, ..self }.json(dumped, out),
            DumpFormat::RawLines => self.raw(dumped, out),
            DumpFormat::Notation | DumpFormat::Cbor => self.stored(dumped, out),
        }
    }

    fn json(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        let key = self.set.key().to_string();
        let head = SetHead { key: &key, part_of: self.part_of(), beside: Beside::Known(self.set.meta()) };
        let json = SetWriter::begin(out, self.frame, self.style.json, &head)?;
        self.rows(json, dumped)
    }

    /// Writes the rows of a set that has begun, and ends it.
    fn rows(self, json: SetWriter<impl Write>, dumped: &mut Dumped) -> Result<(), DumpError> {
        let style = json.rows_style();
        let buffers = &Buffers::default();
        let refused = &mut dumped.unread.refused;
        let mut taking =
            Taking { dump: self, rows: self.snapshot.rows(self.set), json, incomplete: Ids::new(), refused, buffers };
        let damage = &mut dumped.unread.damage;
        let work = |runs| self.text(runs, style, buffers.take());
        if self.set.row().is_some() || self.set.rows() <= FEW {
            without_workers(work, |writing| taking.all(damage, writing))?;
        } else {
            with_workers(work, |writing| taking.all(damage, writing))?;
        }
        let Taking { mut json, incomplete, .. } = taking;
        json.end_rows();
        incomplete.each(|id| json.incomplete(id))?;
        json.finish()?;
        Ok(())
    }

    /// The text of rows.
    fn text(self, runs: Vec<RowRun>, style: RowsStyle, buffer: Vec<u8>) -> RowTexts {
        let mut text = RowsText::new(style, buffer, LONG);
        let (mut incomplete, mut refused) = (Vec::new(), Vec::new());
        let mut fits = |id: &str, value: &[u8]| {
            let value = self.bytes(value);
            let written =
                if self.is_raw() { text.raw_row(id, &value).map(|()| Status::Complete) } else { text.row(id, &value) };
            match written {
                Ok(Status::Complete) => {}
                Ok(Status::Incomplete) => incomplete.push(id.to_owned()),
                Err(RowNotWritten::Refused(error)) => refused.push((id.to_owned(), error)),
                Err(RowNotWritten::TooLong) => return false,
            }
            true
        };
        let full = runs.iter().enumerate().find_map(|(n, run)| {
            let row = run.rows().position(|(id, value)| !fits(id, value))?;
            Some((n, row))
        });
        RowTexts { text: text.into_text(), incomplete, refused, full, runs }
    }

    fn is_raw(self) -> bool {
        self.style.format == DumpFormat::RawLines
    }

    fn raw(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        // Of a row, what is remembered of its set is not its own.
        let meta = if self.set.row().is_none() { self.snapshot.stored_meta(self.set) } else { Ok(None) };
        let meta = past_damage(unless_moved(meta, self.snapshot), &mut dumped.unread.damage)?.flatten();
        let beside = Beside::Stored { meta: meta.as_deref(), has_rows: self.set.rows_table().is_some() };
        let key = self.set.key().to_string();
        let head = SetHead { key: &key, part_of: self.part_of(), beside };
        let json = SetWriter::begin(out, SetFrame::Line, self.style.json, &head)?;
        self.rows(json, dumped)
    }

    /// The set, if it is a row of it that is written.
    fn part_of(&self) -> Option<&str> {
        self.set.row().map(|_| self.set.name())
    }

    /// Writes the stored bytes as a map of row id to byte string, or shows them.
    fn stored(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        let is_alone = self.frame == SetFrame::Alone;
        let mut map = StoredMap {
            is_cbor: self.style.format == DumpFormat::Cbor,
            levels: self.style.json.pretty.then_some(usize::from(!is_alone)),
            is_first: true,
            out,
        };
        map.begin((!is_alone).then(|| self.set.key().to_string()).as_deref())?;
        self.each_row(&mut dumped.unread.damage, |row| Ok(map.row(row.id(), &self.bytes(row.value()))?))?;
        Ok(map.end()?)
    }

    /// Calls `visit` with every row as it is stored; damaged pages are passed by and added to `damage`.
    fn each_row(
        self,
        damage: &mut Vec<Error>,
        mut visit: impl FnMut(SetRow) -> Result<(), DumpError>,
    ) -> Result<(), DumpError> {
        for row in self.snapshot.rows(self.set) {
            if let Some(row) = past_damage(unless_moved(row, self.snapshot), damage)? {
                visit(row)?;
            }
        }
        Ok(())
    }

    /// The bytes to dump of a stored row.
    fn bytes(self, value: &[u8]) -> Cow<'_, [u8]> {
        if !self.style.redact {
            return Cow::Borrowed(value);
        }
        let status = usize::from(value.first().is_some_and(|first| *first <= 1));
        // The map takes the place of the rows of an envelope, so that no field is mistaken for a time.
        let inside = [b"\xa1\x00", &value[status..]].concat();
        let mut bytes = value[..status].to_vec();
        bytes.extend_from_slice(&redact(&inside)[2..]);
        Cow::Owned(bytes)
    }
}

/// The text of some rows.
struct RowTexts {
    text: Vec<u8>,
    /// The ids of those that are incomplete.
    incomplete: Vec<String>,
    /// The ids of those that diorama refuses.
    refused: Vec<(String, RowError)>,
    runs: Vec<RowRun>,
    /// The first row that is not in it, for lack of room, nor are those after it: of which run, and which of that.
    full: Option<(usize, usize)>,
}

/// A set whose rows are written in order, as their texts come.
struct Taking<'t, 's, W: Write> {
    dump: SetDump<'s>,
    rows: SetRows<'s>,
    json: SetWriter<W>,
    incomplete: Ids,
    refused: &'t mut RefusedRows,
    buffers: &'t Buffers,
}

impl<W: Write> Taking<'_, '_, W> {
    /// Hands out all rows, and writes their texts.
    fn all(&mut self, damage: &mut Vec<Error>, writing: &mut Workers<'_, RowRun, RowTexts>) -> Result<(), DumpError> {
        let read = self.hand_out(damage, writing);
        if !matches!(read, Err(DumpError::Output(_))) {
            while let Some(texts) = writing.next() {
                self.texts(texts)?;
            }
        }
        read
    }

    fn hand_out(
        &mut self,
        damage: &mut Vec<Error>,
        writing: &mut Workers<'_, RowRun, RowTexts>,
    ) -> Result<(), DumpError> {
        while let Some(run) = self.rows.next_run() {
            let Some(run) = past_damage(unless_moved(run, self.dump.snapshot), damage)? else { continue };
            let len = run.bytes();
            if len >= LARGE {
                // Written piece by piece, so that its text is not kept.
                while let Some(texts) = writing.next() {
                    self.texts(texts)?;
                }
                self.run(&run)?;
                continue;
            }
            writing.push(run, len);
            writing.next_due().map_or(Ok(()), |texts| self.texts(texts))?;
        }
        Ok(())
    }

    fn texts(&mut self, texts: RowTexts) -> Result<(), DumpError> {
        self.json.add_rows(&texts.text)?;
        self.buffers.give_back(texts.text);
        for id in texts.incomplete {
            self.incomplete.push(&id).map_err(Error::temporary)?;
        }
        for (id, error) in texts.refused {
            self.refused.add(|| self.dump.set.shown(), &id, error);
        }
        if let Some((n, row)) = texts.full {
            self.run(&texts.runs[n].skip(row))?;
            texts.runs[n + 1..].iter().try_for_each(|run| self.run(run))?;
        }
        texts.runs.into_iter().for_each(|run| self.rows.reuse(run));
        Ok(())
    }

    fn run(&mut self, run: &RowRun) -> Result<(), DumpError> {
        run.rows().try_for_each(|(id, value)| self.row(id, value))
    }

    fn row(&mut self, id: &str, value: &[u8]) -> Result<(), DumpError> {
        let value = self.dump.bytes(value);
        if self.dump.is_raw() {
            return Ok(self.json.raw_row(id, &value)?);
        }
        match RowView::new(&value) {
            Ok(view) => {
                if view.status() == Status::Incomplete {
                    self.incomplete.push(id).map_err(Error::temporary)?;
                }
                self.json.row(id, &view)?;
            }
            Err(error) => self.refused.add(|| self.dump.set.shown(), id, error),
        }
        Ok(())
    }
}

/// The map of row id to stored bytes, as CBOR or in the notation: of a row the status and the map, which follow each
/// other.
struct StoredMap<W> {
    out: W,
    is_cbor: bool,
    /// Levels of indentation of the notation, if it is indented.
    levels: Option<usize>,
    is_first: bool,
}

impl<W: Write> StoredMap<W> {
    /// Begins the map, after its key in the map around it.
    fn begin(&mut self, key: Option<&str>) -> io::Result<()> {
        if self.is_cbor {
            let mut head = Vec::new();
            if let Some(key) = key {
                push_text(&mut head, key);
            }
            push_head(&mut head, Header::Map(None));
            return self.out.write_all(&head);
        }
        if let Some(key) = key {
            self.line(0)?;
            serde_json::to_writer(&mut self.out, key)?;
            self.out.write_all(b": ")?;
        }
        self.out.write_all(b"{_")
    }

    fn row(&mut self, id: &str, value: &[u8]) -> io::Result<()> {
        if self.is_cbor {
            let mut heads = Vec::new();
            push_text(&mut heads, id);
            push_head(&mut heads, Header::Bytes(Some(value.len())));
            self.out.write_all(&heads)?;
            return self.out.write_all(value);
        }
        self.out.write_all(if mem::replace(&mut self.is_first, false) { b"" } else { b"," })?;
        match self.levels {
            Some(_) => self.line(1)?,
            None => self.out.write_all(b" ")?,
        }
        serde_json::to_writer(&mut self.out, id)?;
        self.out.write_all(b": ")?;
        let is_embedded = verify(value).is_ok();
        self.out.write_all(if is_embedded { b"<<" } else { b"" })?;
        let _ = notation(value, self.levels.map(|levels| levels + 1), &mut self.out)?;
        self.out.write_all(if is_embedded { b">>" } else { b"" })
    }

    fn end(mut self) -> io::Result<()> {
        match (self.is_cbor, self.is_first) {
            (true, _) => return self.out.write_all(b"\xff"),
            (false, true) => self.out.write_all(b" ")?,
            (false, false) => self.line(0)?,
        }
        self.out.write_all(b"}")
    }

    /// Begins a line, if the notation is indented.
    fn line(&mut self, deeper: usize) -> io::Result<()> {
        let Some(levels) = self.levels else { return Ok(()) };
        write!(self.out, "\n{:1$}", "", 2 * (levels + deeper))
    }
}

/// How many ids are named again after the rows, which may be very many.
struct Ids(Spill);

impl Ids {
    fn new() -> Ids {
        Ids(Spill::new(IDS))
    }

    fn push(&mut self, id: &str) -> io::Result<()> {
        self.0.push(&(id.len() as u64).to_le_bytes())?;
        self.0.push(id.as_bytes()).map(drop)
    }

    /// Calls `visit` with every id, in order.
    fn each(&self, mut visit: impl FnMut(&str) -> io::Result<()>) -> Result<(), DumpError> {
        let (mut offset, mut len, mut id) = (0, [0; 8], Vec::new());
        while offset < self.0.len() {
            self.0.read(offset, &mut len).map_err(Error::temporary)?;
            id.resize(u64::from_le_bytes(len).try_into().expect("it was in memory"), 0);
            self.0.read(offset + 8, &mut id).map_err(Error::temporary)?;
            offset += 8 + id.len() as u64;
            visit(str::from_utf8(&id).expect("it was text"))?;
        }
        Ok(())
    }
}
