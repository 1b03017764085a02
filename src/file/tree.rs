//! A B-tree, walked in key order or searched, one verified page at a time.

use super::damage::Fault;
use super::walk::{MAX_DEPTH, Walk};
use super::{Error, File, Page, PageRef, Reached, Result, Sum, Widths};
use std::ops::Range;
use std::sync::Arc;

/// A tree of a file.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'f> {
    file: &'f File,
    root: Option<PageRef>,
    widths: Widths,
}

/// An entry of a tree, in the page that holds it.
#[derive(Clone, Debug)]
pub struct TreeEntry {
    page: Arc<Page>,
    index: usize,
}

impl TreeEntry {
    pub fn key(&self) -> &[u8] {
        self.page.key(self.index)
    }

    pub fn value(&self) -> &[u8] {
        self.page.value(self.index)
    }
}

/// Pairs of a tree that follow each other in one page.
#[derive(Clone, Debug)]
pub struct TreeEntries {
    page: Arc<Page>,
    range: Range<usize>,
}

impl TreeEntries {
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Bytes in use of the page.
    pub fn page_bytes(&self) -> usize {
        self.page.used_bytes().len()
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.range.clone().map(|n| (self.page.key(n), self.page.value(n)))
    }

    /// The pairs one by one.
    pub fn each(&self) -> impl Iterator<Item = TreeEntry> {
        self.range.clone().map(|index| TreeEntry { page: Arc::clone(&self.page), index })
    }

    /// Takes the first pair off.
    pub fn next(&mut self) -> Option<TreeEntry> {
        self.range.next().map(|index| TreeEntry { page: Arc::clone(&self.page), index })
    }

    /// The keys, one after the other.
    pub fn keys(&self) -> &[u8] {
        self.page.keys(self.range.clone())
    }

    /// The values, one after the other.
    pub fn values(&self) -> &[u8] {
        self.page.values(self.range.clone())
    }

    /// The same without the first ones.
    pub fn skip(&self, count: usize) -> TreeEntries {
        TreeEntries { page: Arc::clone(&self.page), range: self.range.start + count..self.range.end }
    }
}

impl From<TreeEntry> for TreeEntries {
    fn from(TreeEntry { page, index }: TreeEntry) -> TreeEntries {
        TreeEntries { page, range: index..index + 1 }
    }
}

impl<'f> Tree<'f> {
    pub fn new(file: &'f File, root: Option<PageRef>, widths: Widths) -> Tree<'f> {
        Tree { file, root, widths }
    }

    /// The entry with this key, read along the one path that leads to it.
    pub fn get(&self, key: &[u8]) -> Result<Option<TreeEntry>> {
        let Some(mut at) = self.root else { return Ok(None) };
        for _ in 0..MAX_DEPTH {
            let page = self.file.read_page(&at, self.widths)?;
            let index = page.position(key);
            if page.is_leaf() {
                let found = index < page.count() && page.key(index) == key;
                return Ok(found.then_some(TreeEntry { page, index }));
            }
            at = page.child(index);
        }
        Err(Error::page(at.page, Fault::TooDeep))
    }

    /// All entries, in the order of the tree.
    pub fn entries(&self) -> Cursor<'f> {
        self.entries_from(&[])
    }

    /// The entries whose key is not before `start`, in the order of the tree.
    pub fn entries_from(&self, start: &[u8]) -> Cursor<'f> {
        self.entries_beside(start, Reached::default())
    }

    /// The same; the pages that another walk has reached count as reached.
    pub fn entries_beside(&self, start: &[u8], reached: Reached) -> Cursor<'f> {
        let mut walk = Walk::beside(self.file, reached);
        walk.begin(self.root, self.widths);
        Cursor { walk, leaf: None, start: Some(start.to_vec()) }
    }

    /// The number and total size of its entries, read on all cores, if the tree is sound and its keys are text; if not,
    /// [`Tree::entries`] tells why.
    pub fn sum(&self) -> Option<Sum> {
        self.root.map_or(Some(Sum::default()), |root| Sum::of_tree(self.file, root, self.widths))
    }

    /// Reads every page.
    pub fn verify(&self) -> Result<()> {
        let mut cursor = self.entries();
        while cursor.next_leaf()?.is_some() {}
        Ok(())
    }
}

/// A place in a tree, moving forward. After an error it goes on with the next page.
#[derive(Debug)]
pub struct Cursor<'f> {
    walk: Walk<'f>,
    leaf: Option<(Arc<Page>, usize)>,
    /// Where to begin; taken on the first step.
    start: Option<Vec<u8>>,
}

impl Cursor<'_> {
    /// The pages that were reached.
    pub fn into_reached(self) -> Reached {
        self.walk.into_reached()
    }

    /// The next leaf, whole.
    fn next_leaf(&mut self) -> Result<Option<Arc<Page>>> {
        // The memory of the page can be used for the next one.
        self.leaf = None;
        let start = self.start.take();
        while let Some(at) = self.walk.next() {
            self.walk.reach(at.page)?;
            let page = self.walk.read_near(at)?;
            let index = start.as_ref().map_or(0, |start| page.position(start));
            if page.is_leaf() {
                self.leaf = Some((Arc::clone(&page), index));
                return Ok(Some(page));
            }
            self.walk.enter(page.children_from(index));
        }
        Ok(None)
    }

    /// The entries that come next in one page, up to the first whose key `takes` refuses: none if it refuses that of
    /// the next one.
    pub fn next_run(&mut self, takes: impl Fn(&[u8]) -> bool) -> Result<Option<TreeEntries>> {
        loop {
            if let Some((page, next)) = &mut self.leaf
                && *next < page.count()
            {
                let start = *next;
                *next = (start..page.count()).find(|n| !takes(page.key(*n))).unwrap_or(page.count());
                return Ok(Some(TreeEntries { page: Arc::clone(page), range: start..*next }));
            }
            if self.next_leaf()?.is_none() {
                return Ok(None);
            }
        }
    }

    fn step(&mut self) -> Result<Option<TreeEntry>> {
        loop {
            if let Some((page, next)) = &mut self.leaf
                && *next < page.count()
            {
                *next += 1;
                return Ok(Some(TreeEntry { page: Arc::clone(page), index: *next - 1 }));
            }
            if self.next_leaf()?.is_none() {
                return Ok(None);
            }
        }
    }
}

impl Iterator for Cursor<'_> {
    type Item = Result<TreeEntry>;

    fn next(&mut self) -> Option<Result<TreeEntry>> {
        self.step().transpose()
    }
}
