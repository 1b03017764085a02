//! Entries as text: read by one thread, decoded by as many as there are cores, written in order.

use super::{past_damage, unless_moved};
use crate::envelope::{push_head, push_text};
use crate::fixture::tree;
use crate::in_order::{InOrder, in_order};
use crate::notation::verify;
use crate::{DecodeError, Entry, EnvelopeView, Error, JsonStyle, JsonWriter, Result, Selection, Snapshot, Unreadable};
use crate::{json, notation, redact};
use ciborium_ll::Header;
use std::borrow::Cow;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::mem;
use std::path::Path;

/// Bytes of values that are decoded at once.
const BATCH: usize = 256 * 1024;

/// An entry of this size is decoded where it is written, piece by piece, so that its text is not kept.
const LARGE: usize = 1024 * 1024;

/// Text of a batch that is kept; an entry that does not fit is treated as a large one.
const LONG: usize = 2 * 1024 * 1024;

/// What a dump is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DumpFormat {
    /// A JSON object of full key to envelope.
    #[default]
    Json,
    /// JSON Lines: `{"key": …, "fetched_at": …, "rows": …}` for each entry.
    Lines,
    /// JSON Lines with the stored bytes, `{"key": …, "raw": "<base64>"}`, whatever they are.
    RawLines,
    /// The diagnostic notation of a CBOR map of full key to byte string, the stored bytes, each shown as
    /// the CBOR that is embedded in it; see [`notation`].
    Notation,
    /// That map itself.
    Cbor,
}

/// How entries are dumped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpStyle {
    /// What the dump is written as.
    pub format: DumpFormat,
    /// How JSON is written; of the notation whether it is indented.
    pub json: JsonStyle,
    /// Whether the contents are left out; see [`redact`].
    pub redact: bool,
}

/// What was dumped, and what was left out.
#[derive(Debug, Default)]
pub struct Dumped {
    /// The number of entries that are there.
    pub entries: u64,
    /// Entries that vantage-live cannot decode either and, of the notation, those that are no
    /// well-formed CBOR, which it shows as bytes.
    pub unreadable: Vec<Unreadable>,
    /// Pages that are damaged.
    pub damage: Vec<Error>,
    /// The places of the selections that selected nothing.
    pub unmatched: Vec<usize>,
}

impl Dumped {
    /// Takes what cannot be read from the entries that are there; the notation has it as bytes.
    fn leave_out(&mut self, style: DumpStyle) {
        if style.format != DumpFormat::Notation {
            self.entries -= self.unreadable.len() as u64;
        }
    }
}

/// Writes the selected entries to `out`, each once, in the order of the selections and of the cache.
///
/// # Errors
/// The outer error is that of `out`. The inner one is that of the cache; what came before it was
/// written, as it was before damage, which is no error but left out.
pub fn dump(
    snapshot: &Snapshot,
    selections: &[Selection],
    style: DumpStyle,
    out: impl Write,
) -> io::Result<Result<Dumped>> {
    in_order(
        |Batch { entries, buffer }| decode(entries, buffer, style),
        |decoding| {
            let mut writer = Writer {
                out,
                style,
                is_first: true,
                decoding,
                batch: Vec::new(),
                batch_bytes: 0,
                buffers: Vec::new(),
                unreadable: Vec::new(),
            };
            writer.begin()?;
            let mut dumped = Dumped::default();
            let read = each(snapshot, selections, &mut dumped, |entry| writer.take(entry))?;
            writer.write_all()?;
            // What is not all of it does not look as if it were.
            if read.is_ok() {
                writer.end()?;
            }
            dumped.unreadable = writer.unreadable;
            dumped.leave_out(style);
            Ok(read.map(|()| dumped))
        },
    )
}

/// Writes a single entry to `out`: its envelope, its line, or its stored bytes and their notation. If it
/// cannot be decoded, nothing is written but the notation of its bytes.
///
/// # Errors
/// The outer error is that of `out`.
pub fn dump_entry(entry: &Entry, style: DumpStyle, out: &mut impl Write) -> io::Result<Result<(), DecodeError>> {
    let value = stored(entry, style);
    match style.format {
        DumpFormat::Json => {
            let envelope = match EnvelopeView::new(&value) {
                Ok(envelope) => envelope,
                Err(error) => return Ok(Err(error)),
            };
            let mut json = JsonWriter::new(out, style.json);
            json.envelope(&envelope)?;
            json.finish()?;
            Ok(Ok(()))
        }
        DumpFormat::Lines => {
            let mut json = JsonWriter::of_lines(out, style.json);
            let written = json.entry(&entry.key().to_string(), &value)?;
            json.finish()?;
            Ok(written)
        }
        DumpFormat::RawLines => {
            let mut json = JsonWriter::of_lines(out, style.json);
            json.try_raw(&entry.key().to_string(), &value)?;
            json.finish()?;
            Ok(Ok(()))
        }
        DumpFormat::Notation => notation(&value, style.json.pretty.then_some(0), out),
        DumpFormat::Cbor => out.write_all(&value).map(Ok),
    }
}

/// Writes the selected entries to files below `folder`, which must be there and empty, as
/// [`Fixture`](crate::Fixture) reads them.
///
/// # Errors
/// As those of [`dump`]; the outer error can be that of any file, which it names.
pub fn dump_tree(
    snapshot: &Snapshot,
    selections: &[Selection],
    style: DumpStyle,
    folder: &Path,
) -> io::Result<Result<Dumped>> {
    let mut names = tree::Names::default();
    let ending = match style.format {
        DumpFormat::Notation => tree::NOTATION,
        DumpFormat::Cbor => tree::VALUE,
        _ => tree::ENVELOPE,
    };
    let (mut unreadable, mut dumped) = (Vec::new(), Dumped::default());
    let read = each(snapshot, selections, &mut dumped, |entry| {
        let key = entry.key();
        let name = names.path(&key, ending);
        let written = write_file(&folder.join(&name), |out| {
            let written = dump_entry(&entry, style, out)?;
            if style.format != DumpFormat::Cbor {
                out.write_all(b"\n")?;
            }
            Ok(match written {
                // It is shown all the same.
                Err(error) if style.format == DumpFormat::Notation => Ok(Some(error)),
                written => written.map(|()| None),
            })
        });
        match written.map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))? {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => unreadable.push(Unreadable { key, error }),
        }
        Ok(())
    })?;
    dumped.unreadable = unreadable;
    dumped.leave_out(style);
    Ok(read.map(|()| dumped))
}

/// Writes a new file, and folders to it; no file if `write` refuses.
fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<Result<T, DecodeError>>,
) -> io::Result<Result<T, DecodeError>> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut out = BufWriter::new(fs::File::create_new(path)?);
    let written = write(&mut out)?;
    out.flush()?;
    if written.is_err() {
        fs::remove_file(path)?;
    }
    Ok(written)
}

/// Calls `take` with every entry that is selected, once.
fn each(
    snapshot: &Snapshot,
    selections: &[Selection],
    dumped: &mut Dumped,
    mut take: impl FnMut(Entry) -> io::Result<()>,
) -> io::Result<Result<()>> {
    for (n, selection) in selections.iter().enumerate() {
        let mut matched = false;
        let entries = match snapshot.entries(selection) {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(error)),
        };
        for entry in entries {
            matched = true;
            let entry = match past_damage(unless_moved(entry, snapshot), &mut dumped.damage) {
                Ok(Some(entry)) => entry,
                Ok(None) => continue,
                Err(error) => return Ok(Err(error)),
            };
            if selections[..n].iter().any(|earlier| earlier.takes(entry.cache_key(), entry.sub_key())) {
                continue;
            }
            dumped.entries += 1;
            take(entry)?;
        }
        if !matched {
            dumped.unmatched.push(n);
        }
    }
    Ok(Ok(()))
}

/// The bytes that are dumped of an entry.
fn stored(entry: &Entry, style: DumpStyle) -> Cow<'_, [u8]> {
    if style.redact { Cow::Owned(redact(entry.value())) } else { Cow::Borrowed(entry.value()) }
}

/// Entries to decode.
struct Batch {
    entries: Vec<Entry>,
    /// Empty, but with the room that a text before it took.
    buffer: Vec<u8>,
}

/// The text of some entries.
struct Text {
    bytes: Vec<u8>,
    unreadable: Vec<Unreadable>,
    /// Those that are not in it, for lack of room: all from the first that did not fit.
    left: Vec<Entry>,
}

fn decode(entries: Vec<Entry>, buffer: Vec<u8>, style: DumpStyle) -> Text {
    match style.format {
        DumpFormat::Notation | DumpFormat::Cbor => show(entries, buffer, style),
        DumpFormat::Json => {
            decode_json(entries, JsonWriter::inside_object(io::sink(), style.json).keeping_text(buffer, LONG), style)
        }
        DumpFormat::Lines | DumpFormat::RawLines => {
            decode_json(entries, JsonWriter::of_lines(io::sink(), style.json).keeping_text(buffer, LONG), style)
        }
    }
}

fn decode_json(mut entries: Vec<Entry>, mut json: JsonWriter<io::Sink>, style: DumpStyle) -> Text {
    let mut unreadable = Vec::new();
    let mut done = 0;
    for entry in &entries {
        let (key, value) = (entry.key(), stored(entry, style));
        let written = match style.format {
            DumpFormat::RawLines => json.try_raw(&key.to_string(), &value),
            _ => json.try_entry(&key.to_string(), &value),
        };
        match written.expect("nothing is handed on") {
            json::Entry::Written => {}
            json::Entry::Undecodable(error) => unreadable.push(Unreadable { key, error }),
            json::Entry::TooLong => break,
        }
        done += 1;
    }
    let left = entries.split_off(done);
    Text { bytes: json.into_text(), unreadable, left }
}

fn show(mut entries: Vec<Entry>, mut text: Vec<u8>, style: DumpStyle) -> Text {
    let mut unreadable = Vec::new();
    let mut done = 0;
    for entry in &entries {
        let before = text.len();
        if before > 0 {
            text.extend_from_slice(separator(style));
        }
        let Ok(shown) = show_entry(entry, style, &mut Limited(&mut text)) else {
            text.truncate(before);
            break;
        };
        unreadable.extend(shown.err().map(|error| Unreadable { key: entry.key(), error }));
        done += 1;
    }
    let left = entries.split_off(done);
    Text { bytes: text, unreadable, left }
}

/// Text that is kept, up to [`LONG`].
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

/// Writes an entry of the map that the notation shows, or of the map itself.
fn show_entry(entry: &Entry, style: DumpStyle, out: &mut impl Write) -> io::Result<Result<(), DecodeError>> {
    let (key, value) = (entry.key().to_string(), stored(entry, style));
    if style.format == DumpFormat::Cbor {
        let mut heads = Vec::new();
        push_text(&mut heads, &key);
        push_head(&mut heads, Header::Bytes(Some(value.len())));
        out.write_all(&heads)?;
        return out.write_all(&value).map(Ok);
    }
    if style.json.pretty {
        out.write_all(b"\n  ")?;
    }
    serde_json::to_writer(&mut *out, &key)?;
    out.write_all(b": ")?;
    let levels = style.json.pretty.then_some(1);
    if verify(&value).is_err() {
        return notation(&value, levels, out);
    }
    out.write_all(b"<<")?;
    let shown = notation(&value, levels, out)?;
    out.write_all(b">>")?;
    Ok(shown)
}

/// What stands between two entries that begin and end without.
fn separator(style: DumpStyle) -> &'static [u8] {
    match style.format {
        DumpFormat::Json => b",",
        DumpFormat::Notation if style.json.pretty => b",",
        DumpFormat::Notation => b", ",
        DumpFormat::Lines | DumpFormat::RawLines | DumpFormat::Cbor => b"",
    }
}

struct Writer<'d, 'w, W: Write> {
    out: W,
    style: DumpStyle,
    is_first: bool,
    decoding: &'d mut InOrder<'w, Batch, Text>,
    batch: Vec<Entry>,
    batch_bytes: usize,
    buffers: Vec<Vec<u8>>,
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

    /// Takes the next entry, and hands it on.
    fn take(&mut self, entry: Entry) -> io::Result<()> {
        let len = entry.sub_key().len() + entry.value().len();
        if len >= LARGE {
            // What waits holds on to its pages.
            self.write_all()?;
            return self.write_large(&entry);
        }
        if self.batch_bytes + len > BATCH {
            self.hand_on();
        }
        self.batch_bytes += len;
        self.batch.push(entry);
        match self.decoding.next_due() {
            Some(text) => self.write(text),
            None => Ok(()),
        }
    }

    fn hand_on(&mut self) {
        let entries = mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if !entries.is_empty() {
            self.decoding.give(Batch { entries, buffer: self.buffers.pop().unwrap_or_default() });
        }
    }

    /// Writes all that was taken.
    fn write_all(&mut self) -> io::Result<()> {
        self.hand_on();
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
        self.buffers.push(bytes);
        left.iter().try_for_each(|entry| self.write_large(entry))
    }

    /// Writes an entry piece by piece.
    fn write_large(&mut self, entry: &Entry) -> io::Result<()> {
        let written = match self.style.format {
            DumpFormat::Json => {
                let value = stored(entry, self.style);
                match EnvelopeView::new(&value) {
                    Err(error) => Err(error),
                    Ok(envelope) => {
                        self.separate()?;
                        let mut json = JsonWriter::inside_object(&mut self.out, self.style.json);
                        json.key(&entry.key().to_string())?;
                        json.envelope(&envelope)?;
                        json.finish()?;
                        Ok(())
                    }
                }
            }
            DumpFormat::Lines | DumpFormat::RawLines => dump_entry(entry, self.style, &mut self.out)?,
            DumpFormat::Notation | DumpFormat::Cbor => {
                self.separate()?;
                show_entry(entry, self.style, &mut self.out)?
            }
        };
        self.unreadable.extend(written.err().map(|error| Unreadable { key: entry.key(), error }));
        Ok(())
    }

    fn separate(&mut self) -> io::Result<()> {
        if mem::replace(&mut self.is_first, false) { Ok(()) } else { self.out.write_all(separator(self.style)) }
    }
}
