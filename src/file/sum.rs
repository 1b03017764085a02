//! The total size of a tree's entries, read on all cores.

use super::near::Near;
use super::page::{Page, PageRef, Widths};
use super::walk::{MAX_DEPTH, Walk};
use super::{File, Result};
use crate::system::pool::Pool;
use crate::system::workers::{LARGE, Workers, with_workers};
use std::str;

/// Leaves whose places are sorted at once: those of about 250 MB, for which 3 MB of memory are enough.
const MOST_LEAVES: usize = 64 * 1024;

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
        let mut leaves = Vec::new();
        let buffers = Pool::default();
        with_workers(
            |leaves: Vec<PageRef>| {
                let mut near = buffers.take();
                let sum = Sum::of_leaves(file, &leaves, widths, &mut near);
                buffers.give_back(near);
                sum
            },
            |reading| {
                let mut sum = Sum::default();
                while let Some(at) = walk.next() {
                    walk.reach(at.page).ok()?;
                    if walk.depth() == height {
                        leaves.push((file.header.geometry.locate(at.page)?, at));
                        if leaves.len() == MOST_LEAVES {
                            sum.add(Sum::of_sorted(file, &mut leaves, widths, reading)?);
                        }
                        continue;
                    }
                    let page = walk.read(at).ok()?;
                    if page.is_leaf() {
                        return None;
                    }
                    walk.enter(page.children_from(0));
                }
                sum.add(Sum::of_sorted(file, &mut leaves, widths, reading)?);
                Some(sum)
            },
        )
    }

    /// Sums up leaves in the order of the file, and forgets them. A table whose keys did not come in order has its
    /// leaves all over the file.
    fn of_sorted(
        file: &File,
        leaves: &mut Vec<((u64, u64), PageRef)>,
        widths: Widths,
        reading: &mut Workers<'_, PageRef, Option<Sum>>,
    ) -> Option<Sum> {
        leaves.sort_unstable_by_key(|(place, _)| *place);
        let mut sum = Sum::default();
        for ((_, size), at) in leaves.drain(..) {
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
                    sum.add(Sum::of_leaves(file, &[at], widths, &mut Near::default())?);
                }
            }
        }
        while let Some(read) = reading.next() {
            sum.add(read?);
        }
        Some(sum)
    }

    /// Sums up leaves, which are read many at once.
    fn of_leaves(file: &File, leaves: &[PageRef], widths: Widths, near: &mut Near) -> Option<Sum> {
        let mut sum = Sum::default();
        for (n, at) in leaves.iter().enumerate() {
            let next = &leaves[n + 1..];
            // A page that is kept may be gone from the file.
            let read = if file.keeps_pages() { None } else { near.page(file, at, next, widths) };
            match read {
                Some(page) => sum.add_leaf(&page.ok()?)?,
                None => sum.add_leaf(&*near.read_page(file, at, next, widths).ok()?)?,
            }
        }
        Some(sum)
    }

    fn add_leaf<B: AsRef<[u8]>>(&mut self, page: &Page<B>) -> Option<()> {
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
        let page = file.read_page(&at, widths)?;
        if page.is_leaf() {
            return Ok(Some(height));
        }
        at = page.child(0);
    }
    Ok(None)
}
