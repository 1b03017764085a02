//! The definition of a table, as the table tree holds it under the table's name.

use super::damage::Fault;
use super::page::PageRef;
use super::page::Widths;
use super::{Damage, Error, File, Result, Slot, Tree};
use std::fmt;
use std::str;

/// The type of a table's keys or values, as the app that created it named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// One of redb's own types, such as `&str`; not one that an app defined.
    pub builtin: bool,
    pub name: String,
}

impl TypeName {
    fn parse(bytes: &[u8]) -> Option<TypeName> {
        let (&class, name) = bytes.split_first()?;
        let builtin = match class {
            1 => true,
            2 => false,
            _ => return None,
        };
        Some(TypeName { builtin, name: str::from_utf8(name).ok()?.to_owned() })
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The first byte of a multimap's value that is a tree of its own.
const SUBTREE: u8 = 3;

/// The definition of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub multimap: bool,
    /// The number of entries, or of the pairs of a multimap.
    pub length: u64,
    pub root: Option<PageRef>,
    pub widths: Widths,
    /// 1 in every file that redb 2 and 3 write.
    pub alignments: [u32; 2],
    pub key_type: TypeName,
    pub value_type: TypeName,
}

impl Definition {
    /// Parses the value that the table tree has for a table.
    pub fn parse(bytes: &[u8]) -> Option<Definition> {
        let mut fields = Fields(bytes);
        let multimap = match fields.take::<1>()? {
            [3] => false,
            [4] => true,
            _ => return None,
        };
        let length = u64::from_le_bytes(fields.take()?);
        let root = fields.flagged(|bytes: [u8; PageRef::ROOT_LEN]| PageRef::of_root(&bytes))?;
        let key = fields.flagged(u32::from_le_bytes)?;
        let value = fields.flagged(u32::from_le_bytes)?;
        let alignments = [u32::from_le_bytes(fields.take()?), u32::from_le_bytes(fields.take()?)];
        let key_type_len = usize::try_from(u32::from_le_bytes(fields.take()?)).ok()?;
        let (key_type, value_type) = fields.0.split_at_checked(key_type_len)?;
        Some(Definition {
            multimap,
            length,
            root,
            widths: Widths { key, value },
            alignments,
            key_type: TypeName::parse(key_type)?,
            value_type: TypeName::parse(value_type)?,
        })
    }

    /// The error for a table whose number of entries differs from the one it records.
    pub fn miscounted(&self) -> Error {
        self.damage(Fault::Count)
    }

    /// The error for a key that is not text, although its type says so.
    pub fn key_is_no_text(&self) -> Error {
        self.damage(Fault::KeyNotText)
    }

    pub(super) fn damage(&self, fault: Fault) -> Error {
        Error::Damaged(Damage::of_page(self.root.map(|root| root.page), fault))
    }

    /// The tree of a table, or the tree of the keys of a multimap.
    pub fn tree<'f>(&self, file: &'f File) -> Tree<'f> {
        Tree::new(file, self.root, self.outer_widths())
    }

    pub(super) fn outer_widths(&self) -> Widths {
        let value = if self.multimap { None } else { self.widths.value };
        Widths { key: self.widths.key, value }
    }

    /// The widths of a multimap's inner trees, whose keys are its values.
    pub(super) fn inner_widths(&self) -> Widths {
        Widths { key: self.widths.value, value: Some(0) }
    }

    /// The inner tree of a value of a multimap; `None` if the pairs are in the value itself.
    pub(super) fn inner_root(&self, value: &[u8]) -> Option<PageRef> {
        let (&kind, root) = value.split_first()?;
        (self.multimap && kind == SUBTREE && root.len() >= PageRef::ROOT_LEN).then(|| PageRef::of_root(root))
    }

    /// Reads every page of the table and of a multimap's inner trees.
    pub fn verify(&self, file: &File) -> Result<()> {
        for entry in self.tree(file).entries() {
            if let Some(root) = self.inner_root(entry?.value()) {
                Tree::new(file, Some(root), self.inner_widths()).verify()?;
            }
        }
        Ok(())
    }
}

struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    /// A field after a byte that says whether it is used; it is present in either case.
    #[expect(clippy::option_option, reason = "the outer one is for the end of the bytes")]
    fn flagged<const N: usize, T>(&mut self, parse: impl FnOnce([u8; N]) -> T) -> Option<Option<T>> {
        let [counts] = self.take()?;
        let field = self.take()?;
        Some((counts != 0).then(|| parse(field)))
    }
}

/// The tables of one commit, by name: the user's or redb's own.
#[derive(Clone, Copy, Debug)]
pub struct TableTree<'f> {
    file: &'f File,
    tree: Tree<'f>,
    root: Option<PageRef>,
}

impl<'f> TableTree<'f> {
    pub fn user(file: &'f File, slot: &Slot) -> TableTree<'f> {
        TableTree::new(file, slot.user)
    }

    pub fn system(file: &'f File, slot: &Slot) -> TableTree<'f> {
        TableTree::new(file, slot.system)
    }

    fn new(file: &'f File, root: Option<PageRef>) -> TableTree<'f> {
        TableTree { file, tree: Tree::new(file, root, Widths::default()), root }
    }

    pub fn get(&self, name: &str) -> Result<Option<Definition>> {
        match self.tree.get(name.as_bytes())? {
            Some(entry) => self.parse(entry.value()).map(Some),
            None => Ok(None),
        }
    }

    /// Names and definitions, in the order of the names.
    pub fn all(&self) -> impl Iterator<Item = Result<(String, Definition)>> + use<'f> {
        let this = *self;
        self.tree.entries().map(move |entry| {
            let entry = entry?;
            let name = str::from_utf8(entry.key()).map_err(|_| this.unreadable(Fault::TableName))?;
            Ok((name.to_owned(), this.parse(entry.value())?))
        })
    }

    /// Reads every page of every table.
    pub fn verify(&self) -> Result<()> {
        self.all().try_for_each(|table| table?.1.verify(self.file))
    }

    fn parse(&self, definition: &[u8]) -> Result<Definition> {
        Definition::parse(definition).ok_or_else(|| self.unreadable(Fault::Definition))
    }

    fn unreadable(&self, fault: Fault) -> Error {
        Error::Damaged(Damage::of_page(self.root.map(|root| root.page), fault))
    }
}

/// The tree of pages that wait to be freed: by transaction and page of a list, the list. Format v3
/// keeps it in a table of the system.
pub(super) const FREED: Widths = Widths { key: Some(16), value: None };

/// Reads every page of a commit.
pub fn verify_commit(file: &File, slot: &Slot) -> Result<()> {
    TableTree::user(file, slot).verify()?;
    verify_own(file, slot)
}

/// Whether a file that was closed names the older of two whole commits. redb's record of free pages belongs to the
/// newer one, so that it would overwrite pages in use.
pub fn misnamed_commit(file: &File) -> Option<Damage> {
    let newer = file.header().passed_over()?;
    let fault = Fault::OlderCommit;
    verify_commit(file, newer).is_ok().then_some(Damage::of_header(fault))
}

/// Reads every page of a commit's system tables.
pub fn verify_own(file: &File, slot: &Slot) -> Result<()> {
    TableTree::system(file, slot).verify()?;
    Tree::new(file, slot.freed, FREED).verify()
}
