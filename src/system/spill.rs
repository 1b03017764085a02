//! Memory that spills to a file: bytes that are appended piece by piece and read back by their offset.

use super::positioned::{read_at, write_at};
use std::fs;
use std::io;

/// Small pieces are written to the file this many bytes at a time.
const BUFFER: usize = 64 * 1024;

/// The pieces: in memory up to a limit, after that in a temporary file without a name.
#[derive(Debug)]
pub(crate) struct Spill {
    limit: usize,
    memory: Vec<u8>,
    /// `None` until the limit is reached.
    file: Option<fs::File>,
    written: u64,
    /// What comes next in the file.
    buffer: Vec<u8>,
}

impl Spill {
    /// Keeps up to this many bytes in memory.
    pub fn new(limit: usize) -> Spill {
        Spill { limit, memory: Vec::new(), file: None, written: 0, buffer: Vec::new() }
    }

    /// Adds a piece; returns its offset.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<u64> {
        let offset = self.len();
        let file = match &mut self.file {
            None if self.memory.len() + piece.len() <= self.limit => {
                self.memory.extend_from_slice(piece);
                return Ok(offset);
            }
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        if self.buffer.len() + piece.len() > BUFFER {
            write_at(file, &self.buffer, self.written)?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
        }
        if piece.len() > BUFFER {
            write_at(file, piece, self.written)?;
            self.written += piece.len() as u64;
        } else {
            self.buffer.extend_from_slice(piece);
        }
        Ok(offset)
    }

    /// Reads a piece, or a part of it, from `offset` on.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let in_file = offset.checked_sub(self.memory.len() as u64);
        let (kept, start) = match (in_file, &self.file) {
            (Some(at), Some(file)) if at < self.written => return read_at(file, into, at),
            (Some(at), _) => (&self.buffer, at - self.written),
            (None, _) => (&self.memory, offset),
        };
        let start = usize::try_from(start).expect("it is in memory");
        into.copy_from_slice(&kept[start..start + into.len()]);
        Ok(())
    }

    /// Reads several pieces that follow each other, as [`Self::read`] reads one.
    pub fn read_across(&self, mut offset: u64, mut into: &mut [u8]) -> io::Result<()> {
        let in_memory = self.memory.len() as u64;
        for end in [in_memory, in_memory + self.written, self.len()] {
            let len = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
            let (part, rest) = into.split_at_mut(len);
            if len > 0 {
                self.read(offset, part)?;
            }
            offset += len as u64;
            into = rest;
        }
        Ok(())
    }

    /// Bytes of all pieces.
    pub fn len(&self) -> u64 {
        self.memory.len() as u64 + self.written + self.buffer.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_read_back_from_memory_or_file() {
        for limit in [0, 1, 1000, 10 * BUFFER] {
            let mut spill = Spill::new(limit);
            let sizes = [0, 1, 999, 2, BUFFER, 7, BUFFER + 1, 0, 3 * BUFFER, 5, BUFFER - 5, 6];
            let mut pieces = Vec::new();
            for (piece, size) in (0u8..).zip(sizes) {
                pieces.push((piece, size, spill.push(&vec![piece; size]).expect("there is room")));
                for &(piece, size, offset) in &pieces {
                    let mut read = vec![0xff; size];
                    spill.read(offset, &mut read).expect("the piece is there");
                    assert_eq!(read, vec![piece; size], "limit {limit}, piece {piece}");
                }
            }
            assert_eq!(spill.file.is_some(), spill.len() > limit as u64);
            let mut all = vec![0; usize::try_from(spill.len()).expect("it is small")];
            spill.read_across(0, &mut all).expect("all pieces are there");
            let expected: Vec<u8> = pieces.iter().flat_map(|&(piece, size, _)| vec![piece; size]).collect();
            assert_eq!(all, expected, "limit {limit}");
        }
    }
}
