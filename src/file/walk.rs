//! The walk over the pages of a tree: which page comes next, that none is visited again, and that none is used before
//! its checksum is verified.

use super::damage::Fault;
use super::near::Near;
use super::{Error, File, Page, PageNumber, PageRef, Reached, Result, Widths};
use std::sync::Arc;
use std::vec::IntoIter;

/// No tree that fits into a file is deeper, since a branch has at least two children.
pub(super) const MAX_DEPTH: usize = 64;

/// Pages that a walk reads one by one: a look for one key needs no others.
const ONE_BY_ONE: usize = 8;

/// A walk over one tree after the other, each in the order of its keys, a branch before what is below it.
///
/// [`Walk::next`] names a page. The caller reads it with [`Walk::read`] or, to read the whole tree, with
/// [`Walk::read_near`], and descends with [`Walk::enter`], or skips it; after an error the walk goes on with the next
/// page.
#[derive(Debug)]
pub struct Walk<'f> {
    file: &'f File,
    widths: Widths,
    /// The pages that are still to come: the root, then the children of each branch down to the current page.
    pending: Vec<IntoIter<PageRef>>,
    reached: Reached,
    near: Near,
    /// Pages that were read one by one.
    read: usize,
    /// Branches above the leaves of this tree; `None` until a leaf was read.
    leaf_depth: Option<usize>,
}

impl<'f> Walk<'f> {
    pub fn new(file: &'f File) -> Walk<'f> {
        Walk::beside(file, Reached::default())
    }

    /// The pages that another walk has reached count as reached, since no two trees share a page.
    pub fn beside(file: &'f File, reached: Reached) -> Walk<'f> {
        Walk {
            file,
            widths: Widths::default(),
            pending: Vec::new(),
            reached,
            near: Near::default(),
            read: 0,
            leaf_depth: None,
        }
    }

    /// The pages that were reached.
    pub fn into_reached(self) -> Reached {
        self.reached
    }

    /// Begins another tree.
    pub fn begin(&mut self, root: Option<PageRef>, widths: Widths) {
        self.widths = widths;
        self.leaf_depth = None;
        self.pending.clear();
        self.pending.extend(root.map(|root| vec![root].into_iter()));
    }

    /// The next page, unread.
    pub fn next(&mut self) -> Option<PageRef> {
        while let Some(level) = self.pending.last_mut() {
            if let Some(at) = level.next() {
                return Some(at);
            }
            self.pending.pop();
        }
        None
    }

    /// Branches above the page that came last.
    pub fn depth(&self) -> usize {
        self.pending.len().saturating_sub(1)
    }

    /// Visits these children of the page that came last before anything else.
    pub fn enter(&mut self, children: Vec<PageRef>) {
        self.pending.push(children.into_iter());
    }

    /// Reaches a page.
    ///
    /// # Errors
    /// Damage if the page, or a part of it, was reached before.
    pub fn reach(&mut self, page: PageNumber) -> Result<()> {
        if self.reached.add(self.file, page) { Err(Error::page(page, Fault::ReachedTwice)) } else { Ok(()) }
    }

    /// Reads the page that came last and verifies it.
    ///
    /// # Errors
    /// Damage if it does not have the checksum that its parent has for it, or is a branch deeper than any tree.
    pub fn read(&mut self, at: PageRef) -> Result<Arc<Page>> {
        let page = self.file.read_page(&at, self.widths)?;
        self.expect_depth(at, page)
    }

    /// The same; leaves below one branch are read together.
    pub fn read_near(&mut self, at: PageRef) -> Result<Arc<Page>> {
        if self.read < ONE_BY_ONE || self.leaf_depth != Some(self.depth()) {
            self.read += 1;
            let page = self.read(at)?;
            if page.is_leaf() {
                self.leaf_depth = Some(self.depth());
            }
            return Ok(page);
        }
        let next = self.pending.last().map_or(&[][..], IntoIter::as_slice);
        let page = self.near.read_page(self.file, &at, next, self.widths)?;
        self.expect_depth(at, page)
    }

    fn expect_depth(&self, at: PageRef, page: Arc<Page>) -> Result<Arc<Page>> {
        if self.depth() == MAX_DEPTH && !page.is_leaf() {
            return Err(Error::page(at.page, Fault::TooDeep));
        }
        Ok(page)
    }
}
