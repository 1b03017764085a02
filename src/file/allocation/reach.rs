//! The walk that finds the pages of a commit. Of the tables of the user only branches are read: they name
//! the leaves, which are nearly all pages of a file.

use super::super::damage::{Damage, Fault};
use super::super::page::{Page, Widths};
use super::super::page_number::PageNumber;
use super::super::table::{Definition, FREED};
use super::super::walk::Walk;
use super::super::{Error, File, PageRef, Result, Slot, TableTree};
use super::{Allocation, SavedTable};
use std::collections::BTreeMap;

/// The tables of the system tree that list pages which wait to be freed; format v3 alone has them.
const FREED_TABLES: [&str; 2] = ["data_pages_unreachable", "system_pages_unreachable"];

/// The table of the system tree in which redb saves its record of free pages.
const SAVED_TABLE: &str = "allocator_state";

/// Which leaves are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// All of them, for what they hold.
    Read,
    /// The first readable one, to learn the depth of the tree: all leaves of a redb tree have the same depth. If one
    /// did not, its page would count as a leaf, the pages below it as free, and the file as unsound.
    Name,
}

impl<'f> Allocation<'f> {
    /// Finds the pages of a commit.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a branch, a definition of a table or a page of the system's cannot be read, if a
    /// page is reached twice, and if one lies outside of the file.
    pub fn of(file: &'f File, slot: &Slot) -> Result<Allocation<'f>> {
        let mut found = Found { file, walk: Walk::new(file), pages: Vec::new() };
        found.tree(slot.user, Widths::default(), Leaves::Read, &mut |_| Ok(()))?;
        for table in TableTree::user(file, slot).all() {
            found.table(&table?.1)?;
        }
        found.tree(slot.system, Widths::default(), Leaves::Read, &mut |_| Ok(()))?;
        let mut saved = None;
        for table in TableTree::system(file, slot).all() {
            let (name, definition) = table?;
            if name == SAVED_TABLE && !definition.multimap {
                let saved = saved.insert(SavedTable::default());
                found.tree(definition.root, definition.outer_widths(), Leaves::Read, &mut |page| {
                    (0..page.count()).for_each(|n| saved.add(page.key(n), page.value(n)));
                    Ok(())
                })?;
            } else if FREED_TABLES.contains(&name.as_str()) && !definition.multimap {
                found.freed(definition.root, definition.outer_widths())?;
            } else {
                found.table(&definition)?;
            }
        }
        found.freed(slot.freed, FREED)?;
        let mut pages = found.pages;
        pages.sort_by_key(|page| page.region);
        if let Some(saved) = &mut saved {
            saved.regions.sort_by_key(|(region, _)| *region);
        }
        Ok(Allocation { file, slot: *slot, pages, saved })
    }
}

impl SavedTable {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        match key {
            [0, region @ ..] if region.len() == 4 => {
                self.regions.push((u32::from_le_bytes(region.try_into().expect("4 bytes")), value.to_vec()));
            }
            [1, ..] => self.tracker = Some(value.to_vec()),
            [2, ..] => self.transaction_id = value.try_into().ok().map(u64::from_le_bytes),
            _ => {}
        }
    }
}

struct Found<'f> {
    file: &'f File,
    walk: Walk<'f>,
    pages: Vec<PageNumber>,
}

impl Found<'_> {
    fn reach(&mut self, page: PageNumber) -> Result<()> {
        let location = self.file.header().geometry.locate(page).ok_or_else(|| Error::page(page, Fault::NoSuchPage))?;
        if location.0 + location.1 > self.file.len() {
            return Err(Error::page(page, Fault::BeyondTheEnd));
        }
        self.walk.reach(page)?;
        self.pages.push(page);
        Ok(())
    }

    fn table(&mut self, table: &Definition) -> Result<()> {
        if !table.multimap {
            return self.tree(table.root, table.outer_widths(), Leaves::Name, &mut |_| Ok(()));
        }
        let mut inner = Vec::new();
        self.tree(table.root, table.outer_widths(), Leaves::Read, &mut |page| {
            inner.extend((0..page.count()).filter_map(|n| table.inner_root(page.value(n))));
            Ok(())
        })?;
        inner
            .into_iter()
            .try_for_each(|root| self.tree(Some(root), table.inner_widths(), Leaves::Name, &mut |_| Ok(())))
    }

    /// A tree of lists of pages: two bytes of their number, and eight for each.
    fn freed(&mut self, root: Option<PageRef>, widths: Widths) -> Result<()> {
        let mut freed = Vec::new();
        self.tree(root, widths, Leaves::Read, &mut |page| {
            for n in 0..page.count() {
                let list = page
                    .value(n)
                    .split_first_chunk::<2>()
                    .and_then(|(count, list)| list.get(..8 * usize::from(u16::from_le_bytes(*count))));
                let list = list.ok_or(Error::Damaged(Damage::of_page(root.map(|root| root.page), Fault::PageList)))?;
                let number = |bytes: &[u8]| PageNumber::parse(u64::from_le_bytes(bytes.try_into().expect("8 bytes")));
                freed.extend(list.chunks_exact(8).map(number));
            }
            Ok(())
        })?;
        freed.into_iter().try_for_each(|page| self.reach(page))
    }

    fn tree(
        &mut self,
        root: Option<PageRef>,
        widths: Widths,
        leaves: Leaves,
        leaf: &mut dyn FnMut(&Page) -> Result<()>,
    ) -> Result<()> {
        let mut leaf_depth = None;
        let mut unread = BTreeMap::new();
        self.walk.begin(root, widths);
        while let Some(at) = self.walk.next() {
            self.reach(at.page)?;
            let depth = self.walk.depth();
            if leaves == Leaves::Name && leaf_depth == Some(depth) {
                continue;
            }
            match self.walk.read(at) {
                Ok(page) => {
                    if page.is_leaf() {
                        leaf_depth.get_or_insert(depth);
                        leaf(&page)?;
                    } else {
                        self.walk.enter(page.children_from(0));
                    }
                }
                // A leaf, as far as can be told.
                Err(error @ Error::Damaged(_)) if leaves == Leaves::Name && leaf_depth.is_none() => {
                    unread.entry(depth).or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        // Damaged leaves do not matter here, and damaged branches do.
        let branch = unread.into_iter().find(|(depth, _)| leaf_depth.is_some_and(|leaf_depth| leaf_depth != *depth));
        branch.map_or(Ok(()), |(_, error)| Err(error))
    }
}
