//! One entry: by itself, or as a pair of the map of all of them.

use super::{DumpFormat, DumpStyle};
use crate::cbor;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::notation::{notation, verify};
use crate::json::writer::{EntryError, JsonWriter, write_envelope};
use crate::live::error::DecodeError;
use crate::live::redact::redact;
use crate::live::view::EnvelopeView;
use crate::snapshot::LiveEntry as Entry;
use ciborium_ll::Header;
use std::borrow::Cow;
use std::io::{self, Write};

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
            write_envelope(&envelope, style.json, out).map(Ok)
        }
        DumpFormat::Lines => {
            let mut json = JsonWriter::lines(out, style.json);
            match json.entry(&entry.key().to_string(), &value) {
                Ok(()) => json.finish().map(|_| Ok(())),
                Err(EntryError::Undecodable(error)) => Ok(Err(error)),
                Err(EntryError::Io(error)) => Err(error),
                Err(EntryError::TooLong) => unreachable!("the text is streamed"),
            }
        }
        DumpFormat::RawLines => {
            let mut json = JsonWriter::lines(out, style.json);
            match json.raw_entry(&entry.key().to_string(), &value) {
                Err(EntryError::Io(error)) => Err(error),
                written => {
                    written.expect("the text is streamed, and not decoded");
                    json.finish().map(|_| Ok(()))
                }
            }
        }
        DumpFormat::Notation => Ok(unless_faulty(notation(&value, style.json.pretty.then_some(0), out)?)),
        DumpFormat::Cbor => out.write_all(&value).map(Ok),
    }
}

/// Writes an entry of the map that the notation shows, or of the map itself.
pub(super) fn show_entry(entry: &Entry, style: DumpStyle, out: &mut impl Write) -> io::Result<Result<(), DecodeError>> {
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
        return Ok(unless_faulty(notation(&value, levels, out)?));
    }
    out.write_all(b"<<")?;
    let fault = notation(&value, levels, out)?;
    out.write_all(b">>")?;
    Ok(unless_faulty(fault))
}

fn unless_faulty(fault: Option<cbor::Error>) -> Result<(), DecodeError> {
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}

/// The bytes that are dumped of an entry.
pub(super) fn stored(entry: &Entry, style: DumpStyle) -> Cow<'_, [u8]> {
    if style.redact { Cow::Owned(redact(entry.value())) } else { Cow::Borrowed(entry.value()) }
}
