//! A walk over a whole commit that skips damaged pages.

use super::damage::Fault;
use super::table::{Definition, FREED};
use super::walk::Walk;
use super::{Damage, Error, File, Page, PageRef, Result, Slot, Widths};
use std::str;
use std::sync::Arc;

/// The result of a walk over the trees of one commit.
#[derive(Debug)]
pub struct Survey<'f> {
    file: &'f File,
    walk: Walk<'f>,
    /// Pages whose checksum matches.
    pub pages: u64,
    /// The branches among them.
    pub branches: u64,
    /// Bytes that these pages take in the file.
    pub allocated: u64,
    /// Pages from the root to the deepest leaf of the tree that was walked last.
    pub depth: usize,
}

impl<'f> Survey<'f> {
    pub fn new(file: &'f File) -> Survey<'f> {
        Survey { file, walk: Walk::new(file), pages: 0, branches: 0, allocated: 0, depth: 0 }
    }

    /// Calls `leaf` with every leaf of a tree that can be read, in order, and `damage` for every page that cannot.
    pub fn tree(
        &mut self,
        root: Option<PageRef>,
        widths: Widths,
        leaf: &mut dyn FnMut(&Arc<Page>) -> Result<()>,
        damage: &mut dyn FnMut(Damage),
    ) -> Result<()> {
        self.walk.begin(root, widths);
        self.depth = 0;
        while let Some(at) = self.walk.next() {
            let page = match self.walk.reach(at.page).and_then(|()| self.walk.read_near(at)) {
                Ok(page) => page,
                Err(Error::Damaged(what)) => {
                    damage(what);
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.pages += 1;
            self.allocated += self.file.header.geometry.locate(at.page).map_or(0, |(_, size)| size);
            if page.is_leaf() {
                self.depth = self.depth.max(self.walk.depth() + 1);
                leaf(&page)?;
            } else {
                self.branches += 1;
                self.walk.enter(page.children_from(0));
            }
        }
        Ok(())
    }

    /// The definitions of a table tree, as far as they can be read.
    pub fn definitions(
        &mut self,
        root: Option<PageRef>,
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

    /// Reads every page of a table without looking at its entries, including the inner trees of a multimap.
    pub fn table(&mut self, table: &Definition, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        let mut inner = Vec::new();
        let mut leaf = |page: &Arc<Page>| {
            inner.extend((0..page.count()).filter_map(|n| table.inner_root(page.value(n))));
            Ok(())
        };
        self.tree(table.root, table.outer_widths(), &mut leaf, damage)?;
        inner.into_iter().try_for_each(|root| self.tree(Some(root), table.inner_widths(), &mut |_| Ok(()), damage))
    }

    /// Reads the system tables of a commit.
    pub fn own(&mut self, slot: &Slot, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        for (_, table) in self.definitions(slot.system, damage)? {
            self.table(&table, damage)?;
        }
        self.tree(slot.freed, FREED, &mut |_| Ok(()), damage)
    }
}
