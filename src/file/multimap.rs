//! The values that a multimap holds under one key.

use super::damage::Fault;
use super::page::Shape;
use super::{Definition, Error, File, Result, Tree};

/// The first byte of a multimap's value that holds a leaf in itself.
const INLINE: u8 = 1;

impl Definition {
    /// Calls `visit` with each value that the table, which must be a multimap, holds under one key; `stored` is
    /// what its tree holds there.
    ///
    /// # Errors
    /// Damage if the values cannot be read, and those of `visit`.
    pub fn values<E: From<Error>>(
        &self,
        file: &File,
        stored: &[u8],
        mut visit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(root) = self.inner_root(stored) {
            return Tree::new(file, Some(root), self.inner_widths())
                .entries()
                .try_for_each(|entry| visit(entry?.key()));
        }
        let inline = stored.split_first().filter(|(kind, _)| **kind == INLINE).map(|(_, leaf)| leaf);
        let leaf =
            inline.and_then(|leaf| Shape::parse(leaf.get(..Shape::LEN)?, self.inner_widths()).ok()?.inline(leaf));
        let leaf = leaf.ok_or_else(|| self.damage(Fault::MultimapValues))?;
        (0..leaf.count()).try_for_each(|n| visit(leaf.key(n)))
    }
}
