//! Stored bytes of sets as CBOR, or in the diagnostic notation.

use crate::cbor::encode::{push_head, push_text};
use crate::cbor::notation::{notation, verify};
use ciborium_ll::Header;
use std::io::{self, Write};
use std::mem;

/// Nested maps of text to stored bytes, as CBOR or in the notation. The bytes of a row are its status and its map, one
/// after the other.
pub(super) struct StoredMaps<W> {
    out: W,
    is_cbor: bool,
    /// Levels of indentation of the notation, if it is indented.
    levels: Option<usize>,
    /// For each map that has begun, whether it is empty so far.
    are_empty: Vec<bool>,
}

impl<W: Write> StoredMaps<W> {
    /// Writes CBOR if `is_cbor`, and otherwise the notation, indented by `levels`, if at all.
    pub fn new(out: W, is_cbor: bool, levels: Option<usize>) -> StoredMaps<W> {
        StoredMaps { out, is_cbor, levels, are_empty: Vec::new() }
    }

    pub fn key(&mut self, key: &str) -> io::Result<()> {
        if self.is_cbor {
            let mut head = Vec::new();
            push_text(&mut head, key);
            return self.out.write_all(&head);
        }
        let is_inside = if let Some(is_empty) = self.are_empty.last_mut() {
            self.out.write_all(if mem::replace(is_empty, false) { b"" } else { b"," })?;
            true
        } else {
            false
        };
        match self.levels {
            Some(_) => self.line()?,
            None if is_inside => self.out.write_all(b" ")?,
            None => {}
        }
        serde_json::to_writer(&mut self.out, key)?;
        self.out.write_all(b": ")
    }

    pub fn begin(&mut self) -> io::Result<()> {
        self.are_empty.push(true);
        if self.is_cbor {
            let mut head = Vec::new();
            push_head(&mut head, Header::Map(None));
            return self.out.write_all(&head);
        }
        self.out.write_all(b"{_")
    }

    pub fn row(&mut self, id: &str, value: &[u8]) -> io::Result<()> {
        if self.is_cbor {
            return self.bytes(id, value);
        }
        self.key(id)?;
        let is_embedded = verify(value).is_ok();
        self.out.write_all(if is_embedded { b"<<" } else { b"" })?;
        let _ = notation(value, self.levels.map(|levels| levels + self.are_empty.len()), &mut self.out)?;
        self.out.write_all(if is_embedded { b">>" } else { b"" })
    }

    /// Writes a byte string without looking at what is in it.
    pub fn bytes(&mut self, key: &str, value: &[u8]) -> io::Result<()> {
        self.key(key)?;
        if self.is_cbor {
            let mut head = Vec::new();
            push_head(&mut head, Header::Bytes(Some(value.len())));
            self.out.write_all(&head)?;
            return self.out.write_all(value);
        }
        self.out.write_all(b"h'")?;
        value.iter().try_for_each(|byte| write!(self.out, "{byte:02x}"))?;
        self.out.write_all(b"'")
    }

    pub fn end(&mut self) -> io::Result<()> {
        let is_empty = self.are_empty.pop();
        match (self.is_cbor, is_empty) {
            (true, _) => return self.out.write_all(b"\xff"),
            (false, Some(false)) if self.levels.is_some() => self.line()?,
            (false, Some(false)) => {}
            (false, _) => self.out.write_all(b" ")?,
        }
        self.out.write_all(b"}")
    }

    /// Begins a line, if the notation is indented.
    fn line(&mut self) -> io::Result<()> {
        let Some(levels) = self.levels else { return Ok(()) };
        write!(self.out, "\n{:1$}", "", 2 * (levels + self.are_empty.len()))
    }
}
