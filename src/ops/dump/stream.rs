//! All entries in one text: read by one thread, decoded by as many as there are cores, written in order.

use super::entry::{show_entry, stored, write_entry};
use super::sets::SetDump;
use super::{DumpError, DumpFormat, DumpStyle, Dumped, each};
use crate::json::set_writer::SetFrame;
use crate::json::writer::{EntryError, JsonWriter, write_document_entry};
use crate::live::view::EnvelopeView;
use crate::ops::scope::Scope;
use crate::ops::selected_sets::readable_sets;
use crate::ops::unread::Unreadable;
use crate::snapshot::{LiveEntry, Snapshot};
use crate::system::pool::Pool;
use crate::system::workers::{LARGE, Workers, with_workers};
use std::io::{self, Write};
use std::mem;

/// The most bytes of text to keep of a batch; an entry that does not fit is treated as a large one.
const LONG: usize = 2 * 1024 * 1024;

/// Writes the selected entries to `out`, each once, in the order of the selections and of the cache.
///
/// # Errors
/// Those of `out` and of the cache. All entries before an error of the cache have been written. Damage is not an error:
/// damaged entries are left out.
pub fn dump(snapshot: &Snapshot, scope: &Scope, style: DumpStyle, out: impl Write) -> Result<Dumped, DumpError> {
    let buffers = Pool::default();
    with_workers(
        |entries| decode(entries, buffers.take(), style),
        |decoding| {
            let mut writer = Writer { out, style, is_first: true, decoding, buffers: &buffers, unreadable: Vec::new() };
            writer.begin()?;
            let mut dumped = Dumped::default();
            let read = each(snapshot, scope, &mut dumped, |entry| Ok(writer.take(entry)?));
            if !matches!(read, Err(DumpError::Output(_))) {
                writer.write_all()?;
            }
            read?;
            writer.sets(snapshot, scope, &mut dumped)?;
            // A dump that stopped early lacks its end, so that nobody takes it for a complete one.
            writer.end()?;
            dumped.unread.unreadable = writer.unreadable;
            dumped.leave_out(style);
            Ok(dumped)
        },
    )
}

struct Writer<'d, 'w, W: Write> {
    out: W,
    style: DumpStyle,
    is_first: bool,
    decoding: &'d mut Workers<'w, LiveEntry, Text>,
    buffers: &'d Pool<Vec<u8>>,
    unreadable: Vec<Unreadable>,
}

impl<W: Write> Writer<'_, '_, W> {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(match self.style.format {
            DumpFormat::Json | DumpFormat::Notation => b"{",
            DumpFormat::Lines | DumpFormat::RawLines => b"",
            DumpFormat::Cbor => b"\xbf",
        })
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.write_all(match self.style.format {
            DumpFormat::Json | DumpFormat::Notation if self.style.json.pretty && !self.is_first => b"\n}",
            DumpFormat::Json | DumpFormat::Notation => b"}",
            DumpFormat::Lines | DumpFormat::RawLines => b"",
            DumpFormat::Cbor => b"\xff",
        })
    }

    /// Hands the next entry to the workers.
    fn take(&mut self, entry: LiveEntry) -> io::Result<()> {
        let len = entry.sub_key().len() + entry.value().len();
        if len >= LARGE {
            // Written in pieces, so that its whole text is never in memory.
            self.write_all()?;
            return self.write_large(&entry);
        }
        self.decoding.push(entry, len);
        match self.decoding.next_due() {
            Some(text) => self.write(text),
            None => Ok(()),
        }
    }

    /// Writes all entries that were taken.
    fn write_all(&mut self) -> io::Result<()> {
        while let Some(text) = self.decoding.next() {
            self.write(text)?;
        }
        Ok(())
    }

    fn write(&mut self, text: Text) -> io::Result<()> {
        let Text { mut bytes, unreadable, left } = text;
        self.unreadable.extend(unreadable);
        if !bytes.is_empty() {
            self.separate()?;
            self.out.write_all(&bytes)?;
        }
        bytes.clear();
        self.buffers.give_back(bytes);
        left.iter().try_for_each(|entry| self.write_large(entry))
    }

    /// Writes an entry piece by piece.
    fn write_large(&mut self, entry: &LiveEntry) -> io::Result<()> {
        let fault = match self.style.format {
            DumpFormat::Json => {
                let value = stored(entry, self.style);
                match EnvelopeView::new(&value) {
                    Err(error) => Some(error),
                    Ok(envelope) => {
                        self.separate()?;
                        write_document_entry(&entry.key().to_string(), &envelope, self.style.json, &mut self.out)?;
                        None
                    }
                }
            }
            DumpFormat::Lines | DumpFormat::RawLines => write_entry(entry, self.style, &mut self.out)?,
            DumpFormat::Notation | DumpFormat::Cbor => {
                self.separate()?;
                show_entry(entry, self.style, &mut self.out)?
            }
        };
        self.unreadable.extend(fault.map(|error| Unreadable { key: entry.key(), error }));
        Ok(())
    }

    /// Writes the sets of diorama.
    fn sets(&mut self, snapshot: &Snapshot, scope: &Scope, dumped: &mut Dumped) -> Result<(), DumpError> {
        for set in readable_sets(snapshot, scope, &mut dumped.matched, &mut dumped.unread.damage)? {
            dumped.entries += 1;
            self.separate()?;
            SetDump { snapshot, set: &set, style: self.style, frame: SetFrame::Document }
                .write(dumped, &mut self.out)?;
        }
        Ok(())
    }

    fn separate(&mut self) -> io::Result<()> {
        if mem::replace(&mut self.is_first, false) { Ok(()) } else { self.out.write_all(separator(self.style)) }
    }
}

/// The text of some entries.
struct Text {
    bytes: Vec<u8>,
    unreadable: Vec<Unreadable>,
    /// The first entry that did not fit and all after it.
    left: Vec<LiveEntry>,
}

fn decode(entries: Vec<LiveEntry>, buffer: Vec<u8>, style: DumpStyle) -> Text {
    match style.format {
        DumpFormat::Notation | DumpFormat::Cbor => show(entries, buffer, style),
        DumpFormat::Json => {
            decode_json(entries, JsonWriter::buffered_part(io::sink(), style.json, buffer, LONG), style)
        }
        DumpFormat::Lines | DumpFormat::RawLines => {
            decode_json(entries, JsonWriter::buffered_lines(io::sink(), style.json, buffer, LONG), style)
        }
    }
}

fn decode_json(mut entries: Vec<LiveEntry>, mut json: JsonWriter<io::Sink>, style: DumpStyle) -> Text {
    let mut unreadable = Vec::new();
    let mut done = 0;
    for entry in &entries {
        let (key, value) = (entry.key(), stored(entry, style));
        let written = match style.format {
            DumpFormat::RawLines => json.raw_entry(&key.to_string(), &value),
            _ => json.entry(&key.to_string(), &value),
        };
        match written {
            Ok(()) => {}
            Err(EntryError::Undecodable(error)) => unreadable.push(Unreadable { key, error }),
            Err(EntryError::TooLong) => break,
            Err(EntryError::Io(_)) => unreachable!("the text is buffered"),
        }
        done += 1;
    }
    let left = entries.split_off(done);
    Text { bytes: json.into_text(), unreadable, left }
}

fn show(mut entries: Vec<LiveEntry>, mut text: Vec<u8>, style: DumpStyle) -> Text {
    let mut unreadable = Vec::new();
    let mut done = 0;
    for entry in &entries {
        let before = text.len();
        if before > 0 {
            text.extend_from_slice(separator(style));
        }
        let Ok(fault) = show_entry(entry, style, &mut Limited(&mut text)) else {
            text.truncate(before);
            break;
        };
        unreadable.extend(fault.map(|error| Unreadable { key: entry.key(), error }));
        done += 1;
    }
    let left = entries.split_off(done);
    Text { bytes: text, unreadable, left }
}

/// Text in memory, up to [`LONG`].
struct Limited<'t>(&'t mut Vec<u8>);

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONG {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The separator between two entries.
fn separator(style: DumpStyle) -> &'static [u8] {
    match style.format {
        DumpFormat::Json => b",",
        DumpFormat::Notation if style.json.pretty => b",",
        DumpFormat::Notation => b", ",
        DumpFormat::Lines | DumpFormat::RawLines | DumpFormat::Cbor => b"",
    }
}
