//! Pages kept from a file that changes, so that a walk can begin again from a newer header without
//! reading what it has read before, and end on one commit at any rate of commits.

use super::page::PageNumber;
use super::{Result, Root, read_at, write_at};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Bytes of pages in memory; what comes beyond goes to a temporary file without a name.
const MEMORY: usize = 256 * 1024 * 1024;

/// Verified pages by their place and checksum: the used bytes of each.
#[derive(Debug, Default)]
pub struct PageStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pages: HashMap<(PageNumber, u128), Kept>,
    in_memory: usize,
    spill: Option<fs::File>,
    spilled: u64,
}

#[derive(Debug)]
enum Kept {
    Here(Box<[u8]>),
    Spilled { offset: u64, len: usize },
}

impl PageStore {
    /// Fills `buffer` with the page and returns how many bytes of it are the page's.
    pub fn fetch(&self, at: &Root, buffer: &mut Vec<u8>) -> Result<Option<usize>> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = inner.pages.get(&(at.page, at.checksum)) else { return Ok(None) };
        let len = match kept {
            Kept::Here(bytes) => bytes.len(),
            Kept::Spilled { len, .. } => *len,
        };
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        match (kept, &inner.spill) {
            (Kept::Here(bytes), _) => buffer[..len].copy_from_slice(bytes),
            (Kept::Spilled { offset, .. }, Some(spill)) => {
                read_at(spill, &mut buffer[..len], *offset).map_err(of_spill)?
            }
            (Kept::Spilled { .. }, None) => return Ok(None),
        }
        Ok(Some(len))
    }

    pub fn keep(&self, at: &Root, bytes: &[u8]) -> Result<()> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (at.page, at.checksum);
        if inner.in_memory + bytes.len() <= MEMORY {
            inner.in_memory += bytes.len();
            inner.pages.insert(key, Kept::Here(bytes.into()));
            return Ok(());
        }
        if inner.spill.is_none() {
            inner.spill = Some(tempfile::tempfile().map_err(of_spill)?);
        }
        let offset = inner.spilled;
        if let Some(spill) = &inner.spill {
            write_at(spill, bytes, offset).map_err(of_spill)?;
        }
        inner.spilled += bytes.len() as u64;
        inner.pages.insert(key, Kept::Spilled { offset, len: bytes.len() });
        Ok(())
    }
}

/// It is not the cache that this is about.
fn of_spill(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the temporary file for its pages: {error}"))
}
