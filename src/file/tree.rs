//! A B-tree, walked in key order or searched, one verified page at a time.

use super::damage::Fault;
use super::{Error, File, Page, PageNumber, Reached, Result, Root, Widths};
use std::sync::Arc;

/// No tree that fits a file is deeper: a branch has at least two children.
pub(super) const MAX_DEPTH: usize = 64;

/// A tree of a file.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'f> {
    file: &'f File,
    root: Option<Root>,
    widths: Widths,
}

/// A pair of a tree, in the page that it lies in.
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

impl<'f> Tree<'f> {
    pub fn new(file: &'f File, root: Option<Root>, widths: Widths) -> Tree<'f> {
        Tree { file, root, widths }
    }

    /// The entry with this key, read along the one path that leads to it.
    pub fn get(&self, key: &[u8]) -> Result<Option<TreeEntry>> {
        let Some(mut at) = self.root else { return Ok(None) };
        let mut buffer = Vec::new();
        for _ in 0..MAX_DEPTH {
            let page = self.file.read_page(&at, self.widths, buffer)?;
            let index = page.position(key);
            if page.is_leaf() {
                let found = index < page.count() && page.key(index) == key;
                return Ok(found.then_some(TreeEntry { page, index }));
            }
            at = page.child(index);
            buffer = Arc::into_inner(page).map_or_else(Vec::new, |page| page.bytes);
        }
        Err(too_deep(at.page))
    }

    /// All entries, in the order of the tree.
    pub fn entries(&self) -> Cursor<'f> {
        self.entries_from(&[])
    }

    /// The entries whose key is not before `start`, in the order of the tree.
    pub fn entries_from(&self, start: &[u8]) -> Cursor<'f> {
        Cursor {
            tree: *self,
            branches: Vec::new(),
            leaf: None,
            spare: Vec::new(),
            start: Some(start.to_vec()),
            reached: Reached::default(),
        }
    }

    /// Reads every page.
    pub fn verify(&self) -> Result<()> {
        let mut cursor = self.entries();
        while cursor.next_leaf()?.is_some() {}
        Ok(())
    }
}

/// A place in a tree, moving forward. Behind an error it goes on with the next page.
#[derive(Debug)]
pub struct Cursor<'f> {
    tree: Tree<'f>,
    /// The branches down to the current leaf, each with the child to visit next.
    branches: Vec<(Arc<Page>, usize)>,
    leaf: Option<(Arc<Page>, usize)>,
    spare: Vec<u8>,
    /// Where to begin; taken on the first step.
    start: Option<Vec<u8>>,
    reached: Reached,
}

impl Cursor<'_> {
    /// Takes the pages that another walk has reached for reached; no two trees share a page.
    pub fn beside(self, reached: Reached) -> Self {
        Cursor { reached, ..self }
    }

    /// The pages that were reached.
    pub fn into_reached(self) -> Reached {
        self.reached
    }

    /// The next leaf, whole.
    fn next_leaf(&mut self) -> Result<Option<Arc<Page>>> {
        self.reuse_leaf();
        let start = self.start.take();
        let mut at = match &start {
            Some(_) => self.tree.root,
            None => self.next_child(),
        };
        while let Some(root) = at {
            let page = self.read(&root)?;
            let index = start.as_ref().map_or(0, |start| page.position(start));
            if page.is_leaf() {
                self.leaf = Some((Arc::clone(&page), index));
                return Ok(Some(page));
            }
            if self.branches.len() == MAX_DEPTH {
                return Err(too_deep(root.page));
            }
            at = Some(page.child(index));
            self.branches.push((page, index + 1));
        }
        Ok(None)
    }

    fn next_child(&mut self) -> Option<Root> {
        while let Some((branch, next)) = self.branches.last_mut() {
            if *next <= branch.count() {
                *next += 1;
                return Some(branch.child(*next - 1));
            }
            self.branches.pop();
        }
        None
    }

    fn read(&mut self, root: &Root) -> Result<Arc<Page>> {
        if self.reached.add(self.tree.file, root.page) {
            return Err(Error::page(root.page, Fault::ReachedTwice));
        }
        self.tree.file.read_page(root, self.tree.widths, std::mem::take(&mut self.spare))
    }

    /// The buffer of a leaf that no entry refers to any more serves the next one.
    fn reuse_leaf(&mut self) {
        if let Some((leaf, _)) = self.leaf.take()
            && let Some(page) = Arc::into_inner(leaf)
        {
            self.spare = page.bytes;
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

fn too_deep(page: PageNumber) -> Error {
    Error::page(page, Fault::TooDeep)
}
