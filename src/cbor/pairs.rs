//! The pairs of maps, read as a library reads them that keeps a map by its keys: each key once.

use super::error::{Error, Result, offset32};
use super::key_comparison::key_at;
use super::reader::{Head, Reader};
use std::borrow::Cow;

/// Verified bytes, and which of the maps in them are irregular.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedMaps<'b> {
    bytes: &'b [u8],
    irregular: Vec<usize>,
}

/// Takes a key and a reader that is at its value, and must read the value.
pub(crate) type Visit<'v, 'b, E> = dyn FnMut(Cow<'b, str>, &mut Reader<'b>) -> std::result::Result<(), E> + 'v;

impl<'b> VerifiedMaps<'b> {
    /// `irregular` are the offsets of the irregular maps, in ascending order.
    pub(crate) fn new(bytes: &'b [u8], irregular: Vec<usize>) -> VerifiedMaps<'b> {
        VerifiedMaps { bytes, irregular }
    }

    pub(crate) fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Whether the map that begins at this offset has a key that is not text, or a repeated key.
    pub(crate) fn is_irregular(&self, map: usize) -> bool {
        !self.irregular.is_empty() && self.irregular.binary_search(&map).is_ok()
    }

    /// The pairs of a map whose keys are text; of a repeated key, the last value in the place of the first.
    pub(crate) fn pairs<E: From<Error>>(
        &self,
        map: &mut Reader<'b>,
        visit: &mut Visit<'_, 'b, E>,
    ) -> std::result::Result<(), E> {
        let start = map.pos();
        let Head::Map(mut left) = map.head()? else { unreachable!("only maps have pairs") };
        if !self.is_irregular(start) {
            while map.more(&mut left)? {
                visit(map.text_item()?, map)?;
            }
            return Ok(());
        }
        *map = Reader::at(self.bytes, start);
        let mut keys = Vec::new();
        text_keys(map, &mut keys)?;
        self.visit_last(keys, visit)
    }

    /// Visits the pairs of several maps as if they were one map.
    pub(crate) fn pairs_of_all<E: From<Error>>(
        &self,
        maps: &[usize],
        visit: &mut Visit<'_, 'b, E>,
    ) -> std::result::Result<(), E> {
        let mut keys = Vec::new();
        for &map in maps {
            text_keys(&mut Reader::at(self.bytes, map), &mut keys)?;
        }
        self.visit_last(keys, visit)
    }

    /// Visits each key once, in the order of their first occurrence, with the value of the last. `keys` are
    /// offsets in ascending order.
    fn visit_last<E: From<Error>>(
        &self,
        mut keys: Vec<u32>,
        visit: &mut Visit<'_, 'b, E>,
    ) -> std::result::Result<(), E> {
        let key = |at: u32| key_at(self.bytes, at);
        // In place, without a second list of this size: a value can consist of little but keys.
        keys.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)).then(a.cmp(b)));
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for at in keys {
            match kept.last_mut() {
                Some((first, last)) if key(*first) == key(at) => *last = at,
                _ => kept.push((at, at)),
            }
        }
        kept.sort_unstable();
        kept.into_iter().try_for_each(|(first, last)| {
            let mut name = Reader::at(self.bytes, first as usize);
            let mut value = Reader::at(self.bytes, last as usize);
            value.pass_item()?;
            visit(name.text_item()?, &mut value)
        })
    }
}

/// Reads a map and adds the offsets of its keys that are text.
fn text_keys(map: &mut Reader<'_>, keys: &mut Vec<u32>) -> Result<()> {
    let Head::Map(mut left) = map.head()? else { unreachable!("only maps have keys") };
    while map.more(&mut left)? {
        if map.at_text() {
            keys.push(offset32(map.pos())?);
        }
        map.pass_item()?;
        map.pass_item()?;
    }
    Ok(())
}
