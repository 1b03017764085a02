//! Pages that are read ahead, many at once: a page of 4 KiB takes the system longer to find than to copy.

use super::{Damage, Error, FIRST_READ, File, Page, PageRef, Result, Widths, read_exact_at};
use std::ops::Range;
use std::sync::Arc;

/// Bytes of pages that are read ahead.
const MOST: u64 = 256 * 1024;

/// Bytes between two pages that are read with them, since a second read takes longer.
const GAP: u64 = 8 * 1024;

/// Pages that were read ahead and are not verified yet.
#[derive(Debug, Default)]
pub struct Near {
    bytes: Vec<u8>,
    /// The parts of the file that were read, in its order, and where their bytes begin.
    parts: Vec<(Range<u64>, usize)>,
}

impl Near {
    /// Reads a page and verifies it, as [`File::read_page`] does; `next` are those that will be read after it.
    pub fn read_page(&mut self, file: &File, at: &PageRef, next: &[PageRef], widths: Widths) -> Result<Arc<Page>> {
        if let Some(page) = file.kept(at, widths)? {
            return Ok(page);
        }
        match self.page(file, at, next, widths) {
            Some(page) => {
                let page = page?;
                let buffer = file.buffers.take(page.used_bytes().len() as u64);
                file.keep(at, page.copy_to(buffer))
            }
            None => file.read_new(at, widths),
        }
    }

    /// Reads a page that is not kept and verifies it where it lies; `None` if it is one that is better read alone.
    pub fn page(&mut self, file: &File, at: &PageRef, next: &[PageRef], widths: Widths) -> Option<Result<Page<&[u8]>>> {
        let place = place(file, at)?;
        let range = match self.find(&place) {
            Some(range) => range,
            None => self.fill(file, &place, next).and_then(|()| self.find(&place))?,
        };
        let page = Page::of_place(&self.bytes[range], widths, at.checksum);
        if let Ok(page) = &page {
            file.count_page(page.used_bytes().len());
        }
        Some(page.map_err(|fault| Error::Damaged(Damage::of_contents(at.page, at.checksum, fault))))
    }

    /// Where the bytes of a place are, if they were read.
    fn find(&self, place: &Range<u64>) -> Option<Range<usize>> {
        let after = self.parts.partition_point(|(part, _)| part.start <= place.start);
        let (part, offset) = &self.parts[after.checked_sub(1)?];
        let start = offset + usize::try_from(place.start - part.start).ok()?;
        (place.end <= part.end).then_some(start..start + usize::try_from(place.end - place.start).ok()?)
    }

    /// Reads a place and those of the next pages, in the order of the file; `None` if there is no next one.
    fn fill(&mut self, file: &File, first: &Range<u64>, next: &[PageRef]) -> Option<()> {
        let mut left = MOST;
        let next = next.iter().map_while(|next| {
            let place = place(file, next)?;
            left = left.checked_sub(place.end - place.start)?;
            Some(place)
        });
        let mut places: Vec<Range<u64>> = next.collect();
        if places.is_empty() {
            return None;
        }
        places.push(first.clone());
        places.sort_unstable_by_key(|place| place.start);
        self.parts.clear();
        for place in places {
            match self.parts.last_mut() {
                Some((part, _)) if place.start <= part.end + GAP => part.end = part.end.max(place.end),
                _ => self.parts.push((place, 0)),
            }
        }
        let read = self.read_parts(file);
        if read.is_none() {
            // The one page may be readable where the others are not.
            self.parts.clear();
        }
        read
    }

    fn read_parts(&mut self, file: &File) -> Option<()> {
        let mut end = 0;
        for (part, offset) in &mut self.parts {
            *offset = end;
            end += usize::try_from(part.end - part.start).ok()?;
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            read_exact_at(&file.handle, &mut self.bytes[*offset..end], part.start).ok()?;
        }
        Some(())
    }
}

/// Where a page lies that is read to its end whatever it holds; a larger one is read only as far as it is used.
fn place(file: &File, at: &PageRef) -> Option<Range<u64>> {
    let (start, size) = file.header.geometry.locate(at.page)?;
    (size <= FIRST_READ && start + size <= file.len).then(|| start..start + size)
}
