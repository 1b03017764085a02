//! One entry: by itself, or as a pair in the map of all entries.

use super::{DumpError, DumpFormat, DumpStyle, Dumped};
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::notation::{notation, verify};
use crate::json::writer::{EntryError, JsonWriter, write_envelope};
use crate::live::error::DecodeError;
use crate::live::redact::redact;
use crate::live::view::EnvelopeView;
use crate::ops::unread::Unreadable;
use crate::snapshot::LiveEntry;
use ciborium_ll::Header;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes a single entry to `out`: its envelope, its line, or its stored bytes and their notation. If it cannot be
/// decoded, nothing is written but the notation of its bytes.
///
/// # Errors
/// [`DumpError::Output`].
pub fn dump_entry(entry: &LiveEntry, style: DumpStyle, out: &mut impl Write) -> Result<Dumped, DumpError> {
    let unreadable = write_entry(entry, style, out)?.map(|error| Unreadable { key: entry.key(), error });
    let mut dumped = Dumped { entries: 1, ..Dumped::default() };
    dumped.unread.unreadable.extend(unreadable);
    dumped.leave_out(style);
    Ok(dumped)
}

/// Writes a single entry as [`dump_entry`] does. Returns why it cannot be decoded, if it cannot.
pub(super) fn write_entry(
    entry: &LiveEntry,
    style: DumpStyle,
    out: &mut impl Write,
) -> io::Result<Option<DecodeError>> {
    let value = stored(entry, style);
    match style.format {
        DumpFormat::Json => match EnvelopeView::new(&value) {
            Ok(envelope) => write_envelope(&envelope, style.json, out)?,
            Err(error) => return Ok(Some(error)),
        },
        DumpFormat::Lines | DumpFormat::RawLines => {
            let mut json = JsonWriter::lines(out, style.json);
            let key = entry.key().to_string();
            let written = match style.format {
                DumpFormat::RawLines => json.raw_entry(&key, &value),
                _ => json.entry(&key, &value),
            };
            match written {
                Ok(()) => json.finish().map(drop)?,
                Err(EntryError::Undecodable(error)) => return Ok(Some(error)),
                Err(EntryError::Io(error)) => return Err(error),
                Err(EntryError::TooLong) => unreachable!("the text is streamed"),
            }
        }
        DumpFormat::Notation => {
            let fault = notation(&value, style.json.pretty.then_some(0), out)?;
            return Ok(fault.map(DecodeError::from));
        }
        DumpFormat::Cbor => out.write_all(&value)?,
    }
    Ok(None)
}

/// Writes an entry of the map of all entries, as CBOR or in the notation. Returns why its value is not CBOR, if it is
/// not.
pub(super) fn show_entry(entry: &LiveEntry, style: DumpStyle, out: &mut impl Write) -> io::Result<Option<DecodeError>> {
    let (key, value) = (entry.key().to_string(), stored(entry, style));
    if style.format == DumpFormat::Cbor {
        let mut heads = Vec::new();
        push_text(&mut heads, &key);
        push_head(&mut heads, Header::Bytes(Some(value.len())));
        out.write_all(&heads)?;
        out.write_all(&value)?;
        return Ok(None);
    }
    if style.json.pretty {
        out.write_all(b"\n  ")?;
    }
    serde_json::to_writer(&mut *out, &key)?;
    out.write_all(b": ")?;
    let levels = style.json.pretty.then_some(1);
    if verify(&value).is_err() {
        return Ok(notation(&value, levels, out)?.map(DecodeError::from));
    }
    out.write_all(b"<<")?;
    let fault = notation(&value, levels, out)?;
    out.write_all(b">>")?;
    Ok(fault.map(DecodeError::from))
}

/// The bytes to dump: the stored value, redacted if the style says so.
pub(super) fn stored(entry: &LiveEntry, style: DumpStyle) -> Cow<'_, [u8]> {
    if style.redact { Cow::Owned(redact(entry.value())) } else { Cow::Borrowed(entry.value()) }
}
