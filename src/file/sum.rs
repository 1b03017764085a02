//! The total size of a tree's entries, read on all cores.

use super::page::{Page, PageRef, Widths};
use super::walk::{MAX_DEPTH, Walk};
use super::{File, Result, read_exact_at};
use crate::system::workers::{LARGE, with_workers};
use std::str;
use std::sync::Arc;

/// The entries of a tree, and the bytes of their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub entries: u64,
    pub bytes: u64,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.entries += other.entries;
        self.bytes += other.bytes;
    }

    /// Sums up a tree whose keys are text: branches are read here, the leaves below them by the workers. `None` if a
    /// page cannot be read, a key is not text, or not all leaves are equally deep; a walk in order tells which it is.
    pub(super) fn of_tree(file: &File, root: PageRef, widths: Widths) -> Option<Sum> {
        let height = height(file, root, widths).ok()??;
        let mut walk = Walk::new(file);
        walk.begin(Some(root), widths);
        with_workers(
            |leaves: Vec<PageRef>| Sum::of_near_leaves(file, &leaves, widths),
            |reading| {
                let mut sum = Sum::default();
                while let Some(at) = walk.next() {
                    walk.reach(at.page).ok()?;
                    if walk.depth() < height {
                        let page = walk.read(at).ok()?;
                        if page.is_leaf() {
                            return None;
                        }
                        walk.enter(page.children_from(0));
                        walk.reuse(page);
                        continue;
                    }
                    let (_, size) = file.header.geometry.locate(at.page)?;
                    match usize::try_from(size) {
                        Ok(size) if size < LARGE => {
                            reading.push(at, size);
                            if let Some(read) = reading.next_due() {
                                sum.add(read?);
                            }
                        }
                        _ => {
                            while let Some(read) = reading.next() {
                                sum.add(read?);
                            }
                            sum.add(Sum::of_leaves(file, &[at], widths)?);
                        }
                    }
                }
                while let Some(read) = reading.next() {
                    sum.add(read?);
                }
                Some(sum)
            },
        )
    }

    fn of_leaves(file: &File, leaves: &[PageRef], widths: Widths) -> Option<Sum> {
        let mut sum = Sum::default();
        let mut buffer = Vec::new();
        for at in leaves {
            let page = file.read_page(at, widths, buffer).ok()?;
            sum.add_leaf(&page)?;
            buffer = Arc::into_inner(page).map_or_else(Vec::new, |page| page.bytes);
        }
        Some(sum)
    }

    /// The same of leaves in any order, with one read for those that lie next to each other.
    fn of_near_leaves(file: &File, leaves: &[PageRef], widths: Widths) -> Option<Sum> {
        if file.keeps_pages() {
            return Sum::of_leaves(file, leaves, widths);
        }
        let place = |at: &PageRef| {
            let (start, size) = file.header.geometry.locate(at.page)?;
            (start + size <= file.len).then_some((start, size, at.checksum))
        };
        let mut places = leaves.iter().map(place).collect::<Option<Vec<_>>>()?;
        places.sort_unstable();
        let mut sum = Sum::default();
        let (mut run, mut buffer) = (Vec::new(), Vec::new());
        for near in places.chunk_by(|(start, size, _), (next, ..)| start + size == *next) {
            let len = near.iter().map(|(_, size, _)| size).sum::<u64>();
            run.resize(usize::try_from(len).ok()?, 0);
            read_exact_at(&file.handle, &mut run, near[0].0).ok()?;
            let mut rest = run.as_slice();
            for (_, size, checksum) in near {
                let (bytes, after) = rest.split_at(usize::try_from(*size).ok()?);
                rest = after;
                buffer.clear();
                buffer.extend_from_slice(bytes);
                let page = Page::of_place(buffer, widths, *checksum).ok()?;
                file.count_page(page.used_bytes().len());
                sum.add_leaf(&page)?;
                buffer = page.bytes;
            }
        }
        Some(sum)
    }

    fn add_leaf(&mut self, page: &Page) -> Option<()> {
        if !page.is_leaf() {
            return None;
        }
        for n in 0..page.count() {
            str::from_utf8(page.key(n)).ok()?;
            self.add(Sum { entries: 1, bytes: page.value(n).len() as u64 });
        }
        Some(())
    }
}

/// Branches above the first leaf; `None` if there are too many.
fn height(file: &File, root: PageRef, widths: Widths) -> Result<Option<usize>> {
    let mut at = root;
    for height in 0..MAX_DEPTH {
        let page = file.read_page(&at, widths, Vec::new())?;
        if page.is_leaf() {
            return Ok(Some(height));
        }
        at = page.child(0);
    }
    Ok(None)
}
