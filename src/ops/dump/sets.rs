//! Sets of diorama: rows are read by one thread, decoded by as many as there are cores, and written in order, so that
//! a set of a million takes little more memory than one of ten.

use super::stored::StoredMaps;
use super::{DumpError, DumpFormat, DumpStyle, Dumped};
use crate::diorama::meta::StoredPairs;
use crate::diorama::row::{RowError, RowView, Status};
use crate::error::Error;
use crate::json::set_writer::{Beside, RowNotWritten, RowsStyle, RowsText, SetFrame, SetHead, SetWriter};
use crate::live::redact::redact;
use crate::ops::unread::RefusedRows;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{RowRun, Set, SetRow, SetRows, Snapshot};
use crate::system::pool::Pool;
use crate::system::spill::Spill;
use crate::system::workers::{LARGE, Workers, with_workers, without_workers};
use std::borrow::Cow;
use std::io::{self, Write};

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
        dumped.unread.add_malformed(self.set);
        self.rows(json, dumped)
    }

    /// Writes the rows of a set that has begun, and ends it.
    fn rows(self, json: SetWriter<impl Write>, dumped: &mut Dumped) -> Result<(), DumpError> {
        let style = json.rows_style();
        let buffers = &Pool::default();
        let refused = &mut dumped.unread.refused;
        let rows = self.snapshot.rows(self.set);
        let mut taking = Taking { dump: self, rows, json, written: 0, incomplete: Ids::new(), refused, buffers };
        let damage = &mut dumped.unread.damage;
        let work = |runs| self.text(runs, style, buffers.take());
        if self.set.row().is_some() || self.set.rows() <= FEW {
            without_workers(work, |writing| taking.all(damage, writing))?;
        } else {
            with_workers(work, |writing| taking.all(damage, writing))?;
        }
        let Taking { mut json, written, incomplete, .. } = taking;
        json.end_rows();
        self.tell_partial(&mut json, written)?;
        incomplete.each(|id| json.incomplete(id))?;
        json.finish()?;
        Ok(())
    }

    /// The text of rows.
    fn text(self, runs: Vec<RowRun>, style: RowsStyle, buffer: Vec<u8>) -> RowTexts {
        let mut text = RowsText::new(style, buffer, LONG);
        let (mut incomplete, mut refused, mut written) = (Vec::new(), Vec::new(), 0);
        let mut fits = |id: &str, value: &[u8]| {
            let value = self.bytes(value);
            let status =
                if self.is_raw() { text.raw_row(id, &value).map(|()| Status::Complete) } else { text.row(id, &value) };
            written += u64::from(status.is_ok());
            match status {
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
        RowTexts { text: text.into_text(), written, incomplete, refused, full, runs }
    }

    fn is_raw(self) -> bool {
        self.style.format == DumpFormat::RawLines
    }

    fn raw(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        let meta = self.stored_meta(dumped)?;
        let beside = Beside::Stored { meta: meta.as_deref(), has_rows: self.set.rows_table().is_some() };
        let key = self.set.key().to_string();
        let head = SetHead { key: &key, part_of: self.part_of(), beside };
        let json = SetWriter::begin(out, SetFrame::Line, self.style.json, &head)?;
        self.rows(json, dumped)
    }

    /// Marks a set of which fewer rows were written than it has.
    fn tell_partial(self, json: &mut SetWriter<impl Write>, written: u64) -> io::Result<()> {
        if self.set.row().is_none() && written < self.set.rows() { json.partial() } else { Ok(()) }
    }

    /// The set, if it is a row of it that is written.
    fn part_of(&self) -> Option<&str> {
        self.set.row().map(|_| self.set.name())
    }

    /// Writes the stored bytes, or shows them: `meta` and `raw`, maps of key and of row id to byte string.
    fn stored(self, dumped: &mut Dumped, out: &mut impl Write) -> Result<(), DumpError> {
        let is_alone = self.frame == SetFrame::Alone;
        let levels = self.style.json.pretty.then_some(usize::from(!is_alone));
        let mut maps = StoredMaps::new(out, self.style.format == DumpFormat::Cbor, levels);
        if !is_alone {
            maps.key(&self.set.key().to_string())?;
        }
        maps.begin()?;
        if let Some(meta) = self.stored_meta(dumped)? {
            maps.key("meta")?;
            maps.begin()?;
            meta.iter().try_for_each(|(key, value)| maps.bytes(key, value))?;
            maps.end()?;
        }
        if self.set.rows_table().is_some() {
            maps.key("raw")?;
            maps.begin()?;
            self.each_row(&mut dumped.unread.damage, |row| Ok(maps.row(row.id(), &self.bytes(row.value()))?))?;
            maps.end()?;
        }
        Ok(maps.end()?)
    }

    /// The pairs of the meta table of a whole set: of a row, what is remembered of its set is not its own.
    fn stored_meta(self, dumped: &mut Dumped) -> Result<Option<StoredPairs>, DumpError> {
        if self.set.row().is_some() {
            return Ok(None);
        }
        let meta = unless_moved(self.snapshot.stored_meta(self.set), self.snapshot);
        let mut damage = Vec::new();
        let meta = past_damage(meta, &mut damage)?.flatten();
        // Other damage has been reported with the set.
        dumped.unread.damage.extend(damage.into_iter().filter(|_| self.set.damage().is_none()));
        Ok(meta)
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
    /// The number of rows in it.
    written: u64,
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
    /// Rows that were written.
    written: u64,
    incomplete: Ids,
    refused: &'t mut RefusedRows,
    buffers: &'t Pool<Vec<u8>>,
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

    fn texts(&mut self, mut texts: RowTexts) -> Result<(), DumpError> {
        self.json.add_rows(&texts.text)?;
        texts.text.clear();
        self.buffers.give_back(texts.text);
        self.written += texts.written;
        for id in texts.incomplete {
            self.incomplete.push(&id).map_err(Error::temporary)?;
        }
        for (id, error) in texts.refused {
            self.refused.add(|| self.dump.set.key().whole().shown(), &id, error);
        }
        if let Some((n, row)) = texts.full {
            self.run(&texts.runs[n].skip(row))?;
            texts.runs[n + 1..].iter().try_for_each(|run| self.run(run))?;
        }
        Ok(())
    }

    fn run(&mut self, run: &RowRun) -> Result<(), DumpError> {
        run.rows().try_for_each(|(id, value)| self.row(id, value))
    }

    fn row(&mut self, id: &str, value: &[u8]) -> Result<(), DumpError> {
        let value = self.dump.bytes(value);
        if self.dump.is_raw() {
            self.written += 1;
            return Ok(self.json.raw_row(id, &value)?);
        }
        match RowView::new(&value) {
            Ok(view) => {
                if view.status() == Status::Incomplete {
                    self.incomplete.push(id).map_err(Error::temporary)?;
                }
                self.json.row(id, &view)?;
                self.written += 1;
            }
            Err(error) => self.refused.add(|| self.dump.set.key().whole().shown(), id, error),
        }
        Ok(())
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
