//! Pages kept from a file that changes: a walk that starts again from a newer header need not read them again, so that
//! it can finish on one commit however fast the app commits.

use super::page::{Page, Shape, Widths};
use super::page_number::PageNumber;
use super::{Damage, Error, PageRef, Result};
use crate::system::spill::Spill;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of pages in memory; further pages go to a temporary file without a name.
const MEMORY: usize = 32 * 1024 * 1024;

/// Verified pages by their place and checksum.
#[derive(Debug, Default)]
pub struct PageStore(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    pages: HashMap<(PageNumber, u128), Kept>,
    in_memory: usize,
    spill: Spill,
}

impl Default for Inner {
    fn default() -> Inner {
        // Pages in memory need not be verified again.
        Inner { pages: HashMap::new(), in_memory: 0, spill: Spill::new(0) }
    }
}

#[derive(Debug)]
enum Kept {
    Here(Arc<Page>),
    /// The used bytes, in the temporary file.
    Spilled {
        offset: u64,
        len: usize,
    },
}

impl PageStore {
    /// The page, if it is there and was read with the same widths.
    pub fn fetch(&self, at: &PageRef, widths: Widths) -> Result<Option<Arc<Page>>> {
        let inner = self.lock();
        match inner.pages.get(&(at.page, at.checksum)) {
            Some(Kept::Here(page)) if page.widths() == widths => Ok(Some(Arc::clone(page))),
            Some(&Kept::Spilled { offset, len }) => {
                let mut bytes = vec![0; len];
                inner.spill.read(offset, &mut bytes).map_err(of_spill)?;
                // The spill file may have changed; verify again.
                let damaged = |fault| Error::Damaged(Damage::of_contents(at.page, at.checksum, fault));
                let shape = Shape::parse(&bytes, widths).map_err(damaged)?;
                Page::verify(bytes.into(), len, shape, at.checksum).map(|page| Some(Arc::new(page))).map_err(damaged)
            }
            _ => Ok(None),
        }
    }

    pub fn keep(&self, at: &PageRef, page: &Arc<Page>) -> Result<()> {
        let bytes = page.used_bytes();
        let mut inner = self.lock();
        let kept = if inner.in_memory + bytes.len() <= MEMORY {
            inner.in_memory += bytes.len();
            Kept::Here(Arc::clone(page))
        } else {
            let offset = inner.spill.push(bytes).map_err(of_spill)?;
            Kept::Spilled { offset, len: bytes.len() }
        };
        inner.pages.insert((at.page, at.checksum), kept);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error is not about the cache.
#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn of_spill(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the temporary file for its pages: {error}"))
}
