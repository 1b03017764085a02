//! A walk over all of a commit that goes on where a page is damaged.

use super::damage::Fault;
use super::table::{Definition, FREED};
use super::tree::MAX_DEPTH;
use super::{Damage, Error, File, Page, Reached, Result, Root, Slot, Widths};
use std::str;
use std::sync::Arc;

/// What a walk over the trees of one commit has come upon.
#[derive(Debug)]
pub struct Survey<'f> {
    file: &'f File,
    reached: Reached,
    /// Pages whose checksum holds.
    pub pages: u64,
    /// Those of them that are branches.
    pub branches: u64,
    /// Bytes that these pages take in the file.
    pub allocated: u64,
    /// Pages from the root to the deepest leaf of the tree that was walked last.
    pub depth: usize,
    /// The buffer of a leaf that nobody refers to any more.
    spare: Vec<u8>,
}

impl<'f> Survey<'f> {
    pub fn new(file: &'f File) -> Survey<'f> {
        Survey { file, reached: Reached::default(), pages: 0, branches: 0, allocated: 0, depth: 0, spare: Vec::new() }
    }

    /// Calls `leaf` with every leaf of a tree that can be read, in order, and `damage` with
    /// everything that cannot.
    pub fn tree(
        &mut self,
        root: Option<Root>,
        widths: Widths,
        leaf: &mut dyn FnMut(&Arc<Page>) -> Result<()>,
        damage: &mut dyn FnMut(Damage),
    ) -> Result<()> {
        // The branches down to here, each with the child to visit next.
        let mut branches: Vec<(Arc<Page>, usize)> = Vec::new();
        let mut next = root;
        self.depth = 0;
        while let Some(at) = next {
            match self.page(&at, widths, branches.len()) {
                Ok(page) if page.is_leaf() => {
                    self.depth = self.depth.max(branches.len() + 1);
                    leaf(&page)?;
                    self.spare = Arc::into_inner(page).map_or_else(Vec::new, |page| page.bytes);
                }
                Ok(page) => {
                    self.branches += 1;
                    branches.push((page, 0));
                }
                Err(Error::Damaged(what)) => damage(what),
                Err(error) => return Err(error),
            }
            next = loop {
                let Some((branch, child)) = branches.last_mut() else { break None };
                if *child <= branch.count() {
                    *child += 1;
                    break Some(branch.child(*child - 1));
                }
                branches.pop();
            };
        }
        Ok(())
    }

    fn page(&mut self, at: &Root, widths: Widths, depth: usize) -> Result<Arc<Page>> {
        let fault = |fault| Error::Damaged(Damage::of_page(Some(at.page), fault));
        if self.reached.add(self.file, at.page) {
            return Err(fault(Fault::ReachedTwice));
        }
        let page = self.file.read_page(at, widths, std::mem::take(&mut self.spare))?;
        self.pages += 1;
        self.allocated += self.file.header.geometry.locate(at.page).map_or(0, |(_, size)| size);
        if depth == MAX_DEPTH && !page.is_leaf() {
            return Err(fault(Fault::TooDeep));
        }
        Ok(page)
    }

    /// The definitions of a table tree, as far as they can be read.
    pub fn definitions(
        &mut self,
        root: Option<Root>,
        damage: &mut dyn FnMut(Damage),
    ) -> Result<Vec<(String, Definition)>> {
        let mut definitions = Vec::new();
        let mut senseless = 0;
        let mut leaf = |page: &Arc<Page>| {
            for n in 0..page.count() {
                match (str::from_utf8(page.key(n)), Definition::parse(page.value(n))) {
                    (Ok(name), Some(definition)) => definitions.push((name.to_owned(), definition)),
                    _ => senseless += 1,
                }
            }
            Ok(())
        };
        self.tree(root, Widths::default(), &mut leaf, damage)?;
        for _ in 0..senseless {
            let fault = Fault::Definition;
            damage(Damage::of_page(root.map(|root| root.page), fault));
        }
        Ok(definitions)
    }

    /// Reads a table for its pages alone, those of a multimap's inner trees too.
    pub fn table(&mut self, table: &Definition, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        let mut inner = Vec::new();
        let mut leaf = |page: &Arc<Page>| {
            inner.extend((0..page.count()).filter_map(|n| table.inner_root(page.value(n))));
            Ok(())
        };
        self.tree(table.root, table.outer_widths(), &mut leaf, damage)?;
        inner.into_iter().try_for_each(|root| self.tree(Some(root), table.inner_widths(), &mut |_| Ok(()), damage))
    }

    /// Reads all that redb keeps for itself in a commit.
    pub fn own(&mut self, slot: &Slot, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        for (_, table) in self.definitions(slot.system, damage)? {
            self.table(&table, damage)?;
        }
        self.tree(slot.freed, FREED, &mut |_| Ok(()), damage)
    }
}
