//! A walk that goes on where a page is damaged, and finds pages that are reached twice.

use super::table::{Definition, FREED};
use super::{Damage, Error, File, Page, PageNumber, Result, Root, Slot, Widths};
use std::str;

/// What a walk over the trees of one commit has come upon.
#[derive(Debug)]
pub struct Survey<'f> {
    file: &'f File,
    /// A bit for each base page of the file.
    reached: Vec<u64>,
    /// Pages whose checksum holds.
    pub pages: u64,
}

impl<'f> Survey<'f> {
    pub fn new(file: &'f File) -> Survey<'f> {
        let words = usize::try_from(file.capacity() / 64 + 1).unwrap_or(usize::MAX);
        Survey { file, reached: vec![0; words], pages: 0 }
    }

    /// Calls `leaf` with every leaf of a tree that can be read, in order, and `damage` with
    /// everything that cannot.
    pub fn tree(
        &mut self,
        root: Option<Root>,
        widths: Widths,
        leaf: &mut dyn FnMut(&mut Self, &Page) -> Result<()>,
        damage: &mut dyn FnMut(Damage),
    ) -> Result<()> {
        let mut to_do: Vec<Root> = root.into_iter().collect();
        while let Some(at) = to_do.pop() {
            if self.reach(at.page) {
                damage(Damage { page: Some(at.page), fault: "it is reached twice" });
                continue;
            }
            let page = match self.file.read_page(&at, widths, Vec::new()) {
                Ok(page) => page,
                Err(Error::Damaged(what)) => {
                    damage(what);
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.pages += 1;
            if page.is_leaf() {
                leaf(self, &page)?;
            } else {
                to_do.extend((0..=page.count()).rev().map(|n| page.child(n)));
            }
        }
        Ok(())
    }

    /// The definitions of a table tree, as far as they can be read.
    pub fn definitions(
        &mut self,
        root: Option<Root>,
        damage: &mut dyn FnMut(Damage),
    ) -> Result<Vec<(String, Definition)>> {
        let mut definitions = Vec::new();
        let mut unreadable = Vec::new();
        let mut leaf = |_: &mut Self, page: &Page| {
            for n in 0..page.count() {
                match (str::from_utf8(page.key(n)), Definition::parse(page.value(n))) {
                    (Ok(name), Some(definition)) => definitions.push((name.to_owned(), definition)),
                    _ => unreadable.push(()),
                }
            }
            Ok(())
        };
        self.tree(root, Widths::default(), &mut leaf, damage)?;
        for () in unreadable {
            damage(Damage { page: root.map(|root| root.page), fault: "the definition of a table makes no sense" });
        }
        Ok(definitions)
    }

    /// Reads a table for its pages alone, those of a multimap's inner trees too.
    pub fn table(&mut self, table: &Definition, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        let mut inner = Vec::new();
        self.tree(
            table.root,
            table.outer_widths(),
            &mut |_, page| {
                inner.extend((0..page.count()).filter_map(|n| table.inner_root(page.value(n))));
                Ok(())
            },
            damage,
        )?;
        inner.into_iter().try_for_each(|root| self.tree(Some(root), table.inner_widths(), &mut |_, _| Ok(()), damage))
    }

    /// Reads all that redb keeps for itself in a commit.
    pub fn own(&mut self, slot: &Slot, damage: &mut dyn FnMut(Damage)) -> Result<()> {
        for (_, table) in self.definitions(slot.system, damage)? {
            self.table(&table, damage)?;
        }
        self.tree(slot.freed, FREED, &mut |_, _| Ok(()), damage)
    }

    /// Marks a page as reached and tells whether a part of it was before.
    fn reach(&mut self, page: PageNumber) -> bool {
        // A page outside of the file is found out when it is read.
        let Some((start, size)) = self.file.header.geometry.locate(page) else { return false };
        let base = u64::from(self.file.header.geometry.page_size);
        let mut twice = false;
        for n in start / base..(start + size) / base {
            let word = usize::try_from(n / 64).ok().and_then(|word| self.reached.get_mut(word));
            let Some(word) = word else { break };
            twice |= *word >> (n % 64) & 1 == 1;
            *word |= 1 << (n % 64);
        }
        twice
    }
}
