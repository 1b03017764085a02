//! Pages that lie next to each other in the file, read at once: a page of 4 KiB takes the system longer to find than
//! to copy.

use super::{Damage, Error, FIRST_READ, File, Page, PageRef, Result, Widths, read_exact_at};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that are read at once.
const MOST: u64 = 64 * 1024;

/// What was read of the file last.
#[derive(Debug, Default)]
pub struct Near {
    start: u64,
    bytes: Vec<u8>,
}

impl Near {
    /// Reads a page and verifies it, as [`File::read_page`] does; `next` are those that will be read after it.
    pub fn read_page(
        &mut self,
        file: &File,
        at: &PageRef,
        next: &[PageRef],
        widths: Widths,
        mut buffer: Vec<u8>,
    ) -> Result<Arc<Page>> {
        if let Some(page) = file.kept(at, widths)? {
            return Ok(page);
        }
        // A large page is read only as far as it is used.
        let Some(bytes) = place(file, at).and_then(|place| self.bytes(file, place, next)) else {
            return file.read_new(at, widths, buffer);
        };
        buffer.clear();
        buffer.extend_from_slice(bytes);
        let damaged = |fault| Error::Damaged(Damage::of_contents(at.page, at.checksum, fault));
        let page = Page::of_place(buffer, widths, at.checksum).map_err(damaged)?;
        file.count_page(page.used_bytes().len());
        file.keep(at, page)
    }

    /// The bytes of a place, if they were read before or are read now with others after it.
    fn bytes(&mut self, file: &File, place: Range<u64>, next: &[PageRef]) -> Option<&[u8]> {
        if !(self.start..=self.end()).contains(&place.start) || place.end > self.end() {
            self.fill(file, place.clone(), next)?;
        }
        let offset = |at: u64| usize::try_from(at - self.start).ok();
        self.bytes.get(offset(place.start)?..offset(place.end)?)
    }

    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Reads a place and those of the next pages, as far as they follow it; `None` if none does.
    fn fill(&mut self, file: &File, first: Range<u64>, next: &[PageRef]) -> Option<()> {
        let mut end = first.end;
        for place in next.iter().map_while(|next| place(file, next)) {
            if place.start != end || place.end - first.start > MOST {
                break;
            }
            end = place.end;
        }
        if end == first.end {
            return None;
        }
        self.bytes.resize(usize::try_from(end - first.start).ok()?, 0);
        self.start = first.start;
        // The one page may be readable where the others are not.
        let read = read_exact_at(&file.handle, &mut self.bytes, self.start);
        if read.is_err() {
            self.bytes.clear();
        }
        read.ok()
    }
}

/// Where a page lies that is read to its end whatever it holds.
fn place(file: &File, at: &PageRef) -> Option<Range<u64>> {
    let (start, size) = file.header.geometry.locate(at.page)?;
    (size <= FIRST_READ && start + size <= file.len).then(|| start..start + size)
}
